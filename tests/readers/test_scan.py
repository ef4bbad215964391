"""`scan`: the same types as `read`, folders and patterns, and relations that outlive their makers."""

import gc
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import cxstats as cx
from cxstats.errors import ColumnError, ReadError
from cxstats.readers.engine import to_pandas
from cxstats.readers.read import read
from cxstats.readers.scan import scan


def frame(n: int = 50, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": [f"c{i}" for i in range(n)],
            "nps": np.where(rng.random(n) < 0.2, np.nan, rng.integers(0, 11, n)),
            "gap": rng.normal(size=n).round(3),
            "good": rng.integers(0, 2, n),
            "day": pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.integers(0, 99, n), "D"),
        }
    )


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_scan_gives_what_read_gives(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".parquet":
        frame().to_parquet(path, index=False)
    else:
        frame().to_csv(path, index=False)
    relation = scan(path)
    assert isinstance(relation, duckdb.DuckDBPyRelation)
    assert_frame_equal(to_pandas(relation), read(path))
    assert_frame_equal(read(path), frame(), check_dtype=False)


def test_a_relation_outlives_everything_that_made_it(tmp_path: Path) -> None:
    frame().to_parquet(tmp_path / "a.parquet", index=False)
    relation = scan(str(tmp_path / "a.parquet"))
    gc.collect()
    cells = cx.tally(relation, metrics={"nps": cx.NPS}, outcome=cx.Binary("good"))
    gc.collect()
    assert cells.n == 50
    assert relation.aggregate("count(*)").fetchall() == [(50,)]


def test_scanned_files_can_be_joined(tmp_path: Path) -> None:
    frame(50, 1).to_csv(tmp_path / "a.csv", index=False)
    frame(30, 2)[["id", "good"]].to_parquet(tmp_path / "b.parquet", index=False)
    joined = scan(tmp_path / "a.csv").select("id, nps").join(scan(tmp_path / "b.parquet"), "id")
    expected = frame(50, 1)[["id", "nps"]].merge(frame(30, 2)[["id", "good"]], on="id")
    assert_frame_equal(joined.order("id").df(), expected.sort_values("id").reset_index(drop=True), check_dtype=False)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_folders_and_patterns(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "deep").mkdir()
    for i, name in enumerate(["2018-1", "2018-2", "deep/2019-1"]):
        part = frame(10 + i, i)[["id", "nps", "gap"]]
        part = part[["gap", "id", "nps"]] if i == 1 else part  # columns are matched by name
        write = part.to_csv if suffix == "csv" else part.to_parquet
        write(tmp_path / f"{name}.{suffix}", index=False)
    (tmp_path / f"_log.{suffix}").write_text("x")
    (tmp_path / "readme.txt").write_text("x")
    everything = pd.concat([frame(10, 0), frame(11, 1), frame(12, 2)])
    for path, n in [(tmp_path, 33), (tmp_path / f"2018-*.{suffix}", 21), (tmp_path / f"*/*.{suffix}", 12)]:
        relation = scan(path)
        assert relation.aggregate("count(*)").fetchall() == [(n,)]
        total = everything.gap.iloc[-n:].sum() if n == 12 else everything.gap.iloc[:n].sum()
        assert relation.aggregate("sum(gap)").fetchall()[0][0] == pytest.approx(total, rel=1e-12)


def test_types_are_settled_over_all_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("x,y\n1.5,none\n")
    relation = scan(tmp_path)
    assert dict(zip(relation.columns, map(str, relation.types), strict=True)) == {"x": "DOUBLE", "y": "VARCHAR"}


def test_an_existing_name_is_not_taken_for_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "a[12].csv").write_text("x\n7\n")
    (tmp_path / "a1.csv").write_text("x\n1\n")
    assert scan(tmp_path / "a[12].csv").fetchall() == [(7,)]
    assert scan(tmp_path / "a[1-9].csv").fetchall() == [(1,)]


def test_folders_named_like_values(tmp_path: Path) -> None:
    for year in (2018, 2019):
        (tmp_path / f"year={year}").mkdir()
        pd.DataFrame({"x": [year]}).to_parquet(tmp_path / f"year={year}" / "a.parquet")
    assert sorted(scan(tmp_path).select("x, year").fetchall()) == [(2018, 2018), (2019, 2019)]


def test_refusals(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("x,z\n1,2\n")
    with pytest.raises(ReadError, match=r"must have the same columns, but .*b.csv' lacks 'y', has besides 'z'"):
        scan(tmp_path)
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "c.parquet")
    with pytest.raises(ReadError, match=r"files of one format, but found 'csv', 'parquet'"):
        scan(tmp_path)
    with pytest.raises(ReadError, match=r"must hold or match csv or parquet files, but there are none"):
        scan(tmp_path / "z*.csv")
    with pytest.raises(ReadError, match=r"is no pattern: Invalid pattern"):
        scan(tmp_path / "a**b.csv")
    with pytest.raises(ReadError, match=r"absent.csv' does not exist"):
        scan(tmp_path / "absent.csv")
    (tmp_path / "d.xlsx").write_bytes(b"x")
    with pytest.raises(ReadError, match=r"is xlsx, but only csv and parquet can be scanned.\nUse cx.read"):
        scan(tmp_path / "d.xlsx")
    with pytest.raises(ReadError, match=r"is the address of something elsewhere"):
        scan("https://example.org/*.parquet")
    (tmp_path / "e.csv").write_text("x,x\n1,2\n")
    with pytest.raises(ColumnError, match=r"'x' stands more than once"):
        scan(tmp_path / "e.csv")
