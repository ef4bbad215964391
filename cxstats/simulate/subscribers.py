"""Simulated subscribers: scores, and the time until they cancel."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.simulate.answers import size
from cxstats.simulate.levels import TIGHTEST
from cxstats.simulate.parameters import by_metric, from_up_to, inside, one_of
from cxstats.simulate.population import SCORES
from cxstats.simulate.subscriber_population import (
    METRICS,
    SubscriberParameters,
    SubscribersTruth,
    subscriber_population,
)
from cxstats.simulate.tables import draw_cells

_RATIOS = MappingProxyType({"nps": 0.85, "csat": 0.7, "ease": 0.9})
_LONGEST = 240


def subscribers_truth(
    *,
    hazard_ratio: Mapping[str, float] = _RATIOS,
    months: int = 24,
    monthly: float = 0.03,
    shape: float = 0.8,
    lost: float = 0.01,
    late_entry: bool = True,
    halo: float = 0.5,
) -> SubscribersTruth:
    """The population quantities behind `subscribers`, whose parameters these are.

    The joint distribution of the scores is that of `complements` (good to 1e-10); all else are finite sums over
    its 385 combinations, the months of entry and the months of leaving.
    """
    return subscriber_population(_checked(hazard_ratio, months, monthly, shape, lost, late_entry, halo))


def subscribers(
    n: int,
    *,
    rng: int | np.random.Generator,
    hazard_ratio: Mapping[str, float] = _RATIOS,
    months: int = 24,
    monthly: float = 0.03,
    shape: float = 0.8,
    lost: float = 0.01,
    late_entry: bool = True,
    halo: float = 0.5,
) -> Any:
    """Simulated subscribers who answer a survey and later cancel or stay, with proportional hazards.

    Use it to see what a model of the time until an event finds where entry is delayed and many never cancel.
    By default satisfaction tells most about who cancels.

    Parameters
    ----------
    n : int
        Number of customers.
    rng : int or numpy Generator
        The seed, or the generator to draw from.
    hazard_ratio : mapping from nps, csat, ease to float
        Of cancelling, per SD of each score, the other scores being equal: below 1 the better score stays
        longer. Strictly between .1 and 10; metrics that are not named get 1. With one metric named, the
        others go with staying only through it.
    months : int
        For how many months a customer is watched after the survey at the most, up to 240.
    monthly : float
        Chance that a customer with mean scores cancels in the first month after signup.
    shape : float
        Of the cumulative hazard, which grows with this power of the months since signup: 1 for the same
        chance to cancel in every month, below 1 for one that falls the longer a customer is there.
    lost : float
        Chance to be lost from view at the end of a month, whatever the scores; 0 for nobody.
    late_entry : bool
        Whether the survey is answered 0 to 12 whole months after signup, each as likely and whatever the
        scores, or by all at signup.
    halo : float
        Correlation of the latent variables of any two scores, in [0, .9).

    Returns
    -------
    pandas.DataFrame
        nps 0-10, csat 1-5, ease 1-7 (up is good); entered, the months from signup to the survey, from when a
        customer is watched; months, those from signup to cancelling or to the last month watched, above
        entered; cancelled 0/1.

    Raises
    ------
    RoleError
        A parameter is out of its range, or ``hazard_ratio`` names another metric.
    TooFewError
        ``n`` or ``months`` is not a whole number from 1 up.

    Notes
    -----
    The time to cancelling is Weibull with proportional hazards, recorded as the month in which it falls. Who
    is there at the start of month t cancels in it with chance 1 - (1 - h(t))^(hazard ratio), where h(t) is
    that of mean scores. So the hazard ratios are exactly those of the complementary log-log model of
    person-months [1]_; a Cox model with ties handled approximately comes close. They hold for all scores
    together: with one metric alone, a model finds them only where no other is named. The shares of the
    scores are those among the customers who answer, at any time of entry. Customers without ``cancelled``
    were still there at the end of month ``months``.

    References
    ----------
    .. [1] Prentice & Gloeckler (1978). Biometrics 34, 57-67. doi:10.2307/2529588

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.simulate.subscribers(1000, rng=1)
    >>> list(customers.columns)
    ['nps', 'csat', 'ease', 'entered', 'months', 'cancelled']
    >>> truth = cx.simulate.subscribers_truth()
    >>> truth.best, round(truth.concordance["csat"], 2)
    ('csat', 0.63)
    """
    import pandas as pd

    n = size("n", n)
    given = _checked(hazard_ratio, months, monthly, shape, lost, late_entry, halo)
    generator = np.random.default_rng(rng)
    cells = draw_cells(subscriber_population(given).joint, n, generator)
    ratio = np.exp(sum(step[cell] for step, cell in zip(given.steps(), cells, strict=True)))
    entered = generator.choice(given.entries, size=n)
    cancels = _month_of_cancelling(given, ratio, entered, generator)
    last = entered + _months_watched(given, n, generator)
    scores = {m: cell + int(SCORES[m].low) for m, cell in zip(METRICS, cells, strict=True)}
    left = {"months": np.minimum(cancels, last), "cancelled": (cancels <= last).astype(np.int64)}
    return pd.DataFrame({**scores, "entered": entered, **left})


def _checked(
    hazard_ratio: Mapping[str, float],
    months: int,
    monthly: float,
    shape: float,
    lost: float,
    late_entry: bool,
    halo: float,
) -> SubscriberParameters:
    by_metric("hazard_ratio", hazard_ratio)
    one_of("late_entry", late_entry, (True, False))
    return SubscriberParameters(
        hazard_ratio=tuple(
            inside(f"hazard_ratio[{m!r}]", hazard_ratio[m], 0.1, 10) if m in hazard_ratio else 1.0 for m in METRICS
        ),
        months=int(from_up_to("months", size("months", months), 1, _LONGEST + 1)),
        monthly=inside("monthly", monthly, 1e-12, 1),
        shape=inside("shape", shape, 0.2, 5),
        lost=from_up_to("lost", lost, 0, 1),
        late_entry=bool(late_entry),
        halo=from_up_to("halo", halo, 0, TIGHTEST),
    )


def _month_of_cancelling(
    given: SubscriberParameters, ratio: Floats, entered: Ints, generator: np.random.Generator
) -> Ints:
    """The month since signup in which each cancels; one beyond all watching stands for those after it."""
    beyond = entered + given.months + 1
    hazard = given.cumulative(entered) + generator.standard_exponential(len(entered)) / ratio
    month = np.ceil((np.minimum(hazard, given.cumulative(beyond)) / given.rate) ** (1 / given.shape))
    return np.clip(month.astype(np.int64), entered + 1, beyond)  # whatever was rounded


def _months_watched(given: SubscriberParameters, n: int, generator: np.random.Generator) -> Ints:
    """After entry, unless the customer cancels before."""
    if given.lost == 0:
        return np.full(n, given.months)
    return np.minimum(generator.geometric(given.lost, size=n), given.months)
