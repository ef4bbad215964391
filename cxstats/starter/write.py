"""From data files to a commented starter study file: every guess is marked, and what nobody can see is asked."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cxstats.errors import ReadError, StudyError
from cxstats.starter.entries import Open, open_questions, rendered
from cxstats.starter.files import Source, account, sources
from cxstats.starter.joins import join_of
from cxstats.starter.sections import sections_of
from cxstats.starter.tables import Table, tables_of

_SHOWN = 8  # names that the terminal tells of a kind


@dataclass(frozen=True)
class Starter:
    """The text of a starter study file, and what is to be told of it."""

    text: str
    questions: tuple[Open, ...]
    found: tuple[str, ...]  # a line per table
    recognised: bool  # whether any column was


def starter(*paths: str | Path, folder: str | Path | None = None) -> Starter:
    r"""Look at data files and begin the study file for them.

    Use it to begin with a study: it recognises scores, outcomes, touchpoints, moments, keys and dates by the names
    of columns (English and Indonesian) and by their values. It never guesses the version of an effort score, which
    value of an outcome is good, or whether an outcome came after the feedback: these are questions in the file.

    Parameters
    ----------
    *paths : str or Path
        Data files. Files with the same columns become one table, one below the other.
    folder : str or Path, optional
        Where the study file will stand, to which the names of the data files are relative; without it the folder
        of the first file.

    Returns
    -------
    Starter
        ``text`` is the file; ``questions`` are those that are open in it.

    Raises
    ------
    ReadError
        A file cannot be read, or is no data file.
    ColumnError
        A column name stands more than once.
    StudyError
        A file lies outside of the folder, where a study file may not point.

    Notes
    -----
    Of the data only names of columns, ranges, numbers of rows, codes, and the few texts of a scale are written,
    never what a single customer wrote.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = pathlib.Path(folder.name, "answers.csv")
    >>> _ = file.write_text("nps,churn\n9,0\n10,0\n0,1\n")
    >>> [question.paths for question in starter(file).questions]
    [('study.evidence',), ('outcome.churn.good',), ('outcome.churn.after',)]
    >>> folder.cleanup()
    """
    if not paths:
        raise ReadError("At least one data file is needed.")
    found = sources(paths)
    base = Path(folder) if folder is not None else found[0].files[0].parent
    names = {source.name: [_relative(file, base) for file in source.files] for source in found}
    tables = tables_of(found)
    sections = sections_of(tables, join_of(tables), names)
    useful = any(table.takes_part or table.moments for table in tables)
    return Starter(rendered(sections), tuple(open_questions(sections)), _found(found, tables), useful)


def _relative(file: Path, folder: Path) -> str:
    """The name of a data file as the study file writes it, which must not lead out of its folder."""
    target, base = file.resolve(), folder.resolve()
    if not target.is_relative_to(base):
        raise StudyError(
            f"'{file}' must lie in the folder of the study file, '{folder}', or below it: a study file may not point "
            "outside of it.\nChoose --out in a folder that holds all the data, or move the file."
        )
    name = Path(os.path.relpath(target, base)).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError:
        raise StudyError(f"The name of {name!r} must be UTF-8, as study files are.\nRename the file.") from None
    return name


def _found(found: Sequence[Source], tables: Sequence[Table]) -> tuple[str, ...]:
    """What was recognised, a line per table and per kind."""
    lines = []
    for source, table in zip(found, tables, strict=True):
        lines.append(f"{source.name} ({account(source)})")
        parts = {
            "metrics": [guess.name for guess in table.metrics],
            "outcomes": [guess.name for guess in table.outcomes],
            "touchpoints": list(table.block.touchpoints) if table.block else [],
            "moments": list(table.moments.columns) if table.moments else [],
        }
        lines += [f"  {part}: {_some(names)}" for part, names in parts.items() if names]
    return tuple(lines)


def _some(names: Sequence[str]) -> str:
    """Names for the terminal, not too many."""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
