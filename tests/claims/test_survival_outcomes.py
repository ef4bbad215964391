"""Claims on metrics where the outcome is a time until an event, against known truth and against `concordance`."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.claims.finding import Finding

METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}
CHURN = cx.Survival("months", "cancelled", "entered", after=True)
CLAIMS = ("metric-best-retention", "ces-beats-all", "nps-no-superiority")
EXACT = 1e-12


def found(frame: Any, outcome: cx.Survival = CHURN, **more: Any) -> dict[str, Finding]:
    study = cx.Study(tables={"customers": frame}, metrics=METRICS, outcomes={"churn": outcome}, **more)
    return {finding.claim: finding for finding in cx.validate(study, rng=1, sensitivity=False).findings}


def test_verdicts_against_known_truth() -> None:
    """Satisfaction is best by .0247 over the next in the population: told with 40,000 customers."""
    truth = cx.simulate.subscribers_truth()
    findings = found(cx.simulate.subscribers(40_000, rng=2))
    assert truth.best == "csat"
    assert truth.concordance["csat"] - truth.concordance["nps"] > 0.02
    assert [findings[name].verdict for name in CLAIMS] == ["supported", "not-supported", "not-supported"]
    for part in findings["metric-best-retention"].levels:
        assert part.ci_low <= truth.concordance[part.name.split()[0]] <= part.ci_high


def test_the_difference_against_concordance() -> None:
    frame = cx.simulate.subscribers(4_000, rng=3).assign(firm=lambda f: np.arange(len(f)) % 200)
    finding = found(frame, cluster="firm")["metric-best-retention"]
    alone = cx.concordance(frame, outcome=CHURN, metrics=METRICS, cluster="firm")
    difference = -alone.estimate[alone.terms.index("nps - csat")]
    assert finding.estimate == pytest.approx(difference, abs=EXACT)
    assert finding.reason.startswith(
        "Of two customers, one of whom had the event (churn) while the other was watched and went on, csat picks the "
        f"right one {100 * alone.estimate[1]:.1f}% of the time, "
    )


def test_when_the_watch_began_and_what_is_not_held_equal_is_told() -> None:
    frame = cx.simulate.subscribers(3_000, rng=4, late_entry=False)
    zero = (
        "Customers count as watched from time 0 on. That is right if 'churn.time' runs from the answer; if it "
        "runs from the first purchase, who answered later could not have left before, and entry must say when that was."
    )
    equal = "Metrics are compared as they are: on a time until an event the controls are not held equal."
    finding = found(frame, cx.Survival("months", "cancelled", after=True), controls=["entered"])[CLAIMS[0]]
    assert zero in finding.guards
    assert equal in finding.guards
    finding = found(frame)[CLAIMS[0]]
    assert zero not in finding.guards
    assert equal not in finding.guards


def test_a_score_that_knows_the_outcome_stops_the_race() -> None:
    frame = cx.simulate.subscribers(3_000, rng=5).assign(nps=lambda f: np.where(f.cancelled == 1, 0, f.nps))
    for name in CLAIMS:
        finding = found(frame)[name]
        assert (finding.verdict, finding.flags) == ("not-testable", ("leakage",))
        assert "'nps' knows the outcome 'churn.event' too well" in finding.reason


def test_too_few_events_are_refused() -> None:
    frame = cx.simulate.subscribers(200, rng=6, monthly=0.005)
    events = int(frame.cancelled.sum())
    assert events < 100
    assert found(frame)[CLAIMS[0]].reason == (
        f"At least 100 events are needed to compare metrics, but 'churn.event' happened to {events} of 200 rows."
        "\nWait for more events or watch longer; cx.concordance describes a smaller sample."
    )


def test_what_needs_an_outcome_of_0_and_1_says_how_to_mend_it() -> None:
    reason = found(cx.simulate.subscribers(3_000, rng=7))["top2-beats-mean"].reason
    assert reason == (
        "The outcome 'churn' is not binary; this claim is tested on an outcome of 0 and 1. An outcome that says "
        "whether the event happened within a window would make it testable."
    )


def test_a_study_file_with_a_time_gives_the_same(tmp_path: Path) -> None:
    frame = cx.simulate.subscribers(3_000, rng=8)
    frame.to_csv(tmp_path / "subscribers.csv", index=False)
    (tmp_path / "study.toml").write_text(
        """
cxstats = 1
[study]
title = "Subscribers"
evidence = "simulated"
[table.customers]
file = "subscribers.csv"
[metric.nps]
column = "nps"
scale = "NPS"
[metric.csat]
column = "csat"
scale = "CSAT5"
[metric.ease]
column = "ease"
version = "ces2"
scale = "EASE7"
[outcome.churn]
type = "survival"
time = "months"
event = "cancelled"
entry = "entered"
good = 0
kind = "behaviour"
after = true
""",
        encoding="utf-8",
    )
    read = cx.validate(cx.Study.read(tmp_path / "study.toml"), rng=1, sensitivity=False)
    by_file = {f.claim: f for f in read.findings}
    for name, finding in found(frame).items():
        assert by_file[name].verdict == finding.verdict
        if finding.estimate is not None and name in CLAIMS:
            assert by_file[name].estimate == pytest.approx(finding.estimate, abs=EXACT)


def test_a_watch_that_ended_before_it_began_is_refused() -> None:
    frame = cx.simulate.subscribers(500, rng=9)
    frame = pd.concat([frame, frame.head(2).assign(months=lambda f: f.entered)])
    reason = found(frame)[CLAIMS[0]].reason
    assert "must lie above 'churn.entry', from which on the customer was watched, but 2 of 502 rows do not" in reason
