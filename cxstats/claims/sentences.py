"""Verdicts in words, for a reader who knows no statistics."""

import math

from cxstats.claims.claim import Evidence
from cxstats.claims.finding import Verdict
from cxstats.claims.verdict import Blocked, Component, Judgement, Question, needed_n
from cxstats.results import shown

_COUNTS = {
    "supported": {
        "superiority": "clearly more than {smallest}, the smallest effect that counts",
        "non-superiority": "clearly less than {smallest}, the smallest gain that counts",
        "equivalence": "clearly within {smallest} either way, the smallest difference that counts",
    },
    "not-supported": {
        "superiority": "clearly less than {smallest}, the smallest effect that counts",
        "non-superiority": "clearly more than {smallest}, the smallest gain that counts",
        "equivalence": "clearly further from 0 than {smallest}, the smallest difference that counts",
    },
}
_BAND = "the band around the published figure, {low} to {high}"
_CEILING = (
    "It looks supported on the rating as given, but not on the scale behind it: too many answers lie at an end of the "
    "scale, and that alone bends the line."
)
_BLIND = "None of the compared scores clearly predicts the outcome, and two blind scores being equal says nothing."
_MAY_BE_SMALL = "It points the claimed way, but may be too small to count."
_ONE_SITTING = (
    "That would be enough, but outcome and ratings come from one questionnaire, in which a good mood lifts all answers "
    "alike: no more than the direction can be told."
)


def reason_in_words(judgement: Judgement, evidence: Evidence) -> str:
    """Why the verdict is what it is: what was seen, then what decides."""
    component, question = judgement.decisive, evidence.question
    if component is None or isinstance(question, Blocked):
        return evidence.reason
    return f"{evidence.headline} {_deciding(judgement, component, question, evidence)}".strip()


def _deciding(judgement: Judgement, component: Component, question: Question, evidence: Evidence) -> str:
    found, least = _found(component, evidence), shown(component.told_as(component.smallest), 3)
    verdict = judgement.verdict
    if component.band is not None:
        return _against_band(found, verdict, component)
    if verdict in _COUNTS:
        return f"{found}: {_COUNTS[verdict][component.kind].format(smallest=least)}."
    smallest = f"Smallest effect that counts: {least}."
    if "ceiling" in judgement.flags:
        return f"{_CEILING} {found}. {smallest}"
    if question.withheld:
        return f"{_BLIND} {found}."
    if verdict == "direction-only":
        why = _no_more_than_the_direction(component, question, evidence)
        return f"{found}. {why} {smallest}" if why else f"{_MAY_BE_SMALL} {found}. {smallest}"
    return f"These data cannot tell. {found}. {smallest}{_enough(judgement, component, question, evidence)}"


def _no_more_than_the_direction(component: Component, question: Question, evidence: Evidence) -> str:
    """What stands in the way of a size that would be enough; empty where the size itself may be too small."""
    if question.capped and component.effect.interval()[0] <= component.smallest:
        return ""
    return evidence.pointed or (_ONE_SITTING if question.capped else "")


def _against_band(found: str, verdict: Verdict, component: Component) -> str:
    """Where a figure lies, seen from the band around the published one."""
    band = (-math.inf, math.inf) if component.band is None else component.band
    low, high = (shown(component.told_as(end), 3) for end in band)
    around = _BAND.format(low=low, high=high)
    if verdict == "supported":
        return f"{found}: clearly within {around}."
    if verdict == "not-supported":
        side = "above" if component.effect.estimate > band[1] else "below"
        return f"{found}: clearly {side} {around}."
    if verdict == "direction-only":
        return f"It points the claimed way, but may lie outside {around}. {found}."
    return f"These data cannot tell whether it lies within {around}. {found}."


def _found(component: Component, evidence: Evidence) -> str:
    """The estimate that decides, with its interval."""
    ends = component.effect.interval()
    low, high = (shown(component.told_as(end), 3) for end in ends)
    measured = evidence.measured.format(name=component.name)
    interval = f"95% interval {low} to {high}" if any(map(math.isfinite, ends)) else "no 95% interval can be given"
    return f"{measured} {shown(component.told_as(component.effect.estimate), 3)} ({interval})"


def _enough(judgement: Judgement, component: Component, question: Question, evidence: Evidence) -> str:
    if "underpowered" not in judgement.flags:
        return ""
    needed = float(shown(needed_n(component, question.n), 2))
    if math.isinf(needed):
        return ""  # no number of customers tells whether something is more than nothing when it is nothing
    return f" It would take about {needed:,.0f} {evidence.counted} like these, instead of {question.n:,}."
