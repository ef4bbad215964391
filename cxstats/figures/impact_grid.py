"""Range of impact against impact asymmetry: how much an attribute matters, and at which end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cxstats.figures.palette import ACCENT, BAND, EDGE, INK, MUTED, PAPER, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.arrays import Floats
    from cxstats.methods.penalty_reward import PenaltyReward

_SIZE = 9.0  # of the names, in points
_HIGH, _GAP = 1.25, 3.0  # room of a line, in parts of the size, and between two names, in points
# Where a name may stand beside its dot: the side, and the distance in points. The first place that is free is taken.
_PLACES = [(side, up) for up in (6, -15, 19, -28, 32, -41, 45, -54, 58, -67) for side in (1, -1)]
MINUS = "\N{MINUS SIGN}"
_LEADER = 16  # points beyond which a line leads from the name to its dot


def impact_grid(result: "PenaltyReward", ax: Any = None, level: float = 0.95) -> "Axes":
    """Draw each attribute with both intervals; the grey band is what counts as performance.

    Range of impact (reward minus penalty) to the right, asymmetry upwards: 1 where only a high answer matters, -1 where
    only a low one does. A grey dash is what a straight line would show. An attribute without an asymmetry is not drawn,
    but named below.
    """
    frame = result.classes(level=level)
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.8, 5.4), layout="constrained").subplots()
    numbers = {name: frame[name].to_numpy(dtype=float) for name in frame.columns if name != "attribute"}
    drawn = ~np.isnan(numbers["asymmetry"])
    x, y = numbers["range"][drawn], numbers["asymmetry"][drawn]
    ax.axhspan(-result.cut, result.cut, color=BAND, linewidth=0, zorder=0)
    ax.axhline(0, color=RULE, linewidth=1, zorder=0.5)
    for draw, at, of in ((ax.hlines, y, "range"), (ax.vlines, x, "asymmetry")):
        draw(at, numbers[f"{of}_low"][drawn], numbers[f"{of}_high"][drawn], color=ACCENT, linewidth=1.2, alpha=0.6)
    ax.plot(x, numbers["straight"][drawn], "_", color=MUTED, markersize=9, markeredgewidth=1.5, zorder=2.5)
    ax.plot(x, y, "o", color=ACCENT, markersize=6, zorder=3)
    ax.set_ylim(-1.12, 1.12)
    ax.margins(x=0.14)
    _name_kinds(ax, result.cut)
    names = [name for name, on in zip(result.attributes, drawn, strict=True) if on]
    _finish(ax, level, [name for name, on in zip(result.attributes, drawn, strict=True) if not on])
    _name_attributes(ax, names, np.column_stack([x, y]))
    axes: Axes = ax
    return axes


def _name_kinds(ax: "Axes", cut: float) -> None:
    """What the three zones are called, outside to the right."""
    for at, name in (((1 + cut) / 2, "excitement"), (0, "performance"), (-(1 + cut) / 2, "basic")):
        ax.text(
            1.015,
            at,
            name,
            transform=ax.get_yaxis_transform(),
            rotation=270,
            ha="left",
            va="center",
            fontsize=8,
            fontstyle="italic",
            color=EDGE,
        )


def _name_attributes(ax: "Axes", names: Sequence[str], points: "Floats") -> None:
    """Each name at the first place beside its dot that lies inside and that no other name or dot covers."""
    scale = 72 / ax.figure.dpi
    figure = ax.get_figure(root=True)
    if figure is not None:
        figure.draw_without_rendering()  # only then is it known where the axes lie
    left, lower, right, upper = scale * ax.get_window_extent().get_points().ravel()
    dots = scale * ax.transData.transform(points) if len(points) else points
    taken = [(u - 4, v - 4, u + 4, v + 4) for u, v in dots]
    for name, (u, v), point in zip(names, dots, points, strict=True):
        wide = scale * _width(ax, name)
        boxes = {place: _box(wide, u, v, *place) for place in _PLACES}
        inside = [p for p, (a, b, c, d) in boxes.items() if a >= left and b >= lower and c <= right and d <= upper]
        free = [p for p in inside or _PLACES if not any(_overlap(boxes[p], other) for other in taken)]
        side, up = (free or inside or _PLACES)[0]
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
            arrowprops={"arrowstyle": "-", "color": EDGE, "linewidth": 0.8} if abs(up) > _LEADER else None,
        )
        text.set_parse_math(False)


def _width(ax: "Axes", name: str) -> float:
    """How wide a name is, in pixels."""
    text = ax.text(0, 0, name, fontsize=_SIZE, parse_math=False)
    width = text.get_window_extent().width
    text.remove()
    return width


def _box(wide: float, u: float, v: float, side: int, up: float) -> tuple[float, float, float, float]:
    """Left, lower, right and upper end of a name, in points."""
    near, far = u + side * (7 - _GAP), u + side * (7 + wide + _GAP)
    return min(near, far), v + up, max(near, far), v + up + _HIGH * _SIZE


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _finish(ax: "Axes", level: float, absent: Sequence[str]) -> None:
    interval = f"with {100 * level:g}% interval"
    told = f"\nno asymmetry, since better answers go with no better outcome: {', '.join(absent)}" if absent else ""
    label = f"range of impact: reward minus penalty, in units of the outcome, {interval}\n"
    label += f"(grey dash: the asymmetry that a straight line would show){told}"
    ax.set_xlabel(label, fontsize=9, color=MUTED, parse_math=False)
    told = f"asymmetry ({MINUS}1 only low answers matter, 1 only high), {interval}"
    ax.set_ylabel(told, fontsize=9, color=MUTED)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(RULE)
    ax.tick_params(color=RULE, labelcolor=MUTED, labelsize=8)
