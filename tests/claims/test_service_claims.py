"""Claims 25 to 28, 33 and 37 to 39 on data made by hand: the verdict that the truth deserves, or the guard."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx

BACK = {"back": cx.Binary("back", after=True)}


def findings(frame: pd.DataFrame, **more: Any) -> dict[str, cx.Finding]:
    """The findings of the family by claim; at these sizes every verdict is clear for any seed."""
    given = {"tables": {"customers": frame}, "evidence": "simulated"}
    return {
        f.claim: f
        for f in cx.validate(cx.Study(**{**given, **more}), rng=1, sensitivity=False).findings
        if f.family == "delight"
    }


def counts(*rows: tuple[float, ...], columns: str) -> pd.DataFrame:
    """A table of counted rows."""
    return pd.DataFrame(list(rows), columns=columns.split())


def drawn(p: Any, rng: np.random.Generator) -> Any:
    return (rng.random(np.shape(p)) < p).astype(int)


# --- problems and complaints -----------------------------------------------------------------------------------------


def silent(silent_ones: int, complained: int) -> cx.Finding:
    frame = counts(
        (0, 0, 1000), (1, 0, silent_ones), (1, 1, complained), (1, np.nan, 70), columns="problem complained n"
    )
    return findings(frame, count="n", service=cx.Service(problem="problem", complained="complained"))[
        "complaint-silence"
    ]


def test_most_are_silent_or_are_not_against_published() -> None:
    """312 of 400: Wilson's interval is .7368 to .8178. Where 205 of 400 are, more than none is no direction."""
    claim = silent(312, 88)
    assert (claim.verdict, claim.outcome, claim.n, claim.n_missing) == ("supported", None, 400, 70)
    assert (claim.ci_low, claim.ci_high) == (pytest.approx(0.7368, abs=5e-5), pytest.approx(0.8178, abs=5e-5))
    assert "Of 400 customers with a problem, 78% did not complain. Their share is 0.78" in claim.reason
    assert "clearly more than 0.5" in claim.reason
    assert silent(88, 312).verdict == "not-supported"
    assert silent(205, 195).verdict == "inconclusive"
    assert silent(195, 205).flags == ("small",)


def test_too_few_or_impossible_complaints_give_a_reason_and_no_number() -> None:
    few = silent(15, 14)
    assert (few.verdict, math.isnan(few.estimate)) == ("not-testable", True)
    assert few.reason == (
        "At least 30 customers with a problem must be known to have complained or not, but 29 are."
        "\nAsk more customers, or for a longer time."
    )
    frame = counts((0, 1, 5), (1, 0, 100), (1, 1, 50), columns="problem complained n")
    wrong = findings(frame, count="n", service=cx.Service(problem="problem", complained="complained"))
    assert wrong["complaint-silence"].reason.startswith(
        "'service.complained' must be 0 or missing where 'service.problem' is 0, but 5 rows of 155 hold 1 without a "
        "problem."
    )
    service = cx.Service(problem="problem", complained="complained")
    coded = findings(frame.replace({"problem": {1: 2}}), count="n", service=service)
    assert "'service.problem' must hold 1 (a problem) and 0 (none)" in coded["complaint-silence"].reason


def test_clusters_of_customers_widen_the_share_of_the_silent() -> None:
    """Eight times the same 40 branches are not 320: the interval is that of the branches."""
    rng = np.random.default_rng(2)
    branch = np.repeat(np.arange(40), 8)
    complained = np.repeat(drawn(np.full(40, 0.3), rng), 8)
    frame = pd.DataFrame({"branch": branch, "problem": 1, "complained": complained})
    service = cx.Service(problem="problem", complained="complained")
    alone = findings(frame.assign(branch=range(320)), cluster="branch", service=service)["complaint-silence"]
    together = findings(frame, cluster="branch", service=service)["complaint-silence"]
    assert (together.ci_high - together.ci_low) > 2.5 * (alone.ci_high - alone.ci_low)


def recovered(no_problem: float, unrecovered: float, put_right: float, **more: Any) -> cx.Finding:
    """Shares who came back, in counts of 4,000, 2,000 and 2,000."""
    groups = ((0, np.nan, no_problem, 4000), (1, 0, unrecovered, 2000), (1, 1, put_right, 2000))
    rows = [(p, r, back, round(n * (share if back else 1 - share))) for p, r, share, n in groups for back in (1, 0)]
    frame = counts(*rows, columns="problem fixed back n")
    service = cx.Service(problem="problem", recovered="fixed")
    return findings(frame, count="n", outcomes=BACK, service=service, **more)["recovery-paradox"]


