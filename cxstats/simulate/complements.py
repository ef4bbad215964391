"""Three scores that complement each other, or one that says it all."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.special import expit

from cxstats.arrays import Floats
from cxstats.simulate.answers import size
from cxstats.simulate.levels import TIGHTEST, level_share, level_values, levels_given, normal_nodes
from cxstats.simulate.parameters import by_metric, from_up_to, inside
from cxstats.simulate.population import SCORES
from cxstats.simulate.tables import (
    Prediction,
    correlation,
    draw_cells,
    intercept,
    logistic_prediction,
    read_only,
    standardised_levels,
)

_METRICS = tuple(SCORES)
_ALL = " + ".join(_METRICS)
_EQUAL = MappingProxyType({"nps": 0.3, "csat": 0.3, "ease": 0.3})


@dataclass(frozen=True, kw_only=True, eq=False)
class ComplementsTruth:
    """What holds in the population that `complements` draws from.

    Attributes
    ----------
    strength : mapping from metric to float
        Log-odds of repurchase per SD of the metric, the other metrics being equal.
    correlations : array, shape (3, 3)
        Pearson correlations of nps, csat and ease.
    joint, repurchase_at : arrays, shape (11, 5, 7)
        Share of customers at each combination of levels, and the share of these who repurchase.
    rate : float
        Share who repurchase.
    subsets : mapping from subset to Prediction
        Log-loss per customer and area of the logistic regression on each subset, from ``"nps"`` to
        ``"nps + csat + ease"``, which is the true model.
    best : str
        The single metric with the lowest log-loss; ``"nps"`` where none tells anything.
    log_loss_gain, auc_gain : float
        What all three gain over the best single metric; 0 where only one has a strength.
    """

    strength: Mapping[str, float]
    correlations: Floats
    joint: Floats
    repurchase_at: Floats
    rate: float
    subsets: Mapping[str, Prediction]
    best: str
    log_loss_gain: float
    auc_gain: float


def complements_truth(
    *, strength: Mapping[str, float] = _EQUAL, halo: float = 0.5, repurchase: float = 0.55
) -> ComplementsTruth:
    """The population quantities behind `complements`, whose parameters these are.

    The joint distribution of the scores is an integral over what they share (by quadrature, good to 1e-10);
    all else are finite sums over its 385 combinations.
    """
    inside("repurchase", repurchase, 0, 1)
    return _population(by_metric("strength", strength), from_up_to("halo", halo, 0, TIGHTEST), repurchase)


@lru_cache(maxsize=64)
def _population(strength: tuple[float, ...], halo: float, repurchase: float) -> ComplementsTruth:
    joint = _joint(halo)
    steps = [b * standardised_levels(level_values(m), level_share(m)) for m, b in zip(_METRICS, strength, strict=True)]
    index = steps[0][:, None, None] + steps[1][:, None] + steps[2]
    at = expit(intercept(index, joint, repurchase) + index)
    subsets = {" + ".join(chosen): _subset(chosen, joint, at) for chosen in _subsets()}
    best = min(_METRICS, key=lambda metric: subsets[metric].log_loss)
    lone = sum(b != 0 for b in strength) <= 1
    return ComplementsTruth(
        strength=MappingProxyType(dict(zip(_METRICS, strength, strict=True))),
        correlations=read_only(_correlations(joint)),
        joint=read_only(joint),
        repurchase_at=read_only(at),
        rate=float((joint * at).sum()),
        subsets=MappingProxyType(subsets),
        best=best,
        log_loss_gain=0.0 if lone else subsets[best].log_loss - subsets[_ALL].log_loss,
        auc_gain=0.0 if lone else subsets[_ALL].auc - subsets[best].auc,
    )


def complements(
    n: int,
    *,
    rng: int | np.random.Generator,
    strength: Mapping[str, float] = _EQUAL,
    halo: float = 0.5,
    repurchase: float = 0.55,
) -> Any:
    """Simulated customers of whom each score tells something that the others do not, or only one tells anything.

    Use it to see what several metrics together gain over the best one.

    Parameters
    ----------
    n : int
        Number of customers.
    rng : int or numpy Generator
        The seed, or the generator to draw from.
    strength : mapping from nps, csat, ease to float
        Log-odds of repurchase per SD of each metric, the others being equal; metrics that are not named
        get 0. With one metric named, the others go with repurchase only through it, and adding them to it
        gains exactly nothing.
    halo : float
        Correlation of the latent variables of any two scores, in [0, .9).
    repurchase : float
        Share who repurchase.

    Returns
    -------
    pandas.DataFrame
        nps 0-10, csat 1-5, ease 1-7 (up is good), repurchase 0/1.

    Raises
    ------
    RoleError
        A parameter is out of its range, or ``strength`` names another metric.
    TooFewError
        ``n`` is not a whole number from 1 up.

    Examples
    --------
    >>> import cxstats as cx
    >>> list(cx.simulate.complements(1000, rng=1).columns)
    ['nps', 'csat', 'ease', 'repurchase']
    >>> cx.simulate.complements_truth(strength={"csat": 0.5}).auc_gain
    0.0
    """
    import pandas as pd

    n = size("n", n)
    people = complements_truth(strength=strength, halo=halo, repurchase=repurchase)
    at = people.repurchase_at
    cells = draw_cells(people.joint[..., None] * np.stack([1 - at, at], axis=-1), n, np.random.default_rng(rng))
    scores = {m: cell + int(SCORES[m].low) for m, cell in zip(_METRICS, cells[:-1], strict=True)}
    return pd.DataFrame({**scores, "repurchase": cells[-1]})


def _joint(halo: float) -> Floats:
    """P(nps, csat, ease): independent given what they share."""
    shared, share = normal_nodes()
    given = [levels_given(metric, np.sqrt(halo) * shared, np.sqrt(1 - halo)) for metric in _METRICS]
    joint: Floats = np.einsum("h,hi,hj,hk->ijk", share, *given, optimize=True)
    return joint


def _subsets() -> list[tuple[str, ...]]:
    return [chosen for k in range(1, len(_METRICS) + 1) for chosen in combinations(_METRICS, k)]


def _subset(chosen: tuple[str, ...], joint: Floats, at: Floats) -> Prediction:
    """The logistic regression on some of the metrics: the table summed over the others."""
    others = tuple(axis for axis, metric in enumerate(_METRICS) if metric not in chosen)
    bad, good = (joint * (1 - at)).sum(axis=others), (joint * at).sum(axis=others)
    return logistic_prediction([level_values(metric) for metric in chosen], bad, good)


def _correlations(joint: Floats) -> Floats:
    grids = np.meshgrid(*(level_values(metric) for metric in _METRICS), indexing="ij")
    return np.array([[correlation(x, y, joint) for y in grids] for x in grids])
