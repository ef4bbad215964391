"""Frames of Spark: the same numbers as everywhere, to the last bit, in a frame of the same session."""

import datetime as dt
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import cxstats as cx
from cxstats.errors import ColumnError, CxStatsError, ReadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame, SparkSession

pytestmark = [
    pytest.mark.spark,
    # Spark says so itself, whenever it hands its rows over, however little of pandas that needs.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]

ROLES: dict[str, Any] = {"sequence": ["person", "day"], "order": "minute", "value": "joy", "neutral": 5}


@pytest.fixture(scope="module")
def spark() -> "Iterator[SparkSession]":
    """Two threads on this machine, without a page of its own; its zone has summer time and is not ours."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "America/New_York")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    yield session
    session.stop()


def moments() -> pa.Table:
    """Shuffled moments of 400 days of 40 people, some without a value, some days of one moment."""
    rng = np.random.default_rng(8)
    person, day = np.divmod(np.arange(400), 10)
    n = rng.integers(1, 12, 400)
    rows = int(n.sum())
    joy = rng.integers(0, 11, rows).astype(float)
    joy[rng.random(rows) < 0.1] = np.nan
    joy[: n[0]] = np.nan
    names = ["ä", "￿", "𐀀", "Z", "a"]
    table = pa.table(
        {
            "person": [f"{names[i % 5]}{i}" for i in np.repeat(person, n)],
            "day": [dt.date(2024, 3, 5) + dt.timedelta(days=int(i)) for i in np.repeat(day, n)],
            "minute": rng.permutation(rows).astype(float),
            "joy": pa.array(joy, from_pandas=True),
            "shop": pa.array(np.repeat(person, n) % 7, pa.int8()),
        }
    )
    return table.take(pa.array(rng.permutation(rows)))


def rows_of(frame: "DataFrame") -> list[tuple[Any, ...]]:
    return [tuple(row) for row in frame.collect()]


def test_features_against_pyarrow(spark: "SparkSession") -> None:
    table = moments()
    for roles in (
        {"keep": ["shop"]},
        {"end": 0.25, "weights": (0.3, 0.7), "scale": cx.Scale(0, 10, higher_is_better=False)},
        {"end": 2},
    ):
        given = spark.createDataFrame(table)
        features = cx.sequence_features(given, **ROLES, **roles)
        assert type(features) is type(given)
        expected = cx.sequence_features(table, **ROLES, **roles)
        assert features.columns == expected.column_names
        assert rows_of(features) == list(zip(*(column.to_pylist() for column in expected.columns), strict=True))
        assert len(rows_of(features)) == 400


def test_keys_keep_their_types_and_can_be_joined(spark: "SparkSession") -> None:
    given = spark.sql(
        "select cast(1 as int) as i, true as b, date '2024-03-10' as d, timestamp '2024-03-10 03:30:00' as t, "
        "timestamp_ntz '2024-03-10 02:30:00' as u, cast(1.10 as decimal(10, 2)) as c, 'ä' as x, 0 as minute, 5 as joy"
    )
    keys = ["i", "b", "d", "t", "u", "c", "x"]
    features = cx.sequence_features(given, sequence=keys, order="minute", value="joy", neutral=5)
    assert [(f.name, f.dataType) for f in features.schema][:7] == [(f.name, f.dataType) for f in given.schema][:7]
    assert features.join(given, keys).count() == 1
    assert given.select("t", "u").collect() == features.select("t", "u").collect()


def test_missing_numbers_are_null(spark: "SparkSession") -> None:
    given = spark.createDataFrame([(1, 0, 2.0), (2, 0, None), (2, 1, float("nan"))], ["visit", "minute", "joy"])
    features = cx.sequence_features(given, sequence="visit", order="minute", value="joy", neutral=5)
    assert features.select("n", "n_missing", "sd", "mean").collect() == [(1, 0, None, 2.0), (0, 2, None, None)]


def test_sequences_against_pandas(spark: "SparkSession") -> None:
    table = moments()
    found, expected = (cx.sequences(data, **ROLES) for data in (spark.createDataFrame(table), table.to_pandas()))
    assert str(found) == str(expected)
    for name in ("value", "time", "first"):
        np.testing.assert_array_equal(getattr(found.moments, name), getattr(expected.moments, name), strict=True)


def test_bad_input_is_refused_alike(spark: "SparkSession") -> None:
    table = moments()
    for change, message in (
        ({"value": "yoy"}, "'yoy' is not a column of the data, which holds 'person', 'day', 'minute', 'joy', 'shop'."),
        ({"order": "shop"}, "The moments of a sequence must have times of their own, but in "),
        ({"scale": cx.CSAT5, "neutral": 3}, "'joy' must hold whole numbers 1 to 5 (CSAT), but "),
        ({"value": "person"}, "A column can have one role only, but 'person' has more.\nName another column."),
    ):
        told = []
        for data in (spark.createDataFrame(table), table):
            with pytest.raises(CxStatsError) as caught:
                cx.sequence_features(data, **{**ROLES, **change})
            told.append(str(caught.value))
        assert told[0] == told[1]
        assert told[0].startswith(message)


def test_an_error_of_spark_is_told_as_ours(spark: "SparkSession") -> None:
    given = spark.sql("select 1 as visit, 0 as minute, raise_error('no such drive') + 1 as joy")
    with pytest.raises(ReadError, match=r"^The data could not be read: .*no such drive"):
        cx.sequence_features(given, sequence="visit", order="minute", value="joy", neutral=5)
    dotted = spark.sql("select 1 as visit, 0 as minute, 5 as `joy.felt`")
    with pytest.raises(ReadError, match=r"^The data could not be read: .*`joy`\.`felt` cannot be resolved"):
        cx.sequence_features(dotted, sequence="visit", order="minute", value="joy.felt", neutral=5)
    with pytest.raises(ColumnError, match=r"^The data must hold at least one row, but they hold none\.$"):
        cx.tally(given.limit(0), metrics={"joy": cx.CSAT5})


def test_tally_and_auc_against_pandas(spark: "SparkSession") -> None:
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"nps": rng.integers(0, 11, 500).astype(float), "firm": rng.choice(["ä", "b"], 500)})
    rows["stayed"] = (rows.nps + rng.normal(0, 4, 500) > 5).astype(int)
    rows.loc[::9, "nps"] = np.nan
    given = spark.createDataFrame(pa.Table.from_pandas(rows, preserve_index=False))
    roles = {"metrics": {"nps": cx.NPS}, "outcome": cx.Binary("stayed")}
    assert cx.tally(given, **roles, strata=["firm"]).fingerprint == cx.tally(rows, **roles, strata=["firm"]).fingerprint
    found, expected = cx.auc(given, **roles), cx.auc(rows, **roles)
    assert found.to_frame().equals(expected.to_frame())
    assert (found.n, found.n_missing) == (expected.n, expected.n_missing)
