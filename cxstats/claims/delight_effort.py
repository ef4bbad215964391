"""Evidence for claims on effort: whether much of it goes with disloyalty, and whether sparing it pays less and less."""

import math
from dataclasses import replace

from cxstats.claims.claim import Evidence, attempted, blocked
from cxstats.claims.delight_figures import (
    ceiling_points,
    counted_in,
    gain_unit,
    no_baseline,
    no_latent_scale,
    on_both_scales,
    shown_levels,
)
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import ALPHA, Component
from cxstats.errors import number
from cxstats.methods.effort_disloyalty import EffortDisloyalty
from cxstats.numerics.effect import Effect
from cxstats.numerics.effort_disloyalty import PUBLISHED
from cxstats.results import shown
from cxstats.roles import Binary, Survival

BAND = (0.80, 0.90)  # the published gaps between the shares with much and with little effort: 80 to 90 points
_FALL = {True: "log-odds of a bad outcome", False: "standard deviations of lost loyalty"}


def effort_goes_with_disloyalty(data: OutcomeData) -> Evidence:
    """Little against much effort on a 0/1 outcome; published gaps are those of intentions, and compared with these."""
    if not isinstance(data.outcome, Binary):
        return blocked(f"'{data.name}' is not an outcome of 0 and 1; this claim is tested on one.", looked=False)
    found = attempted(lambda: data.service.effort)
    if isinstance(found, Evidence):
        return found
    levels = shown_levels(found, "effort")
    much, little = levels
    main = Component(
        name="little - much effort", effect=found.gain, kind="superiority", smallest=data.smallest("relative")
    )
    same, unit = data.one_sitting, gain_unit(data, 1 - much.estimate)
    why = (f"The size is not compared with the published figure: {found.why_no_published_gap}",)
    return Evidence(
        question=on_both_scales(main, None, capped=same, n=found.n),
        unit=unit,
        headline=(
            f"The share with a bad outcome ({data.name}) is {100 * much.estimate:.1f}% after much effort "
            f"({found.high_effort}) and {100 * little.estimate:.1f}% after little ({found.low_effort})."
        ),
        measured=f"The relative gain with little effort{counted_in(unit)} is",
        guards=(*_other_scores(data), *_per_sd(found), *(why if found.why_no_published_gap else ()), *found.notes),
        flags=(*no_baseline(data), *_reported_only(found), *(("same-sitting",) if same else ())),
        levels=levels,
        levels_unit=f"share with a bad outcome ({data.name})",
        published_on=_plain_gap(found),
        n=found.n,
        n_missing=found.n_missing,
    )


def sparing_effort_pays_less_and_less(data: OutcomeData) -> Evidence:
    """Slope of loyalty on ease below the knee minus above it; of a rating on the scale behind it too."""
    if isinstance(data.outcome, Survival):
        return blocked(f"'{data.name}' is a time until something happened, which has no slope.", looked=False)
    found = attempted(lambda: data.service.effort)
    if isinstance(found, Evidence):
        return found
    if found.saturation is None:
        why = next((note for note in found.notes if note.startswith("Saturation")), "too few customers.")
        return blocked(f"{why} More customers on both sides of the knee would make it testable.", looked=True)
    guard = no_latent_scale(data, found.latent_saturation, found.notes)
    if guard is not None:
        return guard
    main = Component(name="below - above", effect=found.saturation, kind="superiority", smallest=data.smallest("sd"))
    levels = shown_levels(found, "saturation")[:2]
    below, above = (shown(part.estimate, 3) for part in levels)
    same = data.one_sitting
    return Evidence(
        question=on_both_scales(main, found.latent_saturation, capped=same, n=found.n),
        unit="standard deviations of the outcome per standard deviation of ease",
        headline=(
            f"With each point of ease, '{data.name}' changes by {below} up to the answer {number(found.knee)}, and by "
            f"{above} beyond it."
        ),
        measured="In standard deviations, the slopes differ by",
        guards=(*_other_scores(data), *_behind(found.latent_saturation), *found.notes),
        flags=(*ceiling_points(main, found.latent_saturation), *(("same-sitting",) if same else ())),
        levels=levels,
        levels_unit=f"{'share with a good outcome' if isinstance(data.outcome, Binary) else 'mean'} of '{data.name}' "
        "per point of ease",
        n=found.n,
        n_missing=found.n_missing,
    )


def _other_scores(data: OutcomeData) -> tuple[str, ...]:
    used, *others = data.of_kind("ces")
    return tuple(f"{name}, of the same kind, is not used: {used} is declared first." for name in others)


def _per_sd(found: EffortDisloyalty) -> tuple[str, ...]:
    """Reported and recorded effort beside each other, where any was recorded."""
    if not found.objective:
        return ()
    effects = {f"'{found.metric}' as reported": found.per_sd} | {
        f"'{name.removeprefix('service.objective.')}' as recorded": effect for name, effect in found.objective.items()
    }
    told = "; ".join(f"{name} {_interval(effect)}" for name, effect in effects.items())
    return (f"In {_FALL[isinstance(found.outcome, Binary)]} per standard deviation of effort: {told}.",)


def _interval(effect: Effect) -> str:
    low, high = (shown(end, 3) for end in effect.interval())
    return f"{shown(effect.estimate, 3)} (95% {low} to {high})"


def _reported_only(found: EffortDisloyalty) -> tuple[str, ...]:
    """Whether reported effort goes with disloyalty and no recorded effort does."""
    if not found.objective or 2 * found.per_sd.p_not_above(0.0) >= ALPHA:
        return ()
    seen = any(2 * effect.p_not_above(0.0) < ALPHA for effect in found.objective.values())
    return () if seen else ("reported-only",)


def _plain_gap(found: EffortDisloyalty) -> Effect:
    """The unadjusted gap of the shares, for an intention; else no number to compare."""
    if found.published_gap is None:
        return Effect(a=math.nan, var_a=math.nan)
    low, high = PUBLISHED["buy again"]
    less = found.published_gap["buy again"]
    return replace(less, a=less.a + abs(low - high))


def _behind(latent: Effect | None) -> tuple[str, ...]:
    return () if latent is None else (f"On the scale behind the rating (ordered probit) it is {_interval(latent)}.",)
