"""The kernel of logistic regression: influence against derivatives, closed forms, runaway fits."""

import numpy as np
import pytest

import cxstats as cx
from cxstats.numerics.logistic import fit_logistic

ROUNDING = 1e-10
DERIVATIVE = 1e-6  # central differences of weights by 1e-4: errors of 1e-8 relative to the influence, times curvature


def sample(k: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    design = np.column_stack([np.ones(k), rng.integers(0, 11, k), rng.standard_normal(k)])
    positive = rng.random(k) < 0.5
    return design, positive, rng.integers(1, 9, k), rng.uniform(0.3, 3, k)


def test_influence_against_perturbed_weights() -> None:
    """The derivative by the weight of a cell's rows is the influence times their number, over the weight."""
    design, positive, count, weight = sample()
    fit = fit_logistic(design, positive, count, weight, ("(intercept)", "a", "b"))
    for cell in range(0, 60, 7):
        ends = []
        for step in (1e-4, -1e-4):
            moved = weight.copy()
            moved[cell] += step
            ends.append(fit_logistic(design, positive, count, moved, ("(intercept)", "a", "b")).coefficients)
        slope = (ends[0] - ends[1]) / 2e-4
        assert slope * weight[cell] / count[cell] == pytest.approx(fit.influence[cell], rel=DERIVATIVE, abs=1e-9)
    assert count @ fit.influence == pytest.approx(0, abs=ROUNDING)


def test_two_by_two_against_closed_form() -> None:
    """With one indicator the log odds ratio and Woolf's variance are the answer."""
    design = np.array([[1, 0], [1, 0], [1, 1], [1, 1]], dtype=float)
    positive, count = np.array([True, False, True, False]), np.array([30, 70, 45, 20])
    fit = fit_logistic(design, positive, count, np.ones(4), ("(intercept)", "group"))
    assert fit.coefficients == pytest.approx([np.log(30 / 70), np.log(45 * 70 / (20 * 30))], rel=ROUNDING)
    assert fit.covariance[1, 1] == pytest.approx((1 / count).sum(), rel=ROUNDING)
    assert fit.covariance[0, 0] == pytest.approx(1 / 30 + 1 / 70, rel=ROUNDING)
    share = count / np.array([100, 100, 65, 65])
    assert fit.log_likelihood == pytest.approx(count @ np.log(share), rel=ROUNDING)
    assert fit.null_log_likelihood == pytest.approx(75 * np.log(75 / 165) + 90 * np.log(90 / 165), rel=ROUNDING)


def test_rare_events_and_steep_slopes_against_closed_form() -> None:
    """One event in a million on one side, one non-event on the other: far out, but not separated."""
    design = np.array([[1, 0], [1, 0], [1, 1], [1, 1]], dtype=float)
    positive, count = np.array([True, False, True, False]), np.array([1, 10**9, 10**9, 1])
    fit = fit_logistic(design, positive, count, np.ones(4), ("(intercept)", "group"))
    assert fit.coefficients == pytest.approx([-np.log(1e9), 2 * np.log(1e9)], rel=1e-8)


def test_cells_without_rows_or_weight_against_cells_left_out() -> None:
    design, positive, count, weight = sample()
    count[:5], weight[5:9] = 0, 0.0
    names = ("(intercept)", "a", "b")
    fit = fit_logistic(design, positive, count, weight, names)
    expected = fit_logistic(design[9:], positive[9:], count[9:], weight[9:], names)
    assert fit.coefficients == pytest.approx(expected.coefficients, rel=ROUNDING)
    assert fit.covariance == pytest.approx(expected.covariance, rel=ROUNDING)


def test_one_outcome_is_refused() -> None:
    design, positive, count, weight = sample()
    with pytest.raises(cx.TooFewError, match=r"^Both outcomes must occur in rows with a weight above 0"):
        fit_logistic(design, positive | True, count, weight, ("(intercept)", "a", "b"))


def test_columns_that_repeat_each_other_are_refused() -> None:
    design, positive, count, weight = sample()
    twice = np.column_stack([design, design[:, 1] * 2 - 3])
    with pytest.raises(cx.ColumnError, match=r"'a', 'c' are collinear: each follows exactly from the others\."):
        fit_logistic(twice, positive, count, weight, ("(intercept)", "a", "b", "c"))


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_separation_does_not_depend_on_units(unit: float) -> None:
    design, positive, count, weight = sample()
    design[:, 2] = np.where(positive, 1, -1) * (1 + np.abs(design[:, 2])) * unit
    with pytest.raises(cx.SeparationError, match=r"but 'b' does so in "):
        fit_logistic(design, positive, count, weight, ("(intercept)", "a", "b"))


def test_a_climb_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where floating point ends before the top is reached, that is said, although nothing separates."""
    from cxstats.numerics import newton

    design, positive, count, weight = sample()
    monkeypatch.setattr(newton, "STEPS", 1)
    message = (
        r"No estimate was reached in 1 steps: the predictors come close to telling the outcomes apart perfectly\.\n"
        r"Merge rare levels, or leave out the predictors with the largest differences\."
    )
    with pytest.raises(cx.SeparationError, match=f"^{message}$"):
        fit_logistic(design, positive, count, weight)
