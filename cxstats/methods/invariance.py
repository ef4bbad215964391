"""Measurement invariance: whether scores mean the same in segments or languages that are to be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from cxstats.arrays import Column, Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.coding import upward
from cxstats.columns import codes
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.numerics.correlation import correlation_matrix, standard_scores
from cxstats.numerics.invariance import Gaps, Kind, every_gap, ladder
from cxstats.numerics.invariance_steps import FAILS, Departure, Names, Step, steps, too_few
from cxstats.numerics.segment_moments import segment_moments
from cxstats.results import Backend, build_frame, shown, text_table
from cxstats.roles import Roles
from cxstats.scales import Scale
from cxstats.shared.segment_rows import strata_of
from cxstats.wald import WaldResult

FEWEST_METRICS, MOST_METRICS, MOST_SEGMENTS = 3, 12, 20
_SINGULAR = 1e-10  # smallest eigenvalue of the metrics' correlations in a segment
_KINDS: tuple[Kind, ...] = ("intercept", "loading")


@dataclass(frozen=True, kw_only=True, eq=False)
class Invariance(WaldResult):
    """Three steps of invariance, and how far each metric departs from it between every two segments.

    The frame has for each metric, and for every pair of segments ``"a - b"``, the difference in score points
    between customers of equal standing (``intercept``); then, again for each metric and pair, the difference
    in points that one standard deviation of the factor is worth (``loading``). Up is good in both. Each
    supposes that the other metrics are invariant; NaN where its model has no proper fit.

    Attributes
    ----------
    metrics, segments : tuple of str
        Segments in canonical order; in the first the factor has mean 0 and variance 1.
    configural, metric, scalar : Step
        One factor in every segment; equal loadings; equal loadings and intercepts. Each has its numbers,
        its ``verdict`` and what ``departs`` most.
    df : float
        Of Student's t for the intervals: clusters minus one, infinite without clusters.
    """

    metrics: tuple[str, ...]
    segments: tuple[str, ...]
    configural: Step
    metric: Step
    scalar: Step

    method: ClassVar[str] = "One-factor measurement invariance, mean-scaled chi-square, scores taken as continuous"
    reference: ClassVar[str] = "Satorra & Bentler (2001), doi:10.1007/BF02296192"

    @property
    def steps(self) -> tuple[Step, Step, Step]:
        """Configural, metric, scalar."""
        return self.configural, self.metric, self.scalar

    @property
    def departs(self) -> Departure | None:
        """What departs most in the first step that does not hold; where none fails, what departs most at all."""
        failed = [step.departs for step in self.steps if step.verdict == FAILS and step.departs is not None]
        found = [step.departs for step in self.steps if step.departs is not None]
        return failed[0] if failed else max(found, key=lambda departure: departure.drop, default=None)

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The parameter, the metric and the two segments of each row."""
        pairs = [f"{a} - {b}" for a, b in combinations(self.segments, 2)]
        each = len(self.metrics) * len(pairs)
        return {
            "parameter": [kind for kind in _KINDS for _ in range(each)],
            "metric": [metric for metric in self.metrics for _ in pairs] * 2,
            "segments": pairs * (2 * len(self.metrics)),
        }

    def ladder(self, backend: Backend = "pandas") -> Any:
        """The three steps, one row each: chi-square, CFI, RMSEA, differences from the step before, verdict."""
        verdicts = [step.verdict for step in self.steps]
        return build_frame({k: list(v) for k, v in self._ladder().items()} | {"verdict": verdicts}, backend)

    def summary(self, level: float = 0.95) -> str:
        """The steps, then the differences, as text tables, rounded for reading."""
        return f"{text_table(self._ladder(), level)}\n\n{super().summary(level)}"

    def footer(self) -> str:
        """The verdicts, then the rows and the method."""
        lines = [f"{step.name.capitalize()} invariance {step.verdict}." for step in self.steps]
        if self.departs is not None:
            at = self.departs
            unit = "points" if at.parameter == "intercept" else "points per standard deviation of the factor"
            lines.append(
                f"Departs most: the {at.parameter} of '{at.metric}' in '{at.segment}', by {shown(at.estimate)} {unit}."
            )
        return "\n".join([*lines, super().footer()])

    def _ladder(self) -> dict[str, Column]:
        names = ("chi_square", "df", "p_value", "cfi", "rmsea", "difference", "difference_df", "difference_p_value")
        numbers = {name: np.array([getattr(s, name) for s in self.steps]) for name in (*names, "cfi_change")}
        return {"step": np.array([s.name for s in self.steps], dtype=object), **numbers}


