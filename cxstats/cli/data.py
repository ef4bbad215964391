"""A data file from the command line, opened the cheapest way."""

from typing import Any


def open_data(path: str) -> Any:
    """The rows of a file: left where they are if DuckDB reads the format by itself, else in memory."""
    import cxstats as cx
    from cxstats.readers.paths import format_of, local

    file = local(path)
    if file.is_file() and format_of(file) not in ("csv", "tsv", "parquet"):
        return cx.read(path)
    return cx.scan(path)
