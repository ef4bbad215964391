"""Penalty and reward of attributes: which answers are low and high, how lopsided an attribute is, and its resamples."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import ScaleError, number
from cxstats.numerics.resample import draw_clusters, draw_counts
from cxstats.scales import Scale

_BLOCK = 4_000_000  # numbers held at once
_SINGULAR = 1e-10  # eigenvalues of the scaled squares below this are 0: a group is empty in that sample


@dataclass(frozen=True)
class Cuts:
    """Up to which score, up is good, an answer is low, and from which it is high."""

    low: float
    high: float

    def is_low(self, upward: Floats) -> Bools:
        """Which answers are low."""
        return upward <= self.low

    def is_high(self, upward: Floats) -> Bools:
        """Which answers are high."""
        return upward >= self.high

    def given(self, scale: Scale) -> tuple[float, float]:
        """Both on the scale itself, in its own direction."""
        return turned(scale, self.low), turned(scale, self.high)


@dataclass(frozen=True)
class Indicators:
    """Attributes as zeros and ones.

    ``design`` (K, 1 + 2 p) has ones, the p indicators of a low answer, then the p of a high one; ``n_low`` and
    ``n_high`` (p,) are the rows with such answers; ``straight`` (p,) is the asymmetry that a straight line would show,
    only since middle answers lie on average nearer to one end: NaN where a group is empty.
    """

    names: tuple[str, ...]
    design: Floats
    n_low: Ints
    n_high: Ints
    straight: Floats

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the columns for messages."""
        return ("(intercept)", *(f"{name}, {side}" for side in ("low", "high") for name in self.names))


def indicators(names: Sequence[str], scores: Sequence[Floats], cuts: Sequence[Cuts], count: Ints) -> Indicators:
    """The indicators of p scores (K,), up is good."""
    low = np.column_stack([each.is_low(score) for each, score in zip(cuts, scores, strict=True)])
    high = np.column_stack([each.is_high(score) for each, score in zip(cuts, scores, strict=True)])
    design = np.column_stack([np.ones(len(count)), low, high])
    means = []
    for group in (low, ~(low | high), high):
        rows = count @ group
        total = count @ np.where(group, np.column_stack(scores), 0.0)
        means.append(np.divide(total, rows, out=np.full(len(names), np.nan), where=rows > 0))
    straight = impact_asymmetry(means[0] - means[1], means[2] - means[1])
    return Indicators(tuple(names), design, count @ low, count @ high, straight)


def chosen_cuts(name: str, scale: Scale, low: float | None, high: float | None) -> Cuts:
    """The cuts given on the scale itself, or the thirds.

    Raises
    ------
    ScaleError
        A cut lies off the scale, or no answer lies between them.
    """
    third = thirds(scale)
    below = third.low if low is None else turned(scale, low)
    above = third.high if high is None else turned(scale, high)
    gap = np.ceil(above) - np.floor(below) - 1 if scale.whole else above - below
    if not (scale.low <= below < above <= scale.high and gap > 0):
        raise ScaleError(
            f"Low, middle and high answers must all be possible, but on '{name}' ({scale.range}) low ends at "
            f"{number(turned(scale, below))} and high begins at {number(turned(scale, above))}."
            f'\nPass low={{"{name}": ...}} and high={{"{name}": ...}} with answers in between.'
        )
    return Cuts(below, above)


def turned(scale: Scale, value: float) -> float:
    """An answer turned so that up is good, or turned back."""
    return value if scale.higher_is_better else scale.low + scale.high - value


