"""The ridge path against least squares on rows to which the penalty was added, and against statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from cxstats.numerics.ridge import fit_sums, least_variance, ridge_path, squared_errors, tuned_penalty

# Both sides solve the same equations, of a condition below 1e4, in another way.
SOLVED = 1e-10
PENALTIES = np.array([1e-6, 1e-3, 0.1, 1.0, 10.0])
Array = NDArray[np.float64]


def rows(n: int = 300, q: int = 5, seed: int = 1) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1)) + rng.normal(size=(n, q)) * np.arange(1, q + 1) + 7
    return x, x @ rng.normal(size=q) + 3 * rng.normal(size=n) - 20


def moments(x: Array, y: Array) -> tuple[Array, Array]:
    every = np.column_stack([y, x])
    return every.mean(axis=0), np.cov(every, rowvar=False, ddof=0)


def by_added_rows(x: Array, y: Array, penalty: float) -> tuple[float, Array]:
    """Ridge as least squares with q rows more, one per standardised column."""
    n, q = x.shape
    mean, sd = x.mean(axis=0), x.std(axis=0)
    design = np.vstack([(x - mean) / sd, np.sqrt(n * penalty) * np.eye(q)])
    slopes = np.linalg.lstsq(design, np.concatenate([y - y.mean(), np.zeros(q)]), rcond=None)[0] / sd
    return y.mean() - mean @ slopes, slopes


def test_path_against_added_rows() -> None:
    x, y = rows()
    path = ridge_path(*moments(x, y), PENALTIES)
    for i, penalty in enumerate(PENALTIES):
        intercept, slopes = by_added_rows(x, y, penalty)
        np.testing.assert_allclose(path.slopes[i], slopes, rtol=SOLVED, atol=SOLVED)
        assert path.intercept[i] == pytest.approx(intercept, rel=SOLVED)
        left = y - intercept - x @ slopes
        assert path.r2[i] == pytest.approx(1 - left @ left / ((y - y.mean()) @ (y - y.mean())), rel=SOLVED)


def test_no_penalty_against_statsmodels() -> None:
    x, y = rows()
    path = ridge_path(*moments(x, y), np.zeros(1))
    fit = sm.OLS(y, sm.add_constant(x)).fit()
    np.testing.assert_allclose([path.intercept[0], *path.slopes[0]], fit.params, rtol=SOLVED)
    assert path.r2[0] == pytest.approx(fit.rsquared, rel=SOLVED)


def test_repeated_columns_against_the_smallest_solution() -> None:
    x, y = rows()
    x = np.column_stack([x, x[:, 0], np.full(len(x), 4.0)])
    path = ridge_path(*moments(x, y), np.zeros(1))
    sd = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    smallest = np.linalg.lstsq((x - x.mean(axis=0)) / sd, y - y.mean(), rcond=1e-8)[0] / sd
    np.testing.assert_allclose(path.slopes[0], smallest, rtol=1e-7, atol=1e-7)  # lstsq cuts at its own tolerance
    assert path.slopes[0, -1] == 0


def test_tuning_against_refitting_on_rows() -> None:
    x, y = rows(n=60, q=12)
    y = y + 15 * np.random.default_rng(5).normal(size=60)
    fold = np.arange(60) % 6
    every = np.column_stack([np.ones(60), y - y.mean(), x - x.mean(axis=0)])
    sums = np.stack([every[fold == f].T @ every[fold == f] for f in range(6)])
    errors = np.zeros(len(PENALTIES))
    for i, penalty in enumerate(PENALTIES):
        for f in range(6):
            intercept, slopes = by_added_rows(x[fold != f], y[fold != f], penalty)
            errors[i] += ((y - intercept - x @ slopes)[fold == f] ** 2).sum()
    columns, least = list(range(2, 14)), least_variance(sums.sum(axis=0))
    chosen = tuned_penalty(sums, 1, columns, PENALTIES, least)
    assert chosen == int(np.argmin(errors))
    assert 0 < chosen < len(PENALTIES) - 1
    ours = np.zeros(len(PENALTIES))
    for out in sums:
        ours += squared_errors(out, 1, fit_sums(sums.sum(axis=0) - out, 1, columns, PENALTIES, least)[0])
    np.testing.assert_allclose(ours, errors, rtol=SOLVED)


def test_of_equal_penalties_the_largest_is_chosen() -> None:
    every = np.column_stack([np.ones(40), np.random.default_rng(1).normal(size=40), np.zeros(40)])
    sums = np.stack([every[f::4].T @ every[f::4] for f in range(4)])
    for penalties in ([0.1, 3.0, 1.0], [3.0, 0.1, 1.0]):
        given = np.array(penalties)
        assert given[tuned_penalty(sums, 1, [2], given, least_variance(sums.sum(axis=0)))] == 3.0


def test_what_is_constant_but_for_rounding_gets_no_slope() -> None:
    rng = np.random.default_rng(2)
    used = np.ones(1000)
    used[:100] = rng.random(100) < 0.5  # varies in the first fold only
    every = np.column_stack([np.ones(1000), rng.normal(size=1000), used])
    every[:, 1:] -= every[:, 1:].mean(axis=0)
    total, out = every.T @ every, every[:100].T @ every[:100]
    weights, r2 = fit_sums(total - out, 1, [2], np.zeros(1), least_variance(total))
    assert weights[0, 2] == 0
    assert r2[0] == 0
