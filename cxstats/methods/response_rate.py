"""Which survey is answered more often, and by how much?"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from cxstats.arrays import Column, Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, is_cells
from cxstats.columns import codes, is_missing
from cxstats.errors import RoleError, TooFewError, listed, number, rows, unknown_column
from cxstats.numerics.effect import Effect
from cxstats.numerics.intervals import Limits, newcombe, ratio_to_error, two_sided, wilson
from cxstats.numerics.observed import observe, refuse_thin, refuse_unmarked
from cxstats.numerics.scores import GroupMeans, group_means, pairs, with_difference_errors, with_differences
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level
from cxstats.roles import Binary, Roles

MOST_TYPES = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class ResponseRate(TalliedResult):
    """Response rates in [0, 1], one row per survey type, then the difference of every pair.

    Attributes
    ----------
    survey : str
    types : tuple of str, length g
        In canonical order.
    answered, invited : int arrays, shape (g,)
        Rows, without weights.
    n_eff : array, shape (g,)
        Rows of a simple sample that would tell as much; the rows themselves without weights and clusters.
    covariance : array, shape (g, g)
        Of the rates, linearised.
    correlation : array, shape (g (g - 1) / 2,)
        Of the two rates of each pair; 0 unless clusters join them.
    df : array, shape (g + g (g - 1) / 2,)
        Independent units minus one with clusters, else infinite.
    """

    survey: str
    types: tuple[str, ...]
    answered: Ints
    invited: Ints
    n_eff: Floats
    covariance: Floats
    correlation: Floats
    df: Floats

    method: ClassVar[str] = "Shares of the invited who answered; differences by Newcombe's method 10"
    reference: ClassVar[str] = "Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I"

    @property
    def terms(self) -> tuple[str, ...]:
        """Types, then pairs as ``"a - b"``."""
        return (*self.types, *(f"{a} - {b}" for a, b in combinations(self.types, 2)))

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The type, or the pair, of each row."""
        return {"survey": self.terms}

    def relative(self, first: str, second: str) -> Effect:
        """How much more often the first is answered, relative to the second: p1 / p0 - 1.

        Where more than half answer the second, of those who did not answer: q0 / q1 - 1. It can be tested at any value.
        """
        absent = [name for name in (first, second) if name not in self.types]
        if absent:
            raise unknown_column(absent, self.types, "the survey types")
        one, other = self.types.index(first), self.types.index(second)
        p1, p0 = float(self.estimate[one]), float(self.estimate[other])
        matrix = self.covariance[np.ix_([other, one], [other, one])]
        a = np.array([-1.0, 1.0])  # p1 - p0 and q0 - q1 are the same number
        b, level = (np.array([1.0, 0.0]), p0) if p0 <= 0.5 else (np.array([0.0, -1.0]), 1 - p1)
        return Effect(
            a=p1 - p0,
            b=level,
            var_a=float(a @ matrix @ a),
            cov=float(a @ matrix @ b),
            var_b=float(b @ matrix @ b),
            df=float(min(self.df[one], self.df[other])),
        )

    @property
    def statistic(self) -> Floats:
        """Difference over its standard error if the rates were equal; NaN for the rates themselves."""
        g = len(self.types)
        first, second = pairs(g)
        n, m = self.n_eff[first], self.n_eff[second]
        pooled = (n * self.estimate[first] + m * self.estimate[second]) / (n + m)
        spread = 1 / n + 1 / m - 2 * self.correlation / np.sqrt(n * m)
        error = np.sqrt(np.maximum(pooled * (1 - pooled) * spread, 0.0))
        return np.concatenate([np.full(g, np.nan), ratio_to_error(self.estimate[g:], error)])

    @property
    def p_value(self) -> Floats:
        """Two-sided, of no difference, not adjusted for the number of pairs; NaN for the rates themselves."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wilson's limits of the rates, Newcombe's of their differences."""
        g = len(self.types)
        share = self.estimate[:g]
        own = wilson(share * self.n_eff, self.n_eff, checked_level(level), self.df[:g])
        i, j = pairs(g)
        one, other = Limits(own.low[i], own.high[i]), Limits(own.low[j], own.high[j])
        apart = newcombe(share[i], one, share[j], other, self.correlation)
        return ConfidenceInterval(np.append(own.low, apart.low), np.append(own.high, apart.high), level)

    def footer(self) -> str:
        """How many answered of how many, then as for any result."""
        told = ", ".join(
            f"{name} {yes:,} of {n:,}" for name, yes, n in zip(self.types, self.answered, self.invited, strict=True)
        )
        return f"Share of the invited who answered, by '{self.survey}': {told}.\n{super().footer()}"


