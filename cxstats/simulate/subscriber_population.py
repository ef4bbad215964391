"""What is true of simulated subscribers: sums over all combinations of scores, months of entry and of leaving."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.simulate.complements import complements_truth
from cxstats.simulate.levels import level_share, level_values
from cxstats.simulate.population import SCORES
from cxstats.simulate.tables import best_of, read_only, standardised_levels

METRICS = tuple(SCORES)
LATEST = 12  # months after signup at which the last survey is answered


@dataclass(frozen=True, kw_only=True, eq=False)
class SubscribersTruth:
    """What holds in the population that `subscribers` draws from.

    Attributes
    ----------
    hazard_ratio : mapping from metric to float
        Of cancelling, per SD of the metric, the other metrics being equal.
    log_hazard : mapping from metric to float
        Log hazard ratio per point of the metric, likewise.
    joint : array, shape (11, 5, 7)
        Share of customers at each combination of nps, csat and ease when they answer.
    baseline : array, shape (last month,)
        Chance to cancel in month 1, 2 ... since signup of a customer with mean scores who is still there.
    cancelled : float
        Share who are seen to cancel.
    concordance : mapping from metric to float
        Harrell's, for each metric alone: of two customers of whom one cancels while the other is watched and
        outlives that month, the one with the better score stays longer with this probability, equal scores
        counting one half. It hangs on who is watched how long, and so on entry and censoring.
    best : str or None
        The metric with the largest concordance; None where two share it.
    everything : float
        Concordance of the true index of all three metrics.
    """

    hazard_ratio: Mapping[str, float]
    log_hazard: Mapping[str, float]
    joint: Floats
    baseline: Floats
    cancelled: float
    concordance: Mapping[str, float]
    best: str | None
    everything: float


@dataclass(frozen=True)
class SubscriberParameters:
    """The parameters of `subscribers`, checked; hazard ratios in the order of the metrics."""

    hazard_ratio: tuple[float, ...]
    months: int
    monthly: float
    shape: float
    lost: float
    late_entry: bool
    halo: float

    @property
    def entries(self) -> Ints:
        """The months after signup at which the survey is answered, each as likely."""
        return np.arange(LATEST + 1 if self.late_entry else 1)

    @property
    def rate(self) -> float:
        """Cumulative hazard of the first month at mean scores."""
        return float(-np.log1p(-self.monthly))

    def cumulative(self, month: Floats | Ints) -> Floats:
        """Cumulative hazard up to a time since signup, at mean scores."""
        hazard: Floats = self.rate * np.asarray(month, dtype=np.float64) ** self.shape
        return hazard

    def steps(self) -> list[Floats]:
        """What each level of each metric adds to the log hazard."""
        return [
            np.log(ratio) * standardised_levels(level_values(metric), level_share(metric))
            for metric, ratio in zip(METRICS, self.hazard_ratio, strict=True)
        ]


@lru_cache(maxsize=64)
def subscriber_population(given: SubscriberParameters) -> SubscribersTruth:
    """The truth of checked parameters, computed once."""
    joint = complements_truth(halo=given.halo).joint
    steps = given.steps()
    index = (steps[0][:, None, None] + steps[1][:, None] + steps[2]).ravel()
    cancels, outlives = _by_month(given, joint.ravel(), index)
    levels = np.indices(joint.shape).reshape(len(METRICS), -1)
    found = {m: _concordance(level, cancels, outlives) for m, level in zip(METRICS, levels, strict=True)}
    month = np.arange(len(cancels[0]) + 1)
    return SubscribersTruth(
        hazard_ratio=MappingProxyType(dict(zip(METRICS, given.hazard_ratio, strict=True))),
        log_hazard=MappingProxyType({m: float(step[1] - step[0]) for m, step in zip(METRICS, steps, strict=True)}),
        joint=joint,
        baseline=read_only(-np.expm1(-np.diff(given.cumulative(month)))),
        cancelled=float(cancels.sum()),
        concordance=MappingProxyType(found),
        best=best_of(found),
        everything=_concordance(-index, cancels, outlives),
    )


def _by_month(given: SubscriberParameters, share: Floats, index: Floats) -> tuple[Floats, Floats]:
    """P(scores, cancels in month t) and P(scores, is watched in month t and outlives it); one column per month.

    Who is lost or no longer watched from the end of month t outlives it.
    """
    last = int(given.entries[-1]) + given.months
    ratio = np.exp(index)[:, None]
    cancels, outlives = np.zeros((2, len(share), last))
    for entry in given.entries:
        month = np.arange(entry + 1, entry + given.months + 1)
        before = given.cumulative(month - 1)
        not_lost = (1 - given.lost) ** (month - 1 - entry)
        watched = share[:, None] / len(given.entries) * not_lost * np.exp(-ratio * (before - given.cumulative(entry)))
        hazard = ratio * (given.cumulative(month) - before)
        cancels[:, month - 1] += watched * -np.expm1(-hazard)
        outlives[:, month - 1] += watched * np.exp(-hazard)
    return cancels, outlives


def _concordance(score: Floats | Ints, cancels: Floats, outlives: Floats) -> float:
    """P(who cancels has the lower score) + P(equal scores) / 2, of who cancels in a month and who outlives it."""
    values, code = np.unique(score, return_inverse=True)
    goes, stays = np.zeros((2, len(values), cancels.shape[1]))
    np.add.at(goes, code, cancels)
    np.add.at(stays, code, outlives)
    higher = np.cumsum(stays[::-1], axis=0)[::-1] - stays / 2
    return float((goes * higher).sum() / (goes.sum(axis=0) @ stays.sum(axis=0)))
