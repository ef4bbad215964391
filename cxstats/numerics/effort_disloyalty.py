"""What goes with effort: the worst and the best third of its scale, and the slope per standard deviation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import ColumnError, number, rows
from cxstats.numerics.adjusted_means import AdjustedMeans, adjusted_means, gain
from cxstats.numerics.effect import Effect
from cxstats.numerics.linear import sd_influence
from cxstats.numerics.observed import Observed
from cxstats.numerics.parts import Part
from cxstats.scales import Scale

HIGH, LOW = 0, 1
GROUPS = ("high effort", "low effort")
ODDS, FALL = "odds ratio per SD", "fall per SD"
# Of the Corporate Executive Board: with little and with much effort, the share who said that they would.
PUBLISHED = {
    "be disloyal": (0.09, 0.96),
    "buy again": (0.94, 0.04),
    "spend more": (0.88, 0.04),
    "speak badly": (0.01, 0.81),
}


@dataclass(frozen=True)
class Thirds:
    """Ends of the best and of the worst third of a scale, on the scale turned so that up is easy."""

    worst_to: float
    best_from: float

    def group(self, ease: Floats) -> Ints:
        """0 for much effort, 1 for little, -1 in between."""
        middle = np.where(ease >= self.best_from, LOW, -1)
        return np.where(ease <= self.worst_to, HIGH, middle).astype(np.int64)


def thirds(scale: Scale) -> Thirds:
    """A third of the levels on either side, to the nearest whole number: 2 of 5, 2 of 7, 3 of 10, 4 of 11."""
    if not scale.whole:
        step = (scale.high - scale.low) / 3
        return Thirds(scale.low + step, scale.high - step)
    levels = round((scale.high - scale.low + 1) / 3)
    return Thirds(scale.low + levels - 1, scale.high - levels + 1)


def levels_told(scale: Scale, low: float, high: float) -> str:
    """The answers from one value to another of the turned scale, as they were asked."""
    ends = (low, high) if scale.higher_is_better else (scale.low + scale.high - high, scale.low + scale.high - low)
    if not scale.whole:
        return f"{number(ends[0])} to {number(ends[1])}"
    return ", ".join(number(level) for level in np.arange(ends[0], ends[1] + 1))


@dataclass(frozen=True)
class Loss:
    """What is lost per standard deviation of a predictor, and the influence (K,) of one row of each cell on it."""

    estimate: float
    influence: Floats


def loss_per_sd(effort: Floats, name: str, data: Observed) -> Loss:
    """Log-odds of the bad outcome, or fall of the outcome in its own SDs, per SD of effort, controls given."""
    coefficients, moved = data.fit(effort[:, None], (name,))
    sd, sd_values = sd_influence(effort, data.count, data.weight)
    raw = -data.sign * float(coefficients[1])
    estimate, influence = raw * sd, -data.sign * moved[:, 1] * sd + raw * sd_values
    if not data.binary:
        below, below_values = sd_influence(data.y, data.count, data.weight)
        estimate = estimate / below
        influence = (influence - estimate * below_values) / below
    return Loss(estimate, influence)


def checked_objective(name: str, values: Floats, count: Ints) -> Floats:
    """Refuse what is no amount of effort."""
    if values.dtype == object:
        text = next(value for value in values if value is not None)
        raise ColumnError(
            f"'{name}' must hold an amount of effort (0/1, a count, minutes), but it holds text, for example '{text}'."
            "\nRecode it to numbers, more is more effort."
        )
    negative = values < 0
    if negative.any():
        raise ColumnError(
            f"'{name}' must hold an amount of effort, 0 or more, but {int(count[negative].sum()):,} of "
            f"{rows(int(count.sum()))} are negative, {number(float(values[negative].min()))} at the least."
            "\nRecode it so that more is more effort."
        )
    return values


def gaps_to_published(plain: Effect) -> Mapping[str, Effect]:
    """The plain gap between little and much effort less each published one."""
    return {name: replace(plain, a=plain.a - abs(low - high)) for name, (low, high) in PUBLISHED.items()}


@dataclass(frozen=True)
class Gap:
    """High against low effort: rows of the frame, and the same as effects.

    ``gain`` is on the scale on which claims are decided; ``risk`` is the difference, ``plain`` that without controls.
    """

    parts: tuple[Part, ...]
    gain: Effect
    risk: Effect
    plain: Effect


def effort_gap(group: Ints, data: Observed) -> Gap:
    """Adjusted bad shares, or means, of both groups, and what is lost with high effort."""
    found = adjusted_means(group, GROUPS, data)
    risk, plain = _lost(found, data), _lost(adjusted_means(group, GROUPS, _unadjusted(data)), data)
    n, fit = int(data.count.sum()), data.spread(found.influence)
    shown = 1 - found.mean if data.binary else found.mean
    levels = Part("effort", GROUPS, shown, np.sqrt(np.diag(fit.matrix)), fit.df, n)
    term = "high - low effort" if data.binary or data.sign < 0 else "low - high effort"
    told = {term: risk}
    if data.controls.shape[1]:
        told[f"{term}, not adjusted"] = plain
    return Gap((levels, effects_part("difference", told, n)), gain(found, HIGH, LOW, data), risk, plain)


def _lost(found: AdjustedMeans, data: Observed) -> Effect:
    values = data.sign * (found.influence[:, LOW] - found.influence[:, HIGH])
    fit = data.spread(values[:, None])
    return Effect(a=data.sign * float(found.mean[LOW] - found.mean[HIGH]), var_a=float(fit.matrix[0, 0]), df=fit.df)


def _unadjusted(data: Observed) -> Observed:
    return replace(data, controls=np.empty((len(data.y), 0)), terms=(), owners=())


def effort_slopes(efforts: Mapping[str, Floats], data: Observed) -> tuple[Part, dict[str, Effect]]:
    """What is lost per SD of each kind of effort, each in a model of its own with the same controls and rows."""
    effects = {}
    for name, values in efforts.items():
        found = loss_per_sd(values, name, data)
        spread = data.spread(found.influence[:, None])
        effects[name] = Effect(a=found.estimate, var_a=float(spread.matrix[0, 0]), df=spread.df)
    part = effects_part(ODDS if data.binary else FALL, effects, int(data.count.sum()))
    if data.binary:
        odds = np.exp(part.estimate)
        part = replace(part, estimate=odds, std_error=odds * part.std_error)
    return part, effects


def effects_part(name: str, effects: Mapping[str, Effect], n: int) -> Part:
    """Plain effects (without denominators) as rows of the frame."""
    found = list(effects.values())
    estimate, error = np.array([each.a for each in found]), np.sqrt([each.var_a for each in found])
    return Part(name, tuple(effects), estimate, error, found[0].df, n)
