"""``cxstats init``: a study file is begun, its questions are answered and nothing else, and ``validate`` runs on it."""

import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

import cxstats as cx

Run = Callable[..., Result]
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "tests" / "study" / "examples"
_OPEN = re.compile(r"# (\w+) = \?.*")
_USUAL = {"evidence": '"simulated"', "after": "true", "higher_is_better": "true", "version": '"ces2"', "good": "1"}


def filled(text: str, answers: dict[str, str]) -> str:
    """Each open line answered by ``section.key``, by ``key``, or as usual; an empty answer leaves the line open."""
    section, lines = "", []
    for line in text.splitlines():
        head, asked = re.fullmatch(r"\[([^\]]+)\]", line), _OPEN.fullmatch(line)
        section = head[1] if head else section
        answer = "" if asked is None else answers.get(f"{section}.{asked[1]}", {**_USUAL, **answers}.get(asked[1], ""))
        lines.append(f"{asked[1]} = {answer}" if asked and answer else line)
    return "\n".join(lines) + "\n"


def begun(run: Run, files: list[str], answers: dict[str, str]) -> dict[str, object]:
    """Init, answer, validate: the study as it was begun; fails if validate refuses it."""
    made = run("init", *files, "--out", "begun.toml")
    assert (made.exit_code, made.stderr) == (0, "")
    path = Path("begun.toml")
    text = path.read_text(encoding="utf-8")
    path.write_text(filled(text, answers), encoding="utf-8")
    tested = run("validate", "begun.toml", "--seed", "1")
    assert tested.exit_code == 0, tested.stderr
    return tomllib.loads(text)


HIGH = {"outcome.spend.good": '"high"', "outcome.orders.good": '"high"'}


@pytest.mark.parametrize(
    ("files", "answers"),
    [
        (["data/sfo_2017.csv"], {}),
        (["data/olist_deliveries.csv"], {}),
        (["data/simulated_cohort.csv"], {}),
        (["data/simulated_visits.csv"], {"neutral": "5"}),
        (
            ["one_file/customers.csv"],
            {**HIGH, "metric.satisfied.scale": '"CSAT5"', "metric.satisfied.higher_is_better": "", "missing": "[0]"},
        ),
        (
            ["three_tables/customers.csv", "three_tables/responses.csv", "three_tables/orders.csv"],
            {"pick": '"last"', "outcome.cancelled.good": "0"},
        ),
        (
            ["qualtrics/wave1.csv", "qualtrics/wave2.csv", "qualtrics/purchases.csv"],
            {**HIGH, "pick": '"last"'},
        ),
    ],
)
def test_begun_answered_validated(run: Run, folder: Path, files: list[str], answers: dict[str, str]) -> None:
    for file in files:
        source = (ROOT if file.startswith("data") else EXAMPLES) / file
        shutil.copy(source, folder / source.name)
    begun(run, [Path(file).name for file in files], answers)
    assert not [line for line in Path("begun.toml").read_text(encoding="utf-8").splitlines() if "evidence = ?" in line]


def test_the_verdicts_are_those_of_a_file_written_by_hand(run: Run, folder: Path) -> None:
    for name in ("simulated_cohort.csv", "simulated_cohort.toml"):
        shutil.copy(ROOT / "data" / name, folder / name)
    begun(run, ["simulated_cohort.csv"], {})
    mine, hand = (
        cx.validate(cx.Study.read(name), rng=1).to_frame() for name in ("begun.toml", "simulated_cohort.toml")
    )
    metric = hand["family"] == "metric"
    columns = ["claim", "verdict", "estimate", "ci_low", "ci_high"]
    pd.testing.assert_frame_equal(mine[metric][columns], hand[metric][columns])


def test_the_terminal_tells_what_was_found_and_what_is_open(run: Run, folder: Path, answers: pd.DataFrame) -> None:
    answers.rename(columns={"back": "repurchase"}).to_csv(folder / "answers.csv", index=False)
    result = run("init", "answers.csv")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "answers ('answers.csv': 600 rows, 5 columns)\n"
        "  metrics: nps, csat\n"
        "  outcomes: repurchase\n"
        "\n"
        "3 questions are open:\n"
        "  1.  study.evidence: Are these data real customers, simulated, or published\n"
        "      figures? The report says it on every page.\n"
        "  2.  outcome.repurchase.good: What does 1 in 'repurchase' mean for the firm?\n"
        "      good = 0 if it means that the firm lost the customer or the sale, good = 1\n"
        "      if it is what the firm wants.\n"
        "  3.  outcome.repurchase.after: Did 'repurchase' happen after the feedback was\n"
        "      given? Only then can feedback predict it.\n"
        "\n"
        "written: study.toml\n"
        "Answer them there, check the guesses, then run: cxstats validate study.toml\n"
    )
    text = (folder / "study.toml").read_text(encoding="utf-8")
    assert text.count("\n# QUESTION ") == 3
    refused = run("validate", "study.toml")  # unanswered, it says what is lacking
    assert refused.exit_code == 2
    assert "study.evidence: is required." in refused.stderr
    assert "outcome.repurchase.good: is required for type = 'binary'." in refused.stderr


