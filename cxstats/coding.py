"""Codings of a score: the ways in which one question becomes a predictor.

Each coding turns the values of a score, up is good, into one or more columns. All but the saturated one
and the spline are fixed before any data are seen; these two are estimated, and so are compared held out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats
from cxstats.scales import DETRACTOR_TO, PROMOTER_FROM, Scale

SATURATED = "saturated"  # a rate of its own for every level: no columns, see `numerics.training.level_rates`
_KNOTS = 3  # of the natural cubic spline: two columns, one of them the straight line


@dataclass(frozen=True)
class Coding:
    """A coding of one metric.

    ``columns`` makes columns (K, q) of upward scores (K,). A ``grouped`` coding says who belongs together; of
    the others the size matters.
    """

    name: str
    columns: Callable[[Floats], Floats]
    grouped: bool = False


def codings_of(scale: Scale, values: Floats) -> tuple[Coding, ...]:
    """The codings that make sense on a scale, full scale first.

    Parameters
    ----------
    scale : Scale
    values : array, shape (K,)
        Scores turned so that up is good; the knots of the spline depend on which of them occur.
    """
    found = [Coding("full scale", _as_they_are)]
    if scale.whole:
        found += [
            Coding("top box", _at_least(scale.high), grouped=True),
            Coding("top two", _at_least(scale.high - 1), grouped=True),
            Coding("bottom two", _above(scale.low + 1), grouped=True),
        ]
    if scale.kind == "nps":
        found += [Coding("net", _net), Coding("three classes", _classes, grouped=True)]
    levels = np.unique(values)
    if len(levels) > _KNOTS:
        found.append(Coding("spline", _spline(levels)))
    return tuple(found)


def upward(scale: Scale, values: Floats) -> Floats:
    """Scores turned so that up is good."""
    return values if scale.higher_is_better else scale.low + scale.high - values


def _as_they_are(values: Floats) -> Floats:
    return values[:, None]


def _at_least(bound: float) -> Callable[[Floats], Floats]:
    return lambda values: (values >= bound).astype(np.float64)[:, None]


def _above(bound: float) -> Callable[[Floats], Floats]:
    return lambda values: (values > bound).astype(np.float64)[:, None]


def _net(values: Floats) -> Floats:
    """Promoters 1, passives 0, detractors -1: the score of one customer, whose mean is the NPS."""
    net: Floats = (values >= PROMOTER_FROM).astype(np.float64) - (values <= DETRACTOR_TO)
    return net[:, None]


def _classes(values: Floats) -> Floats:
    """An indicator of the passives and one of the promoters: the three classes without equal steps."""
    return np.column_stack([values > DETRACTOR_TO, values >= PROMOTER_FROM]).astype(np.float64)


def _spline(levels: Floats) -> Callable[[Floats], Floats]:
    """A natural cubic spline with knots at the ends and in the middle of the levels that occur."""
    low, middle, high = float(levels[0]), float(levels[len(levels) // 2]), float(levels[-1])

    def columns(values: Floats) -> Floats:
        return np.column_stack([values, _natural(values, (low, middle, high))])

    return columns


def _natural(values: Floats, knots: Sequence[float]) -> Floats:
    """The curved column of a natural spline with three knots, a straight line beyond the outer two.

    Equation 5.4 of Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning.
    """
    first, middle, last = (np.maximum(values - knot, 0) ** 3 for knot in knots)
    low, mid, high = knots
    curved: Floats = (first - last) / (high - low) - (middle - last) / (high - mid)
    return curved
