"""The pictures of a report as SVG, each with a description that tells its numbers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cxstats.claims.finding import Part
from cxstats.figures.bars import MOST_LABELLED, bars
from cxstats.figures.palette import BAND, EDGE
from cxstats.figures.parts import parts
from cxstats.figures.svg import as_svg, own_style
from cxstats.report.data_view import ScoreView
from cxstats.report.finding_view import FindingView, Row, Rows, finding_as_parts, reversed_first
from cxstats.report.numbers import exact
from cxstats.report.plain import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_DRAWN = 20  # lines of a picture; the table beside it has more
MOST_SPOKEN = 10  # estimates in the description of a picture


def finding_picture(view: FindingView, label: str) -> str:
    """The estimates of a finding against the smallest effect, or the band of a figure; empty where it has none."""
    finding = view.finding
    rows = finding.parts or finding_as_parts(finding)
    if not rows:
        return ""
    described = f"{label}. {view.unit}. {spoken(view.parts)}"
    if view.sensitivity.shown:
        described += f" For comparison: {spoken(view.sensitivity)}"
    if finding.band is None:
        described += f" Too small to count: from {exact(-finding.smallest_effect)} to {view.smallest}."
    else:
        described += f" {view.counts}."
    with own_style():
        axes = parts(
            shown(rows),
            unit=view.unit,
            others=shown(finding.sensitivity),
            smallest_effect=None if finding.band else finding.smallest_effect,
            numbers=[r.estimate for rows in (view.parts, view.sensitivity) for r in rows.shown[:MOST_DRAWN]],
        )
        if finding.band and len(rows) == 1:
            draw_band(axes, finding.band)
        return as_svg(axes, description=described, key=f"{view.anchor}-effect")


def levels_picture(view: FindingView, label: str) -> str:
    """What the estimate was made from; empty where there is nothing."""
    if not view.levels.shown:
        return ""
    with own_style():
        numbers = [row.estimate for row in view.levels.shown[:MOST_DRAWN]]
        axes = parts(shown(view.finding.levels), unit=view.levels_unit, numbers=numbers)
        described = f"{label}. {view.levels_unit}. {spoken(view.levels)}"
        return as_svg(axes, description=described, key=f"{view.anchor}-levels")


def segments_picture(view: FindingView, label: str) -> str:
    """The deciding estimate in each segment; empty where it was not looked at."""
    if not view.segments.shown:
        return ""
    finding = view.finding
    with own_style():
        axes = parts(
            shown(reversed_first(finding)),
            unit=view.segments_unit,
            smallest_effect=None if finding.band else finding.smallest_effect,
            numbers=[row.estimate for row in view.segments.shown[:MOST_DRAWN]],
        )
        described = f"{label}. In each segment. {view.segments_unit}. {spoken(view.segments)}"
        return as_svg(axes, description=described, key=f"{view.anchor}-segments")


def draw_band(axes: "Axes", band: tuple[float, float]) -> None:
    """The band around a published figure, and as much more of the axis as shows all of it."""
    low, high = axes.get_xlim()
    room = 0.06 * (max(high, band[1]) - min(low, band[0]))
    axes.set_xlim(min(low, band[0] - room), max(high, band[1] + room))
    axes.axvspan(*band, color=BAND, linewidth=0, zorder=0)
    for end in band:
        axes.axvline(end, color=EDGE, linewidth=0.8, linestyle=(0, (2, 2)), zorder=0.5)


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


def spoken(rows: Rows) -> str:
    """Estimates as a screen reader should say them: the first ten, since the table beside the picture has them all."""
    told = " ".join(map(spoken_row, rows.shown[:MOST_SPOKEN]))
    more = len(rows.shown) + rows.left_out - MOST_SPOKEN
    return told if more <= 0 else f"{told} And {more:,} more."


def spoken_row(row: Row) -> str:
    """One estimate."""
    return f"{row.name}: {row.estimate}, 95% interval {row.interval}."


def shown(rows: Sequence[Part]) -> list[Part]:
    """The rows with names that are safe to draw."""
    return [
        Part(name=plain(r.name), estimate=r.estimate, ci_low=r.ci_low, ci_high=r.ci_high) for r in rows[:MOST_DRAWN]
    ]
