"""Simulated journeys: the truth against bivariate normal tables, other algorithms, and large draws."""

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import norm

import cxstats as cx
from cxstats.simulate.journey_population import journey_population
from cxstats.simulate.journeys import journeys, journeys_truth
from cxstats.simulate.tables import logistic_prediction

TABLES = 1e-9  # both sides integrate numerically: scipy to 1e-11, ours to about 1e-10
SOLVED = 1e-9  # the root finder stops within 1e-13 of the effect
ERRORS = 4.0
N = 200_000
CSAT = tuple(np.cumsum([0.04, 0.07, 0.16, 0.43]))
NPS = tuple(np.cumsum([0.02, 0.01, 0.02, 0.02, 0.03, 0.07, 0.08, 0.15, 0.23, 0.17]))
CHURN = (0.2,)
EFFECT: dict[str, Any] = {
    "own": 0.3,
    "own_satisfaction": 0.4,
    "own_churn": 0.3,
    "unused": [0.0, 0.3, 0.5, 0.2],
    "unused_slope": -0.5,
}
MANY: dict[str, Any] = {"loadings": [0.5, 0.8, 0.6], "unused": [0.4, 0.5, 0.6], "unused_slope": 0.6, "top": 10}


@cache
def table(correlation: float, first: tuple[float, ...], second: tuple[float, ...]) -> np.ndarray:
    """P(level, level) of two latent normal variables cut at these shares: one integral per row, over the first."""
    cuts = [np.r_[-np.inf, norm.ppf(share), np.inf] for share in (first, second)]
    spread = np.sqrt(1 - correlation**2)

    def cell(low: float, high: float, left: float, right: float) -> float:
        def density(x: float) -> float:
            below, above = ((end - correlation * x) / spread for end in (left, right))
            return float(np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * (ndtr(above) - ndtr(below)))

        return float(quad(density, max(low, -9), min(high, 9), epsabs=1e-12)[0])

    return np.array([[cell(*row, *column) for column in pairwise(cuts[1])] for row in pairwise(cuts[0])])


def moments(joint: np.ndarray) -> tuple[float, float, float]:
    """Covariance and both standard deviations."""
    x, y = np.arange(joint.shape[0]), np.arange(joint.shape[1])
    a, b = x - joint.sum(axis=1) @ x, y - joint.sum(axis=0) @ y
    return a @ joint @ b, np.sqrt(joint.sum(axis=1) @ a**2), np.sqrt(joint.sum(axis=0) @ b**2)


def r_of(joint: np.ndarray) -> float:
    covariance, first, second = moments(joint)
    return float(covariance / (first * second))


def area_of(joint: np.ndarray) -> float:
    """P(higher level | stays) + ties / 2 from a table (level, churned or stayed)."""
    bad, good = (joint / joint.sum(axis=0)).T
    level = np.arange(len(good))
    return float(good @ ((level[:, None] > level) + 0.5 * (level[:, None] == level)) @ bad)


def test_journey_rating_against_bivariate_normal() -> None:
    truth = journeys_truth(own=0.3, own_satisfaction=0.4, own_churn=0.3, top=10)
    feeling = np.sqrt(0.5) * 0.5 + np.sqrt(0.3) * 0.4
    staying = np.sqrt(0.5) * 0.4 + np.sqrt(0.3) * 0.3
    assert truth.r["journey"] == pytest.approx(r_of(table(feeling, CSAT, NPS)), abs=TABLES)
    assert truth.auc["journey"] == pytest.approx(area_of(table(staying, CSAT, CHURN)), abs=TABLES)
    # Two readings of one journey share the factor and the own part.
    assert truth.reliability["journey"] == pytest.approx(r_of(table(0.8, CSAT, CSAT)), abs=TABLES)


