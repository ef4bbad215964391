"""The chance that a comparison of metrics tells something, over the number of customers."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cxstats.errors import number
from cxstats.figures.intervals import quiet
from cxstats.figures.palette import ACCENT, INK, MUTED, RULE
from cxstats.numerics.power import whole_up

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cxstats.methods.power import Power

_POINTS = 60
_STYLES = {"differs": (ACCENT, "-"), "exceeds": (ACCENT, (0, (5, 2))), "equivalent": (MUTED, (0, (1, 1.5)))}


def power_curve(result: "Power", ax: Any = None) -> "Axes":
    """Draw a line for each thing that can be planned for, of the pair that needs most, up to well beyond what it takes.

    A dot marks where the chance wanted is reached, and a thin line the rows of the pilot.
    """
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.4, 3.8), layout="constrained").subplots()
    needed = {name: getattr(result, f"n_{name}") for name in _STYLES}
    drawn = {name: n for name, n in needed.items() if np.isfinite(n).any()}
    ax.set_ylim(0, 1.04)
    if drawn:
        pair = int(np.nanargmax(np.where(np.isfinite(result.n_differs), result.n_differs, -1.0)))
        _draw(ax, result, pair, {name: float(n[pair]) for name, n in drawn.items()})
    quiet(ax)
    ax.axhline(result.chance, color=RULE, linewidth=1, zorder=0.5)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    ax.set_ylabel("chance", fontsize=9, color=MUTED)
    axes: Axes = ax
    return axes


def _draw(ax: Any, result: "Power", pair: int, needed: dict[str, float]) -> None:
    least = 20 * result.n / result.n_clusters if result.n_clusters else 2.0
    low = max(least, min(result.n, *needed.values()) / 8)
    high = 2.5 * max(result.n, *needed.values())
    at = np.unique(np.concatenate([np.geomspace(low, high, _POINTS), [n for n in needed.values() if low < n < high]]))
    frames = [result.at(float(n)) for n in at]
    for name, n in needed.items():
        colour, style = _STYLES[name]
        chance = np.array([float(frame[f"chance_{name}"].iloc[pair]) for frame in frames])
        ax.plot(at, chance, color=colour, linestyle=style, linewidth=2, label=_told(result, name, n))
        ax.plot(n, result.chance, "o", color=colour, markersize=6)
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    ticks = [step * 10.0**k for k in range(int(math.log10(low)), int(math.log10(high)) + 1) for step in (1, 2, 5)]
    ticks = [tick for tick in ticks if low <= tick <= high]
    ax.set_xticks(ticks[:: max(1, math.ceil(len(ticks) / 7))])
    ax.set_xticklabels([f"{tick:,.0f}" for tick in ax.get_xticks()])
    ax.set_xticks([], minor=True)
    ax.axvline(result.n, color=RULE, linewidth=1, linestyle=(0, (4, 3)), zorder=0.5)
    ax.text(result.n, 0.02, " pilot", fontsize=8, color=MUTED, va="bottom")
    which = "" if len(result.terms) == 1 else ", the pair that needs most"
    rows = "rows" if result.n_clusters is None else "rows in clusters"
    label = f"{rows} like the pilot's ({result.terms[pair]}{which})"
    ax.set_xlabel(label, fontsize=9, color=MUTED, parse_math=False)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.02), borderaxespad=0, frameon=False, fontsize=8.5, labelcolor=INK)


def _told(result: "Power", name: str, needed: float) -> str:
    """What the line is of, and where it reaches the chance wanted."""
    what = {
        "differs": f"tell a difference of {number(result.difference)}",
        "exceeds": f"show that it exceeds {number(result.smallest)}",
        "equivalent": f"show none beyond {number(result.smallest)}",
    }[name]
    return f"{what}: {whole_up(needed):,} for a chance of {100 * result.chance:g}%"
