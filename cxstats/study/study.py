"""`Study`: tables, what their columns mean, and what happened afterwards; checked once, then only asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxstats.cells import Cells, tally
from cxstats.errors import RoleError, StudyError
from cxstats.readers.paths import local
from cxstats.roles import Outcome, checked_outcome
from cxstats.scales import Scale
from cxstats.study.errors import Problem, key_path, nearest, refuse
from cxstats.study.frame import Analysis, analyse, renamed
from cxstats.study.parts import (
    Evidence,
    Expectation,
    Metric,
    Section,
    Sensitivity,
    StudyOutcome,
    Table,
    TableAccount,
    Timing,
)
from cxstats.study.plan import plan_of
from cxstats.study.rules import Declared


@dataclass(frozen=True, eq=False, init=False)
class Study:
    """Data of customers, and what each column is: what `validate` puts the claims to the test on.

    Made from a study file with `Study.read`, or in Python without any file. Everything is checked when it
    is made: names, columns, filters, joins, and that no outcome began before the feedback that is to
    predict it.

    Parameters
    ----------
    tables : mapping from name to dataframe, path or Table
        A `Table` says besides how its rows are filtered, joined and picked.
    metrics : mapping from name to Scale or Metric
        A scale alone means the column of that name.
    outcomes : mapping from name to Binary, Rating, Continuous, Count, Survival or StudyOutcome
    expectation : Expectation, optional
    sensitivities : list of Sensitivity, optional
        Alternative analyses of the expectation, shown beside the verdict.
    title, evidence, source, licence, note : str
        For the report. ``evidence`` is real, simulated or published.
    rows : str, optional
        The table whose rows are analysed; not needed with one table.
    cluster, weight, count : str, optional
        Columns of that table, as in `tally`.
    controls : list of str, optional
        Columns that no claim of this version uses; checked to exist.
    smallest_effect : mapping from effect to number, optional
        Overrides the register's defaults.
    sections : list of Section, optional
        Further parts that no claim of this version uses; checked to exist.

    Raises
    ------
    StudyError
        The study contradicts itself or its data; each line begins with the path of the key.

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> customers = pd.DataFrame({"nps": [9, 10, 3, None], "repurchase": [1, 1, 0, 1]})
    >>> study = cx.Study(
    ...     title="Four customers",
    ...     tables={"customers": customers},
    ...     metrics={"nps": cx.NPS},
    ...     outcomes={"repurchase": cx.Binary("repurchase", after=True)},
    ... )
    >>> print(study.cells("repurchase", metrics=["nps"]))
    Cells: 4 rows in 4 distinct (1x) · nps 0-10, repurchase 0/1 · 1 row with a missing value
    >>> study.timing("repurchase").status
    'declared'
    """

    title: str
    evidence: Evidence
    source: str
    licence: str
    note: str
    _declared: Declared = field(repr=False)
    _analysis: Analysis = field(repr=False)

    def __init__(
        self,
        *,
        tables: Mapping[str, Any],
        metrics: Mapping[str, Scale | Metric] | None = None,
        outcomes: Mapping[str, Outcome | StudyOutcome] | None = None,
        expectation: Expectation | None = None,
        sensitivities: Sequence[Sensitivity] = (),
        title: str = "Untitled study",
        evidence: Evidence = "real",
        source: str = "",
        licence: str = "",
        note: str = "",
        rows: str | None = None,
        cluster: str | None = None,
        weight: str | None = None,
        count: str | None = None,
        controls: Sequence[str] = (),
        smallest_effect: Mapping[str, float] | None = None,
        sections: Sequence[Section] = (),
    ) -> None:
        texts = {"title": title, "evidence": evidence, "source": source, "licence": licence, "note": note}
        _check_texts(texts)
        _check_parts(expectation, sensitivities)
        declared = Declared(
            tables=_tables(tables),
            metrics=_metrics(metrics or {}),
            outcomes=_outcomes(outcomes or {}),
            expectation=expectation,
            sensitivities=tuple(sensitivities),
            sections=_sections(controls, sections),
            smallest_effect=dict(smallest_effect or {}),
            rows=rows,
            cluster=cluster,
            weight=weight,
            count=count,
        )
        made = {**texts, "_declared": declared, "_analysis": analyse(plan_of(declared))}
        for name, value in made.items():
            object.__setattr__(self, name, value)

    @classmethod
    def read(cls, path: str | Path, *, allow_outside: bool = False) -> "Study":
        """Read a study file, and the data that it names.

        Parameters
        ----------
        path : str or Path
            A study file (TOML); the format is described in `cxstats.study.file`.
        allow_outside : bool
            Let the file name data outside its own folder. Say True only for files that you trust.

        Raises
        ------
        ReadError
            The study file cannot be opened.
        StudyError
            The file or its data contradict the format or each other: all problems of the file in one message.
        """
        from cxstats.study.toml import declaration, parse

        file = local(path)
        try:
            return cls(**declaration(parse(file), file.parent, allow_outside=allow_outside))
        except StudyError as reason:
            raise StudyError(f"'{path}': {reason}") from None

    @property
    def metric_scales(self) -> dict[str, Scale]:
        """The scale of each metric, in the order of the study."""
        return {name: metric.scale for name, metric in self._declared.metrics.items()}

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """Each outcome as declared, with its columns as the analysis calls them."""
        return {name: renamed(name, declared.outcome) for name, declared in self._declared.outcomes.items()}

    @property
    def expectation(self) -> Expectation | None:
        """What was received against what was expected, if it is declared."""
        return self._declared.expectation

    @property
    def sensitivities(self) -> tuple[Sensitivity, ...]:
        """Alternative analyses of the expectation: shown beside the verdict, never part of it."""
        return self._declared.sensitivities

    @property
    def smallest_effect(self) -> dict[str, float]:
        """Smallest effects of interest that override the register's."""
        return dict(self._declared.smallest_effect)

    @property
    def unused(self) -> tuple[str, ...]:
        """Declared sections that no claim of this version uses; only their columns were checked."""
        return tuple(section.name for section in self._declared.sections)

    @property
    def tables_account(self) -> tuple[TableAccount, ...]:
        """What became of the rows of each table that was read."""
        return self._analysis.accounts

    @property
    def met(self) -> tuple[float, float]:
        """The range of the gap that counts as expectation met."""
        if self.expectation is None:
            raise StudyError("expectation: none is declared, so nothing says which gap counts as met.")
        return self.expectation.met

    def cells(
        self,
        outcome: str | None,
        *,
        metrics: Sequence[str] = (),
        disconfirmation: bool = False,
        sensitivity: int | None = None,
    ) -> Cells:
        """The cells for one analysis: an outcome, some metrics, the expectation, and the keys of the study.

        Parameters
        ----------
        outcome : str or None
            Name of an outcome.
        metrics : list of str
            Names of metrics.
        disconfirmation : bool
            Whether the gap belongs to the analysis, as the column ``disconfirmation``.
        sensitivity : int, optional
            Number of an alternative analysis, from 0: its rows, and its gap.
        """
        _known([] if outcome is None else [outcome], list(self.outcomes), "outcome")
        _known(metrics, list(self.metric_scales), "metric")
        if disconfirmation and self.expectation is None:
            raise StudyError("expectation: none is declared, so there is no gap to analyse.")
        frame = self._frame(sensitivity)
        keys = ("cluster", "weight", "count")
        roles: dict[str, Any] = {key: key for key in keys if getattr(self._declared, key) is not None}
        if disconfirmation:
            roles["disconfirmation"] = "disconfirmation"
        return tally(
            frame,
            outcome=None if outcome is None else self.outcomes[outcome],
            metrics={name: self.metric_scales[name] for name in metrics},
            **roles,
        )

    def _frame(self, sensitivity: int | None) -> Any:
        """The analysis frame, or what an alternative analysis makes of it."""
        frame, n = self._analysis.frame, len(self.sensitivities)
        if sensitivity is None:
            return frame
        if not 0 <= sensitivity < n:
            raise StudyError(f"sensitivity: the study declares {n}, counted from 0 here, and none is {sensitivity}.")
        kept, gap = self._analysis.alternatives[sensitivity]
        return (frame if gap is None else frame.assign(disconfirmation=gap))[kept]

    def timing(self, outcome: str) -> Timing:
        """Whether the outcome came after the feedback, and how that is known."""
        _known([outcome], list(self.outcomes), "outcome")
        return self._analysis.timing[outcome]

    def n_late(self, outcome: str) -> int:
        """Rows whose feedback came after the outcome's window had begun, left out for this outcome."""
        return self.timing(outcome).n_late


