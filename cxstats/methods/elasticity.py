"""By how many percent is trust higher where satisfaction is one percent higher?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from cxstats.arrays import Column, Ints
from cxstats.cells import Cells, IntoCells, as_cells, is_cells, metric_names
from cxstats.coding import upward
from cxstats.columns import codes
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.numerics.effect import Effect
from cxstats.numerics.elasticity import (
    Points,
    absorbed_slope,
    between_note,
    firm_of,
    means_of,
    refuse_few_panel,
    refuse_flat,
    refuse_low,
    seen_once,
    without,
)
from cxstats.numerics.influence import Covariance, covariance
from cxstats.numerics.observed import refuse_unmarked
from cxstats.results import shown
from cxstats.roles import Continuous, Rating, Roles
from cxstats.scales import Scale
from cxstats.wald import WaldResult

FEWEST_POINTS = 30
MOST_PERIODS = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class Elasticity(WaldResult):
    """How many percent of the outcome go with one percent of the metric: one row, ``elasticity``.

    Attributes
    ----------
    effect : Effect
        The same, to be tested at any value. It is relative: percent per percent, not points per point.
    panel : bool
        Whether firms are compared with themselves over time. If not, firms (or rows) are compared with each other,
        and a claim can get no further than the direction.
    from_low : Effect or None
        The elasticity if ratings were counted from the lowest answer instead of from 0: other points are then 10%.
        None where all count from 0 already, or where a mean lies at the lowest answer.
    means : (float, float)
        Means of metric and outcome, turned so that up is good.
    n_firms, n_periods : int or None
        That the slope stands on; None where none is declared.
    n_points : int
        Means of firm and period; without a firm, rows.
    answers : float
        Median number of rows behind a mean.
    metric, outcome : str
    """

    effect: Effect
    panel: bool
    from_low: Effect | None
    means: tuple[float, float]
    n_firms: int | None
    n_periods: int | None
    n_points: int
    answers: float
    metric: str
    outcome: str

    method: ClassVar[str] = "Log-log slope with fixed effects of firms and periods, variance clustered by firm"
    reference: ClassVar[str] = "Cameron & Miller (2015), doi:10.3368/jhr.50.2.317"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The one row."""
        return {"term": ["elasticity"]}

    def percent(self, more: float) -> float:
        """By how many percent the outcome is higher where the metric is so many percent higher: 12.1 for 10 at 1.2."""
        return 100 * float(np.expm1(self.effect.estimate * np.log1p(more / 100)))

    def footer(self) -> str:
        """What ten percent are, what the slope stands on, and what the zero of the scale does to it."""
        who = "rows" if self.n_firms is None else "firms"
        where = "within firms over time" if self.panel else f"between {who}"
        ten = f"10% more '{self.metric}' goes with {shown(self.percent(10))}% more '{self.outcome}', {where}"
        lines = [f"{ten}; at the mean 10% of '{self.metric}' are {shown(self.means[0] / 10)} points."]
        if self.n_firms is not None:
            lines.append(
                f"{self.n_firms:,} firms, {self.n_points:,} means of firm and period, of {number(self.answers)} rows "
                "each (median)."
            )
        if self.from_low is not None:
            low, high = self.from_low.interval()
            lines.append(
                f"Counted from the lowest answer instead of 0 the elasticity is {shown(self.from_low.estimate)} (95% "
                f"limits {shown(low)} to {shown(high)}): a percent of a rating depends on where its scale begins."
            )
        return "\n".join([*lines, super().footer()])


