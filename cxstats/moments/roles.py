"""What the columns of a table of moments are: one row per moment of a sequence of experience."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Literal

from cxstats.errors import RoleError, ScaleError, listed, number
from cxstats.scales import Scale

SameTime = Literal["raise", "mean"]


@dataclass(frozen=True, kw_only=True, eq=False)
class MomentRoles:
    """Which columns tell sequence, order and value.

    Attributes
    ----------
    sequence : tuple of str
        The columns that together name a sequence: a visit; or a person and a day.
    order : str
        When the moment was: numbers, days or moments in time.
    value : str
        What was felt.
    neutral : float
        The value that is neither good nor bad, in the unit of ``value``.
    scale : Scale or None
        Of ``value``. Without one, any number is a value, and up is good.
    keep : tuple of str
        Columns that hold one value per sequence.
    same_time : {"raise", "mean"}
        What becomes of several moments of a sequence at the same time.
    """

    sequence: tuple[str, ...]
    order: str
    value: str
    neutral: float
    scale: Scale | None = None
    keep: tuple[str, ...] = ()
    same_time: SameTime = "raise"

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are read, each once."""
        return tuple(dict.fromkeys((*self.sequence, self.order, self.value, *self.keep)))


def moment_roles(
    *,
    sequence: str | Sequence[str],
    order: str,
    value: str,
    neutral: float,
    scale: Scale | None = None,
    keep: Sequence[str] = (),
    same_time: SameTime = "raise",
) -> MomentRoles:
    """The roles, checked as far as no data are needed for it."""
    keys, kept = _each_once(sequence), _each_once(keep)
    _check_names(keys, order, value, kept)
    if same_time not in ("raise", "mean"):
        raise RoleError(f"same_time must be 'raise' or 'mean', not {same_time!r}.")
    given: object = scale
    if given is not None and not isinstance(given, Scale):
        raise RoleError(f"scale must be a Scale, but {given!r} was given.\nPass scale=cx.Scale(1, 7).")
    _check_neutral(neutral, scale)
    return MomentRoles(
        sequence=keys,
        order=order,
        value=value,
        neutral=float(neutral),
        scale=scale,
        keep=tuple(name for name in kept if name not in keys),
        same_time=same_time,
    )


def _each_once(names: str | Sequence[str]) -> tuple[str, ...]:
    given: object = names
    if isinstance(given, str) or not isinstance(given, Iterable):
        return (names,)  # type: ignore[return-value]  # what is no name is refused with the others
    each = tuple(names)
    return tuple(name for i, name in enumerate(each) if name not in each[:i])


def _check_names(keys: tuple[str, ...], order: str, value: str, keep: tuple[str, ...]) -> None:
    if not keys:
        raise RoleError(
            "sequence must name at least one column.\nPass sequence='visit', or sequence=['person', 'day']."
        )
    given: tuple[object, ...] = (*keys, order, value, *keep)
    odd = [name for name in given if not isinstance(name, str)]
    if odd:
        verb = "is no name" if len(odd) == 1 else "are no names"
        raise RoleError(f"sequence, order, value and keep must name columns, but {listed(odd)} {verb}.")
    names = [*keys, order, value]
    twice = sorted({name for name in names if names.count(name) > 1} | ({order, value} & set(keep)))
    if twice:
        raise RoleError(f"A column can have one role only, but {listed(twice)} has more.\nName another column.")


def _check_neutral(neutral: float, scale: Scale | None) -> None:
    given: object = neutral
    if isinstance(given, bool) or not isinstance(given, Real) or not math.isfinite(given):
        raise RoleError(f"neutral must be a finite number, the value that is neither good nor bad, but is {given!r}.")
    if scale is not None and not scale.low <= neutral <= scale.high:
        raise ScaleError(
            f"The neutral point must lie on the scale, {number(scale.low)} to {number(scale.high)}, "
            f"but neutral={number(neutral)}.\nIt is the value that is neither good nor bad, often the middle: "
            f"neutral={number((scale.low + scale.high) / 2)}."
        )
