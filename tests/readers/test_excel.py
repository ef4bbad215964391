"""Excel against the values that openpyxl was told to write."""

from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from cxstats.errors import ColumnError, ReadError
from cxstats.readers.read import read


def book(path: Path, **sheets: list[list[object]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, lines in sheets.items():
        sheet = made.create_sheet(title)
        for line in lines:
            sheet.append(line)
    made.save(path)
    return path


def test_types(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx",
        answers=[
            ["id", "nps", "gap", "day", "flag", "mixed", "empty", None],
            ["a", 9, 1.5, date(2018, 1, 31), True, 1, None, "note"],
            [None, None, None, None, None, None, None, None],
            ["b", "NA", 2, None, False, "late", "#N/A", None],
        ],
    )
    found = read(path)
    assert found.columns.tolist() == ["id", "nps", "gap", "day", "flag", "mixed", "empty", "column7"]
    assert len(found) == 2
    np.testing.assert_array_equal(found.nps, [9, np.nan])
    assert found.gap.tolist() == [1.5, 2]
    assert found.day[0] == pd.Timestamp("2018-01-31")
    assert found.flag.tolist() == [True, False]
    assert found.mixed.tolist() == ["1", "late"]
    assert found["empty"].isna().all()


def test_sheets(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", notes=[["x"], [1]], answers=[["y"], [2]])
    assert read(path, sheet="answers").y.tolist() == [2]
    with pytest.raises(ReadError, match=r"a.xlsx' has 2 sheets: 'notes', 'answers'.\nSay which: sheet=\"notes\"."):
        read(path)
    with pytest.raises(ReadError, match=r"a.xlsx' has no sheet 'answer'; it has 'notes', 'answers'."):
        read(path, sheet="answer")


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match=r"'x' stands more than once"):
        read(book(tmp_path / "a.xlsx", s=[["x", "x"], [1, 2]]))
    with pytest.raises(ReadError, match=r"a.xlsx' is empty: the sheet holds no value"):
        read(book(tmp_path / "a.xlsx", s=[]))
    with pytest.raises(ColumnError, match=r"'z' is not a column of"):
        read(book(tmp_path / "a.xlsx", s=[["x"], [1]]), columns=["z"])


def test_a_formula_is_not_run(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", s=[["x", "y"], [1, "=1+1"]])
    assert read(path).y.isna().tolist() == [True]  # openpyxl stored no value for it, and none is computed
