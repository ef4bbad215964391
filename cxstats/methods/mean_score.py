"""The mean of a score by group."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells
from cxstats.errors import TooFewError, listed
from cxstats.numerics.intervals import symmetric
from cxstats.numerics.scores import GroupMeans, welch_df, with_difference_errors, with_differences
from cxstats.results import ConfidenceInterval, checked_level
from cxstats.scales import Scale
from cxstats.shared.scored import GroupedScore, refuse_constant, score_rows


@dataclass(frozen=True, kw_only=True, eq=False)
class MeanScore(GroupedScore):
    """Means on the scale of the metric, one row per group, then the differences of all pairs."""

    scale: Scale

    method: ClassVar[str] = "Mean, t interval; differences by Welch"
    reference: ClassVar[str] = "Welch (1947), doi:10.1093/biomet/34.1-2.28"

    @property
    def statistic(self) -> Floats:
        """Difference over its standard error; NaN for the groups themselves, and where that error is 0."""
        error = np.where(self.std_error > 0, self.std_error, np.nan)
        return self.of_differences(self.estimate / error)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Limits by Student's t, clipped to where a mean (a difference of means) can lie."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        width = self.scale.high - self.scale.low
        low = np.where(self.is_difference, -width, self.scale.low)
        high = np.where(self.is_difference, width, self.scale.high)
        return ConfidenceInterval(np.clip(limits.low, low, high), np.clip(limits.high, low, high), level)


def mean_score(
    data: IntoCells,
    *,
    metric: str | None = None,
    scale: Scale | None = None,
    by: str | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> MeanScore:
    """How high a score is on average, overall or by group, and how the groups differ.

    Use it for effort and satisfaction scores, whose mean is the usual figure. The mean treats the steps
    of the scale as equally wide; `top_box` does not. Whether a high mean is good depends on the scale:
    on `EFFORT5` it is bad.

    Parameters
    ----------
    data : dataframe or Cells
        One row per answer.
    metric : str
        The column with the score. May be left out for Cells with a single metric.
    scale : Scale
        Its scale. May be left out for Cells, which carry it.
    by : str, optional
        Column of groups, numbers or text; at most 200 groups. For Cells one of their strata or controls.
    cluster : str, optional
        Column with what makes rows dependent. Standard errors then use influence sums per cluster, and
        Student's t with (number of clusters - 1) degrees of freedom. A customer or firm may be in
        several groups: the differences account for it.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    MeanScore
        One row per group (``"all"`` without ``by``), then a row ``"a - b"`` for every pair, in units of
        the scale. Differences are tested against 0, p-values are not adjusted for the number of pairs.

    Raises
    ------
    TooFewError
        No row has metric and group, all rows hold one value, a group has a single row, or fewer than 20
        clusters.
    RoleError
        ``metric``, ``scale`` or ``by`` is not declared, or not among the roles of the Cells.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    The standard error is s / sqrt(n), with n - 1 degrees of freedom; a difference has Welch's [1]_. With
    weights the influence of a row is w (x - mean) / (sum of w), and the variance n / (n - 1) times the
    sum of squared influences. With clusters influences are summed per cluster over all groups; a
    difference has the smaller of the two groups' degrees of freedom. Limits are clipped to the scale.
    Rows missing the metric, the group, the cluster or the weight are left out and counted in
    ``n_missing``. A group whose answers are all equal has a standard error of 0: a note says so,
    and a difference of two such groups is not tested.

    References
    ----------
    .. [1] Welch (1947). Biometrika 34, 28-35. doi:10.1093/biomet/34.1-2.28

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> answers = pd.DataFrame({"ease": [7, 6, 5, 6, 4, 3, 5, 2], "channel": ["app"] * 4 + ["phone"] * 4})
    >>> print(cx.mean_score(answers, metric="ease", scale=cx.EASE7, by="channel"))
    metric  group        estimate  std. error  95% low  95% high  statistic        p
    ────────────────────────────────────────────────────────────────────────────────
    ease    app                 6      0.4082    4.701         7          –        –
    ease    phone             3.5      0.6455    1.446     5.554          –        –
    ease    app - phone       2.5      0.7638   0.5447     4.455      3.273  0.02168
    8 rows used; 7 cells.
    Mean, t interval; differences by Welch. Welch (1947), doi:10.1093/biomet/34.1-2.28
    """
    scored = score_rows(data, metric=metric, scale=scale, by=by, cluster=cluster, weight=weight, count=count)
    sizes = np.bincount(scored.group, weights=scored.cells.count)
    lone = [name for name, size in zip(scored.groups, sizes, strict=True) if size < 2]
    if lone:
        where = "there is 1" if by is None else f"{listed(lone)} {'has' if len(lone) == 1 else 'have'} 1"
        raise TooFewError(
            f"A mean of '{scored.metric}' needs at least 2 rows in each group for an interval, but {where}."
            "\nLeave such a group out, or join it with another."
        )
    refuse_constant(scored.cells, scored.metric)
    fit = scored.means(scored.score)
    difference_df = fit.pair_df if fit.clustered else welch_df(fit.std_error**2, fit.df)
    return MeanScore(
        metric=scored.metric,
        scale=scored.scale,
        groups=scored.groups,
        estimate=with_differences(fit.mean),
        std_error=with_difference_errors(fit.std_error, fit.pair_correlation),
        n_eff=fit.n_eff,
        df=np.concatenate([fit.df, difference_df]),
        n=scored.cells.n,
        n_missing=scored.n_missing,
        n_cells=scored.cells.n_cells,
        notes=(*fit.notes, *_widthless(fit, scored.groups)),
    )


def _widthless(fit: GroupMeans, groups: Sequence[str]) -> tuple[str, ...]:
    flat = [name for name, error in zip(groups, fit.std_error, strict=True) if error == 0]
    if not flat:
        return ()
    unit = "clusters" if fit.clustered else "rows"
    note = f"The {unit} of {listed(flat)} do not differ: a standard error of 0 must not be trusted."
    return (note,)
