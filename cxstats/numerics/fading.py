"""Whether what a perk does to the rating fades with the number of perks that came before."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics import ragged
from cxstats.numerics.sequential import sequential
from cxstats.numerics.two_way import sweep, two_way

FIRST, FADING, STEP = "first perk", "fading per earlier perk", "fading from the second on"
SEQUENTIAL, LEAD = "fading per earlier perk (sequential)", "rating before a perk"


@dataclass(frozen=True)
class Slope:
    """An estimate, what each of C customers contributes to it, and which of them it rests on."""

    estimate: float
    influence: Floats
    arm: Bools


@dataclass(frozen=True)
class RatedRows:
    """Encounters that were rated, in order of customer and time.

    Attributes
    ----------
    first : int array, shape (C + 1,)
        Customers without a rated encounter have no rows.
    y : array, shape (M,)
    perk : array, shape (M,)
        0 or 1.
    earlier : array, shape (M,)
        Perks before, those of encounters without a rating included.
    next_perk : array, shape (M,)
        Whether the next encounter, rated or not, had the perk; NaN in the last.
    period : int array, shape (M,)
    periods : int
    """

    first: Ints
    y: Floats
    perk: Floats
    earlier: Floats
    next_perk: Floats
    period: Ints
    periods: int

    @property
    def customers(self) -> int:
        """Customers, C."""
        return len(self.first) - 1

    @property
    def owner(self) -> Ints:
        """The customer of each row."""
        return ragged.owner(self.first)


def fading(rows: RatedRows) -> Mapping[str, Slope]:
    """Every term that can be estimated, in units of y.

    ``FADING``, ``STEP`` and ``LEAD`` compare encounters of one customer with a perk, and those without one, among
    themselves: customers differ in how much a perk does to them. ``FIRST`` compares the two kinds.
    """
    product, again = rows.perk * rows.earlier, rows.perk * (rows.earlier > 0)
    repeat, perks = _repeat(rows), ragged.sums(rows.first, rows.perk)
    mixed = (perks > 0) & (perks < np.diff(rows.first))
    found = {
        FIRST: _slope(rows, np.column_stack([rows.perk, product]), 1.0, mixed, apart=False),
        FADING: _slope(rows, product[:, None], -1.0, repeat),
        STEP: _slope(rows, again[:, None], -1.0, repeat),
        SEQUENTIAL: _sequential(rows, product, repeat),
        LEAD: _lead(rows, product),
    }
    return {name: slope for name, slope in found.items() if slope is not None}


def within_sd(first: Ints, y: Floats) -> tuple[float, Floats]:
    """Standard deviation within customers, and what each contributes to it, shape (C,)."""
    n = np.diff(first)
    at = ragged.owner(first)
    apart = y - (ragged.sums(first, y) / np.maximum(n, 1))[at]
    squares, free = ragged.sums(first, apart**2), np.maximum(n - 1, 0)
    variance = float(squares.sum() / free.sum()) if free.sum() else 0.0
    if variance <= 1e-24 * max(float((y**2).mean()), 1e-300):
        return 0.0, np.zeros(len(n))
    sd = variance**0.5
    return sd, (squares - free * variance) / (2 * sd * free.sum())


def _repeat(rows: RatedRows) -> Bools:
    """Customers with two rated perks: only these can show that it fades."""
    several: Bools = ragged.sums(rows.first, rows.perk) >= 2
    return several


def _slope(rows: RatedRows, columns: Floats, sign: float, arm: Bools, *, apart: bool = True) -> Slope | None:
    """The first coefficient; ``apart`` keeps encounters with and without a perk apart."""
    group, groups = rows.owner, rows.customers
    if apart:
        group, groups = 2 * group + rows.perk.astype(np.int64), 2 * groups
    fit = two_way(sweep(group, rows.period, groups, rows.periods), columns, rows.y)
    if fit is None:
        return None
    return Slope(sign * float(fit.coefficients[0]), sign * ragged.sums(rows.first, fit.influence[:, 0]), arm)


def _sequential(rows: RatedRows, product: Floats, arm: Bools) -> Slope | None:
    columns = np.column_stack([rows.perk, product])
    instruments = np.column_stack([columns, rows.earlier])
    fit = sequential(rows.first, rows.period, rows.periods, columns, instruments, rows.y)
    if fit is None:
        return None
    return Slope(-float(fit.coefficients[1]), -ragged.sums(rows.first, fit.influence[:, 1]), arm)


def _lead(rows: RatedRows, product: Floats) -> Slope | None:
    """How much higher the rating was where a perk followed: 0 where perks do not depend on ratings."""
    kept = ~np.isnan(rows.next_perk)
    at = rows.owner[kept]
    group = 2 * at + rows.perk[kept].astype(np.int64)
    columns = np.column_stack([rows.next_perk[kept], product[kept]])
    columns = columns[:, columns.any(axis=0)]
    if not rows.next_perk[kept].any():
        return None
    fit = two_way(sweep(group, rows.period[kept], 2 * rows.customers, rows.periods), columns, rows.y[kept])
    if fit is None:
        return None
    influence = ragged.summed(at, fit.influence[:, 0], rows.customers)
    arm = np.bincount(at, weights=rows.next_perk[kept], minlength=rows.customers) > 0
    return Slope(float(fit.coefficients[0]), influence, arm)
