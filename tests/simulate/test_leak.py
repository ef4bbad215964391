"""A score that was computed from the outcome."""

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats import simulate

ROUNDING = 1e-12
ERRORS = 4.0


@pytest.mark.parametrize("unsure", [0.1, 0.4, 0.8])
def test_area_against_pairs_written_out(unsure: float) -> None:
    bad = {1: (1 - unsure) / 2, 2: (1 - unsure) / 2, 3: unsure}
    good = {3: unsure, 4: (1 - unsure) / 2, 5: (1 - unsure) / 2}
    area = sum(p * q * (1.0 if g > b else 0.5) for g, p in good.items() for b, q in bad.items())
    assert simulate.leak_truth(unsure=unsure).auc == pytest.approx(area, abs=ROUNDING)


def test_leak_against_truth_in_simulation() -> None:
    n = 200_000
    frame = simulate.leak(n, rng=71)
    assert list(frame.columns) == ["nps", "csat", "ease", "days_early", "satisfaction", "repurchase"]
    assert (frame.dtypes == np.int64).all()
    rate = frame.groupby("satisfaction")["repurchase"].mean()
    assert rate[[1, 2, 4, 5]].tolist() == [0, 0, 1, 1]
    truth = simulate.truth()
    assert abs(rate[3] - truth.rate) < ERRORS * np.sqrt(0.25 / (0.4 * n))
    share = frame["satisfaction"].value_counts(normalize=True)
    bad, good = 0.3 * (1 - truth.rate), 0.3 * truth.rate
    for level, expected in {1: bad, 2: bad, 3: 0.4, 4: good, 5: good}.items():
        assert abs(share[level] - expected) < ERRORS * np.sqrt(expected * (1 - expected) / n)
    ranks, up = frame["satisfaction"].rank(), frame["repurchase"] == 1
    m = int(up.sum())
    area = (ranks[up].sum() - m * (m + 1) / 2) / (m * (n - m))
    assert abs(area - simulate.leak_truth().auc) < ERRORS * np.sqrt(1 / (12 * m) + 1 / (12 * (n - m)))


def test_the_rest_is_the_cohort() -> None:
    pd.testing.assert_frame_equal(simulate.leak(300, rng=7).drop(columns="satisfaction"), simulate.cohort(300, rng=7))
    pd.testing.assert_frame_equal(simulate.leak(300, rng=7), simulate.leak(300, rng=np.random.default_rng(7)))


def test_impossible_parameters_are_refused() -> None:
    with pytest.raises(cx.RoleError, match=r"^unsure=1 must lie strictly between 0 and 1\.$"):
        simulate.leak(10, rng=1, unsure=1.0)
    with pytest.raises(cx.TooFewError, match=r"^n must be a whole number from 1 up, but 0 was given\.$"):
        simulate.leak(0, rng=1)
