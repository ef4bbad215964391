"""Predicted against observed on customers held out: whether predictions can be taken at their word."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.intervals import symmetric
from cxstats.results import ConfidenceInterval, checked_level
from cxstats.shared.crossfitted import CrossFitted

MOST_GROUPS = 10


@dataclass(frozen=True)
class CalibrationCurve:
    """Customers in groups of about equal size, from the lowest to the highest prediction.

    Attributes
    ----------
    predicted, observed : array, shape (G,)
        Mean prediction (made without the customer), and mean outcome: shares of a binary outcome, standard
        deviations of a measured one.
    std_error : array, shape (G,)
        Of the observed means.
    n : int array, shape (G,)
        Customers in each group.
    df : float
        Clusters minus one, or infinite.
    """

    predicted: Floats
    observed: Floats
    std_error: Floats
    n: Ints
    df: float

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits of the observed means."""
        limits = symmetric(self.observed, self.std_error, checked_level(level), self.df)
        return ConfidenceInterval(limits.low, limits.high, level)


def calibration_curve(fit: CrossFitted, model: int, pattern: Ints) -> CalibrationCurve:
    """The curve of one model; customers with the same predictors, and so the same prediction, stay together.

    Parameters
    ----------
    fit : CrossFitted
    model : int
        Its place in the fit.
    pattern : int array, shape (J,)
        Which joint rows have the same predictors.
    """
    count = fit.rows.count.astype(np.float64)
    rows = np.bincount(pattern, weights=count).astype(np.float64)
    mean = np.bincount(pattern, weights=count * fit.held.predicted[:, model]).astype(np.float64) / rows
    group = _groups(mean, rows)[pattern]
    n = np.bincount(group, weights=count)
    predicted = np.bincount(group, weights=count * fit.held.predicted[:, model]) / n
    observed = np.bincount(group, weights=count * fit.rows.y) / n
    member = group[:, None] == np.arange(len(n))
    spread = fit.spread(member * (fit.rows.y - observed[group])[:, None] / n)
    error = np.sqrt(np.maximum(np.diag(spread.matrix), 0.0))
    return CalibrationCurve(predicted, observed, error, n.astype(np.int64), spread.df)


def _groups(mean: Floats, rows: Floats) -> Ints:
    """For each pattern its group, numbered from the lowest prediction up; none is empty."""
    order = np.argsort(mean, kind="stable")
    middle = np.cumsum(rows[order]) - rows[order] / 2
    group = np.empty(len(mean), dtype=np.int64)
    group[order] = np.minimum(middle / rows.sum() * MOST_GROUPS, MOST_GROUPS - 1).astype(np.int64)
    return np.unique(group, return_inverse=True)[1].astype(np.int64)
