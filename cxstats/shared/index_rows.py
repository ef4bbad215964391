"""Indices of models on customers held out, as rows of a frame: each with what every customer contributes to it."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats
from cxstats.numerics.held_out import resampled_p
from cxstats.shared.crossfitted import CrossFitted


@dataclass(frozen=True)
class IndexRow:
    """One row: what it is about, its estimate, and the influence of each joint row on it."""

    model: str
    index: str
    estimate: float
    influence: Floats
    resampled_p: float = np.nan


def index_rows(fit: CrossFitted, name: str, base: str) -> list[IndexRow]:
    """Every index of one model."""
    held, at, binary = fit.held, fit.at(name), fit.rows.binary
    found = []
    if fit.rows.has_likelihood:
        found.append(IndexRow(name, "log-loss", float(held.loss[at]), held.loss_influence[:, at]))
    error, error_influence = float(held.squared_error[at]), held.squared_error_influence[:, at]
    found.append(IndexRow(name, "Brier" if binary else "mean squared error", error, error_influence))
    if binary and not np.isnan(held.slope[at]):  # one prediction for all has no area to speak of
        found.append(IndexRow(name, "AUC", float(held.auc[at]), held.auc_influence[:, at]))
    if name == base:
        return found
    return [
        *found,
        *gain_rows(fit, name, base, name),
        IndexRow(name, "calibration intercept", float(held.intercept[at]), held.intercept_influence[:, at]),
        IndexRow(name, "calibration slope", float(held.slope[at]), held.slope_influence[:, at]),
    ]


def gain_rows(fit: CrossFitted, name: str, over: str, label: str) -> list[IndexRow]:
    """What a model gains over another: in log-loss where there is a likelihood, and in explained share."""
    return [*([loss_row(fit, name, over, label)] if fit.rows.has_likelihood else []), share_row(fit, name, over, label)]


def loss_row(fit: CrossFitted, name: str, over: str, label: str) -> IndexRow:
    """By how much a model's log-loss lies below that of another."""
    held, at, other = fit.held, fit.at(name), fit.at(over)
    return IndexRow(
        label,
        "log-loss gain",
        float(held.loss[other] - held.loss[at]),
        held.loss_influence[:, other] - held.loss_influence[:, at],
        resampled_p(held.fold_loss[:, other] - held.fold_loss[:, at], fit.folds),
    )


def share_row(fit: CrossFitted, name: str, over: str, label: str) -> IndexRow:
    """By how much of the first model's squared error that of a model lies below that of another."""
    held, at, other = fit.held, fit.at(name), fit.at(over)
    base, base_influence = held.squared_error[0], held.squared_error_influence[:, 0]
    share = float((held.squared_error[other] - held.squared_error[at]) / base)
    less = held.squared_error_influence[:, other] - held.squared_error_influence[:, at]
    folds = (held.fold_squared_error[:, other] - held.fold_squared_error[:, at]) / base
    index = "IPA" if fit.rows.binary else "R2"
    return IndexRow(label, index, share, (less - share * base_influence) / base, resampled_p(folds, fit.folds))


def area_row(fit: CrossFitted, name: str, over: str, label: str) -> IndexRow:
    """By how much a model's area exceeds that of another."""
    held, at, other = fit.held, fit.at(name), fit.at(over)
    return IndexRow(
        label,
        "AUC",
        float(held.auc[at] - held.auc[other]),
        held.auc_influence[:, at] - held.auc_influence[:, other],
        resampled_p(held.fold_auc[:, at] - held.fold_auc[:, other], fit.folds),
    )


def pair_rows(fit: CrossFitted, first: int, second: int) -> list[IndexRow]:
    """The differences of two models."""
    a, b = fit.names[first], fit.names[second]
    areas = [area_row(fit, a, b, f"{a} - {b}")] if fit.rows.binary else []
    return [*gain_rows(fit, a, b, f"{a} - {b}"), *areas]
