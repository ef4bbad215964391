"""Files that a command writes: checked before any work is done, written after all of it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cxstats import __version__
from cxstats.errors import CxStatsError
from cxstats.report.json import finite
from cxstats.report.write import refuse, write_bytes, write_text

# Raised where a key is renamed, dropped, or means something else; a new key does not raise it.
SCHEMA_VERSION = 1


def check_targets(targets: Mapping[str, str | None], sources: Sequence[str]) -> None:
    """Refuse a file that could not be written or must not be overwritten; keys are the options."""
    taken = {Path(source).resolve(): "what is read" for source in sources}
    for option, name in targets.items():
        if name is None:
            continue
        path = Path(name).resolve()
        if path in taken:
            raise CxStatsError(f"{option} must name a file of its own, but '{name}' is also {taken[path]}.")
        try:
            refuse(path)
        except OSError as reason:
            raise CxStatsError(
                f"{option} must name a file that can be written, but '{name}' cannot: {reason}."
            ) from None
        taken[path] = f"the file of {option}"


def write_all(contents: Mapping[str, str | bytes]) -> None:
    """Write each text or picture to its path; by now all of them are complete."""
    for path, content in contents.items():
        if isinstance(content, bytes):
            write_bytes(path, content)
        else:
            write_text(path, content)


def document(kind: str, **fields: Any) -> str:
    """The JSON text of a result, with what made it; no number is rounded."""
    whole = {"schema": f"cxstats-{kind}/{SCHEMA_VERSION}", "version": __version__, **fields}
    text = json.dumps(whole, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def records(frame: Any) -> list[dict[str, Any]]:
    """The rows of a pandas frame; what is not a finite number is None."""
    return [{name: finite(value) for name, value in row.items()} for row in frame.to_dict("records")]
