"""How much exceeding expectations and low effort gain, and whether that is more, or less, than what counts."""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, TypeAlias

from cxstats.errors import listed
from cxstats.methods.asymmetry import Asymmetry
from cxstats.methods.effort_disloyalty import EffortDisloyalty
from cxstats.methods.expectation_levels import ExpectationLevels
from cxstats.methods.loyalty_ladder import LoyaltyLadder
from cxstats.methods.overlap_weights import OverlapWeights
from cxstats.numerics.effect import Effect
from cxstats.results import shown
from cxstats.roles import Binary
from cxstats.studies.delight_parts import DelightParts

SMALLEST = 0.10  # of a share of good (or bad) outcomes, or standard deviations: less is called nothing
CEILING_FROM = 0.30  # share of the met customers at the top of the scale from which delight cannot show
TAIL = 0.025  # of each one-sided test: both together are one at 5%

Judged: TypeAlias = Literal["more", "less", "untold"]


@dataclass(frozen=True, kw_only=True)
class Gain:
    """A gain on the scale that decides: relative for a binary outcome, else in standard deviations.

    Attributes
    ----------
    name : str
    effect : Effect
    latent : Effect or None
        For a rating, the same on the scale behind it.
    share_at_top : float
        For a rating, of those who are compared with; NaN for other outcomes.
    relative, of_bad : bool
        Whether it is a ratio of shares less 1, and whether of the bad outcome's.
    """

    name: str
    effect: Effect
    latent: Effect | None = None
    share_at_top: float = math.nan
    relative: bool
    of_bad: bool = False

    @property
    def ceiling(self) -> bool:
        """Whether so many gave the best value that more could hardly show."""
        return self.share_at_top >= CEILING_FROM

    @property
    def judged(self) -> Judged:
        """More than the smallest effect, less, or neither told; for a rating both scales must say so."""
        both = [self.effect] if self.latent is None else [self.effect, self.latent]
        if all(effect.p_not_above(SMALLEST) < TAIL for effect in both):
            return "more"
        if not self.ceiling and all(effect.p_not_below(SMALLEST) < TAIL for effect in both):
            return "less"
        return "untold"

    @property
    def smallest(self) -> str:
        """The smallest effect that counts, in its unit."""
        return f"{100 * SMALLEST:g}%" if self.relative else f"{SMALLEST:g} standard deviations"

    def told(self) -> str:
        """Name, estimate and interval."""
        if not self.relative:
            return f"{self.name}: {interval(self.effect)} standard deviations of the outcome"
        counted = "in bad outcomes (fewer is a gain)" if self.of_bad else "in good outcomes"
        return f"{self.name}: {percent(self.effect)}, relative, {counted}"

    def why_untold(self) -> str:
        """Why neither is told."""
        if self.ceiling:
            return (
                f"{100 * self.share_at_top:.0f}% of those who are compared with gave the best rating already, so that "
                "a gain could hardly show (ceiling)"
            )
        first = self.effect.p_not_above(SMALLEST) < TAIL or self.effect.p_not_below(SMALLEST) < TAIL
        if self.latent is not None and first:
            return f"the scale behind the rating does not say the same ({interval(self.latent)}; ceiling)"
        though = "a gain is told, but " if self.effect.interval()[0] > 0 else ""
        return f"{though}there are too few: smaller and larger gains than {self.smallest} are both within reach"


def delight_gain(parts: DelightParts) -> Gain | None:
    """Exceeded against met, adjusted where controls were declared; None where it cannot be told."""
    name = "Exceeded against met"
    if parts.controls:
        name += f", adjusted for {listed(parts.controls)}"
    if parts.rungs is not None:
        return _of_rungs(name, parts.rungs)
    if parts.adjusted is not None:
        return _as_behind(of_alike(name, parts.adjusted), parts.levels)
    return _of_levels(name, parts.levels) if parts.levels is not None and not parts.controls else None


def effort_gain(found: EffortDisloyalty) -> Gain:
    """Low against high effort: above 0 means that much effort goes with less loyalty."""
    relative = isinstance(found.outcome, Binary)
    name = "Low against high effort" + (f", adjusted for {listed(found.controls)}" if found.controls else "")
    return Gain(
        name=name,
        effect=found.gain,
        share_at_top=found.share_at_top,
        relative=relative,
        of_bad=relative and bool(found.estimate[0] < 0.5),  # the share of bad outcomes after high effort
    )


