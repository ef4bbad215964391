"""What the tests of the command line share: one way to run it in an empty folder."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from cxstats.cli.app import app

Run: TypeAlias = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder in which the command runs, 80 columns wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Run ``cxstats ARGUMENTS...`` in the folder; what no command catches reaches the test."""

    def _run(*arguments: str) -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments], prog_name="cxstats", catch_exceptions=False)

    return _run


@pytest.fixture
def answers(folder: Path) -> pd.DataFrame:
    """600 simulated answers with an outcome, also as ``answers.csv`` in the folder; returned to be spoilt."""
    rng = np.random.default_rng(7)
    back = rng.integers(0, 2, 600)
    frame = pd.DataFrame(
        {
            "nps": np.clip(np.round(6 + back + 2 * rng.normal(size=600)), 0, 10).astype(int),
            "csat": np.clip(np.round(3 + 0.2 * back + rng.normal(size=600)), 1, 5).astype(int),
            "back": back,
            "segment": np.where(np.arange(600) % 3, "private", "firm"),
            "n": 1,
        }
    )
    frame.to_csv(folder / "answers.csv", index=False)
    return frame
