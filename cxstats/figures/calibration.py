"""Whether predictions can be taken at their word: predicted against observed shares, on customers held out."""

from typing import TYPE_CHECKING, Any

from cxstats.figures.intervals import quiet
from cxstats.figures.palette import ACCENT, INK, MUTED, RULE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.methods.held_out import HeldOutComparison


def calibration(result: "HeldOutComparison", model: str, ax: Any = None, level: float = 0.95) -> "Axes":
    """Draw what happened against what was predicted, in groups of customers; the diagonal is right."""
    curve = result.curves[model]
    limits = curve.confidence_interval(level)
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(4.2, 3.8), layout="constrained").subplots()
    low = float(min(curve.predicted.min(), limits.low.min()))
    high = float(max(curve.predicted.max(), limits.high.max()))
    margin = 0.05 * ((high - low) or 1.0)
    ends = (low - margin, high + margin)
    ax.plot(ends, ends, color=RULE, linewidth=1.2, zorder=0.5)
    ax.vlines(curve.predicted, limits.low, limits.high, color=ACCENT, linewidth=1.6)
    ax.plot(curve.predicted, curve.observed, "o", color=ACCENT, markersize=5)
    ax.set_xlim(ends)
    ax.set_ylim(ends)
    quiet(ax)
    ax.spines["left"].set_visible(True)
    ax.spines["left"].set_color(RULE)
    ax.tick_params(axis="y", length=3, color=RULE, labelcolor=MUTED, labelsize=8)
    unit = _unit(result)
    ax.set_xlabel(f"{unit} predicted by {model}, on customers held out", fontsize=9, color=MUTED, parse_math=False)
    ax.set_ylabel(f"{unit} observed, with {100 * level:g}% interval", fontsize=9, color=MUTED)
    slope = result.estimate[result.row(model, "calibration slope")]
    ax.text(0.03, 0.97, f"slope {slope:.2f} (1 is right)", transform=ax.transAxes, va="top", fontsize=8, color=INK)
    axes: Axes = ax
    return axes


def _unit(result: "HeldOutComparison") -> str:
    """What is predicted: a share of a binary outcome, a mean count, or a mean in standard deviations."""
    if "AUC" in result.index:
        return "share"
    return "mean count" if "log-loss" in result.index else "mean (SD)"
