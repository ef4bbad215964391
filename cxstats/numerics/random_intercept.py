"""Logistic regression on counts with a normal intercept per firm, by adaptive Gauss-Hermite quadrature."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.polynomial.hermite import hermgauss
from scipy.special import expit, log_expit, logsumexp

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import SeparationError
from cxstats.numerics.design import column_names, standardise
from cxstats.numerics.logistic import fit_logistic, unsettled
from cxstats.numerics.newton import Climb, Point, climb

# Of the quadrature: few to come near, then more. With an SD of 2, 25 are right to 1e-6; 101 are taken where the
# intercepts lie so far apart that the likelihood would be rugged with 25.
NEAR, NODES = 7, (25, 101)
LOOKS = 60  # at the likelihood in one climb; 5 to 20 are usual
_BLOCK = 100_000  # log-odds held at once
_START = 0.5  # SD of the intercepts to climb from
_NO_SPREAD = 1e-6  # the likelihood is even in the SD: a climb that ends so near to 0 was on its way there
_MODE_STEPS, _MODE_SETTLED = 100, 1e-8
_FLAT = 1e-10  # eigenvalues of the information, relative to the largest, below which there is no parabola


@dataclass(frozen=True)
class RandomIntercept:
    """Maximum likelihood of log-odds x'b + spread u, with u standard normal per firm.

    The parameters are the q coefficients and, last, the spread: m = q + 1.

    Attributes
    ----------
    coefficients : array, shape (q,)
        Log-odds given the firm's own intercept.
    spread : float
        SD of the firms' intercepts, 0 or above.
    score : array, shape (F, m)
        Derivatives of each firm's log-likelihood.
    slope : array, shape (F, m)
        Of the score, in the firm's log-odds: what it would be more if all of them were up by one.
    inverse : array, shape (m, m)
        Of the information: the covariance of the parameters if the model is right.
    log_likelihood : float
    """

    coefficients: Floats
    spread: float
    score: Floats
    slope: Floats
    inverse: Floats
    log_likelihood: float

    @property
    def influence(self) -> Floats:
        """Influence of each firm on each coefficient, shape (F, q)."""
        return (self.score @ self.inverse)[:, :-1]

    def moved(self, column: int) -> Floats:
        """Change of the coefficients as a column that is constant within firms goes up by one in a firm, (F, q)."""
        by_score = np.outer(self.score[:, 0], self.inverse[column])
        change: Floats = self.coefficients[column] * (self.slope @ self.inverse) + by_score
        return change[:, :-1]


def fit_random_intercept(
    design: Floats,
    positive: Bools,
    count: Ints,
    firm: Ints,
    names: Sequence[str] | None = None,
    predictors: Sequence[str] | None = None,
    nodes: Sequence[int] = NODES,
) -> RandomIntercept:
    """Fit by Newton's method with step halving.

    Parameters
    ----------
    design : array, shape (K, q)
        Its first column is the column of ones.
    positive : bool array, shape (K,)
        Whether the outcome is the one whose log-odds are modelled.
    count : int array, shape (K,)
    firm : int array, shape (K,)
        Number of each cell's firm, 0 to F - 1, all of which occur.
    names, predictors : sequence of str, length q
        For messages, as in `fit_logistic`.
    nodes : sequence of int
        Points of the quadrature, around the mode of each firm's integrand; the next number is tried where the
        climb did not come to an end with the one before.

    Raises
    ------
    TooFewError, ColumnError, SeparationError
        As in `fit_logistic`; also where the firms' intercepts run away.
    """
    names = ("(intercept)", *column_names(design.shape[1] - 1)) if names is None else names
    plain = fit_logistic(design, positive, count, np.ones(len(count)), names, predictors)
    order = np.argsort(firm, kind="stable")
    mapped = standardise(design[:, 1:], count.astype(np.float64), names[1:])
    z = np.hstack([design[:, :1], mapped.matrix])[order]
    table = _Table(z, np.where(positive, count, 0)[order], np.where(positive, 0, count)[order], firm[order])
    back, to_standard = mapped.to_given, _to_standard(mapped.mean, mapped.scale)
    start = np.append(to_standard[:-1, :-1] @ plain.coefficients, _START)
    top, at = _climbed(table, start, nodes)
    wide = np.eye(len(top))
    wide[:-1, :-1] = back
    inverse = wide @ np.linalg.inv(at.information) @ wide.T
    return RandomIntercept(
        coefficients=back @ top[:-1],
        spread=float(top[-1]),
        score=at.score @ to_standard,
        slope=at.slope @ to_standard,
        inverse=(inverse + inverse.T) / 2,
        log_likelihood=float(at.likelihood.sum()),
    )


@dataclass(frozen=True)
class _Table:
    """Cells sorted by firm: standardised design, rows with either outcome, number of the firm."""

    z: Floats
    good: Ints
    bad: Ints
    firm: Ints

    def blocks(self, nodes: int) -> "Iterator[_Table]":
        """A few firms at a time, so that memory does not grow with the data."""
        starts = np.flatnonzero(np.diff(self.firm, prepend=-1))
        part = starts * nodes // _BLOCK
        edges = [*starts[np.flatnonzero(np.diff(part, prepend=-1))], len(self.firm)]
        for low, high in pairwise(edges):
            number = self.firm[low:high] - self.firm[low]
            yield _Table(self.z[low:high], self.good[low:high], self.bad[low:high], number)


@dataclass(frozen=True)
class _Evaluated:
    """Per firm the log-likelihood (F,), score (F, m) and slope (F, m); the information (m, m) of all."""

    likelihood: Floats
    score: Floats
    slope: Floats
    information: Floats


def _climbed(table: _Table, start: Floats, nodes: Sequence[int]) -> tuple[Floats, _Evaluated]:
    """The parameters at the top, the spread not below 0, and the likelihood there."""
    steps = 0
    for number in (NEAR, *nodes):
        ended = _climb(table, start, number)
        if ended.converged and number == NEAR:
            start = ended.top.parameters
            continue
        if ended.converged:
            top = ended.top.parameters.copy()
            top[-1] = abs(top[-1]) if abs(top[-1]) > _NO_SPREAD else 0.0
            return top, _evaluate(table, top, number)
        steps += ended.iterations
    raise SeparationError(unsettled(steps))


def _climb(table: _Table, start: Floats, nodes: int) -> Climb:
    """A climb that is given up where steps keep being halved: with too few nodes the likelihood is rugged."""
    looks = iter(range(LOOKS))

    def at(parameters: Floats) -> Point | None:
        return None if next(looks, None) is None else _point(table, parameters, nodes)

    return climb(at, start, float((table.good + table.bad).sum()))


def _point(table: _Table, parameters: Floats, nodes: int) -> Point:
    """For the climb: where the likelihood is no hill, the parabola is turned round so that every step goes up."""
    at = _evaluate(table, parameters, nodes)
    values, vectors = np.linalg.eigh(at.information)
    size = np.maximum(np.abs(values), _FLAT * np.abs(values).max())
    return Point(parameters, float(at.likelihood.sum()), at.score.sum(axis=0), (vectors * size) @ vectors.T)


def _evaluate(table: _Table, parameters: Floats, nodes: int) -> _Evaluated:
    parts = [_block(block, parameters, nodes) for block in table.blocks(nodes)]
    return _Evaluated(
        np.concatenate([part.likelihood for part in parts]),
        np.vstack([part.score for part in parts]),
        np.vstack([part.slope for part in parts]),
        np.sum([part.information for part in parts], axis=0),
    )


def _block(table: _Table, parameters: Floats, nodes: int) -> _Evaluated:
    """Louis (1982): derivatives of the integral are moments, over the firm's posterior, of those of the integrand."""
    starts = np.flatnonzero(np.diff(table.firm, prepend=-1))
    eta, spread = table.z @ parameters[:-1], parameters[-1]
    u, log_weight = _placed(table, starts, eta, spread, nodes)  # (F, Q)
    odds = eta[:, None] + spread * u[table.firm]  # (K, Q)
    total = (table.good + table.bad)[:, None]
    log_good = log_expit(odds)
    log_chance = total * log_good - table.bad[:, None] * odds  # log_expit(-odds) is log_expit(odds) - odds
    log_joint = np.add.reduceat(log_chance, starts) - u**2 / 2 + log_weight
    likelihood: Floats = logsumexp(log_joint, axis=1)
    posterior = np.exp(log_joint - likelihood[:, None])
    chance = np.exp(log_good)
    miss = table.good[:, None] - total * chance
    by_node = [np.add.reduceat(miss * column[:, None], starts) for column in table.z.T]
    scores = np.stack([*by_node, by_node[0] * u], axis=2)  # (F, Q, m)
    score = np.einsum("fq,fqi->fi", posterior, scores)
    # Of the second derivatives each cell needs only the moments of its p (1 - p) with 1, u and u squared.
    curve = total * chance * (1 - chance) * posterior[table.firm]
    places = u[table.firm]
    v0, v1, v2 = curve.sum(axis=1), (curve * places).sum(axis=1), (curve * places**2).sum(axis=1)
    slope = np.einsum("fq,fq,fqi->fi", posterior, scores[:, :, 0], scores) - score * score[:, :1]
    slope -= np.add.reduceat(np.column_stack([table.z * v0[:, None], v1]), starts)
    flat = (scores * posterior[:, :, None]).reshape(-1, len(parameters))
    information = score.T @ score - flat.T @ scores.reshape(flat.shape)
    information[:-1, :-1] += (table.z * v0[:, None]).T @ table.z
    information[:-1, -1] += table.z.T @ v1
    information[-1, :-1] += table.z.T @ v1
    information[-1, -1] += v2.sum()
    return _Evaluated(likelihood, score, slope, information)


