"""The one door for dataframes: any frame in, counted distinct rows out.

Everything that depends on the engine (pandas, polars eager or lazy, pyarrow, DuckDB) ends here. What
leaves is NumPy: float64 columns in which a missing value is NaN, and object columns of text in which it
is None. Null and NaN are thereby one missing value, whatever the engine made of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
from narwhals.exceptions import NarwhalsError

from cxstats.arrays import Column, Ints
from cxstats.errors import ColumnError, ReadError, RoleError, listed, rows, unknown_column

IntoFrame: TypeAlias = Any  # whatever narwhals takes: the type cannot be named without importing every engine
_Frame: TypeAlias = nw.DataFrame[Any] | nw.LazyFrame[Any]

_EXACT = 2.0**53  # from here on float64 no longer tells neighbouring whole numbers apart


@dataclass(frozen=True)
class Grouped:
    """Distinct rows as the engine gave them: not yet in order, missing values not yet merged."""

    columns: dict[str, Column]
    count: Ints


def open_frame(data: IntoFrame) -> _Frame:
    """Wrap any supported frame; refuse what is none, and duplicated column names."""
    try:
        frame: _Frame = nw.from_native(data)
        names = list(frame.collect_schema().names())
    except TypeError:
        raise RoleError(
            "data must be a dataframe (pandas, polars, pyarrow, a DuckDB relation) or Cells, "
            f"but {type(data).__name__} was given.\nRead a file with cx.read(path) or cx.scan(path)."
        ) from None
    except (NarwhalsError, ValueError):
        raise _refused_names(data) from None
    if len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
        raise _refused_names(data)
    return frame


def _refused_names(data: IntoFrame) -> ColumnError:
    """Why the column names of the caller's own frame cannot be used."""
    names = list(getattr(data, "column_names", getattr(data, "columns", ())))
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    odd = [name for name in names if not isinstance(name, str)]
    if twice:
        verb = "stands" if len(twice) == 1 else "stand"
        return ColumnError(
            f"Column names must be distinct, but {listed(twice)} {verb} more than once.\nRename or drop one of each."
        )
    return ColumnError(f"Column names must be text, but found {listed(odd)}.\nRename those columns first.")


def column_names(data: IntoFrame) -> list[str]:
    """The names of the columns, in the frame's order."""
    return list(open_frame(data).collect_schema().names())


def group_counts(data: IntoFrame, keys: Sequence[str], count: str | None) -> Grouped:
    """Count the distinct rows over ``keys``; with ``count``, add up that column instead."""
    frame = open_frame(data)
    schema = frame.collect_schema()
    wanted = [*keys, *([] if count is None else [count])]
    absent = [name for name in wanted if name not in schema]
    if absent:
        raise unknown_column(absent, list(schema.names()))
    if count is None:
        if not keys:
            raise RoleError("At least one column is needed: pass metrics=, outcome= or disconfirmation=.")
        grouped = frame.select(*keys).group_by(*keys).agg(nw.len().alias(_fresh("count", keys)))
        columns = _collect(grouped)
        return Grouped({k: columns[k] for k in keys}, _whole(columns[_fresh("count", keys)]))
    if not schema[count].is_integer():
        raise ColumnError(
            f"The count column '{count}' must hold whole numbers (an integer type), but its type is {schema[count]}."
            "\nIf it holds whole numbers, cast it; if it holds survey weights, pass it as weight= instead."
        )
    return _sum_counts(frame.select(*wanted), keys, count)


def _sum_counts(frame: _Frame, keys: Sequence[str], count: str) -> Grouped:
    bad, total = _fresh("bad", keys), _fresh("total", keys)
    usable = nw.col(count) >= 0
    frame = frame.with_columns(
        nw.when(usable).then(nw.col(count)).otherwise(0).cast(nw.Int64).alias(total),
        nw.when(usable).then(0).otherwise(1).cast(nw.Int64).alias(bad),
    )
    grouped = frame.group_by(*keys).agg(nw.col(total).sum(), nw.col(bad).sum())
    columns = _collect(grouped)
    n_bad = int(_whole(columns[bad]).sum())
    if n_bad:
        raise ColumnError(
            f"The count column '{count}' must hold whole numbers from 0 up, but {rows(n_bad)} hold a negative "
            "number or none.\nA row that stands for no customer has the count 0."
        )
    return Grouped({k: columns[k] for k in keys}, _whole(columns[total]))


def _collect(frame: _Frame) -> dict[str, Column]:
    """The columns as NumPy arrays, whichever engine holds them."""
    if isinstance(frame, nw.LazyFrame) and frame.implementation.is_duckdb():
        return _collect_duckdb(frame)
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return {name: _plain(name, eager[name].to_numpy(), eager.schema[name]) for name in eager.columns}


def _collect_duckdb(frame: nw.LazyFrame[Any]) -> dict[str, Column]:
    # Straight to NumPy: narwhals would go through pyarrow, which is not among our dependencies.
    import duckdb

    schema = frame.collect_schema()
    try:
        fetched = frame.to_native().fetchnumpy()
    except duckdb.Error as reason:
        raise ReadError(f"DuckDB could not read the data: {_first_line(reason)}") from None
    return {name: _plain(name, values, schema[name]) for name, values in fetched.items()}


def _plain(name: str, values: Any, dtype: Any) -> Column:
    """Numbers as float64 with NaN for missing, all else as text with None for missing."""
    if dtype.is_numeric() or dtype == nw.Boolean:
        return _numbers(name, values)
    objects = np.asarray(np.ma.getdata(values), dtype=object)
    missing = np.fromiter((v is None or v != v for v in objects), dtype=bool, count=len(objects))
    missing |= np.ma.getmaskarray(values)
    present = objects[~missing]
    if dtype == nw.Object and all(isinstance(v, int | float | np.number | np.bool_) for v in present):
        return _numbers(name, np.where(missing, np.nan, objects))
    text = np.full(len(objects), None, dtype=object)
    text[~missing] = [str(v) for v in present]
    return text


def _numbers(name: str, values: Any) -> Column:
    if isinstance(values, np.ma.MaskedArray):
        values = np.where(np.ma.getmaskarray(values), np.nan, np.ma.getdata(values).astype(np.float64))
    elif np.asarray(values).dtype.kind == "O":
        values = np.array([np.nan if v is None else v for v in values], dtype=object)
    numbers = np.asarray(values, dtype=np.float64) + 0.0  # -0.0 becomes 0.0: they are one value
    large = np.abs(numbers) >= _EXACT
    if large[np.isfinite(numbers)].any():
        n = int(large[np.isfinite(numbers)].sum())
        raise ColumnError(
            f"Numbers in '{name}' must stay below 2^53 to be told apart, but {n:,} distinct values do not."
            "\nIf the column holds keys, cast it to text."
        )
    return numbers


def _whole(values: Any) -> Ints:
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values, 0)
    return np.asarray(values).astype(np.int64)


def _fresh(name: str, taken: Sequence[str]) -> str:
    """A name that none of the columns has."""
    while name in taken:
        name += "_"
    return name


def _first_line(reason: Exception) -> str:
    return str(reason).strip().splitlines()[0] if str(reason).strip() else type(reason).__name__
