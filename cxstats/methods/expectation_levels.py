"""Loyalty of customers whose experience was below, as, or above what they expected."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import IntoCells, as_cells
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import Covariance, covariance
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided
from cxstats.numerics.linear import sd_influence
from cxstats.numerics.ordered_probit import fit_ordered_probit, standardised
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level
from cxstats.roles import Binary, Rating, Roles
from cxstats.shared.disconfirmed import LEVELS, Disconfirmed, disconfirm, enough_in

MET, EXCEEDED = 1, 2


@dataclass(frozen=True, kw_only=True, eq=False)
class ExpectationLevels(TalliedResult):
    """Mean loyalty per level of expectation, and the differences from "met".

    The frame has a row for each level that occurs (``"below"``, ``"met"``, ``"exceeded"``), then
    ``"below - met"`` and ``"exceeded - met"``. Loyalty is the share of good outcomes, or the mean rating.

    Attributes
    ----------
    rows : int array
        Customers per level, in the order of the levels that occur.
    gain : Effect
        Exceeded against met on the scale that decides: for a binary outcome the relative gain
        p1 / p0 - 1 (where p0 > .5, of the bad share: q0 / q1 - 1), for a rating the difference in
        standard deviations of the rating.
    latent_gain : Effect or None
        For a rating: the same in standard deviations of the latent scale (ordered probit).
    share_at_top : float
        For a rating: share of the met customers who gave the best value. NaN for a binary outcome.
    """

    levels: tuple[str, ...]
    rows: tuple[int, ...]
    df: float
    gain: Effect
    latent_gain: Effect | None
    share_at_top: float

    method: ClassVar[str] = "Means per level of expectation, with influence-function variances"
    reference: ClassVar[str] = "Oliver (1980), doi:10.1177/002224378001700405"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The level, or the difference of levels, of each row."""
        differences = [f"{level} - met" for level in self.levels if level != "met"]
        return {"level": [*self.levels, *(differences if "met" in self.levels else [])]}

    @property
    def _is_difference(self) -> Bools:
        return np.arange(len(self.estimate)) >= len(self.levels)

    @property
    def statistic(self) -> Floats:
        """Difference over standard error; NaN for the levels themselves."""
        return np.where(self._is_difference, ratio_to_error(self.estimate, self.std_error), np.nan)

    @property
    def p_value(self) -> Floats:
        """Two-sided, of no difference."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        return ConfidenceInterval(limits.low, limits.high, level)


def expectation_levels(
    data: IntoCells,
    *,
    outcome: Binary | Rating | None = None,
    disconfirmation: str | None = None,
    met: tuple[float, float] = (0, 0),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> ExpectationLevels:
    """Compare the loyalty of customers whose expectations were missed, met and exceeded.

    Use it to ask whether exceeding expectations goes with more loyalty than meeting them. It describes an
    association: customers whose expectations were exceeded may differ in other ways.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary or Rating
        Loyalty: a recorded behaviour, or a rating. A rating with many answers at its top cannot show
        delight; ``share_at_top`` and ``latent_gain`` tell.
    disconfirmation : str
        Column with received minus expected; above 0 is better than expected.
    met : (low, high)
        The range of the gap, ends included, that counts as met.
    cluster, weight, count : str, optional
        As in `delong`.

    Returns
    -------
    ExpectationLevels
        Shares or means per level and their differences, in units of the outcome turned so that up is good.

    Raises
    ------
    TooFewError
        In "met" or "exceeded": fewer than 10 good or 10 bad outcomes, or fewer than 30 ratings.
    RoleError, ScaleError, ColumnError
        As for `tally`; also where ``met`` is no range.

    Notes
    -----
    A mean per level has the influence w (y - mean) / (sum of w in the level); differences and gains follow
    by the delta method, the standard deviation of the rating included. The latent gain is the coefficient
    of "exceeded" in an ordered probit on indicators of "below" and "exceeded", over the standard deviation
    of the latent rating, sqrt(1 + variance of the fitted part). One independent unit is a row, or a
    cluster. Rows without outcome or gap are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Oliver (1980), the disconfirmation of expectations. Journal of Marketing Research 17, 460-469.
       doi:10.1177/002224378001700405

    Examples
    --------
    >>> import cxstats as cx
    >>> orders = cx.datasets.load("olist_deliveries").frame
    >>> result = cx.expectation_levels(
    ...     orders, outcome=cx.Rating("stars", cx.CSAT5), disconfirmation="days_early", count="n"
    ... )
    >>> result.to_frame()[["level", "estimate"]].round(2).head(3)
          level  estimate
    0     below      2.27
    1       met      4.18
    2  exceeded      4.28
    """
    cells = as_cells(
        data,
        Roles(outcome=outcome, disconfirmation=disconfirmation, cluster=cluster, weight=weight, count=count),
    )
    rows = disconfirm(cells, met)
    enough_in(rows, (MET, EXCEEDED))
    present = [k for k in range(len(LEVELS)) if (rows.level == k).any()]
    means, influence = level_means(rows, present)
    contrasts = _contrasts(present)
    fit = covariance(influence, rows.count, rows.cells.cluster_codes)
    return ExpectationLevels(
        levels=tuple(LEVELS[k] for k in present),
        rows=tuple(rows.rows_on(rows.level == k) for k in present),
        estimate=contrasts @ means,
        std_error=np.sqrt(np.diag(contrasts @ fit.matrix @ contrasts.T)),
        df=fit.df,
        gain=_gain(rows, means, influence, present),
        latent_gain=_latent_gain(rows) if isinstance(rows.outcome, Rating) else None,
        share_at_top=_share_at_top(rows),
        n=rows.cells.n,
        n_missing=rows.n_missing,
        n_cells=rows.cells.n_cells,
        notes=fit.notes,
    )


def level_means(rows: Disconfirmed, present: Sequence[int]) -> tuple[Floats, Floats]:
    """Mean loyalty per level, shape (levels,), and influence of one row of each cell, shape (K, levels)."""
    weight = rows.cells.row_weight
    mass = rows.count * weight
    member = rows.level[:, None] == np.array(present)
    total = mass @ member
    means = (mass * rows.loyalty) @ member / total
    return means, member * (rows.loyalty[:, None] - means) * weight[:, None] / total


def _contrasts(present: Sequence[int]) -> Floats:
    """The levels themselves, then every other level minus "met"."""
    identity = np.eye(len(present))
    met = identity[present.index(MET)]
    others = [identity[j] - met for j, k in enumerate(present) if k != MET]
    return np.vstack([identity, *others])


def _gain(rows: Disconfirmed, means: Floats, influence: Floats, present: Sequence[int]) -> Effect:
    met, exceeded = present.index(MET), present.index(EXCEEDED)
    if isinstance(rows.outcome, Binary):
        return _relative_gain(rows, means[[met, exceeded]], influence[:, [met, exceeded]])
    weight = rows.cells.row_weight
    sd, sd_values = sd_influence(rows.loyalty, rows.count, weight)
    difference = float(means[exceeded] - means[met])
    values = (influence[:, exceeded] - influence[:, met]) / sd - difference / sd**2 * sd_values
    return _effect(difference / sd, covariance(values[:, None], rows.count, rows.cells.cluster_codes))


def _relative_gain(rows: Disconfirmed, shares: Floats, influence: Floats) -> Effect:
    """p1 / p0 - 1 of the good shares; where p0 > .5 of the bad ones, q0 / q1 - 1, so that up is good."""
    v = covariance(influence, rows.count, rows.cells.cluster_codes)
    p0, p1 = map(float, shares)
    a = np.array([-1.0, 1.0])  # p1 - p0 and q0 - q1 are the same number
    b, base = (np.array([1.0, 0.0]), p0) if p0 <= 0.5 else (np.array([0.0, -1.0]), 1 - p1)
    var_a, cov, var_b = float(a @ v.matrix @ a), float(a @ v.matrix @ b), float(b @ v.matrix @ b)
    return Effect(a=p1 - p0, b=base, var_a=var_a, cov=cov, var_b=var_b, df=v.df)


def _latent_gain(rows: Disconfirmed) -> Effect:
    weight = rows.cells.row_weight
    others = [k for k in range(len(LEVELS)) if k != MET and (rows.level == k).any()]
    design = (rows.level[:, None] == np.array(others)).astype(np.float64)
    fit = fit_ordered_probit(design, rows.code, rows.count, weight, names=[LEVELS[k] for k in others])
    contrast = (np.array(others) == EXCEEDED).astype(np.float64)
    estimate, values = standardised(fit, contrast, design, rows.count, weight)
    return _effect(estimate, covariance(values[:, None], rows.count, rows.cells.cluster_codes))


def _share_at_top(rows: Disconfirmed) -> float:
    if not isinstance(rows.outcome, Rating):
        return math.nan
    mass = rows.count * rows.cells.row_weight
    met = rows.level == MET
    return float(mass[met & (rows.loyalty == rows.outcome.scale.high)].sum() / mass[met].sum())


def _effect(estimate: float, fit: Covariance) -> Effect:
    return Effect(a=estimate, var_a=float(fit.matrix[0, 0]), df=fit.df)
