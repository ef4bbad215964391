"""Crossed random intercepts against lme4, lmerTest, dense matrices, the plain model, and in simulation."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import approx_fprime, minimize

import cxstats as cx
from cxstats.numerics.crossed_intercepts import (
    CrossedIntercepts,
    fit_crossed_intercepts,
    intercept_sums,
    profile,
    satterthwaite,
)
from cxstats.numerics.intervals import critical

REFERENCES = Path(__file__).parents[1] / "references"
# The same sums in another order, at the same variances.
DENSE = 1e-10
LIKELIHOOD = 1e-8
# lmer's search stops where the deviance no longer moves in its last digits: variances are then right to the root of
# that, and what rests on them as well.
AGAINST_LMER = 1e-7
# lmerTest takes numerical derivatives (numDeriv) of the deviance, twice.
AGAINST_LMERTEST = 1e-6
# Forward differences with steps of 1e-7.
DIFFERENCES = 1e-4
REPLICATIONS, MC_ERRORS = 300, 4


NAMED: dict[str, Any] = {"names": ("(intercept)", "x", "level"), "groupings": ("person", "stimulus")}


def lmer_case(case: str) -> tuple[dict[str, Any], pd.DataFrame]:
    """What `fit_crossed_intercepts` takes, and what R says."""
    rows = pd.read_csv(REFERENCES / "crossed_intercepts_rows.csv", comment="#")
    rows = rows[rows.case == case]
    kept = ["person"] if case == "single" else ["person", "stimulus"]
    data = {
        "design": np.column_stack([np.ones(len(rows)), rows.warmth, rows.tenure]),
        "response": rows.rating.to_numpy(),
        "count": np.ones(len(rows), dtype=np.int64),
        "groups": [rows[name].to_numpy(np.int64) - 1 for name in kept],
    }
    stored = pd.read_csv(REFERENCES / "crossed_intercepts.csv", comment="#")
    return data, stored[stored.case == case]


def small(seed: int, groupings: int = 2, persons: int = 9, stimuli: int = 5) -> dict[str, Any]:
    """An unbalanced design with repeats and a column that is constant within persons."""
    rng = np.random.default_rng(seed)
    n = 3 * persons + int(rng.integers(10, 30))
    person = rng.permutation(np.concatenate([np.arange(persons), rng.integers(0, persons, n - persons)]))
    stimulus = rng.permutation(np.concatenate([np.arange(stimuli), rng.integers(0, stimuli, n - stimuli)]))
    x, level = rng.integers(1, 6, n).astype(float), 3 + rng.normal(size=persons)[person]
    sd = rng.choice([0.2, 1.0, 3.0], 2)
    lift = sd[0] * rng.normal(size=persons)[person] + (groupings == 2) * sd[1] * rng.normal(size=stimuli)[stimulus]
    return {
        "design": np.column_stack([np.ones(n), x, level]),
        "response": 50 + 0.4 * x + lift + rng.normal(size=n),
        "count": rng.integers(1, 4, n),
        "groups": [person, stimulus][:groupings],
    }


def dense(
    design: Any, response: Any, count: Any, groups: Any, ratios: Any, residual: float | None = None
) -> tuple[Any, Any, float, float]:
    """By the whole covariance matrix of the rows: coefficients, their covariance, log-likelihood, residual variance."""
    X, y = (np.repeat(part, count, axis=0) for part in (design, response))
    n, q = X.shape
    H = np.eye(n)
    for group, ratio in zip(groups, ratios, strict=True):
        each = np.repeat(group, count)
        H += ratio * (each[:, None] == each)
    half = np.linalg.cholesky(H)
    basis, triangle = np.linalg.qr(np.linalg.solve(half, X))
    turned = np.linalg.solve(half, y)
    beta = np.linalg.solve(triangle, basis.T @ turned)
    left = turned - basis @ (basis.T @ turned)
    s2 = float(left @ left) / (n - q) if residual is None else residual
    inverse = np.linalg.inv(triangle)
    logs = 2 * np.log(np.abs(np.diag(half))).sum() + 2 * np.log(np.abs(np.diag(triangle))).sum()
    likelihood = -((n - q) * np.log(2 * np.pi * s2) + logs + left @ left / s2) / 2
    return beta, s2 * inverse @ inverse.T, float(likelihood), s2


def ratios_of(fit: CrossedIntercepts) -> Any:
    return fit.variances / fit.residual_variance


@pytest.mark.parametrize("case", ["crossed", "single", "flat"])
def test_fit_against_lme4(case: str) -> None:
    data, stored = lmer_case(case)
    fit = fit_crossed_intercepts(**data)
    value = {what: part.value.to_numpy() for what, part in stored.groupby("what", sort=False)}
    np.testing.assert_allclose(fit.coefficients, value["coefficient"], rtol=AGAINST_LMER)
    np.testing.assert_allclose(fit.covariance.ravel(), value["covariance"], rtol=AGAINST_LMER)
    components = np.append(fit.variances, fit.residual_variance)
    np.testing.assert_allclose(components, value["variance"], rtol=AGAINST_LMER, atol=1e-14)
    assert fit.log_likelihood == pytest.approx(value["log_likelihood"][0], rel=0, abs=LIKELIHOOD)
    np.testing.assert_allclose(fit.df, value["df"], rtol=AGAINST_LMERTEST)


def test_no_spread_is_exactly_zero() -> None:
    """And the fit is then the one without the grouping."""
    data, _ = lmer_case("flat")
    fit = fit_crossed_intercepts(**data)
    alone = fit_crossed_intercepts(**data | {"groups": data["groups"][:1]})
    assert fit.variances[1] == 0.0
    np.testing.assert_allclose(fit.variances[0], alone.variances[0], rtol=DENSE)
    np.testing.assert_allclose(fit.coefficients, alone.coefficients, rtol=DENSE)
    np.testing.assert_allclose(fit.df, alone.df, rtol=LIKELIHOOD)
    assert fit.log_likelihood == pytest.approx(alone.log_likelihood, rel=DENSE)


def test_without_any_spread_it_is_least_squares() -> None:
    """Rows as alike between persons and stimuli as they can be; by statsmodels."""
    person, stimulus = (part.ravel() for part in np.mgrid[:12, :6])
    x = (person + stimulus) % 3 + 1.0
    y = 2 + 0.5 * x + np.where((person + stimulus) % 2, 0.7, -0.7)
    design = np.column_stack([np.ones(72), x])
    fit = fit_crossed_intercepts(design, y, np.ones(72, dtype=np.int64), [person, stimulus])
    plain = sm.OLS(y, design).fit()
    assert fit.variances.tolist() == [0.0, 0.0]
    np.testing.assert_allclose(fit.coefficients, plain.params, rtol=DENSE)
    np.testing.assert_allclose(fit.covariance, plain.cov_params(), rtol=DENSE)
    np.testing.assert_allclose(fit.df, [70.0, 70.0], rtol=DENSE)


@pytest.mark.parametrize("groupings", [1, 2])
@pytest.mark.parametrize("seed", range(12))
def test_profile_against_dense_matrices(seed: int, groupings: int) -> None:
    """At variance ratios from 0 to 100, counts as repeated rows."""
    data = small(seed, groupings, persons=40 if seed % 2 else 6)
    sums = intercept_sums(**data, **NAMED)
    for ratios in np.random.default_rng(seed).choice([0.0, 0.03, 0.5, 2.0, 100.0], (5, groupings)):
        expected = dense(**data, ratios=ratios)
        assert profile(sums, ratios).log_likelihood == pytest.approx(expected[2], rel=0, abs=LIKELIHOOD)


@pytest.mark.parametrize("groupings", [1, 2])
def test_slope_of_the_profile_against_differences(groupings: int) -> None:
    data = small(3, groupings)

    def likelihood(ratios: Any) -> float:
        return dense(**data, ratios=ratios)[2]

    for ratios in np.array([[0.0, 0.4], [0.7, 0.0], [1.5, 3.0]])[:, :groupings]:
        found = profile(intercept_sums(**data, **NAMED), ratios).slope
        np.testing.assert_allclose(found, approx_fprime(ratios, likelihood, 1e-7), rtol=DIFFERENCES, atol=DIFFERENCES)


@pytest.mark.parametrize("groupings", [1, 2])
@pytest.mark.parametrize("seed", range(20, 32))
def test_estimates_against_dense_matrices(seed: int, groupings: int) -> None:
    """At the estimated ratios; and no ratios that a search by dense matrices finds are more likely."""
    data = small(seed, groupings)
    fit = fit_crossed_intercepts(**data)
    beta, covariance, likelihood, residual = dense(**data, ratios=ratios_of(fit))
    np.testing.assert_allclose(fit.coefficients, beta, rtol=DENSE)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=DENSE)
    assert fit.residual_variance == pytest.approx(residual, rel=DENSE)
    assert fit.log_likelihood == pytest.approx(likelihood, rel=0, abs=LIKELIHOOD)
    for start in (0.01, 1.0):
        other = minimize(
            lambda log: -dense(**data, ratios=np.exp(log))[2], np.full(groupings, np.log(start)), method="Nelder-Mead"
        )
        assert -other.fun <= likelihood + LIKELIHOOD


def test_degrees_of_freedom_against_dense_matrices() -> None:
    """Satterthwaite's 2 V^2 / (g' A g) by differences of the dense likelihood in the three variances themselves."""
    data = small(41)
    fit = fit_crossed_intercepts(**data)
    at = np.append(fit.variances, fit.residual_variance)
    assert (fit.variances > 0.05).all()
    contrasts = np.array([[0.0, 1.0, 0.0], [1.0, 1.0, -1.0]])
    step = 1e-3 * at

    def model(variances: Any) -> tuple[float, Any]:
        _, covariance, likelihood, _ = dense(**data, ratios=variances[:2] / variances[2], residual=variances[2])
        return likelihood, np.einsum("rj,jk,rk->r", contrasts, covariance, contrasts)

    def moved(*axes: int) -> Any:
        return model(at + sum((np.sign(axis) * np.eye(3)[abs(axis) - 1] * step for axis in axes), np.zeros(3)))

    information = np.empty((3, 3))
    for j, k in np.ndindex(3, 3):
        a, b = j + 1, k + 1
        corners = moved(a, b)[0] - moved(a, -b)[0] - moved(-a, b)[0] + moved(-a, -b)[0]
        information[j, k] = -corners / (4 * step[j] * step[k])
    gradient = np.array([(moved(a)[1] - moved(-a)[1]) / (2 * step[a - 1]) for a in (1, 2, 3)])
    spread = np.einsum("jr,jk,kr->r", gradient, np.linalg.inv(information), gradient)
    expected = 2 * model(at)[1] ** 2 / spread
    np.testing.assert_allclose(satterthwaite(fit, contrasts), expected, rtol=DIFFERENCES)
    np.testing.assert_allclose(satterthwaite(fit, np.eye(3)), fit.df, rtol=DENSE)


def test_counts_against_rows() -> None:
    data = small(5)
    rows = {name: np.repeat(data[name], data["count"], axis=0) for name in ("design", "response")}
    groups = [np.repeat(group, data["count"]) for group in data["groups"]]
    counted = fit_crossed_intercepts(**data)
    apart = fit_crossed_intercepts(**rows, count=np.ones(len(groups[0]), dtype=np.int64), groups=groups)
    for one, other in pairs(counted, apart):
        np.testing.assert_allclose(one, other, rtol=LIKELIHOOD)


def pairs(first: CrossedIntercepts, second: CrossedIntercepts) -> Iterator[tuple[Any, Any]]:
    for name in ("coefficients", "covariance", "variances", "residual_variance", "log_likelihood", "df"):
        yield getattr(first, name), getattr(second, name)


def test_order_of_rows_numbers_of_levels_and_order_of_groupings_do_not_matter() -> None:
    data = small(7)
    shuffled = np.random.default_rng(1).permutation(len(data["response"]))
    turned: dict[str, Any] = {name: data[name][shuffled] for name in ("design", "response", "count")}
    turned["groups"] = [(group.max() - group)[shuffled] for group in data["groups"][::-1]]
    first, second = fit_crossed_intercepts(**data), fit_crossed_intercepts(**turned)
    np.testing.assert_allclose(first.variances, second.variances[::-1], rtol=LIKELIHOOD)
    for one, other in list(pairs(first, second))[:2]:
        np.testing.assert_allclose(one, other, rtol=LIKELIHOOD)


def test_units_and_zeros_of_the_outcome_and_of_predictors_do_not_matter() -> None:
    data = small(9)
    n, q = int(data["count"].sum()), 3
    other = data | {"response": 1e6 + 1000 * data["response"], "design": data["design"] * [1, 0.01, 1] + [0, 0, 2000]}
    first, second = fit_crossed_intercepts(**data), fit_crossed_intercepts(**other)
    np.testing.assert_allclose(second.variances, 1e6 * first.variances, rtol=LIKELIHOOD)
    np.testing.assert_allclose(second.coefficients[1:] / [1e5, 1000], first.coefficients[1:], rtol=LIKELIHOOD)
    np.testing.assert_allclose(second.df[1:], first.df[1:], rtol=1e-6)
    shift = -(n - q) * np.log(1000) - np.log(0.01)
    assert second.log_likelihood - first.log_likelihood == pytest.approx(shift, abs=LIKELIHOOD)


def test_balanced_design_against_theory() -> None:
    """Every person sees every stimulus: the estimates are those of the analysis of variance."""
    rng = np.random.default_rng(3)
    person, stimulus = (part.ravel() for part in np.mgrid[:30, :10])
    y = 4 + rng.normal(size=30)[person] + 0.8 * rng.normal(size=10)[stimulus] + rng.normal(size=300)
    fit = fit_crossed_intercepts(np.ones((300, 1)), y, np.ones(300, dtype=np.int64), [person, stimulus])
    table = y.reshape(30, 10)
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    within = ((table - rows[:, None] - columns + y.mean()) ** 2).sum() / (29 * 9)
    person_square, stimulus_square = 10 * rows.var(ddof=1), 30 * columns.var(ddof=1)
    expected = [(person_square - within) / 10, (stimulus_square - within) / 30, within]
    np.testing.assert_allclose([*fit.variances, fit.residual_variance], expected, rtol=LIKELIHOOD)
    variance = (person_square + stimulus_square - within) / 300
    assert fit.covariance[0, 0] == pytest.approx(variance, rel=LIKELIHOOD)
    parts = person_square**2 / 29 + stimulus_square**2 / 9 + within**2 / 261
    assert fit.df[0] == pytest.approx((300 * variance) ** 2 / parts, rel=1e-6)


def test_intervals_hold_the_truth_in_simulation() -> None:
    """Columns that vary within persons and stimuli, between persons only, and between stimuli only."""
    rng = np.random.default_rng(11)
    person, stimulus = (part.ravel() for part in np.mgrid[:14, :8])
    kept = np.arange(112) % 9 > 0
    person, stimulus = person[kept], stimulus[kept]
    x = np.column_stack([rng.normal(size=len(person)), rng.normal(size=14)[person], rng.normal(size=8)[stimulus]])
    design, count = np.column_stack([np.ones(len(x)), x]), np.ones(len(x), dtype=np.int64)
    truth, hits = np.array([4.0, 0.3, -0.2, 0.5]), np.zeros(4)
    for _ in range(REPLICATIONS):
        lift = 0.8 * rng.normal(size=14)[person] + 0.6 * rng.normal(size=8)[stimulus]
        fit = fit_crossed_intercepts(design, design @ truth + lift + rng.normal(size=len(x)), count, [person, stimulus])
        half = critical(0.95, fit.df) * np.sqrt(np.diag(fit.covariance))
        hits += np.abs(fit.coefficients - truth) <= half
    assert hits / REPLICATIONS == pytest.approx(np.full(4, 0.95), abs=MC_ERRORS * np.sqrt(0.95 * 0.05 / REPLICATIONS))


def test_variances_are_met_in_simulation() -> None:
    """20,000 rows of 2,000 persons and 40 stimuli; 4 of the errors of a variance: root of 2 / levels."""
    rng = np.random.default_rng(17)
    person, stimulus = rng.integers(0, 2000, 20_000), rng.integers(0, 40, 20_000)
    person[:2000], stimulus[:40] = np.arange(2000), np.arange(40)
    x = rng.normal(size=20_000)
    y = 1 + 0.2 * x + rng.normal(size=2000)[person] + 0.5 * rng.normal(size=40)[stimulus] + rng.normal(size=20_000)
    design = np.column_stack([np.ones(20_000), x])
    fit = fit_crossed_intercepts(design, y, np.ones(20_000, dtype=np.int64), [person, stimulus])
    assert fit.variances[0] == pytest.approx(1, rel=4 * np.sqrt(2 / 1800))  # levels, less what residuals blur
    assert fit.variances[1] == pytest.approx(0.25, rel=4 * np.sqrt(2 / 39))
    assert fit.residual_variance == pytest.approx(1, rel=4 * np.sqrt(2 / 17_960))
    assert fit.coefficients[1] == pytest.approx(0.2, abs=4 * np.sqrt(fit.covariance[1, 1]))


CONFOUNDED = (
    "The variances of 'person', 'moment' and within them must be distinct, but cannot be told apart in {n} rows: "
    "levels of a grouping follow from the predictors, or are those of the other grouping.\nLeave one of them out."
)


def refused(error: type[Exception], message: str, **changes: Any) -> None:
    data = small(1) | {"groupings": ("person", "moment")} | changes
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        fit_crossed_intercepts(**data)


def test_groupings_that_say_nothing_are_refused() -> None:
    n = len(small(1)["response"])
    ones = np.ones(n, dtype=np.int64)
    person, moment = small(1)["groups"]
    refused(
        cx.TooFewError,
        f"'moment' must have at least 2 levels, some of them with several rows, but it has 1 in {n} rows.\nLeave it "
        "out.",
        count=ones,
        groups=[person, 0 * ones],
    )
    refused(
        cx.TooFewError,
        f"'person' must have at least 2 levels, some of them with several rows, but it has {n} in {n} rows.\nLeave it "
        "out.",
        count=ones,
        groups=[np.arange(n), moment],
    )
    refused(
        cx.ColumnError,
        CONFOUNDED.format(n=n),
        count=ones,
        groups=[person, person.max() - person],
    )


@pytest.mark.parametrize("levels", [2, 3])
def test_levels_that_follow_from_predictors_are_refused(levels: int) -> None:
    """Predictors tell all levels apart: any variance of the intercepts is as likely."""
    n = len(small(1)["response"])
    person, ones = small(1)["groups"][0], np.ones(n, dtype=np.int64)
    moment = np.arange(n) % levels
    design = np.column_stack([np.ones(n), *(moment == level for level in range(1, levels))])
    refused(cx.ColumnError, CONFOUNDED.format(n=n), count=ones, design=design, groups=[person, moment])
    fit = fit_crossed_intercepts(design, small(1)["response"], ones, [person])
    assert np.isfinite(fit.df).all()


def test_too_few_rows_are_refused() -> None:
    refused(
        cx.TooFewError,
        "There must be more rows than coefficients, but there are 3 rows for 3 coefficients.",
        **{name: small(1)[name][:3] for name in ("design", "response")},
        count=np.ones(3, dtype=np.int64),
        groups=[np.array([0, 0, 1]), np.array([0, 1, 1])],
    )


def test_two_large_groupings_are_refused() -> None:
    n = 4_004
    group = np.arange(n) // 2
    refused(
        cx.ColumnError,
        "Of two crossed groupings the smaller may have up to 2,000 levels, but 'person' has 2,002 and 'moment' "
        "2,002.\nLeave one of them out.",
        design=np.ones((n, 1)),
        response=np.arange(n) % 7.0,
        count=np.ones(n, dtype=np.int64),
        groups=[group, np.roll(group, 1)],
    )


def test_columns_that_repeat_each_other_are_refused() -> None:
    design = small(1)["design"]
    refused(
        cx.ColumnError,
        "The predictors must not repeat each other, but 'ease', 'twice' are collinear: each follows exactly from the "
        "others.\nLeave one of them out.",
        design=np.column_stack([design[:, :2], 2 * design[:, 1]]),
        names=("(intercept)", "ease", "twice"),
    )


def test_outcomes_without_residuals_are_refused() -> None:
    data = small(1)
    n = int(data["count"].sum())
    person, moment = data["groups"]
    refused(
        cx.TooFewError,
        f"The outcome must vary, but it is 7 in all {n} rows.",
        response=np.full(len(person), 7.0),
    )
    refused(
        cx.SeparationError,
        f"No predictors may hold the outcome, but it follows exactly from them in all {n} rows.\nLeave out those that "
        "were not measured before the outcome, or computed from it.",
        response=data["design"] @ [1.0, 2.0, 0.5],
    )
    exact = (
        "Levels of 'person' and 'moment' and predictors must leave something of the outcome open, but give it exactly "
        "in all {n} rows: there is no residual variance.\nLeave a grouping out, or have more rows for its levels."
    )
    refused(
        cx.SeparationError,
        exact.format(n=n),
        response=data["design"][:, 1] + np.sin(person) + np.cos(moment),
    )
    rng, pair = np.random.default_rng(1), np.arange(20) // 2  # a ring: as many levels as rows, all in all
    refused(
        cx.SeparationError,
        exact.format(n=20),
        design=np.column_stack([np.ones(20), rng.normal(size=20)]),
        response=rng.normal(size=20),
        count=np.ones(20, dtype=np.int64),
        groups=[pair, np.roll(pair, 1)],
    )
