"""Intercepts and slopes per person, and the profile of their SD, against lme4, dense matrices, and in simulation."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import chi2, norm

from cxstats.errors import SeparationError, TooFewError
from cxstats.numerics.random_slopes import RandomSlopes, fit_random_slopes
from cxstats.numerics.slope_profile import likelihood_ratio, limits, p_not_above, p_not_below, profile_limits
from cxstats.numerics.slope_sums import apart

REFERENCES = Path(__file__).parents[1] / "references"
# lmer's search stops where the deviance no longer moves in its last digits: parameters are then right to the root.
AGAINST_LMER = 1e-6
LIKELIHOOD = 1e-8
# The same sums in another order, at the same variances.
DENSE = 1e-8
# Two climbs to the same top.
CLIMBS = 1e-6
# lme4 reads its limits off a spline through some points of the profile.
SPLINE = 2e-4
# Nelder and Mead's search ends within this of the lowest deviance.
SEARCHED = 1e-5
# Roots, and differences of likelihoods.
ROOT = 1e-6
MC_ERRORS = 4


def case(name: str, model: str) -> tuple[dict[str, Any], "pd.Series[float]", list[str]]:
    """What `fit_random_slopes` takes, what R says, and R's names of the columns."""
    rows = pd.read_csv(REFERENCES / "random_slopes_rows.csv", comment="#")
    rows = rows[rows.case == name]
    person = np.unique(rows.person, return_inverse=True)[1]
    ones = np.ones(len(rows), dtype=np.int64)
    mean, w = apart(rows.speed.to_numpy(float), ones, person)
    hoped, felt = apart(rows.hope.to_numpy(float), ones, person)
    columns = {"(Intercept)": np.ones(len(rows)), "w": w, "mean": mean[person]}
    parts = {"hoped": (hoped - hoped.mean())[person]} | ({"felt": felt} if name == "rated" else {})
    columns |= {} if model == "plain" else parts
    columns |= {f"w:{part}": w * column for part, column in parts.items()} if model == "moderated" else {}
    data = {"response": rows.joy.to_numpy(float), "deviation": w, "count": ones, "person": person}
    stored = pd.read_csv(REFERENCES / "random_slopes.csv", comment="#")
    stored = stored[(stored.case == name) & (stored.model == model)]
    return data | {"design": np.column_stack([*columns.values()])}, stored.set_index("what").value, [*columns]


def drawn(
    rng: np.random.Generator, persons: int, most: int, slope_sd: float, intercept_sd: float = 0.7
) -> dict[str, Any]:
    """Normal ratings, 2 to ``most`` per person; levels and slopes correlate .3, the mean performance counts besides."""
    size = rng.integers(2, most + 1, persons)
    person = np.repeat(np.arange(persons), size)
    x = 6 + rng.normal(size=persons)[person] + 1.5 * rng.normal(size=len(person))
    mean, w = apart(x, np.ones(len(x), dtype=np.int64), person)
    level = rng.normal(size=persons)
    slope = slope_sd * (0.3 * level + 0.91**0.5 * rng.normal(size=persons))
    y = intercept_sd * level[person] + (0.3 + slope[person]) * w + 0.5 * mean[person] + rng.normal(size=len(x))
    design = np.column_stack([np.ones(len(x)), w, mean[person]])
    return {"design": design, "response": y, "deviation": w, "count": np.ones(len(x), dtype=np.int64), "person": person}


@pytest.mark.parametrize(
    ("name", "model"),
    [*((name, model) for name in ("hoped", "rated") for model in ("plain", "main", "moderated")), ("edge", "plain")],
)
def test_fits_against_lmer(name: str, model: str) -> None:
    data, stored, names = case(name, model)
    fit = fit_random_slopes(**data)
    for what in ("intercept_sd", "slope_sd", "correlation", "residual_sd"):
        assert getattr(fit, what) == pytest.approx(stored[what], abs=AGAINST_LMER), what
    assert fit.coefficients == pytest.approx([stored[f"coefficient {one}"] for one in names], abs=AGAINST_LMER)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx([stored[f"se {one}"] for one in names], abs=AGAINST_LMER)
    assert fit.log_likelihood == pytest.approx(stored["log_likelihood"], abs=LIKELIHOOD)
    assert fit.no_slopes == pytest.approx(stored["no slopes"], abs=LIKELIHOOD)


