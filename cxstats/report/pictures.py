"""The pictures of a report as SVG, each with a description that tells its numbers."""

from collections.abc import Sequence

from cxstats.claims.finding import Part
from cxstats.figures.bars import MOST_LABELLED, bars
from cxstats.figures.parts import parts
from cxstats.figures.svg import as_svg, own_style
from cxstats.report.finding_view import FindingView, Row, finding_as_parts
from cxstats.report.numbers import exact
from cxstats.report.plain import plain
from cxstats.report.study_view import ScoreView


def finding_picture(view: FindingView, label: str) -> str:
    """The estimates of a finding against the smallest effect; empty where it has none."""
    finding = view.finding
    rows = finding.parts or finding_as_parts(finding)
    if not rows:
        return ""
    described = f"{label}. {view.unit}. {spoken(view.parts)}"
    if view.sensitivity:
        described += f" For comparison: {spoken(view.sensitivity)}"
    described += f" Too small to count: from {exact(-finding.smallest_effect)} to {view.smallest}."
    with own_style():
        axes = parts(
            shown(rows),
            unit=view.unit,
            others=shown(finding.sensitivity),
            smallest_effect=finding.smallest_effect,
            numbers=[row.estimate for row in (*view.parts, *view.sensitivity)],
        )
        return as_svg(axes, description=described, key=f"{view.anchor}-effect")


def levels_picture(view: FindingView, label: str) -> str:
    """What the estimate was made from; empty where there is nothing."""
    if not view.levels:
        return ""
    with own_style():
        numbers = [row.estimate for row in view.levels]
        axes = parts(shown(view.finding.levels), unit=view.levels_unit, numbers=numbers)
        described = f"{label}. {view.levels_unit}. {spoken(view.levels)}"
        return as_svg(axes, description=described, key=f"{view.anchor}-levels")


def score_picture(view: ScoreView, label: str) -> str:
    """How often each value was given; empty where there is none."""
    if not view.counts:
        return ""
    given = zip(view.counts, view.shares, strict=True)
    said = [f"{c.shown}: {c.words}{f' ({s})' if s else ''}" for c, s in given]
    if len(said) > MOST_LABELLED:
        said = [said[0], f"{len(said) - 2:,} values between (all are in the table)", said[-1]]
    described = f"{label}. How often each value of {view.metric} was given: {'; '.join(said)}. "
    described += f"{view.score} {view.estimate}, 95% interval {view.interval}."
    with own_style():
        axes = bars(
            [c.value for c in view.counts],
            [c.count for c in view.counts],
            labels=[s or c.words for c, s in zip(view.counts, view.shares, strict=True)],
            unit=f"{view.scale}: share of answers",
        )
        return as_svg(axes, description=described, key=view.anchor)


def spoken(rows: Sequence[Row]) -> str:
    """Estimates as a screen reader should say them."""
    return " ".join(f"{row.name}: {row.estimate}, 95% interval {row.interval}." for row in rows)


def shown(rows: Sequence[Part]) -> list[Part]:
    """The rows with names that are safe to draw."""
    return [Part(name=plain(r.name), estimate=r.estimate, ci_low=r.ci_low, ci_high=r.ci_high) for r in rows]
