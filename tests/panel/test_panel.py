"""Encounters: order, counts before and after against loops, every engine, and what is refused."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import cxstats as cx
from cxstats.errors import ColumnError, RoleError, ScaleError, TooFewError
from cxstats.numerics import ragged
from cxstats.panel.encounters import Encounters, encounters
from cxstats.panel.roles import EncounterRoles
from cxstats.simulate.encounters import encounters as simulated

STARS = cx.Rating("stars", cx.CSAT5)


def rows() -> pd.DataFrame:
    """Three customers: with perks, with one at once, with none; out of order."""
    return pd.DataFrame(
        {
            "who": ["b", "a", "b", "c", "a", "b", "c", "b"],
            "day": [3, 2, 1, 5, 1, 2, 4, 9],
            "perk": [1, 0, 0, 0, 1, 1, 0, 0],
            "stars": [5, 3, np.nan, 2, 4, 4, 1, 3],
            "town": ["x", "y", "x", "x", "y", "x", "x", "x"],
            "way": ["odd", "even", "odd", "odd", "even", "odd", "odd", "odd"],
        }
    )


def read(data: Any, **more: Any) -> Encounters:
    given: dict[str, Any] = {"customer": "who", "order": "day", "perk": "perk", "outcome": STARS} | more
    return encounters(data, EncounterRoles(**given))


def test_order_and_history_by_hand() -> None:
    found = read(rows(), cluster="town", schedule="way")
    assert found.customer.tolist() == ["a", "b", "c"]
    assert found.first.tolist() == [0, 2, 6, 8]
    assert found.time.tolist() == [1, 2, 1, 2, 3, 9, 4, 5]
    assert found.perk.tolist() == [True, False, False, True, True, False, False, False]
    assert found.earlier.tolist() == [0, 1, 0, 0, 1, 2, 0, 0]
    assert found.before.tolist() == [False, False, True, False, False, False, True, True]
    assert found.after.tolist() == [False, True, False, False, False, True, False, False]
    assert found.exposed.tolist() == [True, True, False]
    assert found.period.tolist() == [0, 1, 0, 1, 2, 3, 0, 1]
    assert found.n_periods == 4
    assert np.array_equal(
        found.outcome if found.outcome is not None else [], [4, 3, np.nan, 4, 5, 3, 1, 2], equal_nan=True
    )
    assert found.cluster.tolist() == [1, 0, 0]
    assert found.schedule is not None
    assert [found.schedules[i] for i in found.schedule] == ["even", "odd", "odd"]
    assert str(found) == repr(found) == "Encounters: 8 rows of 3 customers · 3 perks, 2 customers with one or more"


def test_scales_on_which_up_is_bad_are_turned() -> None:
    found = read(rows(), outcome=cx.Rating("stars", cx.EFFORT5))
    assert found.outcome is not None
    assert found.outcome[:2].tolist() == [2, 3]


def test_every_engine_gives_the_same(engine: Callable[[pa.Table], Any]) -> None:
    found = read(rows(), cluster="town")
    other = read(
        engine(pa.Table.from_pandas(rows().sample(frac=1, random_state=1), preserve_index=False)), cluster="town"
    )
    for name in ("customer", "first", "time", "perk", "outcome", "period", "cluster"):
        one, two = getattr(found, name), getattr(other, name)
        assert np.array_equal(one, two, equal_nan=name == "outcome"), name


def test_days_are_brought_into_order_and_may_be_the_period() -> None:
    dated = rows().assign(day=pd.to_datetime("2024-01-01") + pd.to_timedelta(rows().day, unit="D"))
    found = read(dated, period="day")
    assert found.customer.tolist() == ["a", "b", "c"]
    assert (np.diff(found.time)[[0, 2, 3, 4, 6]] > 0).all()
    assert found.n_periods == 6
    assert found.period.tolist() == [0, 1, 0, 1, 2, 5, 3, 4]


def test_ragged_rows_against_loops() -> None:
    draw = np.random.default_rng(1)
    first = np.concatenate([[0], np.cumsum(draw.integers(1, 6, 40))])
    values, marked = draw.normal(size=first[-1]), draw.random(first[-1]) < 0.3
    known: dict[str, list[float]] = {name: [] for name in ("position", "later", "before", "after", "next", "last")}
    firsts, lasts, totals = [], [], []
    for i in range(40):
        own, on = values[first[i] : first[i + 1]], np.flatnonzero(marked[first[i] : first[i + 1]])
        for t in range(len(own)):
            known["position"].append(t)
            known["later"].append(len(own) - 1 - t)
            known["before"].append(sum(own[:t]))
            known["after"].append(sum(own[t + 1 :]))
            known["next"].append(own[t + 1] if t + 1 < len(own) else np.nan)
            known["last"].append(own[t - 1] if t else np.nan)
        firsts.append(on[0] if len(on) else len(own))
        lasts.append(on[-1] if len(on) else -1)
        totals.append(own.sum())
    found = {
        "position": ragged.position(first),
        "later": ragged.later(first),
        "before": ragged.sum_before(first, values),
        "after": ragged.sum_after(first, values),
        "next": ragged.following(first, values),
        "last": ragged.previous(first, values),
    }
    for name, expected in known.items():
        assert found[name] == pytest.approx(np.array(expected), abs=1e-12, nan_ok=True), name
    assert ragged.first_marked(first, marked).tolist() == firsts
    assert ragged.last_marked(first, marked).tolist() == lasts
    assert ragged.sums(first, values) == pytest.approx(np.array(totals), abs=1e-12)


REFUSED: list[tuple[pd.DataFrame, dict[str, Any], type[Exception], str]] = [
    (
        rows().assign(who=["b", "a", None, "c", "a", "b", "c", "b"]),
        {},
        ColumnError,
        (
            "'who' must name a customer in every row, but 1 of 8 rows holds nothing.\n"
            "Drop those rows, or fill in what they belong to."
        ),
    ),
    (
        rows().assign(day=[3, 2, np.nan, 5, 1, 2, 4, np.nan]),
        {},
        ColumnError,
        (
            "'day' must say when the encounter was in every row, but 2 of 8 rows hold nothing.\n"
            "Drop those rows, or fill in what they belong to."
        ),
    ),
    (
        rows().assign(perk=[1, 0, 0, np.nan, 1, 1, 0, 0]),
        {},
        ColumnError,
        (
            "'perk' must say whether the perk was given in every row, but 1 of 8 rows holds nothing.\n"
            "Fill in 0 where none was given: how many came earlier must be known of every encounter."
        ),
    ),
    (
        rows().assign(perk=[1, 2, 0, 0, 1, 3, 0, 0]),
        {},
        ColumnError,
        (
            "'perk' must hold 0 and 1 (or false and true), but 2 of 8 rows do not: '2', '3'.\n"
            "Recode it: 1 where the perk was given."
        ),
    ),
    (
        rows().assign(day=[1, 2, 1, 4, 1, 2, 4, 9]),
        {},
        ColumnError,
        (
            "The encounters of a customer must have times of their own, but for 2 of 3 customers 'day' holds the same "
            "time more than once: 'b', 'c'.\nDrop what is doubled, or give the time more exactly."
        ),
    ),
    (
        rows().assign(day=[3, 2, np.inf, 5, 1, 2, 4, 9]),
        {},
        ColumnError,
        "'day' must hold finite numbers, but 1 of 8 rows holds an infinite one.\nDrop those rows.",
    ),
    (
        rows().assign(stars=[5, 3, np.nan, 6, 4, 4, 0, 3]),
        {},
        ScaleError,
        (
            "'stars' must hold whole numbers 1 to 5 (CSAT), but 2 of 8 rows do not: 0 (1 row), 6 (1 row).\n"
            'Recode or drop them, or pass outcome=Rating("stars", Scale(0, 6)).'
        ),
    ),
    (
        rows().assign(stars=[5, 3, np.nan, -np.inf, 4, 4, 0, 3]),
        {"outcome": cx.Continuous("stars")},
        ColumnError,
        "'stars' must hold finite numbers, but 1 of 8 rows holds an infinite one.\nSet those values to missing.",
    ),
    (
        rows(),
        {"customer": "way", "cluster": "who", "order": "stars", "outcome": cx.Continuous("day")},
        ColumnError,
        (
            "'stars' must say when the encounter was in every row, but 1 of 8 rows holds nothing.\n"
            "Drop those rows, or fill in what they belong to."
        ),
    ),
    (
        rows().assign(town=["x", "y", "x", "x", "y", "y", "x", "x"]),
        {"cluster": "town"},
        ColumnError,
        (
            "'town' must hold one value per customer, but for 1 of 3 customers it changes: 'b'.\n"
            "Settle on one value per customer first."
        ),
    ),
    (
        rows(),
        {"perk": "perks"},
        ColumnError,
        (
            "'perks' is not a column of the data, which holds 'who', 'day', 'perk', 'stars', 'town', 'way'.\n"
            "Nearest to 'perks': 'perk'."
        ),
    ),
    (
        rows().assign(stars=["n/a"] * 8),
        {},
        ColumnError,
        (
            "'stars' must hold numbers, but it holds text: 'n/a' (8 rows).\n"
            "Recode it to numbers first; a score that was not given is a missing value."
        ),
    ),
    (
        rows().head(0),
        {},
        TooFewError,
        "At least one encounter is needed, but the data hold no rows.",
    ),
]


@pytest.mark.parametrize(("data", "more", "error", "message"), REFUSED, ids=[one[3][:40] for one in REFUSED])
def test_bad_rows_are_refused_in_full(
    data: pd.DataFrame, more: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        read(data, **more)


def test_too_many_periods_are_refused() -> None:
    data = simulated(3, rng=1, visits=1_001)
    message = (
        "Every period has an effect of its own, so that there may be 1,000 at most, but there are 1,001 encounters of "
        "one customer.\nPass period= with a column of longer periods, such as months or quarters."
    )
    roles = EncounterRoles(customer="customer", order="visit", perk="perk", outcome=cx.Continuous("rating"))
    with pytest.raises(TooFewError, match=f"^{re.escape(message)}$"):
        encounters(data, roles)


ROLES_REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"customer": 3}, "customer must be the name of a column, but 3 was given."),
    ({"period": 3}, "period must be the name of a column, but 3 was given."),
    ({"cluster": "who"}, "A column can have one role only, but 'who' has more.\nName another column."),
    (
        {"outcome": "stars"},
        (
            "outcome must be a Rating or a Continuous outcome, but 'stars' was given.\n"
            'Pass for example outcome=cx.Rating("stars", cx.CSAT5).'
        ),
    ),
    (
        {"expectation": cx.Binary("stars")},
        (
            "expectation must be a Rating or a Continuous outcome, but Binary('stars') was given.\n"
            'Pass for example expectation=cx.Rating("stars", cx.CSAT5).'
        ),
    ),
]


@pytest.mark.parametrize(("more", "message"), ROLES_REFUSED, ids=[str(more) for more, _ in ROLES_REFUSED])
def test_roles_that_cannot_be_are_refused(more: dict[str, Any], message: str) -> None:
    message = message.replace("Binary('stars')", repr(cx.Binary("stars")))
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        read(rows(), **more)


def test_what_is_no_data_is_refused() -> None:
    with pytest.raises(RoleError, match=r"^data must be a dataframe .* but dict was given\.\nRead a file with"):
        read({"who": [1, 2]})
