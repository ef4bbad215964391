"""Whether rows of encounters are what their roles say."""

from collections.abc import Mapping

import numpy as np

from cxstats.arrays import Bools, Column, Floats, Ints
from cxstats.columns import is_missing
from cxstats.errors import ColumnError, TooFewError, listed, number, rows
from cxstats.numerics.ragged import owner
from cxstats.panel.roles import EncounterRoles, Rated
from cxstats.roles import Rating
from cxstats.values import check_numbers, check_scale

EXAMPLES = 3
_MUST = {
    "customer": "name a customer",
    "order": "say when the encounter was",
    "perk": "say whether the perk was given",
    "period": "name a period",
    "cluster": "name a cluster",
    "schedule": "name a schedule",
}


def check_encounters(columns: Mapping[str, Column], roles: EncounterRoles) -> None:
    """Refuse rows without keys, times and ratings that are none, and perks other than 0 and 1."""
    n = len(columns[roles.customer])
    if not n:
        raise TooFewError("At least one encounter is needed, but the data hold no rows.")
    ones = np.ones(n, dtype=np.int64)
    for role, must in _MUST.items():
        name = getattr(roles, role)
        if name is not None:
            _refuse_missing(name, role, must, is_missing(columns[name]), n)
    for name in (roles.order, roles.perk):
        check_numbers(name, columns[name], ones)
    _refuse_infinite(roles.order, columns[roles.order], "Drop those rows.")
    _refuse_other_perks(roles.perk, columns[roles.perk])
    for one in roles.rated:
        _check_rated(one, columns[one.column], ones, "outcome" if one is roles.outcome else "expectation")


def _check_rated(rated: Rated, values: Column, ones: Ints, role: str) -> None:
    check_numbers(rated.column, values, ones)
    if isinstance(rated, Rating):
        check_scale(rated.column, values, ones, rated.scale, f'{role}=Rating("{rated.column}", ', ")")
    else:
        _refuse_infinite(rated.column, values, "Set those values to missing.")


def refuse_same_time(order: str, first: Ints, time: Floats, customer: Column) -> None:
    """Refuse encounters of one customer at the same time, whose order nobody knows."""
    at = owner(first)
    same = np.flatnonzero((at[1:] == at[:-1]) & (time[1:] == time[:-1]))
    twice = np.unique(at[same])
    if len(twice):
        raise ColumnError(
            f"The encounters of a customer must have times of their own, but for {len(twice):,} of "
            f"{len(customer):,} customers '{order}' holds the same time more than once: "
            f"{listed(shown_key(customer[i]) for i in twice[:EXAMPLES])}.\n"
            "Drop what is doubled, or give the time more exactly."
        )


def one_each(name: str, values: Ints, first: Ints, customer: Column) -> Ints:
    """The one value that a numbered column holds for each customer."""
    starts = first[:-1]
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    changes = np.flatnonzero(low != high)
    if len(changes):
        raise ColumnError(
            f"'{name}' must hold one value per customer, but for {len(changes):,} of {len(customer):,} customers it "
            f"changes: {listed(shown_key(customer[i]) for i in changes[:EXAMPLES])}.\n"
            "Settle on one value per customer first."
        )
    return low


def shown_key(value: object) -> str:
    """A key as a message names it."""
    return value if isinstance(value, str) else number(float(str(value)))


def _refuse_missing(name: str, role: str, must: str, missing: Bools, n: int) -> None:
    many = int(missing.sum())
    if not many:
        return
    mend = "Drop those rows, or fill in what they belong to."
    if role == "perk":
        mend = "Fill in 0 where none was given: how many came earlier must be known of every encounter."
    raise ColumnError(
        f"'{name}' must {must} in every row, but {many:,} of {rows(n)} {'holds' if many == 1 else 'hold'} nothing.\n"
        f"{mend}"
    )


def _refuse_infinite(name: str, values: Floats, mend: str) -> None:
    many, n = int(np.isinf(values).sum()), len(values)
    if many:
        raise ColumnError(
            f"'{name}' must hold finite numbers, but {many:,} of {rows(n)} {'holds' if many == 1 else 'hold'} an "
            f"infinite one.\n{mend}"
        )


def _refuse_other_perks(name: str, values: Floats) -> None:
    off = (values != 0) & (values != 1)
    many = int(off.sum())
    if many:
        found = listed(map(number, np.unique(values[off]).tolist()), 5)
        raise ColumnError(
            f"'{name}' must hold 0 and 1 (or false and true), but {many:,} of {rows(len(values))} "
            f"{'does' if many == 1 else 'do'} not: {found}.\nRecode it: 1 where the perk was given."
        )
