"""Excel workbooks, by openpyxl: values as Excel stored them, never a formula that is run."""

import datetime
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cxstats.errors import ReadError, listed, unknown_column
from cxstats.readers.engine import refuse_repeated, refused
from cxstats.readers.infer import MISSING

_MISSING = frozenset(MISSING)
_NUMBERS = (int, float)
_DAYS = (datetime.datetime, datetime.date)


def read_excel(path: Path, sheet: str | None = None, columns: Sequence[str] | None = None) -> Any:
    """One sheet as a pandas frame; its first row holds the column names.

    A column in which numbers and words are mixed becomes text, as in csv.
    """
    import pandas as pd

    names, rows = _rows(path, sheet)
    refuse_repeated(path, names)
    wanted = names if columns is None else list(columns)
    absent = [name for name in wanted if name not in names]
    if absent:
        raise unknown_column(absent, names, f"'{path}'")
    place = {name: names.index(name) for name in wanted}
    return pd.DataFrame({name: _column([row[i] for row in rows]) for name, i in place.items()}, columns=wanted)


def excel_names(path: Path, sheet: str | None = None) -> list[str]:
    """The column names of one sheet."""
    return _rows(path, sheet)[0]


def _rows(path: Path, sheet: str | None) -> tuple[list[str], list[list[Any]]]:
    """The names and the rows that hold anything, each as long as the names."""
    openpyxl = _openpyxl()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations, which are not read
            lines = _lines(openpyxl.load_workbook(path, read_only=True, data_only=True), path, sheet)
    except ReadError:
        raise
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, OSError, SyntaxError) as reason:
        raise refused(path, "xlsx", reason) from None
    lines = [[_value(cell) for cell in line] for line in lines]
    filled = [line for line in lines if any(cell is not None for cell in line)]
    if not filled:
        raise ReadError(f"'{path}' is empty: the sheet holds no value.")
    width = max(i + 1 for line in filled for i, cell in enumerate(line) if cell is not None)
    padded = [(line + [None] * width)[:width] for line in filled]
    names = [f"column{i}" if name is None else str(name).strip() for i, name in enumerate(padded[0])]
    return names, padded[1:]


def _lines(book: Any, path: Path, sheet: str | None) -> list[list[Any]]:
    try:
        return [list(line) for line in _sheet(book, path, sheet).iter_rows(values_only=True)]
    finally:
        book.close()


def _sheet(book: Any, path: Path, sheet: str | None) -> Any:
    names = [found.title for found in book.worksheets]
    if sheet is not None and sheet not in names:
        raise ReadError(f"'{path}' has no sheet '{sheet}'; it has {listed(names)}.")
    if sheet is None and len(names) != 1:
        hint = f'\nSay which: sheet="{names[0]}".' if names else ""
        raise ReadError(f"'{path}' has {len(names)} sheets: {listed(names)}.{hint}")
    found = book[sheet or names[0]]
    found.reset_dimensions()  # some programs store a wrong size
    return found


def _value(cell: Any) -> Any:
    """The value, with what csv takes for missing missing here too."""
    return None if isinstance(cell, str) and cell in _MISSING else cell


def _column(values: list[Any]) -> Any:
    """The values as one type: numbers, true and false, times, or else text."""
    import pandas as pd

    present = [v for v in values if v is not None]
    if all(isinstance(v, bool) for v in present) and present:
        return pd.Series(values, dtype=object if len(present) < len(values) else bool)
    if all(isinstance(v, _NUMBERS) and not isinstance(v, bool) for v in present):
        return pd.Series([float("nan") if v is None else v for v in values])
    if all(isinstance(v, _DAYS) for v in present):
        return pd.to_datetime(pd.Series(values))
    return pd.Series([None if v is None else str(v) for v in values], dtype=object)


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ImportError:
        raise ReadError('Reading xlsx needs openpyxl, which is absent.\npip install "cxstats[io]"') from None
    return openpyxl
