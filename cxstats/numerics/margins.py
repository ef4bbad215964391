"""What a model predicts on average if all rows had certain values, and how one difference differs from another."""

from collections.abc import Sequence

import numpy as np

from cxstats.arrays import Floats
from cxstats.numerics.adjusted_means import AdjustedMeans
from cxstats.numerics.effect import Effect
from cxstats.numerics.linear import sd_influence
from cxstats.numerics.observed import Observed
from cxstats.numerics.predicted_means import predicted_means

LOW_SHARE, HIGH_SHARE = 0.1, 0.9  # of the rows at or below the values that stand for few and for many
_REACHED = 1e-12  # of the mass: a share that is missed by rounding alone is reached


def place_at(values: Floats, mass: Floats, share: float) -> float:
    """The lowest value with at least this share of the mass at or below it: a value that occurs."""
    places, at = np.unique(values, return_inverse=True)
    below = np.cumsum(np.bincount(at, weights=mass))
    first = int(np.searchsorted(below, (share - _REACHED) * below[-1]))
    return float(places[min(first, len(places) - 1)])


def margins(settings: Sequence[Floats], coefficients: Floats, moved: Floats, data: Observed) -> AdjustedMeans:
    """Mean predictions over all rows, one for each setting.

    Parameters
    ----------
    settings, coefficients, moved : arrays
        As in `predicted_means`.
    data : Observed
    """
    return AdjustedMeans(*predicted_means(settings, coefficients, moved, data.count, data.weight, binary=data.binary))


def gain_of_gains(found: AdjustedMeans, first: tuple[int, int], second: tuple[int, int], data: Observed) -> Effect:
    """By how much the step between the first two means exceeds that between the second two, up is good.

    Of a binary outcome the difference of both differences, in units of one and the same base: the mean that the
    first step starts from, p0, or where p0 > .5 the bad share that it ends at, as in `adjusted_means.gain`. The two
    relative gains, each to its own base, may differ one way for good shares and the other way for bad ones; this
    difference has the same sign for both. Else in standard deviations of the outcome.
    """
    low, high = first
    start, end = second
    step = np.zeros(len(found.mean))
    for at, sign in ((high, 1.0), (low, -1.0), (end, -1.0), (start, 1.0)):
        step[at] += sign
    if data.binary:
        p0 = float(found.mean[low])
        unit = np.zeros(len(step))
        unit[low if p0 <= 0.5 else high] = 1.0 if p0 <= 0.5 else -1.0
        fit = data.spread(found.influence)
        return Effect(
            a=float(step @ found.mean),
            b=p0 if p0 <= 0.5 else 1 - float(found.mean[high]),
            var_a=float(step @ fit.matrix @ step),
            cov=float(step @ fit.matrix @ unit),
            var_b=float(unit @ fit.matrix @ unit),
            df=fit.df,
        )
    sd, sd_values = sd_influence(data.y, data.count, data.weight)
    estimate = data.sign * float(step @ found.mean) / sd
    values = (data.sign * (found.influence @ step) - estimate * sd_values) / sd
    fit = data.spread(values[:, None])
    return Effect(a=estimate, var_a=float(fit.matrix[0, 0]), df=fit.df)
