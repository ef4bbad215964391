"""Results in parts: shares, means, ratios, differences and slopes in one frame, each tested as what it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided, wilson
from cxstats.numerics.parts import Part, Share
from cxstats.results import ConfidenceInterval, TalliedResult, checked_level


@dataclass(frozen=True, kw_only=True, eq=False)
class PartsResult(TalliedResult):
    """Estimates in parts. What a row is, a subclass says by part and term: by default a difference or a slope.

    Attributes
    ----------
    parts : tuple of Part
        The same rows in their parts.
    """

    parts: tuple[Part, ...]

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The part and the term of each row."""
        return {
            "part": [part.name for part in self.parts for _ in part.terms],
            "term": [term for part in self.parts for term in part.terms],
        }

    def _in(self, *names: str) -> Bools:
        """Which rows belong to parts of these names."""
        return np.array([name in names for name in self.labels["part"]])

    @property
    def _df(self) -> Floats:
        return np.array([part.df for part in self.parts for _ in part.terms])

    @property
    def _tested(self) -> Bools:
        """Which rows are tested; not the levels that differences are taken of."""
        return ~self._in("outcome")

    @property
    def _ratios(self) -> Bools:
        """Which rows are ratios: tested against 1, with limits, on the logarithm."""
        return np.zeros(len(self.estimate), dtype=bool)

    def _least(self) -> Mapping[str, float]:
        """By part the lowest value that a share (0), or a difference of shares (-1), can have; the highest is 1."""
        return {}

    @property
    def _floor(self) -> Floats:
        """The same of each row; -inf where there are no bounds."""
        least = self._least()
        return np.array([least.get(name, -np.inf) for name in self.labels["part"]])

    def _counted(self) -> Mapping[int, Share]:
        """Rows that are shares of rows of data, whose limits are Wilson's."""
        return {}

    def _on_line(self) -> tuple[Floats, Floats]:
        """Estimates and errors where they are tested against 0: of ratios those of the logarithm."""
        unit = np.where(self._ratios, self.estimate, 1.0)
        return np.where(self._ratios, np.log(unit), self.estimate), self.std_error / unit

    @property
    def statistic(self) -> Floats:
        """Of no difference or slope, and of a ratio of 1 on the logarithm; NaN for the levels themselves."""
        return np.where(self._tested, ratio_to_error(*self._on_line()), np.nan)

    @property
    def p_value(self) -> Floats:
        """Two-sided, not adjusted for the number of rows."""
        return two_sided(self.statistic, self._df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits, of ratios on the logarithm, of shares within what they can be; Wilson's of counted shares."""
        limits = symmetric(*self._on_line(), checked_level(level), self._df)
        ratios, floor = self._ratios, self._floor
        low, high = (np.where(ratios, np.exp(np.where(ratios, end, 0.0)), end) for end in (limits.low, limits.high))
        low, high = np.maximum(low, floor), np.where(np.isfinite(floor), np.minimum(high, 1.0), high)
        for row, share in self._counted().items():
            own = wilson(np.array(share.estimate * share.n_eff), np.array(share.n_eff), level, share.df)
            low[row], high[row] = float(own.low), float(own.high)
        return ConfidenceInterval(low, high, level)


@dataclass(frozen=True, kw_only=True, eq=False)
class JointParts(PartsResult):
    """Parts that stand on the same rows of data."""

    @property
    def df(self) -> float:
        """Degrees of freedom: clusters minus one, or infinite."""
        return self.parts[0].df


@dataclass(frozen=True, kw_only=True, eq=False)
class SeparateParts(PartsResult):
    """Parts that may stand on different rows of data."""

    @property
    def df(self) -> Floats:
        """Degrees of freedom of each row: clusters minus one, or infinite."""
        return self._df


class Stacked(TypedDict):
    """The fields of `PartsResult` that its parts make up."""

    parts: tuple[Part, ...]
    estimate: Floats
    std_error: Floats


def stacked(parts: Sequence[Part]) -> Stacked:
    """The rows of all parts, one below the other."""
    return Stacked(
        parts=tuple(parts),
        estimate=np.concatenate([part.estimate for part in parts]),
        std_error=np.concatenate([part.std_error for part in parts]),
    )
