"""A file is written whole or not at all."""

import os
import re
import stat
from pathlib import Path

import pytest

from cxstats.errors import CxStatsError
from cxstats.report.write import write_folder, write_text, write_together

OLD, NEW = "old and whole\n", "new: é\n" * 1000


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text(OLD, encoding="utf-8")
    return path


def untouched(report: Path) -> bool:
    """Whether the old file is there as it was, and nothing else is."""
    return report.read_text(encoding="utf-8") == OLD and list(report.parent.iterdir()) == [report]


def test_the_text_is_written_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "new.html", NEW)
    assert (tmp_path / "new.html").read_bytes() == NEW.encode("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["new.html"]


def test_a_new_file_has_the_usual_rights_and_an_old_one_keeps_its_own(tmp_path: Path, report: Path) -> None:
    (tmp_path / "usual").touch()
    write_text(str(tmp_path / "new.html"), NEW)
    assert (tmp_path / "new.html").stat().st_mode == (tmp_path / "usual").stat().st_mode
    report.chmod(0o640)
    write_text(report, NEW)
    assert stat.S_IMODE(report.stat().st_mode) == 0o640


def test_a_full_disk_leaves_the_old_file_whole(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    message = (
        f"'{report}' must be a file that can be written, but it cannot: No space left on device."
        "\nGive another name or folder, or make room; what was there before is unchanged."
    )
    with pytest.raises(CxStatsError, match=f"^{re.escape(message)}$"):
        write_text(report, NEW)
    assert untouched(report)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError])
def test_an_interruption_leaves_the_old_file_whole(
    stop: type[BaseException], report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Path, target: Path) -> None:
        raise stop

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(stop, match=r"^$"):
        write_text(report, NEW)
    assert untouched(report)


def test_a_text_that_cannot_be_encoded_leaves_the_old_file_whole(report: Path) -> None:
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
        write_text(report, "half \udc80")
    assert untouched(report)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CxStatsError, match=re.escape(f"there is no folder '{tmp_path / 'none'}'.")):
        write_text(tmp_path / "none" / "report.html", NEW)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CxStatsError, match=re.escape(f"'{tmp_path}' must be a file that can be written")):
        write_text(tmp_path, NEW)


def test_a_write_protected_file_is_refused(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(CxStatsError, match=r"it is write-protected\."):
        write_text(report, NEW)
    assert untouched(report)


def test_a_link_is_followed(tmp_path: Path, report: Path) -> None:
    link = tmp_path / "latest.html"
    link.symlink_to(report)
    write_text(link, NEW)
    assert link.is_symlink()
    assert report.read_text(encoding="utf-8") == NEW


def test_a_device_stays_a_device() -> None:
    write_text("/dev/null", NEW)
    assert not Path("/dev/null").is_file()


def test_several_files_are_written_or_none(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full when the second is written: the first has not been moved into place yet."""
    other, calls = report.with_name("other.csv"), []

    def full(_: int) -> None:
        calls.append(1)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CxStatsError, match=r"^'.*other\.csv' must be a file that can be written, but it cannot: No sp"):
        write_together({report: NEW, other: NEW})
    assert untouched(report)


def test_a_folder_that_was_made_for_nothing_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    write_folder(tmp_path / "old", {"a.csv": OLD})
    monkeypatch.setattr(os, "fsync", full)
    for name in ("old", "new"):
        with pytest.raises(CxStatsError, match=r"No space left on device\."):
            write_folder(tmp_path / name, {"a.csv": NEW, "b.csv": NEW})
    assert [path.name for path in tmp_path.rglob("*")] == ["old", "a.csv"]
    assert (tmp_path / "old" / "a.csv").read_text(encoding="utf-8") == OLD
