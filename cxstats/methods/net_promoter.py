"""The net promoter score with the adjusted Wald interval, by group."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells, is_cells
from cxstats.errors import ScaleError
from cxstats.numerics.intervals import ratio_to_error, symmetric
from cxstats.numerics.scores import adjusted_wald, with_difference_errors, with_differences
from cxstats.results import ConfidenceInterval, checked_level
from cxstats.scales import DETRACTOR_TO, NPS, PROMOTER_FROM, Scale
from cxstats.shared.scored import GroupedScore, Scored, score_rows

POINTS = 100.0


@dataclass(frozen=True, kw_only=True, eq=False)
class NetPromoter(GroupedScore):
    """Net promoter scores in points, one row per group, then the differences of all pairs.

    ``estimate`` is the plain score 100 (P - D). ``std_error``, the interval and the test belong to the
    adjusted score, which is ``centre``: they stay sensible where everybody is a promoter.
    """

    centre: Floats

    method: ClassVar[str] = "Net promoter score, adjusted Wald interval (centred on the adjusted score)"
    reference: ClassVar[str] = "Rocks (2016), The American Statistician 70(4), 365-372, arXiv:1601.07235"

    @property
    def statistic(self) -> Floats:
        """Adjusted difference over its standard error; NaN for the groups themselves."""
        return self.of_differences(ratio_to_error(self.centre, self.std_error))

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Adjusted Wald limits, clipped to -100 to 100 (a difference: -200 to 200)."""
        limits = symmetric(self.centre, self.std_error, checked_level(level), self.df)
        farthest = np.where(self.is_difference, 2 * POINTS, POINTS)
        return ConfidenceInterval(
            np.clip(limits.low, -farthest, farthest), np.clip(limits.high, -farthest, farthest), level
        )


def net_promoter(
    data: IntoCells,
    *,
    metric: str | None = None,
    scale: Scale | None = None,
    by: str | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> NetPromoter:
    """The share of promoters minus the share of detractors, in points, overall or by group.

    Promoters give 9 or 10, detractors 0 to 6. Use it to report an NPS with its uncertainty, or to ask
    whether two groups of different people differ. For the same people asked twice use
    `net_promoter_change`; to predict behaviour use the raw 0-10 score (`auc`, `delong`).

    Parameters
    ----------
    data : dataframe or Cells
        One row per answer.
    metric : str
        The column with the answers, whole numbers 0 to 10. May be left out for Cells with one metric.
    scale : Scale, optional
        `NPS`, which is also what is taken if it is left out.
    by : str, optional
        Column of groups, numbers or text; at most 200 groups. For Cells one of their strata or controls.
    cluster : str, optional
        Column with what makes rows dependent. A customer or firm may be in several groups.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    NetPromoter
        One row per group (``"all"`` without ``by``), then a row ``"a - b"`` for every pair. ``estimate``
        is the plain score in points, -100 to 100; the interval is centred on the adjusted score, so the
        estimate is not in its middle. Differences are tested against 0, p-values are not adjusted for
        the number of pairs.

    Raises
    ------
    ScaleError
        The scale is not an NPS scale 0-10, or an answer lies off it.
    TooFewError
        No row has metric and group, or a group has fewer than 20 clusters.
    RoleError, ColumnError
        As for `mean_score`.

    Notes
    -----
    With P and D the shares among n rows, the adjusted counts are nP + 3/4 and nD + 3/4 of n + 3 [1]_; with
    these shares v = P + D - (P - D)^2, and the standard error is sqrt(v / (n + 3)). Two groups are
    compared by z = (adjusted difference) / sqrt(v1 / (n1 + 3) + v2 / (n2 + 3)). Limits are clipped.

    With weights or clusters n is the effective sample size: n times the variance of a simple sample,
    v / (n - 1), over the linearised variance of P - D (influence values, summed per cluster), and never
    more than n. Where the linearised variance is 0 it is Kish's (sum of w)^2 / (sum of w^2), over
    clusters if there are any. With clusters the critical value is Student's with (clusters of the group
    - 1) degrees of freedom, for a difference the smaller of the two; the correlation of two groups that
    share clusters enters their difference.

    Rows missing the metric, the group, the cluster or the weight are left out and counted in
    ``n_missing``. Answers that are all equal are no error: the adjusted interval keeps its width.

    References
    ----------
    .. [1] Rocks (2016). Interval estimation for the "Net Promoter Score". The American Statistician 70(4),
       365-372. arXiv:1601.07235

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> answers = pd.DataFrame({"nps": [10, 8, 3], "customers": [200, 200, 100]})
    >>> print(cx.net_promoter(answers, metric="nps", count="customers"))
    metric  group  estimate  std. error  95% low  95% high
    ──────────────────────────────────────────────────────
    nps     all          20       3.336    13.34     26.42
    500 rows used; 3 cells.
    Net promoter score, adjusted Wald interval (centred on the adjusted score). Rocks (2016), The American
    Statistician 70(4), 365-372, arXiv:1601.07235
    """
    check_nps(NPS if scale is None else scale)
    declared = NPS if scale is None and not is_cells(data) else scale
    scored = score_rows(data, metric=metric, scale=declared, by=by, cluster=cluster, weight=weight, count=count)
    check_nps(scored.scale)
    return net_promoter_of(scored)


def net_promoter_of(scored: Scored) -> NetPromoter:
    """The scores of rows that are chosen already."""
    fit = scored.means(three_classes(scored.score))
    centre, std_error = adjusted_wald(fit.mean, fit.variance, fit.n_eff)
    df = np.concatenate([fit.df, fit.pair_df])
    return NetPromoter(
        metric=scored.metric,
        groups=scored.groups,
        estimate=POINTS * with_differences(fit.mean),
        std_error=POINTS * with_difference_errors(std_error, fit.pair_correlation),
        centre=POINTS * with_differences(centre),
        n_eff=fit.n_eff,
        df=df if fit.clustered else np.full(len(df), np.inf),
        n=scored.cells.n,
        n_missing=scored.n_missing,
        n_cells=scored.cells.n_cells,
        notes=fit.notes,
    )


def three_classes(answer: Floats) -> Floats:
    """1 for a promoter, -1 for a detractor, 0 in between."""
    return (answer >= PROMOTER_FROM).astype(np.float64) - (answer <= DETRACTOR_TO)


def check_nps(scale: object) -> None:
    """Only the scale for which promoters and detractors are defined will do."""
    alike = isinstance(scale, Scale) and replace(scale, name=NPS.name) == NPS
    if not alike:
        raise ScaleError(
            f"The net promoter score needs the scale NPS 0-10 of whole numbers, up is good, but {scale!r} was given."
            "\nPass scale=cx.NPS if that is what was asked; for other scales use cx.top_box or cx.mean_score."
        )
