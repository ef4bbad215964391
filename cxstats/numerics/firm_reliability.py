"""The mean score of a firm as a measurement: how much of its spread is luck, and what is left without it.

m = t + e: the observed mean of n customers is the firm's true mean t, with variance tau^2 over firms, plus luck
with variance sigma^2 / n. The best guess of t is the observed mean drawn towards what firms like it have.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from cxstats.arrays import Floats, Ints

_SAME = 1e-10  # singular values, relative to the largest, below which a column repeats others


@dataclass(frozen=True)
class FirmMeans:
    """Observed and corrected means of F firms, from a one-way analysis of variance.

    Attributes
    ----------
    size : int array, shape (F,)
        Customers of each firm.
    observed, corrected : array, shape (F,)
        Corrected ones are not a number where firms differ no more than luck would have it.
    within_variance, between_variance : float
        sigma^2 and tau^2; tau^2 is given as it comes out, which may be below 0.
    p_value : float
        F test that firms do not differ.
    slope : array, shape (F, 2 + r)
        Derivatives of the corrected means in sigma^2, tau^2 and the r coefficients of what is expected of a firm.
    influence : array, shape (F, 2 + r)
        Influence of each firm on these parameters.
    """

    size: Ints
    observed: Floats
    corrected: Floats
    within_variance: float
    between_variance: float
    p_value: float
    slope: Floats
    influence: Floats

    @property
    def reliability(self) -> float:
        """Share of the variance of the observed means that is not luck, 0 or above."""
        tau2 = max(self.between_variance, 0.0)
        return tau2 / (tau2 + self.within_variance * float(np.mean(1 / self.size)))

    @property
    def icc(self) -> float:
        """Share of the variance of the scores that lies between firms, 0 or above."""
        tau2 = max(self.between_variance, 0.0)
        return tau2 / (tau2 + self.within_variance)

    @property
    def between_error(self) -> float:
        """Standard error of the variance between firms."""
        return float(np.sqrt((self.influence[:, 1] ** 2).sum()))


def firm_means(score: Floats, count: Ints, firm: Ints, expected: Floats | None = None) -> FirmMeans:
    """Means per firm, their reliability, and the means corrected for it.

    Parameters
    ----------
    score : array, shape (K,)
        Must vary within some firm.
    count : int array, shape (K,)
    firm : int array, shape (K,)
        Number of each cell's firm, 0 to F - 1, all of which occur.
    expected : array, shape (F, c), optional
        What is known of the firms; their means are drawn towards a regression on it, else to one mean of all.

    Notes
    -----
    sigma^2 is the mean square within firms. With residuals e of the regression of the means on ``expected``,
    weighted by n, and its leverages h: tau^2 = (sum n e^2 - (F - r) sigma^2) / sum n (1 - h), which without
    ``expected`` is (mean square between - mean square within) / n0 of the textbook. The coefficients are then
    fitted again with weights 1 / (tau^2 + sigma^2 / n), and the corrected mean lies the share
    tau^2 / (tau^2 + sigma^2 / n) of the way from what is expected to what was observed.
    """
    size = np.bincount(firm, weights=count).astype(np.int64)
    n = size.astype(np.float64)
    level = float(count @ score / n.sum())
    mean = level + np.bincount(firm, weights=count * (score - level)) / n
    basis = _basis(n, expected)
    firms, r = basis.shape
    squares = np.bincount(firm, weights=count * (score - mean[firm]) ** 2)
    inside = float(n.sum() - firms)
    sigma2 = float(squares.sum()) / inside
    residual = mean - basis @ (basis.T @ (n * mean))
    leverage = n * (basis**2).sum(axis=1)
    scale = float((n * (1 - leverage)).sum())
    between = float((n * residual**2).sum())
    tau2 = (between - (firms - r) * sigma2) / scale
    of_sigma2 = (squares - (n - 1) * sigma2) / inside
    per_firm = n * residual**2 - (1 - leverage) * (sigma2 + n * tau2)
    of_tau2 = (per_firm - (firms - r) * of_sigma2) / scale
    luck = sigma2 / n
    spread = tau2 + luck if tau2 > 0 else np.full(firms, np.nan)
    weighted = basis / spread[:, None]
    inverse = np.linalg.inv(weighted.T @ basis)
    centre = basis @ (inverse @ (weighted.T @ mean))
    share, away = tau2 / spread, mean - centre
    return FirmMeans(
        size=size,
        observed=mean,
        corrected=centre + share * away,
        within_variance=sigma2,
        between_variance=tau2,
        p_value=float(fdtrc(firms - r, inside, between / (firms - r) / sigma2)),
        slope=np.column_stack([-tau2 / n * away / spread**2, luck * away / spread**2, (1 - share)[:, None] * basis]),
        influence=np.column_stack([of_sigma2, of_tau2, (weighted * away[:, None]) @ inverse]),
    )


def _basis(n: Floats, expected: Floats | None) -> Floats:
    """Columns (F, r) that span the mean and what is expected; orthonormal where firms weigh n."""
    root = np.sqrt(n)[:, None]
    ones = np.ones((len(n), 1))
    if expected is None or expected.shape[1] == 0:
        alone: Floats = ones / np.sqrt(n.sum())
        return alone
    share = n / n.sum()
    centred = expected - share @ expected
    width = np.sqrt(share @ centred**2)
    varies = width > 0
    left, values, _ = np.linalg.svd(np.hstack([ones, centred[:, varies] / width[varies]]) * root, full_matrices=False)
    basis: Floats = left[:, values > _SAME * values[0]] / root
    return basis
