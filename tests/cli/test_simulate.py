"""``cxstats simulate``: the file that is written, the truth that is told, and what is refused without a trace of it."""

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

import cxstats as cx

Run = Callable[..., Result]
ERRORS = 4.0
OFFERED = [
    "cohort", "complements", "intentions", "journeys", "leak", "linear_rating", "service", "shapes", "spenders",
    "subscribers",
]  # fmt: skip


def read(path: Path) -> pd.DataFrame:
    frame: pd.DataFrame = pd.read_csv(path) if path.suffix.lower() == ".csv" else cx.scan(str(path)).df()
    return frame


def test_without_a_name_all_are_listed(run: Run, folder: Path) -> None:
    result = run("simulate")
    assert (result.exit_code, result.stderr) == (0, "")
    head, *lines = result.stdout.splitlines()
    assert head == "Data that can be simulated:"
    assert [found[1] for line in lines if (found := re.match(r"  (\w+)  +\w", line))][: len(OFFERED)] == OFFERED
    assert result.stdout.endswith(
        "  subscribers    scores and the months until subscribers cancel, watched from\n"
        "                 the survey on\n"
        "\n"
        "cx.simulate in Python has parameters for each, and more: encounters, firms,\n"
        "  industries and visits.\n"
    )
    assert list(folder.iterdir()) == []


def test_all_with_one_row_for_each_are_offered() -> None:
    """What cx.simulate holds with a truth beside it, apart from those that the list names for Python."""
    functions = {name for name, f in vars(cx.simulate).items() if inspect.isfunction(f)}
    with_truth = {name for name in functions if f"{name}_truth" in functions} | {"cohort"}
    assert sorted(with_truth - {"encounters", "firms", "industries", "visits"}) == OFFERED


@pytest.mark.parametrize("name", OFFERED)
def test_the_file_holds_what_the_function_draws(run: Run, folder: Path, name: str) -> None:
    result = run("simulate", name, "--rows", "60", "--out", "rows.csv", "--seed", "7", "--truth")
    assert (result.exit_code, result.stderr) == (0, "")
    known = getattr(cx.simulate, name)(60, rng=7)
    pd.testing.assert_frame_equal(read(folder / "rows.csv"), known, check_dtype=False, check_exact=True)
    told, true = result.stdout.split("\nTrue of the population that they were drawn from:\n")
    first, *columns, seed = told.splitlines()
    assert first == "60 rows of simulated data, about no real customers: rows.csv"
    assert " ".join(line.strip() for line in columns) == f"columns: {', '.join(known)}"
    assert seed == "seed: 7"
    assert true.startswith("- ")
    assert not re.search(r"nan|array|mappingproxy|<", true)


def test_the_truth_is_that_of_the_population(run: Run) -> None:
    result = run("simulate", "subscribers", "--rows", "5", "--out", "rows.csv", "--seed", "1", "--truth")
    truth = cx.simulate.subscribers_truth()
    concordance = ", ".join(f"{metric} {value:.4g}" for metric, value in truth.concordance.items())
    assert result.stdout == (
        "5 rows of simulated data, about no real customers: rows.csv\n"
        "columns: nps, csat, ease, entered, months, cancelled\n"
        "seed: 1\n"
        "\n"
        "True of the population that they were drawn from:\n"
        "- hazard ratio of cancelling per SD, the other scores being equal: nps 0.85,\n"
        "  csat 0.7, ease 0.9\n"
        f"- concordance with staying: {concordance}\n"
        "- the best single score: csat\n"
        f"- share who are seen to cancel: {truth.cancelled:.4g}\n"
    )


def test_a_truth_by_outcome_and_metric(run: Run) -> None:
    shown = " ".join(run("simulate", "spenders", "--rows", "5", "--out", "rows.csv", "--truth").stdout.split())
    for outcome, values in cx.simulate.spenders_truth().concordance.items():
        assert f"{outcome} (nps {values['nps']:.4g}, csat {values['csat']:.4g}, ease {values['ease']:.4g})" in shown


def test_the_truth_only_on_request(run: Run) -> None:
    result = run("simulate", "leak", "--rows", "5", "--out", "rows.csv", "--seed", "1")
    assert len(result.stdout.splitlines()) == 3
    assert "0.92" not in result.stdout


