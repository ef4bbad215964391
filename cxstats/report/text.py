"""A study's verdicts as plain text, for a terminal or a notebook."""

import textwrap

from cxstats.claims.finding import Validation
from cxstats.report.finding_view import FindingView
from cxstats.report.privacy import MIN_COUNT
from cxstats.report.study_view import view_study
from cxstats.report.words import ASSOCIATION, VERDICTS

WIDTH = 100
VERDICT_WIDTH = 2 + max(len(words.word) for words in VERDICTS.values())


def render_text(validation: Validation) -> str:
    """One block per claim: the verdict, the claim, the reason, the estimate; then how to get it again."""
    study = view_study(validation, 1, MIN_COUNT)
    head = [f"{study.title} ({study.label.lower()})", study.headline]
    record = f"cxstats {validation.version}, seed {study.seed}, data {validation.fingerprint[:12]}."
    head += [f"Note: {note}" for note in study.notes]
    return "\n\n".join(["\n".join(head), *map(finding_text, study.findings), f"{ASSOCIATION}\n{record}"])


def finding_text(finding: FindingView) -> str:
    """One claim, its verdict in the margin."""
    outcome = f" · {finding.outcome}" if finding.outcome else ""
    lines = [finding.claim + outcome, finding.sentence, finding.reason]
    if finding.estimate:
        lines += [f"Estimate {finding.estimate} (95% interval {finding.interval}), {finding.unit}. {finding.place}"]
    if finding.flags:
        lines += ["Flags: " + ", ".join(flag for flag, _ in finding.flags)]
    margin = " " * VERDICT_WIDTH
    wrapped = [textwrap.fill(line, WIDTH, initial_indent=margin, subsequent_indent=margin) for line in lines if line]
    return finding.words.word + "\n".join(wrapped)[len(finding.words.word) :]
