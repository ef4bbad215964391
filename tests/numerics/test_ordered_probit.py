"""The kernel of the ordered probit: statsmodels on the Olist counts, influence against derivatives, separation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

import cxstats as cx
from cxstats.numerics.ordered_probit import fit_ordered_probit, latent_sd, standardised

OLIST = Path(__file__).parents[2] / "data" / "olist_deliveries.csv"
ROUNDING = 1e-10
DERIVATIVE = 1e-6  # central differences of the weights
STATSMODELS = 1e-6  # it stops at a gradient of 1e-8 per row


def test_olist_against_statsmodels() -> None:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    cells = pd.read_csv(OLIST, comment="#").groupby(["stars", "days_early"])["n"].sum().reset_index()
    gap = cells.days_early.to_numpy(dtype=float)
    design = np.column_stack([np.minimum(gap, 0), np.maximum(gap, 0)])
    fit = fit_ordered_probit(design, cells.stars.to_numpy() - 1, cells.n.to_numpy(), np.ones(len(cells)))
    rows = np.repeat(np.arange(len(cells)), cells.n)
    model = OrderedModel(cells.stars.to_numpy()[rows], design[rows], distr="probit")
    theirs = model.fit(method="bfgs", disp=0, gtol=1e-8, maxiter=500)
    assert fit.coefficients == pytest.approx(theirs.params[:2], rel=STATSMODELS, abs=STATSMODELS)
    assert fit.coefficients == pytest.approx([0.19605, 0.01259], abs=5e-6)
    assert fit.thresholds == pytest.approx(model.transform_threshold_params(theirs.params)[1:-1], abs=1e-5)
    assert fit.log_likelihood == pytest.approx(theirs.llf, rel=ROUNDING)


def sample(k: int = 80) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(9)
    design = np.column_stack([rng.integers(0, 11, k), rng.standard_normal(k)]).astype(float)
    code = np.searchsorted([0.0, 1.0, 1.8], 0.2 * design[:, 0] - 0.3 * design[:, 1] + rng.standard_normal(k))
    return design, code, rng.integers(1, 6, k), rng.uniform(0.3, 3, k)


def everything(design: np.ndarray, code: np.ndarray, count: np.ndarray, weight: np.ndarray) -> np.ndarray:
    fit = fit_ordered_probit(design, code, count, weight)
    contrast = np.array([1.0, -2.0])
    return np.array(
        [
            *fit.coefficients,
            *fit.thresholds,
            latent_sd(fit, design, count, weight)[0],
            standardised(fit, contrast, design, count, weight)[0],
        ]
    )


def test_influence_against_perturbed_weights() -> None:
    design, code, count, weight = sample()
    fit = fit_ordered_probit(design, code, count, weight)
    influence = np.column_stack(
        [
            fit.influence,
            latent_sd(fit, design, count, weight)[1],
            standardised(fit, np.array([1.0, -2.0]), design, count, weight)[1],
        ]
    )
    for cell in range(0, 80, 9):
        step = np.zeros(80)
        step[cell] = 1e-4
        slope = (everything(design, code, count, weight + step) - everything(design, code, count, weight - step)) / 2e-4
        assert slope * weight[cell] / count[cell] == pytest.approx(influence[cell], rel=DERIVATIVE, abs=1e-8)
    assert count @ influence == pytest.approx(0, abs=1e-9)


def test_covariance_against_numerical_information() -> None:
    """Where every weight is 1, the scores of the rows are the influence times the information."""
    design, code, count, _ = sample()
    fit = fit_ordered_probit(design, code, count, np.ones(80))
    beta, cuts = fit.coefficients, np.array([-np.inf, *fit.thresholds, np.inf])

    def likelihood(move: np.ndarray) -> float:
        from scipy.stats import norm

        moved = np.array([-np.inf, *(fit.thresholds + move[2:]), np.inf])
        line = design @ (beta + move[:2])
        return float(count @ np.log(norm.cdf(moved[code + 1] - line) - norm.cdf(moved[code] - line)))

    assert likelihood(np.zeros(5)) == pytest.approx(fit.log_likelihood, rel=ROUNDING)
    assert len(cuts) == 5
    h, unit = 1e-3, np.eye(5)
    second = np.array(
        [
            [
                likelihood(h * (a + b)) - likelihood(h * (a - b)) - likelihood(h * (b - a)) + likelihood(-h * (a + b))
                for b in unit
            ]
            for a in unit
        ]
    ) / (4 * h * h)
    # Second differences with steps of 1e-3 have errors of about 1e-4 relative (design values up to 10).
    assert fit.covariance == pytest.approx(np.linalg.inv(-second), rel=2e-3, abs=1e-6)


def test_no_predictors_against_shares() -> None:
    count = np.array([10, 20, 30, 40])
    fit = fit_ordered_probit(np.zeros((4, 0)), np.arange(4), count, np.ones(4))
    assert fit.thresholds == pytest.approx(ndtri([0.1, 0.3, 0.6]), rel=ROUNDING)


def test_far_predictor_against_shifted_one() -> None:
    """A year as a predictor puts the thresholds hundreds of standard deviations out, and separates nothing."""
    design, code, count, weight = sample()
    plain = fit_ordered_probit(design, code, count, weight)
    far = fit_ordered_probit(design * [1, 1e-3] + [2020, 0], code, count, weight)
    assert far.coefficients * [1, 1e-3] == pytest.approx(plain.coefficients, rel=1e-9)
    assert far.thresholds - 2020 * far.coefficients[0] == pytest.approx(plain.thresholds, abs=1e-7)
    assert far.influence[:, :2] * [1, 1e-3] == pytest.approx(plain.influence[:, :2], rel=1e-7, abs=1e-10)


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_separated_levels_are_refused_in_any_unit(unit: float) -> None:
    """Only the top level is settled: thresholds stay within 7 standard deviations, yet no finite fit exists."""
    design, code, count, weight = sample()
    design[:, 1] = (code == 3) * unit
    with pytest.raises(cx.SeparationError, match=r"but 'b' does so in "):
        fit_ordered_probit(design, code, count, weight, ("a", "b"))


def test_levels_without_rows_are_refused() -> None:
    design, code, count, weight = sample()
    with pytest.raises(cx.TooFewError, match=r"but of 5 levels 1 do not occur\.\nNumber only the levels that do\."):
        fit_ordered_probit(design, np.where(code == 3, 4, code), count, weight)
