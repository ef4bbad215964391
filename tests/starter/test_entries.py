"""Whatever a name holds, the file reads back as it was meant: against tomllib."""

import tomllib
from typing import Any

import pytest

from cxstats.starter.entries import (
    Question,
    Remark,
    Section,
    Setting,
    literal,
    open_questions,
    rendered,
    told,
    told_all,
)

NASTY = [
    'quote " and \\ backslash',
    "line\nbreak",
    "return\r\n[study]\r\nevidence = 'real'",
    "tab\tnull\x00bell\x07delete\x7f",
    "next\x85line\u2028separator\u2029paragraph",
    "right\u202eto\u202cleft \u2066isolate\u2069 mark\u200f",
    "kepuasan pelanggan \u2013 \u0631\u0636\u0627 \U0001f600",
    '"""',
    "'''",
    "# comment",
    "] = 1",
    "a.b",
    "",
    " ",
]


@pytest.mark.parametrize("name", NASTY)
def test_names_and_values_against_tomllib(name: str) -> None:
    section = Section(
        ("metric", name),
        (
            Setting("column", name, f"the name says {told(name)}"),
            Setting("labels", {name: 1, "other": 2.5}),
            Setting("list", [name, 1, True]),
            Question(f"What is {told(name)}?", (("good", f"1 or {name}"),)),
            Remark(f"Not used: {told(name)}"),
        ),
    )
    text = rendered([section])
    assert tomllib.loads(text) == {
        "metric": {name: {"column": name, "labels": {name: 1, "other": 2.5}, "list": [name, 1, True]}}
    }
    assert all(character == "\n" or character.isprintable() for character in text)
    assert not {"\u202e", "\u2066", "\u200f", "\u2028"} & set(text)
    comments = [line for line in text.splitlines() if not line.startswith(("[", "column", "labels", "list"))]
    assert all(line.startswith("#") for line in comments)


@pytest.mark.parametrize("value", [True, False, 0, -1, 0.5, 1e300, "x", [], [[1, "a"]], {}])
def test_values_against_tomllib(value: Any) -> None:
    assert tomllib.loads(f"x = {literal(value)}")["x"] == value


def test_a_section_reads_from_what_is_known_to_what_is_asked() -> None:
    section = Section(
        ("outcome", "churn"), (Question("Which?", (("good", "1 or 0"),)), Setting("column", "churn", "named so"))
    )
    assert rendered([section, Section((), (Remark("The end."),))]) == (
        '[outcome.churn]\ncolumn = "churn"  # guess: named so\n# QUESTION 1: Which?\n# good = ?   # 1 or 0\n'
        "\n# The end.\n"
    )
    assert [(q.number, q.paths, q.text) for q in open_questions([section])] == [(1, ("outcome.churn.good",), "Which?")]


def test_long_names_and_long_lists_are_cut() -> None:
    assert told("x" * 100) == "'" + "x" * 57 + "...'"
    assert told_all(["a", "b", "c"], limit=2) == "'a', 'b' and 1 more"
