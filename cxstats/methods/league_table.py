"""The league table: every metric's area, all differences, and whether one metric beats every other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from cxstats.arrays import Column, Floats
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.errors import RoleError, TooFewError, rows
from cxstats.methods.concordance import Concordance, concordance
from cxstats.methods.delong import AUCComparison, delong
from cxstats.numerics.multiplicity import holm
from cxstats.numerics.resample import Resampling, Seeded, resampled_auc, seeded, share_best
from cxstats.results import Backend, ConfidenceInterval, TalliedResult, build_frame, shown, shown_p
from cxstats.roles import Binary, Outcome, Roles
from cxstats.scales import Scale
from cxstats.shared.compared import Compared, compare_on
from cxstats.shared.predictors import FEWEST_EVENTS

ALPHA = 0.05
_MOST_DRAWS = 50_000_000  # cells (or clusters) times replicates, up to which resampling takes seconds
_KNOWN: tuple[Resampling, ...] = ("bootstrap", "bayesian")


@dataclass(frozen=True, kw_only=True, eq=False)
class LeagueTable(TalliedResult):
    """The comparison of p metrics, one row per metric.

    Attributes
    ----------
    best : str or None
        The metric that beats every other: a positive difference with a two-sided p, adjusted by Holm over
        all pairs, below .05. None where the evidence does not separate them.
    comparison : AUCComparison or Concordance
        Areas (of an outcome with a size: concordances), differences and their covariance.
    p_holm : array, shape (p (p - 1) / 2,)
        Adjusted p-values of the differences, in the order of the comparison.
    p_best : array, shape (p,)
        Share of resamples in which each metric came first. Descriptive only: with two equal metrics it
        exceeds .95 in one sample of ten.
    p_best_from : str
        "row bootstrap", "cluster bootstrap", "Bayesian bootstrap", "Bayesian cluster bootstrap" or "joint normal".
    seed : int or None
        Passed as ``rng`` it gives the same numbers again.
    """

    metrics: tuple[str, ...]
    best: str | None
    comparison: AUCComparison | Concordance
    p_holm: Floats
    p_best: Floats
    p_best_from: str
    replicates: int
    seed: int | None

    method: ClassVar[str] = "All metrics compared on the same rows, Holm over all pairs"
    reference: ClassVar[str] = "DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595"

    @property
    def index(self) -> str:
        """What is compared: "AUC" of a binary outcome, else "concordance"."""
        return "AUC" if isinstance(self.comparison, AUCComparison) else "concordance"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The metric of each row."""
        return {"metric": self.metrics}

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
        limits, p = self.comparison.confidence_interval(level), len(self.metrics)
        return ConfidenceInterval(limits.low[:p], limits.high[:p], level)

    def columns(self, level: float = 0.95) -> dict[str, Column]:
        """The frame as arrays, with ``p_best`` last."""
        return {**super().columns(level), "p_best": self.p_best}

    def differences(self, backend: Backend = "pandas", level: float = 0.95) -> Any:
        """One row per pair: the difference, its unadjusted interval, ``p_value`` and ``p_holm``."""
        p = len(self.metrics)
        columns = {name: list(values[p:]) for name, values in self.comparison.columns(level).items()}
        return build_frame({**columns, "p_holm": list(self.p_holm)}, backend)

    def verdict(self) -> str:
        """The answer in one sentence."""
        if self.best is not None:
            return f"Best: {self.best}. It predicts better than every other metric (Holm-adjusted p below .05)."
        leader = self.metrics[int(np.argmax(self.estimate))]
        area = "area" if self.index == "AUC" else "concordance"
        return f"Best: cannot be told. {leader} has the largest {area}, but not clearly larger than every other."

    def difference_lines(self) -> list[str]:
        """One line per pair: the difference, its interval, its adjusted p-value."""
        p, limits = len(self.metrics), self.comparison.confidence_interval()
        lines = []
        for i, term in enumerate(self.comparison.terms[p:]):
            numbers = (self.comparison.estimate[p + i], limits.low[p + i], limits.high[p + i])
            estimate, low, high = (shown(float(v), 3) for v in numbers)
            lines.append(f"  {term}: {estimate} (95% {low} to {high}), Holm p {shown_p(float(self.p_holm[i]))}")
        return lines

    def drawn(self) -> str:
        """How ``p_best`` was drawn."""
        return f"p_best: {self.replicates:,} draws, {self.p_best_from}, seed {self.seed}; descriptive only."

    def footer(self) -> str:
        """The verdict, the differences, then the usual lines."""
        return "\n".join([self.verdict(), *self.difference_lines(), self.drawn(), super().footer()])


