"""The journey's increment against rows by another way, and in simulation with known truth."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.optimize import root

import cxstats as cx
from cxstats.errors import ColumnError, CxStatsError, CxStatsWarning, RoleError, TooFewError, unknown_column
from cxstats.methods.added_value import added_value
from cxstats.methods.journey_increment import JourneyIncrement, journey_increment
from cxstats.roles import Outcome
from cxstats.simulate.journeys import journeys, journeys_truth

# Two ways to the same numbers, each stopped within rounding of its solution.
SOLVED = 1e-6
# A derivative by differences: a weight moves by a hundredth, so that what is left is about the square of that.
DIFFERENCES = 2e-4
STEP = 0.01
MC_ERRORS = 4
JOURNEY = {"overall": cx.CSAT5}
TOUCHPOINTS = {"booking": cx.CSAT5, "wait": cx.EFFORT5, "service": cx.Scale(1, 7), "bill": cx.CSAT5}
Array = NDArray[np.float64]


def visits(n: int = 230, seed: int = 5, unused: float = 0.25) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    feeling = rng.normal(size=n)
    rows = pd.DataFrame({"overall": np.clip(np.round(3 + 0.8 * feeling + 0.8 * rng.normal(size=n)), 1, 5)})
    for (name, scale), loading in zip(TOUCHPOINTS.items(), (1.0, 0.8, 1.2, 0.7), strict=True):
        sign = 1 if scale.higher_is_better else -1
        middle = (scale.low + scale.high) / 2
        score = np.clip(np.round(middle + sign * loading * feeling + 0.8 * rng.normal(size=n)), scale.low, scale.high)
        rows[name] = np.where(rng.random(n) < unused, np.nan, score)
    rows["stars"] = np.clip(np.round(5 + feeling + 0.4 * (rows["overall"] - 3) + rng.normal(size=n)), 0, 10)
    rows["spend"] = np.exp(rows["stars"] / 4)
    rows["left"] = (feeling + rng.logistic(size=n) < -0.3).astype(int)
    rows["tenure"] = rng.integers(1, 9, n)
    rows["firm"] = rng.integers(0, 45, n)
    return rows[rows[list(TOUCHPOINTS)].notna().any(axis=1)].reset_index(drop=True)


OUTCOMES: dict[str, Outcome] = {
    "rating": cx.Rating("stars", cx.NPS),
    "continuous": cx.Continuous("spend"),
    "binary": cx.Binary("left", good=0),
}
FEW: dict[str, Any] = {"folds": 2, "repeats": 1, "rng": 1}


def run(rows: Any, kind: str = "rating", **changes: Any) -> JourneyIncrement:
    call = {"outcome": OUTCOMES[kind], "journey": JOURNEY, "touchpoints": TOUCHPOINTS, **FEW, **changes}
    return journey_increment(rows, **call)


class ByRows:
    """The same quantities from rows and weights: least squares, moments and loops, no influence values."""

    def __init__(self, rows: pd.DataFrame, kind: str, controls: list[str]) -> None:
        self.binary = kind == "binary"
        column = OUTCOMES[kind].column  # type: ignore[union-attr]
        self.y = 1.0 - rows[column].to_numpy(float) if self.binary else rows[column].to_numpy(float)
        self.j = rows["overall"].to_numpy(float)
        t = rows[list(TOUCHPOINTS)].to_numpy(float).copy()
        low, high = np.array([(s.low, s.high) for s in TOUCHPOINTS.values()]).T
        t = (t - low) / (high - low)
        t[:, 1] = 1 - t[:, 1]
        self.t, self.used = t, ~np.isnan(t)
        self.controls = rows[controls].to_numpy(float)
        # What is fixed by the coding: centres, and the indicators that vary in 20 rows.
        self.centre = np.nanmean(t, axis=0)
        some = (self.used.sum(axis=0) >= 20) & ((~self.used).sum(axis=0) >= 20)
        self.indicators = self.used[:, some].astype(float)
        self.near: Array | None = None

    def slopes(self, x: Array, w: Array) -> Array:
        if self.binary:
            found = np.zeros(x.shape[1])
            for _ in range(8):  # Newton's method, which has long arrived by then
                p = 1 / (1 + np.exp(-x @ found))
                found = found + np.linalg.solve((x * (w * p * (1 - p))[:, None]).T @ x, x.T @ (w * (self.y - p)))
            return np.asarray(found)
        r = np.sqrt(w)
        return np.asarray(np.linalg.lstsq(x * r[:, None], self.y * r, rcond=None)[0])

    def standardised(self, slope: float, w: Array) -> float:
        up = np.sqrt(np.cov(self.j, aweights=w, ddof=0))
        return float(slope * up / (1.0 if self.binary else np.sqrt(np.cov(self.y, aweights=w, ddof=0))))

    def rated(self, w: Array) -> float:
        return self.standardised(self.slopes(self.coded(), w)[0], w)

    def coded(self) -> Array:
        values = np.where(self.used, self.t - self.centre, 0.0)
        return np.column_stack([self.j, values, self.indicators, self.controls, np.ones(len(self.y))])

    def declared(self, reliability: Array, w: Array) -> float:
        x = self.coded()
        products = (x * w[:, None]).T @ x / w.sum()
        noise = np.zeros_like(products)
        at = np.arange(1, 5)
        noise[at, at] = (1 - reliability) * np.diag(products)[at]
        slopes = np.linalg.solve(products - noise, products @ self.slopes(x, w))
        return self.standardised(slopes[0], w)

    def factor(self, w: Array) -> tuple[Array, Array, Array]:
        """Loadings, unique variances and means, from the equations of the maximum."""
        s = np.empty((4, 4))
        for a in range(4):
            for b in range(4):
                both = self.used[:, a] & self.used[:, b]
                s[a, b] = np.cov(self.t[both, a], self.t[both, b], aweights=w[both], ddof=0)[0, 1]
        means = np.array([np.average(self.t[u, a], weights=w[u]) for a, u in enumerate(self.used.T)])

        def equations(p: Array) -> Array:
            inverse = np.linalg.inv(np.outer(p[:4], p[:4]) + np.diag(p[4:]))
            gap = inverse - inverse @ s @ inverse
            return np.concatenate([gap @ p[:4], np.diag(gap)])

        start = np.concatenate([0.8 * np.sqrt(np.diag(s)), 0.36 * np.diag(s)]) if self.near is None else self.near
        found = root(equations, start, tol=1e-13).x
        self.near = found
        return found[:4], found[4:], means

    def freed(self, w: Array) -> float:
        loading, unique, means = self.factor(w)
        scores, variances, rest = np.empty(len(self.y)), np.empty(len(self.y)), np.zeros(self.t.shape)
        for u in np.unique(self.used, axis=0):
            on = (self.used == u).all(axis=1)
            x, d, r = loading[u], self.t[np.ix_(on, u)] - means[u], np.sqrt(unique[u])
            scores[on] = np.linalg.lstsq((x / r)[:, None], (d / r).T, rcond=None)[0][0]
            variances[on] = 1 / np.sum(x**2 / unique[u])
            rest[np.ix_(on, u)] = d - np.outer(scores[on], x)
        x = np.column_stack([self.j, scores, rest[:, :3], self.indicators, self.controls, np.ones(len(self.y))])
        products = (x * w[:, None]).T @ x / w.sum()
        truth = products.copy()
        truth[1, 1] -= np.average(variances, weights=w)
        return self.standardised(np.linalg.solve(truth, products @ self.slopes(x, w))[0], w)

    def mean_correlation(self, w: Array, reliability: Array | None) -> float:
        mean = np.nanmean(self.t, axis=1)
        v = np.cov(mean, self.y, aweights=w, ddof=0)
        if reliability is None:
            unique = self.factor(w)[1]
        else:
            spread = [np.cov(self.t[u, a], aweights=w[u], ddof=0) for a, u in enumerate(self.used.T)]
            unique = (1 - reliability) * np.array(spread)
        noise = self.used @ unique / self.used.sum(axis=1) ** 2
        return float(v[0, 1] / np.sqrt((v[0, 0] - np.average(noise, weights=w)) * v[1, 1]))


def standard_error(of: Callable[[Array], float], n: int, cluster: Array | None = None) -> float:
    """From how an estimate moves with the weight of each row, or of all rows of a cluster."""
    own = np.arange(n) if cluster is None else cluster
    total, groups = 0.0, np.unique(own)
    for group in groups:
        move = STEP * (own == group)
        total += ((of(1 + move) - of(1 - move)) / (2 * STEP)) ** 2
    return float(np.sqrt(total * len(groups) / (len(groups) - 1)))


@pytest.mark.parametrize(("kind", "cluster"), [("rating", None), ("binary", "firm")])
def test_slopes_against_rows(kind: str, cluster: str | None) -> None:
    rows = visits(230 if kind == "rating" else 330)
    result = run(rows, kind, controls=["tenure"], cluster=cluster)
    oracle, even = ByRows(rows, kind, ["tenure"]), np.ones(len(rows))
    own = None if cluster is None else rows[cluster].to_numpy(float)
    for at, of in enumerate((oracle.rated, oracle.freed)):
        assert result.estimate[at] == pytest.approx(of(even), rel=SOLVED)
        assert result.std_error[at] == pytest.approx(standard_error(of, len(rows), own), rel=DIFFERENCES)
    assert result.statistic[:2] == pytest.approx(result.estimate[:2] / result.std_error[:2])
    assert np.isnan(result.p_value[2:]).all()


def test_declared_reliabilities_against_rows() -> None:
    rows, given = visits(), np.array([0.9, 0.85, 0.95, 0.8])
    declared = dict(zip(TOUCHPOINTS, map(float, given), strict=True))
    result = run(rows, "continuous", reliability={**declared, "overall": 0.7}, cluster="firm")
    oracle, even = ByRows(rows, "continuous", []), np.ones(len(rows))
    firm = rows["firm"].to_numpy(float)
    slope = result.measures.index("slope, touchpoints freed of noise")
    assert result.estimate[slope] == pytest.approx(oracle.declared(given, even), rel=SOLVED)
    error = standard_error(lambda w: oracle.declared(given, w), len(rows), firm)
    assert result.std_error[slope] == pytest.approx(error, rel=DIFFERENCES)
    assert not result.estimated
    assert result.reliability == pytest.approx(given)
    at = [i for i, measure in enumerate(result.measures) if measure.startswith("correlation")]
    assert [(result.measures[i], result.terms[i]) for i in at] == [
        ("correlation", "overall"),
        ("correlation", "mean of touchpoints"),
        ("correlation, freed of noise", "overall"),
        ("correlation, freed of noise", "mean of touchpoints"),
    ]
    r = np.corrcoef(rows["overall"], rows["spend"])[0, 1]
    truth = (r, oracle.mean_correlation(even, np.ones(4)), r / np.sqrt(0.7), oracle.mean_correlation(even, given))
    assert result.estimate[at] == pytest.approx(truth, rel=SOLVED)
    assert result.df == len(np.unique(firm)) - 1


def test_correlations_against_rows() -> None:
    rows = visits()
    result = run(rows)
    oracle, given = ByRows(rows, "rating", []), np.array([0.9, 0.85, 0.95, 0.8])
    last = len(result.measures) - 1
    assert result.estimate[last] == pytest.approx(oracle.mean_correlation(np.ones(len(rows)), None), rel=SOLVED)
    error = standard_error(lambda w: oracle.mean_correlation(w, None), len(rows))
    assert result.std_error[last] == pytest.approx(error, rel=DIFFERENCES)
    result = run(rows, reliability=dict(zip(TOUCHPOINTS, map(float, given), strict=True)))
    error = standard_error(lambda w: oracle.mean_correlation(w, given), len(rows))
    assert result.std_error[last] == pytest.approx(error, rel=DIFFERENCES)
    error = standard_error(lambda w: oracle.declared(given, w), len(rows))
    assert result.std_error[1] == pytest.approx(error, rel=DIFFERENCES)


def test_logistic_slope_against_statsmodels() -> None:
    rows = visits(400, unused=0)
    x = sm.add_constant(rows[["overall", *TOUCHPOINTS]])
    fit = sm.Logit(1 - rows["left"], x).fit(disp=0, tol=1e-12)
    assert run(rows, "binary").estimate[0] == pytest.approx(fit.params["overall"] * rows["overall"].std(ddof=0), SOLVED)


def test_rated_slope_against_statsmodels() -> None:
    """statsmodels' HC0 takes the SDs as known; the share of them in the error vanishes with the slope."""
    rows = visits(2000, unused=0).assign(overall=lambda d: np.random.default_rng(1).permutation(d["overall"]))
    x = sm.add_constant(rows[["overall", *TOUCHPOINTS]])
    fit = sm.OLS(rows["stars"], x).fit(cov_type="HC0")
    result = run(rows)
    scale = rows["overall"].std(ddof=0) / rows["stars"].std(ddof=0)
    assert result.estimate[0] == pytest.approx(fit.params["overall"] * scale, rel=SOLVED)
    assert result.std_error[0] == pytest.approx(fit.bse["overall"] * scale * np.sqrt(2000 / 1999), rel=0.01)


