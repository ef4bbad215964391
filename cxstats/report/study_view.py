"""One study in the words and rounded numbers of the report, the same for HTML and Markdown."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cxstats.claims.finding import Finding, ScoreSummary, Validation, Verdict
from cxstats.errors import StudyError
from cxstats.report.finding_view import FindingView, Pieces, view_finding
from cxstats.report.numbers import counted, decimals, interval, number, share
from cxstats.report.plain import linked, plain
from cxstats.report.privacy import Count, published
from cxstats.report.words import EVIDENCE, VERDICTS, VerdictWords
from cxstats.study.parts import TableAccount

# A score with more different values than this has no bars that could be read.
MOST_VALUES = 60


@dataclass(frozen=True, kw_only=True)
class ScoreView:
    """One score of the data section."""

    anchor: str
    metric: str
    scale: str
    score: str
    estimate: str
    interval: str
    answers: str
    counts: tuple[Count, ...]
    shares: tuple[str, ...]  # of all answers; empty for a count held back
    withheld: str  # why some or all counts are not shown


@dataclass(frozen=True, kw_only=True)
class AccountView:
    """What became of the rows of one table: the steps add up to the rows read."""

    table: str
    read: str
    steps: tuple[tuple[str, str], ...]


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
    findings: tuple[FindingView, ...]  # what held first, what could not be tested last
    scores: tuple[ScoreView, ...]
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
    """The studies of a report in words, each with anchors of its own."""
    return [view_study(v, place, min_count) for place, v in enumerate(at_least_one(validations), 1)]


def view_study(validation: Validation, place: int, min_count: int) -> StudyView:
    """A study in words; ``place`` (from 1) keeps its anchors apart from those of the others."""
    anchor = f"study-{place}"
    label, meaning = EVIDENCE[validation.evidence]
    findings = validation.findings
    anchors = {id(finding): f"{anchor}-claim-{i}" for i, finding in enumerate(findings, 1)}
    tally = Counter(finding.verdict for finding in findings)
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
        findings=tuple(view_finding(f, findings, anchors) for f in sorted(findings, key=rank)),
        scores=tuple(view_score(s, f"{anchor}-score-{i}", min_count) for i, s in enumerate(validation.scores, 1)),
        accounts=tuple(map(view_account, validation.tables)),
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
    if tally["not-testable"] == len(findings):
        return f"None of the {claims} could be tested."
    said = [f"{tally[verdict]:,} {words.counted}" for verdict, words in VERDICTS.items() if tally[verdict]]
    listed = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return f"Of {claims}, {listed}."


def view_score(summary: ScoreSummary, anchor: str, min_count: int) -> ScoreView:
    """A score with its distribution, small counts held back."""
    digits = decimals(summary.ci_low, summary.ci_high, summary.estimate)
    many = len(summary.values) > MOST_VALUES
    counts = () if many else published(summary.values, summary.counts, min_count)
    missing = f"; {summary.n_missing:,} without an answer" if summary.n_missing else ""
    return ScoreView(
        anchor=anchor,
        metric=plain(summary.metric),
        scale=plain(summary.scale),
        score=plain(summary.score),
        estimate=number(summary.estimate, digits),
        interval=interval(summary.ci_low, summary.ci_high, digits),
        answers=f"{counted(summary.n, 'answer')}{missing}.",
        counts=counts,
        shares=tuple("" if c.count is None else share(c.count, sum(summary.counts)) for c in counts),
        withheld=withheld(len(summary.values), many, any(c.count is None for c in counts), min_count),
    )


def withheld(values: int, many: bool, held_back: bool, min_count: int) -> str:
    """Why some or all counts are not shown."""
    if many:
        return f"{values:,} different values were given: too many to show one by one."
    if held_back:
        return f"Values given fewer than {min_count} times are not counted out, to protect those who gave them."
    return ""


def stands_for(account: TableAccount) -> str:
    """How many customers counted rows stand for; nothing for data that are not counted."""
    return "" if account.stands_for is None else f" (counts of {account.stands_for:,} in all)"


def view_account(account: TableAccount) -> AccountView:
    """What became of a table's rows; only what happened is listed."""
    fates = (
        (account.used, "used" + stands_for(account)),
        (account.filtered, "left out by the study's own filter"),
        (account.superseded, "left out because another row of the same key was picked"),
        (account.unmatched, "left out because no analysed row has their key"),
    )
    steps = tuple((f"{n:,}", words) for n, words in fates if n or words == "used")
    return AccountView(table=plain(account.table), read=f"{account.read:,}", steps=steps)
