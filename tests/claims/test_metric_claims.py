"""Claims 1 to 8 on simulated cohorts: the verdict that the known truth deserves, or the guard that stops it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx

sim = cx.simulate
METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}
LATER = cx.Binary("repurchase", after=True)
CONTROLS = ["prior_orders", "tenure", "recency"]


def judged(frame: pd.DataFrame, claim: str, outcome: str = "repurchase", **more: Any) -> cx.Finding:
    """The finding on one claim; at these sizes every verdict is clear for any seed."""
    given: dict[str, Any] = {"metrics": METRICS, "outcomes": {"repurchase": LATER}, "evidence": "simulated"}
    study = cx.Study(tables={"customers": frame}, **{**given, **more})
    found = [
        f
        for f in cx.validate(study, rng=1, sensitivity=False).findings
        if f.claim == claim and f.outcome in (outcome, None)
    ]
    (finding,) = found
    return finding


def test_the_best_metric_is_the_one_that_the_truth_has() -> None:
    frame = sim.cohort(30_000, rng=1)  # areas .61, .65, .58
    assert sim.truth().auc["csat"] - sim.truth().auc["nps"] == pytest.approx(0.04)
    best, effort, equal = (judged(frame, c) for c in ("metric-best-retention", "ces-beats-all", "nps-no-superiority"))
    assert (best.verdict, best.flags) == ("supported", ("no-baseline",))
    assert (effort.verdict, "opposite" in effort.flags) == ("not-supported", True)
    assert equal.verdict == "not-supported"


def test_equal_metrics_are_found_equal_and_none_the_best() -> None:
    frame = sim.cohort(150_000, rng=2, nps=0.62, csat=0.62, ease=0.62)
    assert judged(frame, "nps-no-superiority").verdict == "supported"
    assert judged(frame, "metric-best-retention").verdict == "not-supported"
    assert judged(frame, "ces-beats-all").verdict == "not-supported"


def test_a_lead_that_is_past_behaviour_only_is_gone_over_the_controls() -> None:
    """Satisfaction leads, and adds nothing to past behaviour: nothing is best once past orders are known."""
    loyalty = {"nps": 0.2, "csat": 0.85, "ease": 0.2}
    frame, truth = sim.spenders(15_000, rng=3, loyalty=loyalty), sim.spenders_truth(loyalty=loyalty)
    areas = truth.concordance["repurchase"]
    assert areas["csat"] - max(areas["nps"], areas["ease"]) > 0.05
    assert not truth.adds
    assert judged(frame, "metric-best-retention").verdict == "supported"
    over = judged(frame, "metric-best-retention", controls=CONTROLS)
    assert (over.verdict, "no-baseline" in over.flags) == ("not-supported", False)
    assert over.unit == "difference in AUC on customers held out, each metric over the controls"


def test_orders_and_spend_are_compared_by_concordance() -> None:
    frame = sim.spenders(20_000, rng=4)
    outcomes = {"orders": cx.Count("orders", after=True), "spend": cx.Continuous("spend", after=True)}
    truth = sim.spenders_truth().concordance
    for name in outcomes:
        found = judged(frame, "metric-best-retention", name, outcomes=outcomes)
        assert (found.verdict, found.unit.split(":")[0]) == ("not-supported", "difference in concordance")
        lead = min(truth[name]["csat"] - truth[name][m] for m in ("nps", "ease"))
        assert found.ci_low < lead < found.ci_high
        assert judged(frame, "combine-metrics", name, outcomes=outcomes).verdict == "not-testable"


def test_the_published_ratio_fills_the_magnitude_and_never_decides() -> None:
    frame = sim.cohort(60_000, rng=5, nps=0.56, csat=0.57, ease=0.60)
    found = judged(frame, "ces-beats-all")
    assert found.verdict == "supported"
    assert found.magnitude in ("smaller", "larger", "cannot-tell", "as-published")
    assert any(guard.startswith("Good outcomes among the top minus the bottom 20%") for guard in found.guards)
    # Twice as large a contrast cannot help where the areas do not differ enough.
    weak = judged(sim.cohort(60_000, rng=6, nps=0.6, csat=0.6, ease=0.6), "ces-beats-all")
    assert weak.verdict == "not-supported"


@pytest.mark.parametrize(
    ("shape", "verdict"), [("top two", "supported"), ("linear", "not-supported"), ("curve", "not-supported")]
)
def test_top_two_wins_only_where_the_truth_is_a_step(shape: Any, verdict: str) -> None:
    truth = sim.shapes_truth(shape=shape)
    assert (truth.gain > 0.002) == (verdict == "supported")
    frame = sim.shapes(40_000, rng=7, shape=shape)
    found = judged(frame, "top2-beats-mean", metrics={"csat": cx.CSAT5})
    assert found.verdict == verdict
    assert found.ci_low < truth.gain < found.ci_high
    assert "check-noise" not in found.flags  # a true step also bends the curve


def test_a_combination_is_praised_only_where_each_metric_tells_something() -> None:
    truth = sim.complements_truth()
    assert truth.auc_gain > 0.01
    assert judged(sim.complements(40_000, rng=8), "combine-metrics").verdict == "supported"
    lone = {"csat": 0.5}
    assert sim.complements_truth(strength=lone).auc_gain == 0
    found = judged(sim.complements(40_000, rng=9, strength=lone), "combine-metrics")
    assert (found.verdict, found.ci_low < 0.01) == ("not-supported", True)


def test_metrics_change_places_only_where_the_truth_has_it() -> None:
    crossing = judged(sim.industries(20_000, rng=10), "industry-moderates", segments=["industry"])
    assert crossing.verdict == "supported"
    assert {part.name for part in crossing.parts} == {"nps - csat in telecoms", "csat - nps in retail"}
    alike = {name: {"nps": 0.60, "csat": 0.66, "ease": 0.58} for name in ("retail", "telecoms")}
    assert sim.industries_truth(alike).crossing == 0
    same = judged(sim.industries(60_000, rng=11, people=alike), "industry-moderates", segments=["industry"])
    assert same.verdict == "not-supported"


def test_firms_tell_more_than_customers_only_where_the_truth_has_it() -> None:
    one = {"metrics": {"csat": cx.CSAT5}, "firm": "firm"}
    apart = judged(sim.firms(200, rng=12, answers=200), "within-between", **one)
    assert apart.verdict == "supported"
    truth = sim.firms_truth(between=0.3)
    assert truth.contextual == 0
    alike = judged(sim.firms(400, rng=13, answers=400, between=0.3), "within-between", **one)
    assert alike.verdict != "supported"


def test_intention_and_behaviour_bend_as_the_truth_has_it() -> None:
    outcomes = {"repurchase": LATER, "intent": cx.Rating("intention", cx.Scale(1, 7), kind="intention", after=True)}
    given = {"metrics": {"csat": cx.CSAT5}, "outcomes": outcomes}
    assert judged(sim.intentions(20_000, rng=14), "intent-vs-behaviour", **given).verdict == "supported"
    straight = sim.intentions(60_000, rng=15, bend_intention=0.0, bend_behaviour=0.06)
    assert judged(straight, "intent-vs-behaviour", **given).verdict != "supported"
    same = sim.intentions(60_000, rng=16, intention=0.2, behaviour=0.2)
    assert judged(same, "intent-vs-behaviour", **given).verdict == "not-supported"
    ends = judged(sim.intentions(5000, rng=17), "intent-vs-behaviour", "intent", **given)
    assert (ends.verdict, "is an intention" in ends.reason) == ("not-testable", True)


def test_a_score_made_from_the_outcome_is_leakage_and_never_praised() -> None:
    frame = sim.leak(5000, rng=18)
    found = judged(frame, "metric-best-retention", metrics={"nps": cx.NPS, "satisfaction": cx.CSAT5})
    assert (found.verdict, found.flags) == ("not-testable", ("leakage",))
    assert "'satisfaction' knows the outcome 'repurchase' too well" in found.reason


def test_later_scores_are_flagged_where_lags_differ() -> None:
    frame = sim.cohort(4000, rng=19)
    day = pd.Timestamp("2020-01-01")
    early = pd.DataFrame({"id": np.arange(4000), "nps": frame.nps, "at": day})
    late = pd.DataFrame({"id": np.arange(4000), "csat": frame.csat, "at": day + pd.Timedelta(80, "D")})
    base = pd.DataFrame({"id": np.arange(4000), "repurchase": frame.repurchase, "begins": day + pd.Timedelta(90, "D")})
    tables = {name: cx.Table(t, key="id", time="at") for name, t in (("early", early), ("late", late))}
    study = cx.Study(
        tables={"customers": cx.Table(base, key="id"), **tables},
        rows="customers",
        metrics={"nps": cx.Metric(column="nps", scale=cx.NPS), "csat": cx.Metric(column="csat", scale=cx.CSAT5)},
        outcomes={"repurchase": cx.Binary("repurchase", starts="begins")},
    )
    (found,) = (f for f in cx.validate(study, rng=1, sensitivity=False).findings if f.claim == "metric-best-retention")
    assert "unequal-lags" in found.flags
    assert any("'csat' was asked 10 days before the window" in guard for guard in found.guards)


def test_what_is_missing_is_said_claim_by_claim() -> None:
    frame = sim.cohort(2000, rng=20)
    assert "a [segments] section" in judged(frame, "industry-moderates").reason
    assert "firm = the column" in judged(frame, "within-between").reason
    assert 'kind = "intention"' in judged(frame, "intent-vs-behaviour").reason
    assert "2 metrics are needed, and 1 is declared" in judged(frame, "combine-metrics", metrics={"nps": cx.NPS}).reason
    weighted = judged(frame.assign(w=1.0), "top2-beats-mean", weight="w")
    assert (weighted.verdict, "cannot be dealt into folds" in weighted.reason) == ("not-testable", True)


def test_few_firms_few_events_and_small_segments_stop_their_claim_alone() -> None:
    few = sim.firms(25, rng=21, answers=100)
    found = judged(few, "within-between", metrics={"csat": cx.CSAT5}, firm="firm")
    assert (found.verdict, "30 firms" in found.reason) == ("not-testable", True)
    rare = sim.cohort(300, rng=22, repurchase=0.9)
    assert judged(rare, "combine-metrics").verdict == "not-testable"
    lone = sim.cohort(3000, rng=23).assign(industry="retail")
    found = judged(lone, "industry-moderates", segments=["industry"])
    assert (found.verdict, "At least two segments" in found.reason) == ("not-testable", True)
