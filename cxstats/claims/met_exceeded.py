"""Loyalty where expectations were met and where they were exceeded, plain or over the controls of the study."""

import math
from dataclasses import dataclass

from cxstats.cells import Cells
from cxstats.claims.finding import Part
from cxstats.methods.expectation_levels import expectation_levels
from cxstats.methods.loyalty_ladder import loyalty_ladder
from cxstats.numerics.effect import Effect
from cxstats.results import Result


@dataclass(frozen=True, kw_only=True)
class MetExceeded:
    """The gain of exceeding over meeting, on the scale that decides, and the levels that it is made from.

    ``latent_gain`` and ``share_at_top`` are as in `expectation_levels`; ``controls`` are what the levels are
    standardised over.
    """

    gain: Effect
    latent_gain: Effect | None
    share_at_top: float
    met: float
    exceeded: float
    levels: tuple[Part, ...]
    controls: tuple[str, ...]
    notes: tuple[str, ...]
    n: int
    n_missing: int


def met_exceeded(cells: Cells, met: tuple[float, float]) -> MetExceeded:
    """Past behaviour belongs in the controls of the cells: who was delighted may have been loyal before."""
    return _adjusted(cells, met) if cells.roles.controls else _plain(cells, met)


def _plain(cells: Cells, met: tuple[float, float]) -> MetExceeded:
    found = expectation_levels(cells, met=met)
    return MetExceeded(
        gain=found.gain,
        latent_gain=found.latent_gain,
        share_at_top=found.share_at_top,
        met=float(found.estimate[found.levels.index("met")]),
        exceeded=float(found.estimate[found.levels.index("exceeded")]),
        levels=parts_of_rows(found, len(found.levels)),
        controls=(),
        notes=found.notes,
        n=found.n,
        n_missing=found.n_missing,
    )


def _adjusted(cells: Cells, met: tuple[float, float]) -> MetExceeded:
    low, high = met
    found = loyalty_ladder(cells, cuts={"met": low, "exceeded": math.nextafter(high, math.inf)})
    levels = {"fail": "below", **{tier: tier for tier in found.tiers[1:]}}
    last = len(found.tiers)
    return MetExceeded(
        gain=found.steps[-1],
        latent_gain=None if found.latent_steps is None else found.latent_steps[-1],
        share_at_top=found.share_at_top,
        met=float(found.estimate[last - 2]),
        exceeded=float(found.estimate[last - 1]),
        levels=parts_of_rows(found, last, levels),
        controls=found.controls,
        notes=found.notes,
        n=found.n,
        n_missing=found.n_missing,
    )


def parts_of_rows(result: Result, first: int, called: dict[str, str] | None = None) -> tuple[Part, ...]:
    """The first rows of a result, as levels of a finding."""
    limits = result.confidence_interval()
    (names,) = result.labels.values()
    counts = getattr(result, "rows", ())
    return tuple(
        Part(
            name=(called or {}).get(names[i], names[i]),
            estimate=float(result.estimate[i]),
            ci_low=float(limits.low[i]),
            ci_high=float(limits.high[i]),
            n=int(counts[i]) if i < len(counts) else 0,
        )
        for i in range(first)
    )
