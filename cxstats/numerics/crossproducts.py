"""Means and cross-products of columns per group of rows, and what can be computed from them without the rows.

Each group keeps its mean and its cross-products about that mean, so that neither a high level nor a small unit
costs digits. Groups, shards and batches are put together by the update of Chan, Golub & LeVeque (1983),
doi:10.1080/00031305.1983.10483115.
"""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class GroupMoments:
    """Of p columns in G groups.

    Attributes
    ----------
    n : int array, shape (G,)
        Rows; 0 in an empty group, whose other numbers are 0.
    mean : array, shape (G, p)
    moment : array, shape (G, p, p)
        Sums of products of deviations from the group's own mean.
    """

    n: Ints
    mean: Floats
    moment: Floats

    @classmethod
    def empty(cls, groups: int, columns: int) -> "GroupMoments":
        """Before the first row."""
        return cls(np.zeros(groups, np.int64), np.zeros((groups, columns)), np.zeros((groups, columns, columns)))


def add_rows(moments: GroupMoments, values: Floats, group: Ints, count: Ints) -> GroupMoments:
    """The groups after ``count`` (K,) rows with ``values`` (K, p) came to ``group`` (K,)."""
    order = np.argsort(group, kind="stable")
    present, starts = np.unique(group[order], return_index=True)
    ends = [*starts[1:].tolist(), len(order)]
    values, weight = values[order], count[order].astype(np.float64)
    added = GroupMoments.empty(len(moments.n), values.shape[1])
    np.add.at(added.n, group, count)
    for g, start, end in zip(present.tolist(), starts.tolist(), ends, strict=True):
        block, mass = values[start:end], weight[start:end]
        mean = mass @ block / added.n[g]
        block = block - mean
        added.mean[g] = mean
        added.moment[g] = (block * mass[:, None]).T @ block
    return merged(moments, added)


def merged(first: GroupMoments, second: GroupMoments) -> GroupMoments:
    """Group by group, the rows of both."""
    n = first.n + second.n
    share = np.divide(second.n, n, out=np.zeros(len(n)), where=n > 0)
    apart = second.mean - first.mean
    between = (first.n * share)[:, None, None] * (apart[:, :, None] * apart[:, None, :])
    return GroupMoments(n, first.mean + share[:, None] * apart, first.moment + second.moment + between)


def renumbered(moments: GroupMoments, order: Ints) -> GroupMoments:
    """The groups in another order."""
    return GroupMoments(moments.n[order], moments.mean[order], moments.moment[order])


def mapped(moments: GroupMoments, matrix: Floats) -> GroupMoments:
    """Moments of the columns ``values @ matrix.T``."""
    return GroupMoments(moments.n, moments.mean @ matrix.T, matrix @ moments.moment @ matrix.T)


@dataclass(frozen=True)
class Pooled:
    """Of all rows together: their number, means (p,) and covariances (p, p), divided by n."""

    n: int
    mean: Floats
    covariance: Floats


def pooled(moments: GroupMoments, kept: Bools | None = None) -> Pooled:
    """All groups, or the ones kept, as one."""
    weight = moments.n.astype(np.float64) if kept is None else moments.n * kept
    n = weight.sum()
    mean = weight @ moments.mean / n
    apart = moments.mean - mean
    within = moments.moment.sum(axis=0) if kept is None else moments.moment[kept].sum(axis=0)
    return Pooled(int(n), mean, (within + (apart * weight[:, None]).T @ apart) / n)


def sums_about(moments: GroupMoments, origin: Floats) -> Floats:
    """Sums of products per group (G, 1 + p, 1 + p) of the columns (1, values - origin).

    In these everything is linear: a set of rows has the sum over its groups, and any quantity that is a
    product of two linear combinations of columns is a quadratic form in them.
    """
    apart = moments.mean - origin
    sums = np.empty((len(moments.n), len(origin) + 1, len(origin) + 1))
    sums[:, 0, 0] = moments.n
    sums[:, 0, 1:] = sums[:, 1:, 0] = moments.n[:, None] * apart
    sums[:, 1:, 1:] = moments.moment + moments.n[:, None, None] * (apart[:, :, None] * apart[:, None, :])
    return sums
