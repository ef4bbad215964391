"""Means of groups as if all had the same other characteristics: a model's predictions, averaged over everybody."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import listed
from cxstats.numerics.design import Predictor
from cxstats.numerics.effect import Effect
from cxstats.numerics.linear import sd_influence
from cxstats.numerics.observed import Observed
from cxstats.numerics.predicted_means import group_settings, predicted_means


@dataclass(frozen=True)
class AdjustedMeans:
    """Means of g groups.

    Attributes
    ----------
    mean : array, shape (g,)
    influence : array, shape (K, g)
        Of one row of each cell, survey weights included.
    """

    mean: Floats
    influence: Floats


def adjusted_means(group: Ints, names: tuple[str, ...], data: Observed) -> AdjustedMeans:
    """What the mean would be if everybody had the same mix of controls as all rows together.

    A logistic or linear model of group and controls is fitted; then every row is predicted as a member of each
    group in turn, and the predictions are averaged. A row moves the average by its own prediction and by moving
    the coefficients. Without controls these are the plain means.

    Parameters
    ----------
    group : int array, shape (K,)
        Number of each cell's group; every one of them occurs.
    names : tuple of str, length g
    data : Observed
    """
    coefficients, moved = data.fit(np.eye(len(names))[group, 1:], names[1:])
    settings = group_settings(len(names), data.controls)
    return AdjustedMeans(*predicted_means(settings, coefficients, moved, data.count, data.weight, binary=data.binary))


def gain(found: AdjustedMeans, base: int, other: int, data: Observed) -> Effect:
    """How much better the other group is than the base, on the scale on which claims are decided.

    For a binary outcome the relative gain p1 / p0 - 1, where p0 > .5 of the bad shares, q0 / q1 - 1; else the
    difference in standard deviations of the outcome, turned so that up is good.
    """
    if data.binary:
        return _relative_gain(found, base, other, data)
    sd, sd_values = sd_influence(data.y, data.count, data.weight)
    estimate = data.sign * float(found.mean[other] - found.mean[base]) / sd
    values = (data.sign * (found.influence[:, other] - found.influence[:, base]) - estimate * sd_values) / sd
    fit = data.spread(values[:, None])
    return Effect(a=estimate, var_a=float(fit.matrix[0, 0]), df=fit.df)


def _relative_gain(found: AdjustedMeans, base: int, other: int, data: Observed) -> Effect:
    fit = data.spread(found.influence[:, [base, other]])
    p0, p1 = float(found.mean[base]), float(found.mean[other])
    a = np.array([-1.0, 1.0])  # p1 - p0 and q0 - q1 are the same number
    b, level = (np.array([1.0, 0.0]), p0) if p0 <= 0.5 else (np.array([0.0, -1.0]), 1 - p1)
    return Effect(
        a=p1 - p0,
        b=level,
        var_a=float(a @ fit.matrix @ a),
        cov=float(a @ fit.matrix @ b),
        var_b=float(b @ fit.matrix @ b),
        df=fit.df,
    )


def uncovered(group: Ints, names: tuple[str, ...], controls: Sequence[Predictor]) -> tuple[str, ...]:
    """A note for every level of a text control that some group does not have: there the model fills in."""
    notes = []
    for control in controls:
        for j, name in enumerate(names):
            held = set(control.values[group == j].tolist())
            absent = [level for number, level in enumerate(control.levels) if number not in held]
            if absent:
                notes.append(
                    f"Nobody in '{name}' has {listed(absent)} of '{control.name}': what they would do is the model's "
                    "word alone."
                )
    return tuple(notes)
