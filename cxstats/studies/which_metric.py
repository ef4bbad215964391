"""Which feedback metric predicts the outcome best?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cxstats.arrays import Column, Floats
from cxstats.cells import IntoCells, as_cells, metric_names
from cxstats.methods.league_table import LeagueTable, league_table
from cxstats.numerics.resample import Resampling, seeded
from cxstats.results import Backend, ConfidenceInterval, TalliedResult
from cxstats.roles import Outcome, Roles, outcome_columns
from cxstats.scales import Scale
from cxstats.studies.which_metric_parts import Parts, Settings, ask_all
from cxstats.studies.which_metric_words import outcome_notes, sentences, verdict_in_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cxstats.methods.concordance import Concordance
    from cxstats.methods.delong import AUCComparison
    from cxstats.methods.extreme_groups import ExtremeGroups


@dataclass(frozen=True, kw_only=True, eq=False)
class WhichMetric(TalliedResult):
    """The comparison of metrics: the league table, one row per metric, and the analyses beside it.

    Attributes
    ----------
    best : str or None
        The metric that beats every other: a positive difference with a two-sided p, adjusted by Holm over
        all pairs, below .05. None where the evidence does not separate them, or where that metric knows
        the outcome too well to be believed.
    league : LeagueTable
        Areas (of an outcome with a size: concordances), their differences, ``p_best``.
    parts : Parts
        The other analyses: codings, held out, added value, combination, dominance, hazards, segments, guards.
    seed : int or None
        Passed as ``rng`` it gives the same numbers again.
    fingerprint : str
        SHA-256 of the cells.
    """

    metrics: tuple[str, ...]
    coding: tuple[str, ...]
    best: str | None
    league: LeagueTable
    parts: Parts
    seed: int | None
    fingerprint: str

    method: ClassVar[str] = "Metrics compared on the same rows; Holm over all pairs"
    reference: ClassVar[str] = "DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595"

    @property
    def comparison(self) -> "AUCComparison | Concordance":
        """Areas, differences and their covariance."""
        return self.league.comparison

    @property
    def p_holm(self) -> Floats:
        """Adjusted p-values of the differences, in the order of the comparison."""
        return self.league.p_holm

    @property
    def p_best(self) -> Floats:
        """Share of resamples in which each metric came first; descriptive only."""
        return self.league.p_best

    @property
    def p_best_from(self) -> str:
        """How ``p_best`` was drawn."""
        return self.league.p_best_from

    @property
    def extremes(self) -> "ExtremeGroups | None":
        """Contrasts of the top with the bottom 20% of customers; None where the outcome is not binary."""
        return self.parts.extremes

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """Metric and coding of each row."""
        return {"metric": self.metrics, "coding": self.coding}

    @property
    def statistic(self) -> Floats:
        """Of each area against .5."""
        return self.league.statistic

    @property
    def p_value(self) -> Floats:
        """Of each area against .5, two-sided."""
        return self.league.p_value

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Limits of the areas."""
        return self.league.confidence_interval(level)

    def columns(self, level: float = 0.95) -> dict[str, Column]:
        """The frame as arrays, with ``p_best`` and the contribution by general dominance last."""
        found = self.parts.dominance
        shares = np.full(len(self.metrics), np.nan) if found is None else found.estimate[: len(self.metrics)]
        return {**super().columns(level), "p_best": self.p_best, "dominance": np.array(shares)}

    def differences(self, backend: Backend = "pandas", level: float = 0.95) -> Any:
        """One row per pair: the difference, its unadjusted interval, ``p_value`` and ``p_holm``."""
        return self.league.differences(backend, level)

    def verdict(self) -> str:
        """The answer in one sentence."""
        return verdict_in_words(self.league, self.parts)

    def answers(self) -> tuple[str, ...]:
        """What each analysis adds, a sentence or two each."""
        return sentences(self.metrics, self.parts)

    def footer(self) -> str:
        """The verdict and the differences, what each analysis adds, what cannot be told, then the usual lines."""
        lines = [self.verdict(), *self.league.difference_lines(), *self.answers()]
        lines += [
            f"Cannot be told ({title}): {reason.splitlines()[0]}" for title, reason in self.parts.not_told.items()
        ]
        return "\n".join([*lines, self.league.drawn(), super().footer()])

    def figure(self) -> "Figure":
        """The comparison on one page: league table, codings, contributions, calibration."""
        from cxstats.figures.which_metric import which_metric_page

        return which_metric_page(self)


