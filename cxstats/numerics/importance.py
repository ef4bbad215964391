"""Standardised slopes of touchpoints that not everybody uses, their mean scores, and the influence on both."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc

from cxstats.arrays import Floats, Ints
from cxstats.numerics.nested import NestedTest

DRAWS = 50_000  # the error of a chance is at most 1 / (2 sqrt(DRAWS)): 0.2%
_SEED = 19_770_477  # always the same: who asks twice gets the same answer


@dataclass(frozen=True)
class UserMoments:
    """Of p columns with NaN where there is no value: mean and SD (divided by n), and the influence on them (K, p)."""

    mean: Floats
    sd: Floats
    mean_influence: Floats
    sd_influence: Floats


def user_moments(values: Floats, count: Ints, weight: Floats) -> UserMoments:
    """Moments of each column over the cells that have it; the influence of one row of each cell."""
    used = ~np.isnan(values)
    filled = np.where(used, values, 0.0)
    total = (count * weight) @ used
    mean = (count * weight) @ filled / total
    deviation = np.where(used, values - mean, 0.0)
    variance = (count * weight) @ deviation**2 / total
    sd = np.sqrt(variance)
    part = weight[:, None] / total
    squares = np.where(used, deviation**2 - variance, 0.0)
    return UserMoments(mean, sd, part * deviation, part * squares / (2 * sd))


def standardised_slopes(
    slopes: Floats, influence: Floats, moments: UserMoments, response: tuple[float, Floats] | None
) -> tuple[Floats, Floats]:
    """Slopes (p,) per SD of each touchpoint among its users, and the influence (K, p), that of the SDs included.

    ``response`` is the SD of the outcome with its influence, by which slopes are divided; None leaves them as they are.
    """
    theta = slopes * moments.sd
    values = influence * moments.sd + slopes * moments.sd_influence
    if response is None:
        return theta, values
    sd, of_sd = response
    theta = theta / sd
    return theta, (values - of_sd[:, None] * theta) / sd


def equal_slopes(theta: Floats, covariance: Floats, df: float) -> NestedTest:
    """Wald's test that all p estimates are equal, q = p - 1 contrasts.

    Chi-square with q degrees. With d = clusters - 1 degrees of freedom the statistic is Hotelling's: times
    (d - q + 1) / (q d) it is referred to F with q and d - q + 1. Where that leaves none, there is no p-value (NaN).
    """
    added = len(theta) - 1
    if added > df:
        return NestedTest("robust Wald", np.nan, added, np.nan)
    contrasts = np.eye(len(theta))[:-1] - np.eye(len(theta))[1:]
    gaps = contrasts @ theta
    wald = float(gaps @ np.linalg.solve(contrasts @ covariance @ contrasts.T, gaps))
    if not np.isfinite(df):
        return NestedTest("robust Wald", wald, added, float(chdtrc(added, wald)))
    below = df - added + 1
    return NestedTest("robust Wald", wald, added, float(fdtrc(added, below, wald * below / (added * df))))


@dataclass(frozen=True)
class Sides:
    """Chances (p,) that importance, that performance lies above its mean, and that both lie where they are seen."""

    importance: Floats
    performance: Floats
    both: Floats


def sides(importance: Floats, performance: Floats, covariance: Floats, df: float) -> Sides:
    """How surely each touchpoint lies on its side of the two means, by draws from the joint distribution.

    ``covariance`` (2 p, 2 p) is that of the importances, then the performances.
    """
    p = len(importance)
    values, vectors = np.linalg.eigh(covariance)
    rng = np.random.default_rng(_SEED)
    half = rng.standard_normal((DRAWS // 2, 2 * p)) @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    if np.isfinite(df):
        half *= np.sqrt(df / rng.chisquare(df, size=(DRAWS // 2, 1)))
    drawn = np.concatenate([importance, performance]) + np.vstack([half, -half])
    above = [part - part.mean(axis=1, keepdims=True) > 0 for part in (drawn[:, :p], drawn[:, p:])]
    seen = [part - part.mean() > 0 for part in (importance, performance)]
    both = (above[0] == seen[0]) & (above[1] == seen[1])
    return Sides(above[0].mean(axis=0), above[1].mean(axis=0), both.mean(axis=0))
