"""How well models predict rows that they were not fitted on, and what each row contributes to that.

Every row is predicted by a model fitted without the fold that holds it; over repeats a row is held out
in several folds. The indices are means over rows (the area: over pairs within folds), so that their
influence values follow with the predictions held fixed. Nothing is resampled: cross-validation inside a
bootstrap would put copies of a row on both sides of a fold.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import ColumnError, SeparationError, TooFewError
from cxstats.numerics.held_rows import HeldRows, fold_areas, held_rows
from cxstats.numerics.intervals import two_sided
from cxstats.numerics.training import BINOMIAL, Family, Fits, Patterns, fit_training, level_rates

_EQUAL = 1e-12  # predictions that differ by less, relative to their size, are one prediction


@dataclass(frozen=True)
class Model:
    """A model to be fitted in every training set.

    ``ridge`` is its penalty in units of one row's log-likelihood; a ``saturated`` one has a rate of its
    own for every pattern. ``terms`` and ``owners`` name, for messages, each column but the first and the
    column of the data that it comes from.
    """

    name: str
    patterns: Patterns
    ridge: float = 0.0
    saturated: bool = False
    terms: tuple[str, ...] | None = None
    owners: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Choice:
    """Several models, of which each training set chooses the one with the smallest criterion of Akaike."""

    name: str
    candidates: tuple[Model, ...]


@dataclass(frozen=True)
class HeldOut:
    """Indices of m models on rows that they were not fitted on, with influence values of J joint rows.

    Attributes
    ----------
    loss, squared_error, auc : array, shape (m,)
        Mean of minus the log-likelihood and of the squared error per row; area under the ROC curve
        within folds, weighted by their pairs (NaN for an outcome that is not binary).
    intercept, slope : array, shape (m,)
        Of the outcome's model on the predicted linear predictor: 0 and 1 where predictions can be taken
        at their word. A slope below 1: they are too extreme. NaN for a model that predicts one value.
    loss_influence, ... : array, shape (J, m)
        Influence of one row of each joint row, on the scale of the estimates.
    predicted : array, shape (J, m)
        Mean prediction of the outcome over the repeats.
    fold_loss, fold_squared_error, fold_auc : array, shape (folds * repeats, m)
        The area is NaN in a fold that holds one outcome only.
    chosen : m arrays, shape (candidates,)
        The share of training sets that chose each candidate; of a model that is no choice, 1.
    log_likelihood : array, shape (m,)
        Of each model fitted to all rows, but for its constants; NaN for a choice and for a saturated model.
    folds : int
    """

    loss: Floats
    squared_error: Floats
    auc: Floats
    intercept: Floats
    slope: Floats
    loss_influence: Floats
    squared_error_influence: Floats
    auc_influence: Floats
    intercept_influence: Floats
    slope_influence: Floats
    predicted: Floats
    fold_loss: Floats
    fold_squared_error: Floats
    fold_auc: Floats
    chosen: tuple[Floats, ...]
    log_likelihood: Floats
    folds: int


def hold_out(
    models: Sequence[Model | Choice],
    y: Floats,
    count: Ints,
    splits: Iterable[Ints],
    folds: int,
    family: Family = BINOMIAL,
) -> HeldOut:
    """Fit every model without each fold, and score it on that fold.

    Parameters
    ----------
    models : sequence of Model or Choice, length m
    y : array, shape (J,)
        Outcome of each joint row.
    count : int array, shape (J,)
    splits : iterable of int arrays, shape (B, J)
        Rows held out in each fold; blocks of whole repeats.
    """
    times = Counter(id(one) for model in models for one in _candidates(model))
    alone = {id(one): one for model in models for one in _candidates(model)}
    whole = {key: _whole(one, y, count, family) for key, one in alone.items()}
    sums = [_Sums.empty(len(y), len(_candidates(model))) for model in models]
    for block in splits:
        held = held_rows(block, y)
        known: dict[int, _Predicted] = {}  # of models that are needed again: a candidate also stands for itself
        for model, into in zip(models, sums, strict=True):
            found = []
            for one in _candidates(model):
                key = id(one)
                found.append(known[key] if key in known else _predicted(one, whole[key], held, family))
                if times[key] > 1:
                    known[key] = found[-1]
            picked: Ints = np.argmin(np.column_stack([one.criterion for one in found]), axis=1)
            eta = np.select([picked[held.line] == place for place in range(len(found))], [one.eta for one in found])
            into.picked.append(picked)
            _add(into, eta, held, family, folds, constant=_constant(model))
    likelihood = [np.nan if isinstance(model, Choice) else whole[id(model)].likelihood for model in models]
    return _gathered(sums, count.astype(np.float64), np.array(likelihood), folds)


@dataclass(frozen=True)
class _Whole:
    """Outcomes and rows (1, P) of the patterns of a model in all rows, its parameters (q,) and likelihood there."""

    total: Floats
    mass: Floats
    parameters: Floats | None = None
    likelihood: float = np.nan


def _whole(model: Model, y: Floats, count: Ints, family: Family) -> _Whole:
    """The model on all rows: where the training sets start from, and where most faults are found."""
    mass = model.patterns.summed(count[None].astype(np.float64))
    total = model.patterns.summed((count * y)[None])
    if model.saturated:
        return _Whole(total, mass)
    fit = fit_training(model.patterns.design, total, mass, family, model.ridge, names=model.terms, owners=model.owners)
    return _Whole(total, mass, fit.parameters[0], float(fit.likelihood[0]))


@dataclass(frozen=True)
class _Predicted:
    """Linear predictor of every entry held out, and the criterion (B,) of the model in every training set."""

    eta: Floats
    criterion: Floats


def _predicted(model: Model, whole: _Whole, held: HeldRows, family: Family) -> _Predicted:
    """Fit the model in every training set, and predict the rows held out."""
    fits = _trained(model, whole, held, family)
    eta = np.empty(len(held.line))
    ends = np.searchsorted(held.line, np.arange(held.lines + 1))
    for b, (first, last) in enumerate(pairwise(ends)):
        # Once per pattern, so that its rows are equal to the last bit.
        at = fits.parameters[b] if model.saturated else model.patterns.design @ fits.parameters[b]
        eta[first:last] = at[model.patterns.pattern[held.joint[first:last]]]
    return _Predicted(eta, fits.criterion)


def _trained(model: Model, whole: _Whole, held: HeldRows, family: Family) -> Fits:
    """The model in every training set: all rows but those held out."""
    out = (held.line, held.joint, held.lines)
    mass = whole.mass - model.patterns.added(held.mass, *out)
    total = whole.total - model.patterns.added(held.mass * held.y, *out)
    if model.saturated:
        return level_rates(total, mass)
    design, terms, owners = model.patterns.design, model.terms, model.owners
    try:
        return fit_training(
            design, total, mass, family, model.ridge, start=whole.parameters, names=terms, owners=owners
        )
    except (ColumnError, SeparationError, TooFewError) as reason:
        raise type(reason)(
            "Every model is fitted without each fold in turn, and with the rows left this failed. "
            f"{str(reason).splitlines()[0]}"
            "\nMerge rare levels, use fewer predictors or fewer folds, or wait for more outcomes."
        ) from None


def _candidates(model: Model | Choice) -> tuple[Model, ...]:
    return model.candidates if isinstance(model, Choice) else (model,)


def _constant(model: Model | Choice) -> bool:
    """Whether a model predicts the same for everybody, but for the luck of the fold: nothing to calibrate."""
    return all(one.patterns.design.shape[1] == 1 and not one.saturated for one in _candidates(model))


@dataclass
class _Sums:
    """What adds up over blocks: totals over rows held out, and per joint row."""

    loss: Floats
    squared_error: Floats
    area: Floats
    predicted: Floats
    calibration: list[Floats]
    calibration_influence: Floats
    fold_loss: list[Floats]
    fold_squared_error: list[Floats]
    fold_auc: list[Floats]
    fold_pairs: list[Floats]
    picked: list[Ints]
    candidates: int

    @classmethod
    def empty(cls, size: int, candidates: int) -> "_Sums":
        loss, error, area, predicted = np.zeros((4, size))
        return cls(loss, error, area, predicted, [], np.zeros((size, 2)), [], [], [], [], [], candidates)


def _add(into: _Sums, eta: Floats, held: HeldRows, family: Family, folds: int, *, constant: bool) -> None:
    """Score one model on one block of folds."""
    rows = held.per_line(held.mass)
    loss = held.mass * family.loss(held.y, eta)
    into.loss += held.per_joint(loss)
    mean = family.mean(eta)
    into.predicted += held.per_joint(held.mass * mean)
    error = held.mass * (held.y - mean) ** 2
    into.squared_error += held.per_joint(error)
    into.fold_loss.append(held.per_line(loss) / rows)
    into.fold_squared_error.append(held.per_line(error) / rows)
    if family is BINOMIAL:
        area, pairs, influence = fold_areas(eta, held)
        into.area += influence
        into.fold_auc.append(area)
        into.fold_pairs.append(pairs)
    for first in range(0, held.lines, folds):
        repeat = slice(*np.searchsorted(held.line, [first, first + folds]))
        fitted, influence = _calibration(eta[repeat], held.part(first, first + folds), family, constant=constant)
        into.calibration.append(fitted)
        into.calibration_influence += influence


def _calibration(eta: Floats, held: HeldRows, family: Family, *, constant: bool) -> tuple[Floats, Floats]:
    """Intercept and slope (2,) of one repeat, and the sum over folds of the rows' influence, shape (J, 2)."""
    middle = float(held.mass @ eta / held.mass.sum())
    spread = float(np.sqrt(held.mass @ (eta - middle) ** 2 / held.mass.sum()))
    if constant or spread <= _EQUAL * abs(middle):
        return np.full(2, np.nan), np.full((held.size, 2), np.nan)
    scaled = (eta - middle) / spread
    design = np.column_stack([np.ones(len(eta)), scaled])
    mass, start = held.mass[None], np.array([middle, spread])  # as if they could be taken at their word
    names = ["the predictions of rows held out"]
    fitted = fit_training(design, mass * held.y, mass, family, start=start, names=names).parameters[0]
    linear = fitted[0] + fitted[1] * scaled
    weight = held.mass * family.variance(linear)
    sums = weight.sum(), weight @ scaled, weight @ scaled**2
    back = np.array([[1.0, -middle / spread], [0.0, 1 / spread]])
    to_given = np.linalg.inv(np.array([sums[:2], sums[1:]])) @ back.T
    residual = held.mass * (held.y - family.mean(linear))
    scores = np.column_stack([held.per_joint(residual), held.per_joint(residual * scaled)])
    found: Floats = np.asarray(back @ fitted, dtype=np.float64)
    return found, scores @ to_given


