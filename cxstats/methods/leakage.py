"""Columns that know the outcome too well: asked after it, or computed from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.columns import codes, is_missing
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.numerics.intervals import ratio_to_error, two_sided, wilson
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level
from cxstats.roles import Outcome, Roles, outcome_columns
from cxstats.scales import Scale
from cxstats.shared.suspicion import LEVEL, Role, examined, name_of, reason_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Leakage(TalliedResult):
    """How well each column tells the outcomes apart, and which do so too well.

    The frame has one row per metric, then one per control. The estimate is the area under the ROC curve
    (of an outcome with a size: the concordance), for text from held-out rates of its levels; NaN where only
    one outcome occurs among the rows that have the column.

    Attributes
    ----------
    flagged : tuple of str
        Columns that are suspicious.
    reasons : tuple of str
        For each flagged column, in the same order, what was found, why it is suspicious, what to check.
    pure, pure_good, pure_bad : array, shape (p,)
        Share of all customers, of those with the good and of those with the bad outcome, at levels without a single
        exception (with a size: upper and lower part). A missing value is a level.
    log10_luck : array, shape (p,)
        log10 of the probability that outcomes dealt at random leave these levels without exception.
    n_used : int array, shape (p,)
        Rows behind each estimate.
    n_eff, df : array, shape (p,)
        Effective rows and degrees of freedom of each interval.
    """

    names: tuple[str, ...]
    roles: tuple[Role, ...]
    flagged: tuple[str, ...]
    reasons: tuple[str, ...]
    pure: Floats
    pure_good: Floats
    pure_bad: Floats
    log10_luck: Floats
    n_used: Ints
    n_eff: Floats
    df: Floats

    method: ClassVar[str] = "Columns that know the outcome too well: areas and levels without exception"
    reference: ClassVar[str] = "Kaufman, Rosset, Perlich & Stitelman (2012), doi:10.1145/2382577.2382579"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The column of each row, and whether it is a metric or a control."""
        return {"column": self.names, "role": self.roles}

    @property
    def statistic(self) -> Floats:
        """(Estimate - .5) / standard error."""
        return ratio_to_error(self.estimate - 0.5, self.std_error)

    @property
    def p_value(self) -> Floats:
        """Two-sided, against .5: that a column says nothing, which is not what makes it suspicious."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = LEVEL) -> ConfidenceInterval:
        """Wilson's limits with the effective number of rows, which stay honest near 1."""
        limits = wilson(self.estimate * self.n_eff, self.n_eff, checked_level(level), self.df)
        return ConfidenceInterval(limits.low, limits.high, level)

    def footer(self) -> str:
        """The reasons, then as for any result."""
        return "\n".join([*(self.reasons or ("No column was flagged.",)), super().footer()])


