"""DeLong's comparison against the published values, pROC, and brute force on rows."""

import numpy as np
import pandas as pd
import pytest

import cxstats as cx

# Both sides are sums of the same numbers in another order: only rounding may differ.
ROUNDING = 1e-12
# FACTS prints 8 digits or more of its golden values.
PRINTED = 1e-8

TINY = pd.DataFrame(
    {
        "nps": [9, 8, 7, 10, 6, 9, 3, 5, 7, 2, 8, 4, 6, 1],
        "csat": [4, 5, 3, 5, 4, 2, 3, 1, 4, 2, 5, 3, 2, 4],
        "good": [1] * 6 + [0] * 8,
    }
)
METRICS = {"nps": cx.NPS, "csat": cx.CSAT5}


def brute_force(score: np.ndarray, good: np.ndarray) -> tuple[float, np.ndarray]:
    """The area and each row's influence on it, by comparing every good row with every bad one."""
    good = good.astype(bool)
    up, down = score[good], score[~good]
    wins = (up[:, None] > down[None]) + 0.5 * (up[:, None] == down[None])
    influence = np.empty(len(score))
    influence[good] = (wins.mean(1) - wins.mean()) / len(up)
    influence[~good] = (wins.mean(0) - wins.mean()) / len(down)
    return float(wins.mean()), influence


def test_delong_against_golden_values() -> None:
    result = cx.delong(TINY, outcome=cx.Binary("good"), metrics=METRICS).to_frame().set_index("term")
    assert result.estimate["nps"] == pytest.approx(0.90625, abs=ROUNDING)
    assert result.estimate["csat"] == pytest.approx(0.6875, abs=ROUNDING)
    assert result.std_error["nps - csat"] ** 2 == pytest.approx(0.0189794147, abs=1e-10)
    assert result.statistic["nps - csat"] == pytest.approx(1.58783969, abs=PRINTED)
    assert result.p_value["nps - csat"] == pytest.approx(0.11232259, abs=PRINTED)


def test_clusters_against_rows() -> None:
    rng = np.random.default_rng(1)
    firm = np.repeat(np.arange(50), 6)
    lift = rng.normal(size=50)[firm]
    frame = pd.DataFrame({"firm": [f"f{i}" for i in firm], "good": (lift + rng.normal(size=300) > 0).astype(int)})
    frame["nps"] = np.clip(np.round(6 + 2 * lift + rng.normal(size=300)), 0, 10)
    frame["csat"] = np.clip(np.round(3 + lift + rng.normal(size=300)), 1, 5)
    result = cx.delong(frame, outcome=cx.Binary("good"), metrics=METRICS, cluster="firm")
    difference = (
        brute_force(frame.nps.to_numpy(), frame.good.to_numpy())[1]
        - brute_force(frame.csat.to_numpy(), frame.good.to_numpy())[1]
    )
    sums = pd.Series(difference).groupby(firm).sum()
    assert result.std_error[2] ** 2 == pytest.approx(50 / 49 * (sums**2).sum(), rel=ROUNDING)
    assert result.df == 49
