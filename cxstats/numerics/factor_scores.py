"""Scores split into an estimate of their common factor and what is left, with derivatives by its parameters."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats
from cxstats.numerics.common_factor import CommonFactor, Scores


@dataclass(frozen=True)
class Split:
    """Bartlett's estimate of the factor in each of K cells, from the scores that are there.

    With weights w = loading / unique variance, f = v sum(w (score - mean)) and v = 1 / sum(w loading): f is the
    factor plus an error of variance v, which is uncorrelated with what f leaves of the scores.

    Attributes
    ----------
    factor : array, shape (K,)
    variance : array, shape (K,)
        v.
    rest : array, shape (K, k - 1)
        score - mean - loading f of all scores but the last, which follows from the others; 0 where not used.
    """

    factor: Floats
    variance: Floats
    rest: Floats


@dataclass(frozen=True)
class Moved:
    """Derivatives of a split by one parameter."""

    factor: Floats
    variance: Floats
    rest: Floats


def split(scores: Scores, factor: CommonFactor) -> Split:
    """Estimate the factor, and keep what it leaves."""
    weight = factor.loading / factor.unique
    centred = np.where(scores.used, scores.values - factor.mean, 0.0)
    variance = 1 / (scores.used @ (weight * factor.loading))
    estimate = variance * (centred @ weight)
    rest = np.where(scores.used, centred - estimate[:, None] * factor.loading, 0.0)
    return Split(estimate, variance, rest[:, :-1])


def derivatives(scores: Scores, factor: CommonFactor, parts: Split) -> Iterator[Moved]:
    """Derivatives by every loading, then every unique variance, then every mean."""
    used, v, f = scores.used.astype(np.float64), parts.variance, parts.factor
    weight = factor.loading / factor.unique
    centred = np.where(scores.used, scores.values - factor.mean, 0.0)
    k, none = len(weight), np.zeros(len(v))
    for j in range(k):
        moved = used[:, j] * v * (centred[:, j] - 2 * factor.loading[j] * f) / factor.unique[j]
        rest = -used * moved[:, None] * factor.loading
        rest[:, j] -= used[:, j] * f
        yield Moved(moved, -2 * used[:, j] * v**2 * weight[j], rest[:, :-1])
    for j in range(k):
        moved = -used[:, j] * v * weight[j] / factor.unique[j] * (centred[:, j] - factor.loading[j] * f)
        rest = -used * moved[:, None] * factor.loading
        yield Moved(moved, used[:, j] * v**2 * weight[j] ** 2, rest[:, :-1])
    for j in range(k):
        moved = -used[:, j] * v * weight[j]
        rest = -used * moved[:, None] * factor.loading
        rest[:, j] -= used[:, j]
        yield Moved(moved, none, rest[:, :-1])
