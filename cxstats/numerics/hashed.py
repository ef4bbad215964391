"""Groups of rows by a hash: the same on every machine, for every engine, and in whatever order rows come.

A cluster goes to a group by the hash of its value. Where there are no clusters, single rows are dealt: the
first row of some values by the hash of the values, its second copy by the hash of the values and the number 1,
and so on. Copies cannot be told apart, so it does not matter which of them is called the first, and the deal
depends on the data alone. It is as good as a random one: a hash spreads rows whose values differ in anything
evenly and without regard to what the values mean, and copies of one row are spread like any other rows. (By the
values alone all copies would share a group. Their influence is the same, so standard errors from groups would
be far too large, and folds would hold out whole patterns of answers.)
"""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from cxstats.arrays import Column, Ints
from cxstats.columns import codes

Hashes = NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: steps of it fill the range evenly
_HASHED = 1 << 18  # copies of one row in one batch that are dealt one by one; the rest in one draw
_AT_ONCE = 4_000_000  # copies held at once


def hash_values(values: Column) -> Hashes:
    """64 bits for each value of a plain column; equal values get equal ones."""
    if values.dtype != object:
        return _mixed(np.ascontiguousarray(values, dtype=np.float64).view(np.uint64) + _STEP)
    number, levels = codes(values)
    digests = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in levels]
    known = np.array([*(int.from_bytes(digest, "little") for digest in digests), 0], dtype=np.uint64)
    return known[number]


def hash_rows(columns: list[Column]) -> Hashes:
    """64 bits for each row of some columns, whose order matters."""
    found: Hashes = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        found = _mixed(found * _STEP + hash_values(column))
    return found


def group_of(hashes: Hashes, groups: int) -> Ints:
    """The group, from 0, of each hash."""
    return (_mixed(hashes) % np.uint64(groups)).astype(np.int64)


def shuffled(groups: int, salt: int) -> Ints:
    """New numbers for the groups, another order for every salt."""
    numbers = np.arange(groups, dtype=np.uint64) * _STEP + np.uint64(salt & 0xFFFFFFFFFFFFFFFF)
    order: Ints = np.argsort(_mixed(numbers), kind="stable")
    return order


@dataclass(frozen=True)
class Seen:
    """Hashes of the rows dealt so far, ascending, and how many copies of each there were."""

    hashes: Hashes
    copies: Ints

    @classmethod
    def none(cls) -> "Seen":
        """Before the first row."""
        return cls(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Dealt:
    """Which row went to which group, how many copies of it; and what has been seen after that."""

    row: Ints
    group: Ints
    count: Ints
    seen: Seen


def deal(seen: Seen, hashes: Hashes, count: Ints, groups: int) -> Dealt:
    """Deal ``count`` (K,) copies of rows to groups, each copy on its own."""
    keys, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    total = np.bincount(inverse, weights=count, minlength=len(keys)).astype(np.int64)
    place = np.searchsorted(seen.hashes, keys)
    known = np.zeros(len(keys), dtype=bool)
    inside = place < len(seen.hashes)
    known[inside] = seen.hashes[place[inside]] == keys[inside]
    before = np.zeros(len(keys), dtype=np.int64)
    before[known] = seen.copies[place[known]]
    pieces = [_one_by_one(keys, np.minimum(total, _HASHED), before, groups), *_the_rest(keys, total - _HASHED, groups)]
    key, group, dealt = (np.concatenate(column) for column in zip(*pieces, strict=True))
    copies = seen.copies.copy()
    copies[place[known]] += total[known]
    new = Seen(
        np.insert(seen.hashes, place[~known], keys[~known]),
        np.insert(copies, place[~known], total[~known]),
    )
    return Dealt(first[key], group, dealt, new)


def _one_by_one(keys: Hashes, copies: Ints, before: Ints, groups: int) -> tuple[Ints, Ints, Ints]:
    """Key, group and count of copies that are dealt by a hash of their own."""
    found: list[tuple[Ints, Ints]] = []
    ends = np.cumsum(copies)
    start = 0
    while start < len(keys):
        taken = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, taken + _AT_ONCE, side="right")))
        part = copies[start:stop]
        key = np.repeat(np.arange(start, stop), part)
        number = np.arange(len(key)) - np.repeat(ends[start:stop] - part - taken, part) + before[key]
        group = group_of(keys[key] + number.astype(np.uint64) * _STEP, groups)
        found.append(np.unique(key * groups + group, return_counts=True))
        start = stop
    pair, count = (np.concatenate(column) for column in zip(*found, strict=True))
    return pair // groups, pair % groups, count


def _the_rest(keys: Hashes, left: Ints, groups: int) -> list[tuple[Ints, Ints, Ints]]:
    """The same for the copies beyond, which only counted data have: one multinomial draw, seeded by the hash."""
    pieces = []
    for key in np.flatnonzero(left > 0):
        drawn = np.random.default_rng(int(keys[key])).multinomial(left[key], np.full(groups, 1 / groups))
        group = np.flatnonzero(drawn)
        pieces.append((np.full(len(group), key), group, drawn[group]))
    return pieces


def _mixed(values: Hashes) -> Hashes:
    """Every bit of the result depends on every bit given: the finaliser of SplitMix64.

    Steele, Lea & Flood (2014). doi:10.1145/2714064.2660195
    """
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
