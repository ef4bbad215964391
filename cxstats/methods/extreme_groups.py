"""The customers at the top of a metric against those at the bottom: the contrast that articles print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import IntoCells, as_cells, metric_names
from cxstats.errors import TooFewError
from cxstats.numerics.influence import covariance
from cxstats.roles import Binary, Roles
from cxstats.scales import Scale
from cxstats.shared.compared import Compared, compare_on
from cxstats.wald import WaldResult


@dataclass(frozen=True, kw_only=True, eq=False)
class ExtremeGroups(WaldResult):
    """Shares of the good outcome at the top and at the bottom of each metric, and their difference.

    Three rows per metric: ``"top"``, ``"bottom"`` and ``"top - bottom"``; shares in [0, 1]. ``covariance`` is
    that of the rows, shape (3 p, 3 p).
    """

    metrics: tuple[str, ...]
    share: float
    covariance: Floats

    method: ClassVar[str] = "Top against bottom customers, ties at the boundary entering in part"
    reference: ClassVar[str] = "Descriptive; for accuracy use delong (extreme groups inflate effects)"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """Metric and group of each row."""
        return {
            "metric": [m for m in self.metrics for _ in range(3)],
            "group": ["top", "bottom", "top - bottom"] * len(self.metrics),
        }

    @property
    def null(self) -> Floats:
        """0 for the differences; the shares are not tested."""
        return np.where(self._is_difference, 0.0, np.nan)

    @property
    def bounds(self) -> tuple[float | Floats, float | Floats]:
        """0 to 1, differences from -1."""
        return np.where(self._is_difference, -1.0, 0.0), 1.0

    @property
    def _is_difference(self) -> Bools:
        third: Bools = np.arange(len(self.estimate)) % 3 == 2
        return third


def extreme_groups(
    data: IntoCells,
    *,
    outcome: Binary | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    share: float = 0.2,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> ExtremeGroups:
    """Compare the best-scoring with the worst-scoring customers, the same share of them for each metric.

    The published "94% against 4%" is such a contrast. It throws away everybody in the middle and depends
    on where the groups are cut, so it never decides which metric predicts best: `delong` does. To be at
    least like for like, every metric gives the same share of its customers to either group.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary
        0 or 1, with the value that is good for the firm declared.
    metrics : mapping from column to Scale
        Names suffice where ``data`` are Cells, which carry the scales.
    share : float
        Share of customers in either group, above 0 and at most .5.
    cluster, weight, count : str, optional
        As in `delong`.

    Returns
    -------
    ExtremeGroups
        Per metric the share of good outcomes at the top and at the bottom, and top minus bottom.

    Raises
    ------
    TooFewError
        A constant metric, one outcome class, fewer than 20 clusters, or a share outside (0, .5].
    ScaleError, ColumnError, RoleError
        As for `tally`.

    Notes
    -----
    Where the level at the boundary holds more customers than are still needed, it enters with the
    fraction that is: with G(s) the good outcomes among a share s of customers,
    top = (E[y; above] + (share - P(above)) E[y | boundary]) / share. The variance is that of the
    influence values of this formula, the cut points estimated. Rows as in `delong`: complete ones.

    References
    ----------
    .. [1] Altman & Royston (2006), on what cutting a score costs. BMJ 332, 1080. doi:10.1136/bmj.332.7549.1080

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> answers = pd.DataFrame({"csat": [5, 5, 4, 3, 2, 1] * 5, "stayed": [1, 0, 1, 1, 0, 0] * 5})
    >>> result = cx.extreme_groups(answers, outcome=cx.Binary("stayed"), metrics={"csat": cx.CSAT5})
    >>> result.to_frame()[["group", "estimate"]].round(3)
              group  estimate
    0           top       0.5
    1        bottom       0.0
    2  top - bottom       0.5
    """
    if not 0 < share <= 0.5:
        raise TooFewError(f"share must lie above 0 and be at most .5, but {share!r} was given.\nThe default is .2.")
    declared, names = metric_names(data, metrics)
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, cluster=cluster, weight=weight, count=count))
    compared = compare_on(cells, names)
    estimate, influence = extreme_influence(compared, share)
    fit = covariance(influence, compared.count, compared.cells.cluster_codes)
    return ExtremeGroups(
        metrics=names,
        share=share,
        estimate=estimate,
        std_error=np.sqrt(np.diag(fit.matrix)),
        covariance=fit.matrix,
        df=fit.df,
        n=compared.cells.n,
        n_missing=compared.n_missing,
        n_cells=compared.cells.n_cells,
        notes=(*compared.notes, *fit.notes),
    )


def extreme_influence(compared: Compared, share: float) -> tuple[Floats, Floats]:
    """Top, bottom and difference per metric, shape (3p,), and influence values, shape (K, 3p)."""
    estimates, influences = [], []
    for j in range(len(compared.metrics)):
        on = compared.on(j)
        weight = compared.cells.row_weight[on]
        mass = compared.count[on] * weight
        score, good = compared.scores[on, j], compared.positive[on].astype(np.float64)
        for turned in (score, -score):
            mean, values = _best_share(turned, good, mass, share)
            full = np.zeros(len(on))
            full[on] = values * weight / mass.sum()
            estimates.append(mean)
            influences.append(full)
        estimates.append(estimates[-2] - estimates[-1])
        influences.append(influences[-2] - influences[-1])
    return np.array(estimates), np.column_stack(influences)


def _best_share(score: Floats, good: Floats, mass: Floats, share: float) -> tuple[float, Floats]:
    """Mean outcome of the best ``share``, and what one row of each cell contributes to it."""
    code = np.unique(score, return_inverse=True)[1]
    portion = np.bincount(code, weights=mass) / mass.sum()
    reached = np.cumsum(portion[::-1])[::-1]  # share at or above each level
    boundary = int(np.flatnonzero(reached >= share * (1 - 1e-12))[-1])
    above, at = code > boundary, code == boundary
    p_above = float(portion[boundary + 1 :].sum())
    at_boundary = float((mass * good)[at].sum() / mass[at].sum())
    s_above = float((mass * good)[above].sum() / mass.sum())
    mean = (s_above + (share - p_above) * at_boundary) / share
    values = above * (good - at_boundary) - (s_above - at_boundary * p_above)
    values = values + (share - p_above) / portion[boundary] * at * (good - at_boundary)
    return mean, values / share
