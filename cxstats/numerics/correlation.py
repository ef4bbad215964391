"""Correlations of one outcome with several metrics, and the tests of their differences on the same rows."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Column, Floats
from cxstats.numerics.intervals import Limits, critical, newcombe, ratio_to_error, symmetric, two_sided


def standard_scores(values: Floats, mass: Floats) -> Floats:
    """Columns with mean 0 and mean square 1 under the mass of each row; a column must not be constant.

    In two passes and on the scale of the largest deviation, so that neither a high level nor a tiny unit
    costs digits.
    """
    share = mass / mass.sum()
    centred: Floats = values - share @ values
    centred /= np.abs(centred[mass > 0]).max(axis=0)
    centred -= share @ centred
    centred /= np.sqrt(share @ centred**2)
    return centred


def correlation_matrix(scores: Floats, mass: Floats) -> Floats:
    """Correlations of columns of standard scores, shape (q, q)."""
    matrix: Floats = np.clip((scores * (mass / mass.sum())[:, None]).T @ scores, -1, 1)
    matrix = (matrix + matrix.T) / 2
    np.fill_diagonal(matrix, 1.0)
    return matrix


def correlation_influence(outcome: Floats, metrics: Floats, r: Floats, weight: Floats, total: float) -> Floats:
    """Influence of one row of each cell on the correlations of the outcome with p metrics, shape (K, p).

    z_x z_y - r (z_x^2 + z_y^2) / 2 with standard scores z, times the weight over the sum of weights.
    """
    y = outcome[:, None]
    values: Floats = (metrics * y - r * (metrics**2 + y**2) / 2) * (weight / total)[:, None]
    return values


def sampling_correlation(first: Floats, second: Floats, between: Floats) -> Floats:
    """Large-sample correlation of two correlations that share the outcome, for normal data.

    ``between`` is the correlation of the two metrics. Pearson and Filon's result, as in Steiger (1980)
    and Zou (2007).
    """
    square1, square2 = first**2, second**2
    covariance = between * (1 - square1 - square2) - first * second * (1 - square1 - square2 - between**2) / 2
    return np.asarray(covariance / ((1 - square1) * (1 - square2)))


def normal_covariance(r: Floats, between: Floats, n: int) -> Floats:
    """Covariance of p correlations with one outcome, for normal data: errors of (1 - r^2) / sqrt(n - 3)."""
    error = (1 - r**2) / np.sqrt(n - 3)
    return sampling_correlation(r[:, None], r[None, :], between) * np.outer(error, error)


def williams_t(first: Floats, second: Floats, between: Floats, n: int) -> Floats:
    """Williams' t of equal correlations, on n - 3 degrees of freedom; see Steiger (1980)."""
    determinant = 1 - first**2 - second**2 - between**2 + 2 * first * second * between
    mean = (first + second) / 2
    spread = 2 * (n - 1) / (n - 3) * np.maximum(determinant, 0.0) + mean**2 * (1 - between) ** 3
    return ratio_to_error(first - second, np.sqrt(spread / ((n - 1) * (1 + between))))


def steiger_z(first: Floats, second: Floats, between: Floats, n: int) -> Floats:
    """Steiger's z: Fisher z values, their covariance taken at the mean of both correlations."""
    mean = (first + second) / 2
    variance = 2 * (1 - sampling_correlation(mean, mean, between)) / (n - 3)
    return ratio_to_error(np.arctanh(first) - np.arctanh(second), np.sqrt(np.maximum(variance, 0.0)))


@dataclass(frozen=True)
class FisherGap:
    """Differences of Fisher z values with their standard errors."""

    estimate: Floats
    std_error: Floats


def meng_gap(first: Floats, second: Floats, between: Floats, n: int) -> FisherGap:
    """Meng, Rosenthal and Rubin (1992): z1 - z2 and its standard error sqrt(2 (1 - between) h / (n - 3))."""
    square = (first**2 + second**2) / 2
    f = np.minimum(1.0, (1 - between) / (2 * (1 - square)))
    h = (1 - f * square) / (1 - square)
    return FisherGap(np.arctanh(first) - np.arctanh(second), np.sqrt(2 * (1 - between) * h / (n - 3)))


def classical_tests(first: Floats, second: Floats, between: Floats, n: int, level: float) -> dict[str, Column]:
    """Three tests of each pair, pair after pair, as the columns of a frame."""
    pairs = len(first)
    gap = meng_gap(first, second, between, n)
    limits = symmetric(gap.estimate, gap.std_error, level)
    none = np.full(pairs, np.nan)
    tests = (williams_t(first, second, between, n), steiger_z(first, second, between, n))
    statistic = np.column_stack([*tests, ratio_to_error(gap.estimate, gap.std_error)]).ravel()
    df = np.tile([n - 3.0, np.inf, np.inf], pairs)
    return {
        "method": np.array(["Williams", "Steiger", "Meng-Rosenthal-Rubin"] * pairs, dtype=object),
        "scale": np.array(["r", "z", "z"] * pairs, dtype=object),
        "estimate": np.column_stack([first - second, gap.estimate, gap.estimate]).ravel(),
        "ci_low": np.column_stack([none, none, limits.low]).ravel(),
        "ci_high": np.column_stack([none, none, limits.high]).ravel(),
        "statistic": statistic,
        "df": df,
        "p_value": two_sided(statistic, df),
    }


def fisher_limits(r: Floats, std_error: Floats, level: float, df: float = np.inf) -> Limits:
    """Limits of a correlation from its standard error, symmetric on the scale of Fisher's z."""
    centre, half = np.arctanh(r), critical(level, df) * std_error / (1 - r**2)
    return Limits(np.tanh(centre - half), np.tanh(centre + half))


def zou_limits(
    r: Floats, covariance: Floats, first: list[int], second: list[int], level: float, df: float = np.inf
) -> Limits:
    """Zou (2007): limits of r[first] - r[second] from the limits of each and the covariance of all."""
    error = np.sqrt(np.diag(covariance))
    single = fisher_limits(r, error, level, df)
    product = error[first] * error[second]
    together = np.divide(covariance[first, second], product, out=np.zeros(len(first)), where=product > 0)
    one, two = (Limits(single.low[k], single.high[k]) for k in (first, second))
    return newcombe(r[first], one, r[second], two, np.clip(together, -1, 1))
