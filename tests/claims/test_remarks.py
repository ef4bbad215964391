"""What is said of a study as a whole: outcomes that disagree, and how many of the invited answered."""

from pathlib import Path

import numpy as np
import pandas as pd

import cxstats as cx
from cxstats.claims.remarks import disagreements, response_rates

DATA = Path(__file__).parents[2] / "data"


def test_outcomes_that_disagree_are_told_on_the_deliveries() -> None:
    """Stars fall with lateness; whether customers order again these data cannot tell."""
    validation = cx.validate(cx.Study.read(DATA / "olist_deliveries.toml"), rng=1, sensitivity=False)
    told = (
        "The outcomes disagree: negative-asymmetry is not-testable on 'reordered', supported on 'stars'. No verdict "
        "speaks for another outcome than its own."
    )
    assert disagreements(validation.findings) == (told,)
    assert validation.notes[0] == told
    assert told in validation.summary()


def test_outcomes_that_agree_are_not_told() -> None:
    validation = cx.validate(cx.Study.read(DATA / "simulated_service.toml"), rng=1, sensitivity=False)
    assert disagreements(validation.findings) == ()


def test_said_and_done_disagree_by_construction() -> None:
    """Delight lifts the rating by a standard deviation and leaves the repeat rate as it is."""
    rng = np.random.default_rng(4)
    gap = rng.integers(-1, 2, 30_000)
    stars = np.clip(np.round(3 + (gap > 0) + 0.9 * rng.normal(size=len(gap))), 1, 5)
    frame = pd.DataFrame({"gap": gap, "stars": stars, "back": (rng.random(len(gap)) < 0.3).astype(int)})
    study = cx.Study(
        tables={"c": frame},
        outcomes={"back": cx.Binary("back", after=True), "stars": cx.Rating("stars", cx.CSAT5, after=True)},
        expectation=cx.Expectation(disconfirmation="gap"),
    )
    notes = cx.validate(study, rng=1, sensitivity=False).notes
    assert notes[0] == (
        "The outcomes disagree: delight-no-loyalty is supported on 'back', not-supported on 'stars'. No verdict speaks "
        "for another outcome than its own."
    )


def test_response_rates_by_hand() -> None:
    """Of 400 invited to each of two surveys 120 and 60 answered; whose answer is not known is left out."""
    sent = np.repeat(["csat", "nps"], 400)
    answered = np.concatenate([np.arange(400) < 120, np.arange(400) < 60]).astype(float)
    answered[-1] = np.nan
    frame = pd.DataFrame({"sent": sent, "answered": answered, "score": np.where(answered == 1, 4.0, np.nan)})
    study = cx.Study(
        tables={"c": frame},
        metrics={"score": cx.CSAT5},
        outcomes={"answered": cx.Binary("answered", after=True)},
        segments=["sent"],
        invitation=cx.Invitation(survey="sent", answered="answered", csat="csat"),
    )
    told = (
        "Of 400 invited to 'csat' 120 answered (30.0%).",
        "Of 399 invited to 'nps' 60 answered (15.0%).",
    )
    assert response_rates(study) == told
    assert cx.validate(study, rng=1, sensitivity=False).notes[:2] == told
    plain = cx.Study(tables={"c": frame}, metrics={"score": cx.CSAT5})
    assert response_rates(plain) == ()
