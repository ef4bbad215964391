"""Quantiles, tail probabilities and limits. Tails are computed as tails, never as one minus a bulk."""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, ndtr, ndtri, stdtr, stdtrit

from cxstats.arrays import Floats


def critical(level: float, df: float | Floats = np.inf) -> Floats:
    """The two-sided critical value of Student's t, of the normal where ``df`` is infinite."""
    df = np.asarray(df, dtype=np.float64)
    upper = 0.5 + level / 2
    finite = np.where(np.isfinite(df), df, 1.0)
    return np.where(np.isfinite(df), stdtrit(finite, upper), ndtri(upper))


def upper_tail(statistic: Floats | float, df: float | Floats = np.inf) -> Floats:
    """P(T >= statistic): the one-sided p-value against "not greater"."""
    statistic, df = np.broadcast_arrays(np.asarray(statistic, dtype=np.float64), np.asarray(df, dtype=np.float64))
    finite = np.where(np.isfinite(df), df, 1.0)
    return np.where(np.isfinite(df), stdtr(finite, -statistic), ndtr(-statistic))


def two_sided(statistic: Floats | float, df: float | Floats = np.inf) -> Floats:
    """Two-sided p-value."""
    return np.minimum(1.0, 2 * upper_tail(np.abs(statistic), df))


def ratio_to_error(estimate: Floats, std_error: Floats) -> Floats:
    """Estimate over standard error; 0 where both are 0, infinite where only the error is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.asarray(estimate, dtype=np.float64) / std_error
    return np.where((np.asarray(std_error) == 0) & (np.asarray(estimate) == 0), 0.0, ratio)


@dataclass(frozen=True)
class Limits:
    """Lower and upper limits."""

    low: Floats
    high: Floats


def symmetric(estimate: Floats, std_error: Floats, level: float, df: float | Floats = np.inf) -> Limits:
    """Estimate plus and minus the critical value times the standard error."""
    half = critical(level, df) * std_error
    return Limits(estimate - half, estimate + half)


def wilson(successes: Floats, n: Floats, level: float, df: float | Floats = np.inf) -> Limits:
    """Wilson (1927), doi:10.1080/01621459.1927.10502953: the score interval of a proportion.

    For weighted or clustered rows ``n`` is the effective sample size and ``successes`` the share times
    it; with ``df`` the critical value is Student's.
    """
    z2 = critical(level, df) ** 2
    p = successes / n
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2) / (1 + z2 / n) * np.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    # At 0 and at n the limit is 0 and 1 exactly; rounding would leave 1e-17 beside it.
    return Limits(np.where(successes == 0, 0.0, centre - half), np.where(successes == n, 1.0, centre + half))


def clopper_pearson(successes: Floats, n: Floats, level: float) -> Limits:
    """Clopper and Pearson (1934), doi:10.1093/biomet/26.4.404: the exact interval, by beta quantiles."""
    tail = (1 - level) / 2
    k = np.asarray(successes, dtype=np.float64)
    low = np.where(k > 0, betaincinv(np.where(k > 0, k, 1), n - k + 1, tail), 0.0)
    high = np.where(k < n, betaincinv(k + 1, np.where(k < n, n - k, 1), 1 - tail), 1.0)
    return Limits(low, high)


def newcombe(p: Floats, first: Limits, q: Floats, second: Limits, correlation: float | Floats = 0.0) -> Limits:
    """Newcombe (1998), method 10: limits of p - q from the Wilson limits of each.

    doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I; where p and q are correlated, as in
    paired data, doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C.
    """
    low = p - q - _square_and_add(p - first.low, second.high - q, correlation)
    high = p - q + _square_and_add(first.high - p, q - second.low, correlation)
    return Limits(low, high)


def _square_and_add(a: Floats, b: Floats, correlation: float | Floats) -> Floats:
    root: Floats = np.sqrt(np.maximum(a**2 + b**2 - 2 * correlation * a * b, 0.0))
    return root
