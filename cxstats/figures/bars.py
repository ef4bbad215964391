"""How often each value of a score was given."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cxstats.figures.intervals import plain_numbers, quiet, wrapped
from cxstats.figures.palette import ACCENT, BAND, EDGE, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 3.75, 1.75
# With more values than this, the bars carry no numbers of their own.
MOST_LABELLED = 12


def bars(
    values: Sequence[float], counts: Sequence[int | None], *, labels: Sequence[str], unit: str, ax: Any = None
) -> "Axes":
    """Draw one bar per value; a count of None (held back because it is small) gets a stub with dashed edges."""
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(WIDTH, HEIGHT)).add_axes((0.01, 0.24, 0.98, 0.66))
    highest = max((count for count in counts if count is not None), default=1) or 1
    width = 0.8 * min((b - a for a, b in pairwise(values)), default=1.0)
    for value, count, text in zip(values, counts, labels, strict=True):
        if count is None:
            ax.bar(value, 0.06 * highest, width, facecolor=BAND, edgecolor=EDGE, linestyle=(0, (2, 2)), linewidth=0.8)
        else:
            ax.bar(value, count, width, color=ACCENT, linewidth=0)
        if len(values) <= MOST_LABELLED:
            top = 0.06 * highest if count is None else count
            above = ax.annotate(text, (value, top), (0, 2), textcoords="offset points", ha="center", color=MUTED)
            above.set(fontsize=7.5, parse_math=False)
    ax.set_ylim(0, 1.05 * highest)
    ax.set_yticks([])
    quiet(ax)
    plain_numbers(ax)
    if len(values) <= MOST_LABELLED:
        ax.set_xticks(values, [f"{value:g}".replace("-", "−") for value in values])
    ax.set_xlabel("\n".join(wrapped(unit, 50)), fontsize=8.5, color=MUTED, parse_math=False)
    axes: Axes = ax
    return axes
