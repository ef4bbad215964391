"""Where an interval lies, in words: from zero and the smallest effect, or from the band of a published figure."""

import math

import pytest

from cxstats.report.finding_view import place
from cxstats.report.numbers import short

BAND = (0.11, 0.21)
AROUND = "the band around the published figure"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.14, 0.18, f"The whole interval lies between 0.11 and 0.21, {AROUND}."),
        (0.3, 0.4, f"The whole interval lies above 0.21, where {AROUND} ends (0.11 to 0.21)."),
        (0.0, 0.1, f"The whole interval lies below 0.11, where {AROUND} begins (0.11 to 0.21)."),
        (0.1, 0.3, f"The interval holds all of {AROUND}, 0.11 to 0.21, and more on both sides."),
        (0.1, 0.15, f"The interval lies partly in {AROUND}, 0.11 to 0.21, and begins below 0.11."),
        (0.15, 0.3, f"The interval lies partly in {AROUND}, 0.11 to 0.21, and ends above 0.21."),
        (-math.inf, math.inf, "The data set no limits to the effect."),
        (math.nan, 0.2, ""),
    ],
)
def test_seen_from_the_band_of_a_figure(low: float, high: float, said: str) -> None:
    assert place(low, high, 0.11, BAND) == said


def test_a_band_on_the_logarithm_is_short() -> None:
    assert [short(math.log(end)) for end in (3, 5)] == ["1.1", "1.61"]
    assert place(1.2, 1.5, 1.0986, (math.log(3), math.log(5))) == (
        "The whole interval lies between 1.1 and 1.61, the band around the published figure."
    )
