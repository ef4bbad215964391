"""Linear models of a remembered rating, fitted to some people and judged on the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.held_correlation import held_correlation

_KNOWN = 1e-11  # share of a column's variance that the others leave open: less is rounding
_SAME = 1e-9  # of the outcome's SD: predictions that differ by less do so by rounding
_CONSTANT = 1e-13  # relative to a column's size: rounding of its mean

# Given which sequences may be used for fitting, the predictions for the others, in their order.
Predict = Callable[[Bools], Floats]


@dataclass(frozen=True)
class HeldModels:
    """Two indices of m models on sequences held out, with the influence (S, m) of each sequence on them.

    Attributes
    ----------
    r2, r : array, shape (m,)
        1 - squared error / squared deviation from the mean; correlation of prediction and outcome, NaN where a model
        predicts the same for all.
    """

    r2: Floats
    r2_influence: Floats
    r: Floats
    r_influence: Floats


def deal_groups(groups: int, folds: int, rng: np.random.Generator) -> Ints:
    """The fold of each group; with as many folds as groups each is left out in turn."""
    return rng.permutation(np.arange(groups) % folds)


def held_models(
    columns: Floats,
    models: Sequence[Sequence[int]],
    y: Floats,
    folds: Sequence[Ints],
    others: Sequence[Predict] = (),
) -> HeldModels:
    """Fit every model without each fold in turn, and judge its predictions for that fold.

    Parameters
    ----------
    columns : array, shape (S, q)
    models : sequence of sequences of int
        Which columns each linear model holds, besides a constant.
    y : array, shape (S,)
    folds : sequence of int arrays, shape (S,)
        One array per repeat: the fold of each sequence.
    others : sequence of callables
        Models that are not linear, which come after the linear ones.
    """
    predicted = np.zeros((len(y), len(models) + len(others)))
    squared = np.zeros_like(predicted)
    centre = columns.mean(axis=0)
    design = np.column_stack([np.ones(len(y)), columns - centre])
    for fold in folds:
        here = _predicted(design, models, y, fold, others)
        predicted += here / len(folds)
        squared += (y[:, None] - here) ** 2 / len(folds)
    share, of_share = _explained(y, squared)
    r, of_r = np.full(len(share), np.nan), np.full(squared.shape, np.nan)
    told = predicted.std(axis=0) > _SAME * y.std()
    found = held_correlation(y, predicted[:, told], squared[:, told], np.ones(len(y)))
    r[told], of_r[:, told] = found.estimate, found.influence
    return HeldModels(share, of_share, r, of_r)


def _predicted(
    design: Floats, models: Sequence[Sequence[int]], y: Floats, fold: Ints, others: Sequence[Predict]
) -> Floats:
    """Predictions of every model for the sequences held out in turn, shape (S, m)."""
    held_out = [fold == number for number in np.unique(fold)]
    sums = [(design[out].T @ design[out], design[out].T @ y[out]) for out in held_out]
    squares, cross = sum(one for one, _ in sums), sum(two for _, two in sums)
    found = np.empty((len(y), len(models) + len(others)))
    for out, (own, own_cross) in zip(held_out, sums, strict=True):
        fitted = _centred(squares - own, cross - own_cross, _KNOWN * np.diag(squares)[1:])
        for m, model in enumerate(models):
            at = np.array(model)
            slopes = np.linalg.pinv(fitted.squares[np.ix_(at, at)], rcond=_KNOWN, hermitian=True) @ fitted.cross[at]
            found[out, m] = fitted.level + (design[out][:, 1 + at] - fitted.mean[at]) / fitted.unit[at] @ slopes
        for m, predict in enumerate(others, start=len(models)):
            found[out, m] = predict(~out)
    return found


@dataclass(frozen=True)
class _Centred:
    """Correlations of q columns (q, q), their products with the outcome (q,), and what takes them there."""

    squares: Floats
    cross: Floats
    mean: Floats
    unit: Floats
    level: float


def _centred(squares: Floats, cross: Floats, least: Floats) -> _Centred:
    """From products that hold the column of ones; columns that do not vary among those who are fitted become 0."""
    n, mean = squares[0, 0], squares[0, 1:] / squares[0, 0]
    apart = squares[1:, 1:] - np.outer(mean, squares[0, 1:])
    varies = np.diag(apart) > least
    unit = np.sqrt(np.where(varies, np.diag(apart), 1.0))
    on = varies / unit
    return _Centred(apart * np.outer(on, on), (cross[1:] - mean * cross[0]) * on, mean, unit, float(cross[0] / n))


def inestimable(columns: Floats) -> str | None:
    """Why the slopes on columns (S, q) cannot be told: "constant", "collinear"; None where they can."""
    apart = columns - columns.mean(axis=0)
    sd = np.sqrt((apart**2).mean(axis=0))
    if (sd <= _CONSTANT * np.abs(columns).max(axis=0)).any():
        return "constant"
    z = apart / sd
    return "collinear" if np.linalg.eigvalsh(z.T @ z / len(z))[0] < _KNOWN else None


def _explained(y: Floats, squared: Floats) -> tuple[Floats, Floats]:
    """R2 on sequences held out, and the influence of each sequence on it."""
    spread = (y - y.mean()) ** 2
    ratio = squared.mean(axis=0) / spread.mean()
    influence: Floats = -(squared - ratio * spread[:, None]) / (spread.mean() * len(y))
    return 1 - ratio, influence
