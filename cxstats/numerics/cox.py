"""Cox regression on counts, with the influence of each row.

The partial likelihood (Cox 1972, doi:10.1111/j.2517-6161.1972.tb00899.x) with Efron's ties, delayed entry, strata
and survey weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import ColumnError, SeparationError, TooFewError, listed
from cxstats.numerics.cox_monotone import refuse_monotone
from cxstats.numerics.cox_risk import members, risk_sets, sum_of_dead, tied_steps
from cxstats.numerics.cox_sums import CoxData, CoxSums, cox_sums, gradient, information, log_likelihood, scores
from cxstats.numerics.design import column_names, standardise
from cxstats.numerics.newton import Climb, Point, climb

_FAR = 15.0  # fitted log hazards that differ by more than this are looked into before they are believed
_FLAT = 1e-11  # eigenvalues of the information of one event, in standardised columns, below this are 0
_INVOLVED = 1e-5  # of an eigenvector's length 1


@dataclass(frozen=True)
class CoxFit:
    """Maximum partial likelihood of q coefficients on K cells.

    Attributes
    ----------
    coefficients : array, shape (q,)
        Log hazard ratios of the event.
    covariance : array, shape (q, q)
        Inverse information: right if the model is, rows are independent, and weights are 1.
    influence : array, shape (K, q)
        Inverse information times the score of one row of each cell, survey weight included: on the
        scale of the coefficients.
    log_likelihood, null_log_likelihood : float
        At the coefficients, and at 0.
    iterations : int
    data : CoxData
        The cells that are at risk at some event time, their columns standardised.
    sums : CoxSums
        At the coefficients.
    used : bool array, shape (K,)
        Which cells ``data`` holds.
    """

    coefficients: Floats
    covariance: Floats
    influence: Floats
    log_likelihood: float
    null_log_likelihood: float
    iterations: int
    data: CoxData
    sums: CoxSums
    used: Bools


def fit_cox(
    design: Floats,
    time: Floats,
    event: Bools,
    count: Ints,
    weight: Floats,
    *,
    entry: Floats | None = None,
    stratum: Ints | None = None,
    names: Sequence[str] | None = None,
    predictors: Sequence[str] | None = None,
) -> CoxFit:
    """Fit by Newton's method with step halving, from 0.

    Parameters
    ----------
    design : array, shape (K, q)
        Without a column of ones.
    time : array, shape (K,)
    event : bool array, shape (K,)
        Whether the event ended the time.
    count : int array, shape (K,)
    weight : array, shape (K,)
        Survey weight of each row of the cell.
    entry : array, shape (K,), optional
        A row is at risk at t if entry < t <= time; without it, from the beginning.
    stratum : int array, shape (K,), optional
        Numbered from 0; each has a baseline hazard of its own.
    names, predictors : sequence of str, length q
        For messages: each column's own name, and that of the column of the data which it comes from.

    Raises
    ------
    TooFewError
        No event.
    ColumnError
        A column is constant or collinear, among all rows or among those at risk together.
    SeparationError
        The likelihood rises for ever in some direction.
    """
    names = column_names(design.shape[1]) if names is None else names
    owners = names if predictors is None else predictors
    mapped = standardise(design, count * weight, names)
    data, used = _data(mapped.matrix, time, event, count, weight, entry, stratum)
    mass = float(data.mean_weight @ data.sets.deaths)
    start = _point(data, np.zeros(design.shape[1]))
    if start is None:
        raise ColumnError("The survey weights must not be so small that the squares of their sums are 0.")
    _refuse_flat(start.information / mass, owners)
    ended = climb(lambda beta: _point(data, beta), start.parameters, mass)
    sums = _settled(ended, data, owners)
    covariance = np.linalg.inv(ended.top.information)
    influence = np.zeros(design.shape)
    influence[used] = scores(data, sums, _ones(data)) @ covariance / mapped.scale
    return CoxFit(
        coefficients=ended.top.parameters / mapped.scale,
        covariance=(covariance + covariance.T) / 2 / np.outer(mapped.scale, mapped.scale),
        influence=influence,
        log_likelihood=ended.top.likelihood,
        null_log_likelihood=start.likelihood,
        iterations=ended.iterations,
        data=data,
        sums=sums,
        used=used,
    )


def _data(
    z: Floats, time: Floats, event: Bools, count: Ints, weight: Floats, entry: Floats | None, stratum: Ints | None
) -> tuple[CoxData, Bools]:
    """The cells with rows and weight that are at risk at some event time, and which of all cells they are."""
    used = (count > 0) & (weight > 0)
    if not (event & used).any():
        raise TooFewError("At least one event is needed in rows with a weight above 0, but there is none.")
    stratum = np.zeros(len(time), dtype=np.int64) if stratum is None else stratum
    entry = None if entry is None else entry[used]
    everyone = risk_sets(time[used], event[used], entry, stratum[used], count[used])
    watched = everyone.first <= everyone.last
    used[used] = watched
    sets = members(everyone, watched)
    count, weight = count[used], weight[used]
    mean_weight = sum_of_dead(sets, count * weight) / sets.deaths
    return CoxData(np.asfortranarray(z[used]), count, weight, sets, tied_steps(sets.deaths), mean_weight), used


def _point(data: CoxData, beta: Floats) -> Point | None:
    sums = cox_sums(data, beta)
    if sums is None:
        return None
    ones = _ones(data)
    return Point(beta, log_likelihood(data, sums), gradient(data, sums, ones), information(data, sums, ones))


def _ones(data: CoxData) -> Floats:
    return np.ones(len(data.mean_weight))


def _refuse_flat(of_one_event: Floats, owners: Sequence[str]) -> None:
    """Refuse columns that tell nothing among those at risk together, although they differ among all rows."""
    values, vectors = np.linalg.eigh(of_one_event)
    involved = np.abs(vectors[:, values < _FLAT]).max(axis=1, initial=0.0) > _INVOLVED
    if involved.any():
        flat = list(dict.fromkeys(owner for owner, part in zip(owners, involved, strict=True) if part))
        does = "does not" if len(flat) == 1 else "together do not"
        raise ColumnError(
            "The predictors must differ among those who are at risk at the same time in the same stratum, but "
            f"{listed(flat)} {does}.\nLeave one of them out, or the stratum that says the same."
        )


def _settled(ended: Climb, data: CoxData, owners: Sequence[str]) -> CoxSums:
    """The sums at the top. A fit that ran away is refused: that is looked for only where there is a sign of it."""
    sums = cox_sums(data, ended.top.parameters)
    if sums is None or not ended.converged or np.ptp(data.z @ ended.top.parameters) > _FAR:
        refuse_monotone(data, owners)
    if sums is None or not ended.converged:
        raise SeparationError(
            f"No estimate was reached in {ended.iterations} steps: the predictors come close to putting the events in "
            "perfect order.\nMerge rare levels, or leave out the predictors with the largest differences."
        )
    return sums
