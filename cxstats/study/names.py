"""What may name a column or a table, what is a number, and that a column plays one role."""

import math
from collections.abc import Iterable, Mapping
from typing import Any


def is_name(value: object) -> bool:
    """Whether it is text, and not empty."""
    return isinstance(value, str) and value != ""


def is_number(value: object) -> bool:
    """Whether it is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_finite(value: Any) -> bool:
    """Whether it is a number, and neither infinite nor nan."""
    return is_number(value) and math.isfinite(value)


def is_listed(columns: Any) -> bool:
    """Whether it is a list of names."""
    return isinstance(columns, list | tuple) and all(map(is_name, columns))


def name_problems(part: object, required: Iterable[str], optional: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Keys of a part that must name something and do not; the optional ones may be None."""
    needed = tuple(required)
    for key in (*needed, *optional):
        name = getattr(part, key)
        if not is_name(name) and (name is not None or key in needed):
            yield key, f"must be a name, not {name!r}."


def role_problems(columns: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Columns that were given two roles; what is None has none."""
    taken: dict[Any, str] = {}
    for key, column in columns.items():
        if is_name(column) and column in taken:
            yield key, f"must be another column than {taken[column]}, but both are '{column}'."
        elif is_name(column):
            taken[column] = key


def flag_problems(part: object, *keys: str) -> Iterable[tuple[str, str]]:
    """Keys that must be true or false."""
    for key in keys:
        if not isinstance(getattr(part, key), bool):
            yield key, f"must be true or false, not {getattr(part, key)!r}."
