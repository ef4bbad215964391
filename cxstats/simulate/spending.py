"""What is true of simulated buyers: sums over all combinations of past behaviour and scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from scipy.special import comb, expit, log_expit, ndtr

from cxstats.arrays import Floats
from cxstats.simulate.levels import level_share, level_values
from cxstats.simulate.loyalty import CONTROLS, METRICS, PAST_SHAPE, SCORE_SHAPE, joint_share
from cxstats.simulate.tables import (
    Prediction,
    area,
    best_of,
    concordance,
    correlation,
    intercept,
    logistic_prediction,
    read_only,
    standardised_levels,
)

FURTHER, USED = 9, -2.0  # orders beside the first: how many may be placed, and how far less likely each is
BASKET, BASKET_SD = 40.0, 0.6  # median spend per order, and SD of its logarithm


@dataclass(frozen=True, kw_only=True, eq=False)
class SpendersTruth:
    """What holds in the population that `spenders` draws from.

    Attributes
    ----------
    rate : float
        Share who buy again.
    constant, log_odds : float, mapping from column to float
        Of buying again: the constant, and per unit of each column of past behaviour and each metric.
    added : mapping from metric to float
        The log-odds per SD of the metric, past behaviour and the other metrics being equal.
    adds : bool
        Whether any metric adds anything. If not, the outcomes are independent of the scores among
        customers of equal past behaviour, and the gains below are exactly 0.
    orders_share : array, shape (11,)
        Share of customers with 0, 1 ... 10 orders.
    concordance : mapping from outcome to (mapping from metric to float)
        For repurchase, orders and spend: of two customers whose outcomes differ, the one with the better
        score has the better outcome with this probability, equal scores counting one half. For repurchase
        it is the area under the ROC curve.
    best : mapping from outcome to str or None
        The metric with the largest concordance; None where two share it.
    r_past : mapping from metric to float
        Correlation of the metric with past behaviour (the sum of its log-odds).
    past, everything : Prediction
        Log-loss and area for repurchase of past behaviour alone, and with all metrics (the true model).
    over_past, over_others : mapping from metric to float
        Log-loss per customer that the metric gains for repurchase in a logistic regression linear in every
        column: over past behaviour alone, and over past behaviour with the other two metrics.
    auc_over_past : mapping from metric to float
        Area that the metric gains over past behaviour alone.
    """

    rate: float
    constant: float
    log_odds: Mapping[str, float]
    added: Mapping[str, float]
    adds: bool
    orders_share: Floats
    concordance: Mapping[str, Mapping[str, float]]
    best: Mapping[str, str | None]
    r_past: Mapping[str, float]
    past: Prediction
    everything: Prediction
    over_past: Mapping[str, float]
    over_others: Mapping[str, float]
    auc_over_past: Mapping[str, float]


@lru_cache(maxsize=16)
def spending(
    loyalty: tuple[float, ...], added: tuple[float, ...], past: float, halo: float, repurchase: float
) -> SpendersTruth:
    """The truth of checked parameters, by position, so that drawing many samples solves for it once."""
    joint = joint_share(loyalty, halo)
    each = dict(zip(METRICS, added, strict=True))
    unit = _past_slopes(joint.sum(axis=1))
    habit = _sums([unit[name] * control.values for name, control in CONTROLS.items()])
    slopes = {name: past * slope for name, slope in unit.items()}
    slopes |= {m: b / np.sqrt(_variance(level_values(m), level_share(m))) for m, b in each.items()}
    index = past * habit[:, None] + _sums([slopes[metric] * level_values(metric) for metric in METRICS])
    constant = intercept(index, joint, repurchase)
    log_odds = constant + index
    good, bad = joint * expit(log_odds), joint * expit(-log_odds)
    by_orders = _by_orders(bad, good, log_odds)
    found = _concordances(by_orders)
    tables = bad.reshape(PAST_SHAPE + SCORE_SHAPE), good.reshape(PAST_SHAPE + SCORE_SHAPE)
    before = _with((), *tables)
    alone = {m: _with((m,), *tables) if any(added) else before for m in METRICS}
    loss = -float((good * log_expit(log_odds)).sum() + (bad * log_expit(-log_odds)).sum())
    everything = Prediction(loss, area(log_odds, bad, good)) if any(added) else before
    return SpendersTruth(
        rate=float(good.sum()),
        constant=constant,
        log_odds=MappingProxyType({name: float(slope) for name, slope in slopes.items()}),
        added=MappingProxyType(each),
        adds=any(added),
        orders_share=read_only(by_orders.sum(axis=(0, 1, 2))),
        concordance=MappingProxyType(found),
        best=MappingProxyType({outcome: best_of(values) for outcome, values in found.items()}),
        r_past=MappingProxyType({m: _r_past(m, habit, joint) for m in METRICS}),
        past=before,
        everything=everything,
        over_past=MappingProxyType({m: before.log_loss - fit.log_loss for m, fit in alone.items()}),
        over_others=MappingProxyType({m: _without(m, *tables) - loss if b else 0.0 for m, b in each.items()}),
        auc_over_past=MappingProxyType({m: fit.auc - before.auc for m, fit in alone.items()}),
    )


def _sums(steps: Sequence[Floats]) -> Floats:
    """The sum of one entry of each of three arrays, for all combinations."""
    first, second, third = steps
    sums: Floats = (first[:, None, None] + second[:, None] + third).ravel()
    return sums


def _past_slopes(share: Floats) -> dict[str, float]:
    """Log-odds per unit of each control, whose sum has the SD 1."""
    steps = [c.weight * standardised_levels(c.values, c.share) for c in CONTROLS.values()]
    factor = 1 / np.sqrt(_variance(_sums(steps), share))
    spans = [step[1] - step[0] for step in steps]
    return {
        name: factor * span / (c.values[1] - c.values[0])
        for (name, c), span in zip(CONTROLS.items(), spans, strict=True)
    }


def _variance(values: Floats, share: Floats) -> float:
    return float(share @ (values - share @ values) ** 2)


def _by_orders(bad: Floats, good: Floats, log_odds: Floats) -> Floats:
    """P(nps, csat, ease, number of orders)."""
    used = expit(USED + log_odds)
    tables = [bad.sum(axis=0)]
    for k in range(FURTHER + 1):
        chance = comb(FURTHER, k) * used**k * (1 - used) ** (FURTHER - k)
        tables.append((good * chance).sum(axis=0))
    return np.stack(tables, axis=-1).reshape(*SCORE_SHAPE, -1)


def _concordances(by_orders: Floats) -> dict[str, Mapping[str, float]]:
    """Of each metric with repurchase, orders and spend: spend tells no more about the scores than orders do."""
    orders = np.arange(FURTHER + 2.0)
    more = (orders[:, None] > orders).astype(np.float64)
    # Spend is orders times a basket: of two buyers, a normal variable decides beside the ratio of their orders.
    spent = more.copy()
    ratio = np.log(orders[1:, None] / orders[1:])
    spent[1:, 1:] = ndtr(ratio / (BASKET_SD * np.sqrt(2)))
    wins = {"repurchase": more * (orders == 0), "orders": more, "spend": spent}
    return {
        outcome: MappingProxyType({m: concordance(_of_metric(m, by_orders), table) for m in METRICS})
        for outcome, table in wins.items()
    }


def _of_metric(metric: str, table: Floats) -> Floats:
    """A table whose first three axes are the metrics, summed over the other two of them."""
    summed: Floats = table.sum(axis=tuple(j for j, m in enumerate(METRICS) if m != metric))
    return summed


def _r_past(metric: str, habit: Floats, joint: Floats) -> float:
    share = _of_metric(metric, joint.T.reshape(*SCORE_SHAPE, -1))
    score, past = np.broadcast_arrays(level_values(metric)[:, None], habit)
    return correlation(score, past, share)


def _with(metrics: Sequence[str], bad: Floats, good: Floats) -> Prediction:
    """The logistic regression on past behaviour and some of the metrics."""
    left = tuple(len(CONTROLS) + j for j, m in enumerate(METRICS) if m not in metrics)
    levels = [control.values for control in CONTROLS.values()] + [level_values(m) for m in METRICS if m in metrics]
    return logistic_prediction(levels, bad.sum(axis=left), good.sum(axis=left))


def _without(metric: str, bad: Floats, good: Floats) -> float:
    """Log-loss of past behaviour with all metrics but one."""
    return _with([m for m in METRICS if m != metric], bad, good).log_loss
