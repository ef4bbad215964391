"""Correlations and their tests against published numbers, R, derivatives, brute force and simulation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxstats.numerics.correlation import (
    classical_tests,
    correlation_influence,
    correlation_matrix,
    fisher_limits,
    meng_gap,
    normal_covariance,
    sampling_correlation,
    standard_scores,
    steiger_z,
    williams_t,
    zou_limits,
)
from cxstats.numerics.intervals import two_sided

REFERENCES = Path(__file__).parents[1] / "references"
ROUNDING = 1e-10
DERIVATIVE = 1e-6
PRINTED = 5e-6  # five decimals, as printed

# The correlations of the cases in dependent_correlations.R.
CASES = {"published": (0.5, 0.4, 0.6, 300), "capped": (0.6, -0.5, -0.5, 40), "negative": (-0.3, 0.2, -0.4, 25)}


def three(case: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    first, second, between, n = CASES[case]
    return np.array([first]), np.array([second]), np.array([between]), n


def zou(case: str) -> tuple[float, float]:
    first, second, between, n = three(case)
    r = np.concatenate([first, second])
    together = np.array([[1.0, between[0]], [between[0], 1.0]])
    limits = zou_limits(r, normal_covariance(r, together, n), [0], [1], 0.95)
    return float(limits.low[0]), float(limits.high[0])


def test_tests_against_published() -> None:
    tests = classical_tests(*three("published"), 0.95)
    assert tests["statistic"] == pytest.approx([2.23316, 2.21924, 2.21668], abs=PRINTED)
    assert tests["p_value"][[0, 2]] == pytest.approx([0.026283, 0.026645], abs=PRINTED / 10)
    assert tests["df"].tolist() == [297, np.inf, np.inf]
    assert zou("published") == pytest.approx((0.01181, 0.18929), abs=PRINTED)


@pytest.mark.parametrize("case", CASES)
def test_tests_against_papers_and_psych(case: str) -> None:
    stored = pd.read_csv(REFERENCES / "dependent_correlations.csv", comment="#")
    expected = stored[stored.case == case].set_index("quantity").value
    tests = classical_tests(*three(case), 0.95)
    assert tests["statistic"] == pytest.approx(expected[["williams", "steiger", "meng"]].to_numpy(), rel=ROUNDING)
    assert tests["p_value"] == pytest.approx(expected[["williams_p", "steiger_p", "meng_p"]].to_numpy(), rel=ROUNDING)
    assert tests["estimate"] == pytest.approx(expected[["estimate", "gap", "gap"]].to_numpy(), rel=ROUNDING)
    ends = [tests["ci_low"][2], tests["ci_high"][2]]
    assert ends == pytest.approx(expected[["meng_low", "meng_high"]].to_numpy(), rel=ROUNDING)
    assert zou(case) == pytest.approx(expected[["zou_low", "zou_high"]].to_numpy(), rel=ROUNDING)


def test_exchanging_the_metrics_turns_every_statistic_round() -> None:
    first, second, between, n = three("negative")
    for test in (williams_t, steiger_z):
        assert test(second, first, between, n) == pytest.approx(-test(first, second, between, n), rel=ROUNDING)
        assert test(first, first, between, n) == 0
    assert meng_gap(first, second, between, n).std_error == pytest.approx(
        meng_gap(second, first, between, n).std_error, rel=ROUNDING
    )


def test_limits_without_error_close_on_the_difference() -> None:
    """Where every cluster says the same there is no spread, and none is made up."""
    limits = zou_limits(np.array([0.5, 0.2]), np.zeros((2, 2)), [0], [1], 0.95, 19.0)
    assert (limits.low[0], limits.high[0]) == pytest.approx((0.3, 0.3), abs=ROUNDING)


def sample() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    base = rng.normal(size=60)
    values = np.round(base[:, None] + rng.normal(size=(60, 3)), 1)
    return values, rng.integers(1, 7, 60), rng.uniform(0.3, 3, 60)


def test_correlations_against_repeated_rows() -> None:
    values, count, _ = sample()
    scores = standard_scores(values, count)
    rows = np.repeat(values, count, axis=0)
    assert correlation_matrix(scores, count) == pytest.approx(np.corrcoef(rows.T), abs=ROUNDING)
    plain = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    assert np.repeat(scores, count, axis=0) == pytest.approx(plain, abs=ROUNDING)


def test_influence_against_perturbed_weights() -> None:
    values, count, weight = sample()

    def correlations(weights: np.ndarray) -> np.ndarray:
        covariances = np.cov(values.T, aweights=count * weights)
        spread = np.sqrt(np.diag(covariances))
        return np.asarray((covariances / np.outer(spread, spread))[0, 1:])

    scores = standard_scores(values, count * weight)
    total = float(count @ weight)
    influence = correlation_influence(scores[:, 0], scores[:, 1:], correlations(weight), weight, total)
    assert count @ influence == pytest.approx(0, abs=ROUNDING)
    for cell in range(0, 60, 7):
        step = np.zeros(60)
        step[cell] = 1e-4
        slope = (correlations(weight + step) - correlations(weight - step)) / 2e-4 * weight[cell] / count[cell]
        assert influence[cell] == pytest.approx(slope, rel=DERIVATIVE, abs=1e-10)


def test_normal_theory_against_influence_in_simulation() -> None:
    """For normal data the mean product of influence values is the normal-theory covariance."""
    rng, n = np.random.default_rng(8), 400_000
    truth = np.array([[1.0, 0.5, 0.3], [0.5, 1.0, 0.6], [0.3, 0.6, 1.0]])
    values = rng.normal(size=(n, 3)) @ np.linalg.cholesky(truth).T
    one = np.ones(n)
    scores = standard_scores(values, one)
    influence = correlation_influence(scores[:, 0], scores[:, 1:], truth[0, 1:], one, 1.0)
    products = influence[:, :, None] * influence[:, None, :]
    errors = products.std(axis=0) / np.sqrt(n)
    expected = normal_covariance(truth[0, 1:], truth[1:, 1:], n) * (n - 3)
    assert (np.abs(products.mean(axis=0) - expected) < 4 * errors).all()
    assert sampling_correlation(np.array(0.5), np.array(0.5), np.array(1.0)) == pytest.approx(1, abs=ROUNDING)


REPLICATES, LIMITED, SIZE = 20_000, 5_000, 50  # the limits are computed sample by sample


def replicates(truth: np.ndarray) -> np.ndarray:
    """Correlation matrices of samples of normal data, shape (REPLICATES, 3, 3)."""
    rng = np.random.default_rng(20070)
    values = rng.normal(size=(REPLICATES, SIZE, 3)) @ np.linalg.cholesky(truth).T
    centred = values - values.mean(axis=1, keepdims=True)
    centred /= np.sqrt((centred**2).sum(axis=1, keepdims=True))
    return np.asarray(np.einsum("bni,bnj->bij", centred, centred))


def test_size_of_the_tests_in_simulation() -> None:
    truth = np.array([[1.0, 0.4, 0.4], [0.4, 1.0, 0.5], [0.4, 0.5, 1.0]])
    found = replicates(truth)
    triple = found[:, 0, 1], found[:, 0, 2], found[:, 1, 2]
    gap = meng_gap(*triple, SIZE)
    allowed = 4 * np.sqrt(0.05 * 0.95 / REPLICATES)
    for p in (
        two_sided(williams_t(*triple, SIZE), SIZE - 3),
        two_sided(steiger_z(*triple, SIZE)),
        two_sided(gap.estimate / gap.std_error),
    ):
        assert (p < 0.05).mean() == pytest.approx(0.05, abs=allowed)


@pytest.mark.parametrize(("first", "second", "between"), [(0.4, 0.4, 0.5), (0.6, 0.3, 0.5), (0.7, 0.1, 0.2)])
def test_coverage_of_the_limits_in_simulation(first: float, second: float, between: float) -> None:
    truth = np.array([[1.0, first, second], [first, 1.0, between], [second, between, 1.0]])
    allowed = 4 * np.sqrt(0.05 * 0.95 / LIMITED)
    apart, single = 0, 0
    for matrix in replicates(truth)[:LIMITED]:
        r = matrix[0, 1:]
        covariance = normal_covariance(r, matrix[1:, 1:], SIZE)
        limits = zou_limits(r, covariance, [0], [1], 0.95)
        apart += bool(limits.low[0] <= first - second <= limits.high[0])
        one = fisher_limits(r, np.sqrt(np.diag(covariance)), 0.95)
        single += bool(one.low[0] <= first <= one.high[0])
    assert apart / LIMITED == pytest.approx(0.95, abs=allowed)
    assert single / LIMITED == pytest.approx(0.95, abs=allowed)
