"""The service section of a study: read, joined, turned into strata; what contradicts itself is refused. Tiers too."""

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

import cxstats as cx

FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3, 4],
        "trouble": [1, 0, 1, 0],
        "spoke": [1, 0, 0, None],
        "fixed": [0, None, 1, None],
        "called": [1, 1, 0, 0],
        "wow": [0, 1, 0, 1],
        "failed": [0, 0, 1, 0],
        "euros": [3.5, 9.0, 2.25, 4.0],
        "minutes": [5, 9, 3, 4],
        "queue": [0, 2, 1, 0],
        "transfers": [2, 0, 1, 0],
        "spring": [8, 9, 7, 6],
        "autumn": [6, 9, 8, 6],
        "stars": [3, 5, 4, 2],
        "back": [0, 1, 1, 0],
        "tenure": [1, 2, 3, 4],
        "shop": ["a", "a", "b", "b"],
    }
)
FILE = """
cxstats = 1
[study]
title = "Contacts"
evidence = "simulated"
[table.contacts]
file = "contacts.csv"
[metric.spring]
column = "spring"
scale = "NPS"
[metric.autumn]
column = "autumn"
scale = "NPS"
[metric.stars]
column = "stars"
scale = "CSAT5"
[outcome.back]
column = "back"
type = "binary"
good = 1
after = true
[service]
problem = "trouble"
complained = "spoke"
recovered = "fixed"
contact = "called"
attempt = "wow"
failure = "failed"
cost = "euros"
handling = "minutes"
wait = "queue"
objective = ["transfers", "minutes"]
before = "spring"
after = "autumn"
same_sitting = true
"""
METRICS = {"spring": cx.NPS, "autumn": cx.NPS, "stars": cx.CSAT5}


def whole(**more: Any) -> cx.Service:
    given: dict[str, Any] = {
        "problem": "trouble", "complained": "spoke", "recovered": "fixed", "contact": "called", "attempt": "wow",
        "failure": "failed", "cost": "euros", "handling": "minutes", "wait": "queue",
        "objective": ("transfers", "minutes"), "before": "spring", "after": "autumn", "same_sitting": True,
    }  # fmt: skip
    return cx.Service(**{**given, **more})


def in_python(service: Any, **more: Any) -> cx.Study:
    given: dict[str, Any] = {
        "tables": {"contacts": FRAME},
        "metrics": METRICS,
        "outcomes": {"back": cx.Binary("back", after=True)},
        "service": service,
    }
    return cx.Study(**{**given, "evidence": "simulated", **more})


def from_file(folder: Path, text: str) -> cx.Study:
    FRAME.to_csv(folder / "contacts.csv", index=False)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return cx.Study.read(folder / "study.toml")


# --- what is read ----------------------------------------------------------------------------------------------------


def test_the_file_and_python_say_the_same(tmp_path: Path) -> None:
    read, made = from_file(tmp_path, FILE), in_python(whole())
    assert read.service == made.service == whole()
    assert read.unused == ()
    asked = ("problem", "complained", "recovered", "attempt", "cost", "objective")
    frames = [s.cells("back", metrics=("stars",), service=asked).to_frame() for s in (read, made)]
    pd.testing.assert_frame_equal(*frames)


def test_columns_become_strata_beside_what_is_there_already() -> None:
    study = in_python(whole(), controls=["tenure"], segments=["shop"])
    cells = study.cells("back", controls=True, segment="shop", service=("recovered", "objective"))
    assert cells.roles.strata == (
        "shop", "service.recovered", "service.objective.transfers", "service.objective.minutes",
    )  # fmt: skip
    assert cells.roles.controls == ("tenure",)
    frame = cells.to_frame().sort_values("tenure")
    assert frame["service.recovered"].tolist()[::2] == [0, 1]
    assert frame["service.recovered"].isna().tolist() == [False, True, False, True]
    assert frame["service.objective.transfers"].tolist() == [2, 0, 1, 0]
    assert study.cells("back", metrics=("stars",)).roles.strata == ()


def test_without_an_outcome_the_columns_are_still_there() -> None:
    cells = in_python(whole()).cells(None, metrics=("spring", "autumn"), service=("contact",))
    assert cells.roles.outcome is None
    assert cells.to_frame()["service.contact"].sum() == 2


