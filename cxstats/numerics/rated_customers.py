"""Mean, standard deviation and number of ratings of each customer: checked, turned, and on a scale from 0 to 1."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Column, Floats, Ints
from cxstats.errors import ColumnError, ScaleError, TooFewError, number, rows
from cxstats.numerics.relative_variance import LEAST_RELIABLE, Ratings, Shrunken, largest_variance
from cxstats.scales import Scale

FEWEST_RATINGS = 4  # of a customer: from fewer, next to nothing can be said of how they vary
_ROUNDED = 0.005  # of the scale's width: so much may a standard deviation be too large by rounding


@dataclass(frozen=True)
class RatedColumns:
    """Names of the three columns."""

    mean: str
    sd: str
    n: str


def has_few(name: str, n: Column, count: Ints) -> Bools:
    """Which customers have fewer ratings than are needed; refuses what is no number of ratings."""
    _refuse_text(name, n)
    known = ~np.isnan(n)
    wrong = known & ((n < 0) | (n != np.floor(n)))
    if wrong.any():
        raise ColumnError(
            f"'{name}' must hold whole numbers of ratings, 0 or more, but {_some(wrong, n, count)}."
            "\nPass the column `n` of cx.sequence_features."
        )
    return known & (n < FEWEST_RATINGS)


def refuse_impossible(named: RatedColumns, scale: Scale, mean: Column, sd: Column, n: Floats, count: Ints) -> None:
    """Refuse means off the scale, and standard deviations that no ratings with that mean can have."""
    for name, values in ((named.mean, mean), (named.sd, sd)):
        _refuse_text(name, values)
    off = (mean < scale.low) | (mean > scale.high)
    if off.any():
        raise ScaleError(
            f"'{named.mean}' must hold means of ratings on the scale {scale}, but "
            f"{_some(off, mean, count)}.\nPass the scale of the single ratings."
        )
    width = scale.high - scale.low
    most = width * np.sqrt(largest_variance((mean - scale.low) / width, n))
    wrong = (sd < 0) | (sd > most + _ROUNDED * width)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        told = number(float(f"{most[first]:.4g}"))
        raise ColumnError(
            f"'{named.sd}' must hold standard deviations (divided by n - 1) that {named.n} ratings from "
            f"{number(scale.low)} to {number(scale.high)} with such a mean can have, but {_some(wrong, sd, count)} (at "
            f"most {told}, with {number(float(n[first]))} ratings and the mean {number(float(mean[first]))})."
            "\nPass `mean`, `sd` and `n` of cx.sequence_features, unrounded."
        )


def ratings_of(scale: Scale, mean: Floats, sd: Floats, n: Floats) -> tuple[Ratings, Bools]:
    """The ratings of those whose mean lies within the scale, up is good, and who these are.

    At an end of the scale ratings cannot vary: nobody there is more or less consistent than others at the same mean.
    """
    width = scale.high - scale.low
    place = (mean - scale.low if scale.higher_is_better else scale.high - mean) / width
    inside = (place > 0) & (place < 1)
    return Ratings(place[inside], (sd[inside] / width) ** 2, n[inside]), inside


def refuse_unvaried(named: RatedColumns, ratings: Ratings, count: Ints) -> None:
    """Refuse customers who all have the same mean, or none at all."""
    if len(ratings.n) == 0 or ratings.mean.min() == ratings.mean.max():
        raise TooFewError(
            f"Customers must have at least two different values of '{named.mean}' within the scale, but "
            f"{rows(int(count.sum()))} with {FEWEST_RATINGS} ratings or more have {min(1, len(ratings.n))}."
            "\nUse more customers, or a longer history."
        )


def refuse_chance(named: RatedColumns, shrunken: Shrunken, count: Ints) -> None:
    """Refuse customers whose ratings vary alike, as far as can be told."""
    if not shrunken.reliability >= LEAST_RELIABLE:
        raise TooFewError(
            f"Customers must differ in how much their ratings vary by more than chance, but of the differences in "
            f"'{named.sd}' at equal means, in {rows(int(count.sum()))}, {max(shrunken.reliability, 0.0):.0%} is more "
            f"than chance; {LEAST_RELIABLE:.0%} is needed.\nUse customers with more ratings."
        )


def _refuse_text(name: str, values: Column) -> None:
    if values.dtype == object:
        text = next(value for value in values if value is not None)
        raise ColumnError(
            f"'{name}' must hold numbers, but it holds text, for example '{text}'.\nRecode it to numbers."
        )


def _some(wrong: Bools, values: Floats, count: Ints) -> str:
    n = int(count[wrong].sum())
    return (
        f"{n:,} of {rows(int(count.sum()))} {'does' if n == 1 else 'do'} not, for example "
        f"{number(float(values[wrong][0]))}"
    )
