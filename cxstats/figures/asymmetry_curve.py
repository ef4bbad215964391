"""Loyalty along the gap: the mean at each value with its interval, and the two joined lines with their band."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import Cells
from cxstats.figures.palette import ACCENT, BAND, INK, MUTED, PAPER, RULE
from cxstats.numerics.influence import covariance
from cxstats.numerics.intervals import critical
from cxstats.numerics.linear import fit_linear
from cxstats.roles import Binary
from cxstats.shared.disconfirmed import FEWEST_EVENTS, FEWEST_ROWS, Disconfirmed, disconfirm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_DOTS = 40  # of more values than these, neighbours share a dot
_GRID = 121
_LARGEST = 46.0  # area of the dot with most customers, in square points
_SMALLEST = 7.0


@dataclass(frozen=True, kw_only=True)
class GapCurve:
    """Loyalty (up is good) along the gap, with 95% limits.

    Attributes
    ----------
    gap, outcome : str
        Columns.
    is_share : bool
        Whether loyalty is the share of a good outcome.
    met : (low, high)
    at, mean, low, high : array, shape (G,)
        Mean gap and mean loyalty of each dot; limits are NaN where 10 good and 10 bad outcomes, or 30 ratings, lack.
    rows : int array, shape (G,)
    n_values : int
        Distinct values of the gap; more than dots where neighbours were put together.
    grid, line, line_low, line_high : array, shape (M,)
        The two joined lines of `asymmetry` and their pointwise band; empty where a side has too few.
    """

    gap: str
    outcome: str
    is_share: bool
    met: tuple[float, float]
    at: Floats
    mean: Floats
    low: Floats
    high: Floats
    rows: Ints
    n_values: int
    grid: Floats
    line: Floats
    line_low: Floats
    line_high: Floats


def gap_curve(cells: Cells, met: tuple[float, float], *, joined: bool = True, level: float = 0.95) -> GapCurve:
    """Reduce outcome and gap to what the figure needs; ``joined`` says whether the lines are drawn."""
    data = disconfirm(cells, met)
    n_values, dots = _dots(data, level)
    at, mean, low, high, rows = dots
    grid, line = _lines(data, level) if joined else (np.empty(0), np.empty((3, 0)))
    return GapCurve(
        gap=str(data.cells.roles.disconfirmation),
        outcome=data.outcome.column,
        is_share=isinstance(data.outcome, Binary),
        met=data.met,
        at=at,
        mean=mean,
        low=low,
        high=high,
        rows=rows.astype(np.int64),
        n_values=n_values,
        grid=grid,
        line=line[0],
        line_low=line[1],
        line_high=line[2],
    )


def _dots(data: Disconfirmed, level: float) -> tuple[int, Floats]:
    """The number of values, and shape (5, G): mean gap, mean loyalty, its limits, rows; where the weight is not 0."""
    weight = data.cells.row_weight
    values, place, size = np.unique(data.gap, return_inverse=True, return_counts=True)
    group = place
    if len(values) > MOST_DOTS:
        size = np.bincount(place, weights=data.count)
        group = np.minimum(MOST_DOTS * (np.cumsum(size) - size / 2) / size.sum(), MOST_DOTS - 1).astype(np.int64)[place]
    found = []
    for one in np.unique(group):
        here = (group == one) & (weight > 0)
        if not here.any():
            continue
        count, own = data.count[here], weight[here]
        mass, y = count * own, data.loyalty[here]
        mean, rows = float(mass @ y / mass.sum()), int(count.sum())
        half = _half(data, here, own * (y - mean) / mass.sum(), level) if _enough(data, y, count) else np.nan
        found.append((mass @ data.gap[here] / mass.sum(), mean, mean - half, mean + half, rows))
    dots = np.array(found).T
    if isinstance(data.outcome, Binary):
        dots[2:4] = np.clip(dots[2:4], 0, 1)
    return len(values), dots


def _half(data: Disconfirmed, here: Bools, influence: Floats, level: float) -> float:
    """Half the interval of a mean: clusters without rows here count as those that were drawn but add nothing."""
    every = np.zeros(len(here))
    every[here] = influence
    fit = covariance(every[:, None], data.count, data.cells.cluster_codes)
    return float(critical(level, fit.df) * fit.matrix[0, 0] ** 0.5)


def _enough(data: Disconfirmed, y: Floats, count: Ints) -> bool:
    n = int(count.sum())
    if not isinstance(data.outcome, Binary):
        return n >= FEWEST_ROWS
    good = int(count @ y)
    return min(good, n - good) >= FEWEST_EVENTS


def _lines(data: Disconfirmed, level: float) -> tuple[Floats, Floats]:
    """Places along the gap, and the line with its limits there, shape (3, M)."""
    design = np.column_stack([np.ones(len(data.gap)), data.shortfall, data.excess])
    fit = fit_linear(design, data.loyalty, data.count, data.cells.row_weight, ("(intercept)", "shortfall", "excess"))
    spread = covariance(fit.influence, data.count, data.cells.cluster_codes)
    grid = np.unique([*np.linspace(data.gap.min(), data.gap.max(), _GRID), *data.met])
    low, high = data.met
    x = np.column_stack([np.ones(len(grid)), np.minimum(grid - low, 0), np.maximum(grid - high, 0)])
    line = x @ fit.coefficients
    half = critical(level, spread.df) * np.sqrt(np.einsum("ij,jk,ik->i", x, spread.matrix, x))
    return grid, np.vstack([line, line - half, line + half])


def asymmetry_curve(curve: GapCurve, ax: Any = None) -> "Axes":
    """Draw the dots with their intervals over the joined lines in their band; dots in area by customers.

    A hollow dot stands on too few customers for an interval. The dotted line, or band, marks what counts as met.
    """
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.4, 4.0), layout="constrained").subplots()
    ax.axvspan(*curve.met, color=RULE, linewidth=0, alpha=0.6, zorder=0)
    ax.axvline(curve.met[0], color=MUTED, linewidth=0.9, linestyle=(0, (1, 2)), zorder=0.5)
    if len(curve.grid):
        ax.fill_between(curve.grid, curve.line_low, curve.line_high, color=BAND, linewidth=0, zorder=1)
        ax.plot(curve.grid, curve.line, color=ACCENT, linewidth=1.8, zorder=3)
    sure = ~np.isnan(curve.low)
    ax.vlines(curve.at[sure], curve.low[sure], curve.high[sure], color=INK, linewidth=1.1, zorder=2)
    area = np.maximum(_LARGEST * curve.rows / curve.rows.max(), _SMALLEST)
    for where, face in ((sure, INK), (~sure, PAPER)):
        if where.any():
            ax.scatter(
                curve.at[where],
                curve.mean[where],
                s=area[where],
                facecolor=face,
                edgecolor=INK,
                linewidth=0.8,
                zorder=4,
            )
    _frame(ax, curve, sure)
    axes: Axes = ax
    return axes


def _frame(ax: "Axes", curve: GapCurve, sure: Bools) -> None:
    """As much of the plane as dots with intervals and the lines need; what is small print below."""
    within = (curve.grid >= curve.at.min()) & (curve.grid <= curve.at.max())
    shown = np.concatenate([curve.low[sure], curve.high[sure], curve.line[within], curve.mean])
    for limit, ends in ((ax.set_xlim, (curve.at.min(), curve.at.max())), (ax.set_ylim, (shown.min(), shown.max()))):
        room = 0.05 * (float(ends[1] - ends[0]) or 1.0)
        limit(float(ends[0]) - room, float(ends[1]) + room)
    told = [f"gap '{curve.gap}': better than expected \N{RIGHTWARDS ARROW}"]
    if curve.n_values > len(curve.at):
        told.append(f"{len(curve.at)} dots for {curve.n_values:,} values, neighbours put together")
    if not sure.all():
        told.append("hollow: too few customers for an interval")
    ax.set_xlabel("\n".join(told), fontsize=9, color=MUTED, parse_math=False)
    what = (
        f"share with the good outcome ({curve.outcome})" if curve.is_share else f"mean of {curve.outcome} (up is good)"
    )
    ax.set_ylabel(f"{what},\n95% intervals", fontsize=9, color=MUTED, parse_math=False)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(RULE)
    ax.tick_params(color=RULE, labelcolor=MUTED, labelsize=8)
