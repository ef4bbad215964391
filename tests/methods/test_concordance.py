"""Concordance against survival::concordance in R, brute force over pairs, Somers' D in SciPy, and simulations."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, somersd

import cxstats as cx
from cxstats.numerics.concordance import fit_concordance, mass_below

REFERENCES = Path(__file__).parents[1] / "references"
METRICS = {"nps": cx.NPS, "effort": cx.EASE5}  # R takes the numbers as they are: up is good
ROUNDING = 1e-12
STORED = 1e-13  # the reference holds 15 digits


def rows() -> pd.DataFrame:
    """The stored rows with the spend that concordance.R makes of them."""
    frame = pd.read_csv(REFERENCES / "logistic_rows.csv", comment="#")
    i = np.arange(1, len(frame) + 1)
    long_tail = np.round(np.exp((i * 104729) % 1000 / 250 + 0.15 * frame.nps), 1)
    return frame.assign(spend=np.where((i * 7919) % 5 < 2, 0.0, long_tail))


def reference(case: str) -> dict[tuple[str, str], float]:
    stored = pd.read_csv(REFERENCES / "concordance.csv", comment="#")
    chosen = stored[stored["case"] == case]
    return {(row, column): value for row, column, value in zip(chosen["row"], chosen.column, chosen.value, strict=True)}


def compare(frame: Any, **more: Any) -> Any:
    return cx.concordance(frame, **{"outcome": cx.Continuous("spend"), "metrics": METRICS, **more})


def test_concordances_and_covariance_against_survival() -> None:
    """R sums squared influences; here a row more in n stands for the mean that was estimated: n / (n - 1)."""
    result, stored = compare(rows()), reference("plain")
    n = stored["rows", "n"]
    for j, metric in enumerate(METRICS):
        assert result.estimate[j] == pytest.approx(stored[metric, "concordance"], abs=STORED)
        for k, other in enumerate(METRICS):
            assert result.covariance[j, k] == pytest.approx(stored[metric, other] * n / (n - 1), rel=1e-10)


def test_clusters_against_survival() -> None:
    result, stored = compare(rows(), cluster="firm"), reference("cluster")
    firms = stored["firms", "n"]
    assert result.df == firms - 1
    for j, metric in enumerate(METRICS):
        for k, other in enumerate(METRICS):
            assert result.covariance[j, k] == pytest.approx(stored[metric, other] * firms / (firms - 1), rel=1e-10)


SCORES = tuple(METRICS)


@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize(("case", "entry"), [("censored", None), ("entry", "entered")])
def test_a_time_until_an_event_against_survival(case: str, entry: str | None, weight: str | None) -> None:
    """The concordances, their covariance and their difference, alone and in clusters; R sums squared influences."""
    name = case if weight is None else f"{case} weighted"
    frame, stored, everything = timed_rows(), timed_reference(name), timed_reference("all")
    outcome = cx.Survival("months", "cancelled", entry)
    n, firms = everything["rows", "n"], everything["firms", "n"]
    alone = cx.concordance(frame, outcome=outcome, metrics=METRICS, weight=weight)
    firm = cx.concordance(frame, outcome=outcome, metrics=METRICS, weight=weight, cluster="firm")
    clusters = timed_reference(f"{name} clusters")
    assert (alone.n, alone.n_events, alone.df, firm.df) == (n, everything["events", "n"], math.inf, firms - 1)
    for j, metric in enumerate(SCORES):
        assert alone.estimate[j] == pytest.approx(stored[metric, "concordance"], abs=STORED)
        assert firm.estimate[j] == pytest.approx(stored[metric, "concordance"], abs=STORED)
        for k, other in enumerate(SCORES):
            assert alone.covariance[j, k] == pytest.approx(stored[metric, other] * n / (n - 1), rel=1e-10)
            assert firm.covariance[j, k] == pytest.approx(clusters[metric, other] * firms / (firms - 1), rel=1e-10)
    variance = stored["nps", "nps"] + stored["effort", "effort"] - 2 * stored["nps", "effort"]
    assert alone.std_error[2] == pytest.approx(math.sqrt(variance * n / (n - 1)), rel=1e-10)


def test_an_event_that_is_good_turns_the_direction() -> None:
    """The next purchase: the earlier the better; a scale on which up is bad turns it once more."""
    frame = timed_rows()
    loss, gain = cx.Survival("months", "cancelled"), cx.Survival("months", "cancelled", good=1)
    lost = cx.concordance(frame, outcome=loss, metrics=METRICS).estimate
    assert cx.concordance(frame, outcome=gain, metrics=METRICS).estimate[:2] == pytest.approx(
        1 - lost[:2], abs=ROUNDING
    )
    turned = cx.concordance(frame, outcome=loss, metrics={"effort": cx.EFFORT5})
    assert turned.estimate[0] == pytest.approx(1 - lost[1], abs=ROUNDING)


def test_counts_rows_missing_and_shown_events() -> None:
    """Counted rows are the rows; whoever lacks a time, an entry or a score is counted as missing."""
    frame, outcome = timed_rows(), cx.Survival("months", "cancelled", "entered")
    whole = cx.concordance(frame, outcome=outcome, metrics=METRICS)
    columns = ["months", "cancelled", "entered", *METRICS]
    counted = frame[columns].value_counts().reset_index()
    again = cx.concordance(counted, outcome=outcome, metrics=METRICS, count="count")
    assert again.estimate == pytest.approx(whole.estimate, abs=ROUNDING)
    assert again.std_error == pytest.approx(whole.std_error, rel=1e-10)
    holes = pd.concat([frame, frame.head(30).assign(months=np.nan), frame.head(20).assign(entered=np.nan)])
    holed = cx.concordance(holes, outcome=outcome, metrics=METRICS)
    assert holed.estimate == pytest.approx(whole.estimate, abs=ROUNDING)
    assert (holed.n, holed.n_missing) == (600, 50)
    assert "194 events of 'cancelled'.\n600 rows used" in str(whole)


def test_coverage_with_late_entry_and_censoring_in_simulation() -> None:
    """Times from an exponential hazard, some customers watched from later on; the truth is a finite sum."""
    runs, n = 300, 400
    rng = np.random.default_rng(20261126)
    truth = _true_concordance()
    hits = 0
    for _ in range(runs):
        frame = _subscribers(n, rng)
        found = cx.concordance(frame, outcome=cx.Survival("time", "event", "entry"), metrics={"csat": cx.CSAT5})
        limits = found.confidence_interval()
        hits += limits.low[0] <= truth <= limits.high[0]
    assert abs(hits / runs - 0.95) < 4 * math.sqrt(0.05 * 0.95 / runs)


def _subscribers(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Five scores with hazards of .1 to .02 a month; watched from a month of their own, for a year."""
    csat = rng.integers(1, 6, n)
    entry = rng.integers(0, 6, n).astype(float)
    # The exponential has no memory: whoever is there at entry leaves as if it began then.
    left = entry + rng.exponential(1 / (0.12 - 0.02 * csat))
    return pd.DataFrame(
        {"csat": csat, "entry": entry, "time": np.minimum(left, entry + 12), "event": (left <= entry + 12).astype(int)}
    )


