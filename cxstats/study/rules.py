"""What is wrong with a study whatever its tables hold: names that collide, parts that contradict themselves."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cxstats.roles import Outcome, Survival
from cxstats.scales import Scale
from cxstats.study.encounters import Encounters, encounter_problems
from cxstats.study.errors import Problem, key_path, nearest
from cxstats.study.frame import GAP, survival_columns
from cxstats.study.names import is_finite, is_listed, is_name, is_number
from cxstats.study.parts import (
    VERSIONS,
    Change,
    Columns,
    Expectation,
    Journey,
    Metric,
    Moments,
    Section,
    Sensitivity,
    StudyOutcome,
    Table,
)
from cxstats.study.service import Service, recorded, service_problems
from cxstats.study.surveys import Invitation, Trust, invitation_problems, segment_problems, trust_problems

RESERVED = ("disconfirmation", "cluster", "weight", "count")


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A study as it was declared, in Python or in a file."""

    tables: Mapping[str, Table]
    metrics: Mapping[str, Metric]
    outcomes: Mapping[str, StudyOutcome]
    expectation: Expectation | None
    journey: Journey | None
    change: Change | None
    moments: Moments | None
    service: Service | None
    encounters: Encounters | None
    trust: Trust | None
    invitation: Invitation | None
    sensitivities: tuple[Sensitivity, ...]
    controls: Columns
    segments: Columns
    sections: tuple[Section, ...]
    smallest_effect: Mapping[str, float]
    rows: str | None
    firm: str | None
    cluster: str | None
    weight: str | None
    count: str | None


def contradictions(declared: Declared) -> list[Problem]:
    """What is wrong whatever the tables hold."""
    problems = [*_study_problems(declared), *_names(declared)]
    for name, metric in declared.metrics.items():
        problems += [
            (key_path("metric", name, key), text)
            for key, text in (*_recoding_problems(metric), *_metric_problems(metric))
        ]
    for name, outcome in declared.outcomes.items():
        problems += [
            (key_path("outcome", name, key), text)
            for key, text in (*_recoding_problems(outcome), *_outcome_problems(outcome))
        ]
    for name, table in declared.tables.items():
        problems += [
            (key_path("table", name, key), text) for key, text in (*_recoding_problems(table), *_table_problems(table))
        ]
    if declared.expectation is not None:
        problems += [(key_path("expectation", key), text) for key, text in _expectation_problems(declared.expectation)]
    if declared.journey is not None:
        metrics = list(declared.metrics)
        problems += [(key_path("journey", key), text) for key, text in _journey_problems(declared.journey, metrics)]
    if declared.change is not None:
        problems += [(key_path("change", key), text) for key, text in _change_problems(declared.change, declared)]
    if declared.moments is not None:
        problems += [(key_path("moments", key), text) for key, text in _moments_problems(declared.moments)]
        if declared.cluster is not None and declared.moments.person is None and declared.moments.cluster is None:
            said = f"since study.cluster = '{declared.cluster}' says so of rows.\nName that column here, or the person."
            problems.append(("moments.cluster", f"must say what makes experiences dependent, {said}"))
    problems += [(key_path(section, key), text) for section, key, text in _part_problems(declared)]
    if declared.expectation is None and declared.sensitivities:
        problems.append(("sensitivity", "needs an [expectation], of which it is an alternative analysis."))
    for name, effect in declared.smallest_effect.items():
        if not is_number(effect) or not 0 < effect < math.inf:
            problems.append((key_path("smallest_effect", name), f"must be a number above 0, not {effect!r}."))
    for number, sensitivity in enumerate(declared.sensitivities):
        problems += [(key_path("sensitivity", number, k), text) for k, text in _recoding_problems(sensitivity)]
    return problems


def _part_problems(declared: Declared) -> Iterable[tuple[str, str, str]]:
    """Section, key and problem, of the parts whose rules lie beside them."""
    outcomes = {name: placed.outcome for name, placed in declared.outcomes.items()}
    segments = tuple(declared.segments.columns)
    if declared.service is not None:
        yield from (("service", *problem) for problem in service_problems(declared.service, declared.metrics))
    if declared.encounters is not None:
        yield from (("encounters", *problem) for problem in encounter_problems(declared.encounters))
    if declared.trust is not None:
        yield from (("trust", *problem) for problem in trust_problems(declared.trust, outcomes, segments))
    if declared.invitation is not None:
        yield from (("invitation", *p) for p in invitation_problems(declared.invitation, outcomes, segments))


def _study_problems(declared: Declared) -> Iterable[Problem]:
    """Columns and tables must be named by text; from a file they always are."""
    given = {key: getattr(declared, key) for key in ("firm", "cluster", "weight", "count")}
    yield from (
        (key_path("study", key), f"must be the name of a column, not {column!r}.")
        for key, column in given.items()
        if column is not None and not is_name(column)
    )
    for section in ("controls", "segments"):
        table = getattr(declared, section).table
        if table is not None and not is_name(table):
            yield key_path(section, "table"), f"must be the name of a table, not {table!r}."


