"""The numbers that `journeys` is given, checked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from cxstats.errors import RoleError
from cxstats.simulate.levels import TIGHTEST
from cxstats.simulate.parameters import at_least, finite, from_up_to, inside, one_of

FEWEST, MOST = 2, 8  # touchpoints: the tables have up to 6^8 entries
MOST_KNOWN = 0.9  # share of a latent variable that is integrated over
_SCORE = {5: "csat", 10: "nps"}


@dataclass(frozen=True)
class Journey:
    """Every parameter of the population; see `journeys`."""

    loadings: tuple[float, ...]
    factor: float
    own: float
    satisfaction: float
    own_satisfaction: float
    satisfaction_ratio: float | None
    churn: float
    own_churn: float
    churn_ratio: float | None
    rate: float
    unused: tuple[float, ...]
    unused_slope: float
    top: int

    @property
    def names(self) -> tuple[str, ...]:
        """The touchpoints' columns."""
        return tuple(f"touchpoint_{j + 1}" for j in range(len(self.loadings)))

    @property
    def score(self) -> str:
        """Which score of `cohort` has the levels of satisfaction."""
        return _SCORE[self.top]

    @property
    def constants(self) -> tuple[float, ...]:
        """A touchpoint is unused where a standard normal variable lies below this + unused_slope F."""
        spread = np.sqrt(1 + self.unused_slope**2)
        return tuple(float(ndtri(share) * spread) for share in self.unused)


def journey_parameters(
    *,
    loadings: Sequence[float],
    factor: float,
    own: float,
    satisfaction: float,
    own_satisfaction: float,
    satisfaction_ratio: float | None,
    churn: float,
    own_churn: float,
    churn_ratio: float | None,
    rate: float,
    unused: float | Sequence[float],
    unused_slope: float,
    top: int,
) -> Journey:
    """The parameters, if they make a population."""
    checked = _loadings(loadings)
    at_least("factor", factor, 0)
    at_least("own", own, 0)
    if factor + own >= MOST_KNOWN:
        raise RoleError(f"factor + own must be below {MOST_KNOWN}, but factor={factor:g} and own={own:g} were given.")
    _effects("satisfaction", satisfaction, own_satisfaction, satisfaction_ratio, own)
    _effects("churn", churn, own_churn, churn_ratio, own)
    inside("rate", rate, 0, 1)
    one_of("top", top, tuple(_SCORE))
    return Journey(
        loadings=checked,
        factor=float(factor),
        own=float(own),
        satisfaction=float(satisfaction),
        own_satisfaction=float(own_satisfaction),
        satisfaction_ratio=satisfaction_ratio,
        churn=float(churn),
        own_churn=float(own_churn),
        churn_ratio=churn_ratio,
        rate=float(rate),
        unused=_shares(unused, len(checked)),
        unused_slope=finite("unused_slope", unused_slope),
        top=int(top),
    )


def _loadings(loadings: Sequence[float]) -> tuple[float, ...]:
    given: object = loadings
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
        raise RoleError(f"loadings must be a list such as [0.7, 0.6, 0.5], but {loadings!r} was given.")
    if not FEWEST <= len(loadings) <= MOST:
        raise RoleError(f"There must be {FEWEST} to {MOST} loadings, one per touchpoint, but {len(loadings)} given.")
    return tuple(inside(f"loadings[{j}]", loading, -TIGHTEST, TIGHTEST) for j, loading in enumerate(loadings))


def _shares(unused: float | Sequence[float], k: int) -> tuple[float, ...]:
    if not isinstance(unused, Sequence | np.ndarray):
        return (from_up_to("unused", unused, 0, 1),) * k
    if len(unused) != k:
        raise RoleError(f"unused must have one share per touchpoint, {k}, but it has {len(unused)}.")
    return tuple(from_up_to(f"unused[{j}]", share, 0, 1) for j, share in enumerate(unused))


def _effects(name: str, effect: float, own_effect: float, ratio: float | None, own: float) -> None:
    """Both correlations with one outcome must leave room for noise, and a ratio stands in place of the second."""
    finite(name, effect)
    finite(f"own_{name}", own_effect)
    if effect**2 + own_effect**2 >= MOST_KNOWN:
        raise RoleError(
            f"{name}^2 + own_{name}^2 must be below {MOST_KNOWN}, but {name}={effect:g} and own_{name}={own_effect:g} "
            "were given."
        )
    if ratio is None:
        return
    inside(f"{name}_ratio", ratio, 0, np.inf)
    if own_effect != 0:
        raise RoleError(
            f"{name}_ratio={ratio:g} decides what own_{name} is, but own_{name}={own_effect:g} was given as well."
            "\nLeave one of them out."
        )
    if own == 0 or effect == 0:
        zero = "own" if own == 0 else name
        raise RoleError(
            f"{name}_ratio={ratio:g} needs own and {name} to be other than 0, but {zero}=0 was given."
            "\nPass for example own=0.3, the share of the journey rating that no touchpoint shows."
        )
