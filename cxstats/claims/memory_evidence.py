"""Evidence for claims on what is remembered of an experience."""

from collections.abc import Callable

import numpy as np

from cxstats.claims.claim import Evidence, attempted, blocked
from cxstats.claims.finding import Part
from cxstats.claims.memory_data import MemoryData
from cxstats.claims.metric_race import parts_of
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Component, Question
from cxstats.methods.memory_contest import ACROSS, ALL, HALVES, KERNEL, MEAN, RULE, MemoryContest
from cxstats.methods.memory_effects import MIXED, ROBUST, MemoryEffects
from cxstats.methods.moment_weights import TOO_ALIKE
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import FEWEST_CLUSTERS
from cxstats.results import shown

CEILING = 0.3  # share of ratings at one end of the scale from which a bend may be the scale's
GAIN = "difference in the held-out correlation with memory, peak and end less the mean of the moments"
_MEASURED = {
    "mean": "The slope of the mean beside peak and end",
    "log duration": "The slope of log duration beside peak, end and mean",
    "end - start": "The slope of the end less that of the start",
    "bad peak - good peak": "The slope of a bad peak less that of a good one",
    "trend": "The slope of the trend beside peak, end and mean",
}
# Equivalences of which, where peak and end predict nothing, "nothing beside nothing" would be support.
_EMPTY = {
    "mean": "that the mean adds nothing to nothing",
    "bad peak - good peak": "that good and bad peaks count alike for nothing",
}
SLOPE = "standard deviations of the overall rating per standard deviation"


def better_than_mean(data: OutcomeData) -> Evidence:
    """Whether peak and end predict memory better than the mean of the moments, on people held out."""
    memory = data.memory
    found = attempted(lambda: memory.contest)
    if isinstance(found, Evidence):
        return found
    if found.alike:
        return blocked(
            f"Peak-end correlates {shown(found.correlation, 3)} with the mean of the moments; from {TOO_ALIKE:g} on "
            "they cannot be told apart. Experiences that rise and fall more would make it testable.",
            looked=False,
            flags=("collinear",),
        )
    gain = _of(found, found.row(f"{RULE} vs {MEAN}", "r", found.decisive))
    if np.isnan(gain.var_a):
        return _few(memory, found)
    component = Component(name="gain in r", effect=gain, kind="superiority", smallest=data.smallest("r"))
    names = tuple(name for name in (MEAN, RULE, HALVES, ALL, KERNEL) if name in found.models)
    limits = found.confidence_interval()
    at = [found.row(name, "R2", found.decisive) for name in names]
    rule, mean = (shown(float(found.estimate[found.row(name, "r", found.decisive)]), 3) for name in (RULE, MEAN))
    return Evidence(
        question=Question(components=(component,), capped=memory.declared.same_sitting, n=found.n),
        headline=f"Predictions by peak and end correlate {rule} with memory, those by the mean {mean} "
        f"({found.decisive}).",
        measured="The difference in r is",
        guards=(_alike(found), *found.notes),
        flags=_flags(memory),
        levels=parts_of(names, found.estimate[at], limits.low[at], limits.high[at]),
        levels_unit=f"R2 {found.decisive}; 0 is a model that knows nothing",
        published_on=_of(found, found.row(HALVES, "r", ACROSS)) if HALVES in found.models else None,
        n=found.n,
        n_missing=found.n_missing + found.n_short,
        counted="experiences",
    )


