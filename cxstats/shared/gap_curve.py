"""Loyalty along the gap, reduced to what its figure needs."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.cells import Cells
from cxstats.numerics.gap_curve import Band, Points, fitted_band, group_means
from cxstats.numerics.natural_spline import FEWEST_KNOTS, knots_at, natural_basis
from cxstats.roles import Binary
from cxstats.shared.disconfirmed import FEWEST_EVENTS, FEWEST_ROWS, disconfirm

MOST_DOTS = 40  # of more values than these, neighbours share a dot
_GRID = 121
_NOTHING = np.empty(0)


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
    spline, spline_low, spline_high : array, shape (M,)
        A natural cubic spline on the same grid and its pointwise band; a picture, no test. Empty where the lines are,
        and where the quantiles of the gap at which its knots lie are fewer than three values.
    knots : array, shape (k,)
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
    spline: Floats
    spline_low: Floats
    spline_high: Floats
    knots: Floats


def gap_curve(cells: Cells, met: tuple[float, float], *, joined: bool = True, level: float = 0.95) -> GapCurve:
    """Reduce outcome and gap to what the figure needs; ``joined`` says whether lines and spline are drawn."""
    data = disconfirm(cells, met)
    kept, is_share = data.cells, isinstance(data.outcome, Binary)
    points = Points(data.gap, data.loyalty, kept.count, kept.row_weight, kept.cluster_codes)
    fewest = FEWEST_EVENTS if is_share else FEWEST_ROWS
    dots = group_means(points, MOST_DOTS, fewest=fewest, of_each=is_share, level=level)
    ends = (0.0, 1.0) if is_share else (-np.inf, np.inf)
    grid, line = _lines(points, data.met, level) if joined else (_NOTHING, _nothing())
    knots, spline = _spline(points, grid, level) if joined else (_NOTHING, _nothing())
    return GapCurve(
        gap=str(kept.roles.disconfirmation),
        outcome=data.outcome.column,
        is_share=is_share,
        met=data.met,
        at=dots.at,
        mean=dots.mean,
        low=np.clip(dots.mean - dots.half, *ends),
        high=np.clip(dots.mean + dots.half, *ends),
        rows=dots.rows,
        n_values=dots.n_values,
        grid=grid,
        line=line.line,
        line_low=line.low,
        line_high=line.high,
        spline=spline.line,
        spline_low=spline.low,
        spline_high=spline.high,
        knots=knots,
    )


def _lines(points: Points, met: tuple[float, float], level: float) -> tuple[Floats, Band]:
    """Places along the gap, and the two joined lines there."""
    grid = np.unique([*np.linspace(points.x.min(), points.x.max(), _GRID), *met])
    low, high = met
    at, wanted = (np.column_stack([np.minimum(v - low, 0.0), np.maximum(v - high, 0.0)]) for v in (points.x, grid))
    return grid, fitted_band(points, at, wanted, ("shortfall", "excess"), level)


def _spline(points: Points, grid: Floats, level: float) -> tuple[Floats, Band]:
    """The knots, and the curve on the grid; nothing where there are too few knots to bend it."""
    knots = knots_at(points.x, points.count * points.weight)
    if len(knots) < FEWEST_KNOTS:
        return _NOTHING, _nothing()
    at, wanted = (natural_basis(v, knots) for v in (points.x, grid))
    return knots, fitted_band(points, at, wanted, [f"spline {j}" for j in range(1, len(knots))], level)


def _nothing() -> Band:
    return Band(_NOTHING, _NOTHING, _NOTHING)
