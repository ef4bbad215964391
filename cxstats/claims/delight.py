"""Family "delight": expectations met, missed and exceeded."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from cxstats.claims.claim import Claim, Evidence, EvidenceOf, attempted, blocked, is_rating
from cxstats.claims.finding import Kind, Part
from cxstats.claims.met_exceeded import MetExceeded, parts_of_rows
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Component, Question, superior
from cxstats.errors import CxStatsError, listed
from cxstats.methods.asymmetry import Asymmetry
from cxstats.methods.loyalty_ladder import LoyaltyLadder
from cxstats.numerics.effect import Effect
from cxstats.results import shown
from cxstats.roles import Binary, Rating
from cxstats.studies.stop_delighting import CEILING_FROM, held_in_words, ratio_in_words
from cxstats.study.declared import DeclaredStudy

FAMILY = "delight"
RELATIVE = "relative difference in the share of good outcomes"
RELATIVE_EACH = "relative gain in good outcomes, or, where the lower tier has more than half, in bad ones"
RELATIVE_BAD = "relative fall of the share of bad outcomes"
IN_SD = "standard deviations of the outcome"
_GAIN_MEASURED = {
    RELATIVE: "Relative to the share where they were met, the gain is",
    RELATIVE_BAD: "Counted in bad outcomes, the relative gain is",
    IN_SD: "In standard deviations, the gain is",
}
PER_SD = "standard deviations of the outcome per standard deviation of the gap"


def _missing(study: DeclaredStudy) -> str:
    if study.expectation is None:
        return (
            "No expectation is declared: an [expectation] section with disconfirmation = a column of received minus "
            "expected (days early, say) would make it testable."
        )
    if not study.outcomes:
        return "No outcome is declared: an [outcome] section with a later purchase or a rating would make it testable."
    return ""


def _missing_tiers(study: DeclaredStudy) -> str:
    if study.expectation is not None and not study.expectation.tiers:
        return (
            "No tiers are declared: tiers = { meet = 0, exceed = 1, delight = 3 } in [expectation], from which gap on "
            "each begins, would make it testable."
        )
    return _missing(study)


def _delight(data: OutcomeData) -> Evidence:
    """Exceeded against met: relative for a binary outcome, in standard deviations for a rating."""
    refused = _wrong_outcome(data)
    if refused is not None:
        return refused
    levels = attempted(lambda: data.levels)
    if isinstance(levels, Evidence):
        return levels
    unit = _gain_unit(data, levels)
    evidence = Evidence(
        question=_question(data, "non-superiority", levels.gain, levels.latent_gain, levels.n),
        unit=unit,
        headline=_levels_headline(data, levels),
        flags=_unadjusted(data),
        measured=_GAIN_MEASURED[unit],
        guards=(*levels.notes, *_behind(levels.latent_gain), *_impossible(data.levels_elsewise())),
        levels=levels.levels,
        levels_unit=_loyalty(data),
        sensitivity=tuple(
            Part.of(title, found.gain) for title, found in data.levels_elsewise() if isinstance(found, MetExceeded)
        ),
        n=levels.n,
        n_missing=levels.n_missing,
    )
    if levels.share_at_top >= CEILING_FROM:
        stopped = blocked(
            f"{100 * levels.share_at_top:.0f}% of the customers whose expectations were met already gave the best "
            "rating: whoever was delighted could not show it. An outcome without a ceiling, such as a later purchase, "
            "would make it testable.",
            looked=True,
            flags=("ceiling",),
        )
        return replace(
            stopped,
            unit=unit,
            levels=evidence.levels,
            levels_unit=evidence.levels_unit,
            n=levels.n,
            n_missing=levels.n_missing,
        )
    return evidence


def _asymmetry(data: OutcomeData) -> Evidence:
    """Slope below minus slope above, standardised; the ratio is compared with the published band."""
    refused = _wrong_outcome(data)
    if refused is not None:
        return refused
    slopes = attempted(lambda: data.slopes)
    if isinstance(slopes, Evidence):
        return slopes
    return Evidence(
        question=_question(data, "superiority", slopes.effect, slopes.latent_effect, slopes.n),
        unit=PER_SD,
        headline=_slopes_headline(data, slopes),
        measured="In standard deviations, the slopes differ by",
        guards=(*slopes.notes, *_behind(slopes.latent_effect), _held(data), *_impossible(data.slopes_elsewise())),
        levels=parts_of_rows(slopes, 2),
        levels_unit=f"{_loyalty(data)}, per unit of the gap",
        published_on=slopes.ratio,
        sensitivity=tuple(
            Part.of(f"{title}{_slopes_text(found)}", found.effect)
            for title, found in data.slopes_elsewise()
            if isinstance(found, Asymmetry)
        ),
        n=slopes.n,
        n_missing=slopes.n_missing,
    )


def _tiers(data: OutcomeData) -> Evidence:
    """Every step from tier to tier, on the scale on which delight is judged too."""
    refused = _wrong_outcome(data)
    if refused is not None:
        return refused
    found = attempted(lambda: data.ladder)
    if isinstance(found, Evidence):
        return found
    if found.share_at_top >= CEILING_FROM:
        return blocked(
            f"{100 * found.share_at_top:.0f}% of the customers on the tier below the highest already gave the best "
            "rating: whoever was above could not show it. An outcome without a ceiling, such as a later purchase, "
            "would make it testable.",
            looked=True,
            flags=("ceiling",),
        )
    smallest = data.smallest("sd" if is_rating(data.outcome) else "relative")
    names = [f"{high} - {low}" for low, high in pairwise(found.tiers)]
    plateau = found.plateau(smallest)
    return Evidence(
        question=Question(
            components=superior(names, found.steps, smallest),
            latent=() if found.latent_steps is None else superior(names, found.latent_steps, smallest),
            n=found.n,
        ),
        unit=IN_SD if is_rating(data.outcome) else RELATIVE_EACH,
        headline=_tiers_headline(data, found),
        measured="The gain {name} is",
        guards=(plateau.told, *found.notes),
        flags=(*_unadjusted(data), *(("plateau",) if plateau.flat else ())),
        levels=parts_of_rows(found, len(found.tiers)),
        levels_unit=_loyalty(data),
        n=found.n,
        n_missing=found.n_missing,
    )


def _tiers_headline(data: OutcomeData, found: LoyaltyLadder) -> str:
    how = "{:.2f}" if is_rating(data.outcome) else "{:.1%}"
    means = [f"{how.format(float(mean))} on '{tier}'" for tier, mean in zip(found.tiers, found.estimate, strict=False)]
    over = f", standardised over {listed(found.controls)}" if found.controls else ""
    return f"The {_loyalty(data)} is {', '.join(means)}{over}."


def _unadjusted(data: OutcomeData) -> tuple[str, ...]:
    """The flag of a gain that is not adjusted for past behaviour: who was delighted may have been loyal before."""
    return () if data.study.controls else ("no-baseline",)


def _wrong_outcome(data: OutcomeData) -> Evidence | None:
    if isinstance(data.outcome, Binary | Rating):
        return None
    return blocked(
        f"The outcome '{data.name}' is neither binary nor a rating; this claim is tested on one of these.", looked=False
    )


def _question(data: OutcomeData, kind: Kind, observed: Effect, latent: Effect | None, n: int) -> Question:
    in_sd = kind == "superiority" or is_rating(data.outcome)
    smallest = data.smallest("sd" if in_sd else "relative")
    main = Component(name=data.name, effect=observed, kind=kind, smallest=smallest)
    beside = () if latent is None else (replace(main, effect=latent),)
    return Question(components=(main,), latent=beside, n=n)


def _gain_unit(data: OutcomeData, levels: MetExceeded) -> str:
    if is_rating(data.outcome):
        return IN_SD
    return RELATIVE if levels.met <= 0.5 else RELATIVE_BAD


def _loyalty(data: OutcomeData) -> str:
    return f"mean of {data.name}" if is_rating(data.outcome) else f"share with a good outcome ({data.name})"


def _levels_headline(data: OutcomeData, levels: MetExceeded) -> str:
    how = "{:.2f}" if is_rating(data.outcome) else "{:.1%}"
    over = f", standardised over {listed(levels.controls)}" if levels.controls else ""
    return (
        f"The {_loyalty(data)} is {how.format(levels.met)} where expectations were met and "
        f"{how.format(levels.exceeded)} where they were exceeded{over}."
    )


def _slopes_headline(data: OutcomeData, slopes: Asymmetry) -> str:
    below, above = (shown(float(s), 2) for s in (-slopes.estimate[0], slopes.estimate[1]))
    return (
        f"With each unit by which expectations were missed, the {_loyalty(data)} changes by {below}; with each unit by "
        f"which they were exceeded, by {above}; {ratio_in_words(slopes)}."
    )


def _slopes_text(slopes: Asymmetry) -> str:
    below, above = (shown(float(s), 2) for s in slopes.estimate[:2])
    return f" (slopes {below} and {above})"


def _behind(latent: Effect | None) -> tuple[str, ...]:
    """For a rating, what the same test says on the scale behind it: `supported` needs both."""
    if latent is None:
        return ()
    low, high = (shown(end, 3) for end in latent.interval())
    found = f"{shown(latent.estimate, 3)} (95% interval {low} to {high})"
    return (f"Tested on the scale behind the rating too (ordered probit): {found}.",)


def _held(data: OutcomeData) -> str:
    """What two slopes gain over one line on customers held out, or why that cannot be told."""
    try:
        return held_in_words(data.bend_gain)
    except CxStatsError as reason:
        why = str(reason).splitlines()[0]
        return f"Whether two slopes predict customers held out better than one line cannot be told: {why}"


def _impossible(alternatives: Sequence[tuple[str, object]]) -> tuple[str, ...]:
    """A sentence for each alternative analysis that cannot be done."""
    return tuple(
        f"Not possible as an alternative: {title}. {found}"
        for title, found in alternatives
        if isinstance(found, CxStatsError)
    )


def _flagged(evidence: EvidenceOf) -> EvidenceOf:
    """The same evidence, marked where the expectation was recalled afterwards."""

    def marked(data: OutcomeData) -> Evidence:
        found, expectation = evidence(data), data.study.expectation
        if expectation is None or not expectation.recalled:
            return found
        return replace(found, flags=(*found.flags, "recalled"))

    return marked


CLAIMS = (
    Claim(
        id="delight-no-loyalty",
        family=FAMILY,
        kind="non-superiority",
        sentence="Exceeding expectations goes with no more loyalty than meeting them.",
        source="Dixon, Freeman & Toman (2010), Harvard Business Review 88(7/8), 116-122",
        published="no gain from exceeding",
        needs="a disconfirmation column, a 0/1 outcome or a rating",
        rule="exceeded lies less than 10% of the share (0/1 outcome) or .10 SD (rating, ceiling rule) above met",
        unit=RELATIVE,
        smallest_key="relative",
        missing=_missing,
        methods=("expectation_levels", "loyalty_ladder"),
        evidence=_flagged(_delight),
        rival="tier-monotone",
    ),
    Claim(
        id="tier-monotone",
        family=FAMILY,
        kind="conjunction",
        sentence="Every tier of experience, from failed to met to exceeded and beyond, goes with more loyalty.",
        source="Articles on customer delight; no published test of the tiers was found",
        published="none",
        needs="a numeric disconfirmation column with tiers, a 0/1 outcome or a rating",
        rule="every step to the next tier gains more than 10% of the share (0/1 outcome) or .10 SD (rating, ceiling "
        "rule) (superiority of all)",
        unit=RELATIVE,
        smallest_key="relative",
        missing=_missing_tiers,
        methods=("loyalty_ladder",),
        evidence=_flagged(_tiers),
        rival="delight-no-loyalty",
    ),
    Claim(
        id="negative-asymmetry",
        family=FAMILY,
        kind="superiority",
        sentence="Falling short goes with more lost loyalty than exceeding by as much goes with gained.",
        source="Anderson & Sullivan (1993), doi:10.1287/mksc.12.2.125",
        published="ratio of the slopes (loss aversion) 1.3 to 2.3",
        needs="a numeric disconfirmation column, a 0/1 outcome or a rating",
        rule="slope below minus slope above exceeds .10 SD of the outcome per SD of the gap (ceiling rule)",
        unit=PER_SD,
        smallest_key="sd",
        band=(1.3, 2.3),
        missing=_missing,
        methods=("asymmetry", "bend_gain"),
        evidence=_flagged(_asymmetry),
    ),
)
