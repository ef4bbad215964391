"""Simulated buyers: scores, past behaviour, and how much was bought afterwards."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.special import expit

from cxstats.simulate.answers import size
from cxstats.simulate.levels import TIGHTEST
from cxstats.simulate.loyalty import CONTROLS, METRICS, draw_columns
from cxstats.simulate.parameters import at_least, by_metric, from_up_to, inside
from cxstats.simulate.spending import BASKET, BASKET_SD, FURTHER, USED, SpendersTruth, spending

_LOYALTY = MappingProxyType({"nps": 0.6, "csat": 0.5, "ease": 0.3})
_NOTHING: Mapping[str, float] = MappingProxyType({})


def spenders_truth(
    *,
    loyalty: Mapping[str, float] = _LOYALTY,
    added: Mapping[str, float] = _NOTHING,
    past: float = 0.9,
    halo: float = 0.6,
    repurchase: float = 0.4,
) -> SpendersTruth:
    """The population quantities behind `spenders`, whose parameters these are.

    The joint distribution of scores and past behaviour is an integral over loyalty and halo (by quadrature,
    good to 1e-10); the rest are finite sums over its 332,640 combinations.
    """
    loadings = by_metric("loyalty", loyalty)
    for metric, loading in zip(METRICS, loadings, strict=True):
        inside(f"loyalty[{metric!r}]", loading, -TIGHTEST, TIGHTEST)
    inside("repurchase", repurchase, 0, 1)
    return spending(
        loadings,
        by_metric("added", added),
        at_least("past", past, 0),
        from_up_to("halo", halo, 0, TIGHTEST),
        repurchase,
    )


def spenders(
    n: int,
    *,
    rng: int | np.random.Generator,
    loyalty: Mapping[str, float] = _LOYALTY,
    added: Mapping[str, float] = _NOTHING,
    past: float = 0.9,
    halo: float = 0.6,
    repurchase: float = 0.4,
) -> Any:
    """Simulated buyers whose scores go with later purchases because loyal customers both score high and buy.

    By default every score predicts repurchase, orders and spend, and none adds anything to what past
    behaviour tells already. Use it to see whether a method notices.

    Parameters
    ----------
    n : int
        Number of customers.
    rng : int or numpy Generator
        The seed, or the generator to draw from.
    loyalty : mapping from nps, csat, ease to float
        Correlation of each score's latent variable with loyalty, strictly between -.9 and .9; metrics that
        are not named get 0. Loyalty shows in past behaviour: many prior orders, a long tenure, a recent one.
    added : mapping from nps, csat, ease to float
        Log-odds of buying again per SD of each score, at equal past behaviour; metrics that are not named
        get 0.
    past : float
        SD of the log-odds of buying again that past behaviour accounts for.
    halo : float
        Correlation of what two scores share beside loyalty, in [0, .9).
    repurchase : float
        Share who buy again.

    Returns
    -------
    pandas.DataFrame
        nps 0-10, csat 1-5, ease 1-7 (up is good); the controls prior_orders 0-8, tenure 0-7 (years) and
        recency 1-12 (weeks since the last order); the outcomes repurchase 0/1, orders 0-10 and spend, which
        are 0 for those who do not buy again.

    Raises
    ------
    RoleError
        A parameter is out of its range, or a mapping names another metric.
    TooFewError
        ``n`` is not a whole number from 1 up.

    Notes
    -----
    The log-odds of buying again are linear in the controls and in the scores. A buyer places one order and
    each of 9 more with these log-odds less 2; spend is orders times a log-normal basket (median 40, SD of
    the logarithm .6). So with ``added={}`` a logistic regression of repurchase on the controls is the truth; a
    linear model of spend is not, and may find a trace of a score where it bends the controls wrongly.

    Examples
    --------
    >>> import cxstats as cx
    >>> buyers = cx.simulate.spenders(1000, rng=1)
    >>> list(buyers.columns)
    ['nps', 'csat', 'ease', 'prior_orders', 'tenure', 'recency', 'repurchase', 'orders', 'spend']
    >>> truth = cx.simulate.spenders_truth()
    >>> round(truth.concordance["repurchase"]["nps"], 2), truth.over_past["nps"]
    (0.6, 0.0)
    """
    import pandas as pd

    n = size("n", n)
    people = spenders_truth(loyalty=loyalty, added=added, past=past, halo=halo, repurchase=repurchase)
    generator = np.random.default_rng(rng)
    drawn = draw_columns(n, by_metric("loyalty", loyalty), halo, generator)
    columns = {name: drawn[name] for name in (*METRICS, *CONTROLS)}
    log_odds = people.constant + sum(slope * columns[name] for name, slope in people.log_odds.items())
    buys = generator.random(n) < expit(log_odds)
    orders = np.where(buys, 1 + generator.binomial(FURTHER, expit(USED + log_odds)), 0).astype(np.int64)
    spend = orders * BASKET * np.exp(BASKET_SD * generator.standard_normal(n))
    return pd.DataFrame({**columns, "repurchase": buys.astype(np.int64), "orders": orders, "spend": spend})
