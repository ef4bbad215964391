"""One column in its plain form: float64 with NaN for missing, or text (object) with None for missing.

Whatever type an engine gave a column, the same values end in the same plain form here. A column without
any value is float64, because nothing says that it was text.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import reduce
from typing import Any
from uuid import UUID

import numpy as np

from cxstats.arrays import Bools, Column, Floats, Ints
from cxstats.errors import ColumnError

_EXACT = 2.0**53  # from here on float64 no longer tells neighbouring whole numbers apart
_NUMBER = (int, float, np.integer, np.floating, np.bool_, Decimal)


def is_missing(values: Column) -> Bools:
    """Which entries of a plain column hold no value."""
    if values.dtype == object:
        return np.array([value is None for value in values.tolist()], dtype=bool)
    return np.isnan(values)


def codes(values: Column) -> tuple[Ints, Column]:
    """Number the distinct values in canonical order; a missing value gets the last number.

    Returns
    -------
    codes : int64 array, shape of ``values``
    levels : array of the distinct values that are not missing
        Numbers ascending, text by code point.
    """
    missing = is_missing(values)
    if values.dtype == object:
        # Not np.unique: it would pad every text to the longest, and cut trailing NULs.
        present = values[~missing].tolist()
        levels = objects(sorted(set(present)))
        number_of = dict(zip(levels, range(len(levels)), strict=True))
        inverse: Any = np.fromiter(map(number_of.__getitem__, present), dtype=np.int64, count=len(present))
    else:
        levels, inverse = np.unique(values[~missing], return_inverse=True)
    numbers = np.full(len(values), len(levels), dtype=np.int64)
    numbers[~missing] = inverse
    return numbers, levels


def objects(texts: Iterable[str | None]) -> Column:
    """Text as an object array, which keeps it as it is."""
    listed = list(texts)
    column = np.empty(len(listed), dtype=object)
    column[:] = listed
    return column


def typed(values: Column) -> Column:
    """Text without a single value becomes missing numbers: nothing says that it was text."""
    if values.dtype != object or any(value is not None for value in values):
        return values
    return np.full(len(values), np.nan)


def joined(name: str, first: Column, second: Column) -> Column:
    """Two pieces of one column; a piece without values takes the type of the other."""
    if first.dtype == second.dtype:
        return np.concatenate([first, second])
    pieces = [objects([None] * len(v)) if v.dtype != object and is_missing(v).all() else v for v in (first, second)]
    if pieces[0].dtype != pieces[1].dtype:
        raise ColumnError(
            f"'{name}' must have one type in both cells, but it holds numbers in one and text in the other."
            "\nCast it to text in both before the tally."
        )
    return np.concatenate(pieces)


def stacked(parts: Sequence[Mapping[str, Column]]) -> dict[str, Column]:
    """Pieces of the same columns, one after the other; pieces without rows leave the type to the others."""
    return {name: _stack(name, [part[name] for part in parts]) for name in parts[0]}


def _stack(name: str, pieces: Sequence[Column]) -> Column:
    whole = [piece for piece in pieces if len(piece)] or list(pieces[:1])
    if len({piece.dtype for piece in whole}) == 1:
        return np.concatenate(whole)
    return reduce(lambda first, second: joined(name, first, second), whole)


def read_only(values: Any) -> Any:
    """A view that cannot be written to."""
    view = np.asarray(values).view()
    view.flags.writeable = False
    return view


def plain_numbers(name: str, values: Any, missing: Bools) -> Floats:
    """Numbers of any type as float64; refuses those that float64 could not tell apart."""
    given = np.asarray(values)
    if given.dtype.kind == "O":
        numbers = np.full(len(given), np.nan)
        numbers[~missing] = [_as_float(value) for value in given[~missing]]
    else:
        numbers = np.where(missing, np.nan, given.astype(np.float64))
    numbers += 0.0  # -0.0 becomes 0.0: they are one value
    numbers[np.isnan(numbers)] = np.nan  # one bit pattern, whichever the engine used
    large = np.unique(numbers[np.isfinite(numbers) & (np.abs(numbers) >= _EXACT)])
    if len(large):
        values_do = f"{len(large):,} distinct values do" if len(large) > 1 else "1 value does"
        raise ColumnError(
            f"Numbers in '{name}' must stay below 2^53 to be told apart, but {values_do} not."
            "\nIf the column holds keys, cast it to text."
        )
    return numbers


def plain_text(name: str, values: Any, missing: Bools) -> Column:
    """Text, dates and the like as text; numbers where an object column holds nothing else."""
    given = np.asarray(values, dtype=object)
    present = given[~missing]
    if all(isinstance(value, _NUMBER) for value in present):  # of nothing at all, too
        return plain_numbers(name, given, missing)
    text = np.full(len(given), None, dtype=object)
    plain = set(map(type, present)) == {str}
    text[~missing] = present if plain else [_as_text(name, value) for value in present]
    return text


def plain_dates(values: Any, missing: Bools, *, zone: bool) -> Column:
    """Days and moments as ISO text: the time of day only where there is one, UTC where there is a zone."""
    given = np.asarray(values)
    text = np.full(len(given), None, dtype=object)
    suffix = "+00:00" if zone else ""
    # Moments repeat, and to spell one out takes longer than to find it again.
    levels, numbers = np.unique(given[~missing], return_inverse=True)
    text[~missing] = objects(_trimmed(str(moment), suffix) for moment in levels)[numbers]
    return text


def plain_seconds(values: Any, missing: Bools) -> Floats:
    """Days and moments as seconds since 1970, to the microsecond."""
    given, seconds = np.asarray(values), np.full(len(values), np.nan)
    present = given[~missing]
    if present.dtype == object:  # days of Python, and moments with a zone
        present = np.array([_naive(moment) for moment in present], dtype="datetime64[us]")
    seconds[~missing] = present.astype("datetime64[us]").astype(np.int64) / 1e6
    return seconds


def _naive(moment: Any) -> Any:
    zoned = isinstance(moment, datetime) and moment.utcoffset() is not None
    return moment.astimezone(UTC).replace(tzinfo=None) if zoned else moment


def _trimmed(iso: str, suffix: str = "") -> str:
    """``2020-01-31`` at midnight, else ``2020-01-31 12:30:00.5``."""
    day, _, clock = iso.replace("T", " ").partition(" ")
    clock = clock.rstrip("0").rstrip(".") if "." in clock else clock
    return day if clock in ("", "00:00:00") and not suffix else f"{day} {clock or '00:00:00'}{suffix}"


def _as_text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime):
        zone = value.utcoffset() is not None
        naive = (value.astimezone(UTC) if zone else value).replace(tzinfo=None)
        return _trimmed(naive.isoformat(), "+00:00" if zone else "")
    if isinstance(value, (*_NUMBER, date, time, UUID)):
        return str(value)
    raise ColumnError(
        f"'{name}' must hold numbers, text, dates or true and false, but it holds {type(value).__name__} values."
        "\nTurn it into one of those first."
    )


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number beyond any float: refused as infinite
        return np.inf
