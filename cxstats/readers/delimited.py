"""csv and tsv: the header is read here, the values by DuckDB, and nothing is guessed without being checked.

DuckDB's own detection of headers and comments is off: it takes a later row for the header where the first
ones do not fit, and rows that begin with # for comments, and says nothing of the rows lost.
"""

import codecs
import csv
import gzip
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from cxstats.errors import ReadError, listed
from cxstats.readers.engine import connection, literal, quoted, refuse_repeated, refused, select, to_pandas
from cxstats.readers.infer import MISSING, Decimal, typed

if TYPE_CHECKING:
    import duckdb

SEPARATORS = (",", ";", "\t")
SPOILT = (OSError, EOFError, zlib.error, csv.Error, UnicodeError)


def read_delimited(
    path: Path,
    what: str,
    *,
    encoding: str,
    decimal: Decimal,
    columns: Sequence[str] | None = None,
    shown: object = None,
) -> Any:
    """A csv or tsv file as a pandas frame; ``shown`` is how messages call it, if not by its path."""
    import duckdb

    shown = shown or path
    with as_utf8(path, encoding) as file:
        relation = relation_of([file], what, decimal=decimal, columns=columns, shown=shown)
        try:
            return to_pandas(relation)
        except duckdb.Error as reason:
            raise explained(shown, what, reason) from None


def relation_of(
    files: Sequence[Path],
    what: str,
    *,
    decimal: Decimal = ".",
    columns: Sequence[str] | None = None,
    shown: object = None,
) -> "duckdb.DuckDBPyRelation":
    """A lazy relation over UTF-8 files with the same columns; the types are settled over all of them."""
    import duckdb

    headers: dict[Path, tuple[str, list[str]]] = {}
    for file in files:
        _whole_archive(file, shown or file, what)
        headers[file] = header(file, what, shown or file)
        _same_columns(headers[file][1], headers[files[0]][1], file, files[0])
    try:
        text = select(_texts(headers), columns, shown or files[0])
        return typed(text, decimal)
    except duckdb.Error as reason:
        raise explained(shown or files[0], what, reason) from None


def header(path: Path, what: str, shown: object) -> tuple[str, list[str]]:
    """The separator and the column names of a UTF-8 file; a column without a name is called by its position."""
    candidates = ("\t",) if what == "tsv" else SEPARATORS
    try:
        readings = [(separator, first_rows(path, separator, 1)) for separator in candidates]
    except SPOILT as reason:
        raise explained(shown, what, reason) from None
    separator, rows = max(readings, key=lambda reading: len(reading[1][0]) if reading[1] else 0)
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise ReadError(f"'{shown}' must begin with a row of column names, but its first row is empty.")
    if what != "qualtrics":
        _refuse_qualtrics(path, separator, shown)
    names = [name.strip() or f"column{position}" for position, name in enumerate(rows[0])]
    refuse_repeated(shown, names)
    return separator, names


def _refuse_qualtrics(path: Path, separator: str, shown: object) -> None:
    """A Qualtrics export read as plain csv would have question texts among the answers."""
    try:
        rows = first_rows(path, separator, 3)
    except SPOILT:  # whatever is wrong there, DuckDB will say
        return
    if len(rows) == 3 and any('"ImportId"' in cell for cell in rows[2]):
        raise ReadError(
            f"'{shown}' has the three header rows of a Qualtrics export."
            '\nSay so with format="qualtrics", else the question texts would count as answers.'
        )


def first_rows(path: Path, separator: str, n: int) -> list[list[str]]:
    """Up to n rows, which may go over several lines within quotation marks."""
    with open_text(path, "utf-8-sig") as stream:
        return list(islice(csv.reader(stream, delimiter=separator), n))


def open_text(path: Path, encoding: str) -> TextIOWrapper:
    """The file as text, unpacked if it is packed, its line ends as they are."""
    packed = path.suffix.lower() == ".gz"
    raw = gzip.open(path, "rb") if packed else path.open("rb")  # noqa: SIM115  # the caller closes it
    return TextIOWrapper(raw, encoding=encoding, newline="")


@contextmanager
def as_utf8(path: Path, encoding: str) -> Iterator[Path]:
    """The file itself if it is UTF-8, else a copy that is, gone afterwards."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise ReadError(
            f"encoding must be one that Python knows, such as utf-8 or latin-1, not {encoding!r}."
        ) from None
    if name in ("utf-8", "ascii"):
        yield path
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.csv"
        try:
            with open_text(path, encoding) as source, copy.open("w", encoding="utf-8", newline="") as target:
                shutil.copyfileobj(source, target)
        except SPOILT as reason:
            raise refused(path, f"text in {encoding}", reason) from None
        yield copy


def _texts(headers: Mapping[Path, tuple[str, list[str]]]) -> "duckdb.DuckDBPyRelation":
    """The files one after the other, every column as text, in the order that the first file has."""
    files = list(headers)
    separator, names = headers[files[0]]
    if all(found == (separator, names) for found in headers.values()):
        return _text(files, separator, names)
    order = ", ".join(quoted(name) for name in names)
    stacked, *others = [_text([file], *headers[file]).project(order) for file in files]
    for other in others:
        stacked = stacked.union(other)
    return stacked


def _text(files: Sequence[Path], separator: str, names: Sequence[str]) -> "duckdb.DuckDBPyRelation":
    # Each setting is given, so that none is guessed.
    return connection().read_csv(
        [literal(file) for file in files],  # type: ignore[arg-type]  # a list is taken too
        columns=dict.fromkeys(names, "VARCHAR"),
        auto_detect=False,
        header=True,
        sep=separator,
        quotechar='"',
        escapechar='"',
        comment="",
        na_values=list(MISSING),
        null_padding=False,
        strict_mode=True,
    )


def _whole_archive(file: Path, shown: object, what: str) -> None:
    """Refuse a packed file that is cut off, of which DuckDB would silently read what is there."""
    if file.suffix.lower() != ".gz":
        return
    try:
        with gzip.open(file, "rb") as packed:
            while packed.read(1 << 20):
                pass
    except SPOILT as reason:
        raise refused(shown, what, reason) from None


def _same_columns(names: Sequence[str], expected: Sequence[str], file: object, first: object) -> None:
    absent = [name for name in expected if name not in names]
    extra = [name for name in names if name not in expected]
    if absent or extra:
        found = [f"lacks {listed(absent)}"] * bool(absent) + [f"has besides {listed(extra)}"] * bool(extra)
        raise ReadError(
            f"The files must have the same columns, but beside '{first}' the file '{file}' {', '.join(found)}."
        )


def explained(path: object, what: str, reason: BaseException) -> ReadError:
    """The error for a text file that cannot be read, with the way out where it is the encoding."""
    if isinstance(reason, UnicodeError) or "unicode" in str(reason).lower():
        return ReadError(
            f"'{path}' must be text in UTF-8, but some of its characters are not."
            '\nIf it comes from an older program, pass encoding="latin-1" (western Europe) or the one it was saved in.'
        )
    if "invalid state" in str(reason):
        return ReadError(
            f"'{path}' cannot be read as {what}: its lines do not all end alike, or a quotation mark is not closed."
            "\nSave it once more in a program that writes csv."
        )
    return refused(path, what, reason)
