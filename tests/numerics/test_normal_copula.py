"""Correlations behind ordered columns, and the corners they leave empty, against rows drawn one by one."""

import numpy as np
import pytest
from scipy import stats

from cxstats.numerics.ceiling import effect_sizes, running_steps
from cxstats.numerics.normal_copula import correlated_chance, normal_correlation

ERRORS = 4.0


def test_correlation_behind_cut_normals_in_simulation() -> None:
    """Cut into few and skewed levels, or not at all, the correlation is found again."""
    rng, n, r = np.random.default_rng(3), 40_000, 0.6
    x = rng.normal(size=n)
    y = r * x + np.sqrt(1 - r * r) * rng.normal(size=n)
    for first, second in (
        (np.searchsorted([-2, -1.5, -1, 0], x), np.searchsorted([-1, 0, 0.5], y)),
        (np.searchsorted([1.0], x), np.searchsorted([0.5], y)),
        (x.argsort().argsort(), y.argsort().argsort()),
    ):
        for sign in (1, -1):
            turned = second if sign == 1 else second.max() - second
            found = normal_correlation(first, turned, np.ones(n, dtype=np.int64))
            assert found == pytest.approx(sign * r, abs=ERRORS * 2 / np.sqrt(n))  # two by two levels know it least


def test_correlated_corners_against_rows_in_simulation() -> None:
    """Rows drawn one by one from two correlated normals have the same effect sizes on average, and in the tail."""
    levels, heights, r, n = np.arange(7.0), np.arange(5.0), 0.5, 4000
    counts = np.array([2, 4, 6, 12, 20, 10, 6]), np.array([10, 14, 18, 12, 6])
    steps = running_steps(correlated_chance(*counts, r), 7, 4, n, np.random.default_rng(1))
    drawn = effect_sizes(steps, levels, heights, n)
    rng = np.random.default_rng(2)
    at = np.repeat(np.arange(7), counts[0])
    below, cuts = np.cumsum(counts[0]) - counts[0], stats.norm.ppf(np.cumsum(counts[1])[:-1] / 60)
    rows = np.empty((n, 2))
    for i in range(n):
        z = stats.norm.ppf((below[at] + counts[0][at] * rng.random(60)) / 60)
        y = np.searchsorted(cuts, r * z + np.sqrt(1 - r * r) * rng.normal(size=60))
        path = np.maximum.accumulate([y[at == j].max() for j in range(7)])
        rising = [(j, path[j : j + 1]) for j in range(7)]
        rows[i] = effect_sizes(rising, levels, heights, 1)[0]
    for column in range(2):
        error = np.hypot(rows[:, column].std(), drawn[:, column].std()) / np.sqrt(n)
        assert abs(rows[:, column].mean() - drawn[:, column].mean()) < ERRORS * error
        high = np.quantile(rows[:, column], 0.9)
        share = (rows[:, column] > high).mean()
        spread = np.sqrt(2 * share * (1 - share) / n)
        assert abs(share - (drawn[:, column] > high).mean()) < ERRORS * spread


def test_perfect_order_stays_a_correlation() -> None:
    level, one = np.arange(5), np.ones(5, dtype=np.int64)
    assert normal_correlation(level, level, one) == 0.999
    assert normal_correlation(level, level[::-1].copy(), one) == -0.999
