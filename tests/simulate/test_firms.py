"""Customers in firms: the truth against scipy's integrals, the draws against the truth."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.integrate import quad_vec
from scipy.stats import norm

import cxstats as cx
from cxstats import simulate

QUADRATURE = 1e-8
ROUNDING = 1e-12
ERRORS = 4.0
SHARES = {5: [0.04, 0.07, 0.16, 0.43, 0.30], 7: [0.03, 0.04, 0.07, 0.13, 0.20, 0.30, 0.23]}
# The formula is for a linear model and normal scores: of a logistic one and five levels it is an approximation.
LINEAR_THEORY = 0.05


def levels_of_firm(points: int, icc: float, latent: float | np.ndarray) -> np.ndarray:
    cuts = np.r_[-np.inf, norm.ppf(np.cumsum(SHARES[points])[:-1]), np.inf]
    return np.diff(norm.cdf(cuts, np.sqrt(icc) * np.atleast_1d(latent)[:, None], np.sqrt(1 - icc)), axis=1)


@pytest.mark.parametrize(("points", "icc"), [(5, 0.1), (7, 0.3)])
def test_variances_against_integrals(points: int, icc: float) -> None:
    values = np.arange(1, points + 1)
    truth = simulate.firms_truth(points=points, icc=icc)

    def moments(u: float) -> np.ndarray:
        share = levels_of_firm(points, icc, u)[0]
        return norm.pdf(u) * np.array([(share @ values) ** 2, share @ values**2])

    squared_mean, square = quad_vec(moments, -9, 9, epsabs=1e-11)[0]
    overall = values @ SHARES[points]
    assert truth.firm_variance == pytest.approx(squared_mean - overall**2, abs=QUADRATURE)
    assert truth.customer_variance == pytest.approx(square - squared_mean, abs=QUADRATURE)
    np.testing.assert_allclose(truth.level_share, SHARES[points], atol=1e-10)
    assert truth.score_icc == pytest.approx((squared_mean - overall**2) / (square - overall**2), abs=QUADRATURE)
    expected = truth.firm_variance / (truth.firm_variance + truth.customer_variance / 25)
    assert truth.reliability(25) == pytest.approx(expected, abs=ROUNDING)


@pytest.mark.parametrize("points", [5, 7])
def test_equal_slopes_are_one_logistic_regression(points: int) -> None:
    truth = simulate.firms_truth(within=0.4, between=0.4, points=points, repurchase=0.6)
    assert truth.contextual == 0
    odds = np.log(truth.repurchase_at / (1 - truth.repurchase_at))
    np.testing.assert_allclose(np.diff(odds), 0.4, atol=1e-10)
    assert truth.rate == pytest.approx(0.6, abs=1e-10)


@pytest.mark.parametrize("spread", [0.0, 0.8])
def test_firms_against_truth_in_simulation(spread: float) -> None:
    truth = simulate.firms_truth(spread=spread)
    firms, answers = 20_000, 10
    frame = simulate.firms(firms, rng=41, answers=answers, spread=spread)
    assert list(frame.columns) == ["firm", "csat", "repurchase"]
    assert (frame.dtypes == np.int64).all()
    assert (frame["firm"].value_counts() == answers).all()
    for level, share, rate in zip(range(1, 6), truth.level_share, truth.repurchase_at, strict=True):
        at = frame["csat"] == level
        # By firm, whose customers are alike: the error of a ratio of means over firms.
        counts = np.bincount(frame["firm"], weights=at, minlength=firms)
        good = np.bincount(frame["firm"], weights=at * frame["repurchase"], minlength=firms)
        assert abs(counts.mean() / answers - share) < ERRORS * counts.std() / answers / np.sqrt(firms)
        assert abs((good - rate * counts).mean()) < ERRORS * (good - rate * counts).std() / np.sqrt(firms)
    by_firm = frame["repurchase"].to_numpy().reshape(firms, answers).mean(axis=1)
    assert abs(by_firm.mean() - truth.rate) < ERRORS * by_firm.std() / np.sqrt(firms)
    scores = frame["csat"].to_numpy().reshape(firms, answers)
    within = scores.var(axis=1, ddof=1)
    assert abs(within.mean() - truth.customer_variance) < ERRORS * within.std() / np.sqrt(firms)
    means = (scores.mean(axis=1) - truth.level_share @ np.arange(1, 6)) ** 2
    assert abs(means.mean() - truth.firm_variance / truth.reliability(answers)) < ERRORS * means.std() / np.sqrt(firms)


def fit_slopes(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of score minus the firm's observed mean, and of that mean, on counts of firm and score."""
    cells = frame.groupby(["firm", "csat"])["repurchase"].agg(["sum", "size"]).reset_index()
    mean = frame.groupby("firm")["csat"].mean()[cells["firm"]].to_numpy()
    table = np.column_stack([cells["sum"], cells["size"] - cells["sum"]])
    design = sm.add_constant(np.column_stack([cells["csat"] - mean, mean]))
    fit = sm.GLM(table, design, family=sm.families.Binomial()).fit()
    return fit.params[1:], fit.bse[1:]


