"""``cxstats which-metric``: which score predicts the outcome best."""

from typing import Annotated

import typer

from cxstats.cli.roles import (
    ClusterOption,
    CountOption,
    DataFile,
    JsonOption,
    MetricOption,
    WeightOption,
    binary_outcome,
    metric_scales,
)
from cxstats.cli.text import say


def which_metric(
    file: DataFile,
    metric: MetricOption,
    outcome: Annotated[
        str,
        typer.Option(
            metavar="COLUMN:good|bad",
            help="A column of 0 and 1, and what 1 means for the firm: repurchased:good, churned:bad.",
            show_default=False,
        ),
    ],
    cluster: ClusterOption = None,
    weight: WeightOption = None,
    count: CountOption = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Repeat the draws of an earlier run.", show_default=False)
    ] = None,
    json: JsonOption = None,
) -> tuple[str, ...]:
    """Tell which score predicts an outcome best.

    Compares the areas under the ROC curve of two or more metrics for the same customers.

    Example: cxstats which-metric answers.csv --metric nps=NPS --metric csat=CSAT5 --outcome churned:bad
    """
    metrics, declared = metric_scales(metric), binary_outcome(outcome)
    import cxstats as cx
    from cxstats.cli.data import open_data
    from cxstats.cli.output import check_targets, document, records, write_all

    check_targets({"--json": json}, sources=[file])
    result = cx.which_metric(
        open_data(file),
        outcome=declared,
        metrics=metrics,
        cluster=cluster,
        weight=weight,
        count=count,
        rng=seed,
    )
    if json is not None:
        text = document(
            "which-metric",
            seed=result.seed,
            fingerprint=result.fingerprint,
            best=result.best,
            n=result.n,
            n_missing=result.n_missing,
            notes=list(result.notes),
            rows=records(result.to_frame()),
            differences=records(result.differences()),
            extremes=records(result.extremes.to_frame()),
        )
        write_all({json: text})
    say(result.summary())
    return result.notes
