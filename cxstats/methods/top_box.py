"""The share of the best answers (top-two share and its like), by group."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells
from cxstats.errors import RoleError, ScaleError, number
from cxstats.numerics.intervals import Limits, clopper_pearson, newcombe, ratio_to_error, wilson
from cxstats.numerics.scores import GroupMeans, pairs, with_difference_errors, with_differences
from cxstats.results import ConfidenceInterval, checked_level
from cxstats.scales import Scale
from cxstats.shared.scored import GroupedScore, Scored, score_rows

Interval = Literal["wilson", "clopper-pearson"]


@dataclass(frozen=True, kw_only=True, eq=False)
class TopBox(GroupedScore):
    """Shares of the best answers in [0, 1], one row per group, then the differences of all pairs.

    Attributes
    ----------
    boxes : tuple of float
        The answers that count as best, ascending: the highest, or the lowest where up is bad.
    scale : Scale
    interval : {"wilson", "clopper-pearson"}
        The interval of a share; differences are always Newcombe's.
    correlation : array, shape (g (g - 1) / 2,)
        Correlation of the two shares of each pair; 0 unless clusters join them.
    """

    scale: Scale
    boxes: tuple[float, ...]
    interval: Interval
    correlation: Floats

    method: ClassVar[str] = "Share of the best answers; differences by Newcombe's method 10"
    reference: ClassVar[str] = (
        "Wilson (1927), doi:10.1080/01621459.1927.10502953; "
        "Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I"
    )

    @property
    def share(self) -> Floats:
        """The share of each group, shape (g,)."""
        return self.estimate[: len(self.groups)]

    @property
    def statistic(self) -> Floats:
        """Difference over its standard error if the shares were equal; NaN for the groups themselves."""
        first, second = pairs(len(self.groups))
        n, m = self.n_eff[first], self.n_eff[second]
        pooled = (n * self.share[first] + m * self.share[second]) / (n + m)
        spread = 1 / n + 1 / m - 2 * self.correlation / np.sqrt(n * m)
        error = np.sqrt(np.maximum(pooled * (1 - pooled) * spread, 0.0))
        ratio = ratio_to_error(self.estimate[len(self.groups) :], error)
        return np.concatenate([np.full(len(self.groups), np.nan), ratio])

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wilson (or Clopper-Pearson) limits of the shares, Newcombe's of their differences."""
        g = len(self.groups)
        score = wilson(self.share * self.n_eff, self.n_eff, checked_level(level), self.df[:g])
        own = score
        if self.interval == "clopper-pearson":
            own = clopper_pearson(self.share * self.n_eff, self.n_eff, level)
        first, second = pairs(g)
        difference = newcombe(
            self.share[first],
            Limits(score.low[first], score.high[first]),
            self.share[second],
            Limits(score.low[second], score.high[second]),
            self.correlation,
        )
        low, high = np.concatenate([own.low, difference.low]), np.concatenate([own.high, difference.high])
        return ConfidenceInterval(low, high, level)

    def footer(self) -> str:
        """Which answers count as best, then as for any result."""
        end = "highest" if self.scale.higher_is_better else "lowest"
        way = "good" if self.scale.higher_is_better else "bad"
        named = ", ".join(map(number, self.boxes))
        interval = "Wilson" if self.interval == "wilson" else "Clopper-Pearson"
        return (
            f"Best answers of '{self.metric}': {named}, the {end} of {self.scale} (up is {way}); {interval} interval."
            f"\n{super().footer()}"
        )


