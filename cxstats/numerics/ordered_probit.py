"""Ordered probit on counts: a rating as a cut-up normal, with the influence of each row.

y* = x'b + e with e standard normal, and P(y <= j) = Phi(t_j - x'b) for increasing thresholds t_j
(McKelvey & Zavoina 1975, doi:10.1080/0022250X.1975.9989847).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtri

from cxstats.arrays import Floats, Ints
from cxstats.errors import SeparationError, TooFewError
from cxstats.numerics.design import Standardised, column_names, standardise
from cxstats.numerics.logistic import unsettled
from cxstats.numerics.newton import Climb, Point, climb
from cxstats.numerics.separation import Constraints, refuse_separated

# A row this many standard deviations from a threshold is looked into before it is believed.
_FAR = 5.0
_LOG_ROOT = 0.5 * np.log(2 * np.pi)


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
    iterations : int
    """

    coefficients: Floats
    thresholds: Floats
    covariance: Floats
    influence: Floats
    log_likelihood: float
    iterations: int


@dataclass(frozen=True)
class _Slopes:
    """First and second derivatives of a row's log-likelihood by the upper and the lower end of its level."""

    log_share: Floats
    upper: Floats
    lower: Floats
    upper_upper: Floats
    lower_lower: Floats
    upper_lower: Floats


