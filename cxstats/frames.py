"""The one door in for dataframes: any frame in, counted distinct rows out, or the rows in batches.

The door out, for what is given back as a frame of the caller's kind, is `same_kind`.

Everything that depends on the engine (pandas, polars eager or lazy, pyarrow, DuckDB) ends here. What
leaves is NumPy: float64 columns in which a missing value is NaN, and object columns of text in which it
is None. Null and NaN are thereby one missing value, whatever the engine made of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
from narwhals.exceptions import NarwhalsError

from cxstats.arrays import Bools, Column, Ints
from cxstats.columns import codes, plain_dates, plain_numbers, plain_seconds, plain_text
from cxstats.errors import ColumnError, CxStatsError, ReadError, RoleError, listed, rows, unknown_column

IntoFrame: TypeAlias = Any  # whatever narwhals takes: the type cannot be named without importing every engine
_Frame: TypeAlias = nw.DataFrame[Any] | nw.LazyFrame[Any]

_MOST = 10**12  # rows that one row may stand for: more than there are customers, and sums stay exact
_VECTOR = 2048  # rows of one vector of DuckDB
_REFUSED = (nw.List, nw.Array, nw.Struct, nw.Binary, nw.Duration)


@dataclass(frozen=True)
class Grouped:
    """Distinct rows as the engine gave them: not yet in order, missing values not yet merged."""

    columns: dict[str, Column]
    count: Ints


def open_frame(data: IntoFrame) -> _Frame:
    """Wrap any supported frame; refuse what is none, and duplicated column names."""
    try:
        frame: _Frame = nw.from_native(data)
    except TypeError:
        raise RoleError(
            "data must be a dataframe (pandas, polars, pyarrow, a DuckDB relation) or Cells, "
            f"but {type(data).__name__} was given.\nRead a file with cx.read(path) or cx.scan(path)."
        ) from None
    except NarwhalsError as reason:  # twins are refused at once for some engines
        _check_names(list(getattr(data, "column_names", None) or data.columns))
        raise ReadError(f"The data could not be read: {_first_line(reason)}") from None
    with _reading():
        names = _native_names(frame)
    _check_names(names)
    with _reading():
        frame.collect_schema()
    return frame


def _check_names(names: list[Any]) -> None:
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        verb = "stands" if len(twice) == 1 else "stand"
        raise ColumnError(
            f"Column names must be distinct, but {listed(twice)} {verb} more than once.\nRename or drop one of each."
        )
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        raise ColumnError(f"Column names must be text, but found {listed(odd)}.\nRename those columns first.")


def column_names(data: IntoFrame) -> list[str]:
    """The names of the columns, in the frame's order."""
    return list(open_frame(data).collect_schema().names())


def group_counts(data: IntoFrame, keys: Sequence[str], count: str | None) -> Grouped:
    """Count the distinct rows over ``keys``; with ``count``, add up that column instead."""
    if not keys:
        raise RoleError("At least one column is needed: pass metrics=, outcome= or disconfirmation=.")
    frame = open_frame(data)
    wanted = [*keys, *([] if count is None else [count])]
    schema = _checked_schema(frame, wanted, keys)
    if count is None:
        return _count_rows(_only(frame, wanted), keys)
    if not schema[count].is_integer():
        raise ColumnError(
            f"The count column '{count}' must hold whole numbers (an integer type), but its type is {schema[count]}."
            "\nIf it holds whole numbers, cast it; if it holds survey weights, pass it as weight= instead."
        )
    return _sum_counts(_only(frame, wanted), keys, count)


def column_batches(
    data: IntoFrame, names: Sequence[str], size: int, *, by: Sequence[str] = (), clock: str | None = None
) -> Iterator[dict[str, Column]]:
    """The rows in plain form, about ``size`` at a time; a relation is run once.

    A column has one type throughout: what mixes numbers and text is text in every batch. The rows come in the
    engine's own order, or in the order of the columns ``by``, missing values last: a relation sorts them itself,
    on disk where they do not fit in memory. Days and moments in the column ``clock`` become seconds.
    """
    frame = open_frame(data)
    schema = _checked_schema(frame, names, names)
    frame = _only(frame, names)
    if _is_duckdb(frame):
        yield from _duckdb_batches(frame, names, schema, size, by, clock)
        return
    with _reading():
        eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    ready = {name for name in names if schema[name].is_numeric() or (name == clock and _is_clock(schema[name]))}
    whole = {name: _column(eager, name, schema, clock) for name in names if by or name not in ready}
    if by:
        order = np.lexsort([_sortable(whole[name]) for name in reversed(by)])
        for name in names:  # one after the other: no two copies of all columns at a time
            whole[name] = whole[name][order]
    for start in range(0, len(eager), size):
        part = eager[start : start + size]
        yield {
            name: whole[name][start : start + size] if name in whole else _column(part, name, schema, clock)
            for name in names
        }


