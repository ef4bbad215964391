"""What is summed up of each sequence: its mean, its peak, its start and end, its trend."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.moments import Moments


@dataclass(frozen=True)
class SequenceFeatures:
    """One number per sequence each, shape (S,); values in the unit of the moments.

    Attributes
    ----------
    n, duration : moments, and time from the first to the last
    first, end : mean of the opening and of the closing moments, as many as were asked for
    peak : value farthest from the neutral point, the latest of several
    peak_position : share of the time that had passed at the peak, 0 to 1
    peak_ties : moments as far from the neutral point as the peak, itself included
    peak_mean : mean of these
    max, min, mean, sd : of the moments; sd with n - 1, NaN for one moment
    mean_time : mean over time, values in between taken as linear; the plain mean where no time passes
    trend : slope on the share of time that has passed: how much the fitted line rises from first to last moment
    peak_end : the weighted sum of peak and end
    """

    n: Ints
    duration: Floats
    first: Floats
    end: Floats
    peak: Floats
    peak_position: Floats
    peak_ties: Ints
    peak_mean: Floats
    max: Floats
    min: Floats
    mean: Floats
    mean_time: Floats
    sd: Floats
    trend: Floats
    peak_end: Floats


def sequence_features(
    moments: Moments, neutral: float, *, end: float = 1, weights: tuple[float, float] = (0.5, 0.5)
) -> SequenceFeatures:
    """The features of every sequence, in a few passes over the moments.

    Parameters
    ----------
    moments : Moments
    neutral : float
    end : float
        From 1 up: so many moments are the end (and as many the start); below 1: those of the last share of the time.
    weights : pair of float
        Of peak and of end in the peak-end score.
    """
    value, starts, n = moments.value, moments.first[:-1], moments.n
    place = moments.place
    mean = np.add.reduceat(value, starts) / n
    peaks = _peaks(moments, neutral)
    opening, closing = _edges(moments, place, end)
    return SequenceFeatures(
        n=n,
        duration=moments.duration,
        first=opening,
        end=closing,
        peak=value[peaks.at],
        peak_position=place[peaks.at],
        peak_ties=peaks.ties,
        peak_mean=peaks.mean,
        max=np.maximum.reduceat(value, starts),
        min=np.minimum.reduceat(value, starts),
        mean=mean,
        mean_time=_over_time(moments, mean),
        sd=_spread(moments, mean),
        trend=_trend(moments, place, mean),
        peak_end=weights[0] * value[peaks.at] + weights[1] * closing,
    )


@dataclass(frozen=True)
class _Peaks:
    at: Ints
    ties: Ints
    mean: Floats


def _peaks(moments: Moments, neutral: float) -> _Peaks:
    starts, n = moments.first[:-1], moments.n
    far = np.abs(moments.value - neutral)
    farthest = far == np.repeat(np.maximum.reduceat(far, starts), n)
    at = np.flatnonzero(farthest)
    # The peaks lie in the order of their sequences: the last one of each sequence stands before the next one's first.
    ties = np.add.reduceat(farthest, starts, dtype=np.int64)
    ends = np.cumsum(ties)
    mean = np.add.reduceat(moments.value[at], ends - ties) / ties
    return _Peaks(at[ends - 1], ties, mean)


def _edges(moments: Moments, place: Floats, end: float) -> tuple[Floats, Floats]:
    """Means of the opening and of the closing moments."""
    value, starts, stops, n = moments.value, moments.first[:-1], moments.first[1:], moments.n
    if end == 1:
        return value[starts], value[stops - 1]
    if end < 1:
        # Not 1 - place: its rounding would make the closing moments of a sequence not its opening ones backwards.
        took = np.where(n > 1, moments.duration, 1.0)
        left = (np.repeat(moments.time[stops - 1], n) - moments.time) / np.repeat(took, n)
        opening, closing = place <= end, left <= end
        opening[starts] = closing[stops - 1] = True
    else:
        rank = np.arange(len(place)) - np.repeat(starts, n)
        opening, closing = rank < end, rank >= np.repeat(n, n) - end
    return _mean_where(value, opening, starts), _mean_where(value, closing, starts)


def _mean_where(value: Floats, taken: Bools, starts: Ints) -> Floats:
    share: Floats = np.add.reduceat(np.where(taken, value, 0.0), starts) / np.add.reduceat(
        taken, starts, dtype=np.int64
    )
    return share


def _over_time(moments: Moments, mean: Floats) -> Floats:
    """The trapezoidal rule within each sequence."""
    steps = np.diff(moments.time, append=0.0)
    steps[moments.first[1:] - 1] = 0.0  # from the last moment of a sequence no step leads on
    pairs = moments.value.copy()
    pairs[:-1] += moments.value[1:]
    area = np.add.reduceat(pairs * steps, moments.first[:-1]) / 2
    took = moments.duration
    over_time: Floats = np.divide(area, took, out=mean.copy(), where=took > 0)
    return over_time


def _spread(moments: Moments, mean: Floats) -> Floats:
    squares = np.add.reduceat((moments.value - np.repeat(mean, moments.n)) ** 2, moments.first[:-1])
    spread: Floats = np.sqrt(np.divide(squares, moments.n - 1, out=np.full(len(mean), np.nan), where=moments.n > 1))
    return spread


def _trend(moments: Moments, place: Floats, mean: Floats) -> Floats:
    starts, n = moments.first[:-1], moments.n
    along = place - np.repeat(np.add.reduceat(place, starts) / n, n)
    across = np.add.reduceat(along * (moments.value - np.repeat(mean, n)), starts)
    length = np.add.reduceat(along * along, starts)
    slope: Floats = np.divide(across, length, out=np.full(len(mean), np.nan), where=moments.duration > 0)
    return slope


def middle_moment(moments: Moments) -> Floats:
    """The value in the middle of each sequence's time: of the nearest moment, of two as near the earlier."""
    # Not the distance of `place` from 1/2: its rounding would put one of two moments as near before the other.
    began, ended = (np.repeat(moments.time[at], moments.n) for at in (moments.first[:-1], moments.first[1:] - 1))
    far = np.abs((moments.time - began) - (ended - moments.time))
    nearest = far == np.repeat(np.minimum.reduceat(far, moments.first[:-1]), moments.n)
    at = np.flatnonzero(nearest)
    ties = np.add.reduceat(nearest, moments.first[:-1], dtype=np.int64)
    middle: Floats = moments.value[at[np.cumsum(ties) - ties]]
    return middle
