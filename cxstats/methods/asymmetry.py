"""Does a shortfall go with more lost loyalty than the same excess goes with gained loyalty?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells, as_cells
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import covariance
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided
from cxstats.numerics.linear import fit_linear, sd_influence
from cxstats.numerics.ordered_probit import fit_ordered_probit, latent_sd
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level
from cxstats.roles import Binary, Rating, Roles
from cxstats.shared.disconfirmed import Disconfirmed, disconfirm, enough_in

BELOW, EXCEEDED = 0, 2
TERMS = ("slope below", "slope above", "below - above", "standardised", "ratio")
LATENT_TERMS = ("latent slope below", "latent slope above", "latent standardised")
AT_RATIO = TERMS.index("ratio")


@dataclass(frozen=True, kw_only=True, eq=False)
class Asymmetry(TalliedResult):
    """Slopes of loyalty on the gap, below and above what was expected.

    Rows: ``"slope below"`` and ``"slope above"`` (loyalty per unit of the gap), ``"below - above"``,
    ``"standardised"`` (that difference in standard deviations of loyalty per standard deviation of the
    gap), ``"ratio"`` (below over above, with Fieller's interval and no standard error; infinite ends mean
    that it cannot be told), and
    for a rating ``"latent slope below"``, ``"latent slope above"`` and ``"latent standardised"``.

    Attributes
    ----------
    effect : Effect
        The standardised difference, which decides.
    latent_effect : Effect or None
        For a rating: the same on the latent scale of an ordered probit with the same knots.
    ratio : Effect
        Slope below over slope above; about 2 is what loss aversion would lead one to expect.
    share_at_top : float
        For a rating: share of all customers who gave the best value. NaN for a binary outcome.
    """

    terms: tuple[str, ...]
    df: float
    effect: Effect
    latent_effect: Effect | None
    ratio: Effect
    share_at_top: float

    method: ClassVar[str] = "Two slopes joined at the met range, with influence-function variances"
    reference: ClassVar[str] = "Anderson & Sullivan (1993), doi:10.1287/mksc.12.2.125"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": self.terms}

    @property
    def statistic(self) -> Floats:
        """Estimate over standard error; NaN for the ratio, whose interval is not symmetric."""
        return ratio_to_error(self.estimate, self.std_error)

    @property
    def p_value(self) -> Floats:
        """Two-sided, of 0."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits, and Fieller's for the ratio."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        is_ratio = np.arange(len(self.terms)) == AT_RATIO
        low, high = self.ratio.interval(level)
        return ConfidenceInterval(np.where(is_ratio, low, limits.low), np.where(is_ratio, high, limits.high), level)


