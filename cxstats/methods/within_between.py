"""Firm or customer: does a point of the firm's average tell more than a point of one customer's score?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.coding import upward
from cxstats.columns import codes
from cxstats.errors import RoleError, TooFewError, number, rows
from cxstats.numerics.design import Design, build_design
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import Covariance, covariance
from cxstats.numerics.within_between import SplitFit, fit_within_between
from cxstats.results import shown
from cxstats.roles import Binary, Roles
from cxstats.scales import Scale
from cxstats.shared.compared import binary_outcome, compare_on
from cxstats.shared.predictors import EVENTS_PER_COEFFICIENT, complete, predictors_of
from cxstats.wald import WaldResult

FEWEST_FIRMS = 30
FEWEST_BEYOND = 20  # firms more than coefficients that rest on differences between firms
TERMS = ("within", "between", "between - within")
MEANS = ("observed", "corrected")
_KNOWN = 3.0  # standard errors by which the variance between firms should lie above 0
_SAME = 1e-9  # of the scores' range: rounding of a mean


@dataclass(frozen=True, kw_only=True, eq=False)
class WithinBetween(WaldResult):
    """Slopes within and between firms, in log-odds of the good outcome per point, and how far they differ.

    Per metric the frame has ``within``, ``between`` and ``between - within`` with the firms' observed means,
    then the same with corrected means, which are not a number where firms differ no more than luck would
    have it.

    Attributes
    ----------
    metrics : tuple of str, length p
    covariance : array, shape (6 p, 6 p)
        Of all rows of the frame.
    df : float
        Firms minus the coefficients that rest on differences between firms.
    n_firms, n_single : int
        Firms, and how many of them have one customer.
    reliability : array, shape (p,)
        Share of the variance of the firms' observed means that is not luck.
    icc : array, shape (p,)
        Share of the variance of the customers' scores that lies between firms.
    spread : array, shape (p, 2)
        SD of the firms' intercepts beside the observed, and beside the corrected means.
    sd : array, shape (p,)
        Standard deviation of the customers' scores, in points.
    """

    metrics: tuple[str, ...]
    covariance: Floats
    n_firms: int
    n_single: int
    reliability: Floats
    icc: Floats
    spread: Floats
    sd: Floats

    method: ClassVar[str] = "Logistic regression with random intercepts, within and between firms"
    reference: ClassVar[str] = "Lüdtke et al. (2008), doi:10.1037/a0012869"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The metric, the kind of the firms' means, and the term of each row."""
        return {
            "metric": [metric for metric in self.metrics for _ in range(len(MEANS) * len(TERMS))],
            "means": [means for _ in self.metrics for means in MEANS for _ in TERMS],
            "term": TERMS * (len(MEANS) * len(self.metrics)),
        }

    def effect(self, metric: str, means: str) -> Effect:
        """Between minus within, of one metric with observed or corrected means."""
        at = list(zip(*self.labels.values(), strict=True)).index((metric, means, TERMS[-1]))
        return Effect(a=float(self.estimate[at]), var_a=float(self.std_error[at]) ** 2, df=self.df)

    @property
    def odds_ratio(self) -> Floats:
        """Odds of the good outcome, as a multiple, for one point more; exp(estimate)."""
        ratio: Floats = np.exp(self.estimate)
        return ratio

    def footer(self) -> str:
        """Firms, how reliable their means are, and the rows."""
        told = ", ".join(f"{m} {shown(value)}" for m, value in zip(self.metrics, self.reliability, strict=True))
        return f"{self.n_firms:,} firms; reliability of their means: {told}.\n{super().footer()}"


