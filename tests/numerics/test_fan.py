"""Sequences on one scale of time, against numpy's interpolation one sequence at a time."""

import numpy as np
import pytest

from cxstats.numerics.fan import LINES, PLACES, QUANTILES, fan
from cxstats.numerics.moments import Moments

ROUNDING = 1e-12  # one interpolation with large numbers of places, against one with small ones


def drawn(seed: int, sequences: int, most: int = 6) -> Moments:
    rng = np.random.default_rng(seed)
    n = rng.integers(1, most + 1, sequences)
    time = np.concatenate([rng.integers(-50, 50) + np.cumsum(rng.integers(1, 9, many)) for many in n])
    return Moments(rng.integers(0, 11, n.sum()).astype(float), time.astype(float), np.concatenate([[0], np.cumsum(n)]))


def by_loops(moments: Moments) -> tuple[np.ndarray, list[int]]:
    """The curves of all sequences of two moments or more, and which they are."""
    place, curves, which = np.linspace(0, 1, PLACES), [], []
    for i, (begin, end) in enumerate(zip(moments.first[:-1], moments.first[1:], strict=True)):
        time, value = moments.time[begin:end], moments.value[begin:end]
        if len(time) > 1:
            curves.append(np.interp(time[0] + place * (time[-1] - time[0]), time, value))
            which.append(i)
    return np.array(curves), which


@pytest.mark.parametrize("seed", range(5))
def test_mean_and_quantiles_against_loops(seed: int) -> None:
    moments = drawn(seed, 40)
    found, (curves, _) = fan(moments), by_loops(moments)
    assert found.n == len(curves)
    assert found.place == pytest.approx(np.linspace(0, 1, PLACES))
    assert found.mean == pytest.approx(curves.mean(axis=0), rel=ROUNDING)
    assert found.quantiles == pytest.approx(np.quantile(curves, QUANTILES, axis=0), rel=ROUNDING, abs=ROUNDING)
    assert found.lines == pytest.approx(curves, rel=ROUNDING, abs=ROUNDING)  # fewer than 60: every one


def test_of_many_sequences_evenly_chosen_ones_are_drawn() -> None:
    moments = drawn(7, 900)
    curves, _ = by_loops(moments)
    found = fan(moments, most=100)
    chosen = curves[np.linspace(0, len(curves) - 1, 100).astype(int)]
    assert found.n == len(curves)
    assert found.mean == pytest.approx(chosen.mean(axis=0), rel=ROUNDING)
    assert found.lines.shape == (LINES, PLACES)
    assert found.lines == pytest.approx(chosen[np.linspace(0, 99, LINES).astype(int)], rel=ROUNDING, abs=ROUNDING)


def test_one_sequence_of_two_moments_is_a_straight_line() -> None:
    found = fan(Moments(np.array([2.0, 8.0]), np.array([10.0, 30.0]), np.array([0, 2])))
    assert found.n == 1
    assert found.mean == pytest.approx(2 + 6 * found.place, rel=ROUNDING)
    assert (found.quantiles == found.mean).all()


def test_single_moments_are_no_curves_and_disturb_none() -> None:
    """Before, between and after sequences of two moments."""
    value = np.array([9.0, 0.0, 4.0, 9.0, 2.0, 2.0, 9.0])
    moments = Moments(value, np.array([5.0, 1.0, 2.0, 7.0, 3.0, 9.0, 4.0]), np.array([0, 1, 3, 4, 6, 7]))
    found = fan(moments)
    assert found.n == 2
    assert found.lines == pytest.approx(np.array([4 * found.place, np.full(PLACES, 2.0)]), abs=ROUNDING)
