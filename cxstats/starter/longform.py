"""Scores in long form: a column that names the score of each row, and a column with its value."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cxstats.starter import words
from cxstats.starter.profile import profile_of
from cxstats.starter.recognise import METRICS, Guess, recognise

_VALUES = ("value", "score", "answer", "rating", "response", "nilai", "skor", "jawaban")
_MOST = 12  # scores that a column may name


def long_scores(frame: Any, guesses: Sequence[Guess]) -> list[Guess]:
    """The scores that a column names, each with the rows of its own."""
    values = [g.name for g in guesses if " ".join(words.parts_of(g.name)) in _VALUES and g.profile.kind == "number"]
    if len(values) != 1:
        return []
    for naming in guesses:
        if naming.profile.kind == "text" and 2 <= len(naming.profile.levels) <= _MOST:
            found = _named(frame, naming, values[0])
            if found:
                return found
    return []


def _named(frame: Any, naming: Guess, values: str) -> list[Guess]:
    """The names among the texts that are those of scores, with values that can be."""
    found = []
    for text, _ in naming.profile.levels:
        guess = recognise(profile_of(str(text), frame[values][frame[naming.name] == text]))
        if guess.role in METRICS:
            found.append(replace(guess, column=values, naming=naming.name))
    return found
