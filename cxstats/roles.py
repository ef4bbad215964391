"""What each column is: the outcome, the metrics, and the keys that go with them."""

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import Any, Literal, TypeAlias, get_args

from cxstats.errors import RoleError, listed
from cxstats.scales import Scale

OutcomeKind = Literal["behaviour", "intention", "attitude"]
_KINDS = get_args(OutcomeKind)
_COLUMNS = ("column", "time", "event", "entry", "starts")


@dataclass(frozen=True, slots=True)
class _Outcome:
    _: KW_ONLY
    kind: OutcomeKind = "behaviour"
    starts: str | None = None
    after: bool = False

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise RoleError(f"An outcome's kind must be 'behaviour', 'intention' or 'attitude', not {self.kind!r}.")
        for part in fields(self):
            given: object = getattr(self, part.name)
            optional = given is None and part.default is None
            if part.name in _COLUMNS and not isinstance(given, str) and not optional:
                raise RoleError(f"The {part.name} of an outcome must be the name of a column, not {given!r}.")

    def __str__(self) -> str:
        """The outcome as it would be declared, without what is left at its default."""
        ordered = sorted(fields(self), key=lambda part: bool(part.kw_only))  # as a call has them
        given = [(part.name, getattr(self, part.name)) for part in ordered if getattr(self, part.name) != part.default]
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in given)})"


@dataclass(frozen=True, slots=True)
class Binary(_Outcome):
    """An outcome of 0 and 1 (or false and true).

    Parameters
    ----------
    column : str
        The column that holds it.
    good : {1, 0}
        Which value is good for the firm: 1 for a repurchase, 0 for a churn.
    kind : {"behaviour", "intention", "attitude"}
        Whether customers did it, said that they would, or said how they felt (overall satisfaction).
    starts : str, optional
        Column with the day on which the outcome's window began: the feedback must be older.
    after : bool
        Say True where no dates exist but the outcome is known to come after the feedback.
    """

    column: str
    good: int = 1

    def __post_init__(self) -> None:
        _Outcome.__post_init__(self)
        _check_good(self.good, (1, 0))


@dataclass(frozen=True, slots=True)
class Rating(_Outcome):
    """An outcome that is itself a rating on a bounded scale; parameters as in `Binary`."""

    column: str
    scale: Scale

    def __post_init__(self) -> None:
        _Outcome.__post_init__(self)
        given: object = self.scale
        if not isinstance(given, Scale):
            raise RoleError(f'A rating needs its scale, but {given!r} was given.\nPass Rating("stars", cx.CSAT5).')


@dataclass(frozen=True, slots=True)
class Continuous(_Outcome):
    """A measured outcome such as spend; ``good`` says which end is good for the firm."""

    column: str
    good: Literal["high", "low"] = "high"

    def __post_init__(self) -> None:
        _Outcome.__post_init__(self)
        _check_good(self.good, ("high", "low"))


@dataclass(frozen=True, slots=True)
class Count(_Outcome):
    """A counted outcome such as orders; ``good`` says which end is good for the firm."""

    column: str
    good: Literal["high", "low"] = "high"

    def __post_init__(self) -> None:
        _Outcome.__post_init__(self)
        _check_good(self.good, ("high", "low"))


@dataclass(frozen=True, slots=True)
class Survival(_Outcome):
    """Time until an event such as a cancellation; ``entry`` is the time from which it was watched."""

    time: str
    event: str
    entry: str | None = None
    good: int = 0

    def __post_init__(self) -> None:
        _Outcome.__post_init__(self)
        _check_good(self.good, (1, 0))


def _check_good(good: object, allowed: tuple[object, object]) -> None:
    """Which value is good for the firm must be said, and be one that the outcome can take."""
    if good not in allowed:
        raise RoleError(f"good must say what is good for the firm, {allowed[0]!r} or {allowed[1]!r}, not {good!r}.")


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
            if isinstance(given, str):
                raise RoleError(
                    f"{name} must be a list of column names, but {given!r} was given.\nPass {name}=[{given!r}]."
                )
            columns = tuple(given) if isinstance(given, Iterable) else (given,)
            if not all(isinstance(column, str) for column in columns):
                raise RoleError(f"{name} must be a list of column names, but {given!r} was given.")
            object.__setattr__(self, name, columns)
        object.__setattr__(self, "metrics", checked_metrics(self.metrics))
        if self.outcome is not None:
            checked_outcome(self.outcome)
        for name in ("cluster", "weight", "count", "disconfirmation"):
            given = getattr(self, name)
            if given is not None and not isinstance(given, str):
                raise RoleError(f"{name} must be the name of a column, but {given!r} was given.")
        keyed = [*self.numeric, *self.labels, *([] if self.count is None else [self.count])]
        if "" in keyed:
            raise RoleError("Every role needs the name of a column, but one was given an empty name.")
        twice = sorted({c for c in keyed if keyed.count(c) > 1})
        if twice:
            raise RoleError(
                f"A column must play one part, but {', '.join(map(repr, twice))} was given more than one of: "
                "outcome, metric, control, disconfirmation, strata, cluster, weight, count."
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
        return {part.name: given for part in fields(self) if (given := getattr(self, part.name))}

    def told(self, name: str) -> str:
        """One role, as a message shows it."""
        given = getattr(self, name)
        if isinstance(given, Mapping):
            return ", ".join(f"'{metric}' ({scale})" for metric, scale in given.items()) or "none"
        if isinstance(given, tuple):
            return listed(given, 20) or "none"
        return "none" if given is None else repr(given) if isinstance(given, str) else str(given)

    def ranges(self, names: Iterable[str]) -> list[str]:
        """The columns, metrics first, each with the values that it can take where they are declared."""
        shown = {name: f"{name} {scale.range}" for name, scale in self.metrics.items()}
        if isinstance(self.outcome, Binary):
            shown[self.outcome.column] = f"{self.outcome.column} 0/1"
        if isinstance(self.outcome, Rating):
            shown[self.outcome.column] = f"{self.outcome.column} {self.outcome.scale.range}"
        return [shown.get(name, name) for name in [*self.metrics, *(n for n in names if n not in self.metrics)]]
