"""Problems of a study, each under the path of its key, collected and told together."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cxstats.errors import StudyError, rows

Problem = tuple[str, str]  # path of the key, what is wrong with it

_BARE = re.compile(r"[A-Za-z0-9_-]+(\[[0-9]+\])?")


def key_path(*keys: str | int) -> str:
    """``metric.ease.scale``; names with other characters in quotation marks, places in lists from 1."""
    path = ""
    for key in keys:
        if isinstance(key, int):
            path += f"[{key + 1}]"
        else:
            path += ("." if path else "") + (key if _BARE.fullmatch(key) else '"' + key + '"')
    return path


def refuse(problems: Iterable[Problem]) -> None:
    """Raise one StudyError with all problems, sorted; nothing if there are none."""
    lines = [f"{path}: {text}" for path, text in sorted(set(problems))]
    if len(lines) == 1:
        raise StudyError(lines[0])
    if lines:
        raise StudyError(f"{len(lines)} problems.\n" + "\n".join(lines))


def wrong(path: str, text: str) -> StudyError:
    """The error for one problem with the data."""
    return StudyError(f"{path}: {text}")


def nearest(name: str, known: Sequence[str]) -> str:
    """``; nearest: 'column'`` or nothing."""
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; nearest: '{found[0]}'" if found else ""


def no_column(name: str, known: Sequence[str], table: str) -> str:
    """That a column is absent from a table, and the nearest that is there."""
    return f"'{name}' is not a column of table '{table}'{nearest(name, known)}."


def counted(values: Iterable[Any], counts: Iterable[int], limit: int = 6) -> str:
    """``'Agree' (12 rows), 3 (1 row)``: the most frequent first, then by their text."""
    pairs = sorted(zip(values, counts, strict=True), key=lambda pair: (-pair[1], str(pair[0])))
    told = [f"{shown(value)} ({rows(int(count))})" for value, count in pairs[:limit]]
    more = f" and {len(pairs) - limit:,} more values" if len(pairs) > limit else ""
    return ", ".join(told) + more


def value_counts(values: Any) -> Mapping[Any, int]:
    """The distinct values that are not missing, with their rows."""
    import pandas as pd

    series = pd.Series(values).dropna()
    codes, levels = pd.factorize(series)
    return dict(zip(list(levels), np.bincount(codes, minlength=len(levels)).tolist(), strict=True))


def shown(value: Any) -> str:
    """A value as the study file would have it: text in quotation marks, true and false in small letters."""
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | float | np.number):
        return f"{float(value):.15g}"
    return str(value)
