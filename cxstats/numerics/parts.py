"""Rows of a frame that belong together: several parts make up a result whose parts stand on different rows."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.scores import group_means


@dataclass(frozen=True)
class Part:
    """Some rows of a frame.

    Attributes
    ----------
    name : str
    terms : tuple of str, length q
    estimate, std_error : array, shape (q,)
    df : float
    rows : int
        Rows of data that they stand on.
    """

    name: str
    terms: tuple[str, ...]
    estimate: Floats
    std_error: Floats
    df: float
    rows: int


@dataclass(frozen=True)
class Share:
    """A share of rows: its estimate, standard error, rows, rows of a simple sample worth as much, and df."""

    estimate: float
    std_error: float
    rows: int
    n_eff: float
    df: float


def share_of(name: str, marked: Floats, count: Ints, weight: Floats, cluster: Ints | None) -> Share:
    """Share of 1 among cells that hold 0 or 1; the name of the group is for messages."""
    fit = group_means(marked, np.zeros(len(marked), dtype=np.int64), (name,), count, weight, cluster)
    df = float(fit.df[0]) if fit.clustered else np.inf
    return Share(float(fit.mean[0]), float(fit.std_error[0]), int(count.sum()), float(fit.n_eff[0]), df)


def share_part(term: str, share: Share) -> Part:
    """A share as a row of the frame."""
    return Part("share", (term,), np.array([share.estimate]), np.array([share.std_error]), share.df, share.rows)
