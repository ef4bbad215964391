"""Whether, and how much: an outcome with many zeros in its two parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import ColumnError, RoleError, TooFewError, number, rows
from cxstats.numerics.concordance import fit_concordance
from cxstats.numerics.contrasts import pairwise
from cxstats.numerics.influence import covariance
from cxstats.outcomes import good_is_high
from cxstats.roles import Continuous, Count, Outcome, Roles
from cxstats.scales import Scale
from cxstats.shared.predictors import complete
from cxstats.wald import WaldResult

ANY, HOW_MUCH, BOTH = PARTS = ("any", "how much", "both")
FEWEST = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoPart(WaldResult):
    """Concordances of p metrics with both parts of an outcome, and with the outcome as a whole.

    Three blocks of rows: ``"any"`` (customers with more than 0 against those with 0: an area under the ROC
    curve), ``"how much"`` (among customers with more than 0), ``"both"``. Each has the p metrics, then every
    pair ``"a - b"``.

    Attributes
    ----------
    zeros : float
        Share of customers at 0.
    pairs_any : float
        Share that the pairs of the first part have among all pairs that differ: ``both`` is the mean of the two
        parts with this share and the rest as weights.
    df : float
        Clusters minus one, or infinite.
    """

    metrics: tuple[str, ...]
    zeros: float
    pairs_any: float

    method: ClassVar[str] = "Whether and how much: concordances with the two parts of an outcome"
    reference: ClassVar[str] = "Duan, Manning, Morris & Newhouse (1983), doi:10.1080/07350015.1983.10509330"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The part and the term of each row."""
        terms = (*self.metrics, *(f"{a} - {b}" for a, b in combinations(self.metrics, 2)))
        return {"part": np.repeat(PARTS, len(terms)).tolist(), "term": terms * len(PARTS)}

    @property
    def is_difference(self) -> Bools:
        """Which rows are differences."""
        return np.arange(len(self.estimate)) % (len(self.estimate) // len(PARTS)) >= len(self.metrics)

    def footer(self) -> str:
        """What the parts weigh, then rows and method."""
        return (
            f"{self.zeros:.0%} of customers are at 0. Of the pairs that differ, {self.pairs_any:.0%} are one with "
            f"and one without.\n{super().footer()}"
        )

    @property
    def null(self) -> Floats:
        """.5 for concordances, 0 for differences."""
        return np.where(self.is_difference, 0.0, 0.5)

    @property
    def bounds(self) -> tuple[float | Floats, float | Floats]:
        """0 to 1, differences from -1."""
        return np.where(self.is_difference, -1.0, 0.0), 1.0


def two_part(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> TwoPart:
    """Do scores tell who buys at all, how much the buyers spend, or both?

    Use it for spend or orders where many customers are at 0: one number for both questions hides which of
    them a score answers. Do not use it for a change, which can be negative, or where hardly anybody is at 0.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Continuous or Count
        Never below 0, with the end that is good for the firm declared.
    metrics : mapping from column to Scale
        One or more. Names suffice where ``data`` are Cells, which carry the scales.
    cluster : str, optional
        Column with what makes rows dependent. Intervals then use influence sums per cluster and Student's
        t with (number of clusters - 1) degrees of freedom.
    weight : str, optional
        Survey weight, taken as fixed; a pair weighs the product.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    TwoPart
        For "any", "how much" and "both" the p concordances in [0, 1], then the p (p - 1) / 2 differences.

    Raises
    ------
    TooFewError
        Fewer than 10 customers at 0 or above it, all of these alike, no complete row, fewer than 20 clusters.
    RoleError
        The outcome is not measured or counted; also as for `tally`.
    ColumnError
        The outcome is negative somewhere; also as for `tally`.
    ScaleError
        As for `tally`.

    Notes
    -----
    The two parts are those of the two-part model of demand [1]_; no model is fitted here. A concordance is the
    probability that of two customers with different outcomes the one with the better score has the better
    outcome. Every pair that differs is either one at 0 and one above it, or two above it, so that the
    concordance with the whole outcome is a mean of the two parts, weighted by their pairs. "How much" speaks
    of buyers only: a score that made more customers buy would change who they are. Standard errors are those
    of `concordance`; rows that lack the outcome or a metric are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Duan, Manning, Morris & Newhouse (1983). Journal of Business & Economic Statistics 1, 115-126.
       doi:10.1080/07350015.1983.10509330

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.simulate.spenders(2000, rng=1)
    >>> result = cx.two_part(customers, outcome=cx.Continuous("spend"), metrics={"csat": cx.CSAT5})
    >>> [f"{share:.2f}" for share in (result.zeros, result.pairs_any)]
    ['0.60', '0.75']
    """
    declared, names = metric_names(data, metrics)
    roles = Roles(outcome=outcome, metrics=declared, cluster=cluster, weight=weight, count=count)
    cells = as_cells(data, roles)
    target = _measured(cells.roles.outcome)
    kept = complete(cells, target.column, names)
    kept = kept.where(kept.row_weight > 0)
    values = kept[target.column]
    above = values > 0
    _refuse(kept, target.column, above)
    y, mass = good_is_high(target, values), kept.count * kept.row_weight
    bought = np.where(above, 1.0, 0.0) if target.good == "high" else np.where(above, 0.0, 1.0)
    scores = np.column_stack([upward(kept.roles.metrics[name], kept[name]) for name in names])
    found = np.zeros((len(PARTS), len(names)))
    influence = np.zeros((kept.n_cells, len(PARTS), len(names)))
    every = np.ones(kept.n_cells, dtype=bool)
    for part, (outcomes, on) in enumerate(((bought, every), (y, above), (y, every))):
        fit = fit_concordance(scores[on], outcomes[on], kept.count[on], kept.row_weight[on])
        found[part], influence[on, part] = fit.concordance, fit.influence
    contrasts = np.kron(np.eye(len(PARTS)), np.vstack([np.eye(len(names)), pairwise(len(names))]))
    spread = covariance(influence.reshape(kept.n_cells, -1), kept.count, kept.cluster_codes)
    variance = np.einsum("ij,jk,ik->i", contrasts, spread.matrix, contrasts)
    return TwoPart(
        metrics=names,
        estimate=contrasts @ found.ravel(),
        std_error=np.sqrt(np.maximum(variance, 0)),
        zeros=float(mass[~above].sum() / mass.sum()),
        pairs_any=_share_of_pairs(mass, values, above),
        df=spread.df,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=spread.notes,
    )


def _share_of_pairs(mass: Floats, values: Floats, above: Bools) -> float:
    """Pairs of one at 0 and one above it, among all pairs that differ."""
    total, buyers = float(mass.sum()), float(mass[above].sum())
    alike = np.bincount(np.unique(values, return_inverse=True)[1], weights=mass)
    return 2 * buyers * (total - buyers) / float(total**2 - alike @ alike)


def _measured(outcome: Outcome | None) -> Continuous | Count:
    if isinstance(outcome, Continuous | Count):
        return outcome
    found = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
    raise RoleError(
        f"An outcome that is split at zero must be measured or counted, but {found}."
        '\nPass for example outcome=cx.Continuous("spend") or cx.Count("orders").'
    )


def _refuse(kept: Cells, column: str, above: Bools) -> None:
    values, negative = kept[column], kept[column] < 0
    if negative.any():
        levels, at = np.unique(values[negative], return_inverse=True)
        counts = np.bincount(at, weights=kept.count[negative]).astype(int)
        order = np.lexsort((levels, -counts))[:5]
        told = ", ".join(f"{number(float(levels[i]))} ({rows(int(counts[i]))})" for i in order)
        raise ColumnError(
            f"An outcome that is split at zero must not be negative, but {int(kept.count[negative].sum()):,} of "
            f"{rows(kept.n)} are: {told}.\nFor a change, which can be negative, use cx.concordance."
        )
    n_above, n_zero = int(kept.count[above].sum()), int(kept.count[~above].sum())
    if min(n_above, n_zero) < FEWEST:
        raise TooFewError(
            f"At least {FEWEST} customers with and {FEWEST} without are needed to split '{column}' at zero, but "
            f"{n_above:,} have more than 0 and {n_zero:,} have 0."
            "\nUse cx.concordance, which takes the outcome as a whole."
        )
    if values[above].min() == values[above].max():
        raise TooFewError(
            f"Customers with more than 0 must differ in '{column}', but all {rows(n_above)} hold "
            f"{number(float(values[above][0]))}.\nThen there is only whether, not how much: use cx.delong."
        )
