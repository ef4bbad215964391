"""Scores in known shapes: the truth against statsmodels and by hand, the draws against the truth."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats import simulate

FITTED = 1e-9  # two programs at the same maximum
ROUNDING = 1e-12
ERRORS = 4.0
# The shares of the levels that `cohort` gives before the gap moves them.
PopulationLogit = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[float, np.ndarray]]
CSAT = [0.04, 0.07, 0.16, 0.43, 0.30]
LEVELS = {"csat": (1, 5), "nps": (0, 10), "ease": (1, 7)}


@pytest.mark.parametrize("metric", ["csat", "nps", "ease"])
@pytest.mark.parametrize("shape", ["linear", "top two", "curve"])
def test_losses_against_statsmodels(metric: str, shape: str, population_logit: PopulationLogit) -> None:
    truth = simulate.shapes_truth(metric=metric, shape=shape, strength=0.7, repurchase=0.3)  # type: ignore[arg-type]
    low, high = LEVELS[metric]
    np.testing.assert_array_equal(truth.levels, np.arange(low, high + 1))
    good, bad = truth.level_share * truth.repurchase_at, truth.level_share * (1 - truth.repurchase_at)
    full = population_logit(truth.levels, bad, good)[0]
    top = population_logit(truth.levels >= high - 1, bad, good)[0]
    assert truth.coded["full scale"].log_loss == pytest.approx(full, abs=FITTED)
    assert truth.coded["top two"].log_loss == pytest.approx(top, abs=FITTED)
    assert truth.gain == pytest.approx(full - top, abs=2 * FITTED)
    saturated = -float(good @ np.log(truth.repurchase_at) + bad @ np.log(1 - truth.repurchase_at))
    assert truth.coded["saturated"].log_loss == pytest.approx(saturated, abs=FITTED)
    assert truth.bend == pytest.approx(full - saturated, abs=2 * FITTED)
    assert truth.nothing == pytest.approx(-0.3 * np.log(0.3) - 0.7 * np.log(0.7), abs=ROUNDING)


def test_csat_against_its_parameters() -> None:
    truth = simulate.shapes_truth(strength=0.5, repurchase=0.55)
    np.testing.assert_allclose(truth.level_share, CSAT, atol=ROUNDING)
    odds = np.log(truth.repurchase_at / (1 - truth.repurchase_at))
    spread = np.sqrt(truth.level_share @ (truth.levels - truth.level_share @ truth.levels) ** 2)
    np.testing.assert_allclose(np.diff(odds), 0.5 / spread, rtol=ROUNDING * 100)
    assert truth.rate == pytest.approx(0.55, abs=ROUNDING)
    assert truth.level_share @ truth.repurchase_at == pytest.approx(0.55, abs=ROUNDING)


def test_each_shape_is_won_by_its_own_coding() -> None:
    line, step, curve = (simulate.shapes_truth(shape=shape) for shape in ("linear", "top two", "curve"))
    assert line.gain < 0 < step.gain
    assert line.bend == 0 < min(step.bend, curve.bend)
    assert step.coded["top two"].log_loss == pytest.approx(step.coded["saturated"].log_loss, abs=ROUNDING)
    assert line.coded["full scale"].log_loss == pytest.approx(line.coded["saturated"].log_loss, abs=ROUNDING)
    assert step.auc_gain == pytest.approx(0, abs=ROUNDING)


def test_curve_is_the_square_of_the_way_up() -> None:
    truth = simulate.shapes_truth(shape="curve", strength=0.5)
    square = np.array([0, 1, 4, 9, 16]) / 16
    odds = np.log(truth.repurchase_at / (1 - truth.repurchase_at))
    spread = np.sqrt(truth.level_share @ (square - truth.level_share @ square) ** 2)
    np.testing.assert_allclose(odds - odds[0], 0.5 * square / spread, atol=ROUNDING * 10)


def test_step_area_by_hand() -> None:
    truth = simulate.shapes_truth(shape="top two", strength=0.5)
    low, high = truth.repurchase_at[0], truth.repurchase_at[4]
    good, bad = 0.73 * high / 0.55, 0.73 * (1 - high) / 0.45  # shares of either group at the top two
    area = good * (1 - bad) + (good * bad + (1 - good) * (1 - bad)) / 2
    assert truth.coded["top two"].auc == pytest.approx(area, abs=ROUNDING)
    assert np.log(high / (1 - high) * (1 - low) / low) == pytest.approx(0.5 / np.sqrt(0.73 * 0.27), abs=ROUNDING * 100)


def test_a_score_that_knows_nothing() -> None:
    truth = simulate.shapes_truth(strength=0.0)
    np.testing.assert_allclose(truth.repurchase_at, 0.55, atol=ROUNDING)
    assert truth.gain == pytest.approx(0, abs=ROUNDING)


@pytest.mark.parametrize(("metric", "shape"), [("csat", "linear"), ("nps", "top two"), ("ease", "curve")])
def test_shapes_against_truth_in_simulation(metric: str, shape: str) -> None:
    n = 200_000
    options = {"metric": metric, "shape": shape, "strength": 0.6, "repurchase": 0.4}
    truth = simulate.shapes_truth(**options)  # type: ignore[arg-type]
    frame = simulate.shapes(n, rng=11, **options)  # type: ignore[arg-type]
    assert list(frame.columns) == [metric, "repurchase"]
    assert (frame.dtypes == np.int64).all()
    table = frame.groupby(metric)["repurchase"].agg(["size", "mean"])
    np.testing.assert_array_equal(table.index, truth.levels)
    share, at = truth.level_share, truth.repurchase_at
    assert (np.abs(table["size"] / n - share) < ERRORS * np.sqrt(share * (1 - share) / n)).all()
    assert (np.abs(table["mean"] - at) < ERRORS * np.sqrt(at * (1 - at) / table["size"])).all()


def test_same_seed_gives_same_frame() -> None:
    pd.testing.assert_frame_equal(simulate.shapes(300, rng=7), simulate.shapes(300, rng=np.random.default_rng(7)))
    assert not simulate.shapes(300, rng=7).equals(simulate.shapes(300, rng=8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "tnps"}, r"^metric must be one of 'nps', 'csat', 'ease', but 'tnps' was given\.$"),
        ({"shape": "u"}, r"^shape must be one of 'linear', 'top two', 'curve', but 'u' was given\.$"),
        ({"strength": float("inf")}, r"^strength must be a finite number, but inf was given\.$"),
        ({"strength": "much"}, r"^strength must be a finite number, but 'much' was given\.$"),
        ({"repurchase": 1}, r"^repurchase=1 must lie strictly between 0 and 1\.$"),
    ],
)
def test_impossible_parameters_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(cx.RoleError, match=message):
        simulate.shapes(10, rng=1, **options)  # type: ignore[arg-type]


def test_impossible_size_is_refused() -> None:
    with pytest.raises(cx.TooFewError, match=r"^n must be a whole number from 1 up, but 0 was given\.$"):
        simulate.shapes(0, rng=1)