def effect_of(
    term: str, kind: str, *, beside: tuple[str, ...] = (), bends: bool = False
) -> Callable[[OutcomeData], Evidence]:
    """Evidence on one slope, or difference of slopes, of `memory_effects`.

    ``beside`` are further rows that are shown; ``bends`` says whether a ceiling of the scale would look like it.
    """

    def evidence(data: OutcomeData) -> Evidence:
        memory = data.memory
        found = attempted(lambda: memory.effects)
        if isinstance(found, Evidence):
            return found
        if term in found.left_out:
            return blocked(f"It cannot be estimated: {found.left_out[term]}.", looked=False)
        low, high = memory.extremes
        if bends and max(low, high) >= CEILING:
            where = "top" if high >= low else "bottom"
            return blocked(
                f"{max(low, high):.0%} of the overall ratings lie at the {where} of their scale: from {CEILING:.0%} on "
                "a difference between good and bad may be the end of the scale.",
                looked=True,
                flags=("ceiling",),
            )
        effect = _of(found, found.row(term))
        if np.isnan(effect.var_a):
            return _few(memory, found)
        component = Component(
            name=term,
            effect=effect,
            kind="equivalence" if kind == "equivalence" else "superiority",
            smallest=data.smallest("sd"),
        )
        empty = _empty(memory, component) if kind == "equivalence" and term in _EMPTY else None
        if empty is not None:
            return empty
        return Evidence(
            question=Question(components=(component,), capped=memory.declared.same_sitting, n=found.n),
            measured=f"{_MEASURED[term]} is",
            guards=(*_changed_end(memory, term), *found.notes),
            flags=_flags(memory),
            levels=_rows(found, (term, *beside), ROBUST) if beside else (),
            levels_unit=SLOPE,
            sensitivity=tuple(
                Part(name="with random intercepts", estimate=p.estimate, ci_low=p.ci_low, ci_high=p.ci_high)
                for p in _rows(found, (term,), MIXED)
            ),
            n=found.n,
            n_missing=found.n_missing + found.n_short,
            counted="experiences",
        )

    return evidence


def _of(found: MemoryContest | MemoryEffects, at: int) -> Effect:
    return Effect(a=float(found.estimate[at]), var_a=float(found.std_error[at]) ** 2, df=float(found.degrees[at]))


def _empty(memory: MemoryData, component: Component) -> Evidence | None:
    """No support from an effect near 0 where peak and end together do not predict memory at all."""
    low, high = component.effect.interval(0.90)
    if not -component.smallest < low <= high < component.smallest:
        return None
    contest = attempted(lambda: memory.contest)
    if isinstance(contest, Evidence):
        return contest
    together = _of(contest, contest.row(RULE, "r", contest.decisive))
    low, high = together.interval()
    if not low <= 0:
        return None
    r, low_r, high_r = (shown(value, 3) for value in (together.estimate, low, high))
    return blocked(
        f"Peak and end do not predict memory here (held-out r {r}, 95% {low_r} to {high_r}), and "
        f"{_EMPTY[component.name]} says nothing. More experiences, or a rating closer to them, would make it testable.",
        looked=True,
    )


def _few(memory: MemoryData, found: MemoryContest | MemoryEffects) -> Evidence:
    told = "So few clusters"
    if found.n_people is not None:
        told = f"{found.n_people - found.n_alone} people{' with two experiences or more' if found.n_alone else ''}"
    return blocked(
        f"{told} are too few (fewer than {FEWEST_CLUSTERS}) for an interval that would hold for others. More people "
        f"would make it testable{'' if memory.declared.person else ', or person = the column that names them'}.",
        looked=False,
    )


def _alike(found: MemoryContest) -> str:
    where = "" if found.n_people is None else ", within people"
    return f"Peak-end correlates {shown(found.correlation, 3)} with the mean of the moments{where}."


def _flags(memory: MemoryData) -> tuple[str, ...]:
    return ("same-sitting",) if memory.declared.same_sitting else ()


def _changed_end(memory: MemoryData, term: str) -> tuple[str, ...]:
    """What a changed end did, where some were changed: the better evidence on ends."""
    if not term.startswith("end - "):
        return ()
    found = attempted(lambda: memory.milder)
    if found is None or isinstance(found, Evidence):
        return ()
    limits = found.confidence_interval()
    gain, low, high = (shown(float(values[0]), 3) for values in (found.estimate, limits.low, limits.high))
    return (f"Experiences with the changed end were rated {gain} points above the others (95% {low} to {high}).",)


def _rows(found: MemoryEffects, terms: tuple[str, ...], model: str) -> tuple[Part, ...]:
    limits = found.confidence_interval()
    pairs = list(zip(found.term, found.model, strict=True))
    at = [pairs.index((term, model)) for term in terms if (term, model) in pairs]
    names = [found.term[i] for i in at]
    return parts_of(names, found.estimate[at], limits.low[at], limits.high[at])
