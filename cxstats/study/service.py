"""What was recorded of service: the part that a study declares, and how its columns are called."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cxstats.study.errors import nearest
from cxstats.study.names import flag_problems, is_listed, is_name, name_problems
from cxstats.study.parts import Metric

SERVICE = (
    "problem", "complained", "recovered", "contact", "attempt", "failure", "cost", "handling", "wait", "errors",
    "dwell", "success",
)  # fmt: skip
_PART_OF = {
    "complained": "problem", "recovered": "problem", "failure": "attempt", "cost": "attempt", "handling": "attempt",
    "wait": "attempt",
}  # fmt: skip
_OTHER = {
    "dwell": ("success", "which says whether the task was done: time means another thing where it was not"),
    "success": ("dwell", "the time that the task took"),
}
_AMOUNTS = ("handling", "wait", "dwell")  # may be effort besides


@dataclass(frozen=True, kw_only=True)
class Service:
    """What was recorded of service: problems, contacts, attempts to wow. Columns of one table, all optional.

    Parameters
    ----------
    problem, complained, recovered, contact, attempt, failure : str, optional
        1 where there was one, and 0: a problem, a complaint about it, its recovery; a contact between ``before`` and
        ``after``; staff who tried to wow; something that went wrong in the contact.
    before, after : str, optional
        The metrics of loyalty before and after the contact, of one scale.
    cost, handling, wait : str, optional
        Of the contact: what it cost, how long it took, how long others waited meanwhile.
    errors : str, optional
        How much went wrong in all that the customer had of the firm: a number of failures, or a share.
    dwell, success : str, optional
        How long the customer stayed with a task, and 1 where it was done, else 0. Each needs the other.
    objective : list of str
        Effort that was recorded and not asked: transfers, repeats. More is worse.
    same_sitting : bool
        Whether ratings and outcomes come from one questionnaire.
    table : str, optional
    """

    problem: str | None = None
    complained: str | None = None
    recovered: str | None = None
    contact: str | None = None
    attempt: str | None = None
    failure: str | None = None
    cost: str | None = None
    handling: str | None = None
    wait: str | None = None
    errors: str | None = None
    dwell: str | None = None
    success: str | None = None
    objective: Sequence[str] = ()
    before: str | None = None
    after: str | None = None
    same_sitting: bool = False
    table: str | None = None


class Recorded(NamedTuple):
    """A column of [service]: its key, its name in the analysis frame, and how its table calls it."""

    key: str
    name: str
    column: str


def recorded(service: Service | None) -> tuple[Recorded, ...]:
    """The columns that are declared; those of effort are called by their columns, the others by their keys."""
    if service is None:
        return ()
    given = {key: getattr(service, key) for key in SERVICE}
    effort = enumerate(service.objective, start=1)
    return (
        *(Recorded(key, f"service.{key}", column) for key, column in given.items() if column is not None),
        *(Recorded(f"objective[{i}]", f"service.objective.{column}", column) for i, column in effort),
    )


def service_problems(service: Service, metrics: Mapping[str, Metric]) -> Iterable[tuple[str, str]]:
    """What is wrong with the section whatever its table holds."""
    yield from name_problems(service, (), (*SERVICE, "before", "after", "table"))
    yield from flag_problems(service, "same_sitting")
    for key, needed in _PART_OF.items():
        if getattr(service, key) is not None and getattr(service, needed) is None:
            yield key, f"needs {needed}, of which it is a part: name its column too."
    for key, (needed, why) in _OTHER.items():
        if getattr(service, key) is not None and getattr(service, needed) is None:
            yield key, f"needs {needed}, {why}.\nName its column too."
    yield from _before_after_problems(service, metrics)
    if not is_listed(service.objective):
        yield "objective", f"must be a list of columns, not {service.objective!r}."
        return
    taken: dict[str, str] = {}
    for key, _, column in recorded(service):
        amount = key.startswith("objective") and taken.get(column) in _AMOUNTS
        if column in taken and not amount:
            yield key, f"must be another column than {taken[column]}, but both are '{column}'."
        taken.setdefault(column, key)


def _before_after_problems(service: Service, metrics: Mapping[str, Metric]) -> Iterable[tuple[str, str]]:
    """Two metrics of one scale, or neither."""
    given = {key: getattr(service, key) for key in ("before", "after")}
    named = {key: name for key, name in given.items() if is_name(name)}
    for key, other in (("before", "after"), ("after", "before")):
        if given[key] is None and other in named:
            yield key, f"is required with {other}: a change is seen in two scores of one customer."
    for key, name in named.items():
        if name not in metrics:
            yield key, f"'{name}' is no metric of the study{nearest(name, list(metrics))}."
    if len(named) == 2 and named["before"] == named["after"]:
        yield "after", f"must be another metric than before, but both are '{named['after']}'."
    elif len(named) == 2 and set(named.values()) <= set(metrics):
        first, second = (metrics[name].scale for name in named.values())
        if first != second:
            yield "after", f"must have the scale of before, {first}, but '{named['after']}' has {second}."
