"""How fast is the comparison of three metrics, against the usual way, in one process.

    python benchmarks/which_metric.py [--rows 1000000] [--big-rows 20000000]

Prints ratios. The usual way is a loop over row resamples with scikit-learn's `roc_auc_score`; it runs 30
replicates and is extrapolated to 2,000. All imports are done before any clock starts.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
from sklearn.metrics import roc_auc_score

import cxstats as cx

METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}
REPLICATES, LOOPED = 2000, 30

MAKE = """
COPY (
    SELECT greatest(0, least(10, round(7 + 2.2 * x + 1.5 * a)))::TINYINT AS nps,
           greatest(1, least(5, round(3.6 + 0.8 * x + 0.7 * b)))::TINYINT AS csat,
           greatest(1, least(7, round(4.8 + 0.9 * x + 1.4 * c)))::TINYINT AS ease,
           (x + 2 * d > 0.3)::TINYINT AS repurchase
    FROM (
        SELECT sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS x,
               sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS a,
               sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS b,
               sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS c,
               sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS d
        FROM range({rows})
    )
) TO '{path}' (FORMAT parquet)
"""

MEMORY = """
import resource, sys
import cxstats as cx
metrics = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}
result = cx.which_metric(cx.scan(sys.argv[1]), outcome=cx.Binary("repurchase"), metrics=metrics, rng=1)
print(result.n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def make(path: Path, rows: int) -> None:
    """Simulate customers with three correlated scores, straight into a Parquet file."""
    duckdb.sql(MAKE.format(rows=rows, path=path))


def median_time(job: Callable[[], object], repeats: int = 5) -> float:
    """Median wall time in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def usual_loop(path: Path) -> float:
    """Seconds of 2,000 resamples of three areas by scikit-learn, extrapolated from 30."""
    frame = duckdb.sql(f"SELECT * FROM '{path}'").df()
    scores, good = frame[list(METRICS)].to_numpy(), frame.repurchase.to_numpy()
    rng = np.random.default_rng(1)
    start = time.perf_counter()
    for _ in range(LOOPED):
        drawn = rng.integers(0, len(good), len(good))
        for j in range(3):
            roc_auc_score(good[drawn], scores[drawn, j])
    return (time.perf_counter() - start) * REPLICATES / LOOPED


def ours(path: Path) -> object:
    """The whole study from the file: tally, areas, differences, 2,000 resamples."""
    return cx.which_metric(
        cx.scan(path), outcome=cx.Binary("repurchase"), metrics=METRICS, replicates=REPLICATES, rng=1
    )


def group_by(path: Path) -> object:
    """The bare engine: one group by over the same file."""
    return duckdb.sql(f"SELECT nps, csat, ease, repurchase, count(*) FROM '{path}' GROUP BY ALL").fetchall()


def start_up(*command: str) -> float:
    """Median wall time of a fresh process."""
    return median_time(lambda: subprocess.run(command, check=True, capture_output=True))


def main() -> None:
    """Run every measurement and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--big-rows", type=int, default=20_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.parquet"
        make(path, given.rows)
        ours(path), group_by(path)  # imports and file cache are warm for both
        seconds, bare, usual = median_time(lambda: ours(path)), median_time(lambda: group_by(path)), usual_loop(path)
        print(f"which_metric, {given.rows:,} rows, {REPLICATES:,} replicates: {seconds:.3f} s")
        print(f"  scikit-learn loop (extrapolated): {usual:,.0f} s, {usual / seconds:,.0f} times as long (aim: 1,000)")
        print(f"  bare DuckDB group by: {bare:.3f} s; aim 3 x that + 0.5 s = {3 * bare + 0.5:.3f} s")
        big = Path(folder) / "big.parquet"
        make(big, given.big_rows)
        printed = subprocess.run(
            [sys.executable, "-c", MEMORY, str(big)], check=True, capture_output=True, text=True
        ).stdout
        rows, mib = printed.split()
        print(f"peak memory, {int(rows):,} rows: {float(mib):,.0f} MiB (aim: under 1,024)")
    command = str(Path(sys.executable).with_name("cxstats"))
    base = start_up(sys.executable, "-c", "pass")
    print(f"python alone: {base:.2f} s")
    print(f"import cxstats: {start_up(sys.executable, '-c', 'import cxstats'):.2f} s (aim: 0.3)")
    print(f"cxstats --help: {start_up(command, '--help'):.2f} s (aim: 0.5)")


if __name__ == "__main__":
    main()
