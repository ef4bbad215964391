"""A bar on a terminal for long work; nothing in a pipe."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stages(title: str, total: int) -> Iterator[Callable[[str], None]]:
    """What to call with the name of each stage when it begins."""
    if not sys.stderr.isatty():
        yield lambda _stage: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        begun = 0

        def tell(stage: str) -> None:
            nonlocal begun
            bar.update(task, completed=begun, description=f"{title}: {stage}")
            begun += 1

        yield tell
