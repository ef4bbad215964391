"""How soon the event comes for customers with better scores: a Cox regression per metric, over the controls."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.cells import Cells
from cxstats.methods.cox import Cox, cox
from cxstats.roles import outcome_columns


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """One metric over the controls.

    Attributes
    ----------
    sd : float
        Standard deviation of the metric among the rows used.
    cox : Cox
        The metric first, then the controls.
    """

    metric: str
    sd: float
    cox: Cox

    @property
    def per_sd(self) -> tuple[float, float, float]:
        """Hazard ratio of the event for a standard deviation more of the score (up is good), and its 95% limits."""
        limits = self.cox.confidence_interval()
        logs = np.array([self.cox.estimate[0], limits.low[0], limits.high[0]]) * self.sd
        ratio, low, high = np.exp(logs)
        return float(ratio), float(low), float(high)


def hazards(cells: Cells, names: Sequence[str]) -> tuple[Hazard, ...]:
    """Each metric over the controls, all on the same rows: those that have every metric and control."""
    columns = (*outcome_columns(cells.roles.outcome), *cells.roles.controls)
    same = cells.where(cells.observed((*columns, *names)) & (cells.row_weight > 0))
    found = []
    for name in names:
        kept = same.select(*columns, name)
        mass = kept.count * kept.row_weight
        mean = np.average(kept[name], weights=mass)
        sd = float(np.sqrt(np.average((kept[name] - mean) ** 2, weights=mass)))
        found.append(Hazard(metric=name, sd=sd, cox=cox(kept, metrics=[name])))
    return tuple(found)
