"""Delight and effort in sentences: the effect with its interval first, then whether it pays, or costs."""

import math
from collections.abc import Iterator

from cxstats.errors import listed
from cxstats.methods.asymmetry import Asymmetry
from cxstats.methods.bend_gain import BendGain
from cxstats.methods.effort_disloyalty import EffortDisloyalty
from cxstats.methods.loyalty_ladder import LoyaltyLadder
from cxstats.methods.overlap_weights import OverlapWeights
from cxstats.methods.penalty_reward import CLASSES, PenaltyReward
from cxstats.methods.problem_recovery import ProblemRecovery
from cxstats.methods.response_surface import ResponseSurface
from cxstats.methods.segmented import SegmentedRegression
from cxstats.methods.wow_attempts import WowAttempts
from cxstats.numerics.effect import Effect
from cxstats.results import Result, shown, shown_p
from cxstats.roles import Binary, Rating, Survival
from cxstats.studies.delight_gains import (
    CEILING_FROM,
    SMALLEST,
    TAIL,
    Gain,
    Judged,
    delight_gain,
    effort_gain,
    interval,
    judged_bend,
    judged_tiers,
    ladder_gains,
    levels_off,
    of_alike,
    percent,
)
from cxstats.studies.delight_parts import ALIKE, EFFORT, LADDER, LEVELS, THREE, DelightParts

_TOLD = {"more": "supported", "less": "not supported", "untold": "cannot be told"}
_OPPOSITE: dict[Judged, Judged] = {"more": "less", "less": "more", "untold": "untold"}


def verdict_in_words(parts: DelightParts) -> tuple[str, str]:
    """A sentence on delight and one on effort: the effect first, then whether it pays, or costs."""
    return _on_delight(parts), _on_effort(parts)


def _on_delight(parts: DelightParts) -> str:
    if parts.gap is None:
        return "Whether delight pays cannot be told: no disconfirmation, received minus expected, is declared."
    gain = delight_gain(parts)
    if gain is None:
        return f"Whether delight pays cannot be told: {_why(parts, THREE, ALIKE, LEVELS)}"
    if gain.judged == "more":
        said = f"delight pays, by more than the smallest effect that counts ({gain.smallest})"
    elif gain.judged == "less":
        worse = ", and goes with less loyalty" if gain.effect.interval()[1] < 0 else ""
        said = f"delight adds less than the smallest effect that counts ({gain.smallest}){worse}"
    else:
        said = f"whether delight pays cannot be told, because {gain.why_untold()}"
    return f"{gain.told()}; {said}{_caution(parts)}."


def _caution(parts: DelightParts) -> str:
    """Where expectation and performance were asked and their difference hides something."""
    if parts.surface is None or not parts.surface.difference.p_value < 2 * TAIL:
        return ""
    return "; but performance minus expectation does not say it all, so see the response surface first"


def _on_effort(parts: DelightParts) -> str:
    if parts.ease is None:
        return "Whether effort costs cannot be told: no effort score is declared."
    if parts.effort is None:
        return f"Whether effort costs cannot be told: {_why(parts, EFFORT)}"
    gain = effort_gain(parts.effort)
    if gain.judged == "more":
        return f"{gain.told()}; effort costs, by more than the smallest effect that counts ({gain.smallest})."
    if gain.judged == "less":
        way = ", and much effort goes with more loyalty" if gain.effect.interval()[1] < 0 else ""
        return f"{gain.told()}; effort costs less than the smallest effect that counts ({gain.smallest}){way}."
    return f"{gain.told()}; whether effort costs cannot be told, because {gain.why_untold()}."


def _why(parts: DelightParts, *titles: str) -> str:
    """The first line of the first reason."""
    reasons = [parts.not_told[title] for title in titles if title in parts.not_told]
    return reasons[0].splitlines()[0] if reasons else "nothing was found."


def sentences(parts: DelightParts) -> tuple[str, ...]:
    """What each analysis adds."""
    return tuple(_sentences(parts))


