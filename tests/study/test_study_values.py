"""Labels, codes that mean missing, versions of the effort question, counts and weights."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import cxstats as cx
from cxstats.errors import ColumnError, ScaleError, StudyError
from cxstats.study.parts import StudyOutcome, Table


def of(frame: pd.DataFrame, **given: Any) -> cx.Study:
    metrics = given.pop("metrics", {"nps": cx.NPS})
    return cx.Study(tables={"c": frame}, metrics=metrics, **given)


def refused(make: Callable[[], Any]) -> str:
    with pytest.raises(StudyError) as caught:
        make()
    return str(caught.value)


def column(values: Any, **given: Any) -> Any:
    study = of(pd.DataFrame({"x": values}), metrics={"m": cx.Metric(column="x", scale=cx.NPS, **given)})
    frame = study.cells(None, metrics=["m"]).expand()
    return sorted(frame.m.fillna(-1))


@pytest.mark.parametrize(
    ("values", "given", "expected"),
    [
        ([9, 98, 99, None], {"missing": [98, 99]}, [-1, -1, -1, 9]),
        (["9", "Blank", "0", " 3 "], {"missing": ["Blank", 0]}, [-1, -1, 3, 9]),
        (["good", "bad", None, "7"], {"labels": {"good": 10, "bad": 0}}, [-1, 0, 7, 10]),
        (["good", "don't know"], {"labels": {"good": 10, "don't know": 98}, "missing": [98]}, [-1, 10]),
        ([True, False, None], {}, [-1, 0, 1]),
        (pd.Categorical(["a", "b", "a", None]), {"labels": {"a": 1, "b": 2}}, [-1, 1, 1, 2]),
        (pd.Series([1, None, 3], dtype="Int64"), {}, [-1, 1, 3]),
        (pd.Series([None, None], dtype=object), {}, [-1, -1]),
    ],
)
def test_values(values: Any, given: dict[str, Any], expected: list[float]) -> None:
    assert column(values, **given) == expected


def test_texts_without_a_number_are_listed() -> None:
    values = ["Agree"] * 3 + ["agree", "agree", "n.a."] + ["5", None]
    assert refused(lambda: column(values)) == (
        "metric.m.column: must hold numbers, but holds text: 'Agree' (3 rows), 'agree' (2 rows), 'n.a.' (1 row)."
        "\nGive each its number in labels, or name it in missing."
    )
    assert refused(lambda: column(values, labels={"Agree": 5}, missing=["n.a."])) == (
        "metric.m.column: every text must stand for a number, but these do not: 'agree' (2 rows)."
        "\nGive each its number in labels, or name it in missing."
    )
    for odd in ("nan", "inf", "1_000", "0x1", ""):
        assert "must hold numbers, but holds text" in refused(lambda odd=odd: column(["1", odd]))


def test_labels_on_numbers_and_dates_as_scores() -> None:
    assert refused(lambda: column([1, 2, 2], labels={"1": 5})) == (
        "metric.m.column: labels are for text, but the column holds numbers: 2 (2 rows), 1 (1 row).\nLeave labels out."
    )
    assert refused(lambda: column(pd.to_datetime(["2018-01-31"]))) == (
        "metric.m.column: must hold numbers, but holds dates: 2018-01-31 00:00:00 (1 row)."
    )


def test_a_score_off_its_scale_concerns_only_who_asks_for_it() -> None:
    study = of(pd.DataFrame({"nps": [11, 3], "csat": [5, 4]}), metrics={"nps": cx.NPS, "csat": cx.CSAT5})
    assert study.cells(None, metrics=["csat"]).n == 2
    with pytest.raises(
        ScaleError, match=r"'nps' must hold whole numbers 0 to 10 \(NPS\), but 1 of 2 rows does not: 11"
    ):
        study.cells(None, metrics=["nps"])


EASE = pd.DataFrame({"ease": [5, 6, 7, 4], "asked": ["ces2", "ces2", "ces1", None]})


def ease(scale: cx.Scale = cx.EASE7, frame: pd.DataFrame = EASE, **given: Any) -> cx.Study:
    return of(frame, metrics={"ease": cx.Metric(column="ease", scale=scale, **given)})


def test_mixed_versions_of_the_effort_question() -> None:
    assert refused(lambda: ease(version_column="asked")) == (
        "metric.ease.version_column: all answers must be to the same version of the question, but 'asked' holds "
        "'ces2' (2 rows), 'ces1' (1 row) and none in 1 row."
        "\nUp is bad in ces1 and good in ces2: keep one of them with where, or declare a metric for each."
    )
    assert ease(version_column="asked", where={"asked": ["ces2"]}).cells(None, metrics=["ease"]).n == 4
    unanswered = EASE.assign(ease=[5, 6, None, None])
    assert ease(frame=unanswered, version_column="asked").metric_scales == {"ease": cx.EASE7}


def test_the_version_must_be_that_of_the_scale() -> None:
    for given in ({"version_column": "asked"}, {"version_column": "asked", "version": "ces2"}):
        assert refused(lambda given=given: ease(where={"asked": ["ces1"]}, **given)) == (
            "metric.ease.version_column: must hold 'ces2', the version that is declared (up is good), but 'asked' "
            "holds 'ces1' (1 row).\nTake the scale of that version, or say with version = which one the answers are to."
        )
    assert refused(lambda: ease(version="ces1")) == (
        "metric.ease.version: is 'ces1', but on the scale (CES 2.0 1-7) up is good."
        "\nUp is bad in ces1 (how much effort) and good in ces2 (made it easy): correct one of the two."
    )
    assert refused(lambda: ease(version="CES 2.0")) == (
        "metric.ease.version: must be 'ces1' (up is bad) or 'ces2' (up is good), not 'CES 2.0'."
    )
    assert refused(lambda: ease(cx.NPS, version="ces2")) == (
        "metric.ease.version: only an effort score (ces) has versions, but the scale is NPS 0-10."
    )
    named = EASE.assign(asked="wording of 2013")
    assert "must hold 'ces2'" in refused(lambda: ease(frame=named, version_column="asked"))
    assert ease(frame=named, version_column="asked", version="ces2").metric_scales["ease"] == cx.EASE7


def test_the_version_is_required_in_a_file(written: ModuleType, tmp_path: Path) -> None:
    own = {"column": "ease", "scale": [1, 7], "higher_is_better": True, "kind": "ces"}
    for metric in (own, {"column": "ease", "scale": "EASE7"}):
        path = written.study_file(tmp_path, written.small(metric={"ease": metric}), customers="ease,good\n1,1\n")
        with pytest.raises(StudyError, match=r"metric.ease.version: is required for an effort score: 'ces1'"):
            cx.Study.read(path)
    declared = own | {"version": "ces1"}
    path = written.study_file(tmp_path, written.small(metric={"ease": declared}))
    with pytest.raises(StudyError, match=r"metric.ease.version: is 'ces1', but on the scale \(CES 1-7\) up is good"):
        cx.Study.read(path)


def test_count_and_weight() -> None:
    frame = pd.DataFrame({"nps": [9, 3], "n": [3, 0], "w": [0.5, 2.0]})
    study = of(frame, count="n", weight="w")
    cells = study.cells(None, metrics=["nps"])
    assert (cells.n, cells["weight"].tolist(), cells["nps"].tolist()) == (3, [0.5], [9])
    for bad in ([1.5, 1], [-1, 1], [None, 1]):
        message = refused(lambda bad=bad: of(frame.assign(n=bad), count="n"))
        assert message == (
            "study.count: must hold whole numbers from 0 up, but 1 row does not."
            "\nA survey weight is no count: declare it as weight."
        )
    assert refused(lambda: of(frame.assign(w="x"), weight="w")).startswith("study.weight: must hold numbers, but holds")


def test_names_may_not_collide() -> None:
    frame = pd.DataFrame({"nps": [9, 3], "t": [1, 2], "e": [0, 1]})
    assert refused(lambda: of(frame, metrics={"count": cx.NPS}, outcomes={"weight": cx.Binary("e")})) == (
        "2 problems.\nmetric.count: must have another name: 'count' is a role of every study."
        "\noutcome.weight: must have another name: 'weight' is a role of every study."
    )
    assert refused(lambda: of(frame, outcomes={"nps": cx.Binary("e")})) == (
        "outcome.nps: must have another name: 'nps' is also the name of the metric metric.nps."
    )
    metrics = {"churn.time": cx.Metric(column="nps", scale=cx.NPS)}
    assert "'churn.time' is also the name of the metric" in refused(
        lambda: of(frame, metrics=metrics, outcomes={"churn": cx.Survival("t", "e")})
    )
    assert refused(lambda: of(frame, metrics={"": cx.NPS})) == "metric: a name must be text and not empty, not ''."


def test_one_column_may_serve_several_purposes() -> None:
    frame = pd.DataFrame({"x": [1, 2, 5]})
    metrics = {name: cx.Metric(column="x", scale=cx.CSAT5) for name in ("one", "two")}
    study = of(
        frame,
        metrics=metrics,
        outcomes={"rated": cx.Rating("x", cx.CSAT5), "again": StudyOutcome(cx.Count("x"))},
        expectation=cx.Expectation(disconfirmation="x"),
        cluster="x",
    )
    cells = study.cells("rated", metrics=["one", "two"], disconfirmation=True)
    assert {name: cells[name].tolist() for name in cells.columns} == {
        key: [1, 2, 5] for key in ["cluster", "disconfirmation", "one", "rated", "two"]
    }


def test_hostile_names_pass_through(tmp_path: Path) -> None:
    name = '<img src=x onerror="alert(1)">'
    frame = pd.DataFrame({name: [9, 3], "good": [1, 0]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    for data in (frame, tmp_path / "a.csv"):
        study = cx.Study(
            title=name, tables={name: data}, metrics={name: cx.NPS}, outcomes={f"{name}!": cx.Binary("good")}
        )
        assert (study.title, study.tables_account[0].table) == (name, name)
        assert study.cells(f"{name}!", metrics=[name])[name].tolist() == [3, 9]


def test_what_cells_refuse() -> None:
    study = of(pd.DataFrame({"nps": [9, 3], "good": [1, 0]}), outcomes={"good": cx.Binary("good")})
    assert refused(lambda: study.cells("goods")) == "outcome: the study declares no 'goods'; nearest: 'good'."
    assert refused(lambda: study.cells(None, metrics=["csat"])) == "metric: the study declares no 'csat'."
    assert refused(lambda: study.timing("x")) == "outcome: the study declares no 'x'."
    no_gap = "expectation: none is declared, so there is no gap to analyse."
    assert refused(lambda: study.cells("good", disconfirmation=True)) == no_gap
    assert refused(lambda: study.met) == "expectation: none is declared, so nothing says which gap counts as met."
    with pytest.raises(ColumnError, match=r"'good' must hold 0 and 1|The outcome 'good' must hold 0 and 1"):
        of(pd.DataFrame({"nps": [9], "good": [2]}), outcomes={"good": cx.Binary("good")}).cells("good")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tables": {}}, 'table: tables must map each name to a dataframe, such as {"customers": frame}.'),
        ({"metrics": {"nps": "NPS"}}, "metric.nps: must be a scale such as cx.NPS, or a cx.Metric, not 'NPS'."),
        ({"evidence": "invented"}, "study.evidence: must be 'real', 'simulated' or 'published', not 'invented'."),
        ({"title": 3}, "study.title: must be text, not 3."),
        ({"controls": "nps"}, "controls: must be a list of columns, not 'nps'."),
        ({"smallest_effect": {"auc": -1}}, "smallest_effect.auc: must be a number above 0, not -1."),
        ({"smallest_effect": {"auc": True}}, "smallest_effect.auc: must be a number above 0, not True."),
        (
            {"expectation": cx.Expectation()},
            "expectation.disconfirmation: is required, or else both expected and performed.",
        ),
        (
            {"expectation": cx.Expectation(disconfirmation="nps", expected="nps")},
            "expectation.disconfirmation: is the gap itself: leave out expected and performed, or leave out this.",
        ),
        (
            {"expectation": cx.Expectation(disconfirmation="nps", met=(1, 0))},
            "expectation.met: must be [low, high] with low not above high, not [1, 0].",
        ),
        ({"expectation": "nps"}, "expectation: must be cx.Expectation(disconfirmation=\"column\"), not 'nps'."),
        ({"sensitivities": ["x"]}, "sensitivity[1]: must be a cx.Sensitivity, not 'x'."),
        (
            {"sensitivities": [cx.Sensitivity(title="x")]},
            "sensitivity: needs an [expectation], of which it is an alternative analysis.",
        ),
        (
            {"metrics": {"m": cx.Metric(column="nps", scale=cx.NPS, where={"nps": 9})}},
            "metric.m.where: must give each column a list of values, but 'nps' has 9.",
        ),
        (
            {"metrics": {"m": cx.Metric(column="nps", scale=cx.NPS, missing="99")}},
            "metric.m.missing: must be a list of numbers or text, not '99'.",
        ),
        (
            {"metrics": {"m": cx.Metric(column="nps", scale=cx.NPS, labels={"a": "b"})}},
            "metric.m.labels: must map text to numbers, not {'a': 'b'}.",
        ),
        (
            {"tables": {"c": Table(pd.DataFrame({"nps": [1]}), pick="last")}},
            (
                "2 problems.\ntable.c.pick: needs key: of the rows of a key it picks the last in time."
                "\ntable.c.pick: needs time: of the rows of a key it picks the last in time."
            ),
        ),
        (
            {"tables": {"c": Table(pd.DataFrame({"nps": [1]}), pick="any", key="nps", time="nps")}},
            "table.c.pick: must be 'first' or 'last', not 'any'.",
        ),
        (
            {"tables": {"c": 5}},
            (
                "table.c: data must be a dataframe (pandas, polars, pyarrow, a DuckDB relation) or Cells, but int was "
                "given.\nRead a file with cx.read(path) or cx.scan(path)."
            ),
        ),
        (
            {"tables": {"c": pd.DataFrame([[1, 2]], columns=["nps", "nps"])}},
            "table.c: Column names must be distinct, but 'nps' stands more than once.\nRename or drop one of each.",
        ),
    ],
)
def test_what_is_wrong_in_python(given: dict[str, Any], message: str) -> None:
    frame = pd.DataFrame({"nps": [9, 3]})
    assert refused(lambda: cx.Study(**{"tables": {"c": frame}, "metrics": {"nps": cx.NPS}, **given})) == message


def test_an_outcome_needs_a_declaration() -> None:
    message = refused(lambda: of(pd.DataFrame({"nps": [9]}), outcomes={"again": "again"}))
    assert message.startswith(
        "outcome.again: outcome must say what it is and which value is good, but 'again' was given"
    )


def test_nested_values_and_lists_of_frames_are_refused() -> None:
    nested = pd.DataFrame({"nps": [[9], [3]], "k": [1, 2]})
    said = "'nps' must hold numbers, text, dates or true and false, nothing nested."
    assert refused(lambda: of(nested)) == f"metric.nps.column: {said}"
    table = Table(nested, where={"nps": [9]})
    k = cx.Metric(column="k", scale=cx.CSAT5)
    assert refused(lambda: cx.Study(tables={"c": table}, metrics={"k": k})) == f"table.c.where: {said}"
    for data in ([nested], []):
        assert refused(lambda data=data: cx.Study(tables={"c": data}, metrics={"k": k})) == (
            "table.c: a list of data must hold the paths of files that are stacked."
        )


def test_a_frame_whose_engine_fails() -> None:
    lazy = pl.LazyFrame({"nps": ["9", "x"]}).with_columns(pl.col("nps").cast(pl.Int64))
    assert refused(lambda: of(lazy)).startswith("table.c: The data could not be read: ")


def test_a_sensitivity_that_is_not_declared() -> None:
    study = of(pd.DataFrame({"nps": [9], "gap": [1]}), expectation=cx.Expectation(disconfirmation="gap"))
    assert refused(lambda: study.cells(None, disconfirmation=True, sensitivity=0)) == (
        "sensitivity: the study declares 0, counted from 0 here, and none is 0."
    )


def test_a_sensitivity_that_keeps_no_row() -> None:
    frame = pd.DataFrame({"gap": [1, 2], "region": ["n", "s"]})
    sensitivities = [cx.Sensitivity(title="west", where={"region": ["w"]})]
    expectation = cx.Expectation(disconfirmation="gap")
    assert refused(lambda: of(frame, metrics={}, expectation=expectation, sensitivities=sensitivities)) == (
        "sensitivity[1].where: keeps no row.\n'region' is to be 'w', but holds 'n' (1 row), 's' (1 row)."
    )


def test_nothing_of_the_study_can_be_changed() -> None:
    study = of(pd.DataFrame({"nps": [9, 3]}))
    with pytest.raises(AttributeError, match=r"cannot assign to field 'title'"):
        study.title = "x"  # type: ignore[misc]
    np.testing.assert_array_equal(study.cells(None, metrics=["nps"]).count, [1, 1])


def test_an_expectation_in_words_against_the_same_in_numbers(tmp_path: Path) -> None:
    """An ordinal "below / met / exceeded", in Python and in a file, and tiers told by a column of words."""
    felt = np.array(["below", "met", "exceeded", "delighted", None], dtype=object)[np.arange(400) % 5]
    numbers = pd.Series(felt).map({"below": -1, "met": 0, "exceeded": 1, "delighted": 2})
    frame = pd.DataFrame({"felt": felt, "gap": numbers, "back": np.arange(400) // 2 % 2})
    labels = {"below": -1, "met": 0, "exceeded": 1, "delighted": 2}
    tiers = {"meet": 0, "exceed": 1, "delight": 2}
    outcomes = {"back": cx.Binary("back", after=True)}
    worded = cx.Expectation(disconfirmation="felt", labels=labels, tiers=tiers)
    counted = cx.Expectation(disconfirmation="gap", tiers=tiers)
    frame.to_csv(tmp_path / "c.csv", index=False)
    (tmp_path / "s.toml").write_text(
        'cxstats = 1\n[study]\ntitle = "T"\nevidence = "simulated"\n[table.c]\nfile = "c.csv"\n[outcome.back]\n'
        'type = "binary"\ncolumn = "back"\ngood = 1\nafter = true\n[expectation]\ndisconfirmation = "felt"\n'
        "labels = { below = -1, met = 0, exceeded = 1, delighted = 2 }\n"
        "tiers = { meet = 0, exceed = 1, delight = 2 }\n",
        encoding="utf-8",
    )
    studies = [
        cx.Study(tables={"c": frame}, outcomes=outcomes, expectation=worded),
        cx.Study(tables={"c": frame}, outcomes=outcomes, expectation=counted),
        cx.Study.read(tmp_path / "s.toml"),
    ]
    cells = [study.cells("back", disconfirmation=True) for study in studies]
    assert {one.fingerprint for one in cells} == {cells[0].fingerprint}
    assert cells[0].n == 400
    found = [cx.validate(study, rng=1, sensitivity=False).to_frame().to_csv() for study in studies]
    assert found[0] == found[1] == found[2]


def test_words_of_an_expectation_without_numbers_are_refused() -> None:
    frame = pd.DataFrame({"felt": ["below", "met", "over"], "back": [0, 1, 1]})
    outcomes = {"back": cx.Binary("back", after=True)}

    def made(labels: Any) -> str:
        expectation = cx.Expectation(disconfirmation="felt", labels=labels)
        return refused(lambda: cx.Study(tables={"c": frame}, outcomes=outcomes, expectation=expectation))

    assert made({"below": -1, "met": 0}) == (
        "expectation.disconfirmation: every text must stand for a number, but these do not: 'over' (1 row)."
        "\nGive each its number in labels, or name it in missing."
    )
    assert made({"below": "low"}) == "expectation.labels: must map text to numbers, not {'below': 'low'}."
