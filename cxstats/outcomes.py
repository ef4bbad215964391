"""Outcomes that can be put in order: which of two customers has the better one."""

import numpy as np

from cxstats.arrays import Floats
from cxstats.coding import upward
from cxstats.roles import Binary, Continuous, Count, Rating

Ordered = Binary | Rating | Continuous | Count


def good_is_high(outcome: Ordered, values: Floats) -> Floats:
    """The outcome turned so that up is good for the firm."""
    if isinstance(outcome, Binary):
        return np.where(values == outcome.good, 1.0, 0.0)
    if isinstance(outcome, Rating):
        return upward(outcome.scale, values)
    return values if outcome.good == "high" else -values
