"""Areas under the ROC curve and their influence values, on counts."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Column, Floats, Ints


@dataclass(frozen=True)
class Placements:
    """The area under the curve of one score, and where each cell stands.

    Attributes
    ----------
    auc : float
        P(score of a positive > score of a negative) + P(equal) / 2.
    placement : array, shape (K,)
        For a positive cell the share of negatives below it (ties one half), for a negative cell the
        share of positives above it: V10 and V01 of DeLong et al. (1988), below their equation 4.
    """

    auc: float
    placement: Floats


def placements(score: Column, positive: Bools, mass: Floats) -> Placements:
    """The area and the placements, from the mass (count times weight) of each cell; O(K log K)."""
    levels, code = np.unique(score, return_inverse=True)
    up = np.bincount(code[positive], weights=mass[positive], minlength=len(levels))
    down = np.bincount(code[~positive], weights=mass[~positive], minlength=len(levels))
    below = (np.cumsum(down) - down / 2) / down.sum()  # share of negatives below a level, ties one half
    above = 1 - (np.cumsum(up) - up / 2) / up.sum()  # share of positives above a level
    auc = float(up @ below / up.sum())
    return Placements(auc, np.where(positive, below[code], above[code]))


def auc_influence(fit: Placements, positive: Bools, count: Ints, weight: Floats) -> Floats:
    """Influence of one row of each cell on the area: w (V - AUC) / (sum of w in its class)."""
    mass = count * weight
    total = np.where(positive, mass[positive].sum(), mass[~positive].sum())
    influence: Floats = weight * (fit.placement - fit.auc) / total
    return influence


def delong_covariance(influence: Floats, positive: Bools, count: Ints) -> Floats:
    """S10/m + S01/n of DeLong et al. (1988), equation 5, from influence values of shape (K, p).

    The same sum of squares as for any estimate, with the degrees of freedom counted per class.
    """
    matrix = np.zeros((influence.shape[1],) * 2)
    for group in (positive, ~positive):
        size = count[group].sum()
        rows = influence[group]
        matrix += (rows * count[group][:, None]).T @ rows * (size / (size - 1))
    return matrix