def test_the_recovered_must_lie_above_the_untroubled() -> None:
    claim = recovered(0.40, 0.30, 0.56)
    assert (claim.verdict, claim.outcome, claim.flags) == ("supported", "back", ("no-baseline",))
    assert claim.estimate == pytest.approx(0.4)  # .56 / .40 - 1
    assert claim.unit == "relative difference in the share of good outcomes"
    assert [part.name for part in claim.levels] == ["no problem", "unrecovered", "recovered"]
    # Above half, the bad shares decide: .30 / .20 - 1.
    assert recovered(0.70, 0.50, 0.80).estimate == pytest.approx(0.5)
    # Better than unrecovered, and no better than without a problem: no paradox.
    same = recovered(0.40, 0.20, 0.40)
    assert same.verdict == "not-supported"
    assert "0.4 without a problem, 0.4 where one was put right and 0.2 where it was not" in same.reason


def test_what_was_there_before_is_taken_off_the_recovered() -> None:
    """Loyal customers complain, and are put right; among the equally loyal recovery changes nothing."""
    rng = np.random.default_rng(3)
    n = 20_000
    loyal = drawn(np.full(n, 0.5), rng)
    problem = drawn(np.full(n, 0.4), rng)
    fixed = problem * drawn(np.where(loyal, 0.9, 0.1), rng)
    back = drawn(np.where(loyal, 0.7, 0.2), rng)
    frame = pd.DataFrame({"loyal": loyal, "problem": problem, "fixed": fixed, "back": back})
    service = cx.Service(problem="problem", recovered="fixed")
    raw = findings(frame, outcomes=BACK, service=service)["recovery-paradox"]
    adjusted = findings(frame, outcomes=BACK, service=service, controls=["loyal"])["recovery-paradox"]
    assert (raw.verdict, raw.flags) == ("supported", ("no-baseline",))
    assert (adjusted.verdict, adjusted.flags) == ("not-supported", ())


def stars(latent: Any) -> Any:
    return 1 + np.searchsorted([-1.5, -0.7, 0.2, 1.3], latent)


def test_recovery_on_a_rating_is_judged_on_both_scales_unless_nobody_could_rise() -> None:
    rng = np.random.default_rng(4)
    n = 20_000
    problem = drawn(np.full(n, 0.4), rng)
    fixed = problem * drawn(np.full(n, 0.5), rng)
    service = cx.Service(problem="problem", recovered="fixed")
    outcomes = {"stars": cx.Rating("stars", cx.CSAT5, after=True)}
    latent = rng.normal(size=n) - 0.3 * problem + 0.7 * fixed
    frame = pd.DataFrame({"problem": problem, "fixed": fixed, "stars": stars(latent)})
    claim = findings(frame, outcomes=outcomes, service=service)["recovery-paradox"]
    assert claim.verdict == "supported"
    assert claim.unit == "standard deviations of the outcome"
    assert any(guard.startswith("On the scale behind the rating (ordered probit) it is 0.") for guard in claim.guards)
    crowded = frame.assign(stars=stars(latent + 1.2))
    stopped = findings(crowded, outcomes=outcomes, service=service)["recovery-paradox"]
    top = (crowded.stars[problem == 0] == 5).mean()
    assert (stopped.verdict, stopped.flags, math.isnan(stopped.estimate)) == ("not-testable", ("ceiling",), True)
    assert stopped.reason.startswith(f"{100 * top:.0f}% of the customers without a problem already gave the best")


def revealed(slope: float, slope_with_problem: float, **more: Any) -> dict[str, cx.Finding]:
    """Log-odds of coming back per standard deviation of satisfaction, without and with a problem."""
    rng = np.random.default_rng(5)
    n = 20_000
    csat, problem = rng.integers(1, 6, n), drawn(np.full(n, 0.3), rng)
    odds = (csat - 3) / math.sqrt(2) * np.where(problem, slope_with_problem, slope) - 0.5 * problem
    frame = pd.DataFrame({"csat": csat, "ease": csat, "problem": problem, "back": drawn(1 / (1 + np.exp(-odds)), rng)})
    given: dict[str, Any] = {
        "metrics": {"ease": cx.Metric(column="ease", scale=cx.EASE7), "csat": cx.CSAT5},
        "outcomes": BACK,
        "service": cx.Service(problem="problem"),
    }
    return findings(frame, **{**given, **more})


