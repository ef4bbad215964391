"""csv and tsv against pandas, and against files whose traps were written by hand."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas._libs.parsers import STR_NA_VALUES
from pandas.testing import assert_frame_equal

from cxstats.errors import ColumnError, ReadError
from cxstats.readers.infer import MISSING
from cxstats.readers.read import read

# pandas turns a decimal text into a double that may be a few units in the last place beside the nearest one.
LAST_DIGIT = 1e-14


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def kinds(frame: Any) -> list[str]:
    return ["O" if not isinstance(d, np.dtype) else d.kind for d in frame.dtypes]


def test_missing_values_are_those_of_pandas() -> None:
    assert sorted(MISSING) == sorted(STR_NA_VALUES)


CELLS = st.one_of(
    st.sampled_from(["", "NA", "null", "NaN", "N/A", "#N/A"]),
    st.integers(-(10**12), 10**12).map(str),
    st.floats(-1e6, 1e6).map(repr),
    st.sampled_from(["a", "b c", "é", "x,y", 'say "no"', "two\nlines", "1 2", "#1"]),
)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=20))
def test_read_against_pandas(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]) -> None:
    path = tmp_path_factory.mktemp("drawn") / "drawn.csv"
    pd.DataFrame(rows, columns=["a", "b", "c"]).to_csv(path, index=False)
    expected = pd.read_csv(path)
    found = read(path)
    assert_frame_equal(found, expected, check_dtype=False, rtol=LAST_DIGIT, atol=0)
    for name in expected.columns:
        assert (found[name].dtype.kind == "O") == (expected[name].dtype.kind == "O")


def test_a_late_word_makes_the_column_text(tmp_path: Path) -> None:
    n = 100_000
    path = written(tmp_path / "late.csv", "score,id\n" + "".join(f"{i % 7},{i}\n" for i in range(n)) + "none,1\n")
    found = read(path)
    assert found.score.tolist() == [str(i % 7) for i in range(n)] + ["none"]
    assert found.id.dtype == np.int64


def test_a_late_fraction_makes_the_column_a_number(tmp_path: Path) -> None:
    path = written(tmp_path / "late.csv", "x\n" + "1\n" * 20_000 + "1.5\n")
    found = read(path)
    assert found.x.dtype == np.float64
    assert found.x.sum() == 20_001.5


def test_hundreds_of_columns_whose_last_row_settles_the_type_against_pandas(tmp_path: Path) -> None:
    """More than are looked at again at once, in every change from what the first rows are to what all are."""
    first = {"whole": "7", "number": "1.5", "true": "True", "word": "yes", "empty": ""}
    changes = [(a, b) for a in first for b in first]
    columns = {f"{a}-{b}-{i}": [first[a]] * 2_100 + [first[b]] for a, b in changes for i in range(30)}
    path = tmp_path / "wide.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    found, expected = read(path), pd.read_csv(path, low_memory=False)
    for name in columns:
        if name.startswith(("true-", "empty-true", "word-true", "whole-true", "number-true")):
            continue  # pandas turns true and false among other words into objects of their own
        assert_frame_equal(found[[name]], expected[[name]], check_dtype=False)
        assert (found[name].dtype.kind in "OU") == (expected[name].dtype.kind in "OU")
    assert found["true-true-0"].dtype == bool
    assert found["empty-true-29"].dropna().tolist() == [True]
    assert found["true-empty-7"].notna().sum() == 2_100
    assert set(found["true-word-3"]) == {"True", "yes"}
    assert set(found["whole-true-3"]) == {"7", "True"}


def test_values_that_come_late_settle_the_type(tmp_path: Path) -> None:
    path = written(tmp_path / "late.csv", "x,y\n" + "1,\n" * 20_000 + "1,2018-01-31\n")
    assert read(path).y.iloc[-1] == pd.Timestamp("2018-01-31")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(tmp_path: Path, separator: str) -> None:
    path = written(tmp_path / "f.csv", f"a{separator}b{separator}c d\n1{separator}x{separator}\n")
    assert read(path).to_dict("list") == {"a": [1], "b": ["x"], "c d": [pytest.approx(np.nan, nan_ok=True)]}


def test_a_semicolon_file_with_decimal_commas(tmp_path: Path) -> None:
    path = written(tmp_path / "f.csv", "a;b\n1,5;2\n-0,25;3\n")
    assert read(path).a.tolist() == ["1,5", "-0,25"]
    assert read(path, decimal=",").a.tolist() == [1.5, -0.25]


def test_identifiers_and_words_stay_text(tmp_path: Path) -> None:
    path = written(
        tmp_path / "f.csv",
        "zip,long,answer,short,plus,day,clock\n"
        "00501,12345678901234567890,yes,T,+49,13/02/2018,10:30\n"
        "10115,12345678901234567891,no,F,+44,01/02/2018,11:30\n",
    )
    expected = pd.read_csv(path, dtype=str)
    assert_frame_equal(read(path), expected, check_dtype=False)


def test_true_and_false(tmp_path: Path) -> None:
    path = written(tmp_path / "f.csv", "a,b,c\ntrue,TRUE,true\nFalse,false,\n")
    found = read(path)
    assert found.a.tolist() == found.b.tolist() == [True, False]
    assert found.c.tolist() == [True, None]


def test_times(tmp_path: Path) -> None:
    path = written(
        tmp_path / "f.csv",
        "day,clock,zoned\n"
        "2018-01-31,2018-01-31 10:00,2018-01-31T10:00:00+02:00\n"
        "2018-02-01,2018-02-01T00:00:01.5,2018-02-01 00:00:00Z\n",
    )
    found = read(path)
    assert found.day.tolist() == [pd.Timestamp("2018-01-31"), pd.Timestamp("2018-02-01")]
    assert found.clock.tolist() == [pd.Timestamp("2018-01-31 10:00"), pd.Timestamp("2018-02-01 00:00:01.5")]
    assert found.zoned.tolist() == [pd.Timestamp("2018-01-31 08:00"), pd.Timestamp("2018-02-01")]


def test_a_day_that_does_not_exist_makes_the_column_text(tmp_path: Path) -> None:
    path = written(tmp_path / "f.csv", "day\n2018-02-28\n2018-02-30\n")
    assert read(path).day.tolist() == ["2018-02-28", "2018-02-30"]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"\xef\xbb\xbfcaf\xc3\xa9,b\n\xc3\xa9,1\n", None),
        ("café,b\né,1\n".encode("latin-1"), "latin-1"),
        ("café,b\né,1\n".encode("cp1252"), "cp1252"),
        ("café,b\né,1\n".encode("utf-16"), "utf-16"),
    ],
)
def test_encodings(tmp_path: Path, content: bytes, encoding: str | None) -> None:
    path = written(tmp_path / "f.csv", content)
    assert read(path, encoding=encoding).to_dict("list") == {"café": ["é"], "b": [1]}


def test_a_wrong_encoding_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "f.csv", "a,b\n" + "x,1\n" * 50_000 + "é,1\n")
    path.write_bytes(path.read_text().encode("latin-1"))
    with pytest.raises(ReadError, match=r"f.csv' must be text in UTF-8.*\n.*encoding=\"latin-1\""):
        read(path)
    with pytest.raises(ReadError, match=r"cannot be read as text in ascii|must be text in UTF-8"):
        read(path, encoding="ascii")
    with pytest.raises(ReadError, match=r"encoding must be one that Python knows, .* not 'latin1x'"):
        read(path, encoding="latin1x")


def test_packed(tmp_path: Path) -> None:
    packed = gzip.compress(b"a,b\n" + b"".join(b"%d,2\n" % i for i in range(10_000)))
    assert len(read(written(tmp_path / "f.csv.gz", packed))) == 10_000
    assert len(read(written(tmp_path / "f.tsv.gz", gzip.compress(b"a\tb\n1\t2\n")))) == 1


def test_a_packed_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"a,b\n" + b"1,2\n" * 10_000)
    with pytest.raises(ReadError, match=r"f.csv.gz' cannot be read as csv: .*end-of-stream"):
        read(written(tmp_path / "f.csv.gz", packed[:-20]))
    with pytest.raises(ReadError, match=r"f.csv.gz' cannot be read as csv: Not a gzipped file"):
        read(written(tmp_path / "f.csv.gz", b"a,b\n1,2\n"))


def test_no_row_is_taken_for_a_comment_or_for_the_header(tmp_path: Path) -> None:
    path = written(tmp_path / "f.csv", "a,b\n#1,2\n3,4\n")
    assert read(path).a.tolist() == ["#1", "3"]
    for ragged, line, n in [("a,b\n1,2\n3\n4,5\n", 3, 1), ("a,b\n1,2,3\n", 2, 3), ("a,b\n1,2\n3\n4,5,6\n", 3, 1)]:
        message = f"f.csv' cannot be read as csv: .*CSV Error on Line: {line}. Expected Number of Columns: 2 Found: {n}"
        with pytest.raises(ReadError, match=message):
            read(written(path, ragged))


def test_no_line_of_the_data_is_printed(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        read(written(tmp_path / "f.csv", "a,b\n1,2\nsecret@example.org\n"))
    assert "secret" not in str(caught.value)


def test_quotation_marks_and_line_ends(tmp_path: Path) -> None:
    body = b'a,b\r\n"x, ""q""",2\r\n"two\r\nlines",3\r\n'
    assert read(written(tmp_path / "f.csv", body)).a.tolist() == ['x, "q"', "two\r\nlines"]
    with pytest.raises(ReadError, match=r"f.csv' cannot be read as csv: .*unterminated quote"):
        read(written(tmp_path / "f.csv", 'a,b\n"x,2\n3,4\n'))
    with pytest.raises(ReadError, match=r"f.csv' cannot be read as csv: its lines do not all end alike"):
        read(written(tmp_path / "f.csv", b"a,b\r\n1,2\n3,4\r\n"))


