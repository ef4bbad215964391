"""Evidence for claims on contacts: whether they lower loyalty, and what goes with attempts to wow."""

import math

from cxstats.claims.claim import Evidence, attempted
from cxstats.claims.delight_figures import Figure, in_bands, reach_beyond, share_effect, shown_levels
from cxstats.claims.finding import Part
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Component, PValues, Question
from cxstats.methods.contact_harm import ContactHarm
from cxstats.methods.wow_attempts import WowAttempts
from cxstats.numerics.contact_harm import CONTROL
from cxstats.numerics.effect import Effect
from cxstats.results import shown

RATE_BAND = (0.11, 0.21)  # .16, and .05 to either side
COST_BAND = (math.log(1.05), math.log(1.25))
HARM_BAND = (math.log(3.0), math.log(5.0))
HARM = "logarithm of lowered / raised with a contact over the same without one"
HARM_ALONE = "logarithm of lowered / raised with a contact"
RARE_AND_DEAR = "share of contacts with an attempt; logarithm of the ratio of costs with and without one"
RISK = (
    "relative rise of failures; logarithm of the ratio of handling times; standard deviations of the wait of others, "
    "with an attempt against without"
)
_NO_MIX = (
    "The contacts were not adjusted for anything: staff who try more often, and contacts that invite it, may differ "
    "from others. Controls for both would take that off."
)


def attempts_are_rare_and_dear(data: OutcomeData) -> Evidence:
    """The share of attempts, and what contacts with one cost more, each against its published band."""
    found = attempted(lambda: data.service.attempts("cost"))
    if isinstance(found, Evidence):
        return found
    rate, cost = share_effect(found.share), _given(found.log_cost)
    figures = (
        Figure(name="of contacts with an attempt", effect=rate, band=RATE_BAND, directed=False),
        Figure(name="of what they cost more", effect=cost, band=COST_BAND, told_as=math.expm1),
    )
    more = math.exp(cost.estimate) - 1
    return Evidence(
        question=in_bands(figures, found.n),
        unit=RARE_AND_DEAR,
        headline=(
            f"{shown(100 * rate.estimate, 3)}% of contacts had an attempt to wow (published 16%, here 11 to 21), and "
            f"these cost {shown(100 * more, 3)}% more (published 10 to 20, here 5 to 25)."
        ),
        measured="The figure {name} is",
        guards=(*reach_beyond(figures), *_guards(data, found)),
        levels=shown_levels(found, "cost")[:2],
        levels_unit="geometric mean of the cost of a contact",
        published_on=rate,
        n=found.n,
        n_missing=found.n_missing,
        counted="contacts",
    )


def attempts_fail_and_delay(data: OutcomeData) -> Evidence:
    """Failures, handling time and the wait of others: every part that is declared must be worse with an attempt."""
    found = attempted(lambda: data.service.attempts("failure", "handling", "wait"))
    if isinstance(found, Evidence):
        return found
    relative = data.smallest("relative")
    arms = (
        ("of failures", found.failure_relative, relative, float),
        ("of handling time", found.log_handling, math.log1p(relative), math.expm1),
        ("of the wait of others", found.wait_sd, data.smallest("sd"), float),
    )
    components = tuple(
        Component(name=name, effect=effect, kind="superiority", smallest=smallest, told_as=told_as)
        for name, effect, smallest, told_as in arms
        if effect is not None
    )
    without, with_one, _ = shown_levels(found, "failure")
    return Evidence(
        question=Question(components=components, n=found.n),
        unit=RISK,
        headline=(
            f"{shown(100 * with_one.estimate, 3)}% of contacts with an attempt failed, and "
            f"{shown(100 * without.estimate, 3)}% of others."
        ),
        measured="The rise {name} is",
        guards=_guards(data, found),
        levels=(without, with_one),
        levels_unit="share of contacts that failed",
        n=found.n,
        n_missing=found.n_missing,
        counted="contacts",
    )


def contacts_lower_loyalty(data: OutcomeData) -> Evidence:
    """Lowered over raised with a contact, over the same without; only a direction where nobody was without one."""
    found = attempted(lambda: data.service.contact)
    if isinstance(found, Evidence):
        return found
    beside = found.log_ratio_of_ratios
    effect = found.log_ratio if beside is None else beside
    figure = Figure(name="of lowered to raised", effect=effect, band=HARM_BAND, told_as=math.exp)
    question = in_bands((figure,), found.n)
    if beside is None:
        # The size of what falls by itself is unknown: no band can be kept or missed.
        direction = min(1.0, 2 * effect.p_not_above(0.0))
        question = Question(components=question.components, own=PValues(1.0, 1.0, direction), n=found.n)
    high_before = found.gap_before is not None and found.gap_before.interval()[0] > 0
    return Evidence(
        question=question,
        unit=HARM_ALONE if beside is None else HARM,
        headline=_harm_headline(found),
        measured="The ratio {name} is" if beside is None else "The ratio {name}, over that without a contact, is",
        guards=(*(() if beside is None else reach_beyond((figure,))), *found.notes),
        flags=(*(("no-control",) if beside is None else ()), *(("regression-to-mean",) if high_before else ())),
        levels=tuple(part for name in found.shares for part in _moved(found, name)),
        levels_unit="share of customers whose score fell, rose or stayed",
        published_on=Effect(a=math.nan, var_a=math.nan) if beside is None else effect,
        sensitivity=_beside(found),
        n=found.n,
        n_missing=found.n_missing,
    )


def _harm_headline(found: ContactHarm) -> str:
    down, up, _ = (share.estimate for share in found.shares["contact"])
    told = (
        f"With a contact, the score of {shown(100 * down, 3)}% fell and of {shown(100 * up, 3)}% rose: falling is "
        f"{shown(down / up, 3)} times as frequent"
    )
    if CONTROL not in found.shares:
        return f"{told}."
    down, up, _ = (share.estimate for share in found.shares[CONTROL])
    return f"{told}, and without one {shown(down / up, 3)} times."


def _moved(found: ContactHarm, name: str) -> tuple[Part, ...]:
    moves = ("fell", "rose", "stayed")
    effects = [share_effect(share) for share in found.shares[name]]
    return tuple(Part.of(f"{name}: {move}", effect) for move, effect in zip(moves, effects, strict=True))


def _beside(found: ContactHarm) -> tuple[Part, ...]:
    """The ratio at equal scores before, and the plain one, on the logarithm too."""
    if found.log_ratio_of_ratios is None:
        return ()
    others = {"at the same score before": found.log_matched_ratio, "with a contact alone": found.log_ratio}
    return tuple(Part.of(name, effect) for name, effect in others.items() if effect is not None)


def _guards(data: OutcomeData, found: WowAttempts) -> tuple[str, ...]:
    return (*(() if data.study.controls else (_NO_MIX,)), *found.notes)


def _given(effect: Effect | None) -> Effect:
    """An effect that is there because its column was given."""
    if effect is None:
        raise TypeError("the analysis was asked for without the column that this effect needs")
    return effect
