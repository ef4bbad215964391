"""One row per analysed row, one column per role: the analysis frame of a study, built once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import rows
from cxstats.roles import Outcome, Survival
from cxstats.study.encounters import Encounters, customer_summaries, encounter_rows
from cxstats.study.errors import counted, key_path, value_counts, wrong
from cxstats.study.moments import moment_rows
from cxstats.study.parts import (
    VERSIONS,
    Expectation,
    Metric,
    Moments,
    Sensitivity,
    StudyOutcome,
    Table,
    TableAccount,
    Timing,
    Where,
)
from cxstats.study.service import Service
from cxstats.study.service import recorded as recorded  # told with the names of the frame
from cxstats.study.sources import load
from cxstats.study.surveys import Invitation, refuse_absent_survey
from cxstats.study.tables import LoadedTable, analysed_rows, matched_rows
from cxstats.study.timing import Dated, timing_of
from cxstats.study.values import grouping, matching, scores

GAP = {key: f"expectation.{key}" for key in ("expected", "performed")}  # names of the two that make up the gap


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A study whose tables and columns were found: every part knows its table."""

    tables: Mapping[str, Table]
    needed: Mapping[str, tuple[str, ...]]  # table -> columns, only of tables whose rows are read
    rows: str
    metrics: Mapping[str, Metric]
    outcomes: Mapping[str, StudyOutcome]
    starts_in: Mapping[str, str]  # outcome -> the table of its `starts`
    expectation: Expectation | None
    moments: Moments | None
    service: Service | None
    encounters: Encounters | None
    invitation: Invitation | None
    sensitivities: tuple[Sensitivity, ...]
    controls: Mapping[str, str]  # column -> table; so too the segments
    segments: Mapping[str, str]
    firm: str | None
    cluster: str | None
    weight: str | None
    count: str | None


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """The analysis frame and what belongs to it."""

    frame: Any  # pandas; columns named by their role
    firm: Any  # pandas series beside the frame, since any of its columns may be called like it; None if not declared
    timing: Mapping[str, Timing]
    accounts: tuple[TableAccount, ...]
    moments: Any  # pandas, one row per moment; None if not declared
    encounters: Any  # pandas, one row per encounter; None if not declared
    alternatives: tuple[tuple[Bools, Floats | None], ...]  # per sensitivity: its rows, its gap if another


def survival_columns(name: str) -> dict[str, str]:
    """How the columns of a survival outcome are called in the analysis frame."""
    return {part: f"{name}.{part}" for part in ("time", "event", "entry")}


def renamed(name: str, outcome: Outcome) -> Outcome:
    """The outcome with its columns as in the analysis frame."""
    if isinstance(outcome, Survival):
        columns = survival_columns(name)
        entry = None if outcome.entry is None else columns["entry"]
        return replace(outcome, time=columns["time"], event=columns["event"], entry=entry, starts=None)
    return replace(outcome, column=name, starts=None)


def analyse(plan: Plan) -> Analysis:
    """Read the tables, match their rows, and check what only the data can show."""
    return _Assembly(plan).analysis()


