"""What SPSS and Stata files have in common: codes with labels, and codes that mean missing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from cxstats.errors import ReadError, unknown_column
from cxstats.readers.engine import refused

Labelled = Literal["sav", "dta"]


def read_labelled(path: Path, what: Labelled, encoding: str | None, columns: Sequence[str] | None = None) -> Any:
    """The codes as numbers, not their labels; a code that the file declares missing is missing."""
    names = labelled_names(path, what, encoding)
    absent = [name for name in columns or () if name not in names]
    if absent:
        raise unknown_column(absent, names, f"'{path}'")
    frame, _ = _run(path, what, encoding, usecols=None if columns is None else list(columns))
    for name in frame.columns[[not _is_number(frame[c]) for c in frame.columns]]:
        frame[name] = frame[name].where(frame[name] != "", None)
    return frame if columns is None else frame[list(columns)]


def labelled_names(path: Path, what: Labelled, encoding: str | None) -> list[str]:
    """The names of the columns."""
    _, about = _run(path, what, encoding, metadataonly=True)
    return list(about.column_names)


def _run(
    path: Path,
    what: Labelled,
    encoding: str | None,
    usecols: list[str] | None = None,
    metadataonly: bool = False,
) -> tuple[Any, Any]:
    try:
        import pyreadstat
    except ImportError:
        raise ReadError(f'Reading {what} needs pyreadstat, which is absent.\npip install "cxstats[io]"') from None
    try:
        read: tuple[Any, Any] = getattr(pyreadstat, f"read_{what}")(
            str(path),
            encoding=encoding,
            usecols=usecols,
            metadataonly=metadataonly,
            user_missing=False,
            apply_value_formats=False,
            dates_as_pandas_datetime=True,
        )
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError) as reason:
        raise refused(path, what, reason) from None
    return read


def _is_number(values: Any) -> bool:
    return values.dtype.kind in "biufM"
