"""A score that was computed from the outcome: it predicts all too well."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cxstats.simulate.answers import cohort, size
from cxstats.simulate.parameters import inside


@dataclass(frozen=True, kw_only=True)
class LeakTruth:
    """What holds of the column ``satisfaction`` that `leak` adds.

    ``auc`` is its area for repurchase; ``unsure`` the share at 3 of those who repurchase and of those who
    do not.
    """

    auc: float
    unsure: float


def leak_truth(*, unsure: float = 0.4) -> LeakTruth:
    """The population quantities behind `leak`: only two customers who are both at 3 cannot be told apart."""
    unsure = inside("unsure", unsure, 0, 1)
    return LeakTruth(auc=1 - unsure**2 / 2, unsure=unsure)


def leak(n: int, *, rng: int | np.random.Generator, unsure: float = 0.4) -> Any:
    """A simulated `cohort` with a satisfaction score that was made up from the outcome.

    Customers at 1 or 2 never repurchase, at 4 or 5 always; only 3 holds both, as in the sample of telephone
    customers with which IBM shows its software. Use it to see whether a check for leakage finds it.

    Parameters
    ----------
    n : int
        Number of customers.
    rng : int or numpy Generator
        The seed, or the generator to draw from.
    unsure : float
        Share of the customers at 3, strictly between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        The columns of `cohort`, with ``satisfaction`` 1-5 before ``repurchase``.

    Raises
    ------
    RoleError
        ``unsure`` is out of its range.
    TooFewError
        ``n`` is not a whole number from 1 up.

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.simulate.leak(1000, rng=1)
    >>> customers.groupby("satisfaction")["repurchase"].nunique().tolist()
    [1, 1, 2, 1, 1]
    """
    n, unsure = size("n", n), leak_truth(unsure=unsure).unsure
    generator = np.random.default_rng(rng)
    frame = cohort(n, rng=generator)
    side = np.where(frame["repurchase"] == 1, 4, 1) + generator.integers(0, 2, size=n)
    score = np.where(generator.random(n) < unsure, 3, side)
    frame.insert(frame.columns.get_loc("repurchase"), "satisfaction", score.astype(np.int64))
    return frame
