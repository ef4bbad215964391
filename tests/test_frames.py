"""The door for dataframes: the same rows give the same cells on every engine, and every refusal is clear."""

import datetime as dt
import decimal
import math
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import duckdb
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings

import cxstats as cx
from cxstats.errors import ColumnError, ReadError, RoleError
from cxstats.frames import column_names

Convert = Callable[[pa.Table], Any]

NAN = math.nan
DAY, MIDNIGHT = dt.date(2024, 2, 29), dt.datetime.fromisoformat("2024-02-29")
MOMENT = dt.datetime.fromisoformat("2024-02-29 13:05:00.250")

# One column per type that a frame can have, with what must come out of it, sorted, and the rows of each.
TYPED = {
    "uint8": (pa.uint8(), [255, 0, None, 255], [(0.0, 1), (255.0, 2), (None, 1)]),
    "int8": (pa.int8(), [-128, 127, None, 127], [(-128.0, 1), (127.0, 2), (None, 1)]),
    "int64": (pa.int64(), [2**53 - 1, 3, 3, None], [(3.0, 2), (2.0**53 - 1, 1), (None, 1)]),
    "float32": (pa.float32(), [0.5, NAN, None, 0.5], [(0.5, 2), (None, 2)]),
    "null and NaN": (pa.float64(), [NAN, None, 1.5, NAN], [(1.5, 1), (None, 3)]),
    "minus zero": (pa.float64(), [-0.0, 0.0, 1e-300, -0.0], [(0.0, 3), (1e-300, 1)]),
    "bool": (pa.bool_(), [True, None, False, True], [(0.0, 1), (1.0, 2), (None, 1)]),
    "decimal": (
        pa.decimal128(10, 2),
        [decimal.Decimal("1.10"), decimal.Decimal("-2.05"), None, decimal.Decimal("1.10")],
        [(-2.05, 1), (1.1, 2), (None, 1)],
    ),
    "text": (pa.string(), ["z", "ä", "Z", "z"], [("Z", 1), ("z", 2), ("ä", 1)]),
    "empty text": (pa.string(), ["", None, "a", ""], [("", 2), ("a", 1), (None, 1)]),
    "beyond ASCII": (pa.string(), ["日本", "𐀀", "￿", "日本"], [("日本", 2), ("￿", 1), ("𐀀", 1)]),
    "category": (pa.dictionary(pa.int32(), pa.string()), ["b", None, "a", "b"], [("a", 1), ("b", 2), (None, 1)]),
    "date": (pa.date32(), [DAY, None, dt.date(1, 1, 1), DAY], [("0001-01-01", 1), ("2024-02-29", 2), (None, 1)]),
    "moment": (
        pa.timestamp("us"),
        [MOMENT, None, MIDNIGHT, MOMENT],
        [("2024-02-29", 1), ("2024-02-29 13:05:00.25", 2), (None, 1)],
    ),
    "nanosecond": (
        pa.timestamp("ns"),
        [MOMENT, None, MIDNIGHT, MOMENT],
        [("2024-02-29", 1), ("2024-02-29 13:05:00.25", 2), (None, 1)],
    ),
    "zone": (
        pa.timestamp("us", "Europe/Berlin"),
        [MOMENT, None, MIDNIGHT, MOMENT],
        [("2024-02-29 00:00:00+00:00", 1), ("2024-02-29 13:05:00.25+00:00", 2), (None, 1)],
    ),
    "time": (
        pa.time64("us"),
        [dt.time(1, 2, 3), None, dt.time(0), dt.time(0)],
        [("00:00:00", 2), ("01:02:03", 1), (None, 1)],
    ),
    "nothing": (pa.string(), [None] * 4, [(None, 4)]),
    "no numbers": (pa.float64(), [None, NAN, None, None], [(None, 4)]),
}


def as_rows(cells: cx.Cells) -> list[tuple[Any, ...]]:
    """Values and count of each cell, missing as None."""
    columns = [[None if v is None or v != v else v for v in cells[name]] for name in cells.columns]
    return list(zip(*columns, cells.count.tolist(), strict=True))