def every_gain(parts: DelightParts) -> list[tuple[str, Gain]]:
    """All gains with the question they belong to, for a frame and a figure."""
    found = []
    if parts.levels is not None:
        found.append(("delight", _of_levels("exceeded - met", parts.levels)))
    if parts.rungs is not None:
        adjusted = ", adjusted" if parts.controls else ""
        found.append(("delight", _of_rungs(f"exceeded - met{adjusted}", parts.rungs)))
    if parts.adjusted is not None:
        found.append(("delight", of_alike("exceeded - met, alike before", parts.adjusted)))
    if parts.ladder is not None:
        found += [("tiers", step) for step in ladder_gains(parts.ladder)]
    if parts.effort is not None:
        effort = effort_gain(parts.effort)
        found.append(("effort", replace(effort, name="low - high effort")))
    return found


def ladder_gains(found: LoyaltyLadder) -> list[Gain]:
    """The step from each tier to the next."""
    latent = found.latent_steps or [None] * len(found.steps)
    base = found.estimate[: len(found.tiers) - 1]
    return [
        Gain(
            name=f"{high} - {low}",
            effect=step,
            latent=behind,
            share_at_top=found.share_at_top,
            relative=found.is_share,
            of_bad=found.is_share and bool(p0 > 0.5),
        )
        for (low, high), step, behind, p0 in zip(pairwise(found.tiers), found.steps, latent, base, strict=True)
    ]


def judged_tiers(found: LoyaltyLadder) -> Judged:
    """Whether every step gains more than the smallest effect: all must, and one that does not is enough against."""
    steps = ladder_gains(found)
    if all(step.judged == "more" for step in steps):
        return "more"
    for step in steps:
        both = [step.effect] if step.latent is None else [step.effect, step.latent]
        if not step.ceiling and all(effect.p_not_below(SMALLEST) < TAIL / len(steps) for effect in both):
            return "less"
    return "untold"


def levels_off(found: LoyaltyLadder) -> bool:
    """Whether larger gains are ruled out from a tier on; for a rating also behind it, and not at its end."""
    if found.share_at_top >= CEILING_FROM:
        return False
    seen = found.plateau(SMALLEST)
    if not seen.flat or seen.tier is None:
        return False
    above = (found.latent_steps or ())[found.tiers.index(seen.tier) :]
    return all(step.p_not_below(SMALLEST) < TAIL for step in above)


def judged_bend(found: Asymmetry) -> Judged:
    """Whether the slope below exceeds the slope above by more than the smallest effect; a rating on both scales."""
    both = [found.effect] if found.latent_effect is None else [found.effect, found.latent_effect]
    if all(effect.p_not_above(SMALLEST) < TAIL for effect in both):
        return "more"
    return "less" if found.effect.p_not_below(SMALLEST) < TAIL else "untold"


def _of_levels(name: str, found: ExpectationLevels) -> Gain:
    relative = found.latent_gain is None
    return Gain(
        name=name,
        effect=found.gain,
        latent=found.latent_gain,
        share_at_top=found.share_at_top,
        relative=relative,
        of_bad=relative and bool(found.estimate[found.levels.index("met")] > 0.5),
    )


def _of_rungs(name: str, found: LoyaltyLadder) -> Gain:
    last = ladder_gains(found)[-1]
    return replace(last, name=name)


def _as_behind(gain: Gain, found: ExpectationLevels | None) -> Gain:
    """A gain guarded by what is known of a rating without controls: its scale behind, and its end."""
    return gain if found is None else replace(gain, latent=found.latent_gain, share_at_top=found.share_at_top)


def of_alike(name: str, found: OverlapWeights) -> Gain:
    return Gain(name=name, effect=found.gain, relative=found.is_share, of_bad=found.of_bad)


def percent(effect: Effect) -> str:
    low, high = effect.interval()
    if not math.isfinite(low):
        return f"{shown(100 * effect.estimate, 3)}% (no limits: the share it is measured by may be 0)"
    return f"{shown(100 * effect.estimate, 3)}% (95% {shown(100 * low, 3)}% to {shown(100 * high, 3)}%)"


def interval(effect: Effect) -> str:
    low, high = effect.interval()
    return f"{shown(effect.estimate, 3)} (95% {shown(low, 3)} to {shown(high, 3)})"
