"""Concordance: how often the better score goes with the better outcome, for outcomes that have a size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells, as_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import RoleError, SeparationError, TooFewError, listed, number, rows
from cxstats.numerics.concordance import fit_concordance
from cxstats.numerics.contrasts import pairwise
from cxstats.numerics.influence import covariance
from cxstats.outcomes import Ordered, good_is_high
from cxstats.roles import Outcome, Roles
from cxstats.scales import Scale
from cxstats.wald import PairedResult


@dataclass(frozen=True, kw_only=True, eq=False)
class Concordance(PairedResult):
    """Concordances of p metrics with the outcome and all their differences, on the same rows.

    The frame has the p metrics first, then every pair ``"a - b"``. Concordances are tested against .5,
    differences against 0. ``covariance`` is that of the p concordances, shape (p, p).
    """

    covariance: Floats

    method: ClassVar[str] = "Concordance with the outcome, compared on the same rows"
    reference: ClassVar[str] = "Newson (2006), doi:10.1177/1536867X0600600302"


def concordance(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> Concordance:
    """Compare how often the better score goes with the better outcome: spend, orders, a rating.

    Use it where the outcome has a size: of two customers with different outcomes, the one with the better
    score has the better outcome with this probability. It does not care how much more a few customers
    spend, as `dependent_correlations` does. For a binary outcome it is the area under the ROC curve.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary, Rating, Continuous or Count
        With the end that is good for the firm declared.
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
    Concordance
        The p concordances in [0, 1], then the p (p - 1) / 2 differences.

    Raises
    ------
    TooFewError
        No complete row, a constant metric or outcome, fewer than 20 clusters.
    SeparationError
        A metric puts all customers in the order of the outcome: a sign that it was made from it.
    RoleError
        No outcome, or a survival outcome; also as for `tally`.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    C = (concordant pairs + half the pairs with equal scores) / pairs with different outcomes = (1 + Somers' D) / 2
    [1]_. The standard error is that of the influence values w (a - C b) / B [2]_: a and b are a row's own
    concordant and usable pairs, B all usable pairs; computed on distinct rows in O(K log K) for K cells. One
    independent unit is a row, or a cluster. Rows that lack the outcome or a metric are left out and
    counted in ``n_missing``.

    References
    ----------
    .. [1] Somers (1962). American Sociological Review 27, 799-811. doi:10.2307/2090408
    .. [2] Newson (2006). The Stata Journal 6, 309-334. doi:10.1177/1536867X0600600302

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> answers = pd.DataFrame({"csat": [5, 4, 4, 2, 3, 1], "spend": [310.0, 80.0, 95.0, 0.0, 120.0, 0.0]})
    >>> result = cx.concordance(answers, outcome=cx.Continuous("spend"), metrics={"csat": cx.CSAT5})
    >>> result.to_frame()[["term", "estimate"]].round(4)
       term  estimate
    0  csat    0.8214
    """
    declared, names = metric_names(data, metrics)
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, cluster=cluster, weight=weight, count=count))
    target = _ordered(cells.roles.outcome)
    columns = (target.column, *names)
    needed = cells.select(*columns)
    kept = needed.where(needed.observed(columns) & (needed.row_weight > 0))
    if kept.n == 0:
        raise TooFewError(
            f"At least one row must have all of {listed(columns)}, but none of {rows(cells.n)} has."
            "\nCheck how the tables were joined, or use fewer metrics."
        )
    for column in columns:
        _refuse_constant(kept[column], column, kept.n)
    scores = np.column_stack([upward(kept.roles.metrics[name], kept[name]) for name in names])
    fit = fit_concordance(scores, good_is_high(target, kept[target.column]), kept.count, kept.row_weight)
    _refuse_perfect(fit.concordance, names, target.column)
    spread = covariance(fit.influence, kept.count, kept.cluster_codes)
    every = np.vstack([np.eye(len(names)), pairwise(len(names))])
    return Concordance(
        metrics=names,
        estimate=every @ fit.concordance,
        std_error=np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", every, spread.matrix, every), 0)),
        covariance=spread.matrix,
        df=spread.df,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=spread.notes,
    )


def _ordered(outcome: Outcome | None) -> Ordered:
    if isinstance(outcome, Ordered):
        return outcome
    if outcome is None:
        raise RoleError('An outcome is needed.\nPass for example outcome=cx.Continuous("spend").')
    raise RoleError(
        "Concordance with a time until an event is not offered yet: customers who are still there have no outcome."
        '\nPass whether the event happened within a window, as cx.Binary("churned", good=0).'
    )


def _refuse_constant(values: Floats, column: str, n: int) -> None:
    if values.min() == values.max():
        raise TooFewError(
            f"'{column}' must take at least two values, but all {rows(n)} hold {number(float(values[0]))}."
            "\nThere is nothing to compare: leave it out."
        )


def _refuse_perfect(found: Floats, names: Sequence[str], outcome: str) -> None:
    for name, value in zip(names, found, strict=True):
        if value in (0.0, 1.0):
            order = "the order" if value == 1 else "the opposite order"
            raise SeparationError(
                f"The metric '{name}' must not put the customers in exactly {order} of the outcome '{outcome}', but it "
                "does.\nCheck that it was not asked after the outcome, or computed from it; if neither, the rows are "
                "too few for an interval."
            )
