"""How long before the outcome's window the feedback was given, and whether metrics are alike in that."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.study.parts import Lag

MOST_APART = 0.25  # of the longer of two medians, from where on scores are not compared like for like
_DAY = 86_400e6  # in microseconds, in which dates are held


@dataclass(frozen=True, kw_only=True, eq=False)
class Ahead:
    """One metric: per used row the time from the feedback to the window, and what the row stands for."""

    name: str
    source: Hashable  # metrics of the same source were given at the same time, row by row
    time: Floats
    count: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Lags:
    """What is told of the lags of one outcome."""

    lags: Mapping[str, Lag]
    unit: str
    unequal: str


def lags_of(metrics: Sequence[Ahead], *, dates: bool, starts: str) -> Lags:
    """The lag of each metric that has one, in days or in the unit of the column ``starts``."""
    divisor = _DAY if dates else 1.0
    stands = [(metric, metric.count > 0) for metric in metrics]
    found = {m.name: Lag(*_quantiles(m.time[some] / divisor, m.count[some])) for m, some in stands if some.any()}
    unit = "days" if dates else f"units of '{starts}'"
    return Lags(
        lags=found,
        unit=unit if found else "",
        unequal=_unequal(found, {metric.name: metric.source for metric in metrics}, unit),
    )


def _quantiles(values: Floats, count: Ints) -> tuple[float, float, float]:
    """Median, 10% and 90% quantile of the rows written out, with straight lines between neighbours."""
    order = np.argsort(values, kind="stable")
    ends = np.cumsum(count[order])
    place = (ends[-1] - 1) * np.array([0.5, 0.1, 0.9])
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, ends[-1] - 1)
    low, high = (values[order][np.searchsorted(ends, at, side="right")] for at in (below, above))
    median, q10, q90 = (low + (place - below) * (high - low)).tolist()
    return median, q10, q90


def _unequal(lags: Mapping[str, Lag], sources: Mapping[str, Hashable], unit: str) -> str:
    """The metrics that are not alike with another, by their medians; nothing if there are none."""
    apart = {
        name
        for pair in combinations(lags, 2)
        if sources[pair[0]] != sources[pair[1]] and _apart(*(lags[name].median for name in pair))
        for name in pair
    }
    if not apart:
        return ""
    first, *rest = sorted(apart, key=lambda name: (lags[name].median, name))
    others = ", ".join(f"'{name}' {_told(lags[name].median, unit.split()[0])}" for name in rest)
    return (
        f"'{first}' was asked {_told(lags[first].median, unit)} before the window on average (median), {others}: "
        "a later score knows more, so the comparison is not like for like."
    )


def _apart(a: float, b: float) -> bool:
    return abs(a - b) > MOST_APART * max(a, b)


def _told(lag: float, unit: str) -> str:
    """A lag with its unit, to two digits or to whole ones."""
    text = f"{lag:,.0f}" if lag >= 10 else f"{lag:.2g}"
    return f"{text} {'day' if (text, unit) == ('1', 'days') else unit}"
