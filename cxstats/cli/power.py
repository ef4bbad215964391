"""``cxstats power``: how many customers a comparison of scores needs."""

from typing import TYPE_CHECKING, Annotated

import typer

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
    from cxstats.methods.power import Power


def power(
    file: DataFile,
    metric: MetricOption,
    outcome: OutcomeOption,
    time: TimeOption = None,
    entry: EntryOption = None,
    difference: Annotated[
        float, typer.Option(metavar="D", help="The true difference of areas to plan for: one that would matter.")
    ] = 0.02,
    smallest: Annotated[float, typer.Option(metavar="D", help="The smallest difference that counts.")] = 0.01,
    chance: Annotated[float, typer.Option(metavar="P", help="The chance (power) that is wanted.")] = 0.8,
    tests: Annotated[
        int, typer.Option(metavar="N", help="Tests over which p-values will be adjusted: 3 for all pairs of 3 metrics.")
    ] = 1,
    cluster: ClusterOption = None,
    weight: WeightOption = None,
    count: CountOption = None,
    figure: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Draw the chance over the number of rows: svg, png or pdf.", show_default=False
        ),
    ] = None,
    json: JsonOption = None,
) -> tuple[str, ...]:
    """Tell how many customers a comparison of scores needs.

    The file is a pilot: a smaller sample of the same kind, last year's survey, or simulated customers. From it comes
    how uncertain a difference of two scores is; the difference to plan for is yours to choose.

    Example: cxstats power pilot.csv --metric nps=NPS --metric csat=CSAT5 --outcome churned:bad --difference 0.03
    """
    metrics, declared = metric_scales(metric), declared_outcome(outcome, time, entry)
    import cxstats as cx
    from cxstats.cli.data import open_data
    from cxstats.cli.output import check_targets, write_all
    from cxstats.figures.page import drawn_page, page_format
    from cxstats.methods.power import power as plan

    check_targets({"--json": json, "--figure": figure}, sources=[file])
    kind = None if figure is None else page_format(figure)
    cells = cx.tally(open_data(file), outcome=declared, metrics=metrics, cluster=cluster, weight=weight, count=count)
    result = plan(cells, metrics=list(metrics), difference=difference, smallest=smallest, chance=chance, tests=tests)
    written: dict[str, str | bytes] = {}
    if json is not None:
        written[json] = _document(result, cells.fingerprint)
    if figure is not None and kind is not None:
        written[figure] = drawn_page(result.plot().figure, kind)
    write_all(written)
    say(result.summary())
    for path in written:
        say(f"written: {path}")
    return result.notes


def _document(result: "Power", fingerprint: str) -> str:
    """The plan, unrounded; a number that no sample has is null."""
    from cxstats.cli.output import document, records

    return document(
        "power",
        seed=None,
        fingerprint=fingerprint,
        difference=result.difference,
        smallest=result.smallest,
        chance=result.chance,
        tests=result.tests,
        n=result.n,
        n_missing=result.n_missing,
        n_clusters=result.n_clusters,
        n_least=result.n_least,
        sentences=list(result.sentences()),
        notes=list(result.notes),
        rows=records(result.to_frame()),
    )
