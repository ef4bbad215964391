"""Two parts of an outcome with many zeros against all pairs of customers, one by one."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.methods.two_part import TwoPart, two_part

# The same sums in another order: only rounding differs.
ROUNDING = 1e-12
# A variance from influence values against leaving one row (cluster) out: they differ by terms of order 1 / n.
JACKKNIFE = 0.03
MC_ERRORS = 4
METRICS = {"nps": cx.NPS, "effort": cx.EFFORT5}
SPEND = cx.Continuous("spend")


def rows(seed: int = 1, n: int = 220) -> pd.DataFrame:
    """Spend that is 0 for half of the customers."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=n)
    spend = np.where(latent + rng.normal(size=n) > 0, np.round(np.exp(latent + rng.normal(size=n)), 1), 0.0)
    return pd.DataFrame(
        {
            "nps": np.clip(np.round(6 + 2 * latent + rng.normal(size=n)), 0, 10).astype(int),
            "effort": np.clip(np.round(3 - latent + rng.normal(size=n)), 1, 5).astype(int),
            "spend": spend,
            "firm": rng.integers(0, 45, n),
            "w": rng.choice([0.5, 1.0, 2.0], n),
        }
    )


def by_pairs(score: np.ndarray, y: np.ndarray, w: np.ndarray) -> dict[str, float]:
    """Shares of pairs in the right order: all, those of a buyer with a non-buyer, and those of two buyers."""
    won: dict[str, list[float]] = {"both": [], "any": [], "how much": []}
    for i in range(len(y)):
        for j in range(len(y)):
            if y[i] > y[j]:
                right = float(score[i] > score[j]) + 0.5 * float(score[i] == score[j])
                for part in ("both", "any" if y[j] == 0 else "how much"):
                    won[part].append(w[i] * w[j])
                    won[part].append(w[i] * w[j] * right)
    return {part: sum(pairs[1::2]) / sum(pairs[::2]) for part, pairs in won.items()}


def run(frame: pd.DataFrame, **more: Any) -> TwoPart:
    return two_part(frame, **{"outcome": SPEND, "metrics": METRICS, **more})


def at(result: TwoPart, part: str, term: str) -> float:
    frame = result.to_frame().set_index(["part", "term"])
    return float(frame.loc[(part, term), "estimate"])


@pytest.mark.parametrize("weight", [None, "w"])
def test_parts_against_all_pairs(weight: str | None) -> None:
    frame = rows()
    result = run(frame, weight=weight)
    w = frame.w.to_numpy() if weight else np.ones(len(frame))
    for name, score in (("nps", frame.nps), ("effort", -frame.effort)):
        expected = by_pairs(score.to_numpy(), frame.spend.to_numpy(), w)
        for part, value in expected.items():
            assert at(result, part, name) == pytest.approx(value, abs=ROUNDING)
    assert at(result, "any", "nps - effort") == pytest.approx(
        at(result, "any", "nps") - at(result, "any", "effort"), abs=ROUNDING
    )
    mean = result.pairs_any * at(result, "any", "nps") + (1 - result.pairs_any) * at(result, "how much", "nps")
    assert at(result, "both", "nps") == pytest.approx(mean, abs=ROUNDING)
    assert result.zeros == pytest.approx(w[frame.spend == 0].sum() / w.sum(), abs=ROUNDING)


