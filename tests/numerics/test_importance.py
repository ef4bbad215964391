"""Whether slopes are equal, and on which side of the mean each touchpoint lies."""

import numpy as np
import pytest
from scipy.stats import chi2, f, multivariate_normal, norm

from cxstats.numerics.importance import DRAWS, equal_slopes, sides

# Two ways of solving the same equations.
SOLVED = 1e-8
# How many Monte Carlo standard errors a drawn value may be off.
MC_ERRORS = 4


def test_equality_against_another_contrast() -> None:
    """Wald's statistic does not depend on which contrasts say that all are equal; tails by scipy.stats."""
    rng = np.random.default_rng(6)
    root, theta = rng.normal(size=(5, 5)), rng.normal(size=5)
    matrix = root @ root.T
    against_first = np.column_stack([-np.ones(4), np.eye(4)])
    gap = against_first @ theta
    wald = gap @ np.linalg.inv(against_first @ matrix @ against_first.T) @ gap
    found = equal_slopes(theta, matrix, np.inf)
    assert found.degrees == 4
    assert found.chi_square == pytest.approx(wald, rel=SOLVED)
    assert found.p_value == pytest.approx(chi2.sf(wald, 4), rel=SOLVED)
    hotelling = equal_slopes(theta, matrix, 29.0)  # of 30 clusters
    assert hotelling.p_value == pytest.approx(f.sf(wald * (30 - 4) / (4 * 29), 4, 30 - 4), rel=SOLVED)
    assert np.isnan(equal_slopes(theta, matrix, 3.0).p_value)


def test_sides_against_the_bivariate_normal() -> None:
    rng = np.random.default_rng(9)
    root = rng.normal(size=(6, 6)) / 8
    covariance = root @ root.T
    importance, performance = np.array([0.3, 0.2, 0.1]), np.array([0.6, 0.75, 0.72])
    found = sides(importance, performance, covariance, np.inf)
    centring = np.eye(3) - 1 / 3
    for j in range(3):
        rows = np.zeros((2, 6))
        rows[0, :3], rows[1, 3:] = centring[j], centring[j]
        mean = rows @ np.concatenate([importance, performance])
        spread = rows @ covariance @ rows.T
        # Twice the error of independent draws is more than mirrored ones have.
        error = MC_ERRORS * np.sqrt(0.25 / DRAWS) * np.sqrt(2)
        above = norm.cdf(mean / np.sqrt(np.diag(spread)))
        assert (found.importance[j], found.performance[j]) == pytest.approx(tuple(above), abs=error)
        turn = np.sign(mean)
        both = multivariate_normal(np.zeros(2), spread * np.outer(turn, turn)).cdf(turn * mean)
        assert found.both[j] == pytest.approx(both, abs=error)
