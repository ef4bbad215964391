"""What a coding wins or loses against the full scale of the same metric."""

from typing import TYPE_CHECKING, Any

from cxstats.figures.forest import Row
from cxstats.figures.intervals import axis_range, draw_interval, plain_numbers, quiet
from cxstats.figures.palette import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.methods.codings import Codings

_AGAINST = " - full scale"


def coding_effects(result: "Codings", ax: Any = None, level: float = 0.95) -> "Axes":
    """Draw the change of the area for each coding of each metric; the line at 0 is the full scale."""
    blocks = _rows(result, level)
    rows = [row for block in blocks.values() for row in block]
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.4, 1.0 + 0.26 * (len(rows) + len(blocks))), layout="constrained").subplots()
    ends = axis_range(rows, marks=(0.0,))
    ax.set_xlim(ends)
    ax.axvline(0, color=INK, linewidth=0.9, zorder=0.6)
    at, ticks, names = 0.0, [], []
    for metric, block in blocks.items():
        head = ax.text(0, at, metric, transform=ax.get_yaxis_transform(), va="center", fontsize=9, color=INK)
        head.set(fontweight="bold", parse_math=False, ha="left")
        for row in block:
            at += 1
            draw_interval(ax, at, row, ends)
            ticks.append(at)
            names.append(row.name)
        at += 1.2
    ax.set_ylim(at - 0.6, -0.8)
    ax.set_yticks(ticks, names)
    quiet(ax)
    plain_numbers(ax)
    ax.set_xlabel(f"change of AUC against the full scale, {100 * level:g}% interval", fontsize=9, color=MUTED)
    ax.tick_params(axis="y", labelsize=8, labelcolor=INK)
    axes: Axes = ax
    return axes


def _rows(result: "Codings", level: float) -> dict[str, list[Row]]:
    limits = result.confidence_interval(level)
    blocks: dict[str, list[Row]] = {}
    for i, (metric, coding, index) in enumerate(zip(result.metric, result.coding, result.index, strict=True)):
        if index == "AUC" and coding.endswith(_AGAINST):
            name = coding.removesuffix(_AGAINST)
            row = Row(name, float(result.estimate[i]), float(limits.low[i]), float(limits.high[i]))
            blocks.setdefault(metric, []).append(row)
    return blocks
