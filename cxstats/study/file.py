"""The study file: TOML that says where the data are and what their columns mean.

The sections and keys, with the optional ones marked ``?``; each section that names columns takes ``table``,
which is not needed where the analysed table, or one table alone, has the columns::

    cxstats = 1                     version of this format
    [study]                         title, evidence (real | simulated | published), rows?, firm?, cluster?, weight?,
                                    count?, source?, licence?, note? (three texts for the report)
    [table.NAME]                    file or files, format?, sheet?, encoding?, decimal?, key?, time?, pick?, where?
    [metric.NAME]                   column, scale, kind?, version? or version_column? (for ces one is required),
                                    higher_is_better? and whole? (with scale = [low, high]), where?, missing?, labels?
    [outcome.NAME]                  type (binary | rating | survival | continuous | count), column (or time, event,
                                    entry?), good (or scale, for a rating), kind?, starts?, after?, late?, where?,
                                    missing?, labels?
    [expectation]                   disconfirmation, or expected and performed; met?, tiers = { meet = 0, ... }?,
                                    recalled? (asked only after the service)
    [[sensitivity]]                 title, disconfirmation?, where?: an alternative analysis of the expectation,
                                    shown beside the verdict and never part of it
    [controls]                      columns = ["tenure", "prior_orders"]: what is known besides the metrics
    [segments]                      columns = ["industry", "channel"]: groups of customers that are told apart
    [journey]                       rating, touchpoints = [...] (metrics, or else columns on one scale), scale?,
                                    higher_is_better?, whole?, missing?, poor?, same_sitting?
    [change]                        treated, period (two of the segments), start: journeys changed for some
    [moments]                       sequence (a column or a list), order, value, neutral, overall, scale?,
                                    overall_scale?, higher_is_better? and whole? (for both scales), person?, stimulus?,
                                    cluster?, treated?, same_sitting?, overall_table?; without overall only checked
    [service]                       problem?, complained?, recovered?, contact?, attempt?, failure? (each 0 and 1),
                                    cost?, handling?, wait?, objective? (a list: transfers, repeats), before?, after?
                                    (two metrics of one scale), same_sitting?
    [encounters]                    checked, and used by no claim of this version
    [smallest_effect]               effect = number

``evidence`` is required, since every page of a report says it. ``late = "drop"`` lets an outcome be missing
in rows whose feedback was given after the outcome's window began (``starts``), instead of stopping the
study. ``where`` on a metric or an outcome keeps rows of its table; ``missing`` and ``labels`` of a survival
outcome concern its event. ``whole = false`` lets a scale hold values between whole numbers. A filter is
compared by equality after the file was read: true is not 1 and not the text "true".

``firm`` is the column of the analysed table that says which firm (store, branch, agent) served the customer.
Controls and segments hold numbers or text, of which any may be missing. Without ``table`` each of their columns is
found by itself. In the analysis they are called as their columns, so that no metric and no outcome may have
the name of one, nor may one be called disconfirmation, cluster, weight or count. One column may serve as control,
segment, cluster and firm: in an analysis by a segment, that segment is no control, since it does not vary
within itself; the cluster and the firm are copies under another name.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from cxstats.readers.infer import Decimal
from cxstats.readers.paths import Format
from cxstats.roles import OutcomeKind
from cxstats.scales import NAMED, Scale
from cxstats.scales import Kind as ScaleKind
from cxstats.study.file_values import Codes, Good, Names, Number, ScaleKey, Text, WhereKeys
from cxstats.study.parts import Evidence, Pick

Problems = Iterator[tuple[str, str]]  # key, what is wrong with it


class _Section(BaseModel):
    """A section: no key but its own; a value must have the type of its key."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def problems(self) -> Problems:
        """What is wrong between the keys of the section."""
        return iter(())

    @model_validator(mode="after")
    def _consistent(self) -> "_Section":
        problems = list(self.problems())
        if problems:
            raise PydanticCustomError("keys", "keys contradict each other", {"problems": problems})
        return self


