"""From what a caller gave to files that exist on disk. Nothing is fetched from a network."""

import re
from pathlib import Path
from typing import Literal

from cxstats.errors import ReadError, listed

Format = Literal["csv", "tsv", "parquet", "xlsx", "sav", "dta", "qualtrics"]
Scannable = Literal["csv", "tsv", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "tsv", "parquet", "xlsx", "sav", "dta", "qualtrics")

_BY_SUFFIX: dict[str, Format] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "tsv",
    ".tsv.gz": "tsv",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".sav": "sav",
    ".zsav": "sav",
    ".dta": "dta",
}
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


def local(path: str | Path) -> Path:
    """The path, if it is one and not the address of something elsewhere."""
    if not isinstance(path, str | Path):
        raise ReadError(f"A path must be text or a pathlib.Path, but {type(path).__name__} was given.")
    if _URL.match(str(path)):
        raise ReadError(
            f"'{path}' is the address of something elsewhere, and nothing is fetched from a network."
            "\nDownload it first, then read the file."
        )
    if "\0" in str(path):
        raise ReadError(f"A path must not hold a null character, but {str(path)!r} does.")
    return Path(path)


def existing_file(path: str | Path) -> Path:
    """The path of one regular file that exists and is not empty."""
    file = local(path)
    try:
        if file.is_dir():
            raise ReadError(f"'{path}' is a folder.\nRead one of its files, or all of them with cx.scan('{path}').")
        if not file.exists():
            raise ReadError(f"'{path}' does not exist (looked for it in '{file.absolute().parent}').")
        if not file.is_file():
            raise ReadError(f"'{path}' is not a regular file.")
        if file.stat().st_size == 0:
            raise ReadError(f"'{path}' is empty: it holds no byte.")
        with file.open("rb"):
            return file
    except OSError as reason:
        raise ReadError(f"'{path}' cannot be opened: {reason.strerror or reason}.") from None


def format_of(file: Path, given: Format | None = None) -> Format:
    """The format that was named, or else the one that the name's suffix says."""
    if given is not None:
        if given not in FORMATS:
            raise ReadError(f"format must be one of {', '.join(FORMATS)}, not {given!r}.")
        return given
    suffix = "".join(file.suffixes[-2:]).lower() if file.suffix.lower() == ".gz" else file.suffix.lower()
    if suffix not in _BY_SUFFIX:
        raise ReadError(
            f"'{file}' must be a file that cxstats reads ({', '.join(_BY_SUFFIX)}), but its name ends in "
            f'{suffix!r}.\nIf it is one of them under another name, say which: format="csv".'
        )
    return _BY_SUFFIX[suffix]


def matching_files(path: str | Path) -> tuple[list[Path], Scannable]:
    """The files of a folder or a pattern in order of their names, or the one file, and their one format.

    A name that exists is never taken for a pattern. In folders, names that begin with a dot or an
    underscore are left out, as they are by what writes such folders.
    """
    given = local(path)
    if given.is_dir():
        found = sorted(f for f in given.rglob("*") if f.is_file() and not _hidden(f.relative_to(given)))
        files = [f for f in found if _known(f)]
    elif given.exists() or not any(c in str(given) for c in "*?["):
        files = [existing_file(path)]
    else:
        files = sorted(f for f in _glob(given) if f.is_file())
    if not files:
        raise ReadError(f"'{path}' must hold or match csv or parquet files, but there are none.")
    files = [existing_file(file) for file in files]
    formats = sorted({format_of(file) for file in files})
    if len(formats) > 1:
        raise ReadError(
            f"'{path}' must hold or match files of one format, but found {listed(formats)}."
            "\nPass a pattern such as 'folder/*.parquet'."
        )
    if formats[0] not in ("csv", "tsv", "parquet"):
        raise ReadError(f"'{path}' is {formats[0]}, but only csv and parquet can be scanned.\nUse cx.read('{path}').")
    return files, formats[0]


def _hidden(relative: Path) -> bool:
    return any(part.startswith((".", "_")) for part in relative.parts)


def _known(file: Path) -> bool:
    try:
        return format_of(file) in ("csv", "tsv", "parquet")
    except ReadError:
        return False


def _glob(pattern: Path) -> list[Path]:
    parts = pattern.parts
    first = next(i for i, part in enumerate(parts) if any(c in part for c in "*?["))
    try:
        return list(Path(*parts[:first]).glob(str(Path(*parts[first:]))))
    except ValueError as reason:
        raise ReadError(f"'{pattern}' is no pattern: {reason}.") from None
