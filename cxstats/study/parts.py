"""What a study is made of: tables, metrics, outcomes, an expectation, further columns, alternative analyses."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from cxstats.roles import Outcome
from cxstats.scales import Scale

Value: TypeAlias = bool | int | float | str
Where: TypeAlias = Mapping[str, Sequence[Value]]  # column -> the values that are kept
Pick = Literal["first", "last"]
VERSIONS = ("ces1", "ces2")  # of the effort question: up is bad, up is good
Evidence = Literal["real", "simulated", "published"]
ChangeKind = Literal["journey", "training", "free upgrade"]
TimingStatus = Literal["declared", "checked", "undeclared", "unknown"]


@dataclass(frozen=True, eq=False)
class Table:
    """One table of a study: a frame, a file, or several files that are stacked.

    Parameters
    ----------
    data : dataframe, path, or list of paths
    key : str, optional
        The column by which tables are joined. A key that stands in several rows needs ``pick``.
    time : str, optional
        When the row came about: dates, or numbers.
    pick : {"first", "last"}, optional
        Which row of a key counts, by ``time``.
    where : mapping from column to list of values, optional
        Rows to keep: those that hold one of the values in each of the columns.
    format, sheet, encoding, decimal
        How files are read, as in `read`.
    """

    data: Any
    _: KW_ONLY
    key: str | None = None
    time: str | None = None
    pick: Pick | None = None
    where: Where = field(default_factory=dict)
    format: Any = None
    sheet: str | None = None
    encoding: str | None = None
    decimal: Any = "."


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A feedback score of a study.

    Parameters
    ----------
    column : str
    scale : Scale
        Bounds, direction and kind.
    table : str, optional
        Not needed if the analysed table, or one table alone, has the column.
    where : mapping from column to list of values, optional
        The rows of the table that hold this score, for tables with a row per answer.
    missing : list of numbers or text, optional
        Codes that mean no answer.
    labels : mapping from text to number, optional
        For answers stored as text.
    version : {"ces1", "ces2"}, optional
        For effort scores: which question was asked. If not given, the direction of the scale says it.
    version_column : str, optional
        For effort scores: the column that says which question was asked.
    """

    column: str
    scale: Scale
    table: str | None = None
    where: Where = field(default_factory=dict)
    missing: Sequence[float | str] = ()
    labels: Mapping[str, float] = field(default_factory=dict)
    version: str | None = None
    version_column: str | None = None


