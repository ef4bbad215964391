"""What results about memory have in common: how many sequences, moments and people they stand on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import RoleError, TooFewError, listed, warn
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import FEWEST_CLUSTERS, Covariance, covariance
from cxstats.results import Result, shown
from cxstats.shared.remembered import FEWEST_MOMENTS, Remembered
from cxstats.wald import WaldResult


@dataclass(frozen=True, kw_only=True, eq=False)
class MemoryResult(WaldResult):
    """A result computed on sequences; ``n`` and ``n_missing`` count sequences.

    Attributes
    ----------
    n_short : int
        Sequences left out because they have fewer than three moments.
    n_moments, n_moments_missing : int
        Moments used, and moments without a value in the sequences that are used.
    tie_share : float
        Share of the sequences with several moments equally far from the neutral point, of which the latest is taken
        for the peak.
    n_people : int or None
        People, if they were declared: they are then compared with themselves.
    n_alone : int
        Those of them with one sequence, which cannot be compared with another.
    """

    n_short: int
    n_moments: int
    n_moments_missing: int
    tie_share: float
    n_people: int | None
    n_alone: int = 0

    def footer(self) -> str:
        """Sequences, moments and people, used and left out, then the method."""
        used = f"{self.n:,} sequences of {self.n_moments:,} moments used"
        if self.n_people is not None:
            used += f", of {self.n_people:,} people, compared with themselves"
        if self.n_alone:
            used += f" but for {self.n_alone:,} with one sequence only"
        left = [
            (self.n_missing, "sequence", "with something missing"),
            (self.n_short, "sequence", f"with fewer than {FEWEST_MOMENTS} moments"),
            (self.n_moments_missing, "moment", "without a value"),
        ]
        told = [f"{many:,} {what}{'' if many == 1 else 's'} left out {why}" for many, what, why in left if many]
        lines = ["; ".join([used, *told]) + "."]
        if self.tie_share:
            share = f"{100 * self.tie_share:.3g}%"
            lines.append(f"The peak is the latest of several equally far moments in {share} of the sequences.")
        return "\n".join([*lines, Result.footer(self)])


class Used(TypedDict):
    """The fields of `MemoryResult` that say what it stands on."""

    n: int
    n_missing: int
    n_cells: int
    n_short: int
    n_moments: int
    n_moments_missing: int
    tie_share: float
    n_people: int | None
    n_alone: int


def left_out_lines(left_out: Mapping[str, str]) -> list[str]:
    """What was left out and why, for the summary: a line per reason."""
    reasons = list(dict.fromkeys(left_out.values()))
    of_reason = [[name for name, own in left_out.items() if own == why] for why in reasons]
    return [f"Left out: {_named(names)}: {why}." for names, why in zip(of_reason, reasons, strict=True)]


def _named(names: list[str]) -> str:
    """The names; what all of them add in brackets at the end is said once."""
    endings = {name[name.rindex(" (") :] if name.endswith(")") else "" for name in names}
    ending = endings.pop() if len(endings) == 1 else ""
    return listed((name.removesuffix(ending) for name in names), 20) + ending


def used(found: Remembered, peak_ties: Ints) -> Used:
    """What a result stands on."""
    return Used(
        n=found.n,
        n_missing=found.n_missing,
        n_cells=found.n,
        n_short=found.n_short,
        n_moments=len(found.moments.value),
        n_moments_missing=found.n_moments_missing,
        tie_share=float((peak_ties > 1).mean()),
        n_people=None if found.person is None else int(found.person.max()) + 1,
        n_alone=int((~found.compared).sum()),
    )


def spread(found: Remembered, influence: Floats, *, within: bool = False) -> Covariance:
    """Covariance of estimates from the influence (S, q) of each sequence, summed per cluster where there are any.

    ``within`` says that people are compared with themselves: those with one sequence add nothing, and are no clusters.
    """
    rows = found.compared if within else np.ones(found.n, dtype=bool)
    cluster = None if found.cluster is None else found.cluster[rows]
    return covariance(influence[rows], np.ones(int(rows.sum()), dtype=np.int64), cluster)


def spread_or_none(found: Remembered, influence: Floats, *, within: bool = False) -> Covariance:
    """The same; without intervals where there are too few people or clusters for them."""
    cluster = found.cluster if found.cluster is None or not within else found.cluster[found.compared]
    clusters = None if cluster is None else len(np.unique(cluster))
    if clusters is None or clusters >= FEWEST_CLUSTERS:
        return spread(found, influence, within=within)
    which = " with two sequences or more" if within and found.person is not None and not found.compared.all() else ""
    note = f"{clusters} people or clusters{which} are too few (fewer than {FEWEST_CLUSTERS}) for robust intervals."
    return no_spread(influence.shape[1], (warn(note),))


def no_spread(q: int, notes: tuple[str, ...] = ()) -> Covariance:
    """Of q estimates that have no interval."""
    return Covariance(np.full((q, q), np.nan), np.inf, None, notes)


def refuse_no_slope(found: Remembered, total: Effect) -> None:
    """Refuse to share out what all moments together do, unless its interval lies above 0."""
    low, high = total.interval()
    told = f"{shown(total.a)} (95% {shown(low)} to {shown(high)})"
    if high < 0:
        raise RoleError(
            f"Better moments must go with a better overall rating, but one point more in all moments goes with {told} "
            f"points of '{found.name}'.\nDeclare the direction of both: scale=cx.Scale(0, 10, higher_is_better=False), "
            "overall=cx.Rating(column, scale)."
        )
    if not low > 0:
        raise TooFewError(
            f"There is nothing to share out: one point more in all moments goes with {told} points of '{found.name}', "
            "which cannot be told from none.\nCollect more sequences, or check that the rating is of these moments."
        )