def _true_concordance() -> float:
    """By sums over pairs of scores and entries: i leaves at t while j is watched and stays.

    With hazards a and b, from month m on for d months while both are watched: the chance that i is the first to
    leave is a / (a + b) (1 - exp(-(a + b) d)), times the chance exp(-a u) that it was still there after the u
    months in which it was watched alone.
    """
    wins = usable = 0.0
    for x in range(1, 6):
        for y in range(1, 6):
            a, b = 0.12 - 0.02 * x, 0.12 - 0.02 * y
            for e in range(6):
                for f in range(6):
                    begin, end = max(e, f), min(e, f) + 12
                    alone = a * (begin - e) + b * (begin - f)
                    first = a / (a + b) * -np.expm1(-(a + b) * (end - begin)) * np.exp(-alone)
                    usable += first
                    wins += first * (1.0 if y > x else 0.5 if y == x else 0.0)
    return wins / usable


def timed_rows() -> pd.DataFrame:
    """The rows that survival_concordance.R made."""
    return pd.read_csv(REFERENCES / "survival_concordance_rows.csv", comment="#")


def timed_reference(case: str) -> dict[tuple[str, str], float]:
    stored = pd.read_csv(REFERENCES / "survival_concordance.csv", comment="#")
    chosen = stored[stored["case"] == case]
    return {(row, column): value for row, column, value in zip(chosen["row"], chosen.column, chosen.value, strict=True)}


