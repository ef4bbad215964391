"""The tables as CSV: what a spreadsheet reads is what was found, and none of it is a formula."""

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from cxstats.claims.data_account import Correlation
from cxstats.errors import CxStatsError
from cxstats.report.csv import FILES, FORMULA, cell, defused, render_csv
from cxstats.report.json import render_json


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), strict=True))


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_text_that_a_spreadsheet_would_run_is_defused(given: str, written: str) -> None:
    assert defused(given) == written


def test_numbers_stay_numbers_and_what_is_none_is_empty() -> None:
    assert cell(-0.25) == -0.25
    assert cell(-3) == -3
    assert [cell(x) for x in (math.nan, math.inf, -math.inf, None)] == [None] * 4
    assert cell("-0.25") == "'-0.25"


def test_the_files_against_the_json(example: ModuleType) -> None:
    pair = Correlation(first="nps", second="csat", r=-0.61234567, n=4321)
    studies = [example.real(), replace(example.simulated(), correlations=(pair,))]
    files = render_csv(studies)
    known = json.loads(render_json(studies))["studies"]
    assert tuple(files) == FILES
    found = rows(files["findings.csv"])
    claims = [(study["title"], claim) for study in known for claim in study["claims"]]
    assert len(found) == len(claims)
    for line, (title, claim) in zip(found, claims, strict=True):
        assert line["study"] == title
        for name, text in line.items():
            value = title if name == "study" else claim[name]
            if isinstance(value, list):
                value = {"flags": " ", "methods": " ", "guards": " ", "reversed_in": "; "}[name].join(value)
            if isinstance(value, int | float):
                assert float(text) == value  # not rounded
            else:
                assert text == (value or "")
    parts = rows(files["parts.csv"])
    of = {"parts": "part", "levels": "level", "sensitivity": "sensitivity", "segments": "segment"}
    assert len(parts) == sum(len(claim[key]) for _, claim in claims for key in of)
    assert {line["of"] for line in parts} == {"part", "level", "sensitivity"}
    scores = rows(files["scores.csv"])
    given = [(s["metric"], v["count"]) for study in known for s in study["scores"] for v in s["distribution"]]
    assert [(line["metric"], int(line["count"])) for line in scores] == given
    tables = rows(files["tables.csv"])
    assert [int(line["read"]) for line in tables] == [15000, 5000]
    for line in tables:
        assert int(line["read"]) == sum(int(line[k]) for k in ("used", "filtered", "superseded", "unmatched"))
    assert rows(files["correlations.csv"]) == [
        {"study": studies[1].title, "first": "nps", "second": "csat", "r": "-0.61234567", "n": "4321"}
    ]


def test_hostile_text_stays_in_its_cell(example: ModuleType) -> None:
    for text in render_csv([example.hostile()]).values():
        table = list(csv.reader(io.StringIO(text), strict=True))
        assert len({len(line) for line in table}) == 1
        assert not [c for line in table for c in line if c.startswith(FORMULA) and not is_number(c)]
        assert "\x07" not in text
        assert "\u202e" not in text


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_the_folder_is_made_and_holds_the_files(tmp_path: Path, example: ModuleType) -> None:
    example.simulated().to_csv(tmp_path / "tables")
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == sorted(FILES)
    text = (tmp_path / "tables" / "scores.csv").read_bytes().decode("utf-8")
    assert text == render_csv([example.simulated()])["scores.csv"]
    assert text.startswith("study,metric,scale,score,")


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path, example: ModuleType) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    message = r"^'.*file' must be a folder that can be written to, but it is a file\.\nGive the name of a folder\.$"
    with pytest.raises(CxStatsError, match=message):
        example.real().to_csv(tmp_path / "file")
    message = (
        r"^'.*b' must be a folder that can be written to, but there is no folder '.*a' to make it in\.\n"
        r"Make that one first\.$"
    )
    with pytest.raises(CxStatsError, match=message):
        example.real().to_csv(tmp_path / "a" / "b")
