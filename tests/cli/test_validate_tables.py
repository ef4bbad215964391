"""``cxstats validate --csv DIR --min-count N``: the tables, what is held back, and a disk that is full."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

import cxstats as cx
from cxstats.cli.validate import validate
from cxstats.report.csv import FILES
from cxstats.report.privacy import MIN_COUNT

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
kind = "nps"
scale = "NPS"

[metric.csat]
column = "csat"
kind = "csat"
scale = "CSAT5"
"""


@pytest.fixture
def study(folder: Path, answers: pd.DataFrame) -> Path:
    path = folder / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def test_the_tables_against_the_function(run: Run, folder: Path, study: Path) -> None:
    result = run("validate", "study.toml", "--seed", "3", "--csv", "tables", "--html", "out.html")
    assert (result.exit_code, result.stderr) == (0, "")
    cx.validate(cx.Study.read(study), rng=3).to_csv(folder / "expected")
    for name in FILES:
        assert (folder / "tables" / name).read_bytes() == (folder / "expected" / name).read_bytes()
    assert result.stdout.endswith("written: out.html (html)\nwritten: tables (csv)\n")
    page = (folder / "out.html").read_text(encoding="utf-8")
    assert "cxstats validate study.toml --html out.html --csv tables --seed 3" in page


def test_the_floor_of_counts_is_chosen_and_told(run: Run, folder: Path, study: Path, answers: pd.DataFrame) -> None:
    few = int((answers.nps == answers.nps.value_counts().idxmin()).sum())
    assert few > 0
    for floor, hidden in ((few, False), (few + 1, True)):
        result = run("validate", "study.toml", "--min-count", str(floor), "--csv", "t", "--html", "out.html")
        assert result.exit_code == 0
        counts = pd.read_csv(folder / "t" / "scores.csv").query("metric == 'nps'")["count"]
        assert counts.isna().any() == hidden
        assert ("--min-count" in (folder / "out.html").read_text(encoding="utf-8")) == (floor != MIN_COUNT)
    assert run("validate", "study.toml", "--min-count", "0").exit_code == 2


def test_the_default_is_that_of_the_report() -> None:
    assert validate.__defaults__ is not None
    assert MIN_COUNT in validate.__defaults__


def test_a_folder_that_cannot_be_is_refused_before_any_work(run: Run, folder: Path, study: Path) -> None:
    result = run("validate", "study.toml", "--csv", "study.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "cxstats: 'study.toml' must be a folder that can be written to, but it is a file.\nGive the name of a folder.\n"
    )


def test_a_table_is_not_written_over_what_is_read(run: Run, folder: Path, study: Path) -> None:
    study.rename(folder / "findings.csv")
    result = run("validate", "findings.csv", "--csv", ".")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("cxstats: --csv (findings.csv) must name a file of its own, but 'findings.csv' is ")
    assert (folder / "findings.csv").read_text(encoding="utf-8") == STUDY


class Full:
    """A file on a full disk: it takes a part of what it is given, and then no more."""

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY), "wb")

    def __enter__(self) -> "Full":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, content: bytes) -> int:
        self._file.write(content[: len(content) // 2])
        self._file.flush()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("option", [("--html", "out"), ("--json", "out"), ("--markdown", "out"), ("--csv", "new")])
def test_a_full_disk_leaves_the_old_report_whole_and_no_half_file(
    option: tuple[str, str], run: Run, folder: Path, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "out").write_text("the old report", encoding="utf-8")
    before = sorted(path.name for path in folder.iterdir())
    usual = Path.open

    def opened(path: Path, mode: str = "r", *rest: object, **more: object) -> object:
        return Full(path) if mode == "xb" else usual(path, mode, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", opened)
    result = run("validate", "study.toml", *option)
    assert (result.exit_code, result.stdout) == (2, "")
    at = "new/findings.csv" if option[1] == "new" else "out"
    assert result.stderr == (
        f"cxstats: '{at}' must be a file that can be written, but it cannot: No space left on device.\nGive another "
        "name or folder, or make room; what was there before is unchanged.\n"
    )
    assert (folder / "out").read_text(encoding="utf-8") == "the old report"
    assert sorted(path.name for path in folder.iterdir()) == before
