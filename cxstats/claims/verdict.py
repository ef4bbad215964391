"""The decision rule: from effects with their uncertainty to a verdict per claim.

A claim is `supported` only where its test rejects the opposite, and `not-supported` only where a test
rejects the claim; the absence of both is `inconclusive`. Each of the three columns of p-values
(supported, not-supported, direction) is Holm-adjusted over the family, so that a family of claims
yields a false verdict in at most 5% of studies. The published figure never enters the verdict.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cxstats.claims.finding import Kind, Magnitude, Verdict
from cxstats.numerics.effect import Effect
from cxstats.numerics.intervals import critical
from cxstats.numerics.multiplicity import holm

ALPHA = 0.05
POWER = 0.80


@dataclass(frozen=True, kw_only=True)
class Component:
    """One effect of a claim, with the kind of test that the claim puts to it.

    ``smallest`` is the smallest effect of interest; 0 only where the sign alone is claimed. ``band`` is the
    published band, for the kind "figure"; ``null`` is then the value on whose upper side the figure lies.
    ``told_as`` turns the effect into what a reader is told: ``math.exp`` of a logarithm, say.
    """

    name: str
    effect: Effect
    kind: Kind
    smallest: float
    band: tuple[float, float] | None = None
    null: float = 0.0
    told_as: Callable[[float], float] = float


def superior(names: Sequence[str], effects: Sequence[Effect | None], smallest: float) -> tuple[Component, ...]:
    """A component for each effect that must exceed the smallest that counts; none where an effect is missing."""
    known = [effect for effect in effects if effect is not None]
    if len(known) < len(effects):
        return ()
    return tuple(
        Component(name=name, effect=effect, kind="superiority", smallest=smallest)
        for name, effect in zip(names, known, strict=True)
    )


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a claim asks of one outcome: one component, or several that must hold together.

    ``latent`` holds the same effects on the latent scale, where the outcome is a bounded rating:
    `supported` must then hold on both. A ``withheld`` question was asked and stays in the family, but
    no verdict may be drawn from it. ``own`` are p-values that allow for how the components were found (the
    strongest of many); they then stand for those of the components. A ``capped`` question can get no further
    than its direction.
    """

    components: tuple[Component, ...]
    latent: tuple[Component, ...] = ()
    withheld: bool = False
    n: int = 0
    own: "PValues | None" = None
    capped: bool = False


@dataclass(frozen=True, kw_only=True)
class Blocked:
    """A claim that a guard has stopped. If the guard looked at the outcome, the claim still counts
    as one of the family's tests (with p = 1); else it leaves the family.
    """

    looked_at_outcome: bool


@dataclass(frozen=True)
class PValues:
    """The three p-values of a claim; NaN for a direction that the kind does not know."""

    supported: float
    not_supported: float
    direction: float


@dataclass(frozen=True)
class Judgement:
    """The verdict, its flags, and the component on which it turned."""

    verdict: Verdict
    flags: tuple[str, ...]
    decisive: Component | None


def component_p_values(component: Component) -> PValues:
    """The p-values of one component; one-sided ones doubled, except in an equivalence test."""
    effect, smallest = component.effect, component.smallest
    if component.kind == "superiority":
        return PValues(
            _doubled(effect.p_not_above(smallest)),
            _doubled(effect.p_not_below(smallest)),
            _doubled(effect.p_not_above(0.0)),
        )
    if component.kind == "non-superiority":
        return PValues(_doubled(effect.p_not_below(smallest)), _doubled(effect.p_not_above(smallest)), math.nan)
    low, high = (-smallest, smallest) if component.band is None else component.band
    inside = max(effect.p_not_above(low), effect.p_not_below(high))
    outside = _doubled(min(effect.p_not_above(high), effect.p_not_below(low)))
    direction = _doubled(effect.p_not_above(component.null)) if component.kind == "figure" else math.nan
    return PValues(inside, outside, direction)


def question_p_values(components: Sequence[Component]) -> PValues:
    """The p-values of a conjunction: all must be supported, any may fail at alpha over k."""
    each = [component_p_values(c) for c in components]
    directed = all(c.kind in ("superiority", "figure") for c in components)
    return PValues(
        max(p.supported for p in each),
        min(1.0, len(each) * min(p.not_supported for p in each)),
        max(p.direction for p in each) if directed else math.nan,
    )


def judge(family: Sequence[Question | Blocked]) -> list[Judgement]:
    """The verdicts of one family of claims, in its order."""
    locked = [i for i, row in enumerate(family) if isinstance(row, Question) or row.looked_at_outcome]
    unadjusted = [_with_latent(family[i]) for i in locked]
    adjusted = _holm_columns(unadjusted)
    judgements = [Judgement("not-testable", (), None)] * len(family)
    for place, i in enumerate(locked):
        row = family[i]
        if isinstance(row, Question):
            fooled = bool(row.latent) and not row.withheld and _supported_if_observed(row, unadjusted, place)
            judgements[i] = _judge_one(row, unadjusted[place], adjusted[place], fooled)
    return judgements


class Among:
    """One row of a family, whose own question may be another while the p-values of all other rows stay."""

    def __init__(self, family: Sequence[Question | Blocked], row: int) -> None:
        """Take the p-values of the family once; the row must be a question."""
        locked = [i for i, one in enumerate(family) if isinstance(one, Question) or one.looked_at_outcome]
        self._unadjusted, self._place = [_with_latent(family[i]) for i in locked], locked.index(row)

    def verdict(self, question: Question) -> Verdict:
        """The verdict if this were the row's question: that of `judge`."""
        among = list(self._unadjusted)
        among[self._place] = _with_latent(question)
        verdict = _verdict(_holm_columns(among)[self._place])
        fooled = (
            bool(question.latent) and not question.withheld and _supported_if_observed(question, among, self._place)
        )
        return "inconclusive" if fooled and verdict != "supported" else verdict


