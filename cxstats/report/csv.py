"""The tables of the report as CSV files, for a spreadsheet: UTF-8, a header, and no cell that could be run."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from cxstats.claims.finding import COLUMNS, Finding, Part, ScoreSummary, Validation
from cxstats.report.data_view import told_account, told_rows
from cxstats.report.json import score_limits
from cxstats.report.plain import plain
from cxstats.report.privacy import MIN_COUNT, breakdown, published
from cxstats.report.small_counts import for_publication
from cxstats.report.study_view import at_least_one

Cell: TypeAlias = str | int | float | None
# What a spreadsheet takes for the start of a formula, the wide forms of Asian keyboards included.
FORMULA = (*"=+-@\t\r\n", *map(chr, (0xFF1D, 0xFF0B, 0xFF0D, 0xFF20)))

FINDINGS = (
    *("study", *COLUMNS, "sentence", "unit", "status", "flips_at", "flips_to", "segments_told", "reversed_in"),
    *("n", "n_missing", "rival", "methods", "guards", "source"),
)
LIMITS = ("estimate", "ci_low", "ci_high")
PARTS = ("study", "claim", "outcome", "of", "unit", "name", *LIMITS)
SCORES = ("study", "metric", "scale", "score", *LIMITS, "n", "n_missing", "value", "count")
TABLES = ("study", "table", "read", "used", "filtered", "superseded", "unmatched", "stands_for")
CORRELATIONS = ("study", "first", "second", "r", "n")


FILES = ("findings.csv", "parts.csv", "scores.csv", "tables.csv", "correlations.csv")


def render_csv(validations: Sequence[Validation], *, min_count: int = MIN_COUNT) -> dict[str, str]:
    """The text of each file by its name: findings, parts, scores, tables, correlations.

    Numbers are not rounded, and empty where there is none or where it is held back because it is small. In
    scores.csv a score has a line for each value that was given. Text that a spreadsheet would run as a formula
    has an apostrophe before it.
    """
    studies = [for_publication(validation, min_count) for validation in at_least_one(validations)]
    texts = (
        written(FINDINGS, (finding_line(v, f, min_count) for v in studies for f in v.findings)),
        written(PARTS, (line for v in studies for f in v.findings for line in part_lines(v, f))),
        written(SCORES, (line for v in studies for s in v.scores for line in score_lines(v, s, min_count))),
        written(TABLES, table_lines(studies, min_count)),
        written(CORRELATIONS, correlation_lines(studies, min_count)),
    )
    return dict(zip(FILES, texts, strict=True))


def written(header: Sequence[str], lines: Iterator[Sequence[Any]]) -> str:
    """A header and its lines, each cell safe."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([[cell(value) for value in line] for line in lines])
    return file.getvalue()


def cell(value: Any) -> Cell:
    """A number as it is, nothing for one that is not finite, and text that no spreadsheet takes for a formula."""
    if isinstance(value, str):
        return defused(plain(value))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value  # type: ignore[no-any-return]


def defused(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would run; a file of ours never starts one."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) or text.startswith(FORMULA) else text


def finding_line(study: Validation, finding: Finding, min_count: int) -> list[Any]:
    """One finding."""
    used, missing = told_rows(finding.n, finding.n_missing, min_count)
    known = {
        **finding.row(),
        "study": study.title,
        "flags": " ".join(finding.flags),
        "sentence": finding.sentence,
        "unit": finding.unit,
        "status": finding.status,
        "flips_at": finding.flips_at,
        "flips_to": finding.flips_to,
        "segments_told": finding.segments_told,
        "reversed_in": "; ".join(finding.reversed_in),
        "n": used.value,
        "n_missing": missing.value,
        "rival": finding.rival,
        "methods": " ".join(finding.methods),
        "guards": " ".join(finding.guards),
        "source": finding.source,
    }
    return [known[name] for name in FINDINGS]


def part_lines(study: Validation, finding: Finding) -> Iterator[list[Any]]:
    """What stands behind a finding: its components, levels, other analyses and segments."""
    groups: tuple[tuple[str, str, tuple[Part, ...]], ...] = (
        ("part", finding.unit, finding.parts),
        ("level", finding.levels_unit, finding.levels),
        ("sensitivity", finding.unit, finding.sensitivity),
        ("segment", finding.segments_unit or finding.unit, finding.segments),
    )
    for of, unit, parts in groups:
        for part in parts:
            limits = (part.estimate, part.ci_low, part.ci_high)
            yield [study.title, finding.claim, finding.outcome, of, unit, part.name, *limits]


def score_lines(study: Validation, score: ScoreSummary, min_count: int) -> Iterator[list[Any]]:
    """One score: a line for each value that was given."""
    counts = published(score.values, score.counts, min_count, missing=score.n_missing)
    given, missing = told_rows(score.n, score.n_missing, min_count)
    rounded = any(c.count is None for c in counts)
    limits = score_limits(score, rounded=rounded, held=given.value is None)
    about = [study.title, score.metric, score.scale, score.score, *(limits[name] for name in LIMITS)]
    for count in counts:
        yield [*about, given.value, missing.value, count.value, count.count]


def table_lines(studies: Sequence[Validation], min_count: int) -> Iterator[list[Any]]:
    """What became of the rows of every table."""
    for study in studies:
        for table in study.tables:
            told = told_account(table, min_count)
            yield [study.title, table.table, *(told[name].value for name in TABLES[2:-1]), table.stands_for]


def correlation_lines(studies: Sequence[Validation], min_count: int) -> Iterator[list[Any]]:
    """Every two metrics of every study."""
    for study in studies:
        for c in study.correlations:
            n = breakdown((c.n,), min_count)[0].value
            yield [study.title, c.first, c.second, None if n is None else c.r, n]
