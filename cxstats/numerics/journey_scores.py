"""Scores of a journey made from the ratings of its touchpoints, in their order."""

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.used_or_not import ROUNDING

MIDDLE = 0.5  # of a scale from 0 to 1


def worst_used(shares: Floats) -> Floats:
    """The lowest rating (K,) of the touchpoints (K, p) used; NaN where not used, at least one used."""
    worst: Floats = np.where(np.isnan(shares), np.inf, shares).min(axis=1)
    return worst


def last_used(shares: Floats) -> Floats:
    """The rating (K,) of the last touchpoint used."""
    return shares[np.arange(len(shares)), _latest(~np.isnan(shares))]


def peak_end(shares: Floats) -> Floats:
    """Half of the rating (K,) farthest from the middle of the scale, of several the latest, and half of the last."""
    distance = np.where(np.isnan(shares), -1.0, np.abs(shares - MIDDLE))
    farthest = distance >= distance.max(axis=1, keepdims=True) - ROUNDING
    peak = shares[np.arange(len(shares)), _latest(farthest)]
    score: Floats = (peak + last_used(shares)) / 2
    return score


def _latest(which: Bools) -> Ints:
    """The last column (K,) for which it is true; it is for one at least."""
    latest: Ints = which.shape[1] - 1 - which[:, ::-1].argmax(axis=1)
    return latest
