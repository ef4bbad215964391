"""The journey against its touchpoints in sentences: the index first, then the percentage, then whether it counts."""

import math
from collections.abc import Iterator

import numpy as np

from cxstats.methods.compounding import ANY, RATIO, Compounding
from cxstats.methods.dominance import Dominance
from cxstats.methods.journey_increment import FREED, RATED, JourneyIncrement
from cxstats.methods.journey_score import JourneyScore
from cxstats.methods.reliability import ALL, Reliability
from cxstats.methods.touchpoint_benchmarks import TouchpointBenchmarks
from cxstats.methods.touchpoint_importance import TouchpointImportance
from cxstats.methods.usage_patterns import UsagePatterns
from cxstats.numerics.effect import Effect
from cxstats.results import Result, shown, shown_p
from cxstats.shared.benchmarked import DECISIVE
from cxstats.studies.journey_parts import JourneyParts

SMALLEST = 5.0  # percent: less is called equal
_NAMES = {"composite": "the mean of the touchpoints", "all touchpoints": "all touchpoints together"}
_INDEX = {
    "r": "the correlation with the outcome, on customers held out",
    "AUC - 1/2": "the area under the ROC curve less 1/2, on customers held out",
}


def verdict_in_words(found: TouchpointBenchmarks, parts: JourneyParts, *, same_sitting: bool) -> str:
    """Who predicts better, by how many percent of which index, and whether that may be said."""
    index = f"Percentages are on {found.primary}: {_INDEX[found.primary]}."
    told = "; ".join(f"{_percent(found, name)} against {_NAMES[name]}" for name in DECISIVE)
    gains = [found.excess(name, percent=SMALLEST) for name in DECISIVE]
    behind = [found.difference(name) for name in DECISIVE]
    if all(gain.p_not_above(0.0) < 0.025 for gain in gains):
        answer = f"The journey rating predicts better by more than {SMALLEST:g}%: {told}."
    elif any(gain.p_not_below(0.0) < 0.025 / len(gains) for gain in gains):
        worse = any(difference.interval()[1] < 0 for difference in behind)
        answer = (
            f"The journey rating does not predict better by {SMALLEST:g}%{', it predicts worse' if worse else ''}: "
        )
        answer += f"{told}."
    else:
        answer = f"It cannot be told whether the journey rating predicts better by {SMALLEST:g}%: {told}."
    return " ".join([answer, index, *_caveats(found, parts, same_sitting=same_sitting)])


def _caveats(found: TouchpointBenchmarks, parts: JourneyParts, *, same_sitting: bool) -> Iterator[str]:
    if found.magnitude_reason:
        yield f"The size is not to be held against a published figure: {found.magnitude_reason}."
    if same_sitting:
        yield "Outcome and ratings come from one questionnaire, in which a good mood lifts all answers."
    if parts.increment is not None and parts.increment.aggregation:
        yield (
            "What the journey rating tells beyond the touchpoints is gone once these are freed of noise: it may be "
            "no more than their aggregation."
        )


def _percent(found: TouchpointBenchmarks, benchmark: str) -> str:
    """The percentage with its Fieller set, or the difference where there is none."""
    at = found.models.index(benchmark)
    if found.values[0, at] <= 0:
        return f"{_interval(found.difference(benchmark))} (no percentage of what predicts nothing)"
    ratio = found.ratio(benchmark)
    low, high = ratio.interval()
    if not math.isfinite(low):
        return f"{shown(ratio.estimate, 3)}% (no limits, because that may predict nothing)"
    return f"{shown(ratio.estimate, 3)}% (95% {shown(low, 3)} to {shown(high, 3)})"


def sentences(parts: JourneyParts) -> tuple[str, ...]:
    """What each further analysis adds."""
    return tuple(_sentences(parts))


def _sentences(parts: JourneyParts) -> Iterator[str]:
    if parts.increment is not None:
        yield _increment(parts.increment)
    if parts.reliability is not None:
        yield _reliability(parts.reliability)
    if parts.importance is not None:
        yield _importance(parts.importance)
    if parts.dominance is not None:
        yield _dominance(parts.dominance)
    if parts.score is not None:
        yield _score(parts.score)
    if parts.patterns is not None and parts.patterns.n_patterns > 1:
        yield _patterns(parts.patterns)
    if parts.compounding is not None:
        yield _compounding(parts.compounding)


def _increment(found: JourneyIncrement) -> str:
    rated, freed = (found.measures.index(measure) for measure in (RATED, FREED))
    told = f"Beside all touchpoints, a standard deviation of the journey rating goes with {_row(found, rated)} of the "
    if math.isnan(found.estimate[freed]):
        return f"{told}outcome; with the touchpoints freed of noise, it cannot be told. {' '.join(found.notes)}"
    return f"{told}outcome; with the touchpoints freed of noise, with {_row(found, freed)}."


def _reliability(found: Reliability) -> str:
    # Two touchpoints have no omega: one covariance cannot tell two loadings.
    kinds = [
        measure for measure in ("omega", "alpha") if (measure, ALL) in zip(found.measures, found.metrics, strict=True)
    ]
    told = ", ".join(f"{measure} {_row(found, found.row(measure))}" for measure in kinds)
    return f"Reliability of the mean of the touchpoints: {told}."


def _importance(found: TouchpointImportance) -> str:
    p = len(found.touchpoints)
    order = np.argsort(-found.estimate[:p], kind="stable")
    top = ", ".join(f"{found.touchpoints[i]} {shown(float(found.estimate[i]), 2)}" for i in order[:3])
    equal = "" if math.isnan(found.equal.p_value) else f" That all matter alike: p {shown_p(found.equal.p_value)}."
    return f"Largest slopes per standard deviation: {top}.{equal}"


def _dominance(found: Dominance) -> str:
    p = len(found.rank_probability)
    order = np.argsort(-found.estimate[:p], kind="stable")[:3]
    names, first = found.labels["term"], found.rank_probability[:, 0]
    share = found.estimate[:p] / found.r2 if found.r2 > 0 else np.full(p, np.nan)
    told = ", ".join(f"{names[i]} {share[i]:.0%} (first in {first[i]:.0%} of draws)" for i in order)
    return (
        f"Of what the touchpoints explain together in the {found.n:,} journeys that used all of them "
        f"({shown(found.r2, 3)}, {found.divided_index}), the largest parts: {told}."
    )


def _score(found: JourneyScore) -> str:
    told = [f"{name} {shown(float(found.estimate[found.row(name)]), 3)}" for name in found.models]
    return f"Scores made from the touchpoints, in {found.index[0]} on customers held out: {', '.join(told)}."


def _patterns(found: UsagePatterns) -> str:
    return (
        f"{found.n_patterns:,} patterns of touchpoints used; in the {len(found.patterns):,} with at least "
        f"{found.fewest:,} journeys, journey minus mean of the touchpoints in {found.index_name}: {found.told()}."
    )


def _compounding(found: Compounding) -> str:
    any_poor, ratio = (_row(found, found.terms.index(term)) for term in (ANY, RATIO))
    return f"Journeys with at least one poor touchpoint: {any_poor}; dependence ratio {ratio}, where 1 is independence."


def _row(found: Result, at: int) -> str:
    limits = found.confidence_interval()
    estimate, low, high = (shown(float(v), 3) for v in (found.estimate[at], limits.low[at], limits.high[at]))
    return f"{estimate} (95% {low} to {high})"


def _interval(effect: Effect) -> str:
    low, high = effect.interval()
    return f"{shown(effect.estimate, 3)} (95% {shown(low, 3)} to {shown(high, 3)})"
