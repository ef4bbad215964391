"""Evidence for claims that compare metrics with each other: 1 to 3 of the family."""

from collections.abc import Callable, Sequence

import numpy as np

from cxstats.claims.claim import Evidence, attempted, blocked
from cxstats.claims.finding import Kind, Part
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Blocked, Component, Question
from cxstats.errors import CxStatsError
from cxstats.methods.extreme_groups import ExtremeGroups
from cxstats.methods.held_out import HeldOutComparison
from cxstats.methods.league_table import LeagueTable
from cxstats.numerics.effect import Effect
from cxstats.results import shown
from cxstats.roles import Binary, Survival
from cxstats.scales import Scale
from cxstats.studies.which_metric_words import watched_from_zero

NAMES = {"nps": "NPS", "csat": "satisfaction (CSAT)", "ces": "customer effort (CES)"}
AREA = "difference in area under the ROC curve (AUC)"
HELD_OUT_AREA = "difference in AUC on customers held out, each metric over the controls"
CONCORDANCE = "difference in concordance: how often the better score goes with the better outcome"
_KNOWS_NOTHING = "; .5 is a score that knows nothing"


def compared(
    kind: str, test: Kind, *, baseline: bool = False, contrast: bool = False
) -> Callable[[OutcomeData], Evidence]:
    """Evidence on the metric of a kind against every metric of another kind.

    With ``baseline`` the areas are those over past behaviour, on customers held out, where controls are
    declared. With ``contrast`` the extreme groups of the article are shown, and their ratio is what the
    published figure is compared with.
    """

    def evidence(data: OutcomeData) -> Evidence:
        stopped = guarded(data)
        if stopped is not None:
            return stopped
        race = attempted(lambda: data.league)
        if isinstance(race, Evidence):
            return race
        held = _over_controls(data) if baseline else None
        if isinstance(held, Evidence):
            return held
        return _compare(data, race, held, kind, test, contrast)

    return evidence


def guarded(data: OutcomeData, *names: str) -> Evidence | None:
    """What stops any claim on metrics: a metric that knows the outcome too well."""
    found = attempted(lambda: data.leakage)
    if isinstance(found, Evidence):
        looked = isinstance(found.question, Blocked) and found.question.looked_at_outcome
        return None if looked else found  # else the claim's own analysis says it better
    asked = names or tuple(data.scales)
    reasons = [reason for name, reason in zip(found.flagged, found.reasons, strict=True) if name in asked]
    return blocked(" ".join(reasons), looked=True, flags=("leakage",)) if reasons else None


