"""Customers in firms: what a point of one customer's score tells, and what a point of the firm's mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import expit

from cxstats.arrays import Floats, Ints
from cxstats.errors import TooFewError
from cxstats.simulate.answers import size
from cxstats.simulate.levels import TIGHTEST, cut, level_values, levels_given, normal_nodes
from cxstats.simulate.parameters import at_least, finite, inside, one_of
from cxstats.simulate.tables import intercept, read_only

_CUTS = {5: "csat", 7: "ease"}  # whose levels and shares a satisfaction score of so many points has


@dataclass(frozen=True, kw_only=True, eq=False)
class FirmsTruth:
    """What holds in the population that `firms` draws from.

    Attributes
    ----------
    within : float
        Log-odds of repurchase per point by which a customer's score differs from the firm's true mean.
    between : float
        Log-odds per point of the firm's true mean: what all its customers would answer on average.
    contextual : float
        between - within.
    firm_variance, customer_variance : float
        Of the firms' true means, and of the answers within a firm (on average), in squared points.
    score_icc : float
        Share of the variance of the score that lies between firms.
    spread : float
        SD of the firms' log-odds beside their mean score.
    rate : float
        Share who repurchase.
    level_share, repurchase_at : arrays
        Share of customers at each level of the score, and the share of these who repurchase.
    """

    within: float
    between: float
    contextual: float
    firm_variance: float
    customer_variance: float
    score_icc: float
    spread: float
    rate: float
    level_share: Floats
    repurchase_at: Floats

    def reliability(self, answers: int) -> float:
        """Share of the variance of a firm's mean over so many answers that is not luck."""
        luck = self.customer_variance / size("answers", answers)
        return self.firm_variance / (self.firm_variance + luck)


def firms_truth(
    *,
    within: float = 0.3,
    between: float = 0.9,
    icc: float = 0.1,
    spread: float = 0.0,
    points: int = 5,
    repurchase: float = 0.55,
) -> FirmsTruth:
    """The population quantities behind `firms`, whose parameters these are: integrals by quadrature, to 1e-10."""
    _check(within, between, icc, spread, points, repurchase)
    return _population(within, between, icc, spread, points, repurchase).truth


def firms(
    n_firms: int,
    *,
    rng: int | np.random.Generator,
    answers: int | Sequence[int] | Ints = 40,
    within: float = 0.3,
    between: float = 0.9,
    icc: float = 0.1,
    spread: float = 0.0,
    points: int = 5,
    repurchase: float = 0.55,
) -> Any:
    """Simulated customers of many firms, whose repurchase goes with their own score and with their firm's mean.

    Use it to see whether a method finds the effect of a firm's mean apart from that of a customer's score,
    and what the mean over few answers makes of it.

    Parameters
    ----------
    n_firms : int
        Number of firms.
    rng : int or numpy Generator
        The seed, or the generator to draw from.
    answers : int, or sequence or array of int
        Customers of each firm: one number for all, or one per firm.
    within, between : float
        Log-odds of repurchase per point of the customer's difference from the firm's true mean, and per
        point of that mean. Equal values: the firm's mean tells nothing beyond the customer's score.
    icc : float
        Share of the variance of the latent satisfaction that lies between firms, strictly between 0 and .9.
    spread : float
        SD of a firm's log-odds beside its mean score. Above 0 the slopes hold within a firm, given the
        spread; a model without random intercepts then finds them somewhat smaller.
    points : {5, 7}
        Satisfaction from 1 to 5 or to 7.
    repurchase : float
        Share who repurchase, over all firms.

    Returns
    -------
    pandas.DataFrame
        firm (a number), csat, repurchase 0/1.

    Raises
    ------
    RoleError
        A parameter is out of its range.
    TooFewError
        ``n_firms`` or ``answers`` is not a whole number from 1 up, or not one number per firm.

    Notes
    -----
    The firm's true mean is the mean of the answers on the scale itself, so that the slopes are exact. With
    the mean of m observed answers in its place, the contextual effect shrinks by about the reliability of
    that mean, ``firms_truth().reliability(m)`` [1]_.

    References
    ----------
    .. [1] Lüdtke et al. (2008). Psychological Methods 13, 203-229. doi:10.1037/a0012869

    Examples
    --------
    >>> import cxstats as cx
    >>> cx.simulate.firms(60, rng=1, answers=20).shape
    (1200, 3)
    >>> cx.simulate.firms_truth(within=0.25, between=1.0).contextual
    0.75
    """
    import pandas as pd

    _check(within, between, icc, spread, points, repurchase)
    each = _answers(size("n_firms", n_firms), answers)
    people = _population(within, between, icc, spread, points, repurchase)
    generator = np.random.default_rng(rng)
    firm_latent, firm_spread = generator.standard_normal((2, n_firms))
    firm = np.repeat(np.arange(n_firms, dtype=np.int64), each)
    own = generator.standard_normal(len(firm))
    score = cut(_CUTS[points], np.sqrt(icc) * firm_latent[firm] + np.sqrt(1 - icc) * own)
    mean = _given(points, icc, firm_latent) @ level_values(_CUTS[points])
    constant = people.constant + (between - within) * mean + spread * firm_spread
    chance = expit(constant[firm] + within * score)
    outcome = (generator.random(len(firm)) < chance).astype(np.int64)
    return pd.DataFrame({"firm": firm, "csat": score, "repurchase": outcome})


