"""Does a bad attribute cost more than a good one earns, and how surely is it basic, or only able to please?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import RoleError, TooFewError, listed, number, rows, unknown_column
from cxstats.numerics.influence import covariance
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided
from cxstats.numerics.linear import fit_linear
from cxstats.numerics.penalty_reward import (
    Cuts,
    Indicators,
    both_and_range,
    chosen_cuts,
    class_shares,
    impact_asymmetry,
    indicators,
    percentiles,
    resampled_asymmetry,
)
from cxstats.numerics.resample import Seeded, seeded
from cxstats.outcomes import good_is_high
from cxstats.results import Backend, ConfidenceInterval, TalliedResult, build_frame, checked_level, shown
from cxstats.roles import Binary, Continuous, Outcome, Rating, Roles
from cxstats.scales import Scale
from cxstats.shared.predictors import complete

Target: TypeAlias = Binary | Rating | Continuous
TERMS = ("penalty", "reward", "range", "satisfaction potential", "dissatisfaction potential", "asymmetry")
CLASSES = ("basic", "performance", "excitement", "none")
FEWEST_ROWS = 10  # with a low, a middle and a high answer to each attribute
FEWEST = 200  # replicates
CEILING = 0.3  # share of a rating's answers at its best value from which rewards are cut short
_LINEAR = 3  # terms with Wald limits; the others have percentiles


@dataclass(frozen=True, kw_only=True, eq=False)
class PenaltyReward(TalliedResult):
    """Six rows for each of p attributes.

    ``"penalty"``: what goes with a low answer, against one in the middle (usually below 0). ``"reward"``: with a high
    answer. ``"range"``: reward minus penalty, the range of impact. ``"satisfaction potential"`` and ``"dissatisfaction
    potential"``: the parts of the reward and of the penalty in both together. ``"asymmetry"``: the first part minus the
    second, from -1 (only a low answer matters) to 1 (only a high one does). The last three have percentile limits and
    no standard error; they are NaN where high answers go with no better outcome than low ones.

    Attributes
    ----------
    attributes : tuple of str, length p
    cuts : tuple of (low, high), length p
        Up to which answer low, and from which high, on each attribute's own scale and in its own direction.
    n_low, n_middle, n_high : int arrays, shape (p,)
    probability : array, shape (p, 4)
        Share of the bootstrap samples in which each attribute is basic, performance, excitement, or none of them.
    cut : float
        The asymmetry from which an attribute is of one kind.
    straight : array, shape (p,)
        Asymmetry that a straight line would show, as middle answers lie nearer to one end.
    resampled : array, shape (replicates, p)
        Asymmetries of the bootstrap samples.
    seed : int or None
    df : float
        Of Student's t: clusters minus one; infinite without clusters.
    share_at_top : float
        For a rating: share of all rows with the best value. NaN for other outcomes.
    """

    attributes: tuple[str, ...]
    cuts: tuple[tuple[float, float], ...]
    n_low: Ints
    n_middle: Ints
    n_high: Ints
    probability: Floats
    cut: float
    straight: Floats
    resampled: Floats
    seed: int | None
    df: float
    share_at_top: float

    method: ClassVar[str] = "Penalty-reward contrasts with robust covariance; bootstrap of the impact asymmetry"
    reference: ClassVar[str] = "Brandt (1988), doi:10.1108/eb024732; Mikulić & Prebežac (2008)"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The attribute and the term of each row."""
        p = len(self.attributes)
        return {"attribute": [name for name in self.attributes for _ in TERMS], "term": [*TERMS] * p}

    @property
    def statistic(self) -> Floats:
        """Estimate over standard error; NaN where the limits are percentiles."""
        return ratio_to_error(self.estimate, self.std_error)

    @property
    def p_value(self) -> Floats:
        """Two-sided, of 0; not adjusted for the number of rows."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits of penalty, reward and range; percentiles of the bootstrap for the others."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        low, high = (end.reshape(-1, len(TERMS)) for end in (limits.low, limits.high))
        below, above = percentiles(self.resampled, level)
        low[:, _LINEAR:] = np.column_stack([(1 + below) / 2, (1 - above) / 2, below])
        high[:, _LINEAR:] = np.column_stack([(1 + above) / 2, (1 - below) / 2, above])
        return ConfidenceInterval(low.ravel(), high.ravel(), level)

    def of(self, term: str) -> Ints:
        """The rows of one term, in the order of the attributes."""
        return np.arange(len(self.attributes)) * len(TERMS) + TERMS.index(term)

    def classes(self, backend: Backend = "pandas", level: float = 0.95) -> Any:
        """One row per attribute: range and asymmetry with limits, and how surely it is of which kind.

        ``p_none`` is the share of samples in which high answers went with no better outcome than low ones.
        """
        limits, columns = self.confidence_interval(level), dict[str, Any]()
        columns["attribute"] = list(self.attributes)
        for term in ("range", "asymmetry"):
            at = self.of(term)
            columns |= {term: self.estimate[at], f"{term}_low": limits.low[at], f"{term}_high": limits.high[at]}
        columns["straight"] = self.straight
        columns |= {f"p_{name}": self.probability[:, j] for j, name in enumerate(CLASSES)}
        columns |= {"n_low": self.n_low, "n_middle": self.n_middle, "n_high": self.n_high}
        return build_frame(columns, backend)

    def plot(self, ax: Any = None) -> Any:
        """Draw range of impact against asymmetry; returns the matplotlib Axes, shows nothing."""
        from cxstats.figures.impact_grid import impact_grid

        return impact_grid(self, ax)

    def footer(self) -> str:
        """How surely each attribute is of which kind, then rows and method."""
        lines = []
        for j, name in enumerate(self.attributes):
            told = ", ".join(f"{kind} {100 * p:.0f}%" for kind, p in zip(CLASSES, self.probability[j], strict=True))
            (low, high), line = self.cuts[j], shown(self.straight[j], 2)
            words = ("up to", "from") if low < high else ("from", "up to")
            ends = f"low {words[0]} {number(low)}, high {words[1]} {number(high)}"
            lines.append(f"{name} ({ends}; a straight line would show {line}): {told}.")
        drawn = f"{len(self.resampled):,} bootstrap samples, seed {self.seed}"
        lines.append(f"Shares of {drawn}; asymmetry within {number(self.cut)} of 0 is performance.")
        if self.share_at_top >= CEILING:
            top = f"{100 * self.share_at_top:.0f}% of the outcomes are at the best value"
            lines.append(f"{top}: the end of its scale alone makes rewards small and attributes look basic.")
        return "\n".join([*lines, super().footer()])


def penalty_reward(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    low: Mapping[str, float] | None = None,
    high: Mapping[str, float] | None = None,
    cut: float = 0.1,
    cluster: str | None = None,
    count: str | None = None,
    replicates: int = 2000,
    rng: int | np.random.Generator | None = None,
) -> PenaltyReward:
    """Compare what a bad answer on each attribute costs with what a good one earns.

    Use it to see which attributes must not fail (basic), which pay both ways (performance), and which can only please
    (excitement). These are associations, and the kinds need not be those of a Kano questionnaire. Not with weights.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary, Rating or Continuous
        Usually overall satisfaction. A binary outcome is modelled by its share (a linear probability).
    metrics : mapping from column to Scale
        The attributes, at least two, all in one model. Names suffice where ``data`` are Cells.
    low, high : mapping from column to number, optional
        The last low and the first high answer, on the attribute's own scale (where up is bad, 4 means 4 and more).
        Those not named: the lowest and highest third of the levels, rounded down (1 and 5 of 1-5; 0-2, 8-10 of 0-10).
    cut : float
        From 0 to 1: an asymmetry below -cut is basic, above cut excitement, else performance.
    cluster, count : str, optional
        As in `delong`; whole clusters are drawn.
    replicates, rng : int
        Bootstrap samples, 200 or more, and their seed (or a Generator), which is kept in ``seed``.

    Returns
    -------
    PenaltyReward
        Six rows per attribute, the first three in units of the outcome (up is good); the probability of each kind.

    Raises
    ------
    TooFewError
        Fewer than two attributes, 10 low, middle or high answers to one, or 20 clusters; a constant outcome.
    ScaleError
        A scale with two levels; a cut off its scale, or with nothing between low and high; also as for `tally`.
    RoleError
        An outcome of another kind; survey weights; another argument out of range.
    ColumnError
        Attributes repeat each other (collinear); a cut for a column that is no attribute; also as for `tally`.

    Notes
    -----
    The outcome is regressed on two indicators per attribute, low and high answers, all together [1]_. Standard errors
    of penalty, reward and range come from influence values (robust to unequal spread), times n / (n - 1), or summed
    per cluster times G / (G - 1). With gain = max(reward, 0) and loss = max(-penalty, 0) the asymmetry is
    (gain - loss) / (gain + loss) [2]_: a coefficient with the wrong sign counts as 0; it is NaN where the range is not
    above 0. Limits are percentiles of a bootstrap of rows or of whole clusters; a sample without a value counts as -1
    in the lower and as 1 in the upper one. A true -1 or 1 lies on the edge, where they hold it too often.
    Where kinds part is a convention: a cut must be set by judgement, and .1 is often taken [3]_; so is what counts as
    low and high. Two things bend a straight line: middle answers that lie nearer to one end (compare ``straight``), and
    an outcome at the end of its scale (``share_at_top``). Incomplete rows are counted in ``n_missing``.

    References
    ----------
    .. [1] Brandt (1988). Journal of Services Marketing 2(3), 35-41. doi:10.1108/eb024732
    .. [2] Mikulić & Prebežac (2008). Managing Service Quality 18, 559-576.
    .. [3] Wang et al. (2024). Data Science and Management 7, 164-180, section 3.2.2.

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.penalty_reward(
    ...     customers,
    ...     outcome=cx.Rating("nps", cx.NPS),
    ...     metrics={"csat": cx.CSAT5, "ease": cx.EASE7},
    ...     count="n",
    ...     replicates=500,
    ...     rng=1,
    ... )
    >>> result.to_frame()[["attribute", "term", "estimate"]].round(2).head(2)
      attribute     term  estimate
    0      csat  penalty     -2.08
    1      csat   reward      1.25
    """
    declared, names = metric_names(data, metrics)
    if len(names) < 2:
        raise TooFewError(
            f"At least two attributes are needed, but {len(names)} was given: {listed(names)}."
            "\nName every attribute that was rated: each is judged with the others held fixed."
        )
    _refuse_numbers(cut, replicates)
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, cluster=cluster, count=count))
    target, cuts = _target(cells), _cuts(cells, names, low, high)
    kept = complete(cells, target.column, names)
    scores = [upward(kept.roles.metrics[name], kept[name]) for name in names]
    coded, y = indicators(names, scores, cuts, kept.count), good_is_high(target, kept[target.column])
    _refuse_few(kept, target, coded, y)
    return _result(cells, kept, coded, y, cuts, cut, replicates, seeded(rng))


def _result(
    cells: Cells, kept: Cells, coded: Indicators, y: Floats, cuts: Sequence[Cuts], cut: float, b: int, draws: Seeded
) -> PenaltyReward:
    p, clusters, target = len(coded.names), kept.cluster_codes, kept.roles.outcome
    fit = fit_linear(coded.design, y, kept.count, kept.row_weight, coded.labels)
    spread = covariance(fit.influence[:, 1:] @ both_and_range(p).T, kept.count, clusters)
    penalty, reward = fit.coefficients[1 : p + 1], fit.coefficients[p + 1 :]
    resampled = resampled_asymmetry(coded.design, y, kept.count, clusters, b, draws.rng)
    ia = impact_asymmetry(penalty, reward)
    error = np.full((p, len(TERMS)), np.nan)
    error[:, :_LINEAR] = np.sqrt(spread.matrix.diagonal()).reshape(p, _LINEAR)
    return PenaltyReward(
        attributes=coded.names,
        cuts=tuple(each.given(kept.roles.metrics[name]) for each, name in zip(cuts, coded.names, strict=True)),
        estimate=np.column_stack([penalty, reward, reward - penalty, (1 + ia) / 2, (1 - ia) / 2, ia]).ravel(),
        std_error=error.ravel(),
        n_low=coded.n_low,
        n_middle=kept.n - coded.n_low - coded.n_high,
        n_high=coded.n_high,
        probability=class_shares(resampled, cut),
        cut=float(cut),
        straight=coded.straight,
        resampled=resampled,
        seed=draws.seed,
        df=spread.df,
        share_at_top=float(kept.count[y == target.scale.high].sum() / kept.n) if isinstance(target, Rating) else np.nan,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=spread.notes,
    )


def _cuts(cells: Cells, names: Sequence[str], low: object, high: object) -> list[Cuts]:
    """Where low ends and high begins, up is good; the thirds for attributes not named."""
    below, above = (_numbers(names, role, given) for role, given in (("low", low), ("high", high)))
    return [chosen_cuts(name, cells.roles.metrics[name], below.get(name), above.get(name)) for name in names]


def _numbers(names: Sequence[str], role: str, given: object) -> Mapping[str, float]:
    """The cuts that were declared."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(at, int | float) for at in given.values()):
        raise RoleError(f"{role} must map attributes to numbers, as {{'{names[0]}': 2}}, but {given!r} was given.")
    absent = [name for name in given if name not in names]
    if absent:
        raise unknown_column(absent, list(names), "the attributes")
    return given


