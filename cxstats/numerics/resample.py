"""The bootstrap on counts: rows by multinomial draws, clusters by drawing clusters.

Drawing n rows with replacement and counting them per cell is one multinomial draw of the cells' counts:
the row bootstrap exactly, at a cost that does not depend on n. The Bayesian bootstrap gives every row an
exponential weight instead: those of the c rows of a cell add up to one gamma draw of shape c.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import RoleError

Resampling: TypeAlias = Literal["bootstrap", "bayesian"]
_CHUNK = 4_000_000  # numbers held at once; draws are made in order, so the chunk does not change them


@dataclass(frozen=True)
class Tables:
    """For each of p metrics the rows per level and outcome, one line per unit that is drawn.

    Attributes
    ----------
    good, bad : list of p arrays, shape (units, levels of the metric), float64
        Levels ascending, up is good.
    """

    good: list[Floats]
    bad: list[Floats]


@dataclass(frozen=True)
class Seeded:
    """A generator, and the number that makes it again (None for a generator that the caller brought)."""

    rng: np.random.Generator
    seed: int | None


def seeded(rng: int | np.random.Generator | None) -> Seeded:
    """A generator from a seed, from the caller's own generator, or from fresh entropy that is kept."""
    if isinstance(rng, np.random.Generator):
        return Seeded(rng, None)
    seed = fresh_seed() if rng is None else _checked(rng)
    return Seeded(np.random.default_rng(seed), seed)


def fresh_seed() -> int:
    """A seed of 32 bits, short enough to be written down, from the machine's entropy."""
    return int(np.random.SeedSequence().generate_state(1, np.uint32)[0])


def _checked(given: object) -> int:
    if isinstance(given, int | np.integer) and not isinstance(given, bool) and given >= 0:
        return int(given)
    raise RoleError(f"rng must be a whole number from 0 up, or a NumPy Generator, but {given!r} was given.")


def draw_counts(count: Ints, replicates: int, rng: np.random.Generator) -> Iterator[Ints]:
    """Counts per cell of bootstrap samples of the rows, in chunks of shape (<= replicates, K)."""
    n = int(count.sum())
    share = count / n
    for size in _chunks(replicates, len(count)):
        yield rng.multinomial(n, share, size=size)


def draw_clusters(n_clusters: int, replicates: int, rng: np.random.Generator) -> Iterator[Ints]:
    """How often each cluster is drawn, in chunks of shape (<= replicates, n_clusters)."""
    share = np.full(n_clusters, 1 / n_clusters)
    for size in _chunks(replicates, n_clusters):
        yield rng.multinomial(n_clusters, share, size=size)


def draw_weights(shape: Ints, replicates: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Total weights of the Bayesian bootstrap of units that hold so many rows each, in chunks (<= replicates, K).

    Up to their sum, which cancels in every ratio, they are draws from the Dirichlet distribution.
    """
    for size in _chunks(replicates, len(shape)):
        yield rng.standard_gamma(shape, size=(size, len(shape)))


def resampled_auc(
    scores: Floats,
    positive: Bools,
    count: Ints,
    cluster: Ints | None,
    replicates: int,
    rng: np.random.Generator,
    how: Resampling = "bootstrap",
) -> Floats:
    """Areas under the curve of resamples, shape (replicates, p).

    Parameters
    ----------
    scores : array, shape (K, p)
        Up is good; NaN where a metric was not answered.
    positive : bool array, shape (K,)
    count : int array, shape (K,)
    cluster : int array, shape (K,), optional
        With clusters, whole clusters are drawn (weighted).
    """
    draws: Iterator[Ints] | Iterator[Floats]
    if cluster is None:
        tables = _tables(scores, positive, np.ones(len(count)), np.arange(len(count)))
        draws = draw_counts(count, replicates, rng) if how == "bootstrap" else draw_weights(count, replicates, rng)
    else:
        present, unit = np.unique(cluster, return_inverse=True)
        tables = _tables(scores, positive, count.astype(np.float64), unit)
        one = np.ones(len(present), dtype=np.int64)
        clusters = draw_clusters(len(present), replicates, rng)
        draws = clusters if how == "bootstrap" else draw_weights(one, replicates, rng)
    areas = []
    for drawn in draws:
        times = drawn.astype(np.float64)
        areas.append(
            np.column_stack([_areas(times @ g, times @ b) for g, b in zip(tables.good, tables.bad, strict=True)])
        )
    return np.vstack(areas)


def share_best(estimates: Floats) -> Floats:
    """How often each column (B, p) is the largest; equal ones share."""
    largest = estimates == estimates.max(axis=1, keepdims=True)
    share: Floats = (largest / largest.sum(axis=1, keepdims=True)).mean(axis=0)
    return share


def _tables(scores: Floats, positive: Bools, mass: Floats, unit: Ints) -> Tables:
    units = int(unit.max()) + 1
    good: list[Floats] = []
    bad: list[Floats] = []
    for score in scores.T:
        on = ~np.isnan(score)
        levels, code = np.unique(score[on], return_inverse=True)
        for into, side in ((good, positive[on]), (bad, ~positive[on])):
            place = unit[on][side] * len(levels) + code[side]
            filled: Floats = np.bincount(place, weights=mass[on][side], minlength=units * len(levels)).astype(
                np.float64
            )
            into.append(filled.reshape(units, len(levels)))
    return Tables(good, bad)


def _areas(good: Floats, bad: Floats) -> Floats:
    """Area per line of two tables of shape (B, levels); NaN where an outcome was not drawn."""
    below = np.cumsum(bad, axis=1) - bad / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        area: Floats = (good * below).sum(axis=1) / (good.sum(axis=1) * bad.sum(axis=1))
    return area


def _chunks(replicates: int, width: int) -> Iterator[int]:
    size = max(1, min(replicates, _CHUNK // max(1, width)))
    for start in range(0, replicates, size):
        yield min(size, replicates - start)
