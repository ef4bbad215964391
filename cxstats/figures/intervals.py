"""What figures of estimates share: the range of the axis, a line with its dot, and a quiet axis."""

import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from cxstats.figures.palette import ACCENT, INK, MUTED, PAPER, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# How far beyond the main intervals the axis may grow for those shown beside them, in their span.
ROOM = 0.6


class Interval(Protocol):
    """A named estimate with its limits; not a number where there is none."""

    @property
    def name(self) -> str: ...
    @property
    def estimate(self) -> float: ...
    @property
    def ci_low(self) -> float: ...
    @property
    def ci_high(self) -> float: ...


def finite(rows: Iterable[Interval]) -> list[float]:
    """Every estimate and limit that is a finite number."""
    return [x for row in rows for x in (row.estimate, row.ci_low, row.ci_high) if math.isfinite(x)]


def axis_range(main: Sequence[Interval], others: Sequence[Interval] = (), marks: Sequence[float] = ()) -> list[float]:
    """The ends of the axis: all of the main intervals and marks, and as much of the others as there is room for."""
    shown = [*finite(main), *marks] or finite(others) or [0.0]
    low, high = min(shown), max(shown)
    span = (high - low) or abs(high) or 1.0
    beside = [x for x in finite(others) if low - ROOM * span <= x <= high + ROOM * span]
    if len(beside) < len(finite(others)):
        beside += [low - ROOM * span] * any(x < low - ROOM * span for x in finite(others))
        beside += [high + ROOM * span] * any(x > high + ROOM * span for x in finite(others))
    low, high = min([low, *beside]), max([high, *beside])
    margin = 0.06 * ((high - low) or span)
    return [low - margin, high + margin]


def draw_interval(ax: "Axes", at: float, row: Interval, ends: Sequence[float], *, hollow: bool = False) -> None:
    """One line with its dot; an arrow head where the interval goes on beyond the axis."""
    colour = MUTED if hollow else ACCENT
    if not (math.isnan(row.ci_low) or math.isnan(row.ci_high)):
        low, high = max(row.ci_low, ends[0]), min(row.ci_high, ends[1])
        if low <= high:
            ax.hlines(at, low, high, color=colour, linewidth=1.4 if hollow else 2.2)
        for beyond, end, head in ((row.ci_low < ends[0], ends[0], "<"), (row.ci_high > ends[1], ends[1], ">")):
            if beyond:
                ax.plot(end, at, head, color=colour, markersize=5, clip_on=False)
    if ends[0] <= row.estimate <= ends[1]:
        face = PAPER if hollow else colour
        ax.plot(row.estimate, at, "o", color=colour, markerfacecolor=face, markersize=5 if hollow else 6.5)


def quiet(ax: "Axes") -> None:
    """Only the lower axis, in colours that stay behind the data."""
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.spines["bottom"].set_color(RULE)
    ax.tick_params(axis="x", color=RULE, labelcolor=MUTED, labelsize=8)
    ax.tick_params(axis="y", length=0, labelcolor=INK, labelsize=9)


def plain_numbers(ax: "Axes") -> None:
    """At most five numbers on the lower axis, written as a reader writes them."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.6g}".replace("-", "−")))


def wrapped(text: str, width: int, most: int = 2) -> list[str]:
    """The text in at most that many lines, cut with an ellipsis where it is longer."""
    return textwrap.wrap(text, width, max_lines=most, placeholder=" …") or [""]
