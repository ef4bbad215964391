"""Estimates as they would be without noise in the score: Spearman's correction, with influence values."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Estimate:
    """An estimate with the influence (K,) of one row of each cell."""

    estimate: float
    influence: Floats


def freed_correlation(score: Floats, outcome: Floats, count: Floats, noise: float, noise_influence: Floats) -> Estimate:
    """cov(score, outcome) / sqrt((var score - noise) var outcome); NaN where nothing of the score is left.

    Parameters
    ----------
    score, outcome, count : arrays, shape (K,)
    noise : float
        Variance of the noise in the score; 0 gives the correlation as it is.
    noise_influence : array, shape (K,)
        Of one row of each cell on it.
    """
    share, n = count / count.sum(), count.sum()
    x, y = score - share @ score, outcome - share @ outcome
    together, true, other = float(share @ (x * y)), float(share @ x**2) - noise, float(share @ y**2)
    # What is left of the variance must be more than rounding at the size of the score.
    if true <= _ROUNDING * float(share @ np.square(score)):
        return Estimate(np.nan, np.full(len(count), np.nan))
    r = together / np.sqrt(true * other)
    of_products = (x * y - together) / np.sqrt(true * other)
    of_squares = (x**2 - true - noise) / true + (y**2 - other) / other
    influence = (of_products - r * of_squares / 2) / n + r * noise_influence / (2 * true)
    return Estimate(float(r), influence)
