"""``cxstats validate``: a verdict per claim, on the terminal and in files."""

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cxstats.cli.text import say

if TYPE_CHECKING:
    from cxstats.claims.finding import Validation


def validate(
    study: Annotated[
        list[str],
        typer.Argument(metavar="STUDY.toml", help="One or more study files.", show_default=False),
    ],
    html: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the report, a part for each study.", show_default=False)
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the verdicts as JSON.", show_default=False)
    ] = None,
    markdown: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the verdicts as Markdown.", show_default=False)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Repeat the draws of an earlier run.", show_default=False)
    ] = None,
) -> tuple[str, ...]:
    """Give a verdict per claim on your own data.

    The study files say where the data are and what their columns mean. A claim that the data cannot
    answer is not-testable, and the reason says what is missing.
    """
    from cxstats.cli.output import check_targets, write_all
    from cxstats.cli.verdicts import print_validation

    options = {"--html": html, "--json": json, "--markdown": markdown}
    targets = {option: path for option, path in options.items() if path is not None}
    check_targets(targets, sources=study)
    validations = _validated(study, seed)
    command = _command(study, targets, validations[0].seed)
    write_all({targets[option]: render(validations, command) for option, render in _renderers(targets).items()})
    for validation in validations:
        print_validation(validation)
    for option, path in targets.items():
        say(f"written: {path} ({option.removeprefix('--')})")
    return tuple(note for validation in validations for note in validation.notes)


def _validated(paths: list[str], seed: int | None) -> "list[Validation]":
    """Every study with the same seed, so that one command repeats them all."""
    import cxstats as cx

    studies = [cx.Study.read(path) for path in paths]
    validations: list[Validation] = []
    with _progress(len(studies)) as advance:
        for study in studies:
            validation = cx.validate(study, rng=seed)
            seed = validation.seed
            validations.append(validation)
            advance()
    return validations


def _command(paths: list[str], targets: dict[str, str], seed: int | None) -> str:
    """The command line that repeats this run."""
    written = [word for option, path in targets.items() for word in (option, path)]
    seeded = [] if seed is None else ["--seed", str(seed)]
    return shlex.join(["cxstats", "validate", *paths, *written, *seeded])


def _renderers(options: Iterable[str]) -> "dict[str, Callable[[list[Validation], str], str]]":
    """For each of the options that was given, what makes its text."""
    from cxstats.report.html import render_html
    from cxstats.report.json import render_json
    from cxstats.report.markdown import render_markdown

    every: dict[str, Callable[[list[Validation], str], str]] = {
        "--html": lambda validations, command: render_html(validations, command=command),
        "--json": lambda validations, _: render_json(validations),
        "--markdown": lambda validations, command: render_markdown(validations, command=command),
    }
    return {option: every[option] for option in options}


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], object]]:
    """A bar on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Testing the claims", total=total)
        yield lambda: bar.advance(task)
