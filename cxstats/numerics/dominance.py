"""General dominance: how a model's explained share divides over its predictors, and each row's influence on it.

All 2^p models are fitted. Subsets of predictors are numbered by bits: predictor j belongs to subset s where
bit j of s is 1. The derivative of a maximised log-likelihood with respect to the weight of a row is that
row's log-likelihood at the maximum, and that of a residual sum of squares the row's squared residual:
one pass over the models gives every influence value, and nothing is fitted again for an interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from scipy.special import log_expit, logit, xlogy

from cxstats.arrays import Bools, Floats, Ints
from cxstats.columns import codes
from cxstats.errors import SeparationError
from cxstats.numerics.design import standardise
from cxstats.numerics.logistic import fit_logistic, unsettled
from cxstats.numerics.newton import Climb, Point, climb

_TIED = 1e-12  # explained shares nearer than this are equal: what is left is rounding
_DENSE = 4  # table entries per row up to which patterns are numbered by a table instead of a sort
_MERGED = 0.7  # patterns beyond this share of the rows save no work
_BLOCK = 4096  # rows at a time
_BATCH = 32  # models whose log-likelihoods are held at a time


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

    R2 = 1 - RSS / TSS, so a row's influence is -w (e^2 - (1 - R2) (y - mean)^2) / TSS; the sum over subsets of
    squared residuals is a quadratic form in the row's columns.

    Raises
    ------
    ColumnError
        A column is constant or collinear.
    """
    mass = count * weight
    total = float(mass.sum())
    z = standardise(columns, mass, names).matrix
    y = response - mass @ response / total
    y = y / np.sqrt(mass @ y**2 / total)
    products, against = (z * mass[:, None]).T @ z / total, z.T @ (mass * y) / total
    p = z.shape[1]
    index, slopes = np.zeros(1 << p), np.zeros((1 << p, p))
    for subset in range(1, 1 << p):
        members = _members(subset, p)
        slopes[subset, members] = np.linalg.solve(products[np.ix_(members, members)], against[members])
        index[subset] = against @ slopes[subset]
    weights = shapley_weights(p)
    general = weights @ index
    influence = np.outer(y**2, general) - 2 * y[:, None] * (z @ (weights @ slopes).T)
    for j in range(p):
        form = (slopes * weights[j][:, None]).T @ slopes
        influence[:, j] += ((z @ form) * z).sum(axis=1)
    return DominanceFit(general, influence * (-weight / total)[:, None], index)


def logistic_dominance(
    columns: Floats, positive: Bools, count: Ints, weight: Floats, names: Sequence[str]
) -> DominanceFit:
    """Of McFadden's R2 = 1 - LL / LL0 of logistic regressions; columns (K, p) without the ones.

    A row's influence on R2 is -w (l - (1 - R2) l0) / LL0, l and l0 its log-likelihood in the model and in the
    model without predictors. For a row with the negative outcome l is less by its log-odds, which are linear
    in the coefficients: only the log-likelihoods of the positive outcome are added up row by row.

    Raises
    ------
    TooFewError, ColumnError, SeparationError
        As `fit_logistic` for all predictors; a subset can only be separated if they are.
    """
    mass = count * weight
    ones = np.ones((len(columns), 1))
    fit_logistic(np.hstack([ones, columns]), positive, count, weight, ("(intercept)", *names))
    z = np.hstack([ones, standardise(columns, mass, names).matrix])
    up, down = float(mass[positive].sum()), float(mass[~positive].sum())
    null = float(xlogy(up, up / (up + down)) + xlogy(down, down / (up + down)))
    levels, cell = _distinct(columns)
    rows = _Rows(
        np.ascontiguousarray(z[_first(cell, len(levels))].T),
        _summed(cell, mass * positive, len(levels)),
        _summed(cell, mass, len(levels)),
        levels,
    )
    weights = shapley_weights(columns.shape[1])
    every = _every_model(rows, weights)
    index = 1 - every.likelihood / null
    index[0] = 0.0
    general = weights @ index
    own = every.positive.T[cell]
    own[~positive] -= z[~positive] @ (weights @ every.coefficients).T
    own_null = np.where(positive, np.log(up / (up + down)), np.log(down / (up + down)))
    influence = (own + np.outer(own_null, general)) * (-weight / null)[:, None]
    return DominanceFit(general, influence, index)


@dataclass(frozen=True)
class _Rows:
    """Distinct rows of predictors: standardised design (1 + p, K), masses (K,), numbers of the levels (K, p)."""

    z: Floats
    up: Floats
    mass: Floats
    levels: Ints


@dataclass(frozen=True)
class _Every:
    """Log-likelihood (2^p,) and coefficients (2^p, 1 + p) of all models; weighted sums (p, K) of log chances."""

    likelihood: Floats
    coefficients: Floats
    positive: Floats


@dataclass(frozen=True)
class _Node:
    """A subset and the numbers of its distinct rows; None where (nearly) all rows differ."""

    subset: int
    pattern: Ints | None


