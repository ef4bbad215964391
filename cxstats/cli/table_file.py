"""The bytes of a table that a command writes: csv or parquet, as the name of the file says."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

_RISKY = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes text that begins so for a formula


def table_kind(out: str) -> Literal["parquet", "csv"]:
    """What ``--out`` asks for, refused before any work is done."""
    from cxstats.errors import CxStatsError

    ending = Path(out).suffix.lower()
    if ending not in (".parquet", ".csv"):
        raise CxStatsError(f"--out must be a file that ends in .parquet or .csv, but '{out}' was given.")
    return "parquet" if ending == ".parquet" else "csv"


def table_bytes(frame: "pd.DataFrame", kind: Literal["parquet", "csv"]) -> bytes:
    """The table without its index; in csv, no text that a spreadsheet would run."""
    if kind == "parquet":
        return _parquet(frame)
    safe = frame.copy()
    for name in safe.columns:
        if safe[name].dtype.kind not in "iufbM":
            safe[name] = [_defused(value) for value in safe[name]]
    safe.columns = [_defused(name) for name in safe.columns]
    return safe.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _defused(value: Any) -> Any:
    """Text that a spreadsheet would run is shown as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_RISKY) else value


def _parquet(frame: "pd.DataFrame") -> bytes:
    """Through DuckDB, which is among the dependencies; pyarrow is not."""
    import tempfile

    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.parquet")
        duckdb.from_df(frame).write_parquet(str(path))
        return path.read_bytes()