def _recoding_problems(part: Metric | StudyOutcome | Table | Sensitivity) -> Iterable[tuple[str, str]]:
    """Filters, codes and labels must be lists and mappings of plain values; from a file they always are."""
    where: Any = part.where
    if not isinstance(where, Mapping):
        yield "where", f"must map columns to lists of values, not {where!r}."
    else:
        for column, values in where.items():
            plain = isinstance(values, list | tuple) and all(isinstance(v, bool | int | float | str) for v in values)
            if not plain or not values:
                yield "where", f"must give each column a list of values, but '{column}' has {values!r}."
    missing: Any = getattr(part, "missing", ())
    if not isinstance(missing, list | tuple) or not all(is_number(v) or isinstance(v, str) for v in missing):
        yield "missing", f"must be a list of numbers or text, not {missing!r}."
    yield from _label_problems(getattr(part, "labels", {}))


def _label_problems(labels: Any) -> Iterable[tuple[str, str]]:
    if not isinstance(labels, Mapping) or not all(isinstance(k, str) and is_number(v) for k, v in labels.items()):
        yield "labels", f"must map text to numbers, not {labels!r}."


def _names(declared: Declared) -> list[Problem]:
    """Metrics, outcomes and roles are columns of one frame, so no two may be called alike."""
    problems: list[Problem] = []
    taken: dict[str, str] = dict.fromkeys(RESERVED, "a role of every study")
    if declared.service is not None and is_listed(declared.service.objective):
        taken |= {r.name: f"how [service] calls its column {r.key}" for r in recorded(declared.service)}
    if declared.expectation is not None and declared.expectation.expected is not None:
        taken |= {name: f"how [expectation] calls its column {key}" for key, name in GAP.items()}
    if declared.encounters is not None:
        taken |= {
            name: f"how [encounters] calls its summary {key}" for key, name in declared.encounters.summaries.items()
        }
    named = [("metric", n, [n]) for n in declared.metrics]
    named += [("outcome", n, _outcome_names(n, o.outcome)) for n, o in declared.outcomes.items()]
    named += [("table", n, []) for n in declared.tables]
    for section, name, columns in named:
        if not is_name(name):
            problems.append((section, f"a name must be text and not empty, not {name!r}."))
            continue
        for column in columns:
            if column in taken:
                problems.append((key_path(section, name), f"must have another name: '{column}' is {taken[column]}."))
            taken.setdefault(column, f"also the name of the {section} {key_path(section, name)}")
    return problems + [p for part in ("control", "segment") for p in _column_problems(part, declared, taken)]


def _column_problems(part: str, declared: Declared, taken: Mapping[str, str]) -> list[Problem]:
    """Controls and segments stand in the frame under the names of their columns, which must be free there."""
    problems, columns = [], getattr(declared, f"{part}s").columns
    for number, column in enumerate(columns):
        path = key_path(f"{part}s", "columns", number)
        if not is_name(column):
            problems.append((path, f"must be the name of a column, not {column!r}."))
        elif column in columns[:number]:
            problems.append((path, f"'{column}' is named twice."))
        elif column in taken:
            owner = "metric" if column in declared.metrics else "outcome"
            named = "also the name" in taken[column]
            mend = f"Give the {owner} another name, or rename" if named else "Rename"
            text = f"'{column}' is {taken[column]}, and a {part} is called as its column.\n{mend} the column."
            problems.append((path, text))
    return problems


def _outcome_names(name: str, outcome: Outcome) -> list[str]:
    return [name, *survival_columns(name).values()] if isinstance(outcome, Survival) else [name]


def _metric_problems(metric: Metric) -> Iterable[tuple[str, str]]:
    scale = metric.scale
    if scale.kind != "ces" and (metric.version is not None or metric.version_column is not None):
        key = "version" if metric.version is not None else "version_column"
        yield key, f"only an effort score (ces) has versions, but the scale is {scale}."
    elif metric.version is not None and metric.version not in VERSIONS:
        yield "version", f"must be 'ces1' (up is bad) or 'ces2' (up is good), not {metric.version!r}."
    elif metric.version is not None and metric.version != scale.version:
        up = "good" if scale.higher_is_better else "bad"
        mend = "Up is bad in ces1 (how much effort) and good in ces2 (made it easy): correct one of the two."
        yield "version", f"is '{metric.version}', but on the scale ({scale}) up is {up}.\n{mend}"


def _outcome_problems(declared: StudyOutcome) -> Iterable[tuple[str, str]]:
    outcome = declared.outcome
    if outcome.starts is not None and outcome.after:
        yield "after", "is for outcomes without dates, but starts names a column of dates: leave one of them out."
    if declared.late is not None and outcome.starts is None:
        yield "late", "says what to do with late feedback, but without starts none can be found."
    if declared.late not in (None, "drop"):
        yield "late", f"must be 'drop', not {declared.late!r}."


def _table_problems(table: Table) -> Iterable[tuple[str, str]]:
    if table.pick not in (None, "first", "last"):
        yield "pick", f"must be 'first' or 'last', not {table.pick!r}."
    for needed in ("key", "time"):
        if table.pick is not None and getattr(table, needed) is None:
            yield "pick", f"needs {needed}: of the rows of a key it picks the {table.pick} in time."


