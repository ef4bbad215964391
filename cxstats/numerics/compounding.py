"""How often everything on a journey was good, and how often it would be if touchpoints were independent."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Compounded:
    """Shares with the influence of one row of each cell.

    Attributes
    ----------
    poor : array, shape (p,)
        Share of poor ratings of each touchpoint among its users.
    all_good, product : float
        Share of journeys without a poor touchpoint, and the mean over journeys of the product, over the touchpoints
        that each used, of the shares that are not poor.
    poor_influence : array, shape (K, p)
    all_good_influence, product_influence : array, shape (K,)
    """

    poor: Floats
    all_good: float
    product: float
    poor_influence: Floats
    all_good_influence: Floats
    product_influence: Floats


def compounded(used: Bools, poor: Bools, count: Ints, weight: Floats) -> Compounded:
    """Compare what happened with independence.

    Parameters
    ----------
    used : bool array, shape (K, p)
        Which touchpoints were used.
    poor : bool array, shape (K, p)
        Which of them were poor; false where not used.
    count : int array, shape (K,)
    weight : array, shape (K,)
        Survey weight of each row of the cell.
    """
    mass = count * weight
    total, users = float(mass.sum()), mass @ used
    share = mass @ poor / users
    share_influence = weight[:, None] * np.where(used, poor - share, 0.0) / users
    good = ~poor.any(axis=1)
    all_good = float(mass[good].sum() / total)
    chance = np.where(used, 1 - share, 1.0)
    product = chance.prod(axis=1)
    mean = float(mass @ product / total)
    # How the mean product falls as one share of poor ratings rises: by the product of all others.
    slope = np.array([-(mass * used[:, j]) @ np.delete(chance, j, axis=1).prod(axis=1) for j in range(len(share))])
    return Compounded(
        poor=share,
        all_good=all_good,
        product=mean,
        poor_influence=share_influence,
        all_good_influence=weight * (good - all_good) / total,
        product_influence=weight * (product - mean) / total + share_influence @ (slope / total),
    )
