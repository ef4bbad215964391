"""Loyalty tier by tier, as a stair: each tread a tier, with its interval and the customers on it."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cxstats.figures.intervals import wrapped
from cxstats.figures.palette import ACCENT, BAND, INK, MUTED, RULE
from cxstats.results import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.methods.loyalty_ladder import LoyaltyLadder

_HALF = 0.36  # of a tread, where the next one begins at a distance of 1
_LETTERS = 14  # of a tier's name on one line
MINUS = "\N{MINUS SIGN}"


def ladder(result: "LoyaltyLadder", ax: Any = None, level: float = 0.95) -> "Axes":
    """Draw the mean of each tier as a tread in its interval's band, joined to the next by a thin line.

    Above each band stands the mean, below each tier how many customers are on it.
    """
    tiers = len(result.tiers)
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(1.6 + 1.15 * tiers, 3.8), layout="constrained").subplots()
    interval = result.confidence_interval(level)
    mean, low, high = (values[:tiers] for values in (result.estimate, interval.low, interval.high))
    for at in range(tiers):
        ax.fill_between([at - _HALF, at + _HALF], low[at], high[at], color=BAND, linewidth=0, zorder=1)
        ax.hlines(mean[at], at - _HALF, at + _HALF, color=ACCENT, linewidth=2.4, zorder=3)
        _number(ax, at, float(mean[at]), float(high[at]))
    for at in range(tiers - 1):
        ax.plot([at + _HALF, at + 1 - _HALF], mean[at : at + 2], color=RULE, linewidth=1.1, zorder=2)
    ax.set_xlim(-0.55, tiers - 0.45)
    span = float(high.max() - low.min()) or 1.0
    ax.set_ylim(low.min() - 0.08 * span, high.max() + 0.16 * span)
    _finish(ax, result, level)
    axes: Axes = ax
    return axes


def _number(ax: "Axes", at: int, mean: float, top: float) -> None:
    text = shown(mean, 3).replace("-", MINUS)
    above = ax.annotate(text, (at, top), (0, 3), textcoords="offset points", ha="center", va="bottom", color=INK)
    above.set(fontsize=9, fontweight="bold")


def _finish(ax: "Axes", result: "LoyaltyLadder", level: float) -> None:
    names = [
        "\n".join([*wrapped(tier, _LETTERS, 3), f"n = {n:,}"])
        for tier, n in zip(result.tiers, result.rows, strict=True)
    ]
    ax.set_xticks(np.arange(len(names)), names)
    for text in ax.get_xticklabels():
        text.set_parse_math(False)
    what = "share with the good outcome" if result.is_share else "mean outcome (up is good)"
    adjusted = ", adjusted" if result.controls else ""
    ax.set_ylabel(f"{what}{adjusted},\nwith {100 * level:g}% interval", fontsize=9, color=MUTED)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(RULE)
    ax.tick_params(axis="x", length=0, labelcolor=INK, labelsize=9)
    ax.tick_params(axis="y", color=RULE, labelcolor=MUTED, labelsize=8)