@pytest.mark.parametrize(("within", "between", "points"), [(0.3, 0.9, 5), (0.2, 0.2, 7), (0.5, -0.2, 5)])
def test_slopes_with_many_answers_in_simulation(within: float, between: float, points: int) -> None:
    answers = 2_000
    options = {"within": within, "between": between, "points": points, "icc": 0.2}
    slopes, errors = fit_slopes(simulate.firms(300, rng=42, answers=answers, **options))  # type: ignore[arg-type]
    luck = 1 - simulate.firms_truth(**options).reliability(answers)  # type: ignore[arg-type]
    assert abs(slopes[0] - within) < ERRORS * errors[0]
    assert abs(slopes[1] - between) < ERRORS * errors[1] + luck * abs(between - within)


def test_few_answers_shrink_the_contextual_effect_in_simulation() -> None:
    answers = 5
    slopes, errors = fit_slopes(simulate.firms(40_000, rng=43, answers=answers, within=0.2, between=1.0))
    expected = 0.8 * simulate.firms_truth(within=0.2, between=1.0).reliability(answers)
    assert expected < 0.4  # less than half of .8
    assert abs(slopes[1] - slopes[0] - expected) < ERRORS * np.hypot(*errors) + LINEAR_THEORY * expected


def test_unequal_firms() -> None:
    frame = simulate.firms(3, rng=1, answers=[5, 1, 30])
    assert frame["firm"].value_counts().sort_index().tolist() == [5, 1, 30]
    frame = simulate.firms(2, rng=1, answers=np.array([2, 3]))
    assert len(frame) == 5


def test_same_seed_gives_same_frame() -> None:
    pd.testing.assert_frame_equal(simulate.firms(30, rng=7), simulate.firms(30, rng=np.random.default_rng(7)))
    assert not simulate.firms(30, rng=7).equals(simulate.firms(30, rng=8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"icc": 0.0}, r"^icc=0 must lie strictly between 0 and 0\.9\.$"),
        ({"spread": -1.0}, r"^spread=-1 must be 0 or above\.$"),
        ({"points": 6}, r"^points must be one of '5', '7', but 6 was given\.$"),
        ({"within": float("nan")}, r"^within must be a finite number, but nan was given\.$"),
        ({"between": "x"}, r"^between must be a finite number, but 'x' was given\.$"),
        ({"repurchase": 1.2}, r"^repurchase=1\.2 must lie strictly between 0 and 1\.$"),
    ],
)
def test_impossible_parameters_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(cx.RoleError, match=message):
        simulate.firms(10, rng=1, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("n_firms", "answers", "message"),
    [
        (0, 10, r"^n_firms must be a whole number from 1 up, but 0 was given\.$"),
        (2, 0, r"^answers must be a whole number from 1 up, but 0 was given\.$"),
        (2, [3, 0], r"^each of answers must be a whole number from 1 up, but 0 was given\.$"),
        (2, [3], r"^answers must hold one number per firm, but it holds 1 for 2\.$"),
    ],
)
def test_impossible_sizes_are_refused(n_firms: int, answers: object, message: str) -> None:
    with pytest.raises(cx.TooFewError, match=message):
        simulate.firms(n_firms, rng=1, answers=answers)  # type: ignore[arg-type]
