"""Moments: an experience, a time within it, and what was felt then; found by names and checked on the rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from cxstats.starter import words
from cxstats.starter.recognise import Guess, is_person
from cxstats.starter.words import said

_FEWEST = 3  # moments of an experience, on average
_KINDS = ("number", "text")


@dataclass(frozen=True)
class Moments:
    """The columns of the moments of a table."""

    sequence: tuple[str, ...]
    order: str
    value: str
    low: float
    high: float
    length: float  # moments of an experience, on average
    overall: str | None
    person: str | None
    overall_table: str | None = None  # where it is another one

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that mean nothing outside of a moment."""
        own = None if self.overall_table is not None else self.overall
        return tuple(name for name in (*self.sequence, self.order, self.value, own) if name is not None)


def moments_of(frame: Any, guesses: Sequence[Guess]) -> Moments | None:
    """The first choice of columns in which no experience has two moments at one time."""
    orders = [g for g in guesses if g.profile.kind in ("number", "date") and said(g.name, words.ORDER) and _varies(g)]
    felt = [
        g for g in guesses if g.profile.kind == "number" and said(g.name, words.FELT) and g.role in ("other", "csat")
    ]
    felt = [g for g in felt if said(g.name, words.ORDER) is None and g.profile.distinct > 2]
    if not orders or not felt:
        return None
    for sequence in _sequences(guesses):
        for order in orders:
            if order.name not in sequence and _in_order(frame, list(sequence), order.name):
                return _made(frame, guesses, sequence, order, felt[0])
    return None


def _varies(guess: Guess) -> bool:
    return guess.profile.distinct >= _FEWEST and guess.profile.n_missing == 0


def _sequences(guesses: Sequence[Guess]) -> list[tuple[str, ...]]:
    """What may name an experience: one column, or a person and one."""
    named = [g for g in guesses if g.profile.kind in _KINDS and g.profile.n_missing == 0 and _repeats(g)]
    visits = [g.name for g in named if said(g.name, words.SEQUENCE)]
    people = [g.name for g in named if is_person(g.profile)]
    pairs = [(person, visit) for person in people for visit in visits if person != visit]
    return [*((visit,) for visit in visits), *pairs, *((person,) for person in people), *combinations(people, 2)]


def _repeats(guess: Guess) -> bool:
    return 2 <= guess.profile.distinct <= guess.profile.present / 2


def _in_order(frame: Any, sequence: list[str], order: str) -> bool:
    """Whether each row is a moment of its own, and experiences have several."""
    if frame.duplicated([*sequence, order]).any():
        return False
    return len(frame) >= _FEWEST * len(frame[sequence].drop_duplicates())


def _made(
    frame: Any, guesses: Sequence[Guess], sequence: tuple[str, ...], order: Guess, value: Guess
) -> Moments | None:
    if value.profile.low is None or value.profile.high is None:
        return None
    others = [g for g in guesses if g.name not in (*sequence, order.name, value.name)]
    overall = next((g.name for g in others if said(g.name, words.REMEMBERED) and _constant(frame, sequence, g)), None)
    people = [g.name for g in guesses if is_person(g.profile) or said(g.name, ("who",))]
    inside = [name for name in sequence if name in people]
    person = next((p for p in (*inside, *people) if len(sequence) > 1 or p not in sequence), None)
    length = len(frame) / len(frame[list(sequence)].drop_duplicates())
    span = (value.profile.low, value.profile.high)
    return Moments(sequence, order.name, value.name, *span, length, overall, person)


def with_overall(moments: Moments, others: Iterable[tuple[str, Any, Sequence[Guess]]]) -> Moments:
    """The moments with the rating afterwards from another table that has one row per experience."""
    keys = list(moments.sequence)
    for table, frame, guesses in others:
        if not set(keys) <= {guess.name for guess in guesses} or frame.duplicated(keys).any():
            continue
        rated = [g.name for g in guesses if g.profile.kind == "number" and said(g.name, words.REMEMBERED)]
        rated.sort(key=lambda name: moments.value.casefold() not in name.casefold())
        if rated:
            return replace(moments, overall=rated[0], overall_table=table)
    return moments


def _constant(frame: Any, sequence: tuple[str, ...], guess: Guess) -> bool:
    """Whether a number is the same in all moments of an experience."""
    if guess.profile.kind != "number":
        return False
    return bool((frame.groupby(list(sequence))[guess.name].nunique() <= 1).all())
