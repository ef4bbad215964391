"""Whether a score is a model's fit to the very rows that it is to be judged on."""

import numpy as np
from scipy.special import logit

from cxstats.arrays import Bools, Floats

_EQUAL = 1e-6  # of what the sums could be: maximised likelihoods leave less, predictions of other rows far more


def fitted_here(probability: Floats, positive: Bools, mass: Floats) -> bool:
    """Whether a logistic regression fitted to these rows by maximum likelihood made these probabilities.

    It leaves residuals that add up to 0, and to 0 when weighted by its linear predictor, which no prediction
    made elsewhere does.

    Parameters
    ----------
    probability : array, shape (K,)
        Of the good outcome.
    positive : bool array, shape (K,)
    mass : array, shape (K,)
        Rows per cell, times their weight.
    """
    if (probability <= 0).any() or (probability >= 1).any() or len(np.unique(probability)) < 2:
        return False
    eta = logit(probability)
    residual = mass * (positive - probability)
    size = np.abs(residual).sum()
    reach = np.abs(residual) @ np.abs(eta)
    return bool(abs(residual.sum()) < _EQUAL * size and abs(residual @ eta) < _EQUAL * reach)
