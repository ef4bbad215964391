"""What several tests share: every engine a frame can come from, and the real data where they are at hand."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cxstats.numerics import resample

# The examples are drawn alike in every run, so that a test that passed yesterday passes today.
hypothesis.settings.register_profile("cxstats", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("cxstats")

_SEEDS: list[Iterator[int]] = [itertools.count(1)]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where a test gives no seed, its draws are the 1st, the 2nd ... of that test: alike in every run."""
    _SEEDS[0] = itertools.count(1)


resample.fresh_seed = lambda: next(_SEEDS[0])

_NULLABLE = {
    pa.bool_(): pd.BooleanDtype(),
    pa.int8(): pd.Int8Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.float32(): pd.Float32Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(),
}


_OPEN: list[duckdb.DuckDBPyConnection] = []  # a relation does not keep its own connection open


def _duckdb(table: pa.Table) -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect()
    _OPEN.append(connection)
    connection.register("given", table)
    connection.execute("create table stored as select * from given")
    return connection.table("stored")


@pytest.fixture(autouse=True)
def _close_connections() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.pop().close()


# From an arrow table, which tells null from NaN, to each engine's own frame.
ENGINES: dict[str, Callable[[pa.Table], Any]] = {
    "pandas": lambda table: table.to_pandas(),
    "pandas-nullable": lambda table: table.to_pandas(types_mapper=_NULLABLE.get),
    "pandas-pyarrow": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": pl.from_arrow,
    "polars-lazy": lambda table: pl.from_arrow(table).lazy(),
    "pyarrow": lambda table: table,
    "duckdb": _duckdb,
}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Callable[[pa.Table], Any]:
    """Turns an arrow table into a frame of one engine; the test runs once per engine."""
    return ENGINES[request.param]


@pytest.fixture(scope="session")
def engines() -> dict[str, Callable[[pa.Table], Any]]:
    """All engines at once, for tests that draw their own examples."""
    return ENGINES


@pytest.fixture
def real_data() -> Callable[[str], Path]:
    """Finds a file of the real data, which are not part of the repository.

    Skips where ``CXSTATS_DATA`` is not set. Where it is set, a file that is missing is a failure: a run
    that says where the data are must never leave them out unnoticed.
    """

    def find(name: str) -> Path:
        folder = os.environ.get("CXSTATS_DATA")
        if not folder:
            pytest.skip(f"CXSTATS_DATA is not set, so {name} cannot be read: see data/README.md")
        path = Path(folder) / name
        if not path.is_file():
            pytest.fail(f"CXSTATS_DATA is set, but it holds no file {name}")
        return path

    return find
