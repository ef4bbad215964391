"""An outcome along a number: its mean at each value or group of values, and fitted lines in their band."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.influence import covariance
from cxstats.numerics.intervals import critical
from cxstats.numerics.linear import fit_linear


@dataclass(frozen=True)
class Band:
    """A fitted line at M places, with pointwise limits.

    Attributes
    ----------
    line, low, high : array, shape (M,)
    """

    line: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Dots:
    """Means of G groups of neighbouring values.

    Attributes
    ----------
    at, mean : array, shape (G,)
        Mean place, and mean outcome.
    half : array, shape (G,)
        Half the interval of the mean; NaN where too few rows say too little.
    rows : int array, shape (G,)
    n_values : int
        Distinct values; more than groups where neighbours were put together.
    """

    at: Floats
    mean: Floats
    half: Floats
    rows: Ints
    n_values: int


@dataclass(frozen=True)
class Points:
    """K cells along a number.

    Attributes
    ----------
    x, y : array, shape (K,)
    count : int array, shape (K,)
    weight : array, shape (K,)
        Survey weight of each row of the cell.
    cluster : int array, shape (K,), or None
    """

    x: Floats
    y: Floats
    count: Ints
    weight: Floats
    cluster: Ints | None


def fitted_band(points: Points, design: Floats, wanted: Floats, names: Sequence[str], level: float) -> Band:
    """Least squares on the design, predicted at the rows wanted, with a band from influence values.

    Parameters
    ----------
    points : Points
    design, wanted : array, shape (K, q) and (M, q)
        Without the column of ones.
    names : sequence of str, length q
        For messages.
    level : float
    """
    x, at = (np.column_stack([np.ones(len(columns)), columns]) for columns in (design, wanted))
    fit = fit_linear(x, points.y, points.count, points.weight, ("(intercept)", *names))
    spread = covariance(fit.influence, points.count, points.cluster)
    line = at @ fit.coefficients
    variance = np.einsum("ij,jk,ik->i", at, spread.matrix, at)
    half = critical(level, spread.df) * np.sqrt(np.maximum(variance, 0.0))
    return Band(line, line - half, line + half)


def group_means(points: Points, most: int, *, fewest: int, of_each: bool, level: float) -> Dots:
    """The mean outcome per value; of more values than ``most``, per group of neighbours of about equal size.

    A group has an interval from so many rows on; with ``of_each``, from so many rows of outcome 1 and of outcome 0.
    """
    values, group = _groups(points, most)
    found = []
    for one in np.unique(group):
        here = (group == one) & (points.weight > 0)
        if not here.any():
            continue
        count, weight, y = points.count[here], points.weight[here], points.y[here]
        mass = count * weight
        mean, rows = float(mass @ y / mass.sum()), int(count.sum())
        said = min(int(count @ y), rows - int(count @ y)) if of_each else rows
        half = _half(points, here, weight * (y - mean) / mass.sum(), level) if said >= fewest else np.nan
        found.append((mass @ points.x[here] / mass.sum(), mean, half, rows))
    at, mean_of, half_of, rows_of = np.array(found).T
    return Dots(at, mean_of, half_of, rows_of.astype(np.int64), len(values))


def _groups(points: Points, most: int) -> tuple[Floats, Ints]:
    """The distinct values, and the number of the group of each cell."""
    values, place = np.unique(points.x, return_inverse=True)
    if len(values) <= most:
        return values, place.astype(np.int64)
    size = np.bincount(place, weights=points.count)
    middle = np.cumsum(size) - size / 2
    return values, np.minimum(most * middle / size.sum(), most - 1).astype(np.int64)[place]


def _half(points: Points, here: Bools, influence: Floats, level: float) -> float:
    """Half the interval of a mean: clusters without rows here count as those that were drawn but add nothing."""
    every = np.zeros(len(here))
    every[here] = influence
    fit = covariance(every[:, None], points.count, points.cluster)
    return float(critical(level, fit.df) * fit.matrix[0, 0] ** 0.5)
