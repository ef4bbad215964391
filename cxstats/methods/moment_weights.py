"""How much of what is remembered is the mean of an experience, how much its peak, how much its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.errors import RoleError, TooFewError, listed, warn
from cxstats.moments.roles import SameTime
from cxstats.moments.sequence_features import checked_end
from cxstats.moments.sequences import IntoSequences
from cxstats.numerics.correlation import correlation_matrix, standard_scores
from cxstats.numerics.effect import Effect
from cxstats.numerics.linear import fit_linear
from cxstats.numerics.moment_shares import drawn_shares, nonnegative, shared_sums
from cxstats.numerics.resample import Seeded, seeded
from cxstats.numerics.sequence_features import sequence_features
from cxstats.numerics.within import within
from cxstats.results import ConfidenceInterval, checked_level, shown
from cxstats.roles import Continuous, Rating
from cxstats.scales import Scale
from cxstats.shared.memory_result import MemoryResult, refuse_no_slope, spread, used
from cxstats.shared.remembered import MemoryRoles, Remembered, remembered

PARTS = ("mean", "peak", "end")
SEQUENCES_PER_COEFFICIENT = 10
FEWEST_REPLICATES = 100
TOO_ALIKE = 0.95  # correlation from which two summaries of the same moments can hardly be told apart
_FEATURE = {"mean": "mean", "peak": "peak", "end": "end", "start": "first"}


@dataclass(frozen=True, kw_only=True, eq=False)
class MomentWeights(MemoryResult):
    """The share of each part in what is remembered; together 1.

    Attributes
    ----------
    parts : tuple of str, length q
        ``"mean"``, ``"peak"``, ``"end"``, ``"start"``.
    total : Effect
        b: points of the overall rating per point of all moments.
    coefficients : array, shape (q,)
        Least squares without any bound; their sum is the estimate of b.
    covariance : array, shape (q, q)
        Of the coefficients.
    correlation : array, shape (q, q)
        Of the parts, of each person's own deviations where people were declared.
    at_boundary : tuple of str
        Parts whose coefficient would be below 0 and is set to 0. Limits then come from the bootstrap.
    draws : array, shape (R, q)
        Shares in bootstrap samples; empty where no share is at its boundary.
    seed : int or None
        Passed as ``rng`` it draws the same samples again.
    """

    parts: tuple[str, ...]
    total: Effect
    coefficients: Floats
    covariance: Floats
    correlation: Floats
    at_boundary: tuple[str, ...]
    draws: Floats
    seed: int | None

    method: ClassVar[str] = "Shares of what is remembered by least squares, Fieller limits"
    reference: ClassVar[str] = "Fieller (1954), doi:10.1111/j.2517-6161.1954.tb00159.x"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The part of each row."""
        return {"term": self.parts}

    @property
    def statistic(self) -> Floats:
        """Coefficient over its standard error: whether the share is above 0; none where a share is at its boundary."""
        if self.at_boundary:
            return np.full(len(self.parts), np.nan)
        ratio: Floats = self.coefficients / np.sqrt(self.covariance.diagonal())
        return ratio

    def share(self, part: str) -> Effect:
        """The share of a part as a ratio of coefficients, without any bound."""
        at = self.parts.index(part)
        ones, column = np.ones(len(self.parts)), self.covariance[at]
        return Effect(
            a=float(self.coefficients[at]),
            var_a=float(column[at]),
            b=self.total.a,
            cov=float(column @ ones),
            var_b=self.total.var_a,
            df=self.df,
        )

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Fieller's limits within 0 and 1; where a share is at its boundary, percentiles of the bootstrap."""
        if self.at_boundary:
            tail = (1 - checked_level(level)) / 2
            low, high = np.quantile(self.draws, [tail, 1 - tail], axis=0)
            return ConfidenceInterval(low, high, level)
        limits = np.array([self.share(part).interval(checked_level(level)) for part in self.parts])
        return ConfidenceInterval(np.clip(limits[:, 0], 0, 1), np.clip(limits[:, 1], 0, 1), level)

    def plot(self, ax: Any = None) -> Any:
        """Draw the shares with their intervals, on an axis from none to all."""
        from cxstats.figures.forest import forest

        axes = forest(self, ax=ax)
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel("share of what is remembered, with 95% interval")
        return axes

    def footer(self) -> str:
        """What all moments together do, then what it stands on."""
        low, high = self.total.interval()
        lines = [f"All moments one point up: the overall rating {shown(self.total.a)} ({shown(low)} to {shown(high)})."]
        if self.at_boundary:
            seed = "" if self.seed is None else f", seed {self.seed}"
            boundary = "At its boundary of 0" if len(self.at_boundary) == 1 else "At their boundary of 0"
            lines.append(
                f"{boundary}: {listed(self.at_boundary)}; limits by {len(self.draws):,} bootstrap samples{seed}."
            )
        return "\n".join([*lines, super().footer()])


