"""What a command shows when something is wrong, and with which exit status it ends."""

import traceback
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand

from cxstats.cli.text import say_aside
from cxstats.errors import CxStatsError, CxStatsWarning, OffScaleError, number

WRONG_INPUT, OUR_FAULT = 2, 1
_DUCKDB_INTERRUPTED = "Query interrupted"  # the text of the RuntimeError into which it turns Ctrl-C


class GuardedCommand(TyperCommand):
    """A command that ends with one message instead of a traceback.

    The function behind it returns the notes that it has shown already; the other warnings raised on
    the way are then printed as ``note: ...`` on stderr.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command; interrupts, closed pipes and usage errors are left to typer."""
        try:
            with _heard() as notes:
                shown = super().invoke(ctx) or ()
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except CxStatsError as refused:
            words = _mended_here(refused, {each.name for each in self.params})
            say_aside(f"cxstats: {words}")
            raise typer.Exit(WRONG_INPUT) from None
        except Exception as fault:
            if str(fault) == _DUCKDB_INTERRUPTED:
                raise KeyboardInterrupt from None
            _confess(fault, with_traceback=bool(ctx.find_root().params.get("debug")))
            raise typer.Exit(OUR_FAULT) from None
        for note in dict.fromkeys(notes):
            if note not in shown:
                say_aside(f"note: {note}")
        return shown


def _mended_here(refused: CxStatsError, options: Collection[str | None]) -> str:
    """What is wrong, with a mend that can be typed: a scale is an option here, not a call."""
    if not isinstance(refused, OffScaleError):
        return str(refused)
    given = f"--metric {refused.column}=" if "metric" in options else "--scale "
    low, high = (number(bound) if refused.whole else str(float(bound)) for bound in refused.wider)
    scale = f"{low}-{high}:{'good' if refused.high_is_good else 'bad'}"
    return (
        f"{refused.found}\nCorrect or drop those rows, or declare a scale that holds them: {given}{scale}. In a study "
        f"file such codes can be named as no answer: missing = [{refused.codes}]."
    )


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect our warnings; every other kind goes where it would have gone."""
    notes: list[str] = []
    with warnings.catch_warnings():
        show_others = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if issubclass(category, CxStatsWarning):
                notes.append(str(message))
            else:
                show_others(message, category, *where, **more)

        warnings.simplefilter("always", CxStatsWarning)
        warnings.showwarning = show
        yield notes


def _confess(fault: Exception, *, with_traceback: bool) -> None:
    detail = f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
    if with_traceback:
        say_aside("".join(traceback.format_exception(fault)).rstrip())
    hint = "" if with_traceback else " 'cxstats --debug' with the same command shows where it happened."
    say_aside(f"cxstats: this is a fault of cxstats, not of your data: {detail}\nPlease report it.{hint}")
