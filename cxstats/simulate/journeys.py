"""Simulated journeys: ratings of the touchpoints, of the journey as a whole, satisfaction, and who leaves."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from scipy.special import ndtri

from cxstats.arrays import Floats, Ints
from cxstats.simulate.answers import size
from cxstats.simulate.journey_parameters import Journey, journey_parameters
from cxstats.simulate.journey_population import JourneysTruth, journey_population
from cxstats.simulate.levels import cut
from cxstats.simulate.parameters import from_up_to

_LOADINGS = (0.75, 0.7, 0.65, 0.6)
Top = Literal[5, 10]


def journeys_truth(
    *,
    loadings: Sequence[float] = _LOADINGS,
    factor: float = 0.5,
    own: float = 0.0,
    satisfaction: float = 0.5,
    own_satisfaction: float = 0.0,
    satisfaction_ratio: float | None = None,
    churn: float = 0.4,
    own_churn: float = 0.0,
    churn_ratio: float | None = None,
    rate: float = 0.2,
    unused: float | Sequence[float] = 0.0,
    unused_slope: float = 0.0,
    top: Top = 5,
) -> JourneysTruth:
    """The population quantities behind `journeys`, whose parameters these are.

    The joint distributions are integrals over the factor and the journey's own part (by quadrature; twice as
    many nodes change no figure by more than 1e-12). Given these, all else are finite sums: for the logistic
    regression on k touchpoints over their 5^k, with unused ones up to 6^k, combinations. Branches change nothing.
    """
    given = journey_parameters(
        loadings=loadings,
        factor=factor,
        own=own,
        satisfaction=satisfaction,
        own_satisfaction=own_satisfaction,
        satisfaction_ratio=satisfaction_ratio,
        churn=churn,
        own_churn=own_churn,
        churn_ratio=churn_ratio,
        rate=rate,
        unused=unused,
        unused_slope=unused_slope,
        top=top,
    )
    return journey_population(given)


def journeys(
    n: int,
    *,
    rng: int | np.random.Generator,
    loadings: Sequence[float] = _LOADINGS,
    factor: float = 0.5,
    own: float = 0.0,
    satisfaction: float = 0.5,
    own_satisfaction: float = 0.0,
    satisfaction_ratio: float | None = None,
    churn: float = 0.4,
    own_churn: float = 0.0,
    churn_ratio: float | None = None,
    rate: float = 0.2,
    unused: float | Sequence[float] = 0.0,
    unused_slope: float = 0.0,
    top: Top = 5,
    branches: int | None = None,
    branch_share: float = 0.1,
) -> Any:
    """Simulated journeys whose overall rating predicts better than their touchpoints by a known ratio, or is noise.

    By default there is no journey effect: the journey rating is one more noisy reading of what all touchpoints
    have in common. Use it to see whether a method finds an effect nevertheless. With ``own`` above 0 and a
    ratio, say 1.35, the journey rating's correlation with satisfaction is that many times the one of all
    touchpoints together.

    Parameters
    ----------
    n : int
        Number of journeys.
    rng : int or numpy Generator
        The seed, or the generator to draw from.
    loadings : sequence of float
        Correlation of each touchpoint's latent variable with the common factor, strictly between -.9 and .9;
        2 to 8 touchpoints.
    factor, own : float
        Shares of the latent journey rating's variance: of the common factor, and of a part of the journey's own
        that no touchpoint shows. Both 0 or above, together below .9; the rest is noise.
    satisfaction, churn : float
        Correlation of the factor with latent satisfaction, and with the latent inclination to stay.
    own_satisfaction, own_churn : float
        The same for the journey's own part. The squares of both correlations with one outcome must add up to
        less than .9.
    satisfaction_ratio, churn_ratio : float, optional
        In place of the line before: r with satisfaction (area - 1/2 for churn) of the journey rating over that
        of the best linear combination of all touchpoints.
    rate : float
        Share who churn.
    unused : float or sequence of float
        Share of journeys in which a touchpoint is not used, for all or one by one, in [0, 1).
    unused_slope : float
        By how much the probit of not using a touchpoint rises per SD of the factor, for touchpoints with an
        ``unused`` above 0. Below 0, those with a poor journey skip more.
    top : {5, 10}
        Satisfaction on 1-5 or on 0-10.
    branches : int, optional
        Number of branches, which become the column ``branch``; without, journeys are independent.
    branch_share : float
        Share of the factor's variance that lies between branches, in [0, 1).

    Returns
    -------
    pandas.DataFrame
        branch (if asked for), touchpoint_1 and so on (1-5, missing where not used), journey 1-5, satisfaction,
        churn 0/1 (0 is good). In some journeys no touchpoint may be used at all; the truth is about the others.

    Raises
    ------
    RoleError
        A parameter is out of its range, or a ratio cannot be had with the others.
    TooFewError
        ``n`` or ``branches`` is not a whole number from 1 up.

    Notes
    -----
    Factor F, own part O and all noise are independent standard normal variables. Ratings of 1 to 5 are latent
    variables cut where those of `cohort`'s csat are, satisfaction up to 10 where those of its nps are.

    Examples
    --------
    >>> import cxstats as cx
    >>> list(cx.simulate.journeys(1000, rng=1, branches=20).columns)[:3]
    ['branch', 'touchpoint_1', 'touchpoint_2']
    >>> truth = cx.simulate.journeys_truth(own=0.35, satisfaction_ratio=1.35)
    >>> round(truth.r["all"], 3), round(truth.r["journey"], 3), round(truth.ratio["all"], 6)
    (0.395, 0.534, 1.35)
    """
    import pandas as pd

    given = journey_parameters(
        loadings=loadings,
        factor=factor,
        own=own,
        satisfaction=satisfaction,
        own_satisfaction=own_satisfaction,
        satisfaction_ratio=satisfaction_ratio,
        churn=churn,
        own_churn=own_churn,
        churn_ratio=churn_ratio,
        rate=rate,
        unused=unused,
        unused_slope=unused_slope,
        top=top,
    )
    n = size("n", n)
    generator = np.random.default_rng(rng)
    branch, factors = _factors(n, branches, branch_share, generator)
    columns = {} if branch is None else {"branch": branch}
    return pd.DataFrame({**columns, **_ratings(given, factors, generator)})


def _factors(
    n: int, branches: int | None, branch_share: float, generator: np.random.Generator
) -> tuple[Ints | None, Floats]:
    """The branch and the factor of each journey."""
    share = from_up_to("branch_share", branch_share, 0, 1)
    if branches is None:
        return None, generator.standard_normal(n)
    branch = generator.integers(size("branches", branches), size=n)
    level = generator.standard_normal(branches)[branch]
    return branch + 1, np.sqrt(share) * level + np.sqrt(1 - share) * generator.standard_normal(n)


def _ratings(given: Journey, factor: Floats, generator: np.random.Generator) -> dict[str, Any]:
    """The columns of each journey, of a factor given."""
    n, columns = len(factor), {}
    for name, loading, constant in zip(given.names, given.loadings, given.constants, strict=True):
        rating = cut("csat", _mixed(generator, n, (loading, factor))).astype(np.float64)
        rating[generator.standard_normal(n) < constant + given.unused_slope * factor] = np.nan
        columns[name] = rating if any(given.unused) else rating.astype(np.int64)
    own, people = generator.standard_normal(n), journey_population(given)
    both = (np.sqrt(given.factor), factor), (np.sqrt(given.own), own)
    columns["journey"] = cut("csat", _mixed(generator, n, *both))
    feeling = _mixed(generator, n, (given.satisfaction, factor), (people.own_satisfaction, own))
    columns["satisfaction"] = cut(given.score, feeling)
    staying = _mixed(generator, n, (given.churn, factor), (people.own_churn, own))
    columns["churn"] = (staying < ndtri(given.rate)).astype(np.int64)
    return columns


def _mixed(generator: np.random.Generator, n: int, *parts: tuple[float, Floats]) -> Floats:
    """A latent variable of variance 1: the parts with their correlations, and noise."""
    noise = generator.standard_normal(n) * np.sqrt(1 - sum(weight**2 for weight, _ in parts))
    latent: Floats = noise + sum(weight * values for weight, values in parts)
    return latent
