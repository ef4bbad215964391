"""Concordance: how often the better score goes with the better outcome, for sizes and for times until an event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import RoleError, SeparationError, TooFewError, listed, number, rows
from cxstats.numerics.concordance import ConcordanceFit, fit_concordance
from cxstats.numerics.contrasts import pairwise
from cxstats.numerics.influence import covariance
from cxstats.numerics.survival_concordance import fit_survival_concordance, usable_pairs
from cxstats.outcomes import Ordered, good_is_high, times_of
from cxstats.roles import Outcome, Roles, Survival, outcome_columns
from cxstats.scales import Scale
from cxstats.wald import PairedResult


@dataclass(frozen=True, kw_only=True, eq=False)
class Concordance(PairedResult):
    """Concordances of p metrics with the outcome and all their differences, on the same rows.

    The frame has the p metrics first, then every pair ``"a - b"``. Concordances are tested against .5,
    differences against 0. ``covariance`` is that of the p concordances, shape (p, p). Of a time until an event,
    ``n_events`` says how many there were, and ``event`` in which column.
    """

    covariance: Floats
    n_events: int | None = None
    event: str | None = None

    method: ClassVar[str] = "Concordance with the outcome, compared on the same rows"
    reference: ClassVar[str] = "Newson (2006), doi:10.1177/1536867X0600600302"

    def footer(self) -> str:
        """The events, where the outcome is the time until one, then the usual lines."""
        if self.n_events is None:
            return super().footer()
        what = "event" if self.n_events == 1 else "events"
        return f"{self.n_events:,} {what} of '{self.event}'.\n{super().footer()}"


def concordance(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> Concordance:
    """Compare how often the better score goes with the better outcome: spend, orders, a rating, time until churn.

    Use it where the outcome has a size, or is a time until an event that some have not had yet: of two
    customers whose outcomes can be told apart, the one with the better score has the better outcome with this
    probability. It does not care how much more a few customers spend, as `dependent_correlations` does. For a
    binary outcome it is the area under the ROC curve.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary, Rating, Continuous, Count or Survival
        With what is good for the firm declared. Of a `Survival` with ``good=0`` (the event is a loss, such as a
        cancellation) the later event is the better outcome, with ``good=1`` (the next purchase) the earlier.
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
        No complete row, a constant metric or outcome, no pair that can be told apart, fewer than 20 clusters.
    SeparationError
        A metric puts all customers in the order of the outcome: a sign that it was made from it.
    RoleError
        No outcome; also as for `tally`.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    C = (concordant pairs + half the pairs with equal scores) / pairs with different outcomes = (1 + Somers' D) / 2
    [1]_. The standard error is that of the influence values w (a - C b) / B [2]_: a and b are a row's own
    concordant and usable pairs, B all usable pairs; computed on distinct rows in O(K log K) for K cells. One
    independent unit is a row, or a cluster. Rows that lack the outcome or a metric are left out and
    counted in ``n_missing``.

    Two customers watched for a time can be told apart where one has the event while the other is watched and goes
    on without it; two events at the same time tell nothing [3]_. A customer who came under watch at ``entry`` is in
    pairs with later events only: whoever left before could not have been seen. Which pairs can be told apart depends
    on how long customers were watched, so C of two studies with different windows may differ for that alone [4]_;
    metrics compared on the same rows share the pairs.

    References
    ----------
    .. [1] Somers (1962). American Sociological Review 27, 799-811. doi:10.2307/2090408
    .. [2] Newson (2006). The Stata Journal 6, 309-334. doi:10.1177/1536867X0600600302
    .. [3] Harrell, Califf, Pryor, Lee & Rosati (1982). JAMA 247, 2543-2546. doi:10.1001/jama.1982.03320430047030
    .. [4] Uno, Cai, Pencina, D'Agostino & Wei (2011). Statistics in Medicine 30, 1105-1117. doi:10.1002/sim.4154

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
    target = _declared(cells.roles.outcome)
    columns = (*outcome_columns(target), *names)
    needed = cells.select(*columns)
    kept = needed.where(needed.observed(columns) & (needed.row_weight > 0))
    if kept.n == 0:
        raise TooFewError(
            f"At least one row must have all of {listed(columns)}, but none of {rows(cells.n)} has."
            "\nCheck how the tables were joined, or use fewer metrics."
        )
    for column in columns if isinstance(target, Ordered) else names:
        _refuse_constant(kept[column], column, kept.n)
    scores = np.column_stack([upward(kept.roles.metrics[name], kept[name]) for name in names])
    fit = _fit(scores, kept, target)
    _refuse_perfect(fit.concordance, names, _name(target))
    spread = covariance(fit.influence, kept.count, kept.cluster_codes)
    every = np.vstack([np.eye(len(names)), pairwise(len(names))])
    return Concordance(
        metrics=names,
        estimate=every @ fit.concordance,
        std_error=np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", every, spread.matrix, every), 0)),
        covariance=spread.matrix,
        n_events=int(kept.count[kept[target.event] == 1].sum()) if isinstance(target, Survival) else None,
        event=target.event if isinstance(target, Survival) else None,
        df=spread.df,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=spread.notes,
    )


def _declared(outcome: Outcome | None) -> Outcome:
    if outcome is None:
        raise RoleError('An outcome is needed.\nPass for example outcome=cx.Continuous("spend").')
    return outcome


def _name(target: Outcome) -> str:
    return target.event if isinstance(target, Survival) else target.column


def _fit(scores: Floats, kept: Cells, target: Outcome) -> ConcordanceFit:
    if isinstance(target, Ordered):
        return fit_concordance(scores, good_is_high(target, kept[target.column]), kept.count, kept.row_weight)
    times = times_of(target, kept.columns)
    if usable_pairs(times, kept.count, kept.row_weight) == 0:
        n = int(kept.count[times.event].sum())
        raise TooFewError(
            f"At least one customer must have the event '{target.event}' while another is watched and goes on, but of "
            f"{rows(kept.n)} {n:,} {'has' if n == 1 else 'have'} it, and no such pair is found.\nWait for more events, "
            "or watch longer."
        )
    later_is_better = 1.0 if target.good == 0 else -1.0
    return fit_survival_concordance(later_is_better * scores, times, kept.count, kept.row_weight)


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
