"""Areas and placements against comparing every good row with every bad one."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from cxstats.numerics.ranks import auc_influence, delong_covariance, placements

# The same sums in another order: only rounding may differ.
ROUNDING = 1e-12
# A central difference with a step of 1e-5 has an error of about 1e-10.
DERIVATIVE = 1e-8

Array = NDArray[np.float64]


def weighted_area(score: Array, good: NDArray[np.bool_], mass: Array) -> float:
    """The area by a loop over pairs."""
    won = total = 0.0
    for i in np.flatnonzero(good):
        for j in np.flatnonzero(~good):
            won += mass[i] * mass[j] * (1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0)
            total += mass[i] * mass[j]
    return won / total


CELLS = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6)), min_size=1, max_size=6)


@given(good=CELLS, bad=CELLS)
def test_placements_against_pairs(good: list[tuple[int, int]], bad: list[tuple[int, int]]) -> None:
    score = np.array([s for s, _ in good + bad], dtype=float)
    mass = np.array([m for _, m in good + bad], dtype=float)
    positive = np.array([True] * len(good) + [False] * len(bad))
    fit = placements(score, positive, mass)
    assert fit.auc == pytest.approx(weighted_area(score, positive, mass), abs=ROUNDING)
    for k in range(len(score)):
        alone = np.zeros(len(score))
        alone[k] = 1.0  # the area of this row alone against the other class
        against = np.where(positive == positive[k], alone, mass)
        assert fit.placement[k] == pytest.approx(weighted_area(score, positive, against), abs=ROUNDING)


def test_influence_against_derivative() -> None:
    rng = np.random.default_rng(2)
    score, positive = rng.integers(0, 6, 40).astype(float), rng.random(40) < 0.4
    count, weight = rng.integers(1, 5, 40), rng.uniform(0.2, 3.0, 40)
    fit = placements(score, positive, count * weight)
    influence = auc_influence(fit, positive, count, weight)
    step = 1e-5
    for k in range(40):
        moved = step * weight * (np.arange(40) == k)  # a little more of one row of cell k
        up, down = (weighted_area(score, positive, count * weight + sign * moved) for sign in (1, -1))
        assert influence[k] == pytest.approx((up - down) / (2 * step), abs=DERIVATIVE)
    assert float(influence @ count) == pytest.approx(0, abs=ROUNDING)


def test_covariance_against_variances_of_rows() -> None:
    rng = np.random.default_rng(3)
    scores, positive = rng.integers(0, 6, (30, 2)).astype(float), np.arange(30) < 12
    count = rng.integers(1, 5, 30)
    influence = np.column_stack(
        [auc_influence(placements(s, positive, count), positive, count, np.ones(30)) for s in scores.T]
    )
    rows = np.repeat(np.arange(30), count)
    good, bad = scores[rows[positive[rows]]], scores[rows[~positive[rows]]]
    wins = (good[:, None] > bad[None]) + 0.5 * (good[:, None] == bad[None])
    expected = np.cov(wins.mean(axis=1).T) / len(good) + np.cov(wins.mean(axis=0).T) / len(bad)
    assert delong_covariance(influence, positive, count) == pytest.approx(expected, abs=ROUNDING)
