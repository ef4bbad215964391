"""The types of columns that were read as text: the same for `read` and `scan`, and the same in every run.

A type is taken only if every value of the column has it, so a late word makes the column text. Whole
numbers with leading zeros or with more digits than 64 bits hold are identifiers and stay text; so do words
such as yes and no, numbers such as 1,000, and dates of which day and month could be mistaken.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
_HEAD = 10_000  # rows looked at before all are


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
        return f"count(*) FILTER ({form} AND try_cast({self._bare(column)} AS {self.sql}) IS NOT NULL)"

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
    guesses = _fitting(text.limit(_HEAD), dict.fromkeys(text.columns, types), types)
    fits = _fitting(text, {name: found[:1] for name, found in guesses.items() if found}, types)
    wrong = [name for name, found in fits.items() if not found]
    if wrong:
        fits |= _fitting(text, dict.fromkeys(wrong, types), types)
    empty = _without_values(text, fits)
    chosen = {name: "number" if name in empty else found[0] for name, found in fits.items() if found}
    return text.project(
        ", ".join(
            f"{types[chosen[name]].cast(name) if name in chosen else quoted(name)} AS {quoted(name)}"
            for name in text.columns
        )
    )


def _fitting(
    text: "duckdb.DuckDBPyRelation", asked: Mapping[str, Iterable[str]], types: Mapping[str, _Type]
) -> dict[str, list[str]]:
    """Per column those of the types asked that all its values have; any type fits a column without values."""
    pairs = [(name, kind) for name, kinds in asked.items() for kind in kinds]
    if not pairs:
        return {}
    present = [f"count({quoted(name)})" for name in asked]
    counts = _counts(text, [*present, *(types[kind].count(name) for name, kind in pairs)])
    total = dict(zip(asked, counts, strict=False))
    held: dict[str, list[str]] = {name: [] for name in asked}
    for (name, kind), count in zip(pairs, counts[len(total) :], strict=True):
        if count == total[name]:
            held[name].append(kind)
    return held


def _without_values(text: "duckdb.DuckDBPyRelation", fits: Mapping[str, Sequence[str]]) -> set[str]:
    """Columns without any value: among those that fit the narrowest type, which fits them all."""
    suspects = [name for name, found in fits.items() if found[:1] == ["bool"]]
    if not suspects:
        return set()
    counts = _counts(text, [f"count({quoted(name)})" for name in suspects])
    return {name for name, count in zip(suspects, counts, strict=True) if count == 0}


def _counts(text: "duckdb.DuckDBPyRelation", sums: Sequence[str]) -> tuple[int, ...]:
    counts: tuple[int, ...] = text.aggregate(", ".join(sums)).fetchall()[0]
    return counts
