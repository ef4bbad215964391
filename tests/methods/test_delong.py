"""DeLong's comparison against the published values, pROC, brute force on rows, and in simulation."""

import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

import cxstats as cx
from cxstats.errors import CxStatsWarning, RoleError, TooFewError

# Both sides are sums of the same numbers in another order: only rounding may differ.
ROUNDING = 1e-12
# The golden values are published with 8 decimals or more; pROC's are stored with 16 digits.
PRINTED = 1e-8
# A jackknife and the influence values differ by terms of order 1 / clusters.
JACKKNIFE = 0.02
# Replications of a simulation, and how many Monte Carlo standard errors its coverage may be off.
REPLICATIONS, MC_ERRORS = 600, 4

REFERENCES = Path(__file__).parents[1] / "references"
TINY = pd.DataFrame(
    {
        "nps": [9, 8, 7, 10, 6, 9, 3, 5, 7, 2, 8, 4, 6, 1],
        "csat": [4, 5, 3, 5, 4, 2, 3, 1, 4, 2, 5, 3, 2, 4],
        "good": [1] * 6 + [0] * 8,
    }
)
METRICS = {"nps": cx.NPS, "csat": cx.CSAT5}
GOOD = cx.Binary("good")
Array = NDArray[np.float64]


def brute_force(score: Any, good: Any, weight: Any = None) -> tuple[float, Array]:
    """The area and each row's influence on it, by comparing every good row with every bad one."""
    score, good = np.asarray(score, dtype=float), np.asarray(good, dtype=bool)
    weight = np.ones(len(score)) if weight is None else np.asarray(weight, dtype=float)
    mass_good, mass_bad = weight[good].sum(), weight[~good].sum()
    placement = np.zeros(len(score))
    for i in range(len(score)):
        for j in range(len(score)):
            if good[i] != good[j]:
                better = (score[i] > score[j]) == good[i] and score[i] != score[j]
                won = 0.5 if score[i] == score[j] else float(better)
                placement[i] += weight[j] * won / (mass_bad if good[i] else mass_good)
    area = float((weight * placement)[good].sum() / mass_good)
    return area, weight * (placement - area) / np.where(good, mass_good, mass_bad)


def class_variance(influence: Array, good: Any) -> float:
    """Sum of squares with n / (n - 1) in each class, as DeLong's S10/m + S01/n has it."""
    good = np.asarray(good, dtype=bool)
    return float(sum((influence[g] ** 2).sum() * g.sum() / (g.sum() - 1) for g in (good, ~good)))


def firms(seed: int, groups: int = 50, size: int = 6) -> pd.DataFrame:
    """Answers of customers who share a firm, and therefore resemble each other."""
    rng = np.random.default_rng(seed)
    firm = np.repeat(np.arange(groups), size)
    n = groups * size
    lift = rng.normal(size=groups)[firm]
    return pd.DataFrame(
        {
            "firm": [f"f{i}" for i in firm],
            "good": (lift + rng.normal(size=n) > 0).astype(int),
            "nps": np.clip(np.round(6 + 2 * lift + rng.normal(size=n)), 0, 10),
            "csat": np.clip(np.round(3 + lift + rng.normal(size=n)), 1, 5),
            "weight": rng.choice([0.5, 1.0, 2.5], n),
        }
    )


def test_delong_against_golden_values() -> None:
    result = cx.delong(TINY, outcome=GOOD, metrics=METRICS).to_frame().set_index("term")
    assert result.estimate["nps"] == pytest.approx(0.90625, abs=ROUNDING)
    assert result.estimate["csat"] == pytest.approx(0.6875, abs=ROUNDING)
    assert result.std_error["nps - csat"] ** 2 == pytest.approx(0.0189794147, abs=1e-10)
    assert result.statistic["nps - csat"] == pytest.approx(1.58783969, abs=PRINTED)
    assert result.p_value["nps - csat"] == pytest.approx(0.11232259, abs=PRINTED)


PROC_METRICS = {"ease": cx.EASE5, "speed": cx.Scale(0, 10, whole=False), "nps": cx.NPS}


def stored() -> tuple[pd.DataFrame, dict[tuple[str, str, str], float]]:
    rows = pd.read_csv(REFERENCES / "delong_data.csv", comment="#")
    values = pd.read_csv(REFERENCES / "delong.csv", comment="#", keep_default_na=False)
    assert len(rows) == 113
    assert rows["good"].sum() == 41
    return rows, {(what, a, b): float(v) for what, a, b, v in values.itertuples(index=False)}


