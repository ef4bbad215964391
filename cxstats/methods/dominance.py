"""General dominance: how much each of several metrics contributes to what they explain together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar, Literal

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.methods.delong import pairwise
from cxstats.methods.logistic import EVENTS_PER_COEFFICIENT, predictors_of, upward
from cxstats.numerics.dominance import linear_dominance, logistic_dominance
from cxstats.numerics.influence import covariance
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level, shown
from cxstats.roles import Binary, Continuous, Rating, Roles, checked_outcome
from cxstats.scales import Scale

MOST_METRICS = 12
SPARE_ROWS = 10  # rows beyond the coefficients: below, a linear model fits whatever it is given


@dataclass(frozen=True, kw_only=True, eq=False)
class SharedVariance(TalliedResult):
    """How the explained share divides over p metrics: one row per metric, then every pair ``"a - b"``.

    ``covariance`` is that of the p shares, shape (p, p); ``r2`` what all metrics explain together, which
    is the sum of the shares. A share is never negative in the data at hand, so an interval above 0 says
    nothing: ``statistic`` and ``p_value`` are given for the differences alone.
    """

    metrics: tuple[str, ...]
    covariance: Floats
    df: float
    r2: float

    @property
    def terms(self) -> tuple[str, ...]:
        """Metrics, then pairs as ``"a - b"``."""
        return (*self.metrics, *(f"{a} - {b}" for a, b in combinations(self.metrics, 2)))

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": self.terms}

    @property
    def is_difference(self) -> Bools:
        """Which rows are differences."""
        return np.arange(len(self.estimate)) >= len(self.metrics)

    @property
    def statistic(self) -> Floats:
        """Difference over its standard error; NaN for the metrics themselves."""
        return np.where(self.is_difference, ratio_to_error(self.estimate, self.std_error), np.nan)

    @property
    def p_value(self) -> Floats:
        """Two-sided, of no difference, not adjusted for the number of pairs; NaN for the metrics themselves."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits, clipped to where a share (a difference of shares) can lie."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        lowest = np.where(self.is_difference, -1.0, 0.0)
        return ConfidenceInterval(np.clip(limits.low, lowest, 1), np.clip(limits.high, lowest, 1), level)


@dataclass(frozen=True, kw_only=True, eq=False)
class Dominance(SharedVariance):
    """General dominance of p metrics, then all their differences.

    Attributes
    ----------
    model : {"logistic", "linear"}
        Which index is divided: McFadden's R2 of a binary outcome, or R2 of a measured one.
    conditional : array, shape (p, p)
        Mean increment of metric a (row) to the subsets of 0, 1, ..., p - 1 other metrics (column).
    complete : int array, shape (p, p)
        1 where metric a (row) adds more than b (column) to every subset of the others, and never less; -1 the
        reverse; 0 where neither holds.
    """

    model: Literal["logistic", "linear"]
    conditional: Floats
    complete: Ints

    method: ClassVar[str] = "General dominance"
    reference: ClassVar[str] = "Azen & Budescu (2003), doi:10.1037/1082-989X.8.2.129"

    def footer(self) -> str:
        """What is divided, then rows and method."""
        index = "McFadden's R2, logistic" if self.model == "logistic" else "R2, linear"
        return f"Together the metrics explain {shown(self.r2)} ({index}).\n{super().footer()}"