def test_sensitivity_curve_against_single_calls() -> None:
    rows = visits()
    result = run(rows)
    curve = result.sensitivity()
    assert list(curve["reliability"]) == [0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0]
    last = curve.iloc[-1]
    assert [last["estimate"], last["std_error"]] == pytest.approx([result.estimate[0], result.std_error[0]])
    assert [last["ci_low"], last["p_value"]] == pytest.approx([result.confidence_interval().low[0], result.p_value[0]])
    at_9 = run(rows, reliability=0.9)
    assert list(curve.iloc[6][["estimate", "std_error"]]) == pytest.approx([at_9.estimate[1], at_9.std_error[1]])
    assert at_9.estimate[1] == pytest.approx(ByRows(rows, "rating", []).declared(np.full(4, 0.9), np.ones(len(rows))))
    kept = curve["estimate"].dropna()
    assert kept.is_monotonic_increasing
    assert kept.index[-1] == 8


def test_gains_against_added_value() -> None:
    """Where every touchpoint is used, the same folds and models as those of a metric among others."""
    rows = visits(400, unused=0)
    for kind, names in (("rating", ["R2"]), ("binary", ["log-loss gain", "IPA", "AUC"])):
        result = run(rows, kind)
        others = added_value(rows, outcome=OUTCOMES[kind], metrics={**JOURNEY, **TOUCHPOINTS}, **FEW)
        for name in names:
            at = result.measures.index(f"held-out gain: {name.removesuffix(' gain')}")
            truth = others.row("overall", "other metrics", name)
            assert result.estimate[at] == pytest.approx(others.estimate[truth], rel=1e-7, abs=1e-10)
            assert result.std_error[at] == pytest.approx(others.std_error[truth], rel=1e-7)


