"""Writing files whole or not at all: text, or the bytes of a picture; several together, or none of them."""

import os
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from cxstats.errors import CxStatsError


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write the text as UTF-8, whole or not at all; see `write_bytes`."""
    write_together({path: text})


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write the bytes to a temporary name in the same folder, then move it into place.

    Whatever happens on the way (a full disk, Ctrl-C), the old file stays whole and no half of a new
    one is left behind. A link is followed; a device or a pipe is written to as it is.
    """
    write_together({path: content})


def write_folder(folder: str | os.PathLike[str], contents: Mapping[str, str]) -> None:
    """Write texts into a folder, which is made if it is not there; all of them or none."""
    made = refuse_folder(folder)
    try:
        Path(folder).mkdir(exist_ok=True)
    except OSError as refused:
        raise _unwritable(Path(folder), refused) from refused
    try:
        write_together({Path(folder) / name: text for name, text in contents.items()})
    except BaseException:
        if made:
            Path(folder).rmdir()
        raise


def write_together(contents: Mapping[str | os.PathLike[str], str | bytes]) -> None:
    """Write several files: every new content lies complete beside its target before the first is moved into place."""
    asked = Path()
    try:
        with ExitStack() as undo:
            moves = []
            for name, content in contents.items():
                asked = Path(name)
                target = asked.resolve()
                refuse(target)
                data = content.encode("utf-8") if isinstance(content, str) else content
                if target.exists() and not target.is_file():
                    target.write_bytes(data)
                    continue
                beside = target.with_name(f".cxstats-{secrets.token_hex(8)}.tmp")
                undo.callback(beside.unlink, missing_ok=True)
                write_beside(beside, target, data)
                moves.append((asked, beside, target))
            for name, beside, target in moves:
                asked = name
                beside.replace(target)
    except OSError as refused:
        raise _unwritable(asked, refused) from refused


def _unwritable(asked: Path, refused: OSError) -> CxStatsError:
    return CxStatsError(
        f"'{asked}' must be a file that can be written, but it cannot: {refused.strerror or refused}."
        "\nGive another name or folder, or make room; what was there before is unchanged."
    )


def refuse(target: Path) -> None:
    """Say what stands in the way, where it can be seen before anything is written."""
    if target.is_dir():
        raise IsADirectoryError("it is a folder")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder '{target.parent}'")
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError("it is write-protected")


def refuse_folder(folder: str | os.PathLike[str]) -> bool:
    """Say what stands in the way of files in a folder; whether it must be made first."""
    asked = Path(folder).resolve()
    if asked.exists() and not asked.is_dir():
        raise CxStatsError(
            f"'{folder}' must be a folder that can be written to, but it is a file.\nGive the name of a folder."
        )
    if not asked.exists() and not asked.parent.is_dir():
        raise CxStatsError(
            f"'{folder}' must be a folder that can be written to, but there is no folder '{asked.parent}' to make it "
            "in.\nMake that one first."
        )
    if not os.access(asked if asked.exists() else asked.parent, os.W_OK):
        raise CxStatsError(
            f"'{folder}' must be a folder that can be written to, but it is write-protected.\nGive another folder."
        )
    return not asked.exists()


def write_beside(beside: Path, target: Path, content: bytes) -> None:
    """Write the content next to its target, with the rights of the file that it will replace."""
    with beside.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if target.exists():
        beside.chmod(target.stat().st_mode & 0o7777)