def _target(cells: Cells) -> Target:
    """The outcome, and no survey weights."""
    outcome = cells.roles.outcome
    if not isinstance(outcome, Target):
        given = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
        raise RoleError(
            f"An outcome that is binary, a rating or measured is needed, but {given}."
            '\nPass outcome=cx.Rating("column", scale), cx.Continuous("column") or cx.Binary("column", good=1).'
        )
    if cells.roles.weight is not None:
        raise RoleError(
            "Survey weights cannot be used by the bootstrap of rows (a row of weight 2 is not two rows), but the cells "
            f"have the weight '{cells.roles.weight}'.\nLeave it out, or use cx.touchpoint_importance, which takes one."
        )
    return outcome


def _refuse_numbers(cut: object, replicates: object) -> None:
    if not (isinstance(cut, int | float) and 0 <= cut < 1):
        raise RoleError(f"cut must be a number from 0 to below 1, but {cut!r} was given.")
    if not (isinstance(replicates, int) and replicates >= FEWEST):
        raise RoleError(f"replicates must be a whole number, {FEWEST} or more, but {replicates!r} was given.")


def _refuse_few(kept: Cells, target: Target, coded: Indicators, y: Floats) -> None:
    """Enough answers of each kind, and an outcome that varies."""
    middle, few = kept.n - coded.n_low - coded.n_high, []
    for side, counts in (("low", coded.n_low), ("middle", middle), ("high", coded.n_high)):
        few += [f"'{name}' has {n:,} {side}" for name, n in zip(coded.names, counts, strict=True) if n < FEWEST_ROWS]
    if few:
        told = ", ".join(few[:8]) + (f" and {len(few) - 8:,} more" if len(few) > 8 else "")
        raise TooFewError(
            f"At least {FEWEST_ROWS} low, middle and high answers to each attribute are needed, but {told}."
            "\nMove the cuts with low= and high=, or leave the attribute out."
        )
    if y.min() == y.max():
        raise TooFewError(
            f"The outcome '{target.column}' must take at least two values, but all {rows(kept.n)} hold "
            f"{number(float(kept[target.column][0]))}.\nThere is nothing to explain."
        )
