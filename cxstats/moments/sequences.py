"""Sequences: moment rows, sorted once, as ragged arrays; the reduced form of everything about sequences.

Order and time are lost by a tally, so the moments of each sequence are brought into order before anything is
computed of them. One pass over the rows does it: a relation of DuckDB streams them, whatever their number.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, Union

import numpy as np

from cxstats.arrays import Bools, Column, Floats, Ints
from cxstats.coding import upward
from cxstats.columns import codes, stacked
from cxstats.errors import TooFewError, number, rows
from cxstats.frames import IntoFrame
from cxstats.moments.batches import Batch, Unsorted, in_order, whole_sequences
from cxstats.moments.checks import EXAMPLES, Refused, level, named
from cxstats.moments.roles import MomentRoles, SameTime, moment_roles
from cxstats.numerics.moments import Moments
from cxstats.scales import Scale

T = TypeVar("T")
_Turn: TypeAlias = Callable[[MomentRoles, Floats], Floats]
_Batches: TypeAlias = Callable[[IntoFrame, MomentRoles, Refused], Iterator[tuple[Batch, Bools]]]


@dataclass(frozen=True, eq=False)
class Sequences:
    """The moments of many sequences in order, with what holds of each sequence as a whole.

    Made by `sequences`, not by hand.

    Attributes
    ----------
    roles : MomentRoles
    moments : Moments
        Of the S sequences that have a moment with a value; values turned so that up is good.
    keys, kept : dict from column to array, shape (S,)
        What names the sequences, in ascending order, and the columns that hold one value per sequence.
    n_missing : int array, shape (S,)
        Moments per sequence without a value, which are left out.
    empty : dict from column to array
        Keys and kept columns of the sequences without any value.
    n_empty : int array
        Moments of each of these.
    n_rows, n_merged : int
        Rows read; moments that went into the mean of several at the same time.
    """

    roles: MomentRoles
    moments: Moments
    keys: dict[str, Column]
    kept: dict[str, Column]
    n_missing: Ints
    empty: dict[str, Column]
    n_empty: Ints
    n_rows: int
    n_merged: int

    def __len__(self) -> int:
        return len(self.n_missing)

    @property
    def neutral(self) -> float:
        """The neutral point, turned as the values are."""
        return float(turned(self.roles, self.roles.neutral))

    def __str__(self) -> str:
        n = self.moments.n
        long = f" of {number(n.min())} to {number(n.max())} moments" if len(n) else ""
        return (
            f"Sequences: {len(self):,}{long}, {rows(self.n_rows)} · "
            f"{self.roles.value}, neutral at {number(self.roles.neutral)} · "
            f"{int(self.n_missing.sum()) + int(self.n_empty.sum()):,} moments without a value, "
            f"{len(self.n_empty):,} sequences without any"
        )

    __repr__ = __str__


IntoSequences: TypeAlias = Union[Sequences, "IntoFrame"]


def sequences(
    data: IntoFrame,
    *,
    sequence: str | Sequence[str],
    order: str,
    value: str,
    neutral: float,
    scale: Scale | None = None,
    keep: Sequence[str] = (),
    same_time: SameTime = "raise",
) -> Sequences:
    """Bring moments into order, once, for everything that is computed of sequences.

    Use it where several analyses follow on many moments: each takes the result in the place of the data. For the
    features as a frame, `sequence_features` does both.

    Parameters
    ----------
    data : dataframe
        One row per moment, in any order.
    sequence : str or list of str
        The columns that together name a sequence: a visit; or a person and a day.
    order : str
        When the moment was: numbers, or days and moments in time (which become seconds).
    value : str
        What was felt. A missing value is a moment that was not rated: it is left out and counted.
    neutral : float
        The value that is neither good nor bad, in the unit of ``value``.
    scale : Scale, optional
        Of ``value``: values off it are refused, and one on which up is bad is turned round. Without a scale any
        number is a value, and up is good.
    keep : list of str, optional
        Columns that hold one value per sequence. Missing values beside it are filled in.
    same_time : {"raise", "mean"}
        What becomes of several moments of a sequence at the same time.

    Returns
    -------
    Sequences

    Raises
    ------
    ColumnError
        A column is unknown or of the wrong type; a row without key or time; moments of a sequence at the same time;
        a kept column that changes within a sequence.
    ScaleError
        Values, or the neutral point, off the scale.
    TooFewError
        The data hold no rows.
    RoleError
        Roles contradict each other.

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> moments = pd.DataFrame({"visit": [1, 1, 1, 2, 2], "minute": [0, 5, 9, 0, 3], "joy": [5, 9, 6, 4, 2]})
    >>> cx.sequences(moments, sequence="visit", order="minute", value="joy", neutral=5)
    Sequences: 2 of 2 to 3 moments, 5 rows · joy, neutral at 5 · 0 moments without a value, 0 sequences without any
    """
    roles = moment_roles(
        sequence=sequence, order=order, value=value, neutral=neutral, scale=scale, keep=keep, same_time=same_time
    )
    return merged(each_part(data, roles, lambda part: part))


def turned(roles: MomentRoles, values: Floats | float) -> Floats:
    """Values so that up is good, or back again."""
    given = np.asarray(values, dtype=np.float64)
    return given if roles.scale is None else upward(roles.scale, given)


def each_part(
    data: IntoFrame, roles: MomentRoles, function: Callable[[Sequences], T], *, turn: _Turn = turned
) -> list[T]:
    """The function of one batch of whole sequences after the other, so that the rows need not fit in memory.

    What does not depend on the direction of the scale can leave the values as they are by another ``turn``.
    """
    try:
        return _each_part(data, roles, function, turn, whole_sequences)
    except Unsorted:
        return _each_part(data, roles, function, turn, in_order)


def merged(parts: Sequence[Sequences]) -> Sequences:
    """Parts that follow on each other, as one."""
    one = parts[0]
    first = np.cumsum([0, *(len(part.moments.value) for part in parts)])
    moments = Moments(
        np.concatenate([part.moments.value for part in parts]),
        np.concatenate([part.moments.time for part in parts]),
        np.concatenate(
            [part.moments.first[:-1] + start for part, start in zip(parts, first, strict=False)] + [first[-1:]]
        ),
    )
    return Sequences(
        roles=one.roles,
        moments=moments,
        keys=stacked([part.keys for part in parts]),
        kept=stacked([part.kept for part in parts]),
        n_missing=np.concatenate([part.n_missing for part in parts]),
        empty=stacked([part.empty for part in parts]),
        n_empty=np.concatenate([part.n_empty for part in parts]),
        n_rows=sum(part.n_rows for part in parts),
        n_merged=sum(part.n_merged for part in parts),
    )


def _each_part(
    data: IntoFrame, roles: MomentRoles, function: Callable[[Sequences], T], turn: _Turn, batches: _Batches
) -> list[T]:
    refused = Refused(roles)
    found = [function(_part(rows, begins, turn, refused)) for rows, begins in batches(data, roles, refused)]
    refused.raise_any()
    if not found:
        raise TooFewError("At least one moment is needed, but the data hold no rows.")
    return found


def _part(rows: Batch, begins: Bools, turn: _Turn, refused: Refused) -> Sequences:
    """The sequences of one batch."""
    roles, starts = refused.roles, np.flatnonzero(begins)
    keys = {name: rows[name][starts] for name in roles.sequence}
    refused.n_sequences += len(starts)
    kept = {name: _one_each(name, rows[name], starts, keys, refused) for name in roles.keep}
    value = rows[roles.value]
    missing = np.add.reduceat(np.isnan(value), starts, dtype=np.int64)
    n = np.diff(starts, append=len(value))
    full, valued = missing < n, ~np.isnan(value)
    time, values = rows[roles.order][valued], turn(roles, value[valued])
    first = np.concatenate([[0], np.cumsum((n - missing)[full])])
    moments, n_merged = _apart(Moments(values, time, first), {k: v[full] for k, v in keys.items()}, refused)
    every = {**keys, **kept}
    return Sequences(
        roles=roles,
        moments=moments,
        keys={name: values[full] for name, values in keys.items()},
        kept={name: values[full] for name, values in kept.items()},
        n_missing=missing[full],
        empty={name: values[~full] for name, values in every.items()},
        n_empty=n[~full],
        n_rows=len(value),
        n_merged=n_merged,
    )


def _one_each(name: str, values: Column, starts: Ints, keys: Batch, refused: Refused) -> Column:
    """The one value that a column holds in each sequence, missing only where it holds none."""
    if not len(values):
        return values
    numbers, levels = codes(values)
    highest = np.maximum.reduceat(np.where(numbers == len(levels), -1, numbers), starts)
    lowest = np.minimum.reduceat(numbers, starts)  # a missing value has the last number
    changes = np.flatnonzero((highest >= 0) & (highest != lowest))
    told = [f"{named(keys, i)} ({level(levels[lowest[i]])}, {level(levels[highest[i]])})" for i in changes[:EXAMPLES]]
    refused.note(name, told, len(changes))
    if values.dtype == object:
        return np.append(levels, [None])[highest]
    return np.append(levels, np.nan)[highest]


def _apart(moments: Moments, keys: Batch, refused: Refused) -> tuple[Moments, int]:
    """Moments at times of their own: those at the same time become one, if the roles allow it."""
    begins = np.zeros(len(moments.time), dtype=bool)
    begins[moments.first[:-1]] = True
    same = np.concatenate([[False], moments.time[1:] == moments.time[:-1]])[: len(begins)] & ~begins
    if not same.any():
        return moments, 0
    sequence = np.repeat(np.arange(len(moments.n)), moments.n)
    if refused.roles.same_time == "raise":
        twice = np.unique(sequence[same])
        refused.note("same time", [named(keys, i) for i in twice[:EXAMPLES]], len(twice))
        return moments, 0
    starts = np.flatnonzero(~same)
    together = np.diff(starts, append=len(same))
    value = np.add.reduceat(moments.value, starts) / together
    first = np.searchsorted(starts, moments.first)
    return Moments(value, moments.time[starts], first), int(together[together > 1].sum())
