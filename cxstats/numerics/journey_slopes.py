"""The slope of a journey rating beside its touchpoints, as they were rated and freed of noise; and correlations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.common_factor import CommonFactor, Scores, common_factor, factor_influence
from cxstats.numerics.correlation import standard_scores
from cxstats.numerics.design import Standardised, standardise
from cxstats.numerics.disattenuation import Estimate, freed_correlation
from cxstats.numerics.errors_in_variables import Freed, Measured, Noise, declared_noise, freed_slope
from cxstats.numerics.factor_scores import Moved, derivatives, split
from cxstats.numerics.linear import fit_linear
from cxstats.numerics.logistic import fit_logistic
from cxstats.numerics.one_factor import Flaw

FEWEST_FOR_A_FACTOR = 3


@dataclass(frozen=True)
class Journeys:
    """Journeys in K cells, each with k touchpoints.

    Attributes
    ----------
    journey : array, shape (K,)
    ratings : array, shape (K, k)
        NaN where a touchpoint was not used.
    columns : array, shape (K, q)
        Of the model, beside the journey rating: the values of the k touchpoints first, centred, 0 where not used.
    y : array, shape (K,)
        The outcome: 1 for a good binary one.
    binary : bool
    count : int array, shape (K,)
    names, owners : sequence of str, length 1 + q
        Of the journey rating and the columns, for messages: the column's own, and that of the data.
    """

    journey: Floats
    ratings: Floats
    columns: Floats
    y: Floats
    binary: bool
    count: Ints
    names: Sequence[str]
    owners: Sequence[str]

    @cached_property
    def mass(self) -> Floats:
        """Rows of each cell."""
        return self.count.astype(np.float64)

    @cached_property
    def scores(self) -> Scores:
        """The touchpoints as scores that may be missing."""
        used: Bools = np.isfinite(self.ratings)
        return Scores(np.where(used, self.ratings, 0.0), used, self.mass, np.ones(len(self.count)))

    @cached_property
    def standard(self) -> Standardised:
        """Journey rating and columns with mean 0 and mean square 1."""
        return standardise(np.column_stack([self.journey, self.columns]), self.mass, self.names)

    @cached_property
    def factor(self) -> CommonFactor | Flaw | None:
        """What the touchpoints have in common; None where there are too few of them."""
        return common_factor(self.scores) if self.ratings.shape[1] >= FEWEST_FOR_A_FACTOR else None

    @property
    def touchpoints(self) -> list[int]:
        """Where the touchpoints' values stand in the design, after the constant and the journey rating."""
        return list(range(2, 2 + self.ratings.shape[1]))


def measured(journeys: Journeys, design: Floats | None = None) -> Measured:
    """The regression of the outcome on everything as it was rated, or on another design (K, q)."""
    names, owners = ("(intercept)", *journeys.names), ("(intercept)", *journeys.owners)
    if design is None:
        design = np.column_stack([np.ones(len(journeys.count)), journeys.standard.matrix])
    if design.shape[1] != len(names):
        names = owners = tuple(f"column {j}" for j in range(design.shape[1]))
    weight = np.ones(len(design))
    if journeys.binary:
        logit = fit_logistic(design, journeys.y == 1, journeys.count, weight, names, owners)
        return Measured(design, logit.coefficients, logit.influence, journeys.mass)
    line = fit_linear(design, journeys.y, journeys.count, weight, names)
    return Measured(design, line.coefficients, line.influence, journeys.mass)


def rated_slope(journeys: Journeys, model: Measured) -> Estimate:
    """The slope of the journey rating beside touchpoints as they were rated."""
    return _standardised(journeys, float(model.slopes[1]), model.influence[:, 1])


def declared_slope(journeys: Journeys, model: Measured, reliability: Floats) -> Estimate | None:
    """The same, with touchpoints freed of noise by their reliabilities (k,); None where too little would be left."""
    found = freed_slope(model, declared_noise(model, journeys.touchpoints, reliability), 1)
    return None if found is None else _standardised(journeys, float(found.slopes[1]), found.influence)


def factor_slope(journeys: Journeys, factor: CommonFactor) -> Estimate | None:
    """The same, beside the touchpoints' common factor freed of noise, and what it leaves of each touchpoint.

    Loadings, unique variances and means are estimated too: their influence comes on top, by the derivatives of the
    slope, of which the design itself is a function.
    """
    parts = split(journeys.scores, factor)
    k = journeys.ratings.shape[1]
    z = journeys.standard.matrix
    ones = np.ones(len(z))
    model = measured(journeys, np.column_stack([ones, z[:, 0], parts.factor, parts.rest, z[:, 1 + k :]]))
    share = journeys.mass / journeys.mass.sum()
    noise = np.zeros((model.design.shape[1],) * 2)
    noise[2, 2] = share @ parts.variance
    own = (parts.variance - noise[2, 2]) / journeys.mass.sum()
    found = freed_slope(model, Noise(noise, lambda left, right: left[2] * right[2] * own), 1)
    if found is None:
        return None
    moves = derivatives(journeys.scores, factor, parts)
    gradient = _gradient(journeys, model, found, moves)
    influence = found.influence + factor_influence(journeys.scores, factor, gradient[:, None])[:, 0]
    return _standardised(journeys, float(found.slopes[1]), influence)


