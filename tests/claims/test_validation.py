"""Validation as a whole: guards, families, engines, and what concerns one claim only."""

import json
import math
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cxstats as cx
from cxstats.claims.register import CLAIMS
from cxstats.report.json import render_json

METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}
EXPECTATION = cx.Expectation(disconfirmation="days_early", met=(0, 0))


# A plain study names no segment, no firm, no intention, no tiers, no encounters and nothing of service.
UNDECLARED = {
    "industry-moderates", "within-between", "intent-vs-behaviour", "journey-sat-35", "journey-churn-32",
    "journey-beyond-touchpoints", "journey-upside", "touchpoint-compounding", "touchpoint-unequal",
    "peak-end-vs-mean", "peak-end-only", "duration-neglect", "end-weight", "peak-valence-asymmetry",
    "bad-peaks-weigh-more", "trend-effect", "tier-monotone", "delight-cost", "service-4x-disloyalty",
    "wow-attempt-risk", "complaint-silence", "problem-reveals-quality", "recovery-paradox", "dwell-ambiguous",
    "satisfaction-trust-elasticity", "csat-response-rate", "wow-fades", "expectation-ratchet",
    "wow-withdrawal-backfires", "service-necessary", "wow-needs-basics", "consistency-wins", "training-lift",
    "wow-cannibalises", "wow-heterogeneous",
}  # fmt: skip


def cohort(n: int = 4000, **more: Any) -> pd.DataFrame:
    frame: pd.DataFrame = cx.simulate.cohort(n, rng=1, **more)
    return frame


def study(frame: Any, **more: Any) -> cx.Study:
    given: dict[str, Any] = {
        "tables": {"customers": frame},
        "metrics": METRICS,
        "outcomes": {"repurchase": cx.Binary("repurchase", after=True)},
        "expectation": EXPECTATION,
    }
    return cx.Study(**{**given, **more})


def finding(validation: cx.Validation, claim: str, outcome: str | None = "repurchase") -> cx.Finding:
    (found,) = (f for f in validation.findings if (f.claim, f.outcome) == (claim, outcome))
    return found


def test_json_is_the_same_whichever_engine_reads(tmp_path: Path) -> None:
    frame = cohort()
    frame.to_csv(tmp_path / "c.csv", index=False)
    frame.to_parquet(tmp_path / "c.parquet")
    engines = {
        "pandas": frame,
        "shuffled": frame.sample(frac=1, random_state=1)[list(frame.columns[::-1])],
        "polars": pl.from_pandas(frame),
        "polars lazy": pl.from_pandas(frame).lazy(),
        "pyarrow": pa.Table.from_pandas(frame),
        "duckdb": duckdb.connect().from_df(frame),
        "csv": tmp_path / "c.csv",
        "parquet": tmp_path / "c.parquet",
    }
    texts = {name: render_json([cx.validate(study(data), rng=3)]) for name, data in engines.items()}
    assert set(texts.values()) == {texts["pandas"]}, [n for n, t in texts.items() if t != texts["pandas"]]


def test_the_seed_is_kept_and_repeats() -> None:
    given = study(cohort())
    first = cx.validate(given)
    assert render_json([cx.validate(given, rng=first.seed)]) == render_json([first])


@pytest.mark.parametrize(
    ("change", "words", "flag"),
    [
        ({"csat": 9}, "'csat' must hold whole numbers 1 to 5 (CSAT), but 4,000 of 4,000 rows do not: 9", ""),
        ({"nps": 7}, "The metric 'nps' must take at least two values, but all 4,000 rows hold 7", ""),
        ({"repurchase": 1}, "'repurchase' must take both values", ""),
    ],
)
def test_what_concerns_a_claim_makes_it_not_testable(change: dict[str, int], words: str, flag: str) -> None:
    validation = cx.validate(study(cohort().assign(**change)), rng=1)
    for claim in ("metric-best-retention", "ces-beats-all", "nps-no-superiority"):
        found = finding(validation, claim)
        assert found.verdict == "not-testable"
        assert words in found.reason
        assert math.isnan(found.estimate)
    delight = finding(validation, "negative-asymmetry")
    assert (delight.verdict == "not-testable") == ("repurchase" in change)


def test_too_few_events_and_separation() -> None:
    frame = cohort()
    few = frame.assign(repurchase=(np.arange(4000) < 80).astype(int))
    found = finding(cx.validate(study(few), rng=1), "metric-best-retention")
    assert "80 are good and 3,920 bad" in found.reason
    leaked = frame.assign(csat=1 + 4 * frame.repurchase)
    found = finding(cx.validate(study(leaked), rng=1), "metric-best-retention")
    assert found.verdict == "not-testable"
    assert "leakage" in found.flags
    assert "csat" in found.reason


def test_undeclared_timing_stops_every_predictive_claim() -> None:
    validation = cx.validate(study(cohort(), outcomes={"repurchase": cx.Binary("repurchase")}), rng=1)
    assert {f.verdict for f in validation.findings} == {"not-testable"}
    assert all("timing" in f.flags for f in validation.findings if f.outcome == "repurchase")
    assert {f.claim for f in validation.findings if f.outcome is None} == UNDECLARED


