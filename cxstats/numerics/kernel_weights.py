"""Weighted means of moments, with weights that grow by intensity and recency, and their derivatives.

Moment t of a sequence weighs w_t, proportional to exp(theta_1 f_1t + ... + theta_p f_pt); the weights of a sequence
add up to 1. With m the weighted mean of its values x, dm/dtheta_j = sum w f_j (x - m), and the second derivative is
the third moment about the means, sum w (f_j - mean f_j)(f_k - mean f_k)(x - m).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import exprel

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import TooFewError
from cxstats.numerics.moments import Moments

INTENSITY, RECENCY = "intensity", "recency"
GOOD, BAD = f"{INTENSITY}_good", f"{INTENSITY}_bad"
_CELLS = 16_384  # moments per block: its few arrays stay in the processor's own memory
ROUNDING = 1e-13  # what is left of a number where nothing should be, relative to it
_COLLINEAR = 1e-10  # smallest eigenvalue of the features' correlations within sequences


@dataclass(frozen=True)
class KernelRows:
    """Moments with what their weights depend on.

    Attributes
    ----------
    value : array, shape (M,)
    first : int array, shape (S + 1,)
        Sequence i holds the moments ``first[i]`` to ``first[i + 1] - 1``, at least one.
    features : array, shape (M, p)
    names : tuple of str, length p
        Of the features.
    """

    value: Floats
    first: Ints
    features: Floats
    names: tuple[str, ...]


@dataclass(frozen=True)
class Persons:
    """The person of each sequence, numbered from 0, and how many sequences each gave."""

    number: Ints
    size: Ints


@dataclass(frozen=True)
class Block:
    """Some sequences of about equal length side by side: row t holds the t-th moment of each.

    Attributes
    ----------
    sequence : int array, shape (s,)
        Their numbers.
    value : array, shape (n, s)
    features : array, shape (p, n, s)
    present : bool array, shape (n, s), or None
        False where a sequence is shorter than the longest (its last moment stands there again); None if nowhere.
    """

    sequence: Ints
    value: Floats
    features: Floats
    present: Bools | None


@dataclass(frozen=True)
class Blocks:
    """All sequences, S in number, in blocks; features in units (p,) of their own."""

    parts: tuple[Block, ...]
    sequences: int
    unit: Floats


@dataclass(frozen=True)
class KernelProblem:
    """Sequences laid out, their response less its mean, and who they are of (None: all are of one)."""

    blocks: Blocks
    y: Floats
    persons: Persons | None


def kernel_rows(moments: Moments, neutral: float, *, sides: bool = False) -> KernelRows:
    """The kernel of intensity (distance from the neutral point) and recency (place in the sequence, 0 to 1).

    With ``sides``, intensity is split: its distance above the neutral point, else 0, and its distance below, else 0.
    """
    apart = moments.value - neutral
    columns = [np.maximum(apart, 0.0), np.maximum(-apart, 0.0)] if sides else [np.abs(apart)]
    names = (GOOD, BAD, RECENCY) if sides else (INTENSITY, RECENCY)
    features = np.empty((len(apart), len(names)), order="F")
    for j, column in enumerate([*columns, moments.place]):
        features[:, j] = column
    return KernelRows(moments.value, moments.first, features, names)


def kernel_problem(rows: KernelRows, response: Floats, person: Ints | None) -> KernelProblem:
    """Refuse what nothing can be learnt from, and lay out the rest.

    Raises
    ------
    TooFewError
        Too few sequences, or nothing varies, or features are collinear within sequences.
    """
    persons = None if person is None else numbered(person)
    y = centred(response, persons)
    _refuse_few(rows, response, y, persons)
    blocks = laid_out(rows)
    refuse_collinear(blocks, rows.names)
    return KernelProblem(blocks, y, persons)


def _refuse_few(rows: KernelRows, response: Floats, y: Floats, persons: Persons | None) -> None:
    n, q = len(response), len(rows.names) + (2 if persons is None else 1)
    among = 0 if persons is None else len(persons.size)
    if n <= q + among:
        also = "" if persons is None else f" and persons ({among:,})"
        less = "" if persons is None else ", or do not compare persons with themselves"
        raise TooFewError(
            f"There must be more sequences than coefficients ({q}){also}, but there are {n:,} sequences."
            f"\nCollect more{less}."
        )
    if np.abs(y).max() > ROUNDING * np.abs(response).max():
        return
    if persons is None:
        found = f"Remembered ratings must vary, but all {n:,} sequences hold the same."
    else:
        found = f"Remembered ratings must vary within persons, but none of {among:,} persons gave two that differ."
    raise TooFewError(f"{found}\nThere is nothing to explain.")


def numbered(person: Ints) -> Persons:
    """Persons from codes in any order."""
    number, size = np.unique(person, return_inverse=True, return_counts=True)[1:]
    return Persons(number, size)


def centred(columns: Floats, persons: Persons | None) -> Floats:
    """Less the mean of each person, or of all, along the last axis."""
    if persons is None:
        apart: Floats = columns - columns.mean(axis=-1, keepdims=True)
        return apart
    if columns.ndim == 1:
        mean = np.bincount(persons.number, weights=columns) / persons.size
        within: Floats = columns - mean[persons.number]
        return within
    return np.stack([centred(row, persons) for row in columns])


def typical_range(rows: KernelRows) -> Floats:
    """Mean difference between a sequence's largest and smallest value of each feature, (p,), where they differ.

    Raises
    ------
    TooFewError
        A feature varies within no sequence.
    """
    start = rows.first[:-1]
    found = np.zeros(len(rows.names))
    for j in range(len(found)):
        column = np.ascontiguousarray(rows.features[:, j])
        reach = np.maximum.reduceat(column, start) - np.minimum.reduceat(column, start)
        if (reach > 0).any():
            found[j] = reach[reach > 0].mean()
    if not found.all():
        still = [f"'{name}'" for name, size in zip(rows.names, found, strict=True) if size == 0]
        vary = "it varies" if len(still) == 1 else "they vary"
        raise TooFewError(
            f"{' and '.join(still)} must vary within some sequences, but {vary} within none of {len(start):,} "
            "sequences.\nSequences need two moments or more, some of them farther from the neutral point than others."
        )
    return found


def refuse_collinear(blocks: Blocks, names: tuple[str, ...]) -> None:
    """Refuse features that follow from each other within sequences: their weights cannot be told apart."""
    p = len(names)
    products = np.zeros((p, p))  # a moment that stands again in a shorter sequence weighs more: that changes no rank
    for part in blocks.parts:
        weight = _weights(part, np.zeros(p))
        apart = part.features - (part.features * weight).sum(axis=1, keepdims=True)
        flat = apart.reshape(p, -1)
        products += flat @ flat.T
    sd = np.sqrt(np.diag(products))
    values, vectors = np.linalg.eigh(products / np.outer(sd, sd))
    if values[0] > _COLLINEAR:
        return
    owners = [f"'{name}'" for name, part in zip(names, vectors[:, 0], strict=True) if abs(part) > 1e-3]
    raise TooFewError(
        f"{' and '.join(owners)} must not follow from each other, but within sequences they are collinear (every "
        "moment is farther from the neutral point the later it is, or the reverse).\n"
        "Their weights cannot be told apart here: compare the sequences' peak, end and mean instead."
    )


def laid_out(rows: KernelRows, unit: Floats | None = None, chosen: Ints | None = None) -> Blocks:
    """Sequences (all, or those chosen) in blocks; features divided by ``unit``, else by their typical range."""
    unit = typical_range(rows) if unit is None else unit
    chosen = np.arange(len(rows.first) - 1) if chosen is None else chosen
    start = rows.first[chosen]
    n = rows.first[chosen + 1] - start
    order = np.argsort(n, kind="stable")
    return Blocks(tuple(_block(rows, unit, start, n, at) for at in _shares(n[order], order)), len(chosen), unit)


def _shares(n: Ints, order: Ints) -> Iterator[Ints]:
    """Sequences in order of length, cut where a block is full or the next is longer by more than a quarter."""
    at = 0
    while at < len(n):
        reach = int(np.searchsorted(n, n[at] + n[at] // 4, side="right"))
        end = min(reach, at + max(1, _CELLS // int(n[reach - 1])))
        yield order[at:end]
        at = end


def _block(rows: KernelRows, unit: Floats, start: Ints, n: Ints, at: Ints) -> Block:
    moment = np.arange(n[at].max())[:, None]
    take = start[at] + np.minimum(moment, n[at] - 1)
    features = np.empty((len(unit), *take.shape))
    for j, size in enumerate(unit):
        np.divide(rows.features[:, j][take], size, out=features[j])
    present = moment < n[at]
    return Block(at, rows.value[take], features, None if present.all() else present)


def weighted_means(blocks: Blocks, theta: Floats, order: int) -> Floats:
    """Weighted mean of each sequence and its derivatives.

    Parameters
    ----------
    blocks : Blocks
    theta : array, shape (p,)
        Per unit of the blocks' features.
    order : int
        How many derivatives: 0, 1 or 2.

    Returns
    -------
    array, shape (1, S), (1 + p, S) or (1 + p + p (p + 1) / 2, S)
        The mean, its first derivatives, its second ones in the order 11, 12, ... 1p, 22, ... pp.
    """
    p = len(theta)
    found = np.empty(((1, 1 + p, 1 + p + p * (p + 1) // 2)[order], blocks.sequences))
    for part in blocks.parts:
        found[:, part.sequence] = _of_block(part, _weights(part, theta), order)
    return found


def _weights(part: Block, theta: Floats) -> Floats:
    """Adding up to 1 in each column; the largest exponent is 0, so that none overflows."""
    weight: Floats = part.features[0] * theta[0]
    term = np.empty_like(weight)
    for feature, size in zip(part.features[1:], theta[1:], strict=True):
        weight += np.multiply(feature, size, out=term)
    weight -= weight.max(axis=0)
    np.exp(weight, out=weight)
    if part.present is not None:
        weight *= part.present
    weight /= weight.sum(axis=0)
    return weight


def _of_block(part: Block, weight: Floats, order: int) -> Floats:
    product = weight * part.value
    mean: Floats = product.sum(axis=0)
    if order == 0:
        return mean[None]
    p = len(part.features)
    found = [mean]
    apart = np.subtract(part.value, mean)
    apart *= weight
    if order == 1:
        found += [np.multiply(apart, feature, out=product).sum(axis=0) for feature in part.features]
        return np.stack(found)
    feature = np.empty_like(part.features)
    for j in range(p):
        centre = np.multiply(weight, part.features[j], out=product).sum(axis=0)
        np.subtract(part.features[j], centre, out=feature[j])
    second = []
    for j in range(p):
        spread = apart * feature[j]
        found.append(spread.sum(axis=0))
        second += [np.multiply(spread, feature[k], out=product).sum(axis=0) for k in range(j, p)]
    return np.stack(found + second)


def recency_curve(beta: float, place: Floats) -> Floats:
    """Weight at each place (0 the first moment, 1 the last) at equal intensity; equal weights are 1 everywhere.

    exp(beta s), divided by its mean over s from 0 to 1.
    """
    towards = np.exp(beta * (place - (1.0 if beta > 0 else 0.0)))
    curve: Floats = towards / exprel(-abs(beta))
    return curve


def intensity_curve(alpha: float, distance: Floats) -> Floats:
    """Weight at each distance from the neutral point at equal place, relative to the mean over those distances.

    Pass the distances that were observed, or an even grid: the mean is over what is given.
    """
    exponent = alpha * distance
    weight = np.exp(exponent - exponent.max())
    relative: Floats = weight / weight.mean()
    return relative
