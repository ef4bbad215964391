"""Whether hazards are proportional: the score test of Grambsch & Therneau on a fitted Cox regression.

Tested is whether log hazard ratios change in a straight line with g(t) = 1 - KM(t-), the share that has had the
event before t (Kaplan-Meier, all strata together). Unlike the time itself, this share has no unit and no long tail, so
that the few who stayed longest do not decide.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.cox import CoxFit
from cxstats.numerics.cox_risk import members, risk_sets, sum_at_risk
from cxstats.numerics.cox_sums import gradient, information, scores
from cxstats.numerics.influence import cluster_sums

_NO_CHANGE = 1e-10  # of a variance, relative to that without the coefficients estimated: what rounding leaves of 0


@dataclass(frozen=True)
class Proportionality:
    """Score tests that each coefficient, and all q of them, stay the same over time.

    Attributes
    ----------
    statistic, p_value : array, shape (q,)
        Chi-squared on 1 degree of freedom; NaN where the data cannot tell.
    joint_statistic, joint_df, joint_p_value : float, int, float
    """

    statistic: Floats
    p_value: Floats
    joint_statistic: float
    joint_df: int
    joint_p_value: float


def share_gone(time: Floats, event: Bools, entry: Floats | None, count: Ints) -> tuple[Floats, Floats]:
    """The distinct event times, and before each of them the share that has had the event (Kaplan-Meier)."""
    everyone = risk_sets(time, event, entry, np.zeros(len(time), dtype=np.int64), count)
    watched = everyone.first <= everyone.last
    sets = members(everyone, watched)
    stays = 1 - sets.deaths / sum_at_risk(sets, count[watched].astype(np.float64))
    return sets.time, 1 - np.concatenate([[1.0], np.cumprod(stays)[:-1]])


def proportionality(
    fit: CoxFit,
    gone: tuple[Floats, Floats],
    count: Ints,
    *,
    robust: bool = False,
    cluster: Ints | None = None,
) -> Proportionality:
    """Test the fit against coefficients that change with time.

    Parameters
    ----------
    fit : CoxFit
    gone : from `share_gone`
    count : int array, shape (K,)
    robust : bool
        The variance of the score from its rows instead of the information, as weights need it.
    cluster : int array, shape (K,), optional
        The variance of the score from its sums per cluster.
    """
    data, sums = fit.data, fit.sums
    ones = np.ones(len(data.sets.deaths))
    by = gone[1][np.searchsorted(gone[0], data.sets.time)]
    by = by - data.sets.deaths @ by / data.sets.deaths.sum()
    plain, mixed, full = (information(data, sums, values) for values in (ones, by, by**2))
    slope = np.linalg.solve(plain, mixed)  # what the coefficients take from the change
    score = gradient(data, sums, by)
    variance = full - mixed @ slope
    if robust or cluster is not None:
        rows = np.zeros((len(count), len(score)))
        rows[fit.used] = scores(data, sums, by) - scores(data, sums, ones) @ slope
        score = score - gradient(data, sums, ones) @ slope
        known = np.diag(variance) > _NO_CHANGE * np.diag(full)
        variance = np.where(np.outer(known, known), _spread(rows, count, cluster), 0.0)
    return _tests(score, variance, np.diag(full))


def _spread(rows: Floats, count: Ints, cluster: Ints | None) -> Floats:
    """Sum of squares of independent units, times units / (units - 1)."""
    if cluster is None:
        units, squares = int(count.sum()), (rows * count[:, None]).T @ rows
    else:
        sums = cluster_sums(rows, count, cluster)
        units, squares = len(sums), sums.T @ sums
    spread: Floats = squares * (units / (units - 1))
    return spread


def _tests(score: Floats, variance: Floats, whole: Floats) -> Proportionality:
    """Chi-squared of each score, and of all that have a variance, on as many degrees as they span."""
    own = np.diag(variance)
    known = own > _NO_CHANGE * whole
    statistic = np.full(len(score), np.nan)
    statistic[known] = score[known] ** 2 / own[known]
    scaled, size = score[known] / np.sqrt(own[known]), np.sqrt(own[known])
    values, vectors = np.linalg.eigh(variance[np.ix_(known, known)] / np.outer(size, size))
    spans = values > _NO_CHANGE
    joint = float(((scaled @ vectors[:, spans]) ** 2 / values[spans]).sum()) if spans.any() else np.nan
    df = int(spans.sum())
    return Proportionality(statistic, chi2.sf(statistic, 1), joint, df, float(chi2.sf(joint, df)) if df else np.nan)
