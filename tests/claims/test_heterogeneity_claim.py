"""Claim 36: persons whose slopes on performance differ by known amounts, and what stops the claim."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx

CLAIM = "wow-heterogeneous"
CALM = cx.Continuous("content", after=True)


def ratings(spread: float, *, persons: int = 200, each: int = 12, by_expectation: float = 0.0) -> pd.DataFrame:
    """Each person rates several experiences; the slope on performance is 1, give or take ``spread`` between persons."""
    rng = np.random.default_rng(20261126)
    person = np.repeat(np.arange(persons), each)
    expects = np.repeat(rng.normal(size=persons), each)
    slope = 1 + spread * np.repeat(rng.normal(size=persons), each) + by_expectation * expects
    performed = rng.normal(size=len(person))
    level = np.repeat(rng.normal(size=persons), each)
    content = level + slope * performed + rng.normal(size=len(person))
    return pd.DataFrame({"person": person, "expected": expects, "performed": performed, "content": content})


def finding(frame: pd.DataFrame, **more: Any) -> cx.Finding:
    given: dict[str, Any] = {
        "tables": {"ratings": frame},
        "outcomes": {"content": CALM},
        "expectation": cx.Expectation(expected="expected", performed="performed"),
        "cluster": "person",
        "evidence": "simulated",
    }
    study = cx.Study(**{**given, **more})
    (found,) = (f for f in cx.validate(study, rng=1, sensitivity=False).findings if f.claim == CLAIM)
    return found


@pytest.mark.parametrize(("spread", "verdict"), [(0.6, "supported"), (0.0, "not-supported")])
def test_verdict_where_the_truth_is_known(spread: float, verdict: str) -> None:
    found = finding(ratings(spread))
    assert found.verdict == verdict
    assert found.n == 2400


def test_estimate_is_that_of_the_method() -> None:
    frame = ratings(0.6)
    found = finding(frame)
    direct = cx.performance_slopes(
        frame, outcome=CALM, performance="performed", expectation="expected", cluster="person"
    )
    assert found.estimate == pytest.approx(float(direct.estimate[0]), rel=1e-9)  # the same fit on the same rows
    assert [part.name for part in found.levels] == list(direct.labels["term"])


def test_spread_at_the_smallest_effect_is_seldom_supported_in_simulation() -> None:
    """True standard deviation .1 in the unit of the claim: 5% may be supported, and 4 Monte Carlo errors."""
    wrong, n_studies = 0, 30
    for seed in range(n_studies):
        rng = np.random.default_rng(seed)
        frame = ratings(0.0, persons=80, each=8)
        frame["performed"] = rng.normal(size=len(frame))
        # Within persons the outcome has the variance 1 + 1 + .1^2 v, of which the unit is the root.
        raw = 0.1 * np.sqrt(2.0)
        slope = 1 + raw * np.repeat(rng.normal(size=80), 8)
        frame["content"] = np.repeat(rng.normal(size=80), 8) + slope * frame["performed"] + rng.normal(size=len(frame))
        wrong += finding(frame).verdict == "supported"
    assert wrong <= n_studies * 0.05 + 4 * np.sqrt(n_studies * 0.05 * 0.95)


def test_what_expectation_explains_is_told() -> None:
    found = finding(ratings(0.0, by_expectation=0.6))
    assert found.verdict == "supported"
    assert found.reason.startswith(
        "Among 200 persons with three ratings or more, one standard deviation better performance goes with "
    )
    assert "; expectation explains " in found.reason
    share = int(found.reason.split("; expectation explains ")[1].partition("%")[0])
    assert share >= 90  # in truth all of it


def test_a_rating_at_its_top_is_not_tested() -> None:
    frame = ratings(0.0)
    frame["content"] = np.clip(np.round(4.6 + 0.6 * frame["content"]), 1, 5)
    found = finding(frame, outcomes={"content": cx.Rating("content", cx.CSAT5, after=True)})
    share = (frame["content"] == 5).mean()
    assert share > 0.3
    assert (found.verdict, found.flags) == ("not-testable", ("ceiling",))
    assert found.reason == (
        f"{100 * share:.0f}% of the ratings are at the best value: from 30% on the end of the scale alone makes slopes "
        "differ. An outcome without a ceiling would make it testable."
    )


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (
            {"expectation": cx.Expectation(disconfirmation="performed")},
            (
                "Nothing says what was expected and what was performed: expected and performed = two columns in "
                "[expectation] would make it testable."
            ),
        ),
        (
            {"cluster": None},
            "Nothing says whose ratings they are: cluster = the person's column in [study] would make it testable.",
        ),
        (
            {"outcomes": {"stayed": cx.Binary("stayed", after=True)}},
            "'stayed' must be a rating or measured for this claim, once for each experience of a person.",
        ),
    ],
)
def test_what_stops_it(more: dict[str, Any], reason: str) -> None:
    frame = ratings(0.6)
    found = finding(frame.assign(stayed=(frame["content"] > 0).astype(int)), **more)
    assert (found.verdict, found.reason) == ("not-testable", reason)


def test_one_questionnaire_allows_no_more_than_the_direction() -> None:
    """The ratings of one sitting: a good mood lifts both."""
    found = finding(
        ratings(0.6),
        outcomes={"content": cx.Continuous("content")},
        service=cx.Service(same_sitting=True),
    )
    assert (found.verdict, found.flags) == ("direction-only", ("same-sitting",))
