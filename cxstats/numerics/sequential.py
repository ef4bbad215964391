"""Within customers where what they are given may depend on how they rated before: forward orthogonal deviations.

Every row is compared with the mean of the customer's later rows. The instruments are what was known before the row's
rating, so that an earlier good or bad rating cannot bend the estimate, as it bends one with customers' means.
Arellano & Bover (1995), doi:10.1016/0304-4076(94)01642-D; two-stage least squares.
"""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.ragged import later, sum_after, sum_before, summed
from cxstats.numerics.two_way import inverted

_SINGULAR = 1e-9


@dataclass(frozen=True)
class SequentialFit:
    """Coefficients (k,), and what each row contributes to them, shape (M, k)."""

    coefficients: Floats
    influence: Floats


@dataclass(frozen=True)
class _Rows:
    """The rows of customers, with how much each weighs against the later ones: 0 in the last."""

    first: Ints
    period: Ints
    periods: int
    many: Floats
    weight: Floats


def forward(first: Ints, column: Floats) -> Floats:
    """A column less the mean of the customer's later rows, scaled to the same variance; 0 in the last row."""
    rows = _rows(first, np.zeros(len(column), dtype=np.int64), 1)
    return _forward(rows, column)


def sequential(
    first: Ints, period: Ints, periods: int, columns: Floats, instruments: Floats, y: Floats
) -> SequentialFit | None:
    """Two-stage least squares of y (M,) on columns (M, k) and period effects; None where these are not identified.

    Parameters
    ----------
    first : int array, shape (C + 1,)
        Where the rows of each customer begin.
    period : int array, shape (M,)
    columns, instruments : arrays, shapes (M, k), (M, q)
        What y depends on, and what is independent of the row's error and all later ones: q is k or more.
    """
    rows = _rows(first, period, periods)
    used = (rows.weight > 0).astype(np.float64)
    z = _within_periods(rows, instruments * used[:, None], used)
    moved = np.column_stack([_forward(rows, column) for column in columns.T])
    here = np.bincount(period, weights=used, minlength=periods)
    q, k = z.shape[1], moved.shape[1]
    cross = np.empty((q + periods, k + periods))
    cross[:q, :k], cross[:q, k:] = z.T @ moved, np.array([_adjoint(rows, column) for column in z.T])
    cross[q:, :k] = np.column_stack([np.bincount(period, weights=c, minlength=periods) for c in moved.T])
    cross[q:, k:] = _periods_by_periods(rows)
    weights = np.zeros((q + periods, q + periods))
    weights[:q, :q] = inverted(z.T @ z, np.diag(z.T @ z))
    weights[range(q, q + periods), range(q, q + periods)] = np.where(here > 0, 1 / np.maximum(here, 1), 0.0)
    bread = cross.T @ weights @ cross
    inner = bread[:k, :k] - bread[:k, k:] @ inverted(bread[k:, k:], np.diag(bread[k:, k:])) @ bread[k:, :k]
    if (np.linalg.eigvalsh(inner / _outer(inner, bread)) < _SINGULAR).any():
        return None
    response = _forward(rows, y)
    found = np.concatenate([z.T @ response, np.bincount(period, weights=response, minlength=periods)])
    inverse = inverted(bread, np.diag(bread))
    solved = inverse @ (cross.T @ (weights @ found))
    residuals = response - moved @ solved[:k] - _forward(rows, solved[k:][period])
    lean = weights @ cross @ inverse[:, :k]
    scores = (z @ lean[:q] + lean[q:][period]) * (used * residuals)[:, None]
    return SequentialFit(solved[:k], scores)


def _outer(inner: Floats, bread: Floats) -> Floats:
    """What the part of the columns beyond the periods is measured against."""
    root = np.sqrt(np.maximum(np.diag(bread)[: len(inner)], 1e-300))
    return np.outer(root, root)


def _rows(first: Ints, period: Ints, periods: int) -> _Rows:
    many = later(first).astype(np.float64)
    return _Rows(first, period, periods, many, np.sqrt(many / (many + 1)))


def _forward(rows: _Rows, column: Floats) -> Floats:
    mean = sum_after(rows.first, column) / np.maximum(rows.many, 1)
    moved: Floats = rows.weight * (column - mean)
    return moved


def _within_periods(rows: _Rows, columns: Floats, used: Floats) -> Floats:
    """Columns less their means per period, over the rows that have later ones."""
    here = np.maximum(np.bincount(rows.period, weights=used, minlength=rows.periods), 1)
    means = [np.bincount(rows.period, weights=c, minlength=rows.periods) / here for c in columns.T]
    apart: Floats = (columns - np.column_stack(means)[rows.period]) * used[:, None]
    return apart


def _adjoint(rows: _Rows, column: Floats) -> Floats:
    """Product of a column with the moved indicators of all periods, shape (P,)."""
    weighed = column * rows.weight
    beyond = sum_before(rows.first, weighed / np.maximum(rows.many, 1))
    return summed(rows.period, weighed - beyond, rows.periods)


def _periods_by_periods(rows: _Rows) -> Floats:
    """Indicators of the periods times the moved indicators, shape (P, P): pairs of rows, one distance at a time."""
    periods = rows.periods
    product: Floats = np.diag(summed(rows.period, rows.weight, periods)).ravel().copy()
    share = rows.weight / np.maximum(rows.many, 1)
    at, distance = np.flatnonzero(rows.many > 0), 1
    while len(at):
        pairs = rows.period[at] * periods + rows.period[at + distance]
        product = product - summed(pairs, share[at], periods * periods)
        distance += 1
        at = at[rows.many[at] >= distance]
    return product.reshape(periods, periods)
