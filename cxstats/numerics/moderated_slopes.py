"""Slopes of persons with and without their expectation; columns split into the person's mean and the rest."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.random_slopes import RandomSlopes, fit_random_slopes
from cxstats.numerics.slope_sums import apart

SLOPE, MEAN = 1, 2  # columns of the design, after the intercept


@dataclass(frozen=True)
class Split:
    """A column as the person's mean (G,), and the deviation from it (K,) with its SD within persons.

    The SD has the rows less the persons as its degrees of freedom.
    """

    mean: Floats
    apart: Floats
    sd: float


@dataclass(frozen=True)
class ModeratedSlopes:
    """Two fits that differ in the products of performance and expectation only.

    Attributes
    ----------
    plain : RandomSlopes
        Performance apart from the person's mean (with slopes per person), the person's mean; the person's mean
        expectation, and, where it varies within persons, expectation apart from it.
    moderated : RandomSlopes or None
        With the products of these two with performance apart from its mean as the last columns.
    products : tuple of float
        SD of the expectation in each product: between persons, then within.
    """

    plain: RandomSlopes
    moderated: RandomSlopes | None
    products: tuple[float, ...]


def split(values: Floats, count: Ints, person: Ints) -> Split:
    """A column in its two parts."""
    mean, deviation = apart(values, count, person)
    degrees = int(count.sum()) - len(mean)
    return Split(mean, deviation, float(np.sqrt(count @ deviation**2 / degrees)) if degrees else float("nan"))


def fit_moderated_slopes(
    performance: Split,
    expectation: Split | None,
    response: Floats,
    count: Ints,
    person: Ints,
    names: tuple[str, str],
) -> ModeratedSlopes:
    """Fit both; errors as in `fit_random_slopes`. The names are those of performance and expectation, for messages."""
    w = performance.apart
    columns = {"(intercept)": np.ones(len(w)), names[0]: w, f"person's mean of {names[0]}": performance.mean[person]}
    parts, sds = {}, []
    if expectation is not None:
        parts[f"person's mean of {names[1]}"] = (expectation.mean - expectation.mean.mean())[person]
        sds.append(float(expectation.mean.std(ddof=1)))
        if expectation.apart.any():
            parts[names[1]] = expectation.apart
            sds.append(expectation.sd)

    def fit(columns: dict[str, Floats]) -> RandomSlopes:
        return fit_random_slopes(np.column_stack([*columns.values()]), response, w, count, person, tuple(columns))

    plain = columns | parts
    products = {f"{names[0]} x {name}": w * part for name, part in parts.items()}
    return ModeratedSlopes(fit(plain), fit(plain | products) if products else None, tuple(sds))


@dataclass(frozen=True)
class StandardisedSlopes:
    """SD of the slopes, mean slope, slope of the person's mean; then the SD given expectation and its products.

    Attributes
    ----------
    estimate : array, shape (R,)
    is_sd : bool array, shape (R,)
    influence : array, shape (G, number of rows that are no SDs)
    """

    estimate: Floats
    is_sd: Bools
    influence: Floats


def standardised(fits: ModeratedSlopes, unit: float) -> StandardisedSlopes:
    """All rows in a unit: SD of performance over SD of the outcome."""
    own, parts = [SLOPE, MEAN], fits.plain
    estimate = [np.array([parts.slope_sd * unit]), parts.coefficients[own] * unit]
    influence = [parts.influence[:, own] * unit]
    is_sd = [True, False, False]
    if fits.moderated is not None:
        more, last = fits.moderated, len(fits.products)
        units = unit * np.array(fits.products)
        estimate += [np.array([more.slope_sd * unit]), more.coefficients[-last:] * units]
        influence.append(more.influence[:, -last:] * units)
        is_sd += [True] + [False] * last
    return StandardisedSlopes(np.concatenate(estimate), np.array(is_sd), np.hstack(influence))
