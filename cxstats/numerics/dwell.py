"""Slopes of an outcome on the logarithm of a time, where a task failed and where it succeeded."""

import numpy as np

from cxstats.arrays import Column, Floats, Ints
from cxstats.columns import is_missing
from cxstats.errors import ColumnError, number, rows
from cxstats.numerics.linear import sd_influence
from cxstats.numerics.observed import Observed
from cxstats.numerics.ordered_probit import fit_ordered_probit, standardised
from cxstats.numerics.parts import Part

FAILED, SUCCEEDED = 0, 1
GROUPS = ("failed", "succeeded")
TERMS = (*GROUPS, "succeeded - failed")
_CONTRASTS = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 1.0]])  # of success, time if failed, if succeeded
_NAMES = ("success", "log of the time where it failed", "log of the time where it succeeded")


def observed_slopes(log_time: Floats, group: Ints, data: Observed) -> tuple[Part, tuple[str, ...]]:
    """Slopes and their difference, SDs of the outcome (up is good) per SD of the logarithm; and notes."""
    coefficients, moved = data.fit(_columns(log_time, group), _NAMES)
    above, above_values = sd_influence(log_time, data.count, data.weight)
    below, below_values = sd_influence(data.y, data.count, data.weight)
    raw = data.sign * coefficients[1:4] @ _CONTRASTS.T
    estimate = raw * above / below
    influence = data.sign * (moved[:, 1:4] @ _CONTRASTS.T) * above + np.outer(above_values, raw)
    return _part("slope", estimate, (influence - np.outer(below_values, estimate)) / below, data)


def latent_slopes(log_time: Floats, group: Ints, data: Observed) -> tuple[Part, tuple[str, ...]]:
    """The same behind a rating (ordered probit), in SDs of what lies behind it."""
    columns = np.hstack([_columns(log_time, group), data.controls])
    code = np.unique(data.turned, return_inverse=True)[1].astype(np.int64)
    fit = fit_ordered_probit(columns, code, data.count, data.weight, (*_NAMES, *data.terms))
    sd, sd_values = sd_influence(log_time, data.count, data.weight)
    estimate, influence = np.empty(len(TERMS)), np.empty((len(log_time), len(TERMS)))
    for j, contrast in enumerate(_CONTRASTS):
        full = np.concatenate([contrast, np.zeros(data.controls.shape[1])])
        theta, values = standardised(fit, full, columns, data.count, data.weight)
        estimate[j], influence[:, j] = theta * sd, values * sd + theta * sd_values
    return _part("latent slope", estimate, influence, data)


def _columns(log_time: Floats, group: Ints) -> Floats:
    return np.column_stack([group, log_time * (group == FAILED), log_time * (group == SUCCEEDED)])


def _part(name: str, estimate: Floats, influence: Floats, data: Observed) -> tuple[Part, tuple[str, ...]]:
    spread = data.spread(influence)
    error = np.sqrt(np.diag(spread.matrix))
    return Part(name, TERMS, estimate, error, spread.df, int(data.count.sum())), spread.notes


def checked_times(name: str, values: Column, count: Ints) -> None:
    """Refuse text, and times of which there is no logarithm; missing ones may be."""
    present = ~is_missing(values)
    if values.dtype == object:
        text = values[present][0]
        raise ColumnError(
            f"'{name}' must hold times, but it holds text, for example '{text}'.\nRecode it to numbers first."
        )
    wrong = present & ~(values > 0)
    if wrong.any():
        n, least = int(count[wrong].sum()), number(float(values[wrong].min()))
        raise ColumnError(
            f"'{name}' must hold times above 0, but {n:,} of {rows(int(count.sum()))} {'is' if n == 1 else 'are'} 0 or "
            f"less, {least} at the least.\nA visit of no time has no logarithm: check how it is measured, or leave it "
            "out and say so."
        )