def asymmetry(
    data: IntoCells,
    *,
    outcome: Binary | Rating | None = None,
    disconfirmation: str | None = None,
    met: tuple[float, float] = (0, 0),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> Asymmetry:
    """Fit one slope of loyalty on the gap below expectation and one above it, and compare them.

    Use it where the gap is a number (days early, minutes saved, received minus expected points). On a
    rating, look at the latent rows too: the end of a scale alone bends a straight line.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary or Rating
        Loyalty. A binary outcome is modelled by its share (a linear probability).
    disconfirmation : str
        Column with received minus expected; above 0 is better than expected.
    met : (low, high)
        The range of the gap, ends included, in which loyalty is taken as flat.
    cluster, weight, count : str, optional
        As in `delong`.

    Returns
    -------
    Asymmetry
        Slopes per unit of the gap, their difference, standardised difference and ratio.

    Raises
    ------
    TooFewError
        Below or above: fewer than 10 good or 10 bad outcomes, or fewer than 30 ratings.
    RoleError, ScaleError, ColumnError
        As for `tally`; also where ``met`` is no range.

    Notes
    -----
    y = a + b1 min(gap - low, 0) + b2 max(gap - high, 0), by least squares. Standard errors come from the
    influence values w e x'(X'WX)^-1 (robust to unequal spread), summed per cluster where one is given;
    the standardised difference (b1 - b2) SD(gap) / SD(y) includes the uncertainty of both deviations. On
    the latent scale SD(y) is sqrt(1 + variance of the fitted part) of the ordered probit. Rows without
    outcome or gap are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Anderson & Sullivan (1993). Marketing Science 12, 125-143. doi:10.1287/mksc.12.2.125
    .. [2] Fieller (1954). J. R. Stat. Soc. B 16, 175-185. doi:10.1111/j.2517-6161.1954.tb00159.x

    Examples
    --------
    >>> import cxstats as cx
    >>> orders = cx.datasets.load("olist_deliveries").frame
    >>> result = cx.asymmetry(
    ...     orders, outcome=cx.Rating("stars", cx.CSAT5), disconfirmation="days_early", count="n"
    ... )
    >>> result.to_frame()[["term", "estimate"]].round(3).head(2)
              term  estimate
    0  slope below     0.254
    1  slope above     0.012
    """
    cells = as_cells(
        data,
        Roles(outcome=outcome, disconfirmation=disconfirmation, cluster=cluster, weight=weight, count=count),
    )
    rows = disconfirm(cells, met)
    enough_in(rows, (BELOW, EXCEEDED))
    estimate, influence = _observed(rows)
    if isinstance(rows.outcome, Rating):
        latent_estimate, latent_influence = _latent(rows)
        estimate = np.append(estimate, latent_estimate)
        influence = np.column_stack([influence, latent_influence])
    fit = covariance(influence, rows.count, rows.cells.cluster_codes)
    variance = np.diag(fit.matrix)
    ratio = Effect(
        a=float(estimate[0]),
        b=float(estimate[1]),
        var_a=float(variance[0]),
        cov=float(fit.matrix[0, 1]),
        var_b=float(variance[1]),
        df=fit.df,
    )
    is_rating = isinstance(rows.outcome, Rating)
    effects = [Effect(a=float(estimate[j]), var_a=float(variance[j]), df=fit.df) for j in (3, -1)]
    return Asymmetry(
        terms=(*TERMS, *(LATENT_TERMS if is_rating else ())),
        estimate=np.insert(estimate, AT_RATIO, ratio.estimate),
        std_error=np.insert(np.sqrt(variance), AT_RATIO, np.nan),
        df=fit.df,
        effect=effects[0],
        latent_effect=effects[1] if is_rating else None,
        ratio=ratio,
        share_at_top=_share_at_top(rows),
        n=rows.cells.n,
        n_missing=rows.n_missing,
        n_cells=rows.cells.n_cells,
        notes=fit.notes,
    )


def _observed(rows: Disconfirmed) -> tuple[Floats, Floats]:
    """Slopes, difference and standardised difference, with influence values of shape (K, 4)."""
    weight = rows.cells.row_weight
    design = np.column_stack([np.ones(len(rows.gap)), rows.shortfall, rows.excess])
    fit = fit_linear(design, rows.loyalty, rows.count, weight)
    below, above = fit.coefficients[1:]
    slopes = fit.influence[:, 1:]
    gap_sd, gap_values = sd_influence(rows.gap, rows.count, weight)
    sd, sd_values = sd_influence(rows.loyalty, rows.count, weight)
    bend, bend_values = below - above, slopes[:, 0] - slopes[:, 1]
    standard = bend * gap_sd / sd
    standard_values = (bend_values * gap_sd + bend * gap_values - standard * sd_values) / sd
    estimate = np.array([below, above, bend, standard])
    return estimate, np.column_stack([slopes, bend_values, standard_values])


def _latent(rows: Disconfirmed) -> tuple[Floats, Floats]:
    """Latent slopes and their standardised difference, with influence values of shape (K, 3)."""
    weight = rows.cells.row_weight
    design = np.column_stack([rows.shortfall, rows.excess])
    fit = fit_ordered_probit(design, rows.code, rows.count, weight, names=("shortfall", "excess"))
    slopes = fit.influence[:, :2]
    bend, bend_values = fit.coefficients[0] - fit.coefficients[1], slopes[:, 0] - slopes[:, 1]
    gap_sd, gap_values = sd_influence(rows.gap, rows.count, weight)
    sd, sd_values = latent_sd(fit, design, rows.count, weight)
    standard = bend * gap_sd / sd
    standard_values = (bend_values * gap_sd + bend * gap_values - standard * sd_values) / sd
    return np.array([*fit.coefficients, standard]), np.column_stack([slopes, standard_values])


def _share_at_top(rows: Disconfirmed) -> float:
    if not isinstance(rows.outcome, Rating):
        return math.nan
    mass = rows.count * rows.cells.row_weight
    return float(mass[rows.loyalty == rows.outcome.scale.high].sum() / mass.sum())
