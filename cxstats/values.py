"""Whether the values of the columns are what their roles say; tested on cells, so the cost is small."""

import math
from collections.abc import Mapping

import numpy as np

from cxstats.arrays import Bools, Column, Floats, Ints
from cxstats.columns import codes, is_missing
from cxstats.errors import ColumnError, OffScaleError, number, rows
from cxstats.roles import Binary, Count, Rating, Roles, Survival
from cxstats.scales import Scale

_SHOWN = 5  # distinct values that a message names


def check_values(columns: Mapping[str, Column], count: Ints, roles: Roles) -> None:
    """Refuse text and infinities in numeric columns, scores off their scale, impossible outcomes."""
    for name in roles.numeric:
        check_numbers(name, columns[name], count)
    for name in roles.keys:
        values = columns[name]
        if values.dtype != object:
            _refuse(
                np.isinf(values), values, count, f"'{name}' must hold finite numbers", "Set those values to missing."
            )
    for name, scale in roles.metrics.items():
        check_scale(name, columns[name], count, scale, f'metrics={{"{name}": ', "}")
    _check_outcome(columns, count, roles)
    if roles.weight is not None:
        weight = columns[roles.weight]
        _refuse(
            weight < 0, weight, count, f"The weight '{roles.weight}' must hold numbers from 0 up", "Drop those rows."
        )


def check_numbers(name: str, values: Column, count: Ints) -> None:
    """Refuse text."""
    if values.dtype != object:
        return
    present = ~is_missing(values)
    words = present.copy()
    words[present] = [not _spells_number(text) for text in values[present]]
    if not words.any():
        raise ColumnError(f"'{name}' must hold numbers, but it holds numbers spelt as text.\nCast it to numbers first.")
    raise ColumnError(
        f"'{name}' must hold numbers, but it holds text: {_found(values[words], count[words])}."
        "\nRecode it to numbers first; a score that was not given is a missing value."
    )


def _spells_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def check_scale(name: str, values: Floats, count: Ints, scale: Scale, role: str, close: str) -> None:
    """Refuse scores off their scale; ``role`` and ``close`` say around the new scale how it would be passed."""
    present = ~np.isnan(values)
    off = present & ((values < scale.low) | (values > scale.high))
    if scale.whole:
        off |= present & (values != np.floor(values))
    if not off.any():
        return
    must = f"{'whole numbers' if scale.whole else 'numbers'} {number(scale.low)} to {number(scale.high)}"
    n, total = int(count[off].sum()), int(count.sum())
    wider = min(scale.low, float(values[off].min())), max(scale.high, float(values[off].max()))
    whole = scale.whole and bool((values[off] == np.floor(values[off])).all())
    raise OffScaleError(
        f"'{name}' must hold {must} ({scale.name or 'its scale'}), "
        f"but {n:,} of {rows(total)} {'does' if n == 1 else 'do'} not: {_found(values[off], count[off])}.",
        f"Recode or drop them, or pass {role}{_called(wider, scale.higher_is_better, whole)}{close}.",
        column=name,
        off=tuple(np.unique(values[off])[:_SHOWN].tolist()),
        wider=wider,
        high_is_good=scale.higher_is_better,
        whole=whole,
    )


def _called(bounds: tuple[float, float], higher_is_better: bool, whole: bool) -> str:
    """The call for a scale."""
    flags = ["" if higher_is_better else "higher_is_better=False", "" if whole else "whole=False"]
    return f"Scale({', '.join([*map(number, bounds), *filter(None, flags)])})"


def _check_outcome(columns: Mapping[str, Column], count: Ints, roles: Roles) -> None:
    outcome = roles.outcome
    if isinstance(outcome, Rating):
        name, values = outcome.column, columns[outcome.column]
        check_scale(name, values, count, outcome.scale, f'outcome=Rating("{name}", ', ")")
    elif isinstance(outcome, Binary | Survival):
        name = outcome.column if isinstance(outcome, Binary) else outcome.event
        values = columns[name]
        off = ~np.isnan(values) & (values != 0) & (values != 1)
        _refuse(off, values, count, f"The outcome '{name}' must hold 0 and 1", "Recode it to 0 and 1.")
        if isinstance(outcome, Survival):
            _check_times(columns, count, outcome)
    elif isinstance(outcome, Count):
        values = columns[outcome.column]
        off = ~np.isnan(values) & ((values < 0) | (values != np.floor(values)))
        _refuse(off, values, count, f"'{outcome.column}' must hold whole numbers from 0 up", "Recode or drop them.")


def _check_times(columns: Mapping[str, Column], count: Ints, outcome: Survival) -> None:
    """Refuse times that ended before they began."""
    time = columns[outcome.time]
    if outcome.entry is None:
        _refuse(
            time < 0,
            time,
            count,
            f"The time '{outcome.time}' must hold numbers from 0 up",
            "Check its dates, or drop them.",
        )
        return
    entry = columns[outcome.entry]
    off = time <= entry
    if off.any():
        at = int(np.flatnonzero(off)[0])
        n, total = int(count[off].sum()), int(count.sum())
        raise ColumnError(
            f"The time '{outcome.time}' must lie above '{outcome.entry}', from which on the customer was watched, but "
            f"{n:,} of {rows(total)} {'does' if n == 1 else 'do'} not: for example {number(float(time[at]))} with "
            f"{number(float(entry[at]))}.\nDrop customers who were never watched, or check how the two were computed."
        )


def _refuse(off: Bools, values: Column, count: Ints, must: str, mend: str) -> None:
    if off.any():
        n, total = int(count[off].sum()), int(count.sum())
        does = "does" if n == 1 else "do"
        raise ColumnError(f"{must}, but {n:,} of {rows(total)} {does} not: {_found(values[off], count[off])}.\n{mend}")


def _found(values: Column, count: Ints, limit: int = _SHOWN) -> str:
    """The distinct values with their rows, the most frequent first."""
    numbers, levels = codes(values)
    totals = np.zeros(len(levels), dtype=np.int64)
    np.add.at(totals, numbers, count)
    order = np.argsort(-totals, kind="stable")
    told = [f"{_value(levels[i])} ({rows(int(totals[i]))})" for i in order[:limit]]
    left = len(order) - limit
    more = f" and {left:,} more value{'' if left == 1 else 's'}" if left > 0 else ""
    return ", ".join(told) + more


def _value(level: str | float) -> str:
    """A value as the data hold it; text is cut, since a message must not grow with the data."""
    if not isinstance(level, str):
        return number(level)
    return repr(level if len(level) <= 40 else f"{level[:40]}…")
