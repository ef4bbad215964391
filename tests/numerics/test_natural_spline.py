"""Natural cubic splines against splines::ns of R, and knots against quantiles of the rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import norm, t

from cxstats.numerics.gap_curve import Band, Points, fitted_band
from cxstats.numerics.natural_spline import KNOT_SHARES, knots_at, natural_basis

REFERENCE = pd.read_csv(Path(__file__).parents[1] / "references" / "natural_spline.csv", comment="#")
# The reference holds 15 digits; both solve the same least squares in another basis.
FITTED = 1e-9
Array = NDArray[np.float64]


def made(case: str) -> tuple[Array, Array]:
    """The rows of tests/references/natural_spline.R."""
    i = np.arange(1, 302)
    noise = norm.ppf((((i * 104729) % 9973) + 0.5) / 9973)
    x = ((i * 7919) % 1009) * 0.01 - 5 if case == "wide" else ((i * 7919) % 11) - 5.0
    y: Array = np.round(np.minimum(x, 0) + 0.02 * x**2 + 0.7 * noise, 3)
    return x.astype(np.float64), y


def spline_band(points: Points, knots: Array, places: Array) -> Band:
    x, wanted = natural_basis(points.x, knots), natural_basis(places, knots)
    return fitted_band(points, x, wanted, [f"spline {j}" for j in range(1, len(knots))], 0.95)


def stored(case: str, part: str) -> pd.DataFrame:
    frame: pd.DataFrame = REFERENCE[(REFERENCE["case"] == case) & (REFERENCE["part"] == part)]
    return frame


@pytest.mark.parametrize("case", ["wide", "few"])
def test_knots_and_predictions_against_R(case: str) -> None:
    x, y = made(case)
    ones = np.ones(len(x))
    knots = knots_at(x, ones)
    assert knots == pytest.approx(stored(case, "knot")["value"].to_numpy(), abs=FITTED)
    wanted = stored(case, "fit")
    band = spline_band(Points(x, y, ones.astype(np.int64), ones, None), knots, wanted["at"].to_numpy())
    assert band.line == pytest.approx(wanted["value"].to_numpy(), abs=FITTED)
    half = norm.isf(0.025) * stored(case, "error")["value"].to_numpy()
    assert band.high - band.line == pytest.approx(half, abs=FITTED)
    assert band.line - band.low == pytest.approx(half, abs=FITTED)


def test_the_curve_is_smooth_and_straight_beyond_its_outer_knots_against_theory() -> None:
    """Second differences: none beyond the outer knots, and no jump of them at a knot."""
    knots, step = np.array([-2.0, -0.5, 1.0, 4.0]), 1e-3
    grid = np.arange(-4, 6, step)
    second = np.diff(natural_basis(grid, knots), 2, axis=0) / step**2
    outside = (grid[2:] <= knots[0]) | (grid[:-2] >= knots[-1])
    # Second differences of numbers near 10 keep ten digits less; within, a second derivative moves by under 1 a step.
    assert np.abs(second[outside]).max() < 1e-8
    assert np.abs(second[~outside]).max() > 0.1
    assert np.abs(np.diff(second, axis=0)).max() < 10 * step


def test_knots_of_counted_values_against_rows() -> None:
    rng = np.random.default_rng(1)
    values, count = np.arange(-7.0, 8.0), rng.integers(0, 40, 15)
    rows = np.repeat(values, count)
    wanted = np.unique(np.quantile(rows, KNOT_SHARES, method="inverted_cdf"))
    assert knots_at(values, count.astype(float)).tolist() == wanted.tolist()
    assert knots_at(np.tile(values, 2), np.tile(count * 0.3, 2)).tolist() == wanted.tolist()


def test_a_share_that_is_reached_exactly_is_reached() -> None:
    """Of 40 rows 5% are 2, 27.5% are 11, half are 20, 72.5% are 29, 95% are 38."""
    assert knots_at(np.arange(1.0, 41.0), np.ones(40)).tolist() == [2, 11, 20, 29, 38]


def test_knots_that_coincide_are_one_and_values_without_rows_are_none() -> None:
    values = np.array([-1.0, 0.0, 1.0, 9.0])
    assert knots_at(values, np.array([10.0, 80.0, 10.0, 0.0])).tolist() == [-1, 0, 1]
    assert knots_at(values, np.array([1.0, 98.0, 1.0, 0.0])).tolist() == [0]


def test_clusters_and_counts_against_rows() -> None:
    """Whole clusters twice the same: the band is that of the sums per cluster, written as in a textbook."""
    x, y = made("wide")
    cluster = np.arange(len(x)) % 50
    ones = np.ones(len(x))
    knots, places = knots_at(x, ones), np.linspace(-5, 5, 7)
    band = spline_band(Points(x, y, np.full(len(x), 2), ones, cluster), knots, places)
    design = np.column_stack([ones, natural_basis(x, knots)])
    solved, *_ = np.linalg.lstsq(design, y, rcond=None)
    bread = np.linalg.inv(design.T @ design)
    sums = pd.DataFrame(design * (y - design @ solved)[:, None]).groupby(cluster).sum().to_numpy()
    at = np.column_stack([np.ones(7), natural_basis(places, knots)])
    error = np.sqrt(np.diag(at @ bread @ (sums.T @ sums) @ bread @ at.T) * 50 / 49)
    assert band.high - band.line == pytest.approx(t.isf(0.025, 49) * error, rel=1e-8)