def pairs(score: np.ndarray, y: np.ndarray, mass: np.ndarray) -> float:
    """Every pair, one by one."""
    wins = usable = 0.0
    for i in range(len(y)):
        for j in range(i):
            if y[i] != y[j]:
                both = mass[i] * mass[j]
                usable += both
                wins += both * (0.5 if score[i] == score[j] else float((score[i] > score[j]) == (y[i] > y[j])))
    return wins / usable


@pytest.mark.parametrize("levels", [2, 3, 40, 1000])
def test_weighted_counts_against_pairs(levels: int) -> None:
    rng = np.random.default_rng(levels)
    score, y = rng.integers(0, levels, 80).astype(float), rng.integers(0, 25, 80).astype(float)
    count, weight = rng.integers(1, 5, 80), rng.choice([0.5, 1.0, 2.5], 80)
    fit = fit_concordance(score[:, None], y, count, weight)
    assert fit.concordance[0] == pytest.approx(pairs(score, y, count * weight), abs=ROUNDING)


def test_influence_against_the_derivative() -> None:
    """A little more of one row moves the concordance by its influence."""
    rng = np.random.default_rng(3)
    score, y, mass = rng.integers(0, 5, 40).astype(float), rng.integers(0, 9, 40).astype(float), rng.random(40) + 0.5
    fit = fit_concordance(score[:, None], y, np.ones(40, dtype=np.int64), mass)
    step = 1e-6
    for i in (0, 7, 22):
        more = mass.copy()
        more[i] += step * mass[i]
        slope = (pairs(score, y, more) - pairs(score, y, mass)) / step
        assert fit.influence[i, 0] == pytest.approx(slope, abs=1e-6)


def test_mass_below_against_brute_force() -> None:
    rng = np.random.default_rng(4)
    s, y, mass = rng.integers(0, 70_000, 300), rng.integers(0, 50, 300), rng.random(300)
    s[:150] //= 10_000
    expected = [(mass * (s < s[i]) * (y < y[i])).sum() for i in range(300)]
    assert mass_below(s, y, mass) == pytest.approx(np.array(expected), abs=ROUNDING)


def test_somers_d_of_scipy() -> None:
    frame = rows()
    d = somersd(frame.spend, frame.nps).statistic  # pairs that differ in the first argument
    assert compare(frame).estimate[0] == pytest.approx((1 + d) / 2, abs=ROUNDING)


def test_a_binary_outcome_is_the_area() -> None:
    """The same influence values; DeLong counts degrees of freedom per outcome, which matters by 1 in n."""
    frame = rows()
    ours = compare(frame, outcome=cx.Binary("stayed"))
    delong = cx.delong(frame, outcome=cx.Binary("stayed"), metrics=METRICS)
    assert ours.estimate == pytest.approx(delong.estimate, abs=ROUNDING)
    smaller = min(frame.stayed.sum(), (1 - frame.stayed).sum())
    assert ours.covariance == pytest.approx(delong.covariance, rel=2 / smaller)


def test_directions_are_those_declared() -> None:
    frame = rows()
    turned = compare(frame, metrics={"nps": cx.NPS, "effort": cx.EFFORT5})
    assert turned.estimate[1] == pytest.approx(1 - compare(frame).estimate[1], abs=ROUNDING)
    low = compare(frame, outcome=cx.Continuous("spend", good="low"))
    assert low.estimate[:2] == pytest.approx(1 - compare(frame).estimate[:2], abs=ROUNDING)
    rated = compare(frame, outcome=cx.Rating("stars", cx.CSAT5), metrics={"nps": cx.NPS})
    nps, stars = (frame[c].to_numpy(float) for c in ("nps", "stars"))
    assert rated.estimate[0] == pytest.approx(pairs(nps, stars, np.ones(len(frame))), abs=ROUNDING)


