"""An outcome along one predictor that may bend it: a metric, or the disconfirmation."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import Cells, IntoCells, is_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.numerics.breakpoint import FEWEST_ROWS, may_break
from cxstats.outcomes import Ordered, good_is_high
from cxstats.roles import Outcome, Rating
from cxstats.scales import Scale

FEWEST_VALUES = 4  # with three, one side of a breakpoint has no value of its own besides the end


@dataclass(frozen=True)
class Along:
    """An outcome along one predictor that may bend it.

    Attributes
    ----------
    cells : Cells
        Complete on both.
    outcome : Binary, Rating, Continuous or Count
    predictor : str
    x, y : array, shape (K,)
        Predictor and outcome, turned so that up is good.
    values : array, shape (G,)
        The distinct values of the predictor, ascending.
    may : bool array, shape (G,)
        Which of them may be a breakpoint; at least one.
    n_missing : int
    """

    cells: Cells
    outcome: Ordered
    predictor: str
    x: Floats
    y: Floats
    values: Floats
    may: Bools
    n_missing: int

    @property
    def share_at_top(self) -> float:
        """Of a rating the share of the best value, by weight; NaN for other outcomes."""
        if not isinstance(self.outcome, Rating):
            return math.nan
        mass = self.cells.count * self.cells.row_weight
        return float(mass[self.y == self.outcome.scale.high].sum() / mass.sum())


def along(cells: Cells, name: str, share: float) -> Along:
    """The outcome along one predictor; refuse what no bend can be seen in.

    A breakpoint needs this share of the rows on each side of it.
    """
    target = _ordered(cells.roles.outcome)
    needed = cells.select(target.column, name)
    kept = needed.where(needed.observed([target.column, name]) & (needed.row_weight > 0))
    if kept.n == 0:
        raise TooFewError(
            f"At least one row must have '{target.column}' and '{name}', but none of {rows(cells.n)} has."
            "\nCheck how the tables were joined."
        )
    y = good_is_high(target, kept[target.column])
    if y.min() == y.max():
        raise TooFewError(
            f"The outcome '{target.column}' must vary, but all {rows(kept.n)} hold "
            f"{number(float(kept[target.column][0]))}.\nAn outcome that everybody shares goes with nothing."
        )
    x = upward(kept.roles.metrics[name], kept[name]) if name in kept.roles.metrics else kept[name]
    values, place = np.unique(x, return_inverse=True)
    if len(values) < FEWEST_VALUES:
        raise TooFewError(
            f"A bend needs at least {FEWEST_VALUES} distinct values of '{name}', but there are {len(values)}: "
            f"{', '.join(number(float(value)) for value in values)}.\nCompare the groups with cx.mean_score instead."
        )
    may = _may_break(kept, name, values, place, share)
    return Along(kept, target, name, x, y, values, may, cells.n - kept.n)


def _may_break(kept: Cells, name: str, values: Floats, place: Ints, share: float) -> Bools:
    count = np.bincount(place, weights=kept.count, minlength=len(values)).astype(np.int64)
    mass = np.bincount(place, weights=kept.count * kept.row_weight, minlength=len(values)).astype(np.float64)
    may = may_break(count, mass, share)
    if not may.any():
        most = int(mass.argmax())
        raise TooFewError(
            f"A breakpoint needs at least {FEWEST_ROWS} rows and {100 * share:g}% of the rows on each side of it, but "
            f"no value of '{name}' has them: of {rows(kept.n)}, {100 * mass[most] / mass.sum():.3g}% hold "
            f"{number(float(values[most]))}.\nCollect more answers, or use a predictor that varies more."
        )
    return may


def predictor_of(data: IntoCells, metrics: object, disconfirmation: str | None) -> tuple[Mapping[str, Scale], str]:
    """The metric to declare, if it is one, and the predictor's name."""
    if is_cells(data) and metrics is None and disconfirmation is None and not data.roles.metrics:
        disconfirmation = data.roles.disconfirmation
    given = f"metrics={metrics!r} and disconfirmation={disconfirmation!r} were given"
    wanted = 'Pass for example metrics={"ease": cx.EASE7}, or disconfirmation="days_early".'
    if disconfirmation is not None:
        if metrics is not None:
            raise RoleError(f"There must be one predictor, but {given}.\n{wanted}")
        return {}, disconfirmation
    if metrics is None and not is_cells(data):
        raise RoleError(f"A predictor is needed: one metric, or the disconfirmation.\n{wanted}")
    declared, names = metric_names(data, metrics)
    if len(names) > 1:
        raise RoleError(
            f"There must be one predictor, but there are {len(names)} metrics: {listed(names)}."
            "\nName the one meant in metrics, and call once for each."
        )
    return declared, names[0]


def _ordered(outcome: Outcome | None) -> Ordered:
    if isinstance(outcome, Ordered):
        return outcome
    if outcome is None:
        raise RoleError('An outcome is needed.\nPass for example outcome=cx.Rating("stars", cx.CSAT5).')
    raise RoleError(
        "A time until an event has no slope by least squares: customers who are still there have no outcome."
        '\nPass whether the event happened within a window, as cx.Binary("churned", good=0).'
    )
