"""Measurement invariance: models that tie ever more parameters over the segments, and what departs from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.numerics.contrasts import pairwise
from cxstats.numerics.mean_scaled import (
    ChiSquare,
    baseline,
    chi_square,
    comparative_fit,
    difference,
    parameter_covariance,
    root_mean_square_error,
)
from cxstats.numerics.one_factor import Fit, Flaw, Pattern, fit, pattern, split, start
from cxstats.numerics.segment_moments import SegmentMoments

Kind: TypeAlias = Literal["loading", "intercept"]
_NOT_IDENTIFIED = 1e-8  # share of the information on a parameter that the others leave


@dataclass(frozen=True)
class Model:
    """A model of the ladder with its fit.

    Attributes
    ----------
    fitted : Fit
    test : ChiSquare
        Against the moments as they are.
    cfi, rmsea : float
    """

    fitted: Fit
    test: ChiSquare
    cfi: float
    rmsea: float


Models: TypeAlias = tuple[Model | Flaw, Model | Flaw, Model | Flaw]


@dataclass(frozen=True)
class Release:
    """One loading or intercept of one segment set free, that with the largest drop in chi-square.

    Attributes
    ----------
    kind : {"loading", "intercept"}
    segment, metric : int
    drop : float
        Mean-scaled, on 1 degree of freedom.
    shift : float
        The segment's own value minus that of the others, in points of the metric's scale.
    std_error : float
    """

    kind: Kind
    segment: int
    metric: int
    drop: float
    shift: float
    std_error: float


@dataclass(frozen=True)
class Gaps:
    """Differences of one metric's loading or intercept between every two of S segments, in points of its scale.

    All are NaN where the model could not be fitted, and ``flaw`` says why.
    """

    estimate: Floats
    std_error: Floats
    flaw: Flaw | None


def ladder(moments: SegmentMoments) -> Models:
    """Configural (all free), metric (equal loadings) and scalar (equal loadings and intercepts)."""
    none = baseline(moments)
    own = np.ones(moments.mean.shape, dtype=bool)
    configural = _model(moments, pattern(own, own, variance=False, mean=False), start(moments), none)
    near = configural.fitted.full if isinstance(configural, Model) else start(moments)
    metric = _model(moments, tied("loading", ~own), near, none)
    near = metric.fitted.full if isinstance(metric, Model) else near
    scalar = _model(moments, tied("intercept", ~own), _with_factor_means(near), none)
    return configural, metric, scalar


def tied(kind: Kind, own: Bools) -> Pattern:
    """The metric model (kind loading) or the scalar one (intercept), but for the marked parameters (S, p)."""
    if kind == "loading":
        return pattern(own, np.ones_like(own), variance=True, mean=False)
    return pattern(np.zeros_like(own), own, variance=True, mean=True)


def step_test(before: Model, after: Model) -> ChiSquare:
    """Scaled difference test of a model against the freer one before it."""
    return difference(after.test, before.test)


def largest_release(moments: SegmentMoments, model: Fit, kind: Kind) -> Release | None:
    """The loading (of the metric model) or intercept (of the scalar one) whose release lowers chi-square most.

    Chosen by the score test, then fitted. None where the fit of the freed model fails.
    """
    drops = score_tests(model, kind)
    segment, metric = (int(k) for k in np.unravel_index(np.argmax(drops), drops.shape))
    own = np.zeros(drops.shape, dtype=bool)
    own[segment, metric] = True
    freed = fit(moments, tied(kind, own), model.full)
    if isinstance(freed, Flaw):
        return None
    column = metric if kind == "loading" else drops.shape[1] + metric
    index, other = freed.pattern.index[:, column], 0 if segment else 1
    contrast = np.zeros(freed.pattern.size)
    contrast[index[segment]], contrast[index[other]] = 1, -1
    shift = float(freed.full[segment, column] - freed.full[other, column])
    robust = float(contrast @ parameter_covariance(moments, freed) @ contrast)
    naive = float(contrast @ freed.bread @ contrast)
    unit = float(moments.unit[metric])
    drop = max(model.chi_square - freed.chi_square, 0.0) * naive / robust
    return Release(kind, segment, metric, drop, shift * unit, float(np.sqrt(robust)) * unit)


def score_tests(model: Fit, kind: Kind) -> Floats:
    """About what chi-square would lose if one parameter of one segment were set free, shape (S, p).

    With two segments a parameter of the first is the same as that of the second: it has 0.
    """
    local, index = model.local, model.pattern.index
    S, p = len(index), model.pattern.p
    first = 0 if kind == "loading" else p
    tests = np.zeros((S, p))
    for s in range(1 if S == 2 else 0, S):
        own = slice(first, first + p)
        cross = np.zeros((p, model.pattern.size + 1))
        np.add.at(cross.T, index[s], local.information[s, own].T)
        cross = cross[:, :-1]
        given = np.diag(local.information[s])[own]
        left = given - np.einsum("ij,jk,ik->i", cross, model.bread, cross)
        known = left > _NOT_IDENTIFIED * given
        tests[s] = np.where(known, local.score[s, own] ** 2 / np.where(known, left, 1.0), 0.0)
    return tests


def every_gap(moments: SegmentMoments, models: Models, kinds: Sequence[Kind]) -> tuple[Gaps, ...]:
    """The differences of each kind, metric by metric."""
    found: list[Gaps] = []
    for kind in kinds:
        model, each = models[1] if kind == "loading" else models[2], range(moments.mean.shape[1])
        if isinstance(model, Flaw):
            found += [_no_gaps(moments, model) for _ in each]
        else:
            found += [gaps(moments, model.fitted, kind, metric) for metric in each]
    return tuple(found)


def gaps(moments: SegmentMoments, model: Fit, kind: Kind, metric: int) -> Gaps:
    """Set one metric's loading or intercept free in all segments, and compare the segments, pair by pair."""
    S, p = moments.mean.shape
    own = np.zeros((S, p), dtype=bool)
    own[:, metric] = True
    freed = fit(moments, tied(kind, own), model.full)
    contrasts = pairwise(S)
    if isinstance(freed, Flaw):
        return _no_gaps(moments, freed)
    column = metric if kind == "loading" else p + metric
    index, unit = freed.pattern.index[:, column], float(moments.unit[metric])
    spread = parameter_covariance(moments, freed)[np.ix_(index, index)]
    variance = np.einsum("ij,jk,ik->i", contrasts, spread, contrasts)
    return Gaps(contrasts @ freed.full[:, column] * unit, np.sqrt(np.maximum(variance, 0)) * unit, None)


def _no_gaps(moments: SegmentMoments, flaw: Flaw) -> Gaps:
    S = len(moments.mean)
    none = np.full(S * (S - 1) // 2, np.nan)
    return Gaps(none, none, flaw)


def _model(moments: SegmentMoments, shape: Pattern, near: Floats, none: ChiSquare) -> Model | Flaw:
    fitted = fit(moments, shape, near)
    if isinstance(fitted, Flaw):
        return fitted
    test = chi_square(moments, fitted)
    S = len(moments.mean)
    return Model(fitted, test, comparative_fit(test, none), root_mean_square_error(test, S, moments.n))


def _with_factor_means(full: Floats) -> Floats:
    """Turn differences of intercepts, as far as they go along with the loadings, into means of the factor."""
    loading, intercept, _, _, _ = split(full)
    common = loading.mean(axis=0)
    moved = full.copy()
    p = loading.shape[1]
    moved[:, -2] = (intercept - intercept[0]) @ common / (common @ common)
    moved[:, p : 2 * p] = intercept - moved[:, -2:-1] * common
    return moved
