"""Gains along ordered groups: the largest of several t statistics, contrasts of cuts, limits."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm, t

from cxstats.numerics.ladder import Gains, change_contrasts, gains_of, highest_t, plateau
from cxstats.numerics.max_t import DIRECTIONS

MC_ERRORS = 4
ROUNDING = 1e-9


def orthant(at: float, matrix: np.ndarray) -> float:
    """P(max T >= t) by the distribution function of the normal."""
    scale = np.sqrt(np.diag(matrix))
    correlation = matrix / np.outer(scale, scale)
    found = multivariate_normal.cdf(
        np.full(len(matrix), at), cov=correlation, allow_singular=True, maxpts=2_000_000, abseps=1e-7, rng=1
    )
    return 1 - float(found)


@pytest.mark.parametrize("at", [-1.0, 0.0, 0.5, 1.5, 2.3, 3.0])
def test_tail_against_the_normal_orthant(at: float) -> None:
    rng = np.random.default_rng(4)
    root = rng.standard_normal((4, 4))
    matrix = root @ root.T
    share = orthant(at, matrix)
    error = np.sqrt(share * (1 - share) / DIRECTIONS)
    assert highest_t(matrix).tail(at) == pytest.approx(share, abs=MC_ERRORS * error + 1e-6)


def test_critical_value_of_all_pairs_against_whole_draws() -> None:
    """Ten differences of five means of unequal precision span four dimensions."""
    rng = np.random.default_rng(5)
    low, high = np.triu_indices(5, 1)
    contrast = np.eye(5)[high] - np.eye(5)[low]
    variance = np.array([1.0, 2.0, 0.5, 1.0, 3.0])
    found = highest_t(contrast @ np.diag(variance) @ contrast.T, 30.0)
    assert found.rank == 4
    draws = 400_000
    x = rng.standard_normal((draws, 5)) * np.sqrt(variance) @ contrast.T / np.sqrt(contrast**2 @ variance)
    x /= np.sqrt(rng.chisquare(30, draws) / 30)[:, None]
    largest = x.max(axis=1)
    for level in (0.9, 0.95):
        covered = (largest < found.critical(level)).mean()
        error = np.sqrt(level * (1 - level) * (1 / draws + 1 / DIRECTIONS))
        assert covered == pytest.approx(level, abs=MC_ERRORS * error)
    assert found.tail(found.critical(0.95)) == pytest.approx(0.05, abs=ROUNDING)


def test_a_single_statistic_is_exact() -> None:
    one = highest_t(np.array([[2.5]]))
    for at in (-2.0, -0.3, 0.7, 6.0):
        assert one.tail(at) == pytest.approx(norm.sf(at), rel=1e-7)
    assert one.critical(0.95) == pytest.approx(norm.ppf(0.95), abs=ROUNDING)
    few = highest_t(np.array([[2.5]]), 12.0)
    assert few.tail(1.9) == pytest.approx(t.sf(1.9, 12), rel=1e-7)
    assert few.critical(0.9) == pytest.approx(t.ppf(0.9, 12), abs=ROUNDING)
    both = highest_t(np.array([[1.0, -1.0], [-1.0, 1.0]]))  # a statistic and its opposite: two-sided
    assert both.tail(1.5) == pytest.approx(2 * norm.sf(1.5), rel=1e-7)
    assert both.tail(-0.1) == 1
    assert both.critical(0.95) == pytest.approx(norm.ppf(0.975), abs=1e-7)
    none = highest_t(np.zeros((2, 2)))
    assert [none.tail(0.0), none.tail(1.0)] == [1.0, 0.0]
    assert np.isnan(none.tail(np.nan))


def test_contrasts_of_cuts_by_hand() -> None:
    found = change_contrasts(np.array([10.0, 20.0, 30.0]))
    assert found == pytest.approx(np.array([[-1, 0.4, 0.6], [-1 / 3, -2 / 3, 1]]), rel=ROUNDING)


@pytest.mark.parametrize("relative", [True, False])
def test_gains_by_hand(relative: bool) -> None:
    mean, matrix = np.array([0.3, 0.45, 0.6, 0.9]), np.diag([1.0, 2.0, 3.0, 4.0, 5.0]) * 1e-4
    found = gains_of(mean, 0.48, matrix, 12.0, relative=relative)
    assert list(zip(found.lower.tolist(), found.higher.tolist(), strict=True)) == [
        (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3),
    ]  # fmt: skip
    first, last = found.effect(0), found.effect(5)
    if relative:
        assert first.estimate == pytest.approx(0.45 / 0.3 - 1, rel=ROUNDING)
        assert last.estimate == pytest.approx(0.4 / 0.1 - 1, rel=ROUNDING)  # above one half the bad shares count
        assert [last.var_a, last.cov, last.var_b] == pytest.approx([7e-4, -4e-4, 4e-4], rel=ROUNDING)
    else:
        assert [first.estimate, last.estimate] == pytest.approx([0.15 / 0.48, 0.3 / 0.48], rel=ROUNDING)
        assert [last.var_a, last.cov, last.var_b] == pytest.approx([7e-4, 0, 5e-4], rel=ROUNDING)
    assert first.df == 12
    value, spread = found.beyond(0.2)
    effects = [found.effect(pair) for pair in range(6)]
    assert value == pytest.approx([e.a - 0.2 * e.b for e in effects], rel=ROUNDING)
    assert np.sqrt(np.diag(spread)) == pytest.approx([e.std_error_at(0.2) for e in effects], rel=ROUNDING)


NAMES = ("fail", "meet", "exceed", "delight")


def known(mean: list[float], error: float) -> Gains:
    return gains_of(np.array(mean), 1.0, np.diag([error**2] * len(mean) + [0.0]), np.inf, relative=False)


def test_plateau_is_told_apart_from_not_knowing() -> None:
    """Errors so small that all is known, and the same means known badly."""
    sharp = plateau(known([1, 2, 3, 3.01], 0.01), NAMES, 0.1, 0.95)
    assert (sharp.tier, sharp.flat) == ("exceed", True)
    critical = highest_t(known([1, 2, 3, 3.01], 0.01).beyond(0.0)[1]).critical(0.95)
    assert sharp.largest == pytest.approx(0.01 + critical * 0.01 * np.sqrt(2), rel=ROUNDING)
    assert sharp.told == "From 'exceed' on no gain is told, and gains of 0.1 or more are ruled out."
    vague = plateau(known([1, 2, 3, 3.01], 0.1), NAMES, 0.1, 0.95)
    assert (vague.tier, vague.flat) == ("exceed", False)
    assert vague.told == (
        "From 'exceed' on no gain is told, but gains of 0.1 or more are not ruled out: whether loyalty levels off "
        "cannot be told."
    )
    rising = plateau(known([1, 2, 3, 4], 0.1), NAMES, 0.1, 0.95)
    assert (rising.tier, rising.flat, rising.told) == (
        None, False, "No plateau: 'delight' is told to lie above 'exceed'.",
    )  # fmt: skip
    assert np.isnan(rising.largest)
    # Two steps neither of which is told, though both together are.
    slow = plateau(known([1, 2, 2.25, 2.5], 0.1), NAMES, 0.1, 0.95)
    assert slow.tier == "exceed"
    # A fall and a rise again: the rise is told, so nothing levels off before it.
    assert plateau(known([1, 3, 2, 3], 0.1), NAMES, 0.1, 0.95).tier is None
    with pytest.raises(ValueError, match=r"^The level of a one-sided limit must lie above .5, but 0.4 was given\.$"):
        plateau(known([1, 2, 3, 4], 0.1), NAMES, 0.1, 0.4)