def dense(fit: RandomSlopes, design: Any, response: Any, deviation: Any, count: Any, person: Any) -> dict[str, Any]:
    """Person by person with whole covariance matrices of the rows, at the fit's variances."""
    cross = 0.0 if np.isnan(fit.correlation) else fit.correlation * fit.intercept_sd * fit.slope_sd
    spread = np.array([[fit.intercept_sd**2, cross], [cross, fit.slope_sd**2]])
    blocks = []
    for who in np.unique(person):
        mine = np.repeat(np.flatnonzero(person == who), count[person == who])
        Z = np.column_stack([np.ones(len(mine)), deviation[mine]])
        blocks.append((design[mine], response[mine], Z @ spread @ Z.T + fit.residual_sd**2 * np.eye(len(mine))))
    information = sum(X.T @ np.linalg.solve(V, X) for X, _, V in blocks)
    beta = np.linalg.solve(information, sum(X.T @ np.linalg.solve(V, y) for X, y, V in blocks))
    logs = [
        -(len(y) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + (y - X @ beta) @ np.linalg.solve(V, y - X @ beta)) / 2
        for X, y, V in blocks
    ]
    score = np.array([X.T @ np.linalg.solve(V, y - X @ beta) for X, y, V in blocks])
    inverse = np.linalg.inv(information)
    return {"beta": beta, "covariance": inverse, "log_likelihood": sum(logs), "influence": score @ inverse}


@pytest.mark.parametrize("model", ["plain", "moderated"])
def test_coefficients_and_influence_against_dense(model: str) -> None:
    data, _, _ = case("rated", model)
    data["count"] = 1 + np.arange(len(data["count"])) % 3
    mean, w = apart(data["deviation"], data["count"], data["person"])
    data |= {"deviation": w, "design": np.column_stack([data["design"], mean[data["person"]]])}
    fit = fit_random_slopes(**data)
    whole = dense(fit, **data)
    assert fit.coefficients == pytest.approx(whole["beta"], abs=DENSE)
    assert fit.covariance == pytest.approx(whole["covariance"], abs=DENSE)
    assert fit.log_likelihood == pytest.approx(whole["log_likelihood"], abs=DENSE)
    assert fit.influence == pytest.approx(whole["influence"], abs=DENSE)


def test_counts_against_repeated_rows() -> None:
    data = drawn(np.random.default_rng(3), 30, 8, 0.4)
    count = np.random.default_rng(4).integers(1, 4, len(data["person"]))
    mean, w = apart(data["deviation"], count, data["person"])
    design = np.column_stack([np.ones(len(w)), w, (mean + 0.3 * np.arange(30) % 2)[data["person"]]])
    counted = fit_random_slopes(design, data["response"], w, count, data["person"])
    repeated = [np.repeat(part, count, axis=0) for part in (design, data["response"], w, data["person"])]
    X, y, deviation, person = repeated
    rows = fit_random_slopes(X, y, deviation, np.ones(len(y), dtype=np.int64), person)
    assert counted.slope_sd == pytest.approx(rows.slope_sd, rel=CLIMBS)
    assert counted.log_likelihood == pytest.approx(rows.log_likelihood, abs=LIKELIHOOD)
    assert counted.influence == pytest.approx(rows.influence, abs=CLIMBS)


def test_copies_of_persons_against_theory() -> None:
    """So many copies of everybody multiply the likelihood; persons of one kind are then added up."""
    times, data = 40, drawn(np.random.default_rng(5), 25, 6, 0.3)
    once = fit_random_slopes(**data)
    parts: dict[str, Any] = {name: np.concatenate([data[name]] * times) for name in data}
    parts["person"] = np.concatenate([data["person"] + 25 * i for i in range(times)])
    often = fit_random_slopes(**parts)
    assert len(often.sums.level) < len(parts["person"]) / 4
    assert often.log_likelihood == pytest.approx(times * once.log_likelihood, rel=LIKELIHOOD)
    assert (often.slope_sd, often.intercept_sd) == pytest.approx((once.slope_sd, once.intercept_sd), rel=CLIMBS)
    assert often.covariance * times == pytest.approx(once.covariance, rel=CLIMBS)


def test_units_do_not_matter() -> None:
    data = drawn(np.random.default_rng(6), 40, 10, 0.4)
    fit = fit_random_slopes(**data)
    wide = {
        "design": data["design"] * [1, 1e4, 1e4] + [0, 0, 1e6],
        "response": 1e-3 * data["response"] + 7,
        "deviation": 1e4 * data["deviation"],
    }
    other = fit_random_slopes(**(data | wide))
    assert other.slope_sd == pytest.approx(fit.slope_sd * 1e-7, rel=CLIMBS)
    assert other.residual_sd == pytest.approx(fit.residual_sd * 1e-3, rel=CLIMBS)
    assert other.coefficients[1] == pytest.approx(fit.coefficients[1] * 1e-7, rel=CLIMBS)


