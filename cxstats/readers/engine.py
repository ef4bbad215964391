"""The private DuckDB connection that reads csv and parquet, and the way from a relation to a frame.

DuckDB takes a file name for a pattern and, left alone, fetches whatever a name points to. So it is given
only names of files that were found on disk, with the characters of a pattern made literal, on a connection
that may neither load nor install an extension and whose settings are locked.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from cxstats.errors import ColumnError, ReadError, listed, unknown_column

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

# Relations of one connection must not be run by two threads at once.
alone = RLock()

_EXACT = 2**53  # from here on float64 no longer tells neighbouring whole numbers apart
_PATTERN = str.maketrans({c: f"[{c}]" for c in "*?["})


@cache
def connection() -> "duckdb.DuckDBPyConnection":
    """The one connection, made on first use and kept: relations that were scanned stay usable and can be joined."""
    import duckdb

    made = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",  # a table name never means a Python variable
        },
    )
    with suppress(duckdb.InvalidInputException):  # in a notebook without ipywidgets there is none to be turned off
        made.execute("SET enable_progress_bar = false")
    made.execute("SET TimeZone = 'UTC'")
    made.execute("SET lock_configuration = true")
    return made


def literal(path: Path) -> str:
    """The path as a pattern that means this one file, whatever characters its name holds."""
    return str(path.absolute()).translate(_PATTERN)


def quoted(name: str) -> str:
    """A column name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def refused(path: object, what: str, reason: BaseException) -> ReadError:
    """The error for a file that is not what it was said to be."""
    return ReadError(f"'{path}' cannot be read as {what}: {first_line(reason)}")


def first_line(reason: BaseException) -> str:
    """What went wrong in one line, without any line of the data, which may hold what should not be printed."""
    lines = [line.strip() for line in str(reason).splitlines() if line.strip()]
    if not lines:
        return type(reason).__name__
    told = [line for line in lines[1:4] if line.startswith(("Expected Number", "Invalid unicode", "Value with"))]
    return ". ".join([lines[0], *told[:1]]).removesuffix(".") + "."


def refuse_repeated(path: object, names: Sequence[str]) -> None:
    """Column names must differ, and in more than their capital letters, which DuckDB does not tell apart."""
    lowered = [name.casefold() for name in names]
    twice = [name for name, low in zip(names, lowered, strict=True) if lowered.count(low) > 1]
    if twice:
        raise ColumnError(
            f"The column names of '{path}' must be distinct, in more than capital letters, but "
            f"{listed(sorted(set(twice)))} {'stands' if len(set(twice)) == 1 else 'stand'} more than once."
            "\nRename or drop one of each."
        )


def select(relation: "duckdb.DuckDBPyRelation", columns: Sequence[str] | None, path: object) -> Any:
    """The relation over fewer columns."""
    if columns is None:
        return relation
    known = list(relation.columns)
    absent = [name for name in columns if name not in known]
    if absent:
        raise unknown_column(absent, known, f"'{path}'")
    return relation.project(", ".join(quoted(name) for name in columns))


def to_pandas(relation: "duckdb.DuckDBPyRelation") -> "pd.DataFrame":
    """The rows as a pandas frame: whole numbers stay exact, times with a zone are told in UTC.

    A missing value makes whole numbers floats, as in pandas, unless one of them is so large that it would
    change: such a column becomes Int64.
    """
    import pandas as pd

    zoned = [name for name, kind in zip(relation.columns, relation.types, strict=True) if "TIME ZONE" in str(kind)]
    fetched = relation.fetchnumpy()
    frame = pd.DataFrame({name: _plain(values) for name, values in fetched.items()})
    for name in zoned:
        frame[name] = frame[name].dt.tz_localize("UTC")
    return frame


def _plain(values: Any) -> Any:
    import numpy as np
    import pandas as pd

    if not isinstance(values, np.ma.MaskedArray):
        return values
    mask, data = np.ma.getmaskarray(values), np.ma.getdata(values)
    if data.dtype.kind in "iu":
        if (np.abs(data[~mask].astype(np.float64)) >= _EXACT).any():
            return pd.arrays.IntegerArray(data.astype(np.int64), mask)
        return np.where(mask, np.nan, data.astype(np.float64))
    if data.dtype.kind in "mM":
        return np.where(mask, np.array("NaT", dtype=data.dtype), data)
    if data.dtype.kind == "f":
        return np.where(mask, np.nan, data)
    plain = data.astype(object)
    plain[mask] = None
    return plain
