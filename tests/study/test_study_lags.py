"""How long before the outcome's window the feedback was given, against pandas on rows written out."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.study.parts import Lag, StudyOutcome, Table, Timing

EXAMPLES = Path(__file__).parent / "examples"
EXACT = 1e-12  # relative: the same arithmetic on the same numbers, in another order


def rows_of(seed: int, n: int = 400) -> pd.DataFrame:
    """Customers with two surveys, some of them late, unanswered, undated or without an outcome."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "id": np.arange(n),
            "begins": 200.0 + rng.integers(0, 30, n),
            "asked": 200.0 - rng.integers(-20, 60, n) + rng.integers(0, 4, n) / 4,
            "asked_too": 200.0 - rng.integers(20, 150, n),
            "nps": rng.integers(0, 11, n).astype(float),
            "csat": rng.integers(1, 6, n).astype(float),
            "good": rng.integers(0, 2, n).astype(float),
            "n": rng.integers(0, 5, n),
        }
    )
    for column in ("begins", "asked", "asked_too", "nps", "csat", "good"):
        frame.loc[rng.random(n) < 0.08, column] = np.nan
    return frame


def study(frame: pd.DataFrame, time: Any = None, **given: Any) -> cx.Study:
    """Two surveys, each in a table of its own."""
    dates = frame.copy()
    if time is not None:
        for column in ("begins", "asked", "asked_too"):
            dates[column] = time(frame[column])
    return cx.Study(
        tables={
            "c": Table(dates[["id", "begins", "good", "n"]], key="id"),
            "first": Table(dates[["id", "asked", "nps"]].iloc[::-1], key="id", time="asked"),
            "second": Table(dates[["id", "asked_too", "csat"]], key="id", time="asked_too"),
        },
        rows="c",
        metrics={"nps": cx.NPS, "csat": cx.CSAT5},
        outcomes={"again": StudyOutcome(cx.Binary("good", starts="begins"), late="drop")},
        **given,
    )


def by_hand(frame: pd.DataFrame, counted: bool) -> dict[str, tuple[float, float, float]]:
    """Quantiles of the rows written out, without the rows that were late for any metric."""
    rows = frame.loc[frame.index.repeat(frame["n"])] if counted else frame
    rows = rows[rows["good"].notna()]
    late = (rows["nps"].notna() & (rows["asked"] >= rows["begins"])) | (
        rows["csat"].notna() & (rows["asked_too"] >= rows["begins"])
    )
    rows, found = rows[~late], {}
    for metric, asked in (("nps", "asked"), ("csat", "asked_too")):
        lag = (rows["begins"] - rows[asked])[rows[metric].notna()].dropna()
        median, low, high = lag.quantile([0.5, 0.1, 0.9])
        found[metric] = (float(median), float(low), float(high))
    return found


def days(values: pd.Series) -> pd.Series:
    return pd.Timestamp("2018-01-01") + pd.to_timedelta(values, unit="D")


def texts(values: pd.Series) -> pd.Series:
    return days(values).astype("str").replace("NaT", None)


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("kind", ["dates", "texts", "categories", "numbers"])
def test_lags_against_pandas(counted: bool, kind: str) -> None:
    frame = rows_of(5)
    time: dict[str, Any] = {"dates": days, "texts": texts, "categories": lambda v: texts(v).astype("category")}
    timing = study(frame, time.get(kind), **({"count": "n"} if counted else {})).timing("again")
    expected = by_hand(frame, counted)
    assert timing.n_late > 0
    assert list(timing.lags) == ["nps", "csat"]
    for metric, lag in timing.lags.items():
        assert isinstance(lag, Lag)
        assert tuple(lag) == pytest.approx(expected[metric], rel=EXACT)
    assert timing.lag_unit == ("units of 'begins'" if kind == "numbers" else "days")


def test_lags_of_few_rows_by_hand() -> None:
    frame = pd.DataFrame({"id": [1, 2, 3], "begins": 100, "asked": [90, 80, 50], "nps": [1, 2, 3], "good": [1, 0, 1]})
    frame = frame.assign(asked_too=[90, 80, 50], csat=[1, None, None], n=[1, 2, 1])
    timing = study(frame, count="n").timing("again")
    # Written out: 10, 20, 20, 50. The 10% lies 0.3 of the way from 10 to 20, the 90% 0.7 of the way from 20 to 50.
    assert timing.lags["nps"] == pytest.approx((20, 13, 41))
    assert timing.lags["csat"] == (10, 10, 10)


def lagging(nps: float, csat: float, **given: Any) -> pd.DataFrame:
    """One lag for every row of each metric."""
    frame = pd.DataFrame({"id": np.arange(4), "begins": 200.0, "asked": 200.0 - nps, "asked_too": 200.0 - csat})
    return frame.assign(**{"nps": 9.0, "csat": 5.0, "good": [1, 0, 1, 0], "n": 1} | given)


