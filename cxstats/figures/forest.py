"""A forest plot: one line per estimate, with its interval."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.results import Result


def forest(result: "Result", ax: Any = None, level: float = 0.95) -> "Axes":
    """Draw each estimate of a result with its interval on one axis, first row on top."""
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.4, 0.9 + 0.4 * len(result.estimate)), layout="constrained").subplots()
    interval = result.confidence_interval(level)
    names = [" · ".join(map(str, row)) for row in zip(*result.labels.values(), strict=True)]
    at = np.arange(len(names))[::-1]
    ax.hlines(at, interval.low, interval.high, color="#33658a", linewidth=2)
    ax.plot(result.estimate, at, "o", color="#33658a")
    ax.set_yticks(at, names)
    ax.set_ylim(-0.7, len(names) - 0.3)
    ax.set_xlabel(f"estimate with {100 * level:g}% interval")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    axes: Axes = ax
    return axes
