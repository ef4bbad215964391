"""A change of journeys: which segments say who was treated, and when."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cxstats as cx

FRAME = pd.DataFrame(
    {"branch": [1, 1, 2, 2], "month": [1, 2, 1, 2], "treated": [1, 1, 0, 0], "score": [3.0, 4.0, 3.0, 3.5]}
)
FILE = """
cxstats = 1
[study]
title = "Branches"
evidence = "simulated"
cluster = "branch"
[table.journeys]
file = "journeys.csv"
[outcome.score]
column = "score"
type = "continuous"
good = "high"
[segments]
columns = ["month", "treated"]
[change]
treated = "treated"
period = "month"
start = 2
"""


def in_python(**more: Any) -> cx.Study:
    given: dict[str, Any] = {
        "tables": {"journeys": FRAME},
        "outcomes": {"score": cx.Continuous("score")},
        "cluster": "branch",
        "segments": ["month", "treated"],
        "change": cx.Change(treated="treated", period="month", start=2),
    }
    return cx.Study(**{**given, **more})


def test_the_file_and_python_say_the_same(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "journeys.csv", index=False)
    (tmp_path / "study.toml").write_text(FILE, encoding="utf-8")
    read, made = cx.Study.read(tmp_path / "study.toml"), in_python()
    assert read.change == made.change == cx.Change(treated="treated", period="month", start=2)
    frames = [study.cells("score", change=True).to_frame() for study in (read, made)]
    assert {"month", "treated", "score"} <= set(frames[0])
    pd.testing.assert_frame_equal(*frames)
    assert read.unused == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            cx.Change(treated="treted", period="month", start=2),
            "change.treated: must name one of the segments, but 'treted' is none; nearest: 'treated'.",
        ),
        (
            cx.Change(treated="treated", period="treated", start=2),
            "change.period: must be another column than treated, but both are 'treated'.",
        ),
        (
            cx.Change(treated="treated", period="month", start="March"),  # type: ignore[arg-type]
            "change.start: must be a number, not 'March'.",
        ),
        ("treated", "change: must be cx.Change("),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_path(change: Any, message: str) -> None:
    with pytest.raises(cx.StudyError, match=f"^{re.escape(message)}"):
        in_python(change=change)


@pytest.mark.parametrize(
    ("line", "replaced"),
    [('start = 2', 'start = "March"'), ('start = 2', 'begin = 2'), ('treated = "treated"', "treated = 1")],
)  # fmt: skip
def test_bad_sections_are_refused_by_the_file_reader(tmp_path: Path, line: str, replaced: str) -> None:
    FRAME.to_csv(tmp_path / "journeys.csv", index=False)
    head, section, change = FILE.partition("[change]")
    (tmp_path / "study.toml").write_text(head + section + change.replace(line, replaced), encoding="utf-8")
    with pytest.raises(cx.StudyError, match="change"):
        cx.Study.read(tmp_path / "study.toml")
