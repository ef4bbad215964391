"""Concordance with a time until an event against survival::concordance in R and brute force over pairs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxstats.arrays import Floats
from cxstats.numerics.concordance import fit_concordance
from cxstats.numerics.survival_concordance import Times, fit_survival_concordance, usable_pairs

REFERENCES = Path(__file__).parents[1] / "references"
SCORES = ("nps", "effort")
STORED = 1e-13  # the reference holds 15 digits
ROUNDING = 1e-12


def rows() -> pd.DataFrame:
    """The rows that survival_concordance.R made."""
    return pd.read_csv(REFERENCES / "survival_concordance_rows.csv", comment="#")


def reference(case: str) -> dict[tuple[str, str], float]:
    stored = pd.read_csv(REFERENCES / "survival_concordance.csv", comment="#")
    chosen = stored[stored["case"] == case]
    return {(row, column): value for row, column, value in zip(chosen["row"], chosen.column, chosen.value, strict=True)}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", ["censored", "entry"])
def test_concordance_and_influence_against_survival(case: str, weighted: bool) -> None:
    frame, stored = rows(), reference(f"{case} weighted" if weighted else case)
    clusters = reference(f"{case} weighted clusters" if weighted else f"{case} clusters")
    entry = frame.entered.to_numpy(float) if case == "entry" else None
    times = Times.of(frame.months.to_numpy(float), frame.cancelled.to_numpy() == 1, entry)
    weight = frame.weight.to_numpy() if weighted else np.ones(len(frame))
    ones = np.ones(len(frame), dtype=np.int64)
    fit = fit_survival_concordance(frame[list(SCORES)].to_numpy(float), times, ones, weight)
    assert usable_pairs(times, ones, weight) == pytest.approx(stored["nps", "usable"], rel=ROUNDING)
    summed = pd.DataFrame(fit.influence).groupby(frame.firm).sum().to_numpy()
    for j, score in enumerate(SCORES):
        assert fit.concordance[j] == pytest.approx(stored[score, "concordance"], abs=STORED)
        for k, other in enumerate(SCORES):
            assert fit.influence[:, j] @ fit.influence[:, k] == pytest.approx(stored[score, other], rel=1e-10)
            assert summed[:, j] @ summed[:, k] == pytest.approx(clusters[score, other], rel=1e-10)


def by_pairs(score: Floats, time: Floats, event: Floats, entry: Floats, mass: Floats) -> float:
    """Every ordered pair, one by one: i has the event while j is watched and goes on."""
    wins = usable = 0.0
    for i in range(len(time)):
        for j in range(len(time)):
            goes_on = time[j] > time[i] or (time[j] == time[i] and not event[j])
            if event[i] and goes_on and entry[j] < time[i]:
                usable += mass[i] * mass[j]
                wins += mass[i] * mass[j] * (0.5 if score[i] == score[j] else float(score[j] > score[i]))
    return wins / usable if usable else np.nan


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 5, 300]), st.booleans())
def test_weighted_counts_against_pairs(seed: int, levels: int, late: bool) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    time = rng.integers(1, 12, n).astype(float)
    entry = np.floor(time * rng.random(n)) if late else np.zeros(n)
    event, score = rng.random(n) < 0.5, rng.integers(0, levels, n).astype(float)
    count, weight = rng.integers(1, 5, n), rng.choice([0.5, 1.0, 2.5], n)
    truth = by_pairs(score, time, event.astype(float), entry, count * weight)
    times = Times.of(time, event, entry if late else None)
    assert (usable_pairs(times, count, weight) > 0) == (not np.isnan(truth))
    if not np.isnan(truth):
        fit = fit_survival_concordance(score[:, None], times, count, weight)
        assert fit.concordance[0] == pytest.approx(truth, abs=ROUNDING)
        assert (count * fit.influence[:, 0]).sum() == pytest.approx(0, abs=ROUNDING)


def test_influence_against_the_derivative() -> None:
    """A little more of one row moves the concordance by its influence."""
    rng = np.random.default_rng(7)
    n, step = 60, 1e-6
    time = rng.integers(1, 15, n).astype(float)
    times = Times.of(time, rng.random(n) < 0.6, np.floor(time * rng.random(n)))
    score, ones = rng.integers(0, 5, (n, 1)).astype(float), np.ones(n, dtype=np.int64)
    fit = fit_survival_concordance(score, times, ones, np.ones(n))
    for i in range(0, n, 7):
        more = np.ones(n)
        more[i] += step
        moved = fit_survival_concordance(score, times, ones, more).concordance - fit.concordance
        assert moved[0] / step == pytest.approx(fit.influence[i, 0], abs=1e-6)


def test_without_censoring_it_is_the_concordance_with_the_time() -> None:
    rng = np.random.default_rng(3)
    score, time = rng.integers(0, 5, (200, 2)).astype(float), rng.integers(1, 30, 200).astype(float)
    ones = np.ones(200, dtype=np.int64)
    known = fit_concordance(score, time, ones, np.ones(200))
    fit = fit_survival_concordance(score, Times.of(time, np.ones(200, dtype=bool), None), ones, np.ones(200))
    assert fit.concordance == pytest.approx(known.concordance, abs=ROUNDING)
    assert fit.influence == pytest.approx(known.influence, abs=ROUNDING)
