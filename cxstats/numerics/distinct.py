"""Numbers for the distinct values of columns, and for their distinct combinations."""

from collections.abc import Sequence

import numpy as np

from cxstats.arrays import Column, Ints

_DENSE = 8  # numbers per row up to which a table of all of them is faster than sorting the rows


def levels(values: Column) -> Ints:
    """The number of the distinct value of each row."""
    return np.unique(values, return_inverse=True)[1].astype(np.int64, copy=False)


def combinations(columns: Sequence[Ints]) -> tuple[Ints, Ints]:
    """Numbers of the distinct combinations of whole-number columns, and a place where each stands.

    Rows that are all different keep their order.
    """
    n = len(columns[0])
    row, distinct = np.zeros(n, dtype=np.int64), 1
    for column in sorted(columns, key=lambda column: -int(column.max())):
        levels = int(column.max()) + 1
        row, distinct = _renumbered(row * levels + column, distinct * levels)
        if distinct == n:
            every = np.arange(n)
            return every, every
    first = np.empty(distinct, dtype=np.int64)
    first[row] = np.arange(n)
    return row, first


def _renumbered(row: Ints, size: int) -> tuple[Ints, int]:
    """Whole numbers below ``size`` without gaps, in the same order; sorted only where they are sparse."""
    if size > _DENSE * len(row):
        present, number = np.unique(row, return_inverse=True)
        return number.astype(np.int64, copy=False), len(present)
    occurs = np.zeros(size, dtype=np.int64)
    occurs[row] = 1
    number = np.cumsum(occurs) - 1
    return number[row], int(number[-1]) + 1
