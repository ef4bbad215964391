"""Random effects: what estimates of several groups have in common, and how much the groups differ.

y = mean + b + e with b independent of variance tau^2 and e of the known covariance V, which need not be
diagonal. With K the contrasts free of the mean and K V K' = U diag(spread) U', the contrasts U'K y are
independent with the variances spread + tau^2. REML, Cochran's Q and its profile are sums over them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, chdtri

from cxstats.arrays import Floats
from cxstats.numerics.intervals import Limits, critical

_GRID = 400  # places at which the likelihood is looked at before the best one is refined
_HALVINGS = 200  # of a bracket: to the last digit
_ALIKE = 1e-12  # a variance below this share of the largest is none


@dataclass(frozen=True)
class RandomEffects:
    """The mean over groups and the spread between them.

    Attributes
    ----------
    mean, std_error : float
        The standard error is Knapp's and Hartung's, never below the plain one.
    df : float
        Groups minus one: of the mean's Student's t, and of ``q``.
    tau2 : float
        Variance between groups by REML.
    q, q_p_value : float
        Cochran's test that all groups have the same value.
    i2 : float
        Share of the variance of the estimates that lies between groups, in [0, 1].
    squares, spread : arrays, shape (groups - 1,)
        Squared contrasts free of the mean, and the variances they would have if tau^2 were 0.
    """

    mean: float
    std_error: float
    df: float
    tau2: float
    q: float
    q_p_value: float
    i2: float
    squares: Floats
    spread: Floats


def random_effects(estimate: Floats, covariance: Floats) -> RandomEffects:
    """Fit by REML; not a number throughout where an estimate has no variance of its own.

    Parameters
    ----------
    estimate : array, shape (G,), G at least 2
    covariance : array, shape (G, G)
        Sampling covariance of the estimates, taken as known; diagonal where they are independent.

    Notes
    -----
    Standard error: sqrt(max(1, Q(tau^2) / (G - 1)) / sum of W), W the inverse of V + tau^2 I. The factor is
    Knapp's and Hartung's [1]_; below 1 it would make the interval narrower than one without it, and is
    then left out [2]_. I^2 sets tau^2 against the typical sampling variance (G - 1) / sum of 1 / spread [3]_.

    References
    ----------
    .. [1] Knapp & Hartung (2003). Statistics in Medicine 22, 2693-2710. doi:10.1002/sim.1482
    .. [2] Röver, Knapp & Friede (2015). BMC Med. Res. Methodol. 15, 99. doi:10.1186/s12874-015-0091-1
    .. [3] Higgins & Thompson (2002). Statistics in Medicine 21, 1539-1558. doi:10.1002/sim.1186
    """
    groups = len(estimate)
    variance = np.diag(covariance)
    if variance.min() <= _ALIKE * variance.max():
        nan = float("nan")
        return RandomEffects(nan, nan, groups - 1.0, nan, nan, nan, nan, np.full(groups - 1, nan), variance[1:] * nan)
    contrasts = _free_of_mean(groups)
    spread, vectors = np.linalg.eigh(contrasts @ covariance @ contrasts.T)
    spread = np.maximum(spread, _ALIKE * variance.max())
    squares = (vectors.T @ contrasts @ estimate) ** 2
    tau2 = _reml(squares, spread)
    weight = np.linalg.solve(covariance + tau2 * np.eye(groups), np.ones(groups))
    q, df = float((squares / spread).sum()), groups - 1.0
    factor = max(1.0, float((squares / (spread + tau2)).sum()) / df)
    typical = df / float((1 / spread).sum())
    return RandomEffects(
        mean=float(weight @ estimate / weight.sum()),
        std_error=float(np.sqrt(factor / weight.sum())),
        df=df,
        tau2=tau2,
        q=q,
        q_p_value=float(chdtrc(df, q)),
        i2=tau2 / (tau2 + typical),
        squares=squares,
        spread=spread,
    )


def q_profile(fit: RandomEffects, level: float) -> tuple[float, float]:
    """Limits of tau^2: the values at which Cochran's Q is neither too large nor too small.

    Viechtbauer (2007), doi:10.1002/sim.2514; exact for normal estimates, whether V is diagonal or not. Both
    are 0 where the groups are more alike than chance would have them even without any spread.
    """
    if not np.isfinite(fit.mean):
        return float("nan"), float("nan")
    low, high = (_tau2_at(fit, float(chdtri(fit.df, tail))) for tail in ((1 - level) / 2, (1 + level) / 2))
    return low, high


def prediction(fit: RandomEffects, level: float) -> Limits:
    """Where the true value of a new group would lie, by Student's t with G - 1 degrees.

    Higgins, Thompson & Spiegelhalter (2009), doi:10.1111/j.1467-985X.2008.00552.x; they use G - 2, which does
    not exist for two groups: with G - 1 it agrees with the interval of the mean where tau is 0.
    """
    half = critical(level, fit.df) * np.sqrt(fit.std_error**2 + fit.tau2)
    return Limits(fit.mean - half, fit.mean + half)


def _free_of_mean(groups: int) -> Floats:
    """Orthonormal contrasts (Helmert's), shape (G - 1, G), each adding up to 0."""
    size = np.arange(1, groups)
    rows: Floats = np.tri(groups - 1, groups) - np.eye(groups - 1, groups, k=1) * size[:, None]
    return rows / np.sqrt(size * (size + 1.0))[:, None]


def _reml(squares: Floats, spread: Floats) -> float:
    """The tau^2 >= 0 at which the restricted likelihood is largest; on a grid first, for it may have two tops."""
    # Above the largest excess of a square over its variance the likelihood falls.
    ceiling = float((squares - spread).max())
    if ceiling <= 0:
        return 0.0
    low = min(float(spread.min()), ceiling) * 1e-6
    grid = np.concatenate([[0.0], np.geomspace(low, ceiling, _GRID)])
    total = spread + grid[:, None]
    best = int(np.argmax(-(np.log(total) + squares / total).sum(axis=1)))

    def slope(tau2: float) -> float:
        return float(((squares - spread - tau2) / (spread + tau2) ** 2).sum())

    if best == 0 and slope(0.0) <= 0:
        return 0.0
    return _falling_root(slope, float(grid[max(best - 1, 0)]), float(grid[min(best + 1, _GRID)]))


def _tau2_at(fit: RandomEffects, quantile: float) -> float:
    def excess(tau2: float) -> float:
        return float((fit.squares / (fit.spread + tau2)).sum()) - quantile

    if excess(0.0) <= 0:
        return 0.0
    return _falling_root(excess, 0.0, float(fit.squares.sum()) / quantile)


def _falling_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function that is positive at the low end and negative at the high end crosses 0, by halving."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        if function(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
