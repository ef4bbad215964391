"""How much the ratings of one customer vary, of all that they could vary at their mean; less trusted the fewer.

On a bounded scale ratings near an end cannot vary much, so that every plain measure of variability is tied to the
mean [1]. With mean m and variance s^2 of n ratings on a scale from 0 to 1, s^2 estimates the variance, and
m (1 - m) + s^2 / n the largest variance that any ratings with that expected value can have, both without bias at
every n, which the standard deviation is not. Their ratio v is the relative variance, 0 to 1.

What chance adds to v depends on the kurtosis of the ratings, which mean and variance leave open. For ratings whose
distribution is normal, as in [2], it would be far too much: v cannot exceed 1. Here it is that of a beta
distribution with the customer's mean and the average relative variance, to first order: none at all where ratings
lie at the two ends only. Drawn together are the relative variances linearly, with the variance between customers
from moments: the variance of few ratings is often 0, and has no logarithm as in [2].

[1] Mestdagh et al. (2018), doi:10.1037/met0000153. [2] Smyth (2004), doi:10.2202/1544-6115.1027.
"""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats

LEAST_RELIABLE = 0.05  # share of what is seen that is more than chance


@dataclass(frozen=True)
class Ratings:
    """What the ratings of K kinds of customers come to, on a scale from 0 to 1, up is good.

    Attributes
    ----------
    mean, variance, n : array, shape (K,)
        Mean strictly between 0 and 1, variance divided by n - 1, number of ratings.
    """

    mean: Floats
    variance: Floats
    n: Floats

    @property
    def largest(self) -> Floats:
        """Estimate of the largest variance at that mean."""
        return self.mean * (1 - self.mean) + self.variance / self.n

    @property
    def relative(self) -> Floats:
        """Relative variance, chance included."""
        return self.variance / self.largest


@dataclass(frozen=True)
class Shrunken:
    """Relative variances and means, drawn to those of all customers as far as chance goes.

    Attributes
    ----------
    relative, mean : array, shape (K,)
    reliability, mean_reliability : float
        Share of the differences between customers that is more than chance; may come out below 0.
    """

    relative: Floats
    mean: Floats
    reliability: float
    mean_reliability: float


def shrink(ratings: Ratings, share: Floats) -> Shrunken:
    """Draw every customer to the average, the further the fewer the ratings.

    Parameters
    ----------
    ratings : Ratings
    share : array, shape (K,)
        Of each kind of customer among all.
    """
    v, m = ratings.relative, ratings.mean
    average, level = float(share @ v), float(share @ m)
    chance = chance_part(m, ratings.n, average)
    # E v^2 = (1 + chance) E rho^2, rho being the relative variance without chance.
    square = float(share @ (v**2 / (1 + chance)))
    between = square - average**2
    trust = between / (between + square * chance)
    relative = average + trust * (v - average)
    seen = float(share @ (m - level) ** 2)
    mean_between = seen - float(share @ (ratings.variance / ratings.n))
    noise = relative * ratings.largest / ratings.n
    return Shrunken(
        relative=relative,
        mean=level + mean_between / (mean_between + noise) * (m - level),
        reliability=between / (between + square * float(share @ chance)),
        mean_reliability=mean_between / seen,
    )


def chance_part(mean: Floats, n: Floats, relative: float) -> Floats:
    """Sampling variance of v over rho^2, for n ratings with a beta distribution of this mean and rho.

    By the delta method for the ratio of s^2 to m (1 - m) + s^2 / n, with u = m (1 - m):
    2 / (n - 1) + [kurtosis - (1 - 4 u) rho (3 - rho) / ((1 + rho) u)] / n, where the excess kurtosis is
    6 rho [1 - u (5 + rho)] / [u (1 + rho) (1 + 2 rho)]; never beyond (1 - rho) / rho, which no variable between 0 and
    1 with the mean rho can exceed.
    """
    u, rho = mean * (1 - mean), relative
    kurtosis = 6 * rho * (1 - u * (5 + rho)) / (u * (1 + rho) * (1 + 2 * rho))
    tied = (1 - 4 * u) * rho * (3 - rho) / ((1 + rho) * u)
    return np.clip(2 / (n - 1) + (kurtosis - tied) / n, 0.0, (1 - rho) / rho)


def largest_variance(mean: Floats, n: Floats) -> Floats:
    """The largest variance (divided by n - 1) that n ratings from 0 to 1 with this mean can have.

    All but one of them lie at an end of the scale; the one makes up the mean.
    """
    at_top = np.floor(n * mean + 1e-9)  # three times a mean of 1/3 is 1
    rest = n * mean - at_top
    return np.maximum(at_top + rest**2 - n * mean**2, 0.0) / (n - 1)
