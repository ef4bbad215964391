"""Files, filters, keys and picks: what is refused, by its full message, and what is counted."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.errors import StudyError
from cxstats.study.parts import StudyOutcome, Table, TableAccount

LINKED = {
    "study": {"title": "t", "evidence": "simulated", "rows": "customers"},
    "table": {
        "customers": {"file": "customers.csv", "key": "id"},
        "answers": {"file": "answers.csv", "key": "who", "time": "day", "pick": "last"},
    },
    "metric": {"nps": {"column": "nps", "table": "answers", "scale": "NPS"}},
}
CUSTOMERS = "id,good\na,1\nb,0\nc,1\n"
ANSWERS = "who,day,nps\na,2018-01-02,9\nb,2018-01-01,3\na,2018-01-01,1\nz,2018-01-01,5\n"


def refused(path: Path, **given: Any) -> str:
    """The message, without the name of the study file."""
    with pytest.raises(StudyError) as caught:
        cx.Study.read(path, **given)
    message = str(caught.value)
    assert message.startswith(f"'{path}': ")
    return message.removeprefix(f"'{path}': ")


def test_rows_are_joined_and_counted(written: ModuleType, tmp_path: Path) -> None:
    path = written.study_file(tmp_path, written.small(**LINKED), customers=CUSTOMERS, answers=ANSWERS)
    study = cx.Study.read(path)
    assert study.cells("good", metrics=["nps"]).to_frame().fillna(-1).to_numpy().tolist() == [
        [0, 3, 1],
        [1, 9, 1],
        [1, -1, 1],
    ]
    assert study.tables_account == (
        TableAccount(table="customers", read=3, used=3),
        TableAccount(table="answers", read=4, used=2, superseded=1, unmatched=1),
    )


def test_repeated_keys_need_pick(written: ModuleType, tmp_path: Path) -> None:
    tables = {**LINKED["table"], "answers": {"file": "answers.csv", "key": "who"}}
    path = written.study_file(
        tmp_path, written.small(**LINKED | {"table": tables}), customers=CUSTOMERS, answers=ANSWERS
    )
    assert refused(path) == (
        "table.answers.key: each key must stand in one row, but 1 key stands in 2 rows, for example 'a' in 2."
        '\nSay which row counts: pick = "last" or "first", with time = the column that orders them.'
    )


def test_repeated_keys_of_the_analysed_table(written: ModuleType, tmp_path: Path) -> None:
    table = {"customers": {"file": "customers.csv", "key": "id"}}
    rows = "id,nps,good\na,9,1\na,8,0\nb,3,0\nb,5,0\nb,4,1\nc,7,1\n"
    path = written.study_file(tmp_path, written.small(table=table), customers=rows)
    assert refused(path) == (
        "table.customers.key: each key must stand in one row, but 2 keys stand in 5 rows, for example 'a' in 2."
        '\nSay which row counts: pick = "last" or "first", with time = the column that orders them,'
        '\nor study.cluster = "id" if several rows of a key shall count.'
    )
    clustered = written.small(table=table, study={"title": "t", "evidence": "real", "cluster": "id"})
    study = cx.Study.read(written.study_file(tmp_path, clustered))
    assert study.cells("good", metrics=["nps"]).n == 6


@pytest.mark.parametrize(("pick", "expected"), [("last", [8, 4, 7]), ("first", [9, 3, 7])])
def test_pick_by_time_where_some_have_none(
    written: ModuleType, tmp_path: Path, pick: str, expected: list[float]
) -> None:
    table = {"customers": {"file": "customers.csv", "key": "id", "time": "t", "pick": pick}}
    rows = "id,t,nps,good\na,1,9,1\na,2,8,1\nb,1,3,1\nb,,5,1\nb,7,4,1\nc,,7,1\n"
    study = cx.Study.read(written.study_file(tmp_path, written.small(table=table), customers=rows))
    assert sorted(study.cells(None, metrics=["nps"]).expand().nps) == sorted(expected)
    assert study.tables_account[0] == TableAccount(table="customers", read=6, used=3, superseded=3)


def test_rows_without_a_key_are_rows_of_their_own(written: ModuleType, tmp_path: Path) -> None:
    table = {"customers": {"file": "customers.csv", "key": "id", "time": "t", "pick": "last"}}
    rows = "id,t,nps,good\n,1,9,1\n,1,8,1\n,2,7,1\na,1,3,1\na,2,4,1\n"
    study = cx.Study.read(written.study_file(tmp_path, written.small(table=table), customers=rows))
    assert sorted(study.cells(None, metrics=["nps"]).expand().nps) == [4, 7, 8, 9]
    assert study.tables_account[0] == TableAccount(table="customers", read=5, used=4, superseded=1)


def test_a_row_used_for_one_metric_and_superseded_for_another_counts_as_used() -> None:
    answers = pd.DataFrame({"id": ["a", "a", "a"], "t": [1, 2, 3], "wave": [1, 1, 2], "nps": [9, 5, 3]})
    found = cx.Study(
        tables={
            "c": Table(pd.DataFrame({"id": ["a"]}), key="id"),
            "w": Table(answers, key="id", time="t", pick="last"),
        },
        rows="c",
        metrics={
            "first": cx.Metric(column="nps", scale=cx.NPS, where={"wave": [1]}),
            "latest": cx.Metric(column="nps", scale=cx.NPS),
        },
    )
    assert found.cells(None, metrics=["first", "latest"]).expand().to_numpy().tolist() == [[5, 3]]
    assert found.tables_account[1] == TableAccount(table="w", read=3, used=2, superseded=1)


def test_pick_against_pandas(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    customers = pd.DataFrame({"id": np.arange(300), "good": rng.integers(0, 2, 300)})
    answers = pd.DataFrame(
        {"id": rng.integers(0, 400, 2_000), "t": rng.permutation(2_000), "nps": rng.integers(0, 11, 2_000)}
    )
    study = cx.Study(
        tables={"c": Table(customers, key="id"), "a": Table(answers, key="id", time="t", pick="first")},
        rows="c",
        metrics={"nps": cx.NPS},
        outcomes={"good": cx.Binary("good", after=True)},
    )
    merged = customers.merge(answers.sort_values("t").drop_duplicates("id"), on="id", how="left")
    expected = cx.tally(merged, metrics={"nps": cx.NPS}, outcome=cx.Binary("good"))
    pd.testing.assert_frame_equal(study.cells("good", metrics=["nps"]).to_frame(), expected.to_frame())
    account = study.tables_account[1]
    assert (account.used, account.superseded) == (merged.nps.notna().sum(), (answers.id < 300).sum() - account.used)
    assert account.unmatched == (answers.id >= 300).sum()


def test_ties_in_time_are_refused_where_rows_differ(written: ModuleType, tmp_path: Path) -> None:
    tied = ANSWERS + "a,2018-01-02,9\n"
    path = written.study_file(tmp_path, written.small(**LINKED), customers=CUSTOMERS, answers=tied)
    assert cx.Study.read(path).tables_account[1].superseded == 2
    path = written.study_file(tmp_path, written.small(**LINKED), answers=tied + "a,2018-01-02,8\n")
    assert refused(path) == (
        "table.answers.pick: the last row of a key must be one, but for 1 key rows that differ have the same 'day', "
        "for example for 'a'.\nGive a finer time, or leave out one of them with where."
    )


def test_keys_must_be_of_one_kind(written: ModuleType, tmp_path: Path) -> None:
    path = written.study_file(
        tmp_path, written.small(**LINKED), customers="id,good\n1,1\n2,0\n", answers="who,day,nps\nC1,1,9\nC2,1,3\n"
    )
    assert refused(path) == (
        "table.answers.key: must hold what the key of table 'customers' holds, but 'who' holds text (such as 'C1'), "
        "'id' numbers (such as 1).\nStore both alike."
    )


def test_large_keys_are_told_apart(written: ModuleType, tmp_path: Path) -> None:
    large = 2**60
    customers = f"id,good\n{large + 1},1\n{large + 2},0\n,1\n"
    answers = f"who,day,nps\n{large + 1},1,9\n{large + 2},1,3\n{large + 3},1,4\n,1,8\n"
    study = cx.Study.read(written.study_file(tmp_path, written.small(**LINKED), customers=customers, answers=answers))
    frame = study.cells("good", metrics=["nps"]).expand()
    assert sorted(zip(frame.good, frame.nps.fillna(-1), strict=True)) == [(0, 3), (1, -1), (1, 9)]
    rounded = pd.DataFrame({"id": [float(large), None], "nps": [1, 2]})
    with pytest.raises(StudyError, match=r"^table.c.key: 'id' holds numbers beyond 2\^53 as floating point"):
        cx.Study(tables={"c": Table(rounded, key="id")}, metrics={"nps": cx.NPS})


def test_whole_keys_match_whatever_their_type(tmp_path: Path) -> None:
    customers = pd.DataFrame({"id": [1.0, 2.0, None], "good": [1, 0, 1]})
    for kind in ("int64", "Int64", "float64"):
        answers = pd.DataFrame({"id": pd.Series([2, 1], dtype=kind), "nps": [3, 9]})
        study = cx.Study(
            tables={"c": Table(customers, key="id"), "a": Table(answers, key="id")},
            rows="c",
            metrics={"nps": cx.NPS},
            outcomes={"good": cx.Binary("good")},
        )
        assert study.cells("good", metrics=["nps"]).expand().nps.fillna(-1).tolist() == [3, 9, -1]


def test_filters_are_strict(written: ModuleType, tmp_path: Path) -> None:
    rows = "nps,good,done,wave\n9,1,1,a\n3,0,0,b\n5,1,1,b\n"

    def study(where: dict[str, list[Any]]) -> Path:
        table = {"customers": {"file": "customers.csv", "where": where}}
        path: Path = written.study_file(tmp_path, written.small(table=table), customers=rows)
        return path

    assert cx.Study.read(study({"done": [1.0], "wave": ["a", "b", "c"]})).tables_account[0].filtered == 1
    assert refused(study({"done": [True, "1"]})) == (
        "table.customers.where: keeps no row.\n'done' is to be true or '1', but holds 1 (2 rows), 0 (1 row)."
    )
    assert refused(study({"wave": ["A"], "done": [1]})) == (
        "table.customers.where: keeps no row.\n'wave' is to be 'A', but holds 'b' (2 rows), 'a' (1 row)."
        "\n'done' is to be 1, but holds 1 (2 rows), 0 (1 row)."
    )
    assert refused(study({"dome": [1]})) == (
        "table.customers.where.dome: 'dome' is not a column of table 'customers'; nearest: 'done'."
    )


def test_true_is_true_only(written: ModuleType, tmp_path: Path) -> None:
    rows = "nps,good,done\n9,1,True\n3,0,False\n5,1,\n"
    table = {"customers": {"file": "customers.csv", "where": {"done": [True]}}}
    path = written.study_file(tmp_path, written.small(table=table), customers=rows)
    assert cx.Study.read(path).tables_account[0] == TableAccount(table="customers", read=3, used=1, filtered=2)
    path = written.study_file(
        tmp_path, written.small(table={"customers": table["customers"] | {"where": {"done": [1]}}})
    )
    assert refused(path).endswith("'done' is to be 1, but holds false (1 row), true (1 row).")


def test_stacked_files(written: ModuleType, tmp_path: Path) -> None:
    table = {"customers": {"files": ["w1.csv", "w2.csv"]}}
    small = written.small(table=table)
    path = written.study_file(tmp_path, small, w1="nps,good\n9,1\n,0\n", w2="good,x,nps\n0,1,3\n")
    assert cx.Study.read(path).cells("good", metrics=["nps"]).n == 3
    assert cx.Study.read(path).tables_account[0].read == 3
    written.study_file(tmp_path, small, w2="good,x,nps\n0,1,\n")
    assert cx.Study.read(path).cells("good", metrics=["nps"]).n == 3
    written.study_file(tmp_path, small, w2="good,x\n0,1\n")
    assert refused(path) == "table.customers.files: 'nps' is not a column of table 'w2.csv'."
    written.study_file(tmp_path, small, w2="good,nps\n0,none\n1,5\n")
    assert refused(path) == (
        "table.customers.files: 'nps' must be of one kind in all files, but holds numbers in 'w1.csv' but text in "
        "'w2.csv'."
    )


def test_files_that_cannot_be_read_are_named_by_their_key(written: ModuleType, tmp_path: Path) -> None:
    path = written.study_file(tmp_path, written.small())
    assert refused(path) == (
        f"table.customers.file: '{tmp_path / 'customers.csv'}' does not exist (looked for it in '{tmp_path}')."
    )
    written.study_file(tmp_path, written.small(), customers="")
    assert refused(path) == f"table.customers.file: '{tmp_path / 'customers.csv'}' is empty: it holds no byte."
    written.study_file(tmp_path, written.small(), customers="nps,good\n")
    assert refused(path) == "table.customers: holds no row."
    written.study_file(tmp_path, written.small(), customers="nps,good,nps\n9,1,9\n")
    assert refused(path).startswith("table.customers.file: The column names of ")
    written.study_file(tmp_path, written.small(), customers="nps,good\n9,1,7\n")
    assert "table.customers.file: " in refused(path)
    assert "Expected Number of Columns: 2 Found: 3" in refused(path)


@pytest.mark.parametrize("kind", ["parent", "absolute", "symlink", "linked folder"])
def test_data_outside_the_folder(written: ModuleType, tmp_path: Path, kind: str) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "study"
    outside.mkdir()
    folder.mkdir()
    (outside / "customers.csv").write_text("nps,good\n9,1\n")
    (folder / "link.csv").symlink_to(outside / "customers.csv")
    (folder / "deep").symlink_to(outside)
    named = {
        "parent": "../outside/customers.csv",
        "absolute": str(outside / "customers.csv"),
        "symlink": "link.csv",
        "linked folder": "deep/customers.csv",
    }[kind]
    path = written.study_file(folder, written.small(table={"customers": {"file": named}}))
    assert refused(path) == (
        f"table.customers.file: '{named}' must stay in the folder of the study file."
        "\nMove the file there, or read the study with allow_outside=True (--allow-outside on the command line)."
    )
    assert cx.Study.read(path, allow_outside=True).tables_account[0].read == 1
    several = written.small(table={"customers": {"files": ["in.csv", named]}})
    path = written.study_file(folder, several, **{"in": "nps,good\n9,1\n"})
    assert refused(path).startswith("table.customers.files[2]: ")


def test_data_inside_by_a_way_round(written: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "c.csv").write_text("nps,good\n9,1\n")
    study = written.small(table={"customers": {"file": "data/../../study/data/c.csv"}})
    assert cx.Study.read(written.study_file(folder, study)).tables_account[0].read == 1


def test_addresses_are_not_fetched(written: ModuleType, tmp_path: Path) -> None:
    study = written.small(table={"customers": {"file": "https://example.org/a.csv"}})
    path = written.study_file(tmp_path, study)
    assert refused(path).startswith("table.customers.file: ")
    assert "does not exist" in refused(path)
    null = written.small(table={"customers": {"file": "a\0.csv"}})
    assert refused(written.study_file(tmp_path, null)) == "table.customers.file: must not hold a null character."


def test_where_columns_are_found(written: ModuleType, tmp_path: Path) -> None:
    tables = {
        "a": {"file": "a.csv", "key": "id"},
        "b": {"file": "b.csv", "key": "id"},
        "c": {"file": "c.csv", "key": "id"},
    }
    study = written.small(study={"title": "t", "evidence": "real"}, table=tables)
    files = {"a": "id,good\n1,1\n", "b": "id,nps\n1,9\n", "c": "id,nps\n1,8\n"}
    path = written.study_file(tmp_path, study, **files)
    assert refused(path) == (
        "study.rows: must name the table whose rows are analysed, but the study has 3 tables: a, b, c."
    )
    study["study"]["rows"] = "d"
    assert refused(written.study_file(tmp_path, study)) == "study.rows: 'd' is no table of the study."
    study["study"]["rows"] = "a"
    path = written.study_file(tmp_path, study)
    assert refused(path) == "metric.nps.table: must say which of the tables b, c is meant: each has nps."
    study["metric"]["nps"]["table"] = "e"
    assert refused(written.study_file(tmp_path, study)) == "metric.nps.table: 'e' is no table of the study."
    study["metric"]["nps"]["table"] = "c"
    assert cx.Study.read(written.study_file(tmp_path, study)).cells(None, metrics=["nps"])["nps"].tolist() == [8]
    del tables["a"]["key"]
    assert refused(written.study_file(tmp_path, study)) == (
        "table.a.key: is required: it joins the table 'a' with the analysed rows."
    )


def test_the_analysed_table_comes_first_where_several_have_a_column() -> None:
    own, other = pd.DataFrame({"id": [1], "nps": [9]}), pd.DataFrame({"id": [1], "nps": [3], "csat": [2]})
    tables = {"other": Table(other, key="id"), "own": Table(own, key="id")}
    found = cx.Study(tables=tables, rows="own", metrics={"nps": cx.NPS, "csat": cx.CSAT5})
    assert found.cells(None, metrics=["nps", "csat"]).expand().to_numpy().tolist() == [[2, 9]]


def test_absent_columns_are_named_together(written: ModuleType, tmp_path: Path) -> None:
    study = written.small(
        study={"title": "t", "evidence": "real", "cluster": "firms", "weight": "w"},
        metric={"nps": {"column": "nbs", "scale": "NPS"}},
        outcome={"good": {"type": "binary", "column": "good", "good": 1, "starts": "begin"}},
        expectation={"expected": "e", "performed": "nps"},
        sensitivity=[{"title": "s", "disconfirmation": "gap", "where": {"firn": [1]}}],
        controls={"columns": ["firm", "tenure"]},
        journey={"rating": "nps", "touchpoints": ["good", "t2"]},
    )
    path = written.study_file(tmp_path, study, customers="firm,nps,good,begins\nf,9,1,2018-01-01\n")
    assert (
        refused(path).splitlines()
        == [
            "9 problems.",
            "controls.columns[2]: 'tenure' is not a column of table 'customers'.",
            "expectation.expected: 'e' is not a column of table 'customers'.",
            "journey.touchpoints[2]: 't2' is not a column of table 'customers'.",
            "metric.nps.column: 'nbs' is not a column of table 'customers'; nearest: 'nps'.",
            "outcome.good.starts: 'begin' is not a column of table 'customers'; nearest: 'begins'.",
            "sensitivity[1].disconfirmation: 'gap' is not a column of table 'customers'.",
            "sensitivity[1].where.firn: 'firn' is not a column of table 'customers'; nearest: 'firm'.",
            "study.cluster: 'firms' is not a column of table 'customers'; nearest: 'firm'.",
            "study.weight: 'w' is not a column of table 'customers'.",
        ]
        or len(refused(path).splitlines()) == 10
    )


def test_an_outcome_in_another_table_with_a_filter(tmp_path: Path) -> None:
    customers = pd.DataFrame({"id": ["a", "b", "c"], "nps": [9, 3, 5]})
    orders = pd.DataFrame({"id": ["a", "a", "b"], "shop": ["x", "y", "y"], "good": [1, 0, 1]})
    study = cx.Study(
        tables={"customers": Table(customers, key="id"), "orders": Table(orders, key="id")},
        rows="customers",
        metrics={"nps": cx.NPS},
        outcomes={"good": StudyOutcome(cx.Binary("good", after=True), where={"shop": ["y"]})},
    )
    assert study.cells("good", metrics=["nps"]).expand().fillna(-1).to_numpy().tolist() == [[0, 9], [1, 3], [-1, 5]]
    assert study.tables_account[1] == TableAccount(table="orders", read=3, used=2, filtered=1)
