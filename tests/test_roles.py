"""Roles and outcomes: a direction is always declared, and a column plays one part."""

import re
from typing import Any

import pytest

import cxstats as cx
from cxstats.errors import RoleError
from cxstats.roles import Outcome, Roles, outcome_columns
from cxstats.roles_json import roles_from_json, roles_to_json

OUTCOMES: list[tuple[Outcome, tuple[str, ...], str]] = [
    (cx.Binary("left", good=0), ("left",), "Binary(column='left', good=0)"),
    (cx.Binary("back", kind="intention"), ("back",), "Binary(column='back', kind='intention')"),
    (cx.Continuous("spend"), ("spend",), "Continuous(column='spend')"),
    (cx.Count("tickets", good="low", after=True), ("tickets",), "Count(column='tickets', good='low', after=True)"),
    (cx.Survival("days", "left"), ("days", "left"), "Survival(time='days', event='left')"),
    (
        cx.Survival("days", "left", entry="since"),
        ("days", "left", "since"),
        "Survival(time='days', event='left', entry='since')",
    ),
]


@pytest.mark.parametrize(("outcome", "columns", "text"), OUTCOMES)
def test_outcomes(outcome: Outcome, columns: tuple[str, ...], text: str) -> None:
    assert outcome_columns(outcome) == columns
    assert str(outcome) == text
    roles = Roles(outcome=outcome, metrics={"nps": cx.NPS, "ces": cx.EFFORT5}, strata=("a", "b"), weight="w")
    assert roles_from_json(roles_to_json(roles)) == roles
    assert roles.keys == tuple(sorted([*columns, "nps", "ces", "a", "b", "w"]))


def test_roles_of_a_rating_and_of_nothing() -> None:
    roles = Roles(outcome=cx.Rating("stars", cx.CSAT5), disconfirmation="gap", cluster="firm", count="n")
    assert roles_from_json(roles_to_json(roles)) == roles
    assert roles.numeric == ("stars", "gap")
    assert roles.keys == ("firm", "gap", "stars")
    assert outcome_columns(None) == Roles().keys == ()
    assert Roles().declared() == {}


NO_OUTCOME = (
    "outcome must say what it is and which value is good, but {!r} was given."
    '\nPass for example outcome=cx.Binary("repurchase", good=1) or cx.Binary("churned", good=0).'
)
LIST = "controls must be a list of column names, but {} was given."
REFUSED: dict[str, tuple[Any, str]] = {
    "no direction": (lambda: Roles(outcome="churned"), NO_OUTCOME.format("churned")),  # type: ignore[arg-type]
    "a class": (lambda: Roles(outcome=cx.Binary), NO_OUTCOME.format(cx.Binary)),  # type: ignore[arg-type]
    "good": (
        lambda: cx.Binary("x", good=2),
        "good must say what is good for the firm, 1 or 0, not 2.",
    ),
    "good end": (
        lambda: cx.Continuous("x", good="up"),  # type: ignore[arg-type]
        "good must say what is good for the firm, 'high' or 'low', not 'up'.",
    ),
    "good event": (
        lambda: cx.Survival("t", "e", good="low"),  # type: ignore[arg-type]
        "good must say what is good for the firm, 1 or 0, not 'low'.",
    ),
    "kind": (
        lambda: cx.Binary("x", kind="wish"),  # type: ignore[arg-type]
        "An outcome's kind must be 'behaviour', 'intention' or 'attitude', not 'wish'.",
    ),
    "column": (lambda: cx.Binary(1), "The column of an outcome must be the name of a column, not 1."),  # type: ignore[arg-type]
    "no event": (lambda: cx.Survival("t", None), "The event of an outcome must be the name of a column, not None."),  # type: ignore[arg-type]
    "starts": (lambda: cx.Count("x", starts=3), "The starts of an outcome must be the name of a column, not 3."),  # type: ignore[arg-type]
    "no scale": (
        lambda: cx.Rating("stars", "CSAT5"),  # type: ignore[arg-type]
        "A rating needs its scale, but 'CSAT5' was given.\nPass Rating(\"stars\", cx.CSAT5).",
    ),
    "a text": (lambda: Roles(controls="age"), LIST.format("'age'") + "\nPass controls=['age']."),  # type: ignore[arg-type]
    "a number": (lambda: Roles(controls=5), LIST.format("5")),  # type: ignore[arg-type]
    "numbers": (lambda: Roles(controls=[5]), LIST.format("[5]")),  # type: ignore[arg-type]
    "cluster": (lambda: Roles(cluster=["a"]), "cluster must be the name of a column, but ['a'] was given."),  # type: ignore[arg-type]
    "no name": (
        lambda: Roles(strata=("",)),
        "Every role needs the name of a column, but one was given an empty name.",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_role_is_refused(kind: str) -> None:
    make, message = REFUSED[kind]
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        make()


TWICE: list[dict[str, Any]] = [
    {"metrics": {"a": cx.NPS}, "outcome": cx.Binary("a")},
    {"metrics": {"a": cx.NPS}, "controls": ("a",)},
    {"controls": ("a", "a")},
    {"cluster": "a", "weight": "a"},
    {"strata": ("a",), "cluster": "a"},
    {"metrics": {"a": cx.NPS}, "count": "a"},
    {"disconfirmation": "a", "outcome": cx.Count("a")},
    {"outcome": cx.Survival("a", "a")},
]


@pytest.mark.parametrize("roles", TWICE, ids=str)
def test_a_column_plays_one_part(roles: dict[str, Any]) -> None:
    message = (
        "A column must play one part, but 'a' was given more than one of: outcome, metric, control, disconfirmation, "
        "strata, cluster, weight, count."
    )
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        Roles(**roles)


def test_lists_may_be_any_iterable() -> None:
    assert Roles(controls=(c for c in "ab")).controls == ("a", "b")  # type: ignore[arg-type]


def test_an_attitude_is_neither_intention_nor_behaviour() -> None:
    assert cx.Rating("glad", cx.CSAT5, kind="attitude").kind == "attitude"