def moment_weights(
    data: IntoSequences,
    *,
    sequence: str | Sequence[str] | None = None,
    order: str | None = None,
    value: str | None = None,
    overall: str | Rating | Continuous,
    neutral: float | None = None,
    scale: Scale | None = None,
    person: str | None = None,
    cluster: str | None = None,
    parts: Sequence[str] = PARTS,
    end: float = 1,
    same_time: SameTime = "raise",
    replicates: int = 2000,
    rng: int | np.random.Generator | None = None,
) -> MomentWeights:
    """Find the shares of mean, peak and end in how an experience is remembered.

    Use it where each experience was rated moment by moment, and as a whole afterwards. Where mean, peak and end go
    together too closely the shares have wide limits, and no rule can be told from another. To compare the rules on
    people held out, use `memory_contest`. Not with survey weights.

    Parameters
    ----------
    data : dataframe or Sequences
        One row per moment; the overall rating stands in each row of its sequence (or in one of them).
    sequence, order, value, neutral, scale, same_time : various
        As for `sequences`, which bring their own.
    overall : str, Rating or Continuous
        How the experience as a whole was rated afterwards; of a mere column, up is good.
    person : str, optional
        Who had the experience: people are then compared with themselves, so that one who rates everything high
        counts for no rule.
    cluster : str, optional
        What makes sequences dependent, if it is not the person.
    parts : list of str
        Two or more of "mean", "peak", "end", "start".
    end : float
        As for `sequence_features`.
    replicates : int
        Bootstrap samples, where a share is at its boundary.
    rng : int or numpy Generator, optional
        Seed of the bootstrap; without one, the seed drawn is kept in the result.

    Returns
    -------
    MomentWeights
        One share per part, from 0 to 1, with its interval.

    Raises
    ------
    TooFewError
        The overall rating does not go up with the moments, so that there is nothing to share out; fewer than 20
        clusters, or 10 sequences per part; also as for `sequences`.
    ColumnError, ScaleError, RoleError
        As for `sequences`; also parts that repeat each other in all sequences.

    Notes
    -----
    With y the overall rating, y = a + b (pi_m mean + pi_p peak + pi_e end), the shares adding up to 1: least squares
    with the coefficients b pi, from 0 up. The peak is the moment farthest from the neutral point, with its own
    value; of several the latest. With ``person``, all are deviations from the person's own mean, and people are the
    clusters; their overall mean drops out. Intervals of shares are Fieller's [1]_, from the robust covariance of the
    coefficients; with clusters from sums of influence values per cluster and Student's t. Where a coefficient would
    be below 0 it is set to 0, and limits are percentiles of a bootstrap that draws clusters (sequences, where there
    are none; more than 2,000 of either are dealt to 2,000 groups, which are drawn). Sequences with fewer than three
    moments are left out. The textbook's peak-end rule [2]_ is 0, 1/2, 1/2; no weights are known that hold for
    customers in general.

    References
    ----------
    .. [1] Fieller (1954). J. R. Stat. Soc. B 16, 175-185. doi:10.1111/j.2517-6161.1954.tb00159.x
    .. [2] Fredrickson & Kahneman (1993). J. Pers. Soc. Psychol. 65, 45-55. doi:10.1037/0022-3514.65.1.45

    Examples
    --------
    >>> import cxstats as cx
    >>> visits = cx.simulate.visits(200, rng=1)
    >>> result = cx.moment_weights(
    ...     visits, sequence="visit", order="minute", value="mood", overall="memory", neutral=5, person="guest"
    ... )
    >>> result.to_frame()["term"].tolist()
    ['mean', 'peak', 'end']
    """
    named, end = _checked_parts(parts), checked_end(end)
    roles = MemoryRoles(
        sequence=sequence,
        order=order,
        value=value,
        overall=overall,
        neutral=neutral,
        scale=scale,
        person=person,
        cluster=cluster,
        same_time=same_time,
    )
    _refuse_replicates(replicates)
    return _result(remembered(data, roles), named, end, replicates, seeded(rng))