def test_a_rating_that_tells_more_where_there_was_a_problem() -> None:
    claim = revealed(0.1, 0.6)["problem-reveals-quality"]
    assert claim.verdict == "supported"
    assert claim.ci_low < 0.5 < claim.ci_high
    assert claim.smallest_effect == pytest.approx(math.log(1.1))
    assert claim.reason.startswith("The slope of 'csat' is 0.1")  # not that of effort, which is declared first
    assert revealed(0.4, 0.4)["problem-reveals-quality"].verdict == "not-supported"


def test_a_ceiling_that_bends_slopes_reveals_nothing() -> None:
    """One latent slope for all; without a problem many gave the best answer, where a rating cannot rise."""
    rng = np.random.default_rng(6)
    n = 20_000
    csat, problem = rng.integers(1, 6, n), drawn(np.full(n, 0.3), rng)
    latent = 1.3 + 0.5 * (csat - 3) - 1.6 * problem + rng.normal(size=n)
    frame = pd.DataFrame({"csat": csat, "problem": problem, "stars": stars(latent)})
    for after, same_sitting in ((True, False), (False, True)):
        claim = findings(
            frame,
            metrics={"csat": cx.CSAT5},
            outcomes={"stars": cx.Rating("stars", cx.CSAT5, kind="intention", after=after)},
            service=cx.Service(problem="problem", same_sitting=same_sitting),
        )["problem-reveals-quality"]
        assert claim.verdict == "inconclusive"
        assert claim.flags.count("ceiling") == 1
        assert claim.ci_low > 0.1  # which the rating as given would have taken for an effect


def test_a_questionnaire_that_holds_both_sides_tells_a_direction() -> None:
    outcomes = {"back": cx.Binary("back")}
    assert revealed(0.1, 0.6, outcomes=outcomes)["problem-reveals-quality"].flags == ("timing",)
    service = cx.Service(problem="problem", same_sitting=True)
    claim = revealed(0.1, 0.6, outcomes=outcomes, service=service)["problem-reveals-quality"]
    assert (claim.verdict, claim.flags) == ("direction-only", ("same-sitting",))
    assert "come from one questionnaire" in claim.reason


def test_airport_guests_with_a_problem(real_data: Callable[[str], Path]) -> None:
    """The slopes differ by .18 as rated and by -.01 behind the rating: a third gave a 10, and nothing is revealed."""
    raw = pd.read_csv(real_data("sfo/sfo_2017.csv"), encoding="latin-1", low_memory=False)
    frame = pd.DataFrame(
        {
            "problem": raw.Q15PROBLEM.map({1: 1.0, 2: 0.0}),
            "recommend": raw.NETPRO.where(raw.NETPRO <= 10),
            "airport": pd.to_numeric(raw.Q7ALL, errors="coerce").pipe(lambda q: q.where(q.between(1, 5))),
        }
    )
    claim = findings(
        frame,
        metrics={"airport": cx.CSAT5},
        outcomes={"recommend": cx.Rating("recommend", cx.NPS, kind="intention")},
        service=cx.Service(problem="problem", same_sitting=True),
    )["problem-reveals-quality"]
    assert claim.verdict == "inconclusive"
    assert {"ceiling", "same-sitting"} <= set(claim.flags)
    assert claim.estimate == pytest.approx(0.1817, abs=5e-5)
    assert any("(ordered probit) it is -0.01" in guard for guard in claim.guards)


# --- contacts --------------------------------------------------------------------------------------------------------


def harm(
    contact: tuple[int, int, int], without: tuple[int, int, int] | None, before: tuple[int, int] = (7, 7)
) -> cx.Finding:
    """Customers whose score fell, rose and stayed, with a contact and without; ``before`` is where they started."""
    groups = [(1, before[0], contact)] + ([] if without is None else [(0, before[1], without)])
    rows = [(b, b + move, c, n) for c, b, moved in groups for move, n in zip((-2, 1, 0), moved, strict=True)]
    return findings(
        counts(*rows, columns="spring autumn called n"),
        count="n",
        metrics={"spring": cx.NPS, "autumn": cx.NPS},
        service=cx.Service(before="spring", after="autumn", contact="called"),
    )["service-4x-disloyalty"]


