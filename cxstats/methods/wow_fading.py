"""Does the same wow do less each time?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.errors import TooFewError, warn
from cxstats.frames import IntoFrame
from cxstats.numerics import ragged
from cxstats.numerics.fading import FADING, FIRST, LEAD, SEQUENTIAL, STEP, fading
from cxstats.numerics.influence import FEWEST_CLUSTERS
from cxstats.panel.encounters import Encounters, encounters
from cxstats.panel.roles import EncounterRoles, Rated
from cxstats.results import shown
from cxstats.shared.encounter_result import (
    UNEQUAL,
    EncounterResult,
    Estimates,
    agreement,
    answer,
    clusters_in,
    enough,
    estimates_of,
    told_p,
)
from cxstats.shared.rated_encounters import rated_rows, ratings, required, share_at_top, stands_on, varying_sd

CEILING = 0.3  # share of encounters with a perk at the top of the scale from which on no more can be shown
_UNTOLD = "it cannot be told apart from customers and periods"


@dataclass(frozen=True, kw_only=True, eq=False)
class WowFading(EncounterResult):
    """What perks go with, by how many came before, in standard deviations within customers.

    Terms: ``first perk``; ``fading per earlier perk`` (by how much each earlier perk lowers what a perk does: above 0
    is fading) and ``fading from the second on`` (all later perks against the first); ``fading per earlier perk
    (sequential)``, which perks that follow bad or good ratings do not bend; ``rating before a perk``, how much
    higher ratings were where a perk came next.

    Attributes
    ----------
    components : mapping from term to Effect
        Fading per earlier perk, within customers and sequential; up is fading. ``effect`` is the weaker one.
    share_at_top : float
        Of a rating: share of the encounters with a perk at the best value; NaN for other outcomes.
    """

    share_at_top: float

    method: ClassVar[str] = "Fixed effects of customers, apart with and without a perk, and of periods; by customer"
    reference: ClassVar[str] = "Arellano (1987), doi:10.1111/j.1468-0084.1987.mp49004006.x"


def wow_fading(
    data: IntoFrame,
    *,
    customer: str,
    order: str,
    perk: str,
    outcome: Rated,
    period: str | None = None,
    cluster: str | None = None,
) -> WowFading:
    """Does the same wow do less each time a customer gets it?

    Use it where customers were rated at several encounters, some with a perk, some given it more than once, and some
    customers never: these show what goes on without it. Perks at random times are best; else a customer who is wowed
    after a bad visit rates better by itself next time, and the notes say so. It describes an association. Do not
    compare second with first perks without it: who is picked for a high rating falls back on the next.

    Parameters
    ----------
    data : dataframe
        One row per encounter, in any order.
    customer, order : str
        Who, and when: numbers, days or moments in time.
    perk : str
        Column with 1 where the customer was given the perk, else 0.
    outcome : Rating or Continuous
        The rating of the encounter. One that is missing leaves the encounter out; its perk still counts as earlier.
    period : str, optional
        Column with the month or season. Without it the period is the number of the encounter of its customer.
    cluster : str, optional
        A unit above the customer (the store), one per customer. Without it each customer is a cluster.

    Returns
    -------
    WowFading
        Standard deviations of the outcome within customers.

    Raises
    ------
    TooFewError
        Fewer than 20 customers (or clusters) with two rated perks; no fading that could be told from the trend; an
        outcome that does not vary within customers; more than 1,000 periods.
    ColumnError, ScaleError, RoleError
        Columns that do not hold what they must; encounters of a customer at the same time.

    Notes
    -----
    With k perks before, y = a + period + (b + c k) perk + error, where a is the customer's own level and b the
    customer's own effect of a first perk: encounters with a perk are compared among themselves, as are those without,
    so that customers for whom perks do more, and who get more of them, are not taken for a trend. All customers have
    the same period effects, to which never-exposed ones contribute. Fading is -c. The unit is the customer, or the
    cluster: influence values are summed [1]_, t has the customers with two perks, less one, as degrees of freedom.

    Means per customer mix in earlier errors: where perks follow good ratings a plain fixed-effects estimate shows a
    fading that is none, where they follow bad ones it hides one, the more so the fewer the encounters [2]_. Nor can
    the previous rating be adjusted for beside customers' means. ``rating before a perk`` tests whether perks followed
    ratings (flag ``regression-to-mean``), and the sequential estimate is free of that: each encounter against the mean
    of the customer's later ones, with the perk, k and their product as instruments [3]_. It takes errors that do not
    hang together over time, and perks that do as much to those who get many as to those who get few. ``effect`` is the
    weaker of the two, so that it shows a fading that is none no more often than it should while either holds.

    References
    ----------
    .. [1] Arellano (1987). Oxford Bulletin of Economics and Statistics 49, 431-434.
       doi:10.1111/j.1468-0084.1987.mp49004006.x
    .. [2] Nickell (1981). Econometrica 49, 1417-1426. doi:10.2307/1911408
    .. [3] Arellano & Bover (1995). Journal of Econometrics 68, 29-51. doi:10.1016/0304-4076(94)01642-D

    Examples
    --------
    >>> import cxstats as cx
    >>> visits = cx.simulate.encounters(600, rng=1, wow=1.0, fade=0.3)
    >>> result = cx.wow_fading(
    ...     visits, customer="customer", order="visit", perk="perk", outcome=cx.Continuous("rating")
    ... )
    >>> bool(result.effect.p_not_above(0.1) < 0.05)
    True
    """
    roles = EncounterRoles(customer=customer, order=order, perk=perk, outcome=outcome, period=period, cluster=cluster)
    found = encounters(data, required(roles, "outcome"))
    rows = rated_rows(found)
    sd, sd_influence = varying_sd(rows.first, rows.y, outcome)
    perks = ragged.sums(rows.first, rows.perk)
    few = enough(perks >= 2, found.cluster, "with two rated perks")
    slopes = fading(rows)
    if FADING not in slopes:
        raise TooFewError(
            "Fading cannot be told from the trend: the number of earlier perks goes with the period alone.\n"
            "Add customers without the perk, or with it at other times."
        )
    made = estimates_of(slopes, sd, sd_influence, rows.first, found.cluster)
    top = share_at_top(rows.y, rows.perk == 1, outcome)
    flags, notes = _checks(found, made, top)
    return WowFading(
        **answer(made, (FADING, SEQUENTIAL), (FIRST, STEP, SEQUENTIAL, LEAD), _UNTOLD),
        notes=(*made.notes, *few, *notes),
        flags=flags,
        share_at_top=top,
        **stands_on(found, ~np.isnan(ratings(found, found.outcome))),
    )


def _checks(found: Encounters, made: Estimates, top: float) -> tuple[tuple[str, ...], list[str]]:
    """Flags and notes."""
    flags, notes = agreement(made, (FADING, SEQUENTIAL))
    for more, told in (_followed(made), _never(found), _ceiling(top)):
        flags, notes = (*flags, *more), [*notes, *told]
    return flags, notes


def _followed(made: Estimates) -> tuple[tuple[str, ...], list[str]]:
    p = made.p_value(LEAD)
    if np.isnan(p):
        note = warn("Whether perks followed good or bad ratings cannot be tested.")
        return ("regression-to-mean-untested",), [note]
    if p >= UNEQUAL:
        return (), []
    at = made.terms.index(LEAD)
    way = "better" if made.raw[at] > 0 else "worse"
    told = (
        f"Perks followed ratings: where one came next, the rating was {shown(abs(made.estimate[at]), 2)} standard "
        f"deviations {way} ({told_p(p)}), and such ratings go back by themselves. That bends '{FADING}', but not the "
        "sequential estimate."
    )
    return ("regression-to-mean",), [told]


def _never(found: Encounters) -> tuple[tuple[str, ...], list[str]]:
    if clusters_in(~found.exposed, found.cluster) >= FEWEST_CLUSTERS:
        return (), []
    many = int((~found.exposed).sum())
    told = (
        f"{many:,} customers were never given the perk (fewer than {FEWEST_CLUSTERS} customers or clusters): the trend "
        "without it rests on the exposed themselves."
    )
    return ("no-never-exposed",), [told]


def _ceiling(top: float) -> tuple[tuple[str, ...], list[str]]:
    if not top >= CEILING:
        return (), []
    share = shown(100 * top, 3)
    told = f"{share}% of the encounters with a perk have the best rating: what a perk does beyond it cannot be seen."
    return ("ceiling",), [told]
