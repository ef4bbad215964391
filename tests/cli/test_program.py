"""The program as a user starts it: in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import cxstats

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, "-c", "from cxstats.cli import main; main()"]


def start(folder: Path, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
    """``cxstats ARGUMENTS...`` in the folder, with pipes for its output."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **variables}
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def ended(folder: Path, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr."""
    with start(folder, *arguments, **variables) as process:
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """A folder with ``answers.csv``."""
    lines = [f"{score},{int(score > 4)}" for score in range(11) for _ in range(20)]
    (tmp_path / "answers.csv").write_text("nps,back\n" + "\n".join(lines) + "\n")
    return tmp_path


def test_version(tmp_path: Path) -> None:
    assert ended(tmp_path, "--version") == (0, f"cxstats {cxstats.__version__}\n", "")


def test_help_lists_the_commands(tmp_path: Path) -> None:
    status, out, err = ended(tmp_path, "--help")
    assert (status, err) == (0, "")
    commands = [line.split()[0] for line in out.split("Commands:\n")[1].splitlines()]
    assert commands == [
        "init", "register", "validate", "claims", "which-metric", "power", "score", "features", "methods", "simulate",
    ]  # fmt: skip


def test_help_loads_nothing_slow(tmp_path: Path) -> None:
    """What makes the start slow is what is imported; the seconds themselves are measured in benchmarks/."""
    program = (
        "import atexit, sys\n"
        "slow = {'numpy', 'pandas', 'scipy', 'duckdb', 'matplotlib', 'narwhals', 'jinja2', 'pydantic'}\n"
        "atexit.register(lambda: print(sorted(slow & set(sys.modules))))\n"
        "from cxstats.cli import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--help"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_stderr_is_clean_when_files_were_read_by_duckdb(answers: Path) -> None:
    status, out, err = ended(answers, "score", "answers.csv", "--metric", "nps=NPS")
    assert (status, err) == (0, "")
    assert out.startswith("nps: net promoter score\n")


def test_a_refusal_without_traceback(answers: Path) -> None:
    status, out, err = ended(answers, "score", "answers.csv", "--metric", "nps=CSAT5")
    assert (status, out) == (2, "")
    assert err.startswith(
        "cxstats: 'nps' must hold whole numbers 1 to 5 (CSAT), but 120 of 220 rows do not: 0 (20 rows), "
    )
    assert "Traceback" not in err


def test_a_terminal_that_does_not_know_every_character(answers: Path) -> None:
    status, out, err = ended(answers, "score", "answers.csv", "--metric", "nps=NPS", PYTHONIOENCODING="latin-1")
    assert (status, err) == (0, "")
    assert out.splitlines()[2].strip("?") == ""


def test_a_reader_that_leaves_early(tmp_path: Path) -> None:
    with start(tmp_path, "methods") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert err == ""
