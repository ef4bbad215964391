"""What long work tells: a bar on a terminal, nothing in a pipe; if asked, a line for each stage, or nothing at all."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from cxstats.cli.text import printable, say_aside
from cxstats.errors import CxStatsError

Manner: TypeAlias = Literal["bar", "lines", "nothing"]


def manner_of(*, verbose: bool, quiet: bool) -> Manner:
    """How the work is told, by the options and by where it is told."""
    if verbose and quiet:
        raise CxStatsError("--verbose and --quiet contradict each other.\nLeave out one of them.")
    if verbose:
        return "lines"
    return "nothing" if quiet or not sys.stderr.isatty() else "bar"


@contextmanager
def stages(title: str, total: int, manner: Manner | None = None) -> Iterator[Callable[[str], None]]:
    """What to call with the name of each stage when it begins."""
    told = manner_of(verbose=False, quiet=False) if manner is None else manner
    if told == "bar":
        with _bar(title, total) as tell:
            yield tell
    elif told == "lines":
        yield _lines(title, time.monotonic())
    else:
        yield lambda _stage: None


def _lines(title: str, began: float) -> Callable[[str], None]:
    return lambda stage: say_aside(f"{time.monotonic() - began:7.1f} s  {title}: {stage}")


@contextmanager
def _bar(title: str, total: int) -> Iterator[Callable[[str], None]]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        named = escape(printable(title))
        task = bar.add_task(named, total=total)
        begun = 0

        def tell(stage: str) -> None:
            nonlocal begun
            bar.update(task, completed=begun, description=f"{named}: {escape(printable(stage))}")
            begun += 1

        yield tell
