"""What validation says of one claim on one outcome, and of a whole study: plain frozen records."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cxstats.claims.data_account import Correlation
from cxstats.numerics.effect import Effect
from cxstats.results import Backend, build_frame
from cxstats.study.parts import TableAccount

Kind = Literal["superiority", "non-superiority", "equivalence", "figure", "conjunction"]
Verdict = Literal["supported", "not-supported", "direction-only", "inconclusive", "not-testable"]
Status = Literal["confirmatory", "exploratory", ""]  # "" where no plan was locked
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
    n: int = 0  # rows that it stands on; 0 where they were not counted

    @classmethod
    def of(cls, name: str, effect: Effect, n: int = 0) -> "Part":
        """An effect with its unadjusted 95% interval."""
        low, high = effect.interval()
        return cls(name=name, estimate=effect.estimate, ci_low=low, ci_high=high, n=n)


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
    band: tuple[float, float] | None = None  # where the claim is a figure: the band in which it must lie
    flags: tuple[str, ...] = ()
    reason: str  # the verdict in one or two sentences for a reader who knows no statistics
    parts: tuple[Part, ...] = ()
    levels: tuple[Part, ...] = ()
    levels_unit: str = ""
    sensitivity: tuple[Part, ...] = ()  # other analyses: shown beside the verdict, never part of it
    flips_to: Verdict | None = None
    flips_at: float = math.nan  # the smallest effect from which on the verdict would be another; NaN if none is found
    segments: tuple[Part, ...] = ()  # the deciding estimate in each segment alone, where it was looked at
    segments_unit: str = ""  # where it is another than that of the estimate
    segments_told: str = ""  # whether the segments differ by more than chance, and which were not looked at
    reversed_in: tuple[str, ...] = ()  # segments in which the verdict is the opposite one
    status: Status = ""
    guards: tuple[str, ...] = ()  # what was checked and fired, one sentence each
    n: int = 0
    n_missing: int = 0
    rival: str | None = None  # id of the claim that cannot hold at the same time
    methods: tuple[str, ...] = ()  # names in METHODS that the evidence calls
    declared: bool = True  # whether the study declares what the claim needs; else nothing was looked at
    looked_at: bool = True  # whether the outcome was read, or what was declared already forbade it

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
class PlanUsed:
    """The locked plan that a study was validated under.

    ``changes`` says, one sentence each, what of the study is another now than when the plan was locked.
    """

    hash: str  # SHA-256, to be cited
    registered: str  # when, UTC, ISO 8601
    version: str  # of cxstats, then
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
    correlations: tuple[Correlation, ...] = ()  # of every two metrics
    unused: tuple[str, ...]  # sections of the study that no claim of this version uses
    notes: tuple[str, ...] = ()  # what else a reader must know of the data, one sentence each
    plan: PlanUsed | None = None
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

    def to_html(self, path: str | Path, *, min_count: int = 5) -> None:
        """Write the report: one file that needs nothing else, to be opened in any browser.

        What fewer than ``min_count`` rows share is not counted out, here and in the other files.
        """
        from cxstats.report.html import render_html
        from cxstats.report.write import write_text

        write_text(path, render_html([self], min_count=min_count))

    def to_markdown(self, path: str | Path, *, min_count: int = 5) -> None:
        """Write the report as Markdown."""
        from cxstats.report.markdown import render_markdown
        from cxstats.report.write import write_text

        write_text(path, render_markdown([self], min_count=min_count))

    def to_json(self, path: str | Path, *, min_count: int = 5) -> None:
        """Write the verdicts as JSON, unrounded, for programs."""
        from cxstats.report.json import render_json
        from cxstats.report.write import write_text

        write_text(path, render_json([self], min_count=min_count))

    def to_csv(self, folder: str | Path, *, min_count: int = 5) -> None:
        """Write the tables of the report into a folder: findings.csv, parts.csv, scores.csv, and others."""
        from cxstats.report.csv import render_csv
        from cxstats.report.write import write_folder

        write_folder(folder, render_csv([self], min_count=min_count))
