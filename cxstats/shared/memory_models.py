"""The models of the contest of memory: what each holds, which of them can be fitted, and how they fare at one level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import ColumnError, CxStatsError, listed
from cxstats.numerics.influence import Covariance
from cxstats.numerics.kernel_prediction import kernel_prediction
from cxstats.numerics.memory_contest import HeldModels, Predict, held_models, inestimable
from cxstats.numerics.sequence_features import SequenceFeatures
from cxstats.numerics.within import within
from cxstats.shared.memory_result import no_spread, spread_or_none
from cxstats.shared.remembered import Remembered

MEAN, RULE, HALVES, ALL, KERNEL = "mean", "peak + end", "(peak + end) / 2", "peak + end + mean", "kernel"
ACROSS, WITHIN = "people held out", "within people held out"
# What each linear model holds. Those of the rule come first, since they are the contest; then what may be added to
# it, then its rivals alone.
MODELS: Mapping[str, tuple[str, ...]] = {
    MEAN: ("mean",),
    RULE: ("peak", "end"),
    HALVES: ("peak_end",),
    ALL: ("peak", "end", "mean"),
    "peak + end + trend": ("peak", "end", "trend"),
    "peak + end + start": ("peak", "end", "start"),
    "peak + end + trough": ("peak", "end", "trough"),
    "peak + end + log duration": ("peak", "end", "log duration"),
    "peak": ("peak",),
    "end": ("end",),
    "start": ("start",),
    "trough": ("trough",),
    "trend": ("trend",),
    "variability": ("variability",),
    "log duration": ("log duration",),
}

# Who is compared with whom: what the rule has more than the mean, what else adds to the rule.
DIFFERENCES = (
    (RULE, MEAN),
    (HALVES, MEAN),
    (ALL, MEAN),
    *((name, RULE) for name in MODELS if name.startswith(f"{RULE} + ")),
    (KERNEL, MEAN),
    (KERNEL, RULE),
)


@dataclass(frozen=True)
class Level:
    """Model, index and level of each row, the estimates, and how far they may be off."""

    level: str
    models: tuple[str, ...]
    left_out: Mapping[str, str]
    rows: list[tuple[str, str, str]]
    estimate: Floats
    moved: Covariance


def contest_at(
    found: Remembered, level: str, columns: Mapping[str, Floats], fold: Sequence[Ints], *, few: bool = False
) -> Level:
    """The contest across people, or within; ``few`` says that it is known already that there is no interval."""
    person = found.person if level == WITHIN else None
    y = found.overall if person is None else within(found.overall, person)
    if person is not None:
        columns = {name: within(values, person) for name, values in columns.items()}
    left_out = _inestimable(columns, " of a person" if level == WITHIN else "")
    linear = tuple(name for name in MODELS if name not in left_out)
    held, kernel = _held(columns, linear, y, fold, kernel_prediction(found.moments, found.neutral, y, person))
    models = linear if kernel else (*linear, KERNEL)
    rows, pieces, errors = [], [], []
    for index, values, moves in (("R2", held.r2, held.r2_influence), ("r", held.r, held.r_influence)):
        at = [i for i, name in enumerate(models) if index == "R2" or name in (MEAN, RULE, HALVES)]
        told = _rows([models[i] for i in at])
        contrasts = np.array([contrast for _, contrast in told])
        pieces.append(contrasts @ values[at])
        errors.append(moves[:, at] @ contrasts.T)
        rows += [(name, index, level) for name, _ in told]
    influence = np.hstack(errors)
    moved = no_spread(influence.shape[1]) if few else spread_or_none(found, influence, within=level == WITHIN)
    return Level(level, models, {**left_out, **kernel}, rows, np.concatenate(pieces), moved)


def _rows(models: Sequence[str]) -> list[tuple[str, Floats]]:
    """Name and contrast of each row: models, then the differences between them."""
    one = dict(zip(models, np.eye(len(models)), strict=True))
    pairs = [(a, b) for a, b in DIFFERENCES if {a, b} <= set(models)]
    return [*one.items(), *((f"{a} vs {b}", one[a] - one[b]) for a, b in pairs)]


def contest_columns(features: SequenceFeatures) -> dict[str, Floats]:
    """What the models hold, shape (S,) each."""
    return {
        "mean": features.mean,
        "peak": features.peak,
        "end": features.end,
        "peak_end": features.peak_end,
        "start": features.first,
        "trough": features.min,
        "trend": features.trend,
        "variability": features.sd,
        "log duration": np.log(features.duration),
    }


def _inestimable(columns: Mapping[str, Floats], whose: str) -> dict[str, str]:
    """Models that cannot be fitted, and why; without mean or rule there is no contest."""
    constant = [name for name, values in columns.items() if inestimable(values[:, None])]
    left_out = {}
    for model, parts in MODELS.items():
        fixed = [part for part in parts if part in constant]
        if fixed:
            verb = "is" if len(fixed) == 1 else "are"
            left_out[model] = f"{listed(fixed)} {verb} the same in all sequences{whose}"
        elif inestimable(np.column_stack([columns[part] for part in parts])):
            left_out[model] = f"{listed(parts)} repeat each other in all sequences{whose}"
        if model in left_out and model in (MEAN, RULE):
            raise ColumnError(
                f"'{model}' cannot be fitted: {left_out[model]}.\n"
                "There is no contest between peak and end and the mean of the moments."
            )
    return left_out


def _held(
    columns: Mapping[str, Floats], models: Sequence[str], y: Floats, fold: Sequence[Ints], kernel: Predict
) -> tuple[HeldModels, dict[str, str]]:
    """The indices of the linear models and of the kernel; why the kernel is not among them, if it is not."""
    names = list(columns)
    values = np.column_stack(list(columns.values()))
    at = [[names.index(part) for part in MODELS[model]] for model in models]
    try:
        return held_models(values, at, y, fold, [kernel]), {}
    except CxStatsError as reason:
        return held_models(values, at, y, fold), {KERNEL: str(reason).splitlines()[0].rstrip(".")}
