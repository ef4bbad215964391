"""Ordered probit on counts: a rating as a cut-up normal, with the influence of each row.

y* = x'b + e with e standard normal, and P(y <= j) = Phi(t_j - x'b) for increasing thresholds t_j.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtri

from cxstats.arrays import Floats, Ints
from cxstats.errors import ColumnError, TooFewError
from cxstats.numerics.design import INTERCEPT, named, orthogonal, with_intercept
from cxstats.numerics.separation import refuse_separated_levels

_STEPS, _HALVINGS = 100, 40
_CONVERGED = 1e-10  # relative length of a step: Newton doubles the digits, so the one after it is rounding
_ROUNDING = 1e-12  # a likelihood may fall by as much without having fallen
_FAR = 5.0  # standard deviations between a line and a threshold beyond which the predictors may settle a level


@dataclass(frozen=True)
class OrderedProbitFit:
    """Maximum likelihood of an ordered probit with q predictors and L levels.

    Attributes
    ----------
    coefficients : array, shape (q,)
        Above 0: higher levels become more likely.
    thresholds : array, shape (L - 1,)
        Increasing.
    covariance : array, shape (q + L - 1, q + L - 1)
        Inverse information of (coefficients, thresholds).
    influence : array, shape (K, q + L - 1)
        Of one row of each cell on (coefficients, thresholds), survey weights included.
    log_likelihood : float
    """

    coefficients: Floats
    thresholds: Floats
    covariance: Floats
    influence: Floats
    log_likelihood: float


def fit_ordered_probit(
    design: Floats, code: Ints, count: Ints, weight: Floats, names: Sequence[str] | None = None
) -> OrderedProbitFit:
    """Fit by Newton's method with step halving.

    Parameters
    ----------
    design : array, shape (K, q)
        Without a column of ones; q may be 0.
    code : int array, shape (K,)
        Level 0 .. L - 1 of each cell; every level occurs.
    count : int array, shape (K,)
    weight : array, shape (K,)
        Survey weight of each row of the cell.
    names : list of q str, optional
        The predictors, for messages.

    Raises
    ------
    TooFewError
        Fewer than two levels, or one without rows.
    ColumnError
        A predictor is constant, or follows from others.
    SeparationError
        The predictors settle the rating of some rows.
    """
    mass = count * weight
    levels = int(code.max()) + 1
    share = np.bincount(code, weights=mass, minlength=levels) / mass.sum()
    if levels < 2 or (share == 0).any():
        raise TooFewError("An ordered probit needs at least two levels, each of which occurs.")
    terms, q = named(names, design.shape[1]), design.shape[1]
    basis = orthogonal(with_intercept(design), mass, [INTERCEPT, *terms])
    z = basis.columns[:, 1:]
    parameters, unsettled = np.concatenate([np.zeros(q), ndtri(np.cumsum(share)[:-1])]), True
    likelihood, score, information = _derivatives(parameters, z, code, mass)
    for _ in range(_STEPS):
        step = np.linalg.solve(information, score.sum(axis=0))
        parameters, likelihood, score, information = _forward(parameters, step, likelihood, z, code, mass)
        if np.abs(step).max() <= _CONVERGED * (1 + np.abs(parameters).max()):
            return _finished(parameters, likelihood, score, information, count, basis.back)
        if unsettled and _reach(parameters, z, code, mass) > _FAR:
            refuse_separated_levels(design, code, count, weight, terms)
            unsettled = False
    raise ColumnError(
        f"The fit must come to rest, but it had not after {_STEPS} steps."
        "\nLook for a predictor with a few values far beyond the rest."
    )


def _finished(
    parameters: Floats, likelihood: float, score: Floats, information: Floats, count: Ints, back: Floats
) -> OrderedProbitFit:
    """The fit in terms of the design, from that in terms of its orthogonal columns."""
    q = len(back) - 1
    turn = np.eye(len(parameters))
    turn[:q, :q] = back[1:, 1:]
    turn[q:, :q] = -back[0, 1:]  # the orthogonal columns are centred: the thresholds take up the means
    covariance = turn @ np.linalg.inv(information) @ turn.T
    per_row = np.divide(score, count[:, None], out=np.zeros_like(score), where=count[:, None] > 0)
    influence = per_row @ np.linalg.inv(information) @ turn.T
    moved = turn @ parameters
    return OrderedProbitFit(moved[:q], moved[q:], covariance, influence, likelihood)


def _reach(parameters: Floats, z: Floats, code: Ints, mass: Floats) -> float:
    """The largest distance of a line from a threshold of its own level."""
    q = z.shape[1]
    line = z @ parameters[:q]
    upper = np.append(parameters[q:], np.inf)[code] - line
    lower = np.insert(parameters[q:], 0, -np.inf)[code] - line
    ends = np.abs(np.concatenate([upper[mass > 0], lower[mass > 0]]))
    return float(ends[np.isfinite(ends)].max())


def _forward(
    parameters: Floats, step: Floats, likelihood: float, design: Floats, code: Ints, mass: Floats
) -> tuple[Floats, float, Floats, Floats]:
    """The longest of the halved steps that does not lower the likelihood (but for rounding)."""
    q = design.shape[1]
    for _ in range(_HALVINGS):
        moved = parameters + step
        if (np.diff(moved[q:]) > 0).all():
            reached, score, information = _derivatives(moved, design, code, mass)
            if reached >= likelihood - _ROUNDING * abs(likelihood):
                return moved, reached, score, information
        step = step / 2
    return parameters, likelihood, *_derivatives(parameters, design, code, mass)[1:]


def _derivatives(parameters: Floats, design: Floats, code: Ints, mass: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood, score per cell (K, q + L - 1) and observed information."""
    q = design.shape[1]
    thresholds, line = parameters[q:], design @ parameters[:q]
    upper = np.append(thresholds, np.inf)[code] - line
    lower = np.insert(thresholds, 0, -np.inf)[code] - line
    log_share = _log_difference(upper, lower)
    # Density at either end over the share in between: d log P / d upper and minus d log P / d lower.
    at_upper, at_lower = _ratio(upper, log_share), _ratio(lower, log_share)
    curve_upper = -_finite(upper) * at_upper - at_upper**2
    curve_lower = _finite(lower) * at_lower - at_lower**2
    cross = at_upper * at_lower
    k, last = len(code), len(thresholds)
    up, low = np.zeros((k, q + last)), np.zeros((k, q + last))  # d upper, d lower by the parameters
    up[:, :q] = low[:, :q] = -design
    inner = code < last
    up[np.flatnonzero(inner), q + code[inner]] = 1.0
    low[np.flatnonzero(code > 0), q + code[code > 0] - 1] = 1.0
    score = mass[:, None] * (at_upper[:, None] * up - at_lower[:, None] * low)
    information = -(
        up.T @ (up * (mass * curve_upper)[:, None])
        + low.T @ (low * (mass * curve_lower)[:, None])
        + up.T @ (low * (mass * cross)[:, None])
        + low.T @ (up * (mass * cross)[:, None])
    )
    return float(mass @ log_share), score, information


