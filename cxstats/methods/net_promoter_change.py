"""The change of the net promoter score when the same people answer twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import Cells, IntoCells, as_cells, is_cells
from cxstats.errors import RoleError, TooFewError, listed, rows, unknown_column
from cxstats.methods.net_promoter import POINTS, check_nps, three_classes
from cxstats.numerics.intervals import symmetric, two_sided
from cxstats.numerics.scores import GroupMeans, adjusted_wald, group_means
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level
from cxstats.roles import Roles
from cxstats.scales import NPS, Scale


@dataclass(frozen=True, kw_only=True, eq=False)
class NetPromoterChange(TalliedResult):
    """The score before, the score after, and the change of the same people, in points.

    ``centre`` is what each interval is centred on: the adjusted scores, and the change itself.
    """

    before: str
    after: str
    centre: Floats
    df: Floats

    method: ClassVar[str] = "Net promoter scores (adjusted Wald), and their change by paired t"
    reference: ClassVar[str] = "Rocks (2016), The American Statistician 70(4), 365-372, arXiv:1601.07235"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The metric and the group of each row; the change is ``"after - before"`` with the columns' names."""
        return {"metric": (self.before, self.after, f"{self.after} - {self.before}"), "group": ("all",) * 3}

    @property
    def statistic(self) -> Floats:
        """Change over its standard error; NaN for the two scores, and where that error is 0."""
        change, error = self.centre[2], self.std_error[2]
        return np.array([np.nan, np.nan, change / error if error > 0 else np.nan])

    @property
    def p_value(self) -> Floats:
        """Two-sided, of no change; NaN for the two scores."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Limits clipped to -100 to 100 for the scores, to -200 to 200 for the change."""
        limits = symmetric(self.centre, self.std_error, checked_level(level), self.df)
        farthest = POINTS * np.array([1.0, 1.0, 2.0])
        return ConfidenceInterval(
            np.clip(limits.low, -farthest, farthest), np.clip(limits.high, -farthest, farthest), level
        )


def net_promoter_change(
    data: IntoCells,
    *,
    before: str,
    after: str,
    scale: Scale | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> NetPromoterChange:
    """By how many points the net promoter score changed among people who answered both times.

    Use it for a panel: one row per person with both answers. For different people before and after use
    `net_promoter` with ``by``. A change without a comparison group may have any cause.

    Parameters
    ----------
    data : dataframe or Cells
        One row per person.
    before, after : str
        The columns with the two answers, whole numbers 0 to 10.
    scale : Scale, optional
        `NPS`, which is also what is taken if it is left out; it holds for both columns.
    cluster : str, optional
        Column with what makes persons dependent, such as the firm.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    NetPromoterChange
        Three rows: the score before, the score after (adjusted Wald as in `net_promoter`), and the change,
        in points, -200 to 200. The change is tested against 0.

    Raises
    ------
    ScaleError
        The scale is not an NPS scale 0-10, or an answer lies off it.
    TooFewError
        Fewer than 2 rows have both answers, or there are fewer than 20 clusters.
    RoleError, ColumnError
        A column is not declared, unknown, or the same for before and after.

    Notes
    -----
    Each person's change is the class after minus the class before (promoter 1, passive 0, detractor -1):
    one of -2, -1, 0, 1, 2. The change of the score is its mean, with standard error s / sqrt(n) and
    Student's t with n - 1 degrees of freedom: the plain paired interval, since the adjustment of [1]_ is
    for one score and for two independent ones. The formula for two independent scores would be wrong
    here: the answers of one person are alike, and mostly make the change more precise. With weights or
    clusters the standard error is linearised (influence values, summed per cluster; t with clusters - 1
    degrees of freedom). Limits are clipped. Rows missing an answer, the cluster or the weight are left
    out and counted in ``n_missing``.

    References
    ----------
    .. [1] Rocks (2016). Interval estimation for the "Net Promoter Score". The American Statistician 70(4),
       365-372. arXiv:1601.07235

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> panel = pd.DataFrame({"spring": [9, 8, 3, 7, 6, 10, 5, 8], "autumn": [10, 9, 7, 7, 8, 9, 6, 9]})
    >>> print(cx.net_promoter_change(panel, before="spring", after="autumn"))
    metric           group  estimate  std. error  95% low  95% high  statistic        p
    ───────────────────────────────────────────────────────────────────────────────────
    spring           all       -12.5       23.01    -54.2     36.02          –        –
    autumn           all        37.5       21.67    -15.2     69.74          –        –
    autumn - spring  all          50        18.9    5.313     94.69      2.646  0.03315
    8 rows used; 7 cells.
    Net promoter scores (adjusted Wald), and their change by paired t.
    Rocks (2016), The American Statistician 70(4), 365-372, arXiv:1601.07235
    """
    check_nps(NPS if scale is None else scale)
    cells = _both_answers(data, before, after, scale, Roles(cluster=cluster, weight=weight, count=count))
    used = cells.where(cells.observed([before, after]))
    if used.n < 2:
        raise TooFewError(
            f"At least 2 rows must have both {listed([before, after])}, but of {rows(cells.n)} only {used.n:,} "
            f"{'does' if used.n == 1 else 'do'}.\nIf different people answered, use cx.net_promoter with by=."
        )
    first, second = three_classes(used[before]), three_classes(used[after])
    levels = [_mean(used, first), _mean(used, second)]
    change = _mean(used, second - first)
    adjusted = [adjusted_wald(fit.mean, fit.variance, fit.n_eff) for fit in levels]
    error = float(change.std_error[0])
    note = "All who answered changed alike: a standard error of 0 must not be trusted."
    return NetPromoterChange(
        before=before,
        after=after,
        estimate=POINTS * np.concatenate([fit.mean for fit in (*levels, change)]),
        std_error=POINTS * np.concatenate([*(se for _, se in adjusted), [error]]),
        centre=POINTS * np.concatenate([*(centre for centre, _ in adjusted), change.mean]),
        df=np.concatenate([*(fit.df if fit.clustered else [np.inf] for fit in levels), change.df]),
        n=used.n,
        n_missing=cells.n - used.n,
        n_cells=used.n_cells,
        notes=(*change.notes, *((note,) if error == 0 else ())),
    )


def _both_answers(data: IntoCells, before: str, after: str, scale: Scale | None, others: Roles) -> Cells:
    """The two answers, tallied, on an NPS scale each."""
    names = (before, after)
    if not all(isinstance(name, str) for name in names) or before == after:
        raise RoleError(
            f"before and after must be the names of two columns, but {before!r} and {after!r} were given."
            "\nFor one column and two groups of people use cx.net_promoter with by=."
        )
    if is_cells(data):
        known = list(data.roles.metrics)
        absent = [name for name in names if name not in known]
        if absent:
            raise unknown_column(absent, known, "the metrics of the cells")
    declared = NPS if scale is None and not is_cells(data) else scale
    metrics = {} if declared is None else dict.fromkeys(names, declared)
    roles = Roles(metrics=metrics, cluster=others.cluster, weight=others.weight, count=others.count)
    cells = as_cells(data, roles).select(*names)
    for name in names:
        check_nps(cells.roles.metrics[name])
    return cells


def _mean(cells: Cells, value: Floats) -> GroupMeans:
    group = np.zeros(cells.n_cells, dtype=np.int64)
    return group_means(value, group, ("all",), cells.count, cells.row_weight, cells.cluster_codes)
