"""Journeys with the touchpoints that each used: a touchpoint that was not used is missing, and that is no fault."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import Cells, IntoCells, metric_names
from cxstats.coding import upward
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.outcomes import Ordered
from cxstats.roles import Outcome
from cxstats.scales import Scale

FEWEST_USERS = 20  # journeys with a rating that a touchpoint needs


@dataclass(frozen=True)
class TouchpointRows:
    """The journeys used, and what was said of each touchpoint.

    Attributes
    ----------
    cells : Cells
        Outcome (where one was asked for), touchpoints, cluster and weight.
    names : tuple of str, length p
    scales : tuple of Scale, length p
    values : array, shape (K, p)
        Ratings turned so that up is good; NaN where a touchpoint was not used.
    n_missing : int
        Journeys left out.
    """

    cells: Cells
    names: tuple[str, ...]
    scales: tuple[Scale, ...]
    values: Floats
    n_missing: int

    @property
    def used(self) -> Bools:
        """Which cells used which touchpoint, shape (K, p)."""
        return ~np.isnan(self.values)

    @property
    def shares(self) -> Floats:
        """The ratings (K, p) as shares of their scales, from 0 (worst) to 1 (best); NaN where not used."""
        low, high = np.array([(scale.low, scale.high) for scale in self.scales], dtype=np.float64).T
        shares: Floats = (self.values - low) / (high - low)
        return shares

    @property
    def mass(self) -> Floats:
        """Rows times survey weight, per cell."""
        mass: Floats = self.cells.count * self.cells.row_weight
        return mass


def touchpoint_names(data: IntoCells, touchpoints: object) -> tuple[Mapping[str, Scale], tuple[str, ...]]:
    """The touchpoints to declare and the ones to use: two or more; names are enough for cells."""
    if touchpoints is None and not isinstance(data, Cells):
        raise RoleError(
            "The touchpoints must be declared with their scales, but none was given."
            '\nPass touchpoints={"check-in": cx.CSAT5, "boarding": cx.CSAT5}.'
        )
    declared, names = metric_names(data, touchpoints)
    if len(names) < 2:
        raise TooFewError(
            f"At least two touchpoints are needed, but {len(names)} was given: {listed(names)}."
            "\nName every touchpoint of the journey that was rated."
        )
    return declared, names


def ordered_outcome(outcome: Outcome | None) -> Ordered:
    """The outcome, which must be declared and have an order."""
    if isinstance(outcome, Ordered):
        return outcome
    given = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
    raise RoleError(
        f"An outcome that is binary, a rating, measured or counted is needed, but {given}."
        '\nPass outcome=cx.Binary("column", good=1), cx.Rating("column", scale) or cx.Continuous("column").'
    )


def touchpoint_rows(
    cells: Cells, names: Sequence[str], *, outcome: str | None = None, fewest: int = 1
) -> TouchpointRows:
    """Choose the journeys with the outcome and at least ``fewest`` used touchpoints; refuse a constant touchpoint."""
    columns = (*([] if outcome is None else [outcome]), *names)
    needed = cells.select(*columns)
    answers = np.column_stack([~np.isnan(needed[name]) for name in names]).sum(axis=1)
    kept = needed.where(needed.observed([] if outcome is None else [outcome]) & (answers >= fewest))
    if kept.n == 0 or not (kept.row_weight > 0).any():
        what = f"the outcome '{outcome}' and " if outcome is not None else ""
        weighed = "" if kept.roles.weight is None else f" and a weight '{kept.roles.weight}' above 0"
        raise TooFewError(
            f"At least one journey must have {what}{fewest} or more of the touchpoints {listed(names)}{weighed}, "
            f"but none of {rows(cells.n)} has.\nCheck how the tables were joined."
        )
    scales = tuple(kept.roles.metrics[name] for name in names)
    turned = [upward(scale, kept[name]) for scale, name in zip(scales, names, strict=True)]
    found = TouchpointRows(kept, tuple(names), scales, np.column_stack(turned), cells.n - kept.n)
    _refuse_constant(found)
    return found


def _refuse_constant(found: TouchpointRows) -> None:
    weighed = found.cells.row_weight > 0
    for j, name in enumerate(found.names):
        on = found.used[:, j] & weighed
        given, n = found.cells[name][on], int(found.cells.count[on].sum())
        if n < FEWEST_USERS:
            raise TooFewError(
                f"At least {FEWEST_USERS} journeys must have used every touchpoint, but '{name}' was used in {n:,}."
                "\nLeave the touchpoint out, or collect more answers."
            )
        if given.min() == given.max():
            raise TooFewError(
                f"The touchpoint '{name}' must take at least two values, but all {rows(n)} with it hold "
                f"{number(float(given[0]))}.\nA touchpoint that never varies tells nothing: leave it out."
            )
