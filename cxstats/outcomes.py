"""Which of two customers has the better outcome: outcomes with an order, and times until an event."""

from collections.abc import Mapping

import numpy as np

from cxstats.arrays import Column, Floats
from cxstats.coding import upward
from cxstats.numerics.survival_concordance import Times
from cxstats.roles import Binary, Continuous, Count, Rating, Survival

Ordered = Binary | Rating | Continuous | Count


def good_is_high(outcome: Ordered, values: Floats) -> Floats:
    """The outcome turned so that up is good for the firm."""
    if isinstance(outcome, Binary):
        return np.where(values == outcome.good, 1.0, 0.0)
    if isinstance(outcome, Rating):
        return upward(outcome.scale, values)
    return values if outcome.good == "high" else -values


def times_of(outcome: Survival, columns: Mapping[str, Column]) -> Times:
    """When customers were watched, and how that ended."""
    entry = None if outcome.entry is None else columns[outcome.entry]
    return Times.of(columns[outcome.time], columns[outcome.event] == 1, entry)
