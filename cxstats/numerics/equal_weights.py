"""Score tests of the kernel of moments: do all moments weigh alike, do good and bad ones?"""

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from cxstats.arrays import Floats, Ints
from cxstats.numerics.influence import cluster_sums
from cxstats.numerics.kernel_weights import INTENSITY, RECENCY, KernelRows, centred, kernel_problem, weighted_means
from cxstats.numerics.moment_kernel import MomentKernelFit

_NOTHING = 1e-10  # share of a column's length that is rounding, after others and its means were taken out of it


@dataclass(frozen=True)
class ScoreTest:
    """Generalised score test on cluster sums, as Hotelling's T-squared.

    With q ``degrees`` and G ``clusters``, the statistic times (G - q) / (q (G - 1)) is referred to F(q, G - q).
    Both are NaN where too few clusters differ, or where the slopes that are tested follow from m, or y does.
    """

    statistic: float
    degrees: int
    clusters: int
    p_value: float


def equal_weights(
    rows: KernelRows, response: Floats, person: Ints | None = None, cluster: Ints | None = None
) -> ScoreTest:
    """Test that all moments weigh alike: every theta is 0.

    Needs no fit but the regression on plain means, and holds its level whatever the slope b is, 0 included: it asks
    whether the slopes of m at theta = 0 explain what the plain mean leaves.

    Parameters
    ----------
    rows, response, person
        As for the fit.
    cluster : int array, shape (S,), optional
        What is independent; else persons, else sequences. Persons must lie within clusters.
    """
    return _score_test(rows, np.zeros(len(rows.names)), np.eye(len(rows.names)), 0, response, person, cluster)


def equal_sides(
    rows: KernelRows, fit: MomentKernelFit, response: Floats, person: Ints | None = None, cluster: Ints | None = None
) -> ScoreTest:
    """Test that good and bad intensity weigh alike, from the fit of one intensity to the same data.

    ``rows`` hold the features of both sides. The p-value is NaN where that fit has no estimate.
    """
    at = dict(zip(fit.terms, fit.coefficients, strict=True))
    theta = np.array([at[INTENSITY], at[INTENSITY], at[RECENCY]])
    if fit.runaway or not fit.converged:
        return ScoreTest(np.nan, 1, 0, np.nan)
    directions = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    return _score_test(rows, theta, directions, 2, response, person, cluster)


def _score_test(
    rows: KernelRows,
    theta: Floats,
    directions: Floats,
    nuisance: int,
    response: Floats,
    person: Ints | None,
    cluster: Ints | None,
) -> ScoreTest:
    """The first directions (one per row) were estimated, the others are tested."""
    problem = kernel_problem(rows, response, person)
    unit = problem.blocks.unit
    found = weighted_means(problem.blocks, theta * unit, 1)
    raw = np.vstack([found[:1], (directions * unit) @ found[1:]])
    columns = centred(raw, problem.persons)
    known, tested = columns[: 1 + nuisance], columns[1 + nuisance :]
    both = np.vstack([problem.y, tested])
    size = np.linalg.norm(np.vstack([problem.y, raw[1 + nuisance :]]), axis=1)
    left = both - np.linalg.lstsq(known.T, both.T, rcond=None)[0].T @ known
    if (np.linalg.norm(left, axis=1) <= _NOTHING * size).any():
        left = np.zeros_like(left)  # rounding, which would be tested against itself
    scores = (left[1:] * left[0]).T
    ones = np.ones(len(problem.y), dtype=np.int64)
    inside = person if cluster is None else cluster
    return _hotelling(scores if inside is None else cluster_sums(scores, ones, inside))


def _hotelling(sums: Floats) -> ScoreTest:
    groups, q = sums.shape
    mean = sums.mean(axis=0)
    apart = sums - mean
    if groups <= q or np.linalg.matrix_rank(apart) < q:
        return ScoreTest(np.nan, q, groups, np.nan)
    statistic = groups * (groups - 1) * float(mean @ np.linalg.solve(apart.T @ apart, mean))
    p = fdtrc(q, groups - q, statistic * (groups - q) / (q * (groups - 1)))
    return ScoreTest(statistic, q, groups, float(p))
