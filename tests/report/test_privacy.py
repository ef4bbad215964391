"""Counts below the floor are held back, and cannot be had by subtraction either."""

import pytest

from cxstats.report.privacy import published


def words(counts: list[int], min_count: int = 5) -> list[str]:
    return [c.words for c in published([float(i) for i in range(len(counts))], counts, min_count)]


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([12, 30, 5], ["12", "30", "5"]),
        ([0, 30, 1000], ["0", "30", "1,000"]),
        # One count alone is what is missing to the total: the next smallest goes with it.
        ([3, 30, 12], ["<5", "30", "held back"]),
        # Two that together stay below the floor still point at few people.
        ([1, 2, 40, 9], ["<5", "<5", "40", "held back"]),
        ([4, 4, 40, 9], ["<5", "<5", "40", "9"]),
        ([2], ["<5"]),
        ([], []),
    ],
)
def test_small_counts_are_held_back(counts: list[int], shown: list[str]) -> None:
    assert words(counts) == shown


@pytest.mark.parametrize("seed", range(20))
def test_what_is_held_back_is_never_fewer_than_the_floor(seed: int) -> None:
    import numpy as np

    counts = [int(n) for n in np.random.default_rng(seed).integers(1, 12, size=6)]
    held = [n for n, c in zip(counts, published(range(6), counts), strict=True) if c.count is None]
    assert not held or (sum(held) >= 5 and len(held) > 1)
    assert all(n in held for n in counts if n < 5)


def test_the_floor_can_be_chosen() -> None:
    assert words([3, 30, 12], 1) == ["3", "30", "12"]
    assert words([3, 30, 12], 20) == ["<20", "held back", "<20"]
