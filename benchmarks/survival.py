"""How fast are times until an event analysed on cells, against the usual ways on rows, in one process.

    python -m benchmarks.survival [--rows 1000000]

Prints ratios. Cox: statsmodels' `PHReg` with Efron's ties, at a tenth of the rows, since it is slow; ours at the same
rows and at all. Concordance of three scores with standard errors: R's `survival::concordance`, whose start and reading
of the file are taken off, by a second run that does nothing else. All counts of ours begin with the dataframe.
"""

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.duration.hazard_regression import PHReg

import cxstats as cx

METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}
CHURN = cx.Survival("months", "cancelled", after=True)
IN_R = """
suppressPackageStartupMessages(library(survival))
given <- commandArgs(TRUE)
rows <- read.csv(given[1])
if (given[2] == "fit") {
  y <- Surv(rows$months, rows$cancelled)
  fit <- concordance(y ~ nps, rows); concordance(y ~ csat, rows); concordance(y ~ ease, rows)
  cat(format(fit$concordance, digits = 15))
}
"""


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """Of the better of two runs, and what came out."""
    best, found = np.inf, None
    for _ in range(2):
        start = time.perf_counter()
        found = call()
        best = min(best, time.perf_counter() - start)
    return best, found


def in_r(frame: pd.DataFrame) -> tuple[float, float] | None:
    """Seconds of R for the three concordances, and the first of them; None where there is no R."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        script, data = Path(folder) / "c.R", Path(folder) / "rows.csv"
        script.write_text(IN_R, encoding="utf-8")
        frame[["months", "cancelled", *METRICS]].to_csv(data, index=False)
        took, told = {}, ""
        for what in ("read", "fit"):
            start = time.perf_counter()
            told = subprocess.run([program, script, data, what], capture_output=True, text=True, check=True).stdout
            took[what] = time.perf_counter() - start
    return took["fit"] - took["read"], float(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    n = parser.parse_args().rows
    frame = cx.simulate.subscribers(n, rng=1, late_entry=False)
    few = frame.head(n // 10)
    scores = list(METRICS)

    theirs, fit = seconds(lambda: PHReg(few.months, few[scores], status=few.cancelled, ties="efron").fit())
    ours_few, same = seconds(lambda: cx.cox(few, outcome=CHURN, metrics=METRICS))
    ours, _ = seconds(lambda: cx.cox(frame, outcome=CHURN, metrics=METRICS))
    apart = np.abs(fit.params - same.estimate).max()
    longer = f"{theirs / ours_few:,.0f} times as long"
    print(f"Cox, {len(few):,} rows: PHReg {theirs:.2f} s, cxstats {ours_few:.3f} s: {longer}")
    print(f"  coefficients differ by {apart:.1e}; cxstats on {n:,} rows: {ours:.2f} s")

    ours, found = seconds(lambda: cx.concordance(frame, outcome=CHURN, metrics=METRICS))
    other = in_r(frame)
    if other is None:
        print(f"Concordance, {n:,} rows: cxstats {ours:.2f} s; no R found to compare with")
        return
    print(f"Concordance, {n:,} rows: R {other[0]:.1f} s, cxstats {ours:.2f} s: {other[0] / ours:,.0f} times as long")
    print(f"  first concordance differs by {abs(found.estimate[0] - other[1]):.1e}")


if __name__ == "__main__":
    main()
