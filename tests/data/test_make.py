"""The scripts beside the bundled tables make them again, byte for byte."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"


def run(script: str, folder: Path, originals: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("CXSTATS_DATA", None)
    if originals is not None:
        environment["CXSTATS_DATA"] = originals
    command = [sys.executable, str(DATA / script), str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def originals() -> str:
    if "CXSTATS_DATA" not in os.environ:
        pytest.skip("CXSTATS_DATA is not set: the original files are not part of the repository")
    return str(Path(os.environ["CXSTATS_DATA"]).absolute())


@pytest.mark.parametrize(
    ("script", "table"),
    [
        ("make_simulated.py", "simulated_cohort.csv"),
        ("make_simulated_journeys.py", "simulated_journeys.csv"),
        ("make_simulated_service.py", "simulated_service.csv"),
        ("make_simulated_visits.py", "simulated_visits.csv"),
    ],
)
def test_simulated_data_are_made_again(script: str, table: str, tmp_path: Path) -> None:
    done = run(script, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / table).read_bytes() == (DATA / table).read_bytes()


def test_olist_deliveries_are_made_again(tmp_path: Path, originals: str) -> None:
    done = run("make_olist.py", tmp_path, originals)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "olist_deliveries.csv").read_bytes() == (DATA / "olist_deliveries.csv").read_bytes()
    assert "days_early: clipped to [-11, 20]" in done.stdout
    assert "254 rows were moved up to -11, 2,050 down to 20" in done.stdout


def test_sfo_2017_is_made_again(tmp_path: Path, originals: str) -> None:
    done = run("make_sfo.py", tmp_path, originals)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "sfo_2017.csv").read_bytes() == (DATA / "sfo_2017.csv").read_bytes()


@pytest.mark.parametrize("script", ["make_olist.py", "make_sfo.py"])
def test_originals_that_are_not_there(script: str, tmp_path: Path) -> None:
    without, wrong = run(script, tmp_path), run(script, tmp_path, originals=str(tmp_path))
    assert without.returncode == wrong.returncode == 1
    assert without.stderr.startswith("CXSTATS_DATA must name the folder that holds the original files, but it is not")
    assert wrong.stderr.startswith("CXSTATS_DATA must hold a folder '")
    assert not list(tmp_path.iterdir())
