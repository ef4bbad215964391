"""`Study`: tables, what their columns mean, and what happened afterwards; checked once, then only asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxstats.cells import Cells, tally
from cxstats.errors import StudyError
from cxstats.readers.paths import local
from cxstats.roles import Outcome
from cxstats.scales import Scale
from cxstats.study.asked import asked_roles, asked_scales, known
from cxstats.study.frame import Analysis, analyse, renamed
from cxstats.study.given import check_parts, check_texts, columns_of, metrics_of, outcomes_of, tables_of
from cxstats.study.parts import (
    Change,
    Columns,
    Evidence,
    Expectation,
    Journey,
    Metric,
    Moments,
    Section,
    Sensitivity,
    Service,
    StudyOutcome,
    TableAccount,
    Timing,
)
from cxstats.study.plan import plan_of
from cxstats.study.rules import Declared


@dataclass(frozen=True, eq=False, init=False)
class Study:
    """Data of customers, and what each column is: what `validate` puts the claims to the test on.

    Made from a study file with `Study.read`, or in Python without any file. Everything is checked when it is made:
    names, columns, filters, joins, and that no outcome began before the feedback that is to predict it.

    Parameters
    ----------
    tables : mapping from name to dataframe, path or Table
        A `Table` says besides how its rows are filtered, joined and picked.
    metrics : mapping from name to Scale or Metric
        A scale alone means the column of that name.
    outcomes : mapping from name to Binary, Rating, Continuous, Count, Survival or StudyOutcome
    expectation : Expectation, optional
    journey : Journey, optional
        Which metric rates a journey as a whole, and which its touchpoints.
    change : Change, optional
        Which of the segments say who was treated, and when.
    moments : Moments, optional
        Experiences that were rated moment by moment, and as a whole afterwards.
    service : Service, optional
        Problems, contacts, attempts to wow, and what was recorded of them.
    sensitivities : list of Sensitivity, optional
        Alternative analyses of the expectation, shown beside the verdict.
    title, evidence, source, licence, note : str
        For the report. ``evidence`` is real, simulated or published.
    rows : str, optional
        The table whose rows are analysed; not needed with one table.
    cluster, weight, count : str, optional
        Columns of that table, as in `tally`.
    controls, segments : list of str or Columns, optional
        Columns of numbers or text: what is known of customers besides the metrics, and the groups in which
        they are told apart. A column may be both. `Columns` says besides which table has them.
    firm : str, optional
        Column of the analysed table that says which firm (store, branch, agent) served the customer.
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
        journey: Journey | None = None,
        change: Change | None = None,
        moments: Moments | None = None,
        service: Service | None = None,
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
        controls: Sequence[str] | Columns = (),
        segments: Sequence[str] | Columns = (),
        firm: str | None = None,
        smallest_effect: Mapping[str, float] | None = None,
        sections: Sequence[Section] = (),
    ) -> None:
        texts = {"title": title, "evidence": evidence, "source": source, "licence": licence, "note": note}
        check_texts(texts)
        check_parts(expectation, journey, change, moments, service, sensitivities)
        declared = Declared(
            tables=tables_of(tables),
            metrics=metrics_of(metrics or {}),
            outcomes=outcomes_of(outcomes or {}),
            expectation=expectation,
            journey=journey,
            change=change,
            moments=moments,
            service=service,
            sensitivities=tuple(sensitivities),
            controls=columns_of("controls", controls),
            segments=columns_of("segments", segments),
            sections=tuple(sections),
            smallest_effect=dict(smallest_effect or {}),
            rows=rows,
            firm=firm,
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
    def journey(self) -> Journey | None:
        """A journey and its touchpoints, if they are declared."""
        return self._declared.journey

    @property
    def change(self) -> Change | None:
        """Journeys that were changed for some, if they are declared."""
        return self._declared.change

    @property
    def moments(self) -> Moments | None:
        """Experiences rated moment by moment, if they are declared."""
        return self._declared.moments

    @property
    def service(self) -> Service | None:
        """Problems, contacts and attempts to wow, if they are declared."""
        return self._declared.service

    @property
    def moment_rows(self) -> Any:
        """The moments as a pandas frame, with the overall rating in each row of its experience; None without any."""
        return self._analysis.moments

    @property
    def compared_scales(self) -> dict[str, Scale]:
        """The scales of the metrics that are compared with each other: all but those of touchpoints."""
        touchpoints = () if self.journey is None else self.journey.touchpoints
        return {name: scale for name, scale in self.metric_scales.items() if name not in touchpoints}

    @property
    def sensitivities(self) -> tuple[Sensitivity, ...]:
        """Alternative analyses of the expectation: shown beside the verdict, never part of it."""
        return self._declared.sensitivities

    @property
    def weighted(self) -> bool:
        """Whether a survey weight is declared."""
        return self._declared.weight is not None

    @property
    def smallest_effect(self) -> dict[str, float]:
        """Smallest effects of interest that override the register's."""
        return dict(self._declared.smallest_effect)

    @property
    def controls(self) -> tuple[str, ...]:
        """The controls, by the names that they have in the cells: those of their columns."""
        return tuple(self._declared.controls.columns)

    @property
    def segments(self) -> tuple[str, ...]:
        """The columns that tell groups of customers apart, by the names that they have in the cells."""
        return tuple(self._declared.segments.columns)

    @property
    def firm(self) -> str | None:
        """The column of the analysed table that says which firm served the customer, if it is declared."""
        return self._declared.firm

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
        controls: bool = False,
        segment: str | None = None,
        firm: bool = False,
        change: bool = False,
        service: Sequence[str] = (),
        intention: str | None = None,
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
        controls : bool
            Whether the study's controls, if it has any, belong to the analysis.
        segment : str, optional
            Name of a segment, which becomes a stratum. It is then no control besides, since it does not vary
            within itself.
        firm : bool
            Whether firms, instead of the study's clusters, are what makes rows dependent. The column of the
            cells is called ``cluster`` all the same.
        change : bool
            Whether the segments that say who was treated and when, if they are declared, are the strata.
        service : list of str
            Keys of the service section, whose columns become strata: ``service.problem`` and the like.
        intention : str, optional
            Name of another outcome, a rating or binary one of kind intention, which joins the metrics: a
            binary one on a scale of 0 and 1. So both can be analysed on the same rows.
        disconfirmation : bool
            Whether the gap belongs to the analysis, as the column ``disconfirmation``.
        sensitivity : int, optional
            Number of an alternative analysis, from 0: its rows, and its gap.
        """
        outcomes, declared = self.outcomes, self._declared
        known([] if outcome is None else [outcome], list(outcomes), "outcome")
        scales = asked_scales(metrics, intention, scales=self.metric_scales, outcomes=outcomes, outcome=outcome)
        roles = asked_roles(
            declared, controls=controls, segment=segment, firm=firm, change=change, service=service, gap=disconfirmation
        )
        asked = None if outcome is None else outcomes[outcome]
        return tally(self._frame(sensitivity, firm), outcome=asked, metrics=scales, **roles)

    def _frame(self, sensitivity: int | None, firm: bool) -> Any:
        """The analysis frame, by firms if asked, or what an alternative analysis makes of it."""
        frame, n = self._analysis.frame, len(self.sensitivities)
        if firm:
            frame = frame.assign(cluster=self._analysis.firm)
        if sensitivity is None:
            return frame
        if not 0 <= sensitivity < n:
            raise StudyError(f"sensitivity: the study declares {n}, counted from 0 here, and none is {sensitivity}.")
        kept, gap = self._analysis.alternatives[sensitivity]
        return (frame if gap is None else frame.assign(disconfirmation=gap))[kept]

    def timing(self, outcome: str) -> Timing:
        """Whether the outcome came after the feedback, how that is known, and how long before it that was given."""
        known([outcome], list(self.outcomes), "outcome")
        return self._analysis.timing[outcome]

    def n_late(self, outcome: str) -> int:
        """Rows whose feedback came after the outcome's window had begun, left out for this outcome."""
        return self.timing(outcome).n_late
