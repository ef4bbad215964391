"""``cxstats power`` against the function behind it."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

import cxstats as cx
from cxstats.methods.power import power

# JSON holds every digit of a float64: what is read back is the same number.
EXACT = 0.0

COMMAND = ("power", "answers.csv", "--metric", "nps=NPS", "--metric", "csat=CSAT5", "--outcome", "back:good")
ROLES = {"outcome": cx.Binary("back"), "metrics": {"nps": cx.NPS, "csat": cx.CSAT5}}


def test_json_against_the_function(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    settings = ("--difference", "0.05", "--smallest", "0.02", "--chance", "0.9", "--tests", "3")
    result = run(*COMMAND, *settings, "--json", "out.json")
    assert (result.exit_code, result.stderr) == (0, "")
    expected = power(answers, **ROLES, difference=0.05, smallest=0.02, chance=0.9, tests=3)  # type: ignore[arg-type]
    assert result.stdout == f"{expected.summary()}\nwritten: out.json\n"
    document = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert (document["schema"], document["version"], document["seed"]) == ("cxstats-power/1", cx.__version__, None)
    assert document["fingerprint"] == cx.tally(answers, **ROLES).fingerprint  # type: ignore[arg-type]
    assert [document[key] for key in ("difference", "smallest", "chance", "tests")] == [0.05, 0.02, 0.9, 3]
    assert [document[key] for key in ("n", "n_missing", "n_clusters")] == [600, 0, None]
    assert document["sentences"] == list(expected.sentences())
    (row,) = document["rows"]
    for key, wanted in expected.to_frame().iloc[0].items():
        assert row[key] == (wanted if isinstance(wanted, str) else pytest.approx(wanted, abs=EXACT))


def test_the_defaults_are_those_of_the_function(run: Callable[..., Result], answers: pd.DataFrame) -> None:
    result = run(*COMMAND)
    assert result.stdout == f"{power(answers, **ROLES).summary()}\n"  # type: ignore[arg-type]


def test_clusters_weights_and_counts_are_passed_on(
    run: Callable[..., Result], folder: Path, answers: pd.DataFrame
) -> None:
    answers = answers.assign(firm=answers.index % 50, w=1.0 + answers.index % 3, n=1 + answers.index % 2)
    answers.to_csv(folder / "answers.csv", index=False)
    result = run(*COMMAND, "--cluster", "firm", "--weight", "w", "--count", "n")
    expected = power(answers, **ROLES, cluster="firm", weight="w", count="n")  # type: ignore[arg-type]
    assert result.stdout == f"{expected.summary()}\n"
    assert "with the pilot's 900 rows in 50 clusters." in result.stdout


def test_times_until_an_event_are_passed_on(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    answers = answers.assign(until=3 + answers.index % 9, since=answers.index % 2)
    answers.to_csv(folder / "answers.csv", index=False)
    result = run(*COMMAND, "--time", "until", "--entry", "since")
    expected = power(answers, outcome=cx.Survival("until", "back", "since", good=1), metrics=ROLES["metrics"])  # type: ignore[arg-type]
    assert result.stdout == f"{expected.summary()}\n"


def test_what_no_number_shows_is_null(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    run(*COMMAND, "--difference", "0.01", "--json", "out.json")
    (row,) = json.loads((folder / "out.json").read_text(encoding="utf-8"))["rows"]
    assert row["n_exceeds"] is None
    assert row["n_differs"] > 600


def test_few_outcomes_are_noted_once(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    answers.head(150).to_csv(folder / "answers.csv", index=False)
    result = run(*COMMAND)
    assert (result.exit_code, result.output.count("fewer than 100: its standard errors are uncertain")) == (0, 1)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--difference", "0", "difference must be a number above 0 and below 1, such as 0.02, but 0.0 was given."),
        ("--smallest", "nan", "smallest must be a number from 0 up to below 1, such as 0.01, but nan was given."),
        ("--chance", "80", "chance must be a number above 0.05 and below 1; 80% is 0.8, but 80.0 was given."),
        ("--tests", "0", "tests must be a number that is whole, from 1 up, but 0 was given."),
    ],
)
def test_settings_that_are_none_are_refused(
    run: Callable[..., Result], folder: Path, answers: pd.DataFrame, option: str, value: str, message: str
) -> None:
    result = run(*COMMAND, option, value, "--json", "out.json")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"cxstats: {message}\n")
    assert not (folder / "out.json").exists()


def test_the_figure_is_written(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    result = run(*COMMAND, "--figure", "plan.svg")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (folder / "plan.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert "written: plan.svg" in result.output
    refused = run(*COMMAND, "--figure", "plan.gif")
    assert refused.exit_code == 2
    assert not (folder / "plan.gif").exists()
