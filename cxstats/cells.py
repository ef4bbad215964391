"""Cells: the distinct rows of a data set with their counts.

Feedback scores are discrete, so a data set of any length is, without any loss, a small table of distinct
rows with counts. Whatever does not depend on the order of the rows (AUC, DeLong, likelihoods, the
bootstrap, cross-validation) is exact on that table, at a cost that no longer depends on the number of
customers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from cxstats.arrays import Bools, Column, Floats, Ints
from cxstats.cells_file import StoredCells, fingerprint, read_cells, unreadable, write_cells
from cxstats.columns import codes, is_missing, joined, read_only, typed
from cxstats.errors import ColumnError, RoleError, listed, rows, unknown_column
from cxstats.frames import IntoFrame, group_counts
from cxstats.results import Backend, build_frame
from cxstats.roles import Outcome, Roles, checked_metrics, checked_outcome, outcome_columns
from cxstats.roles_json import roles_from_json, roles_to_json
from cxstats.scales import Scale
from cxstats.values import check_values

IntoCells: TypeAlias = "Cells | IntoFrame"
_PARTS = ("outcome", "metrics", "controls", "disconfirmation", "strata", "cluster", "weight")


@dataclass(frozen=True, eq=False)
class Cells:
    """Distinct rows in canonical order, with the number of rows that each stands for.

    Made by `tally`, not by hand. The order (columns by name, rows lexicographic, text by code point,
    missing last) is part of the type: the same data give the same cells, and the same seed the same
    draws, whichever engine held them.

    Attributes
    ----------
    columns : mapping from name to array, shape (n_cells,)
        float64 with NaN for missing, or text (object) with None for missing.
    count : int64 array, shape (n_cells,)
        Rows per cell, at least 1.
    roles : Roles
        Which column plays which part.
    """

    columns: Mapping[str, Column]
    count: Ints
    roles: Roles

    def __post_init__(self) -> None:
        columns = {name: read_only(typed(values)) for name, values in self.columns.items()}
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "count", read_only(self.count))

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.count.sum())

    @property
    def n_cells(self) -> int:
        """Number of distinct rows."""
        return len(self.count)

    def __len__(self) -> int:
        return self.n_cells

    def __getitem__(self, name: str) -> Column:
        try:
            return self.columns[name]
        except KeyError:
            raise unknown_column([name], list(self.columns), "the cells") from None

    def __str__(self) -> str:
        ratio = f" ({self.n / self.n_cells:,.0f}x)" if self.n_cells else ""
        n_missing = self.n - int(self.count[self.observed(self.columns)].sum())
        return (
            f"Cells: {rows(self.n)} in {self.n_cells:,} distinct{ratio} · "
            f"{', '.join(self.roles.ranges(self.columns))} · {rows(n_missing)} with a missing value"
        )

    __repr__ = __str__

    @cached_property
    def row_weight(self) -> Floats:
        """The survey weight of each row of the cell; 1 where no weight is declared."""
        if self.roles.weight is None:
            return np.ones(self.n_cells)
        return self.columns[self.roles.weight]

    @cached_property
    def cluster_codes(self) -> Ints | None:
        """For each cell the number of its cluster, or None where no cluster is declared."""
        if self.roles.cluster is None:
            return None
        return codes(self.columns[self.roles.cluster])[0]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of columns and counts: the same data give the same text, whichever engine held them."""
        return fingerprint(self.columns, self.count)

    def observed(self, names: Iterable[str]) -> Bools:
        """Which cells have a value in every one of the columns, the cluster and the weight."""
        needed = {*names, *(c for c in (self.roles.cluster, self.roles.weight) if c is not None)}
        present = np.ones(self.n_cells, dtype=bool)
        for name in sorted(needed):
            present &= ~is_missing(self[name])
        return present

    def where(self, mask: Bools) -> "Cells":
        """The cells for which the mask holds: one true or false per cell."""
        mask = np.asarray(mask)
        if mask.dtype != np.bool_ or mask.shape != (self.n_cells,):
            raise ColumnError(
                f"The mask must hold true or false for each of the {self.n_cells:,} cells, "
                f"but it has the type {mask.dtype} and the shape {mask.shape}."
            )
        return replace(self, columns={k: v[mask] for k, v in self.columns.items()}, count=self.count[mask])

    def select(self, *names: str) -> "Cells":
        """The cells over fewer columns: counts are added up over the columns left out.

        The cluster and the weight stay, since leaving them out would change what a row is worth.
        """
        absent = [name for name in names if name not in self.columns]
        if absent:
            raise unknown_column(absent, list(self.columns), "the cells")
        kept = {*names, *(c for c in (self.roles.cluster, self.roles.weight) if c is not None)}
        if kept == set(self.columns):
            return self
        parts = outcome_columns(self.roles.outcome)
        if 0 < len(kept & set(parts)) < len(parts):
            raise RoleError(f"{listed(parts)} make up one outcome: select all of them, or none.")
        columns = {name: self.columns[name] for name in sorted(kept)}
        return _canonical(columns, self.count, _roles_on(self.roles, kept))

    def __add__(self, other: "Cells") -> "Cells":
        """Cells of two disjoint sets of rows (shards, months) with the same roles."""
        if not isinstance(other, Cells):
            return NotImplemented
        if replace(self.roles, count=None) != replace(other.roles, count=None):
            differ = [n for n in _PARTS if getattr(self.roles, n) != getattr(other.roles, n)]
            told = "; ".join(f"{n} is {self.roles.told(n)} and {other.roles.told(n)}" for n in differ)
            raise RoleError(f"Only cells with the same roles can be added, but {told}.")
        columns = {k: joined(k, v, other.columns[k]) for k, v in self.columns.items()}
        return _canonical(columns, np.concatenate([self.count, other.count]), self.roles)

    def to_frame(self, backend: Backend = "pandas") -> Any:
        """One row per cell, with the counts in a last column ``n`` (``n_rows`` where ``n`` is taken)."""
        counts = next(name for name in ("n", "n_rows", "n_rows_") if name not in self.columns)
        return build_frame({**self.columns, counts: self.count}, backend)

    def expand(self, backend: Backend = "pandas") -> Any:
        """The rows again, as a frame in canonical order: the inverse of `tally`."""
        return build_frame({k: np.repeat(v, self.count) for k, v in self.columns.items()}, backend)

    def save(self, path: str | Path) -> None:
        """Write the cells to one file, which `Cells.load` reads again (NumPy's npz, without pickle)."""
        write_cells(path, StoredCells(self.columns, self.count, roles_to_json(self.roles)))

    @classmethod
    def load(cls, path: str | Path) -> "Cells":
        """Read cells that `save` wrote. Nothing in the file is ever executed."""
        stored = read_cells(path)
        try:
            roles = roles_from_json(stored.roles)
            columns = {name: stored.columns[name] for name in roles.keys}
            check_values(columns, stored.count, roles)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as reason:
            raise unreadable(path, reason) from None
        return _canonical(columns, stored.count, roles)


