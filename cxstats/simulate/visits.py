"""Simulated visits: how guests felt moment by moment, and how they remember the whole."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import RoleError, listed
from cxstats.numerics.moments import Moments
from cxstats.numerics.sequence_features import sequence_features
from cxstats.simulate.answers import size
from cxstats.simulate.parameters import at_least, finite, from_up_to

NEUTRAL = 5.0
_RULE = {"mean": 0.2, "peak": 0.4, "end": 0.4}
_FEATURES = {name: name for name in ("mean", "peak", "end", "max", "min", "trend")} | {"start": "first"}


@dataclass(frozen=True)
class VisitsTruth:
    """What holds of `visits` by construction.

    Attributes
    ----------
    shares : mapping from feature to float
        The weights, divided by their sum.
    slope : float
        Points of memory per point of all moments: their sum.
    weights : mapping from feature to float
        Points of memory per point of each feature; with a kernel, none.
    log_duration : float
        Points of memory per unit of the logarithm of the duration.
    kernel : (intensity, recency) or None
    milder : float
        Points by which the end is better in half of the visits, chosen by lot.
    """

    shares: Mapping[str, float]
    slope: float
    weights: Mapping[str, float]
    log_duration: float
    kernel: tuple[float, float] | None
    milder: float


def visits_truth(
    *,
    weights: Mapping[str, float] | None = None,
    log_duration: float = 0.0,
    kernel: tuple[float, float] | None = None,
    slope: float = 1.0,
    milder: float = 0.0,
) -> VisitsTruth:
    """What holds of `visits`, whose parameters these are; the others change none of it.

    With a kernel the weights are those of the moments, and ``slope`` is the points of memory per point of all.
    """
    given = _checked(weights)
    total = sum(given.values())
    if kernel is not None:
        return VisitsTruth({}, slope, {}, log_duration, kernel, milder)
    shares = {name: weight / total for name, weight in given.items()} if total else {}
    return VisitsTruth(shares, total, given, log_duration, None, milder)


def visits(
    n: int,
    *,
    rng: int | np.random.Generator,
    weights: Mapping[str, float] | None = None,
    log_duration: float = 0.0,
    kernel: tuple[float, float] | None = None,
    slope: float = 1.0,
    noise: float = 1.0,
    per_guest: int = 4,
    guest_mood: float = 1.0,
    guest_memory: float = 0.0,
    persistence: float = 0.5,
    moments: tuple[int, int] = (4, 12),
    milder: float = 0.0,
) -> Any:
    """Simulated visits with moods moment by moment and a memory that follows a declared rule.

    Parameters
    ----------
    n : int
        Visits.
    rng : int or numpy Generator
    weights : mapping from feature to float, optional
        Points of memory per point of "mean", "peak", "end", "start", "max", "min", "trend"; .2 mean, .4 peak and
        .4 end if not given, none if empty.
    log_duration : float
        Points of memory per unit of the logarithm of the duration in minutes.
    kernel : (intensity, recency), optional
        Memory is ``slope`` times the mean of the moods with weights exp(intensity |mood - 5| + recency s), s the
        share of the visit that has passed; ``weights`` then play no part.
    noise : float
        Standard deviation of memory beyond the rule.
    per_guest : int
        Visits of each guest.
    guest_mood, guest_memory : float
        Standard deviation between guests of their mood in general, and of how high they rate from memory in general.
        The two are one and the same trait: who is in good spirits also rates high.
    persistence : float
        Correlation of one moment's mood with the next, from 0 up to below 1.
    moments : pair of int
        The fewest and the most moments of a visit, from 2 up; each number is as likely.
    milder : float
        Points by which the last mood is better in half of the visits, chosen by lot (column ``treated``).

    Returns
    -------
    pandas.DataFrame
        One row per moment: ``visit``, ``guest``, ``minute`` (at unequal distances), ``mood`` (whole numbers 0 to 10,
        5 is neutral), ``memory`` (any number; the same in every row of a visit), ``treated`` (0 or 1).

    Notes
    -----
    The rule works on the moods as they are given, rounded and cut at the ends of the scale, so that it holds exactly.

    Examples
    --------
    >>> import cxstats as cx
    >>> cx.simulate.visits(2, rng=1).columns.tolist()
    ['visit', 'guest', 'minute', 'mood', 'memory', 'treated']
    """
    import pandas as pd

    draw = np.random.default_rng(rng)
    given, kernel, n = _checked(weights), _pair(kernel), size("n", n)
    from_up_to("persistence", persistence, 0, 1)
    for name, sd in (("noise", noise), ("guest_mood", guest_mood), ("guest_memory", guest_memory)):
        at_least(name, sd, 0)
    for name, points in (("log_duration", log_duration), ("slope", slope), ("milder", milder)):
        finite(name, points)
    fewest, most = _fewest_and_most(moments)
    guest = np.arange(n) // size("per_guest", per_guest)
    trait = draw.standard_normal(int(guest.max()) + 1)[guest]
    many = draw.integers(fewest, most + 1, n)
    treated = draw.permutation(n) % 2
    felt = _moods(draw, many, guest_mood * trait, persistence, np.float64(milder) * treated)
    memory = _remembered(felt, given, kernel, slope) + log_duration * np.log(felt.duration)
    memory += guest_memory * trait + noise * draw.standard_normal(n)
    visit = np.repeat(np.arange(1, n + 1), many)
    return pd.DataFrame(
        {
            "visit": visit,
            "guest": np.repeat(guest + 1, many),
            "minute": felt.time,
            "mood": felt.value.astype(np.int64),
            "memory": np.repeat(memory, many),
            "treated": np.repeat(treated, many),
        }
    )


def _checked(weights: Mapping[str, float] | None) -> dict[str, float]:
    given = dict(_RULE if weights is None else weights)
    unknown = sorted(set(given) - set(_FEATURES))
    if unknown:
        raise RoleError(f"weights may name {listed(_FEATURES)}, but they name {listed(unknown)}.")
    return {name: finite(f"weights[{name!r}]", weight) for name, weight in given.items()}


def _pair(kernel: tuple[float, float] | None) -> tuple[float, float] | None:
    given: object = kernel
    if given is None:
        return None
    if isinstance(given, tuple | list) and len(given) == 2 and all(map(_is_finite, given)):
        return (float(given[0]), float(given[1]))
    raise RoleError(f"kernel must be two finite numbers, intensity and recency, but {given!r} was given.")


def _is_finite(value: object) -> bool:
    return isinstance(value, Real) and math.isfinite(value)


def _fewest_and_most(moments: tuple[int, int]) -> tuple[int, int]:
    given: object = moments
    if isinstance(given, tuple | list) and len(given) == 2:
        fewest, most = given
        if isinstance(fewest, Integral) and isinstance(most, Integral) and 2 <= int(fewest) <= int(most):
            return int(fewest), int(most)
    raise RoleError(
        f"moments must be two whole numbers, the fewest (2 or more) and the most of a visit, but {given!r} was given."
    )


def _moods(draw: np.random.Generator, many: Ints, level: Floats, persistence: float, milder: Floats) -> Moments:
    """Moods of an autoregressive process about the guest's level, as whole numbers from 0 to 10."""
    most, n = int(many.max()), len(many)
    mood = np.empty((n, most))
    mood[:, 0] = draw.standard_normal(n)
    for t in range(1, most):
        mood[:, t] = persistence * mood[:, t - 1] + np.sqrt(1 - persistence**2) * draw.standard_normal(n)
    mood = NEUTRAL + 1 + level[:, None] + 2 * mood
    mood[np.arange(n), many - 1] += milder
    time = np.cumsum(draw.integers(1, 11, (n, most)), axis=1)
    there = np.arange(most) < many[:, None]
    first = np.concatenate([[0], np.cumsum(many)])
    return Moments(np.clip(np.rint(mood[there]), 0, 10), time[there].astype(np.float64), first)


def _remembered(
    felt: Moments, weights: Mapping[str, float], kernel: tuple[float, float] | None, slope: float
) -> Floats:
    if kernel is None:
        found = sequence_features(felt, NEUTRAL)
        ruled: Floats = np.zeros(len(felt.n))
        for name, weight in weights.items():
            ruled += weight * getattr(found, _FEATURES[name])
        return ruled
    intensity, recency = kernel
    heavy = np.exp(intensity * np.abs(felt.value - NEUTRAL) + recency * felt.place)
    starts = felt.first[:-1]
    mean: Floats = np.add.reduceat(heavy * felt.value, starts) / np.add.reduceat(heavy, starts)
    return slope * mean
