"""The sections of outcomes. Which value is good, and whether it came after the feedback, are always asked."""

from collections.abc import Iterator, Sequence

from cxstats.errors import number
from cxstats.starter.entries import Entry, Question, Section, Setting, told, told_all
from cxstats.starter.metrics import BETTER, recoding
from cxstats.starter.recognise import Guess

_FEW = 4  # columns of dates that are named in a question


def outcome_section(name: str, guess: Guess, table: str | None, dates: Sequence[str]) -> Section:
    """An outcome; ``dates`` are columns in which its window may start."""
    entries: list[Entry] = [] if table is None else [Setting("table", table)]
    entries += [
        Setting("type", guess.role, _type(guess)),
        Setting("column", guess.name, f"the name says '{guess.word}'"),
        *_kind(guess),
        *_recoded(guess),
        *_direction(guess),
        _timing(guess, dates),
    ]
    return Section(("outcome", name), tuple(entries))


def _type(guess: Guess) -> str:
    scores = guess.scored
    if guess.role == "binary":
        return "it holds true and false" if guess.profile.kind == "bool" else "it holds two values"
    if guess.role == "rating" and scores is not None:
        return f"the values run from {number(scores.low)} to {number(scores.high)}"
    return "whole numbers from 0 up" if guess.role == "count" else "numbers"


def _kind(guess: Guess) -> Iterator[Setting]:
    if guess.intention:
        yield Setting("kind", "intention", 'customers said so; "behaviour" if it was recorded')
    else:
        yield Setting("kind", "behaviour", 'it was recorded; "intention" if customers only said so')


def _recoded(guess: Guess) -> Iterator[Entry]:
    scores = guess.scored
    if scores is not None and scores.unread:
        first, second = (told(text) for text in scores.unread)
        yield Question(
            f"Which of the two texts in {told(guess.name)} is 1, and which is 0?",
            (("labels", f'{{ "text" = 1, "text" = 0 }}, for {first} and {second}'),),
        )
        return
    yield from recoding(scores)


def _direction(guess: Guess) -> Iterator[Entry]:
    """Which value is good for the firm: nothing in the data can say it."""
    column, scores = told(guess.name), guess.scored
    if guess.role == "rating" and scores is not None:
        top = next((bound for bound in (5, 7, 10) if scores.high <= bound), 10)
        bottom = min(1, int(scores.low))
        yield Setting("scale", [bottom, top], "the usual scale that holds the values")
        yield Question(f"Is a high value of {column} good for the firm?", (("higher_is_better", BETTER),))
    elif guess.role == "binary":
        yield Question(
            f"What does {_one(guess)} in {column} mean for the firm? good = 0 if it means that the firm lost the "
            "customer or the sale, good = 1 if it is what the firm wants.",
            (("good", "1 or 0"),),
        )
    else:
        yield Question(
            f"Is more of {column} good for the firm?", (("good", '"high" if more is good, "low" if less is'),)
        )


def _one(guess: Guess) -> str:
    """How the column writes 1."""
    labels = {} if guess.scored is None else guess.scored.labels
    text = next((text for text, value in labels.items() if value == 1), None)
    if guess.profile.kind == "bool":
        return "true (1)"
    return "1" if text is None else f"{told(text)} (1)"


def _timing(guess: Guess, dates: Sequence[str]) -> Question:
    text = f"Did {told(guess.name)} happen after the feedback was given? Only then can feedback predict it."
    if dates:
        some = told_all(list(dates), _FEW)
        text += f' If a date says when it began to count, write starts = "COLUMN" instead (dates here: {some}).'
    return Question(text, (("after", "true if it did; else leave this line as it is"),))
