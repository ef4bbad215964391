"""The verdicts of one study on the terminal: a line per claim and outcome looked at, then the reasons."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cxstats.cli.text import entry, paragraph, printable, say, width
from cxstats.errors import rows
from cxstats.results import shown

if TYPE_CHECKING:
    from cxstats.claims.finding import Finding, Validation

_STYLES = {
    "supported": "bold green",
    "not-supported": "bold red",
    "direction-only": "yellow",
    "inconclusive": "yellow",
    "not-testable": "dim",
}


def print_validation(validation: "Validation") -> None:
    """Print what the data are, the verdicts, their reasons, and what it takes to repeat them."""
    console = Console(width=width(), highlight=False, markup=False, emoji=False)
    console.print(Text(printable(f"{validation.title} ({validation.evidence} data)"), style="bold"))
    for account in validation.tables:
        counted = "" if account.stands_for is None else f", counts of {account.stands_for:,} in all"
        say(f"{account.table}: {rows(account.read)} read, {account.used:,} used{counted}")
    say("")
    declared = [finding for finding in validation.findings if finding.declared]
    if declared:
        console.print(_table(declared))
    for reason, about in _reasons(declared).items():
        say("\n" + entry("\n".join(about), {"": reason}))
    notes = [f"Note: {note}" for note in validation.notes]
    if waiting := len(validation.findings) - len(declared):
        claims = ("more " if declared else "") + ("claim waits" if waiting == 1 else "claims wait")
        notes.insert(0, f"{waiting} {claims} for data that are not declared; which: cxstats claims --for FILE")
    if validation.unused:
        notes.append(f"Described in the study, but used by no claim yet: {', '.join(validation.unused)}.")
    notes += _plan(validation)
    made = f"seed {validation.seed}, cxstats {validation.version}, cells {validation.fingerprint[:12]}"
    say("\n".join(["", *map(paragraph, notes), made, ""]))


def _table(findings: Sequence["Finding"]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for head in ("claim", "outcome", "verdict", "estimate [95% interval]"):
        table.add_column(head, overflow="fold", no_wrap=head in ("claim", "verdict"))
    for finding in findings:
        verdict = Text(finding.verdict, style=_STYLES[finding.verdict])
        table.add_row(finding.claim, printable(finding.outcome or "–"), verdict, _estimate(finding))
    return table


def _estimate(finding: "Finding") -> str:
    if math.isnan(finding.estimate):
        return "–"
    if math.isinf(finding.ci_low) and math.isinf(finding.ci_high):
        return f"{shown(finding.estimate, 3)} (no interval)"
    return f"{shown(finding.estimate, 3)} [{shown(finding.ci_low, 3)}, {shown(finding.ci_high, 3)}]"


def _plan(validation: "Validation") -> list[str]:
    """The locked plan, and what is another now; a line each."""
    plan = validation.plan
    if plan is None:
        return ["No plan was locked before ('cxstats register'): nothing here is confirmatory."]
    count = {status: sum(f.status == status for f in validation.findings) for status in ("confirmatory", "exploratory")}
    head = f"Plan {plan.hash}, locked {plan.registered}: " + ", ".join(f"{n} {status}" for status, n in count.items())
    return [f"{head}.", *(f"Changed since: {change}" for change in plan.changes), *(f"Note: {n}" for n in plan.notes)]


def _reasons(findings: Sequence["Finding"]) -> dict[str, list[str]]:
    """Each reason once, with the claims, outcomes and flags to which it applies."""
    reasons: dict[str, list[str]] = {}
    for finding in findings:
        outcome = f" on {finding.outcome}" if finding.outcome else ""
        said = (*finding.flags, *((finding.status,) if finding.status == "exploratory" else ()))
        flags = f" ({', '.join(said)})" if said else ""
        reasons.setdefault(finding.reason, []).append(f"{finding.claim}{outcome}{flags}")
    return reasons
