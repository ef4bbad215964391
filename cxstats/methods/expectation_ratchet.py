"""Does a wow today raise what is expected tomorrow?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.errors import TooFewError, warn
from cxstats.frames import IntoFrame
from cxstats.numerics import ragged
from cxstats.numerics.ratchet import PLACEBO, RATCHET, RATED, WITHIN, ExpectationRows, ratchet, total_sd
from cxstats.panel.encounters import Encounters, encounters
from cxstats.panel.roles import EncounterRoles, Rated
from cxstats.results import shown
from cxstats.shared.encounter_result import (
    UNEQUAL,
    EncounterResult,
    Estimates,
    agreement,
    answer,
    enough,
    estimates_of,
    told_p,
)
from cxstats.shared.rated_encounters import ratings, required, stands_on

_UNTOLD = "it cannot be told apart from the expectation, the rating and the periods"


@dataclass(frozen=True, kw_only=True, eq=False)
class ExpectationRatchet(EncounterResult):
    """What perks go with in the next expectation, in standard deviations of the expectation.

    Terms: ``next expectation after a perk``; ``the same, at equal rating`` of this encounter; ``the same, within
    customers``; ``expectation before a perk``, which a perk that is yet to come cannot have raised.

    Attributes
    ----------
    components : mapping from term to Effect
        The perk at equal expectation, pooled and within customers. ``effect`` is the weaker one.
    """

    method: ClassVar[str] = "Next expectation on the perk at equal expectation and period; by customer"
    reference: ClassVar[str] = "Arellano & Bover (1995), doi:10.1016/0304-4076(94)01642-D"


def expectation_ratchet(
    data: IntoFrame,
    *,
    customer: str,
    order: str,
    perk: str,
    expectation: Rated,
    outcome: Rated | None = None,
    period: str | None = None,
    cluster: str | None = None,
) -> ExpectationRatchet:
    """Does a wow today raise what is expected tomorrow?

    Use it where customers said before several encounters what they expected. It compares the next expectation after
    an encounter with a perk to that after one without, at the same expectation before. It describes an association,
    best where perks come at random. Not where the expectation was asked after the encounter, from memory.

    Parameters
    ----------
    data : dataframe
        One row per encounter, in any order.
    customer, order, perk, period, cluster : str
        As for `wow_fading`.
    expectation : Rating or Continuous
        What the customer expected before the encounter.
    outcome : Rating or Continuous, optional
        The rating of the encounter: the term ``the same, at equal rating`` compares encounters that went as well.

    Returns
    -------
    ExpectationRatchet
        Standard deviations of the expectation.

    Raises
    ------
    TooFewError
        Fewer than 20 customers (or clusters) with a perk and without any, each with two expectations in a row; an
        expectation that does not vary; more than 1,000 periods.
    ColumnError, ScaleError, RoleError
        Columns that do not hold what they must; encounters of a customer at the same time.

    Notes
    -----
    The next expectation is regressed on the perk, the present expectation and an effect of every period (the number of
    the encounter, if none is declared), over pairs of encounters that follow on each other and both have an
    expectation; other encounters are left out, counted in ``n_missing``. The unit is the customer, or the cluster.

    One expectation does not say all about who expects much: where customers with high expectations get more perks, the
    present one takes off a part of that only; and where customers get several perks, it holds those before, which makes
    the pooled estimate too small. ``expectation before a perk`` compares in the same way the expectation *before* the
    perk, given the one before that and its perk: the flag is ``selection`` where it differs from 0. The estimate
    within customers sets each encounter against the mean of the customer's later ones, with perk and present
    expectation as instruments [1]_, since beside customers' means an earlier expectation cannot be adjusted for [2]_.
    ``effect`` is the weaker of the two. ``the same, at equal rating`` takes off what the perk did to the rating, if
    that is how it raises expectations: it is no correction.

    References
    ----------
    .. [1] Arellano & Bover (1995). Journal of Econometrics 68, 29-51. doi:10.1016/0304-4076(94)01642-D
    .. [2] Nickell (1981). Econometrica 49, 1417-1426. doi:10.2307/1911408

    Examples
    --------
    >>> import cxstats as cx
    >>> visits = cx.simulate.encounters(400, rng=1, ratchet=0.5)
    >>> result = cx.expectation_ratchet(
    ...     visits, customer="customer", order="visit", perk="perk", expectation=cx.Continuous("expectation")
    ... )
    >>> bool(result.effect.p_not_above(0.1) < 0.05)
    True
    """
    roles = EncounterRoles(
        customer=customer,
        order=order,
        perk=perk,
        outcome=outcome,
        expectation=expectation,
        period=period,
        cluster=cluster,
    )
    found = encounters(data, required(roles, "expectation"))
    rows, used = _rows(found)
    perks, pairs = ragged.sums(rows.first, rows.perk), np.diff(rows.first)
    few = enough(perks > 0, found.cluster, "with a perk between two expectations")
    few += enough((perks == 0) & (pairs > 0), found.cluster, "without a perk, with two expectations in a row")
    sd, sd_influence = total_sd(rows.first, rows.following)
    if sd == 0:
        raise TooFewError(f"'{expectation.column}' must vary, but all next expectations are the same.")
    slopes = ratchet(rows)
    if RATCHET not in slopes:
        raise TooFewError(f"'{RATCHET}' cannot be estimated: {_UNTOLD}.")
    made = estimates_of(slopes, sd, sd_influence, rows.first, found.cluster)
    flags, notes = _checks(made)
    asked = (WITHIN, PLACEBO) if outcome is None else (RATED, WITHIN, PLACEBO)
    return ExpectationRatchet(
        **answer(made, (RATCHET, WITHIN), asked, _UNTOLD),
        notes=(*made.notes, *few, *notes),
        flags=flags,
        **stands_on(found, used),
    )


def _rows(found: Encounters) -> tuple[ExpectationRows, np.ndarray]:
    """The encounters with an expectation before them and before the next one; and which they are."""
    now = ratings(found, found.expectation)
    perk = found.perk.astype(np.float64)
    following = ragged.following(found.first, now)
    used = ~np.isnan(now) & ~np.isnan(following)
    rows = ExpectationRows(
        first=ragged.starts_of(found.owner[used], found.n_customers),
        following=following[used],
        now=now[used],
        before=ragged.previous(found.first, now)[used],
        perk=perk[used],
        perk_before=np.nan_to_num(ragged.previous(found.first, perk))[used],
        rating=None if found.outcome is None else found.outcome[used],
        period=found.period[used],
        periods=found.n_periods,
    )
    return rows, used


def _checks(made: Estimates) -> tuple[tuple[str, ...], list[str]]:
    """Flags and notes."""
    flags, notes = agreement(made, (RATCHET, WITHIN))
    p = made.p_value(PLACEBO)
    if np.isnan(p):
        told = warn("Whether perks went to those who expected more already cannot be tested.")
        return (*flags, "selection-untested"), [*notes, told]
    if p >= UNEQUAL:
        return flags, notes
    at = made.terms.index(PLACEBO)
    way = "more" if made.raw[at] > 0 else "less"
    told = (
        f"Who got a perk expected {way} before it already, by {shown(abs(made.estimate[at]), 2)} standard deviations "
        f"({told_p(p)}). That bends '{RATCHET}', but not the estimate within customers."
    )
    return (*flags, "selection"), [*notes, told]
