"""Least squares on many subsets of the same predictors, all from one matrix of products."""

from collections.abc import Sequence

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.design import standardise
from cxstats.numerics.subset_logistic import Shares


def shares_of_r2(
    columns: Floats,
    response: Floats,
    count: Ints,
    weight: Floats,
    names: Sequence[str],
    subsets: Sequence[Ints],
    weights: Floats,
) -> Shares:
    """Weighted sums (weights (p, S)) of R2 of S subsets of the columns (K, p), with the influence of each row.

    R2 = 1 - RSS / TSS, so a row's influence is -w (e^2 - (1 - R2) (y - mean)^2) / TSS; the sum over subsets of
    squared residuals is a quadratic form in the row's columns.

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
    products, against = (z * mass[:, None]).T @ z / total, z.T @ (mass * y) / total
    index, slopes = np.zeros(len(subsets)), np.zeros((len(subsets), z.shape[1]))
    for number, members in enumerate(subsets):
        if len(members):
            slopes[number, members] = np.linalg.solve(products[np.ix_(members, members)], against[members])
            index[number] = against @ slopes[number]
    general = weights @ index
    # The sum over subsets of the weights is 0 for each predictor: the y^2 in the squared residuals drops out.
    influence = np.outer(y**2, general) - 2 * y[:, None] * (z @ (weights @ slopes).T)
    for j in range(z.shape[1]):
        form = (slopes * weights[j][:, None]).T @ slopes
        influence[:, j] += ((z @ form) * z).sum(axis=1)
    return Shares(general, influence * (-weight / total)[:, None], index)