class StudySection(_Section):
    title: Text
    evidence: Evidence
    rows: Text | None = None
    firm: Text | None = None
    cluster: Text | None = None
    weight: Text | None = None
    count: Text | None = None
    source: str = ""
    licence: str = ""
    note: str = ""


class TableSection(_Section):
    file: Text | None = None
    files: list[Text] | None = None
    format: Format | None = None
    sheet: Text | None = None
    encoding: Text | None = None
    decimal: Decimal = "."
    key: Text | None = None
    time: Text | None = None
    pick: Pick | None = None
    where: WhereKeys = {}

    def problems(self) -> Problems:
        if self.file is not None and self.files is not None:
            yield "files", "is for several files and file for one: leave out one of them."
        if self.file is None and not self.files:
            yield "file", "is required, or else files, a list of them."


class _Scaled(_Section):
    """A section with a scale: a name, or bounds with a direction."""

    higher_is_better: bool | None = None
    whole: bool | None = None

    def scale_problems(self, scale: Any, kind: str | None) -> Problems:
        if isinstance(scale, list):
            if self.higher_is_better is None:
                yield (
                    "higher_is_better",
                    "is required with scale = [low, high]: a direction is declared, never guessed.",
                )
            elif not scale[0] < scale[1]:
                yield "scale", f"must run from a low to a higher value, not from {scale[0]:g} to {scale[1]:g}."
            elif self.whole is not False and not all(float(bound).is_integer() for bound in scale):
                yield "scale", "must have whole bounds, unless whole = false."
            return
        for key in ("higher_is_better", "whole"):
            if getattr(self, key) is not None:
                yield key, f"is for scale = [low, high]; '{scale}' says it already."
        if kind is not None and scale is not None and kind != NAMED[scale].kind:
            yield "kind", f"is '{kind}', but the scale '{scale}' is of kind '{NAMED[scale].kind}'."

    def made_scale(self, scale: Any, kind: ScaleKind | None) -> Scale:
        """The scale itself."""
        if isinstance(scale, str):
            return NAMED[scale]
        whole, better = self.whole is not False, bool(self.higher_is_better)
        return Scale(scale[0], scale[1], higher_is_better=better, kind=kind or "other", whole=whole)


class MetricSection(_Scaled):
    column: Text
    scale: ScaleKey
    table: Text | None = None
    kind: ScaleKind | None = None
    version: Literal["ces1", "ces2"] | None = None
    version_column: Text | None = None
    where: WhereKeys = {}
    missing: Codes = []
    labels: dict[str, Number] = {}

    def problems(self) -> Problems:
        yield from self.scale_problems(self.scale, self.kind)
        kind = NAMED[self.scale].kind if isinstance(self.scale, str) else self.kind
        if kind == "ces" and self.version is None and self.version_column is None:
            ces1, ces2 = "'ces1' (how much effort, up is bad)", "'ces2' (made it easy, up is good)"
            yield "version", f"is required for an effort score: {ces1} or {ces2}; or else version_column."


_KEYS_OF: dict[str, tuple[str, ...]] = {
    "binary": ("column", "good"),
    "rating": ("column", "scale"),
    "survival": ("time", "event", "good"),
    "continuous": ("column", "good"),
    "count": ("column", "good"),
}
_OPTIONAL: dict[str, tuple[str, ...]] = {"survival": ("entry",), "rating": ("higher_is_better", "whole")}


