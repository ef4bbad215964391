"""Does a score say more about what customers intend than about what they do, and do the two curves bend alike?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import Cells, IntoCells, as_cells, is_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.numerics.correlation import fisher_limits, williams_t
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import covariance
from cxstats.numerics.intention import (
    BENDS,
    CORRELATIONS,
    GAP,
    LATENT,
    Answers,
    between,
    doubts,
    has_ceiling,
    is_rating,
    metric_terms,
    term_names,
)
from cxstats.numerics.intervals import symmetric, two_sided
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level
from cxstats.roles import Binary, Roles
from cxstats.scales import Scale
from cxstats.shared.compared import binary_outcome
from cxstats.shared.predictors import EVENTS_PER_COEFFICIENT

_FEWEST_EVENTS = 2 * EVENTS_PER_COEFFICIENT  # a line and a curve


@dataclass(frozen=True, kw_only=True, eq=False)
class IntentionBehaviour(TalliedResult):
    """Correlations of each metric with intention and behaviour, their difference, and how both curves bend.

    Rows per metric: ``"r intention"``, ``"r behaviour"``, ``"intention - behaviour"``, ``"bend ..."`` and
    ``"second difference ..."`` of each, and ``"latent bend intention"`` where the intention is a rating of 3
    to 101 values. What cannot be estimated is NaN, and a note says why.

    Attributes
    ----------
    metrics : tuple of str
    intention : str
    df : float
        Degrees of freedom: clusters minus one, or infinite.
    classical : bool
        True without clusters and weights, where Williams' test is given.
    r_between : float
        Correlation of the intention with the behaviour.
    share_at_top : float
        Share of customers who gave the best value of the intention.
    ceiling : bool
        Whether that is 30% or more of an intention with more than two values.
    """

    metrics: tuple[str, ...]
    intention: str
    terms: tuple[str, ...]
    df: float
    classical: bool
    r_between: float
    share_at_top: float
    ceiling: bool

    method: ClassVar[str] = "Correlations and curves of intention and behaviour, with influence-function variances"
    reference: ClassVar[str] = "Mittal & Kamakura (2001), doi:10.1509/jmkr.38.1.131.18832"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The metric and the term of each row."""
        each = tuple(metric for metric in self.metrics for _ in self.terms)
        return {"metric": each, "term": self.terms * len(self.metrics)}

    @property
    def statistic(self) -> Floats:
        """Estimate over standard error; NaN where there is no estimate or no variation."""
        spread = self.std_error > 0
        return np.where(spread, self.estimate / np.where(spread, self.std_error, 1.0), np.nan)

    @property
    def p_value(self) -> Floats:
        """Two-sided, of 0, not adjusted for the number of rows."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Limits of correlations by Fisher's z; Wald limits of all else, as its `Effect` has them."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        at = np.concatenate([self._at(term) for term in CORRELATIONS])
        fisher = fisher_limits(self.estimate[at], self.std_error[at], level, self.df)
        limits.low[at], limits.high[at] = fisher.low, fisher.high
        return ConfidenceInterval(limits.low, limits.high, level)

    @property
    def gap(self) -> dict[str, Effect]:
        """Per metric r with the intention minus r with the behaviour."""
        return {metric: self._effect(GAP, j) for j, metric in enumerate(self.metrics)}

    @property
    def bend_intention(self) -> dict[str, Effect | None]:
        """Per metric the bend of the intention; below 0 for diminishing returns, None where there is none."""
        return self._effects(BENDS[0])

    @property
    def bend_behaviour(self) -> dict[str, Effect | None]:
        """Per metric the bend of the behaviour; above 0 for increasing returns, None where there is none."""
        return self._effects(BENDS[1])

    @property
    def latent_bend_intention(self) -> dict[str, Effect | None]:
        """Per metric the bend of what lies behind the intention; None where no ordered probit was fitted."""
        return self._effects(LATENT)

    @property
    def williams_t(self) -> Floats:
        """Williams' t of each gap, shape (p,), on n - 3 degrees of freedom; NaN with clusters or weights."""
        if not self.classical:
            return np.full(len(self.metrics), np.nan)
        intention, behaviour = (self.estimate[self._at(term)] for term in CORRELATIONS)
        return williams_t(intention, behaviour, np.full(len(intention), self.r_between), self.n)

    @property
    def williams_p_value(self) -> Floats:
        """Two-sided p-value of Williams' t, shape (p,)."""
        return two_sided(self.williams_t, self.n - 3.0)

    def _at(self, term: str) -> list[int]:
        """The rows of a term, one per metric."""
        return [j * len(self.terms) + self.terms.index(term) for j in range(len(self.metrics))]

    def _effect(self, term: str, j: int) -> Effect:
        at = self._at(term)[j]
        return Effect(a=float(self.estimate[at]), var_a=float(self.std_error[at] ** 2), df=self.df)

    def _effects(self, term: str) -> dict[str, Effect | None]:
        if term not in self.terms:
            return dict.fromkeys(self.metrics)
        known = ~np.isnan(self.estimate[self._at(term)])
        return {m: self._effect(term, j) if known[j] else None for j, m in enumerate(self.metrics)}


