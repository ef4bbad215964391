"""Simulated customers: one answer each, or several."""

import numbers
from typing import Any

import numpy as np
from scipy.special import ndtri

from cxstats.arrays import Floats
from cxstats.errors import RoleError, TooFewError
from cxstats.simulate.population import SCORES, CohortTruth, population, standardised, truth

_COLUMNS = 2 + len(SCORES)  # latent draws: the propensity, what the scores share, and each score's own


def cohort(
    n: int,
    *,
    rng: int | np.random.Generator,
    nps: float = 0.61,
    csat: float = 0.65,
    ease: float = 0.58,
    repurchase: float = 0.55,
    shortfall: float = 0.08,
    excess: float = 0.0,
    share_met: float = 0.40,
    share_late: float = 0.25,
    halo: float = 0.6,
) -> Any:
    """Customers who were served late, on the day or early, rated it, and came back or did not.

    By default satisfaction predicts repurchase best (by .04 and .07 of area), each day late costs eight
    points of the share who repurchase, and days early add exactly nothing.

    Parameters
    ----------
    n : int
        Number of customers.
    rng : int or numpy Generator
        The seed, or the generator to draw from.
    nps, csat, ease : float
        Strength of each score: its area under the ROC curve for repurchase in the population, .5 for a
        score that knows nothing. Equal values make metrics that are exactly equal in truth.
    repurchase : float
        Share who repurchase among the customers served on the day.
    shortfall : float
        Share who repurchase lost per day late, e.g. .08.
    excess : float
        Share who repurchase gained per day early; 0 is a plateau, above 0 a true effect of delight.
    share_met, share_late : float
        Shares of customers served on the day and late; the rest is early.
    halo : float
        Correlation of what two scores share beside the propensity to repurchase, in [0, 1).

    Returns
    -------
    pandas.DataFrame
        nps 0-10, csat 1-5, ease 1-7 (CES 2.0, up is good), days_early -5 to 5, repurchase 0/1.

    Raises
    ------
    RoleError
        No population has these parameters; the message says what can be had.
    TooFewError
        ``n`` is not a whole number from 1 up.

    Notes
    -----
    Propensity = a(gap) + standard normal; repurchase where it is above 0, with a(gap) such that the share
    is ``repurchase - shortfall * days late + excess * days early``. Each score cuts into levels a latent
    variable: loading times the standardised propensity, plus noise that the scores share in part.

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.simulate.cohort(1000, rng=1)
    >>> list(customers.columns)
    ['nps', 'csat', 'ease', 'days_early', 'repurchase']
    >>> cx.simulate.truth().exceeded_rate - cx.simulate.truth().met_rate
    0.0
    """
    n = size("n", n)
    people = population((nps, csat, ease), repurchase, shortfall, excess, share_met, share_late, halo)
    generator = np.random.default_rng(rng)
    return _answers(people, generator.standard_normal((n, _COLUMNS)), generator)


def clustered(
    customers: int,
    *,
    rng: int | np.random.Generator,
    answers: int = 5,
    same: float = 0.5,
    people: CohortTruth | None = None,
) -> Any:
    """Customers who answered several times: rows as in `cohort`, but dependent within the customer.

    Each row alone is distributed as in `cohort`, so the truth is the same; only intervals that take the
    rows for independent are too narrow.

    Parameters
    ----------
    customers, answers : int
        Number of customers, and of answers of each.
    rng : int or numpy Generator
        The seed, or the generator to draw from.
    same : float
        Share of the variance of every latent variable that belongs to the customer, 0 to 1.
    people : CohortTruth, optional
        What `truth` returned; its default where none is given.

    Returns
    -------
    pandas.DataFrame
        ``customer`` (a number), then the columns of `cohort`; ``customers * answers`` rows.
    """
    customers, answers = size("customers", customers), size("answers", answers)
    if not 0 <= same <= 1:
        raise RoleError(f"same={same:g} must lie between 0 and 1.")
    generator = np.random.default_rng(rng)
    lasting = np.repeat(generator.standard_normal((customers, _COLUMNS)), answers, axis=0)
    passing = generator.standard_normal((customers * answers, _COLUMNS))
    frame = _answers(people or truth(), np.sqrt(same) * lasting + np.sqrt(1 - same) * passing, generator)
    frame.insert(0, "customer", np.repeat(np.arange(customers, dtype=np.int64), answers))
    return frame


def _answers(people: CohortTruth, normal: Floats, generator: np.random.Generator) -> Any:
    """Rows from standard normal columns: the propensity's, the shared noise, and each score's own noise."""
    import pandas as pd

    gap = generator.choice(people.gaps, size=len(normal), p=people.gap_share)
    shift = ndtri(people.repurchase_at)
    propensity = shift[gap - people.gaps[0]] + normal[:, 0]
    standard = standardised(propensity, shift, people.gap_share)
    columns = {}
    for j, (name, scale) in enumerate(SCORES.items()):
        loading = people.loading[name]
        noise = np.sqrt(people.halo) * normal[:, 1] + np.sqrt(1 - people.halo) * normal[:, 2 + j]
        latent = loading * standard + np.sqrt(1 - loading**2) * noise
        columns[name] = np.searchsorted(people.threshold[name], latent).astype(np.int64) + int(scale.low)
    return pd.DataFrame({**columns, "days_early": gap, "repurchase": (propensity > 0).astype(np.int64)})


def size(name: str, value: int) -> int:
    """A number of rows, if it is one."""
    if not isinstance(value, numbers.Integral) or value < 1:
        raise TooFewError(f"{name} must be a whole number from 1 up, but {value!r} was given.")
    return int(value)
