"""A journey and its touchpoints: metrics by name, or columns on one scale."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cxstats as cx

FRAME = pd.DataFrame(
    {
        "overall": [5, 4, 2, 1],
        "checkin": [5, 3, 6, 1],
        "boarding": [4, 4, 3, 0],
        "again": [1, 1, 0, 0],
        "nps": [9, 8, 7, 1],
    }
)
FILE = """
cxstats = 1
[study]
title = "Flights"
evidence = "simulated"
[table.flights]
file = "flights.csv"
[metric.overall]
column = "overall"
kind = "csat"
scale = "CSAT5"
[metric.nps]
column = "nps"
kind = "nps"
scale = "NPS"
[outcome.again]
column = "again"
type = "binary"
good = 1
after = true
[journey]
rating = "overall"
touchpoints = ["checkin", "boarding"]
scale = [1, 5]
higher_is_better = true
missing = [0, 6]
poor = 2
same_sitting = true
"""
SCALE = cx.Scale(1, 5)


def in_python(**more: Any) -> cx.Study:
    given: dict[str, Any] = {
        "tables": {"flights": FRAME},
        "metrics": {
            "overall": cx.CSAT5,
            "nps": cx.NPS,
            "checkin": cx.Metric(column="checkin", scale=SCALE, missing=[0, 6]),
            "boarding": cx.Metric(column="boarding", scale=SCALE, missing=[0, 6]),
        },
        "outcomes": {"again": cx.Binary("again", after=True)},
        "journey": cx.Journey(rating="overall", touchpoints=("checkin", "boarding"), poor=2, same_sitting=True),
    }
    return cx.Study(**{**given, **more})


def test_the_file_and_python_say_the_same(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "flights.csv", index=False)
    (tmp_path / "study.toml").write_text(FILE, encoding="utf-8")
    read, made = cx.Study.read(tmp_path / "study.toml"), in_python()
    assert read.journey == made.journey
    assert read.metric_scales == made.metric_scales
    names = ["overall", "checkin", "boarding"]
    cells = [s.cells("again", metrics=names).to_frame() for s in (read, made)]
    pd.testing.assert_frame_equal(*cells)
    assert cells[0].checkin.isna().sum() == cells[0].boarding.isna().sum() == 1  # 6 and 0: not used
    assert read.unused == ()


def test_touchpoints_are_not_compared_with_the_metrics() -> None:
    study = in_python()
    assert list(study.compared_scales) == ["overall", "nps"]
    assert list(study.metric_scales) == ["overall", "nps", "checkin", "boarding"]


def test_a_journey_of_columns_without_a_scale_is_only_checked(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "flights.csv", index=False)
    text = FILE.replace("scale = [1, 5]\nhigher_is_better = true\nmissing = [0, 6]\n", "")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    study = cx.Study.read(tmp_path / "study.toml")
    assert (study.journey, study.unused) == (None, ("journey",))


@pytest.mark.parametrize(
    ("journey", "message"),
    [
        (
            cx.Journey(rating="overal", touchpoints=("checkin", "boarding")),
            "journey.rating: 'overal' is no metric of the study; nearest: 'overall'.",
        ),
        (
            cx.Journey(rating="overall", touchpoints=("checkin",)),
            "journey.touchpoints: must name at least two metrics, but names 1.",
        ),
        (
            cx.Journey(rating="overall", touchpoints=("checkin", "checkin", "boarding")),
            "journey.touchpoints: must name each metric once.",
        ),
        (
            cx.Journey(rating="overall", touchpoints=("overall", "boarding")),
            "journey.rating: must be another metric than the touchpoints, but 'overall' is one of them.",
        ),
        (
            cx.Journey(rating="overall", touchpoints="checkin"),
            "journey.touchpoints: must be a list of metrics, and rating a metric, not 'checkin'.",
        ),
        (
            cx.Journey(rating="overall", touchpoints=("checkin", "boarding"), poor="low"),  # type: ignore[arg-type]
            "journey.poor: must be a number, not 'low'.",
        ),
        ("overall", 'journey: must be cx.Journey(rating="overall", touchpoints=["checkin", "boarding"]), not'),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_path(journey: Any, message: str) -> None:
    with pytest.raises(cx.StudyError, match=f"^{re.escape(message)}"):
        in_python(journey=journey)


@pytest.mark.parametrize(
    ("line", "replaced", "message"),
    [
        (
            'touchpoints = ["checkin"', 'touchpoints = ["chekin"',
            "journey.touchpoints[1]: 'chekin' is not a column of table 'flights'; nearest: 'checkin'.",
        ),
        (
            'rating = "overall"', 'rating = "overal"',
            "journey.rating: 'overal' is not a column of table 'flights'; nearest: 'overall'.",
        ),
        (
            "poor = 2", 'table = "flight"',
            "journey.table: 'flight' is no table of the study; nearest: 'flights'.",
        ),
    ],
)  # fmt: skip
def test_ratings_that_are_no_metrics_are_told_by_the_journey(
    tmp_path: Path, line: str, replaced: str, message: str
) -> None:
    """The file has no [metric.chekin] that the author could mend."""
    FRAME.to_csv(tmp_path / "flights.csv", index=False)
    path = tmp_path / "study.toml"
    path.write_text(FILE.replace(line, replaced), encoding="utf-8")
    with pytest.raises(cx.StudyError) as caught:
        cx.Study.read(path)
    assert str(caught.value) == f"'{path}': {message}"
