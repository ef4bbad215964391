"""The correlation of an outcome with what models predicted for rows held out."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats
from cxstats.numerics.correlation import standard_scores


@dataclass(frozen=True)
class HeldCorrelation:
    """Correlations of m models (m,), and the influence (J, m) of one row of each joint row on them."""

    estimate: Floats
    influence: Floats


def held_correlation(y: Floats, predicted: Floats, squared_error: Floats, count: Floats) -> HeldCorrelation:
    """Correlate outcome and prediction over all rows and repeats, every repeat with predictions of its own.

    The mean of a row's predictions would be that of many models together, and better than each of them. So its
    square is not what is needed, but the mean square of the predictions, which follows from the mean squared error.

    Parameters
    ----------
    y : array, shape (J,)
    predicted, squared_error : arrays, shape (J, m)
        Means over the repeats of each row's prediction, and of its squared error.
    count : array, shape (J,)
    """
    n = count.sum()
    share = count / n
    middle = share @ predicted
    centred, left = predicted - middle, (y[:, None] - middle)
    # (y - p)^2 = (y - c)^2 - 2 (y - c) (p - c) + (p - c)^2 with c the mean prediction
    square = squared_error - left**2 + 2 * left * centred
    deviation = np.sqrt(share @ square)
    z = standard_scores(y[:, None], count)
    product, square = z * centred / deviation, square / deviation**2
    r = share @ product
    return HeldCorrelation(r, (product - r * (z**2 + square) / 2) / n)