def _sentences(parts: DelightParts) -> Iterator[str]:
    if parts.levels is not None:
        yield f"Exceeded minus met: {_row(parts.levels, list(parts.levels.labels['level']).index('exceeded - met'))}."
    if parts.slopes is not None:
        yield from _slopes(parts.slopes)
    if parts.held is not None:
        yield held_in_words(parts.held)
    if parts.levels is not None and parts.levels.share_at_top >= CEILING_FROM:
        yield (
            f"Ceiling: {100 * parts.levels.share_at_top:.0f}% of those whose expectations were met gave the best "
            "rating already, so delight could not show: look at the latent rows, or at what customers did."
        )
    if parts.adjusted is not None:
        yield _alike(parts.adjusted)
    if LADDER in parts.not_told or parts.ladder is not None:
        yield _rivals(parts)
    if parts.ladder is not None:
        yield _plateau(parts.ladder)
    if parts.bend is not None:
        yield _bend(parts.bend, rated=isinstance(parts.outcome, Rating))
    if parts.turn is not None:
        yield parts.turn.verdict
    if parts.surface is not None:
        yield _surface(parts.surface)
    if parts.effort is not None:
        yield from _effort(parts.effort)
    if parts.problem is not None:
        yield _problem(parts.problem)
    if parts.attempts is not None:
        yield _attempts(parts.attempts)
    if parts.grid is not None:
        yield _grid(parts.grid)
    if parts.outcome is not None and not isinstance(parts.outcome, Survival) and parts.outcome.kind != "behaviour":
        yield f"'{parts.outcome.column}' is an {parts.outcome.kind}, stated and not done: what customers do may differ."


def _slopes(found: Asymmetry) -> Iterator[str]:
    below, above = (shown(float(s), 3) for s in found.estimate[:2])
    yield f"Per unit of the gap: {below} below expectation, {above} above; {ratio_in_words(found)}."
    told = {
        "more": f"falling short weighs more than exceeding by as much, by more than {SMALLEST:g}",
        "less": f"falling short does not weigh more by {SMALLEST:g}",
        "untold": "whether falling short weighs more cannot be told",
    }[judged_bend(found)]
    behind = ""
    if found.latent_effect is not None:
        behind = f"; behind the rating, where its end does not count, {interval(found.latent_effect)}"
    yield f"In standard deviations the slope below exceeds the slope above by {interval(found.effect)}{behind}: {told}."


def held_in_words(found: BendGain) -> str:
    """Whether two slopes predict customers held out better than one line, and whether a smooth curve does still."""
    low, high = found.gain.interval()
    better = "better" if low > 0 else "worse" if high < 0 else "no better, as far as can be told,"
    told = f"On customers held out two slopes predict {better} than one line ({_gain_of(found, found.gain)})"
    if found.spline_gain is not None and found.spline_gain.interval()[0] > 0:
        told += (
            f"; a smooth curve predicts better than two slopes ({_gain_of(found, found.spline_gain)}), so these do not "
            "say it all"
        )
    if low > 0 and found.share_at_top >= CEILING_FROM:
        told += (
            f"; but {100 * found.share_at_top:.0f}% of the ratings are at the best value, and the end of a scale alone "
            "bends a line"
        )
    return f"{told}."


def _gain_of(found: BendGain, gain: Effect) -> str:
    low, high = (shown(end, 3) for end in gain.interval())
    what = {"R2": "R2", "log-loss gain": "log-loss per customer"}[found.index[0]]
    return f"gain in {what} {shown(gain.estimate, 3)}, 95% {low} to {high}"


def ratio_in_words(slopes: Asymmetry) -> str:
    """The ratio of the slopes with its interval, or why there is none."""
    low, high = slopes.ratio.interval()
    if not math.isfinite(low):
        return "their ratio cannot be told, because the slope above may be 0"
    return f"ratio {shown(slopes.ratio.estimate, 3)} (95% {shown(low, 3)} to {shown(high, 3)})"


def _alike(found: OverlapWeights) -> str:
    values = found.e_values()
    return (
        f"{of_alike('Exceeded against met among customers alike before', found).told()}. Something unmeasured would "
        f"have to go with both by a risk ratio of {shown(values.estimate, 3)} to explain it away (E-value; of the "
        f"limit {shown(values.limit, 3)})."
    )


def _rivals(parts: DelightParts) -> str:
    gain, found = delight_gain(parts), parts.ladder
    nothing = "cannot be told" if gain is None else _TOLD[_OPPOSITE[gain.judged]]
    adjusted = f", adjusted for {listed(parts.controls)}" if parts.controls else ""
    smallest = f"{100 * SMALLEST:g}%" if isinstance(parts.outcome, Binary) else f"{SMALLEST:g} standard deviations"
    if found is None:
        every = f"cannot be told ({_why(parts, LADDER).rstrip('.')})"
    else:
        steps = [f"{step.name} {_short(step)}" for step in ladder_gains(found)]
        every = f"{_TOLD[judged_tiers(found)]} ({', '.join(steps)})"
    return (
        f"Rivals, on the same outcome, rows and smallest effect ({smallest}){adjusted}: that delight adds nothing, "
        f"{nothing}; that every tier gains, {every}."
    )


def _plateau(found: LoyaltyLadder) -> str:
    seen = found.plateau(SMALLEST)
    if seen.flat and not levels_off(found):
        return (
            f"From '{seen.tier}' on no gain is told on the rating itself, but its end alone can do that: whether "
            "loyalty levels off cannot be told."
        )
    return seen.told


