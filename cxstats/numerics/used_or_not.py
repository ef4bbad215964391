"""Ratings of which some were never given, because the thing was not used, as columns of a model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints

FEWEST_USED = 20  # rows on either side that make an indicator
ROUNDING = 1e-12  # values that differ by less are equal: 0.5 - 0.2 and 0.8 - 0.5
_INDEPENDENT = 1e-8  # share of an indicator's variance that others must leave open


@dataclass(frozen=True)
class CodedTouchpoints:
    """Indicator-and-value coding of k touchpoints.

    Attributes
    ----------
    columns : array, shape (K, q)
        First the k values, centred at their mean where used and 0 where not; then the indicators of "used".
        An indicator is there where at least 20 rows used the touchpoint and 20 did not, and where it does not
        follow from the indicators before it.
    labels : tuple of str, length q
        The touchpoint for a value, ``"checkin used"`` for an indicator.
    owners : tuple of str, length q
        The touchpoint of each column.
    """

    columns: Floats
    labels: tuple[str, ...]
    owners: tuple[str, ...]


def code_touchpoints(scores: Floats, mass: Floats, count: Ints, names: Sequence[str]) -> CodedTouchpoints:
    """Values centred where used, and the indicators that vary and do not follow from each other."""
    used = np.isfinite(scores)
    weight = mass[:, None] * used
    filled = np.where(used, scores, 0.0)
    mean = (filled * weight).sum(axis=0) / weight.sum(axis=0)
    kept = _independent(used.astype(np.float64), count)
    return CodedTouchpoints(
        np.column_stack([np.where(used, scores - mean, 0.0), used[:, kept]]),
        (*names, *(f"{names[j]} used" for j in kept)),
        (*names, *(names[j] for j in kept)),
    )


def _independent(indicators: Floats, count: Ints) -> list[int]:
    """Which indicators vary in enough rows, and leave something over that those before them do not tell."""
    share = count / count.sum()
    fewest = np.minimum(count @ indicators, count @ (1 - indicators))
    kept: list[int] = []
    basis: list[Floats] = []
    for j in np.flatnonzero(fewest >= FEWEST_USED):
        left = indicators[:, j] - share @ indicators[:, j]
        variance = float(share @ left**2)
        for _ in range(2):  # twice, so that rounding leaves nothing behind
            for one in basis:
                left = left - (share @ (one * left)) * one
        remains = float(share @ left**2)
        if remains > _INDEPENDENT * variance:
            kept.append(int(j))
            basis.append(left / np.sqrt(remains))
    return kept


def mean_used(scores: Floats) -> Floats:
    """The mean of what is there in each row; equal means are equal numbers, so that ranks can tie."""
    used = np.isfinite(scores)
    mean: Floats = np.where(used, scores, 0.0).sum(axis=1) / used.sum(axis=1)
    return tied(mean)


def tied(scores: Floats) -> Floats:
    """Scores (K,) of which those that differ through rounding alone are made one, so that ranks can tie."""
    order = np.argsort(scores, kind="stable")
    ascending = scores[order]
    starts = np.concatenate([[True], np.diff(ascending) > ROUNDING])
    same = np.empty_like(scores)
    same[order] = ascending[starts][np.cumsum(starts) - 1]
    return same
