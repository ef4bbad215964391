"""How often each of several estimates ranks first, second, ..., given their joint distribution.

One road for every design: draws from the joint normal (Student's t with few clusters) that the estimates have for
large samples. It needs only estimates and covariance, so clusters, survey weights and Monte Carlo errors are in it,
where a resampling of rows would need a form of its own for each of them.
"""

import numpy as np

from cxstats.arrays import Floats

DRAWS = 50_000  # the error of a chance is at most 1 / (2 sqrt(DRAWS)): 0.2%
_SEED = 20_231_104  # always the same: who asks twice gets the same answer


def rank_probabilities(estimate: Floats, covariance: Floats, df: float = np.inf) -> Floats:
    """Chance (p, p) that estimate a (row) is the largest, the second largest, ... (column).

    Parameters
    ----------
    estimate : array, shape (p,)
    covariance : array, shape (p, p)
    df : float
        Degrees of freedom of the joint Student's t; infinite for the normal.
    """
    p = len(estimate)
    rng = np.random.default_rng(_SEED)
    half = rng.standard_normal((DRAWS // 2, p)) @ _root(covariance)
    if np.isfinite(df):
        half *= np.sqrt(df / rng.chisquare(df, size=(DRAWS // 2, 1)))
    # Every draw and its mirror image: means come out exactly, chances more nearly.
    order = np.argsort(-(estimate + np.vstack([half, -half])), axis=1, kind="stable")
    return np.column_stack([np.bincount(column, minlength=p) / len(order) for column in order.T])


def _root(covariance: Floats) -> Floats:
    """The symmetric root: it exists where a Cholesky factor does not, and has no arbitrary signs."""
    values, vectors = np.linalg.eigh(covariance)
    root: Floats = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root