def elasticity(
    data: IntoCells,
    *,
    outcome: Rating | Continuous | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    period: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> Elasticity:
    """By how many percent is trust higher where satisfaction is one percent higher?

    Use it for claims such as "10% more satisfaction, 12% more trust", on firms (brands, branches) that were asked
    several times. Percent are not points: on a scale from 1 to 5, 10% of a mean of 4 are .4 points. Do not use it on
    a net score, which has no percent, nor read it as what a firm would gain: both may follow a third thing.

    Parameters
    ----------
    data : dataframe or Cells
        One row per firm and period, or one row per customer: then the means per firm and period are made here.
    outcome : Rating or Continuous
        Trust, or what else is asked about; a high value is good.
    metrics : mapping from column to Scale
        Exactly one. Turned so that up is good. The name suffices where ``data`` are Cells.
    cluster : str, optional
        Column with the firm. Without it rows are compared with each other, each with its own logarithm.
    period : str, optional
        Column with the wave, numbers or text; at most 200. For Cells one of their strata.
    weight : str, optional
        Survey weight: enters the means; each firm and period then counts once. Without firms, each row's weight.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    Elasticity
        Percent per percent; ``panel`` says whether firms were compared with themselves.

    Raises
    ------
    ColumnError
        A mean (without firms, a value) of 0 or less, which has no logarithm; as for `tally`.
    TooFewError
        Fewer than 20 firms, or without firms 30 rows; a metric or an outcome that does not vary within firms; no
        complete row.
    RoleError, ScaleError
        Not exactly one metric; an outcome of which low is good; more than 200 periods; as for `tally`.

    Notes
    -----
    log m_it(y) = a_i + g_t + e log m_it(x), with m_it the mean over the rows of firm i in period t: least squares
    with a constant per firm and per period, so that lasting differences between firms and what moved all firms at
    once are no part of e. Firms seen in one period tell nothing of e and are left out. Where no firm was seen twice
    the slope is that between firms, with constants per period only. One independent unit is a firm: residuals are
    summed per firm, the variance has the factor G / (G - 1), and Student's t has G - 1 degrees [1]_; there is a
    warning below 40 firms. Means over few customers are in part luck, which draws e towards 0, or, where the same
    customers gave both answers, towards what holds between customers: see ``answers``. e depends on the zero of the
    scales: ``from_low`` shows by how much. Rows that lack a value are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Cameron & Miller (2015). Journal of Human Resources 50, 317-372. doi:10.3368/jhr.50.2.317

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxstats as cx
    >>> rng = np.random.default_rng(1)
    >>> firms = pd.DataFrame({"firm": np.repeat(np.arange(60), 8), "quarter": np.tile(np.arange(8), 60)})
    >>> firms["csat"] = np.clip(rng.normal(7, 1, 60)[firms["firm"]] + rng.normal(0, 0.4, 480), 1, 10)
    >>> firms["trust"] = rng.uniform(0.4, 0.7, 60)[firms["firm"]] * firms["csat"] ** 1.2 * rng.uniform(0.9, 1.1, 480)
    >>> result = cx.elasticity(
    ...     firms, outcome=cx.Continuous("trust"), metrics={"csat": cx.Scale(1, 10, whole=False)}, cluster="firm",
    ...     period="quarter",
    ... )
    >>> result.to_frame()[["term", "estimate", "ci_low", "ci_high"]].round(2)
             term  estimate  ci_low  ci_high
    0  elasticity      1.15    1.07     1.24
    """
    declared, names = metric_names(data, metrics)
    if len(names) > 1:
        raise RoleError(
            f"One metric can be asked about at a time, but {len(names)} were given: {listed(names)}."
            "\nCall elasticity once for each."
        )
    waves = () if period is None else (period,)
    strata = () if is_cells(data) else waves
    roles = Roles(outcome=outcome, metrics=declared, strata=strata, cluster=cluster, weight=weight, count=count)
    cells = as_cells(data, roles)
    target = _measured(cells.roles.outcome)
    if period is not None:
        refuse_unmarked({"period": period}, cells.roles.strata, cells.roles.controls)
    found = _complete(cells, target.column, names[0], waves)
    points, panel, alone = _points(found, target, names[0], period)
    logs = replace(points, x=np.log(points.x), y=np.log(points.y))
    refuse_flat(logs, panel, (names[0], target.column))
    effect, spread = _effect(logs, panel)
    mass = points.mass
    return Elasticity(
        estimate=np.array([effect.a]),
        std_error=np.sqrt([effect.var_a]),
        df=effect.df,
        effect=effect,
        panel=panel,
        from_low=_from_low(points, panel, found, target, names[0]),
        means=(float(mass @ points.x / mass.sum()), float(mass @ points.y / mass.sum())),
        n_firms=None if points.firm is None else len(np.unique(points.firm)),
        n_periods=None if period is None or points.period is None else len(np.unique(points.period)),
        n_points=int(points.count.sum()),
        answers=float(np.median(points.answers)) if points.firm is not None else 1.0,
        metric=names[0],
        outcome=target.column,
        n=int(points.answers.sum()),
        n_missing=cells.n - found.n,
        n_cells=found.n_cells,
        notes=(*spread.notes, *alone, *between_note(panel, points)),
    )


def _measured(outcome: object) -> Rating | Continuous:
    if isinstance(outcome, Rating) or (isinstance(outcome, Continuous) and outcome.good == "high"):
        return outcome
    low = " with good='low'" if isinstance(outcome, Continuous) else ""
    what = "none was declared" if outcome is None else f"{type(outcome).__name__}{low} was given"
    raise RoleError(
        f"An outcome that is measured, of which a high value is good, is needed, but {what}."
        '\nPass for example outcome=cx.Rating("trust", cx.CSAT5) or cx.Continuous("trust").'
    )


def _complete(cells: Cells, outcome: str, metric: str, waves: Sequence[str]) -> Cells:
    """The rows that have everything, over these columns only."""
    needed = cells.select(outcome, metric, *waves)
    kept = needed.where(needed.observed([outcome, metric, *waves]) & (needed.row_weight > 0))
    if kept.n == 0:
        firm = [c for c in (cells.roles.cluster, cells.roles.weight) if c is not None]
        raise TooFewError(
            f"At least one row must have all of {listed([outcome, metric, *waves, *firm])}, but none of "
            f"{rows(cells.n)} has.\nCheck how the tables were joined."
        )
    return kept


def _points(
    kept: Cells, target: Rating | Continuous, metric: str, period: str | None
) -> tuple[Points, bool, list[str]]:
    """Means per firm and period, or rows; whether firms were seen more than once; what is said of those seen once."""
    x = upward(kept.roles.metrics[metric], kept[metric])
    y = upward(target.scale, kept[target.column]) if isinstance(target, Rating) else kept[target.column]
    at, waves = _periods(kept, period)
    if kept.cluster_codes is None:
        wave = None if period is None else at
        found = Points(x, y, None, wave, kept.count, kept.row_weight, kept.count)
        refuse_low(found, (metric, target.column), None)
        if kept.n < FEWEST_POINTS:
            raise TooFewError(
                f"At least {FEWEST_POINTS} rows are needed for a slope, but there are {kept.n}."
                "\nWith fewer, show the rows themselves."
            )
        return found, False, []
    firm, firms = codes(kept[kept.roles.cluster or ""])
    found = means_of(x, y, firm, at, kept.count, kept.row_weight)
    refuse_low(found, (metric, target.column), [firms, *waves])
    seen = np.bincount(firm_of(found))
    if (seen < 2).all():
        return found, False, []
    refuse_few_panel(int((seen > 1).sum()), len(firms))
    once = seen[firm_of(found)] < 2
    return without(found, once), True, seen_once(found, once)


def _periods(kept: Cells, period: str | None) -> tuple[Ints, list[Column]]:
    if period is None:
        return np.zeros(kept.n_cells, dtype=np.int64), []
    at, levels = codes(kept[period])
    if len(levels) > MOST_PERIODS:
        raise RoleError(
            f"period must be a column of at most {MOST_PERIODS} periods, but '{period}' has {len(levels):,}."
            "\nMerge days into months or quarters."
        )
    return at, [levels]


def _effect(logs: Points, panel: bool) -> tuple[Effect, Covariance]:
    fit = absorbed_slope(logs.x, logs.y, logs.mass, logs.weight, logs.firm if panel else None, logs.period)
    spread = covariance(fit.influence[:, None], logs.count, logs.firm)
    return Effect(a=fit.slope, var_a=float(spread.matrix[0, 0]), df=spread.df), spread


def _from_low(points: Points, panel: bool, kept: Cells, target: Rating | Continuous, metric: str) -> Effect | None:
    """The elasticity with ratings counted from their lowest answer."""
    lows = (kept.roles.metrics[metric].low, target.scale.low if isinstance(target, Rating) else 0.0)
    x, y = points.x - lows[0], points.y - lows[1]
    if lows == (0.0, 0.0) or (x <= 0).any() or (y <= 0).any():
        return None
    shifted = replace(points, x=np.log(x), y=np.log(y))
    return _effect(shifted, panel)[0]
