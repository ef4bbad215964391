"""`sequence_features`: moments of any length -> one row per sequence."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from cxstats.arrays import Column
from cxstats.columns import stacked
from cxstats.errors import RoleError, listed
from cxstats.frames import IntoFrame
from cxstats.moments.roles import SameTime, moment_roles
from cxstats.moments.sequences import Sequences, each_part
from cxstats.numerics import sequence_features as numerics
from cxstats.same_kind import same_kind
from cxstats.scales import Scale

HALVES = (0.5, 0.5)
FEATURES = tuple(field.name for field in fields(numerics.SequenceFeatures))


def sequence_features(
    data: IntoFrame,
    *,
    sequence: str | Sequence[str],
    order: str,
    value: str,
    neutral: float,
    scale: Scale | None = None,
    keep: Sequence[str] = (),
    same_time: SameTime = "raise",
    end: float = 1,
    weights: tuple[float, float] = HALVES,
) -> Any:
    """Sum up every sequence of moments in one row: its mean, its peak, its start and end, its trend.

    Use it to bring moments (of a visit, a journey, a day) to the level at which customers are compared: the columns
    can be metrics of `which_metric`. To find out what is remembered, give the moments themselves to
    `what_is_remembered`.

    Parameters
    ----------
    data : dataframe
        One row per moment, in any order.
    sequence, order, value, neutral, scale, keep, same_time : various
        As for `sequences`.
    end : float
        What the end is: from 1 up, the mean of so many last moments; below 1, of the moments in that last share of
        the time. The start is taken alike.
    weights : pair of float
        Of peak and of end in the peak-end score, adding up to 1. The halves are the textbook's, not a law.

    Returns
    -------
    frame of the kind of ``data``, one row per sequence, in the order of its keys
        The columns ``sequence`` and ``keep`` in their types, then ``n`` (moments with a value), ``n_missing``
        (without), ``duration`` (first to last moment, in the unit of ``order``; seconds for days and times),
        ``first`` and ``end``, ``peak`` (farthest from ``neutral``, with its own value; the latest of several),
        ``peak_position`` (share of the time that had passed, 0 to 1), ``peak_ties`` (how many moments were as far)
        and ``peak_mean`` (their mean), ``max``, ``min``, ``mean`` (every moment alike), ``mean_time`` (every minute
        alike, values in between linear), ``sd`` (n - 1), ``trend`` (how much the fitted line rises from the first
        moment to the last) and ``peak_end``. Values have the direction and unit of ``value``. Sequences without any
        value come last, with ``n`` 0. A missing number is NaN in pandas, null elsewhere. A relation belongs to the
        connection of ``data``, unless that, like the one of `scan`, looks at no variable of Python.

    Raises
    ------
    ColumnError, ScaleError, TooFewError, RoleError
        As for `sequences`; also a column of ``sequence`` or ``keep`` that bears the name of a feature.

    Notes
    -----
    Of moments at unequal distances, ``mean`` counts each alike and ``mean_time`` by its time; ``trend`` and
    ``peak_position`` go by time. One moment has no ``sd`` and no ``trend``, and its ``peak_position`` is 1. The
    same moments give the same numbers in every engine, to the last bit. Rows that come in the order of sequence and
    time are not sorted again, and a relation of DuckDB is streamed, so that it may be larger than memory; a frame of
    Spark is brought to this machine first, its columns that are named here only.

    References
    ----------
    .. [1] Fredrickson & Kahneman (1993). J. Pers. Soc. Psychol. 65, 45-55. doi:10.1037/0022-3514.65.1.45

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> moments = pd.DataFrame({"visit": [1, 1, 1, 2, 2], "minute": [0, 5, 9, 0, 3], "joy": [5, 9, 6, 4, 2]})
    >>> features = cx.sequence_features(moments, sequence="visit", order="minute", value="joy", neutral=5)
    >>> features[["visit", "n", "peak", "end", "mean", "peak_end"]]
       visit  n  peak  end      mean  peak_end
    0      1  3   9.0  6.0  6.666667       7.5
    1      2  2   2.0  2.0  3.000000       2.0
    """
    roles = moment_roles(
        sequence=sequence, order=order, value=value, neutral=neutral, scale=scale, keep=keep, same_time=same_time
    )
    _check_names((*roles.sequence, *roles.keep))
    end, weights = checked_end(end), checked_weights(weights)
    # No feature depends on the direction of the scale, so the values are not turned: they come back as they were.
    parts = each_part(data, roles, lambda part: (_columns(part, end, weights), _empty(part)), turn=lambda _, x: x)
    whole = [full for full, _ in parts] + [empty for _, empty in parts]
    return same_kind(data, _together(whole))


def checked_end(end: float) -> float:
    """How much of a sequence is its end: so many moments, or a share of the time."""
    given: object = end
    if isinstance(given, bool) or not isinstance(given, int | float | np.number) or not _is_end(float(end)):
        raise RoleError(
            f"end must be a number of moments (1, 2, ...) or a share of the time (between 0 and 1), but is {end!r}."
        )
    return float(end)


def _is_end(end: float) -> bool:
    return 0 < end < 1 or (end >= 1 and end.is_integer())


def checked_weights(weights: tuple[float, float]) -> tuple[float, float]:
    """Weights of peak and end: from 0 up, and together 1."""
    given: object = weights
    try:
        peak, end = (np.nan, np.nan) if isinstance(given, str) else map(float, weights)
    except (TypeError, ValueError):
        peak = end = np.nan
    if not (peak >= 0 and end >= 0 and abs(peak + end - 1) < 1e-9):
        raise RoleError(
            f"weights must be two numbers from 0 up, of peak and of end, that add up to 1, but are {weights!r}."
        )
    return peak, end


def _columns(part: Sequences, end: float, weights: tuple[float, float]) -> dict[str, Column]:
    """The features of one part."""
    found = numerics.sequence_features(part.moments, part.roles.neutral, end=end, weights=weights)
    columns: dict[str, Column] = {name: getattr(found, name) for name in FEATURES}
    n = {"n": columns.pop("n"), "n_missing": part.n_missing}
    return {**part.keys, **part.kept, **n, **columns}


def _together(parts: list[dict[str, Column]]) -> dict[str, Column]:
    """Column after column, each piece given up once it is copied: no two copies of all features at a time."""
    return {name: stacked([{name: part.pop(name)} for part in parts])[name] for name in list(parts[0])}


def _empty(part: Sequences) -> dict[str, Column]:
    """Sequences without any value."""
    many = len(part.n_empty)
    none = {name: np.full(many, np.nan) for name in FEATURES if name not in ("n", "peak_ties")}
    zeros = np.zeros(many, dtype=np.int64)
    n = {"n": zeros, "n_missing": part.n_empty}
    ordered = {name: zeros if name == "peak_ties" else none[name] for name in FEATURES if name != "n"}
    return {**part.empty, **n, **ordered}


def _check_names(given: Sequence[str]) -> None:
    # Some engines do not tell upper from lower case.
    taken = [name for name in given if name.casefold() in (*FEATURES, "n_missing")]
    if taken:
        verb, mend = ("has", "that column") if len(taken) == 1 else ("have", "those columns")
        raise RoleError(f"{listed(taken)} {verb} the name of a feature.\nRename {mend}.")