def _gathered(sums: Sequence[_Sums], count: Floats, likelihood: Floats, folds: int) -> HeldOut:
    """Means over all rows and repeats, and influence values per row."""
    n, repeats = float(count.sum()), sum(map(len, sums[0].fold_loss)) // folds
    rows = count[:, None] * repeats
    loss = np.column_stack([part.loss for part in sums])
    error = np.column_stack([part.squared_error for part in sums])
    area = [_area(part, count) for part in sums]
    calibration = np.array([np.mean(part.calibration, axis=0) for part in sums])
    influence = np.stack([part.calibration_influence for part in sums], axis=1) / rows[:, None]
    return HeldOut(
        loss=loss.sum(axis=0) / (n * repeats),
        squared_error=error.sum(axis=0) / (n * repeats),
        auc=np.array([mean for mean, _, _ in area]),
        intercept=calibration[:, 0],
        slope=calibration[:, 1],
        loss_influence=(loss / rows - loss.sum(axis=0) / (n * repeats)) / n,
        squared_error_influence=(error / rows - error.sum(axis=0) / (n * repeats)) / n,
        auc_influence=np.column_stack([values for _, values, _ in area]),
        intercept_influence=influence[:, :, 0],
        slope_influence=influence[:, :, 1],
        predicted=np.column_stack([part.predicted for part in sums]) / rows,
        fold_loss=np.column_stack([np.concatenate(part.fold_loss) for part in sums]),
        fold_squared_error=np.column_stack([np.concatenate(part.fold_squared_error) for part in sums]),
        fold_auc=np.column_stack([each for _, _, each in area]),
        chosen=tuple(_chosen(part) for part in sums),
        log_likelihood=likelihood,
        folds=folds,
    )