EXACT = cx.Scale(-20, 20, whole=False)


def world(n: int, rng: np.random.Generator, own: float) -> pd.DataFrame:
    """Ratings of one feeling; a journey rating with a part of its own, which goes with the outcome by ``own``."""
    feeling, part = rng.normal(size=(2, n))
    rows = pd.DataFrame(feeling[:, None] + rng.normal(size=(n, 4)), columns=list("abcd"))
    rows["overall"] = feeling + part + 0.5 * rng.normal(size=n)
    rows["y"] = 0.6 * feeling + own * part + rng.normal(size=n)
    return rows


def test_declared_reliabilities_in_simulation() -> None:
    """Touchpoints that each have something true of their own, of which the journey rating is a noisy sum."""
    rng, replications, reliability = np.random.default_rng(33), 70, 0.7
    rejected = []
    for _ in range(replications):
        n = 800
        true = 0.6 * rng.normal(size=(n, 1)) + 0.8 * rng.normal(size=(n, 3))
        rows = pd.DataFrame(true + np.sqrt(1 / reliability - 1) * rng.normal(size=(n, 3)), columns=list("abc"))
        rows["overall"] = true @ [0.5, 0.3, 0.4] + 0.5 * rng.normal(size=n)
        rows["y"] = true @ [0.6, 0.2, 0.3] + rng.normal(size=n)
        result = journey_increment(
            rows,
            outcome=cx.Continuous("y"),
            journey={"overall": EXACT},
            touchpoints=dict.fromkeys("abc", EXACT),
            reliability=reliability,
            folds=2,
            repeats=1,
            rng=rng,
        )
        rejected.append(result.p_value[:2] < 0.05)
    rated, freed = np.mean(rejected, axis=0)
    error = MC_ERRORS * np.sqrt(0.05 * 0.95 / replications)
    assert rated > 0.9
    assert freed == pytest.approx(0.05, abs=error)


