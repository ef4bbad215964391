"""Logistic regression on counts, with the influence of each row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit, logit, xlogy

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import SeparationError, TooFewError
from cxstats.numerics.design import column_names, standardise
from cxstats.numerics.newton import Climb, Point, climb
from cxstats.numerics.separation import Constraints, refuse_separated

# A fitted log-odds beyond this (a chance of 1 in 3 million) is looked into before it is believed.
_FAR = 15.0


@dataclass(frozen=True)
class LogisticFit:
    """Maximum likelihood of a logistic regression with q coefficients on K cells.

    Attributes
    ----------
    coefficients : array, shape (q,)
    covariance : array, shape (q, q)
        Inverse information: right if the model is, rows are independent, and weights are 1.
    influence : array, shape (K, q)
        Inverse information times the score of one row of each cell, survey weight included: on the
        scale of the coefficients.
    log_likelihood : float
    null_log_likelihood : float
        With the intercept alone.
    iterations : int
    """

    coefficients: Floats
    covariance: Floats
    influence: Floats
    log_likelihood: float
    null_log_likelihood: float
    iterations: int


def fit_logistic(
    design: Floats,
    positive: Bools,
    count: Ints,
    weight: Floats,
    names: Sequence[str] | None = None,
    predictors: Sequence[str] | None = None,
) -> LogisticFit:
    """Fit by Newton's method with step halving.

    Parameters
    ----------
    design : array, shape (K, q)
        Its first column is the column of ones.
    positive : bool array, shape (K,)
        Whether the outcome is the one whose log-odds are modelled.
    count : int array, shape (K,)
    weight : array, shape (K,)
        Survey weight of each row of the cell.
    names, predictors : sequence of str, length q
        For messages: each column's own name, and that of the column of the data which it comes from.

    Raises
    ------
    TooFewError
        Only one outcome occurs.
    ColumnError
        A column is constant or collinear.
    SeparationError
        Predictors tell the outcomes apart perfectly.
    """
    mass = count * weight
    up, down = float(mass[positive].sum()), float(mass[~positive].sum())
    if up == 0 or down == 0:
        raise TooFewError("Both outcomes must occur in rows with a weight above 0, but only one does.")
    names = ("(intercept)", *column_names(design.shape[1] - 1)) if names is None else names
    mapped = standardise(design[:, 1:], mass, names[1:])
    z = np.hstack([design[:, :1], mapped.matrix])
    sign = np.where(positive, 1.0, -1.0)
    start = np.zeros(z.shape[1])
    start[0] = logit(up / (up + down))
    ended = climb(lambda parameters: _point(parameters, z, sign, mass), start, up + down)
    _settled(ended, z, sign, mass, count, names if predictors is None else predictors)
    back = mapped.to_given
    covariance = back @ np.linalg.inv(ended.top.information) @ back.T
    score = weight * sign * expit(-sign * (z @ ended.top.parameters))  # weight (y - p)
    return LogisticFit(
        coefficients=back @ ended.top.parameters,
        covariance=(covariance + covariance.T) / 2,
        influence=(z * score[:, None]) @ np.linalg.solve(ended.top.information, back.T),
        log_likelihood=ended.top.likelihood,
        null_log_likelihood=float(xlogy(up, up / (up + down)) + xlogy(down, down / (up + down))),
        iterations=ended.iterations,
    )


def _point(parameters: Floats, z: Floats, sign: Floats, mass: Floats) -> Point:
    """Log-likelihood, its gradient and information; sign is 1 for a positive outcome, -1 for a negative."""
    towards = sign * (z @ parameters)
    miss = expit(-towards)  # chance of the outcome that did not happen
    gradient = z.T @ (mass * sign * miss)
    information = (z * (mass * miss * expit(towards))[:, None]).T @ z
    return Point(parameters, float(mass @ log_expit(towards)), gradient, information)


def _settled(ended: Climb, z: Floats, sign: Floats, mass: Floats, count: Ints, predictors: Sequence[str]) -> None:
    """Refuse a fit that ran away: separation is looked for only where there is a sign of it."""
    used = mass > 0
    far = np.abs(z[used] @ ended.top.parameters).max() > _FAR
    if ended.converged and not far:
        return
    owner = (None, *predictors[1:])
    refuse_separated(Constraints((z * sign[:, None])[used], np.arange(used.sum()), owner), count[used])
    if not ended.converged:
        raise SeparationError(unsettled(ended.iterations))


def unsettled(iterations: int) -> str:
    """For a climb that found no top although there is one: it lies too far out for floating point."""
    return (
        f"No estimate was reached in {iterations} steps: the predictors come close to telling the outcomes apart "
        "perfectly.\nMerge rare levels, or leave out the predictors with the largest differences."
    )
