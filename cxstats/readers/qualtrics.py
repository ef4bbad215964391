"""A Qualtrics export in csv: three header rows (names, question texts, ImportId), then the answers."""

import csv
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cxstats.errors import ReadError
from cxstats.readers.delimited import SPOILT, as_utf8, explained, header, open_text, read_delimited
from cxstats.readers.infer import Decimal


def read_qualtrics(path: Path, *, encoding: str, decimal: Decimal, columns: Sequence[str] | None = None) -> Any:
    """The answers under the short names of the first row; texts and ImportId rows are left out.

    Answers stay as exported, so filter on ``Finished`` (and on ``Status``, for previews) where it matters.
    """
    with as_utf8(path, encoding) as file, TemporaryDirectory() as folder:
        separator, names = header(file, "qualtrics", path)
        plain = Path(folder) / "answers.csv"
        try:
            with open_text(file, "utf-8-sig") as source, plain.open("w", encoding="utf-8", newline="") as target:
                rows = csv.reader(source, delimiter=separator, strict=True)
                _check_third(list(islice(rows, 3)), path)
                answers = csv.writer(target, delimiter=separator, lineterminator="\n", quoting=csv.QUOTE_ALL)
                answers.writerow(names)
                answers.writerows(rows)
        except SPOILT as reason:
            raise explained(path, "qualtrics", reason) from None
        return read_delimited(plain, "qualtrics", encoding="utf-8", decimal=decimal, columns=columns, shown=path)


def _check_third(rows: Sequence[Sequence[str]], path: Path) -> None:
    if len(rows) < 3 or not any('"ImportId"' in cell for cell in rows[2]):
        raise ReadError(
            f"'{path}' must have the three header rows of a Qualtrics export (names, question texts, ImportId), "
            "but its third row holds no ImportId.\nIf it has one header row, leave out the format."
        )
