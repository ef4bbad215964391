"""`scan`: csv and Parquet files where they are, as a lazy DuckDB relation."""

from pathlib import Path
from typing import TYPE_CHECKING

from cxstats.readers import delimited, parquet
from cxstats.readers.engine import alone
from cxstats.readers.paths import matching_files

if TYPE_CHECKING:
    import duckdb


def scan(path: str | Path) -> "duckdb.DuckDBPyRelation":
    r"""Point at csv or Parquet files without loading them; every function of cxstats takes what comes back.

    Use it for files that are larger than memory, or split into many. For other formats, and to look at the
    rows, use `read`.

    Parameters
    ----------
    path : str or Path
        A file, a folder (all its csv or Parquet files, also in folders below), or a pattern such as
        ``"answers/2018-*.parquet"``. A name that exists is never taken for a pattern.

    Returns
    -------
    duckdb.DuckDBPyRelation
        Lazy. All relations share one connection, so that they can be joined.

    Raises
    ------
    ReadError
        A file is absent, empty or corrupt, or the files do not have the same columns.
    ColumnError
        A column name stands more than once.

    Notes
    -----
    Columns get the same types as by `read`, settled over all files together: a csv file is looked through
    once for that. Text files must be UTF-8. Folders called ``name=value`` give Parquet files a column of
    that name. The files must stay as they are while the relation is used.

    Examples
    --------
    >>> import tempfile, pathlib, cxstats as cx
    >>> folder = tempfile.TemporaryDirectory()
    >>> for month, rows in {"01": "9,1\n3,0\n", "02": "10,1\n"}.items():
    ...     _ = pathlib.Path(folder.name, f"2018-{month}.csv").write_text("nps,repurchase\n" + rows)
    >>> answers = cx.scan(f"{folder.name}/2018-*.csv")
    >>> cx.tally(answers, metrics={"nps": cx.NPS}, outcome=cx.Binary("repurchase"))
    Cells: 3 rows in 3 distinct (1x) · nps 0-10, repurchase 0/1 · 0 rows with a missing value
    >>> folder.cleanup()
    """
    files, what = matching_files(path)
    with alone:
        if what == "parquet":
            below = Path(path)
            hive = below.is_dir() and any("=" in part for file in files for part in file.relative_to(below).parts[:-1])
            return parquet.relation_of(files, hive=hive)
        return delimited.relation_of(files, what)