def league_table(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
    resampling: Resampling = "bootstrap",
    replicates: int = 2000,
    rng: int | np.random.Generator | None = None,
) -> LeagueTable:
    """Compare all metrics as they are, and name the best one where the evidence separates them.

    Use it for the raw question, on full scales with nothing adjusted for. Whether a metric adds something to
    what is known of past behaviour is what `added_value` answers; `which_metric` asks all of it at once.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary, Rating, Continuous, Count or Survival
        With what is good for the firm declared.
    metrics : mapping from column to Scale
        Two or more; names suffice where ``data`` are Cells.
    cluster : str, optional
        Column with what makes rows dependent; at least 20 clusters.
    weight : str, optional
        Survey weight, taken as fixed.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    resampling : {"bootstrap", "bayesian"}
        How ``p_best`` is drawn: rows (clusters) with replacement, or a random weight for each of them from the
        flat Dirichlet distribution [2]_. It changes nothing else.
    replicates : int
        Resamples for ``p_best``.
    rng : int or numpy Generator, optional
        Seed of the resamples; without one, the seed drawn is kept in the result.

    Returns
    -------
    LeagueTable
        One area (concordance) in [0, 1] per metric; ``best`` and ``differences()`` beside them.

    Raises
    ------
    TooFewError
        Fewer than 100 good or 100 bad outcomes (100 rows of another outcome, 100 events of a survival outcome), fewer
        than two metrics, a constant metric or outcome.
    SeparationError
        A metric puts the customers in exactly the order of the outcome.
    RoleError
        A resampling that is none; also as for `tally`.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    For a binary outcome the areas and their covariance are those of `delong` [3]_, for another one the concordances
    of `concordance`; either is the probability that of two customers with different outcomes the one with the
    better score has the better outcome. ``best`` holds the family-wise chance of naming any metric when all
    are equal below 5% [1]_. ``p_best`` comes from resamples of the cell counts, which are exactly
    resamples of the rows, or of whole clusters; with ``weight=``, for an outcome that is not binary, or where
    there are too many distinct rows to draw, it comes from the joint normal of the estimates. At least 100
    events are asked for because below that the 90% interval of a difference is wider than .05 on either side.

    References
    ----------
    .. [1] Holm (1979). Scandinavian Journal of Statistics 6, 65-70.
    .. [2] Rubin (1981). Annals of Statistics 9, 130-134. doi:10.1214/aos/1176345338
    .. [3] DeLong, DeLong & Clarke-Pearson (1988). Biometrics 44, 837-845. doi:10.2307/2531595

    Examples
    --------
    >>> import cxstats as cx
    >>> cohort = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.league_table(
    ...     cohort,
    ...     outcome=cx.Binary("repurchase"),
    ...     metrics={"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7},
    ...     count="n",
    ...     rng=1,
    ... )
    >>> result.best
    'csat'
    """
    if resampling not in _KNOWN:
        raise RoleError(f"resampling must be 'bootstrap' or 'bayesian', but {resampling!r} was given.")
    declared, names = metric_names(data, metrics)
    _refuse_one(names)
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, cluster=cluster, weight=weight, count=count))
    draws = seeded(rng)
    if isinstance(cells.roles.outcome, Binary) or cells.roles.outcome is None:
        compared = compare_on(cells, names)
        comparison: AUCComparison | Concordance = delong(cells, metrics=names)
        _enough_events(compared)
        drawn, drawn_from = _resampled(compared, comparison, replicates, draws, resampling)
    else:
        comparison = concordance(cells, metrics=names)
        _enough_rows(comparison)
        _enough_happened(comparison)
        drawn, drawn_from = _normal(comparison, replicates, draws)
    p = len(names)
    p_holm = holm(comparison.p_value[p:])
    return LeagueTable(
        metrics=names,
        estimate=comparison.estimate[:p],
        std_error=comparison.std_error[:p],
        best=best_metric(names, comparison.estimate[p:], p_holm),
        comparison=comparison,
        p_holm=p_holm,
        p_best=share_best(drawn),
        p_best_from=drawn_from,
        replicates=replicates,
        seed=draws.seed,
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


def _resampled(
    compared: Compared, comparison: AUCComparison | Concordance, replicates: int, draws: Seeded, how: Resampling
) -> tuple[Floats, str]:
    """Areas of resamples, shape (replicates, p), and how they were drawn."""
    cells: Cells = compared.cells
    units = cells.n_cells if cells.cluster_codes is None else len(np.unique(cells.cluster_codes))
    if cells.roles.weight is not None or units * replicates > _MOST_DRAWS:
        return _normal(comparison, replicates, draws)
    areas = resampled_auc(
        compared.scores, compared.positive, compared.count, cells.cluster_codes, replicates, draws.rng, how
    )
    whole = cells.cluster_codes is None
    if how == "bayesian":
        return areas, "Bayesian bootstrap" if whole else "Bayesian cluster bootstrap"
    return areas, "row bootstrap" if whole else "cluster bootstrap"


def _normal(comparison: AUCComparison | Concordance, replicates: int, draws: Seeded) -> tuple[Floats, str]:
    mean = comparison.estimate[: len(comparison.metrics)]
    drawn = draws.rng.multivariate_normal(mean, comparison.covariance, size=replicates, method="svd")
    return drawn, "joint normal"


def _refuse_one(names: Sequence[str]) -> None:
    if len(names) < 2:
        raise TooFewError(
            f"A comparison needs at least two metrics, but {len(names)} was given.\nUse cx.auc for a single one."
        )


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


def _enough_happened(comparison: Concordance) -> None:
    """Of a time until an event, what tells customers apart are the events."""
    if comparison.n_events is not None and comparison.n_events < FEWEST_EVENTS:
        raise TooFewError(
            f"At least {FEWEST_EVENTS} events are needed to compare metrics, but '{comparison.event}' happened to "
            f"{comparison.n_events:,} of {rows(comparison.n)}.\nWait for more events or watch longer; cx.concordance "
            "describes a smaller sample."
        )


def _enough_rows(comparison: Concordance) -> None:
    if comparison.n < FEWEST_EVENTS:
        raise TooFewError(
            f"At least {FEWEST_EVENTS} rows are needed to compare metrics, but {rows(comparison.n)} can be used."
            "\nCollect more answers; cx.concordance describes a smaller sample."
        )
