"""Encounters of customers, sorted once, as ragged arrays: the reduced form of everything about effects over time."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Column, Floats, Ints
from cxstats.columns import codes, stacked
from cxstats.errors import TooFewError, rows
from cxstats.frames import IntoFrame, column_batches
from cxstats.numerics import ragged
from cxstats.outcomes import good_is_high
from cxstats.panel.checks import check_encounters, one_each, refuse_same_time, shown_key
from cxstats.panel.roles import EncounterRoles

BATCH = 500_000  # rows at a time
MOST_PERIODS = 1_000  # each has an effect of its own


@dataclass(frozen=True, eq=False)
class Encounters:
    """The M encounters of C customers, in order of time within each.

    Attributes
    ----------
    roles : EncounterRoles
    customer : array, shape (C,)
        In ascending order.
    first : int array, shape (C + 1,)
        Customer i holds the rows ``first[i]`` to ``first[i + 1] - 1``.
    time : array, shape (M,)
    perk : bool array, shape (M,)
    outcome, expectation : array, shape (M,), or None
        Turned so that up is good; NaN where not given.
    period : int array, shape (M,)
        Numbered; without a declared period the number of the encounter, from 0.
    n_periods : int
    cluster : int array, shape (C,)
        Of each customer; its own number where no cluster was declared.
    schedule : int array, shape (C,), or None
    schedules : tuple of str
        Their names.
    """

    roles: EncounterRoles
    customer: Column
    first: Ints
    time: Floats
    perk: Bools
    outcome: Floats | None
    expectation: Floats | None
    period: Ints
    n_periods: int
    cluster: Ints
    schedule: Ints | None
    schedules: tuple[str, ...]

    @property
    def n(self) -> int:
        """Encounters."""
        return len(self.time)

    @property
    def n_customers(self) -> int:
        """Customers."""
        return len(self.customer)

    @property
    def owner(self) -> Ints:
        """The number of the customer of each encounter, shape (M,)."""
        return ragged.owner(self.first)

    @property
    def earlier(self) -> Floats:
        """Perks that the customer was given before, shape (M,)."""
        return ragged.sum_before(self.first, self.perk.astype(np.float64))

    @property
    def exposed(self) -> Bools:
        """Which customers were ever given the perk, shape (C,)."""
        return ragged.last_marked(self.first, self.perk) >= 0

    @property
    def before(self) -> Bools:
        """Which encounters came before the first perk; all where there was none, shape (M,)."""
        begins = np.repeat(ragged.first_marked(self.first, self.perk), np.diff(self.first))
        return ragged.position(self.first) < begins

    @property
    def after(self) -> Bools:
        """Which encounters came after the last perk; none where there was none, shape (M,)."""
        ends = np.repeat(ragged.last_marked(self.first, self.perk), np.diff(self.first))
        return (ends >= 0) & (ragged.position(self.first) > ends)

    def __str__(self) -> str:
        return (
            f"Encounters: {rows(self.n)} of {self.n_customers:,} customers · {int(self.perk.sum()):,} perks, "
            f"{int(self.exposed.sum()):,} customers with one or more"
        )

    __repr__ = __str__


def encounters(data: IntoFrame, roles: EncounterRoles) -> Encounters:
    """Bring encounters into the order of customer and time, and check them.

    Raises
    ------
    ColumnError
        A column is unknown or of the wrong type; a row without key, time or perk; a perk other than 0 and 1; two
        encounters of a customer at the same time; a cluster or schedule that changes within a customer.
    ScaleError
        Ratings off their scale.
    TooFewError
        The data hold no rows; more periods than can each have an effect.
    """
    parts = list(column_batches(data, roles.given, BATCH, clock=roles.order))
    if not parts:
        raise TooFewError("At least one encounter is needed, but the data hold no rows.")
    given = stacked(parts)
    check_encounters(given, roles)
    numbers, customer = codes(given[roles.customer])
    order = np.lexsort((given[roles.order], numbers))
    columns = {name: values[order] for name, values in given.items()}
    first = ragged.starts_of(numbers[order], len(customer))
    refuse_same_time(roles.order, first, columns[roles.order], customer)
    period, n_periods = _periods(columns, roles, first)
    schedule, schedules = _schedule(columns, roles, first, customer)
    return Encounters(
        roles=roles,
        customer=customer,
        first=first,
        time=columns[roles.order],
        perk=columns[roles.perk] == 1,
        outcome=None if roles.outcome is None else good_is_high(roles.outcome, columns[roles.outcome.column]),
        expectation=None
        if roles.expectation is None
        else good_is_high(roles.expectation, columns[roles.expectation.column]),
        period=period,
        n_periods=n_periods,
        cluster=np.arange(len(customer))
        if roles.cluster is None
        else one_each(roles.cluster, codes(columns[roles.cluster])[0], first, customer),
        schedule=schedule,
        schedules=schedules,
    )


def _periods(columns: dict[str, Column], roles: EncounterRoles, first: Ints) -> tuple[Ints, int]:
    period = ragged.position(first) if roles.period is None else codes(columns[roles.period])[0]
    many = int(period.max()) + 1
    if many > MOST_PERIODS:
        what = "encounters of one customer" if roles.period is None else f"values of '{roles.period}'"
        raise TooFewError(
            f"Every period has an effect of its own, so that there may be {MOST_PERIODS:,} at most, but there are "
            f"{many:,} {what}.\nPass period= with a column of longer periods, such as months or quarters."
        )
    return period, many


def _schedule(
    columns: dict[str, Column], roles: EncounterRoles, first: Ints, customer: Column
) -> tuple[Ints | None, tuple[str, ...]]:
    if roles.schedule is None:
        return None, ()
    numbers, levels = codes(columns[roles.schedule])
    return one_each(roles.schedule, numbers, first, customer), tuple(map(shown_key, levels))