@pytest.mark.parametrize(("slope_sd", "intercept_sd"), [(30.0, 0.1), (0.05, 100.0), (40.0, 200.0)])
def test_extreme_variances_against_truth(slope_sd: float, intercept_sd: float) -> None:
    fit = fit_random_slopes(**drawn(np.random.default_rng(7), 400, 10, slope_sd, intercept_sd))
    # An SD from 400 values has a relative standard error of 1 / sqrt(800); .05 comes with that of a slope besides.
    assert fit.slope_sd == pytest.approx(slope_sd, abs=MC_ERRORS * (slope_sd / 800**0.5 + 0.03))
    assert fit.residual_sd == pytest.approx(1, abs=MC_ERRORS * 0.02)


def test_no_slopes_against_chi_square_in_simulation() -> None:
    """At no slope variance the test at 5% rejects in at most 5%, with counts of ratings that differ per person."""
    rng, replications = np.random.default_rng(8), 120
    p = np.array([p_not_above(fit_random_slopes(**drawn(rng, 40, 10, 0.0)), 0.0) for _ in range(replications)])
    assert (p < 0.05).mean() <= 0.05 + MC_ERRORS * (0.05 * 0.95 / replications) ** 0.5
    assert (p < 0.3).mean() >= 0.15  # nor is it asleep
    assert ((p >= 0) & (p <= 1)).all()


def test_coverage_and_recovery_in_simulation() -> None:
    rng, replications, truth = np.random.default_rng(9), 120, 0.3
    fits = [fit_random_slopes(**drawn(rng, 80, 10, truth)) for _ in range(replications)]
    out = [min(p_not_above(fit, truth), p_not_below(fit, truth)) < 0.025 for fit in fits]
    assert np.mean(out) == pytest.approx(0.05, abs=MC_ERRORS * (0.05 * 0.95 / replications) ** 0.5)
    for what, true, bias in (("slope_sd", truth, 1 / 80), ("intercept_sd", 0.7, 1 / 80), ("residual_sd", 1.0, 0)):
        values = np.array([getattr(fit, what) for fit in fits])
        # Maximum likelihood divides by persons, not by persons less coefficients.
        allowed = MC_ERRORS * values.std() / replications**0.5 + bias * true
        assert values.mean() == pytest.approx(true, abs=allowed), what


def test_the_boundary_p_value_against_chi_square() -> None:
    _, stored, _ = case("rated", "plain")
    data, _, _ = case("rated", "plain")
    ratio = 2 * (stored["log_likelihood"] - stored["no slopes"])
    expected = (chi2.sf(ratio, 1) + chi2.sf(ratio, 2)) / 2
    assert p_not_above(fit_random_slopes(**data), 0.0) == pytest.approx(expected, abs=AGAINST_LMER)


WITH_LIMITS = [(name, model) for name in ("hoped", "rated") for model in ("plain", "main", "moderated")]


@pytest.mark.parametrize(("name", "model"), WITH_LIMITS)
def test_limits_against_lmer(name: str, model: str) -> None:
    data, stored, _ = case(name, model)
    fit = fit_random_slopes(**data)
    for level in (0.5, 0.95):
        low, high = profile_limits(fit, level)
        assert high == pytest.approx(stored[f"high {level}"], abs=SPLINE)
        # Near 0 the spline has no points: those limits are searched below.
        if stored[f"low {level}"] > 0.05 or stored[f"low {level}"] == 0:
            assert low == pytest.approx(stored[f"low {level}"], abs=SPLINE)


def searched(data: dict[str, Any], slope_sd: float, fit: Any) -> float:
    """Minus twice the largest log-likelihood at a given SD of slopes, over dense matrices, coefficients and all."""
    groups = [np.flatnonzero(data["person"] == who) for who in np.unique(data["person"])]

    def deviance(place: Any) -> float:
        intercept, correlation, residual = np.exp(place[0]), np.tanh(place[1]), np.exp(place[2])
        cross = correlation * intercept * slope_sd
        spread = np.array([[intercept**2, cross], [cross, slope_sd**2]])
        information, right, logs, squares = 0.0, 0.0, 0.0, 0.0
        for mine in groups:
            Z = np.column_stack([np.ones(len(mine)), data["deviation"][mine]])
            V = Z @ spread @ Z.T + residual**2 * np.eye(len(mine))
            X, y = data["design"][mine], data["response"][mine]
            solved = np.linalg.solve(V, np.column_stack([X, y]))
            information, right = information + X.T @ solved[:, :-1], right + X.T @ solved[:, -1]
            logs, squares = logs + np.linalg.slogdet(V)[1], squares + y @ solved[:, -1]
        rest = squares - right @ np.linalg.solve(information, right)
        return float(len(data["response"]) * np.log(2 * np.pi) + logs + rest)

    start: Any = [np.log(fit.intercept_sd + 0.1), 0.3, np.log(fit.residual_sd)]
    for _ in range(2):
        start = minimize(deviance, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8}).x
    return deviance(start)


