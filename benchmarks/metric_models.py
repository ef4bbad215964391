"""How fast is all that is fitted in the comparison of metrics, against the usual way, in one process.

    python benchmarks/metric_models.py [--rows 1000000] [--dominance-rows 100000]

Prints ratios. The usual way is statsmodels: every subset once for dominance (without an interval), 10 of 100
folds for cross-validation, extrapolated. All imports are done before any clock starts.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.special import expit

import cxstats as cx

METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}
OUTCOME = cx.Binary("repurchase", after=True)
FOLDS, REPEATS, LOOPED = 10, 10, 10


def customers(n: int, seed: int = 1) -> pd.DataFrame:
    """Three scores, a continuous control, firms, and a repurchase."""
    rng = np.random.default_rng(seed)
    firm = rng.integers(0, 2000, n)
    latent = rng.normal(size=n) + 0.4 * rng.normal(size=2000)[firm]
    spend = np.round(np.exp(3 + 0.4 * latent + 0.6 * rng.normal(size=n)), 2)
    return pd.DataFrame(
        {
            "nps": np.clip(np.round(7 + 2 * latent + 1.5 * rng.normal(size=n)), 0, 10).astype(np.int8),
            "csat": np.clip(np.round(3.6 + 0.8 * latent + 0.7 * rng.normal(size=n)), 1, 5).astype(np.int8),
            "ease": np.clip(np.round(4.8 + latent + 1.4 * rng.normal(size=n)), 1, 7).astype(np.int8),
            "repurchase": (rng.random(n) < expit(0.3 * latent + 0.4 * (np.log(spend) - 3))).astype(np.int8),
            "prior_spend": spend,
            "industry": rng.choice(["retail", "telecoms", "travel"], n),
            "firm": firm,
        }
    )


def eight_scores(n: int) -> pd.DataFrame:
    """Eight scores of at most 11 levels."""
    rng = np.random.default_rng(2)
    latent = rng.normal(size=n)
    frame = {f"m{j}": np.clip(np.round(5 + 2 * latent + 2 * rng.normal(size=n)), 0, 10) for j in range(8)}
    return pd.DataFrame({**frame, "good": (latent + 1.5 * rng.normal(size=n) > 0).astype(int)})


def timed(job: Callable[[], object]) -> float:
    """Wall time in seconds."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def dominance_loop(frame: pd.DataFrame) -> None:
    """Every subset fitted once by statsmodels: the point estimate alone."""
    y, x = frame.good.to_numpy(), frame.drop(columns="good").to_numpy()
    for size in range(1, 9):
        for subset in combinations(range(8), size):
            sm.Logit(y, sm.add_constant(x[:, subset])).fit(disp=0)


def folds_loop(frame: pd.DataFrame) -> float:
    """Ten folds of three logistic regressions by statsmodels, with their log-loss; extrapolated to a hundred."""
    y = frame.repurchase.to_numpy(float)
    fold = np.random.default_rng(3).integers(0, FOLDS, len(y))
    start = time.perf_counter()
    for k in range(LOOPED):
        train, test = fold != k, fold == k
        for metric in METRICS:
            design = sm.add_constant(frame[metric].to_numpy(float))
            chance = sm.Logit(y[train], design[train]).fit(disp=0).predict(design[test])
            np.log(np.where(y[test] == 1, chance, 1 - chance)).mean()
    return (time.perf_counter() - start) * FOLDS * REPEATS / LOOPED


def main() -> None:
    """Run every measurement and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dominance-rows", type=int, default=100_000)
    given = parser.parse_args()
    scores = eight_scores(given.dominance_rows)
    metrics = dict.fromkeys(scores.columns[:-1], cx.NPS)
    cx.dominance(scores.head(2000), outcome=cx.Binary("good"), metrics=metrics)  # imports are warm
    ours = timed(lambda: cx.dominance(scores, outcome=cx.Binary("good"), metrics=metrics))
    usual = timed(lambda: dominance_loop(scores))
    print(f"dominance of 8 metrics with intervals, {given.dominance_rows:,} rows: {ours:.2f} s")
    print(f"  statsmodels loop, no interval: {usual:.1f} s, {usual / ours:.1f} times as long (aim: 2)")
    frame = customers(given.rows)
    plain = frame[[*METRICS, "repurchase"]]
    cx.held_out(plain.head(5000), outcome=OUTCOME, metrics=METRICS, repeats=1, rng=1)
    ours = timed(lambda: cx.held_out(plain, outcome=OUTCOME, metrics=METRICS, folds=FOLDS, repeats=REPEATS, rng=1))
    usual = folds_loop(plain)
    print(f"{REPEATS} x {FOLDS} folds of three metrics, {given.rows:,} rows: {ours:.2f} s")
    print(f"  statsmodels loop (extrapolated): {usual:,.0f} s, {usual / ours:,.0f} times as long (aim: 100)")
    stages: list[tuple[str, float]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cx.CxStatsWarning)
        seconds = timed(
            lambda: cx.which_metric(
                frame,
                outcome=OUTCOME,
                metrics=METRICS,
                controls=["prior_spend"],
                segments=["industry"],
                cluster="firm",
                rng=1,
                progress=lambda stage: stages.append((stage, time.perf_counter())),
            )
        )
    print(f"the whole study, 2,000 firms, a continuous control, {given.rows:,} rows: {seconds:.1f} s (aim: under 60)")
    ends = [*(at for _, at in stages[1:]), time.perf_counter()]
    for (stage, begun), end in zip(stages, ends, strict=True):
        print(f"  {stage}: {end - begun:.1f} s")


if __name__ == "__main__":
    main()
