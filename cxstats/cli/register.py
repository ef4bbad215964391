"""``cxstats register``: the plan is locked before the outcomes are read."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cxstats.cli.text import entry, say
from cxstats.errors import CxStatsError


def register(
    study: Annotated[str, typer.Argument(metavar="STUDY.toml", help="The study file.", show_default=False)],
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Where the plan goes; STUDY.plan.json by itself.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="The seed to draw from later.", show_default=False)
    ] = None,
    allow_outside: Annotated[
        bool, typer.Option("--allow-outside", help="Let the study file name data outside its own folder.")
    ] = False,
) -> None:
    """Lock the plan of a study before its outcomes are read.

    Only the names of the columns are read, so that a plan can be locked before the outcomes exist.
    'cxstats validate' finds the plan beside the study file, and tells confirmatory from exploratory verdicts.
    """
    import cxstats as cx
    from cxstats.cli.output import check_targets
    from cxstats.report.write import write_text

    target = plan_file(study) if out is None else Path(out)
    if target.exists():
        raise CxStatsError(
            f"'{target}' is there already, and a locked plan is not replaced.\nName another file with --out, or, if "
            "that plan was a trial, delete it; whoever has cited its hash will see that it is gone."
        )
    check_targets({"--out": str(target)}, sources=[study])
    plan = cx.register(study, rng=seed, allow_outside=allow_outside)
    write_text(target, plan.to_json())
    for row, outcomes in _by_claim(plan.rows).items():
        say(entry(row, {"": ", ".join(outcomes)}))
    say("")
    for absent in plan.later:
        say(f"not there yet: {absent}")
    say(str(plan))
    say(f"written: {target}")


def plan_file(study: str) -> Path:
    """Where the plan of a study file lies unless another name is given."""
    return Path(study).with_suffix(".plan.json")


def _by_claim(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["claim"], []).append(row["outcome"] or "(about no outcome)")
    return found
