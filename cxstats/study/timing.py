"""Whether an outcome came after the feedback that is to predict it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cxstats.arrays import Bools, Ints
from cxstats.errors import rows
from cxstats.study.errors import key_path, shown, wrong
from cxstats.study.parts import StudyOutcome, Timing
from cxstats.study.values import moments


@dataclass(frozen=True, eq=False)
class Dated:
    """A predictor with the time at which it was given: None if its table has no time."""

    name: str
    path: str
    column: str | None
    values: Any
    present: Bools


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
    late, unknown, undated = _compared(name, declared, predictors, starts, present)
    for predictor, rows_late in late.items():
        if rows_late.any() and declared.late is None:
            raise _too_late(name, declared, predictor, rows_late, starts, int(count[rows_late].sum()))
    any_late = np.logical_or.reduce([np.zeros(len(present), dtype=bool), *late.values()])
    for values in columns.values():
        values[any_late] = np.nan
    n_late, n_unknown = int(count[any_late].sum()), int(count[unknown & ~any_late].sum())
    if undated or n_unknown or not predictors:
        reasons = [f"no time is declared for {', '.join(undated)}"] * bool(undated)
        reasons += [f"{rows(n_unknown)} {'lacks' if n_unknown == 1 else 'lack'} one of the dates"] * bool(n_unknown)
        reasons += ["there is no feedback to compare with"] * (not predictors)
        return Timing(status="unknown", n_late=n_late, detail="; ".join(reasons))
    detail = f"the feedback of every row is older than its '{declared.outcome.starts}'"
    return Timing(status="checked", n_late=n_late, detail=detail)


def _compared(
    name: str, declared: StudyOutcome, predictors: Sequence[Dated], starts: Any, present: Bools
) -> tuple[dict[Dated, Bools], Bools, list[str]]:
    """Per predictor the rows on which it is late; the rows that lack a date; the predictors without time."""
    path = key_path("outcome", name, "starts")
    begun, kind = moments(starts, path)
    late: dict[Dated, Bools] = {}
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
        unknown |= both & (np.isnan(given) | np.isnan(begun))
    return late, unknown, undated


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
