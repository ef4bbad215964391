"""Evidence for claims on problems: who is silent, what recovery goes with, and what ratings then tell."""

import math
from dataclasses import replace

import numpy as np

from cxstats.cells import Cells
from cxstats.claims.claim import Evidence, attempted, blocked
from cxstats.claims.delight_figures import (
    at_the_top,
    ceiling_points,
    counted_in,
    gain_unit,
    no_baseline,
    no_latent_scale,
    on_both_scales,
    share_effect,
    shown_levels,
)
from cxstats.claims.finding import Part
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Component, Question, component_p_values
from cxstats.errors import TooFewError
from cxstats.numerics.effect import Effect
from cxstats.numerics.observed import FEWEST_ROWS
from cxstats.numerics.parts import Share, share_of
from cxstats.numerics.problem_recovery import refuse_without_problem
from cxstats.numerics.zero_one import zero_one
from cxstats.results import shown
from cxstats.roles import Binary, Survival
from cxstats.study.declared import DeclaredStudy

SILENT = "share of customers with a problem who did not complain"
SLOPES = "difference of slopes, {unit} of the outcome per standard deviation of the rating"
_UNASKED = "Only customers who were asked are counted; of those who left without a word nobody knows."


def rating_of(study: DeclaredStudy) -> str | None:
    """The rating of quality: the first satisfaction score, or else the first score that asks for no effort."""
    service, scales = study.service, study.compared_scales
    loyalty = () if service is None else (service.before, service.after)
    free = [name for name, scale in scales.items() if scale.kind != "ces" and name not in loyalty]
    return next((name for name in free if scales[name].kind == "csat"), free[0] if free else None)


def most_are_silent(data: OutcomeData) -> Evidence:
    """Whether more than half of those who met a problem said nothing, by the score test (Wilson's interval)."""
    found = attempted(lambda: _silent(data.service.complaints))
    if isinstance(found, Evidence):
        return found
    silent, n_missing = found
    main = Component(name="silent", effect=share_effect(silent), kind="superiority", smallest=data.smallest("majority"))
    low, high = main.effect.interval()
    return Evidence(
        # A share above 0 is no direction: only more than half is.
        question=Question(components=(main,), own=replace(component_p_values(main), direction=math.nan), n=silent.rows),
        unit=SILENT,
        headline=f"Of {silent.rows:,} customers with a problem, {shown(100 * silent.estimate, 3)}% did not complain.",
        measured="Their share is",
        guards=(_UNASKED,),
        levels=(Part(name="silent", estimate=silent.estimate, ci_low=low, ci_high=high),),
        levels_unit=SILENT,
        n=silent.rows,
        n_missing=n_missing,
        counted="customers with a problem",
    )


def _silent(cells: Cells) -> tuple[Share, int]:
    """The silent share of those with a problem, and how many with one are not known to have complained or not."""
    problem, complained = "service.problem", "service.complained"
    known = cells.where(cells.observed([problem]) & (cells.row_weight > 0))
    met = zero_one(problem, known[problem], known.count, "a problem", "none")
    told = zero_one(complained, known[complained], known.count, "a complaint", "none")
    refuse_without_problem(complained, told, problem, met, known.count)
    kept = known.where((met == 1) & ~np.isnan(told))
    if kept.n < FEWEST_ROWS:
        raise TooFewError(
            f"At least {FEWEST_ROWS} customers with a problem must be known to have complained or not, but {kept.n:,} "
            "are.\nAsk more customers, or for a longer time."
        )
    silent = (1 - kept[complained].astype(np.float64)).astype(np.float64)
    share = share_of("with a problem", silent, kept.count, kept.row_weight, kept.cluster_codes)
    return share, int(known.count[met == 1].sum()) - kept.n


