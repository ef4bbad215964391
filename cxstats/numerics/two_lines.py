"""Two separate lines below and above a breakpoint chosen by the Robin Hood algorithm of Simonsohn (2018).

doi:10.1177/2515245918805755. A smooth curve tells where the response may be at its highest or lowest; of the flat part
around that place, rows are taken from the line with the larger t and given to the one with the smaller.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from cxstats.arrays import Bools, Floats, Ints

Score: TypeAlias = Callable[[float], float]
KNOTS = 10  # at most, evenly spread over the distinct values, as in the article
_TRIED = 61  # smoothing parameters, before the best is refined


@dataclass(frozen=True)
class Curve:
    """A penalised cubic regression spline at G distinct values.

    Attributes
    ----------
    fitted, std_error : array, shape (G,)
    edf : float
        Effective degrees of freedom, between 2 (a straight line) and the number of knots.
    """

    fitted: Floats
    std_error: Floats
    edf: float


@dataclass(frozen=True)
class RobinHood:
    """The breakpoint, and a line through the rows up to it and one through the rows from it on.

    Attributes
    ----------
    breakpoint : float
        Its own rows belong to both lines.
    flat : (low, high)
        The part of the curve that cannot be told from its highest or lowest place.
    slopes : array, shape (2,)
    influence : array, shape (K, 2)
        Of one row of each cell on both slopes, residuals divided by 1 - leverage (HC3).
    """

    breakpoint: float
    flat: tuple[float, float]
    slopes: Floats
    influence: Floats


def smooth(values: Floats, mass: Floats, means: Floats, within: float) -> Curve:
    """A natural cubic spline through the means per value, its roughness chosen by generalised cross-validation.

    Craven & Wahba (1979), doi:10.1007/BF01404567. Errors are those of the posterior in which the penalty is the
    prior, as the article takes them from the R package mgcv.

    Parameters
    ----------
    values : array, shape (G,)
        Distinct, ascending, four or more.
    mass : array, shape (G,)
        Rows at each value; their sum is the number of rows.
    means : array, shape (G,)
    within : float
        Sum of squares of the responses about the means.
    """
    x = (values - values[0]) / (values[-1] - values[0])
    basis, penalty = _spline(x, np.quantile(x, np.linspace(0, 1, min(KNOTS, len(x)))))
    n, level = mass.sum(), float(mass @ means / mass.sum())
    root = np.sqrt(mass)
    orthogonal, triangle = np.linalg.qr(basis * root[:, None])
    back = np.linalg.inv(triangle)
    rough, turn = np.linalg.eigh(back.T @ penalty @ back)
    rough = np.maximum(rough, 0.0)
    rough[:2] = 0.0  # a straight line has no roughness
    target = (means - level) * root
    along = turn.T @ (orthogonal.T @ target)
    beyond = within + max(float(target @ target - along @ along), 0.0)

    def parts(log_penalty: float) -> tuple[Floats, float, float]:
        kept = 1 / (1 + np.exp(log_penalty) * rough)
        return kept, float(kept.sum()), beyond + float(((1 - kept) * along) @ ((1 - kept) * along))

    def validation(log_penalty: float) -> float:
        _, edf, rss = parts(log_penalty)
        return float(n * rss / (n - edf) ** 2)

    kept, edf, rss = parts(_smallest(validation, rough))
    loads = basis @ back @ turn
    error = np.sqrt(rss / (n - edf) * (loads**2 @ kept))
    return Curve(level + loads @ (kept * along), error, edf)


def robin_hood(x: Floats, y: Floats, count: Ints, weight: Floats, values: Floats, may: Bools) -> RobinHood:
    """Choose the breakpoint and fit the two lines.

    Parameters
    ----------
    x, y : array, shape (K,)
    count : int array, shape (K,)
    weight : array, shape (K,)
        Survey weight of each row of the cell, above 0.
    values : array, shape (G,)
        The distinct values of x, ascending.
    may : bool array, shape (G,)
        Which of them may be the breakpoint; at least one.
    """
    mass, means, within = _means(x, y, count, weight, values)
    curve = smooth(values, mass, means, within)
    turn = _first_way(values, mass, means)
    height, error = turn * curve.fitted[may], curve.std_error[may]
    flat = height + error > height.max()
    flat[height.argmax()] = True  # also where the curve has no error
    places, rows = values[may][flat], mass[may][flat]
    middle = _quantile(places, rows, 0.5)
    z = [_strength(line, count) for line in _lines(x, y, count, weight, middle)]
    cut = _quantile(places, rows, _given_to_first(*z))
    low, high = _lines(x, y, count, weight, cut)
    return RobinHood(
        cut,
        (float(places[0]), float(places[-1])),
        np.array([low[0], high[0]]),
        np.column_stack([low[1], high[1]]),
    )


def _means(x: Floats, y: Floats, count: Ints, weight: Floats, values: Floats) -> tuple[Floats, Floats, float]:
    """Rows and mean response per value, weights scaled to the number of rows; the squares within values."""
    scaled = count * weight * (count.sum() / (count @ weight))
    place = np.searchsorted(values, x)
    mass = np.bincount(place, weights=scaled, minlength=len(values)).astype(np.float64)
    means: Floats = np.bincount(place, weights=scaled * y, minlength=len(values)) / mass
    return mass, means, float(scaled @ (y - means[place]) ** 2)


def _spline(x: Floats, knots: Floats) -> tuple[Floats, Floats]:
    """Natural cubic splines that are 1 at one knot, at x (G, k), and the integral of their squared curvature (k, k)."""
    from scipy.interpolate import CubicSpline

    through = CubicSpline(knots, np.eye(len(knots)), bc_type="natural")
    bent, step = through(knots, 2), np.diff(knots)[:, None]
    left, right = bent[:-1], bent[1:]
    crossed = left.T @ (step * right)
    return through(x), (left.T @ (step * left) + right.T @ (step * right) + (crossed + crossed.T) / 2) / 3


def _smallest(score: Score, rough: Floats) -> float:
    """The logarithm of the smoothing parameter with the smallest score."""
    from scipy.optimize import minimize_scalar

    curved = rough[2:]
    tried = np.linspace(-np.log(curved.max()) - 14, -np.log(max(curved.min(), curved.max() * 1e-12)) + 14, _TRIED)
    best = int(np.argmin([score(value) for value in tried]))
    ends = (float(tried[max(best - 1, 0)]), float(tried[min(best + 1, _TRIED - 1)]))
    return float(minimize_scalar(score, bounds=ends, method="bounded", options={"xatol": 1e-10}).x)


def _first_way(values: Floats, mass: Floats, means: Floats) -> int:
    """1 where a parabola rises at the lowest value, so that a highest place is looked for; else -1."""
    x = (values - values[0]) / (values[-1] - values[0])
    root = np.sqrt(mass)
    design = np.column_stack([np.ones(len(x)), x, x**2]) * root[:, None]
    solved, *_ = np.linalg.lstsq(design, means * root, rcond=None)
    return 1 if solved[1] > 0 else -1


def _lines(x: Floats, y: Floats, count: Ints, weight: Floats, cut: float) -> list[tuple[float, Floats]]:
    """Slope and influence (K,) of the line through the rows up to the cut, and of the one from it on."""
    return [_line(x, y, count, np.where(side, weight, 0.0)) for side in (x <= cut, x >= cut)]


def _line(x: Floats, y: Floats, count: Ints, weight: Floats) -> tuple[float, Floats]:
    mass = count * weight
    total = mass.sum()
    z = x - mass @ x / total
    centred = y - mass @ y / total
    squares = mass @ z**2
    slope = float(mass @ (z * centred) / squares)
    leverage = weight * (1 / total + z**2 / squares)
    return slope, weight * z * (centred - slope * z) / (1 - np.where(weight > 0, leverage, 0.0)) / squares


def _strength(line: tuple[float, Floats], count: Ints) -> float:
    """|slope| over its error. Rows are taken as independent, which moves the breakpoint but not the test there."""
    slope, influence = line
    error = float(np.sqrt(count @ influence**2))
    return abs(slope) / error if error > 0 else (np.inf if slope else 0.0)


def _given_to_first(first: float, second: float) -> float:
    """Which share of the flat part the first line is given: the more, the stronger the second is."""
    if first == second:
        return 0.5
    return 1.0 if np.isinf(second) else second / (first + second)


def _quantile(values: Floats, mass: Floats, share: float) -> float:
    """The smallest value up to which at least this share of the mass lies: always one that occurs."""
    total = np.cumsum(mass)
    return float(values[min(int(np.searchsorted(total, share * total[-1] * (1 - 1e-12))), len(values) - 1)])