def test_paired_against_pROC(engine: Callable[[pa.Table], Any]) -> None:
    rows, proc = stored()
    result = cx.delong(engine(pa.Table.from_pandas(rows, preserve_index=False)), outcome=GOOD, metrics=PROC_METRICS)
    limits, limits90 = result.confidence_interval(), result.confidence_interval(0.9)
    found = {}
    for j, m in enumerate(PROC_METRICS):
        found["auc", m, ""], found["var", m, ""] = result.estimate[j], result.covariance[j, j]
        found["low", m, ""], found["high", m, ""] = limits.low[j], limits.high[j]
        found["high90", m, ""] = limits90.high[j]
    for i, (a, b) in enumerate(combinations(PROC_METRICS, 2), start=3):
        found["cov", a, b] = result.covariance[list(PROC_METRICS).index(a), list(PROC_METRICS).index(b)]
        found["z", a, b], found["p", a, b] = result.statistic[i], result.p_value[i]
        found["low", a, b], found["high", a, b] = limits.low[i], limits.high[i]
    expected = {key: value for key, value in proc.items() if not key[0].startswith("unpaired")}
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected, abs=PRINTED)
    assert (result.paired, result.n, result.n_missing) == (True, 113, 0)


def test_unpaired_against_pROC() -> None:
    rows, proc = stored()
    asked = rows.assign(ease=rows["ease"].where(rows["asked"] == "ease"), nps=rows["nps"].where(rows["asked"] == "nps"))
    metrics = {"ease": cx.EASE5, "nps": cx.NPS}
    result = cx.delong(asked, outcome=GOOD, metrics=metrics)
    assert result.estimate[0] == pytest.approx(proc["unpaired auc", "ease", ""], abs=PRINTED)
    assert result.estimate[1] == pytest.approx(proc["unpaired auc", "nps", ""], abs=PRINTED)
    variances = [proc["unpaired var", "ease", ""], proc["unpaired var", "nps", ""]]
    assert result.covariance == pytest.approx(np.diag(variances), abs=PRINTED)
    assert result.statistic[2] == pytest.approx(proc["unpaired statistic", "ease", "nps"], abs=PRINTED)
    assert (result.paired, result.n, result.n_missing) == (False, 113, 0)
    assert result.notes == (
        "No row has two of the metrics: each was compared on its own rows, as independent samples.",
    )


def test_weights_against_rows() -> None:
    rows = firms(5)
    result = cx.delong(rows, outcome=GOOD, metrics=METRICS, weight="weight")
    parts = [brute_force(rows[m], rows["good"], rows["weight"]) for m in METRICS]
    expected = [*(area for area, _ in parts), parts[0][0] - parts[1][0]]
    influences = [*(influence for _, influence in parts), parts[0][1] - parts[1][1]]
    assert result.estimate == pytest.approx(expected, abs=ROUNDING)
    assert result.std_error**2 == pytest.approx([class_variance(i, rows["good"]) for i in influences], rel=ROUNDING)


@pytest.mark.parametrize("weight", [None, "weight"])
def test_clusters_against_rows(weight: str | None) -> None:
    rows = firms(1)
    result = cx.delong(rows, outcome=GOOD, metrics=METRICS, cluster="firm", weight=weight)
    parts = [brute_force(rows[m], rows["good"], None if weight is None else rows[weight]) for m in METRICS]
    for influence, std_error in zip(
        [parts[0][1], parts[1][1], parts[0][1] - parts[1][1]], result.std_error, strict=True
    ):
        sums = pd.Series(influence).groupby(rows["firm"]).sum()
        assert std_error**2 == pytest.approx(50 / 49 * (sums**2).sum(), rel=ROUNDING)
    assert result.df == 49
    assert (np.diff(result.confidence_interval(0.5).low) != 0).all()


def test_clusters_against_leaving_one_out() -> None:
    rows = firms(7, groups=150, size=3)
    result = cx.delong(rows, outcome=GOOD, metrics=METRICS, cluster="firm")

    def difference(kept: pd.DataFrame) -> float:
        first, second = (cx.auc(kept, outcome=GOOD, metrics={m: s}).estimate[0] for m, s in METRICS.items())
        return float(first - second)

    without = np.array([difference(rows[rows["firm"] != firm]) for firm in rows["firm"].unique()])
    jackknife = np.sqrt(149 / 150 * ((without - without.mean()) ** 2).sum())
    assert result.std_error[2] == pytest.approx(jackknife, rel=JACKKNIFE)


