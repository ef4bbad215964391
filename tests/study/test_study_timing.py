"""Whether outcomes came after the feedback: every status, and what late feedback does."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

import cxstats as cx
from cxstats.errors import StudyError
from cxstats.study.parts import StudyOutcome, Table, Timing

ROWS = pd.DataFrame(
    {
        "answered": pd.to_datetime(["2018-01-01 09:00", "2018-02-01 00:00", "2018-02-02 12:00", "2018-01-05 00:00"]),
        "begins": pd.to_datetime(["2018-02-01", "2018-02-01", "2018-02-01", "2018-03-01"]),
        "nps": [9, 3, 5, None],
        "csat": [5, None, 1, 2],
        "good": [1, 0, 1, 1],
        "n": [1, 10, 100, 1000],
    }
)


def study(frame: pd.DataFrame = ROWS, late: Any = None, time: str | None = "answered", **given: Any) -> cx.Study:
    outcome = StudyOutcome(cx.Binary("good", starts=given.pop("starts", "begins")), late=late)
    return cx.Study(
        tables={"c": Table(frame, time=time)},
        metrics={"nps": cx.NPS, "csat": cx.CSAT5},
        outcomes={"again": outcome},
        **given,
    )


def test_feedback_that_came_too_late_stops_the_study() -> None:
    with pytest.raises(StudyError) as caught:
        study()
    assert str(caught.value) == (
        "outcome.again.starts: 'nps' must be given before the window of the outcome 'again' begins, but in 2 rows it "
        "was not: for example 'answered' is 2018-02-01 and 'begins' is 2018-02-01."
        '\nLeave such rows out for this outcome with late = "drop", or count the outcome from a later day.'
    )
    with pytest.raises(StudyError, match=r"but in 110 rows it was not"):
        study(count="n")


def test_late_rows_lose_the_outcome_and_are_counted() -> None:
    dropped = study(late="drop")
    assert dropped.timing("again") == Timing(
        status="checked", n_late=2, detail="the feedback of every row is older than its 'begins'"
    )
    frame = dropped.cells("again", metrics=["nps"]).expand()
    assert sorted(zip(frame.again.fillna(-1), frame.nps.fillna(-1), strict=True)) == [(-1, 3), (-1, 5), (1, -1), (1, 9)]
    assert study(late="drop", count="n").n_late("again") == 110


def test_rows_without_a_score_or_an_outcome_are_never_late() -> None:
    assert study(ROWS.assign(nps=[9, None, None, 1], csat=None)).timing("again").status == "checked"
    assert study(ROWS.assign(good=[1, None, None, 1])).timing("again").status == "checked"


def test_what_is_unknown() -> None:
    assert study(time=None).timing("again") == Timing(
        status="unknown", n_late=0, detail="no time is declared for 'nps', 'csat'"
    )
    undated = ROWS.assign(answered=[pd.Timestamp("2018-01-01"), None, None, pd.Timestamp("2018-01-01")])
    assert study(undated).timing("again") == Timing(status="unknown", n_late=0, detail="2 rows lack one of the dates")
    assert study(undated, count="n").timing("again").detail == "110 rows lack one of the dates"


def test_what_is_declared_or_not(written: ModuleType, tmp_path: Path) -> None:
    outcomes = {"a": cx.Binary("good", after=True), "b": cx.Binary("good")}
    found = cx.Study(tables={"c": ROWS}, metrics={"nps": cx.NPS}, outcomes=outcomes)
    assert [found.timing(name).status for name in outcomes] == ["declared", "undeclared"]
    assert [found.n_late(name) for name in outcomes] == [0, 0]


def test_dates_in_other_forms() -> None:
    early = ROWS.assign(answered=["2018-01-01", "2018-01-31 23:59:59", "2018-01-05T10:00:00+02:00", None])
    assert study(early).timing("again").status == "unknown"  # of the last row nothing is known
    zoned = ROWS.assign(answered=pd.to_datetime(["2018-01-01"] * 4).tz_localize("Europe/Paris"))
    assert study(zoned).timing("again").status == "checked"
    midnight = pd.to_datetime(["2018-02-01 00:30"] * 4).tz_localize("Europe/Paris")  # still January in UTC
    assert study(ROWS.assign(answered=midnight)).timing("again").status == "checked"
    days = ROWS.assign(answered=[1, 2, 3, 4], begins=[2, 3, 4, 5])
    assert study(days).timing("again").status == "checked"
    dates = ROWS.assign(answered=[d.date() for d in pd.to_datetime(["2018-01-31"] * 4)])
    assert study(dates).timing("again").status == "checked"


@pytest.mark.parametrize(
    ("answered", "begins", "message"),
    [
        (
            ["31/01/2018"] * 4,
            None,
            (
                "table.c.time: must hold dates such as 2018-01-31, or numbers, but holds text: '31/01/2018' (4 rows)."
                "\nWrite them with the year first."
            ),
        ),
        (
            [1, 2, 3, 4],
            None,
            (
                "outcome.again.starts: must be comparable with the time of 'nps', but 'begins' holds dates and "
                "'answered' holds numbers.\nStore both as dates, or both as numbers."
            ),
        ),
        (None, [True] * 4, "outcome.again.starts: must hold dates or numbers, but holds true and false."),
    ],
)
def test_times_that_cannot_be_compared(answered: Any, begins: Any, message: str) -> None:
    frame = ROWS.assign(**{k: v for k, v in {"answered": answered, "begins": begins}.items() if v is not None})
    with pytest.raises(StudyError) as caught:
        study(frame)
    assert str(caught.value) == message


def test_contradicting_declarations() -> None:
    with pytest.raises(StudyError, match=r"^outcome.a.after: is for outcomes without dates, but starts names a column"):
        cx.Study(tables={"c": ROWS}, outcomes={"a": cx.Binary("good", starts="begins", after=True)})
    with pytest.raises(StudyError, match=r"^outcome.a.late: says what to do with late feedback, but without starts"):
        cx.Study(tables={"c": ROWS}, outcomes={"a": StudyOutcome(cx.Binary("good"), late="drop")})
    odd = StudyOutcome(cx.Binary("good", starts="begins"), late="keep")  # type: ignore[arg-type]
    with pytest.raises(StudyError, match=r"^outcome.a.late: must be 'drop', not 'keep'"):
        cx.Study(tables={"c": ROWS}, outcomes={"a": odd})


def test_without_metrics_the_expectation_must_be_older() -> None:
    frame = ROWS.assign(gap=[1, 0, -1, 2])

    def made(late: Any) -> cx.Study:
        return cx.Study(
            tables={"c": Table(frame, time="answered")},
            outcomes={"again": StudyOutcome(cx.Binary("good", starts="begins"), late=late)},
            expectation=cx.Expectation(disconfirmation="gap"),
        )

    with pytest.raises(StudyError, match=r"'disconfirmation' must be given before .* but in 2 rows it was not"):
        made(None)
    assert made("drop").n_late("again") == 2
    nothing = cx.Study(tables={"c": frame}, outcomes={"again": cx.Binary("good", starts="begins")})
    assert nothing.timing("again").detail == "there is no feedback to compare with"


def test_starts_in_another_table() -> None:
    customers = pd.DataFrame({"id": ["a", "b"], "begins": ["2018-02-01", "2018-01-01"]})
    answers = pd.DataFrame({"id": ["b", "a"], "day": ["2018-01-01", "2018-01-31"], "nps": [3, 9]})
    orders = pd.DataFrame({"id": ["a", "b"], "good": [1, 0]})
    tables = {
        "customers": Table(customers, key="id"),
        "answers": Table(answers, key="id", time="day"),
        "orders": Table(orders, key="id"),
    }
    outcome = StudyOutcome(cx.Binary("good", starts="begins"), late="drop")
    found = cx.Study(tables=tables, rows="customers", metrics={"nps": cx.NPS}, outcomes={"again": outcome})
    assert found.timing("again").n_late == 1
    assert found.cells("again", metrics=["nps"]).expand().fillna(-1).to_numpy().tolist() == [[1, 9], [-1, 3]]
