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
    [expectation]                   disconfirmation, or expected and performed (both stay in the analysis); met?,
                                    tiers = { meet = 0, ... }?, recalled? (asked only after the service),
                                    labels = { below = -1, met = 0, exceeded = 1 }? (of text)
    [[sensitivity]]                 title, disconfirmation?, where?: an alternative analysis of the expectation,
                                    shown beside the verdict and never part of it
    [controls]                      columns = ["tenure", "prior_orders"]: what is known besides the metrics
    [segments]                      columns = ["industry", "channel"]: groups of customers that are told apart
    [journey]                       rating, touchpoints = [...] (metrics, or else columns on one scale), scale?,
                                    higher_is_better?, whole?, missing?, poor?, same_sitting?
    [change]                        treated, period (two of the segments), start, what? (journey | training |
                                    free upgrade): changed for some
    [moments]                       sequence (a column or a list), order, value, neutral, overall, scale?,
                                    overall_scale?, higher_is_better? and whole? (for both scales), person?, stimulus?,
                                    cluster?, treated?, same_sitting?, overall_table?; without overall only checked
    [service]                       problem?, complained?, recovered?, contact?, attempt?, failure? (each 0 and 1),
                                    cost?, handling?, wait?, errors? (a number or share of failures), dwell? and
                                    success? (0 and 1: the task was done; both or neither), objective? (a list:
                                    transfers, repeats), before?, after? (two metrics of one scale), same_sitting?
    [encounters]                    customer, order, perk (0 and 1), rating, expectation?, failure? (0 and 1), period?
                                    (the month or season), scale?, expectation_scale?, higher_is_better? and whole?
                                    (for both scales), cluster?
    [trust]                         outcome (continuous or a rating), period (one of the segments)
    [invitation]                    survey (one of the segments), answered (a binary outcome), csat (the value of
                                    survey that is the satisfaction survey), randomised?, same_length?
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

Encounters, as moments, are rows of their own, one per encounter. Where the analysed table has a ``key``, it is matched
with their ``customer``, and each customer's ratings are summed up beside the analysed rows.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from cxstats.readers.infer import Decimal
from cxstats.readers.paths import Format
from cxstats.roles import OutcomeKind
from cxstats.scales import NAMED
from cxstats.scales import Kind as ScaleKind
from cxstats.study.file_section import FileSection, Problems, ScaledSection
from cxstats.study.file_values import Codes, Encoding, Good, Names, Number, ScaleKey, Text, Version, WhereKeys
from cxstats.study.parts import ChangeKind, Evidence, Pick


class StudySection(FileSection):
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


class TableSection(FileSection):
    file: Text | None = None
    files: list[Text] | None = None
    format: Format | None = None
    sheet: Text | None = None
    encoding: Encoding | None = None
    decimal: Decimal = "."
    key: Text | None = None
    time: Text | None = None
    pick: Pick | None = None
    where: WhereKeys = Field(default_factory=dict)

    def problems(self) -> Problems:
        if self.file is not None and self.files is not None:
            yield "files", "is for several files and file for one: leave out one of them."
        if self.file is None and not self.files:
            yield "file", "is required, or else files, a list of them."


class MetricSection(ScaledSection):
    column: Text
    scale: ScaleKey
    table: Text | None = None
    kind: ScaleKind | None = None
    version: Literal["ces1", "ces2"] | None = None
    version_column: Text | None = None
    where: WhereKeys = Field(default_factory=dict)
    missing: Codes = Field(default_factory=list)
    labels: dict[str, Number] = Field(default_factory=dict)

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


class OutcomeSection(ScaledSection):
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
    where: WhereKeys = Field(default_factory=dict)
    missing: Codes = Field(default_factory=list)
    labels: dict[str, Number] = Field(default_factory=dict)

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


class ExpectationSection(FileSection):
    disconfirmation: Text | None = None
    expected: Text | None = None
    performed: Text | None = None
    met: Annotated[list[Number], Field(min_length=2, max_length=2)] = Field(default_factory=lambda: [0.0, 0.0])
    tiers: dict[str, Number] = Field(default_factory=dict)
    recalled: bool = False
    labels: dict[str, Number] = Field(default_factory=dict)
    table: Text | None = None


class SensitivitySection(FileSection):
    title: Text
    disconfirmation: Text | None = None
    where: WhereKeys = Field(default_factory=dict)


class JourneySection(ScaledSection):
    rating: Text
    touchpoints: Annotated[list[Text], Field(min_length=1)]
    scale: ScaleKey | None = None
    missing: Codes = Field(default_factory=list)
    poor: Number | None = None
    same_sitting: bool = False
    table: Text | None = None

    def problems(self) -> Problems:
        if self.scale is not None:
            yield from self.scale_problems(self.scale, None)
            return
        yield from self.without_scale_problems()
        if self.missing:
            yield "missing", "is for columns that get the scale of this section; each [metric] has its own."


class ChangeSection(FileSection):
    treated: Text
    period: Text
    start: Number
    what: ChangeKind = "journey"


class MomentsSection(ScaledSection):
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
        yield from self.paired_scale_problems(scale=self.scale, overall_scale=self.overall_scale)
        for key in ("overall_table", "overall_scale"):
            if self.overall is None and getattr(self, key) is not None:
                yield "overall", f"is required with {key}."


class ServiceSection(FileSection):
    problem: Text | None = None
    complained: Text | None = None
    recovered: Text | None = None
    contact: Text | None = None
    attempt: Text | None = None
    failure: Text | None = None
    cost: Text | None = None
    handling: Text | None = None
    wait: Text | None = None
    errors: Text | None = None
    dwell: Text | None = None
    success: Text | None = None
    objective: list[Text] = Field(default_factory=list)
    before: Text | None = None
    after: Text | None = None
    same_sitting: bool = False
    table: Text | None = None


class EncountersSection(ScaledSection):
    customer: Text
    order: Text
    perk: Text
    rating: Text
    expectation: Text | None = None
    failure: Text | None = None
    period: Text | None = None
    scale: ScaleKey | None = None
    expectation_scale: ScaleKey | None = None
    cluster: Text | None = None
    table: Text | None = None

    def problems(self) -> Problems:
        yield from self.paired_scale_problems(scale=self.scale, expectation_scale=self.expectation_scale)


class TrustSection(FileSection):
    outcome: Text
    period: Text


class InvitationSection(FileSection):
    survey: Text
    answered: Text
    csat: Text
    randomised: bool = False
    same_length: bool = False


class ColumnsSection(FileSection):
    """Controls or segments."""

    columns: Annotated[list[Text], Field(min_length=1)]
    table: Text | None = None


class StudyFile(FileSection):
    """The whole file."""

    cxstats: Version
    study: StudySection
    table: Annotated[dict[str, TableSection], Field(min_length=1)]
    metric: dict[str, MetricSection] = Field(default_factory=dict)
    outcome: dict[str, OutcomeSection] = Field(default_factory=dict)
    expectation: ExpectationSection | None = None
    sensitivity: list[SensitivitySection] = Field(default_factory=list)
    journey: JourneySection | None = None
    change: ChangeSection | None = None
    moments: MomentsSection | None = None
    service: ServiceSection | None = None
    encounters: EncountersSection | None = None
    trust: TrustSection | None = None
    invitation: InvitationSection | None = None
    controls: ColumnsSection | None = None
    segments: ColumnsSection | None = None
    smallest_effect: dict[str, Number] = Field(default_factory=dict)
