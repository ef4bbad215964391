"""Customers who met a problem: who is silent, what recovery goes with, and whether ratings then tell more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import Cells, IntoCells, as_cells, is_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import TooFewError, rows
from cxstats.numerics.adjusted_means import uncovered
from cxstats.numerics.effect import Effect
from cxstats.numerics.intention import is_rating
from cxstats.numerics.observed import (
    Measured,
    measured,
    observe,
    outcome_line,
    refuse_copy,
    refuse_few_events,
    refuse_flat,
    refuse_thin,
    refuse_unknown,
    refuse_unmarked,
)
from cxstats.numerics.parts import Share, share_of, share_part
from cxstats.numerics.problem_recovery import (
    EFFECTS,
    NAMES,
    SILENT_MOST,
    Compared,
    compare_groups,
    compare_slopes,
    groups,
    refuse_several,
    refuse_without_problem,
    rows_note,
    silence_test,
    slope_lines,
)
from cxstats.numerics.zero_one import zero_one
from cxstats.roles import Binary, Rating, Roles
from cxstats.scales import Scale
from cxstats.shared.parts_result import SeparateParts, stacked

_SHARES = ("met a problem", "silent, of those with a problem")
_MEANING = {"problem": ("a problem", "none"), "complained": ("a complaint", "none"), "recovered": ("put right", "not")}


@dataclass(frozen=True, kw_only=True, eq=False)
class ProblemRecovery(SeparateParts):
    """Customers with and without a problem.

    Rows: ``share`` with ``met a problem`` and ``silent, of those with a problem``; ``outcome`` with the adjusted
    share of good outcomes, or mean, of ``no problem``, ``unrecovered`` and ``recovered`` (``problem`` where recovery
    is not given); ``difference`` between them; ``slope`` of the rating without and with a problem, per standard
    deviation of the rating, and their difference; for a rating as outcome ``latent difference`` and ``latent slope``.

    Attributes
    ----------
    parts : tuple of Part
        The same rows in their parts, with the rows of data that each stands on, which may differ.
    silence : Effect or None
        The share that is silent, tested as Wilson's interval does at .5.
    paradox, repair : Effect or None
        Recovered against no problem, and against unrecovered, up is good: of a binary outcome the relative gain
        p1 / p0 - 1 (where p0 > .5 that of the bad share, q0 / q1 - 1), else standard deviations of the outcome.
    interaction : Effect or None
        Slope of the rating with a problem minus without.
    latent_paradox, latent_repair, latent_interaction : Effect or None
        The same behind a rating as outcome (ordered probit), where there is no ceiling: a claim needs both.
    share_at_top : float
        For a rating as outcome: share of customers without a problem who gave the best value. Else NaN.
    outcome : Binary, Rating, Continuous or Count
    metric : str or None
    controls : tuple of str
    """

    shares: tuple[Share, ...]
    silence: Effect | None
    paradox: Effect | None
    repair: Effect | None
    interaction: Effect | None
    latent_paradox: Effect | None
    latent_repair: Effect | None
    latent_interaction: Effect | None
    share_at_top: float
    outcome: Measured
    metric: str | None
    controls: tuple[str, ...]

    method: ClassVar[str] = "Shares, adjusted means and slopes of customers with and without a problem"
    reference: ClassVar[str] = "Bieler et al. (2010), doi:10.1093/aje/kwp440"

    @property
    def _tested(self) -> Bools:
        return ~self._in("share", "outcome")

    @property
    def statistic(self) -> Floats:
        """Of no difference, of slopes of 0, and that half of those with a problem are silent; else NaN."""
        statistic = super().statistic
        if self.silence is not None:
            statistic[1] = (self.silence.a - SILENT_MOST) / self.silence.std_error_at(0.0)
        return statistic

    def _least(self) -> Mapping[str, float]:
        return {"outcome": 0.0, "difference": -1.0} if isinstance(self.outcome, Binary) else {}

    def _counted(self) -> Mapping[int, Share]:
        return dict(enumerate(self.shares))

    def footer(self) -> str:
        """What outcome and slopes are, then as for any result."""
        lines = [outcome_line(self.outcome, self.controls), *slope_lines(self.parts, self.outcome, self.metric)]
        return "\n".join([*lines, super().footer()])


def problem_recovery(
    data: IntoCells,
    *,
    outcome: Measured | None = None,
    problem: str,
    complained: str | None = None,
    recovered: str | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> ProblemRecovery:
    """How many with a problem stay silent, how loyal are they once rescued, and do ratings then tell more?

    Use it where it is known who met a problem, also of those who never complained: a survey, not the complaints
    desk. Being above the unrecovered is not yet a recovery paradox; for that the recovered must lie above customers
    who never had a problem. Nobody drew lots for a problem: differences may have been there before.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer. Cells must have the columns of 0 and 1 among their strata.
    outcome : Binary, Rating, Continuous or Count
        Loyalty after the problem. Binary is the share with the good value; a rating is turned so that up is good.
    problem : str
        Column with 1 for customers who met a problem and 0 for those who did not.
    complained, recovered : str, optional
        Columns with 1 where they complained, and where the problem was put right; 0 or missing without a problem.
    metrics : mapping from column to Scale, optional
        One rating, whose slopes are compared. The name suffices where ``data`` are Cells.
    controls : sequence of str
        What was there before the problem: earlier loyalty, tenure, segment. Not what followed from it.
    cluster, weight, count : str, optional
        As in `delong`.

    Returns
    -------
    ProblemRecovery
        Shares in [0, 1], adjusted shares or means in units of the outcome, and slopes.

    Raises
    ------
    ColumnError
        A column that is not 0, 1 or missing; a complaint or a recovery without a problem; as for `tally`.
    TooFewError
        A group with fewer than 10 good or 10 bad outcomes, or 30 rows of another outcome; fewer than 10 events per
        coefficient; nobody with a problem; fewer than 20 clusters.
    RoleError, ScaleError, SeparationError
        More than one metric, or one that is the outcome; also as for `tally` and `logistic`.

    Notes
    -----
    Every part uses the rows that have what it needs: the shares those with ``problem`` (and ``complained``), the
    outcome those with outcome, recovery and controls, the slopes those with the rating. An adjusted mean is what
    a logistic (binary) or linear model of group and controls predicts when every row is put into that group,
    averaged over all rows [1]_; without controls it is the plain mean. The slopes come from one model with problem,
    rating, their product and the controls, recovery left out, since it follows the problem. One independent unit
    is a row, or a cluster; variances are those of influence values, standard deviations and averaging included.
    A severity that is 0 without a problem adjusts recovered against unrecovered, and compares either with no problem
    at its average; leave it out where only that is asked. In published studies the recovered were more
    satisfied than the untroubled, but no more willing to return [2]_.

    References
    ----------
    .. [1] Bieler, Brown, Williams & Brogan (2010). Am. J. Epidemiology 171, 618-623. doi:10.1093/aje/kwp440
    .. [2] de Matos, Henrique & Rossi (2007). Journal of Service Research 10, 60-77. doi:10.1177/1094670507303012
    .. [3] Wilson (1927). J. Am. Stat. Assoc. 22, 209-212. doi:10.1080/01621459.1927.10502953

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> guests = pd.DataFrame({
    ...     "problem":   [0, 0, 1, 1, 1, 1, 1, 1],
    ...     "complained": [0, 0, 0, 0, 1, 1, 1, 1],
    ...     "fixed":     [0, 0, 0, 0, 0, 0, 1, 1],
    ...     "back":      [1, 0, 1, 0, 1, 0, 1, 0],
    ...     "guests":    [560, 240, 54, 66, 12, 18, 32, 18],
    ... })
    >>> result = cx.problem_recovery(
    ...     guests, outcome=cx.Binary("back"), problem="problem", complained="complained", recovered="fixed",
    ...     count="guests",
    ... )
    >>> result.to_frame()[["term", "estimate", "ci_low", "ci_high"]].round(2)
                                  term  estimate  ci_low  ci_high
    0                    met a problem      0.20    0.18     0.23
    1  silent, of those with a problem      0.60    0.53     0.67
    2                       no problem      0.70    0.67     0.73
    3                      unrecovered      0.44    0.36     0.52
    4                        recovered      0.64    0.51     0.77
    5         unrecovered - no problem     -0.26   -0.35    -0.17
    6           recovered - no problem     -0.06   -0.20     0.08
    7          recovered - unrecovered      0.20    0.04     0.36
    """
    named = _named(problem, complained, recovered)
    declared, names = ({}, ()) if metrics is None else metric_names(data, metrics)
    refuse_several(names)
    roles = Roles(
        outcome=outcome,
        metrics=declared,
        strata=() if is_cells(data) else tuple(named.values()),
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        weight=weight,
        count=count,
    )
    cells = as_cells(data, roles)
    target = measured(cells.roles.outcome)
    refuse_unmarked(named, cells.roles.strata, cells.roles.controls)
    adjusted = tuple(name for name in cells.roles.controls if name not in named.values())
    known = cells.select(target.column, *named.values(), *adjusted, *names)
    kept = known.where(known.observed([problem]) & (known.row_weight > 0))
    refuse_unknown(problem, kept.n, cells.n)
    marked = {role: zero_one(column, kept[column], kept.count, *_MEANING[role]) for role, column in named.items()}
    shares = _shares(kept, named, marked)
    found = [_by_group(kept, target, adjusted, marked)]
    if names:
        found.append(_by_slope(kept, target, adjusted, marked["problem"], names[0]))
    parts = (*map(share_part, _SHARES, shares), *(part for each in found for part in each.parts))
    effects = {name: effect for each in found for name, effect in each.effects.items()}
    notes = dict.fromkeys(note for each in found for note in each.notes)
    return ProblemRecovery(
        **stacked(parts),
        shares=shares,
        silence=silence_test(shares[1]) if len(shares) > 1 else None,
        share_at_top=_share_at_top(kept, target, marked["problem"]),
        outcome=target,
        metric=names[0] if names else None,
        controls=adjusted,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(*notes, *rows_note(kept.n, parts)),
        **{name: effects.get(name) for name in EFFECTS},
    )


def _named(problem: str, complained: str | None, recovered: str | None) -> dict[str, str]:
    """The columns of 0 and 1 by the part they play."""
    given = {"problem": problem, "complained": complained, "recovered": recovered}
    return {role: column for role, column in given.items() if column is not None}


def _shares(kept: Cells, named: Mapping[str, str], marked: Mapping[str, Floats]) -> tuple[Share, ...]:
    """The share with a problem, and among them the share that did not complain."""
    met, cluster = marked["problem"], kept.cluster_codes
    with_problem = int(kept.count[met == 1].sum())
    if with_problem == 0:
        raise TooFewError(
            f"Somebody must have met a problem, but '{named['problem']}' is 1 in none of {rows(kept.n)}."
            "\nCheck how it is coded: 1 is a problem, 0 is none."
        )
    for role in marked.keys() - {"problem"}:
        refuse_without_problem(named[role], marked[role], named["problem"], met, kept.count)
    shares = [share_of("all customers", met, kept.count, kept.row_weight, cluster)]
    if "complained" in marked:
        on = (met == 1) & ~np.isnan(marked["complained"])
        if not on.any():
            raise TooFewError(
                f"'{named['complained']}' must be known for somebody with a problem, but it is missing for all "
                f"{with_problem:,} of them.\nLeave it out, or ask them."
            )
        firms, silent = None if cluster is None else cluster[on], 1 - marked["complained"][on]
        shares.append(share_of("with a problem", silent, kept.count[on], kept.row_weight[on], firms))
    return tuple(shares)


def _by_group(kept: Cells, target: Measured, controls: Sequence[str], marked: Mapping[str, Floats]) -> Compared:
    """The adjusted outcome of the groups."""
    group = groups(marked["problem"], marked.get("recovered"))
    names = NAMES if "recovered" in marked else (NAMES[0], "problem")
    on = kept.observed([target.column, *controls]) & (group >= 0)
    data, parts = observe(target, controls, on, kept.columns, kept.count, kept.row_weight, kept.cluster_codes)
    refuse_thin(group[on], names, data, target.column)
    found = compare_groups(group[on], names, data, latent=_has_latent(target))
    return Compared(found.parts, found.effects, (*found.notes, *uncovered(group[on], names, parts)))


def _by_slope(kept: Cells, target: Measured, controls: Sequence[str], met: Floats, metric: str) -> Compared:
    """The slopes of the rating without and with a problem."""
    on = kept.observed([target.column, *controls, metric])
    data, _ = observe(target, controls, on, kept.columns, kept.count, kept.row_weight, kept.cluster_codes)
    group = met[on].astype(np.int64)
    refuse_thin(group, (NAMES[0], "problem"), data, target.column)
    if data.binary:
        refuse_few_events(3 + data.controls.shape[1], data, target.column)
    rating = upward(kept.roles.metrics[metric], kept[metric][on])
    refuse_flat(metric, rating, group, (NAMES[0], "problem"), data.count)
    refuse_copy(metric, rating, target.column, data)
    return compare_slopes(rating, met[on], data, latent=_has_latent(target))


def _has_latent(target: Measured) -> bool:
    return isinstance(target, Rating) and is_rating(target.scale)


def _share_at_top(kept: Cells, target: Measured, met: Floats) -> float:
    """Share with the best value of a rating, among those without a problem."""
    if not isinstance(target, Rating):
        return float("nan")
    on = (met == 0) & kept.observed([target.column])
    mass = (kept.count * kept.row_weight)[on]
    best = upward(target.scale, kept[target.column][on]) == target.scale.high
    return float(mass @ best / mass.sum())
