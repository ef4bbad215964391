"""How long ``cxstats validate`` takes: on each bundled study from start to end, and on a million customers.

    python benchmarks/validation.py [--rows 1000000]

The bundled studies are validated by the command line, start-up and report included; aim 5 s each. The customers
are simulated, with discrete controls and no clusters, and declare all that one survey can: three scores, an
outcome, an intention, expectations with tiers, segments, and the whole of service; aim 60 s. The ratio is that of a
row bootstrap of two areas by scikit-learn, one draw in ten, extrapolated: what the first claim alone would take.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

import cxstats as cx

STUDIES = (
    "olist_deliveries", "sfo_2017", "simulated_cohort", "simulated_journeys", "simulated_service", "simulated_visits",
)  # fmt: skip
DRAWS, LOOPED = 2000, 10


def one_survey(n: int) -> cx.Study:
    """Customers who answered one survey that asked for everything, and came back or not."""
    rng = np.random.default_rng(1)
    frame = cx.simulate.cohort(n, rng=1)
    said = np.clip(np.round(frame["csat"] + rng.normal(size=n)), 1, 5)
    problem = rng.random(n) < 0.3
    further = {
        "intends": said.astype(np.int8),
        "industry": rng.choice(list("abcdef"), n),
        "tenure": rng.integers(0, 5, n),
        "problem": problem.astype(np.int8),
        "complained": (problem & (rng.random(n) < 0.3)).astype(np.int8),
        "recovered": (problem & (rng.random(n) < 0.5)).astype(np.int8),
        "attempt": rng.integers(0, 2, n),
        "failure": rng.integers(0, 2, n),
        "cost": rng.integers(1, 9, n),
        "wait": rng.integers(1, 9, n),
        "errors": rng.integers(0, 4, n),
        "transfers": rng.integers(0, 3, n),
    }
    service = {key: key for key in further if key not in ("intends", "industry", "tenure", "transfers")}
    return cx.Study(
        title="One survey",
        evidence="simulated",
        tables={"customers": frame.assign(**further)},
        metrics={"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7},
        outcomes={
            "repurchase": cx.Binary("repurchase", after=True),
            "intends": cx.Rating("intends", cx.CSAT5, kind="intention", after=True),
        },
        expectation=cx.Expectation(disconfirmation="days_early", tiers={"meet": 0, "exceed": 1, "delight": 3}),
        service=cx.Service(**service, objective=["transfers"]),
        controls=["tenure"],
        segments=["industry"],
    )


def timed(job: Callable[[], object]) -> float:
    """Wall time in seconds."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def bootstrap_loop(frame: pd.DataFrame) -> float:
    """Draws of the difference of two areas on rows, by scikit-learn; extrapolated to 2,000."""
    rng = np.random.default_rng(2)
    y, a, b = (frame[name].to_numpy() for name in ("repurchase", "nps", "csat"))
    start = time.perf_counter()
    for _ in range(LOOPED):
        drawn = rng.integers(0, len(y), len(y))
        roc_auc_score(y[drawn], a[drawn]) - roc_auc_score(y[drawn], b[drawn])
    return (time.perf_counter() - start) * DRAWS / LOOPED


def main() -> None:
    """Print the times and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    n = parser.parse_known_args()[0].rows
    with tempfile.TemporaryDirectory() as folder:
        for name in STUDIES:
            study, report = str(cx.datasets.load(name).study), str(Path(folder) / "report.html")
            command = [
                sys.executable,
                "-c",
                "from cxstats.cli import main; main()",
                "validate",
                study,
                "--html",
                report,
            ]
            seconds = timed(lambda command=command: subprocess.run(command, check=True, capture_output=True))
            size = Path(report).stat().st_size / 1e6
            print(f"cxstats validate {name}: {seconds:.1f} s (aim 5), report {size:.2f} MB (aim 3)")
    study = one_survey(n)
    cx.validate(one_survey(2000), rng=1)  # whatever is imported is imported before the clock starts
    quick = timed(lambda: cx.validate(study, rng=1, sensitivity=False))
    whole = timed(lambda: cx.validate(study, rng=1))
    loop = bootstrap_loop(cx.simulate.cohort(n, rng=1))
    print(f"{n:,} customers, all of one survey: verdicts {quick:.1f} s, with all looks beside {whole:.1f} s (aim 60)")
    print(f"row bootstrap of the first claim alone (extrapolated): {loop:.0f} s, {loop / whole:.0f} times as long")


if __name__ == "__main__":
    main()
