"""Where does an effect bend, and how steep is it before and after?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells
from cxstats.errors import RoleError, TooFewError, number, warn
from cxstats.numerics.breakpoint import FEWEST_ROWS, Broken, NoBend, broken_influence, fit_broken, no_bend
from cxstats.numerics.influence import covariance
from cxstats.numerics.resample import draw_clusters, draw_counts, seeded
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level, shown, shown_p
from cxstats.roles import Outcome, Roles
from cxstats.scales import Scale
from cxstats.shared.along import Along, along, predictor_of

TERMS = ("slope below", "slope above", "below - above", "breakpoint")
_BEND, _BREAKPOINT = 2, 3
SHARE = 0.02  # of the rows, strictly on each side of the breakpoint
FEWEST_REPLICATES = 200
_BLOCK = 250_000  # sums held at once for each of the arrays of a fit


@dataclass(frozen=True, kw_only=True, eq=False)
class SegmentedRegression(TalliedResult):
    """Two slopes that meet at an estimated breakpoint.

    Rows: ``"slope below"`` and ``"slope above"`` (outcome per unit of the predictor, both turned so that up is
    good), ``"below - above"`` and ``"breakpoint"`` (in units of the predictor turned so that up is good).

    Attributes
    ----------
    predictor : str
    searched : (low, high)
        Where the breakpoint may lie.
    no_bend : NoBend
        The test that one straight line does; its p-value is that of the row ``"below - above"``. Where it is not
        small, the breakpoint and the single slopes mean little: there may be none.
    resampled : array, shape (replicates, 4)
        The estimates of the bootstrap, NaN where a sample allowed none.
    seed : int or None
        Makes the same draws again.
    share_at_top : float
        For a rating: share of all customers who gave the best value; many of them bend a line. Else NaN.
    """

    predictor: str
    searched: tuple[float, float]
    no_bend: NoBend
    resampled: Floats
    seed: int | None
    df: float
    share_at_top: float

    method: ClassVar[str] = "Two joined lines with an estimated breakpoint, bootstrapped; supremum test of no bend"
    reference: ClassVar[str] = "Muggeo (2003), doi:10.1002/sim.1545"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": TERMS}

    @property
    def statistic(self) -> Floats:
        """For the bend the largest score statistic of all breakpoints; NaN for the other rows."""
        return np.where(np.arange(len(TERMS)) == _BEND, self.no_bend.statistic, np.nan)

    @property
    def p_value(self) -> Floats:
        """Two-sided: of slopes of 0 by the bootstrap, of no bend by the supremum test; NaN for the breakpoint."""
        moved = self._moved
        beyond = (np.sum(moved >= np.abs(self.estimate), axis=0) + 1) / (len(moved) + 1)
        beyond[_BEND], beyond[_BREAKPOINT] = self.no_bend.p_value, np.nan
        return np.asarray(beyond, dtype=np.float64)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Symmetric bootstrap intervals: as far as this share of the samples moved; within the range searched."""
        half = np.quantile(self._moved, checked_level(level), axis=0, method="higher")
        low, high = self.estimate - half, self.estimate + half
        low[_BREAKPOINT] = max(low[_BREAKPOINT], self.searched[0])
        high[_BREAKPOINT] = min(high[_BREAKPOINT], self.searched[1])
        return ConfidenceInterval(low, high, level)

    def footer(self) -> str:
        """What the test of no bend says, before the rows."""
        low, high = (shown(end) for end in self.searched)
        return (
            f"No bend anywhere between {low} and {high}: p {shown_p(self.no_bend.p_value)}; "
            f"{len(self.resampled):,} bootstrap samples, seed {self.seed}.\n{super().footer()}"
        )

    @property
    def _moved(self) -> Floats:
        """How far each sample that allowed a fit lies from the estimate."""
        return np.abs(self.resampled[~np.isnan(self.resampled).any(axis=1)] - self.estimate)


