"""Moments of many sequences as ragged arrays: one after the other, with the place where each sequence begins."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints


@dataclass(frozen=True)
class Moments:
    """The moments of S sequences, M in all, in order of time within each.

    Attributes
    ----------
    value : array, shape (M,), float64
        What was felt; no value is missing.
    time : array, shape (M,), float64
        When, in the unit of the order column (seconds for dates); ascending within a sequence.
    first : int array, shape (S + 1,)
        Sequence i holds the moments ``first[i]`` to ``first[i + 1] - 1``, at least one.
    """

    value: Floats
    time: Floats
    first: Ints

    @property
    def n(self) -> Ints:
        """Moments per sequence, shape (S,)."""
        return np.diff(self.first)

    @property
    def duration(self) -> Floats:
        """From the first to the last moment, per sequence, shape (S,)."""
        return self.time[self.first[1:] - 1] - self.time[self.first[:-1]]

    @property
    def place(self) -> Floats:
        """Share of its sequence's time that has passed at each moment, 0 to 1, shape (M,); 1 where no time passes."""
        took = self.duration
        passed = self.time - np.repeat(self.time[self.first[:-1]], self.n)
        share: Floats = np.ones(len(self.time))
        np.divide(passed, np.repeat(took, self.n), out=share, where=np.repeat(took > 0, self.n))
        return share

    def of_sequences(self, kept: Ints) -> "Moments":
        """Some of the sequences, by number, in that order."""
        n = self.n[kept]
        first = np.concatenate([[0], np.cumsum(n)])
        at = np.arange(first[-1]) + np.repeat(self.first[kept] - first[:-1], n)
        return Moments(self.value[at], self.time[at], first)
