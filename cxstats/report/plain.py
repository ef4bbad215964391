"""Text from data and study files, made safe to show: it stays text, and it cannot turn the page round."""

import re
import unicodedata

# Characters that turn the direction of everything after them; a name in Arabic or Hebrew needs none.
TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
REPLACED = "\N{REPLACEMENT CHARACTER}"
BLANKS = re.compile(r"\s+")


def plain(text: str) -> str:
    """One line of text; control, direction and half characters are replaced by a visible mark."""
    line = BLANKS.sub(" ", text).strip()
    if line.isascii() and line.isprintable():
        return line
    return "".join(REPLACED if c in TURNING or unicodedata.category(c) in ("Cc", "Cs") else c for c in line)


# What may become a link: an address on the web, or a DOI, up to the next blank or bracket.
LINK = re.compile(r"https?://[^\s<>\"'(){}\[\]|\\^`]+|doi:10\.\d{4,9}/[^\s<>\"'{}\[\]|\\^`]+")
TRAILING = ".,;:!?"


def linked(text: str) -> list[tuple[str, str]]:
    """The text in pieces of (words, address); the address is empty where there is no link.

    Only ``http``, ``https`` and DOIs are ever linked.
    """
    pieces, at = [], 0
    line = plain(text)
    for found in LINK.finditer(line):
        words = found[0].rstrip(TRAILING)
        if words.startswith("doi:") and words.endswith(")") and "(" not in words:
            words = words[:-1].rstrip(TRAILING)
        pieces.append((line[at : found.start()], ""))
        address = f"https://doi.org/{words[4:]}" if words.startswith("doi:") else words
        pieces.append((words, address))
        at = found.start() + len(words)
    pieces.append((line[at:], ""))
    return [piece for piece in pieces if piece[0]]
