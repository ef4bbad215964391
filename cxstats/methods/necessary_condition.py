"""Is there a level of satisfaction without which a high outcome does not occur?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.numerics.ceiling import Ceiling, Chance, ceiling_of, effect_sizes, permuted_chance, running_steps
from cxstats.numerics.intervals import wilson
from cxstats.numerics.normal_copula import correlated_chance, normal_correlation
from cxstats.numerics.observed import Measured, measured
from cxstats.numerics.resample import Seeded, seeded
from cxstats.outcomes import good_is_high
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level, shown
from cxstats.roles import Roles
from cxstats.scales import Scale

CEILINGS = ("CE-FDH", "CR-FDH")
FEWEST_ROWS = 10
_EQUAL = 1e-12  # two empty parts that differ by less are the same, up to rounding
_MOST_LEVELS = 11  # of an outcome that is told level by level; others by tenths of their range
_ONLY_DEPENDENT = (
    "A small p-value says that both are not independent. Any positive correlation empties the corner too: that a level "
    "is necessary must be argued from more, such as a corner emptier than correlation alone would leave it."
)


@dataclass(frozen=True)
class Bottleneck:
    """What an outcome needs.

    Attributes
    ----------
    outcome : float
        A level of the outcome.
    needed : float
        The lowest metric with which it, or a better one, was ever seen (CE-FDH).
    needed_by_line : float
        The same by the line (CR-FDH), within the range seen; NaN where there is no line.
    share : float
        Customers whose metric is below ``needed``.
    """

    outcome: float
    needed: float
    needed_by_line: float
    share: float


@dataclass(frozen=True)
class Luck:
    """What effect sizes would be if nothing were necessary: mean, and share at least as large; CE-FDH, CR-FDH.

    ``correlation`` is that of the two normals behind both, 0 where metric and outcome are independent.
    """

    correlation: float
    expected: tuple[float, float]
    p_value: tuple[float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class NecessaryCondition(TalliedResult):
    """The empty corner: high outcome at a low metric. All is turned so that up is good.

    Rows: ``effect size`` with CE-FDH and CR-FDH, the share of the range seen that lies above the ceiling, in [0, 1];
    then ``below`` with the share of customers below what each level of the outcome needs. An effect size has no
    standard error: it is decided by extremes, for which none is known, and its interval is all that it can be.

    Attributes
    ----------
    effect_size : array, shape (2,)
    independent : Luck
        If the same answers were dealt at random: the permutation test.
    correlated : Luck
        If both were tied by a correlation and nothing else (a normal copula with the rank correlation of the data).
        A claim of necessity needs a small p-value here too.
    without_one : float
        Largest CE-FDH that leaving out any one row would give.
    corners : array, shape (p, 3)
        The places that decide: metric, outcome, rows there.
    line : (float, float)
        Intercept and slope of CR-FDH; NaN where there is one corner only.
    accuracy : float
        Share of rows on or below the line; CE-FDH has all by construction.
    bottlenecks : tuple of Bottleneck
    replicates : int
    seed : int or None
        Makes the draws again; None where the caller brought a generator.
    """

    effect_size: Floats
    independent: Luck
    correlated: Luck
    without_one: float
    corners: Floats
    line: tuple[float, float]
    accuracy: float
    bottlenecks: tuple[Bottleneck, ...]
    metric: str
    outcome: str
    replicates: int
    seed: int | None

    method: ClassVar[str] = "Necessary condition analysis with ceilings CE-FDH and CR-FDH, permutation test"
    reference: ClassVar[str] = (
        "Dul (2016), doi:10.1177/1094428115584005; Dul, van der Laan & Kuik (2020), doi:10.1177/1094428118795272"
    )

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The part and the term of each row."""
        needs = [
            f"{self.outcome} {shown(row.outcome)} needs {self.metric} {shown(row.needed)}" for row in self.bottlenecks
        ]
        return {"part": ["effect size"] * 2 + ["below"] * len(needs), "term": [*CEILINGS, *needs]}

    @property
    def p_value(self) -> Floats:
        """One-sided, of an empty corner as large if metric and outcome were independent; NaN for the shares."""
        return np.concatenate([self.independent.p_value, np.full(len(self.bottlenecks), np.nan)])

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """0 to 1 for the effect sizes, of which none is known; Wilson's for the shares, the need taken as given."""
        n = np.array(float(self.n))
        own = wilson(self.estimate[2:] * n, n, checked_level(level))
        return ConfidenceInterval(np.append([0.0, 0.0], own.low), np.append([1.0, 1.0], own.high), level)

    def footer(self) -> str:
        """What luck alone would give, and how much hangs on one row."""
        dealt, tied = ([", ".join(map(shown, v)) for v in (luck.expected, luck.p_value)] for luck in self._lucks)
        return (
            f"Necessary: '{self.metric}' for '{self.outcome}', both turned so that up is good. If the same answers "
            f"were dealt at random the effect sizes would be {dealt[0]} on average (CE-FDH, CR-FDH; p-values of "
            f"{self.replicates:,} deals).\nIf both were only correlated (normal, "
            f"{shown(self.correlated.correlation)}) they would be {tied[0]}, and as large as here with p {tied[1]}.\n"
            f"Without the one row that matters most CE-FDH would be {shown(self.without_one)}.\n{super().footer()}"
        )

    @property
    def _lucks(self) -> tuple[Luck, Luck]:
        return self.independent, self.correlated


