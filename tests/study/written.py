"""Study files written from Python values, for tests that change one thing at a time."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

INLINE = ("where", "labels")


def toml(study: Mapping[str, Any]) -> str:
    """TOML for the shapes that study files have; values that belong to no shape are written as they come."""
    lines = [f"{json.dumps(key)} = {value(given)}" for key, given in study.items() if not is_section(given)]
    for key, given in study.items():
        if is_section(given):
            lines += section(json.dumps(key), given)
    return "\n".join(lines) + "\n"


def is_section(given: Any) -> bool:
    return isinstance(given, dict) or (isinstance(given, list) and any(isinstance(item, dict) for item in given))


def section(path: str, given: Any) -> list[str]:
    if isinstance(given, list):
        return [line for item in given for line in [f"[[{path}]]", *keys(item)]]
    deeper = {k: v for k, v in given.items() if isinstance(v, dict) and k not in INLINE}
    own = {k: v for k, v in given.items() if k not in deeper}
    lines = [f"[{path}]", *keys(own)]
    for key, inner in deeper.items():
        lines += section(f"{path}.{json.dumps(key)}", inner)
    return lines


def keys(given: Mapping[str, Any]) -> list[str]:
    return [f"{json.dumps(key)} = {value(inner)}" for key, inner in given.items()]


def value(given: Any) -> str:
    if isinstance(given, dict):
        return "{ " + ", ".join(keys(given)) + " }"
    if isinstance(given, list):
        return "[" + ", ".join(map(value, given)) + "]"
    if isinstance(given, float) and not math.isfinite(given):
        return str(given)
    return json.dumps(given, ensure_ascii=False)


def study_file(folder: Path, study: Mapping[str, Any], **files: str) -> Path:
    """A study file beside csv files that are named without their suffix."""
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    path = folder / "study.toml"
    path.write_text(toml(study), encoding="utf-8")
    return path


def small(**sections: Any) -> dict[str, Any]:
    """A minimal study over ``customers.csv``, with sections added or replaced."""
    study: dict[str, Any] = {
        "cxstats": 1,
        "study": {"title": "t", "evidence": "simulated"},
        "table": {"customers": {"file": "customers.csv"}},
        "metric": {"nps": {"column": "nps", "scale": "NPS"}},
        "outcome": {"good": {"type": "binary", "column": "good", "good": 1, "after": True}},
    }
    return study | sections
