"""Change of treated against untreated units: how much more did those whose journeys were changed move?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells, as_cells, is_cells
from cxstats.errors import number
from cxstats.numerics.effect import Effect
from cxstats.numerics.group_periods import (
    ContrastFit,
    GroupPeriods,
    JointTest,
    fit_contrasts,
    gap_contrasts,
    group_periods,
    joint_test,
)
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level, shown
from cxstats.roles import Binary, Continuous, Count, Rating, Roles
from cxstats.shared.treated_rows import Measured, TreatedRows, treated_rows

_SLOPE = "slope per period"
_DIVERGING = 0.05  # p-value of the joint test below which a note says that the groups had moved apart before


@dataclass(frozen=True, kw_only=True, eq=False)
class DifferenceInDifferences(TalliedResult):
    """The change of the treated beyond that of the untreated, as a difference and as a share; then period by period.

    Rows: ``effect`` with the terms ``difference`` (in units of the outcome) and ``share of counterfactual``;
    ``before`` with the gap between treated and untreated in each period before the start, less the gap in the
    last of these (``reference_period``), and with three of them the gap's ``slope per period``; ``after`` with the
    gap in each period from the start on, less the same one.

    Attributes
    ----------
    periods : array, shape (P,)
    means : array, shape (2, P)
        Of the outcome, untreated first.
    start, reference_period : float
        First treated period, and the last one before it.
    level, counterfactual : float
        Mean of the treated from the start on, and what it would have been had they moved as the untreated did.
    higher_is_better : bool
    relative : Effect or None
        Difference over counterfactual, which can be tested at any value; None where the counterfactual is not
        above 0.
    pre_trend : JointTest or None
        Whether the gap was the same in all periods before the start; None where it cannot be tested.
    df : array
        Degrees of freedom of each row; infinite without clusters.
    n_clusters, n_treated, n_untreated : int or None
        Clusters in all, and with treated and with untreated rows; None without clusters.
    """

    periods: Floats
    means: Floats
    start: float
    reference_period: float
    level: float
    counterfactual: float
    higher_is_better: bool
    relative: Effect | None
    pre_trend: JointTest | None
    terms: tuple[tuple[str, str], ...]
    df: Floats
    n_clusters: int | None
    n_treated: int | None
    n_untreated: int | None

    method: ClassVar[str] = "Difference in differences"
    reference: ClassVar[str] = "Bertrand, Duflo & Mullainathan (2004), doi:10.1162/003355304772839588"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The part and the term of each row."""
        return {"part": [part for part, _ in self.terms], "term": [term for _, term in self.terms]}

    @property
    def statistic(self) -> Floats:
        """Estimate / standard error; of the share, that of the difference, since one is 0 where the other is."""
        statistic = ratio_to_error(self.estimate, self.std_error)
        if self.relative is not None:
            statistic[1] = statistic[0]
        return statistic

    @property
    def p_value(self) -> Floats:
        """Two-sided, not adjusted for the number of periods."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Student's t; for the share Fieller's limits, which may be infinite."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        low, high = limits.low.copy(), limits.high.copy()
        if self.relative is not None:
            low[1], high[1] = self.relative.interval(level)
        return ConfidenceInterval(low, high, level)


def difference_in_differences(
    data: IntoCells,
    *,
    outcome: Binary | Rating | Continuous | Count | None = None,
    period: str,
    treated: str,
    start: float,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> DifferenceInDifferences:
    """How much more did an outcome change where journeys were improved than where they were not?

    Use it where some branches, regions or customers were changed at one date and comparable ones never were,
    and both were measured before and after. Do not use it where units were changed at different dates, or where
    they were chosen because their outcome had just been poor: such units recover by themselves.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer, contact or unit and period. Cells must have period and treated among their strata.
    outcome : Binary, Rating, Continuous or Count
        Binary is the share with the good value; the others are in their own units and direction.
    period : str
        Column with the period as a number; only the order counts. Number months through, as 0, 1, 2.
    treated : str
        Column with 1 for the units that were changed, in all periods, and 0 for those that never were.
    start : float
        The first period in which the treated were treated.
    cluster : str, optional
        Column with the unit that was changed or not (branch, region). Rows of one unit hang together over time,
        so that without it intervals are far too narrow [1]_ wherever a unit has several rows.
    weight : str, optional
        Survey weight, taken as fixed.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    DifferenceInDifferences
        The difference in units of the outcome, its share of the counterfactual level (.2 is +20%), and the gap
        between the groups in every other period less the gap in the last one before the start.

    Raises
    ------
    ColumnError
        The period is no number, or treated is neither 0 nor 1; also as for `tally`.
    TooFewError
        No period before or from the start on; a period without two treated and two untreated rows; fewer than 20
        clusters, or fewer than 5 with treated or with untreated rows.
    RoleError, ScaleError
        As for `tally`.

    Notes
    -----
    With D the gap between the means of treated and untreated in a period, the difference is the mean of D from
    the start on less its mean before, each period with the weight W1 W0 / (W1 + W0), W the rows (sums of
    weights) of the groups: the coefficient of least squares with a dummy for every period and for the treated.
    One independent unit is a cluster, else a row. Variances are those of the group means, added up per
    cluster; where every cluster is wholly treated or wholly untreated, each group has its own variance, and t
    has Welch's degrees of freedom, so that five treated among fifty count as five. The share is a ratio with a
    counterfactual that is estimated too: its limits are Fieller's.

    The difference is what followed from the change only if both groups would have moved alike without it.
    ``pre_trend`` tests whether they did before, jointly over all periods before the start [2]_, which takes two
    clusters of either group per period; not to be rejected does not show that they did [3]_. Rows that lack a value
    are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Bertrand, Duflo & Mullainathan (2004). Quarterly Journal of Economics 119, 249-275.
       doi:10.1162/003355304772839588
    .. [2] Krishnamoorthy & Yu (2004). Statistics & Probability Letters 66, 161-169.
       doi:10.1016/j.spl.2003.10.012
    .. [3] Roth (2022). American Economic Review: Insights 4, 305-322. doi:10.1257/aeri.20210236

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxstats as cx
    >>> rng = np.random.default_rng(1)
    >>> visits = pd.DataFrame({"branch": np.repeat(np.arange(40), 24), "month": np.tile(np.arange(24) // 4, 40)})
    >>> visits["improved"] = (visits["branch"] < 20).astype(int)
    >>> level = rng.normal(40, 4, 40)[visits["branch"]] - 6.0 * (visits["improved"] & (visits["month"] >= 4))
    >>> visits["cost"] = level + rng.normal(0, 8, len(visits))
    >>> result = cx.difference_in_differences(
    ...     visits, outcome=cx.Continuous("cost", good="low"), period="month", treated="improved", start=4,
    ...     cluster="branch",
    ... )
    >>> result.to_frame().iloc[:2][["term", "estimate", "ci_low", "ci_high"]].round(2)
                         term  estimate  ci_low  ci_high
    0              difference     -5.72   -7.97    -3.47
    1  share of counterfactual     -0.15   -0.20    -0.09
    """
    declared = () if is_cells(data) else (period, treated)
    cells = as_cells(data, Roles(outcome=outcome, strata=declared, cluster=cluster, weight=weight, count=count))
    given = treated_rows(cells, period, treated, start)
    kept, first = given.cells, given.first
    found = group_periods(given.y, given.group, given.at, kept.count, kept.row_weight, kept.cluster_codes)
    fit = fit_contrasts(found, gap_contrasts(found.mass, first))
    relative = _relative(fit)
    rows = _rows(fit, relative)
    trend = _trend(fit, first)
    return DifferenceInDifferences(
        estimate=rows[0],
        std_error=rows[1],
        df=rows[2],
        terms=_terms(given.times, first, relative),
        periods=given.times,
        means=found.mean,
        start=float(start),
        reference_period=float(given.times[first - 1]),
        level=float(fit.estimate[1]),
        counterfactual=float(fit.estimate[1] - fit.estimate[0]),
        higher_is_better=_higher_is_better(given.outcome),
        relative=relative,
        pre_trend=trend,
        n_clusters=len(found.arm) if found.clustered else None,
        n_treated=given.treated,
        n_untreated=given.untreated,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(*fit.notes, *_notes(given, found, relative, trend)),
    )


def _rows(fit: ContrastFit, relative: Effect | None) -> Floats:
    """Estimate, standard error and degrees of freedom of each row, shape (3, rows)."""
    table = np.array([fit.estimate, np.sqrt(np.diag(fit.matrix)), fit.df])
    if relative is None:
        return np.delete(table, 1, axis=1)
    # In the place of the level; the standard error is the delta method's, the limits are not made of it.
    table[:, 1] = relative.estimate, relative.std_error_at(relative.estimate) / relative.b, relative.df
    return table


def _trend(fit: ContrastFit, first: int) -> JointTest | None:
    before = np.zeros(len(fit.estimate), dtype=bool)
    before[2 : 1 + first] = True
    return joint_test(fit, before) if first > 1 else None


def _higher_is_better(outcome: Measured) -> bool:
    if isinstance(outcome, Rating):
        return outcome.scale.higher_is_better
    return isinstance(outcome, Binary) or outcome.good == "high"


def _relative(fit: ContrastFit) -> Effect | None:
    """The difference over the counterfactual level, which is the level less the difference."""
    effect, level = fit.estimate[:2]
    if level - effect <= 0:
        return None
    var, cov, var_level = fit.matrix[0, 0], fit.matrix[0, 1], fit.matrix[1, 1]
    return Effect(
        a=float(effect),
        var_a=float(var),
        b=float(level - effect),
        cov=float(cov - var),
        var_b=float(var_level - 2 * cov + var),
        df=float(fit.df[0]),
    )


def _terms(times: Floats, first: int, relative: Effect | None) -> tuple[tuple[str, str], ...]:
    against = f" - {number(float(times[first - 1]))}"
    effect = [("effect", "difference"), *([] if relative is None else [("effect", "share of counterfactual")])]
    before = [("before", f"{number(float(t))}{against}") for t in times[: first - 1]]
    after = [("after", f"{number(float(t))}{against}") for t in times[first:]]
    slope = [("before", _SLOPE)] if first > 2 else []
    return (*effect, *before, *slope, *after)


def _notes(given: TreatedRows, found: GroupPeriods, relative: Effect | None, trend: JointTest | None) -> list[str]:
    notes = [_trend_note(given.first, trend)]
    if not found.clustered:
        notes.append(
            "No cluster was declared: every row counts as independent. Where units have several rows, declare the unit."
        )
    elif (found.arm < 0).any():
        mixed = int((found.arm < 0).sum())
        notes.append(
            f"{mixed:,} of {len(found.arm):,} clusters hold treated and untreated rows: the cluster should be the unit "
            "that was treated or not."
        )
    if given.one_sided:
        notes.append(
            f"{given.one_sided:,} of {len(found.arm):,} clusters have rows only before or only from the start on: who "
            "is measured changed, which may look like a change of the outcome."
        )
    if relative is None:
        notes.append("The counterfactual level is not above 0: the difference has no meaning as a share of it.")
    elif isinstance(given.outcome, Rating) and given.outcome.scale.low > 0:
        notes.append(
            f"The share is one of the rating as coded, from {number(given.outcome.scale.low)} up: on a scale from 0 it "
            "would be larger."
        )
    return notes


def _trend_note(first: int, trend: JointTest | None) -> str:
    if first == 1:
        return "There is one period before the start: whether the groups moved alike before cannot be tested."
    if trend is None:
        slope = f" '{_SLOPE}' looks at their trend alone." if first > 2 else ""
        return (
            f"Whether the groups moved alike before the start cannot be tested jointly: {first} periods before it are "
            f"too many for these clusters, or nothing varies in them. Merge periods.{slope}"
        )
    p = "p < 0.0001" if trend.p_value < 0.0001 else f"p = {shown(trend.p_value, 2)}"
    if trend.p_value < _DIVERGING:
        return (
            f"The groups did not move alike before the start (joint {p}): the difference mixes what followed the start "
            "with what went on already."
        )
    return (
        f"That the groups moved alike before the start is not rejected (joint {p}), which does not show that they did."
    )
