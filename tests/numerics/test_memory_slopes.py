"""Standardised slopes against statsmodels on rows, their influence by weighing one row more, and the middle moment."""

import numpy as np
import pytest
import statsmodels.api as sm

from cxstats.errors import ColumnError
from cxstats.numerics.memory_slopes import mixed_slope, robust_slope
from cxstats.numerics.moments import Moments
from cxstats.numerics.sequence_features import middle_moment
from cxstats.numerics.within import within

ROUNDING = 1e-10
STEP, BY_STEP = 1e-4, 1e-6  # of a row's weight, and what is left of the second-order term of a central difference
NAMES = ("a", "b", "c")

CONTRASTS = {
    "alone": ([0.0, 1.0, 0.0], [1]),
    "difference": ([1.0, 0.0, -1.0], [0, 2]),
}


def weighed(columns: np.ndarray, y: np.ndarray, contrast: list[float], unit: list[int], weight: np.ndarray) -> float:
    """The standardised slope by weighted least squares on rows and weighted variances."""
    slopes = np.asarray(sm.WLS(y, sm.add_constant(columns), weights=weight).fit().params)[1:]
    spread = [np.average((x - np.average(x, weights=weight)) ** 2, weights=weight) for x in (*columns[:, unit].T, y)]
    return float(np.dot(contrast, slopes) * np.sqrt(np.mean(spread[:-1]) / spread[-1]))


@pytest.mark.parametrize("contrast", CONTRASTS)
@pytest.mark.parametrize("grouped", [True, False])
def test_slope_and_influence_against_statsmodels(contrast: str, grouped: bool) -> None:
    rng = np.random.default_rng(1)
    person = rng.permutation(np.arange(60) % 17) if grouped else None
    given = rng.normal(5, 2, (60, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.3], [0, 0, 3.0]])
    outcome = given @ [0.3, -0.2, 0.1] + rng.normal(0, 2, 60)
    columns, y = within(given, person), within(outcome, person)
    weights, unit = CONTRASTS[contrast]
    found = robust_slope(columns, np.array(weights), unit, y, NAMES)
    assert found.estimate == pytest.approx(weighed(columns, y, weights, unit, np.ones(60)), rel=ROUNDING)
    for i in range(60):
        up, down = (weighed(columns, y, weights, unit, np.where(np.arange(60) == i, 1 + h, 1.0)) for h in (STEP, -STEP))
        assert found.influence[i] == pytest.approx((up - down) / (2 * STEP), abs=BY_STEP)


def test_features_that_repeat_each_other_are_refused() -> None:
    columns = within(np.random.default_rng(1).normal(size=(30, 2)), None)
    twice = np.column_stack([columns, columns[:, 0]])
    with pytest.raises(ColumnError, match="'a', 'c' are collinear"):
        robust_slope(twice, np.array([1.0, 0.0, 0.0]), [0], columns[:, 1], NAMES)


def test_slope_within_persons_is_free_of_what_goes_on_between_them() -> None:
    """Where everybody has the same number of sequences, the deviations' slope is that of least squares on them."""
    rng = np.random.default_rng(2)
    person = np.repeat(np.arange(15), 4)
    own = rng.normal(size=60)
    columns = np.column_stack([own + 3 * rng.normal(size=15)[person], rng.normal(size=60)])
    y = 0.5 * own - 2 * columns[:, 0] + rng.normal(size=15)[person] + rng.normal(size=60)
    found = mixed_slope(columns, np.array([1.0, 0.0]), [0], y, [person], person, ("a", "b"))
    alone = robust_slope(within(columns, person), np.array([1.0, 0.0]), [0], within(y, person), ("a", "b"))
    assert found.estimate == pytest.approx(alone.estimate, rel=ROUNDING)


def test_middle_moment_against_loops() -> None:
    """The nearest to half of the time; of two as near the earlier; of a lone moment itself."""
    rng = np.random.default_rng(3)
    value: list[float] = []
    time: list[float] = []
    first, expected = [0], []
    for _ in range(300):
        n = int(rng.integers(1, 7))
        at = np.cumsum(rng.integers(1, 4, n)).astype(float)
        felt = rng.permutation(10)[:n].astype(float)
        half = (at[0] + at[-1]) / 2
        best = 0
        for k in range(n):
            if abs(at[k] - half) < abs(at[best] - half):
                best = k
        expected.append(felt[best])
        value.extend(felt)
        time.extend(at)
        first.append(first[-1] + n)
    found = middle_moment(Moments(np.array(value), np.array(time), np.array(first)))
    assert found.tolist() == expected
