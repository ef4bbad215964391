"""Areas under the ROC curve after every metric was coarsened to the same number of levels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.cells import IntoCells, as_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import RoleError, TooFewError, listed, number
from cxstats.methods.auc import AUCFit, auc_fit
from cxstats.numerics.coarsen import equal_frequency
from cxstats.numerics.contrasts import pairwise
from cxstats.roles import Binary, Roles
from cxstats.scales import Scale
from cxstats.shared.compared import Compared, compare_on
from cxstats.wald import PairedResult

Cuts = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class FairFight(PairedResult):
    """Areas of p metrics that were coarsened to the same number of levels, and all their differences.

    The frame has the p coarsened metrics first, then every pair ``"a - b"``, then what each area lost:
    ``"a (5 levels) - a (full scale)"``, below 0 where the coarsening cost area. Areas are tested against .5,
    differences against 0.

    Attributes
    ----------
    metrics : tuple of str
    levels : int
        To how many levels each metric was coarsened.
    cuts : mapping from metric to tuple of tuples of float
        The values that were put together, as they were answered, in ascending order.
    covariance : array, shape (p, p)
        Of the p areas after coarsening.
    df : float
        Degrees of freedom of the intervals: clusters minus one, or infinite.
    paired : bool
        Whether every row answered every metric.
    """

    levels: int
    cuts: Mapping[str, Cuts]
    covariance: Floats
    paired: bool

    method: ClassVar[str] = "DeLong comparison of areas after coarsening by equal frequency"
    reference: ClassVar[str] = "DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595"

    @property
    def terms(self) -> tuple[str, ...]:
        """Metrics, then pairs as ``"a - b"``, then losses."""
        pairs = (f"{a} - {b}" for a, b in combinations(self.metrics, 2))
        losses = (f"{m} ({self.levels} levels) - {m} (full scale)" for m in self.metrics)
        return (*self.metrics, *pairs, *losses)

    def footer(self) -> str:
        """What was put together, then rows and method."""
        told = [f"{name} {' | '.join(map(_told, groups))}" for name, groups in self.cuts.items()]
        return f"Values put together: {'; '.join(told)}.\n{super().footer()}"


def fair_fight(
    data: IntoCells,
    *,
    outcome: Binary | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    levels: int | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> FairFight:
    """Compare metrics after all of them were coarsened to the same number of levels.

    Use it beside `delong`, as a sensitivity analysis: a scale of 11 points can tell customers apart that one
    of 5 points cannot, so a metric may win by its scale rather than by its question. A difference that stays
    is not one of granularity. Not as the main comparison: coarsening throws away what was answered.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary
        0 or 1, with the value that is good for the firm declared.
    metrics : mapping from column to Scale
        At least two. Names suffice where ``data`` are Cells, which carry the scales.
    levels : int, optional
        To how many levels: from 2 to the number that occur of the metric with the fewest, which is the default.
    cluster : str, optional
        Column with what makes rows dependent. Intervals then use influence sums per cluster and
        Student's t with (number of clusters - 1) degrees of freedom.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised. Frequencies are weighted too.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    FairFight
        The p areas after coarsening, their p (p - 1) / 2 differences, then the p areas minus those of the full
        scales; all in units of probability.

    Raises
    ------
    TooFewError, SeparationError
        As for `delong`.
    RoleError
        ``levels`` out of its range; an outcome that is not binary.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    On the rows that `delong` compares, neighbouring values of a metric are put together without a look at the
    outcome: of all ways to do so, the one whose groups come nearest to equal size (least squares). The cuts are
    taken as fixed. Areas and their covariance are then those of DeLong (equation 5 of [1]_), with clusters
    and weights as in `delong`. Each loss is a difference of two correlated areas of the same customers. A ROC
    curve of few levels is a polygon of few corners, which lies inside the one of the full scale wherever that
    is concave: so coarse scales have smaller areas even where nothing else differs [2]_.

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson (1988). Biometrics 44, 837-845. doi:10.2307/2531595
    .. [2] Hanley & McNeil (1982). Radiology 143, 29-36. doi:10.1148/radiology.143.1.7063747

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.fair_fight(
    ...     customers,
    ...     outcome=cx.Binary("repurchase"),
    ...     metrics={"nps": cx.NPS, "csat": cx.CSAT5},
    ...     count="n",
    ... )
    >>> result.levels, [len(group) for group in result.cuts["nps"]]
    (5, [6, 2, 1, 1, 1])
    """
    declared, names = metric_names(data, metrics)
    if len(names) < 2:
        raise TooFewError(
            f"A comparison needs at least two metrics, but {len(names)} was given.\nUse cx.auc for a single one."
        )
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, cluster=cluster, weight=weight, count=count))
    compared = compare_on(cells, names)
    occurring = {name: _occurring(compared, j) for j, name in enumerate(names)}
    chosen = _levels(levels, {name: len(values) for name, (values, _) in occurring.items()})
    groups = {name: equal_frequency(mass, chosen) for name, (_, mass) in occurring.items()}
    coarse = [_coarsened(compared.scores[:, j], occurring[m][0], groups[m]) for j, m in enumerate(names)]
    fit = _both(compared, np.column_stack(coarse))
    every = _contrasts(len(names))
    return FairFight(
        metrics=names,
        levels=chosen,
        cuts={m: _cuts(cells.roles.metrics[m], occurring[m][0], groups[m]) for m in names},
        estimate=every @ fit.auc,
        std_error=np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", every, fit.covariance, every), 0)),
        covariance=fit.covariance[: len(names), : len(names)],
        df=fit.df,
        paired=compared.paired,
        n=compared.cells.n,
        n_missing=compared.n_missing,
        n_cells=compared.cells.n_cells,
        notes=(*compared.notes, *fit.notes),
    )


def _contrasts(p: int) -> Floats:
    """Areas, differences and losses (R, 2p) from the p areas after coarsening and the p of the full scales."""
    own, pairs = np.eye(p), pairwise(p)
    return np.vstack([np.pad(own, ((0, 0), (0, p))), np.pad(pairs, ((0, 0), (0, p))), np.hstack([own, -own])])


def _occurring(compared: Compared, metric: int) -> tuple[Floats, Floats]:
    """The values that occur (up is good), ascending, and the customers at each, weighted by survey weights."""
    on = compared.on(metric) & (compared.cells.row_weight > 0)
    values, code = np.unique(compared.scores[on, metric], return_inverse=True)
    mass = (compared.count * compared.cells.row_weight)[on]
    return values, np.bincount(code, weights=mass, minlength=len(values)).astype(np.float64)


def _levels(asked: object, occurring: Mapping[str, int]) -> int:
    """The number of levels, if every metric has as many; by default as many as the coarsest has."""
    most = min(occurring.values())
    if asked is None:
        return most
    if not isinstance(asked, int) or isinstance(asked, bool) or not 2 <= asked <= most:
        fewest = [name for name, levels in occurring.items() if levels == most]
        raise RoleError(
            f"levels must be a whole number from 2 to {most}, the number of values that occur of {listed(fewest)}, but "
            f"{asked!r} was given.\nLeave it out to coarsen every metric to {most} levels."
        )
    return asked


def _coarsened(scores: Floats, values: Floats, group: Ints) -> Floats:
    """The group of each score as a number; missing where it is missing."""
    starts = values[np.searchsorted(group, np.arange(1, group.max() + 1))]
    # A value that only rows without weight hold joins the group below it.
    return np.where(np.isnan(scores), np.nan, np.searchsorted(starts, scores, side="right"))


def _both(compared: Compared, coarse: Floats) -> AUCFit:
    """Areas of the p coarsened metrics and of the p full scales, with their covariance (2p, 2p)."""
    p = coarse.shape[1]
    both = replace(compared, metrics=compared.metrics * 2, scores=np.hstack([coarse, compared.scores]))
    fit = auc_fit(both)
    if compared.paired or compared.cells.cluster_codes is not None:
        return fit
    # No row has two metrics, but each has both forms of its own.
    matrix = fit.covariance.copy()
    for j in range(p):
        on = compared.on(j)
        own = Compared(
            compared.cells.where(on),
            (compared.metrics[j],) * 2,
            both.scores[on][:, [j, j + p]],
            compared.positive[on],
            paired=True,
            n_missing=0,
            notes=(),
        )
        places = np.ix_([j, j + p], [j, j + p])
        matrix[places] = auc_fit(own).covariance
    return replace(fit, covariance=matrix)


def _cuts(scale: Scale, values: Floats, group: Ints) -> Cuts:
    """The values of each group as they were answered, ascending."""
    groups = [tuple(sorted(upward(scale, values[group == g]).tolist())) for g in range(int(group.max()) + 1)]
    return tuple(sorted(groups))


def _told(values: Sequence[float]) -> str:
    """``7`` or ``0-6``; ``-3 to 1`` where a minus would be read as a dash."""
    low, high = number(values[0]), number(values[-1])
    if len(values) == 1:
        return low
    return f"{low} to {high}" if values[0] < 0 else f"{low}-{high}"
