"""Hazard ratios of an event, one line per metric: below 1 it comes later or less often with a better score."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cxstats.figures.forest import Row
from cxstats.figures.intervals import axis_range, draw_interval, quiet
from cxstats.figures.palette import INK, MUTED, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.studies.hazards import Hazard

_NO_DIFFERENCE = 1.0
_TICKS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)


def hazard_ratios(found: "Sequence[Hazard]", ax: "Axes") -> None:
    """Draw the ratio for a standard deviation more of each score, farthest from 1 on top; 1/2 lies as far off as 2."""
    rows = [Row(each.metric, *each.per_sd) for each in found]
    rows.sort(key=lambda row: -abs(math.log(row.estimate)))
    low, high = axis_range(rows, marks=(_NO_DIFFERENCE,))
    ends = max(low, min(row.ci_low for row in rows) / 1.05), high  # a logarithm has no 0
    ax.set_xscale("log")
    ax.set_xlim(ends)
    ax.axvline(_NO_DIFFERENCE, color=RULE, linewidth=1, zorder=0.5)
    for at, row in enumerate(rows):
        draw_interval(ax, at, row, ends)
    ax.set_ylim(len(rows) - 0.4, -0.8)
    ax.set_yticks(range(len(rows)), [row.name for row in rows])
    for text in ax.get_yticklabels():
        text.set_parse_math(False)
    quiet(ax)
    _plain_ticks(ax, ends)
    label = "hazard ratio per SD of the score, 95% interval; 1: no difference"
    ax.set_xlabel(label, fontsize=9, color=MUTED)
    ax.tick_params(axis="y", labelcolor=INK)


def _plain_ticks(ax: "Axes", ends: Sequence[float]) -> None:
    """Numbers as a reader writes them, none of them between."""
    inside = [tick for tick in _TICKS if ends[0] <= tick <= ends[1]]
    ax.set_xticks(inside, [f"{tick:g}" for tick in inside])
    ax.set_xticks([], minor=True)
