"""Least squares with effects of groups and periods against a column for each, and forward deviations by hand."""

import numpy as np
import pytest

from cxstats.numerics.sequential import forward, sequential
from cxstats.numerics.two_way import period_effects, sweep, swept, two_way

ROUNDING = 1e-10


def drawn(seed: int, rows: int = 200, groups: int = 30, periods: int = 7) -> tuple[np.ndarray, ...]:
    draw = np.random.default_rng(seed)
    group, period = draw.integers(0, groups, rows), draw.integers(0, periods, rows)
    return group, period, draw.normal(size=(rows, 2)), draw.normal(size=rows)


def dummies(group: np.ndarray, period: np.ndarray) -> np.ndarray:
    return np.column_stack([group[:, None] == np.unique(group), period[:, None] == np.unique(period)]).astype(float)


@pytest.mark.parametrize("rows", [40, 200])
def test_coefficients_and_influence_against_dummies(rows: int) -> None:
    """With 40 rows some groups have one row, and groups and periods fall into parts."""
    group, period, columns, y = drawn(1, rows)
    fit = two_way(sweep(group, period, 35, 9), columns, y)
    design = np.column_stack([columns, dummies(group, period)])
    inverse = np.linalg.pinv(design)
    slopes = inverse @ y
    assert fit is not None
    assert fit.coefficients == pytest.approx(slopes[:2], abs=ROUNDING)
    influence = (inverse * (y - design @ slopes)).T[:, :2]
    assert fit.influence == pytest.approx(influence, abs=ROUNDING)


def test_what_is_left_of_a_column_against_dummies() -> None:
    group, period, columns, _ = drawn(2, 60)
    known = dummies(group, period)
    left = columns[:, 0] - known @ np.linalg.lstsq(known, columns[:, 0], rcond=None)[0]
    assert swept(sweep(group, period, 30, 7), columns[:, 0]) == pytest.approx(left, abs=ROUNDING)


def test_parts_that_no_row_links_are_told_apart() -> None:
    group, period = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 0, 2, 3])
    found = sweep(group, period, 3, 4)
    assert found.part_of_group[0] == found.part_of_group[1] != found.part_of_group[2]
    assert found.part_of_period.tolist() == found.part_of_group[[0, 0, 2, 2]].tolist()
    effects = period_effects(found, np.array([1.0, 3.0, 5.0, 3.0, 7.0, 4.0]))
    assert (effects[1] - effects[0], effects[3] - effects[2]) == pytest.approx((2, -3), abs=ROUNDING)


def test_columns_of_which_nothing_is_left_are_not_estimated() -> None:
    group, period, columns, y = drawn(3)
    prepared = sweep(group, period, 30, 7)
    assert two_way(prepared, np.column_stack([columns[:, 0], 2.0 * group + period**2]), y) is None
    assert two_way(prepared, np.column_stack([columns[:, 0], columns[:, 0] + group]), y) is None


def test_forward_deviations_by_hand() -> None:
    """Scaled by the root of m / (m + 1), m rows to come: independent errors stay independent, with one variance."""
    first, column = np.array([0, 3, 4]), np.array([1.0, 4.0, 6.0, 9.0])
    expected = [np.sqrt(2 / 3) * (1 - 5), np.sqrt(1 / 2) * (4 - 6), 0, 0]
    assert forward(first, column) == pytest.approx(expected, abs=ROUNDING)


def test_sequential_is_not_estimated_without_instruments_that_tell_something() -> None:
    draw = np.random.default_rng(4)
    first, period = np.arange(0, 81, 4), np.tile(np.arange(4), 20)
    columns, y = draw.normal(size=(80, 2)), draw.normal(size=80)
    assert sequential(first, period, 4, columns, columns, y) is not None
    twice = columns[:, [0, 0]]
    assert sequential(first, period, 4, columns, twice, y) is None
    assert sequential(first, period, 4, np.column_stack([columns[:, 0], period]), columns, y) is None
    alone = np.arange(81)
    assert sequential(alone, period, 4, columns, columns, y) is None
