"""Whether a perk goes with a higher expectation at the next encounter, at the same expectation before."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics import ragged
from cxstats.numerics.fading import Slope
from cxstats.numerics.sequential import sequential
from cxstats.numerics.two_way import lacking

RATCHET, RATED = "next expectation after a perk", "the same, at equal rating"
WITHIN, PLACEBO = "the same, within customers", "expectation before a perk"


@dataclass(frozen=True)
class ExpectationRows:
    """Encounters with an expectation before them and before the next one, in order of customer and time.

    Attributes
    ----------
    first : int array, shape (C + 1,)
    following, now, before : arrays, shape (M,)
        The next expectation, the present one, and the one before; the last may be NaN.
    perk, perk_before : arrays, shape (M,)
        0 or 1, of this encounter and of the one before.
    rating : array, shape (M,), or None
        Of this encounter; may be NaN.
    period : int array, shape (M,)
    periods : int
    """

    first: Ints
    following: Floats
    now: Floats
    before: Floats
    perk: Floats
    perk_before: Floats
    rating: Floats | None
    period: Ints
    periods: int


def ratchet(rows: ExpectationRows) -> Mapping[str, Slope]:
    """Every term that can be estimated, in units of the expectation."""
    arm = ragged.sums(rows.first, rows.perk) > 0
    every = np.ones(len(rows.perk), dtype=bool)
    known = ~np.isnan(rows.before)
    found = {RATCHET: _pooled(rows, rows.following, [rows.perk, rows.now], every, arm)}
    if rows.rating is not None:
        found[RATED] = _pooled(rows, rows.following, [rows.perk, rows.now, rows.rating], ~np.isnan(rows.rating), arm)
    columns = np.column_stack([rows.perk, rows.now])
    fit = sequential(rows.first, rows.period, rows.periods, columns, columns, rows.following)
    if fit is not None:
        found[WITHIN] = Slope(float(fit.coefficients[0]), ragged.sums(rows.first, fit.influence[:, 0]), arm)
    lagged = [rows.perk, rows.before, rows.perk_before]
    found[PLACEBO] = _pooled(rows, rows.now, lagged if rows.perk_before[known].any() else lagged[:2], known, arm)
    return {name: slope for name, slope in found.items() if slope is not None}


def total_sd(first: Ints, values: Floats) -> tuple[float, Floats]:
    """Standard deviation over all rows, and what each customer contributes to it, shape (C,)."""
    apart = values - values.mean() if len(values) else values
    variance = float((apart**2).mean()) if len(values) else 0.0
    if variance <= 1e-24 * float((values**2).mean() if len(values) else 1.0):
        return 0.0, np.zeros(len(first) - 1)
    sd = variance**0.5
    return sd, ragged.sums(first, (apart**2 - variance) / (2 * sd * len(values)))


def _pooled(rows: ExpectationRows, y: Floats, columns: list[Floats], kept: Bools, arm: Bools) -> Slope | None:
    """The first coefficient of least squares with an effect of every period, over the rows that are kept."""
    at, period = ragged.owner(rows.first)[kept], rows.period[kept]
    here = np.maximum(np.bincount(period, minlength=rows.periods), 1)

    def apart(column: Floats) -> Floats:
        means = np.bincount(period, weights=column[kept], minlength=rows.periods) / here
        left: Floats = column[kept] - means[period]
        return left

    left = np.column_stack([apart(column) for column in columns])
    if lacking(left, np.column_stack(columns)[kept]).any():
        return None
    inverse = np.linalg.inv(left.T @ left)
    rest = apart(y)
    coefficients = inverse @ (left.T @ rest)
    scores = (left * (rest - left @ coefficients)[:, None]) @ inverse[:, 0]
    return Slope(float(coefficients[0]), ragged.summed(at, scores, len(rows.first) - 1), arm)
