"""Many fits of one model at once: generalised linear models on the training sets of cross-validation.

All training sets share their distinct rows of predictors and differ in the counts alone, so that one
matrix product serves all of them. The links are canonical, and every likelihood is concave.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, gammaln, logit, xlogy

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import SeparationError
from cxstats.numerics.estimable import Given, Outcomes, refuse_inestimable
from cxstats.numerics.logistic import unsettled

_STEPS, _HALVINGS = 50, 30
# Squared length of the last step, in standard errors of one row and at most in standard errors: what is left
# to go after it is about its square.
_CONVERGED, _NEAR = 1e-12, 1e-6
_ROUNDING = 1e-12
# Smallest eigenvalue of the information, columns being standardised, relative to that of the mean. Below this,
# columns nearly repeat each other, or a fit is on its way to infinity: what makes it so small is looked into.
_THIN = 1e-5
_BLOCK = 40_960  # numbers at a time: what stays in the processor's cache is several times faster


@dataclass(frozen=True)
class Family:
    """A distribution with its canonical link.

    ``mean`` and ``variance`` are functions of the linear predictor; ``moments`` gives both, after the
    cumulant, whose derivatives they are; ``loss(y, eta)`` is minus the log-likelihood of a row (half the
    squared error for a Gaussian one, whose variance is left open); ``start`` is the linear predictor of a
    mean; ``outcomes`` says what makes estimates run to infinity.
    """

    name: str
    mean: Callable[[Floats], Floats]
    variance: Callable[[Floats], Floats]
    moments: Callable[[Floats], tuple[Floats, Floats, Floats]]
    loss: Callable[[Floats, Floats], Floats]
    start: Callable[[Floats], Floats]
    outcomes: Outcomes


def _binomial_loss(y: Floats, eta: Floats) -> Floats:
    away = np.where(y == 1, -eta, eta)
    loss: Floats = np.maximum(away, 0) + np.log1p(np.exp(-np.abs(away)))
    return loss


def _bernoulli_variance(eta: Floats) -> Floats:
    chance: Floats = expit(eta)
    return chance * expit(-eta)


def _bernoulli_moments(eta: Floats) -> tuple[Floats, Floats, Floats]:
    """With one exponential and one logarithm per entry, which is what a fit spends its time on."""
    small = np.exp(-np.abs(eta))
    share = 1 / (1 + small)
    mean: Floats = np.where(eta >= 0, share, small * share)
    cumulant: Floats = np.maximum(eta, 0) - np.log(share)
    return cumulant, mean, small * share * share


def _poisson_moments(eta: Floats) -> tuple[Floats, Floats, Floats]:
    mean: Floats = np.exp(eta)
    return mean, mean, mean


def _poisson_loss(y: Floats, eta: Floats) -> Floats:
    loss: Floats = np.exp(eta) - y * eta + gammaln(y + 1)
    return loss


BINOMIAL = Family("binomial", expit, _bernoulli_variance, _bernoulli_moments, _binomial_loss, logit, "binary")
GAUSSIAN = Family(
    "gaussian",
    lambda eta: eta,
    np.ones_like,
    lambda eta: (eta**2 / 2, eta, np.ones_like(eta)),
    lambda y, eta: (y - eta) ** 2 / 2,
    lambda mean: mean,
    "measured",
)
POISSON = Family("poisson", np.exp, np.exp, _poisson_moments, _poisson_loss, np.log, "count")


@dataclass(frozen=True)
class Patterns:
    """The distinct rows of predictors of one model.

    Attributes
    ----------
    design : array, shape (P, q)
        Its first column is the column of ones; the others are standardised.
    pattern : int array, shape (J,)
        For each joint row of all models, the number of its pattern.
    """

    design: Floats
    pattern: Ints

    @cached_property
    def _alone(self) -> bool:
        """Whether every joint row is its own pattern, in the same order."""
        return len(self.design) == len(self.pattern) and bool((self.pattern == np.arange(len(self.pattern))).all())

    def summed(self, values: Floats) -> Floats:
        """Sums (B, P) over the joint rows (B, J) of each pattern."""
        if self._alone:
            return values
        return self.added(values.ravel(), *np.divmod(np.arange(values.size), len(self.pattern)), len(values))

    def added(self, values: Floats, line: Ints, joint: Ints, lines: int) -> Floats:
        """The same for single entries: each with its value, its line, its joint row."""
        size = len(self.design)
        place = line * size + (joint if self._alone else self.pattern[joint])
        sums: Floats = np.bincount(place, weights=values, minlength=lines * size).astype(np.float64, copy=False)
        return sums.reshape(lines, size)


@dataclass(frozen=True)
class Fits:
    """B fits: parameters (B, q), Akaike's criterion (B,) with the effective number of parameters, likelihood.

    The log-likelihood (B,) is without the penalty, and up to a constant of the outcomes.
    """

    parameters: Floats
    criterion: Floats
    likelihood: Floats


@dataclass(frozen=True)
class _Sets:
    """B training sets.

    The design, column by column (q, P); what the outcomes say (B, q); the rows of each pattern (B, P), and of
    all (B,); the information that one mean has without predictors (B,); the penalty (q,).
    """

    design: Floats
    score: Floats
    mass: Floats
    rows: Floats
    plain: Floats
    family: Family
    penalty: Floats


def fit_training(
    design: Floats,
    total: Floats,
    mass: Floats,
    family: Family,
    ridge: float = 0.0,
    *,
    start: Floats | None = None,
    names: Sequence[str] | None = None,
    owners: Sequence[str] | None = None,
) -> Fits:
    """Fit the model on each of B training sets by Newton's method with step halving.

    Parameters
    ----------
    design : array, shape (P, q)
        Of each pattern; its first column is the column of ones, the others are standardised.
    total, mass : arrays, shape (B, P)
        Sum of the outcome, and number of rows, of each pattern in each training set.
    family : Family
    ridge : float
        Penalty ridge / 2 on the squared standardised slopes, in units of one row's log-likelihood.
    start : array, shape (q,), optional
        Parameters that are near, such as those of all rows.
    names, owners : sequence of str, length q - 1
        For messages: of each column but the first, and of the column of the data that it comes from.

    Raises
    ------
    SeparationError, ColumnError, TooFewError
        A training set without a finite estimate: outcomes told apart, columns that repeat each other, or
        outcomes that do not vary.
    """
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0

    def look_into(suspect: Bools) -> None:
        for b in np.flatnonzero(suspect):
            refuse_inestimable(Given(design, total[b], mass[b], family.outcomes, names, owners), penalised=ridge > 0)

    rows = mass.sum(axis=1)
    share = total.sum(axis=1) / rows
    if family is not GAUSSIAN:
        look_into(np.asarray((share <= 0) | ((share >= 1) & (family is BINOMIAL))))
    mean = family.start(share)
    plain = rows * family.variance(mean)
    sets = _Sets(np.ascontiguousarray(design.T), total @ design, mass, rows, plain, family, penalty)
    parameters = np.zeros(sets.score.shape) if start is None else np.tile(start, (len(mass), 1))
    if start is None:
        parameters[:, 0] = mean
    with np.errstate(over="ignore", invalid="ignore"):  # of a fit that runs away, which is then looked into
        parameters, here, reached = _climbed(parameters, _points(parameters, sets), sets)
        look_into(~reached | _thin(here, sets))
    if not reached.all():
        raise SeparationError(unsettled(_STEPS))
    likelihood = here.likelihood + (penalty * parameters**2).sum(axis=1) / 2
    return Fits(parameters, 2 * (_effective(here, penalty) - likelihood), likelihood)


@dataclass(frozen=True)
class _Points:
    """Penalised log-likelihoods (B,), gradients (B, q), information (B, q, q)."""

    likelihood: Floats
    gradient: Floats
    information: Floats


def _points(parameters: Floats, sets: _Sets) -> _Points:
    (b, q), z, family = parameters.shape, sets.design, sets.family
    upper = np.triu_indices(q)
    likelihood = (parameters * sets.score).sum(axis=1) - (sets.penalty * parameters**2).sum(axis=1) / 2
    gradient = sets.score - sets.penalty * parameters
    packed = np.zeros((b, len(upper[0])))
    size = max(512, _BLOCK // b)
    for first in range(0, z.shape[1], size):
        part, n = z[:, first : first + size], sets.mass[:, first : first + size]
        cumulant, mean, variance = family.moments(parameters @ part)
        likelihood -= np.einsum("bp,bp->b", n, cumulant)
        gradient -= (n * mean) @ part.T
        packed += (n * variance) @ (part[upper[0]] * part[upper[1]]).T
    information = np.empty((b, q, q))
    information[:, upper[0], upper[1]] = packed
    information[:, upper[1], upper[0]] = packed
    return _Points(likelihood, gradient, information + np.diag(sets.penalty))


def _thin(at: _Points, sets: _Sets) -> Bools:
    """Which fits have an information that is 0, or nearly, in some direction."""
    usable: Bools = np.asarray(np.isfinite(at.information).all(axis=(1, 2)))
    lowest = np.linalg.eigvalsh(np.where(usable[:, None, None], at.information, 0.0))[:, 0]
    thin: Bools = lowest <= _THIN * sets.plain
    return thin


def _climbed(parameters: Floats, here: _Points, sets: _Sets) -> tuple[Floats, _Points, Bools]:
    """Parameters at the top, what is there, and which fits arrived."""
    reached = np.zeros(len(parameters), dtype=bool)
    for _ in range(_STEPS):
        step = _solved(here)
        if step is None:
            break
        parameters, here, length = _forward(parameters, step, here, sets)
        reached = length <= np.minimum(_CONVERGED * sets.rows, _NEAR)
        if reached.all():
            break
    return parameters, here, reached


def _forward(parameters: Floats, step: Floats, here: _Points, sets: _Sets) -> tuple[Floats, _Points, Floats]:
    """Each fit moved by its step, halved as long as that lowers its likelihood, and the squared length moved."""
    floor = here.likelihood - _ROUNDING * np.abs(here.likelihood)
    for _ in range(_HALVINGS):
        moved = _points(parameters + step, sets)
        lower = ~(moved.likelihood >= floor)
        if not lower.any():
            break
        step = np.where(lower[:, None], step / 2, step)
    else:
        step, moved = np.zeros_like(step), here
    return parameters + step, moved, (step * here.gradient).sum(axis=1)


def _solved(at: _Points) -> Floats | None:
    """Newton's steps; None where an information is not a matrix to be inverted."""
    try:
        step: Floats = np.linalg.solve(at.information, at.gradient[:, :, None])[:, :, 0].astype(np.float64)
    except np.linalg.LinAlgError:
        return None
    return step if np.isfinite(step).all() else None


def _effective(at: _Points, penalty: Floats) -> Floats:
    """Effective number of parameters: tr((H + penalty)^-1 H), all of them without a penalty."""
    bare = at.information - np.diag(penalty)
    effective: Floats = np.trace(np.linalg.solve(at.information, bare), axis1=1, axis2=2)
    return effective


def level_rates(total: Floats, mass: Floats) -> Fits:
    """Mean outcome of each pattern, drawn a little to that of all rows: each pattern gets one such row.

    Without it, a level in which every training row had the good outcome would promise it for certain, and
    a single row to the contrary would cost an infinite loss.
    """
    everywhere = (total.sum(axis=1) / mass.sum(axis=1))[:, None]
    rate = (total + everywhere) / (mass + 1)
    likelihood = (xlogy(total, rate) + xlogy(mass - total, 1 - rate)).sum(axis=1)
    used = (mass > 0).sum(axis=1)
    return Fits(logit(rate), 2 * (used - likelihood), likelihood)
