"""Scores as levels of a latent normal variable, whose cuts are those of `cohort`."""

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import ndtr

from cxstats.arrays import Floats, Ints
from cxstats.simulate.population import FAR, SCORES, truth

_NODES = 300  # twice as many change no table by more than 1e-10 in all
TIGHTEST = 0.9  # correlations with what is integrated over; beyond, the integrands are too steep for the nodes


def level_values(metric: str) -> Floats:
    """The levels of a score, from the lowest to the highest."""
    scale = SCORES[metric]
    values: Floats = np.arange(scale.low, scale.high + 1, dtype=np.float64)
    return values


def level_share(metric: str) -> Floats:
    """Share of customers at each level where the latent variable is standard normal."""
    share: Floats = levels_given(metric, np.zeros(1), 1.0)[0]
    return share


def levels_given(metric: str, mean: Floats, sd: float) -> Floats:
    """P(level) where the latent variable is normal with these means: one more axis than ``mean``."""
    below = ndtr((truth().threshold[metric] - mean[..., None]) / sd)
    ends = np.zeros((*mean.shape, 1)), np.ones((*mean.shape, 1))
    share: Floats = np.diff(np.concatenate([ends[0], below, ends[1]], axis=-1), axis=-1)
    return share


def cut(metric: str, latent: Floats) -> Ints:
    """The level of each customer."""
    level: Ints = np.searchsorted(truth().threshold[metric], latent).astype(np.int64) + int(SCORES[metric].low)
    return level


def normal_nodes() -> tuple[Floats, Floats]:
    """Values and probabilities that stand for a standard normal variable in an integral."""
    nodes, weights = leggauss(_NODES)
    value = nodes * FAR
    share: Floats = weights * FAR * np.exp(-(value**2) / 2) / np.sqrt(2 * np.pi)
    return value, share / share.sum()