def necessary_condition(
    data: IntoCells,
    *,
    outcome: Measured | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    replicates: int = 2000,
    rng: int | np.random.Generator | None = None,
    count: str | None = None,
) -> NecessaryCondition:
    """Is there a level of satisfaction (or service) without which a high outcome does not occur?

    Use it for claims of the kind "no excellent experience without good service", where an average tells nothing: many
    with good service may still be unhappy. Do not read a small p-value as proof. Single rows decide: one happy
    customer with poor service, or one wrong entry, closes the corner, and the more customers are asked the more such
    rows there are. The corner is also empty where few answers are low on one scale or high on the other, which
    the p-value allows for, and where both are merely correlated, which it does not [3]_: see ``correlated``.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer, independent: clusters and survey weights are refused.
    outcome : Binary, Rating, Continuous or Count
        What the level is necessary for; turned so that up is good.
    metrics : mapping from column to Scale
        Exactly one; turned so that up is good. The name suffices where ``data`` are Cells.
    replicates : int
        Random deals for the p-value.
    rng : int or numpy Generator, optional
        Seed of the deals. Without it the seed drawn is kept as ``seed``.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    NecessaryCondition
        Two effect sizes in [0, 1] with p-values, and what each level of the outcome needs.

    Raises
    ------
    TooFewError
        Fewer than 10 complete rows; a metric or an outcome with one value only.
    RoleError
        Not exactly one metric, no outcome or a survival outcome, clusters or weights; also as for `tally`.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    The scope is the range seen of both, (x_max - x_min) (y_max - y_min). CE-FDH is the stair of the highest outcome
    seen at each metric or a lower one; CR-FDH is the least-squares line through its corners, each counted once, cut
    off at the scope. The effect size is the part of the scope above the ceiling [1]_. Dul calls .1 to .3 medium and
    .3 to .5 large.

    The p-value is the share of random deals of the outcomes to the metrics, this one included, with an effect size
    as large [2]_. It is drawn from the counts of either margin without dealing single rows: the highest outcome so far
    is a running maximum of independent hypergeometric draws, exactly. ``correlated`` draws instead from two normals,
    cut into the levels seen, whose rank correlation is that of the data; the metric of each row stays. It is a
    yardstick, not a test with an exact level: other ties than the normal empty the corner more, or less. One
    independent unit is a row. Outcomes
    with more than 11 values are told at tenths of their range. Rows that lack a value are left out and counted in
    ``n_missing``.

    References
    ----------
    .. [1] Dul (2016). Organizational Research Methods 19, 10-52. doi:10.1177/1094428115584005
    .. [2] Dul, van der Laan & Kuik (2020). Organizational Research Methods 23, 385-395.
       doi:10.1177/1094428118795272
    .. [3] Sorjonen & Melin (2019). Frontiers in Psychology 10, 283. doi:10.3389/fpsyg.2019.00283

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> guests = pd.DataFrame({
    ...     "service": [1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5], "stars": [1, 1, 2, 1, 3, 4, 2, 3, 4, 1, 4, 5],
    ...     "guests": [20, 15, 20, 10, 20, 5, 10, 20, 20, 5, 30, 25],
    ... })
    >>> result = cx.necessary_condition(
    ...     guests, outcome=cx.Rating("stars", cx.CSAT5), metrics={"service": cx.CSAT5}, count="guests", rng=1
    ... )
    >>> result.to_frame()[["term", "estimate", "p_value"]].round(4)
                          term  estimate  p_value
    0                   CE-FDH    0.5625   0.0005
    1                   CR-FDH    0.4387   0.0005
    2  stars 2 needs service 2    0.1000      NaN
    3  stars 3 needs service 3    0.2750      NaN
    4  stars 4 needs service 3    0.2750      NaN
    5  stars 5 needs service 5    0.7000      NaN
    """
    declared, names = metric_names(data, metrics)
    if len(names) > 1:
        raise RoleError(
            f"One metric can be asked about at a time, but {len(names)} were given: {listed(names)}."
            "\nCall necessary_condition once for each."
        )
    _refuse_replicates(replicates)
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, count=count))
    _refuse_keyed(cells)
    target = measured(cells.roles.outcome)
    kept = _complete(cells, target.column, names[0])
    x = upward(kept.roles.metrics[names[0]], kept[names[0]])
    y = good_is_high(target, kept[target.column])
    found, draws = ceiling_of(x, y, kept.count), seeded(rng)
    independent, correlated = _by_luck(found, x, y, kept.count, replicates, draws)
    needs = _bottlenecks(found, x, kept.count)
    share = np.array([row.share for row in needs])
    return NecessaryCondition(
        estimate=np.append(found.sizes, share),
        std_error=np.append([np.nan, np.nan], np.sqrt(share * (1 - share) / (kept.n - 1))),
        effect_size=np.array(found.sizes),
        independent=independent,
        correlated=correlated,
        without_one=found.without_one,
        corners=found.corners,
        line=found.line,
        accuracy=found.accuracy,
        bottlenecks=needs,
        metric=names[0],
        outcome=target.column,
        replicates=replicates,
        seed=draws.seed,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(_ONLY_DEPENDENT,),
    )


