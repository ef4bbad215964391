"""What every score by group has in common: the rows it stands on, and how its result reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, is_cells
from cxstats.columns import codes
from cxstats.errors import RoleError, TooFewError, listed, number, rows, unknown_column
from cxstats.numerics.intervals import two_sided
from cxstats.numerics.scores import GroupMeans, group_means
from cxstats.results import TalliedResult
from cxstats.roles import Roles
from cxstats.scales import Scale

MOST_GROUPS = 200  # beyond it, "by" is rather a key than a grouping, and the pairs fill the memory


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupedScore(TalliedResult):
    """A score of each of g groups, then the difference of every pair of groups.

    Attributes
    ----------
    metric : str
    groups : tuple of str, length g
        In canonical order (numbers ascending, text by code point); ``("all",)`` without ``by``.
    n_eff : array, shape (g,)
        Rows of a simple sample that would tell as much; the rows themselves without weights and clusters.
    df : array, shape (g + g (g - 1) / 2,)
        Degrees of freedom of each row of the frame; infinite for the normal.
    """

    metric: str
    groups: tuple[str, ...]
    n_eff: Floats
    df: Floats

    @property
    def terms(self) -> tuple[str, ...]:
        """Groups, then pairs as ``"a - b"``."""
        return (*self.groups, *(f"{a} - {b}" for a, b in combinations(self.groups, 2)))

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The metric and the group of each row."""
        return {"metric": (self.metric,) * len(self.terms), "group": self.terms}

    @property
    def p_value(self) -> Floats:
        """Two-sided, of no difference, not adjusted for the number of pairs; NaN for the groups themselves."""
        return two_sided(self.statistic, self.df)

    def of_differences(self, values: Floats) -> Floats:
        """The values where a row is a difference; NaN where it is a group, which has nothing to test."""
        return np.where(self.is_difference, values, np.nan)

    @property
    def is_difference(self) -> Bools:
        """Which rows are differences."""
        return np.arange(len(self.estimate)) >= len(self.groups)


@dataclass(frozen=True)
class Scored:
    """The rows that have the metric and the group, and where they belong.

    Attributes
    ----------
    cells : Cells
        Metric, group, cluster and weight, complete.
    metric : str
    scale : Scale
    groups : tuple of str, length g
    group : int array, shape (K,)
    n_missing : int
        Rows left out.
    """

    cells: Cells
    metric: str
    scale: Scale
    groups: tuple[str, ...]
    group: Ints
    n_missing: int

    @property
    def score(self) -> Floats:
        """The metric of each cell."""
        return self.cells[self.metric]

    def means(self, value: Floats) -> GroupMeans:
        """Means by group of a value of each cell."""
        cells = self.cells
        return group_means(value, self.group, self.groups, cells.count, cells.row_weight, cells.cluster_codes)


def score_rows(
    data: IntoCells,
    *,
    metric: str | None,
    scale: Scale | None,
    by: str | None,
    cluster: str | None,
    weight: str | None,
    count: str | None,
) -> Scored:
    """Tally the metric by group, and leave out the rows that lack one of them."""
    name = _metric_name(data, metric, scale)
    group_name = None if by is None else _group_name(data, by)
    strata = () if group_name is None or is_cells(data) else (group_name,)
    declared = {} if scale is None else {name: scale}
    roles = Roles(metrics=declared, strata=strata, cluster=cluster, weight=weight, count=count)
    keys = (name,) if by is None else (name, by)
    cells = as_cells(data, roles).select(*keys)
    used = cells.where(cells.observed(keys))
    if used.n == 0:
        raise TooFewError(
            f"At least one row must have {listed(_needed(cells, keys))}, but none of {rows(cells.n)} does."
            "\nCheck how the tables were joined."
        )
    groups, group = _groups(used, by)
    return Scored(used, name, cells.roles.metrics[name], groups, group, cells.n - used.n)


def refuse_constant(cells: Cells, metric: str) -> None:
    """Refuse a score that everybody gave alike: more often a fault of the export than an opinion."""
    present = ~np.isnan(cells[metric])
    values, count = cells[metric][present], cells.count[present]
    if len(values) and values.min() == values.max():
        raise TooFewError(
            f"The metric '{metric}' must take at least two values, but all {rows(int(count.sum()))} hold "
            f"{number(float(values[0]))}.\nCheck the column: a score that everybody gives alike is rarely one."
        )


def _metric_name(data: IntoCells, metric: object, scale: object) -> str:
    """The one metric: declared with its scale, or the only one of the cells."""
    known = list(data.roles.metrics) if is_cells(data) else []
    if metric is None and len(known) == 1:
        return known[0]
    if not isinstance(metric, str):
        held = f"; the cells have {listed(known) or 'none'}" if is_cells(data) else ""
        raise RoleError(
            f"metric must be the name of one column, but {metric!r} was given{held}."
            '\nPass for example metric="csat", scale=cx.CSAT5.'
        )
    if is_cells(data) and metric not in known:
        raise unknown_column([metric], known, "the metrics of the cells")
    if not isinstance(scale, Scale) and not (scale is None and is_cells(data)):
        raise RoleError(
            f"The scale of '{metric}' must be declared, but {scale!r} was given."
            "\nPass for example scale=cx.CSAT5 or scale=cx.Scale(1, 5): the direction of a scale is never guessed."
        )
    return metric


def _group_name(data: IntoCells, by: object) -> str:
    if not isinstance(by, str):
        raise RoleError(f"by must be the name of one column, but {by!r} was given.")
    known = [*data.roles.strata, *data.roles.controls] if is_cells(data) else [by]
    if by not in known:
        raise RoleError(
            f"by must be one of the strata or controls of the cells, but '{by}' is not among {listed(known) or 'none'}."
            f'\nTally the data with strata=["{by}"].'
        )
    return by


def _needed(cells: Cells, keys: Sequence[str]) -> list[str]:
    """The columns in which a used row has a value."""
    return [*keys, *(c for c in (cells.roles.cluster, cells.roles.weight) if c is not None)]


def _groups(cells: Cells, by: str | None) -> tuple[tuple[str, ...], Ints]:
    """The names of the groups in canonical order, and the number of each cell's group."""
    if by is None:
        return ("all",), np.zeros(cells.n_cells, dtype=np.int64)
    group, levels = codes(cells[by])
    if len(levels) > MOST_GROUPS:
        raise RoleError(
            f"by must be a column of at most {MOST_GROUPS} groups, but '{by}' has {len(levels):,}."
            "\nIf it says who answered, pass it as cluster= instead; else group it more coarsely."
        )
    return tuple(level if isinstance(level, str) else number(level) for level in levels), group
