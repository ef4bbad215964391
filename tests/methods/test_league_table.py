"""The league table: p_best against draws made otherwise, and outcomes that have a size."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, rankdata

import cxstats as cx
from cxstats.methods.league_table import LeagueTable, league_table

METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}
BINARY, SPEND = cx.Binary("repurchase"), cx.Continuous("spend")
MC_ERRORS = 4
REPLICATES, LOOPS = 4000, 1500


def customers(n: int = 500, seed: int = 3) -> pd.DataFrame:
    """Three scores of about equal worth, so that p_best is far from 0 and 1."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=n)
    return pd.DataFrame(
        {
            "nps": np.clip(np.round(6 + 1.5 * latent + 2 * rng.normal(size=n)), 0, 10),
            "csat": np.clip(np.round(3 + 0.8 * latent + rng.normal(size=n)), 1, 5),
            "ease": np.clip(np.round(4 + latent + 1.4 * rng.normal(size=n)), 1, 7),
            "repurchase": (latent + rng.normal(size=n) > 0).astype(int),
            "spend": np.round(np.exp(latent + rng.normal(size=n)), 2),
            "firm": rng.integers(0, 60, n),
        }
    )


def run(frame: pd.DataFrame, **more: object) -> LeagueTable:
    return league_table(frame, **{"outcome": BINARY, "metrics": METRICS, "rng": 1, **more})  # type: ignore[arg-type]


def weighted_area(score: np.ndarray, good: np.ndarray, w: np.ndarray) -> float:
    """The area by sorting: weights of bad outcomes below, half of those that tie."""
    order = np.argsort(score, kind="stable")
    rank = rankdata(score[order], method="dense")
    bad = np.bincount(rank, weights=w[order] * ~good[order])
    below = np.cumsum(bad) - bad / 2
    mine = w[order] * good[order]
    return float((mine * below[rank]).sum() / mine.sum() / bad.sum())


@pytest.mark.parametrize("cluster", [None, "firm"])
def test_bayesian_bootstrap_against_dirichlet_weights_on_rows(cluster: str | None) -> None:
    frame = customers()
    result = run(frame, resampling="bayesian", replicates=REPLICATES, cluster=cluster)
    assert result.p_best_from == ("Bayesian bootstrap" if cluster is None else "Bayesian cluster bootstrap")
    rng, good = np.random.default_rng(8), frame.repurchase.to_numpy() == 1
    wins = np.zeros(3)
    unit = frame.firm.to_numpy() if cluster else np.arange(len(frame))
    for _ in range(LOOPS):
        w = rng.dirichlet(np.ones(unit.max() + 1))[unit]
        wins[np.argmax([weighted_area(frame[m].to_numpy(), good, w) for m in METRICS])] += 1
    error = math.sqrt(0.25 / LOOPS + 0.25 / REPLICATES)
    assert np.abs(result.p_best - wins / LOOPS).max() < MC_ERRORS * error
    # The option changes nothing else.
    plain = run(frame, cluster=cluster)
    assert (result.estimate == plain.estimate).all()
    assert result.best == plain.best


def test_cells_and_counted_rows_draw_as_the_rows_do() -> None:
    frame = customers()
    counted = frame.drop(columns=["spend", "firm"]).value_counts().rename("n").reset_index()
    by_rows, by_count = (run(f, resampling="bayesian", **k) for f, k in ((frame, {}), (counted, {"count": "n"})))
    assert (by_rows.p_best == by_count.p_best).all()


def test_an_outcome_with_a_size_against_concordance() -> None:
    frame = customers(800)
    result, oracle = run(frame, outcome=SPEND), cx.concordance(frame, outcome=SPEND, metrics=METRICS)
    assert (result.index, result.p_best_from) == ("concordance", "joint normal")
    assert (result.estimate == oracle.estimate[:3]).all()
    assert (result.differences().estimate == oracle.estimate[3:]).all()
    assert "has the largest concordance, but not clearly larger" in result.verdict()


