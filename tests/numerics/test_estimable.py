"""Whether an estimate exists, against fits by statsmodels and against arithmetic."""

import numpy as np
import pytest
import statsmodels.api as sm

from cxstats.errors import ColumnError, SeparationError
from cxstats.numerics.estimable import Given, refuse_inestimable, refuse_known

X = np.array([0.0, 1, 2, 3])
Z = np.column_stack([np.ones(4), X])
ROWS = np.full(4, 20.0)


def test_counts_that_grow_from_nothing_have_an_estimate() -> None:
    """0 where x is 0: unlike a binary outcome, that the rest is above 0 does not lead to infinity."""
    y = np.array([0.0, 1, 2, 4])
    refuse_inestimable(Given(Z, y * ROWS, ROWS, "count"), penalised=False)
    fit = sm.GLM(y, Z, family=sm.families.Poisson()).fit(tol=1e-13)
    assert fit.converged
    assert np.abs(fit.params).max() < 5
    # The same rows as a binary outcome are told apart.
    with pytest.raises(SeparationError, match=r"^No predictor may .* but 'column 1' does so in 80 of 80 rows, "):
        refuse_inestimable(Given(Z, (y > 0) * ROWS, ROWS, "binary"), penalised=False)


def test_a_level_without_counts_has_none() -> None:
    level = np.column_stack([np.ones(4), X == 3, X == 1]).astype(float)
    given = Given(level, np.array([5.0, 9, 3, 0]), ROWS, "count", ["shop[b]", "shop[c]"], ["shop", "shop"])
    with pytest.raises(SeparationError, match=r"^No predictor may .* but 'shop' does so in 20 of 80 rows, "):
        refuse_inestimable(given, penalised=False)
    refuse_inestimable(given, penalised=True)


def test_measured_outcomes_need_columns_that_differ() -> None:
    doubled = np.column_stack([Z, 2 * X + 1])
    y = np.array([1.0, 0, 3, 2])
    message = r"^The predictors must not repeat each other, but 'a', 'b' are collinear: each follows exactly from the "
    with pytest.raises(ColumnError, match=message):
        refuse_inestimable(Given(doubled, y, ROWS, "measured", ["a", "b"]), penalised=False)
    # What tells rows apart is held by one that is left out of the sample here.
    without = np.array([0.0, 20, 0, 0])
    with pytest.raises(ColumnError, match=r"^Every predictor must vary, but 'a' holds the same value in all rows\."):
        refuse_inestimable(Given(Z, y * without, without, "measured", ["a"]), penalised=False)
    refuse_inestimable(Given(Z, y, ROWS, "measured", ["a"]), penalised=False)


def test_outcomes_that_are_sums_are_known() -> None:
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(200, 3))
    count = rng.integers(1, 4, 200)
    names = ["a", "b", "c"]
    y = 2 * columns[:, 0] - 3 * columns[:, 2] + 7
    message = (
        rf"^No predictor may hold the outcome, but 'spend' follows exactly from 'a', 'c' in all {count.sum()} rows\."
        r"\nLeave it out: check that it was not measured after the outcome, or computed from it\.$"
    )
    with pytest.raises(SeparationError, match=message):
        refuse_known(columns, y, count, names, names, "spend")
    # One part in a million of another origin, and it is a prediction like any other.
    refuse_known(columns, y + 1e-3 * rng.normal(size=200) * y.std(), count, names, names, "spend")
