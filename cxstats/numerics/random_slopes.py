"""Linear regression with a normal intercept and a normal slope per person, by maximum likelihood.

The slope is that of a column with mean 0 in every person, so that Z'Z of a person is diagonal: n ratings, and S, the
sum of squares. Divided by the residual variance, the covariance of intercept and slope is a, b; b, c. With the columns
projected on the person's own constant and own line, each scaled to length 1, what is left of the person's rows has
covariance 1, and the two projections have K = (1 + a n, b sqrt(n S); ., 1 + c S). So a look at the likelihood costs two
numbers per person and column; persons with the same n and S share a K, and are added up beforehand. A person with one
rating, or with S = 0, has no second projection.

Laird & Ware (1982), doi:10.2307/2529876; Bates et al. (2015), doi:10.18637/jss.v067.i01.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.design import column_names
from cxstats.numerics.slope_sums import SlopeSums, on_lines, projected, slope_sums

# Where to climb from: SDs in residual SDs over the root of the mean number of ratings, that of intercepts at least; and
# the arc. From either sign, since at an SD or a correlation of 0 the likelihood may be level without being at its top.
LEAST, _SLOPE, ARCS = 0.3, 0.5, (-1.0, 1.0)
_SETTLED = 1e-9  # slope of the deviance, per row, at which a climb ends
_NO_GAIN = 1e-7  # of the deviance: what slopes gain less is rounding, and their SD is 0


@dataclass(frozen=True)
class Place:
    """SDs of intercepts and slopes in residual SDs (of either sign), and the arc sine of their correlation.

    The search goes over the arc, which has no end: where slopes do not differ it does not matter, and the other two
    are then not moved by it.
    """

    level: float
    slope: float = 0.0
    arc: float = 0.0

    @property
    def correlation(self) -> float:
        """Not a number where an SD is 0."""
        return float(np.sign(self.level * self.slope) * np.sin(self.arc)) if self.level * self.slope else float("nan")


@dataclass(frozen=True)
class RandomSlopes:
    """The fit at the largest likelihood.

    Attributes
    ----------
    coefficients, covariance : arrays, shape (q,) and (q, q)
        The covariance holds if the model does, and takes the variances as known.
    influence : array, shape (G, q)
        Of each person on the coefficients: what makes a robust covariance.
    intercept_sd, slope_sd, correlation, residual_sd : float
        The correlation is not a number where an SD is 0.
    log_likelihood, no_slopes : float
        The second without slopes that differ.
    sums : SlopeSums
    place : Place
        Where the likelihood has its top.
    """

    coefficients: Floats
    covariance: Floats
    influence: Floats
    intercept_sd: float
    slope_sd: float
    correlation: float
    residual_sd: float
    log_likelihood: float
    no_slopes: float
    sums: SlopeSums
    place: Place


@dataclass(frozen=True)
class Look:
    """At a given place: the log determinant, the rest to be divided by the variance, their slopes, and E."""

    logs: float
    rest: float
    logs_slope: Floats
    rest_slope: Floats
    products: Floats
    beta: Floats


def fit_random_slopes(
    design: Floats,
    response: Floats,
    deviation: Floats,
    count: Ints,
    person: Ints,
    names: Sequence[str] | None = None,
) -> RandomSlopes:
    """Fit by maximum likelihood, with a free correlation of intercepts and slopes.

    Parameters
    ----------
    design, response : arrays, shape (K, q) and (K,)
        The first column of the design is the column of ones.
    deviation : array, shape (K,)
        Has slopes per person; its mean is 0 in each person: see `apart`.
    count, person : int arrays, shape (K,)
        Rows that each cell stands for; number of the person, 0 to G - 1, all of which occur.
    names : sequence of str, length q
        For messages.

    Raises
    ------
    TooFewError
        The outcome is constant.
    ColumnError
        A column is constant or collinear.
    SeparationError
        Everybody's own line and the columns leave nothing of the outcome open.
    """
    names = names or ("(intercept)", *column_names(design.shape[1] - 1))
    columns, sums = slope_sums(design, response, deviation, count, person, names)
    flat = _best(sums, [np.ones(1)])
    free = [np.array([max(abs(flat[0].level) * sums.root, LEAST), _SLOPE, arc]) for arc in ARCS]
    place, deviance = _best(sums, free)
    if flat[1] - deviance < _NO_GAIN:
        place, deviance = flat
    found = look(sums, place)
    variance = found.rest / sums.n
    scale = variance**0.5 * sums.unit
    inverse = np.linalg.inv(found.products[:-1, :-1])
    residual = columns @ np.append(-found.beta, 1.0)
    score = _scores(place, columns[:, :-1], residual, deviation / sums.step, count, person)
    return RandomSlopes(
        coefficients=sums.start + sums.unit * sums.back @ found.beta,
        covariance=scale**2 * sums.back @ inverse @ sums.back.T,
        influence=sums.unit * score @ inverse @ sums.back.T,
        intercept_sd=abs(place.level) * scale,
        slope_sd=abs(place.slope) * scale / sums.step,
        correlation=place.correlation,
        residual_sd=scale,
        log_likelihood=-deviance / 2 - sums.n * float(np.log(sums.unit)),
        no_slopes=-flat[1] / 2 - sums.n * float(np.log(sums.unit)),
        sums=sums,
        place=place,
    )


def look(sums: SlopeSums, place: Place) -> Look:
    """The likelihood's parts, where a = level^2, b = level slope sin(arc), c = slope^2."""
    weights = _weights(place, sums.row_size, sums.row_squares)
    at_level, at_line = _times(weights, sums.level, sums.line)
    E = sums.within + sums.level.T @ at_level + sums.line.T @ at_line
    beta = np.asarray(np.linalg.solve(E[:-1, :-1], E[:-1, -1]), dtype=np.float64)
    residual = np.append(-beta, 1.0)
    v, w = at_level @ residual, at_line @ residual
    root = np.sqrt(sums.row_size * sums.row_squares)
    rest_slope = -np.array([sums.row_size @ v**2, 2 * (root * v) @ w, sums.row_squares @ w**2])
    k00, k01, k11 = _weights(place, sums.size, sums.squares)
    cross = np.sqrt(sums.size * sums.squares)
    logs_slope = np.array(
        [sums.number @ (sums.size * k00), 2 * sums.number @ (cross * k01), sums.number @ (sums.squares * k11)]
    )
    level, slope, sine = place.level, place.slope, float(np.sin(place.arc))
    by_arc = level * slope * float(np.cos(place.arc))
    chain = np.array([[2 * level, slope * sine, 0.0], [0.0, level * sine, 2 * slope], [0.0, by_arc, 0.0]])
    logs = float(sums.number @ np.log(_determinant(place, sums.size, sums.squares)))
    return Look(logs, float(residual @ E @ residual), chain @ logs_slope, chain @ rest_slope, E, beta)


