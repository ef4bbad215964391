"""How reliable a sum of scores is: alpha and omega, with the influence of each row."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats
from cxstats.numerics.common_factor import CommonFactor, Scores, factor_influence
from cxstats.numerics.correlation import correlation_influence, standard_scores
from cxstats.numerics.intervals import Limits, critical


@dataclass(frozen=True)
class Estimates:
    """Estimates (q,) and the influence (K, q) of one row of each cell on them, survey weights included."""

    estimate: Floats
    influence: Floats


def alpha(values: Floats, mass: Floats, weight: Floats) -> Estimates:
    """Cronbach's alpha of the sum of p columns (K, p).

    p / (p - 1) (1 - T / V), with T the sum of the variances and V the variance of the sum.
    """
    p = values.shape[1]
    share = mass / mass.sum()
    centred = values - share @ values
    squares, square_of_sum = (centred**2).sum(axis=1), centred.sum(axis=1) ** 2
    apart, together = float(share @ squares), float(share @ square_of_sum)
    factor = p / (p - 1)
    influence = factor * (apart * square_of_sum / together - squares) / together * weight / mass.sum()
    return Estimates(np.array([factor * (1 - apart / together)]), influence[:, None])


def standardised_alpha(values: Floats, mass: Floats, weight: Floats) -> Estimates:
    """Alpha of the sum of standard scores: p / (p - 1) (1 - p / V), with V the sum of all correlations."""
    p = values.shape[1]
    z = standard_scores(values, mass)
    with_sum = (z * (mass / mass.sum())[:, None]).T @ z.sum(axis=1)
    total = float(with_sum.sum())
    factor = p / (p - 1)
    # The influence on V is the sum of z_k z_l - r_kl (z_k^2 + z_l^2) / 2 over all k and l.
    of_total = z.sum(axis=1) ** 2 - z**2 @ with_sum
    influence = factor * p / total**2 * of_total * weight / mass.sum()
    return Estimates(np.array([factor * (1 - p / total)]), influence[:, None])


def omega(scores: Scores, factor: CommonFactor) -> Estimates:
    """McDonald's omega of the sum: the factor's share of the variance of the sum under the model."""
    p = len(factor.loading)
    common, own = float(factor.loading.sum()), float(factor.unique.sum())
    total = common**2 + own
    gradient = np.concatenate([np.full(p, 2 * common * own), np.full(p, -(common**2)), np.zeros(p)]) / total**2
    return Estimates(np.array([common**2 / total]), factor_influence(scores, factor, gradient[:, None]))


def communalities(scores: Scores, factor: CommonFactor) -> Estimates:
    """The factor's share of each score's variance."""
    p = len(factor.loading)
    total = (factor.loading**2 + factor.unique) ** 2
    gradient = np.zeros((3 * p, p))
    gradient[np.arange(p), np.arange(p)] = 2 * factor.loading * factor.unique / total
    gradient[p + np.arange(p), np.arange(p)] = -(factor.loading**2) / total
    return Estimates(factor.communality, factor_influence(scores, factor, gradient))


def retest(first: Floats, second: Floats, mass: Floats, weight: Floats) -> Estimates:
    """The correlation of two answers (K,) to the same question."""
    z = standard_scores(np.column_stack([first, second]), mass)
    r = np.array([np.clip(mass / mass.sum() @ (z[:, 0] * z[:, 1]), -1, 1)])
    return Estimates(r, correlation_influence(z[:, 0], z[:, 1:], r, weight, float(mass.sum())))


def noise_limits(estimate: Floats, std_error: Floats, level: float, df: Floats) -> Limits:
    """Limits of reliabilities, symmetric for log(1 - reliability), the noise: never above 1."""
    noise = 1 - estimate
    stretch = np.exp(critical(level, df) * std_error / np.where(noise > 0, noise, 1.0))
    return Limits(1 - noise * stretch, 1 - noise / stretch)