def test_whole_ratings_in_simulation() -> None:
    """Ratings of 1 to 5 of journeys in branches, without a journey effect; the truth of the mean is known."""
    truth = journeys_truth()
    names = truth.touchpoints
    rng, replications, found = np.random.default_rng(34), 40, []
    for _ in range(replications):
        rows = journeys(1000, rng=rng, branches=50, branch_share=0.3)
        call: dict[str, Any] = {"journey": {"journey": cx.CSAT5}, "touchpoints": dict.fromkeys(names, cx.CSAT5)}
        outcome = cx.Rating("satisfaction", cx.CSAT5)
        found.append(journey_increment(rows, outcome=outcome, cluster="branch", folds=2, repeats=1, rng=rng, **call))
    rated, freed = np.mean([result.p_value[:2] < 0.05 for result in found], axis=0)
    error = MC_ERRORS * np.sqrt(0.05 * 0.95 / replications)
    assert rated > 0.5
    assert freed < 0.05 + error
    last = len(found[0].measures) - 1
    assert found[0].measures[last] == "correlation, freed of noise"
    target = truth.r["composite"] / np.sqrt(truth.reliability["composite"])
    limits = [result.confidence_interval() for result in found]
    assert np.mean([each.low[last] <= target <= each.high[last] for each in limits]) > 0.95 - error


