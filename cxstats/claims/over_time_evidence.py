"""Evidence for claims on wows over time, on consistency, and on what was changed for some."""

import math
from collections.abc import Callable
from dataclasses import replace

from cxstats.claims.claim import Evidence, EvidenceOf, attempted, blocked
from cxstats.claims.delight_figures import gain_unit, no_baseline, no_latent_scale, shown_levels
from cxstats.claims.finding import Part
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Component, PValues, Question, question_p_values, superior
from cxstats.methods.wow_by_basics import WowByBasics
from cxstats.numerics.effect import Effect
from cxstats.results import shown
from cxstats.roles import Binary, Continuous, Count, Outcome, Survival
from cxstats.shared.encounter_result import EncounterResult

IN_SD = "standard deviations within customers"
NEXT = "standard deviations of the next expectation"
STEADY = "relative gain, or log-odds of the good outcome, per standard deviation of consistency"
_CAPS = {  # flag -> why no more than the direction can be told
    "one-estimate": "That would be enough, but only one of two estimates could be made, and a doubt that the other one "
    "answers stays: no more than the direction can be told.",
    "ceiling": "That would be enough, but so many encounters with a perk have the best rating that a later perk could "
    "not show as much as the first: no more than the direction can be told.",
}


def on_encounters(analysis: Callable[[OutcomeData], EncounterResult], names: tuple[str, str], unit: str) -> EvidenceOf:
    """Evidence from two estimates of the same thing, each of which another doubt cannot bend: both must hold.

    ``names`` are theirs, in the order of ``components``, of which the second may be missing.
    """

    def evidence(data: OutcomeData) -> Evidence:
        found = attempted(lambda: analysis(data))
        if isinstance(found, Evidence):
            return found
        effects = tuple(found.components.values())
        components = superior(names[: len(effects)], effects, data.smallest("sd"))
        return Evidence(
            question=_doubted(Question(components=components, n=found.n), found),
            unit=unit,
            headline=(
                f"Of {found.n_customers:,} customers {found.n_exposed:,} were given a perk ({found.n_repeat:,} of them "
                f"twice or more), and {found.n_never:,} never were."
            ),
            measured=f"In {unit}, the {{name}} is",
            pointed=next((why for flag, why in _CAPS.items() if flag in found.flags), ""),
            guards=(*_uncounted(data), *found.notes),
            flags=found.flags,
            levels=_rows(found),
            levels_unit=unit,
            n=found.n,
            n_missing=found.n_missing,
            counted="encounters",
        )

    return evidence


def _doubted(question: Question, found: EncounterResult) -> Question:
    """No verdict against the claim where the two disagree, and no more than a direction where one is not to be had."""
    if "estimates-disagree" in found.flags:
        question = replace(question, own=replace(question_p_values(question.components), not_supported=1.0))
    return replace(question, capped=any(flag in _CAPS for flag in found.flags))


def _uncounted(data: OutcomeData) -> tuple[str, ...]:
    """A sentence where the study has counts, which are those of its analysed rows."""
    return ("The count of the study is not used here: each encounter counts once.",) if data.study.counted else ()


def _rows(found: EncounterResult) -> tuple[Part, ...]:
    limits = found.confidence_interval()
    (names,) = found.labels.values()
    return tuple(
        Part(name=name, estimate=float(e), ci_low=float(low), ci_high=float(high))
        for name, e, low, high in zip(names, found.estimate, limits.low, limits.high, strict=True)
    )


def wow_only_on_basics(data: OutcomeData) -> Evidence:
    """Wow pays where errors are few, more than where they are many."""
    if isinstance(data.outcome, Survival):
        return blocked(f"'{data.name}' is a time until an event; this claim is tested on other outcomes.", looked=False)
    found = attempted(lambda: data.service.wow_by_basics)
    if isinstance(found, Evidence):
        return found
    guard = no_latent_scale(data, found.latent_interaction, found.notes)
    if guard is not None:
        return guard
    binary = isinstance(data.outcome, Binary)
    smallest = data.smallest("relative" if binary else "sd")
    names = ("gain of wow at few errors", "difference of its gains at few and at many errors")
    levels = shown_levels(found, "outcome")
    return Evidence(
        question=Question(
            components=superior(names, (found.gain_few, found.interaction), smallest),
            latent=superior(names, (found.latent_gain_few, found.latent_interaction), smallest),
            n=found.n,
        ),
        unit=gain_unit(data, levels[0].estimate),
        headline=_by_errors(data, found, levels),
        measured=f"{'In relative terms' if binary else 'In standard deviations'}, the {{name}} is",
        guards=(*(() if data.study.controls else (_NO_CONTACTS,)), *found.notes),
        flags=no_baseline(data),
        levels=levels,
        levels_unit=f"{'share with a good outcome' if binary else 'mean'} of '{data.name}', adjusted",
        sensitivity=(
            Part.of("gain where errors are many", found.gain_many),
            Part.of("few errors without wow - many errors with wow", found.shortfall),
        ),
        n=found.n,
        n_missing=found.n_missing,
    )


