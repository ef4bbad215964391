"""Coarsening by equal frequency against trying every way to cut."""

from itertools import combinations, pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from cxstats.numerics.coarsen import equal_frequency

# Shares that are equally good by rounding only.
ROUNDING = 1e-12


def every_way(levels: int, groups: int) -> list[tuple[int, ...]]:
    """All sets of cuts, each the number of the first level of a group but the first."""
    return list(combinations(range(1, levels), groups - 1))


def unevenness(mass: list[int], cuts: tuple[int, ...]) -> int:
    """Squared distances of the groups' masses from equal ones, in whole numbers."""
    groups, total = len(cuts) + 1, sum(mass)
    ends = (0, *cuts, len(mass))
    return sum((groups * sum(mass[a:b]) - total) ** 2 for a, b in pairwise(ends))


@given(mass=st.lists(st.integers(1, 12), min_size=1, max_size=9), data=st.data())
def test_groups_against_exhaustive_search(mass: list[int], data: st.DataObject) -> None:
    groups = data.draw(st.integers(1, len(mass)))
    found = equal_frequency(np.array(mass, dtype=float), groups)
    best = min(every_way(len(mass), groups), key=lambda cuts: (unevenness(mass, cuts), cuts[::-1]))
    assert found.tolist() == [sum(level >= cut for cut in best) for level in range(len(mass))]


@given(mass=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=8), data=st.data())
def test_shares_against_exhaustive_search(mass: list[float], data: st.DataObject) -> None:
    groups = data.draw(st.integers(1, len(mass)))
    share = np.array(mass) / sum(mass)
    found = equal_frequency(share, groups)

    def cost(group: np.ndarray) -> float:
        return float(((np.bincount(group, weights=share, minlength=groups) - 1 / groups) ** 2).sum())

    ways = [
        np.array([sum(level >= cut for cut in cuts) for level in range(len(mass))])
        for cuts in every_way(len(mass), groups)
    ]
    assert np.unique(found).tolist() == list(range(groups))
    assert (np.diff(found) >= 0).all()
    assert cost(found) == pytest.approx(min(map(cost, ways)), abs=ROUNDING)


def test_known_cuts() -> None:
    assert equal_frequency(np.array([10.0, 10, 10, 10, 10, 10]), 3).tolist() == [0, 0, 1, 1, 2, 2]
    assert equal_frequency(np.array([1.0, 1, 1, 1, 96]), 2).tolist() == [0, 0, 0, 0, 1]
    assert equal_frequency(np.array([5.0, 5, 5]), 2).tolist() == [0, 1, 1]  # the last cut as low as it goes
    assert equal_frequency(np.array([3.0, 1, 2]), 3).tolist() == [0, 1, 2]
    assert equal_frequency(np.array([3.0, 1, 2]), 1).tolist() == [0, 0, 0]


def test_many_levels_are_cut_at_their_quantiles() -> None:
    """A slider: with 4,000 levels of one customer each, the fifths are whole."""
    assert np.bincount(equal_frequency(np.ones(4000), 5)).tolist() == [800] * 5
