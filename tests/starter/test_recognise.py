"""Columns against what a person would take them for."""

from typing import Any

import pandas as pd
import pytest

from cxstats.starter.profile import profile_of
from cxstats.starter.recognise import Guess, recognise
from cxstats.starter.words import parts_of

TEN, FIVE, SEVEN = list(range(11)) * 3, [1, 2, 3, 4, 5] * 6, [1, 2, 3, 4, 5, 6, 7] * 5
BIT, MONEY = [0, 1, 1] * 10, [0.5 + i for i in range(30)]


def guessed(name: str, values: list[Any]) -> Guess:
    return recognise(profile_of(name, pd.Series(values)))


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("nps", TEN, "nps"),
        ("NPS Score", TEN, "nps"),
        ("Q1_NPS", TEN, "nps"),
        ("NETPRO", TEN, "nps"),
        ("likelihood_to_recommend", TEN, "nps"),
        ("LTR", TEN, "nps"),
        ("rekomendasi", TEN, "nps"),
        ("csat", FIVE, "csat"),
        ("Satisfaction Score", FIVE, "csat"),
        ("overall_rating", FIVE, "csat"),
        ("rating", FIVE, "csat"),
        ("kepuasan", FIVE, "csat"),
        ("kepuasan_pelanggan", SEVEN, "csat"),
        ("ces", SEVEN, "ces"),
        ("customerEffort", FIVE, "ces"),
        ("ease", SEVEN, "ces"),
        ("upaya", FIVE, "ces"),
        ("kemudahan", SEVEN, "ces"),
        ("churn", BIT, "binary"),
        ("Churn Value", BIT, "binary"),
        ("cancelled", [True, False] * 9, "binary"),
        ("berhenti", ["ya", "tidak"] * 9, "binary"),
        ("beli_ulang", BIT, "binary"),
        ("repurchase", ["Yes", "No"] * 9, "binary"),
        ("recommended", BIT, "binary"),
        ("repurchase_intention", SEVEN, "rating"),
        ("niat_beli_ulang", FIVE, "rating"),
        ("orders", TEN, "count"),
        ("pesanan", TEN, "count"),
        ("belanja", MONEY, "continuous"),
        ("Total Revenue", MONEY, "continuous"),
        ("customer_id", list(range(30)), "key"),
        ("pelanggan", list(range(30)), "key"),
        ("version", ["ces1", "ces2"] * 9, "version"),
        ("answered_at", list(pd.date_range("2018-01-01", periods=9)), "time"),
        # what sounds like it and is not
        ("nps_comment", ["fine", "slow", "cold"] * 9, "other"),
        ("satisfaction_date", list(pd.date_range("2018-01-01", periods=9)), "time"),
        ("nps_group", ["promoter", "passive"] * 9, "other"),
        ("life_satisfaction", list(range(30)), "other"),
        ("overall_arousal", FIVE, "other"),
        ("prior_orders", TEN, "other"),
        ("last_spend", MONEY, "other"),
        ("churn_reason", ["price", "move"] * 9, "other"),
        ("recently", BIT, "other"),  # a part of a word is no word
        ("csatellite", FIVE, "other"),
        ("empty", [None] * 9, "other"),
        # what its name says, and its values cannot be
        ("churn score", MONEY, "unusable"),
        ("satisfied", BIT, "unusable"),
        ("nps", ["so long a text that nobody would give it twice"] * 2 + list("abcdefghijklmnop"), "unusable"),
    ],
)
def test_columns_against_a_person(name: str, values: list[Any], role: str) -> None:
    assert guessed(name, values).role == role


def test_why_a_column_is_not_used() -> None:
    told: dict[str, list[Any]] = {
        "churn": [1, 2] * 9,
        "satisfied": BIT,
        "csat": [f"opinion {i}" for i in range(40)],
        "stars": [4] * 9,
    }
    assert {name: guessed(name, values).why for name, values in told.items()} == {
        "churn": "it holds 1, 2, where 0 and 1 are needed",
        "satisfied": "it holds 0 and 1 only",
        "csat": "it holds 40 different texts that stand for no number known here",
        "stars": "it holds one value only",
    }


def test_names_in_words() -> None:
    assert parts_of("Q7ALL") == ["q", "7", "all"]
    assert parts_of("RecordedDate") == ["recorded", "date"]
    assert parts_of("q7_check-in") == ["q", "7", "check", "in"]
    assert parts_of("") == []
