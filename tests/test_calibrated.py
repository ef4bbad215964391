"""Calibration curves against groups made of the rows of a brute-force cross-validation."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit

import cxstats as cx
from cxstats.numerics.folds import deal_rows

# Two fits of one likelihood, each stopped within rounding of its maximum.
FITTED = 1e-7
STAYED = cx.Binary("stayed")


def customers(n: int = 900) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    nps, csat = rng.integers(0, 11, n), rng.integers(1, 6, n)
    stayed = (rng.random(n) < expit(-2 + 0.2 * nps + 0.3 * csat)).astype(int)
    return pd.DataFrame({"nps": nps, "csat": csat, "stayed": stayed, "firm": rng.integers(0, 45, n)})


@pytest.mark.parametrize("cluster", [None, "firm"])
def test_groups_against_rows(cluster: str | None) -> None:
    frame, folds, repeats = customers(), 4, 3
    metrics = {"nps": cx.NPS, "csat": cx.CSAT5}
    # Folds by cluster deal the same rows to other folds: the groups are checked there on the predictions alone.
    result = cx.held_out(frame, outcome=STAYED, metrics=metrics, cluster=cluster, folds=folds, repeats=repeats, rng=2)
    assert set(result.curves) == {"nps", "csat", "all metrics"}
    curve = result.curves["all metrics"]
    assert (np.diff(curve.predicted) > 0).all()
    assert curve.n.sum() == len(frame)
    if cluster is None:
        table = cx.tally(frame, outcome=STAYED, metrics=metrics).to_frame()
        deals = deal_rows(table.n.to_numpy(), table.stayed.to_numpy(int), folds, repeats, np.random.default_rng(2))
        deals = np.vstack(list(deals))
        design = sm.add_constant(table[["csat", "nps"]].to_numpy(float))
        mean = np.zeros(len(table))
        for deal in deals:
            train = np.repeat(np.arange(len(table)), table.n - deal)
            fit = sm.Logit(table.stayed.to_numpy()[train], design[train]).fit(disp=0, tol=1e-12)
            mean += deal * fit.predict(design) / repeats
        score = pd.DataFrame({"mean": mean, "n": table.n, "good": table.n * table.stayed})
        each = score.groupby([table.nps, table.csat]).sum().assign(level=lambda d: d["mean"] / d["n"])
        each = each.sort_values("level")
        middle = each.n.cumsum() - each.n / 2
        groups = each.groupby(np.minimum((middle / each.n.sum() * 10).astype(int), 9)).sum()
        assert curve.predicted == pytest.approx((groups["mean"] / groups.n).to_numpy(), abs=FITTED)
        assert curve.n.tolist() == groups.n.tolist()
        share = (groups.good / groups.n).to_numpy()
        assert curve.observed == pytest.approx(share, abs=1e-12)
        n = len(frame)  # the factor n / (n - 1) is that of every variance of plain rows
        assert curve.std_error == pytest.approx(np.sqrt(share * (1 - share) / groups.n * n / (n - 1)), rel=1e-9)


def test_a_coarse_score_keeps_its_levels_together() -> None:
    frame = customers()
    curve = cx.held_out(frame, outcome=STAYED, metrics={"csat": cx.CSAT5}, repeats=2, rng=1).curves["csat"]
    by_level = frame.groupby("csat").stayed.agg(["mean", "size"])
    assert curve.observed == pytest.approx(by_level["mean"].to_numpy(), abs=1e-12)
    assert curve.n.tolist() == by_level["size"].tolist()


def test_calibrated_predictions_are_covered_in_simulation() -> None:
    """The observed share of a group lies within its interval of what was predicted in about 95% of groups."""
    rng, inside = np.random.default_rng(7), []
    for _ in range(60):
        nps = rng.integers(0, 11, 2000)
        frame = pd.DataFrame({"nps": nps, "stayed": (rng.random(2000) < expit(-1 + 0.2 * nps)).astype(int)})
        curve = cx.held_out(frame, outcome=STAYED, metrics={"nps": cx.NPS}, repeats=1, rng=1).curves["nps"]
        limits = curve.confidence_interval()
        inside.append((limits.low < curve.predicted) & (curve.predicted < limits.high))
    share = np.concatenate(inside).mean()
    # Predictions fitted to the other rows move with the truth: coverage is at or a little above the nominal level.
    error = 4 * np.sqrt(0.95 * 0.05 / np.concatenate(inside).size)
    assert 0.95 - error < share < 1
