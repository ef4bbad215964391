"""Means along ordered groups: standardised over controls, compared pair by pair, tested for a rise."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtr, chdtrc, chdtri, fdtr, fdtrc, fdtri

from cxstats.arrays import Floats, Ints
from cxstats.errors import TooFewError, rows
from cxstats.numerics.design import Design, Predictor, build_design
from cxstats.numerics.effect import Effect
from cxstats.numerics.intervals import critical, ratio_to_error
from cxstats.numerics.linear import fit_linear
from cxstats.numerics.logistic import fit_logistic
from cxstats.numerics.max_t import DIRECTIONS
from cxstats.numerics.predicted_means import group_settings, predicted_means
from cxstats.results import checked_level, shown

FEWEST_EVENTS = 10  # good and bad outcomes of a group, each
FEWEST_ROWS = 30  # of a group, where the outcome is not binary
EVENTS_PER_COEFFICIENT = 10

_SEED = 20_021_324  # always the same: who asks twice gets the same answer
_NOTHING = 1e-12  # errors and eigenvalues below this part of the largest are rounding


@dataclass(frozen=True)
class GroupMeans:
    """Mean per group, shape (J,), and the influence of one row of each cell, shape (K, J)."""

    mean: Floats
    influence: Floats


def refuse_small(group: Ints, names: tuple[str, ...], y: Floats, binary: bool, count: Ints) -> None:
    """Refuse groups with too little for a mean that can be trusted."""
    size = np.bincount(group, weights=count, minlength=len(names)).astype(np.int64)
    good = np.bincount(group, weights=count * y, minlength=len(names)).astype(np.int64)
    if binary:
        rare = np.flatnonzero(np.minimum(good, size - good) < FEWEST_EVENTS).tolist()
        few = [f"'{names[j]}' has {good[j]:,} good and {size[j] - good[j]:,} bad" for j in rare]
        needed = f"{FEWEST_EVENTS} good and {FEWEST_EVENTS} bad outcomes"
    else:
        few = [f"'{names[j]}' has {size[j]:,}" for j in np.flatnonzero(size < FEWEST_ROWS).tolist()]
        needed = f"{FEWEST_ROWS} customers"
    if few:
        raise TooFewError(
            f"At least {needed} are needed in every tier, but {'; '.join(few)}."
            "\nMerge tiers (fewer cut points), or wait for more outcomes."
        )


def group_means(
    group: Ints,
    names: tuple[str, ...],
    controls: Sequence[Predictor],
    y: Floats,
    binary: bool,
    count: Ints,
    weight: Floats,
) -> GroupMeans:
    """Standardised over the controls, if there are any."""
    if not controls:
        return plain_means(group, len(names), y, count, weight)
    return standardised_means(group, names, build_design(controls, intercept=False), y, binary, count, weight)


def plain_means(group: Ints, groups: int, y: Floats, count: Ints, weight: Floats) -> GroupMeans:
    """The mean in each group: the influence of a row is w (y - mean) / (sum of w in the group)."""
    mass = count * weight
    member = group[:, None] == np.arange(groups)
    total = mass @ member
    mean = (mass * y) @ member / total
    return GroupMeans(mean, member * (y[:, None] - mean) * weight[:, None] / total)


def standardised_means(
    group: Ints, names: tuple[str, ...], controls: Design, y: Floats, binary: bool, count: Ints, weight: Floats
) -> GroupMeans:
    """Mean of the fitted outcomes if every row had been in the group, by g-computation.

    The model is logistic for a binary outcome, else linear: an indicator of each group but the first, then the
    columns of ``controls``, which has no intercept. Its coefficients' influence is included.
    """
    member = (group[:, None] == np.arange(1, len(names))).astype(np.float64)
    design = np.column_stack([np.ones(len(group)), member, controls.matrix])
    terms = ("(intercept)", *names[1:], *controls.terms)
    if binary:
        _enough_events(y, count, design.shape[1] - 1)
        owners = ("(intercept)", *names[1:], *controls.predictors)
        logistic = fit_logistic(design, y == 1, count, weight, terms, owners)
        coefficients, influence = logistic.coefficients, logistic.influence
    else:
        linear = fit_linear(design, y, count, weight, terms)
        coefficients, influence = linear.coefficients, linear.influence
    settings = group_settings(len(names), controls.matrix)
    return GroupMeans(*predicted_means(settings, coefficients, influence, count, weight, binary=binary))


def _enough_events(y: Floats, count: Ints, coefficients: int) -> None:
    good, needed = int(count @ y), EVENTS_PER_COEFFICIENT * coefficients
    events = min(good, int(count.sum()) - good)
    if events < needed:
        raise TooFewError(
            f"At least {EVENTS_PER_COEFFICIENT} events per coefficient are needed, {needed:,} for the {coefficients:,} "
            f"of tiers and controls, but of {rows(int(count.sum()))} {good:,} are good: {events:,} events."
            "\nUse fewer controls, merge tiers, or wait for more outcomes."
        )


@dataclass(frozen=True)
class Gains:
    """Gains theta = a / b of higher over lower groups, each tested as a - delta b against 0.

    Attributes
    ----------
    lower, higher : int arrays, shape (P,)
        The groups of each pair.
    a : array, shape (P,)
        Mean of the higher minus mean of the lower.
    b : array, shape (P,)
        What it is measured by.
    covariance : array, shape (2 P, 2 P)
        Of all a, then all b.
    df : float
    """

    lower: Ints
    higher: Ints
    a: Floats
    b: Floats
    covariance: Floats
    df: float

    def effect(self, pair: int) -> Effect:
        """One gain."""
        other = pair + len(self.a)
        return Effect(
            a=float(self.a[pair]),
            b=float(self.b[pair]),
            var_a=float(self.covariance[pair, pair]),
            cov=float(self.covariance[pair, other]),
            var_b=float(self.covariance[other, other]),
            df=self.df,
        )

    def beyond(self, delta: float) -> tuple[Floats, Floats]:
        """a - delta b of each pair, and their covariance."""
        p = len(self.a)
        contrast = np.hstack([np.eye(p), -delta * np.eye(p)])
        return self.a - delta * self.b, contrast @ self.covariance @ contrast.T


def gains_of(mean: Floats, sd: float, covariance: Floats, df: float, *, relative: bool) -> Gains:
    """The gain of every group over every lower one.

    Relative, of shares p of the good outcome: p1 / p0 - 1; where p0 > .5 of the bad ones, q0 / q1 - 1, so that up is
    good. Else the difference in standard deviations. ``covariance`` is of the means and, last, of the deviation.
    """
    lower, higher = np.triu_indices(len(mean), k=1)
    pair = np.arange(len(lower))
    a, b = np.zeros((2, len(pair), len(mean) + 1))
    a[pair, higher], a[pair, lower] = 1.0, -1.0
    often = (mean[lower] > 0.5) & relative
    if relative:
        b[pair[~often], lower[~often]] = 1.0
        b[pair[often], higher[often]] = -1.0
    else:
        b[:, -1] = 1.0
    both, x = np.vstack([a, b]), np.append(mean, sd)
    return Gains(lower, higher, a @ x, b @ x + often, both @ covariance @ both.T, df)


@dataclass(frozen=True)
class Plateau:
    """From where on no further gain is told, and whether that says that there is none.

    Attributes
    ----------
    tier : str or None
        The lowest tier from which on no tier is told to lie above another; None where the highest tier is told to
        lie above the one below it.
    flat : bool
        No tier above it gains ``delta`` or more: only then is it a plateau. False also where that cannot be told.
    largest : float
        Upper limit of how far a tier lies above it, in units of the outcome; NaN where ``tier`` is None.
    told : str
        The same in a sentence.
    """

    tier: str | None
    flat: bool
    largest: float
    told: str


def plateau(gains: Gains, names: Sequence[str], delta: float, level: float) -> Plateau:
    """Compare all pairs by one-sided limits that hold together at the level."""
    if checked_level(level) <= 0.5:
        raise ValueError(f"The level of a one-sided limit must lie above .5, but {level!r} was given.")
    plain, matrix = gains.beyond(0.0)
    half = highest_t(matrix, gains.df).critical(level) * np.sqrt(np.diag(matrix))
    first = int(gains.lower[plain > half].max(initial=-1)) + 1
    name, over = names[first], gains.lower == first
    if not over.any():
        return Plateau(None, False, np.nan, f"No plateau: '{name}' is told to lie above '{names[first - 1]}'.")
    distance, matrix = gains.beyond(delta)
    upper = distance + highest_t(matrix, gains.df).critical(level) * np.sqrt(np.diag(matrix))
    flat = bool((upper[over] < 0).all())
    told = f"From '{name}' on no gain is told, and gains of {shown(delta)} or more are ruled out."
    if not flat:
        told = f"From '{name}' on no gain is told, but gains of {shown(delta)} or more are not ruled out: "
        told += "whether loyalty levels off cannot be told."
    return Plateau(name, flat, float((plain + half)[over].max()), told)


@dataclass(frozen=True)
class RiseTest:
    """Whether means rise anywhere along the order.

    Attributes
    ----------
    statistic : float
        The largest of the t statistics of the contrasts.
    p_value : float
        One-sided, adjusted for all of them.
    cut : int
        Groups below the contrast with that statistic: where the rise shows best.
    """

    statistic: float
    p_value: float
    cut: int


def change_contrasts(mass: Floats) -> Floats:
    """Mean of the groups above each cut minus that of those below, weighted by size; shape (J - 1, J).

    Every rise along the order is a sum of such steps, so that none escapes all of them.
    """
    groups = len(mass)
    above = np.arange(groups) > np.arange(groups - 1)[:, None]
    up, down = np.where(above, mass, 0.0), np.where(above, 0.0, mass)
    contrasts: Floats = up / up.sum(axis=1, keepdims=True) - down / down.sum(axis=1, keepdims=True)
    return contrasts


def rise_test(mean: Floats, covariance: Floats, mass: Floats, df: float) -> RiseTest:
    """The largest t statistic of all cuts against its distribution where all means are equal."""
    contrasts = change_contrasts(mass)
    matrix = contrasts @ covariance @ contrasts.T
    t = ratio_to_error(contrasts @ mean, np.sqrt(np.diag(matrix)))
    cut = int(t.argmax())
    return RiseTest(float(t[cut]), highest_t(matrix, df).tail(float(t[cut])), cut + 1)


@dataclass(frozen=True)
class HighestT:
    """Distribution of max T of q statistics, one-sided; otherwise as `cxstats.numerics.max_t.MaxT`.

    Attributes
    ----------
    share : array
        In each direction drawn the largest statistic of a vector of length 1; below 0 where all point down.
    rank : int
    df : float
    """

    share: Floats
    rank: int
    df: float

    def tail(self, t: float) -> float:
        """P(max T >= t): the one-sided p-value adjusted for all q."""
        if np.isnan(t) or self.rank == 0:
            return np.nan if np.isnan(t) else float(t <= 0)
        # Above 0 the length must carry a direction beyond t; below 0 it must not carry one that points down there.
        reached = self.share > 0 if t > 0 else self.share < 0
        square = (t / self.share[reached]) ** 2
        chance = self._longer(square) if t > 0 else self._shorter(square)
        certain = 0 if t > 0 else int((~reached).sum())
        return float((chance.sum() + certain) / len(self.share))

    def critical(self, level: float) -> float:
        """The value that max T stays below with probability ``level`` of at least one half."""
        alpha = 1 - level
        single = float(critical(2 * level - 1, self.df))
        if self.rank <= 1 and (self.share >= 0).mean() <= 0.5:
            return single
        finite = np.isfinite(self.df)
        every = fdtri(max(self.rank, 1), self.df, level) * self.rank if finite else chdtri(max(self.rank, 1), alpha)
        found: float = brentq(lambda t: self.tail(t) - alpha, 0.9 * single, 1.1 * np.sqrt(every) + 1, xtol=1e-10)
        return found

    def _longer(self, square: Floats) -> Floats:
        finite = np.isfinite(self.df)
        return np.asarray(fdtrc(self.rank, self.df, square / self.rank) if finite else chdtrc(self.rank, square))

    def _shorter(self, square: Floats) -> Floats:
        finite = np.isfinite(self.df)
        return np.asarray(fdtr(self.rank, self.df, square / self.rank) if finite else chdtr(self.rank, square))


def highest_t(covariance: Floats, df: float = np.inf) -> HighestT:
    """The distribution for estimates with this covariance (q, q); those without variation are left out."""
    error = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    varying = error > _NOTHING * error.max(initial=0.0)
    if not varying.any():
        return HighestT(np.ones(1), 0, df)
    correlation = covariance[np.ix_(varying, varying)] / np.outer(error[varying], error[varying])
    values, vectors = np.linalg.eigh(correlation)
    moves = values > _NOTHING * values[-1]
    drawn = np.random.default_rng(_SEED).standard_normal((DIRECTIONS // 2, int(moves.sum())))
    drawn /= np.sqrt((drawn**2).sum(axis=1, keepdims=True))
    t = drawn @ (vectors[:, moves] * np.sqrt(values[moves])).T
    # Every direction with its opposite: one statistic alone then has its exact distribution.
    return HighestT(np.concatenate([t.max(axis=1), -t.min(axis=1)]), int(moves.sum()), df)
