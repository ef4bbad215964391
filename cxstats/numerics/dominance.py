"""General dominance: how a model's explained share divides over its predictors, and each row's influence on it.

All 2^p models are fitted. Subsets of predictors are numbered by bits: predictor j belongs to subset s where
bit j of s is 1. The derivative of a maximised log-likelihood with respect to the weight of a row is that
row's log-likelihood at the maximum, and that of a residual sum of squares the row's squared residual:
one pass over the models gives every influence value, and nothing is fitted again for an interval.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.subset_linear import shares_of_r2
from cxstats.numerics.subset_logistic import SubsetFit, SubsetRows, fit_subset, shares_of, split, subset_rows

_TIED = 1e-12  # explained shares nearer than this are equal: what is left is rounding


@dataclass(frozen=True)
class DominanceFit:
    """How the explained share of the full model divides over p predictors, on K cells.

    Attributes
    ----------
    general : array, shape (p,)
        Mean increment of the explained share by each predictor, within and then over subset sizes; they
        add up to that of the full model.
    influence : array, shape (K, p)
        Influence of one row of each cell on ``general``, survey weight included.
    index : array, shape (2^p,)
        Explained share of every subset; 0 for the empty one.
    """

    general: Floats
    influence: Floats
    index: Floats

    @property
    def conditional(self) -> Floats:
        """Mean increment of each predictor by size of the subset it is added to, shape (p, p)."""
        sizes = _sizes(len(self.general))
        found = np.empty((len(self.general),) * 2)
        for j in range(len(found)):
            without = _without(len(found), j)
            gain = self.index[without | (1 << j)] - self.index[without]
            found[j] = [gain[sizes[without] == size].mean() for size in range(len(found))]
        return found

    @property
    def complete(self) -> Ints:
        """1 where predictor a adds more than b to every subset of the others, -1 where less, else 0."""
        p = len(self.general)
        found = np.zeros((p, p), dtype=np.int64)
        for a in range(p):
            for b in range(a):
                rest = _without(p, a, b)
                gap = self.index[rest | (1 << a)] - self.index[rest | (1 << b)]
                above, below = bool((gap > _TIED).any()), bool((gap < -_TIED).any())
                found[a, b] = int(above) - int(below)
                found[b, a] = -found[a, b]
        return found


def shapley_weights(p: int) -> Floats:
    """Matrix (p, 2^p) from the explained shares of all subsets to general dominance.

    The increment of a predictor to a subset of size s has the weight 1 / (p C(p - 1, s)): equation 2 of
    Azen & Budescu (2003), doi:10.1037/1082-989X.8.2.129, the mean within each size and then over sizes.
    """
    sizes = _sizes(p)
    weights = np.zeros((p, 1 << p))
    for j in range(p):
        without = _without(p, j)
        share = np.array([1 / (p * comb(p - 1, int(size))) for size in sizes[without]])
        weights[j, without] = -share
        weights[j, without | (1 << j)] = share
    return weights


def linear_dominance(
    columns: Floats, response: Floats, count: Ints, weight: Floats, names: Sequence[str]
) -> DominanceFit:
    """Of R2 of least squares; columns (K, p) without the ones, response (K,), from one matrix of products.

    Raises
    ------
    ColumnError
        A column is constant or collinear.
    """
    p = columns.shape[1]
    subsets = [_members(subset, p) for subset in range(1 << p)]
    found = shares_of_r2(columns, response, count, weight, names, subsets, shapley_weights(p))
    return DominanceFit(found.general, found.influence, found.index)


def logistic_dominance(
    columns: Floats, positive: Bools, count: Ints, weight: Floats, names: Sequence[str]
) -> DominanceFit:
    """Of McFadden's R2 = 1 - LL / LL0 of logistic regressions; columns (K, p) without the ones.

    Raises
    ------
    TooFewError, ColumnError, SeparationError
        As `subset_rows`.
    """
    rows = subset_rows(columns, positive, count, weight, names)
    found = shares_of(_every_model(rows), shapley_weights(columns.shape[1]), rows, positive, weight)
    return DominanceFit(found.general, found.influence, found.index)


@dataclass(frozen=True)
class _Node:
    """A subset and the numbers of its distinct rows; None where (nearly) all rows differ."""

    subset: int
    pattern: Ints | None


def _every_model(rows: SubsetRows) -> Iterator[SubsetFit]:
    """Fit every subset, each on the distinct rows of its own predictors.

    A subset comes after all of its own subsets: first what holds its higher predictors, then the lower ones.
    """
    n, p = rows.levels.shape
    coefficients = np.zeros((1 << p, p + 1))
    coefficients[0, 0] = rows.intercept
    waiting = [_Node(0, np.zeros(n, dtype=np.int64))]
    while waiting:
        node = waiting.pop()
        start = _foreseen(coefficients, node.subset) if node.subset else coefficients[0]
        fit = fit_subset(rows, node.subset, _members(node.subset, p), node.pattern, start)
        coefficients[node.subset] = fit.coefficients
        yield fit
        lowest = (node.subset & -node.subset).bit_length() - 1 if node.subset else p
        waiting += [
            _Node(node.subset | (1 << j), split(node.pattern, rows.levels[:, j])) for j in reversed(range(lowest))
        ]


def _foreseen(coefficients: Floats, subset: int) -> Floats:
    """Coefficients of a subset as they would be if predictors acted on each other in smaller groups only.

    The alternating sum over all smaller subsets, which are fitted already: so near that few steps are left.
    """
    smaller = np.arange(subset)
    smaller = smaller[(smaller & subset) == smaller]
    signs = np.array([1.0 if (subset ^ int(one)).bit_count() % 2 else -1.0 for one in smaller])
    foreseen: Floats = np.asarray(signs @ coefficients[smaller], dtype=np.float64)
    return foreseen


def _sizes(p: int) -> Ints:
    """How many predictors each subset has."""
    return np.array([subset.bit_count() for subset in range(1 << p)], dtype=np.int64)


def _members(subset: int, p: int) -> Ints:
    """The numbers of the predictors in a subset."""
    return np.array([j for j in range(p) if subset >> j & 1], dtype=np.int64)


def _without(p: int, *left_out: int) -> Ints:
    """The subsets that have none of these predictors."""
    every = np.arange(1 << p, dtype=np.int64)
    without: Ints = every[(every & sum(1 << j for j in left_out)) == 0]
    return without
