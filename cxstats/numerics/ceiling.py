"""Ceilings: how high an outcome was ever seen at each level of a condition, and how much above is empty.

Dul (2016), doi:10.1177/1094428115584005. The ceiling of CE-FDH is a stair, that of CR-FDH a line through its corners.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.special import gammaln

from cxstats.arrays import Floats, Ints

Chance: TypeAlias = Callable[[int, int], Floats]
Step: TypeAlias = tuple[int, Ints]  # number of a level of the condition, and how high each stair now is
_ON = 1e-9  # of the range: a row this near to the line lies on it


@dataclass(frozen=True)
class Ceiling:
    """What bounds the outcome from above.

    Attributes
    ----------
    levels, heights : arrays, shapes (L,) and (H,)
        Distinct values of the condition and of the outcome, ascending.
    path : int array, shape (L,)
        Number of the highest outcome seen at this level of the condition or a lower one.
    corners : array, shape (p, 3)
        Where the stair rises: condition, outcome, rows at this very place.
    line : (float, float)
        Intercept and slope of CR-FDH; NaN where there is one corner only.
    sizes : (float, float)
        Empty part of the scope, in [0, 1]: CE-FDH and CR-FDH.
    accuracy : float
        Share of the rows on or below the line; 1 where there is none.
    without_one : float
        Largest CE-FDH that leaving out any one row would give, in the same scope.
    """

    levels: Floats
    heights: Floats
    path: Ints
    corners: Floats
    line: tuple[float, float]
    sizes: tuple[float, float]
    accuracy: float
    without_one: float


def ceiling_of(x: Floats, y: Floats, count: Ints) -> Ceiling:
    """The ceiling of distinct places (x, y) with their rows; both must vary."""
    levels, at = np.unique(x, return_inverse=True)
    heights, height = np.unique(y, return_inverse=True)
    path = _path(at, height, len(levels))
    sizes = _sizes(path, levels, heights)
    rising = _rising(path)
    held = {(int(a), int(h)): k for k, (a, h) in enumerate(zip(at, height, strict=True))}
    deciding = np.array([held[int(j), int(path[j])] for j in rising])
    line = _line(levels[rising], heights[path[rising]])
    off = 0 if np.isnan(line[0]) else int(count[y > line[0] + line[1] * x + _ON * float(np.ptp(y))].sum())
    return Ceiling(
        levels=levels,
        heights=heights,
        path=path,
        corners=np.column_stack([levels[rising], heights[path[rising]], count[deciding]]),
        line=line,
        sizes=(float(sizes[0]), float(sizes[1])),
        accuracy=1 - off / float(count.sum()),
        without_one=_without_one(at, height, deciding[count[deciding] == 1], levels, heights, float(sizes[0])),
    )


def _path(at: Ints, height: Ints, levels: int) -> Ints:
    """Highest outcome up to each level; -1 where nobody is so low."""
    highest = np.full(levels, -1, dtype=np.int64)
    np.maximum.at(highest, at, height)
    path: Ints = np.maximum.accumulate(highest)
    return path


def _rising(path: Ints) -> Ints:
    """The levels at which the stair rises; the lowest is one."""
    return np.flatnonzero(np.diff(path, prepend=-1) > 0)


def _sizes(path: Ints, levels: Floats, heights: Floats) -> Floats:
    """Both effect sizes of one stair, shape (2,)."""
    steps = ((int(j), path[j : j + 1]) for j in _rising(path))
    found: Floats = effect_sizes(steps, levels, heights, 1)[0]
    return found


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Least squares through the corners."""
    if len(x) < 2:
        return np.nan, np.nan
    left = x - x.mean()
    slope = float(left @ (y - y.mean()) / (left @ left))
    return float(y.mean()) - slope * float(x.mean()), slope


def _without_one(at: Ints, height: Ints, single: Ints, levels: Floats, heights: Floats, size: float) -> float:
    """Only a row that stands alone at a corner can enlarge the empty part by leaving."""
    found = [size]
    for k in single:
        others = np.delete(np.arange(len(at)), k)
        found.append(float(_sizes(np.maximum(_path(at[others], height[others], len(levels)), 0), levels, heights)[0]))
    return max(found)


