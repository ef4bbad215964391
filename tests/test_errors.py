"""Errors and the warning: one tree, and messages that do not grow with the data."""

import warnings

import pytest

from cxstats import errors
from cxstats.errors import CxStatsError, CxStatsWarning, listed, number, rows, unknown_column, warn


def test_every_error_is_a_cxstats_error_and_a_value_error() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CxStatsError)]
    assert len(kinds) >= 8
    assert all(issubclass(kind, ValueError) for kind in kinds if kind is not CxStatsError)


def test_listed_is_cut() -> None:
    assert listed(["a"]) == "'a'"
    assert listed(range(9), limit=8) == "'0', '1', '2', '3', '4', '5', '6', '7' and 1 more"
    assert listed(range(2000), limit=1) == "'0' and 1,999 more"


@pytest.mark.parametrize(("n", "text"), [(0, "0 rows"), (1, "1 row"), (12_345, "12,345 rows")])
def test_rows(n: int, text: str) -> None:
    assert rows(n) == text


@pytest.mark.parametrize(("value", "text"), [(3.0, "3"), (0.1, "0.1"), (1_234_567.0, "1234567"), (-2.5, "-2.5")])
def test_number(value: float, text: str) -> None:
    assert number(value) == text


def test_unknown_column_names_the_nearest() -> None:
    assert str(unknown_column(["npss"], ["nps", "csat"])) == (
        "'npss' is not a column of the data, which holds 'nps', 'csat'.\nNearest to 'npss': 'nps'."
    )
    assert str(unknown_column(["x"], [], "the table")) == "'x' is not a column of the table, which holds none."
    many = str(unknown_column(["x"], [f"column_{i}" for i in range(500)]))
    assert many.endswith("'column_19' and 480 more.")


def test_warn_points_at_the_caller() -> None:
    with pytest.warns(CxStatsWarning, match="^few clusters$") as caught:
        told = warn("few clusters")
    assert told == "few clusters"
    assert caught[0].filename == __file__


def test_warn_can_be_silenced_by_category() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CxStatsWarning)
        assert warn("quiet") == "quiet"
