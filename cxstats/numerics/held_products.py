"""How well linear models predict groups that they were not fitted on, from the groups' sums of products alone.

A prediction is a linear combination of columns. The sums over rows of the prediction, of its square and of its
product with the outcome are therefore linear and quadratic forms in the sums of products of the group held out,
and so are the sums of the influence values of the correlation and of R2.
"""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.ridge import fit_sums, least_variance, tuned_penalty

_NONE = np.zeros(1)
_VARIES = 1e-18  # variance of predictions, of that of the outcome, below which they are one number


@dataclass(frozen=True)
class LinearModel:
    """A linear model of the outcome: on ``columns`` by least squares, with ``penalised`` by a tuned ridge.

    With ``candidates`` it is the one of these that explains most in the training set.
    """

    columns: tuple[int, ...] = ()
    penalised: bool = False
    candidates: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class HeldProducts:
    """Indices of m models on groups held out.

    Attributes
    ----------
    r, r2 : array, shape (m,)
        Correlation of prediction and outcome over all rows; share by which the squared error is below that of
        the training sets' means. r is NaN where all predictions are one number.
    r_influence, r2_influence : array, shape (G, m)
        Sum over the rows of each group of their influence on the index.
    penalty : array, shape (folds,)
        Chosen in each training set; NaN without a penalised model.
    chosen : int array, shape (folds,)
        The number of the candidate chosen in each training set; -1 without candidates.
    """

    r: Floats
    r2: Floats
    r_influence: Floats
    r2_influence: Floats
    penalty: Floats
    chosen: Ints


def hold_out_groups(
    sums: Floats, outcome: int, models: list[LinearModel], fold: Ints, folds: int, penalties: Floats
) -> HeldProducts:
    """Fit every model without each fold of groups, and score it there.

    Parameters
    ----------
    sums : array, shape (G, P, P)
        Sums of products about the means of all rows; column 0 is that of ones.
    outcome : int
        Its column.
    models : list of m models
    fold : int array, shape (G,)
        From 0. The inner folds, in which penalties are tuned, are the other outer ones.
    """
    fold_sums = np.stack([sums[fold == f].sum(axis=0) for f in range(folds)])
    total = fold_sums.sum(axis=0)
    least = least_variance(total)
    weights = np.zeros((len(models), folds, sums.shape[1]))
    penalty, chosen = np.full(folds, np.nan), np.full(folds, -1)
    for f in range(folds):
        training = total - fold_sums[f]
        others = np.delete(fold_sums, f, axis=0)
        for m, model in enumerate(models):
            columns, value = list(model.columns), _NONE
            if model.candidates:
                explained = [fit_sums(training, outcome, list(c), _NONE, least)[1][0] for c in model.candidates]
                chosen[f] = int(np.argmax(explained))
                columns = list(model.candidates[chosen[f]])
            if model.penalised:
                at = tuned_penalty(others, outcome, columns, penalties, least)
                value, penalty[f] = penalties[at : at + 1], penalties[at]
            weights[m, f] = fit_sums(training, outcome, columns, value, least)[0][0]
    means = (total[0, outcome] - fold_sums[:, 0, outcome]) / (total[0, 0] - fold_sums[:, 0, 0])
    return _scored(sums, outcome, weights[:, fold], means[fold], penalty, chosen)


def _scored(sums: Floats, outcome: int, weights: Floats, base: Floats, penalty: Floats, chosen: Ints) -> HeldProducts:
    """The indices, from the weights (m, G, P) and the training mean (G,) by which each group is predicted."""
    n, y, yy = sums[:, 0, 0], sums[:, 0, outcome], sums[:, outcome, outcome]
    products = np.einsum("gij,mgj->mgi", sums, weights, optimize=True)
    p, py = products[:, :, 0], products[:, :, outcome]
    pp = np.einsum("mgi,mgi->mg", products, weights)
    rows = n.sum()
    mean_y, mean_p = y.sum() / rows, p.sum(axis=1, keepdims=True) / rows
    yy_c = yy - 2 * mean_y * y + n * mean_y**2
    pp_c = pp - 2 * mean_p * p + n * mean_p**2
    py_c = py - mean_p * y - mean_y * p + n * mean_p * mean_y
    var_y, var_p = yy_c.sum() / rows, pp_c.sum(axis=1) / rows
    sd = np.sqrt(np.where(var_p > _VARIES * var_y, var_p, np.nan) * var_y)
    r = py_c.sum(axis=1) / rows / sd
    with np.errstate(invalid="ignore", divide="ignore"):
        r_influence = (py_c / sd[:, None] - r[:, None] / 2 * (pp_c / var_p[:, None] + yy_c / var_y)) / rows
    left = yy - 2 * py + pp
    left_by_mean = yy - 2 * base * y + n * base**2
    share = left.sum(axis=1) / left_by_mean.sum()
    r2_influence = (share[:, None] * left_by_mean - left) / left_by_mean.sum()
    return HeldProducts(r, 1 - share, r_influence.T, r2_influence.T, penalty, chosen)
