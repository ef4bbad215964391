"""One factor behind p scores, each of which may be missing, with the influence of each row on its parameters.

A score is mean + loading f + error, where f has mean 0 and variance 1 and errors are independent of it and of
each other. Loadings and error variances are those of maximum likelihood for the covariances of all pairs of
scores, each pair on the rows that have both.
"""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.numerics.one_factor import Flaw, fit, pattern, start
from cxstats.numerics.segment_moments import SegmentMoments, upper


@dataclass(frozen=True)
class Scores:
    """Scores of K cells.

    Attributes
    ----------
    values : array, shape (K, p)
        Finite where used; elsewhere anything finite.
    used : bool array, shape (K, p)
    mass, weight : arrays, shape (K,)
        Count times weight of the cell, and the weight of one row of it.
    """

    values: Floats
    used: Bools
    mass: Floats
    weight: Floats


@dataclass(frozen=True)
class CommonFactor:
    """The fitted factor, its parameters in the units of the scores.

    Attributes
    ----------
    loading, unique, mean : arrays, shape (p,)
    covariance : array, shape (p, p)
        Of the scores, pair by pair.
    by_moments : array, shape (p (p + 1) / 2, 2 p)
        Derivatives of loadings and error variances by the covariances (upper triangle, row by row).
    """

    loading: Floats
    unique: Floats
    mean: Floats
    covariance: Floats
    by_moments: Floats

    @property
    def communality(self) -> Floats:
        """Share of each score's variance that the factor accounts for."""
        return self.loading**2 / (self.loading**2 + self.unique)


def common_factor(scores: Scores) -> CommonFactor | Flaw:
    """Fit the factor, turned towards higher scores; the flaw says why there is none."""
    p = scores.values.shape[1]
    i, j = upper(p)
    covariance = np.empty((p, p))
    for a, b in zip(i, j, strict=True):
        share, first, second = _pair(scores, int(a), int(b))
        covariance[a, b] = covariance[b, a] = share @ (first * second)
    if not np.isfinite(covariance).all():  # two scores that no row has both of
        return Flaw("no maximum")
    unit = np.sqrt(np.diag(covariance))
    standard = covariance / np.outer(unit, unit)
    if np.linalg.eigvalsh(standard)[0] <= 0:  # pairs on different rows need not fit together
        return Flaw("no maximum")
    rows = np.array([scores.mass.sum()])
    none = np.zeros((0, 0))
    moments = SegmentMoments(np.zeros((1, p)), standard[None], rows, none, unit, np.inf, ())
    own = np.ones((1, p), dtype=bool)
    fitted = fit(moments, pattern(own, own, variance=False, mean=False), start(moments))
    if isinstance(fitted, Flaw):
        return fitted
    loading, unique = fitted.full[0, :p], fitted.full[0, 2 * p : 3 * p]
    by_moments = _derivatives(standard, loading, unique) / (unit[i] * unit[j])[:, None]
    return CommonFactor(
        loading=loading * unit,
        unique=unique * unit**2,
        mean=_means(scores),
        covariance=covariance,
        by_moments=by_moments * np.concatenate([unit, unit**2]),
    )


def factor_influence(scores: Scores, factor: CommonFactor, gradient: Floats) -> Floats:
    """Influence (K, q) of one row of each cell on q functions of loadings, error variances and means.

    ``gradient`` (3 p, q) holds their derivatives by these parameters, in this order.
    """
    p = scores.values.shape[1]
    by_pair = factor.by_moments @ gradient[: 2 * p]
    influence = np.zeros((len(scores.mass), gradient.shape[1]))
    for at, (a, b) in enumerate(zip(*upper(p), strict=True)):
        if not by_pair[at].any():
            continue
        share, first, second = _pair(scores, int(a), int(b))
        apart = _per_row(scores, share) * (first * second - factor.covariance[a, b])
        influence += apart[:, None] * by_pair[at]
    for j in range(p):
        if gradient[2 * p + j].any():
            used = scores.used[:, j]
            apart = np.where(used, scores.values[:, j] - factor.mean[j], 0.0) * scores.weight / scores.mass[used].sum()
            influence += apart[:, None] * gradient[2 * p + j]
    return influence


def _means(scores: Scores) -> Floats:
    mass = scores.mass[:, None] * scores.used
    means: Floats = (mass * scores.values).sum(axis=0) / mass.sum(axis=0)
    return means


def _pair(scores: Scores, a: int, b: int) -> tuple[Floats, Floats, Floats]:
    """Each cell's share of the rows with both scores, and both scores about their means there."""
    mass = scores.mass * (scores.used[:, a] & scores.used[:, b])
    share = mass / mass.sum() if mass.sum() > 0 else np.full(len(mass), np.nan)
    first, second = scores.values[:, a], scores.values[:, b]
    return share, first - share @ first, second - share @ second


def _per_row(scores: Scores, share: Floats) -> Floats:
    """The share of one row of each cell."""
    used = share > 0
    return np.where(used, scores.weight / (scores.mass[used].sum()), 0.0)


def _derivatives(covariance: Floats, loading: Floats, unique: Floats) -> Floats:
    """Derivatives of loadings and error variances by the covariances, shape (p (p + 1) / 2, 2 p).

    With P the inverse of the model covariance and S the sample's, the maximum has A L = 0 and diag A = 0, where
    A = P - P S P. Both sides are differentiated as they are, so that this holds where the factor does not fit too.
    """
    p = len(loading)
    P = np.linalg.inv(np.outer(loading, loading) + np.diag(unique))
    Q = P @ covariance @ P
    unit = np.eye(p)
    bend = np.empty((2 * p, 2 * p))
    for k in range(2 * p):
        e = unit[k % p]
        moved = np.outer(e, loading) + np.outer(loading, e) if k < p else np.outer(e, e)
        change = -P @ moved @ P + P @ moved @ Q + Q @ moved @ P
        along = change @ loading + ((P - Q) @ e if k < p else 0.0)
        bend[:, k] = np.concatenate([2 * along, np.diag(change)])
    i, j = upper(p)
    at = P @ loading
    towards = np.hstack([2 * (P[i] * at[j][:, None] + P[j] * at[i][:, None]), 2 * P[i] * P[j]])
    towards[i == j] /= 2
    solved: Floats = np.linalg.solve(bend, towards.T).T
    return solved
