"""Rows of moments, whole sequences at a time, in the order of sequence and time."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from cxstats.arrays import Bools, Column
from cxstats.columns import joined
from cxstats.errors import ReadError, listed
from cxstats.frames import IntoFrame, column_batches
from cxstats.moments.checks import Refused
from cxstats.moments.roles import MomentRoles

Batch: TypeAlias = dict[str, Column]

BATCH = 500_000  # rows at a time: enough for speed, few enough for the cache


class Unsorted(Exception):  # noqa: N818 - no error, but a signal to begin again
    """The rows do not come in the order of sequence and time."""


def whole_sequences(
    data: IntoFrame, roles: MomentRoles, refused: Refused, *, by: Sequence[str] = (), size: int = BATCH
) -> Iterator[tuple[Batch, Bools]]:
    """Batches of rows with marks at the first row of each sequence; what cannot be used goes to ``refused``.

    Rows that are in order already, as exports often are, need no sorting: they are taken as they come, and if one
    of them is out of order, `Unsorted` is raised, for the caller to begin again with ``by``.
    """
    held: Batch | None = None
    for batch in column_batches(data, roles.columns, size, by=by, clock=roles.order):
        usable = refused.without(batch)
        if not len(usable[roles.order]):
            continue
        rows = usable if held is None else {name: joined(name, held[name], usable[name]) for name in usable}
        begins = _begins(rows, roles)
        last = int(np.flatnonzero(begins)[-1])
        if last:
            yield {name: values[:last] for name, values in rows.items()}, begins[:last]
        held = {name: values[last:] for name, values in rows.items()}
    if held is not None:
        begins = np.zeros(len(held[roles.order]), dtype=bool)
        begins[0] = True
        yield held, begins


def in_order(data: IntoFrame, roles: MomentRoles, refused: Refused, size: int = BATCH) -> Iterator[tuple[Batch, Bools]]:
    """The same, sorted first."""
    try:
        yield from whole_sequences(data, roles, refused, by=(*roles.sequence, roles.order), size=size)
    except Unsorted:
        raise ReadError(
            f"The rows must come in the order of their sequences, but DuckDB puts {listed(roles.sequence)} in an order "
            "of its own, as it does dates beyond the year 9999.\nCast such a column to text first."
        ) from None


def _begins(rows: Batch, roles: MomentRoles) -> Bools:
    """Which rows are the first of their sequence."""
    n = len(rows[roles.order])
    same, down = np.ones(n - 1, dtype=bool), np.zeros(n - 1, dtype=bool)
    for name in roles.sequence:
        before, after = rows[name][:-1], rows[name][1:]
        alike = np.asarray(before == after, dtype=bool)
        differ = np.flatnonzero(same & ~alike)
        down[differ] = np.asarray(after[differ] < before[differ], dtype=bool)
        same &= alike
    time = rows[roles.order]
    if down.any() or (same & (time[1:] < time[:-1])).any():
        raise Unsorted
    return np.concatenate([[True], ~same])
