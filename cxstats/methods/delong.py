"""DeLong's comparison of areas under the ROC curve: which of several metrics predicts better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells, as_cells, metric_names
from cxstats.errors import RoleError, TooFewError, listed
from cxstats.methods.auc import auc_fit
from cxstats.numerics.contrasts import pairwise
from cxstats.numerics.fitted_here import fitted_here
from cxstats.roles import Binary, Roles
from cxstats.scales import Scale
from cxstats.shared.compared import Compared, compare_on
from cxstats.wald import PairedResult


@dataclass(frozen=True, kw_only=True, eq=False)
class AUCComparison(PairedResult):
    """Areas of p metrics and all their differences, on the same rows.

    The frame has the p metrics first, then every pair ``"a - b"``. Areas are tested against .5,
    differences against 0. ``covariance`` is that of the p areas, shape (p, p); ``paired`` says whether
    every row answered every metric.
    """

    covariance: Floats
    paired: bool

    method: ClassVar[str] = "DeLong comparison of areas under the ROC curve"
    reference: ClassVar[str] = "DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595"


def delong(
    data: IntoCells,
    *,
    outcome: Binary | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> AUCComparison:
    """Compare how well two or more metrics predict the same outcome for the same customers.

    Use it for raw scores. Do not use it to ask whether one metric adds to another that is already in
    a fitted model: for nested models the null distribution is not normal and the test is conservative [3]_.
    `added_value` answers that.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary
        0 or 1, with the value that is good for the firm declared.
    metrics : mapping from column to Scale
        At least two. Names suffice where ``data`` are Cells, which carry the scales.
    cluster : str, optional
        Column with what makes rows dependent (the customer with several answers, the firm). Intervals
        then use influence sums per cluster and Student's t with (number of clusters - 1) degrees.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    AUCComparison
        The p areas, then the p (p - 1) / 2 differences; all in units of probability.

    Raises
    ------
    TooFewError
        Fewer than two metrics, a constant metric, fewer than 2 rows of either outcome, or fewer than
        20 clusters.
    SeparationError
        A metric tells the outcomes apart perfectly: a sign that it was made from the outcome, and no
        interval exists.
    RoleError
        Two or more of the metrics are probabilities that a logistic regression fitted to these very rows;
        also as for `tally`.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    With V10 and V01 the placements of good and bad outcomes, the covariance of the areas is
    S10/m + S01/n (equation 5 of [1]_), computed on distinct rows and counts in O(K log K) for K cells.
    With clusters the influence values are summed per cluster [2]_.
    Rows that lack the outcome or a metric are left out and counted in ``n_missing``. Where no row has
    two metrics (each customer answered one), each metric stands on its own rows and the areas are
    independent, unless clusters join them.

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson (1988). Biometrics 44, 837-845. doi:10.2307/2531595
    .. [2] Obuchowski (1997). Biometrics 53, 567-578. doi:10.2307/2533958
    .. [3] Demler, Pencina & D'Agostino (2012). Statistics in Medicine 31, 2577-2587. doi:10.1002/sim.5328

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> answers = pd.DataFrame({
    ...     "nps": [9, 8, 7, 10, 6, 9, 3, 5, 7, 2, 8, 4, 6, 1],
    ...     "csat": [4, 5, 3, 5, 4, 2, 3, 1, 4, 2, 5, 3, 2, 4],
    ...     "repurchase": [1] * 6 + [0] * 8,
    ... })
    >>> result = cx.delong(
    ...     answers, outcome=cx.Binary("repurchase"), metrics={"nps": cx.NPS, "csat": cx.CSAT5}
    ... )
    >>> print(result)
    term        estimate  std. error   95% low  95% high  statistic        p
    ────────────────────────────────────────────────────────────────────────
    nps           0.9062     0.07671    0.7559         1      5.296  <0.0001
    csat          0.6875      0.1478    0.3979    0.9771      1.269   0.2045
    nps - csat    0.2188      0.1378  -0.05127    0.4888      1.588   0.1123
    14 rows used; 14 cells.
    DeLong comparison of areas under the ROC curve. DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595
    """
    declared, names = metric_names(data, metrics)
    if len(names) < 2:
        raise TooFewError(
            f"A comparison needs at least two metrics, but {len(names)} was given.\nUse cx.auc for a single one."
        )
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, cluster=cluster, weight=weight, count=count))
    compared = compare_on(cells, names)
    _refuse_fitted(compared)
    fit = auc_fit(compared)
    contrasts = pairwise(len(names))
    every = np.vstack([np.eye(len(names)), contrasts])
    return AUCComparison(
        metrics=names,
        estimate=every @ fit.auc,
        std_error=np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", every, fit.covariance, every), 0)),
        covariance=fit.covariance,
        df=fit.df,
        paired=compared.paired,
        n=compared.cells.n,
        n_missing=compared.n_missing,
        n_cells=compared.cells.n_cells,
        notes=(*compared.notes, *fit.notes),
    )


def _refuse_fitted(compared: Compared) -> None:
    """Probabilities that were fitted to these very rows: most likely nested models, which DeLong cannot compare."""
    mass = compared.count * compared.cells.row_weight
    fitted = []
    for j, name in enumerate(compared.metrics):
        scale, on = compared.cells.roles.metrics[name], compared.on(j)
        chance = (scale.low, scale.high, scale.whole) == (0, 1, False)
        if chance and fitted_here(compared.scores[on, j], compared.positive[on], mass[on]):
            fitted.append(name)
    if len(fitted) > 1:
        raise RoleError(
            f"Areas must be those of scores, or of predictions made elsewhere, but {listed(fitted)} are probabilities "
            "that logistic regressions fitted to these very rows (their residuals add up to 0).\nFor nested models the "
            "null distribution of this test is not normal, and both areas are too good: use cx.added_value, which "
            "tests the larger model and measures the gain on customers held out."
        )
