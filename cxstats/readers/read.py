"""`read`: one file of any of the formats, as a frame."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from cxstats.errors import ReadError
from cxstats.readers.delimited import as_utf8, header, read_delimited
from cxstats.readers.engine import alone
from cxstats.readers.excel import excel_names, read_excel
from cxstats.readers.infer import Decimal
from cxstats.readers.labelled import labelled_names, read_labelled
from cxstats.readers.parquet import parquet_names, read_parquet
from cxstats.readers.paths import Format, existing_file, format_of
from cxstats.readers.qualtrics import read_qualtrics


def read(
    path: str | Path,
    *,
    backend: Literal["pandas", "polars"] = "pandas",
    format: Format | None = None,  # noqa: A002
    sheet: str | None = None,
    encoding: str | None = None,
    decimal: Decimal = ".",
    columns: Sequence[str] | None = None,
) -> Any:
    r"""Read one file into a frame: csv, tsv, Parquet, Excel, SPSS, Stata, or a Qualtrics export.

    Use it for files that fit into memory; `scan` leaves a csv or Parquet file where it is.

    Parameters
    ----------
    path : str or Path
        A file on this machine. Its name says the format: .csv, .tsv (also .gz), .parquet, .xlsx, .sav, .dta.
    backend : {"pandas", "polars"}
        The library of the frame.
    format : str, optional
        The format, where the name does not say it: needed for ``"qualtrics"``, a csv with three header rows.
    sheet : str, optional
        The sheet of an Excel file; needed if it has several.
    encoding : str, optional
        How text is stored; csv and tsv are UTF-8 unless it says otherwise, for example ``"latin-1"``.
    decimal : {".", ","}
        The decimal mark of a csv or tsv file.
    columns : list of str, optional
        Only these columns, in this order.

    Returns
    -------
    pandas or polars DataFrame

    Raises
    ------
    ReadError
        The file is absent, empty, corrupt or of an unknown format, or a library for it is not installed.
    ColumnError
        A column name stands more than once, or a column asked for is absent.

    Notes
    -----
    In csv and tsv the separator (comma, semicolon, tab) is seen from the header. A column gets a type only
    if all its values have it; values that pandas takes for missing (empty, NA, null, NaN, ...) are missing.
    Whole numbers with leading zeros stay text, as do dates other than year-month-day. Times with an offset
    are told in UTC. In SPSS and Stata files the codes are read, not their labels, and the codes that the
    file declares missing are missing. Nothing is fetched from a network and nothing in a file is run.

    Examples
    --------
    >>> import tempfile, pathlib, cxstats as cx
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = pathlib.Path(folder.name, "answers.csv")
    >>> _ = file.write_text("nps;repurchase\n9;1\nNA;0\n")
    >>> cx.read(file)
       nps  repurchase
    0  9.0           1
    1  NaN           0
    >>> folder.cleanup()
    """
    if backend not in ("pandas", "polars"):
        raise ReadError(f"backend must be 'pandas' or 'polars', not {backend!r}.")
    if isinstance(columns, str):
        raise ReadError(f"columns must be a list of names, but {columns!r} was given.\nPass columns=[{columns!r}].")
    file = existing_file(path)
    what = format_of(file, format)
    _refuse_unread(what, sheet, encoding, decimal)
    with alone:
        frame = _read(file, what, sheet, encoding, decimal, columns)
    return frame if backend == "pandas" else _to_polars(frame)


def names_of(
    path: Path,
    *,
    format: Format | None = None,  # noqa: A002
    sheet: str | None = None,
    encoding: str | None = None,
) -> list[str]:
    """The names of a file's columns, without its rows."""
    file = existing_file(path)
    what = format_of(file, format)
    if what == "parquet":
        return parquet_names(file)
    if what == "xlsx":
        return excel_names(file, sheet)
    if what == "sav" or what == "dta":
        return labelled_names(file, what, encoding)
    with as_utf8(file, encoding or "utf-8") as text:
        return header(text, what, file)[1]


def _read(
    file: Path, what: Format, sheet: str | None, encoding: str | None, decimal: Decimal, columns: Sequence[str] | None
) -> Any:
    if what == "parquet":
        return read_parquet(file, columns)
    if what == "xlsx":
        return read_excel(file, sheet, columns)
    if what == "sav" or what == "dta":
        return read_labelled(file, what, encoding, columns)
    if what == "qualtrics":
        return read_qualtrics(file, encoding=encoding or "utf-8", decimal=decimal, columns=columns)
    return read_delimited(file, what, encoding=encoding or "utf-8", decimal=decimal, columns=columns)


def _refuse_unread(what: Format, sheet: str | None, encoding: str | None, decimal: str) -> None:
    """An option that the format has no use for is refused, not ignored."""
    if decimal not in (".", ","):
        raise ReadError(f"decimal must be '.' or ',', not {decimal!r}.")
    text = what in ("csv", "tsv", "qualtrics")
    given = {
        "sheet": (sheet is not None, what == "xlsx"),
        "encoding": (encoding is not None, text or what in ("sav", "dta")),
        "decimal": (decimal != ".", text),
    }
    for name, (is_given, has_use) in given.items():
        if is_given and not has_use:
            raise ReadError(f"{name} has no meaning for {what}.\nLeave it out, or say the format with format=.")


def _to_polars(frame: Any) -> Any:
    """The frame in polars, without the need for pyarrow; missing is null."""
    try:
        import polars as pl
    except ImportError:
        raise ReadError('backend="polars" needs polars, which is absent.\npip install "cxstats[polars]"') from None
    return pl.DataFrame([_polars_column(name, frame[name]) for name in frame.columns])


def _polars_column(name: str, values: Any) -> Any:
    import numpy as np
    import polars as pl

    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "biufmM":
        return pl.Series(name, values.to_numpy(), nan_to_null=True)
    return pl.Series(name, [None if missing else v for v, missing in zip(values, values.isna(), strict=True)])