def which_metric(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    controls: Sequence[str] = (),
    segments: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
    resampling: Resampling = "bootstrap",
    replicates: int = 2000,
    folds: int = 10,
    repeats: int | None = None,
    rng: int | np.random.Generator | None = None,
    progress: Callable[[str], None] | None = None,
) -> WhichMetric:
    """Find out which feedback metric tells best who will come back, and whether the answer can be trusted.

    Use it with an outcome that was recorded after the scores were given. The league table compares the
    metrics as they are; the parts beside it say what changes with the coding, on customers held out, beyond
    past behaviour, for several metrics together, and from segment to segment.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary, Rating, Continuous, Count or Survival
        With what is good for the firm declared.
    metrics : mapping from column to Scale
        Two or more; names suffice where ``data`` are Cells.
    controls : list of columns
        What is known without asking: recency, orders, spend, tenure.
    segments : list of columns
        In which customers are compared apart: industry, channel, language.
    cluster : str, optional
        Column with what makes rows dependent; at least 20 clusters.
    weight : str, optional
        Survey weight, taken as fixed. Nothing is then held out: see ``parts.not_told``.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    resampling : {"bootstrap", "bayesian"}
        How ``p_best`` is drawn; see `league_table`.
    replicates : int
        Resamples for ``p_best``.
    folds, repeats : int
        As in `held_out`.
    rng : int or numpy Generator, optional
        Seed of the draws; without one, the seed drawn is kept in the result.
    progress : callable, optional
        Told in words what is being done, part by part.

    Returns
    -------
    WhichMetric
        Areas (concordances) in [0, 1] per metric; ``best``, ``differences()``, ``parts`` and ``figure()``.

    Raises
    ------
    TooFewError
        Fewer than 100 good or 100 bad outcomes (100 rows of another outcome, 100 events of a survival outcome),
        fewer than two metrics, a constant metric.
    SeparationError
        A metric tells the outcomes apart perfectly.
    ScaleError, ColumnError, RoleError
        As for `tally`.

    Notes
    -----
    What stops the league table raises; what stops another part leaves its reason in ``parts.not_told``. A
    metric that `leakage` finds suspicious is never named best. All parts use one seed: each can be
    repeated alone with its own function and ``rng=result.seed``. Rows are complete on what a part needs, so
    that parts with controls or segments may stand on fewer rows: each result has its own ``n``.

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson (1988). Biometrics 44, 837-845. doi:10.2307/2531595
    .. [2] Holm (1979). Scandinavian Journal of Statistics 6, 65-70.
    .. [3] LeDell, Petersen & van der Laan (2015). Electron. J. Stat. 9, 1583-1607. doi:10.1214/15-EJS1035
    .. [4] Azen & Traxel (2009). Journal of Educational and Behavioral Statistics 34, 319-347.

    Examples
    --------
    >>> import cxstats as cx
    >>> cohort = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.which_metric(
    ...     cohort,
    ...     outcome=cx.Binary("repurchase", after=True),
    ...     metrics={"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7},
    ...     count="n",
    ...     rng=1,
    ... )
    >>> result.best, result.parts.combination.enough
    ('csat', ('nps', 'csat'))
    """
    declared, names = metric_names(data, metrics)
    roles = Roles(
        outcome=outcome,
        metrics=declared,
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        strata=segments,  # type: ignore[arg-type]
        cluster=cluster,
        weight=weight,
        count=count,
    )
    cells = as_cells(data, roles)
    tell = progress or (lambda _part: None)
    draws = seeded(rng)
    again = draws.rng if draws.seed is None else draws.seed
    tell("league table")
    bare = cells.select(*outcome_columns(cells.roles.outcome), *names)
    league = league_table(bare, metrics=names, resampling=resampling, replicates=replicates, rng=again)
    settings = Settings(folds=folds, repeats=repeats, rng=again)
    parts = ask_all(cells, names, cells.roles.strata, settings, tell)
    suspicious = () if parts.leakage is None else parts.leakage.flagged
    return WhichMetric(
        metrics=names,
        coding=("full scale",) * len(names),
        estimate=league.estimate,
        std_error=league.std_error,
        best=None if league.best in suspicious else league.best,
        league=league,
        parts=parts,
        seed=draws.seed,
        fingerprint=cells.fingerprint,
        n=league.n,
        n_missing=league.n_missing,
        n_cells=league.n_cells,
        notes=(*league.notes, *outcome_notes(cells.roles.outcome)),
    )
