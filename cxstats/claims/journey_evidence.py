"""Evidence for claims on journeys and their touchpoints."""

import math
from collections.abc import Callable

import numpy as np

from cxstats.claims.claim import Evidence, attempted, blocked
from cxstats.claims.finding import Part
from cxstats.claims.metric_race import parts_of
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Component, PValues, Question
from cxstats.methods.compounding import ANY, INDEPENDENT
from cxstats.methods.journey_increment import FREED, RATED, JourneyIncrement
from cxstats.methods.touchpoint_benchmarks import TouchpointBenchmarks
from cxstats.methods.touchpoint_importance import TouchpointImportance
from cxstats.numerics.effect import Effect
from cxstats.results import shown, shown_p
from cxstats.roles import Binary, Continuous, Outcome, Rating
from cxstats.shared.benchmarked import DECISIVE

PERCENT = "percent by which the journey's held-out {index} exceeds that of the touchpoints"
FEWEST_EVENTS = 100
SLOPE = "{unit} of the outcome per standard deviation of the journey rating, beside all touchpoints"
SHORTFALL = "share by which journeys without a poor touchpoint fall short of independence"
GAIN = "gain of the treated as a share of their level without the change"
FALL = "fall of the treated as a share of their level without the change"
SLOPES = "difference of standardised slopes of two touchpoints"
_BENCHMARKS = {"composite": "the mean of the touchpoints", "all touchpoints": "all touchpoints together"}


def of_satisfaction(outcome: Outcome) -> bool:
    """Whether an outcome has a size."""
    return isinstance(outcome, Rating | Continuous)


def of_churn(outcome: Outcome) -> bool:
    """Whether an outcome is 0 or 1."""
    return isinstance(outcome, Binary)


def better_than_touchpoints(fits: Callable[[Outcome], bool], what: str) -> Callable[[OutcomeData], Evidence]:
    """Evidence on the journey rating against the mean of its touchpoints and against all of them."""

    def evidence(data: OutcomeData) -> Evidence:
        if not fits(data.outcome):
            return blocked(f"'{data.name}' is not {what}; this claim is tested on one.", looked=False)
        rarer = _rarer(data)
        if rarer < FEWEST_EVENTS:
            return blocked(
                f"{FEWEST_EVENTS} customers with either value of '{data.name}' are needed, but of those with a journey "
                f"rating only {rarer:,} had the rarer one. More customers, or more time, would make it testable.",
                looked=True,
            )
        found = attempted(lambda: data.benchmarks)
        if isinstance(found, Evidence):
            return found
        ratios = {name: attempted(lambda name=name: found.ratio(name)) for name in DECISIVE}  # type: ignore[misc]
        for ratio in ratios.values():
            if isinstance(ratio, Evidence):
                return ratio
        return _benchmarked(data, found, {k: r for k, r in ratios.items() if isinstance(r, Effect)})

    return evidence


def _rarer(data: OutcomeData) -> float:
    """How many had the rarer of two values; for an outcome with a size no number is too small."""
    journey = data.study.journey
    if journey is None or not isinstance(data.outcome, Binary):
        return math.inf
    cells = data.journey_cells
    rated = cells.where(cells.observed([data.outcome.column, journey.rating]))
    good = int(rated.count[rated[data.outcome.column] == 1].sum())
    return min(good, int(rated.count.sum()) - good)


def _benchmarked(data: OutcomeData, found: TouchpointBenchmarks, ratios: dict[str, Effect]) -> Evidence:
    components = tuple(
        Component(
            name=f"over {_BENCHMARKS[name]}",
            effect=ratio,
            kind="superiority",
            smallest=data.smallest("percent"),
        )
        for name, ratio in ratios.items()
    )
    decisive = min(ratios.values(), key=lambda ratio: ratio.estimate)
    reason = found.magnitude_reason
    withheld = (f"The size is not compared with the published figure: {reason}.",) if reason else ()
    same = data.one_sitting
    return Evidence(
        question=Question(components=components, capped=same, n=found.n),
        unit=PERCENT.format(index=found.primary),
        headline=_indices(found),
        measured=f"The percentage on {found.primary} {{name}} is",
        guards=(*_aggregation(data), *withheld, *found.notes),
        flags=("same-sitting",) if same else (),
        levels=_levels(found),
        levels_unit=f"{found.primary} on customers held out; 0 is a score that knows nothing",
        published_on=decisive if found.magnitude_allowed else Effect(a=math.nan, var_a=math.nan),
        n=found.n,
        n_missing=found.n_missing,
    )


def _indices(found: TouchpointBenchmarks) -> str:
    journey, *others = (shown(float(found.values[0, found.models.index(m)]), 3) for m in ("journey", *DECISIVE))
    told = " and ".join(f"{v} for {_BENCHMARKS[m]}" for m, v in zip(DECISIVE, others, strict=True))
    return f"On customers held out, {found.primary} is {journey} for the journey rating, {told}."


