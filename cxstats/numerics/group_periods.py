"""Means of two groups in several periods, contrasts of these means, and how well the contrasts are known."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.influence import covariance

_PER_CONTRAST = 2  # clusters of each group that a joint test needs per contrast, by simulation
_SINGULAR = 1e-10  # eigenvalues of a correlation matrix below are 0: the contrasts follow from each other


@dataclass(frozen=True)
class GroupPeriods:
    """Means and weights of 2 groups in P periods, and the deviations from them.

    Attributes
    ----------
    mean, mass : arrays, shape (2, P)
        Group 0, then group 1; sums of weights.
    scores : array, shape (U, 2 P)
        What each of U clusters contributes to the error of each mean; without clusters the 2 P standard errors
        on the diagonal.
    count, arm : int arrays, shape (U,)
        Rows of each cluster, and the one group that they belong to; -1 where they are of both. Without clusters
        the rows of each cell, and 0.
    clustered : bool
    """

    mean: Floats
    mass: Floats
    scores: Floats
    count: Ints
    arm: Ints
    clustered: bool


@dataclass(frozen=True)
class ContrastFit:
    """Contrasts of the means: estimates, covariance, and the parts of it by group.

    Attributes
    ----------
    estimate : array, shape (q,)
    matrix : array, shape (q, q)
    df : array, shape (q,)
        Of Student's t; infinite without clusters.
    parts : list of (degrees of freedom, array of shape (q, q))
        Independent parts that add up to ``matrix``.
    notes : tuple of str
    """

    estimate: Floats
    matrix: Floats
    df: Floats
    parts: list[tuple[float, Floats]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class JointTest:
    """A test that several contrasts are all 0: F(df1, df2), or chi-square / df1 where df2 is infinite."""

    statistic: float
    df1: int
    df2: float
    p_value: float


def group_periods(
    y: Floats, group: Ints, period: Ints, count: Ints, weight: Floats, cluster: Ints | None
) -> GroupPeriods:
    """Reduce rows to means by group (0 or 1) and period (0 to P - 1), each of which must have weight.

    Parameters
    ----------
    y, weight : arrays, shape (K,)
        Outcome, and survey weight of each row of the cell.
    group, period, count : int arrays, shape (K,)
    cluster : int array, shape (K,), optional
    """
    periods = int(period.max()) + 1
    at = group * periods + period
    mass = np.bincount(at, weights=count * weight, minlength=2 * periods)
    mean = np.bincount(at, weights=count * weight * y, minlength=2 * periods) / mass
    # A second pass takes away what rounding left of a mean far from 0.
    mean = mean + np.bincount(at, weights=count * weight * (y - mean[at]), minlength=2 * periods) / mass
    unit = weight * (y - mean[at]) / mass[at]
    means, masses = mean.reshape(2, periods), mass.astype(np.float64).reshape(2, periods)
    if cluster is None:
        # Rows are independent, and each belongs to one mean: of these the sums of squares are all that matters.
        squares = np.bincount(at, weights=count * unit**2, minlength=2 * periods)
        return GroupPeriods(means, masses, np.diag(np.sqrt(squares)), count, np.zeros_like(at), clustered=False)
    present, number = np.unique(cluster, return_inverse=True)
    flat = np.bincount(number * 2 * periods + at, weights=count * unit, minlength=len(present) * 2 * periods)
    rows = np.bincount(number, weights=count).astype(np.int64)
    treated = np.bincount(number, weights=count * (group == 1))
    arm = np.where(treated == 0, 0, np.where(treated == rows, 1, -1))
    scores = flat.astype(np.float64).reshape(len(present), -1)
    return GroupPeriods(means, masses, scores, rows, arm, clustered=True)


def gap_contrasts(mass: Floats, first: int) -> Floats:
    """Contrasts of the 2 P means: the difference in differences, the level, and the gaps period by period.

    Row 0 is the mean gap from period ``first`` on less the mean gap before, row 1 the mean of group 1 from
    ``first`` on; then the gap in every period before ``first - 1`` less the gap in that one; where there are three
    periods or more before, the slope of the gap over these, per period; then the gap in every period from ``first``
    on, less the one in ``first - 1``.
    """
    periods = mass.shape[1]
    share = mass[0] * mass[1] / mass.sum(axis=0)
    after = np.arange(periods) >= first
    over, under = np.where(after, share, 0.0), np.where(after, 0.0, share)
    over, under = over / over.sum(), under / under.sum()
    single = np.delete(np.eye(periods), first - 1, axis=0)
    single[:, first - 1] = -1.0
    place = np.where(after, 0.0, np.arange(periods) - (first - 1) / 2)
    slope = [place / (place**2).sum()] if first > 2 else []
    gaps = [over - under, *single[: first - 1], *slope, *single[first - 1 :]]
    both = [np.concatenate([-gap, gap]) for gap in gaps]
    both.insert(1, np.concatenate([np.zeros(periods), over]))
    return np.array(both)


def fit_contrasts(given: GroupPeriods, contrasts: Floats) -> ContrastFit:
    """Contrasts of shape (q, 2 P) with their covariance.

    Where every cluster belongs to one group, each group has a covariance of its own with G / (G - 1) for its G
    clusters, and t has Welch's degrees of freedom: few treated clusters among many are thus counted as few. Where
    clusters hold rows of both groups there is one covariance, with all clusters minus one.
    """
    estimate = contrasts @ given.mean.ravel()
    sums = given.scores @ contrasts.T
    if not given.clustered:
        n = int(given.count.sum())
        matrix = sums.T @ sums * (n / (n - 1))
        return ContrastFit(estimate, matrix, np.full(len(estimate), np.inf), [(np.inf, matrix)])
    pooled = covariance(sums / given.count[:, None], given.count, np.arange(len(sums)))
    if (given.arm < 0).any():
        return ContrastFit(estimate, pooled.matrix, np.full(len(estimate), pooled.df), [(pooled.df, pooled.matrix)])
    parts = [_part(sums[given.arm == arm]) for arm in (0, 1)]
    matrix = parts[0][1] + parts[1][1]
    return ContrastFit(estimate, matrix, _welch(parts, np.diag(matrix)), parts, pooled.notes)


def _part(sums: Floats) -> tuple[float, Floats]:
    groups = len(sums)
    return groups - 1.0, sums.T @ sums * (groups / (groups - 1))


def _welch(parts: list[tuple[float, Floats]], variance: Floats) -> Floats:
    """Welch's degrees of freedom for each contrast; all of them where nothing varies."""
    spread = sum(np.diag(matrix) ** 2 / df for df, matrix in parts)
    every = sum(df for df, _ in parts)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 0, variance**2 / spread, every)


