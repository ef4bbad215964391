"""Signs that a column was made from the outcome: how well it orders it, and levels without exceptions."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.concordance import ConcordanceFit, fit_concordance, mass_below
from cxstats.numerics.effective import effective_rows, kish
from cxstats.numerics.influence import covariance
from cxstats.numerics.intervals import Limits, wilson
from cxstats.numerics.survival_concordance import Times, fit_survival_concordance, usable_pairs

FEWEST_ROWS = 30
FEWEST_EXCEPTIONS = 10.0


_EXACT = 1e-12  # what sums that are equal in truth may differ by, in proportion


@dataclass(frozen=True)
class Tie:
    """How one column goes with the outcome: concordance, and what its interval needs. NaN where there is none."""

    estimate: float = np.nan
    std_error: float = np.nan
    n_eff: float = np.nan
    df: float = np.inf
    pairs: int = 0
    notes: tuple[str, ...] = ()

    @property
    def perfect(self) -> bool:
        """Whether the column orders the outcomes without any exception."""
        return min(self.estimate, 1 - self.estimate) < _EXACT

    def limits(self, level: float) -> Limits:
        """Wilson's, with the effective number of rows."""
        return wilson(np.array(self.estimate * self.n_eff), np.array(self.n_eff), level, self.df)


def tie_of_score(score: Floats, outcome: Floats, count: Ints, weight: Floats, cluster: Ints | None) -> Tie:
    """The tie of a score, up is good, with an outcome."""
    if len(np.unique(outcome)) < 2:
        return Tie()
    return _tie(fit_concordance(score[:, None], outcome, count, weight), outcome, count, weight, cluster)


def tie_of_levels(level: Ints, outcome: Floats, count: Ints, weight: Floats, cluster: Ints | None) -> Tie:
    """The tie of levels without an order with an outcome."""
    if len(np.unique(outcome)) < 2:
        return Tie()
    return _tie(level_concordance(level, outcome, count, weight, cluster), outcome, count, weight, cluster)


def tie_of_times(score: Floats, times: Times, count: Ints, weight: Floats, cluster: Ints | None) -> Tie:
    """The tie of a score, up goes with later, with a time until an event."""
    if usable_pairs(times, count, weight) == 0:
        return Tie()
    happened = times.event.astype(np.float64)  # a pair needs an event, so there are no more that share no row
    return _tie(fit_survival_concordance(score[:, None], times, count, weight), happened, count, weight, cluster)


def _tie(fit: ConcordanceFit, outcome: Floats, count: Ints, weight: Floats, cluster: Ints | None) -> Tie:
    spread = covariance(fit.influence, count, cluster)
    estimate, variance, n = fit.concordance[0], max(float(spread.matrix[0, 0]), 0.0), int(count.sum())
    pairs = disjoint_pairs(outcome, count, cluster)
    alike = kish(count, weight, None) / n  # 1 without weights
    n_eff = effective_rows(np.array(estimate), np.array(variance), n, pairs * alike)
    return Tie(float(estimate), variance**0.5, float(n_eff), spread.df, pairs, spread.notes)


@dataclass(frozen=True)
class PureLevels:
    """Levels of a column at which all rows have the same outcome, and enough of them for that to mean something.

    Attributes
    ----------
    share : float
        Of all customers, at such levels.
    of_good, of_bad : float
        Of the customers with the good (bad) outcome, at levels that are all good (all bad).
    exceptions : float
        Most exceptions that any one of these levels would have at the overall rate; 0 without such levels.
    log10_luck : float
        log10 of the probability that outcomes dealt at random leave all these levels without exception.
    levels : int array
        Their numbers.
    """

    share: float
    of_good: float
    of_bad: float
    exceptions: float
    log10_luck: float
    levels: Ints


def pure_levels(level: Ints, good: Bools, count: Ints, mass: Floats, cluster: Ints | None) -> PureLevels:
    """Find them: at least 30 independent units, of which 10 or more would differ at the overall rate.

    Units are rows, or clusters. Shares are by mass (count times weight), luck by units.
    """
    k = int(level.max()) + 1
    rows, good_rows = np.bincount(level, weights=count, minlength=k), np.bincount(level[good], count[good], k)
    units = rows if cluster is None else _clusters_per_level(level, cluster, k)
    rate = float(count[good].sum() / count.sum())
    all_good, all_bad = (good_rows == rows) & (rows > 0), (good_rows == 0) & (rows > 0)
    exceptions = units * np.where(all_good, 1 - rate, rate)
    pure = (all_good | all_bad) & (units >= FEWEST_ROWS) & (exceptions >= FEWEST_EXCEPTIONS)
    within = pure[level]
    return PureLevels(
        float(mass[within].sum() / mass.sum()),
        float(mass[within & good].sum() / mass[good].sum()),
        float(mass[within & ~good].sum() / mass[~good].sum()),
        float(exceptions[pure].max(initial=0.0)),
        float(units[pure] @ np.log10(np.where(all_good[pure], rate, 1 - rate))),
        np.flatnonzero(pure),
    )


