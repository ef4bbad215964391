"""Covariances from influence values, on the mean, whose influence is known."""

import numpy as np
import pytest

from cxstats.errors import CxStatsWarning, TooFewError
from cxstats.numerics.influence import cluster_sums, covariance

# The same sums in another order: only rounding may differ.
ROUNDING = 1e-12

RNG = np.random.default_rng(4)
VALUES, COUNT = RNG.normal(size=(60, 2)), RNG.integers(1, 7, 60)
ROWS = np.repeat(np.arange(60), COUNT)
INFLUENCE = (VALUES - VALUES[ROWS].mean(axis=0)) / COUNT.sum()


def test_covariance_of_means_against_numpy() -> None:
    expected = np.cov(VALUES[ROWS].T) / len(ROWS)
    fit = covariance(INFLUENCE, COUNT)
    assert fit.matrix == pytest.approx(expected, rel=ROUNDING)
    assert (fit.df, fit.n_clusters, fit.notes) == (np.inf, None, ())


def test_clusters_against_loops() -> None:
    cluster = np.arange(60) % 45
    expected = np.zeros((2, 2))
    for number in range(45):
        total = np.zeros(2)
        for row in ROWS:
            if cluster[row] == number:
                total += INFLUENCE[row]
        expected += np.outer(total, total) * 45 / 44
    fit = covariance(INFLUENCE, COUNT, cluster)
    assert fit.matrix == pytest.approx(expected, rel=ROUNDING)
    assert (fit.df, fit.n_clusters, fit.notes) == (44.0, 45, ())


def test_clusters_of_one_row_against_no_clusters() -> None:
    influence = INFLUENCE[ROWS]
    alone = covariance(influence, np.ones(len(ROWS), int), np.arange(len(ROWS)))
    assert alone.matrix == pytest.approx(covariance(INFLUENCE, COUNT).matrix, rel=ROUNDING)


def test_names_of_clusters_do_not_matter() -> None:
    cluster = np.arange(60) % 45
    sums = cluster_sums(INFLUENCE, COUNT, cluster)
    assert sums.shape == (45, 2)
    assert np.array_equal(cluster_sums(INFLUENCE, COUNT, cluster * 1000 + 7), sums)


@pytest.mark.parametrize(
    ("groups", "largest", "note"),
    [
        (40, 1, ()),
        (39, 1, ("39 clusters are few (fewer than 40): the intervals may be too narrow.",)),
        (20, 1, ("20 clusters are few (fewer than 40): the intervals may be too narrow.",)),
        (79, 6, ("79 clusters of very unequal size are few (fewer than 80): the intervals may be too narrow.",)),
        (80, 6, ()),
        (79, 5, ()),
    ],
)
def test_few_clusters_are_said(groups: int, largest: int, note: tuple[str, ...]) -> None:
    count = np.ones(groups, int)
    count[0] = largest
    influence = np.arange(groups, dtype=float)[:, None]
    if note:
        with pytest.warns(CxStatsWarning, match=f"^{note[0].replace('(', '.').replace(')', '.')}$"):
            fit = covariance(influence, count, np.arange(groups))
    else:
        fit = covariance(influence, count, np.arange(groups))
    assert fit.notes == note


def test_too_few_clusters_are_refused() -> None:
    with pytest.raises(
        TooFewError,
        match=r"^At least 20 clusters are needed for an interval, but there are 19\.\n"
        r"With fewer, no interval is trustworthy: report the estimates per cluster instead\.$",
    ):
        covariance(np.ones((19, 1)), np.ones(19, int), np.arange(19))


def test_one_row_has_no_variance() -> None:
    assert np.isnan(covariance(np.zeros((1, 1)), np.array([1])).matrix).all()
