"""Contrasts between terms."""

from itertools import combinations

import numpy as np

from cxstats.arrays import Floats


def pairwise(p: int) -> Floats:
    """The contrasts of all pairs among p terms, shape (p (p - 1) / 2, p), in the order of the frame."""
    contrasts = np.zeros((p * (p - 1) // 2, p))
    for row, (first, second) in enumerate(combinations(range(p), 2)):
        contrasts[row, first], contrasts[row, second] = 1.0, -1.0
    return contrasts
