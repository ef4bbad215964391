"""How fast are journey and touchpoints compared by cross-products, against refitting on rows, in one process.

    python benchmarks/journeys.py [--rows 1000000] [--touchpoints 20] [--looped 3]

Prints ratios. The usual way is scikit-learn's `Ridge` on rows: in each of 10 training sets a path of 22 penalties is
tuned in 9 inner folds, then the model is fitted once more. A few of these 1,990 fits are run, with their predictions,
and extrapolated; rows are split and scaled once for all penalties. `RidgeCV` is the quickest that scikit-learn has: one
decomposition per training set, tuned by leaving out single rows, which does not respect clusters. All imports are done
before any clock starts; coding the columns is not counted for the usual way, the pass over the data is for ours.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge, RidgeCV

import cxstats as cx
from cxstats.numerics.hashed import group_of, hash_values
from cxstats.products.crossproducts import GROUPS, CrossProducts, cross_products
from cxstats.products.linear_products import ALL, PENALTIES

FOLDS = 10
OUTCOME = cx.Rating("satisfaction", cx.CSAT5)
JOURNEY = {"overall": cx.CSAT5}

MEMORY = """
import sys
from benchmarks.journeys import cx, own_peak, reduced
products = reduced(cx.scan(sys.argv[1]), int(sys.argv[2]), sys.argv[3] or None)
products.held_out()
print(products.n, own_peak(), products.moments.moment.nbytes / 2**20)
"""


def journeys(n: int, touchpoints: int, seed: int = 1) -> pd.DataFrame:
    """Ratings of one mood; a fifth of the touchpoints are not used."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=n)

    def rated(noise: float) -> np.ndarray:
        return np.clip(np.round(3 + mood + noise * rng.normal(size=n)), 1, 5)

    frame = {f"t{j}": np.where(rng.random(n) < 0.2, np.nan, rated(1.2)) for j in range(touchpoints)}
    return pd.DataFrame({"overall": rated(0.7), "satisfaction": rated(0.8), "firm": rng.integers(0, 5000, n), **frame})


def reduced(data: object, touchpoints: int, cluster: str | None) -> CrossProducts:
    """The one pass."""
    scales = {f"t{j}": cx.CSAT5 for j in range(touchpoints)}
    return cross_products(data, outcome=OUTCOME, journey=JOURNEY, touchpoints=scales, cluster=cluster)


def coded(frame: pd.DataFrame, touchpoints: int) -> np.ndarray:
    """Ratings less their mean and 0 where not used, then indicators of use."""
    ratings = (frame[[f"t{j}" for j in range(touchpoints)]] - 1) / 4
    return np.hstack([(ratings - ratings.mean()).fillna(0.0), ratings.notna()])


def split(columns: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, ...]:
    """The rows of a training and a test set, columns scaled by the former: done once for all penalties."""
    x = columns[train]
    sd = x.std(axis=0)
    return x / sd, y[train], columns[test] / sd, y[test]


def refit_on_rows(columns: np.ndarray, y: np.ndarray, fold: np.ndarray, looped: int) -> float:
    """Seconds of every split, fit and prediction by scikit-learn's Ridge, extrapolated from a few of each."""
    splitting = fitting = 0.0
    for k in range(looped):
        start = time.perf_counter()
        x, y_train, x_test, y_test = split(columns, y, (fold != k) & (fold != k + 1), fold == k + 1)
        splitting += time.perf_counter() - start
        start = time.perf_counter()
        ((Ridge(alpha=len(x) * PENALTIES[12]).fit(x, y_train).predict(x_test) - y_test) ** 2).sum()
        fitting += time.perf_counter() - start
    splits = FOLDS * (FOLDS - 1) + FOLDS
    fits = FOLDS * (FOLDS - 1) * len(PENALTIES) + FOLDS
    return (splits * splitting + fits * fitting) / looped


