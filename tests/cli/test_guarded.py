"""How a command ends: exit status, one message, no traceback."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner, Result

from cxstats.cli.guarded import GuardedCommand
from cxstats.errors import ColumnError, warn


def ended(command: Callable[[], object], *arguments: str) -> Result:
    """Run one guarded command as ``demo`` of an app of its own."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

    @app.callback()
    def _root(debug: bool = False) -> None:
        pass

    app.command("demo", cls=GuardedCommand)(command)
    return CliRunner().invoke(app, [*arguments, "demo"], catch_exceptions=False)


def test_wrong_input_is_one_message() -> None:
    def refused() -> None:
        raise ColumnError("'nps' must hold numbers.\nRecode it.")

    result = ended(refused)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "cxstats: 'nps' must hold numbers.\nRecode it.\n"


def test_a_refusal_hides_the_notes_before_it() -> None:
    def refused() -> None:
        warn("few clusters")
        raise ColumnError("'nps' must hold numbers.")

    assert ended(refused).stderr == "cxstats: 'nps' must hold numbers.\n"


def broken() -> None:
    raise ZeroDivisionError("division by zero")


def test_a_fault_of_ours_asks_for_a_report() -> None:
    result = ended(broken)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "cxstats: this is a fault of cxstats, not of your data: ZeroDivisionError: division by zero\n"
        "Please report it. 'cxstats --debug' with the same command shows where it happened.\n"
    )


def test_the_traceback_only_on_request() -> None:
    result = ended(broken, "--debug")
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert result.stderr.endswith(
        "cxstats: this is a fault of cxstats, not of your data: ZeroDivisionError: division by zero\n"
        "Please report it.\n"
    )


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), RuntimeError("Query interrupted")])
def test_an_interrupt_is_quiet(interrupt: BaseException) -> None:
    def interrupted() -> None:
        raise interrupt

    result = ended(interrupted)
    assert (result.exit_code, result.output) == (130, "")


def test_warnings_become_notes_once_each() -> None:
    def noted() -> tuple[str, ...]:
        for text in ("few clusters", "rows left out", "few clusters"):
            warn(text)
        return ("rows left out",)

    result = ended(noted)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "note: few clusters\n")


def test_warnings_of_others_stay_theirs() -> None:
    def careless() -> None:
        warnings.warn("old name", DeprecationWarning, stacklevel=1)

    with pytest.warns(DeprecationWarning, match="old name"):
        assert ended(careless).stderr == ""


def test_control_characters_do_not_reach_the_terminal() -> None:
    def refused() -> None:
        raise ColumnError("'\x1b[2J\tnps' is not a column, 'zufrieden\u00a0\u00fc<b>' is.")

    assert ended(refused).stderr == "cxstats: '\\x1b[2J\\tnps' is not a column, 'zufrieden\u00a0\u00fc<b>' is.\n"


def test_a_score_off_its_scale_is_mended_with_an_option(
    run: Callable[..., Result], folder: Path, answers: pd.DataFrame
) -> None:
    """What the mend says can be typed: the same command with it runs."""
    answers["nps"] = answers.nps.where(answers.index > 5, 11)
    answers.to_csv(folder / "answers.csv", index=False)
    result = run("score", "answers.csv", "--metric", "nps=NPS")
    assert result.exit_code == 2
    assert " ".join(result.stderr.split()) == (
        "cxstats: 'nps' must hold whole numbers 0 to 10 (NPS), but 6 of 600 rows do not: 11 (6 rows). Correct or drop "
        "those rows, or declare a scale that holds them: --metric nps=0-11:good. In a study file such codes can be "
        "named as no answer: missing = [11]."
    )
    assert run("score", "answers.csv", "--metric", "nps=0-11:good").exit_code == 0
    answers["nps"] = (answers.index % 2) + 2.5
    answers.to_csv(folder / "answers.csv", index=False)
    assert "--metric nps=1.0-5.0:bad. In a study" in run("score", "answers.csv", "--metric", "nps=EFFORT5").stderr
    assert run("score", "answers.csv", "--metric", "nps=1.0-5.0:bad").exit_code == 0
