"""How long it takes to read a wide survey export, whose types are settled by every value of every column.

    python benchmarks/reading.py [--rows 20000] [--columns 400]

Beside it pandas, which settles types by blocks of rows, and DuckDB's own detection told to look at all rows. Neither
keeps identifiers with leading zeros as text; that is what the further pass is for.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

import cxstats as cx


def export(rows: int, columns: int) -> pd.DataFrame:
    """Answers from 1 to 7, every tenth column yes, no or nothing, and a number of the customer with leading zeros."""
    rng = np.random.default_rng(1)
    answers = {f"q{i}": rng.integers(1, 8, rows) for i in range(columns)}
    words = {f"q{i}": rng.choice(["yes", "no", ""], rows) for i in range(0, columns, 10)}
    return pd.DataFrame({"customer": [f"{i:07d}" for i in range(rows)], **answers, **words})


def seconds(task: Callable[[], Any]) -> float:
    """The better of two runs."""
    times = []
    for _ in range(2):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print how long each takes, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--columns", type=int, default=400)
    given, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        export(given.rows, given.columns).to_csv(path, index=False)
        assert cx.read(path).customer[0] == "0000000"
        ours = seconds(lambda: cx.read(path))
        pandas = seconds(lambda: pd.read_csv(path))
        sniffed = seconds(lambda: duckdb.read_csv(str(path), sample_size=-1).df())
    print(f"{given.rows:,} rows of {given.columns} columns: cx.read {ours:.2f} s")
    print(f"  pandas.read_csv {pandas:.2f} s: ours takes {ours / pandas:.1f} times as long")
    print(f"  DuckDB that looks at all rows {sniffed:.2f} s: {ours / sniffed:.1f} times as long")


if __name__ == "__main__":
    main()
