"""Rows of many customers, one after the other: what came before and after within each.

A ragged array is the rows (M,) with ``first`` (C + 1,): customer i holds the rows ``first[i]`` to ``first[i + 1] - 1``.
"""

import numpy as np

from cxstats.arrays import Bools, Floats, Ints


def owner(first: Ints) -> Ints:
    """The number of the customer of each row, shape (M,)."""
    return np.repeat(np.arange(len(first) - 1), np.diff(first))


def starts_of(group: Ints, groups: int) -> Ints:
    """``first`` of rows that come in the order of their group, shape (groups + 1,)."""
    return np.concatenate([[0], np.cumsum(np.bincount(group, minlength=groups))]).astype(np.int64)


def position(first: Ints) -> Ints:
    """How many rows of the same customer came before, shape (M,)."""
    return np.arange(first[-1]) - np.repeat(first[:-1], np.diff(first))


def later(first: Ints) -> Ints:
    """How many rows of the same customer are still to come, shape (M,)."""
    n = np.diff(first)
    return np.repeat(n, n) - 1 - position(first)


def sum_before(first: Ints, values: Floats) -> Floats:
    """Sum over the earlier rows of the same customer, shape (M,)."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    before: Floats = total[:-1] - np.repeat(total[first[:-1]], np.diff(first))
    return before


def sum_after(first: Ints, values: Floats) -> Floats:
    """Sum over the later rows of the same customer, shape (M,)."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    after: Floats = np.repeat(total[first[1:]], np.diff(first)) - total[1:]
    return after


def sums(first: Ints, values: Floats) -> Floats:
    """Sum per customer, shape (C,)."""
    at = owner(first)
    return summed(at, values, len(first) - 1)


def summed(group: Ints, values: Floats, groups: int) -> Floats:
    """Sum per numbered group, shape (G,)."""
    return np.bincount(group, weights=values, minlength=groups).astype(np.float64)


def following(first: Ints, values: Floats) -> Floats:
    """The value of the next row of the same customer; NaN in the last, shape (M,)."""
    moved = np.full(len(values), np.nan)
    moved[:-1] = values[1:]
    moved[first[1:] - 1] = np.nan
    return moved


def previous(first: Ints, values: Floats) -> Floats:
    """The value of the row before of the same customer; NaN in the first, shape (M,)."""
    moved = np.full(len(values), np.nan)
    moved[1:] = values[:-1]
    moved[first[:-1]] = np.nan
    return moved


def first_marked(first: Ints, marked: Bools) -> Ints:
    """Position of the first marked row of each customer; the number of its rows where none is, shape (C,)."""
    n = np.diff(first)
    places = np.where(marked, position(first), np.repeat(n, n))
    return np.minimum.reduceat(places, first[:-1])


def last_marked(first: Ints, marked: Bools) -> Ints:
    """Position of the last marked row of each customer; -1 where none is, shape (C,)."""
    return np.maximum.reduceat(np.where(marked, position(first), -1), first[:-1])
