"""Why a generalised linear model has no finite estimate: looked for only where a fit shows a sign of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import SeparationError, TooFewError, listed, rows
from cxstats.numerics.design import column_names, standardise
from cxstats.numerics.separation import Constraints, refuse_separated

_KNOWN = 1e-11  # share of an outcome's variance that predictors leave open: less is rounding
_INVOLVED = 1e-5  # of the outcome's SD: predictors that add less take no part

Outcomes: TypeAlias = Literal["binary", "count", "measured"]


@dataclass(frozen=True)
class Given:
    """What a model was to be fitted to.

    Attributes
    ----------
    design : array, shape (P, q)
        Its first column is the column of ones.
    total, mass : arrays, shape (P,)
        Sum of the outcome, and number of rows, of each row of the design.
    outcomes : {"binary", "count", "measured"}
    names, owners : sequence of str, length q - 1, optional
        Of each column but the first, and of the column of the data that it comes from.
    """

    design: Floats
    total: Floats
    mass: Floats
    outcomes: Outcomes
    names: Sequence[str] | None = None
    owners: Sequence[str] | None = None


def refuse_inestimable(given: Given, *, penalised: bool) -> None:
    """Raise an error that names the columns at fault, if there is no finite estimate.

    Raises
    ------
    TooFewError
        The outcome does not vary.
    ColumnError
        A column does not vary, or follows from the others; with a penalty that does no harm.
    SeparationError
        Columns tell the outcomes apart; of counts, those that are 0 from the others.
    """
    used = given.mass > 0
    z, total, mass = given.design[used], given.total[used], given.mass[used]
    _refuse_lone_outcome(given.outcomes, float(total.sum()), int(mass.sum()))
    if penalised or z.shape[1] == 1:
        return
    names = column_names(z.shape[1] - 1) if given.names is None else given.names
    standardise(z[:, 1:], mass, names)
    if given.outcomes == "measured":
        return
    cell = np.arange(len(z))
    some, none = total > 0, (total < mass if given.outcomes == "binary" else total == 0)
    matrix, row = [z[some], -z[none]], [cell[some], len(z) + cell[none]]
    if given.outcomes == "count":  # where something was counted, no step may lead either way
        matrix, row = [*matrix, -z[some]], [*row, cell[some]]
    owner = (None, *(names if given.owners is None else given.owners))
    lost = mass - total if given.outcomes == "binary" else mass
    won = total if given.outcomes == "binary" else mass
    count = np.concatenate([np.where(some, won, 0), np.where(none, lost, 0)]).astype(np.int64)
    refuse_separated(Constraints(np.vstack(matrix), np.concatenate(row), owner), count)


def _refuse_lone_outcome(outcomes: Outcomes, total: float, n: int) -> None:
    if outcomes == "binary" and total in (0, n):
        raise TooFewError(f"Both outcomes must occur, but all {rows(n)} have the {'good' if total else 'bad'} one.")
    if outcomes == "count" and total == 0:
        raise TooFewError(f"Something must have been counted, but the outcome is 0 in all {rows(n)}.")


def refuse_known(
    columns: Floats, y: Floats, count: Ints, names: Sequence[str], owners: Sequence[str], outcome: str
) -> None:
    """Refuse predictors (J, q) of which a measured or counted outcome (J,) is a sum, but for rounding.

    Raises
    ------
    SeparationError
        With the predictors that hold the outcome.
    ColumnError
        Predictors repeat each other.
    """
    share = count / count.sum()
    z = standardise(columns, count.astype(np.float64), names).matrix
    centred = y - share @ y
    variance = float(share @ centred**2)
    slopes = np.linalg.solve((z * share[:, None]).T @ z, z.T @ (share * centred))
    left = centred - z @ slopes
    if share @ left**2 > _KNOWN * variance:
        return
    known = np.abs(slopes) > _INVOLVED * np.sqrt(variance)
    found = list(dict.fromkeys(owner for owner, part in zip(owners, known, strict=True) if part))
    raise SeparationError(
        f"No predictor may hold the outcome, but '{outcome}' follows exactly from {listed(found)} in all "
        f"{rows(int(count.sum()))}.\nLeave it out: check that it was not measured after the outcome, or computed from "
        "it."
    )
