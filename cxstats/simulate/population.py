"""The population of simulated customers: its parameters, and every quantity that follows from them.

Propensity to repurchase = a(gap) + standard normal. Each score cuts a latent variable into levels: loading
times the standardised propensity, plus noise. Given the gap all of them are normal, so the joint
distribution of a score and the outcome is an integral over one variable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import ndtr, ndtri

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import RoleError
from cxstats.scales import CSAT5, EASE7, NPS

SCORES = {"nps": NPS, "csat": CSAT5, "ease": EASE7}
# Shares of the levels of each score, from the lowest to the highest: most customers are content.
_LEVELS = {
    "nps": (0.02, 0.01, 0.02, 0.02, 0.03, 0.07, 0.08, 0.15, 0.23, 0.17, 0.20),
    "csat": (0.04, 0.07, 0.16, 0.43, 0.30),
    "ease": (0.03, 0.04, 0.07, 0.13, 0.20, 0.30, 0.23),
}
# Days early: how the late and the early customers spread over -5 ... -1 and 1 ... 5.
_LATE = np.array([2, 3, 4, 6, 10]) / 25
_EARLY = np.array([10, 9, 7, 5, 4]) / 35
FAR = 9.0  # a standard normal variable lies beyond with probability 1e-19
_NODES = 100  # per gap and outcome; twice as many change no result by more than 1e-12
_TIGHTEST = 0.995  # the strongest tie between a score and the propensity to repurchase


@dataclass(frozen=True, kw_only=True, eq=False)
class CohortTruth:
    """What holds in the population that `cohort` draws from.

    Attributes
    ----------
    auc : mapping from metric to float
        Area under the ROC curve of the raw score for repurchase.
    correlation : mapping from metric to float
        Pearson correlation of the raw score with repurchase (0/1).
    loading : mapping from metric to float
        Correlation of the score's latent variable with the latent propensity to repurchase.
    level_share, threshold : mapping from metric to array
        Share of customers at each level; the cuts of the latent variable between the levels.
    gaps, gap_share, repurchase_at : arrays, shape (11,)
        Days early -5 ... 5, the share of customers at each, and the share of these who repurchase.
    rate, late_rate, met_rate, exceeded_rate : float
        Share who repurchase: of all, and of those served late, on the day, early.
    slope_below, slope_above : float
        Change of the share who repurchase per day, below and above 0: exact, since the shares lie on
        two straight lines that meet at 0.
    gap_sd, outcome_sd : float
        Standard deviations of days early and of repurchase.
    asymmetry : float
        (slope_below - slope_above) in SD of repurchase per SD of days early.
    halo : float
        Correlation of what two scores share beside the propensity.
    """

    auc: Mapping[str, float]
    correlation: Mapping[str, float]
    loading: Mapping[str, float]
    level_share: Mapping[str, Floats]
    threshold: Mapping[str, Floats]
    gaps: Ints
    gap_share: Floats
    repurchase_at: Floats
    rate: float
    late_rate: float
    met_rate: float
    exceeded_rate: float
    slope_below: float
    slope_above: float
    gap_sd: float
    outcome_sd: float
    asymmetry: float
    halo: float


def truth(
    *,
    nps: float = 0.61,
    csat: float = 0.65,
    ease: float = 0.58,
    repurchase: float = 0.55,
    shortfall: float = 0.08,
    excess: float = 0.0,
    share_met: float = 0.40,
    share_late: float = 0.25,
    halo: float = 0.6,
) -> CohortTruth:
    """The population quantities behind `cohort`, whose parameters these are.

    Integrals over the latent propensity are computed by Gauss-Legendre quadrature; the areas are those
    asked for to 1e-10, shares and correlations good to 1e-9.
    """
    return population((nps, csat, ease), repurchase, shortfall, excess, share_met, share_late, halo)


@lru_cache(maxsize=256)
def population(
    strengths: tuple[float, float, float],
    repurchase: float,
    shortfall: float,
    excess: float,
    share_met: float,
    share_late: float,
    halo: float,
) -> CohortTruth:
    """`truth` by position, so that drawing many cohorts from one population solves for its loadings once."""
    gaps = np.arange(-5, 6)
    share = _gap_share(share_met, share_late)
    at = _repurchase_at(gaps, repurchase, shortfall, excess)
    if not 0 <= halo < 1:
        raise RoleError(f"halo={halo:g} must lie from 0 up to, but not including, 1.")
    propensity = _nodes(ndtri(at), share)
    fits = {name: _fit(name, auc, propensity) for name, auc in zip(SCORES, strengths, strict=True)}
    rate = float(share @ at)
    gap_sd = float(np.sqrt(share @ gaps**2 - (share @ gaps) ** 2))
    outcome_sd = float(np.sqrt(rate * (1 - rate)))
    late, early = gaps < 0, gaps > 0
    return CohortTruth(
        auc=MappingProxyType({name: _area(fit.joint) for name, fit in fits.items()}),
        correlation=MappingProxyType({name: _correlation(fit.joint) for name, fit in fits.items()}),
        loading=MappingProxyType({name: fit.loading for name, fit in fits.items()}),
        level_share=MappingProxyType({name: _fixed(fit.joint.sum(axis=1)) for name, fit in fits.items()}),
        threshold=MappingProxyType({name: _fixed(_thresholds(name)) for name in fits}),
        gaps=_fixed(gaps),
        gap_share=_fixed(share),
        repurchase_at=_fixed(at),
        rate=rate,
        late_rate=float(share[late] @ at[late] / share[late].sum()),
        met_rate=repurchase,
        exceeded_rate=repurchase + excess * float(share[early] @ gaps[early] / share[early].sum()),
        slope_below=shortfall,
        slope_above=excess,
        gap_sd=gap_sd,
        outcome_sd=outcome_sd,
        asymmetry=(shortfall - excess) * gap_sd / outcome_sd,
        halo=halo,
    )


def _gap_share(share_met: float, share_late: float) -> Floats:
    """Share of customers at -5 ... 5 days early."""
    share_early = 1 - share_met - share_late
    if not (share_met > 0 and share_late > 0 and share_early > 0):
        raise RoleError(f"share_late={share_late:g} and share_met={share_met:g} must be positive and together below 1.")
    return np.concatenate([_LATE * share_late, [share_met], _EARLY * share_early])


def _repurchase_at(gaps: Ints, repurchase: float, shortfall: float, excess: float) -> Floats:
    """Share who repurchase at each gap: two straight lines that meet at 0."""
    at: Floats = repurchase + shortfall * np.minimum(gaps, 0) + excess * np.maximum(gaps, 0)
    if not (at.min() > 0 and at.max() < 1):
        raise RoleError(
            "The share who repurchase must lie strictly between 0 and 1 at every gap, but it would be "
            f"{at[0]:.3g} at -5 days and {at[-1]:.3g} at 5 days."
            f"\nChange repurchase={repurchase:g}, shortfall={shortfall:g} or excess={excess:g}."
        )
    return at


@dataclass(frozen=True)
class _Propensity:
    """Quadrature nodes of the latent propensity: value (standardised), share of customers, good or not."""

    value: Floats
    share: Floats
    good: Bools


def _nodes(shift: Floats, gap_share: Floats) -> _Propensity:
    """Gauss-Legendre nodes for each gap, on either side of the point where customers repurchase."""
    nodes, weights = leggauss(_NODES)
    far = np.full_like(shift, FAR)
    low, high = np.stack([-far, -shift], axis=1)[..., None], np.stack([-shift, far], axis=1)[..., None]
    own = low + (high - low) * (nodes + 1) / 2  # the part of the propensity that is the customer's own
    density = np.exp(-(own**2) / 2) / np.sqrt(2 * np.pi)
    share = gap_share[:, None, None] * (high - low) / 2 * weights * density
    value = standardised(shift[:, None, None] + own, shift, gap_share)
    good = np.broadcast_to(np.array([False, True])[:, None], own.shape)
    return _Propensity(value.ravel(), share.ravel(), good.ravel())


def standardised(propensity: Floats, shift: Floats, gap_share: Floats) -> Floats:
    """The propensity with mean 0 and variance 1 over all customers."""
    mean = gap_share @ shift
    result: Floats = (propensity - mean) / np.sqrt(1 + gap_share @ (shift - mean) ** 2)
    return result


@dataclass(frozen=True)
class _Fit:
    """The loading of a score, and the joint distribution of level and outcome, shape (levels, 2)."""

    loading: float
    joint: Floats


def _fit(name: str, auc: float, propensity: _Propensity) -> _Fit:
    """Find the loading at which the score has the area asked for."""
    from scipy.optimize import brentq

    cuts = _thresholds(name)
    lowest, highest = (_area(_joint(end, cuts, propensity)) for end in (-_TIGHTEST, _TIGHTEST))
    if not lowest < auc < highest:
        raise RoleError(
            f"{name}={auc:g} must lie between {lowest:.3g} and {highest:.3g}, the areas that a score of "
            f"{len(_LEVELS[name])} levels can have here.\nA score that knows nothing has the area 0.5."
        )
    loading = float(brentq(lambda x: _area(_joint(x, cuts, propensity)) - auc, -_TIGHTEST, _TIGHTEST, xtol=1e-13))
    return _Fit(loading, _joint(loading, cuts, propensity))


def _thresholds(name: str) -> Floats:
    return ndtri(np.cumsum(_LEVELS[name])[:-1])


def _joint(loading: float, cuts: Floats, propensity: _Propensity) -> Floats:
    """P(level, outcome): one row per level, columns bad and good."""
    below = ndtr((cuts[:, None] - loading * propensity.value) / np.sqrt(1 - loading**2))
    share = np.stack([propensity.share * ~propensity.good, propensity.share * propensity.good], axis=1)
    cumulative = np.concatenate([np.zeros((1, 2)), below @ share, share.sum(axis=0, keepdims=True)])
    joint: Floats = np.diff(cumulative, axis=0)
    return joint


def _area(joint: Floats) -> float:
    """P(level of a good > level of a bad) + P(equal) / 2."""
    bad, good = (joint / joint.sum(axis=0)).T
    return float(good @ (np.cumsum(bad) - bad / 2))


def _correlation(joint: Floats) -> float:
    """Pearson correlation of level and outcome."""
    level, share, rate = np.arange(len(joint)), joint.sum(axis=1), joint[:, 1].sum()
    variance = share @ level**2 - (share @ level) ** 2
    return float((level @ joint[:, 1] - share @ level * rate) / np.sqrt(variance * rate * (1 - rate)))


_Array = TypeVar("_Array", bound=np.ndarray[Any, Any])


def _fixed(values: _Array) -> _Array:
    values.flags.writeable = False
    return values