def test_contacts_that_lower_four_times_as_often_as_they_raise() -> None:
    """The logarithm of (2400 / 600) / (2000 / 2000), with variance 1/2400 + 1/600 + 2/2000."""
    claim = harm((2400, 600, 7000), (2000, 2000, 16_000))
    error = math.sqrt(1 / 2400 + 1 / 600 + 2 / 2000)
    assert (claim.verdict, claim.magnitude, claim.flags, claim.outcome) == ("supported", "as-published", (), None)
    assert claim.estimate == pytest.approx(math.log(4))
    assert claim.ci_low == pytest.approx(math.log(4) - 1.959964 * error, abs=1e-4)
    assert "falling is 4 times as frequent, and without one 1 times" in claim.reason
    assert [part.name for part in claim.sensitivity] == ["at the same score before", "with a contact alone"]


@pytest.mark.parametrize(
    ("contact", "without", "verdict", "size"),
    [
        ((2400, 600, 7000), (4800, 1200, 14_000), "not-supported", "smaller"),  # four times with and without one
        ((2400, 300, 7000), (2000, 2000, 16_000), "not-supported", "larger"),
        ((1200, 600, 7000), (2000, 2000, 16_000), "not-supported", "smaller"),
        ((48, 12, 140), (200, 200, 1600), "direction-only", "cannot-tell"),
        ((20, 18, 140), (200, 200, 1600), "not-supported", "smaller"),
        ((24, 12, 140), (100, 80, 160), "inconclusive", "cannot-tell"),
    ],
)
def test_contacts_against_the_published_band(
    contact: tuple[int, int, int], without: tuple[int, int, int], verdict: str, size: str
) -> None:
    claim = harm(contact, without)
    assert (claim.verdict, claim.magnitude) == (verdict, size)


def test_a_ratio_that_may_be_larger_than_was_published_is_told_so() -> None:
    """Log 4.9 with an interval of .115 either way: surely above 3, and on both sides of 5."""
    claim = harm((2400, 490, 7000), (2000, 2000, 16_000))
    assert (claim.verdict, claim.magnitude) == ("direction-only", "cannot-tell")
    (guard,) = claim.guards
    assert guard == (
        "The figure of lowered to raised may be larger than was published: its interval, 4.36 to 5.5, ends above the "
        "band, 3 to 5."
    )


def test_without_anybody_who_had_no_contact_there_is_a_direction_at_most() -> None:
    claim = harm((2400, 600, 7000), None)
    assert (claim.verdict, claim.magnitude) == ("direction-only", "cannot-tell")
    assert "no-control" in claim.flags
    assert any(guard.startswith("Nobody without a contact is in the data") for guard in claim.guards)
    assert harm((600, 2400, 7000), None).verdict == "inconclusive"


def test_contacts_that_follow_high_scores_are_flagged() -> None:
    assert harm((2400, 600, 7000), (2000, 2000, 16_000), before=(9, 6)).flags == ("regression-to-mean",)
    few = harm((9, 60, 100), (200, 200, 1600))
    assert few.verdict == "not-testable"
    assert few.reason.startswith(
        "At least 10 people with a contact must have moved down and 10 up, but of 169 people 9 moved down and 60 up."
    )


def contacts(rate: float, ratio: float, failure: float = 0.1, wait: float = 0.0, n: int = 20_000) -> pd.DataFrame:
    """Contacts: cost and time times ``ratio`` with an attempt, failures .1 without and ``failure`` with one."""
    rng = np.random.default_rng(7)
    wow = drawn(np.full(n, rate), rng)
    amount = np.exp(2 + 0.5 * rng.normal(size=n) + math.log(ratio) * wow)
    return pd.DataFrame(
        {
            "wow": wow,
            "cost": amount,
            "minutes": amount,
            "failed": drawn(np.where(wow, failure, 0.1), rng),
            "queue": np.abs(5 + rng.normal(size=n) + wait * wow),
        }
    )


