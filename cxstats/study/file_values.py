"""The values that a study file may hold, each refused in our words where it is another."""

import codecs
import math
from typing import Annotated, Any

from pydantic import Field, PlainValidator
from pydantic_core import PydanticCustomError

from cxstats.scales import NAMED
from cxstats.study.errors import nearest


def _where(given: Any) -> dict[str, list[Any]]:
    """Column -> non-empty list of true, false, numbers and text."""
    if not isinstance(given, dict):
        raise PydanticCustomError("study", "must be like {{ Finished = [true] }}, a list of values per column")
    for column, values in given.items():
        if (
            not isinstance(values, list)
            or not values
            or not all(isinstance(v, bool | int | float | str) for v in values)
        ):
            raise PydanticCustomError(
                "study",
                "must give each column a list of true, false, numbers or text, but '{column}' has {values}",
                {"column": column, "values": repr(values)},
            )
    return given


def _codes(given: Any) -> list[float | str]:
    if not isinstance(given, list) or not all(
        isinstance(v, int | float | str) and v is not True and v is not False for v in given
    ):
        raise PydanticCustomError("study", "must be a list of numbers or text, such as [98, 99]")
    return given


def _good(given: Any) -> int | str:
    if type(given) not in (int, str):
        raise PydanticCustomError("study", "must be 0, 1, 'high' or 'low', not {given}", {"given": repr(given)})
    good: int | str = given
    return good


def _number(given: Any) -> float:
    if not _is_finite(given):
        raise PydanticCustomError("study", "must be a number, not {given}", {"given": repr(given)})
    number: float = given
    return number


def _is_finite(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _scale(given: Any) -> str | list[float]:
    pair = isinstance(given, list) and len(given) == 2 and all(_is_finite(v) for v in given)
    if not pair and not (isinstance(given, str) and given in NAMED):
        near = nearest(given, list(NAMED)) if isinstance(given, str) else ""
        raise PydanticCustomError(
            "study",
            "must be one of {named}, or [low, high] with higher_is_better, not {given}{near}",
            {"named": ", ".join(NAMED), "given": repr(given), "near": near},
        )
    scale: str | list[float] = given
    return scale


def _names(given: Any) -> str | list[str]:
    listed_names = [given] if isinstance(given, str) else given
    if (
        not isinstance(listed_names, list)
        or not listed_names
        or not all(isinstance(v, str) and v for v in listed_names)
    ):
        raise PydanticCustomError(
            "study", "must be a column, or a list of columns, not {given}", {"given": repr(given)}
        )
    names: str | list[str] = given
    return names


def _version(given: Any) -> int:
    if type(given) is not int or given != 1:
        raise PydanticCustomError("study", "must be 1, not {given}", {"given": repr(given)})
    return given


def _encoding(given: Any) -> str:
    if not isinstance(given, str):
        raise PydanticCustomError("study", "must be text, not {given}", {"given": repr(given)})
    try:
        codecs.lookup(given)
    except (LookupError, ValueError):
        known = "must be one that Python knows, such as utf-8 or latin-1, not {given}"
        raise PydanticCustomError("study", known, {"given": repr(given)}) from None
    return given


Version = Annotated[int, PlainValidator(_version)]
Encoding = Annotated[str, PlainValidator(_encoding)]
Text = Annotated[str, Field(min_length=1)]
Number = Annotated[float, PlainValidator(_number)]
Good = Annotated[Any, PlainValidator(_good)]
WhereKeys = Annotated[dict[str, list[Any]], PlainValidator(_where)]
Codes = Annotated[list[Any], PlainValidator(_codes)]
Names = Annotated[Any, PlainValidator(_names)]
ScaleKey = Annotated[Any, PlainValidator(_scale)]
