"""Logistic regression: how the chance of a good outcome goes with several scores and controls at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.errors import TooFewError
from cxstats.numerics.design import Predictor, build_design
from cxstats.numerics.influence import Covariance, covariance
from cxstats.numerics.logistic import fit_logistic
from cxstats.roles import Binary, Roles
from cxstats.scales import Scale
from cxstats.shared.compared import binary_outcome, compare_on
from cxstats.shared.predictors import EVENTS_PER_COEFFICIENT, complete, predictors_of
from cxstats.wald import WaldResult

Errors: TypeAlias = Literal["information", "sandwich", "clusters"]
ERRORS_FROM: dict[Errors, str] = {
    "information": "the inverse information",
    "sandwich": "the sandwich of influence values, weights taken as fixed",
    "clusters": "influence values summed per cluster",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Logistic(WaldResult):
    """Coefficients of a logistic regression, in log-odds of the good outcome.

    The frame has the intercept first, then the metrics (per point of the scale, up is good), then the
    controls. ``covariance`` is that of all coefficients, shape (q, q). ``errors`` says what the standard
    errors rest on: the information, the sandwich (with weights), or clusters.
    """

    terms: tuple[str, ...]
    covariance: Floats
    errors: Errors
    n_good: int
    n_bad: int
    log_likelihood: float
    null_log_likelihood: float

    method: ClassVar[str] = "Logistic regression of the good outcome"
    reference: ClassVar[str] = "Albert & Anderson (1984), doi:10.1093/biomet/71.1.1"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": self.terms}

    @property
    def odds_ratio(self) -> Floats:
        """Odds of the good outcome, as a multiple, for one unit more of each term; exp(estimate)."""
        ratio: Floats = np.exp(self.estimate)
        return ratio

    @property
    def mcfadden(self) -> float:
        """1 - log-likelihood / log-likelihood with the intercept alone: 0 for predictors that say nothing."""
        return 1 - self.log_likelihood / self.null_log_likelihood

    def footer(self) -> str:
        """Rows, outcomes, and what the standard errors rest on."""
        return (
            f"{self.n_good:,} good and {self.n_bad:,} bad outcomes; standard errors from {ERRORS_FROM[self.errors]}.\n"
            f"{super().footer()}"
        )


def logistic(
    data: IntoCells,
    *,
    outcome: Binary | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> Logistic:
    """How the odds of a good outcome go with each score, the other scores and the controls held equal.

    Use it to ask whether a score says something beyond what others, or past behaviour, say already. Do
    not read a coefficient as an effect: customers who differ in one thing differ in others too. To
    compare how well scores predict, use `delong`: coefficients of scales of 5 and of 11 points are not
    alike.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary
        0 or 1, with the value that is good for the firm declared.
    metrics : mapping from column to Scale
        Names suffice where ``data`` are Cells, which carry the scales. A scale on which up is bad enters
        turned round, as low + high - value, so that a coefficient above 0 always means: the better the
        score, the more likely the good outcome.
    controls : list of columns
        Numbers enter as they are; text enters as one indicator per level, ``control[level]``, against
        the first level in canonical order (by code point). Cells carry their own.
    cluster : str, optional
        Column with what makes rows dependent. Standard errors then come from influence sums per cluster,
        with Student's t on (number of clusters - 1) degrees of freedom.
    weight : str, optional
        Survey weight, taken as fixed; standard errors come from the sandwich.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    Logistic
        One row per coefficient, in log-odds per unit; ``odds_ratio`` holds their exponentials.

    Raises
    ------
    TooFewError
        Fewer than 10 events per coefficient, the intercept not counted, an event being the rarer of the
        two outcomes; a predictor that does not vary; no complete row; fewer than 20 clusters.
    SeparationError
        Predictors tell the outcomes apart perfectly, for all rows or for some: no finite estimate exists.
    ColumnError
        Predictors repeat each other (collinear); also as for `tally`.
    ScaleError, RoleError
        As for `tally`.

    Notes
    -----
    log(p / (1 - p)) = x'b, fitted by Newton's method on distinct rows with counts, which is the fit on
    all rows. One independent unit is a row, or a cluster. Without clusters and weights the covariance is
    the inverse information; otherwise it is the sum of squared influence values, the inverse information
    times the score [2]_, times n / (n - 1), or G / (G - 1) for G clusters. Rows that lack the outcome, a
    metric or a control are left out and counted in ``n_missing``. Separation is found by linear
    programming [1]_. Ten events per coefficient are a floor, not a promise: below it estimates are
    biased and intervals miss [3]_.

    References
    ----------
    .. [1] Albert & Anderson (1984). Biometrika 71, 1-10. doi:10.1093/biomet/71.1.1
    .. [2] Liang & Zeger (1986). Biometrika 73, 13-22. doi:10.1093/biomet/73.1.13
    .. [3] Peduzzi et al. (1996). J. Clin. Epidemiol. 49, 1373-1379. doi:10.1016/S0895-4356(96)00236-3

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> answers = pd.DataFrame({
    ...     "effort": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    ...     "stayed": [1, 0, 1, 0, 1, 0, 1, 0, 1, 0],
    ...     "n": [60, 10, 80, 20, 50, 30, 30, 30, 15, 25],
    ... })
    >>> print(cx.logistic(answers, outcome=cx.Binary("stayed"), metrics={"effort": cx.EFFORT5}, count="n"))
    term         estimate  std. error  95% low  95% high  statistic          p
    ──────────────────────────────────────────────────────────────────────────
    (intercept)    -1.206      0.3218   -1.837   -0.5752     -3.748  0.0001786
    effort         0.6129     0.09916   0.4185    0.8073      6.181    <0.0001
    235 good and 115 bad outcomes; standard errors from the inverse information.
    350 rows used; 10 cells.
    Logistic regression of the good outcome. Albert & Anderson (1984), doi:10.1093/biomet/71.1.1
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
    declared_outcome = binary_outcome(cells)
    kept = complete(cells, declared_outcome.column, names)
    compare_on(kept, names)  # refuses a lone outcome, a constant metric and one that tells outcomes apart
    parts = predictors_of(kept, names)
    positive = kept[declared_outcome.column] == declared_outcome.good
    n_good, n_bad = _events(kept, positive, declared_outcome, parts)
    design = build_design(parts, intercept=True)
    fit = fit_logistic(design.matrix, positive, kept.count, kept.row_weight, design.terms, design.predictors)
    errors, spread = likelihood_covariance(kept, fit.covariance, fit.influence)
    return Logistic(
        terms=design.terms,
        estimate=fit.coefficients,
        std_error=np.sqrt(np.diag(spread.matrix)),
        covariance=spread.matrix,
        df=spread.df,
        errors=errors,
        n_good=n_good,
        n_bad=n_bad,
        log_likelihood=fit.log_likelihood,
        null_log_likelihood=fit.null_log_likelihood,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=spread.notes,
    )


