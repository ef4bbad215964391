"""Tests of nested models against statsmodels on rows, and their size in simulation."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import chi2, f

from cxstats.errors import SeparationError, TooFewError
from cxstats.numerics.nested import ClusteredRows, likelihood_ratio, nested_test
from cxstats.numerics.training import BINOMIAL, GAUSSIAN, POISSON, Family

# Two fits of one concave likelihood, each stopped within rounding of its maximum.
FITTED = 1e-7
MC_ERRORS = 4
N, GROUPS = 900, 45
THEIRS = {BINOMIAL: sm.families.Binomial(), GAUSSIAN: sm.families.Gaussian(), POISSON: sm.families.Poisson()}


def cells(family: Family, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Distinct rows of three predictors (K, 3), the outcome, the count and the cluster."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, GROUPS, N)
    lift = rng.normal(size=GROUPS)[group]
    x = np.column_stack([rng.integers(0, 3, N), rng.integers(0, 2, N), np.round(lift + rng.normal(size=N))])
    level = 0.4 * x[:, 0] - 0.3 * x[:, 1] + 0.5 * lift
    if family is BINOMIAL:
        y = (rng.random(N) < 1 / (1 + np.exp(-level))).astype(float)
    else:
        y = rng.poisson(np.exp(level)) if family is POISSON else np.round(level + rng.normal(size=N), 1)
    table, count = np.unique(np.column_stack([x, y, group]), axis=0, return_counts=True)
    return table[:, :3], table[:, 3], count, table[:, 4].astype(np.int64)


def design_of(x: np.ndarray, count: np.ndarray) -> np.ndarray:
    mean = np.average(x, axis=0, weights=count)
    spread = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=count))
    return np.column_stack([np.ones(len(x)), (x - mean) / spread])


def theirs(x: np.ndarray, y: np.ndarray, count: np.ndarray, family: Family, **errors: object) -> object:
    """Every row for itself, predictors as they come."""
    rows = np.repeat(np.arange(len(y)), count)
    model = sm.GLM(y[rows], sm.add_constant(x[rows]), family=THEIRS[family])
    return model.fit(tol=1e-14, maxiter=100, **errors)


@pytest.mark.parametrize("added", [1, 2])
def test_likelihood_ratio_against_statsmodels(added: int) -> None:
    x, y, count, _ = cells(BINOMIAL)
    alone = ClusteredRows(np.arange(len(y)), count, None)
    found = nested_test(design_of(x, count), added, y, count, BINOMIAL, alone)
    larger, smaller = theirs(x, y, count, BINOMIAL), theirs(x[:, :-added], y, count, BINOMIAL)
    ratio = 2 * (larger.llf - smaller.llf)
    assert (found.kind, found.degrees) == ("likelihood-ratio", added)
    assert found.chi_square == pytest.approx(ratio, abs=FITTED)
    assert found.p_value == pytest.approx(chi2.sf(ratio, added), rel=1e-6)
    assert likelihood_ratio(larger.llf, smaller.llf, added).p_value == pytest.approx(found.p_value, rel=1e-6)


def test_a_ratio_below_nothing_is_rounding() -> None:
    assert likelihood_ratio(-100.0, -100.0 + 1e-13, 1).p_value == 1.0


@pytest.mark.parametrize("family", [GAUSSIAN, POISSON], ids=lambda family: family.name)
@pytest.mark.parametrize("added", [1, 2])
def test_wald_without_clusters_against_statsmodels(family: Family, added: int) -> None:
    """HC0 of statsmodels has no factor for small samples; ours is n / (n - 1)."""
    x, y, count, _ = cells(family)
    alone = ClusteredRows(np.arange(len(y)), count, None)
    found = nested_test(design_of(x, count), added, y, count, family, alone)
    fit = theirs(x, y, count, family, cov_type="HC0")
    slopes = fit.params[-added:]
    wald = slopes @ np.linalg.solve(fit.cov_params()[-added:, -added:] * N / (N - 1), slopes)
    assert (found.kind, found.degrees) == ("robust Wald", added)
    assert found.chi_square == pytest.approx(wald, rel=FITTED)
    assert found.p_value == pytest.approx(chi2.sf(wald, added), rel=1e-6)


@pytest.mark.parametrize("family", [BINOMIAL, GAUSSIAN, POISSON], ids=lambda family: family.name)
@pytest.mark.parametrize("added", [1, 2])
def test_wald_with_clusters_against_statsmodels(family: Family, added: int) -> None:
    """statsmodels multiplies the covariance by G / (G - 1) times (n - 1) / (n - q); ours by G / (G - 1) alone."""
    x, y, count, group = cells(family)
    distinct, joint = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)
    joint = joint.ravel()
    total = np.bincount(joint, weights=count).astype(np.int64)
    clusters = ClusteredRows(joint, count, group)
    found = nested_test(design_of(distinct[:, :3], total), added, distinct[:, 3], total, family, clusters)
    by = {"groups": np.repeat(group, count)}
    fit = theirs(x, y, count, family, cov_type="cluster", cov_kwds=by)
    covariance = fit.cov_params()[-added:, -added:] * (N - 4) / (N - 1)
    slopes = fit.params[-added:]
    wald = slopes @ np.linalg.solve(covariance, slopes)
    assert (found.kind, found.degrees) == ("robust Wald", added)
    assert found.chi_square == pytest.approx(wald, rel=FITTED)
    assert found.p_value == pytest.approx(f.sf(wald / added, added, GROUPS - 1), rel=1e-6)


def test_spread_that_grows_with_the_mean_in_simulation() -> None:
    """Those who spend more differ more, and score within narrower bounds: F's test of equal variances rejects too
    rarely, ours at its level."""
    rng, replications, n = np.random.default_rng(1), 800, 400
    alone = ClusteredRows(np.arange(n), np.ones(n, dtype=np.int64), None)
    ours = classical = 0
    for _ in range(replications):
        past = rng.integers(0, 8, n)
        score = np.minimum(10, past + rng.integers(0, 9, n))
        spend = (1 + past) * np.exp(0.8 * rng.normal(size=n))
        design = design_of(np.column_stack([past, score]).astype(float), np.ones(n))
        scaled = (spend - spend.mean()) / spend.std()
        ours += nested_test(design, 1, scaled, np.ones(n, dtype=np.int64), GAUSSIAN, alone).p_value < 0.05
        classical += sm.OLS(scaled, design).fit().pvalues[-1] < 0.05
    error = MC_ERRORS * np.sqrt(0.05 * 0.95 / replications)
    assert abs(ours / replications - 0.05) < error
    assert classical / replications < 0.05 - error


def test_what_has_no_estimate_is_named() -> None:
    x = np.array([0.0, 1, 2, 3])
    design = np.column_stack([np.ones(4), x - 1.5])
    count = np.full(4, 50)
    alone = ClusteredRows(np.arange(4), count, None)
    message = (
        r"^No predictor may tell the outcomes apart perfectly, but 'column 1' does so in 200 of 200 rows, so no finite "
        r"estimate exists\.\nMerge rare levels or leave the predictor out; a score that separates is suspicious: check "
        r"that it was not asked after the outcome, or computed from it\.$"
    )
    with pytest.raises(SeparationError, match=message):
        nested_test(design, 1, np.array([0.0, 0, 1, 1]), count, BINOMIAL, alone)
    # A count that is 0 wherever the predictor is high: its slope is endless too.
    with pytest.raises(SeparationError, match=r"^No predictor may .* 'column 1' does so in 50 of 200 rows, "):
        nested_test(np.column_stack([np.ones(4), x == 3]) * 1.0, 1, np.array([0.0, 2, 1, 0]), count, POISSON, alone)
    with pytest.raises(TooFewError, match=r"^Both outcomes must occur, but all 200 rows have the good one\.$"):
        nested_test(design, 1, np.ones(4), count, BINOMIAL, alone)
    with pytest.raises(
        TooFewError, match=r"^Something must have been counted, but the outcome is 0 in all 200 rows\.$"
    ):
        nested_test(design, 1, np.zeros(4), count, POISSON, alone)
