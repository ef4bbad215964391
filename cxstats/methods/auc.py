"""The area under the ROC curve of each metric, with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells, as_cells, metric_names
from cxstats.numerics.influence import covariance
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided
from cxstats.numerics.ranks import auc_influence, delong_covariance, placements
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level
from cxstats.roles import Binary, Roles
from cxstats.scales import Scale
from cxstats.shared.compared import Compared, binary_outcome, compare_on


@dataclass(frozen=True, kw_only=True, eq=False)
class AUC(TalliedResult):
    """Areas under the ROC curve, one row per metric.

    ``statistic`` and ``p_value`` test against .5, the area of a score that knows nothing.
    """

    metrics: tuple[str, ...]
    df: Floats

    method: ClassVar[str] = "Area under the ROC curve, DeLong variance"
    reference: ClassVar[str] = "DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The metric of each row."""
        return {"metric": self.metrics}

    @property
    def statistic(self) -> Floats:
        """(AUC - .5) / standard error."""
        return ratio_to_error(self.estimate - 0.5, self.std_error)

    @property
    def p_value(self) -> Floats:
        """Two-sided, against .5."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits, clipped to [0, 1]."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        return ConfidenceInterval(np.clip(limits.low, 0, 1), np.clip(limits.high, 0, 1), level)


@dataclass(frozen=True)
class AUCFit:
    """Areas of p metrics with their covariance.

    Attributes
    ----------
    auc : array, shape (p,)
    covariance : array, shape (p, p)
    df : float
        Clusters minus one; infinite without clusters.
    """

    auc: Floats
    covariance: Floats
    df: float
    notes: tuple[str, ...]


def auc(
    data: IntoCells,
    *,
    outcome: Binary | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> AUC:
    """How well each metric tells customers with a good outcome from those with a bad one.

    The area is the probability that, of two customers of whom one repurchased and the other did not,
    the one who repurchased gave the better score (a tie counts one half). .5 is a score that knows
    nothing; below .5 the score points the wrong way. Use `delong` to compare metrics: each area here
    stands on its own rows.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary
        0 or 1, with the value that is good for the firm declared.
    metrics : mapping from column to Scale
        Names suffice where ``data`` are Cells, which carry the scales.
    cluster : str, optional
        Column with what makes rows dependent. Intervals then use influence sums per cluster and
        Student's t with (number of clusters - 1) degrees of freedom.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    AUC
        One row per metric; areas in [0, 1].

    Raises
    ------
    TooFewError
        A metric is constant, the outcome has fewer than 2 rows of either value, or there are fewer than 20
        clusters.
    SeparationError
        Every row with the good outcome has a better score than every row with the bad one, or the reverse:
        a sign that the score was made from the outcome, and no interval exists.
    ScaleError, ColumnError, RoleError
        As for `tally`.

    Notes
    -----
    AUC = P(X > Y) + P(X = Y) / 2 with X the score of a good and Y that of a bad outcome. The variance is
    S10/m + S01/n (equation 5 of [1]_). Rows missing the outcome or the metric are left out and counted
    in ``n_missing``: the customers who have none of the metrics, or no outcome.

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson (1988). Biometrics 44, 837-845. doi:10.2307/2531595

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> answers = pd.DataFrame({"ease": [7, 6, 6, 2, 5, 1], "stayed": [1, 1, 1, 1, 0, 0]})
    >>> print(cx.auc(answers, outcome=cx.Binary("stayed"), metrics={"ease": cx.EASE7}))
    metric  estimate  std. error  95% low  95% high  statistic        p
    ───────────────────────────────────────────────────────────────────
    ease       0.875      0.1768   0.5285         1      2.121  0.03389
    6 rows used; 5 cells.
    Area under the ROC curve, DeLong variance. DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595
    """
    declared, names = metric_names(data, metrics)
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, cluster=cluster, weight=weight, count=count))
    fits = [auc_fit(compare_on(cells, [name])) for name in names]
    column = binary_outcome(cells).column
    asked = cells.select(column, *names)
    used = asked.where(asked.observed([column]) & np.any([~np.isnan(asked[name]) for name in names], axis=0))
    return AUC(
        metrics=names,
        estimate=np.array([fit.auc[0] for fit in fits]),
        std_error=np.sqrt([fit.covariance[0, 0] for fit in fits]),
        df=np.array([fit.df for fit in fits]),
        n=used.n,
        n_missing=cells.n - used.n,
        n_cells=used.n_cells,
        notes=tuple(dict.fromkeys(note for fit in fits for note in fit.notes)),
    )


def auc_fit(compared: Compared) -> AUCFit:
    """Areas and their covariance on the rows chosen by `compare_on`."""
    cells, positive, count = compared.cells, compared.positive, compared.count
    area = np.empty(len(compared.metrics))
    influence = np.zeros(compared.scores.shape)
    matrix = np.zeros((len(area), len(area)))
    for j in range(len(area)):
        on = compared.on(j)
        weight = cells.row_weight[on]
        fit = placements(compared.scores[on, j], positive[on], count[on] * weight)
        area[j] = fit.auc
        influence[on, j] = auc_influence(fit, positive[on], count[on], weight)
        # Without common rows the areas are independent: only the diagonal is left.
        matrix[j, j] = delong_covariance(influence[on, j : j + 1], positive[on], count[on])[0, 0]
    if cells.cluster_codes is not None:
        clustered = covariance(influence, count, cells.cluster_codes)
        return AUCFit(area, clustered.matrix, clustered.df, clustered.notes)
    if compared.paired:
        matrix = delong_covariance(influence, positive, count)
    return AUCFit(area, matrix, np.inf, ())
