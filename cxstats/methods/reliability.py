"""Reliability: how much of a score, or of a sum of scores, is more than the noise of answering."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import Cells, IntoCells, as_cells, is_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import RoleError, TooFewError, listed, number, rows, warn
from cxstats.numerics.common_factor import Scores, common_factor
from cxstats.numerics.correlation import correlation_matrix, standard_scores
from cxstats.numerics.influence import covariance
from cxstats.numerics.item_rest import correlation_limits, item_rest
from cxstats.numerics.one_factor import Flaw
from cxstats.numerics.reliability import (
    Estimates,
    alpha,
    communalities,
    noise_limits,
    omega,
    retest,
    standardised_alpha,
)
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level
from cxstats.roles import Roles
from cxstats.scales import Scale

FEWEST_ROWS, MOST_METRICS = 30, 30
ALPHA, STANDARDISED, OMEGA = "alpha", "standardised alpha", "omega"
DROPPED, COMMUNALITY, RETEST = "alpha if dropped", "communality", "test-retest"
ALL = "all"
_INVOLVED = 1e-5  # of an eigenvector of length 1: metrics with less take no part
_SINGULAR = 1e-11  # eigenvalue of the correlations below which one metric follows from the others


@dataclass(frozen=True, kw_only=True, eq=False)
class Reliability(TalliedResult):
    """Reliability of the sum of p metrics, of each metric, and of answers given twice.

    The frame has ``"alpha"``, ``"standardised alpha"`` and (with three or more metrics) ``"omega"`` of all
    metrics; then, with three or more, ``"alpha if dropped"`` and ``"communality"`` of each; then
    ``"test-retest"`` of each metric that was asked twice.

    Attributes
    ----------
    measures, metrics : tuple of str
        What each row is about; ``"all"`` where a measure is of the sum.
    df : array
        Degrees of freedom of the interval of each row: clusters minus one, or infinite.
    """

    measures: tuple[str, ...]
    metrics: tuple[str, ...]
    df: Floats

    method: ClassVar[str] = "Cronbach's alpha, McDonald's omega (one factor), test-retest correlations"
    reference: ClassVar[str] = "Kelley & Pornprasertmanit (2016), doi:10.1037/a0040086"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The measure and the metric of each row."""
        return {"measure": self.measures, "metric": self.metrics}

    def row(self, measure: str, metric: str = ALL) -> int:
        """The number of a row of the frame."""
        return list(zip(self.measures, self.metrics, strict=True)).index((measure, metric))

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Limits symmetric for log(1 - reliability), so never above 1; of test-retest for Fisher's z.

        Omega and communalities are not below 0; alpha may be.
        """
        limits = noise_limits(self.estimate, self.std_error, checked_level(level), self.df)
        shares = np.isin(self.measures, (OMEGA, COMMUNALITY))
        low, high = np.where(shares, np.maximum(limits.low, 0.0), limits.low), limits.high
        for i in np.flatnonzero(np.isin(self.measures, (RETEST,))):
            fisher = correlation_limits(self.estimate[[i]], self.std_error[[i]], level, float(self.df[i]))
            low[i], high[i] = fisher.low[0], fisher.high[0]
        return ConfidenceInterval(low, high, level)


def reliability(
    data: IntoCells,
    *,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    repeated: Mapping[str, str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> Reliability:
    """How reliable are metrics that stand for one attitude, alone and summed, and answers given twice?

    Use it before correlations of scores are compared: noise in a score lowers all its correlations, and a mean of
    several answers beats a single one by its reliability alone. Do not read alpha as a sign that metrics measure
    one thing: it grows with their number. It needs no outcome.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer (or journey).
    metrics : mapping from column to Scale
        At least two, or one that was asked twice; at most 30. Names suffice where ``data`` are Cells. Scores on
        which low is good are turned, so that up is good.
    repeated : mapping from metric to column, optional
        For a metric the column with the answers of the same customers to the same question at another time.
        Those columns share the scale of their metric; where ``data`` are Cells, they are metrics of the cells.
    cluster : str, optional
        Column with what makes rows dependent. Intervals then use Student's t with (number of clusters - 1)
        degrees.
    weight : str, optional
        Survey weight, taken as fixed.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    Reliability
        Shares of variance that are not noise; 1 is free of noise. ``"alpha"`` is that of the sum of the scores
        as they are, ``"standardised alpha"`` that of the sum of standard scores, ``"omega"`` that of the sum of
        the scores under one factor, ``"communality"`` the factor's share of one score.

    Raises
    ------
    TooFewError
        A single metric that was asked once; fewer than 30 complete rows (or 30 that answered twice); a constant
        metric, or one that follows from the others; fewer than 20 clusters.
    RoleError
        More than 30 metrics; ``repeated`` names no metric, or a column that is a metric itself.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    Alpha is p / (p - 1) (1 - sum of variances / variance of the sum) [1]_. It equals the reliability where all
    metrics hold the attitude in equal points (errors independent), and lies below it otherwise. Omega allows for
    unequal loadings l: (sum l)^2 / ((sum l)^2 + sum of unique variances), of one factor fitted by maximum
    likelihood. Where a fit has no maximum, or leaves a unique variance at or below 0 (a Heywood case), omega and
    the communalities are missing and a note says so. A communality is a lower bound of a metric's reliability:
    what is peculiar to the metric, and not noise, is left out of it.

    Standard errors come from influence values, the derivatives of the likelihood's second order included, so that
    they hold for skewed and discrete scores, and where one factor does not fit [2]_ [3]_; they are summed per
    cluster. An independent unit is a row, or a cluster. Rows that lack a metric are left out and counted in
    ``n_missing``; of the others, test-retest correlations use the rows that answered twice, which notes count. A
    test-retest correlation is the reliability where the attitude itself did not change in between.

    References
    ----------
    .. [1] Cronbach (1951). Psychometrika 16, 297-334. doi:10.1007/BF02310555
    .. [2] Maydeu-Olivares, Coffman & Hartmann (2007). Psychological Methods 12, 157-176.
       doi:10.1037/1082-989X.12.2.157
    .. [3] Kelley & Pornprasertmanit (2016). Psychological Methods 21, 69-92. doi:10.1037/a0040086

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxstats as cx
    >>> rng = np.random.default_rng(1)
    >>> mood = rng.normal(size=800)
    >>> def answers():
    ...     return np.clip(np.round(3 + mood + rng.normal(size=800)), 1, 5)
    >>> visits = pd.DataFrame({"checkin": answers(), "room": answers(), "room_later": answers()})
    >>> result = cx.reliability(
    ...     visits, metrics={"checkin": cx.CSAT5, "room": cx.CSAT5}, repeated={"room": "room_later"}
    ... )
    >>> result.to_frame()[["measure", "metric", "estimate"]].round(2)
                  measure metric  estimate
    0               alpha    all      0.63
    1  standardised alpha    all      0.63
    2         test-retest   room      0.47
    """
    again = _checked_repeats(repeated)
    if is_cells(data) and metrics is None:
        metrics = [name for name in data.roles.metrics if name not in again.values()]
    declared, names = metric_names(data, metrics)
    _refuse_roles(names, again)
    added = {column: declared[name] for name, column in again.items() if name in declared}
    roles = Roles(metrics={**declared, **added}, cluster=cluster, weight=weight, count=count)
    cells = as_cells(data, roles)
    if is_cells(data) and again:
        metric_names(data, list(again.values()))  # they must be metrics of the cells
    needed = cells.select(*names, *again.values())
    kept = needed.where(needed.observed(names) & (needed.row_weight > 0))
    _refuse_rows(kept, names)
    notes: list[str] = []
    parts = [*(_internal(kept, names, notes) if len(names) > 1 else []), *_repeats(kept, again, notes)]
    return Reliability(
        measures=tuple(part.measure for part in parts for _ in part.metrics),
        metrics=tuple(metric for part in parts for metric in part.metrics),
        estimate=np.concatenate([part.estimate for part in parts]),
        std_error=np.concatenate([part.std_error for part in parts]),
        df=np.concatenate([np.full(len(part.metrics), part.df) for part in parts]),
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=tuple(dict.fromkeys(notes)),
    )


@dataclass(frozen=True)
class _Part:
    """One measure of one or more metrics."""

    measure: str
    metrics: tuple[str, ...]
    estimate: Floats
    std_error: Floats
    df: float


def _internal(kept: Cells, names: tuple[str, ...], notes: list[str]) -> list[_Part]:
    """What the answers to several metrics say about each other."""
    values = np.column_stack([upward(kept.roles.metrics[name], kept[name]) for name in names])
    mass, weight = kept.count * kept.row_weight, kept.row_weight
    _refuse_singular(values, mass, names, kept.n)
    found: dict[tuple[str, tuple[str, ...]], Estimates] = {
        (ALPHA, (ALL,)): alpha(values, mass, weight),
        (STANDARDISED, (ALL,)): standardised_alpha(values, mass, weight),
    }
    if len(names) > 2:
        of_sum, of_each = _by_factor(values, mass, weight, names, notes)
        found[OMEGA, (ALL,)] = of_sum
        for i, name in enumerate(names):
            found[DROPPED, (name,)] = alpha(np.delete(values, i, axis=1), mass, weight)
        found[COMMUNALITY, names] = of_each
    spread = covariance(np.hstack([part.influence for part in found.values()]), kept.count, kept.cluster_codes)
    notes += [*spread.notes, *_doubts(kept, names, values, mass)]
    error = np.sqrt(np.maximum(np.diag(spread.matrix), 0.0))
    ends = np.cumsum([len(part.estimate) for part in found.values()])
    return [
        _Part(measure, metrics, part.estimate, error[end - len(metrics) : end], spread.df)
        for ((measure, metrics), part), end in zip(found.items(), ends, strict=True)
    ]


def _by_factor(
    values: Floats, mass: Floats, weight: Floats, names: tuple[str, ...], notes: list[str]
) -> tuple[Estimates, Estimates]:
    """Omega and communalities; missing where the one-factor model has no proper fit."""
    scores = Scores(values, np.ones(values.shape, dtype=bool), mass, weight)
    factor = common_factor(scores)
    if not isinstance(factor, Flaw):
        return omega(scores, factor), communalities(scores, factor)
    why = "the one-factor model has no maximum"
    if factor.kind == "unique variance":
        why = f"the one-factor model leaves '{names[factor.metric]}' no variance of its own (a Heywood case)"
    notes.append(warn(f"No omega and no communalities: {why}."))
    none = [np.full(q, np.nan) for q in (1, len(names))]
    return Estimates(none[0], np.full((len(mass), 1), np.nan)), Estimates(none[1], np.full(values.shape, np.nan))


def _repeats(kept: Cells, again: Mapping[str, str], notes: list[str]) -> list[_Part]:
    """The correlation of the answers of those who answered twice."""
    parts = []
    for name, column in again.items():
        scale = kept.roles.metrics[name]
        both: Bools = np.isfinite(kept[column])
        twice = kept.where(both)
        _refuse_rows(twice, (name, column))
        first, second = upward(scale, twice[name]), upward(scale, twice[column])
        found = retest(first, second, twice.count * twice.row_weight, twice.row_weight)
        spread = covariance(found.influence, twice.count, twice.cluster_codes)
        notes += spread.notes
        if twice.n < kept.n:
            notes.append(f"Test-retest of '{name}': {rows(twice.n)} of {kept.n:,} answered '{column}' too.")
        parts.append(_Part(RETEST, (name,), found.estimate, np.sqrt(np.diag(spread.matrix)), spread.df))
    return parts


def _doubts(kept: Cells, names: Sequence[str], values: Floats, mass: Floats) -> list[str]:
    """What must be known of the metrics: scales of unequal length, and directions that may be declared wrongly."""
    found = []
    lengths = {kept.roles.metrics[name].high - kept.roles.metrics[name].low for name in names}
    if len(lengths) > 1:
        found.append(
            "The scales differ in length, so that in a sum of points the longest counts most: 'standardised alpha' is "
            "that of scores with equal spread."
        )
    tied = item_rest(values, mass, kept.row_weight).correlation
    against = [name for name, r in zip(names, tied, strict=False) if r < 0]
    if against:
        who = f"{listed(names)} go against each other" if len(names) == 2 else f"Against the others: {listed(against)}"
        found.append(warn(f"{who}. Check the direction that was declared."))
    return found


def _checked_repeats(repeated: object) -> dict[str, str]:
    if repeated is None:
        return {}
    if isinstance(repeated, Mapping) and all(isinstance(part, str) for pair in repeated.items() for part in pair):
        return dict(repeated)
    raise RoleError(
        f"repeated must map each metric to the column where it was asked again, but {repeated!r} was given."
        '\nPass for example repeated={"nps": "nps_later"}.'
    )


def _refuse_roles(names: Sequence[str], again: Mapping[str, str]) -> None:
    unknown = [name for name in again if name not in names]
    if unknown:
        raise RoleError(
            f"repeated must name metrics, but {listed(unknown)} {'is' if len(unknown) == 1 else 'are'} not among "
            f"{listed(names)}.\nAdd the metric, or leave its repeat out."
        )
    taken = [column for column in again.values() if column in names or list(again.values()).count(column) > 1]
    if taken:
        raise RoleError(
            f"An answer given again must not be a metric too, nor stand for two, but {listed(dict.fromkeys(taken))} is."
            "\nName each column once."
        )
    if len(names) < 2 and not again:
        raise TooFewError(
            f"Reliability needs at least two metrics, or one that was asked twice, but only {listed(names)} was given."
            '\nAdd another metric of the same attitude, or pass repeated={"nps": "nps_later"}.'
        )
    if len(names) > MOST_METRICS:
        raise RoleError(
            f"Reliability takes at most {MOST_METRICS} metrics, but {len(names)} were given."
            "\nChoose those that are summed: so many hardly stand for one attitude."
        )


def _refuse_rows(kept: Cells, names: Sequence[str]) -> None:
    if kept.n < FEWEST_ROWS:
        raise TooFewError(
            f"At least {FEWEST_ROWS} rows must have all of {listed(names)}, but {rows(kept.n)} "
            f"{'does' if kept.n == 1 else 'do'}.\nCheck how the tables were joined, or leave a metric out."
        )
    for name in names:
        values = kept[name]
        if values.min() == values.max():
            raise TooFewError(
                f"The metric '{name}' must take at least two values, but all {rows(kept.n)} hold "
                f"{number(float(values[0]))}.\nWhat does not vary has no reliability: leave it out."
            )


def _refuse_singular(values: Floats, mass: Floats, names: Sequence[str], n: int) -> None:
    correlations = correlation_matrix(standard_scores(values, mass), mass)
    smallest, axes = np.linalg.eigh(correlations)
    if smallest[0] < _SINGULAR:
        involved = [name for name, part in zip(names, axes[:, 0], strict=True) if abs(part) > _INVOLVED]
        raise TooFewError(
            f"No metric may follow exactly from the others, but among {listed(involved)} one does in all {rows(n)}."
            "\nLeave out the metric that was copied or computed from others."
        )
