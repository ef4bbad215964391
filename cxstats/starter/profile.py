"""What is seen of a column: its kind, its range, its few distinct values with their rows. No row is kept."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from cxstats.study.values import Kind, kind_of

_YEAR_LAST = re.compile(r"\s*\d{1,2}([/.-])\d{1,2}\1\d{4}(?:[ T]+\d{1,2}[:.]\d{2}.*)?", re.DOTALL)
_SEEN = 1_000  # distinct texts that are looked at for dates
MOST_LEVELS = 120  # distinct values that are kept: a slider from 0 to 100 and its codes


@dataclass(frozen=True)
class Profile:
    """A column as it was found."""

    name: str
    kind: Kind
    n: int
    n_missing: int
    distinct: int
    levels: tuple[tuple[Any, int], ...] = ()  # the distinct values in order, with their rows; none if they are too many
    low: float | None = None  # of numbers
    high: float | None = None
    mean: float | None = None
    whole: bool = False
    year_last: bool = False  # text that is dates with day and month before the year, which could be mistaken

    @property
    def present(self) -> int:
        """Rows that hold a value."""
        return self.n - self.n_missing

    @property
    def unique(self) -> bool:
        """Whether each row has a value of its own."""
        return self.n > 0 and self.n_missing == 0 and self.distinct == self.n

    @property
    def names_rows(self) -> bool:
        """Whether nearly each row has a value of its own, so that its values should not be told."""
        return self.distinct > 20 and 2 * self.distinct > self.present and (self.kind == "text" or self.whole)


def profile_of(name: str, values: Any) -> Profile:
    """The profile of a pandas column."""
    kind, missing = kind_of(values), int(values.isna().sum())
    about: dict[str, Any] = {"name": name, "kind": kind, "n": len(values), "n_missing": missing}
    if kind in ("none", "mixed"):
        return Profile(distinct=0, **about)
    counts = values.dropna().value_counts(sort=False)
    about["distinct"] = int((counts > 0).sum())
    if about["distinct"] <= MOST_LEVELS:
        pairs = [(_plain(value), int(n)) for value, n in counts.items() if n]
        about["levels"] = tuple(sorted(pairs, key=lambda pair: pair[0]))
    if kind == "text" and len(counts):
        about["year_last"] = all(_YEAR_LAST.fullmatch(str(text)) for text in counts.index[:_SEEN])
    if kind == "number":
        numbers = values.dropna().to_numpy(dtype=np.float64)
        finite = numbers[np.isfinite(numbers)]
        if len(finite):
            about |= {"low": float(finite.min()), "high": float(finite.max()), "mean": float(finite.mean())}
            about["whole"] = bool((finite == np.round(finite)).all()) and len(finite) == len(numbers)
    return Profile(**about)


def _plain(value: Any) -> Any:
    """The value as Python has it."""
    return value.item() if isinstance(value, np.generic) else value