@dataclass(eq=False)
class _Assembly:
    """The tables while the frame is being built."""

    plan: Plan
    tables: dict[str, LoadedTable] = field(init=False)
    positions: Ints = field(init=False)
    _matched: dict[tuple[str, str], Ints] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        plan = self.plan
        self.tables = {
            name: LoadedTable(name, plan.tables[name], load(name, plan.tables[name], columns))
            for name, columns in plan.needed.items()
        }
        self.positions = analysed_rows(self.tables[plan.rows], plan.cluster)

    def analysis(self) -> Analysis:
        """Column after column, then the account of the rows."""
        import pandas as pd

        columns = self._keys() | self._metrics() | self._expectation()
        further = self._further() | self._service()
        if self.plan.invitation is not None:
            refuse_absent_survey(self.plan.invitation, further[self.plan.invitation.survey])
        timing = {}
        for name, declared in self.plan.outcomes.items():
            found = self._outcome(name, declared)
            count = columns.get("count", np.ones(len(self.positions), dtype=np.int64))
            timing[name] = timing_of(name, declared, self._predictors(columns), self._starts(name), found, count)
            columns |= found
        alternatives = tuple(self._alternative(i, s) for i, s in enumerate(self.plan.sensitivities))
        accounts = tuple(self._account(name, columns) for name in self.plan.tables if name in self.tables)
        plan = self.plan
        moments = None if plan.moments is None else moment_rows(plan.moments, plan.tables)
        encounters = None if plan.encounters is None else encounter_rows(plan.encounters, plan.tables)
        further |= {} if encounters is None else self._encounters(encounters[0])
        own = (*(() if moments is None else moments.accounts), *(() if encounters is None else encounters[1:]))
        apart = {account.table: account for account in own if account.table not in self.tables}
        return Analysis(
            frame=pd.DataFrame(columns | further),
            firm=None if plan.firm is None else self.column(plan.rows, plan.firm, {}, ""),
            timing=timing,
            accounts=(*accounts, *apart.values()),
            moments=None if moments is None else moments.frame,
            encounters=None if encounters is None else encounters[0],
            alternatives=alternatives,
        )

    def _account(self, table: str, columns: Mapping[str, Any]) -> TableAccount:
        counted = table == self.plan.rows and "count" in columns
        return replace(self.tables[table].account, stands_for=int(columns["count"].sum()) if counted else None)

    def column(self, table: str, column: str, where: Where, path: str) -> Any:
        """A column of any table, one value per analysed row; missing where the row has none."""
        found = self.tables[table].frame[column]
        place = self._rows(table, where, path)
        if (place >= 0).all():
            return found.iloc[place].reset_index(drop=True)
        return found.reset_index(drop=True).reindex(np.where(place >= 0, place, len(found))).reset_index(drop=True)

    def _rows(self, table: str, where: Where, path: str) -> Ints:
        """For each analysed row its row in a table, -1 if it has none there."""
        known = (table, repr(sorted(where.items())))
        if known not in self._matched:
            source = self.tables[table]
            if table == self.plan.rows:
                here = matching(source.frame, where, path)[self.positions] if where else True
                self._matched[known] = np.where(here, self.positions, -1)
            else:
                analysed = self.tables[self.plan.rows]
                self._matched[known] = matched_rows(source, analysed, self.positions, where, path)
        return self._matched[known]

    def _keys(self) -> dict[str, Any]:
        """Cluster, weight and count, from the analysed table."""
        plan, columns = self.plan, {}
        if plan.cluster is not None:
            columns["cluster"] = self.column(plan.rows, plan.cluster, {}, "")
        if plan.weight is not None:
            path = key_path("study", "weight")
            columns["weight"] = scores(self.column(plan.rows, plan.weight, {}, ""), path)
        if plan.count is not None:
            columns["count"] = _counts(scores(self.column(plan.rows, plan.count, {}, ""), key_path("study", "count")))
        return columns

    def _further(self) -> dict[str, Any]:
        """Controls and segments under the names of their columns, each once."""
        columns = {}
        for section, tables in (("controls", self.plan.controls), ("segments", self.plan.segments)):
            for number, (name, table) in enumerate(tables.items()):
                path = key_path(section, "columns", number)
                columns[name] = grouping(self.column(table, name, {}, path), path)
        return columns

    def _service(self) -> dict[str, Any]:
        """What was recorded of service."""
        declared = self.plan.service
        table = self.plan.rows if declared is None else str(declared.table)
        return {
            name: scores(self.column(table, column, {}, ""), key_path("service", key))
            for key, name, column in recorded(declared)
        }

    def _encounters(self, frame: Any) -> dict[str, Any]:
        """What the encounters of a customer come to, where a key says whose they are."""
        analysed, declared = self.tables[self.plan.rows], self.plan.encounters
        if declared is None or analysed.table.key is None:
            return {}
        return customer_summaries(declared, frame, analysed, self.positions)

    def _metrics(self) -> dict[str, Any]:
        columns = {}
        for name, metric in self.plan.metrics.items():
            table, at = str(metric.table), key_path("metric", name, "where")
            path = key_path("metric", name, "column")
            values = scores(self.column(table, metric.column, metric.where, at), path, metric.missing, metric.labels)
            columns[name] = values
            if metric.version_column is not None:
                versions = self.column(table, metric.version_column, metric.where, at)
                _one_version(name, metric, versions[~np.isnan(values)])
        return columns

    def _outcome(self, name: str, declared: StudyOutcome) -> dict[str, Any]:
        outcome, table = declared.outcome, str(declared.table)
        at = key_path("outcome", name, "where")

        def made(key: str, column: str, recoded: bool) -> Floats:
            values = self.column(table, column, declared.where, at)
            path = key_path("outcome", name, key)
            return scores(values, path, declared.missing, declared.labels) if recoded else scores(values, path)

        if not isinstance(outcome, Survival):
            return {name: made("column", outcome.column, recoded=True)}
        given = {"time": outcome.time, "event": outcome.event, "entry": outcome.entry}
        called = survival_columns(name)
        return {called[k]: made(k, c, recoded=k == "event") for k, c in given.items() if c is not None}

    def _expectation(self) -> dict[str, Any]:
        declared = self.plan.expectation
        if declared is None:
            return {}
        if declared.disconfirmation is not None:
            return {"disconfirmation": self._gap("disconfirmation", declared.disconfirmation)}
        both = {name: self._gap(key, str(getattr(declared, key))) for key, name in GAP.items()}
        return {"disconfirmation": both[GAP["performed"]] - both[GAP["expected"]], **both}

    def _gap(self, key: str, column: str, *section: str | int) -> Floats:
        declared = self.plan.expectation
        table = self.plan.rows if declared is None else str(declared.table)
        labels = {} if declared is None or section else declared.labels  # an alternative is another column
        return scores(self.column(table, column, {}, ""), key_path(*(section or ("expectation",)), key), (), labels)

    def _alternative(self, number: int, declared: Sensitivity) -> tuple[Bools, Floats | None]:
        analysed = self.tables[self.plan.rows].frame.iloc[self.positions]
        kept = matching(analysed, declared.where, key_path("sensitivity", number, "where"))
        if declared.disconfirmation is None:
            return kept, None
        return kept, self._gap("disconfirmation", declared.disconfirmation, "sensitivity", number)

    def _predictors(self, columns: Mapping[str, Any]) -> list[Dated]:
        """What an outcome must come after: the metrics; without any, the expectation."""
        parts: dict[str, tuple[str, Where]] = {n: (str(m.table), m.where) for n, m in self.plan.metrics.items()}
        if not parts and self.plan.expectation is not None:
            parts = {"disconfirmation": (str(self.plan.expectation.table), {})}
        return [self._dated(name, table, where, ~np.isnan(columns[name])) for name, (table, where) in parts.items()]

    def _dated(self, name: str, table: str, where: Where, present: Bools) -> Dated:
        column = self.plan.tables[table].time
        path = key_path("table", table, "time")
        values = None if column is None else self.column(table, column, where, "")
        return Dated(name, path, column, values, present, source=(table, repr(sorted(where.items()))))

    def _starts(self, name: str) -> Any:
        """The day on which the outcome's window began, per row; None if not declared."""
        if name not in self.plan.starts_in:
            return None
        declared, table = self.plan.outcomes[name], self.plan.starts_in[name]
        where = declared.where if table == declared.table else {}
        return self.column(table, str(declared.outcome.starts), where, "")


