"""Concordance of scores with a time until an event, on counts, with the influence of each row.

A pair can be told apart where one has the event while the other is still watched and goes on: its time is later,
or as late without the event. Who came under watch later than that, or left it before, is in no pair with it.
"""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.concordance import ConcordanceFit, mass_below


@dataclass(frozen=True)
class Times:
    """When K cells were watched and how that ended, in ranks.

    Attributes
    ----------
    began, ended : int array, shape (K,)
        Even numbers in the order of all times. ``ended`` is odd where no event ended the watch, and so lies just
        after the events at that time.
    event : bool array, shape (K,)
    """

    began: Ints
    ended: Ints
    event: Bools

    @classmethod
    def of(cls, time: Floats, event: Bools, entry: Floats | None) -> "Times":
        """Ranks from times; without an entry all were watched from the start."""
        start = np.full(len(time), -np.inf) if entry is None else entry
        rank = np.unique(np.concatenate([start, time]), return_inverse=True)[1].astype(np.int64)
        began, ended = rank[: len(time)], rank[len(time) :]
        return cls(2 * began, 2 * ended + ~event, event)


def fit_survival_concordance(scores: Floats, times: Times, count: Ints, weight: Floats) -> ConcordanceFit:
    """C = A / B over the weighted pairs that can be told apart, and the influence of a row: w (a - C b) / B.

    a and b are the row's own concordant and usable pairs, ties of the score one half, with it as the one that had
    the event or as the one that went on.

    Parameters
    ----------
    scores : array, shape (K, p)
        Up goes with a later event.
    times : Times
    count : int array, shape (K,)
    weight : array, shape (K,)
    """
    mass = count * weight
    alike = np.zeros(len(mass), dtype=np.int64)
    usable = 2 * _concordant(alike, times, mass)  # all scores equal: every pair counts one half
    pairs = float(mass @ usable) / 2
    found, influence = np.empty(scores.shape[1]), np.empty(scores.shape)
    for j, score in enumerate(scores.T):
        concordant = _concordant(np.unique(score, return_inverse=True)[1].astype(np.int64), times, mass)
        found[j] = float(mass @ concordant) / 2 / pairs
        influence[:, j] = weight * (concordant - found[j] * usable) / pairs
    return ConcordanceFit(found, influence)


def usable_pairs(times: Times, count: Ints, weight: Floats) -> float:
    """The weight of all pairs that can be told apart."""
    mass = count * weight
    return float(mass @ _concordant(np.zeros(len(mass), dtype=np.int64), times, mass))


def _concordant(s: Ints, times: Times, mass: Floats) -> Floats:
    """For each cell the mass that its score tells rightly from it; equal scores count one half."""
    return _outlived(s, times, mass) + _outlived_by(s, times, mass)


def _outlived(s: Ints, times: Times, mass: Floats) -> Floats:
    """For each cell with an event the mass that went on, with a better score (equal scores one half); else 0."""
    event = times.event
    later = _above(s[event], times.ended[event], s, times.ended, mass)
    absent = _above(s[event], times.ended[event] - 1, s, times.began, mass)  # began at the event, or after it
    found = np.zeros(len(s))
    found[event] = later - absent
    return found


def _outlived_by(s: Ints, times: Times, mass: Floats) -> Floats:
    """For each cell the mass that had its event meanwhile, with a worse score (equal scores one half)."""
    event = times.event
    ended = (s[event], times.ended[event], mass[event])
    return _below(s, times.ended, *ended) - _below(s, times.began + 1, *ended)


def _above(s: Ints, y: Ints, points_s: Ints, points_y: Ints, mass: Floats) -> Floats:
    """For each (s, y) the mass of the points that are above it in both; equal s counts one half."""
    top_s, top_y = max(s.max(initial=0), points_s.max()), max(y.max(initial=0), points_y.max())
    return _below(top_s - s, top_y - y, top_s - points_s, top_y - points_y, mass)


def _below(s: Ints, y: Ints, points_s: Ints, points_y: Ints, mass: Floats) -> Floats:
    """For each (s, y) the mass of the points that are below it in both; equal s counts one half."""
    # Points with queries of no mass among them: just below their own score, and just above it.
    every_s = np.concatenate([2 * points_s, 2 * s, 2 * s + 1])
    every_y = np.concatenate([points_y, y, y])
    found = mass_below(every_s, every_y, np.concatenate([mass, np.zeros(2 * len(s))]))[len(mass) :]
    half: Floats = (found[: len(s)] + found[len(s) :]) / 2
    return half
