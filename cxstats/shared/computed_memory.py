"""An overall rating that somebody computed from the moments: it would confirm whatever rule it was computed by."""

import numpy as np

from cxstats.arrays import Floats
from cxstats.errors import ColumnError, listed
from cxstats.numerics.moments import Moments
from cxstats.numerics.sequence_features import sequence_features

_KNOWN = 1e-11  # share of the rating's variance that the moments leave open: less is rounding of float64
_ROUNDED = 0.35  # of the rating's last digit: rounding alone leaves .29 (the root of 1/12)
_FINE = 0.1  # of the rating's SD: only if its last digit is smaller can a fit tell rounding from chance
_DIGITS = 6
_MIXED = ("mean", "peak", "last", "first", "highest", "lowest")
_INVOLVED = 1e-3  # of the rating's SD: summaries that add less take no part


def refuse_computed(name: str, moments: Moments, neutral: float, overall: Floats) -> None:
    """Refuse a rating (S,) that is one summary of the moments, or a weighted sum of several, rounded or not.

    Raises
    ------
    ColumnError
        With the summaries.
    """
    summaries = _summaries(moments, neutral)
    if len(overall) <= 2 * len(_MIXED):  # so few could be fitted by chance; they are too few for any method
        return
    step = _last_digit(overall)
    told = [label for label, one in summaries.items() if _is(one, overall, step)][:1]
    told = told or _mix({label: summaries[label] for label in _MIXED}, overall, step)
    if told:
        raise ColumnError(
            f"'{name}' must be a rating of its own, but in all {len(overall):,} sequences it follows to its last digit "
            f"from the moments ({listed(told)}).\nWhat was computed from the moments is no memory: pass what people "
            "said of the experience afterwards."
        )


def _summaries(moments: Moments, neutral: float) -> dict[str, Floats]:
    found = sequence_features(moments, neutral)
    return {
        "last": found.end,
        "first": found.first,
        "peak": found.peak,
        "highest": found.max,
        "lowest": found.min,
        "mean": found.mean,
        "mean over time": found.mean_time,
        "sum": found.mean * found.n,
    }


def _last_digit(overall: Floats) -> float:
    """The unit to which all ratings are rounded: 1, .1, .01 ...; 0 where there is none."""
    for digits in range(_DIGITS + 1):
        raised = overall * 10.0**digits
        if np.abs(raised - np.rint(raised)).max() <= 1e-9 * max(1.0, float(np.abs(raised).max())):
            return float(10.0**-digits)
    return 0.0


def _is(summary: Floats, overall: Floats, step: float) -> bool:
    """Whether the rating is the summary rounded, or any linear function of it."""
    rounded = np.abs(overall - summary).max() <= step / 2 * (1 + 1e-9)
    return bool(rounded) or _left(summary[:, None], overall)[0] <= _tolerance(overall, step)


def _mix(summaries: dict[str, Floats], overall: Floats, step: float) -> list[str]:
    """The summaries of which the rating is a weighted sum; none, if it is not."""
    left, shares = _left(np.column_stack(list(summaries.values())), overall)
    if left > _tolerance(overall, step):
        return []
    least = max(_INVOLVED * overall.std(), step)
    return [label for label, share in zip(summaries, shares, strict=True) if share > least]


def _tolerance(overall: Floats, step: float) -> float:
    sd = float(overall.std())
    exact = np.sqrt(_KNOWN) * sd
    return float(max(exact, _ROUNDED * step) if step <= _FINE * sd else exact)


def _left(columns: Floats, overall: Floats) -> tuple[float, Floats]:
    """Root mean square of what least squares leaves of the rating; how far each column moves it, in its own SD."""
    sd = columns.std(axis=0)
    scale = np.where(sd > 0, sd, 1.0)
    z = (columns - columns.mean(axis=0)) / scale
    y = overall - overall.mean()
    slopes = np.linalg.lstsq(z, y, rcond=None)[0]
    return float(np.sqrt(((y - z @ slopes) ** 2).mean())), np.abs(slopes)
