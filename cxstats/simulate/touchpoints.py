"""The touchpoints of `journeys`, given the factor: independent of each other, each used or not."""

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from scipy.special import expit, ndtr

from cxstats.arrays import Floats
from cxstats.simulate.journey_parameters import Journey
from cxstats.simulate.levels import level_values, levels_given, normal_nodes
from cxstats.simulate.tables import area

_MIDDLE = 3.0  # ratings are counted from here; any other constant gives the same fits
_FLAT = 1e-13  # gradient of the log-likelihood per journey at which Newton's method stops
_STEPS = 50
_SAME = 1e-9  # values of the linear predictor that differ by less are equal but for rounding


@dataclass(frozen=True)
class Touchpoints:
    """k touchpoints at each of F values of the factor.

    Attributes
    ----------
    weight : array, shape (F,)
        Probability of each value of the factor.
    share : array, shape (F,)
        The same, together with at least one touchpoint used.
    used : list of k arrays, shape (F,)
        P(used).
    rated : list of k arrays, shape (F, 5)
        P(rating | used).
    levels : array, shape (5,)
    always : tuple of k bool
        Which are used in every journey.
    """

    weight: Floats
    share: Floats
    used: list[Floats]
    rated: list[Floats]
    levels: Floats
    always: tuple[bool, ...]

    @property
    def none_used(self) -> float:
        """Share of journeys in which no touchpoint is used."""
        return float(self.weight @ np.prod([1 - p for p in self.used], axis=0))

    def reliability(self, j: int) -> float:
        """Share of a touchpoint's variance that the factor explains, where it is used."""
        return explained(self.levels, self.rated[j], self.weight * self.used[j])


def touchpoints(given: Journey) -> Touchpoints:
    """The touchpoints of these parameters."""
    factor, weight = normal_nodes()
    used = [ndtr(-(constant + given.unused_slope * factor)) for constant in given.constants]
    rated = [levels_given("csat", loading * factor, np.sqrt(1 - loading**2)) for loading in given.loadings]
    share = weight * (1 - np.prod([1 - p for p in used], axis=0))
    always = tuple(share == 0 for share in given.unused)
    return Touchpoints(weight, share, used, rated, level_values("csat"), always)


def explained(values: Floats, given: Floats, mass: Floats) -> float:
    """Share of the variance of a table's values that lies between the values of the factor."""
    share = mass / mass.sum()
    level = share @ given @ values
    within = share @ (given @ values**2 - (given @ values) ** 2)
    return float(1 - within / (share @ given @ (values - level) ** 2))


@dataclass(frozen=True)
class Composite:
    """The mean of the touchpoints used: its values, and P(value | factor), shape (F, values)."""

    values: Floats
    given: Floats

    def reliability(self, served: Touchpoints) -> float:
        """Share of its variance that the factor explains."""
        any_used = self.given.sum(axis=1, keepdims=True)
        return explained(self.values, self.given / any_used, served.share)


def composite(served: Touchpoints) -> Composite:
    """By adding touchpoint after touchpoint: P(number used, sum of ratings | factor)."""
    k, low = len(served.used), int(served.levels[0])
    sums = np.zeros((len(served.weight), k + 1, k * int(served.levels[-1]) + 1))
    sums[:, 0, 0] = 1.0
    for used, rated in zip(served.used, served.rated, strict=True):
        grown = sums * (1 - used)[:, None, None]
        for level, chance in enumerate((rated * used[:, None]).T, start=low):
            grown[:, 1:, level:] += sums[:, :-1, : sums.shape[2] - level] * chance[:, None, None]
        sums = grown
    number, total = np.nonzero((sums > 0).any(axis=0) & (np.arange(k + 1) > 0)[:, None])
    return Composite(total / number, sums[:, number, total])


@dataclass(frozen=True)
class LinearFit:
    """Least squares of satisfaction on a column of ones and the touchpoints' columns, from moments.

    Attributes
    ----------
    mean : array, shape (F, q)
        Of each column given the factor (together with a touchpoint used).
    products : array, shape (q, q)
    target : array, shape (q,)
        Mean of each column times satisfaction.
    level : float
        Mean of satisfaction.
    variance : float
        Of satisfaction, times the share of journeys with a touchpoint used; the moments are sums likewise.
    weight : array, shape (F,)
    """

    mean: Floats
    products: Floats
    target: Floats
    level: float
    variance: float
    weight: Floats

    @property
    def r(self) -> float:
        """Correlation of the best linear combination with satisfaction."""
        return float(np.sqrt(_explained(self.products, self.target, self.level) / self.variance))

    def added(self, mean: Floats, square: Floats, product: Floats) -> float:
        """What one more column adds to the share explained, from its moments given the factor."""
        share = self.weight * self.mean[:, 0]
        side = self.mean.T @ (self.weight * mean)
        wider = np.block([[self.products, side[:, None]], [side[None], np.array([[share @ square]])]])
        target = np.append(self.target, share @ product)
        more, less = _explained(wider, target, self.level), _explained(self.products, self.target, self.level)
        return float((more - less) / self.variance)


def _explained(products: Floats, target: Floats, level: float) -> float:
    """Variance of the fit, of which the first column is one of ones, times the mass."""
    return float(target @ np.linalg.solve(products, target) - level**2 * products[0, 0])


