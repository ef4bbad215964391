"""Results whose tests and intervals are Wald's: an estimate, its standard error, and what it is tested against."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level


@dataclass(frozen=True, kw_only=True, eq=False)
class WaldResult(TalliedResult):
    """Estimates with standard errors.

    Attributes
    ----------
    df : float
        Degrees of freedom of Student's t; infinite for the normal. With clusters, clusters minus one.
    """

    df: float

    @property
    def null(self) -> Floats:
        """What each estimate is tested against; NaN where nothing is tested."""
        return np.zeros(len(self.estimate))

    @property
    def bounds(self) -> tuple[float | Floats, float | Floats]:
        """Between which values an estimate can lie; limits are clipped there."""
        return -np.inf, np.inf

    @property
    def statistic(self) -> Floats:
        """(Estimate - null) / standard error."""
        return ratio_to_error(self.estimate - self.null, self.std_error)

    @property
    def p_value(self) -> Floats:
        """Two-sided, not adjusted for the number of rows."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits, within what the estimates can be."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        return ConfidenceInterval(np.clip(limits.low, *self.bounds), np.clip(limits.high, *self.bounds), level)


@dataclass(frozen=True, kw_only=True, eq=False)
class PairedResult(WaldResult):
    """One value per metric between 0 and 1, .5 for a metric that knows nothing, then every difference ``"a - b"``.

    Attributes
    ----------
    metrics : tuple of str, length p
    """

    metrics: tuple[str, ...]

    @property
    def terms(self) -> tuple[str, ...]:
        """Metrics, then pairs as ``"a - b"``."""
        return (*self.metrics, *(f"{a} - {b}" for a, b in combinations(self.metrics, 2)))

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": self.terms}

    @property
    def is_difference(self) -> Bools:
        """Which rows are differences."""
        return np.arange(len(self.estimate)) >= len(self.metrics)

    @property
    def null(self) -> Floats:
        """.5 for the metrics, 0 for differences."""
        return np.where(self.is_difference, 0.0, 0.5)

    @property
    def bounds(self) -> tuple[float | Floats, float | Floats]:
        """0 to 1, differences from -1."""
        return np.where(self.is_difference, -1.0, 0.0), 1.0