def _check_texts(texts: Mapping[str, object]) -> None:
    problems: list[Problem] = [
        (key_path("study", key), f"must be text, not {text!r}.")
        for key, text in texts.items()
        if not isinstance(text, str)
    ]
    if texts["evidence"] not in ("real", "simulated", "published"):
        problems.append(("study.evidence", f"must be 'real', 'simulated' or 'published', not {texts['evidence']!r}."))
    refuse(problems)


def _check_parts(expectation: object, sensitivities: Sequence[object]) -> None:
    if expectation is not None and not isinstance(expectation, Expectation):
        text = 'must be cx.Expectation(disconfirmation="column"), not'
        raise StudyError(f"expectation: {text} {expectation!r}.")
    for number, sensitivity in enumerate(sensitivities):
        if not isinstance(sensitivity, Sensitivity):
            raise StudyError(f"{key_path('sensitivity', number)}: must be a cx.Sensitivity, not {sensitivity!r}.")


def _tables(given: object) -> dict[str, Table]:
    if not isinstance(given, Mapping) or not given:
        raise StudyError('table: tables must map each name to a dataframe, such as {"customers": frame}.')
    return {name: table if isinstance(table, Table) else Table(table) for name, table in given.items()}


def _metrics(given: Mapping[str, Any]) -> dict[str, Metric]:
    wrong = [name for name, metric in given.items() if not isinstance(metric, Scale | Metric)]
    refuse(
        (key_path("metric", name), f"must be a scale such as cx.NPS, or a cx.Metric, not {given[name]!r}.")
        for name in wrong
    )
    return {name: Metric(column=name, scale=m) if isinstance(m, Scale) else m for name, m in given.items()}


def _outcomes(given: Mapping[str, Any]) -> dict[str, StudyOutcome]:
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


def _sections(controls: Sequence[str], sections: Sequence[Section]) -> tuple[Section, ...]:
    if isinstance(controls, str):
        raise StudyError(f"controls: must be a list of columns, not {controls!r}.")
    columns = {key_path("columns", number): column for number, column in enumerate(controls)}
    own = (Section(name="controls", columns=columns),) if columns else ()
    return (*own, *sections)


def _known(names: Sequence[str], known: Sequence[str], what: str) -> None:
    refuse((what, f"the study declares no '{name}'{nearest(name, known)}.") for name in names if name not in known)
