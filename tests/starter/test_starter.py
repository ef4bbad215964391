"""Whole files: tables, keys, touchpoints, moments, formats, and what must never be written down."""

import gzip
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxstats.errors import ColumnError, ReadError, StudyError
from cxstats.starter.write import Starter, starter


def written(folder: Path, **frames: pd.DataFrame) -> list[Path]:
    """Each frame as a csv file."""
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return [folder / f"{name}.csv" for name in frames]


def content(made: Starter) -> dict[str, Any]:
    return tomllib.loads(made.text)


def asked(made: Starter) -> list[str]:
    return [path for question in made.questions for path in question.paths]


def survey(n: int = 60) -> pd.DataFrame:
    row = np.arange(n)
    return pd.DataFrame({"nps": row % 11, "csat": 1 + row % 5, "upaya": 1 + row % 7, "churn": row % 2})


def test_direction_version_and_timing_are_never_guessed(tmp_path: Path) -> None:
    made = starter(*written(tmp_path, answers=survey()))
    assert asked(made) == [
        "study.evidence",
        "metric.upaya.version",
        "metric.upaya.higher_is_better",
        "outcome.churn.good",
        "outcome.churn.after",
    ]
    found = content(made)
    assert found["metric"]["nps"] == {"column": "nps", "scale": "NPS"}
    assert found["metric"]["upaya"] == {"column": "upaya", "kind": "ces", "scale": [1, 7]}
    assert found["outcome"]["churn"] == {"type": "binary", "column": "churn", "kind": "behaviour"}
    guesses = re.findall(r"^(\w+) = [^#]*(#.*)?$", made.text, re.MULTILINE)
    known = {"cxstats", "file", "kind"}
    assert [key for key, comment in guesses if not comment.startswith("# guess: ") and key not in known] == []


def test_effort_has_a_version_for_each_name_in_both_languages(tmp_path: Path) -> None:
    frame = pd.DataFrame({name: [1, 2, 3, 4, 5] * 9 for name in ("ces", "effort", "ease", "upaya", "kemudahan")})
    made = starter(*written(tmp_path, answers=frame))
    assert [path for path in asked(made) if path.endswith("version")] == [f"metric.{name}.version" for name in frame]
    assert "version" not in str(content(made))


def test_tables_are_joined_by_the_column_that_they_share(tmp_path: Path) -> None:
    people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(60)], "churn": [0, 1] * 30, "age": range(60)})
    answers = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in [*range(60), *range(40)]],
            "answered_at": pd.date_range("2018-01-01", periods=100),
            "kepuasan": [1, 2, 3, 4, 5] * 20,
        }
    )
    orders = pd.DataFrame({"pelanggan": [f"c{i}" for i in range(50)], "pesanan": range(50)})
    made = starter(*written(tmp_path, people=people, answers=answers, orders=orders))
    found = content(made)
    assert found["study"]["rows"] == "people"
    assert {name: table.get("key") for name, table in found["table"].items()} == {
        "people": "customer_id",
        "answers": "customer_id",
        "orders": "pelanggan",
    }
    assert found["table"]["answers"]["time"] == "answered_at"
    assert "table.answers.pick" in asked(made)
    assert "pick" not in found["table"]["answers"]
    assert {name: part["table"] for name, part in (found["metric"] | found["outcome"]).items()} == {
        "kepuasan": "answers",
        "churn": "people",
        "pesanan": "orders",
    }


def test_the_analysed_table_is_asked_for_where_it_is_not_clear(tmp_path: Path) -> None:
    key = {"customer_id": range(60)}
    made = starter(*written(tmp_path, a=survey()[["nps"]].assign(**key), b=survey()[["churn"]].assign(**key)))
    assert "study.rows" in asked(made)
    made = starter(*written(tmp_path, a=survey()[["nps"]], b=survey()[["churn"]]))
    assert [p for p in asked(made) if p.endswith(("rows", "key"))] == ["study.rows", "table.a.key", "table.b.key"]


