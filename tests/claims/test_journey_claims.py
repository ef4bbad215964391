"""Claims 11 to 16 on simulated journeys: the verdict that the known truth deserves, or the guard that stops it."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx

sim = cx.simulate
TOUCHPOINTS = ("touchpoint_1", "touchpoint_2", "touchpoint_3", "touchpoint_4")
NOISY = (0.6, 0.55, 0.5, 0.45)
SATISFACTION = {"satisfaction": cx.Rating("satisfaction", cx.CSAT5, after=True)}
CHURN = {"churn": cx.Binary("churn", good=0, after=True)}


def findings(frame: pd.DataFrame, **more: Any) -> dict[str, cx.Finding]:
    """The findings on all claims about journeys; at these sizes every verdict is clear for any seed."""
    given: dict[str, Any] = {
        "metrics": dict.fromkeys(("journey", *TOUCHPOINTS), cx.CSAT5),
        "outcomes": SATISFACTION,
        "journey": cx.Journey(rating="journey", touchpoints=TOUCHPOINTS, poor=2, same_sitting=False),
        "evidence": "simulated",
    }
    found = cx.validate(cx.Study(tables={"journeys": frame}, **{**given, **more}), rng=1, sensitivity=False).findings
    return {f.claim: f for f in found if f.family == "journey"}


def same_sitting() -> cx.Journey:
    return cx.Journey(rating="journey", touchpoints=TOUCHPOINTS, poor=2, same_sitting=True)


@pytest.fixture(scope="module")
def real_effect() -> pd.DataFrame:
    return sim.journeys(8000, rng=1, own=0.3, satisfaction_ratio=1.35)


@pytest.fixture(scope="module")
def no_effect() -> pd.DataFrame:
    """The journey rating is one more noisy reading of what the touchpoints share."""
    return sim.journeys(8000, rng=2, loadings=NOISY)


def test_a_journey_effect_of_35_percent_is_found(real_effect: pd.DataFrame) -> None:
    found = findings(real_effect)
    truth = sim.journeys_truth(own=0.3, satisfaction_ratio=1.35)
    claim = found["journey-sat-35"]
    assert truth.ratio["all"] == pytest.approx(1.35)
    assert claim.verdict == "supported"
    assert claim.ci_low < 100 * (truth.ratio["all"] - 1) < claim.ci_high
    assert claim.magnitude == "cannot-tell"  # the interval reaches beyond 40%
    assert claim.unit == "percent by which the journey's held-out r exceeds that of the touchpoints"
    assert found["journey-beyond-touchpoints"].verdict == "supported"
    assert found["journey-churn-32"].verdict == "not-testable"
    assert "0 and 1" in found["journey-churn-32"].reason


def test_with_enough_journeys_the_size_is_told_to_be_as_published() -> None:
    """The truth lies 5 points inside the published 30-40%, the interval is 3 points to either side."""
    frame = sim.journeys(60_000, rng=11, own=0.3, satisfaction_ratio=1.35)
    claim = findings(frame)["journey-sat-35"]
    assert claim.ci_high - claim.ci_low < 6
    assert (claim.verdict, claim.magnitude) == ("supported", "as-published")


def test_where_there_is_no_journey_effect_none_is_found(no_effect: pd.DataFrame) -> None:
    """The average touchpoint alone is beaten by the published 35%, journey effect or not: no verdict rests on it."""
    truth = sim.journeys_truth(loadings=NOISY)
    assert truth.ratio["average"] == pytest.approx(1.358, abs=0.001)
    assert truth.ratio["all"] < 1
    result = cx.touchpoint_benchmarks(
        no_effect, outcome=SATISFACTION["satisfaction"], journey={"journey": cx.CSAT5},
        touchpoints=dict.fromkeys(TOUCHPOINTS, cx.CSAT5), repeats=1, rng=1,
    )  # fmt: skip
    assert result.ratio("average single").interval()[0] > 5
    found = findings(no_effect)
    assert found["journey-sat-35"].verdict == "not-supported"
    assert found["journey-sat-35"].magnitude != "as-published"


def test_an_increment_that_measurement_error_explains_is_told() -> None:
    """Beside four noisy touchpoints a journey rating adds; beside their common factor it adds nothing."""
    found = findings(sim.journeys(12_000, rng=3, loadings=(0.6, 0.55, 0.5, 0.5), factor=0.7))
    claim = found["journey-beyond-touchpoints"]
    assert claim.verdict == "not-supported"
    assert "aggregation" in claim.flags


def test_churn_of_32_percent() -> None:
    frame = sim.journeys(30_000, rng=4, own=0.3, churn_ratio=1.32)
    claim = findings(frame, outcomes=CHURN)["journey-churn-32"]
    truth = sim.journeys_truth(own=0.3, churn_ratio=1.32)
    assert claim.verdict == "supported"
    assert claim.ci_low < 100 * (truth.auc_ratio["all"] - 1) < claim.ci_high
    assert claim.unit.startswith("percent by which the journey's held-out AUC - 1/2")
    assert claim.magnitude in ("as-published", "cannot-tell")


def test_fewer_than_100_who_left_give_no_verdict() -> None:
    frame = sim.journeys(5000, rng=4, own=0.3, churn_ratio=1.32, rate=0.3)
    few = pd.concat([frame[frame["churn"] == 1].head(99), frame[frame["churn"] == 0]])
    claim = findings(few, outcomes=CHURN)["journey-churn-32"]
    assert claim.verdict == "not-testable"
    assert "only 99 had the rarer one" in claim.reason
    enough = pd.concat([frame[frame["churn"] == 1].head(100), frame[frame["churn"] == 0]])
    assert findings(enough, outcomes=CHURN)["journey-churn-32"].verdict != "not-testable"


def test_one_sitting_allows_no_more_than_a_direction(real_effect: pd.DataFrame) -> None:
    undated = {"satisfaction": cx.Rating("satisfaction", cx.CSAT5)}
    assert findings(real_effect, outcomes=undated)["journey-sat-35"].flags == ("timing",)
    found = findings(real_effect, outcomes=undated, journey=same_sitting())
    for claim in ("journey-sat-35", "journey-beyond-touchpoints"):
        assert (found[claim].verdict, "same-sitting" in found[claim].flags) == ("direction-only", True)
        assert "come from one questionnaire" in found[claim].reason
        assert "too small to count" not in found[claim].reason
    # Churn is not answered in a questionnaire: declared to come later, it is judged in full.
    frame = sim.journeys(30_000, rng=4, own=0.3, churn_ratio=1.32)
    later = findings(frame, outcomes=CHURN, journey=same_sitting())["journey-churn-32"]
    assert (later.verdict, later.flags) == ("supported", ())


def test_touchpoints_matter_alike_or_not(no_effect: pd.DataFrame) -> None:
    """By truth the latent slopes are as the loadings; with one touchpoint that alone matters they are not."""
    alike = sim.journeys(8000, rng=5, loadings=(0.7, 0.7, 0.7, 0.7))
    assert findings(alike)["touchpoint-unequal"].verdict == "not-supported"
    # Satisfaction is the rating of the second touchpoint, and noise: its slope is near 1 SD, all others 0.
    rng = np.random.default_rng(6)
    noise = rng.integers(0, 2, len(no_effect))
    one = no_effect.assign(satisfaction=np.clip(no_effect["touchpoint_2"] + noise, 1, 5))
    claim = findings(one)["touchpoint-unequal"]
    assert claim.verdict == "supported"
    assert "touchpoint_2 - " in claim.reason


def test_poor_touchpoints_that_come_alone_or_together() -> None:
    """Independent ratings: the share without a poor one is the product. One factor: fewer poor journeys than that."""
    rng = np.random.default_rng(7)
    n = 20_000
    journey = cx.Journey(rating="journey", touchpoints=TOUCHPOINTS, poor=1, same_sitting=False)
    independent = pd.DataFrame({name: rng.integers(1, 6, n) for name in ("journey", *TOUCHPOINTS)})
    frame = independent.assign(satisfaction=rng.integers(1, 6, n))
    assert findings(frame, journey=journey)["touchpoint-compounding"].verdict == "not-supported"
    # Exactly one touchpoint is poor in nine journeys of ten: .1 are without, where independence would leave .775 ** 4.
    unlucky = np.where(rng.random(n) < 0.9, rng.integers(0, 4, n), 4)
    poor = {name: np.where(unlucky == i, 1, 5) for i, name in enumerate(TOUCHPOINTS)}
    claim = findings(frame.assign(**poor), journey=journey)["touchpoint-compounding"]
    assert claim.verdict == "supported"
    assert claim.ci_low < 1 - 0.1 / 0.775**4 < claim.ci_high
    assert "of journeys met at least one poor touchpoint, where independent ones would have met 6" in claim.reason


def test_what_is_not_about_an_outcome_is_told_once(no_effect: pd.DataFrame) -> None:
    """A row without an outcome still counts for the touchpoints."""
    holes = no_effect.assign(satisfaction=no_effect["satisfaction"].where(no_effect.index >= 1000))
    journey = cx.Journey(rating="journey", touchpoints=TOUCHPOINTS, poor=2, same_sitting=False)
    study = cx.Study(
        tables={"journeys": holes},
        metrics=dict.fromkeys(("journey", *TOUCHPOINTS), cx.CSAT5),
        outcomes={**SATISFACTION, **CHURN},
        journey=journey,
    )
    (found,) = (f for f in cx.validate(study, rng=1, sensitivity=False).findings if f.claim == "touchpoint-compounding")
    assert (found.outcome, found.n) == (None, len(no_effect))


def changed(gain: float, drift: float, seed: int) -> cx.Study:
    """60 branches over 8 months; 30 of them are changed in the fifth."""
    rng = np.random.default_rng(seed)
    rows = [(b, m) for b in range(60) for m in range(8) for _ in range(40)]
    branch, month = np.array(rows).T
    treated = (branch < 30).astype(int)
    mean = 50 + 0.5 * month + 5 * treated + drift * month * treated + gain * treated * (month >= 4)
    score = mean + rng.normal(0, 2, 60)[branch] + rng.normal(0, 10, len(branch))
    frame = pd.DataFrame({"branch": branch, "month": month, "treated": treated, "score": score})
    return cx.Study(
        tables={"journeys": frame},
        cluster="branch",
        outcomes={"score": cx.Continuous("score")},
        segments=["month", "treated"],
        change=cx.Change(treated="treated", period="month", start=4),
        evidence="simulated",
    )


def upside(study: cx.Study) -> cx.Finding:
    (found,) = (f for f in cx.validate(study, rng=1, sensitivity=False).findings if f.claim == "journey-upside")
    return found


def test_the_upside_is_measured_against_those_without_the_change() -> None:
    """Level without the change: 50 + .5 * 5.5 + 5 = 57.75 on average of the months 4 to 7."""
    found = upside(changed(gain=8, drift=0, seed=8))
    assert found.verdict == "supported"
    assert found.ci_low < 8 / 57.75 < found.ci_high
    assert "does not lie within" in " ".join(found.guards)
    assert upside(changed(gain=0, drift=0, seed=9)).verdict == "not-supported"


def test_no_upside_where_the_treated_were_on_their_way_before() -> None:
    found = upside(changed(gain=0, drift=1.5, seed=10))
    assert (found.verdict, found.flags) == ("not-testable", ("pre-trend",))
    assert "before the change" in found.reason


def test_what_would_make_a_claim_testable_is_said(no_effect: pd.DataFrame) -> None:
    bare = findings(no_effect, journey=None)
    assert {f.verdict for f in bare.values()} == {"not-testable"}
    assert "[journey]" in bare["journey-sat-35"].reason
    assert "[change]" in bare["journey-upside"].reason
    no_poor = cx.Journey(rating="journey", touchpoints=TOUCHPOINTS, same_sitting=False)
    assert "poor = " in findings(no_effect, journey=no_poor)["touchpoint-compounding"].reason


def test_too_few_journeys_give_a_reason_and_no_number() -> None:
    for finding in findings(sim.journeys(12, rng=1)).values():
        assert finding.verdict == "not-testable"
        assert math.isnan(finding.estimate)