def leakage(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> Leakage:
    """Which scores and controls predict the outcome so well that they were asked after it, or computed from it?

    Use it before any comparison of metrics. Published correlations of satisfaction with what customers later
    did are about .14, an area near .6; an area of .97 is no discovery. Nothing is raised and nothing left out,
    even where a column tells the outcomes apart perfectly: the point is to name it. A column that is not
    flagged may still have been asked too late, or filled in later for some customers: only dates can tell.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary, Rating, Continuous, Count or Survival
        With what is good for the firm declared.
    metrics : mapping from column to Scale
        One or more. Names suffice where ``data`` are Cells, which carry the scales.
    controls : list of columns
        Numbers or text. Text is scored by the held-out mean outcome of its levels.
    cluster, weight, count : str, optional
        As in `concordance`. With clusters, levels are counted in clusters, not in rows.

    Returns
    -------
    Leakage
        One row per column, estimates in [0, 1]; ``flagged`` and ``reasons``.

    Raises
    ------
    TooFewError
        No row has the outcome, or all have the same; fewer than 20 clusters.
    RoleError
        No outcome; a text control with a value of its own in every row, which is a key; also as for `tally`.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    A column is flagged by any of these rules.

    1. *Too good.* The lower 95% limit of its area is above .95, or the upper one below .05; of the concordance
       with an outcome that has a size .90 and .10, which for normal data is a correlation of .95. Two questions of one
       sitting about the same thing reach .75 to .85.
    2. *No contradiction.* It orders the outcomes without one exception, in at least 10 pairs of different rows.
    3. *Levels without exception.* At least half of the customers with the rarer outcome are at levels where nobody
       has the other one. A level counts if it has 30 rows or more of which, at the overall rate, 10 or more
       would be exceptions: luck leaves none with a probability below e^-10. Honest scores have such levels at
       their ends, but in simulated normal scores with areas of .85 to .93 these never held more than a third of
       the rarer outcome. An outcome with a size is first cut into two parts as equal as can be.
    4. *The outcome contained.* A level of a text control has one outcome only where 30 or more exceptions would be
       expected (binary outcomes); or everybody who has the column at all shares one outcome.

    Of a time until an event, numbers are set against the time (rules 1 and 2, as in `concordance`), levels against
    whether the event was seen (rules 3 and 4).

    A missing value is a level: a score that only those have who stayed was asked too late. The estimate of a
    number stands on the rows that have it. A level of text is scored for each row by the mean outcome of the
    level's other rows (other clusters), and pairs within a level are ties [2]_; scored by its own mean, any column
    with many levels would seem to predict. Intervals are Wilson's with C (1 - C) / variance as the effective
    number of rows; at 0 and 1, where no variance is left, with the number of pairs that share no row [3]_. One
    independent unit is a row, or a cluster. Rows that lack the outcome are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Kaufman, Rosset, Perlich & Stitelman (2012). ACM Transactions on Knowledge Discovery from Data 6(4), 15.
       doi:10.1145/2382577.2382579
    .. [2] Airola, Pahikkala, Waegeman, De Baets & Salakoski (2011). Computational Statistics & Data Analysis 55,
       1828-1844. doi:10.1016/j.csda.2010.11.018
    .. [3] Hoeffding (1963). J. Am. Stat. Assoc. 58, 13-30, section 5. doi:10.1080/01621459.1963.10500830

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.simulate.leak(1000, rng=1)
    >>> result = cx.leakage(
    ...     customers, outcome=cx.Binary("repurchase"), metrics={"nps": cx.NPS, "satisfaction": cx.CSAT5}
    ... )
    >>> result.flagged
    ('satisfaction',)
    """
    declared, names = metric_names(data, metrics)
    roles = Roles(
        outcome=outcome,
        metrics=declared,
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        weight=weight,
        count=count,
    )
    cells = as_cells(data, roles)
    target = _declared(cells.roles.outcome)
    needed = cells.select(*outcome_columns(target), *names, *cells.roles.controls)
    kept = needed.where(needed.observed(outcome_columns(target)) & (needed.row_weight > 0))
    _refuse_constant(kept, target)
    _refuse_keys(kept)
    found = [examined(kept, target, name) for name in (*names, *kept.roles.controls)]
    told = {each.name: reason for each in found if (reason := reason_of(each, target))}
    return Leakage(
        names=tuple(each.name for each in found),
        roles=tuple(each.role for each in found),
        flagged=tuple(told),
        reasons=tuple(told.values()),
        pure=np.array([each.pure.share for each in found]),
        pure_good=np.array([each.pure.of_good for each in found]),
        pure_bad=np.array([each.pure.of_bad for each in found]),
        log10_luck=np.array([each.pure.log10_luck for each in found]),
        n_used=np.array([each.n for each in found]),
        n_eff=np.array([each.tie.n_eff for each in found]),
        df=np.array([each.tie.df for each in found]),
        estimate=np.array([each.tie.estimate for each in found]),
        std_error=np.array([each.tie.std_error for each in found]),
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=tuple(dict.fromkeys(note for each in found for note in each.notes)),
    )


def _refuse_keys(kept: Cells) -> None:
    keys = []
    for name in kept.roles.controls:
        n = int(kept.count[~is_missing(kept[name])].sum())
        if kept[name].dtype == object and n > 1 and len(codes(kept[name])[1]) == n:
            keys.append(name)
    if keys:
        raise RoleError(
            f"A control must describe customers, but {listed(keys)} {'identifies' if len(keys) == 1 else 'identify'} "
            "rows: no two rows have the same value.\nLeave it out, or pass a customer's key as cluster=."
        )


def _declared(outcome: Outcome | None) -> Outcome:
    if outcome is None:
        raise RoleError('An outcome is needed.\nPass for example outcome=cx.Binary("churned", good=0).')
    return outcome


def _refuse_constant(kept: Cells, target: Outcome) -> None:
    values = kept[name_of(target)]
    if len(np.unique(values)) < 2:
        held = f"all {rows(kept.n)} hold {number(float(values[0]))}" if kept.n else "no row has it"
        raise TooFewError(
            f"The outcome '{name_of(target)}' must take at least two values, but {held}."
            "\nCheck how the tables were joined, or use a longer window."
        )
