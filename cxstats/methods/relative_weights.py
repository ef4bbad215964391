"""Relative weights: an approximate division of the explained variance among overlapping metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from cxstats.cells import IntoCells
from cxstats.numerics.relative_weights import fit_logistic_relative_weights, fit_relative_weights
from cxstats.outcomes import Ordered
from cxstats.scales import Scale
from cxstats.shared.shared_variance import SharedVariance, divided, explained_rows


@dataclass(frozen=True, kw_only=True, eq=False)
class RelativeWeights(SharedVariance):
    """Relative weights of p metrics, then all their differences.

    ``model`` says which share they divide: R2 of least squares, or of a logistic regression the squared
    correlation of the outcome with its fitted chance (R2 of least squares of the one on the other).
    """

    method: ClassVar[str] = "Relative weights"
    reference: ClassVar[str] = (
        "Johnson (2000), doi:10.1207/S15327906MBR3501_1; Tonidandel & LeBreton (2010), doi:10.1177/1094428109341993"
    )

    @property
    def divided_index(self) -> str:
        """The name of what is divided."""
        return "R2 of outcome and fitted chance, logistic" if self.model == "logistic" else "R2, linear"


def relative_weights(
    data: IntoCells,
    *,
    outcome: Ordered | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> RelativeWeights:
    """A quick division, among overlapping metrics, of what they explain of an outcome.

    Use it to check against what other software reports. `dominance` answers the same question by the
    meaning of its numbers (what a metric adds, on average); relative weights come near to it by an
    algebraic device, without a meaning of their own. As there, compare metrics by the differences: a
    weight is never negative in sample, so an interval above 0 says nothing.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary, Rating, Continuous or Count
        A binary outcome is modelled by logistic regression; any other outcome by least squares.
    metrics : mapping from column to Scale
        At least two. Names suffice where ``data`` are Cells, which carry the scales.
    cluster : str, optional
        Column with what makes rows dependent. Intervals then use influence sums per cluster and
        Student's t with (number of clusters - 1) degrees of freedom.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    RelativeWeights
        The p weights, which add up to ``r2``, then the p (p - 1) / 2 differences; all as shares of 1.

    Raises
    ------
    TooFewError
        Fewer than two metrics; a constant metric or outcome; fewer than 10 events per metric, an event being
        the rarer of two outcomes; for a linear model fewer than 10 rows beyond the coefficients; fewer than
        20 clusters.
    RoleError
        An outcome of another kind; also as for `tally`.
    ColumnError
        Metrics repeat each other (collinear); also as for `tally`.
    SeparationError
        Metrics tell the outcomes apart perfectly.
    ScaleError
        As for `tally`.

    Notes
    -----
    The metrics are replaced by the uncorrelated variables nearest to them, and the squared slopes of those
    are handed back by squared correlations [1]_: with R the correlations of the metrics, r those with
    the outcome, L = R^(1/2) and b = L^-1 r, the weight of metric j is the sum over k of L_jk^2 b_k^2.
    For a binary outcome the slopes are those of the logistic regression on the same uncorrelated variables,
    scaled so that their squares add up to the squared correlation of the outcome with its fitted chance
    [2]_: with g the slopes on standardised metrics and v = L g, metric j gets the part sum over k of
    L_jk^2 v_k^2 / v'v of it. That share is not McFadden's R2, which `dominance` divides: compare the order and
    the proportions of the two, not their size.
    Standard errors come from the influence of each row on the correlations, and on the logistic fit, by the
    derivative of the weights (delta method). One independent unit is a row, or a cluster. Intervals are for
    large samples. Rows that lack the outcome or a metric are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Johnson (2000). Multivariate Behavioral Research 35, 1-19. doi:10.1207/S15327906MBR3501_1
    .. [2] Tonidandel & LeBreton (2010). Organizational Research Methods 13, 767-781.
       doi:10.1177/1094428109341993

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.relative_weights(
    ...     customers,
    ...     outcome=cx.Rating("nps", cx.NPS),
    ...     metrics={"csat": cx.CSAT5, "ease": cx.EASE7},
    ...     count="n",
    ... )
    >>> result.to_frame()[["term", "estimate"]].round(4)
              term  estimate
    0         csat    0.2135
    1         ease    0.2072
    2  csat - ease    0.0064
    """
    checked = explained_rows(data, outcome, metrics, cluster=cluster, weight=weight, count=count)
    rest = checked.count, checked.weight, checked.metrics
    if checked.model == "logistic":
        fit = fit_logistic_relative_weights(checked.design, checked.response > 0, *rest)
    else:
        fit = fit_relative_weights(checked.design, checked.response, *rest)
    shared = divided(checked, fit.weights, fit.influence)
    return RelativeWeights(
        metrics=checked.metrics,
        model=checked.model,
        estimate=shared.estimate,
        std_error=shared.std_error,
        covariance=shared.covariance,
        df=shared.df,
        r2=float(fit.weights.sum()),
        n=checked.cells.n,
        n_missing=checked.n_missing,
        n_cells=checked.cells.n_cells,
        notes=shared.notes,
    )
