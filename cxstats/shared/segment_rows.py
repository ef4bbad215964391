"""Customers by segment: the segments in which metrics can be compared, and what was wrong with the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import Cells, IntoCells, is_cells
from cxstats.coding import upward
from cxstats.columns import codes
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.numerics.influence import FEWEST_CLUSTERS
from cxstats.shared.compared import binary_outcome, compare_on
from cxstats.shared.scored import MOST_GROUPS

FEWEST_EVENTS = 10  # good and bad outcomes of a segment, each
ALL = "all segments"


def strata_of(data: IntoCells, by: object) -> tuple[str, ...]:
    """The strata to declare; for cells none, since theirs are fixed."""
    if not isinstance(by, str):
        raise RoleError(f"segment must be the name of one column, but {by!r} was given.")
    if not is_cells(data):
        return (by,)
    known = [*data.roles.strata, *data.roles.controls]
    if by not in known:
        raise RoleError(
            f"segment must be one of the strata or controls of the cells, but '{by}' is not among "
            f'{listed(known) or "none"}.\nTally the data with strata=["{by}"].'
        )
    return ()


@dataclass(frozen=True)
class Segmented:
    """The rows of the segments that can be used, and what was wrong with the others.

    Attributes
    ----------
    cells : Cells
    scores : array, shape (K, p)
        Up is good.
    positive : bool array, shape (K,)
    segment : int array, shape (K,)
        Number of each cell's segment in ``segments``.
    segments : tuple of str
    left_out : tuple of (segment, rows)
    notes : tuple of str
    """

    cells: Cells
    scores: Floats
    positive: Bools
    segment: Ints
    segments: tuple[str, ...]
    left_out: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]


def segmented(cells: Cells, metrics: Sequence[str], by: str) -> Segmented:
    """Choose the rows: complete on outcome, metrics and segment, in segments with enough outcomes of both kinds."""
    outcome = binary_outcome(cells)
    kept = _complete(cells, (outcome.column, *metrics, by))
    code, names = _segments(kept, by)
    compare_on(kept, metrics)  # refuses what no segment could mend
    scores = np.column_stack([upward(kept.roles.metrics[m], kept[m]) for m in metrics])
    positive = kept[outcome.column] == outcome.good
    flaws = [_flaw(kept, scores, positive, code == s, metrics) for s in range(len(names))]
    usable = np.array([not flaw.fatal for flaw in flaws])
    told = [f"'{name}' ({flaw.told})" for name, flaw in zip(names, flaws, strict=True)]
    if usable.sum() < 2:
        raise TooFewError(
            f"At least two segments of '{by}' must have {FEWEST_EVENTS} good and {FEWEST_EVENTS} bad outcomes each, "
            f"but {usable.sum()} of {len(names)} can be used: {_some(told)}."
            "\nUse a longer window or coarser segments; cx.delong compares the metrics over all customers."
        )
    bad = np.flatnonzero(~usable)
    left_out = tuple((names[s], int(kept.count[code == s].sum())) for s in bad)
    used = usable[code]
    return Segmented(
        cells=kept.where(used),
        scores=scores[used],
        positive=positive[used],
        segment=(np.cumsum(usable) - 1)[code[used]],
        segments=tuple(names[s] for s in np.flatnonzero(usable)),
        left_out=left_out,
        notes=_left_out_note(left_out, [told[s] for s in bad]),
    )


def _complete(cells: Cells, columns: Sequence[str]) -> Cells:
    needed = cells.select(*columns)
    kept = needed.where(needed.observed(columns))
    if kept.n == 0:
        raise TooFewError(
            f"At least one row must have all of {listed(columns)}, but none of {rows(cells.n)} has."
            "\nCheck how the tables were joined, or use fewer metrics."
        )
    return kept


@dataclass(frozen=True)
class _Flaw:
    """What a segment has, in words, and whether it must be left out for it."""

    told: str
    fatal: bool


def _flaw(cells: Cells, scores: Floats, positive: Bools, on: Bools, metrics: Sequence[str]) -> _Flaw:
    on = on & (cells.row_weight > 0)
    good, bad = on & positive, on & ~positive
    n_good, n_bad = int(cells.count[good].sum()), int(cells.count[bad].sum())
    told = f"{n_good:,} good and {n_bad:,} bad outcomes"
    if min(n_good, n_bad) < FEWEST_EVENTS:
        return _Flaw(told, True)
    if cells.cluster_codes is not None:
        clusters = len(np.unique(cells.cluster_codes[on]))
        if clusters < FEWEST_CLUSTERS:
            return _Flaw(f"{told}, in {clusters} of at least {FEWEST_CLUSTERS} clusters", True)
    for metric, score in zip(metrics, scores.T, strict=True):
        if score[on].min() == score[on].max():
            return _Flaw(f"{told}, '{metric}' constant", True)
        if score[good].min() > score[bad].max() or score[good].max() < score[bad].min():
            return _Flaw(f"{told}, told apart perfectly by '{metric}'", True)
    return _Flaw(told, False)


def _segments(cells: Cells, by: str) -> tuple[Ints, tuple[str, ...]]:
    """The number of each cell's segment, and the segments as text in canonical order."""
    code, levels = codes(cells[by])
    if len(levels) > MOST_GROUPS:
        raise RoleError(
            f"segment must be a column of at most {MOST_GROUPS} segments, but '{by}' has {len(levels):,}."
            "\nIf it says who answered, pass it as cluster= instead; else group it more coarsely."
        )
    names = tuple(level if isinstance(level, str) else number(level) for level in levels)
    if ALL in names:
        raise RoleError(
            f"'{ALL}' is what the result calls its means over segments, but '{by}' has a segment of that name."
            "\nIf it is a total, leave its rows out; else rename it."
        )
    return code, names


def _some(told: Sequence[str], limit: int = 8) -> str:
    more = f" and {len(told) - limit:,} more" if len(told) > limit else ""
    return ", ".join(told[:limit]) + more


def _left_out_note(left_out: Sequence[tuple[str, int]], told: Sequence[str]) -> tuple[str, ...]:
    if not left_out:
        return ()
    segments = "1 segment" if len(left_out) == 1 else f"{len(left_out)} segments"
    lost = rows(sum(n for _, n in left_out))
    return (f"Left out as too small or too one-sided: {segments}, {lost}: {_some(told)}.",)
