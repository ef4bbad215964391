"""What holds in the population that `journeys` draws from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from scipy.special import ndtr, ndtri

from cxstats.arrays import Floats
from cxstats.errors import RoleError
from cxstats.simulate.journey_parameters import MOST_KNOWN, Journey
from cxstats.simulate.levels import level_values, levels_given, normal_nodes
from cxstats.simulate.tables import area, correlation
from cxstats.simulate.touchpoints import Touchpoints, composite, linear_fit, logistic_area, touchpoints

ALL, COMPOSITE = "all", "composite"


@dataclass(frozen=True, kw_only=True, eq=False)
class JourneysTruth:
    """What holds in the population that `journeys` draws from, among journeys with at least one touchpoint used.

    Attributes
    ----------
    touchpoints : tuple of str
    r : mapping to float
        Correlation with satisfaction of ``"journey"``; of each touchpoint, where it is used; of ``"composite"``,
        the mean of the touchpoints that are used; of ``"all"``, the best linear combination of all touchpoints
        (for each an indicator that it is used, and its rating where it is).
    auc : mapping to float
        P(the better score has the customer who stays), likewise; ``"all"`` is a logistic regression on the same
        columns.
    ratio, auc_ratio : mapping to float
        r of the journey rating (its area less 1/2) over that of the ``"average"`` touchpoint, the ``"best"``
        one, the ``"composite"`` and ``"all"``.
    reliability : mapping to float
        Share of the variance that a second reading of the same journey would share: of ``"journey"``, each
        touchpoint, and ``"composite"``.
    added_r2 : float
        What the journey rating adds to the share of satisfaction's variance that all touchpoints explain. Above
        0 even without a journey effect, since it is one more reading of the factor.
    partial_r : float
        Correlation of journey rating and satisfaction at equal factor: 0 where there is no journey effect.
    own_satisfaction, own_churn : float
        Correlation of the journey's own part with latent satisfaction, and with latent staying.
    unused : mapping from touchpoint to float
        Share of journeys in which it is not used.
    none_used : float
        Share of journeys in which no touchpoint is used; the figures above are about the others.
    rate : float
        Share who churn, among all.
    """

    touchpoints: tuple[str, ...]
    r: Mapping[str, float]
    auc: Mapping[str, float]
    ratio: Mapping[str, float]
    auc_ratio: Mapping[str, float]
    reliability: Mapping[str, float]
    added_r2: float
    partial_r: float
    own_satisfaction: float
    own_churn: float
    unused: Mapping[str, float]
    none_used: float
    rate: float


@lru_cache(maxsize=64)
def journey_population(given: Journey) -> JourneysTruth:
    """All truths of one set of parameters."""
    served = touchpoints(given)
    levels = level_values(given.score)
    # Touchpoints meet satisfaction and churn in the factor only, so that the own part matters to neither.
    feeling, staying = _levels(given, 0.0).mean(axis=1), _staying(given, 0.0).mean(axis=1)
    fit, mean = linear_fit(served, feeling @ levels, feeling @ levels**2), composite(served)
    r = {name: _single_r(served, j, feeling, levels) for j, name in enumerate(given.names)}
    r |= {COMPOSITE: _table_r(mean.values, mean.given, served, feeling, levels), ALL: fit.r}
    auc = {name: _single_auc(served, j, staying) for j, name in enumerate(given.names)}
    auc |= {COMPOSITE: _table_auc(mean.values, mean.given, served, staying), ALL: logistic_area(served, staying)}
    journey = _Journey(given, served)
    own_r = _solved("satisfaction", given, given.satisfaction_ratio, r[ALL], journey.r)
    own_a = _solved("churn", given, given.churn_ratio, auc[ALL] - 0.5, lambda b: journey.auc(b) - 0.5)
    r = {"journey": journey.r(own_r), **r}
    auc = {"journey": journey.auc(own_a), **auc}
    reliability = {"journey": journey.reliability}
    reliability |= {name: served.reliability(j) for j, name in enumerate(given.names)}
    return JourneysTruth(
        touchpoints=given.names,
        r=MappingProxyType(r),
        auc=MappingProxyType(auc),
        ratio=MappingProxyType(_ratios(r, given.names, 0.0)),
        auc_ratio=MappingProxyType(_ratios(auc, given.names, 0.5)),
        reliability=MappingProxyType({**reliability, COMPOSITE: mean.reliability(served)}),
        added_r2=fit.added(journey.mean, journey.square, journey.product(own_r)),
        partial_r=journey.partial(own_r),
        own_satisfaction=own_r,
        own_churn=own_a,
        unused=MappingProxyType(dict(zip(given.names, given.unused, strict=True))),
        none_used=served.none_used,
        rate=given.rate,
    )


def _ratios(index: Mapping[str, float], names: tuple[str, ...], floor: float) -> dict[str, float]:
    over = {name: value - floor for name, value in index.items()}
    singles = [over[name] for name in names]
    rivals = {"average": float(np.mean(singles)), "best": max(singles), COMPOSITE: over[COMPOSITE], ALL: over[ALL]}
    return {rival: over["journey"] / value if value else np.nan for rival, value in rivals.items()}


def _solved(name: str, given: Journey, ratio: float | None, rival: float, index: Callable[[float], float]) -> float:
    """The own part's correlation with an outcome: as given, or such that the ratio holds."""
    from scipy.optimize import brentq

    if ratio is None:
        return float(getattr(given, f"own_{name}"))
    most = float(np.sqrt(MOST_KNOWN - getattr(given, name) ** 2))
    least, largest = index(0.0) / rival, index(most) / rival
    if not least <= ratio <= largest:
        raise RoleError(
            f"With these parameters {name}_ratio must lie from {least:.3g} to {largest:.3g}, but {ratio:g} was given."
            "\nA larger share of own, or a smaller effect of the factor, widens the range."
        )
    return float(brentq(lambda b: index(b) - ratio * rival, 0.0, most, xtol=1e-13))


