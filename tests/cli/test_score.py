"""``cxstats score`` against numbers counted by hand and the functions behind it."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

import cxstats as cx

# JSON holds every digit of a float64: what is read back is the same number.
EXACT = 0.0
ROUNDING = 1e-12


def test_each_kind_of_metric_has_its_usual_scores(
    run: Callable[..., Result], folder: Path, answers: pd.DataFrame
) -> None:
    result = run("score", "answers.csv", "--metric", "nps=NPS", "--metric", "csat=CSAT5", "--json", "out.json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [line for line in result.stdout.splitlines() if line in _HEADS] == list(_HEADS)
    rows = json.loads((folder / "out.json").read_text(encoding="utf-8"))["rows"]
    by_hand = {
        "net promoter score": 100 * ((answers.nps >= 9).mean() - (answers.nps <= 6).mean()),
        "top-two share": (answers.csat >= 4).mean(),
        "mean": answers.csat.mean(),
    }
    assert {row["score"]: row["estimate"] for row in rows} == pytest.approx(by_hand, rel=ROUNDING)


_HEADS = ("nps: net promoter score", "csat: top-two share", "csat: mean")


def test_a_scale_by_its_bounds_gets_a_mean(run: Callable[..., Result], answers: pd.DataFrame) -> None:
    result = run("score", "answers.csv", "--metric", "nps=0-10:bad")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "nps: mean")


def test_json_against_the_function(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    answers.loc[:9, "nps"] = None
    answers.to_csv(folder / "answers.csv", index=False)
    run("score", "answers.csv", "--metric", "nps=NPS", "--by", "segment", "--json", "out.json")
    text = (folder / "out.json").read_text(encoding="utf-8")
    document = json.loads(text)
    expected = cx.net_promoter(answers, metric="nps", scale=cx.NPS, by="segment").to_frame()
    assert sorted(document) == ["fingerprint", "n", "n_missing", "notes", "rows", "schema", "seed", "version"]
    assert document["schema"] == "cxstats-score/1"
    assert document["version"] == cx.__version__
    assert document["seed"] is None
    assert (document["n"], document["n_missing"]) == (590, 10)
    assert "NaN" not in text
    for row, (_, wanted) in zip(document["rows"], expected.iterrows(), strict=True):
        assert (row["metric"], row["group"], row["n"], row["n_missing"]) == ("nps", wanted.group, 590, 10)
        for name in ("estimate", "std_error", "ci_low", "ci_high", "statistic", "p_value"):
            shown = None if pd.isna(wanted[name]) else pytest.approx(wanted[name], abs=EXACT)
            assert row[name] == shown


def test_the_format_of_the_file_makes_no_difference(
    run: Callable[..., Result], folder: Path, answers: pd.DataFrame
) -> None:
    answers.to_parquet(folder / "answers.parquet")
    answers.to_excel(folder / "answers.xlsx", index=False)
    (folder / "parts").mkdir()
    answers[:300].to_csv(folder / "parts" / "a.csv", index=False)
    answers[300:].to_csv(folder / "parts" / "b.csv", index=False)
    outputs = []
    for number, source in enumerate(("answers.csv", "answers.parquet", "answers.xlsx", "parts", "parts/*.csv")):
        name = f"out{number}.json"
        assert run("score", source, "--metric", "nps=NPS", "--by", "segment", "--json", name).exit_code == 0
        outputs.append((folder / name).read_text(encoding="utf-8"))
    assert len(set(outputs)) == 1


def test_counted_rows_score_as_the_rows_themselves(
    run: Callable[..., Result], folder: Path, answers: pd.DataFrame
) -> None:
    counted = answers.groupby("nps", as_index=False)["n"].sum()
    counted.to_csv(folder / "counted.csv", index=False)
    rows = run("score", "answers.csv", "--metric", "nps=NPS").stdout
    assert run("score", "counted.csv", "--metric", "nps=NPS", "--count", "n").stdout == rows


def test_names_with_html_are_names(run: Callable[..., Result], folder: Path, answers: pd.DataFrame) -> None:
    answers.rename(columns={"nps": "<b>[red]nps"}).to_csv(folder / "answers.csv", index=False)
    result = run("score", "answers.csv", "--metric", "<b>[red]nps=NPS", "--json", "out.json")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "<b>[red]nps: net promoter score")
    assert json.loads((folder / "out.json").read_text(encoding="utf-8"))["rows"][0]["metric"] == "<b>[red]nps"
