"""Logistic regressions on many subsets of the same predictors, each on the distinct rows of its own predictors.

The derivative of a maximised log-likelihood with respect to the weight of a row is that row's log-likelihood at
the maximum: shares made of the likelihoods of many models get their influence values in the same pass.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_expit, logit, xlogy

from cxstats.arrays import Bools, Floats, Ints
from cxstats.columns import codes
from cxstats.errors import SeparationError
from cxstats.numerics.design import standardise
from cxstats.numerics.logistic import fit_logistic, unsettled
from cxstats.numerics.newton import Point, climb

_DENSE = 4  # table entries per row up to which patterns are numbered by a table instead of a sort
_MERGED = 0.7  # patterns beyond this share of the rows save no work
_BLOCK = 4096  # rows at a time
_BATCH = 32  # models whose log chances are held at a time


@dataclass(frozen=True)
class SubsetRows:
    """K distinct rows of p predictors.

    Attributes
    ----------
    z : array, shape (1 + p, K)
        Ones, then the standardised predictors.
    up, mass : array, shape (K,)
        Weight of the rows with the positive outcome, and of all.
    levels : int array, shape (K, p)
        Number of the level of each predictor.
    cell : int array
        For each cell the number of its row.
    """

    z: Floats
    up: Floats
    mass: Floats
    levels: Ints
    cell: Ints

    @property
    def intercept(self) -> float:
        """Log-odds of the positive outcome among all rows."""
        return float(logit(self.up.sum() / self.mass.sum()))

    @property
    def null(self) -> float:
        """Log-likelihood of the model without predictors."""
        up, total = float(self.up.sum()), float(self.mass.sum())
        return float(xlogy(up, up / total) + xlogy(total - up, (total - up) / total))


@dataclass(frozen=True)
class SubsetFit:
    """One model: its number, log-likelihood, coefficients (1 + p,), and the log chance of each row (K,)."""

    number: int
    likelihood: float
    coefficients: Floats
    log_chance: Floats


@dataclass(frozen=True)
class Shares:
    """Shares (p,), influence of one row of each cell on them (cells, p), explained share of every model (S,)."""

    general: Floats
    influence: Floats
    index: Floats


def subset_rows(columns: Floats, positive: Bools, count: Ints, weight: Floats, names: Sequence[str]) -> SubsetRows:
    """The distinct rows, once all predictors together are found to allow a fit.

    Raises
    ------
    TooFewError, ColumnError, SeparationError
        As `fit_logistic` for all predictors; a subset can only be separated if they are.
    """
    mass = count * weight
    ones = np.ones((len(columns), 1))
    fit_logistic(np.hstack([ones, columns]), positive, count, weight, ("(intercept)", *names))
    z = np.hstack([ones, standardise(columns, mass, names).matrix])
    levels, cell = _distinct(columns)
    k = len(levels)
    lead = np.ascontiguousarray(z[_first(cell, k)].T)
    return SubsetRows(lead, _summed(cell, mass * positive, k), _summed(cell, mass, k), levels, cell)


def shares_of(fits: Iterable[SubsetFit], weights: Floats, rows: SubsetRows, positive: Bools, weight: Floats) -> Shares:
    """Weighted sums (weights (p, S)) of McFadden's R2 = 1 - LL / LL0 of S models, with the influence of each row.

    A row's influence on R2 is -w (l - (1 - R2) l0) / LL0, l and l0 its log-likelihood in the model and in the
    model without predictors. For a row with the negative outcome l is less by its log-odds, which are linear
    in the coefficients: only the log-likelihoods of the positive outcome are added up row by row.
    """
    p, n_models = weights.shape
    likelihood, coefficients = np.empty(n_models), np.empty((n_models, len(rows.z)))
    sums, batch, held = np.zeros((p, len(rows.mass))), np.empty((_BATCH, len(rows.mass))), list[int]()
    for fit in fits:
        likelihood[fit.number], coefficients[fit.number] = fit.likelihood, fit.coefficients
        batch[len(held)] = fit.log_chance
        held.append(fit.number)
        if len(held) == _BATCH:
            sums += weights[:, held] @ batch
            held.clear()
    sums += weights[:, held] @ batch[: len(held)]
    index = 1 - likelihood / rows.null
    index[0] = 0.0
    general = weights @ index
    own = sums.T[rows.cell]
    own[~positive] -= rows.z.T[rows.cell[~positive]] @ (weights @ coefficients).T
    own_null = log_expit(np.where(positive, rows.intercept, -rows.intercept))
    influence = (own + np.outer(own_null, general)) * (-weight / rows.null)[:, None]
    return Shares(general, influence, index)


def fit_subset(rows: SubsetRows, number: int, members: Ints, pattern: Ints | None, start: Floats) -> SubsetFit:
    """The model of the predictors ``members``, of which ``pattern`` numbers the distinct rows (None: all differ).

    ``start`` are coefficients (1 + p,) to begin at; those of predictors that are not in the model are not read.
    """
    used = np.concatenate([[0], members + 1])
    if pattern is None:
        z, up, mass = rows.z[used], rows.up, rows.mass
    else:
        size = int(pattern.max()) + 1
        z = rows.z[used[:, None], _first(pattern, size)]
        up, mass = (_summed(pattern, values, size) for values in (rows.up, rows.mass))
    ended = climb(lambda parameters: _point(parameters, z, up, mass), start[used], float(mass.sum()))
    if not ended.converged:
        raise SeparationError(unsettled(ended.iterations))
    coefficients = np.zeros(len(rows.z))
    coefficients[used] = ended.top.parameters
    chances = log_expit(ended.top.parameters @ z)
    return SubsetFit(number, ended.top.likelihood, coefficients, chances if pattern is None else chances[pattern])


def split(pattern: Ints | None, level: Ints) -> Ints | None:
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


def _summed(number: Ints, values: Floats, size: int) -> Floats:
    """The sum of the values under each number."""
    sums: Floats = np.bincount(number, weights=values, minlength=size).astype(np.float64)
    return sums


def _first(number: Ints, size: int) -> Ints:
    """For each of the numbers a place where it stands."""
    place = np.empty(size, dtype=np.int64)
    place[number] = np.arange(len(number))
    return place
