"""Evidence for claims on what satisfaction is needed for, and on what a long stay means."""

import math

from cxstats.claims.claim import Evidence, attempted, blocked
from cxstats.claims.delight_figures import no_latent_scale
from cxstats.claims.finding import Part
from cxstats.claims.metric_race import champion_of
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Component, PValues, Question, superior
from cxstats.methods.dwell_ambiguity import DwellAmbiguity, dwell_ambiguity
from cxstats.methods.necessary_condition import necessary_condition
from cxstats.numerics.effect import Effect
from cxstats.results import shown
from cxstats.roles import Binary, Continuous, Rating, Survival

EMPTY = "share of the range seen that is empty: high outcomes at low scores"
_EXTREMES = (
    "A few extreme customers decide which share is empty: it has no standard error, and nothing refutes the claim."
)
_ONLY_CORRELATED = (
    "That would be enough, but answers that are merely correlated leave as much of it empty: no more than the "
    "direction can be told."
)
LOG_TIME = "standard deviations of the outcome per standard deviation of log time"


def service_is_necessary(data: OutcomeData) -> Evidence:
    """Whether high outcomes are absent at low satisfaction, more than chance and a correlation leave them absent."""
    stopped = _not_dealt_out(data)
    if stopped is not None:
        return stopped
    metric, guards = champion_of(data.scales, "csat")
    found = attempted(
        lambda: necessary_condition(
            data.counted("necessity", lambda: data.study.cells(data.name, metrics=(metric,))), rng=data.rng
        )
    )
    if isinstance(found, Evidence):
        return found
    size, smallest = float(found.effect_size[0]), data.smallest("necessity")
    luck = float(found.independent.p_value[0]), float(found.correlated.p_value[0])
    supported, direction = min(1.0, 2 * max(luck)) if size >= smallest else 1.0, min(1.0, 2 * luck[0])
    # Of an effect size that extremes decide no error is known: nothing refutes it, and it has no interval.
    effect = Effect(a=size, var_a=math.inf)
    one = float(found.without_one)
    return Evidence(
        question=Question(
            components=(Component(name="empty corner", effect=effect, kind="superiority", smallest=smallest),),
            own=PValues(supported, 1.0, direction),
        ),
        headline=(
            f"Of the range seen of '{metric}' and '{data.name}', {100 * size:.0f}% is empty: no high outcome at a low "
            f"score. Answers dealt at random would leave {100 * found.independent.expected[0]:.0f}% empty "
            f"(p {shown(luck[0], 2)}), answers that are only as correlated as these "
            f"{100 * found.correlated.expected[0]:.0f}% (p {shown(luck[1], 2)})."
        ),
        measured="The empty share is",
        pointed=_ONLY_CORRELATED if size >= smallest else "",
        guards=(
            *guards,
            _EXTREMES,
            *((f"Without the one customer who counts most it would be {shown(one, 2)}.",) if one > size else ()),
            *found.notes,
        ),
        n=found.n,
        n_missing=found.n_missing,
    )


def _not_dealt_out(data: OutcomeData) -> Evidence | None:
    """What stops the claim: an outcome without several levels, rows that are not independent and alike."""
    if isinstance(data.outcome, Survival | Binary):
        kind = "a time until an event" if isinstance(data.outcome, Survival) else "either 0 or 1"
        return blocked(
            f"'{data.name}' is {kind}; this claim is tested on an outcome with several levels, such as a rating or the "
            "number of purchases.",
            looked=False,
        )
    declared = data.study.declared
    named = [word for word, given in (("clusters", declared.cluster), ("weights", declared.weight)) if given]
    if named:
        return blocked(
            f"The study has {' and '.join(named)}, but the test deals single answers out at random, which takes "
            "independent customers who count alike. A study with one row per customer, without them, would make it "
            "testable.",
            looked=False,
        )
    return None


def dwell_is_ambiguous(data: OutcomeData) -> Evidence:
    """Whether a long stay goes with a better outcome where the task succeeded, and with a worse one where it failed."""
    if not isinstance(data.outcome, Rating | Continuous):
        return blocked(f"'{data.name}' must be a rating or measured for this claim, once for each visit.", looked=False)
    found = attempted(lambda: _dwell(data))
    if isinstance(found, Evidence):
        return found
    guard = no_latent_scale(data, found.latent_lost, found.notes)
    if guard is not None:
        return guard
    smallest = data.smallest("sd")
    names = ("longer stays where the task succeeded", "shorter stays where it failed")
    return Evidence(
        question=Question(
            components=superior(names, (found.pleasure, found.lost), smallest),
            latent=superior(names, (found.latent_pleasure, found.latent_lost), smallest),
            n=found.n,
        ),
        headline=f"The task failed in {found.rows[0]:,} visits and succeeded in {found.rows[1]:,}.",
        measured="In standard deviations, the gain of {name} is",
        guards=(*_all_visits(found), *found.notes),
        sensitivity=(Part.of("succeeded - failed", found.difference),),
        n=found.n,
        n_missing=found.n_missing,
        counted="visits",
    )


def _all_visits(found: DwellAmbiguity) -> tuple[str, ...]:
    """What two lines say of all visits together, where there are any."""
    if found.turn is None:
        return ()
    shape = {None: "no turn", "U": "a U"}.get(found.turn.shape, "an inverted U")
    return (f"Over all visits together, and without controls, two lines show {shape}.",)


def _dwell(data: OutcomeData) -> DwellAmbiguity:
    cells = data.counted("dwell", lambda: data.study.cells(data.name, controls=True, service=("dwell", "success")))
    return dwell_ambiguity(cells, dwell="service.dwell", success="service.success")