def tally(
    data: IntoFrame,
    *,
    metrics: Mapping[str, Scale] | None = None,
    outcome: Outcome | None = None,
    controls: Sequence[str] = (),
    disconfirmation: str | None = None,
    strata: Sequence[str] = (),
    count: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
) -> Cells:
    """Reduce a dataframe to its distinct rows with counts, once; every analysis then starts from these.

    Use it when several analyses share the same data: each function of cxstats takes the cells in the
    place of the dataframe. There is no need to call it for a single analysis.

    Parameters
    ----------
    data : dataframe
        pandas, polars (eager or lazy), pyarrow table or DuckDB relation; one row per customer.
    metrics : mapping from column to Scale
        The feedback scores.
    outcome : Binary, Rating, Continuous, Count or Survival, optional
        What the scores shall predict.
    controls, strata : list of columns
        Numbers or text.
    disconfirmation : str, optional
        Column with the gap between what was received and what was expected; above 0 is better.
    count : str, optional
        For data that are counted already: an integer column, the rows that each row stands for.
    weight : str, optional
        Survey weight. Not the same as a count: it does not say how many customers answered.
    cluster : str, optional
        Column with what makes rows dependent: the customer with several answers, the firm, the store.

    Returns
    -------
    Cells

    Raises
    ------
    ColumnError
        A column is unknown, duplicated, text where numbers are needed, or infinite; a count is negative.
    ScaleError
        A score lies off its scale; the message says which values in how many rows.

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> answers = pd.DataFrame({"nps": [9, 9, 3, None], "repurchase": [1, 1, 0, 1]})
    >>> cx.tally(answers, metrics={"nps": cx.NPS}, outcome=cx.Binary("repurchase"))
    Cells: 4 rows in 3 distinct (1x) · nps 0-10, repurchase 0/1 · 1 row with a missing value
    """
    roles = Roles(
        outcome=outcome,
        metrics={} if metrics is None else checked_metrics(metrics),
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        disconfirmation=disconfirmation,
        strata=strata,  # type: ignore[arg-type]
        cluster=cluster,
        weight=weight,
        count=count,
    )
    return tally_roles(data, roles)


