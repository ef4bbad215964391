"""The door out: columns in plain form as a frame of the kind that came in."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cxstats.arrays import Column
from cxstats.columns import is_missing, objects
from cxstats.frames import IntoFrame, open_frame, quoted

if TYPE_CHECKING:
    import pandas as pd

_CLOCKS = (nw.Date, nw.Datetime)
_CAST = (nw.Boolean, nw.String, nw.Categorical, nw.Enum, *_CLOCKS)
_VIEW = "cxstats_made_view"


def same_kind(data: IntoFrame, columns: Mapping[str, Column]) -> Any:
    """The columns as a frame of the kind of ``data``: pandas, polars (lazy if it was), pyarrow, DuckDB, Spark.

    A column that ``data`` has too gets its type there, as far as its values allow, so that the two can be joined.
    A missing number is NaN in pandas, null elsewhere.
    """
    frame = open_frame(data)
    engine, native, schema = frame.implementation, frame.to_native(), frame.collect_schema()
    if engine.is_duckdb():
        return _duckdb(native, columns)
    if engine.is_pyspark() or engine.is_pyspark_connect():
        return _spark(native, columns)
    valued = {name: _valued(values, schema.get(name)) for name, values in columns.items()}
    if engine.is_pandas_like():
        return _pandas(native, valued, schema)
    made = nw.from_dict({name: _with_nulls(values) for name, values in valued.items()}, backend=engine)
    made = made.with_columns(*(_typed(name, schema[name]) for name in columns if name in schema))
    return (made.lazy() if isinstance(frame, nw.LazyFrame) else made).to_native()


def _valued(values: Column, dtype: Any) -> Column:
    """Whole numbers, truths, days and times as such: the plain form holds floats and text."""
    if dtype is None:
        return values
    if isinstance(dtype, _CLOCKS):
        unit = "D" if isinstance(dtype, nw.Date) else "ns" if dtype.time_unit == "ns" else "us"
        zone = len("+00:00") if getattr(dtype, "time_zone", None) else 0
        return np.array([text[: len(text) - zone] if text else "NaT" for text in values], dtype=f"datetime64[{unit}]")
    make: Any = bool if dtype == nw.Boolean else int if dtype.is_integer() else None
    if make is None:
        return values
    missing = is_missing(values)
    if not missing.any():
        return values.astype(make)
    return objects([None if gone else make(value) for value, gone in zip(values, missing, strict=True)])


def _with_nulls(values: Column) -> Any:
    """For all engines but pandas: text as a list, since polars would keep an object array as Python's objects."""
    if values.dtype.kind == "f" and np.isnan(values).any():
        return [None if value != value else value for value in values.tolist()]
    return values.tolist() if values.dtype == object else values


def _typed(name: str, dtype: Any) -> nw.Expr:
    column = nw.col(name)
    if not (dtype.is_integer() or dtype.is_float() or isinstance(dtype, _CAST)):
        return column
    zoned = isinstance(dtype, nw.Datetime) and dtype.time_zone is not None
    return (column.dt.replace_time_zone("UTC") if zoned else column).cast(dtype)


def _pandas(native: Any, valued: Mapping[str, Column], schema: Any) -> "pd.DataFrame":
    made = _frame(valued)
    for name in [name for name in valued if name in schema]:
        series, dtype = made[name], native[name].dtype
        if getattr(schema[name], "time_zone", None) is not None:
            series = series.dt.tz_localize("UTC")
        try:
            made[name] = _objects(series, native[name]).astype(dtype)
        except (TypeError, ValueError, NotImplementedError):  # as a time of day, which stays text
            continue
    return made


def _objects(series: Any, given: Any) -> Any:
    """Whole numbers, truths and days, where pandas holds them as objects."""
    import pandas as pd

    if not pd.api.types.is_object_dtype(given):
        return series
    kinds: Any = {"integer": int, "boolean": bool, "date": date.fromisoformat}
    make = kinds.get(pd.api.types.infer_dtype(given, skipna=True))
    if make is None:
        return series
    return pd.Series([None if pd.isna(value) else make(value) for value in series], dtype=object)


def _duckdb(native: Any, columns: Mapping[str, Column]) -> Any:
    """On the connection of the caller, to be joined there, unless that connection does not look at Python's frames."""
    import duckdb

    cxstats_made = _frame(columns)
    try:
        made = native.query(_VIEW, "select * from cxstats_made")
        native.query(_VIEW, f"drop view {_VIEW}")  # the relation does not need it
    except duckdb.CatalogException:
        made = duckdb.from_df(cxstats_made)
    types = dict(zip(native.columns, native.types, strict=True))
    cast = {name: f"cast({quoted(name)} as {types[name]}) as " for name in columns if name in types}
    return made.project(", ".join(cast.get(name, "") + quoted(name) for name in columns))


def _spark(native: Any, columns: Mapping[str, Column]) -> Any:
    """By way of Arrow, which Spark 4 takes as it is."""
    import pyarrow as pa

    made = native.sparkSession.createDataFrame(pa.table({k: _with_nulls(values) for k, values in columns.items()}))
    types = {field.name: field.dataType for field in native.schema}
    return made.withColumns({name: made[name].cast(types[name]) for name in columns if name in types})


def _frame(columns: Mapping[str, Column]) -> "pd.DataFrame":
    import pandas as pd

    plain = {name: values.tolist() if values.dtype == object else values for name, values in columns.items()}
    return pd.DataFrame(plain, copy=False)  # the arrays are ours, made for this