def top_box(
    data: IntoCells,
    *,
    metric: str | None = None,
    scale: Scale | None = None,
    boxes: int = 2,
    interval: Interval = "wilson",
    by: str | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> TopBox:
    """The share of answers in the best boxes of a scale (the usual CSAT), overall or by group.

    Use it to report satisfaction as a percentage. To predict behaviour use the whole scale: cutting a
    normal variable in two multiplies its correlation with anything by .8 at best.

    Parameters
    ----------
    data : dataframe or Cells
        One row per answer.
    metric : str
        The column with the score. May be left out for Cells with a single metric.
    scale : Scale
        Its scale, of whole numbers. May be left out for Cells, which carry it.
    boxes : int
        How many of the best answers count. They are the highest where up is good, and the lowest where
        up is bad (`EFFORT5`: 1 and 2, little effort). The result names them.
    interval : {"wilson", "clopper-pearson"}
        Wilson's has close to the stated coverage on average; Clopper-Pearson's has at least the stated
        coverage always, and is wider. Clopper-Pearson needs independent rows without weights.
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
    TopBox
        One row per group (``"all"`` without ``by``), then a row ``"a - b"`` for every pair; shares in
        [0, 1]. Differences are tested against 0, p-values are not adjusted for the number of pairs.

    Raises
    ------
    ScaleError
        ``boxes`` does not leave an answer on either side, or the scale is not of whole numbers.
    RoleError
        Clopper-Pearson with weights or clusters; else as for `mean_score`.
    TooFewError
        No row has metric and group, or a group has fewer than 20 clusters.
    ColumnError
        As for `tally`.

    Notes
    -----
    A share has Wilson's [1]_ or Clopper and Pearson's [2]_ interval. A difference has Newcombe's method 10
    [3]_ from the two Wilson intervals, and is tested by the score test, whose standard error takes both
    shares as equal; ``std_error`` is linearised: for a simple sample sqrt(p (1 - p) / (n - 1)), which
    does not exist (NaN) for a group of one row.

    With weights or clusters n is the effective sample size: n times the variance of a simple sample,
    p (1 - p) / (n - 1), over the linearised variance (influence values, summed per cluster), and never
    more than n. Where the linearised variance is 0 it is Kish's (sum of w)^2 / (sum of w^2), over
    clusters if there are any. With clusters the critical value is Student's with (clusters of the group
    - 1) degrees of freedom, for the test of a difference the smaller of the two; the correlation of two
    groups that share clusters enters their difference as in paired data [4]_.

    Rows missing the metric, the group, the cluster or the weight are left out and counted in
    ``n_missing``. Answers that are all equal are no error: the interval keeps its width.

    References
    ----------
    .. [1] Wilson (1927). J. Am. Stat. Assoc. 22, 209-212. doi:10.1080/01621459.1927.10502953
    .. [2] Clopper & Pearson (1934). Biometrika 26, 404-413. doi:10.1093/biomet/26.4.404
    .. [3] Newcombe (1998). Stat. Med. 17, 873-890.
       doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
    .. [4] Newcombe (1998). Stat. Med. 17, 2635-2650.
       doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> answers = pd.DataFrame({"csat": [5, 4, 3, 1], "customers": [200, 112, 60, 28]})
    >>> result = cx.top_box(answers, metric="csat", scale=cx.CSAT5, count="customers")
    >>> print(result.to_frame().round(4).to_string(index=False))
    metric group  estimate  std_error  ci_low  ci_high  statistic  p_value
      csat   all      0.78     0.0207  0.7368   0.8178        NaN      NaN
    >>> print(result.footer().splitlines()[0])
    Best answers of 'csat': 4, 5, the highest of CSAT 1-5 (up is good); Wilson interval.
    """
    if interval not in ("wilson", "clopper-pearson"):
        raise RoleError(f"interval must be 'wilson' or 'clopper-pearson', but {interval!r} was given.")
    scored = score_rows(data, metric=metric, scale=scale, by=by, cluster=cluster, weight=weight, count=count)
    best = best_boxes(scored.scale, boxes, scored.metric)
    if interval == "clopper-pearson":
        _refuse_dependent(scored)
    fit = scored.means(np.isin(scored.score, best).astype(np.float64))
    return TopBox(
        metric=scored.metric,
        scale=scored.scale,
        boxes=best,
        interval=interval,
        groups=scored.groups,
        estimate=with_differences(fit.mean),
        std_error=with_difference_errors(fit.std_error, fit.pair_correlation),
        n_eff=fit.n_eff,
        df=_df(fit),
        correlation=fit.pair_correlation,
        n=scored.cells.n,
        n_missing=scored.n_missing,
        n_cells=scored.cells.n_cells,
        notes=fit.notes,
    )


def best_boxes(scale: Scale, boxes: object, metric: str) -> tuple[float, ...]:
    """The best answers of a scale, ascending."""
    if not scale.whole:
        raise ScaleError(
            f"Boxes need a scale of whole numbers, but {scale} of '{metric}' has values in between.\nUse cx.mean_score."
        )
    answers = np.arange(scale.low, scale.high + 1)
    if not isinstance(boxes, int) or isinstance(boxes, bool) or not 1 <= boxes < len(answers):
        raise ScaleError(
            f"boxes must be a whole number from 1 to {len(answers) - 1} on {scale}, which has {len(answers)} answers, "
            f"but {boxes!r} was given."
        )
    best = answers[-boxes:] if scale.higher_is_better else answers[:boxes]
    return tuple(float(answer) for answer in best)


def _refuse_dependent(scored: Scored) -> None:
    roles = scored.cells.roles
    role = "cluster" if roles.cluster is not None else "weight"
    column = getattr(roles, role)
    if column is not None:
        raise RoleError(
            "The Clopper-Pearson interval is exact only for independent rows that count alike, but "
            f"{role}='{column}' was declared.\nUse interval=\"wilson\", which takes the effective sample size."
        )


def _df(fit: GroupMeans) -> Floats:
    df = np.concatenate([fit.df, fit.pair_df])
    return df if fit.clustered else np.full(len(df), np.inf)
