"""Jonckheere and Terpstra's test: do outcomes rise along ordered groups?"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.influence import covariance
from cxstats.numerics.intervals import ratio_to_error, upper_tail

Basis = Literal["permutation", "influence"]
_PERMUTATION: Basis = "permutation"
_INFLUENCE: Basis = "influence"


@dataclass(frozen=True)
class Jonckheere:
    """How often, of two rows of different groups, the one in the higher group has the better outcome.

    Attributes
    ----------
    share : float
        Of all such pairs, ties counting one half: .5 where outcomes do not go with the groups.
    share_error : float
        Standard error of the share, from influence values.
    statistic : float
        Normal (Student's t with clusters) where the outcome does not go with the groups.
    p_value : float
        One-sided: small where outcomes rise.
    basis : {"permutation", "influence"}
        Whose variance the statistic has: that under permutation of the rows, ties corrected; or that of the
        influence values, where rows carry weights or come in clusters.
    """

    share: float
    share_error: float
    statistic: float
    p_value: float
    basis: Basis


def jonckheere(
    group: Ints, outcome: Floats, count: Ints, weight: Floats | None = None, cluster: Ints | None = None
) -> Jonckheere:
    """The test on cells of counts.

    Parameters
    ----------
    group : int array, shape (K,)
        0 for the lowest group, up to the highest.
    outcome : array, shape (K,)
        Up is good.
    count : int array, shape (K,)
    weight : array, shape (K,), optional
        Survey weight of each row of the cell.
    cluster : int array, shape (K,), optional
    """
    level, table_of = np.unique(outcome, return_inverse=True)
    row_weight = np.ones(len(outcome)) if weight is None else weight
    share, influence = _share(group, table_of, len(level), count, row_weight)
    spread = covariance(influence[:, None], count, cluster)
    error = float(np.sqrt(spread.matrix[0, 0]))
    null_error, basis = error, _INFLUENCE
    if weight is None and cluster is None:
        size, tied = (np.bincount(part, weights=count).astype(np.float64) for part in (group, table_of))
        pairs = (size.sum() ** 2 - (size**2).sum()) / 2
        null_error, basis = float(np.sqrt(permutation_variance(size, tied))) / pairs, _PERMUTATION
    statistic = float(ratio_to_error(np.array(share - 0.5), np.array(null_error)))
    return Jonckheere(
        share=share,
        share_error=error,
        statistic=statistic,
        p_value=float(upper_tail(statistic, spread.df)),
        basis=basis,
    )


def permutation_variance(size: Floats, tied: Floats) -> float:
    """Variance of J, the pairs won, where all permutations of the outcomes are equally likely.

    Kendall's formula for two rankings with ties: ``size`` are the rows per group, ``tied`` those per value.
    """
    n = float(size.sum())

    def twos(parts: Floats) -> float:
        return float((parts * (parts - 1)).sum())

    def threes(parts: Floats) -> float:
        return float((parts * (parts - 1) * (parts - 2)).sum())

    def fives(parts: Floats) -> float:
        return float((parts * (parts - 1) * (2 * parts + 5)).sum())

    triples = threes(size) * threes(tied) / (36 * n * (n - 1) * (n - 2)) if n > 2 else 0.0
    return (
        (fives(np.array([n])) - fives(size) - fives(tied)) / 72 + triples + twos(size) * twos(tied) / (8 * n * (n - 1))
    )


def _share(group: Ints, level: Ints, levels: int, count: Ints, weight: Floats) -> tuple[float, Floats]:
    """The share, and the influence of one row of each cell on it.

    The share is A / B, both sums over pairs of rows of different groups. A row's derivative of A is what it wins
    against all others, of B the weight of the rows in other groups.
    """
    mass = count * weight
    groups = int(group.max()) + 1
    table = np.bincount(group * levels + level, weights=mass, minlength=groups * levels).reshape(groups, levels)
    up = np.cumsum(table, axis=1) - table / 2  # of a group the rows below a level, ties one half
    lower, total = np.cumsum(up, axis=0) - up, table.sum(axis=1)
    higher = up.sum(axis=0) - lower - up
    above_total = total.sum() - np.cumsum(total)
    # Against lower groups a row wins where it is better; against higher groups where it is worse.
    won = lower + above_total[:, None] - higher
    others = total.sum() - total
    a, b = float((table * won).sum()) / 2, float(total @ others) / 2
    share = a / b
    influence: Floats = weight * (won[group, level] - share * others[group]) / b
    return share, influence
