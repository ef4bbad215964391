"""A study made in Python is the study of the file; frames of every engine give the same."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import cxstats as cx
from cxstats.readers.read import read
from cxstats.readers.scan import scan
from cxstats.study.parts import Columns, Section, StudyOutcome, Table

FOLDER = Path(__file__).parent / "examples" / "three_tables"
CODES = [98, 99]


def from_python(tables: Mapping[str, Any]) -> cx.Study:
    responses = {"table": "responses", "column": "value", "missing": CODES}
    return cx.Study(
        title="Subscribers 2018",
        evidence="simulated",
        source="tests/study/make_examples.py",
        licence="MIT",
        note="No real customer.",
        rows="customers",
        cluster="firm",
        firm="firm",
        tables={
            "customers": Table(tables["customers"], key="customer_id", where={"status": ["active"]}),
            "responses": Table(tables["responses"], key="customer_id", time="answered_at", pick="last"),
            "orders": Table(tables["orders"], key="customer"),
            "moments": Table(tables["moments"]),
            "encounters": Table(tables["encounters"]),
        },
        encounters=cx.Encounters(customer="customer_id", order="date", perk="upgrade", rating="stars"),
        moments=cx.Moments(
            sequence="visit_id", order="minute", value="valence", overall="verdict", neutral=5, person="who"
        ),
        metrics={
            "nps": cx.Metric(scale=cx.NPS, where={"metric": ["nps"]}, **responses),
            "csat": cx.Metric(scale=cx.CSAT5, where={"metric": ["csat"]}, **responses),
            "ease": cx.Metric(scale=cx.Scale(1, 7, kind="ces"), where={"metric": ["ces"]}, **responses),
        },
        outcomes={
            "churn": StudyOutcome(
                cx.Survival("days", "cancelled", "enter", good=0, starts="window_start"), missing=[9], late="drop"
            ),
            "again": StudyOutcome(cx.Binary("bought_again", after=True), where={"source": ["shop"]}),
        },
        expectation=cx.Expectation(disconfirmation="days_early", met=(0, 1)),
        sensitivities=[
            cx.Sensitivity(title="gap as recorded", disconfirmation="days_early_raw"),
            cx.Sensitivity(title="north only", where={"on_time_region": ["north"]}),
        ],
        controls=["tenure", "prior_orders"],
        segments=Columns(["on_time_region"], table="customers"),
        sections=[Section(name="journey", columns={"rating": "overall"})],
        smallest_effect={"auc": 0.02},
    )


def same(found: cx.Study, expected: cx.Study) -> None:
    for name in (
        "title",
        "evidence",
        "source",
        "licence",
        "note",
        "outcomes",
        "metric_scales",
        "met",
        "controls",
        "segments",
        "firm",
    ):
        assert getattr(found, name) == getattr(expected, name)
    assert found.tables_account == expected.tables_account
    assert found.sensitivities == expected.sensitivities
    assert found.smallest_effect == expected.smallest_effect
    for outcome in expected.outcomes:
        first, second = found.timing(outcome), expected.timing(outcome)
        assert first == second
        assert (first.lags, first.lag_unit, first.unequal) == (second.lags, second.lag_unit, second.unequal)
        for asked in (
            {"metrics": ["nps", "csat", "ease"]},
            {"disconfirmation": True},
            {"disconfirmation": True, "sensitivity": 1},
            {"metrics": ["nps"], "controls": True, "segment": "on_time_region", "firm": True},
            {"encounters": ["n", "mean", "sd", "perk_share"]},
        ):
            pd.testing.assert_frame_equal(
                found.cells(outcome, **asked).to_frame(), expected.cells(outcome, **asked).to_frame()
            )


NAMES = ("customers", "responses", "orders", "moments", "encounters")


@pytest.mark.parametrize("backend", ["path", "pandas", "polars", "scan"])
def test_python_against_toml(backend: str) -> None:
    ways: dict[str, Callable[[Path], Any]] = {
        "path": lambda path: path,
        "pandas": read,
        "polars": lambda path: read(path, backend="polars"),
        "scan": scan,
    }
    found = from_python({name: ways[backend](FOLDER / f"{name}.csv") for name in NAMES})
    same(found, cx.Study.read(FOLDER / "study.toml"))
    assert found.unused == ("journey",)


def test_every_engine(engine: Callable[[pa.Table], Any]) -> None:
    rng = np.random.default_rng(3)
    table = pa.table(
        {
            "id": pa.array(np.arange(200)),
            "nps": pa.array([None if rng.random() < 0.1 else int(v) for v in rng.integers(0, 11, 200)]),
            "spend": pa.array([None if rng.random() < 0.1 else float(v) for v in rng.normal(size=200)]),
            "money": pa.array([None if rng.random() < 0.1 else int(v) for v in rng.integers(0, 3, 200)]),
            "label": pa.array([None if rng.random() < 0.1 else str(v) for v in rng.choice(["low", "high"], 200)]),
            "good": pa.array([None if rng.random() < 0.1 else bool(v) for v in rng.integers(0, 2, 200)]),
            "day": pa.array(pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.integers(0, 9, 200), "D")),
            "begins": pa.array([pd.Timestamp("2018-01-05")] * 200),
        }
    )

    def made(frame: Any) -> cx.Study:
        return cx.Study(
            tables={"c": Table(frame, key="id", time="day", where={"label": ["low", "high"]})},
            metrics={"nps": cx.NPS, "felt": cx.Metric(column="label", scale=cx.CSAT5, labels={"low": 1, "high": 5})},
            outcomes={
                "again": StudyOutcome(cx.Binary("good", starts="begins"), late="drop"),
                "spend": cx.Continuous("spend"),
            },
            controls=["label", "money"],
            segments=["label"],
            firm="label",
        )

    found, expected = made(engine(table)), made(table.to_pandas())
    assert found.tables_account == expected.tables_account
    assert found.tables_account[0].filtered > 0
    for outcome in ("again", "spend"):
        assert found.timing(outcome) == expected.timing(outcome)
        for asked in ({"metrics": ["nps", "felt"]}, {"controls": True}, {"segment": "label", "firm": True}):
            pd.testing.assert_frame_equal(
                found.cells(outcome, **asked).to_frame(), expected.cells(outcome, **asked).to_frame()
            )


def test_only_the_columns_that_are_needed_are_read(tmp_path: Path) -> None:
    frame = pd.DataFrame({"nps": [9, 3], "good": [1, 0], "nested": [[1], [2]], "blob": [b"a", b"b"]})
    frame.to_parquet(tmp_path / "c.parquet")
    study = cx.Study(
        tables={"c": tmp_path / "c.parquet"}, metrics={"nps": cx.NPS}, outcomes={"good": cx.Binary("good")}
    )
    assert study.cells("good", metrics=["nps"]).n == 2
    assert sorted(study._analysis.frame.columns) == ["good", "nps"]


def test_a_study_does_not_change_the_frame() -> None:
    frame = pd.DataFrame({"nps": [9, 3], "good": [1, 0]}, index=[5, 5])
    before = frame.copy()
    cx.Study(tables={"c": frame}, metrics={"nps": cx.NPS}, outcomes={"good": cx.Binary("good")}).cells("good")
    pd.testing.assert_frame_equal(frame, before)
