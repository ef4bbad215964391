"""The shape of published surfaces, from their coefficients alone, against the R package of the field."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxstats.numerics.response_surface import TERMS, surface_shape

REFERENCES = Path(__file__).parents[1] / "references"
PRINTED = 1e-13  # the reference has 15 digits, and no more than sums and a square root lie between
# Shanock et al. (2010), doi:10.1007/s10869-010-9183-4, table 2 on p. 548; then the example of R's RSA. E before P.
COEFFICIENTS = {"shanock": [-0.23, 0.77, -0.07, 0.27, -0.10], "package": [0.131, 0.382, 0.074, 0.002, 0.039]}
# Of their covariance, what enters the four lines: its diagonal, b1 with b2, and b3, b4, b5 among themselves.
SPREAD = np.diag(np.square([0.09, 0.09, 0.07, 0.11, 0.07]))
SPREAD[2, 4] = SPREAD[4, 2] = 0.001
SPREAD[2, 3] = SPREAD[3, 2] = -0.003
SPREAD[4, 3] = SPREAD[3, 4] = -0.004
DF = 181


@pytest.mark.parametrize("example", COEFFICIENTS)
def test_published_examples_against_r(example: str) -> None:
    stored = pd.read_csv(REFERENCES / "response_surface_published.csv", comment="#")
    known = stored[stored.example == example].set_index("term")
    shape = surface_shape(np.array(COEFFICIENTS[example]), SPREAD, DF)
    assert list(known.index) == list(TERMS[5:])
    assert shape.estimate[5:] == pytest.approx(known.estimate.to_numpy(), rel=PRINTED)
    if example == "package":  # the article's table gives no covariances
        assert shape.std_error[5:] == pytest.approx(known.std_error.to_numpy(), rel=PRINTED, nan_ok=True)
