"""How much oftener scores fell than rose, with and without a contact, and at the same score before."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import RoleError, TooFewError, number
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import Covariance, covariance
from cxstats.numerics.parts import Part
from cxstats.results import shown
from cxstats.scales import Scale

FEWEST_MOVED = 10  # people who moved down, and as many who moved up
FEWEST_ALIKE = 5  # people without a contact at each score before
CONTROL, MATCHED = "no contact", "no contact, same score before"
TERMS = ("lowered", "raised", "unchanged", "lowered / raised")
_AT_RATIO = TERMS.index("lowered / raised")


@dataclass(frozen=True)
class Moves:
    """Who moved where, on K cells of people with both scores.

    Attributes
    ----------
    moved : array, shape (K, 3)
        Indicators of lowered, raised and unchanged.
    before : array, shape (K,)
        The score before, up is good.
    contact : bool array, shape (K,)
    count : int array, shape (K,)
    weight : array, shape (K,)
    cluster : int array, shape (K,), or None
    """

    moved: Floats
    before: Floats
    contact: Bools
    count: Ints
    weight: Floats
    cluster: Ints | None

    def spread(self, influence: Floats, on: Bools) -> Covariance:
        """Covariance of what has these influence values, shape (K, q), 0 where it does not rest on the cells."""
        return covariance(influence[on], self.count[on], None if self.cluster is None else self.cluster[on])

    def shares(self, on: Bools) -> tuple[Floats, Floats]:
        """The three shares among some of the cells, and influence values (K, 3)."""
        mass = self.count * self.weight * on
        share = mass @ self.moved / mass.sum()
        values: Floats = (self.weight * on / mass.sum())[:, None] * (self.moved - share)
        return share, values


def moves(change: Floats, least: float | None) -> Floats:
    """Indicators of lowered, raised and unchanged, shape (K, 3); less than ``least`` is unchanged."""
    by = np.nextafter(0.0, 1.0) if least is None else least
    down, up = change <= -by, change >= by
    return np.column_stack([down, up, ~down & ~up]).astype(np.float64)


def refuse_unmoved(data: Moves, on: Bools, who: str) -> None:
    """Refuse a group in which too few moved down or up."""
    down, up, _ = (int(n) for n in (data.count * on) @ data.moved)
    if min(down, up) < FEWEST_MOVED:
        raise TooFewError(
            f"At least {FEWEST_MOVED} people {who} must have moved down and {FEWEST_MOVED} up, but of "
            f"{int(data.count[on].sum()):,} people {down:,} moved down and {up:,} up."
            "\nA ratio of so few says nothing: ask more people."
        )


def lacking(data: Moves) -> list[float]:
    """Scores before of people with a contact, at which there are too few people without one."""
    levels, at = np.unique(data.before, return_inverse=True)
    here, there = (
        np.bincount(at, weights=data.count * on, minlength=len(levels)) for on in (data.contact, ~data.contact)
    )
    return [float(level) for level in levels[(here > 0) & (there < FEWEST_ALIKE)]]


def alike(data: Moves) -> tuple[Floats, Floats]:
    """Shares among people without a contact, had they the scores before of those with one, and influence values.

    At each score before, the people without a contact count as much as there are people with one.
    """
    levels, at = np.unique(data.before, return_inverse=True)
    mass, without = data.count * data.weight, ~data.contact
    here = np.bincount(at, weights=mass * data.contact, minlength=len(levels))
    other = np.bincount(at, weights=mass * without, minlength=len(levels))
    known = np.where(other > 0, other, 1.0)
    inside = np.column_stack([np.bincount(at, weights=mass * without * m, minlength=len(levels)) for m in data.moved.T])
    local, portion = inside / known[:, None], here / here.sum()
    share: Floats = portion @ local
    by_contact = (data.weight * data.contact / here.sum())[:, None] * (local[at] - share)
    by_others = (data.weight * without * (portion / known)[at])[:, None] * (data.moved - local[at])
    return share, by_contact + by_others


@dataclass(frozen=True)
class Ratio:
    """The logarithm of lowered over raised, with its rows of the frame and influence values (K,)."""

    log_ratio: float
    values: Floats
    part: Part
    notes: tuple[str, ...]

    @property
    def effect(self) -> Effect:
        """The logarithm as an effect."""
        error = float(self.part.std_error[_AT_RATIO] / self.part.estimate[_AT_RATIO])
        return Effect(a=self.log_ratio, var_a=error**2, df=self.part.df)


def ratio(name: str, share: Floats, values: Floats, data: Moves, on: Bools) -> Ratio:
    """Delta method: log(a / b) moves by da / a - db / b. ``on`` are the cells that it rests on."""
    log_ratio = float(np.log(share[0]) - np.log(share[1]))
    log_values = values[:, 0] / share[0] - values[:, 1] / share[1]
    fit = data.spread(np.column_stack([values, log_values]), on)
    error, value = np.sqrt(np.diag(fit.matrix)), float(np.exp(log_ratio))
    estimate, spread = np.append(share, value), np.append(error[:3], value * error[3])
    part = Part(name, TERMS, estimate, spread, fit.df, int(data.count[on].sum()))
    return Ratio(log_ratio, log_values, part, fit.notes)


def ratio_of_ratios(contact: Ratio, control: Ratio, data: Moves) -> Effect:
    """Logarithm of the one ratio over the other; with clusters t of the group that has fewer of them."""
    values = contact.values - control.values
    fit = data.spread(values[:, None], np.ones(len(values), dtype=bool))
    df = min(contact.part.df, control.part.df)
    return Effect(a=contact.log_ratio - control.log_ratio, var_a=float(fit.matrix[0, 0]), df=df)


def ratios_part(effects: Mapping[str, Effect], n: int) -> Part:
    """Ratios of ratios as rows of the frame, from their logarithms."""
    found = list(effects.values())
    estimate = np.exp([each.a for each in found])
    error = estimate * np.sqrt([each.var_a for each in found])
    return Part("ratio of ratios", tuple(effects), estimate, error, found[0].df, n)


def gap_before(data: Moves) -> Effect:
    """Mean score before of people with a contact minus that of people without one."""
    values, means = np.zeros(len(data.before)), []
    for on, sign in ((data.contact, 1.0), (~data.contact, -1.0)):
        mass = data.count * data.weight * on
        means.append(float(mass @ data.before / mass.sum()))
        values += sign * data.weight * on / mass.sum() * (data.before - means[-1])
    fit = data.spread(values[:, None], np.ones(len(values), dtype=bool))
    return Effect(a=means[0] - means[1], var_a=float(fit.matrix[0, 0]), df=fit.df)


def checked_least(least: object) -> float | None:
    """The smallest move that counts, if it is one."""
    if least is None:
        return None
    if isinstance(least, bool) or not isinstance(least, int | float) or not 0 < least < np.inf:
        raise RoleError(
            f"least must be a number of points above 0, the smallest move that counts, but {least!r} was given."
            "\nLeave it out, and any move counts."
        )
    return float(least)


def doubts(data: Moves, gap: Effect | None, scale: Scale) -> tuple[str, ...]:
    """What in the scores before makes scores fall without a contact, and where that cannot be taken off."""
    if gap is None:
        alone = (
            "Nobody without a contact is in the data: scores move by themselves, high ones downwards, so that lowered "
            "/ raised shows a direction at most, whatever its size."
        )
        return (alone,)
    notes, (low, high) = [], gap.interval()
    without = [level if scale.higher_is_better else scale.low + scale.high - level for level in lacking(data)]
    if low > 0:
        notes.append(
            f"Customers with a contact had scored higher before, by {shown(gap.a)} points (95% limits {shown(low)} to "
            f"{shown(high)}): higher scores fall by themselves."
            f"{'' if without else ' Read the rows at the same score before.'}"
        )
    if without:
        notes.append(
            f"There are no rows at the same score before: fewer than {FEWEST_ALIKE} customers without a contact had "
            f"{', '.join(number(level) for level in without[:8])}{' and others' if len(without) > 8 else ''}, as some "
            "with one had."
        )
    return tuple(notes)
