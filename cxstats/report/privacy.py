"""Small counts are held back from what is published, since a few rows can point at a person."""

from collections.abc import Sequence
from dataclasses import dataclass

from cxstats.report.numbers import exact

MIN_COUNT = 5
HELD_BACK = "held back"


@dataclass(frozen=True)
class Count:
    """How often a value was given: the count, or None with the words that stand in its place."""

    value: float
    shown: str  # the value as a reader writes it
    count: int | None
    words: str


def published(values: Sequence[float], counts: Sequence[int], min_count: int = MIN_COUNT) -> tuple[Count, ...]:
    """The counts that may be shown; those from 1 to below ``min_count`` may not.

    Where those held back add up to fewer than ``min_count``, or there is only one of them, the total
    would give them away. The next smallest is then held back too. No anonymity is promised.
    """
    small = {i for i, count in enumerate(counts) if 0 < count < min_count}
    hidden = set(small)
    if small and (len(small) == 1 or sum(counts[i] for i in small) < min_count):
        others = [i for i, count in enumerate(counts) if count >= min_count]
        hidden |= set(sorted(others, key=lambda i: counts[i])[:1])
    shown = []
    for i, (value, count) in enumerate(zip(values, counts, strict=True)):
        words = f"<{min_count}" if i in small else HELD_BACK if i in hidden else f"{count:,}"
        shown.append(Count(value, exact(value), None if i in hidden else count, words))
    return tuple(shown)