def test_clusters_join_samples_that_share_no_row() -> None:
    rows = firms(9)
    half = np.arange(len(rows)) % 2 == 0
    rows["nps"], rows["csat"] = rows["nps"].where(half), rows["csat"].where(~half)
    result = cx.delong(rows, outcome=GOOD, metrics=METRICS, cluster="firm")
    influence = np.zeros((len(rows), 2))
    influence[half, 0] = brute_force(rows["nps"][half], rows["good"][half])[1]
    influence[~half, 1] = brute_force(rows["csat"][~half], rows["good"][~half])[1]
    sums = pd.DataFrame(influence).groupby(rows["firm"].to_numpy()).sum().to_numpy()
    assert result.covariance == pytest.approx(50 / 49 * sums.T @ sums, rel=ROUNDING)
    assert not result.paired


def test_shards_against_the_whole() -> None:
    rows = firms(11)
    roles: dict[str, Any] = {"outcome": GOOD, "metrics": METRICS, "cluster": "firm", "weight": "weight"}
    shards = [cx.tally(rows[i::3], **roles) for i in range(3)]
    whole, merged = cx.delong(rows, **roles), cx.delong(shards[0] + shards[1] + shards[2])
    assert np.array_equal(whole.estimate, merged.estimate)
    assert np.array_equal(whole.covariance, merged.covariance)


def test_recoded_metrics_do_not_differ() -> None:
    rows = TINY.assign(wide=TINY["nps"] ** 3 - 7)
    result = (
        cx.delong(rows, outcome=GOOD, metrics={"nps": cx.NPS, "wide": cx.Scale(-7, 993)}).to_frame().set_index("term")
    )
    assert result.estimate["nps"] == result.estimate["wide"]
    assert tuple(result.loc["nps - wide", ["estimate", "statistic", "p_value"]]) == (0.0, 0.0, 1.0)


def test_rows_without_all_metrics_are_left_out_and_counted() -> None:
    rows = TINY.astype(float)
    rows.loc[[0, 7], "csat"] = np.nan
    rows.loc[3, "good"] = np.nan
    result = cx.delong(rows, outcome=GOOD, metrics=METRICS)
    complete = cx.delong(rows.dropna(), outcome=GOOD, metrics=METRICS)
    assert np.array_equal(result.estimate, complete.estimate)
    assert np.array_equal(result.covariance, complete.covariance)
    assert (result.n, result.n_missing, result.n_cells) == (11, 3, complete.n_cells)
    assert result.notes == ("2 rows had the outcome but not all metrics and were left out: same rows compared.",)


def coverage(make: Callable[[np.random.Generator], pd.DataFrame], truths: list[float], seed: int) -> Array:
    """The share of intervals (first area, difference) that hold the truth."""
    rng = np.random.default_rng(seed)
    scale = cx.Scale(-50, 50, whole=False)
    hits = np.zeros(len(truths))
    for _ in range(REPLICATIONS):
        result = cx.delong(make(rng), outcome=GOOD, metrics={"a": scale, "b": scale}, cluster="firm")
        limits = result.confidence_interval()
        hits += (limits.low[[0, 2]] <= truths) & (truths <= limits.high[[0, 2]])
    return hits / REPLICATIONS


def test_clusters_in_simulation() -> None:
    """With a shift of 1 the area is Phi(1 / sqrt(2 (1 + .8 + .6))); the metrics are exchangeable, so equal."""
    from scipy.special import ndtr

    def make(rng: np.random.Generator) -> pd.DataFrame:
        firm = np.repeat(np.arange(60), 5)
        good = rng.random(300) < 0.4
        shared = np.sqrt(0.6) * rng.normal(size=300)
        scores = [good + np.sqrt(0.8) * rng.normal(size=60)[firm] + shared + rng.normal(size=300) for _ in range(2)]
        return pd.DataFrame({"firm": firm, "good": good, "a": scores[0], "b": scores[1]})

    found = coverage(make, [float(ndtr(1 / np.sqrt(2 * 2.4))), 0.0], seed=13)
    mc_error = np.sqrt(0.95 * 0.05 / REPLICATIONS)
    assert found == pytest.approx([0.95, 0.95], abs=MC_ERRORS * mc_error)


def test_naive_intervals_fall_short_in_simulation() -> None:
    """Eight copies of every answer: without cluster= the standard error is too small by sqrt(8)."""
    rows = firms(15, groups=100, size=1)
    copies = pd.concat([rows] * 8)
    naive = cx.delong(copies, outcome=GOOD, metrics=METRICS)
    clustered = cx.delong(copies, outcome=GOOD, metrics=METRICS, cluster="firm")
    # Apart from the factors n / (n - 1) of 800 rows and of 100 clusters.
    assert clustered.std_error / naive.std_error == pytest.approx(np.full(3, np.sqrt(8)), rel=JACKKNIFE)