def test_blind_scores_are_not_called_equal() -> None:
    """Two scores that know nothing differ by nothing: that must not support "NPS is as good as any"."""
    rng = np.random.default_rng(4)
    n = 200_000  # so many that the equivalence test itself would pass
    frame = pd.DataFrame(
        {"nps": rng.integers(0, 11, n), "csat": rng.integers(1, 6, n), "repurchase": rng.integers(0, 2, n)}
    )
    metrics = {"nps": cx.NPS, "csat": cx.CSAT5}
    found = finding(cx.validate(study(frame, metrics=metrics, expectation=None), rng=1), "nps-no-superiority")
    assert found.verdict == "inconclusive"
    assert "both-uninformative" in found.flags
    assert "blind" in found.reason


def test_equal_and_informative_scores_are_equal() -> None:
    frame = cohort(150_000, nps=0.62, csat=0.62, ease=0.62)
    found = finding(cx.validate(study(frame), rng=1), "nps-no-superiority")
    assert found.verdict == "supported"
    assert [part.name for part in found.parts] == ["nps - csat", "nps - ease"]


def test_a_true_delight_effect_is_not_called_nothing() -> None:
    """.30 where met, .03 more with each day early: a gain of more than 10% of the share."""
    found = finding(
        cx.validate(study(cohort(40_000, repurchase=0.3, shortfall=0.05, excess=0.03)), rng=1), "delight-no-loyalty"
    )
    assert found.verdict == "not-supported"
    assert found.unit == "relative difference in the share of good outcomes"


@pytest.mark.parametrize("mean", [4.0, 4.5])
def test_ceiling_cannot_fool_the_asymmetry_in_simulation(mean: float) -> None:
    """A straight line on a rating that is cut at its top: `supported` in at most 5% (plus 4 errors)."""
    rng = np.random.default_rng(5)
    runs, supported, flagged = 60, 0, 0
    for _ in range(runs):
        frame = cx.simulate.linear_rating(6000, rng=rng, mean=mean)
        gap, stars = frame.columns
        given = study(
            frame,
            metrics={},
            outcomes={"stars": cx.Rating(stars, cx.CSAT5, kind="intention", after=True)},
            expectation=cx.Expectation(disconfirmation=gap, met=(0, 0)),
        )
        found = finding(cx.validate(given, rng=1, sensitivity=False), "negative-asymmetry", "stars")
        supported += found.verdict == "supported"
        flagged += "ceiling" in found.flags
    assert supported / runs <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / runs)
    assert flagged / runs > 0.5  # the artefact was there, and it was caught


def test_two_scores_of_a_kind() -> None:
    metrics = {**METRICS, "csat_delivery": cx.CSAT5}
    frame = cohort().assign(csat_delivery=lambda d: d.csat)
    found = finding(cx.validate(study(frame, metrics=metrics), rng=1), "metric-best-retention")
    assert [part.name for part in found.parts] == ["csat - nps", "csat - ease"]
    assert any("csat_delivery, of the same kind, is not compared" in guard for guard in found.guards)


def test_behaviour_comes_before_intention() -> None:
    outcomes = {
        "would_rebuy": cx.Binary("repurchase", kind="intention", after=True),
        "rebought": cx.Binary("repurchase", after=True),
    }
    validation = cx.validate(study(cohort(), outcomes=outcomes), rng=1)
    delight = [f.outcome for f in validation.findings if f.claim == "delight-no-loyalty"]
    assert delight == ["rebought", "would_rebuy"]


def test_smallest_effects_of_a_study() -> None:
    strict = cx.validate(study(cohort(40_000), smallest_effect={"auc": 0.2}), rng=1)
    assert finding(strict, "metric-best-retention").verdict == "not-supported"
    assert "trivial" in finding(strict, "metric-best-retention").flags
    with pytest.raises(cx.StudyError, match=r"smallest_effect: 'aux' is not the name of an effect; known are 'auc'"):
        cx.validate(study(cohort(), smallest_effect={"aux": 0.2}), rng=1)


def test_names_with_html_are_text(tmp_path: Path) -> None:
    nasty = "<script>alert(1)</script>"
    frame = cohort().rename(columns={"csat": nasty})
    validation = cx.validate(study(frame, metrics={"nps": cx.NPS, nasty: cx.CSAT5}, title=nasty), rng=1)
    validation.to_html(tmp_path / "r.html")
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert nasty not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    validation.to_json(tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["title"] == nasty


def test_frame_and_summary() -> None:
    validation = cx.validate(study(cohort()), rng=1)
    frame = validation.to_frame()
    assert list(frame.columns) == [
        *("claim", "family", "kind", "outcome", "verdict", "estimate", "ci_low", "ci_high", "smallest_effect"),
        *("published", "magnitude", "flags", "reason"),
    ]
    assert list(frame.claim) == [claim.id for claim in CLAIMS]
    assert "metric-best-retention" in validation.summary()


def test_clusters_are_used() -> None:
    """Every customer eight times: without clusters the interval would be narrower by the root of eight."""
    frame = pd.concat([cohort(2000).assign(customer=range(2000))] * 8)
    one = finding(cx.validate(study(cohort(2000)), rng=1), "metric-best-retention")
    eight = finding(cx.validate(study(frame, cluster="customer"), rng=1), "metric-best-retention")
    assert eight.ci_high - eight.ci_low == pytest.approx(one.ci_high - one.ci_low, rel=0.01)
