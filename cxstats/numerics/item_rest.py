"""How each question goes with the sum of the others: item-rest correlations, with the influence of each row.

A correlation with a sum of standard scores depends on the data only by way of the correlations of the
questions, so its influence follows from theirs, the estimated means and standard deviations included.
"""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats
from cxstats.numerics.correlation import correlation_influence, correlation_matrix, standard_scores
from cxstats.numerics.intervals import Limits, critical

_NOTHING = 1e-12  # a rest that cancels out has no spread, and so no correlation


@dataclass(frozen=True)
class ItemRest:
    """Correlations with their influence values.

    Attributes
    ----------
    correlation : array, shape (q,)
        One per question; of two questions the one correlation that they have. NaN where the others cancel.
    influence : array, shape (K, q)
        Of one row of each cell, survey weight included.
    """

    correlation: Floats
    influence: Floats


def item_rest(items: Floats, mass: Floats, weight: Floats) -> ItemRest:
    """Correlation of each of p columns with the sum of the others, all in standard scores.

    Parameters
    ----------
    items : array, shape (K, p)
        Turned so that up is good.
    mass : array, shape (K,)
        Count times weight.
    weight : array, shape (K,)
        Survey weight of one row of the cell.
    """
    scores = standard_scores(items, mass)
    between = correlation_matrix(scores, mass)
    total = float(mass.sum())
    p = items.shape[1]
    if p == 2:
        pair = between[0, 1:]
        return ItemRest(pair, correlation_influence(scores[:, 0], scores[:, 1:], pair, weight, total))
    found, influence = np.full(p, np.nan), np.full(items.shape, np.nan)
    for j in range(p):
        rest = np.arange(p) != j
        others = between[np.ix_(rest, rest)]
        top, spread = float(between[j, rest].sum()), float(others.sum())  # covariance with the sum; its variance
        if spread < _NOTHING:
            continue
        found[j] = np.clip(top / np.sqrt(spread), -1, 1)
        z, others_z = scores[:, j], scores[:, rest]
        with_sum = others_z.sum(axis=1)
        # Sums over k (and l) of the influence z_k z_l - r_kl (z_k^2 + z_l^2) / 2 of each correlation.
        of_top = z * with_sum - (top * z**2 + others_z**2 @ between[j, rest]) / 2
        of_spread = with_sum**2 - others_z**2 @ others.sum(axis=1)
        influence[:, j] = (of_top - top * of_spread / (2 * spread)) / np.sqrt(spread) * weight / total
    return ItemRest(found, influence)


def correlation_limits(r: Floats, std_error: Floats, level: float, df: float = np.inf) -> Limits:
    """Limits symmetric on the scale of Fisher's z; a correlation of 1 or -1 is its own limit."""
    exact = np.abs(r) > 1 - _NOTHING
    inner = np.where(exact, 0.0, r)
    centre, half = np.arctanh(inner), critical(level, df) * std_error / (1 - inner**2)
    low, high = np.tanh(centre - half), np.tanh(centre + half)
    return Limits(np.where(exact, r, low), np.where(exact, r, high))
