"""Least squares on counts, with the influence of each row, and standardised slopes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.design import column_names, standardise


@dataclass(frozen=True)
class LinearFit:
    """Coefficients and what one row of each cell contributes to them.

    Attributes
    ----------
    coefficients : array, shape (q,)
    influence : array, shape (K, q)
        (X'WX)^-1 x w e: on the scale of the coefficients, survey weights included.
    fitted, residuals : array, shape (K,)
    r2 : float
        Share of the response's variance that is fitted; NaN where the response does not vary.
    """

    coefficients: Floats
    influence: Floats
    fitted: Floats
    residuals: Floats
    r2: float


def fit_linear(
    design: Floats, response: Floats, count: Ints, weight: Floats, names: Sequence[str] | None = None
) -> LinearFit:
    """Weighted least squares.

    Parameters
    ----------
    design : array, shape (K, q)
        Its first column is the column of ones.
    response : array, shape (K,)
    count : int array, shape (K,)
    weight : array, shape (K,)
        Survey weight of each row of the cell.
    names : sequence of str, length q
        Names of the columns for messages.

    Raises
    ------
    ColumnError
        A column is constant or collinear.
    """
    mass = count * weight
    names = ("(intercept)", *column_names(design.shape[1] - 1)) if names is None else names
    mapped = standardise(design[:, 1:], mass, names[1:])
    z = np.hstack([design[:, :1], mapped.matrix])
    level = float(mass @ response / mass.sum())
    root = np.sqrt(mass)
    # By orthogonal factors rather than the normal equations, which would lose half the digits.
    basis, triangle = np.linalg.qr(z * root[:, None])
    slopes = np.linalg.solve(triangle, basis.T @ ((response - level) * root))
    slopes[0] += level
    fitted = z @ slopes
    residuals = response - fitted
    inverse = np.linalg.inv(triangle)
    back = mapped.to_given
    total = float(mass @ (response - level) ** 2)
    return LinearFit(
        coefficients=back @ slopes,
        influence=(z * (weight * residuals)[:, None]) @ (inverse @ inverse.T @ back.T),
        fitted=fitted,
        residuals=residuals,
        r2=1 - float(mass @ residuals**2) / total if total > 0 else np.nan,
    )


def sd_influence(values: Floats, count: Ints, weight: Floats) -> tuple[float, Floats]:
    """Standard deviation (divided by n, not n - 1) and the influence of one row of each cell on it.

    The influence of a row with weight w is w ((v - mean)^2 - variance) / (2 sd W), W the sum of weights.
    """
    mass = count * weight
    centred = values - mass @ values / mass.sum()
    variance = float(mass @ centred**2 / mass.sum())
    sd = variance**0.5
    return sd, weight * (centred**2 - variance) / (2 * sd * mass.sum())


def standardised(
    fit: LinearFit, contrast: Floats, predictor: Floats, response: Floats, count: Ints, weight: Floats
) -> tuple[float, Floats]:
    """contrast'b SD(predictor) / SD(response), and the influence of one row of each cell on it.

    Standard deviations of the response per standard deviation of the predictor; the influence includes
    that of both deviations.
    """
    above, above_values = sd_influence(predictor, count, weight)
    below, below_values = sd_influence(response, count, weight)
    raw = float(contrast @ fit.coefficients)
    theta = raw * above / below
    return theta, (fit.influence @ contrast * above + raw * above_values - theta * below_values) / below
