"""Deviations from the group's own mean against a loop over groups."""

import numpy as np
import pytest

from cxstats.numerics.within import within

ROUNDING = 1e-13  # both sides take a mean of few numbers, added up in another order


def by_loops(column: np.ndarray, group: np.ndarray) -> np.ndarray:
    found = np.empty(len(column))
    for i, own in enumerate(group):
        members = [column[j] for j in range(len(column)) if group[j] == own]
        found[i] = column[i] - sum(members) / len(members)
    return found


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(1)


def test_groups_against_loops(draw: np.random.Generator) -> None:
    """Groups of any size and in any order, those of one among them, and numbers that no row has."""
    group = draw.permutation(np.repeat([0, 1, 3, 4], [5, 1, 2, 7]))
    columns = draw.normal(5, 2, (15, 3))
    found = within(columns, group)
    for column, own in zip(columns.T, found.T, strict=True):
        assert own == pytest.approx(by_loops(column, group), abs=ROUNDING)
        assert within(column, group) == pytest.approx(own, abs=0)


def test_without_groups_against_loops(draw: np.random.Generator) -> None:
    columns = draw.normal(5, 2, (15, 2))
    everyone = np.zeros(15, dtype=np.int64)
    expected = np.column_stack([by_loops(column, everyone) for column in columns.T])
    assert within(columns, None) == pytest.approx(expected, abs=ROUNDING)
    assert within(columns[:, 0], None) == pytest.approx(expected[:, 0], abs=ROUNDING)


@pytest.mark.parametrize("grouped", [True, False])
def test_nothing_is_left_of_what_does_not_vary(grouped: bool) -> None:
    """A mean of equal numbers is off by their rounding: what is left must be 0, or it would pass for a feature."""
    group = np.repeat(np.arange(7), 3)
    level = np.log(7 + np.arange(7) / 10)[group] if grouped else np.full(21, 0.1)
    assert not within(level, group if grouped else None).any()
    assert not within(np.column_stack([level, level + 1]), group if grouped else None).any()


def test_small_deviations_of_large_numbers_are_kept(draw: np.random.Generator) -> None:
    """A thousandth of a second beside seconds since 1970 is no rounding."""
    time = 1.7e9 + 1e-3 * np.arange(6, dtype=np.float64)
    assert within(time, np.repeat([0, 1], 3)) == pytest.approx([-1e-3, 0, 1e-3] * 2, abs=1e-6)
