"""Whether answers can be trusted: straight lines down the form, and questions that point the wrong way."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import TooFewError, listed, number, rows
from cxstats.numerics.effective import effective_rows, kish
from cxstats.numerics.influence import covariance
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided, wilson
from cxstats.numerics.item_rest import correlation_limits, item_rest
from cxstats.numerics.straight_lining import Lines, excess_at_the_ends, straight_lines
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level, shown
from cxstats.roles import Roles
from cxstats.scales import Scale

FEWEST_ROWS = 10
MATERIAL = 0.01  # fewer careless respondents than this hardly move any figure
LEVEL = 0.95

LINE, CONTRADICTORY, EXCESS = "straight line", "contradictory straight line", "contradictory, beyond chance"
CORRELATION = "item-rest correlation"
ALL = "all"
CANNOT_TELL = (
    "All scales point the same way, so straight lines cannot be told from honest answers that are alike; a question "
    "worded the other way round would tell them apart."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class AnswerQuality(TalliedResult):
    """What the answers themselves say about how they were given.

    The frame has shares of respondents first (``"straight line"`` and the places where it runs; where the
    scales point both ways ``"contradictory straight line"``), then ``"contradictory, beyond chance"``, a
    difference of shares, then an ``"item-rest correlation"`` for every metric.

    Attributes
    ----------
    flags : tuple of str
        ``"straight-lining"``, ``"reverse-coded:<metric>"``; of two metrics ``"reverse-coded:<a>/<b>"``.
    concerns : tuple of str
        One sentence per flag, in the same order: what was found, what it may mean, what to check.
    both_ways : bool
        Whether high values are good on some scales and bad on others. Only then can straight lines be told
        from honest answers.
    expected : float
        Share of contradictory straight lines by chance; NaN where the scales all point the same way.
    n_eff : array, shape (s,)
        Effective number of rows of each of the s shares.
    """

    checks: tuple[str, ...]
    metrics: tuple[str, ...]
    flags: tuple[str, ...]
    concerns: tuple[str, ...]
    both_ways: bool
    expected: float
    n_eff: Floats
    df: float

    method: ClassVar[str] = "Straight lines (Wilson intervals) and item-rest correlations"
    reference: ClassVar[str] = "Curran (2016), doi:10.1016/j.jesp.2015.07.006"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The check and the metric of each row; ``"all"`` where a check looks at all metrics together."""
        return {"check": self.checks, "metric": self.metrics}

    @property
    def statistic(self) -> Floats:
        """Estimate over standard error; NaN for the shares, for which nothing is tested."""
        is_share = np.arange(len(self.estimate)) < self._shares
        return np.where(is_share, np.nan, ratio_to_error(self.estimate, self.std_error))

    @property
    def p_value(self) -> Floats:
        """Two-sided, of no excess and no correlation; NaN for the shares."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = LEVEL) -> ConfidenceInterval:
        """Wilson limits of shares, Wald limits of the excess, Fisher's z for correlations."""
        level, s = checked_level(level), self._shares
        share = wilson(self.estimate[:s] * self.n_eff, self.n_eff, level, self.df)
        gap = symmetric(self.estimate, self.std_error, level, self.df)
        tied = correlation_limits(np.clip(self.estimate, -1, 1), self.std_error, level, self.df)
        is_gap = np.array([check == EXCESS for check in self.checks])
        low, high = np.where(is_gap, gap.low, tied.low), np.where(is_gap, gap.high, tied.high)
        low[:s], high[:s] = share.low, share.high
        return ConfidenceInterval(low, high, level)

    def footer(self) -> str:
        """The concerns, then as for any result."""
        told = self.concerns or ("No flag was raised.",)
        return "\n".join([*told, super().footer()])

    @property
    def _shares(self) -> int:
        return len(self.n_eff)


