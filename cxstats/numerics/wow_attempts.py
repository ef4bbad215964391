"""What goes with an attempt to wow: failures, cost, time, and how long others wait meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cxstats.arrays import Column, Floats, Ints
from cxstats.columns import is_missing
from cxstats.errors import ColumnError, RoleError, number, rows
from cxstats.numerics.adjusted_means import AdjustedMeans, adjusted_means, gain
from cxstats.numerics.effect import Effect
from cxstats.numerics.observed import Observed
from cxstats.numerics.parts import Part

NONE, ATTEMPT = 0, 1
GROUPS = ("no attempt", "attempt")
DIFFERENCE, RATIO = "attempt - no attempt", "attempt / no attempt"
FAILURE, COST, HANDLING, WAIT = "failure", "cost", "handling", "wait of others"


@dataclass(frozen=True)
class Arm:
    """Rows of the frame, the effect (above 0: worse with an attempt), and notes.

    Of amounts that are compared as a ratio the effect is its logarithm. ``relative`` is the effect on the scale
    on which claims are decided: relative for failures, standard deviations for the wait.
    """

    part: Part
    effect: Effect
    relative: Effect | None
    notes: tuple[str, ...]


def failure_arm(group: Ints, data: Observed) -> Arm:
    """Adjusted risks; ``data.y`` is 1 where nothing failed."""
    found = adjusted_means(group, GROUPS, data)
    bad = AdjustedMeans(1 - found.mean, -found.influence)
    return _difference(FAILURE, bad, gain(found, ATTEMPT, NONE, data), data)


def wait_arm(group: Ints, data: Observed) -> Arm:
    """Adjusted means of an amount of which little is good."""
    found = adjusted_means(group, GROUPS, data)
    return _difference(WAIT, found, gain(found, ATTEMPT, NONE, data), data)


def ratio_arm(name: str, group: Ints, data: Observed) -> Arm:
    """Adjusted geometric means and their ratio."""
    logs = replace(data, y=np.log(data.y))
    found = adjusted_means(group, GROUPS, logs)
    estimate, error, df, notes = _with_contrast(found, logs)
    scale = np.exp(estimate)
    part = Part(name, (*GROUPS, RATIO), scale, scale * error, df, int(data.count.sum()))
    return Arm(part, Effect(a=float(estimate[2]), var_a=float(error[2] ** 2), df=df), None, notes)


def _difference(name: str, found: AdjustedMeans, relative: Effect, data: Observed) -> Arm:
    estimate, error, df, notes = _with_contrast(found, data)
    part = Part(name, (*GROUPS, DIFFERENCE), estimate, error, df, int(data.count.sum()))
    return Arm(part, Effect(a=float(estimate[2]), var_a=float(error[2] ** 2), df=df), relative, notes)


def _with_contrast(found: AdjustedMeans, data: Observed) -> tuple[Floats, Floats, float, tuple[str, ...]]:
    """Both means and attempt minus none, standard errors, degrees of freedom, notes."""
    contrasts = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0]])
    fit = data.spread(found.influence @ contrasts.T)
    return contrasts @ found.mean, np.sqrt(np.diag(fit.matrix)), fit.df, fit.notes


def checked_amount(name: str, values: Column, count: Ints, *, ratio: bool) -> Floats:
    """Refuse text and negative amounts, and 0 where a ratio is formed."""
    if values.dtype == object:
        text = values[~is_missing(values)][0]
        raise ColumnError(
            f"'{name}' must hold amounts, but it holds text, for example '{text}'.\nRecode it to numbers first."
        )
    wrong = values <= 0 if ratio else values < 0
    if not wrong.any():
        return values
    n, least = int(count[wrong].sum()), number(float(values[wrong].min()))
    must, are = ("above 0", "0 or less") if ratio else ("0 or more", "negative")
    mend = (
        "If 0 means that nothing was spent, it has no logarithm: ask whether and how much apart, as cx.two_part does."
        if ratio
        else "Check how it was measured."
    )
    raise ColumnError(
        f"'{name}' must hold amounts {must}, but {n:,} of {rows(int(count.sum()))} "
        f"{'is' if n == 1 else 'are'} {are}, {least} at the least.\n{mend}"
    )


def refuse_repeated(named: Mapping[str, str]) -> None:
    """Refuse a column that was given more than one part."""
    columns = list(named.values())
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        parts = " and ".join(role for role, column in named.items() if column == twice[0])
        raise RoleError(f"Each column must play one part, but '{twice[0]}' was given as {parts}.")
