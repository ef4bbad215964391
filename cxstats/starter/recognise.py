"""From what is seen of a column to what it may be: pure functions, without any of the rows."""

from dataclasses import dataclass, replace
from typing import Literal

from cxstats.starter import words
from cxstats.starter.profile import Profile
from cxstats.starter.scored import Scored, scored
from cxstats.starter.words import said

Role = Literal[
    "nps", "csat", "ces", "binary", "rating", "count", "continuous", "time", "key", "version", "unusable", "other"
]
_VERSIONS = {"ces1", "ces2"}
METRICS: tuple[Role, ...] = ("nps", "csat", "ces")
OUTCOMES: tuple[Role, ...] = ("binary", "rating", "count", "continuous")


@dataclass(frozen=True)
class Guess:
    """What a column may be. ``word`` is what its name says; ``why`` the reason why it can not be used, if so.

    A score in long form is called as the text in the column ``naming``, and its values stand in ``column``.
    """

    profile: Profile
    role: Role
    word: str = ""
    scored: Scored | None = None
    intention: bool = False
    why: str = ""
    asked: bool = False  # recognised by its question, not by its name
    column: str = ""
    naming: str = ""

    @property
    def name(self) -> str:
        """The column, or the text that names a score in long form."""
        return self.profile.name


def recognise(profile: Profile, question: str = "") -> Guess:
    """The one guess for a column: by its name or, for a score, by the question that was asked."""
    guess = _by_name(profile)
    if guess.role != "other" or not question:
        return guess
    asked = _by_name(replace(profile, name=question))
    return replace(asked, profile=profile, asked=True) if asked.role in METRICS else guess


def _by_name(profile: Profile) -> Guess:
    if profile.kind == "date":
        return Guess(profile, "time")
    if profile.kind in ("none", "mixed"):
        return Guess(profile, "other")
    if profile.levels and {str(value).strip().casefold() for value, _ in profile.levels} <= _VERSIONS:
        return Guess(profile, "version")
    scores = scored(profile)
    for guess in (_outcome(profile, scores), _metric(profile, scores)):
        if guess is not None:
            return guess
    return Guess(profile, "key" if is_key(profile) else "other", scored=scores)


def is_key(profile: Profile) -> bool:
    """Whether the name says that the column names a person or a thing, and its values can."""
    if (
        profile.kind not in ("number", "text")
        or profile.distinct < 2
        or (profile.kind == "number" and not profile.whole)
    ):
        return False
    parts = words.parts_of(profile.name)
    last = " ".join(parts[-1:])
    if last in words.IDENTIFIER:
        return len(parts) > 1 or profile.unique
    return (" ".join(parts) in words.PERSON or (parts[:1] == ["id"])) and profile.distinct > 2


def is_person(profile: Profile) -> bool:
    """Whether the column names the customer."""
    return is_key(profile) and said(profile.name, words.PERSON) is not None


def _metric(profile: Profile, scores: Scored | None) -> Guess | None:
    """A feedback score: its name says so, and its values can be one."""
    if said(profile.name, (*words.NO_SCORE, *words.PAST)):
        return None
    alone = " ".join(words.parts_of(profile.name))
    if alone in words.CSAT_ALONE and scores is not None and len(scores.answers) > 2 and not scores.unread:
        return Guess(profile, "csat", alone, scores)
    for role, known in zip(METRICS, (words.NPS, words.CSAT, words.CES), strict=True):
        word = said(profile.name, known)
        if word is None or (word in words.OVERALL and not _of_all(profile.name)):
            continue
        why = _no_score(profile, scores)
        return Guess(profile, "unusable" if why else role, word, scores, why=why)
    return None


def _of_all(name: str) -> bool:
    """Whether nothing but a satisfaction is rated overall."""
    return all(part in words.BESIDE_OVERALL or part.isdigit() for part in words.parts_of(name))


def _no_score(profile: Profile, scores: Scored | None) -> str:
    """Why the values are no scores; nothing if they may be."""
    if profile.kind == "bool" or (scores is not None and not scores.unread and set(scores.answers) <= {0, 1}):
        return "it holds 0 and 1 only"
    if scores is None and (profile.low is None or profile.high is None):
        return f"it holds {profile.distinct:,} different texts"
    if scores is not None and scores.unread and not scores.tellable:
        return f"it holds {len(scores.unread):,} different texts that stand for no number known here"
    if profile.distinct < 2:
        return "it holds one value only"
    return ""


def _outcome(profile: Profile, scores: Scored | None) -> Guess | None:
    """What the customer did afterwards, or said that they would do."""
    if said(profile.name, (*words.NO_SCORE, *words.PAST)):
        return None
    intends = said(profile.name, words.INTENTION) is not None
    word = said(profile.name, words.BINARY) or (said(profile.name, words.SAID_BINARY) if _binary(scores) else None)
    if word is not None:
        spoken = intends or word in words.SAID_BINARY
        return _yes_or_no(profile, scores, word, spoken)
    word = said(profile.name, words.COUNT_OUTCOME)
    if word is not None and profile.whole and profile.low is not None and profile.low >= 0:
        return Guess(profile, "count", word)
    word = said(profile.name, words.AMOUNT)
    if word is not None and profile.low is not None and profile.distinct > 2:
        return Guess(profile, "continuous", word)
    return None


def _binary(scores: Scored | None) -> bool:
    return scores is not None and not scores.unread and set(scores.answers) <= {0, 1}


def _yes_or_no(profile: Profile, scores: Scored | None, word: str, spoken: bool) -> Guess | None:
    """0 and 1, two texts, or a rating of how likely it is."""
    if _binary(scores) or (scores is not None and len(scores.unread) == 2 and scores.tellable and not scores.answers):
        return Guess(profile, "binary", word, scores, spoken)
    if scores is not None and not scores.unread and len(scores.answers) >= 3 and scores.low >= 0 and scores.high <= 10:
        return Guess(profile, "rating", word, scores, intention=True)
    if profile.kind == "number" and profile.distinct > 2:
        return Guess(profile, "unusable", word, why=f"it holds {profile.distinct:,} different numbers, not 0 and 1")
    if scores is not None and profile.kind == "number":
        held = ", ".join(f"{value:g}" for value in scores.answers)
        return Guess(profile, "unusable", word, why=f"it holds {held}, where 0 and 1 are needed")
    return Guess(profile, "unusable", word, why=f"it holds {profile.distinct:,} different texts, not 0 and 1")
