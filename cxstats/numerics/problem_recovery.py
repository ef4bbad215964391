"""Customers with and without a problem: who is silent, who belongs where, and what a rating tells of either."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import ColumnError, RoleError, SeparationError, listed, rows
from cxstats.numerics.adjusted_means import AdjustedMeans, adjusted_means, gain
from cxstats.numerics.effect import Effect
from cxstats.numerics.linear import sd_influence
from cxstats.numerics.observed import Measured, Observed
from cxstats.numerics.ordered_probit import fit_ordered_probit, standardised
from cxstats.numerics.parts import Part, Share
from cxstats.roles import Binary

NO_PROBLEM, UNRECOVERED, RECOVERED = 0, 1, 2
NAMES = ("no problem", "unrecovered", "recovered")
EFFECTS = ("paradox", "repair", "interaction", "latent_paradox", "latent_repair", "latent_interaction")
SILENT_MOST = 0.5  # what a claim that most are silent is tested against


def outcome_parts(found: AdjustedMeans, names: tuple[str, ...], data: Observed) -> tuple[Part, Part]:
    """The adjusted means of the groups, and each minus every one before it."""
    pairs = [(later, first) for later in range(1, len(names)) for first in range(later)]
    eye = np.eye(len(names))
    contrasts = np.vstack([eye, *(eye[later] - eye[first] for later, first in pairs)])
    fit = data.spread(found.influence @ contrasts.T)
    estimate, error = contrasts @ found.mean, np.sqrt(np.diag(fit.matrix))
    g, n = len(names), int(data.count.sum())
    differences = tuple(f"{names[later]} - {names[first]}" for later, first in pairs)
    return (
        Part("outcome", names, estimate[:g], error[:g], fit.df, n),
        Part("difference", differences, estimate[g:], error[g:], fit.df, n),
    )


def silence_test(share: Share) -> Effect:
    """The score test of a share: at .5 it says what Wilson's interval says."""
    return Effect(a=share.estimate, var_a=SILENT_MOST * (1 - SILENT_MOST) / share.n_eff, df=share.df)


def refuse_without_problem(name: str, marked: Floats, problem: str, met: Floats, count: Ints) -> None:
    """Refuse a complaint or a recovery where there was no problem."""
    wrong = (marked == 1) & (met == 0)
    if wrong.any():
        n = int(count[wrong].sum())
        raise ColumnError(
            f"'{name}' must be 0 or missing where '{problem}' is 0, but {rows(n)} of {int(count.sum()):,} "
            f"{'holds' if n == 1 else 'hold'} 1 without a problem.\nCheck which of the two columns is wrong."
        )


def groups(met: Floats, recovered: Floats | None) -> Ints:
    """0 no problem, 1 a problem (unrecovered where recovery is known), 2 recovered; -1 where it is not known."""
    if recovered is None:
        return np.where(np.isnan(met), -1, met).astype(np.int64)
    group = np.where(met == 0, NO_PROBLEM, UNRECOVERED + np.nan_to_num(recovered)).astype(np.int64)
    return np.where(np.isnan(met) | ((met == 1) & np.isnan(recovered)), -1, group)


@dataclass(frozen=True)
class Slopes:
    """Slopes without a problem, with one, and their difference, per standard deviation of the rating.

    Attributes
    ----------
    estimate : array, shape (3,)
        Log-odds of the good outcome for a binary one, else standard deviations of the outcome.
    influence : array, shape (K, 3)
    """

    estimate: Floats
    influence: Floats


def slopes(rating: Floats, met: Floats, data: Observed) -> Slopes:
    """A slope of the rating for each of the two groups, in one model with the controls; up is good."""
    coefficients, moved = data.fit(_columns(rating, met), _NAMES)
    sd, sd_values = sd_influence(rating, data.count, data.weight)
    both = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 1.0]])
    raw = data.sign * coefficients[2:4] @ both
    estimate = raw * sd
    influence = data.sign * (moved[:, 2:4] @ both) * sd + np.outer(sd_values, raw)
    if not data.binary:
        below, below_values = sd_influence(data.y, data.count, data.weight)
        estimate = estimate / below
        influence = (influence - np.outer(below_values, estimate)) / below
    return Slopes(estimate, influence)


def slope_part(found: Slopes, data: Observed) -> tuple[Part, Effect]:
    """The slopes as rows of the frame, and their difference as an effect."""
    fit = data.spread(found.influence)
    terms = ("no problem", "problem", "problem - no problem")
    part = Part("slope", terms, found.estimate, np.sqrt(np.diag(fit.matrix)), fit.df, int(data.count.sum()))
    return part, Effect(a=float(found.estimate[2]), var_a=float(fit.matrix[2, 2]), df=fit.df)


_NAMES = ("problem", "rating without a problem", "rating with a problem")


def _columns(rating: Floats, met: Floats) -> Floats:
    return np.column_stack([met, rating * (1 - met), rating * met])


def latent_gain(group: Ints, base: int, other: int, data: Observed) -> Effect:
    """Difference of two groups in standard deviations of what lies behind a rating (ordered probit)."""
    present = np.unique(group)
    member = (group[:, None] == present[present != base]).astype(np.float64)
    contrast = (present[present != base] == other).astype(np.float64)
    return _latent(member, contrast, 1.0, np.zeros(len(group)), data)


