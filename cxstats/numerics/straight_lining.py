"""Rows in which every question was answered at the same place of the form.

The place of an answer is (value - low) / (high - low): 0 is the low end as printed, 1 the high end. Two
answers are at the same place only if these are equal. Nothing is rounded to a coarser scale: that would
count 7 out of 10 and 4 out of 5 as one box.
"""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats

LOW, MIDDLE, HIGH = 0.0, 0.5, 1.0
_SAME = 1e-9  # places are ratios of whole numbers; only rounding may differ


@dataclass(frozen=True)
class Lines:
    """Which of K cells are straight lines, and where.

    Attributes
    ----------
    any : bool array, shape (K,)
    low, middle, high : bool array, shape (K,)
        At the low end, in the middle and at the high end of every form.
    """

    any: Bools
    low: Bools
    middle: Bools
    high: Bools

    @property
    def elsewhere(self) -> Bools:
        """Straight lines at any other place, which only scales with steps in common have."""
        return self.any & ~(self.low | self.middle | self.high)


def straight_lines(place: Floats) -> Lines:
    """The straight lines among places of shape (K, p)."""
    straight = np.ptp(place, axis=1) <= _SAME
    low, middle, high = (straight & at(place[:, 0], spot) for spot in (LOW, MIDDLE, HIGH))
    return Lines(straight, low, middle, high)


def at(place: Floats, spot: float) -> Bools:
    """Whether an answer stands at a place."""
    return np.asarray(np.abs(place - spot) <= _SAME)


@dataclass(frozen=True)
class Excess:
    """Rows at the same end of every form, beyond what chance would put there.

    Attributes
    ----------
    share, expected : float
        Observed, and expected if the answers to questions of one direction did not depend on the others.
    influence : array, shape (K,)
        Of one row of each cell on ``share - expected``, survey weight included.
    """

    share: float
    expected: float
    influence: Floats

    @property
    def excess(self) -> float:
        """Observed minus expected."""
        return self.share - self.expected


def excess_at_the_ends(place: Floats, up_is_good: Bools, mass: Floats, weight: Floats) -> Excess:
    """The share of rows at one end throughout, against the product of the shares of both directions.

    Who is content goes up where up is good and down where up is bad, so content makes the joint share
    smaller than the product; only somebody who does not read makes it larger. Questions of the same direction are
    kept together, because they go together for honest reasons.
    """
    total = mass.sum()
    share = expected = 0.0
    influence = np.zeros(len(mass))
    for spot in (LOW, HIGH):
        there = at(place, spot)
        good, bad = (there[:, way].all(axis=1).astype(np.float64) for way in (up_is_good, ~up_is_good))
        both = good * bad
        of_good, of_bad, together = (float(mass @ found / total) for found in (good, bad, both))
        share += together
        expected += of_good * of_bad
        influence += both - together - (good - of_good) * of_bad - (bad - of_bad) * of_good
    return Excess(share, expected, influence * weight / total)
