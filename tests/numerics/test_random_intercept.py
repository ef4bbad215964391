"""Random-intercept logistic regression against lme4, integrals on rows, their differences, and the plain model."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import expit, log_expit
from scipy.stats import norm

import cxstats as cx
from cxstats.numerics.firm_reliability import firm_means
from cxstats.numerics.logistic import fit_logistic
from cxstats.numerics.random_intercept import RandomIntercept, fit_random_intercept

# 25 nodes at an SD of 1 are as good.
INTEGRAL = 1e-9
# Central differences of integrals with steps of 1e-4.
DIFFERENCES = 1e-5
ROUNDING = 1e-8


# bobyqa stops where the deviance no longer moves; against the errors of the estimates that is nothing.
AGAINST_GLMER = 1e-5
# optimHess takes differences of integrals, with steps of 1e-4, at glmer's estimates.
AGAINST_HESSIAN = 1e-4
REFERENCES = Path(__file__).parents[1] / "references"


def table(firms: int = 40, spread: float = 1.0, seed: int = 5) -> dict[str, Any]:
    """Cells of firms of 1 to 12 customers, in no order, one column constant within firms."""
    rng = np.random.default_rng(seed)
    firm = rng.permutation(np.repeat(np.arange(firms), rng.integers(1, 13, firms)))
    x, level = rng.integers(1, 6, len(firm)).astype(float), rng.normal(2000, 1, firms)[firm]
    odds = -1 + 0.4 * x + 0.5 * (level - 2000) + spread * rng.normal(size=firms)[firm]
    return {
        "design": np.column_stack([np.ones(len(firm)), x, level]),
        "positive": rng.random(len(firm)) < expit(odds),
        "count": np.ones(len(firm), dtype=np.int64),
        "firm": firm,
    }


def by_firm(parameters: np.ndarray, design: Any, positive: Any, count: Any, firm: Any) -> np.ndarray:
    """Log-likelihood of each firm, row by row, by the trapezoidal rule: to rounding for what falls off so fast."""
    u = np.linspace(-10, 10, 2001)
    towards = np.where(positive, 1.0, -1.0)[:, None] * ((design @ parameters[:-1])[:, None] + parameters[-1] * u)
    rows = count[:, None] * log_expit(towards)
    log_joint = np.array([rows[firm == number].sum(axis=0) for number in range(firm.max() + 1)])
    likelihood: np.ndarray = np.log(np.exp(log_joint) @ norm.pdf(u) * 0.01)
    return likelihood


def test_the_trapezoidal_rule_against_quad() -> None:
    data, at = table(firms=5), np.array([-1.0, 0.4, 0.0, 1.3])
    on = data["firm"] == 3
    sign, eta = np.where(data["positive"], 1.0, -1.0)[on], (data["design"] @ at[:-1])[on]

    def joint(u: float) -> float:
        return float(np.exp(log_expit(sign * (eta + at[-1] * u)).sum()) * norm.pdf(u))

    exact = sum(quad(joint, *ends, epsabs=0, epsrel=1e-12)[0] for ends in [(-9, -1), (-1, 1), (1, 9)])
    assert by_firm(at, **data)[3] == pytest.approx(np.log(exact), rel=1e-12)


def parameters_of(fit: RandomIntercept) -> np.ndarray:
    return np.append(fit.coefficients, fit.spread)


@pytest.mark.parametrize("case", ["nps observed", "nps corrected", "ease observed", "ease corrected"])
def test_fit_against_glmer(case: str) -> None:
    stored = pd.read_csv(REFERENCES / "within_between.csv", comment="#")
    expected = stored[stored.case == case].set_index("what").value
    rows = pd.read_csv(REFERENCES / "logistic_rows.csv", comment="#").assign(ease=lambda frame: 6 - frame.effort)
    firm, count = rows.firm.astype("category").cat.codes.to_numpy(np.int64), np.ones(len(rows), dtype=np.int64)
    x = rows[case.split()[0]].to_numpy(float)
    means = firm_means(x, count, firm)
    mean = (means.observed if "observed" in case else means.corrected)[firm]
    design = np.column_stack([np.ones(len(x)), x - mean, mean])
    fit = fit_random_intercept(design, rows.stayed.to_numpy() == 1, count, firm)
    assert fit.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-7)
    V = fit.inverse
    errors = np.sqrt([V[1, 1], V[2, 2], V[1, 1] + V[2, 2] - 2 * V[1, 2]])
    stated = expected[["within_se", "between_se", "contextual_se"]].to_numpy()
    assert errors == pytest.approx(stated, rel=AGAINST_HESSIAN)
    assert fit.coefficients[1:] == pytest.approx(expected[["within", "between"]].to_numpy(), abs=AGAINST_GLMER)
    assert fit.spread == pytest.approx(expected.spread, abs=AGAINST_GLMER)


def test_likelihood_and_its_derivatives_against_integrals() -> None:
    data = table()
    fit = fit_random_intercept(**data)
    at = parameters_of(fit)
    assert fit.log_likelihood == pytest.approx(by_firm(at, **data).sum(), rel=INTEGRAL)
    # The level lies near 2000: a step in its coefficient is a far larger one in the log-odds.
    steps = np.diag([1e-4, 1e-4, 1e-7, 1e-4])
    score = np.column_stack([(by_firm(at + h, **data) - by_firm(at - h, **data)) / (2 * h.sum()) for h in steps])
    np.testing.assert_allclose(
        fit.score / np.abs(score).max(axis=0), score / np.abs(score).max(axis=0), atol=DIFFERENCES
    )
    assert np.abs(fit.score.sum(axis=0) @ fit.inverse @ fit.score.sum(axis=0)) < ROUNDING


def test_slope_and_information_against_refitted_scores() -> None:
    """The score of the fit is that of the integral (above): here its own derivatives, by differences of scores."""
    data = table()
    data["design"][:, 2] -= 2000
    fit, h = fit_random_intercept(**data), 1e-4
    at = parameters_of(fit)

    def score(parameters: np.ndarray) -> np.ndarray:
        steps = 1e-4 * np.eye(len(at))
        return np.column_stack(
            [(by_firm(parameters + s, **data) - by_firm(parameters - s, **data)) / 2e-4 for s in steps]
        )

    step = np.array([h, 0, 0, 0])
    np.testing.assert_allclose(fit.slope, (score(at + step) - score(at - step)) / (2 * h), atol=1e-4)
    moves = [(score(at + h * e) - score(at - h * e)).sum(axis=0) / (2 * h) for e in np.eye(len(at))]
    np.testing.assert_allclose(np.linalg.inv(fit.inverse), -np.array(moves), rtol=1e-4, atol=1e-2)


def test_moved_coefficients_against_refits() -> None:
    """One firm's value of a column that is constant within firms goes up a little, and all is fitted again."""
    data, h = table(), 1e-4
    fit = fit_random_intercept(**data)
    for number in (0, 7, 21):
        ends = []
        for sign in (1, -1):
            design = data["design"].copy()
            design[data["firm"] == number, 2] += sign * h
            ends.append(fit_random_intercept(**{**data, "design": design}).coefficients)
        found = (ends[0] - ends[1]) / (2 * h)
        np.testing.assert_allclose(fit.moved(2)[number], found, rtol=1e-4, atol=1e-6 * np.abs(found).max())


