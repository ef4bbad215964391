"""Touchpoints: several columns on one scale beside a rating of the whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from cxstats.starter import words
from cxstats.starter.recognise import Guess
from cxstats.starter.words import parts_of, said

_LOW, _HIGH = (0, 1), (3, 11)  # where the scale of a touchpoint may begin and end
_FEWEST = 2
_ENDINGS = ("all", "overall", "total", "general", "keseluruhan", "umum")
_KINDS = ("rating", "score", "sat", "satisfaction", "kepuasan", "nilai", "skor", "slider")
MOST = 30  # touchpoints that are written out


@dataclass(frozen=True)
class Block:
    """The rating of the whole and its touchpoints, with the lowest and the highest value of all of them."""

    rating: str
    touchpoints: tuple[str, ...]
    left_out: tuple[str, ...]
    low: float
    high: float
    whole: bool
    missing: tuple[float | str, ...]
    why: str


def block_of(guesses: Sequence[Guess]) -> Block | None:
    """The largest group of ratings that has a rating of the whole beside it."""
    rated = [guess for guess in guesses if _is_rated(guess)]
    groups = [group for group in _groups(rated) if len(group[1]) >= _FEWEST]
    found = []
    for why, members in groups:
        rating = _whole(members, rated)
        touchpoints = [guess for guess in members if guess is not rating and _alike(guess, members)]
        if rating is not None and len(touchpoints) >= _FEWEST:
            found.append(_block(rating, touchpoints, why))
    return max(found, key=lambda block: len(block.touchpoints) + len(block.left_out), default=None)


def _is_rated(guess: Guess) -> bool:
    """Numbers with the few values of a rating, of which nothing else is known."""
    scores = guess.scored
    if guess.role not in ("other", "csat") or scores is None or scores.unread or scores.labels:
        return False
    if said(guess.name, (*words.NO_SCORE, *words.PAST, *words.CONTROL)):
        return False
    return scores.whole and len(scores.answers) >= 3 and scores.low in _LOW and _HIGH[0] <= scores.high <= _HIGH[1]


def _groups(rated: Sequence[Guess]) -> list[tuple[str, list[Guess]]]:
    """Columns that are called alike at the beginning or the end, or like a touchpoint."""
    starts: dict[str, list[Guess]] = {}
    ends: dict[str, list[Guess]] = {}
    for guess in rated:
        parts = parts_of(guess.name)
        if len(parts) > 1:
            number = 2 if parts[1].isdigit() and len(parts) > 2 else 1
            starts.setdefault(" ".join(parts[:number]), []).append(guess)
        if len(parts) > 1 and parts[-1] in _KINDS:
            ends.setdefault(parts[-1], []).append(guess)
    named = [guess for guess in rated if said(guess.name, words.TOUCHPOINTS)]
    groups = [(f"names that begin with '{start}'", group) for start, group in starts.items() if len(group) > _FEWEST]
    groups += [(f"names that end with '{end}'", group) for end, group in ends.items() if len(group) > _FEWEST]
    return [*groups, ("names of touchpoints", named)]


def _whole(members: Sequence[Guess], rated: Sequence[Guess]) -> Guess | None:
    """The rating of the whole: of the group itself, else called overall, else the only satisfaction."""
    own = [guess for guess in members if parts_of(guess.name)[-1] in _ENDINGS or said(guess.name, words.OVERALL)]
    called = [guess for guess in rated if said(guess.name, words.OVERALL)]
    satisfied = [guess for guess in rated if guess.role == "csat" and guess not in members]
    for found in (own, called, satisfied):
        if len(found) == 1:
            return found[0]
    return None


def _alike(guess: Guess, members: Sequence[Guess]) -> bool:
    """Whether the values end where those of most of the group do."""
    ends = [member.scored.high for member in members if member.scored is not None]
    return guess.scored is not None and guess.scored.high == max(sorted(set(ends)), key=ends.count)


def _block(rating: Guess, touchpoints: Sequence[Guess], why: str) -> Block:
    scores = [guess.scored for guess in touchpoints if guess.scored is not None]
    own = rating.scored
    same = own is not None and rating.role != "csat"  # a satisfaction becomes a metric with a scale of its own
    both = [*scores, own] if same and own is not None else scores
    shown = touchpoints[:MOST]
    return Block(
        rating=rating.name,
        touchpoints=tuple(guess.name for guess in shown),
        left_out=tuple(guess.name for guess in touchpoints[MOST:]),
        low=min(s.low for s in both),
        high=max(s.high for s in both),
        whole=all(s.whole for s in both),
        missing=tuple(sorted({code for s in both for code in s.missing}, key=lambda code: (str(type(code)), code))),
        why=why,
    )
