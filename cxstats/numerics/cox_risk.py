"""Who is at risk at each event time of each stratum, on counts, and the sums that Efron's ties need.

The d tied events of a time are taken one after the other: before step l = 0 .. d - 1 the share l / d of them has
left already (Efron 1977, doi:10.1080/01621459.1977.10480613). The sum over these steps runs over rows, not over
cells; where d is large it is taken by a rule with some 200 nodes instead, exact to rounding.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cxstats.arrays import Bools, Floats, Ints

_ALL = 256  # tied events up to which every step is taken
_LAST = 128  # steps taken singly at the end, where few are left at risk and the terms change quickly
_NODES, _ENDS = 64, 8  # of the integral in between, and at each of its ends: errors near 1e-15 of the sum
# For steps from 0 on, the sum of l^k exceeds its integral by zeta(-k) at either end (with 1 for 0^0).
_EXCESS = np.array([1 / 2, -1 / 12, 0, 1 / 120, 0, -1 / 252, 0, 1 / 240])


@dataclass(frozen=True)
class RiskSets:
    """E event times (all strata one after the other, each in the order of time) and K cells.

    Attributes
    ----------
    first, last : int array, shape (K,)
        The event times at which a row of the cell is at risk; none where ``first`` > ``last``.
    dead : int array
        The cells whose rows end with the event, which is at ``last``.
    time : array, shape (E,)
    stratum : int array, shape (K,)
    deaths : int array, shape (E,)
        Rows.
    """

    first: Ints
    last: Ints
    dead: Ints
    time: Floats
    stratum: Ints
    deaths: Ints


def risk_sets(time: Floats, event: Bools, entry: Floats | None, stratum: Ints, count: Ints) -> RiskSets:
    """Number the event times per stratum, and find between which of them a cell is at risk.

    A row is at risk at time t if entry < t <= time. Every cell must end after its entry and have rows; one that is
    at risk at no event time has ``first`` > ``last`` and must be left out by `at_some_event` before any sum.
    """
    given = time if entry is None else np.concatenate([time, entry])
    levels, rank = np.unique(given, return_inverse=True)
    block = len(levels) + 1
    ends = stratum * block + 1 + rank[: len(time)]  # place 0 of a block comes before every time
    starts = stratum * block + (0 if entry is None else 1 + rank[len(time) :])
    events, place = np.unique(ends[event], return_inverse=True)
    deaths = np.bincount(place, weights=count[event], minlength=len(events))
    return RiskSets(
        first=np.searchsorted(events, starts, side="right"),
        last=np.searchsorted(events, ends, side="right") - 1,
        dead=np.flatnonzero(event),
        time=np.asarray(levels[events % block - 1], dtype=np.float64),
        stratum=stratum,
        deaths=np.rint(deaths).astype(np.int64),
    )


def members(sets: RiskSets, kept: Bools) -> RiskSets:
    """The same event times for some of the cells, every dead one among them."""
    dead = np.zeros(len(kept), dtype=bool)
    dead[sets.dead] = True
    return RiskSets(
        sets.first[kept], sets.last[kept], np.flatnonzero(dead[kept]), sets.time, sets.stratum[kept], sets.deaths
    )


def sum_at_risk(sets: RiskSets, values: Floats) -> Floats:
    """Sum of the values (K,) over the cells at risk at each event time, shape (E,)."""
    size = len(sets.deaths)
    joins = np.bincount(sets.last, weights=values, minlength=size)
    leaves = np.bincount(sets.first, weights=values, minlength=size + 1)[1 : size + 1]
    running: Floats = np.cumsum((joins - leaves)[::-1])[::-1]
    return running


def sum_of_dead(sets: RiskSets, values: Floats) -> Floats:
    """Sum of the values (K,) over the cells that die at each event time, shape (E,)."""
    sums = np.bincount(sets.last[sets.dead], weights=values[sets.dead], minlength=len(sets.deaths))
    return np.asarray(sums, dtype=np.float64)


def sum_while_at_risk(sets: RiskSets, amounts: Floats) -> Floats:
    """Sum of the amounts (E,) over the event times at which each cell is at risk, shape (K,)."""
    gone = np.concatenate([[0.0], np.cumsum(amounts)])
    lived: Floats = gone[sets.last + 1] - gone[sets.first]
    return lived


@dataclass(frozen=True)
class Steps:
    """The steps of all event times one after the other, or the nodes that stand for them.

    Attributes
    ----------
    start : int array, shape (E,)
        Where the steps of each event time begin.
    at : int array, shape (S,)
        The event time of each step.
    left : array, shape (S,)
        1 - l / d: the share of the tied events still at risk.
    weight : array, shape (S,)
    """

    start: Ints
    at: Ints
    left: Floats
    weight: Floats


def tied_steps(deaths: Ints) -> Steps:
    """The steps for the given numbers of tied events, each at least 1."""
    few = np.where(deaths <= _ALL, deaths, _LAST + 2 * _ENDS + _NODES)
    start = np.cumsum(few) - few
    at = np.repeat(np.arange(len(deaths)), few)
    left = (np.arange(len(at)) - start[at] + 1) / deaths[at]
    weight = np.ones(len(at))
    for e in np.flatnonzero(deaths > _ALL):
        own = slice(start[e], start[e] + few[e])
        left[own], weight[own] = _many(int(deaths[e]))
    return Steps(start, at, left, weight)


def sum_of_steps(steps: Steps, values: Floats) -> Floats:
    """Weighted sum of the values (S,) over the steps of each event time, shape (E,)."""
    total: Floats = np.add.reduceat(steps.weight * values, steps.start)
    return total


def _many(d: int) -> tuple[Floats, Floats]:
    """Nodes v / d and weights by which the sum over v = 1 .. d is taken.

    The last steps singly; the others by their integral in log v, in which the terms are smooth, with weights at the
    ends that turn the integral into the sum (as the Euler-Maclaurin formula does, without derivatives).
    """
    low, high = _LAST + 1, d
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    half = np.log(high / low) / 2
    inner = low * np.exp(half * (nodes + 1))
    steps = np.arange(_ENDS)
    left = np.concatenate([np.arange(1, low), low + steps, high - steps, inner])
    ends = _end_weights()
    return left / d, np.concatenate([np.ones(_LAST), ends, ends, half * weights * inner])


@lru_cache(maxsize=1)
def _end_weights() -> Floats:
    steps = np.arange(_ENDS, dtype=np.float64)
    solved: Floats = np.linalg.solve(np.vander(steps, increasing=True).T, _EXCESS)
    return solved
