"""Parquet against pyarrow."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cxstats.errors import ColumnError, ReadError
from cxstats.readers.read import names_of, read
from cxstats.readers.scan import scan


def test_types_against_pyarrow(tmp_path: Path) -> None:
    zoned = datetime(2018, 1, 31, 10, tzinfo=UTC)
    table = pa.table(
        {
            "whole": pa.array([1, None, 3]),
            "large": pa.array([2**60 + 1, None, 3]),
            "exact": pa.array([2**60 + 1, 2, 3]),
            "number": pa.array([1.5, None, float("nan")]),
            "price": pa.array([Decimal("1.25"), None, Decimal("2.50")]),
            "text": pa.array(["a", None, "NA"]),
            "flag": pa.array([True, None, False]),
            "word": pa.array(["x", "y", "x"]).dictionary_encode(),
            "zoned": pa.array([zoned, None, zoned]),
            "day": pa.array([zoned.date(), None, zoned.date()]),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet")
    for name in ["whole", "number", "price"]:
        expected = [float("nan") if v is None else float(v) for v in table[name].to_pylist()]
        np.testing.assert_array_equal(found[name].astype(float), expected)
    assert found.large[0] == 2**60 + 1
    assert found.exact.tolist() == [2**60 + 1, 2, 3]
    assert [None if pd.isna(v) else v for v in found.text] == ["a", None, "NA"]
    assert found.flag.tolist() == [True, None, False]
    assert found.word.tolist() == ["x", "y", "x"]
    assert found.zoned[0] == pd.Timestamp(zoned)
    assert found.day[0] == pd.Timestamp("2018-01-31")
    assert found[["zoned", "day"]].isna().to_numpy().tolist() == [[False] * 2, [True] * 2, [False] * 2]


def test_nested_columns_count_once(tmp_path: Path) -> None:
    rows = pa.array([{"x": 1, "y": {"z": [1, 2]}}])
    pq.write_table(pa.table({"a": rows, "b": pa.array([[1, 2]]), "c": [3]}), tmp_path / "a.parquet")
    assert names_of(tmp_path / "a.parquet") == ["a", "b", "c"]
    assert read(tmp_path / "a.parquet", columns=["c"]).c.tolist() == [3]


def test_repeated_names_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["nps", "NPS"]), tmp_path / "a.parquet")
    for reader in (read, scan):
        with pytest.raises(ColumnError, match=r"'NPS', 'nps' stand more than once"):
            reader(tmp_path / "a.parquet")


def test_unlike_files_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1], "b": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"a": [1], "c": [1]}), tmp_path / "b.parquet")
    with pytest.raises(
        ReadError, match=r"must have the same columns, but .*a.parquet' and .*b.parquet' do not share 'b', 'c'"
    ):
        scan(tmp_path)
