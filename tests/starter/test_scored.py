"""Codes of no answer and texts of scales against what survey programs write."""

from typing import Any

import pandas as pd
import pytest

from cxstats.starter.profile import MOST_LEVELS, profile_of
from cxstats.starter.scored import Scored, scored


def of(values: list[Any]) -> Scored:
    found = scored(profile_of("x", pd.Series(values)))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("values", "missing", "low", "high"),
    [
        ([*range(11), 98, 99], (98, 99), 0, 10),
        ([1, 2, 3, 4, 5, -1, -99], (-99, -1), 1, 5),
        ([1, 2, 3, 4, 5, 0], (), 0, 5),  # 0 may be an answer
        ([*range(12)], (), 0, 11),  # 11 is no known code
        ([-3, -2, -1, 0, 1, 2, 3], (), -3, 3),  # a scale around 0 has no codes
        ([*range(0, 101, 10), 99], (), 0, 100),  # nor has a long one
        ([99, 98], (), 98, 99),
        (["1", "2", "5", "Don't know"], ("Don't know",), 1, 5),
        (["1", "2", "5", "99", "Tidak tahu"], (99, "Tidak tahu"), 1, 5),
    ],
)
def test_codes_against_a_person(values: list[Any], missing: tuple[Any, ...], low: float, high: float) -> None:
    found = of(values)
    assert (found.missing, found.low, found.high) == (missing, low, high)


AGREE = ["Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"]
SEVEN = ["Strongly disagree", "Disagree", "Somewhat disagree", "Neutral", "Somewhat agree", "Agree", "Strongly agree"]


@pytest.mark.parametrize(
    "texts",
    [
        AGREE,
        SEVEN,
        ["Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"],
        ["very difficult", "difficult", "neutral", "easy", "very easy"],
        ["Sangat tidak puas", "Tidak puas", "Netral", "Puas", "Sangat puas"],
        ["Sangat tidak setuju", "Tidak setuju", "Ragu-ragu", "Setuju", "Sangat setuju"],
        ["Sangat sulit", "Sulit", "Biasa saja", "Mudah", "Sangat mudah"],
        ["Sangat buruk", "Buruk", "Cukup", "Baik", "Sangat baik"],
        ["Poor", "Fair", "Good", "Very good", "Excellent"],
        ["1 - worst", "2 - bad", "3 - so so", "4 - good", "5 - best"],
        ["tidak", "ya"],
    ],
)
def test_texts_in_their_order(texts: list[str]) -> None:
    first = 0 if len(texts) == 2 else 1
    found = of(texts[::-1] * 3)
    assert found.labels == {text: place for place, text in enumerate(texts, start=first)}
    assert list(found.labels) == texts
    assert found.unread == ()


def test_an_answer_that_nobody_gave_leaves_a_gap() -> None:
    assert of(["Disagree", "Strongly agree", "Agree"] * 3).labels == {"Disagree": 2, "Agree": 4, "Strongly agree": 5}


def test_unknown_words_stay_unread() -> None:
    found = of(["meh", "wow", "Agree"] * 4)
    assert (found.unread, found.labels, found.tellable) == (("Agree", "meh", "wow"), {}, True)


@pytest.mark.parametrize(
    "texts",
    [
        [f"text {i}" for i in range(13)] * 3,  # too many
        ["a", "b", "c"],  # each once: it may be what a person wrote
        ["a", "so long that it is an opinion and not the name of an answer, is it not?"] * 9,
    ],
)
def test_free_text_is_not_told(texts: list[str]) -> None:
    assert not of(texts).tellable


def test_dates_nothing_and_long_scales_are_no_scores() -> None:
    for values in (list(pd.date_range("2018-01-01", periods=3)), [None, None], list(range(MOST_LEVELS + 1))):
        assert scored(profile_of("x", pd.Series(values))) is None
    assert scored(profile_of("x", pd.Series([1, "a"], dtype=object))) is None
    assert scored(profile_of("x", pd.Series([" ", "-"]))) is None