def _levels(given: Journey, own_effect: float) -> Floats:
    """P(level of satisfaction | factor, own part), shape (F, O, levels); one O where it matters not."""
    own = normal_nodes()[0] if own_effect else np.zeros(1)
    mean = given.satisfaction * normal_nodes()[0][:, None] + own_effect * own
    return levels_given(given.score, mean, np.sqrt(1 - given.satisfaction**2 - own_effect**2))


def _staying(given: Journey, own_effect: float) -> Floats:
    """P(customer stays | factor, own part), shape (F, O)."""
    own = normal_nodes()[0] if own_effect else np.zeros(1)
    mean = given.churn * normal_nodes()[0][:, None] + own_effect * own
    stays: Floats = ndtr((mean - ndtri(given.rate)) / np.sqrt(1 - given.churn**2 - own_effect**2))
    return stays


class _Journey:
    """The journey rating, and its tables with the outcomes for any effect of its own part."""

    def __init__(self, given: Journey, served: Touchpoints) -> None:
        nodes, weight = normal_nodes()
        mean = np.sqrt(given.factor) * nodes[:, None] + np.sqrt(given.own) * nodes
        self.given, self.weight = given, weight
        self.levels = level_values("csat")
        self.share = levels_given("csat", mean, np.sqrt(1 - given.factor - given.own))  # (F, O, 5)
        self.mass = served.share[:, None] * weight  # of factor and own part, at least one touchpoint used
        known = self.share @ self.levels
        self.mean = known @ weight
        self.square = self.share @ self.levels**2 @ weight
        total = float(self.mass.sum())
        level = float((self.mass * known).sum()) / total
        within = float((self.mass * (self.share @ self.levels**2 - known**2)).sum())
        spread = float((self.mass * (self.share @ (self.levels - level) ** 2)).sum())
        self.reliability = 1 - within / spread

    def table(self, outcome: Floats) -> Floats:
        """P(journey rating, outcome), outcome of shape (F, O or 1, levels)."""
        flat = (self.share * self.mass[..., None]).reshape(-1, len(self.levels))
        wide = np.broadcast_to(outcome, (*self.mass.shape, outcome.shape[-1])).reshape(len(flat), -1)
        joint: Floats = flat.T @ wide
        return joint

    def r(self, own_effect: float) -> float:
        x, y = np.meshgrid(self.levels, level_values(self.given.score), indexing="ij")
        return correlation(x, y, self.table(_levels(self.given, own_effect)))

    def auc(self, own_effect: float) -> float:
        stays = _staying(self.given, own_effect)[..., None]
        bad, good = self.table(np.concatenate([1 - stays, stays], axis=-1)).T
        return area(self.levels, bad, good)

    def product(self, own_effect: float) -> Floats:
        """E(journey rating times satisfaction | factor)."""
        feeling = _levels(self.given, own_effect) @ level_values(self.given.score)
        product: Floats = (self.share @ self.levels * feeling) @ self.weight
        return product

    def partial(self, own_effect: float) -> float:
        levels, share = level_values(self.given.score), self.mass.sum(axis=1)
        mean = _levels(self.given, 0.0)[:, 0] @ levels
        spread = _levels(self.given, 0.0)[:, 0] @ levels**2 - mean**2
        if own_effect == 0:
            return 0.0
        joint = share @ (self.product(own_effect) - self.mean * mean)
        return float(joint / np.sqrt((share @ (self.square - self.mean**2)) * (share @ spread)))


def _single_r(served: Touchpoints, j: int, feeling: Floats, levels: Floats) -> float:
    return _table_r(served.levels, served.rated[j] * served.used[j][:, None], served, feeling, levels)


def _single_auc(served: Touchpoints, j: int, staying: Floats) -> float:
    return _table_auc(served.levels, served.rated[j] * served.used[j][:, None], served, staying)


def _table_r(values: Floats, given: Floats, served: Touchpoints, feeling: Floats, levels: Floats) -> float:
    joint = (given * served.weight[:, None]).T @ feeling
    x, y = np.meshgrid(values, levels, indexing="ij")
    return correlation(x, y, joint)


def _table_auc(values: Floats, given: Floats, served: Touchpoints, staying: Floats) -> float:
    mass = (given * served.weight[:, None]).T
    return area(values, mass @ (1 - staying), mass @ staying)
