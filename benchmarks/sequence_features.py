"""How fast are sequences of moments summed up, against a query and arrays written by hand, in one process.

    python benchmarks/sequence_features.py [--sequences 1000000] [--moments 10] [--looped 20000]

Prints ratios, of the quickest of five runs each, taken in turn. The moments are sorted, as exports are. Three other
ways compute the same features: a query of DuckDB (arg_max, regr_slope, a window for the mean over time and the ties of
the peak), once more without what needs the window; NumPy's reduceat on the whole arrays, without a look at keys, order
or missing values, which ours checks; and a loop of pandas over some sequences, extrapolated. All give their result as a
pandas frame, ours from DuckDB as a relation. Memory is the growth of resident memory (/proc/self/statm, read every 2 ms
by a thread) during one call in a fresh process, against the bytes of the three columns.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

import cxstats as cx

NEUTRAL = 5
PAGE = 4096
ROLES: dict[str, Any] = {"sequence": "visit", "order": "minute", "value": "joy", "neutral": NEUTRAL}

AGGREGATES = f"""
    count(joy) as n, max(minute) - min(minute) as duration,
    arg_min(joy, minute) as first, arg_max(joy, minute) as "end",
    arg_max(joy, (abs(joy - {NEUTRAL}), minute)) as peak, max(joy) as max, min(joy) as min, avg(joy) as mean,
    (arg_max(minute, (abs(joy - {NEUTRAL}), minute)) - min(minute)) / (max(minute) - min(minute)) as peak_position,
    stddev_samp(joy) as sd, regr_slope(joy, minute) * (max(minute) - min(minute)) as trend,
    (arg_max(joy, (abs(joy - {NEUTRAL}), minute)) + arg_max(joy, minute)) / 2 as peak_end
"""
FEWER = f"select visit, {AGGREGATES} from read_parquet('{{path}}') group by visit order by visit"
ALL = f"""
with steps as (
    select *, (minute - lag(minute) over w) * (joy + lag(joy) over w) / 2 as area,
        max(abs(joy - {NEUTRAL})) over (partition by visit) as farthest
    from read_parquet('{{path}}') window w as (partition by visit order by minute)
)
select visit, {AGGREGATES}, coalesce(sum(area) / (max(minute) - min(minute)), avg(joy)) as mean_time,
    count(*) filter (abs(joy - {NEUTRAL}) = farthest) as peak_ties,
    avg(joy) filter (abs(joy - {NEUTRAL}) = farthest) as peak_mean
