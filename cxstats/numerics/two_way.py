"""Least squares with an effect for every group (customer) and every period, without a column for any of them.

Groups are swept out by their means; what periods then leave is a matrix of periods by periods, which is small.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from cxstats.arrays import Bools, Floats, Ints

_ZERO = 1e-9  # eigenvalues of the scaled matrix, which lie between 0 and 1
_NOTHING = 1e-9  # share of a column's sum of squares that must be left beyond the effects


@dataclass(frozen=True)
class Sweep:
    """The effects of G groups and P periods, ready to be taken off columns.

    Attributes
    ----------
    group, period : int array, shape (M,)
    sizes : array, shape (G,)
        Rows of each group; 1 where it has none.
    inverse : array, shape (P, P)
        A generalised inverse of the periods' cross-products within groups.
    part_of_group, part_of_period : int arrays, shapes (G,), (P,)
        Groups and periods that are linked by rows have the same number: effects compare within a part only.
    """

    group: Ints
    period: Ints
    sizes: Floats
    inverse: Floats
    part_of_group: Ints
    part_of_period: Ints


@dataclass(frozen=True)
class TwoWayFit:
    """Coefficients (k,), and what each row contributes to them, shape (M, k)."""

    coefficients: Floats
    influence: Floats


def sweep(group: Ints, period: Ints, groups: int, periods: int) -> Sweep:
    """Prepare the effects."""
    sizes = np.maximum(np.bincount(group, minlength=groups), 1).astype(np.float64)
    scaled = csr_matrix((1 / np.sqrt(sizes)[group], (group, period)), shape=(groups, periods))
    count = np.bincount(period, minlength=periods).astype(np.float64)
    across = np.diag(count) - (scaled.T @ scaled).toarray()
    graph = csr_matrix((np.ones(len(group)), (group, groups + period)), shape=(groups + periods, groups + periods))
    parts = connected_components(graph, directed=False)[1].astype(np.int64)
    return Sweep(group, period, sizes, inverted(across, count), parts[:groups], parts[groups:])


def inverted(matrix: Floats, scale: Floats) -> Floats:
    """A symmetric generalised inverse; ``scale`` (P,) is the diagonal that eigenvalues are measured against."""
    root = np.sqrt(np.where(scale > 0, scale, 1.0))
    values, vectors = np.linalg.eigh(matrix / np.outer(root, root))
    kept = values > _ZERO
    half = vectors[:, kept] / np.sqrt(values[kept]) / root[:, None]
    product: Floats = half @ half.T
    return product


def off_groups(given: Sweep, column: Floats) -> Floats:
    """A column less its means per group."""
    mean = np.bincount(given.group, weights=column, minlength=len(given.sizes)) / given.sizes
    apart: Floats = column - mean[given.group]
    return apart


def period_effects(given: Sweep, column: Floats) -> Floats:
    """Effects of the periods in least squares on groups and periods, shape (P,); up to a constant per part."""
    sums = np.bincount(given.period, weights=off_groups(given, column), minlength=len(given.inverse))
    effects: Floats = given.inverse @ sums
    return effects


def swept(given: Sweep, column: Floats) -> Floats:
    """What groups and periods leave of a column, shape (M,)."""
    return off_groups(given, column - period_effects(given, column)[given.period])


def two_way(given: Sweep, columns: Floats, y: Floats) -> TwoWayFit | None:
    """Least squares of y (M,) on columns (M, k), groups and periods; None where these tell nothing about a column."""
    left = np.column_stack([swept(given, column) for column in columns.T])
    if lacking(left, columns).any():
        return None
    rest = swept(given, y)
    inverse = np.linalg.inv(left.T @ left)
    coefficients = inverse @ (left.T @ rest)
    residuals = rest - left @ coefficients
    return TwoWayFit(coefficients, (left * residuals[:, None]) @ inverse)


def lacking(left: Floats, columns: Floats) -> Bools:
    """Which columns (M, k) the effects, or the columns before them, leave nothing of."""
    kept = np.abs(np.diag(np.linalg.qr(left, mode="r"))) if len(left) >= left.shape[1] else np.zeros(left.shape[1])
    absent: Bools = kept**2 <= _NOTHING * np.maximum((columns**2).sum(axis=0), 1e-300)
    return absent
