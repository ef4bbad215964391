"""The horse race: its best, its p_best and its error rates against rows and simulations of known truth."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import cxstats as cx

METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}


def answers(n: int, strengths: tuple[float, float, float], rng: np.random.Generator) -> pd.DataFrame:
    """Three metrics that read the same latent loyalty with a correlation each."""
    loyalty = rng.standard_normal(n)
    frame = pd.DataFrame({"repurchase": (loyalty + rng.standard_normal(n) > 0.5).astype(int)})
    for (name, scale), r in zip(METRICS.items(), strengths, strict=True):
        read = r * loyalty + math.sqrt(1 - r * r) * rng.standard_normal(n)
        # Equal frequency per level: the same information is lost on every scale of k levels.
        levels = int(scale.high - scale.low) + 1
        frame[name] = np.floor(norm.cdf(read) * levels) + scale.low
    return frame


def race(frame: pd.DataFrame, **more: object) -> "cx.studies.which_metric.WhichMetric":  # type: ignore[name-defined]
    return cx.which_metric(frame, outcome=cx.Binary("repurchase"), metrics=METRICS, **{"rng": 1, **more})


def test_p_best_against_a_row_bootstrap() -> None:
    """The multinomial on counts is the row bootstrap: the same shares, up to Monte Carlo error."""
    frame = answers(600, (0.55, 0.6, 0.5), np.random.default_rng(5))
    result = race(frame, replicates=4000)
    rng = np.random.default_rng(6)
    wins = np.zeros(3)
    loops = 1000
    y = frame.repurchase.to_numpy()
    for _ in range(loops):
        drawn = rng.integers(0, len(frame), len(frame))
        ranks = frame.iloc[drawn][list(METRICS)].rank().to_numpy()
        good = y[drawn] == 1
        area = ranks[good].mean(axis=0)  # a monotone function of the AUC within one resample
        wins[np.argmax(area)] += 1
    error = np.sqrt(0.25 / loops + 0.25 / 4000)
    assert np.abs(result.p_best - wins / loops).max() < 4 * error
    assert result.p_best.sum() == pytest.approx(1.0)
    assert result.p_best_from == "row bootstrap"


def test_best_is_rarely_named_when_all_are_equal_in_simulation() -> None:
    """Family-wise: no metric may be called best in more than 5% of samples, plus 4 Monte Carlo errors."""
    rng = np.random.default_rng(8)
    runs = 300
    equal = {name: cx.Scale(0, 4) for name in METRICS}
    named = 0
    for _ in range(runs):
        loyalty = rng.standard_normal(500)
        frame = pd.DataFrame({"repurchase": (loyalty + rng.standard_normal(500) > 0).astype(int)})
        for name in equal:
            frame[name] = np.floor(norm.cdf(0.6 * loyalty + 0.8 * rng.standard_normal(500)) * 5)
        result = cx.which_metric(frame, outcome=cx.Binary("repurchase"), metrics=equal, replicates=1, rng=1)
        named += result.best is not None
    assert named / runs <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / runs)


def test_best_is_found_in_simulation() -> None:
    rng = np.random.default_rng(9)
    found = [race(answers(3000, (0.4, 0.75, 0.4), rng), replicates=1).best for _ in range(20)]
    assert found == ["csat"] * 20


def test_clusters_are_drawn_whole() -> None:
    """Eight copies of each customer: naive draws would shrink the spread by the root of eight."""
    frame = answers(500, (0.5, 0.6, 0.4), np.random.default_rng(10))
    copies = pd.concat([frame] * 8).assign(customer=lambda d: d.index)
    clustered = race(copies, cluster="customer", replicates=4000)
    single = race(frame, replicates=4000)
    assert clustered.p_best_from == "cluster bootstrap"
    assert clustered.estimate == pytest.approx(single.estimate, abs=1e-12)
    assert np.abs(clustered.p_best - single.p_best).max() < 4 * math.sqrt(2 * 0.25 / 4000)
    assert clustered.comparison.std_error == pytest.approx(single.comparison.std_error, rel=0.01)


def test_weights_use_the_joint_normal() -> None:
    frame = answers(800, (0.5, 0.6, 0.4), np.random.default_rng(12)).assign(w=1.0)
    weighted, plain = race(frame, weight="w", replicates=4000), race(frame, replicates=4000)
    assert weighted.p_best_from == "joint normal"
    assert np.abs(weighted.p_best - plain.p_best).max() < 0.05  # normal against bootstrap: agree, not equal


def test_unpaired_customers_answered_one_metric_each() -> None:
    frame = answers(3000, (0.4, 0.8, 0.3), np.random.default_rng(13))
    which = np.arange(3000) % 3
    for j, name in enumerate(METRICS):
        frame.loc[which != j, name] = np.nan
    result = race(frame)
    assert not result.comparison.paired
    assert result.n == 3000
    assert result.comparison.covariance == pytest.approx(np.diag(np.diag(result.comparison.covariance)), abs=0)
    assert result.best == "csat"


def test_partial_overlap_uses_complete_rows_and_says_so() -> None:
    frame = answers(2000, (0.5, 0.6, 0.4), np.random.default_rng(14))
    frame.loc[:499, "ease"] = np.nan
    result = race(frame)
    assert (result.n, result.n_missing) == (1500, 500)
    assert any("500 rows had the outcome but not all metrics" in note for note in result.notes)
    assert result.estimate == pytest.approx(race(frame.iloc[500:]).estimate, abs=1e-12)


def test_seed_repeats_and_is_kept() -> None:
    frame = answers(600, (0.5, 0.55, 0.4), np.random.default_rng(15))
    first = race(frame, rng=None)
    assert (race(frame, rng=first.seed).p_best == first.p_best).all()
    assert race(frame, rng=np.random.default_rng(3)).seed is None


def test_frame_and_differences() -> None:
    result = race(answers(600, (0.5, 0.55, 0.4), np.random.default_rng(16)))
    frame = result.to_frame()
    assert list(frame.columns) == [
        *("metric", "coding", "estimate", "std_error", "ci_low", "ci_high", "statistic", "p_value", "p_best")
    ]
    pairs = result.differences()
    assert list(pairs.term) == ["nps - csat", "nps - ease", "csat - ease"]
    assert (pairs.p_holm >= pairs.p_value).all()
    assert "Best:" in str(result)
    good, bad = result.extremes.estimate[:2]
    assert f"top against bottom 20%: nps {good:.0%} against {bad:.0%}" in str(result)


def test_too_few_events() -> None:
    frame = answers(600, (0.5, 0.55, 0.4), np.random.default_rng(17))
    frame["repurchase"] = (np.arange(600) < 60).astype(int)
    with pytest.raises(cx.TooFewError, match=r"At least 100 good and 100 bad outcomes .* 60 are good and 540 bad"):
        race(frame)
