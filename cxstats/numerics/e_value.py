"""E-values: how strongly something unmeasured must go with group and outcome to explain an association away.

VanderWeele & Ding (2017), doi:10.7326/M16-2607. Other measures become risk ratios first: an odds ratio of a common
outcome by its square root (VanderWeele 2017, doi:10.1097/EDE.0000000000000733), a difference d in standard deviations
by exp(.91 d) (table 2 of the first).
"""

import math
from dataclasses import dataclass

_PER_DEVIATION = 0.91


@dataclass(frozen=True)
class EValues:
    """E-values of a risk ratio and of the end of its interval that lies nearer to 1.

    Attributes
    ----------
    estimate, limit : float
        Risk ratio by which an unmeasured confounder would have to go with the group, and with the outcome, to explain
        all of it; 1 where nothing is needed, as where the interval holds 1.
    """

    estimate: float
    limit: float


def e_value(risk_ratio: float) -> float:
    """RR + sqrt(RR (RR - 1)) for RR of at least 1; below, that of 1 / RR."""
    if math.isnan(risk_ratio) or risk_ratio <= 0:
        return math.inf if risk_ratio == 0 else math.nan
    above = max(risk_ratio, 1 / risk_ratio)
    return above + math.sqrt(above * (above - 1))


def e_values(risk_ratio: float, low: float, high: float) -> EValues:
    """Of the estimate, and of the limit nearer to 1."""
    limit = 1.0 if low <= 1 <= high else e_value(low if low > 1 else high)
    return EValues(e_value(risk_ratio), limit)


def from_odds_ratio(odds_ratio: float, *, common: bool) -> float:
    """The risk ratio that an odds ratio stands for: itself for a rare outcome (below 15%), else its square root."""
    return math.sqrt(odds_ratio) if common else odds_ratio


def from_deviations(difference: float) -> float:
    """The risk ratio that a difference in standard deviations of the outcome stands for, roughly."""
    return math.exp(_PER_DEVIATION * difference)
