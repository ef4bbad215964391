"""Journeys: one row each, with a rating of the whole and ratings of the touchpoints that were used.

A touchpoint without a rating was not used. Its rows stay: a model sees whether it was used, and how it was
rated where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import Cells, IntoCells, as_cells
from cxstats.coding import upward
from cxstats.columns import is_missing
from cxstats.errors import ColumnError, RoleError, TooFewError, listed, number, rows
from cxstats.numerics.design import Predictor
from cxstats.numerics.distinct import levels
from cxstats.numerics.used_or_not import FEWEST_USED, CodedTouchpoints, code_touchpoints, mean_used
from cxstats.roles import Outcome, Roles, outcome_columns
from cxstats.scales import Scale
from cxstats.shared.crossfitted import CrossRows, cross_rows
from cxstats.shared.journey_roles import declared_journey, declared_touchpoints

_ROUNDING = 1e-9  # of a scale's length: means of ratings differ by less only through rounding
_KNOWN = 1e-11  # share of the journey rating's variance that touchpoints leave open: less is rounding


@dataclass(frozen=True)
class JourneyRows:
    """Rows with outcome, journey rating and controls, and at least one touchpoint used.

    Attributes
    ----------
    cells : Cells
        In these, a touchpoint that was not used is NaN.
    journey : str
    touchpoints : tuple of str
    n_missing : int
        Rows left out because the outcome, the journey rating, a control, the cluster or the weight is missing.
    n_unused : int
        Of the other rows, those left out because no touchpoint was used.
    """

    cells: Cells
    journey: str
    touchpoints: tuple[str, ...]
    n_missing: int
    n_unused: int

    @property
    def n_left_out(self) -> int:
        """Rows left out for either reason."""
        return self.n_missing + self.n_unused

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known of the rows left out."""
        if not self.n_unused:
            return ()
        return (f"{rows(self.n_unused)} left out in which no touchpoint was rated.",)

    @cached_property
    def journey_score(self) -> Floats:
        """The journey rating (K,) as a share of its scale, from 0 (worst) to 1 (best)."""
        return self._share(self.journey)

    @cached_property
    def scores(self) -> Floats:
        """The touchpoint ratings (K, k) as shares of their scales, up is good; NaN where not used."""
        return np.column_stack([self._share(name) for name in self.touchpoints])

    @cached_property
    def used(self) -> Bools:
        """Which touchpoints were used, shape (K, k)."""
        return np.isfinite(self.scores)

    @cached_property
    def composite(self) -> Floats:
        """The mean (K,) of the touchpoints used, each as a share of its scale."""
        return mean_used(self.scores)

    @cached_property
    def mass(self) -> Floats:
        """Rows, or the sum of their survey weights, of each cell."""
        return self.cells.count * self.cells.row_weight

    @cached_property
    def coded(self) -> CodedTouchpoints:
        """The touchpoints as columns of a model."""
        return code_touchpoints(self.scores, self.mass, self.cells.count, self.touchpoints)

    def _share(self, name: str) -> Floats:
        """The ratings of one metric as shares of its scale, up is good."""
        scale = self.cells.roles.metrics[name]
        return (upward(scale, self.cells[name]) - scale.low) / (scale.high - scale.low)


