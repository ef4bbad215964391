"""The test of whether predictors add anything to a model that holds others already."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import chdtrc, fdtrc

from cxstats.arrays import Floats, Ints
from cxstats.numerics.influence import covariance
from cxstats.numerics.training import BINOMIAL, Family, fit_training

TestKind = Literal["likelihood-ratio", "robust Wald"]


@dataclass(frozen=True)
class NestedTest:
    """Chi-square with its degrees of freedom and p-value."""

    kind: TestKind
    chi_square: float
    degrees: int
    p_value: float


@dataclass(frozen=True)
class ClusteredRows:
    """The cells behind the joint rows: the joint row (K,), the count (K,) and the cluster (K,) of each."""

    joint: Ints
    count: Ints
    cluster: Ints | None


def likelihood_ratio(larger: float, smaller: float, added: int) -> NestedTest:
    """Test by the log-likelihoods of two nested models on the same rows."""
    ratio = max(0.0, 2 * (larger - smaller))  # rounding, where the predictors add nothing at all
    return NestedTest("likelihood-ratio", ratio, added, float(chdtrc(added, ratio)))


def nested_test(design: Floats, added: int, y: Floats, count: Ints, family: Family, cells: ClusteredRows) -> NestedTest:
    """Test that the last columns of a model have no slope.

    By the likelihood ratio for independent 0/1 outcomes, whose variance follows from their mean. All others
    by Wald's test with the sandwich of influence values, times n / (n - 1) or G / (G - 1) for G clusters:
    counts rarely have the variance of Poisson, and those who spend more differ more. With clusters the
    statistic divided by ``added`` is referred to F with G - 1 denominator degrees.

    Parameters
    ----------
    design : array, shape (J, q)
        Column of ones first, standardised.
    added : int
        How many of the last columns are tested.
    y, count : arrays, shape (J,)
    """
    mass = count.astype(np.float64)[None]
    larger = fit_training(design, mass * y, mass, family).parameters[0]
    eta = design @ larger
    if cells.cluster is None and family is BINOMIAL:
        kept = design[:, :-added]
        smaller = kept @ fit_training(kept, mass * y, mass, family).parameters[0]
        return likelihood_ratio(-float(mass[0] @ family.loss(y, eta)), -float(mass[0] @ family.loss(y, smaller)), added)
    information = (design * (mass[0] * family.variance(eta))[:, None]).T @ design
    influence = design * (y - family.mean(eta))[:, None] @ np.linalg.inv(information)[:, -added:]
    spread = covariance(influence[cells.joint], cells.count, cells.cluster)
    slopes = larger[-added:]
    wald = float(slopes @ np.linalg.solve(spread.matrix, slopes))
    finite = np.isfinite(spread.df)
    p = fdtrc(added, spread.df, wald / added) if finite else chdtrc(added, wald)
    return NestedTest("robust Wald", wald, added, float(p))