def _aggregation(data: OutcomeData) -> tuple[str, ...]:
    """A sentence where the journey rating may be no more than a mean of its touchpoints."""
    found = attempted(lambda: data.increment)
    if isinstance(found, Evidence) or not found.aggregation:
        return ()
    told = (
        "What the journey rating tells beyond the touchpoints is gone once these are freed of noise: it may be no more "
        "than their aggregation."
    )
    return (told,)


def _levels(found: TouchpointBenchmarks) -> tuple[Part, ...]:
    names = ("journey", "average single", "best single", "composite", "all touchpoints")
    limits = found.confidence_interval()
    at = [found.row(name) for name in names]
    return parts_of(names, found.estimate[at], limits.low[at], limits.high[at])


def beyond_touchpoints(data: OutcomeData) -> Evidence:
    """Whether the journey rating adds information over all touchpoints, also once these are freed of noise."""
    if not isinstance(data.outcome, Binary | Rating | Continuous):
        return blocked(f"'{data.name}' is neither binary nor a rating nor a measure.", looked=False)
    found = attempted(lambda: data.increment)
    if isinstance(found, Evidence):
        return found
    if found.aggregation is None:
        return blocked(
            "Whether the journey rating adds anything once the touchpoints are freed of noise cannot be told: "
            f"{' '.join(found.notes) or 'their common factor has no proper fit.'}",
            looked=True,
        )
    smallest = math.log(data.smallest("odds_ratio")) if isinstance(data.outcome, Binary) else data.smallest("sd")
    names = {"as they were rated": RATED, "freed of noise": FREED}
    components = tuple(
        Component(name=f"with touchpoints {name}", effect=_slope(found, m), kind="superiority", smallest=smallest)
        for name, m in names.items()
    )
    same = data.one_sitting
    flags = (*(("aggregation",) if found.aggregation else ()), *(("same-sitting",) if same else ()))
    return Evidence(
        question=Question(components=components, capped=same, n=found.n),
        unit=SLOPE.format(unit="log-odds" if isinstance(data.outcome, Binary) else "standard deviations"),
        measured="The slope {name} is",
        guards=found.notes,
        flags=flags,
        n=found.n,
        n_missing=found.n_missing,
    )


def _slope(found: JourneyIncrement, measure: str) -> Effect:
    at = found.measures.index(measure)
    return Effect(a=float(found.estimate[at]), var_a=float(found.std_error[at]) ** 2, df=found.df)


def poor_touchpoints_compound(data: OutcomeData) -> Evidence:
    """Whether fewer journeys are free of poor touchpoints than independence would have it."""
    found = attempted(lambda: data.compounding)
    if isinstance(found, Evidence):
        return found
    r = found.ratio
    # 1 - ratio: above 0 where fewer journeys are good throughout than the touchpoints by themselves would give.
    effect = Effect(
        a=r.b - r.a, b=r.b, var_a=r.var_a + r.var_b - 2 * r.cov, cov=r.var_b - r.cov, var_b=r.var_b, df=r.df
    )
    limits = found.confidence_interval()
    any_poor, alone = (float(found.estimate[found.terms.index(term)]) for term in (ANY, INDEPENDENT))
    at = list(range(4, len(found.terms)))
    names = [found.terms[i].removeprefix("poor: ") for i in at]
    return Evidence(
        question=Question(
            components=(
                Component(
                    name="1 - dependence ratio",
                    effect=effect,
                    kind="superiority",
                    smallest=data.smallest("percent") / 100,
                ),
            ),
            n=found.n,
        ),
        unit=SHORTFALL,
        headline=(
            f"{shown(100 * any_poor, 3)}% of journeys met at least one poor touchpoint, where independent ones would "
            f"have met {shown(100 * alone, 3)}%."
        ),
        measured="The shortfall is",
        guards=found.notes,
        levels=parts_of(names, found.estimate[at], limits.low[at], limits.high[at]),
        levels_unit="share of poor ratings of each touchpoint",
        n=found.n,
        n_missing=found.n_missing,
    )


def changed(*, falls: bool = False, up_to: tuple[float, ...] = ()) -> Callable[[OutcomeData], Evidence]:
    """Evidence on whether an outcome improved, or fell, more for some than for others from a change on.

    As a share of what it would have been. ``up_to`` are published upper bounds, which a smaller gain does not refute.
    """
    return lambda data: _changed(data, falls, up_to)