def test_the_verdict_is_told() -> None:
    rng = np.random.default_rng(35)
    call: dict[str, Any] = {"journey": {"overall": EXACT}, "touchpoints": dict.fromkeys("abcd", EXACT), **FEW}
    noisy = journey_increment(world(3000, rng, 0.0), outcome=cx.Continuous("y"), **call)
    assert noisy.aggregation is True
    assert "it may be no more than their aggregation.\nGains on" in str(noisy)
    real = journey_increment(world(3000, rng, 0.5), outcome=cx.Continuous("y"), **call)
    assert real.aggregation is False
    assert "\nNo sign that the slope is due to noise in the touchpoints alone.\n" in str(real)
    two = {**call, "touchpoints": dict.fromkeys("ab", EXACT)}
    told = (
        "No slope beside touchpoints freed of noise: two touchpoints do not tell how reliable they are: declare "
        "reliability=."
    )
    rows = world(3000, rng, 0.0)
    with pytest.warns(CxStatsWarning) as caught:
        unknown = journey_increment(rows, outcome=cx.Continuous("y"), **two)
    assert [str(each.message) for each in caught] == [told]
    assert unknown.aggregation is None
    assert told in unknown.notes
    assert "\nWhether noise in the touchpoints explains the slope cannot be told.\n" in str(unknown)
    declared = journey_increment(rows, outcome=cx.Continuous("y"), reliability=0.8, **two)
    assert np.isfinite(declared.estimate[1])


