"""Codings of a score: the ways in which one question becomes a predictor.

Each coding turns the values of a score, up is good, into one or more columns. All but the saturated one
and the spline are fixed before any data are seen; these two are estimated, and so are compared held out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.scales import DETRACTOR_TO, NPS, PROMOTER_FROM, Scale

FULL = "full scale"
SATURATED = "saturated"  # a rate of its own for every level
KNOTS = 5  # of the natural cubic spline at most: with 3, a step at the top two of five levels is hardly seen
_LEVELS = 4  # that a curve needs: through three, a spline with three knots passes as the saturated coding does


@dataclass(frozen=True)
class Coding:
    """A coding of one metric.

    ``columns`` makes columns (K, q) of upward scores (K,). A ``grouped`` coding says who belongs together; of
    the others the size matters.
    """

    name: str
    columns: Callable[[Floats], Floats]
    grouped: bool = False


@dataclass(frozen=True)
class CodingList:
    """The codings of one metric that differ, full scale first, and why each other one is left out."""

    codings: tuple[Coding, ...]
    left_out: Mapping[str, str]


def codings_of(scale: Scale, values: Floats) -> CodingList:
    """The codings that make sense on a scale and differ on the levels that occur.

    Two codings are the same where they allow the same rates: on a scale of two levels all of them are. The
    first of them is listed, the others are left out, and so is what puts all customers into one group.

    Parameters
    ----------
    scale : Scale
    values : array, shape (K,)
        Scores turned so that up is good, of which at least two occur.
    """
    levels = np.unique(values)
    kept: list[tuple[Coding, _Rates]] = []
    left_out = {} if len(levels) >= _LEVELS else {"spline": f"fewer than {_LEVELS} levels"}
    for coding in _candidates(scale, levels):
        rates = _rates(coding, levels)
        same = [other.name for other, known in kept if _alike(known, rates)]
        if rates.groups == 1:
            left_out[coding.name] = "one value only"
        elif same:
            left_out[coding.name] = f"same as {same[0]}"
        else:
            kept.append((coding, rates))
    return CodingList(tuple(coding for coding, _ in kept), left_out)


def upward(scale: Scale, values: Floats) -> Floats:
    """Scores turned so that up is good."""
    return values if scale.higher_is_better else scale.low + scale.high - values


def _candidates(scale: Scale, levels: Floats) -> list[Coding]:
    """All codings of a scale, alike or not."""
    found = [Coding(FULL, _as_they_are)]
    if scale.whole:
        found += [
            Coding("top box", _at_least(scale.high), grouped=True),
            Coding("top two", _at_least(scale.high - 1), grouped=True),
            Coding("bottom two", _above(scale.low + 1), grouped=True),
        ]
    if replace(scale, name=NPS.name) == NPS:
        found += [Coding("net", _net), Coding("three classes", _classes, grouped=True)]
    if len(levels) >= _LEVELS:
        found.append(Coding("spline", _spline(levels)))
    return [*found, Coding(SATURATED, _as_they_are, grouped=True)]


@dataclass(frozen=True)
class _Rates:
    """What rates a coding allows on L levels: levels of one group share theirs.

    ``group`` (L,) numbers the groups; ``space`` (L, q) spans the log-odds of a coding that is linear in more
    groups than it has coefficients, and is None where every group has a rate of its own.
    """

    group: Ints
    groups: int
    space: Floats | None


def _rates(coding: Coding, levels: Floats) -> _Rates:
    columns = coding.columns(levels)
    group = np.unique(columns, axis=0, return_inverse=True)[1].ravel()
    groups = int(group.max()) + 1
    if coding.grouped:
        return _Rates(group, groups, None)
    varying = columns[:, np.ptp(columns, axis=0) > 0]
    space = (varying - varying.mean(axis=0)) / varying.std(axis=0)
    return _Rates(group, groups, None if _rank(space) + 1 == groups else space)


def _alike(a: _Rates, b: _Rates) -> bool:
    """Whether two codings put the same levels together and allow the same rates of the groups."""
    joint = len(np.unique(np.column_stack([a.group, b.group]), axis=0))
    if not a.groups == b.groups == joint or (a.space is None) != (b.space is None):
        return False
    if a.space is None or b.space is None:
        return True
    return _rank(a.space) == _rank(b.space) == _rank(np.hstack([a.space, b.space]))


def _rank(space: Floats) -> int:
    return int(np.linalg.matrix_rank(space)) if space.shape[1] else 0


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
    """A natural cubic spline, knots evenly spread over the levels that occur; one fewer than levels, at most 5."""
    most = min(KNOTS, len(levels) - 1)
    knots = levels[np.round(np.linspace(0, len(levels) - 1, most)).astype(np.int64)]
    return lambda values: np.column_stack([values, _natural(values, knots)])


def _natural(values: Floats, knots: Floats) -> Floats:
    """The curved columns (K, knots - 2) of a natural spline, a straight line beyond the outer knots.

    Equations 5.4 and 5.5 of Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning.
    """
    cubes = np.maximum(values[:, None] - knots, 0) ** 3
    slopes = (cubes[:, :-1] - cubes[:, -1:]) / (knots[-1] - knots[:-1])
    curved: Floats = slopes[:, :-1] - slopes[:, -1:]
    return curved
