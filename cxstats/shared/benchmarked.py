"""A predictor against benchmarks, one of them chosen by the data: differences, and percentages as Fieller sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats
from cxstats.errors import RoleError, TooFewError, listed
from cxstats.numerics.effect import Effect
from cxstats.numerics.intervals import critical
from cxstats.results import shown
from cxstats.shared.held_indices import AREA, CORRELATION
from cxstats.wald import WaldResult

JOURNEY = "journey"
AVERAGE, BEST, COMPOSITE, ALL = "average single", "best single", "composite", "all touchpoints"
DECISIVE = (COMPOSITE, ALL)  # a single touchpoint is beaten by any mean of several, journey or not
MAGNITUDE_N = 1000  # with fewer rows, equal predictors differ by the published 35% too often
MAGNITUDE_LIMIT = {CORRELATION: 0.3, AREA: 0.05}  # lowest limit of a benchmark that percentages can be taken of


@dataclass(frozen=True, kw_only=True, eq=False)
class Benchmarked(WaldResult):
    """Indices of the journey and of its benchmarks on rows held out, then the differences.

    The frame has every model with three indices, the primary one first; then ``"journey - composite"`` and so on.
    There is no row for the difference from the best single touchpoint: it has no interval to be trusted.

    Attributes
    ----------
    model, index : tuple of str
    models : tuple of str, length m
        In the order of ``covariance``.
    indices : tuple of str
        Names of the three indices; the first is the primary one.
    values : array, shape (3, m)
        Every index of every model.
    covariance : array, shape (3, m, m)
        Of the models, for every index.
    controls : tuple of str
    """

    model: tuple[str, ...]
    index: tuple[str, ...]
    models: tuple[str, ...]
    indices: tuple[str, ...]
    values: Floats
    covariance: Floats
    controls: tuple[str, ...]

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The model, or the difference, and the index."""
        return {"model": self.model, "index": self.index}

    @property
    def primary(self) -> str:
        """The index that decides: held-out r, or AUC - 1/2."""
        return self.indices[0]

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """The models that the journey can be compared with: all but the best single touchpoint."""
        return tuple(name for name in self.models if name not in (JOURNEY, BEST))

    @property
    def journey_minus_best(self) -> Mapping[str, float]:
        """For every index, what the journey gains over the best single touchpoint as the folds chose it.

        Without an interval, and too large where the folds do not agree: a training set that prefers another
        touchpoint than most do leaves out just the rows that would have spoken against it.
        """
        gained = self.values[:, self.models.index(JOURNEY)] - self.values[:, self.models.index(BEST)]
        return dict(zip(self.indices, map(float, gained), strict=True))

    def row(self, model: str, index: str | None = None) -> int:
        """The number of a row of the frame."""
        return list(zip(self.model, self.index, strict=True)).index((model, index or self.primary))

    def difference(self, benchmark: str, index: str | None = None) -> Effect:
        """M_J - M_T, for the index of the journey and that of a benchmark."""
        return self.excess(benchmark, index, percent=0.0)

    def excess(self, benchmark: str, index: str | None = None, *, percent: float = 5.0) -> Effect:
        """M_J - (1 + percent / 100) M_T: above 0 where the journey is more than so many percent better.

        Unlike the ratio it exists, with a plain interval, whatever the benchmark predicts.
        """
        journey, other, spread = self._pair(benchmark, index)
        factor = np.array([1.0, -1 - percent / 100])
        return Effect(a=float(factor @ (journey, other)), var_a=float(factor @ spread @ factor), df=self.df)

    def ratio(self, benchmark: str, index: str | None = None) -> Effect:
        """100 (M_J / M_T - 1): by how many percent the journey's index exceeds that of a benchmark.

        The effect has a = 100 (M_J - M_T) and b = M_T; its interval is Fieller's set, the whole line where M_T
        is not clearly above 0. To test it against 5 is to test ``excess(benchmark, percent=5)`` against 0.
        """
        journey, other, spread = self._pair(benchmark, index)
        if other <= 0:
            raise TooFewError(
                f"A percentage needs a benchmark that predicts, but the {index or self.primary} of '{benchmark}' on "
                f"rows held out is {shown(other)}.\nUse difference or excess, which need none."
            )
        of_a, of_b = np.array([100.0, -100.0]), np.array([0.0, 1.0])
        return Effect(
            a=100 * (journey - other),
            b=other,
            var_a=float(of_a @ spread @ of_a),
            cov=float(of_a @ spread @ of_b),
            var_b=float(of_b @ spread @ of_b),
            df=self.df,
        )

    def why_no_magnitude(self, benchmark: str) -> str:
        """Why the percentage over a benchmark cannot be held against a published one; empty where it can."""
        _, other, spread = self._pair(benchmark, None)
        low = other - float(critical(0.95, self.df)) * float(np.sqrt(spread[1, 1]))
        needed = MAGNITUDE_LIMIT[self.primary]
        reasons = []
        if self.n < MAGNITUDE_N:
            reasons.append(f"{self.n:,} rows are fewer than {MAGNITUDE_N:,}")
        if low < needed:
            reasons.append(f"the lower 95% limit of {self.primary} of '{benchmark}', {shown(low)}, is below {needed:g}")
        if self.controls:
            reasons.append("every index includes what the controls predict")
        return "; ".join(reasons)

    @property
    def magnitude_reason(self) -> str:
        """Why percentages over composite and all touchpoints cannot be held against published ones, or empty."""
        reasons = [reason for name in DECISIVE for reason in self.why_no_magnitude(name).split("; ") if reason]
        return "; ".join(dict.fromkeys(reasons))

    @property
    def magnitude_allowed(self) -> bool:
        """Whether they can be, for both of these benchmarks."""
        return not self.magnitude_reason

    def percent_told(self, benchmark: str) -> str:
        """The percentage over one benchmark with its 95% limits, for reading."""
        if self._pair(benchmark, None)[1] <= 0:
            return f"{benchmark} undefined"
        ratio = self.ratio(benchmark)
        low, high = ratio.interval()
        return f"{benchmark} {shown(ratio.estimate)} [{shown(low)}, {shown(high)}]"

    def _pair(self, benchmark: str, index: str | None) -> tuple[float, float, Floats]:
        """The index of the journey and of a benchmark, and their covariance (2, 2)."""
        index = self.primary if index is None else index
        if index not in self.indices:
            why = " An area has the floor 1/2: of two areas, no ratio makes sense." if index == "AUC" else ""
            raise RoleError(f"index must be one of {listed(self.indices)}, but {index!r} was given.{why}")
        if benchmark == BEST:
            raise RoleError(
                f"'{BEST}' was chosen in the training folds, and what the journey gains over such a choice has no "
                f"interval to be trusted.\nCompare with {listed([AVERAGE, *DECISIVE])}, or with each touchpoint."
            )
        if benchmark not in self.benchmarks:
            raise RoleError(f"benchmark must be one of {listed(self.benchmarks, 30)}, but {benchmark!r} was given.")
        i, at = self.indices.index(index), [self.models.index(JOURNEY), self.models.index(benchmark)]
        journey, other = self.values[i, at]
        return float(journey), float(other), self.covariance[i][np.ix_(at, at)]