def _gradient(journeys: Journeys, model: Measured, found: Freed, moves: Iterable[Moved]) -> Floats:
    """Derivatives (3 k,) of the slope a' (M b + N s) by the factor's parameters, b and M moving with the design."""
    x, b, share = model.design, model.slopes, journeys.mass / journeys.mass.sum()
    fitted = x @ b
    mean = expit(fitted) if journeys.binary else fitted
    bend = share * (expit(fitted) * expit(-fitted) if journeys.binary else 1.0)
    left = share * (journeys.y - mean)
    information = (x * bend[:, None]).T @ x
    # a' M db, where db = information^-1 (what the score moves by)
    lever = np.linalg.solve(information, model.products @ found.row)
    moved = b - found.slopes
    along_row, along_moved, along_lever = x @ found.row, x @ moved, x @ lever
    gradient = []
    for move in moves:
        change = np.column_stack([move.factor, move.rest])
        at = slice(2, 2 + change.shape[1])
        of_score = left @ (change @ lever[at]) - (bend * along_lever) @ (change @ b[at])
        of_products = share @ ((change @ found.row[at]) * along_moved + along_row * (change @ moved[at]))
        of_noise = found.row[2] * found.slopes[2] * (share @ move.variance)
        gradient.append(of_score + of_products + of_noise)
    return np.array(gradient)


def missing(journeys: Journeys) -> Estimate:
    """In the place of an estimate that cannot be had."""
    return Estimate(np.nan, np.full(len(journeys.count), np.nan))


def _standardised(journeys: Journeys, slope: float, influence: Floats) -> Estimate:
    """The slope in SDs, which are estimated too: of the journey rating, and of a measured outcome."""
    squares = journeys.standard.matrix[:, 0] ** 2 - 1
    if not journeys.binary:
        y = standard_scores(journeys.y[:, None], journeys.mass)[:, 0]
        share = journeys.mass / journeys.mass.sum()
        sd = float(np.sqrt(share @ (journeys.y - share @ journeys.y) ** 2))
        slope, influence, squares = slope / sd, influence / sd, squares - (y**2 - 1)
    return Estimate(slope, influence + slope * squares / (2 * journeys.mass.sum()))


def journey_correlation(journeys: Journeys, reliability: float = 1.0) -> Estimate:
    """The correlation of journey rating and outcome, over the square root of a reliability that is known."""
    none = np.zeros(len(journeys.count))
    found = freed_correlation(journeys.journey, journeys.y, journeys.mass, 0.0, none)
    root = np.sqrt(reliability)
    return Estimate(found.estimate / root, found.influence / root)


@dataclass(frozen=True)
class TouchpointNoise:
    """Noise in each of k touchpoints.

    Attributes
    ----------
    variance, reliability : arrays, shape (k,)
        Its variance, and the share of the rating's that is not noise; NaN where there is no factor to tell.
    factor : CommonFactor or None
        Where the variances come from; None where they are given shares of those of the ratings.
    """

    variance: Floats
    reliability: Floats
    factor: CommonFactor | None


def noise_of(journeys: Journeys, reliability: Floats | None) -> TouchpointNoise:
    """The noise that reliabilities (k,) say, or else the common factor."""
    if reliability is not None:
        return TouchpointNoise((1 - reliability) * variances(journeys.scores), reliability, None)
    factor = journeys.factor
    if isinstance(factor, CommonFactor):
        return TouchpointNoise(factor.unique, factor.communality, factor)
    none = np.full(journeys.ratings.shape[1], np.nan)
    return TouchpointNoise(none, none, None)


def mean_correlation(journeys: Journeys, noise: TouchpointNoise | None) -> Estimate:
    """The correlation of outcome and mean of the touchpoints used: as it is, or freed of noise."""
    scores, mass = journeys.scores, journeys.mass
    number = scores.used.sum(axis=1)
    mean = (scores.values * scores.used).sum(axis=1) / number
    if noise is None:
        return freed_correlation(mean, journeys.y, mass, 0.0, np.zeros(len(mass)))
    share = mass / mass.sum()
    of_each = scores.used.T @ (share / number**2)
    inside = scores.used @ noise.variance / number**2
    influence = (inside - share @ inside) / mass.sum()
    if noise.factor is None:
        influence = influence + _variance_influence(scores, noise.variance) @ of_each
    else:
        gradient = np.concatenate([np.zeros_like(of_each), of_each, np.zeros_like(of_each)])
        influence = influence + factor_influence(scores, noise.factor, gradient[:, None])[:, 0]
    return freed_correlation(mean, journeys.y, mass, float(share @ inside), influence)


def variances(scores: Scores) -> Floats:
    """Variance of each score where it was used, shape (k,)."""
    mass = scores.mass[:, None] * scores.used
    share = mass / mass.sum(axis=0)
    found: Floats = (share * (scores.values - (share * scores.values).sum(axis=0)) ** 2).sum(axis=0)
    return found


def _variance_influence(scores: Scores, part: Floats) -> Floats:
    """Influence (K, k) on a fixed share of each variance, whose values now are ``part``."""
    mass = scores.mass[:, None] * scores.used
    mean = (mass * scores.values).sum(axis=0) / mass.sum(axis=0)
    whole = variances(scores)
    values: Floats = scores.used * ((scores.values - mean) ** 2 - whole) * (part / whole) / mass.sum(axis=0)
    return values
