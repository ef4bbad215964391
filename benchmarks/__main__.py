"""Every benchmark in turn: ``python -m benchmarks``."""

from benchmarks import (
    journeys,
    metric_models,
    moment_kernel,
    reading,
    sequence_features,
    survival,
    validation,
    which_metric,
)

which_metric.main()
metric_models.main()
journeys.main()
sequence_features.main()
moment_kernel.main()
validation.main()
survival.main()
reading.main()
