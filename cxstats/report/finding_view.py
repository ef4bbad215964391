"""One finding in the words and rounded numbers of the report, the same for HTML and Markdown."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cxstats.claims.finding import Finding, Part, Verdict
from cxstats.report.numbers import decimals_of, exact, interval, number, short
from cxstats.report.plain import linked, plain
from cxstats.report.privacy import breakdown
from cxstats.report.words import FLAGS, KINDS, MAGNITUDES, STATUS, VERDICTS, VerdictWords

Pieces = list[tuple[str, str]]  # words and the address that they link to, if any
# Lines of a table of estimates, and names in a sentence; what is beyond is counted, and is in the files for programs.
MOST_LINES, MOST_NAMES = 40, 10


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a table of estimates."""

    name: str
    estimate: str
    interval: str


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A table of estimates, and how many more there are than it shows."""

    shown: tuple[Row, ...] = ()
    left_out: int = 0


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
    counts: str  # what counts: the smallest effect, or the band around a published figure
    flips: str  # at which smallest effect the verdict would be another
    status: str  # whether it was planned; empty where no plan was locked
    published: str
    magnitude: str
    source: Pieces
    flags: tuple[tuple[str, str], ...]
    guards: tuple[str, ...]
    parts: Rows
    levels: Rows
    levels_unit: str
    sensitivity: Rows
    segments: Rows
    segments_unit: str
    segments_told: str  # whether they differ, and in which of them the verdict is the opposite one
    methods: tuple[str, ...]
    used: str
    rival: Rival | None


def view_finding(
    finding: Finding, all_findings: Sequence[Finding], anchors: Mapping[int, str], min_count: int
) -> FindingView:
    """A finding in words; ``anchors`` has the place of every finding of the study in the page, by identity."""
    marks = finding.band or (0.0, finding.smallest_effect, -finding.smallest_effect)
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
        place=place(finding.ci_low, finding.ci_high, finding.smallest_effect, finding.band) if known else "",
        smallest=exact(finding.smallest_effect),
        counts=what_counts(finding),
        flips=flips(finding),
        status=STATUS[finding.status],
        published=sentence(finding.published),
        magnitude=MAGNITUDES[finding.magnitude],
        source=linked(finding.source),
        flags=tuple((plain(flag), FLAGS.get(flag, "")) for flag in finding.flags),
        guards=tuple(map(plain, finding.guards)),
        parts=view_rows(parts, digits),
        levels=view_rows(finding.levels, decimals_of(finding.levels)),
        levels_unit=plain(finding.levels_unit),
        sensitivity=view_rows(finding.sensitivity, max(digits, decimals_of(finding.sensitivity))),
        segments=view_rows(reversed_first(finding), decimals_of(finding.segments)),
        segments_unit=plain(finding.segments_unit or finding.unit),
        segments_told=f"{sentence(finding.segments_told)} {reversed_in(finding.reversed_in)}".strip(),
        methods=tuple(map(plain, finding.methods)),
        used=used(finding.n, finding.n_missing, min_count),
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


def view_rows(parts: Sequence[Part], digits: int) -> Rows:
    """Estimates in words, all with the same decimals, and as many as a reader can take in."""
    shown = tuple(
        Row(
            name=plain(part.name),
            estimate=number(part.estimate, digits),
            interval=interval(part.ci_low, part.ci_high, digits),
        )
        for part in parts[:MOST_LINES]
    )
    return Rows(shown=shown, left_out=len(parts) - len(shown))


def reversed_first(finding: Finding) -> list[Part]:
    """The segments, those with the opposite verdict before the others."""
    return sorted(finding.segments, key=lambda part: part.name not in finding.reversed_in)


def reversed_in(names: Sequence[str]) -> str:
    """In which segments the verdict is the opposite one, as a sentence."""
    if not names:
        return ""
    more = f", and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return f"The verdict is the opposite one in {', '.join(map(plain, names[:MOST_NAMES]))}{more}."


def what_counts(finding: Finding) -> str:
    """What an effect must reach, or where a figure must lie."""
    if finding.band is None:
        return f"Smallest effect that counts: {exact(finding.smallest_effect)}"
    low, high = map(short, finding.band)
    return f"Band around the published figure that counts as agreeing: {low} to {high}"


def flips(finding: Finding) -> str:
    """At which smallest effect the verdict would be another one, as a sentence."""
    at, other = finding.flips_at, finding.flips_to
    if math.isnan(at):
        return ""
    side = "more" if at > finding.smallest_effect else "less"
    verdict = "another one" if other is None else f"'{VERDICTS[other].word.lower()}'"
    return f"With {short(at)} or {side} as the smallest effect that counts, the verdict would be {verdict}."


def place(low: float, high: float, smallest: float, band: tuple[float, float] | None = None) -> str:
    """Where an interval lies, seen from zero and the smallest effect that counts, or from the band of a figure."""
    if math.isnan(low) or math.isnan(high):
        return ""
    if math.isinf(low) and math.isinf(high):
        return "The data set no limits to the effect."
    if band is not None:
        return place_by_band(low, high, band)
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


def place_by_band(low: float, high: float, band: tuple[float, float]) -> str:
    """Where an interval lies, seen from the band around a published figure."""
    first, last = map(short, band)
    around = "the band around the published figure"
    if band[0] < low and high < band[1]:
        return f"The whole interval lies between {first} and {last}, {around}."
    if low > band[1]:
        return f"The whole interval lies above {last}, where {around} ends ({first} to {last})."
    if high < band[0]:
        return f"The whole interval lies below {first}, where {around} begins ({first} to {last})."
    if low < band[0] and high > band[1]:
        return f"The interval holds all of {around}, {first} to {last}, and more on both sides."
    side = f"begins below {first}" if low <= band[0] else f"ends above {last}"
    return f"The interval lies partly in {around}, {first} to {last}, and {side}."


def used(n: int, n_missing: int, min_count: int) -> str:
    """How many rows the finding stands on."""
    if not n and not n_missing:
        return ""
    rows, missing = breakdown((n, n_missing), min_count)
    left_out = f"; {missing.words} left out because a value was missing" if n_missing else ""
    return f"{rows.words} {'row' if rows.value == 1 else 'rows'} used{left_out}."


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
