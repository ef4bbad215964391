"""What each column is: the outcome, the metrics, and the keys that go with them."""

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import Any, Literal, TypeAlias

from cxstats.errors import RoleError
from cxstats.scales import Scale

OutcomeKind = Literal["behaviour", "intention"]


@dataclass(frozen=True, slots=True)
class _Outcome:
    _: KW_ONLY
    kind: OutcomeKind = "behaviour"
    starts: str | None = None
    after: bool = False

    def __post_init__(self) -> None:
        if self.kind not in ("behaviour", "intention"):
            raise RoleError(f"An outcome's kind must be 'behaviour' or 'intention', not '{self.kind}'.")


@dataclass(frozen=True, slots=True)
class Binary(_Outcome):
    """An outcome of 0 and 1 (or false and true).

    Parameters
    ----------
    column : str
        The column that holds it.
    good : {1, 0}
        Which value is good for the firm: 1 for a repurchase, 0 for a churn.
    kind : {"behaviour", "intention"}
        Whether customers did it, or said that they would.
    starts : str, optional
        Column with the day on which the outcome's window began: the feedback must be older.
    after : bool
        Say True where no dates exist but the outcome is known to come after the feedback.
    """

    column: str
    good: int = 1

    def __post_init__(self) -> None:
        _Outcome.__post_init__(self)
        if self.good not in (0, 1):
            raise RoleError(
                f"A binary outcome must say which of its values, 1 or 0, is good for the firm, not {self.good!r}."
            )


@dataclass(frozen=True, slots=True)
class Rating(_Outcome):
    """An outcome that is itself a rating on a bounded scale; parameters as in `Binary`."""

    column: str
    scale: Scale


@dataclass(frozen=True, slots=True)
class Continuous(_Outcome):
    """A measured outcome such as spend; ``good`` says which end is good for the firm."""

    column: str
    good: Literal["high", "low"] = "high"


@dataclass(frozen=True, slots=True)
class Count(_Outcome):
    """A counted outcome such as orders; ``good`` says which end is good for the firm."""

    column: str
    good: Literal["high", "low"] = "high"


@dataclass(frozen=True, slots=True)
class Survival(_Outcome):
    """Time until an event such as a cancellation; ``entry`` is the time from which it was watched."""

    time: str
    event: str
    entry: str | None = None
    good: int = 0


Outcome: TypeAlias = Binary | Rating | Continuous | Count | Survival


def outcome_columns(outcome: Outcome | None) -> tuple[str, ...]:
    """The columns that an outcome needs."""
    if outcome is None:
        return ()
    if isinstance(outcome, Survival):
        return tuple(c for c in (outcome.time, outcome.event, outcome.entry) if c is not None)
    return (outcome.column,)


def checked_metrics(metrics: object) -> dict[str, Scale]:
    """The mapping from metric to scale, or the reason why what was given is none."""
    if isinstance(metrics, Mapping) and all(isinstance(k, str) and isinstance(v, Scale) for k, v in metrics.items()):
        return dict(metrics)
    raise RoleError(
        f"metrics must map each column to its scale, but {metrics!r} was given."
        '\nPass for example metrics={"nps": cx.NPS, "csat": cx.CSAT5}: the direction of a scale is '
        "declared, never guessed."
    )


def checked_outcome(outcome: object) -> Outcome:
    """The outcome, or the reason why what was given is none."""
    if isinstance(outcome, Binary | Rating | Continuous | Count | Survival):
        return outcome
    raise RoleError(
        f"outcome must say what it is and which value is good, but {outcome!r} was given."
        '\nPass for example outcome=cx.Binary("repurchase", good=1) or cx.Binary("churned", good=0).'
    )


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Which column plays which part. Fixed when the data are tallied."""

    outcome: Outcome | None = None
    metrics: Mapping[str, Scale] = field(default_factory=dict)
    controls: tuple[str, ...] = ()
    disconfirmation: str | None = None
    strata: tuple[str, ...] = ()
    cluster: str | None = None
    weight: str | None = None
    count: str | None = None

    def __post_init__(self) -> None:
        for name in ("controls", "strata"):
            given: Any = getattr(self, name)
            if isinstance(given, str) or not isinstance(given, Iterable):
                raise RoleError(
                    f"{name} must be a list of column names, but {given!r} was given.\nPass {name}=[{given!r}]."
                )
            object.__setattr__(self, name, tuple(given))
        object.__setattr__(self, "metrics", checked_metrics(self.metrics))
        if self.outcome is not None:
            checked_outcome(self.outcome)
        for name in ("cluster", "weight", "count", "disconfirmation"):
            given = getattr(self, name)
            if given is not None and not isinstance(given, str):
                raise RoleError(f"{name} must be the name of a column, but {given!r} was given.")
        keyed = [*self.numeric, *self.labels]
        twice = sorted({c for c in keyed if keyed.count(c) > 1})
        if twice:
            raise RoleError(
                f"A column must play one part, but {', '.join(map(repr, twice))} was given more than one of: "
                "outcome, metric, control, disconfirmation, strata, cluster, weight."
            )

    @property
    def numeric(self) -> tuple[str, ...]:
        """Columns that must hold numbers."""
        extra = [c for c in (self.disconfirmation, self.weight) if c is not None]
        return (*outcome_columns(self.outcome), *self.metrics, *extra)

    @property
    def labels(self) -> tuple[str, ...]:
        """Columns that may hold numbers or text."""
        cluster = () if self.cluster is None else (self.cluster,)
        return (*self.controls, *self.strata, *cluster)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every column by which rows are told apart, in canonical order: by name."""
        return tuple(sorted((*self.numeric, *self.labels)))

    def declared(self) -> dict[str, Any]:
        """The roles that were given a column."""
        return {f.name: v for f in fields(self) if (v := getattr(self, f.name))}
