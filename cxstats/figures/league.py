"""The league table of metrics: areas with their intervals, the best on top, and how often each came first."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cxstats.figures.forest import Row
from cxstats.figures.intervals import axis_range, draw_interval, plain_numbers, quiet
from cxstats.figures.palette import INK, MUTED, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.methods.league_table import LeagueTable

_BLIND = 0.5  # a score that knows nothing


def league(result: "LeagueTable", ax: Any = None, level: float = 0.95) -> "Axes":
    """Draw one line per metric, the largest area on top; a line marks .5, a score that knows nothing."""
    limits = result.confidence_interval(level)
    order = np.argsort(-result.estimate, kind="stable")
    rows = [
        Row(result.metrics[i], float(result.estimate[i]), float(limits.low[i]), float(limits.high[i])) for i in order
    ]
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.4, 1.0 + 0.45 * len(rows)), layout="constrained").subplots()
    ends = axis_range(rows, marks=(_BLIND,))
    ax.set_xlim(ends)
    ax.axvline(_BLIND, color=RULE, linewidth=1, zorder=0.5)
    for at, (row, place) in enumerate(zip(rows, order, strict=True)):
        draw_interval(ax, at, row, ends)
        told = f"{row.estimate:.3f} · first in {100 * result.p_best[place]:.0f}% of draws"
        ax.text(
            1, at - 0.18, told, transform=ax.get_yaxis_transform(), ha="right", va="bottom", fontsize=8, color=MUTED
        )
    ax.set_ylim(len(rows) - 0.4, -0.8)
    ax.set_yticks(range(len(rows)), [row.name for row in rows])
    for text in ax.get_yticklabels():
        text.set_parse_math(False)
    quiet(ax)
    plain_numbers(ax)
    what = "area under the ROC curve" if result.index == "AUC" else "concordance"
    ax.set_xlabel(f"{what} with {100 * level:g}% interval; .5 knows nothing", fontsize=9, color=MUTED)
    ax.tick_params(axis="y", labelcolor=INK)
    axes: Axes = ax
    return axes
