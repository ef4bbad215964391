"""Features of sequences against plain loops in exact fractions, on every engine alike to the last bit."""

import datetime as dt
import itertools
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
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
from cxstats.errors import RoleError
from cxstats.moments import sequences as module
from cxstats.moments.batches import in_order, whole_sequences

# Sums of at most 12 moments of size 8, and quotients of them: rounding of float64 against exact fractions.
ROUNDING = 1e-12

Convert = Callable[[pa.Table], Any]
Moment = tuple[float, float | None]
ROLES: dict[str, Any] = {"sequence": "visit", "order": "minute", "value": "joy"}
FEATURES = ["n", "n_missing", "duration", "first", "end", "peak", "peak_position", "peak_ties", "peak_mean"]
FEATURES += ["max", "min", "mean", "mean_time", "sd", "trend", "peak_end"]


# --- the oracle: one sequence at a time, in fractions ----------------------------------------------------------------


def by_loops(
    moments: list[Moment], neutral: float, end: float = 1, weights: tuple[float, float] = (0.5, 0.5)
) -> dict[str, float | None]:
    """The features of one sequence, as their definitions say; None where there is none."""
    rated = sorted((Fraction(time), Fraction(value)) for time, value in moments if value is not None)
    n, n_missing = len(rated), len(moments) - len(rated)
    if not n:
        return dict.fromkeys(FEATURES) | {"n": 0, "n_missing": n_missing, "peak_ties": 0}
    begin, stop = rated[0][0], rated[-1][0]
    took = stop - begin
    place = {time: (time - begin) / took if took else Fraction(1) for time, _ in rated}
    opening, closing = edges(rated, end)
    peaks: list[tuple[Fraction, Fraction]] = []
    for time, value in rated:
        height = abs(value - Fraction(neutral))
        if peaks and height < abs(peaks[0][1] - Fraction(neutral)):
            continue
        if peaks and height > abs(peaks[0][1] - Fraction(neutral)):
            peaks.clear()
        peaks.append((time, value))
    mean = sum(value for _, value in rated) / n
    area = sum((late - soon) * (before + after) / 2 for (soon, before), (late, after) in itertools.pairwise(rated))
    squares = sum((value - mean) ** 2 for _, value in rated)
    middle = sum(place.values()) / n
    spread = sum((at - middle) ** 2 for at in place.values())
    slope = sum((place[time] - middle) * value for time, value in rated)
    exact = {
        "n": n,
        "n_missing": n_missing,
        "duration": took,
        "first": opening,
        "end": closing,
        "peak": peaks[-1][1],
        "peak_position": place[peaks[-1][0]],
        "peak_ties": len(peaks),
        "peak_mean": sum(value for _, value in peaks) / len(peaks),
        "max": max(value for _, value in rated),
        "min": min(value for _, value in rated),
        "mean": mean,
        "mean_time": area / took if took else mean,
        "sd": math.sqrt(squares / (n - 1)) if n > 1 else None,
        "trend": slope / spread if n > 1 else None,
        "peak_end": Fraction(weights[0]) * peaks[-1][1] + Fraction(weights[1]) * closing,
    }
    return {name: None if value is None else float(value) for name, value in exact.items()}


def edges(rated: list[tuple[Fraction, Fraction]], end: float) -> tuple[Fraction, Fraction]:
    """Means of the opening and of the closing moments."""
    if end >= 1:
        many = min(int(end), len(rated))
        opening, closing = rated[:many], rated[-many:]
    else:
        begin, stop, share = rated[0][0], rated[-1][0], Fraction(str(end))
        opening = [moment for moment in rated if moment[0] - begin <= share * (stop - begin)]
        closing = [moment for moment in rated if stop - moment[0] <= share * (stop - begin)]
    return (
        sum((value for _, value in opening), Fraction(0)) / len(opening),
        sum((value for _, value in closing), Fraction(0)) / len(closing),
    )


# --- odd sequences ---------------------------------------------------------------------------------------------------

