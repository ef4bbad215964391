"""Design matrices from plain columns, and the coordinates in which they are fitted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Column, Floats
from cxstats.columns import codes
from cxstats.errors import ColumnError, listed

# Eigenvalues of the correlation matrix below this are 0: a column is known from the others to all but
# 1 part in 10^11 of its variance, and what is left is rounding.
_COLLINEAR = 1e-11
_INVOLVED = 1e-5  # of an eigenvector's length 1: columns with less take no part in the relation
_CONSTANT = 1e-13  # relative to the column's size: rounding of its mean


@dataclass(frozen=True)
class Predictor:
    """One column of the data as it enters a model.

    Attributes
    ----------
    name : str
    values : array, shape (K,)
        The numbers, or for text the number of the level.
    levels : tuple of str
        The levels of text in canonical order; empty for numbers.
    """

    name: str
    values: Column
    levels: tuple[str, ...] = ()

    @property
    def terms(self) -> tuple[str, ...]:
        """One term for numbers; for text one per level but the first, ``name[level]``."""
        return tuple(f"{self.name}[{level}]" for level in self.levels[1:]) if self.levels else (self.name,)

    @property
    def columns(self) -> Floats:
        """Columns of the design, shape (K, terms): the numbers, or indicators of the levels but the first."""
        if not self.levels:
            return self.values[:, None].astype(np.float64)
        indicators: Floats = (self.values[:, None] == np.arange(1, len(self.levels))).astype(np.float64)
        return indicators


@dataclass(frozen=True)
class Design:
    """A design matrix (K, q), the term of each column, and the column of the data that it comes from."""

    matrix: Floats
    terms: tuple[str, ...]
    predictors: tuple[str, ...]


def predictor(name: str, values: Column, used: Bools) -> Predictor:
    """A column without missing values as a predictor: text by its levels, numbers as they are.

    A level that only cells without weight hold (``used`` is false) is none; those cells get the first.
    """
    if values.dtype != object:
        return Predictor(name, values)
    code, levels = codes(values)
    present = np.unique(code[used])
    renumbered = np.zeros(len(levels), dtype=np.int64)
    renumbered[present] = np.arange(len(present))
    return Predictor(name, renumbered[code], tuple(levels[present]))


def build_design(predictors: Sequence[Predictor], *, intercept: bool) -> Design:
    """Put the predictors side by side, after a column of ones if there is an intercept."""
    blocks = [part.columns for part in predictors]
    terms = [term for part in predictors for term in part.terms]
    owners = [part.name for part in predictors for _ in part.terms]
    if intercept:
        blocks.insert(0, np.ones((len(blocks[0]), 1)))
        terms.insert(0, "(intercept)")
        owners.insert(0, "(intercept)")
    return Design(np.hstack(blocks), tuple(terms), tuple(owners))


@dataclass(frozen=True)
class Standardised:
    """Columns turned to mean 0 and standard deviation 1: x = mean + scale z.

    Fitting in these coordinates loses no digits to the unit or the zero of a column (a year, a spend).
    """

    matrix: Floats
    mean: Floats
    scale: Floats

    @property
    def to_given(self) -> Floats:
        """Matrix T (1 + q, 1 + q) by which (intercept, slopes) on z become those on x."""
        back = np.diag(np.concatenate([[1.0], 1 / self.scale]))
        back[0, 1:] = -self.mean / self.scale
        return back


def standardise(columns: Floats, mass: Floats, names: Sequence[str] | None = None) -> Standardised:
    """Centre and scale the columns (K, q), no intercept among them; refuse constant and collinear ones."""
    names = column_names(columns.shape[1]) if names is None else names
    share = mass / mass.sum()
    # Column after column in memory: sums over many rows and few columns are several times faster so.
    columns = np.asfortranarray(columns)
    mean = share @ columns
    centred = columns - mean
    products = (centred * share[:, None]).T @ centred
    scale = np.sqrt(np.diag(products))
    constant = scale <= _CONSTANT * np.abs(mean)
    if constant.any():
        same = [name for name, fixed in zip(names, constant, strict=True) if fixed]
        holds = "holds the same value" if len(same) == 1 else "hold the same values"
        raise ColumnError(f"Every predictor must vary, but {listed(same)} {holds} in all rows.\nLeave it out.")
    _refuse_collinear(products / np.outer(scale, scale), names)
    centred /= scale
    return Standardised(centred, mean, scale)


def column_names(q: int) -> tuple[str, ...]:
    """Names for columns that were given none."""
    return tuple(f"column {j + 1}" for j in range(q))


def _refuse_collinear(correlation: Floats, names: Sequence[str]) -> None:
    values, vectors = np.linalg.eigh(correlation)
    none_left = np.abs(vectors[:, values < _COLLINEAR])
    involved = none_left.max(axis=1, initial=0.0) > _INVOLVED
    if involved.any():
        repeated = [name for name, part in zip(names, involved, strict=True) if part]
        raise ColumnError(
            f"The predictors must not repeat each other, but {listed(repeated)} are collinear: each follows exactly "
            "from the others.\nLeave one of them out."
        )
