"""The report as Markdown, for a wiki, a ticket or a repository."""

import re
from collections.abc import Sequence

from cxstats.claims.finding import Validation
from cxstats.report.finding_view import FindingView, Pieces, Row
from cxstats.report.plain import plain
from cxstats.report.privacy import MIN_COUNT
from cxstats.report.study_view import ScoreView, StudyView, view_studies
from cxstats.report.words import ASSOCIATION, TERMS, VERDICTS

# What Markdown would read as more than text; "&" and "<" first become entities.
ACTIVE = re.compile(r"([\\`*_\[\]|~!#$])")
# What GitHub's Markdown turns into a link, or into a call to a person, without being asked.
CALLS = re.compile(r":(?=//)|@|(?<=www)\.", re.IGNORECASE)


def render_markdown(validations: Sequence[Validation], *, command: str = "", min_count: int = MIN_COUNT) -> str:
    """The report of one or more studies; every text of the data and the study file stays text.

    The parameters are those of `cxstats.report.html.render_html`; pictures are left out, their numbers are not.
    """
    studies = view_studies(validations, min_count)
    blocks = ["# Which customer-experience claims hold on these data?", ASSOCIATION]
    for study in studies:
        blocks += study_blocks(study)
    blocks += ["## What the words mean"]
    blocks += ["\n".join(f"- **{words.word}**: {words.meaning}" for words in VERDICTS.values())]
    blocks += ["### Other words", "\n".join(f"- **{term}**: {meaning}" for term, meaning in TERMS)]
    blocks += ["## To repeat and to cite"]
    if command:
        blocks += [f"    {plain(command)}"]
    blocks += [record(study) for study in studies]
    return "\n\n".join(blocks) + "\n"


def study_blocks(study: StudyView) -> list[str]:
    """One study: what it is, the summary, the findings, the data."""
    blocks = [f"## {text(study.title)} ({study.label.lower()})", f"**{study.label}.** {study.meaning}"]
    about = (("About", study.note), ("Source", study.source), ("Licence", study.licence))
    blocks += ["\n".join(f"- {name}: {links(pieces)}" for name, pieces in about if pieces)]
    blocks += [f"### In one minute ({study.label.lower()})", f"**{study.headline}**"]
    if study.findings:
        rows = [(text(f.sentence) + outcome(f), f.words.word, text(f.reason)) for f in study.findings]
        blocks += [table(("Claim", "Verdict", "Why"), rows), f"### The findings one by one ({study.label.lower()})"]
    for finding in study.findings:
        blocks += finding_blocks(finding)
    blocks += [f"### The data ({study.label.lower()})"]
    for account in study.accounts:
        steps = " + ".join(f"{n} {fate}" for n, fate in account.steps)
        blocks += [f"Rows of {text(account.table)}: {account.read} read = {steps}."]
    blocks += ["\n".join(f"- To know: {text(note)}" for note in study.notes)]
    for score in study.scores:
        blocks += score_blocks(score)
    if study.unused:
        unused = ", ".join(map(text, study.unused))
        blocks += [f"Described in the study, but used by no claim of this version: {unused}."]
    return [block for block in blocks if block]


def finding_blocks(finding: FindingView) -> list[str]:
    """One finding: verdict, facts, checks, tables."""
    blocks = [f"#### {text(finding.sentence)}", f"**{finding.words.word}.** {text(finding.reason)}"]
    facts = [("Claim", text(finding.claim) + outcome(finding))]
    if finding.estimate:
        facts += [("Estimate", f"{finding.estimate} {text(finding.unit)}")]
        facts += [("95% interval", f"{finding.interval}. {finding.place}")]
    facts += [("Published", f"{text(finding.published)} {finding.magnitude}".strip())]
    facts += [("Claimed by", links(finding.source)), ("Rows", finding.used)]
    facts += [("The test", f"{finding.kind} Smallest effect that counts: {finding.smallest} ({text(finding.unit)}).")]
    facts += [("The checks found", text(guard)) for guard in finding.guards]
    facts += [("To keep in mind", f"{text(flag)}. {meaning}".strip()) for flag, meaning in finding.flags]
    if rival := finding.rival:
        absent = f"{text(rival.claim)} (not part of this study)."
        said = f"{text(rival.sentence)} {rival.words.word}." if rival.words else absent
        facts += [("Its rival, the two cannot both hold", said)]
    blocks += ["\n".join(f"- {name}: {value}" for name, value in facts if value)]
    if finding.finding.parts:
        blocks += estimates(f"The claim: {text(finding.unit)}", finding.parts)
    blocks += estimates(f"Made from: {text(finding.levels_unit)}", finding.levels)
    return blocks + estimates("Other ways to calculate it; they do not decide", finding.sensitivity)


def score_blocks(score: ScoreView) -> list[str]:
    """One score with its distribution."""
    head = f"Score {text(score.metric)} ({text(score.scale)}): {text(score.score)} {score.estimate}, "
    blocks = [f"{head}95% interval {score.interval}. {score.answers} {score.withheld}".strip()]
    if score.counts:
        given = zip(score.counts, score.shares, strict=True)
        blocks += [table(("Value", "Answers", "Share"), [(c.shown, text(c.words), s or "–") for c, s in given])]
    return blocks


def record(study: StudyView) -> str:
    """What is needed to get the same numbers again."""
    made = study.validation
    return "\n".join(
        (
            f"- Study: {text(study.title)} ({study.label.lower()})",
            f"- Seed: {study.seed}",
            f"- cxstats version: {text(made.version)}",
            f"- Fingerprint of the counted data (SHA-256): {text(made.fingerprint)}",
        )
    )


def estimates(caption: str, rows: Sequence[Row]) -> list[str]:
    """A table of estimates, if there are any."""
    if not rows:
        return []
    lines = [(text(row.name), row.estimate, row.interval) for row in rows]
    return [f"{caption}:", table(("What", "Estimate", "95% interval"), lines)]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the cells are escaped already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def outcome(finding: FindingView) -> str:
    """The outcome in brackets, if the claim has one."""
    return f" (outcome: {text(finding.outcome)})" if finding.outcome else ""


def links(pieces: Pieces) -> str:
    """Text in which web addresses and DOIs are links."""
    return "".join(f"[{escaped(words)}](<{address}>)" if address else escaped(words) for words, address in pieces)


def text(value: str) -> str:
    """A value that Markdown shows as it is, on one line."""
    return escaped(plain(value))


def escaped(line: str) -> str:
    """A line without anything that Markdown would read as more than text."""
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = ACTIVE.sub(r"\\\1", line)
    return CALLS.sub(lambda call: f"&#{ord(call[0])};", line)
