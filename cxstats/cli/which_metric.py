"""``cxstats which-metric``: which score predicts the outcome best, and whether the answer can be trusted."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxstats.cli.progress import stages
from cxstats.cli.roles import (
    ClusterOption,
    CountOption,
    DataFile,
    EntryOption,
    JsonOption,
    MetricOption,
    OutcomeOption,
    TimeOption,
    WeightOption,
    declared_outcome,
    metric_scales,
)
from cxstats.cli.text import say

if TYPE_CHECKING:
    from cxstats.studies.which_metric import WhichMetric

_STAGES = 15  # of the study, for the bar


def which_metric(
    file: DataFile,
    metric: MetricOption,
    outcome: OutcomeOption,
    time: TimeOption = None,
    entry: EntryOption = None,
    control: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="What is known without asking: recency, orders, tenure. Repeat it for more."
        ),
    ] = None,
    segment: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Compare customers apart: industry, channel. Repeat it for more."),
    ] = None,
    cluster: ClusterOption = None,
    weight: WeightOption = None,
    count: CountOption = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Repeat the draws of an earlier run.", show_default=False)
    ] = None,
    figure: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Draw the comparison on one page: svg, png or pdf.", show_default=False),
    ] = None,
    json: JsonOption = None,
) -> tuple[str, ...]:
    """Tell which score predicts an outcome best.

    Compares two or more metrics for the same customers: areas, codings, customers held out, what each adds to
    the controls and to the others, how they share what they explain, and who they hold for.

    Example: cxstats which-metric answers.csv --metric nps=NPS --metric csat=CSAT5 --outcome churned:bad
    """
    metrics, declared = metric_scales(metric), declared_outcome(outcome, time, entry)
    import cxstats as cx
    from cxstats.cli.data import open_data
    from cxstats.cli.output import check_targets, write_all
    from cxstats.figures.page import drawn_page, page_format

    check_targets({"--json": json, "--figure": figure}, sources=[file])
    kind = None if figure is None else page_format(figure)
    with stages("Comparing the metrics", _STAGES) as tell:
        result = cx.which_metric(
            open_data(file),
            outcome=declared,
            metrics=metrics,
            controls=control or (),
            segments=segment or (),
            cluster=cluster,
            weight=weight,
            count=count,
            rng=seed,
            progress=tell,
        )
    written: dict[str, str | bytes] = {}
    if json is not None:
        written[json] = _document(result)
    if figure is not None and kind is not None:
        written[figure] = drawn_page(result.figure(), kind)
    write_all(written)
    say(result.summary())
    for path in written:
        say(f"written: {path}")
    return result.notes


def _document(result: "WhichMetric") -> str:
    """The comparison and every part of it, unrounded."""
    from dataclasses import fields

    from cxstats.cli.output import document, records
    from cxstats.results import Result

    parts: dict[str, Any] = {}
    for part in fields(result.parts):
        found = getattr(result.parts, part.name)
        if isinstance(found, Result):
            parts[part.name] = records(found.to_frame())
        elif part.name in ("by_segment", "invariance"):
            parts[part.name] = {name: records(each.to_frame()) for name, each in found.items()}
        elif part.name == "hazards" and found is not None:
            parts[part.name] = {each.metric: records(each.cox.to_frame()) for each in found}
    return document(
        "which-metric",
        seed=result.seed,
        fingerprint=result.fingerprint,
        best=result.best,
        verdict=result.verdict(),
        answers=list(result.answers()),
        n=result.n,
        n_missing=result.n_missing,
        notes=list(result.notes),
        rows=records(result.to_frame()),
        differences=records(result.differences()),
        extremes=[] if result.extremes is None else records(result.extremes.to_frame()),
        parts=parts,
        not_told=dict(result.parts.not_told),
    )
