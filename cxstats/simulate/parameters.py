"""Checks of the numbers that a simulator is given: what may be had is said, and what was found."""

import math
from collections.abc import Mapping
from numbers import Real

from cxstats.errors import RoleError, listed
from cxstats.simulate.population import SCORES


def finite(name: str, value: float) -> float:
    """The number, if it is one."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise RoleError(f"{name} must be a finite number, but {value!r} was given.")
    return float(value)


def inside(name: str, value: float, low: float, high: float) -> float:
    """The number, if it lies strictly between two others."""
    if not low < finite(name, value) < high:
        raise RoleError(f"{name}={value:g} must lie strictly between {low:g} and {high:g}.")
    return float(value)


def from_up_to(name: str, value: float, low: float, high: float) -> float:
    """The number, if it is at least ``low`` and below ``high``."""
    if not low <= finite(name, value) < high:
        raise RoleError(f"{name}={value:g} must lie from {low:g} up to, but not including, {high:g}.")
    return float(value)


def at_least(name: str, value: float, low: float) -> float:
    """The number, if it is not below ``low``."""
    if finite(name, value) < low:
        raise RoleError(f"{name}={value:g} must be {low:g} or above.")
    return float(value)


def one_of(name: str, value: object, options: tuple[object, ...]) -> None:
    """Refuse a word or number that is not among those that can be asked for."""
    if value not in options:
        raise RoleError(f"{name} must be one of {listed(options)}, but {value!r} was given.")


def by_metric(name: str, given: Mapping[str, float]) -> tuple[float, ...]:
    """A number for each of nps, csat and ease, 0 for those that are not named."""
    if not isinstance(given, Mapping):
        raise RoleError(f'{name} must be a mapping such as {{"csat": 0.3}}, but {given!r} was given.')
    unknown = sorted(str(metric) for metric in given if metric not in SCORES)
    if unknown:
        raise RoleError(f"{name} may name {listed(SCORES)}, but it names {listed(unknown)}.")
    return tuple(finite(f"{name}[{metric!r}]", given.get(metric, 0.0)) for metric in SCORES)