@pytest.mark.parametrize("kind", TYPED)
def test_types_against_expected_values(engine: Convert, kind: str) -> None:
    dtype, values, expected = TYPED[kind]
    table = pa.table({"key": pa.array(values, dtype, from_pandas=False)})
    cells = cx.tally(engine(table), strata=["key"])
    assert as_rows(cells) == expected
    text = any(isinstance(value, str) for value, _ in expected)
    assert cells["key"].dtype == (object if text else np.float64)
    assert cells.count.dtype == np.int64
    assert not np.signbit(cells["key"][cells["key"] == 0.0].astype(float)).any()


VALUES: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "score": (pa.int8(), st.integers(0, 3)),
    "ratio": (pa.float64(), st.sampled_from([NAN, 0.0, -0.0, 1.5, -2.25, 1e-9])),
    "flag": (pa.bool_(), st.booleans()),
    "name": (pa.string(), st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=2)),
    "day": (pa.date32(), st.dates(dt.date(2023, 12, 30), dt.date(2024, 1, 2))),
}
TABLES = st.lists(st.tuples(*(st.none() | strategy for _, strategy in VALUES.values())), min_size=1, max_size=30)


def by_hand(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The cells by counting Python tuples: columns by name, missing last."""
    names = sorted(VALUES)
    place = [list(VALUES).index(name) for name in names]

    def plain(value: Any) -> Any:
        if value is None or value != value:
            return None
        return value if isinstance(value, str) else str(value) if isinstance(value, dt.date) else float(value) or 0.0

    counts = Counter(tuple(plain(row[i]) for i in place) for row in rows)
    ordered = sorted(counts, key=lambda row: [(value is None, 0 if value is None else value) for value in row])
    return [(*row, counts[row]) for row in ordered]


@given(rows=TABLES, data=st.data())
@settings(max_examples=25)
def test_every_engine_against_counting_by_hand(
    engines: dict[str, Convert], rows: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    expected = by_hand(rows)
    arrays = {
        name: pa.array([row[i] for row in rows], dtype, from_pandas=False)
        for i, (name, (dtype, _)) in enumerate(VALUES.items())
    }
    shuffled = data.draw(st.permutations(range(len(rows))))
    columns = data.draw(st.permutations(list(arrays)))
    whole, other = pa.table(arrays), pa.table({name: arrays[name].take(pa.array(shuffled)) for name in columns})
    for name, convert in engines.items():
        for table in (whole, other):
            cells = cx.tally(convert(table), strata=list(VALUES))
            assert as_rows(cells) == expected, name


def test_objects_of_pandas_against_expected_values() -> None:
    frame = pd.DataFrame(
        {
            "mixed": ["a", 1, None, NAN],
            "numbers": [True, 2, 2.0, None],
            "decimals": [decimal.Decimal("0.5"), decimal.Decimal("NaN"), 0.5, pd.NA],
            "levels": pd.Categorical([9, None, 3, 9]),
            "moments": pd.Series([pd.Timestamp("2024-02-29"), dt.date(2024, 2, 29), pd.NaT, None], dtype=object),
            "id": [uuid.UUID(int=1)] * 4,
        }
    )
    found = {name: as_rows(cx.tally(frame, strata=[name])) for name in frame.columns}
    assert found == {
        "mixed": [("1", 1), ("a", 1), (None, 2)],
        "numbers": [(1.0, 1), (2.0, 2), (None, 1)],
        "decimals": [(0.5, 2), (None, 2)],
        "levels": [(3.0, 1), (9.0, 2), (None, 1)],
        "moments": [("2024-02-29", 2), (None, 2)],
        "id": [("00000000-0000-0000-0000-000000000001", 4)],
    }


def test_a_relation_is_run_once() -> None:
    connection = duckdb.connect()
    connection.execute("create sequence touched")
    connection.execute("create table answers as select range % 11 as nps, range % 2 as stayed from range(1000)")
    lazy = connection.sql("select nps + 0 * nextval('touched') as nps, stayed from answers")
    cells = cx.tally(lazy, metrics={"nps": cx.NPS}, outcome=cx.Binary("stayed"))
    assert cells.n == 1000
    assert connection.execute("select currval('touched')").fetchall() == [(1000,)]


@pytest.mark.parametrize(
    "name", ['a"b', "a b", "select", '<a href="x">', "Count", "total", "bad", "n", "columns", "ä'"]
)
def test_any_text_may_be_a_name(engine: Convert, name: str) -> None:
    rows = {name: pa.array([1, 1, 2], pa.int64()), "how many": pa.array([1, 2, 3], pa.int64())}
    assert as_rows(cx.tally(engine(pa.table(rows)), strata=[name])) == [(1.0, 2), (2.0, 1)]
    assert as_rows(cx.tally(engine(pa.table(rows)), strata=[name], count="how many")) == [(1.0, 3), (2.0, 3)]


def test_column_names_keep_the_order_of_the_frame(engine: Convert) -> None:
    assert column_names(engine(pa.table({"z": [1], "a": [2]}))) == ["z", "a"]


@pytest.mark.parametrize("data", [[1, 2], {"nps": [1]}, None, "answers.csv", pd.Series([1]), np.ones((2, 2))])
def test_what_is_no_frame_is_refused(data: object) -> None:
    with pytest.raises(
        RoleError,
        match=r"^data must be a dataframe \(pandas, polars, pyarrow, a DuckDB relation\) or Cells, but "
        rf"{type(data).__name__} was given\.\nRead a file with cx\.read\(path\) or cx\.scan\(path\)\.$",
    ):
        cx.tally(data, strata=["nps"])


def test_objects_that_are_no_values_are_refused() -> None:
    for frame in (
        pd.DataFrame({"key": [object()]}),
        pl.DataFrame({"key": [object()]}, schema={"key": pl.Object}),
        pd.DataFrame({"key": [1 + 2j, None]}, dtype=object),
    ):
        with pytest.raises(
            ColumnError,
            match=r"^'key' must hold numbers, text, dates or true and false, but it holds (object|complex) values\.\n"
            r"Turn it into one of those first\.$",
        ):
            cx.tally(frame, strata=["key"])


@pytest.mark.parametrize(
    "twins",
    [
        pd.DataFrame([[1, 2, 3]], columns=["nps", "nps", "b"]),
        pa.Table.from_arrays([pa.array([1])] * 3, names=["nps", "nps", "b"]),
        duckdb.sql("select 1 as nps, 2 as nps, 3 as b"),
    ],
)
def test_duplicated_names_are_refused(twins: object) -> None:
    message = "Column names must be distinct, but 'nps' stands more than once.\nRename or drop one of each."
    with pytest.raises(ColumnError) as caught:
        cx.tally(twins, strata=["b"])
    assert str(caught.value) == message


@pytest.mark.parametrize("columns", [[0, 1], [("a", 1), ("a", 2)]])
def test_names_that_are_no_text_are_refused(columns: list[Any]) -> None:
    with pytest.raises(ColumnError, match=r"^Column names must be text, but found .*\.\nRename those columns first\.$"):
        cx.tally(pd.DataFrame([[1, 2]], columns=columns), strata=["a"])


def test_an_unknown_column_is_refused_with_the_nearest(engine: Convert) -> None:
    with pytest.raises(ColumnError) as caught:
        cx.tally(engine(pa.table({"csat": [1], "nps_score": [2]})), metrics={"nps_scor": cx.NPS}, strata=["zzz"])
    assert str(caught.value) == (
        "'nps_scor', 'zzz' are not columns of the data, which holds 'csat', 'nps_score'."
        "\nNearest to 'nps_scor': 'nps_score'."
    )


def test_no_column_at_all_is_refused() -> None:
    for count in (None, "n"):
        with pytest.raises(RoleError, match=r"^At least one column is needed: pass metrics=, outcome= or disconf"):
            cx.tally(pd.DataFrame({"n": [1]}), count=count)


@pytest.mark.parametrize(
    "dtype",
    [pa.float64(), pa.string(), pa.bool_(), pa.decimal128(12, 0), pa.date32()],
    ids=str,
)
def test_a_count_that_is_no_integer_is_refused(engine: Convert, dtype: pa.DataType) -> None:
    counts = pa.array([1, 2]).cast(pa.int32()).cast(dtype)
    with pytest.raises(
        ColumnError,
        match=r"^The count column 'n' must hold whole numbers \(an integer type\), but its type is \w.*\.\n"
        r"If it holds whole numbers, cast it; if it holds survey weights, pass it as weight= instead\.$",
    ):
        cx.tally(engine(pa.table({"nps": [1, 2], "n": counts})), metrics={"nps": cx.NPS}, count="n")


def test_negative_and_missing_counts_are_refused(engine: Convert) -> None:
    table = pa.table({"nps": [1, 2, 3, 4], "n": pa.array([-1, None, 2, 10**13], pa.int64())})
    if isinstance(frame := engine(table), pd.DataFrame) and frame["n"].dtype == np.float64:
        table = pa.table({"nps": [1, 2, 3, 4], "n": pa.array([-1, -1, 2, 10**13], pa.int64())})
        frame = engine(table)  # a null has made the column float64, which is refused for that
    with pytest.raises(ColumnError) as caught:
        cx.tally(frame, metrics={"nps": cx.NPS}, count="n")
    assert str(caught.value) == (
        "The count column 'n' must hold whole numbers from 0 up, but 3 rows hold a negative number, none, or one "
        "beyond 10^12.\nA row that stands for no customer has the count 0."
    )


@pytest.mark.parametrize("dtype", [pa.uint8(), pa.int8(), pa.int32(), pa.uint64()], ids=str)
def test_counts_against_repeated_rows(engine: Convert, dtype: pa.DataType) -> None:
    nps, n = [9, None, 3, 9, 5], [120, 2, 127, 120, 0]
    counted = pa.table({"nps": pa.array(nps, pa.int8()), "n": pa.array(n, dtype)})
    repeated = pa.table(
        {"nps": pa.array([v for v, times in zip(nps, n, strict=True) for _ in range(times)], pa.int8())}
    )
    cells = cx.tally(engine(counted), metrics={"nps": cx.NPS}, count="n")
    assert as_rows(cells) == as_rows(cx.tally(engine(repeated), metrics={"nps": cx.NPS}))
    assert as_rows(cells) == [(3.0, 127), (9.0, 240), (None, 2)]


@pytest.mark.parametrize("keys", [pa.array([2**53, 2**53 + 2, 5]), pa.array([9.1e15, -9.1e15, 5.0])])
def test_keys_that_float64_cannot_tell_apart_are_refused(engine: Convert, keys: pa.Array) -> None:
    with pytest.raises(
        ColumnError,
        match=r"^Numbers in 'id' must stay below 2\^53 to be told apart, but 2 distinct values do not\.\n"
        r"If the column holds keys, cast it to text\.$",
    ):
        cx.tally(engine(pa.table({"id": keys})), cluster="id")


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[1], [2]]),
        pa.array([{"a": 1}, {"a": 2}]),
        pa.array([b"x", b"y"]),
        pa.array([dt.timedelta(1), None]),
    ],
    ids=["list", "struct", "bytes", "duration"],
)
def test_types_that_are_no_values_are_refused(engine: Convert, values: pa.Array) -> None:
    # Lists and mappings in a pandas object column are found out by its group by, which cannot hash them.
    message = (
        r"^('key' must hold numbers, text, dates or true and false, but it|The data could not be read: unhashable)"
    )
    with pytest.raises((ColumnError, ReadError), match=message):
        cx.tally(engine(pa.table({"key": values})), strata=["key"])


def test_what_an_engine_cannot_read_is_one_message(tmp_path: Any) -> None:
    connection = duckdb.connect()
    connection.execute("create table answers as select 'seven' as nps")
    failing = {
        "relation": connection.sql("select nps::int as nps from answers"),
        "lazy": pl.LazyFrame({"nps": ["seven"]}).select(pl.col("nps").cast(pl.Int64)),
        "file": pl.scan_csv(tmp_path / "none.csv"),
    }
    for frame in failing.values():
        with pytest.raises(ReadError, match=r"^The data could not be read: [^\n]+$"):
            cx.tally(frame, strata=["nps"])