def test_few_clusters_are_a_note() -> None:
    rows = firms(17, groups=30, size=4)
    with pytest.warns(CxStatsWarning, match=r"^30 clusters are few \(fewer than 40\)") as caught:
        result = cx.delong(rows, outcome=GOOD, metrics=METRICS, cluster="firm")
    assert caught[0].filename == __file__
    assert result.notes == ("30 clusters are few (fewer than 40): the intervals may be too narrow.",)
    assert str(result).endswith("Note: " + result.notes[0])


def test_names_are_enough_for_cells() -> None:
    cells = cx.tally(TINY, outcome=GOOD, metrics=METRICS)
    assert np.array_equal(cx.delong(cells, metrics=["csat", "nps"]).estimate[:2], cx.delong(cells).estimate[[1, 0]])
    with pytest.raises(
        RoleError, match=r"^The roles of cells are fixed when they are tallied, but outcome is now asked"
    ):
        cx.delong(cells, outcome=cx.Binary("good", good=0))


def test_one_metric_is_no_comparison() -> None:
    message = r"^A comparison needs at least two metrics, but 1 was given\.\nUse cx\.auc for a single one\.$"
    with pytest.raises(TooFewError, match=message):
        cx.delong(TINY, outcome=GOOD, metrics={"nps": cx.NPS})


def test_nested_models_fitted_to_the_same_rows_are_refused() -> None:
    """By statsmodels, with and without clusters and counts; predictions for other rows are welcome."""
    rng = np.random.default_rng(31)
    x = rng.normal(size=(800, 2))
    good = (x[:, 0] + rng.logistic(size=800) > 0).astype(int)
    small, large = (sm.Logit(good, sm.add_constant(x[:, :k])).fit(disp=0) for k in (1, 2))
    chance = cx.Scale(0, 1, whole=False)
    frame = pd.DataFrame({"small": small.predict(), "large": large.predict(), "good": good})
    frame["firm"] = np.arange(800) % 50
    message = (
        "Areas must be those of scores, or of predictions made elsewhere, but 'small', 'large' are probabilities that "
        "logistic regressions fitted to these very rows (their residuals add up to 0).\nFor nested models the null "
        "distribution of this test is not normal, and both areas are too good: use cx.added_value, which tests the "
        "larger model and measures the gain on customers held out."
    )
    given = {"outcome": cx.Binary("good"), "metrics": {"small": chance, "large": chance}}
    for keys in ({}, {"cluster": "firm"}):
        with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
            cx.delong(frame, **given, **keys)
    turned = frame.assign(good=1 - good, small=1 - frame.small, large=1 - frame.large)
    with pytest.raises(cx.RoleError, match="fitted to these very rows"):
        cx.delong(turned, **given)
    first = np.arange(800) < 400
    halves = [sm.Logit(good[first], sm.add_constant(x[first, :k])).fit(disp=0) for k in (1, 2)]
    other = pd.DataFrame(
        {
            "small": halves[0].predict(sm.add_constant(x[~first, :1])),
            "large": halves[1].predict(sm.add_constant(x[~first])),
            "good": good[~first],
        }
    )
    assert cx.delong(other, **given).n == 400
    wide = cx.Scale(-10, 10, whole=False)
    # One fitted model against a raw score cannot be nested in it.
    assert cx.delong(frame.assign(x=x[:, 1]), outcome=cx.Binary("good"), metrics={"small": chance, "x": wide}).n == 800


def test_standard_errors_against_boot() -> None:
    """R's packages boot and pROC: areas and their difference in 2,000 resamples of 600 rows."""
    stored = pd.read_csv(REFERENCES / "boot.csv", comment="#", index_col="term")
    rows = pd.read_csv(REFERENCES / "logistic_rows.csv", comment="#")
    metrics = {"nps": cx.NPS, "effort": cx.EFFORT5}
    result = cx.delong(rows, outcome=cx.Binary("stayed"), metrics=metrics)
    expected = stored.loc[["auc nps", "auc effort", "auc nps - effort"]]
    assert result.estimate == pytest.approx(expected.estimate.to_numpy(), abs=1e-12)
    # Monte Carlo error of a standard error from 2,000 draws is 1 / sqrt(4000): four of them.
    assert result.std_error == pytest.approx(expected.std_error.to_numpy(), rel=4 / np.sqrt(4000))