def segmented(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    disconfirmation: str | None = None,
    cluster: str | None = None,
    count: str | None = None,
    replicates: int = 2000,
    rng: int | np.random.Generator | None = None,
) -> SegmentedRegression:
    """Estimate where a slope changes, and the slopes before and after.

    Use it to ask whether a gain levels off, and from where, when the point is not known beforehand. Where it is
    known (expectation met), `asymmetry` is sharper. For a turn from better to worse use `two_lines`: two slopes of
    opposite sign can also be what a smooth curve looks like when it is broken in two.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer. Survey weights are refused: rows are drawn again, and a row of weight 2 is not two.
    outcome : Continuous, Rating, Binary or Count
        With the end that is good for the firm declared. A binary outcome is modelled by its share (a linear
        probability).
    metrics : mapping from column to Scale
        Exactly one, the predictor; it is turned so that up is good. The name suffices where ``data`` are Cells.
    disconfirmation : str
        In place of a metric: the column with received minus expected, above 0 is better than expected.
    cluster : str, optional
        Column with what makes rows dependent; the bootstrap then draws clusters.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    replicates : int
        Bootstrap samples, 200 or more.
    rng : int or Generator, optional
        Seed; the one used is kept in ``seed``.

    Returns
    -------
    SegmentedRegression
        Slopes, their difference and the breakpoint.

    Raises
    ------
    TooFewError
        A constant outcome, fewer than 4 distinct values of the predictor, fewer than two values with 10 rows and
        2% of the rows on each side, fewer than 20 clusters.
    RoleError
        No outcome or a survival outcome; not exactly one predictor; survey weights; also as for `tally`.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    y = a + b1 min(x - c, 0) + b2 max(x - c, 0), by least squares over all four [1]_. The breakpoint c lies between
    the outermost values that have 10 rows and 2% of the rows on each side. Between two neighbouring values the
    best c is where two separate lines meet, or an end, so the smallest sum of squares is found exactly [2]_.

    The estimates are not regular (c may stick to a value that occurs, and is undefined without a bend), so intervals
    come from the bootstrap of rows, or of clusters: symmetric ones, which reach as far on both sides as the given
    share of the samples moved. The p-values of the slopes belong to them. They hold where there is a bend.
    Standard errors of the slopes are linearised, with c as a coefficient [3]_; the breakpoint has none. The time
    grows with the distinct values of the predictor: with 100,000 of them, 2,000 samples take minutes.

    "No bend" is tested by the largest over c of the score statistics of max(x - c, 0) in the straight line, with
    variances from rows or clusters, against the distribution of that maximum [4]_: the usual t of the fitted bend
    would forget that c was searched for.

    A straight line on a rating bends where many answers lie at its top (see ``share_at_top``). A gap that is
    the difference of two ratings carries the errors of both, which flattens the slopes. Rows without outcome or
    predictor are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Muggeo (2003). Statistics in Medicine 22, 3055-3071. doi:10.1002/sim.1545
    .. [2] Hudson (1966). J. American Statistical Association 61, 1097-1129. doi:10.1080/01621459.1966.10482198
    .. [3] Hansen (2017). J. Business & Economic Statistics 35, 228-240. doi:10.1080/07350015.2015.1073595
    .. [4] Davies (1987). Biometrika 74, 33-43. doi:10.1093/biomet/74.1.33

    Examples
    --------
    >>> import cxstats as cx
    >>> orders = cx.datasets.load("olist_deliveries").frame
    >>> result = cx.segmented(
    ...     orders, outcome=cx.Rating("stars", cx.CSAT5), disconfirmation="days_early", count="n", rng=1
    ... )
    >>> result.to_frame()[["term", "estimate"]].round(3)
                term  estimate
    0    slope below     0.216
    1    slope above     0.006
    2  below - above     0.210
    3     breakpoint     2.061
    """
    one, name = predictor_of(data, metrics, disconfirmation)
    roles = Roles(outcome=outcome, metrics=one, disconfirmation=disconfirmation, cluster=cluster, count=count)
    found = along(as_cells(data, roles), name, SHARE)
    cells = found.cells
    _refuse_weights(cells)
    _check(replicates)
    low, high = _searched(found)
    draws = seeded(rng)
    by_value = _ByValue.of(found)
    fit = by_value.fit(cells.count[None, :], low, high)
    cuts = found.values[found.may]
    bend = no_bend(found.x, found.y, cells.count, cells.cluster_codes, cuts)
    spread = covariance(broken_influence(found.x, found.y, cells.count, fit), cells.count, cells.cluster_codes)
    contrasts = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]])
    error = np.sqrt(np.einsum("ij,jk,ik->i", contrasts, spread.matrix, contrasts))
    samples = [by_value.fit(times, low, high) for times in _drawn(cells, replicates, draws.rng)]
    resampled = np.vstack([_columns(sample) for sample in samples])
    estimate = _columns(fit)[0]
    return SegmentedRegression(
        estimate=estimate,
        std_error=np.append(error, np.nan),
        predictor=found.predictor,
        searched=(low, high),
        no_bend=bend,
        resampled=resampled,
        seed=draws.seed,
        df=spread.df,
        share_at_top=found.share_at_top,
        n=cells.n,
        n_missing=found.n_missing,
        n_cells=cells.n_cells,
        notes=(*spread.notes, *_warned(float(estimate[_BREAKPOINT]), (low, high), resampled)),
    )


