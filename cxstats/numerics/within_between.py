"""A score split into the firm's mean and the deviation from it, in a logistic regression with random intercepts."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.design import Design
from cxstats.numerics.firm_reliability import FirmMeans, firm_means
from cxstats.numerics.random_intercept import RandomIntercept, fit_random_intercept

_SCORE, _MEAN = 1, 2  # columns of the design, after the intercept


@dataclass(frozen=True)
class SplitFit:
    """Slopes within and between firms and the difference between - within, for observed and corrected means.

    Attributes
    ----------
    estimate : array, shape (6,)
        Within, between, difference with observed means, then the three with corrected ones, which are not a
        number where firms differ no more than luck would have it.
    influence : array, shape (F, 6)
        Of each firm on each estimate.
    spread : tuple of two floats
        SD of the firms' intercepts beside the observed, and beside the corrected means.
    means : FirmMeans
    n_firm_level : int
        Coefficients that rest on differences between firms: intercept, the firms' means, controls that do not
        vary within firms.
    """

    estimate: Floats
    influence: Floats
    spread: tuple[float, float]
    means: FirmMeans
    n_firm_level: int


def fit_within_between(
    score: Floats, metric: str, controls: Design | None, positive: Bools, count: Ints, firm: Ints
) -> SplitFit:
    """Fit with observed and with corrected means.

    b_w (x - m) + b_b m = b_w x + (b_b - b_w) m: the score and the firm's mean are the two columns, and the
    coefficient of the mean is the difference.

    Parameters
    ----------
    score : array, shape (K,)
        Up is good.
    metric : str
        For messages.
    controls : Design without intercept, optional
    positive : bool array, shape (K,)
    count : int array, shape (K,)
    firm : int array, shape (K,)
        Number of each cell's firm, 0 to F - 1, all of which occur.
    """
    others = np.empty((len(score), 0)) if controls is None else controls.matrix
    labels: tuple[str, ...] = () if controls is None else controls.terms
    owners: tuple[str, ...] = () if controls is None else controls.predictors
    names = ("(intercept)", metric, f"firm's mean of {metric}", *labels)
    predictors = ("(intercept)", metric, metric, *owners)
    expected = _constant_within(others, firm)
    means = firm_means(score, count, firm, expected)

    def fit(mean: Floats) -> RandomIntercept:
        design = np.column_stack([np.ones(len(score)), score, mean[firm], others])
        return fit_random_intercept(design, positive, count, firm, names, predictors)

    observed = fit(means.observed)
    estimate, influence, spread = [_slopes(observed.coefficients)], [_slopes(observed.influence)], [observed.spread]
    if means.between_variance > 0:
        corrected = fit(means.corrected)
        # The corrected means rest on estimates: each firm moves these, and they move the coefficients.
        moved = corrected.influence + means.influence @ (means.slope.T @ corrected.moved(_MEAN))
        estimate.append(_slopes(corrected.coefficients))
        influence.append(_slopes(moved))
        spread.append(corrected.spread)
    else:
        estimate.append(np.full(3, np.nan))
        influence.append(np.full((len(means.size), 3), np.nan))
        spread.append(np.nan)
    return SplitFit(
        estimate=np.concatenate(estimate),
        influence=np.hstack(influence),
        spread=(spread[0], spread[1]),
        means=means,
        n_firm_level=2 + expected.shape[1],
    )


def _slopes(coefficients: Floats) -> Floats:
    """Within, between and their difference, along the last axis."""
    within, difference = coefficients[..., _SCORE], coefficients[..., _MEAN]
    return np.stack([within, within + difference, difference], axis=-1)


def _constant_within(columns: Floats, firm: Ints) -> Floats:
    """Those columns (F, c) that are the same for all customers of each firm."""
    first = np.unique(firm, return_index=True)[1]
    by_firm = columns[first]
    same = (columns == by_firm[firm]).all(axis=0)
    return by_firm[:, same]
