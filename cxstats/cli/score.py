"""``cxstats score``: a metric's usual score with its interval."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxstats.cli.roles import (
    ClusterOption,
    CountOption,
    DataFile,
    JsonOption,
    MetricOption,
    WeightOption,
    metric_scales,
)
from cxstats.cli.text import say

if TYPE_CHECKING:
    from cxstats.cells import Cells
    from cxstats.results import TalliedResult
    from cxstats.scales import Scale


def score(
    file: DataFile,
    metric: MetricOption,
    by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Score each group of this column.", show_default=False)
    ] = None,
    cluster: ClusterOption = None,
    weight: WeightOption = None,
    count: CountOption = None,
    json: JsonOption = None,
) -> tuple[str, ...]:
    """Score metrics, with intervals.

    Net Promoter Score for NPS, top-two share and mean for CSAT, the mean for all others.

    Example: cxstats score answers.csv --metric nps=NPS --metric csat=CSAT5 --by segment
    """
    metrics = metric_scales(metric)
    import cxstats as cx
    from cxstats.cli.data import open_data
    from cxstats.cli.output import check_targets, document, records, write_all

    strata = () if by is None else (by,)
    check_targets({"--json": json}, sources=[file])
    cells = cx.tally(open_data(file), metrics=metrics, strata=strata, cluster=cluster, weight=weight, count=count)
    scored = [
        (name, what, result)
        for name, scale in metrics.items()
        for what, result in _scores(cells, name, scale, by).items()
    ]
    notes = tuple(dict.fromkeys(note for *_, result in scored for note in result.notes))
    if json is not None:
        complete = cells.observed(metrics)
        text = document(
            "score",
            seed=None,
            fingerprint=cells.fingerprint,
            n=int(cells.count[complete].sum()),
            n_missing=int(cells.count[~complete].sum()),
            notes=list(notes),
            rows=[
                {"metric": name, "score": what, **row, "n": result.n, "n_missing": result.n_missing}
                for name, what, result in scored
                for row in records(result.to_frame())
            ],
        )
        write_all({json: text})
    say("\n\n".join(f"{name}: {what}\n{result.summary()}" for name, what, result in scored))
    return notes


def _scores(cells: "Cells", metric: str, scale: "Scale", by: str | None) -> dict[str, "TalliedResult"]:
    """The scores in use for the kind of metric, by name."""
    import cxstats as cx
    from cxstats.shared.scored import refuse_constant

    refuse_constant(cells, metric)
    usual: dict[str, dict[str, Any]] = {
        "nps": {"net promoter score": cx.net_promoter},
        "csat": {"top-two share": cx.top_box, "mean": cx.mean_score},
    }
    chosen = usual.get(scale.kind, {"mean": cx.mean_score})
    return {what: method(cells, metric=metric, scale=scale, by=by) for what, method in chosen.items()}
