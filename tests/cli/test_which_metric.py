"""``cxstats which-metric`` against the function behind it."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

import cxstats as cx

# JSON holds every digit of a float64: what is read back is the same number.
EXACT = 0.0

COMMAND = ("which-metric", "answers.csv", "--metric", "nps=NPS", "--metric", "csat=CSAT5", "--outcome", "back:good")


def test_json_against_the_function(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    result = run(*COMMAND, "--seed", "5", "--json", "out.json")
    assert (result.exit_code, result.stderr) == (0, "")
    expected = cx.which_metric(answers, outcome=cx.Binary("back"), metrics={"nps": cx.NPS, "csat": cx.CSAT5}, rng=5)
    document = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert document["schema"] == "cxstats-which-metric/1"
    assert (document["version"], document["seed"], document["best"]) == (cx.__version__, 5, "nps")
    assert (document["n"], document["n_missing"], document["fingerprint"]) == (600, 0, expected.fingerprint)
    assert [row["metric"] for row in document["rows"]] == ["nps", "csat"]
    for key, frame in (("rows", expected.to_frame()), ("differences", expected.differences())):
        for row, (_, wanted) in zip(document[key], frame.iterrows(), strict=True):
            assert row == {k: v if isinstance(v, str) else pytest.approx(v, abs=EXACT) for k, v in wanted.items()}


def test_bad_turns_the_areas_round(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    run(*COMMAND, "--json", "good.json")
    run(*COMMAND, "--outcome", "back:bad", "--json", "bad.json")
    good, bad = (
        {row["metric"]: row["estimate"] for row in json.loads((folder / name).read_text(encoding="utf-8"))["rows"]}
        for name in ("good.json", "bad.json")
    )
    assert bad == pytest.approx({metric: 1 - area for metric, area in good.items()}, rel=1e-12)


def test_the_seed_of_a_run_repeats_it(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    run(*COMMAND, "--json", "first.json")
    first = (folder / "first.json").read_text(encoding="utf-8")
    run(*COMMAND, "--json", "second.json", "--seed", str(json.loads(first)["seed"]))
    assert (folder / "second.json").read_text(encoding="utf-8") == first


def test_the_format_of_the_file_makes_no_difference(
    run: Callable[..., Result], folder: Path, answers: pd.DataFrame
) -> None:
    answers.sample(frac=1, random_state=1).to_parquet(folder / "answers.parquet")
    answers.to_excel(folder / "answers.xlsx", index=False)
    outputs = []
    for number, source in enumerate(("answers.csv", "answers.parquet", "answers.xlsx")):
        run("which-metric", source, *COMMAND[2:], "--seed", "5", "--json", f"{number}.json")
        outputs.append((folder / f"{number}.json").read_text(encoding="utf-8"))
    assert len(set(outputs)) == 1


def test_a_note_is_shown_once(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    answers["csat"] = answers.csat.where(answers.index > 20)
    answers.to_csv(folder / "answers.csv", index=False)
    result = run(*COMMAND)
    note = "21 rows had the outcome but not all metrics and were left out: same rows compared."
    assert (result.exit_code, result.output.count(note), result.stderr) == (0, 1, "")


def test_the_whole_comparison_with_a_figure(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    answers["tenure"] = range(600)
    answers.to_csv(folder / "answers.csv", index=False)
    options = ("--control", "tenure", "--segment", "segment", "--figure", "page.svg", "--json", "out.json")
    result = run(*COMMAND, *options, "--seed", "5")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (folder / "page.svg").read_text(encoding="utf-8").startswith("<?xml")
    document = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    expected = cx.which_metric(
        answers,
        outcome=cx.Binary("back"),
        metrics={"nps": cx.NPS, "csat": cx.CSAT5},
        controls=["tenure"],
        segments=["segment"],
        rng=5,
    )
    assert document["answers"] == list(expected.answers())
    assert document["verdict"] == expected.verdict()
    assert expected.parts.added_value is not None
    assert len(document["parts"]["added_value"]) == len(expected.parts.added_value.estimate)
    assert set(document["parts"]["by_segment"]) == {"segment"}
    assert "written: page.svg" in result.output


def test_spend_is_an_outcome_too(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    answers["spend"] = answers.nps + 2 * (answers.index % 7)
    answers.to_csv(folder / "answers.csv", index=False)
    result = run(*COMMAND[:-1], "spend:high", "--json", "out.json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads((folder / "out.json").read_text(encoding="utf-8"))["best"] == "nps"


def test_a_figure_of_no_known_format_is_refused_before_any_work(
    run: Callable[..., Result], folder: Path, answers: pd.DataFrame
) -> None:
    result = run(*COMMAND, "--figure", "page.jpeg", "--json", "out.json")
    assert result.exit_code == 2
    assert result.stderr.startswith("cxstats: A figure must be a file that ends in .svg, .png or .pdf")
    assert not (folder / "out.json").exists()


def test_a_time_until_an_event_against_the_function(run: Callable[..., Result], folder: Path) -> None:
    frame = cx.simulate.subscribers(3_000, rng=4)
    frame.to_csv(folder / "subscribers.csv", index=False)
    metrics = ("--metric", "nps=NPS", "--metric", "csat=CSAT5")
    outcome = ("--outcome", "cancelled:bad", "--time", "months", "--entry", "entered")
    result = run("which-metric", "subscribers.csv", *metrics, *outcome, "--seed", "5", "--json", "out.json")
    assert (result.exit_code, result.stderr) == (0, "")
    expected = cx.which_metric(
        frame,
        outcome=cx.Survival("months", "cancelled", "entered"),
        metrics={"nps": cx.NPS, "csat": cx.CSAT5},
        rng=5,
    )
    document = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert document["fingerprint"] == expected.fingerprint
    assert [row["estimate"] for row in document["rows"]] == pytest.approx(list(expected.estimate), abs=EXACT)
    result = run("which-metric", "subscribers.csv", *metrics, "--outcome", "cancelled:bad", "--entry", "entered")
    assert result.exit_code == 2
    assert "--entry entered says from when on customers were watched: --time must say until when." in result.stderr