def _area(part: _Sums, count: Floats) -> tuple[float, Floats, Floats]:
    """The area over all pairs within folds, the influence of a row of each joint row, and the areas of the folds."""
    if not part.fold_auc:
        folds = sum(map(len, part.fold_loss))
        return np.nan, np.full(len(count), np.nan), np.full(folds, np.nan)
    each, pairs = np.concatenate(part.fold_auc), np.concatenate(part.fold_pairs)
    if not pairs.any():
        raise TooFewError(
            "Some folds must hold both outcomes, but none does: no area is to be had.\nUse fewer folds, so that each "
            "holds more clusters."
        )
    return float(np.nan_to_num(each) @ pairs / pairs.sum()), part.area / pairs.sum() / count, each


def _chosen(part: _Sums) -> Floats:
    """Share of the training sets that chose each candidate."""
    picked = np.concatenate(part.picked)
    share: Floats = np.bincount(picked, minlength=part.candidates) / len(picked)
    return share


def resampled_p(differences: Floats, folds: int) -> float:
    """Two-sided p-value of the corrected resampled t-test: section 4.2 of Nadeau and Bengio (2003).

    The mean difference of J folds has the variance s^2 (1 / J + n_test / n_train), s^2 being that over the
    folds. Folds without a value (an area, where only one outcome fell into the fold) are left out.
    """
    differences = differences[~np.isnan(differences)]
    j = len(differences)
    variance = float(np.var(differences, ddof=1)) * (1 / j + 1 / (folds - 1))
    if variance == 0:
        return np.nan
    return float(two_sided(np.array(differences.mean() / np.sqrt(variance)), j - 1.0))
