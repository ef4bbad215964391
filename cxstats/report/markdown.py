"""The report as Markdown, for a wiki, a ticket or a repository."""

from collections.abc import Sequence

from cxstats.claims.finding import Validation
from cxstats.report.data_view import ScoreView
from cxstats.report.finding_view import FindingView, Rows
from cxstats.report.markdown_text import links, text
from cxstats.report.methods_used import Reference, UsedMethod, used_methods
from cxstats.report.plain import plain
from cxstats.report.privacy import MIN_COUNT, rule
from cxstats.report.study_view import PlanView, StudyView, view_studies
from cxstats.report.versions import environment_versions
from cxstats.report.words import ASSOCIATION, TERMS, VERDICTS


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
    blocks += method_blocks(*used_methods(validations))
    blocks += ["## To repeat and to cite"]
    if command:
        blocks += [f"    {plain(command)}"]
    made = dict.fromkeys(validation.version for validation in validations)
    programs = [("cxstats", ", ".join(made)), *environment_versions()]
    blocks += ["\n".join(f"- {name} {text(number)}" for name, number in programs)]
    if min_count > 1:
        blocks += [f"What is held back: {rule(min_count)}"]
    blocks += [record(study) for study in studies]
    return "\n\n".join(blocks) + "\n"


def study_blocks(study: StudyView) -> list[str]:
    """One study: what it is, the summary, the findings, the data."""
    blocks = [f"## {text(study.title)} ({study.label.lower()})", f"**{study.label}.** {study.meaning}"]
    about = (("About", study.note), ("Source", study.source), ("Licence", study.licence))
    blocks += ["\n".join(f"- {name}: {links(pieces)}" for name, pieces in about if pieces)]
    blocks += [f"### In one minute ({study.label.lower()})", f"**{study.headline}**", *minute_blocks(study)]
    blocks += plan_blocks(study.plan)
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
    if study.correlations:
        pairs = [(f"{text(c.first)} and {text(c.second)}", c.r, c.n) for c in study.correlations]
        blocks += ["How the scores go together (Pearson, up is good, on the rows that have both):"]
        blocks += [table(("Scores", "r", "Rows"), pairs), left_out(study.correlations_left_out)]
    if study.unused:
        unused = ", ".join(map(text, study.unused))
        blocks += [f"Described in the study, but used by no claim of this version: {unused}."]
    if study.waiting:
        rows = [(f"{text(f.sentence)} ({text(f.claim)})", text(f.reason), text(f.published)) for f in study.waiting]
        blocks += [f"### The claims that wait for data ({study.label.lower()})"]
        blocks += [table(("Claim", "What would make it testable", "Published"), rows)]
    return [block for block in blocks if block]


def minute_blocks(study: StudyView) -> list[str]:
    """What held, what did not, what cannot be told, and what to measure next."""
    blocks = []
    for part in study.minute:
        lines = [f"- {text(f.sentence)}{outcome(f)}{f' **{f.words.word}**' * part.mixed}" for f in part.findings]
        blocks += [f"**{part.title}**", "\n".join(lines) or part.none]
    if not study.next_steps:
        return blocks
    lines = []
    for step in study.next_steps:
        wish = f" {text(step.wish)}" if step.wish else ""
        waits = "1 claim waits" if len(step.claims) == 1 else f"{len(step.claims)} claims wait"
        lines += [f"1. {text(step.lacking)}{wish} {waits} for it: {', '.join(map(text, step.claims))}."]
    return [*blocks, "**What to measure next**", "\n".join(lines)]


def plan_blocks(plan: PlanView | None) -> list[str]:
    """The locked plan and what is another now."""
    if plan is None:
        return []
    head = f"**The plan** was locked before the outcomes were read: {text(plan.registered)}, with cxstats "
    head += f"{text(plan.version)}. SHA-256: {text(plan.hash)}."
    changes = [f"- Another now than in the plan: {text(change)}" for change in plan.changes]
    same = "Nothing of the study is another now than in the plan."
    return [head, "\n".join(changes) or same, *(f"Note: {text(note)}" for note in plan.notes)]


def method_blocks(methods: Sequence[UsedMethod], references: Sequence[Reference]) -> list[str]:
    """The methods behind the findings, and every reference once."""
    if not methods:
        return []
    lines = []
    for method in methods:
        numbers = f" References: {', '.join(map(str, method.references))}." if method.references else ""
        claims = ", ".join(text(plain(claim)) for claim in method.claims)
        told = f"{text(method.summary)} {text(method.question)} Used for {claims}.{numbers}"
        lines += [f"- **{text(method.name)}**: {told}"]
    cited = [f"{reference.number}. {links(reference.pieces)}" for reference in references]
    return ["## Methods", "\n".join(lines), "### References", "\n".join(cited)]


def finding_blocks(finding: FindingView) -> list[str]:
    """One finding: verdict, facts, checks, tables."""
    blocks = [f"#### {text(finding.sentence)}", f"**{finding.words.word}.** {text(finding.reason)}"]
    facts = [("Claim", text(finding.claim) + outcome(finding))]
    if finding.estimate:
        facts += [("Estimate", f"{finding.estimate} {text(finding.unit)}")]
        facts += [("95% interval", f"{finding.interval}. {finding.place}")]
    facts += [("How firm", finding.flips), ("In segments", text(finding.segments_told)), ("Planned", finding.status)]
    facts += [("Published", f"{text(finding.published)} {finding.magnitude}".strip())]
    facts += [("Claimed by", links(finding.source)), ("Rows", finding.used)]
    facts += [("The test", f"{finding.kind} {finding.counts} ({text(finding.unit)}).")]
    facts += [("Methods", ", ".join(map(text, finding.methods)))]
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
    blocks += estimates("Other ways to calculate it; they do not decide", finding.sensitivity)
    return blocks + estimates(f"In each segment alone: {text(finding.segments_unit)}", finding.segments)


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


def estimates(caption: str, rows: Rows) -> list[str]:
    """A table of estimates, if there are any."""
    if not rows.shown:
        return []
    lines = [(text(row.name), row.estimate, row.interval) for row in rows.shown]
    return [f"{caption}:", table(("What", "Estimate", "95% interval"), lines), *filter(None, [left_out(rows.left_out)])]


def left_out(number: int) -> str:
    """How many lines a table does not show."""
    return f"{number:,} more are left out here; the JSON and CSV files have them." if number else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the cells are escaped already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def outcome(finding: FindingView) -> str:
    """The outcome in brackets, if the claim has one."""
    return f" (outcome: {text(finding.outcome)})" if finding.outcome else ""
