"""Chi-squares of models of means and covariances, scaled for scores that are not normal and rows that are not alike.

The normal-theory chi-square is divided by its mean under the model, as the sampling covariance of the moments
has it: skewed scores, clusters and weights enter through that covariance alone.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from cxstats.arrays import Floats
from cxstats.numerics.one_factor import Fit
from cxstats.numerics.segment_moments import SegmentMoments, upper


@dataclass(frozen=True)
class ChiSquare:
    """A normal-theory chi-square, its degrees of freedom, and what it is on average beyond normal theory.

    ``scaling`` is NaN without degrees of freedom.
    """

    unscaled: float
    df: int
    scaling: float

    @property
    def scaled(self) -> float:
        """Satorra and Bentler's statistic; 0 without degrees of freedom, where the model fits exactly."""
        return self.unscaled / self.scaling if self.df else 0.0

    @property
    def excess(self) -> float:
        """Normal-theory chi-square beyond what chance brings, at least 0."""
        return max(self.unscaled - self.scaling * self.df, 0.0) if self.df else 0.0

    @property
    def p_value(self) -> float:
        """Upper tail; NaN without degrees of freedom."""
        return float(chdtrc(self.df, self.scaled)) if self.df else float("nan")


def chi_square(moments: SegmentMoments, model: Fit) -> ChiSquare:
    """Satorra & Bentler (1994): the mean of the chi-square is the trace of U times the sampling covariance."""
    df = model.pattern.df
    if df == 0:
        return ChiSquare(model.chi_square, 0, float("nan"))
    S, q, _ = model.local.weight.shape
    blocks = moments.sampling.reshape(S, q, S, q)[np.arange(S), :, np.arange(S)]
    total = float((model.local.weight * blocks).sum())
    spent = float((model.bread * (model.lifted.T @ moments.sampling @ model.lifted)).sum())
    return ChiSquare(model.chi_square, df, (total - spent) / df)


def baseline(moments: SegmentMoments) -> ChiSquare:
    """Of the model in which scores do not go together, means and variances free in every segment."""
    S, p = moments.mean.shape
    variance = np.diagonal(moments.covariance, axis1=1, axis2=2)
    log_det = np.linalg.slogdet(moments.covariance)[1]
    i, j = upper(p)
    apart, q = i != j, p + len(i)
    spread = np.diag(moments.sampling).reshape(S, q)[:, p:]
    mean = moments.rows[:, None] * (spread / (variance[:, i] * variance[:, j]))[:, apart]
    df = S * p * (p - 1) // 2
    unscaled = float(moments.rows @ (np.log(variance).sum(axis=1) - log_det))
    return ChiSquare(unscaled, df, float(mean.sum()) / df)


def difference(tight: ChiSquare, free: ChiSquare) -> ChiSquare:
    """Satorra & Bentler (2001): of a model against a freer one; its scaling can come out at or below 0."""
    df = tight.df - free.df
    rest = free.df * free.scaling if free.df else 0.0
    return ChiSquare(max(tight.unscaled - free.unscaled, 0.0), df, (tight.df * tight.scaling - rest) / df)


def comparative_fit(model: ChiSquare, none: ChiSquare) -> float:
    """The comparative fit index for scores that are not normal; NaN where the scores hardly go together."""
    if none.excess == 0:
        return float("nan")
    return 1 - model.excess / max(none.excess, model.excess)


def root_mean_square_error(model: ChiSquare, segments: int, n: float) -> float:
    """RMSEA for scores that are not normal; NaN without degrees of freedom."""
    if model.df == 0:
        return float("nan")
    return float(np.sqrt(segments * model.excess / (n * model.df)))


def parameter_covariance(moments: SegmentMoments, model: Fit) -> Floats:
    """Sandwich covariance of the free parameters, shape (m, m)."""
    half = model.lifted @ model.bread
    covariance: Floats = half.T @ moments.sampling @ half
    return covariance
