"""Which of several metrics correlates more with a measured outcome, on the same customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.errors import RoleError, SeparationError, TooFewError, listed, number, rows
from cxstats.numerics.contrasts import pairwise
from cxstats.numerics.correlation import (
    classical_tests,
    correlation_influence,
    correlation_matrix,
    fisher_limits,
    normal_covariance,
    standard_scores,
    williams_t,
    zou_limits,
)
from cxstats.numerics.influence import Covariance, covariance
from cxstats.numerics.intervals import ratio_to_error, two_sided
from cxstats.results import Backend, ConfidenceInterval, TalliedResult, build_frame, checked_level
from cxstats.roles import Binary, Continuous, Count, Rating, Roles
from cxstats.scales import Scale

FEWEST_ROWS = 10
_EXACT = 1e-12  # 1 - |r| below which only rounding keeps two columns apart


@dataclass(frozen=True, kw_only=True, eq=False)
class DependentCorrelations(TalliedResult):
    """Correlations of p metrics with the outcome and all their differences, on the same rows.

    The frame has the p metrics first, then every pair ``"a - b"``.

    Attributes
    ----------
    metrics : tuple of str, length p
    correlations : array, shape (p + 1, p + 1)
        Of the outcome (first) and the metrics, all turned so that up is good.
    covariance : array, shape (p, p)
        Of the p correlations with the outcome.
    df : float
        Degrees of freedom of the intervals: clusters minus one, or infinite.
    classical : bool
        True without clusters and weights, where the tests for plain rows hold; then ``statistic`` is
        Student's t of r (n - 2 degrees) and Williams' t of a difference (n - 3 degrees). Otherwise both
        are the estimate over its standard error.
    """

    metrics: tuple[str, ...]
    correlations: Floats
    covariance: Floats
    df: float
    classical: bool

    method: ClassVar[str] = "Correlations with one outcome, compared on the same rows"
    reference: ClassVar[str] = "Steiger (1980), doi:10.1037/0033-2909.87.2.245"

    @property
    def terms(self) -> tuple[str, ...]:
        """Metrics, then pairs as ``"a - b"``."""
        return (*self.metrics, *self._pair_names)

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": self.terms}

    @property
    def statistic(self) -> Floats:
        """Without clusters and weights t of r and Williams' t of a difference; else estimate over error."""
        if not self.classical:
            return ratio_to_error(self.estimate, self.std_error)
        r = self.correlations[0, 1:]
        single = r * np.sqrt((self.n - 2) / (1 - r**2))
        return np.concatenate([single, williams_t(*self._triples, self.n)])

    @property
    def p_value(self) -> Floats:
        """Two-sided, not adjusted for the number of pairs."""
        if not self.classical:
            return two_sided(self.statistic, self.df)
        p, pairs = len(self.metrics), len(self._pair_names)
        return two_sided(self.statistic, np.repeat([self.n - 2.0, self.n - 3.0], [p, pairs]))

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Limits of r by Fisher's z, of differences by Zou's method."""
        r = self.correlations[0, 1:]
        first, second = self._pairs
        single = fisher_limits(r, self.std_error[: len(r)], checked_level(level), self.df)
        apart = zou_limits(r, self.covariance, first, second, level, self.df)
        return ConfidenceInterval(
            np.concatenate([single.low, apart.low]), np.concatenate([single.high, apart.high]), level
        )

    def tests(self, backend: Backend = "pandas", level: float = 0.95) -> Any:
        """Three tests of each difference side by side, as a frame; without rows under clusters or weights.

        Columns: ``term``; ``method`` (Williams, Steiger, Meng-Rosenthal-Rubin); ``scale`` and ``estimate``
        (the difference of the correlations, ``"r"``, or of their Fisher z values, ``"z"``); ``ci_low`` and
        ``ci_high`` (for Meng, Rosenthal & Rubin, on the scale of z; NaN for the others); ``statistic``;
        ``df`` (infinite for a z); ``p_value`` (two-sided).
        """
        checked_level(level)
        names = np.array(self._pair_names, dtype=object)
        columns = {"term": np.repeat(names, 3), **classical_tests(*self._triples, self.n, level)}
        return build_frame({k: v if self.classical else v[:0] for k, v in columns.items()}, backend)

    @property
    def _pair_names(self) -> tuple[str, ...]:
        return tuple(f"{a} - {b}" for a, b in combinations(self.metrics, 2))

    @property
    def _pairs(self) -> tuple[list[int], list[int]]:
        pairs = list(combinations(range(len(self.metrics)), 2))
        return [a for a, _ in pairs], [b for _, b in pairs]

    @property
    def _triples(self) -> tuple[Floats, Floats, Floats]:
        """Per pair: both correlations with the outcome, and the one between the metrics."""
        first, second = self._pairs
        r = self.correlations[0, 1:]
        return r[first], r[second], self.correlations[1:, 1:][first, second]


def dependent_correlations(
    data: IntoCells,
    *,
    outcome: Continuous | Rating | Count | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> DependentCorrelations:
    """Compare how closely two or more metrics go with the same measured outcome, for the same customers.

    Use it for spend, orders or a rating. For an outcome of 0 and 1 use `delong`. A correlation measures
    how well a straight line fits; where spend is very skewed, a few customers decide it.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Continuous, Rating or Count
        With the end that is good for the firm declared.
    metrics : mapping from column to Scale
        At least two. Names suffice where ``data`` are Cells, which carry the scales.
    cluster, weight, count : str, optional
        As in `delong`.

    Returns
    -------
    DependentCorrelations
        The p correlations, then the p (p - 1) / 2 differences, metrics and outcome turned so that above 0
        means as it should be: a good score goes with a good outcome. Its ``tests()`` gives the tests of
        Williams, of Steiger and of Meng, Rosenthal & Rubin side by side.

    Raises
    ------
    TooFewError
        Fewer than two metrics, fewer than 10 complete rows, a constant metric or outcome, or fewer than
        20 clusters.
    SeparationError
        A metric correlates perfectly with the outcome: a sign that it was made from it.
    RoleError
        The outcome is binary or a time, or two metrics are the same up to their unit.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    With r1 and r2 the correlations of two metrics with the outcome and r12 that between the metrics, the
    statistic and p-value of a difference are those of Williams [4]_ as Steiger [1]_ has them::

        t = (r1 - r2) sqrt((n - 1) (1 + r12) / (2 (n - 1) / (n - 3) |R| + m^2 (1 - r12)^3)),   n - 3 df,

    m the mean of r1 and r2, |R| = 1 - r1^2 - r2^2 - r12^2 + 2 r1 r2 r12. ``tests()`` adds Steiger's z,
    (z1 - z2) sqrt((n - 3) / (2 - 2 c)) with c the correlation of two correlations taken at m [1]_, and
    that of Meng, Rosenthal and Rubin, (z1 - z2) sqrt((n - 3) / (2 (1 - r12) h)) [2]_, z being Fisher's.

    The interval of r is Fisher's, tanh(z -+ q / sqrt(n - 3)) with q the normal quantile. That of a
    difference is Zou's [3]_: with (l, u) the limits of each r and c at the estimates, it runs from
    r1 - r2 - sqrt((r1 - l1)^2 + (u2 - r2)^2 - 2 c (r1 - l1) (u2 - r2)) to
    r1 - r2 + sqrt((u1 - r1)^2 + (r2 - l2)^2 - 2 c (u1 - r1) (r2 - l2)). The standard errors behind both are
    (1 - r^2) / sqrt(n - 3). Test and interval may differ on a borderline difference.

    All this assumes independent rows and an outcome and metrics that are about jointly normal. With clusters
    or weights neither is assumed: the variance is that of the influence values
    z_x z_y - r (z_x^2 + z_y^2) / 2 (z being standard scores), over n or weighted, summed per cluster; the
    intervals are built from it in the same way, with Student's t where there are clusters, and every
    statistic is the estimate over its standard error. The classical tests are then not given. A key of its
    own for every row as ``cluster`` drops the assumption of normality alone. Rows that lack the outcome or
    any metric are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Steiger (1980). Psychological Bulletin 87, 245-251. doi:10.1037/0033-2909.87.2.245
    .. [2] Meng, Rosenthal & Rubin (1992). Psychological Bulletin 111, 172-175.
       doi:10.1037/0033-2909.111.1.172
    .. [3] Zou (2007). Psychological Methods 12, 399-413. doi:10.1037/1082-989X.12.4.399
    .. [4] Williams (1959). Journal of the Royal Statistical Society B 21, 396-399.

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> answers = pd.DataFrame({
    ...     "nps": [9, 8, 7, 10, 6, 9, 3, 5, 7, 2, 8, 4, 6, 1],
    ...     "csat": [4, 5, 3, 5, 4, 2, 3, 1, 4, 2, 5, 3, 2, 4],
    ...     "spend": [80, 95, 62, 120, 55, 90, 41, 47, 70, 20, 64, 45, 38, 30],
    ... })
    >>> result = cx.dependent_correlations(
    ...     answers, outcome=cx.Continuous("spend"), metrics={"nps": cx.NPS, "csat": cx.CSAT5}
    ... )
    >>> print(result)
    term        estimate  std. error   95% low  95% high  statistic        p
    ────────────────────────────────────────────────────────────────────────
    nps           0.8941     0.06048    0.6916    0.9663      6.916  <0.0001
    csat          0.5321      0.2162  0.002093    0.8287      2.177  0.05017
    nps - csat     0.362      0.2149   0.03087    0.8853      2.319  0.04062
    14 rows used; 14 cells.
    Correlations with one outcome, compared on the same rows. Steiger (1980), doi:10.1037/0033-2909.87.2.245
    >>> result.tests()[["method", "statistic", "p_value"]].round(4)
                     method  statistic  p_value
    0              Williams     2.3194   0.0406
    1               Steiger     2.1557   0.0311
    2  Meng-Rosenthal-Rubin     2.1543   0.0312
    """
    declared, names = metric_names(data, metrics)
    if len(names) < 2:
        raise TooFewError(f"A comparison needs at least two metrics, but {len(names)} was given.\nAdd another metric.")
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, cluster=cluster, weight=weight, count=count))
    measured = _measured(cells)
    needed = cells.select(measured.column, *names)
    kept = needed.where(needed.observed([measured.column, *names]))
    columns = _upward(kept, measured, names)
    _refuse_unusable(kept, columns, (measured.column, *names))
    mass = kept.count * kept.row_weight
    scores = standard_scores(columns, mass)
    correlations = correlation_matrix(scores, mass)
    _refuse_exact(correlations, measured.column, names)
    fit = _sampling(kept, scores, correlations)
    contrasts = np.vstack([np.eye(len(names)), pairwise(len(names))])
    return DependentCorrelations(
        metrics=names,
        correlations=correlations,
        covariance=fit.matrix,
        df=fit.df,
        classical=_is_plain(kept),
        estimate=contrasts @ correlations[0, 1:],
        std_error=np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", contrasts, fit.matrix, contrasts), 0)),
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(*_notes(needed, measured.column, names, kept), *fit.notes),
    )


def _measured(cells: Cells) -> Continuous | Rating | Count:
    """The outcome, which must be declared and have a size."""
    outcome = cells.roles.outcome
    if isinstance(outcome, Continuous | Rating | Count):
        return outcome
    found = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
    mend = (
        f"Compare metrics of the binary outcome '{outcome.column}' with cx.delong."
        if isinstance(outcome, Binary)
        else 'Pass for example outcome=cx.Continuous("spend").'
    )
    raise RoleError(f"An outcome that is continuous, counted or rated is needed, but {found}.\n{mend}")


def _upward(cells: Cells, outcome: Continuous | Rating | Count, metrics: Sequence[str]) -> Floats:
    """Outcome and metrics side by side, turned so that up is good, shape (K, p + 1)."""
    good = outcome.scale.higher_is_better if isinstance(outcome, Rating) else outcome.good == "high"
    up = [good, *(cells.roles.metrics[m].higher_is_better for m in metrics)]
    return np.column_stack([cells[c] for c in (outcome.column, *metrics)]) * np.where(up, 1.0, -1.0)


def _refuse_unusable(cells: Cells, columns: Floats, names: Sequence[str]) -> None:
    on = cells.row_weight > 0
    n = int(cells.count[on].sum())
    if n < FEWEST_ROWS:
        weighted = "" if cells.roles.weight is None else " and a weight above 0"
        raise TooFewError(
            f"At least {FEWEST_ROWS} rows with the outcome '{names[0]}', all of {listed(names[1:])}{weighted} are "
            f"needed, but there {'is' if n == 1 else 'are'} {n}.\nCheck how the tables were joined, or compare fewer "
            "metrics."
        )
    constant = np.flatnonzero(columns[on].min(axis=0) == columns[on].max(axis=0))
    if len(constant):
        name, what = names[constant[0]], "metric" if constant[0] else "outcome"
        raise TooFewError(
            f"The {what} '{name}' must take at least two values, but all {rows(n)} hold "
            f"{number(float(cells[name][on][0]))}.\nWhat does not vary correlates with nothing: leave it out."
        )


def _refuse_exact(correlations: Floats, outcome: str, metrics: Sequence[str]) -> None:
    exact = 1 - np.abs(correlations) < _EXACT
    found = [name for name, same in zip(metrics, exact[0, 1:], strict=True) if same]
    if found:
        r = correlations[0, 1 + metrics.index(found[0])]
        raise SeparationError(
            f"No metric may follow the outcome '{outcome}' exactly, but {listed(found)} "
            f"{'does' if len(found) == 1 else 'do'} (r = {number(float(np.sign(r)))}).\nCheck that it was not computed "
            "from the outcome; if not, the rows are too few for an interval."
        )
    for i, j in combinations(range(len(metrics)), 2):
        if exact[1 + i, 1 + j]:
            opposite = correlations[1 + i, 1 + j] < 0
            raise RoleError(
                f"Metrics must differ to be compared, but '{metrics[i]}' and '{metrics[j]}' are the same in every row, "
                f"up to their unit{' and direction' if opposite else ''} (r = {-1 if opposite else 1}).\nLeave one of "
                f"them out{'; check the direction of their scales' if opposite else ''}."
            )


def _is_plain(cells: Cells) -> bool:
    """Whether rows are independent and count alike, as the classical tests have it."""
    return cells.roles.cluster is None and cells.roles.weight is None


def _sampling(cells: Cells, scores: Floats, correlations: Floats) -> Covariance:
    """Covariance of the correlations: by normal theory for plain rows, else by influence values."""
    r = correlations[0, 1:]
    if _is_plain(cells):
        return Covariance(normal_covariance(r, correlations[1:, 1:], cells.n), np.inf, None)
    total = float(cells.count @ cells.row_weight)
    influence = correlation_influence(scores[:, 0], scores[:, 1:], r, cells.row_weight, total)
    return covariance(influence, cells.count, cells.cluster_codes)


def _notes(needed: Cells, outcome: str, metrics: Sequence[str], kept: Cells) -> tuple[str, ...]:
    answered = np.column_stack([~np.isnan(needed[m]) for m in metrics])
    some = needed.observed([outcome]) & answered.any(axis=1) & ~answered.all(axis=1)
    notes = []
    if partial := int(needed.count[some].sum()):
        notes.append(f"{rows(partial)} had the outcome but not all metrics and were left out: same rows compared.")
    if not _is_plain(kept):
        keys = " and ".join(key for key in ("cluster", "weight") if getattr(kept.roles, key) is not None)
        notes.append(
            f"The tests of Williams, Steiger and Meng, Rosenthal & Rubin hold for independent rows that count alike; "
            f"with {keys} each estimate is tested by its own standard error instead."
        )
    return tuple(notes)