def warned(data: OutcomeData) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Guards that only warn: their sentences, their flags."""
    sentences: list[str] = []
    flags: list[str] = []
    try:
        quality = data.answer_quality
    except CxStatsError:
        quality = None
    if quality is not None and quality.concerns:
        sentences += quality.concerns
        flags += sorted({flag.partition(":")[0] for flag in quality.flags})
    unequal = data.study.timing(data.name).unequal
    if unequal:
        sentences.append(unequal)
        flags.append("unequal-lags")
    return tuple(sentences), tuple(flags)


def _over_controls(data: OutcomeData) -> HeldOutComparison | Evidence | None:
    """The comparison over past behaviour; None where there is none, or where it cannot be held out."""
    if not data.study.controls or data.study.weighted or not isinstance(data.outcome, Binary):
        return None
    return attempted(lambda: data.held_out)


def _compare(
    data: OutcomeData, race: LeagueTable, held: HeldOutComparison | None, kind: str, test: Kind, contrast: bool
) -> Evidence:
    champion, guards = champion_of(data.scales, kind)
    others = [name for name in race.metrics if data.scales[name].kind != kind]
    components = tuple(
        Component(
            name=f"{champion} - {other}",
            effect=_difference(race, champion, other) if held is None else _held_difference(held, champion, other),
            kind=test,
            smallest=data.smallest("auc"),
        )
        for other in others
    )
    sentences, flags = warned(data)
    withheld = test == "equivalence" and _uninformative(race, [champion, *others], data.smallest("auc"))
    if withheld:
        flags = (*flags, "both-uninformative")
    if test == "superiority" and held is None:
        flags = (*flags, "no-baseline")
    ratio, told = _contrasts(data, champion) if contrast else (None, ())
    return Evidence(
        question=Question(components=components, withheld=withheld, n=race.n if held is None else held.n),
        unit=_unit(race, held),
        headline=headline(data, race),
        measured="The difference {name} is",
        guards=(*guards, *sentences, *told, *_watched(data), *race.notes),
        flags=flags,
        levels=areas(race),
        levels_unit=("area under the ROC curve (AUC)" if race.index == "AUC" else "concordance with the outcome")
        + _KNOWS_NOTHING,
        published_on=ratio,
        sensitivity=_on_equal_levels(data, champion, others),
        n=race.n if held is None else held.n,
        n_missing=race.n_missing if held is None else held.n_missing,
    )


def _watched(data: OutcomeData) -> tuple[str, ...]:
    """What has to be known of a time until an event: from when it counts, and that controls are not held equal."""
    if not isinstance(data.outcome, Survival):
        return ()
    held = "Metrics are compared as they are: on a time until an event the controls are not held equal."
    from_zero = () if data.outcome.entry is not None else (watched_from_zero(data.outcome),)
    return (*from_zero, held) if data.study.controls else from_zero


def _unit(race: LeagueTable, held: HeldOutComparison | None) -> str:
    if held is not None:
        return HELD_OUT_AREA
    return AREA if race.index == "AUC" else CONCORDANCE


def champion_of(scales: dict[str, Scale], kind: str) -> tuple[str, tuple[str, ...]]:
    """The first metric of the kind stands for it; others of the same kind are named, not compared."""
    of_kind = [name for name, scale in scales.items() if scale.kind == kind]
    if len(of_kind) == 1:
        return of_kind[0], ()
    rest = ", ".join(of_kind[1:])
    return of_kind[0], (f"{of_kind[0]} stands for {NAMES[kind]}; {rest}, of the same kind, is not compared with it.",)


def _on_equal_levels(data: OutcomeData, champion: str, others: Sequence[str]) -> tuple[Part, ...]:
    """The same differences after all scales were coarsened to as many levels, where that can be done."""
    fight = attempted(lambda: data.fair_fight) if isinstance(data.outcome, Binary) else None
    if fight is None or isinstance(fight, Evidence):
        return ()
    limits, names = fight.confidence_interval(), [f"{champion} - {other}" for other in others]
    return tuple(
        Part(
            name=f"{name}, all scales coarsened to {fight.levels} levels",
            estimate=sign * float(fight.estimate[at]),
            ci_low=float(min(sign * limits.low[at], sign * limits.high[at])),
            ci_high=float(max(sign * limits.low[at], sign * limits.high[at])),
        )
        for name in names
        for at, sign in [_place(fight.terms, name)]
    )


def _place(terms: Sequence[str], name: str) -> tuple[int, float]:
    """Where a difference stands, and with which sign: each pair stands there once."""
    if name in terms:
        return terms.index(name), 1.0
    a, _, b = name.partition(" - ")
    return terms.index(f"{b} - {a}"), -1.0


def _difference(race: LeagueTable, first: str, second: str) -> Effect:
    i, j = race.metrics.index(first), race.metrics.index(second)
    v = race.comparison.covariance
    variance = max(float(v[i, i] + v[j, j] - 2 * v[i, j]), 0.0)
    return Effect(a=float(race.estimate[i] - race.estimate[j]), var_a=variance, df=race.comparison.df)


def _held_difference(held: HeldOutComparison, first: str, second: str) -> Effect:
    """The difference of two areas on customers held out, whichever way round the frame has it."""
    term = f"{first} - {second}"
    sign = 1 if term in held.model else -1
    at = held.row(term if sign > 0 else f"{second} - {first}", "AUC")
    return Effect(a=sign * float(held.estimate[at]), var_a=float(held.std_error[at]) ** 2, df=held.df)


def _uninformative(race: LeagueTable, names: list[str], smallest: float) -> bool:
    """Whether no compared area lies clearly above .5: two blind scores are equal, but not equally good."""
    low = race.confidence_interval().low
    return not any(low[race.metrics.index(name)] > 0.5 + smallest for name in names)


def _contrasts(data: OutcomeData, champion: str) -> tuple[Effect | None, tuple[str, ...]]:
    """The ratio of the top-minus-bottom contrasts of effort and satisfaction, and a sentence that shows it."""
    rivals = data.of_kind("csat")
    if not isinstance(data.outcome, Binary) or not rivals:
        return None, ()
    found = data.extremes
    ratio = _ratio(found, champion, rivals[0])
    low, high = ratio.interval()
    size = f"{shown(ratio.estimate, 3)} times" if np.isfinite(low) else "a ratio that cannot be told, because it is"
    limits = f" (95% {shown(low, 3)} to {shown(high, 3)})" if np.isfinite(low) else " divided by what may be nothing"
    a, b = (float(found.estimate[3 * found.metrics.index(name) + 2]) for name in (champion, rivals[0]))
    told = (
        f"Good outcomes among the top minus the bottom {found.share:.0%} of customers: {champion} {shown(a, 3)}, "
        f"{rivals[0]} {shown(b, 3)}, {size}{limits}. The published figure was made so; it does not decide."
    )
    return ratio, (told,)


def _ratio(found: ExtremeGroups, first: str, second: str) -> Effect:
    i, j = (3 * found.metrics.index(name) + 2 for name in (first, second))
    v = found.covariance
    return Effect(
        a=float(found.estimate[i]),
        b=float(found.estimate[j]),
        var_a=float(v[i, i]),
        var_b=float(v[j, j]),
        cov=float(v[i, j]),
        df=found.df,
    )


def headline(data: OutcomeData, race: LeagueTable) -> str:
    """The areas as what they are: how often a score picks the right one of two customers."""
    order = sorted(range(len(race.metrics)), key=lambda i: -race.estimate[i])
    best, *rest = (f"{race.metrics[i]} {100 * race.estimate[i]:.1f}%" for i in order)
    name = race.metrics[order[0]]
    told = ", ".join([f"{best.removeprefix(name).strip()} of the time", *rest])
    if isinstance(data.outcome, Survival):
        two = f"one of whom had the event ({data.name}) while the other was watched and went on"
        return f"Of two customers, {two}, {name} picks the right one {told}."
    two = (
        "one with a good and one with a bad outcome"
        if race.index == "AUC"
        else "one with a better outcome than the other"
    )
    return f"Of two customers, {two} ({data.name}), {name} picks the right one {told}."


def areas(race: LeagueTable) -> tuple[Part, ...]:
    """The areas as parts of a finding."""
    limits = race.confidence_interval()
    return tuple(
        Part(
            name=f"{name} (largest in {100 * best:.0f}% of resamples)",
            estimate=float(estimate),
            ci_low=float(low),
            ci_high=float(high),
        )
        for name, best, estimate, low, high in zip(
            race.metrics, race.p_best, race.estimate, limits.low, limits.high, strict=True
        )
    )


def parts_of(names: Sequence[str], estimate: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[Part, ...]:
    """Rows of a result as parts of a finding."""
    return tuple(
        Part(name=name, estimate=float(e), ci_low=float(a), ci_high=float(b))
        for name, e, a, b in zip(names, estimate, low, high, strict=True)
    )