def latent_interaction(rating: Floats, met: Floats, data: Observed) -> Effect:
    """Difference of the two slopes per standard deviation of the rating, behind the outcome's own scale."""
    sd, sd_values = sd_influence(rating, data.count, data.weight)
    return _latent(_columns(rating, met), np.array([0.0, -1.0, 1.0]), sd, sd_values, data)


def _latent(columns: Floats, contrast: Floats, factor: float, factor_values: Floats, data: Observed) -> Effect:
    """A contrast of the columns times a factor with influence values of its own."""
    design = np.hstack([columns, data.controls])
    full = np.concatenate([contrast, np.zeros(data.controls.shape[1])])
    code = np.unique(data.turned, return_inverse=True)[1].astype(np.int64)
    names = (*(f"column {j + 1}" for j in range(columns.shape[1])), *data.terms)
    fit = fit_ordered_probit(design, code, data.count, data.weight, names)
    theta, values = standardised(fit, full, design, data.count, data.weight)
    spread = data.spread((values * factor + theta * factor_values)[:, None])
    return Effect(a=theta * factor, var_a=float(spread.matrix[0, 0]), df=spread.df)


@dataclass(frozen=True)
class Compared:
    """Parts of the frame, effects by name, and notes."""

    parts: tuple[Part, ...]
    effects: Mapping[str, Effect]
    notes: tuple[str, ...]


def compare_groups(group: Ints, names: tuple[str, ...], data: Observed, *, latent: bool) -> Compared:
    """Adjusted means of the groups and their differences; recovered against the two others, where it is known."""
    found = adjusted_means(group, names, data)
    parts, notes = outcome_parts(found, names, data), data.spread(found.influence).notes
    if len(names) <= RECOVERED:
        return Compared(parts, {}, notes)
    pairs = {"paradox": NO_PROBLEM, "repair": UNRECOVERED}
    effects = {name: gain(found, base, RECOVERED, data) for name, base in pairs.items()}
    if latent:
        for name, base in pairs.items():
            notes += _or_note(effects, f"latent_{name}", partial(latent_gain, group, base, RECOVERED, data))
    terms = {f"latent_{name}": f"{names[RECOVERED]} - {names[base]}" for name, base in pairs.items()}
    behind = _latent_part("latent difference", terms, effects, parts[0].rows)
    return Compared((*parts, *behind), effects, tuple(dict.fromkeys(notes)))


def compare_slopes(rating: Floats, met: Floats, data: Observed, *, latent: bool) -> Compared:
    """The slopes of a rating without and with a problem, and their difference."""
    part, effect = slope_part(slopes(rating, met, data), data)
    effects: dict[str, Effect] = {"interaction": effect}
    notes: tuple[str, ...] = ()
    if latent:
        notes = _or_note(effects, "latent_interaction", partial(latent_interaction, rating, met, data))
    behind = _latent_part("latent slope", {"latent_interaction": part.terms[-1]}, effects, part.rows)
    return Compared((part, *behind), effects, notes)


def _latent_part(name: str, terms: Mapping[str, str], effects: Mapping[str, Effect], n: int) -> tuple[Part, ...]:
    """The effects on the latent scale that could be fitted, as rows of the frame."""
    found = {term: effects[effect] for effect, term in terms.items() if effect in effects}
    if not found:
        return ()
    estimate = np.array([effect.a for effect in found.values()])
    error = np.sqrt([effect.var_a for effect in found.values()])
    return (Part(name, tuple(found), estimate, error, next(iter(found.values())).df, n),)


def _or_note(effects: dict[str, Effect], name: str, fit: Callable[[], Effect]) -> tuple[str, ...]:
    """Add the effect if it can be fitted; else say why there is none."""
    try:
        effects[name] = fit()
    except SeparationError as reason:
        return (f"There is no effect on the latent scale, for the ordered probit has no fit: {reason}".split("\n")[0],)
    return ()


def rows_note(n: int, parts: Sequence[Part]) -> tuple[str, ...]:
    """A note: which parts stand on fewer rows than there are."""
    fewer = {part.name: part.rows for part in parts if part.rows < n and part.name in ("outcome", "slope")}
    told = " and ".join(f"'{name}' on {rows(held)}" for name, held in fewer.items())
    return (f"Of these rows, {told}: where all that it needs is known.",) if fewer else ()


def refuse_several(names: Sequence[str]) -> None:
    """One rating at a time."""
    if len(names) > 1:
        raise RoleError(
            f"One metric can be asked about at a time, but {len(names)} were given: {listed(names)}."
            "\nCall problem_recovery once for each."
        )


def slope_lines(parts: Sequence[Part], outcome: Measured, metric: str | None) -> list[str]:
    """What the slopes and the latent rows are, for a summary."""
    lines = []
    if metric is not None:
        unit = "log-odds of the good outcome" if isinstance(outcome, Binary) else "SDs of the outcome"
        lines.append(f"Slope: {unit} per SD of '{metric}', both turned so that up is good.")
    if any(part.name.startswith("latent") for part in parts):
        lines.append(f"Latent: in SDs of what lies behind '{outcome.column}', which a ceiling does not bend.")
    return lines