@pytest.mark.parametrize(
    ("rate", "ratio", "verdict", "words"),
    [
        (0.16, 1.15, "supported", ": clearly within the band around the published figure, 0.05 to 0.25."),
        (0.40, 1.15, "not-supported", ": clearly above the band around the published figure, 0.11 to 0.21."),
        (0.05, 1.15, "not-supported", "The figure of contacts with an attempt is 0.0483"),
        (0.16, 2.00, "not-supported", "The figure of what they cost more is 0.999"),
        (0.16, 1.00, "not-supported", ": clearly below the band around the published figure, 0.05 to 0.25."),
    ],
)
def test_attempts_are_rare_and_dear(rate: float, ratio: float, verdict: str, words: str) -> None:
    claim = findings(contacts(rate, ratio), service=cx.Service(attempt="wow", cost="cost"))["delight-cost"]
    assert (claim.verdict, claim.outcome) == (verdict, None)
    assert words in claim.reason
    assert len(claim.parts) == 2
    assert claim.magnitude == ("as-published" if rate == 0.16 else "larger" if rate > 0.16 else "smaller")


def test_a_cost_that_may_lie_in_the_band_or_not_is_a_direction() -> None:
    claim = findings(contacts(0.16, 1.24, n=3000), service=cx.Service(attempt="wow", cost="cost"))["delight-cost"]
    assert claim.verdict == "direction-only"


def test_attempts_fail_and_delay() -> None:
    service = cx.Service(attempt="wow", failure="failed", handling="minutes", wait="queue")
    claim = findings(contacts(0.2, 2.0, failure=0.3, wait=1.0), service=service)["wow-attempt-risk"]
    assert claim.verdict == "supported"
    assert [part.name for part in claim.parts] == ["of failures", "of handling time", "of the wait of others"]
    truth = (2.0, math.log(2), 1 / math.sqrt(1 + 0.2 * 0.8))  # three times the failures, twice the time, SD of the wait
    for part, true in zip(claim.parts, truth, strict=True):
        assert part.ci_low < true < part.ci_high
    assert any(guard.startswith("The contacts were not adjusted") for guard in claim.guards)
    unharmed = findings(contacts(0.2, 2.0, failure=0.1, wait=1.0), service=service)["wow-attempt-risk"]
    assert unharmed.verdict == "not-supported"
    assert "The rise of failures is" in unharmed.reason
    quick = findings(contacts(0.2, 1.0, failure=0.3, wait=1.0), service=service)["wow-attempt-risk"]
    assert (quick.verdict, "The rise of handling time is" in quick.reason) == ("not-supported", True)


def test_an_arm_that_is_not_declared_is_not_asked_for() -> None:
    frame = contacts(0.2, 1.0, failure=0.3, wait=1.0)
    waiting = cx.Service(attempt="wow", failure="failed", wait="queue")
    claim = findings(frame, service=waiting)["wow-attempt-risk"]
    assert (claim.verdict, [part.name for part in claim.parts]) == (
        "supported", ["of failures", "of the wait of others"],
    )  # fmt: skip
    few = findings(frame.assign(failed=(frame.index < 5).astype(int)), service=waiting)["wow-attempt-risk"]
    assert few.verdict == "not-testable"
    assert "Every group must have at least 10 good and 10 bad outcomes 'service.failure'" in few.reason


# --- effort ----------------------------------------------------------------------------------------------------------

EFFORT = {"effort": cx.Metric(column="effort", scale=cx.EFFORT5, version="ces1")}


def effort(stayed: tuple[float, ...], kind: Any = "behaviour", **more: Any) -> cx.Finding:
    """Of 8,000 customers at each effort from 1 (little) to 5, the share who stayed."""
    rows = [(e, s, round(8000 * (p if s else 1 - p))) for e, p in enumerate(stayed, start=1) for s in (1, 0)]
    outcomes = {"stayed": cx.Binary("stayed", kind=kind, after=True)}
    frame = counts(*rows, columns="effort stayed n")
    return findings(frame, count="n", metrics=EFFORT, outcomes=outcomes, **more)["effort-disloyalty"]


def test_much_effort_goes_with_disloyalty_or_does_not() -> None:
    claim = effort((0.9, 0.9, 0.8, 0.6, 0.6))
    assert (claim.verdict, claim.flags) == ("supported", ("no-baseline",))
    assert claim.estimate == pytest.approx(3.0)  # where .6 stayed, .4 did not: .4 / .1 - 1
    assert "is 40.0% after much effort (4, 5) and 10.0% after little (1, 2)" in claim.reason
    assert claim.magnitude == "cannot-tell"
    assert any("The published gaps are between intentions" in guard for guard in claim.guards)
    assert effort((0.8, 0.8, 0.8, 0.8, 0.8)).verdict == "not-supported"
    assert effort((0.6, 0.6, 0.7, 0.8, 0.8)).flags == ("opposite", "no-baseline")


