"""How many journeys meet at least one poor touchpoint, and whether poor touchpoints come together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import IntoCells, as_cells
from cxstats.errors import RoleError, TooFewError, listed, number, unknown_column
from cxstats.numerics.compounding import Compounded, compounded
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import Covariance, covariance
from cxstats.numerics.intervals import symmetric, wilson
from cxstats.results import ConfidenceInterval, checked_level
from cxstats.roles import Roles
from cxstats.scales import Scale
from cxstats.shared.touchpoint_rows import TouchpointRows, touchpoint_names, touchpoint_rows
from cxstats.wald import WaldResult

ANY, INDEPENDENT, DIFFERENCE, RATIO = "any poor", "any poor if independent", "difference", "dependence ratio"
_FEWEST = 10  # journeys with, and journeys without a poor touchpoint


@dataclass(frozen=True, kw_only=True, eq=False)
class Compounding(WaldResult):
    """Shares of journeys, what independence would give, and the shares of poor ratings of p touchpoints.

    Rows: ``"any poor"``, ``"any poor if independent"``, ``"difference"`` (of these two), ``"dependence ratio"`` (share
    of journeys with nothing poor over what independence would give; above 1, poor touchpoints meet the same
    journeys), then ``"poor: checkin"`` and so on.

    Attributes
    ----------
    touchpoints : tuple of str, length p
    poor : tuple of float, length p
        The rating, on the upward scale, at or below which each touchpoint counts as poor.
    ratio : Effect
        The dependence ratio, to be tested at any value.
    n_effective : array
        Rows of a simple sample that would tell as much of each share; NaN for difference and ratio.
    mean_used : float
        Touchpoints that a journey used, on average.
    """

    touchpoints: tuple[str, ...]
    poor: tuple[float, ...]
    ratio: Effect
    n_effective: Floats
    mean_used: float

    method: ClassVar[str] = "Joint against independent shares, intervals from influence values (Wilson, Fieller)"
    reference: ClassVar[str] = "Fieller (1954), doi:10.1111/j.2517-6161.1954.tb00159.x"

    @property
    def terms(self) -> tuple[str, ...]:
        """What each row is about."""
        return (ANY, INDEPENDENT, DIFFERENCE, RATIO, *(f"poor: {name}" for name in self.touchpoints))

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": self.terms}

    @property
    def null(self) -> Floats:
        """0 for the difference and 1 for the ratio; nothing is tested of shares."""
        return np.array([{DIFFERENCE: 0.0, RATIO: 1.0}.get(term, np.nan) for term in self.terms])

    @property
    def statistic(self) -> Floats:
        """Difference over its standard error; the ratio is tested at 1, which asks the same."""
        t = super().statistic
        t[self.terms.index(RATIO)] = -t[self.terms.index(DIFFERENCE)]
        return t

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Shares by Wilson with effective rows, the difference by Wald, the ratio by Fieller."""
        share = ~np.isnan(self.n_effective)
        n = np.where(share, self.n_effective, 1.0)
        limits = wilson(np.where(share, self.estimate, 0.0) * n, n, checked_level(level), self.df)
        wald = symmetric(self.estimate, self.std_error, level, self.df)
        low, high = np.where(share, limits.low, wald.low), np.where(share, limits.high, wald.high)
        at = self.terms.index(RATIO)
        ends = self.ratio.interval(level)
        low[at], high[at] = max(0.0, ends[0]), ends[1]
        return ConfidenceInterval(low, high, level)

    def footer(self) -> str:
        """What was poor, how long journeys are, then rows and method."""
        told = ", ".join(f"{name} {number(at)}" for name, at in zip(self.touchpoints, self.poor, strict=True))
        return (
            f"Poor at or below, up is good: {told}.\n"
            f"{self.mean_used:.3g} of {len(self.touchpoints)} touchpoints used per journey.\n{super().footer()}"
        )


