"""Least squares and ridge regression from sums of products: the whole path of penalties at the cost of one fit."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats

_NO_DIRECTION = 1e-11  # an eigenvalue of a correlation matrix below this is rounding: columns repeat each other
_CONSTANT = 1e-11  # of a column's variance in all rows; what is left of less in a training set is rounding


@dataclass(frozen=True)
class RidgePath:
    """Linear models of one column on others, one per penalty.

    Attributes
    ----------
    penalties : array, shape (L,)
    intercept : array, shape (L,)
    slopes : array, shape (L, q)
        0 for a column that does not vary.
    r2 : array, shape (L,)
        Share of variance explained in the rows fitted.
    """

    penalties: Floats
    intercept: Floats
    slopes: Floats
    r2: Floats


def ridge_path(mean: Floats, covariance: Floats, penalties: Floats, varies: Bools | None = None) -> RidgePath:
    """Fit the first column on the others.

    Minimises mean((y - a - x'b)^2) + penalty * sum((b SD(x))^2): columns are penalised as standardised ones, and
    the penalty per row, so that the same number means the same shrinkage whatever the number of rows. (It is n
    times as large in programs that penalise the sum of squares.) With penalty 0 it is least squares; among
    columns that repeat each other the solution of smallest norm.

    Parameters
    ----------
    mean : array, shape (1 + q,)
    covariance : array, shape (1 + q, 1 + q)
        Divided by n.
    penalties : array, shape (L,)
    varies : array of bool, shape (q,), optional
        Which columns vary; the others get no slope.
    """
    variance = np.diag(covariance)
    kept = variance[1:] > 0 if varies is None else varies & (variance[1:] > 0)
    at = 1 + np.flatnonzero(kept)
    sd = np.sqrt(variance[at])
    slopes = np.zeros((len(penalties), len(mean) - 1))
    r2 = np.zeros(len(penalties))
    if len(at):
        values, vectors = np.linalg.eigh(covariance[np.ix_(at, at)] / np.outer(sd, sd))
        real = values > _NO_DIRECTION
        values, vectors = values[real], vectors[:, real]
        along = vectors.T @ (covariance[at, 0] / sd)
        shrunk = along / (values + penalties[:, None])
        slopes[:, at - 1] = shrunk @ vectors.T / sd
        r2 = (shrunk * (2 * along - shrunk * values)).sum(axis=1) / variance[0] if variance[0] > 0 else r2
    return RidgePath(penalties, mean[0] - slopes @ mean[1:], slopes, r2)


def fit_sums(sums: Floats, outcome: int, columns: list[int], penalties: Floats, least: Floats) -> tuple[Floats, Floats]:
    """The path from sums of products whose column 0 is that of ones.

    Parameters
    ----------
    sums : array, shape (P, P)
    outcome : int
    columns : list of int
    penalties : array, shape (L,)
    least : array, shape (P,)
        A column with less variance than this is constant.

    Returns
    -------
    weights : array, shape (L, P)
        The prediction is the product of a row of this with the columns.
    r2 : array, shape (L,)
    """
    n = sums[0, 0]
    at = [outcome, *columns]
    mean = sums[0, at] / n
    covariance = sums[np.ix_(at, at)] / n - np.outer(mean, mean)
    fit = ridge_path(mean, covariance, penalties, np.diag(covariance)[1:] > least[columns])
    weights = np.zeros((len(penalties), len(sums)))
    weights[:, 0], weights[:, columns] = fit.intercept, fit.slopes
    return weights, fit.r2


def least_variance(sums: Floats) -> Floats:
    """What variance a column must have to be told from rounding; ``sums`` (P, P) are about the means of all rows."""
    least: Floats = _CONSTANT * np.diag(sums) / sums[0, 0]
    return least


def squared_errors(sums: Floats, outcome: int, weights: Floats) -> Floats:
    """Sum of squared errors (L,) of predictions ``weights`` (L, P) in rows with these sums (P, P)."""
    left = -weights
    left[:, outcome] += 1.0
    errors: Floats = np.einsum("li,ij,lj->l", left, sums, left)
    return errors


def tuned_penalty(fold_sums: Floats, outcome: int, columns: list[int], penalties: Floats, least: Floats) -> int:
    """The number of the penalty with the smallest squared error over the folds; of equal ones, the largest.

    ``fold_sums`` (f, P, P) are those of each fold; every fold is predicted from all the others.
    """
    total = fold_sums.sum(axis=0)
    errors = np.zeros(len(penalties))
    for out in fold_sums:
        weights, _ = fit_sums(total - out, outcome, columns, penalties, least)
        errors += squared_errors(out, outcome, weights)
    best = np.flatnonzero(errors <= errors.min())
    return int(best[np.argmax(penalties[best])])
