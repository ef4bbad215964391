"""Overlap weights: two groups made alike by what either would have been in the other, chance for chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import SeparationError, TooFewError, warn
from cxstats.numerics.design import Design
from cxstats.numerics.effect import Effect
from cxstats.numerics.effective import kish
from cxstats.numerics.influence import Covariance
from cxstats.numerics.linear import fit_linear
from cxstats.numerics.logistic import fit_logistic
from cxstats.results import shown

FEWEST_EVENTS = 10  # good and bad outcomes of a group, each
FEWEST_ROWS = 30  # of a group, where the outcome is not binary
FEW_EFFECTIVE = 30  # rows of equal weight of a group, below which hardly anybody has a counterpart
PER_COEFFICIENT = 10  # rows of the smaller group, and events of a binary outcome


@dataclass(frozen=True)
class Propensity:
    """The chance of being in the second group, by the controls.

    Attributes
    ----------
    chance : array, shape (K,)
    influence : array, shape (K, q)
        Of one row of each cell on the coefficients.
    design : Design
        With intercept.
    """

    chance: Floats
    influence: Floats
    design: Design


@dataclass(frozen=True)
class PairOfMeans:
    """Means of the first and the second group, shape (2,), and influence of one row of each cell, shape (K, 2)."""

    mean: Floats
    influence: Floats


@dataclass(frozen=True)
class Balance:
    """How alike the groups are on each term of the controls, before and after weighting.

    Attributes
    ----------
    terms : tuple of str, length q
    first, second : array, shape (q,)
        Means of the groups before weighting.
    weighted : array, shape (q,)
        Mean of both after weighting: the same.
    before, after : array, shape (q,)
        Second minus first in standard deviations: the root of the mean of both groups' variances before weighting.
    """

    terms: tuple[str, ...]
    first: Floats
    second: Floats
    weighted: Floats
    before: Floats
    after: Floats


def fit_propensity(design: Design, second: Bools, count: Ints, weight: Floats) -> Propensity:
    """A logistic model of the group on the controls."""
    try:
        fit = fit_logistic(design.matrix, second, count, weight, design.terms, design.predictors)
    except SeparationError as found:
        raise SeparationError(
            "The two groups must overlap on the controls, or nobody has a counterpart, but the controls foretell the "
            f"group. With the group as the outcome:\n{found}"
        ) from None
    return Propensity(expit(design.matrix @ fit.coefficients), fit.influence, design)


def tilt(fit: Propensity, second: Bools) -> Floats:
    """The overlap weight of a row: its chance of being in the other group (Li, Morgan & Zaslavsky 2018)."""
    return np.where(second, 1 - fit.chance, fit.chance)


def overlap_means(fit: Propensity, second: Bools, y: Floats, count: Ints, weight: Floats) -> PairOfMeans:
    """Weighted means, and influence values in which the estimated chances have their part."""
    mass, tilted = count * weight, tilt(fit, second)
    curvature = fit.chance * (1 - fit.chance)
    mean, influence = np.empty(2), np.empty((len(y), 2))
    for j, member in enumerate((~second, second)):
        total = float((mass * tilted)[member].sum())
        mean[j] = float((mass * tilted * y)[member].sum()) / total
        apart = np.where(member, y - mean[j], 0.0)
        # d/d(linear predictor) of e is e (1 - e), of 1 - e its negative.
        slope = curvature * (1.0 if j == 0 else -1.0)
        gradient = (mass * slope * apart) @ fit.design.matrix / total
        influence[:, j] = weight * tilted * apart / total + fit.influence @ gradient
    return PairOfMeans(mean, influence)


def regression_means(
    fit: Propensity, second: Bools, y: Floats, binary: bool, count: Ints, weight: Floats, name: str
) -> PairOfMeans:
    """What a model of the outcome predicts for both groups, averaged over the same customers: weights e (1 - e).

    The model has the group and the controls, without interactions: logistic for a binary outcome, else linear.
    """
    controls = fit.design
    design = np.column_stack([controls.matrix, second.astype(np.float64)])
    terms, owners = (*controls.terms, name), (*controls.predictors, name)
    if binary:
        logistic = fit_logistic(design, y == 1, count, weight, terms, owners)
        coefficients, moved = logistic.coefficients, logistic.influence
    else:
        linear = fit_linear(design, y, count, weight, terms)
        coefficients, moved = linear.coefficients, linear.influence
    mass, overlap = count * weight, fit.chance * (1 - fit.chance)
    total = float(mass @ overlap)
    mean, influence = np.empty(2), np.empty((len(y), 2))
    for j in range(2):
        design[:, -1] = j
        index = design @ coefficients
        fitted = expit(index) if binary else index
        steepness = expit(index) * expit(-index) if binary else np.ones(len(y))
        mean[j] = float((mass * overlap) @ fitted) / total
        by_outcome = (mass * overlap * steepness) @ design / total
        by_group = (mass * overlap * (1 - 2 * fit.chance) * (fitted - mean[j])) @ controls.matrix / total
        own = weight * overlap * (fitted - mean[j]) / total
        influence[:, j] = own + moved @ by_outcome + fit.influence @ by_group
    return PairOfMeans(mean, influence)


def balance(fit: Propensity, second: Bools, count: Ints, weight: Floats) -> Balance:
    """Means of both groups on every column but the intercept."""
    columns, mass = fit.design.matrix[:, 1:], count * weight
    weighted = mass * tilt(fit, second)
    plain, alike, spread = [], [], []
    for member in (~second, second):
        x, share = columns[member], mass[member] / mass[member].sum()
        plain.append(share @ x)
        alike.append(weighted[member] @ x / weighted[member].sum())
        spread.append(share @ (x - share @ x) ** 2)
    scale = np.sqrt((spread[0] + spread[1]) / 2)
    return Balance(
        terms=fit.design.terms[1:],
        first=plain[0],
        second=plain[1],
        weighted=(alike[0] + alike[1]) / 2,
        before=(plain[1] - plain[0]) / scale,
        after=(alike[1] - alike[0]) / scale,
    )


def effective_sizes(fit: Propensity, second: Bools, count: Ints, weight: Floats) -> Floats:
    """Rows of equal weight that would tell as much, of the first and of the second group (Kish)."""
    weighted = weight * tilt(fit, second)
    return np.array([kish(count[member], weighted[member], None) for member in (~second, second)])


def hardly_any(groups: Sequence[str], effective: Floats) -> tuple[str, ...]:
    """A warning where few customers of a group have a counterpart in the other."""
    few = [f"'{name}' {shown(float(e), 3)}" for name, e in zip(groups, effective, strict=True) if e < FEW_EFFECTIVE]
    if not few:
        return ()
    return (
        warn(
            f"The groups hardly overlap: the effective sizes are small (below {FEW_EFFECTIVE}), {', '.join(few)}. "
            "What is compared are the few customers who might have been in either."
        ),
    )


def refuse_small(groups: Sequence[str], second: Bools, y: Floats, binary: bool, count: Ints, coefficients: int) -> None:
    """Refuse groups with too few rows or outcomes for a comparison with so many coefficients of the controls."""
    size = [int(count[member].sum()) for member in (~second, second)]
    good = [int(count[member] @ (y[member] == 1)) for member in (~second, second)]
    least = PER_COEFFICIENT * coefficients if binary else max(PER_COEFFICIENT * coefficients, FEWEST_ROWS)
    events = min(sum(good), sum(size) - sum(good))
    lost = ""
    if binary and any(min(g, n - g) < FEWEST_EVENTS for g, n in zip(good, size, strict=True)):
        held = [f"'{name}' has {g:,} good and {n - g:,} bad" for name, g, n in zip(groups, good, size, strict=True)]
        lost = (
            f"{FEWEST_EVENTS} good and {FEWEST_EVENTS} bad outcomes are needed in either group, but {'; '.join(held)}"
        )
    elif min(size) < least:
        held = [f"'{name}' has {n:,}" for name, n in zip(groups, size, strict=True)]
        lost = (
            f"{least:,} customers ({PER_COEFFICIENT} per coefficient) are needed in either group, but {'; '.join(held)}"
        )
    elif binary and events < PER_COEFFICIENT * (coefficients + 1):
        lost = f"{PER_COEFFICIENT} events per coefficient are needed, {PER_COEFFICIENT * (coefficients + 1):,} for "
        lost += f"{coefficients + 1:,} of controls and group, but there are {events:,}"
    if lost:
        raise TooFewError(f"At least {lost}.\nUse fewer controls, widen the ranges, or wait for more outcomes.")


@dataclass(frozen=True)
class Comparisons:
    """Both means, then for weighting and for regression the difference and the gain (a ratio, if relative)."""

    estimate: Floats
    std_error: Floats
    gains: tuple[Effect, Effect]


def comparisons(x: Floats, spread: Covariance, relative: bool, of_bad: bool) -> Comparisons:
    """From the first and second mean by weighting, the same by regression, and the standard deviation: x, shape (5,).

    The gain is p1 / p0 - 1 if relative (q0 / q1 - 1 of the bad shares), else the difference in standard deviations.
    """
    gains = (_gain(x, spread, 0, relative, of_bad), _gain(x, spread, 2, relative, of_bad))
    estimate, error = list(x[:2]), list(np.sqrt(np.diag(spread.matrix)[:2]))
    for gain in gains:
        estimate += [gain.a, gain.estimate + relative]
        error += [gain.var_a**0.5, gain.std_error_at(gain.estimate) / gain.b]
    return Comparisons(np.array(estimate), np.array(error), gains)


def _gain(x: Floats, spread: Covariance, at: int, relative: bool, of_bad: bool) -> Effect:
    a, b = np.zeros((2, len(x)))
    a[at], a[at + 1] = -1.0, 1.0
    if relative:
        b[at + 1 if of_bad else at] = -1.0 if of_bad else 1.0
    else:
        b[-1] = 1.0
    v = spread.matrix
    return Effect(
        a=float(a @ x),
        b=float(b @ x) + of_bad,
        var_a=float(a @ v @ a),
        cov=float(a @ v @ b),
        var_b=float(b @ v @ b),
        df=spread.df,
    )
