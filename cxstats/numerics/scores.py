"""Means of a score by group, their joint covariance, and how many simple rows they are worth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import ColumnError, TooFewError
from cxstats.numerics.influence import Covariance, covariance

# Sums that are 0 in truth come out near the square of the machine's precision, 5e-32, of their terms.
_NOTHING = 1e-20


@dataclass(frozen=True)
class GroupMeans:
    """Means of g groups.

    Attributes
    ----------
    mean : array, shape (g,)
    variance : array, shape (g,)
        Weighted mean squared deviation from the mean: exactly 0 where all values are equal.
    matrix : array, shape (g, g)
        Linearised covariance of the means; NaN on the diagonal for a group of one row.
    units : int array, shape (g,)
        Independent units of each group: its clusters where there are any, else its rows.
    n_eff : array, shape (g,)
        Rows of a simple sample with the same variance of the mean, at most the rows there are.
    clustered : bool
    notes : tuple of str
    """

    mean: Floats
    variance: Floats
    matrix: Floats
    units: Ints
    n_eff: Floats
    clustered: bool
    notes: tuple[str, ...]

    @property
    def std_error(self) -> Floats:
        """Linearised standard error of each mean."""
        return np.sqrt(self.matrix.diagonal())

    @property
    def df(self) -> Floats:
        """Independent units minus one, per group."""
        return self.units.astype(np.float64) - 1

    @property
    def pair_df(self) -> Floats:
        """For each pair the smaller of the two groups' degrees of freedom."""
        first, second = pairs(len(self.mean))
        return np.minimum(self.df[first], self.df[second])

    @property
    def pair_correlation(self) -> Floats:
        """Correlation of the means of each pair; 0 unless clusters join the groups."""
        first, second = pairs(len(self.mean))
        product = self.std_error[first] * self.std_error[second]
        usable = product > 0
        ratio = self.matrix[first, second] / np.where(usable, product, 1.0)
        return np.where(usable, np.clip(ratio, -1.0, 1.0), 0.0)


def group_means(
    value: Floats, group: Ints, names: Sequence[str], count: Ints, weight: Floats, cluster: Ints | None
) -> GroupMeans:
    """Means of a value by group, with their covariance by influence values.

    The influence of a row on its group's mean is w (x - mean) / (sum of w). Without clusters the groups
    are independent samples. With clusters the influences are summed per cluster, over all groups, so
    that groups that share clusters are correlated as they are. Degrees of freedom are counted per group
    either way: clusters of one row each give the same answer as none.

    Parameters
    ----------
    value : array, shape (K,)
    group : int array, shape (K,)
        Number of each cell's group, 0 to g - 1.
    names : sequence of str, length g
        For messages.
    count : int array, shape (K,)
    weight : array, shape (K,)
        Survey weight of one row of the cell.
    cluster : int array, shape (K,), optional
    """
    g = len(names)
    total: Floats = np.bincount(group, weights=count * weight, minlength=g).astype(np.float64)
    _refuse_weightless(total, names)
    smallest, largest = np.full(g, np.inf), np.full(g, -np.inf)
    np.minimum.at(smallest, group, value)
    np.maximum.at(largest, group, value)
    # Kept between the extremes, so that equal values deviate from their mean by exactly 0.
    mean = np.clip(np.bincount(group, weights=count * weight * value, minlength=g) / total, smallest, largest)
    deviation = value - mean[group]
    variance = np.bincount(group, weights=count * weight * deviation**2, minlength=g) / total
    influence = weight * deviation / total[group]
    own = [_own(influence, group == j, count, cluster, names[j]) for j in range(g)]
    n = np.bincount(group, weights=count, minlength=g)
    units = n.astype(np.int64) if cluster is None else np.array([fit.n_clusters for fit in own], dtype=np.int64)
    matrix = _joint(own, influence, group, count, cluster, units)
    simple = variance / np.maximum(n - 1, 1)
    linearised = matrix.diagonal().copy()
    spread = linearised > _NOTHING * simple
    nothing = ~spread & ~np.isnan(linearised)
    matrix[nothing, :] = matrix[:, nothing] = 0.0
    n_eff = np.where(
        spread,
        np.minimum(n, n * simple / np.where(spread, linearised, 1.0)),
        _kish(group, count, weight, cluster, total),
    )
    notes = tuple(dict.fromkeys(note for fit in own for note in fit.notes))
    return GroupMeans(mean, variance, matrix, units, n_eff, cluster is not None, notes)