def invariance(
    data: IntoCells,
    *,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    segment: str,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> Invariance:
    """Do scores mean the same in every segment or language, so that they can be compared?

    Use it before scores of segments, countries or languages are compared: a difference of means is one of
    customers only where the metrics are invariant. It needs three or more metrics of one attitude, asked of
    the same customers. Do not use it for metrics that stand for different things: one factor will not
    describe them. It does not see a shift that all metrics share, such as a culture of milder answers.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer. Cells must have the segment among their strata or controls.
    metrics : mapping from column to Scale
        3 to 12. Names suffice where ``data`` are Cells, which carry the scales. Scores on which low is good
        are turned, so that up is good.
    segment : str
        Column with the segment of each customer, text or numbers; 2 to 20 of them.
    cluster : str, optional
        Column with what makes rows dependent; a cluster may lie in several segments. Intervals then use
        Student's t with (number of clusters - 1) degrees.
    weight : str, optional
        Survey weight, taken as fixed.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    Invariance
        The steps ``configural``, ``metric`` and ``scalar``, each with its ``verdict``, and 2 p S (S - 1) / 2
        differences between the S segments in points of each metric's scale.

    Raises
    ------
    TooFewError
        Fewer than three metrics or two segments; no complete row; in some segment a metric is constant or
        follows from the others; fewer than 20 clusters.
    RoleError
        More than 12 metrics or 20 segments; ``segment`` is no stratum or control of the cells.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    Scores are treated as continuous. In every segment a one-factor model is fitted by maximum likelihood to
    means and covariances. Since scores are discrete and skewed, chi-squares are divided by their mean under
    the model [2]_, which the fourth moments (influence values of means and covariances) give; clusters and
    weights enter there. Steps are compared by the scaled difference test [1]_; CFI and RMSEA use the same
    scaling [3]_ [4]_. A tied step does not hold if the difference test rejects at 5% and CFI falls by more
    than .010 [5]_: in large samples the test alone rejects trifles. If only CFI falls, it cannot be told.
    The configural step does not hold if p < .05 and CFI < .95 [6]_. Three metrics fit one factor exactly, so
    that this step cannot be told, and the next is tested against it all the same. No verdict is given with
    fewer than 200 rows (or 20 clusters) in a segment, or where a model has no maximum or a variance at or
    below 0 (a Heywood case).

    A difference of intercepts sets that metric's intercepts free in all segments, loadings and the other
    metrics' intercepts being equal; a difference of loadings likewise in the metric model. Rows that lack a
    metric or the segment are left out and counted in ``n_missing``; rows of weight 0 too.

    References
    ----------
    .. [1] Satorra & Bentler (2001). Psychometrika 66, 507-514. doi:10.1007/BF02296192
    .. [2] Satorra & Bentler (1994). In von Eye & Clogg, Latent Variables Analysis, 399-419. Sage.
    .. [3] Brosseau-Liard & Savalei (2014). Multivariate Behavioral Research 49, 460-470.
       doi:10.1080/00273171.2014.933697
    .. [4] Brosseau-Liard, Savalei & Li (2012). Multivariate Behavioral Research 47, 904-930.
       doi:10.1080/00273171.2012.715252
    .. [5] Chen (2007). Structural Equation Modeling 14, 464-504. doi:10.1080/10705510701301834
    .. [6] Hu & Bentler (1999). Structural Equation Modeling 6, 1-55. doi:10.1080/10705519909540118

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxstats as cx
    >>> rng = np.random.default_rng(1)
    >>> french = np.arange(1000) % 2
    >>> mood = rng.normal(size=1000)
    >>> def answers(level, low, high):
    ...     return np.clip(np.round(level + mood + 0.8 * rng.normal(size=1000)), low, high)
    >>> customers = pd.DataFrame({
    ...     "nps": answers(7, 0, 10), "csat": answers(3, 1, 5), "ease": answers(4 + 0.7 * french, 1, 7),
    ...     "language": np.where(french, "fr", "en"),
    ... })
    >>> result = cx.invariance(
    ...     customers, metrics={"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}, segment="language"
    ... )
    >>> result.metric.verdict, result.scalar.verdict
    ('holds', 'does not hold')
    >>> result.departs.metric, result.departs.segment, round(result.departs.estimate, 1)
    ('ease', 'fr', 0.8)
    """
    declared, names = metric_names(data, metrics)
    _refuse_number(names)
    strata = strata_of(data, segment)
    cells = as_cells(data, Roles(metrics=declared, strata=strata, cluster=cluster, weight=weight, count=count))
    kept = _complete(cells, names, segment)
    code, segments = _segments(kept, segment)
    scores = np.column_stack([upward(kept.roles.metrics[m], kept[m]) for m in names])
    _refuse_unusable(kept, scores, code, segments, names)
    moments = segment_moments(scores, code, len(segments), kept.count, kept.row_weight, kept.cluster_codes)
    models = ladder(moments)
    told = Names(segments, names)
    configural, metric, scalar = steps(moments, models, told, _doubt(kept, code, segments))
    found = every_gap(moments, models, _KINDS)
    return Invariance(
        metrics=names,
        segments=segments,
        configural=configural,
        metric=metric,
        scalar=scalar,
        df=moments.df,
        estimate=np.concatenate([gap.estimate for gap in found]),
        std_error=np.concatenate([gap.std_error for gap in found]),
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(*_notes(found, told, metric, scalar), *moments.notes),
    )


def _refuse_number(metrics: Sequence[str]) -> None:
    if len(metrics) < FEWEST_METRICS:
        raise TooFewError(
            f"Invariance needs at least {FEWEST_METRICS} metrics of one attitude, but {len(metrics)} "
            f"{'was' if len(metrics) == 1 else 'were'} given: {listed(metrics)}."
            "\nAdd a metric: what one or two scores have in common cannot be told from what is their own."
        )
    if len(metrics) > MOST_METRICS:
        raise RoleError(
            f"Invariance takes at most {MOST_METRICS} metrics, but {len(metrics)} were given."
            "\nChoose those that are to be compared: so many hardly stand for one attitude."
        )


def _complete(cells: Cells, metrics: Sequence[str], segment: str) -> Cells:
    columns = (*metrics, segment)
    needed = cells.select(*columns)
    kept = needed.where(needed.observed(columns))
    kept = kept.where(kept.row_weight > 0)
    if kept.n == 0:
        weighted = "" if cells.roles.weight is None else " and a weight above 0"
        raise TooFewError(
            f"At least one row must have all of {listed(columns)}{weighted}, but none of {rows(cells.n)} has."
            "\nCheck how the tables were joined, or use fewer metrics."
        )
    return kept


def _segments(cells: Cells, segment: str) -> tuple[Ints, tuple[str, ...]]:
    """The number of each cell's segment, and the segments as text in canonical order."""
    code, levels = codes(cells[segment])
    names = tuple(level if isinstance(level, str) else number(level) for level in levels)
    if len(names) < 2:
        raise TooFewError(
            f"At least two segments are needed, but '{segment}' has only {listed(names)} in complete rows."
            "\nCheck the column, or whether a metric was asked in one segment alone."
        )
    if len(names) > MOST_SEGMENTS:
        raise RoleError(
            f"segment must be a column of at most {MOST_SEGMENTS} segments, but '{segment}' has {len(names):,}."
            "\nIf it says who answered, pass it as cluster= instead; else group it more coarsely."
        )
    return code, names


def _refuse_unusable(cells: Cells, scores: Floats, code: Ints, segments: Sequence[str], metrics: Sequence[str]) -> None:
    for s, name in enumerate(segments):
        on = code == s
        n, own = int(cells.count[on].sum()), scores[on]
        flat = [m for m, column in zip(metrics, own.T, strict=True) if column.min() == column.max()]
        if flat:
            raise TooFewError(
                f"Every metric must take at least two values in every segment, but {listed(flat)} "
                f"{'does' if len(flat) == 1 else 'do'} not in segment '{name}' ({rows(n)})."
                "\nLeave out the segment or the metric."
            )
        mass = cells.count[on] * cells.row_weight[on]
        if np.linalg.eigvalsh(correlation_matrix(standard_scores(own, mass), mass))[0] < _SINGULAR:
            raise TooFewError(
                f"No metric may follow exactly from the others, but one does in segment '{name}' ({rows(n)})."
                "\nLeave out a metric that was computed from others, or a segment that is too small."
            )


def _doubt(cells: Cells, code: Ints, segments: Sequence[str]) -> str | None:
    """Why no verdict is possible: too few rows or clusters."""
    on = [code == s for s in range(len(segments))]
    clusters = cells.cluster_codes
    groups = None if clusters is None else [len(np.unique(clusters[each])) for each in on]
    return too_few(segments, [int(cells.count[each].sum()) for each in on], groups)


def _notes(found: Sequence[Gaps], names: Names, metric: Step, scalar: Step) -> tuple[str, ...]:
    rows_of = [f"the {kind} of '{m}'" for kind in _KINDS for m in names.metrics]
    notes = [
        f"No difference of {row}: {names.flaw(gap.flaw)}."
        for row, gap in zip(rows_of, found, strict=True)
        if gap.flaw is not None
    ]
    if FAILS in (metric.verdict, scalar.verdict):
        notes.append(
            "Each difference supposes that the other metrics are invariant: where one departs, the others seem to "
            "depart the other way. Begin with the one that departs most."
        )
    if metric.verdict == FAILS:
        notes.append(
            "Loadings differ, so that differences of intercepts depend on the standing of the customer: they are those "
            f"at the mean of the factor in '{names.segments[0]}'."
        )
    return tuple(notes)