def _log_difference(upper: Floats, lower: Floats) -> Floats:
    """log(Phi(upper) - Phi(lower)), taken in the tail where both are small."""
    flip = lower > 0
    high, low = np.where(flip, -lower, upper), np.where(flip, -upper, lower)
    log_high = log_ndtr(high)
    return log_high + np.log(-np.expm1(np.minimum(log_ndtr(low) - log_high, -1e-300)))


def _ratio(at: Floats, log_share: Floats) -> Floats:
    """Normal density over the share, 0 at infinity."""
    finite = _finite(at)
    return np.where(np.isfinite(at), np.exp(-0.5 * finite**2 - 0.5 * np.log(2 * np.pi) - log_share), 0.0)


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, 0.0)


def latent_sd(fit: OrderedProbitFit, design: Floats, count: Ints, weight: Floats) -> tuple[float, Floats]:
    """Standard deviation of the latent rating, sqrt(1 + variance of x'b), and its influence per row."""
    mass = count * weight
    total = mass.sum()
    line = design @ fit.coefficients
    centred = line - mass @ line / total
    variance = float(mass @ centred**2 / total)
    sd = (1 + variance) ** 0.5
    by_coefficients = 2 * (mass * centred) @ design / total
    q = design.shape[1]
    values = weight * (centred**2 - variance) / total + fit.influence[:, :q] @ by_coefficients
    return sd, values / (2 * sd)


def standardised(
    fit: OrderedProbitFit, contrast: Floats, design: Floats, count: Ints, weight: Floats
) -> tuple[float, Floats]:
    """contrast'b in standard deviations of the latent rating, and its influence per row."""
    sd, sd_values = latent_sd(fit, design, count, weight)
    raw = float(contrast @ fit.coefficients)
    return raw / sd, (fit.influence[:, : len(contrast)] @ contrast - raw / sd * sd_values) / sd
