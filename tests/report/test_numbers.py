"""Numbers for readers: enough digits to carry the verdict, no more."""

import math

import pytest

from cxstats.report.numbers import decimals, exact, interval, number, share


@pytest.mark.parametrize(
    ("low", "high", "estimate", "digits"),
    [
        (0.01902, 0.04333, 0.03117, 3),  # width .024
        (29.8, 34.4, 32.1, 1),  # width 4.6
        (1200.0, 1790.0, 1500.0, 0),
        (-math.inf, math.inf, 0.0312, 3),
        (math.nan, math.nan, math.nan, 0),
        (5.0, 5.0, 5.0, 1),
        (0.0, 0.0, 0.0, 0),
    ],
)
def test_two_digits_of_the_width_are_shown(low: float, high: float, estimate: float, digits: int) -> None:
    assert decimals(low, high, estimate) == digits


def test_an_end_that_misses_the_smallest_effect_is_never_printed_as_it() -> None:
    digits = decimals(-0.04333, 0.00998, -0.03117, (0.0, 0.01, -0.01))
    assert number(0.00998, digits) == "0.00998"
    assert interval(-0.0004, 0.3, decimals(-0.0004, 0.3, 0.15)) == "−0.0004 to 0.3000"
    assert number(0.01, decimals(0.01, 0.05, 0.03, (0.01,))) == "0.010"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (-0.0201, 3, "−0.020"),
        (-0.0001, 2, "0.00"),
        (1234.56, 1, "1,234.6"),
        (math.nan, 2, "–"),
        (math.inf, 2, "∞"),
        (-math.inf, 0, "−∞"),
        (0.6879, 3, "0.688"),
    ],
)
def test_number(value: float, digits: int, text: str) -> None:
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.1, 0.25, "0.10 to 0.25"),
        (-math.inf, 0.25, "up to 0.25"),
        (0.1, math.inf, "0.10 or more"),
        (-math.inf, math.inf, "no limits"),
        (math.nan, 0.2, "–"),
    ],
)
def test_interval(low: float, high: float, text: str) -> None:
    assert interval(low, high, 2) == text


def test_what_somebody_chose_is_shown_as_it_is() -> None:
    assert [exact(x) for x in (0.01, -0.1, 1.1, 5.0, 1e-5, math.nan)] == ["0.01", "−0.1", "1.1", "5", "1e−05", "–"]


def test_share() -> None:
    assert [share(n, 1000) for n in (0, 1, 9, 10, 346)] == ["0%", "<1%", "<1%", "1%", "35%"]
    assert [share(n, 1000) for n in (990, 991, 999, 1000)] == ["99%", ">99%", ">99%", "100%"]
    assert share(0, 0) == "0%"
