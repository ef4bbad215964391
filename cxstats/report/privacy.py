"""Small counts are held back from what is published, since a few rows can point at a person."""

from collections.abc import Sequence
from dataclasses import dataclass

from cxstats.errors import StudyError
from cxstats.report.numbers import exact

MIN_COUNT = 5
HELD_BACK = "held back"
RULE = (
    "Counts from 1 to {most} are held back, so that no single customer is pointed at. Where a total would give such a "
    "count away, the next smallest is held back with it; of rows used and left out, the larger number is then told "
    "about, to the nearest {step}, from the total alone. In sentences a small count becomes 'fewer than {least}', and "
    "the other counts beside it 'many'. Estimates of so few rows are not told; other shares and estimates stay as they "
    "are, except that the score of a distribution with held-back counts is rounded everywhere. It makes it harder to "
    "point at a person; it is no promise of anonymity."
)


@dataclass(frozen=True)
class Count:
    """How often a value was given: the count, or None with the words that stand in its place."""

    value: float
    shown: str  # the value as a reader writes it
    count: int | None
    words: str


@dataclass(frozen=True)
class RowCount:
    """A number of rows as it may be told: a value (None where small), and whether it is only about right."""

    value: int | None
    words: str
    about: bool = False


def checked(min_count: int) -> int:
    """The smallest count that may be told, if it is one."""
    if min_count < 1:
        raise StudyError(
            f"min_count must be 1 (nothing is held back) or more, but it is {min_count}.\nThe default is {MIN_COUNT}."
        )
    return min_count


def rule(min_count: int) -> str:
    """What is held back, in words; empty where nothing is."""
    return "" if min_count == 1 else RULE.format(most=min_count - 1, least=min_count, step=step(min_count))


def step(min_count: int) -> int:
    """To which multiple a number beside a small one is rounded."""
    return 2 * min_count


def held_back(counts: Sequence[int], min_count: int) -> set[int]:
    """Which of the counts that add up to a known total may not be told.

    Those from 1 to below ``min_count``. Where those add up to fewer than ``min_count``, or there is only one
    of them, the total would give them away: the next smallest is then held back too.
    """
    small = {i for i, count in enumerate(counts) if 0 < count < min_count}
    if not small or (len(small) > 1 and sum(counts[i] for i in small) >= min_count):
        return small
    others = [i for i, count in enumerate(counts) if count >= min_count]
    return small | set(sorted(others, key=lambda i: counts[i])[:1])


def published(
    values: Sequence[float], counts: Sequence[int], min_count: int = MIN_COUNT, *, missing: int = 0
) -> tuple[Count, ...]:
    """The counts of a distribution that may be shown, by the rule of `held_back`; no anonymity is promised.

    ``missing`` rows gave no value. A small number of them is one more part of the whole: it takes another
    count with it, since the number of answers is then told about only.
    """
    hidden = held_back([*counts, missing] if 0 < missing < min_count else counts, min_count)
    shown = []
    for i, (value, count) in enumerate(zip(values, counts, strict=True)):
        small = 0 < count < min_count
        words = f"<{min_count}" if small else HELD_BACK if i in hidden else f"{count:,}"
        shown.append(Count(value, exact(value), None if i in hidden else count, words))
    return tuple(shown)


def breakdown(parts: Sequence[int], min_count: int = MIN_COUNT) -> tuple[RowCount, ...]:
    """Numbers of rows that add up to a total that is known: used, and left out for one reason or another.

    Small ones are held back. The largest is then about right only: what the total leaves for it and the small
    ones together, rounded, which is the same whatever the small ones are.
    """
    small = {i for i, count in enumerate(parts) if 0 < count < min_count}
    large = max((i for i in range(len(parts)) if i not in small), key=lambda i: parts[i], default=-1)
    told = []
    for i, count in enumerate(parts):
        if i in small:
            told.append(RowCount(None, f"fewer than {min_count}"))
        elif small and i == large and count:
            rest = count + sum(parts[j] for j in small)
            rounded = step(min_count) * round(rest / step(min_count))
            told.append(RowCount(rounded, f"about {rounded:,}", about=True))
        else:
            told.append(RowCount(count, f"{count:,}"))
    return tuple(told)