def _by_errors(data: OutcomeData, found: WowByBasics, levels: tuple[Part, ...]) -> str:
    """Levels with and without wow, at few and at many errors, in one sentence."""
    binary = isinstance(data.outcome, Binary)
    what = "share with a good outcome" if binary else "mean"
    few, few_wow, many, many_wow = (f"{100 * p.estimate:.1f}%" if binary else shown(p.estimate, 3) for p in levels)
    return (
        f"At few errors ({shown(found.few_errors, 3)}) the {what} of '{data.name}' is {few} without wow and {few_wow} "
        f"with it, at many ({shown(found.many_errors, 3)}) {many} and {many_wow}."
    )


def on_sales(evidence: EvidenceOf) -> EvidenceOf:
    """Evidence on outcomes that say how much was bought; of others such a claim says nothing."""

    def asked(data: OutcomeData) -> Evidence:
        if _sells(data.outcome):
            return evidence(data)
        return blocked(
            f"'{data.name}' does not say how much was bought; this claim is tested on an outcome that does: 0 and 1, a "
            "count, or an amount of which more is better.",
            looked=False,
        )

    return asked


def _sells(outcome: Outcome) -> bool:
    return isinstance(outcome, Binary) or (isinstance(outcome, Count | Continuous) and outcome.good == "high")


_NO_CONTACTS = (
    "The number of contacts was not adjusted for: who meets staff more often gets more wow and sees more errors. A "
    "control for it would take that off."
)
_RELIABLE = 0.5


def steady_customers_stay(data: OutcomeData) -> Evidence:
    """Of customers with the same mean, those whose ratings vary less stay more often, the more so at a high mean."""
    if not isinstance(data.outcome, Binary):
        return blocked(
            f"'{data.name}' must be an outcome of 0 and 1 for this claim, such as whether the customer stayed.",
            looked=False,
        )
    found = attempted(lambda: data.consistency)
    if isinstance(found, Evidence):
        return found
    if found.true_interaction is None:
        return blocked(
            "The mean ratings of customers differ by no more than chance, so that customers of equal mean cannot be "
            "compared. More ratings of each customer would make it testable.",
            looked=False,
        )
    relative = data.smallest("relative")
    named = {
        "relative gain per SD of consistency": (found.gain, relative),
        "rise of the slope per SD of the mean (log-odds)": (found.interaction, math.log1p(relative)),
        "rise at an equal true mean (log-odds)": (found.true_interaction, math.log1p(relative)),
    }
    components = tuple(
        Component(name=name, effect=effect, kind="superiority", smallest=smallest)
        for name, (effect, smallest) in named.items()
    )
    question = Question(components=components, n=found.n)
    if found.reliability < _RELIABLE:
        p = question_p_values(components)
        question = replace(question, own=PValues(p.supported, 1.0, p.direction))
    low, high = found.per_sd_low, found.per_sd_high
    return Evidence(
        question=question,
        unit=STEADY,
        headline=_steady(data, found.low_mean, low, found.high_mean, high),
        measured="The {name} is",
        guards=(
            f"At least {found.reliability:.0%} of the differences in consistency are more than chance"
            + (": with less than half, chance may hide what is there." if found.reliability < _RELIABLE else "."),
            *found.notes,
        ),
        flags=no_baseline(data),
        levels=tuple(
            Part.of(f"at a mean rating of {shown(mean, 3)}", effect)
            for mean, effect in ((found.low_mean, low), (found.high_mean, high))
        ),
        levels_unit="log-odds of the good outcome per standard deviation of consistency",
        n=found.n,
        n_missing=found.n_missing,
    )


def _steady(data: OutcomeData, low_mean: float, low: Effect, high_mean: float, high: Effect) -> str:
    def goes(effect: Effect) -> str:
        below, above = effect.interval()
        if below > 0:
            return "a good outcome more often"
        return "a good outcome less often" if above < 0 else "no clear difference"

    return (
        f"On '{data.name}', steadier ratings go with {goes(low)} at a low mean of {shown(low_mean, 3)}, and with "
        f"{goes(high)} at a high mean of {shown(high_mean, 3)}."
    )
