"""Whether the values of the columns are what their roles say; tested on cells, so the cost is small."""

from collections.abc import Mapping

import numpy as np

from cxstats.arrays import Bools, Column, Floats, Ints
from cxstats.errors import ColumnError, ScaleError, rows
from cxstats.roles import Binary, Count, Rating, Roles, Survival
from cxstats.scales import Scale


def check_values(columns: Mapping[str, Column], count: Ints, roles: Roles) -> None:
    """Refuse text and infinities in numeric columns, scores off their scale, impossible outcomes."""
    for name in roles.numeric:
        _check_numbers(name, columns[name], count)
    for name, scale in roles.metrics.items():
        _check_scale(name, columns[name], count, scale, f'metrics={{"{name}": ')
    _check_outcome(columns, count, roles)
    if roles.weight is not None:
        weight = columns[roles.weight]
        _refuse(weight < 0, weight, count, f"The weight '{roles.weight}' must not be negative", "Drop those rows.")


def _check_numbers(name: str, values: Column, count: Ints) -> None:
    if values.dtype == object:
        present = np.array([v is not None for v in values])
        if not present.any():
            raise ColumnError(f"'{name}' must hold numbers, but it holds no value at all.")
        text = _found(values[present], count[present])
        raise ColumnError(
            f"'{name}' must hold numbers, but it holds text: {text}."
            "\nRecode it to numbers first; a score that was not given is a missing value."
        )
    _refuse(np.isinf(values), values, count, f"'{name}' must be finite", "Set those values to missing.")


def _check_scale(name: str, values: Floats, count: Ints, scale: Scale, role: str) -> None:
    present = ~np.isnan(values)
    off = present & ((values < scale.low) | (values > scale.high))
    if scale.whole:
        off |= present & (values != np.floor(values))
    if not off.any():
        return
    whole = "whole numbers" if scale.whole else "numbers"
    n, total = int(count[off].sum()), int(count.sum())
    low, high = min(scale.low, float(values[off].min())), max(scale.high, float(values[off].max()))
    wider = f"Scale({low:g}, {high:g}{'' if not _fractional(values[off]) else ', whole=False'})"
    raise ScaleError(
        f"'{name}' must hold {whole} {scale.low:g} to {scale.high:g} ({scale.name or 'its scale'}), "
        f"but {n:,} of {rows(total)} {'does' if n == 1 else 'do'} not: {_found(values[off], count[off])}."
        f"\nRecode or drop them, or pass {role}{wider}{'}' if role.startswith('metrics') else ')'}."
    )


def _check_outcome(columns: Mapping[str, Column], count: Ints, roles: Roles) -> None:
    outcome = roles.outcome
    if isinstance(outcome, Rating):
        _check_scale(
            outcome.column, columns[outcome.column], count, outcome.scale, f'outcome=Rating("{outcome.column}", '
        )
    elif isinstance(outcome, Binary | Survival):
        name = outcome.column if isinstance(outcome, Binary) else outcome.event
        values = columns[name]
        off = ~np.isnan(values) & (values != 0) & (values != 1)
        _refuse(off, values, count, f"The outcome '{name}' must hold 0 and 1", "Recode it to 0 and 1.")
    elif isinstance(outcome, Count):
        values = columns[outcome.column]
        off = ~np.isnan(values) & ((values < 0) | (values != np.floor(values)))
        _refuse(off, values, count, f"'{outcome.column}' must hold whole numbers from 0 up", "Recode or drop them.")


def _refuse(off: Bools, values: Column, count: Ints, must: str, mend: str) -> None:
    if off.any():
        n, total = int(count[off].sum()), int(count.sum())
        does = "does" if n == 1 else "do"
        raise ColumnError(f"{must}, but {n:,} of {rows(total)} {does} not: {_found(values[off], count[off])}.\n{mend}")


def _found(values: Column, count: Ints, limit: int = 5) -> str:
    """The distinct values with their rows, the most frequent first."""
    levels, inverse = np.unique(values.astype(str) if values.dtype == object else values, return_inverse=True)
    totals = np.bincount(inverse, weights=count).astype(np.int64)
    order = np.argsort(-totals, kind="stable")
    shown = [
        f"{levels[i] if values.dtype == object else format(levels[i], 'g')} ({rows(int(totals[i]))})"
        for i in order[:limit]
    ]
    more = f" and {len(order) - limit:,} more values" if len(order) > limit else ""
    return ", ".join(shown) + more


def _fractional(values: Floats) -> bool:
    return bool((values != np.floor(values)).any())