def test_p_best_of_the_joint_normal_against_the_bootstrap() -> None:
    """Two roads to one share: the normal of the areas and the resampled rows agree to a few percent at n = 2,000."""
    frame = customers(2000, seed=4)
    row = run(frame, replicates=REPLICATES)
    normal = run(frame.assign(w=1.0), weight="w", replicates=REPLICATES)
    assert np.abs(row.p_best - normal.p_best).max() < MC_ERRORS * math.sqrt(2 * 0.25 / REPLICATES) + 0.02


def test_nobody_is_named_among_equals_for_spend_in_simulation() -> None:
    rng, runs, named = np.random.default_rng(5), 300, 0
    equal = {name: cx.Scale(0, 4) for name in METRICS}
    for _ in range(runs):
        latent = rng.normal(size=300)
        frame = pd.DataFrame({"spend": np.exp(latent + rng.normal(size=300))})
        for name in equal:
            frame[name] = np.clip(np.round(2 + latent + rng.normal(size=300)), 0, 4)
        named += run(frame, outcome=SPEND, metrics=equal, replicates=1).best is not None
    assert named / runs <= 0.05 + MC_ERRORS * math.sqrt(0.05 * 0.95 / runs)


def test_the_best_for_orders_and_spend_is_found_in_simulation() -> None:
    """Buyers of whom the truth names the metric with the largest concordance."""
    truth = cx.simulate.spenders_truth()
    frame = cx.simulate.spenders(20_000, rng=7)
    for outcome in (cx.Count("orders"), SPEND):
        result = run(frame, outcome=outcome, replicates=1)
        expected = truth.concordance[outcome.column]
        error = MC_ERRORS * result.std_error
        assert np.abs(result.estimate - [expected[m] for m in METRICS]) == pytest.approx(np.zeros(3), abs=error.max())
        assert result.best in (None, truth.best[outcome.column])


def test_bad_input_is_refused_in_full() -> None:
    frame = customers(99)
    few = (
        "At least 100 rows are needed to compare metrics, but 99 rows can be used."
        "\nCollect more answers; cx.concordance describes a smaller sample."
    )
    with pytest.raises(cx.TooFewError, match=f"^{re.escape(few)}$"):
        run(frame, outcome=SPEND)
    one = "A comparison needs at least two metrics, but 1 was given.\nUse cx.auc for a single one."
    with pytest.raises(cx.TooFewError, match=f"^{re.escape(one)}$"):
        run(frame, metrics={"nps": cx.NPS})
    seed = "rng must be a whole number from 0 up, or a NumPy Generator, but 'abc' was given."
    with pytest.raises(cx.RoleError, match=f"^{re.escape(seed)}$"):
        run(frame, rng="abc")
    wrong = "resampling must be 'bootstrap' or 'bayesian', but 'jackknife' was given."
    with pytest.raises(cx.RoleError, match=f"^{re.escape(wrong)}$"):
        run(frame, resampling="jackknife")
    few = (
        "At least 100 events are needed to compare metrics, but 'e' happened to 99 of 600 rows."
        "\nWait for more events or watch longer; cx.concordance describes a smaller sample."
    )
    i = np.arange(600)
    watched = customers(600).assign(t=i % 7 + 1.0, e=(i < 99).astype(int))
    with pytest.raises(cx.TooFewError, match=f"^{re.escape(few)}$"):
        run(watched, outcome=cx.Survival("t", "e"))


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


def test_p_best_against_a_row_bootstrap() -> None:
    """The multinomial on counts is the row bootstrap: the same shares, up to Monte Carlo error."""
    frame = answers(600, (0.55, 0.6, 0.5), np.random.default_rng(5))
    result = run(frame, replicates=4000)
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
        result = run(frame, metrics=equal, replicates=1)
        named += result.best is not None
    assert named / runs <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / runs)


def test_best_is_found_in_simulation() -> None:
    rng = np.random.default_rng(9)
    found = [run(answers(3000, (0.4, 0.75, 0.4), rng), replicates=1).best for _ in range(20)]
    assert found == ["csat"] * 20