def linear_fit(served: Touchpoints, feeling: Floats, square: Floats) -> LinearFit:
    """The best linear combination, from the mean and mean square of satisfaction given the factor."""
    blocks = [_columns(served.levels, always) for always in served.always]
    chances = [_chances(served, j) for j in range(len(blocks))]
    means = [chance @ block for chance, block in zip(chances, blocks, strict=True)]
    mean = np.hstack([(served.share / served.weight)[:, None], *means])
    products = mean.T @ (served.weight[:, None] * mean)
    products[0] = served.weight @ mean  # columns are 0 where no touchpoint is used
    products[:, 0] = products[0]
    start = 1
    for block, chance in zip(blocks, chances, strict=True):  # of one touchpoint the columns are not independent
        on = slice(start, start := start + block.shape[1])
        products[on, on] = block.T @ ((served.weight @ chance)[:, None] * block)
    target = mean.T @ (served.weight * feeling)
    total = float(served.share.sum())
    level = float(served.share @ feeling) / total
    variance = float(served.share @ square) - level**2 * total
    return LinearFit(mean, products, target, level, variance, served.weight)


def _columns(levels: Floats, always: bool) -> Floats:
    """Columns of one touchpoint at each of its levels: used or not, and the rating where used."""
    rating = (levels - _MIDDLE)[:, None]
    if always:
        return rating
    return np.vstack([np.zeros((1, 2)), np.hstack([np.ones((len(levels), 1)), rating])])


def _chances(served: Touchpoints, j: int) -> Floats:
    """P(level | factor), the first level being "not used" where that occurs."""
    used = served.used[j][:, None]
    return served.rated[j] if served.always[j] else np.hstack([1 - used, used * served.rated[j]])


def logistic_area(served: Touchpoints, staying: Floats) -> float:
    """Area under the curve of the logistic regression on all touchpoints, over the table of their levels."""
    blocks = [_columns(served.levels, always) for always in served.always]
    chances = [_chances(served, j) for j in range(len(blocks))]
    good, bad = (_joint(chances, served.weight * stays) for stays in (staying, 1 - staying))
    if not any(served.always):
        good[(0,) * good.ndim] = bad[(0,) * bad.ndim] = 0.0  # no touchpoint used
    return area(_places(_index(blocks, bad, good)), bad, good)


def _places(index: Floats) -> Floats:
    """The values by their order, equal ones alike: touchpoints of one loading tie in many combinations."""
    order = np.argsort(index, axis=None)
    place = np.empty(index.size)
    place[order] = np.concatenate([[0.0], np.cumsum(np.diff(index.ravel()[order]) > _SAME)])
    return place.reshape(index.shape)


def _joint(chances: list[Floats], weight: Floats) -> Floats:
    """P(level of every touchpoint) with a weight on the factor: two halves, joined by one product of matrices."""
    middle = len(chances) // 2
    halves = []
    for part in (chances[:middle], chances[middle:]):
        table = part[0]
        for chance in part[1:]:
            table = (table[:, :, None] * chance[:, None]).reshape(len(table), -1)
        halves.append(table)
    joint: Floats = (halves[0] * weight[:, None]).T @ halves[1]
    return joint.reshape([chance.shape[1] for chance in chances])


def _index(blocks: list[Floats], bad: Floats, good: Floats) -> Floats:
    """Linear predictor of the logistic regression at every entry of the table, by Newton's method."""
    mass, total = bad + good, float((bad + good).sum())
    ends = np.cumsum([1, *(block.shape[1] for block in blocks)])
    slopes = np.zeros(ends[-1])
    for _ in range(_STEPS):
        parts = (block @ slopes[start:end] for block, (start, end) in zip(blocks, pairwise(ends), strict=True))
        index = slopes[0] + sum(_along(part, axis, mass.ndim) for axis, part in enumerate(parts))
        chance = expit(index)
        gradient = _gradient(blocks, good - mass * chance)
        if np.abs(gradient).max() < _FLAT * total:
            break
        slopes += np.linalg.solve(_information(blocks, mass * chance * (1 - chance)), gradient)
    return np.asarray(index)


def _along(values: Floats, axis: int, ndim: int) -> Floats:
    return values.reshape([-1 if a == axis else 1 for a in range(ndim)])


def _margin(table: Floats, *axes: int) -> Floats:
    margin: Floats = table.sum(axis=tuple(a for a in range(table.ndim) if a not in axes))
    return margin


def _gradient(blocks: list[Floats], residual: Floats) -> Floats:
    parts = [block.T @ _margin(residual, axis) for axis, block in enumerate(blocks)]
    return np.concatenate([[residual.sum()], *parts])


def _information(blocks: list[Floats], weight: Floats) -> Floats:
    """Sum of weight x x', from the margins of one and of two touchpoints."""
    ends = np.cumsum([1, *(block.shape[1] for block in blocks)])
    on = [slice(start, end) for start, end in pairwise(ends)]
    matrix = np.zeros((ends[-1], ends[-1]))
    matrix[0, 0] = weight.sum()
    for j, block in enumerate(blocks):
        margin = _margin(weight, j)
        matrix[0, on[j]] = matrix[on[j], 0] = margin @ block
        matrix[on[j], on[j]] = block.T @ (margin[:, None] * block)
    for i, j in combinations(range(len(blocks)), 2):
        matrix[on[i], on[j]] = blocks[i].T @ _margin(weight, i, j) @ blocks[j]
        matrix[on[j], on[i]] = matrix[on[i], on[j]].T
    return matrix