def likelihood_covariance(kept: Cells, information: Floats, influence: Floats) -> tuple[Errors, Covariance]:
    """The inverse information where rows are independent and unweighted, else the sandwich."""
    clusters: Ints | None = kept.cluster_codes
    if clusters is not None:
        return "clusters", covariance(influence, kept.count, clusters)
    if kept.roles.weight is not None:
        return "sandwich", covariance(influence, kept.count)
    return "information", Covariance(information, np.inf, None)


def _events(kept: Cells, positive: Bools, outcome: Binary, parts: Sequence[Predictor]) -> tuple[int, int]:
    """Rows with the good and the bad outcome; refuses too few of them for so many coefficients."""
    used = kept.row_weight > 0
    n_good, n_bad = int(kept.count[used & positive].sum()), int(kept.count[used & ~positive].sum())
    q = sum(len(part.terms) for part in parts)
    if min(n_good, n_bad) < EVENTS_PER_COEFFICIENT * q:
        coefficients = "1 coefficient" if q == 1 else f"{q:,} coefficients"
        raise TooFewError(
            f"At least {EVENTS_PER_COEFFICIENT} events per coefficient are needed, {EVENTS_PER_COEFFICIENT * q:,} for "
            f"{coefficients}, but of the outcomes '{outcome.column}' {n_good:,} are good and {n_bad:,} bad: "
            f"{min(n_good, n_bad):,} events.\nUse fewer predictors, merge levels, or wait for more outcomes."
        )
    return n_good, n_bad