def tally_roles(data: IntoFrame, roles: Roles) -> Cells:
    """`tally` for roles that are declared already."""
    if roles.outcome is not None:
        checked_outcome(roles.outcome)
    grouped = group_counts(data, roles.keys, roles.count)
    cells = _canonical(grouped.columns, grouped.count, roles)
    if cells.n == 0:
        raise ColumnError("The data must hold at least one row, but they hold none.")
    check_values(cells.columns, cells.count, roles)
    return cells


def as_cells(data: IntoCells, roles: Roles) -> Cells:
    """Cells as they are, if what is asked repeats their roles; anything else is tallied.

    Roles are fixed at the tally: a later call may leave them out, repeat them, or name fewer metrics. It
    may not change one, add one, or name fewer controls or strata.
    """
    if not is_cells(data):
        return tally_roles(data, roles)
    for name, asked in roles.declared().items():
        given = getattr(data.roles, name)
        if name == "metrics":
            same = all(given.get(metric) == scale for metric, scale in asked.items())
        elif name in ("controls", "strata"):
            same = set(asked) == set(given)
        else:
            same = asked == given
        if not same:
            raise RoleError(
                f"The roles of cells are fixed when they are tallied, but {name} is now asked to be "
                f"{roles.told(name)}, where the cells have {data.roles.told(name)}."
                f"\nTally the data again with the roles you need, or leave {name} out."
            )
    return data


def metric_names(data: IntoCells, metrics: object) -> tuple[Mapping[str, Scale], tuple[str, ...]]:
    """The metrics to declare and the ones to use: cells carry scales, so for them names are enough."""
    declared: Mapping[str, Scale] = {}
    if is_cells(data) and metrics is None:
        names = tuple(data.roles.metrics)
    elif is_cells(data) and isinstance(metrics, Sequence) and not isinstance(metrics, str):
        names = tuple(metrics)
        absent = [name for name in names if name not in data.roles.metrics]
        if absent:
            raise unknown_column(absent, list(data.roles.metrics), "the metrics of the cells")
    else:
        declared = checked_metrics(metrics)
        names = tuple(declared)
    if not names:
        raise RoleError('At least one metric is needed.\nPass for example metrics={"nps": cx.NPS}.')
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RoleError(f"Each metric must be named once, but {listed(twice)} was named more often.")
    return declared, names


def is_cells(data: IntoCells) -> TypeGuard[Cells]:
    """Whether the data are cells already."""
    return isinstance(data, Cells)


def _canonical(columns: Mapping[str, Column], count: Ints, roles: Roles) -> Cells:
    """Sort the rows, merge equal ones, drop empty ones."""
    names = sorted(columns)
    kept = count > 0
    plain = {name: columns[name][kept] for name in names}
    count = count[kept]
    keys = [codes(plain[name])[0] for name in names]
    order = np.lexsort(keys[::-1]) if keys else np.arange(0)
    starts = np.ones(len(order), dtype=bool)
    if len(order):
        starts[1:] = np.any([key[order][1:] != key[order][:-1] for key in keys], axis=0)
        count = np.add.reduceat(count[order], np.flatnonzero(starts))
    return Cells({name: plain[name][order][starts] for name in names}, count, roles)


def _roles_on(roles: Roles, kept: set[str]) -> Roles:
    """The roles whose columns are kept."""
    outcome = roles.outcome
    return replace(
        roles,
        outcome=outcome if outcome is not None and set(outcome_columns(outcome)) <= kept else None,
        metrics={name: scale for name, scale in roles.metrics.items() if name in kept},
        controls=tuple(c for c in roles.controls if c in kept),
        strata=tuple(c for c in roles.strata if c in kept),
        disconfirmation=roles.disconfirmation if roles.disconfirmation in kept else None,
    )
