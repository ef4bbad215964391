"""Cox regression: how soon an event comes for customers with better and with worse scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Column, Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.columns import codes
from cxstats.errors import RoleError, TooFewError, rows
from cxstats.methods.logistic import ERRORS_FROM, Errors, likelihood_covariance
from cxstats.numerics.cox import CoxFit, fit_cox
from cxstats.numerics.design import Predictor, build_design
from cxstats.numerics.proportional import Proportionality, proportionality, share_gone
from cxstats.results import shown, shown_p
from cxstats.roles import Roles, Survival, outcome_columns
from cxstats.scales import Scale
from cxstats.shared.predictors import EVENTS_PER_COEFFICIENT, complete, predictors_of
from cxstats.wald import WaldResult

_CHANGES = 0.05  # below this p-value of the joint test a note says that hazards are not proportional


@dataclass(frozen=True, kw_only=True, eq=False)
class Cox(WaldResult):
    """Coefficients of a Cox regression: log hazard ratios of the event.

    The frame has the metrics first (per point of the scale, up is good), then the controls. Below 0: the
    event comes later, or for fewer. For an event that is bad for the firm that is what a good score should
    do; for one that is good (a next purchase) it should lie above 0. ``good`` is the value of the event
    that is good for the firm. ``covariance`` is that of all coefficients, shape (q, q); ``errors`` as in
    `Logistic`. ``proportional_p_value`` (q,) tests that each hazard ratio stays the same over time,
    ``joint_proportional_p_value`` that all do: on ``joint_proportional_df`` degrees of freedom.
    """

    terms: tuple[str, ...]
    covariance: Floats
    errors: Errors
    event: str
    good: int
    n_events: int
    log_likelihood: float
    null_log_likelihood: float
    proportional_statistic: Floats
    proportional_p_value: Floats
    joint_proportional_statistic: float
    joint_proportional_df: int
    joint_proportional_p_value: float

    method: ClassVar[str] = "Cox regression, partial likelihood with Efron's ties"
    reference: ClassVar[str] = "Cox (1972), doi:10.1111/j.2517-6161.1972.tb00899.x"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": self.terms}

    @property
    def hazard_ratio(self) -> Floats:
        """Hazard of the event, as a multiple, for one unit more of each term; exp(estimate)."""
        ratio: Floats = np.exp(self.estimate)
        return ratio

    def columns(self, level: float = 0.95) -> dict[str, Column]:
        """The frame as arrays, then the hazard ratio and the p-value of its being the same over time."""
        more = {"hazard_ratio": self.hazard_ratio, "p_value_constant": self.proportional_p_value}
        return {**super().columns(level), **more}

    def footer(self) -> str:
        """Events and what the direction means, whether hazards are proportional, standard errors, rows."""
        good = self.good == 1
        events = "1 event" if self.n_events == 1 else f"{self.n_events:,} events"
        return (
            f"{events} of '{self.event}' ({'good' if good else 'bad'} for the firm): a hazard ratio "
            f"{'above' if good else 'below'} 1 means that with a better score it comes "
            f"{'sooner or more' if good else 'later or less'} often.\n"
            f"{self._proportional()}Standard errors from {ERRORS_FROM[self.errors]}.\n"
            f"{super().footer()}"
        )

    def _proportional(self) -> str:
        if np.isnan(self.joint_proportional_p_value):
            return ""
        statistic, p = shown(self.joint_proportional_statistic), _told(self.joint_proportional_p_value)
        return f"Same hazard ratios at all times: chi-squared {statistic} on {self.joint_proportional_df} df, {p}.\n"


def cox(
    data: IntoCells,
    *,
    outcome: Survival | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    controls: Sequence[str] = (),
    strata: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> Cox:
    """How soon an event comes (a cancellation, a next purchase) for better and for worse scores.

    Use it where customers were watched for different times, so that for some the event is yet to come. Do
    not read a coefficient as an effect: customers who differ in one thing differ in others too. A score
    must be known when the watch begins; where it was asked later than time 0, declare that moment as the
    ``entry`` of the outcome, or those who left before they were asked are missing from the answer.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Survival
        Columns with the time, whether the event ended it (1) or the watch did (0), and from which time on
        the row was watched, if not from the beginning; and which value of the event is good for the firm.
    metrics : mapping from column to Scale
        Names suffice where ``data`` are Cells, which carry the scales. A scale on which up is bad enters
        turned round, as low + high - value, so that up is always the better score.
    controls : list of columns
        Numbers enter as they are; text enters as one indicator per level, ``control[level]``, against
        the first level in canonical order (by code point). Cells carry their own.
    strata : list of columns
        Each combination of their values has a baseline hazard of its own, of any shape; the hazard ratios
        are shared. Customers are compared with those of the same stratum only.
    cluster : str, optional
        Column with what makes rows dependent. Standard errors then come from influence sums per cluster,
        with Student's t on (number of clusters - 1) degrees of freedom.
    weight : str, optional
        Survey weight, taken as fixed; standard errors come from the sandwich.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    Cox
        One row per coefficient, the log hazard ratio of the event (not of the good outcome) per unit: with
        ``good=0`` a coefficient below 0 means that the better the score, the later the event.
        ``hazard_ratio`` holds the exponentials.

    Raises
    ------
    RoleError
        No outcome, or one of another class; also as for `tally`.
    ColumnError
        Predictors that repeat each other, or that do not differ among those at risk at the same time in the
        same stratum; a time that is below 0 or not above its entry; also as for `tally`.
    TooFewError
        No event; fewer than 10 events per coefficient; a predictor that does not vary; no complete row;
        fewer than 20 clusters.
    SeparationError
        Predictors put the events in perfect order: no finite estimate exists.
    ScaleError
        As for `tally`.

    Notes
    -----
    The hazard is h(t) exp(x'b) [1]_, h another in each stratum. A row is at risk at t if entry < t <= time;
    events tied at one time are taken by Efron's method [2]_. Fitted by Newton's method on distinct rows
    with counts, which is the fit on all rows. With survey weights each of the d events tied at a time has
    their mean weight. One independent unit is a row, or a cluster. Without clusters and weights the
    covariance is the inverse information; otherwise it is the sum of squared influence values (dfbeta)
    [3]_ [4]_, times n / (n - 1), or G / (G - 1) for G clusters. Rows that lack a column of the outcome, a
    metric, a control or a stratum are left out and counted in ``n_missing``.

    That a hazard ratio is the same at all times is tested by the score test of [5]_ against a change in a
    straight line with the share that has had the event (1 - Kaplan-Meier, all strata together), which has
    no unit and no long tail. With clusters or weights the variance of the score comes from its rows in the
    same way as standard errors do. Where p < .05 for all together, a note says that the coefficients are
    averages over time; with very many customers that happens for changes too small to matter.

    References
    ----------
    .. [1] Cox (1972). J. R. Stat. Soc. B 34, 187-220. doi:10.1111/j.2517-6161.1972.tb00899.x
    .. [2] Efron (1977). J. Am. Stat. Assoc. 72, 557-565. doi:10.1080/01621459.1977.10480613
    .. [3] Lin & Wei (1989). J. Am. Stat. Assoc. 84, 1074-1078. doi:10.1080/01621459.1989.10478874
    .. [4] Binder (1992). Biometrika 79, 139-147. doi:10.1093/biomet/79.1.139
    .. [5] Grambsch & Therneau (1994). Biometrika 81, 515-526. doi:10.1093/biomet/81.3.515

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> customers = pd.DataFrame({
    ...     "effort": [1, 1, 1, 3, 3, 3, 5, 5, 5],
    ...     "months": [6, 12, 24, 6, 12, 24, 6, 12, 24],
    ...     "cancelled": [1, 1, 0, 1, 1, 0, 1, 1, 0],
    ...     "n": [8, 10, 90, 15, 14, 70, 25, 18, 50],
    ... })
    >>> leaving = cx.Survival("months", "cancelled", good=0)
    >>> result = cx.cox(customers, outcome=leaving, metrics={"effort": cx.EFFORT5}, count="n")
    >>> result.to_frame()[["term", "estimate", "std_error", "hazard_ratio"]].round(4)
         term  estimate  std_error  hazard_ratio
    0  effort    -0.306     0.0678        0.7364
    """
    declared, names = metric_names(data, metrics)
    roles = Roles(
        outcome=outcome,
        metrics=declared,
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        strata=strata,  # type: ignore[arg-type]
        cluster=cluster,
        weight=weight,
        count=count,
    )
    cells = as_cells(data, roles)
    survival = _survival(cells)
    watched = outcome_columns(survival)
    kept = complete(cells, watched[0], (*watched[1:], *names, *cells.roles.strata))
    happened = kept[survival.event] == 1
    parts = predictors_of(kept, names)
    n_events = _events(kept, happened, survival, parts)
    design = build_design(parts, intercept=False)
    fit = fit_cox(
        design.matrix,
        kept[survival.time],
        happened,
        kept.count,
        kept.row_weight,
        entry=None if survival.entry is None else kept[survival.entry],
        stratum=_strata(kept),
        names=design.terms,
        predictors=design.predictors,
    )
    errors, spread = likelihood_covariance(kept, fit.covariance, fit.influence)
    tested = _tested(fit, kept, survival, errors)
    return Cox(
        terms=design.terms,
        estimate=fit.coefficients,
        std_error=np.sqrt(np.diag(spread.matrix)),
        covariance=spread.matrix,
        df=spread.df,
        errors=errors,
        event=survival.event,
        good=survival.good,
        n_events=n_events,
        log_likelihood=fit.log_likelihood,
        null_log_likelihood=fit.null_log_likelihood,
        proportional_statistic=tested.statistic,
        proportional_p_value=tested.p_value,
        joint_proportional_statistic=tested.joint_statistic,
        joint_proportional_df=tested.joint_df,
        joint_proportional_p_value=tested.joint_p_value,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(*spread.notes, *_changing(tested, design.terms)),
    )


def _survival(cells: Cells) -> Survival:
    outcome = cells.roles.outcome
    if isinstance(outcome, Survival):
        return outcome
    found = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
    raise RoleError(
        f"A survival outcome is needed, but {found}.\n"
        'Pass outcome=cx.Survival("months", "cancelled", good=0); use cx.logistic for whether it happened at all.'
    )


def _events(kept: Cells, happened: Bools, outcome: Survival, parts: Sequence[Predictor]) -> int:
    """Rows with the event; refuses too few of them for so many coefficients."""
    events = int(kept.count[happened & (kept.row_weight > 0)].sum())
    if not events:
        raise TooFewError(
            f"The event '{outcome.event}' must have happened, but it did in none of {rows(kept.n)}.\n"
            "Watch for longer, and check that 1 means that it happened."
        )
    q = sum(len(part.terms) for part in parts)
    if events < EVENTS_PER_COEFFICIENT * q:
        coefficients = "1 coefficient" if q == 1 else f"{q:,} coefficients"
        raise TooFewError(
            f"At least {EVENTS_PER_COEFFICIENT} events per coefficient are needed, {EVENTS_PER_COEFFICIENT * q:,} for "
            f"{coefficients}, but of {rows(kept.n)} {events:,} had the event '{outcome.event}'.\n"
            "Use fewer predictors, merge levels, or watch for longer."
        )
    return events


def _strata(kept: Cells) -> Ints:
    """The number of each cell's combination of strata."""
    stratum: Ints = np.zeros(kept.n_cells, dtype=np.int64)
    for name in kept.roles.strata:
        code, levels = codes(kept[name])
        stratum = np.unique(stratum * len(levels) + code, return_inverse=True)[1]
    return stratum


def _tested(fit: CoxFit, kept: Cells, outcome: Survival, errors: Errors) -> Proportionality:
    used = kept.where(kept.row_weight > 0)
    entry = None if outcome.entry is None else used[outcome.entry]
    gone = share_gone(used[outcome.time], used[outcome.event] == 1, entry, used.count)
    return proportionality(fit, gone, kept.count, robust=errors == "sandwich", cluster=kept.cluster_codes)


def _changing(tested: Proportionality, terms: Sequence[str]) -> tuple[str, ...]:
    """A note where hazards are not proportional."""
    p = tested.joint_p_value
    if not p < _CHANGES:
        return ()
    most = terms[int(np.nanargmin(tested.p_value))]
    note = (
        f"The hazard ratios change with time ({_told(p)}), that of '{most}' most clearly: each coefficient is an "
        "average over the time watched. Fit early and late times apart to see how."
    )
    return (note,)


def _told(p: float) -> str:
    """A p-value inside a sentence."""
    return "p < .0001" if p < 0.0001 else f"p = {shown_p(p)}"
