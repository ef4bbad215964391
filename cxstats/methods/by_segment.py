"""Which metric predicts better for whom: areas under the ROC curve by segment, and whether metrics change places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import IntoCells, as_cells, metric_names
from cxstats.errors import RoleError, TooFewError, listed
from cxstats.numerics.contrasts import pairwise
from cxstats.numerics.crossing import Crossing, crossing
from cxstats.numerics.random_effects import RandomEffects, prediction, q_profile, random_effects
from cxstats.numerics.rank_probabilities import rank_probabilities
from cxstats.numerics.segments import segment_areas, terms
from cxstats.results import Backend, build_frame, checked_level
from cxstats.roles import Binary, Roles
from cxstats.scales import Scale
from cxstats.shared.segment_rows import ALL, segmented, strata_of
from cxstats.wald import WaldResult

FEW_SEGMENTS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class BySegment(WaldResult):
    """Areas of p metrics and their differences in each of S segments, then their means over all segments.

    Per segment the frame has the p metrics, then every pair ``"a - b"``; a last block ``"all segments"`` has
    the random-effects mean of each. Areas are tested against .5, differences against 0.

    Attributes
    ----------
    segments, metrics : tuple of str
        Segments that were used, in canonical order.
    covariance : array, shape (S p, S p)
        Of the areas, segment by segment.
    df : array, one per row of the frame
        Clusters of the segment minus one, infinite without clusters; for the means S - 1.
    p_best : array, shape (S, p)
        Share of draws from the areas' joint normal in which each metric is the largest; descriptive.
    summaries : tuple of RandomEffects, one per term
    crossing : Crossing
        Whether two metrics change places between segments.
    n_left_out : tuple of (segment, rows)
        Segments too small or too one-sided; their rows are among ``n_missing``.
    """

    segments: tuple[str, ...]
    metrics: tuple[str, ...]
    covariance: Floats
    df: Floats  # type: ignore[assignment]  # of every row
    p_best: Floats
    summaries: tuple[RandomEffects, ...]
    crossing: Crossing
    n_left_out: tuple[tuple[str, int], ...]

    method: ClassVar[str] = "Areas under the ROC curve by segment, REML random effects"
    reference: ClassVar[str] = "Knapp & Hartung (2003), doi:10.1002/sim.1482"

    @property
    def terms(self) -> tuple[str, ...]:
        """Metrics, then pairs as ``"a - b"``: the rows of one block."""
        return (*self.metrics, *(f"{a} - {b}" for a, b in combinations(self.metrics, 2)))

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The segment and the term of each row."""
        blocks = (*self.segments, ALL)
        return {"segment": np.repeat(blocks, len(self.terms)).tolist(), "term": self.terms * len(blocks)}

    @property
    def is_area(self) -> Bools:
        """Which rows are areas; the others are differences."""
        return np.arange(len(self.estimate)) % len(self.terms) < len(self.metrics)

    def heterogeneity(self, backend: Backend = "pandas", level: float = 0.95) -> Any:
        """How much segments differ beyond chance, one row per term.

        ``tau`` is the standard deviation between segments with its Q-profile limits; ``q``, ``df`` and
        ``p_value`` are Cochran's test that all segments are alike; ``i2`` is the share of the variance that
        lies between segments; the prediction limits say where a new segment's value would lie.
        """
        checked_level(level)
        fits, lowest = self.summaries, np.where(self.is_area[: len(self.terms)], 0.0, -1.0)
        limits = np.sqrt([q_profile(fit, level) for fit in fits])
        new = [prediction(fit, level) for fit in fits]
        columns = {
            "tau": np.sqrt([fit.tau2 for fit in fits]),
            "tau_low": limits[:, 0],
            "tau_high": limits[:, 1],
            "q": np.array([fit.q for fit in fits]),
            "df": np.array([fit.df for fit in fits]),
            "p_value": np.array([fit.q_p_value for fit in fits]),
            "i2": np.array([fit.i2 for fit in fits]),
            "prediction_low": np.clip([at.low for at in new], lowest, 1),
            "prediction_high": np.clip([at.high for at in new], lowest, 1),
        }
        return build_frame({"term": list(self.terms), **{k: v.tolist() for k, v in columns.items()}}, backend)

    @property
    def null(self) -> Floats:
        """.5 for areas, 0 for differences."""
        return np.where(self.is_area, 0.5, 0.0)

    @property
    def bounds(self) -> tuple[float | Floats, float | Floats]:
        """0 to 1, differences from -1."""
        return np.where(self.is_area, 0.0, -1.0), 1.0


