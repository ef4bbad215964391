"""Leakage against pROC, all pairs of rows one by one, groups counted in pandas, real data and planted faults."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import norm, t

import cxstats as cx
from cxstats.errors import CxStatsWarning, RoleError, TooFewError
from cxstats.methods.leakage import Leakage, leakage

Array = npt.NDArray[Any]
REFERENCES = Path(__file__).parents[1] / "references"
# R prints 15 digits.
AGAINST_R = 1e-12
# The same sums in another order.
ROUNDING = 1e-10
MC_ERRORS = 4
STAYED = cx.Binary("stayed")
WIDE = cx.Scale(-99, 99, whole=False)


def row_of(result: Leakage, column: str) -> Any:
    return result.to_frame().set_index("column").loc[column]


def number_of(result: Leakage, column: str) -> int:
    return result.names.index(column)


def test_area_against_pROC() -> None:
    data = pd.read_csv(REFERENCES / "delong_data.csv", comment="#")
    stored = pd.read_csv(REFERENCES / "delong.csv", comment="#")
    stored = stored[stored.what == "auc"].set_index("first").value
    metrics = {"ease": cx.EASE7, "speed": WIDE, "nps": cx.NPS}
    result = leakage(data, outcome=cx.Binary("good"), metrics=metrics)
    for metric in metrics:
        assert row_of(result, metric).estimate == pytest.approx(stored[metric], rel=AGAINST_R)
    assert result.flagged == ()


def in_pairs(level: Array | None, score: Array, y: Array, w: Array, unit: Array) -> tuple[float, float]:
    """Concordance and its standard error from every pair of rows; levels by the mean of the rows of other units."""
    n = len(y)
    if level is not None:
        score = np.empty(n)
        for i in range(n):
            rest = (level == level[i]) & (unit != unit[i])
            score[i] = (w[rest] @ y[rest]) / w[rest].sum() if rest.any() else w @ y / w.sum()
    pair, usable = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if y[i] != y[j]:
                usable[i, j] = w[i] * w[j]
                tied = abs(score[i] - score[j]) < 1e-12 or (level is not None and level[i] == level[j])
                right = 0.5 if tied else float((score[i] > score[j]) == (y[i] > y[j]))
                pair[i, j] = usable[i, j] * right
    c = pair.sum() / usable.sum()
    influence = 2 * (pair.sum(axis=1) - c * usable.sum(axis=1)) / usable.sum()
    sums = np.bincount(np.unique(unit, return_inverse=True)[1], weights=influence)
    return float(c), float(np.sqrt(sums @ sums * len(sums) / (len(sums) - 1)))


@pytest.mark.parametrize("key", [None, "weight", "cluster"])
@pytest.mark.parametrize("outcome", [STAYED, cx.Continuous("spend")], ids=["binary", "measured"])
def test_estimates_against_all_pairs_of_rows(outcome: Any, key: str | None) -> None:
    rng = np.random.default_rng(3)
    n = 160
    data = pd.DataFrame(
        {
            "effort": rng.integers(1, 6, n),
            "tenure": rng.integers(0, 30, n),
            "plan": rng.choice([f"plan {i}" for i in range(12)] + ["rare 1", "rare 2"], n, p=[0.08] * 12 + [0.02] * 2),
            "weight": rng.choice([0.5, 1.0, 2.0], n),
            "firm": rng.integers(0, 45, n),
        }
    )
    latent = 0.1 * data.tenure - 0.4 * data.effort + data.plan.str.len() + rng.normal(size=n)
    data["stayed"] = (latent > latent.median()).astype(int)
    data["spend"] = np.round(latent, 1)
    data.loc[:4, "plan"] = [f"alone {i}" for i in range(5)]  # a level of one row, of which nothing can be known
    w = data.weight.to_numpy() if key == "weight" else np.ones(n)
    unit = data.firm.to_numpy() if key == "cluster" else np.arange(n)
    keys: dict[str, str] = {} if key is None else {key: "firm" if key == "cluster" else "weight"}
    result = leakage(data, outcome=outcome, metrics={"effort": cx.EFFORT5}, controls=["plan", "tenure"], **keys)
    y = data[outcome.column].to_numpy(dtype=float)
    levels = np.unique(data.plan, return_inverse=True)[1]
    q = norm.ppf(0.975) if key != "cluster" else t.ppf(0.975, len(np.unique(unit)) - 1)
    for column, level, score in (
        ("effort", None, -data.effort.to_numpy()),
        ("plan", levels, levels),
        ("tenure", None, data.tenure.to_numpy()),
    ):
        c, error = in_pairs(level, score.astype(float), y, w, unit)
        row = row_of(result, column)
        assert row.estimate == pytest.approx(c, rel=ROUNDING)
        assert row.std_error == pytest.approx(error, rel=ROUNDING)
        # Wilson (1927): the limits are the p at which |c - p| is q standard errors of p, n_eff from the variance.
        n_eff = n * c * (1 - c) / (n - 1) / error**2
        for limit in (row.ci_low, row.ci_high):
            assert abs(c - limit) == pytest.approx(q * np.sqrt(limit * (1 - limit) / n_eff), rel=ROUNDING)
    assert result.flagged == ()


def counted(data: pd.DataFrame, column: str, good: str, unit: str | None = None) -> tuple[float, float, float, float]:
    """Levels without exception, by groups: shares of all, of the good, of the bad; log10 of the luck."""
    n, rate = len(data), data[good].mean()
    held, luck = np.zeros(2), 0.0
    for _, group in data.groupby(data[column].astype(object).where(data[column].notna(), "none"), observed=True):
        units = len(group) if unit is None else group[unit].nunique()
        for side, chance in ((1, rate), (0, 1 - rate)):
            if (group[good] == side).all() and units >= 30 and units * (1 - chance) >= 10:
                held[side] += len(group)
                luck += units * np.log10(chance)
    return held.sum() / n, held[1] / (rate * n), held[0] / ((1 - rate) * n), luck


def test_levels_without_exception_against_groups() -> None:
    rng = np.random.default_rng(4)
    n = 3000
    data = pd.DataFrame({"score": rng.integers(0, 11, n).astype(float), "firm": rng.integers(0, 150, n)})
    data["stayed"] = (rng.random(n) < 0.6).astype(int)
    data.loc[data.score <= 1, "stayed"] = 0
    data.loc[data.score == 10, "stayed"] = 1
    data.loc[rng.random(n) < 0.03, ["score", "stayed"]] = [np.nan, 0]
    data.loc[data.score == 0, "firm"] = 7  # many rows of one firm only
    for keys in ({}, {"cluster": "firm"}):
        result = leakage(data, outcome=STAYED, metrics={"score": cx.NPS}, **keys)
        found = [result.pure[0], result.pure_good[0], result.pure_bad[0], result.log10_luck[0]]
        assert found == pytest.approx(counted(data, "score", "stayed", keys.get("cluster")), rel=ROUNDING)
    assert result.n_used[0] == data.score.notna().sum()
    assert result.n == n


def test_fictional_telco_is_flagged(real_data: Callable[[str], Path]) -> None:
    data = pd.read_csv(real_data("telco_fictional/telco_ibm.csv.gz"))
    data["churned"] = (data["Churn Label"] == "Yes").astype(int)
    contained = ["Churn Label", "Customer Status", "Churn Category", "Churn Reason", "Churn Score"]
    honest = ["Contract", "Tenure in Months", "Payment Method", "City", "Offer", "Number of Referrals"]
    result = leakage(
        data,
        outcome=cx.Binary("churned", good=0),
        metrics={"Satisfaction Score": cx.CSAT5},
        controls=[*contained, *honest],
    )
    assert result.flagged == ("Satisfaction Score", *contained)
    assert list(result.to_frame().role) == ["metric"] + ["control"] * 11
    satisfaction, good = data["Satisfaction Score"], data.churned == 0
    # 1 and 2 always leave, 4 and 5 never: only two customers at 3 cannot be told apart.
    area = 1 - (satisfaction[good] == 3).mean() * (satisfaction[~good] == 3).mean() / 2
    assert result.estimate[0] == pytest.approx(area, rel=ROUNDING)
    # The area alone would not do: its lower limit is below .95. The levels do.
    assert result.confidence_interval().low[0] < 0.95
    kept = (
        (satisfaction != 3).mean(),
        (satisfaction[good] > 3).mean(),
        (satisfaction[~good] < 3).mean(),
    )
    assert (result.pure[0], result.pure_good[0], result.pure_bad[0]) == pytest.approx(kept, rel=ROUNDING)
    assert result.reasons[0] == (
        f"'Satisfaction Score' knows the outcome 'churned' too well: {100 * kept[0]:.3g}% of customers are at levels "
        f"without a single exception, {100 * kept[1]:.3g}% of those with a good outcome and {100 * kept[2]:.3g}% of "
        f"those with a bad one (by luck 1 in 10^{-result.log10_luck[0]:.0f}). Satisfaction goes with what customers "
        "later do at an area near .6, so this score may have been asked after the outcome, or computed from it. Check "
        "when the question was asked and where the number comes from, and leave it out until that is clear."
    )
    assert "'Churned', 'Joined', 'Stayed' have one outcome only." in result.reasons[2]
    with pytest.raises(RoleError) as caught:
        leakage(
            data,
            outcome=cx.Binary("churned", good=0),
            metrics={"Satisfaction Score": cx.CSAT5},
            controls=["Customer ID"],
        )
    assert str(caught.value) == (
        "A control must describe customers, but 'Customer ID' identifies rows: no two rows have the same value."
        "\nLeave it out, or pass a customer's key as cluster=."
    )


def test_fictional_telco_is_flagged_over_its_tenure(real_data: Callable[[str], Path]) -> None:
    """The same fault where the outcome is the time until customers left: whoever rated 1 or 2 did, 4 or 5 never."""
    data = pd.read_csv(real_data("telco_fictional/telco_ibm.csv.gz"))
    data = data.assign(left=(data["Churn Label"] == "Yes").astype(int))
    outcome, rated = cx.Survival("Tenure in Months", "left"), {"Satisfaction Score": cx.CSAT5}
    result = leakage(data, outcome=outcome, metrics=rated, controls=["Customer Status", "Contract", "Monthly Charge"])
    assert result.flagged == ("Satisfaction Score", "Customer Status")
    score = data["Satisfaction Score"]
    low, high = data[score <= 2], data[score >= 4]
    assert (low.left.min(), high.left.max()) == (1, 0)
    assert result.pure_bad[0] == pytest.approx(len(low) / data.left.sum(), rel=ROUNDING)
    assert result.pure_good[0] == pytest.approx(len(high) / (data.left == 0).sum(), rel=ROUNDING)


def test_real_questions_of_one_sitting_are_not_flagged(real_data: Callable[[str], Path]) -> None:
    skytrax = pd.read_csv(real_data("skytrax_lounge/skytrax_lounge.csv.gz")).dropna(subset=["overall_rating"])
    parts = {f"{part}_rating": cx.CSAT5 for part in ("comfort", "cleanliness", "staff_service", "catering")}
    parts = {name: scale for name, scale in parts.items() if skytrax[name].dropna().between(1, 5).all()}
    result = leakage(
        skytrax,
        outcome=cx.Binary("recommended"),
        metrics={"overall_rating": cx.Scale(1, 10), **parts},
        controls=["airline_name", "lounge_type", "type_traveller"],
    )
    assert result.flagged == ()
    assert 0.84 < row_of(result, "overall_rating").estimate < 0.86  # as strong as honest questions come
    sfo = cx.datasets.load("sfo_2017").frame
    sfo = sfo.dropna(subset=["nps"]).assign(promoter=lambda d: (d.nps >= 9).astype(int))
    result = leakage(
        sfo,
        outcome=cx.Binary("promoter"),
        metrics={"overall": cx.CSAT5, "ease": cx.EASE5},
        controls=["problem"],
        count="n",
    )
    assert result.flagged == ()


def binormal(rng: np.random.Generator, n: int, area: float, bad: float = 0.5, points: int | None = None) -> Any:
    """A simulated score with a known area; in so many points where they are given."""
    stayed = (rng.random(n) > bad).astype(int)
    score = rng.normal(size=n) + np.sqrt(2) * norm.ppf(area) * stayed
    if points is not None:
        spread = (score - score.mean()) / score.std()
        score = np.clip(np.round((spread + 2.2) / 4.4 * (points - 1)), 0, points - 1)
    return pd.DataFrame({"score": score, "stayed": stayed})


def test_an_area_of_97_is_flagged_in_simulation() -> None:
    data = binormal(np.random.default_rng(5), 2000, 0.97)
    result = leakage(data, outcome=STAYED, metrics={"score": WIDE})
    assert result.flagged == ("score",)
    row = row_of(result, "score")
    assert result.reasons[0].startswith(
        f"'score' knows the outcome 'stayed' too well: its area is {row.estimate:.4g} (95% limits {row.ci_low:.4g} to "
        f"{row.ci_high:.4g}), where above 0.95 is suspicious. Satisfaction goes with"
    )
    # The wrong way round it is as suspicious.
    result = leakage(data.assign(stayed=1 - data.stayed), outcome=STAYED, metrics={"score": WIDE})
    assert f"to {1 - row.ci_low:.4g}), where below 0.05, the wrong way round, is suspicious." in result.reasons[0]


def test_honest_scores_are_not_flagged_in_simulation() -> None:
    rng = np.random.default_rng(6)
    for area in (0.6, 0.85, 0.9):
        for n, points, bad in ((300, 11, 0.5), (1000, 11, 0.26), (1000, 5, 0.05), (3000, 5, 0.5), (6000, 101, 0.26)):
            for _ in range(5):
                data = binormal(rng, n, area, bad, points)
                result = leakage(data, outcome=STAYED, metrics={"score": cx.Scale(0, 100)})
                assert result.flagged == (), (area, n, points, bad)


def test_limits_near_one_in_simulation() -> None:
    """At the border itself a column is flagged at most once in forty samples, and the interval covers."""
    rng = np.random.default_rng(7)
    limits = []
    for _ in range(400):
        result = leakage(binormal(rng, 250, 0.95), outcome=STAYED, metrics={"score": WIDE})
        interval = result.confidence_interval()
        limits.append((interval.low[0], interval.high[0]))
    low, high = np.array(limits).T
    assert np.mean(low > 0.95) <= 0.025 + MC_ERRORS * np.sqrt(0.025 * 0.975 / 400)
    assert np.mean((low <= 0.95) & (high >= 0.95)) >= 0.95 - MC_ERRORS * np.sqrt(0.95 * 0.05 / 400)


def test_levels_that_know_nothing_come_out_at_one_half_in_simulation() -> None:
    """Forty levels of eight rows: by their own means they would seem to predict, held out they do not."""
    rng = np.random.default_rng(8)
    found, own = [], []
    for _ in range(100):
        data = pd.DataFrame({"x": 1, "city": np.arange(320) % 40, "stayed": rng.integers(0, 2, 320)})
        data["nps"] = rng.integers(0, 11, 320)
        named = data.assign(city=[f"city {c}" for c in data.city])
        result = leakage(named, outcome=STAYED, metrics={"nps": cx.NPS}, controls=["city"])
        found.append(row_of(result, "city").estimate)
        means = data.groupby("city").stayed.transform("mean").to_numpy()
        up, down = means[data.stayed == 1][:, None], means[data.stayed == 0][None, :]
        own.append(((up > down) + (up == down) / 2).mean())
        assert result.flagged == ()
    assert np.mean(found) == pytest.approx(0.5, abs=MC_ERRORS * np.std(found) / 10)
    assert np.mean(own) > 0.6


def test_the_simulated_leak_is_found() -> None:
    truth = cx.simulate.leak_truth(unsure=0.4)
    data = cx.simulate.leak(2000, rng=1)
    result = leakage(data, outcome=cx.Binary("repurchase"), metrics={"nps": cx.NPS, "satisfaction": cx.CSAT5})
    assert result.flagged == ("satisfaction",)
    row = row_of(result, "satisfaction")
    assert row.estimate == pytest.approx(truth.auc, abs=MC_ERRORS * row.std_error)


@pytest.mark.parametrize("way", [1, -1])
def test_perfect_separation_is_a_result(way: int) -> None:
    data = pd.DataFrame({"score": way * np.arange(40.0), "stayed": [0] * 25 + [1] * 15})
    result = leakage(data, outcome=STAYED, metrics={"score": WIDE}, controls=[])
    assert result.flagged == ("score",)
    order = "the order" if way == 1 else "the opposite order"
    assert (
        f"too well: it puts all customers in {order} of the outcome, in 15 pairs and more without" in result.reasons[0]
    )
    # No variance is left; of 15 good and 25 bad, 15 pairs share no row, and Wilson's limit of 15 out of 15 is
    z2 = norm.ppf(0.975) ** 2
    limit = 15 / (15 + z2)
    row = row_of(result, "score")
    expected = [1, limit, 1] if way == 1 else [0, 0, 1 - limit]
    assert [row.estimate, row.ci_low, row.ci_high] == pytest.approx(expected, rel=ROUNDING)
    few = leakage(data.iloc[[0, 1, 2, 3, 36, 37, 38, 39]], outcome=STAYED, metrics={"score": WIDE})
    assert few.flagged == ()
    assert few.notes == ("'score' tells all outcomes apart, but in 4 pairs of customers that may be luck.",)


def test_columns_that_only_one_outcome_has() -> None:
    rng = np.random.default_rng(9)
    n = 2000
    stayed = (rng.random(n) < 0.7).astype(int)
    data = pd.DataFrame({"stayed": stayed, "nps": rng.integers(0, 11, n)})
    data["exit_score"] = np.where(stayed == 1, np.nan, rng.integers(0, 11, n))
    data["days_gone"] = np.where(stayed == 1, np.nan, rng.random(n))
    data["thanks"] = np.where((stayed == 1) & (rng.random(n) < 0.4), rng.random(n), np.nan)
    data["renewed"] = np.where((stayed == 1) & (rng.random(n) < 0.4), "yes", "no")
    metrics = {"nps": cx.NPS, "exit_score": cx.NPS}
    result = leakage(data, outcome=STAYED, metrics=metrics, controls=["days_gone", "thanks", "renewed"])
    assert result.flagged == ("exit_score", "days_gone", "thanks", "renewed")
    assert np.isnan(row_of(result, "exit_score").estimate)
    assert result.pure[number_of(result, "exit_score")] == 1
    assert "; whoever has it shares one outcome. Satisfaction goes" in result.reasons[0]
    assert "too well: whoever has it shares one outcome. This control may contain the outcome" in result.reasons[2]
    assert "too well: 'yes' has one outcome only. This control" in result.reasons[3]
    # A level that nobody expects to have exceptions says nothing.
    rare = data.assign(stayed=(np.arange(n) % 200 > 0).astype(int), plan=np.where(np.arange(n) % 9 == 1, "a", "b"))
    assert leakage(rare, outcome=STAYED, metrics={"nps": cx.NPS}, controls=["plan"]).flagged == ()


def test_measured_outcomes_in_simulation() -> None:
    rng = np.random.default_rng(10)
    n = 3000
    spend = rng.normal(size=n)
    data = pd.DataFrame({"spend": spend, "binned": np.digitize(spend, [-1.2, -0.4, 0.4, 1.2]) + 1})
    for name, r in (("close", 0.97), ("honest", 0.8)):
        data[name] = r * spend + np.sqrt(1 - r**2) * rng.normal(size=n)
    data["coupon"] = np.where(spend > 0.2, "gold", "none")
    data["region"] = rng.choice(["north", "south"], n)
    result = leakage(
        data,
        outcome=cx.Continuous("spend"),
        metrics={"binned": cx.CSAT5, "close": WIDE, "honest": WIDE},
        controls=["coupon", "region"],
    )
    assert result.flagged == ("binned", "close", "coupon")
    for name, r in (("close", 0.97), ("honest", 0.8)):
        row = row_of(result, name)
        # Of bivariate normal values: Kendall's tau is 2 arcsin(r) / pi.
        assert row.estimate == pytest.approx(0.5 + np.arcsin(r) / np.pi, abs=MC_ERRORS * row.std_error)
    assert "its concordance is 0.9" in result.reasons[1]
    low = leakage(data, outcome=cx.Continuous("spend", good="low"), metrics={"close": WIDE})
    assert low.estimate[0] == pytest.approx(1 - result.estimate[1], rel=ROUNDING)
    assert low.flagged == ("close",)
    stars = data.assign(stars=data.binned)
    rated = leakage(stars, outcome=cx.Rating("stars", cx.EFFORT5), metrics={"binned": cx.CSAT5, "honest": WIDE})
    assert rated.flagged == ("binned",)
    counts = data.assign(orders=np.maximum(np.round(2 * spend), 0).astype(int))
    assert leakage(counts, outcome=cx.Count("orders"), metrics={"honest": WIDE}).flagged == ()


def test_what_is_not_asked_for_does_not_matter() -> None:
    data = cx.simulate.leak(2000, rng=1).assign(firm=np.arange(2000) % 30)
    metrics = {"nps": cx.NPS, "satisfaction": cx.CSAT5}
    cells = cx.tally(data, outcome=cx.Binary("repurchase"), metrics=metrics)
    alone = leakage(data, outcome=cx.Binary("repurchase"), metrics={"nps": cx.NPS})
    one = leakage(cells, metrics=["nps"])
    assert (one.n, one.n_missing, one.n_cells) == (alone.n, alone.n_missing, alone.n_cells)
    assert np.array_equal(one.estimate, alone.estimate)
    clustered = cx.tally(data, outcome=cx.Binary("repurchase"), metrics=metrics, cluster="firm")
    with pytest.warns(CxStatsWarning, match="30 clusters are few"):
        warned = leakage(clustered)
    assert warned.notes == ("30 clusters are few (fewer than 40): the intervals may be too narrow.",)


def watched(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Customers who leave at a rate of their own, watched for two years, with scores and controls of known faults."""
    ease = rng.integers(1, 8, n)
    left = rng.exponential(12 + 3.0 * ease)
    gone = (left <= 24).astype(int)
    return pd.DataFrame(
        {
            "months": np.ceil(np.minimum(left, 24)),
            "gone": gone,
            "ease": ease,  # honest
            "asked_late": np.where(gone == 1, 1, rng.integers(3, 6, n)),  # after the outcome
            "orders": np.floor(np.minimum(left, 24) * 2 + rng.random(n)),  # counted until the end of the watch
            "status": np.where(gone == 1, "closed", "open"),
        }
    )


