"""Natural cubic splines: a curve that is straight beyond its outer knots, with the knots at shares of the rows.

Harrell (2015), Regression Modeling Strategies, 2nd ed., Springer, doi:10.1007/978-3-319-19425-7: the basis of section
2.4.5, the places of the knots of section 2.4.6.
"""

import numpy as np

from cxstats.arrays import Floats

KNOT_SHARES = (0.05, 0.275, 0.5, 0.725, 0.95)  # of the rows at or below each of five knots
FEWEST_KNOTS = 3  # with two the curve is a straight line
_REACHED = 1e-12  # of the mass: a share that is missed by rounding alone is reached


def knots_at(values: Floats, mass: Floats) -> Floats:
    """The knots: values that occur, each the lowest with such a share of the mass at or below it; every one once.

    Parameters
    ----------
    values, mass : array, shape (K,)
    """
    places, at = np.unique(values, return_inverse=True)
    below = np.cumsum(np.bincount(at, weights=mass))
    first = np.searchsorted(below, (np.array(KNOT_SHARES) - _REACHED) * below[-1])
    return np.asarray(places[np.unique(np.minimum(first, len(places) - 1))], dtype=np.float64)


def natural_basis(values: Floats, knots: Floats) -> Floats:
    """The columns (K, k - 1) of a natural cubic spline with k knots, without the column of ones.

    With t_1 < ... < t_k and u+ = max(u, 0) the columns are x, and for j = 1 to k - 2
    [(x - t_j)+^3 - (x - t_(k-1))+^3 (t_k - t_j) / (t_k - t_(k-1)) + (x - t_k)+^3 (t_(k-1) - t_j) / (t_k - t_(k-1))],
    divided by (t_k - t_1)^2 so that every column has the unit of x.
    """
    cubes = np.maximum(values[:, None] - knots, 0.0) ** 3
    last, before = knots[-1], knots[-2]
    inner = knots[:-2]
    curved = cubes[:, :-2] - (
        cubes[:, [-2]] * (last - inner) / (last - before) - cubes[:, [-1]] * (before - inner) / (last - before)
    )
    return np.column_stack([values, curved / (last - knots[0]) ** 2])
