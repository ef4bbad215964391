"""What a starter study file is made of: settings that are guessed, questions that are left open, and remarks."""

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cxstats.errors import number
from cxstats.study.errors import key_path

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 110
_LONG = 60  # characters of a name or a value that a remark tells
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")  # controls, marks that turn the direction of text, line ends


@dataclass(frozen=True)
class Setting:
    """A key with its value; ``why`` is the reason of a guess, empty for what is known."""

    key: str
    value: Any
    why: str = ""


@dataclass(frozen=True)
class Question:
    """Keys that only a person can fill in, each with a hint beside it."""

    text: str
    keys: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Remark:
    """A comment."""

    text: str


Entry = Setting | Question | Remark


@dataclass(frozen=True)
class Section:
    """A table of the TOML file, or remarks on their own; what is asked stands below what is known."""

    keys: tuple[str, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Open:
    """A question as it stands in the file: its number, and the paths of the keys that answer it."""

    number: int
    paths: tuple[str, ...]
    text: str


def open_questions(sections: Iterable[Section]) -> list[Open]:
    """The questions in the order of the file, counted from 1."""
    asked = [(s.keys, entry) for s in sections for entry in s.entries if isinstance(entry, Question)]
    return [
        Open(i, tuple(key_path(*(plain(key) for key in keys), name) for name, _ in question.keys), question.text)
        for i, (keys, question) in enumerate(asked, start=1)
    ]


def rendered(sections: Sequence[Section]) -> str:
    """The text of the file."""
    numbers = iter(range(1, 1 + len(open_questions(sections))))
    return "\n\n".join("\n".join(_lines(section, numbers)) for section in sections) + "\n"


def _lines(section: Section, numbers: Iterator[int]) -> Iterator[str]:
    if section.keys:
        yield f"[{'.'.join(_key(key) for key in section.keys)}]"
    for entry in sorted(section.entries, key=lambda entry: isinstance(entry, Question)):
        if isinstance(entry, Setting):
            yield from _setting(entry)
        elif isinstance(entry, Question):
            yield from _comment(f"QUESTION {next(numbers)}: {entry.text}")
            width = max(len(key) for key, _ in entry.keys)
            yield from (f"# {f'{key} = ?':{width + 4}}   # {plain(hint)}" for key, hint in entry.keys)
        else:
            yield from _comment(entry.text)


def _setting(entry: Setting) -> Iterator[str]:
    line = f"{_key(entry.key)} = {literal(entry.value)}"
    why = f"guess: {plain(entry.why)}"
    if entry.why and len(line) + len(why) + 4 > _WIDTH:
        yield from _comment(why)
        yield line
    else:
        yield f"{line}  # {why}" if entry.why else line


def _comment(text: str) -> list[str]:
    wrapped = textwrap.wrap(
        plain(text), _WIDTH - 2, break_long_words=False, break_on_hyphens=False, subsequent_indent="  "
    )
    return [f"# {line}" for line in wrapped]


def literal(value: Any) -> str:
    """A value as TOML writes it; whatever a text holds, it stays within its quotation marks."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_quoted(key)} = {literal(held)}" for key, held in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(held) for held in value) + "]"
    return _quoted(str(value))


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    return '"' + plain(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def plain(text: str) -> str:
    """The text on one line: what cannot be seen, or would end a comment, is spelled out as TOML does."""
    return "".join(_spelled(c) if unicodedata.category(c) in _UNSEEN else c for c in text)


def _spelled(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def told(name: object) -> str:
    """A name or a value in a remark, in quotation marks and not too long."""
    text = str(name)
    return f"'{text if len(text) <= _LONG else text[: _LONG - 3] + '...'}'"


def told_all(names: Sequence[object], limit: int = 12) -> str:
    """Names in a remark, and how many more there are."""
    more = f" and {len(names) - limit:,} more" if len(names) > limit else ""
    return ", ".join(told(name) for name in names[:limit]) + more