def _duckdb_batches(
    frame: _Frame, names: Sequence[str], schema: Any, size: int, by: Sequence[str], clock: str | None
) -> Iterator[dict[str, Column]]:
    with _reading():
        relation = frame.to_native().project(", ".join(_fetched_as(name, schema[name]) for name in names))
        if by:
            relation = relation.order(", ".join(f"{_sorted_as(name, schema[name])} asc nulls last" for name in by))
    n = 0
    while True:
        with _reading():
            part = relation.fetch_df_chunk(max(1, size // _VECTOR))
        if not len(part):
            break
        n += len(part)
        yield {k: _plain(k, part[k].to_numpy(), part[k].isna().to_numpy(), schema[k], clock) for k in names}

    if by:  # whoever asks for an order may have read the rows before
        with _reading():
            again = frame.to_native().aggregate("count(*)").fetchall()[0][0]
        if again != n or not n:
            raise ReadError(
                "The rows must be the same whenever they are read, but DuckDB gave others the second time, as it does "
                "where they are a stream of Arrow.\nMake a table of them first, or sort them by sequence and time."
            )


def _column(frame: nw.DataFrame[Any], name: str, schema: Any, clock: str | None) -> Column:
    with _reading():
        values, missing = frame[name].to_numpy(), frame[name].is_null().to_numpy()
    return _plain(name, values, missing, schema[name], clock)


def _checked_schema(frame: _Frame, wanted: Sequence[str], keys: Sequence[str]) -> Any:
    """The types of the columns; refuses columns that are not there, and keys of a type that holds no plain value."""
    schema = frame.collect_schema()
    absent = [name for name in wanted if name not in schema]
    if absent:
        raise unknown_column(absent, list(schema.names()))
    for name in keys:
        if isinstance(schema[name], _REFUSED):
            raise ColumnError(
                f"'{name}' must hold numbers, text, dates or true and false, but its type is {schema[name]}."
                "\nTurn it into one of those first."
            )
    return schema


def _count_rows(frame: _Frame, keys: Sequence[str]) -> Grouped:
    total = _fresh("count", keys)
    if _is_duckdb(frame):
        columns = _run_duckdb(frame, keys, {total: "count(*)"})
    else:
        columns = _run(frame, lambda f: f.group_by(*keys).agg(nw.len().alias(total)), keys)
    return Grouped({k: columns[k] for k in keys}, columns[total].astype(np.int64))


def _sum_counts(frame: _Frame, keys: Sequence[str], count: str) -> Grouped:
    bad, total = _fresh("bad", [*keys, count]), _fresh("total", [*keys, count])
    if _is_duckdb(frame):
        usable = f"{quoted(count)} between 0 and {_MOST}"
        sums = {
            total: f"sum(case when {usable} then {quoted(count)} else 0 end)::bigint",
            bad: f"sum(case when {usable} then 0 else 1 end)::bigint",
        }
        columns = _run_duckdb(frame, keys, sums)
    else:
        columns = _run(frame, lambda f: _summed(f, keys, count, total, bad), keys)
    n_bad = int(columns[bad].sum())
    if n_bad:
        raise ColumnError(
            f"The count column '{count}' must hold whole numbers from 0 up, but {rows(n_bad)} "
            f"{'holds' if n_bad == 1 else 'hold'} a negative number, none, or one beyond 10^12."
            "\nA row that stands for no customer has the count 0."
        )
    return Grouped({k: columns[k] for k in keys}, columns[total].astype(np.int64))


def _summed(frame: Any, keys: Sequence[str], count: str, total: str, bad: str) -> Any:
    usable = (nw.col(count) >= 0) & (nw.col(count) <= _MOST)
    frame = frame.with_columns(
        nw.when(usable).then(nw.col(count)).otherwise(0).cast(nw.Int64).alias(total),
        nw.when(usable).then(0).otherwise(1).cast(nw.Int64).alias(bad),
    )
    return frame.group_by(*keys).agg(nw.col(total).sum(), nw.col(bad).sum())


@contextmanager
def _reading() -> Iterator[None]:
    """Turn whatever the caller's engine raises into one clear error."""
    try:
        yield
    except CxStatsError:
        raise
    except Exception as reason:
        raise ReadError(f"The data could not be read: {_first_line(reason)}") from None


def _run(frame: _Frame, query: Callable[[Any], Any], keys: Sequence[str]) -> dict[str, Column]:
    """The columns of a query, the keys in plain form."""
    schema = frame.collect_schema()
    with _reading():
        answer = query(frame)
        eager = answer.collect() if isinstance(answer, nw.LazyFrame) else answer
        fetched = {name: (eager[name].to_numpy(), eager[name].is_null().to_numpy()) for name in eager.columns}
    return {k: _plain(k, v, missing, schema[k]) if k in keys else v for k, (v, missing) in fetched.items()}


def _run_duckdb(frame: _Frame, keys: Sequence[str], sums: Mapping[str, str]) -> dict[str, Column]:
    # In SQL and straight to NumPy: narwhals would go through pyarrow, which is not among our dependencies,
    # and stumbles over quotes in names.
    schema = frame.collect_schema()
    group = ", ".join(map(quoted, keys))
    added = ", ".join(f"{sql} as {quoted(name)}" for name, sql in sums.items())
    with _reading():
        fetched = frame.to_native().aggregate(f"{group}, {added}", group).fetchnumpy()
    answer = {k: (np.ma.getdata(v), np.ma.getmaskarray(v)) for k, v in fetched.items()}
    return {k: _plain(k, v, missing, schema[k]) if k in keys else v for k, (v, missing) in answer.items()}


def _is_duckdb(frame: _Frame) -> bool:
    return bool(frame.implementation.is_duckdb())


def quoted(name: str) -> str:
    """A column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _only(frame: _Frame, names: Sequence[str]) -> _Frame:
    """Fewer columns, so that an eager engine does not carry the rest along."""
    if _is_duckdb(frame):
        return frame
    with _reading():  # Spark takes a dot in a name for a field of a record
        frame = frame.select(*names)
    if frame.implementation.is_pandas_like():
        # pandas 2 takes a missing value for the last category where pyarrow holds the categories.
        types = frame.to_native().dtypes
        held = [name for name in names if str(types[name]).startswith("dictionary<values=string")]
        frame = frame.with_columns(nw.col(name).cast(nw.String) for name in held)
    return frame


def _sortable(values: Column) -> Any:
    """Numbers in the order of the values, missing ones last."""
    return codes(values)[0] if values.dtype == object else values


def _fetched_as(name: str, dtype: Any) -> str:
    """In SQL, a column that DuckDB can hand over: moments with a zone as those of UTC, without their zone."""
    column = quoted(name)
    zoned = isinstance(dtype, nw.Datetime) and dtype.time_zone is not None
    return f"make_timestamp(epoch_us({column})) as {column}" if zoned else column


def _sorted_as(name: str, dtype: Any) -> str:
    """In SQL, the same order: text by code point, whatever order the connection or the type has."""
    plain = dtype.is_numeric() or dtype == nw.Boolean or _is_clock(dtype)
    return quoted(name) if plain else f"cast({quoted(name)} as varchar) collate c"


def _holds_days(values: Any, missing: Bools) -> bool:
    """Whether a column of objects holds days and moments of Python and nothing else."""
    present = values[~missing] if values.dtype == object else []
    return len(present) > 0 and all(isinstance(value, date) for value in present)


def _is_clock(dtype: Any) -> bool:
    return isinstance(dtype, nw.Date | nw.Datetime)


def _plain(name: str, values: Any, missing: Bools, dtype: Any, clock: str | None = None) -> Column:
    if name == clock and (_is_clock(dtype) or _holds_days(values, missing)):
        return plain_seconds(values, missing)
    if dtype.is_numeric() or dtype == nw.Boolean:
        return plain_numbers(name, values, missing)
    if _is_clock(dtype) and values.dtype.kind == "M":
        return plain_dates(values, missing, zone=getattr(dtype, "time_zone", None) is not None)
    return plain_text(name, values, missing)


def _native_names(frame: _Frame) -> list[Any]:
    """Names as the frame itself gives them, since a wrapper may have merged twins."""
    engine, native = frame.implementation, frame.to_native()
    if engine.is_pyarrow():
        return list(native.column_names)
    if engine.is_pandas_like() or engine.is_duckdb():
        return list(native.columns)
    return list(frame.collect_schema().names())


def _fresh(name: str, taken: Sequence[str]) -> str:
    """A name that none of the columns has; some engines do not tell upper from lower case."""
    while name in {other.casefold() for other in taken}:
        name += "_"
    return name


def _first_line(reason: Exception) -> str:
    return str(reason).strip().splitlines()[0] if str(reason).strip() else type(reason).__name__
