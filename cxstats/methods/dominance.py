"""General dominance: how much each of several metrics contributes to what they explain together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.cells import IntoCells
from cxstats.errors import RoleError
from cxstats.numerics.dominance import DominanceFit, linear_dominance, logistic_dominance
from cxstats.numerics.dominance_sampling import SampledFit, draw_circles, sampled_linear, sampled_logistic
from cxstats.numerics.resample import seeded
from cxstats.outcomes import Ordered
from cxstats.results import shown
from cxstats.scales import Scale
from cxstats.shared.shared_variance import Divided, ExplainedRows, Model, SharedVariance, divided, explained_rows

MOST_EXACT = 12  # 4,096 models; every metric more doubles them
# Orderings per metric: the Monte Carlo error comes to some tenths of a standard error at most. Least squares take
# little time, and their shares vary more from ordering to ordering.
PER_METRIC: dict[Model, int] = {"logistic": 40, "linear": 400}
FEWEST_PER_METRIC = 20  # 10 circles: fewer do not tell how much they differ


@dataclass(frozen=True, kw_only=True, eq=False)
class Dominance(SharedVariance):
    """General dominance of p metrics, then all their differences.

    Attributes
    ----------
    model : {"logistic", "linear"}
        Which index is divided: McFadden's R2 of a binary outcome, or R2 of a measured one.
    conditional : array, shape (p, p)
        Mean increment of metric a (row) to the subsets of 0, 1, ..., p - 1 other metrics (column).
    complete : int array, shape (p, p), or None
        1 where metric a (row) adds more than b (column) to every subset of the others, and never less; -1 the
        reverse; 0 where neither holds. None where not every subset was fitted: then it cannot be known.
    mc_error : array, shape (p,)
        Standard deviation of the contributions over draws of the orderings; 0 where every subset was fitted.
    permutations : int or None
        Orderings drawn; None where every subset was fitted.
    seed : int or None
        Makes the same orderings again; None where none were drawn, or by the caller's own generator.
    """

    conditional: Floats
    complete: Ints | None
    mc_error: Floats
    permutations: int | None
    seed: int | None

    method: ClassVar[str] = "General dominance"
    reference: ClassVar[str] = "Azen & Budescu (2003), doi:10.1037/1082-989X.8.2.129"

    @property
    def divided_index(self) -> str:
        """The name of what is divided."""
        return "McFadden's R2, logistic" if self.model == "logistic" else "R2, linear"


def dominance(
    data: IntoCells,
    *,
    outcome: Ordered | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
    permutations: int | None = None,
    rng: int | np.random.Generator | None = None,
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
    outcome : Binary, Rating, Continuous or Count
        A binary outcome is modelled by logistic regression and McFadden's R2; any other
        outcome by least squares and R2.
    metrics : mapping from column to Scale
        At least two. Names suffice where ``data`` are Cells, which carry the scales.
    cluster : str, optional
        Column with what makes rows dependent. Intervals then use influence sums per cluster and
        Student's t with (number of clusters - 1) degrees of freedom.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    permutations : int, optional
        How many random orderings of the metrics to average over, from 20 per metric, rounded up to whole
        circles of 2 per metric. Without it, up to 12 metrics are divided exactly; more than that by 40
        orderings per metric for a binary outcome, by 400 for others.
    rng : int or Generator, optional
        Seed of the orderings; without one, the seed drawn is kept in the result. Not used where every
        subset is fitted.

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
        An outcome of another kind, or too few permutations; also as for `tally`.
    ColumnError
        Metrics repeat each other (collinear); also as for `tally`.
    SeparationError
        Metrics tell the outcomes apart perfectly.
    ScaleError
        As for `tally`.

    Notes
    -----
    Up to 12 metrics, all 2^p models are fitted. The contribution of a metric is the mean of what it adds to R2 of every
    subset of the others, within each size of subset and then over sizes [1]_, [2]_: the Shapley value. For a
    binary outcome R2 is 1 - LL / LL0 [3]_. Standard errors come from influence values without fitting
    again: the derivative of a maximised log-likelihood (a residual sum of squares) by the weight of a row
    is that row's log-likelihood (its squared residual). One independent unit is a row, or a cluster. The
    intervals are for large samples: R2 is too high in small ones, by up to about p / n in a linear model, and
    where a metric contributes little its estimate is skewed, and its interval misses somewhat more often
    than it says. Rows that lack the outcome or a
    metric are left out and counted in ``n_missing``.

    The contribution is as well the mean of what a metric adds over all orderings in which metrics can enter.
    Beyond 12 metrics a random part of the orderings stands for all [4]_. They come in circles: metrics are put
    on a circle at random, which is read from every place in both directions, so that every metric stands twice
    at every position and every ordering has its reverse. Contributions add up to ``r2`` in every ordering. The
    differences between circles give the Monte Carlo error (``mc_error``), which standard errors and intervals
    include. The same seed gives the same orderings, whatever the data.

    References
    ----------
    .. [1] Budescu (1993). Psychological Bulletin 114, 542-551. doi:10.1037/0033-2909.114.3.542
    .. [2] Azen & Budescu (2003). Psychological Methods 8, 129-148. doi:10.1037/1082-989X.8.2.129
    .. [3] Azen & Traxel (2009). J. Educ. Behav. Stat. 34, 319-347. doi:10.3102/1076998609332754
    .. [4] Castro, Gomez & Tejada (2009). Computers & Operations Research 36, 1726-1730.
       doi:10.1016/j.cor.2008.04.004

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
    checked = explained_rows(data, outcome, metrics, cluster=cluster, weight=weight, count=count)
    circles = _circles(checked, permutations)
    if circles is None:
        exact = _exact(checked)
        shared = divided(checked, exact.general, exact.influence)
        return _dominance(checked, shared, float(exact.index[-1]), exact.conditional, complete=exact.complete)
    draws = seeded(rng)
    sampled = _sampled(checked, circles, draws.rng)
    shared = divided(checked, sampled.general, sampled.influence, sampled.drawn)
    return _dominance(checked, shared, sampled.r2, sampled.conditional, sampled=sampled, seed=draws.seed)


def _circles(checked: ExplainedRows, permutations: object) -> int | None:
    """How many circles of 2 p orderings to draw; None where all subsets are to be fitted."""
    p = len(checked.metrics)
    usual, least = PER_METRIC[checked.model] * p, FEWEST_PER_METRIC * p
    if permutations is None:
        if p <= MOST_EXACT:
            return None
        permutations = usual
    if isinstance(permutations, bool) or not isinstance(permutations, Integral) or permutations < least:
        exact = f", or leave it out to fit all {1 << p:,} subsets" if p <= MOST_EXACT else ""
        raise RoleError(
            f"permutations must be a whole number from {least} up for {p} metrics, {FEWEST_PER_METRIC} for each, but "
            f"{permutations!r} was given.\nPass permutations={usual}{exact}."
        )
    return -(-int(permutations) // (2 * p))


def _exact(checked: ExplainedRows) -> DominanceFit:
    data = checked.count, checked.weight, checked.metrics
    if checked.model == "logistic":
        return logistic_dominance(checked.design, checked.response > 0, *data)
    return linear_dominance(checked.design, checked.response, *data)


def _sampled(checked: ExplainedRows, number: int, rng: np.random.Generator) -> SampledFit:
    circles = draw_circles(len(checked.metrics), number, rng)
    data = checked.count, checked.weight, checked.metrics, circles
    if checked.model == "logistic":
        return sampled_logistic(checked.design, checked.response > 0, *data)
    return sampled_linear(checked.design, checked.response, *data)


def _dominance(
    checked: ExplainedRows,
    shared: Divided,
    r2: float,
    conditional: Floats,
    *,
    complete: Ints | None = None,
    sampled: SampledFit | None = None,
    seed: int | None = None,
) -> Dominance:
    p = len(checked.metrics)
    mc_error = np.zeros(p) if sampled is None else np.sqrt(np.maximum(np.diag(sampled.drawn), 0))
    notes = () if sampled is None else (_drawn(mc_error, shared.std_error[:p], sampled.orderings, seed),)
    return Dominance(
        metrics=checked.metrics,
        model=checked.model,
        estimate=shared.estimate,
        std_error=shared.std_error,
        covariance=shared.covariance,
        df=shared.df,
        r2=r2,
        conditional=conditional,
        complete=complete,
        mc_error=mc_error,
        permutations=None if sampled is None else sampled.orderings,
        seed=seed,
        n=checked.cells.n,
        n_missing=checked.n_missing,
        n_cells=checked.cells.n_cells,
        notes=(*shared.notes, *notes),
    )


def _drawn(mc_error: Floats, std_error: Floats, orderings: int, seed: int | None) -> str:
    """The note on what was drawn and what that costs in precision."""
    share = float((mc_error / std_error).max())
    by = "the caller's generator" if seed is None else f"seed {seed}"
    return (
        f"Means over {orderings:,} random orderings of {len(mc_error)} metrics ({by}), not over all subsets: Monte "
        f"Carlo errors up to {shown(float(mc_error.max()), 2)}, at most {shown(100 * share, 2)}% of a standard error, "
        "which includes them."
    )