def test_many_lines_within_quotation_marks_against_pandas(tmp_path: Path) -> None:
    n = 60_000
    text = [f"line {i}\n\n, second; {i}" if i % 3 else f'"{i}"' for i in range(n)]
    path = tmp_path / "f.csv"
    pd.DataFrame({"i": range(n), "text": text, "y": np.arange(n) % 2}).to_csv(path, index=False)
    assert_frame_equal(read(path), pd.read_csv(path), check_dtype=False)


def test_the_header(tmp_path: Path) -> None:
    assert read(written(tmp_path / "f.csv", ' a ,"b\nc",\n1,2,3\n')).columns.tolist() == ["a", "b\nc", "column2"]
    hostile = '<script>alert(1)</script>,"a""b; DROP TABLE x",select\n1,2,3\n'
    assert read(written(tmp_path / "f.csv", hostile)).columns.tolist() == [
        "<script>alert(1)</script>",
        'a"b; DROP TABLE x',
        "select",
    ]
    assert len(read(written(tmp_path / "f.csv", "a,b\n"))) == 0


@pytest.mark.parametrize(("header", "named"), [("a,b,a", "'a' stands"), ("nps,NPS,b", "'NPS', 'nps' stand")])
def test_a_repeated_column_name_is_refused(tmp_path: Path, header: str, named: str) -> None:
    path = written(tmp_path / "f.csv", f"{header}\n1,2,3\n")
    with pytest.raises(ColumnError, match=rf"{named} more than once.\nRename or drop one of each."):
        read(path)


def test_empty_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"f.csv' is empty: it holds no byte."):
        read(written(tmp_path / "f.csv", ""))
    for blank in ["\n\n", " \n1\n", ",,\n1,2,3\n"]:
        with pytest.raises(
            ReadError, match=r"f.csv' must begin with a row of column names, but its first row is empty"
        ):
            read(written(tmp_path / "f.csv", blank))


def test_columns_chosen(tmp_path: Path) -> None:
    path = written(tmp_path / "f.csv", "a,b,c\n1,x,3\n")
    assert read(path, columns=["c", "a"]).columns.tolist() == ["c", "a"]
    with pytest.raises(ColumnError, match=r"'nbs' is not a column of '.*f.csv', which holds 'a', 'b', 'c'"):
        read(path, columns=["nbs"])
    with pytest.raises(ReadError, match=r"columns must be a list of names, but 'a' was given"):
        read(path, columns="a")


def test_a_qualtrics_export_is_not_taken_for_plain_csv(tmp_path: Path) -> None:
    path = written(tmp_path / "f.csv", 'Q1\nHow?\n"{""ImportId"":""QID1""}"\n5\n')
    with pytest.raises(ReadError, match=r'three header rows of a Qualtrics export.\nSay so with format="qualtrics"'):
        read(path)
