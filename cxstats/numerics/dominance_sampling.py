"""General dominance of more predictors than all subsets allow: a mean over random orderings instead of all of them.

Orderings are drawn in circles. The predictors are put on a circle at random; from each of the p places the circle is
read onwards and backwards, which gives 2 p orderings. In them every predictor stands twice at every position, so that
what depends on the position alone leaves no error, and every ordering comes with its reverse. All of them together
need only the arcs of the circle, p (p - 1) + 2 subsets, where 2 p separate orderings need p times 2 p. Every ordering
is equally likely, so the mean is unbiased; in each the increments add up to what the full model explains.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.subset_linear import shares_of_r2
from cxstats.numerics.subset_logistic import Shares, SubsetFit, SubsetRows, fit_subset, shares_of, split, subset_rows


@dataclass(frozen=True)
class Circles:
    """B circles of p predictors, and the S distinct subsets that are arcs of them.

    Attributes
    ----------
    order : int array, shape (B, p)
        The predictor at each place.
    arc : int array, shape (B, p, p + 1)
        Number of the subset that begins at each place (second axis) and has each length (third axis).
    members : tuple of S int arrays
        The predictors of each subset; the first subset is empty.
    """

    order: Ints
    arc: Ints
    members: tuple[Ints, ...]


@dataclass(frozen=True)
class SampledFit:
    """How the explained share of the full model divides over p predictors, by B circles of orderings.

    Attributes
    ----------
    general : array, shape (p,)
        Mean increment of the explained share over the orderings; they add up to ``r2``.
    influence : array, shape (K, p)
        Influence of one row of each cell on ``general``, survey weight included.
    conditional : array, shape (p, p)
        Mean increment of each predictor by the number of predictors before it.
    drawn : array, shape (p, p)
        Covariance of ``general`` over draws of as many circles: the Monte Carlo error.
    r2 : float
    orderings : int
    """

    general: Floats
    influence: Floats
    conditional: Floats
    drawn: Floats
    r2: float
    orderings: int


def draw_circles(p: int, number: int, rng: np.random.Generator) -> Circles:
    """Put the predictors on a circle at random, as often as asked."""
    order = rng.permuted(np.tile(np.arange(p), (number, 1)), axis=1)
    arc = np.empty((number, p, p + 1), dtype=np.int64)
    members, known = list[Ints](), dict[bytes, int]()
    for b, place, length in np.ndindex(arc.shape):
        subset = np.sort(order[b, (place + np.arange(length)) % p])
        key = subset.tobytes()
        if key not in known:
            known[key] = len(members)
            members.append(subset)
        arc[b, place, length] = known[key]
    return Circles(order, arc, tuple(members))


def sampled_linear(
    columns: Floats, response: Floats, count: Ints, weight: Floats, names: Sequence[str], circles: Circles
) -> SampledFit:
    """Of R2 of least squares; columns (K, p) without the ones, response (K,).

    Raises
    ------
    ColumnError
        A column is constant or collinear.
    """
    weights = _weights(circles)
    return _sampled(shares_of_r2(columns, response, count, weight, names, circles.members, weights), circles)


def sampled_logistic(
    columns: Floats, positive: Bools, count: Ints, weight: Floats, names: Sequence[str], circles: Circles
) -> SampledFit:
    """Of McFadden's R2 of logistic regressions; columns (K, p) without the ones.

    Raises
    ------
    TooFewError, ColumnError, SeparationError
        As `subset_rows`.
    """
    rows = subset_rows(columns, positive, count, weight, names)
    return _sampled(shares_of(_every_arc(rows, circles), _weights(circles), rows, positive, weight), circles)


def _sampled(found: Shares, circles: Circles) -> SampledFit:
    larger, smaller = _steps(circles)
    by_place = (found.index[larger] - found.index[smaller]).mean(axis=3)
    by_circle = np.empty_like(by_place)
    np.put_along_axis(by_circle, circles.order[:, :, None], by_place, axis=1)
    shares = by_circle.mean(axis=2)
    return SampledFit(
        found.general,
        found.influence,
        conditional=by_circle.mean(axis=0),
        drawn=np.cov(shares.T) / len(shares),
        r2=float(found.index[circles.arc[0, 0, -1]]),
        orderings=2 * circles.order.size,
    )


def _steps(circles: Circles) -> tuple[Ints, Ints]:
    """Arcs with and without the predictor at a place, shape (B, p places, p sizes without it, 2 ways round)."""
    p = circles.order.shape[1]
    place, size = np.arange(p)[:, None], np.arange(p)
    before, after = (place - size) % p, (place + 1) % p
    onwards, backwards = circles.arc[:, before, size + 1], circles.arc[:, place, size + 1]
    less = circles.arc[:, before, size], circles.arc[:, after, size]
    return np.stack([onwards, backwards], axis=3), np.stack(less, axis=3)


def _weights(circles: Circles) -> Floats:
    """Matrix (p, S) from the explained shares of the subsets to the mean increments."""
    n_circles, p = circles.order.shape
    weights = np.zeros((p, len(circles.members)))
    larger, smaller = _steps(circles)
    metric = np.broadcast_to(circles.order[:, :, None, None], larger.shape)
    share = 1 / (2 * p * n_circles)
    np.add.at(weights, (metric, larger), share)
    np.add.at(weights, (metric, smaller), -share)
    return weights


def _every_arc(rows: SubsetRows, circles: Circles) -> Iterator[SubsetFit]:
    """Fit every arc once, the short ones of a circle first; distinct rows are told apart as an arc grows."""
    n, p = rows.levels.shape
    coefficients: dict[int, Floats] = {}
    for order, arc in zip(circles.order, circles.arc, strict=True):
        patterns: list[Ints | None] = [np.zeros(n, dtype=np.int64)] * p
        for length in range(p + 1):
            for place in range(p):
                if length:
                    patterns[place] = split(patterns[place], rows.levels[:, order[(place + length - 1) % p]])
                number = int(arc[place, length])
                if number in coefficients:
                    continue
                start = _begun(coefficients, arc, place, length) if length else np.eye(1, p + 1)[0] * rows.intercept
                fit = fit_subset(rows, number, circles.members[number], patterns[place], start)
                coefficients[number] = fit.coefficients
                yield fit


def _begun(coefficients: dict[int, Floats], arc: Ints, place: int, length: int) -> Floats:
    """An arc's coefficients as they would be if its two ends did not act on each other: by the three arcs within."""
    following = (place + 1) % len(arc)
    without_last = coefficients[int(arc[place, length - 1])]
    if length == 1:
        return without_last
    return without_last + coefficients[int(arc[following, length - 1])] - coefficients[int(arc[following, length - 2])]
