"""Counts of distinct rows, written so that the same rows always give the same bytes."""

import os
import sys
from pathlib import Path

import pandas as pd


def source_folder(name: str) -> Path:
    """The folder of the original files, which are not part of this repository."""
    if "CXSTATS_DATA" not in os.environ:
        sys.exit(
            "CXSTATS_DATA must name the folder that holds the original files, but it is not set.\n"
            "Where they can be had stands in data/README.md."
        )
    folder = Path(os.environ["CXSTATS_DATA"]) / name
    if not folder.is_dir():
        sys.exit(f"CXSTATS_DATA must hold a folder '{name}', but {folder} is none.")
    return folder


def target_folder() -> Path:
    """Where to write: the folder named on the command line, else the one of the scripts."""
    return Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent


def write_counts(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Count the distinct rows into a last column ``n`` and write them in the order of their values.

    Every column holds whole numbers; a missing value is an empty field and comes last.
    """
    columns = list(frame.columns)
    counted = frame.astype("Int64").groupby(columns, dropna=False).size().rename("n").reset_index()
    counted = counted.sort_values(columns, na_position="last", kind="stable")
    if int(counted["n"].sum()) != len(frame):
        sys.exit(f"The counts must add up to {len(frame):,} rows, but they add up to {counted['n'].sum():,}.")
    counted.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    alone = int((counted["n"] == 1).sum())
    print(f"{path.name}: {len(frame):,} rows in {len(counted):,} cells, {alone:,} of them with one row")
    return counted
