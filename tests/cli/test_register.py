"""``cxstats register``, and what ``validate`` and ``claims --for`` make of a study and its plan."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

import cxstats as cx
from cxstats.claims.register import CLAIMS

Run = Callable[..., Result]

STUDY = """
cxstats = 1
[study]
title = "Answers"
evidence = "simulated"
[table.customers]
file = "answers.csv"
[metric.nps]
column = "nps"
scale = "NPS"
[metric.csat]
column = "csat"
scale = "CSAT5"
[outcome.back]
column = "back"
type = "binary"
good = 1
after = true
"""


@pytest.fixture
def study(folder: Path, answers: pd.DataFrame) -> Path:
    file = folder / "study.toml"
    file.write_text(STUDY, encoding="utf-8")
    return file


def refused(result: Result, message: str) -> None:
    assert result.exit_code == 2
    assert result.output == f"cxstats: {message}\n"


def test_register_writes_a_plan_that_validate_finds(run: Run, study: Path) -> None:
    locked = run("register", "study.toml", "--seed", "5")
    assert locked.exit_code == 0
    plan = cx.LockedPlan.read("study.plan.json")
    assert plan.hash in locked.stdout
    assert "written: study.plan.json\n" in locked.stdout
    result = run("validate", "study.toml", "--json", "out.json")
    assert result.exit_code == 0
    assert f"Plan {plan.hash}, locked {plan.registered}: 4 confirmatory, 0 exploratory." in " ".join(
        result.stdout.split()
    )
    found = json.loads(Path("out.json").read_text(encoding="utf-8"))
    assert found["seed"] == 5


def test_without_a_plan_validate_says_so(run: Run, study: Path) -> None:
    result = run("validate", "study.toml")
    assert "No plan was locked before ('cxstats register'): nothing here is confirmatory." in result.stdout


def test_a_plan_is_not_replaced(run: Run, study: Path) -> None:
    run("register", "study.toml")
    before = Path("study.plan.json").read_bytes()
    refused(
        run("register", "study.toml"),
        "'study.plan.json' is there already, and a locked plan is not replaced.\nName another file with --out, or, if "
        "that plan was a trial, delete it; whoever has cited its hash will see that it is gone.",
    )
    assert Path("study.plan.json").read_bytes() == before
    assert run("register", "study.toml", "--out", "second.json").exit_code == 0


def test_an_edited_plan_stops_validate_and_nothing_is_written(run: Run, study: Path) -> None:
    run("register", "study.toml", "--seed", "5")
    file = Path("study.plan.json")
    file.write_text(file.read_text(encoding="utf-8").replace('"seed": 5', '"seed": 6'), encoding="utf-8")
    refused(
        run("validate", "study.toml", "--html", "out.html"),
        "'study.plan.json' was changed after the plan was locked: it no longer has the hash that it states."
        "\nRestore the file as it was; or lock a new plan with 'cxstats register' under another name, and say so.",
    )
    assert not Path("out.html").exists()


def test_a_named_plan_is_for_one_study(run: Run, study: Path) -> None:
    run("register", "study.toml", "--out", "p.json")
    assert "4 confirmatory, 0 exploratory." in run("validate", "study.toml", "--plan", "p.json").stdout
    refused(
        run("validate", "study.toml", "study.toml", "--plan", "p.json"),
        "--plan names the plan of one study, but 2 study files were given.\nLeave it out: the plan of each study is "
        "found beside it, under its name with .plan.json.",
    )
    refused(
        run("validate", "study.toml", "--plan", "none.json"),
        "'none.json' cannot be opened: No such file or directory.",
    )


def test_what_changed_since_is_told(run: Run, study: Path) -> None:
    run("register", "study.toml", "--seed", "5")
    study.write_text(STUDY + "[smallest_effect]\nauc = 0.05\n", encoding="utf-8")
    result = run("validate", "study.toml")
    assert "0 confirmatory, 4 exploratory.\nChanged since: smallest_effect.auc: was 0.01, is 0.05.\n" in result.stdout


def test_data_outside_are_refused_unless_allowed(run: Run, study: Path) -> None:
    inner = Path("inner")
    inner.mkdir()
    (inner / "study.toml").write_text(STUDY.replace("answers.csv", "../answers.csv"), encoding="utf-8")
    message = (
        "'inner/study.toml': table.customers.file: '../answers.csv' must stay in the folder of the study file."
        "\nMove the file there, or read the study with allow_outside=True (--allow-outside on the command line)."
    )
    for command in (("register",), ("validate",), ("claims", "--for")):
        refused(run(*command, "inner/study.toml"), message)
        assert run(*command, "inner/study.toml", "--allow-outside").exit_code == 0


def test_claims_for_a_study_against_the_register(run: Run, study: Path) -> None:
    result = run("claims", "--for", "study.toml")
    assert result.exit_code == 0
    now = [claim for claim in CLAIMS if not claim.missing(cx.DeclaredStudy.read("study.toml"))]
    assert len(now) == 4
    assert result.stdout.startswith(f"4 of {len(CLAIMS)} claims can be tested, as far as is declared;")
    for claim in CLAIMS:
        assert claim.id in result.stdout
    assert "metric-best-retention\n  on back\n" in result.stdout
    assert "No customer effort (CES) score is declared" in result.stdout


def test_claims_for_an_outcome_without_timing(run: Run, study: Path) -> None:
    study.write_text(STUDY.replace("after = true", ""), encoding="utf-8")
    told = " ".join(run("claims", "--for", "study.toml").stdout.split())
    assert told.startswith(f"0 of {len(CLAIMS)} claims can be tested")
    assert (
        "It could be tested on 'back' once it is declared that it came after the feedback (starts, or after = true)."
        in told
    )


def test_quiet_prints_nothing_and_verbose_each_stage(run: Run, study: Path) -> None:
    quiet = run("validate", "study.toml", "--quiet", "--json", "out.json")
    assert (quiet.exit_code, quiet.output) == (0, "")
    assert Path("out.json").exists()
    verbose = run("validate", "study.toml", "--verbose")
    stages = [line.partition("  Answers: ")[2] for line in verbose.stderr.splitlines()]
    assert stages == [
        "metric-best-retention on back", "nps-no-superiority on back", "top2-beats-mean on back",
        "combine-metrics on back", "verdicts",
        "sensitivity of metric-best-retention on back",
        "sensitivity of nps-no-superiority on back", "sensitivity of top2-beats-mean on back",
        "sensitivity of combine-metrics on back", "scores",
    ]  # fmt: skip
    quick = run("validate", "study.toml", "--verbose", "--quick")
    assert "sensitivity" not in quick.stderr
    assert "verdicts" in quick.stderr
    refused(
        run("validate", "study.toml", "--quiet", "--verbose"),
        "--verbose and --quiet contradict each other.\nLeave out one of them.",
    )