def test_a_table_of_its_own_is_joined_by_its_key() -> None:
    """Customer 3 has no row among the contacts: nothing is known of a problem."""
    customers, contacts = FRAME[["id", "back", "stars"]], FRAME.loc[FRAME.id != 3, ["id", "trouble"]]
    study = in_python(
        cx.Service(problem="trouble"), rows="customers", metrics={"stars": cx.CSAT5},
        tables={"customers": cx.Table(customers, key="id"), "contacts": cx.Table(contacts, key="id")},
    )  # fmt: skip
    found = study.cells("back", metrics=("stars",), service=("problem",)).to_frame().set_index("stars")
    assert found["service.problem"].isna().to_dict() == {2: False, 3: False, 4: True, 5: False}


def test_a_key_that_is_not_declared_is_refused() -> None:
    study = in_python(cx.Service(problem="trouble", contact="called"))
    with pytest.raises(cx.StudyError) as caught:
        study.cells("back", service=("problems", "recovered"))
    assert str(caught.value) == (
        "2 problems.\nservice: the study declares no 'problems' there; nearest: 'problem'."
        "\nservice: the study declares no 'recovered' there."
    )
    with pytest.raises(cx.StudyError, match=r"^service: the study declares no 'problem' there\.$"):
        in_python(None).cells("back", service=("problem",))


# --- what is refused -------------------------------------------------------------------------------------------------

WRONG = [
    ("trouble", 'service: must be cx.Service(problem="problem", recovered="fixed"), not \'trouble\'.'),
    (cx.Service(problem=3), "service.problem: must be a name, not 3."),  # type: ignore[arg-type]
    (cx.Service(problem=""), "service.problem: must be a name, not ''."),
    (cx.Service(problem="trouble", same_sitting=1), "service.same_sitting: must be true or false, not 1."),  # type: ignore[arg-type]
    (cx.Service(objective="transfers"), "service.objective: must be a list of columns, not 'transfers'."),
    (cx.Service(objective=[1]), "service.objective: must be a list of columns, not [1]."),  # type: ignore[list-item]
    (
        cx.Service(problem="troubl"),
        "service.problem: 'troubl' is not a column of table 'contacts'; nearest: 'trouble'.",
    ),
    (
        cx.Service(objective=["minutes", "transfer"]),
        "service.objective[2]: 'transfer' is not a column of table 'contacts'; nearest: 'transfers'.",
    ),
    (
        cx.Service(complained="spoke"),
        "service.complained: needs problem, of which it is a part: name its column too.",
    ),
    (
        cx.Service(cost="euros", wait="queue"),
        (
            "2 problems.\nservice.cost: needs attempt, of which it is a part: name its column too."
            "\nservice.wait: needs attempt, of which it is a part: name its column too."
        ),
    ),
    (
        cx.Service(problem="trouble", recovered="trouble"),
        "service.recovered: must be another column than problem, but both are 'trouble'.",
    ),
    (
        cx.Service(objective=["transfers", "transfers"]),
        "service.objective[2]: must be another column than objective[1], but both are 'transfers'.",
    ),
    (
        cx.Service(before="spring"),
        "service.after: is required with before: a change is seen in two scores of one customer.",
    ),
    (
        cx.Service(before="spring", after="autum"),
        "service.after: 'autum' is no metric of the study; nearest: 'autumn'.",
    ),
    (
        cx.Service(before="spring", after="spring"),
        "service.after: must be another metric than before, but both are 'spring'.",
    ),
    (
        cx.Service(before="spring", after="stars"),
        "service.after: must have the scale of before, NPS 0-10, but 'stars' has CSAT 1-5.",
    ),
    (cx.Service(problem="trouble", table="calls"), "service.table: 'calls' is no table of the study."),
    (cx.Service(problem="shop"), "service.problem: must hold numbers"),
]


@pytest.mark.parametrize(("service", "message"), WRONG)
def test_what_contradicts_itself_is_refused_with_its_path(service: Any, message: str) -> None:
    with pytest.raises(cx.StudyError) as caught:
        in_python(service)
    assert str(caught.value).startswith(message)
    assert len(str(caught.value)) == len(message) or message.endswith("numbers")