def journey_rows(
    data: IntoCells,
    *,
    outcome: Outcome | None,
    journey: Mapping[str, Scale] | str | None,
    touchpoints: Mapping[str, Scale] | Sequence[str] | None,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> JourneyRows:
    """Tally the data, choose the rows that can be used, and refuse what makes a comparison void."""
    of_journey, journey_name = declared_journey(data, journey)
    few = "Use cx.delong or cx.held_out to compare two ratings."
    of_touchpoints, names = declared_touchpoints(data, touchpoints, journey_name, few=few)
    roles = Roles(
        outcome=outcome,
        metrics={**of_journey, **of_touchpoints},
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        weight=weight,
        count=count,
    )
    found = _kept(as_cells(data, roles), journey_name, names)
    _refuse_constant(found)
    _refuse_copies(found)
    _refuse_mean(found)
    return found


def journey_cross_rows(found: JourneyRows) -> CrossRows:
    """The rows for cross-fitting.

    Their predictors are the journey rating, the controls, and the columns of `CodedTouchpoints` by their labels.
    What else is known of each cell becomes a model through `at_joint_rows` and `linear_model`.
    """
    ratings = {name: np.where(is_missing(values := found.cells[name]), np.inf, values) for name in found.touchpoints}
    # To be complete, "not used" is a value of its own, and the last one in order, as the missing value was.
    filled = replace(found.cells, columns={**found.cells.columns, **ratings})
    made = cross_rows(filled, (found.journey, *found.touchpoints))
    coded = found.coded
    others = (found.journey, *made.controls)
    taken = [label for label in coded.labels[len(found.touchpoints) :] if label in (*others, *found.touchpoints)]
    if taken:
        raise RoleError(f"{listed(taken)} is how the indicator of a touchpoint is called.\nRename the column.")
    columns = at_joint_rows(made, coded.columns)
    predictors = {name: made.predictors[name] for name in others}
    predictors |= {name: Predictor(name, values) for name, values in zip(coded.labels, columns.T, strict=True)}
    return replace(
        made,
        cells=found.cells,
        predictors=predictors,
        levels={name: levels(part.values) for name, part in predictors.items()},
        n_missing=found.n_left_out,
    )


def at_joint_rows(made: CrossRows, values: Floats) -> Floats:
    """Values of each cell (K, ...), which follow from its ratings, as values of each joint row (J, ...)."""
    first = np.unique(made.joint, return_index=True)[1]
    return values[first]


def _kept(cells: Cells, journey: str, names: tuple[str, ...]) -> JourneyRows:
    """The rows that can be used, and how many cannot for what reason."""
    needed = (*outcome_columns(cells.roles.outcome), journey, *cells.roles.controls)
    known = cells.select(*needed, *names)
    present = known.observed(needed)
    used = np.column_stack([~is_missing(known[name]) for name in names]).any(axis=1)
    kept = known.where(present & used)
    if kept.n == 0:
        raise TooFewError(
            f"At least one row must have all of {listed(needed)} and a rating of one of {listed(names)}, but none of "
            f"{rows(cells.n)} has.\nCheck how the tables were joined."
        )
    complete = int(known.count[present].sum())
    return JourneyRows(kept, journey, names, cells.n - complete, complete - kept.n)


def _refuse_constant(found: JourneyRows) -> None:
    """Ratings of one level, and touchpoints that hardly anybody used."""
    count = found.cells.count
    rated = {found.journey: np.ones(len(count), dtype=bool), **dict(zip(found.touchpoints, found.used.T, strict=True))}
    few = {name: int(count[used].sum()) for name, used in rated.items() if count[used].sum() < FEWEST_USED}
    if few:
        told = ", ".join(f"'{name}' in {rows(n)}" for name, n in few.items())
        raise TooFewError(
            f"The journey and every touchpoint must be rated in at least {FEWEST_USED} rows, but of "
            f"{rows(found.cells.n)} that can be used there are ratings of {told}."
            "\nLeave it out, or put it together with a similar one."
        )
    for name, used in rated.items():
        values = found.cells[name][used]
        if (values == values[0]).all():
            raise TooFewError(
                f"Ratings of the journey and of every touchpoint must take at least two values, but all "
                f"{rows(int(count[used].sum()))} of '{name}' hold {number(float(values[0]))}."
                "\nA constant predicts nothing: leave it out."
            )


def _refuse_copies(found: JourneyRows) -> None:
    """A touchpoint that repeats the journey rating, or turns it round."""
    gap = np.minimum(
        np.nanmax(np.abs(found.scores - found.journey_score[:, None]), axis=0),
        np.nanmax(np.abs(found.scores + found.journey_score[:, None] - 1), axis=0),
    )
    same = [name for name, largest in zip(found.touchpoints, gap, strict=True) if largest <= _ROUNDING]
    if same:
        raise ColumnError(
            f"No touchpoint may repeat the journey rating, but {listed(same)} equals '{found.journey}' in all rows in "
            "which it was used.\nLeave it out, or find the rating that was asked for."
        )


def _refuse_mean(found: JourneyRows) -> None:
    """A journey rating that nobody gave: computed from the touchpoints."""
    scale = found.cells.roles.metrics[found.journey]
    gap = float(np.abs(found.journey_score - found.composite).max())
    if gap <= _ROUNDING:
        made = "is their mean"
    elif scale.whole and gap * (scale.high - scale.low) <= 0.5 + _ROUNDING:
        made = "is their mean, rounded"
    elif _follows(found):
        made = "is a weighted sum of them"
    else:
        return
    raise ColumnError(
        f"The journey must have been rated by itself, not computed from its touchpoints, but '{found.journey}' {made} "
        f"in all {rows(found.cells.n)}.\nSuch a rating knows nothing that the touchpoints do not: it is the composite."
    )


def _follows(found: JourneyRows) -> bool:
    """Whether the journey rating is a sum of the touchpoints' columns, but for rounding."""
    columns = np.column_stack([np.ones(len(found.cells)), found.coded.columns])
    if len(columns) <= columns.shape[1]:
        return False
    root = np.sqrt(found.cells.count / found.cells.n)
    y = found.journey_score - found.cells.count @ found.journey_score / found.cells.n
    slopes = np.linalg.lstsq(columns * root[:, None], y * root, rcond=None)[0]
    left = (y - columns @ slopes) * root
    return bool(left @ left <= _KNOWN * ((y * root) @ (y * root)))
