"""What to measure next: what the claims that could not be told or tested are waiting for, a line for each thing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cxstats.claims.finding import Finding
from cxstats.report.plain import plain

_TESTABLE = re.compile(r"(?P<wish>[^.\n]*?)\s*\b(?:would make it testable|it would be testable)\b")
_ENOUGH = re.compile(r"It would take about (?P<n>[\d,]+ [\w ]+?) like these")

TO_ADD = "To add:"
TOO_FEW = "Too few rows to tell."
MOST_STEPS = 5  # that a reader with one minute is told


@dataclass(frozen=True, kw_only=True)
class NextStep:
    """One thing that is missing, what to do about it, and the claims that wait for it."""

    lacking: str  # what is so far, as a sentence
    wish: str  # what to add or to do, as a sentence; empty where the reason says it all
    claims: tuple[str, ...]  # ids, each once
    sentences: tuple[str, ...]  # of the claims, in the same order


def next_steps(findings: Sequence[Finding]) -> tuple[NextStep, ...]:
    """A line for everything that is missing, what most claims wait for first.

    A claim that was tested on one outcome does not wait for another.
    """
    waiting: dict[str, list[tuple[str, Finding]]] = {}
    tested = {finding.claim for finding in findings if finding.verdict != "not-testable"}
    for finding in findings:
        if finding.claim not in tested:
            lacking, wish = split_reason(finding.reason)
            waiting.setdefault(lacking, []).append((wish, finding))
        elif enough := _ENOUGH.search(finding.reason):
            waiting.setdefault(TOO_FEW, []).append((enough["n"], finding))
    steps = [_step(lacking, waits) for lacking, waits in waiting.items()]
    return tuple(sorted(steps, key=lambda step: -len(step.claims)))


def split_reason(reason: str) -> tuple[str, str]:
    """What is missing, and what would help: reasons say first the one and then the other."""
    found = _TESTABLE.search(reason)
    if found:
        lead, colon, wish = found["wish"].rpartition(": ")
        lacking = plain(f"{reason[: found.start()]}{lead}")
        wish = plain((wish if colon else found["wish"]) + reason[found.end() :]).rstrip(".,").replace(",:", ":")
        return (_stopped(lacking), f"{TO_ADD} {wish}") if lacking else (_stopped(plain(reason)), "")
    first, _, mend = reason.partition("\n")
    return _stopped(plain(first)), plain(mend).rstrip(".")


def _stopped(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _step(lacking: str, waits: Sequence[tuple[str, Finding]]) -> NextStep:
    by_claim = {finding.claim: plain(finding.sentence) for _, finding in waits}
    wishes = list(dict.fromkeys(wish for wish, _ in waits if wish))
    return NextStep(
        lacking=lacking,
        wish=_most(wishes) if lacking == TOO_FEW else _stopped(together(wishes)),
        claims=tuple(map(plain, by_claim)),
        sentences=tuple(by_claim.values()),
    )


def _most(needs: Sequence[str]) -> str:
    """The most rows that any claim needs: ``"34,000 customers"`` of several such."""
    most = max(needs, key=lambda need: int(need.partition(" ")[0].replace(",", "")))
    return f"About {most} like these would {'do' if len(needs) == 1 else 'be enough for all'}."


def together(wishes: Sequence[str]) -> str:
    """Several wishes in one: the words that they begin with are said once."""
    if len(wishes) < 2:
        return "".join(wishes)
    split = [wish.split(" ") for wish in wishes]
    shared = 0
    while all(len(words) > shared + 1 and words[shared] == split[0][shared] for words in split):
        shared += 1
    rests = "; ".join(" ".join(words[shared:]) for words in split)
    lead = " ".join(split[0][:shared])
    return f"{lead}{'' if lead.endswith(':') else ':'} {rests}" if shared else rests
