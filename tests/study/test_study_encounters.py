"""Encounters of a study: their rows, what they come to per customer, and what is refused; also both sides of a gap."""

import re
import statistics
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.study.as_declared import plain_values

ROUNDING = 1e-12  # a mean and a variance of a handful of numbers, added up in another order

VISITS = pd.DataFrame(
    {
        "guest": ["a", "b", "a", "c", "a", "b", "d", "x"],
        "day": [1, 1, 2, 1, 3, 2, 1, 1],
        "upgrade": [0, 1, 1, 0, 0, 1, None, 1],
        "stars": [4, 2, 5, 3, 1, None, None, 5],
        "hoped": [3, 3, 4, 3, 4, 4, 3, 3],
        "broken": [0, 0, 1, None, 1, 0, 0, 0],
        "hotel": ["h", "h", "h", "k", "h", "h", "k", "k"],
        "month": ["May", "May", "May", "June", "June", None, "June", "May"],
        "kind": ["real"] * 7 + ["test"],
    }
)
GUESTS = pd.DataFrame(
    {
        "id": ["c", "a", "e", "b", "d", None],
        "back": [1, 0, 1, 1, 0, 1],
        "nps": [3, 9, 5, 8, 7, 6],
        "tenure": [1, 2, 3, 4, 5, 6],
    }
)
FILE = """
cxstats = 1
[study]
title = "Guests"
evidence = "simulated"
rows = "guests"
[table.guests]
file = "guests.csv"
key = "id"
[table.visits]
file = "visits.csv"
where = { kind = ["real"] }
[metric.nps]
column = "nps"
scale = "NPS"
[outcome.back]
column = "back"
type = "binary"
good = 1
after = true
[encounters]
customer = "guest"
order = "day"
perk = "upgrade"
rating = "stars"
expectation = "hoped"
failure = "broken"
period = "month"
scale = [1, 5]
expectation_scale = [0, 10]
higher_is_better = true
cluster = "hotel"
table = "visits"
"""
ALL = ("n", "mean", "sd", "perk_share", "failure_share")


def declared(**more: Any) -> cx.Encounters:
    given: dict[str, Any] = {"customer": "guest", "order": "day", "perk": "upgrade", "rating": "stars"}
    return cx.Encounters(**{**given, **more})


def in_python(encounters: Any = None, visits: Any = None, guests: Any = GUESTS, **more: Any) -> cx.Study:
    given: dict[str, Any] = {
        "tables": {
            "guests": cx.Table(guests, key="id"),
            "visits": cx.Table(VISITS if visits is None else visits, where={"kind": ["real"]}),
        },
        "rows": "guests",
        "metrics": {"nps": cx.NPS},
        "outcomes": {"back": cx.Binary("back", after=True)},
        "encounters": declared() if encounters is None else encounters,
        "evidence": "simulated",
    }
    return cx.Study(**{**given, **more})


def from_file(folder: Path, text: str) -> cx.Study:
    VISITS.to_csv(folder / "visits.csv", index=False)
    GUESTS.to_csv(folder / "guests.csv", index=False)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return cx.Study.read(folder / "study.toml")


def whole() -> cx.Encounters:
    return declared(
        expectation="hoped", failure="broken", period="month", scale=cx.Scale(1, 5),
        expectation_scale=cx.Scale(0, 10), cluster="hotel", table="visits",
    )  # fmt: skip


# --- what is read ----------------------------------------------------------------------------------------------------


def test_the_file_and_python_say_the_same(tmp_path: Path) -> None:
    read, made = from_file(tmp_path, FILE), in_python(whole())
    assert read.encounters == made.encounters == whole()
    assert read.unused == ()
    assert read.encounter_summaries == made.encounter_summaries == ALL
    pd.testing.assert_frame_equal(read.encounter_rows, made.encounter_rows)
    assert read.tables_account == made.tables_account
    frames = [s.cells("back", metrics=["nps"], encounters=ALL).to_frame() for s in (read, made)]
    pd.testing.assert_frame_equal(*frames)
    assert cx.DeclaredStudy.read(tmp_path / "study.toml").encounters == whole()


