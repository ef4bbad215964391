"""Ctrl-C while ``cxstats validate`` works: it ends at once, and no half of a file is left."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import cxstats as cx

STUDY = """
cxstats = 1
[study]
title = "Many"
evidence = "simulated"
[table.cohort]
file = "cohort.parquet"
[metric.nps]
column = "nps"
scale = "NPS"
[metric.csat]
column = "csat"
scale = "CSAT5"
[metric.ease]
column = "ease"
version = "ces2"
scale = "EASE7"
[controls]
columns = ["tenure"]
[outcome.repurchase]
column = "repurchase"
type = "binary"
good = 1
after = true
"""
_MAIN = "from cxstats.cli import main; main()"
IN_TIME = 30  # seconds; it takes a fraction of one, and a busy machine several


@pytest.fixture
def study(tmp_path: Path) -> Path:
    rows = cx.simulate.cohort(200_000, rng=1)
    rows.assign(tenure=rows.index % 997 / 7).to_parquet(tmp_path / "cohort.parquet")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("stage", ["metric-best-retention", "combine-metrics"])
def test_interrupted_work_leaves_the_old_report_whole(study: Path, stage: str) -> None:
    (study / "out.html").write_text("the report of yesterday", encoding="utf-8")
    before = sorted(path.name for path in study.iterdir())
    command = [sys.executable, "-c", _MAIN, "validate", "study.toml", "--verbose", "--html", "out.html"]
    with subprocess.Popen(command, cwd=study, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if stage in line:
                break
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=IN_TIME)
    assert running.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert sorted(path.name for path in study.iterdir()) == before
    assert (study / "out.html").read_text(encoding="utf-8") == "the report of yesterday"
