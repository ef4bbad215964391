"""Means and covariances of scores in several segments, and how they vary from sample to sample."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.influence import cluster_sums, covariance


@dataclass(frozen=True)
class SegmentMoments:
    """Moments of p scores in S segments, in units of their standard deviations over all segments.

    The q = p + p (p + 1) / 2 moments of a segment are stacked as its means, then the upper triangle of its
    covariance matrix, row by row.

    Attributes
    ----------
    mean : array, shape (S, p)
    covariance : array, shape (S, p, p)
        Sums of squares over rows, not over rows minus one.
    rows : array, shape (S,)
        What each segment counts for: its rows; with weights its share of the weight, times all rows.
    sampling : array, shape (S q, S q)
        Covariance of the stacked moments, from their influence values.
    unit : array, shape (p,)
        Points of the scale that are one standard deviation.
    df : float
        Clusters minus one; infinite without clusters.
    notes : tuple of str
    """

    mean: Floats
    covariance: Floats
    rows: Floats
    sampling: Floats
    unit: Floats
    df: float
    notes: tuple[str, ...]

    @property
    def n(self) -> float:
        """All rows."""
        return float(self.rows.sum())


def segment_moments(
    scores: Floats, segment: Ints, segments: int, count: Ints, weight: Floats, cluster: Ints | None
) -> SegmentMoments:
    """Moments of scores (K, p) of cells that belong to the segments numbered 0 to S - 1.

    No segment may be empty, no score constant over all of them.
    """
    mass = count * weight
    centre = mass @ scores / mass.sum()
    unit = np.sqrt(mass @ (scores - centre) ** 2 / mass.sum())
    standard = (scores - centre) / unit
    p = scores.shape[1]
    mean, matrix, parts = np.empty((segments, p)), np.empty((segments, p, p)), []
    for s in range(segments):
        on = segment == s
        share = mass[on] / mass[on].sum()
        mean[s] = share @ standard[on]
        centred = standard[on] - mean[s]
        matrix[s] = (centred * share[:, None]).T @ centred
        parts.append(_influence(centred, matrix[s], weight[on] / mass[on].sum()))
    own = np.bincount(segment, weights=mass, minlength=segments)
    spread = covariance(weight[:, None], count, cluster)
    return SegmentMoments(
        mean=mean,
        covariance=matrix,
        rows=own / own.sum() * count.sum(),
        sampling=_sampling(parts, [segment == s for s in range(segments)], count, cluster),
        unit=unit,
        df=spread.df,
        notes=spread.notes,
    )


def upper(p: int) -> tuple[Ints, Ints]:
    """Row and column of each entry of the upper triangle, row by row."""
    i, j = np.triu_indices(p)
    return i.astype(np.int64), j.astype(np.int64)


def _influence(centred: Floats, matrix: Floats, weight: Floats) -> Floats:
    """Influence of one row of each cell of a segment on its moments, shape (K, q)."""
    i, j = upper(centred.shape[1])
    products = centred[:, i] * centred[:, j] - matrix[i, j]
    values: Floats = np.hstack([centred, products]) * weight[:, None]
    return values


def _sampling(parts: list[Floats], on: list[Bools], count: Ints, cluster: Ints | None) -> Floats:
    """Covariance of all moments; between segments it is 0 unless they share clusters."""
    q, segments = parts[0].shape[1], len(parts)
    matrix = np.zeros((segments, q, segments, q))
    if cluster is None:
        n = int(count.sum())
        for s, influence in enumerate(parts):
            matrix[s, :, s] = (influence * count[on[s], None]).T @ influence * (n / (n - 1))
        return matrix.reshape(segments * q, segments * q)
    sums = [cluster_sums(influence, count[on[s]], cluster[on[s]]) for s, influence in enumerate(parts)]
    present = [np.unique(cluster[on[s]]) for s in range(segments)]
    groups = len(np.unique(cluster))
    for s in range(segments):
        for t in range(s, segments):
            _, first, second = np.intersect1d(present[s], present[t], assume_unique=True, return_indices=True)
            matrix[s, :, t] = sums[s][first].T @ sums[t][second] * (groups / (groups - 1))
            matrix[t, :, s] = matrix[s, :, t].T
    return matrix.reshape(segments * q, segments * q)
