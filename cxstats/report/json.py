"""The report as JSON, for programs: unrounded, with a schema that is kept beside this file."""

import json
import math
from collections.abc import Sequence
from typing import Any

from cxstats.claims.finding import Finding, Part, ScoreSummary, Validation
from cxstats.report.privacy import MIN_COUNT, published
from cxstats.report.study_view import at_least_one
from cxstats.study.parts import TableAccount

# Raised where a key is renamed, dropped, or means something else; a new key does not raise it.
SCHEMA = "cxstats-validation/1"


def render_json(validations: Sequence[Validation], *, min_count: int = MIN_COUNT) -> str:
    """One study as an object, several as an object with the list ``studies``.

    Keys are sorted, so that two reports can be compared line by line. What is not a finite number (no
    estimate, an interval without an end) is null, as is a count held back because it is small. The
    file ``schema.json`` of this folder describes every key.
    """
    studies = [study_object(validation, min_count) for validation in at_least_one(validations)]
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
        "tables": [table_object(table) for table in validation.tables],
        "scores": [score_object(score, min_count) for score in validation.scores],
        "claims": [claim_object(finding) for finding in validation.findings],
    }


def claim_object(finding: Finding) -> dict[str, Any]:
    """A finding: the columns of the frame, and what stands behind them."""
    row = {key: finite(value) for key, value in finding.row().items()}
    return row | {
        "flags": list(finding.flags),
        "sentence": finding.sentence,
        "unit": finding.unit,
        "source": finding.source,
        "n": finding.n,
        "n_missing": finding.n_missing,
        "guards": list(finding.guards),
        "rival": finding.rival,
        "parts": [part_object(part) for part in finding.parts],
        "levels": [part_object(part) for part in finding.levels],
        "levels_unit": finding.levels_unit,
        "sensitivity": [part_object(part) for part in finding.sensitivity],
    }


def part_object(part: Part) -> dict[str, Any]:
    """A named estimate."""
    return {"name": part.name, **limits(part)}


def table_object(table: TableAccount) -> dict[str, Any]:
    """What became of the rows of a table."""
    return {
        "table": table.table,
        "read": table.read,
        "used": table.used,
        "filtered": table.filtered,
        "superseded": table.superseded,
        "unmatched": table.unmatched,
        "stands_for": table.stands_for,
    }


def score_object(score: ScoreSummary, min_count: int) -> dict[str, Any]:
    """A score with its distribution, small counts held back."""
    counts = published(score.values, score.counts, min_count)
    return {
        "metric": score.metric,
        "scale": score.scale,
        "score": score.score,
        **limits(score),
        "n": score.n,
        "n_missing": score.n_missing,
        "distribution": [{"value": finite(c.value), "count": c.count} for c in counts],
    }


def limits(of: Part | ScoreSummary) -> dict[str, Any]:
    """An estimate with its interval."""
    return {"estimate": finite(of.estimate), "ci_low": finite(of.ci_low), "ci_high": finite(of.ci_high)}


def finite(value: Any) -> Any:
    """The value, or None for a number that JSON cannot hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