def within_between(
    data: IntoCells,
    *,
    outcome: Binary | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    count: str | None = None,
) -> WithinBetween:
    """Does a point of the firm's average go with the outcome more than a point of one customer's score?

    Use it before a figure about firms is told about customers, or the other way round. Two customers of one
    firm who differ by a point are one thing, two firms whose averages differ by a point another. Do not read
    ``between`` as what a firm would win by raising its average: firms differ in other things too. Each metric
    is analysed by itself.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary
        0 or 1, with the value that is good for the firm declared.
    metrics : mapping from column to Scale
        One or more. Names suffice where ``data`` are Cells, which carry the scales. A scale on which up is bad
        enters turned round, as low + high - value.
    controls : list of columns
        Of customers or of firms; numbers as they are, text as one indicator per level but the first. Cells
        carry their own.
    cluster : str
        Column with the firm of each customer; at least 30 firms. Cells carry it.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    WithinBetween
        Six rows per metric, in log-odds per point given the firm's own intercept; ``reliability`` and ``icc``
        per metric.

    Raises
    ------
    TooFewError
        Fewer than 30 firms; a metric that does not vary within any firm, or whose average is the same in all
        firms; no firm with both outcomes; fewer than 10 events per coefficient; no complete row.
    SeparationError
        Predictors tell the outcomes apart perfectly, or firms' outcomes do so beyond what can be estimated.
    RoleError
        No cluster, no binary outcome, or Cells with a survey weight. Also as for `tally`.
    ScaleError, ColumnError
        As for `logistic`.

    Notes
    -----
    log(p / (1 - p)) = a + b_w (x - m) + b_b m + z'c + s u, with x the customer's score, m the mean of the
    firm's customers, z the controls and u standard normal, one per firm; b_b - b_w is the contextual effect.
    Slopes hold given the firm's intercept; without random intercepts they come out smaller. The likelihood is
    integrated by Gauss-Hermite quadrature around each firm's mode [3]_, on distinct rows with counts.

    m is the mean of those who answered: in part luck. With m as it is, ``between`` is drawn towards ``within``,
    and the difference towards 0, by about the reliability of m [1]_. The corrected rows put in its place the best
    guess of the firm's mean, drawn towards that of all firms by the firm's own reliability
    tau^2 / (tau^2 + sigma^2 / n) (regression calibration [2]_), with the variances from a one-way analysis of
    variance; controls that do not vary within firms take part in the guess. They suppose that the customers are
    a sample of the firm's; where all customers answered, m is the mean itself and the observed rows hold.

    One independent unit is a firm. Standard errors come from the influence of each firm, that through the
    variances included, times F / (F - k) for F firms and k coefficients that rest on differences between firms;
    Student's t has F - k degrees. Firms with one customer tell of ``between`` only. Rows that lack the outcome, a
    metric, a control or the firm are left out and counted in ``n_missing``; the firms' means are those of the rows
    used.

    References
    ----------
    .. [1] Lüdtke et al. (2008). Psychological Methods 13, 203-229. doi:10.1037/a0012869
    .. [2] Rosner, Spiegelman & Willett (1990). Am. J. Epidemiol. 132, 734-745.
       doi:10.1093/oxfordjournals.aje.a115715
    .. [3] Liu & Pierce (1994). Biometrika 81, 624-629. doi:10.1093/biomet/81.3.624

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.simulate.firms(100, rng=1, answers=40)
    >>> result = cx.within_between(
    ...     customers, outcome=cx.Binary("repurchase"), metrics={"csat": cx.CSAT5}, cluster="firm"
    ... )
    >>> result.to_frame()[["means", "term", "estimate", "ci_low", "ci_high"]].round(2)
           means              term  estimate  ci_low  ci_high
    0   observed            within      0.23    0.17     0.29
    1   observed           between      0.87    0.58     1.16
    2   observed  between - within      0.64    0.35     0.92
    3  corrected            within      0.23    0.17     0.29
    4  corrected           between      1.15    0.76     1.53
    5  corrected  between - within      0.92    0.53     1.31
    """
    declared, names = metric_names(data, metrics)
    roles = Roles(
        outcome=outcome,
        metrics=declared,
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        count=count,
    )
    cells = as_cells(data, roles)
    firms = _firm_column(cells)
    target = binary_outcome(cells)
    kept = complete(cells, target.column, names)
    compare_on(kept, names)  # refuses a lone outcome, a constant metric and one that tells outcomes apart
    sizes = _refuse_firms(kept, firms, target)
    fits = [_fit(kept.select(target.column, name, *kept.roles.controls), name, target, firms) for name in names]
    spread = _spread(fits)
    return WithinBetween(
        metrics=names,
        estimate=np.concatenate([fit.estimate for fit in fits]),
        std_error=np.sqrt(np.diag(spread.matrix)),
        covariance=spread.matrix,
        df=spread.df,
        n_firms=len(sizes),
        n_single=int((sizes == 1).sum()),
        reliability=np.array([fit.means.reliability for fit in fits]),
        icc=np.array([fit.means.icc for fit in fits]),
        spread=np.array([fit.spread for fit in fits]),
        sd=np.array([np.sqrt(np.cov(kept[name], fweights=kept.count)) for name in names]),
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(*spread.notes, *_notes(names, fits, sizes)),
    )


def _fit(kept: Cells, metric: str, outcome: Binary, firms: str) -> SplitFit:
    """One metric, on cells that hold nothing else besides outcome, controls and firm."""
    positive = kept[outcome.column] == outcome.good
    parts = predictors_of(kept, ())
    controls = build_design(parts, intercept=False) if parts else None
    _refuse_few_events(kept, positive, outcome, controls)
    score, firm = upward(kept.roles.metrics[metric], kept[metric]), codes(kept[firms])[0]
    _refuse_flat(score, kept.count, firm, metric)
    return fit_within_between(score, metric, controls, positive, kept.count, firm)


