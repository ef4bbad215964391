"""E-values against the printed examples and against the values of the R package EValue."""

import math

import pytest

from cxstats.numerics.e_value import e_value, e_values, from_deviations, from_odds_ratio

PRINTED = 0.005  # two decimals
STORED = 1e-10


def test_risk_ratio_against_published() -> None:
    """VanderWeele & Ding (2017): 3.9 (1.8 to 8.7), formula-fed infants; its limit's E-value is given as 3.0."""
    found = e_values(3.9, 1.8, 8.7)
    assert found.estimate == pytest.approx(7.26, abs=PRINTED)
    assert found.limit == pytest.approx(3.0, abs=10 * PRINTED)


def test_risk_ratio_against_EValue() -> None:
    """The vignette of the package: smoking and lung cancer, 10.73 (8.02 to 14.36)."""
    found = e_values(10.73, 8.02, 14.36)
    assert found.estimate == pytest.approx(20.94777, abs=5e-6)
    assert found.limit == pytest.approx(15.52336, abs=5e-6)


def test_odds_ratio_of_a_common_outcome_against_EValue() -> None:
    """evalues.OR(2.5, 1.4, 4.0, rare = FALSE)."""
    found = e_values(*(from_odds_ratio(value, common=True) for value in (2.5, 1.4, 4.0)))
    assert found.estimate == pytest.approx(2.53971129469801, rel=STORED)
    assert found.limit == pytest.approx(1.6488166904897, rel=STORED)
    assert from_odds_ratio(2.5, common=False) == 2.5


def test_standardised_difference_against_EValue() -> None:
    """evalues.MD(0.5, se = 0.2), which takes 1.78 for .91 times 1.96."""
    assert e_value(from_deviations(0.5)) == pytest.approx(2.52914198186127, rel=STORED)
    assert e_value(from_deviations(0.5 - 1.78 / 0.91 * 0.2)) == pytest.approx(1.44302956344269, rel=STORED)


def test_below_one_and_at_one() -> None:
    assert e_values(0.8, 0.71, 0.91).estimate == e_value(1 / 0.8) == pytest.approx(1.25 + math.sqrt(1.25 * 0.25))
    assert e_values(0.8, 0.71, 0.91).limit == e_value(0.91)
    assert e_values(1.4, 0.9, 2.1).limit == 1
    assert e_value(1.0) == 1
    assert e_value(0.0) == math.inf
    assert math.isnan(e_value(math.nan))
