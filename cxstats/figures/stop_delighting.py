"""Delight and effort on one page: a panel for each question asked; where an analysis was refused, why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from cxstats.arrays import Floats
from cxstats.figures.asymmetry_curve import asymmetry_curve
from cxstats.figures.forest import Row
from cxstats.figures.impact_grid import impact_grid
from cxstats.figures.intervals import axis_range, draw_interval, plain_numbers, quiet, wrapped
from cxstats.figures.ladder import ladder
from cxstats.figures.palette import INK, MUTED, RULE
from cxstats.figures.parts import too_small
from cxstats.figures.surface import surface
from cxstats.results import ConfidenceInterval, Result
from cxstats.roles import Binary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cxstats.methods.expectation_levels import ExpectationLevels
    from cxstats.studies.stop_delighting import StopDelighting

WIDTH, TALL, SHORT, WORDS = 11.6, 4.1, 2.3, 1.5  # inches: of the page, and of a line of panels by what they hold
_LETTERS = 132  # of the verdict, on one line
_TIERS = "Loyalty by tier of experience"
_SMALL_PRINT = (
    "95% intervals, not adjusted for each other. Associations, unless it was drawn by lot who was delighted, or had an "
    "easy time."
)


@dataclass(frozen=True)
class Panel:
    """One panel: its title, what draws it on an axis, its height in inches, and whether it needs the whole width."""

    title: str
    draw: Callable[[Any], object]
    height: float = TALL
    wide: bool = False


@dataclass(frozen=True)
class _Stair:
    """Levels of expectation as the stair of a ladder."""

    tiers: tuple[str, ...]
    rows: tuple[int, ...]
    estimate: Floats
    is_share: bool
    found: "ExpectationLevels"
    controls: tuple[str, ...] = ()

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        return self.found.confidence_interval(level)


def stop_delighting(study: "StopDelighting") -> "Figure":
    """Draw the page: the verdict over the panels, two in a line, those of one height together."""
    from matplotlib.figure import Figure

    lines = _lines(_panels(study))
    heights = [max(panel.height for panel in line) for line in lines]
    said = [line for sentence in study.verdict().splitlines() for line in wrapped(sentence, _LETTERS, most=3)]
    figure = Figure(figsize=(WIDTH, 0.45 + 0.2 * len(said) + sum(heights)), layout="constrained")
    figure.suptitle("\n".join(said), x=0.01, ha="left", fontsize=11, color=INK, parse_math=False)
    figure.supxlabel(_SMALL_PRINT, x=0.01, ha="left", fontsize=8, color=MUTED)
    grid: Any = figure.add_gridspec(len(lines), 2, height_ratios=heights)
    placed = []
    for place, line in enumerate(lines):
        for side, panel in enumerate(line):
            ax = figure.add_subplot(grid[place, :] if len(line) == 1 else grid[place, side])
            ax.set_title(panel.title, loc="left", fontsize=10.5, color=INK)
            placed.append((panel, ax))
    for panel, ax in sorted(placed, key=lambda pair: pair[0].wide):  # the wide one looks where names have room
        panel.draw(ax)
    return figure


def _lines(panels: Sequence[Panel]) -> list[list[Panel]]:
    """The panels in lines of two, the highest first; a wide one comes last and has a line of its own."""
    lines: list[list[Panel]] = []
    for panel in sorted(panels, key=lambda one: (one.wide, -one.height)):
        if lines and len(lines[-1]) == 1 and not panel.wide and not lines[-1][0].wide:
            lines[-1].append(panel)
        else:
            lines.append([panel])
    return lines


def main_panel(study: "StopDelighting", ax: Any = None) -> "Axes":
    """The first panel of the page alone."""
    panel = _panels(study)[0]
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.4, max(panel.height, 2.6)), layout="constrained").subplots()
    ax.set_title(panel.title, loc="left", fontsize=10.5, color=INK)
    panel.draw(ax)
    axes: Axes = ax
    return axes


def _panels(study: "StopDelighting") -> list[Panel]:
    """What is drawn, the main panel first."""
    parts, why = study.parts, study.parts.not_told
    found = [] if parts.gap is None else _along_gap(study)
    frame = study.to_frame()
    for part, name, title, draw, height in (
        (parts.effort, "effort", "Effort: what goes with much and with little of it", _effort, SHORT),
        (parts.surface, "response surface", "Expectation and performance apart", surface, TALL),
        (parts.problem, "problems", "Problems: loyalty without one, and with one", _problem, SHORT),
        (parts.attempts, "attempts to wow", "Attempts to wow: with one against without", _attempts, WORDS),
        (
            parts.grid,
            "penalty and reward",
            "Attributes: which must not fail, which can please",
            impact_grid,
            1.35 * TALL,
        ),
    ):
        if part is not None:
            found.append(Panel(title, partial(_drawn, draw, part), height, wide=draw is impact_grid))
        elif name in why:
            found.append(Panel(title, partial(_refused, why[name]), WORDS))
    if len(frame):
        gains = Panel("Gains against what is too small to count (grey)", partial(_gains, frame))
        found.insert(1, gains if parts.gap is not None else replace(gains, height=SHORT))
    return found


def _drawn(draw: Callable[[Any, Any], object], part: object, ax: Any) -> None:
    draw(part, ax)


def _along_gap(study: "StopDelighting") -> list[Panel]:
    """Loyalty by tier or level, and along the gap."""
    parts, why = study.parts, study.parts.not_told
    stairs: Any = parts.ladder or parts.rungs
    if stairs is None and parts.levels is not None:
        levels = parts.levels
        stairs = _Stair(levels.levels, levels.rows, levels.estimate, isinstance(parts.outcome, Binary), levels)
    title = _TIERS if parts.ladder is not None else "Loyalty below, at and above expectation"
    if stairs is None:
        refused = why.get("levels, adjusted") or why.get("levels", "")
        found = [Panel(title, partial(_refused, refused), WORDS)]
    else:
        found = [Panel(title, partial(_drawn, ladder, stairs))]
    if "tiers" in why:
        found.append(Panel(_TIERS, partial(_refused, why["tiers"]), WORDS))
    title = "Along the gap: two joined lines, and the mean at each value"
    refused = why.get("curve") or why.get("slopes", "")
    if parts.curve is not None:
        found.append(Panel(title, partial(_drawn, asymmetry_curve, parts.curve)))
    elif refused:
        found.append(Panel(title, partial(_refused, refused), WORDS))
    return found


def _gains(frame: Any, ax: Any) -> None:
    """Every gain with its interval; the grey band is what is too small to count."""
    smallest = float(frame["smallest_effect"].iloc[0])
    columns = ("term", "estimate", "ci_low", "ci_high")
    rows = [Row(*row) for row in zip(*(frame[name] for name in columns), strict=True)]
    ends = axis_range(rows, marks=(-smallest, smallest))
    ax.set_xlim(ends)
    too_small(ax, smallest)
    _intervals(ax, rows, ends)
    unit = "relative gain (.1 is 10%)" if (frame["unit"] == "relative").all() else "standard deviations of the outcome"
    ax.set_xlabel(f"{unit}; right of the band it counts", fontsize=9, color=MUTED)


def _effort(found: Any, ax: Any) -> None:
    """Both groups of the effort score."""
    terms = (f"high effort\n({found.high_effort})", f"low effort\n({found.low_effort})")
    rows = _rows(found, range(2), terms)
    ends = axis_range(rows)
    ax.set_xlim(ends)
    _intervals(ax, rows, ends)
    column, adjusted = found.outcome.column, ", adjusted" if found.controls else ""
    what = f"mean of '{column}' (up is good)"
    if isinstance(found.outcome, Binary):
        what = f"share with the bad outcome ('{column}' is {1 - found.outcome.good})"
    ax.set_xlabel(f"{what}{adjusted}", fontsize=9, color=MUTED, parse_math=False)


def _problem(found: Any, ax: Any) -> None:
    """The outcome of each group."""
    at = [i for i, part in enumerate(found.labels["part"]) if part == "outcome"]
    rows = _rows(found, at, [found.labels["term"][i] for i in at])
    ends = axis_range(rows)
    ax.set_xlim(ends)
    _intervals(ax, rows, ends)
    column, adjusted = found.outcome.column, ", adjusted" if found.controls else ""
    what = f"mean of '{column}' (up is good)"
    if isinstance(found.outcome, Binary):
        what = f"share with the good outcome ('{column}' is {found.outcome.good})"
    ax.set_xlabel(f"{what}{adjusted}", fontsize=9, color=MUTED, parse_math=False)


def _attempts(found: Any, ax: Any) -> None:
    """The rate and every comparison, each with its own numbers, since they have no common unit."""
    limits = found.confidence_interval()
    parts, terms = found.labels["part"], found.labels["term"]
    at = [i for i in range(len(terms)) if parts[i] == "rate" or " - " in terms[i] or " / " in terms[i]]
    told = [
        f"{parts[i]}: {terms[i]} {found.estimate[i]:.3g} (95% {limits.low[i]:.3g} to {limits.high[i]:.3g})" for i in at
    ]
    ax.set_axis_off()
    for place, line in enumerate(told):
        text = "\n".join(wrapped(line, 62, most=2))
        ax.text(0, 0.95 - 0.21 * place, text, transform=ax.transAxes, va="top", fontsize=9.5, color=INK).set_parse_math(
            False
        )


def _rows(found: Result, at: Sequence[int], names: Sequence[str]) -> list[Row]:
    limits = found.confidence_interval()
    return [
        Row(name, float(found.estimate[i]), float(limits.low[i]), float(limits.high[i]))
        for i, name in zip(at, names, strict=True)
    ]


def _intervals(ax: "Axes", rows: Sequence[Row], ends: Sequence[float]) -> None:
    """One below the other, with their estimates at the right."""
    for place, row in enumerate(rows):
        draw_interval(ax, place, row, ends)
        told = f"{row.estimate:.3g}".replace("-", "−")
        ax.text(1.02, place, told, transform=ax.get_yaxis_transform(), va="center", fontsize=8.5, color=INK)
    ax.set_ylim(len(rows) - 0.3, -0.7)
    names = ["\n".join(line for part in row.name.splitlines() for line in wrapped(part, 24, 2)) for row in rows]
    ax.set_yticks(range(len(rows)), names)
    for text in ax.get_yticklabels():
        text.set_parse_math(False)
    quiet(ax)
    plain_numbers(ax)
    ax.spines["bottom"].set_color(RULE)


def _refused(why: str, ax: Any) -> None:
    """Why a panel is empty."""
    ax.set_axis_off()
    told = "\n".join(wrapped(f"Cannot be told: {why.splitlines()[0] if why else ''}", 62, most=7))
    ax.text(0, 0.95, told, transform=ax.transAxes, va="top", fontsize=9.5, color=MUTED, parse_math=False)
