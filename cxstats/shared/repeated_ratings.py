"""Repeated ratings per person, with the performance and the expectation of each: read, checked, split by person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, is_cells, metric_names
from cxstats.coding import upward
from cxstats.columns import codes
from cxstats.errors import RoleError, TooFewError, number, rows, warn
from cxstats.numerics.moderated_slopes import Split, split
from cxstats.outcomes import good_is_high
from cxstats.roles import Continuous, Outcome, Rating, Roles
from cxstats.scales import Scale
from cxstats.shared.predictors import complete
from cxstats.values import check_numbers

FEWEST_PERSONS, FEW_PERSONS = 20, 40  # who inform slopes
RATINGS = 3  # of a person, below which any line fits them
_SAME = 1e-9  # of the expectations' size: rounding of a mean

Given: TypeAlias = Mapping[str, Scale] | str | None


@dataclass(frozen=True)
class RepeatedRatings:
    """The rows that have everything, as K cells of G persons.

    Attributes
    ----------
    kept : Cells
    y : array, shape (K,)
        The outcome, up is good.
    person : int array, shape (K,)
    performance : Split
    expectation : Split or None
        None, too, where it does not differ between persons.
    performance_name, expectation_name : str
    informing : int
        Persons with 3 or more ratings and a performance that varied.
    share_at_top : float
        For a rating: share of its best value among the rows; else NaN.
    n_missing : int
    notes : tuple of str
    """

    kept: Cells
    y: Floats
    person: Ints
    performance: Split
    expectation: Split | None
    performance_name: str
    expectation_name: str | None
    informing: int
    share_at_top: float
    n_missing: int
    notes: tuple[str, ...]


def repeated_ratings(
    data: IntoCells,
    outcome: Outcome | None,
    performance: Given,
    expectation: Given,
    cluster: str | None,
    count: str | None,
) -> RepeatedRatings:
    """Read and check them; see `performance_slopes` for parameters and errors."""
    scored, own, name = _declared(data, performance, "performance")
    hoped, beside, hope = _declared(data, expectation, "expectation") if expectation is not None else ({}, (), None)
    metrics, controls = {**scored, **hoped}, (*own, *beside)
    cells = as_cells(data, Roles(outcome=outcome, metrics=metrics, controls=controls, cluster=cluster, count=count))
    target, column = _target(cells.roles.outcome), _person_column(cells)
    used = [name] if hope is None else [name, hope]
    kept = complete(cells.select(target.column, *used), target.column, used)
    person, y = codes(kept[column])[0], good_is_high(target, kept[target.column])
    x = split(_values(kept, name), kept.count, person)
    informing = _informing(x, kept, person, name)
    notes: tuple[str, ...] = () if informing >= FEW_PERSONS else (_few(informing),)
    e = None if hope is None else split(_values(kept, hope), kept.count, person)
    if e is not None and np.ptp(e.mean) <= _SAME * np.abs(e.mean).max():
        notes += (
            warn(f"The means of '{hope}' are the same for all persons: they tell nobody's slope, and are left out."),
        )
        e = None
    at_top = float("nan")
    if isinstance(target, Rating):
        at_top = float(kept.count @ (y == target.scale.high) / kept.n)
    return RepeatedRatings(kept, y, person, x, e, name, hope, informing, at_top, cells.n - kept.n, notes)


def _few(informing: int) -> str:
    return warn(f"{informing} persons inform the slopes, few (fewer than {FEW_PERSONS}): their SD comes out too small.")


def _declared(data: IntoCells, given: Given | Any, role: str) -> tuple[Mapping[str, Scale], tuple[str, ...], str]:
    """The metric or the plain column to declare, and its name."""
    if isinstance(given, Mapping) and len(given) == 1:
        declared, names = metric_names(data, given)
        return declared, (), names[0]
    if isinstance(given, str) and not is_cells(data):
        return {}, (given,), given
    if isinstance(given, str) and is_cells(data) and given in (*data.roles.metrics, *data.roles.controls):
        return {}, (), given
    raise RoleError(
        f'{role} must be one column, but {given!r} was given.\nPass for example {role}={{"score": cx.CSAT7}}, or the '
        "name of a plain number; in Cells it must be among the metrics or controls."
    )


def _target(outcome: Outcome | None) -> Rating | Continuous:
    if isinstance(outcome, Rating | Continuous):
        return outcome
    given = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
    raise RoleError(
        f"An outcome that is a rating or measured is needed, but {given}."
        '\nPass outcome=cx.Rating("column", scale) or cx.Continuous("column").'
    )


def _person_column(cells: Cells) -> str:
    if cells.roles.weight is not None:
        raise RoleError(
            "Survey weights cannot be used here (a weight would have to be split into one of ratings and one of "
            f"persons), but the cells have the weight '{cells.roles.weight}'.\nTally the data without it."
        )
    if cells.roles.cluster is None:
        raise RoleError(
            "The person of each rating must be declared as cluster, but no cluster was."
            '\nPass for example cluster="customer"; cells must be tallied with it.'
        )
    return cells.roles.cluster


def _values(kept: Cells, name: str) -> Floats:
    """A score turned so that up is good; a plain number as it is."""
    if name in kept.roles.metrics:
        return upward(kept.roles.metrics[name], kept[name])
    check_numbers(name, kept[name], kept.count)
    return kept[name]


def _informing(performance: Split, kept: Cells, person: Ints, name: str) -> int:
    """How many persons inform the slopes; refuses too few."""
    size, varied = np.bincount(person, weights=kept.count), np.bincount(person, weights=performance.apart != 0) > 0
    persons = f"{len(size):,} {'person' if len(size) == 1 else 'persons'}"
    if not varied.any():
        same = np.ptp(performance.mean) == 0
        held = f"it is {number(float(performance.mean[0]))} in all {rows(kept.n)}" if same else f"of {persons} none had"
        what = "" if same else " two different values"
        raise TooFewError(
            f"The performance '{name}' must vary within persons, but {held}{what}."
            "\nA slope of a person needs ratings at different performances."
        )
    informing = int((varied & (size >= RATINGS)).sum())
    if informing < FEWEST_PERSONS:
        raise TooFewError(
            f"At least {FEWEST_PERSONS} persons with {RATINGS} or more ratings, at performances that varied, are "
            f"needed to tell how far slopes differ, but of {persons} {informing:,} "
            f"{'has' if informing == 1 else 'have'} these.\nCollect more ratings per person."
        )
    return informing