@dataclass(frozen=True)
class _ByValue:
    """The cells in the order of the predictor, and where each of its values starts."""

    values: Floats
    y: Floats
    order: Ints
    starts: Ints

    @classmethod
    def of(cls, found: Along) -> "_ByValue":
        order = np.argsort(found.x, kind="stable")
        return cls(found.values, found.y[order], order, np.searchsorted(found.x[order], found.values))

    def fit(self, times: Ints, low: float, high: float) -> Broken:
        """The fits of samples that hold each cell so many times, shape (B, K)."""
        mass = times[:, self.order].astype(np.float64)
        rows, total = (np.add.reduceat(part, self.starts, axis=1) for part in (mass, mass * self.y))
        return fit_broken(self.values, rows, total, low, high)


def _drawn(cells: Cells, replicates: int, rng: np.random.Generator) -> Iterator[Ints]:
    """How often each cell's rows occur in samples of rows or of clusters, in blocks of shape (b, K)."""
    block = max(1, _BLOCK // cells.n_cells)
    if cells.cluster_codes is None:
        for drawn in draw_counts(cells.count, replicates, rng):
            for first in range(0, len(drawn), block):
                yield drawn[first : first + block]
        return
    present, code = np.unique(cells.cluster_codes, return_inverse=True)
    for drawn in draw_clusters(len(present), replicates, rng):
        for first in range(0, len(drawn), block):
            yield drawn[first : first + block, code] * cells.count


def _columns(fit: Broken) -> Floats:
    """The four terms, shape (B, 4)."""
    return np.column_stack([fit.below, fit.above, fit.below - fit.above, fit.breakpoint])


def _searched(found: Along) -> tuple[float, float]:
    """The outermost values that may be the breakpoint."""
    may = found.values[found.may]
    if len(may) < 2:
        raise TooFewError(
            f"At least two values of '{found.predictor}' must have {FEWEST_ROWS} rows and {100 * SHARE:g}% of the rows "
            f"on each side, or there is no choosing a breakpoint, but only {number(float(may[0]))} has."
            "\nUse cx.two_lines, or cx.asymmetry with a point that is known beforehand."
        )
    return float(may[0]), float(may[-1])


def _refuse_weights(cells: Cells) -> None:
    if cells.roles.weight is not None:
        raise RoleError(
            "Survey weights cannot be used by the bootstrap of rows (a row of weight 2 is not two rows), but the cells "
            f"have the weight '{cells.roles.weight}'.\nLeave the weight out, or use cx.two_lines, which takes it."
        )


def _check(replicates: object) -> None:
    if not isinstance(replicates, int) or replicates < FEWEST_REPLICATES:
        raise RoleError(
            f"replicates must be a whole number, {FEWEST_REPLICATES} or more, but {replicates!r} was given."
        )


def _warned(cut: float, searched: tuple[float, float], resampled: Floats) -> tuple[str, ...]:
    notes = []
    if cut in searched:
        notes.append(
            warn(
                f"The breakpoint lies at an end of the range that was searched ({number(searched[0])} to "
                f"{number(searched[1])}): the bend may lie farther out, or there may be none."
            )
        )
    lost = int(np.isnan(resampled).any(axis=1).sum())
    if lost:
        notes.append(warn(f"{lost:,} of {len(resampled):,} bootstrap samples allowed no fit and were left out."))
    return tuple(notes)
