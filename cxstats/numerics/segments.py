"""Areas under the ROC curve in each of several segments, with one covariance for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.influence import covariance
from cxstats.numerics.ranks import auc_influence, delong_covariance, placements

_NO_VARIANCE = 1e-12  # of a term, relative to the areas: what rounding leaves where two metrics order alike


@dataclass(frozen=True)
class SegmentAreas:
    """Areas of p metrics in S segments.

    Attributes
    ----------
    auc : array, shape (S, p)
    covariance : array, shape (S p, S p)
        Segment by segment; 0 between segments that share no cluster.
    df : array, shape (S,)
        Clusters of the segment minus one; infinite without clusters.
    notes : tuple of str
    """

    auc: Floats
    covariance: Floats
    df: Floats
    notes: tuple[str, ...]

    def covariance_of(self, segment: int) -> Floats:
        """Covariance (p, p) of the areas of one segment."""
        p = self.auc.shape[1]
        own = slice(segment * p, (segment + 1) * p)
        return self.covariance[own, own]


@dataclass(frozen=True)
class SegmentTerms:
    """Contrasts of the areas: estimates and standard errors (S, T), and their covariances over segments (T, S, S)."""

    estimate: Floats
    std_error: Floats
    covariance: Floats


def segment_areas(
    scores: Floats,
    positive: Bools,
    count: Ints,
    weight: Floats,
    segment: Ints,
    names: Sequence[str],
    cluster: Ints | None = None,
) -> SegmentAreas:
    """Areas and covariance from the scores (K, p) of cells that belong to the segments numbered 0 to S - 1.

    Within a segment the covariance is that of the segment on its own, small-sample factor included.
    """
    S, p = len(names), scores.shape[1]
    auc, df, notes = np.empty((S, p)), np.full(S, np.inf), []
    influence, matrix = np.empty(scores.shape), np.zeros((S * p, S * p))
    for s in range(S):
        on, own = segment == s, slice(s * p, (s + 1) * p)
        for j in range(p):
            fit = placements(scores[on, j], positive[on], count[on] * weight[on])
            auc[s, j] = fit.auc
            influence[on, j] = auc_influence(fit, positive[on], count[on], weight[on])
        if cluster is None:
            matrix[own, own] = delong_covariance(influence[on], positive[on], count[on])
            continue
        spread = covariance(influence[on], count[on], cluster[on])
        matrix[own, own], df[s] = spread.matrix, spread.df
        notes += [f"Segment '{names[s]}': {note}" for note in spread.notes]
    if cluster is not None:
        factor = np.sqrt((df + 1) / df)[segment]
        matrix += _between(influence * (count * factor)[:, None], segment, cluster, S)
    return SegmentAreas(auc, matrix, df, tuple(notes))


def terms(areas: SegmentAreas, contrasts: Floats) -> SegmentTerms:
    """The contrasts (T, p) of the areas of every segment; a variance that is but rounding is 0."""
    S, p = areas.auc.shape
    blocks = areas.covariance.reshape(S, p, S, p)
    spread: Floats = np.einsum("ti,aibj,tj->tab", contrasts, blocks, contrasts, optimize=True)
    variance = np.diagonal(spread, axis1=1, axis2=2).T
    variance = np.where(variance > _NO_VARIANCE * variance.max(axis=1, keepdims=True), variance, 0.0)
    segment = np.arange(S)
    spread[:, segment, segment] = variance.T
    return SegmentTerms(areas.auc @ contrasts.T, np.sqrt(variance), spread)


def _between(sums: Floats, segment: Ints, cluster: Ints, S: int) -> Floats:
    """What clusters add to the covariance of different segments: products of their sums, shape (S p, S p).

    Sparse, because a cluster lies in few of the segments, and clusters may be as many as customers.
    """
    from scipy.sparse import coo_array

    p = sums.shape[1]
    column = segment[:, None] * p + np.arange(p)
    place = (np.repeat(cluster, p), column.ravel())
    table = coo_array((sums.ravel(), place), shape=(int(cluster.max()) + 1, S * p)).tocsr()
    products: Floats = (table.T @ table).toarray()
    own = np.arange(S * p) // p
    products[own[:, None] == own] = 0.0
    return products
