"""What makes a column suspicious of knowing the outcome: four rules, and the sentence that each leaves."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import Cells
from cxstats.coding import upward
from cxstats.columns import codes, is_missing
from cxstats.errors import listed, number, rows
from cxstats.numerics.leakage import (
    PureLevels,
    Tie,
    even_cut,
    pure_levels,
    tie_of_levels,
    tie_of_score,
    tie_of_times,
)
from cxstats.outcomes import Ordered, good_is_high, times_of
from cxstats.results import shown
from cxstats.roles import Binary, Survival, outcome_columns

Role = Literal["metric", "control"]
SUSPICIOUS_AREA, SUSPICIOUS_CONCORDANCE = 0.95, 0.90
PURE_SHARE = 0.5
CERTAIN_EXCEPTIONS = 30.0
FEWEST_PAIRS = 10
LEVEL = 0.95


@dataclass(frozen=True)
class Examined:
    """One column: how it goes with the outcome where it is known, and its levels without exception."""

    name: str
    role: Role
    text: bool
    n: int
    tie: Tie
    pure: PureLevels
    pure_names: tuple[str, ...]
    of_rarer: float
    notes: tuple[str, ...]


def examined(kept: Cells, target: Ordered | Survival, name: str) -> Examined:
    """Look at one column; of a time until an event, levels are set against whether the event was seen."""
    cells = kept.select(*outcome_columns(target), name)
    values, scale = cells[name], cells.roles.metrics.get(name)
    text, level = values.dtype == object, codes(values)[0]
    y, mass = _told_apart_by(target, cells), cells.count * cells.row_weight
    on = text | ~is_missing(values)
    used = cells.where(on)
    rows_used = (y[on], used.count, used.row_weight, used.cluster_codes)
    if text:
        found = tie_of_levels(level, *rows_used)
    else:
        score = (values if scale is None else upward(scale, values))[on]
        if isinstance(target, Survival):
            later_is_better = 1.0 if target.good == 0 else -1.0
            found = tie_of_times(later_is_better * score, times_of(target, used.columns), *rows_used[1:])
        else:
            found = tie_of_score(score, *rows_used)
    if np.isnan(found.estimate):  # whoever has the column shares one outcome: only having it can tell
        level, values = on.astype(np.int64), np.where(on, "answered", "missing")
    good = even_cut(y, mass)
    pure = pure_levels(level, good, cells.count, mass, cells.cluster_codes)
    at = dict.fromkeys(values[np.isin(level, pure.levels)].tolist())
    of_rarer = pure.of_good if mass[good].sum() <= mass[~good].sum() else pure.of_bad
    notes = list(found.notes)
    if text and 2 * (n_levels := len(codes(values)[1])) > used.n:
        notes.append(f"'{name}' has {n_levels:,} values in {rows(used.n)}: it is nearly a key, and predicts nothing.")
    if found.perfect and found.pairs < FEWEST_PAIRS:
        notes.append(f"'{name}' tells all outcomes apart, but in {found.pairs} pairs of customers that may be luck.")
    names = tuple("missing" if value is None else str(value) for value in at)
    role: Role = "control" if scale is None else "metric"
    return Examined(name, role, text, used.n, found, pure, names, of_rarer, tuple(notes))


def _told_apart_by(target: Ordered | Survival, cells: Cells) -> Floats:
    if isinstance(target, Survival):
        return np.where(cells[target.event] == target.good, 1.0, 0.0)
    return good_is_high(target, cells[target.column])


def name_of(target: Ordered | Survival) -> str:
    """The column that messages call the outcome."""
    return target.event if isinstance(target, Survival) else target.column


_WORDS: dict[Role, str] = {
    "metric": (
        "Satisfaction goes with what customers later do at an area near .6, so this score may have been asked after "
        "the outcome, or computed from it. Check when the question was asked and where the number comes from"
    ),
    "control": (
        "This control may contain the outcome, or have been recorded after it. "
        "Check when it was recorded and what it is made of"
    ),
}


def reason_of(found: Examined, target: Ordered | Survival) -> str:
    """What makes a column suspicious, why, and what to check; empty where nothing does."""
    signs = [sign for sign in (_too_good(found.tie, target), _pure(found), _contained(found, target)) if sign]
    if not signs:
        return ""
    return (
        f"'{found.name}' knows the outcome '{name_of(target)}' too well: {'; '.join(signs)}. "
        f"{_WORDS[found.role]}, and leave it out until that is clear."
    )


def _too_good(found: Tie, target: Ordered | Survival) -> str:
    """Rules 1 and 2: the limits of the area, and no contradiction at all."""
    binary = isinstance(target, Binary)
    what, bound = ("area", SUSPICIOUS_AREA) if binary else ("concordance", SUSPICIOUS_CONCORDANCE)
    if found.perfect and found.pairs >= FEWEST_PAIRS:
        order = "the order" if found.estimate > 0.5 else "the opposite order"
        return (
            f"it puts all customers in {order} of the outcome, in {found.pairs:,} pairs and more without an exception"
        )
    limits = found.limits(LEVEL)
    if not (limits.low > bound or limits.high < 1 - bound):
        return ""
    over = f"above {number(bound)}" if limits.low > bound else f"below {shown(1 - bound)}, the wrong way round,"
    low, high = shown(float(limits.low)), shown(float(limits.high))
    return f"its {what} is {shown(found.estimate)} (95% limits {low} to {high}), where {over} is suspicious"


def _pure(found: Examined) -> str:
    """Rule 3: half of the customers with the rarer outcome at levels where nobody has the other one."""
    if found.of_rarer < PURE_SHARE:
        return ""
    pure = found.pure
    share, good, bad = (shown(100 * value, 3) for value in (pure.share, pure.of_good, pure.of_bad))
    return (
        f"{share}% of customers are at levels without a single exception, {good}% of those with a good outcome and "
        f"{bad}% of those with a bad one (by luck 1 in 10^{-pure.log10_luck:.0f})"
    )


def _contained(found: Examined, target: Ordered | Survival) -> str:
    """Rule 4: a level of text, or having the column at all, that goes with one outcome only."""
    if found.pure.exceptions < CERTAIN_EXCEPTIONS:
        return ""
    if np.isnan(found.tie.estimate):
        return "whoever has it shares one outcome"
    if not found.text or not isinstance(target, Binary | Survival):
        return ""
    return f"{listed(found.pure_names)} {'has' if len(found.pure_names) == 1 else 'have'} one outcome only"
