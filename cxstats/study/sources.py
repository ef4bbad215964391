"""The tables of a study: which columns they have, and their rows with only the columns that are needed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cxstats.errors import CxStatsError, ReadError, StudyError
from cxstats.frames import column_names, open_frame
from cxstats.readers.engine import first_line, to_pandas
from cxstats.readers.read import names_of, read
from cxstats.study.errors import key_path, no_column, wrong
from cxstats.study.parts import Table, TableAccount
from cxstats.study.values import WORDS, kind_of, matching


def is_files(table: Table) -> bool:
    """Whether the table is in files, not in a frame."""
    return isinstance(table.data, str | Path | list | tuple)


def files_of(table: Table) -> list[Path]:
    """The files that are stacked; one for a single path."""
    given = table.data if isinstance(table.data, list | tuple) else [table.data]
    return [Path(file) for file in given]


def table_columns(name: str, table: Table) -> list[str]:
    """The column names of a table, without its rows."""
    several = isinstance(table.data, list | tuple)
    if several and not (table.data and all(isinstance(file, str | Path) for file in table.data)):
        raise wrong(key_path("table", name), "a list of data must hold the paths of files that are stacked.")
    try:
        if not is_files(table):
            return column_names(table.data)
        return names_of(files_of(table)[0], format=table.format, sheet=table.sheet, encoding=table.encoding)
    except CxStatsError as reason:
        raise wrong(key_path("table", name, *file_key(table)), str(reason)) from None


def load(name: str, table: Table, columns: Sequence[str]) -> Any:
    """The rows of a table as a pandas frame with a fresh index, over the columns that are needed."""
    if not columns:  # a table of which only the number of rows matters
        columns = table_columns(name, table)[:1]
    path = key_path("table", name, *file_key(table))
    try:
        if not is_files(table):
            return _from_frame(table.data, columns)
        pieces = [_piece(file, table, columns, path) for file in files_of(table)]
    except StudyError:
        raise
    except CxStatsError as reason:
        raise wrong(path, str(reason)) from None
    if len(pieces) == 1:
        return pieces[0]
    return _stacked(pieces, files_of(table), columns, path)


def kept_rows(name: str, table: Table, columns: Sequence[str]) -> tuple[Any, TableAccount]:
    """The columns of the rows that the table's own filter keeps, for a part that has rows of its own."""
    wanted = list(dict.fromkeys([*columns, *table.where]))
    frame = load(name, table, wanted)
    kept = matching(frame, table.where, key_path("table", name, "where"))
    used = int(np.count_nonzero(kept))
    return frame[kept][list(dict.fromkeys(columns))], TableAccount(
        table=name, read=len(frame), used=used, filtered=len(frame) - used
    )


def file_key(table: Table) -> tuple[str, ...]:
    """The key under which the table's data were given."""
    if not is_files(table):
        return ()
    return ("files",) if isinstance(table.data, list | tuple) else ("file",)


def _piece(file: Path, table: Table, columns: Sequence[str], path: str) -> Any:
    found = names_of(file, format=table.format, sheet=table.sheet, encoding=table.encoding)
    absent = [column for column in columns if column not in found]
    if absent:
        raise wrong(path, no_column(absent[0], found, file.name))
    return read(
        file,
        format=table.format,
        sheet=table.sheet,
        encoding=table.encoding,
        decimal=table.decimal,
        columns=list(columns),
    )


def _stacked(pieces: Sequence[Any], files: Sequence[Path], columns: Sequence[str], path: str) -> Any:
    """The files one below the other. A column must be of one kind in all that hold any value of it."""
    import pandas as pd

    ends = np.cumsum([len(piece) for piece in pieces])
    placed = [piece.set_axis(range(end - len(piece), end)) for piece, end in zip(pieces, ends, strict=True)]
    stacked = {}
    for column in columns:
        kinds = [kind_of(piece[column]) for piece in placed]
        told = {kind: file.name for kind, file in zip(kinds, files, strict=True) if kind != "none"}
        if len(told) > 1:
            where = " but ".join(f"{WORDS[kind]} in '{file}'" for kind, file in sorted(told.items()))
            raise wrong(path, f"'{column}' must be of one kind in all files, but holds {where}.")
        holding = [piece[column] for piece, kind in zip(placed, kinds, strict=True) if kind != "none"]
        every = pd.concat(holding) if holding else pd.Series(dtype=float)
        stacked[column] = every if len(holding) == len(placed) else every.reindex(range(ends[-1]))
    return pd.DataFrame(stacked)


def _from_frame(data: Any, columns: Sequence[str]) -> Any:
    """Any frame as pandas; polars, pyarrow and DuckDB go by way of NumPy, since pyarrow may not be there."""
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return data[list(columns)].reset_index(drop=True)
    frame: Any = open_frame(data).select(*columns)
    try:
        if frame.implementation.is_duckdb():
            return to_pandas(frame.to_native())
        eager = frame.collect() if hasattr(frame, "collect") else frame
        return pd.DataFrame({column: _plain(eager[column]) for column in columns})
    except Exception as reason:  # whatever the caller's engine raises
        raise ReadError(f"The data could not be read: {first_line(reason)}") from None


def _plain(series: Any) -> Any:
    missing = series.is_null().to_numpy()
    if not missing.any() or not series.dtype.is_numeric():
        return series.to_numpy()
    values = np.asarray(series.fill_null(0).to_numpy(), dtype=np.float64)
    return np.where(missing, np.nan, values)