def intention_behaviour(
    data: IntoCells,
    *,
    outcome: Binary | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    intention: str,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> IntentionBehaviour:
    """Does a score say more about what customers intend than about what they then do, and how do both curves bend?

    Use it where the same customers said what they would do, and records show what they did. Do not read the
    gap as the worth of a survey: intention and score come from the same person, often in one sitting.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary
        The behaviour, 0 or 1, with the value that is good for the firm declared.
    metrics : mapping from column to Scale
        One or more scores, and the intention. Names suffice where ``data`` are Cells, which carry the scales.
    intention : str
        Which of the metrics is the stated intention. One of yes and no has the scale ``Scale(0, 1)``, a
        measured one (planned spend) a scale with ``whole=False``.
    cluster, weight, count : str, optional
        As in `delong`.

    Returns
    -------
    IntentionBehaviour
        Per metric: two correlations and their difference; two bends, which are correlations too; two second
        differences, in points of the intention and in shares of customers; the latent bend, in standard
        deviations of the latent intention per standard deviation of the curve. Scores, intention and
        behaviour are turned so that up is good. ``gap``, ``bend_intention``, ``bend_behaviour`` and
        ``latent_bend_intention`` map each metric to its `Effect`.

    Raises
    ------
    TooFewError
        No metric beside the intention; fewer than 20 good or 20 bad outcomes; a metric or the intention is
        constant; fewer than 20 clusters.
    SeparationError
        A metric or the intention correlates perfectly with the behaviour.
    RoleError
        The outcome is not binary, or declared an intention; the intention is not among the metrics; a metric
        is the intention up to its unit.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    With z, y standard scores of metric and answer and r their correlation, the influence of a row on r is
    z y - r (z^2 + y^2) / 2; that on the gap is the difference of two such values, so that it is counted that
    the same customers gave all three answers. The **bend** is the correlation b of y with c, which is
    z^2 - E(z^3) z - 1 as a standard score: the square of the metric freed of its straight line. Its influence
    is c (y - r z) - b (c^2 + y^2) / 2. Below 0 returns diminish towards the top, above 0 they increase; 0 is
    a straight line of any slope. The **second difference** is the mean answer at the best value of the metric,
    minus twice that at the next, plus that at the third: the same question at the top alone. It is given where
    each of the three has at least 30 rows.

    A ceiling bends a straight line: where many give the best intention, the mean cannot rise further although
    what lies behind it does. The **latent bend** is the coefficient of c beside z in an ordered probit of the
    intention, over the latent standard deviation; it is free of that as far as what lies behind is normal.

    One independent unit is a row, or a cluster; variances are sums of squared influences (with weights taken
    as fixed) times n / (n - 1), for clusters with Student's t. Limits of r are Fisher's, all others estimate
    and standard error, so that test and interval agree. Williams' t of the gap [2]_ holds for three normal
    columns, which a behaviour of two values is not; it is given beside, as ``williams_t``, without clusters
    and weights. Rows that lack the outcome, the intention or any metric are left out and counted in
    ``n_missing``.

    Two things raise the gap without a customer changing their mind. Two answers in one survey share mood and
    manner of answering, the common method [3]_, which raises r with the intention. And a behaviour of two
    values is coarser than a rating: cutting a normal variable at a share p multiplies its correlations by
    phi(q) / sqrt(p (1 - p)), q being the normal quantile of p: .80 at one half, .58 at one tenth [4]_.

    References
    ----------
    .. [1] Mittal & Kamakura (2001). Journal of Marketing Research 38, 131-142. doi:10.1509/jmkr.38.1.131.18832
    .. [2] Steiger (1980). Psychological Bulletin 87, 245-251. doi:10.1037/0033-2909.87.2.245
    .. [3] Podsakoff, MacKenzie, Lee & Podsakoff (2003). Journal of Applied Psychology 88, 879-903.
       doi:10.1037/0021-9010.88.5.879
    .. [4] Cohen (1983). Applied Psychological Measurement 7, 249-253. doi:10.1177/014662168300700301

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.simulate.intentions(5000, rng=1)
    >>> result = cx.intention_behaviour(
    ...     customers, outcome=cx.Binary("repurchase"), intention="intention",
    ...     metrics={"csat": cx.CSAT5, "intention": cx.Scale(1, 7)},
    ... )
    >>> result.to_frame()[["term", "estimate", "ci_low", "ci_high"]].round(3).head(5)
                        term  estimate  ci_low  ci_high
    0            r intention     0.504   0.481    0.525
    1            r behaviour     0.180   0.153    0.207
    2  intention - behaviour     0.324   0.290    0.357
    3         bend intention    -0.082  -0.104   -0.060
    4         bend behaviour     0.075   0.048    0.103
    """
    declared, names = _named(data, metrics, intention)
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, cluster=cluster, weight=weight, count=count))
    behaviour = _behaviour(cells)
    needed = cells.select(behaviour.column, intention, *names)
    kept = needed.where(needed.observed([behaviour.column, intention, *names]))
    answers = _answers(kept, behaviour, intention, names)
    r_between = between(answers, behaviour.column, intention, names)
    scales = kept.roles.metrics
    latent = is_rating(scales[intention])
    parts = [metric_terms(answers, j, name, scales[name], latent=latent) for j, name in enumerate(names)]
    spread = covariance(np.column_stack([part.influence for part in parts]), kept.count, kept.cluster_codes)
    return IntentionBehaviour(
        metrics=names,
        intention=intention,
        terms=term_names(latent=latent),
        estimate=np.concatenate([part.estimate for part in parts]),
        std_error=np.sqrt(np.diag(spread.matrix)),
        df=spread.df,
        classical=kept.roles.cluster is None and kept.roles.weight is None,
        r_between=r_between,
        share_at_top=answers.share_at(scales[intention].high),
        ceiling=has_ceiling(answers, scales[intention]),
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(
            *_left_out(needed, behaviour.column, (intention, *names)),
            *(note for part in parts for note in part.notes),
            *doubts(answers, scales[intention], intention, behaviour.column),
            *spread.notes,
        ),
    )


