"""Which feedback metric predicts the outcome best?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from cxstats.arrays import Column, Floats
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.compared import Compared, compare_on
from cxstats.errors import TooFewError
from cxstats.methods.delong import AUCComparison, delong
from cxstats.methods.extreme_groups import ExtremeGroups, extreme_groups
from cxstats.numerics.multiplicity import holm
from cxstats.numerics.resample import Seeded, bootstrap_auc, seeded
from cxstats.results import Backend, ConfidenceInterval, TalliedResult, build_frame, shown, shown_p
from cxstats.roles import Binary, Roles
from cxstats.scales import Scale

FEWEST_EVENTS = 100
ALPHA = 0.05
_MOST_DRAWS = 50_000_000  # cells (or clusters) times replicates, up to which the bootstrap takes seconds


@dataclass(frozen=True, kw_only=True, eq=False)
class WhichMetric(TalliedResult):
    """The comparison of metrics, one row per metric.

    Attributes
    ----------
    best : str or None
        The metric that beats every other: a positive difference in area with a two-sided p, adjusted by
        Holm over all pairs, below .05. None where the evidence does not separate them.
    comparison : AUCComparison
        Areas, differences and their covariance.
    p_holm : array, shape (pairs,)
        Adjusted p-values of the differences, in the order of the comparison.
    p_best : array, shape (p,)
        Share of resamples in which each metric had the largest area. Descriptive only: with two equal
        metrics it exceeds .95 in one sample of ten.
    p_best_from : str
        "row bootstrap", "cluster bootstrap" or "joint normal".
    extremes : ExtremeGroups
        Contrasts of the top with the bottom 20% of customers.
    seed : int or None
        Passed as ``rng`` it gives the same numbers again.
    """

    metrics: tuple[str, ...]
    coding: tuple[str, ...]
    best: str | None
    comparison: AUCComparison
    p_holm: Floats
    p_best: Floats
    p_best_from: str
    extremes: ExtremeGroups
    replicates: int
    seed: int | None
    fingerprint: str

    method: ClassVar[str] = "Areas under the ROC curve compared by DeLong, Holm over all pairs"
    reference: ClassVar[str] = "DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """Metric and coding of each row."""
        return {"metric": self.metrics, "coding": self.coding}

    @property
    def statistic(self) -> Floats:
        """Of each area against .5."""
        return self.comparison.statistic[: len(self.metrics)]

    @property
    def p_value(self) -> Floats:
        """Of each area against .5, two-sided."""
        return self.comparison.p_value[: len(self.metrics)]

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Limits of the areas."""
        limits = self.comparison.confidence_interval(level)
        p = len(self.metrics)
        return ConfidenceInterval(limits.low[:p], limits.high[:p], level)

    def columns(self, level: float = 0.95) -> dict[str, Column]:
        """The frame as arrays, with ``p_best`` last."""
        return {**super().columns(level), "p_best": self.p_best}

    def differences(self, backend: Backend = "pandas", level: float = 0.95) -> Any:
        """One row per pair: the difference in area, its unadjusted interval, ``p_value`` and ``p_holm``."""
        p = len(self.metrics)
        columns = {name: list(values[p:]) for name, values in self.comparison.columns(level).items()}
        return build_frame({**columns, "p_holm": list(self.p_holm)}, backend)

    def verdict(self) -> str:
        """The answer in one sentence."""
        if self.best is not None:
            return f"Best: {self.best}. It predicts better than every other metric (Holm-adjusted p below .05)."
        leader = self.metrics[int(np.argmax(self.estimate))]
        return f"Best: cannot be told. {leader} has the largest area, but not clearly larger than every other."

    def footer(self) -> str:
        """The verdict, the differences, then the usual lines."""
        p = len(self.metrics)
        limits = self.comparison.confidence_interval()
        lines = [self.verdict()]
        for i, term in enumerate(self.comparison.terms[p:]):
            numbers = (self.comparison.estimate[p + i], limits.low[p + i], limits.high[p + i])
            estimate, low, high = (shown(float(v), 3) for v in numbers)
            lines.append(f"  {term}: {estimate} (95% {low} to {high}), Holm p {shown_p(float(self.p_holm[i]))}")
        top = self.extremes.estimate.reshape(p, 3)
        contrasts = (f"{m} {t:.0%} against {b:.0%}" for m, (t, b, _) in zip(self.metrics, top, strict=True))
        lines.append(f"Good outcomes, top against bottom {self.extremes.share:.0%}: {', '.join(contrasts)}.")
        drawn = f"p_best: {self.replicates:,} draws, {self.p_best_from}, seed {self.seed}; descriptive only."
        return "\n".join([*lines, drawn, super().footer()])


