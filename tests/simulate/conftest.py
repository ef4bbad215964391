"""What the tests of several simulators share: logistic regression of a population by statsmodels."""

from collections.abc import Callable

import numpy as np
import pytest
import statsmodels.api as sm

PopulationLogit = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[float, np.ndarray]]


def fit_population(columns: np.ndarray, bad: np.ndarray, good: np.ndarray) -> tuple[float, np.ndarray]:
    """Log-loss per customer, and the chance of each combination."""
    design = np.column_stack([np.ones(len(bad)), columns])
    outcome = np.repeat([0.0, 1.0], len(bad))
    model = sm.GLM(outcome, np.tile(design, (2, 1)), sm.families.Binomial(), freq_weights=np.r_[bad, good] * 1e6)
    chance = model.fit(tol=1e-14).fittedvalues[: len(bad)]
    return -float(good @ np.log(chance) + bad @ np.log(1 - chance)), chance


@pytest.fixture
def population_logit() -> PopulationLogit:
    return fit_population
