"""Concordance of scores with an outcome that has an order, on counts, with the influence of each row.

Of two customers with different outcomes, the one with the better score has the better outcome with
probability C. Only pairs that can be told apart by their outcomes are usable; ties of the score count one
half.
"""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints


@dataclass(frozen=True)
class ConcordanceFit:
    """Concordances of p scores on K cells.

    Attributes
    ----------
    concordance : array, shape (p,)
    influence : array, shape (K, p)
        Of one row of each cell, survey weight included.
    """

    concordance: Floats
    influence: Floats


def fit_concordance(scores: Floats, outcome: Floats, count: Ints, weight: Floats) -> ConcordanceFit:
    """C = A / B over weighted pairs, and the influence of a row: w (a - C b) / B.

    a and b are the row's own concordant and usable pairs, ties one half: the derivative of A and of B by the
    weight of the row.

    Parameters
    ----------
    scores : array, shape (K, p)
        Up is good.
    outcome : array, shape (K,)
        Up is good.
    count : int array, shape (K,)
    weight : array, shape (K,)
    """
    mass = count * weight
    levels, y = np.unique(outcome, return_inverse=True)
    usable = mass.sum() - np.bincount(y, weights=mass, minlength=len(levels))[y]
    pairs = float(mass @ usable) / 2
    found, influence = np.empty(scores.shape[1]), np.empty(scores.shape)
    for j, score in enumerate(scores.T):
        concordant = _concordant(score, y, mass)
        found[j] = float(mass @ concordant) / 2 / pairs
        influence[:, j] = weight * (concordant - found[j] * usable) / pairs
    return ConcordanceFit(found, influence)


def _concordant(score: Floats, y: Ints, mass: Floats) -> Floats:
    """For each cell the mass that is below it, or above it, in both score and outcome; equal scores count half."""
    values, s = np.unique(score, return_inverse=True)
    top = int(y.max()) + 1
    same_score = np.bincount(s, weights=mass, minlength=len(values))[s]
    both = np.unique(s * top + y, return_inverse=True)[1]
    same_both = np.bincount(both, weights=mass)[both]
    reversed_s, reversed_y = len(values) - 1 - s, top - 1 - y
    half: Floats = (same_score - same_both) / 2
    return mass_below(s, y, mass) + mass_below(reversed_s, reversed_y, mass) + half


def mass_below(s: Ints, y: Ints, mass: Floats) -> Floats:
    """For each cell the mass of the cells with a smaller s and a smaller y; O(K log K).

    Bit by bit of s: of two cells that agree in all higher bits the one without the bit is smaller, so the
    mass wanted is that of earlier cells (in the order of y) in the same block without the bit.
    """
    order = np.argsort(y, kind="stable")
    s, y, mass = s[order], y[order], mass[order]
    below = np.zeros(len(s))
    for bit in range(int(s.max()).bit_length()):
        block = s >> (bit + 1)
        # A sort of short whole numbers takes a time in proportion to their number.
        place = np.argsort(block.astype(np.uint16) if int(block.max()) < 2**16 else block, kind="stable")
        sorted_block, sorted_y = block[place], y[place]
        without = np.where((s[place] >> bit) & 1, 0.0, mass[place])
        before = np.concatenate([[0.0], np.cumsum(without)])
        new_block = _starts(sorted_block[1:] != sorted_block[:-1])
        new_y = np.maximum(_starts(sorted_y[1:] != sorted_y[:-1]), new_block)
        gained = before[new_y] - before[new_block]
        below[place] += np.where((s[place] >> bit) & 1, gained, 0.0)
    found = np.empty(len(s))
    found[order] = below
    return found


def _starts(changed: np.ndarray) -> Ints:
    """For each entry the place at which its run of equal entries begins."""
    place = np.arange(len(changed) + 1)
    first = np.concatenate([[True], changed])
    starts: Ints = np.maximum.accumulate(np.where(first, place, 0))
    return starts
