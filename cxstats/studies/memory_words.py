"""What is remembered, in sentences: who predicts better, by how much, and what counts beyond peak and end."""

from collections.abc import Iterator

import numpy as np

from cxstats.arrays import Floats
from cxstats.methods.dependent_correlations import DependentCorrelations
from cxstats.methods.memory_contest import MEAN, RULE, MemoryContest
from cxstats.methods.memory_effects import MIXED, ROBUST, MemoryEffects
from cxstats.methods.milder_end import MilderEnd
from cxstats.methods.moment_kernel import MomentKernel
from cxstats.methods.moment_weights import MomentWeights
from cxstats.results import Result, shown, shown_p
from cxstats.studies.memory_parts import MemoryParts

SMALLEST = 0.10  # standard deviations of the rating per standard deviation of a feature: less is called nothing
_LEVEL = 0.05


def verdict_in_words(contest: MemoryContest, effects: MemoryEffects | None) -> str:
    """Whether peak and end tell more of memory than the mean does, or whether that cannot be told."""
    at = {name: contest.row(name, "R2", contest.decisive) for name in (MEAN, RULE, f"{RULE} vs {MEAN}")}
    mean, rule, gain = (float(contest.estimate[i]) for i in at.values())
    told = f"R2 {contest.decisive} is {shown(rule, 3)} for peak and end, {shown(mean, 3)} for the mean of all moments"
    if contest.alike:
        return (
            f"Cannot be told: peak-end correlates {shown(contest.correlation, 3)} with the mean of the moments, so "
            f"that no data of this kind can tell them apart. {told}."
        )
    limits = _limits(contest)
    low, high = (float(limit[at[f"{RULE} vs {MEAN}"]]) for limit in limits)
    if np.isnan(low):
        return f"{told}. {_without_interval(contest, effects, gain)}"
    told += f" (difference {shown(gain, 3)}, 95% {shown(low, 3)} to {shown(high, 3)})"
    if not any(limits[0][at[name]] > 0 for name in (RULE, MEAN)):
        neither = "neither peak and end nor the mean of all moments is shown to predict what is remembered"
        return f"Cannot be told: {neither}. {told}."
    if low > 0:
        return f"Peak and end predict what is remembered better than the mean of all moments: {told}."
    if high < 0:
        return f"The peak-end rule loses: the mean of all moments predicts what is remembered better. {told}."
    return f"Peak and end cannot be told apart from the mean of all moments: {told}."


def _without_interval(contest: MemoryContest, effects: MemoryEffects | None, gain: float) -> str:
    """With too few people for an interval of the contest: what the model with random intercepts says."""
    people = "so few" if contest.n_people is None else contest.n_people - contest.n_alone
    few = f"With {people} people the contest has no interval"
    if effects is None or ("mean", MIXED) not in zip(effects.term, effects.model, strict=True):
        return f"{few}, and which predicts better cannot be told."
    at = {name: effects.row(name, MIXED) for name in ("mean", "peak", "end")}
    counts = {name: bool(effects.p_value[i] < _LEVEL) for name, i in at.items()}
    told = ", ".join(f"{name} {_row(effects, i)}" for name, i in at.items())
    beside = f"Beside each other, with a random intercept per person, in standard deviations: {told}."
    if gain < 0 and counts["mean"] and not (counts["peak"] or counts["end"]):
        return f"{few}, but the peak-end rule loses: the mean counts, and beyond it neither peak nor end does. {beside}"
    if gain > 0 and (counts["peak"] or counts["end"]) and not counts["mean"]:
        return f"{few}, but the mean loses: beyond peak and end it does not count. {beside}"
    return f"{few}, and which predicts better cannot be told. {beside}"


def sentences(parts: MemoryParts) -> tuple[str, ...]:
    """What each further analysis adds."""
    return tuple(_sentences(parts))


def _sentences(parts: MemoryParts) -> Iterator[str]:
    if parts.weights is not None:
        yield _weights(parts.weights)
    if parts.kernel is not None:
        yield _kernel(parts.kernel)
    if parts.effects is not None:
        yield from _effects(parts.effects)
    if parts.correlations is not None:
        yield _correlations(parts.correlations)
    if parts.milder is not None:
        yield _milder(parts.milder)


