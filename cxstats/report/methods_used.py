"""The methods behind a report, with the references that their own documentation gives."""

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from cxstats.catalogue import METHODS
from cxstats.claims.finding import Validation
from cxstats.report.finding_view import Pieces

_HEADING = re.compile(r"^References\n-+\n", re.MULTILINE)
_NEXT_HEADING = re.compile(r"^\w[\w ]*\n-+$", re.MULTILINE)
_ENTRY = re.compile(r"^\.\. \[\d+\]\s+", re.MULTILINE)
_IDENTIFIER = re.compile(r"(?P<kind>doi|arXiv):(?P<id>\S+)")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One reference, with its number in the report."""

    number: int
    pieces: Pieces


@dataclass(frozen=True, kw_only=True)
class UsedMethod:
    """One method: what it does, what it answers, and where its formulas stand."""

    name: str
    summary: str
    question: str
    references: tuple[int, ...]
    claims: tuple[str, ...]  # that rest on it


def used_methods(validations: Sequence[Validation]) -> tuple[tuple[UsedMethod, ...], tuple[Reference, ...]]:
    """The methods that the findings name, in the order of the catalogue, and every reference once."""
    claims: dict[str, dict[str, None]] = {}
    for validation in validations:
        for finding in validation.findings:
            for name in finding.methods:
                claims.setdefault(name, {})[finding.claim] = None
    numbers: dict[str, Reference] = {}
    methods = []
    for method in METHODS:
        if method.function not in claims:
            continue
        documentation = inspect.getdoc(method.resolve()) or ""
        methods.append(
            UsedMethod(
                name=method.function,
                summary=documentation.partition("\n")[0],
                question=method.question,
                references=tuple(dict.fromkeys(_numbered(text, numbers) for text in references_of(documentation))),
                claims=tuple(claims[method.function]),
            )
        )
    return tuple(methods), tuple(numbers.values())


def references_of(documentation: str) -> list[str]:
    """The entries of the References section of a docstring, each on one line."""
    heading = _HEADING.search(documentation)
    if heading is None:
        return []
    section = documentation[heading.end() :]
    end = _NEXT_HEADING.search(section)
    entries = _ENTRY.split(section[: end.start()] if end else section)[1:]
    return [" ".join(entry.split()) for entry in entries]


def _numbered(text: str, numbers: dict[str, Reference]) -> int:
    """The number of a reference: the same work, known by its DOI, has the same one."""
    found = _IDENTIFIER.search(text)
    key = found[0].rstrip(".").lower() if found else text.lower()
    if key not in numbers:
        numbers[key] = Reference(number=len(numbers) + 1, pieces=reference_pieces(text))
    return numbers[key].number


def reference_pieces(text: str) -> Pieces:
    """A reference in pieces of (words, address): its DOI or arXiv number is a link, odd characters and all."""
    found = _IDENTIFIER.search(text)
    if found is None:
        return [(text, "")]
    words = found[0].rstrip(".")
    site = "https://doi.org/" if found["kind"] == "doi" else "https://arxiv.org/abs/"
    pieces = [(text[: found.start()], ""), (words, site + quote(words.partition(":")[2], safe="/():;.,-_"))]
    rest = text[found.start() + len(words) :]
    return [*pieces, (rest, "")] if rest else pieces
