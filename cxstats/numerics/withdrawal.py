"""How customers rate once a perk is gone, against before the first one, beyond what went on without perks.

What each encounter would have been rated without any perk is imputed from effects of customers and periods that are
fitted on encounters before any perk only, so that neither unequal effects nor unequal dates bend the mean.
Borusyak, Jaravel & Spiess (2024), doi:10.1093/restud/rdae007.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics import ragged
from cxstats.numerics.fading import Slope
from cxstats.numerics.sequential import sequential
from cxstats.numerics.two_way import Sweep, off_groups, period_effects, sweep, two_way

GONE, WITH, SEQUENTIAL = "after removal - before", "with the perk - before", "after removal - before (sequential)"
LEADS = ("last before the first perk", "second to last before it")


@dataclass(frozen=True)
class StateRows:
    """Encounters that were rated, in order of customer and time.

    Attributes
    ----------
    first : int array, shape (C + 1,)
    y : array, shape (M,)
    perk : array, shape (M,)
        0 or 1.
    untreated, gone : bool arrays, shape (M,)
        Before any perk (always, for customers without one); after the last one.
    off : array, shape (M,)
        1 in encounters without the perk after an earlier one.
    to_come : int array, shape (M,)
        Encounters to the first perk, rated or not: 1 in the last before it; 0 elsewhere.
    period : int array, shape (M,)
    periods : int
    """

    first: Ints
    y: Floats
    perk: Floats
    untreated: Bools
    gone: Bools
    off: Floats
    to_come: Ints
    period: Ints
    periods: int

    @property
    def customers(self) -> int:
        """Customers, C."""
        return len(self.first) - 1


@dataclass(frozen=True)
class Imputed:
    """Ratings less what is imputed for them, and how that is known.

    Attributes
    ----------
    rows : StateRows
    gap : array, shape (M,)
    usable : bool array, shape (M,)
        Encounters whose customer and period have an effect that can be compared.
    fitted : Sweep
        Of the untreated encounters.
    residuals : array
        Of these.
    """

    rows: StateRows
    gap: Floats
    usable: Bools
    fitted: Sweep
    residuals: Floats


def impute(rows: StateRows) -> Imputed:
    """Fit customers and periods on the untreated encounters, and take what they say off all."""
    at, plain = ragged.owner(rows.first), rows.untreated
    known = sweep(at[plain], rows.period[plain], rows.customers, rows.periods)
    effects = period_effects(known, rows.y[plain])
    left = rows.y - effects[rows.period]
    level = np.bincount(at[plain], weights=left[plain], minlength=rows.customers) / known.sizes
    has_level = np.bincount(at[plain], minlength=rows.customers) > 0
    usable = has_level[at] & (known.part_of_group[at] == known.part_of_period[rows.period])
    gap = left - level[at]
    return Imputed(rows, gap, usable, known, gap[plain])


def mean_gap(given: Imputed, chosen: Bools) -> Slope | None:
    """Mean gap over the chosen encounters that are usable; None without any.

    The influence of a customer is that of its own gaps about the mean, and that of its untreated encounters on the
    effects of the periods: right where customers are a sample and the effect differs between them.
    """
    rows, at = given.rows, ragged.owner(given.rows.first)
    on = chosen & given.usable
    many = int(on.sum())
    if not many:
        return None
    mean = float(given.gap[on].mean())
    own = np.bincount(at[on], weights=given.gap[on] - mean, minlength=rows.customers)
    # How much the sum of gaps falls per unit of each period's effect, the customers' levels following it.
    per_customer = np.bincount(at[on], minlength=rows.customers) / given.fitted.sizes
    lean = np.bincount(rows.period[on], minlength=rows.periods) - np.bincount(
        given.fitted.period, weights=per_customer[given.fitted.group], minlength=rows.periods
    )
    pull = given.fitted.inverse @ lean
    scores = off_groups(given.fitted, pull[given.fitted.period]) * given.residuals
    through = np.bincount(given.fitted.group, weights=scores, minlength=rows.customers)
    arm = np.bincount(at[on], minlength=rows.customers) > 0
    return Slope(mean, (own - through) / many, arm)


def sequential_gap(rows: StateRows) -> Slope | None:
    """The gap without the perk after an earlier one, which first perks that follow ratings do not bend."""
    exposed = np.repeat(ragged.sums(rows.first, rows.perk + rows.off) > 0, np.diff(rows.first))
    columns = np.column_stack([rows.perk, rows.off])
    instruments = np.column_stack([columns, exposed & rows.untreated])
    fit = sequential(rows.first, rows.period, rows.periods, columns, instruments, rows.y)
    if fit is None:
        return None
    arm = ragged.sums(rows.first, rows.off) > 0
    return Slope(float(fit.coefficients[1]), ragged.sums(rows.first, fit.influence[:, 1]), arm)


def leads(rows: StateRows) -> Mapping[str, Slope]:
    """Ratings in the last encounters before the first perk, against those before them and never-exposed customers.

    As many as can be told apart.
    """
    at, plain = ragged.owner(rows.first)[rows.untreated], rows.untreated
    known = sweep(at, rows.period[plain], rows.customers, rows.periods)
    for many in range(len(LEADS), 0, -1):
        columns = np.column_stack([rows.to_come[plain] == lead for lead in range(1, many + 1)]).astype(np.float64)
        fit = two_way(known, columns, rows.y[plain])
        if fit is None:
            continue
        there = [np.bincount(at, weights=column, minlength=rows.customers) > 0 for column in columns.T]
        moved = [ragged.summed(at, one, rows.customers) for one in fit.influence.T]
        return {
            name: Slope(float(estimate), influence, arm)
            for name, estimate, influence, arm in zip(LEADS, fit.coefficients, moved, there, strict=False)
        }
    return {}


def contrast(more: Slope, less: Slope) -> Slope:
    """One mean gap less another; it rests on the smaller arm."""
    arm = more.arm if more.arm.sum() <= less.arm.sum() else less.arm
    return Slope(more.estimate - less.estimate, more.influence - less.influence, arm)