def _every_model(rows: _Rows, weights: Floats) -> _Every:
    """Fit every subset, each on the distinct rows of its own predictors.

    A subset comes after all of its own subsets: first what holds its higher predictors, then the lower ones.
    """
    n, p = rows.levels.shape
    likelihood, coefficients = np.empty(1 << p), np.zeros((1 << p, p + 1))
    coefficients[0, 0] = logit(rows.up.sum() / rows.mass.sum())
    sums, batch, held = np.zeros((p, n)), np.empty((_BATCH, n)), list[int]()
    waiting = [_Node(0, np.zeros(n, dtype=np.int64))]
    while waiting:
        node = waiting.pop()
        members = np.array([0, *(_members(node.subset, p) + 1)])
        start = _foreseen(coefficients, node.subset)[members] if node.subset else coefficients[0, :1]
        ended, batch[len(held)] = _fit(rows, node.pattern, members, start)
        likelihood[node.subset], coefficients[node.subset, members] = ended.top.likelihood, ended.top.parameters
        held.append(node.subset)
        if len(held) == _BATCH:
            sums += weights[:, held] @ batch
            held.clear()
        lowest = (node.subset & -node.subset).bit_length() - 1 if node.subset else p
        waiting += [
            _Node(node.subset | (1 << j), _split(node.pattern, rows.levels[:, j])) for j in reversed(range(lowest))
        ]
    return _Every(likelihood, coefficients, sums + weights[:, held] @ batch[: len(held)])


def _foreseen(coefficients: Floats, subset: int) -> Floats:
    """Coefficients of a subset as they would be if predictors acted on each other in smaller groups only.

    The alternating sum over all smaller subsets, which are fitted already: so near that few steps are left.
    """
    smaller = np.arange(subset)
    smaller = smaller[(smaller & subset) == smaller]
    signs = np.array([1.0 if (subset ^ int(one)).bit_count() % 2 else -1.0 for one in smaller])
    foreseen: Floats = np.asarray(signs @ coefficients[smaller], dtype=np.float64)
    return foreseen


def _fit(rows: _Rows, pattern: Ints | None, members: Ints, start: Floats) -> tuple[Climb, Floats]:
    """The fit of one subset, and the log chance of the positive outcome in each of the rows."""
    if pattern is None:
        z, up, mass = rows.z[members], rows.up, rows.mass
    else:
        size = int(pattern.max()) + 1
        z = rows.z[members[:, None], _first(pattern, size)]
        up, mass = (_summed(pattern, values, size) for values in (rows.up, rows.mass))
    ended = climb(lambda parameters: _point(parameters, z, up, mass), start, float(mass.sum()))
    if not ended.converged:
        raise SeparationError(unsettled(ended.iterations))
    chances = log_expit(ended.top.parameters @ z)
    return ended, chances if pattern is None else chances[pattern]


def _point(parameters: Floats, z: Floats, up: Floats, mass: Floats) -> Point:
    """Log-likelihood, gradient and information of rows that hold both outcomes; z has the shape (q, K).

    Block by block: what stays in the processor's cache is several times faster.
    """
    likelihood, gradient, information = 0.0, np.zeros(len(z)), np.zeros((len(z), len(z)))
    for first in range(0, z.shape[1], _BLOCK):
        block = slice(first, first + _BLOCK)
        part, n, good = z[:, block], mass[block], up[block]
        odds = parameters @ part
        rarer = np.exp(-np.abs(odds))
        whole = 1 + rarer
        chance = np.where(odds < 0, rarer, 1.0) / whole
        likelihood += float(n @ (np.minimum(odds, 0) - np.log(whole)) - (n - good) @ odds)
        gradient += part @ (good - n * chance)
        information += (part * (n * rarer / whole**2)) @ part.T
    return Point(parameters, likelihood, gradient, information)


def _distinct(columns: Floats) -> tuple[Ints, Ints]:
    """The distinct rows of the columns as numbers of levels, and the number of the row of each cell."""
    levels = np.column_stack([codes(column)[0] for column in columns.T])
    row = np.zeros(len(levels), dtype=np.int64)
    for column in levels.T:
        row = np.unique(row * (int(column.max()) + 1) + column, return_inverse=True)[1]
    return levels[_first(row, int(row.max()) + 1)], row


def _split(pattern: Ints | None, level: Ints) -> Ints | None:
    """Patterns told apart further by one more column; None where that leaves (nearly) as many as rows."""
    if pattern is None:
        return None
    top = int(level.max()) + 1
    size = (int(pattern.max()) + 1) * top
    key = pattern * top + level
    if size <= _DENSE * len(key):
        number: Ints = np.cumsum(np.bincount(key, minlength=size) > 0) - 1
        finer = number[key]
    else:
        finer = np.unique(key, return_inverse=True)[1]
    return finer if int(finer.max()) + 1 <= _MERGED * len(key) else None


def _summed(number: Ints, values: Floats, size: int) -> Floats:
    """The sum of the values under each number."""
    sums: Floats = np.bincount(number, weights=values, minlength=size).astype(np.float64)
    return sums


def _first(number: Ints, size: int) -> Ints:
    """For each of the numbers a place where it stands."""
    place = np.empty(size, dtype=np.int64)
    place[number] = np.arange(len(number))
    return place


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
