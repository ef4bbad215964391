"""How much a moment weighs in memory: by when it was, and by how intense it was."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cxstats.figures.intervals import plain_numbers, quiet
from cxstats.figures.palette import ACCENT, BAND, INK, MUTED
from cxstats.numerics.intervals import critical

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.arrays import Floats
    from cxstats.methods.moment_kernel import MomentKernel

_WEIGHT = "weight of a moment\n(1: all weigh alike)"


def weight_curve(result: "MomentKernel", ax: Any = None, level: float = 0.95) -> "Axes":
    """Draw both curves side by side, with pointwise bands; given one axis, the curve over time alone.

    A weight of 2 means that such a moment counts twice as much as it would if all counted alike.
    """
    if ax is not None:
        axes: Axes = weight_panel(ax, result, "recency", level)
        return axes
    from matplotlib.figure import Figure

    left, right = Figure(figsize=(7.2, 3.2), layout="constrained").subplots(1, 2)
    weight_panel(right, result, "intensity", level)
    return weight_panel(left, result, "recency", level)


def weight_panel(ax: Any, result: "MomentKernel", term: str, level: float = 0.95) -> "Axes":
    """One curve exp(theta x) over its mean, with its band on the log scale."""
    row = result.term.index(term)
    theta, error = float(result.estimate[row]), float(result.std_error[row])
    at = np.linspace(0, 1.0 if term == "recency" else float(result.distances.max()), 101)
    over = at if term == "recency" else result.distances
    quiet(ax)
    ax.axhline(1, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)))
    if np.isfinite(theta):
        weight, slope = _curve(theta, at, over)
        ax.plot(at, weight, color=ACCENT, linewidth=2)
        if np.isfinite(error):
            half = float(critical(level, result.df)) * error * np.abs(slope)
            ax.fill_between(at, weight * np.exp(-half), weight * np.exp(half), color=BAND, linewidth=0, zorder=0)
    else:
        ax.text(0.5, 0.5, "no estimate:\nall weight on one moment", transform=ax.transAxes, ha="center", color=INK)
    plain_numbers(ax)
    _named(ax, term, float(np.max(at)))
    axes: Axes = ax
    return axes


def _curve(theta: float, at: "Floats", over: "Floats") -> "tuple[Floats, Floats]":
    """The weight relative to its mean over ``over``, and the derivative of its logarithm in theta."""
    top = theta * (over.max() if theta > 0 else over.min())
    weights = np.exp(theta * over - top)
    mean = weights.mean()
    return np.exp(theta * at - top) / mean, at - (weights * over).mean() / mean


def _named(ax: Any, term: str, most: float) -> None:
    ax.set_ylabel(_WEIGHT, fontsize=9, color=MUTED)
    ax.set_ylim(bottom=0)
    if term == "recency":
        ax.set_title("When: same intensity", fontsize=10, color=INK, loc="left")
        ax.set_xticks([0, 0.5, 1], ["first\nmoment", "half of\nthe time", "last\nmoment"])
    else:
        ax.set_title("How intense: same time", fontsize=10, color=INK, loc="left")
        ax.set_xlabel("points away from neutral", fontsize=9, color=MUTED)
        ax.set_xlim(0, most)
