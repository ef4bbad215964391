"""The rows on which metrics can be compared, scores turned so that up is good, and the good outcome."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import Cells
from cxstats.coding import upward
from cxstats.errors import RoleError, SeparationError, TooFewError, listed, number, rows
from cxstats.roles import Binary


@dataclass(frozen=True)
class Compared:
    """Cells in which the outcome and the compared metrics are present.

    Attributes
    ----------
    cells : Cells
    metrics : tuple of str, length p
    scores : array, shape (K, p)
        Up is good; NaN where a metric was not answered (only if not paired).
    positive : bool array, shape (K,)
        Whether the outcome was the good one.
    paired : bool
        True where every row has every metric; false where each row has exactly one.
    n_missing : int
        Rows left out.
    notes : tuple of str
    """

    cells: Cells
    metrics: tuple[str, ...]
    scores: Floats
    positive: Bools
    paired: bool
    n_missing: int
    notes: tuple[str, ...]

    @property
    def count(self) -> Ints:
        """Rows per cell."""
        return self.cells.count

    def on(self, metric: int) -> Bools:
        """Which cells have the metric."""
        return ~np.isnan(self.scores[:, metric])


def compare_on(cells: Cells, metrics: Sequence[str]) -> Compared:
    """Choose the rows: complete ones; where no row has two metrics, each metric's own.

    Metrics answered by different rows in part are compared on the complete rows only, and the rest
    are counted as missing: a comparison on different customers would compare the customers.
    """
    outcome = binary_outcome(cells)
    needed = cells.select(outcome.column, *metrics)
    answered = np.column_stack([~np.isnan(needed[m]) for m in metrics])
    with_outcome = needed.observed([outcome.column])
    answers = answered.sum(axis=1)
    paired = len(metrics) == 1 or bool((answers[with_outcome] >= 2).any())
    used = with_outcome & ((answers == len(metrics)) if paired else (answers == 1))
    kept = needed.where(used)
    n_missing = cells.n - kept.n
    notes = []
    if paired and n_missing:
        partial = int(needed.count[with_outcome & (answers > 0) & ~used].sum())
        if partial:
            notes.append(f"{rows(partial)} had the outcome but not all metrics and were left out: same rows compared.")
    if not paired:
        notes.append("No row has two of the metrics: each was compared on its own rows, as independent samples.")
    scores = np.column_stack([upward(cells.roles.metrics[m], kept[m]) for m in metrics])
    result = Compared(
        kept, tuple(metrics), scores, kept[outcome.column] == outcome.good, paired, n_missing, tuple(notes)
    )
    _refuse_unusable(result, outcome)
    return result


def binary_outcome(cells: Cells) -> Binary:
    """The outcome, which must be declared and binary."""
    outcome = cells.roles.outcome
    if not isinstance(outcome, Binary):
        found = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
        raise RoleError(f'A binary outcome is needed, but {found}.\nPass outcome=cx.Binary("column", good=1).')
    return outcome


def _refuse_unusable(compared: Compared, outcome: Binary) -> None:
    if compared.cells.n == 0:
        raise TooFewError(
            f"No row has both the outcome '{outcome.column}' and {listed(compared.metrics)}."
            "\nCheck how the tables were joined, or compare fewer metrics."
        )
    for j, metric in enumerate(compared.metrics):
        on = compared.on(j) & (compared.cells.row_weight > 0)
        good, bad = compared.positive & on, ~compared.positive & on
        n_good, n_bad = int(compared.count[good].sum()), int(compared.count[bad].sum())
        if min(n_good, n_bad) < 2:
            raise TooFewError(
                f"The outcome '{outcome.column}' must take both values, each in at least 2 rows, but among the rows "
                f"with '{metric}' {n_good:,} are good and {n_bad:,} bad.\nUse a longer window, or more customers."
            )
        scores = compared.scores[:, j]
        if scores[on].min() == scores[on].max():
            value = number(float(compared.cells[metric][on][0]))
            raise TooFewError(
                f"The metric '{metric}' must take at least two values, but all {rows(n_good + n_bad)} "
                f"hold {value}.\nA constant score predicts nothing: leave it out."
            )
        _refuse_separation(metric, scores[good], scores[bad], outcome)


def _refuse_separation(metric: str, good: Floats, bad: Floats, outcome: Binary) -> None:
    if good.min() > bad.max() or good.max() < bad.min():
        better = "a better" if good.min() > bad.max() else "a worse"
        raise SeparationError(
            f"The metric '{metric}' must not tell the outcome '{outcome.column}' apart perfectly, but every row with "
            f"the good outcome has {better} score than every row with the bad one.\nCheck that it was not asked after "
            "the outcome, or computed from it; if neither, the rows are too few for an interval."
        )
