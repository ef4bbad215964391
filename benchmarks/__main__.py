"""Every benchmark in turn: ``python -m benchmarks``."""

from benchmarks import journeys, metric_models, which_metric

which_metric.main()
metric_models.main()
journeys.main()
