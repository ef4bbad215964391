"""The types of columns that were read as text: the same for `read` and `scan`, and the same in every run.

A type is taken only if every value of the column has it, so a late word makes the column text. Whole
numbers with leading zeros or with more digits than 64 bits hold are identifiers and stay text; so do words
such as yes and no, numbers such as 1,000, and dates of which day and month could be mistaken.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

from cxstats.readers.engine import quoted

if TYPE_CHECKING:
    import duckdb

Decimal = Literal[".", ","]

# What pandas.read_csv takes for missing.
MISSING = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
    "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip

_DAY = "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
_CLOCK = _DAY + "[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
_HEAD = 2_000  # rows looked at before all are
_AT_ONCE = 200  # columns asked for several types in one query: DuckDB plans thousands of sums for minutes


@dataclass(frozen=True)
class _Type:
    """The form that a value must have, and the type that it then gets."""

    form: str
    sql: str
    comma: bool = False  # the decimal mark is a comma
    zoned: bool = False  # the value has an offset from UTC

    def _bare(self, column: str) -> str:
        trimmed = f"trim({quoted(column)})"
        return f"replace({trimmed}, ',', '.')" if self.comma else trimmed

    def count(self, column: str) -> str:
        """SQL for the number of values that have the type."""
        form = f"regexp_full_match(trim({quoted(column)}), '{self.form}')"
        # Not a FILTER: each of these copies the whole row, all columns of it.
        return f"count(CASE WHEN {form} THEN try_cast({self._bare(column)} AS {self.sql}) END)"

    def cast(self, column: str) -> str:
        """SQL for the column in the type."""
        made = f"cast({self._bare(column)} AS {self.sql})"
        return f"make_timestamp(epoch_us({made}))" if self.zoned else made


def _types(decimal: Decimal) -> dict[str, _Type]:
    """From the narrowest to the widest."""
    number = f"-?(0|[1-9][0-9]{{0,17}})?([{decimal}][0-9]*)?([eE][-+]?[0-9]+)?"
    return {
        "bool": _Type("(?i:true|false)", "BOOLEAN"),
        "whole": _Type("-?(0|[1-9][0-9]{0,18})", "BIGINT"),
        "number": _Type(number, "DOUBLE", comma=decimal == ","),
        "day": _Type(_DAY, "DATE"),
        "clock": _Type(_CLOCK, "TIMESTAMP"),
        "zoned": _Type(_CLOCK + " ?(Z|[-+][0-9]{2}(:?[0-9]{2})?)", "TIMESTAMPTZ", zoned=True),
    }


def typed(text: "duckdb.DuckDBPyRelation", decimal: Decimal = ".") -> "duckdb.DuckDBPyRelation":
    """The relation of text columns with each column cast to its type; still lazy.

    The first rows give a guess, which one pass over all rows confirms; only columns whose guess was wrong
    are looked at again. A column without any value becomes a number column, as in pandas. Times with an
    offset are told in UTC.
    """
    types = _types(decimal)
    guessed = {name: kind for name, kind in _guessed(text.limit(_HEAD), types).items() if kind is not None}
    fits, empty = _fitting(text, {name: (kind,) for name, kind in guessed.items()}, types)
    order = list(types)
    wrong = {name: order[order.index(kind) + 1 :] for name, kind in guessed.items() if name not in fits}
    for some in _batches(wrong.items(), _AT_ONCE):
        fits |= _fitting(text, dict(some), types)[0]
    chosen = {name: "number" if name in empty else kind for name, kind in fits.items()}
    return text.project(
        ", ".join(
            f"{types[chosen[name]].cast(name) if name in chosen else quoted(name)} AS {quoted(name)}"
            for name in text.columns
        )
    )


def _guessed(head: "duckdb.DuckDBPyRelation", types: Mapping[str, _Type]) -> dict[str, str | None]:
    """Per column the first type whose form all values of these rows have; the first of all where there are none."""
    forms = {kind: re.compile(of.form) for kind, of in types.items()}
    rows = head.fetchall()
    values = zip(*rows, strict=True) if rows else ((),) * len(head.columns)
    seen = {
        name: {v.strip(" ") for v in column if v is not None} for name, column in zip(head.columns, values, strict=True)
    }
    return {
        name: next((kind for kind, form in forms.items() if all(map(form.fullmatch, texts))), None)
        for name, texts in seen.items()
    }


def _fitting(
    text: "duckdb.DuckDBPyRelation", asked: Mapping[str, Iterable[str]], types: Mapping[str, _Type]
) -> tuple[dict[str, str], set[str]]:
    """Per column the first of the types asked that all its values have, if one is; and the columns without a value."""
    pairs = [(name, kind) for name, kinds in asked.items() for kind in kinds]
    if not pairs:
        return {}, set()
    sums = [*(f"count({quoted(name)})" for name in asked), *(types[kind].count(name) for name, kind in pairs)]
    counts: tuple[int, ...] = text.aggregate(", ".join(sums)).fetchall()[0]
    total = dict(zip(asked, counts, strict=False))
    first: dict[str, str] = {}
    for (name, kind), count in zip(pairs, counts[len(total) :], strict=True):
        if count == total[name]:
            first.setdefault(name, kind)
    return first, {name for name, count in total.items() if count == 0}


def _batches(pairs: Iterable[tuple[str, list[str]]], size: int) -> Iterator[list[tuple[str, list[str]]]]:
    left = iter(pairs)
    while some := list(islice(left, size)):
        yield some