def thirds(scale: Scale) -> Cuts:
    """The lowest and the highest third of the levels, whole levels only; of the range where there are no levels."""
    if not scale.whole:
        third = (scale.high - scale.low) / 3
        return Cuts(scale.low + third, scale.high - third)
    levels = max(1, int(scale.high - scale.low + 1) // 3)
    return Cuts(scale.low + levels - 1, scale.high - levels + 1)


def impact_asymmetry(penalty: Floats, reward: Floats) -> Floats:
    """(reward - |penalty|) / (reward + |penalty|): -1 where only the low end matters, 1 where only the high end does.

    A penalty above 0, or a reward below 0, counts as 0. NaN where high answers go with no better outcome than low ones.
    """
    gain, loss = np.maximum(reward, 0.0), np.maximum(-penalty, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(reward > penalty, (gain - loss) / (gain + loss), np.nan)


def both_and_range(p: int) -> Floats:
    """Contrasts (3 p, 2 p) of p penalties and p rewards: penalty, reward, reward - penalty of one after the other."""
    one, none = np.eye(p), np.zeros((p, p))
    blocks = [np.hstack([one, none]), np.hstack([none, one]), np.hstack([-one, one])]
    return np.stack(blocks, axis=1).reshape(3 * p, 2 * p)


def class_shares(asymmetry: Floats, cut: float) -> Floats:
    """Of each column (B, p) the share below -cut, from -cut to cut, above cut, and without a value: shape (p, 4)."""
    none = np.isnan(asymmetry)
    kinds = (asymmetry < -cut, (asymmetry >= -cut) & (asymmetry <= cut), asymmetry > cut, none)
    return np.column_stack([kind.mean(axis=0) for kind in kinds])


def percentiles(asymmetry: Floats, level: float) -> tuple[Floats, Floats]:
    """Percentile limits of each column (B, p), whatever the missing values may have been between -1 and 1."""
    none, tail = np.isnan(asymmetry), (1 - level) / 2
    low = np.quantile(np.where(none, -1.0, asymmetry), tail, axis=0)
    high = np.quantile(np.where(none, 1.0, asymmetry), 1 - tail, axis=0)
    return low, high


def resampled_asymmetry(
    design: Floats, y: Floats, count: Ints, cluster: Ints | None, replicates: int, rng: np.random.Generator
) -> Floats:
    """Asymmetries (replicates, p) of bootstrap samples, of a design as in `Indicators`."""
    p = design.shape[1] // 2
    drawn = resampled_coefficients(design, y, count, cluster, replicates, rng)
    return impact_asymmetry(drawn[:, 1 : p + 1], drawn[:, p + 1 :])


def resampled_coefficients(
    design: Floats, y: Floats, count: Ints, cluster: Ints | None, replicates: int, rng: np.random.Generator
) -> Floats:
    """Least squares on bootstrap samples of the rows, or of whole clusters; NaN where a sample fixes no coefficients.

    Rows with the same predictors are added up, so that the cost of a sample is that of its distinct rows.

    Parameters
    ----------
    design : array, shape (K, q)
        Zeros and ones, first column ones.
    y : array, shape (K,)
    count : int array, shape (K,)
    cluster : int array, shape (K,), optional

    Returns
    -------
    array, shape (replicates, q)
    """
    patterns, place = np.unique(design, axis=0, return_inverse=True)
    place = place.ravel()
    middle = float(count @ y / count.sum())
    if cluster is None:
        unit, units, held = np.arange(len(y)), len(y), np.ones(len(y))
    else:
        present, unit = np.unique(cluster, return_inverse=True)
        units, held = len(present), count.astype(np.float64)
    shape = (units, len(patterns))
    rows = csr_array((held, (unit, place)), shape=shape)
    total = csr_array((held * (y - middle), (unit, place)), shape=shape)
    products = (patterns[:, :, None] * patterns[:, None, :]).reshape(len(patterns), -1)
    found = []
    for drawn in _drawn(count, cluster is None, units, replicates, rng, len(patterns)):
        mass, sums = (np.asarray(drawn @ table) for table in (rows, total))
        squares = (mass @ products).reshape(len(drawn), design.shape[1], -1)
        found.append(_solved(squares, sums @ patterns))
    coefficients = np.vstack(found)
    coefficients[:, 0] += middle
    return coefficients


def _drawn(
    count: Ints, by_rows: bool, units: int, replicates: int, rng: np.random.Generator, patterns: int
) -> Iterator[Floats]:
    """How often each unit is drawn, in blocks whose tables of patterns fit into memory."""
    block = max(1, _BLOCK // patterns)
    for drawn in draw_counts(count, replicates, rng) if by_rows else draw_clusters(units, replicates, rng):
        for first in range(0, len(drawn), block):
            yield drawn[first : first + block].astype(np.float64)


def _solved(squares: Floats, products: Floats) -> Floats:
    """Solutions (b, q) of b systems; NaN for those that have none or many."""
    size = np.sqrt(np.einsum("bii->bi", squares))
    size[size == 0] = 1.0
    scaled = squares / (size[:, :, None] * size[:, None, :])
    fixed = np.linalg.eigvalsh(scaled)[:, 0] > _SINGULAR
    solution = np.full(products.shape, np.nan)
    solution[fixed] = np.linalg.solve(scaled[fixed], (products / size)[fixed][:, :, None])[:, :, 0] / size[fixed]
    return solution
