"""Simulated data against the truth they claim, and the truth against other ways to compute it."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm

import cxstats as cx
from cxstats import simulate

# Two quadratures of the same integral; scipy's bivariate normal is good to about 1e-8.
QUADRATURE = 1e-7
# brentq stops within 1e-13 of the loading; the area is a smooth function of it.
SOLVED = 1e-10
ROUNDING = 1e-12
# How far a Monte Carlo mean may lie from the truth.
ERRORS = 4.0
LEVELS = {"nps": (0, 10), "csat": (1, 5), "ease": (1, 7)}


def area(frame: pd.DataFrame, metric: str) -> float:
    """The area by sorting ranks: another road than the placements of cxstats."""
    ranks = frame[metric].rank()
    good = frame["repurchase"] == 1
    m, n = int(good.sum()), int((~good).sum())
    return float((ranks[good].sum() - m * (m + 1) / 2) / (m * n))


def area_error(frame: pd.DataFrame) -> float:
    """Standard error of the area of a score that knows nothing (Mann-Whitney): near that of a weak score."""
    good = int(frame["repurchase"].sum())
    return float(np.sqrt(1 / (12 * good) + 1 / (12 * (len(frame) - good))))


def table_by_bivariate_normal(truth: simulate.CohortTruth, metric: str) -> np.ndarray:
    """P(level, repurchase) from the bivariate normal distribution of metric and propensity, gap by gap."""
    low, high = LEVELS[metric]
    loading, rate = truth.loading[metric], truth.repurchase_at
    shift = norm.ppf(rate)
    mean = truth.gap_share @ shift
    sd = np.sqrt(1 + truth.gap_share @ (shift - mean) ** 2)
    cuts = np.r_[-9, truth.threshold[metric], 9]
    joint = np.zeros((high - low + 1, 2))
    for share, a in zip(truth.gap_share, shift, strict=True):
        # Given the gap the propensity is N(a, 1) and the metric loading * (propensity - mean) / sd + noise.
        centre = loading * (a - mean) / sd
        variance = loading**2 / sd**2 + 1 - loading**2
        cover = multivariate_normal([centre, -a], [[variance, -loading / sd], [-loading / sd, 1]], allow_singular=False)
        below_and_good = np.diff([cover.cdf([c, 0]) for c in cuts])  # -propensity < 0
        below = np.diff(norm.cdf(cuts, centre, np.sqrt(variance)))
        joint += share * np.column_stack([below - below_and_good, below_and_good])
    return joint


def area_of_table(joint: np.ndarray) -> float:
    """P(higher level among the good) + P(equal) / 2, by comparing every level with every level."""
    share = joint / joint.sum(axis=0)
    levels = np.arange(len(joint))
    wins = (levels[:, None] > levels[None]) + 0.5 * (levels[:, None] == levels[None])
    return float(share[:, 1] @ wins @ share[:, 0])


@pytest.mark.parametrize("metric", ["nps", "csat", "ease"])
@pytest.mark.parametrize(
    "options",
    [{}, {"nps": 0.7, "csat": 0.55, "ease": 0.45, "excess": 0.03, "shortfall": 0.05, "repurchase": 0.6}],
    ids=["default", "other"],
)
def test_truth_against_bivariate_normal(metric: str, options: dict[str, float]) -> None:
    truth = simulate.truth(**options)
    joint = table_by_bivariate_normal(truth, metric)
    assert area_of_table(joint) == pytest.approx(truth.auc[metric], abs=QUADRATURE)
    codes, good = np.arange(len(joint)), joint[:, 1].sum()
    share = joint.sum(axis=1)
    covariance = codes @ joint[:, 1] - codes @ share * good
    spread = np.sqrt((codes**2 @ share - (codes @ share) ** 2) * good * (1 - good))
    assert truth.correlation[metric] == pytest.approx(covariance / spread, abs=QUADRATURE)
    np.testing.assert_allclose(truth.level_share[metric], share, atol=QUADRATURE)


def test_default_truth_against_its_parameters() -> None:
    truth = simulate.truth()
    assert dict(truth.auc) == pytest.approx({"nps": 0.61, "csat": 0.65, "ease": 0.58}, abs=SOLVED)
    assert truth.auc["csat"] - max(truth.auc["nps"], truth.auc["ease"]) >= 0.03
    assert truth.gap_share.sum() == pytest.approx(1, abs=ROUNDING)
    assert truth.gap_share[truth.gaps == 0] == pytest.approx(0.40, abs=ROUNDING)
    assert truth.gap_share[truth.gaps < 0].sum() == pytest.approx(0.25, abs=ROUNDING)
    np.testing.assert_allclose(truth.repurchase_at, [0.15, 0.23, 0.31, 0.39, 0.47] + [0.55] * 6, rtol=ROUNDING)
    assert truth.exceeded_rate - truth.met_rate == 0
    # FACTS A: realistic correlations of a metric with later behaviour lie between .05 and .30.
    assert all(0.05 < r < 0.30 for r in truth.correlation.values())
    # Standardised asymmetry well above the smallest effect of .10.
    assert truth.asymmetry > 0.2


def test_equal_metrics_have_equal_areas_in_truth() -> None:
    truth = simulate.truth(nps=0.62, csat=0.62, ease=0.62)
    for metric in LEVELS:
        assert area_of_table(table_by_bivariate_normal(truth, metric)) == pytest.approx(0.62, abs=QUADRATURE)


def test_truth_slopes_against_weighted_least_squares() -> None:
    truth = simulate.truth(shortfall=0.06, excess=0.02, repurchase=0.5)
    gap = truth.gaps.astype(float)
    design = np.column_stack([np.ones(11), np.minimum(gap, 0), np.maximum(gap, 0)])
    root = np.sqrt(truth.gap_share)[:, None]
    fitted = np.linalg.lstsq(design * root, truth.repurchase_at * root[:, 0], rcond=None)[0]
    np.testing.assert_allclose(fitted[1:], [0.06, 0.02], atol=ROUNDING)
    mean = truth.gap_share @ truth.repurchase_at
    spread = np.sqrt(truth.gap_share @ gap**2 - (truth.gap_share @ gap) ** 2)
    assert truth.asymmetry == pytest.approx(0.04 * spread / np.sqrt(mean * (1 - mean)), rel=ROUNDING)


def test_cohort_against_truth_in_simulation() -> None:
    n = 200_000
    truth, frame = simulate.truth(), simulate.cohort(n, rng=20261)
    assert list(frame.columns) == ["nps", "csat", "ease", "days_early", "repurchase"]
    assert (frame.dtypes == np.int64).all()
    for metric, (low, high) in LEVELS.items():
        assert (frame[metric].min(), frame[metric].max()) == (low, high)
        assert abs(area(frame, metric) - truth.auc[metric]) < ERRORS * area_error(frame)
        share = frame[metric].value_counts(normalize=True).sort_index().to_numpy()
        error = np.sqrt(truth.level_share[metric] * (1 - truth.level_share[metric]) / n)
        assert (np.abs(share - truth.level_share[metric]) < ERRORS * error).all()
        r = np.corrcoef(frame[metric], frame["repurchase"])[0, 1]
        assert abs(r - truth.correlation[metric]) < ERRORS / np.sqrt(n)
    by_gap = frame.groupby("days_early")["repurchase"].agg(["mean", "size"])
    error = np.sqrt(truth.repurchase_at * (1 - truth.repurchase_at) / by_gap["size"])
    assert (np.abs(by_gap["mean"] - truth.repurchase_at) < ERRORS * error).all()
    error = np.sqrt(truth.gap_share * (1 - truth.gap_share) / n)
    assert (np.abs(by_gap["size"] / n - truth.gap_share) < ERRORS * error).all()
    # FACTS A: correlations among metrics of .5 to .8.
    among = frame[["nps", "csat", "ease"]].corr().to_numpy()[np.triu_indices(3, 1)]
    assert ((among > 0.5) & (among < 0.8)).all()


def test_delight_effect_in_simulation() -> None:
    frame = simulate.cohort(200_000, rng=3, repurchase=0.5, shortfall=0.05, excess=0.06)
    rate = frame.groupby("days_early")["repurchase"].mean()
    size = frame["days_early"].value_counts()
    truth = 0.5 + 0.05 * np.minimum(rate.index, 0) + 0.06 * np.maximum(rate.index, 0)
    assert (np.abs(rate - truth) < ERRORS * np.sqrt(truth * (1 - truth) / size[rate.index])).all()


def test_independent_noise_without_halo_in_simulation() -> None:
    n = 100_000
    frame = simulate.cohort(n, rng=4, nps=0.5, csat=0.5, ease=0.5, halo=0.0)
    among = frame[["nps", "csat", "ease"]].corr().to_numpy()[np.triu_indices(3, 1)]
    assert (np.abs(among) < ERRORS / np.sqrt(n)).all()


def test_same_seed_gives_same_frame() -> None:
    pd.testing.assert_frame_equal(simulate.cohort(500, rng=7), simulate.cohort(500, rng=np.random.default_rng(7)))
    assert not simulate.cohort(500, rng=7).equals(simulate.cohort(500, rng=8))
    rng = np.random.default_rng(7)
    assert not simulate.cohort(500, rng=rng).equals(simulate.cohort(500, rng=rng))


def test_clustered_against_truth_in_simulation() -> None:
    customers, answers = 40_000, 5
    truth = simulate.truth(shortfall=0.0)
    frame = simulate.clustered(customers, answers=answers, same=0.5, rng=5, people=truth)
    assert list(frame.columns) == ["customer", "nps", "csat", "ease", "days_early", "repurchase"]
    assert (frame["customer"].value_counts() == answers).all()
    # With at most 5 answers a customer the variance is at most 5 times that of independent rows.
    for metric, expected in truth.auc.items():
        assert abs(area(frame, metric) - expected) < ERRORS * np.sqrt(answers) * area_error(frame)
    # Without an effect of the gap two answers of one customer have propensities that correlate .5; then
    # P(both above 0) follows from the bivariate normal distribution.
    wide = frame["repurchase"].to_numpy().reshape(customers, answers)
    pairs = wide.sum(axis=1) * (wide.sum(axis=1) - 1) / (answers * (answers - 1))
    cut = norm.ppf(0.55)
    both = multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]]).cdf([cut, cut])
    assert abs(pairs.mean() - both) < ERRORS * pairs.std() / np.sqrt(customers)


def test_clusters_that_share_nothing_are_independent_rows() -> None:
    frame = simulate.clustered(40_000, answers=2, same=0.0, rng=6)
    first, second = frame["csat"].to_numpy().reshape(-1, 2).T
    assert abs(np.corrcoef(first, second)[0, 1]) < ERRORS / np.sqrt(40_000)


# FACTS F, computed by simulation and printed to two decimals, share at the top and ratio of the slopes.
CEILING = [(3.0, 0.07, 1.00), (4.0, 0.31, 1.47), (4.5, 0.50, 2.15)]
PRINTED = 0.005


@pytest.mark.parametrize(("mean", "top", "ratio"), CEILING)
def test_ceiling_truth_against_golden_values(mean: float, top: float, ratio: float) -> None:
    truth = simulate.linear_rating_truth(slope=0.6, mean=mean)
    assert truth.top_share == pytest.approx(top, abs=PRINTED)
    assert truth.slope_below / truth.slope_above == pytest.approx(ratio, abs=PRINTED)


@pytest.mark.parametrize("unit", [0.0, 0.5])
@pytest.mark.parametrize("mean", [3.0, 4.0, 4.5])
def test_linear_rating_against_truth_in_simulation(mean: float, unit: float) -> None:
    n = 400_000
    frame = simulate.linear_rating(n, slope=0.6, mean=mean, unit=unit, rng=20260101)
    truth = simulate.linear_rating_truth(slope=0.6, mean=mean, unit=unit)
    gap, rating = frame["gap"].to_numpy(), frame["rating"].to_numpy(dtype=float)
    assert set(frame["rating"]) == {1, 2, 3, 4, 5}
    assert abs((rating == 5).mean() - truth.top_share) < ERRORS * np.sqrt(0.25 / n)
    for side, slope in ((gap < 0, truth.slope_below), (gap >= 0, truth.slope_above)):
        fit, covariance = np.polyfit(gap[side], rating[side], 1, cov=True)
        # The spread of the ratings differs along the gap: allow for twice the usual variance.
        assert abs(fit[0] - slope) < ERRORS * np.sqrt(2 * covariance[0, 0])
    design = np.column_stack([np.ones(n), np.minimum(gap, 0), np.maximum(gap, 0)])
    joint, rest = np.linalg.lstsq(design, rating, rcond=None)[:2]
    error = np.sqrt(2 * rest[0] / n * np.diag(np.linalg.inv(design.T @ design)))
    assert (np.abs(joint[1:] - [truth.joint_below, truth.joint_above]) < ERRORS * error[1:]).all()


def test_rounded_gap_keeps_a_share_that_is_met() -> None:
    frame = simulate.linear_rating(100_000, unit=0.5, rng=1)
    expected = norm.cdf(0.25) - norm.cdf(-0.25)
    assert abs((frame["gap"] == 0).mean() - expected) < ERRORS * np.sqrt(expected * (1 - expected) / 100_000)
    assert np.array_equal(frame["gap"] * 2, np.round(frame["gap"] * 2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"csat": 0.95},
            r"^csat=0\.95 must lie between 0\.0\d+ and 0\.9\d+, the areas that a score of 5 levels can have",
        ),
        ({"csat": float("nan")}, r"^csat=nan must lie between"),
        (
            {"shortfall": 0.12},
            r"must lie strictly between 0 and 1 at every gap, but it would be -0\.05 at -5 days and 0\.55 at 5 days",
        ),
        ({"share_met": 0.8}, r"^share_late=0\.25 and share_met=0\.8 must be positive and together below 1\.$"),
        ({"halo": 1.0}, r"^halo=1 must lie from 0 up to, but not including, 1\.$"),
    ],
)
def test_impossible_truths_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(cx.RoleError, match=message):
        simulate.truth(**options)


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(cx.TooFewError, match=r"^n must be a whole number from 1 up, but 0 was given\.$"):
        simulate.cohort(0, rng=1)
    with pytest.raises(cx.TooFewError, match=r"^answers must be a whole number from 1 up, but 1\.5 was given\.$"):
        simulate.clustered(10, answers=1.5, rng=1)  # type: ignore[arg-type]
    with pytest.raises(cx.RoleError, match=r"^same=1\.5 must lie between 0 and 1\.$"):
        simulate.clustered(10, same=1.5, rng=1)
    with pytest.raises(cx.RoleError, match=r"^slope=1 must lie strictly between -1 and 1"):
        simulate.linear_rating(10, slope=1.0, rng=1)
    with pytest.raises(cx.RoleError, match=r"^unit=-0\.5 must be 0 \(no rounding\) or above\.$"):
        simulate.linear_rating(10, unit=-0.5, rng=1)