def _named(
    data: IntoCells, metrics: Mapping[str, Scale] | Sequence[str] | None, intention: object
) -> tuple[Mapping[str, Scale], tuple[str, ...]]:
    """The metrics to declare, and those beside the intention."""
    if not isinstance(intention, str):
        raise RoleError(
            f"intention must be the name of a column, but {intention!r} was given."
            "\nIts scale goes into metrics, beside those of the scores."
        )
    declared, names = metric_names(data, metrics)
    known = {*names, *(data.roles.metrics if is_cells(data) else ())}
    if intention not in known:
        raise RoleError(
            f"The intention '{intention}' must be among the metrics, which give its scale, but they hold "
            f'{listed(names)}.\nAdd it, for example metrics={{..., "{intention}": cx.Scale(1, 7)}}.'
        )
    others = tuple(name for name in names if name != intention)
    if not others:
        raise TooFewError(
            f"At least one metric beside the intention is needed, but only '{intention}' was given."
            f'\nAdd the score, for example metrics={{"csat": cx.CSAT5, "{intention}": ...}}.'
        )
    return declared, others


def _behaviour(cells: Cells) -> Binary:
    """The outcome, which must be binary and no intention."""
    outcome = binary_outcome(cells)
    if outcome.kind != "behaviour":
        raise RoleError(
            f"The outcome must be a behaviour, but '{outcome.column}' is declared an intention."
            "\nPass what customers did as outcome=, and what they said that they would do as intention=."
        )
    return outcome


def _answers(kept: Cells, behaviour: Binary, intention: str, metrics: Sequence[str]) -> Answers:
    """Scores, intention and behaviour, turned so that up is good; each must vary."""
    scales = kept.roles.metrics
    done = (kept[behaviour.column] == behaviour.good).astype(np.float64)
    said, *scores = (upward(scales[name], kept[name]) for name in (intention, *metrics))
    answers = Answers(np.column_stack(scores), np.column_stack([said, done]), kept.count, kept.row_weight)
    good, bad = (int(kept.count[answers.used & (done == value)].sum()) for value in (1, 0))
    if min(good, bad) < _FEWEST_EVENTS:
        raise TooFewError(
            f"At least {_FEWEST_EVENTS} good and {_FEWEST_EVENTS} bad outcomes are needed, {EVENTS_PER_COEFFICIENT} "
            f"each for the line and for the curve, but of '{behaviour.column}' {good:,} are good and {bad:,} bad."
            "\nUse a longer window, or more customers."
        )
    for name in (*metrics, intention):
        held = kept[name][answers.used]
        if held.min() == held.max():
            raise TooFewError(
                f"The {'intention' if name == intention else 'metric'} '{name}' must take at least two values, but all "
                f"{rows(good + bad)} hold {number(float(held[0]))}."
                "\nWhat does not vary correlates with nothing: leave it out."
            )
    return answers


def _left_out(needed: Cells, outcome: str, metrics: Sequence[str]) -> tuple[str, ...]:
    answered = np.column_stack([~np.isnan(needed[m]) for m in metrics])
    some = needed.observed([outcome]) & answered.any(axis=1) & ~answered.all(axis=1)
    partial = rows(int(needed.count[some].sum()))
    note = f"{partial} had the outcome but not all metrics and were left out: same rows compared."
    return (note,) if some.any() else ()
