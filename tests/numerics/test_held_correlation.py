"""The correlation of an outcome with predictions, against all rows and repeats written out."""

import numpy as np
import pytest

from cxstats.numerics.held_correlation import held_correlation

# The same sums in another order; squares are got from a difference.
ROUNDING = 1e-12
DIFFERENTIATED = 1e-6


def test_correlation_and_influence_against_rows_and_repeats() -> None:
    rng = np.random.default_rng(4)
    j, repeats = 30, 4
    y, count = rng.normal(size=j), rng.integers(1, 5, j).astype(float)
    predicted = 3 + rng.normal(size=(2, repeats, j)) + y  # two models, each repeat with predictions of its own
    found = held_correlation(y, predicted.mean(axis=1).T, ((predicted - y) ** 2).mean(axis=1).T, count)

    def written_out(weight: np.ndarray, model: int) -> float:
        w, x, p = np.tile(weight, repeats), np.tile(y, repeats), predicted[model].ravel()
        covariance = np.cov(np.vstack([x, p]), aweights=w)
        return float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))

    for model in range(2):
        assert found.estimate[model] == pytest.approx(written_out(count, model), abs=ROUNDING)
        for row in range(j):
            step = 1e-4 * (np.arange(j) == row)
            slope = (written_out(count + step, model) - written_out(count - step, model)) / 2e-4
            assert found.influence[row, model] == pytest.approx(slope, abs=DIFFERENTIATED * 0.1)


def test_repeats_are_not_put_together() -> None:
    """Predictions that are noise in every repeat stay so: their mean over many would predict better."""
    rng = np.random.default_rng(4)
    y = rng.normal(size=2000)
    predicted = y + 2 * rng.normal(size=(50, 2000))
    found = held_correlation(
        y, predicted.mean(axis=0)[:, None], ((predicted - y) ** 2).mean(axis=0)[:, None], np.ones(2000)
    )
    assert found.estimate[0] == pytest.approx(1 / np.sqrt(5), abs=0.03)  # 4 standard errors of 2,000 outcomes
    assert np.corrcoef(y, predicted.mean(axis=0))[0, 1] > 0.9
