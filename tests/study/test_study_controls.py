"""Controls, segments and the firm of a study: where they are found, what is refused, and which part they play."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.errors import StudyError
from cxstats.study.parts import Columns, Table

ROWS = pd.DataFrame(
    {
        "nps": [9, 3, 5, 10, 0, 7],
        "good": [1, 0, 1, 1, 0, 1],
        "industry": ["air", "air", None, "rail", "rail", "rail"],
        "tenure": [1.5, None, 3, 4, 5, 6],
        "plan": pd.Categorical(["a", "b", None, "a", "a", "b"]),
        "member": [True, False, True, True, False, False],
        "customer": ["c1", "c1", "c2", "c3", "c3", "c4"],
        "store": ["s1", "s2", "s2", "s1", "s1", None],
    }
)


def study(frame: Any = ROWS, **given: Any) -> cx.Study:
    return cx.Study(
        tables={"c": frame},
        metrics={"nps": cx.NPS},
        outcomes={"again": cx.Binary("good", after=True)},
        **given,
    )


def refused(**given: Any) -> str:
    with pytest.raises(StudyError) as caught:
        study(**given)
    return str(caught.value)


def test_controls_against_tally() -> None:
    names = ["tenure", "plan", "member"]
    found = study(controls=names)
    assert found.controls == tuple(names)
    assert found.segments == ()
    assert found.unused == ()
    cells = found.cells("again", metrics=["nps"], controls=True)
    expected = cx.tally(
        ROWS.rename(columns={"good": "again"}),
        metrics={"nps": cx.NPS},
        outcome=cx.Binary("again", after=True),
        controls=names,
    )
    assert cells.roles == expected.roles
    pd.testing.assert_frame_equal(cells.to_frame(), expected.to_frame())
    assert found.cells("again", metrics=["nps"]).roles.controls == ()
    assert study().cells("again", controls=True).roles.controls == ()


def test_controls_of_another_table_against_merge() -> None:
    rng = np.random.default_rng(11)
    customers = pd.DataFrame({"id": np.arange(200), "nps": rng.integers(0, 11, 200), "good": rng.integers(0, 2, 200)})
    master = pd.DataFrame(
        {
            "who": rng.permutation(260)[:180],
            "tenure": rng.integers(0, 9, 180).astype(float),
            "region": rng.choice(["north", "south", None], 180),  # type: ignore[list-item]
        }
    )
    master.loc[:9, "tenure"] = np.nan
    found = cx.Study(
        tables={"c": Table(customers, key="id"), "m": Table(master, key="who")},
        rows="c",
        metrics={"nps": cx.NPS},
        outcomes={"again": cx.Binary("good", after=True)},
        controls=["tenure", "region"],
        segments=["region"],
    )
    merged = customers.merge(master, left_on="id", right_on="who", how="left").rename(columns={"good": "again"})
    outcome = cx.Binary("again", after=True)
    expected = cx.tally(merged, metrics={"nps": cx.NPS}, outcome=outcome, controls=["tenure", "region"])
    cells = found.cells("again", metrics=["nps"], controls=True)
    pd.testing.assert_frame_equal(cells.to_frame(), expected.to_frame())
    assert found.tables_account[1].used == master["who"].isin(customers["id"]).sum()
    assert found.tables_account[1].unmatched == 180 - found.tables_account[1].used


def test_each_column_is_found_by_itself() -> None:
    own = pd.DataFrame({"id": [1, 2], "nps": [9, 3], "tenure": [7, 8]})
    other = pd.DataFrame({"id": [2, 1], "tenure": [0, 0], "region": ["s", "n"]})
    tables = {"own": Table(own, key="id"), "other": Table(other, key="id")}

    def made(controls: Any) -> cx.Cells:
        found = cx.Study(tables=tables, rows="own", metrics={"nps": cx.NPS}, controls=controls)
        return found.cells(None, metrics=["nps"], controls=True)

    cells = made(["tenure", "region"])
    assert [cells[name].tolist() for name in ("nps", "tenure", "region")] == [[3, 9], [8, 7], ["s", "n"]]
    cells = made(Columns(["tenure", "region"], table="other"))
    assert [cells[name].tolist() for name in ("nps", "tenure", "region")] == [[3, 9], [0, 0], ["s", "n"]]


def test_a_segment_is_a_stratum() -> None:
    found = study(segments=["industry", "tenure"])
    assert found.segments == ("industry", "tenure")
    cells = found.cells("again", metrics=["nps"], segment="industry")
    assert cells.roles.strata == ("industry",)
    assert sorted(map(str, cells["industry"])) == ["None", "air", "air", "rail", "rail", "rail"]
    assert found.cells("again", segment="tenure").roles.strata == ("tenure",)
    assert "industry" not in found.cells("again", metrics=["nps"]).columns


def test_a_segment_that_is_a_control_leaves_the_controls_of_its_own_analysis() -> None:
    found = study(controls=["tenure", "industry"], segments=["industry", "plan"])
    assert found.cells("again", controls=True).roles.controls == ("tenure", "industry")
    by_industry = found.cells("again", controls=True, segment="industry").roles
    assert (by_industry.controls, by_industry.strata) == (("tenure",), ("industry",))
    by_plan = found.cells("again", controls=True, segment="plan").roles
    assert (by_plan.controls, by_plan.strata) == (("tenure", "industry"), ("plan",))


def test_a_segment_that_is_the_cluster() -> None:
    found = study(cluster="store", segments=["store"], controls=["store"], firm="store")
    cells = found.cells("again", metrics=["nps"], segment="store")
    assert (cells.roles.cluster, cells.roles.strata) == ("cluster", ("store",))
    assert cells["cluster"].tolist() == cells["store"].tolist()
    assert found.cells("again", segment="store", firm=True).roles == found.cells("again", segment="store").roles
    assert found.cells("again", controls=True).roles.controls == ("store",)


def test_the_firm_takes_the_place_of_the_cluster() -> None:
    found = study(cluster="customer", firm="store")
    assert found.firm == "store"
    assert study().firm is None
    usual, firms = found.cells("again", metrics=["nps"]), found.cells("again", metrics=["nps"], firm=True)
    assert usual.roles == firms.roles
    assert sorted(usual["cluster"]) == sorted(ROWS["customer"])
    by_store = sorted(zip(firms["nps"], firms["cluster"], strict=True))
    assert by_store == sorted(zip(ROWS["nps"], ["s1", "s2", "s2", "s1", "s1", None], strict=True))
    alone = study(firm="store")
    assert alone.cells("again").roles.cluster is None
    assert alone.cells("again", firm=True).roles.cluster == "cluster"


def test_firm_and_controls_in_an_alternative_analysis() -> None:
    found = study(
        ROWS.assign(gap=[1, 0, -1, 2, 0, 1]),
        firm="store",
        controls=["tenure"],
        expectation=cx.Expectation(disconfirmation="gap"),
        sensitivities=[cx.Sensitivity(title="rail", where={"industry": ["rail"]})],
    )
    cells = found.cells("again", disconfirmation=True, sensitivity=0, firm=True, controls=True)
    rows = zip(cells["tenure"], cells["disconfirmation"], cells["cluster"], strict=True)
    assert sorted(rows, key=str) == [(4, 2, "s1"), (5, 0, "s1"), (6, 1, None)]


def test_a_firm_that_is_not_declared() -> None:
    with pytest.raises(StudyError) as caught:
        study(cluster="customer").cells("again", firm=True)
    assert str(caught.value) == (
        "study.firm: is not declared, so nothing says which firm served each customer."
        '\nName its column in the analysed table, such as firm = "store".'
    )


def test_a_segment_that_is_not_declared() -> None:
    found = study(segments=["industry"])
    with pytest.raises(StudyError, match=r"^segment: the study declares no 'industri'; nearest: 'industry'.$"):
        found.cells("again", segment="industri")
    with pytest.raises(StudyError, match=r"^segment: the study declares no 'tenure'.$"):
        study(controls=["tenure"]).cells("again", segment="tenure")


def test_columns_that_are_not_there() -> None:
    assert refused(controls=["tenur"], segments=["industry", "plam"], firm="stor") == (
        "3 problems."
        "\ncontrols.columns[1]: 'tenur' is not a column of table 'c'; nearest: 'tenure'."
        "\nsegments.columns[2]: 'plam' is not a column of table 'c'; nearest: 'plan'."
        "\nstudy.firm: 'stor' is not a column of table 'c'; nearest: 'store'."
    )
    assert refused(controls=Columns(["tenure"], table="d")) == "controls.table: 'd' is no table of the study."


def test_a_column_of_several_tables() -> None:
    frames = {"a": ["id"], "b": ["id", "x"], "c": ["id", "x"]}
    tables = {name: Table(pd.DataFrame({key: [1] for key in columns}), key="id") for name, columns in frames.items()}
    with pytest.raises(StudyError) as caught:
        cx.Study(tables=tables, rows="a", controls=["x"])
    assert str(caught.value) == "controls.table: must say which of the tables b, c is meant: each has x."
    with pytest.raises(StudyError) as caught:
        cx.Study(tables=tables, rows="a", controls=Columns(["x"], "b"), segments=Columns(["x"], "c"))
    assert str(caught.value) == (
        "segments.columns[1]: 'x' of table 'c' would be called as the control 'x' of table 'b'."
        "\nTake both from one table, or rename the column in one."
    )


def test_names_that_collide() -> None:
    frame = ROWS.assign(again=1, weight=2)
    assert refused(frame=frame, controls=["nps", "again"], segments=["weight"]) == (
        "3 problems."
        "\ncontrols.columns[1]: 'nps' is also the name of the metric metric.nps, and a control is called as its column."
        "\nGive the metric another name, or rename the column."
        "\ncontrols.columns[2]: 'again' is also the name of the outcome outcome.again, and a control is called as its "
        "column.\nGive the outcome another name, or rename the column."
        "\nsegments.columns[1]: 'weight' is a role of every study, and a segment is called as its column."
        "\nRename the column."
    )
    assert refused(controls=["tenure", "plan", "tenure"]) == "controls.columns[3]: 'tenure' is named twice."


def test_a_column_of_a_metric_of_another_name_may_be_a_segment() -> None:
    found = cx.Study(tables={"c": ROWS}, metrics={"recommend": cx.Metric(column="nps", scale=cx.NPS)}, segments=["nps"])
    cells = found.cells(None, metrics=["recommend"], segment="nps")
    assert cells["nps"].tolist() == cells["recommend"].tolist()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"controls": "tenure"}, "controls: must be a list of columns, not 'tenure'."),
        ({"segments": "industry"}, "segments: must be a list of columns, not 'industry'."),
        ({"segments": 5}, "segments: must be a list of columns, not 5."),
        ({"controls": Columns("tenure")}, "controls: must be a list of columns, not 'tenure'."),
        ({"controls": ["tenure", 5]}, "controls.columns[2]: must be the name of a column, not 5."),
        ({"firm": 5}, "study.firm: must be the name of a column, not 5."),
        ({"segments": Columns(["industry"], 5)}, "segments.table: must be the name of a table, not 5."),  # type: ignore[arg-type]
        ({"segments": [""]}, "segments.columns[1]: must be the name of a column, not ''."),
        (
            {"frame": ROWS.assign(tenure=pd.Timestamp("2018-01-31")), "controls": ["tenure"]},
            (
                "controls.columns[1]: must hold numbers or text, but 'tenure' holds dates: 2018-01-31 00:00:00 (6 "
                "rows).\nCount from or to a day, or name the periods."
            ),
        ),
        (
            {"frame": ROWS.assign(plan=[1, "a", 1, 1, 1, 1]), "segments": ["industry", "plan"]},
            (
                "segments.columns[2]: must hold numbers or text, but 'plan' holds a mixture: 1 (5 rows), 'a' (1 row)."
                "\nStore all values alike."
            ),
        ),
    ],
)
def test_what_is_no_list_of_columns(given: dict[str, Any], message: str) -> None:
    assert refused(**given) == message


def test_nested_values_are_refused() -> None:
    assert refused(frame=ROWS.assign(plan=[[1]] * 6), controls=["plan"]) == (
        "controls.columns[1]: 'plan' must hold numbers, text, dates or true and false, nothing nested."
    )


def test_missing_values_are_kept() -> None:
    found = study(ROWS.assign(tenure=None, plan=np.nan), controls=["tenure", "industry"], segments=["plan"])
    frame = found.cells("again", controls=True, segment="plan").to_frame()
    assert frame["tenure"].isna().all()
    assert frame["plan"].isna().all()
    assert frame["industry"].isna().sum() == 1


def test_toml_against_python(written: ModuleType, tmp_path: Path) -> None:
    sections = written.small(
        study={"title": "t", "evidence": "simulated", "rows": "customers", "firm": "store", "cluster": "id"},
        table={"customers": {"file": "customers.csv", "key": "id"}, "master": {"file": "master.csv", "key": "id"}},
        controls={"columns": ["tenure", "region"], "table": "master"},
        segments={"columns": ["region"], "table": "master"},
    )
    customers, master = "id,nps,good,store\na,9,1,x\nb,3,0,y\nc,5,1,\n", "id,tenure,region\na,1,n\nc,,s\nd,5,s\n"
    read = cx.Study.read(written.study_file(tmp_path, sections, customers=customers, master=master))
    made = cx.Study(
        title="t",
        evidence="simulated",
        tables={
            "customers": Table(tmp_path / "customers.csv", key="id"),
            "master": Table(tmp_path / "master.csv", key="id"),
        },
        rows="customers",
        cluster="id",
        firm="store",
        metrics={"nps": cx.NPS},
        outcomes={"good": cx.Binary("good", after=True)},
        controls=Columns(["tenure", "region"], table="master"),
        segments=Columns(["region"], table="master"),
    )
    assert (read.controls, read.segments, read.firm) == (made.controls, made.segments, made.firm)
    assert (read.controls, read.segments, read.firm) == (("tenure", "region"), ("region",), "store")
    assert read.unused == made.unused == ()
    for asked in ({"controls": True}, {"segment": "region", "controls": True}, {"firm": True}):
        first, second = (s.cells("good", metrics=["nps"], **asked) for s in (read, made))
        assert first.roles == second.roles
        pd.testing.assert_frame_equal(first.to_frame(), second.to_frame())
    frame = read.cells("good", metrics=["nps"], controls=True).expand()
    assert frame["region"].fillna("none").tolist() == ["n", "none", "s"]
