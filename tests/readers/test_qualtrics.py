"""A Qualtrics export against its own lines, cut apart by hand."""

import csv
import json
from pathlib import Path

import pytest

from cxstats.errors import ColumnError, ReadError
from cxstats.readers.read import names_of, read

NAMES = ["RecordedDate", "Finished", "Q1", "Q2_NPS", "note"]
TEXTS = ["Recorded Date", "Finished", "How easy,\nin all, was it?", 'Would you "recommend" us?', "Anything\r\nelse?"]
ANSWERS = [
    ["2018-03-01 10:00:00", "True", "6", "9", "fine, really"],
    ["2018-03-02 11:30:00", "False", "", "", ""],
    ["2018-03-02 11:31:00", "True", "7", "10", "two\nlines"],
]


def export(path: Path, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    imports = [json.dumps({"ImportId": f"QID{i}", "timeZone": "UTC"}) for i in range(len(NAMES))]
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows([NAMES, TEXTS, imports, *ANSWERS])
    return path


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"), [("a.csv", "utf-8", ","), ("a.csv", "utf-8-sig", ","), ("a.tsv", "utf-16", "\t")]
)
def test_the_answers_alone_are_read(tmp_path: Path, name: str, encoding: str, delimiter: str) -> None:
    path = export(tmp_path / name, encoding, delimiter)
    given = None if encoding.startswith("utf-8") else encoding
    found = read(path, format="qualtrics", encoding=given)
    assert found.columns.tolist() == NAMES
    assert found.Finished.tolist() == [True, False, True]
    assert found.Q1.tolist()[::2] == [6, 7]
    assert found.Q2_NPS.isna().tolist() == [False, True, False]
    assert found.note.tolist()[::2] == ["fine, really", "two\nlines"]
    assert [str(t) for t in found.RecordedDate] == [row[0] for row in ANSWERS]
    assert names_of(path, format="qualtrics", encoding=given) == NAMES


def test_columns_chosen(tmp_path: Path) -> None:
    path = export(tmp_path / "a.csv")
    assert read(path, format="qualtrics", columns=["Q2_NPS"]).columns.tolist() == ["Q2_NPS"]
    with pytest.raises(ColumnError, match=r"'Q2' is not a column of '.*a.csv'"):
        read(path, format="qualtrics", columns=["Q2"])


def test_a_plain_csv_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Q1,Q2\n1,2\n3,4\n5,6\n")
    with pytest.raises(ReadError, match=r"must have the three header rows of a Qualtrics export .* holds no ImportId"):
        read(path, format="qualtrics")
    path.write_text("Q1,Q2\n")
    with pytest.raises(ReadError, match=r"must have the three header rows"):
        read(path, format="qualtrics")
