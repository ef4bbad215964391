"""Data files read for a first look: one table per file, or one for files that have the same columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxstats.errors import ReadError, listed, rows
from cxstats.readers.delimited import SPOILT, open_text
from cxstats.readers.paths import Format, existing_file, format_of, local
from cxstats.readers.read import read
from cxstats.starter.entries import Setting, told_all
from cxstats.starter.questions import question_texts
from cxstats.study.values import kind_of

_TEXTS: tuple[Format, ...] = ("csv", "tsv")
_TEN, _CHUNK = 10, 1 << 20


@dataclass(eq=False)
class Source:
    """A table as it was found; ``settings`` are what must be said to read it."""

    name: str
    files: list[Path]
    frame: Any  # pandas
    settings: list[Setting] = field(default_factory=list)
    questions: Mapping[str, str] = field(default_factory=dict)  # of a Qualtrics export: what each column asked

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [str(name) for name in self.frame.columns]


def sources(paths: Sequence[str | Path]) -> list[Source]:
    """The tables of the files, each under a name of its own."""
    found: list[Source] = []
    for path in paths:
        source = _source(path)
        if any(file.samefile(source.files[0]) for other in found for file in other.files):
            raise ReadError(f"Each file must be named once, but '{path}' is named twice.")
        twin = next((other for other in found if _stackable(other, source)), None)
        if twin is None:
            found.append(source)
        else:
            _stack(twin, source)
    return _named(found)


def _source(path: str | Path) -> Source:
    """One file, read by what its name and its first rows say it is."""
    file = _data_file(path)
    what = format_of(file)
    options: dict[str, Any] = {}
    why: dict[str, str] = {}
    questions: dict[str, str] = {}
    if what in _TEXTS:
        encoding = _encoding(file)
        if encoding != "utf-8":
            options["encoding"], why["encoding"] = encoding, "the file is no UTF-8; check letters with accents"
        questions = (question_texts(file, encoding) if what == "csv" else None) or {}
        if questions:
            options["format"], why["format"] = "qualtrics", "its third row holds the ImportId of a Qualtrics export"
    elif what == "xlsx":
        options, why = _sheet(file)
    frame = read(file, **options)
    if what in _TEXTS and _has_comma_numbers(frame):
        options["decimal"], why["decimal"] = ",", "some columns hold numbers with a comma"
        frame = read(file, **options)
    settings = [Setting(key, value, why[key]) for key, value in options.items()]
    return Source(_stem(file), [file], frame, settings, questions)


def _data_file(path: str | Path) -> Path:
    """The path of a data file, or the reason why it is none in the words of the command line."""
    file = local(path)
    if file.suffix.lower() == ".toml":
        raise ReadError(
            f"'{path}' must be a data file, but it is a study file, by its name."
            f"\nName the data; a study file is run with: cxstats validate {path}"
        )
    if file.is_dir():
        raise ReadError(f"'{path}' must be a data file, but it is a folder.\nName its files, such as: {path}/*.csv")
    existing_file(path)
    try:
        format_of(file)
    except ReadError as reason:
        first = str(reason).splitlines()[0]
        raise ReadError(f"{first}\nSave it as csv or xlsx, or give it the ending of what it is.") from None
    return file


def _encoding(file: Path) -> str:
    """UTF-8 if all of the file is, else what such files are most often."""
    for encoding in ("utf-8", "cp1252"):
        try:
            with open_text(file, encoding) as stream:
                while stream.read(_CHUNK):
                    pass
            return encoding
        except UnicodeError:
            continue
        except SPOILT:  # the reader will say what is wrong
            return "utf-8"
    return "latin-1"


def _sheet(file: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The first sheet of a workbook that has several."""
    try:
        import openpyxl

        book = openpyxl.load_workbook(file, read_only=True)
    except Exception:  # whatever it is, the reader says it in our words
        return {}, {}
    names = [sheet.title for sheet in book.worksheets]
    book.close()
    if len(names) < 2:
        return {}, {}
    return {"sheet": names[0]}, {"sheet": f"the first of {len(names)} sheets: {told_all(names)}"}


def _has_comma_numbers(frame: Any) -> bool:
    """Whether a column holds nothing but numbers of which some have a decimal comma, not one of thousands."""
    for name in frame.columns:
        values = frame[name].dropna()
        if kind_of(values) != "text":
            continue
        texts = values.astype(str).str.strip()
        if texts.iloc[:_TEN].str.fullmatch("-?[0-9]+(,[0-9]+)?").all():
            commas = texts[texts.str.contains(",", regex=False)]
            numbers = texts.str.fullmatch("-?[0-9]+(,[0-9]+)?").all()
            if numbers and len(commas) and not commas.str.fullmatch("-?[0-9]+,[0-9]{3}").all():
                return True
    return False


def _stackable(first: Source, second: Source) -> bool:
    return set(first.columns) == set(second.columns) and _options(first) == _options(second)


def _options(source: Source) -> Mapping[str, Any]:
    return {setting.key: setting.value for setting in source.settings}


def _stack(first: Source, second: Source) -> None:
    """Waves of one survey: the rows one below the other."""
    import pandas as pd

    first.files += second.files
    first.frame = pd.concat([first.frame, second.frame[list(first.frame.columns)]], ignore_index=True)


def _named(found: list[Source]) -> list[Source]:
    """Names of tables from those of their files, each different."""
    taken: set[str] = set()
    for source in found:
        name, number = source.name, 2
        while name in taken:
            name, number = f"{source.name}_{number}", number + 1
        taken.add(name)
        source.name = name
    return found


def _stem(file: Path) -> str:
    name = file.name.removesuffix(".gz")
    return Path(name).stem.strip() or "data"


def account(source: Source) -> str:
    """The files of a table and its size, for a remark."""
    return (
        f"{listed([file.name for file in source.files], 4)}: {rows(len(source.frame))}, {len(source.columns)} columns"
    )