def test_published_gaps_are_compared_with_intentions_only() -> None:
    """.95 against .10 who would stay: a gap of 85 points, within the published 80 to 90."""
    assert effort((0.95, 0.95, 0.5, 0.1, 0.1), kind="intention").magnitude == "as-published"
    assert effort((0.9, 0.9, 0.8, 0.6, 0.6), kind="intention").magnitude == "smaller"


def calls(**more: Any) -> dict[str, cx.Finding]:
    """Hard cases make effort and make customers leave; among the equally hard, effort tells nothing."""
    rng = np.random.default_rng(8)
    n = 20_000
    hard = drawn(np.full(n, 0.5), rng)
    answer = np.clip(rng.integers(0, 4, n) + 1 + hard, 1, 5)
    stayed = drawn(np.where(hard, 0.4, 0.8), rng)
    frame = pd.DataFrame({"hard": hard, "effort": answer, "stayed": stayed, "transfers": rng.poisson(1.0, n)})
    return findings(frame, metrics=EFFORT, outcomes={"stayed": cx.Binary("stayed", after=True)}, **more)


def test_what_makes_cases_hard_is_taken_off_effort() -> None:
    assert calls()["effort-disloyalty"].verdict == "supported"
    adjusted = calls(controls=["hard"])["effort-disloyalty"]
    assert (adjusted.verdict, adjusted.flags) == ("not-supported", ())


def test_effort_that_was_recorded_stands_beside_what_was_reported() -> None:
    claim = calls(service=cx.Service(objective=["transfers"]))["effort-disloyalty"]
    assert (claim.verdict, "reported-only" in claim.flags) == ("supported", True)
    (told,) = (guard for guard in claim.guards if "'transfers' as recorded" in guard)
    assert told.startswith("In log-odds of a bad outcome per standard deviation of effort: 'effort' as reported 0.")


def test_effort_needs_an_outcome_of_two_values_that_came_after() -> None:
    frame = pd.DataFrame({"effort": [1, 2, 3, 4, 5] * 40, "spend": np.arange(200.0), "stayed": [0, 1] * 100})
    found = findings(frame, metrics=EFFORT, outcomes={"spend": cx.Continuous("spend", after=True)})
    assert found["effort-disloyalty"].reason == (
        "'spend' is not an outcome of 0 and 1; this claim is tested on one."
    )  # fmt: skip
    undated = findings(frame, metrics=EFFORT, outcomes={"stayed": cx.Binary("stayed")})
    assert undated["effort-disloyalty"].flags == undated["effort-ceiling"].flags == ("timing",)
    service = cx.Service(objective=[], same_sitting=True)
    together = effort((0.9, 0.9, 0.8, 0.6, 0.6), service=service)
    assert together.verdict == "supported"  # declared to come after, whatever the section says
    rows = [(e, s, 500 * (1 + s * (e < 3))) for e in range(1, 6) for s in (0, 1)]
    asked = findings(
        counts(*rows, columns="effort stayed n"), count="n", metrics=EFFORT, service=service,
        outcomes={"stayed": cx.Binary("stayed", kind="intention")},
    )["effort-disloyalty"]  # fmt: skip
    assert asked.verdict == "direction-only"
    assert "same-sitting" in asked.flags


def eased(outcome: Any, mean: Any, seed: int = 9, n: int = 20_000) -> cx.Finding:
    """Ease from 1 to 7 and a mean for each answer, with noise of 1."""
    rng = np.random.default_rng(seed)
    ease = rng.integers(1, 8, n)
    latent = mean(ease) + rng.normal(size=n)
    frame = pd.DataFrame({"ease": ease, "spend": latent, "stars": stars(latent)})
    metrics = {"ease": cx.Metric(column="ease", scale=cx.EASE7, version="ces2")}
    return findings(frame, metrics=metrics, outcomes={"loyalty": outcome})["effort-ceiling"]


SPEND = cx.Continuous("spend", after=True)
STARS = cx.Rating("stars", cx.CSAT5, after=True)


