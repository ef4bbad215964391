"""Simulated ratings that end at 5: what a ceiling does to a linear effect."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import ndtr

from cxstats.arrays import Floats
from cxstats.errors import RoleError
from cxstats.simulate.answers import size
from cxstats.simulate.population import FAR


@dataclass(frozen=True, kw_only=True)
class RatingTruth:
    """What least squares finds, in an endless sample, of a linear effect behind a bounded rating.

    ``top_share`` is the share at 5. ``slope_below`` and ``slope_above`` come from a line fitted to each
    side of 0 by itself, ``joint_below`` and ``joint_above`` from two lines that meet at 0; in points of
    the rating per unit of the gap, which is about one SD.
    """

    top_share: float
    slope_below: float
    slope_above: float
    joint_below: float
    joint_above: float


def linear_rating(
    n: int, *, rng: int | np.random.Generator, slope: float = 0.6, mean: float = 4.0, unit: float = 0.0
) -> Any:
    """A gap with a strictly linear effect on satisfaction, seen through a rating that ends at 5.

    The nearer the mean to the top, the more it looks as if shortfall hurt more than excess helps.

    Parameters
    ----------
    n : int
        Number of customers.
    rng : int or numpy Generator
        The seed, or the generator to draw from.
    slope : float
        Latent effect per SD of the gap, between -1 and 1; the latent rating has SD 1.
    mean : float
        Mean of the latent rating, which is rounded and cut to 1-5: 3 puts 7% at 5, 4 puts 31%, 4.5 half.
    unit : float
        The gap is rounded to multiples of this (in SD), so that some meet 0 exactly; 0 does not round.

    Returns
    -------
    pandas.DataFrame
        gap (about standard normal) and rating 1-5.
    """
    _check_linear(slope, unit)
    import pandas as pd

    generator = np.random.default_rng(rng)
    gap = generator.standard_normal(size("n", n))
    if unit:
        gap = np.round(gap / unit) * unit + 0.0
    latent = mean + slope * gap + np.sqrt(1 - slope**2) * generator.standard_normal(n)
    return pd.DataFrame({"gap": gap, "rating": np.clip(np.floor(latent + 0.5), 1, 5).astype(np.int64)})


def linear_rating_truth(*, slope: float = 0.6, mean: float = 4.0, unit: float = 0.0) -> RatingTruth:
    """What a bounded rating makes of a linear effect: `linear_rating` with an endless n, by quadrature."""
    _check_linear(slope, unit)
    gap: Floats
    share: Floats
    if unit:
        steps = np.arange(np.floor(-FAR / unit), np.ceil(FAR / unit) + 1)
        gap, share = steps * unit, ndtr((steps + 0.5) * unit) - ndtr((steps - 0.5) * unit)
    else:
        nodes, weights = leggauss(200)
        gap = np.concatenate([(nodes - 1) * FAR / 2, (nodes + 1) * FAR / 2])
        density: Floats = np.exp(-(gap**2) / 2) / np.sqrt(2 * np.pi)
        share = np.tile(weights, 2) * FAR / 2 * density
    above = ndtr((mean + slope * gap - np.array([[1.5], [2.5], [3.5], [4.5]])) / np.sqrt(1 - slope**2))
    rating = 1 + above.sum(axis=0)
    below, one = gap < 0, np.ones_like(gap)
    joint = _least_squares([one, np.minimum(gap, 0), np.maximum(gap, 0)], rating, share)
    return RatingTruth(
        top_share=float(share @ above[-1]),
        slope_below=float(_least_squares([one, gap], rating, share * below)[1]),
        slope_above=float(_least_squares([one, gap], rating, share * ~below)[1]),
        joint_below=float(joint[1]),
        joint_above=float(joint[2]),
    )


def _least_squares(columns: list[Floats], rating: Floats, share: Floats) -> Floats:
    design = np.column_stack(columns)
    return np.asarray(np.linalg.solve((design.T * share) @ design, (design.T * share) @ rating), dtype=np.float64)


def _check_linear(slope: float, unit: float) -> None:
    if not -1 < slope < 1:
        raise RoleError(f"slope={slope:g} must lie strictly between -1 and 1: the latent rating has SD 1.")
    if not unit >= 0:
        raise RoleError(f"unit={unit:g} must be 0 (no rounding) or above.")
