"""The file that `Cells.save` writes: NumPy's npz, without pickle, so that reading it executes nothing.

Text is stored as its distinct values (JSON) and their numbers, which keeps every character.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cxstats.arrays import Column, Ints
from cxstats.columns import codes, is_missing, objects
from cxstats.errors import ReadError

_FORMAT = 1
_BROKEN = (
    *(OSError, EOFError, KeyError, ValueError, TypeError, IndexError, AttributeError, NotImplementedError),
    *(MemoryError, RecursionError, OverflowError, zipfile.BadZipFile, zlib.error),
)


@dataclass(frozen=True)
class StoredCells:
    """What the file holds: columns by name, counts, and the roles as text."""

    columns: Mapping[str, Column]
    count: Ints
    roles: str


def write_cells(path: str | Path, stored: StoredCells) -> None:
    """Write the file."""
    names = list(stored.columns)
    head = {"format": _FORMAT, "columns": names, "roles": stored.roles}
    arrays: dict[str, Any] = {"head": _as_bytes(head), "count": stored.count}
    for i, name in enumerate(names):
        values = stored.columns[name]
        if values.dtype == object:
            number, levels = codes(values)
            arrays[f"levels_{i}"] = _as_bytes(levels.tolist())
            values = np.where(is_missing(values), -1, number)
        arrays[f"values_{i}"] = values
    with Path(path).open("wb") as file:
        np.savez_compressed(file, **arrays)


def read_cells(path: str | Path) -> StoredCells:
    """Read the file, or refuse it."""
    try:
        with zipfile.ZipFile(path) as archive:
            known = set(archive.namelist())
        with np.load(path, allow_pickle=False) as arrays:
            head = _from_bytes(arrays["head"])
            if head["format"] != _FORMAT:
                raise ValueError(f"format {head['format']!r}, and this version reads {_FORMAT}")
            count = _whole(arrays["count"])
            columns = {
                str(name): _column(arrays, i, f"levels_{i}.npy" in known) for i, name in enumerate(head["columns"])
            }
            roles = head["roles"]
        if not isinstance(roles, str) or any(len(values) != len(count) for values in columns.values()):
            raise ValueError("its columns do not fit its counts")
        if (count < 1).any():
            raise ValueError("a count is below 1")
    except FileNotFoundError:
        raise ReadError(f"There is no file '{path}'.") from None
    except _BROKEN as reason:
        raise unreadable(path, reason) from None
    return StoredCells(columns, count, roles)


def fingerprint(columns: Mapping[str, Column], count: Ints) -> str:
    """SHA-256 of columns and counts; each column is preceded by its name, type and length."""
    digest = hashlib.sha256()
    for name, values in columns.items():
        text = values.dtype == object
        stored = json.dumps(list(values)).encode() if text else values.astype("<f8").tobytes()
        digest.update(json.dumps([name, "text" if text else "number", len(stored)]).encode() + stored)
    digest.update(count.astype("<i8").tobytes())
    return digest.hexdigest()


def unreadable(path: str | Path, reason: BaseException) -> ReadError:
    """The one message for a file that holds no cells."""
    told = str(reason).strip().splitlines()
    return ReadError(
        f"'{path}' does not hold cells written by Cells.save ({told[0] if told else type(reason).__name__})."
        "\nTally the data again and save the cells."
    )


def _column(arrays: Any, i: int, text: bool) -> Column:
    values = arrays[f"values_{i}"]
    if not text:
        if values.dtype != np.float64 or values.ndim != 1:
            raise ValueError(f"column {i} does not hold plain numbers")
        numbers: Column = values
        return numbers
    levels = _from_bytes(arrays[f"levels_{i}"])
    number = _whole(values)
    if not isinstance(levels, list) or not all(isinstance(level, str) for level in levels):
        raise ValueError(f"column {i} does not hold text")
    if len(number) and not (number.min() >= -1 and number.max() < len(levels)):
        raise ValueError(f"column {i} points beyond its text")
    return objects([*levels, None])[number]  # -1 is the last: missing


def _whole(values: Any) -> Ints:
    if values.dtype != np.int64 or values.ndim != 1:
        raise ValueError("whole numbers are not stored as such")
    numbers: Ints = values
    return numbers


def _as_bytes(content: object) -> Any:
    return np.frombuffer(json.dumps(content).encode("ascii"), dtype=np.uint8)


def _from_bytes(values: Any) -> Any:
    content: Sequence[Any] | Mapping[str, Any] = json.loads(values.tobytes().decode("ascii"))
    return content