def by_segment(
    data: IntoCells,
    *,
    outcome: Binary | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    segment: str,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
    smallest: float = 0.01,
) -> BySegment:
    """For whom does which metric predict better, and is another metric the best one elsewhere?

    Use it for industries, channels or tenure groups that were named before the data were seen. Looking
    for the segment with the largest difference finds one in any data: whether metrics truly change
    places is what ``crossing`` says, adjusted for all that was looked at.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer. Cells must have the segment among their strata or controls.
    outcome : Binary
        0 or 1, with the value that is good for the firm declared.
    metrics : mapping from column to Scale
        At least two. Names suffice where ``data`` are Cells, which carry the scales.
    segment : str
        Column with the segment of each customer, text or numbers; 2 to 200 of them.
    cluster : str, optional
        Column with what makes rows dependent; a cluster may lie in several segments. Intervals of a
        segment then use influence sums per cluster and Student's t with (its clusters - 1) degrees.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    smallest : float
        The smallest difference of areas that counts for ``crossing``, between 0 and 1.

    Returns
    -------
    BySegment
        Per segment the p areas and the p (p - 1) / 2 differences, then their means over segments; all in
        units of probability. `heterogeneity` has the spread between segments, ``crossing`` the test.

    Raises
    ------
    TooFewError
        Fewer than two metrics; no complete row; fewer than two segments that can be used; a metric is
        constant.
    SeparationError
        A metric tells the outcomes of all customers apart perfectly.
    RoleError
        No binary outcome; ``segment`` is no stratum or control of the cells, or has more than 200 values;
        ``smallest`` is not between 0 and 1. Also as for `tally`.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    Within a segment all is as in `delong` on its rows: complete on outcome and metrics, one independent unit
    being a row or a cluster. Clusters that lie in several segments make the segments' areas dependent, and
    this enters the means and the tests over segments. A segment is left out, and named in ``notes``, if it
    has fewer than 10 good or 10 bad outcomes or fewer than 20 clusters, or if a metric is constant in it or
    tells its outcomes apart perfectly. ``n_missing`` counts rows without outcome, metrics or segment and
    the rows of segments left out (``n_left_out``).

    Means: random effects with the variance between segments by REML, Knapp's and Hartung's standard error
    (never below the plain one) and Student's t with S - 1 degrees [1]_; sampling variances are taken as
    known. A segment counts for what it is, not for its customers: the mean is that over segments. With
    fewer than 5 of them the spread is hardly known, and the intervals show it.

    ``crossing``: two segments and two metrics of which the first is better by more than ``smallest`` in one
    segment and worse by more than that in the other; Holm's adjustment over all such quadruples. The
    qualitative interaction of [2]_, with a margin and for any number of metrics.

    References
    ----------
    .. [1] Knapp & Hartung (2003). Statistics in Medicine 22, 2693-2710. doi:10.1002/sim.1482
    .. [2] Gail & Simon (1985). Biometrics 41, 361-372. doi:10.2307/2530862

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.simulate.industries(4000, rng=1)
    >>> result = cx.by_segment(
    ...     customers,
    ...     outcome=cx.Binary("repurchase"),
    ...     metrics={"nps": cx.NPS, "csat": cx.CSAT5},
    ...     segment="industry",
    ... )
    >>> result.to_frame()[["segment", "term", "estimate"]].round(3).iloc[[2, 5]]
        segment        term  estimate
    2    retail  nps - csat    -0.058
    5  telecoms  nps - csat     0.068
    >>> result.crossing.segments, result.crossing.metrics, result.crossing.p_supported < 0.001
    (('telecoms', 'retail'), ('nps', 'csat'), True)
    """
    declared, names = metric_names(data, metrics)
    if len(names) < 2:
        raise TooFewError(
            f"A comparison needs at least two metrics, but {len(names)} was given.\nUse cx.auc for a single one."
        )
    _refuse_margin(smallest)
    strata = strata_of(data, segment)
    roles = Roles(outcome=outcome, metrics=declared, strata=strata, cluster=cluster, weight=weight, count=count)
    cells = as_cells(data, roles)
    table = segmented(cells, names, segment)
    kept, p, S = table.cells, len(names), len(table.segments)
    areas = segment_areas(
        table.scores, table.positive, kept.count, kept.row_weight, table.segment, table.segments, kept.cluster_codes
    )
    found = terms(areas, np.vstack([np.eye(p), pairwise(p)]))
    means = tuple(random_effects(y, V) for y, V in zip(found.estimate.T, found.covariance, strict=True))
    return BySegment(
        segments=table.segments,
        metrics=names,
        estimate=np.append(found.estimate, [fit.mean for fit in means]),
        std_error=np.append(found.std_error, [fit.std_error for fit in means]),
        df=np.append(np.repeat(areas.df, len(means)), np.full(len(means), S - 1.0)),
        covariance=areas.covariance,
        p_best=np.array(
            [
                rank_probabilities(a, areas.covariance_of(s), df)[:, 0]
                for s, (a, df) in enumerate(zip(areas.auc, areas.df, strict=True))
            ]
        ),
        summaries=means,
        crossing=crossing(
            found.estimate[:, p:], found.std_error[:, p:], areas.df, float(smallest), table.segments, names
        ),
        n_left_out=table.left_out,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(*table.notes, *areas.notes, *_spread_notes(names, found.std_error)),
    )


def _refuse_margin(smallest: object) -> None:
    if isinstance(smallest, bool) or not isinstance(smallest, int | float) or not 0 < smallest < 1:
        raise RoleError(
            f"smallest must be a difference of areas between 0 and 1, but {smallest!r} was given."
            "\nIt is the smallest difference that would matter, such as 0.01."
        )


def _spread_notes(metrics: Sequence[str], std_error: Floats) -> tuple[str, ...]:
    notes = []
    if len(std_error) < FEW_SEGMENTS:
        notes.append(
            f"{len(std_error)} segments are few (fewer than {FEW_SEGMENTS}): how much segments differ is hardly known, "
            "and the intervals over all of them are wide."
        )
    same = (std_error[:, len(metrics) :] == 0).any(axis=0)
    pairs = [f"{a} - {b}" for (a, b), yes in zip(combinations(metrics, 2), same, strict=True) if yes]
    if pairs:
        notes.append(
            f"No mean over segments for {listed(pairs)}: somewhere the two order the customers alike, and their "
            "difference has no variance."
        )
    return tuple(notes)
