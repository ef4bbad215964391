"""``cxstats validate``: the verdicts on the terminal and in files, and the study files it refuses."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

import cxstats as cx
from cxstats.claims.register import CLAIMS as REGISTER

Run = Callable[..., Result]

STUDY = """
cxstats = 1

[study]
title = "Answers of 2018"
evidence = "simulated"

[table.customers]
file = "answers.csv"

[metric.nps]
column = "nps"
kind = "nps"
scale = "NPS"

[metric.csat]
column = "csat"
kind = "csat"
scale = "CSAT5"

[outcome.back]
column = "back"
type = "binary"
good = 1
after = true
"""

TABLE = '[table.customers]\nfile = "answers.csv"\n'
OUTPUTS = ("--html", "out.html", "--json", "out.json", "--markdown", "out.md")
CLAIMS = [claim.id for claim in REGISTER]


@pytest.fixture
def study(folder: Path, answers: pd.DataFrame) -> Path:
    """A sound study file beside ``answers.csv``."""
    path = folder / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def claims_in(path: Path) -> dict[str, dict[str, object]]:
    """The claims of a JSON report, by name."""
    return {claim["claim"]: claim for claim in json.loads(path.read_text(encoding="utf-8"))["claims"]}


def test_every_claim_looked_at_has_a_line_and_a_reason(run: Run, study: Path) -> None:
    result = run("validate", "study.toml", "--seed", "3")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[:2] == ["Answers of 2018 (simulated data)", "customers: 600 rows read, 600 used"]
    findings = cx.validate(cx.Study.read(study), rng=3).findings
    assert [finding.claim for finding in findings] == CLAIMS
    looked_at = [finding for finding in findings if finding.declared]
    table = [re.split(r" +", line) for line in lines[4 : 4 + len(looked_at)]]
    assert [line[0] for line in table] == [finding.claim for finding in looked_at]
    assert [line[2] for line in table] == [finding.verdict for finding in looked_at]
    words = " ".join(result.stdout.split())
    for finding in looked_at:
        assert " ".join(finding.reason.split()) in words
    waiting = f"{len(CLAIMS) - len(looked_at)} more claims wait for data that are not declared; which: "
    assert waiting + "cxstats claims --for FILE" in words
    assert "seed 3, cxstats" in words
    assert max(map(len, lines)) <= 80


def test_files_against_the_functions(run: Run, folder: Path, study: Path) -> None:
    result = run("validate", "study.toml", "--seed", "3", *OUTPUTS)
    assert (result.exit_code, result.stderr) == (0, "")
    expected = cx.validate(cx.Study.read(study), rng=3)
    expected.to_json(folder / "expected.json")
    assert (folder / "out.json").read_bytes() == (folder / "expected.json").read_bytes()
    command = "cxstats validate study.toml --html out.html --json out.json --markdown out.md --seed 3"
    for name in ("out.html", "out.md"):
        assert command in (folder / name).read_text(encoding="utf-8")
    assert result.stdout.endswith("written: out.html (html)\nwritten: out.json (json)\nwritten: out.md (markdown)\n")


def test_the_seed_of_a_run_repeats_it(run: Run, folder: Path, study: Path) -> None:
    run("validate", "study.toml", "--json", "first.json")
    first = (folder / "first.json").read_text(encoding="utf-8")
    run("validate", "study.toml", "--json", "second.json", "--seed", str(json.loads(first)["seed"]))
    assert (folder / "second.json").read_text(encoding="utf-8") == first


def test_several_studies_have_a_part_each_and_one_seed(run: Run, folder: Path, study: Path) -> None:
    (folder / "b.toml").write_text(STUDY.replace("2018", "2019"), encoding="utf-8")
    assert run("validate", "study.toml", "b.toml", "--json", "out.json").exit_code == 0
    parts = json.loads((folder / "out.json").read_text(encoding="utf-8"))["studies"]
    assert [part["title"] for part in parts] == ["Answers of 2018", "Answers of 2019"]
    assert parts[0]["seed"] == parts[1]["seed"]


def test_names_with_html_are_names(run: Run, folder: Path, study: Path, answers: pd.DataFrame) -> None:
    answers.rename(columns={"back": "<script>back"}).to_csv(folder / "answers.csv", index=False)
    study.write_text(STUDY.replace("[outcome.back]", "[outcome.'<script>back']").replace('"back"', '"<script>back"'))
    result = run("validate", "study.toml", *OUTPUTS)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "<script>back" in result.stdout
    assert "<script" not in (folder / "out.html").read_text(encoding="utf-8")
    assert claims_in(folder / "out.json")["nps-no-superiority"]["outcome"] == "<script>back"


# What concerns single claims leaves the others as they are: not-testable, with the reason, and exit status 0.
CONCERNS_CLAIMS = {
    "scale": (lambda d: d.assign(nps=d.nps.where(d.index > 2, 11)), "11"),
    "constant": (lambda d: d.assign(nps=7), "nps"),
    "one outcome class": (lambda d: d.assign(back=1), "600"),
    "few events": (lambda d: d.assign(back=(d.index % 20 == 0).astype(int)), "30"),
    "separation": (lambda d: d.assign(nps=10 * d.back), "nps"),
}


@pytest.mark.parametrize(("spoil", "word"), [pytest.param(*case, id=name) for name, case in CONCERNS_CLAIMS.items()])
def test_what_concerns_a_claim_makes_it_not_testable(
    run: Run,
    folder: Path,
    study: Path,
    answers: pd.DataFrame,
    spoil: Callable[[pd.DataFrame], pd.DataFrame],
    word: str,
) -> None:
    spoil(answers).to_csv(folder / "answers.csv", index=False)
    result = run("validate", "study.toml", "--json", "out.json")
    assert (result.exit_code, result.stderr) == (0, "")
    claim = claims_in(folder / "out.json")["nps-no-superiority"]
    assert claim["verdict"] == "not-testable"
    assert word in str(claim["reason"])


def in_study(old: str, new: str) -> Callable[[Path], None]:
    """Change the text of the study file."""

    def spoil(folder: Path) -> None:
        path = folder / "study.toml"
        assert old in STUDY
        path.write_text(STUDY.replace(old, new), encoding="utf-8")

    return spoil


def in_answers(change: Callable[[pd.DataFrame], pd.DataFrame], more: str = "") -> Callable[[Path], None]:
    """Change the data, and add to the study file (a section that it has already takes the place of that one)."""

    def spoil(folder: Path) -> None:
        change(pd.read_csv(folder / "answers.csv")).to_csv(folder / "answers.csv", index=False)
        kept = STUDY.replace(TABLE, "") if TABLE in more else STUDY
        (folder / "study.toml").write_text(kept + more, encoding="utf-8")

    return spoil


def overwritten(text: str) -> Callable[[Path], None]:
    """Put another text in the place of the data."""

    def spoil(folder: Path) -> None:
        (folder / "answers.csv").write_text(text, encoding="utf-8")

    return spoil


EASE = '[metric.ease]\ncolumn = "csat"\nkind = "ces"\nscale = "EASE5"\nversion_column = "asked"\n'
COUNT = ('evidence = "simulated"', 'evidence = "simulated"\ncount = "n"')
AGAIN = '[outcome.again]\ncolumn = "n"\ntype = "binary"\ngood = 1\nstarts = "window"\n'

REFUSED = {
    "unknown key": (in_study('kind = "nps"', 'kind = "nps"\nscales = "NPS"'), "metric.nps.scales"),
    "unknown column": (in_study('column = "csat"', 'column = "cast"'), "metric.csat.column"),
    "no direction": (in_study("good = 1\n", ""), "outcome.back.good"),
    "outside": (in_study('file = "answers.csv"', 'file = "../answers.csv"'), "table.customers.file"),
    "no such file": (in_study('file = "answers.csv"', 'file = "answer.csv"'), "table.customers.file"),
    "no TOML": (in_study("[study]", "[study"), "is no valid TOML"),
    "empty data": (overwritten(""), "is empty"),
    "duplicated column": (overwritten("nps,nps,csat,back\n1,2,3,1\n"), "'nps' stands more than once"),
    "text": (in_answers(lambda d: d.assign(nps=d.nps.astype(object).where(d.index > 0, "often"))), "metric.nps"),
    "mixed versions of CES": (
        in_answers(lambda d: d.assign(asked=["ces1", "ces2"] * 300), EASE),
        "metric.ease",
    ),
    "outcome before the metric": (
        in_answers(
            lambda d: d.assign(asked="2018-05-02", window="2018-05-01"),
            f'{TABLE}time = "asked"\n{AGAIN}',
        ),
        "outcome.again",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), [pytest.param(*case, id=name) for name, case in REFUSED.items()])
def test_refused_before_anything_is_written(
    run: Run, folder: Path, study: Path, spoil: Callable[[Path], None], message: str
) -> None:
    (folder / "sound.toml").write_text(STUDY.replace("answers.csv", "sound.csv"), encoding="utf-8")
    (folder / "sound.csv").write_bytes((folder / "answers.csv").read_bytes())
    spoil(folder)
    result = run("validate", "sound.toml", "study.toml", *OUTPUTS)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("cxstats: 'study.toml': ")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert {path.name for path in folder.iterdir()} == {"answers.csv", "study.toml", "sound.csv", "sound.toml"}


@pytest.mark.parametrize("value", [-1, 1.5])
def test_a_count_that_is_none(run: Run, folder: Path, study: Path, answers: pd.DataFrame, value: float) -> None:
    answers.assign(n=answers.n.where(answers.index > 0, value)).to_csv(folder / "answers.csv", index=False)
    study.write_text(STUDY.replace(*COUNT), encoding="utf-8")
    result = run("validate", "study.toml", *OUTPUTS)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "study.count" in result.stderr
    assert {path.name for path in folder.iterdir()} == {"answers.csv", "study.toml"}


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (("--html", "study.toml"), "--html must name a file of its own, but 'study.toml' is also what is read."),
        (("--html", "a", "--json", "a"), "--json must name a file of its own, but 'a' is also the file of --html."),
        (("--html", "no/a"), "--html must name a file that can be written, but 'no/a' cannot: there is no folder"),
    ],
)
def test_a_file_that_cannot_be_written(
    run: Run, folder: Path, study: Path, outputs: tuple[str, ...], message: str
) -> None:
    result = run("validate", "study.toml", *outputs)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"cxstats: {message}")
    assert study.read_text(encoding="utf-8") == STUDY
    assert {path.name for path in folder.iterdir()} == {"answers.csv", "study.toml"}


def test_a_study_file_that_is_not_there(run: Run, folder: Path) -> None:
    result = run("validate", "study.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("cxstats: 'study.toml'")
