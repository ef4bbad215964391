"""Claims 9 and 10, necessity, and dwell time: the verdict that the truth deserves, or the guard."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.claims.asked_outcomes import asked_outcomes
from cxstats.claims.locked_plan import planned_rows
from cxstats.claims.testable import testable as could_be_tested
from cxstats.report.json import render_json

MC_ERRORS = 4
SAME = 1e-12  # the claim hands the estimate of its method on


def finding(claim: str, frame: pd.DataFrame, outcome: str | None = None, **more: Any) -> cx.Finding:
    """One finding; at these sizes every verdict is clear for any seed."""
    study = cx.Study(**{"tables": {"rows": frame}, "evidence": "simulated", **more})
    (found,) = (f for f in cx.validate(study, rng=1).findings if (f.claim, f.outcome) == (claim, outcome))
    return found


def drawn(p: Any, rng: np.random.Generator) -> Any:
    return (rng.random(np.shape(p)) < p).astype(int)


# --- trust -----------------------------------------------------------------------------------------------------------


def firms(elasticity: float, n: int = 60, waves: int = 8, noise: float = 0.05, seed: int = 1) -> pd.DataFrame:
    """Thirty customers of each firm and wave; their trust goes with the mean of their answers to a power."""
    rng = np.random.default_rng(seed)
    firm, wave = (a.ravel() for a in np.meshgrid(np.arange(n), np.arange(waves), indexing="ij"))
    level = rng.uniform(6, 8, n)[firm] + rng.normal(0, 0.7, len(firm))
    csat = np.clip(np.round(level[:, None] + rng.normal(0, 1, (len(firm), 30))), 1, 10)
    trust = rng.uniform(0.4, 0.6, n)[firm] * csat.mean(axis=1) ** elasticity * np.exp(rng.normal(0, noise, len(firm)))
    firm, wave, trust = (np.repeat(values, 30) for values in (firm, wave, trust))
    return pd.DataFrame({"firm": firm, "branch": firm, "wave": wave, "csat": csat.ravel(), "trust": trust})


def trusting(frame: pd.DataFrame, **more: Any) -> cx.Finding:
    given: dict[str, Any] = {
        "firm": "firm",
        "segments": ["wave"],
        "metrics": {"csat": cx.Scale(1, 10, kind="csat")},
        "outcomes": {"trust": cx.Continuous("trust", kind="intention")},
        "trust": cx.Trust(outcome="trust", period="wave"),
    }
    return finding("satisfaction-trust-elasticity", frame, **{**given, **more})


def test_trust_that_follows_satisfaction_within_firms() -> None:
    frame = firms(1.25)
    found = trusting(frame)
    assert (found.verdict, found.flags, found.magnitude, found.outcome) == ("supported", (), "as-published", None)
    assert found.ci_low < 1.25 < found.ci_high
    result = cx.elasticity(
        frame, outcome=cx.Continuous("trust"), metrics={"csat": cx.Scale(1, 10)}, cluster="firm", period="wave"
    )
    assert found.estimate == pytest.approx(float(result.estimate[0]), rel=SAME)
    assert f"goes with {result.percent(10):.3g}% more 'trust', within firms over time." in found.reason
    assert found.reason.startswith("10% more 'csat' (at the mean 0.7 points) goes with 12.")
    assert "The elasticity (percent for one percent) is 1.2" in found.reason
    assert [part.name for part in found.sensitivity] == ["with ratings counted from the lowest answer"]


def test_the_published_figure_stands_beside_the_verdict() -> None:
    assert trusting(firms(0.6)).verdict == "supported"
    assert trusting(firms(0.6)).magnitude == "smaller"
    assert trusting(firms(2.0)).magnitude == "larger"


def test_trust_that_does_not_follow() -> None:
    less = trusting(firms(-0.5))
    assert (less.verdict, less.flags, less.magnitude) == ("not-supported", ("opposite",), "smaller")
    assert "% less 'trust', within firms over time." in less.reason
    assert trusting(firms(0.0, n=200)).verdict == "not-supported"
    unclear = trusting(firms(0.2, n=25, waves=3, noise=0.4))
    assert unclear.verdict == "inconclusive"
    assert "underpowered" in unclear.flags


def test_without_firms_over_time_there_is_a_direction_at_most() -> None:
    for found, where in (
        (trusting(firms(1.2, n=200, waves=1)), "between firms"),
        (trusting(firms(1.2), firm=None), "between customers"),
        (trusting(firms(1.2), firm=None, cluster="branch"), "within clusters over time"),
    ):
        assert (found.verdict, "no-panel" in found.flags) == ("direction-only", True)
        assert f", {where}." in found.reason
        assert (
            "That would be enough, but firms are not compared with themselves over time: no more than the direction "
            "can be told." in found.reason
        )
        assert "questionnaire" not in found.reason


def test_what_trust_needs() -> None:
    frame = firms(1.2, n=30, waves=2)
    assert trusting(frame, trust=None).reason == (
        "No trust is declared: a [trust] section with outcome, which of the outcomes says how much customers trust the "
        "firm, and period, the segment that says when, would make it testable."
    )
    assert trusting(frame, metrics={"csat": cx.Scale(1, 10, kind="nps")}).reason == (
        'No satisfaction (CSAT) score is declared: a [metric] section with kind = "csat" would make it testable.'
    )
    few = trusting(firms(1.2, n=15))
    assert (few.verdict, math.isnan(few.estimate)) == ("not-testable", True)
    assert few.reason.startswith("At least 20 ")


# --- invitations -----------------------------------------------------------------------------------------------------


def invited(rates: dict[str, float], n: int = 4000, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    kind = np.repeat(list(rates), n)
    return pd.DataFrame({"kind": kind, "answered": drawn(np.repeat(list(rates.values()), n), rng)})


def invitation(frame: pd.DataFrame, fair: dict[str, bool] | None = None, **more: Any) -> dict[str, Any]:
    told = {"randomised": True, "same_length": True} if fair is None else fair
    return {
        "tables": {"rows": frame},
        "segments": ["kind"],
        "outcomes": {"answered": cx.Binary("answered")},
        "invitation": cx.Invitation(survey="kind", answered="answered", csat="csat", **told),
        **more,
    }


def response(frame: pd.DataFrame, **more: Any) -> cx.Finding:
    return finding("csat-response-rate", frame, **invitation(frame, **more))


def test_satisfaction_surveys_that_are_answered_more_often() -> None:
    frame = invited({"ces": 0.22, "csat": 0.30, "nps": 0.20})
    found = response(frame)
    assert (found.verdict, found.outcome, found.n) == ("supported", None, 12_000)
    assert [part.name for part in found.parts] == ["csat over ces", "csat over nps"]
    result = cx.response_rate(frame, answered=cx.Binary("answered"), survey="kind")
    assert found.parts[0].estimate == pytest.approx(result.relative("csat", "ces").estimate, rel=SAME)
    ces, csat, nps = (100 * frame.answered[frame.kind == kind].mean() for kind in ("ces", "csat", "nps"))
    assert found.reason.startswith(
        f"The shares of invitations that were answered are {ces:.1f}% for 'ces', {csat:.1f}% for 'csat' and {nps:.1f}% "
        "for 'nps'. The relative gain of csat over ces is "
    )
    # More than the one and not more than the other is not more than all.
    assert response(invited({"ces": 0.30, "csat": 0.30, "nps": 0.20}, n=20_000)).verdict == "not-supported"


def test_response_rates_that_are_equal_or_cannot_be_told() -> None:
    assert response(invited({"csat": 0.2, "nps": 0.2}, n=20_000)).verdict == "not-supported"
    unclear = response(invited({"csat": 0.22, "nps": 0.2}, n=500))
    assert (unclear.verdict, "underpowered" in unclear.flags) == ("inconclusive", True)
    assert " invitations like these, instead of 1,000." in unclear.reason
    # Above half, the unanswered decide: .40 / .20 - 1.
    found = response(invited({"csat": 0.8, "nps": 0.6}))
    assert found.ci_low < 1.0 < found.ci_high


RANDOMISED = "that chance decided who was sent which survey (randomised = true)"
SAME_LENGTH = "that all surveys had the same number of questions (same_length = true)"


@pytest.mark.parametrize(
    ("fair", "told"),
    [
        ({"same_length": True}, RANDOMISED),
        ({"randomised": True}, SAME_LENGTH),
        ({}, f"{RANDOMISED} and {SAME_LENGTH}"),
    ],
)
def test_rates_of_unlike_surveys_are_not_compared(fair: dict[str, bool], told: str) -> None:
    found = response(invited({"csat": 0.3, "nps": 0.2}), fair=fair)
    assert found.verdict == "not-testable"
    assert found.reason == (
        f"Nothing in [invitation] says {told}. Where that holds, saying so would make it testable; where it does not, "
        "rates differ for other reasons."
    )


def test_what_invitations_need() -> None:
    frame = invited({"csat": 0.3, "nps": 0.2, "ces": 0.2})
    assert response(frame, invitation=None).reason == (
        "No invitation is declared: an [invitation] section with survey, answered and csat would make it testable."
    )
    unknown = frame.assign(answered=frame.answered.where(frame.kind != "csat"))
    assert response(unknown).reason == (
        "It is known of 'ces', 'nps' only which invitations were answered, so that the satisfaction survey ('csat') "
        "cannot be compared with another one. Both in one study would make it testable."
    )
    assert response(frame.assign(answered=1)).reason.startswith(
        "Those who did not answer must be among the rows, but all 12,000 rows are answered."
    )


def test_false_support_of_response_rates_is_rare_in_simulation() -> None:
    """Answered by 10% more, as much as the smallest gain that counts, and no more: .22 against .20."""
    runs, supported = 200, 0
    for seed in range(runs):
        given = invitation(invited({"csat": 0.22, "nps": 0.20}, n=1500, seed=seed))
        validation = cx.validate(cx.Study(**given, evidence="simulated"), rng=1, sensitivity=False)
        supported += next(f for f in validation.findings if f.claim == "csat-response-rate").verdict == "supported"
    assert supported / runs <= 0.05 + MC_ERRORS * math.sqrt(0.05 * 0.95 / runs)


def test_who_answered_is_no_outcome_of_other_claims() -> None:
    frame = invited({"csat": 0.3, "nps": 0.2}).assign(nps=5, csat=3, back=1, plan=0)
    given = invitation(
        frame,
        metrics={"nps": cx.NPS, "csat": cx.CSAT5},
        outcomes={
            "plan": cx.Binary("plan", kind="intention", after=True),
            "answered": cx.Binary("answered", after=True),
            "back": cx.Binary("back", after=True),
        },
    )
    study = cx.Study(**given, evidence="simulated")
    assert asked_outcomes(study) == ["back", "plan"]
    validation = cx.validate(study, rng=1)
    assert {f.outcome for f in validation.findings} == {None, "back", "plan"}
    assert {row["outcome"] for row in planned_rows(study)} == {None, "back", "plan"}
    told = next(t for t in could_be_tested(study) if t.claim == "top2-beats-mean")
    assert told.on == "on back, plan"


def test_an_invitation_alone_leaves_no_claim_without_a_line() -> None:
    frame = invited({"csat": 0.3, "nps": 0.2}).assign(nps=5, csat=3)
    study = cx.Study(**invitation(frame, metrics={"nps": cx.NPS, "csat": cx.CSAT5}), evidence="simulated")
    assert asked_outcomes(study) == []
    reason = (
        "The only outcome says who answered an invitation, which is not what customers did as customers: an [outcome] "
        "section with a later purchase or churn would make it testable."
    )
    found = {f.claim: f for f in cx.validate(study, rng=1).findings}
    assert found["metric-best-retention"].reason == reason
    assert found["csat-response-rate"].verdict != "not-testable"
    assert next(t for t in could_be_tested(study) if t.claim == "metric-best-retention").needs == reason
    assert {row["claim"] for row in planned_rows(study)} == {"csat-response-rate"}
    assert asked_outcomes(cx.Study(tables={"rows": frame}, evidence="simulated")) == []


# --- necessity -------------------------------------------------------------------------------------------------------

STARS = {"stars": cx.Rating("stars", cx.NPS, after=True)}
CSAT = {"csat": cx.CSAT5}


def necessary(frame: pd.DataFrame, outcome: str | None = "stars", **more: Any) -> cx.Finding:
    return finding("service-necessary", frame, outcome, **{"metrics": CSAT, "outcomes": STARS, **more})


def scored(n: int, most: Any, seed: int = 3) -> pd.DataFrame:
    """Scores 1 to 5, and outcomes 0 to 10 of which a score allows so many and no more."""
    rng = np.random.default_rng(seed)
    csat = rng.integers(1, 6, n)
    return pd.DataFrame({"csat": csat, "stars": np.minimum(rng.integers(0, 11, n), most(csat))})


def test_without_satisfaction_no_high_outcome() -> None:
    """At most 2 at a score of 1, 4 at 2, and so on: of 4 by 10 squares 8 + 6 + 4 + 2 are empty."""
    found = necessary(scored(2000, lambda csat: 2 * csat))
    assert (found.verdict, found.kind) == ("supported", "superiority")
    assert found.estimate == pytest.approx(0.5)
    assert found.reason == (
        "Of the range seen of 'csat' and 'stars', 50% is empty: no high outcome at a low score. Answers dealt at "
        "random would leave 0% empty (p 0.0005), answers that are only as correlated as these 2% (p 0.0005). The empty "
        "share is 0.5 (no 95% interval can be given): clearly more than 0.1, the smallest effect that counts."
    )
    assert any("nothing refutes the claim" in guard for guard in found.guards)
    lower = necessary(scored(2000, lambda csat: 2 * csat), smallest_effect={"necessity": 0.6})
    assert lower.verdict == "direction-only"  # never not-supported
    assert "It points the claimed way, but may be too small to count." in lower.reason


def test_independent_answers_need_nothing() -> None:
    found = necessary(scored(2000, lambda csat: 10 + 0 * csat))
    assert (found.verdict, found.flags) == ("inconclusive", ("small",))
    assert "These data cannot tell." in found.reason


def test_a_mere_correlation_is_no_necessity() -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=300)
    stars = np.clip(np.round(6 + 2 * (0.8 * z + 0.6 * rng.normal(size=300))), 0, 10)
    frame = pd.DataFrame({"csat": 1 + np.searchsorted([-1.5, -0.7, 0.2, 1.3], z), "stars": stars})
    found = necessary(frame)
    assert found.verdict == "direction-only"
    assert (
        "That would be enough, but answers that are merely correlated leave as much of it empty: no more than the "
        "direction can be told." in found.reason
    )


def test_necessity_without_an_interval_is_told_in_segments_and_files() -> None:
    frame = scored(2000, lambda csat: 2 * csat).assign(region=np.tile(["north", "south"], 1000))
    study = cx.Study(
        tables={"rows": frame}, metrics=CSAT, outcomes=STARS, segments=["region"], evidence="simulated", title="Needed"
    )
    validation = cx.validate(study, rng=1)
    found = next(f for f in validation.findings if f.claim == "service-necessary")
    assert [part.name for part in found.segments] == ["north (region)", "south (region)"]
    text = render_json([validation])
    assert "Infinity" not in text
    assert "no 95% interval can be given" in text


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (cx.Binary("back", after=True), "either 0 or 1"),
        (cx.Survival("days", "back", good=1, after=True), "a time until an event"),
    ],
)
def test_necessity_needs_several_levels(outcome: Any, kind: str) -> None:
    frame = scored(200, lambda csat: 2 * csat).assign(back=np.tile([0, 1], 100), days=3.0)
    assert necessary(frame, "x", outcomes={**STARS, "x": outcome}).reason == (
        f"'x' is {kind}; this claim is tested on an outcome with several levels, such as a rating or the number of "
        "purchases."
    )


def test_necessity_needs_independent_customers_and_a_score() -> None:
    frame = scored(200, lambda csat: 2 * csat).assign(branch=np.arange(200) // 5, w=1.5)
    for keys, told in (
        ({"cluster": "branch"}, "clusters"),
        ({"weight": "w"}, "weights"),
        ({"cluster": "branch", "weight": "w"}, "clusters and weights"),
    ):
        assert necessary(frame, **keys).reason == (
            f"The study has {told}, but the test deals single answers out at random, which takes independent customers "
            "who count alike. A study with one row per customer, without them, would make it testable."
        )
    assert necessary(frame, None, metrics={"csat": cx.Scale(1, 5)}).reason == (
        'No satisfaction (CSAT) score is declared: a [metric] section with kind = "csat" would make it testable.'
    )
    for outcomes in ({}, {"back": cx.Binary("back", after=True)}):
        assert necessary(frame.assign(back=1), None, outcomes=outcomes).reason == (
            "No outcome with several levels is declared: an [outcome] section with a rating, a count or an amount "
            "would make it testable."
        )
    assert necessary(frame, outcomes={"stars": cx.Rating("stars", cx.NPS)}).flags == ("timing",)


def test_necessity_of_an_amount_with_as_many_values_as_customers() -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"csat": rng.integers(1, 6, 20_000), "spend": np.exp(rng.normal(size=20_000))})
    found = necessary(frame, "spend", outcomes={"spend": cx.Continuous("spend", after=True)})
    assert found.verdict in ("inconclusive", "direction-only")


# --- dwell time ------------------------------------------------------------------------------------------------------

VISIT = cx.Service(dwell="seconds", success="found")
RATED = {"stars": cx.Rating("stars", cx.CSAT5)}


def visits(pleasure: float, lost: float, n: int = 6000, shift: float = 0.0) -> pd.DataFrame:
    """SDs of what is behind the stars per SD of log time: more where the task was done, less where it was not."""
    rng = np.random.default_rng(5)
    found, long = rng.integers(0, 2, n), rng.normal(size=n)
    latent = np.where(found == 1, pleasure, -lost) * long + 0.3 * found + rng.normal(size=n) + shift
    stars = 1 + np.searchsorted([-1.5, -0.7, 0.2, 1.3], latent)
    return pd.DataFrame({"found": found, "seconds": np.exp(4 + 0.7 * long), "stars": stars, "joy": latent})


def dwell(frame: pd.DataFrame, outcome: str | None = "stars", **more: Any) -> cx.Finding:
    return finding("dwell-ambiguous", frame, outcome, **{"outcomes": RATED, "service": VISIT, **more})


def test_a_long_stay_is_pleasure_or_being_lost() -> None:
    found = dwell(visits(0.5, 0.5))
    assert (found.verdict, found.flags) == ("supported", ())
    assert [part.name for part in found.parts] == [
        "longer stays where the task succeeded", "shorter stays where it failed",
    ]  # fmt: skip
    assert "In standard deviations, the gain of " in found.reason
    assert found.reason.startswith("The task failed in ")
    assert [part.name for part in found.sensitivity] == ["succeeded - failed"]
    assert any(
        guard.startswith("Over all visits together, and without controls, two lines show ") for guard in found.guards
    )
    # In units of what is measured: .5 over the standard deviation of all.
    frame = visits(0.5, 0.5)
    joy = dwell(frame, "joy", outcomes={"joy": cx.Continuous("joy")})
    assert all(part.ci_low < 0.5 / frame.joy.std() < part.ci_high for part in joy.parts)


def test_a_long_stay_that_is_only_pleasure_or_cannot_be_told() -> None:
    only = dwell(visits(0.5, 0.0))
    assert only.verdict == "not-supported"
    assert "the gain of shorter stays where it failed is" in only.reason
    few = dwell(visits(0.2, 0.2, n=150))
    assert few.verdict in ("inconclusive", "direction-only")
    assert "underpowered" in few.flags


def test_dwell_is_judged_behind_the_rating() -> None:
    """Behind the rating 0.09 SD where the task succeeded; a ceiling there makes nothing more of it."""
    frame = visits(0.09, 0.5, n=20_000)
    assert dwell(frame).verdict != "supported"
    fine = visits(0.5, 0.5).assign(stars=lambda d: np.clip(50 + 10 * d.joy, 0, 100))
    told = dwell(fine, outcomes={"stars": cx.Rating("stars", cx.Scale(0, 100, whole=False))})
    assert (told.verdict, told.flags) == ("not-testable", ("ceiling",))


def test_what_dwell_needs() -> None:
    frame = visits(0.5, 0.5, n=200)
    assert dwell(frame, None, service=None).reason == (
        "No service is declared: a [service] section with dwell and success would make it testable."
    )
    frame = frame.assign(problem=0)
    assert dwell(frame, None, service=cx.Service(problem="problem")).reason == (
        "Nothing says how long visits took: dwell = a column of times in [service] would make it testable."
    )
    assert dwell(frame, None, outcomes={}).reason == (
        "No outcome is declared: an [outcome] section with a later purchase or churn would make it testable."
    )
    assert dwell(frame, "yes", outcomes={"yes": cx.Binary("found")}).reason == (
        "'yes' must be a rating or measured for this claim, once for each visit."
    )
    assert dwell(frame.assign(seconds=0)).reason.startswith(
        "'service.dwell' must hold times above 0, but 200 of 200 rows are 0 or less"
    )
