"""Loyal customers both buy and score high: past behaviour and scores that share one latent variable."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from cxstats.arrays import Floats, Ints
from cxstats.simulate.levels import cut, level_values, levels_given, normal_nodes
from cxstats.simulate.population import SCORES

METRICS = tuple(SCORES)


@dataclass(frozen=True)
class Control:
    """A column of past behaviour: its values with their shares, its tie to loyalty, its weight for buying again."""

    values: Floats
    share: Floats
    loyalty: float
    weight: float

    @property
    def cuts(self) -> Floats:
        """Where its latent variable is cut into its values."""
        return ndtri(np.cumsum(self.share)[:-1])


def _shares(size: Floats) -> Floats:
    shares: Floats = size / size.sum()
    return shares


# The weights are log-odds per SD, up to a common factor.
CONTROLS = {
    "prior_orders": Control(np.arange(9.0), _shares(np.array([14, 27, 27, 18, 9, 4, 2, 1, 1.0])), 0.7, 0.6),
    "tenure": Control(np.arange(8.0), _shares(np.arange(8.0, 0.0, -1.0)), 0.4, 0.3),
    "recency": Control(np.arange(1.0, 13.0), _shares(0.8 ** np.arange(12.0)), -0.6, -0.5),
}
PAST_SHAPE = tuple(len(control.values) for control in CONTROLS.values())
SCORE_SHAPE = tuple(len(level_values(metric)) for metric in METRICS)


def joint_share(loyalty: tuple[float, ...], halo: float) -> Floats:
    """P(controls, scores), shape (combinations of controls, combinations of scores).

    Given loyalty, controls and scores are independent; given besides what the scores share, so are the scores.
    """
    value, share = normal_nodes()
    past = np.einsum("li,lj,lk->lijk", *(_control_given(control, value) for control in CONTROLS.values()))
    tables = []
    for metric, loading in zip(METRICS, loyalty, strict=True):
        rest = np.sqrt(1 - loading**2)
        mean = loading * value[:, None] + rest * np.sqrt(halo) * value
        tables.append(levels_given(metric, mean, float(rest * np.sqrt(1 - halo))))
    scores = np.einsum("h,lhi,lhj,lhk->lijk", share, *tables, optimize=True)
    joint: Floats = (past.reshape(len(value), -1) * share[:, None]).T @ scores.reshape(len(value), -1)
    return joint


def draw_columns(n: int, loyalty: tuple[float, ...], halo: float, generator: np.random.Generator) -> dict[str, Ints]:
    """Past behaviour and scores of n customers."""
    loyal, shared = generator.standard_normal((2, n))
    columns: dict[str, Ints] = {}
    for name, control in CONTROLS.items():
        latent = control.loyalty * loyal + np.sqrt(1 - control.loyalty**2) * generator.standard_normal(n)
        columns[name] = control.values[np.searchsorted(control.cuts, latent)].astype(np.int64)
    for metric, loading in zip(METRICS, loyalty, strict=True):
        noise = np.sqrt(halo) * shared + np.sqrt(1 - halo) * generator.standard_normal(n)
        columns[metric] = cut(metric, loading * loyal + np.sqrt(1 - loading**2) * noise)
    return columns


def _control_given(control: Control, loyalty: Floats) -> Floats:
    below = ndtr((control.cuts - control.loyalty * loyalty[:, None]) / np.sqrt(1 - control.loyalty**2))
    share: Floats = np.diff(below, axis=1, prepend=0.0, append=1.0)
    return share
