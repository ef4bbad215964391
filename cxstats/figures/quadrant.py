"""Importance against performance of touchpoints: where each lies, how surely, and what the four parts are called."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cxstats.figures.palette import ACCENT, EDGE, INK, MUTED, PAPER, RULE
from cxstats.methods.touchpoint_importance import QUADRANTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.methods.touchpoint_importance import TouchpointImportance

_SIZE = 9.0  # of the names, in points
_WIDE, _HIGH = 0.58, 1.25  # room that a letter and a line need, in parts of the size
# Where a name may stand beside its dot: the side, and the distance in points. The first place that is free is taken.
_PLACES = [(side, up) for up in (7, -14, 19, -26, 31, -38, 43, -50) for side in (1, -1)]


def quadrant(result: "TouchpointImportance", ax: Any = None, level: float = 0.95) -> "Axes":
    """Draw each touchpoint with both intervals; lines at the two means, which are a convention, part the plane in four.

    Performance (share of the scale, in percent) to the right, importance (standardised slope) upwards.
    """
    frame = result.quadrant(level=level)
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.8, 5.4), layout="constrained").subplots()
    columns = {
        name: frame[name].to_numpy(dtype=float) for name in frame.columns if name.startswith(("perf", "imp", "me"))
    }
    x, y = 100 * columns["performance"], columns["importance"]
    for values, low, high, draw in (
        (y, 100 * columns["performance_low"], 100 * columns["performance_high"], ax.hlines),
        (x, columns["importance_low"], columns["importance_high"], ax.vlines),
    ):
        draw(values, low, high, color=ACCENT, linewidth=1.2, alpha=0.6)
    ax.plot(x, y, "o", color=ACCENT, markersize=6, zorder=3)
    ax.margins(0.12, 0.16)
    ax.axvline(100 * columns["mean_performance"][0], color=RULE, linewidth=1, zorder=0.5)
    ax.axhline(columns["mean_importance"][0], color=RULE, linewidth=1, zorder=0.5)
    _name_quadrants(ax)
    _name_touchpoints(ax, list(frame["touchpoint"]), list(zip(x, y, strict=True)))
    _finish(ax, result, level)
    axes: Axes = ax
    return axes


def _name_quadrants(ax: "Axes") -> None:
    """The four names in the corners."""
    for (important, good), name in QUADRANTS.items():
        ax.text(
            0.99 if good else 0.01,
            0.985 if important else 0.015,
            name,
            transform=ax.transAxes,
            ha="right" if good else "left",
            va="top" if important else "bottom",
            fontsize=8,
            fontstyle="italic",
            color=EDGE,
        )


def _name_touchpoints(ax: "Axes", names: Sequence[str], points: Sequence[tuple[float, float]]) -> None:
    """Each name at the first place beside its dot that no other name or dot covers."""
    scale = 72 / ax.figure.dpi
    ax.autoscale_view()
    dots = [tuple(scale * ax.transData.transform(point)) for point in points]
    taken = [(u - 4, v - 4, u + 4, v + 4) for u, v in dots]
    for name, (u, v), point in zip(names, dots, points, strict=True):
        boxes = {place: _box(name, u, v, *place) for place in _PLACES}
        free = [place for place, box in boxes.items() if not any(_overlap(box, other) for other in taken)]
        side, up = (free or _PLACES)[0]
        taken.append(boxes[side, up])
        text = ax.annotate(
            name,
            point,
            xytext=(7 * side, up),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="bottom",
            fontsize=_SIZE,
            color=INK,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.5, "alpha": 0.75},
            arrowprops={"arrowstyle": "-", "color": RULE, "linewidth": 0.8} if abs(up) > 14 else None,
        )
        text.set_parse_math(False)


def _box(name: str, u: float, v: float, side: int, up: float) -> tuple[float, float, float, float]:
    """Left, lower, right and upper end of a name, in points."""
    near, far = u + 7 * side, u + side * (7 + _WIDE * _SIZE * len(name))
    return min(near, far), v + up, max(near, far), v + up + _HIGH * _SIZE


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _finish(ax: "Axes", result: "TouchpointImportance", level: float) -> None:
    unit = "SD of the outcome" if result.model == "linear" else "log-odds of the good outcome"
    ax.set_xlabel(f"mean score, % of the scale, with {100 * level:g}% interval", fontsize=9, color=MUTED)
    ax.set_ylabel(f"{unit} per SD of the touchpoint, with {100 * level:g}% interval", fontsize=9, color=MUTED)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(RULE)
    ax.tick_params(color=RULE, labelcolor=MUTED, labelsize=8)
