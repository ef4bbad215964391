"""Text for a terminal: no control characters from the data, paragraphs at the width of the window."""

import shutil
import textwrap
import unicodedata

import typer

_NARROW, _WIDE = 40, 100


def printable(text: str) -> str:
    """The text with control characters spelled out, so that a column name cannot steer the terminal."""
    steering = {c for c in set(text) if c != "\n" and unicodedata.category(c) in ("Cc", "Cs")}
    return text.translate({ord(c): c.encode("unicode_escape", "surrogatepass").decode() for c in steering})


def say(text: str) -> None:
    """Write to standard output."""
    typer.echo(printable(text))


def say_aside(text: str) -> None:
    """Write to standard error."""
    typer.echo(printable(text), err=True)


def width() -> int:
    """Columns to write in: those of the window, 80 in a pipe."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, _NARROW), _WIDE)


def paragraph(text: str) -> str:
    """One text at the width of the window, further lines indented."""
    return textwrap.fill(text, width(), subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)


def entry(head: str, lines: dict[str, str]) -> str:
    """A headed block: ``name  text`` below the head, the texts wrapped and aligned."""
    indent = 2 + max(len(name) + 2 if name else 0 for name in lines)
    wrapped = [
        textwrap.fill(
            text,
            width(),
            initial_indent=f"  {name}".ljust(indent),
            subsequent_indent=" " * indent,
            break_on_hyphens=False,
            break_long_words=False,
        )
        for name, text in lines.items()
        if text
    ]
    return "\n".join([head, *wrapped])