def test_rows_are_those_of_the_table_that_its_filter_keeps() -> None:
    study = in_python(declared(failure="broken"))
    rows = study.encounter_rows
    assert rows.columns.tolist() == ["guest", "day", "upgrade", "stars", "broken"]
    assert rows.equals(VISITS[VISITS.kind == "real"][rows.columns])
    accounts = {a.table: (a.read, a.used, a.filtered, a.unmatched) for a in study.tables_account}
    assert accounts == {"guests": (6, 6, 0, 0), "visits": (8, 7, 1, 0)}


def test_without_encounters_there_are_none() -> None:
    study = cx.Study(tables={"guests": GUESTS}, metrics={"nps": cx.NPS})
    assert (study.encounters, study.encounter_rows, study.encounter_summaries) == (None, None, ())


def test_summaries_by_hand() -> None:
    """Guest b has one rating of two encounters, d none, e no encounter, and of the last the key is missing."""
    study = in_python(declared(failure="broken"))
    cells = study.cells("back", metrics=["nps"], encounters=ALL)
    assert cells.roles.controls == tuple(f"encounters.{name}" for name in ALL)
    assert cells.roles.strata == ()
    frame = cells.to_frame().set_index("nps").loc[[9, 8, 3, 7, 5, 6]]
    expected = {
        "n": [3, 1, 1, 0, np.nan, np.nan],
        "mean": [10 / 3, 2, 3, np.nan, np.nan, np.nan],
        "sd": [statistics.stdev([4, 5, 1]), *[np.nan] * 5],
        "perk_share": [1 / 3, 1, 0, np.nan, np.nan, np.nan],
        "failure_share": [2 / 3, 0, np.nan, 0, np.nan, np.nan],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(frame[f"encounters.{name}"], values, rtol=ROUNDING)
        np.testing.assert_array_equal(study.column(f"encounters.{name}").loc[1], frame[f"encounters.{name}"][9])


def test_summaries_against_sequence_features() -> None:
    visits = cx.simulate.encounters(300, rng=1, missing=0.2)
    guests = pd.DataFrame({"id": np.random.default_rng(2).permutation(300)[:200], "nps": 5})
    study = cx.Study(
        tables={"guests": cx.Table(guests, key="id"), "visits": visits}, rows="guests",
        encounters=cx.Encounters(customer="customer", order="visit", perk="perk", rating="rating"),
    )  # fmt: skip
    known = cx.sequence_features(visits, sequence="customer", order="visit", value="rating", neutral=0)
    known = known.set_index("customer").reindex(guests["id"])
    found = study.frame_of([f"encounters.{name}" for name in ("n", "mean", "sd")])
    for name in ("n", "mean", "sd"):
        np.testing.assert_allclose(found[f"encounters.{name}"], known[name], rtol=ROUNDING)


def test_equal_ratings_have_no_spread_at_all() -> None:
    visits = VISITS.assign(guest="a", stars=4.1)
    assert in_python(visits=visits).column("encounters.sd")[1] == 0.0


def test_several_rows_of_a_key_and_one_table_for_both() -> None:
    """The encounters are the analysed rows themselves: each has the summary of its customer."""
    study = cx.Study(
        tables={"visits": cx.Table(VISITS, key="guest")}, cluster="guest", encounters=declared(),
        outcomes={"stars again": cx.Continuous("stars")},
    )  # fmt: skip
    means = study.column("encounters.mean")
    assert means.tolist()[:3] == pytest.approx([10 / 3, 2, 10 / 3], rel=ROUNDING)
    assert len(study.encounter_rows) == len(VISITS)


def test_a_number_as_key_however_it_is_stored() -> None:
    numbers = {name: place for place, name in enumerate("abcdex")}
    visits = VISITS.assign(guest=VISITS.guest.map(numbers))
    guests = GUESTS.assign(id=GUESTS.id.map(numbers).astype(float))
    assert in_python(visits=visits, guests=guests).column("encounters.n").tolist()[:2] == [1, 3]
    labelled = VISITS.assign(guest=pd.Categorical(VISITS.guest))
    assert in_python(visits=labelled).column("encounters.n").tolist()[:2] == [1, 3]


def test_without_a_key_there_are_no_summaries() -> None:
    study = in_python(tables={"guests": GUESTS, "visits": VISITS})
    assert study.encounter_summaries == ()
    assert len(study.encounter_rows) == len(VISITS)
    with pytest.raises(cx.StudyError) as caught:
        study.cells("back", encounters=("mean",))
    assert str(caught.value) == (
        "encounters: nothing joins them with the analysed rows, whose table has no key."
        "\nDeclare as its key the column that names the customer."
    )


def test_a_summary_that_is_not_there_is_refused() -> None:
    study = in_python()
    assert study.encounter_summaries == ALL[:4]
    with pytest.raises(cx.StudyError) as caught:
        study.cells("back", encounters=("means", "failure_share"))
    assert str(caught.value) == (
        "2 problems.\nencounters: the study has no 'failure_share' of them; nearest: 'perk_share'."
        "\nencounters: the study has no 'means' of them; nearest: 'mean'."
    )
    with pytest.raises(cx.StudyError, match=r"^encounters: the study has no 'mean' of them\.$"):
        cx.Study(tables={"g": GUESTS}, metrics={"nps": cx.NPS}).cells(None, encounters=("mean",))


def test_summaries_stand_beside_the_controls_of_the_study() -> None:
    cells = in_python(controls=["tenure"]).cells("back", controls=True, encounters=("sd",))
    assert cells.roles.controls == ("tenure", "encounters.sd")


def test_other_frames_than_pandas_give_the_same() -> None:
    import polars as pl

    study, known = in_python(visits=pl.from_pandas(VISITS), guests=pl.from_pandas(GUESTS)), in_python()
    for name in known.encounter_summaries:
        np.testing.assert_array_equal(study.column(f"encounters.{name}"), known.column(f"encounters.{name}"))
    for name in known.encounter_rows:
        assert study.encounter_rows[name].astype(object).equals(known.encounter_rows[name].astype(object))


def test_the_declaration_as_plain_values() -> None:
    found = plain_values(in_python(whole()).declared)["encounters"]
    assert (found["customer"], found["scale"]["high"], found["cluster"]) == ("guest", 5.0, "hotel")
    assert found["period"] == "month"
    assert plain_values(in_python(encounters=whole()).declared)["trust"] is None


# --- what is refused -------------------------------------------------------------------------------------------------

WRONG = [
    (
        "guest",
        (
            'encounters: must be cx.Encounters(customer="guest", order="date", perk="upgrade", rating="stars"), '
            "not 'guest'."
        ),
    ),
    (declared(order=3), "encounters.order: must be a name, not 3."),
    (declared(customer=None), "encounters.customer: must be a name, not None."),
    (declared(failure=""), "encounters.failure: must be a name, not ''."),
    (declared(period=5), "encounters.period: must be a name, not 5."),
    (declared(period="day"), "encounters.period: must be another column than order, but both are 'day'."),
    (
        declared(period="mouth", table="visits"),
        "encounters.period: 'mouth' is not a column of table 'visits'; nearest: 'month'.",
    ),
    (declared(table=1), "encounters.table: must be a name, not 1."),
    (declared(scale=5), "encounters.scale: must be a scale such as cx.CSAT5, not 5."),
    (declared(expectation_scale=cx.CSAT5), "encounters.expectation: is required with expectation_scale."),
    (declared(cluster="guest"), "encounters.cluster: must be another column than customer, but both are 'guest'."),
    (declared(table="visit"), "encounters.table: 'visit' is no table of the study; nearest: 'visits'."),
    (
        declared(rating="star", table="visits"),
        "encounters.rating: 'star' is not a column of table 'visits'; nearest: 'stars'.",
    ),
    (
        declared(customer="day", order="guest"),
        (
            "encounters.customer: must hold what the key of table 'guests' holds, but 'day' holds numbers (such as 1), "
            "'id' text (such as 'c').\nStore both alike."
        ),
    ),
    (
        declared(customer="hotel"),
        (
            "encounters.customer: no row of 'visits' has the key of a row of 'guests', 'id'."
            "\nStore both alike, or describe the encounters in a study of their own."
        ),
    ),
    (
        declared(scale=cx.Scale(2, 4)),
        (
            "encounters.rating: 'stars' must hold whole numbers 2 to 4 (its scale), but 2 of 7 rows do not: "
            "1 (1 row), 5 (1 row).\nRecode them, or keep the others with where."
        ),
    ),
    (
        declared(perk="stars", rating="upgrade"),
        (
            "encounters.perk: 'stars' must hold 0 and 1, but 4 of 7 rows do not: "
            "2 (1 row), 3 (1 row), 4 (1 row), 5 (1 row).\nRecode them, or keep the others with where."
        ),
    ),
    (
        declared(failure="hoped"),
        (
            "encounters.failure: 'hoped' must hold 0 and 1, but 7 of 7 rows do not: "
            "3 (4 rows), 4 (3 rows).\nRecode them, or keep the others with where."
        ),
    ),
]


@pytest.mark.parametrize(("encounters", "message"), WRONG)
def test_what_contradicts_itself_is_refused_with_its_path(encounters: Any, message: str) -> None:
    with pytest.raises(cx.StudyError) as caught:
        in_python(encounters)
    assert str(caught.value) == message


def test_infinite_and_half_ratings_are_refused() -> None:
    for stars, must, found, scale in (
        (np.inf, "finite numbers", "inf", None),
        (2.5, "whole numbers 1 to 5 (CSAT)", "2.5", cx.CSAT5),
    ):
        with pytest.raises(cx.StudyError) as caught:
            in_python(declared(scale=scale), visits=VISITS.assign(stars=[stars, *[np.nan] * 7]))
        assert str(caught.value) == (
            f"encounters.rating: 'stars' must hold {must}, but 1 of 7 rows does not: {found} (1 row)."
            "\nRecode them, or keep the others with where."
        )


def test_keys_beyond_floating_point_are_refused_under_the_customer() -> None:
    visits = VISITS.assign(guest=float(2**60))
    with pytest.raises(cx.StudyError, match=r"^encounters\.customer: 'guest' holds numbers beyond 2\^53"):
        in_python(visits=visits, guests=GUESTS.assign(id=range(6)))


def test_no_metric_may_have_the_name_of_a_summary() -> None:
    with pytest.raises(cx.StudyError) as caught:
        in_python(metrics={"encounters.mean": cx.Metric(column="nps", scale=cx.NPS)})
    assert str(caught.value) == (
        "metric.\"encounters.mean\": must have another name: 'encounters.mean' is how [encounters] calls its summary "
        "mean."
    )
    with pytest.raises(cx.StudyError) as caught:
        in_python(guests=GUESTS.assign(**{"encounters.n": 1}), controls=["encounters.n"])
    assert str(caught.value) == (
        "controls.columns[1]: 'encounters.n' is how [encounters] calls its summary n, and a control is called as its "
        "column.\nRename the column."
    )


FAILURES = "encounters.failures: is no key of the format; nearest: 'failure'."
TURNED = "encounters.scale: must run from a low to a higher value, not from 5 to 1."
UNDIRECTED = (
    "encounters.higher_is_better: is required with scale = [low, high]: a direction is declared, never guessed."
)


@pytest.mark.parametrize(
    ("line", "replaced", "message"),
    [
        ('customer = "guest"\n', "", "encounters.customer: is required."),
        ('perk = "upgrade"', "perk = 1", "encounters.perk: must be text, not 1."),
        ('period = "month"', "period = 5", "encounters.period: must be text, not 5."),
        ('failure = "broken"', 'failures = "broken"', FAILURES),
        ("scale = [1, 5]\ne", "scale = [5, 1]\ne", TURNED),
        (
            "expectation_scale = [0, 10]", "expectation_scale = [0.5, 10]",
            "encounters.expectation_scale: must have whole bounds, unless whole = false.",
        ),
        (
            "higher_is_better = true\n", "",
            UNDIRECTED,
        ),
        (
            "scale = [1, 5]\nexpectation_scale = [0, 10]\n", "",
            "encounters.higher_is_better: is for scale = [low, high], but no scale is given.",
        ),
        ('expectation = "hoped"\n', "", "encounters.expectation: is required with expectation_scale."),
    ],
)  # fmt: skip
def test_bad_sections_are_refused_by_the_file_reader(tmp_path: Path, line: str, replaced: str, message: str) -> None:
    assert FILE.count(line) == 1
    with pytest.raises(cx.StudyError, match=re.escape(f"study.toml': {message}") + "$"):
        from_file(tmp_path, FILE.replace(line, replaced))


# --- both sides of a gap ---------------------------------------------------------------------------------------------

GAP = pd.DataFrame({"nps": [9, 3, 5], "hoped": [4, 5, None], "got": [5, 3, 4], "back": [1, 0, 1]})


def gap_study(expectation: cx.Expectation | None, **more: Any) -> cx.Study:
    given: dict[str, Any] = {"metrics": {"nps": cx.NPS}, "outcomes": {"back": cx.Binary("back", after=True)}}
    return cx.Study(tables={"c": GAP}, expectation=expectation, **{**given, **more})


def test_expected_and_performed_stay_beside_the_gap() -> None:
    study = gap_study(cx.Expectation(expected="hoped", performed="got"), controls=["nps"], metrics={})
    cells = study.cells("back", controls=True, disconfirmation=True, expected=True)
    assert cells.roles.controls == ("nps", "expectation.expected", "expectation.performed")
    frame = cells.to_frame().sort_values("nps", ascending=False)
    assert frame["expectation.expected"].fillna(0).tolist() == [4, 0, 5]
    assert frame["expectation.performed"].tolist() == [5, 4, 3]
    assert frame["disconfirmation"].fillna(0).tolist() == [1, 0, -2]
    assert study.cells("back", expected=True).roles.disconfirmation is None
    assert study.cells("back", disconfirmation=True).roles.controls == ()


def test_only_what_is_declared_can_be_asked_for() -> None:
    for expectation, found in (
        (None, "none is declared"),
        (cx.Expectation(disconfirmation="got"), "only the gap is declared"),
    ):
        with pytest.raises(cx.StudyError) as caught:
            gap_study(expectation).cells("back", expected=True)
        assert str(caught.value) == (
            f"expectation: {found}, so nothing says what was expected.\nName expected and performed there."
        )


def test_no_outcome_may_be_called_as_the_expected() -> None:
    with pytest.raises(cx.StudyError) as caught:
        gap_study(
            cx.Expectation(expected="hoped", performed="got"), outcomes={"expectation.expected": cx.Binary("back")}
        )
    assert str(caught.value) == (
        "outcome.\"expectation.expected\": must have another name: 'expectation.expected' is how [expectation] calls "
        "its column expected."
    )


def test_one_key_alone_of_a_scale_is_refused_elsewhere_too(written: ModuleType, tmp_path: Path) -> None:
    """What is about a scale has no meaning without one."""
    journey = {"rating": "nps", "touchpoints": ["a", "b"], "missing": [9], "whole": True}
    metrics = {name: {"column": name, "scale": "NPS"} for name in ("nps", "a", "b")}
    path = written.study_file(
        tmp_path, written.small(journey=journey, metric=metrics), customers="nps,a,b,good\n1,2,3,1\n"
    )
    with pytest.raises(cx.StudyError) as caught:
        cx.Study.read(path)
    assert str(caught.value) == (
        f"'{path}': 2 problems."
        "\njourney.missing: is for columns that get the scale of this section; each [metric] has its own."
        "\njourney.whole: is for scale = [low, high], but no scale is given."
    )
