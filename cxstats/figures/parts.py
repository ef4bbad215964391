"""The small forest plot of a report: names above their lines, so that it stays readable on a phone."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cxstats.figures.intervals import Interval, axis_range, draw_interval, plain_numbers, quiet, wrapped
from cxstats.figures.palette import BAND, EDGE, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Inches: the width, a line of a name, a line with its dot, and the axis below.
WIDTH, NAME, LINE, FOOT, SIDE = 3.75, 0.175, 0.235, 0.32, 0.03
# Characters of a name, and of the unit, that fit on one line.
NAME_LETTERS, UNIT_LETTERS = 38, 50


def parts(
    rows: Sequence[Interval],
    *,
    unit: str,
    others: Sequence[Interval] = (),
    smallest_effect: float | None = None,
    numbers: Sequence[str] = (),
    ax: Any = None,
) -> "Axes":
    """Draw estimates with their intervals, one below the other.

    With a smallest effect, a grey band marks what is too small to count and a line marks no effect.
    ``others`` are drawn with hollow dots: shown beside the rest, of no weight in a verdict. ``numbers``
    are printed to the right of the names, one for each of ``rows`` and then of ``others``.
    """
    every = [*rows, *others]
    names = [wrapped(row.name, NAME_LETTERS) for row in every]
    below = wrapped(unit, UNIT_LETTERS)
    height = sum(NAME * len(name) + LINE for name in names)
    ax = ax if ax is not None else blank(height, FOOT + 0.15 * len(below))
    marks = () if smallest_effect is None else (-smallest_effect, 0.0, smallest_effect)
    ends = axis_range(rows, others, marks)
    ax.set_xlim(ends)
    ax.set_ylim(height, 0)
    if smallest_effect is not None:
        too_small(ax, smallest_effect)
    top = 0.0
    for place, (row, name) in enumerate(zip(every, names, strict=True)):
        top += NAME * len(name)
        label(ax, top, "\n".join(name), numbers[place] if numbers else "")
        draw_interval(ax, top + 0.42 * LINE, row, ends, hollow=place >= len(rows))
        top += LINE
    ax.set_yticks([])
    quiet(ax)
    plain_numbers(ax)
    ax.set_xlabel("\n".join(below), fontsize=8.5, color=MUTED, parse_math=False)
    axes: Axes = ax
    return axes


def blank(height: float, foot: float) -> "Axes":
    """An axis of that height in inches, with room below it for numbers and unit."""
    from matplotlib.figure import Figure

    total = height + foot + 0.06
    figure = Figure(figsize=(WIDTH, total))
    return figure.add_axes((SIDE / WIDTH, foot / total, 1 - 2 * SIDE / WIDTH, height / total))


def too_small(ax: "Axes", smallest_effect: float) -> None:
    """The band of effects too small to count, and the line of none."""
    if not math.isfinite(smallest_effect):
        return
    ax.axvspan(-smallest_effect, smallest_effect, color=BAND, linewidth=0, zorder=0)
    for edge in (-smallest_effect, smallest_effect):
        ax.axvline(edge, color=EDGE, linewidth=0.8, linestyle=(0, (2, 2)), zorder=0.5)
    ax.axvline(0, color=INK, linewidth=0.9, zorder=0.6)


def label(ax: "Axes", bottom: float, name: str, number: str) -> None:
    """A row's name over its line, and its estimate at the right."""
    across = ax.get_yaxis_transform()
    ax.text(0, bottom, name, transform=across, ha="left", va="bottom", fontsize=9, color=INK, parse_math=False)
    if number:
        bold = ax.text(1, bottom, number, transform=across, ha="right", va="bottom", fontsize=9, color=INK)
        bold.set(fontweight="bold", parse_math=False)
