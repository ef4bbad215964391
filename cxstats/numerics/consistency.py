"""A good outcome on the consistency of ratings at an equal mean, by logistic regression."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from cxstats.arrays import Floats
from cxstats.numerics.adjusted_means import AdjustedMeans, gain
from cxstats.numerics.effect import Effect
from cxstats.numerics.linear import sd_influence
from cxstats.numerics.margins import HIGH_SHARE, LOW_SHARE, gain_of_gains, margins, place_at
from cxstats.numerics.natural_spline import knots_at, natural_basis
from cxstats.numerics.observed import Observed
from cxstats.numerics.parts import Part

GROUPS = tuple(f"{who}, {how} consistent" for who in ("all", "low mean", "high mean") for how in ("less", "more"))
DIFFERENCES = ("all", "low mean", "high mean", "high - low mean")
SLOPES = ("consistency", "consistency, low mean", "consistency, high mean", "consistency x mean")
TRUE_SLOPES = ("consistency, mean less chance", "consistency x mean, less chance")
_EFFECTS = ("per_sd", "per_sd_low", "per_sd_high", "interaction", "true_per_sd", "true_interaction")
_HALF = 0.5  # of an SD to either side: less and more consistent are one SD apart


@dataclass(frozen=True)
class Model:
    """Spline of the mean rating, logarithm of the number of ratings, consistency, its product with the mean, controls.

    Attributes
    ----------
    mean, consistency : array, shape (K,)
        Consistency is minus the relative variance.
    log_n : array, shape (K, 0) or (K, 1)
        Empty where all have the same number of ratings.
    knots : array
        Of the spline.
    low, high : float
        The 10% and the 90% quantile of the mean, held fixed.
    data : Observed
    """

    mean: Floats
    consistency: Floats
    log_n: Floats
    knots: Floats
    low: float
    high: float
    data: Observed

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns but intercept and controls."""
        bends = tuple(f"mean rating, bend {j}" for j in range(1, len(self.knots) - 1))
        return ("mean rating", *bends, *("log of the number of ratings",) * self.log_n.shape[1], SLOPES[0], SLOPES[3])

    @property
    def slope_at(self) -> int:
        """Number of the coefficient of consistency; that of the product follows."""
        return len(self.names) - 1

    def columns(self, mean: Floats, consistency: Floats) -> Floats:
        """The columns of `names`, shape (K, q)."""
        basis = natural_basis(mean, self.knots)
        return np.column_stack([basis, self.log_n, consistency, consistency * mean])

    def setting(self, mean: Floats, consistency: Floats) -> Floats:
        """The design with these values, column of ones and controls included."""
        return np.column_stack([np.ones(len(mean)), self.columns(mean, consistency), self.data.controls])


def model_of(mean: Floats, consistency: Floats, n: Floats, data: Observed) -> Model:
    """The model, with five knots of the mean at most, at shares of the customers."""
    mass = data.count * data.weight
    log_n = np.log(n)[:, None] if n.min() < n.max() else np.empty((len(n), 0))
    low, high = place_at(mean, mass, LOW_SHARE), place_at(mean, mass, HIGH_SHARE)
    return Model(mean, consistency, log_n, knots_at(mean, mass), low, high, data)


@dataclass(frozen=True)
class Fitted:
    """`SLOPES` in log-odds (4,), shares of `GROUPS`, and the influence of one row of each cell on either."""

    slopes: Floats
    slope_influence: Floats
    means: AdjustedMeans


def fit(model: Model) -> Fitted:
    """Fit the model. Means and standard deviations are estimated too; knots and quantiles are not."""
    data = model.data
    coefficients, moved = data.fit(model.columns(model.mean, model.consistency), model.names)
    average, average_values = _average(model.mean, data)
    unit, unit_values = sd_influence(model.mean, data.count, data.weight)
    sd, sd_values = sd_influence(model.consistency, data.count, data.weight)
    at = model.slope_at
    product = coefficients[at + 1]
    # Columns of the slopes per unit of consistency: at the average mean, at both ends, and the product.
    mix = np.array([[1.0, 1.0, 1.0, 0.0], [average, model.low, model.high, unit]])
    raw = coefficients[at : at + 2] @ mix
    values = moved[:, at : at + 2] @ mix
    values[:, 0] += product * average_values
    values[:, 3] += product * unit_values
    return Fitted(raw * sd, values * sd + np.outer(sd_values, raw), _means(model, coefficients, moved, sd, sd_values))