def test_clusters_are_drawn_whole() -> None:
    """Eight copies of each customer: naive draws would shrink the spread by the root of eight."""
    frame = answers(500, (0.5, 0.6, 0.4), np.random.default_rng(10))
    copies = pd.concat([frame] * 8).assign(customer=lambda d: d.index)
    clustered = run(copies, cluster="customer", replicates=4000)
    single = run(frame, replicates=4000)
    assert clustered.p_best_from == "cluster bootstrap"
    assert clustered.estimate == pytest.approx(single.estimate, abs=1e-12)
    assert np.abs(clustered.p_best - single.p_best).max() < 4 * math.sqrt(2 * 0.25 / 4000)
    assert clustered.comparison.std_error == pytest.approx(single.comparison.std_error, rel=0.01)


def test_weights_use_the_joint_normal() -> None:
    frame = answers(800, (0.5, 0.6, 0.4), np.random.default_rng(12)).assign(w=1.0)
    weighted, plain = run(frame, weight="w", replicates=4000), run(frame, replicates=4000)
    assert weighted.p_best_from == "joint normal"
    assert np.abs(weighted.p_best - plain.p_best).max() < 0.05  # normal against bootstrap: agree, not equal


def test_unpaired_customers_answered_one_metric_each() -> None:
    frame = answers(3000, (0.4, 0.8, 0.3), np.random.default_rng(13))
    which = np.arange(3000) % 3
    for j, name in enumerate(METRICS):
        frame.loc[which != j, name] = np.nan
    result = run(frame)
    assert not result.comparison.paired
    assert result.n == 3000
    assert result.comparison.covariance == pytest.approx(np.diag(np.diag(result.comparison.covariance)), abs=0)
    assert result.best == "csat"


def test_partial_overlap_uses_complete_rows_and_says_so() -> None:
    frame = answers(2000, (0.5, 0.6, 0.4), np.random.default_rng(14))
    frame.loc[:499, "ease"] = np.nan
    result = run(frame)
    assert (result.n, result.n_missing) == (1500, 500)
    assert any("500 rows had the outcome but not all metrics" in note for note in result.notes)
    assert result.estimate == pytest.approx(run(frame.iloc[500:]).estimate, abs=1e-12)


def test_seed_repeats_and_is_kept() -> None:
    frame = answers(600, (0.5, 0.55, 0.4), np.random.default_rng(15))
    first = run(frame, rng=None)
    assert (run(frame, rng=first.seed).p_best == first.p_best).all()
    assert run(frame, rng=np.random.default_rng(3)).seed is None


def test_too_few_events() -> None:
    frame = answers(600, (0.5, 0.55, 0.4), np.random.default_rng(17))
    frame["repurchase"] = (np.arange(600) < 60).astype(int)
    with pytest.raises(cx.TooFewError, match=r"At least 100 good and 100 bad outcomes .* 60 are good and 540 bad"):
        run(frame)


def test_the_right_metric_is_named_as_often_as_the_power_promises_in_simulation() -> None:
    """Areas .65, .61, .58: the power of both tests against csat at Bonferroni's level bounds the share from below."""
    truth, n, runs = cx.simulate.truth().auc, 1500, 200
    large = cx.simulate.cohort(100_000, rng=20)
    per_row = run(large, replicates=1).comparison.std_error[3:] * np.sqrt(100_000 / n)
    promised = 1.0
    for other, error in (("nps", per_row[0]), ("ease", per_row[2])):
        promised -= norm.cdf(norm.isf(0.05 / 3 / 2) - (truth["csat"] - truth[other]) / error)
    named = [run(cx.simulate.cohort(n, rng=21 + i), replicates=1).best for i in range(runs)]
    assert 0.3 < promised < 0.95  # a promise that could be broken
    assert named.count("csat") / runs >= promised - MC_ERRORS * math.sqrt(promised * (1 - promised) / runs)
    assert named.count("nps") == named.count("ease") == 0
