"""Does an effect turn: more is better up to a point, and worse beyond it (or the reverse)?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells, as_cells
from cxstats.errors import number, rows, warn
from cxstats.numerics.influence import covariance
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided
from cxstats.numerics.two_lines import robin_hood
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level, shown
from cxstats.roles import Outcome, Roles
from cxstats.scales import Scale
from cxstats.shared.along import Along, along, predictor_of

PUBLISHED_LEVEL = 0.05
SHARE = 0.1  # of the rows, strictly on each side of the breakpoint, as in the article
LEVEL = (
    0.035  # below which either slope must lie: with .05, rises that stay flat passed as a U in up to 6.4% of samples
)
SIDES = ("below", "above")


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoLines(TalliedResult):
    """Slope of the outcome on the predictor below a breakpoint, and above it.

    The frame has the rows ``"below"`` and ``"above"``, in units of the outcome per unit of the predictor, both
    turned so that up is good. The rows at the breakpoint belong to both lines.

    Attributes
    ----------
    predictor : str
    breakpoint : float
        A value of the predictor (turned so that up is good) that occurs. It was chosen so that a turn is seen
        best, and estimates nothing else.
    flat : (low, high)
        The part in which the smooth curve cannot be told from its highest, or lowest, place.
    df : float
    share_at_top : float
        For a rating: share of all customers who gave the best value, beyond which none can rise. Else NaN.
    """

    predictor: str
    breakpoint: float
    flat: tuple[float, float]
    df: float
    share_at_top: float

    method: ClassVar[str] = "Two lines at a breakpoint by the Robin Hood algorithm, with influence-function variances"
    reference: ClassVar[str] = "Simonsohn (2018), doi:10.1177/2515245918805755"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The side of each row."""
        return {"term": SIDES}

    @property
    def statistic(self) -> Floats:
        """Slope over standard error."""
        return ratio_to_error(self.estimate, self.std_error)

    @property
    def p_value(self) -> Floats:
        """Two-sided, of a slope of 0 on that side; the breakpoint is taken as given."""
        return two_sided(self.statistic, self.df)

    @property
    def shape(self) -> str | None:
        """``"U"``, ``"inverted U"``, or None where it cannot be told from a relation that never turns.

        The slopes have opposite signs and each has a p-value below .035, which keeps false ones to 5%.
        """
        return self._shape(LEVEL)

    @property
    def published_shape(self) -> str | None:
        """The same by the rule of the article, each p-value below .05."""
        return self._shape(PUBLISHED_LEVEL)

    @property
    def verdict(self) -> str:
        """The shape in a sentence."""
        if self.shape is None:
            return f"No turn: the relation with '{self.predictor}' cannot be told from one that only rises or falls."
        name, ways = ("A U", "falls up to it, rises beyond")
        if self.shape != "U":
            name, ways = ("An inverted U", "rises up to it, falls beyond")
        low, high = (shown(end) for end in self.flat)
        return f"{name} in '{self.predictor}', turning between {low} and {high}: the outcome {ways}."

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        return ConfidenceInterval(limits.low, limits.high, level)

    def footer(self) -> str:
        """The verdict and the breakpoint before the rows."""
        return f"{self.verdict} Breakpoint {shown(self.breakpoint)}.\n{super().footer()}"

    def _shape(self, level: float) -> str | None:
        below, above = self.estimate
        if not (below * above < 0 and (self.p_value < level).all()):
            return None
        return "U" if below < 0 else "inverted U"