def _changed(data: OutcomeData, falls: bool, up_to: tuple[float, ...]) -> Evidence:
    found = attempted(lambda: data.change)
    if isinstance(found, Evidence):
        return found
    if found.relative is None:
        return blocked(
            f"'{data.name}' would have had a level of 0 or less without the change, of which no share can be taken.",
            looked=True,
        )
    r, sign = found.relative, 1.0 if found.higher_is_better != falls else -1.0
    effect = Effect(a=sign * r.a, b=r.b, var_a=r.var_a, cov=sign * r.cov, var_b=r.var_b, df=r.df)
    if found.pre_trend is not None and found.pre_trend.p_value < 0.05:
        return blocked(
            "Treated and untreated had moved apart before the change "
            f"(p {shown_p(found.pre_trend.p_value)}), so that what followed cannot be put down to it. Untreated "
            "customers who moved as the treated did would make it testable.",
            looked=True,
            flags=("pre-trend",),
        )
    upper = effect.interval()[1]
    told = "; ".join(f"up to {b:.0%} {'lies' if upper >= b else 'does not lie'} within the interval" for b in up_to)
    untested = found.pre_trend is None
    return Evidence(
        question=Question(
            components=(
                Component(
                    name="relative fall" if falls else "relative gain",
                    effect=effect,
                    kind="superiority",
                    smallest=data.smallest("percent") / 100,
                ),
            ),
            n=found.n,
            capped=untested,
        ),
        unit=FALL if falls else GAIN,
        headline=(
            f"From the change on, the level of '{data.name}' among the treated was {shown(found.level, 3)}; had it "
            f"moved as among the untreated, it would have been {shown(found.counterfactual, 3)}."
        ),
        measured=f"As a share of that, the {'fall' if falls else 'gain'} is",
        pointed=_UNTESTED if untested else "",
        guards=(*((f"A smaller gain does not refute an 'up to': {told}.",) if up_to else ()), *found.notes),
        flags=("pre-trend-untested",) if untested else (),
        n=found.n,
        n_missing=found.n_missing,
    )


_UNTESTED = (
    "That would be enough, but whether treated and untreated had moved alike before the change cannot be tested: no "
    "more than the direction can be told."
)


def touchpoints_differ(data: OutcomeData) -> Evidence:
    """Whether some touchpoint matters more than another, by intervals that hold for all pairs."""
    found = attempted(lambda: data.importance)
    if isinstance(found, Evidence):
        return found
    binary = isinstance(data.outcome, Binary)
    smallest = math.log(data.smallest("odds_ratio")) if binary else data.smallest("sd")
    p = len(found.touchpoints)
    gap, error = np.abs(found.estimate[p:]), found.std_error[p:]
    strongest = p + int(np.argmax((gap - smallest) / error))
    component = Component(
        name=_larger_first(found, strongest),
        effect=Effect(
            a=abs(float(found.estimate[strongest])), var_a=float(found.std_error[strongest]) ** 2, df=found.df
        ),
        kind="superiority",
        smallest=smallest,
    )
    limits = found.confidence_interval()
    ends = float(limits.low[strongest]), float(limits.high[strongest])
    low, high = ends if found.estimate[strongest] >= 0 else (-ends[1], -ends[0])
    told = "not tested" if math.isnan(found.equal.p_value) else shown_p(found.equal.p_value)
    same = data.one_sitting
    return Evidence(
        question=Question(components=(component,), own=_max_t(found, gap, error, smallest), capped=same, n=found.n),
        unit=f"{SLOPES}, {'log-odds' if binary else 'standard deviations'} of the outcome per standard deviation",
        headline=(
            f"Test that all {p} touchpoints matter alike: p {told}. The clearest difference is shown; chosen among "
            f"{len(gap)}, it has the 95% interval {shown(low, 3)} to {shown(high, 3)}."
        ),
        measured="The difference {name} is",
        guards=found.notes,
        flags=("same-sitting",) if same else (),
        levels=parts_of(found.touchpoints, found.estimate[:p], limits.low[:p], limits.high[:p]),
        levels_unit="standardised slope of each touchpoint, the others being equal",
        n=found.n,
        n_missing=found.n_missing,
    )


def _larger_first(found: TouchpointImportance, at: int) -> str:
    first, second = found.terms[at].split(" - ", 1) if found.terms[at].count(" - ") == 1 else (found.terms[at], "")
    return f"{first} - {second}" if found.estimate[at] >= 0 or not second else f"{second} - {first}"


def _max_t(found: TouchpointImportance, gap: np.ndarray, error: np.ndarray, smallest: float) -> PValues:
    """p-values from the largest |t| of all pairs: of "no pair differs by more", "some pair does", "no pair differs"."""
    tail = found.simultaneous.tail
    more = float(np.min(tail(np.maximum((gap - smallest) / error, 0.0))))
    none = float(np.max(tail(np.maximum((smallest - gap) / error, 0.0))))
    return PValues(more, none, float(np.min(tail(gap / error))))
