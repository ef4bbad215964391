"""How much a verdict rests on one segment or on complete answers, and whether it turns round in a segment."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.claims.claim import Claim, Evidence
from cxstats.claims.finding import Part, Verdict
from cxstats.claims.imputed import IMPUTATIONS, imputed_studies, pooled
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Blocked, Component, Question, judge
from cxstats.errors import listed
from cxstats.numerics.effect import Effect
from cxstats.numerics.random_effects import random_effects
from cxstats.numerics.resample import Seeded
from cxstats.results import shown
from cxstats.study.study import Study

SEGMENTS = 12  # of each column the largest ones are looked at one by one
# What is held out is dealt to folds once, not ten times as where a verdict is made: the same to within the luck of the
# deal, in a tenth of the time.
_REPEATS = 1
_OPPOSITE: dict[Verdict, Verdict] = {"supported": "not-supported", "not-supported": "supported"}
_COMPARES_SEGMENTS = ("industry-moderates",)  # it looks at each segment itself


@dataclass(frozen=True, kw_only=True)
class Robustness:
    """What further looks at one finding found; all empty where there was nothing to look at."""

    sensitivity: tuple[Part, ...] = ()
    segments: tuple[Part, ...] = ()
    told: str = ""
    reversed_in: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A finding that is looked at: its claim and data, its family's questions, which one it is, what came out."""

    claim: Claim
    data: OutcomeData
    family: Sequence[Question | Blocked]
    row: int
    verdict: Verdict
    decisive: Component
    n_missing: int


@dataclass(frozen=True)
class _Segment:
    """One value of one segment column, with the study on its rows alone and on all others."""

    column: str
    value: object
    inside: Study
    outside: Study

    @property
    def name(self) -> str:
        return f"{self.value} ({self.column})"


class Looks:
    """Further looks at the findings of one study; each study on fewer rows is made, and analysed, once."""

    def __init__(self, study: Study, draws: Seeded) -> None:
        """Cut the study into its segments; nothing is analysed yet."""
        self._study, self._draws = study, draws
        self._segments = [segment for column in study.segments for segment in _segments(study, column)]
        self._skipped = " ".join(filter(None, (_skipped(study, column) for column in study.segments)))
        self._data: dict[tuple[int, str], OutcomeData] = {}
        self._imputed: dict[str, list[Study]] = {}

    def at(self, looked: Looked) -> Robustness:
        """All looks at one finding."""
        if looked.claim.id in _COMPARES_SEGMENTS or not looked.claim.about_outcome:
            return Robustness()
        within = self._within(looked)
        without, turned = self._without(looked)
        filled, changed = self._filled(looked)
        return Robustness(
            sensitivity=(*without, *filled),
            segments=within.segments,
            told=within.told,
            reversed_in=within.reversed_in,
            guards=(*within.guards, *turned, *changed),
        )

    def _segments_of(self, looked: Looked) -> list[_Segment]:
        """The segments, less those that say who was treated, and when, where a change is looked at."""
        change = self._study.change
        if change is None or "difference_in_differences" not in looked.claim.methods:
            return self._segments
        return [s for s in self._segments if s.column not in (change.period, change.treated)]

    def _within(self, looked: Looked) -> Robustness:
        """The deciding estimate in each segment, how much these differ, and where the verdict turns round."""
        found = [(s, *pair) for s in self._segments_of(looked) for pair in self._asked(looked, s.inside)]
        if len(found) < 2:
            return Robustness()
        verdicts = [judgement.verdict for judgement in judge([evidence.question for _, evidence, _ in found])]
        opposite = _OPPOSITE.get(looked.verdict)
        turned = tuple(s.name for (s, _, _), verdict in zip(found, verdicts, strict=True) if verdict == opposite)
        columns = dict.fromkeys(segment.column for segment, _, _ in found)
        told = [_spread(column, [c.effect for s, _, c in found if s.column == column]) for column in columns]
        guards = [_turned_round(opposite, turned)] if turned else []
        guards += [
            _other_way(column)
            for column in columns
            if _simpson(looked.decisive, [c for s, _, c in found if s.column == column])
        ]
        return Robustness(
            segments=tuple(
                Part.of(segment.name, component.effect, evidence.n) for segment, evidence, component in found
            ),
            told=" ".join(filter(None, (*told, self._skipped))),
            reversed_in=turned,
            guards=tuple(guards),
        )

    def _without(self, looked: Looked) -> tuple[tuple[Part, ...], tuple[str, ...]]:
        """The deciding estimate with each segment left out, and where another verdict comes out."""
        parts, changed = [], []
        for segment in self._segments_of(looked):
            for evidence, component in self._asked(looked, segment.outside):
                parts.append(Part.of(f"without {segment.name}", component.effect, evidence.n))
                verdict = _instead(looked, evidence.question)
                if verdict != looked.verdict:
                    changed.append(f"without {segment.name} {verdict}")
        sentence = (f"With a segment left out the verdict is another: {', '.join(changed)}.",) if changed else ()
        return tuple(parts), sentence

    def _filled(self, looked: Looked) -> tuple[tuple[Part, ...], tuple[str, ...]]:
        """The deciding estimate with missing answers filled in several times, and whether the verdict stays.

        Only where metrics are compared: elsewhere what is missing was often not asked, since nothing had happened.
        """
        if looked.claim.family != "metric" or not looked.n_missing:
            return (), ()
        outcome = looked.data.name
        if outcome not in self._imputed:
            self._imputed[outcome] = imputed_studies(self._study, outcome, self._draws.seed or 0)
        found = [pair for study in self._imputed[outcome] for pair in self._asked(looked, study)]
        if len(found) < IMPUTATIONS:
            return (), ()
        verdicts = Counter(_instead(looked, evidence.question) for evidence, _ in found)
        others = [f"{verdict} in {n} of {IMPUTATIONS}" for verdict, n in verdicts.items() if verdict != looked.verdict]
        part = Part.of("with missing answers imputed", pooled([component.effect for _, component in found]))
        sentence = f"With missing answers imputed the verdict is another: {', '.join(others)}."
        return (part,), (sentence,) if others else ()

    def _asked(self, looked: Looked, study: Study) -> Iterator[tuple[Evidence, Component]]:
        """The claim put to a study on other rows: its evidence and the same component, if both are to be had."""
        key = (id(study), looked.data.name)
        if key not in self._data:
            self._data[key] = OutcomeData(study, looked.data.name, self._draws, repeats=_REPEATS)
        evidence = looked.claim.evidence(self._data[key])
        if isinstance(evidence.question, Question) and not evidence.question.withheld:
            for component in evidence.question.components:
                if component.name == looked.decisive.name:
                    yield evidence, component


