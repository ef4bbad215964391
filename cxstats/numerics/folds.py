"""Random folds of counted rows, exactly as if the rows had been shuffled one by one.

Dealing n rows at random to folds and counting them per cell is a sequence of multivariate hypergeometric
draws of the cells' counts: exact, at a cost that does not depend on n. Dependent rows stay together:
with clusters, whole clusters are dealt.
"""

from collections.abc import Iterator

import numpy as np

from cxstats.arrays import Ints

_BLOCK = 4_000_000  # numbers held at once, in whole repeats
_NUMPY_LIMIT = 1_000_000_000  # rows from which NumPy's own multivariate sampler stops


def deal_rows(count: Ints, stratum: Ints, folds: int, repeats: int, rng: np.random.Generator) -> Iterator[Ints]:
    """Rows of each cell in each fold, stratum by stratum; blocks of whole repeats, shape (B, K).

    Parameters
    ----------
    count : int array, shape (K,)
    stratum : int array, shape (K,)
        Each stratum (the good outcomes, the bad ones) is dealt evenly over the folds of its own.
    folds, repeats : int
        Fold f of repeat r is row ``r * folds + f`` of the blocks put together; the rows of one repeat
        add up to ``count``.
    """
    strata = [np.flatnonzero(stratum == s) for s in np.unique(stratum)]
    for size in _repeats_at_once(repeats, folds * len(count)):
        block = np.zeros((size, folds, len(count)), dtype=np.int64)
        for repeat in block:
            for cells in strata:
                repeat[:, cells] = _dealt(count[cells], folds, rng)
        yield block.reshape(-1, len(count))


def deal_clusters(
    count: Ints, cell: Ints, cluster: Ints, cells: int, folds: int, repeats: int, rng: np.random.Generator
) -> Iterator[Ints]:
    """The same where rows depend on each other: every cluster falls into one fold as a whole.

    Parameters
    ----------
    count, cell, cluster : int arrays, shape (R,)
        Rows that stand for ``count`` customers, with the cell (below ``cells``) and the cluster of each.
    """
    present, number = np.unique(cluster, return_inverse=True)
    deck = np.arange(len(present)) % folds
    for size in _repeats_at_once(repeats, folds * cells):
        block = np.zeros((size, folds * cells), dtype=np.int64)
        for repeat in block:
            fold = rng.permutation(deck)[number]
            # Sums of counts in floating point are exact below 2^53.
            repeat[:] = np.bincount(fold * cells + cell, weights=count, minlength=folds * cells)
        yield block.reshape(-1, cells)


def _dealt(count: Ints, folds: int, rng: np.random.Generator) -> Ints:
    """Counts (folds, K) of a shuffled deck: each fold takes its share of what the earlier ones left.

    A deck too large for NumPy's sampler is dealt as several, each holding the same share of every cell:
    one stratum more, which makes the folds no less random and a little more even.
    """
    decks = int(count.sum()) // _NUMPY_LIMIT + 1
    dealt = np.zeros((folds, len(count)), dtype=np.int64)
    for deck in range(decks):
        left = count // decks + (deck < count % decks)
        n = int(left.sum())
        # Which folds get one row more is drawn too, else the first ones always would.
        sizes = n // folds + (rng.permutation(folds) < n % folds)
        for fold in range(folds - 1):
            drawn = rng.multivariate_hypergeometric(left, int(sizes[fold]), method="marginals")
            dealt[fold] += drawn
            left = left - drawn
        dealt[-1] += left
    return dealt


def _repeats_at_once(repeats: int, numbers: int) -> Iterator[int]:
    size = max(1, min(repeats, _BLOCK // max(1, numbers)))
    for start in range(0, repeats, size):
        yield min(size, repeats - start)
