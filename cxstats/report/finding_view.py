"""One finding in the words and rounded numbers of the report, the same for HTML and Markdown."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cxstats.claims.finding import Finding, Part, Verdict
from cxstats.errors import rows as counted_rows
from cxstats.report.numbers import decimals_of, exact, interval, number
from cxstats.report.plain import linked, plain
from cxstats.report.words import FLAGS, KINDS, MAGNITUDES, VERDICTS, VerdictWords

Pieces = list[tuple[str, str]]  # words and the address that they link to, if any


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a table of estimates."""

    name: str
    estimate: str
    interval: str


@dataclass(frozen=True, kw_only=True)
class Rival:
    """The claim that cannot hold together with this one; no words where the study does not hold it."""

    claim: str
    sentence: str
    anchor: str
    verdict: Verdict | None
    words: VerdictWords | None


@dataclass(frozen=True, kw_only=True)
class FindingView:
    """One finding, ready to be printed. Texts are empty where there is nothing to say."""

    finding: Finding
    anchor: str
    claim: str
    sentence: str
    outcome: str
    words: VerdictWords
    reason: str
    kind: str
    unit: str
    estimate: str
    interval: str
    place: str  # where the interval lies, as a sentence
    smallest: str
    published: str
    magnitude: str
    source: Pieces
    flags: tuple[tuple[str, str], ...]
    guards: tuple[str, ...]
    parts: tuple[Row, ...]
    levels: tuple[Row, ...]
    levels_unit: str
    sensitivity: tuple[Row, ...]
    used: str
    rival: Rival | None


def view_finding(finding: Finding, all_findings: Sequence[Finding], anchors: Mapping[int, str]) -> FindingView:
    """A finding in words; ``anchors`` has the place of every finding of the study in the page, by identity."""
    marks = (0.0, finding.smallest_effect, -finding.smallest_effect)
    parts = finding.parts or finding_as_parts(finding)
    digits = decimals_of([*parts, *finding_as_parts(finding)], marks)
    known = not math.isnan(finding.estimate)
    return FindingView(
        finding=finding,
        anchor=anchors[id(finding)],
        claim=plain(finding.claim),
        sentence=plain(finding.sentence),
        outcome=plain(finding.outcome or ""),
        words=VERDICTS[finding.verdict],
        reason=plain(finding.reason),
        kind=KINDS[finding.kind],
        unit=plain(finding.unit),
        estimate=number(finding.estimate, digits) if known else "",
        interval=interval(finding.ci_low, finding.ci_high, digits) if known else "",
        place=place(finding.ci_low, finding.ci_high, finding.smallest_effect) if known else "",
        smallest=exact(finding.smallest_effect),
        published=sentence(finding.published),
        magnitude=MAGNITUDES[finding.magnitude],
        source=linked(finding.source),
        flags=tuple((plain(flag), FLAGS.get(flag, "")) for flag in finding.flags),
        guards=tuple(map(plain, finding.guards)),
        parts=view_rows(parts, digits),
        levels=view_rows(finding.levels, decimals_of(finding.levels)),
        levels_unit=plain(finding.levels_unit),
        sensitivity=view_rows(finding.sensitivity, max(digits, decimals_of(finding.sensitivity))),
        used=used(finding.n, finding.n_missing),
        rival=view_rival(finding, all_findings, anchors),
    )


def sentence(text: str) -> str:
    """The text with a stop at its end, so that another sentence can follow."""
    line = plain(text)
    return line if not line or line.endswith((".", "!", "?", "…")) else f"{line}."


def finding_as_parts(finding: Finding) -> tuple[Part, ...]:
    """The estimate as the only line of its figure; none where there is no estimate."""
    if math.isnan(finding.estimate):
        return ()
    return (Part(name="Estimate", estimate=finding.estimate, ci_low=finding.ci_low, ci_high=finding.ci_high),)


def view_rows(parts: Sequence[Part], digits: int) -> tuple[Row, ...]:
    """Estimates in words, all with the same decimals."""
    return tuple(
        Row(
            name=plain(part.name),
            estimate=number(part.estimate, digits),
            interval=interval(part.ci_low, part.ci_high, digits),
        )
        for part in parts
    )


def place(low: float, high: float, smallest: float) -> str:
    """Where an interval lies, seen from zero and from the smallest effect that counts."""
    if math.isnan(low) or math.isnan(high):
        return ""
    if math.isinf(low) and math.isinf(high):
        return "The data set no limits to the effect."
    edge = f"{exact(smallest)}, the smallest effect that counts"
    if low > smallest:
        return f"The whole interval lies above {edge}."
    if -smallest < low and high < smallest:
        side = "above zero, but " if low > 0 else "below zero, but " if high < 0 else ""
        return f"The whole interval lies {side}within {edge}: too small to count."
    if low > 0:
        return f"The interval lies above zero, but begins below {edge}."
    if high < 0:
        return "The whole interval lies below zero."
    if high < smallest:
        return f"The interval holds zero and ends below {edge}."
    return "The interval holds zero, and also effects that are large enough to count."


def used(n: int, n_missing: int) -> str:
    """How many rows the finding stands on."""
    if not n and not n_missing:
        return ""
    left_out = f"; {n_missing:,} left out because a value was missing" if n_missing else ""
    return f"{counted_rows(n)} used{left_out}."


def view_rival(finding: Finding, all_findings: Sequence[Finding], anchors: Mapping[int, str]) -> Rival | None:
    """The rival's finding, on the same outcome where there is one."""
    if finding.rival is None:
        return None
    found = [f for f in all_findings if f.claim == finding.rival]
    found.sort(key=lambda f: f.outcome != finding.outcome)
    if not found:
        return Rival(claim=plain(finding.rival), sentence="", anchor="", verdict=None, words=None)
    rival = found[0]
    return Rival(
        claim=plain(rival.claim),
        sentence=plain(rival.sentence),
        anchor=anchors[id(rival)],
        verdict=rival.verdict,
        words=VERDICTS[rival.verdict],
    )
