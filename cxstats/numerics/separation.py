"""Whether predictors tell the outcomes apart perfectly, found exactly by linear programming.

A likelihood has no finite maximum if there is a direction in which no row loses and some row gains
(Albert & Anderson 1984, doi:10.1093/biomet/71.1.1). With one constraint a'd >= 0 per row that is a linear
program (Konis 2007, Linear programming algorithms for detecting separated data in binary logistic
regression models. DPhil thesis, University of Oxford). The same holds for the ordered probit, where a row
has a constraint for each of its two thresholds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import SeparationError, listed, rows

_BATCH = 1_000  # constraints added at a time: most are never needed
_TOLERANCES = (1e-10, 1e-7)  # of the solver; the second where the first is more than it can reach
_TOUCHES = 2e-7  # a margin between this and its negative is 0: columns are standardised
_GAINS = 1e-6


@dataclass(frozen=True)
class Constraints:
    """What a direction d must fulfil to lead nowhere down: ``matrix @ d >= 0``.

    Attributes
    ----------
    matrix : array, shape (C, m)
    row : int array, shape (C,)
        The cell that each constraint belongs to.
    owner : tuple, length m
        The predictor of each column, None for intercept and thresholds.
    """

    matrix: Floats
    row: Ints
    owner: tuple[str | None, ...]


def refuse_separated(given: Constraints, count: Ints) -> None:
    """Raise a SeparationError that names the predictors, if they separate."""
    names = [name for name in dict.fromkeys(given.owner) if name is not None]
    if not _gaining(given, names).any():
        return
    alone = [name for name in names if _gaining(given, [name]).any()]
    found = alone or _irreducible(given, names)
    told = np.zeros(len(count), dtype=bool)
    told[given.row[_gaining(given, found)]] = True
    raise SeparationError(_message(found, bool(alone), int(count[told].sum()), int(count.sum())))


def _irreducible(given: Constraints, names: Sequence[str]) -> list[str]:
    """Predictors that separate together, none of which could be left out."""
    kept = list(names)
    for name in names:
        fewer = [other for other in kept if other != name]
        if _gaining(given, fewer).any():
            kept = fewer
    return kept


def _gaining(given: Constraints, names: Sequence[str]) -> Bools:
    """The constraints that can hold strictly, all others still holding, if only these predictors may move."""
    free = np.array([owner is None or owner in names for owner in given.owner])
    strict = np.zeros(len(given.matrix), dtype=bool)
    while not strict.all():
        # What is left may gain in another direction: the sum of both directions then gains everywhere.
        margin = given.matrix @ _best(given.matrix, given.matrix[~strict].sum(axis=0), free)
        more = (margin > _GAINS) & ~strict
        if margin.min() < -_TOUCHES or not more.any():
            break
        strict |= more
    return strict


def _best(matrix: Floats, gain: Floats, free: Bools) -> Floats:
    """Maximise gain'd over |d| <= 1 with matrix d >= 0, by adding the constraints that are broken."""
    if not gain.any():  # what some rows would gain others would lose
        return np.zeros(len(gain))
    gain = gain / np.abs(gain).max()  # a sum over a million rows is more than the solver's tolerances can take
    bounds = [(-1.0, 1.0) if may_move else (0.0, 0.0) for may_move in free]
    active = np.unique(np.linspace(0, len(matrix) - 1, min(len(matrix), _BATCH)).astype(np.int64))
    while True:
        direction = _solve(gain, matrix[active], bounds)
        margin = matrix @ direction
        margin[active] = 0.0
        worst = np.argpartition(margin, min(_BATCH, len(margin)) - 1)[:_BATCH]
        broken = worst[margin[worst] < -_TOUCHES / 2]
        if not len(broken):
            return direction
        active = np.concatenate([active, broken])


def _solve(gain: Floats, matrix: Floats, bounds: Sequence[tuple[float, float]]) -> Floats:
    """One linear programme. A solver that gives up has not said that nothing separates: that is an error."""
    from scipy.optimize import linprog

    for tolerance in _TOLERANCES:
        solved = linprog(
            -gain,
            -matrix,
            np.zeros(len(matrix)),
            bounds=bounds,
            method="highs",
            options={"primal_feasibility_tolerance": tolerance, "dual_feasibility_tolerance": tolerance},
        )
        if solved.status == 0 and solved.x is not None:
            return solved.x.astype(np.float64)
    raise ArithmeticError(f"The linear programme that looks for separation was not solved: {solved.message}")


def _message(names: Sequence[str], alone: bool, told: int, total: int) -> str:
    how = ("does so" if len(names) == 1 else "each do so alone") if alone else "do so together"
    return (
        f"No predictor may tell the outcomes apart perfectly, but {listed(names)} {how} in {told:,} of {rows(total)}, "
        "so no finite estimate exists.\nMerge rare levels or leave the predictor out; a score that separates is "
        "suspicious: check that it was not asked after the outcome, or computed from it."
    )