@dataclass(frozen=True)
class StudyOutcome:
    """An outcome of a study, with where it is found; a bare outcome will do where one table has its columns.

    ``table``, ``where``, ``missing`` and ``labels`` are as for `Metric`; of a survival outcome, ``missing``
    and ``labels`` concern the event. With ``late="drop"`` an outcome whose window began before the feedback
    was given counts as missing, instead of stopping the study.
    """

    outcome: Outcome
    _: KW_ONLY
    table: str | None = None
    where: Where = field(default_factory=dict)
    missing: Sequence[float | str] = ()
    labels: Mapping[str, float] = field(default_factory=dict)
    late: Literal["drop"] | None = None


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What was received against what was expected.

    Parameters
    ----------
    disconfirmation : str, optional
        Column with received minus expected: above 0 is better than expected.
    expected, performed : str, optional
        Instead of it, the columns of the two; the gap is performed minus expected. Both stay in the analysis, too.
    met : (low, high)
        The range of the gap that counts as expectation met.
    tiers : mapping from name to number, optional
        From which gap on each tier of experience begins, the lowest first: ``{"meet": 0, "exceed": 1, "delight": 3}``.
        What lies below the first one is called "fail".
    recalled : bool
        Whether customers were asked what they had expected only after they knew what they got.
    labels : mapping from text to number, optional
        For an expectation stored as text: ``{"below": -1, "met": 0, "exceeded": 1}``.
    table : str, optional
    """

    disconfirmation: str | None = None
    expected: str | None = None
    performed: str | None = None
    met: tuple[float, float] = (0, 0)
    tiers: Mapping[str, float] = field(default_factory=dict)
    recalled: bool = False
    labels: Mapping[str, float] = field(default_factory=dict)
    table: str | None = None


@dataclass(frozen=True, kw_only=True)
class Journey:
    """A journey as a whole, and the touchpoints on the way.

    Parameters
    ----------
    rating : str
        The metric that rates the journey as a whole.
    touchpoints : list of str
        The metrics that rate its touchpoints, in their order; missing means not used.
    poor : float, optional
        At or below this value a touchpoint was poor, on its scale turned so that up is good (on a scale of effort
        from 1 to 5, where 5 is the worst, 2 stands for the answers 4 and 5).
    same_sitting : bool
        Whether outcome and ratings come from one questionnaire, so that no claim can get further than its
        direction.
    """

    rating: str
    touchpoints: Sequence[str]
    poor: float | None = None
    same_sitting: bool = False


@dataclass(frozen=True, kw_only=True)
class Change:
    """Journeys, or what comes with them, that were changed for some and not for others, from one date on.

    Parameters
    ----------
    treated : str
        The segment with 1 for those that were changed, in all periods, and 0 for those that never were.
    period : str
        The segment with the period as a number.
    start : float
        The first period in which the treated were treated.
    what : {"journey", "training", "free upgrade"}
        Which change it was: of the journey itself, of how staff are trained, or that an upgrade was given for free.
    """

    treated: str
    period: str
    start: float
    what: ChangeKind = "journey"


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Experiences that were rated moment by moment, and as a whole afterwards.

    Parameters
    ----------
    sequence : str or list of str
        The columns that together name an experience.
    order : str
        When the moment was.
    value : str
        What was felt.
    overall : str
        How the whole was rated afterwards: a column of the same table, one value per experience, or of
        ``overall_table``.
    neutral : float
        The value that is neither good nor bad.
    scale, overall_scale : Scale, optional
        Of ``value`` and of ``overall``; without one any number will do, and up is good.
    person, stimulus, cluster, treated : str, optional
        Who had the experience; what it was of; what makes experiences dependent, if it is not the person; 1 where its
        end was changed, and 0.
    same_sitting : bool
        Whether moments and overall rating come from one questionnaire.
    table : str, optional
        Not needed if one table alone has the columns.
    overall_table : str, optional
        The table with a row per experience that has the overall rating, if it is another one; both tables have the
        columns of ``sequence``.
    """

    sequence: str | Sequence[str]
    order: str
    value: str
    overall: str
    neutral: float
    scale: Scale | None = None
    overall_scale: Scale | None = None
    person: str | None = None
    stimulus: str | None = None
    cluster: str | None = None
    treated: str | None = None
    same_sitting: bool = False
    table: str | None = None
    overall_table: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name an experience."""
        return (self.sequence,) if isinstance(self.sequence, str) else tuple(self.sequence)

    @property
    def columns(self) -> dict[str, str]:
        """Key of the section -> column of the moments' own table."""
        given = {"order": self.order, "value": self.value, "person": self.person}
        given |= {"stimulus": self.stimulus, "cluster": self.cluster, "treated": self.treated}
        given |= {} if self.overall_table is not None else {"overall": self.overall}
        keys = {"sequence" if len(self.keys) == 1 else f"sequence[{i}]": key for i, key in enumerate(self.keys)}
        return keys | {key: column for key, column in given.items() if column is not None}


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """An alternative analysis of the expectation: shown beside the verdict, and never part of it.

    ``disconfirmation`` is another column for the gap; ``where`` keeps some rows of the analysed table.
    """

    title: str
    disconfirmation: str | None = None
    where: Where = field(default_factory=dict)


@dataclass(frozen=True)
class Columns:
    """Columns of one part, controls or segments, with the table that has them.

    A bare list will do where the analysed table, or one table alone, has each of them.
    """

    columns: Sequence[str]
    table: str | None = None


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a study that no claim of this version uses: its columns are checked, and nothing else."""

    name: Literal["journey", "moments"]
    columns: Mapping[str, str]  # key of the section -> column
    table: str | None = None


class Lag(NamedTuple):
    """Time from the feedback to the start of the outcome's window: the median, the 10% and the 90% quantile."""

    median: float
    q10: float
    q90: float


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Whether an outcome came after the feedback, and how that is known.

    ``declared``: the study says so without dates. ``checked``: by dates, row by row. ``undeclared``: nothing
    says so. ``unknown``: dates were declared, but some are absent. ``n_late`` rows had feedback that was
    given when the outcome's window had begun, and were left out for this outcome.

    ``lags`` has, per metric whose time is known (without metrics: for ``disconfirmation``), how long before
    the window it was given, over the rows that have the metric, the outcome and both times, each counted as
    often as it stands for a customer; survey weights do not enter. Its unit is ``lag_unit``: days where times
    are dates. ``unequal`` says which metrics cannot be compared like for like, because the medians of two of
    them differ by more than a quarter of the longer; it is empty where none do. Lags describe the data and
    are no part of what is known of their order, so that they do not enter comparisons with ``==``.
    """

    status: TimingStatus
    n_late: int
    detail: str
    lags: Mapping[str, Lag] = field(default_factory=dict, compare=False)
    lag_unit: str = field(default="", compare=False)
    unequal: str = field(default="", compare=False)


@dataclass(frozen=True, kw_only=True)
class TableAccount:
    """What became of the rows of one table: ``read`` is the sum of the other numbers.

    ``filtered`` rows were left out by ``where``; of ``superseded`` ones another row of the same key was
    picked; of ``unmatched`` ones no row of the analysed table has the key. Where the data are counted
    already, the used rows stand for ``stands_for`` customers; elsewhere it is None.
    """

    table: str
    read: int
    used: int
    filtered: int = 0
    superseded: int = 0
    unmatched: int = 0
    stands_for: int | None = None
