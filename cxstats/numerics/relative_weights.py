"""Johnson's relative weights, with the influence of each row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.design import standardise


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
    y = response - mass @ response / total
    y = y / np.sqrt(mass @ y**2 / total)
    correlations, against = (z * mass[:, None]).T @ z / total, z.T @ (mass * y) / total
    values, vectors = np.linalg.eigh(correlations)
    roots = np.sqrt(values)
    root = (vectors * roots) @ vectors.T
    paths = (vectors / roots) @ (vectors.T @ against)
    influence = np.empty(z.shape)
    for j in range(len(root)):
        # The differential of weight j is <on_root, dL> + on_against'dr, with dL from L dL + dL L = dR.
        on_against = (vectors / roots) @ (vectors.T @ (2 * root[j] ** 2 * paths))
        on_root = -np.outer(on_against, paths)
        on_root[j] += 2 * root[j] * paths**2
        inner = vectors.T @ ((on_root + on_root.T) / 2) @ vectors / np.add.outer(roots, roots)
        influence[:, j] = _influence(z, y, vectors @ inner @ vectors.T, on_against, correlations, against)
    return RelativeWeightsFit(root**2 @ paths**2, influence * (weight / total)[:, None])


def _influence(z: Floats, y: Floats, form: Floats, slope: Floats, correlations: Floats, against: Floats) -> Floats:
    """<form, dR> + slope'dr for each row, the influence on a correlation being ab - correlation (a^2 + b^2) / 2."""
    pairs = ((z @ form) * z).sum(axis=1) - z**2 @ (form * correlations).sum(axis=1)
    own: Floats = pairs + y * (z @ slope) - (z**2 @ (slope * against) + y**2 * float(slope @ against)) / 2
    return own
