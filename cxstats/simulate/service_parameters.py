"""What `service` is told: shares, ratios and slopes, checked; and what stays the same in every population."""

import math
from dataclasses import dataclass
from numbers import Real

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import RoleError
from cxstats.simulate.levels import levels_given
from cxstats.simulate.parameters import at_least, finite, inside

Pair = tuple[float, float]

TENURE = np.array([0.4, 0.3, 0.2, 0.1])  # share of customers with 0, 1, 2 and 3 years; their mean is 1
YEARS = np.arange(4, dtype=np.float64)
GAPS = np.arange(-3, 5, dtype=np.float64)
GAP_SHARE = np.array([0.05, 0.08, 0.12, 0.35, 0.15, 0.10, 0.10, 0.05])
TIERS = {"meet": 0.0, "exceed": 1.0, "delight": 3.0}
TRANSFERS = np.array([0.60, 0.25, 0.10, 0.05])  # share of contacts with 0, 1, 2 and 3 of them
REPEATS = np.array([0.65, 0.25, 0.10])
KNEE = 5.0
COMPLAINS = 0.06  # by how much the share of the silent falls with each year
LOYAL, AT_EASE = 0.25, 0.15  # SDs by which scores and ease rise with each year
HARDER = 0.5  # SDs by which ease falls with each transfer and each repeat
CSAT_EASE, CSAT_GAP = 0.2, 0.1  # SDs of satisfaction per point of ease, and per unit of the gap
CSAT_UNRECOVERED = 0.5  # SDs by which it is lower where a problem was not put right
TENURE_ODDS, BEFORE_ODDS = 0.25, 0.08  # log-odds of coming back per year, and per point of the score before
COST, COST_SD, HANDLING, HANDLING_SD = 20.0, 0.4, 8.0, 0.5  # geometric means, and SDs of the logarithm
WAIT, WAIT_SD = 10.0, 4.0


@dataclass(frozen=True)
class ServiceParameters:
    """The parameters of `service`, checked."""

    problem: float
    silent: float
    put_right: Pair
    contact: float
    moved: Pair
    moved_without: Pair
    attempt: float
    failure: Pair
    cost_ratio: float
    handling_ratio: float
    wait: float
    repurchase: float
    effort: Pair
    rating: Pair
    gap: Pair
    unrecovered: float
    recovered: float

    @property
    def silent_at(self) -> Floats:
        """Share of the silent among those with a problem, at each tenure: their mean is ``silent``."""
        share: Floats = self.silent + COMPLAINS * (1 - YEARS)
        return share

    def odds(self, tenure: Floats, before: Floats, ease: Floats, csat: Floats, gap: Floats, state: Floats) -> Floats:
        """Log-odds of coming back, up to the constant; ease is NaN without a contact.

        ``state`` is 0 without a problem, 1 where one was not put right, 2 where it was.
        """
        known = np.nan_to_num(ease, nan=KNEE) - KNEE
        below, beyond = self.effort
        index = TENURE_ODDS * (tenure - 1) + BEFORE_ODDS * (before - 7)
        index = index + below * np.minimum(known, 0) + beyond * np.maximum(known, 0)
        index = index + self.gap[0] * np.minimum(gap, 0) + self.gap[1] * np.maximum(gap, 0)
        index = index + np.where(state == 0, self.rating[0], self.rating[1]) * (csat - 4)
        total: Floats = index + np.where(state == 1, self.unrecovered, np.where(state == 2, self.recovered, 0.0))
        return total


def csat_mean(ease: Floats, gap: Floats, state: Floats) -> Floats:
    """Mean of latent satisfaction; ease is NaN without a contact."""
    mean: Floats = CSAT_EASE * (np.nan_to_num(ease, nan=KNEE) - KNEE) + CSAT_GAP * gap - CSAT_UNRECOVERED * (state == 1)
    return mean


def ease_mean(tenure: Floats | Ints, transfers: Floats | Ints, repeats: Floats | Ints) -> Floats:
    """Mean of latent ease, 0 on average."""
    hard = transfers - TRANSFERS @ np.arange(4) + repeats - REPEATS @ np.arange(3)
    mean: Floats = AT_EASE * (tenure - 1) - HARDER * hard
    return mean


def before_share() -> Floats:
    """P(score before | tenure), shape (tenures, levels)."""
    return levels_given("nps", LOYAL * (YEARS - 1), 1.0)


def service_parameters(
    *,
    problem: float,
    silent: float,
    put_right: Pair,
    contact: float,
    moved: Pair,
    moved_without: Pair,
    attempt: float,
    failure: Pair,
    cost_ratio: float,
    handling_ratio: float,
    wait: float,
    repurchase: float,
    effort: Pair,
    rating: Pair,
    gap: Pair,
    unrecovered: float,
    recovered: float,
) -> ServiceParameters:
    """The parameters, if a population can have them."""
    return ServiceParameters(
        problem=inside("problem", problem, 0, 1),
        silent=inside("silent", silent, 2 * COMPLAINS, 1 - COMPLAINS),
        put_right=_shares("put_right", put_right),
        contact=inside("contact", contact, 0, 1),
        moved=_fell_and_rose("moved", moved),
        moved_without=_fell_and_rose("moved_without", moved_without),
        attempt=inside("attempt", attempt, 0, 1),
        failure=_shares("failure", failure),
        cost_ratio=inside("cost_ratio", cost_ratio, 0.1, 10),
        handling_ratio=inside("handling_ratio", handling_ratio, 0.1, 10),
        wait=at_least("wait", wait, -WAIT),
        repurchase=inside("repurchase", repurchase, 0, 1),
        effort=_pair("effort", effort),
        rating=_pair("rating", rating),
        gap=_pair("gap", gap),
        unrecovered=finite("unrecovered", unrecovered),
        recovered=finite("recovered", recovered),
    )


def _pair(name: str, given: object) -> Pair:
    if isinstance(given, tuple | list) and len(given) == 2 and all(map(_is_finite, given)):
        return float(given[0]), float(given[1])
    raise RoleError(f"{name} must be two finite numbers, but {given!r} was given.")


def _shares(name: str, given: object) -> Pair:
    pair = _pair(name, given)
    return inside(f"{name}[0]", pair[0], 0, 1), inside(f"{name}[1]", pair[1], 0, 1)


def _fell_and_rose(name: str, given: object) -> Pair:
    fell, rose = _shares(name, given)
    if fell + rose > 1:
        raise RoleError(f"{name} must be two shares that add up to 1 at most, but they add up to {fell + rose:g}.")
    return fell, rose


def _is_finite(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
