"""Columns that mark rows with 0 and 1."""

import numpy as np

from cxstats.arrays import Column, Floats, Ints
from cxstats.columns import codes, is_missing
from cxstats.errors import ColumnError, number, rows

_TOLD = 5  # values that a message names


def zero_one(name: str, values: Column, count: Ints, one: str, zero: str) -> Floats:
    """The column, NaN where nothing is known; refuses whatever is not 0, 1 or missing.

    Parameters
    ----------
    name : str
    values : array, shape (K,)
    count : int array, shape (K,)
    one, zero : str
        What 1 and 0 stand for, for the message.
    """
    present = ~is_missing(values)
    wrong = present.copy()
    if values.dtype != object:
        wrong &= ~np.isin(values, (0.0, 1.0))
    if wrong.any():
        n = int(count[wrong].sum())
        raise ColumnError(
            f"'{name}' must hold 1 ({one}) and 0 ({zero}), but {n:,} of {rows(int(count.sum()))} "
            f"{'does' if n == 1 else 'do'} not: {_found(values[wrong], count[wrong])}."
            "\nRecode it to 0 and 1; what is not known is a missing value."
        )
    return values if values.dtype != object else np.full(len(values), np.nan)


def _found(values: Column, count: Ints) -> str:
    """The values that occur, the most frequent first."""
    at, levels = codes(values)
    found = np.bincount(at, weights=count).astype(np.int64)
    order = np.lexsort((np.arange(len(levels)), -found))
    told = [f"{_shown(levels[i])} ({rows(int(found[i]))})" for i in order[:_TOLD]]
    more = f" and {len(levels) - _TOLD:,} more" if len(levels) > _TOLD else ""
    return ", ".join(told) + more


def _shown(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else number(float(value))  # type: ignore[arg-type]
