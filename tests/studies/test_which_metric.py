"""The whole comparison: every part is the method that it names, and what stops one part stops no other."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.studies.which_metric import WhichMetric

METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}
OUTCOME = cx.Binary("repurchase", after=True)
CONTROLS = ["prior_orders", "tenure", "recency"]


def race(frame: pd.DataFrame, **more: Any) -> WhichMetric:
    return cx.which_metric(frame, **{"outcome": OUTCOME, "metrics": METRICS, "rng": 1, "repeats": 1, **more})


@pytest.fixture(scope="module")
def buyers() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return cx.simulate.spenders(4000, rng=1).assign(industry=rng.choice(["retail", "travel"], 4000))


@pytest.fixture(scope="module")
def whole(buyers: pd.DataFrame) -> WhichMetric:
    return race(buyers, controls=CONTROLS, segments=["industry"])


def test_every_part_is_the_method_alone(buyers: pd.DataFrame, whole: WhichMetric) -> None:
    plain: dict[str, Any] = {"outcome": OUTCOME, "metrics": METRICS}
    dealt = {"repeats": 1, "rng": 1}
    expected = {
        "leakage": cx.leakage(buyers, **plain, controls=CONTROLS),
        "answer_quality": cx.answer_quality(buyers, metrics=METRICS),
        "extremes": cx.extreme_groups(buyers, **plain),
        "fair_fight": cx.fair_fight(buyers, **plain),
        "codings": cx.codings(buyers, **plain, **dealt),
        "held_out": cx.held_out(buyers, **plain, controls=CONTROLS, **dealt),
        "added_value": cx.added_value(buyers, **plain, controls=CONTROLS, **dealt),
        "combination": cx.combination(buyers, **plain, controls=CONTROLS, **dealt),
        "dominance": cx.dominance(buyers, **plain),
    }
    for name, alone in expected.items():
        part = getattr(whole.parts, name)
        pd.testing.assert_frame_equal(part.to_frame(), alone.to_frame(), check_exact=True, obj=name)
    by_segment = cx.by_segment(buyers, **plain, segment="industry").to_frame()
    pd.testing.assert_frame_equal(whole.parts.by_segment["industry"].to_frame(), by_segment, check_exact=True)
    measured = cx.invariance(buyers, metrics=METRICS, segment="industry").to_frame()
    pd.testing.assert_frame_equal(whole.parts.invariance["industry"].to_frame(), measured, check_exact=True)
    league = cx.league_table(buyers, **plain, rng=1)
    assert (whole.best, whole.p_best.tolist()) == (league.best, league.p_best.tolist())
    assert (whole.parts.correlations, whole.parts.two_part, dict(whole.parts.not_told)) == (None, None, {})


def test_a_lead_over_nothing_is_told_from_one_over_past_behaviour(whole: WhichMetric) -> None:
    """By the truth nps leads, and no score adds anything to past behaviour."""
    truth = cx.simulate.spenders_truth()
    assert (truth.best["repurchase"], truth.adds) == ("nps", False)
    added = whole.parts.added_value
    assert added is not None
    at = [added.row(metric, "controls", "AUC") for metric in METRICS]
    low, high = added.confidence_interval(0.99).low[at], added.confidence_interval(0.99).high[at]
    assert (low < 0.003).all()  # what is added is less than any difference that counts
    assert (high > -0.003).all()
    assert any(line.startswith("Added to controls, in AUC on customers held out") for line in whole.answers())


def test_frame_and_differences(whole: WhichMetric) -> None:
    frame = whole.to_frame()
    assert list(frame.columns) == [
        *("metric", "coding", "estimate", "std_error", "ci_low", "ci_high", "statistic", "p_value", "p_best"),
        "dominance",
    ]
    assert whole.parts.dominance is not None
    assert frame.dominance.tolist() == whole.parts.dominance.estimate[:3].tolist()
    pairs = whole.differences()
    assert list(pairs.term) == ["nps - csat", "nps - ease", "csat - ease"]
    assert (pairs.p_holm >= pairs.p_value).all()
    text = str(whole)
    assert "Best:" in text
    assert whole.extremes is not None
    good, bad = whole.extremes.estimate[:2]
    assert f"top against bottom 20%: nps {good:.0%} against {bad:.0%}" in text


@pytest.mark.parametrize("outcome", [cx.Continuous("spend", after=True), cx.Count("orders", after=True)])
def test_an_outcome_with_a_size(buyers: pd.DataFrame, outcome: Any) -> None:
    result = race(buyers, outcome=outcome, controls=CONTROLS)
    parts = result.parts
    assert parts.two_part is not None
    assert parts.two_part.zeros == pytest.approx((buyers[outcome.column] == 0).mean(), abs=1e-12)
    assert parts.correlations is not None
    assert (parts.codings, parts.combination, parts.extremes, parts.fair_fight) == (None, None, None, None)
    assert parts.held_out is not None
    assert parts.added_value is not None
    assert any("are at 0; concordance with whether, and with how much" in line for line in result.answers())
    assert dict(parts.not_told) == {}


def test_few_zeros_are_no_second_part(buyers: pd.DataFrame) -> None:
    spent = buyers.assign(spend=buyers.spend.where(buyers.spend > 0, 5.0))
    assert race(spent, outcome=cx.Continuous("spend", after=True)).parts.two_part is None


def test_weights_hold_nothing_out_and_say_why(buyers: pd.DataFrame) -> None:
    result = race(buyers.assign(w=1.0), weight="w")
    assert set(result.parts.not_told) == {"codings", "held out", "added value", "combination"}
    assert "Cannot be told (held out): Survey weights cannot be used by cross-validation" in str(result)
    assert result.parts.dominance is not None


def test_a_score_that_knows_the_outcome_is_never_the_best() -> None:
    frame = cx.simulate.leak(3000, rng=3)
    result = race(frame, metrics={"nps": cx.NPS, "satisfaction": cx.CSAT5})
    assert result.league.best == "satisfaction"
    assert result.best is None
    assert result.verdict() == (
        "Best: cannot be told, because satisfaction knows the outcome too well (leakage), which is no merit."
    )


def test_the_fictional_customers_of_telco_are_leakage(real_data: Callable[..., Any]) -> None:
    """IBM's sample: whoever is satisfied stays, without an exception."""
    telco = pd.read_csv(real_data("telco_fictional/telco_ibm.csv.gz"))
    frame = pd.DataFrame(
        {
            "satisfaction": telco["Satisfaction Score"],
            "tenure": telco["Tenure in Months"],
            "churned": (telco["Churn Label"] == "Yes").astype(int),
        }
    )
    result = race(
        frame,
        outcome=cx.Binary("churned", good=0, after=True),
        metrics={"satisfaction": cx.CSAT5, "tenure": cx.Scale(0, 100)},
    )
    assert result.best is None
    assert result.parts.leakage is not None
    assert result.parts.leakage.flagged == ("satisfaction",)


