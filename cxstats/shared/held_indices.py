"""How well models predict rows held out, on indices that are 0 where nothing is predicted: ratios make sense."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats
from cxstats.numerics.held_correlation import held_correlation
from cxstats.shared.crossfitted import CrossFitted

CORRELATION, EXPLAINED, LIKELIHOOD_GAIN = "r", "R2", "log-likelihood gain"
AREA, MCFADDEN, LOSS_GAIN = "AUC - 1/2", "McFadden R2", "log-loss gain"


@dataclass(frozen=True)
class HeldIndex:
    """One index of m models: estimates (m,), and the influence (J, m) of one row of each joint row on them."""

    name: str
    estimate: Floats
    influence: Floats


def held_indices(fit: CrossFitted) -> tuple[HeldIndex, ...]:
    """Three indices of every model but the first, over which the others gain; the primary index first.

    Of a measured outcome: the correlation of the predictions with the outcome, the share of squared error that
    the model saves, and half the logarithm of the squared error of the first model over its own, which is the
    gain in a normal log-likelihood per row. Of a binary one: the area under the ROC curve less a half, and the gain
    in log-likelihood per row as a share of what the first model leaves, and as it is.
    """
    return (_area(fit), *_losses(fit)) if fit.rows.binary else (_correlation(fit), *_errors(fit))


def _correlation(fit: CrossFitted) -> HeldIndex:
    held, count = fit.held, fit.rows.count.astype(np.float64)
    errors = held.squared_error_influence[:, 1:] * count.sum() + held.squared_error[1:]  # of each row
    found = held_correlation(fit.rows.y, held.predicted[:, 1:], errors, count)
    return HeldIndex(CORRELATION, found.estimate, found.influence)


def _errors(fit: CrossFitted) -> tuple[HeldIndex, HeldIndex]:
    error, influence = fit.held.squared_error, fit.held.squared_error_influence
    share, of_share = _saved(error, influence)
    relative = influence / error
    gain = np.log(error[0] / error[1:]) / 2
    return HeldIndex(EXPLAINED, share, of_share), HeldIndex(
        LIKELIHOOD_GAIN, gain, (relative[:, :1] - relative[:, 1:]) / 2
    )


def _area(fit: CrossFitted) -> HeldIndex:
    return HeldIndex(AREA, fit.held.auc[1:] - 0.5, fit.held.auc_influence[:, 1:])


def _losses(fit: CrossFitted) -> tuple[HeldIndex, HeldIndex]:
    loss, influence = fit.held.loss, fit.held.loss_influence
    share, of_share = _saved(loss, influence)
    return HeldIndex(MCFADDEN, share, of_share), HeldIndex(
        LOSS_GAIN, loss[0] - loss[1:], influence[:, :1] - influence[:, 1:]
    )


def _saved(loss: Floats, influence: Floats) -> tuple[Floats, Floats]:
    """By which share of the first loss the others lie below it, and the influence on that."""
    share = 1 - loss[1:] / loss[0]
    return share, (influence[:, :1] * (1 - share) - influence[:, 1:]) / loss[0]
