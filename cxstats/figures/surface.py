"""A surface over expectation and performance, seen from above: only where there are data."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cxstats.arrays import Floats
from cxstats.figures.palette import ACCENT, BAND, EDGE, INK, MUTED, PAPER, RULE
from cxstats.roles import Binary, Continuous

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.methods.response_surface import ResponseSurface

_GRID, _LEVELS = 161, 9
_LARGEST = 110.0  # area of the dot of the most frequent pair, in square points
_ROOM = 0.09  # of the scale, around it
_HALO = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0, "alpha": 0.8}


def surface(result: "ResponseSurface", ax: Any = None) -> "Axes":
    """Draw the fitted surface inside the convex hull of the answers, with the answers and both lines.

    Expectation to the right, performance upwards, each from bad to good. The area of a dot is the number of rows.
    """
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.6, 5.4), layout="constrained").subplots()
    _fill(ax, result)
    size = _LARGEST * result.n_points / result.n_points.max()
    ax.scatter(*result.points.T, s=size, facecolor=PAPER, edgecolor=INK, linewidth=0.7, alpha=0.75, zorder=3)
    _lines(ax, result)
    _frame(ax, result)
    axes: Axes = ax
    return axes


def _fill(ax: "Axes", result: "ResponseSurface") -> None:
    """Filled contours, cut off at the hull of the answers, and the bar that says what the colours mean."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Polygon
    from matplotlib.ticker import MaxNLocator

    corners = hull(result.points)
    edge = ax.add_patch(Polygon(corners, closed=True, facecolor="none", edgecolor=EDGE, linewidth=1, zorder=1.5))
    low, high = corners.min(axis=0), corners.max(axis=0)
    across, up = (np.linspace(low[j], high[j], _GRID) for j in (0, 1))
    e, p = np.meshgrid(across, up)
    height = result.fitted(e, p)
    inside = height[edge.get_path().contains_points(np.column_stack([e.ravel(), p.ravel()])).reshape(e.shape)]
    ticks = np.asarray(MaxNLocator(_LEVELS).tick_values(inside.min(), inside.max()))
    if isinstance(result.outcome, Binary):
        ticks = np.unique(np.clip(ticks, 0, 1))
    colours = LinearSegmentedColormap.from_list("surface", [BAND, ACCENT])
    filled = ax.contourf(e, p, height, levels=ticks, cmap=colours, zorder=1)
    drawn = ax.contour(e, p, height, levels=ticks, colors=EDGE, linewidths=0.6, linestyles="solid", zorder=1.2)
    for part in (filled, drawn):
        part.set_clip_path(edge)
    bar = ax.figure.colorbar(filled, ax=ax, shrink=0.85)
    bar.set_label(_told(result), fontsize=9, color=MUTED, parse_math=False)
    bar.ax.tick_params(color=RULE, labelcolor=MUTED, labelsize=8)
    bar.outline.set_edgecolor(RULE)


def hull(points: Floats) -> Floats:
    """The corners of the smallest convex shape around the points, in order."""
    from scipy.spatial import ConvexHull

    corners: Floats = points[ConvexHull(points).vertices]
    return corners


def _lines(ax: "Axes", result: "ResponseSurface") -> None:
    """Agreement solid, disagreement dashed, and what lies on either side."""
    ends = (result.scale.low, result.scale.high)
    better = ends if result.scale.higher_is_better else ends[::-1]
    ax.plot(ends, ends, color=INK, linewidth=1.1, zorder=2)
    ax.plot(ends, ends[::-1], color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=2)
    for at, side, name in (
        ((better[1], better[1]), "right", "as expected"),
        ((better[0], better[1]), "left", "above expectation"),
        ((better[1], better[0]), "right", "below expectation"),
    ):
        above = at[1] == better[1]
        ax.annotate(
            name,
            at,
            xytext=(0, 7 if above else -7),
            textcoords="offset points",
            ha=side,
            va="bottom" if above else "top",
            fontsize=8,
            fontstyle="italic",
            color=INK,
            bbox=_HALO,
            zorder=4,
        )


def _frame(ax: "Axes", result: "ResponseSurface") -> None:
    low, high = result.scale.low, result.scale.high
    room = _ROOM * (high - low)
    ends = (low - room, high + room) if result.scale.higher_is_better else (high + room, low - room)
    ax.set_xlim(ends)
    ax.set_ylim(ends)
    arrow = "worse \N{RIGHTWARDS ARROW} better"
    dots = f"(area of a dot: rows, {int(result.n_points.max()):,} at most)"
    ax.set_xlabel(f"expectation '{result.expected}', {arrow}\n{dots}", fontsize=9, color=MUTED, parse_math=False)
    ax.set_ylabel(f"performance '{result.performed}', {arrow}", fontsize=9, color=MUTED, parse_math=False)
    if result.scale.whole and high - low <= 12:
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_ticks(np.arange(low, high + 1))
    ax.set_aspect("equal")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(RULE)
    ax.tick_params(color=RULE, labelcolor=MUTED, labelsize=8)


def _told(result: "ResponseSurface") -> str:
    """What the colours stand for."""
    outcome = result.outcome
    if isinstance(outcome, Binary):
        return f"fitted chance that {outcome.column} is {outcome.good}, the good value"
    reverse = outcome.good == "low" if isinstance(outcome, Continuous) else not outcome.scale.higher_is_better
    return f"fitted mean of {outcome.column}" + (", turned so that up is good" if reverse else ", up is good")
