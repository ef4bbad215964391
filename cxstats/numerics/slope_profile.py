"""What the likelihood says of the SD of slopes: its profile, one-sided p-values and limits.

With the SD held at t, everything else is at its best. The signed root of twice the loss of log-likelihood is normal
inside the parameter space. At t = 0 it is not: the variance is at its bound, and with it the covariance of slopes and
intercepts is gone, so that the ratio is half chi-square with 1, half with 2 degrees (Stram & Lee 1994,
doi:10.2307/2533455; Self & Liang 1987, doi:10.1080/01621459.1987.10478472).
"""

import math

import numpy as np
from scipy.special import chdtrc

from cxstats.arrays import Floats
from cxstats.numerics.intervals import critical, upper_tail
from cxstats.numerics.random_slopes import ARCS, LEAST, Place, RandomSlopes, climb, look

_FINE = 1e-10  # of a limit, relative to the estimate's scale


def likelihood_ratio(fit: RandomSlopes, slope_sd: float = 0.0) -> float:
    """Twice the log-likelihood that is lost where the SD of the slopes is held at a value."""
    if slope_sd == 0:
        return max(2 * (fit.log_likelihood - fit.no_slopes), 0.0)
    if slope_sd == fit.slope_sd:
        return 0.0
    sums, root = fit.sums, fit.sums.root
    held, n = slope_sd * sums.step / sums.unit, sums.n

    def down(at: Floats) -> tuple[float, Floats]:
        log_variance, level, arc = at
        variance = float(np.exp(log_variance))
        ratio = held / variance**0.5
        found = look(sums, Place(level / root, ratio, arc))
        slope = found.logs_slope + found.rest_slope / variance
        by_variance = n - found.rest / variance - slope[1] * ratio / 2
        deviance = n * (np.log(2 * np.pi) + log_variance) + found.logs + found.rest / variance
        return float(deviance), np.array([by_variance, slope[0] / root, slope[2]])

    top, level = 2 * np.log(fit.residual_sd / sums.unit), max(abs(fit.place.level) * root, LEAST)
    ends = [climb(down, np.array([top, level, arc]), n) for arc in ARCS]
    least = min(end[1] for end in ends) / 2 + n * float(np.log(sums.unit))
    return max(2 * (fit.log_likelihood + least), 0.0)


def p_not_above(fit: RandomSlopes, slope_sd: float) -> float:
    """One-sided p-value of "the SD is this or less": small where it is above.

    Whoever rejects that must reject 0 as well, so it is never below the p-value of 0.
    """
    if slope_sd < 0:
        return 0.0
    ratio = likelihood_ratio(fit)
    none = float(chdtrc(1, ratio) + chdtrc(2, ratio)) / 2
    return none if slope_sd == 0 else max(none, float(upper_tail(_signed_root(fit, slope_sd))))


def p_not_below(fit: RandomSlopes, slope_sd: float) -> float:
    """One-sided p-value of "the SD is this or more": small where it is below; 1 at 0, below which it cannot be."""
    return 1.0 if slope_sd <= 0 else float(upper_tail(-_signed_root(fit, slope_sd)))


def profile_limits(fit: RandomSlopes, level: float) -> tuple[float, float]:
    """All values whose likelihood ratio is below the square of the two-sided critical value."""
    z = float(critical(level))
    return _crossing(fit, z), _crossing(fit, -z)


def limits(fit: RandomSlopes, level: float) -> tuple[float, float]:
    """All values that neither one-sided test rejects at half of 1 - level: the profile, and 0 unless it is rejected."""
    low, high = profile_limits(fit, level)
    return (0.0 if p_not_above(fit, 0.0) > float(upper_tail(critical(level))) else low), high


def _signed_root(fit: RandomSlopes, slope_sd: float) -> float:
    """Above 0 where the estimate is above the value."""
    return math.copysign(math.sqrt(likelihood_ratio(fit, slope_sd)), fit.slope_sd - slope_sd)


def _crossing(fit: RandomSlopes, z: float) -> float:
    """Where the signed root is z; 0 where it does not reach that."""
    from scipy.optimize import brentq

    def beyond(value: float) -> float:
        return _signed_root(fit, value) - z

    if z > 0:
        low, high = 0.0, fit.slope_sd
        if high == 0 or beyond(low) <= 0:
            return 0.0
    else:
        spacing = fit.residual_sd / fit.sums.step / fit.sums.root / np.sqrt(float(fit.sums.number.sum()))
        low, high = fit.slope_sd, fit.slope_sd + spacing
        while beyond(high) > 0:
            low, high, spacing = high, high + 2 * spacing, 2 * spacing
    return float(brentq(beyond, low, high, xtol=_FINE * high, rtol=_FINE))
