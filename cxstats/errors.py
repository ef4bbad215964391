"""What can be wrong with an input, and the one category of our warnings.

Every message says what must hold, what was found, how many and where, and how to mend it.
"""

import difflib
import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path


class CxStatsError(Exception):
    """Any input that cxstats refuses; the command line turns it into exit status 2."""


class ColumnError(CxStatsError, ValueError):
    """A column is unknown, duplicated, of the wrong type, or holds values it must not."""


class ScaleError(CxStatsError, ValueError):
    """A score lies off its declared scale, or a scale does not suit the method."""


class OffScaleError(ScaleError):
    """Scores lie off their declared scale.

    Its text ends with the mend for a call in Python. A command and a study file are mended in words of their own:
    they take what was found, the column, the values off the scale, and the scale that would hold them.
    """

    def __init__(
        self,
        found: str,
        mend: str,
        *,
        column: str,
        off: Sequence[float],
        wider: tuple[float, float],
        high_is_good: bool,
        whole: bool,
    ) -> None:
        """Keep the parts of the message."""
        super().__init__(f"{found}\n{mend}")
        self.found, self.column = found, column
        self.wider, self.high_is_good, self.whole = wider, high_is_good, whole
        self.codes = ", ".join(map(number, off))

    def in_study(self) -> str:
        """The same with the mend for a study, in a file or in Python."""
        low, high = map(number, self.wider)
        between = "" if self.whole else ", with whole = false"
        return (
            f"{self.found}\nName such codes as missing (missing = [{self.codes}] of the metric or outcome), correct "
            f"them, or declare a scale that holds them: {low} to {high}{between}."
        )


class RoleError(CxStatsError, ValueError):
    """A role (outcome, metrics, cluster, weight, ...) is declared wrongly or cannot be used here."""


class SeparationError(CxStatsError, ValueError):
    """A combination of predictors tells the outcomes apart perfectly, so no finite estimate exists."""


class TooFewError(CxStatsError, ValueError):
    """Too few rows, events, levels or clusters for an answer that could be trusted."""


class ReadError(CxStatsError, ValueError):
    """A file cannot be read as what it was said to be."""


class StudyError(CxStatsError, ValueError):
    """A study (from Python or from a study file) contradicts itself or its data."""


class CxStatsWarning(UserWarning):
    """The result stands, but something about it must be known; also kept in ``result.notes``."""


_PACKAGE = str(Path(__file__).parent) + os.sep


def warn(message: str) -> str:
    """Warn at the line that called into cxstats, and return the message for ``notes``."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, CxStatsWarning, stacklevel=level)
    return message


def listed(names: Iterable[object], limit: int = 8) -> str:
    """``'a', 'b' and 3 more`` in the order given: for messages, which must not grow with the data."""
    quoted = [f"'{name}'" for name in names]
    if len(quoted) <= limit:
        return ", ".join(quoted)
    return ", ".join(quoted[:limit]) + f" and {len(quoted) - limit:,} more"


def rows(n: int) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{n:,} row" if n == 1 else f"{n:,} rows"


def number(value: float) -> str:
    """A number as it was given, without a needless ``.0``."""
    return f"{value:.15g}"


def unknown_column(names: Sequence[str], columns: Sequence[str], where: str = "the data") -> ColumnError:
    """The error for names that are not among the columns, with the nearest that are."""
    near = {name: difflib.get_close_matches(str(name), columns, n=2, cutoff=0.5) for name in names}
    hints = "; ".join(f"nearest to '{n}': {listed(found)}" for n, found in near.items() if found)
    be = "is not a column" if len(names) == 1 else "are not columns"
    hint = f"\n{hints[0].upper()}{hints[1:]}." if hints else ""
    return ColumnError(f"{listed(names)} {be} of {where}, which holds {listed(columns, 20) or 'none'}.{hint}")
