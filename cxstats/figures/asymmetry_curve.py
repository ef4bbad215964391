"""Loyalty along the gap: the mean at each value, the two joined lines in their band, and a smooth curve behind."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cxstats.arrays import Bools
from cxstats.figures.palette import ACCENT, BAND, INK, MUTED, PAPER, RULE
from cxstats.shared.gap_curve import GapCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LARGEST = 46.0  # area of the dot with most customers, in square points
_SMALLEST = 7.0
PICTURE = "dashed: natural spline, a picture, no test"


def asymmetry_curve(curve: GapCurve, ax: Any = None) -> "Axes":
    """Draw the dots with their intervals over the joined lines in their band; dots in area by customers.

    A hollow dot stands on too few customers for an interval. The dotted line, or band, marks what counts as met. The
    thin dashed curve in its own, lighter band is a spline: it shows where the two lines miss, and tests nothing.
    """
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.4, 4.0), layout="constrained").subplots()
    ax.axvspan(*curve.met, color=RULE, linewidth=0, alpha=0.6, zorder=0)
    ax.axvline(curve.met[0], color=MUTED, linewidth=0.9, linestyle=(0, (1, 2)), zorder=0.5)
    if len(curve.spline):
        ends = (curve.spline_low, curve.spline_high)
        ax.fill_between(curve.grid, *ends, color=RULE, alpha=0.45, linewidth=0, zorder=0.8)
        for end in ends:
            ax.plot(curve.grid, end, color=MUTED, linewidth=0.6, linestyle=(0, (1, 2)), zorder=1.5)
        ax.plot(curve.grid, curve.spline, color=MUTED, linewidth=1.0, linestyle=(0, (5, 3)), zorder=2.5)
    if len(curve.grid):
        ax.fill_between(curve.grid, curve.line_low, curve.line_high, color=BAND, linewidth=0, zorder=1)
        ax.plot(curve.grid, curve.line, color=ACCENT, linewidth=1.8, zorder=3)
    sure = ~np.isnan(curve.low)
    ax.vlines(curve.at[sure], curve.low[sure], curve.high[sure], color=INK, linewidth=1.1, zorder=2)
    area = np.maximum(_LARGEST * curve.rows / curve.rows.max(), _SMALLEST)
    for where, face in ((sure, INK), (~sure, PAPER)):
        if where.any():
            ax.scatter(
                curve.at[where],
                curve.mean[where],
                s=area[where],
                facecolor=face,
                edgecolor=INK,
                linewidth=0.8,
                zorder=4,
            )
    _frame(ax, curve, sure)
    axes: Axes = ax
    return axes


def _frame(ax: "Axes", curve: GapCurve, sure: Bools) -> None:
    """As much of the plane as dots with intervals and the lines need; what is small print below."""
    within = (curve.grid >= curve.at.min()) & (curve.grid <= curve.at.max())
    spline = curve.spline[within] if len(curve.spline) else curve.spline
    shown = np.concatenate([curve.low[sure], curve.high[sure], curve.line[within], spline, curve.mean])
    for limit, ends in ((ax.set_xlim, (curve.at.min(), curve.at.max())), (ax.set_ylim, (shown.min(), shown.max()))):
        room = 0.05 * (float(ends[1] - ends[0]) or 1.0)
        limit(float(ends[0]) - room, float(ends[1]) + room)
    told = [f"gap '{curve.gap}': better than expected \N{RIGHTWARDS ARROW}"]
    if curve.n_values > len(curve.at):
        told.append(f"{len(curve.at)} dots for {curve.n_values:,} values, neighbours put together")
    if not sure.all():
        told.append("hollow: too few customers for an interval")
    if len(curve.spline):
        told.append(PICTURE)
    ax.set_xlabel("\n".join(told), fontsize=9, color=MUTED, parse_math=False)
    what = (
        f"share with the good outcome ({curve.outcome})" if curve.is_share else f"mean of {curve.outcome} (up is good)"
    )
    ax.set_ylabel(f"{what},\n95% intervals", fontsize=9, color=MUTED, parse_math=False)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(RULE)
    ax.tick_params(color=RULE, labelcolor=MUTED, labelsize=8)
