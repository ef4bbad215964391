"""Whether an outcome came after the feedback that is to predict it."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import rows
from cxstats.study.errors import key_path, shown, wrong
from cxstats.study.lags import Ahead, lags_of
from cxstats.study.parts import StudyOutcome, Timing, TimingStatus
from cxstats.study.values import moments


@dataclass(frozen=True, eq=False)
class Dated:
    """A predictor with the time at which it was given: None if its table has no time."""

    name: str
    path: str
    column: str | None
    values: Any
    present: Bools
    source: Hashable  # predictors of the same source stand in the same rows of the same table


@dataclass(frozen=True, kw_only=True, eq=False)
class _Compared:
    """Predictors against the start of the window, row by row.

    Per predictor with a time, ``late`` has the rows on which it came too late, ``ahead`` the time from it to
    the start (NaN where it is unknown or does not matter); ``unknown`` are rows that lack a date.
    """

    late: Mapping[Dated, Bools]
    ahead: Mapping[Dated, Floats]
    unknown: Bools
    undated: Sequence[str]
    dates: bool


def timing_of(
    name: str,
    declared: StudyOutcome,
    predictors: Sequence[Dated],
    starts: Any,
    columns: Mapping[str, Any],
    count: Ints,
) -> Timing:
    """Check the order of predictor and outcome row by row; with ``late="drop"`` blank the outcome of late rows.

    ``columns`` are those of the outcome, and are changed; ``count`` says what each row stands for.
    """
    if starts is None:
        if declared.outcome.after:
            return Timing(status="declared", n_late=0, detail="the study says so (after = true), without dates")
        return Timing(status="undeclared", n_late=0, detail="neither starts nor after = true is declared")
    present = np.logical_and.reduce([~np.isnan(values) for values in columns.values()])
    found = _compared(name, declared, predictors, starts, present)
    for predictor, rows_late in found.late.items():
        if rows_late.any() and declared.late is None:
            raise _too_late(name, declared, predictor, rows_late, starts, int(count[rows_late].sum()))
    any_late = np.logical_or.reduce([np.zeros(len(present), dtype=bool), *found.late.values()])
    for values in columns.values():
        values[any_late] = np.nan
    status, detail = _known(declared, predictors, found, int(count[found.unknown & ~any_late].sum()))
    used = [(p, time, np.flatnonzero(~np.isnan(time) & ~any_late)) for p, time in found.ahead.items()]
    ahead = [Ahead(name=p.name, source=p.source, time=time[at], count=count[at]) for p, time, at in used]
    told = lags_of(ahead, dates=found.dates, starts=str(declared.outcome.starts))
    return Timing(
        status=status,
        n_late=int(count[any_late].sum()),
        detail=detail,
        lags=told.lags,
        lag_unit=told.unit,
        unequal=told.unequal,
    )


def _known(
    declared: StudyOutcome, predictors: Sequence[Dated], found: _Compared, n_unknown: int
) -> tuple[TimingStatus, str]:
    """Whether every row could be checked, and what was lacking."""
    if found.undated or n_unknown or not predictors:
        reasons = [f"no time is declared for {', '.join(found.undated)}"] * bool(found.undated)
        reasons += [f"{rows(n_unknown)} {'lacks' if n_unknown == 1 else 'lack'} one of the dates"] * bool(n_unknown)
        reasons += ["there is no feedback to compare with"] * (not predictors)
        return "unknown", "; ".join(reasons)
    return "checked", f"the feedback of every row is older than its '{declared.outcome.starts}'"


def _compared(name: str, declared: StudyOutcome, predictors: Sequence[Dated], starts: Any, present: Bools) -> _Compared:
    """Every predictor that has a time against the start of the window."""
    path = key_path("outcome", name, "starts")
    begun, kind = moments(starts, path)
    late: dict[Dated, Bools] = {}
    ahead: dict[Dated, Floats] = {}
    unknown = np.zeros(len(present), dtype=bool)
    undated = []
    for predictor in predictors:
        if predictor.column is None:
            undated.append(f"'{predictor.name}'")
            continue
        given, other = moments(predictor.values, predictor.path)
        if kind != other and kind is not None and other is not None:
            raise wrong(
                path,
                f"must be comparable with the time of '{predictor.name}', but '{declared.outcome.starts}' holds "
                f"{kind}s and '{predictor.column}' holds {other}s.\nStore both as dates, or both as numbers.",
            )
        both = present & predictor.present
        late[predictor] = both & (given >= begun)
        known = both & np.isfinite(given) & np.isfinite(begun)
        ahead[predictor] = np.subtract(begun, given, out=np.full(len(known), np.nan), where=known)
        unknown |= both & (np.isnan(given) | np.isnan(begun))
    return _Compared(late=late, ahead=ahead, unknown=unknown, undated=undated, dates=kind == "date")


def _too_late(name: str, declared: StudyOutcome, predictor: Dated, late: Bools, starts: Any, n: int) -> Exception:
    first = int(np.flatnonzero(late)[0])
    example = [_day(predictor.values.iloc[first]), _day(starts.iloc[first])]
    return wrong(
        key_path("outcome", name, "starts"),
        f"'{predictor.name}' must be given before the window of the outcome '{name}' begins, but in {rows(n)} it was "
        f"not: for example '{predictor.column}' is {example[0]} and '{declared.outcome.starts}' is {example[1]}."
        f'\nLeave such rows out for this outcome with late = "drop", or count the outcome from a later day.',
    )


def _day(value: Any) -> str:
    text = shown(value)
    return text.removesuffix(" 00:00:00")
