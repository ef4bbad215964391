"""Simulated encounters: customers who are wowed now and then, what they expect, and how they rate."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from cxstats.arrays import Floats
from cxstats.simulate.answers import size
from cxstats.simulate.parameters import at_least, finite, from_up_to, inside, one_of

Schedule = Literal["random", "regular"]
Follows = Literal["chance", "bad", "good"]
_SCHEDULES, _FOLLOWS = get_args(Schedule), get_args(Follows)


@dataclass(frozen=True)
class EncountersTruth:
    """What holds of `encounters` by construction.

    Attributes
    ----------
    wow, fade : float
        Points of rating of a first perk, and by how much each earlier perk lowers that.
    backfire : float
        Points by which a customer rates lower once the perk is gone than before the first one.
    ratchet : float
        Points by which a perk raises the next expectation, at the same expectation before.
    sd_within : float
        Standard deviation of one customer's ratings without any perk, trend or season.
    reliability : float
        Share of the variance of single ratings, without any perk, that lies between customers.
    """

    wow: float
    fade: float
    backfire: float
    ratchet: float
    sd_within: float
    reliability: float


def encounters_truth(
    *,
    wow: float = 1.0,
    fade: float = 0.0,
    backfire: float = 0.0,
    ratchet: float = 0.0,
    noise: float = 1.0,
    trait: float = 1.0,
) -> EncountersTruth:
    """What holds of `encounters`, whose parameters these are; the others change none of it."""
    total = trait**2 + noise**2
    return EncountersTruth(wow, fade, backfire, ratchet, noise, trait**2 / total if total else float("nan"))


def encounters(
    n_customers: int,
    *,
    rng: int | np.random.Generator,
    visits: int = 10,
    exposed: float = 0.5,
    schedule: Schedule = "random",
    chance: float = 0.3,
    follows: Follows = "chance",
    strength: float = 2.0,
    wow: float = 1.0,
    wow_spread: float = 0.0,
    fade: float = 0.0,
    backfire: float = 0.0,
    ratchet: float = 0.0,
    persistence: float = 0.5,
    trend: float = 0.0,
    season: float = 0.0,
    noise: float = 1.0,
    trait: float = 1.0,
    missing: float = 0.0,
) -> Any:
    """Simulated encounters with a perk for some customers, at some of them.

    Parameters
    ----------
    n_customers : int
    rng : int or numpy Generator
    visits : int
        Encounters of each customer, who starts in one of four months and comes once a month.
    exposed : float
        Share of the customers who can get the perk, chosen by lot; from 0 up to, but not including, 1.
    schedule : {"random", "regular"}
        A perk now and then; or at every encounter from the first perk on, the second encounter at the earliest, until
        it is taken away after two to four.
    chance : float
        Of a perk at an encounter (with "regular", of the first one) after an average rating.
    follows : {"chance", "bad", "good"}
        Whether the perk comes rather after a bad or a good rating, to which such ratings then regress.
    strength : float
        By how much the log-odds of a perk rise per standard deviation of the last rating's error.
    wow, wow_spread : float
        Points of rating of a first perk: mean, and standard deviation between customers, who get perks the more often
        (with "random") the more these do to them.
    fade : float
        Points by which each earlier perk lowers what a perk does.
    backfire : float
        Points by which a customer rates lower after the last perk than before the first one; with "regular" only.
    ratchet, persistence : float
        Points by which a perk raises the next expectation, and how much of one expectation goes on in the next.
    trend, season : float
        Points of rating per encounter; and of the best month of the year above the mean one.
    noise, trait : float
        Standard deviation of ratings within a customer and between customers.
    missing : float
        Share of the ratings that were not given.

    Returns
    -------
    pandas.DataFrame
        One row per encounter: ``customer``, ``visit`` (1, 2, ...), ``month`` (0, 1, ...), ``perk`` (0 or 1),
        ``expectation`` and ``rating`` (any number), ``schedule``, ``store`` (of ten customers).

    Examples
    --------
    >>> import cxstats as cx
    >>> cx.simulate.encounters(3, rng=1).columns.tolist()
    ['customer', 'visit', 'month', 'perk', 'expectation', 'rating', 'schedule', 'store']
    """
    import pandas as pd

    draw = np.random.default_rng(rng)
    n, visits = size("n_customers", n_customers), size("visits", visits)
    one_of("schedule", schedule, _SCHEDULES)
    one_of("follows", follows, _FOLLOWS)
    for name, share in (("exposed", exposed), ("missing", missing), ("persistence", persistence)):
        from_up_to(name, share, 0, 1)
    for name, value in (("noise", noise), ("trait", trait), ("wow_spread", wow_spread)):
        at_least(name, value, 0)
    for name, value in (("wow", wow), ("fade", fade), ("backfire", backfire), ("ratchet", ratchet)):
        finite(name, value)
    for name, value in (("trend", trend), ("season", season), ("strength", strength)):
        finite(name, value)
    odds = np.log(inside("chance", chance, 0, 1) / (1 - chance))
    can = draw.permutation(n) < round(exposed * n)
    level, own = trait * draw.standard_normal(n), draw.standard_normal(n)
    error, begins = noise * draw.standard_normal((n, visits)), draw.integers(0, 4, n)
    month = begins[:, None] + np.arange(visits)
    before = np.column_stack([draw.standard_normal(n), error[:, :-1] / (noise or 1.0)])
    leaning = odds + {"chance": 0.0, "bad": -1.0, "good": 1.0}[follows] * strength * before
    if schedule == "random":
        leaning = leaning + (own[:, None] if wow_spread else 0.0)
    drawn = can[:, None] & (draw.random((n, visits)) < 1 / (1 + np.exp(-leaning)))
    perk = drawn if schedule == "random" else _in_a_row(drawn, draw.integers(2, 5, n))
    earlier = np.cumsum(perk, axis=1) - perk
    gone = (~perk) & (earlier > 0) if schedule == "regular" else np.zeros_like(perk)
    rating = level[:, None] + error + perk * (wow + wow_spread * own[:, None] - fade * earlier) - backfire * gone
    rating = rating + trend * np.arange(visits) + season * np.cos(2 * np.pi * month / 12)
    rating[draw.random((n, visits)) < missing] = np.nan
    expectation = _expected(draw, perk, level, ratchet, persistence)
    return pd.DataFrame(
        {
            "customer": np.repeat(np.arange(1, n + 1), visits),
            "visit": np.tile(np.arange(1, visits + 1), n),
            "month": month.ravel(),
            "perk": perk.ravel().astype(np.int64),
            "expectation": expectation.ravel(),
            "rating": rating.ravel(),
            "schedule": schedule,
            "store": np.repeat(np.arange(n) // 10 + 1, visits),
        }
    )


def _in_a_row(drawn: Any, long: Any) -> Any:
    """From the first drawn encounter on, so many perks one after the other, then none."""
    visits, drawn = drawn.shape[1], drawn & (np.arange(drawn.shape[1]) > 0)
    start = np.where(drawn.any(axis=1), drawn.argmax(axis=1), visits)
    place = np.arange(visits)
    return (place >= start[:, None]) & (place < (start + long)[:, None])


def _expected(draw: np.random.Generator, perk: Any, level: Floats, ratchet: float, persistence: float) -> Floats:
    """What is expected before each encounter: it goes on in the next one, and a perk raises it."""
    n, visits = perk.shape
    expected = np.empty((n, visits))
    expected[:, 0] = level + draw.standard_normal(n)
    for t in range(1, visits):
        carried = persistence * expected[:, t - 1] + (1 - persistence) * level
        expected[:, t] = carried + ratchet * perk[:, t - 1] + np.sqrt(1 - persistence**2) * draw.standard_normal(n)
    return expected
