"""What is given to `Study` in Python, as the parts that it stands for; what is no part is refused under its path."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxstats.errors import RoleError, StudyError
from cxstats.roles import checked_outcome
from cxstats.scales import Scale
from cxstats.study.encounters import Encounters
from cxstats.study.errors import Problem, key_path, refuse
from cxstats.study.parts import (
    Change,
    Columns,
    Expectation,
    Journey,
    Metric,
    Moments,
    Sensitivity,
    StudyOutcome,
    Table,
)
from cxstats.study.service import Service
from cxstats.study.surveys import Invitation, Trust


def check_texts(texts: Mapping[str, object]) -> None:
    """Title, evidence and the texts for the report."""
    problems: list[Problem] = [
        (key_path("study", key), f"must be text, not {text!r}.")
        for key, text in texts.items()
        if not isinstance(text, str)
    ]
    if texts["evidence"] not in ("real", "simulated", "published"):
        problems.append(("study.evidence", f"must be 'real', 'simulated' or 'published', not {texts['evidence']!r}."))
    refuse(problems)


_PARTS: dict[str, tuple[type, str]] = {
    "service": (Service, 'Service(problem="problem", recovered="fixed")'),
    "encounters": (Encounters, 'Encounters(customer="guest", order="date", perk="upgrade", rating="stars")'),
    "trust": (Trust, 'Trust(outcome="trust", period="wave")'),
    "invitation": (Invitation, 'Invitation(survey="survey", answered="answered", csat="csat")'),
    "moments": (Moments, 'Moments(sequence="visit", order="minute", value="mood", overall="memory", neutral=5)'),
    "change": (Change, 'Change(treated="new", period="month", start=7)'),
    "journey": (Journey, 'Journey(rating="overall", touchpoints=["checkin", "boarding"])'),
    "expectation": (Expectation, 'Expectation(disconfirmation="column")'),
}


def check_parts(parts: Mapping[str, object], sensitivities: Sequence[object]) -> None:
    """Each part by its name, None where it is not declared, and the alternative analyses of the expectation."""
    for name, given in parts.items():
        kind, example = _PARTS[name]
        if given is not None and not isinstance(given, kind):
            raise StudyError(f"{name}: must be cx.{example}, not {given!r}.")
    for number, sensitivity in enumerate(sensitivities):
        if not isinstance(sensitivity, Sensitivity):
            raise StudyError(f"{key_path('sensitivity', number)}: must be a cx.Sensitivity, not {sensitivity!r}.")


def tables_of(given: object) -> dict[str, Table]:
    """Each table with what is said of it; a frame or a path alone is a table."""
    if not isinstance(given, Mapping) or not given:
        raise StudyError('table: tables must map each name to a dataframe, such as {"customers": frame}.')
    return {name: table if isinstance(table, Table) else Table(table) for name, table in given.items()}


def metrics_of(given: Mapping[str, Any]) -> dict[str, Metric]:
    """Each metric with its column; a scale alone means the column of that name."""
    wrong = [name for name, metric in given.items() if not isinstance(metric, Scale | Metric)]
    refuse(
        (key_path("metric", name), f"must be a scale such as cx.NPS, or a cx.Metric, not {given[name]!r}.")
        for name in wrong
    )
    return {name: Metric(column=name, scale=m) if isinstance(m, Scale) else m for name, m in given.items()}


def outcomes_of(given: Mapping[str, Any]) -> dict[str, StudyOutcome]:
    """Each outcome with where it is found."""
    found, problems = {}, []
    for name, outcome in given.items():
        placed = outcome if isinstance(outcome, StudyOutcome) else StudyOutcome(outcome)
        try:
            checked_outcome(placed.outcome)
            found[name] = placed
        except RoleError as reason:
            problems.append((key_path("outcome", name), str(reason)))
    refuse(problems)
    return found


def columns_of(section: str, given: object) -> Columns:
    """Controls or segments as a list of columns, or the reason why what was given is none."""
    placed = given if isinstance(given, Columns) else Columns(given)  # type: ignore[arg-type]  # checked below
    columns: object = placed.columns
    if isinstance(columns, str) or not isinstance(columns, Sequence):
        raise StudyError(f"{section}: must be a list of columns, not {columns!r}.")
    return Columns(tuple(columns), placed.table)
