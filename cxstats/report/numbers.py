"""Numbers as a reader needs them: no more digits than the interval supports, and a true minus sign."""

import math
from collections.abc import Iterable, Sequence

from cxstats.figures.intervals import Interval

NONE = "–"
MOST_DECIMALS = 6


def decimals(low: float, high: float, estimate: float, apart: Sequence[float] = (0.0,)) -> int:
    """Decimals that show two digits of the interval's width.

    More are taken where an end or the estimate would otherwise look equal to one of the values in
    ``apart`` (zero, the smallest effect), which would contradict the verdict.
    """
    width = high - low
    size = width if math.isfinite(width) and width > 0 else abs(estimate)
    digits = max(0, 1 - math.floor(math.log10(size))) if math.isfinite(size) and size > 0 else 0
    digits = min(digits, MOST_DECIMALS)
    values = [x for x in (low, high, estimate) if math.isfinite(x)]
    while digits < MOST_DECIMALS and any(looks_equal(x, mark, digits) for x in values for mark in apart):
        digits += 1
    return digits


def looks_equal(value: float, mark: float, digits: int) -> bool:
    """Whether two different numbers would be printed alike."""
    return value != mark and round(value, digits) == round(mark, digits)


def decimals_of(rows: Iterable[Interval], apart: Sequence[float] = ()) -> int:
    """Decimals for a column of estimates: those of the row that needs most."""
    return max((decimals(row.ci_low, row.ci_high, row.estimate, apart) for row in rows), default=0)


def number(value: float, digits: int) -> str:
    """``1,234.5``, ``−0.020``, ``∞``, or a dash where there is no number."""
    if math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    rounded = round(value, digits) + 0.0  # no negative zero
    return f"{rounded:,.{digits}f}".replace("-", "−")


def exact(value: float) -> str:
    """A number that somebody chose, such as a smallest effect: as it is."""
    return NONE if math.isnan(value) else f"{value:,.6g}".replace("-", "−")


def short(value: float) -> str:
    """A number that was computed, such as the end of a band: three digits of it."""
    return exact(float(f"{value:.3g}"))


def interval(low: float, high: float, digits: int) -> str:
    """``0.012 to 0.050``; in words where an end is missing."""
    if math.isnan(low) or math.isnan(high):
        return NONE
    if math.isinf(low) and math.isinf(high):
        return "no limits"
    if math.isinf(low):
        return f"up to {number(high, digits)}"
    if math.isinf(high):
        return f"{number(low, digits)} or more"
    return f"{number(low, digits)} to {number(high, digits)}"


def share(count: int, total: int) -> str:
    """``23%`` of a whole; ``<1%`` where it is little but not nothing, ``>99%`` where it is nearly all."""
    percent = 100 * count / total if total else 0.0
    if 0 < percent < 1:
        return "<1%"
    return ">99%" if 99 < percent < 100 else f"{percent:.0f}%"


def counted(n: int, one: str, many: str = "") -> str:
    """``1 claim``, ``5 claims``."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
