"""One score whose log-odds of repurchase are a line, a step at the top two boxes, or a curve."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from scipy.special import expit

from cxstats.arrays import Floats
from cxstats.simulate.answers import size
from cxstats.simulate.levels import level_share, level_values
from cxstats.simulate.parameters import finite, inside, one_of
from cxstats.simulate.population import SCORES
from cxstats.simulate.tables import Prediction, area, draw_cells, intercept, logistic_prediction, read_only
from cxstats.simulate.tables import standardised_levels as standardised

Shape = Literal["linear", "top two", "curve"]
_SHAPES = ("linear", "top two", "curve")


@dataclass(frozen=True, kw_only=True, eq=False)
class ShapeTruth:
    """What holds in the population that `shapes` draws from.

    Attributes
    ----------
    metric, shape : str
    levels, level_share, repurchase_at : arrays
        The levels of the score, the share of customers at each, and the share of these who repurchase.
    rate : float
        Share who repurchase.
    coded : mapping from coding to Prediction
        Log-loss per customer and area of the logistic regression on ``"full scale"`` (linear), on
        ``"top two"`` (the best two levels against the rest), and of ``"saturated"`` (a rate per level).
        Nothing beats ``"saturated"``; where ``shape`` is right, its coding equals it.
    nothing : float
        Log-loss where everybody is given the same chance.
    gain : float
        Log-loss of the full scale minus that of the top two: above 0 the top two predict better.
    auc_gain : float
        Area of the top two minus that of the full scale: exactly 0 where ``shape`` is ``"top two"``, since
        the order of the levels within the two groups then tells nothing, and costs nothing.
    bend : float
        Log-loss that a curve can gain over the straight line: 0 where the shape is linear.
    """

    metric: str
    shape: str
    levels: Floats
    level_share: Floats
    repurchase_at: Floats
    rate: float
    coded: Mapping[str, Prediction]
    nothing: float
    gain: float
    auc_gain: float
    bend: float


def shapes_truth(
    *, metric: str = "csat", shape: Shape = "linear", strength: float = 0.5, repurchase: float = 0.55
) -> ShapeTruth:
    """The population quantities behind `shapes`, whose parameters these are: finite sums, good to 1e-12."""
    one_of("metric", metric, tuple(SCORES))
    one_of("shape", shape, _SHAPES)
    finite("strength", strength)
    inside("repurchase", repurchase, 0, 1)
    levels, share = level_values(metric), level_share(metric)
    index = strength * standardised(_shaped(levels, shape), share)
    at = expit(intercept(index, share, repurchase) + index)
    bad, good = share * (1 - at), share * at
    coded = {
        "full scale": logistic_prediction([levels], bad, good),
        "top two": logistic_prediction([np.array([0.0, 1.0])], _two(bad), _two(good)),
        "saturated": _saturated(at, bad, good),
    }
    full, top = coded["full scale"], coded["top two"]
    return ShapeTruth(
        metric=metric,
        shape=shape,
        levels=read_only(levels),
        level_share=read_only(share),
        repurchase_at=read_only(at),
        rate=float(good.sum()),
        coded=MappingProxyType(coded),
        nothing=float(-repurchase * np.log(repurchase) - (1 - repurchase) * np.log(1 - repurchase)),
        gain=full.log_loss - top.log_loss,
        auc_gain=top.auc - full.auc,
        bend=0.0 if shape == "linear" else full.log_loss - coded["saturated"].log_loss,
    )


def shapes(
    n: int,
    *,
    rng: int | np.random.Generator,
    metric: str = "csat",
    shape: Shape = "linear",
    strength: float = 0.5,
    repurchase: float = 0.55,
) -> Any:
    """Simulated customers whose score tells about repurchase in a known shape.

    Use it to see what a top-two score wins or loses against the full scale.

    Parameters
    ----------
    n : int
        Number of customers.
    rng : int or numpy Generator
        The seed, or the generator to draw from.
    metric : {"csat", "nps", "ease"}
        The score: 1-5, 0-10 or 1-7.
    shape : {"linear", "top two", "curve"}
        How the log-odds of repurchase go with the score: in a straight line; with one step, up to the best
        two levels; or ever more steeply (the square of the way up the scale).
    strength : float
        Log-odds per SD of the shape in the population, so that shapes of one strength tell about equally
        much. 0 for a score that knows nothing.
    repurchase : float
        Share who repurchase.

    Returns
    -------
    pandas.DataFrame
        The score, named as ``metric``, and repurchase 0/1.

    Raises
    ------
    RoleError
        A parameter is out of its range.
    TooFewError
        ``n`` is not a whole number from 1 up.

    Examples
    --------
    >>> import cxstats as cx
    >>> list(cx.simulate.shapes(1000, rng=1, shape="top two").columns)
    ['csat', 'repurchase']
    >>> cx.simulate.shapes_truth(shape="top two").gain > 0 > cx.simulate.shapes_truth(shape="linear").gain
    True
    """
    import pandas as pd

    n = size("n", n)
    people = shapes_truth(metric=metric, shape=shape, strength=strength, repurchase=repurchase)
    at = people.repurchase_at
    joint = people.level_share[:, None] * np.column_stack([1 - at, at])
    level, outcome = draw_cells(joint, n, np.random.default_rng(rng))
    return pd.DataFrame({metric: level + int(people.levels[0]), "repurchase": outcome})


def _shaped(levels: Floats, shape: str) -> Floats:
    if shape == "top two":
        return np.where(levels >= levels[-2], 1.0, 0.0)
    climbed: Floats = (levels - levels[0]) / (levels[-1] - levels[0])
    return climbed if shape == "linear" else climbed**2


def _two(mass: Floats) -> Floats:
    """The probability of the lower levels, and of the top two."""
    return np.array([mass[:-2].sum(), mass[-2:].sum()])


def _saturated(at: Floats, bad: Floats, good: Floats) -> Prediction:
    """A rate for every level: the log-loss is the entropy that is left."""
    loss = -float(bad @ np.log1p(-at) + good @ np.log(at))
    return Prediction(loss, area(at, bad, good))
