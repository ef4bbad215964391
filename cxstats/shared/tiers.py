"""Tiers of experience: told by cut points on a disconfirmation, or by the values of a column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np

from cxstats.arrays import Column, Ints
from cxstats.errors import ColumnError, RoleError, listed, number, rows

LOWEST = "fail"  # what lies below the first cut point


@dataclass(frozen=True)
class Tiers:
    """The tiers, the lowest first, and how a column tells them: by cut points (``column`` is None) or its values."""

    names: tuple[str, ...]
    column: str | None
    values: tuple[str | float, ...]

    def of(self, given: Column, count: Ints) -> Ints:
        """The number of each cell's tier."""
        if self.column is None:
            self._refuse_outside(given)
            return np.searchsorted(np.array(self.values), given, side="right").astype(np.int64)
        place = {value: j for j, value in enumerate(self.values)}
        found = np.array([place.get(value, -1) for value in given.tolist()], dtype=np.int64)
        if (found < 0).any():
            wrong = sorted({_name(value) for value in given[found < 0].tolist()})
            raise ColumnError(
                f"'{self.column}' must hold one of the tiers {listed(self.names)}, but {int(count[found < 0].sum()):,} "
                f"of {rows(int(count.sum()))} do not: {listed(wrong)}.\nName every tier, or leave those rows out."
            )
        return found

    def _refuse_outside(self, gap: Column) -> None:
        """Refuse cut points with nobody below, or nobody from there on."""
        low, high = float(np.min(gap)), float(np.max(gap))
        cuts = zip(self.names[1:], map(float, self.values), strict=True)
        off = [f"{name} = {number(cut)}" for name, cut in cuts if not low < cut <= high]
        if off:
            raise ColumnError(
                f"Every cut point must have customers on both sides, but the gap runs from {number(low)} to "
                f"{number(high)}, and not so: {', '.join(off)}.\nMove the cut point, or leave its tier out."
            )


def declared_tiers(gap: str | None, cuts: object, tier: object) -> Tiers:
    """How the tiers are told."""
    if (cuts is None) == (tier is None) or (tier is not None and gap is not None):
        raise RoleError(
            f"The tiers must be told by cuts on a disconfirmation, or by tier, but disconfirmation={gap!r}, "
            f"cuts={cuts!r} and tier={tier!r} were given.\nPass for example "
            'disconfirmation="gap", cuts={"meet": 0, "exceed": 1}, or tier={"tier": ["fail", "meet", "exceed"]}.'
        )
    return _by_values(tier) if cuts is None else _by_cuts(cuts)


def _by_cuts(cuts: object) -> Tiers:
    found: dict[Any, Any] = dict(cuts) if isinstance(cuts, Mapping) else {}
    usable = all(isinstance(n, str) and n not in ("", LOWEST) and isinstance(v, Real) for n, v in found.items())
    if (
        not found
        or not usable
        or not np.isfinite(list(found.values())).all()
        or any(low >= high for low, high in pairwise(found.values()))
    ):
        raise RoleError(
            f"cuts must map each tier above '{LOWEST}' to the number it begins at, rising from tier to tier, but "
            f'{cuts!r} was given.\nPass for example cuts={{"meet": 0, "exceed": 1, "delight": 3}}.'
        )
    return Tiers((LOWEST, *found), None, tuple(map(float, found.values())))


def _by_values(tier: object) -> Tiers:
    column, values = next(iter(tier.items())) if isinstance(tier, Mapping) and len(tier) == 1 else (None, ())
    listing: list[Any] = list(values) if isinstance(values, Sequence) and not isinstance(values, str) else []
    names = tuple(map(_name, listing)) if all(isinstance(v, str | Real) for v in listing) else ()
    if not isinstance(column, str) or len(names) < 2 or len(set(names)) < len(names):
        raise RoleError(
            f"tier must map one column to its tiers, two or more, the lowest first, each once, but {tier!r} was given."
            '\nPass for example tier={"tier": ["fail", "meet", "exceed"]}.'
        )
    return Tiers(names, column, tuple(listing))


def _name(value: str | float) -> str:
    return value if isinstance(value, str) else number(float(value))
