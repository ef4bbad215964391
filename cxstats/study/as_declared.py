"""A study's declaration as plain values: what a locked plan holds, and what two plans are compared by."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from numbers import Real
from pathlib import Path, PurePath
from typing import Any

from cxstats.scales import Scale
from cxstats.study.errors import key_path
from cxstats.study.rules import Declared

_CALLED = {"metrics": "metric", "outcomes": "outcome", "tables": "table", "sensitivities": "sensitivity"}
_OF_THE_STUDY = ("rows", "firm", "cluster", "weight", "count")


def plain_values(declared: Declared, folder: Path | None = None) -> dict[str, Any]:
    """The declaration as nested mappings, lists, texts and numbers, under the names that a study file gives them.

    Paths are those from ``folder``. A dataframe has no name: it is told by its columns, not by its values.
    """
    found = {_CALLED.get(f.name, f.name): _plain(getattr(declared, f.name), folder) for f in fields(declared)}
    del found["smallest_effect"]  # a plan holds the effects in force, the defaults among them
    found["study"] = {key: found.pop(key) for key in _OF_THE_STUDY}
    return found


def differences(then: Any, now: Any, *path: str | int) -> Iterator[tuple[str, Any, Any]]:
    """Path, value then and value now, wherever two declarations differ; what is absent is None.

    A section that stands on one side only is one difference, not one for each of its keys.
    """
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in [*then, *(key for key in now if key not in then)]:
            yield from differences(then.get(key), now.get(key), *path, key)
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for number, (before, after) in enumerate(zip(then, now, strict=True)):
            yield from differences(before, after, *path, number)
    elif then != now:
        yield key_path(*path), then, now


def digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _plain(value: Any, folder: Path | None) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        found = {f.name: _plain(getattr(value, f.name), folder) for f in fields(value)}
        if isinstance(value, Scale):
            del found["name"]  # says nothing that bounds, direction and kind do not say
        return {"type": type(value).__name__.lower(), **found} if "good" in found or "scale" in found else found
    if isinstance(value, Mapping):
        return {str(key): _plain(each, folder) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each, folder) for each in value]
    if isinstance(value, PurePath):
        return _from(value, folder)
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Real):
        return float(value)  # 1 and 1.0 declare the same
    return _frame(value)


def _from(path: PurePath, folder: Path | None) -> str:
    """The path as it is written from the folder, with / on every system."""
    if folder is not None and path.is_relative_to(folder):
        return path.relative_to(folder).as_posix()
    return path.as_posix()


def _frame(value: Any) -> str:
    columns = getattr(value, "columns", None)
    return "dataframe" if columns is None else f"dataframe with {', '.join(sorted(map(str, columns)))}"
