"""Counts below the floor are held back, and cannot be had by subtraction either."""

import pytest

from cxstats.report.privacy import breakdown, published


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


def told(parts: tuple[int, ...], min_count: int = 5) -> list[str]:
    return [count.words for count in breakdown(parts, min_count)]


def test_rows_beside_a_small_number_are_told_about() -> None:
    assert told((14448, 3)) == ["about 14,450", "fewer than 5"]
    assert told((14448, 552)) == ["14,448", "552"]
    assert told((14448, 3, 0, 30)) == ["about 14,450", "fewer than 5", "0", "30"]
    assert told((3,)) == ["fewer than 5"]
    assert told((3, 2)) == ["fewer than 5", "fewer than 5"]
    assert told((0, 0)) == ["0", "0"]
    assert told((100, 9), 10) == ["about 100", "fewer than 10"]


@pytest.mark.parametrize("total", [57, 100, 101, 14451, 999])
def test_what_is_told_beside_a_small_number_does_not_depend_on_it(total: int) -> None:
    assert len({tuple(told((total - small, small))) for small in range(1, 5)}) == 1


def test_missing_answers_are_one_more_part_of_the_whole() -> None:
    """Else the number of answers, which the bars add up to, would tell how many are missing."""
    counts = published((1.0, 2.0, 3.0), (40, 12, 300), missing=2)
    assert [c.words for c in counts] == ["40", "held back", "300"]
    assert [c.words for c in published((1.0, 2.0), (40, 300), missing=20)] == ["40", "300"]
    # The number of answers is told here, so that the missing ones cannot hide the small count.
    assert [c.words for c in published((1.0, 2.0, 3.0), (3, 40, 300), missing=9)] == ["<5", "held back", "300"]