def _checked_parts(parts: Sequence[str]) -> tuple[str, ...]:
    given: object = parts
    named = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else ()
    if len(named) < 2 or any(named.count(one) > 1 or one not in _FEATURE for one in named):
        raise RoleError(f"parts must be two or more of {listed(_FEATURE)}, each once, but {given!r} was given.")
    return named


def _refuse_replicates(replicates: object) -> None:
    if isinstance(replicates, bool) or not isinstance(replicates, int) or replicates < FEWEST_REPLICATES:
        raise RoleError(
            f"replicates must be a whole number, {FEWEST_REPLICATES} or more, but {replicates!r} was given."
        )


def _result(found: Remembered, parts: tuple[str, ...], end: float, replicates: int, draws: Seeded) -> MomentWeights:
    refuse_few(found, len(parts))
    features = sequence_features(found.moments, found.neutral, end=end)
    columns = within(np.column_stack([getattr(features, _FEATURE[part]) for part in parts]), found.person)
    y, ones = within(found.overall, found.person), np.ones(found.n)
    fit = fit_linear(np.column_stack([ones, columns]), y, ones.astype(np.int64), ones, ("(intercept)", *parts))
    moved = spread(found, fit.influence[:, 1:], within=True)
    total = Effect(a=float(fit.coefficients[1:].sum()), var_a=float(moved.matrix.sum()), df=moved.df)
    refuse_no_slope(found, total)
    sums = shared_sums(columns, y, found.cluster, draws.rng)
    weights = nonnegative(sums.parts.sum(axis=0)[None], sums.response.sum(axis=0)[None])[0]
    if not weights.any():
        raise TooFewError(
            f"There is nothing to share out: with weights from 0 up, no part goes with a better '{found.name}'; only "
            "with negative ones do the parts explain it.\nLook at each of them by memory_effects."
        )
    lowest = tuple(part for part, weight in zip(parts, weights, strict=True) if weight == 0)
    drawn = drawn_shares(sums, replicates, draws.rng) if lowest else np.empty((0, len(parts)))
    correlation = correlation_matrix(standard_scores(columns, ones), ones)
    shares = weights / weights.sum()
    return MomentWeights(
        parts=parts,
        estimate=shares,
        std_error=drawn.std(axis=0, ddof=1) if lowest else _delta(shares, total.a, moved.matrix),
        df=moved.df,
        total=total,
        coefficients=fit.coefficients[1:],
        covariance=moved.matrix,
        correlation=correlation,
        at_boundary=lowest,
        draws=drawn,
        seed=draws.seed,
        notes=(*moved.notes, *_alike(parts, correlation)),
        **used(found, features.peak_ties),
    )


def refuse_few(found: Remembered, coefficients: int) -> None:
    """Ten sequences per coefficient at least."""
    many = int(found.compared.sum())
    if many < SEQUENCES_PER_COEFFICIENT * coefficients:
        alone = "" if many == found.n else f" ({found.n - many:,} more are the only one of a person)"
        raise TooFewError(
            f"At least {SEQUENCES_PER_COEFFICIENT} sequences per coefficient are needed, "
            f"{SEQUENCES_PER_COEFFICIENT * coefficients:,} for {coefficients}, but {many:,} can be used{alone}.\n"
            "Collect more."
        )


def _delta(shares: Floats, total: float, covariance: Floats) -> Floats:
    """Standard errors of coefficients over their sum."""
    slope = (np.eye(len(shares)) - shares[:, None]) / total
    errors: Floats = np.sqrt(np.einsum("ij,jk,ik->i", slope, covariance, slope))
    return errors


def _alike(parts: tuple[str, ...], correlation: Floats) -> tuple[str, ...]:
    """A note on parts that can hardly be told apart."""
    pairs = [
        f"{a} and {b} ({shown(float(correlation[i, j]), 3)})"
        for (i, a), (j, b) in combinations(enumerate(parts), 2)
        if correlation[i, j] >= TOO_ALIKE
    ]
    return (
        (warn(f"Correlated by {TOO_ALIKE:g} or more, so hardly to be told apart: {', '.join(pairs)}."),)
        if pairs
        else ()
    )
