"""Jonckheere's test against all permutations, all pairs of rows, and the infinitesimal jackknife."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import norm, t

from cxstats.numerics.jonckheere import jonckheere, permutation_variance

ROUNDING = 1e-12
# A central difference with step h is off by the order of h squared; rounding of it grows with 1 / h.
STEP, DERIVATIVE = 1e-4, 1e-6


def by_pairs(group: np.ndarray, y: np.ndarray, mass: np.ndarray) -> tuple[float, float]:
    """Pairs won by the higher group, ties one half, and all pairs of different groups: two loops over rows."""
    won = pairs = 0.0
    for i in range(len(y)):
        for j in range(len(y)):
            if group[i] < group[j]:
                pairs += mass[i] * mass[j]
                won += mass[i] * mass[j] * ((y[i] < y[j]) + 0.5 * (y[i] == y[j]))
    return won, pairs


@pytest.mark.parametrize("y", [[1, 2, 3, 4, 5, 6, 7], [1, 1, 2, 2, 2, 5, 5], [0, 0, 0, 1, 0, 1, 1]])
def test_variance_against_all_permutations(y: list[int]) -> None:
    group = np.array([0, 0, 1, 1, 1, 2, 2])
    ones = np.ones(7)
    wins = np.array([by_pairs(group, np.array(order), ones)[0] for order in permutations(y)])
    size, tied = np.bincount(group).astype(float), np.unique(y, return_counts=True)[1].astype(float)
    assert permutation_variance(size, tied) == pytest.approx(wins.var(), rel=ROUNDING)
    fit = jonckheere(group, np.array(y, dtype=float), np.ones(7, dtype=np.int64))
    won, pairs = by_pairs(group, np.array(y), ones)
    assert fit.share == pytest.approx(won / pairs, rel=ROUNDING)
    z = (won - wins.mean()) / wins.std()
    assert fit.statistic == pytest.approx(z, rel=ROUNDING, abs=ROUNDING)
    assert fit.p_value == pytest.approx(norm.sf(z), rel=ROUNDING)
    assert fit.basis == "permutation"


def test_counts_are_rows() -> None:
    rng = np.random.default_rng(1)
    group, y, count = rng.integers(0, 4, 30), rng.integers(0, 5, 30).astype(float), rng.integers(1, 6, 30)
    long = [np.repeat(part, count) for part in (group, y)]
    one, two = jonckheere(group, y, count), jonckheere(*long, np.ones(count.sum(), dtype=np.int64))
    assert [one.share, one.share_error, one.statistic] == pytest.approx(
        [two.share, two.share_error, two.statistic], rel=ROUNDING
    )


def test_weights_and_clusters_against_the_infinitesimal_jackknife() -> None:
    rng = np.random.default_rng(2)
    n = 80
    group, cluster = rng.integers(0, 3, n), np.arange(n) % 25
    y, weight = np.round(group + 2 * rng.standard_normal(n)), rng.uniform(0.5, 2, n)
    one = np.ones(n, dtype=np.int64)
    slope = np.empty(n)
    for row in range(n):
        ends = []
        for sign in (1, -1):
            mass = weight.copy()
            mass[row] *= 1 + sign * STEP
            won, pairs = by_pairs(group, y, mass)
            ends.append(won / pairs)
        slope[row] = (ends[0] - ends[1]) / (2 * STEP)
    fit = jonckheere(group, y, one, weight)
    assert fit.share_error**2 == pytest.approx(n / (n - 1) * (slope**2).sum(), rel=DERIVATIVE)
    assert fit.statistic == pytest.approx((fit.share - 0.5) / fit.share_error, rel=ROUNDING)
    assert fit.basis == "influence"
    sums = np.bincount(cluster, weights=slope)
    with pytest.warns(UserWarning, match="25 clusters are few"):
        clustered = jonckheere(group, y, one, weight, cluster)
    assert clustered.share_error**2 == pytest.approx(25 / 24 * (sums**2).sum(), rel=DERIVATIVE)
    assert clustered.p_value == pytest.approx(t.sf(clustered.statistic, 24), rel=ROUNDING)


def test_size_in_simulation() -> None:
    """Where outcome and groups are independent, 5% of samples pass at 5%: with ties, and with clusters."""
    rng = np.random.default_rng(3)
    runs = 2000
    plain = clustered = 0
    one = np.ones(240, dtype=np.int64)
    for _ in range(runs):
        group, y = rng.integers(0, 5, 240), rng.integers(1, 6, 240).astype(float)
        plain += jonckheere(group, y, one).p_value < 0.05
        firm = np.repeat(np.arange(80), 3)  # a firm's customers share tier and mood
        group = rng.integers(0, 5, 80)[firm]
        y = np.round(2 * rng.standard_normal(80)[firm] + rng.standard_normal(240))
        clustered += jonckheere(group, y, one, None, firm).p_value < 0.05
    error = 4 * np.sqrt(0.05 * 0.95 / runs)
    assert plain / runs == pytest.approx(0.05, abs=error)
    assert clustered / runs == pytest.approx(0.05, abs=error)
