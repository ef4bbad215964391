"""One study in the words and rounded numbers of the report, the same for HTML and Markdown."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cxstats.claims.finding import Finding, PlanUsed, Validation, Verdict
from cxstats.errors import StudyError
from cxstats.report.data_view import (
    AccountView,
    CorrelationView,
    ScoreView,
    view_account,
    view_correlations,
    view_score,
)
from cxstats.report.finding_view import MOST_LINES, FindingView, Pieces, view_finding
from cxstats.report.next_steps import NextStep, next_steps
from cxstats.report.numbers import counted
from cxstats.report.plain import linked, plain
from cxstats.report.small_counts import for_publication
from cxstats.report.words import EVIDENCE, VERDICTS, VerdictWords


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """The locked plan, and what is another now than it was then."""

    hash: str
    registered: str
    version: str
    changes: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Minute:
    """What a reader with one minute should know: the claims that held, that did not, that cannot be told."""

    title: str
    findings: tuple[FindingView, ...]
    none: str  # what is said where there are no such claims
    mixed: bool  # whether each claim must say which of several verdicts it has


@dataclass(frozen=True, kw_only=True)
class StudyView:
    """One study, ready to be printed."""

    validation: Validation
    anchor: str
    title: str
    label: str
    meaning: str  # of the label
    source: Pieces
    licence: Pieces
    note: Pieces
    headline: str
    tally: tuple[tuple[Verdict, int, VerdictWords], ...]
    minute: tuple[Minute, ...]
    next_steps: tuple[NextStep, ...]  # what most claims wait for first
    findings: tuple[FindingView, ...]  # what held first, what was refused last
    waiting: tuple[FindingView, ...]  # claims for which nothing is declared: not even a refusal tells of the data
    anchor_of: dict[str, str]  # the first finding of each claim
    plan: PlanView | None
    scores: tuple[ScoreView, ...]
    correlations: tuple[CorrelationView, ...]
    correlations_left_out: int
    accounts: tuple[AccountView, ...]
    notes: tuple[str, ...]
    unused: tuple[str, ...]
    seed: str


def at_least_one(validations: Sequence[Validation]) -> Sequence[Validation]:
    """The validations, if there is any to report."""
    if not validations:
        raise StudyError(
            "A report needs at least one study, but none was given.\nPass a list with what cx.validate returned."
        )
    return validations


def view_studies(validations: Sequence[Validation], min_count: int) -> list[StudyView]:
    """The studies of a report in words, each with anchors of its own, small counts held back from sentences too."""
    safe = [for_publication(validation, min_count) for validation in at_least_one(validations)]
    return [view_study(validation, place, min_count) for place, validation in enumerate(safe, 1)]


def view_study(validation: Validation, place: int, min_count: int) -> StudyView:
    """A study in words; ``place`` (from 1) keeps its anchors apart from those of the others."""
    anchor = f"study-{place}"
    label, meaning = EVIDENCE[validation.evidence]
    findings = validation.findings
    anchors = {id(finding): f"{anchor}-claim-{i}" for i, finding in enumerate(findings, 1)}
    tally = Counter(finding.verdict for finding in findings)
    views = tuple(view_finding(f, findings, anchors, min_count) for f in sorted(findings, key=rank))
    return StudyView(
        validation=validation,
        anchor=anchor,
        title=plain(validation.title),
        label=label,
        meaning=meaning,
        source=linked(validation.source),
        licence=linked(validation.licence),
        note=linked(validation.note),
        headline=headline(findings),
        tally=tuple((verdict, tally[verdict], words) for verdict, words in VERDICTS.items() if tally[verdict]),
        minute=in_one_minute(views),
        next_steps=next_steps(findings),
        findings=tuple(view for view in views if view.finding.declared),
        waiting=tuple(view for view in views if not view.finding.declared),
        anchor_of={view.claim: view.anchor for view in reversed(views)},
        plan=view_plan(validation.plan),
        scores=tuple(view_score(s, f"{anchor}-score-{i}", min_count) for i, s in enumerate(validation.scores, 1)),
        correlations=view_correlations(validation.correlations[:MOST_LINES], min_count),
        correlations_left_out=max(0, len(validation.correlations) - MOST_LINES),
        accounts=tuple(view_account(table, min_count) for table in validation.tables),
        notes=tuple(map(plain, validation.notes)),
        unused=tuple(map(plain, validation.unused)),
        seed="none: nothing was drawn" if validation.seed is None else str(validation.seed),
    )


def rank(finding: Finding) -> int:
    """The place of a finding's verdict among the verdicts."""
    return list(VERDICTS).index(finding.verdict)


def headline(findings: Sequence[Finding]) -> str:
    """How many claims held, did not hold, and so on, in one sentence."""
    if not findings:
        return "No claim was put to the test."
    tally = Counter(finding.verdict for finding in findings)
    apart = " (each outcome counts apart)" if len({finding.claim for finding in findings}) < len(findings) else ""
    claims = counted(len(findings), "claim") + apart
    idle = sum(not finding.declared for finding in findings)
    some = "" if idle == tally["not-testable"] else f" {idle:,} of them"
    why = f",{some} because the study declares no data for {'it' if idle == 1 else 'them'}" if idle else ""
    if tally["not-testable"] == len(findings):
        return f"None of the {claims} could be tested{why}."
    said = [f"{tally[verdict]:,} {words.counted}" for verdict, words in VERDICTS.items() if tally[verdict]]
    listed = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return f"Of {claims}, {listed}{why}."


def in_one_minute(findings: Sequence[FindingView]) -> tuple[Minute, ...]:
    """The claims by what the data say of them; those that could not be tested are in the list of what to measure."""
    wanted: tuple[tuple[str, tuple[Verdict, ...], str], ...] = (
        ("What held", ("supported",), "No claim held."),
        ("What did not hold", ("not-supported",), "No claim was ruled out."),
        ("What cannot be told", ("direction-only", "inconclusive"), "Every claim that was tested could be told."),
    )
    tested = any(f.finding.verdict != "not-testable" for f in findings)
    return tuple(
        Minute(
            title=title,
            findings=tuple(f for f in findings if f.finding.verdict in verdicts),
            none=none,
            mixed=len(verdicts) > 1,
        )
        for title, verdicts, none in wanted
        if tested
    )


def view_plan(plan: PlanUsed | None) -> PlanView | None:
    """The locked plan in words."""
    if plan is None:
        return None
    return PlanView(
        hash=plain(plan.hash),
        registered=plain(plan.registered),
        version=plain(plan.version),
        changes=tuple(map(plain, plan.changes)),
        notes=tuple(map(plain, plan.notes)),
    )
