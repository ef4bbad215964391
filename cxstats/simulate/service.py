"""Simulated contacts with service: problems, complaints, effort, attempts to wow, and who comes back."""

from typing import Any

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.simulate.answers import size
from cxstats.simulate.levels import cut
from cxstats.simulate.service_parameters import (
    COST,
    COST_SD,
    GAP_SHARE,
    GAPS,
    HANDLING,
    HANDLING_SD,
    LOYAL,
    REPEATS,
    TENURE,
    TRANSFERS,
    WAIT,
    WAIT_SD,
    Pair,
    ServiceParameters,
    csat_mean,
    ease_mean,
    service_parameters,
)
from cxstats.simulate.service_population import ServiceTruth, population, service_population


def service_truth(
    *,
    problem: float = 0.3,
    silent: float = 0.78,
    put_right: Pair = (0.6, 0.2),
    contact: float = 0.45,
    moved: Pair = (0.46, 0.12),
    moved_without: Pair = (0.25, 0.25),
    attempt: float = 0.16,
    failure: Pair = (0.10, 0.20),
    cost_ratio: float = 1.15,
    handling_ratio: float = 2.0,
    wait: float = 2.0,
    repurchase: float = 0.55,
    effort: Pair = (0.5, 0.0),
    rating: Pair = (0.1, 0.5),
    gap: Pair = (0.35, 0.35),
    unrecovered: float = -0.8,
    recovered: float = -0.1,
) -> ServiceTruth:
    """The population quantities behind `service`, whose parameters these are.

    All are finite sums over the table of every combination of tenure, problem, ease, gap, satisfaction and score
    before, or regressions fitted to that table: what a method estimates in an endless sample.
    """
    given = service_parameters(
        problem=problem,
        silent=silent,
        put_right=put_right,
        contact=contact,
        moved=moved,
        moved_without=moved_without,
        attempt=attempt,
        failure=failure,
        cost_ratio=cost_ratio,
        handling_ratio=handling_ratio,
        wait=wait,
        repurchase=repurchase,
        effort=effort,
        rating=rating,
        gap=gap,
        unrecovered=unrecovered,
        recovered=recovered,
    )
    return service_population(given)


def service(
    n: int,
    *,
    rng: int | np.random.Generator,
    problem: float = 0.3,
    silent: float = 0.78,
    put_right: Pair = (0.6, 0.2),
    contact: float = 0.45,
    moved: Pair = (0.46, 0.12),
    moved_without: Pair = (0.25, 0.25),
    attempt: float = 0.16,
    failure: Pair = (0.10, 0.20),
    cost_ratio: float = 1.15,
    handling_ratio: float = 2.0,
    wait: float = 2.0,
    repurchase: float = 0.55,
    effort: Pair = (0.5, 0.0),
    rating: Pair = (0.1, 0.5),
    gap: Pair = (0.35, 0.35),
    unrecovered: float = -0.8,
    recovered: float = -0.1,
) -> Any:
    """Customers with and without a contact with service, what happened in it, and whether they came back.

    By default effort costs, up to a point; most problems are never told; a contact lowers the score nearly four
    times as often as it raises it; attempts to wow fail twice as often; recovery does not make up for the problem;
    and every tier of experience goes with more loyalty.

    Parameters
    ----------
    n : int
        Number of customers.
    rng : int or numpy Generator
        The seed, or the generator to draw from.
    problem : float
        Share of customers with a problem.
    silent : float
        Share of these who do not complain, between .12 and .94; long-standing customers complain more.
    put_right : pair of float
        Share of problems put right, after a complaint and without one.
    contact : float
        Share of customers with a contact among those who do not complain; whoever complains has one.
    moved, moved_without : pair of float
        Shares whose score falls and rises, with and without a contact; at an end of the scale it stays.
    attempt : float
        Share of contacts in which staff try to wow.
    failure : pair of float
        Share of contacts that fail, without and with an attempt.
    cost_ratio, handling_ratio : float
        How many times as much a contact with an attempt costs, and how many times as long it takes.
    wait : float
        Minutes by which others wait longer during a contact with an attempt.
    repurchase : float
        Share of all customers who come back.
    effort : pair of float
        Log-odds of coming back per point of ease, up to 5 and beyond. Satisfaction rises with ease besides.
    rating : pair of float
        Log-odds of coming back per point of satisfaction, without and with a problem.
    gap : pair of float
        Log-odds of coming back per unit of the gap, below and above 0. Satisfaction rises with the gap besides.
    unrecovered, recovered : float
        Log-odds of coming back, beyond those without a problem, where one was not, and was, put right.

    Returns
    -------
    pandas.DataFrame
        One row per customer: ``tenure`` 0-3; ``gap`` -3 to 4 (received minus expected); ``problem``, ``complained``
        and ``recovered`` 0/1 (the last two empty without a problem); ``contact`` 0/1; ``before`` and ``after`` 0-10;
        ``csat`` 1-5; ``repurchase`` 0/1. Empty without a contact: ``ease`` 1-7 (CES 2.0, up is good), ``transfers``
        0-3, ``repeats`` 0-2, ``attempt`` and ``failure`` 0/1, and whole numbers ``cost``, ``handling``, ``wait``.

    Raises
    ------
    RoleError
        A parameter is out of its range.
    TooFewError
        ``n`` is not a whole number from 1 up.

    Notes
    -----
    Tenure goes with complaints, the scores, ease and coming back: it is what an analysis has to adjust for. Gap,
    problem and attempt are drawn apart from it and from each other. Transfers and repeats make ease worse, and go
    with coming back through ease alone. Ratings are latent normal variables cut where those of `cohort` are.

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.simulate.service(1000, rng=1)
    >>> int(customers["contact"].sum()) == int(customers["ease"].notna().sum())
    True
    >>> truth = cx.simulate.service_truth()
    >>> truth.silent, round(truth.failure_difference, 2), round(truth.effort_difference, 2)
    (0.78, 0.1, 0.38)
    """
    import pandas as pd

    n = size("n", n)
    given = service_parameters(
        problem=problem,
        silent=silent,
        put_right=put_right,
        contact=contact,
        moved=moved,
        moved_without=moved_without,
        attempt=attempt,
        failure=failure,
        cost_ratio=cost_ratio,
        handling_ratio=handling_ratio,
        wait=wait,
        repurchase=repurchase,
        effort=effort,
        rating=rating,
        gap=gap,
        unrecovered=unrecovered,
        recovered=recovered,
    )
    draw = np.random.default_rng(rng)
    columns = _customers(given, n, draw)
    columns.update(_contacts(given, columns, draw))
    state = columns["problem"] + columns["recovered"]
    at = np.nan_to_num(columns["ease"], nan=0.0), columns["gap"], state
    ease = np.where(columns["contact"] == 1, at[0], np.nan)
    columns["csat"] = cut("csat", csat_mean(ease, *at[1:]) + draw.standard_normal(n))
    index = given.odds(columns["tenure"], columns["before"], ease, columns["csat"], *at[1:])
    chance = 1 / (1 + np.exp(-population(given).constant - index))
    columns["repurchase"] = _drawn(chance, draw)
    return _emptied(pd.DataFrame(columns))


