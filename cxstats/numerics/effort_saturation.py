"""Whether ever less effort pays less and less: two lines joined at a declared point of the scale."""

from dataclasses import dataclass, replace

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.errors import RoleError, SeparationError, rows
from cxstats.numerics.effect import Effect
from cxstats.numerics.linear import sd_influence
from cxstats.numerics.observed import FEWEST_EVENTS, FEWEST_ROWS, Observed
from cxstats.numerics.ordered_probit import fit_ordered_probit, latent_sd
from cxstats.numerics.parts import Part
from cxstats.scales import Scale

TERMS = ("below the knee", "above the knee", "below - above", "standardised")


def checked_knee(knee: object, scale: Scale) -> float:
    """Where the slope may change, on the turned scale: by default a step on the easy side of the middle."""
    if knee is None:
        middle = (scale.low + scale.high) / 2
        return middle + 1 if scale.high > middle + 1 else middle
    if isinstance(knee, bool) or not isinstance(knee, int | float) or not scale.low < knee < scale.high:
        raise RoleError(
            f"knee must be a value inside {scale}, where the slope may change, but {knee!r} was given."
            "\nThe default is one step on the easy side of the middle."
        )
    return float(knee) if scale.higher_is_better else scale.low + scale.high - float(knee)


@dataclass(frozen=True)
class Saturation:
    """Slopes of loyalty on ease below and above the knee, their difference, and that in SDs, with influence values.

    Attributes
    ----------
    estimate : array, shape (4,)
        The first three per point of the scale, the fourth in SDs of the outcome per SD of ease.
    influence : array, shape (K, 4)
    """

    estimate: Floats
    influence: Floats


def saturation(ease: Floats, knee: float, data: Observed) -> Saturation:
    """Two lines joined at the knee, by least squares, controls given; a binary outcome by its share."""
    plain = replace(data, binary=False)
    coefficients, moved = plain.fit(_joined(ease, knee), ("below the knee", "above the knee"))
    slopes, values = data.sign * coefficients[1:3], data.sign * moved[:, 1:3]
    bend, bend_values = slopes[0] - slopes[1], values[:, 0] - values[:, 1]
    sd, sd_values = sd_influence(ease, data.count, data.weight)
    below, below_values = sd_influence(data.y, data.count, data.weight)
    standard = bend * sd / below
    standard_values = (bend_values * sd + bend * sd_values - standard * below_values) / below
    return Saturation(np.array([*slopes, bend, standard]), np.column_stack([values, bend_values, standard_values]))


def latent_saturation(ease: Floats, knee: float, data: Observed) -> Effect:
    """The same in SDs of what lies behind a rating (ordered probit), which a ceiling does not bend."""
    design = np.hstack([_joined(ease, knee), data.controls])
    code = np.unique(data.turned, return_inverse=True)[1].astype(np.int64)
    names = ("below the knee", "above the knee", *data.terms)
    fit = fit_ordered_probit(design, code, data.count, data.weight, names)
    bend, bend_values = fit.coefficients[0] - fit.coefficients[1], fit.influence[:, 0] - fit.influence[:, 1]
    sd, sd_values = sd_influence(ease, data.count, data.weight)
    below, below_values = latent_sd(fit, design, data.count, data.weight)
    standard = float(bend * sd / below)
    values = (bend_values * sd + bend * sd_values - standard * below_values) / below
    spread = data.spread(values[:, None])
    return Effect(a=standard, var_a=float(spread.matrix[0, 0]), df=spread.df)


def _joined(ease: Floats, knee: float) -> Floats:
    return np.column_stack([np.minimum(ease - knee, 0.0), np.maximum(ease - knee, 0.0)])


def thin_side(ease: Floats, knee: float, data: Observed) -> str:
    """Why no slope can be fitted on some side of the knee; empty where both can."""
    if len(np.unique(ease)) == 2:
        return "Saturation is not given: effort takes two values, and two points make no bend."
    for side, on in (("below", ease < knee), ("above", ease > knee)):
        lacks = _lacks(on, data)
        if lacks:
            return f"Saturation is not given: {side} the knee {lacks}."
    return ""


def _lacks(on: Bools, data: Observed) -> str:
    n = int(data.count[on].sum())
    if not data.binary:
        return f"there are {rows(n)}, and {FEWEST_ROWS} are needed" if n < FEWEST_ROWS else ""
    good = int(data.count[on & (data.y > 0.5)].sum())
    if min(good, n - good) >= FEWEST_EVENTS:
        return ""
    return f"{good:,} outcomes are good and {n - good:,} bad, and {FEWEST_EVENTS} of each are needed"


@dataclass(frozen=True)
class Saturated:
    """Rows of the frame, the standardised difference on the observed and on the latent scale, and notes."""

    parts: tuple[Part, ...]
    effect: Effect | None
    latent: Effect | None
    notes: tuple[str, ...]


def effort_saturation(ease: Floats, knee: float, data: Observed, *, latent: bool) -> Saturated:
    """Slopes below and above the knee, if both sides hold enough."""
    thin = thin_side(ease, knee, data)
    if thin:
        return Saturated((), None, None, (thin,))
    found, n = saturation(ease, knee, data), int(data.count.sum())
    fit = data.spread(found.influence)
    parts = [Part("saturation", TERMS, found.estimate, np.sqrt(np.diag(fit.matrix)), fit.df, n)]
    effect = Effect(a=float(found.estimate[3]), var_a=float(fit.matrix[3, 3]), df=fit.df)
    if not latent:
        return Saturated(tuple(parts), effect, None, ())
    try:
        behind = latent_saturation(ease, knee, data)
    except SeparationError as reason:
        why = str(reason).splitlines()[0]
        return Saturated(tuple(parts), effect, None, (f"There is no latent saturation: {why}",))
    error = np.sqrt([behind.var_a])
    parts.append(Part("latent saturation", ("standardised",), np.array([behind.a]), error, behind.df, n))
    return Saturated(tuple(parts), effect, behind, ())