def test_planted_faults_with_a_time_until_an_event() -> None:
    """Rule 1 by the time: what is counted until the end; 3 and 4 by the event; the concordance as R has it."""
    data = watched(2_000, np.random.default_rng(11))
    outcome = cx.Survival("months", "gone", after=True)
    metrics = {"ease": cx.EASE7, "asked_late": cx.CSAT5}
    result = leakage(data, outcome=outcome, metrics=metrics, controls=["orders", "status"])
    assert result.flagged == ("asked_late", "orders", "status")
    assert "its concordance is" in result.reasons[1]
    assert "it puts all customers in the order of the outcome" in result.reasons[2]
    assert "knows the outcome 'gone' too well" in result.reasons[0]
    alone = cx.concordance(data, outcome=outcome, metrics={"ease": cx.EASE7})
    assert result.estimate[0] == pytest.approx(alone.estimate[0], abs=ROUNDING)
    assert result.std_error[0] == pytest.approx(alone.std_error[0], rel=ROUNDING)


def test_near_keys_are_named_and_not_flagged() -> None:
    rng = np.random.default_rng(12)
    data = pd.DataFrame({"nps": rng.integers(0, 11, 400), "stayed": rng.integers(0, 2, 400)})
    data["name"] = [f"name {max(i, 20)}" for i in range(400)]
    result = leakage(data, outcome=STAYED, metrics={"nps": cx.NPS}, controls=["name"])
    assert result.flagged == ()
    assert result.notes == ("'name' has 380 values in 400 rows: it is nearly a key, and predicts nothing.",)


def test_what_is_refused_is_refused_in_full() -> None:
    data = pd.DataFrame({"nps": [1, 2, 3, 4], "stayed": [1, 1, 1, None], "time": [1, 2, 3, 4], "gone": [0, 1, 0, 1]})
    metrics = {"nps": cx.NPS}
    cases: list[tuple[dict[str, Any], type[Exception], str]] = [
        (
            {"outcome": STAYED},
            TooFewError,
            (
                "The outcome 'stayed' must take at least two values, but all 3 rows hold 1."
                "\nCheck how the tables were joined, or use a longer window."
            ),
        ),
        (
            {},
            RoleError,
            'An outcome is needed.\nPass for example outcome=cx.Binary("churned", good=0).',
        ),
    ]
    for given, kind, message in cases:
        with pytest.raises(kind, match=f"^{re.escape(message)}$"):
            leakage(data, metrics=metrics, **given)
    nobody = data.assign(stayed=np.nan)
    with pytest.raises(TooFewError, match=r"must take at least two values, but no row has it\.\nCheck"):
        leakage(nobody, outcome=STAYED, metrics=metrics)