@pytest.mark.parametrize("cluster", [None, "firm"])
def test_standard_errors_against_leaving_one_out(cluster: str | None) -> None:
    frame = rows(2, 300)
    result = run(frame, cluster=cluster)
    unit = frame.firm if cluster else frame.index.to_series()
    without = np.array([run(frame[unit != one]).estimate for one in unit.unique()])
    groups = len(without)
    jackknife = np.sqrt((groups - 1) / groups * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    # With 45 clusters the two estimators of a variance differ more.
    assert result.std_error == pytest.approx(jackknife, rel=JACKKNIFE if cluster is None else 0.15)
    assert result.df == (np.inf if cluster is None else groups - 1)


def test_any_is_the_area_and_both_the_concordance() -> None:
    frame = rows(3, 600)
    result = run(frame)
    any_part = cx.delong(
        frame.assign(bought=(frame.spend > 0).astype(int)), outcome=cx.Binary("bought"), metrics=METRICS
    )
    both = cx.concordance(frame, outcome=SPEND, metrics=METRICS)
    assert result.estimate[:3] == pytest.approx(any_part.estimate, abs=ROUNDING)
    assert result.std_error[:3] == pytest.approx(any_part.std_error, rel=5e-3)  # factors n / (n - 1) per class
    assert result.estimate[6:] == pytest.approx(both.estimate, abs=ROUNDING)
    assert result.std_error[6:] == pytest.approx(both.std_error, rel=1e-9)


def test_low_is_good_turns_the_areas_round() -> None:
    frame = rows(4)
    high, low = run(frame), run(frame, outcome=cx.Continuous("spend", good="low"))
    areas = np.array(["-" not in term for term in high.labels["term"]])
    assert low.estimate[areas] == pytest.approx(1 - high.estimate[areas], abs=ROUNDING)
    assert low.std_error == pytest.approx(high.std_error, rel=1e-9)


def test_a_metric_that_knows_who_but_not_how_much_in_simulation() -> None:
    """nps tells who buys and nothing of how much; effort tells nothing: .5 is covered, and the difference found."""
    rng, runs, covered, told = np.random.default_rng(5), 200, np.zeros(3), 0
    for _ in range(runs):
        x, z = rng.integers(0, 11, 400), rng.integers(1, 6, 400)
        buys = rng.random(400) < 0.2 + 0.05 * x
        frame = pd.DataFrame({"nps": x, "effort": z, "spend": np.where(buys, rng.lognormal(size=400), 0.0)})
        result = run(frame)
        limits, rows_ = result.confidence_interval(), list(zip(*result.labels.values(), strict=True))
        for k, row in enumerate([("how much", "nps"), ("how much", "effort"), ("any", "effort")]):
            i = rows_.index(row)
            covered[k] += limits.low[i] <= 0.5 <= limits.high[i]
        told += result.p_value[rows_.index(("any", "nps"))] < 0.05
    margin = MC_ERRORS * np.sqrt(0.95 * 0.05 / runs)
    assert covered / runs == pytest.approx(np.full(3, 0.95), abs=margin)
    assert told == runs


def test_bad_input_is_refused_in_full() -> None:
    frame = rows(6)
    none = (
        "An outcome that is split at zero must be measured or counted, but Binary was given."
        '\nPass for example outcome=cx.Continuous("spend") or cx.Count("orders").'
    )
    negative = (
        "An outcome that is split at zero must not be negative, but 3 of 220 rows are: -1 (2 rows), -2.5 (1 row)."
        "\nFor a change, which can be negative, use cx.concordance."
    )
    few = (
        "At least 10 customers with and 10 without are needed to split 'spend' at zero, but 220 have more than 0 and "
        "0 have 0.\nUse cx.concordance, which takes the outcome as a whole."
    )
    cases: list[tuple[pd.DataFrame, Any, type[Exception], str]] = [
        (frame.assign(spend=(frame.spend > 0).astype(int)), cx.Binary("spend"), cx.RoleError, none),
        (
            frame.assign(spend=np.r_[-1.0, -1.0, -2.5, frame.spend[3:]]),
            SPEND,
            cx.ColumnError,
            negative,
        ),
        (frame.assign(spend=frame.spend + 1), SPEND, cx.TooFewError, few),
    ]
    for data, outcome, kind, message in cases:
        with pytest.raises(kind, match=f"^{re.escape(message)}$"):
            run(data, outcome=outcome)
    same = frame.assign(spend=(frame.spend > 0) * 5.0)
    alike = (
        "Customers with more than 0 must differ in 'spend', but all 113 rows hold 5."
        "\nThen there is only whether, not how much: use cx.delong."
    ).replace("113", str(int((same.spend > 0).sum())))
    with pytest.raises(cx.TooFewError, match=f"^{re.escape(alike)}$"):
        run(same)
