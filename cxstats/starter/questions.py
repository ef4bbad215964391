"""A Qualtrics export among csv files: seen by its third row; the second holds what was asked."""

from pathlib import Path

from cxstats.errors import ReadError
from cxstats.readers.delimited import SPOILT, as_utf8, first_rows, header


def question_texts(file: Path, encoding: str) -> dict[str, str] | None:
    """The question of each column; None if the file is no Qualtrics export."""
    try:
        with as_utf8(file, encoding) as text:
            separator, names = header(text, "qualtrics", file)
            rows = first_rows(text, separator, 3)
    except (*SPOILT, ReadError):  # whatever is wrong, the reader says it
        return None
    if len(rows) < 3 or not any('"ImportId"' in cell for cell in rows[2]):
        return None
    return dict(zip(names, rows[1], strict=False))
