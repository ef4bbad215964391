"""Evidence for claims on whom, and on what, a metric tells of: segments, firms, intentions (6 to 8 of the family)."""

import math

from cxstats.claims.claim import Evidence, attempted, blocked
from cxstats.claims.finding import Part
from cxstats.claims.metric_models import refused_unless_binary
from cxstats.claims.metric_race import AREA, champion_of, guarded, parts_of, warned
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Component, PValues, Question
from cxstats.methods.by_segment import BySegment
from cxstats.methods.intention_behaviour import IntentionBehaviour
from cxstats.methods.within_between import WithinBetween
from cxstats.numerics.effect import Effect
from cxstats.results import shown

LOG_ODDS = "log-odds of the good outcome per standard deviation of the score, between minus within firms"
CORRELATION = "difference of correlations with intention and behaviour; bends are correlations with the curve"


def change_places(data: OutcomeData) -> Evidence:
    """Whether a metric is the better one in one segment and the worse one in another."""
    stopped = refused_unless_binary(data) or guarded(data)
    if stopped is not None:
        return stopped
    segment, *further = data.study.segments
    found = attempted(lambda: data.by_segment(segment))
    if isinstance(found, Evidence):
        return found
    crossing = found.crossing
    (a, b), (here, there) = crossing.metrics, crossing.segments
    first, second = crossing.effects
    turned = Effect(a=-second.a, var_a=second.var_a, df=second.df)
    smallest = data.smallest("auc")
    components = (
        Component(name=f"{a} - {b} in {here}", effect=first, kind="superiority", smallest=smallest),
        Component(name=f"{b} - {a} in {there}", effect=turned, kind="superiority", smallest=smallest),
    )
    sentences, flags = warned(data)
    left = (f"Tested on '{segment}'; also declared, and not tested: {', '.join(further)}.",) if further else ()
    return Evidence(
        question=Question(
            components=components,
            n=found.n,
            own=PValues(crossing.p_supported, crossing.p_not_supported, math.nan),
        ),
        unit=AREA,
        headline=(
            f"Of {crossing.quadruples:,} ways in which two metrics could change places between two segments, the "
            f"strongest is {a} before {b} in {here}, behind it in {there}."
        ),
        measured="The difference {name} is",
        guards=(*sentences, *left, *found.notes),
        flags=flags,
        levels=_areas(found),
        levels_unit="area under the ROC curve (AUC) in each segment",
        n=found.n,
        n_missing=found.n_missing,
    )


def _areas(found: BySegment) -> tuple[Part, ...]:
    limits = found.confidence_interval()
    labels = zip(found.labels["segment"], found.labels["term"], strict=True)
    rows = [(i, s, t) for i, (s, t) in enumerate(labels) if t in found.metrics and s in found.segments]
    at = [i for i, _, _ in rows]
    return parts_of([f"{t} in {s}" for _, s, t in rows], found.estimate[at], limits.low[at], limits.high[at])


def firm_beyond_customer(data: OutcomeData) -> Evidence:
    """Whether the firm's average tells more than the customer's own score."""
    metric = champion_of(data.scales, "csat")[0] if data.of_kind("csat") else next(iter(data.scales))
    stopped = refused_unless_binary(data) or guarded(data, metric)
    if stopped is not None:
        return stopped
    if data.study.weighted:
        return blocked("Random intercepts of firms are not fitted with survey weights.", looked=False)
    found = attempted(lambda: data.within_between(metric))
    if isinstance(found, Evidence):
        return found
    means = "corrected" if not math.isnan(found.effect(metric, "corrected").a) else "observed"
    effect = found.effect(metric, means)
    per_sd = Effect(a=effect.a * found.sd[0], var_a=effect.var_a * float(found.sd[0]) ** 2, df=effect.df)
    component = Component(
        name="between - within",
        effect=per_sd,
        kind="superiority",
        smallest=math.log(data.smallest("odds_ratio")),
    )
    sentences, flags = warned(data)
    return Evidence(
        question=Question(components=(component,), n=found.n),
        unit=LOG_ODDS,
        headline=_slopes(found, metric, means),
        measured="Per standard deviation of the score, between minus within is",
        guards=(*sentences, *found.notes),
        flags=(*flags, "no-baseline"),
        n=found.n,
        n_missing=found.n_missing,
    )


def _slopes(found: WithinBetween, metric: str, means: str) -> str:
    at = list(zip(*found.labels.values(), strict=True)).index((metric, means, "within"))
    within, between = (math.exp(float(found.estimate[at + k])) for k in (0, 1))
    return (
        f"A point of one customer's {metric} multiplies the odds by {shown(within, 3)}, a point of the firm's average "
        f"({means} for luck, reliability {shown(float(found.reliability[0]), 2)}) by {shown(between, 3)}, over "
        f"{found.n_firms:,} firms."
    ).replace("observed for luck", "as observed")


def said_and_done(data: OutcomeData) -> Evidence:
    """Whether a metric tells more of intentions than of behaviour, with curves that bend opposite ways."""
    metric = champion_of(data.scales, "csat")[0] if data.of_kind("csat") else next(iter(data.scales))
    if data.outcome.kind != "behaviour":
        return blocked(f"'{data.name}' is an intention; this claim compares intentions with behaviour.", looked=False)
    stopped = refused_unless_binary(data) or guarded(data, metric)
    if stopped is not None:
        return stopped
    intention = next(name for name, outcome in data.study.outcomes.items() if outcome.kind == "intention")
    found = attempted(lambda: data.against_intention(metric, intention))
    if isinstance(found, Evidence):
        return found
    bends = found.bend_intention[metric], found.bend_behaviour[metric]
    if bends[0] is None or bends[1] is None:
        return blocked(f"'{metric}' has too few levels, or too few customers at them, for a curve.", looked=False)
    latent = found.latent_bend_intention[metric] if found.ceiling else None
    sentences, flags = warned(data)
    return Evidence(
        question=Question(
            components=_said_and_done(data, found, metric, bends[0], bends[1]),
            latent=() if latent is None else _said_and_done(data, found, metric, latent, bends[1]),
            n=found.n,
        ),
        unit=CORRELATION,
        headline=_correlations(found, metric, intention),
        measured="The component {name} is",
        guards=(*sentences, *found.notes),
        flags=(*flags, *(("ceiling",) if found.ceiling else ())),
        n=found.n,
        n_missing=found.n_missing,
    )


def _said_and_done(
    data: OutcomeData, found: IntentionBehaviour, metric: str, intention: Effect, behaviour: Effect
) -> tuple[Component, ...]:
    """The gap by its smallest effect; of the two bends the sign alone is claimed."""
    diminishing = Effect(a=-intention.a, var_a=intention.var_a, df=intention.df)
    return (
        Component(
            name="r intention - r behaviour", effect=found.gap[metric], kind="superiority", smallest=data.smallest("r")
        ),
        Component(name="diminishing returns of intention", effect=diminishing, kind="superiority", smallest=0.0),
        Component(name="increasing returns of behaviour", effect=behaviour, kind="superiority", smallest=0.0),
    )


def _correlations(found: IntentionBehaviour, metric: str, intention: str) -> str:
    rows = list(zip(found.labels["metric"], found.labels["term"], strict=True))
    said, done = (
        shown(float(found.estimate[rows.index((metric, term))]), 2) for term in ("r intention", "r behaviour")
    )
    return f"{metric} goes with '{intention}' at r = {said}, and with what customers did at r = {done}."
