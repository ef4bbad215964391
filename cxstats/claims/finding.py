"""What validation says of one claim on one outcome, and of a whole study: plain frozen records."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cxstats.results import Backend, build_frame
from cxstats.study.parts import TableAccount

Kind = Literal["superiority", "non-superiority", "equivalence", "figure", "conjunction"]
Verdict = Literal["supported", "not-supported", "direction-only", "inconclusive", "not-testable"]
Magnitude = Literal["as-published", "smaller", "larger", "cannot-tell", "none"]

# The columns of validate(...).to_frame() and of the claims in the JSON file, in this order.
COLUMNS = (
    "claim",
    "family",
    "kind",
    "outcome",
    "verdict",
    "estimate",
    "ci_low",
    "ci_high",
    "smallest_effect",
    "published",
    "magnitude",
    "flags",
    "reason",
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One estimate of a finding, for its figure: a component of a conjunction, or a group's level."""

    name: str
    estimate: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The verdict on one claim for one outcome.

    ``estimate`` and its unadjusted 95% interval are on the scale named by ``unit``; they are NaN where
    the claim is not testable. ``parts`` are the components of a conjunction on the same scale (empty
    for a single estimate); ``levels`` are what the estimate was made from (areas, group means).
    """

    claim: str
    family: str
    kind: Kind
    sentence: str  # the claim, in our words
    outcome: str | None
    verdict: Verdict
    estimate: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    smallest_effect: float
    unit: str
    published: str  # the published figure, or that there is none
    source: str  # where the claim comes from
    magnitude: Magnitude = "none"
    flags: tuple[str, ...] = ()
    reason: str  # the verdict in one or two sentences for a reader who knows no statistics
    parts: tuple[Part, ...] = ()
    levels: tuple[Part, ...] = ()
    levels_unit: str = ""
    sensitivity: tuple[Part, ...] = ()  # other analyses: shown beside the verdict, never part of it
    guards: tuple[str, ...] = ()  # what was checked and fired, one sentence each
    n: int = 0
    n_missing: int = 0
    rival: str | None = None  # id of the claim that cannot hold at the same time

    def row(self) -> dict[str, Any]:
        """The finding as one row of the frame and of the JSON file; not a number becomes None there."""
        return {name: getattr(self, name) for name in COLUMNS}


@dataclass(frozen=True, kw_only=True)
class ScoreSummary:
    """The distribution of one metric, for the data page of the report."""

    metric: str
    scale: str  # e.g. "NPS 0-10, up is good"
    score: str  # e.g. "NPS", "top-two share", "mean"
    estimate: float
    ci_low: float
    ci_high: float
    n: int
    n_missing: int
    values: tuple[float, ...]  # the distinct values, ascending
    counts: tuple[int, ...]  # rows per value


@dataclass(frozen=True, kw_only=True)
class Validation:
    """All findings of one study, with what is needed to read and to repeat them."""

    title: str
    evidence: Literal["real", "simulated", "published"]
    source: str
    licence: str
    note: str
    findings: tuple[Finding, ...]
    scores: tuple[ScoreSummary, ...]
    tables: tuple[TableAccount, ...]
    unused: tuple[str, ...]  # sections of the study that no claim of this version uses
    notes: tuple[str, ...] = ()  # what else a reader must know of the data, one sentence each
    seed: int | None
    version: str
    fingerprint: str  # SHA-256 of the cells

    def to_frame(self, backend: Backend = "pandas") -> Any:
        """One row per claim and outcome; `COLUMNS`, flags joined by a blank."""
        rows = [{**f.row(), "flags": " ".join(f.flags)} for f in self.findings]
        return build_frame({name: [row[name] for row in rows] for name in COLUMNS}, backend)

    def summary(self) -> str:
        """The verdicts as text: per claim the reason, the estimate and what to keep in mind."""
        from cxstats.report.text import render_text

        return render_text(self)

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        html: str = self.to_frame().to_html(index=False, border=0, escape=True)
        return html

    def to_html(self, path: str | Path) -> None:
        """Write the report: one file that needs nothing else, to be opened in any browser."""
        from cxstats.report.html import render_html
        from cxstats.report.write import write_text

        write_text(path, render_html([self]))

    def to_markdown(self, path: str | Path) -> None:
        """Write the report as Markdown."""
        from cxstats.report.markdown import render_markdown
        from cxstats.report.write import write_text

        write_text(path, render_markdown([self]))

    def to_json(self, path: str | Path) -> None:
        """Write the verdicts as JSON, unrounded, for programs."""
        from cxstats.report.json import render_json
        from cxstats.report.write import write_text

        write_text(path, render_json([self]))
