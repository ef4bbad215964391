"""How many rows of a simple sample tell as much: what an interval of a share needs under weights or clusters."""

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.influence import cluster_sums

_EXACT = 1e-12  # a weighted share of 0 or 1 differs from it by rounding only


def kish(count: Ints, weight: Floats, cluster: Ints | None) -> float:
    """(sum of w)^2 / (sum of w^2) over rows, or over clusters where there are any; w is what each weighs."""
    if cluster is None:
        return float((count @ weight) ** 2 / (count @ weight**2))
    sums = cluster_sums(weight[:, None], count, cluster)[:, 0]
    return float(sums.sum() ** 2 / (sums @ sums))


def effective_rows(share: Floats, variance: Floats, n: int | Ints, otherwise: float | Floats) -> Floats:
    """n times the variance of a share in a simple sample of n rows, p (1 - p) / (n - 1), over the one it has.

    Where p is 0 or 1 there is no variance to compare, and the rows given as ``otherwise`` stand.
    """
    inner = (share > _EXACT) & (share < 1 - _EXACT) & (variance > 0)
    simple = share * (1 - share) / np.maximum(np.asarray(n) - 1, 1)
    return np.where(inner, n * simple / np.where(inner, variance, 1.0), otherwise)
