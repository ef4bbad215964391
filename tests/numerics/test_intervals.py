"""Quantiles, tails and limits against scipy, statsmodels, published figures, and enumeration."""

import numpy as np
import pytest
from scipy import stats

from cxstats.numerics.intervals import (
    Limits,
    clopper_pearson,
    critical,
    newcombe,
    ratio_to_error,
    symmetric,
    two_sided,
    upper_tail,
    wilson,
)

# The same closed form evaluated twice: only rounding may differ.
ROUNDING = 1e-12
# Quantiles are found by iteration, in scipy as here.
ITERATED = 1e-9
# FACTS and the sources quoted print four digits.
PRINTED = 5e-5


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_critical_against_scipy(level: float) -> None:
    found = critical(level, np.array([1.0, 4.5, 30.0, np.inf]))
    expected = [*(stats.t.ppf(0.5 + level / 2, df) for df in (1, 4.5, 30)), stats.norm.ppf(0.5 + level / 2)]
    assert found == pytest.approx(expected, rel=ITERATED)


def test_tails_against_scipy_far_out() -> None:
    statistic, df = np.array([0.0, 2.0, -2.0, 37.0, 60.0]), np.array([7.0, np.inf, np.inf, np.inf, 12.0])
    expected = [0.5, stats.norm.sf(2), stats.norm.sf(-2), stats.norm.sf(37), stats.t.sf(60, 12)]
    assert upper_tail(statistic, df) == pytest.approx(expected, rel=ITERATED)
    assert upper_tail(37.0) > 0  # one minus a bulk would be 0
    assert two_sided(np.array([-2.0, 2.0])) == pytest.approx(2 * stats.norm.sf([2, 2]), rel=ITERATED)
    assert two_sided(0.0) == 1.0
    assert np.isnan(two_sided(np.nan, 5.0))


def test_ratio_to_error_at_zero() -> None:
    ratio = ratio_to_error(np.array([3.0, 0.0, 2.0, -2.0]), np.array([1.5, 0.0, 0.0, 0.0]))
    assert ratio.tolist() == [2.0, 0.0, np.inf, -np.inf]


def test_symmetric_against_theory() -> None:
    limits = symmetric(np.array([1.0]), np.array([2.0]), 0.95, np.array([9.0]))
    half = 2 * stats.t.ppf(0.975, 9)
    assert (limits.low[0], limits.high[0]) == pytest.approx((1 - half, 1 + half), rel=ITERATED)


def test_wilson_against_published() -> None:
    limits = wilson(np.array([312.0]), np.array([400.0]), 0.95)
    assert (limits.low[0], limits.high[0]) == pytest.approx((0.7368, 0.8178), abs=PRINTED)


@pytest.mark.parametrize(("method", "function"), [("wilson", wilson), ("beta", clopper_pearson)])
def test_shares_against_statsmodels(method: str, function: object) -> None:
    from statsmodels.stats.proportion import proportion_confint

    k, n = np.array([0.0, 1.0, 7.0, 299.0, 300.0, 3.0]), np.array([10.0, 10.0, 20.0, 300.0, 300.0, 3.0])
    for level in (0.8, 0.95, 0.99):
        low, high = proportion_confint(k, n, alpha=1 - level, method=method)
        limits = function(k, n, level)  # type: ignore[operator]
        assert limits.low == pytest.approx(low, abs=ITERATED)
        assert limits.high == pytest.approx(high, abs=ITERATED)
        assert limits.low[0] == 0.0
        assert limits.high[4] == limits.high[5] == 1.0


def test_wilson_with_degrees_of_freedom_against_its_equation() -> None:
    p, n, df = 0.3, 57.25, 24.0
    limits = wilson(np.array([p * n]), np.array([n]), 0.9, df)
    square = stats.t.ppf(0.95, df) ** 2
    for end in (limits.low[0], limits.high[0]):
        assert (p - end) ** 2 == pytest.approx(square * end * (1 - end) / n, rel=ITERATED)
    assert limits.low[0] < p < limits.high[0]


def test_clopper_pearson_against_published() -> None:
    limits = clopper_pearson(np.array([2.0, 2.0]), np.array([240.0, 480.0]), 0.95)
    assert 100 * limits.low == pytest.approx([0.10, 0.05], abs=0.005)
    assert 100 * limits.high == pytest.approx([2.98, 1.50], abs=0.005)


@pytest.mark.parametrize("n", [1, 5, 30])
def test_clopper_pearson_covers_by_enumeration(n: int) -> None:
    k = np.arange(n + 1.0)
    limits = clopper_pearson(k, np.full(n + 1, float(n)), 0.95)
    for truth in np.linspace(0.005, 0.995, 100):
        covered = (limits.low <= truth) & (truth <= limits.high)
        assert stats.binom.pmf(k, n, truth)[covered].sum() >= 0.95


def _wilson_pair(counts: tuple[float, float, float, float], level: float = 0.95) -> tuple[Limits, Limits]:
    a, n, b, m = counts
    return wilson(np.array([a]), np.array([n]), level), wilson(np.array([b]), np.array([m]), level)


@pytest.mark.parametrize("counts", [(56, 70, 48, 80), (9, 10, 3, 10), (5, 56, 0, 29), (10, 10, 0, 20)])
def test_newcombe_against_statsmodels(counts: tuple[float, float, float, float]) -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep

    a, n, b, m = counts
    first, second = _wilson_pair(counts)
    limits = newcombe(np.array([a / n]), first, np.array([b / m]), second)
    expected = confint_proportions_2indep(a, n, b, m, method="newcomb", compare="diff")
    assert (limits.low[0], limits.high[0]) == pytest.approx(expected, abs=ITERATED)


def test_newcombe_paired_against_contingencytables() -> None:
    # 59 good both times, 6 only first, 16 only second, 80 never; the R package contingencytables prints
    # -0.1186 to -0.0046 for it, with its correlation corrected for continuity.
    both, first_only, second_only, neither = 59, 6, 16, 80
    n = both + first_only + second_only + neither
    p, q = (both + first_only) / n, (both + second_only) / n
    cross = both * neither - first_only * second_only
    correlation = (cross - n / 2) / np.sqrt(n * p * n * (1 - p) * n * q * n * (1 - q))
    first, second = _wilson_pair((n * p, n, n * q, n))
    limits = newcombe(np.array([p]), first, np.array([q]), second, correlation)
    assert (limits.low[0], limits.high[0]) == pytest.approx((-0.1186, -0.0046), abs=PRINTED)


def test_newcombe_with_full_correlation_has_no_width() -> None:
    first, second = _wilson_pair((30, 50, 30, 50))
    limits = newcombe(np.array([0.6]), first, np.array([0.6]), second, 1.0)
    # (p - l) and (u - p) differ, so a little width is left: their difference.
    left, right = 0.6 - first.low[0], first.high[0] - 0.6
    assert limits.high[0] == pytest.approx(abs(left - right), abs=ROUNDING)
    assert limits.low[0] == pytest.approx(-abs(left - right), abs=ROUNDING)
