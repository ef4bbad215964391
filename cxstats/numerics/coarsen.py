"""Merge neighbouring levels of a score, blind to the outcome, until few of about equal size are left."""

import numpy as np

from cxstats.arrays import Floats, Ints


def equal_frequency(mass: Floats, groups: int) -> Ints:
    """The group of each level, shape (L,), numbered from 0 in the order of the levels.

    Of all ways to cut L ordered levels into ``groups`` runs, the one whose masses come nearest to equal
    (least squares), found by dynamic programming. Of equally good ones the one whose last cut is lowest, then
    the one before it, and so on.

    Parameters
    ----------
    mass : array, shape (L,)
        Customers at each level, ascending, all above 0: counts (with which ties are exact) or shares.
    groups : int
        From 1 to L.
    """
    levels = len(mass)
    upto = np.concatenate([[0.0], np.cumsum(mass)])
    best = np.full(levels + 1, np.inf)
    best[0] = 0.0
    cut = np.zeros((groups + 1, levels + 1), dtype=np.int64)
    for g in range(1, groups + 1):
        best, cut[g] = _last_cuts(best, upto, groups, g)
    group = np.zeros(levels, dtype=np.int64)
    end = levels
    for g in range(groups, 0, -1):
        group[cut[g, end] : end] = g - 1
        end = int(cut[g, end])
    return group


def _last_cuts(before: Floats, upto: Floats, groups: int, g: int) -> tuple[Floats, Ints]:
    """The least cost (L + 1,) of putting the first levels into g groups, and where the last of these starts.

    ``before`` holds the costs of g - 1 groups. The cost of a group is convex in its mass, so that a later end
    never has an earlier start: half of the ends are searched on either side of the start in their middle.
    """
    best, cut = np.full(len(upto), np.inf), np.zeros(len(upto), dtype=np.int64)
    open_ends = [(g, len(upto) - 1, g - 1, len(upto) - 2)]
    while open_ends:
        low, high, first, last = open_ends.pop()
        if low > high:
            continue
        end = (low + high) // 2
        starts = np.arange(first, min(last, end - 1) + 1)
        cost = before[starts] + (groups * (upto[end] - upto[starts]) - upto[-1]) ** 2
        start = int(starts[np.argmin(cost)])
        best[end], cut[end] = cost.min(), start
        open_ends += [(low, end - 1, first, start), (end + 1, high, start, last)]
    return best, cut
