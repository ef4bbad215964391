"""One factor in several segments, by maximum likelihood from means and covariances.

In segment g score i has the mean t_i + l_i k_g and scores i, j the covariance l_i l_j f_g + (u_i if i = j), with
loadings l, intercepts t, unique variances u, and the factor's mean k and variance f. A pattern says which of
these are the same in all segments.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.newton import Point, climb
from cxstats.numerics.segment_moments import SegmentMoments, upper

_NOTHING = 1e-8  # a variance at or below this share of the score's own is none
_FLAT = 1e-10  # an eigenvalue of the information (of unit diagonal) below which a direction is flat


@dataclass(frozen=True)
class Pattern:
    """Which parameters of S segments are free, and which are shared.

    The 3 p + 2 parameters of a segment are p loadings, p intercepts, p unique variances, and the factor's mean
    and variance.

    Attributes
    ----------
    index : int array, shape (S, 3 p + 2)
        Number of each in the vector of free parameters; ``size`` where it is fixed, at 0 (the factor's mean) or
        1 (its variance).
    size : int
        Number of free parameters.
    """

    index: Ints
    size: int

    @property
    def p(self) -> int:
        """Number of scores."""
        return int(self.index.shape[1] - 2) // 3

    @property
    def df(self) -> int:
        """Moments minus free parameters."""
        S, p = len(self.index), self.p
        return S * p * (p + 3) // 2 - self.size

    def spread(self, parameters: Floats) -> Floats:
        """The parameters of every segment, shape (S, 3 p + 2)."""
        full: Floats = np.append(parameters, 0.0)[self.index]
        full[self.index[:, -1] == self.size, -1] = 1.0
        return full

    def gather(self, full: Floats) -> Floats:
        """The free parameters: means over the segments that share one."""
        sums = np.bincount(self.index.ravel(), weights=full.ravel(), minlength=self.size + 1)
        return np.asarray(sums / np.maximum(np.bincount(self.index.ravel(), minlength=self.size + 1), 1))[:-1]


def pattern(own_loading: Bools, own_intercept: Bools, *, variance: bool, mean: bool) -> Pattern:
    """The pattern in which the marked loadings and intercepts (S, p) are a segment's own, the others shared.

    ``variance`` and ``mean``: whether those of the factor are free in all segments but the first.
    """
    S, p = own_loading.shape
    segment = np.arange(1, S + 1)[:, None]
    unique = np.ones((S, p), dtype=bool)
    own = np.hstack([own_loading, own_intercept, unique, np.ones((S, 2), dtype=bool)])
    key = np.arange(3 * p + 2) * (S + 1) + np.where(own, segment, 0)
    fixed = np.zeros(key.shape, dtype=bool)
    fixed[:, -2], fixed[:, -1] = not mean, not variance
    fixed[0, -2:] = True
    index = np.empty(key.shape, dtype=np.int64)
    found, index[~fixed] = np.unique(key[~fixed], return_inverse=True)
    index[fixed] = len(found)
    return Pattern(index, len(found))


@dataclass(frozen=True)
class Local:
    """What the likelihood does in each segment, as a function of its own 3 p + 2 parameters.

    Attributes
    ----------
    likelihood : float
    discrepancy : float
        The normal-theory chi-square.
    score : array, shape (S, 3 p + 2)
    information : array, shape (S, 3 p + 2, 3 p + 2)
        Expected.
    jacobian : array, shape (S, q, 3 p + 2)
        Of the moments.
    weight : array, shape (S, q, q)
        Rows times the normal-theory weight of the moments: inverse of their covariance if scores were normal.
    """

    likelihood: float
    discrepancy: float
    score: Floats
    information: Floats
    jacobian: Floats
    weight: Floats


@dataclass(frozen=True)
class Flaw:
    """Why there is no fit: no maximum, or a variance that came out at or below 0 in a segment."""

    kind: Literal["no maximum", "unique variance", "factor variance"]
    segment: int = -1
    metric: int = -1


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes
    ----------
    pattern : Pattern
    full : array, shape (S, 3 p + 2)
    local : Local
    bread : array, shape (m, m)
        Inverse of the expected information.
    lifted : array, shape (S q, m)
        Weight times Jacobian by the free parameters.
    """

    pattern: Pattern
    full: Floats
    local: Local
    bread: Floats
    lifted: Floats

    @property
    def chi_square(self) -> float:
        """Normal theory."""
        return max(self.local.discrepancy, 0.0)


def start(moments: SegmentMoments) -> Floats:
    """Parameters to start from: the first principal axis of each segment, turned towards better scores."""
    S, p = moments.mean.shape
    full = np.zeros((S, 3 * p + 2))
    variance = np.diagonal(moments.covariance, axis1=1, axis2=2)
    error = np.sqrt(variance)
    correlation = moments.covariance / (error[:, :, None] * error[:, None, :])
    values, axes = np.linalg.eigh(correlation)
    rest = np.minimum((p - values[:, -1]) / (p - 1), values[:, -1])
    loading = axes[:, :, -1] * np.sqrt(values[:, -1] - rest)[:, None]
    loading = np.clip(loading * np.where(loading.sum(axis=1) < 0, -1, 1)[:, None], -0.9, 0.9)
    full[:, :p], full[:, p : 2 * p] = loading * error, moments.mean
    full[:, 2 * p : 3 * p] = variance * (1 - loading**2)
    full[:, -1] = 1
    return full


def fit(moments: SegmentMoments, shape: Pattern, near: Floats) -> Fit | Flaw:
    """Fit the pattern, climbing from parameters (S, 3 p + 2) that are near."""
    climbed = climb(lambda parameters: _point(moments, shape, parameters), shape.gather(near), moments.n)
    full = shape.spread(climbed.top.parameters)
    local = local_at(moments, full)
    if local is None or not climbed.converged:
        return Flaw("no maximum")
    flaw = _improper(moments, full)
    if flaw is not None:
        return flaw
    information = climbed.top.information
    scale = np.sqrt(np.diag(information))
    if (scale == 0).any() or np.linalg.eigvalsh(information / np.outer(scale, scale))[0] < _FLAT:
        return Flaw("no maximum")
    bread: Floats = np.linalg.inv(information).astype(np.float64)
    return Fit(shape, full, local, bread, _lifted(shape, local))


def local_at(moments: SegmentMoments, full: Floats) -> Local | None:
    """Likelihood and derivatives of every segment; None where a model covariance is not positive definite."""
    p = moments.mean.shape[1]
    loading, intercept, unique, mean, variance = split(full)
    model = variance[:, None, None] * loading[:, :, None] * loading[:, None, :] + unique[:, :, None] * np.eye(p)
    try:
        root = np.linalg.cholesky(model)
        inverse: Floats = np.linalg.inv(model).astype(np.float64)
    except np.linalg.LinAlgError:
        return None
    gap = moments.mean - intercept - loading * mean[:, None]
    second = moments.covariance + gap[:, :, None] * gap[:, None, :]
    log_det = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    trace = np.einsum("sij,sij->s", inverse, second)
    sample_log_det = np.linalg.slogdet(moments.covariance)[1]
    i, j = upper(p)
    jacobian = _jacobian(loading, mean, variance)
    weight = normal_weight(inverse) * moments.rows[:, None, None]
    apart = np.hstack([gap, (second - model)[:, i, j]])
    lifted = np.swapaxes(jacobian, 1, 2) @ weight
    return Local(
        likelihood=-float(moments.rows @ (log_det + trace + p * np.log(2 * np.pi))) / 2,
        discrepancy=float(moments.rows @ (log_det - sample_log_det + trace - p)),
        score=(lifted @ apart[:, :, None])[:, :, 0],
        information=lifted @ jacobian,
        jacobian=jacobian,
        weight=weight,
    )


def split(full: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Loadings, intercepts and unique variances (S, p), the factor's mean and variance (S,)."""
    p = (full.shape[1] - 2) // 3
    return full[:, :p], full[:, p : 2 * p], full[:, 2 * p : 3 * p], full[:, -2], full[:, -1]


def normal_weight(inverse: Floats) -> Floats:
    """Inverse covariance of means and covariances of one normal row, shape (S, q, q), from inverse covariances."""
    S, p, _ = inverse.shape
    i, j = upper(p)
    half = np.where(i == j, 0.5, 1.0)
    weight = np.zeros((S, p + len(i), p + len(i)))
    weight[:, :p, :p] = inverse
    row, column = i[:, None], j[:, None]
    pairs = inverse[:, row, i] * inverse[:, column, j] + inverse[:, row, j] * inverse[:, column, i]
    weight[:, p:, p:] = pairs * half[:, None] * half
    return weight


def _jacobian(loading: Floats, mean: Floats, variance: Floats) -> Floats:
    """Derivatives of the moments by the parameters of the same segment, shape (S, q, 3 p + 2)."""
    S, p = loading.shape
    i, j = upper(p)
    jacobian = np.zeros((S, p + len(i), 3 * p + 2))
    one, pair = np.arange(p), p + np.arange(len(i))
    jacobian[:, one, one] = mean[:, None]
    jacobian[:, one, p + one] = 1
    jacobian[:, one, -2] = loading
    jacobian[:, pair, i] += variance[:, None] * loading[:, j]
    jacobian[:, pair, j] += variance[:, None] * loading[:, i]
    jacobian[:, pair[i == j], 2 * p + one] = 1
    jacobian[:, pair, -1] = loading[:, i] * loading[:, j]
    return jacobian


def _point(moments: SegmentMoments, shape: Pattern, parameters: Floats) -> Point | None:
    local = local_at(moments, shape.spread(parameters))
    if local is None:
        return None
    m, at = shape.size, shape.index
    gradient: Floats = np.bincount(at.ravel(), weights=local.score.ravel(), minlength=m + 1)[:m].astype(np.float64)
    information = np.zeros((m + 1, m + 1))
    np.add.at(information, (at[:, :, None], at[:, None, :]), local.information)
    return Point(parameters, local.likelihood, gradient, information[:m, :m])


def _lifted(shape: Pattern, local: Local) -> Floats:
    S, q, _ = local.jacobian.shape
    lifted = np.zeros((S, q, shape.size + 1))
    for s in range(S):
        np.add.at(lifted[s].T, shape.index[s], (local.weight[s] @ local.jacobian[s]).T)
    return lifted[:, :, : shape.size].reshape(S * q, shape.size)


def _improper(moments: SegmentMoments, full: Floats) -> Flaw | None:
    _, _, unique, _, variance = split(full)
    bad = unique <= _NOTHING * np.diagonal(moments.covariance, axis1=1, axis2=2)
    if bad.any():
        segment, metric = np.argwhere(bad)[0]
        return Flaw("unique variance", int(segment), int(metric))
    if (variance <= _NOTHING).any():
        return Flaw("factor variance", int(np.argmax(variance <= _NOTHING)))
    return None
