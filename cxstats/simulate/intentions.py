"""Satisfaction, what customers say they will do, and what they do: curves that bend in known ways."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import comb, xlog1py, xlogy

from cxstats.arrays import Floats
from cxstats.errors import RoleError
from cxstats.simulate.answers import size
from cxstats.simulate.levels import level_share, level_values
from cxstats.simulate.parameters import finite, from_up_to, inside, one_of
from cxstats.simulate.tables import correlation, draw_cells, read_only, standardised_levels

_TOP = 7  # intentions run from 1 to 7, unless a ceiling cuts them


@dataclass(frozen=True, kw_only=True, eq=False)
class IntentionsTruth:
    """What holds in the population that `intentions` draws from; every number is a sum over its table.

    Attributes
    ----------
    r_intention, r_behaviour : float
        Pearson correlations of satisfaction with the intention and with repurchase.
    gap : float
        r_intention - r_behaviour.
    r_between : float
        Correlation of the intention with repurchase.
    bend_intention, bend_behaviour : float
        Correlations of each with the curved part of satisfaction (its square, freed of the straight line):
        below 0 for diminishing, above 0 for increasing returns, 0 for a straight line.
    intention_at, repurchase_at : arrays, shape (5,)
        Mean intention and share who repurchase at each level of satisfaction.
    second_intention, second_behaviour : arrays, shape (3,)
        Their second differences, around the levels 2, 3 and 4 of satisfaction; the last is that at the top.
    csat_share : array, shape (5,)
    top_share : float
        Share of customers who give the highest intention that can be given.
    rate : float
        Share who repurchase.
    joint : array, shape (5, answers of the intention, 2)
        Share of customers with each combination of satisfaction, intention and repurchase.
    """

    r_intention: float
    r_behaviour: float
    gap: float
    r_between: float
    bend_intention: float
    bend_behaviour: float
    intention_at: Floats
    repurchase_at: Floats
    second_intention: Floats
    second_behaviour: Floats
    csat_share: Floats
    top_share: float
    rate: float
    joint: Floats


def intentions_truth(
    *,
    intention: float = 0.5,
    behaviour: float = 0.2,
    bend_intention: float = -0.1,
    bend_behaviour: float = 0.06,
    follow: float = 0.03,
    mean: float = 4.5,
    ceiling: int = 7,
    repurchase: float = 0.5,
) -> IntentionsTruth:
    """The population quantities behind `intentions`, whose parameters these are: finite sums, good to 1e-12."""
    return _population(intention, behaviour, bend_intention, bend_behaviour, follow, mean, ceiling, repurchase)


def intentions(
    n: int,
    *,
    rng: int | np.random.Generator,
    intention: float = 0.5,
    behaviour: float = 0.2,
    bend_intention: float = -0.1,
    bend_behaviour: float = 0.06,
    follow: float = 0.03,
    mean: float = 4.5,
    ceiling: int = 7,
    repurchase: float = 0.5,
) -> Any:
    """Simulated customers whose satisfaction goes with intentions more than with behaviour, in curves of known bend.

    By default the intention shows diminishing and the behaviour increasing returns, as Mittal and Kamakura
    found [1]_.

    Parameters
    ----------
    n : int
        Number of customers.
    rng : int or numpy Generator
        The seed, or the generator to draw from.
    intention, behaviour : float
        Correlation of satisfaction with the intention (as long as no ceiling cuts it) and with repurchase.
    bend_intention, bend_behaviour : float
        Correlation of each with the curved part of satisfaction: below 0 the curve flattens towards the
        top, above 0 it steepens, 0 is a straight line.
    follow : float
        Change of the share who repurchase per point of the intention, at equal satisfaction.
    mean : float
        Mean intention as long as no ceiling cuts it.
    ceiling : int
        The highest intention that can be given, from 2 to 7; higher ones are recorded as this. 7 cuts
        nothing, 5 puts half of the customers at the top and bends a straight line.
    repurchase : float
        Share who repurchase.

    Returns
    -------
    pandas.DataFrame
        csat 1-5, intention from 1 to ``ceiling``, repurchase 0/1.

    Raises
    ------
    RoleError
        No population has these parameters; the message says where they leave the scale.
    TooFewError
        ``n`` is not a whole number from 1 up.

    Notes
    -----
    Mean intention and share who repurchase are the mean, plus a line in satisfaction, plus a parabola that is
    uncorrelated with the line. At each level of satisfaction the intention is 1 plus a binomial count of 6.

    References
    ----------
    .. [1] Mittal & Kamakura (2001). Journal of Marketing Research 38, 131-142. doi:10.1509/jmkr.38.1.131.18832

    Examples
    --------
    >>> import cxstats as cx
    >>> list(cx.simulate.intentions(1000, rng=1).columns)
    ['csat', 'intention', 'repurchase']
    >>> round(cx.simulate.intentions_truth().gap, 10)
    0.3
    """
    import pandas as pd

    n = size("n", n)
    curves = _population(intention, behaviour, bend_intention, bend_behaviour, follow, mean, ceiling, repurchase)
    csat, said, done = draw_cells(curves.joint, n, np.random.default_rng(rng))
    return pd.DataFrame({"csat": csat + 1, "intention": said + 1, "repurchase": done})


def _population(
    intention: float,
    behaviour: float,
    bend_intention: float,
    bend_behaviour: float,
    follow: float,
    mean: float,
    ceiling: int,
    repurchase: float,
) -> IntentionsTruth:
    """The truth of these parameters, if there is one."""
    said = finite("intention", intention) ** 2 + finite("bend_intention", bend_intention) ** 2
    done = finite("behaviour", behaviour) ** 2 + finite("bend_behaviour", bend_behaviour) ** 2
    from_up_to("intention**2 + bend_intention**2", said, 0, 1)  # the variance that satisfaction accounts for
    from_up_to("behaviour**2 + bend_behaviour**2", done, 0, 1)
    finite("follow", follow)
    inside("mean", mean, 1, _TOP)
    one_of("ceiling", ceiling, tuple(range(2, _TOP + 1)))
    inside("repurchase", repurchase, 0, 1)
    share = level_share("csat")
    line, curve = _line_and_curve(share)
    intended = mean + _binomial_sd(mean, said) * (intention * line + bend_intention * curve)
    _check_range("The mean intention", intended, 1, _TOP)
    done_sd = np.sqrt(repurchase * (1 - repurchase))
    acts = repurchase + done_sd * (behaviour * line + bend_behaviour * curve)
    chance = acts[:, None] + follow * (np.arange(1, _TOP + 1) - intended[:, None])  # at each satisfaction and intention
    _check_range("The share who repurchase", chance, 0, 1)
    both = share[:, None] * _binomial((intended - 1) / (_TOP - 1))
    joint = np.stack([both * (1 - chance), both * chance], axis=-1)
    top = joint[:, ceiling - 1 :].sum(axis=1, keepdims=True)  # recorded as the ceiling
    return _summary(np.concatenate([joint[:, : ceiling - 1], top], axis=1))


def _summary(joint: Floats) -> IntentionsTruth:
    """All that is true of a table of satisfaction, intention and repurchase."""
    axes: Floats = np.indices(joint.shape, dtype=np.float64)
    satisfied, said, done = axes[0], axes[1], axes[2]
    share = joint.sum(axis=(1, 2))
    at = [(joint * y).sum(axis=(1, 2)) / share for y in (said + 1, done)]
    curved = _line_and_curve(share)[1][satisfied.astype(np.int64)]
    r_intention, r_behaviour = (correlation(satisfied, y, joint) for y in (said, done))
    return IntentionsTruth(
        r_intention=r_intention,
        r_behaviour=r_behaviour,
        gap=r_intention - r_behaviour,
        r_between=correlation(said, done, joint),
        bend_intention=correlation(curved, said, joint),
        bend_behaviour=correlation(curved, done, joint),
        intention_at=read_only(at[0]),
        repurchase_at=read_only(at[1]),
        second_intention=read_only(np.diff(at[0], 2)),
        second_behaviour=read_only(np.diff(at[1], 2)),
        csat_share=read_only(share),
        top_share=float(joint[:, -1].sum()),
        rate=float(joint[..., 1].sum()),
        joint=read_only(joint),
    )


def _line_and_curve(share: Floats) -> tuple[Floats, Floats]:
    """Satisfaction and its square as standard scores, the square freed of mean and line."""
    line = standardised_levels(level_values("csat"), share)
    curve = line**2 - (share @ line**3) * line
    return line, standardised_levels(curve, share)


def _binomial_sd(mean: float, explained: float) -> float:
    """SD of 1 + a binomial count of 6 whose chances vary, so that a share ``explained`` of its variance is theirs.

    With V the variance of the means, the variance is V + E[(m - 1)(7 - m)] / 6 = 5 V / 6 + (mean - 1)(7 - mean) / 6.
    """
    trials = _TOP - 1
    return float(np.sqrt((mean - 1) * (_TOP - mean) / (trials - explained * (trials - 1))))


def _binomial(chance: Floats) -> Floats:
    """P(0 ... 6 of 6 | chance), one row per chance."""
    k, trials = np.arange(_TOP), _TOP - 1
    p = chance[:, None]
    rows: Floats = comb(trials, k) * np.exp(xlogy(k, p) + xlog1py(trials - k, -p))
    return rows


def _check_range(what: str, values: Floats, low: float, high: float) -> None:
    if not (values.min() >= low and values.max() <= high):
        raise RoleError(
            f"{what} must lie between {low:g} and {high:g} at every level of satisfaction, but it would run from "
            f"{values.min():.3g} to {values.max():.3g}.\nLower the correlations, the bends or follow, or move the mean."
        )
