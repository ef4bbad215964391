"""The journey rating beside the four touchpoint benchmarks, on customers held out."""

from typing import TYPE_CHECKING, Any

from cxstats.figures.forest import Row
from cxstats.figures.intervals import axis_range, draw_interval, plain_numbers, quiet
from cxstats.figures.palette import BAND, INK, MUTED, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.methods.touchpoint_benchmarks import TouchpointBenchmarks

_SHOWN = ("journey", "average single", "best single", "composite", "all touchpoints")
_TOLD = {
    "journey": "journey rating",
    "average single": "average single touchpoint",
    "best single": "best single, chosen in the folds",
    "composite": "mean of the touchpoints",
    "all touchpoints": "all touchpoints, penalised",
}
_DECISIVE = ("composite", "all touchpoints")


def benchmarks(result: "TouchpointBenchmarks", ax: Any = None, level: float = 0.95) -> "Axes":
    """Draw the primary index of the journey and of each benchmark; the two that decide are named in bold."""
    limits = result.confidence_interval(level)
    at = {name: result.row(name) for name in _SHOWN}
    rows = [
        Row(_TOLD[name], float(result.estimate[i]), float(limits.low[i]), float(limits.high[i]))
        for name, i in at.items()
    ]
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.4, 3.2), layout="constrained").subplots()
    ends = axis_range(rows, marks=(0.0,))
    ax.set_xlim(ends)
    ax.axvline(0, color=RULE, linewidth=1, zorder=0.5)
    ax.axvspan(rows[0].ci_low, rows[0].ci_high, color=BAND, linewidth=0, zorder=0)
    for place, (name, row) in enumerate(zip(at, rows, strict=True)):
        draw_interval(ax, place, row, ends, hollow=name not in ("journey", *_DECISIVE))
        number = f"{row.estimate:.3f}"
        ax.text(
            1.02,
            place,
            number,
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=8,
            color=MUTED,
        )
    ax.set_ylim(len(rows) - 0.4, -0.8)
    ax.set_yticks(range(len(rows)), [row.name for row in rows])
    for name, text in zip(at, ax.get_yticklabels(), strict=True):
        text.set_fontweight("bold" if name in ("journey", *_DECISIVE) else "normal")
    quiet(ax)
    plain_numbers(ax)
    ax.set_xlabel(f"{result.primary} on customers held out, {100 * level:g}% interval", fontsize=9, color=MUTED)
    ax.tick_params(axis="y", labelcolor=INK)
    axes: Axes = ax
    return axes
