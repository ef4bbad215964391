"""Deviations from the mean of one's own group: what is left when people are compared with themselves."""

import numpy as np

from cxstats.arrays import Floats, Ints

_ROUNDING = 1e-13  # of a number: by so much the mean of equal numbers may differ from them


def within(columns: Floats, group: Ints | None) -> Floats:
    """Columns (S,) or (S, q) less their means per group (S,); without groups, less their means.

    Where a column does not vary within a group the deviations are exactly 0: what rounding leaves would else pass
    for a feature.
    """
    if columns.ndim > 1:
        return np.column_stack([within(column, group) for column in columns.T])
    if group is None:
        mean = np.broadcast_to(columns.mean(), columns.shape)
    else:
        sizes = np.bincount(group)
        mean = (np.bincount(group, weights=columns) / np.maximum(sizes, 1))[group]
    apart: Floats = columns - mean
    apart[np.abs(apart) <= _ROUNDING * np.abs(columns)] = 0.0
    return apart