def fit_ordered_probit(
    design: Floats,
    code: Ints,
    count: Ints,
    weight: Floats,
    names: Sequence[str] | None = None,
    predictors: Sequence[str] | None = None,
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
    names, predictors : sequence of str, length q
        For messages: each column's own name, and that of the column of the data which it comes from.

    Raises
    ------
    TooFewError
        Fewer than two levels, or one without rows.
    ColumnError
        A column is constant or collinear.
    SeparationError
        Predictors tell the levels apart perfectly.
    """
    mass = count * weight
    share = _shares(code, mass)
    q = design.shape[1]
    names = column_names(q) if names is None else names
    mapped = standardise(design, mass, names)
    z = mapped.matrix
    start = np.concatenate([np.zeros(q), ndtri(np.cumsum(share)[:-1])])
    ended = climb(lambda parameters: _point(parameters, z, code, mass), start, float(mass.sum()))
    _settled(ended, z, code, mass, count, names if predictors is None else predictors)
    back = _to_given(mapped, len(share) - 1)
    given = back @ ended.top.parameters
    covariance = back @ np.linalg.inv(ended.top.information) @ back.T
    score = _scores(ended.top.parameters, z, code, weight)
    return OrderedProbitFit(
        coefficients=given[:q],
        thresholds=given[q:],
        covariance=(covariance + covariance.T) / 2,
        influence=score @ np.linalg.solve(ended.top.information, back.T),
        log_likelihood=ended.top.likelihood,
        iterations=ended.iterations,
    )


def latent_sd(fit: OrderedProbitFit, design: Floats, count: Ints, weight: Floats) -> tuple[float, Floats]:
    """Standard deviation of the latent rating, sqrt(1 + variance of x'b), and its influence per row.

    A row moves it by moving the coefficients, and by its own part in the variance of x'b.
    """
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
    theta = float(contrast @ fit.coefficients) / sd
    return theta, (fit.influence[:, : len(contrast)] @ contrast - theta * sd_values) / sd


def _shares(code: Ints, mass: Floats) -> Floats:
    """Share of each level."""
    share: Floats = np.bincount(code, weights=mass) / mass.sum()
    if len(share) < 2 or (share == 0).any():
        raise TooFewError(
            "The rating must take at least two levels, each in rows with a weight above 0, but of "
            f"{len(share)} levels {int((share == 0).sum())} do not occur.\nNumber only the levels that do."
        )
    return share


def _to_given(mapped: Standardised, last: int) -> Floats:
    """Matrix by which (coefficients, thresholds) on z become those on x: t + mean'b takes the centring back."""
    q = len(mapped.scale)
    back = np.diag(np.concatenate([1 / mapped.scale, np.ones(last)]))
    back[q:, :q] = mapped.mean / mapped.scale
    return back


def _ends(parameters: Floats, z: Floats, code: Ints) -> tuple[Floats, Floats]:
    """Upper and lower end of each cell's level, seen from its x'b; infinite at the ends of the scale."""
    q = z.shape[1]
    line, thresholds = z @ parameters[:q], parameters[q:]
    return np.append(thresholds, np.inf)[code] - line, np.insert(thresholds, 0, -np.inf)[code] - line


def _slopes(upper: Floats, lower: Floats) -> _Slopes:
    log_share = _log_difference(upper, lower)
    # Density at either end over the share in between.
    at_upper, at_lower = _ratio(upper, log_share), _ratio(lower, log_share)
    return _Slopes(
        log_share=log_share,
        upper=at_upper,
        lower=-at_lower,
        upper_upper=-_finite(upper) * at_upper - at_upper**2,
        lower_lower=_finite(lower) * at_lower - at_lower**2,
        upper_lower=at_upper * at_lower,
    )


def _point(parameters: Floats, z: Floats, code: Ints, mass: Floats) -> Point | None:
    """Log-likelihood, gradient and information; None where the thresholds do not increase.

    The upper end of level j is threshold j, its lower end threshold j - 1, and x'b moves both down: so
    every derivative is a sum over the cells of a level.
    """
    q, last = z.shape[1], len(parameters) - z.shape[1]
    if (np.diff(parameters[q:]) <= 0).any():
        return None
    by = _slopes(*_ends(parameters, z, code))

    def per_level(values: Floats) -> Floats:
        sums: Floats = np.bincount(code, weights=values, minlength=last + 1).astype(np.float64)
        return sums

    upper, lower = mass * by.upper, mass * by.lower
    to_line = z.T @ (upper + lower)
    to_thresholds = per_level(upper)[:-1] + per_level(lower)[1:]
    uu, ll, ul = mass * by.upper_upper, mass * by.lower_lower, mass * by.upper_lower
    second = np.zeros((q + last, q + last))
    second[:q, :q] = (z * (uu + 2 * ul + ll)[:, None]).T @ z
    for k in range(q):
        second[k, q:] = -per_level(z[:, k] * (uu + ul))[:-1] - per_level(z[:, k] * (ll + ul))[1:]
        second[q:, k] = second[k, q:]
    diagonal = np.arange(q, q + last)
    second[diagonal, diagonal] = per_level(uu)[:-1] + per_level(ll)[1:]
    second[diagonal[:-1], diagonal[1:]] = second[diagonal[1:], diagonal[:-1]] = per_level(ul)[1:-1]
    return Point(parameters, float(mass @ by.log_share), np.concatenate([-to_line, to_thresholds]), -second)


def _scores(parameters: Floats, z: Floats, code: Ints, weight: Floats) -> Floats:
    """Derivatives of the log-likelihood of one row of each cell, shape (K, q + L - 1)."""
    q, last = z.shape[1], len(parameters) - z.shape[1]
    by = _slopes(*_ends(parameters, z, code))
    score = np.zeros((len(code), q + last))
    score[:, :q] = -z * (weight * (by.upper + by.lower))[:, None]
    inner, above = np.flatnonzero(code < last), np.flatnonzero(code > 0)
    score[inner, q + code[inner]] = (weight * by.upper)[inner]
    score[above, q + code[above] - 1] = (weight * by.lower)[above]
    return score


def _settled(ended: Climb, z: Floats, code: Ints, mass: Floats, count: Ints, predictors: Sequence[str]) -> None:
    """Refuse a fit that ran away: separation is looked for only where there is a sign of it."""
    used = np.flatnonzero(mass > 0)
    upper, lower = _ends(ended.top.parameters, z[used], code[used])
    far = max(np.abs(_finite(upper)).max(), np.abs(_finite(lower)).max()) > _FAR
    if ended.converged and not far:
        return
    refuse_separated(_constraints(z[used], code[used], predictors), count[used])
    if not ended.converged:
        raise SeparationError(unsettled(ended.iterations))


def _constraints(z: Floats, code: Ints, predictors: Sequence[str]) -> Constraints:
    """No row loses where its upper end rises and its lower end falls: t_j - x'b >= 0 and x'b - t_(j-1) >= 0."""
    thresholds = np.eye(int(code.max()))
    inner, above = np.flatnonzero(code < len(thresholds)), np.flatnonzero(code > 0)
    rising = np.hstack([-z[inner], thresholds[code[inner]]])
    falling = np.hstack([z[above], -thresholds[code[above] - 1]])
    owner = (*predictors, *(None for _ in thresholds))
    return Constraints(np.vstack([rising, falling]), np.concatenate([inner, above]), owner)


def _log_difference(upper: Floats, lower: Floats) -> Floats:
    """log(Phi(upper) - Phi(lower)), taken in the tail where both are small."""
    flip = lower > 0
    high, low = np.where(flip, -lower, upper), np.where(flip, -upper, lower)
    log_high = log_ndtr(high)
    # Ends that rounding has made equal leave a share of 0: the smallest number keeps the logarithm finite.
    difference: Floats = log_high + np.log(-np.expm1(np.minimum(log_ndtr(low) - log_high, -1e-300)))
    return difference


def _ratio(at: Floats, log_share: Floats) -> Floats:
    """Normal density over the share, 0 at infinity."""
    finite = _finite(at)
    return np.where(np.isfinite(at), np.exp(-0.5 * finite**2 - _LOG_ROOT - log_share), 0.0)


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, 0.0)