TIMES = st.integers(-3, 20).map(float) | st.integers(0, 40).map(lambda step: step / 4)
VALUES = st.none() | st.sampled_from([-2.0, -0.5, 0.0, 0.5, 2.0]) | st.integers(-32, 32).map(lambda step: step / 4)
MOMENTS = st.one_of(
    st.lists(st.tuples(TIMES, VALUES), min_size=1, max_size=12, unique_by=lambda moment: moment[0]),
    st.lists(st.tuples(TIMES, st.just(1.5)), min_size=1, max_size=6, unique_by=lambda moment: moment[0]),
    st.lists(st.tuples(TIMES, st.none()), min_size=1, max_size=3, unique_by=lambda moment: moment[0]),
)
ENDS = st.sampled_from([1, 2, 3, 50, 0.1, 0.3, 0.5, 0.7, 0.999])
NEUTRALS = st.sampled_from([0.0, 0.75, -2.0, 100.0])
WEIGHTS = st.sampled_from([(0.5, 0.5), (1.0, 0.0), (0.25, 0.75)])
TEXT = st.text(st.sampled_from("aAä日￿𐀀 '\"`é"), max_size=2)


def stacked(sequences: dict[Any, list[Moment]]) -> list[tuple[Any, float, float | None]]:
    return [(key, time, value) for key, moments in sequences.items() for time, value in moments]