def response_rate(
    data: IntoCells,
    *,
    answered: Binary | None = None,
    survey: str,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> ResponseRate:
    """Which survey is answered more often, and by how much?

    Use it on everybody who was invited, answered or not. It compares and no more: only where the type was dealt out
    at random, with as many questions each and sent in the same way, does a difference belong to the type. A higher
    rate is not yet a better sample: who answers may still differ.

    Parameters
    ----------
    data : dataframe or Cells
        One row per invitation.
    answered : Binary
        Whether it was answered: 1 and 0, not missing.
    survey : str
        Column with the type that was sent (csat, nps, ces), text or numbers; at most 20. For Cells one of their strata.
    cluster : str, optional
        Column with what makes rows dependent: the customer who was invited several times, the firm. A cluster may
        have several types.
    weight : str, optional
        Survey weight, taken as fixed; the variance is linearised.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    ResponseRate
        Rates and their differences in [-1, 1]; ``relative`` for the relative difference of two types.

    Raises
    ------
    TooFewError
        Nobody without an answer; one type only; a type with fewer than 10 answered or 10 unanswered; fewer than 20
        clusters in a type; no complete row.
    RoleError
        No binary outcome; more than 20 types; also as for `tally`.
    ColumnError, ScaleError
        As for `tally`.

    Notes
    -----
    A rate has Wilson's [2]_, a difference Newcombe's interval (his method 10 [1]_), with limits that hold for small
    samples and rates near 0. With weights or clusters both use the rows of a simple sample that would tell as much,
    Student's t with the number of clusters minus one, and the correlation of two rates that clusters join. The
    statistic is that of the pooled rate. ``relative`` divides by nothing: it asks whether p1 - (1 + d) p0 is above 0.
    One independent unit is a row, or a cluster. Rows that lack the type, or whether they were answered, are left
    out and counted in ``n_missing``.

    References
    ----------
    .. [1] Newcombe (1998). Statistics in Medicine 17, 873-890.
       doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
    .. [2] Wilson (1927). J. Am. Stat. Assoc. 22, 209-212. doi:10.1080/01621459.1927.10502953

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> sent = pd.DataFrame({
    ...     "survey": ["csat", "csat", "nps", "nps"], "answered": [1, 0, 1, 0], "n": [230, 770, 180, 820],
    ... })
    >>> result = cx.response_rate(sent, answered=cx.Binary("answered"), survey="survey", count="n")
    >>> result.to_frame()[["survey", "estimate", "ci_low", "ci_high", "p_value"]].round(3)
           survey  estimate  ci_low  ci_high  p_value
    0        csat      0.23   0.205    0.257      NaN
    1         nps      0.18   0.157    0.205      NaN
    2  csat - nps      0.05   0.015    0.085    0.006
    >>> print(f"{result.relative('csat', 'nps').estimate:.2f}")
    0.28
    """
    strata = () if is_cells(data) else (survey,)
    cells = as_cells(data, Roles(outcome=answered, strata=strata, cluster=cluster, weight=weight, count=count))
    target = _binary(cells.roles.outcome)
    refuse_unmarked({"survey": survey}, cells.roles.strata, cells.roles.controls)
    needed = cells.select(target.column, survey)
    kept, group, types = _sent(needed, target, survey)
    _refuse(kept, group, types, target)
    yes = np.where(kept[target.column] == target.good, 1.0, 0.0)
    fit = group_means(yes, group, types, kept.count, kept.row_weight, kept.cluster_codes)
    correlation = fit.pair_correlation
    return ResponseRate(
        estimate=with_differences(fit.mean),
        std_error=with_difference_errors(fit.std_error, correlation),
        survey=survey,
        types=types,
        answered=np.bincount(group, weights=kept.count * yes).astype(np.int64),
        invited=np.bincount(group, weights=kept.count).astype(np.int64),
        n_eff=fit.n_eff,
        covariance=fit.matrix,
        correlation=correlation,
        df=_df(fit),
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(*fit.notes, *_unknown(needed, target.column, survey)),
    )


def _binary(outcome: object) -> Binary:
    if isinstance(outcome, Binary):
        return outcome
    what = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
    raise RoleError(f'answered must be a binary outcome, but {what}.\nPass for example answered=cx.Binary("answered").')


def _sent(needed: Cells, target: Binary, survey: str) -> tuple[Cells, Ints, tuple[str, ...]]:
    """The invitations of which both is known, and the type of each."""
    kept = needed.where(needed.observed([target.column, survey]) & (needed.row_weight > 0))
    if kept.n == 0:
        raise TooFewError(
            f"At least one row must have all of {listed([target.column, survey])}, but none of {rows(needed.n)} has."
            "\nCheck how the tables were joined."
        )
    group, levels = codes(kept[survey])
    if len(levels) > MOST_TYPES:
        raise RoleError(
            f"There can be at most {MOST_TYPES} survey types, but '{survey}' has {len(levels):,}."
            "\nName the column that says which survey was sent."
        )
    types = _names(levels)
    if len(types) < 2:
        raise TooFewError(
            f"A comparison needs at least two survey types, but '{survey}' has one, '{types[0]}', in {rows(kept.n)}."
            "\nFor a single rate use cx.top_box."
        )
    return kept, group, types


def _names(levels: Column) -> tuple[str, ...]:
    return tuple(level if isinstance(level, str) else number(level) for level in levels)


def _refuse(kept: Cells, group: Ints, types: tuple[str, ...], target: Binary) -> None:
    """Refuse a file of answers alone, and types with too few answered or unanswered."""
    if (kept[target.column] == target.good).all():
        raise TooFewError(
            f"Those who did not answer must be among the rows, but all {rows(kept.n)} are answered.\nA response rate "
            f"needs everybody who was invited: add the invitations without an answer, with '{target.column}' at "
            f"{1 - target.good}."
        )
    everyone = np.ones(kept.n_cells, dtype=bool)
    data, _ = observe(target, (), everyone, kept.columns, kept.count, kept.row_weight, kept.cluster_codes)
    refuse_thin(group, types, data, target.column)


def _df(fit: GroupMeans) -> Floats:
    df = np.concatenate([fit.df, fit.pair_df])
    return df if fit.clustered else np.full(len(df), np.inf)


def _unknown(needed: Cells, answered: str, survey: str) -> list[str]:
    """A note where it is not known whether an invitation was answered: often that means no."""
    n = int(needed.count[is_missing(needed[answered]) & ~is_missing(needed[survey])].sum())
    if n == 0:
        return []
    they = "it was answered; it is" if n == 1 else "they were answered; they are"
    told = f"Of {rows(n)} with a survey type it is not known whether {they} left out."
    return [f"{told} If that means no answer, it must be 0."]
