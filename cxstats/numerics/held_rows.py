"""The rows held out in the folds, and how well a score ranks them within each fold."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints


@dataclass(frozen=True)
class HeldRows:
    """The entries of a block (B, J) that are not 0: rows of a joint row that were held out in a fold.

    ``mass`` rows with the outcome ``y``, from the joint row ``joint``, in the fold ``line``; by lines. Where
    every row is a joint row of its own, these are a small part of the block.
    """

    line: Ints
    joint: Ints
    mass: Floats
    y: Floats
    lines: int
    size: int

    def per_line(self, values: Floats) -> Floats:
        """Sums (B,) of values per entry."""
        sums: Floats = np.bincount(self.line, weights=values, minlength=self.lines).astype(np.float64, copy=False)
        return sums

    def per_joint(self, values: Floats) -> Floats:
        """Sums (J,) of values per entry."""
        sums: Floats = np.bincount(self.joint, weights=values, minlength=self.size).astype(np.float64, copy=False)
        return sums

    def part(self, first: int, last: int) -> "HeldRows":
        """The entries of some of the lines."""
        kept = slice(*np.searchsorted(self.line, [first, last]))
        return HeldRows(
            self.line[kept] - first, self.joint[kept], self.mass[kept], self.y[kept], last - first, self.size
        )


def held_rows(block: Ints, y: Floats) -> HeldRows:
    line, joint = np.nonzero(block)
    return HeldRows(line, joint, block[line, joint].astype(np.float64), y[joint], len(block), block.shape[1])


def fold_areas(eta: Floats, held: HeldRows) -> tuple[Floats, Floats, Floats]:
    """Areas (B,) and pairs (B,) of the folds, and per joint row (J,) the sum of what its rows contribute.

    A row's contribution to a fold is (placement - area) times the rows of the other outcome: divided by
    the pairs of all folds it is its influence on their mean, weighted by pairs. A fold without pairs has no
    area (NaN).
    """
    good, bad = held.mass * held.y, held.mass * (1 - held.y)
    over, under = held.per_line(good), held.per_line(bad)
    pairs = over * under
    order = np.lexsort((eta, held.line))
    above = _below(eta, bad, held.line, order)  # of each entry: rows with the bad outcome and a smaller prediction
    beaten = over[held.line] - _below(eta, good, held.line, order)
    with np.errstate(invalid="ignore"):
        area = np.where(pairs > 0, held.per_line(good * above) / pairs, np.nan)
    centre = np.where(pairs > 0, area, 0.5)[held.line]
    contribution = good * (above - centre * under[held.line]) + bad * (beaten - centre * over[held.line])
    return area, pairs, held.per_joint(np.where(pairs[held.line] > 0, contribution, 0.0))


def _below(eta: Floats, mass: Floats, line: Ints, order: Ints) -> Floats:
    """For each entry the mass in its line at smaller values of eta, plus half of that at the same value."""
    value, at, sorted_mass = eta[order], line[order], mass[order]
    start = np.ones(len(eta), dtype=bool)
    start[1:] = at[1:] != at[:-1]
    new = start.copy()
    new[1:] |= value[1:] != value[:-1]
    group = np.cumsum(new) - 1
    before = np.concatenate([[0.0], np.cumsum(sorted_mass)])  # whole numbers: exact below 2^53
    first = np.flatnonzero(new)
    tied = np.diff(before[np.append(first, len(eta))])
    of_line = before[np.flatnonzero(start)][np.cumsum(start) - 1]
    found = np.empty_like(eta)
    found[order] = before[first][group] - of_line + tied[group] / 2
    return found