def joint_test(fit: ContrastFit, chosen: Bools) -> JointTest | None:
    """Whether the chosen contrasts are all 0; None where there are too many of them for the clusters.

    Hotelling's T-squared, with the degrees of freedom of Krishnamoorthy and Yu (2004),
    doi:10.1016/j.spl.2003.10.012, where each group has a covariance of its own. These hold the size of a test at
    5% (to 7% where one group varies three times as much) with two clusters per contrast in the smaller group; with
    fewer it rejects far too often.
    """
    q = int(chosen.sum())
    if min(df for df, _ in fit.parts) + 1 < _PER_CONTRAST * q:
        return None
    on = np.ix_(chosen, chosen)
    matrix, estimate = fit.matrix[on], fit.estimate[chosen]
    sd = np.sqrt(np.diag(matrix))
    if (sd == 0).any() or np.linalg.eigvalsh(matrix / np.outer(sd, sd))[0] < _SINGULAR:
        return None
    square = float(estimate @ np.linalg.solve(matrix, estimate))
    df = _joint_df([(df, part[on]) for df, part in fit.parts], matrix)
    if not np.isfinite(df):
        return JointTest(square / q, q, np.inf, float(chdtrc(q, square)))
    left = df - q + 1
    statistic = left / (q * df) * square
    return JointTest(statistic, q, left, float(fdtrc(q, left, statistic)))


def _joint_df(parts: list[tuple[float, Floats]], matrix: Floats) -> float:
    q, spread = len(matrix), 0.0
    for df, part in parts:
        share = np.linalg.solve(matrix, part)
        spread += float((np.trace(share @ share) + np.trace(share) ** 2) / df)
    return (q + q * q) / spread if spread > 0 else np.inf
