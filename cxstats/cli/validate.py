"""``cxstats validate``: a verdict per claim, on the terminal and in files."""

import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxstats.cli.register import plan_file
from cxstats.cli.text import say
from cxstats.errors import CxStatsError

if TYPE_CHECKING:
    from cxstats.claims.finding import Validation
    from cxstats.cli.progress import Manner


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
    csv: Annotated[
        str | None, typer.Option(metavar="DIR", help="Write the tables of the report as CSV files.", show_default=False)
    ] = None,
    min_count: Annotated[
        int, typer.Option("--min-count", metavar="N", min=1, help="Hold back counts below N in what is written.")
    ] = 5,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Repeat the draws of an earlier run.", show_default=False)
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The locked plan; STUDY.plan.json if it is there.", show_default=False),
    ] = None,
    allow_outside: Annotated[
        bool, typer.Option("--allow-outside", help="Let study files name data outside their own folder.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the looks beside the verdicts: segments, imputed answers, flips.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Tell each stage as it begins, in a line of its own.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> tuple[str, ...]:
    """Give a verdict per claim on your own data.

    The study files say where the data are and what their columns mean. A claim that the data cannot
    answer is not-testable, and the reason says what is missing.
    """
    from cxstats.cli.output import check_targets, write_all
    from cxstats.cli.progress import manner_of
    from cxstats.cli.verdicts import print_validation

    manner = manner_of(verbose=verbose, quiet=quiet)
    plans = _plans(study, plan)
    options = {"--html": html, "--json": json, "--markdown": markdown}
    targets = {option: path for option, path in options.items() if path is not None}
    check_targets({**targets, **_tables(csv)}, sources=[*study, *(str(file) for file in plans.values())])
    validations = _validated(study, plans, seed, allow_outside=allow_outside, quick=quick, manner=manner)
    named = {**targets, **({} if csv is None else {"--csv": csv})}
    named |= {} if min_count == 5 else {"--min-count": str(min_count)}
    flags = [flag for flag, given in (("--allow-outside", allow_outside), ("--quick", quick)) if given]
    drawn = seed if plans or seed is not None else validations[0].seed
    command = _command(study, named | ({} if plan is None else {"--plan": plan}), flags, drawn)
    renderers = _renderers(targets, min_count).items()
    write_all({targets[option]: render(validations, command) for option, render in renderers})
    if csv is not None:
        _write_tables(csv, validations, min_count)
    if quiet:
        return tuple(note for validation in validations for note in validation.notes)
    for validation in validations:
        print_validation(validation)
    for option, path in targets.items():
        say(f"written: {path} ({option.removeprefix('--')})")
    if csv is not None:
        say(f"written: {csv} (csv)")
    return tuple(note for validation in validations for note in validation.notes)


def _plans(studies: list[str], named: str | None) -> dict[str, Path]:
    """The locked plan of each study that has one."""
    if named is not None and len(studies) > 1:
        raise CxStatsError(
            f"--plan names the plan of one study, but {len(studies)} study files were given.\nLeave it out: the plan "
            "of each study is found beside it, under its name with .plan.json."
        )
    if named is not None:
        return {studies[0]: Path(named)}
    return {study: file for study in studies if (file := plan_file(study)).is_file()}


def _validated(
    paths: list[str],
    plans: Mapping[str, Path],
    seed: int | None,
    *,
    allow_outside: bool,
    quick: bool,
    manner: "Manner",
) -> "list[Validation]":
    """Every study with the same seed, so that one command repeats them all; a locked plan brings its own.

    Studies without a plan then take the seed of the first plan.
    """
    import cxstats as cx
    from cxstats.claims.locked_plan import planned_rows
    from cxstats.cli.progress import stages

    locked = {path: cx.LockedPlan.read(file) for path, file in plans.items()}
    studies = {path: cx.Study.read(path, allow_outside=allow_outside) for path in paths}
    shared = seed if seed is not None else next((plan.seed for plan in locked.values()), None)
    validations: list[Validation] = []
    for path, study in studies.items():
        total = len(planned_rows(study)) * (1 if quick else 2) + 2
        with stages(study.title, total, manner) as tell:
            rng = seed if path in locked else shared
            validation = cx.validate(study, plan=locked.get(path), rng=rng, progress=tell, sensitivity=not quick)
        shared = validation.seed if shared is None else shared
        validations.append(validation)
    return validations


def _command(paths: list[str], options: Mapping[str, str], flags: list[str], seed: int | None) -> str:
    """The command line that repeats this run; a locked plan needs no seed, since it holds one."""
    words = [word for option, value in options.items() for word in (option, value)]
    seeded = [] if seed is None else ["--seed", str(seed)]
    return shlex.join(["cxstats", "validate", *paths, *words, *flags, *seeded])


def _tables(folder: str | None) -> dict[str, str]:
    """The CSV files that a folder will get, by what to call them; it may have to be made first."""
    if folder is None:
        return {}
    from cxstats.report.csv import FILES
    from cxstats.report.write import refuse_folder

    must_be_made = refuse_folder(folder)
    return {} if must_be_made else {f"--csv ({name})": str(Path(folder) / name) for name in FILES}


def _write_tables(folder: str, validations: "list[Validation]", min_count: int) -> None:
    from cxstats.report.csv import render_csv
    from cxstats.report.write import write_folder

    write_folder(folder, render_csv(validations, min_count=min_count))


def _renderers(options: Iterable[str], min_count: int) -> "dict[str, Callable[[list[Validation], str], str]]":
    """For each of the options that was given, what makes its text."""
    from cxstats.report.html import render_html
    from cxstats.report.json import render_json
    from cxstats.report.markdown import render_markdown

    every: dict[str, Callable[[list[Validation], str], str]] = {
        "--html": lambda validations, command: render_html(validations, command=command, min_count=min_count),
        "--json": lambda validations, _: render_json(validations, min_count=min_count),
        "--markdown": lambda validations, command: render_markdown(validations, command=command, min_count=min_count),
    }
    return {option: every[option] for option in options}
