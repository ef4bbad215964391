"""What is remembered, on one page: the experiences, what counts of them, and the contest."""

from typing import TYPE_CHECKING, Any

from cxstats.figures.forest import Row
from cxstats.figures.intervals import draw_interval, plain_numbers, quiet, wrapped
from cxstats.figures.memory_contest import memory_contest
from cxstats.figures.palette import INK, MUTED
from cxstats.figures.sequence_fan import sequence_fan
from cxstats.figures.weight_curve import weight_panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cxstats.studies.what_is_remembered import WhatIsRemembered

_LETTERS = 110  # of the verdict, on one line


def what_is_remembered(study: "WhatIsRemembered") -> "Figure":
    """Draw the page: the verdict over four panels; a panel whose analysis refused says so."""
    from matplotlib.figure import Figure

    page = Figure(figsize=(11, 8.6), layout="constrained")
    said = "\n".join(wrapped(study.verdict(), _LETTERS, most=5))
    page.suptitle(said, fontsize=11, color=INK, x=0.01, ha="left", parse_math=False)
    rows: Any = page.subfigures(2, 1, height_ratios=[5, 3])
    above, below = rows
    left, right = above.subfigures(1, 2, width_ratios=[5, 6])
    fan, shares = left.subplots(2, 1, height_ratios=[3, 2])
    value = f"{study.value}, turned: up is good" if study.turned else study.value
    sequence_fan(study.fan, neutral=study.neutral, value=value, ax=fan)
    _shares(shares, study)
    contest = memory_contest(study.contest, ax=right.subplots())
    contest.set_title("What predicts memory", fontsize=10, color=INK, loc="left")
    for ax, term in zip(below.subplots(1, 2), ("recency", "intensity"), strict=True):
        if study.parts.kernel is None:
            _refused(ax, "Weights of moments", study.parts.not_told.get("weights of moments", ""))
        else:
            weight_panel(ax, study.parts.kernel, term)
    return page


def _shares(ax: Any, study: "WhatIsRemembered") -> None:
    found = study.parts.weights
    if found is None:
        _refused(ax, "Shares of memory", study.parts.not_told.get("shares of mean, peak and end", ""))
        return
    limits = found.confidence_interval()
    rows = [Row(*row) for row in zip(found.parts, found.estimate, limits.low, limits.high, strict=True)]
    ax.set_xlim(-0.02, 1.02)
    for place, row in enumerate(rows):
        draw_interval(ax, place, row, (-0.02, 1.02))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_yticks(range(len(rows)), found.parts)
    quiet(ax)
    plain_numbers(ax)
    ax.set_title("Shares of what is remembered, 95% intervals", fontsize=10, color=INK, loc="left")
    ax.tick_params(axis="y", labelcolor=INK)


def _refused(ax: Any, title: str, why: str) -> None:
    """Why a panel is empty."""
    ax.set_axis_off()
    ax.set_title(title, fontsize=10, color=INK, loc="left")
    told = "\n".join(wrapped(f"Cannot be told: {why.splitlines()[0] if why else ''}", 55, most=6))
    ax.text(0, 0.9, told, transform=ax.transAxes, va="top", fontsize=9, color=MUTED, parse_math=False)
