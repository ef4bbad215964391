"""Many sequences on one scale of time, for a figure."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats
from cxstats.numerics.moments import Moments

PLACES = 41  # points along the sequence
LINES = 60  # single sequences that are shown
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Fan:
    """Values at ``place`` (share of the time passed), linear between moments.

    Attributes
    ----------
    place : array, shape (P,)
    mean : array, shape (P,)
    quantiles : array, shape (5, P)
        At 10, 25, 50, 75, 90%.
    lines : array, shape (L, P)
        Some single sequences, evenly chosen.
    n : int
        Sequences of two moments or more.
    """

    place: Floats
    mean: Floats
    quantiles: Floats
    lines: Floats
    n: int


def fan(moments: Moments, most: int = 20_000) -> Fan:
    """Lay sequences over each other; of more than ``most``, evenly chosen ones."""
    enough = np.flatnonzero(moments.duration > 0)
    chosen = enough[np.linspace(0, len(enough) - 1, min(most, len(enough))).astype(np.int64)]
    picked = moments.of_sequences(chosen)
    place = np.linspace(0, 1, PLACES)
    # One increasing axis for all: sequence number plus place; single moments of the next begin just above.
    axis = np.repeat(np.arange(len(chosen)), picked.n) * 2.0 + picked.place
    at = np.arange(len(chosen))[:, None] * 2.0 + place
    values = np.interp(at.ravel(), axis, picked.value).reshape(at.shape)
    shown = np.linspace(0, len(values) - 1, min(LINES, len(values))).astype(np.int64)
    return Fan(place, values.mean(axis=0), np.quantile(values, QUANTILES, axis=0), values[shown], len(enough))
