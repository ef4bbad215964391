"""What sums of products cannot tell of journeys, and what of it makes a comparison void."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats
from cxstats.errors import ColumnError, TooFewError, listed, rows
from cxstats.scales import Scale

_ROUNDING = 1e-9  # of a scale's length: ratings, and means of them, differ by less only through rounding


@dataclass(frozen=True)
class Extremes:
    """Of k touchpoints and the journey rating, all as shares of their scales.

    Attributes
    ----------
    low, high : array, shape (k + 1,)
        Smallest and largest share, that of the journey rating first; the wrong way round where nobody answered.
    copy, turned : array, shape (k,)
        Largest distance of a touchpoint from the journey rating, and from the journey rating turned round.
    mean : float
        Largest distance of the journey rating from the mean of the touchpoints used.
    """

    low: Floats
    high: Floats
    copy: Floats
    turned: Floats
    mean: float

    @classmethod
    def none(cls, touchpoints: int) -> "Extremes":
        """Before the first row."""
        nothing = np.full(touchpoints + 1, np.inf)
        return cls(nothing, -nothing, np.zeros(touchpoints), np.zeros(touchpoints), 0.0)

    def __add__(self, other: "Extremes") -> "Extremes":
        """The extremes of the rows of both."""
        return Extremes(
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            np.maximum(self.copy, other.copy),
            np.maximum(self.turned, other.turned),
            max(self.mean, other.mean),
        )


def extremes_of(journey: Floats, shares: Floats, composite: Floats) -> Extremes:
    """Of rows with a journey rating (K,), touchpoints (K, k) with NaN where not used, and their mean (K,)."""
    if not len(journey):
        return Extremes.none(shares.shape[1])
    every = np.column_stack([journey, shares])
    return Extremes(
        np.fmin.reduce(every, axis=0, initial=np.inf),
        np.fmax.reduce(every, axis=0, initial=-np.inf),
        np.fmax.reduce(np.abs(shares - journey[:, None]), axis=0, initial=0.0),
        np.fmax.reduce(np.abs(shares + journey[:, None] - 1), axis=0, initial=0.0),
        float(np.abs(journey - composite).max()),
    )


def refuse_constant(found: Extremes, names: Sequence[str], n: int) -> None:
    """Ratings of one level; the name of the journey rating comes first."""
    same = [name for name, low, high in zip(names, found.low, found.high, strict=True) if low >= high]
    if same:
        has = "has" if len(same) == 1 else "have"
        raise TooFewError(
            "Ratings of the journey and of every touchpoint must take at least two values, but in "
            f"{rows(n)} {listed(same)} {has} fewer.\nA constant predicts nothing: leave it out."
        )


def refuse_copies(found: Extremes, journey: str, touchpoints: Sequence[str]) -> None:
    """A touchpoint that repeats the journey rating, or turns it round."""
    gap = np.minimum(found.copy, found.turned)
    same = [name for name, largest in zip(touchpoints, gap, strict=True) if largest <= _ROUNDING]
    if same:
        equal = "equals" if len(same) == 1 else "equal"
        raise ColumnError(
            f"No touchpoint may repeat the journey rating, but {listed(same)} {equal} '{journey}' in all rows in "
            "which it was used.\nLeave it out, or find the rating that was asked for."
        )


def refuse_computed(found: Extremes, journey: str, scale: Scale, open_share: float, n: int) -> None:
    """A journey rating that nobody gave; ``open_share`` of its variance is left open by the touchpoints."""
    if found.mean <= _ROUNDING:
        made = "is their mean"
    elif scale.whole and found.mean * (scale.high - scale.low) <= 0.5 + _ROUNDING:
        made = "is their mean, rounded"
    elif open_share <= _ROUNDING:
        made = "is a weighted sum of them"
    else:
        return
    raise ColumnError(
        f"The journey must have been rated by itself, not computed from its touchpoints, but '{journey}' {made} in "
        f"all {rows(n)}.\nSuch a rating knows nothing that the touchpoints do not: it is the composite."
    )
