"""The log partial likelihood of a Cox regression on counts, its derivatives, and the score of each row.

Of the events tied at one time each of the d steps has the weight mean(w), w the survey weights of those d rows. In
step l the share f = l / d of them has left. Sums over who is at risk are taken once per event time; the matrix of
second moments is never built per time, since it is a sum over cells of their own cumulative hazard.
"""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.cox_risk import RiskSets, Steps, sum_at_risk, sum_of_dead, sum_of_steps, sum_while_at_risk

_SMALLEST = 1e-120  # sums of hazards: their squares must not leave what floating point can hold


@dataclass(frozen=True)
class CoxData:
    """Cells at risk at some event time: columns (K, q), rows and their weight (K,), and who is at risk when.

    ``mean_weight`` (E,) is that of the rows that die at each event time.
    """

    z: Floats
    count: Ints
    weight: Floats
    sets: RiskSets
    steps: Steps
    mean_weight: Floats


@dataclass(frozen=True)
class CoxSums:
    """Sums at some coefficients, for E event times and q columns.

    Attributes
    ----------
    linear, hazard : array, shape (K,)
        Log hazard and hazard, relative to the highest of the stratum.
    risk, died : array, shape (E, q)
        Columns summed over who is at risk and over who dies, by hazard and weight.
    log, one, f, one_one, f_one, f_f : array, shape (E,)
        With x the hazard left in a step: sums over steps of log x, 1/x, f/x, 1/x^2, f/x^2, f^2/x^2.
    """

    linear: Floats
    hazard: Floats
    risk: Floats
    died: Floats
    log: Floats
    one: Floats
    f: Floats
    one_one: Floats
    f_one: Floats
    f_f: Floats


def cox_sums(data: CoxData, beta: Floats) -> CoxSums | None:
    """All sums at these coefficients; None where floating point cannot hold them."""
    sets, steps = data.sets, data.steps
    linear = data.z @ beta
    if not np.isfinite(linear).all():
        return None
    top = np.full(int(sets.stratum.max()) + 1, -np.inf)
    np.maximum.at(top, sets.stratum, linear)
    linear = linear - top[sets.stratum]
    hazard = np.exp(linear)
    mass = data.count * data.weight * hazard
    dead = sum_of_dead(sets, mass)
    rest = np.maximum(sum_at_risk(sets, mass) - dead, 0.0)  # below 0 by rounding only
    x = rest[steps.at] + steps.left * dead[steps.at]
    if not x.min() > _SMALLEST:
        return None
    one, left = 1 / x, 1 - steps.left
    terms = (np.log(x), one, left * one, one**2, left * one**2, (left * one) ** 2)
    log, plain, f, one_one, f_one, f_f = (sum_of_steps(steps, values) for values in terms)
    risk = np.column_stack([sum_at_risk(sets, mass * column) for column in data.z.T])
    died = np.column_stack([sum_of_dead(sets, mass * column) for column in data.z.T])
    return CoxSums(linear, hazard, risk, died, log, plain, f, one_one, f_one, f_f)


def log_likelihood(data: CoxData, sums: CoxSums) -> float:
    """The log partial likelihood."""
    dead = data.sets.dead
    return float((data.count * data.weight)[dead] @ sums.linear[dead] - data.mean_weight @ sums.log)


def gradient(data: CoxData, sums: CoxSums, by: Floats) -> Floats:
    """Columns of the events less what was expected (q,), each event time times ``by`` (E,)."""
    dead = data.sets.dead
    observed = ((data.count * data.weight)[dead] * by[data.sets.last[dead]]) @ data.z[dead]
    expected: Floats = (by * data.mean_weight) @ _expected(sums)
    return np.asarray(observed - expected, dtype=np.float64)


def information(data: CoxData, sums: CoxSums, by: Floats) -> Floats:
    """Negative second derivatives (q, q), each event time times ``by`` (E,)."""
    pace = by * data.mean_weight
    exposure = _exposure(data.sets, pace * sums.one, pace * sums.f)
    second = (data.z * (data.count * data.weight * sums.hazard * exposure)[:, None]).T @ data.z
    alive = (sums.risk * (pace * sums.one_one)[:, None]).T @ sums.risk
    crossed = (sums.risk * (pace * sums.f_one)[:, None]).T @ sums.died
    gone = (sums.died * (pace * sums.f_f)[:, None]).T @ sums.died
    return np.asarray(second - alive + crossed + crossed.T - gone, dtype=np.float64)


def scores(data: CoxData, sums: CoxSums, by: Floats) -> Floats:
    """Score of one row of each cell (K, q), weight included, each event time times ``by`` (E,).

    What its event adds, less what was expected of it while it was at risk. Over all rows they sum to the gradient.
    """
    sets, pace = data.sets, by * data.mean_weight
    found = data.z * _exposure(sets, pace * sums.one, pace * sums.f)[:, None]
    for j in range(found.shape[1]):
        risk, died = sums.risk[:, j], sums.died[:, j]
        whole = pace * (risk * sums.one_one - died * sums.f_one)
        found[:, j] -= _exposure(sets, whole, pace * (risk * sums.f_one - died * sums.f_f))
    found *= -sums.hazard[:, None]
    at = sets.last[sets.dead]
    mean = _expected(sums)[at] / sets.deaths[at, None]
    found[sets.dead] += by[at, None] * (data.z[sets.dead] - mean)
    return found * data.weight[:, None]


def _expected(sums: CoxSums) -> Floats:
    """Sum over the steps of each event time of the mean of the columns of who is at risk, shape (E, q)."""
    expected: Floats = sums.risk * sums.one[:, None] - sums.died * sums.f[:, None]
    return expected


def _exposure(sets: RiskSets, whole: Floats, tied: Floats) -> Floats:
    """Sum per cell over its event times; at its own event a row is there for part of the steps only."""
    lived = sum_while_at_risk(sets, whole)
    lived[sets.dead] -= tied[sets.last[sets.dead]]
    return lived
