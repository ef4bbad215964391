"""Writing a file whole or not at all: text, or the bytes of a picture."""

import os
import secrets
from pathlib import Path

from cxstats.errors import CxStatsError


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write the text as UTF-8, whole or not at all; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write the bytes to a temporary name in the same folder, then move it into place.

    Whatever happens on the way (a full disk, Ctrl-C), the old file stays whole and no half of a new
    one is left behind. A link is followed; a device or a pipe is written to as it is.
    """
    asked = Path(path)
    try:
        target = asked.resolve()
        refuse(target)
        if target.exists() and not target.is_file():
            target.write_bytes(content)
        else:
            write_beside(target, content)
    except OSError as refused:
        raise CxStatsError(
            f"'{asked}' must be a file that can be written, but it cannot: {refused.strerror or refused}."
            "\nGive another name or folder, or make room; what was there before is unchanged."
        ) from refused


def refuse(target: Path) -> None:
    """Say what stands in the way, where it can be seen before anything is written."""
    if target.is_dir():
        raise IsADirectoryError("it is a folder")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder '{target.parent}'")
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError("it is write-protected")


def write_beside(target: Path, content: bytes) -> None:
    """Write next to the target, then take its place."""
    beside = target.with_name(f".cxstats-{secrets.token_hex(8)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o7777)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
