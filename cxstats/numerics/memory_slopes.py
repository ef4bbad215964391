"""Standardised slopes of a remembered rating on features of the experience, and their differences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.crossed_intercepts import fit_crossed_intercepts, satterthwaite
from cxstats.numerics.linear import fit_linear
from cxstats.numerics.within import within


@dataclass(frozen=True)
class Slope:
    """A slope, or a difference of slopes, in standard deviations of the rating per standard deviation of the feature.

    Attributes
    ----------
    estimate : float
    influence : array, shape (S,)
        Of each sequence, that of the standard deviations included.
    """

    estimate: float
    influence: Floats


@dataclass(frozen=True)
class MixedSlope:
    """The same by restricted maximum likelihood, the standard deviations taken as known."""

    estimate: float
    std_error: float
    df: float


def robust_slope(columns: Floats, contrast: Floats, unit: Sequence[int], y: Floats, names: Sequence[str]) -> Slope:
    """Least squares of y (S,) on columns (S, q), all centred; theta = contrast'b s_x / s_y.

    ``unit`` says whose standard deviation s_x is; of several, the root of their mean variance, since slopes that are
    compared must have one unit.
    """
    ones = np.ones(len(y))
    fit = fit_linear(np.column_stack([ones, columns]), y, ones.astype(np.int64), ones, ("(intercept)", *names))
    raw = float(contrast @ fit.coefficients[1:])
    s_x, of_x = _deviation(columns[:, list(unit)])
    s_y, of_y = _deviation(y[:, None])
    theta = raw * s_x / s_y
    influence = (fit.influence[:, 1:] @ contrast * s_x + raw * of_x - theta * of_y) / s_y
    return Slope(theta, influence)


def mixed_slope(
    columns: Floats,
    contrast: Floats,
    unit: Sequence[int],
    y: Floats,
    groups: Sequence[Ints],
    person: Ints | None,
    names: Sequence[str],
    *,
    between: bool = False,
) -> MixedSlope:
    """The same slope with random intercepts; with persons, apart from what goes on between people.

    With ``between`` it is the slope on people's means, in standard deviations of people's means.
    """
    own = within(columns, person)
    parts = [np.ones((len(y), 1)), own]
    if person is not None:
        parts.append(columns - own)
    design = np.hstack(parts)
    labels = ("(intercept)", *names, *(f"mean {name}" for name in names))[: design.shape[1]]
    fit = fit_crossed_intercepts(design, y, np.ones(len(y), dtype=np.int64), groups, labels)
    wide = np.zeros(design.shape[1])
    first = 1 + len(contrast) if between else 1
    wide[first : first + len(contrast)] = contrast
    level, rated = (columns - own, y - within(y, person)) if between else (own, within(y, person))
    ratio = _deviation(level[:, list(unit)])[0] / _deviation(rated[:, None])[0]
    return MixedSlope(
        estimate=float(wide @ fit.coefficients) * ratio,
        std_error=float(np.sqrt(wide @ fit.covariance @ wide)) * ratio,
        df=float(satterthwaite(fit, wide[None])[0]),
    )


def _deviation(columns: Floats) -> tuple[float, Floats]:
    """Root of the mean variance of columns (S, u), divided by S, and the influence of each sequence on it."""
    centred = columns - columns.mean(axis=0)
    squares = (centred**2).mean(axis=1)
    variance = float(squares.mean())
    sd = variance**0.5
    return sd, (squares - variance) / (2 * sd * len(columns))
