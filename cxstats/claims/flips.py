"""At which smallest effect of interest a verdict would be another one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from cxstats.claims.finding import Verdict
from cxstats.claims.verdict import Among, Blocked, Component, Question, judge

FURTHEST = 64.0  # times the smallest effect, and as small a part of it, that are looked at
_GRID = 13  # places on the way there, evenly on the log scale
_HALVINGS = 30


@dataclass(frozen=True)
class Flip:
    """The smallest effect from which on the verdict is another, and that verdict; NaN and None if there is none."""

    at: float = math.nan
    to: Verdict | None = None


def flip_of(family: Sequence[Question | Blocked], row: int) -> Flip:
    """The nearest smallest effect, larger or smaller, at which the verdict on a row turns.

    The other rows of the family keep theirs, and the adjustment over the family is made anew. Of several components
    all are changed in proportion; what is told is the effect of the deciding one.
    """
    question = family[row]
    if isinstance(question, Blocked) or question.withheld or question.own is not None:
        return Flip()
    if any(c.kind == "figure" or c.smallest <= 0 for c in question.components):
        return Flip()  # a band has no smallest effect, and a sign has none either
    among = Among(family, row)

    def verdict(factor: float) -> Verdict:
        return among.verdict(_scaled(question, factor))

    here = verdict(1.0)
    found = [
        (abs(math.log(factor)), factor, to)
        for end in (FURTHEST, 1 / FURTHEST)
        for factor, to in [_turn(verdict, here, end)]
        if to is not None
    ]
    if not found:
        return Flip()
    _, factor, to = min(found)
    decisive = judge(family)[row].decisive
    return Flip((question.components[0] if decisive is None else decisive).smallest * factor, to)


def _turn(verdict: Callable[[float], Verdict], here: Verdict, end: float) -> tuple[float, Verdict | None]:
    """The factor nearest to 1, on the way to ``end``, at which the verdict turns, and what it turns to."""
    places = np.geomspace(1.0, end, _GRID)
    for near, far in pairwise(places):
        if verdict(float(far)) != here:
            return _between(verdict, here, math.log(near), math.log(far))
    return math.nan, None


def _between(verdict: Callable[[float], Verdict], here: Verdict, near: float, far: float) -> tuple[float, Verdict]:
    to = verdict(math.exp(far))
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        found = verdict(math.exp(middle))
        if found == here:
            near = middle
        else:
            far, to = middle, found
    return math.exp(far), to


def _scaled(question: Question, factor: float) -> Question:
    def times(components: tuple[Component, ...]) -> tuple[Component, ...]:
        return tuple(replace(c, smallest=c.smallest * factor) for c in components)

    return replace(question, components=times(question.components), latent=times(question.latent))
