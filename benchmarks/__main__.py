"""Every benchmark in turn: ``python -m benchmarks``."""

from benchmarks import which_metric

which_metric.main()
