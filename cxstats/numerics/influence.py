"""From influence values to a covariance: the one road to a standard error.

An estimate is, up to terms that vanish, a sum over rows of their influence. Its variance is the sum of
the squared influences; where rows come in clusters, of the squared sums per cluster; where rows carry
survey weights, the weights are part of the influence. Counts repeat a row, weights never do.
"""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import TooFewError, warn

FEWEST_CLUSTERS, FEW_CLUSTERS, FEW_SKEWED = 20, 40, 80


@dataclass(frozen=True)
class Covariance:
    """Covariance of q estimates.

    Attributes
    ----------
    matrix : array, shape (q, q)
    df : float
        Degrees of freedom for Student's t: clusters minus one, or infinite.
    n_clusters : int or None
    notes : tuple of str
    """

    matrix: Floats
    df: float
    n_clusters: int | None
    notes: tuple[str, ...] = ()


def covariance(influence: Floats, count: Ints, cluster: Ints | None = None) -> Covariance:
    """Covariance of estimates from the influence of one row of each cell.

    Parameters
    ----------
    influence : array, shape (K, q)
        Influence of one row of each of K cells on each of q estimates, on the scale of the estimates
        (so that it shrinks as 1/n); survey weights included.
    count : int array, shape (K,)
    cluster : int array, shape (K,), optional
        Number of the cluster that each cell belongs to.
    """
    if cluster is None:
        n = int(count.sum())
        squares = (influence * count[:, None]).T @ influence
        return Covariance(squares * (n / (n - 1)) if n > 1 else squares * np.nan, np.inf, None)
    sums = cluster_sums(influence, count, cluster)
    groups = len(sums)
    notes = _enough_clusters(np.bincount(cluster, weights=count).astype(np.float64))
    return Covariance(sums.T @ sums * (groups / (groups - 1)), groups - 1.0, groups, notes)


def cluster_sums(influence: Floats, count: Ints, cluster: Ints) -> Floats:
    """Sum of the influences per cluster, shape (G, q); clusters without rows are left out."""
    present, number = np.unique(cluster, return_inverse=True)
    sums = np.empty((len(present), influence.shape[1]))
    for j in range(influence.shape[1]):
        sums[:, j] = np.bincount(number, weights=influence[:, j] * count, minlength=len(present))
    return sums


def _enough_clusters(sizes: Floats) -> tuple[str, ...]:
    sizes = sizes[sizes > 0]
    groups = len(sizes)
    if groups < FEWEST_CLUSTERS:
        raise TooFewError(
            f"At least {FEWEST_CLUSTERS} clusters are needed for an interval, but there are {groups}."
            "\nWith fewer, no interval is trustworthy: report the estimates per cluster instead."
        )
    skewed = float(sizes.max()) > 5 * float(np.median(sizes))
    fewest = FEW_SKEWED if skewed else FEW_CLUSTERS
    if groups >= fewest:
        return ()
    why = " of very unequal size" if skewed else ""
    return (warn(f"{groups} clusters{why} are few (fewer than {fewest}): the intervals may be too narrow."),)
