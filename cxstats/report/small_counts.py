"""Small counts inside sentences: reasons, checks and notes that name how many customers there were."""

import math
import re
from dataclasses import replace

from cxstats.claims.finding import Finding, Part, Validation
from cxstats.report.privacy import checked

MANY = "many"
# What is counted and could be a person, or something that one person did.
_COUNTED = (
    "rows?|customers?|people|persons?|guests?|contacts?|answers?|respondents?|experiences?|visits?|journeys?|"
    "sequences?|orders?|deliveries|events?|ratings?|outcomes?|employees?|patients?|members?|users?|others?|"
    "complaints?|buyers?|moments?|encounters?|good|bad|promoters?|detractors?"
)
_DID = "are|is|were|was|had|has|have|do|does|did|came|stayed|left|lacks?|hold|holds"
_NUMBER = r"(?<![\w.,'’%−–-])(?:\d{1,3}(?:,\d{3})+|\d+)(?![\w%]|[.,]\d)"
# Numbers that ask for something, or belong to the design, count nobody.
_ASKED = re.compile(r"(?:least|most|than|about|fewest|every|needs?|needed|version|first|last)\s+$", re.IGNORECASE)
_DEMAND = re.compile(r"[^.;\n]*\b(?:needed|needs?|must|least)\b[^.;\n]*?, but\b", re.IGNORECASE)
_COUNT = re.compile(
    rf"(?P<n>{_NUMBER})(?="
    rf"(?:\s+of\s+(?:the\s+|all\s+)?{_NUMBER})?(?:\s+(?:more|other|good|bad|distinct))?\s+(?:{_COUNTED}|{_DID})\b"
    rf"(?!\s+(?:declared|needed)\b)|\s+of\s+(?:the\s+|all\s+)?{_NUMBER}\s+(?:{_COUNTED})\b)"
)
_AFTER_FEW = {"row": "rows", "customer": "customers", "was": "were", "is": "are", "does": "do", "has": "have"}
_SINGULAR = re.compile(r"(?<=fewer than )(\d+) (row|customer|was|is|does|has)\b(?: (was|is|does|has)\b)?")


def without_small_counts(text: str, min_count: int) -> str:
    """The text with every small count held back, and with it the other counts, from which it might follow."""
    demands = [demand.span() for demand in _DEMAND.finditer(text)]
    found = [
        match
        for match in _COUNT.finditer(text)
        if not _ASKED.search(text[: match.start()]) and not any(a <= match.start() < b for a, b in demands)
    ]
    if not any(0 < _value(match) < min_count for match in found):
        return text
    pieces, at = [], 0
    for match in found:
        value = _value(match)
        words = f"fewer than {min_count}" if 0 < value < min_count else MANY if value else match["n"]
        pieces += [text[at : match.start()], words]
        at = match.end()
    told = "".join([*pieces, text[at:]]).replace(f"all {MANY} ", "all ").replace("only fewer than", "fewer than")
    return _SINGULAR.sub(_plural, told)


def for_publication(validation: Validation, min_count: int) -> Validation:
    """The validation with small counts held back from its sentences, and no estimate of few rows.

    Its counts are left to who prints them.
    """
    if checked(min_count) == 1:
        return validation
    plan = validation.plan
    return replace(
        validation,
        findings=tuple(_finding(finding, min_count) for finding in validation.findings),
        notes=_each(validation.notes, min_count),
        plan=None
        if plan is None
        else replace(plan, changes=_each(plan.changes, min_count), notes=_each(plan.notes, min_count)),
    )


def _finding(finding: Finding, min_count: int) -> Finding:
    return replace(
        finding,
        reason=without_small_counts(finding.reason, min_count),
        guards=_each(finding.guards, min_count),
        segments_told=without_small_counts(finding.segments_told, min_count),
        levels=_of_many(finding.levels, min_count),
        segments=_of_many(finding.segments, min_count),
        sensitivity=_of_many(finding.sensitivity, min_count),
    )


def _of_many(parts: tuple[Part, ...], min_count: int) -> tuple[Part, ...]:
    """The estimates, without a number for those of few rows: a mean of two answers nearly tells both."""
    return tuple(
        Part(name=part.name, estimate=math.nan, ci_low=math.nan, ci_high=math.nan) if 0 < part.n < min_count else part
        for part in parts
    )


def _each(texts: tuple[str, ...], min_count: int) -> tuple[str, ...]:
    return tuple(without_small_counts(text, min_count) for text in texts)


def _value(match: re.Match[str]) -> int:
    return int(match["n"].replace(",", ""))


def _plural(match: re.Match[str]) -> str:
    """``fewer than 5 rows were``, not ``5 row was``."""
    verb = "" if match[3] is None else f" {_AFTER_FEW[match[3]]}"
    return f"{match[1]} {_AFTER_FEW[match[2]]}{verb}"