def test_nothing_recognised_is_said(run: Run, folder: Path) -> None:
    pd.DataFrame({"a": [0.5, 2.5]}).to_csv(folder / "plain.csv", index=False)
    result = run("init", "plain.csv")
    assert result.exit_code == 0
    assert "No column was recognised as a score or an outcome: the file shows how to declare them.\n" in result.stdout
    assert "1 question is open:\n" in result.stdout
    begun(run, ["plain.csv"], {})


def test_a_study_file_is_never_overwritten(run: Run, folder: Path, answers: pd.DataFrame) -> None:
    (folder / "study.toml").write_text("mine", encoding="utf-8")
    result = run("init", "answers.csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "cxstats: 'study.toml' exists already, and a study file is never overwritten."
        "\nChoose another name with --out another.toml.\n"
    )
    assert run("init", "answers.csv", "--out", "another.toml").exit_code == 0
    again = run("init", "answers.csv", "--out", "another.toml")
    assert again.stderr == (
        "cxstats: 'another.toml' exists already, and a study file is never overwritten."
        "\nChoose another name with --out.\n"
    )
    assert (folder / "study.toml").read_text(encoding="utf-8") == "mine"


def test_data_below_the_study_file_and_data_elsewhere(run: Run, folder: Path, answers: pd.DataFrame) -> None:
    (folder / "data").mkdir()
    (folder / "answers.csv").rename(folder / "data" / "answers.csv")
    assert run("init", "data/answers.csv", "--out", "study.toml").exit_code == 0
    made = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))
    assert made["table"]["answers"]["file"] == "data/answers.csv"
    (folder / "other").mkdir()
    result = run("init", "data/answers.csv", "--out", "other/study.toml")
    assert result.exit_code == 2
    assert result.stderr == (
        "cxstats: 'data/answers.csv' must lie in the folder of the study file, 'other', or below it: a study file may "
        "not point outside of it.\nChoose --out in a folder that holds all the data, or move the file.\n"
    )
    assert not (folder / "other" / "study.toml").exists()


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("absent.csv", "'absent.csv' does not exist (looked for it in '{folder}')."),
        (".", "'.' must be a data file, but it is a folder.\nName its files, such as: ./*.csv"),
    ],
)
def test_what_is_no_data_is_refused(run: Run, folder: Path, argument: str, message: str) -> None:
    result = run("init", argument)
    assert (result.exit_code, result.stderr) == (2, f"cxstats: {message.format(folder=folder)}\n")
    assert not list(folder.iterdir())


def test_names_cannot_steer_the_terminal(run: Run, folder: Path) -> None:
    pd.DataFrame({"churn\x1b[31m\u202e\nx": [0, 1, 1]}).to_csv(folder / "a.csv", index=False)
    result = run("init", "a.csv")
    assert result.exit_code == 0
    assert not {"\x1b", "\u202e"} & set(result.stdout)


def test_a_guest_survey_of_an_airport(run: Run, folder: Path, real_data: Callable[[str], Path]) -> None:
    shutil.copy(real_data("sfo/sfo_2017.csv"), folder / "sfo.csv")
    codes = {"metric.NETPRO.missing": "[11]", "journey.missing": '["Blank", 0, 6]', "journey.scale": "[1, 5]"}
    found = begun(run, ["sfo.csv"], codes)
    assert found["metric"] == {"NETPRO": {"column": "NETPRO", "scale": "NPS"}}
    journey = found["journey"]
    assert isinstance(journey, dict)
    assert (journey["rating"], len(journey["touchpoints"])) == ("Q7ALL", 14)
    assert found["study"] == {"title": "Study of sfo", "weight": "WEIGHT"}


def test_customers_of_a_telecom(run: Run, folder: Path, real_data: Callable[[str], Path]) -> None:
    shutil.copy(real_data("telco_fictional/telco_ibm.csv.gz"), folder / "telco.csv.gz")
    found = begun(run, ["telco.csv.gz"], {'outcome."Churn Label".good': "0", 'outcome."Total Revenue".good': '"high"'})
    column = "Satisfaction Score"
    assert found["metric"] == {column: {"column": column, "kind": "csat", "scale": "CSAT5"}}
    outcomes = found["outcome"]
    assert isinstance(outcomes, dict)
    assert {name: outcome["type"] for name, outcome in outcomes.items()} == {
        "Total Revenue": "continuous",
        "Churn Label": "binary",
    }
    assert found["table"] == {"telco": {"file": "telco.csv.gz", "key": "Customer ID"}}
