"""Noise in the ratings of touchpoints: as it was declared, or as the touchpoints themselves tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cxstats.arrays import Floats
from cxstats.errors import RoleError, listed, unknown_column, warn
from cxstats.numerics.disattenuation import Estimate
from cxstats.numerics.errors_in_variables import Measured
from cxstats.numerics.journey_slopes import Journeys, declared_slope, factor_slope, missing
from cxstats.numerics.one_factor import Flaw
from cxstats.shared.crossfitted import CrossRows
from cxstats.shared.journeys import JourneyRows


@dataclass(frozen=True)
class Declared:
    """Reliabilities of the touchpoints (k,) and of the journey rating, each None where it was not declared."""

    touchpoints: Floats | None
    journey: float | None


def declared_reliability(reliability: object, given: JourneyRows) -> Declared:
    """What was declared, checked: a number for all touchpoints, or a mapping."""
    if reliability is None:
        return Declared(None, None)
    names = given.touchpoints
    parts: dict[Any, Any] = dict(reliability) if isinstance(reliability, Mapping) else dict.fromkeys(names, reliability)
    unknown = [name for name in parts if name not in (*names, given.journey)]
    if unknown:
        raise unknown_column(unknown, [given.journey, *names], "the journey and its touchpoints")
    for name, value in parts.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            raise RoleError(
                f"A reliability must be a number above 0, and 1 at most, but {value!r} was given for '{name}'."
                "\nIt is the share of a rating's variance that is not noise: cx.reliability estimates it."
            )
    lacking = [name for name in names if name not in parts]
    if 0 < len(lacking) < len(names):
        raise RoleError(
            f"reliability must be given of all touchpoints or of none, but it lacks {listed(lacking)}."
            "\nAdd them, or leave the others out to have all estimated."
        )
    of_touchpoints = None if lacking else np.array([float(parts[name]) for name in names])
    return Declared(of_touchpoints, float(parts[given.journey]) if given.journey in parts else None)


def journeys_of(given: JourneyRows, found: CrossRows) -> Journeys:
    """The journeys as arrays, with all columns of the model."""
    controls = [found.predictors[name] for name in found.controls]
    return Journeys(
        journey=given.journey_score,
        ratings=given.scores,
        columns=np.hstack([given.coded.columns, *(part.columns[found.joint] for part in controls)]),
        y=found.y[found.joint],
        binary=found.binary,
        count=given.cells.count,
        names=(given.journey, *given.coded.labels, *(term for part in controls for term in part.terms)),
        owners=(given.journey, *given.coded.owners, *(part.name for part in controls for _ in part.terms)),
    )


def freed_of_noise(
    inputs: Journeys, model: Measured, declared: Floats | None, names: Sequence[str], notes: list[str]
) -> Estimate:
    """The slope beside touchpoints freed of noise; missing, with a note, where it cannot be had."""
    factor, found = inputs.factor, None
    if declared is not None:
        found = declared_slope(inputs, model, declared)
        why = "the touchpoints agree more closely than the reliabilities declared allow: leave these out"
    elif factor is None:
        why = "two touchpoints do not tell how reliable they are: declare reliability="
    elif isinstance(factor, Flaw):
        kept = f"leaves '{names[factor.metric]}' no variance of its own" if factor.metric >= 0 else "has no maximum"
        why = f"the one-factor model of the touchpoints {kept}: declare reliability="
    elif factor.loading.min() <= 0:
        why = f"{listed([names[int(factor.loading.argmin())]])} runs against the others: check its direction"
    else:
        found = factor_slope(inputs, factor)
        why = "the journey rating hardly differs from what the touchpoints have in common"
    if found is None:
        notes.append(warn(f"No slope beside touchpoints freed of noise: {why}."))
    return found or missing(inputs)