def effect_sizes(steps: Iterable[Step], levels: Floats, heights: Floats, size: int) -> Floats:
    """CE-FDH and CR-FDH of several stairs at once, shape (size, 2).

    Each step tells for one level of the condition, in order, how high each stair now is; the first is that of the
    lowest level, and levels at which no stair rises may be left out.
    """
    u = (levels - levels[0]) / (levels[-1] - levels[0])
    v = (heights - heights[0]) / (heights[-1] - heights[0])
    height, since, empty = np.full(size, -1, dtype=np.int64), np.zeros(size), np.zeros(size)
    # Of the corners: how many, their means, sums of products about these
    p, u_mean, v_mean, uu, uv = np.zeros((5, size))
    for j, now in steps:
        rose = np.flatnonzero(now > height)
        # At the first level nothing lies to the left: there the height of -1 points to the top, where nothing is empty.
        empty[rose] += (1 - v[height[rose]]) * (u[j] - since[rose])
        height[rose], since[rose] = now[rose], u[j]
        p[rose] += 1
        right, up = u[j] - u_mean[rose], v[now[rose]] - v_mean[rose]
        u_mean[rose] += right / p[rose]
        v_mean[rose] += up / p[rose]
        uu[rose] += right * (u[j] - u_mean[rose])
        uv[rose] += right * (v[now[rose]] - v_mean[rose])
    empty += (1 - v[height]) * (1 - since)
    several = p > 1
    slope = np.where(several, uv, 1.0) / np.where(several, uu, 1.0)  # through rising corners every line rises
    above = np.where(several, _above_line(v_mean - slope * u_mean, slope), 0.0)
    return np.column_stack([empty, above])


def _above_line(start: Floats, slope: Floats) -> Floats:
    """Area above a rising line within the unit square."""
    low, high = np.clip(-start / slope, 0, 1), np.clip((1 - start) / slope, 0, 1)
    # All of it left of where the line enters the square, then a trapezium up to where it leaves.
    area: Floats = low + (high - low) * (1 - start - slope * (low + high) / 2)
    return area


def running_steps(chance: Chance, levels: int, top: int, size: int, rng: np.random.Generator) -> Iterator[Step]:
    """Steps of random stairs: each level's highest outcome is drawn by itself, the stair is the highest so far.

    ``chance(level, lowest)`` is the distribution function of a level's highest outcome from the height ``lowest`` on.
    """
    highest = np.zeros(size, dtype=np.int64)
    for j in range(levels):
        lowest = int(highest.min())
        if lowest == top:
            return  # all at the top, where they stay
        # Heights below every maximum cannot matter any more.
        drawn = lowest + np.searchsorted(chance(j, lowest), rng.random(size), side="right")
        highest = np.maximum(highest, drawn)
        yield j, highest


def permuted_chance(level_count: Ints, height_count: Ints) -> Chance:
    """For `running_steps`: the outcomes are dealt at random to the rows. Exact, without dealing single rows.

    Let N rows have come and the next level have d. If the highest so far is m, all N lie among the F_l rows up to any
    height l >= m, so the next d stay within l with probability C(F_l - N, d) / C(n - N, d), which does not
    depend on m: the draws are independent.
    """
    up_to, come = np.cumsum(height_count), np.cumsum(level_count) - level_count

    def chance(level: int, lowest: int) -> Floats:
        before = int(come[level])
        return _stay_within(up_to[lowest:] - before, int(level_count[level]), int(up_to[-1]) - before)

    return chance


def _stay_within(inside: Ints, d: int, left: int) -> Floats:
    """C(inside, d) / C(left, d), 0 where fewer than d are inside, exactly 1 at the end."""
    enough = inside >= d
    held = np.where(enough, inside, d).astype(np.float64)
    log = gammaln(held + 1) - gammaln(held - d + 1) - gammaln(left + 1.0) + gammaln(left - d + 1.0)
    chance = np.where(enough, np.exp(np.minimum(log, 0.0)), 0.0)
    chance[-1] = 1.0
    return chance
