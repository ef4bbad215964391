"""The door out: columns in plain form come back as a frame of the kind that was given, in the types that it has."""

import datetime as dt
import decimal
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cxstats.columns import objects
from cxstats.same_kind import same_kind

NAN = float("nan")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect()
    yield opened
    opened.close()


def test_names_of_any_kind_and_the_order_of_columns(engine: Callable[[pa.Table], Any]) -> None:
    names = ['a "b"', "`", "x.y", "select", " ", "日本", "d[0]"]
    given = engine(pa.table({name: [1, 2] for name in names}))
    columns = {name: np.array([float(i)]) for i, name in enumerate([*names[::-1], "new.one"])}
    made = same_kind(given, columns)
    assert type(made) is type(given)
    made = made.collect() if isinstance(made, pl.LazyFrame) else made
    found = getattr(made, "column_names", None) or list(made.columns)
    assert found == list(columns)
    assert len(made) == 1


def test_new_columns_have_the_type_of_their_values(engine: Callable[[pa.Table], Any]) -> None:
    given = engine(pa.table({"key": ["a"]}))
    made = same_kind(given, {"n": np.array([1, 2]), "x": np.array([0.5, NAN]), "text": objects(["ä", None])})
    if isinstance(made, pd.DataFrame):
        assert [made.n.dtype, made.x.dtype] == [np.int64, np.float64]
        assert made.text.isna().tolist() == [False, True]
        return
    made = made.collect() if isinstance(made, pl.LazyFrame) else made
    table = (
        made
        if isinstance(made, pa.Table)
        else made.to_arrow()
        if isinstance(made, pl.DataFrame)
        else made.to_arrow_table()
    )
    assert table.to_pydict() == {"n": [1, 2], "x": [0.5, None], "text": ["ä", None]}
    assert table.schema.types[:2] == [pa.int64(), pa.float64()]


def test_no_rows_keep_their_types(engine: Callable[[pa.Table], Any]) -> None:
    given = engine(
        pa.table({"key": pa.array(["a"]), "day": pa.array([dt.date(2024, 1, 1)]), "i": pa.array([1], pa.int8())})
    )
    none: dict[str, Any] = {"key": objects([]), "day": objects([]), "i": np.empty(0), "n": np.empty(0, dtype=np.int64)}
    made = same_kind(given, none)
    assert type(made) is type(given)
    if isinstance(made, pl.LazyFrame | pl.DataFrame):
        assert made.lazy().collect().schema == {"key": pl.String, "day": pl.Date, "i": pl.Int8, "n": pl.Int64}
    if isinstance(made, pa.Table):
        assert made.schema.types == [pa.string(), pa.date32(), pa.int8(), pa.int64()]
    if isinstance(made, duckdb.DuckDBPyRelation):
        assert [str(kind) for kind in made.types] == ["VARCHAR", "DATE", "TINYINT", "BIGINT"]


def test_an_enum_of_polars_stays_one() -> None:
    given = pl.DataFrame({"size": ["S", "L"]}, schema={"size": pl.Enum(["S", "M", "L"])})
    made = same_kind(given, {"size": objects(["L", None, "S"])})
    assert made.schema == given.schema
    assert made["size"].to_list() == ["L", None, "S"]


def test_categories_of_pandas_keep_their_order() -> None:
    given = pd.DataFrame({"size": pd.Categorical(["S", "L"], categories=["S", "M", "L"], ordered=True)})
    made = same_kind(given, {"size": objects(["L", None])})
    assert made["size"].dtype == given["size"].dtype
    assert made["size"].tolist()[0] == "L"


def test_what_has_no_plain_type_stays_text_or_float() -> None:
    given = pd.DataFrame(
        {"hour": pd.Series([dt.time(1)], dtype=pd.ArrowDtype(pa.time64("us"))), "cost": [decimal.Decimal("1.10")]}
    )
    made = same_kind(given, {"hour": objects(["01:00:00"]), "cost": np.array([1.1])})
    assert made.to_dict("list") == {"hour": [dt.time(1)], "cost": [1.1]}  # Arrow reads a time of day from text
    other = pl.DataFrame({"hour": [dt.time(1)], "cost": [decimal.Decimal("1.10")]})
    assert same_kind(other, {"hour": objects(["01:00:00"]), "cost": np.array([1.1])}).rows() == [("01:00:00", 1.1)]


def test_types_of_duckdb_stay(connection: duckdb.DuckDBPyConnection) -> None:
    given = connection.sql(
        "select uuid '00000000-0000-0000-0000-000000000001' as id, 1.10::decimal(10, 2) as cost, "
        "time '01:02:03' as hour, 'it''s'::enum('it''s', 'a') as level, 3::utinyint as many, 5::hugeint as more"
    )
    columns: dict[str, Any] = {
        "id": objects([str(uuid.UUID(int=1)), None]),
        "cost": np.array([1.1, NAN]),
        "hour": objects(["01:02:03", None]),
        "level": objects(["it's", None]),
        "many": np.array([3.0, NAN]),
        "more": np.array([5.0, NAN]),
    }
    made = same_kind(given, columns)
    assert made.types == given.types
    assert made.fetchall() == [*given.fetchall(), (None,) * 6]


def test_the_session_zone_of_duckdb_changes_no_moment(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("set TimeZone = 'America/New_York'")
    given = connection.sql("select timestamptz '2024-03-10 07:30:00+00' as moment")
    made = same_kind(given, {"moment": objects(["2024-03-10 07:30:00+00:00"])})
    assert made.types == given.types
    assert made.project("epoch_us(moment)").fetchall() == given.project("epoch_us(moment)").fetchall()


def test_a_table_of_the_caller_is_never_taken_for_ours(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table given as select 1 as key")
    made = same_kind(connection.table("given"), {"key": np.array([7.0])})
    assert made.join(connection.table("given"), "1 = 1").fetchall() == [(7, 1)]
    assert connection.sql("select count(*) from duckdb_views() where not internal").fetchall() == [(0,)]