def _clusters_per_level(level: Ints, cluster: Ints, k: int) -> Floats:
    pairs = np.unique(level * (int(cluster.max()) + 1) + cluster)
    number: Floats = np.bincount(pairs // (int(cluster.max()) + 1), minlength=k).astype(np.float64)
    return number


def even_cut(outcome: Floats, mass: Floats) -> Bools:
    """The upper part of an outcome, cut between two of its values so that both parts are as equal as can be."""
    levels, code = np.unique(outcome, return_inverse=True)
    below = np.cumsum(np.bincount(code, weights=mass, minlength=len(levels)))[:-1]
    cut: Bools = code > int(np.argmin(np.abs(below - mass.sum() / 2)))
    return cut


def disjoint_pairs(outcome: Floats, count: Ints, cluster: Ints | None) -> int:
    """How many pairs of rows with different outcomes can be formed if each row is used once.

    A mean over pairs varies no more than one over so many independent pairs: Hoeffding (1963), section 5,
    doi:10.1080/01621459.1963.10500830. Of a binary outcome it is the number of the rarer. With clusters at
    most half the clusters.
    """
    code = np.unique(outcome, return_inverse=True)[1]
    n, most = int(count.sum()), int(np.bincount(code, weights=count).max())
    pairs = min(n // 2, n - most)
    return pairs if cluster is None else min(pairs, len(np.unique(cluster)) // 2)


def level_concordance(
    level: Ints, outcome: Floats, count: Ints, weight: Floats, cluster: Ints | None
) -> ConcordanceFit:
    """Concordance of levels without an order, each scored by the mean outcome of its other rows.

    The mean that a row is given leaves out the row itself, or its cluster; a pair within a level is a tie.
    So of two rows neither has a say in its own score, as in leave-pair-out cross-validation (Airola et al.
    2011, doi:10.1016/j.csda.2010.11.018), and levels that know nothing come out at .5 on average, however many
    there are. The influence takes these means as fixed.
    """
    mass = count * weight
    score = _left_out_means(level, outcome, count, weight, cluster)
    y = np.unique(outcome, return_inverse=True)[1]
    usable = mass.sum() - _sums(y, mass)
    pairs = float(mass @ usable) / 2
    within = _sums(level, mass) - _sums(_joined(level, y), mass)
    alone = np.zeros_like(level)
    concordant = _concordant(alone, score, y, mass) - _concordant(level, score, y, mass) + within / 2
    found = float(mass @ concordant) / 2 / pairs
    influence: Floats = weight * (concordant - found * usable) / pairs
    return ConcordanceFit(np.array([found]), influence[:, None])


def _left_out_means(level: Ints, outcome: Floats, count: Ints, weight: Floats, cluster: Ints | None) -> Floats:
    """For each cell the mean outcome of its level without one of its rows, or without its cluster."""
    mass = count * weight
    total, summed = _sums(level, mass), _sums(level, mass * outcome)
    if cluster is None:
        own, own_summed, others = weight, weight * outcome, _sums(level, count.astype(np.float64)) - 1
    else:
        unit = _joined(level, cluster)
        own, own_summed = _sums(unit, mass), _sums(unit, mass * outcome)
        others = _clusters_per_level(level, cluster, int(level.max()) + 1)[level] - 1
    known = others > 0
    left = np.where(known, total - own, 1.0)
    # A level of one unit says nothing about that unit: it gets the mean of all, a tie among its like.
    means: Floats = np.where(known, (summed - own_summed) / left, float(mass @ outcome / mass.sum()))
    return means


def _concordant(level: Ints, score: Floats, y: Ints, mass: Floats) -> Floats:
    """For each cell the mass of its own level that is below it, or above it, in both; equal scores count half."""
    s, y = _joined(level, _ranked(score)), _joined(level, y)
    below, upto = _below(level, mass)
    tied = (_sums(s, mass) - _sums(_joined(s, y), mass)) / 2
    # All of a lower level is lower in both, being numbered by level first: it is taken off again.
    up = mass_below(s, y, mass) - below
    down = mass_below(s.max() - s, y.max() - y, mass) - (mass.sum() - upto)
    concordant: Floats = up + down + tied
    return concordant


def _ranked(score: Floats) -> Ints:
    """Numbers in the order of the scores; means that differ by the rounding of their sums only are one score."""
    values, code = np.unique(score, return_inverse=True)
    apart = np.diff(values) > _EXACT * np.abs(values).max()
    number: Ints = np.concatenate([[0], np.cumsum(apart)])[code]
    return number


def _below(level: Ints, mass: Floats) -> tuple[Floats, Floats]:
    """The mass of lower levels, and of lower ones with one's own."""
    own = np.bincount(level, weights=mass).astype(np.float64)
    upto = np.cumsum(own)
    return (upto - own)[level], upto[level]


def _joined(first: Ints, second: Ints) -> Ints:
    """Numbers of pairs, ordered by the first and then by the second."""
    code: Ints = np.unique(first * (int(second.max()) + 1) + second, return_inverse=True)[1]
    return code


def _sums(code: Ints, mass: Floats) -> Floats:
    """For each entry the mass of all with its code."""
    sums = np.bincount(code, weights=mass).astype(np.float64)
    return np.asarray(sums[code])