@dataclass(frozen=True)
class _Population:
    """The truth, and the constant of the log-odds."""

    truth: FirmsTruth
    constant: float


@lru_cache(maxsize=64)
def _population(
    within: float, between: float, icc: float, spread: float, points: int, repurchase: float
) -> _Population:
    value, share = normal_nodes()
    levels, given = level_values(_CUTS[points]), _given(points, icc, value)
    mean = given @ levels
    variance = given @ levels**2 - mean**2
    overall = share @ mean
    firm_variance, customer_variance = float(share @ (mean - overall) ** 2), float(share @ variance)
    # Axes: the firm's latent satisfaction, the level, the firm's spread.
    other, other_share = (value, share) if spread else (np.zeros(1), np.ones(1))
    index = ((between - within) * mean[:, None] + within * levels)[..., None] + spread * other
    joint = (share[:, None] * given)[..., None] * other_share
    constant = intercept(index, joint, repurchase)
    good = joint * expit(constant + index)
    level_share = joint.sum(axis=(0, 2))
    return _Population(
        FirmsTruth(
            within=within,
            between=between,
            contextual=between - within,
            firm_variance=firm_variance,
            customer_variance=customer_variance,
            score_icc=firm_variance / (firm_variance + customer_variance),
            spread=spread,
            rate=float(good.sum()),
            level_share=read_only(level_share),
            repurchase_at=read_only(good.sum(axis=(0, 2)) / level_share),
        ),
        constant,
    )


def _given(points: int, icc: float, firm: Floats) -> Floats:
    """P(level) of a customer of each firm."""
    return levels_given(_CUTS[points], np.sqrt(icc) * firm, float(np.sqrt(1 - icc)))


def _answers(n_firms: int, answers: int | Sequence[int] | Ints) -> Ints:
    """Customers of each firm."""
    if not isinstance(answers, Sequence | np.ndarray):
        return np.full(n_firms, size("answers", answers), dtype=np.int64)
    each = [size("each of answers", number) for number in answers]
    if len(each) != n_firms:
        raise TooFewError(f"answers must hold one number per firm, but it holds {len(each)} for {n_firms}.")
    return np.array(each, dtype=np.int64)


def _check(within: float, between: float, icc: float, spread: float, points: int, repurchase: float) -> None:
    finite("within", within)
    finite("between", between)
    inside("icc", icc, 0, TIGHTEST)
    at_least("spread", spread, 0)
    one_of("points", points, tuple(_CUTS))
    inside("repurchase", repurchase, 0, 1)