def test_coverage_with_heavy_tails_in_simulation() -> None:
    """Intervals at n = 200 for a score with a known concordance and a spend whose mean hardly exists."""
    rng, runs, r = np.random.default_rng(12), 600, 0.5
    # Of two bivariate normal pairs the chance that both order alike: (1 + (2 / pi) arcsin r) / 2.
    truth, hits, equal = 0.5 + math.asin(r) / math.pi, 0, 0
    scale = cx.Scale(-9, 9, whole=False)
    for _ in range(runs):
        latent = rng.standard_normal(200)
        scores = {k: r * latent + math.sqrt(1 - r * r) * rng.standard_normal(200) for k in ("a", "b")}
        frame = pd.DataFrame({**scores, "spend": np.exp(3 * norm.ppf(norm.cdf(latent)))})
        result = cx.concordance(frame, outcome=cx.Continuous("spend"), metrics=dict.fromkeys("ab", scale))
        limits = result.confidence_interval()
        hits += limits.low[0] <= truth <= limits.high[0]
        equal += limits.low[2] <= 0 <= limits.high[2]
    error = 4 * math.sqrt(0.05 * 0.95 / runs)
    assert abs(hits / runs - 0.95) < error
    assert abs(equal / runs - 0.95) < error


def test_bad_input_is_refused_in_full() -> None:
    frame = pd.DataFrame({"csat": [5, 4, 3, 2], "spend": [9.0, 8.0, 3.0, 1.0], "months": [1, 2, 3, 4], "left": 0})
    csat = {"csat": cx.CSAT5}
    with pytest.raises(cx.SeparationError) as caught:
        cx.concordance(frame, outcome=cx.Continuous("spend"), metrics=csat)
    assert str(caught.value) == (
        "The metric 'csat' must not put the customers in exactly the order of the outcome 'spend', but it does."
        "\nCheck that it was not asked after the outcome, or computed from it; if neither, the rows are too few for an "
        "interval."
    )
    with pytest.raises(cx.TooFewError) as caught:
        cx.concordance(frame.assign(spend=3.0), outcome=cx.Continuous("spend"), metrics=csat)
    assert str(caught.value) == (
        "'spend' must take at least two values, but all 4 rows hold 3.\nThere is nothing to compare: leave it out."
    )
    with pytest.raises(cx.TooFewError) as caught:
        cx.concordance(frame, outcome=cx.Survival("months", "left"), metrics=csat)
    assert str(caught.value) == (
        "At least one customer must have the event 'left' while another is watched and goes on, but of 4 rows 0 have "
        "it, and no such pair is found.\nWait for more events, or watch longer."
    )
    with pytest.raises(cx.SeparationError, match=r"in exactly the opposite order of the outcome 'left', but it does"):
        cx.concordance(frame.assign(left=1), outcome=cx.Survival("months", "left"), metrics=csat)
    with pytest.raises(cx.RoleError, match=r"^An outcome is needed\.\nPass for example outcome=cx\.Continuous"):
        cx.concordance(frame, metrics=csat)
    with pytest.raises(cx.RoleError, match=r"^outcome must say what it is"):
        cx.concordance(frame, outcome="spend", metrics=csat)
    with pytest.raises(cx.TooFewError, match=r"^At least one row must have all of 'spend', 'csat', but none of 4 rows"):
        cx.concordance(frame.assign(csat=np.nan), outcome=cx.Continuous("spend"), metrics=csat)
    with pytest.raises(cx.TooFewError, match=r"^At least 20 clusters are needed for an interval, but there are 4\."):
        cx.concordance(frame.assign(csat=[4, 5, 3, 2]), outcome=cx.Continuous("spend"), metrics=csat, cluster="months")
