"""``cxstats features``: moments of any length -> one row per sequence."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxstats.cli.roles import one_scale
from cxstats.cli.text import say

if TYPE_CHECKING:
    import pandas as pd


def features(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="The data, one row per moment: csv, parquet (also a folder or a pattern), xlsx, sav or dta.",
            show_default=False,
        ),
    ],
    sequence: Annotated[
        list[str],
        typer.Option(
            metavar="COLUMN", help="What names a sequence: a visit. Repeat it: person, day.", show_default=False
        ),
    ],
    order: Annotated[str, typer.Option(metavar="COLUMN", help="When the moment was.", show_default=False)],
    value: Annotated[str, typer.Option(metavar="COLUMN", help="What was felt.", show_default=False)],
    neutral: Annotated[
        float, typer.Option(metavar="NUMBER", help="The value that is neither good nor bad.", show_default=False)
    ],
    out: Annotated[str, typer.Option(metavar="FILE", help="Where to write: parquet or csv.", show_default=False)],
    scale: Annotated[
        str | None,
        typer.Option(
            metavar="SCALE", help="Of the values, as in 0-10:good; values off it are refused.", show_default=False
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="A column with one value per sequence. Repeat it for more."),
    ] = None,
    end: Annotated[float, typer.Option(metavar="N", help="The end: so many moments, or a share of the time.")] = 1,
    same_time: Annotated[
        str, typer.Option(metavar="WORD", help="Several moments at one time: raise (refuse them), or their mean.")
    ] = "raise",
) -> tuple[str, ...]:
    """Sum up every sequence of moments in one row: mean, peak, start and end, trend.

    Example: cxstats features moments.csv --sequence visit --order minute --value mood --neutral 5 --out visits.parquet
    """
    declared = None if scale is None else one_scale(value, scale)
    import cxstats as cx
    from cxstats.cli.data import open_data
    from cxstats.cli.output import check_targets, write_all
    from cxstats.cli.table_file import table_bytes, table_kind

    kind = table_kind(out)
    check_targets({"--out": out}, sources=_sources(file))
    found = cx.sequence_features(
        open_data(file),
        sequence=sequence,
        order=order,
        value=value,
        neutral=neutral,
        scale=declared,
        keep=keep or [],
        end=end,
        same_time=same_time,  # type: ignore[arg-type]  # checked there
    )
    frame = found if hasattr(found, "iloc") else found.df()
    write_all({out: table_bytes(frame, kind)})
    say(_told(frame, out))
    return ()


def _sources(file: str) -> list[str]:
    """All that is read: a pattern stands for several files, and so does a folder."""
    from glob import glob

    found = [file, *glob(file, recursive=True)]
    return [*found, *(str(path) for name in found if Path(name).is_dir() for path in Path(name).rglob("*"))]


def _told(frame: "pd.DataFrame", out: str) -> str:
    """What was written, and what of it needs to be known."""
    filled = frame[frame["n"] > 0]
    ties = float((filled["peak_ties"] > 1).mean()) if len(filled) else 0.0
    lines = [
        f"{len(frame):,} sequences of {int(frame['n'].sum()):,} moments: {out}",
        f"The peak is the latest of several equally far moments in {100 * ties:.3g}% of the sequences.",
    ]
    missing, short = int(frame["n_missing"].sum()), int((frame["n"] < 3).sum())
    if missing:
        told = "1 moment has no value and was" if missing == 1 else f"{missing:,} moments have no value and were"
        lines.append(f"{told} left out.")
    if short:
        told = "1 sequence has" if short == 1 else f"{short:,} sequences have"
        lines.append(f"{told} fewer than 3 moments: peak, end and mean hardly differ there.")
    return "\n".join(lines)