@pytest.mark.parametrize("out", ["rows.parquet", "ROWS.CSV"])
def test_a_seed_that_was_drawn_is_told_and_makes_the_same_rows(run: Run, folder: Path, out: str) -> None:
    told = run("simulate", "service", "--rows", "80", "--out", out).stdout
    seed = re.search(r"^seed: (\d+) \(drawn; with --seed it makes the same file again\)$", told, re.M)
    assert seed is not None
    first = read(folder / out)
    assert run("simulate", "service", "--rows", "80", "--out", out, "--seed", seed[1]).exit_code == 0
    pd.testing.assert_frame_equal(read(folder / out), first, check_exact=True)
    other = run("simulate", "service", "--rows", "80", "--out", out).stdout
    assert other != told
    assert [path.name for path in folder.iterdir()] == [out]


def test_one_row(run: Run, folder: Path) -> None:
    told = run("simulate", "cohort", "--rows", "1", "--out", "row.csv").stdout
    assert told.startswith("1 row of simulated data, about no real customers: row.csv\n")
    assert (folder / "row.csv").read_text().splitlines()[0] == "nps,csat,ease,days_early,repurchase"
    assert len(read(folder / "row.csv")) == 1


def test_an_analysis_finds_what_was_told_in_simulation(run: Run, folder: Path) -> None:
    assert run("simulate", "cohort", "--rows", "8000", "--out", "customers.csv", "--seed", "3").exit_code == 0
    result = run(
        "which-metric", "customers.csv", "--metric", "nps=NPS", "--metric", "csat=CSAT5", "--outcome",
        "repurchase:good", "--seed", "1", "--json", "found.json",
    )  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    assert found["best"] == "csat"
    (difference,) = found["differences"]
    truth = cx.simulate.truth().auc
    assert abs(difference["estimate"] - (truth["nps"] - truth["csat"])) < ERRORS * difference["std_error"]


USUAL = ("--rows", "5", "--out", "rows.csv")
UNKNOWN, ALL = "Nothing that can be simulated is called ", "'cxstats simulate' lists all."
ENDING = "--out must be a file that ends in .parquet or .csv, but 'rows.xlsx' was given."
FOLDER = "--out must name a file that can be written, but 'there/rows.csv' cannot: there is no folder '{folder}/there'."
NEITHER = """--rows and --out must say how many rows to simulate and where to write them.
Such as: cxstats simulate cohort --rows 5000 --out cohort.csv"""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cohrt", *USUAL), UNKNOWN + "'cohrt'. Nearest: 'cohort'.\n" + ALL),
        (("linear-rating", *USUAL), UNKNOWN + "'linear-rating'. Nearest: 'linear_rating'.\n" + ALL),
        (("zzz", *USUAL), UNKNOWN + "'zzz'.\n" + ALL),
        (("cohort", "--rows", "5"), NEITHER),
        (("cohort", "--out", "rows.csv"), NEITHER),
        (USUAL, "With '--rows', '--out' a NAME must say what to simulate.\n" + ALL),
        (("--truth",), "With '--truth' a NAME must say what to simulate.\n" + ALL),
        (("cohort", "--rows", "5", "--out", "rows.xlsx"), ENDING),
        (("cohort", "--rows", "5", "--out", "there/rows.csv"), FOLDER),
    ],
)
def test_what_cannot_be_done_is_refused(run: Run, folder: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run("simulate", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"cxstats: {message.format(folder=folder)}\n"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value"), [("--rows", "0"), ("--rows", "10000001"), ("--rows", "2.5"), ("--seed", "-1")]
)
def test_numbers_out_of_range_are_refused(run: Run, folder: Path, option: str, value: str) -> None:
    result = run("simulate", "cohort", *USUAL, option, value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Error: Invalid value for '{option}'" in result.stderr
    assert "Traceback" not in result.stderr
    assert list(folder.iterdir()) == []


def test_a_file_that_was_there_stays_until_all_is_well(run: Run, folder: Path) -> None:
    (folder / "rows.csv").write_text("older")
    assert run("simulate", "cohrt", *USUAL).exit_code == 2
    assert (folder / "rows.csv").read_text() == "older"
    assert run("simulate", "cohort", *USUAL).exit_code == 0
    assert len(read(folder / "rows.csv")) == 5
