"""Populations that are finite tables: a probability for every combination of scores and outcomes.

All that a method estimates is then a finite sum, and what a logistic regression finds in an endless sample
is the fit to the table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from cxstats.arrays import Floats, Ints
from cxstats.numerics.logistic import fit_logistic
from cxstats.numerics.ranks import placements

TIED = 1e-9  # quadrature is good to 1e-10: metrics whose areas differ by less are equal


@dataclass(frozen=True)
class Prediction:
    """How well a logistic regression predicts in the population: log-loss per customer (nats), and area."""

    log_loss: float
    auc: float


def logistic_prediction(levels: Sequence[Floats], bad: Floats, good: Floats) -> Prediction:
    """The best logistic regression that is linear in every axis of a table.

    Parameters
    ----------
    levels : sequence of arrays
        The values along each axis.
    bad, good : arrays, one axis per predictor
        Probability of each combination together with the bad, and with the good outcome.
    """
    grid = np.stack(np.meshgrid(*levels, indexing="ij"), axis=-1).reshape(bad.size, len(levels))
    design = np.column_stack([np.ones(2 * bad.size), np.tile(grid, (2, 1))])
    positive = np.repeat([False, True], bad.size)
    mass = np.concatenate([bad.ravel(), good.ravel()])
    fit = fit_logistic(design, positive, np.ones(len(mass), dtype=np.int64), mass)
    # The same order for the same combination whatever its row: a product of matrices may differ in the last bit.
    index = np.tile((grid * fit.coefficients[1:]).sum(axis=1), 2)
    return Prediction(-fit.log_likelihood, placements(index, positive, mass).auc)


def area(index: Floats, bad: Floats, good: Floats) -> float:
    """P(index of a good > index of a bad) + P(equal) / 2, for arrays of one shape."""
    positive = np.repeat([False, True], index.size)
    mass = np.concatenate([bad.ravel(), good.ravel()])
    return placements(np.tile(index.ravel(), 2), positive, mass).auc


def concordance(joint: Floats, wins: Floats) -> float:
    """P(better score | better outcome) of two customers, equal scores one half.

    Parameters
    ----------
    joint : array, shape (levels, K)
        Probability of each level of the score, ascending, with each outcome.
    wins : array, shape (K, K)
        Probability that the outcome of a customer at k is better than that of one at l.
    """
    levels = np.arange(len(joint))
    score = (levels[:, None] > levels) + 0.5 * (levels[:, None] == levels)
    outcome = joint.sum(axis=0)
    return float(((joint.T @ score @ joint) * wins).sum() / (outcome @ wins @ outcome))


def best_of(areas: Mapping[str, float]) -> str | None:
    """The metric with the largest area; None where two share it."""
    first, second = sorted(areas, key=lambda metric: -areas[metric])[:2]
    return first if areas[first] - areas[second] > TIED else None


def correlation(x: Floats, y: Floats, share: Floats) -> float:
    """Pearson correlation of two arrays of the shape of ``share``."""
    matrix = np.cov(x.ravel(), y.ravel(), ddof=0, aweights=share.ravel())
    return float(matrix[0, 1] / np.sqrt(matrix[0, 0] * matrix[1, 1]))


def standardised_levels(levels: Floats, share: Floats) -> Floats:
    """The levels with mean 0 and variance 1."""
    centred: Floats = levels - share @ levels
    return centred / np.sqrt(share @ centred**2)


def intercept(index: Floats, share: Floats, rate: float) -> float:
    """The constant in the log-odds at which a share ``rate`` has the good outcome."""
    from scipy.optimize import brentq

    start = np.log(rate / (1 - rate))
    low, high = start - index.max(), start - index.min()  # everybody at or below the rate, or at or above it
    return float(brentq(lambda a: float((share * expit(a + index)).sum()) - rate, low - 1, high + 1, xtol=1e-14))


def draw_cells(share: Floats, n: int, generator: np.random.Generator) -> tuple[Ints, ...]:
    """The position along each axis of a table, for n customers."""
    flat = share.ravel()
    return tuple(np.unravel_index(generator.choice(flat.size, size=n, p=flat / flat.sum()), share.shape))


def read_only(values: Floats) -> Floats:
    """A copy that cannot be written to, for a truth that many share."""
    copy = np.array(values, dtype=np.float64)
    copy.flags.writeable = False
    return copy
