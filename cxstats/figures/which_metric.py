"""The comparison of metrics on one page, for people who were not there when it was made."""

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from cxstats.figures.calibration import calibration
from cxstats.figures.coding_effects import coding_effects
from cxstats.figures.contributions import contributions
from cxstats.figures.hazards import hazard_ratios
from cxstats.figures.league import league
from cxstats.figures.palette import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cxstats.studies.which_metric import WhichMetric

Panel: TypeAlias = tuple[str, Callable[[Any], object]]
WIDTH, HEIGHT, TITLE_LETTERS = 11.0, 3.7, 105  # inches, of the page and of a line of panels; letters of a line


def which_metric_page(result: "WhichMetric") -> "Figure":
    """The verdict as a headline, and a panel for each analysis that could be made."""
    from matplotlib.figure import Figure

    panels = _panels(result)
    lines = (len(panels) + 1) // 2
    figure = Figure(figsize=(WIDTH, 0.9 + HEIGHT * lines), layout="constrained")
    named = result.best is not None
    head = f"{result.best} predicts better than every other metric" if named else result.verdict()
    head = textwrap.fill(head, TITLE_LETTERS)
    figure.suptitle(head, x=0.01, ha="left", fontsize=13, color=INK, fontweight="bold", parse_math=False)
    grid = figure.add_gridspec(lines, 2)
    for number, (title, draw) in enumerate(panels):
        alone = number == len(panels) - 1 and number % 2 == 0
        ax = figure.add_subplot(grid[number // 2, :] if alone else grid[number // 2, number % 2])
        draw(ax)
        ax.set_title(title, loc="left", fontsize=10.5, color=INK)
    told = f"{result.n:,} customers; intervals of 95%, not adjusted. Associations, not effects. Seed {result.seed}."
    figure.supxlabel(told, x=0.01, ha="left", fontsize=8, color=MUTED)
    return figure


def _panels(result: "WhichMetric") -> list[Panel]:
    from cxstats.methods.held_out import ALL

    parts = result.parts
    found: list[Panel] = [("Who predicts best, full scales", lambda ax: league(result.league, ax))]
    if parts.hazards is not None:
        hazards = parts.hazards
        found.append(("How soon the event comes", lambda ax: hazard_ratios(hazards, ax)))
    if parts.codings is not None:
        codings = parts.codings
        found.append(("What a coding wins or loses", lambda ax: coding_effects(codings, ax)))
    if parts.dominance is not None:
        dominance = parts.dominance
        found.append(("What each contributes to all together", lambda ax: contributions(dominance, ax)))
    if parts.held_out is not None and ALL in parts.held_out.curves:
        held_out = parts.held_out
        found.append(("Can the predictions be taken at their word?", lambda ax: calibration(held_out, ALL, ax)))
    return found
