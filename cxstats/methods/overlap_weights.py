"""Are customers of one group more loyal than those of another who were alike before?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import Cells, IntoCells, as_cells, is_cells
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.numerics.design import build_design
from cxstats.numerics.e_value import EValues, e_values, from_deviations
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import covariance
from cxstats.numerics.intervals import critical, two_sided
from cxstats.numerics.linear import sd_influence
from cxstats.numerics.overlap import (
    Balance,
    balance,
    comparisons,
    effective_sizes,
    fit_propensity,
    hardly_any,
    overlap_means,
    refuse_small,
    regression_means,
)
from cxstats.numerics.zero_one import zero_one
from cxstats.outcomes import Ordered, good_is_high
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level, shown
from cxstats.roles import Binary, Roles
from cxstats.shared.disconfirmed import checked_met
from cxstats.shared.predictors import complete, predictors_of


@dataclass(frozen=True, kw_only=True, eq=False)
class OverlapWeights(TalliedResult):
    """Loyalty of two groups weighted to be alike, their difference, and the same by regression.

    Rows: both groups; ``"difference"`` (second minus first, in units of the outcome turned so that up is good);
    ``"risk ratio"`` for a binary outcome, ``"standardised"`` (the difference in standard deviations) for others; then
    the last two as a regression has them: ``"regression difference"`` and so on.

    Attributes
    ----------
    groups : (str, str)
        The first (met, or 0) and the second (exceeded, or 1).
    rows, effective : pairs
        Customers of each group, and how many of equal weight would tell as much.
    n_outside : int
        Customers in neither group.
    of_bad : bool
        Whether the risk ratio is q0 / q1 of the bad outcome, as where p0 > .5, and not p1 / p0: above 1 is good.
    gain, regression_gain : Effect
        On the scale that decides: the risk ratio minus 1 by Fieller's limits, or the standardised difference.
    balance : Balance
        How alike the groups were before weighting, and are after: the means of all controls are then equal.
    """

    groups: tuple[str, str]
    rows: tuple[int, int]
    effective: tuple[float, float]
    n_outside: int
    of_bad: bool
    is_share: bool
    gain: Effect
    regression_gain: Effect
    balance: Balance
    df: float

    method: ClassVar[str] = "Overlap weights by logistic propensity, its estimation in the influence-function variance"
    reference: ClassVar[str] = "Li, Morgan & Zaslavsky (2018), doi:10.1080/01621459.2016.1260466"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The group or the comparison of each row."""
        kind = "risk ratio" if self.is_share else "standardised"
        return {"term": [*self.groups, "difference", kind, "regression difference", f"regression {kind}"]}

    @property
    def _is_ratio(self) -> Bools:
        return np.isin(np.arange(6), (3, 5)) & self.is_share

    @property
    def statistic(self) -> Floats:
        """Difference over standard error, of a ratio that of its logarithm; NaN for the groups."""
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(self._is_ratio, np.log(self.estimate) * self.estimate, self.estimate) / self.std_error
        return np.where(np.arange(6) < 2, np.nan, logs)

    @property
    def p_value(self) -> Floats:
        """Two-sided, of no difference."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits, of a ratio those of its logarithm."""
        half = critical(checked_level(level), self.df) * self.std_error
        factor = np.exp(np.where(self._is_ratio, half / self.estimate, 0.0))
        low = np.where(self._is_ratio, self.estimate / factor, self.estimate - half)
        high = np.where(self._is_ratio, self.estimate * factor, self.estimate + half)
        if self.is_share:
            least = np.where(np.isin(np.arange(6), (2, 4)), -1.0, 0.0)
            low, high = np.maximum(low, least), np.where(self._is_ratio, high, np.minimum(high, 1.0))
        return ConfidenceInterval(low, high, level)

    def e_values(self, level: float = 0.95) -> EValues:
        """How strongly something unmeasured must go with group and outcome to explain the association away.

        Of the risk ratio, and of its limit nearer to 1; a standardised difference d counts as exp(.91 d).
        """
        interval = self.confidence_interval(level)
        ends = (float(self.estimate[3]), float(interval.low[3]), float(interval.high[3]))
        return e_values(*(ends if self.is_share else map(from_deviations, ends)))

    def footer(self) -> str:
        """Sizes, E-values and balance before the rest."""
        told, found = self.e_values(), np.abs(self.balance.before)
        sizes = "; ".join(
            f"{name} {n:,} (effective {shown(e, 3)})"
            for name, n, e in zip(self.groups, self.rows, self.effective, strict=True)
        )
        outside = f"; {self.n_outside:,} in neither" if self.n_outside else ""
        return (
            f"Customers: {sizes}{outside}. E-value {shown(told.estimate, 3)}, of the 95% limit {shown(told.limit, 3)}."
            f"\nLargest difference of a control before weighting: {shown(float(found.max()), 2)} standard deviations "
            f"({self.balance.terms[int(found.argmax())]}); after: none.\n{super().footer()}"
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw the difference as weighted and as a regression has it, with 95% intervals; returns the Axes."""
        from cxstats.figures.forest import Row
        from cxstats.figures.parts import parts

        limits = self.confidence_interval()
        drawn = [
            Row(n, self.estimate[i], limits.low[i], limits.high[i]) for n, i in (("weighted", 2), ("regression", 4))
        ]
        unit = f"{self.groups[1]} minus {self.groups[0]}, in units of the outcome"
        return parts(drawn, unit=unit, smallest_effect=0.0, ax=ax)


def overlap_weights(
    data: IntoCells,
    *,
    outcome: Ordered | None = None,
    controls: Sequence[str] = (),
    treated: str | None = None,
    disconfirmation: str | None = None,
    met: tuple[float, float] = (0, 0),
    exceeded: tuple[float, float] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> OverlapWeights:
    """Compare two groups among customers who might have been in either: exceeded with met, or 1 with 0.

    Use it to set apart what customers were before (past orders, tenure) from what they experienced. It makes the
    groups alike on ``controls``, and on nothing else: ``e_values`` says how much else would be needed to explain the
    association away. Leave out of ``controls`` what follows from the experience.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary, Rating, Continuous or Count
        Loyalty.
    controls : list of columns
        Past behaviour and other differences from before. Numbers enter as they are, text by its levels.
    treated : str
        Column with 1 for the second group and 0 for the first; of Cells one of the strata.
    disconfirmation : str
        In its place: the column with received minus expected; above 0 is better than expected.
    met, exceeded : (low, high)
        The ranges of the disconfirmation, ends included, that make the groups. Without ``exceeded``: all above met.
    cluster, weight, count : str, optional
        As in `delong`; survey weights are taken as fixed, and the customers compared are those they stand for.

    Returns
    -------
    OverlapWeights
        Means of both groups and their difference, as weighted and as a regression has it.

    Raises
    ------
    SeparationError
        The controls tell the groups apart perfectly, for all rows or for some: no overlap.
    TooFewError
        A group with fewer than 10 good or bad outcomes (30 rows where the outcome is not binary) or 10 rows per
        coefficient; fewer than 10 events per coefficient; a constant outcome or control; fewer than 20 clusters.
    ColumnError, RoleError, ScaleError
        Controls that repeat each other; groups declared wrongly; no controls; as for `tally`.

    Notes
    -----
    e, the chance of being in the second group, comes from a logistic model on the controls. A row of the second group
    weighs 1 - e, one of the first e, so that customers count who might as well have been in the other [1]_; nothing is
    trimmed, and the weighted means of all columns of the controls are exactly equal. The regression (logistic, or
    linear where the outcome is not binary; no interactions) predicts the outcome of all customers in both groups and
    averages with the weights e (1 - e): the same customers, so that the two differ by their models only.

    Standard errors come from influence values that hold those of e and of the regression, summed per cluster where
    there are clusters: the unit is a row, or a cluster. The E-value of a risk ratio RR of 1 or more is
    RR + sqrt(RR (RR - 1)) [2]_. Rows without outcome, group or control are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Li, Morgan & Zaslavsky (2018). J. Am. Stat. Assoc. 113, 390-400. doi:10.1080/01621459.2016.1260466
    .. [2] VanderWeele & Ding (2017). Annals of Internal Medicine 167, 268-274. doi:10.7326/M16-2607

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> customers = pd.DataFrame({
    ...     "upgraded": [0, 0, 0, 0, 1, 1, 1, 1],
    ...     "regular": [0, 0, 1, 1, 0, 0, 1, 1],
    ...     "back": [0, 1, 0, 1, 0, 1, 0, 1],
    ...     "n": [400, 200, 60, 90, 50, 30, 160, 290],
    ... })
    >>> result = cx.overlap_weights(
    ...     customers, outcome=cx.Binary("back"), controls=["regular"], treated="upgraded", count="n"
    ... )
    >>> result.to_frame()[["term", "estimate"]].round(3).head(4)
             term  estimate
    0  upgraded 0     0.497
    1  upgraded 1     0.541
    2  difference     0.043
    3  risk ratio     1.087
    """
    _declared(data, treated, disconfirmation)
    strata = () if treated is None or is_cells(data) else (treated,)
    roles = Roles(
        outcome=outcome,
        disconfirmation=disconfirmation,
        strata=strata,
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        weight=weight,
        count=count,
    )
    cells = as_cells(data, roles)
    found = _compared(cells, treated, met, exceeded)
    kept, second, y = found.cells, found.second, found.y
    design = build_design(predictors_of(kept, ()), intercept=True)
    refuse_small(found.groups, second, y, found.binary, kept.count, len(design.terms) - 1)
    chance = fit_propensity(design, second, kept.count, kept.row_weight)
    pairs = (
        overlap_means(chance, second, y, kept.count, kept.row_weight),
        regression_means(chance, second, y, found.binary, kept.count, kept.row_weight, found.groups[1]),
    )
    sd, sd_values = sd_influence(y, kept.count, kept.row_weight)
    values = np.column_stack([*(pair.influence for pair in pairs), sd_values])
    spread = covariance(values, kept.count, kept.cluster_codes)
    of_bad = found.binary and bool(pairs[0].mean[0] > 0.5)
    made = comparisons(np.array([*pairs[0].mean, *pairs[1].mean, sd]), spread, found.binary, of_bad)
    effective = effective_sizes(chance, second, kept.count, kept.row_weight)
    return OverlapWeights(
        groups=found.groups,
        rows=(int(kept.count[~second].sum()), int(kept.count[second].sum())),
        effective=(float(effective[0]), float(effective[1])),
        n_outside=found.n_outside,
        of_bad=of_bad,
        is_share=found.binary,
        estimate=made.estimate,
        std_error=made.std_error,
        df=spread.df,
        gain=made.gains[0],
        regression_gain=made.gains[1],
        balance=balance(chance, second, kept.count, kept.row_weight),
        n=kept.n,
        n_missing=cells.n - kept.n - found.n_outside,
        n_cells=kept.n_cells,
        notes=(*spread.notes, *hardly_any(found.groups, effective)),
    )


@dataclass(frozen=True)
class _Compared:
    """The rows of both groups; ``second`` marks those of the second, ``y`` is turned so that up is good."""

    cells: Cells
    outcome: Ordered
    groups: tuple[str, str]
    second: Bools
    y: Floats
    n_outside: int

    @property
    def binary(self) -> bool:
        return isinstance(self.outcome, Binary)


def _declared(data: IntoCells, treated: str | None, gap: str | None) -> None:
    """Refuse where it is not said what makes the groups."""
    if is_cells(data):
        gap = gap if treated is not None else data.roles.disconfirmation
        if treated is not None and treated not in data.roles.strata:
            raise RoleError(
                f"treated must be among the strata of the cells, but '{treated}' is not among "
                f'{listed(data.roles.strata) or "none"}.\nTally the data with strata=["{treated}"].'
            )
    if (treated is None) == (gap is None):
        raise RoleError(
            f"The groups must be told by treated or by a disconfirmation, but treated={treated!r} and "
            f'disconfirmation={gap!r} were given.\nPass for example disconfirmation="gap", or treated="upgraded".'
        )


def _compared(
    cells: Cells, treated: str | None, met: tuple[float, float], exceeded: tuple[float, float] | None
) -> _Compared:
    outcome, column = cells.roles.outcome, treated or cells.roles.disconfirmation or ""
    if not isinstance(outcome, Ordered):
        what = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
        raise RoleError(
            f"An outcome of one moment is needed, but {what}."
            '\nPass for example outcome=cx.Binary("stayed", good=1) or cx.Rating("stars", cx.CSAT5).'
        )
    if not cells.roles.controls:
        raise RoleError(
            "Controls are needed, on which the groups shall be alike, but there are none."
            '\nPass for example controls=["prior_orders", "tenure"]; without, cx.expectation_levels compares.'
        )
    kept = complete(cells, outcome.column, [column])
    kept = kept.where(kept.row_weight > 0)
    if treated is not None:
        group = zero_one(treated, kept[treated], kept.count, "the second group", "the first group")
        first, second, names = group == 0, group == 1, (f"{treated} 0", f"{treated} 1")
    else:
        (first, second), names = _ranges(kept[column], met, exceeded), ("met", "exceeded")
    inside = first | second
    used = kept.where(inside)
    y = good_is_high(outcome, used[outcome.column])
    if used.n and np.ptp(y) == 0:
        held = number(float(used[outcome.column][0]))
        raise TooFewError(f"The outcome '{outcome.column}' must vary, but all {rows(used.n)} hold {held}.")
    return _Compared(used, outcome, names, second[inside], y, kept.n - used.n)


def _ranges(gap: Floats, met: tuple[float, float], exceeded: tuple[float, float] | None) -> tuple[Bools, Bools]:
    low, high = checked_met(met)
    above = (np.nextafter(high, np.inf), np.inf) if exceeded is None else checked_met(exceeded)
    if above[0] <= high:
        raise RoleError(
            f"exceeded must lie above met, but met={met!r} and exceeded={exceeded!r} were given."
            "\nPass for example met=(0, 0), exceeded=(1, 10)."
        )
    return (gap >= low) & (gap <= high), (gap >= above[0]) & (gap <= above[1])
