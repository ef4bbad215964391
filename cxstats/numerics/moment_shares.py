"""Shares of mean, peak and end in what is remembered: least squares with weights from 0 up, and its bootstrap."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.resample import draw_clusters

_UNITS = 2000  # clusters, or groups of sequences dealt by lot, that the bootstrap draws from


@dataclass(frozen=True)
class SharedSums:
    """Cross-products of q parts and of the response per unit, all centred: shapes (U, q, q), (U, q)."""

    parts: Floats
    response: Floats


def shared_sums(parts: Floats, response: Floats, cluster: Ints | None, rng: np.random.Generator) -> SharedSums:
    """Sum up parts (S, q) and response (S,), both centred, per cluster, or per group of sequences.

    More than 2,000 clusters, or sequences without clusters, are dealt to 2,000 groups by lot: groups of equal size
    have the variance of their members, and drawing them costs the same for a thousand sequences and for a million.
    """
    unit = np.arange(len(response)) if cluster is None else cluster
    many = int(unit.max()) + 1
    if many > _UNITS:
        unit = (rng.permutation(many) % _UNITS)[unit]
    units, q = min(many, _UNITS), parts.shape[1]
    squares, cross = np.empty((units, q, q)), np.empty((units, q))
    for j in range(q):
        cross[:, j] = np.bincount(unit, weights=parts[:, j] * response, minlength=units)
        for k in range(q):
            squares[:, j, k] = np.bincount(unit, weights=parts[:, j] * parts[:, k], minlength=units)
    return SharedSums(squares, cross)


def nonnegative(squares: Floats, cross: Floats) -> Floats:
    """Least squares with coefficients from 0 up, from cross-products (R, q, q) and (R, q); shape (R, q).

    The best of all 2^q - 1 supports whose free coefficients are above 0; q is 4 at most.
    """
    replicates, q = cross.shape
    best, won = np.zeros((replicates, q)), np.zeros(replicates)
    for support in _supports(q):
        at = np.array(support)
        free = _solved(squares[:, at[:, None], at], cross[:, at])
        saved = np.einsum("rj,rj->r", free, cross[:, at])
        better = (free >= 0).all(axis=1) & (saved > won)
        won = np.where(better, saved, won)
        best[better] = 0.0
        best[np.ix_(better, at)] = free[better]
    return best


def _solved(squares: Floats, cross: Floats) -> Floats:
    """The solutions (R, q); of those that are not unique, as where a part does not vary in a sample, the shortest."""
    try:
        return np.asarray(np.linalg.solve(squares, cross[..., None])[..., 0], dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.asarray(np.einsum("rjk,rk->rj", np.linalg.pinv(squares, hermitian=True), cross), dtype=np.float64)


def _supports(q: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, q + 1):
        yield from combinations(range(q), size)


def drawn_shares(sums: SharedSums, replicates: int, rng: np.random.Generator) -> Floats:
    """Shares in bootstrap samples of the units, shape (R, q); without those in which no part has any weight."""
    units, q = sums.response.shape
    found = []
    for drawn in draw_clusters(units, replicates, rng):
        times = drawn.astype(np.float64)
        squares = (times @ sums.parts.reshape(units, -1)).reshape(-1, q, q)
        found.append(nonnegative(squares, times @ sums.response))
    weights = np.concatenate(found)
    total = weights.sum(axis=1, keepdims=True)
    some = total[:, 0] > 0
    shares: Floats = weights[some] / total[some]
    return shares