from steps group by visit order by visit
"""

MEMORY = """
import sys
from benchmarks.sequence_features import grown, ours_of
data, size = ours_of(sys.argv[1], sys.argv[2])
print(grown(data), size)
"""


def moments(sequences: int, mean_length: float, seed: int = 1) -> pd.DataFrame:
    """Sorted moments, at unequal distances: ratings 0 to 10."""
    rng = np.random.default_rng(seed)
    n = np.maximum(1, rng.poisson(mean_length, sequences))
    rows = int(n.sum())
    minute = np.cumsum(rng.integers(1, 30, rows)).astype(float)
    joy = rng.integers(0, 11, rows).astype(float)
    return pd.DataFrame({"visit": np.repeat(np.arange(sequences), n), "minute": minute, "joy": joy})


def by_reduceat(frame: pd.DataFrame) -> pd.DataFrame:
    """The features on the whole arrays, as one writes them for sorted moments without gaps."""
    visit, time_, x = frame.visit.to_numpy(), frame.minute.to_numpy(), frame.joy.to_numpy()
    begins = np.concatenate([[True], visit[1:] != visit[:-1]])
    start = np.flatnonzero(begins)
    n = np.diff(start, append=len(x))
    stop, which = start + n - 1, np.cumsum(begins) - 1
    took = time_[stop] - time_[start]
    safe = np.where(took > 0, took, 1.0)
    far = np.abs(x - NEUTRAL)
    is_peak = far == np.maximum.reduceat(far, start)[which]
    at = np.flatnonzero(is_peak)
    ties = np.add.reduceat(is_peak, start, dtype=np.int64)
    last = at[np.cumsum(ties) - 1]
    mean = np.add.reduceat(x, start) / n
    centred = x - mean[which]
    area = np.zeros(len(x))
    area[:-1] = np.diff(time_) * (x[1:] + x[:-1])
    area[stop] = 0.0
    place = (time_ - time_[start][which]) / safe[which]
    place -= (np.add.reduceat(place, start) / n)[which]
    with np.errstate(invalid="ignore", divide="ignore"):
        return pd.DataFrame(
            {
                "visit": visit[start],
                "n": n,
                "duration": took,
                "first": x[start],
                "end": x[stop],
                "peak": x[last],
                "peak_position": np.where(took > 0, (time_[last] - time_[start]) / safe, 1.0),
                "peak_ties": ties,
                "peak_mean": np.add.reduceat(np.where(is_peak, x, 0.0), start) / ties,
                "max": np.maximum.reduceat(x, start),
                "min": np.minimum.reduceat(x, start),
                "mean": mean,
                "mean_time": np.where(took > 0, np.add.reduceat(area, start) / 2 / safe, mean),
                "sd": np.sqrt(np.add.reduceat(centred * centred, start) / (n - 1)),
                "trend": np.add.reduceat(place * centred, start) / np.add.reduceat(place * place, start),
                "peak_end": (x[last] + x[stop]) / 2,
            }
        )


def one_group(group: pd.DataFrame) -> pd.Series:
    """The features of one sequence, as an analyst writes them for `groupby.apply`."""
    x, t = group.joy.to_numpy(), group.minute.to_numpy()
    took, far = t[-1] - t[0], np.abs(x - NEUTRAL)
    peaks = np.flatnonzero(far == far.max())
    place = (t - t[0]) / took if took else np.ones(1)
    return pd.Series(
        {
            "n": len(x),
            "duration": took,
            "first": x[0],
            "end": x[-1],
            "peak": x[peaks[-1]],
            "peak_position": place[peaks[-1]],
            "peak_ties": len(peaks),
            "peak_mean": x[peaks].mean(),
            "max": x.max(),
            "min": x.min(),
            "mean": x.mean(),
            "mean_time": np.trapezoid(x, t) / took if took else x.mean(),
            "sd": x.std(ddof=1) if len(x) > 1 else np.nan,
            "trend": np.polyfit(place, x, 1)[0] if len(x) > 1 else np.nan,
            "peak_end": (x[peaks[-1]] + x[-1]) / 2,
        }
    )


def quickest(functions: dict[str, Callable[[], Any]], rounds: int = 5) -> dict[str, float]:
    """Seconds of the quickest of so many runs each, taken in turn, after one to warm up."""
    took: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(1 + rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            took[name].append(time.perf_counter() - start)
    return {name: min(values[1:]) for name, values in took.items()}


def differences(ours: pd.DataFrame, other: pd.DataFrame) -> float:
    """The largest difference of any feature; missing ones must be missing in both (DuckDB's sd of one moment is)."""
    largest = 0.0
    for name in other:
        a, b = ours[name].to_numpy(float), other[name].to_numpy(float)
        assert name == "peak_position" or (np.isnan(a) == np.isnan(b)).all(), name
        largest = max(largest, float(np.nanmax(np.abs(a - b))))
    return largest


def ours_of(kind: str, path: str) -> tuple[Any, int]:
    """The moments as a frame of pandas or as a relation over the file, and the bytes of their three columns."""
    frame = pd.read_parquet(path)
    size = int(frame.memory_usage(index=False).sum())
    if kind == "pandas":
        return frame, size
    del frame
    duckdb.execute("set enable_progress_bar = false")  # it would be printed among the figures
    return duckdb.read_parquet(path), size


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def grown(data: Any) -> int:
    """By how many bytes resident memory grows at most while the features are computed."""
    cx.sequence_features(moments(10, 5), **ROLES)  # imports are warm
    before, most, done = resident(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.002):
            most[0] = max(most[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    cx.sequence_features(data, **ROLES)
    done.set()
    watcher.join()
    return max(most[0], resident()) - before


def main() -> None:
    """Run every measurement and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=1_000_000)
    parser.add_argument("--moments", type=float, default=10)
    parser.add_argument("--looped", type=int, default=20_000)
    given = parser.parse_args()
    frame = moments(given.sequences, given.moments)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "moments.parquet")
        frame.to_parquet(path)
        relation, ours = duckdb.read_parquet(path), cx.sequence_features(frame, **ROLES)
        few = frame[frame.visit < given.looped]
        start = time.perf_counter()
        looped = few.groupby("visit").apply(one_group).reset_index()
        loop = (time.perf_counter() - start) * given.sequences / given.looped
        others = {
            "NumPy's reduceat by hand": lambda: by_reduceat(frame),
            "a query of DuckDB by hand": lambda: duckdb.sql(ALL.format(path=path)).df(),
            "  the same without mean over time and ties": lambda: duckdb.sql(FEWER.format(path=path)).df(),
        }
        print(f"{given.sequences:,} sequences, {len(frame):,} moments; largest difference of any feature from ours:")
        for name, function in others.items():
            print(f"  {name.strip()}: {differences(ours, function()):.1e}")
        print(f"  pandas, {given.looped:,} groups: {differences(ours.head(given.looped), looped):.1e}")
        ours_too = {
            "a pandas frame": lambda: cx.sequence_features(frame, **ROLES),
            "a DuckDB relation over Parquet": lambda: cx.sequence_features(relation, **ROLES),
        }
        took = quickest(others | ours_too)
        best = min(took[name] for name in list(others)[:2])
        for name in others:
            print(f"  {name}: {took[name]:.2f} s")
        print(f"  pandas groupby.apply (extrapolated from {given.looped:,}): {loop:,.0f} s")
        for name in ours_too:
            print(
                f"  cx.sequence_features of {name}: {took[name]:.2f} s, {took[name] / best:.2f} times the better one "
                f"by hand (aim: 1.3 at most); pandas takes {loop / took[name]:,.0f} times as long"
            )
        for kind in ("pandas", "duckdb"):
            command = [sys.executable, "-c", MEMORY, kind, path]
            root = Path(__file__).parents[1]
            printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout
            peak, size = map(int, printed.split())
            print(
                f"  memory, {kind}: grows by {peak / 2**20:,.0f} MiB, {peak / size:.2f} times the {size / 2**20:,.0f} "
                "MiB of the moments (aim: 2 at most)"
            )


if __name__ == "__main__":
    main()
