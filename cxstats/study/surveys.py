"""Parts of a study about the asking itself: trust from wave to wave, and who answered which invitation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cxstats.errors import number
from cxstats.roles import Binary, Continuous, Outcome, Rating
from cxstats.study.errors import counted, nearest, value_counts, wrong
from cxstats.study.names import flag_problems, is_name


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Trust in a firm, asked in several periods.

    Parameters
    ----------
    outcome : str
        The outcome, continuous or a rating, that says how much customers trust the firm.
    period : str
        The segment with the period in which they were asked.
    """

    outcome: str
    period: str


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """Customers who were invited to different surveys, with one row each, answered or not.

    Parameters
    ----------
    survey : str
        The segment that says which survey was sent.
    answered : str
        The binary outcome that says whether it was answered.
    csat : str
        The value of ``survey`` that stands for the satisfaction survey; of a number, the number as text.
    randomised : bool
        Whether chance decided who was sent which.
    same_length : bool
        Whether the surveys had as many questions.
    """

    survey: str
    answered: str
    csat: str
    randomised: bool = False
    same_length: bool = False


Declared = Mapping[str, Outcome]


def trust_problems(trust: Trust, outcomes: Declared, segments: Sequence[str]) -> Iterable[tuple[str, str]]:
    """What of trust names nothing of the study, or the wrong thing."""
    yield from _outcome_problems("outcome", trust.outcome, outcomes, (Continuous, Rating), "continuous or a rating")
    yield from segment_problems("period", trust.period, segments)


def invitation_problems(given: Invitation, outcomes: Declared, segments: Sequence[str]) -> Iterable[tuple[str, str]]:
    """What of an invitation names nothing of the study, or the wrong thing."""
    yield from segment_problems("survey", given.survey, segments)
    yield from _outcome_problems("answered", given.answered, outcomes, (Binary,), "binary")
    if not is_name(given.csat):
        yield (
            "csat",
            f"must be the value of survey that stands for the satisfaction survey, as text, not {given.csat!r}.",
        )
    yield from flag_problems(given, "randomised", "same_length")


def segment_problems(key: str, name: object, segments: Sequence[str]) -> Iterable[tuple[str, str]]:
    """A name that must be that of a segment."""
    if not is_name(name) or name not in segments:
        yield key, f"must name one of the segments, but {name!r} is none{nearest(str(name), segments)}."


def _outcome_problems(
    key: str, name: Any, outcomes: Declared, types: tuple[type, ...], words: str
) -> Iterable[tuple[str, str]]:
    if not is_name(name) or name not in outcomes:
        yield key, f"must name one of the outcomes, but {name!r} is none{nearest(str(name), list(outcomes))}."
    elif not isinstance(outcomes[name], types):
        yield key, f"must name an outcome that is {words}, but '{name}' is {type(outcomes[name]).__name__}."


def refuse_absent_survey(invitation: Invitation, values: Any) -> None:
    """Refuse a satisfaction survey that nobody was sent."""
    found = value_counts(values)
    if invitation.csat not in {value if isinstance(value, str) else number(float(value)) for value in found}:
        holds = counted(found, found.values()) if found else "no value at all"
        raise wrong(
            "invitation.csat",
            f"must be a value of '{invitation.survey}', but '{invitation.csat}' is none: it holds {holds}.",
        )
