"""The report as JSON, for programs: unrounded, with a schema that is kept beside this file."""

import json
import math
from collections.abc import Sequence
from typing import Any

from cxstats.claims.data_account import Correlation
from cxstats.claims.finding import Finding, Part, PlanUsed, ScoreSummary, Validation
from cxstats.report.data_view import told_account, told_rows
from cxstats.report.next_steps import next_steps
from cxstats.report.numbers import decimals
from cxstats.report.privacy import MIN_COUNT, breakdown, published
from cxstats.report.small_counts import for_publication
from cxstats.report.study_view import at_least_one
from cxstats.report.versions import environment_versions
from cxstats.study.parts import TableAccount

# Raised where a key is renamed, dropped, or means something else; a new key does not raise it.
SCHEMA = "cxstats-validation/1"


def render_json(validations: Sequence[Validation], *, min_count: int = MIN_COUNT) -> str:
    """One study as an object, several as an object with the list ``studies``.

    Keys are sorted, so that two reports can be compared line by line. What is not a finite number (no
    estimate, an interval without an end) is null, as is a count held back because it is small; a number
    of rows beside one that is held back is rounded. The file ``schema.json`` of this folder describes every key.
    """
    safe = [for_publication(validation, min_count) for validation in at_least_one(validations)]
    studies = [study_object(validation, min_count) for validation in safe]
    several = {"schema": SCHEMA, "version": validations[0].version, "studies": studies}
    content = studies[0] if len(studies) == 1 else several
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
    # Half characters cannot be written as UTF-8; what replaces them is JSON's own spelling of them.
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def study_object(validation: Validation, min_count: int) -> dict[str, Any]:
    """A study with its claims."""
    return {
        "schema": SCHEMA,
        "version": validation.version,
        "seed": validation.seed,
        "fingerprint": validation.fingerprint,
        "title": validation.title,
        "evidence": validation.evidence,
        "source": validation.source,
        "licence": validation.licence,
        "note": validation.note,
        "notes": list(validation.notes),
        "unused": list(validation.unused),
        "next_steps": [
            {"lacking": step.lacking, "wish": step.wish, "claims": list(step.claims)}
            for step in next_steps(validation.findings)
        ],
        "plan": plan_object(validation.plan),
        "environment": dict(environment_versions()),
        "min_count": min_count,
        "tables": [table_object(table, min_count) for table in validation.tables],
        "scores": [score_object(score, min_count) for score in validation.scores],
        "correlations": [correlation_object(correlation, min_count) for correlation in validation.correlations],
        "claims": [claim_object(finding, min_count) for finding in validation.findings],
    }


def claim_object(finding: Finding, min_count: int) -> dict[str, Any]:
    """A finding: the columns of the frame, and what stands behind them."""
    row = {key: finite(value) for key, value in finding.row().items()}
    used, missing = told_rows(finding.n, finding.n_missing, min_count)
    return row | {
        "flags": list(finding.flags),
        "sentence": finding.sentence,
        "unit": finding.unit,
        "source": finding.source,
        "n": used.value,
        "n_missing": missing.value,
        "guards": list(finding.guards),
        "rival": finding.rival,
        "methods": list(finding.methods),
        "status": finding.status,
        "declared": finding.declared,
        "looked_at": finding.looked_at,
        "band": None if finding.band is None else [finite(end) for end in finding.band],
        "flips_at": finite(finding.flips_at),
        "flips_to": finding.flips_to,
        "segments": [part_object(part) for part in finding.segments],
        "segments_unit": finding.segments_unit,
        "segments_told": finding.segments_told,
        "reversed_in": list(finding.reversed_in),
        "parts": [part_object(part) for part in finding.parts],
        "levels": [part_object(part) for part in finding.levels],
        "levels_unit": finding.levels_unit,
        "sensitivity": [part_object(part) for part in finding.sensitivity],
    }


def part_object(part: Part) -> dict[str, Any]:
    """A named estimate."""
    return {"name": part.name, **limits(part)}


def plan_object(plan: PlanUsed | None) -> dict[str, Any] | None:
    """The locked plan, if there was one."""
    if plan is None:
        return None
    return {
        "hash": plan.hash,
        "registered": plan.registered,
        "version": plan.version,
        "changes": list(plan.changes),
        "notes": list(plan.notes),
    }


def table_object(table: TableAccount, min_count: int) -> dict[str, Any]:
    """What became of the rows of a table."""
    told = {key: count.value for key, count in told_account(table, min_count).items()}
    return {"table": table.table, **told, "stands_for": table.stands_for}


def score_object(score: ScoreSummary, min_count: int) -> dict[str, Any]:
    """A score with its distribution, small counts held back."""
    counts = published(score.values, score.counts, min_count, missing=score.n_missing)
    given, missing = told_rows(score.n, score.n_missing, min_count)
    return {
        "metric": score.metric,
        "scale": score.scale,
        "score": score.score,
        **score_limits(score, rounded=any(c.count is None for c in counts), held=given.value is None),
        "n": given.value,
        "n_missing": missing.value,
        "distribution": [{"value": finite(c.value), "count": c.count} for c in counts],
    }


def score_limits(score: ScoreSummary, *, rounded: bool, held: bool) -> dict[str, Any]:
    """A score with its interval; rounded where all of its digits would give away counts that are held back."""
    if held:
        return {"estimate": None, "ci_low": None, "ci_high": None}
    digits = decimals(score.ci_low, score.ci_high, score.estimate)
    return {key: round(x, digits) if rounded and x is not None else x for key, x in limits(score).items()}


def correlation_object(correlation: Correlation, min_count: int) -> dict[str, Any]:
    """Two metrics and how they go together; nothing of few rows."""
    n = breakdown((correlation.n,), min_count)[0].value
    r = None if n is None else finite(correlation.r)
    return {"first": correlation.first, "second": correlation.second, "r": r, "n": n}


def limits(of: Part | ScoreSummary) -> dict[str, Any]:
    """An estimate with its interval."""
    return {"estimate": finite(of.estimate), "ci_low": finite(of.ci_low), "ci_high": finite(of.ci_high)}


def finite(value: Any) -> Any:
    """The value, or None for a number that JSON cannot hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
