"""How claims on service put their numbers: shares, published bands, ratings with and without a ceiling."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cxstats.claims.claim import Evidence, blocked, is_rating
from cxstats.claims.delight import IN_SD, RELATIVE, RELATIVE_BAD
from cxstats.claims.finding import Part
from cxstats.claims.metric_race import parts_of
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import ALPHA, Component, Question, component_p_values, question_p_values
from cxstats.numerics.effect import Effect
from cxstats.numerics.parts import Share
from cxstats.results import Result, shown
from cxstats.roles import Binary
from cxstats.studies.stop_delighting import CEILING_FROM


def share_effect(share: Share) -> Effect:
    """A share whose error at any value t is sqrt(t (1 - t) / n): its tests are score tests, its interval Wilson's."""
    return Effect(a=share.estimate, var_a=0.0, cov=-0.5 / share.n_eff, var_b=-1.0 / share.n_eff, df=share.df)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """An effect that was published with a number, and the band around it that counts as agreeing.

    ``directed`` says that the figure lies above 0 and that 0 would be no effect: a direction can then be told.
    """

    name: str
    effect: Effect
    band: tuple[float, float]
    directed: bool = True
    told_as: Callable[[float], float] = float


def in_bands(figures: Sequence[Figure], n: int) -> Question:
    """Whether each figure lies within its band (kind "figure").

    Each is judged against both ends of its band, and shown by one: the upper if it lies above it, else the lower.
    """
    tested = [Component(name=f.name, effect=f.effect, kind="figure", smallest=0.0, band=f.band) for f in figures]
    directions = [component_p_values(c).direction for f, c in zip(figures, tested, strict=True) if f.directed]
    own = replace(question_p_values(tested), direction=max(directions, default=math.nan))
    return Question(components=tuple(map(_by_one_end, figures)), own=own, n=n)


def _by_one_end(figure: Figure) -> Component:
    effect, band = figure.effect, figure.band
    beyond = effect.estimate > band[1]
    return Component(
        name=figure.name,
        effect=effect,
        kind="non-superiority" if beyond else "superiority",
        smallest=band[1] if beyond else band[0],
        band=band,
        told_as=figure.told_as,
    )


def reach_beyond(figures: Sequence[Figure]) -> tuple[str, ...]:
    """A sentence for each figure that may be larger than was published, but is surely not smaller."""
    intervals = [(f, f.effect.interval()) for f in figures]
    return tuple(
        f"The figure {f.name} may be larger than was published: its interval, {shown(f.told_as(low), 3)} to "
        f"{shown(f.told_as(high), 3)}, ends above the band, {shown(f.told_as(f.band[0]), 3)} to "
        f"{shown(f.told_as(f.band[1]), 3)}."
        for f, (low, high) in intervals
        if f.band[0] < low < f.band[1] < high
    )


def on_both_scales(main: Component, latent: Effect | None, *, capped: bool, n: int) -> Question:
    """A superiority question that must hold behind a rating too, its direction included; a capped one has no more.

    Where a capped question holds behind the rating too, no ceiling is at work, and only the cap is left to tell.
    """
    plain = Question(components=(main,), capped=capped, n=n)
    if latent is None:
        return plain
    behind = replace(main, effect=latent)
    observed, beyond = component_p_values(main), component_p_values(behind)
    if capped and beyond.supported < ALPHA:
        return plain
    own = replace(observed, direction=max(observed.direction, beyond.direction))
    return replace(plain, latent=(behind,), own=own)


def ceiling_points(main: Component, latent: Effect | None) -> tuple[str, ...]:
    """The flag of a rating that points the claimed way only as it was given, too weakly to look supported."""
    if latent is None:
        return ()
    observed, beyond = component_p_values(main), component_p_values(replace(main, effect=latent))
    pointed = observed.direction < ALPHA <= min(observed.supported, beyond.direction)
    return ("ceiling",) if pointed else ()


def no_latent_scale(data: OutcomeData, latent: Effect | None, notes: Sequence[str]) -> Evidence | None:
    """The guard of a rating whose latent scale has no fit: its ceiling cannot be told from a bend."""
    if latent is not None or not is_rating(data.outcome):
        return None
    why = next((note for note in notes if "latent" in note), "its values are too many for an ordered probit.")
    return blocked(
        f"'{data.name}' is a rating, whose end can look like an effect, and the scale behind it cannot be had: {why} "
        "An outcome without a ceiling, such as a later purchase, would make it testable.",
        looked=True,
        flags=("ceiling",),
    )


def at_the_top(share: float, who: str) -> Evidence | None:
    """The guard of a rating that so many had at its best already that nobody could show more."""
    if math.isnan(share) or share < CEILING_FROM:
        return None
    return blocked(
        f"{100 * share:.0f}% of the {who} already gave the best rating: whoever is more loyal could not show it. An "
        "outcome without a ceiling, such as a later purchase, would make it testable.",
        looked=True,
        flags=("ceiling",),
    )


def gain_unit(data: OutcomeData, base_good: float) -> str:
    """The unit of a gain over a base whose share of good outcomes is given."""
    if not isinstance(data.outcome, Binary):
        return IN_SD
    return RELATIVE if base_good <= 0.5 else RELATIVE_BAD


def counted_in(unit: str) -> str:
    """In which outcomes a relative gain is counted; a gain in standard deviations is in no share."""
    return {RELATIVE: ", counted in good outcomes,", RELATIVE_BAD: ", counted in bad outcomes,"}.get(unit, "")


def shown_levels(found: Result, *names: str) -> tuple[Part, ...]:
    """The rows of some parts of a result, as levels of a finding."""
    limits, parts, terms = found.confidence_interval(), found.labels["part"], found.labels["term"]
    at = [i for i, part in enumerate(parts) if part in names]
    told = [terms[i] if len(names) == 1 else f"{parts[i]}: {terms[i]}" for i in at]
    return parts_of(told, found.estimate[at], limits.low[at], limits.high[at])


def no_baseline(data: OutcomeData) -> tuple[str, ...]:
    """The flag of a comparison of customers without anything known of them before."""
    return () if data.study.controls else ("no-baseline",)
