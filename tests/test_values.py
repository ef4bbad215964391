"""What the values of a column must be: the full message, on every engine."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import cxstats as cx
from cxstats.errors import ColumnError, OffScaleError, ScaleError

INF = float("inf")


def message_of(data: Any, error: type[Exception], **roles: Any) -> str:
    with pytest.raises(error) as caught:
        cx.tally(data, **roles)
    return str(caught.value)


def test_a_violated_scale_against_the_full_message(engine: Callable[[pa.Table], Any]) -> None:
    nps = [11] * 200 + [-1] * 14 + [9] * 49_785 + [None]
    table = pa.table({"nps": pa.array(nps, pa.int8())})
    assert message_of(engine(table), ScaleError, metrics={"nps": cx.NPS}) == (
        "'nps' must hold whole numbers 0 to 10 (NPS), but 214 of 50,000 rows do not: 11 (200 rows), -1 (14 rows)."
        '\nRecode or drop them, or pass metrics={"nps": Scale(-1, 11)}.'
    )


SCALES: list[tuple[list[float], cx.Scale, str]] = [
    (
        [0, 5, 3],
        cx.EFFORT5,
        (
            "'x' must hold whole numbers 1 to 5 (CES 1.0), but 1 of 3 rows does not: 0 (1 row)."
            '\nRecode or drop them, or pass metrics={"x": Scale(0, 5, higher_is_better=False)}.'
        ),
    ),
    (
        [2.5, 5, 3],
        cx.CSAT5,
        (
            "'x' must hold whole numbers 1 to 5 (CSAT), but 1 of 3 rows does not: 2.5 (1 row)."
            '\nRecode or drop them, or pass metrics={"x": Scale(1, 5, whole=False)}.'
        ),
    ),
    (
        [0.5, 1.25, 1.25],
        cx.Scale(0, 1, whole=False),
        (
            "'x' must hold numbers 0 to 1 (its scale), but 2 of 3 rows do not: 1.25 (2 rows)."
            '\nRecode or drop them, or pass metrics={"x": Scale(0, 1.25, whole=False)}.'
        ),
    ),
    (
        [11, 12, 13, 14, 15, 16, 99, 99],
        cx.NPS,
        (
            "'x' must hold whole numbers 0 to 10 (NPS), but 8 of 8 rows do not: 99 (2 rows), 11 (1 row), 12 (1 row), "
            "13 (1 row), 14 (1 row) and 2 more values."
            '\nRecode or drop them, or pass metrics={"x": Scale(0, 99)}.'
        ),
    ),
]


@pytest.mark.parametrize(("values", "scale", "message"), SCALES)
def test_violated_scales(values: list[float], scale: cx.Scale, message: str) -> None:
    assert message_of(pd.DataFrame({"x": values}), ScaleError, metrics={"x": scale}) == message


def test_the_scale_that_is_proposed_is_accepted() -> None:
    cx.tally(pd.DataFrame({"x": [2.5, 0, 3]}), metrics={"x": cx.Scale(0, 5, higher_is_better=False, whole=False)})


def test_text_in_a_numeric_column_against_the_full_message(engine: Callable[[pa.Table], Any]) -> None:
    table = pa.table({"nps": ["9", "9", "n/a", None, "a\nb", "x" * 100, ""]})
    expected = (
        f"'nps' must hold numbers, but it holds text: '' (1 row), 'a\\nb' (1 row), 'n/a' (1 row), "
        f"'{'x' * 40}…' (1 row)."
        "\nRecode it to numbers first; a score that was not given is a missing value."
    )
    assert message_of(engine(table), ColumnError, metrics={"nps": cx.NPS}) == expected
    for roles in ({"outcome": cx.Binary("nps")}, {"disconfirmation": "nps"}, {"weight": "nps", "strata": []}):
        assert message_of(engine(table), ColumnError, **roles) == expected


def test_numbers_spelt_as_text_are_not_cast_in_silence() -> None:
    frame = pd.DataFrame({"nps": ["9", "10", None]})
    message = "'nps' must hold numbers, but it holds numbers spelt as text.\nCast it to numbers first."
    assert message_of(frame, ColumnError, metrics={"nps": cx.NPS}) == message


OTHERS: list[tuple[dict[str, Any], list[float], str]] = [
    (
        {"metrics": {"x": cx.Scale(0, 1, whole=False)}},
        [INF, 1],
        "'x' must hold finite numbers, but 1 of 2 rows does not: inf (1 row).\nSet those values to missing.",
    ),
    (
        {"controls": ["x"]},
        [INF, -INF, -INF],
        (
            "'x' must hold finite numbers, but 3 of 3 rows do not: -inf (2 rows), inf (1 row)."
            "\nSet those values to missing."
        ),
    ),
    (
        {"outcome": cx.Binary("x")},
        [1, 2, 2, None],
        "The outcome 'x' must hold 0 and 1, but 2 of 4 rows do not: 2 (2 rows).\nRecode it to 0 and 1.",
    ),
    (
        {"outcome": cx.Survival("t", "x")},
        [1, 0.5],
        "The outcome 'x' must hold 0 and 1, but 1 of 2 rows does not: 0.5 (1 row).\nRecode it to 0 and 1.",
    ),
    (
        {"outcome": cx.Survival("x", "e")},
        [2, -1, -1],
        (
            "The time 'x' must hold numbers from 0 up, but 2 of 3 rows do not: -1 (2 rows)."
            "\nCheck its dates, or drop them."
        ),
    ),
    (
        {"outcome": cx.Survival("x", "e", entry="t")},
        [2, 1, 0],
        (
            "The time 'x' must lie above 't', from which on the customer was watched, but 2 of 3 rows do not: for "
            "example 0 with 1.\nDrop customers who were never watched, or check how the two were computed."
        ),
    ),
    (
        {"outcome": cx.Count("x")},
        [1, 0.5, -1],
        "'x' must hold whole numbers from 0 up, but 2 of 3 rows do not: -1 (1 row), 0.5 (1 row).\nRecode or drop them.",
    ),
    (
        {"weight": "x"},
        [1, 0, -0.25],
        "The weight 'x' must hold numbers from 0 up, but 1 of 3 rows does not: -0.25 (1 row).\nDrop those rows.",
    ),
]


@pytest.mark.parametrize(("roles", "values", "message"), OTHERS)
def test_other_values_that_cannot_be(roles: dict[str, Any], values: list[float], message: str) -> None:
    frame = pd.DataFrame({"x": values, "t": 1.0, "e": 1})
    assert message_of(frame, ColumnError, **roles) == message


def test_a_rating_off_its_scale() -> None:
    frame = pd.DataFrame({"stars": [6, 5, 1]})
    assert message_of(frame, ScaleError, outcome=cx.Rating("stars", cx.CSAT5)) == (
        "'stars' must hold whole numbers 1 to 5 (CSAT), but 1 of 3 rows does not: 6 (1 row)."
        '\nRecode or drop them, or pass outcome=Rating("stars", Scale(1, 6)).'
    )


def test_values_that_can_be_are_accepted() -> None:
    frame = pd.DataFrame({"spend": [-1.5, 2e6, np.nan], "weight": [0, 1, 2.5], "shop": ["a", None, "c"]})
    assert cx.tally(frame, outcome=cx.Continuous("spend"), weight="weight", strata=["shop"]).n == 3


def test_scores_off_their_scale_carry_their_parts() -> None:
    """What a command and a study file need to say it in their own words."""
    frame = pd.DataFrame({"nps": [11, 99, 99, 5]})
    with pytest.raises(OffScaleError, match="Recode or drop them, or pass") as caught:
        cx.tally(frame, metrics={"nps": cx.NPS})
    error = caught.value
    assert (error.column, error.codes, error.wider) == ("nps", "11, 99", (0.0, 99.0))
    assert (error.high_is_good, error.whole) == (True, True)
    assert error.in_study() == (
        "'nps' must hold whole numbers 0 to 10 (NPS), but 3 of 4 rows do not: 99 (2 rows), 11 (1 row).\nName such "
        "codes as missing (missing = [11, 99] of the metric or outcome), correct them, or declare a scale that holds "
        "them: 0 to 99."
    )
    with pytest.raises(OffScaleError, match="must hold whole numbers 1 to 5") as halves:
        cx.tally(pd.DataFrame({"effort": [1.5, 2.0]}), metrics={"effort": cx.EFFORT5})
    assert (halves.value.high_is_good, halves.value.whole) == (False, False)
    assert halves.value.in_study().endswith("declare a scale that holds them: 1 to 5, with whole = false.")
