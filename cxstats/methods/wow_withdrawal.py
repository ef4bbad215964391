"""Do customers rate lower once a perk is taken away than if they had never had it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools
from cxstats.errors import TooFewError, warn
from cxstats.frames import IntoFrame
from cxstats.numerics import ragged
from cxstats.numerics.effect import Effect
from cxstats.numerics.fading import Slope
from cxstats.numerics.group_periods import ContrastFit, JointTest, joint_test
from cxstats.numerics.influence import FEWEST_CLUSTERS
from cxstats.numerics.withdrawal import (
    GONE,
    LEADS,
    SEQUENTIAL,
    WITH,
    Imputed,
    StateRows,
    contrast,
    impute,
    leads,
    mean_gap,
    sequential_gap,
)
from cxstats.panel.encounters import Encounters, encounters
from cxstats.panel.roles import EncounterRoles, Rated
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
from cxstats.shared.rated_encounters import ratings, required, stands_on, varying_sd

_UNTOLD = "it cannot be told apart from customers and periods"


@dataclass(frozen=True, kw_only=True, eq=False)
class WowWithdrawal(EncounterResult):
    """Ratings with a perk and after it is gone, against before it and never-exposed customers.

    Terms, in standard deviations within customers: ``after removal - before`` (below 0 is a backfire, 0 a return to
    where customers were); ``with the perk - before``; ``after removal - before (sequential)``, which first perks that
    follow bad or good ratings do not bend; with a schedule ``after removal, <schedule>`` and their difference; then how
    ratings stood in the last encounters before the first perk.

    Attributes
    ----------
    components : mapping from term to Effect
        Of the removal, imputed and sequential, turned: up is a backfire. ``effect`` is the weaker one.
    by_schedule : mapping from schedule to Effect
        Likewise.
    pre_trend : JointTest or None
        Whether ratings stood as ever in the last encounters before the first perk; None where it cannot be tested.
    n_unmatched : int
        Rated encounters after removal that cannot be used: of customers without a rated encounter before the first
        perk, or in periods without encounters before any perk.
    """

    by_schedule: Mapping[str, Effect]
    pre_trend: JointTest | None
    n_unmatched: int

    method: ClassVar[str] = "Difference in differences by imputation from customers and periods without perks"
    reference: ClassVar[str] = "Borusyak, Jaravel & Spiess (2024), doi:10.1093/restud/rdae007"


def wow_withdrawal(
    data: IntoFrame,
    *,
    customer: str,
    order: str,
    perk: str,
    outcome: Rated,
    period: str | None = None,
    schedule: str | None = None,
    cluster: str | None = None,
) -> WowWithdrawal:
    """Do customers rate lower once a perk is taken away than if they had never had it?

    Use it where some customers were rated before they first had a perk, while they had it and after it was taken
    away, and others never had it. A fall from the ratings with the perk is no backfire: what counts is whether
    customers end below where they were, beyond what happened to others meanwhile. Not where the perk was taken away
    because a customer rated badly.

    Parameters
    ----------
    data : dataframe
        One row per encounter, in any order.
    customer, order, perk, outcome, cluster : str, Rating or Continuous
        As for `wow_fading`.
    period : str, optional
        Column with the month or season, whose effects are taken off. Without it the period is the number of the
        encounter of its customer, and a season stays in.
    schedule : str, optional
        Column with how the perk came, such as regular or random: one value per customer.

    Returns
    -------
    WowWithdrawal
        Standard deviations of the outcome within customers.

    Raises
    ------
    TooFewError
        Fewer than 20 customers (or clusters) with rated encounters before the first and after the last perk, or
        without any perk; an outcome that does not vary within customers; more than 1,000 periods.
    ColumnError, ScaleError, RoleError
        Columns that do not hold what they must; encounters of a customer at the same time.

    Notes
    -----
    Effects of customers and of periods are fitted on encounters before any perk, those of never-exposed customers
    included; the mean of what later ratings differ by from these is the estimate [1]_. Other than a regression with
    dummies for the states it stays right where effects differ between customers and dates. Every encounter after
    removal counts alike. The unit is the customer, or the cluster; influence values hold what the periods' effects add
    to the error; t has the customers that are compared, less one, as degrees of freedom.

    "After removal" is after the last perk in the data: where perks come at random, some encounters count that only
    happen to be the last. Whether ratings stood as ever in the last two encounters before the first perk is tested
    jointly (flag ``pre-trend``); not to be rejected does not show that they did [2]_. Where the first perk follows a
    good rating, the level before it is too high, and the estimate a backfire that is none. The sequential estimate is
    free of that: each encounter against the mean of the customer's later ones, with its state (with the perk, without
    it again, not yet) as instruments [3]_. It takes errors that do not hang together over time, effects that are equal,
    and nearly all of those who could get the perk to have got it. ``effect`` is the weaker of the two, so that it shows
    a backfire that is none no more often than it should while either holds.

    References
    ----------
    .. [1] Borusyak, Jaravel & Spiess (2024). Review of Economic Studies 91, 3253-3285. doi:10.1093/restud/rdae007
    .. [2] Roth (2022). American Economic Review: Insights 4, 305-322. doi:10.1257/aeri.20210236
    .. [3] Arellano & Bover (1995). Journal of Econometrics 68, 29-51. doi:10.1016/0304-4076(94)01642-D

    Examples
    --------
    >>> import cxstats as cx
    >>> visits = cx.simulate.encounters(600, rng=1, schedule="regular", backfire=0.5)
    >>> result = cx.wow_withdrawal(
    ...     visits, customer="customer", order="visit", perk="perk", outcome=cx.Continuous("rating"), period="month"
    ... )
    >>> bool(result.effect.p_not_above(0.1) < 0.05)
    True
    """
    roles = EncounterRoles(
        customer=customer,
        order=order,
        perk=perk,
        outcome=outcome,
        period=period,
        schedule=schedule,
        cluster=cluster,
    )
    found = encounters(data, required(roles, "outcome"))
    rows, used = _rows(found)
    sd, sd_influence = varying_sd(rows.first, rows.y, outcome)
    never = ~found.exposed & (np.diff(rows.first) > 0)
    few = enough(never, found.cluster, "who never had the perk")
    imputed = impute(rows)
    slopes = _slopes(imputed, found)
    gone = slopes.pop("")
    few += enough(gone.arm, found.cluster, "with rated encounters before the first and after the last perk")
    made = estimates_of({GONE: gone, **slopes}, sd, sd_influence, rows.first, found.cluster)
    trend = _pre_trend(made)
    flags, notes = _checks(made, trend)
    unmatched = int((rows.gone & ~imputed.usable).sum())
    by_schedule = {name: made.effect(f"after removal, {name}", -1.0) for name in found.schedules}
    return WowWithdrawal(
        **answer(made, (GONE, SEQUENTIAL), (WITH, SEQUENTIAL, *LEADS), _UNTOLD, sign=-1.0),
        by_schedule={name: effect for name, effect in by_schedule.items() if effect is not None},
        pre_trend=trend,
        n_unmatched=unmatched,
        notes=(*made.notes, *few, *notes, *_unmatched_note(unmatched, rows), *_schedule_notes(found, made)),
        flags=(*flags, *(("unmatched",) if unmatched else ())),
        **stands_on(found, used),
    )


def _rows(found: Encounters) -> tuple[StateRows, Bools]:
    """The rated encounters with the state that each is in; and which they are."""
    y = ratings(found, found.outcome)
    used = ~np.isnan(y)
    begins = np.repeat(ragged.first_marked(found.first, found.perk), np.diff(found.first))
    to_come = np.where(found.exposed[found.owner], begins - ragged.position(found.first), 0)
    rows = StateRows(
        first=ragged.starts_of(found.owner[used], found.n_customers),
        y=y[used],
        perk=found.perk[used].astype(np.float64),
        untreated=found.before[used],
        gone=found.after[used],
        off=(~found.perk & (found.earlier > 0))[used].astype(np.float64),
        to_come=np.maximum(to_come, 0)[used],
        period=found.period[used],
        periods=found.n_periods,
    )
    return rows, used


def _slopes(imputed: Imputed, found: Encounters) -> dict[str, Slope]:
    """Every term that can be estimated; the removal itself under an empty name."""
    rows = imputed.rows
    gone = mean_gap(imputed, rows.gone)
    if gone is None:
        raise TooFewError(
            "No encounter after removal can be compared: it takes customers who were rated before the first perk and "
            "after the last one, in periods in which others were rated without any perk.\n"
            "Check the perk and the period columns."
        )
    terms = {"": gone, WITH: mean_gap(imputed, ~rows.untreated & ~rows.gone), SEQUENTIAL: sequential_gap(rows)}
    if found.schedule is not None:
        terms |= _scheduled(imputed, found)
    terms |= leads(rows)
    return {name: slope for name, slope in terms.items() if slope is not None}


def _scheduled(imputed: Imputed, found: Encounters) -> dict[str, Slope]:
    """The removal by schedule, where enough customers had it; the difference where there are two."""
    rows, at = imputed.rows, ragged.owner(imputed.rows.first)
    of_row = np.zeros(len(at), dtype=np.int64) if found.schedule is None else found.schedule[at]
    gaps = {name: mean_gap(imputed, rows.gone & (of_row == i)) for i, name in enumerate(found.schedules)}
    kept = {
        name: gap
        for name, gap in gaps.items()
        if gap is not None and clusters_in(gap.arm, found.cluster) >= FEWEST_CLUSTERS
    }
    terms = {f"after removal, {name}": gap for name, gap in kept.items()}
    if len(kept) == 2:
        (one, first), (two, second) = kept.items()
        terms[f"after removal, {one} - {two}"] = contrast(first, second)
    return terms


def _pre_trend(made: Estimates) -> JointTest | None:
    """A joint test of the encounters before the first perk."""
    chosen = np.array([term in LEADS for term in made.terms]) & (made.df >= FEWEST_CLUSTERS - 1)
    if not chosen.any():
        return None
    df = float(made.df[chosen].min())
    matrix = made.matrix[:-1, :-1]
    return joint_test(ContrastFit(made.raw, matrix, made.df, [(df, matrix)]), chosen)


def _checks(made: Estimates, trend: JointTest | None) -> tuple[tuple[str, ...], list[str]]:
    """Flags and notes."""
    flags, notes = agreement(made, (GONE, SEQUENTIAL))
    if trend is None:
        told = warn("Whether ratings moved before the first perk already cannot be tested.")
        return (*flags, "pre-trend-untested"), [*notes, told]
    p = told_p(trend.p_value)
    if trend.p_value >= UNEQUAL:
        told = f"That ratings stood as ever before the first perk is not rejected (joint {p})."
        return flags, [*notes, told]
    told = (
        f"Ratings had moved in the last encounters before the first perk already (joint {p}): it followed them. That "
        f"bends '{GONE}', but not the sequential estimate."
    )
    return (*flags, "pre-trend"), [*notes, told]


def _unmatched_note(unmatched: int, rows: StateRows) -> list[str]:
    if not unmatched:
        return []
    told = (
        f"{unmatched:,} of {int(rows.gone.sum()):,} rated encounters after removal cannot be compared: no rated "
        "encounter of the customer before the first perk, or nobody before any perk in that period."
    )
    return [told]


def _schedule_notes(found: Encounters, made: Estimates) -> list[str]:
    absent = [name for name in found.schedules if f"after removal, {name}" not in made.terms]
    return [
        f"Schedule '{name}' has fewer than {FEWEST_CLUSTERS} customers or clusters to compare: it has no row."
        for name in absent
    ]
