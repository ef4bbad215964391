"""Newton's method with step halving, for likelihoods that are concave."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats

STEPS, HALVINGS = 60, 40
CONVERGED = 1e-20  # squared length of the last step, in standard errors of one row: the next would be its square
_ROUNDING = 1e-12  # a likelihood may fall by this share of itself where nothing is left to gain


@dataclass(frozen=True)
class Point:
    """A log-likelihood with its gradient (m,) and its negative second derivatives (m, m) at some parameters (m,)."""

    parameters: Floats
    likelihood: float
    gradient: Floats
    information: Floats


@dataclass(frozen=True)
class Climb:
    """Where the climb ended, after how many steps, and whether that is the top."""

    top: Point
    iterations: int
    converged: bool


def climb(at: Callable[[Floats], Point | None], start: Floats, rows: float) -> Climb:
    """Climb from ``start`` to the maximum.

    Parameters
    ----------
    at : function from parameters to a Point, or to None where there is no likelihood
    start : array, shape (m,)
    rows : float
        Rows (sum of weights) that the likelihood is made of: makes the end independent of their unit.
    """
    here = at(start)
    if here is None:
        raise ValueError("The climb must start where there is a likelihood.")
    for iteration in range(1, STEPS + 1):
        step = _step(here)
        moved = None if step is None else _forward(at, here, step)
        if step is None or moved is None:
            return Climb(here, iteration, converged=False)
        length = float(step @ here.gradient)
        here = moved
        if length <= CONVERGED * rows:
            return Climb(here, iteration, converged=True)
    return Climb(here, STEPS, converged=False)


def _step(here: Point) -> Floats | None:
    """The way to the top of the parabola; None where the likelihood is flat in some direction."""
    try:
        step: Floats = np.linalg.solve(here.information, here.gradient).astype(np.float64)
    except np.linalg.LinAlgError:
        return None
    return step if np.isfinite(step).all() else None


def _forward(at: Callable[[Floats], Point | None], here: Point, step: Floats) -> Point | None:
    """The longest of the halved steps that does not lower the likelihood, but for rounding."""
    floor = here.likelihood - _ROUNDING * abs(here.likelihood)
    for _ in range(HALVINGS):
        moved = at(here.parameters + step)
        if moved is not None and moved.likelihood >= floor:
            return moved
        step = step / 2
    return None
