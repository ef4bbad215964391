"""The loader of the bundled data."""

import dataclasses
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

import cxstats as cx

NAMES = (
    "olist_deliveries", "sfo_2017", "simulated_cohort", "simulated_journeys", "simulated_service",
    "simulated_visits",
)  # fmt: skip
ROWS = {
    "olist_deliveries": 14_448,
    "sfo_2017": 2_831,
    "simulated_cohort": 40_000,
    "simulated_journeys": 6_000,
    "simulated_service": 10_000,
    "simulated_visits": 5_178,
}
LICENCE = {
    "olist_deliveries": "CC BY-NC-SA 4.0",
    "sfo_2017": "PDDL",
    "simulated_cohort": "MIT",
    "simulated_journeys": "MIT",
    "simulated_service": "MIT",
    "simulated_visits": "MIT",
}


def test_names() -> None:
    assert cx.datasets.names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_load_gives_counts_source_and_licence(name: str) -> None:
    data = cx.datasets.load(name)
    assert data.name == name
    counted = "n" in data.frame
    assert (data.frame["n"].sum() if counted else len(data.frame)) == ROWS[name]
    assert data.licence.startswith(LICENCE[name])
    assert data.evidence == ("simulated" if name.startswith("simulated_") else "real")
    assert data.study.name == f"{name}.toml"
    assert data.study.is_file()
    assert all((data.title, data.source, data.citation, data.note))
    cells = f" in {len(data.frame):,} " if counted else ""
    assert str(data).startswith(f"{name}: {data.title} ({data.evidence}; {ROWS[name]:,} rows{cells}")


def test_every_load_has_a_frame_of_its_own() -> None:
    first = cx.datasets.load("sfo_2017")
    first.frame["n"] = 0
    assert cx.datasets.load("sfo_2017").frame["n"].sum() == ROWS["sfo_2017"]


def test_dataset_is_frozen() -> None:
    data = cx.datasets.load("sfo_2017")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'evidence'"):
        data.evidence = "published"  # type: ignore[misc]


def test_unknown_name_is_refused_with_the_nearest() -> None:
    message = (
        r"^No data set is called 'olist'; there are 'olist_deliveries', 'sfo_2017', 'simulated_cohort', "
        r"'simulated_journeys', 'simulated_service', 'simulated_visits'\.\nNearest: 'olist_deliveries'\.$"
    )
    with pytest.raises(cx.ReadError, match=message):
        cx.datasets.load("olist")


def test_files_of_an_installed_package_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "_data"
    installed.mkdir()
    source = cx.datasets.load("sfo_2017").study
    for suffix in (".toml", ".csv"):
        (installed / f"sfo_2017{suffix}").write_bytes(source.with_suffix(suffix).read_bytes())
    monkeypatch.setattr(resources, "files", lambda package: tmp_path)
    assert cx.datasets.load("sfo_2017").study == installed / "sfo_2017.toml"


def test_data_that_are_nowhere_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "files", lambda package: tmp_path)
    monkeypatch.setattr(cx.datasets, "__file__", str(tmp_path / "cxstats" / "datasets.py"))
    with pytest.raises(
        cx.ReadError, match=r"^The bundled data must lie in .*_data, but it is not there\.\nInstall cxs"
    ):
        cx.datasets.load("sfo_2017")


def test_import_loads_no_pandas() -> None:
    code = "import sys, cxstats.datasets; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], check=False).returncode == 0
