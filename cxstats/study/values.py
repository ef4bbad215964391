"""The values of one column of a study: what they are, filters on them, and scores made of them."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.study.errors import counted, shown, value_counts, wrong
from cxstats.study.parts import Where

Kind = Literal["bool", "number", "text", "date", "none", "mixed"]

_KINDS: dict[str, Kind] = {
    "boolean": "bool", "integer": "number", "floating": "number", "mixed-integer-float": "number", "decimal": "number",
    "string": "text", "datetime64": "date", "datetime": "date", "date": "date", "empty": "none",
}  # fmt: skip
WORDS: dict[Kind, str] = {
    "bool": "true and false", "number": "numbers", "text": "text", "date": "dates", "none": "nothing",
    "mixed": "a mixture",
}  # fmt: skip
_NUMBER = re.compile(r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*")


def kind_of(values: Any) -> Kind:
    """What a pandas column holds, whatever its dtype; ``none`` if it holds no value at all."""
    from pandas.api.types import infer_dtype

    held = values.dtype.categories if hasattr(values.dtype, "categories") else values
    code = getattr(held.dtype, "kind", "O")
    if values.isna().all():
        return "none"
    if code == "b":
        return "bool"
    if code in "iuf":
        return "number"
    if code == "M":
        return "date"
    return _KINDS.get(infer_dtype(held, skipna=True), "mixed")


def matching(frame: Any, where: Where, path: str) -> Bools:
    """The rows that hold, in each column, one of the values: the same value of the same kind.

    True is not 1 and not the text "True": a filter that keeps no row says what the columns hold.
    """
    kept = np.ones(len(frame), dtype=bool)
    for column, wanted in where.items():
        kept &= _holds(frame[column], wanted, path)
    if len(frame) and not kept.any() and where:
        found = [_one_filter(column, wanted, value_counts(frame[column])) for column, wanted in where.items()]
        raise wrong(path, "keeps no row.\n" + "\n".join(found))
    return kept


def _one_filter(column: str, wanted: Sequence[Any], found: Mapping[Any, int]) -> str:
    holds = counted(found, found.values()) if found else "no value at all"
    return f"'{column}' is to be {' or '.join(map(shown, wanted))}, but holds {holds}."


def _levels(values: Any, path: str) -> tuple[Ints, Any]:
    """The distinct values, and for each row the number of its own; -1 for a missing one."""
    import pandas as pd

    try:
        codes, levels = pd.factorize(values)
    except TypeError:  # lists and the like
        raise wrong(
            path, f"'{values.name}' must hold numbers, text, dates or true and false, nothing nested."
        ) from None
    return np.asarray(codes, dtype=np.int64), levels


def _holds(values: Any, wanted: Sequence[Any], path: str) -> Bools:
    codes, levels = _levels(values, path)
    same = np.array([any(_same(level, value) for value in wanted) for level in levels], dtype=bool)
    return np.append(same, False)[codes]  # a missing value has the code -1


def _same(found: Any, wanted: Any) -> bool:
    for kind in (bool | np.bool_, str):
        if isinstance(found, kind) or isinstance(wanted, kind):
            return isinstance(found, kind) and isinstance(wanted, kind) and bool(found == wanted)
    return isinstance(found, int | float | Decimal | np.number) and bool(found == wanted)


def scores(
    values: Any, path: str, missing: Sequence[float | str] = (), labels: Mapping[str, float] | None = None
) -> Floats:
    """The column as float64: texts by their labels, codes that mean missing as NaN.

    A text that is itself a number counts as that number, since one word among them makes a column text.
    """
    kind = kind_of(values)
    if kind == "date":
        raise wrong(path, f"must hold numbers, but holds dates: {counted_in(values)}.")
    if kind == "number" and labels:
        raise wrong(
            path, f"labels are for text, but the column holds numbers: {counted_in(values)}.\nLeave labels out."
        )
    codes, levels = _levels(values, path)
    numbers = np.array([_as_number(level, missing, labels or {}) for level in levels] + [np.nan], dtype=object)
    unread = np.array([number is None for number in numbers], dtype=bool)
    if unread.any():
        counts = np.bincount(codes[codes >= 0], minlength=len(levels))
        texts = counted([levels[i] for i in np.flatnonzero(unread)], counts[unread[:-1]])
        stand = "every text must stand for a number" if labels else "must hold numbers, but holds text"
        hold = f"{stand}, but these do not: {texts}" if labels else f"{stand}: {texts}"
        raise wrong(path, f"{hold}.\nGive each its number in labels, or name it in missing.")
    numbers = numbers.astype(np.float64)
    numbers[np.isin(numbers, [code for code in missing if not isinstance(code, str)])] = np.nan
    chosen: Floats = numbers[codes]
    return chosen


def _as_number(value: Any, missing: Sequence[float | str], labels: Mapping[str, float]) -> float | None:
    """The number that a value stands for; None if it stands for none."""
    if isinstance(value, str):
        if value in missing:
            return float("nan")
        if value in labels:
            return float(labels[value])
        return float(value) if _NUMBER.fullmatch(value) else None
    return float(value) if isinstance(value, int | float | Decimal | np.number | np.bool_) else None


def grouping(values: Any, path: str) -> Any:
    """A column of numbers or text by which customers are told apart, as it is."""
    kind = kind_of(values)
    if kind in ("date", "mixed"):
        _levels(values, path)  # refuses what is nested
        mend = "Count from or to a day, or name the periods." if kind == "date" else "Store all values alike."
        told = f"'{values.name}' holds {WORDS[kind]}: {counted_in(values)}"
        raise wrong(path, f"must hold numbers or text, but {told}.\n{mend}")
    return values


def moments(values: Any, path: str) -> tuple[Floats, Literal["date", "number"] | None]:
    """Points in time as sortable numbers (NaN for missing), and whether they are dates or numbers."""
    import pandas as pd

    kind = kind_of(values)
    if kind == "none":
        return np.full(len(values), np.nan), None
    if kind == "number":
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan)), "number"
    if kind not in ("date", "text"):
        raise wrong(path, f"must hold dates or numbers, but holds {WORDS[kind]}.")
    try:
        times = pd.to_datetime(values, utc=True, format="ISO8601")
    except (ValueError, TypeError):
        raise wrong(
            path,
            f"must hold dates such as 2018-01-31, or numbers, but holds text: {counted_in(values, 3)}."
            "\nWrite them with the year first.",
        ) from None
    nanoseconds = times.dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    return np.where(np.isnat(nanoseconds), np.nan, nanoseconds.astype(np.int64).astype(np.float64)), "date"


def counted_in(values: Any, limit: int = 6) -> str:
    """The values of a column with their rows, for a message."""
    found = value_counts(values)
    return counted(found, found.values(), limit)
