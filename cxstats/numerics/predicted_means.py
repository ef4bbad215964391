"""What a model predicts on average if all rows had certain values (g-computation)."""

from collections.abc import Iterable, Iterator

import numpy as np
from scipy.special import expit

from cxstats.arrays import Floats, Ints


def predicted_means(
    settings: Iterable[Floats], coefficients: Floats, moved: Floats, count: Ints, weight: Floats, *, binary: bool
) -> tuple[Floats, Floats]:
    """Mean prediction of each setting, shape (g,), and the influence of one row of each cell on it, shape (K, g).

    A row moves such a mean by its own prediction, and by moving the coefficients.

    Parameters
    ----------
    settings : iterable of arrays, shape (K, q)
        For each mean the design that would hold if all rows had its values, column of ones and controls included.
    coefficients : array, shape (q,)
    moved : array, shape (K, q)
        Influence of one row of each cell on the coefficients.
    count : int array, shape (K,)
    weight : array, shape (K,)
    binary : bool
        Whether the model is logistic, else it is linear.
    """
    mass = count * weight
    total = float(mass.sum())
    share = mass / total
    means, influences = [], []
    for design in settings:
        line = design @ coefficients
        predicted = expit(line) if binary else line
        steepness = predicted * expit(-line) if binary else np.ones(len(line))
        means.append(share @ predicted)
        influences.append(weight * (predicted - means[-1]) / total + moved @ (design.T @ (share * steepness)))
    return np.array(means), np.column_stack(influences)


def group_settings(groups: int, controls: Floats) -> Iterator[Floats]:
    """The design as if all rows were in each group in turn: ones, a column of each group but the first, controls."""
    ones, member = np.ones((len(controls), 1)), np.eye(groups)[:, 1:]
    for group in range(groups):
        yield np.hstack([ones, member[np.full(len(controls), group)], controls])