def _segments(study: Study, column: str) -> list[_Segment]:
    """The largest segments of a column, by their rows; the first in order of equals."""
    values = study.column(column)
    sizes = values.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    made = []
    for value in sizes.index[:SEGMENTS]:
        here = np.asarray((values == value).fillna(value=False), dtype=bool)
        made.append(_Segment(column, value, study.only(here), study.only(~here)))
    return made if len(made) > 1 else []


def _skipped(study: Study, column: str) -> str:
    n = int(study.column(column).nunique()) - SEGMENTS
    return f"Of '{column}' the {SEGMENTS} largest were looked at, {n:,} smaller ones were not." if n > 0 else ""


def _instead(looked: Looked, question: Question | Blocked) -> Verdict:
    """The verdict with this question in the place of the finding's own, among the same family."""
    rows = list(looked.family)
    rows[looked.row] = question
    return judge(rows)[looked.row].verdict


def _spread(column: str, effects: Sequence[Effect]) -> str:
    """Whether the estimates differ between segments by more than chance (Cochran's Q)."""
    if len(effects) < 2:
        return ""
    variances = [effect.std_error_at(effect.estimate) ** 2 / effect.b**2 for effect in effects]
    fit = random_effects(np.array([effect.estimate for effect in effects]), np.diag(variances))
    if not np.isfinite(fit.q):
        return ""
    differ = "differs" if fit.q_p_value < 0.05 else "does not differ"
    return (
        f"Between the segments of '{column}' the estimate {differ} by more than chance (Q = {shown(fit.q, 3)} on "
        f"{fit.df:g} degrees of freedom, p = {shown(fit.q_p_value, 2)}; {100 * fit.i2:.0f}% of the spread lies between "
        "segments)."
    )


def _turned_round(opposite: Verdict | None, turned: Sequence[str]) -> str:
    told = listed(turned)
    return f"The verdict turns round in {told}, where the claim is {opposite}: what holds on the whole misleads there."


def _simpson(whole: Component, parts: Sequence[Component]) -> bool:
    """Whether the whole points one way and every segment clearly or not the other: Simpson's paradox."""
    sign = np.sign(whole.effect.estimate)
    return len(parts) > 1 and all(np.sign(part.effect.estimate) == -sign for part in parts)


def _other_way(column: str) -> str:
    return (
        f"In every segment of '{column}' the estimate points the other way than on the whole (Simpson's paradox): the "
        "segments differ in score and outcome, and the whole shows that difference."
    )
