"""The whole comparison: every part is the method that it names, and what stops one part stops no other."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.studies.journey_or_touchpoint import JourneyOrTouchpoint

TOUCHPOINTS = {f"touchpoint_{i}": cx.CSAT5 for i in (1, 2, 3, 4)}
JOURNEY = {"journey": cx.CSAT5}
SATISFACTION = cx.Rating("satisfaction", cx.CSAT5, kind="attitude", after=True)
CHURN = cx.Binary("churn", good=0, after=True)


def judged(frame: pd.DataFrame, **more: Any) -> JourneyOrTouchpoint:
    given: dict[str, Any] = {"outcome": SATISFACTION, "journey": JOURNEY, "touchpoints": TOUCHPOINTS, "poor": 2}
    return cx.journey_or_touchpoint(frame, **{**given, "repeats": 1, "rng": 1, **more})


@pytest.fixture(scope="module")
def journeys() -> pd.DataFrame:
    return cx.simulate.journeys(3000, rng=1, own=0.3, satisfaction_ratio=1.35, unused=0.2, branches=60)


@pytest.fixture(scope="module")
def whole(journeys: pd.DataFrame) -> JourneyOrTouchpoint:
    return judged(journeys, cluster="branch")


def test_every_part_is_the_method_alone(journeys: pd.DataFrame, whole: JourneyOrTouchpoint) -> None:
    both: dict[str, Any] = {"journey": JOURNEY, "touchpoints": TOUCHPOINTS, "cluster": "branch"}
    dealt = {"repeats": 1, "rng": 1}
    expected: dict[str, Any] = {
        "patterns": cx.usage_patterns(journeys, outcome=SATISFACTION, **both),
        "increment": cx.journey_increment(journeys, outcome=SATISFACTION, **both, **dealt),
        "importance": cx.touchpoint_importance(
            journeys, outcome=SATISFACTION, touchpoints=TOUCHPOINTS, cluster="branch"
        ),
        "score": cx.journey_score(
            journeys, outcome=SATISFACTION, touchpoints=TOUCHPOINTS, cluster="branch", **dealt
        ),
    }  # fmt: skip
    expected["reliability"] = cx.reliability(journeys, metrics=TOUCHPOINTS, cluster="branch")
    expected["compounding"] = cx.compounding(journeys, touchpoints=TOUCHPOINTS, poor=2, cluster="branch")
    rated = journeys.drop(columns=["journey", "churn"])
    expected["dominance"] = cx.dominance(rated, outcome=SATISFACTION, metrics=TOUCHPOINTS, cluster="branch")
    for name, alone in expected.items():
        part = getattr(whole.parts, name)
        # The study counts the rows that have a journey rating, as here all have: same rows, same numbers.
        pd.testing.assert_frame_equal(part.to_frame(), alone.to_frame(), check_exact=True, obj=name)
    alone = cx.touchpoint_benchmarks(journeys, outcome=SATISFACTION, **both, **dealt)
    pd.testing.assert_frame_equal(whole.to_frame(), alone.to_frame(), check_exact=True)
    assert dict(whole.parts.not_told) == {}


def test_the_verdict_gives_the_percentage_with_its_index(whole: JourneyOrTouchpoint) -> None:
    ratio = whole.benchmarks.ratio("all touchpoints")
    told = whole.verdict()
    assert f"{ratio.estimate:.1f}% (95% {ratio.interval()[0]:.1f} to " in told
    assert "Percentages are on r: the correlation with the outcome, on customers held out." in told
    largest = whole.parts.dominance
    assert largest is not None
    parts = dict(zip(TOUCHPOINTS, largest.estimate[:4] / largest.r2, strict=True))
    name = max(parts, key=parts.__getitem__)
    assert f"the largest parts: {name} {parts[name]:.0%} (first in " in str(whole)
    assert f"in the {largest.n:,} journeys that used all of them" in str(whole)
    assert "cause" not in str(whole).replace("because", "")


def test_one_sitting_withholds_the_size(journeys: pd.DataFrame) -> None:
    told = judged(journeys, same_sitting=True).verdict()
    assert "one questionnaire" in told or "same questionnaire" in told or "one sitting" in told
    assert told != judged(journeys).verdict()


def test_churn_is_on_the_area(journeys: pd.DataFrame) -> None:
    result = judged(journeys, outcome=CHURN)
    assert result.benchmarks.primary == "AUC - 1/2"
    assert "AUC - 1/2" in result.verdict()


def test_what_refuses_leaves_its_reason_and_stops_no_other(journeys: pd.DataFrame) -> None:
    """Two touchpoints have no factor of their own; a value of poor outside the scale stops the compounding alone."""
    result = judged(journeys, touchpoints=dict(list(TOUCHPOINTS.items())[:2]), poor=9)
    assert set(result.parts.not_told) == {"compounding"}
    text = result.summary()
    assert result.parts.not_told["compounding"].splitlines()[0] in text
    assert "Reliability of the mean of the touchpoints: alpha" in text
    assert "freed of noise, it cannot be told" in text
    assert "nan" not in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"touchpoints": {"touchpoint_1": cx.CSAT5}}, "two"),
        ({"touchpoints": {"touchpoint_1": cx.CSAT5, "journey": cx.CSAT5}}, "journey"),
        ({"journey": {"journey": cx.CSAT5, "touchpoint_1": cx.CSAT5}}, "one"),
        ({"journey": {"nowhere": cx.CSAT5}}, "nowhere"),
        ({"outcome": cx.Count("satisfaction")}, "Count"),
        ({"poor": "two"}, "poor"),
        ({"folds": 1}, "folds"),
        ({"cluster": "nowhere"}, "nowhere"),
    ],
)
def test_bad_input_gives_a_reason_and_no_number(
    journeys: pd.DataFrame, change: dict[str, Any], message: str
) -> None:  # fmt: skip
    if "poor" in change:
        assert message in " ".join(judged(journeys, **change).parts.not_told.values())
        return
    with pytest.raises(cx.CxStatsError) as refused:
        judged(journeys, **change)
    assert message in str(refused.value)


def test_a_journey_rating_computed_from_its_touchpoints_is_refused(journeys: pd.DataFrame) -> None:
    mean = journeys[list(TOUCHPOINTS)].mean(axis=1)
    computed = journeys.assign(journey=mean)[mean.notna()]
    with pytest.raises(cx.ColumnError, match="comput"):
        judged(computed, journey={"journey": cx.Scale(1, 5, whole=False)})


def test_the_seed_gives_the_same_numbers_again(journeys: pd.DataFrame) -> None:
    first = judged(journeys, rng=None)
    again = judged(journeys, rng=first.seed)
    assert first.to_frame().equals(again.to_frame())


def test_answers_are_escaped_in_notebooks(journeys: pd.DataFrame) -> None:
    evil = "<script>alert(1)</script>"
    renamed = journeys.rename(columns={"touchpoint_1": evil})
    shown = judged(renamed, touchpoints={evil: cx.CSAT5, **dict(list(TOUCHPOINTS.items())[1:])})._repr_html_()
    assert evil not in shown
    assert np.char.count(shown, "&lt;script&gt;") > 0