def test_what_the_outcome_leaves_open_is_noted(buyers: pd.DataFrame) -> None:
    small = buyers.head(1500)
    open_ = race(small, outcome=cx.Binary("repurchase"))
    said = race(small, outcome=cx.Binary("repurchase", kind="intention", after=True))
    assert any(note.startswith("Nothing says that the outcome came after the feedback") for note in open_.notes)
    assert said.notes == ("The outcome is an intention: said, not done, and mostly in the same sitting as the scores.",)
    assert race(small).notes == ()


def test_cells_carry_controls_and_segments(buyers: pd.DataFrame, whole: WhichMetric) -> None:
    cells = cx.tally(buyers, outcome=OUTCOME, metrics=METRICS, controls=CONTROLS, strata=["industry"])
    again = cx.which_metric(cells, rng=1, repeats=1)
    assert str(again) == str(whole)
    assert again.fingerprint == whole.fingerprint


def test_progress_names_the_parts(buyers: pd.DataFrame) -> None:
    told: list[str] = []
    race(buyers.head(1500), controls=CONTROLS, segments=["industry"], progress=told.append)
    assert told == [
        *("league table", "leakage", "answer quality", "extreme groups", "fair fight", "codings", "held out"),
        *("added value", "combination", "dominance", "segments of industry", "invariance over industry"),
    ]


def test_bad_input_stops_what_it_concerns(buyers: pd.DataFrame) -> None:
    few = buyers.assign(repurchase=(np.arange(len(buyers)) < 60).astype(int))
    with pytest.raises(cx.TooFewError, match=r"^At least 100 good and 100 bad outcomes .* 60 are good and 3,940 bad"):
        race(few)
    # A control that is the outcome stops what needs controls, by name, and nothing else.
    copied = race(buyers.assign(renewed=buyers.repurchase), controls=["renewed"])
    assert copied.parts.leakage is not None
    assert copied.parts.leakage.flagged == ("renewed",)
    assert "'renewed'" in copied.parts.not_told["held out"]
    assert copied.parts.codings is not None
    # Metrics that repeat each other are named where a model holds both; the areas still compare.
    twice = race(buyers.assign(again=buyers.csat), metrics={**METRICS, "again": cx.CSAT5})
    assert "'csat', 'again' are collinear" in twice.parts.not_told["dominance"]
    assert math.isclose(float(twice.estimate[1]), float(twice.estimate[3]))
    with pytest.raises(cx.TooFewError, match=r"^At least 20 clusters are needed for an interval, but there are 2\."):
        race(buyers, cluster="industry")
    lone = race(buyers.assign(industry=np.where(np.arange(4000) < 3990, "retail", "travel")), segments=["industry"])
    assert "At least two segments of 'industry'" in lone.parts.not_told["segments of industry"]
