"""Parquet, read by DuckDB with the types that the file states."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxstats.errors import ReadError, listed
from cxstats.readers.engine import connection, literal, refuse_repeated, refused, select, to_pandas

if TYPE_CHECKING:
    import duckdb


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> Any:
    """A Parquet file as a pandas frame."""
    import duckdb

    relation = relation_of([path])
    try:
        return to_pandas(select(relation, columns, path))
    except duckdb.Error as reason:
        raise refused(path, "parquet", reason) from None


def relation_of(files: Sequence[Path], *, hive: bool = False) -> "duckdb.DuckDBPyRelation":
    """A lazy relation over files with the same columns, which may stand in another order.

    With ``hive``, folders called ``name=value`` make a column of that name.
    """
    import duckdb

    expected: list[str] = []
    for file in files:
        names = parquet_names(file)
        expected = expected or names
        if sorted(names) != sorted(expected):
            differ = sorted(set(names) ^ set(expected))
            raise ReadError(
                f"The files must have the same columns, but '{files[0]}' and '{file}' do not share {listed(differ)}."
            )
    try:
        return connection().read_parquet(
            [literal(file) for file in files], union_by_name=len(files) > 1, hive_partitioning=hive
        )
    except duckdb.Error as reason:
        raise refused(files[0], "parquet", reason) from None


def parquet_names(file: Path) -> list[str]:
    """The names of the columns, as stored: DuckDB would rename repeated ones without a word."""
    import duckdb

    asked = "SELECT name, coalesce(num_children, 0) FROM parquet_schema(?)"
    try:
        stored = connection().cursor().execute(asked, [literal(file)]).fetchall()
    except duckdb.Error as reason:
        raise refused(file, "parquet", reason) from None
    names: list[str] = []
    inside = 0  # how many of the next entries belong to the last column
    for name, children in stored[1:]:  # the first entry is the table itself
        if inside == 0:
            names.append(name)
            inside = children
        else:
            inside += children - 1
    refuse_repeated(file, names)
    return names