class OutcomeSection(_Scaled):
    type: Literal["binary", "rating", "survival", "continuous", "count"]
    column: Text | None = None
    time: Text | None = None
    event: Text | None = None
    entry: Text | None = None
    scale: ScaleKey | None = None
    good: Good = None
    table: Text | None = None
    kind: OutcomeKind = "behaviour"
    starts: Text | None = None
    after: bool = False
    late: Literal["drop"] | None = None
    where: WhereKeys = {}
    missing: Codes = []
    labels: dict[str, Number] = {}

    def problems(self) -> Problems:
        required, optional = _KEYS_OF[self.type], _OPTIONAL.get(self.type, ())
        for key in ("column", "time", "event", "entry", "scale", "higher_is_better", "whole", "good"):
            given = getattr(self, key) is not None
            if key in required and not given:
                yield key, f"is required for type = '{self.type}'."
            if given and key not in (*required, *optional):
                yield key, f"has no meaning for type = '{self.type}', which takes {', '.join((*required, *optional))}."
        if self.scale is not None:
            yield from self.scale_problems(self.scale, None)
        ends: tuple[Any, ...] = (0, 1) if self.type in ("binary", "survival") else ("high", "low")
        if self.good is not None and self.good not in ends:
            yield "good", f"must say which value is good for the firm, {ends[0]!r} or {ends[1]!r}, not {self.good!r}."


class ExpectationSection(_Section):
    disconfirmation: Text | None = None
    expected: Text | None = None
    performed: Text | None = None
    met: Annotated[list[Number], Field(min_length=2, max_length=2)] = [0, 0]
    tiers: dict[str, Number] = {}
    recalled: bool = False
    table: Text | None = None


class SensitivitySection(_Section):
    title: Text
    disconfirmation: Text | None = None
    where: WhereKeys = {}


class JourneySection(_Scaled):
    rating: Text
    touchpoints: Annotated[list[Text], Field(min_length=1)]
    scale: ScaleKey | None = None
    missing: Codes = []
    poor: Number | None = None
    same_sitting: bool = False
    table: Text | None = None

    def problems(self) -> Problems:
        if self.scale is not None:
            yield from self.scale_problems(self.scale, None)


class ChangeSection(_Section):
    treated: Text
    period: Text
    start: Number


class MomentsSection(_Scaled):
    sequence: Names
    order: Text
    value: Text
    neutral: Number
    overall: Text | None = None
    scale: ScaleKey | None = None
    overall_scale: ScaleKey | None = None
    person: Text | None = None
    stimulus: Text | None = None
    cluster: Text | None = None
    treated: Text | None = None
    same_sitting: bool = False
    table: Text | None = None
    overall_table: Text | None = None

    def problems(self) -> Problems:
        """One direction, and one ``whole``, for both scales; a named scale beside bounds needs neither."""
        scales = {"scale": self.scale, "overall_scale": self.overall_scale}
        given = {key: scale for key, scale in scales.items() if scale is not None}
        bounds = {key: scale for key, scale in given.items() if isinstance(scale, list)}
        for key, scale in (bounds or given).items():
            for where, text in self.scale_problems(scale, None):
                yield key if where == "scale" else where, text
        for key in ("overall_table", "overall_scale"):
            if self.overall is None and getattr(self, key) is not None:
                yield "overall", f"is required with {key}."


class ServiceSection(_Section):
    problem: Text | None = None
    complained: Text | None = None
    recovered: Text | None = None
    contact: Text | None = None
    attempt: Text | None = None
    failure: Text | None = None
    cost: Text | None = None
    handling: Text | None = None
    wait: Text | None = None
    objective: list[Text] = []
    before: Text | None = None
    after: Text | None = None
    same_sitting: bool = False
    table: Text | None = None


class EncountersSection(_Section):
    customer: Text
    order: Text
    perk: Text
    rating: Text
    table: Text | None = None


class ColumnsSection(_Section):
    """Controls or segments."""

    columns: Annotated[list[Text], Field(min_length=1)]
    table: Text | None = None


class StudyFile(_Section):
    """The whole file."""

    cxstats: Literal[1]
    study: StudySection
    table: Annotated[dict[str, TableSection], Field(min_length=1)]
    metric: dict[str, MetricSection] = {}
    outcome: dict[str, OutcomeSection] = {}
    expectation: ExpectationSection | None = None
    sensitivity: list[SensitivitySection] = []
    journey: JourneySection | None = None
    change: ChangeSection | None = None
    moments: MomentsSection | None = None
    service: ServiceSection | None = None
    encounters: EncountersSection | None = None
    controls: ColumnsSection | None = None
    segments: ColumnsSection | None = None
    smallest_effect: dict[str, Number] = {}