def two_lines(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    disconfirmation: str | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> TwoLines:
    """Test whether more is better only up to a point: a U or an inverted U, by two separate lines.

    Use it in place of a squared term. A parabola fitted to a curve that rises and then stays flat nearly always
    looks like an inverted U. Where it finds no shape, the effect may still level off: see `segmented` (an
    estimated bend) and `asymmetry` (a bend at a point known beforehand).

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Continuous, Rating, Binary or Count
        With the end that is good for the firm declared. A binary outcome is modelled by its share (a linear
        probability).
    metrics : mapping from column to Scale
        Exactly one, the predictor; it is turned so that up is good. The name suffices where ``data`` are Cells.
    disconfirmation : str
        In place of a metric: the column with received minus expected, above 0 is better than expected.
    cluster : str, optional
        Column with what makes rows dependent.
    weight : str, optional
        Survey weight, taken as fixed.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    TwoLines
        The slopes on either side; ``shape`` says what they amount to.

    Raises
    ------
    TooFewError
        A constant outcome, fewer than 4 distinct values of the predictor, no value with 10 rows and a tenth of
        the rows on each side of it, fewer than 20 clusters.
    RoleError
        No outcome or a survival outcome; not exactly one predictor; also as for `tally`.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    A natural cubic regression spline (10 knots evenly spread over the distinct values, fewer where fewer occur;
    roughness by generalised cross-validation [2]_, as `mgcv::gam` fits it in the article) is searched for its
    highest place if a parabola rises at the lowest value, else for its lowest. Its flat part are the values within
    one standard error of it that have a tenth of the rows on each side. Two lines are fitted at the median of the
    rows there; with their |t| as t1 and t2, the breakpoint is the quantile t2 / (t1 + t2) of those rows, so that
    the weaker line gains rows [1]_. Quantiles are values that occur (the inverse of the distribution function),
    where the article interpolates; the two agree wherever values repeat.

    Each slope is least squares on the rows up to, or from, the breakpoint. Standard errors come from the influence
    values w e x / (1 - h) (HC3 [3]_, h the leverage), summed per cluster where one is given. One independent unit is
    a row, or a cluster; the spline takes rows as independent, which only moves the breakpoint.

    The article asks for both p-values below .05. The breakpoint was chosen on the same rows, so in simulation a
    rise that stays flat passed that rule as an inverted U in up to 6.4% of samples; ``shape`` asks for .035, with
    at most 5%, and ``published_shape`` for .05. On a rating with many answers at its top no further rise can
    show, but none is a fall. Rows without outcome or predictor are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Simonsohn (2018). Advances in Methods and Practices in Psychological Science 1, 538-555.
       doi:10.1177/2515245918805755
    .. [2] Craven & Wahba (1979). Numerische Mathematik 31, 377-403. doi:10.1007/BF01404567
    .. [3] MacKinnon & White (1985). J. Econometrics 29, 305-325. doi:10.1016/0304-4076(85)90158-7

    Examples
    --------
    >>> import cxstats as cx
    >>> orders = cx.datasets.load("olist_deliveries").frame
    >>> result = cx.two_lines(
    ...     orders, outcome=cx.Rating("stars", cx.CSAT5), disconfirmation="days_early", count="n"
    ... )
    >>> result.to_frame()[["term", "estimate"]].round(4)
        term  estimate
    0  below    0.0887
    1  above   -0.0112
    >>> print(result.published_shape)
    None
    """
    one, name = predictor_of(data, metrics, disconfirmation)
    gap = disconfirmation
    roles = Roles(outcome=outcome, metrics=one, disconfirmation=gap, cluster=cluster, weight=weight, count=count)
    found = along(as_cells(data, roles), name, SHARE)
    cells = found.cells
    fit = robin_hood(found.x, found.y, cells.count, cells.row_weight, found.values, found.may)
    spread = covariance(fit.influence, cells.count, cells.cluster_codes)
    return TwoLines(
        estimate=fit.slopes,
        std_error=np.sqrt(np.diag(spread.matrix)),
        predictor=found.predictor,
        breakpoint=fit.breakpoint,
        flat=fit.flat,
        df=spread.df,
        share_at_top=found.share_at_top,
        n=cells.n,
        n_missing=found.n_missing,
        n_cells=cells.n_cells,
        notes=(*spread.notes, *_constant_sides(found, fit.breakpoint)),
    )


def _constant_sides(found: Along, cut: float) -> tuple[str, ...]:
    """A side on which nothing varies has a slope of 0 with an error of 0, which is no evidence."""
    notes = []
    for side, here in zip(SIDES, (found.x <= cut, found.x >= cut), strict=True):
        y = found.y[here]
        if y.min() == y.max():
            n = int(found.cells.count[here].sum())
            notes.append(warn(f"All {rows(n)} {side} {number(cut)} have the same outcome: that slope has no error."))
    return tuple(notes)
