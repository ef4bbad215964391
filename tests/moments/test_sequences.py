"""Moments brought into order: what is refused, with the whole message, and what the record holds."""

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cxstats as cx
from cxstats.errors import ColumnError, CxStatsError, OffScaleError, ReadError, RoleError, ScaleError, TooFewError
from cxstats.moments import sequences as module
from cxstats.moments.batches import in_order, whole_sequences

NAN = float("nan")
ROLES: dict[str, Any] = {"sequence": "visit", "order": "minute", "value": "joy", "neutral": 5}
# Shuffled; visit "b" has a moment without a value, visit "c" none with one.
MOMENTS = pd.DataFrame(
    {
        "visit": ["b", "a", "b", "c", "a", "b"],
        "minute": [4, 9, 0, 1, 2, 7],
        "joy": [NAN, 6, 3, NAN, 8, 1],
        "verdict": [7, NAN, NAN, 4, 6, 7],
    }
)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes batches of so many rows (DuckDB: of 2,048 at least)."""

    def cut(size: int) -> None:
        monkeypatch.setattr(module, "whole_sequences", partial(whole_sequences, size=size))
        monkeypatch.setattr(module, "in_order", partial(in_order, size=size))

    return cut


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect()
    yield opened
    opened.close()


def refused(data: Any, error: type[CxStatsError], message: str, **roles: Any) -> None:
    """Both functions refuse the data with this very message."""
    for function in (cx.sequences, cx.sequence_features):
        with pytest.raises(error) as caught:
            function(data, **{**ROLES, **roles})
        assert str(caught.value) == message
        assert type(caught.value) is error


def changed(name: str, *values: Any, to: pd.DataFrame = MOMENTS) -> pd.DataFrame:
    """The moments with other values in the first rows of a column."""
    column = [*values, *to[name].tolist()[len(values) :]]
    return to.assign(**{name: pd.Series(column, dtype=object if any(isinstance(v, str) for v in values) else None)})


# --- the record ------------------------------------------------------------------------------------------------------


def test_the_record_against_expected_values(engine: Callable[[pa.Table], Any]) -> None:
    given = engine(pa.Table.from_pandas(MOMENTS, preserve_index=False))
    found = cx.sequences(given, **ROLES, keep=["verdict"])
    assert found.keys["visit"].tolist() == ["a", "b"]
    assert found.kept["verdict"].tolist() == [6, 7]
    assert found.moments.first.tolist() == [0, 2, 4]
    assert found.moments.time.tolist() == [2, 9, 0, 7]
    assert found.moments.value.tolist() == [8, 6, 3, 1]
    assert found.n_missing.tolist() == [0, 1]
    assert {name: values.tolist() for name, values in found.empty.items()} == {"visit": ["c"], "verdict": [4]}
    assert (found.n_empty.tolist(), found.n_rows, found.n_merged, len(found)) == ([1], 6, 0, 2)
    assert str(found) == (
        "Sequences: 2 of 2 to 2 moments, 6 rows · joy, neutral at 5 · 2 moments without a value, "
        "1 sequences without any"
    )


@pytest.mark.parametrize("size", [1, 2, 7])
def test_sequences_across_batches_against_one_batch(size: int, small_batches: Callable[[int], None]) -> None:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame(
        {"visit": np.repeat([f"v{i}" for i in range(9)], np.arange(1, 10)), "minute": rng.permutation(45), "joy": 5.0}
    )
    rows["joy"] = rng.integers(1, 10, 45).astype(float)
    rows.loc[::7, "joy"] = NAN
    rows["group"] = rows.visit.map(lambda visit: None if visit in "v1 v2" else visit.upper())
    rows.loc[::3, "group"] = None
    whole = {}
    for name, data in {"sorted": rows.sort_values(["visit", "minute"]), "shuffled": rows.sample(frac=1)}.items():
        whole[name] = cx.sequences(data, **ROLES, keep=["group"]), data
    small_batches(size)
    for one, data in whole.values():
        cut = cx.sequences(data, **ROLES, keep=["group"])
        for name in ("value", "time", "first"):
            assert getattr(cut.moments, name).tolist() == getattr(one.moments, name).tolist()
        for name in ("keys", "kept", "empty"):
            assert {k: list(v) for k, v in getattr(cut, name).items()} == {
                k: list(v) for k, v in getattr(one, name).items()
            }
        assert cut.n_missing.tolist() == one.n_missing.tolist()
        assert (cut.n_rows, cut.n_empty.tolist()) == (one.n_rows, one.n_empty.tolist())


def test_values_are_turned_so_that_up_is_good() -> None:
    frame = pd.DataFrame({"visit": [1, 1], "minute": [0, 1], "joy": [1, 4]})
    found = cx.sequences(frame, **{**ROLES, "neutral": 2}, scale=cx.EFFORT5)
    assert found.moments.value.tolist() == [5, 2]
    assert found.neutral == 4
    assert str(found) == (
        "Sequences: 1 of 2 to 2 moments, 2 rows · joy, neutral at 2 · 0 moments without a value, "
        "0 sequences without any"
    )


def test_moments_at_the_same_time_become_their_mean() -> None:
    frame = pd.DataFrame({"visit": [1, 1, 1, 1, 2, 2], "minute": [3, 3, 0, 3, 0, 0], "joy": [1, 2, 9, NAN, 7, NAN]})
    found = cx.sequences(frame, **ROLES, same_time="mean")
    assert found.moments.value.tolist() == [9, 1.5, 7]
    assert found.moments.time.tolist() == [0, 3, 0]
    assert found.moments.first.tolist() == [0, 2, 3]
    assert (found.n_merged, found.n_missing.tolist()) == (2, [1, 1])


def test_a_missing_value_is_no_moment_at_the_same_time() -> None:
    frame = pd.DataFrame({"visit": [1, 1], "minute": [3, 3], "joy": [NAN, 2]})
    assert cx.sequences(frame, **ROLES).moments.value.tolist() == [2]


DAY = dt.datetime.fromisoformat("2024-02-29 13:00:00")
CLOCKS = {
    "seconds": pa.timestamp("s"),
    "microseconds": pa.timestamp("us"),
    "nanoseconds": pa.timestamp("ns"),
    "zone": pa.timestamp("us", "Europe/Berlin"),
    "days": pa.date32(),
}


@pytest.mark.parametrize("kind", CLOCKS)
def test_days_and_moments_become_seconds(engine: Callable[[pa.Table], Any], kind: str) -> None:
    days = kind == "days"
    later = [DAY + dt.timedelta(days=1), DAY, DAY + dt.timedelta(days=3)]
    minute = pa.array([moment.date() if days else moment for moment in later], CLOCKS[kind])
    found = cx.sequences(engine(pa.table({"visit": [1, 1, 1], "minute": minute, "joy": [1, 2, 3]})), **ROLES)
    start = dt.datetime(2024, 2, 29, 0 if days else 13, tzinfo=dt.UTC).timestamp()
    assert found.moments.time.tolist() == [start, start + 86400, start + 3 * 86400]
    assert found.moments.value.tolist() == [2, 1, 3]
    assert found.moments.place.tolist() == [0, 1 / 3, 1]


def test_sequences_without_any_value_are_told(small_batches: Callable[[int], None]) -> None:
    frame = pd.DataFrame({"visit": [1, 1, 2], "minute": [0, 1, 0], "joy": [NAN] * 3})
    for size in (500, 1):
        small_batches(size)
        assert str(cx.sequences(frame, **ROLES)) == (
            "Sequences: 0, 3 rows · joy, neutral at 5 · 3 moments without a value, 2 sequences without any"
        )


def test_columns_named_twice_in_one_role_are_read_once() -> None:
    found = cx.sequences(MOMENTS, **{**ROLES, "sequence": ["visit", "visit"]}, keep=["verdict", "verdict"])
    assert (list(found.keys), list(found.kept)) == (["visit"], ["verdict"])
    refused(
        changed("visit", None, None),
        ColumnError,
        "'visit' must name a sequence in every row, but 2 of 6 rows hold nothing.\n"
        "Drop those rows, or fill in what they belong to.",
        sequence=["visit", "visit"],
    )


# --- what order the engine sorts in ----------------------------------------------------------------------------------

ODD = ["￿", "𐀀", "a", "B", "", "ä", "日", "ab", "Ä"]  # by UTF-16, the second would come before the first


def by_code_point(relation: duckdb.DuckDBPyRelation) -> None:
    found = cx.sequences(relation, **ROLES)
    assert found.keys["visit"].tolist() == sorted(ODD)
    assert found.moments.value.tolist() == [value for key in sorted(ODD) for value in (ODD.index(key), 5)]


@pytest.mark.parametrize(
    "setting",
    ["default_order='desc'", "default_null_order='nulls_first'", "default_collation='nocase'", "threads=2"],
)
def test_text_comes_by_code_point_whatever_the_connection(setting: str, connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"set {setting}")
    connection.execute("create table moments (visit varchar, minute int, joy int)")
    rows = [(key, minute, ODD.index(key) if minute == 0 else 5) for minute in (0, 1) for key in ODD]
    connection.executemany("insert into moments values (?, ?, ?)", rows)
    by_code_point(connection.table("moments"))


def test_an_enum_of_duckdb_comes_by_code_point(connection: duckdb.DuckDBPyConnection) -> None:
    levels = "', '".join(ODD)
    connection.execute(f"create type visits as enum ('{levels}')")
    connection.execute("create table moments (visit visits, minute int, joy int)")
    rows = [(key, minute, ODD.index(key) if minute == 0 else 5) for minute in (0, 1) for key in ODD]
    connection.executemany("insert into moments values (?, ?, ?)", rows)
    by_code_point(connection.table("moments"))


def test_text_comes_by_code_point_on_every_engine(engine: Callable[[pa.Table], Any]) -> None:
    rows = [(key, minute, ODD.index(key) if minute == 0 else 5) for minute in (0, 1) for key in ODD]
    table = pa.table({name: [row[i] for row in rows] for i, name in enumerate(("visit", "minute", "joy"))})
    found = cx.sequences(engine(table), **ROLES)
    assert found.keys["visit"].tolist() == sorted(ODD)
    assert found.moments.value.tolist() == [value for key in sorted(ODD) for value in (ODD.index(key), 5)]


def test_keys_of_which_some_are_minus_zero(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create table moments as select * from "
        "(values (-0.0::double, 2, 0, 1), (0.0, 1, 0, 2), (-0.0, 1, 1, 3)) t(p, visit, minute, joy)"
    )
    found = cx.sequences(connection.table("moments"), **{**ROLES, "sequence": ["p", "visit"]})
    assert found.moments.value.tolist() == [2, 3, 1]


def test_an_order_of_the_engine_that_is_not_ours_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create table moments as select * from (values "
        "(date '10000-01-01', 0, 5), (date '9999-01-01', 0, 4), (date '10000-01-01', 1, 5)) t(visit, minute, joy)"
    )
    refused(
        connection.table("moments"),
        ReadError,
        "The rows must come in the order of their sequences, but DuckDB puts 'visit' in an order of its own, as it "
        "does dates beyond the year 9999.\nCast such a column to text first.",
    )
    found = cx.sequences(connection.sql("select visit::varchar as visit, minute, joy from moments"), **ROLES)
    assert found.moments.n.tolist() == [2, 1]


@pytest.mark.parametrize("visits", [1_000, 2_000_000])  # with more than DuckDB reads ahead, a part would be left
def test_a_stream_that_can_be_read_once_comes_sorted_or_is_refused(
    visits: int, connection: duckdb.DuckDBPyConnection
) -> None:
    shuffled = pa.table({"visit": np.tile(np.arange(visits), 2), "minute": np.repeat([0, 1], visits)})
    shuffled = shuffled.append_column("joy", [np.ones(2 * visits)])
    with pytest.raises(ReadError) as caught:
        cx.sequences(connection.from_arrow(shuffled.to_reader(10_000)), **ROLES)
    assert str(caught.value) == (
        "The rows must be the same whenever they are read, but DuckDB gave others the second time, as it does where "
        "they are a stream of Arrow.\nMake a table of them first, or sort them by sequence and time."
    )
    ordered = shuffled.sort_by([("visit", "ascending"), ("minute", "ascending")])
    assert len(cx.sequences(connection.from_arrow(ordered.to_reader(10_000)), **ROLES)) == visits


# --- bad input -------------------------------------------------------------------------------------------------------

LOST = "\nDrop those rows, or fill in what they belong to."
TWICE = changed("minute", 7, 2)
BAD: dict[str, tuple[pd.DataFrame, dict[str, Any], type[CxStatsError], str]] = {
    "null key": (
        changed("visit", None),
        {},
        ColumnError,
        f"'visit' must name a sequence in every row, but 1 of 6 rows holds nothing.{LOST}",
    ),
    "null keys": (
        changed("visit", None, "a", None),
        {},
        ColumnError,
        f"'visit' must name a sequence in every row, but 2 of 6 rows hold nothing.{LOST}",
    ),
    "null in the second key": (
        MOMENTS.assign(person=[1, 1, None, 1, 1, 1]),
        {"sequence": ["visit", "person"]},
        ColumnError,
        f"'person' must name a sequence in every row, but 1 of 6 rows holds nothing.{LOST}",
    ),
    "all keys null": (
        MOMENTS.assign(visit=None),
        {},
        ColumnError,
        f"'visit' must name a sequence in every row, but 6 of 6 rows hold nothing.{LOST}",
    ),
    "null time": (
        changed("minute", None),
        {},
        ColumnError,
        f"'minute' must say when the moment was in every row, but 1 of 6 rows holds nothing.{LOST}",
    ),
    "infinite time": (
        changed("minute", 1.0, np.inf),
        {},
        ColumnError,
        "'minute' must hold finite numbers, but 1 of 6 rows holds an infinite one.\nDrop those rows.",
    ),
    "infinite times": (
        changed("minute", -np.inf, np.inf),
        {},
        ColumnError,
        "'minute' must hold finite numbers, but 2 of 6 rows hold an infinite one.\nDrop those rows.",
    ),
    "infinite value": (
        changed("joy", 1.0, -np.inf),
        {},
        ColumnError,
        "'joy' must hold finite numbers, but 1 of 6 rows holds an infinite one.\nSet those values to missing.",
    ),
    "infinite values on a scale": (
        changed("joy", np.inf, -np.inf, 99),
        {"scale": cx.Scale(1, 9)},
        ColumnError,
        "'joy' must hold finite numbers, but 2 of 6 rows hold an infinite one.\nSet those values to missing.",
    ),
    "off the scale": (
        changed("joy", 10, 10, 0),
        {"scale": cx.Scale(1, 9)},
        OffScaleError,
        (
            "'joy' must hold whole numbers 1 to 9 (its scale), but 3 of 6 rows do not: 10 (2 rows), 0 (1 row).\n"
            "Recode or drop them, or pass scale=Scale(0, 10)."
        ),
    ),
    "between whole numbers": (
        changed("joy", 2.5),
        {"scale": cx.Scale(1, 9, higher_is_better=False)},
        OffScaleError,
        (
            "'joy' must hold whole numbers 1 to 9 (its scale), but 1 of 6 rows does not: 2.5 (1 row).\n"
            "Recode or drop them, or pass scale=Scale(1, 9, higher_is_better=False, whole=False)."
        ),
    ),
    "text in the value": (
        changed("joy", "good", "5", "bad", "good"),
        {},
        ColumnError,
        (
            "'joy' must hold numbers, but it holds text: 'good' (2 rows), 'bad' (1 row).\n"
            "Recode it to numbers first; a score that was not given is a missing value."
        ),
    ),
    "numbers as text": (
        MOMENTS.assign(joy=["5"] * 6),
        {},
        ColumnError,
        "'joy' must hold numbers, but it holds numbers spelt as text.\nCast it to numbers first.",
    ),
    "text in the order": (
        changed("minute", "late"),
        {},
        ColumnError,
        (
            "'minute' must hold numbers, but it holds text: 'late' (1 row).\n"
            "Recode it to numbers first; a score that was not given is a missing value."
        ),
    ),
    "same time": (
        TWICE.assign(joy=[1, 2, 3, 4, 5, 6]),
        {},
        ColumnError,
        (
            "The moments of a sequence must have times of their own, but in 2 of 3 sequences 'minute' holds the same "
            "time more than once: visit a; visit b.\nDrop what is doubled, or pass same_time='mean' to take the mean "
            "of such moments."
        ),
    ),
    "same time, two keys": (
        TWICE.assign(joy=[1, 2, 3, 4, 5, 6], day=["2024-01-01"] * 6),
        {"sequence": ["visit", "day"]},
        ColumnError,
        (
            "The moments of a sequence must have times of their own, but in 2 of 3 sequences 'minute' holds the same "
            "time more than once: visit a, day 2024-01-01; visit b, day 2024-01-01.\nDrop what is doubled, or pass "
            "same_time='mean' to take the mean of such moments."
        ),
    ),
    "verdicts that differ": (
        changed("verdict", 6, 6, 7, 4, 5),
        {"keep": ["verdict"]},
        ColumnError,
        (
            "'verdict' must hold one value per sequence, but in 2 of 3 sequences it changes: visit a (5, 6); "
            "visit b (6, 7).\nSettle on one value per sequence first."
        ),
    ),
    "words that differ": (
        MOMENTS.assign(place=["x", None, "y", "x", "x", "x"]),
        {"keep": "place"},
        ColumnError,
        (
            "'place' must hold one value per sequence, but in 1 of 3 sequences it changes: visit b (x, y).\n"
            "Settle on one value per sequence first."
        ),
    ),
    "neutral off the scale": (
        MOMENTS,
        {"scale": cx.Scale(1, 7), "neutral": 0},
        ScaleError,
        (
            "The neutral point must lie on the scale, 1 to 7, but neutral=0.\nIt is the value that is neither good nor "
            "bad, often the middle: neutral=4."
        ),
    ),
    "neutral that is no number": (
        MOMENTS,
        {"neutral": "5"},
        RoleError,
        "neutral must be a finite number, the value that is neither good nor bad, but is '5'.",
    ),
    "neutral that is missing": (
        MOMENTS,
        {"neutral": NAN},
        RoleError,
        "neutral must be a finite number, the value that is neither good nor bad, but is nan.",
    ),
    "no rows": (MOMENTS.head(0), {}, TooFewError, "At least one moment is needed, but the data hold no rows."),
    "unknown column": (
        MOMENTS,
        {"value": "yoy", "keep": ["verdikt"]},
        ColumnError,
        (
            "'yoy', 'verdikt' are not columns of the data, which holds 'visit', 'minute', 'joy', 'verdict'.\n"
            "Nearest to 'yoy': 'joy'; nearest to 'verdikt': 'verdict', 'visit'."
        ),
    ),
    "value as order": (
        MOMENTS,
        {"order": "joy"},
        RoleError,
        "A column can have one role only, but 'joy' has more.\nName another column.",
    ),
    "value kept": (
        MOMENTS,
        {"keep": ["joy"]},
        RoleError,
        "A column can have one role only, but 'joy' has more.\nName another column.",
    ),
    "order as key": (
        MOMENTS,
        {"sequence": ["visit", "minute"]},
        RoleError,
        "A column can have one role only, but 'minute' has more.\nName another column.",
    ),
    "no key": (
        MOMENTS,
        {"sequence": []},
        RoleError,
        "sequence must name at least one column.\nPass sequence='visit', or sequence=['person', 'day'].",
    ),
    "a number as key": (
        MOMENTS,
        {"sequence": 5},
        RoleError,
        "sequence, order, value and keep must name columns, but '5' is no name.",
    ),
    "lists as keys": (
        MOMENTS,
        {"sequence": [["visit"], "visit", 3]},
        RoleError,
        "sequence, order, value and keep must name columns, but '['visit']', '3' are no names.",
    ),
    "nothing kept": (
        MOMENTS,
        {"keep": None},
        RoleError,
        "sequence, order, value and keep must name columns, but 'None' is no name.",
    ),
    "no scale": (
        MOMENTS,
        {"scale": (1, 7)},
        RoleError,
        "scale must be a Scale, but (1, 7) was given.\nPass scale=cx.Scale(1, 7).",
    ),
    "another rule": (MOMENTS, {"same_time": "last"}, RoleError, "same_time must be 'raise' or 'mean', not 'last'."),
}


@pytest.mark.parametrize("size", [500_000, 2])
@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_refused(kind: str, size: int, small_batches: Callable[[int], None]) -> None:
    small_batches(size)
    frame, roles, error, message = BAD[kind]
    refused(frame, error, message, **roles)


ON_EVERY_ENGINE = ("null keys", "null time", "off the scale", "same time", "verdicts that differ", "infinite value")


@pytest.mark.parametrize("kind", ON_EVERY_ENGINE)
def test_bad_input_is_refused_alike_on_every_engine(kind: str, engine: Callable[[pa.Table], Any]) -> None:
    frame, roles, error, message = BAD[kind]
    refused(engine(pa.Table.from_pandas(frame, preserve_index=False)), error, message, **roles)


N = 5_000  # rows of 2,500 visits: more than two of DuckDB's vectors, the smallest batch that it gives
MANY: dict[str, tuple[str, dict[str, Any], type[CxStatsError], str]] = {
    "null keys": (
        "nullif(i // 2, 1), i % 2, 5",
        {},
        ColumnError,
        f"'visit' must name a sequence in every row, but 2 of 5,000 rows hold nothing.{LOST}",
    ),
    "null times": (
        "i // 2, case when i % 1000 > 0 then i % 2 end, 5",
        {},
        ColumnError,
        f"'minute' must say when the moment was in every row, but 5 of 5,000 rows hold nothing.{LOST}",
    ),
    "same time": (
        "i // 2, case when i < 4998 then 1 else i end, 5",
        {},
        ColumnError,
        (
            "The moments of a sequence must have times of their own, but in 2,499 of 2,500 sequences 'minute' holds "
            "the same time more than once: visit 0; visit 1; visit 2.\nDrop what is doubled, or pass same_time='mean' "
            "to take the mean of such moments."
        ),
    ),
    "off the scale": (
        "i // 2, i % 2, case when i % 1000 = 7 then 11 else i % 10 end",
        {"scale": cx.NPS},
        OffScaleError,
        (
            "'joy' must hold whole numbers 0 to 10 (NPS), but 5 of 5,000 rows do not: 11 (5 rows).\n"
            "Recode or drop them, or pass scale=Scale(0, 11)."
        ),
    ),
    "text": (
        "i // 2, i % 2, case when i % 1000 = 7 then 'good' when i = 4000 then 'bad' when i < 2 then null else '5' end",
        {},
        ColumnError,
        (
            "'joy' must hold numbers, but it holds text: 'good' (5 rows), 'bad' (1 row).\n"
            "Recode it to numbers first; a score that was not given is a missing value."
        ),
    ),
    "text after the first batch": (
        "i // 2, i % 2, case when i < 2500 then '5' else 'bad' end",
        {},
        ColumnError,
        (
            "'joy' must hold numbers, but it holds text: 'bad' (2,500 rows).\n"
            "Recode it to numbers first; a score that was not given is a missing value."
        ),
    ),
    "verdicts that differ": (
        "i // 2, i % 2, 5, case when i >= 4800 then i when i % 3 > 0 then 2 end",
        {"keep": ["verdict"]},
        ColumnError,
        (
            "'verdict' must hold one value per sequence, but in 100 of 2,500 sequences it changes: "
            "visit 2400 (4800, 4801); visit 2401 (4802, 4803); visit 2402 (4804, 4805).\n"
            "Settle on one value per sequence first."
        ),
    ),
}


@pytest.mark.parametrize("kind", MANY)
def test_counts_in_messages_are_of_all_rows(
    kind: str, small_batches: Callable[[int], None], connection: duckdb.DuckDBPyConnection
) -> None:
    columns, roles, error, message = MANY[kind]
    names = ", ".join(["visit", "minute", "joy", *roles.get("keep", [])])
    relation = connection.sql(f"select * from (select {columns} from range({N}) t(i)) u({names})")  # noqa: S608 - our own text
    small_batches(1)
    refused(relation, error, message, **roles)
    small_batches(77)
    for frame in (relation.df(), pl.from_pandas(relation.df().sample(frac=1, random_state=1))):
        refused(frame, error, message, **roles)


def test_engine_errors_are_told_as_ours(tmp_path: Any) -> None:
    lazy = pl.scan_csv(_written(tmp_path / "x.csv", "visit,minute,joy\n1,0,5\n")).with_columns(
        joy=pl.col("joy").map_elements(lambda _: 1 / 0, return_dtype=pl.Float64)
    )
    refused(lazy, ReadError, "The data could not be read: division by zero")
    with duckdb.connect() as opened:
        relation = opened.sql("select 1 as visit, 0 as minute, error('no such drive') as joy")
        refused(relation, ReadError, "The data could not be read: Invalid Input Error: no such drive")


def _written(path: Any, text: str) -> Any:
    path.write_text(text)
    return path


def test_what_is_no_frame_is_refused() -> None:
    refused(
        [1, 2],
        RoleError,
        "data must be a dataframe (pandas, polars, pyarrow, a DuckDB relation) or Cells, but list was given.\n"
        "Read a file with cx.read(path) or cx.scan(path).",
    )