def framed(rows: list[tuple[Any, float, float | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["visit", "minute", "joy"])
    return frame.astype({"minute": float, "joy": float})


def by_key(features: pd.DataFrame) -> dict[Any, dict[str, float | None]]:
    """The features of each sequence; NaN as None."""
    return {
        row["visit"]: {name: None if pd.isna(row[name]) else float(row[name]) for name in FEATURES}
        for row in features.to_dict("records")
    }


def in_batches(size: int, frame: Any, **roles: Any) -> Any:
    """The features where so many rows are read at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "whole_sequences", partial(whole_sequences, size=size))
        patch.setattr(module, "in_order", partial(in_order, size=size))
        return cx.sequence_features(frame, **ROLES, **roles)


@given(
    sequences=st.dictionaries(TEXT, MOMENTS, min_size=1, max_size=6),
    end=ENDS,
    neutral=NEUTRALS,
    weights=WEIGHTS,
    data=st.data(),
)
@settings(max_examples=150)
def test_features_against_loops(
    sequences: dict[str, list[Moment]], end: float, neutral: float, weights: Any, data: st.DataObject
) -> None:
    rows = data.draw(st.permutations(stacked(sequences)))
    roles = {"neutral": neutral, "end": end, "weights": weights}
    features = cx.sequence_features(framed(rows), **ROLES, **roles)
    found = by_key(features)
    assert set(found) == set(sequences)
    for key, moments in sequences.items():
        expected = by_loops(moments, neutral, end, weights)
        assert {name: None if v is None else pytest.approx(v, abs=ROUNDING) for name, v in expected.items()} == found[
            key
        ]
        for name in ("n", "n_missing", "duration", "peak", "peak_ties", "max", "min"):
            assert found[key][name] == expected[name], name
    # Sequences in the order of their keys, those without any value last.
    empty = {key for key, moments in sequences.items() if all(value is None for _, value in moments)}
    assert features.visit.tolist() == [*sorted(set(sequences) - empty), *sorted(empty)]


@given(sequences=st.dictionaries(TEXT, MOMENTS, min_size=1, max_size=6), end=ENDS, data=st.data())
@settings(max_examples=60)
def test_batches_against_one_batch(sequences: dict[str, list[Moment]], end: float, data: st.DataObject) -> None:
    rows = stacked(sequences)
    shuffled = framed(data.draw(st.permutations(rows)))
    ordered = framed(sorted(rows, key=lambda row: row[:2]))
    whole = cx.sequence_features(shuffled, **ROLES, neutral=0.5, end=end)
    for frame in (shuffled, ordered):
        for size in (1, 2, 7):
            pd.testing.assert_frame_equal(
                in_batches(size, frame, neutral=0.5, end=end), whole, check_exact=True, check_dtype=True
            )


@given(sequences=st.dictionaries(st.integers(-3, 3), MOMENTS, min_size=1), end=ENDS)
@settings(max_examples=60)
def test_time_backwards_swaps_start_and_end(sequences: dict[int, list[Moment]], end: float) -> None:
    back = {key: [(-time, value) for time, value in moments] for key, moments in sequences.items()}
    forth, turned = (
        cx.sequence_features(framed(stacked(moments)), **ROLES, neutral=0, end=end) for moments in (sequences, back)
    )
    for one, other in (("first", "end"), ("end", "first"), ("max", "max"), ("peak_ties", "peak_ties")):
        assert by_value(forth[one]) == by_value(turned[other])
    np.testing.assert_allclose(forth.trend, -turned.trend, rtol=0, atol=ROUNDING)
    np.testing.assert_allclose(forth.mean_time, turned.mean_time, rtol=0, atol=ROUNDING)


def by_value(column: Any) -> list[float | None]:
    return [None if pd.isna(value) else pytest.approx(value, abs=ROUNDING) for value in column]


# --- every engine ----------------------------------------------------------------------------------------------------


def rows_of(frame: Any) -> list[tuple[Any, ...]]:
    """The rows of a frame of any engine, missing as None."""
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, duckdb.DuckDBPyRelation):
        frame = frame.to_arrow_table()  # its own way to Python needs pytz for moments with a zone
    if isinstance(frame, pl.DataFrame):
        rows = frame.rows()
    elif isinstance(frame, pa.Table):
        rows = list(zip(*(column.to_pylist() for column in frame.columns), strict=True))
    else:
        rows = list(frame.itertuples(index=False, name=None))
    return [tuple(None if pd.isna(value) else value for value in row) for row in rows]


DAYS = st.dates(dt.date(2023, 12, 30), dt.date(2024, 1, 2))


@given(
    sequences=st.dictionaries(st.tuples(TEXT, DAYS), MOMENTS, min_size=1, max_size=5),
    end=ENDS,
    data=st.data(),
)
@settings(max_examples=25)
def test_every_engine_gives_the_same_bits(
    engines: dict[str, Convert], sequences: dict[Any, list[Moment]], end: float, data: st.DataObject
) -> None:
    rows = data.draw(st.permutations([(*key, time, value) for (key, time, value) in stacked(sequences)]))
    table = pa.table(
        {
            "person": pa.array([row[0] for row in rows], pa.string()),
            "day": pa.array([row[1] for row in rows], pa.date32()),
            "minute": pa.array([row[2] for row in rows], pa.float64()),
            "joy": pa.array([row[3] for row in rows], pa.float64()),
        }
    )
    roles = {**ROLES, "sequence": ["person", "day"], "neutral": 0.5, "end": end, "weights": (0.3, 0.7)}
    expected = None
    for name, convert in engines.items():
        found = [
            tuple(v.date() if isinstance(v, dt.datetime) else v for v in row)
            for row in rows_of(cx.sequence_features(convert(table), **roles))
        ]
        expected = found if expected is None else expected
        assert found == expected, name
    for row in expected:
        loops = by_loops(sequences[row[:2]], 0.5, end, (0.3, 0.7))
        told = dict(zip(FEATURES, row[2:], strict=True))
        assert told == {k: None if v is None else pytest.approx(v, abs=ROUNDING) for k, v in loops.items()}


def test_long_sequences_give_the_same_bits_on_every_engine(engines: dict[str, Convert]) -> None:
    rng = np.random.default_rng(5)
    n = rng.integers(1, 3000, 40)  # beyond the blocks of 128 in which NumPy sums, and DuckDB's vectors of 2,048
    rows = int(n.sum())
    table = pa.table(
        {
            "visit": np.repeat(np.arange(40), n),
            "minute": np.cumsum(rng.exponential(size=rows)),
            "joy": rng.normal(size=rows),
        }
    )
    shuffled = table.take(pa.array(rng.permutation(rows)))
    found = {}
    for name, convert in engines.items():
        for order, given_table in (("sorted", table), ("shuffled", shuffled)):
            found[name, order] = rows_of(cx.sequence_features(convert(given_table), **ROLES, neutral=0, end=0.1))
    for size in (100, 5000):
        for name in ("polars", "duckdb"):
            found[name, size] = rows_of(in_batches(size, engines[name](table), neutral=0, end=0.1))
    expected = found["pandas", "sorted"]
    for way, rows_found in found.items():
        assert rows_found == expected, way


def types_of(frame: Any) -> dict[str, Any]:
    if isinstance(frame, pd.DataFrame):
        return dict(frame.dtypes)
    if isinstance(frame, pl.LazyFrame):
        return dict(frame.collect_schema())
    if isinstance(frame, pl.DataFrame):
        return dict(frame.schema)
    if isinstance(frame, pa.Table):
        return {field.name: field.type for field in frame.schema}
    return dict(zip(frame.columns, frame.types, strict=True))


NOON = dt.datetime.fromisoformat("2024-01-01 12:00:00.25")
KEYS = {
    "int8": pa.array([-1, -1, 2], pa.int8()),
    "uint64": pa.array([1, 1, 2], pa.uint64()),
    "float32": pa.array([0.5, 0.5, 2], pa.float32()),
    "text": pa.array(["ä", "ä", ""], pa.string()),
    "truth": pa.array([True, True, False]),
    "day": pa.array([dt.date(2024, 2, 29), dt.date(2024, 2, 29), dt.date(1, 1, 1)], pa.date32()),
    "second": pa.array([NOON.replace(microsecond=0)] * 3, pa.timestamp("s")),
    "moment": pa.array([NOON] * 3, pa.timestamp("us")),
    "nanosecond": pa.array([1_704_110_400_250_000_001] * 3, pa.timestamp("ns")),
    "zone": pa.array([NOON] * 3, pa.timestamp("us", "Europe/Berlin")),
    "category": pa.array(["x", "x", "y"]).dictionary_encode(),
}
KEPT = {
    "kept_int": pa.array([None, 7, None], pa.int16()),
    "kept_truth": pa.array([True, None, None]),
    "kept_day": pa.array([dt.date(2024, 2, 29), None, None], pa.date32()),
    "kept_moment": pa.array([NOON, None, None], pa.timestamp("us", "UTC")),
    "kept_text": pa.array([None, "x", None], pa.string()),
    "kept_nothing": pa.array([None, None, None], pa.string()),
}


@pytest.mark.parametrize("name", [*KEYS, *KEPT])
def test_keys_and_kept_columns_keep_type_and_values(engine: Convert, name: str) -> None:
    rows = {"visit": [1, 1, 2], "minute": [0, 1, 0], "joy": [1.0, 2.0, 3.0], name: (KEYS | KEPT)[name]}
    given_frame = engine(pa.table(rows))
    roles = ROLES | ({"keep": [name]} if name in KEPT else {"sequence": ["visit", name]})
    features = cx.sequence_features(given_frame, **roles, neutral=2)
    assert type(features) is type(given_frame)
    before, after = types_of(given_frame)[name], types_of(features)[name]
    if isinstance(before, pa.DictionaryType):
        assert after.value_type == before.value_type
    else:
        assert after == before
    whole = rows_of(given_frame)
    at, there = list(types_of(given_frame)).index(name), list(types_of(features)).index(name)
    found = {row[0]: row[there] for row in rows_of(features)}
    for visit in (1, 2):
        present = [row[at] for row in whole if row[0] == visit and row[at] is not None]
        assert found[visit] == (present[0] if present else None)


def test_objects_of_pandas_keep_their_values() -> None:
    frame = pd.DataFrame(
        {
            "visit": pd.Series([1, 1, 2], dtype=object),
            "day": [dt.date(2024, 1, 2), dt.date(2024, 1, 2), dt.date(2024, 1, 1)],
            "level": pd.Categorical([9, 9, 3]),
            "mixed": pd.Series(["a", "a", 1], dtype=object),
            "hour": [dt.time(1), dt.time(1), dt.time(2, 30)],
            "vip": pd.Series([None, True, None], dtype=object),
            "minute": [0, 1, 0],
            "joy": [1, 2, 3],
        }
    )
    keys = ["visit", "day", "level", "mixed", "hour"]
    features = cx.sequence_features(frame, **{**ROLES, "sequence": keys}, keep=["vip"], neutral=2)
    assert features[[*keys, "vip"]].to_dict("list") == {
        "visit": [1, 2],
        "day": [dt.date(2024, 1, 2), dt.date(2024, 1, 1)],
        "level": [9, 3],
        "mixed": ["a", "1"],  # what mixes text and numbers is text, and so is a time of day
        "hour": ["01:00:00", "02:30:00"],
        "vip": [True, None],
    }
    assert [type(value) for value in features.visit] == [int, int]
    assert features.level.dtype == frame.level.dtype
    assert len(features.merge(frame, on=["visit", "day", "level"])) == 3


def test_missing_numbers_are_null_but_in_pandas(engine: Convert) -> None:
    table = pa.table({"visit": [1, 2, 2, 3], "minute": [0, 0, 1, 5], "joy": [1.0, 2.0, 4.0, None]})
    features = cx.sequence_features(engine(table), **ROLES, neutral=2)
    if isinstance(features, pl.LazyFrame):
        features = features.collect()
    if isinstance(features, pl.DataFrame):
        assert features["sd"].null_count() == 2
        assert features["trend"].mean() == 2
    elif isinstance(features, pa.Table):
        assert features["sd"].null_count == 2
    elif isinstance(features, pd.DataFrame):
        assert features["sd"].dtype == np.float64
        assert features["sd"].isna().tolist() == [True, False, True]
    else:
        assert features.aggregate("count(sd), avg(trend)").fetchall() == [(1, 2.0)]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect()
    opened.execute("create table moments as select i // 2 as visit, i % 2 as minute, i % 7 as joy from range(10) t(i)")
    yield opened
    opened.close()


def test_features_can_be_joined_on_the_connection_of_the_relation(connection: duckdb.DuckDBPyConnection) -> None:
    moments = connection.table("moments")
    features = cx.sequence_features(moments, **ROLES, neutral=3)
    assert features.join(moments, "visit").aggregate("count(*), sum(n)").fetchall() == [(10, 20)]
    assert connection.sql("select count(*) from features join moments using (visit)").fetchall() == [(10,)]
    assert connection.sql("select view_name from duckdb_views() where not internal").fetchall() == []


def test_features_where_a_connection_looks_at_no_frames_of_python(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("set python_enable_replacements = false")
    features = cx.sequence_features(connection.table("moments"), **ROLES, neutral=3)
    assert features.aggregate("count(*), sum(n)").fetchall() == [(5, 10)]


def test_features_of_a_scanned_file(tmp_path: Path) -> None:
    pd.DataFrame({"visit": [2, 1, 1], "minute": [0, 3, 1], "joy": [5, 6, 7]}).to_csv(tmp_path / "x.csv", index=False)
    features = cx.sequence_features(cx.scan(tmp_path / "x.csv"), **ROLES, neutral=5)
    assert features.project('visit, n, first, "end"').fetchall() == [(1, 2, 7, 6), (2, 1, 5, 5)]


# 4 million rows in random order: the three columns take 96 MB, the file about 90 MB (its fourth column cannot be
# compressed). DuckDB needs about 20 MB to sort anything at all on one thread; 32 MB is a third of what it sorts.
SHUFFLED = """
copy (
    select (i * 7919) % 400000 as visit, (i * 104729) % 4000000 as minute, (hash(i) % 101)::double as joy,
        hash(i + 1) as filler
    from range(4000000) t(i)
) to '{path}' (format parquet)
"""


def test_a_file_larger_than_the_memory_of_duckdb_gives_the_same_bits(tmp_path: Path) -> None:
    path = tmp_path / "moments.parquet"
    found = []
    for memory, threads in (("1GB", 2), ("32MB", 1)):
        with duckdb.connect() as opened:
            opened.execute(f"set threads = {threads}")
            if not path.exists():
                opened.execute(SHUFFLED.format(path=path))
            opened.execute(f"set memory_limit = '{memory}'")
            opened.execute(f"set temp_directory = '{tmp_path / 'spilled'}'")
            features = cx.sequence_features(opened.read_parquet(str(path)), **ROLES, neutral=50)
            found.append(features.to_arrow_table())
    assert path.stat().st_size > 2 * 32e6
    assert len(found[0]) == 400_000
    assert found[0].equals(found[1])


# --- the direction of the scale --------------------------------------------------------------------------------------


@given(
    sequences=st.dictionaries(
        st.integers(0, 9),
        st.lists(
            st.tuples(TIMES, st.none() | st.integers(0, 1000).map(lambda step: step / 10)),
            min_size=1,
            max_size=8,
            unique_by=lambda moment: moment[0],
        ),
        min_size=1,
    ),
    end=ENDS,
)
@settings(max_examples=60)
def test_a_scale_on_which_up_is_bad_changes_no_bit(sequences: dict[int, list[Moment]], end: float) -> None:
    frame = framed(stacked(sequences))
    plain = cx.sequence_features(frame, **ROLES, neutral=50, end=end)
    for better in (True, False):
        scale = cx.Scale(0, 100, higher_is_better=better, whole=False)
        scaled = cx.sequence_features(frame, **ROLES, neutral=50, end=end, scale=scale)
        pd.testing.assert_frame_equal(scaled, plain, check_exact=True)


def test_ties_of_opposite_sign_on_a_scale_on_which_up_is_bad() -> None:
    frame = pd.DataFrame({"visit": [1] * 4, "minute": [0, 1, 2, 4], "joy": [5, 1, 2, 2]})
    for scale in (None, cx.CSAT5, cx.EFFORT5):
        found = cx.sequence_features(frame, **ROLES, neutral=3, scale=scale).iloc[0]
        told = found[["peak", "peak_position", "peak_ties", "peak_mean", "max", "min"]]
        assert told.tolist() == [1, 0.25, 2, 3, 5, 1]
        loops = by_loops([(0, 5), (1, 1), (2, 2), (4, 2)], 3)
        assert found.trend == pytest.approx(loops["trend"], abs=ROUNDING)
        assert found.trend < 0


# --- bad input of its own --------------------------------------------------------------------------------------------

FRAME = pd.DataFrame({"visit": [1], "minute": [0], "joy": [1.0], "Peak": [1], "n_missing": [1]})


@pytest.mark.parametrize("end", [0, -1, 2.5, math.nan, math.inf, True, "1", None, (1,)])
def test_an_end_that_is_none_is_refused(end: Any) -> None:
    with pytest.raises(RoleError) as caught:
        cx.sequence_features(FRAME, **ROLES, neutral=0, end=end)
    assert str(caught.value) == (
        f"end must be a number of moments (1, 2, ...) or a share of the time (between 0 and 1), but is {end!r}."
    )


@pytest.mark.parametrize(
    "weights", [(1, 1), (0.5, 0.4), (-0.5, 1.5), (1,), (0.2, 0.3, 0.5), 0.5, None, ("a", "b"), (math.nan, 1), "01"]
)
def test_weights_that_are_none_are_refused(weights: Any) -> None:
    with pytest.raises(RoleError) as caught:
        cx.sequence_features(FRAME, **ROLES, neutral=0, weights=weights)
    assert str(caught.value) == (
        f"weights must be two numbers from 0 up, of peak and of end, that add up to 1, but are {weights!r}."
    )


def test_a_column_with_the_name_of_a_feature_is_refused() -> None:
    for roles, message in (
        ({"sequence": ["visit", "Peak"]}, "'Peak' has the name of a feature.\nRename that column."),
        (
            {"sequence": ["Peak"], "keep": ["n_missing"]},
            "'Peak', 'n_missing' have the name of a feature.\nRename those columns.",
        ),
    ):
        with pytest.raises(RoleError) as caught:
            cx.sequence_features(FRAME, **ROLES | roles, neutral=0)
        assert str(caught.value) == message
    assert list(cx.sequence_features(FRAME, **{**ROLES, "order": "Peak"}, neutral=0))[:2] == ["visit", "n"]


def test_features_of_sequences_without_any_value(engine: Convert) -> None:
    table = pa.table({"visit": ["b", "b", "a"], "minute": [1, 0, 0], "joy": pa.array([None] * 3, pa.float64())})
    features = dict.fromkeys(FEATURES) | {"n": 0, "peak_ties": 0}
    assert rows_of(cx.sequence_features(engine(table), **ROLES, neutral=0)) == [
        (visit, *(features | {"n_missing": many}).values()) for visit, many in (("a", 1), ("b", 2))
    ]
