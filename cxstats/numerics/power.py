"""The chance that an interval of a difference shows what it is to show, and how many units that takes.

A unit is what is independent: a row, or a cluster. The standard error of the difference is ``spread / sqrt(units)``.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.optimize import brentq
from scipy.special import erf, gammainc, gammaincc, gammainccinv, gammaincinv, ndtr, ndtri

from cxstats.arrays import Floats
from cxstats.errors import RoleError
from cxstats.numerics.influence import FEWEST_CLUSTERS
from cxstats.numerics.intervals import critical

ALPHA = 0.05  # the error rate of the verdicts
_FAR = 8.5  # a standard normal variable lies beyond with probability 2e-17
_NODES = 60  # on either side of the kink; twice as many change no chance by more than 1e-12
_CLOSE_TO_WHOLE = 1e-9
_CLOSE = 1e-12  # relative, where a root is taken as found

# From distance over standard error, and the critical value, to the chance.
Chance = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Aim:
    """What an interval is to show.

    Attributes
    ----------
    distance : float
        Of the true difference from the value that the interval must leave out.
    level : float
        Of the interval.
    chance : callable
        The chance given the standard error.
    """

    distance: float
    level: float
    chance: Chance


def aims(difference: float, smallest: float, alpha: float) -> dict[str, Aim]:
    """What an interval can be planned to show, with an error rate of ``alpha``.

    differs: the interval at 1 - alpha leaves out 0, where the difference is as given. exceeds: it lies above
    ``smallest``. equivalent: the interval at 1 - 2 alpha lies within ``smallest`` either way, where it is 0.
    """
    return {
        "differs": Aim(difference, 1 - alpha, lambda d, c: ndtr(d - c) + ndtr(-d - c)),
        "exceeds": Aim(difference - smallest, 1 - alpha, lambda d, c: ndtr(d - c)),
        # 2 Phi(d - c) - 1: below 0 where the interval is wider than the margin.
        "equivalent": Aim(smallest, 1 - 2 * alpha, lambda d, c: np.maximum(erf((d - c) / np.sqrt(2)), 0.0)),
    }


def chances_with(aim: Aim, spread: Floats, units: float, clustered: bool) -> Floats:
    """`chance_with` for each spread, NaN for one that is not above 0: a difference that never varies shows nothing."""
    return _each(spread, lambda one: chance_with(aim, one, units, clustered))


def needed_for(aim: Aim, spread: Floats, chance: float, clustered: bool) -> Floats:
    """`needed_units` for each spread, NaN for one that is not above 0."""
    return _each(spread, lambda one: needed_units(aim, one, chance, clustered))


def chance_with(aim: Aim, spread: float, units: float, clustered: bool) -> float:
    """The chance with so many units: with clusters, that of Student's t with one degree less."""
    away = aim.distance * np.sqrt(units) / spread
    if not clustered:
        return float(aim.chance(away, critical(aim.level)))
    return _over_error(aim.chance, float(away), float(critical(aim.level, units - 1)), units - 1)


def needed_units(aim: Aim, spread: float, chance: float, clustered: bool) -> float:
    """Units at which the chance is reached; not rounded, infinite where no number does, with clusters at least 20."""
    if aim.distance <= 0:
        return np.inf
    at = critical(aim.level)
    reach = brentq(lambda d: float(aim.chance(d, at)) - chance, 0.0, float(at) + 10, rtol=_CLOSE)
    with np.errstate(over="ignore"):
        units = float(np.square(np.float64(spread) * reach / aim.distance))
    return _needed_clusters(aim, spread, chance, units) if clustered and np.isfinite(units) else units


def _each(spread: Iterable[float], found: Callable[[float], float]) -> Floats:
    return np.array([found(float(one)) if one > 0 else np.nan for one in spread])


def _needed_clusters(aim: Aim, spread: float, chance: float, normal: float) -> float:
    """Clusters needed: more than by the normal, since their number also limits what is known of the error."""

    def missing(units: float) -> float:
        return chance_with(aim, spread, units, clustered=True) - chance

    low = high = max(normal, float(FEWEST_CLUSTERS))
    if missing(low) >= 0:
        return low
    while missing(high) < 0:
        high *= 2
    return float(brentq(missing, low, high, rtol=_CLOSE))


def _over_error(chance: Chance, away: float, at: float, df: float) -> float:
    """The mean chance over what the estimated standard error may be: chi with ``df`` over its root, times the true one.

    By Gauss-Legendre on the normal scale, on either side of where the critical distance equals the true one.
    """
    kink = np.clip(_normal_scale(away / at, df), -_FAR, _FAR) if away > 0 else -_FAR
    total = 0.0
    for low, high in ((-_FAR, kink), (kink, _FAR)):
        node, weight = _nodes()
        x = low + (high - low) * (node + 1) / 2
        error = np.sqrt(2 / df * _gamma_quantile(df / 2, x))
        density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
        total += float((high - low) / 2 * weight @ (density * chance(np.asarray(away), at * error)))
    return min(total, 1.0)


def _normal_scale(error: float, df: float) -> float:
    """The normal quantile that is as likely to be exceeded as this ratio of estimated to true error."""
    half = df * error**2 / 2
    below, above = gammainc(df / 2, half), gammaincc(df / 2, half)
    return float(ndtri(below) if below < above else -ndtri(above))


def _gamma_quantile(shape: float, x: Floats) -> Floats:
    """Quantiles of the gamma distribution at those of the normal, exact in both tails."""
    return np.where(x < 0, gammaincinv(shape, ndtr(x)), gammainccinv(shape, ndtr(-x)))


@cache
def _nodes() -> tuple[Floats, Floats]:
    return leggauss(_NODES)


def whole_up(value: float) -> int:
    """The next whole number, for reading; what lies above one by rounding only is that one."""
    return math.ceil(value * (1 - _CLOSE_TO_WHOLE))


def two_digits_up(value: float) -> int:
    """The next number up of two digits and zeros, for reading: enough, and not more exact than it is known."""
    whole = whole_up(value)
    step: int = 10 ** max(0, len(str(whole)) - 2)
    return -(-whole // step) * step


def rough_share(share: float) -> str:
    """A chance to whole percents, for reading."""
    if math.isnan(share):
        return "–"
    return "<1%" if share < 0.005 else ">99%" if share > 0.995 else f"{100 * share:.0f}%"


def refuse_settings(difference: float, smallest: float, chance: float, tests: int) -> None:
    """Refuse what cannot be planned for."""
    for name, value, inside, what in (
        ("difference", difference, is_number(difference) and 0 < difference < 1, "above 0 and below 1, such as 0.02"),
        ("smallest", smallest, is_number(smallest) and 0 <= smallest < 1, "from 0 up to below 1, such as 0.01"),
        ("chance", chance, is_number(chance) and ALPHA < chance < 1, "above 0.05 and below 1; 80% is 0.8"),
        ("tests", tests, is_number(tests) and tests >= 1 and tests % 1 == 0, "that is whole, from 1 up"),
    ):
        if not inside:
            raise RoleError(f"{name} must be a number {what}, but {value!r} was given.")


def is_number(value: object) -> bool:
    """Whether it is one, of Python or NumPy; true and false are none."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
