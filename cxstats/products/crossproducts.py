"""CrossProducts: sums of products of outcome, journey rating and touchpoints, in at most 1,000 groups of rows.

Linear and ridge models, correlations, and how well they predict rows held out need these sums and nothing
else. One pass over the data makes them; what follows costs the same for a thousand rows and for a billion.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import IntoCells
from cxstats.columns import read_only
from cxstats.errors import ColumnError, RoleError, TooFewError, listed, rows
from cxstats.numerics.crossproducts import GroupMoments, mapped, merged, pooled, renumbered, sums_about
from cxstats.numerics.ridge import RidgePath, ridge_path
from cxstats.products.journey_batches import journey_roles
from cxstats.products.journey_extremes import Extremes, refuse_computed, refuse_constant, refuse_copies
from cxstats.products.linear_products import (
    COMPOSITE,
    PENALTIES,
    HeldOutProducts,
    LinearProducts,
    checked_penalties,
    held_out_products,
    linear_products,
)
from cxstats.products.summed_journeys import sum_journeys
from cxstats.roles import Binary, Continuous, Rating, Roles
from cxstats.scales import Scale

GROUPS = 1000


@dataclass(frozen=True, eq=False)
class CrossProducts:
    """Sums of products of outcome, journey rating, composite and touchpoints, per group of rows.

    Made by `cross_products`, not by hand. Ratings are shares of their scale, from 0 (worst) to 1 (best), and the
    outcome is turned so that up is good, in its own unit. A touchpoint has two columns: its rating, less the mean
    rating of those who used it and 0 where it was not used, and an indicator of having used it.

    Attributes
    ----------
    roles : Roles
    journey : str
    touchpoints : tuple of str, length k
    moments : GroupMoments
        Per group n, means and cross-products of the columns outcome, journey, composite, k ratings less one half (0
        where not used), k indicators.
    extremes : Extremes
    text_cluster : bool or None
        Whether the clusters are told apart by text; None without clusters.
    n_missing, n_unused : int
        Rows left out because outcome, journey rating or cluster is missing; because no touchpoint was used.
    """

    roles: Roles
    journey: str
    touchpoints: tuple[str, ...]
    moments: GroupMoments
    extremes: Extremes
    text_cluster: bool | None
    n_missing: int
    n_unused: int

    def __post_init__(self) -> None:
        held = self.moments
        fixed = GroupMoments(read_only(held.n), read_only(held.mean), read_only(held.moment))
        object.__setattr__(self, "moments", fixed)

    @property
    def n(self) -> int:
        """Number of rows used."""
        return int(self.moments.n.sum())

    @property
    def n_groups(self) -> int:
        """Number of groups that do."""
        return int((self.moments.n > 0).sum())

    @property
    def outcome(self) -> Binary | Rating | Continuous:
        """The outcome as declared."""
        given = self.roles.outcome
        if not isinstance(given, Binary | Rating | Continuous):
            raise RoleError("The outcome of a linear model must be Continuous, Rating or Binary.")
        return given

    @property
    def names(self) -> tuple[str, ...]:
        """The columns: outcome, journey rating, composite, touchpoints, and an indicator of having used each."""
        used = (f"{name} used" for name in self.touchpoints)
        return (self.outcome.column, self.journey, COMPOSITE, *self.touchpoints, *used)

    @cached_property
    def coded(self) -> GroupMoments:
        """The moments of the groups that hold rows, touchpoints less the mean of those who used them."""
        present = self.moments.n > 0
        held = renumbered(self.moments, np.flatnonzero(present))
        k = len(self.touchpoints)
        mean = pooled(held).mean
        used = mean[3 + k :]
        centre = np.divide(mean[3 : 3 + k], used, out=np.zeros(k), where=used > 0)
        matrix = np.eye(len(mean))
        matrix[np.arange(3, 3 + k), np.arange(3 + k, 3 + 2 * k)] = -centre
        return mapped(held, matrix)

    @cached_property
    def sums(self) -> Floats:
        """Sums of products (G, 1 + p, 1 + p) of 1 and the columns less their overall means, groups that hold rows."""
        return sums_about(self.coded, pooled(self.coded).mean)

    @cached_property
    def mean(self) -> Floats:
        """Means (p,) of the columns in `names`."""
        return pooled(self.coded).mean

    @cached_property
    def covariance(self) -> Floats:
        """Their covariances (p, p), divided by n."""
        return pooled(self.coded).covariance

    @property
    def correlation(self) -> Floats:
        """Their correlations (p, p); NaN where a column does not vary (an indicator of what everybody used)."""
        sd = np.sqrt(np.where(self.varies, np.diag(self.covariance), np.nan))
        found: Floats = np.clip(self.covariance / np.outer(sd, sd), -1, 1)
        return found

    @cached_property
    def varies(self) -> Bools:
        """Which columns (p,) vary: an indicator does not where everybody, or nobody, used the touchpoint."""
        k = len(self.touchpoints)
        used = pooled(self.moments).mean[3 + k :] * self.n
        some = (used > 0.5) & (used < self.n - 0.5)
        variance = np.diag(self.covariance) > 0
        return np.concatenate([variance[:3], self.extremes.low[1:] < self.extremes.high[1:], some])

    def columns_of(self, *terms: str) -> list[int]:
        """The places in `names` of the columns that vary of the journey rating, the composite, or touchpoints."""
        k, found = len(self.touchpoints), []
        for term in terms:
            if term in self.touchpoints:
                at = 3 + self.touchpoints.index(term)
                found += [column for column in (at, at + k) if self.varies[column]]
            elif term in (self.journey, COMPOSITE):
                found.append(1 if term == self.journey else 2)
            else:
                raise ColumnError(
                    f"'{term}' must be the journey rating '{self.journey}', '{COMPOSITE}', or one of the touchpoints "
                    f"{listed(self.touchpoints, 20)}."
                )
        return found

    def linear(self, terms: Sequence[str] | None = None) -> LinearProducts:
        """Least squares of the outcome on the terms (by default all touchpoints), standard errors from groups."""
        self._refuse()
        return linear_products(self, tuple(self.touchpoints if terms is None else terms))

    def ridge(self, penalties: Sequence[float] = PENALTIES, terms: Sequence[str] | None = None) -> RidgePath:
        """The ridge path of the outcome on the terms, on all rows; slopes in the order of `columns_of(*terms)`."""
        self._refuse()
        at = [0, *self.columns_of(*(self.touchpoints if terms is None else terms))]
        return ridge_path(self.mean[at], self.covariance[np.ix_(at, at)], checked_penalties(penalties))

    def held_out(self, folds: int = 10, penalties: Sequence[float] = PENALTIES) -> HeldOutProducts:
        """How well journey rating and touchpoints predict the outcome in groups they were not fitted on.

        Groups are dealt to folds in order, which is a random deal since their numbers are hashes. The penalty of
        "all touchpoints" is tuned, and the best touchpoint chosen, in the training set of each fold alone.
        """
        self._refuse()
        return held_out_products(self, folds, checked_penalties(penalties))

    def __add__(self, other: "CrossProducts") -> "CrossProducts":
        """Cross-products of two disjoint sets of rows (shards, months) with the same roles.

        With clusters the result is that of all rows at once. Without, the totals are, and the groups are as good
        as, but not the same as, those of one deal.
        """
        if not isinstance(other, CrossProducts):
            return NotImplemented
        differ = [
            name
            for name in ("outcome", "journey", "touchpoints", "metrics", "cluster", "groups")
            if _told(self, name) != _told(other, name)
        ]
        if differ:
            told = "; ".join(f"{name} is {_told(self, name)} and {_told(other, name)}" for name in differ)
            raise RoleError(f"Only cross-products with the same roles can be added, but {told}.")
        if self.text_cluster != other.text_cluster:
            raise ColumnError(
                f"'{self.roles.cluster}' must have one type in both cross-products, but it holds numbers in one and "
                "text in the other.\nCast it to text in both before the pass."
            )
        return replace(
            self,
            moments=merged(self.moments, other.moments),
            extremes=self.extremes + other.extremes,
            n_missing=self.n_missing + other.n_missing,
            n_unused=self.n_unused + other.n_unused,
        )

    def __str__(self) -> str:
        whose = "rows" if self.roles.cluster is None else f"whole clusters '{self.roles.cluster}'"
        ranges = ", ".join(self.roles.ranges([self.journey, *self.touchpoints, self.outcome.column]))
        unused = f" · {rows(self.n_unused)} without any touchpoint" if self.n_unused else ""
        return (
            f"CrossProducts: {rows(self.n)} in {self.n_groups:,} groups of {whose} · {ranges} · "
            f"{rows(self.n_missing)} with a missing value{unused}"
        )

    __repr__ = __str__

    def _refuse(self) -> None:
        """What makes every comparison void: constants, and a journey rating that repeats touchpoints."""
        refuse_constant(self.extremes, (self.journey, *self.touchpoints), self.n)
        if not self.varies[0]:
            raise TooFewError(
                f"The outcome '{self.outcome.column}' must take at least two values, but all {rows(self.n)} hold one."
                "\nThere is nothing to predict."
            )
        refuse_copies(self.extremes, self.journey, self.touchpoints)
        at = [1, *self.columns_of(*self.touchpoints)]
        known = ridge_path(self.mean[at], self.covariance[np.ix_(at, at)], np.zeros(1)).r2[0]
        scale = self.roles.metrics[self.journey]
        refuse_computed(self.extremes, self.journey, scale, 1 - known, self.n)


def cross_products(
    data: IntoCells,
    *,
    outcome: Binary | Rating | Continuous | None = None,
    journey: Mapping[str, Scale] | str | None = None,
    touchpoints: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    count: str | None = None,
    groups: int = GROUPS,
) -> CrossProducts:
    """Reduce journeys to sums of products in groups, once; linear and ridge models then need no rows.

    Use it for many touchpoints and any number of rows: models with all touchpoints, their penalty, and how well
    they predict held-out rows cost the same for a thousand rows and for a billion. Do not use it for areas under
    the ROC curve or for models that are not linear: those need `Cells`. A binary outcome is modelled by a linear
    probability.

    Parameters
    ----------
    data : dataframe or Cells
        One row per journey. A touchpoint that was not used is missing. DuckDB relations are read in batches.
    outcome : Continuous, Rating or Binary
        What the ratings shall predict.
    journey : mapping from column to Scale, or name
        The one rating of the whole journey. The name suffices where ``data`` are Cells, which carry the scales.
    touchpoints : mapping from column to Scale, or names
        At least two.
    cluster : str, optional
        Column with what makes rows dependent (the customer, the firm). Whole clusters are dealt to groups.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    groups : int
        How many groups there are, from 20. Fewer groups, or fewer clusters, give wider intervals.

    Returns
    -------
    CrossProducts
        With ``held_out()``, ``linear()``, ``ridge()``, ``mean``, ``covariance`` and ``correlation``; ``a + b`` adds
        shards.

    Raises
    ------
    TooFewError
        Fewer than two touchpoints, or no row with outcome, journey rating and a touchpoint.
    RoleError
        A role is declared wrongly; the cells have a survey weight.
    ColumnError, ScaleError
        As for `tally`. `held_out`, `linear` and `ridge` also refuse constant ratings, a touchpoint that repeats the
        journey rating, and a journey rating that was computed from the touchpoints.

    Notes
    -----
    A cluster goes to the group that a hash of its value gives; without clusters each row goes to a group by a hash
    of its values and of its number among rows with the same values. The deal depends on the data alone, not on
    engine, batches or the order of rows, and is as good as a random one: copies of one row are dealt one by one.
    The group is the independent unit: standard errors are from sums of influence values per group, by Student's t
    with (groups that hold rows - 1) degrees, predictions held fixed.

    Each group keeps means and products about its mean [1]_. With S the sums of products of (1, x, y) in a set of
    groups, a linear prediction p = b'(1, x) has the sum of p y equal to b'S e_y and that of p squared equal to
    b'S b: held-out r and R2, and the influence sums, are quadratic forms. Rows that lack outcome, journey rating
    or cluster are left out and counted, as are those without any touchpoint.

    References
    ----------
    .. [1] Chan, Golub & LeVeque (1983). The American Statistician 37, 242-247. doi:10.1080/00031305.1983.10483115

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxstats as cx
    >>> from cxstats.products.crossproducts import cross_products
    >>> rng = np.random.default_rng(1)
    >>> mood = rng.normal(size=2000)
    >>> rated = lambda noise: np.clip(np.round(3 + mood + noise * rng.normal(size=2000)), 1, 5)
    >>> journeys = pd.DataFrame(
    ...     {"overall": rated(0.7), "booking": rated(1), "delivery": rated(1), "satisfaction": rated(0.8)}
    ... )
    >>> products = cross_products(
    ...     journeys,
    ...     outcome=cx.Rating("satisfaction", cx.CSAT5),
    ...     journey={"overall": cx.CSAT5},
    ...     touchpoints={"booking": cx.CSAT5, "delivery": cx.CSAT5},
    ... )
    >>> products.n, products.names[3:]
    (2000, ('booking', 'delivery', 'booking used', 'delivery used'))
    >>> products.held_out().models[:3]
    ('overall', 'composite of touchpoints', 'average touchpoint')
    """
    asked: object = groups
    if isinstance(asked, bool) or not isinstance(asked, int | np.integer) or not 20 <= asked <= 100_000:
        raise RoleError(f"groups must be a whole number from 20 to 100,000, but {groups!r} was given.")
    found = journey_roles(data, outcome=outcome, journey=journey, touchpoints=touchpoints, cluster=cluster, count=count)
    summed = sum_journeys(data, found, int(groups))
    if not summed.moments.n.any():
        needed = (found.outcome.column, found.journey, *([] if cluster is None else [cluster]))
        raise TooFewError(
            f"At least one row must have all of {listed(needed)} and a rating of one of {listed(found.touchpoints)}, "
            f"but none of {rows(summed.n_missing + summed.n_unused)} has.\nCheck how the tables were joined."
        )
    return CrossProducts(
        roles=found.roles,
        journey=found.journey,
        touchpoints=found.touchpoints,
        moments=summed.moments,
        extremes=summed.extremes,
        text_cluster=summed.text_cluster,
        n_missing=summed.n_missing,
        n_unused=summed.n_unused,
    )


def _told(products: CrossProducts, name: str) -> str:
    """A role, or the number of groups, as a message shows it."""
    if name == "journey":
        return f"'{products.journey}'"
    if name == "touchpoints":
        return listed(products.touchpoints, 20)
    return f"{len(products.moments.n):,}" if name == "groups" else products.roles.told(name)