def climb(down: Callable[[Floats], tuple[float, Floats]], start: Floats, n: int) -> tuple[Floats, float]:
    """The lowest place near the start, and the value there."""
    from scipy.optimize import minimize

    def per_row(at: Floats) -> tuple[float, Floats]:
        # A first step goes down the slope itself: in whole deviances it would be as long as there are rows.
        value, slope = down(at)
        return value / n, slope / n

    found = minimize(per_row, start, jac=True, method="BFGS", options={"gtol": _SETTLED, "maxiter": 500})
    return np.asarray(found.x), float(found.fun) * n


def _best(sums: SlopeSums, starts: Sequence[Floats]) -> tuple[Place, float]:
    """The top with the variance at its best, and minus twice the log-likelihood there."""
    root, many = np.array([sums.root, sums.root, 1.0]), len(starts[0])

    def down(at: Floats) -> tuple[float, Floats]:
        found = look(sums, Place(*at / root[:many]))
        slope = found.logs_slope + sums.n * found.rest_slope / found.rest
        deviance = sums.n * (1 + np.log(2 * np.pi * found.rest / sums.n)) + found.logs
        return float(deviance), (slope / root)[:many]

    ends = [climb(down, start, sums.n) for start in starts]
    at, deviance = min(ends, key=lambda end: end[1])
    return Place(*(at / root[:many]).tolist()), deviance


def _determinant(place: Place, size: Floats, squares: Floats) -> Floats:
    a, c = place.level**2, place.slope**2
    return 1 + a * size + c * squares + a * c * float(np.cos(place.arc)) ** 2 * size * squares


def _weights(place: Place, size: Floats, squares: Floats) -> tuple[Floats, Floats, Floats]:
    """Elements 00, 01, 11 of the inverse of K."""
    whole = _determinant(place, size, squares)
    cross = place.level * place.slope * float(np.sin(place.arc)) * np.sqrt(size * squares)
    return (1 + place.slope**2 * squares) / whole, -cross / whole, (1 + place.level**2 * size) / whole


def _times(weights: tuple[Floats, Floats, Floats], level: Floats, line: Floats) -> tuple[Floats, Floats]:
    k00, k01, k11 = (each[:, None] for each in weights)
    return k00 * level + k01 * line, k01 * level + k11 * line


def _scores(
    place: Place,
    columns: Floats,
    residual: Floats,
    deviation: Floats,
    count: Ints,
    person: Ints,
) -> Floats:
    """X' H^-1 (y - X beta) of each person, shape (G, q)."""
    mass = count.astype(np.float64)
    level, line, size, squares = projected(residual[:, None], deviation, mass, person)
    left = residual - on_lines(level, line, size, squares, deviation, person)[:, 0]
    v, w = _times(_weights(place, size, squares), level, line)
    own_level, own_line, _, _ = projected(columns, deviation, mass, person)
    inside = [np.bincount(person, weights=mass * left * column) for column in columns.T]
    return np.column_stack(inside) + own_level * v + own_line * w