def _refuse_replicates(replicates: object) -> None:
    if isinstance(replicates, bool) or not isinstance(replicates, int) or replicates < 1:
        raise RoleError(f"replicates must be a whole number from 1 up, but {replicates!r} was given.")


def _refuse_keyed(cells: Cells) -> None:
    keyed = [f"{role}='{name}'" for role in ("cluster", "weight") if (name := getattr(cells.roles, role)) is not None]
    if keyed:
        raise RoleError(
            "Neither clusters nor survey weights can be used here (the permutation deals out single rows), but the "
            f"cells have {' and '.join(keyed)}.\nTally the data without it, one row per customer."
        )


def _complete(cells: Cells, outcome: str, metric: str) -> Cells:
    """The rows that have both; both must vary."""
    needed = cells.select(outcome, metric)
    kept = needed.where(needed.observed([outcome, metric]))
    if kept.n < FEWEST_ROWS:
        raise TooFewError(
            f"At least {FEWEST_ROWS} rows must have '{outcome}' and '{metric}', but {kept.n} of {rows(cells.n)} have."
            "\nCheck how the tables were joined, or ask more customers."
        )
    for name in (metric, outcome):
        values = kept[name]
        if values.min() == values.max():
            raise TooFewError(
                f"'{name}' must take at least two values, but all {rows(kept.n)} hold {number(float(values[0]))}."
                "\nNothing can be said of levels that do not occur: check the column."
            )
    return kept


def _by_luck(found: Ceiling, x: Floats, y: Floats, count: Ints, replicates: int, draws: Seeded) -> tuple[Luck, Luck]:
    """What independence would give, and what a correlation alone."""
    at, height = (np.searchsorted(values, own) for values, own in ((found.levels, x), (found.heights, y)))
    margins = [np.bincount(codes, weights=count).astype(np.int64) for codes in (at, height)]
    r = normal_correlation(at, height, count)
    chances = ((0.0, permuted_chance(margins[0], margins[1])), (r, correlated_chance(margins[0], margins[1], r)))
    return tuple(_luck(found, chance, replicates, draws, r) for r, chance in chances)  # type: ignore[return-value]


def _luck(found: Ceiling, chance: Chance, replicates: int, draws: Seeded, r: float) -> Luck:
    steps = running_steps(chance, len(found.levels), len(found.heights) - 1, replicates, draws.rng)
    sizes = effect_sizes(steps, found.levels, found.heights, replicates)
    p_value = (1 + (sizes >= np.array(found.sizes) - _EQUAL).sum(axis=0)) / (1 + replicates)
    mean = sizes.mean(axis=0)
    return Luck(r, (float(mean[0]), float(mean[1])), (float(p_value[0]), float(p_value[1])))


def _bottlenecks(found: Ceiling, x: Floats, count: Ints) -> tuple[Bottleneck, ...]:
    """What each level of the outcome above the lowest needs."""
    heights = found.heights
    told = heights if len(heights) <= _MOST_LEVELS else np.linspace(heights[0], heights[-1], _MOST_LEVELS)
    a, b = found.line
    needs = []
    for level in told[1:].tolist():
        needed = float(found.levels[int((heights[found.path] >= level).argmax())])
        by_line = float(np.clip((level - a) / b, found.levels[0], found.levels[-1]))
        needs.append(Bottleneck(level, needed, by_line, float(count[x < needed].sum() / count.sum())))
    return tuple(needs)
