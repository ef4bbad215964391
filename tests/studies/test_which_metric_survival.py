"""Which metric tells who leaves sooner: against `concordance`, `cox` and the truth of simulated subscribers."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx

METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}
CHURN = cx.Survival("months", "cancelled", "entered", after=True)
EXACT = 1e-12
MC_ERRORS = 4


@pytest.fixture(scope="module")
def subscribers() -> pd.DataFrame:
    frame: pd.DataFrame = cx.simulate.subscribers(20_000, rng=3)
    return frame.assign(plan=np.where(frame.index % 3 == 0, "gold", "silver"))


def asked(frame: Any, **more: Any) -> Any:
    return cx.which_metric(frame, **{"outcome": CHURN, "metrics": METRICS, "rng": 1, **more})


def test_the_best_is_that_of_the_truth(subscribers: pd.DataFrame) -> None:
    truth, result = cx.simulate.subscribers_truth(), asked(subscribers)
    assert result.best == truth.best == "csat"
    for metric, estimate, error in zip(result.metrics, result.estimate, result.std_error, strict=True):
        assert abs(estimate - truth.concordance[metric]) < MC_ERRORS * error


def test_areas_against_concordance(subscribers: pd.DataFrame) -> None:
    result, alone = asked(subscribers), cx.concordance(subscribers, outcome=CHURN, metrics=METRICS)
    assert result.estimate == pytest.approx(alone.estimate[:3], abs=EXACT)
    assert result.comparison.covariance == pytest.approx(alone.covariance, abs=EXACT)


def test_hazards_against_cox(subscribers: pd.DataFrame) -> None:
    """Per standard deviation: the coefficient of the standardised score, over the controls, on the same rows."""
    frame = subscribers.assign(nps=subscribers.nps.where(subscribers.index % 10 > 0))
    result = asked(frame, controls=["plan"])
    complete = frame.dropna()
    for hazard in result.parts.hazards:
        z = (complete[hazard.metric] - complete[hazard.metric].mean()) / complete[hazard.metric].std(ddof=0)
        outcome = {"outcome": CHURN, "metrics": {"z": cx.Scale(-9, 9, whole=False)}, "controls": ["plan"]}
        alone = cx.cox(complete.assign(z=z), **outcome)
        limits = alone.confidence_interval()
        expected = np.exp([alone.estimate[0], limits.low[0], limits.high[0]])
        assert hazard.per_sd == pytest.approx(tuple(expected), rel=1e-9)
        assert hazard.cox.n == len(complete)
    words = " ".join(result.answers())
    ratio = result.parts.hazards[1].per_sd[0]
    assert (
        "Hazard ratio of 'cancelled' for a standard deviation more of the score, plan[silver] held equal: nps " in words
    )
    assert f"csat {ratio:.3g} (95% " in words


def test_what_is_not_offered_for_a_time_is_not_asked(subscribers: pd.DataFrame) -> None:
    parts = asked(subscribers).parts
    assert (parts.held_out, parts.added_value, parts.dominance, parts.codings) == (None, None, None, None)
    assert dict(parts.not_told) == {}


def test_the_page_shows_the_hazards(subscribers: pd.DataFrame) -> None:
    figure = asked(subscribers).figure()
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["Who predicts best, full scales", "How soon the event comes"]
    labels = [text.get_text() for text in figure.axes[1].get_yticklabels()]
    assert labels == ["csat", "nps", "ease"]
    assert figure.axes[1].get_xlabel() == ("hazard ratio per SD of the score, 95% interval; 1: no difference")


def test_a_score_that_knows_the_event_is_not_praised(subscribers: pd.DataFrame) -> None:
    told = subscribers.assign(csat=np.where(subscribers.cancelled == 1, 1, subscribers.csat.clip(lower=2)))
    result = asked(told)
    assert result.best is None
    assert result.verdict() == (
        "Best: cannot be told, because csat knows the outcome too well (leakage), which is no merit."
    )