def _bend(found: SegmentedRegression, *, rated: bool) -> str:
    p = f"p {shown_p(found.no_bend.p_value)}"
    if not found.no_bend.p_value < 2 * TAIL:
        return f"That one straight line does along the gap is not rejected ({p})."
    below, above, at = (
        _row(found, found.labels["term"].index(t)) for t in ("slope below", "slope above", "breakpoint")
    )
    told = f"One straight line does not do along the gap ({p}): {below} up to {at}, {above} beyond"
    if rated:
        top = f"{100 * found.share_at_top:.0f}% of the ratings at the best value"
        return f"{told}; with {top}, the end of the scale can bend it, so that nothing follows."
    return f"{told}."


def _surface(found: ResponseSurface) -> str:
    expected, performed = (_row(found, found.labels["term"].index(term)) for term in ("expected", "performed"))
    unit = ", log-odds" if found.model == "logistic" else ""
    rejected = found.difference.p_value < 2 * TAIL
    may = "so look at both, not at their difference" if rejected else "so their difference may do"
    ceiling = ""
    if found.share_at_top >= CEILING_FROM:
        ceiling = (
            f" {100 * found.share_at_top:.0f}% of the outcomes are at the best value, which alone bends a surface."
        )
    return (
        f"At the midpoint of both (per point{unit}): performance {performed}, expectation {expected}. That performance "
        f"minus expectation says it all is {_tested(found.difference.p_value)}, {may}. That the surface over both is a "
        f"plane is {_tested(found.curvature.p_value)}.{ceiling}"
    )


def _tested(p_value: float) -> str:
    return f"{'rejected' if p_value < 2 * TAIL else 'not rejected'} (p {shown_p(p_value)})"


def _effort(found: EffortDisloyalty) -> Iterator[str]:
    binary = isinstance(found.outcome, Binary)
    what = "Share with the bad outcome" if binary else "Mean outcome"
    groups = f"after high effort ({found.high_effort}), {_row(found, 1)} after low ({found.low_effort})"
    yield f"{what}: {_row(found, 0)} {groups}."
    parts, terms = (list(values) for values in found.labels.values())
    slope = "odds ratio per SD" if binary else "fall per SD"
    told = [f"{terms[i]} {_row(found, i)}" for i in range(len(terms)) if parts[i] == slope]
    unit = "Odds ratio of the bad outcome" if binary else "Fall of the outcome in its standard deviations"
    yield f"{unit}, per standard deviation of effort: {', '.join(told)}."
    if found.saturation is not None:
        seen = found.saturation
        judged = Gain(name="", effect=seen, latent=found.latent_saturation, relative=False).judged
        yield (
            f"The slope of loyalty on ease up to the answer {found.knee:g} exceeds that beyond by {interval(seen)} "
            f"standard deviations: {_SATURATES[judged]}."
        )


_SATURATES = {
    "more": "the gain from more ease levels off",
    "less": "it does not level off",
    "untold": "whether it levels off cannot be told",
}


def _problem(found: ProblemRecovery) -> str:
    wanted = {
        "met a problem": "met a problem",
        "silent, of those with a problem": "silent, of these",
        "no problem": "loyalty without a problem",
        "problem": "with one",
        "unrecovered": "with one that was not put right",
        "recovered": "with one that was",
        "recovered - no problem": "recovered against no problem",
    }
    terms = list(found.labels["term"])
    told = [f"{text} {_row(found, terms.index(term))}" for term, text in wanted.items() if term in terms]
    return f"Problems: {'; '.join(told)}."


def _attempts(found: WowAttempts) -> str:
    parts, terms = (list(values) for values in found.labels.values())
    told = [
        f"{part} {term} {_row(found, i)}"
        for i, (part, term) in enumerate(zip(parts, terms, strict=True))
        if part == "rate" or " - " in term or " / " in term
    ]
    return f"Attempts to wow: {'; '.join(told)}."


def _grid(found: PenaltyReward) -> str:
    told = []
    for j, name in enumerate(found.attributes):
        best = int(found.probability[j].argmax())
        told.append(f"{name} {CLASSES[best]} ({found.probability[j, best]:.0%} of draws)")
    ceiling = ""
    if found.share_at_top >= CEILING_FROM:
        ceiling = f"; {100 * found.share_at_top:.0f}% gave the best value, which makes attributes look basic"
    return f"What low answers cost against what high ones earn: {', '.join(told)}{ceiling}."


def _short(gain: Gain) -> str:
    return percent(gain.effect) if gain.relative else interval(gain.effect)


def _row(found: Result, at: int) -> str:
    limits = found.confidence_interval()
    estimate, low, high = (shown(float(v), 3) for v in (found.estimate[at], limits.low[at], limits.high[at]))
    return f"{estimate} (95% {low} to {high})"
