"""Least squares of remembered ratings on weighted means of moments.

y_i = a + b m_i(theta) + e_i, with m_i as in ``kernel_weights``. At any theta the best a and b follow by regression;
theta is found by Newton's method on what is left (Golub and Pereyra's variable projection). With persons, y and m are
taken less their person's mean: people are compared with themselves, and a drops out.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.ndimage import minimum_filter

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import TooFewError
from cxstats.numerics.kernel_weights import (
    ROUNDING,
    KernelProblem,
    KernelRows,
    centred,
    kernel_problem,
    laid_out,
    numbered,
    weighted_means,
)

BOUND = 20.0  # |theta| times the typical range of its feature: the extremes' weights are e^20 apart
GRID = (-14.0, -8.0, -4.0, -1.5, 0.0, 1.5, 4.0, 8.0, 14.0)  # of each theta in the same unit: where to start from
FEW = 10_000  # sequences that valleys are looked for in, where there are more than twice as many
_STEPS, _HALVINGS, _LONGEST = 60, 40, 3.0
_CONVERGED = 1e-16  # squared length of the next step in standard errors of one sequence
_RIVAL = 30.0  # -2 log likelihood by which a valley in a part of the data may be worse and yet be looked into


@dataclass(frozen=True)
class MomentKernelFit:
    """Of S sequences, q coefficients: intercept (without persons only), slope, then theta of p features.

    Attributes
    ----------
    terms : tuple of str, length q
    coefficients : array, shape (q,)
        Theta per unit of its feature.
    influence : array, shape (S, q)
        Inverse of the full Hessian (that of the residual sum of squares, second derivatives of m included) times
        each sequence's score; to be summed by cluster. With persons, only sums over whole persons are meaningful: the
        caller must cluster by person or by groups of persons. NaN for what ran away; the others' are for that bound.
    model_covariance : array, shape (q, q)
        s^2 (J'J)^-1: right if errors are independent and of equal size. NaN for what ran away.
    weighted : array, shape (S,)
        m at the estimates.
    residuals : array, shape (S,)
    degrees : int
        Of the residuals: S less q and less the number of persons.
    r2 : float
        Share of the variance of y explained; within persons, where there are persons.
    bound : array, shape (p,)
        The largest theta of each feature that is looked at.
    runaway : tuple of str
        Features whose theta stopped at its bound (weights are all the peak's, or all the end's, or the reverse), or
        more than half way there with a standard error as large as the bound: they have no estimate.
    converged : bool
        Whether a minimum was found, with what ran away at its bound. If not, there is no estimate of anything.
    """

    terms: tuple[str, ...]
    coefficients: Floats
    influence: Floats
    model_covariance: Floats
    weighted: Floats
    residuals: Floats
    degrees: int
    r2: float
    bound: Floats
    runaway: tuple[str, ...]
    converged: bool


@dataclass(frozen=True)
class _Surface:
    """At theta (in typical ranges): b, residuals, half their sum of squares with its derivatives given the best b.

    ``columns`` (1 + p, S) are m and its slopes, centred; ``middle`` (1 + p,) their means before; ``full`` and ``gauss``
    (1 + p, 1 + p) the Hessian in (b, theta), with the second derivatives of m and without.
    """

    theta: Floats
    b: float
    residuals: Floats
    half: float
    gradient: Floats
    columns: Floats
    middle: Floats
    full: Floats
    gauss: Floats


def fit_moment_kernel(rows: KernelRows, response: Floats, person: Ints | None = None) -> MomentKernelFit:
    """Fit by Newton's method from several starts; Gauss-Newton's where the surface is not convex.

    Parameters
    ----------
    rows : KernelRows
        S sequences with p features.
    response : array, shape (S,)
        Remembered ratings.
    person : int array, shape (S,), optional
        Who each sequence is of; it needs no order. A person with one sequence adds nothing.

    Raises
    ------
    TooFewError
        Too few sequences, or nothing varies, or features are collinear within sequences.
    """
    whole = kernel_problem(rows, response, person)
    best, converged = _deepest(rows, whole)
    if best.b == 0:
        raise TooFewError(
            "Weighted means of moments must vary between the sequences that are compared, but they do not."
            "\nThere is nothing to explain remembered ratings with."
        )
    return _fit(rows.names, whole, response, best, converged)


def _deepest(rows: KernelRows, whole: KernelProblem) -> tuple[_Surface, bool]:
    """The deepest valley: of many sequences, those of a part lead to those of all."""
    part = _part(rows, whole)
    ends = [_descend(part, start) for start in _starts(part, len(rows.names))]
    if part is not whole:
        lowest = min(end.half for end, _ in ends)
        reach = lowest * np.exp(_RIVAL / len(part.y))
        near = {tuple(np.round(end.theta, 2)): end.theta for end, _ in ends if end.half <= reach}
        ends = [_descend(whole, theta) for theta in near.values()]
    return min(ends, key=lambda end: end[0].half)


def _starts(problem: KernelProblem, p: int) -> Floats:
    """The points of the grid that lie no higher than any next to them, corners included; shape (., p)."""
    points = np.array(list(product(GRID, repeat=p)))
    height = np.array([_height(problem, theta) for theta in points]).reshape([len(GRID)] * p)
    low = height <= minimum_filter(height, size=3, mode="nearest")
    return points[low.ravel()]


def _height(problem: KernelProblem, theta: Floats) -> float:
    """What the best b leaves of the sum of squares, less that of y."""
    m = centred(weighted_means(problem.blocks, theta, 0)[0], problem.persons)
    size = float(m @ m)
    return -(float(m @ problem.y) ** 2) / size if size > 0 else 0.0


def _part(rows: KernelRows, whole: KernelProblem) -> KernelProblem:
    """Every k-th person, or sequence, evenly; all of them where there are few, or where few persons gave most."""
    n = len(whole.y)
    if n <= 2 * FEW:
        return whole
    each = np.arange(n) if whole.persons is None else whole.persons.number
    chosen = np.flatnonzero(each % (n // FEW) == 0)
    if len(chosen) < FEW // 2:
        return whole
    persons = None if whole.persons is None else numbered(each[chosen])
    y = whole.y[chosen]
    return KernelProblem(laid_out(rows, whole.blocks.unit, chosen), centred(y, persons), persons)


def _surface(problem: KernelProblem, theta: Floats) -> _Surface:
    p, y = len(theta), problem.y
    found = weighted_means(problem.blocks, theta, 2)
    columns = centred(found[: 1 + p], problem.persons)
    cross = columns @ columns.T
    varies = cross[0, 0] > len(y) * (ROUNDING * np.abs(found[0]).max()) ** 2
    b = float(columns[0] @ y / cross[0, 0]) if varies else 0.0
    residuals = y - b * columns[0]
    left = columns[1:] @ residuals
    scale = np.append(1.0, np.full(p, b))
    gauss = cross * np.outer(scale, scale)
    full = gauss.copy()
    full[0, 1:] -= left
    full[1:, 0] -= left
    full[1:, 1:] -= b * _symmetric(found[1 + p :] @ residuals, p)
    half = float(residuals @ residuals) / 2
    return _Surface(theta, b, residuals, half, -b * left, columns, found[: 1 + p].mean(axis=1), full, gauss)


def _symmetric(upper: Floats, p: int) -> Floats:
    matrix = np.zeros((p, p))
    matrix[np.triu_indices(p)] = upper
    return matrix + np.triu(matrix, 1).T


def _descend(problem: KernelProblem, theta: Floats) -> tuple[_Surface, bool]:
    """Down to a minimum within the bounds; whether it was reached."""
    here = _surface(problem, theta)
    for _ in range(_STEPS):
        free = _free(here)
        if not free.any():
            return here, True
        step = _step(here, free)
        if step is None:
            return here, False
        if -float(step @ here.gradient) <= _CONVERGED * _variance(here) + _tiny(problem):
            return here, True
        moved = _downhill(problem, here, step)
        if moved is None:
            return here, False
        here = moved
    return here, False


def _variance(here: _Surface) -> float:
    return 2 * here.half / len(here.residuals)


def _tiny(problem: KernelProblem) -> float:
    """What rounding leaves of a sum of squares that should be 0."""
    return ROUNDING**2 * float(problem.y @ problem.y)


def _free(here: _Surface) -> Bools:
    """Which theta can move: not those that press against their bound."""
    free: Bools = (np.abs(here.theta) < BOUND) | (here.theta * here.gradient > 0)
    return free


def _step(here: _Surface, free: Bools) -> Floats | None:
    """Newton's step of the free theta, given the best b; else Gauss-Newton's; None where the surface is level."""
    if here.b == 0:
        return None
    for matrix in (here.full, here.gauss):
        given_b = matrix[1:, 1:] - np.outer(matrix[1:, 0], matrix[0, 1:]) / matrix[0, 0]
        curvature = given_b[np.ix_(free, free)]
        if matrix is here.gauss:  # never quite singular
            curvature = curvature + np.eye(len(curvature)) * (1e-8 * np.trace(curvature))
        try:
            solved = cho_solve(cho_factor(curvature), -here.gradient[free])
        except LinAlgError:
            continue
        step = np.zeros(len(free))
        step[free] = solved
        return step
    return None


def _downhill(problem: KernelProblem, here: _Surface, step: Floats) -> _Surface | None:
    """The longest of the halved steps that does not raise the sum of squares, but for rounding."""
    step = step * min(1.0, _LONGEST / float(np.abs(step).max()))
    ceiling = here.half * (1 + ROUNDING) + _tiny(problem)
    for _ in range(_HALVINGS):
        moved = _surface(problem, np.clip(here.theta + step, -BOUND, BOUND))
        if moved.half <= ceiling:
            return moved
        step = step / 2
    return None


def _fit(
    names: tuple[str, ...], problem: KernelProblem, response: Floats, best: _Surface, converged: bool
) -> MomentKernelFit:
    """Errors of slope and free theta, then of the intercept, and back to the units of the features."""
    free, converged = _estimable(best, converged)
    sequences, unit = len(problem.y), problem.blocks.unit
    kept = np.flatnonzero(np.append(True, free))
    jacobian = best.columns[kept] * np.append(1.0, np.full(free.sum(), best.b))[:, None]
    full, gauss = (_inverse(_among(matrix, free)) for matrix in (best.full, best.gauss))
    degrees = sequences - len(names) - (2 if problem.persons is None else 1 + len(problem.persons.size))
    variance = 2 * best.half / degrees
    back = np.vstack([-best.middle * np.append(1.0, np.full(len(names), best.b)), np.diag(np.append(1.0, 1 / unit))])
    back[2:][~free] = np.nan
    back = back[:, kept]
    influence = (jacobian * best.residuals).T @ full @ back.T
    influence[:, 0] += best.residuals / sequences
    model = variance * (back @ gauss @ back.T)
    model[0, 0] += variance / sequences
    weighted = weighted_means(problem.blocks, best.theta, 0)[0]
    at = slice(0 if problem.persons is None else 1, None)
    return MomentKernelFit(
        terms=("intercept", "slope", *names)[at],
        coefficients=np.concatenate([[(response - best.b * weighted).mean(), best.b], best.theta / unit])[at],
        influence=influence[:, at],
        model_covariance=model[at, at],
        weighted=weighted,
        residuals=best.residuals,
        degrees=degrees,
        r2=1 - 2 * best.half / float(problem.y @ problem.y),
        bound=BOUND / unit,
        runaway=tuple(name for name, moves in zip(names, free, strict=True) if not moves),
        converged=converged,
    )


def _estimable(best: _Surface, converged: bool) -> tuple[Bools, bool]:
    """Which theta have an estimate: not those at their bound, nor far out without an end or with a boundless error."""
    free, far = _free(best), np.abs(best.theta) >= BOUND / 2
    inverse = _inverse(_among(best.full, free))
    if not (converged and np.isfinite(inverse).all()):
        return free & ~far, False
    error = np.zeros(len(free))
    error[free] = np.sqrt(_variance(best) * np.diag(inverse)[1:])
    return free & ~(far & (error > BOUND)), True


def _among(matrix: Floats, free: Bools) -> Floats:
    """Rows and columns of b and of the free theta."""
    kept = np.flatnonzero(np.append(True, free))
    return matrix[np.ix_(kept, kept)]


def _inverse(matrix: Floats) -> Floats:
    """Of a matrix that must be positive definite at a minimum; NaN where it is not."""
    try:
        inverse: Floats = cho_solve(cho_factor(matrix), np.eye(len(matrix)))
    except LinAlgError:
        return np.full_like(matrix, np.nan)
    return inverse
