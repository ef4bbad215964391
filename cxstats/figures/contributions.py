"""What each metric contributes to what all explain together, and how sure its rank is."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cxstats.figures.forest import Row
from cxstats.figures.intervals import axis_range, draw_interval, plain_numbers, quiet
from cxstats.figures.palette import BAND, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.shared.shared_variance import SharedVariance


def contributions(result: "SharedVariance", ax: Any = None, level: float = 0.95) -> "Axes":
    """Draw each share as a bar with its interval, the largest on top, and in words how often it ranks first."""
    p = len(result.metrics)
    limits = result.confidence_interval(level)
    order = np.argsort(-result.estimate[:p], kind="stable")
    rows = [
        Row(result.metrics[i], float(result.estimate[i]), float(limits.low[i]), float(limits.high[i])) for i in order
    ]
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.4, 1.0 + 0.45 * p), layout="constrained").subplots()
    ends = [0.0, axis_range(rows, marks=(0.0,))[1]]
    ax.set_xlim(ends)
    ranks = result.rank_probability
    for at, (row, place) in enumerate(zip(rows, order, strict=True)):
        ax.barh(at, row.estimate, height=0.5, color=BAND, zorder=0.4)
        draw_interval(ax, at, row, ends)
        likely = int(np.argmax(ranks[place]))
        told = (
            f"{100 * row.estimate / result.r2:.0f}% · rank {likely + 1} in {100 * ranks[place, likely]:.0f}% of draws"
        )
        ax.text(
            1, at - 0.28, told, transform=ax.get_yaxis_transform(), ha="right", va="bottom", fontsize=8, color=MUTED
        )
    ax.set_ylim(p - 0.4, -0.9)
    ax.set_yticks(range(p), [row.name for row in rows])
    for text in ax.get_yticklabels():
        text.set_parse_math(False)
    quiet(ax)
    plain_numbers(ax)
    ax.set_xlabel(f"contribution to {result.divided_index} ({100 * level:g}% interval)", fontsize=9, color=MUTED)
    ax.tick_params(axis="y", labelcolor=INK)
    axes: Axes = ax
    return axes