def _placed(table: _Table, starts: Ints, eta: Floats, spread: float, nodes: int) -> tuple[Floats, Floats]:
    """Nodes and log-weights per firm, around the mode of its integrand: Liu & Pierce (1994)."""
    mode, curvature = _mode(table, starts, eta, spread)
    node, log_weight = _hermite(nodes)
    width = np.sqrt(2 / curvature)[:, None]
    # The density of u has 1 / sqrt(2 pi).
    return mode[:, None] + width * node, log_weight + np.log(width) - np.log(2 * np.pi) / 2


def _mode(table: _Table, starts: Ints, eta: Floats, spread: float) -> tuple[Floats, Floats]:
    """The u of each firm at which its integrand is largest, and the curvature of its logarithm there."""
    u = np.zeros(len(starts))
    total = table.good + table.bad
    for _ in range(_MODE_STEPS):
        chance = expit(eta + spread * u[table.firm])
        curvature = 1 + spread**2 * np.add.reduceat(total * chance * (1 - chance), starts)
        step = (spread * np.add.reduceat(table.good - total * chance, starts) - u) / curvature
        if np.abs(step).max() <= _MODE_SETTLED:
            break
        # Within one log-odds p (1 - p) changes by less than e: no step from there can run away.
        reach = 1 / max(abs(spread), 1e-3)
        u = u + np.clip(step, -reach, reach)
    return u, curvature


@lru_cache(maxsize=8)
def _hermite(nodes: int) -> tuple[Floats, Floats]:
    """Nodes, and logarithms of the weights for a plain integral over them."""
    node, weight = hermgauss(nodes)
    return node, np.log(weight) + node**2


def _to_standard(mean: Floats, scale: Floats) -> Floats:
    """Matrix (m, m) that takes the parameters to those on standardised columns."""
    matrix = np.diag(np.concatenate([[1.0], scale, [1.0]]))
    matrix[0, 1:-1] = mean
    return matrix