def test_touchpoints_against_bivariate_normal() -> None:
    loadings = (0.75, 0.7, 0.65, 0.6)
    truth = journeys_truth()
    feeling = [moments(table(0.5 * loading, CSAT, CSAT)) for loading in loadings]
    for name, loading, (covariance, first, second) in zip(truth.touchpoints, loadings, feeling, strict=True):
        assert truth.r[name] == pytest.approx(covariance / (first * second), abs=TABLES)
        joint = table(0.4 * loading, CSAT, CHURN)
        assert truth.auc[name] == pytest.approx(area_of(joint), abs=TABLES)
        assert truth.reliability[name] == pytest.approx(r_of(table(loading**2, CSAT, CSAT)), abs=TABLES)
    # The best linear combination and the mean, from the matrix of correlations alone.
    among = np.array([[r_of(table(a * b, CSAT, CSAT)) if a != b else 1.0 for b in loadings] for a in loadings])
    with_feeling = np.array([truth.r[name] for name in truth.touchpoints])
    best = np.sqrt(with_feeling @ np.linalg.solve(among, with_feeling))
    assert truth.r["all"] == pytest.approx(best, abs=TABLES)
    assert truth.r["composite"] == pytest.approx(with_feeling.sum() / np.sqrt(among.sum()), abs=TABLES)
    known = among - np.diag([1 - truth.reliability[name] for name in truth.touchpoints])
    assert truth.reliability["composite"] == pytest.approx(known.sum() / among.sum(), abs=TABLES)
    # What the journey rating adds, from the same matrix with one more row.
    journey = [r_of(table(np.sqrt(0.5) * loading, CSAT, CSAT)) for loading in loadings]
    wider = np.block([[among, np.array(journey)[:, None]], [np.array(journey)[None], np.ones((1, 1))]])
    target = np.append(with_feeling, truth.r["journey"])
    added = target @ np.linalg.solve(wider, target) - best**2
    assert truth.added_r2 == pytest.approx(added, abs=TABLES)


def test_logistic_area_against_another_algorithm() -> None:
    loadings = (0.8, 0.3, 0.6)
    truth = journeys_truth(loadings=loadings, churn=0.6, rate=0.4)
    node, weight = np.polynomial.hermite_e.hermegauss(120)
    cuts = np.r_[-np.inf, norm.ppf(CSAT), np.inf]
    given = [np.diff(norm.cdf((cuts - b * node[:, None]) / np.sqrt(1 - b**2)), axis=1) for b in loadings]
    stays = norm.sf((norm.ppf(0.4) - 0.6 * node) / 0.8)
    good, bad = (np.einsum("f,fi,fj,fk->ijk", weight / weight.sum() * chance, *given) for chance in (stays, 1 - stays))
    expected = logistic_prediction([np.arange(5.0)] * 3, bad, good)
    assert truth.auc["all"] == pytest.approx(expected.auc, abs=TABLES)


