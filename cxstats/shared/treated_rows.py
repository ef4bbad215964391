"""Rows of treated and untreated units in numbered periods, before and from a start on: which can be used."""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import Cells
from cxstats.errors import ColumnError, RoleError, TooFewError, listed, number, rows
from cxstats.roles import Binary, Continuous, Count, Rating

Measured = Binary | Rating | Continuous | Count
FEWEST_ROWS = 2  # per group and period
FEWEST_PER_GROUP = 5  # clusters


@dataclass(frozen=True)
class TreatedRows:
    """The rows that have outcome, period and group.

    Attributes
    ----------
    cells : Cells
    outcome : Binary, Rating, Continuous or Count
    y : array, shape (K,)
        The outcome in its own units; of a binary one 1 for the good value.
    group, at : int arrays, shape (K,)
        1 for treated and 0 for untreated; number of the period.
    times : array, shape (P,)
    first : int
        Number of the first treated period.
    treated, untreated, one_sided : int or None
        Clusters with treated, and with untreated rows; those with rows only before or only from the start on.
    """

    cells: Cells
    outcome: Measured
    y: Floats
    group: Ints
    at: Ints
    times: Floats
    first: int
    treated: int | None
    untreated: int | None
    one_sided: int | None


def treated_rows(cells: Cells, period: str, treated: str, start: float) -> TreatedRows:
    """Choose the rows; refuses what no change can be seen in."""
    outcome = _outcome(cells)
    kept = _complete(cells, outcome.column, period, treated)
    group = _group(kept, treated)
    times, at, first = _periods(kept, period, start)
    _refuse_empty(kept, group, at, times)
    arms = _arms(kept, group)
    values = kept[outcome.column]
    y = np.where(values == outcome.good, 1.0, 0.0) if isinstance(outcome, Binary) else values
    return TreatedRows(kept, outcome, y, group, at, times, first, *arms, _one_sided(kept, at >= first))


def _one_sided(kept: Cells, after: Bools) -> int | None:
    cluster = kept.cluster_codes
    return None if cluster is None else len(np.setxor1d(cluster[after], cluster[~after]))


def _outcome(cells: Cells) -> Measured:
    outcome = cells.roles.outcome
    if not isinstance(outcome, Binary | Rating | Continuous | Count):
        what = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
        raise RoleError(
            f"An outcome of one moment is needed, but {what}."
            '\nPass for example outcome=cx.Continuous("cost", good="low") or cx.Binary("churned", good=0).'
        )
    return outcome


def _complete(cells: Cells, outcome: str, period: str, treated: str) -> Cells:
    """The rows that have everything, over these columns only."""
    known = [*cells.roles.strata, *cells.roles.controls]
    absent = [name for name in (period, treated) if name not in known]
    if absent:
        raise RoleError(
            f"period and treated must be among the strata or controls of the cells, but {listed(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} not among {listed(known) or 'none'}."
            f'\nTally the data with strata=["{period}", "{treated}"].'
        )
    columns = (outcome, period, treated)
    needed = cells.select(*columns)
    kept = needed.where(needed.observed(columns) & (needed.row_weight > 0))
    if kept.n == 0:
        raise TooFewError(
            f"At least one row must have all of {listed(columns)}, but none of {rows(cells.n)} has."
            "\nCheck how the tables were joined."
        )
    return kept


def _group(kept: Cells, treated: str) -> Ints:
    """1 for treated, 0 for untreated."""
    values = kept[treated]
    wrong = ~np.isin(values, (0, 1)) if values.dtype != object else np.ones(len(values), dtype=bool)
    if wrong.any():
        first = values[wrong][0]
        example = f"'{first}'" if isinstance(first, str) else number(float(first))
        raise ColumnError(
            f"'{treated}' must hold 1 for the treated and 0 for the untreated, but {int(kept.count[wrong].sum()):,} of "
            f"{rows(kept.n)} do not: {example}, for example.\nRecode it to 0 and 1."
        )
    return values.astype(np.int64)


def _periods(kept: Cells, period: str, start: float) -> tuple[Floats, Ints, int]:
    """The periods, the number of each cell's, and the number of the first treated one."""
    values = kept[period]
    if values.dtype == object:
        raise ColumnError(
            f"'{period}' must hold numbers, so that periods have an order, but it holds text, for example "
            f"'{values[0]}'.\nNumber the periods through: 0, 1, 2."
        )
    if isinstance(start, bool) or not isinstance(start, Real) or not np.isfinite(start):
        raise RoleError(f"start must be the first treated period, a number, but {start!r} was given.")
    times, at = np.unique(values, return_inverse=True)
    first = int(np.searchsorted(times, float(start)))
    if not 0 < first < len(times):
        where = "before it" if first == 0 else "from it on"
        raise TooFewError(
            f"There must be a period before start={number(float(start))} and one from it on, but '{period}' goes from "
            f"{number(float(times[0]))} to {number(float(times[-1]))}: none lies {where}."
            "\nWithout both, no change is seen."
        )
    return times, at.astype(np.int64), first


def _refuse_empty(kept: Cells, group: Ints, at: Ints, times: Floats) -> None:
    found = np.bincount(group * len(times) + at, weights=kept.count, minlength=2 * len(times)).reshape(2, -1)
    few = np.flatnonzero((found < FEWEST_ROWS).any(axis=0))
    if len(few):
        told = "; ".join(
            f"{number(float(times[t]))} ({int(found[1, t]):,} treated, {int(found[0, t]):,} untreated)" for t in few[:8]
        )
        raise TooFewError(
            f"Every period must have at least {FEWEST_ROWS} treated and {FEWEST_ROWS} untreated rows, but {len(few)} "
            f"of {len(times)} {'has' if len(few) == 1 else 'have'} not: {told}{'; and more' if len(few) > 8 else ''}."
            "\n1 marks the units that are treated at any time, also in the periods before the start. Leave such "
            "periods out, or merge them."
        )


def _arms(kept: Cells, group: Ints) -> tuple[int | None, int | None]:
    """Clusters with treated and with untreated rows, if there are clusters; refuses too few."""
    if kept.cluster_codes is None:
        return None, None
    untreated, treated = (len(np.unique(kept.cluster_codes[group == arm])) for arm in (0, 1))
    if min(untreated, treated) < FEWEST_PER_GROUP:
        raise TooFewError(
            f"At least {FEWEST_PER_GROUP} clusters must be treated and {FEWEST_PER_GROUP} untreated, but of them "
            f"{treated:,} are treated and {untreated:,} untreated.\nWith fewer, what happened to one of them "
            "cannot be told from what was done to all: report the change of each instead."
        )
    return treated, untreated
