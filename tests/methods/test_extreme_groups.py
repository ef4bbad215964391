"""Top against bottom customers, against rows sorted and cut by hand, and in simulation."""

import math

import numpy as np
import pandas as pd
import pytest

import cxstats as cx

ROUNDING = 1e-12


def by_rows(score: np.ndarray, good: np.ndarray, share: float) -> tuple[float, float]:
    """Average over all orders of the tied rows, by giving each row the share of it that is taken."""
    taken = share * len(score)

    def mean_of_best(values: np.ndarray) -> float:
        total = left = 0.0
        left = taken
        for level in sorted(set(values), reverse=True):
            rows = good[values == level]
            use = min(left, len(rows))
            total, left = total + use * rows.mean(), left - use
        return total / taken

    return mean_of_best(score), mean_of_best(-score)


@pytest.fixture
def answers() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    latent = rng.normal(size=500)
    return pd.DataFrame(
        {
            "nps": np.clip(np.round(7 + 2 * latent + rng.normal(size=500)), 0, 10),
            "effort": np.clip(np.round(3 - latent + rng.normal(size=500)), 1, 5),
            "good": (latent + rng.normal(size=500) > 0).astype(int),
        }
    )


METRICS = {"nps": cx.NPS, "effort": cx.EFFORT5}


@pytest.mark.parametrize("share", [0.05, 0.2, 0.37, 0.5])
def test_extreme_groups_against_rows(answers: pd.DataFrame, share: float) -> None:
    result = cx.extreme_groups(answers, outcome=cx.Binary("good"), metrics=METRICS, share=share)
    expected: list[float] = []
    for score in (answers.nps, -answers.effort):
        top, bottom = by_rows(score.to_numpy(), answers.good.to_numpy(), share)
        expected += [top, bottom, top - bottom]
    assert result.estimate == pytest.approx(expected, abs=ROUNDING)


def test_influence_against_a_small_change_of_a_weight(answers: pd.DataFrame) -> None:
    """The derivative by one row's weight is that row's influence: the definition, done numerically."""
    from cxstats.methods.extreme_groups import extreme_influence
    from cxstats.shared.compared import compare_on

    step = 1e-6
    frame = answers.assign(w=1.0)
    roles = {"outcome": cx.Binary("good"), "metrics": METRICS, "weight": "w"}
    estimate, influence = extreme_influence(compare_on(cx.tally(frame, **roles), list(METRICS)), 0.2)
    cells = compare_on(cx.tally(frame, **roles), list(METRICS)).cells
    for row in (0, 17, 321):
        moved = frame.copy()
        moved.loc[row, "w"] += step
        changed, _ = extreme_influence(compare_on(cx.tally(moved, **roles), list(METRICS)), 0.2)
        here = np.all([cells[c] == frame.loc[row, c] for c in ("nps", "effort", "good")], axis=0)
        # A forward difference is exact to the order of its step.
        assert (changed - estimate) / step == pytest.approx(influence[here][0], abs=1e-7)


def test_coverage_in_simulation() -> None:
    rng = np.random.default_rng(11)
    runs, covered = 400, 0
    truth = _population_difference()
    for _ in range(runs):
        csat, good = _draw(rng, 400)
        result = cx.extreme_groups(
            pd.DataFrame({"csat": csat, "good": good}), outcome=cx.Binary("good"), metrics={"csat": cx.CSAT5}
        )
        interval = result.confidence_interval()
        covered += interval.low[2] <= truth <= interval.high[2]
    assert abs(covered / runs - 0.95) < 4 * math.sqrt(0.95 * 0.05 / runs)


SHARES, RATES = np.array([0.1, 0.15, 0.25, 0.3, 0.2]), np.array([0.1, 0.3, 0.4, 0.6, 0.8])


def _draw(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    csat = rng.choice(5, size=n, p=SHARES)
    return csat + 1, (rng.random(n) < RATES[csat]).astype(int)


def _population_difference() -> float:
    # Best 20%: level 5 exactly. Worst 20%: level 1 (10%) and two thirds of level 2 (10 of 15%).
    return 0.8 - (0.1 * 0.1 + 0.1 * 0.3) / 0.2


def test_share_out_of_range(answers: pd.DataFrame) -> None:
    with pytest.raises(cx.CxStatsError, match=r"share must lie above 0 and be at most \.5, but 0\.7 was given"):
        cx.extreme_groups(answers, outcome=cx.Binary("good"), metrics=METRICS, share=0.7)