def test_the_top_is_found_where_levels_do_not_differ() -> None:
    """At an SD of the levels of 0 the likelihood is level in their correlation with slopes: no place to stop."""
    rng = np.random.default_rng(11)
    for _ in range(4):
        data = drawn(rng, 12, 6, 0.1, 0.0)
        fit = fit_random_slopes(**data)
        for slope_sd in (0.08, 0.25):
            lost = searched(data, slope_sd, fit) + 2 * fit.log_likelihood
            assert lost > -SEARCHED
            assert likelihood_ratio(fit, slope_sd) <= lost + SEARCHED  # a search may end short of a correlation of 1


@pytest.mark.parametrize("slope_sd", [0.02, 0.2, 0.9])
def test_likelihood_ratio_against_search(slope_sd: float) -> None:
    data = drawn(np.random.default_rng(12), 20, 7, 0.4)
    fit = fit_random_slopes(**data)
    expected = searched(data, slope_sd, fit) + 2 * fit.log_likelihood
    assert likelihood_ratio(fit, slope_sd) == pytest.approx(expected, abs=SEARCHED)


def test_a_limit_near_0_against_search() -> None:
    """lme4's spline puts it at .0139; there the likelihood ratio is not yet the quantile."""
    data, stored, _ = case("rated", "main")
    fit = fit_random_slopes(**data)
    low, _ = profile_limits(fit, 0.95)
    ratio = searched(data, low, fit) - -2 * stored["log_likelihood"]
    assert ratio == pytest.approx(chi2.ppf(0.95, 1), abs=SEARCHED)


def test_the_ratio_at_0_is_where_that_near_0_goes() -> None:
    fit = fit_random_slopes(**case("hoped", "plain")[0])
    assert likelihood_ratio(fit, 1e-7) == pytest.approx(likelihood_ratio(fit), rel=ROOT)
    assert likelihood_ratio(fit, fit.slope_sd * (1 + 1e-6)) == pytest.approx(0, abs=ROOT)


def test_limits_hold_what_no_test_rejects() -> None:
    fit = fit_random_slopes(**case("hoped", "plain")[0])
    for level in (0.5, 0.9, 0.99):
        low, high = limits(fit, level)
        assert (p_not_above(fit, low), p_not_below(fit, high)) == pytest.approx(((1 - level) / 2,) * 2, rel=ROOT)
    assert p_not_above(fit, fit.slope_sd) == pytest.approx(0.5, abs=1e-4)
    assert (p_not_above(fit, -0.1), p_not_below(fit, 0.0), p_not_below(fit, -1.0)) == (0.0, 1.0, 1.0)


def test_p_values_near_the_boundary_are_never_below_that_of_0() -> None:
    """The signed root alone would reject a small SD more easily than none at all."""
    fit = fit_random_slopes(**case("rated", "plain")[0])
    ratio = likelihood_ratio(fit)
    none = (chi2.sf(ratio, 1) + chi2.sf(ratio, 2)) / 2
    assert norm.sf(ratio**0.5) < none
    p = [p_not_above(fit, value) for value in (0.0, 1e-6, 0.01, 0.05, 0.1, 0.2)]
    assert p == sorted(p)
    assert p[1] == none
    # So the lower limit is 0 although the profile alone ends above it.
    assert (limits(fit, 0.95)[0], profile_limits(fit, 0.95)[0] > 0.01) == (0.0, True)


def test_no_slopes_have_limits_from_0() -> None:
    rng = np.random.default_rng(13)
    fits = [fit_random_slopes(**drawn(rng, 30, 6, 0.0, 0.0)) for _ in range(12)]
    flat = [fit for fit in fits if fit.slope_sd == 0]
    assert len(flat) > 0
    for fit in flat:
        assert (p_not_above(fit, 0.0), likelihood_ratio(fit)) == (1.0, 0.0)
        assert np.isnan(fit.correlation)
        low, high = limits(fit, 0.95)
        assert low == 0 < high
        assert p_not_below(fit, high) == pytest.approx(0.025, rel=ROOT)


def test_what_cannot_be_fitted_is_refused_in_full() -> None:
    data = drawn(np.random.default_rng(10), 20, 6, 0.3)
    n = len(data["person"])
    with pytest.raises(TooFewError, match=rf"^The outcome must vary, but it is 2 in all {n} rows\.$"):
        fit_random_slopes(**(data | {"response": np.full(n, 2.0)}))
    on_line = data["person"] + data["person"] * data["deviation"]
    with pytest.raises(SeparationError, match="Ratings of one person must scatter") as caught:
        fit_random_slopes(**(data | {"response": on_line}))
    assert str(caught.value) == (
        f"Ratings of one person must scatter, but in all {n} rows they lie exactly on a line of the person's own."
        "\nUse more ratings per person; leave out what was computed from the outcome."
    )