def test_unequal_lags_are_told() -> None:
    assert study(lagging(12, 90), days).timing("again").unequal == (
        "'nps' was asked 12 days before the window on average (median), 'csat' 90 days: a later score knows more, so "
        "the comparison is not like for like."
    )
    assert study(lagging(90, 1), days).timing("again").unequal == (
        "'csat' was asked 1 day before the window on average (median), 'nps' 90 days: a later score knows more, so "
        "the comparison is not like for like."
    )
    assert study(lagging(150, 0.25)).timing("again").unequal == (
        "'csat' was asked 0.25 units of 'begins' before the window on average (median), 'nps' 150 units: a later score "
        "knows more, so the comparison is not like for like."
    )


@pytest.mark.parametrize(("nps", "csat", "equal"), [(30, 30, True), (30, 40, True), (40, 30, True), (29.5, 40, False)])
def test_a_quarter_of_the_longer_lag_is_allowed(nps: float, csat: float, equal: bool) -> None:
    for time in (None, days):
        assert (study(lagging(nps, csat), time).timing("again").unequal == "") is equal


def test_only_metrics_that_differ_from_another_are_named() -> None:
    tables = {"c": Table(pd.DataFrame({"id": [1, 2], "begins": 1000, "good": [1, 0]}), key="id")}
    metrics = {}
    for name, lag in {"a": 14, "b": 12, "c2": 10}.items():
        answers = pd.DataFrame({"id": [1, 2], "at": 1000 - lag, "score": [9, 3]})
        tables[name] = Table(answers, key="id", time="at")
        metrics[name] = cx.Metric(column="score", scale=cx.NPS, table=name)
    outcome = cx.Binary("good", starts="begins")
    timing = cx.Study(tables=tables, rows="c", metrics=metrics, outcomes={"again": outcome}).timing("again")
    assert timing.unequal == (
        "'c2' was asked 10 units of 'begins' before the window on average (median), 'a' 14 units: a later score knows "
        "more, so the comparison is not like for like."
    )


def test_metrics_of_the_same_row_have_equal_lags() -> None:
    frame = pd.DataFrame({"asked": [90, 50, 0], "begins": 100, "nps": [9, 3, 5], "csat": [5, 1, 2], "good": [1, 0, 1]})

    def timing(given: pd.DataFrame) -> Timing:
        return cx.Study(
            tables={"c": Table(given, time="asked")},
            metrics={"nps": cx.NPS, "csat": cx.CSAT5},
            outcomes={"again": cx.Binary("good", starts="begins")},
        ).timing("again")

    both = timing(frame)
    assert both.lags["nps"] == both.lags["csat"] == pytest.approx((50, 18, 90))
    assert both.unequal == ""
    apart = timing(frame.assign(nps=[9, None, None], csat=[None, None, 3]))  # who answered differs, not when
    assert (apart.lags["nps"].median, apart.lags["csat"].median) == (10, 100)
    assert apart.unequal == ""


def test_without_dates_there_are_no_lags() -> None:
    frame = lagging(12, 90)
    undated = cx.Study(
        tables={"c": frame},
        metrics={"nps": cx.NPS, "csat": cx.CSAT5},
        outcomes={
            "declared": cx.Binary("good", after=True),
            "silent": cx.Binary("good"),
            "undated": cx.Binary("good", starts="begins"),
        },
    )
    for name in undated.outcomes:
        timing = undated.timing(name)
        assert (timing.lags, timing.unequal, timing.lag_unit) == ({}, "", "")
    half = study(frame.assign(asked=np.nan)).timing("again")
    assert list(half.lags) == ["csat"]
    assert half.unequal == ""
    nobody = study(frame.assign(good=np.nan)).timing("again")
    assert (nobody.lags, nobody.unequal) == ({}, "")
    assert study(frame.assign(n=0), count="n").timing("again").lags == {}


def test_the_lag_of_an_expectation_without_metrics() -> None:
    frame = pd.DataFrame({"at": ["2018-01-01", "2018-01-11"], "begins": "2018-01-21", "gap": [1, 0], "good": [1, 0]})
    found = cx.Study(
        tables={"c": Table(frame, time="at")},
        outcomes={"again": cx.Binary("good", starts="begins")},
        expectation=cx.Expectation(disconfirmation="gap"),
    )
    assert found.timing("again").lags == {"disconfirmation": pytest.approx((15, 11, 19))}


def test_lags_of_a_study_file(written: ModuleType, tmp_path: Path) -> None:
    sections = written.small(
        table={"customers": {"file": "customers.csv", "time": "at"}},
        outcome={"good": {"type": "binary", "column": "good", "good": 1, "starts": "begins"}},
    )
    customers = "at,begins,nps,good\n2018-01-01 12:00,2018-01-11,9,1\n2018-01-01,2018-01-11,3,0\n"
    timing = cx.Study.read(written.study_file(tmp_path, sections, customers=customers)).timing("good")
    assert timing.lags == {"nps": pytest.approx((9.75, 9.55, 9.95))}
    example = cx.Study.read(EXAMPLES / "three_tables" / "study.toml").timing("churn")
    assert list(example.lags) == ["nps", "csat", "ease"]
    assert all(0 < lag.q10 < lag.median < lag.q90 < 120 for lag in example.lags.values())


def test_an_infinite_time_has_no_lag() -> None:
    frame = lagging(12, 90).assign(asked=[-np.inf, 188.0, 188.0, 188.0])
    assert study(frame).timing("again").lags["nps"] == (12, 12, 12)
