"""Least squares on counts, with the influence of each row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import TooFewError
from cxstats.numerics.design import orthogonal


@dataclass(frozen=True)
class LinearFit:
    """Coefficients and what one row of each cell contributes to them.

    Attributes
    ----------
    coefficients : array, shape (q,)
    influence : array, shape (K, q)
        w e x'(X'WX)^-1: on the scale of the coefficients, survey weights included.
    residuals : array, shape (K,)
    """

    coefficients: Floats
    influence: Floats
    residuals: Floats


def fit_linear(
    design: Floats, response: Floats, count: Ints, weight: Floats, names: Sequence[str] | None = None
) -> LinearFit:
    """Weighted least squares; ``design`` (K, q) has its column of ones first, ``names`` are its q terms.

    Raises
    ------
    ColumnError
        A column follows from others.
    """
    mass = count * weight
    # By orthogonal columns rather than the normal equations: half the digits would be lost there.
    basis = orthogonal(design, mass, names)
    mean = mass @ response / mass.sum()  # taken off first, so that a high level costs no digits either
    parameters = (basis.columns * mass[:, None]).T @ (response - mean) / mass.sum()
    residuals = response - mean - basis.columns @ parameters
    coefficients = basis.back @ parameters
    coefficients[0] += mean
    bread = basis.back.T / mass.sum()
    return LinearFit(coefficients, (basis.columns @ bread) * (weight * residuals)[:, None], residuals)


def sd_influence(values: Floats, count: Ints, weight: Floats) -> tuple[float, Floats]:
    """Standard deviation (divided by n, not n - 1) and the influence of one row of each cell on it."""
    mass = count * weight
    live = values[mass > 0]
    if not len(live) or live.min() == live.max():
        raise TooFewError("A standard deviation needs at least two different values.")
    centred = values - mass @ values / mass.sum()
    variance = float(mass @ centred**2 / mass.sum())
    sd = variance**0.5
    return sd, weight * (centred**2 - variance) / (2 * sd * mass.sum())