def dominance(
    data: IntoCells,
    *,
    outcome: Binary | Rating | Continuous | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> Dominance:
    """How much each metric contributes to what all of them explain of the outcome.

    Use it where metrics overlap, as feedback scores do: coefficients then say little, because each holds
    the others fixed. Compare metrics by the differences. That the interval of a metric lies above 0 says
    nothing: a contribution is never negative in sample, even that of a random number. Contributions have
    no sign either: a metric that goes with the worse outcome contributes too; `auc` and `logistic` show
    the direction. A share of explained variance is an association, not an effect.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary, Rating or Continuous
        A binary outcome is modelled by logistic regression and McFadden's R2; a rating or a measured
        outcome by least squares and R2.
    metrics : mapping from column to Scale
        From 2 to 12. Names suffice where ``data`` are Cells, which carry the scales.
    cluster : str, optional
        Column with what makes rows dependent. Intervals then use influence sums per cluster and
        Student's t with (number of clusters - 1) degrees of freedom.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    Dominance
        The p contributions, which add up to ``r2``, then the p (p - 1) / 2 differences; all as shares
        of 1.

    Raises
    ------
    TooFewError
        Fewer than two metrics; a constant metric or outcome; fewer than 10 events per metric, an event being
        the rarer of two outcomes; for a linear model fewer than 10 rows beyond the coefficients; fewer than
        20 clusters.
    RoleError
        More than 12 metrics, or an outcome of another kind; also as for `tally`.
    ColumnError
        Metrics repeat each other (collinear); also as for `tally`.
    SeparationError
        Metrics tell the outcomes apart perfectly.
    ScaleError
        As for `tally`.

    Notes
    -----
    All 2^p models are fitted. The contribution of a metric is the mean of what it adds to R2 of every
    subset of the others, within each size of subset and then over sizes [1]_, [2]_: the Shapley value. For a
    binary outcome R2 is 1 - LL / LL0 [3]_. Standard errors come from influence values without fitting
    again: the derivative of a maximised log-likelihood (a residual sum of squares) by the weight of a row
    is that row's log-likelihood (its squared residual). One independent unit is a row, or a cluster. The
    intervals are for large samples: R2 is too high in small ones, by up to about p / n in a linear model, and
    where a metric contributes little its estimate is skewed, and its interval misses somewhat more often
    than it says. Rows that lack the outcome or a
    metric are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Budescu (1993). Psychological Bulletin 114, 542-551. doi:10.1037/0033-2909.114.3.542
    .. [2] Azen & Budescu (2003). Psychological Methods 8, 129-148. doi:10.1037/1082-989X.8.2.129
    .. [3] Azen & Traxel (2009). J. Educ. Behav. Stat. 34, 319-347. doi:10.3102/1076998609332754

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.dominance(
    ...     customers,
    ...     outcome=cx.Binary("repurchase"),
    ...     metrics={"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7},
    ...     count="n",
    ... )
    >>> result.to_frame()[["term", "estimate"]].round(4)
             term  estimate
    0         nps    0.0129
    1        csat    0.0410
    2        ease    0.0053
    3  nps - csat   -0.0281
    4  nps - ease    0.0076
    5 csat - ease    0.0357
    """
    _refuse_many(len(metric_names(data, metrics)[1]))
    checked = explained_rows(data, outcome, metrics, cluster=cluster, weight=weight, count=count)
    logistic = isinstance(checked.outcome, Binary)
    if logistic:
        _refuse_few_events(checked)
        fit = logistic_dominance(checked.design, checked.response > 0, checked.count, checked.weight, checked.metrics)
    else:
        refuse_few_rows(checked)
        fit = linear_dominance(checked.design, checked.response, checked.count, checked.weight, checked.metrics)
    shared = divided(checked, fit.general, fit.influence)
    return Dominance(
        metrics=checked.metrics,
        estimate=shared.estimate,
        std_error=shared.std_error,
        covariance=shared.covariance,
        df=shared.df,
        r2=float(fit.index[-1]),
        model="logistic" if logistic else "linear",
        conditional=fit.conditional,
        complete=fit.complete,
        n=checked.cells.n,
        n_missing=checked.n_missing,
        n_cells=checked.cells.n_cells,
        notes=shared.notes,
    )


@dataclass(frozen=True)
class ExplainedRows:
    """The complete rows: metrics turned so that up is good (K, p), and the outcome likewise (K,)."""

    cells: Cells
    outcome: Binary | Rating | Continuous
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
    if not isinstance(target, Binary | Rating | Continuous):
        found = "none was declared" if target is None else f"{type(target).__name__} was given"
        raise RoleError(
            f"A binary outcome, a rating or a measured outcome is needed, but {found}."
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
    return ExplainedRows(kept, target, names, np.column_stack(columns), _good(kept, target), cells.n - kept.n)


def refuse_few_rows(checked: ExplainedRows) -> None:
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


@dataclass(frozen=True)
class Divided:
    """Shares and their differences with standard errors, and the covariance of the shares."""

    estimate: Floats
    std_error: Floats
    covariance: Floats
    df: float
    notes: tuple[str, ...]


def divided(checked: ExplainedRows, shares: Floats, influence: Floats) -> Divided:
    """The p shares, then all their differences, from the influence of each row on the shares."""
    spread = covariance(influence, checked.count, checked.cells.cluster_codes)
    every = np.vstack([np.eye(len(shares)), pairwise(len(shares))])
    variance = np.einsum("ij,jk,ik->i", every, spread.matrix, every)
    return Divided(every @ shares, np.sqrt(np.maximum(variance, 0)), spread.matrix, spread.df, spread.notes)


def _good(kept: Cells, outcome: Binary | Rating | Continuous) -> Floats:
    """The outcome turned so that up is good; 1 and 0 where it is binary."""
    values: Floats = kept[outcome.column]
    if isinstance(outcome, Binary):
        return np.where(values == outcome.good, 1.0, 0.0)
    if isinstance(outcome, Rating):
        return upward(outcome.scale, values)
    return values if outcome.good == "high" else -values


def _refuse_many(p: int) -> None:
    if p > MOST_METRICS:
        raise RoleError(
            f"At most {MOST_METRICS} metrics can be divided exactly, since every subset of them is a model of its own, "
            f"but {p} were given: {1 << p:,} models.\nChoose among them, or average those that ask for the same thing."
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