def ridge_cv(columns: np.ndarray, y: np.ndarray, fold: np.ndarray) -> float:
    """Seconds of the quickest way in scikit-learn, one decomposition per training set; extrapolated from one fold."""
    start = time.perf_counter()
    x, y_train, x_test, _ = split(columns, y, fold != 0, fold == 0)
    RidgeCV(alphas=len(x) * np.array(PENALTIES)).fit(x, y_train).predict(x_test)
    return (time.perf_counter() - start) * FOLDS


def same_r(columns: np.ndarray, y: np.ndarray, fold: np.ndarray, penalty: np.ndarray) -> float:
    """The held-out r by scikit-learn with the folds and penalties that ours chose: must agree."""
    predicted = np.empty(len(y))
    for k in range(FOLDS):
        x, y_train, x_test, _ = split(columns, y, fold != k, fold == k)
        predicted[fold == k] = Ridge(alpha=len(x) * penalty[k]).fit(x, y_train).predict(x_test)
    return float(np.corrcoef(predicted, y)[0, 1])


def folds_of_firms(frame: pd.DataFrame) -> np.ndarray:
    """The fold of each row where whole firms are dealt, as the cross-products deal them."""
    group = group_of(hash_values(frame.firm.to_numpy(float)), GROUPS)
    return np.unique(group, return_inverse=True)[1] % FOLDS


def own_peak() -> float:
    """Peak MiB of this program. Not by getrusage, whose peak a program inherits from the one that started it."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def peak_memory(path: Path, touchpoints: int, cluster: str) -> tuple[int, float, float]:
    """Rows, peak MiB of a process that reduces a file, and MiB that the cross-products hold."""
    command = [sys.executable, "-c", MEMORY, f"{path}/*.parquet", str(touchpoints), cluster]
    root = Path(__file__).parents[1]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout
    rows, peak, held = printed.split()
    return int(rows), float(peak), float(held)


def main() -> None:
    """Run every measurement and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--touchpoints", type=int, default=20)
    parser.add_argument("--looped", type=int, default=3)
    given = parser.parse_args()
    frame, k = journeys(given.rows, given.touchpoints), given.touchpoints
    reduced(frame.head(2000), k, None).held_out()  # imports are warm
    columns, y, fold = coded(frame, k), frame.satisfaction.to_numpy(), folds_of_firms(frame)
    usual, quick = refit_on_rows(columns, y, fold, given.looped), ridge_cv(columns, y, fold)
    print(f"{k} touchpoints, {given.rows:,} journeys, {len(PENALTIES)} penalties, {FOLDS} folds")
    print(
        f"  scikit-learn, Ridge refitted on rows (extrapolated): {usual:,.0f} s; RidgeCV (extrapolated): {quick:,.0f} s"
    )
    for cluster in (None, "firm"):
        start = time.perf_counter()
        products = reduced(frame, k, cluster)
        passed = time.perf_counter() - start
        held = products.held_out()
        seconds = time.perf_counter() - start
        whose = "1,000 groups of rows" if cluster is None else "5,000 firms in 1,000 groups"
        print(f"  {whose}: pass {passed:.2f} s, all {len(held.models)} models with intervals {seconds - passed:.2f} s")
        print(
            f"    refitting takes {usual / seconds:,.0f} times as long (aim: 50), RidgeCV {quick / seconds:,.1f} times"
        )
    ours, theirs = held.estimate[held.row(ALL)], same_r(columns, y, fold, held.penalty)
    print(f"  held-out r of all touchpoints, same folds: {ours:.12f}, by scikit-learn {theirs:.12f}")
    del frame, columns
    with tempfile.TemporaryDirectory() as folder:
        for file in range(4):
            journeys(given.rows, k, seed=file).to_parquet(Path(folder) / f"{file}.parquet")
            if file in (0, 3):
                for cluster in ("", "firm"):
                    rows, peak, held_mib = peak_memory(Path(folder), k, cluster)
                    print(
                        f"  {rows:,} different rows from files, {cluster or 'no'} clusters: peak {peak:,.0f} MiB; "
                        f"the cross-products hold {held_mib:.0f} MiB"
                    )


if __name__ == "__main__":
    main()