def _weights(found: MomentWeights) -> str:
    told = ", ".join(f"{part} {_row(found, i)}" for i, part in enumerate(found.parts))
    return f"Shares of what is remembered: {told}."


def _kernel(found: MomentKernel) -> str:
    low, high = _limits(found)
    told = []
    for term, text, unknown in (
        (
            "recency",
            "the last moment weighs {} times what an equally intense first one does",
            "how much more a late moment weighs than an early one has no estimate",
        ),
        (
            "intensity",
            "a moment one point farther from neutral weighs {} times as much",
            "how much more an intense moment weighs has no estimate",
        ),
    ):
        i = found.term.index(term)
        times = [shown(float(np.exp(value)), 3) for value in (found.estimate[i], low[i], high[i])]
        told.append(text.format(f"{times[0]} (95% {times[1]} to {times[2]})") if np.isfinite(low[i]) else unknown)
    p = f"p {shown_p(found.equal.p_value)}" if np.isfinite(found.equal.p_value) else "not tested"
    return f"In the kernel {'; '.join(told)}. That all moments weigh alike: {p}."


# What is asked, what an effect too small to count means, and what one above and one below 0 says.
_ASKED = {
    "mean": (
        "The mean beyond peak and end",
        "the mean hardly counts beyond them",
        "it counts",
        "it counts the other way round",
    ),
    "log duration": (
        "Duration (its logarithm) beyond peak, end and mean",
        "length hardly matters",
        "longer experiences are remembered as better",
        "longer experiences are remembered as worse",
    ),
    "end - start": (
        "The end more than the start",
        "they count about alike",
        "the end counts more",
        "the start counts more",
    ),
    "bad peak - good peak": (
        "A bad peak more than a good one",
        "they count about alike",
        "a bad peak counts more",
        "a good peak counts more",
    ),
    "trend": (
        "The trend beyond peak, end and mean",
        "it hardly counts",
        "rising experiences are remembered as better",
        "falling experiences are remembered as better",
    ),
}


def _effects(found: MemoryEffects) -> Iterator[str]:
    pairs = list(zip(found.term, found.model, strict=True))
    for term, (what, nothing, above, below) in _ASKED.items():
        if (term, ROBUST) not in pairs:
            continue
        i = found.row(term)
        if np.isnan(found.std_error[i]):
            if (term, MIXED) not in pairs:
                continue
            i = found.row(term, MIXED)
        yield f"{what}: {_row(found, i)} standard deviations; {_size(found, i, nothing, above, below)}."


def _size(found: MemoryEffects, i: int, nothing: str, above: str, below: str) -> str:
    """Which way an effect goes, whether it is too small to count, or that it cannot be told."""
    inner = found.confidence_interval(0.9)
    if inner.low[i] > -SMALLEST and inner.high[i] < SMALLEST:
        return f"{nothing} (less than {SMALLEST:g} either way)"
    low, high = (float(limit[i]) for limit in _limits(found))
    if low > SMALLEST or high < -SMALLEST:
        return f"{above if low > 0 else below}, by more than {SMALLEST:g}"
    if low > 0 or high < 0:
        return f"{above if low > 0 else below}, though perhaps by less than {SMALLEST:g}"
    return "cannot be told"


def _correlations(found: DependentCorrelations) -> str:
    low, high = _limits(found)
    peak_end, mean = (_row(found, i) for i in range(2))
    gap, least, most = (shown(float(values[2]), 3) for values in (found.estimate, low, high))
    return (
        f"Over all people, memory correlates {peak_end} with peak-end in halves and {mean} with the mean: "
        f"difference {gap}, 95% {least} to {most}, p {shown_p(float(found.p_value[2]))}."
    )


def _milder(found: MilderEnd) -> str:
    told = {term: _row(found, i) for i, term in enumerate(found.term)}
    return (
        f"Experiences with the changed end were rated {told['overall']} points above the others; their end was "
        f"{told['end']} above, their mean {told['mean']}. Only if lots were drawn is that the effect of the change."
    )


def _limits(found: Result) -> tuple[Floats, Floats]:
    limits = found.confidence_interval()
    return limits.low, limits.high


def _row(found: Result, at: int) -> str:
    low, high = _limits(found)
    estimate, lower, upper = (shown(float(v), 3) for v in (found.estimate[at], low[at], high[at]))
    return f"{estimate} (95% {lower} to {upper})"
