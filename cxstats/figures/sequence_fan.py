"""Sequences laid over each other, with their mean curve."""

from typing import TYPE_CHECKING, Any

from cxstats.figures.intervals import plain_numbers, quiet
from cxstats.figures.palette import ACCENT, BAND, EDGE, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.numerics.fan import Fan


def sequence_fan(fan: "Fan", *, neutral: float, value: str, ax: Any = None) -> "Axes":
    """Draw some single sequences, the band that holds half of all, and the mean; values with up as good."""
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.4, 3.4), layout="constrained").subplots()
    ax.fill_between(fan.place, fan.quantiles[1], fan.quantiles[3], color=BAND, linewidth=0, zorder=0)
    for line in fan.lines:
        ax.plot(fan.place, line, color=EDGE, linewidth=0.5, alpha=0.35, zorder=1)
    ax.axhline(neutral, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)))
    ax.plot(fan.place, fan.mean, color=ACCENT, linewidth=2.4)
    ax.text(1.01, fan.mean[-1], "mean", color=ACCENT, va="center", fontsize=9, transform=ax.get_yaxis_transform())
    ax.text(1.01, neutral, "neutral", color=MUTED, va="center", fontsize=8, transform=ax.get_yaxis_transform())
    quiet(ax)
    plain_numbers(ax)
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.5, 1], ["first moment", "half of the time", "last moment"])
    ax.set_ylabel(value, fontsize=9, color=MUTED, parse_math=False)
    shown = f"{fan.n:,} experiences; {len(fan.lines)} of them as thin lines, half of all in the band"
    if len(fan.lines) == fan.n:
        shown = f"{fan.n:,} experiences as thin lines, half of them in the band"
    ax.set_title(shown, fontsize=9, color=INK, loc="left")
    axes: Axes = ax
    return axes