def adjusted_wald(mean: Floats, variance: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Centre and standard error of the net promoter score after Rocks (2016), on the scale of P - D.

    3/4 is added to the promoters and to the detractors, 3 to the rows; ``mean`` is P - D and
    ``variance`` is P + D - (P - D)^2.
    """
    either = variance + mean**2  # P + D
    centre = n * mean / (n + 3)
    adjusted = (n * either + 1.5) / (n + 3) - centre**2
    return centre, np.sqrt(adjusted / (n + 3))


def welch_df(variance: Floats, df: Floats) -> Floats:
    """Degrees of freedom of each pair's difference after Welch (1947), doi:10.1093/biomet/34.1-2.28.

    ``variance`` is that of the mean, not of a row. Where both are 0, the pooled degrees of freedom.
    """
    first, second = pairs(len(variance))
    a, b = variance[first], variance[second]
    spread = a + b > 0
    below = a**2 / df[first] + b**2 / df[second]
    return np.where(spread, (a + b) ** 2 / np.where(spread, below, 1.0), df[first] + df[second])


def pairs(g: int) -> tuple[Ints, Ints]:
    """The numbers of the first and the second of every pair among g groups, in the order of the frame."""
    first, second = np.triu_indices(g, k=1)
    return first, second


def with_differences(levels: Floats) -> Floats:
    """The values of g groups, then the difference of every pair."""
    first, second = pairs(len(levels))
    return np.concatenate([levels, levels[first] - levels[second]])


def with_difference_errors(errors: Floats, correlation: Floats) -> Floats:
    """The standard errors of g groups, then that of the difference of every pair."""
    first, second = pairs(len(errors))
    a, b = errors[first], errors[second]
    return np.concatenate([errors, np.sqrt(np.maximum(a**2 + b**2 - 2 * correlation * a * b, 0.0))])


def _refuse_weightless(total: Floats, names: Sequence[str]) -> None:
    empty = [name for name, weight in zip(names, total, strict=True) if weight <= 0]
    if empty:
        raise ColumnError(
            f"The weights of every group must add up to more than 0, but those of '{empty[0]}' do not."
            "\nLeave that group out, or correct its weights."
        )


def _own(influence: Floats, on: Bools, count: Ints, cluster: Ints | None, name: str) -> Covariance:
    """The variance of one group's mean, from its own rows."""
    try:
        return covariance(influence[on, None], count[on], None if cluster is None else cluster[on])
    except TooFewError as reason:
        raise TooFewError(f"Group '{name}': {reason}") from None


def _joint(
    own: Sequence[Covariance], influence: Floats, group: Ints, count: Ints, cluster: Ints | None, units: Ints
) -> Floats:
    """The covariance matrix: each group's variance, and what shared clusters put beside it."""
    variances = np.array([fit.matrix[0, 0] for fit in own])
    if cluster is None or len(own) == 1:
        return np.diag(variances)
    from scipy.sparse import csr_array

    # Entries of the same cluster and group are added up.
    sums = csr_array((influence * count, (cluster, group)), shape=(int(cluster.max()) + 1, len(own)))
    inflation = np.sqrt(units / (units - 1))
    matrix: Floats = (sums.T @ sums).toarray() * np.outer(inflation, inflation)
    np.fill_diagonal(matrix, variances)
    return matrix


def _kish(group: Ints, count: Ints, weight: Floats, cluster: Ints | None, total: Floats) -> Floats:
    """(sum of w)^2 / (sum of w^2), over the independent units: rows, or clusters with their whole weight."""
    if cluster is None:
        return total**2 / np.bincount(group, weights=count * weight**2, minlength=len(total))
    unit = cluster * len(total) + group
    present, number = np.unique(unit, return_inverse=True)
    mass = np.bincount(number, weights=count * weight)
    return total**2 / np.bincount(present % len(total), weights=mass**2, minlength=len(total))
