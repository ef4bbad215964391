"""Text that Markdown shows as it is: nothing in it becomes markup, a link, or a call to somebody."""

import re
import unicodedata

from cxstats.report.finding_view import Pieces
from cxstats.report.plain import plain

# What Markdown would read as more than text; "&" and "<" first become entities.
ACTIVE = re.compile(r"([\\`*_\[\]|~!#$])")
# What GitHub's Markdown turns into a link, a call to a person, or a little picture, without being asked.
CALLS = re.compile(r":(?=//)|@|(?<=www)\.|:(?=[\w+\\-]+:)", re.IGNORECASE)
# What Markdown would read as the start of a list or of a heading's line.
LEADING = re.compile(r"^(\d{0,9})(?=[-+=.)])")
# Around text that runs from right to left, so that it turns nothing beside it round.
ISOLATE, END = "\u2068", "\u2069"
RIGHT_TO_LEFT = {"R", "AL", "AN", "RLE", "RLO", "RLI"}


def links(pieces: Pieces) -> str:
    """Text in which web addresses and DOIs are links."""
    return "".join(f"[{escaped(words)}](<{address}>)" if address else escaped(words) for words, address in pieces)


def text(value: str) -> str:
    """A value that Markdown shows as it is, on one line."""
    return isolated(escaped(plain(value)))


def isolated(line: str) -> str:
    """The line, kept apart from what stands beside it where some of it runs from right to left."""
    if line.isascii() or not any(unicodedata.bidirectional(c) in RIGHT_TO_LEFT for c in line):
        return line
    return f"{ISOLATE}{line}{END}"


def escaped(line: str) -> str:
    """A line without anything that Markdown would read as more than text."""
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = LEADING.sub(r"\1\\", ACTIVE.sub(r"\\\1", line))
    return CALLS.sub(lambda call: f"&#{ord(call[0])};", line)
