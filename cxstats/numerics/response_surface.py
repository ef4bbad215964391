"""The shape of a quadratic surface over two scores: its slopes along two lines, its top or bottom, and its axes.

y = b0 + b1 e + b2 p + b3 e^2 + b4 e p + b5 p^2. What is linear in b has Wald's limits. Ratios have Fieller's, which
have no end where the denominator is not told from 0: a surface that hardly bends has its top anywhere.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc

from cxstats.arrays import Floats
from cxstats.numerics.effect import Effect
from cxstats.numerics.nested import NestedTest

TERMS = (
    *("expected", "performed", "expected^2", "expected x performed", "performed^2"),
    *("agreement slope", "agreement curvature", "disagreement slope", "disagreement curvature"),
    *("stationary expected", "stationary performed", "first axis slope", "second axis slope"),
)
# Edwards and Parry (1993): slope and curvature along e = p, then along e = -p, where e rises and p falls.
LINES = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 1], [1, -1, 0, 0, 0], [0, 0, 1, -1, 1]], dtype=np.float64)
# What must be 0 if p - e says it all, and if the surface is a plane.
DIFFERENCE = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]], dtype=np.float64)
CURVATURE = np.eye(5)[2:]
# Twice the angle of the first principal axis is the direction of (b3 - b5, b4).
_TURNED = np.array([[0, 0, 1, 0, -1], [0, 0, 0, 1, 0]], dtype=np.float64)


@dataclass(frozen=True)
class PrincipalAxis:
    """The slope dp / de of an axis: the tangent of an angle, whose limits are Fieller's.

    Attributes
    ----------
    angle : float
        From the direction of e, in radians.
    turn : Effect
        The tangent of twice the error of the angle.
    """

    angle: float
    turn: Effect

    @property
    def slope(self) -> float:
        """Rise of p per point of e; very large where the axis stands upright."""
        return math.tan(self.angle)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Limits of the slope; the whole line where an upright axis, or every direction, is possible."""
        low, high = self.turn.interval(level)
        first, last = (self.angle + math.atan(end) / 2 for end in (low, high))
        upright = math.floor(first / math.pi + 0.5) != math.floor(last / math.pi + 0.5)
        if upright or not math.isfinite(high - low):
            return -math.inf, math.inf
        return math.tan(first), math.tan(last)


@dataclass(frozen=True)
class SurfaceShape:
    """What five coefficients say of a surface.

    Attributes
    ----------
    estimate, std_error : arrays, shape (13,)
        The coefficients, slopes and curvatures along both lines, stationary point, slopes of both axes; the last four
        have no standard error (NaN).
    stationary : (Effect, Effect)
    axes : (PrincipalAxis, PrincipalAxis)
    difference, curvature : NestedTest
        That p - e says it all; that the surface is a plane.
    """

    estimate: Floats
    std_error: Floats
    stationary: tuple[Effect, Effect]
    axes: tuple[PrincipalAxis, PrincipalAxis]
    difference: NestedTest
    curvature: NestedTest


def quadratic(e: Floats, p: Floats) -> Floats:
    """The columns (K, 6) of the surface, ones first."""
    return np.column_stack([np.ones(len(e)), e, p, e**2, e * p, p**2])


def surface_shape(b: Floats, covariance: Floats, df: float) -> SurfaceShape:
    """All that follows from b1 to b5 and their covariance (5, 5)."""
    every = np.vstack([np.eye(5), LINES])
    variance = np.einsum("ij,jk,ik->i", every, covariance, every)
    point, axes = stationary_point(b, covariance, df), principal_axes(b, covariance, df)
    ratios = [point[0].estimate, point[1].estimate, axes[0].slope, axes[1].slope]
    return SurfaceShape(
        estimate=np.concatenate([every @ b, ratios]),
        std_error=np.concatenate([np.sqrt(np.maximum(variance, 0)), np.full(len(ratios), np.nan)]),
        stationary=point,
        axes=axes,
        difference=wald(DIFFERENCE, b, covariance, df),
        curvature=wald(CURVATURE, b, covariance, df),
    )


def stationary_point(b: Floats, covariance: Floats, df: float) -> tuple[Effect, Effect]:
    """Where the surface is level: the e and the p at which both derivatives are 0.

    e = (b2 b4 - 2 b1 b5) / (4 b3 b5 - b4^2), p = (b1 b4 - 2 b2 b3) / (4 b3 b5 - b4^2); both parts are linearised.
    """
    b1, b2, b3, b4, b5 = b
    below, by_below = 4 * b3 * b5 - b4**2, np.array([0, 0, 4 * b5, -2 * b4, 4 * b3])
    e, by_e = b2 * b4 - 2 * b1 * b5, np.array([-2 * b5, b4, 0, b2, -2 * b1])
    p, by_p = b1 * b4 - 2 * b2 * b3, np.array([b4, -2 * b3, -2 * b2, b1, 0])
    sign = -1.0 if below < 0 else 1.0
    both = [(sign * np.array([above, below]), np.array([by, by_below])) for above, by in ((e, by_e), (p, by_p))]
    first, second = (_ratio(parts, by @ covariance @ by.T, df) for parts, by in both)
    return first, second


def principal_axes(b: Floats, covariance: Floats, df: float) -> tuple[PrincipalAxis, PrincipalAxis]:
    """The axis along which the surface bends upwards most (or downwards least), and the one at right angles to it.

    Their slopes are (b5 - b3 + R) / b4 and (b5 - b3 - R) / b4 with R^2 = (b3 - b5)^2 + b4^2 [Edwards and Parry].
    """
    x, y = _TURNED @ b
    direction = math.atan2(y, x)
    c, s = math.cos(direction), math.sin(direction)
    basis = np.array([[-s, c], [c, s]]) @ _TURNED  # across the direction that is seen, then along it
    turn = _ratio(np.array([0.0, math.hypot(x, y)]), basis @ covariance @ basis.T, df)
    return PrincipalAxis(direction / 2, turn), PrincipalAxis((direction + math.pi) / 2, turn)


def wald(contrasts: Floats, b: Floats, covariance: Floats, df: float) -> NestedTest:
    """Whether q contrasts are all 0: chi-square, or Hotelling's F with q and df - q + 1 degrees where df is finite."""
    q = len(contrasts)
    gaps = contrasts @ b
    square = float(gaps @ np.linalg.solve(contrasts @ covariance @ contrasts.T, gaps))
    if not math.isfinite(df):
        return NestedTest("robust Wald", square, q, float(chdtrc(q, square)))
    left = df - q + 1
    return NestedTest("robust Wald", square, q, float(fdtrc(q, left, square * left / (q * df))))


def _ratio(parts: Floats, spread: Floats, df: float) -> Effect:
    a, b = map(float, parts)
    return Effect(a=a, b=b, var_a=float(spread[0, 0]), cov=float(spread[0, 1]), var_b=float(spread[1, 1]), df=df)
