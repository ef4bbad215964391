"""What results about encounters have in common: terms in standard deviations, and what they stand on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import TooFewError, warn
from cxstats.numerics.effect import Effect
from cxstats.numerics.fading import Slope
from cxstats.numerics.influence import FEW_CLUSTERS, FEWEST_CLUSTERS, covariance
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided
from cxstats.results import ConfidenceInterval, Result, TalliedResult, checked_level, shown, shown_p

UNEQUAL = 0.05  # p-value below which a check says that perks went with what came before them


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """Estimates in units of the outcome, with the covariance of these and, last, of the standard deviation.

    Attributes
    ----------
    terms : tuple of str, length q
    raw, df : arrays, shape (q,)
    matrix : array, shape (q + 1, q + 1)
    sd : float
    notes : tuple of str
    """

    terms: tuple[str, ...]
    raw: Floats
    df: Floats
    matrix: Floats
    sd: float
    notes: tuple[str, ...]

    def effect(self, term: str, sign: float = 1.0) -> Effect | None:
        """A term over the standard deviation, which can be tested at any value; None where it was not estimated."""
        if term not in self.terms:
            return None
        at = self.terms.index(term)
        return Effect(
            a=sign * float(self.raw[at]),
            var_a=float(self.matrix[at, at]),
            b=self.sd,
            cov=sign * float(self.matrix[at, -1]),
            var_b=float(self.matrix[-1, -1]),
            df=float(self.df[at]),
        )

    def p_value(self, term: str) -> float:
        """Two-sided, of 0; NaN where it was not estimated."""
        if term not in self.terms:
            return float("nan")
        at = self.terms.index(term)
        return float(two_sided(ratio_to_error(self.raw[at], np.sqrt(self.matrix[at, at])), self.df[at]))

    def differ(self, one: str, other: str) -> float:
        """Two-sided p-value of "two terms are equal"; NaN where one was not estimated."""
        if one not in self.terms or other not in self.terms:
            return float("nan")
        i, j = self.terms.index(one), self.terms.index(other)
        variance = self.matrix[i, i] + self.matrix[j, j] - 2 * self.matrix[i, j]
        df = min(self.df[i], self.df[j])
        return float(two_sided(ratio_to_error(self.raw[i] - self.raw[j], np.sqrt(max(variance, 0.0))), df))

    @property
    def estimate(self) -> Floats:
        """In standard deviations."""
        return self.raw / self.sd

    @property
    def std_error(self) -> Floats:
        """Of these, by the delta method."""
        lines = np.column_stack([np.eye(len(self.raw)), -self.estimate]) / self.sd
        return np.sqrt(np.diag(lines @ self.matrix @ lines.T))


@dataclass(frozen=True, kw_only=True, eq=False)
class EncounterResult(TalliedResult):
    """A result computed on encounters; ``n`` and ``n_missing`` count these.

    Attributes
    ----------
    estimates : Estimates
        The same terms in units of the outcome.
    left_out : mapping from term to str
        What could not be estimated, and why.
    components : mapping from term to Effect
        The two estimates of the same thing, each of which another doubt cannot bend, turned so that up is what is
        claimed. What is claimed holds where both are above: a test of that errs no more often than it says as long as
        one of the two is right.
    flags : tuple of str
        What a reader must know before believing the estimate.
    n_customers, n_exposed, n_repeat, n_never : int
        Customers used; those who were ever given the perk, twice or more, and never.
    """

    estimates: Estimates
    left_out: Mapping[str, str]
    components: Mapping[str, Effect]
    flags: tuple[str, ...]
    n_customers: int
    n_exposed: int
    n_repeat: int
    n_never: int

    @property
    def decides(self) -> str:
        """The weaker of the components: the one whose 95% interval begins lower."""
        return min(self.components, key=lambda term: self.components[term].interval()[0])

    @property
    def effect(self) -> Effect:
        """The weaker of the components, up is what is claimed: its interval lies above a value where both do."""
        return self.components[self.decides]

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": self.estimates.terms}

    @property
    def df(self) -> Floats:
        """Degrees of freedom of each row: customers (or clusters) that it rests on, minus one."""
        return self.estimates.df

    @property
    def statistic(self) -> Floats:
        """Estimate over standard error, in units of the outcome."""
        return ratio_to_error(self.estimates.raw, np.sqrt(np.diag(self.estimates.matrix)[:-1]))

    @property
    def p_value(self) -> Floats:
        """Two-sided, not adjusted for the number of rows."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Student's t with each row's own degrees of freedom."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        return ConfidenceInterval(limits.low, limits.high, level)

    def row(self, term: str) -> int:
        """The number of a row of the frame."""
        return self.estimates.terms.index(term)

    def footer(self) -> str:
        """What was left out and what it stands on, then the method."""
        left = [f"Left out: '{name}': {why}." for name, why in self.left_out.items()]
        missing = f"; {self.n_missing:,} left out" if self.n_missing else ""
        used = (
            f"{self.n:,} encounters of {self.n_customers:,} customers used{missing}; {self.n_exposed:,} customers were "
            f"given the perk, {self.n_repeat:,} of them twice or more, {self.n_never:,} never.\n"
            f"One standard deviation is {shown(self.estimates.sd)}; the weaker answer is '{self.decides}'."
        )
        return "\n".join([*left, used, Result.footer(self)])


