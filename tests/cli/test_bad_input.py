"""Input that `score` and `which-metric` refuse: exit status 2, one message, no traceback, nothing written."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

Spoil = Callable[[pd.DataFrame], pd.DataFrame]

SCORE = ("score", "answers.csv", "--metric", "nps=NPS", "--json", "out.json")
WHICH = (
    *("which-metric", "answers.csv", "--metric", "nps=NPS", "--metric", "csat=CSAT5"),
    *("--outcome", "back:good", "--json", "out.json"),
)
BOTH = (SCORE, WHICH)

# What is wrong with the column; what the message must say; the commands and further options that meet it.
CASES = {
    "scale": (
        lambda d: d.assign(nps=d.nps.where(d.index > 2, 11)),
        "'nps' must hold whole numbers 0 to 10 (NPS), but 3 of 600 rows do not: 11 (3 rows).",
        BOTH,
        (),
    ),
    "text": (
        lambda d: d.assign(nps=d.nps.astype(object).where(d.index > 594, "often")),
        "'nps' must hold numbers, but it holds text: 'often' (595 rows)",
        BOTH,
        (),
    ),
    "unknown column": (
        lambda d: d.rename(columns={"nps": "npss"}),
        "which holds 'npss', 'csat', 'back', 'segment', 'n'.\nNearest to 'nps': 'npss'",
        BOTH,
        (),
    ),
    "negative count": (
        lambda d: d.assign(n=d.n.where(d.index > 0, -1)),
        "The count column 'n' must hold whole numbers from 0 up, but 1 row holds a negative number",
        BOTH,
        ("--count", "n"),
    ),
    "fractional count": (
        lambda d: d.assign(n=1.5),
        "The count column 'n' must hold whole numbers (an integer type), but its type is Float64.",
        BOTH,
        ("--count", "n"),
    ),
    "no row": (lambda d: d.iloc[:0], "The data must hold at least one row, but they hold none.", BOTH, ()),
    "constant": (
        lambda d: d.assign(nps=7),
        "The metric 'nps' must take at least two values, but all 600 rows hold 7.",
        BOTH,
        (),
    ),
    "one outcome class": (
        lambda d: d.assign(back=1),
        "each in at least 2 rows, but among the rows with 'nps' 600 are good and 0 bad.",
        (WHICH,),
        (),
    ),
    "few events": (
        lambda d: d.assign(back=(d.index % 20 == 0).astype(int)),
        "among the rows with 'nps' 30 are good and 570 bad.",
        (WHICH,),
        (),
    ),
    "separation": (
        lambda d: d.assign(csat=1 + 4 * d.back),
        "The metric 'csat' must not tell the outcome 'back' apart perfectly",
        (WHICH,),
        (),
    ),
    "outcome of three values": (
        lambda d: d.assign(back=d.back.where(d.index > 9, 2)),
        "The outcome 'back' must hold 0 and 1, but 10 of 600 rows do not: 2 (10 rows).",
        (WHICH,),
        (),
    ),
}


def assert_refused(result: Result, message: str, folder: Path) -> None:
    """Exit status 2, one message that says it, nothing on stdout, no file beside the inputs."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("cxstats: ")
    assert message in result.stderr
    assert result.stderr.count("cxstats: ") == 1
    assert "Traceback" not in result.stderr
    assert {path.name for path in folder.iterdir()} <= {"answers.csv"}


@pytest.mark.parametrize(
    ("spoil", "message", "command"),
    [
        pytest.param(spoil, message, (*command, *more), id=f"{name}, {command[0]}")
        for name, (spoil, message, commands, more) in CASES.items()
        for command in commands
    ],
)
def test_refused(
    run: Callable[..., Result],
    folder: Path,
    answers: pd.DataFrame,
    spoil: Spoil,
    message: str,
    command: tuple[str, ...],
) -> None:
    spoil(answers).to_csv(folder / "answers.csv", index=False)
    assert_refused(run(*command), message, folder)


@pytest.mark.parametrize("command", BOTH)
def test_a_duplicated_column_name(run: Callable[..., Result], folder: Path, command: tuple[str, ...]) -> None:
    (folder / "answers.csv").write_text("nps,nps,csat,back\n1,2,3,1\n")
    assert_refused(run(*command), "'answers.csv' must be distinct", folder)


@pytest.mark.parametrize("command", BOTH)
def test_an_empty_file(run: Callable[..., Result], folder: Path, command: tuple[str, ...]) -> None:
    (folder / "answers.csv").write_text("")
    assert_refused(run(*command), "'answers.csv' is empty", folder)


@pytest.mark.parametrize("command", BOTH)
def test_a_file_that_is_not_there(run: Callable[..., Result], folder: Path, command: tuple[str, ...]) -> None:
    assert_refused(run(*command), "'answers.csv' does not exist", folder)


@pytest.mark.parametrize("command", BOTH)
def test_a_metric_without_a_scale(
    run: Callable[..., Result], folder: Path, answers: pd.DataFrame, command: tuple[str, ...]
) -> None:
    assert_refused(run(*command, "--metric", "n"), "--metric must name a column and its scale", folder)


def test_an_outcome_without_a_direction(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    assert_refused(run(*WHICH, "--outcome", "back"), "--outcome must say what is good for the firm", folder)


@pytest.mark.parametrize("command", BOTH)
@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("answers.csv", "--json must name a file of its own, but 'answers.csv' is also what is read."),
        ("no/out.json", "--json must name a file that can be written, but 'no/out.json' cannot: there is no folder"),
        (".", "--json must name a file that can be written, but '.' cannot: it is a folder."),
    ],
)
def test_a_file_that_cannot_be_written(
    run: Callable[..., Result],
    folder: Path,
    answers: pd.DataFrame,
    command: tuple[str, ...],
    target: str,
    message: str,
) -> None:
    before = (folder / "answers.csv").read_bytes()
    assert_refused(run(*command, "--json", target), message, folder)
    assert (folder / "answers.csv").read_bytes() == before


@pytest.mark.parametrize("command", BOTH)
def test_an_unknown_option_is_a_usage_error(run: Callable[..., Result], folder: Path, command: tuple[str, ...]) -> None:
    result = run(*command, "--controls", "tenure")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "No such option: --controls" in result.stderr