def answer_quality(
    data: IntoCells,
    *,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> AnswerQuality:
    """Did people read the questions, and does every scale point the way that was declared?

    Use it before any comparison of metrics. It never looks at an outcome, and changes nothing: rows stay in,
    scales stay as they were declared. A straight line is no proof of carelessness: a content customer who
    ticks the best box everywhere gives one, too. The two can be told apart only where a question is worded the
    other way round, so that a high value is bad (`EFFORT5`): who ticks the rightmost box there as well says
    two things that do not go together. Without such a question the shares are reported, and nothing is
    flagged.

    Parameters
    ----------
    data : dataframe or Cells
        One row per respondent.
    metrics : mapping from column to Scale
        At least two, with answers as printed on the form. Names suffice where ``data`` are Cells, which
        carry the scales.
    cluster : str, optional
        Column with what makes rows dependent. Intervals then use influence sums per cluster and Student's
        t with (number of clusters - 1) degrees of freedom.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    AnswerQuality
        Shares in [0, 1], an excess share in [-1, 1], correlations in [-1, 1]; ``flags`` and ``concerns``.

    Raises
    ------
    TooFewError
        Fewer than two metrics, fewer than 10 complete rows, a constant metric, fewer than 20 clusters.
    ScaleError, ColumnError, RoleError
        As for `tally`.

    Notes
    -----
    *Straight lines.* The place of an answer on the form is (value - low) / (high - low), before any scale is
    turned. A row is a straight line if its places are all equal, without rounding: for equal scales the same
    value throughout, for different ones the two ends, the middle, and other places that all scales have
    (a third, on 1-7 and 1-10). It is contradictory if it runs at one end of scales that point both ways. Shares have
    Wilson's interval [2]_, with the effective number of rows where there are clusters or weights.

    Take the share of rows at one end of every scale on which up is good, times the share at the same end of
    every scale on which up is bad, and add both ends: so many contradictory lines there would be by chance, if
    questions of one direction had nothing to do with those of the other. Honest answers about one experience
    give fewer. ``"straight-lining"`` is flagged if the lower 95% limit of observed minus expected is above .01.
    The excess counts only lines at the ends, so it is a lower bound of careless answers [1]_.

    *Reverse-coded questions.* Scales are turned so that up is good and standardised. The correlation of
    each with the sum of the others (of two metrics: their correlation) has the influence interval that
    follows from those of the correlations, symmetric in Fisher's z. ``"reverse-coded"`` is flagged where the
    upper 95% limit is below 0. That may be a scale that is declared the wrong way round, or one that
    respondents misread, or straight lines on a form that points both ways; so where it is flagged,
    ``"straight-lining"`` is not flagged besides. Intervals are not adjusted for the number of metrics.

    One independent unit is a row, or a cluster. Rows that lack a metric are left out and counted in
    ``n_missing``.

    References
    ----------
    .. [1] Curran (2016). Journal of Experimental Social Psychology 66, 4-19. doi:10.1016/j.jesp.2015.07.006
    .. [2] Wilson (1927). J. Am. Stat. Assoc. 22, 209-212. doi:10.1080/01621459.1927.10502953

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> answers = pd.DataFrame({
    ...     "csat": [5, 4, 4, 3, 2, 1, 5, 1],
    ...     "effort": [1, 2, 1, 3, 4, 5, 5, 1],
    ...     "people": [60, 90, 50, 40, 20, 9, 30, 9],
    ... })
    >>> result = cx.answer_quality(answers, metrics={"csat": cx.CSAT5, "effort": cx.EFFORT5}, count="people")
    >>> result.flags
    ('straight-lining',)
    >>> result.to_frame()[["check", "metric", "estimate", "ci_low"]].round(3)
                               check       metric  estimate  ci_low
    0                  straight line          all     0.256   0.211
    1   straight line at the low end          all     0.029   0.015
    2  straight line at the high end          all     0.097   0.069
    3    straight line in the middle          all     0.130   0.097
    4        straight line elsewhere          all     0.000   0.000
    5    contradictory straight line          all     0.127   0.094
    6   contradictory, beyond chance          all     0.067   0.039
    7          item-rest correlation  csat/effort     0.291   0.134
    """
    declared, names = metric_names(data, metrics)
    if len(names) < 2:
        raise TooFewError(
            f"Answers can be compared only between at least two metrics, but {listed(names)} is one."
            "\nAdd another metric."
        )
    cells = as_cells(data, Roles(metrics=declared, cluster=cluster, weight=weight, count=count))
    needed = cells.select(*names)
    kept = needed.where(needed.observed(names) & (needed.row_weight > 0))
    _refuse_unusable(kept, names)
    scales = [kept.roles.metrics[name] for name in names]
    place = np.column_stack([(kept[m] - s.low) / (s.high - s.low) for m, s in zip(names, scales, strict=True)])
    both_ways = len({scale.higher_is_better for scale in scales}) == 2
    shares = _shares(straight_lines(place), scales, both_ways)
    found = _estimates(kept, names, place, shares)
    result = AnswerQuality(
        checks=(*shares, *([EXCESS] if both_ways else []), *(CORRELATION for _ in found.items)),
        metrics=(*(ALL for _ in shares), *([ALL] if both_ways else []), *found.items),
        flags=(),
        concerns=(),
        both_ways=both_ways,
        expected=found.expected,
        n_eff=found.n_eff,
        df=found.df,
        estimate=found.estimate,
        std_error=found.std_error,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(*found.notes, *([] if both_ways else [CANNOT_TELL])),
    )
    flagged = _reversed_items(result) or _straight(result)
    return replace(result, flags=tuple(flagged), concerns=tuple(flagged.values()))


def _refuse_unusable(kept: Cells, names: Sequence[str]) -> None:
    if kept.n < FEWEST_ROWS:
        raise TooFewError(
            f"At least {FEWEST_ROWS} rows must have all of {listed(names)}, but {rows(kept.n)} "
            f"{'does' if kept.n == 1 else 'do'}.\nCheck how the tables were joined, or leave a metric out."
        )
    for name in names:
        values = kept[name]
        if values.min() == values.max():
            raise TooFewError(
                f"The metric '{name}' must take at least two values, but all {rows(kept.n)} hold "
                f"{number(float(values[0]))}.\nWhat does not vary correlates with nothing: leave it out."
            )


def _shares(lines: Lines, scales: Sequence[Scale], both_ways: bool) -> dict[str, Bools]:
    """What shares are taken of, by the name of the check; a place that the scales do not share is left out."""
    found = {LINE: lines.any, f"{LINE} at the low end": lines.low, f"{LINE} at the high end": lines.high}
    steps = math.gcd(*(int(scale.high - scale.low) for scale in scales if scale.whole))  # 0 if none is whole
    if steps % 2 == 0:
        found[f"{LINE} in the middle"] = lines.middle
    if steps == 0 or steps > 2:
        found[f"{LINE} elsewhere"] = lines.elsewhere
    if both_ways:
        found[CONTRADICTORY] = lines.low | lines.high
    return found


@dataclass(frozen=True)
class _Estimates:
    """Shares, the excess where there is one, and a correlation for each of ``items``, all from one covariance."""

    estimate: Floats
    std_error: Floats
    n_eff: Floats
    df: float
    expected: float
    items: tuple[str, ...]
    notes: tuple[str, ...]


def _estimates(kept: Cells, names: Sequence[str], place: Floats, shares: Mapping[str, Bools]) -> _Estimates:
    weight, mass = kept.row_weight, kept.count * kept.row_weight
    is_line = np.column_stack(list(shares.values())).astype(np.float64)
    share = mass @ is_line / mass.sum()
    columns = [(is_line - share) * (weight / mass.sum())[:, None]]
    scales = [kept.roles.metrics[name] for name in names]
    up = np.array([scale.higher_is_better for scale in scales])
    estimates, expected = [share], np.nan
    if CONTRADICTORY in shares:
        beyond = excess_at_the_ends(place, up, mass, weight)
        columns.append(beyond.influence[:, None])
        estimates.append(np.array([beyond.excess]))
        expected = beyond.expected
    turned = np.column_stack([upward(scale, kept[name]) for name, scale in zip(names, scales, strict=True)])
    tied = item_rest(turned, mass, weight)
    spread = covariance(np.column_stack([*columns, tied.influence]), kept.count, kept.cluster_codes)
    variance = np.maximum(spread.matrix.diagonal(), 0)
    when_exact = kish(kept.count, weight, kept.cluster_codes)
    rows_worth = effective_rows(share, variance[: len(share)], kept.n, when_exact)
    return _Estimates(
        np.concatenate([*estimates, tied.correlation]),
        np.sqrt(variance),
        np.minimum(kept.n, rows_worth),
        spread.df,
        expected,
        tuple(names) if len(names) > 2 else ("/".join(names),),
        spread.notes,
    )


def _reversed_items(result: AnswerQuality) -> dict[str, str]:
    """A flag and a sentence for every metric that surely goes against the others."""
    high = result.confidence_interval(LEVEL).high
    found = {}
    for i, (check, metric) in enumerate(zip(result.checks, result.metrics, strict=True)):
        if check == CORRELATION and high[i] < 0:
            r = f"r = {shown(float(result.estimate[i]))}, upper 95% limit {shown(float(high[i]))}"
            alone = result.checks.count(CORRELATION) > 1
            who = (
                f"'{metric}' goes against the other metrics"
                if alone
                else f"The metrics '{metric}' go against each other"
            )
            found[f"reverse-coded:{metric}"] = (
                f"{who} ({r}), all turned so that up is good: the direction of a scale is declared the wrong way round "
                "(in CES 1.0 up means more effort, which is bad; in CES 2.0 more ease), or respondents misread it, or "
                "ticked one column throughout. Check the question as it was printed; nothing was turned round."
            )
    return found


def _straight(result: AnswerQuality) -> dict[str, str]:
    """The flag and the sentence for straight lines that content cannot explain."""
    if not result.both_ways:
        return {}
    i = result.checks.index(EXCESS)
    low = result.confidence_interval(LEVEL).low[i]
    if not low > MATERIAL:
        return {}
    observed, chance, least = (
        shown(100 * share, 3)
        for share in (float(result.estimate[result.checks.index(CONTRADICTORY)]), result.expected, float(low))
    )
    return {
        "straight-lining": (
            f"{observed}% of respondents ticked the same end of every scale although good is up on some and down on "
            f"others, where chance explains {chance}% (excess at least {least}%, 95% limit): they did not read the "
            "questions, or the direction of a scale is declared the wrong way round. Compare the results without them; "
            "nothing was left out."
        )
    }
