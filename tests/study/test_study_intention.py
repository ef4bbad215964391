"""An intention beside the metrics, on the same rows."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cxstats as cx
from cxstats.errors import StudyError

ROWS = pd.DataFrame(
    {
        "nps": [9, 3, 5, 10],
        "good": [1, 0, 1, 1],
        "will": [True, False, None, True],
        "leave": [0, 1, 1, None],
        "likely": [7, 1, 4, None],
        "plans": [1.5, 2, 3, 4],
    }
)
LIKELY = cx.Scale(1, 7)


def study() -> cx.Study:
    return cx.Study(
        tables={"c": ROWS},
        metrics={"nps": cx.NPS},
        outcomes={
            "again": cx.Binary("good", after=True),
            "says": cx.Binary("will", kind="intention"),
            "quits": cx.Binary("leave", good=0, kind="intention"),
            "rates": cx.Rating("likely", LIKELY, kind="intention"),
            "budget": cx.Continuous("plans", kind="intention"),
        },
    )


@pytest.mark.parametrize(
    ("name", "scale", "column"),
    [
        ("says", cx.Scale(0, 1), "will"),
        ("quits", cx.Scale(0, 1, higher_is_better=False), "leave"),
        ("rates", LIKELY, "likely"),
    ],
)
def test_an_intention_is_a_metric_of_the_same_rows(name: str, scale: cx.Scale, column: str) -> None:
    cells = study().cells("again", metrics=["nps"], intention=name)
    assert dict(cells.roles.metrics) == {"nps": cx.NPS, name: scale}
    rows = ROWS.assign(**{name: ROWS[column].astype(float)}).rename(columns={"good": "again"})
    expected = cx.tally(rows, metrics={"nps": cx.NPS, name: scale}, outcome=cx.Binary("again", after=True))
    pd.testing.assert_frame_equal(cells.to_frame(), expected.to_frame())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("say", "intention: the study declares no 'say'; nearest: 'says'."),
        ("nps", "intention: the study declares no 'nps'."),
        (
            "again",
            "intention: 'again' is the outcome of this analysis already.\nName another outcome of kind 'intention'.",
        ),
        (
            "budget",
            "intention: 'budget' must be binary or a rating to stand beside the metrics, but it is Continuous.",
        ),
    ],
)
def test_what_is_no_intention(name: str, message: str) -> None:
    with pytest.raises(StudyError) as caught:
        study().cells("again", intention=name)
    assert str(caught.value) == message


def test_a_behaviour_is_no_intention() -> None:
    with pytest.raises(StudyError) as caught:
        study().cells("says", intention="again")
    assert str(caught.value) == (
        "intention: 'again' must be an outcome of kind 'intention', but it is of kind 'behaviour'."
        '\nIf customers only said so, declare it with kind = "intention".'
    )


def test_the_intention_of_an_example() -> None:
    found = cx.Study.read(Path(__file__).parent / "examples" / "one_file" / "study.toml")
    asked: dict[str, Any] = {"metrics": ["nps"], "intention": "says", "controls": True, "segment": "industry"}
    cells = found.cells("repurchase", firm=True, **asked)
    assert cells.roles.metrics == {"nps": cx.NPS, "says": cx.CSAT5}
    assert (cells.roles.controls, cells.roles.strata, cells.roles.cluster) == (("channel",), ("industry",), "cluster")
