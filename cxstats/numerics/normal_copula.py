"""Two ordered columns that a normal correlation ties together, whatever their margins."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from cxstats.arrays import Floats, Ints

_NODES = 512  # at which a column is looked at, spread over its levels
_PER_LEVEL = 16  # of these, at most
_MOST = 0.999  # correlation; beyond it the lines are the data themselves


def normal_correlation(at: Ints, height: Ints, count: Ints) -> float:
    """The correlation of two normals which, cut into these levels, have the rank correlation of the data.

    Parameters
    ----------
    at, height : int arrays, shape (K,)
        Level of each cell in either column, 0, 1, ...; every level occurs.
    count : int array, shape (K,)
    """
    at, height = (_thinned(codes, count) for codes in (at, height))
    margins = [np.bincount(codes, weights=count) / count.sum() for codes in (at, height)]
    ranks = [np.cumsum(share) - share / 2 - 0.5 for share in margins]
    observed = float(count @ (ranks[0][at] * ranks[1][height]) / count.sum())
    z, weights = _nodes(margins[0])
    cuts = ndtri(np.cumsum(margins[1])[:-1])

    def beyond(r: float) -> float:
        stays = ndtr((cuts - r * z[:, :, None]) / np.sqrt(1 - r * r))
        # Mean rank at each node: that of the top, less what staying below each cut takes away.
        mean = (ranks[1][-1] - stays @ np.diff(ranks[1])) @ weights
        return float((margins[0] * ranks[0]) @ mean) - observed

    if beyond(_MOST) <= 0 or beyond(-_MOST) >= 0:
        return float(np.copysign(_MOST, observed))
    return float(brentq(beyond, -_MOST, _MOST, xtol=1e-10))


def correlated_chance(level_count: Ints, height_count: Ints, r: float) -> Callable[[int, int], Floats]:
    """For a level: the probability that none of its rows lies above each height from the lowest asked about.

    Rows keep their level of the first column; the second is drawn given it.
    """
    z, weights = _nodes(level_count / level_count.sum())
    cuts = np.append(ndtri(np.cumsum(height_count)[:-1] / height_count.sum()), np.inf)
    root = np.sqrt(1 - r * r)

    def chance(level: int, lowest: int) -> Floats:
        stays = weights @ ndtr((cuts[lowest:] - r * z[level][:, None]) / root)
        within: Floats = stays ** int(level_count[level])
        within[-1] = 1.0
        return within

    return chance


def _nodes(share: Floats) -> tuple[Floats, Floats]:
    """Normal quantiles within each level, shape (L, m), and the weight (m,) of each: Gauss-Legendre on the share."""
    points, weights = np.polynomial.legendre.leggauss(int(np.clip(_NODES // len(share), 1, _PER_LEVEL)))
    below = np.cumsum(share) - share
    z: Floats = ndtri(below[:, None] + share[:, None] * (points + 1) / 2)
    return z, weights / 2


def _thinned(codes: Ints, count: Ints) -> Ints:
    """Neighbouring levels taken together where there are more than can be looked at; else as they are."""
    rows = np.bincount(codes, weights=count)
    if len(rows) <= _NODES:
        return codes
    place = (np.cumsum(rows) - rows / 2) / rows.sum()
    thinned: Ints = np.unique((place * _NODES).astype(np.int64), return_inverse=True)[1][codes]
    return thinned
