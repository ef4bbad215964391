"""What goes with wow at few and at many errors, from one model with their product."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Column, Floats, Ints
from cxstats.errors import ColumnError, SeparationError, TooFewError, number, rows
from cxstats.numerics.adjusted_means import gain
from cxstats.numerics.effect import Effect
from cxstats.numerics.margins import HIGH_SHARE, LOW_SHARE, gain_of_gains, margins, place_at
from cxstats.numerics.observed import FEWEST_EVENTS, Observed, refuse_few_events
from cxstats.numerics.ordered_probit import fit_ordered_probit, standardised
from cxstats.numerics.parts import Part

FEWEST_AT_ENDS = 10  # customers with little wow, and with much, at few errors and at many
_BENDS_FROM = 3  # values of a column: with two there is no bend
GROUPS = ("few errors, no wow", "few errors, wow", "many errors, no wow", "many errors, wow")
STEPS: Mapping[str, tuple[tuple[int, float], ...]] = {
    "wow at few errors": ((1, 1.0), (0, -1.0)),
    "wow at many errors": ((3, 1.0), (2, -1.0)),
    "at few - at many errors": ((1, 1.0), (0, -1.0), (3, -1.0), (2, 1.0)),
    "few errors, no wow - many errors, wow": ((0, 1.0), (3, -1.0)),
}


@dataclass(frozen=True)
class Places:
    """Values that stand for no wow and wow, and for few and many errors; whether either column may bend."""

    no_wow: float
    wow: float
    few: float
    many: float
    wow_bends: bool
    errors_bend: bool

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Wow and errors of each of `GROUPS`."""
        return tuple((wow, errors) for errors in (self.few, self.many) for wow in (self.no_wow, self.wow))

    def columns(self, wow: Floats, errors: Floats) -> Floats:
        """Wow, errors and their product, then the square of each column that has three values or more."""
        bends = [wow**2] * self.wow_bends + [errors**2] * self.errors_bend
        return np.column_stack([wow, errors, wow * errors, *bends])

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns, for messages."""
        bends = ("wow squared",) * self.wow_bends + ("errors squared",) * self.errors_bend
        return ("wow", "errors", "wow x errors", *bends)


def checked_wow(name: str, values: Column, count: Ints) -> Floats:
    """Refuse what is neither 0 or 1 nor a share."""
    _refuse_text(name, values, "0, 1 or a share of contacts with wow")
    _refuse_outside(name, values, count, (values < 0) | (values > 1), "0, 1 or a share between them")
    return values


def checked_errors(name: str, values: Column, count: Ints) -> Floats:
    """Refuse what is no number or share of failures."""
    _refuse_text(name, values, "a number or a share of failures")
    _refuse_outside(name, values, count, values < 0, "a number or a share of failures, 0 or more")
    return values


def _refuse_text(name: str, values: Column, what: str) -> None:
    if values.dtype == object:
        text = next(value for value in values if value is not None)
        raise ColumnError(f"'{name}' must hold {what}, but it holds text, for example '{text}'.\nRecode it to numbers.")


def _refuse_outside(name: str, values: Floats, count: Ints, outside: np.ndarray, what: str) -> None:
    if outside.any():
        n = int(count[outside].sum())
        raise ColumnError(
            f"'{name}' must hold {what}, but {n:,} of {rows(int(count.sum()))} {'does' if n == 1 else 'do'} not, "
            f"for example {number(float(values[outside][0]))}.\nRecode it; what is not known is a missing value."
        )


def places(names: tuple[str, str], wow: Floats, errors: Floats, data: Observed) -> Places:
    """0 and 1 for wow, or its 10% and 90% quantile where it is a share; those of the errors."""
    mass = data.count * data.weight
    few, many = (_end(errors, mass, share) for share in (LOW_SHARE, HIGH_SHARE))
    zero_one = bool(np.isin(wow, (0.0, 1.0)).all())
    none, some = (0.0, 1.0) if zero_one else (_end(wow, mass, share) for share in (LOW_SHARE, HIGH_SHARE))
    for name, low, high in ((names[0], none, some), (names[1], few, many)):
        if low == high:
            raise TooFewError(
                f"'{name}' must differ between its {LOW_SHARE:.0%} and its {HIGH_SHARE:.0%} quantile, but both are "
                f"{number(low)} in {rows(int(data.count.sum()))}.\nUse a longer history, or code it 0 and 1."
            )
    return Places(none, some, few, many, _bends(wow), _bends(errors))


def _end(values: Floats, mass: Floats, share: float) -> float:
    """The quantile; of 0 and 1 themselves the lower and the upper value."""
    if np.isin(values, (0.0, 1.0)).all():
        return float(values.min() if share < 0.5 else values.max())
    return place_at(values, mass, share)


def _bends(values: Floats) -> bool:
    return len(np.unique(values)) >= _BENDS_FROM


def refuse_bare_ends(names: tuple[str, str], wow: Floats, errors: Floats, at: Places, data: Observed) -> None:
    """Refuse to tell what goes with wow where hardly anybody had it, or hardly anybody had none."""
    much = wow > (at.no_wow + at.wow) / 2
    for word, end, on in (("at most", at.few, errors <= at.few), ("at least", at.many, errors >= at.many)):
        held = [int(data.count[on & (much == side)].sum()) for side in (False, True)]
        if min(held) < FEWEST_AT_ENDS:
            raise TooFewError(
                f"At least {FEWEST_AT_ENDS} customers with and {FEWEST_AT_ENDS} without '{names[0]}' must have {word} "
                f"{number(end)} of '{names[1]}', but {held[1]:,} with and {held[0]:,} without it have."
                "\nWhat goes with wow there would be the model's word alone: use more customers, or a longer history."
            )


def refuse_small(coefficients: int, data: Observed, outcome: str) -> None:
    """Refuse fewer than ten events, or rows of an outcome that is not binary, per coefficient."""
    if data.binary:
        refuse_few_events(coefficients, data, outcome)
    elif data.count.sum() < FEWEST_EVENTS * coefficients:
        raise TooFewError(
            f"At least {FEWEST_EVENTS} rows per coefficient are needed, {FEWEST_EVENTS * coefficients:,} for "
            f"{coefficients:,}, but there are {int(data.count.sum()):,}.\nUse fewer controls, or more customers."
        )


@dataclass(frozen=True)
class WowEffects:
    """Rows of the frame, and effects on the scale on which claims are decided; up is good."""

    parts: tuple[Part, ...]
    effects: Mapping[str, Effect]
    notes: tuple[str, ...]


def wow_effects(wow: Floats, errors: Floats, at: Places, data: Observed, *, latent: bool) -> WowEffects:
    """The means of `GROUPS`, the steps between them, and the same as effects."""
    columns = at.columns(wow, errors)
    coefficients, moved = data.fit(columns, at.names)
    ones = np.ones(len(wow))
    settings = [np.hstack([ones[:, None], at.columns(w * ones, e * ones), data.controls]) for w, e in at.corners]
    found = margins(settings, coefficients, moved, data)
    steps = _steps()
    fit = data.spread(found.influence)
    every = np.vstack([np.eye(len(GROUPS)), steps])
    estimate, error = every @ found.mean, np.sqrt(np.einsum("ij,jk,ik->i", every, fit.matrix, every))
    g, n = len(GROUPS), int(data.count.sum())
    parts: tuple[Part, ...] = (
        Part("outcome", GROUPS, estimate[:g], error[:g], fit.df, n),
        Part("difference", tuple(STEPS), estimate[g:], error[g:], fit.df, n),
    )
    effects = {
        "gain_few": gain(found, 0, 1, data),
        "gain_many": gain(found, 2, 3, data),
        "interaction": gain_of_gains(found, (0, 1), (2, 3), data),
        "shortfall": gain(found, 3, 0, data),
    }
    if not latent:
        return WowEffects(parts, effects, fit.notes)
    try:
        behind = _latent(columns, at, steps, data)
    except SeparationError as reason:
        why = f"There is no effect on the latent scale, for the ordered probit has no fit: {reason}".split("\n")[0]
        return WowEffects(parts, effects, (*fit.notes, why))
    told = dict(zip((f"latent_{name}" for name in effects), behind, strict=True))
    error = np.sqrt([effect.var_a for effect in behind])
    part = Part("latent", tuple(STEPS), np.array([effect.a for effect in behind]), error, fit.df, n)
    return WowEffects((*parts, part), {**effects, **told}, fit.notes)


def _steps() -> Floats:
    """`STEPS` as contrasts of the groups, shape (4, 4)."""
    made = np.zeros((len(STEPS), len(GROUPS)))
    for row, step in zip(made, STEPS.values(), strict=True):
        for group, sign in step:
            row[group] = sign
    return made


def _latent(columns: Floats, at: Places, steps: Floats, data: Observed) -> list[Effect]:
    """The steps in standard deviations of what lies behind a rating (ordered probit)."""
    design = np.hstack([columns, data.controls])
    code = np.unique(data.turned, return_inverse=True)[1].astype(np.int64)
    fit = fit_ordered_probit(design, code, data.count, data.weight, (*at.names, *data.terms))
    wow, errors = np.array(at.corners).T
    contrasts = np.hstack([steps @ at.columns(wow, errors), np.zeros((len(steps), data.controls.shape[1]))])
    found = [standardised(fit, contrast, design, data.count, data.weight) for contrast in contrasts]
    spread = data.spread(np.column_stack([values for _, values in found]))
    return [Effect(a=theta, var_a=float(spread.matrix[j, j]), df=spread.df) for j, (theta, _) in enumerate(found)]