def _change_problems(change: Change, declared: Declared) -> Iterable[tuple[str, str]]:
    for key in ("treated", "period"):
        yield from segment_problems(key, getattr(change, key), declared.segments.columns)
    if change.treated == change.period:
        yield "period", f"must be another column than treated, but both are '{change.treated}'."
    if not is_finite(change.start):
        yield "start", f"must be a number, not {change.start!r}."
    if change.what not in ("journey", "training", "free upgrade"):
        yield "what", f"must be 'journey', 'training' or 'free upgrade', not {change.what!r}."


def _moments_problems(moments: Moments) -> Iterable[tuple[str, str]]:
    keys: Any = moments.sequence
    listed_keys = [keys] if isinstance(keys, str) else keys
    if not isinstance(listed_keys, list | tuple) or not listed_keys or not all(map(is_name, listed_keys)):
        yield "sequence", f"must be a column, or a list of columns, not {keys!r}."
        return
    for key in ("order", "value", "overall", "person", "stimulus", "cluster", "treated", "table", "overall_table"):
        name = getattr(moments, key)
        if not (is_name(name) or (name is None and key not in ("order", "value", "overall"))):
            yield key, f"must be a name, not {name!r}."
    if not isinstance(moments.same_sitting, bool):
        yield "same_sitting", f"must be true or false, not {moments.same_sitting!r}."
    yield from _one_role_each(moments)
    if not is_number(moments.neutral) or not math.isfinite(moments.neutral):
        yield "neutral", f"must be a number, not {moments.neutral!r}."
    for key in ("scale", "overall_scale"):
        scale = getattr(moments, key)
        if scale is not None and not isinstance(scale, Scale):
            yield key, f"must be a scale such as cx.Scale(0, 10), not {scale!r}."
    if isinstance(moments.scale, Scale) and is_number(moments.neutral):
        low, high = moments.scale.low, moments.scale.high
        if not low <= moments.neutral <= high:
            yield "neutral", f"must lie on the scale, {low:g} to {high:g}, but is {moments.neutral:g}."


def _one_role_each(moments: Moments) -> Iterable[tuple[str, str]]:
    """What was felt, when, and how it was remembered are columns of their own."""
    taken = dict.fromkeys(moments.keys, "sequence")
    for key in ("value", "order", "overall"):
        column = getattr(moments, key)
        if column in taken:
            yield key, f"must be another column than {taken[column]}, but both are '{column}'."
        taken[column] = key
    for key in ("person", "stimulus", "cluster", "treated"):
        column = getattr(moments, key)
        if column is not None and taken.get(column, "sequence") != "sequence":
            yield key, f"must be another column than {taken[column]}, but both are '{column}'."


def _journey_problems(journey: Journey, metrics: list[str]) -> Iterable[tuple[str, str]]:
    touchpoints: Any = journey.touchpoints
    if isinstance(touchpoints, str) or not all(map(is_name, touchpoints)) or not is_name(journey.rating):
        yield "touchpoints", f"must be a list of metrics, and rating a metric, not {touchpoints!r}."
        return
    for key, name in (("rating", journey.rating), *(("touchpoints", t) for t in touchpoints)):
        if name not in metrics:
            mend = "Declare it with its scale in metrics, or give [journey] a scale for all of them."
            yield key, f"'{name}' is no metric of the study{nearest(name, metrics)}.\n{mend}"
    if len(set(touchpoints)) < 2:
        yield "touchpoints", f"must name at least two metrics, but names {len(set(touchpoints))}."
    if len(set(touchpoints)) < len(touchpoints):
        yield "touchpoints", "must name each metric once."
    if journey.rating in touchpoints:
        yield "rating", f"must be another metric than the touchpoints, but '{journey.rating}' is one of them."
    if journey.poor is not None and not is_number(journey.poor):
        yield "poor", f"must be a number, not {journey.poor!r}."


def _expectation_problems(expectation: Expectation) -> Iterable[tuple[str, str]]:
    both = [expectation.expected, expectation.performed]
    if expectation.disconfirmation is not None and any(both):
        yield "disconfirmation", "is the gap itself: leave out expected and performed, or leave out this."
    elif expectation.disconfirmation is None and not all(both):
        yield "disconfirmation", "is required, or else both expected and performed."
    low, high = expectation.met
    if not low <= high:
        yield "met", f"must be [low, high] with low not above high, not [{low:g}, {high:g}]."
    yield from _label_problems(expectation.labels)
    if not isinstance(expectation.recalled, bool):
        yield "recalled", f"must be True or False, not {expectation.recalled!r}."
    tiers: Any = expectation.tiers
    usable = isinstance(tiers, Mapping) and all(
        is_name(k) and k != "fail" and is_number(v) and math.isfinite(v) for k, v in tiers.items()
    )
    if not usable:
        yield "tiers", f"must map names (but 'fail', which lies below the first) to numbers, not {tiers!r}."
    elif len(tiers) == 1 or any(a >= b for a, b in pairwise(tiers.values())):
        yield "tiers", f"must be two or more that rise from one to the next, but are {dict(tiers)!r}."
