"""Relative variance against enumerated ratings, scipy's beta distribution, and ratings drawn with known truth."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy import stats

from cxstats.numerics.relative_variance import Ratings, chance_part, largest_variance, shrink

ROUNDING = 1e-12
FIRST_ORDER = 0.15  # what the delta method leaves out at 60 ratings is below a seventh
ERRORS = 4.0


@pytest.mark.parametrize("n", [4, 5, 7])
def test_largest_variance_against_all_ratings(n: int) -> None:
    """Of every mean that ratings of 0, 1/4, ..., 1 can have, the largest variance that occurs."""
    most: dict[float, float] = {}
    for ratings in combinations_with_replacement(np.arange(5), n):
        total = int(sum(ratings))
        most[total] = max(most.get(total, 0.0), float(np.var(np.array(ratings) / 4, ddof=1)))
    mean = np.array(sorted(most)) / (4 * n)
    found = largest_variance(mean, np.full(len(mean), float(n)))
    assert found == pytest.approx([most[total] for total in sorted(most)], abs=ROUNDING)


def test_ratings_at_the_two_ends_have_all_the_variance_there_can_be() -> None:
    n, top = np.array([4.0, 9.0, 30.0]), np.array([3.0, 2.0, 29.0])
    mean = top / n
    ratings = Ratings(mean, n / (n - 1) * mean * (1 - mean), n)
    assert ratings.relative == pytest.approx(np.ones(3), rel=ROUNDING)
    nearly = chance_part(np.array([0.2, 0.5, 0.7]), np.array([5.0, 20.0, 8.0]), 1 - 1e-9)
    assert nearly == pytest.approx(np.zeros(3), abs=1e-8)


@pytest.mark.parametrize(("mean", "rho"), [(0.5, 0.2), (0.7, 0.1), (0.6, 0.5), (0.8, 0.3)])
def test_chance_against_moments_of_beta(mean: float, rho: float) -> None:
    """Var(s^2), Cov(s^2, m) and Var(m) from scipy's skewness and kurtosis, put together by hand; then drawn ratings."""
    size = 1 / rho - 1
    beta = stats.beta(mean * size, (1 - mean) * size)
    variance, skew, kurtosis = (float(x) for x in beta.stats(moments="vsk"))
    n, u = 60, mean * (1 - mean)
    var_s2 = variance**2 * (2 / (n - 1) + kurtosis / n)
    cov = skew * variance**1.5 / n
    slope_s2, slope_m = 1 / u, -variance * (1 - 2 * mean) / u**2
    by_hand = slope_s2**2 * var_s2 + 2 * slope_s2 * slope_m * cov + slope_m**2 * variance / n
    found = float(chance_part(np.array([mean]), np.array([float(n)]), rho)[0])
    assert found == pytest.approx(by_hand / rho**2, rel=1e-9)
    draws = beta.rvs(size=(20_000, n), random_state=np.random.default_rng(3))
    m, s2 = draws.mean(axis=1), draws.var(axis=1, ddof=1)
    v = s2 / (m * (1 - m) + s2 / n)
    assert found == pytest.approx(v.var() / rho**2, rel=FIRST_ORDER)
    assert v.mean() == pytest.approx(rho, rel=0.02)


def drawn(rng: np.random.Generator, customers: int, low: int, high: int) -> tuple[Ratings, np.ndarray]:
    """Ratings of a beta distribution whose relative variance differs between customers."""
    n = rng.integers(low, high, customers)
    mean, rho = rng.beta(6, 3, customers), rng.beta(4, 12, customers)
    size = (1 / rho - 1)[:, None]
    x = rng.beta(mean[:, None] * size, (1 - mean)[:, None] * size, (customers, high))
    x[np.arange(high) >= n[:, None]] = np.nan
    return Ratings(np.nanmean(x, axis=1), np.nanvar(x, axis=1, ddof=1), n.astype(float)), rho


def test_shrinking_against_known_variances_in_simulation() -> None:
    ratings, rho = drawn(np.random.default_rng(4), 20_000, 12, 30)
    found = shrink(ratings, np.full(20_000, 1 / 20_000))
    raw, own = ((values - rho) ** 2 for values in (ratings.relative, found.relative))
    assert own.mean() < 0.8 * raw.mean()
    # To first order chance comes out too large: never too little is drawn together, and a tenth too much at most.
    slope = np.cov(rho, found.relative)[0, 1] / found.relative.var(ddof=1)
    assert 1 < slope < 1.15
    known = np.corrcoef(rho, ratings.relative)[0, 1] ** 2
    assert known - 0.1 < found.reliability < known


def test_few_ratings_do_not_come_out_less_varied_in_simulation() -> None:
    """The standard deviation of four ratings is too small by a tenth and more; the relative variance hardly is."""
    rng, customers, rho = np.random.default_rng(8), 40_000, 0.15
    size = 1 / rho - 1
    for n, closest in ((4, 0.10), (12, 0.04)):
        x = rng.beta(0.6 * size, 0.4 * size, (customers, n))
        ratings = Ratings(x.mean(axis=1), x.var(axis=1, ddof=1), np.full(customers, float(n)))
        assert ratings.relative.mean() == pytest.approx(rho, rel=closest)