def compounding(
    data: IntoCells,
    *,
    touchpoints: Mapping[str, Scale] | Sequence[str] | None = None,
    poor: Mapping[str, float] | float,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> Compounding:
    """Find out how many journeys meet a poor touchpoint, and whether poor touchpoints come together.

    Use it where every touchpoint looks good by itself: with six of them, each good for 95 of 100 customers and
    independent of the others, 26.5 of 100 meet at least one that was poor (1 - .95^6 = .265). Touchpoints rarely are
    independent; the dependence ratio says how far from it they are. It does not say that a journey with a poor
    touchpoint was a poor journey.

    Parameters
    ----------
    data : dataframe or Cells
        One row per journey.
    touchpoints : mapping from column to Scale
        At least two. A missing rating means that the touchpoint was not used. Names suffice where ``data`` are
        Cells, which carry the scales.
    poor : mapping from touchpoint to float, or float
        The rating at or below which a touchpoint was poor, on its scale turned so that up is good (on a scale of
        effort from 1 to 5, where 5 is the worst, 2 stands for the answers 4 and 5). One number serves all only
        where all have the same bounds.
    cluster : str, optional
        Column with what makes rows dependent (the customer with several journeys). Intervals then use influence
        sums per cluster and Student's t with (number of clusters - 1) degrees of freedom.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    Compounding
        Four rows (probabilities, their difference, the ratio), then the share of poor ratings of each touchpoint.

    Raises
    ------
    RoleError
        A threshold that is missing, is none, or names no touchpoint; one number for scales with different bounds.
    TooFewError
        Fewer than two touchpoints; a touchpoint that fewer than 20 journeys used, or that does not vary; fewer than
        10 journeys with, or 10 without, a poor touchpoint; fewer than 20 clusters.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    Of journeys with at least two used touchpoints; the others are left out and counted in ``n_missing``. With p_j
    the share of poor ratings of touchpoint j among the journeys that used it, and U_i the touchpoints that journey i
    used, independence would give it the chance 1 - prod of (1 - p_j) over U_i; the mean over journeys is "any poor if
    independent". A touchpoint that was not used is neither poor nor good: it is not in the product. Which touchpoints
    are used together is taken as it is.
    The dependence ratio is the share of journeys with nothing poor over the mean of those products. Above 1, poor
    touchpoints meet the same journeys; below 1, they spread over more journeys than independence would have it.
    All standard errors come from influence values (delta method), in which the p_j are estimated on the same rows.
    Limits of shares are Wilson's [1]_ for the rows of a simple sample with the same variance, those of the ratio
    Fieller's [2]_. One independent unit is a row, or a cluster. Intervals are for large samples.

    References
    ----------
    .. [1] Wilson (1927). JASA 22, 209-212. doi:10.1080/01621459.1927.10502953
    .. [2] Fieller (1954). J. R. Stat. Soc. B 16, 175-185. doi:10.1111/j.2517-6161.1954.tb00159.x

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.compounding(
    ...     customers, touchpoints={"csat": cx.CSAT5, "ease": cx.EASE7}, poor={"csat": 2, "ease": 3}, count="n"
    ... )
    >>> result.to_frame()[["term", "estimate"]].round(4)
                          term  estimate
    0                 any poor    0.1946
    1  any poor if independent    0.2325
    2               difference   -0.0379
    3         dependence ratio    1.0494
    4               poor: csat    0.1093
    5               poor: ease    0.1384
    """
    declared, names = touchpoint_names(data, touchpoints)
    cells = as_cells(data, Roles(metrics=declared, cluster=cluster, weight=weight, count=count))
    limits = _thresholds(poor, {name: cells.roles.metrics[name] for name in names})
    found = touchpoint_rows(cells, names, fewest=2)
    kept, used = found.cells, found.used
    was_poor = used & (np.where(used, found.values, np.inf) <= limits)
    _refuse_few(was_poor.any(axis=1) & (kept.row_weight > 0), (kept.row_weight > 0), kept.count)
    part = compounded(used, was_poor, kept.count, kept.row_weight)
    rows = _influences(part)
    spread = covariance(np.column_stack(rows), kept.count, kept.cluster_codes)
    estimate = np.array(
        [1 - part.all_good, 1 - part.product, part.product - part.all_good, part.all_good / part.product, *part.poor]
    )
    return Compounding(
        touchpoints=names,
        poor=tuple(float(limit) for limit in limits),
        estimate=estimate,
        std_error=np.sqrt(spread.matrix.diagonal()),
        df=spread.df,
        ratio=_ratio(part, spread),
        n_effective=_effective(estimate, spread, _units(found)),
        mean_used=float(found.mass @ used.sum(axis=1) / found.mass.sum()),
        n=kept.n,
        n_missing=found.n_missing,
        n_cells=kept.n_cells,
        notes=spread.notes,
    )


def _influences(part: Compounded) -> list[Floats]:
    """In the order of the frame."""
    good, product = part.all_good_influence, part.product_influence
    ratio = (good - part.all_good / part.product * product) / part.product
    return [-good, -product, product - good, ratio, *part.poor_influence.T]


def _ratio(part: Compounded, spread: Covariance) -> Effect:
    """All good over the product; the covariances are those of the two shares of the frame, both turned round."""
    matrix = spread.matrix
    return Effect(
        a=part.all_good,
        b=part.product,
        var_a=float(matrix[0, 0]),
        cov=float(matrix[0, 1]),
        var_b=float(matrix[1, 1]),
        df=spread.df,
    )


def _effective(estimate: Floats, spread: Covariance, units: Floats) -> Floats:
    """Rows of a simple sample with the same variance of each share; the units there are where a share is 0 or 1."""
    variance, binomial = spread.matrix.diagonal(), estimate * (1 - estimate)
    found = np.where(variance > 0, binomial / np.where(variance > 0, variance, 1.0), units)
    found[2:4] = np.nan
    return found


def _units(found: TouchpointRows) -> Floats:
    """Independent units behind each row of the frame: clusters, or (sum of w)^2 / (sum of w^2) rows."""
    kept = found.cells
    parts = np.column_stack([np.ones((kept.n_cells, 4), dtype=bool), found.used])
    if kept.cluster_codes is not None:
        return np.array([len(np.unique(kept.cluster_codes[part])) for part in parts.T], dtype=np.float64)
    squares = (kept.count * kept.row_weight**2) @ parts
    units: Floats = (found.mass @ parts) ** 2 / squares
    return units


def _thresholds(poor: object, scales: Mapping[str, Scale]) -> Floats:
    """The threshold of each touchpoint, after it was found to divide its scale."""
    if isinstance(poor, Mapping):
        unknown = [name for name in poor if name not in scales]
        if unknown:
            raise unknown_column([str(name) for name in unknown], list(scales), "the touchpoints")
        absent = [name for name in scales if name not in poor]
        if absent:
            raise RoleError(
                f"poor must say of every touchpoint at or below which rating it was poor, but not of {listed(absent)}."
                f'\nPass poor={{"{absent[0]}": ..., ...}}: what is poor is never guessed.'
            )
        given = [poor[name] for name in scales]
    else:
        bounds = {(scale.low, scale.high): scale.range for scale in scales.values()}
        if len(bounds) > 1:
            raise RoleError(
                f"One number for poor serves touchpoints on one scale only, but there are {listed(bounds.values())}."
                f'\nPass a number for each: poor={{"{next(iter(scales))}": ..., ...}}.'
            )
        given = [poor] * len(scales)
    return np.array(
        [_threshold(value, name, scale) for value, (name, scale) in zip(given, scales.items(), strict=True)]
    )


def _threshold(value: object, name: str, scale: Scale) -> float:
    usable = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    if not usable or not scale.low <= float(value) < scale.high:  # type: ignore[arg-type]
        raise RoleError(
            f"The rating at or below which '{name}' was poor must be a number from {number(scale.low)} to below "
            f"{number(scale.high)} ({scale.name or 'its scale'}, turned so that up is good), but {value!r} was given."
        )
    return float(value)  # type: ignore[arg-type]


def _refuse_few(any_poor: Bools, weighed: Bools, count: Ints) -> None:
    some = int(count[any_poor].sum())
    none = int(count[weighed].sum()) - some
    if min(some, none) < _FEWEST:
        raise TooFewError(
            f"At least {_FEWEST} journeys with and {_FEWEST} without a poor touchpoint are needed, but {some:,} have "
            f"one and {none:,} have none.\nCheck the thresholds of poor, or collect more answers."
        )
