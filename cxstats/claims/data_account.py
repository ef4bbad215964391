"""How the metrics of a study go together, for the data page of the report."""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import Cells
from cxstats.errors import CxStatsError
from cxstats.numerics.correlation import correlation_matrix, standard_scores

if TYPE_CHECKING:
    from cxstats.study.study import Study

FEWEST_ROWS = 3  # any two rows lie on a line
MOST_METRICS = 30  # a table of more is no longer read


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """Pearson's correlation of two metrics, each turned so that up is good, on the ``n`` rows that have both.

    NaN where there are fewer than three such rows, or where one of the two is the same in all of them.
    """

    first: str
    second: str
    r: float
    n: int


def metric_correlations(study: "Study") -> tuple[Correlation, ...]:
    """Every two of the first 30 metrics of a study; survey weights count where the study has them.

    Two metrics that cannot be read together (one is off its scale) are left out: a note of the study says why.
    """
    found = []
    for first, second in combinations(list(study.metric_scales)[:MOST_METRICS], 2):
        try:
            found.append(_correlated(study.cells(None, metrics=(first, second)), first, second))
        except CxStatsError:
            continue
    return tuple(found)


def _correlated(cells: Cells, first: str, second: str) -> Correlation:
    """Two metrics on the rows that have both."""
    both = cells.where(cells.observed([first, second]))
    mass = both.count * both.row_weight
    used = mass > 0
    scores = np.column_stack([_good(both, name) for name in (first, second)])[used]
    if both.n < FEWEST_ROWS or not len(scores) or np.ptp(scores, axis=0).min() == 0:
        return Correlation(first=first, second=second, r=math.nan, n=both.n)
    standard = standard_scores(scores, mass[used])
    return Correlation(first=first, second=second, r=float(correlation_matrix(standard, mass[used])[0, 1]), n=both.n)


def _good(cells: Cells, name: str) -> Floats:
    """The values, turned where up is bad."""
    values = cells[name].astype(np.float64)
    return values if cells.roles.metrics[name].higher_is_better else -values
