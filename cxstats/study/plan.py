"""Check a study without reading any row: its parts, its tables, and where each of its columns is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cxstats.errors import CxStatsError
from cxstats.roles import Survival
from cxstats.study.encounters import Encounters
from cxstats.study.errors import Problem, key_path, nearest, no_column, refuse
from cxstats.study.frame import Plan
from cxstats.study.parts import Columns, Expectation, Metric, Moments, StudyOutcome, Where
from cxstats.study.rules import Declared, contradictions
from cxstats.study.service import Service, recorded
from cxstats.study.sources import table_columns


def plan_of(declared: Declared) -> Plan:
    """The plan by which the data are read, or one error with all that is wrong before any row is read."""
    refuse(contradictions(declared))
    return _Finder(declared).plan()


@dataclass(eq=False)
class _Finder:
    """Finds the table of each part, collecting problems and the columns that will be needed."""

    declared: Declared
    problems: list[Problem] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)
    needed: dict[str, dict[str, None]] = field(default_factory=dict)  # table -> columns, in order, each once
    rows: str = ""

    def plan(self) -> Plan:
        """Everything found, or the error."""
        declared = self.declared
        self.columns = self._all_columns()
        self.rows = self._rows()
        refuse(self.problems)
        metrics = {name: self._metric(name, metric) for name, metric in declared.metrics.items()}
        outcomes = {name: self._outcome(name, outcome) for name, outcome in declared.outcomes.items()}
        expectation = None if declared.expectation is None else self._expectation(declared.expectation)
        self._sensitivities(expectation)
        controls, segments = (self._columns(name, getattr(declared, name)) for name in ("controls", "segments"))
        self._one_source(controls, segments)
        moments = None if declared.moments is None else self._moments(declared.moments)
        service = None if declared.service is None else self._service(declared.service)
        encounters = None if declared.encounters is None else self._encounters(declared.encounters)
        for section in declared.sections:
            self._table_of((section.name,), section.table, section.columns, read=False)
        for key in ("cluster", "firm", "weight", "count"):
            column = getattr(declared, key)
            if column is not None:
                self._need(self.rows, {key: column}, ("study",))
        self._own_columns()
        starts_in = {name: self._starts(name, o) for name, o in outcomes.items() if o.outcome.starts is not None}
        refuse(self.problems)
        return Plan(
            tables=declared.tables,
            needed={name: tuple(columns) for name, columns in self.needed.items()},
            rows=self.rows,
            metrics=metrics,
            outcomes=outcomes,
            starts_in=starts_in,
            expectation=expectation,
            moments=moments,
            service=service,
            encounters=encounters,
            invitation=declared.invitation,
            sensitivities=declared.sensitivities,
            controls=controls,
            segments=segments,
            firm=declared.firm,
            cluster=declared.cluster,
            weight=declared.weight,
            count=declared.count,
        )

    def _all_columns(self) -> dict[str, list[str]]:
        found = {}
        for name, table in self.declared.tables.items():
            try:
                found[name] = table_columns(name, table)
            except CxStatsError as reason:
                path, _, text = str(reason).partition(": ")
                self.problems.append((path, text))
                found[name] = []
        return found

    def _rows(self) -> str:
        tables, given = list(self.declared.tables), self.declared.rows
        if given is None and len(tables) == 1:
            return tables[0]
        if given is None:
            found = f"the study has {len(tables)} tables: {', '.join(tables)}" if tables else "the study has no table"
            self.problems.append(("study.rows", f"must name the table whose rows are analysed, but {found}."))
        elif given not in tables:
            self.problems.append(("study.rows", f"'{given}' is no table of the study{nearest(given, tables)}."))
        return given or ""

    def _table_of(
        self,
        section: tuple[str, ...],
        given: str | None,
        columns: Mapping[str, str],
        *,
        read: bool = True,
        apart: bool = False,
    ) -> str:
        """The table that has the columns: the one named, else the analysed one, else the only one that has all.

        Rows that stand ``apart`` are read by themselves, unless they are the analysed ones.
        """
        table = given if given is not None else self._guess(section, list(columns.values()))
        if table not in self.columns:
            text = f"'{table}' is no table of the study{nearest(table, list(self.columns))}."
            self.problems.append((key_path(*section, "table"), text))
            return self.rows
        self._need(table, columns, section, read=read and (not apart or table == self.rows))
        return table

    def _guess(self, section: tuple[str, ...], columns: Sequence[str]) -> str:
        have = [name for name, known in self.columns.items() if set(columns) <= set(known)]
        if self.rows in have or not have:
            return self.rows
        if len(have) > 1:
            text = f"must say which of the tables {', '.join(have)} is meant: each has {', '.join(columns)}."
            self.problems.append((key_path(*section, "table"), text))
        return have[0]

    def _need(self, table: str, columns: Mapping[str, str], section: tuple[str, ...], *, read: bool = True) -> None:
        for key, column in columns.items():
            if column not in self.columns[table]:
                self.problems.append((key_path(*section, key), no_column(column, self.columns[table], table)))
            elif read:
                self.needed.setdefault(table, {})[column] = None

    def _where(self, table: str, where: Where, *section: str) -> None:
        for column in where:
            if column not in self.columns[table]:
                path = key_path(*section, "where", column)
                self.problems.append((path, no_column(column, self.columns[table], table)))
            else:
                self.needed.setdefault(table, {})[column] = None

    def _metric(self, name: str, metric: Metric) -> Metric:
        columns = {"column": metric.column}
        if metric.version_column is not None:
            columns["version_column"] = metric.version_column
        table = self._table_of(("metric", name), metric.table, columns)
        self._where(table, metric.where, "metric", name)
        return replace(metric, table=table)

    def _outcome(self, name: str, declared: StudyOutcome) -> StudyOutcome:
        outcome = declared.outcome
        if isinstance(outcome, Survival):
            given = {"time": outcome.time, "event": outcome.event, "entry": outcome.entry}
            columns = {key: column for key, column in given.items() if column is not None}
        else:
            columns = {"column": outcome.column}
        table = self._table_of(("outcome", name), declared.table, columns)
        self._where(table, declared.where, "outcome", name)
        return replace(declared, table=table)

    def _starts(self, name: str, declared: StudyOutcome) -> str:
        """The table of the column in which the outcome's window starts: the outcome's own, else the analysed one."""
        column, own = str(declared.outcome.starts), str(declared.table)
        table = own if column in self.columns[own] else self.rows
        self._need(table, {"starts": column}, ("outcome", name))
        return table

    def _expectation(self, declared: Expectation) -> Expectation:
        keys = ("disconfirmation", "expected", "performed")
        columns = {key: column for key in keys if (column := getattr(declared, key)) is not None}
        return replace(declared, table=self._table_of(("expectation",), declared.table, columns))

    def _moments(self, declared: Moments) -> Moments:
        """The table of the moments, and that of the overall rating; they are read by themselves."""
        columns = declared.columns
        table = self._table_of(("moments",), declared.table, columns, apart=True)
        overall = declared.overall_table
        if overall is not None and overall not in self.columns:
            text = f"'{overall}' is no table of the study{nearest(overall, list(self.columns))}."
            self.problems.append((key_path("moments", "overall_table"), text))
        elif overall is not None:
            wanted = {key: column for key, column in columns.items() if key.startswith("sequence")}
            wanted["overall"] = declared.overall
            self._need(overall, wanted, ("moments",), read=overall == self.rows)
        return replace(declared, table=table)

    def _service(self, declared: Service) -> Service:
        columns = {key: column for key, _, column in recorded(declared)}
        return replace(declared, table=self._table_of(("service",), declared.table, columns))

    def _encounters(self, declared: Encounters) -> Encounters:
        """The table of the encounters, which are read by themselves."""
        return replace(declared, table=self._table_of(("encounters",), declared.table, declared.columns, apart=True))

    def _columns(self, section: str, declared: Columns) -> dict[str, str]:
        """The table of each control or segment; each is found by itself."""
        given = declared.table
        return {
            column: self._table_of((section,), given, {key_path("columns", number): column})
            for number, column in enumerate(declared.columns)
        }

    def _one_source(self, controls: Mapping[str, str], segments: Mapping[str, str]) -> None:
        """A column that is both control and segment stands in the frame once."""
        for number, (column, table) in enumerate(segments.items()):
            if controls.get(column, table) != table:
                both = f"'{column}' of table '{table}' would be called as the control '{column}'"
                text = f"{both} of table '{controls[column]}'.\nTake both from one table, or rename the column in one."
                self.problems.append((key_path("segments", "columns", number), text))

    def _sensitivities(self, expectation: Expectation | None) -> None:
        for number, declared in enumerate(self.declared.sensitivities):
            path = key_path("sensitivity", number)
            for column in declared.where:
                if column not in self.columns[self.rows]:
                    text = no_column(column, self.columns[self.rows], self.rows)
                    self.problems.append((f"{path}.{key_path('where', column)}", text))
                else:
                    self.needed.setdefault(self.rows, {})[column] = None
            if declared.disconfirmation is not None and expectation is not None:
                table = str(expectation.table)
                if declared.disconfirmation not in self.columns[table]:
                    text = no_column(declared.disconfirmation, self.columns[table], table)
                    self.problems.append((f"{path}.disconfirmation", text))
                else:
                    self.needed.setdefault(table, {})[declared.disconfirmation] = None

    def _own_columns(self) -> None:
        """Key, time and filter of each table; joined tables must have a key, and so must the analysed one."""
        self.needed.setdefault(self.rows, {})
        for name, table in self.declared.tables.items():
            read = name in self.needed
            own = {key: column for key in ("key", "time") if (column := getattr(table, key)) is not None}
            self._need(name, own, ("table", name), read=read)
            for column in table.where:
                if column not in self.columns[name]:
                    path = key_path("table", name, "where", column)
                    self.problems.append((path, no_column(column, self.columns[name], name)))
                elif read:
                    self.needed[name][column] = None
            if read and len(self.needed) > 1 and table.key is None:
                text = f"is required: it joins the table '{name}' with the analysed rows."
                self.problems.append((key_path("table", name, "key"), text))
