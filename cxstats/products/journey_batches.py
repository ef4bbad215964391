"""Journeys in batches, whatever holds them: complete rows as columns of numbers, and what makes rows dependent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from cxstats.arrays import Column, Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, is_cells, tally_roles
from cxstats.coding import upward
from cxstats.columns import is_missing
from cxstats.errors import ColumnError, RoleError, ScaleError
from cxstats.frames import column_batches
from cxstats.outcomes import good_is_high
from cxstats.roles import Binary, Continuous, Rating, Roles
from cxstats.shared.journey_roles import declared_journey, declared_touchpoints
from cxstats.values import check_values

BATCH = 1 << 18  # rows held at once


@dataclass(frozen=True)
class JourneyRoles:
    """Which column is what."""

    roles: Roles
    outcome: Binary | Rating | Continuous
    journey: str
    touchpoints: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that are read, in canonical order."""
        cluster = () if self.roles.cluster is None else (self.roles.cluster,)
        return tuple(sorted((self.outcome.column, self.journey, *self.touchpoints, *cluster)))

    def share(self, name: str, values: Floats) -> Floats:
        """Ratings as shares of their scale, from 0 (worst) to 1 (best)."""
        scale = self.roles.metrics[name]
        return (upward(scale, values) - scale.low) / (scale.high - scale.low)


@dataclass(frozen=True)
class JourneyBatch:
    """Rows with the outcome, the journey rating, the cluster, and at least one touchpoint used.

    Attributes
    ----------
    raw : list of arrays, shape (K,)
        Outcome, journey rating and touchpoints as they were given, in canonical order.
    cluster : array, shape (K,), or None
    outcome, journey : array, shape (K,)
        Turned so that up is good; the journey rating as a share of its scale.
    shares : array, shape (K, k)
        Touchpoints as shares of their scales; NaN where not used.
    count : int array, shape (K,)
    n_missing, n_unused : int
        Rows left out because a value is missing; because no touchpoint was used.
    """

    raw: list[Column]
    cluster: Column | None
    outcome: Floats
    journey: Floats
    shares: Floats
    count: Ints
    n_missing: int
    n_unused: int

    @cached_property
    def composite(self) -> Floats:
        """The mean of the touchpoints used, shape (K,)."""
        used = ~np.isnan(self.shares)
        total: Floats = np.where(used, self.shares, 0.0).sum(axis=1) / used.sum(axis=1)
        return total


def journey_roles(
    data: IntoCells, *, outcome: object, journey: object, touchpoints: object, cluster: str | None, count: str | None
) -> JourneyRoles:
    """The roles of what was declared, or of what the cells carry."""
    scaled, name = declared_journey(data, journey)
    others, names = declared_touchpoints(data, touchpoints, name, few="Use cx.held_out for fewer.")
    asked = Roles(outcome=outcome, metrics={**scaled, **others}, cluster=cluster, count=count)  # type: ignore[arg-type]
    roles = as_cells(data, asked).roles if is_cells(data) else asked
    if roles.weight is not None:
        raise RoleError(
            f"Cross-products take no survey weights, but the cells have the weight '{roles.weight}'."
            "\nTally the data without it."
        )
    found = roles.outcome
    if not isinstance(found, Binary | Rating | Continuous):
        given = "none was declared" if found is None else f"{type(found).__name__} was given"
        raise RoleError(
            f"The outcome of a linear model must be Continuous, Rating or Binary, but {given}."
            '\nPass for example outcome=cx.Rating("satisfaction", cx.CSAT5).'
        )
    return JourneyRoles(roles, found, name, names)


def journey_batches(data: IntoCells, found: JourneyRoles) -> Iterator[JourneyBatch]:
    """The rows, so many at a time; values that the roles do not allow are refused, all rows counted."""
    if is_cells(data) or found.roles.count is not None:
        cells = as_cells(data, found.roles)
        for columns, count in _of_cells(cells.select(*(k for k in found.keys if k != cells.roles.cluster))):
            yield _batch(columns, count, found)
        return
    read = column_batches(data, found.keys, BATCH)
    first = next(read, None)
    if first is None:
        raise ColumnError("The data must hold at least one row, but they hold none.")
    for columns in chain([first], read):
        count = np.ones(len(columns[found.journey]), dtype=np.int64)
        try:
            check_values(columns, count, found.roles)
        except (ColumnError, ScaleError):
            tally_roles(data, found.roles)  # raises the same for all rows, so that the message tells how many
            raise
        yield _batch(columns, count, found)


def _of_cells(cells: Cells) -> Iterator[tuple[dict[str, Column], Ints]]:
    for start in range(0, cells.n_cells, BATCH):
        part = slice(start, start + BATCH)
        yield {name: values[part] for name, values in cells.columns.items()}, cells.count[part]


def _batch(columns: Mapping[str, Column], count: Ints, found: JourneyRoles) -> JourneyBatch:
    cluster = None if found.roles.cluster is None else columns[found.roles.cluster]
    present = ~(np.isnan(columns[found.outcome.column]) | np.isnan(columns[found.journey]))
    if cluster is not None:
        present &= ~is_missing(cluster)
    used = np.zeros(len(count), dtype=bool)
    for name in found.touchpoints:
        used |= ~np.isnan(columns[name])
    kept = present & used
    of = {name: values[kept] for name, values in columns.items()}
    return JourneyBatch(
        raw=[of[name] for name in found.keys if name != found.roles.cluster],
        cluster=None if cluster is None else cluster[kept],
        outcome=good_is_high(found.outcome, of[found.outcome.column]),
        journey=found.share(found.journey, of[found.journey]),
        shares=np.column_stack([found.share(name, of[name]) for name in found.touchpoints]),
        count=count[kept],
        n_missing=int(count[~present].sum()),
        n_unused=int(count[present & ~used].sum()),
    )
