"""The rows on which loyalty is set against what was expected: below, as, or above it."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import Cells
from cxstats.errors import RoleError, SeparationError, TooFewError, rows
from cxstats.roles import Binary, Rating

LEVELS = ("below", "met", "exceeded")
FEWEST_EVENTS = 10  # of the rarer value of a binary outcome, per group that an estimate rests on
FEWEST_ROWS = 30  # of a rating, per group that an estimate rests on


@dataclass(frozen=True)
class Disconfirmed:
    """Cells in which outcome and gap are present.

    Attributes
    ----------
    cells : Cells
    outcome : Binary or Rating
    loyalty : array, shape (K,)
        The outcome turned so that up is good: 1 for the good value of a binary one.
    gap : array, shape (K,)
        Received minus expected: above the met range is better than expected.
    level : int array, shape (K,)
        0 below, 1 met, 2 exceeded.
    met : (low, high)
        The range of the gap that counts as met.
    n_missing : int
        Rows left out.
    """

    cells: Cells
    outcome: Binary | Rating
    loyalty: Floats
    gap: Floats
    level: Ints
    met: tuple[float, float]
    n_missing: int

    @property
    def count(self) -> Ints:
        """Rows per cell."""
        return self.cells.count

    @property
    def shortfall(self) -> Floats:
        """How far the gap lies below the met range: 0 or negative."""
        return np.minimum(self.gap - self.met[0], 0.0)

    @property
    def excess(self) -> Floats:
        """How far the gap lies above the met range: 0 or positive."""
        return np.maximum(self.gap - self.met[1], 0.0)

    @property
    def code(self) -> Ints:
        """For each cell the number of its rating among those that occur; rows of weight 0 do not make one."""
        occurring = np.unique(self.loyalty[self.cells.row_weight > 0])
        return np.maximum(np.searchsorted(occurring, self.loyalty, side="right") - 1, 0)

    def rows_on(self, where: Bools) -> int:
        """Rows in the cells."""
        return int(self.count[where].sum())


def disconfirm(cells: Cells, met: tuple[float, float]) -> Disconfirmed:
    """Choose the complete rows and sort them into below, met and exceeded."""
    outcome, column = cells.roles.outcome, cells.roles.disconfirmation
    if not isinstance(outcome, Binary | Rating):
        found = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
        raise RoleError(
            f'A binary outcome or a rating is needed, but {found}.\nPass outcome=cx.Binary("column", good=1) '
            'or cx.Rating("column", cx.CSAT5).'
        )
    if column is None:
        raise RoleError(
            "A disconfirmation column is needed: what was received minus what was expected, above 0 is better."
            '\nPass for example disconfirmation="days_early".'
        )
    low, high = checked_met(met)
    needed = cells.select(outcome.column, column)
    kept = needed.where(needed.observed([outcome.column, column]))
    if kept.n == 0:
        raise TooFewError(f"No row has both the outcome '{outcome.column}' and the gap '{column}'.")
    gap = kept[column]
    loyalty = _upward(kept[outcome.column], outcome)
    if len(np.unique(loyalty)) < 2:
        raise TooFewError(
            f"The outcome '{outcome.column}' must vary, but all {rows(kept.n)} hold {kept[outcome.column][0]:g}."
        )
    if _is_copy(gap, loyalty):
        raise SeparationError(
            f"The gap '{column}' must be another thing than the outcome '{outcome.column}', but in all {rows(kept.n)} "
            "one tells the other exactly.\nName the column with what was received minus what was expected."
        )
    level = (gap >= low).astype(np.int64) + (gap > high)
    return Disconfirmed(kept, outcome, loyalty, gap, level, (low, high), cells.n - kept.n)


def _is_copy(gap: Floats, loyalty: Floats) -> bool:
    """Whether one is the other, counted from another place or in another unit."""
    low, high = int(np.argmin(gap)), int(np.argmax(gap))
    reach, rise = gap[high] - gap[low], loyalty[high] - loyalty[low]
    if reach == 0 or rise == 0:
        return False
    line = loyalty[low] + rise * ((gap - gap[low]) / reach)
    return bool(np.abs(loyalty - line).max() <= 1e-9 * abs(rise))


def checked_met(met: tuple[float, float]) -> tuple[float, float]:
    """The range that counts as met, if it is one."""
    try:
        low, high = (float(end) for end in met)
    except (TypeError, ValueError):
        raise RoleError(f"met must be a pair (low, high), but {met!r} was given.\nPass for example (0, 0).") from None
    if not low <= high:
        raise RoleError(f"met must run from a low to a higher value, but {met!r} was given.\nPass for example (0, 0).")
    return low, high


def enough_in(data: Disconfirmed, levels: tuple[int, ...]) -> None:
    """Refuse where a level that an estimate rests on holds too little."""
    for level in levels:
        here = data.level == level
        n = data.rows_on(here)
        name = f"'{LEVELS[level]}' (gap {_where(level, data.met)})"
        if isinstance(data.outcome, Binary):
            good = data.rows_on(here & (data.loyalty == 1))
            if min(good, n - good) < FEWEST_EVENTS:
                raise TooFewError(
                    f"At least {FEWEST_EVENTS} good and {FEWEST_EVENTS} bad outcomes are needed among the customers "
                    f"in {name}, but of {rows(n)} {good:,} are good and {n - good:,} bad."
                    "\nWait for more outcomes, or widen the range that counts as met."
                )
        elif n < FEWEST_ROWS:
            raise TooFewError(
                f"At least {FEWEST_ROWS} customers are needed in {name}, but there are {n:,}."
                "\nCollect more answers, or change the range that counts as met."
            )


def _where(level: int, met: tuple[float, float]) -> str:
    low, high = met
    inside = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return (f"below {low:g}", inside, f"above {high:g}")[level]


def _upward(values: Floats, outcome: Binary | Rating) -> Floats:
    if isinstance(outcome, Binary):
        good: Floats = (values == outcome.good).astype(np.float64)
        return good
    scale = outcome.scale
    return values if scale.higher_is_better else scale.low + scale.high - values