def _counts(values: Floats) -> Ints:
    off = np.isnan(values) | (values < 0) | (values != np.floor(values))
    if off.any():
        n = int(off.sum())
        raise wrong(
            key_path("study", "count"),
            f"must hold whole numbers from 0 up, but {rows(n)} {'does' if n == 1 else 'do'} not."
            "\nA survey weight is no count: declare it as weight.",
        )
    return values.astype(np.int64)


def _one_version(name: str, metric: Metric, versions: Any) -> None:
    """All answers of an effort score must be to the same question, and that one the scale's."""
    found = dict(value_counts(versions))
    unsaid = int(versions.isna().sum())
    path = key_path("metric", name, "version_column")
    holds = counted(found, found.values()) + (f" and none in {rows(unsaid)}" if unsaid and found else "")
    if len(found) + bool(unsaid) > 1:
        raise wrong(
            path,
            f"all answers must be to the same version of the question, but '{metric.version_column}' holds {holds}."
            "\nUp is bad in ces1 and good in ces2: keep one of them with where, or declare a metric for each.",
        )
    expected = metric.version or metric.scale.version
    told = next(iter(found), expected)
    if told != expected and (metric.version is None or told in VERSIONS):
        raise wrong(
            path,
            f"must hold '{expected}', the version that is declared (up is "
            f"{'good' if metric.scale.higher_is_better else 'bad'}), but '{metric.version_column}' holds {holds}."
            "\nTake the scale of that version, or say with version = which one the answers are to.",
        )
