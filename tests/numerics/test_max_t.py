"""The largest of several correlated t statistics."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import norm, studentized_range, t

from cxstats.numerics.contrasts import pairwise
from cxstats.numerics.max_t import DIRECTIONS, max_t

# How many Monte Carlo standard errors a drawn value may be off.
MC_ERRORS = 4
# Agreement of closed forms that are computed alike.
ROUNDING = 1e-9


@pytest.mark.parametrize("p", [3, 5, 12])
@pytest.mark.parametrize("df", [np.inf, 25.0])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_all_pairs_against_the_studentized_range(p: int, df: float, level: float) -> None:
    """With independent estimates of equal variance, the largest |t| of all pairs is the range over sqrt(2)."""
    found = max_t(pairwise(p), 2.5 * np.eye(p), df)
    assert found.rank == p - 1
    error = found.critical_error(level)
    assert 0 < error < 0.01
    exact = float(studentized_range.ppf(level, p, df)) / np.sqrt(2)
    assert found.critical(level) == pytest.approx(exact, abs=MC_ERRORS * error)
    tail = float(found.tail(exact))
    # At most: a chance between 0 and 1 varies less than an event that happens or not.
    assert tail == pytest.approx(1 - level, abs=MC_ERRORS * np.sqrt(level * (1 - level) / DIRECTIONS))
    assert found.tail(found.critical(level)) == pytest.approx(1 - level, abs=ROUNDING)


def test_unequal_correlations_against_whole_draws() -> None:
    """By draws of the estimates themselves, with another generator."""
    rng = np.random.default_rng(5)
    root = rng.normal(size=(4, 4))
    covariance = root @ root.T
    found = max_t(pairwise(4), covariance, 30.0)
    draws = 400_000
    x = rng.multivariate_normal(np.zeros(4), covariance, size=draws)
    x = x / np.sqrt(rng.chisquare(30, size=draws) / 30)[:, None]
    largest = np.zeros(draws)
    for a, b in combinations(range(4), 2):
        error = np.sqrt(covariance[a, a] + covariance[b, b] - 2 * covariance[a, b])
        largest = np.maximum(largest, np.abs(x[:, a] - x[:, b]) / error)
    for at in (1.0, 2.0, 2.5, 3.5):
        share = float((largest >= at).mean())
        error = np.sqrt(share * (1 - share) * (1 / draws + 1 / DIRECTIONS))
        assert float(found.tail(at)) == pytest.approx(share, abs=MC_ERRORS * error)


def test_a_single_contrast_is_exact() -> None:
    found = max_t(pairwise(2), np.array([[2.0, 0.3], [0.3, 1.0]]))
    assert found.critical(0.95) == pytest.approx(norm.ppf(0.975), abs=ROUNDING)
    assert found.critical_error(0.95) == 0
    assert found.tail(np.array([0.0, -2.5, 9.0])) == pytest.approx([1, 2 * norm.sf(2.5), 2 * norm.sf(9)], rel=1e-7)
    few = max_t(pairwise(2), np.eye(2), 12.0)
    assert few.tail(3.0) == pytest.approx(2 * t.sf(3, 12), rel=ROUNDING)
    assert few.critical(0.9) == pytest.approx(t.ppf(0.95, 12), abs=ROUNDING)


def test_estimates_that_move_together_leave_fewer_dimensions() -> None:
    """Two of three never differ: their contrast is left out, the others are one."""
    load = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    found = max_t(pairwise(3), load @ load.T)
    assert found.rank == 1
    assert found.critical(0.95) == pytest.approx(norm.ppf(0.975), abs=ROUNDING)
    none = max_t(pairwise(2), np.ones((2, 2)))
    assert none.rank == 0
    assert np.array_equal(none.tail(np.array([0.0, 1.0, np.nan])), [1.0, 0.0, np.nan], equal_nan=True)


def test_the_same_every_time() -> None:
    first, second = (max_t(pairwise(4), np.diag([1.0, 2.0, 3.0, 4.0])) for _ in range(2))
    assert first.critical(0.95) == second.critical(0.95)
