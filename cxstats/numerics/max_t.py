"""The largest of several correlated t statistics: its tail, and the critical value that serves all of them.

Jointly normal (or t) statistics are a length times a direction. The direction is drawn, the length is integrated out
exactly: the tail is smooth in its argument, exact for a single statistic, and has a fraction of the error that whole
draws would have.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri, fdtrc, fdtri

from cxstats.arrays import Floats
from cxstats.numerics.intervals import critical

DIRECTIONS = 20_000
_CHUNK = 4_000_000  # numbers held at once; directions are drawn in order, so the chunk does not change them
_SEED = 20_080_346  # always the same: who asks twice gets the same answer
_NOTHING = 1e-10  # singular values below this part of the largest are rounding


@dataclass(frozen=True)
class MaxT:
    """Distribution of max |T| of q statistics that have the correlations of the contrasts.

    Attributes
    ----------
    share : array, shape (DIRECTIONS,)
        In each direction drawn the largest |statistic| of a vector of length 1.
    rank : int
        Dimensions in which the statistics vary; 0 where none does.
    df : float
        Degrees of freedom of the joint Student's t; infinite for the normal.
    """

    share: Floats
    rank: int
    df: float

    def tail(self, t: Floats | float) -> Floats:
        """P(max |T| >= t) for each t: the p-value adjusted for all q."""
        t = np.abs(np.asarray(t, dtype=np.float64))
        if self.rank == 0:
            return np.where(np.isnan(t), np.nan, np.where(t > 0, 0.0, 1.0))
        return np.array([self._beyond(one).mean() for one in t.ravel()]).reshape(t.shape)

    def critical(self, level: float) -> float:
        """The value that max |T| stays below with probability ``level``."""
        single = float(critical(level, self.df))
        if self.rank <= 1:
            return single
        alpha = 1 - level
        # One statistic alone is below, Scheffé's bound for every contrast above.
        every = fdtri(self.rank, self.df, level) * self.rank if np.isfinite(self.df) else chdtri(self.rank, alpha)
        found: float = brentq(
            lambda t: self._beyond(t).mean() - alpha, 0.99 * single, 1.01 * np.sqrt(every), xtol=1e-12
        )
        return found

    def critical_error(self, level: float) -> float:
        """Monte Carlo standard error of `critical`."""
        if self.rank <= 1:
            return 0.0
        t, step = self.critical(level), 1e-4
        slope = (self._beyond(t - step).mean() - self._beyond(t + step).mean()) / (2 * step)
        return float(self._beyond(t).std(ddof=1) / np.sqrt(len(self.share)) / slope)

    def _beyond(self, t: float) -> Floats:
        """Chance that the length carries each direction beyond t."""
        square = (t / self.share) ** 2
        if np.isfinite(self.df):
            return np.asarray(fdtrc(self.rank, self.df, square / self.rank))
        return np.asarray(chdtrc(self.rank, square))


def max_t(contrasts: Floats, covariance: Floats, df: float = np.inf) -> MaxT:
    """The distribution for contrasts (q, p) of estimates with this covariance (p, p).

    Contrasts without any variation are left out.
    """
    values, vectors = np.linalg.eigh(covariance)
    loads = contrasts @ (vectors * np.sqrt(np.maximum(values, 0.0)))
    error = np.sqrt((loads**2).sum(axis=1))
    varying = error > _NOTHING * error.max(initial=0.0)
    if not varying.any():
        return MaxT(np.ones(1), 0, df)
    left, sizes, _ = np.linalg.svd(loads[varying] / error[varying, None], full_matrices=False)
    rank = int((sizes > _NOTHING * sizes[0]).sum())
    return MaxT(_shares(left[:, :rank] * sizes[:rank]), rank, df)


def _shares(loads: Floats) -> Floats:
    """In each direction drawn the largest |statistic|; ``loads`` (q, rank) has rows of length 1."""
    rng = np.random.default_rng(_SEED)
    size = max(1, _CHUNK // len(loads))
    found = []
    for first in range(0, DIRECTIONS, size):
        drawn = rng.standard_normal((min(size, DIRECTIONS - first), loads.shape[1]))
        drawn /= np.sqrt((drawn**2).sum(axis=1, keepdims=True))
        found.append(np.abs(drawn @ loads.T).max(axis=1))
    return np.concatenate(found)
