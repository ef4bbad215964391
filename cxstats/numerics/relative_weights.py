"""Relative weights, for least squares and for logistic regression, with the influence of each row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.design import standardise
from cxstats.numerics.logistic import fit_logistic


@dataclass(frozen=True)
class RelativeWeightsFit:
    """Relative weights of p predictors.

    Attributes
    ----------
    weights : array, shape (p,)
        They add up to R2.
    influence : array, shape (K, p)
        Influence of one row of each cell, survey weight included.
    """

    weights: Floats
    influence: Floats


def fit_relative_weights(
    columns: Floats, response: Floats, count: Ints, weight: Floats, names: Sequence[str]
) -> RelativeWeightsFit:
    """Weights of the columns (K, p), the ones not among them, for the response (K,).

    With R the correlations of the predictors and r those with the response, L = R^(1/2) and b = L^-1 r, the
    weight of predictor j is the sum over k of L_jk^2 b_k^2: Johnson (2000), doi:10.1207/S15327906MBR3501_1.

    Raises
    ------
    ColumnError
        A column is constant or collinear.
    """
    mass = count * weight
    total = float(mass.sum())
    z = standardise(columns, mass, names).matrix
    y = _standardised(response, mass)
    correlations, against = (z * mass[:, None]).T @ z / total, z.T @ (mass * y) / total
    root = _root_of(correlations)
    paths = (root.vectors / root.values) @ (root.vectors.T @ against)
    influence = np.empty(z.shape)
    for j in range(len(correlations)):
        # The differential of weight j is <on_root, dL> + on_against'dr.
        on_against = (root.vectors / root.values) @ (root.vectors.T @ (2 * root.matrix[j] ** 2 * paths))
        on_root = -np.outer(on_against, paths)
        on_root[j] += 2 * root.matrix[j] * paths**2
        influence[:, j] = _of_correlations(z, root.on_square(on_root), correlations)
        influence[:, j] += _of_correlations_with(z, y, on_against, against)
    return RelativeWeightsFit(root.matrix**2 @ paths**2, influence * (weight / total)[:, None])


def fit_logistic_relative_weights(
    columns: Floats, positive: Bools, count: Ints, weight: Floats, names: Sequence[str]
) -> RelativeWeightsFit:
    """Weights of the columns (K, p), the ones not among them, for the log-odds of the positive outcome (K,).

    With L as above and g the slopes on the standardised predictors, those on their orthogonal counterparts are
    v = L g. Scaled so that their squares add up to R_O^2, the squared correlation of outcome and fitted chance,
    they are handed back as before: the weight of j is R_O^2 times the sum over k of L_jk^2 v_k^2 / v'v. Since v'v
    is the variance of the log-odds, these are the standardised coefficients v_k R_O / SD(log-odds) of Tonidandel
    & LeBreton (2010), doi:10.1177/1094428109341993.

    Raises
    ------
    TooFewError, ColumnError, SeparationError
        As `fit_logistic`.
    """
    mass = count * weight
    total = float(mass.sum())
    z = standardise(columns, mass, names).matrix
    fit = fit_logistic(np.hstack([np.ones((len(z), 1)), z]), positive, count, weight, ("(intercept)", *names))
    slopes = fit.coefficients[1:]
    # A row moves the slopes, and the standard deviation of each predictor, which is 1 as it stands.
    on_slopes = fit.influence[:, 1:] + (z**2 - 1) * (slopes / 2) * (weight / total)[:, None]
    explained, on_explained = _squared_correlation(z, fit.coefficients, fit.influence, positive, count, weight)
    correlations = (z * mass[:, None]).T @ z / total
    root = _root_of(correlations)
    paths = root.matrix @ slopes
    squares = paths**2 / (paths @ paths)
    share = root.matrix**2 @ squares
    influence = np.empty(z.shape)
    for j in range(len(slopes)):
        # The differential of share j is <on_root, dL> + on_paths'(dL g + L dg), with v = L g.
        on_paths = 2 * (root.matrix[j] ** 2 - share[j]) * paths / (paths @ paths)
        on_root = np.outer(on_paths, slopes)
        on_root[j] += 2 * root.matrix[j] * squares
        own = _of_correlations(z, root.on_square(on_root), correlations) * (weight / total)
        influence[:, j] = explained * (own + on_slopes @ (root.matrix @ on_paths)) + share[j] * on_explained
    return RelativeWeightsFit(explained * share, influence)


def _squared_correlation(
    z: Floats, coefficients: Floats, influence: Floats, positive: Bools, count: Ints, weight: Floats
) -> tuple[float, Floats]:
    """Squared correlation of outcome and fitted chance, and the influence of one row of each cell on it (K,)."""
    mass = count * weight
    total = float(mass.sum())
    chance = expit(coefficients[0] + z @ coefficients[1:])
    sd = float(np.sqrt(mass @ (chance - mass @ chance / total) ** 2 / total))
    a, b = _standardised(positive.astype(np.float64), mass), _standardised(chance, mass)
    correlation = float(mass @ (a * b)) / total
    # Through the chances of all rows, which move with the coefficients, and through the row itself.
    moved = mass * (a - correlation * b) * chance * (1 - chance) / (sd * total)
    on_coefficients = np.concatenate([[moved.sum()], moved @ z])
    own = (a * b - correlation * (a**2 + b**2) / 2) * weight / total
    return correlation**2, 2 * correlation * (own + influence @ on_coefficients)


@dataclass(frozen=True)
class _Root:
    """The symmetric root L of a matrix of correlations R: eigenvectors, and the eigenvalues of L."""

    vectors: Floats
    values: Floats

    @property
    def matrix(self) -> Floats:
        """L itself."""
        matrix: Floats = (self.vectors * self.values) @ self.vectors.T
        return matrix

    def on_square(self, on_root: Floats) -> Floats:
        """The derivative by R from that by L, by L dL + dL L = dR."""
        inner = self.vectors.T @ ((on_root + on_root.T) / 2) @ self.vectors
        form: Floats = self.vectors @ (inner / np.add.outer(self.values, self.values)) @ self.vectors.T
        return form


def _root_of(correlations: Floats) -> _Root:
    values, vectors = np.linalg.eigh(correlations)
    return _Root(vectors, np.sqrt(values))


def _standardised(values: Floats, mass: Floats) -> Floats:
    """Turned to mean 0 and standard deviation 1."""
    centred = values - mass @ values / mass.sum()
    unit: Floats = centred / np.sqrt(mass @ centred**2 / mass.sum())
    return unit


def _of_correlations(z: Floats, form: Floats, correlations: Floats) -> Floats:
    """<form, dR> for each row: its influence on a correlation is ab - correlation (a^2 + b^2) / 2."""
    own: Floats = ((z @ form) * z).sum(axis=1) - z**2 @ (form * correlations).sum(axis=1)
    return own


def _of_correlations_with(z: Floats, y: Floats, slope: Floats, against: Floats) -> Floats:
    """slope'dr for each row, r the correlations with y."""
    own: Floats = y * (z @ slope) - (z**2 @ (slope * against) + y**2 * float(slope @ against)) / 2
    return own
