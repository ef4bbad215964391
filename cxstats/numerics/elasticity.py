"""A slope beside fixed effects of firms and periods, which are taken out rather than estimated."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Column, Floats, Ints
from cxstats.errors import ColumnError, TooFewError, number, rows
from cxstats.numerics.influence import FEWEST_CLUSTERS

_TOLD = 3  # firms and periods that a message names
_NOTHING = 1e-12  # of a column's own variance: what is left after the fixed effects is rounding


@dataclass(frozen=True)
class Points:
    """Means per firm and period, or rows where there is no firm.

    Attributes
    ----------
    x, y : arrays, shape (K,)
        Above 0.
    firm, period : int arrays, shape (K,), or None
    count : int array, shape (K,)
        1 for a mean.
    weight : array, shape (K,)
        1 for a mean.
    answers : array, shape (K,)
        Rows of data behind each.
    """

    x: Floats
    y: Floats
    firm: Ints | None
    period: Ints | None
    count: Ints
    weight: Floats
    answers: Ints

    @property
    def mass(self) -> Floats:
        """Counts times weights."""
        mass: Floats = self.count * self.weight
        return mass


def means_of(x: Floats, y: Floats, firm: Ints, period: Ints, count: Ints, weight: Floats) -> Points:
    """Weighted means per firm and period; each then counts once."""
    present, at = np.unique(firm * (int(period.max()) + 1) + period, return_inverse=True)
    mass = np.bincount(at, weights=count * weight)
    first = np.unique(at, return_index=True)[1]
    x_mean, y_mean = (np.bincount(at, weights=count * weight * values) / mass for values in (x, y))
    return Points(
        x=x_mean,
        y=y_mean,
        firm=firm[first],
        period=period[first],
        count=np.ones(len(present), dtype=np.int64),
        weight=np.ones(len(present)),
        answers=np.bincount(at, weights=count).astype(np.int64),
    )


@dataclass(frozen=True)
class Slope:
    """A slope and the influence (K,) of one row of each point on it."""

    slope: float
    influence: Floats


def absorbed_slope(x: Floats, y: Floats, mass: Floats, weight: Floats, firm: Ints | None, period: Ints | None) -> Slope:
    """Least squares of y on x with a constant of its own for every firm and for every period.

    By the theorem of Frisch, Waugh and Lovell that is the slope of what the constants leave of y on what they leave
    of x.
    """
    left, right = (without_effects(values, mass, firm, period) for values in (x, y))
    square = float(mass @ left**2)
    slope = float(mass @ (left * right)) / square
    return Slope(slope, weight * left * (right - slope * left) / square)


def without_effects(values: Floats, mass: Floats, firm: Ints | None, period: Ints | None) -> Floats:
    """What the constants of firms and periods leave of a column; exactly 0 where that is rounding alone."""
    group = np.zeros(len(values), dtype=np.int64) if firm is None else firm
    left = _centred(values, mass, group)
    if period is not None and period.max() > 0:
        dummies = np.column_stack(
            [_centred((period == p).astype(np.float64), mass, group) for p in range(int(period.max()) + 1)]
        )
        root = np.sqrt(mass)
        # Dummies that repeat each other (firms of other years) leave the fit what it is.
        left = left - dummies @ np.linalg.lstsq(dummies * root[:, None], left * root, rcond=1e-10)[0]
    spread = float(mass @ _centred(values, mass, np.zeros(len(values), dtype=np.int64)) ** 2)
    size = float(mass @ values**2)
    if mass @ left**2 <= _NOTHING * max(spread, _NOTHING * size):
        return np.zeros(len(values))
    return left


def _centred(values: Floats, mass: Floats, group: Ints) -> Floats:
    mean = np.bincount(group, weights=mass * values) / np.bincount(group, weights=mass)
    centred: Floats = values - mean[group]
    return centred


def refuse_low(points: Points, names: tuple[str, str], levels: Sequence[Column] | None) -> None:
    """Refuse what has no logarithm: how many, and where."""
    for name, values in zip(names, (points.x, points.y), strict=True):
        wrong = values <= 0
        if not wrong.any():
            continue
        n, total = int(points.count[wrong].sum()), int(points.count.sum())
        if levels is None:
            what = f"values above 0, but '{name}' is 0 or less in {n:,} of {rows(total)}"
        else:
            unit = "firms and periods" if len(levels) > 1 else "firms"
            where = _where(points, wrong, levels)
            what = f"means above 0, but the mean of '{name}' is 0 or less in {n:,} of {total:,} {unit}: {where}"
        raise ColumnError(
            f"An elasticity needs {what}.\nA value of 0 or less has no logarithm and no percent: take a scale that "
            "begins above 0, or leave these out and say so."
        )


def _where(points: Points, wrong: Bools, levels: Sequence[Column]) -> str:
    """The first firms, and the periods where there are any."""
    at = np.flatnonzero(wrong)
    places = [points.firm, points.period]
    told = []
    for i in at[:_TOLD]:
        named = [_shown(level[int(p[i])]) for level, p in zip(levels, places, strict=False) if p is not None]
        told.append(f"'{named[0]}' in {named[1]}" if len(named) > 1 else f"'{named[0]}'")
    return ", ".join(told) + (f" and {len(at) - _TOLD:,} more" if len(at) > _TOLD else "")


def _shown(value: object) -> str:
    return value if isinstance(value, str) else number(float(value))  # type: ignore[arg-type]


def without(points: Points, left_out: Bools) -> Points:
    on = ~left_out
    firm, period = firm_of(points)[on], np.unique(np.asarray(points.period)[on], return_inverse=True)[1]
    weights = points.count[on], points.weight[on], points.answers[on]
    return Points(points.x[on], points.y[on], np.unique(firm, return_inverse=True)[1], period, *weights)


def refuse_few_panel(repeated: int, total: int) -> None:
    """Refuse a panel of too few firms, however many others were seen once."""
    if repeated < FEWEST_CLUSTERS:
        raise TooFewError(
            f"At least {FEWEST_CLUSTERS} firms must have been seen in two periods or more, but {repeated:,} of "
            f"{total:,} were.\nLeave period out to compare firms with each other, which is another question."
        )


def seen_once(points: Points, once: Bools) -> list[str]:
    if not once.any():
        return []
    n, answers = int(once.sum()), int(points.answers[once].sum())
    one = "firm", "was", "it tells", "is"
    who, were, tell, are = one if n == 1 else ("firms", "were", "they tell", "are")
    only = f"{n:,} {who} ({rows(answers)}) {were} seen in one period only"
    return [f"{only}: {tell} nothing of changes within a firm and {are} left out."]


def between_note(panel: bool, points: Points) -> list[str]:
    if panel:
        return []
    who, why = ("rows", "no firm is declared as cluster")
    if points.firm is not None:
        who, why = "firms", "no firm was seen in two periods"
    note = f"This compares {who} with each other ({why}), not a firm with itself: what else {who} differ in is part of"
    return [f"{note} the slope."]


def refuse_flat(logs: Points, panel: bool, names: tuple[str, str]) -> None:
    """Refuse a column of which the fixed effects leave nothing."""
    firm = logs.firm if panel else None
    for name, values in zip(names, (logs.x, logs.y), strict=True):
        if without_effects(values, logs.mass, firm, logs.period).any():
            continue
        if not panel:
            who = rows(int(logs.count.sum())) if logs.firm is None else f"{len(logs.x):,} firms"
            raise TooFewError(
                f"'{name}' must vary, but it does not in {who}.\nA constant goes with nothing: check the column."
            )
        raise TooFewError(
            f"'{name}' must vary within firms over time, beyond what all firms share in a period, but it does not in "
            f"{len(np.unique(firm_of(logs))):,} firms and {len(np.unique(np.asarray(logs.period))):,} periods."
            "\nWhat never changes cannot go with a change: compare firms, without period."
        )


def firm_of(points: Points) -> Ints:
    """The firm of each mean; 0 where there is none."""
    return np.zeros(len(points.x), dtype=np.int64) if points.firm is None else points.firm