def which_metric(
    data: IntoCells,
    *,
    outcome: Binary | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
    replicates: int = 2000,
    rng: int | np.random.Generator | None = None,
) -> WhichMetric:
    """Find out which feedback metric tells best who will come back.

    Use it with an outcome that was recorded after the scores were given. It answers for the metrics as
    they are (full scale, nothing adjusted for): whether a metric adds something to what is known of past
    behaviour is another question.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary
        0 or 1, with the value that is good for the firm declared.
    metrics : mapping from column to Scale
        Two or more; names suffice where ``data`` are Cells.
    cluster : str, optional
        Column with what makes rows dependent; at least 20 clusters.
    weight : str, optional
        Survey weight, taken as fixed.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    replicates : int
        Resamples for ``p_best``.
    rng : int or numpy Generator, optional
        Seed of the resamples; without one, the seed drawn is kept in the result.

    Returns
    -------
    WhichMetric
        Areas in [0, 1] per metric; ``best``, ``differences()`` and ``extremes`` beside them.

    Raises
    ------
    TooFewError
        Fewer than 100 good or 100 bad outcomes, fewer than two metrics, a constant metric.
    SeparationError
        A metric tells the outcomes apart perfectly.
    ScaleError, ColumnError, RoleError
        As for `tally`.

    Notes
    -----
    The areas and their covariance are those of `delong`, on rows that have the outcome and every metric.
    ``best`` holds the family-wise chance of naming any metric when all are equal below 5%. ``p_best`` is a
    row bootstrap (multinomial draws of the cell counts), a cluster bootstrap with ``cluster=``; with
    ``weight=``, or where there are too many distinct rows to draw, it comes from the joint normal of the
    areas. At least 100 events are asked for because below that the 90% interval of a difference is wider
    than .05 on either side.

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson (1988). Biometrics 44, 837-845. doi:10.2307/2531595
    .. [2] Holm (1979). Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> import cxstats as cx
    >>> cohort = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.which_metric(
    ...     cohort,
    ...     outcome=cx.Binary("repurchase"),
    ...     metrics={"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7},
    ...     count="n",
    ...     rng=1,
    ... )
    >>> result.best
    'csat'
    """
    declared, names = metric_names(data, metrics)
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, cluster=cluster, weight=weight, count=count))
    comparison = delong(cells, metrics=names)
    compared = compare_on(cells, names)
    _enough_events(compared)
    draws = seeded(rng)
    areas, drawn_from = _drawn_areas(compared, comparison, replicates, draws)
    p = len(names)
    p_holm = holm(comparison.p_value[p:])
    return WhichMetric(
        metrics=names,
        coding=("full scale",) * p,
        estimate=comparison.estimate[:p],
        std_error=comparison.std_error[:p],
        best=best_metric(names, comparison.estimate[p:], p_holm),
        comparison=comparison,
        p_holm=p_holm,
        p_best=_share_best(areas),
        p_best_from=drawn_from,
        extremes=extreme_groups(cells, metrics=names),
        replicates=replicates,
        seed=draws.seed,
        fingerprint=cells.fingerprint,
        n=comparison.n,
        n_missing=comparison.n_missing,
        n_cells=comparison.n_cells,
        notes=comparison.notes,
    )


def best_metric(names: Sequence[str], differences: Floats, p_holm: Floats) -> str | None:
    """The metric that beats every other one, or None."""
    wins = dict.fromkeys(names, 0)
    for (first, second), difference, p in zip(combinations(names, 2), differences, p_holm, strict=True):
        if p < ALPHA:
            wins[first if difference > 0 else second] += 1
    return next((name for name, won in wins.items() if won == len(names) - 1), None)


def _enough_events(compared: Compared) -> None:
    for j, metric in enumerate(compared.metrics):
        on = compared.on(j)
        good = int(compared.count[on & compared.positive].sum())
        bad = int(compared.count[on & ~compared.positive].sum())
        if min(good, bad) < FEWEST_EVENTS:
            raise TooFewError(
                f"At least {FEWEST_EVENTS} good and {FEWEST_EVENTS} bad outcomes are needed to compare metrics, but "
                f"among the rows with '{metric}' {good:,} are good and {bad:,} bad."
                "\nWait for more outcomes or use a longer window; cx.delong describes a smaller sample."
            )


def _drawn_areas(compared: Compared, comparison: AUCComparison, replicates: int, draws: Seeded) -> tuple[Floats, str]:
    """Areas of resamples, shape (replicates, p), and how they were drawn."""
    cells: Cells = compared.cells
    units = cells.n_cells if cells.cluster_codes is None else len(np.unique(cells.cluster_codes))
    if cells.roles.weight is not None or units * replicates > _MOST_DRAWS:
        mean = comparison.estimate[: len(compared.metrics)]
        normal = draws.rng.multivariate_normal(mean, comparison.covariance, size=replicates, method="svd")
        return normal, "joint normal"
    areas = bootstrap_auc(
        compared.scores, compared.positive, compared.count, cells.cluster_codes, replicates, draws.rng
    )
    return areas, "row bootstrap" if cells.cluster_codes is None else "cluster bootstrap"


def _share_best(areas: Floats) -> Floats:
    """How often each column is the largest; equal ones share."""
    largest = areas == areas.max(axis=1, keepdims=True)
    share: Floats = (largest / largest.sum(axis=1, keepdims=True)).mean(axis=0)
    return share
