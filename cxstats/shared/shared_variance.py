"""What methods that divide an explained share among metrics have in common: the rows, the result, the refusals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.numerics.contrasts import pairwise
from cxstats.numerics.influence import covariance
from cxstats.numerics.rank_probabilities import rank_probabilities
from cxstats.outcomes import Ordered, good_is_high
from cxstats.results import shown
from cxstats.roles import Binary, Roles, checked_outcome
from cxstats.scales import Scale
from cxstats.shared.predictors import EVENTS_PER_COEFFICIENT, predictors_of
from cxstats.wald import PairedResult

SPARE_ROWS = 10  # rows beyond the coefficients: below, a linear model fits whatever it is given

Model: TypeAlias = Literal["logistic", "linear"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SharedVariance(PairedResult):
    """How the explained share divides over p metrics: one row per metric, then every pair ``"a - b"``.

    ``covariance`` is that of the p shares, shape (p, p); ``r2`` what all metrics explain together, which
    is the sum of the shares. A share is never negative in the data at hand, so an interval above 0 says
    nothing: ``statistic`` and ``p_value`` are given for the differences alone.
    """

    model: Model
    covariance: Floats
    r2: float

    @property
    def rank_probability(self) -> Floats:
        """How often metric a (row) ranks 1st, 2nd, ..., p-th (column), shape (p, p).

        Among 50,000 draws, the same at every call, from the joint distribution of the shares: normal, or
        Student's t with clusters, about the estimates. Descriptive: of two metrics that contribute alike, one
        comes first in more than 95% of draws in 10 samples of 100.
        """
        return rank_probabilities(self.estimate[: len(self.metrics)], self.covariance, self.df)

    @property
    def divided_index(self) -> str:
        """The name of what is divided."""
        return "R2, linear"

    def footer(self) -> str:
        """Who comes first how often, what is divided, then rows and method."""
        first = self.rank_probability[:, 0]
        best = int(np.argmax(first))
        often = "more than 99.9%" if first[best] > 0.999 else f"{shown(100 * float(first[best]), 3)}%"
        return (
            f"{self.metrics[best]} ranks first in {often} of draws from the joint sampling distribution.\n"
            f"Together the metrics explain {shown(self.r2)} ({self.divided_index}).\n{super().footer()}"
        )

    @property
    def null(self) -> Floats:
        """0 for differences; a share is never negative, so the shares are not tested."""
        return np.where(self.is_difference, 0.0, np.nan)


@dataclass(frozen=True)
class ExplainedRows:
    """The complete rows: metrics turned so that up is good (K, p), and the outcome likewise (K,)."""

    cells: Cells
    outcome: Ordered
    metrics: tuple[str, ...]
    design: Floats
    response: Floats
    n_missing: int

    @property
    def count(self) -> Ints:
        """Rows per cell."""
        return self.cells.count

    @property
    def weight(self) -> Floats:
        """Survey weight of each row of the cell."""
        return self.cells.row_weight

    @property
    def model(self) -> Model:
        """Logistic for a binary outcome, linear for others."""
        return "logistic" if isinstance(self.outcome, Binary) else "linear"


def explained_rows(
    data: IntoCells,
    outcome: object,
    metrics: Mapping[str, Scale] | Sequence[str] | None,
    *,
    cluster: str | None,
    weight: str | None,
    count: str | None,
) -> ExplainedRows:
    """Tally the data and choose the rows with the outcome and every metric; refuse what cannot be divided."""
    declared, names = metric_names(data, metrics)
    if len(names) < 2:
        raise TooFewError(
            f"A division among metrics needs at least two, but {len(names)} was given."
            "\nUse cx.auc or cx.logistic for a single one."
        )
    given = None if outcome is None else checked_outcome(outcome)
    cells = as_cells(data, Roles(outcome=given, metrics=declared, cluster=cluster, weight=weight, count=count))
    target = cells.roles.outcome
    if not isinstance(target, Ordered):
        found = "none was declared" if target is None else f"{type(target).__name__} was given"
        raise RoleError(
            f"An outcome that is binary, a rating, measured or counted is needed, but {found}."
            '\nPass outcome=cx.Binary("column", good=1), cx.Rating("column", scale) or cx.Continuous("column").'
        )
    needed = cells.select(target.column, *names)
    kept = needed.where(needed.observed([target.column, *names]))
    if kept.n == 0:
        raise TooFewError(
            f"At least one row must have all of {listed([target.column, *names])}, but none of {rows(cells.n)} has."
            "\nCheck how the tables were joined, or use fewer metrics."
        )
    columns = [part.values for part in predictors_of(kept, names)]
    found_rows = ExplainedRows(
        kept, target, names, np.column_stack(columns), good_is_high(target, kept[target.column]), cells.n - kept.n
    )
    if found_rows.model == "logistic":
        _refuse_few_events(found_rows)
    else:
        _refuse_few_rows(found_rows)
    return found_rows


@dataclass(frozen=True)
class Divided:
    """Shares and their differences with standard errors, and the covariance of the shares."""

    estimate: Floats
    std_error: Floats
    covariance: Floats
    df: float
    notes: tuple[str, ...]


def divided(checked: ExplainedRows, shares: Floats, influence: Floats, drawn: Floats | float = 0.0) -> Divided:
    """The p shares, then all their differences, from the influence of each row on the shares.

    ``drawn`` is the covariance (p, p) that the shares have besides, from random draws made to compute them.
    """
    spread = covariance(influence, checked.count, checked.cells.cluster_codes)
    matrix = spread.matrix + drawn
    every = np.vstack([np.eye(len(shares)), pairwise(len(shares))])
    variance = np.einsum("ij,jk,ik->i", every, matrix, every)
    return Divided(every @ shares, np.sqrt(np.maximum(variance, 0)), matrix, spread.df, spread.notes)


def _refuse_few_rows(checked: ExplainedRows) -> None:
    """A linear model needs an outcome that varies, and rows to spare."""
    used = checked.weight > 0
    n = int(checked.count[used].sum())
    needed = len(checked.metrics) + 1 + SPARE_ROWS
    if n < needed:
        raise TooFewError(
            f"At least {needed} rows are needed for {len(checked.metrics)} metrics, {SPARE_ROWS} beyond the "
            f"coefficients, but there are {n:,}.\nUse fewer metrics, or collect more answers."
        )
    response = checked.response[used]
    if response.min() == response.max():
        held = number(float(checked.cells[checked.outcome.column][used][0]))
        raise TooFewError(
            f"The outcome '{checked.outcome.column}' must take at least two values, but all {rows(n)} hold {held}."
            "\nThere is nothing to explain."
        )


def _refuse_few_events(checked: ExplainedRows) -> None:
    used = checked.weight > 0
    good = checked.response > 0
    n_good, n_bad = (int(checked.count[used & which].sum()) for which in (good, ~good))
    p = len(checked.metrics)
    if min(n_good, n_bad) < EVENTS_PER_COEFFICIENT * p:
        raise TooFewError(
            f"At least {EVENTS_PER_COEFFICIENT} events per metric are needed, {EVENTS_PER_COEFFICIENT * p} for {p} "
            f"metrics, but of the outcomes '{checked.outcome.column}' {n_good:,} are good and {n_bad:,} bad: "
            f"{min(n_good, n_bad):,} events.\nUse fewer metrics, or wait for more outcomes."
        )