def test_counts_against_rows_and_order() -> None:
    data = table(seed=6)
    data["design"][:, 2] = data["design"][:, 2] > 2000
    fit = fit_random_intercept(**data)
    frame = pd.DataFrame({"x": data["design"][:, 1], "level": data["design"][:, 2], "y": data["positive"]})
    cells = frame.assign(firm=data["firm"]).groupby(["y", "x", "firm", "level"]).size().reset_index(name="n")
    assert len(cells) < len(frame)
    other = fit_random_intercept(
        np.column_stack([np.ones(len(cells)), cells.x, cells.level]), cells.y.to_numpy(), cells.n.to_numpy(),
        cells.firm.to_numpy(),
    )  # fmt: skip
    np.testing.assert_allclose(other.coefficients, fit.coefficients, rtol=ROUNDING)
    np.testing.assert_allclose(other.influence, fit.influence, atol=ROUNDING)


def test_without_spread_it_is_the_plain_model() -> None:
    """Outcomes as equal between firms as they can be: the SD is 0, and influence is summed over the firm's rows."""
    x = np.tile([1.0, 2, 3, 4, 5, 1, 2, 3, 4, 5], 30)
    positive = np.tile([False, False, True, False, True, False, True, False, True, True], 30)
    firm, count = np.repeat(np.arange(30), 10), np.ones(300, dtype=np.int64)
    design = np.column_stack([np.ones(300), x])
    fit, plain = (
        fit_random_intercept(design, positive, count, firm),
        fit_logistic(design, positive, count, np.ones(300)),
    )
    assert fit.spread == 0
    np.testing.assert_allclose(fit.coefficients, plain.coefficients, rtol=ROUNDING)
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood, rel=ROUNDING)
    np.testing.assert_allclose(fit.inverse[:-1, :-1], plain.covariance, rtol=ROUNDING)
    np.testing.assert_allclose(fit.influence, plain.influence.reshape(30, 10, 2).sum(axis=1), atol=ROUNDING)


@pytest.mark.parametrize(("spread", "tolerance"), [(1.0, 1e-8), (2.0, 1e-4), (4.0, 1e-2)])
def test_nodes_against_many_more(spread: float, tolerance: float) -> None:
    """With an SD of 4 the likelihood is rugged with 25 nodes: the climb goes on with 101. In standard errors."""
    data = table(firms=60, spread=spread, seed=9)
    fit, exact = fit_random_intercept(**data), fit_random_intercept(**data, nodes=(201,))
    errors = np.sqrt(np.diag(exact.inverse))
    assert np.abs((parameters_of(fit) - parameters_of(exact)) / errors).max() < tolerance


def test_firms_that_have_one_outcome_each_are_refused() -> None:
    firm = np.repeat(np.arange(40), 10)
    x = np.tile(np.arange(10.0), 40)
    design, count = np.column_stack([np.ones(400), x]), np.ones(400, dtype=np.int64)
    with pytest.raises(cx.SeparationError, match=r"^No estimate was reached in \d+ steps: the predictors come close"):
        fit_random_intercept(design, firm % 2 == 0, count, firm)