def test_reliabilities_too_low_are_told() -> None:
    told = (
        "No slope beside touchpoints freed of noise: the touchpoints agree more closely than the reliabilities "
        "declared allow: leave these out."
    )
    with pytest.warns(CxStatsWarning) as caught:
        result = run(visits(), reliability=0.3)
    assert told in [str(each.message) for each in caught]
    assert np.isnan(result.estimate[1])


def test_too_much_taken_for_noise_is_told() -> None:
    """One touchpoint holds something true of its own, which the journey rating and the outcome share."""
    rng = np.random.default_rng(36)
    feeling, own = rng.normal(size=(2000, 1)), rng.normal(size=(2000, 4))
    rows = pd.DataFrame(feeling + own, columns=list("abcd"))
    rows["overall"] = feeling[:, 0] + 0.5 * own[:, 0] + 0.7 * rng.normal(size=2000)
    rows["y"] = 0.6 * feeling[:, 0] + 0.4 * own[:, 0] + 0.3 * rows["overall"] + rng.normal(size=2000)
    call: dict[str, Any] = {"journey": {"overall": EXACT}, "touchpoints": dict.fromkeys("abcd", EXACT), **FEW}
    result = journey_increment(rows, outcome=cx.Continuous("y"), **call)
    assert result.p_value[0] < 0.05
    assert result.estimate[1] < 0
    assert result.aggregation is None
    assert result.notes[-1] == (
        "The slope beside touchpoints freed of noise is below 0: too much was taken for noise, as where the journey "
        "rating and the outcome share what is peculiar to touchpoints. Declare reliability=, from answers given twice."
    )
    # Of the touchpoints as rated, all is true.
    assert journey_increment(rows, outcome=cx.Continuous("y"), reliability=1.0, **call).aggregation is False


def test_a_touchpoint_that_runs_against_the_others_is_told() -> None:
    rows = visits()
    told = "No slope beside touchpoints freed of noise: 'wait' runs against the others: check its direction."
    with pytest.warns(CxStatsWarning) as caught:
        run(rows, touchpoints={**TOUCHPOINTS, "wait": cx.EASE5})
    assert [str(each.message) for each in caught] == [told]


def refused(kind: type[CxStatsError], message: str, rows: pd.DataFrame | None = None, **changes: Any) -> None:
    with pytest.raises(kind) as caught:
        run(visits() if rows is None else rows, **changes)
    assert str(caught.value) == message


def test_bad_reliabilities_are_refused() -> None:
    for value in (0, 1.2, "high", True):
        refused(
            RoleError,
            f"A reliability must be a number above 0, and 1 at most, but {value!r} was given for 'booking'."
            "\nIt is the share of a rating's variance that is not noise: cx.reliability estimates it.",
            reliability=value,
        )
    refused(
        RoleError,
        "reliability must be given of all touchpoints or of none, but it lacks 'service', 'bill'."
        "\nAdd them, or leave the others out to have all estimated.",
        reliability={"booking": 0.8, "wait": 0.8},
    )
    refused(
        ColumnError,
        str(unknown_column(["bil"], ["overall", *TOUCHPOINTS], "the journey and its touchpoints")),
        reliability={"bil": 0.8},
    )