def problems_reveal_quality(data: OutcomeData) -> Evidence:
    """Whether a rating goes with the outcome more closely among customers with a problem."""
    metric = rating_of(data.study) or ""
    if isinstance(data.outcome, Survival):
        return _not_of_one_moment(data)
    found = attempted(lambda: data.service.revealed(metric))
    if isinstance(found, Evidence):
        return found
    effect = _given(found.interaction)
    guard = no_latent_scale(data, found.latent_interaction, found.notes)
    if guard is not None:
        return guard
    binary = isinstance(data.outcome, Binary)
    smallest = math.log(data.smallest("odds_ratio")) if binary else data.smallest("sd")
    main = Component(name="problem - no problem", effect=effect, kind="superiority", smallest=smallest)
    levels = shown_levels(found, "slope")[:2]
    without, with_one = (shown(part.estimate, 3) for part in levels)
    unit = "log-odds" if binary else "standard deviations"
    return Evidence(
        question=on_both_scales(main, found.latent_interaction, capped=data.one_sitting, n=found.n),
        unit=SLOPES.format(unit=unit),
        headline=f"The slope of '{metric}' is {without} without a problem and {with_one} with one.",
        measured="The slopes differ by",
        guards=(*_behind(found.latent_interaction), *found.notes),
        flags=(*ceiling_points(main, found.latent_interaction), *_same_sitting(data)),
        levels=levels,
        levels_unit=f"slope of '{metric}', {unit} of the outcome per standard deviation of the rating",
        n=found.n,
        n_missing=found.n_missing,
    )


def recovered_beyond_untroubled(data: OutcomeData) -> Evidence:
    """Whether customers whose problem was put right are more loyal than those who never had one."""
    if isinstance(data.outcome, Survival):
        return _not_of_one_moment(data)
    found = attempted(lambda: data.service.recovery)
    if isinstance(found, Evidence):
        return found
    guard = at_the_top(found.share_at_top, "customers without a problem")
    guard = guard or no_latent_scale(data, found.latent_paradox, found.notes)
    if guard is not None:
        return guard
    levels = shown_levels(found, "outcome")
    binary = isinstance(data.outcome, Binary)
    main = Component(
        name="recovered - no problem",
        effect=_given(found.paradox),
        kind="superiority",
        smallest=data.smallest("relative" if binary else "sd"),
    )
    untroubled, unrecovered, recovered = (shown(part.estimate, 3) for part in levels)
    what = "share with a good outcome" if binary else "mean"
    unit = gain_unit(data, levels[0].estimate)
    return Evidence(
        question=on_both_scales(main, found.latent_paradox, capped=data.one_sitting, n=found.n),
        unit=unit,
        headline=(
            f"The {what} of '{data.name}' is {untroubled} without a problem, {recovered} where one was put right and "
            f"{unrecovered} where it was not."
        ),
        measured=f"The gain of the recovered over the untroubled{counted_in(unit)} is",
        guards=(
            *_behind(found.latent_paradox),
            "That the recovered lie above the unrecovered would be no paradox, and is no part of the verdict.",
            *found.notes,
        ),
        flags=(*ceiling_points(main, found.latent_paradox), *no_baseline(data), *_same_sitting(data)),
        levels=levels,
        levels_unit=f"{what} of '{data.name}'",
        n=found.n,
        n_missing=found.n_missing,
    )


def _not_of_one_moment(data: OutcomeData) -> Evidence:
    return blocked(
        f"'{data.name}' is a time until something happened; this claim is tested on an outcome of one moment.",
        looked=False,
    )


def _given(effect: Effect | None) -> Effect:
    """An effect that is there because the columns that it needs were given."""
    if effect is None:
        raise TypeError("the analysis was asked for without the columns that this effect needs")
    return effect


def _same_sitting(data: OutcomeData) -> tuple[str, ...]:
    return ("same-sitting",) if data.one_sitting else ()


def _behind(latent: Effect | None) -> tuple[str, ...]:
    """For a rating, what the same test says on the scale behind it."""
    if latent is None:
        return ()
    low, high = (shown(end, 3) for end in latent.interval())
    return (
        f"On the scale behind the rating (ordered probit) it is {shown(latent.estimate, 3)} (95% {low} to {high}).",
    )
