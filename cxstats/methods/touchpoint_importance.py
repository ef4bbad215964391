"""Which touchpoints of a journey matter: standardised slopes, whether they differ, and how each touchpoint performs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, Literal

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import IntoCells, as_cells
from cxstats.coding import upward
from cxstats.numerics.contrasts import pairwise
from cxstats.numerics.importance import equal_slopes, sides
from cxstats.numerics.influence import Covariance, covariance
from cxstats.numerics.intervals import critical, symmetric, two_sided
from cxstats.numerics.max_t import MaxT, max_t
from cxstats.numerics.nested import NestedTest
from cxstats.outcomes import Ordered
from cxstats.results import Backend, ConfidenceInterval, build_frame, checked_level, shown, shown_p
from cxstats.roles import Binary, Outcome, Roles
from cxstats.scales import Scale
from cxstats.shared.touchpoint_rows import TouchpointRows, ordered_outcome, touchpoint_names, touchpoint_rows
from cxstats.shared.touchpoint_slopes import TouchpointSlopes, touchpoint_slopes
from cxstats.wald import WaldResult

# (more important than the mean, performs better than the mean) -> the words of Martilla and James.
QUADRANTS = {
    (True, True): "keep up the good work",
    (True, False): "concentrate here",
    (False, False): "low priority",
    (False, True): "possible overkill",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class TouchpointImportance(WaldResult):
    """The standardised slope of each of p touchpoints, then the difference of every pair ``"a - b"``.

    Limits and p-values of the differences are simultaneous: all pairs hold at once with the level's probability.
    Those of the touchpoints themselves are for each alone.

    Attributes
    ----------
    touchpoints : tuple of str, length p
    model : {"linear", "logistic"}
    covariance : array, shape (2 p, 2 p)
        Of the p standardised slopes, then the p performances.
    slope, slope_std_error : array, shape (p,)
        Per point of each touchpoint's own scale, up is good: in units of the outcome, or of log-odds.
    equal : NestedTest
        Wald's test that all standardised slopes are equal.
    simultaneous : MaxT
        Distribution of the largest |t| of all pairs.
    n_users : int array, shape (p,)
        Journeys in which each touchpoint was used.
    mean : array, shape (p,)
        Mean score among those, on the touchpoint's own scale and in its own direction.
    performance : array, shape (p,)
        The same as a share of the scale, from 0 (worst) to 1 (best).
    """

    touchpoints: tuple[str, ...]
    model: Literal["linear", "logistic"]
    covariance: Floats
    slope: Floats
    slope_std_error: Floats
    equal: NestedTest
    simultaneous: MaxT
    n_users: Ints
    mean: Floats
    performance: Floats

    method: ClassVar[str] = "Standardised slopes with robust covariance, simultaneous max-t intervals for pairs"
    reference: ClassVar[str] = "Hothorn, Bretz & Westfall (2008), doi:10.1002/bimj.200810425"

    @property
    def terms(self) -> tuple[str, ...]:
        """Touchpoints, then pairs as ``"a - b"``."""
        return (*self.touchpoints, *(f"{a} - {b}" for a, b in combinations(self.touchpoints, 2)))

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": self.terms}

    @property
    def is_difference(self) -> Bools:
        """Which rows are differences."""
        return np.arange(len(self.estimate)) >= len(self.touchpoints)

    @property
    def p_value(self) -> Floats:
        """Two-sided: of each slope alone, of the differences adjusted for all pairs."""
        t = self.statistic
        return np.where(self.is_difference, self.simultaneous.tail(t), two_sided(t, self.df))

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits of each touchpoint alone; of the differences limits that hold for all pairs at once."""
        half = np.where(self.is_difference, self.simultaneous.critical(checked_level(level)), critical(level, self.df))
        return ConfidenceInterval(self.estimate - half * self.std_error, self.estimate + half * self.std_error, level)

    def performance_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits of the performances, between 0 and 1, each alone."""
        p = len(self.touchpoints)
        error = np.sqrt(self.covariance.diagonal()[p:])
        limits = symmetric(self.performance, error, checked_level(level), self.df)
        return ConfidenceInterval(np.clip(limits.low, 0, 1), np.clip(limits.high, 0, 1), level)

    def quadrant(self, backend: Backend = "pandas", level: float = 0.95) -> Any:
        """Importance and performance of each touchpoint, and on which side of both means it lies.

        The names of the quadrants only describe: where the lines are drawn is a convention, and the touchpoints
        that were rated decide where their means lie. ``p_quadrant`` is the chance, by 50,000 draws from the joint
        normal (Student's t with clusters), that a touchpoint is in the quadrant in which it is seen;
        ``p_more_important`` and ``p_better`` that it lies above the mean importance and the mean performance.
        """
        p = len(self.touchpoints)
        importance, limits = self.estimate[:p], self.confidence_interval(level)
        performed = self.performance_interval(level)
        chance = sides(importance, self.performance, self.covariance, self.df)
        high = zip(importance > importance.mean(), self.performance > self.performance.mean(), strict=True)
        columns: dict[str, Any] = {
            "touchpoint": list(self.touchpoints),
            "performance": self.performance,
            "performance_low": performed.low,
            "performance_high": performed.high,
            "importance": importance,
            "importance_low": limits.low[:p],
            "importance_high": limits.high[:p],
            "mean_performance": np.full(p, self.performance.mean()),
            "mean_importance": np.full(p, importance.mean()),
            "quadrant": [QUADRANTS[bool(a), bool(b)] for a, b in high],
            "p_quadrant": chance.both,
            "p_more_important": chance.importance,
            "p_better": chance.performance,
            "mean_score": self.mean,
            "n_users": self.n_users,
        }
        return build_frame(columns, backend)

    def plot(self, ax: Any = None) -> Any:
        """Draw importance against performance, the quadrants; returns the matplotlib Axes, shows nothing."""
        from cxstats.figures.quadrant import quadrant

        return quadrant(self, ax)

    def footer(self) -> str:
        """Whether all matter alike, how wide the simultaneous intervals are, then rows and method."""
        equal, lines = self.equal, []
        if np.isnan(equal.p_value):
            lines.append("All slopes equal: not tested, since there are no more clusters than touchpoints.")
        else:
            told = f"chi-square {shown(equal.chi_square)} on {equal.degrees}, p {shown_p(equal.p_value)}"
            lines.append(f"All slopes equal: {told}.")
        if self.simultaneous.rank > 1:
            wide, error = self.simultaneous.critical(0.95), self.simultaneous.critical_error(0.95)
            lines.append(
                f"All differences hold together: 95% limits are {shown(wide)} standard errors away (Monte Carlo error "
                f"{shown(error, 2)}), where {shown(float(critical(0.95, self.df)))} would serve a single one."
            )
        return "\n".join([*lines, super().footer()])


def touchpoint_importance(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    touchpoints: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> TouchpointImportance:
    """Find out which touchpoints of a journey go with the outcome, and whether they differ at all.

    Use it to compare touchpoints with the others held fixed. Where ratings of touchpoints hang together closely,
    slopes are shaky, and `dominance` with its intervals for pairs says how they share what they explain. Slopes are
    associations: a touchpoint with a large one need not be the one that repays an improvement.

    Parameters
    ----------
    data : dataframe or Cells
        One row per journey.
    outcome : Binary, Rating, Continuous or Count
        Logistic regression for a binary outcome, least squares for any other; up is good for the firm.
    touchpoints : mapping from column to Scale
        At least two. A missing rating means that the touchpoint was not used. Names suffice where ``data`` are
        Cells, which carry the scales.
    cluster : str, optional
        Column with what makes rows dependent (the customer with several journeys). Intervals then use influence
        sums per cluster and Student's t with (number of clusters - 1) degrees of freedom.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    TouchpointImportance
        The p standardised slopes, then the p (p - 1) / 2 differences: SDs of the outcome, or log-odds of the good
        outcome, per SD of the touchpoint among those who used it.

    Raises
    ------
    TooFewError
        Fewer than two touchpoints; a touchpoint that fewer than 20 journeys used, or that does not vary; an outcome
        that does not vary; fewer than 20 rows, or than 10 events, per coefficient; fewer than 20 clusters.
    RoleError
        No outcome, or one of survival; also as for `tally`.
    ColumnError
        Touchpoints repeat each other (collinear); also as for `tally`.
    SeparationError
        Touchpoints tell the outcomes apart perfectly.
    ScaleError
        As for `tally`.

    Notes
    -----
    A touchpoint enters by its rating, centred and 0 where it was not used, and by an indicator of "used" where at
    least 20 journeys used it and 20 did not. With b its slope, s its standard deviation among users and s_y that of
    the outcome, the estimate is b s / s_y (b s for a binary outcome). Its influence includes that of both standard
    deviations; the covariance is robust (sums of squared influences [1]_), times n / (n - 1), or G / (G - 1) for
    G clusters. One independent unit is a row, or a cluster.
    The limits of all differences use the quantile of the largest |t| [2]_ under the joint normal, or Student's t with
    clusters: directions are drawn (20,000, always the same), lengths integrated exactly, and the footer states the
    Monte Carlo error of the quantile. ``equal`` is Wald's chi-square with p - 1 degrees of freedom, and with clusters
    Hotelling's F. The test and the intervals may disagree near the border: they look in different directions.
    Performance is the mean rating among users; the quadrants after [3]_ are a description. Rows without the outcome, or
    without any touchpoint, are left out and counted in ``n_missing``. Intervals are for large samples.

    References
    ----------
    .. [1] White (1980). Econometrica 48, 817-838. doi:10.2307/1912934
    .. [2] Hothorn, Bretz & Westfall (2008). Biometrical Journal 50, 346-363, section 3. doi:10.1002/bimj.200810425
    .. [3] Martilla & James (1977). Journal of Marketing 41, 77-79. doi:10.1177/002224297704100112

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.touchpoint_importance(
    ...     customers,
    ...     outcome=cx.Rating("nps", cx.NPS),
    ...     touchpoints={"csat": cx.CSAT5, "ease": cx.EASE7},
    ...     count="n",
    ... )
    >>> result.to_frame()[["term", "estimate"]].round(4)
              term  estimate
    0         csat    0.3735
    1         ease    0.3608
    2  csat - ease    0.0126
    """
    declared, names = touchpoint_names(data, touchpoints)
    roles = Roles(outcome=outcome, metrics=declared, cluster=cluster, weight=weight, count=count)
    cells = as_cells(data, roles)
    target = ordered_outcome(cells.roles.outcome)
    found = touchpoint_rows(cells, names, outcome=target.column)
    return _result(found, target, touchpoint_slopes(found, target))


def _result(found: TouchpointRows, target: Ordered, fitted: TouchpointSlopes) -> TouchpointImportance:
    kept, moments, p = found.cells, fitted.moments, len(found.names)
    width = np.array([scale.high - scale.low for scale in found.scales])
    low = np.array([scale.low for scale in found.scales])
    pieces = [fitted.influence, moments.mean_influence / width, fitted.slope_influence]
    spread: Covariance = covariance(np.hstack(pieces), kept.count, kept.cluster_codes)
    own = spread.matrix[:p, :p]
    every = np.vstack([np.eye(p), pairwise(p)])
    mean = [float(upward(scale, moments.mean[j : j + 1])[0]) for j, scale in enumerate(found.scales)]
    return TouchpointImportance(
        touchpoints=found.names,
        model="logistic" if isinstance(target, Binary) else "linear",
        estimate=every @ fitted.theta,
        std_error=np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", every, own, every), 0)),
        covariance=spread.matrix[: 2 * p, : 2 * p],
        df=spread.df,
        slope=fitted.slope,
        slope_std_error=np.sqrt(spread.matrix.diagonal()[2 * p :]),
        equal=equal_slopes(fitted.theta, own, spread.df),
        simultaneous=max_t(pairwise(p), own, spread.df),
        n_users=kept.count @ found.used,
        mean=np.array(mean),
        performance=(moments.mean - low) / width,
        n=kept.n,
        n_missing=found.n_missing,
        n_cells=kept.n_cells,
        notes=spread.notes,
    )