def judge_planned(family: Sequence[Question | Blocked], planned: Sequence[bool]) -> list[Judgement]:
    """The verdicts where only some rows of the family were planned: those are judged among themselves.

    A row that was not planned is judged among all of them, as one more test that somebody thought of afterwards.
    """
    among_all = judge(family)
    among_planned = iter(judge([row for row, was in zip(family, planned, strict=True) if was]))
    return [next(among_planned) if was else every for every, was in zip(among_all, planned, strict=True)]


def magnitude(effect: Effect, band: tuple[float, float] | None) -> Magnitude:
    """How the effect compares with the published band; never part of the verdict."""
    if band is None:
        return "none"
    low, high = band
    inner, outer = effect.interval(0.90), effect.interval(0.95)
    if low <= inner[0] and inner[1] <= high:
        return "as-published"
    if outer[1] < low:
        return "smaller"
    return "larger" if outer[0] > high else "cannot-tell"


def needed_n(component: Component, n: int) -> float:
    """Rows at which the test would tell "no effect" from the smallest effect with 80% power.

    For an equivalence test: at which it would be passed with 80% power if the effect were 0.
    """
    beta = 1 - POWER
    if component.kind == "equivalence":
        reach = critical(1 - 2 * ALPHA) + critical(1 - beta)
    else:
        reach = critical(1 - ALPHA) + critical(1 - 2 * beta)
    effect = component.effect
    null = effect.estimate if math.isfinite(effect.estimate) else 0.0
    wanted = component.smallest * effect.b / float(reach)
    return n * (effect.std_error_at(null) / wanted) ** 2 if wanted > 0 else math.inf


def _judge_one(row: Question, raw: PValues, adjusted: PValues, fooled: bool) -> Judgement:
    verdict = _verdict(adjusted)
    flags = []
    if fooled and verdict != "supported":
        verdict = "inconclusive"
        flags.append("ceiling")
    elif verdict != _verdict(raw):
        flags.append("not-after-Holm")
    decisive = _decisive(row, verdict)
    return Judgement(verdict, (*flags, *_flags(decisive, verdict, row.n)), decisive)


def _verdict(p: PValues) -> Verdict:
    if p.supported < ALPHA:
        return "supported"
    if p.not_supported < ALPHA:
        return "not-supported"
    return "direction-only" if p.direction < ALPHA else "inconclusive"


def _decisive(row: Question, verdict: Verdict) -> Component:
    """The component on which the verdict turned: the one that failed, or the weakest."""
    if verdict == "not-supported":
        return min(row.components, key=lambda c: component_p_values(c).not_supported)
    return max(row.components, key=lambda c: component_p_values(c).supported)


def _flags(component: Component, verdict: Verdict, n: int) -> list[str]:
    """What else a reader must know of the number on which the verdict turned."""
    effect, kind, smallest = component.effect, component.kind, component.smallest
    low, high = effect.interval()
    flags = []
    if kind == "superiority" and verdict == "not-supported":
        flags += ["trivial"] if low > 0 else ["opposite"] if high < 0 else []
    if kind == "non-superiority" and verdict == "supported" and high < 0:
        flags.append("harmful")
    if kind == "equivalence" and verdict == "supported" and (low > 0 or high < 0):
        flags.append("nonzero-trivial")
    if verdict in ("direction-only", "inconclusive"):
        if kind == "superiority" and effect.estimate < smallest:
            flags.append("small")
        if n and needed_n(component, n) > n:
            flags.append("underpowered")
    edges = (smallest, -smallest) if kind == "equivalence" else (smallest,)
    if effect.mc_error and any(abs(end - e) < 2 * effect.mc_error for end in (low, high) for e in edges):
        flags.append("knife-edge")
    return flags


def _with_latent(row: Question | Blocked) -> PValues:
    if isinstance(row, Blocked) or row.withheld:
        return PValues(1.0, 1.0, 1.0)
    observed = question_p_values(row.components) if row.own is None else row.own
    if row.capped:
        observed = replace(observed, supported=1.0)
    if not row.latent:
        return observed
    behind = question_p_values(row.latent)
    # Of the direction, too, the end of a scale must not make something: NaN stays where the kind knows none.
    return replace(
        observed,
        supported=max(observed.supported, behind.supported),
        direction=float(np.maximum(observed.direction, behind.direction)),
    )


def _supported_if_observed(row: Question, unadjusted: Sequence[PValues], place: int) -> bool:
    """Whether the observed scale alone would have carried the claim, and the latent one takes it away."""
    alone, both = list(unadjusted), list(unadjusted)
    alone[place] = question_p_values(row.components)
    both[place] = _with_latent(replace(row, capped=False))
    return _holm_columns(alone)[place].supported < ALPHA <= _holm_columns(both)[place].supported


def _holm_columns(rows: Sequence[PValues]) -> list[PValues]:
    if not rows:
        return []
    columns = [
        holm(np.array([p.supported for p in rows])),
        holm(np.array([p.not_supported for p in rows])),
        holm(np.array([1.0 if math.isnan(p.direction) else p.direction for p in rows])),
    ]
    return [PValues(*map(float, values)) for values in zip(*columns, strict=True)]


def _doubled(p: float) -> float:
    return min(1.0, 2 * p)