def test_a_gain_that_levels_off_is_found() -> None:
    """.5 per point up to 5, then none: standardised .5 * 2 / sd, where the bent mean and the noise make the sd."""
    bent = 0.5 * np.minimum(np.arange(1, 8), 5)
    claim = eased(SPEND, lambda ease: 0.5 * np.minimum(ease, 5))
    truth = 0.5 * 2 / math.sqrt(1 + bent.var())
    assert claim.verdict == "supported"
    assert claim.ci_low < truth < claim.ci_high
    assert "up to the answer 5, and by" in claim.reason
    assert eased(SPEND, lambda ease: 0.3 * ease).verdict == "not-supported"


def test_a_ceiling_of_the_rating_is_not_one_of_effort() -> None:
    """A straight line behind stars of which a third are at the top; and a bend that is there behind them too."""
    straight = eased(STARS, lambda ease: 0.5 * (ease - 4.0) + 0.8)
    assert straight.verdict == "inconclusive"
    assert straight.flags.count("ceiling") == 1
    assert eased(STARS, lambda ease: 0.6 * np.minimum(ease, 5) - 2.6).verdict == "supported"


def test_a_knee_with_nobody_beyond_it_gives_a_reason() -> None:
    rng = np.random.default_rng(10)
    frame = pd.DataFrame({"ease": rng.integers(1, 6, 400), "spend": rng.normal(size=400)})
    metrics = {"ease": cx.Metric(column="ease", scale=cx.EASE7, version="ces2")}
    claim = findings(frame, metrics=metrics, outcomes={"spend": SPEND})["effort-ceiling"]
    assert claim.verdict == "not-testable"


# --- what is missing -------------------------------------------------------------------------------------------------

NO_CES = 'No customer effort (CES) score is declared: a [metric] section with kind = "ces"'
WOW, MET = cx.Service(attempt="wow"), cx.Service(problem="failed")
COLUMN = "a column of 0 and 1 in [service]"
MISSING: list[tuple[str, cx.Service | None, str]] = [
    ("delight-cost", None, "No service is declared: a [service] section with attempt and cost"),
    ("wow-attempt-risk", None, "No service is declared: a [service] section with attempt and failure"),
    ("service-4x-disloyalty", None, "No service is declared: a [service] section with before and after"),
    ("complaint-silence", None, "No service is declared: a [service] section with problem and complained"),
    ("recovery-paradox", None, "No service is declared: a [service] section with problem and recovered"),
    ("problem-reveals-quality", None, "No service is declared: a [service] section with problem"),
    ("effort-disloyalty", None, NO_CES),
    ("effort-ceiling", None, NO_CES),
    ("delight-cost", WOW, "Nothing says what a contact cost: cost = a column of amounts in [service]"),
    ("wow-attempt-risk", WOW, f"Nothing says in which contacts something went wrong: failure = {COLUMN}"),
    ("complaint-silence", WOW, f"Nothing says which customers met a problem: problem = {COLUMN}"),
    ("complaint-silence", MET, f"Nothing says who complained: complained = {COLUMN}"),
    ("recovery-paradox", MET, f"Nothing says whose problem was put right: recovered = {COLUMN}"),
    ("problem-reveals-quality", MET, "No outcome is declared: an [outcome] section with a later purchase or churn"),
]
MISSING += [
    (
        "wow-attempt-risk",
        cx.Service(attempt="wow", failure="failed"),
        (
            "Nothing says how long contacts took, nor how long others waited: handling or wait = a column of amounts "
            "in [service]"
        ),
    ),
    (
        "service-4x-disloyalty",
        WOW,
        (
            "Nothing says how loyal customers were before and after a contact: before and after = two metrics of one "
            "scale in [service]"
        ),
    ),
]


@pytest.mark.parametrize(("claim", "service", "reason"), MISSING)
def test_what_would_make_a_claim_testable_is_said(claim: str, service: cx.Service | None, reason: str) -> None:
    found = findings(contacts(0.2, 2.0, n=100), service=service)[claim]
    assert (found.verdict, found.reason) == ("not-testable", f"{reason} would make it testable.")


def test_a_rating_of_quality_is_asked_for() -> None:
    frame = pd.DataFrame({"effort": [1, 2] * 50, "problem": [0, 1] * 50, "back": [0, 0, 1, 1] * 25})
    found = findings(frame, metrics=EFFORT, outcomes=BACK, service=cx.Service(problem="problem"))
    assert found["problem-reveals-quality"].reason == (
        "A rating of quality is needed, and none is declared: a [metric] section, other than of effort, would make it "
        "testable."
    )
