"""The sections of feedback scores: guesses of their scales and codes, and questions where nothing can be seen."""

from collections.abc import Iterable, Iterator

from cxstats.errors import number, rows
from cxstats.starter import words
from cxstats.starter.entries import Entry, Question, Section, Setting, told, told_all
from cxstats.starter.recognise import Guess
from cxstats.starter.scored import Scored
from cxstats.starter.words import said

_LISTED = 12
_NPS_TOP, _NPS_REACHED = 10, 8  # a score that is called nps and reaches 8 is taken for 0 to 10
_CSAT = {5: "CSAT5", 7: "CSAT7", 10: "CSAT10"}
_EFFORT = {5: (1, 5), 7: (1, 7), 10: (1, 10)}
BOUNDS = "[low, high]; write whole = false besides if there are values in between"
BETTER = "true if a high value is good, false if a low one is"


def metric_section(name: str, guess: Guess, table: str | None, version: str | None) -> Section:
    """A feedback score; ``version`` is the column that says which effort question was asked, if there is one."""
    kept = [] if table is None else [Setting("table", table)]
    entries = (*kept, *_column(guess), *_kind(guess), *_scale(guess), *recoding(guess.scored))
    if guess.role == "ces" and version is not None:
        entries = (*_without_version(entries), Setting("version_column", version, "it holds ces1 or ces2"))
    return Section(("metric", name), entries)


def _column(guess: Guess) -> Iterator[Entry]:
    if not guess.naming:
        where = "its question" if guess.asked else "the name"
        yield Setting("column", guess.name, f"{where} says '{guess.word}'")
        return
    yield Setting("where", {guess.naming: [guess.name]}, f"{told(guess.naming)} names the score of each row")
    yield Setting("column", guess.column, "its values")


def _without_version(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The same, without asking for the version."""
    for entry in entries:
        if isinstance(entry, Question):
            yield Question(entry.text, tuple(key for key in entry.keys if key[0] != "version"))
        else:
            yield entry


def _kind(guess: Guess) -> Iterator[Entry]:
    if guess.role in ("csat", "ces"):
        yield Setting("kind", guess.role)


def recoding(scores: Scored | None) -> Iterator[Entry]:
    """Codes of no answer, and the numbers of texts where they are known."""
    if scores is None:
        return
    if scores.missing:
        yield Setting("missing", list(scores.missing), "off the scale, as codes of no answer are")
    if scores.labels and not scores.unread:
        yes_no = set(scores.labels.values()) == {0, 1}
        known = "yes is 1, no is 0" if yes_no else "in the order of the words"
        known = "the numbers with which the texts begin" if _numbered(scores) else known
        yield Setting("labels", dict(scores.labels), known)


def _numbered(scores: Scored) -> bool:
    return all(text.strip()[:1].isdigit() or text.strip()[:1] == "-" for text in scores.labels)


def _scale(guess: Guess) -> Iterator[Entry]:
    """The scale if name and values agree on one; else a question."""
    scores, profile = guess.scored, guess.profile
    if scores is not None and scores.unread:
        yield _texts(guess, scores)
        return
    low, high = (scores.low, scores.high) if scores else (profile.low or 0, profile.high or 0)
    whole = scores.whole if scores else profile.whole
    span = f"the values run from {number(low)} to {number(high)}"
    if guess.role == "ces":
        yield from _effort(guess, low, high, whole, span)
        return
    named = _named(guess, low, high) if whole else None
    if named is None:
        yield from _open_scale(guess, whole, span)
        return
    off = [value for value in (scores.answers if scores else {}) if named == "NPS" and value > _NPS_TOP]
    span = "so the name says, and nearly all values lie on it" if off else span
    yield Setting("scale", named, f"{span}; up is good")
    if off and scores and not scores.missing:
        yield _off_scale(guess, scores, off)


def _named(guess: Guess, low: float, high: float) -> str | None:
    """The usual scale that the values fill."""
    if guess.role == "csat":
        return _CSAT.get(int(high)) if low >= 1 else None
    if said(guess.name, words.NPS_SURELY):
        return "NPS" if low >= 0 and high >= _NPS_REACHED else None
    return "NPS" if high == _NPS_TOP and low >= 0 and low != 1 else None  # from 1 to 10 is another scale


def _effort(guess: Guess, low: float, high: float, whole: bool, span: str) -> Iterator[Entry]:
    """The version of an effort score is never guessed: it turns the scale round."""
    version = ("version", '"ces1" or "ces2"')
    better = ("higher_is_better", "false with ces1, true with ces2")
    asked = (
        f"Which question does {told(guess.name)} answer? ces1 asks 'How much effort did you have to make?' "
        "(up is bad); ces2 says 'It was easy' (up is good)."
    )
    bounds = _EFFORT.get(int(high)) if low >= 1 else (0, 10) if (low, high) == (0, 10) else None
    if bounds is None or not whole:
        yield from _fractions(whole)
        extra = f" And what are the lowest and the highest answer? Here {span}."
        yield Question(asked + extra, (version, better, ("scale", "[low, high]"), *_missing(guess)))
    else:
        yield Setting("scale", list(bounds), span)
        yield Question(asked, (version, better))


def _open_scale(guess: Guess, whole: bool, span: str) -> Iterator[Entry]:
    yield from _fractions(whole)
    usual = '"NPS"' if guess.role == "nps" else '"CSAT5", "CSAT7", "CSAT10"'
    besides = " (A score from 0 to 10 is needed for NPS.)" if guess.role == "nps" else ""
    text = (
        f"What are the lowest and the highest answer of {told(guess.name)}? Here {span}{_held(guess.scored)}.{besides}"
    )
    keys = (("scale", f"[low, high], or {usual}"), ("higher_is_better", f"only with [low, high]: {BETTER}"))
    yield Question(text, (*keys, *_missing(guess)))


def _fractions(whole: bool) -> Iterator[Entry]:
    if not whole:
        yield Setting("whole", False, "some values lie between whole numbers")


def _missing(guess: Guess) -> tuple[tuple[str, str], ...]:
    if guess.scored is None or guess.scored.missing:
        return ()
    return (("missing", "codes that are no answer, such as [0]; take this line away if there are none"),)


def _held(scores: Scored | None) -> str:
    """The values with their rows, where they are few."""
    if scores is None or len(scores.answers) > _LISTED:
        return ""
    return ": " + ", ".join(f"{number(value)} ({rows(n)})" for value, n in scores.answers.items())


def _off_scale(guess: Guess, scores: Scored, off: list[float]) -> Question:
    held = ", ".join(f"{number(value)} ({rows(scores.answers[value])})" for value in off)
    codes = "[" + ", ".join(number(value) for value in off) + "]"
    text = f"NPS runs from 0 to 10, but {told(guess.name)} also holds {held}. What does that mean?"
    return Question(text, (("missing", f"{codes} if that is no answer"),))


def _texts(guess: Guess, scores: Scored) -> Question:
    texts = told_all(scores.unread)
    text = f"Which number does each text in {told(guess.name)} stand for, and on which scale? It holds {texts}."
    hint = '{ "text" = number, ... }, each text with its number'
    bounds = ("scale", "[low, high], or a name such as " + ('"NPS"' if guess.role == "nps" else '"CSAT5"'))
    keys = (("labels", hint), bounds, ("higher_is_better", f"only with [low, high]: {BETTER}"))
    return Question(text, (*keys, ("version", '"ces1" or "ces2"')) if guess.role == "ces" else keys)
