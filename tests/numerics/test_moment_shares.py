"""Least squares from 0 up against scipy on rows, and its bootstrap against loops."""

import numpy as np
import pytest
from scipy.optimize import nnls

from cxstats.numerics.moment_shares import SharedSums, drawn_shares, nonnegative, shared_sums

SOLVED = 1e-9  # nnls works on rows by orthogonal factors, we on their products
ROUNDING = 1e-12
MC_ERRORS = 4


@pytest.mark.parametrize("q", [2, 3, 4])
def test_coefficients_from_0_up_against_scipy(q: int) -> None:
    """Problems in which any number of coefficients end at 0, all of them included, solved together."""
    rng = np.random.default_rng(q)
    squares, cross, expected = [], [], []
    for _ in range(300):
        parts = rng.normal(size=(12, q)) @ (np.eye(q) + rng.uniform(0, 1.5))
        response = parts @ rng.choice([-0.5, 0, 0.3, 1.0], q) + rng.normal(size=12)
        squares.append(parts.T @ parts)
        cross.append(parts.T @ response)
        expected.append(nnls(parts, response)[0])
    found, known = nonnegative(np.array(squares), np.array(cross)), np.array(expected)
    assert found == pytest.approx(known, abs=SOLVED)
    assert ((found == 0) == (known == 0)).all()
    assert set((found > 0).sum(axis=1)) == set(range(q + 1))


def test_sums_per_cluster_against_loops() -> None:
    rng = np.random.default_rng(1)
    parts, response = rng.normal(size=(40, 3)), rng.normal(size=40)
    cluster = rng.permutation(np.arange(40) % 7)
    found = shared_sums(parts, response, cluster, rng)
    for unit in range(7):
        rows = [i for i in range(40) if cluster[i] == unit]
        squares = sum(np.outer(parts[i], parts[i]) for i in rows)
        cross = sum(parts[i] * response[i] for i in rows)
        assert found.parts[unit] == pytest.approx(squares, abs=ROUNDING)
        assert found.response[unit] == pytest.approx(cross, abs=ROUNDING)


@pytest.mark.parametrize("clustered", [True, False])
def test_many_units_are_dealt_to_groups_of_equal_size(clustered: bool) -> None:
    """Nothing is lost, whole clusters stay together, and no group has more than one unit more than another."""
    rng = np.random.default_rng(1)
    units = 5_000
    cluster = np.repeat(np.arange(units), 2) if clustered else None
    n = 2 * units if clustered else units
    # Every unit adds 1 to one of both products only, so that the products count units.
    parts = np.column_stack([np.ones(n), np.where(np.arange(n) % 2 == 0, 1.0, 0.0)])
    found = shared_sums(parts, np.ones(n), cluster, rng)
    each = 2 if clustered else 1
    counted = found.parts[:, 0, 0] / each
    assert len(counted) == 2_000
    assert set(counted) == {2.0, 3.0}
    assert counted.sum() == units
    if clustered:
        assert (found.response[:, 1] == counted).all()


def test_draws_against_loops_over_nnls() -> None:
    """The same clusters' rows, drawn one by one in a loop and solved on the rows, have the same distribution."""
    rng = np.random.default_rng(1)
    clusters, replicates = 25, 1_500
    parts = rng.normal(size=(100, 3)) + rng.normal(size=(100, 1))
    response = parts @ np.array([0.03, 0.4, 0.4]) + rng.normal(size=100)
    cluster = np.repeat(np.arange(clusters), 4)
    found = drawn_shares(shared_sums(parts, response, cluster, rng), replicates, rng)
    looped = []
    for _ in range(replicates):
        rows = np.concatenate([np.flatnonzero(cluster == c) for c in rng.integers(0, clusters, clusters)])
        weights = nnls(parts[rows], response[rows])[0]
        looped.append(weights / weights.sum())
    expected = np.array(looped)
    assert found.shape == (replicates, 3)
    assert found.sum(axis=1) == pytest.approx(1, abs=ROUNDING)
    sd = expected.std(axis=0)
    assert (abs(found.mean(axis=0) - expected.mean(axis=0)) < MC_ERRORS * sd * np.sqrt(2 / replicates)).all()
    for cut in (0.025, 0.5, 0.975):
        # How many draws of the one lie below the quantile of the other; half of those that are tied with it.
        at = np.quantile(expected, cut, axis=0)
        below, known = (((x < at) + 0.5 * (x == at)).mean(axis=0) for x in (found, expected))
        assert (abs(below - known) < MC_ERRORS * np.sqrt(2 * 0.25 / replicates)).all()
    zero, known = (found == 0).mean(axis=0), (expected == 0).mean(axis=0)
    assert known[0] > 0.2
    assert (abs(zero - known) < MC_ERRORS * np.sqrt(2 * 0.25 / replicates)).all()


def test_draws_without_any_weight_are_left_out() -> None:
    """Of units one of which has all the weight, samples without it share nothing."""
    one = SharedSums(np.ones((4, 1, 1)) + np.arange(4)[:, None, None], np.array([[5.0], [-1.0], [-1.0], [-1.0]]))
    found = drawn_shares(one, 1_000, np.random.default_rng(1))
    without = 0.75**4  # the unit with weight is drawn at least once otherwise, and 5 outweighs 3
    assert (found == 1).all()
    assert len(found) / 1_000 == pytest.approx(1 - without, abs=MC_ERRORS * np.sqrt(without * (1 - without) / 1_000))


def test_draws_in_which_a_part_does_not_vary() -> None:
    """A part that varies in one cluster only: samples without that cluster know nothing of it, and give it nothing."""
    squares = np.array([np.diag([1.0, 0.0]), np.diag([1.0, 0.0]), np.diag([1.0, 1.0])])
    found = drawn_shares(SharedSums(squares, np.array([[1.0, 0], [1.0, 0], [1.0, 1.0]])), 900, np.random.default_rng(1))
    known, without = np.array([[1.0, 0.0], [0.5, 0.5]]), (2 / 3) ** 3
    assert len(found) == 900
    alone = (found == known[0]).all(axis=1)
    assert found[~alone] == pytest.approx(np.broadcast_to(known[1], found[~alone].shape), abs=ROUNDING)
    assert alone.mean() == pytest.approx(without, abs=MC_ERRORS * np.sqrt(without * (1 - without) / 900))
