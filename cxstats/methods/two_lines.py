"""Does an effect turn: more is better up to a point, and worse beyond it (or the reverse)?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, is_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import RoleError, TooFewError, listed, number, rows, warn
from cxstats.numerics.breakpoint import FEWEST_ROWS, may_break
from cxstats.numerics.influence import covariance
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided
from cxstats.numerics.two_lines import robin_hood
from cxstats.outcomes import Ordered, good_is_high
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level, shown
from cxstats.roles import Outcome, Rating, Roles
from cxstats.scales import Scale

FEWEST_VALUES = 4  # with three, one side of a breakpoint has no value of its own besides the end
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


@dataclass(frozen=True)
class Along:
    """An outcome along one predictor that may bend it.

    Attributes
    ----------
    cells : Cells
        Complete on both.
    outcome : Binary, Rating, Continuous or Count
    predictor : str
    x, y : array, shape (K,)
        Predictor and outcome, turned so that up is good.
    values : array, shape (G,)
        The distinct values of the predictor, ascending.
    may : bool array, shape (G,)
        Which of them may be a breakpoint; at least one.
    n_missing : int
    """

    cells: Cells
    outcome: Ordered
    predictor: str
    x: Floats
    y: Floats
    values: Floats
    may: Bools
    n_missing: int

    @property
    def share_at_top(self) -> float:
        """Of a rating the share of the best value, by weight; NaN for other outcomes."""
        if not isinstance(self.outcome, Rating):
            return math.nan
        mass = self.cells.count * self.cells.row_weight
        return float(mass[self.y == self.outcome.scale.high].sum() / mass.sum())


def along(cells: Cells, name: str, share: float) -> Along:
    """The outcome along one predictor; refuse what no bend can be seen in.

    A breakpoint needs this share of the rows on each side of it.
    """
    target = _ordered(cells.roles.outcome)
    needed = cells.select(target.column, name)
    kept = needed.where(needed.observed([target.column, name]) & (needed.row_weight > 0))
    if kept.n == 0:
        raise TooFewError(
            f"At least one row must have '{target.column}' and '{name}', but none of {rows(cells.n)} has."
            "\nCheck how the tables were joined."
        )
    y = good_is_high(target, kept[target.column])
    if y.min() == y.max():
        raise TooFewError(
            f"The outcome '{target.column}' must vary, but all {rows(kept.n)} hold "
            f"{number(float(kept[target.column][0]))}.\nAn outcome that everybody shares goes with nothing."
        )
    x = upward(kept.roles.metrics[name], kept[name]) if name in kept.roles.metrics else kept[name]
    values, place = np.unique(x, return_inverse=True)
    if len(values) < FEWEST_VALUES:
        raise TooFewError(
            f"A bend needs at least {FEWEST_VALUES} distinct values of '{name}', but there are {len(values)}: "
            f"{', '.join(number(float(value)) for value in values)}.\nCompare the groups with cx.mean_score instead."
        )
    may = _may_break(kept, name, values, place, share)
    return Along(kept, target, name, x, y, values, may, cells.n - kept.n)


def _may_break(kept: Cells, name: str, values: Floats, place: Ints, share: float) -> Bools:
    count = np.bincount(place, weights=kept.count, minlength=len(values)).astype(np.int64)
    mass = np.bincount(place, weights=kept.count * kept.row_weight, minlength=len(values)).astype(np.float64)
    may = may_break(count, mass, share)
    if not may.any():
        most = int(mass.argmax())
        raise TooFewError(
            f"A breakpoint needs at least {FEWEST_ROWS} rows and {100 * share:g}% of the rows on each side of it, but "
            f"no value of '{name}' has them: of {rows(kept.n)}, {100 * mass[most] / mass.sum():.3g}% hold "
            f"{number(float(values[most]))}.\nCollect more answers, or use a predictor that varies more."
        )
    return may


def predictor_of(data: IntoCells, metrics: object, disconfirmation: str | None) -> tuple[Mapping[str, Scale], str]:
    """The metric to declare, if it is one, and the predictor's name."""
    if is_cells(data) and metrics is None and disconfirmation is None and not data.roles.metrics:
        disconfirmation = data.roles.disconfirmation
    given = f"metrics={metrics!r} and disconfirmation={disconfirmation!r} were given"
    wanted = 'Pass for example metrics={"ease": cx.EASE7}, or disconfirmation="days_early".'
    if disconfirmation is not None:
        if metrics is not None:
            raise RoleError(f"There must be one predictor, but {given}.\n{wanted}")
        return {}, disconfirmation
    if metrics is None and not is_cells(data):
        raise RoleError(f"A predictor is needed: one metric, or the disconfirmation.\n{wanted}")
    declared, names = metric_names(data, metrics)
    if len(names) > 1:
        raise RoleError(
            f"There must be one predictor, but there are {len(names)} metrics: {listed(names)}."
            "\nName the one meant in metrics, and call once for each."
        )
    return declared, names[0]


def _ordered(outcome: Outcome | None) -> Ordered:
    if isinstance(outcome, Ordered):
        return outcome
    if outcome is None:
        raise RoleError('An outcome is needed.\nPass for example outcome=cx.Rating("stars", cx.CSAT5).')
    raise RoleError(
        "A time until an event has no slope by least squares: customers who are still there have no outcome."
        '\nPass whether the event happened within a window, as cx.Binary("churned", good=0).'
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
