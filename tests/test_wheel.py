"""The wheel in an environment that holds nothing but its dependencies. Run by ``.ci/run`` (``-m wheel``)."""

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

import cxstats

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).resolve().parents[1]
QUICKSTART = ROOT / "notebooks" / "00_quickstart.ipynb"


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel, and an empty folder to work in."""

    scripts: Path
    folder: Path

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "CXSTATS_DATA")}
        return subprocess.run(
            [self.scripts / program, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    home = tmp_path_factory.mktemp("empty")
    wheels = sorted((ROOT / "dist").glob("cxstats-*.whl"))
    assert len(wheels) == 1, f"'make wheel' leaves one wheel in dist, but there are {len(wheels)}"
    venv.create(home / "venv", with_pip=True)
    scripts = home / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    subprocess.run([scripts / "python", "-m", "pip", "install", "--quiet", str(wheels[0])], check=True, cwd=home)
    (home / "work").mkdir()
    return Installed(scripts, home / "work")


def test_only_what_it_needs_is_there(installed: Installed) -> None:
    done = installed.run("python", "-c", "import cxstats; print(cxstats.__file__)")
    assert str(installed.scripts.parent) in done.stdout, done.stderr
    for absent in ("pytest", "pyarrow", "polars", "sklearn", "IPython"):
        assert installed.run("python", "-c", f"import {absent}").returncode == 1


def test_version(installed: Installed) -> None:
    done = installed.run("cxstats", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"cxstats {cxstats.__version__}\n", "")


def test_validate_on_a_bundled_study(installed: Installed) -> None:
    where = installed.run("python", "-c", "import cxstats as cx; print(cx.datasets.load('simulated_cohort').study)")
    assert where.returncode == 0, where.stderr
    done = installed.run(
        "cxstats", "validate", where.stdout.strip(), "--seed", "1", "--html", "r.html", "--json", "r.json"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "delight-no-loyalty" in done.stdout
    assert (installed.folder / "r.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert json.loads((installed.folder / "r.json").read_text(encoding="utf-8"))["version"] == cxstats.__version__


def test_quickstart_as_a_script(installed: Installed) -> None:
    notebook = json.loads(QUICKSTART.read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert cells
    (installed.folder / "quickstart.py").write_text("\n\n".join(cells), encoding="utf-8")
    done = installed.run("python", "-W", "error", "quickstart.py")
    assert (done.returncode, done.stderr) == (0, "")
