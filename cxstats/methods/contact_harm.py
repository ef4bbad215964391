"""How many times likelier is a contact to lower loyalty than to raise it, and how is that without a contact?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import Cells, IntoCells, as_cells, is_cells
from cxstats.coding import upward
from cxstats.errors import RoleError, TooFewError, listed, number, rows, unknown_column
from cxstats.numerics.contact_harm import (
    CONTROL,
    MATCHED,
    TERMS,
    Moves,
    Ratio,
    alike,
    checked_least,
    doubts,
    gap_before,
    lacking,
    moves,
    ratio,
    ratio_of_ratios,
    ratios_part,
    refuse_unmoved,
)
from cxstats.numerics.effect import Effect
from cxstats.numerics.observed import refuse_unmarked
from cxstats.numerics.parts import Share, share_of
from cxstats.numerics.zero_one import zero_one
from cxstats.roles import Roles
from cxstats.scales import Scale
from cxstats.shared.parts_result import SeparateParts, stacked

CONTACT = "contact"
_RATIO_OF = {CONTROL: "contact / no contact", MATCHED: "contact / no contact, same score before"}


@dataclass(frozen=True, kw_only=True, eq=False)
class ContactHarm(SeparateParts):
    """Whose score fell and rose, with and without a contact.

    Parts ``contact``, ``no contact`` and ``no contact, same score before``, each with the shares that were
    ``lowered``, ``raised`` and ``unchanged`` and the ratio ``lowered / raised``; then ``ratio of ratios``.

    Attributes
    ----------
    parts : tuple of Part
        The same rows in their parts.
    log_ratio : Effect
        Logarithm of lowered / raised among people with a contact, which can be tested at any value.
    log_ratio_of_ratios : Effect or None
        Logarithm of that ratio over the one without a contact; None without such people.
    log_matched_ratio : Effect or None
        The same at equal scores before, which regression to the mean cannot bend; None where it cannot be had.
    gap_before : Effect or None
        Mean score before with a contact minus that without, up is good.
    direction_only : str
        Why a published size cannot be judged; empty where there are people without a contact.
    least : float or None
        The smallest move that counts; None for any.
    """

    shares: Mapping[str, tuple[Share, ...]]
    log_ratio: Effect
    log_ratio_of_ratios: Effect | None
    log_matched_ratio: Effect | None
    gap_before: Effect | None
    direction_only: str
    least: float | None
    before: str
    after: str

    method: ClassVar[str] = "Lowered over raised scores, with and without a contact, on the logarithm"
    reference: ClassVar[str] = "Barnett, van der Pols & Dobson (2005), doi:10.1093/ije/dyh299"

    @property
    def _ratios(self) -> Bools:
        return ~np.isin(self.labels["term"], TERMS[:3])

    @property
    def _tested(self) -> Bools:
        return self._ratios

    @property
    def _floor(self) -> Floats:
        return np.where(self._ratios, -np.inf, 0.0)

    def _counted(self) -> Mapping[int, Share]:
        """At the same score before, limits are Wald's."""
        parts = list(self.labels["part"])
        return {row: share for name, own in self.shares.items() for row, share in enumerate(own, parts.index(name))}

    def footer(self) -> str:
        """What counts as a move, then as for any result."""
        by = "" if self.least is None else f" by {number(self.least)} or more"
        line = f"Lowered: '{self.after}' is worse than '{self.before}'{by} for the same customer; raised: it is better."
        return f"{line}\n{super().footer()}"


