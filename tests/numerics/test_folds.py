"""Dealing counts to folds against dealing the rows one by one."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from cxstats.numerics import folds as module
from cxstats.numerics.folds import deal_clusters, deal_rows

COUNT = np.array([7, 0, 30, 3, 21, 1, 40])
STRATUM = np.array([0, 0, 0, 1, 1, 1, 1])


def deals(repeats: int, seed: int = 1, count: np.ndarray = COUNT) -> np.ndarray:
    return np.vstack(list(deal_rows(count, STRATUM, 5, repeats, np.random.default_rng(seed)))).reshape(repeats, 5, -1)


def test_every_row_is_in_one_fold_of_every_repeat() -> None:
    dealt = deals(20)
    assert (dealt >= 0).all()
    assert (dealt.sum(axis=1) == COUNT).all()


def test_strata_are_dealt_evenly() -> None:
    for stratum in (0, 1):
        sizes = deals(20)[:, :, stratum == STRATUM].sum(axis=2)
        assert sizes.max() - sizes.min() <= 1


def test_a_cell_in_a_fold_against_the_hypergeometric_distribution() -> None:
    """37 rows in the stratum over 5 folds: a fold of 7 or 8 holds a hypergeometric number of the 30."""
    repeats = 4000
    dealt = deals(repeats)[:, 0]
    size = dealt[:, STRATUM == 0].sum(axis=1)
    for fold_size in (7, 8):
        chosen = dealt[size == fold_size, 2]
        expected = hypergeom(37, 30, fold_size)
        error = expected.std() / np.sqrt(len(chosen))
        assert abs(chosen.mean() - expected.mean()) < 4 * error
        assert abs(chosen.var() / expected.var() - 1) < 4 * np.sqrt(2 / len(chosen)) * 1.5


def test_decks_beyond_the_sampler_are_dealt_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if NumPy stopped at 25 rows: 37 and 65 rows make two and three decks."""
    monkeypatch.setattr(module, "_NUMPY_LIMIT", 25)
    dealt = deals(200)
    assert (dealt.sum(axis=1) == COUNT).all()
    share = dealt[:, :, 2].mean(axis=0) / 30
    assert np.abs(share - 0.2).max() < 4 * np.sqrt(0.2 * 0.8 / (200 * 30))


def test_a_billion_rows_and_more() -> None:
    dealt = deals(1, count=COUNT * 100_000_000)
    assert (dealt.sum(axis=1) == COUNT * 100_000_000).all()


def test_clusters_stay_together() -> None:
    rng = np.random.default_rng(3)
    cluster = np.repeat(np.arange(50), 4)
    cell = rng.integers(0, 3, 200)
    count = rng.integers(1, 5, 200)
    blocks = np.vstack(list(deal_clusters(count, cell, cluster, 3, 5, 6, rng))).reshape(6, 5, 3)
    total = np.bincount(cell, weights=count, minlength=3)
    assert (blocks.sum(axis=1) == total).all()
    # With as many cells as clusters, each cluster shows in one fold only, whole.
    alone = np.vstack(list(deal_clusters(count, cluster, cluster, 50, 5, 6, rng))).reshape(6, 5, 50)
    assert ((alone > 0).sum(axis=1) == 1).all()
    assert ((alone > 0).sum(axis=2) == 10).all()


def test_blocks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = deals(6)
    monkeypatch.setattr(module, "_BLOCK", 5 * len(COUNT) * 2)
    pieces = list(deal_rows(COUNT, STRATUM, 5, 6, np.random.default_rng(1)))
    assert [len(piece) for piece in pieces] == [10, 10, 10]
    assert (np.vstack(pieces).reshape(6, 5, -1) == whole).all()
