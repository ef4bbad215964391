"""Sums over ratings for a regression with an intercept and a slope per person: see `random_slopes`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import SeparationError, TooFewError, number, rows
from cxstats.numerics.design import standardise

_ROUNDING = 1e-13  # of a number: by so much the mean of equal numbers may differ from them
_KNOWN = 1e-10  # share of the outcome's variance that is left open: less is rounding


@dataclass(frozen=True)
class SlopeSums:
    """What the likelihood needs of the rows: of c columns, the standardised design (q) and the outcome.

    Attributes
    ----------
    n : int
    size, squares, number : arrays, shape (D,)
        Ratings and sum of squares of a person, and how many persons have both.
    within : array, shape (c, c)
        Products of what the persons' own lines leave of the columns.
    level, line : arrays, shape (L, c)
        Projections on a person's constant and line; where many share size and squares, 2 c rows with their products.
    row_size, row_squares : arrays, shape (L,)
    back, start : arrays, shape (q, q) and (q,)
        Coefficients of the given columns are start + unit back (those of the standardised ones).
    unit, step : float
        SDs of the outcome and, within persons, of the column with the slopes.
    """

    n: int
    size: Floats
    squares: Floats
    number: Floats
    within: Floats
    level: Floats
    line: Floats
    row_size: Floats
    row_squares: Floats
    back: Floats
    start: Floats
    unit: float
    step: float

    @property
    def root(self) -> float:
        """Of the mean number of ratings: places to climb from are in this unit."""
        return float(np.sqrt(self.n / self.number.sum()))


def apart(values: Floats, count: Ints, person: Ints) -> tuple[Floats, Floats]:
    """Means per person (G,), and deviations from them (K,), exactly 0 where a person has one value only."""
    mean = np.bincount(person, weights=count * values) / np.bincount(person, weights=count)
    deviation = values - mean[person]
    deviation[np.abs(deviation) <= _ROUNDING * np.abs(values)] = 0.0
    return mean, deviation


def slope_sums(
    design: Floats, response: Floats, deviation: Floats, count: Ints, person: Ints, names: Sequence[str]
) -> tuple[Floats, SlopeSums]:
    """The standardised columns (K, c) and their sums; parameters and errors as in `fit_random_slopes`."""
    mass, n = count.astype(np.float64), int(count.sum())
    if response.min() == response.max():
        raise TooFewError(f"The outcome must vary, but it is {number(float(response[0]))} in all {rows(n)}.")
    mapped, mean = standardise(design[:, 1:], mass, names[1:]), float(mass @ response / n)
    unit = float(np.sqrt(mass @ (response - mean) ** 2 / n))
    step = float(np.sqrt(mass @ deviation**2 / n))
    columns = np.column_stack([design[:, :1], mapped.matrix, (response - mean) / unit])
    level, line, size, squares = projected(columns, deviation / step, mass, person)
    rest = columns - on_lines(level, line, size, squares, deviation / step, person)
    within = (rest * mass[:, None]).T @ rest
    left = within[-1, -1] - within[-1, :-1] @ np.linalg.lstsq(within[:-1, :-1], within[:-1, -1], rcond=1e-12)[0]
    if left <= _KNOWN * n:
        raise SeparationError(
            f"Ratings of one person must scatter, but in all {rows(n)} they lie exactly on a line of the person's own."
            "\nUse more ratings per person; leave out what was computed from the outcome."
        )
    kinds, code, many = np.unique(np.column_stack([size, squares]), axis=0, return_inverse=True, return_counts=True)
    code, start = code.ravel(), mean * (np.arange(design.shape[1]) == 0)
    wide, kind = _condensed(np.hstack([level, line]), code, many)
    c, spread = columns.shape[1], kinds[kind].T
    return columns, SlopeSums(
        n=n,
        size=kinds[:, 0],
        squares=kinds[:, 1],
        number=many.astype(np.float64),
        within=within,
        level=wide[:, :c],
        line=wide[:, c:],
        row_size=spread[0],
        row_squares=spread[1],
        back=mapped.to_given,
        start=start,
        unit=unit,
        step=step,
    )


def projected(columns: Floats, deviation: Floats, mass: Floats, person: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    """Projections on constant and line of each person (G, c), ratings and sums of squares (G,)."""
    size = np.bincount(person, weights=mass).astype(np.float64)
    squares = np.bincount(person, weights=mass * deviation**2).astype(np.float64)
    along = mass * deviation
    level = np.column_stack([np.bincount(person, weights=mass * column) for column in columns.T])
    line = np.column_stack([np.bincount(person, weights=along * column) for column in columns.T])
    lines = np.sqrt(np.where(squares > 0, squares, 1.0))
    return level / np.sqrt(size)[:, None], line / lines[:, None], size, squares


def on_lines(level: Floats, line: Floats, size: Floats, squares: Floats, deviation: Floats, person: Ints) -> Floats:
    """What the persons' own lines say of the columns (K, c)."""
    lines = np.sqrt(np.where(squares > 0, squares, 1.0))
    fitted: Floats = (level / np.sqrt(size)[:, None])[person]
    fitted += (line / lines[:, None])[person] * deviation[:, None]
    return fitted


def _condensed(wide: Floats, code: Ints, many: Ints) -> tuple[Floats, Ints]:
    """Rows with the same products within each kind of person, no more of a kind than columns; the kind of each."""
    most = wide.shape[1]
    order = np.argsort(code, kind="stable")
    ends = np.cumsum(many)
    large = np.flatnonzero(many > most)
    few = order[many[code[order]] <= most]
    blocks, kinds = [wide[few]], [code[few]]
    for kind in large:
        block = wide[order[ends[kind] - many[kind] : ends[kind]]]
        values, vectors = np.linalg.eigh(block.T @ block)
        blocks.append(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T)
        kinds.append(np.full(most, kind))
    return np.vstack(blocks), np.concatenate(kinds)
