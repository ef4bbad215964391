"""The population behind `service`: a table of every combination, and what the claims on service are about in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import expit, ndtr

from cxstats.arrays import Bools, Floats
from cxstats.numerics.logistic import fit_logistic
from cxstats.simulate.levels import levels_given
from cxstats.simulate.service_parameters import (
    COST,
    COST_SD,
    GAP_SHARE,
    GAPS,
    HANDLING,
    HANDLING_SD,
    KNEE,
    REPEATS,
    TENURE,
    TIERS,
    TRANSFERS,
    WAIT,
    WAIT_SD,
    ServiceParameters,
    before_share,
    csat_mean,
    ease_mean,
)
from cxstats.simulate.tables import intercept

STATES = ("no problem", "unrecovered", "recovered")
_LARGEST = 5_000  # amounts beyond have a probability below 1e-16


@dataclass(frozen=True, kw_only=True, eq=False)
class ServiceTruth:
    """What holds in the population that `service` draws from; shares who come back are adjusted for tenure.

    Attributes
    ----------
    silent : float
        Share of the customers with a problem who did not complain.
    recovery : mapping from state to float
        Share who come back without a problem, where one was not put right, and where it was.
    paradox : float
        Relative gain of the recovered over those without a problem, as `problem_recovery` counts it.
    slopes : mapping from "no problem" and "problem" to float
        Log-odds of coming back per standard deviation of satisfaction.
    moved : mapping from "contact" and "no contact" to three floats
        Shares whose score fell, rose and stayed.
    harm : float
        Fell over rose with a contact, over the same without one.
    disloyal : mapping from "high effort" and "low effort" to float
        Share who do not come back.
    effort_difference, effort_gain : float
        High minus low; and the relative gain of low over high effort, as `effort_disloyalty` counts it.
    per_sd : mapping from "ease", "transfers" and "repeats" to float
        Log-odds of not coming back per standard deviation of effort, as reported and as recorded.
    bend : float
        Slope of coming back on ease up to 5 minus that beyond, in SDs per SD.
    attempt : float
        Share of contacts with an attempt to wow.
    failure : mapping from "no attempt" and "attempt" to float
    failure_difference : float
    cost_ratio, handling_ratio : float
        Of the geometric means, with an attempt over without, of amounts rounded to whole numbers.
    wait, wait_sd : float
        How much longer others wait with an attempt, in minutes and in standard deviations of the wait.
    tier_share, tier_rate : mapping from tier to float
        Share of customers whose experience was "fail", "meet", "exceed", "delight"; and who of these come back.
    gains : mapping from step to float
        Relative gain of each tier over the one below, as `loyalty_ladder` counts it.
    """

    silent: float
    recovery: Mapping[str, float]
    paradox: float
    slopes: Mapping[str, float]
    moved: Mapping[str, tuple[float, float, float]]
    harm: float
    disloyal: Mapping[str, float]
    effort_difference: float
    effort_gain: float
    per_sd: Mapping[str, float]
    bend: float
    attempt: float
    failure: Mapping[str, float]
    failure_difference: float
    cost_ratio: float
    handling_ratio: float
    wait: float
    wait_sd: float
    tier_share: Mapping[str, float]
    tier_rate: Mapping[str, float]
    gains: Mapping[str, float]


@dataclass(frozen=True)
class Table:
    """Every combination of tenure, state, ease (NaN without a contact), gap, satisfaction and score before.

    Attributes
    ----------
    tenure, state, ease, gap, csat, before : arrays, shape (K,)
    mass, good : arrays, shape (K,)
        Probability of the combination, and of coming back given it.
    constant : float
        In the log-odds of coming back.
    """

    tenure: Floats
    state: Floats
    ease: Floats
    gap: Floats
    csat: Floats
    before: Floats
    mass: Floats
    good: Floats
    constant: float


def state_and_contact(given: ServiceParameters) -> Floats:
    """P(state, contact | tenure), shape (tenures, states, 2)."""
    silent, called = given.silent_at, np.array([1 - given.contact, given.contact])
    spoke, quiet = given.put_right
    share = np.empty((len(TENURE), 3, 2))
    share[:, 0] = (1 - given.problem) * called
    for state, put_right, was_quiet in ((1, 1 - spoke, 1 - quiet), (2, spoke, quiet)):
        share[:, state] = given.problem * was_quiet * silent[:, None] * called
        share[:, state, 1] += given.problem * put_right * (1 - silent)
    return share


def ease_given() -> Floats:
    """P(transfers, repeats, ease | tenure) of a contact, shape (tenures, 4, 3, 7)."""
    tenure, transfers, repeats = np.meshgrid(np.arange(4.0), np.arange(4.0), np.arange(3.0), indexing="ij")
    eased = levels_given("ease", ease_mean(tenure, transfers, repeats), 1.0)
    share: Floats = eased * (TRANSFERS[:, None] * REPEATS)[None, :, :, None]
    return share


def population(given: ServiceParameters) -> Table:
    """The table of all combinations."""
    ease = np.concatenate([[np.nan], np.arange(1.0, 8.0)])
    axes = (np.arange(4.0), np.arange(3.0), ease, GAPS, np.arange(1.0, 6.0), np.arange(11.0))
    tenure, state, ease, gap, csat, before = np.meshgrid(*axes, indexing="ij")
    called = state_and_contact(given)
    eased = ease_given().sum(axis=(1, 2))
    by_ease = np.concatenate([called[:, :, :1], called[:, :, 1:] * eased[:, None, :]], axis=2)
    mean = csat_mean(*(grid[0, :, :, :, 0, 0] for grid in (ease, gap, state)))
    satisfied = levels_given("csat", mean, 1.0)
    mass = np.einsum("t,tse,g,segc,tb->tsegcb", TENURE, by_ease, GAP_SHARE, satisfied, before_share())
    index = given.odds(tenure, before, ease, csat, gap, state)
    constant = intercept(index.ravel(), mass.ravel(), given.repurchase)
    return Table(
        tenure=tenure.ravel(),
        state=state.ravel(),
        ease=ease.ravel(),
        gap=gap.ravel(),
        csat=csat.ravel(),
        before=before.ravel(),
        mass=mass.ravel(),
        good=expit(constant + index).ravel(),
        constant=constant,
    )


def service_population(given: ServiceParameters) -> ServiceTruth:
    """Every quantity, as a finite sum over the table or as a regression fitted to it."""
    table = population(given)
    everybody = np.ones(len(table.mass), dtype=bool)
    recovery = dict(zip(STATES, _standardised(table, table.state, everybody), strict=True))
    had, tier = ~np.isnan(table.ease), np.digitize(table.gap, list(TIERS.values())).astype(np.float64)
    outer = had & ((table.ease <= 2) | (table.ease >= 6))
    much, little = _standardised(table, np.where(table.ease >= 6, 1.0, 0.0), outer)
    tiers = ("fail", *TIERS)
    rates = _standardised(table, tier, everybody)
    moved, waits = _moved(given), _wait(given)
    (fell, rose, _), (fell_so, rose_so, _) = moved.values()
    return ServiceTruth(
        silent=given.silent,
        recovery=recovery,
        paradox=relative(recovery["no problem"], recovery["recovered"]),
        slopes=_slopes(table),
        moved=moved,
        harm=(fell / rose) / (fell_so / rose_so),
        disloyal={"high effort": 1 - much, "low effort": 1 - little},
        effort_difference=little - much,
        effort_gain=relative(much, little),
        per_sd=_per_sd(table, had),
        bend=_bend(table, had),
        attempt=given.attempt,
        failure=dict(zip(("no attempt", "attempt"), given.failure, strict=True)),
        failure_difference=given.failure[1] - given.failure[0],
        cost_ratio=_ratio(COST, COST_SD, given.cost_ratio),
        handling_ratio=_ratio(HANDLING, HANDLING_SD, given.handling_ratio),
        wait=waits[0],
        wait_sd=waits[1],
        tier_share={name: float(table.mass[tier == j].sum()) for j, name in enumerate(tiers)},
        tier_rate=dict(zip(tiers, rates, strict=True)),
        gains={f"{b} - {a}": relative(p, q) for (a, p), (b, q) in pairwise(zip(tiers, rates, strict=True))},
    )


def relative(low: float, high: float) -> float:
    """The gain p1 / p0 - 1 of a share of good outcomes; where p0 > .5 that of the bad ones, q0 / q1 - 1."""
    return high / low - 1 if low <= 0.5 else (1 - low) / (1 - high) - 1


def _logit(columns: Floats, good: Floats, mass: Floats) -> Floats:
    """Coefficients of the logistic regression of coming back, fitted to a table."""
    design = np.column_stack([np.ones(2 * len(mass)), np.tile(columns, (2, 1))])
    positive = np.repeat([False, True], len(mass))
    weight = np.concatenate([mass * (1 - good), mass * good])
    return fit_logistic(design, positive, np.ones(len(weight), dtype=np.int64), weight).coefficients


def _standardised(table: Table, group: Floats, on: Bools) -> list[float]:
    """Share who come back in each group, had all the same mix of tenures."""
    mass, numbers = table.mass[on], np.unique(group[on])
    member = (group[on][:, None] == numbers[1:]).astype(np.float64)
    fitted = _logit(np.column_stack([member, table.tenure[on]]), table.good[on], mass)
    line = fitted[0] + fitted[-1] * table.tenure[on]
    return [float(mass @ expit(line + shift) / mass.sum()) for shift in (0.0, *fitted[1:-1])]


def _slopes(table: Table) -> dict[str, float]:
    met = (table.state > 0).astype(np.float64)
    columns = np.column_stack([met, table.csat * (1 - met), table.csat * met, table.tenure])
    fitted = _logit(columns, table.good, table.mass)
    sd = _sd(table.csat, table.mass)
    return {"no problem": float(fitted[2] * sd), "problem": float(fitted[3] * sd)}


def _per_sd(table: Table, had: Bools) -> dict[str, float]:
    """Of effort as reported and as recorded, which go with coming back through ease alone."""
    good, mass = np.zeros((2, 4, 7))
    at = table.tenure[had].astype(np.int64), table.ease[had].astype(np.int64) - 1
    np.add.at(mass, at, table.mass[had])
    np.add.at(good, at, (table.mass * table.good)[had])
    joint = ease_given() * mass.sum(axis=1)[:, None, None, None]
    share = np.broadcast_to((good / mass)[:, None, None, :], joint.shape).ravel()
    tenure, transfers, repeats, ease = (grid.ravel() for grid in np.indices(joint.shape).astype(np.float64))
    slopes = {}
    for name, effort in {"ease": -ease, "transfers": transfers, "repeats": repeats}.items():
        fitted = _logit(np.column_stack([effort, tenure]), share, joint.ravel())
        slopes[name] = float(-fitted[1] * _sd(effort, joint.ravel()))
    return slopes


def _bend(table: Table, had: Bools) -> float:
    """Least squares of two lines that meet at the knee, with tenure."""
    mass, good, ease = table.mass[had], table.good[had], table.ease[had] - KNEE
    design = np.column_stack([np.ones(len(mass)), np.minimum(ease, 0), np.maximum(ease, 0), table.tenure[had]])
    fitted = np.linalg.solve(design.T @ (design * mass[:, None]), design.T @ (mass * good))
    rate = mass @ good / mass.sum()
    return float((fitted[1] - fitted[2]) * _sd(ease, mass) / np.sqrt(rate * (1 - rate)))


def _moved(given: ServiceParameters) -> dict[str, tuple[float, float, float]]:
    """Shares who fell, rose and stayed: the lowest score cannot fall, nor the highest rise."""
    both = TENURE[:, None] * state_and_contact(given).sum(axis=1)
    found = {}
    for name, had, (fell, rose) in (("contact", 1, given.moved), ("no contact", 0, given.moved_without)):
        score = both[:, had] @ before_share() / both[:, had].sum()
        down, up = fell * float(1 - score[0]), rose * float(1 - score[-1])
        found[name] = (down, up, 1 - down - up)
    return found


def _ratio(typical: float, sd: float, ratio: float) -> float:
    """Of geometric means of log-normal amounts that were rounded to whole numbers, 1 at the least."""
    amount = np.arange(1.0, _LARGEST + 1)
    logs = []
    for centre in (np.log(typical), np.log(typical * ratio)):
        below = ndtr((np.log(amount[:-1] + 0.5) - centre) / sd)
        logs.append(np.diff(below, prepend=0.0, append=1.0) @ np.log(amount))
    return float(np.exp(logs[1] - logs[0]))


def _wait(given: ServiceParameters) -> tuple[float, float]:
    """Difference of mean waits, whole minutes and 0 at the least; the same in standard deviations of all waits."""
    minute, means, squares = np.arange(_LARGEST + 0.0), [], []
    for mean in (WAIT, WAIT + given.wait):
        share = np.diff(ndtr((minute[:-1] + 0.5 - mean) / WAIT_SD), prepend=0.0, append=1.0)
        means.append(float(share @ minute))
        squares.append(float(share @ minute**2))
    share_of = np.array([1 - given.attempt, given.attempt])
    return means[1] - means[0], (means[1] - means[0]) / float(np.sqrt(share_of @ squares - (share_of @ means) ** 2))


def _sd(values: Floats, mass: Floats) -> float:
    centred = values - mass @ values / mass.sum()
    return float(np.sqrt(mass @ centred**2 / mass.sum()))
