"""A forest plot: one line per estimate, with its interval."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cxstats.figures.intervals import axis_range, draw_interval, plain_numbers, quiet
from cxstats.figures.palette import INK, MUTED, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.results import Result


@dataclass(frozen=True)
class Row:
    """One estimate of a result, as the figure needs it."""

    name: str
    estimate: float
    ci_low: float
    ci_high: float


def forest(result: "Result", ax: Any = None, level: float = 0.95) -> "Axes":
    """Draw each estimate of a result with its interval on one axis, first row on top.

    A thin line marks zero where the axis holds it. A limit that is not finite is an arrow.
    """
    interval = result.confidence_interval(level)
    names = [" · ".join(map(str, row)) for row in zip(*result.labels.values(), strict=True)]
    rows = [Row(*row) for row in zip(names, result.estimate, interval.low, interval.high, strict=True)]
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.4, 0.9 + 0.4 * len(rows)), layout="constrained").subplots()
    ends = axis_range(rows)
    ax.set_xlim(ends)
    if ends[0] < 0 < ends[1]:
        ax.axvline(0, color=RULE, linewidth=1, zorder=0.5)
    for at, row in enumerate(rows):
        draw_interval(ax, at, row, ends)
    ax.set_ylim(len(rows) - 0.3, -0.7)
    ax.set_yticks(range(len(rows)), names)
    for text in ax.get_yticklabels():
        text.set_parse_math(False)
    quiet(ax)
    plain_numbers(ax)
    ax.set_xlabel(f"estimate with {100 * level:g}% interval", fontsize=9, color=MUTED)
    ax.tick_params(axis="y", labelcolor=INK)
    axes: Axes = ax
    return axes