def test_bad_outcomes_and_journeys_are_refused() -> None:
    for outcome in (cx.Count("tenure"), cx.Survival("tenure", "left")):
        refused(
            RoleError,
            f"The outcome must be Binary, Rating or Continuous, but {type(outcome).__name__} was given."
            "\nTurn it into whether anything happened, or into an amount.",
            outcome=outcome,
        )
    refused(
        ColumnError,
        "No touchpoint may repeat the journey rating, but 'bill' equals 'overall' in all rows in which it was used."
        "\nLeave it out, or find the rating that was asked for.",
        visits().assign(bill=lambda d: d["overall"]),
    )
    refused(
        TooFewError,
        "At least 20 rows per coefficient are needed, 240 for 11 and an intercept, but there are 158."
        "\nUse fewer predictors, or collect more answers.",
        visits().head(158),
        controls=["tenure", "firm"],
    )


def told_by(rows: pd.DataFrame, **changes: Any) -> tuple[list[str], JourneyIncrement]:
    call: dict[str, Any] = {"journey": {"overall": EXACT}, "touchpoints": dict.fromkeys("abc", EXACT), **FEW, **changes}
    with pytest.warns(CxStatsWarning) as caught:
        result = journey_increment(rows, outcome=cx.Continuous("y"), **call)
    return [str(each.message) for each in caught], result


def test_a_factor_without_proper_fit_is_told() -> None:
    rng = np.random.default_rng(9)
    a, b, c, d, e = rng.normal(size=(5, 500))
    rows = pd.DataFrame({"a": a, "b": 0.2 * a + b, "c": a + b + 0.1 * c, "overall": a + d, "y": a + b + d + e})
    told, result = told_by(rows)
    said = (
        "No slope beside touchpoints freed of noise: the one-factor model of the touchpoints leaves 'c' no variance of "
        "its own: declare reliability=."
    )
    assert told == [said]
    assert result.aggregation is None
    assert np.isnan(result.reliability).all()
    assert "correlation, freed of noise" not in result.measures


def test_a_correlation_beyond_1_is_told() -> None:
    rng = np.random.default_rng(10)
    rows = pd.DataFrame(rng.normal(size=(500, 3)), columns=list("abc"))
    rows["y"] = rows.sum(axis=1) + 0.3 * rng.normal(size=500)
    rows["overall"] = rows["y"] + 0.3 * rng.normal(size=500)
    told, result = told_by(rows, reliability={"a": 0.7, "b": 0.7, "c": 0.7, "overall": 0.5})
    assert told[-1] == (
        "Freed of noise, a correlation exceeds 1 ('overall', 'mean of touchpoints'): reliabilities must be higher."
    )
    limits = result.confidence_interval()
    assert (limits.high[-2:] == result.estimate[-2:]).all()


def test_weighted_cells_are_refused() -> None:
    metrics = {**JOURNEY, **TOUCHPOINTS}
    cells = cx.tally(visits().assign(w=0.5), outcome=OUTCOMES["rating"], metrics=metrics, weight="w")
    with pytest.raises(RoleError, match=r"^Survey weights cannot be used by cross-validation"):
        journey_increment(cells, journey="overall", touchpoints=list(TOUCHPOINTS), **FEW)


def test_where_the_touchpoints_are_all_noise_their_mean_has_no_correlation() -> None:
    """Answers that mostly cancel, each declared to be .98 noise: their mean varies less than the mean of the noise."""
    rng = np.random.default_rng(1)
    rows = visits(unused=0)
    rows = rows.assign(**{name: rng.permutation(rows[name]) for name in TOUCHPOINTS})
    rows["bill"] = np.where(rng.random(len(rows)) < 0.8, 6 - rows["booking"], rows["bill"])
    with pytest.warns(CxStatsWarning) as caught:
        result = run(rows, reliability=dict.fromkeys(TOUCHPOINTS, 0.02))
    assert any("varies no more than its noise: 'mean of touchpoints'" in str(each.message) for each in caught)
    freed = [m == "correlation, freed of noise" for m in result.measures]
    assert np.isnan(result.estimate[freed]).all()
    plain = [m == "correlation" for m in result.measures]
    assert np.isfinite(result.estimate[plain]).all()