def test_no_metric_may_have_the_name_of_a_recorded_column() -> None:
    with pytest.raises(cx.StudyError) as caught:
        in_python(cx.Service(problem="trouble"), metrics={"service.problem": cx.Metric(column="stars", scale=cx.CSAT5)})
    assert str(caught.value) == (
        "metric.\"service.problem\": must have another name: 'service.problem' is how [service] calls its column "
        "problem."
    )


@pytest.mark.parametrize(
    ("line", "replaced", "message"),
    [
        ('problem = "trouble"', "problem = 1", "service.problem: must be text, not 1."),
        ('wait = "queue"', 'waits = "queue"', "service.waits: is no key of the format; nearest: 'wait'."),
        ('["transfers", "minutes"]', '"transfers"', "service.objective: must be a list, not 'transfers'."),
        ("same_sitting = true", 'same_sitting = "yes"', "service.same_sitting: must be true or false, not 'yes'."),
    ],
)
def test_bad_sections_are_refused_by_the_file_reader(tmp_path: Path, line: str, replaced: str, message: str) -> None:
    with pytest.raises(cx.StudyError, match=re.escape(f"study.toml': {message}") + "$"):
        from_file(tmp_path, FILE.replace(line, replaced))


# --- tiers of an expectation -----------------------------------------------------------------------------------------

RISE = "expectation.tiers: must be two or more that rise from one to the next, but are"
NAMED = "expectation.tiers: must map names (but 'fail', which lies below the first) to numbers, not"


def expectation(**more: Any) -> dict[str, Any]:
    return {"expectation": {"disconfirmation": "gap", **more}}


def test_tiers_of_a_file_are_those_of_python(written: ModuleType, tmp_path: Path) -> None:
    tiers = {"meet": 0, "exceed": 1.5, "delight": 3}
    path = written.study_file(tmp_path, written.small(**expectation(tiers=tiers)), customers="nps,good,gap\n5,1,0\n")
    read = cx.Study.read(path).expectation
    assert read == cx.Expectation(disconfirmation="gap", met=(0, 0), tiers=tiers)
    assert list(read.tiers) == ["meet", "exceed", "delight"]
    bare = written.study_file(tmp_path, written.small(**expectation()), customers="nps,good,gap\n5,1,0\n")
    found = cx.Study.read(bare).expectation
    assert found is not None
    assert found.tiers == {}


@pytest.mark.parametrize(
    ("tiers", "message"),
    [
        ({"meet": 0}, f"{RISE} {{'meet': 0}}."),
        ({"meet": 0, "exceed": 0}, f"{RISE} {{'meet': 0, 'exceed': 0}}."),
        ({"exceed": 1, "meet": 0}, f"{RISE} {{'exceed': 1, 'meet': 0}}."),
        ({"fail": -1, "meet": 0}, f"{NAMED} {{'fail': -1, 'meet': 0}}."),
        ({"meet": "0", "exceed": 1}, "expectation.tiers.meet: must be a number, not '0'."),
        ({"meet": True, "exceed": 1}, "expectation.tiers.meet: must be a number, not True."),
        (3, "expectation.tiers: must be a section with keys, not 3."),
    ],
)
def test_bad_tiers_are_refused(written: ModuleType, tmp_path: Path, tiers: Any, message: str) -> None:
    path = written.study_file(tmp_path, written.small(**expectation(tiers=tiers)), customers="nps,good,gap\n5,1,0\n")
    with pytest.raises(cx.StudyError) as caught:
        cx.Study.read(path)
    assert str(caught.value) == f"'{path}': {message}"


@pytest.mark.parametrize("tiers", [{"": 0, "meet": 1}, {"meet": float("nan"), "exceed": 1}, ["meet"], {1: 0, 2: 1}])
def test_bad_tiers_are_refused_in_python(tiers: Any) -> None:
    with pytest.raises(cx.StudyError, match=r"^expectation\.tiers: must "):
        in_python(None, expectation=cx.Expectation(disconfirmation="stars", met=(0, 0), tiers=tiers))