def _drawn(share: Floats, draw: np.random.Generator) -> Ints:
    return (draw.random(len(share)) < share).astype(np.int64)


def _customers(given: ServiceParameters, n: int, draw: np.random.Generator) -> dict[str, Any]:
    """Who they are, what they met, whom they told, and how their score moved."""
    tenure = draw.choice(len(TENURE), size=n, p=TENURE)
    problem = _drawn(np.full(n, given.problem), draw)
    complained = problem * (1 - _drawn(given.silent_at[tenure], draw))
    recovered = problem * _drawn(np.where(complained == 1, *given.put_right), draw)
    contact = np.maximum(complained, _drawn(np.full(n, given.contact), draw))
    before = cut("nps", LOYAL * (tenure - 1) + draw.standard_normal(n))
    return {
        "tenure": tenure,
        "gap": draw.choice(GAPS.astype(np.int64), size=n, p=GAP_SHARE),
        "problem": problem,
        "complained": complained,
        "recovered": recovered,
        "contact": contact,
        "before": before,
        "after": _moved(given, before, contact, draw),
    }


def _moved(given: ServiceParameters, before: Ints, contact: Ints, draw: np.random.Generator) -> Ints:
    """Scores one or two points away, within the scale."""
    fell, rose = (np.where(contact == 1, *pair) for pair in zip(given.moved, given.moved_without, strict=True))
    chance, step = draw.random(len(before)), draw.integers(1, 3, len(before))
    after: Ints = np.clip(before + step * ((chance > 1 - rose).astype(np.int64) - (chance < fell)), 0, 10)
    return after


def _contacts(given: ServiceParameters, customers: dict[str, Any], draw: np.random.Generator) -> dict[str, Any]:
    """What happened in a contact, drawn for everybody; whoever had none does not keep it."""
    n = len(customers["tenure"])
    transfers = draw.choice(len(TRANSFERS), size=n, p=TRANSFERS)
    repeats = draw.choice(len(REPEATS), size=n, p=REPEATS)
    attempt = _drawn(np.full(n, given.attempt), draw)
    longer = {"cost": (COST, COST_SD, given.cost_ratio), "handling": (HANDLING, HANDLING_SD, given.handling_ratio)}
    amounts = {
        name: np.rint(typical * ratio**attempt * np.exp(sd * draw.standard_normal(n))).clip(1).astype(np.int64)
        for name, (typical, sd, ratio) in longer.items()
    }
    waited = np.rint(WAIT + given.wait * attempt + WAIT_SD * draw.standard_normal(n)).clip(0).astype(np.int64)
    return {
        "ease": cut("ease", ease_mean(customers["tenure"], transfers, repeats) + draw.standard_normal(n)),
        "transfers": transfers,
        "repeats": repeats,
        "attempt": attempt,
        "failure": _drawn(np.where(attempt == 1, given.failure[1], given.failure[0]), draw),
        **amounts,
        "wait": waited,
    }


def _emptied(frame: Any) -> Any:
    """Nothing about complaints where there was no problem, nor about a contact that there was not."""
    of_contact = ["ease", "transfers", "repeats", "attempt", "failure", "cost", "handling", "wait"]
    of_problem = ["complained", "recovered"]
    for columns, there in ((of_contact, frame["contact"] == 1), (of_problem, frame["problem"] == 1)):
        frame[columns] = frame[columns].astype("Int64").where(there)
    return frame
