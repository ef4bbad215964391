"""Firms' means and their reliability against the truth of a simulation, refits, and weighted least squares."""

from typing import Any

import numpy as np
import pytest

from cxstats import simulate
from cxstats.numerics.firm_reliability import FirmMeans, firm_means

ROUNDING = 1e-10
ERRORS = 4.0


def table(seed: int = 3, firms: int = 50) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 20, firms)
    frame = simulate.firms(firms, rng=rng, answers=sizes)
    cells = frame.groupby(["firm", "csat"]).size().reset_index(name="n")
    return cells.csat.to_numpy(float), cells.n.to_numpy(), cells.firm.to_numpy()


def test_variances_against_truth_in_simulation() -> None:
    truth = simulate.firms_truth(icc=0.1)
    sizes = np.tile([2, 5, 10, 40], 1000)
    frame = simulate.firms(4000, rng=11, answers=sizes, icc=0.1)
    fit = firm_means(frame.csat.to_numpy(float), np.ones(len(frame), dtype=np.int64), frame.firm.to_numpy())
    errors = np.sqrt((fit.influence**2).sum(axis=0))
    assert fit.between_error == pytest.approx(errors[1], rel=ROUNDING)
    assert abs(fit.within_variance - truth.customer_variance) < ERRORS * errors[0]
    assert abs(fit.between_variance - truth.firm_variance) < ERRORS * errors[1]
    assert errors[1] < 0.1 * truth.firm_variance
    expected = truth.firm_variance / (truth.firm_variance + truth.customer_variance * np.mean(1 / sizes))
    assert fit.reliability == pytest.approx(expected, rel=ERRORS * 0.05)
    assert fit.icc == pytest.approx(truth.score_icc, rel=ERRORS * 0.05)


@pytest.mark.parametrize("known", [False, True])
def test_influence_and_slope_against_weighted_refits(known: bool) -> None:
    """A firm counts a little more: the variances move by its influence, and the corrected means by their slope."""
    score, count, firm = table()
    firms, h = int(firm.max()) + 1, 1e-5
    expected = (np.arange(firms) % 3 == 0).astype(float)[:, None] if known else None
    fit = firm_means(score, count, firm, expected)
    basis = np.ones((firms, 1)) if expected is None else np.hstack([np.ones((firms, 1)), expected])
    n, mean = fit.size, fit.observed

    def parameters(mass: Any) -> Any:
        """The two mean squares with firms weighted; leverages and degrees of freedom as with all alike."""
        squares = np.bincount(firm, weights=count * (score - mean[firm]) ** 2)
        sigma2 = mass @ squares / (mass @ (n - 1))
        root = np.sqrt(mass * n)
        slopes = np.linalg.lstsq(basis * root[:, None], mean * root, rcond=None)[0]
        leverage = np.einsum("ij,jk,ik->i", basis, np.linalg.inv((basis * n[:, None]).T @ basis), basis) * n
        residual = n * (mean - basis @ slopes) ** 2
        return sigma2, (mass @ (residual - (1 - leverage) * sigma2)) / (mass @ (n * (1 - leverage)))

    found = parameters(np.ones(firms))
    assert (fit.within_variance, fit.between_variance) == pytest.approx(found, rel=ROUNDING)
    for one in (0, 9, 30):
        bump = h * (np.arange(firms) == one)
        moved = (np.array(parameters(1 + bump)) - np.array(parameters(1 - bump))) / (2 * h)
        np.testing.assert_allclose(fit.influence[one, :2], moved, rtol=1e-5, atol=1e-8)

    def corrected(sigma2: float, tau2: float) -> Any:
        spread = tau2 + sigma2 / n
        return centre + tau2 / spread * (mean - centre)

    weight = 1 / (found[1] + found[0] / n)
    root = np.sqrt(weight)
    slopes = np.linalg.lstsq(basis * root[:, None], mean * root, rcond=None)[0]
    centre = basis @ slopes
    np.testing.assert_allclose(fit.corrected, corrected(*found), rtol=ROUNDING)
    for j, step in enumerate(([h, 0], [0, h])):
        ends = corrected(found[0] + step[0], found[1] + step[1]), corrected(found[0] - step[0], found[1] - step[1])
        np.testing.assert_allclose(fit.slope[:, j], (ends[0] - ends[1]) / (2 * h), atol=1e-7)
    # What is expected of firms is a regression: influence (B'WB)^-1 b w e, whatever basis it is written in.
    influence = (basis * (weight * (mean - centre))[:, None]) @ np.linalg.inv((basis * weight[:, None]).T @ basis)
    share = found[1] * weight
    np.testing.assert_allclose(
        fit.slope[:, 2:] @ fit.influence[:, 2:].T, (1 - share)[:, None] * (basis @ influence.T), atol=ROUNDING
    )


def test_a_known_column_that_repeats_another_changes_nothing() -> None:
    score, count, firm = table()
    firms = int(firm.max()) + 1
    column = np.arange(firms) % 3 * 1.0
    once, more = (
        firm_means(score, count, firm, np.column_stack(columns))
        for columns in ([column], [column, 2 * column + 1e6, np.full(firms, 7.0)])
    )
    assert once.slope.shape == more.slope.shape == (firms, 4)
    np.testing.assert_allclose(more.corrected, once.corrected, rtol=1e-8)


def test_firms_that_are_alike_have_no_corrected_means() -> None:
    score, firm = np.tile([1.0, 2.0, 5.0, 1.0, 2.0, 5.0], 40), np.repeat(np.arange(40), 6)
    score[0] = 2.0
    fit: FirmMeans = firm_means(score, np.ones(240, dtype=np.int64), firm)
    assert fit.between_variance < 0
    assert fit.reliability == fit.icc == 0
    assert np.isnan(fit.corrected).all()
