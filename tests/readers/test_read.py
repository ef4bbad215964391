"""What `read` refuses, its options, and that nothing is fetched or run."""

import os
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from cxstats.errors import ReadError
from cxstats.readers.engine import connection
from cxstats.readers.read import names_of, read


@pytest.mark.parametrize(
    "address",
    ["https://example.org/a.csv", "s3://bucket/a.parquet", "file:///etc/passwd", "hf://datasets/a.csv", "http:/x.csv"],
)
def test_addresses_are_refused(address: str) -> None:
    with pytest.raises(ReadError, match=r"is the address of something elsewhere, and nothing is fetched"):
        read(address)


def test_the_connection_cannot_load_or_be_changed() -> None:
    settings = ["autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions"]
    for name in settings:
        assert connection().sql(f"SELECT current_setting('{name}')").fetchall() == [(False,)]
        with pytest.raises(duckdb.Error, match=r"locked"):
            connection().execute(f"SET {name} = true")
    with pytest.raises(duckdb.Error, match=r"httpfs|HTTP|extension"):
        connection().sql("FROM read_csv('https://127.0.0.1:9/a.csv')").fetchall()


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"is a folder.\nRead one of its files, or all of them with cx.scan"):
        read(tmp_path)
    with pytest.raises(ReadError, match=rf"absent.csv' does not exist \(looked for it in '{tmp_path}'\)"):
        read(tmp_path / "absent.csv")
    with pytest.raises(ReadError, match=r"A path must be text or a pathlib.Path, but int was given"):
        read(3)  # type: ignore[arg-type]
    with pytest.raises(ReadError, match=r"must not hold a null character"):
        read("a\0.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(ReadError, match=r"pipe.csv' is not a regular file"):
        read(tmp_path / "pipe.csv")


def test_an_unknown_suffix_names_the_formats(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a,b\n1,2\n")
    with pytest.raises(ReadError) as caught:
        read(tmp_path / "a.txt")
    assert str(caught.value) == (
        f"'{tmp_path / 'a.txt'}' must be a file that cxstats reads (.csv, .csv.gz, .tsv, .tsv.gz, .parquet, .xlsx, "
        ".xlsm, .sav, .zsav, .dta), but its name ends in '.txt'."
        '\nIf it is one of them under another name, say which: format="csv".'
    )
    assert read(tmp_path / "a.txt", format="csv").b.tolist() == [2]
    with pytest.raises(ReadError, match=r"format must be one of csv, tsv, .*, not 'json'"):
        read(tmp_path / "a.txt", format="json")  # type: ignore[arg-type]


def test_an_option_without_use_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with pytest.raises(ReadError, match=r"sheet has no meaning for csv"):
        read(path, sheet="x")
    with pytest.raises(ReadError, match=r"decimal must be '\.' or ',', not ';'"):
        read(path, decimal=";")  # type: ignore[arg-type]
    with pytest.raises(ReadError, match=r"encoding has no meaning for parquet"):
        read(path, format="parquet", encoding="latin-1")
    with pytest.raises(ReadError, match=r"backend must be 'pandas' or 'polars', not 'dask'"):
        read(path, backend="dask")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'sep'"):
        read(path, sep=";")  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["a[1].csv", "a*.csv", "a?.csv", "[ab].csv", "a b'c.csv"])
def test_characters_of_patterns_are_read_literally(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x\n1\n")
    for other in ["a1.csv", "ab.csv", "a.csv", "b.csv"]:
        (tmp_path / other).write_text("x\n2\n")
    assert read(tmp_path / name).x.tolist() == [1]


def test_polars_needs_no_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("i,f,t,b,d\n1,1.5,x,true,2018-01-31\n2,,,,\n")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    found = read(path, backend="polars")
    assert found.rows() == [(1, 1.5, "x", True, pd.Timestamp("2018-01-31")), (2, None, None, None, None)]
    assert [d.is_numeric() for d in found.dtypes] == [True, True, False, False, False]
    assert isinstance(found, pl.DataFrame)


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [("a.xlsx", "openpyxl", "io"), ("a.sav", "pyreadstat", "io"), ("a.dta", "pyreadstat", "io")],
)
def test_an_absent_library_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str, extra: str
) -> None:
    (tmp_path / name).write_bytes(b"x")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ReadError, match=rf'needs {module}, which is absent.\npip install "cxstats\[{extra}\]"'):
        read(tmp_path / name)


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx", ".sav", ".dta"])
def test_corrupt_files(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"PAR1 this is no such file" * 10)
    with pytest.raises(ReadError, match=rf"a\{suffix}' cannot be read as {suffix[1:]}: .+"):
        read(path)


def test_names_without_rows(tmp_path: Path) -> None:
    frame = pd.DataFrame({"b": [1], "a c": ["x"]})
    writers: dict[str, Any] = {"a.csv": frame.to_csv, "a.parquet": frame.to_parquet, "a.xlsx": frame.to_excel}
    for name, write in writers.items():
        write(tmp_path / name, index=False)
        assert names_of(tmp_path / name) == ["b", "a c"]