def test_twice_as_many_nodes_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the steepest integrands that are allowed."""
    steep: dict[str, Any] = {
        "loadings": [0.89, 0.1, -0.8],
        "own": 0.39,
        "satisfaction": 0.9,
        "own_satisfaction": 0.28,
        "unused": 0.3,
        "unused_slope": 1.5,
        "rate": 0.03,
    }
    once = journeys_truth(**steep)
    journey_population.cache_clear()
    monkeypatch.setattr("cxstats.simulate.levels._NODES", 600)
    twice = journeys_truth(**steep)
    journey_population.cache_clear()
    assert twice is not once
    assert dict(twice.r) == pytest.approx(dict(once.r), abs=1e-12)
    assert dict(twice.auc) == pytest.approx(dict(once.auc), abs=1e-12)
    assert dict(twice.reliability) == pytest.approx(dict(once.reliability), abs=1e-12)
    assert (twice.added_r2, twice.partial_r) == pytest.approx((once.added_r2, once.partial_r), abs=1e-12)


def test_default_is_no_journey_effect() -> None:
    truth = journeys_truth()
    assert (truth.partial_r, truth.own_satisfaction, truth.own_churn, truth.none_used) == (0.0, 0.0, 0.0, 0.0)
    # It beats the average touchpoint all the same, and adds to all of them: it is one more reading of the factor.
    assert truth.ratio["average"] > 1 > truth.ratio["best"] > truth.ratio["composite"] > truth.ratio["all"]
    assert truth.auc_ratio["average"] > 1 > truth.auc_ratio["all"]
    assert truth.added_r2 > 0


@pytest.mark.parametrize("unused", [0.0, [0.0, 0.1, 0.25, 0.15]], ids=["used", "unused"])
def test_ratio_is_what_was_asked_for(unused: Any) -> None:
    truth = journeys_truth(own=0.35, satisfaction_ratio=1.35, churn_ratio=1.32, unused=unused, unused_slope=-0.3)
    assert truth.ratio["all"] == pytest.approx(1.35, abs=SOLVED)
    assert truth.auc_ratio["all"] == pytest.approx(1.32, abs=SOLVED)
    assert truth.r["journey"] / truth.r["all"] == pytest.approx(1.35, abs=SOLVED)
    assert truth.partial_r > 0.2
    again = journeys_truth(
        own=0.35,
        own_satisfaction=truth.own_satisfaction,
        own_churn=truth.own_churn,
        unused=unused,
        unused_slope=-0.3,
    )
    assert dict(again.r) == pytest.approx(dict(truth.r), abs=SOLVED)


def rank_area(score: np.ndarray, good: np.ndarray) -> float:
    ranks = pd.Series(np.round(score, 10)).rank().to_numpy()
    m, n = good.sum(), (~good).sum()
    return float((ranks[good].sum() - m * (m + 1) / 2) / (m * n))


def coded(frame: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """A column of ones; for each touchpoint its rating, 0 where not used, and whether it is used if that varies."""
    columns = [np.ones(len(frame))]
    for name in names:
        used = frame[name].notna()
        columns += [frame[name].fillna(0).to_numpy()] + ([] if used.all() else [used.to_numpy(float)])
    return np.column_stack(columns)


@pytest.mark.parametrize("options", [EFFECT, MANY], ids=["effect", "many unused"])
def test_truth_against_rows_in_simulation(options: dict[str, Any]) -> None:
    truth, drawn = journeys_truth(**options), journeys(N, rng=41, **options)
    names = truth.touchpoints
    assert list(drawn.columns) == [*names, "journey", "satisfaction", "churn"]
    missing = drawn[[*names]].isna()
    for name in names:
        share = truth.unused[name]
        assert abs(missing[name].mean() - share) <= ERRORS * np.sqrt(share * (1 - share) / N)
    none = missing.all(axis=1)
    assert abs(none.mean() - truth.none_used) <= ERRORS * np.sqrt(truth.none_used / N)
    assert abs(drawn["churn"].mean() - truth.rate) < ERRORS * np.sqrt(0.25 / N)
    frame = drawn[~none]
    good = (frame["churn"] == 0).to_numpy()
    error, area_error = 1 / np.sqrt(N), np.sqrt(1 / (12 * good.sum()) + 1 / (12 * (~good).sum()))
    scores = {"journey": frame["journey"], "composite": frame[[*names]].mean(axis=1)}
    design = coded(frame, names)
    y = frame["satisfaction"].to_numpy(float)
    scores["all"] = pd.Series(sm.OLS(y, design).fit().fittedvalues, index=frame.index)
    for key, score in scores.items():
        assert abs(np.corrcoef(score, y)[0, 1] - truth.r[key]) < ERRORS * error
        if key != "all":
            assert abs(rank_area(score.to_numpy(), good) - truth.auc[key]) < ERRORS * area_error
    fitted = sm.Logit(good.astype(float), design).fit(disp=0).fittedvalues
    assert abs(rank_area(fitted, good) - truth.auc["all"]) < ERRORS * area_error
    for name in names:
        used = frame[name].notna()
        wider = ERRORS / np.sqrt(used.mean())
        assert abs(frame.loc[used, name].corr(frame.loc[used, "satisfaction"]) - truth.r[name]) < wider * error
        area = rank_area(frame.loc[used, name].to_numpy(), good[used.to_numpy()])
        assert abs(area - truth.auc[name]) < wider * area_error
    with_journey = sm.OLS(y, np.column_stack([design, frame["journey"]])).fit().rsquared
    # An R2 has a standard error of at most 2 r / sqrt(n); that of a difference of nested ones is no larger.
    assert abs(with_journey - truth.r["all"] ** 2 - truth.added_r2) < ERRORS * 2 * truth.r["journey"] * error


def test_partial_correlation_and_reliability_in_simulation() -> None:
    """From the latent variables drawn anew, in the words of the documentation."""
    truth = journeys_truth(own=0.3, own_satisfaction=0.4, loadings=[0.7, 0.5, 0.6], unused=0.4)
    generator = np.random.default_rng(5)
    factor, own = generator.standard_normal(N), generator.standard_normal(N)

    def rated(mean: np.ndarray, spread: float) -> np.ndarray:
        return np.searchsorted(norm.ppf(CSAT), mean + spread * generator.standard_normal(N)) + 1.0

    known = np.sqrt(0.5) * factor + np.sqrt(0.3) * own
    journey, again = rated(known, np.sqrt(0.2)), rated(known, np.sqrt(0.2))
    feeling = rated(0.5 * factor + 0.4 * own, np.sqrt(1 - 0.25 - 0.16))
    assert abs(np.corrcoef(journey, again)[0, 1] - truth.reliability["journey"]) < ERRORS / np.sqrt(N)
    # At equal factor: within 400 narrow groups of it, which leaves less than .001 of it.
    group = pd.qcut(factor, 400, labels=False)
    left = pd.DataFrame({"j": journey, "s": feeling}).groupby(group).transform(lambda x: x - x.mean())
    assert abs(left.j.corr(left.s) - truth.partial_r) < ERRORS / np.sqrt(N) + 0.001
    used = generator.random((3, N)) > 0.4
    twice = [
        np.array([rated(b * factor, np.sqrt(1 - b**2)) for b in (0.7, 0.5, 0.6)]) * used for _ in range(2)
    ]  # the same touchpoints used, rated a second time
    some = used.any(axis=0)
    first, second = (ratings.sum(axis=0)[some] / used.sum(axis=0)[some] for ratings in twice)
    # Readings with the same touchpoints used share which ones these were, as well; with equal means that is nothing.
    between = pd.qcut(factor[some], 400, labels=False)
    within = pd.Series(first).groupby(between).var().mean()
    assert abs(1 - within / first.var() - truth.reliability["composite"]) < 2 * ERRORS / np.sqrt(N) + 0.001
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(truth.reliability["composite"], abs=0.02)


def test_eight_touchpoints() -> None:
    truth = journeys_truth(loadings=[0.6] * 8)
    assert truth.r["all"] == pytest.approx(truth.r["composite"], abs=TABLES)  # all alike: the mean is the best
    assert truth.auc["all"] == pytest.approx(truth.auc["composite"], abs=TABLES)


def test_branches_in_simulation() -> None:
    frame = journeys(60_000, rng=3, branches=300, branch_share=0.3)
    assert list(frame.columns[:2]) == ["branch", "touchpoint_1"]
    assert (frame.branch.min(), frame.branch.max()) == (1, 300)
    assert frame.dtypes.eq(np.int64).all()
    mean = frame.groupby("branch")["journey"].agg(["mean", "var", "size"])
    between = mean["mean"].var() - (mean["var"] / mean["size"]).mean()
    # Two journeys of a branch share .3 of the factor, which is half of the latent rating.
    expected = moments(table(0.15, CSAT, CSAT))[0]
    assert abs(between - expected) < ERRORS * expected * np.sqrt(2 / 299)


def test_same_seed_gives_same_frame() -> None:
    first, second = journeys(300, rng=7, **EFFECT), journeys(300, rng=np.random.default_rng(7), **EFFECT)
    pd.testing.assert_frame_equal(first, second)
    assert not journeys(300, rng=8, **EFFECT).equals(first)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loadings": [0.5]}, r"^There must be 2 to 8 loadings, one per touchpoint, but 1 given\.$"),
        ({"loadings": 0.5}, r"^loadings must be a list such as \[0\.7, 0\.6, 0\.5\], but 0\.5 was given\.$"),
        ({"loadings": [0.5, 1.0]}, r"^loadings\[1\]=1 must lie strictly between -0\.9 and 0\.9\.$"),
        ({"own": 0.4}, r"^factor \+ own must be below 0\.9, but factor=0\.5 and own=0\.4 were given\.$"),
        ({"factor": -0.1}, r"^factor=-0\.1 must be 0 or above\.$"),
        (
            {"churn": 0.9, "own_churn": 0.4},
            r"^churn\^2 \+ own_churn\^2 must be below 0\.9, but churn=0\.9 and own_churn=0\.4 were given\.$",
        ),
        ({"unused": [0.1]}, r"^unused must have one share per touchpoint, 4, but it has 1\.$"),
        ({"unused": 1.0}, r"^unused=1 must lie from 0 up to, but not including, 1\.$"),
        ({"top": 7}, r"^top must be one of '5', '10', but 7 was given\.$"),
        ({"rate": 0}, r"^rate=0 must lie strictly between 0 and 1\.$"),
        (
            {"satisfaction_ratio": 1.35},
            (
                r"^satisfaction_ratio=1\.35 needs own and satisfaction to be other than 0, but own=0 was given\.\n"
                r"Pass for example own=0\.3, the share of the journey rating that no touchpoint shows\.$"
            ),
        ),
        (
            {"churn_ratio": 1.35, "own": 0.3, "own_churn": 0.1},
            (
                r"^churn_ratio=1\.35 decides what own_churn is, but own_churn=0\.1 was given as well\.\n"
                r"Leave one of them out\.$"
            ),
        ),
        (
            {"satisfaction_ratio": 3.0, "own": 0.3},
            (
                r"^With these parameters satisfaction_ratio must lie from 0\.772 to 1\.\d+, but 3 was given\.\n"
                r"A larger share of own, or a smaller effect of the factor, widens the range\.$"
            ),
        ),
        ({"branches": 5, "branch_share": 1.0}, r"^branch_share=1 must lie from 0 up to, but not including, 1\.$"),
    ],
)
def test_impossible_parameters_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(cx.RoleError, match=message):
        journeys(10, rng=1, **options)


@pytest.mark.parametrize("options", [{"n": 2.5}, {"n": 10, "branches": 0}])
def test_impossible_sizes_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(cx.TooFewError, match=r"^(n|branches) must be a whole number from 1 up, but (2\.5|0) was given"):
        journeys(**{"rng": 1, **options})
