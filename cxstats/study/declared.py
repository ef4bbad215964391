"""A study as it is declared: tables named but not read, metrics, outcomes, sections, smallest effects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cxstats.errors import StudyError
from cxstats.readers.paths import local
from cxstats.roles import Outcome
from cxstats.scales import Scale
from cxstats.study.asked import encounter_summaries
from cxstats.study.encounters import Encounters
from cxstats.study.errors import refuse
from cxstats.study.frame import renamed
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
    StudyOutcome,
)
from cxstats.study.rules import Declared, contradictions
from cxstats.study.service import Service
from cxstats.study.surveys import Invitation, Trust


@dataclass(frozen=True, eq=False, init=False)
class DeclaredStudy:
    """What a study says of itself, before any row of its data is read.

    A `Study` is one of these with its data. By itself it serves where no outcome may be looked at: to lock a
    plan, and to say which claims could be tested.
    """

    title: str
    evidence: Evidence
    source: str
    licence: str
    note: str
    folder: Path | None  # of the study file; None for a study made in Python
    _declared: Declared = field(repr=False)

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
        encounters: Encounters | None = None,
        trust: Trust | None = None,
        invitation: Invitation | None = None,
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
        parts: dict[str, Any] = {
            "expectation": expectation,
            "journey": journey,
            "change": change,
            "moments": moments,
            "service": service,
            "encounters": encounters,
            "trust": trust,
            "invitation": invitation,
        }
        check_parts(parts, sensitivities)
        declared = Declared(
            **parts,
            tables=tables_of(tables),
            metrics=metrics_of(metrics or {}),
            outcomes=outcomes_of(outcomes or {}),
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
        refuse(contradictions(declared))
        for name, value in {**texts, "folder": None, "_declared": declared}.items():
            object.__setattr__(self, name, value)
        self._look_at_data(declared)

    def _look_at_data(self, declared: Declared) -> None:
        """Nothing here; a `Study` reads its data."""

    @classmethod
    def read(cls, path: str | Path, *, allow_outside: bool = False) -> Self:
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
        from cxstats.study.toml import as_in_file, declaration, parse

        file = local(path)
        try:
            parsed = parse(file)
            try:
                study = cls(**declaration(parsed, file.parent, allow_outside=allow_outside))
            except StudyError as reason:
                raise StudyError(as_in_file(parsed, str(reason))) from None
        except StudyError as reason:
            raise StudyError(f"'{path}': {reason}") from None
        object.__setattr__(study, "folder", file.parent)
        return study

    @property
    def declared(self) -> Declared:
        """All that was declared, as it was given."""
        return self._declared

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
    def encounters(self) -> Encounters | None:
        """Encounters one after the other, if they are declared."""
        return self._declared.encounters

    @property
    def encounter_summaries(self) -> tuple[str, ...]:
        """What `cells` can say of the encounters of each customer; nothing where no key tells whose they are."""
        return tuple(encounter_summaries(self._declared))

    @property
    def trust(self) -> Trust | None:
        """Trust in a firm, asked in several periods, if it is declared."""
        return self._declared.trust

    @property
    def invitation(self) -> Invitation | None:
        """Who was invited to which survey, if it is declared."""
        return self._declared.invitation

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
    def counted(self) -> bool:
        """Whether each row stands for several, which are alike in all that is declared."""
        return self._declared.count is not None

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
    def met(self) -> tuple[float, float]:
        """The range of the gap that counts as expectation met."""
        if self.expectation is None:
            raise StudyError("expectation: none is declared, so nothing says which gap counts as met.")
        return self.expectation.met
