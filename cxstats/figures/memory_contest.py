"""The peak-end rule among its rivals, on people held out."""

from typing import TYPE_CHECKING, Any

from cxstats.figures.forest import Row
from cxstats.figures.intervals import axis_range, draw_interval, plain_numbers, quiet
from cxstats.figures.palette import BAND, INK, MUTED, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.methods.memory_contest import MemoryContest

_TOLD = {
    "mean": "mean of all moments",
    "peak + end": "peak and end, each weighted",
    "(peak + end) / 2": "peak and end, halves",
    "kernel": "every moment, weighted (kernel)",
}
_FIRST = tuple(_TOLD)  # the contest; what follows is added to the rule, or a rival alone


def memory_contest(result: "MemoryContest", ax: Any = None, level: float = 0.95) -> "Axes":
    """Draw R2 with intervals; the grey band is the interval of the mean, with which all must compare."""
    limits = result.confidence_interval(level)
    names = [name for name in _FIRST if name in result.models]
    names += [name for name in result.models if name not in names]
    at = [result.row(name, "R2", result.decisive) for name in names]
    rows = [
        Row(_TOLD.get(name, name), float(result.estimate[i]), float(limits.low[i]), float(limits.high[i]))
        for name, i in zip(names, at, strict=True)
    ]
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.8, 1.0 + 0.3 * len(rows)), layout="constrained").subplots()
    ends = axis_range(rows, marks=(0.0,))
    ax.set_xlim(ends)
    ax.axvline(0, color=RULE, linewidth=1, zorder=0.5)
    ax.axvspan(rows[0].ci_low, rows[0].ci_high, color=BAND, linewidth=0, zorder=0)
    for place, (name, row) in enumerate(zip(names, rows, strict=True)):
        draw_interval(ax, place, row, ends, hollow=name not in _FIRST)
        told = f"{row.estimate + 0.0:.2f}".replace("-0.00", "0.00")
        ax.text(1.02, place, told, transform=ax.get_yaxis_transform(), va="center", fontsize=8, color=MUTED)
    ax.set_ylim(len(rows) - 0.4, -0.8)
    ax.set_yticks(range(len(rows)), [row.name for row in rows])
    for name, text in zip(names, ax.get_yticklabels(), strict=True):
        text.set_fontweight("bold" if name in _FIRST else "normal")
    quiet(ax)
    plain_numbers(ax)
    ax.set_xlabel(f"R2 {result.decisive}, {100 * level:g}% interval", fontsize=9, color=MUTED)
    ax.tick_params(axis="y", labelcolor=INK)
    axes: Axes = ax
    return axes
