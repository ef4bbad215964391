"""Encounters that were rated: what every method about perks stands on."""

from typing import TypedDict

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import RoleError, TooFewError
from cxstats.numerics import ragged
from cxstats.numerics.fading import RatedRows, within_sd
from cxstats.panel.encounters import Encounters
from cxstats.panel.roles import EncounterRoles, Rated
from cxstats.roles import Rating


class StandsOn(TypedDict):
    """The fields of `EncounterResult` that say what it stands on."""

    n: int
    n_missing: int
    n_cells: int
    n_customers: int
    n_exposed: int
    n_repeat: int
    n_never: int


def required(roles: EncounterRoles, name: str) -> EncounterRoles:
    """The roles, if they have a rating of that kind."""
    if getattr(roles, name) is None:
        raise RoleError(f'{name} must be declared.\nPass for example {name}=cx.Rating("stars", cx.CSAT5).')
    return roles


def ratings(found: Encounters, values: Floats | None) -> Floats:
    """Outcome or expectation of every encounter (M,); NaN where there is none."""
    return np.full(found.n, np.nan) if values is None else values


def rated_rows(found: Encounters) -> RatedRows:
    """The encounters with a rating; perks of the others count as earlier ones."""
    y = ratings(found, found.outcome)
    kept = ~np.isnan(y)
    perk = found.perk.astype(np.float64)
    return RatedRows(
        first=ragged.starts_of(found.owner[kept], found.n_customers),
        y=y[kept],
        perk=perk[kept],
        earlier=found.earlier[kept],
        next_perk=ragged.following(found.first, perk)[kept],
        period=found.period[kept],
        periods=found.n_periods,
    )


def varying_sd(first: Ints, y: Floats, rated: Rated) -> tuple[float, Floats]:
    """The standard deviation within customers, with its influence; refused where there is none."""
    sd, influence = within_sd(first, y)
    if sd == 0:
        raise TooFewError(
            f"'{rated.column}' must vary within customers, but every customer gives one value only.\n"
            "Collect several rated encounters per customer."
        )
    return sd, influence


def share_at_top(values: Floats, chosen: Bools, rated: Rated) -> float:
    """Of a rating: share of the chosen rows at the best value; NaN for what is measured, or without rows."""
    if not isinstance(rated, Rating) or not chosen.any():
        return float("nan")
    return float((values[chosen] == rated.scale.high).mean())


def stands_on(found: Encounters, used: Bools) -> StandsOn:
    """How many encounters (M,) were used, and of whom."""
    perks = ragged.sums(found.first, found.perk.astype(np.float64))
    here = ragged.sums(found.first, used.astype(np.float64)) > 0
    n = int(used.sum())
    return StandsOn(
        n=n,
        n_missing=found.n - n,
        n_cells=n,
        n_customers=int(here.sum()),
        n_exposed=int((here & (perks > 0)).sum()),
        n_repeat=int((here & (perks > 1)).sum()),
        n_never=int((here & (perks == 0)).sum()),
    )