def test_a_customer_in_several_rows(tmp_path: Path) -> None:
    frame = survey().assign(customer_id=np.arange(60) // 3)
    made = starter(*written(tmp_path, answers=frame))
    assert content(made)["study"]["cluster"] == content(made)["table"]["answers"]["key"] == "customer_id"
    dated = frame.assign(answered_at=pd.date_range("2018-01-01", periods=60))
    made = starter(*written(tmp_path, answers=dated))
    assert "cluster" not in content(made)["study"]
    assert "table.answers.pick" in asked(made)


@pytest.mark.parametrize("form", ["%d/%m/%Y %H:%M", "%m-%d-%Y", "%d.%m.%Y"])
def test_dates_with_the_year_last_are_told_and_never_read(tmp_path: Path, form: str) -> None:
    days = pd.date_range("2026-01-01", periods=60, freq="D")
    frame = survey().assign(asked=days.strftime(form), order=[f"1/{i}/20261" for i in range(60)])
    text = starter(*written(tmp_path, answers=frame)).text
    assert "time" not in tomllib.loads(text)["table"]["answers"]
    told = " ".join(line.removeprefix("#").strip() for line in text.splitlines())
    assert (
        "'asked' (dates whose day and month could be mistaken: write them with the year first, as in 2026-01-31), "
        "'order' (text, 60 different)"
    ) in told


def test_counts_weights_and_firms(tmp_path: Path) -> None:
    frame = survey().assign(n=2, bobot=np.tile([0.5, 1.5], 30), cabang=np.repeat(["a", "b", "c"], 20))
    study = content(starter(*written(tmp_path, answers=frame)))["study"]
    assert (study["count"], study["weight"], study["firm"]) == ("n", "bobot", "cabang")
    heavy = survey().assign(weight=np.tile([50.0, 80.5], 30))  # kilograms
    assert "weight" not in content(starter(*written(tmp_path, answers=heavy)))["study"]


@pytest.mark.parametrize(
    ("names", "rating"),
    [
        (["q7_checkin", "q7_gate", "q7_food", "q7_all"], "q7_all"),
        (["checkin", "delivery", "overall"], "overall"),
        (["pelayanan", "pengiriman", "kebersihan", "kepuasan"], "kepuasan"),
        (["comfort_rating", "seat_rating", "crew_rating", "overall_rating"], "overall_rating"),
    ],
)
def test_touchpoints_beside_an_overall_rating(tmp_path: Path, names: list[str], rating: str) -> None:
    frame = pd.DataFrame({name: np.roll([1, 2, 3, 4, 5] * 12, place) for place, name in enumerate(names)})
    made = starter(*written(tmp_path, answers=frame))
    journey = content(made)["journey"]
    assert (journey["rating"], journey["touchpoints"]) == (rating, [name for name in names if name != rating])
    assert (journey["scale"], "higher_is_better" in journey) == ([1, 5], False)
    assert "journey.higher_is_better" in asked(made)


def test_touchpoints_with_unclear_ends_are_asked_for(tmp_path: Path) -> None:
    names = ["Q7ART", "Q7FOOD", "Q7SIGN", "Q7ALL"]
    frame = pd.DataFrame({name: np.roll([0, 1, 2, 3, 4, 5, 6] * 9, place) for place, name in enumerate(names)})
    made = starter(*written(tmp_path, answers=frame))
    assert [path for path in asked(made) if path.startswith("journey")] == [
        "journey.scale",
        "journey.higher_is_better",
        "journey.missing",
    ]


def test_moments_and_the_rating_afterwards(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    moments = pd.DataFrame({"guest": np.repeat(range(8), 10), "video": np.tile(np.repeat(["x", "y"], 5), 8)})
    moments = moments.assign(time_s=np.tile(range(5), 16), valence=rng.integers(1, 10, 80))
    after = moments[["guest", "video"]].drop_duplicates().assign(overall_valence=rng.integers(1, 10, 16))
    found = content(starter(*written(tmp_path, after=after, moments=moments)))
    assert found["moments"] == {
        "table": "moments",
        "sequence": ["guest", "video"],
        "order": "time_s",
        "value": "valence",
        "overall": "overall_valence",
        "overall_table": "after",
        "person": "guest",
    }
    assert "metric" not in found


def test_scores_in_long_form(tmp_path: Path) -> None:
    names = np.tile(["nps", "kepuasan", "ces", "colour"], 20)
    values = np.tile([9, 4, 6, 12, 0, 1, 1, 12, 10, 5, 7, 12, 5, 3, 98, 12], 5)
    made = starter(*written(tmp_path, long=pd.DataFrame({"question": names, "score": values, "person": range(80)})))
    metric = content(made)["metric"]
    assert metric["nps"] == {"where": {"question": ["nps"]}, "column": "score", "scale": "NPS"}
    assert (metric["kepuasan"]["scale"], metric["ces"]["missing"]) == ("CSAT5", [98])
    assert list(metric) == ["ces", "kepuasan", "nps"]


def test_waves_of_a_qualtrics_export(tmp_path: Path) -> None:
    head = (
        'Q1_NPS,Finished\n"How likely, all in all?",Finished\n"{""ImportId"":""QID1""}","{""ImportId"":""finished""}"\n'
    )
    for wave in (1, 2):
        (tmp_path / f"wave{wave}.csv").write_text(
            head + "10 - Extremely likely,True\n8,True\n0 - Not at all likely,True\n"
        )
    made = starter(tmp_path / "wave1.csv", tmp_path / "wave2.csv")
    found = content(made)
    assert "\n# To keep finished answers only: where = { Finished = [true] }\n" in made.text
    assert found["table"] == {"wave1": {"files": ["wave1.csv", "wave2.csv"], "format": "qualtrics"}}
    assert found["metric"]["Q1_NPS"] == {
        "column": "Q1_NPS",
        "scale": "NPS",
        "labels": {"0 - Not at all likely": 0, "10 - Extremely likely": 10},
    }


def test_qualtrics_columns_by_what_they_asked(tmp_path: Path) -> None:
    head = [
        "Q1,Q2,Q3",
        "How likely is it that you would recommend us?,The company made it easy for me,Why? In your own words",
        '"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}","{""ImportId"":""QID3""}"',
    ]
    rows = [f"{i % 11},{['Agree', 'Strongly disagree', 'Slightly agree'][i % 3]},secret {i}" for i in range(33)]
    (tmp_path / "export.csv").write_text("\n".join([*head, *rows]) + "\n")
    made = starter(tmp_path / "export.csv")
    metric = content(made)["metric"]
    assert metric["Q1"] == {"column": "Q1", "scale": "NPS"}
    assert metric["Q2"]["labels"] == {"Strongly disagree": 1, "Slightly agree": 5, "Agree": 6}
    assert list(metric) == ["Q1", "Q2"]
    assert "# guess: its question says 'recommend'" in made.text
    assert "secret" not in made.text


def test_old_encodings_decimal_commas_and_packed_files(tmp_path: Path) -> None:
    rows = "".join(f"{score};{score},5;Zür\u201cich\n" for score in range(11))
    with gzip.open(tmp_path / "old.csv.gz", "wb") as file:
        file.write(f"nps;belanja;ort\n{rows}".encode("cp1252"))
    found = content(starter(tmp_path / "old.csv.gz"))
    assert found["table"]["old"] == {"file": "old.csv.gz", "encoding": "cp1252", "decimal": ","}
    assert found["outcome"]["belanja"]["type"] == "continuous"


def test_other_formats_against_csv(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = survey()
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"))
    pyreadstat.write_dta(frame, str(tmp_path / "a.dta"))
    texts = {path.suffix: starter(path).text.replace(path.name, "FILE") for path in sorted(tmp_path.iterdir())}
    assert len(texts) == 5
    assert len(set(texts.values())) == 1


def test_the_first_sheet_of_several(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    with pd.ExcelWriter(tmp_path / "book.xlsx") as book:
        survey().to_excel(book, sheet_name="answers", index=False)
        survey().to_excel(book, sheet_name="more", index=False)
    made = starter(tmp_path / "book.xlsx")
    assert content(made)["table"]["book"]["sheet"] == "answers"
    assert "the first of 2 sheets: 'answers', 'more'" in made.text


def test_what_customers_wrote_is_never_told(tmp_path: Path) -> None:
    secret = [f"secret-{i}" for i in range(60)]
    frame = survey().assign(
        email=secret,
        comment=["secret-a", "secret-b", *["secret-c"] * 58],
        csat_comment=["secret-a"] * 60,
        rekomendasi=secret,
        telepon=[8_123_456_000 + 7 * i for i in range(60)],
        city=["secret-x", "secret-y"] * 30,
    )
    text = starter(*written(tmp_path, answers=frame)).text
    assert "secret" not in text
    assert "8123456" not in text
    assert "'comment' (text, 3 different)" in text


def test_names_from_files_stay_names(tmp_path: Path) -> None:
    evil = 'nps"\n[study]\nevidence = "real" \u202e# \\'
    frame = survey().rename(columns={"nps": evil, "churn": "churn\r\ngood = 1"})
    frame.to_csv(tmp_path / 'a "b" # c.csv', index=False)
    made = starter(tmp_path / 'a "b" # c.csv')
    found = content(made)
    assert found["metric"][evil]["column"] == evil
    assert found["table"] == {'a "b" # c': {"file": 'a "b" # c.csv'}}
    assert "evidence" not in found["study"]
    assert "good" not in found["outcome"]["churn\r\ngood = 1"]


def test_three_hundred_columns_are_told_in_few_lines(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({f"q7_{i}": rng.integers(1, 6, 50) for i in range(150)})
    frame = pd.concat([frame, pd.DataFrame({f"x{i}": rng.normal(size=50) for i in range(100)})], axis=1)
    frame = pd.concat([frame, pd.DataFrame({f"orders_{i}": rng.integers(0, 9, 50) for i in range(50)})], axis=1)
    made = starter(*written(tmp_path, wide=frame.assign(overall=frame["q7_0"])))
    found = content(made)
    assert (len(found["journey"]["touchpoints"]), len(found["outcome"])) == (30, 8)
    assert "; 120 more columns like these were left out" in made.text
    assert "and 88 more." in made.text  # of the 100
    assert "More scores and outcomes, not used: " in made.text
    assert len(made.text.splitlines()) < 160


STUDY_GIVEN = (
    "'{path}' must be a data file, but it is a study file, by its name."
    "\nName the data; a study file is run with: cxstats validate {path}"
)
OTHER_ENDING = (
    "'{path}' must be a file that cxstats reads (.csv, .csv.gz, .tsv, .tsv.gz, .parquet, .xlsx, .xlsm, .sav, .zsav, "
    ".dta), but its name ends in '.pdf'.\nSave it as csv or xlsx, or give it the ending of what it is."
)
REPEATED = (
    "The column names of '{path}' must be distinct, in more than capital letters, but 'NPS', 'nps' stand more than "
    "once.\nRename or drop one of each."
)


def test_nothing_recognised_still_begins_a_file(tmp_path: Path) -> None:
    made = starter(*written(tmp_path, plain=pd.DataFrame({"a": [0.5, 2.5], "b": ["x", "y"]})))
    assert (made.recognised, asked(made)) == (False, ["study.evidence"])
    assert "# No column was recognised as a score or an outcome. Declare them like this" in made.text


@pytest.mark.parametrize(
    ("name", "text", "error", "message"),
    [
        ("a.csv", "", ReadError, "'{path}' is empty: it holds no byte."),
        ("a.csv", "nps,NPS\n1,2\n", ColumnError, REPEATED),
        (
            "study.toml",
            "cxstats = 1\n",
            ReadError,
            STUDY_GIVEN,
        ),
        (
            "a.pdf",
            "x",
            ReadError,
            OTHER_ENDING,
        ),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, name: str, text: str, error: type[Exception], message: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    expected = message.format(path=path)
    with pytest.raises(error, match=f"^{re.escape(expected)}$"):
        starter(path)


def test_folders_twins_and_data_elsewhere_are_refused(tmp_path: Path) -> None:
    (path,) = written(tmp_path, answers=survey())
    below = tmp_path / "below"
    below.mkdir()
    folder = f"'{below}' must be a data file, but it is a folder.\nName its files, such as: {below}/*.csv"
    twice = f"Each file must be named once, but '{path}' is named twice."
    outside = (
        f"'{path}' must lie in the folder of the study file, '{below}', or below it: a study file may not point "
        "outside of it.\nChoose --out in a folder that holds all the data, or move the file."
    )
    with pytest.raises(ReadError, match=f"^{re.escape(folder)}$"):
        starter(below)
    with pytest.raises(ReadError, match=f"^{re.escape(twice)}$"):
        starter(path, path)
    with pytest.raises(StudyError, match=f"^{re.escape(outside)}$"):
        starter(path, folder=below)
    with pytest.raises(ReadError, match=r"^At least one data file is needed\.$"):
        starter()
