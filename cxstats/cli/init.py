"""``cxstats init``: look at data files and begin the study file for them."""

from typing import TYPE_CHECKING, Annotated

import typer

from cxstats.cli.text import say

if TYPE_CHECKING:
    from pathlib import Path

    from cxstats.starter.write import Starter

_NAME = "study.toml"


def init(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Data files: csv, tsv, parquet, xlsx, sav or dta. Files with the same columns become one table.",
            show_default=False,
        ),
    ],
    out: Annotated[
        str | None,
        typer.Option(
            metavar="STUDY.toml",
            help="Where to write; the data must lie in its folder or below. Without it study.toml beside the first "
            "file.",
            show_default=False,
        ),
    ] = None,
) -> tuple[str, ...]:
    """Begin a study file: look at the columns, guess what they mean, and ask what nobody can see.

    Every guess is marked in the file with its reason. Which value of an outcome is good, whether it came after
    the feedback, and what an effort score asked are never guessed: they are questions in the file.

    Example: cxstats init answers.csv orders.csv
    """
    from pathlib import Path

    from cxstats.cli.output import check_targets, write_all
    from cxstats.starter.write import starter

    target = Path(out) if out is not None else Path(files[0]).parent / _NAME
    _refuse_existing(target, out)
    check_targets({"--out": str(target)}, sources=files)
    made = starter(*files, folder=target.parent)
    write_all({str(target): made.text})
    _tell(made, target)
    return ()


def _refuse_existing(target: "Path", out: str | None) -> None:
    """A study file that somebody may have worked on is never overwritten."""
    import os

    from cxstats.errors import CxStatsError

    if os.path.lexists(target) and not target.is_dir():
        other = f"--out {target.with_name('another.toml')}" if out is None else "--out"
        raise CxStatsError(
            f"'{target}' exists already, and a study file is never overwritten.\nChoose another name with {other}."
        )


def _tell(made: "Starter", target: "Path") -> None:
    """What was found, what is open, and what to do next."""
    from cxstats.cli.text import entry
    from cxstats.starter.entries import plain

    for line in made.found:
        say(plain(line))
    if not made.recognised:
        say("No column was recognised as a score or an outcome: the file shows how to declare them.")
    n = len(made.questions)
    head = "1 question is open:" if n == 1 else f"{n} questions are open:"
    say("")
    say(entry(head, {f"{q.number}.": f"{', '.join(q.paths)}: {plain(q.text)}" for q in made.questions}))
    say(f"\nwritten: {target}\nAnswer them there, check the guesses, then run: cxstats validate {target}")