def _average(values: Floats, data: Observed) -> tuple[float, Floats]:
    level = float(data.share @ values)
    return level, data.weight * (values - level) / float(data.count @ data.weight)


def _means(model: Model, coefficients: Floats, moved: Floats, sd: float, sd_values: Floats) -> AdjustedMeans:
    """Predicted shares half an SD below and above the average consistency, at the own, a low and a high mean."""
    data, ones = model.data, np.ones(len(model.mean))
    level, level_values = _average(model.consistency, data)
    held = [(mean, side) for mean in (model.mean, model.low * ones, model.high * ones) for side in (-_HALF, _HALF)]
    settings = [model.setting(mean, (level + side * sd) * ones) for mean, side in held]
    found = margins(settings, coefficients, moved, data)
    influence = found.influence.copy()
    at = model.slope_at
    for j, (mean, side) in enumerate(held):
        line = settings[j] @ coefficients
        steepness = expit(line) * expit(-line) * (coefficients[at] + coefficients[at + 1] * mean)
        influence[:, j] += float(data.share @ steepness) * (level_values + side * sd_values)
    return AdjustedMeans(found.mean, influence)


@dataclass(frozen=True)
class ConsistencyEffects:
    """Rows of the frame, effects by name, and notes."""

    parts: tuple[Part, ...]
    effects: Mapping[str, Effect]
    notes: tuple[str, ...]


def consistency_effects(rated: Fitted, true: Fitted | None, data: Observed) -> ConsistencyEffects:
    """Slopes, adjusted shares and their differences; ``true`` is the model with the mean less chance."""
    slopes, influence = rated.slopes, rated.slope_influence
    terms: tuple[str, ...] = SLOPES
    if true is not None:
        slopes = np.append(slopes, true.slopes[[0, 3]])
        influence = np.hstack([influence, true.slope_influence[:, [0, 3]]])
        terms = (*SLOPES, *TRUE_SLOPES)
    spread = data.spread(influence)
    variance = spread.matrix.diagonal()
    found = [Effect(a=float(a), var_a=float(v), df=spread.df) for a, v in zip(slopes, variance, strict=True)]
    named = dict(zip(_EFFECTS, found, strict=False))
    pairs = {"gain": (0, 1), "gain_low": (2, 3), "gain_high": (4, 5)}
    gains = {name: gain(rated.means, *pair, data) for name, pair in pairs.items()}
    gains["gain_interaction"] = gain_of_gains(rated.means, (4, 5), (2, 3), data)
    slope_rows = Part("log-odds per SD", terms, slopes, np.sqrt(variance), spread.df, int(data.count.sum()))
    return ConsistencyEffects((slope_rows, *_shares(rated.means, data)), {**named, **gains}, spread.notes)


def _shares(means: AdjustedMeans, data: Observed) -> tuple[Part, Part]:
    """Adjusted shares of `GROUPS`, and `DIFFERENCES`."""
    steps = np.kron(np.eye(3), np.array([-1.0, 1.0]))
    every = np.vstack([np.eye(len(GROUPS)), steps, steps[2] - steps[1]])
    spread = data.spread(means.influence)
    estimate, error = every @ means.mean, np.sqrt(np.einsum("ij,jk,ik->i", every, spread.matrix, every))
    g, n = len(GROUPS), int(data.count.sum())
    return (
        Part("outcome", GROUPS, estimate[:g], error[:g], spread.df, n),
        Part("difference", DIFFERENCES, estimate[g:], error[g:], spread.df, n),
    )