def estimates_of(slopes: Mapping[str, Slope], sd: float, sd_influence: Floats, first: Ints, cluster: Ints) -> Estimates:
    """Terms with cluster-robust covariance; t counts the clusters of the customers that a term rests on.

    ``first`` (C + 1,) says which customers have rows at all: the others are no clusters.
    """
    here = np.diff(first) > 0
    columns = np.column_stack([*(slope.influence for slope in slopes.values()), sd_influence])[here]
    found = covariance(columns, np.ones(len(columns), dtype=np.int64), cluster[here])
    df = [float(clusters_in(slope.arm, cluster) - 1) for slope in slopes.values()]
    return Estimates(
        terms=tuple(slopes),
        raw=np.array([slope.estimate for slope in slopes.values()]),
        df=np.maximum(np.array(df), 1.0),
        matrix=found.matrix,
        sd=sd,
        notes=found.notes,
    )


class Answer(TypedDict):
    """The fields of `EncounterResult` that the estimates make up."""

    estimate: Floats
    std_error: Floats
    estimates: Estimates
    left_out: Mapping[str, str]
    components: Mapping[str, Effect]


def answer(made: Estimates, terms: tuple[str, str], asked: Sequence[str], untold: str, *, sign: float = 1.0) -> Answer:
    """The frame, the two estimates of the same thing (or the one that could be made), and why others are absent.

    Parameters
    ----------
    made : Estimates
    terms : (str, str)
        The components.
    asked : sequence of str
        Terms that may be absent.
    untold : str
        Why they are.
    sign : float
        -1 where what is claimed lies below 0.
    """
    effects = {term: made.effect(term, sign) for term in terms}
    return Answer(
        estimate=made.estimate,
        std_error=made.std_error,
        estimates=made,
        left_out={term: untold for term in asked if term not in made.terms},
        components={term: effect for term, effect in effects.items() if effect is not None},
    )


def agreement(made: Estimates, terms: tuple[str, str]) -> tuple[tuple[str, ...], list[str]]:
    """Flag and note where the two estimates differ, or where there is one only."""
    p = made.differ(*terms)
    if np.isnan(p):
        return ("one-estimate",), [warn(f"'{terms[1]}' could not be estimated: a doubt that it answers stays.")]
    if p >= UNEQUAL:
        return (), []
    told = (
        f"'{terms[0]}' and '{terms[1]}' differ ({told_p(p)}): one of the two is bent. What the weaker one lacks is not "
        "shown to be absent."
    )
    return ("estimates-disagree",), [told]


def clusters_in(arm: Bools, cluster: Ints) -> int:
    """Clusters with a customer of an arm."""
    return len(np.unique(cluster[arm]))


def enough(arm: Bools, cluster: Ints, who: str) -> tuple[str, ...]:
    """Refuse an arm of fewer than 20 customers or clusters; a note below 40."""
    many, customers = clusters_in(arm, cluster), int(arm.sum())
    of = "" if many == customers else f" in {many:,} clusters"
    if many < FEWEST_CLUSTERS:
        raise TooFewError(
            f"At least {FEWEST_CLUSTERS} customers (or clusters of them) {who} are needed, but there are "
            f"{customers:,}{of}.\nCollect more of them: with fewer, no interval is trustworthy."
        )
    if many >= FEW_CLUSTERS:
        return ()
    return (
        warn(f"{customers:,} customers {who}{of} are few (fewer than {FEW_CLUSTERS}): intervals may be too narrow."),
    )


def told_p(p: float) -> str:
    """``p = 0.012`` or ``p < 0.0001``, for notes."""
    text = shown_p(p)
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {shown(p, 2)}"