def contact_harm(
    data: IntoCells,
    *,
    before: str,
    after: str,
    scale: Scale | None = None,
    contact: str | None = None,
    least: float | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> ContactHarm:
    """How many times likelier is a service contact to lower loyalty than to raise it, beyond what happens without one?

    Use it where the same customers gave a loyalty score before and after, also some who had no contact in between.
    Do not use what customers say about the change afterwards ("did this make you less loyal?"): that is no change.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer with both scores. Cells must have the contact among their strata.
    before, after : str
        The columns with the two scores.
    scale : Scale
        Of both columns. May be left out for Cells, which carry it.
    contact : str, optional
        Column with 1 for customers who had a contact in between, and 0 for those who had none. Without it, or
        without anybody at 0, the result tells a direction at most: ``direction_only`` says why.
    least : float, optional
        The smallest move that counts as one, in points. By default any.
    cluster, weight, count : str, optional
        As in `delong`.

    Returns
    -------
    ContactHarm
        Shares in [0, 1], ratios and ratios of ratios above 0.

    Raises
    ------
    TooFewError
        With, or without a contact: fewer than 10 customers whose score fell, or whose score rose; fewer than 20
        clusters.
    RoleError, ScaleError, ColumnError
        The same column for before and after, no scale, a contact that is not 0 or 1; also as for `tally`.

    Notes
    -----
    Customers call when something went wrong, or just after a good time: a score that was high by luck falls
    without any contact, and one at the top of its scale cannot rise [1]_. The ratio of ratios takes off what
    happens to customers without a contact; "same score before" counts these at each score before as often as there
    are customers with a contact, and is not given where some score before has fewer than 5 of them. It cannot take
    off what made customers call. Errors are those of the logarithm by the delta method, from influence values;
    for a plain sample the variance of the logarithm of lowered / raised is 1 / lowered + 1 / raised in customers. One
    independent unit is a customer, or a cluster. Rows that lack a score, the contact, the cluster or the weight are
    left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Barnett, van der Pols & Dobson (2005). Int. J. Epidemiology 34, 215-220. doi:10.1093/ije/dyh299

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> panel = pd.DataFrame({
    ...     "spring": [8, 8, 8, 8, 8, 8], "autumn": [6, 8, 9, 6, 8, 9],
    ...     "called": [1, 1, 1, 0, 0, 0], "customers": [120, 200, 40, 150, 700, 150],
    ... })
    >>> result = cx.contact_harm(
    ...     panel, before="spring", after="autumn", scale=cx.NPS, contact="called", count="customers"
    ... )
    >>> result.to_frame().iloc[[3, 7, 12]][["part", "term", "estimate", "ci_low", "ci_high"]].round(2)
                   part                  term  estimate  ci_low  ci_high
    3           contact      lowered / raised       3.0    2.10     4.29
    7        no contact      lowered / raised       1.0    0.80     1.25
    12  ratio of ratios  contact / no contact       3.0    1.96     4.58
    """
    cells = _both_scores(data, before, after, scale, contact, Roles(cluster=cluster, weight=weight, count=count))
    columns = [before, after, *([] if contact is None else [contact])]
    kept = cells.where(cells.observed(columns) & (cells.row_weight > 0))
    if kept.n == 0:
        raise TooFewError(
            f"At least one row must have all of {listed(columns)}, but none of {rows(cells.n)} has."
            "\nIf different people answered, there is no change to be seen: cx.net_promoter compares groups."
        )
    found = _moves(kept, before, after, contact, checked_least(least))
    had = found.contact
    refuse_unmoved(found, had, "with a contact")
    with_contact = ratio(CONTACT, *found.shares(had), found, had)
    compared: dict[str, Ratio] = {} if had.all() else _controls(found)
    logs = {name: ratio_of_ratios(with_contact, each, found) for name, each in compared.items()}
    gap = None if had.all() else gap_before(found)
    shares = {CONTACT: _shares(found, had, CONTACT)}
    if compared:
        shares[CONTROL] = _shares(found, ~had, CONTROL)
    doubtful = doubts(found, gap, kept.roles.metrics[before])
    parts = [with_contact.part, *(each.part for each in compared.values())]
    if logs:
        told = {_RATIO_OF[name]: effect for name, effect in logs.items()}
        parts.append(ratios_part(told, kept.n))
    return ContactHarm(
        **stacked(parts),
        shares=shares,
        log_ratio=with_contact.effect,
        log_ratio_of_ratios=logs.get(CONTROL),
        log_matched_ratio=logs.get(MATCHED),
        gap_before=gap,
        direction_only=doubtful[0] if had.all() else "",
        least=least,
        before=before,
        after=after,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(*with_contact.notes, *doubtful),
    )


def _both_scores(
    data: IntoCells, before: str, after: str, scale: Scale | None, contact: str | None, others: Roles
) -> Cells:
    """The two scores and the contact, tallied."""
    names = (before, after)
    if not all(isinstance(name, str) for name in names) or before == after:
        raise RoleError(
            f"before and after must be the names of two columns, but {before!r} and {after!r} were given."
            "\nEach customer needs a score of an earlier and one of a later time."
        )
    if is_cells(data):
        absent = [name for name in names if name not in data.roles.metrics]
        if absent:
            raise unknown_column(absent, list(data.roles.metrics), "the metrics of the cells")
    elif not isinstance(scale, Scale):
        raise RoleError(
            f"The scale of '{before}' and '{after}' must be declared, but {scale!r} was given."
            "\nPass for example scale=cx.NPS: which end is good is never guessed."
        )
    marked = () if contact is None else (contact,)
    roles = Roles(
        metrics={} if scale is None else dict.fromkeys(names, scale),
        strata=() if is_cells(data) else marked,
        cluster=others.cluster,
        weight=others.weight,
        count=others.count,
    )
    cells = as_cells(data, roles)
    if contact is not None:
        refuse_unmarked({"contact": contact}, cells.roles.strata, cells.roles.controls)
    return cells.select(*names, *marked)


def _moves(kept: Cells, before: str, after: str, contact: str | None, least: float | None) -> Moves:
    """Who moved where, up is good."""
    scale = kept.roles.metrics[before]
    if kept.roles.metrics[after] != scale:
        raise RoleError(
            f"Both scores must have one scale, but '{before}' has {scale} and '{after}' has "
            f"{kept.roles.metrics[after]}.\nA change between two scales is no number."
        )
    first, second = (upward(scale, kept[name]) for name in (before, after))
    had = np.ones(len(first), dtype=bool)
    if contact is not None:
        had = zero_one(contact, kept[contact], kept.count, "a contact", "none") == 1
    return Moves(moves(second - first, least), first, had, kept.count, kept.row_weight, kept.cluster_codes)


def _controls(found: Moves) -> dict[str, Ratio]:
    """Lowered over raised without a contact: of all of them, and at the same scores before."""
    without = ~found.contact
    refuse_unmoved(found, without, "without a contact")
    compared = {CONTROL: ratio(CONTROL, *found.shares(without), found, without)}
    if not lacking(found):
        share, values = alike(found)
        if min(share[:2]) > 0:
            compared[MATCHED] = ratio(MATCHED, share, values, found, np.ones(len(without), dtype=bool))
    return compared


def _shares(found: Moves, on: Bools, name: str) -> tuple[Share, ...]:
    cluster = None if found.cluster is None else found.cluster[on]
    return tuple(share_of(name, moved[on], found.count[on], found.weight[on], cluster) for moved in found.moved.T)
