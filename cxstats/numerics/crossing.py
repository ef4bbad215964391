"""Whether another metric is the better one in another segment: metrics that change places.

A quadruple is two segments a, b and two metrics j, k with the differences D_jk(a) > delta and
D_jk(b) < -delta. p-values are one-sided ones, doubled, as everywhere in the decision rule.

Supported: some quadruple holds. That one of them does not hold means D_jk(a) <= delta or D_jk(b) >= -delta;
rejecting both has at most the error of rejecting the one that is true (intersection-union), so its p is
the larger of the two. Holm's adjustment over all quadruples keeps the chance of any false one at its level
whatever the dependence, and so for segments that share clusters; the claim takes the smallest adjusted p.

Not supported: no quadruple holds, which is to say that for every pair of metrics all segments have
D <= delta, or all have D >= -delta. Say for one pair that this is false: some D(a) > delta and some
D(b) < -delta. Showing D < delta in all segments errs at a with at most alpha, showing D > -delta in all at b
with at most alpha, showing either with at most 2 alpha: hence twice the smaller, over the two sides, of the
largest p over the segments. To show it of every pair takes the largest p over the pairs (intersection-union).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.effect import Effect
from cxstats.numerics.intervals import upper_tail


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Whether two metrics change places between segments.

    Attributes
    ----------
    p_supported : float
        Smallest Holm-adjusted p of all quadruples: small where some metric is better in one segment and
        worse in another, by more than ``delta`` each.
    p_not_supported : float
        Small where no two metrics can change places by more than ``delta``.
    segments : tuple of two str
        Of the strongest quadruple: where the first metric looks better, and where the second does.
    metrics : tuple of two str
    effects : tuple of two Effect
        Area of the first metric minus that of the second, in either segment.
    delta : float
    quadruples : int
        How many there are to choose from.
    """

    p_supported: float
    p_not_supported: float
    segments: tuple[str, str]
    metrics: tuple[str, str]
    effects: tuple[Effect, Effect]
    delta: float
    quadruples: int


@dataclass(frozen=True)
class _Strongest:
    """The quadruple with the smallest p; among equal ones that which is farthest beyond delta in standard errors."""

    p: float
    distance: float
    segments: tuple[int, int]
    pair: int


def crossing(
    difference: Floats,
    std_error: Floats,
    df: Floats,
    delta: float,
    segments: Sequence[str],
    metrics: Sequence[str],
) -> Crossing:
    """The p-values of the crossing rule, and the quadruple that tells most.

    Parameters
    ----------
    difference, std_error : arrays, shape (S, p (p - 1) / 2)
        Per segment the differences of all pairs of metrics, in the order of `itertools.combinations`.
    df : array, shape (S,)
        Degrees of freedom of each segment; infinite for the normal.
    delta : float
        The smallest difference that counts, above 0.
    segments, metrics : sequences of str, length S and p
    """
    above = _distance(difference - delta, std_error)  # large where D > delta
    below = _distance(-delta - difference, std_error)  # large where D < -delta
    p_above, p_below = _doubled(above, df), _doubled(below, df)
    found = max(
        (_strongest(pair, p_above, p_below, above, below) for pair in range(difference.shape[1])),
        key=lambda strongest: (-strongest.p, strongest.distance),
    )
    quadruples = len(segments) * (len(segments) - 1) * difference.shape[1]
    names = list(combinations(metrics, 2))[found.pair]
    first, second = (
        Effect(a=float(difference[s, found.pair]), var_a=float(std_error[s, found.pair] ** 2), df=float(df[s]))
        for s in found.segments
    )
    return Crossing(
        p_supported=min(1.0, quadruples * found.p),
        p_not_supported=_none_crosses(difference, std_error, df, delta),
        segments=(segments[found.segments[0]], segments[found.segments[1]]),
        metrics=names,
        effects=(first, second),
        delta=delta,
        quadruples=quadruples,
    )


def _none_crosses(difference: Floats, std_error: Floats, df: Floats, delta: float) -> float:
    """p of "some pair crosses": small where every pair stays below delta, or above -delta, in all segments."""
    all_below = _doubled(_distance(delta - difference, std_error), df).max(axis=0)
    all_above = _doubled(_distance(difference + delta, std_error), df).max(axis=0)
    return min(1.0, 2 * float(np.minimum(all_below, all_above).max()))


def _strongest(pair: int, p_above: Floats, p_below: Floats, above: Floats, below: Floats) -> _Strongest:
    p = np.maximum.outer(p_above[:, pair], p_below[:, pair])
    distance = np.minimum.outer(above[:, pair], below[:, pair])
    np.fill_diagonal(p, np.inf)  # a segment cannot stand against itself
    total = np.add.outer(above[:, pair], below[:, pair])  # among those whose weaker side is one and the same
    order: Ints = np.lexsort((-total.ravel(), -distance.ravel(), p.ravel()))
    a, b = divmod(int(order[0]), len(p))
    return _Strongest(float(p[a, b]), float(distance[a, b]), (a, b), pair)


def _distance(difference: Floats, std_error: Floats) -> Floats:
    """In standard errors; without variation no knowledge: minus infinity, whichever side is asked for."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(std_error > 0, difference / std_error, -np.inf)


def _doubled(distance: Floats, df: Floats) -> Floats:
    return np.minimum(1.0, 2 * upper_tail(distance, df[:, None]))
