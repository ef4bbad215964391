"""Least squares against lm, sandwich and survey in R, and influence against derivatives."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.numerics.influence import covariance
from cxstats.numerics.linear import fit_linear, sd_influence, standardised

REFERENCES = Path(__file__).parents[1] / "references"
ROUNDING = 1e-10
DERIVATIVE = 1e-6


@pytest.mark.parametrize("design", ["simple", "cluster", "weight"])
def test_fit_against_lm_sandwich_and_survey(design: str) -> None:
    rows = pd.read_csv(REFERENCES / "logistic_rows.csv", comment="#")
    expected = pd.read_csv(REFERENCES / "linear.csv", comment="#")
    expected = expected[(expected.design == design) & ~expected.term.isin(["sd", "r2"])]
    weight = rows.weight.to_numpy() if design == "weight" else np.ones(len(rows))
    count = np.ones(len(rows), dtype=np.int64)
    x = np.column_stack([np.ones(len(rows)), rows.nps, rows.effort, rows.tenure]).astype(float)
    fit = fit_linear(x, rows.stars.to_numpy(dtype=float), count, weight)
    firm = np.unique(rows.firm, return_inverse=True)[1] if design == "cluster" else None
    errors = np.sqrt(np.diag(covariance(fit.influence, count, firm).matrix))
    assert fit.coefficients == pytest.approx(expected.estimate.to_numpy(), rel=ROUNDING)
    assert errors == pytest.approx(expected.std_error.to_numpy(), rel=ROUNDING)
    assert fit.residuals == pytest.approx(rows.stars.to_numpy() - x @ expected.estimate.to_numpy(), abs=1e-9)


def sample() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(10)
    design = np.column_stack([np.ones(50), rng.integers(0, 11, 50), rng.standard_normal(50)])
    return design, rng.standard_normal(50), rng.integers(1, 7, 50), rng.uniform(0.3, 3, 50)


def test_influence_against_perturbed_weights() -> None:
    design, response, count, weight = sample()
    fit, (_, spread) = fit_linear(design, response, count, weight), sd_influence(response, count, weight)
    for cell in range(0, 50, 7):
        step = np.zeros(50)
        step[cell] = 1e-4
        ends = [
            np.append(
                fit_linear(design, response, count, weight + sign * step).coefficients,
                sd_influence(response, count, weight + sign * step)[0],
            )
            for sign in (1, -1)
        ]
        slope = (ends[0] - ends[1]) / 2e-4 * weight[cell] / count[cell]
        assert slope == pytest.approx([*fit.influence[cell], spread[cell]], rel=DERIVATIVE, abs=1e-10)


def test_high_levels_against_low_ones() -> None:
    """A level of 10^9 in response and predictor costs no more digits than it must."""
    design, response, count, weight = sample()
    plain = fit_linear(design, response, count, weight)
    far = fit_linear(design + np.array([0, 1e9, 0]), response + 1e9, count, weight)
    assert far.coefficients[1:] == pytest.approx(plain.coefficients[1:], rel=1e-5)


def test_columns_that_follow_from_others_are_refused() -> None:
    design, response, count, weight = sample()
    twice, names = np.column_stack([design, 5 - design[:, 1]]), ("(intercept)", "a", "b", "c")
    with pytest.raises(cx.ColumnError, match=r"but 'a', 'c' are collinear"):
        fit_linear(twice, response, count, weight, names)
    design[:, 2] = 4
    with pytest.raises(cx.ColumnError, match=r"^Every predictor must vary, but 'b' holds the same value in all rows\."):
        fit_linear(design, response, count, weight, ("(intercept)", "a", "b"))


@pytest.mark.parametrize("design", ["simple", "cluster", "weight", "weight cluster"])
def test_deviation_and_r2_against_survey_and_lm(design: str) -> None:
    rows = pd.read_csv(REFERENCES / "logistic_rows.csv", comment="#")
    expected = pd.read_csv(REFERENCES / "linear.csv", comment="#").set_index(["design", "term"])
    weight = rows.weight.to_numpy() if "weight" in design else np.ones(len(rows))
    count, stars = np.ones(len(rows), dtype=np.int64), rows.stars.to_numpy(dtype=float)
    firm = np.unique(rows.firm, return_inverse=True)[1] if "cluster" in design else None
    sd, influence = sd_influence(stars, count, weight)
    assert sd == pytest.approx(expected.estimate[design, "sd"], rel=ROUNDING)
    error = covariance(influence[:, None], count, firm).matrix[0, 0] ** 0.5
    assert error == pytest.approx(expected.std_error[design, "sd"], rel=ROUNDING)
    x = np.column_stack([np.ones(len(rows)), rows.nps, rows.effort, rows.tenure]).astype(float)
    fit = fit_linear(x, stars, count, weight)
    assert fit.r2 == pytest.approx(expected.estimate[design, "r2"], rel=ROUNDING)
    assert fit.fitted + fit.residuals == pytest.approx(stars, rel=ROUNDING)


def test_standardised_slope_against_perturbed_weights() -> None:
    design, response, count, weight = sample()
    response, contrast = response + 0.3 * design[:, 1], np.array([0.0, 1.0, -0.5])

    def theta(weights: np.ndarray) -> tuple[float, np.ndarray]:
        fit = fit_linear(design, response, count, weights)
        return standardised(fit, contrast, design[:, 1], response, count, weights)

    estimate, influence = theta(weight)
    mass = count * weight
    spread = [np.sqrt(np.cov(v, aweights=mass, ddof=0)) for v in (design[:, 1], response)]
    root = np.sqrt(mass)
    solved = np.linalg.lstsq(design * root[:, None], response * root, rcond=None)[0]
    assert estimate == pytest.approx((solved[1] - 0.5 * solved[2]) * spread[0] / spread[1], rel=ROUNDING)
    for cell in range(0, 50, 7):
        step = np.zeros(50)
        step[cell] = 1e-4
        slope = (theta(weight + step)[0] - theta(weight - step)[0]) / 2e-4
        assert slope * weight[cell] / count[cell] == pytest.approx(influence[cell], rel=DERIVATIVE, abs=1e-10)


def test_standardised_slope_covers_its_truth_in_simulation() -> None:
    """Simulated, skewed gap and unequal spread; 4 Monte Carlo standard errors around 95%."""
    rng, hits, replicates, n = np.random.default_rng(22), 0, 600, 400
    one, ones = np.ones(n), np.ones(n, dtype=np.int64)
    # gap is exponential with variance 1; the response 0.5 gap + e (0.5 + 0.5 gap), and E(0.5 + 0.5 gap)^2 = 1.25.
    truth = 0.5 / np.sqrt(0.25 + 1.25)
    for _ in range(replicates):
        gap = rng.exponential(size=n)
        response = 0.5 * gap + (0.5 + 0.5 * gap) * rng.standard_normal(n)
        fit = fit_linear(np.column_stack([one, gap]), response, ones, one)
        theta, influence = standardised(fit, np.array([0.0, 1.0]), gap, response, ones, one)
        error = covariance(influence[:, None], ones).matrix[0, 0] ** 0.5
        hits += abs(theta - truth) < 1.959964 * error
    assert hits / replicates == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / replicates))
