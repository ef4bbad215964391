"""Same performance, different reaction: how far persons differ in what a better performance does to their ratings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import IntoCells
from cxstats.numerics import slope_profile
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import Covariance, covariance
from cxstats.numerics.intervals import critical
from cxstats.numerics.moderated_slopes import ModeratedSlopes, fit_moderated_slopes, standardised
from cxstats.numerics.random_slopes import RandomSlopes
from cxstats.results import ConfidenceInterval, shown
from cxstats.roles import Outcome
from cxstats.scales import Scale
from cxstats.shared.repeated_ratings import RATINGS, RepeatedRatings, repeated_ratings
from cxstats.wald import WaldResult

CEILING = 0.3  # share of a rating's answers at its best value from which the end of its scale makes slopes differ
TERMS = ("slope SD", "slope", "person's mean")
MODERATED = ("slope SD given expectation", "performance x expectation", "performance x expectation, within")


@dataclass(frozen=True, kw_only=True, eq=False)
class PerformanceSlopes(WaldResult):
    """How far persons' slopes of the outcome on performance differ, and whether expectation tells whose is steep.

    The unit is a standard deviation of the outcome per standard deviation of performance within persons; products
    with expectation are per standard deviation of that besides. Rows: ``"slope SD"``, the standard deviation of the
    slopes between persons; ``"slope"``, their mean; ``"person's mean"``, what goes with a better performance on the
    whole. With expectation: ``"slope SD given expectation"``; ``"performance x expectation"``, how much steeper the
    slope of persons is who expect more on the whole; and, where a person's expectation varies,
    ``"performance x expectation, within"``. Standard deviations have limits by the profile likelihood, the root of the
    likelihood ratio against 0 as their statistic, and no standard error.

    Attributes
    ----------
    plain : RandomSlopes
        The fit without products with expectation, in units of the data.
    moderated : RandomSlopes or None
        The fit with them.
    share_explained : float
        Share of the slopes' variance that is gone given expectation: without an interval; by luck it may lie below 0.
        NaN without expectation, and where slopes do not differ.
    intercept_sd, residual_sd : float
        Of persons' levels at their own mean performance, and of one rating around the person's line, in standard
        deviations of the outcome.
    correlation : float
        Of levels and slopes; NaN where slopes do not differ.
    sd_outcome, sd_performance : float
        The two units, in units of the data; performance within persons.
    n_persons, n_informing : int
        Persons; those with 3 or more ratings and a performance that varied, who inform the slopes.
    share_at_top : float
        For a rating: share of the best value among the rows. NaN for a measured outcome.
    """

    plain: RandomSlopes
    moderated: RandomSlopes | None
    share_explained: float
    intercept_sd: float
    residual_sd: float
    correlation: float
    sd_outcome: float
    sd_performance: float
    n_persons: int
    n_informing: int
    share_at_top: float

    method: ClassVar[str] = (
        "Linear mixed model with correlated intercepts and slopes; profile likelihood, boundary test"
    )
    reference: ClassVar[str] = "Stram & Lee (1994), doi:10.2307/2533455"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": (*TERMS, *MODERATED)[: len(self.estimate)]}

    @property
    def is_sd(self) -> Bools:
        """Which rows are standard deviations of slopes."""
        return np.isin(np.arange(len(self.estimate)), (0, len(TERMS)))

    @property
    def _unit(self) -> float:
        return self.sd_outcome / self.sd_performance

    @property
    def _fits(self) -> list[RandomSlopes]:
        return [self.plain] if self.moderated is None else [self.plain, self.moderated]

    def p_not_above(self, delta: float) -> float:
        """One-sided p-value of "the slope SD is ``delta`` or less", in the unit of the estimates; small if above.

        At 0 the likelihood-ratio test at the boundary: half chi-square with 1, half with 2 degrees, and already
        one-sided. Elsewhere the signed root of the likelihood ratio, never below the p-value of 0.
        """
        return slope_profile.p_not_above(self.plain, delta * self._unit)

    def p_not_below(self, delta: float) -> float:
        """One-sided p-value of "the slope SD is ``delta`` or more": small where it is below; 1 at 0."""
        return slope_profile.p_not_below(self.plain, delta * self._unit)

    @property
    def likelihood_ratio(self) -> float:
        """Twice the log-likelihood that is lost where all persons have one slope."""
        return slope_profile.likelihood_ratio(self.plain)

    @property
    def effect(self) -> Effect:
        """The slope SD as a plain estimate, for a sense of its precision and of the n needed.

        Its standard error is that of a Wald interval with the upper 95% limit of the profile. Tests belong to
        `p_not_above` and `p_not_below`.
        """
        high = slope_profile.limits(self.plain, 0.95)[1] / self._unit
        error = (high - float(self.estimate[0])) / float(critical(0.95))
        return Effect(a=float(self.estimate[0]), var_a=error**2)

    @property
    def interaction(self) -> Effect | None:
        """How much steeper slopes are per SD of the person's mean expectation; below 0 where they are flatter."""
        if self.moderated is None:
            return None
        at = len(TERMS) + 1
        return Effect(a=float(self.estimate[at]), var_a=float(self.std_error[at]) ** 2, df=self.df)

    @property
    def statistic(self) -> Floats:
        """Estimate / standard error; of standard deviations the root of the likelihood ratio against 0."""
        ratios = super().statistic.copy()
        ratios[self.is_sd] = [slope_profile.likelihood_ratio(fit) ** 0.5 for fit in self._fits]
        return ratios

    @property
    def p_value(self) -> Floats:
        """Two-sided; of standard deviations by the boundary test, which has one side."""
        values = super().p_value.copy()
        values[self.is_sd] = [slope_profile.p_not_above(fit, 0.0) for fit in self._fits]
        return values

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits, by the profile likelihood for standard deviations; 0 belongs to these unless it is rejected."""
        wald = super().confidence_interval(level)
        low, high = wald.low.copy(), wald.high.copy()
        ends = [slope_profile.limits(fit, level) for fit in self._fits]
        low[self.is_sd], high[self.is_sd] = np.array(ends).T / self._unit
        return ConfidenceInterval(low, high, level)

    def footer(self) -> str:
        """Persons, the share that expectation explains, the ceiling; then rows and method."""
        why = f"{RATINGS} or more ratings, and a performance that varied"
        lines = [f"{self.n_persons:,} persons, of whom {self.n_informing:,} inform the slopes ({why})."]
        if self.moderated is not None:
            lines.append(f"Share of the slopes' variance that expectation explains: {shown(self.share_explained)}.")
        if self.share_at_top >= CEILING:
            top = f"{100 * self.share_at_top:.0f}% of the ratings are at the best value"
            lines.append(f"{top}: slopes flatten there, so that the end of a scale alone makes them differ.")
        return "\n".join([*lines, super().footer()])


def performance_slopes(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    performance: Mapping[str, Scale] | str | None = None,
    expectation: Mapping[str, Scale] | str | None = None,
    cluster: str | None = None,
    count: str | None = None,
) -> PerformanceSlopes:
    """Ask whether persons react differently to the same performance, and whether what they expect tells how.

    Use it where persons rated repeatedly, at performances that varied. That persons rate higher or lower as a whole is
    no different reaction: it is taken out. Do not use it with one rating per person, nor to say that expectation makes
    the reaction: it is an association.

    Parameters
    ----------
    data : dataframe or Cells
        One row per rating.
    outcome : Rating or Continuous
        Satisfaction with this experience; turned so that up is good.
    performance : mapping from column to Scale, or str
        One column: a score on a scale, or the name of a plain number such as minutes waited, taken as it is. For Cells
        its name, which must be among their metrics or controls.
    expectation : mapping from column to Scale, or str, optional
        The same for what the person expected, per person or per rating.
    cluster : str
        Column with the person. Cells carry it.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    PerformanceSlopes
        Three rows, with expectation five or six, in standard deviations of the outcome per standard deviation of
        performance within persons; ``p_not_above`` and ``p_not_below`` for a smallest slope SD of interest.

    Raises
    ------
    TooFewError
        Fewer than 20 persons with 3 or more ratings and a performance that varied; a constant outcome or performance.
    SeparationError
        Every person's ratings lie on a line of the person's own.
    RoleError
        No cluster; an outcome of another kind; performance or expectation that is not one column; Cells with a survey
        weight, which would have to be split into one of persons and one of ratings. Also as for `tally`.
    ColumnError, ScaleError
        Text; expectations that repeat the performance. As for `tally`.

    Notes
    -----
    y = b0 + u + (b1 + v) (x - m) + b2 m + e: x is the performance, m the person's mean of it, u and v are normal with a
    free correlation, per person, and e is normal [1]_. Performance enters as the deviation from the person's mean, with
    the mean beside it, so that what goes on between persons is not taken for a slope [3]_. The slope SD is that of v.
    Estimates are those of maximum likelihood: with 25 persons of 3 to 8 ratings each, the SD came out 13% too small in
    simulations. Persons with fewer than 3 ratings, or a constant performance, do not inform slopes, but stay in for the
    rest.

    The test against 0 is the likelihood ratio's, half chi-square with 1 and half with 2 degrees, since the covariance
    of u and v vanishes with v [2]_. Limits hold all values that neither one-sided test rejects. Standard deviations of
    outcome (n - 1) and performance (rows less persons) are taken as known. In simulations with normal ratings, 2 to 12
    of each of 60 persons, the 5% test rejected no more than 5%; where the scatter around their lines differed by a
    factor of 1.6 from person to person it rejected 10%.

    The end of a rating's scale, and a curve common to all, make slopes differ as well: who rates high has no room left.
    With one true slope of 150 persons, the slope SD came out at .05 with 12% of the ratings at the top, at .09 with
    29% and at .15 with 50%. A ``correlation`` of levels and slopes near -1 is the mark of it; see ``share_at_top``.

    Expectation enters as the person's mean (centred over persons) and, where it varies, as the deviation from that.
    Both fits hold these; only the second has their products with x - m. The share is 1 - var(v | expectation) / var(v).
    The unit is a person: slopes have standard errors from influence values summed per person, and Student's t with
    persons - 1 degrees. Rows without outcome, performance, expectation or person are left out and counted in
    ``n_missing``.

    References
    ----------
    .. [1] Laird & Ware (1982). Biometrics 38, 963-974. doi:10.2307/2529876
    .. [2] Stram & Lee (1994). Biometrics 50, 1171-1177. doi:10.2307/2533455
    .. [3] Mundlak (1978). Econometrica 46, 69-85. doi:10.2307/1913646

    Examples
    --------
    >>> import cxstats as cx
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> guest = np.repeat(np.arange(200), 8)
    >>> hoped = rng.normal(size=200)[guest]
    >>> speed = rng.normal(size=1600)
    >>> joy = (0.5 - 0.3 * hoped) * speed + rng.normal(size=1600)
    >>> visits = pd.DataFrame({"guest": guest, "hoped": hoped, "speed": speed, "joy": joy})
    >>> result = cx.performance_slopes(
    ...     visits, outcome=cx.Continuous("joy"), performance="speed", expectation="hoped", cluster="guest"
    ... )
    >>> result.to_frame()[["term", "estimate", "ci_low", "ci_high"]].round(2)
                             term  estimate  ci_low  ci_high
    0                    slope SD      0.20    0.13     0.27
    1                       slope      0.48    0.42     0.53
    2               person's mean      0.42    0.30     0.53
    3  slope SD given expectation      0.00    0.00     0.08
    4   performance x expectation     -0.25   -0.28    -0.21
    """
    found = repeated_ratings(data, outcome, performance, expectation, cluster, count)
    names = (found.performance_name, found.expectation_name or "")
    fits = fit_moderated_slopes(found.performance, found.expectation, found.y, found.kept.count, found.person, names)
    return _result(fits, found)


def _result(fits: ModeratedSlopes, found: RepeatedRatings) -> PerformanceSlopes:
    plain, moderated, kept = fits.plain, fits.moderated, found.kept
    sd_outcome = float(np.sqrt(np.cov(found.y, fweights=kept.count)))
    rows = standardised(fits, found.performance.sd / sd_outcome)
    spread = _spread(found, rows.influence)
    errors = np.full(len(rows.estimate), np.nan)
    errors[~rows.is_sd] = np.sqrt(np.diag(spread.matrix))
    explained = float("nan")
    if moderated is not None and plain.slope_sd > 0:
        explained = 1 - (moderated.slope_sd / plain.slope_sd) ** 2
    return PerformanceSlopes(
        estimate=rows.estimate,
        std_error=errors,
        df=spread.df,
        plain=plain,
        moderated=moderated,
        share_explained=explained,
        intercept_sd=plain.intercept_sd / sd_outcome,
        residual_sd=plain.residual_sd / sd_outcome,
        correlation=plain.correlation,
        sd_outcome=sd_outcome,
        sd_performance=found.performance.sd,
        n_persons=len(plain.influence),
        n_informing=found.informing,
        share_at_top=found.share_at_top,
        n=kept.n,
        n_missing=found.n_missing,
        n_cells=kept.n_cells,
        notes=(*found.notes, *spread.notes),
    )


def _spread(found: RepeatedRatings, influence: Floats) -> Covariance:
    """Covariance of the slopes, a person being the unit."""
    size = np.bincount(found.person, weights=found.kept.count).astype(np.int64)
    return covariance(influence / size[:, None], size, np.arange(len(size)))