def _spread(fits: Sequence[SplitFit]) -> Covariance:
    """Covariance of all rows: influence per firm, with the degrees of freedom of a regression over firms."""
    size, k = fits[0].means.size, fits[0].n_firm_level
    firms = len(size)
    if firms - k < FEWEST_BEYOND:
        raise TooFewError(
            f"There must be at least {FEWEST_BEYOND} firms more than coefficients that rest on differences between "
            f"firms, but there are {firms:,} firms for {k:,} coefficients.\nUse fewer controls that are the same for "
            "all customers of a firm, or merge their levels."
        )
    per_row = np.hstack([fit.influence for fit in fits]) / size[:, None]
    found = covariance(per_row, size, np.arange(firms))
    return Covariance(found.matrix * ((firms - 1) / (firms - k)), float(firms - k), firms, found.notes)


def _firm_column(cells: Cells) -> str:
    """The column with the firm, if there is one and no weight."""
    if cells.roles.weight is not None:
        raise RoleError(
            "Survey weights cannot be used here (a weight would have to be split into one of customers and one of "
            f"firms), but the cells have the weight '{cells.roles.weight}'.\nTally the data without it."
        )
    if cells.roles.cluster is None:
        raise RoleError(
            "The firm of each customer must be declared as cluster, but no cluster was."
            '\nPass for example cluster="firm"; cells must be tallied with it.'
        )
    return cells.roles.cluster


def _refuse_firms(kept: Cells, column: str, outcome: Binary) -> Ints:
    """Customers of each firm; refuses too few firms, and outcomes that differ between firms only."""
    firm = codes(kept[column])[0]
    sizes: Ints = np.bincount(firm, weights=kept.count).astype(np.int64)
    if len(sizes) < FEWEST_FIRMS:
        raise TooFewError(
            f"At least {FEWEST_FIRMS} firms are needed to tell what goes with a firm's average, but '{column}' has "
            f"{len(sizes)} in {rows(kept.n)}.\nWith fewer, use cx.logistic on the customers, and say nothing of firms."
        )
    good = np.bincount(firm, weights=kept.count * (kept[outcome.column] == outcome.good))
    if not ((good > 0) & (good < sizes)).any():
        raise TooFewError(
            f"Some firm must have customers with the good and with the bad outcome, but in all {len(sizes):,} firms "
            f"every customer has the same '{outcome.column}'.\nCheck that it is an outcome of customers, not of firms."
        )
    return sizes


def _refuse_flat(score: Floats, count: Ints, firm: Ints, metric: str) -> None:
    firms = int(firm.max()) + 1
    low, high = np.full(firms, np.inf), np.full(firms, -np.inf)
    np.minimum.at(low, firm, score)
    np.maximum.at(high, firm, score)
    if (low == high).all():
        raise TooFewError(
            f"The metric '{metric}' must vary within some firm, but in all {firms:,} firms every customer has the same."
            "\nCheck that it is an answer of customers: an average of the firm has no deviation from itself."
        )
    mean = np.bincount(firm, weights=count * score) / np.bincount(firm, weights=count)
    if np.ptp(mean) <= _SAME * np.ptp(score):
        raise TooFewError(
            f"The firms' averages of '{metric}' must differ, but in all {firms:,} firms they are "
            f"{number(float(mean[0]))}.\nCheck that the metric was not centred by firm."
        )


def _refuse_few_events(kept: Cells, positive: Bools, outcome: Binary, controls: Design | None) -> None:
    good, bad = int(kept.count[positive].sum()), int(kept.count[~positive].sum())
    q = 2 + (0 if controls is None else controls.matrix.shape[1])
    if min(good, bad) < EVENTS_PER_COEFFICIENT * q:
        raise TooFewError(
            f"At least {EVENTS_PER_COEFFICIENT} events per coefficient are needed, {EVENTS_PER_COEFFICIENT * q:,} for "
            f"{q:,} coefficients, but of the outcomes '{outcome.column}' {good:,} are good and {bad:,} bad: "
            f"{min(good, bad):,} events.\nUse fewer controls, merge levels, or wait for more outcomes."
        )


def _notes(metrics: Sequence[str], fits: Sequence[SplitFit], sizes: Ints) -> tuple[str, ...]:
    notes = []
    single = int((sizes == 1).sum())
    if single:
        have = "firm has" if single == 1 else "firms have"
        notes.append(f"{single:,} {have} one customer only: of these only the average counts.")
    for metric, fit in zip(metrics, fits, strict=True):
        tau2 = fit.means.between_variance
        if tau2 <= 0:
            notes.append(
                f"The firms' averages of '{metric}' differ no more than luck would have it: no corrected figures exist."
            )
        elif tau2 < _KNOWN * fit.means.between_error:
            notes.append(
                f"How much firms differ in '{metric}' is hardly known (reliability {shown(fit.means.reliability)}): "
                "the corrected figures are less certain than their intervals say."
            )
    return tuple(notes)
