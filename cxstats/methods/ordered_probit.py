"""Ordered probit: how a rating goes with scores, gaps and controls, the ends of its scale taken into account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from cxstats.arrays import Column, Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, is_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.methods.logistic import Errors, likelihood_covariance
from cxstats.numerics.design import Predictor, build_design
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided
from cxstats.numerics.ordered_probit import fit_ordered_probit, latent_sd
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level
from cxstats.roles import Rating, Roles
from cxstats.scales import Scale
from cxstats.shared.predictors import EVENTS_PER_COEFFICIENT, complete, predictors_of


@dataclass(frozen=True, kw_only=True, eq=False)
class OrderedProbit(TalliedResult):
    """Coefficients of an ordered probit, then its thresholds.

    Both are in standard deviations of what the predictors leave open. A threshold ``"3|4"`` is where the
    latent rating passes from 3 to 4, for a customer with 0 on every predictor; there is nothing to test
    about it. ``covariance`` is that of all rows, shape (q + L - 1, q + L - 1). ``latent_sd`` is the
    standard deviation of the latent rating: a coefficient divided by it is in standard deviations of the
    rating. ``errors`` is as in `Logistic`.
    """

    coefficients: tuple[str, ...]
    thresholds: tuple[str, ...]
    covariance: Floats
    df: float
    errors: Errors
    latent_sd: float
    log_likelihood: float

    method: ClassVar[str] = "Ordered probit, maximum likelihood"
    reference: ClassVar[str] = "McKelvey & Zavoina (1975), doi:10.1080/0022250X.1975.9989847"

    @property
    def terms(self) -> tuple[str, ...]:
        """Coefficients, then thresholds."""
        return (*self.coefficients, *self.thresholds)

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": self.terms}

    @property
    def statistic(self) -> Floats:
        """Estimate over standard error; NaN for thresholds."""
        return np.where(self._tested, ratio_to_error(self.estimate, self.std_error), np.nan)

    @property
    def p_value(self) -> Floats:
        """Two-sided, of 0; NaN for thresholds."""
        return np.where(self._tested, two_sided(ratio_to_error(self.estimate, self.std_error), self.df), np.nan)

    @property
    def _tested(self) -> Column:
        return np.arange(len(self.terms)) < len(self.coefficients)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        return ConfidenceInterval(limits.low, limits.high, level)


def ordered_probit(
    data: IntoCells,
    *,
    outcome: Rating | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    disconfirmation: str | None = None,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> OrderedProbit:
    """How a rating goes with scores, the gap to what was expected, and controls.

    Use it where the outcome is itself a rating on a bounded scale. A straight line fitted to such a
    rating bends at the ends of the scale although the opinion behind it does not; here the rating is a
    cut-up normal, so that a customer at the top can be more satisfied than the scale can show. Use
    `logistic` for an outcome of two values.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Rating
        The rating with its scale. Where up is bad on that scale, the rating is turned round.
    metrics : mapping from column to Scale, optional
        Scores as predictors, turned so that up is good: low + high - value where up is bad. Cells bring
        their own; an empty list leaves them out.
    disconfirmation : str, optional
        Column with received minus expected; enters as it is.
    controls : list of columns
        Numbers as they are, text as indicators ``control[level]`` against the first level in canonical
        order. Cells carry their own.
    cluster, weight, count : str, optional
        As in `logistic`.

    Returns
    -------
    OrderedProbit
        The q coefficients, then the thresholds between the levels that occur, named by the levels on
        either side, from bad to good.

    Raises
    ------
    TooFewError
        Fewer than two levels; fewer than 10 rows outside the fullest level per coefficient; a predictor
        that does not vary; no complete row; fewer than 20 clusters.
    SeparationError
        Predictors tell the levels apart perfectly.
    ColumnError, ScaleError, RoleError
        As for `logistic`.

    Notes
    -----
    y* = x'b + e with e standard normal; the rating is at most j where y* <= t_j [1]_, so
    P(y <= j) = Phi(t_j - x'b). Fitted by Newton's method on distinct rows with counts. One independent
    unit is a row, or a cluster; standard errors are as in `logistic`. Levels in which no row lies have no
    thresholds of their own, and a note says so. Rows that lack the outcome or a predictor are left out and
    counted in ``n_missing``. For two levels "rows outside the fullest level" are the events of `logistic`.

    References
    ----------
    .. [1] McKelvey & Zavoina (1975). J. Math. Sociol. 4, 103-120. doi:10.1080/0022250X.1975.9989847

    Examples
    --------
    >>> import cxstats as cx
    >>> orders = cx.datasets.load("olist_deliveries").frame
    >>> result = cx.ordered_probit(
    ...     orders, outcome=cx.Rating("stars", cx.CSAT5), disconfirmation="days_early", count="n"
    ... )
    >>> result.to_frame()[["term", "estimate"]].round(3)
             term  estimate
    0  days_early     0.041
    1         1|2    -0.894
    2         2|3    -0.719
    3         3|4    -0.351
    4         4|5     0.243
    """
    declared, names = _metrics(data, metrics)
    roles = Roles(
        outcome=outcome,
        metrics=declared,
        disconfirmation=disconfirmation,
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        weight=weight,
        count=count,
    )
    cells = as_cells(data, roles)
    rating = _rating(cells)
    gap = () if cells.roles.disconfirmation is None else (cells.roles.disconfirmation,)
    if not (names or gap or cells.roles.controls):
        raise RoleError("At least one predictor is needed.\nPass metrics=, disconfirmation= or controls=.")
    kept = complete(cells, rating.column, (*names, *gap))
    levels = _levels(kept, rating)
    parts = predictors_of(kept, names, gap)
    _enough(kept, rating, levels.code, parts)
    design = build_design(parts, intercept=False)
    fit = fit_ordered_probit(design.matrix, levels.code, kept.count, kept.row_weight, design.terms, design.predictors)
    errors, spread = likelihood_covariance(kept, fit.covariance, fit.influence)
    return OrderedProbit(
        coefficients=design.terms,
        thresholds=levels.thresholds,
        estimate=np.concatenate([fit.coefficients, fit.thresholds]),
        std_error=np.sqrt(np.diag(spread.matrix)),
        covariance=spread.matrix,
        df=spread.df,
        errors=errors,
        latent_sd=latent_sd(fit, design.matrix, kept.count, kept.row_weight)[0],
        log_likelihood=fit.log_likelihood,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(*levels.notes, *spread.notes),
    )


@dataclass(frozen=True)
class _Levels:
    """Level of each cell, numbered from bad to good, and the names of the thresholds in between."""

    code: Ints
    thresholds: tuple[str, ...]
    notes: tuple[str, ...]


def _metrics(
    data: IntoCells, metrics: Mapping[str, Scale] | Sequence[str] | None
) -> tuple[Mapping[str, Scale], tuple[str, ...]]:
    """The metrics to declare and to use; none is allowed."""
    brought = is_cells(data) and bool(data.roles.metrics)
    if (metrics is None and not brought) or (metrics is not None and not isinstance(metrics, str) and not metrics):
        return {}, ()
    return metric_names(data, metrics)


def _rating(cells: Cells) -> Rating:
    outcome = cells.roles.outcome
    if not isinstance(outcome, Rating):
        found = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
        raise RoleError(f'A rating as outcome is needed, but {found}.\nPass outcome=cx.Rating("column", cx.CSAT5).')
    return outcome


def _levels(kept: Cells, rating: Rating) -> _Levels:
    """Number the levels that rows with a weight above 0 hold; cells without weight take the nearest below."""
    given = kept[rating.column]
    upwards = upward(rating.scale, given)
    used = kept.row_weight > 0
    levels = np.unique(upwards[used])
    if len(levels) < 2:
        held = number(float(given[used][0])) if used.any() else "no value"
        raise TooFewError(
            f"The outcome '{rating.column}' must take at least two values, but all "
            f"{rows(int(kept.count[used].sum()))} hold {held}.\nCollect more answers."
        )
    code = np.clip(np.searchsorted(levels, upwards, side="right") - 1, 0, None)
    shown = [number(float(level)) for level in upward(rating.scale, levels)]
    thresholds = tuple(f"{low}|{high}" for low, high in pairwise(shown))
    return _Levels(code, thresholds, _absent(rating, levels))


def _absent(rating: Rating, levels: Floats) -> tuple[str, ...]:
    scale = rating.scale
    if not scale.whole:
        return ()
    absent = [x for x in np.arange(scale.low, scale.high + 1) if x not in upward(scale, levels)]
    if not absent:
        return ()
    values = listed([number(float(level)) for level in absent])
    return (f"No row holds {values} of '{rating.column}': there is no threshold of its own for that.",)


def _enough(kept: Cells, rating: Rating, code: Ints, parts: Sequence[Predictor]) -> None:
    """Refuse too few rows outside the fullest level for so many coefficients."""
    counted = np.where(kept.row_weight > 0, kept.count, 0)
    per_level = np.bincount(code, weights=counted)
    outside = int(counted.sum() - per_level.max())
    q = sum(len(part.terms) for part in parts)
    if outside < EVENTS_PER_COEFFICIENT * q:
        coefficients = "1 coefficient" if q == 1 else f"{q:,} coefficients"
        raise TooFewError(
            f"At least {EVENTS_PER_COEFFICIENT} rows outside the fullest level of '{rating.column}' are needed per "
            f"coefficient, {EVENTS_PER_COEFFICIENT * q:,} for {coefficients}, but of {rows(int(counted.sum()))} "
            f"{outside:,} are.\nUse fewer predictors, merge levels, or collect more answers."
        )
