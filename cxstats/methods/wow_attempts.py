"""How often do staff try to wow, and what goes with it: failures, cost, time, and the waiting of others?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, is_cells
from cxstats.errors import TooFewError, listed, rows
from cxstats.numerics.adjusted_means import uncovered
from cxstats.numerics.effect import Effect
from cxstats.numerics.observed import Observed, observe, refuse_thin, refuse_unknown, refuse_unmarked
from cxstats.numerics.parts import Share, share_of, share_part
from cxstats.numerics.wow_attempts import (
    COST,
    DIFFERENCE,
    FAILURE,
    GROUPS,
    HANDLING,
    RATIO,
    Arm,
    checked_amount,
    failure_arm,
    ratio_arm,
    refuse_repeated,
    wait_arm,
)
from cxstats.numerics.zero_one import zero_one
from cxstats.roles import Binary, Continuous, Roles
from cxstats.shared.parts_result import SeparateParts, stacked


@dataclass(frozen=True, kw_only=True, eq=False)
class WowAttempts(SeparateParts):
    """How often staff tried to wow a customer, and contacts with and without an attempt.

    Parts: ``rate`` with the share of contacts with an attempt; then, of what was given, ``failure`` (adjusted risks
    and their difference), ``cost`` and ``handling`` (adjusted geometric means and their ratio), ``wait of others``
    (adjusted means and their difference).

    Attributes
    ----------
    parts : tuple of Part
        The same rows in their parts, with the rows of data that each stands on, which may differ.
    rate : Effect
        The share of contacts with an attempt.
    failure, failure_relative : Effect or None
        Risk with an attempt minus without; and how much better no attempt does on the scale on which claims are
        decided: the relative gain p1 / p0 - 1 of the share without failure (where p0 > .5 that of the failures,
        q0 / q1 - 1), p0 and q0 with an attempt.
    log_cost, log_handling : Effect or None
        Logarithm of the ratio of geometric means, which can be tested at any value.
    wait, wait_sd : Effect or None
        How much longer others wait, in units of the column and in its standard deviations.
    controls : tuple of str
    """

    share: Share
    rate: Effect
    failure: Effect | None
    failure_relative: Effect | None
    log_cost: Effect | None
    log_handling: Effect | None
    wait: Effect | None
    wait_sd: Effect | None
    controls: tuple[str, ...]

    method: ClassVar[str] = "Adjusted risks, geometric means and means of contacts with and without an attempt"
    reference: ClassVar[str] = "Bieler et al. (2010), doi:10.1093/aje/kwp440"

    @property
    def _tested(self) -> Bools:
        return np.isin(self.labels["term"], (DIFFERENCE, RATIO))

    @property
    def _ratios(self) -> Bools:
        """Geometric means too: their limits are those of the logarithm."""
        return self._in(COST, HANDLING)

    @property
    def _floor(self) -> Floats:
        least = np.where(np.isin(self.labels["term"], DIFFERENCE), -1.0, 0.0)
        return np.where(self._in(FAILURE), least, -np.inf)

    def _counted(self) -> Mapping[int, Share]:
        return {0: self.share}

    def footer(self) -> str:
        """What the rows are adjusted for, then as for any result."""
        adjusted = f"as if both groups had the same mix of {listed(self.controls)}"
        mix = adjusted if self.controls else "not adjusted for anything"
        found = [name for name in (COST, HANDLING) if self._in(name).any()]
        means = f" Geometric means of {' and '.join(found)}." if found else ""
        worse = "A difference above 0, or a ratio above 1, is worse with an attempt."
        return f"Contacts with and without an attempt, {mix}.{means} {worse}\n{super().footer()}"


def wow_attempts(
    data: IntoCells,
    *,
    attempt: str,
    failure: str | None = None,
    cost: str | None = None,
    handling: str | None = None,
    wait: str | None = None,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> WowAttempts:
    """How often do staff try to wow, and what goes with it: failures, cost, time, and the waiting of others?

    Use it on contacts of which it is known, or was coded blind to the result, whether staff tried to do more than
    was asked. Give the member of staff and the kind of contact as controls, for some try more often, and some
    contacts invite it. What it did to the customer's loyalty is another question: `expectation_levels`.

    Parameters
    ----------
    data : dataframe or Cells
        One row per contact. Cells must have the columns below among their strata.
    attempt : str
        Column with 1 for contacts with an attempt to wow and 0 for others.
    failure : str, optional
        Column with 1 where something went wrong in the contact (an error, a promise not kept) and 0 where not.
    cost, handling : str, optional
        Cost of the contact and its handling time, above 0, in any unit.
    wait : str, optional
        How long others waited while the contact went on, 0 or more: the mean over them, made before the call.
    controls : sequence of str
        Staff, kind of contact, hour: what was there before the attempt.
    cluster : str, optional
        Column with what makes contacts dependent, as a rule the member of staff. Intervals then use influence sums
        per cluster and Student's t with (number of clusters - 1) degrees of freedom.
    weight, count : str, optional
        As in `delong`.

    Returns
    -------
    WowAttempts
        The rate in [0, 1], risks in [0, 1] and their difference, geometric means and their ratio, mean waits.

    Raises
    ------
    ColumnError
        An attempt or a failure that is not 0, 1 or missing; an amount that is text or negative, or 0 where a ratio is
        formed; as for `tally`.
    TooFewError
        With or without an attempt fewer than 10 contacts that failed or did not, or 30 contacts with an amount; no
        attempt at all, or nothing else; fewer than 10 events per coefficient; fewer than 20 clusters.
    RoleError
        One column in two parts; also as for `tally`.

    Notes
    -----
    Each part stands on the contacts that have its column and the controls; the parts answer separate questions and
    are not added up. Risks are what a logistic model of attempt and controls predicts when every contact is put into
    either group, averaged over all [1]_; costs and times come from a linear model of their logarithm, waits from a
    linear model. A ratio of geometric means is one of means only where the spread on the logarithm is the same with
    and without an attempt [2]_. Others who wait at one time wait behind several contacts: give the shift or the
    hour as cluster where waits are asked about. Rows that lack the attempt are left out and counted in
    ``n_missing``.

    References
    ----------
    .. [1] Bieler, Brown, Williams & Brogan (2010). Am. J. Epidemiology 171, 618-623. doi:10.1093/aje/kwp440
    .. [2] Manning & Mullahy (2001). Journal of Health Economics 20, 461-494. doi:10.1016/S0167-6296(01)00086-8
    .. [3] Wilson (1927). J. Am. Stat. Assoc. 22, 209-212. doi:10.1080/01621459.1927.10502953

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> contacts = pd.DataFrame({
    ...     "wow": [0, 0, 0, 0, 1, 1, 1, 1], "failed": [0, 0, 1, 1, 0, 0, 1, 1],
    ...     "minutes": [5, 20, 5, 20, 10, 40, 10, 40], "n": [380, 380, 40, 40, 66, 66, 14, 14],
    ... })
    >>> result = cx.wow_attempts(contacts, attempt="wow", failure="failed", handling="minutes", count="n")
    >>> result.to_frame()[["part", "term", "estimate", "ci_low", "ci_high"]].round(2)
           part                  term  estimate  ci_low  ci_high
    0      rate               attempt      0.16    0.14     0.18
    1   failure            no attempt      0.10    0.08     0.12
    2   failure               attempt      0.18    0.12     0.23
    3   failure  attempt - no attempt      0.08    0.02     0.14
    4  handling            no attempt     10.00    9.54    10.48
    5  handling               attempt     20.00   17.96    22.27
    6  handling  attempt / no attempt      2.00    1.78     2.25
    """
    given = {"attempt": attempt, "failure": failure, "cost": cost, "handling": handling, "wait": wait}
    named = {role: column for role, column in given.items() if column is not None}
    refuse_repeated(named)
    roles = Roles(
        strata=() if is_cells(data) else tuple(named.values()),
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        weight=weight,
        count=count,
    )
    cells = as_cells(data, roles)
    refuse_unmarked(named, cells.roles.strata, cells.roles.controls)
    adjusted = tuple(name for name in cells.roles.controls if name not in named.values())
    known = cells.select(*named.values(), *adjusted)
    kept = known.where(known.observed([attempt]) & (known.row_weight > 0))
    refuse_unknown(attempt, kept.n, cells.n)
    tried = _tried(kept, attempt)
    share = share_of("all contacts", tried.astype(np.float64), kept.count, kept.row_weight, kept.cluster_codes)
    arms = _arms(kept, named, adjusted, tried)
    parts = (replace(share_part("attempt", share), name="rate"), *(arm.part for arm in arms.values()))
    fewer = {part.name: part.rows for part in parts if part.rows < kept.n}
    return WowAttempts(
        **stacked(parts),
        share=share,
        rate=Effect(a=share.estimate, var_a=share.std_error**2, df=share.df),
        failure=_effect(arms.get("failure")),
        failure_relative=_relative(arms.get("failure")),
        log_cost=_effect(arms.get("cost")),
        log_handling=_effect(arms.get("handling")),
        wait=_effect(arms.get("wait")),
        wait_sd=_relative(arms.get("wait")),
        controls=adjusted,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(
            *dict.fromkeys(note for arm in arms.values() for note in arm.notes),
            *(f"Of these contacts, '{name}' stands on {n:,}: where it is known." for name, n in fewer.items()),
        ),
    )


def _tried(kept: Cells, attempt: str) -> Ints:
    """1 with an attempt, 0 without; both must occur."""
    tried = zero_one(attempt, kept[attempt], kept.count, "an attempt", "none").astype(np.int64)
    n = int(kept.count[tried == 1].sum())
    if n in (0, kept.n):
        raise TooFewError(
            f"Contacts with and without an attempt are needed, but '{attempt}' is 1 in {n:,} of {rows(kept.n)}."
            "\nCheck how it is coded: 1 is an attempt, 0 is none."
        )
    return tried


_FITS: dict[str, Callable[[Ints, Observed], Arm]] = {
    "failure": failure_arm,
    "cost": partial(ratio_arm, COST),
    "handling": partial(ratio_arm, HANDLING),
    "wait": wait_arm,
}


def _arms(kept: Cells, named: Mapping[str, str], controls: Sequence[str], tried: Ints) -> dict[str, Arm]:
    """Every part that a column was given for, on its own rows."""
    arms: dict[str, Arm] = {}
    for role, fit in _FITS.items():
        if role not in named:
            continue
        column = named[role]
        if role == "failure":
            zero_one(column, kept[column], kept.count, "a failure", "none")
        else:
            checked_amount(column, kept[column], kept.count, ratio=role != "wait")
        on = kept.observed([column, *controls])
        outcome = Binary(column, good=0) if role == "failure" else Continuous(column, good="low")
        data, parts = observe(outcome, controls, on, kept.columns, kept.count, kept.row_weight, kept.cluster_codes)
        refuse_thin(tried[on], GROUPS, data, column)
        found = fit(tried[on], data)
        arms[role] = replace(found, notes=(*found.notes, *uncovered(tried[on], GROUPS, parts)))
    return arms


def _effect(arm: Arm | None) -> Effect | None:
    return None if arm is None else arm.effect


def _relative(arm: Arm | None) -> Effect | None:
    return None if arm is None else arm.relative
