"""Slopes freed of the noise in predictors: the corrected normal equations, and regression calibration.

Let b be the slopes on predictors as they were measured, M the mean of their products, and N the part of M that is
noise. With A = M - N, the slopes on the predictors without noise are A^-1 M b. For least squares this is Fuller's
method of moments (section 2.2 of Fuller 1987); for a logistic regression it is regression calibration by the best
linear prediction of the true predictors.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats

# Smallest eigenvalue of A with unit diagonal: below, the noise that is taken away leaves hardly anything.
_NOTHING_LEFT = 0.01


@dataclass(frozen=True)
class Measured:
    """A regression on q columns, as they were measured.

    Attributes
    ----------
    design : array, shape (K, q)
        Its first column is the column of ones.
    slopes : array, shape (q,)
    influence : array, shape (K, q)
        Of one row of each cell on the slopes.
    count : array, shape (K,)
    """

    design: Floats
    slopes: Floats
    influence: Floats
    count: Floats

    @property
    def products(self) -> Floats:
        """M: the mean of the products of the columns, shape (q, q)."""
        products: Floats = (self.design * (self.count / self.count.sum())[:, None]).T @ self.design
        return products


@dataclass(frozen=True)
class Noise:
    """What of the mean products is noise.

    Attributes
    ----------
    matrix : array, shape (q, q)
    influence : function
        Of two vectors a and b (q,): the influence (K,) of one row of each cell on a' N b.
    """

    matrix: Floats
    influence: Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Freed:
    """Slopes once the noise is taken away.

    Attributes
    ----------
    slopes : array, shape (q,)
    row : array, shape (q,)
        The row of A^-1 that belongs to the slope asked for.
    influence : array, shape (K,)
        Of one row of each cell on that slope.
    """

    slopes: Floats
    row: Floats
    influence: Floats


def freed_slope(measured: Measured, noise: Noise, at: int) -> Freed | None:
    """The slope of one column once the noise is taken away; None where too little would be left.

    Its influence is a' (M db + dM (b - s) + dN s), with s = A^-1 M b, a the row of A^-1, and d the influence.
    """
    M = measured.products
    A = M - noise.matrix
    scale = np.sqrt(np.maximum(np.diag(A), 0.0))
    if (scale == 0).any() or np.linalg.eigvalsh(A / np.outer(scale, scale))[0] < _NOTHING_LEFT:
        return None
    b = measured.slopes
    freed: Floats = np.linalg.solve(A, M @ b).astype(np.float64)
    row: Floats = np.linalg.solve(A, np.eye(len(b))[at]).astype(np.float64)
    moved = b - freed
    x = measured.design
    of_products = (x @ row) * (x @ moved) - row @ M @ moved
    influence = measured.influence @ (M @ row) + of_products / measured.count.sum() + noise.influence(row, freed)
    return Freed(freed, row, influence)


def declared_noise(measured: Measured, columns: list[int], reliability: Floats) -> Noise:
    """Independent noise in these columns, of mean 0 and mean square 1; reliabilities (k,) are given."""
    share = 1 - reliability
    matrix = np.zeros((measured.design.shape[1],) * 2)
    matrix[columns, columns] = share
    squares = measured.design[:, columns] ** 2

    def influence(left: Floats, right: Floats) -> Floats:
        values: Floats = (squares - 1) @ (left[columns] * right[columns] * share) / measured.count.sum()
        return values

    return Noise(matrix, influence)
