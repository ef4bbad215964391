"""Whether the partial likelihood rises for ever, found exactly by linear programming.

It does if there is a direction in which, at every event time, those with the event are the highest of all at risk,
and somewhere someone is lower. Each pair of an event and a row at risk is a constraint; of so many, only those that a
direction breaks are ever written down, the worst of each event time.
"""

from collections.abc import Sequence

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import SeparationError, listed
from cxstats.numerics.cox_risk import RiskSets, sum_at_risk, sum_of_dead
from cxstats.numerics.cox_sums import CoxData

_BATCH = 1_000  # constraints added at a time
_TOLERANCE = 1e-10  # of the solver
_TOUCHES = 1e-7  # a lower event than this breaks a constraint: columns are standardised
_GAINS = 1e-6  # of a direction, relative to what its best column could gain
_NONE = 1e-12  # what rounding leaves of a sum of differences that cancel


def refuse_monotone(data: CoxData, owners: Sequence[str]) -> None:
    """Raise a SeparationError that names the predictors, if the likelihood rises for ever with them."""
    names = list(dict.fromkeys(owners))
    if not _rises(data, owners, names):
        return
    alone = [name for name in names if _rises(data, owners, [name])]
    found = alone or _irreducible(data, owners, names)
    how = "each alone" if len(alone) > 1 else "together"
    which = listed(found) if len(found) == 1 else f"{listed(found)} {how}"
    raise SeparationError(
        f"No predictor may put the events in perfect order, but {which} would: whenever the event happened, it "
        "happened to those who were highest, or lowest, of all still at risk, so no finite estimate exists.\n"
        "Merge rare levels or leave the predictor out; a score that does this is suspicious: check that it was not "
        "asked after the event, or computed from it."
    )


def _irreducible(data: CoxData, owners: Sequence[str], names: Sequence[str]) -> list[str]:
    """Predictors that do so together, none of which could be left out."""
    kept = list(names)
    for name in names:
        fewer = [other for other in kept if other != name]
        if _rises(data, owners, fewer):
            kept = fewer
    return kept


def _rises(data: CoxData, owners: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the likelihood rises for ever in a direction in which only these predictors move."""
    free = np.array([owner in names for owner in owners])
    gain = np.where(free, _all_pairs(data), 0.0)
    if not gain.any():
        return False
    gain = gain / np.abs(gain).max()
    active = np.empty((0, len(gain)))
    while True:
        direction = _best(gain, active, free)
        if gain @ direction <= _GAINS:
            return False
        broken = _broken(data, direction)
        if not len(broken):
            return True
        active = np.vstack([active, broken])


def _all_pairs(data: CoxData) -> Floats:
    """Sum over event times, dead cells and cells at risk of the difference of their columns, shape (q,)."""
    ones = np.ones(len(data.z))
    at_risk, dead = sum_at_risk(data.sets, ones), sum_of_dead(data.sets, ones)
    gain = np.empty(data.z.shape[1])
    for j, column in enumerate(data.z.T):
        ahead, behind = at_risk @ sum_of_dead(data.sets, column), dead @ sum_at_risk(data.sets, column)
        size = at_risk @ sum_of_dead(data.sets, np.abs(column))
        gain[j] = ahead - behind if abs(ahead - behind) > _NONE * size else 0.0
    return gain


def _best(gain: Floats, active: Floats, free: Bools) -> Floats:
    """Maximise gain'd over |d| <= 1 with active d >= 0."""
    from scipy.optimize import linprog

    solved = linprog(
        -gain,
        -active if len(active) else None,
        np.zeros(len(active)) if len(active) else None,
        bounds=[(-1.0, 1.0) if may_move else (0.0, 0.0) for may_move in free],
        method="highs",
        options={"primal_feasibility_tolerance": _TOLERANCE, "dual_feasibility_tolerance": _TOLERANCE},
    )
    if solved.status != 0 or solved.x is None:  # a solver that gives up has not said that nothing separates
        raise ArithmeticError(f"The linear programme that looks for a perfect order was not solved: {solved.message}")
    return np.asarray(solved.x, dtype=np.float64)


def _broken(data: CoxData, direction: Floats) -> Floats:
    """The worst pair of each event time at which an event is not the highest, as constraints (C, q)."""
    values = data.z @ direction
    order = np.argsort(values, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    lowest = np.full(len(data.sets.deaths), len(order))
    np.minimum.at(lowest, data.sets.last[data.sets.dead], place[data.sets.dead])
    low, high = order[lowest], order[highest_at_risk(data.sets, place)]
    lack = values[high] - values[low]
    worst = np.argsort(-lack, kind="stable")[:_BATCH]
    worst = worst[lack[worst] > _TOUCHES]
    return np.unique(data.z[low[worst]] - data.z[high[worst]], axis=0)


def highest_at_risk(sets: RiskSets, values: Ints) -> Ints:
    """The highest of the values (K,), 0 or more, over the cells at risk at each event time, shape (E,).

    Two blocks of the longest power of two that fits cover the event times of a cell; from long to short, each block
    then hands its highest value to its two halves. O(K + E log E).
    """
    length = sets.last - sets.first + 1
    level = np.frexp(length)[1] - 1
    table = np.full((int(level.max()) + 1, len(sets.deaths)), -1)
    np.maximum.at(table, (level, sets.first), values)
    np.maximum.at(table, (level, sets.last + 1 - (1 << level)), values)
    for k in range(len(table) - 1, 0, -1):
        half = 1 << (k - 1)
        table[k - 1] = np.maximum(table[k - 1], table[k])
        table[k - 1, half:] = np.maximum(table[k - 1, half:], table[k, :-half])
    highest: Ints = table[0]
    return highest
