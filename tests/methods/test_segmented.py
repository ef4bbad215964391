"""The estimated bend against the R package segmented, against rows, and in simulation with a known bend."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import ndtri

import cxstats as cx
from cxstats.arrays import Floats
from cxstats.methods.segmented import SegmentedRegression, segmented
from cxstats.numerics import max_t

ROUNDING = 1e-9
CONVERGED = 1e-7  # Muggeo's iterations stop beside the smallest sum of squares; slopes and breakpoint are of order 1
STARS = cx.Rating("stars", cx.CSAT5)
REFERENCE = pd.read_csv(Path(__file__).parents[1] / "references" / "segmented.csv", comment="#")
QUICK = 200  # directions for the test of no bend where it is not what is looked at: the whole 20,000 take long
END = r"^The breakpoint lies at an end of the range that was searched \(1 to 9\): the bend may lie farther out, or "


def made(n: int, levels: int, step: float) -> tuple[Floats, Floats]:
    """Predictor and noise, as segmented.R makes them."""
    i = np.arange(1, n + 1)
    x: Floats = (i * 7919 % levels).astype(np.float64) * step
    return x, ndtri((i * 104729 % 9973 + 0.5) / 9973)


def case(name: str) -> pd.DataFrame:
    x, noise = made(301, 1009, 0.01) if name == "plateau" else made(420, 11, 1.0)
    y = {
        "plateau": np.minimum(x, 6) + 0.7 * noise,
        "knee": 0.2 * x + 0.9 * np.maximum(x - 4.4, 0) + 0.6 * noise,
        "slight": 0.2 * x + 0.1 * np.maximum(x - 5, 0) + noise,
        "straight": 0.2 * x + noise,
    }[name]
    return pd.DataFrame({"x": x, "y": np.round(y, 3)})


def known(name: str, part: str) -> float:
    return float(REFERENCE.loc[(REFERENCE["case"] == name) & (REFERENCE["part"] == part), "value"].item())


def along(frame: Any, **more: Any) -> SegmentedRegression:
    given = {"outcome": cx.Continuous("y"), "disconfirmation": "x", "rng": 1, "replicates": 200}
    return segmented(frame, **{**given, **more})


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(max_t, "DIRECTIONS", QUICK)


@pytest.mark.parametrize("name", ["plateau", "knee"])
def test_estimates_against_segmented(name: str) -> None:
    below, above, bend, cut = along(case(name)).estimate
    assert cut == pytest.approx(known(name, "breakpoint"), rel=CONVERGED)
    assert [below, above] == pytest.approx([known(name, "below"), known(name, "above")], abs=CONVERGED)
    assert bend == pytest.approx(known(name, "below") - known(name, "above"), abs=CONVERGED)


@pytest.mark.parametrize("name", ["plateau", "knee", "slight", "straight"])
def test_no_bend_against_davies(name: str) -> None:
    """Another statistic (spread taken as equal) and a bound on its tail: the conclusion is the same."""
    found = along(case(name)).no_bend.p_value
    assert (found < 0.05) == (known(name, "davies") < 0.05)
    assert (found < 1e-6) == (known(name, "davies") < 1e-6)


@pytest.mark.parametrize("cluster", [None, "firm"])
def test_standard_errors_against_statsmodels(cluster: str | None) -> None:
    """With the breakpoint between values, the slopes are those of two separate regressions."""
    frame = case("knee").assign(firm=np.arange(420) // 7)
    result = along(frame, cluster=cluster)
    assert 4 < result.estimate[3] < 5
    design = np.column_stack(
        [part * (np.sign(frame["x"] - 4.5) == side) for side in (-1, 1) for part in (np.ones(420), frame["x"])]
    )
    model = sm.OLS(frame["y"], design)
    if cluster is None:
        fit, factor = model.fit(cov_type="HC0"), 420 / 419
    else:
        fit = model.fit(cov_type="cluster", cov_kwds={"groups": frame["firm"], "use_correction": False})
        factor = 60 / 59
    covariance = factor * fit.cov_params().to_numpy()[np.ix_([1, 3], [1, 3])]
    assert result.estimate[:2] == pytest.approx(fit.params.to_numpy()[[1, 3]], rel=ROUNDING)
    bend = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert result.std_error[:3] ** 2 == pytest.approx([covariance[0, 0], covariance[1, 1], bend], rel=ROUNDING)
    assert np.isnan(result.std_error[3])


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("cluster", [None, "firm"])
def test_intervals_against_the_bootstrap_of_rows(cluster: str | None) -> None:
    """The middle of many samples drawn by other means, each fitted by itself through the front door."""
    frame = case("knee").assign(firm=np.arange(420) // 7)
    result = along(frame, cluster=cluster, replicates=1000)
    rng = np.random.default_rng(2)
    firms = [part for _, part in frame.groupby("firm")]
    moved = []
    for _ in range(150):
        if cluster is None:
            again = frame.iloc[rng.integers(0, 420, 420)]
        else:
            again = pd.concat([firms[i] for i in rng.integers(0, 60, 60)])
        moved.append(np.abs(along(again).estimate - result.estimate))
    limits = result.confidence_interval(0.8)
    inside = (np.array(moved) <= limits.high - result.estimate).mean(axis=0)
    # Both the share and the limit itself are drawn.
    assert inside == pytest.approx(np.full(4, 0.8), abs=4 * math.sqrt(0.8 * 0.2 * (1 / 150 + 1 / 1000)))
    assert limits.high - result.estimate == pytest.approx(result.estimate - limits.low)


@pytest.mark.usefixtures("quick")
def test_intervals_cover_in_simulation() -> None:
    rng = np.random.default_rng(3)
    truth, runs = np.array([0.6, 0.1, 0.5, 5.0]), 120
    covered, linearised = np.zeros(4), np.zeros(3)
    for run in range(runs):
        x = rng.integers(0, 11, 400).astype(np.float64)
        y = 0.6 * np.minimum(x - 5, 0) + 0.1 * np.maximum(x - 5, 0) + rng.standard_normal(400)
        result = along(pd.DataFrame({"x": x, "y": y}), rng=run)
        limits = result.confidence_interval()
        covered += (limits.low <= truth) & (truth <= limits.high)
        linearised += result.p_value[:3] < 0.05
    assert (covered / runs > 0.95 - 4 * math.sqrt(0.95 * 0.05 / runs)).all()
    assert linearised[2] == runs  # the bend is seen each time


@pytest.mark.usefixtures("quick")
def test_clusters_cover_in_simulation() -> None:
    """Firms that share both predictor and outcome: rows taken as independent would be far too sure."""
    rng = np.random.default_rng(4)
    runs, firm = 100, np.arange(480) % 60
    covered, naive, truth = np.zeros(4), np.zeros(4), np.array([0.6, 0.1, 0.5, 5.0])
    for run in range(runs):
        x = np.clip(np.round(rng.integers(0, 11, 60)[firm] + rng.standard_normal(480)), 0, 10)
        level = 0.8 * rng.standard_normal(60)[firm]
        y = 0.6 * np.minimum(x - 5, 0) + 0.1 * np.maximum(x - 5, 0) + level + 0.7 * rng.standard_normal(480)
        frame = pd.DataFrame({"x": x, "y": y, "firm": firm})
        for into, cluster in ((covered, "firm"), (naive, None)):
            limits = along(frame, rng=run, cluster=cluster).confidence_interval()
            into += (limits.low <= truth) & (truth <= limits.high)
    assert (covered / runs > 0.95 - 4 * math.sqrt(0.95 * 0.05 / runs)).all()
    assert (naive[:3] / runs < 0.95 - 4 * math.sqrt(0.95 * 0.05 / runs)).all()


def test_p_values_belong_to_the_intervals() -> None:
    result = along(case("plateau"), replicates=999)
    below, above, bend, cut = result.p_value
    assert below == 1 / 1000
    assert bend == result.no_bend.p_value
    assert np.isnan(cut)
    for level in (1 - above - 0.003, 1 - above + 0.003):
        limits = result.confidence_interval(level)
        assert (limits.low[1] <= 0 <= limits.high[1]) == (level > 1 - above)


def test_the_seed_is_kept_and_makes_the_same_draws() -> None:
    frame = case("knee")
    first = along(frame, rng=None)
    again = along(frame, rng=first.seed)
    assert np.array_equal(first.resampled, again.resampled)
    assert along(frame, rng=np.random.default_rng(1)).seed is None
    assert f"200 bootstrap samples, seed {first.seed}." in str(first)


def test_effort_rating_and_binary_outcomes() -> None:
    rng = np.random.default_rng(5)
    ease = rng.integers(1, 8, 800)
    stars = np.clip(np.round(1 + np.minimum(ease, 4) + 0.5 * rng.standard_normal(800)), 1, 5)
    frame = pd.DataFrame({"ease": ease, "effort": 8 - ease, "stars": stars, "back": (stars > 3).astype(int)})
    easy = segmented(frame, outcome=STARS, metrics={"ease": cx.EASE7}, rng=1, replicates=200)
    effort = {"effort": cx.Scale(1, 7, higher_is_better=False, kind="ces")}
    hard = segmented(frame, outcome=STARS, metrics=effort, rng=1, replicates=200)
    assert hard.estimate == pytest.approx(easy.estimate, rel=ROUNDING)
    assert easy.estimate[3] == pytest.approx(4, abs=0.3)
    assert easy.share_at_top == (stars == 5).mean()
    share = segmented(frame, outcome=cx.Binary("back"), metrics={"ease": cx.EASE7}, rng=1, replicates=200)
    linear = segmented(frame, outcome=cx.Continuous("back"), metrics={"ease": cx.EASE7}, rng=1, replicates=200)
    assert np.array_equal(share.estimate, linear.estimate)
    assert np.isnan(share.share_at_top)


def test_a_bend_at_the_end_is_told() -> None:
    rng = np.random.default_rng(6)
    x = rng.integers(0, 11, 300).astype(np.float64)
    frame = pd.DataFrame({"x": x, "y": np.select([x == 0, x == 1], [-3.0, 0.8], 0.0) + 0.2 * rng.standard_normal(300)})
    with pytest.warns(cx.CxStatsWarning, match=END + r"there may be none\.$"):
        result = along(frame)
    assert result.estimate[3] == result.searched[0] == 1
    assert len(result.notes) == 1


def test_samples_without_a_fit_are_told() -> None:
    """All rows at the lower values in one of 20 clusters: a third of the samples does not draw it."""
    rng = np.random.default_rng(7)
    firm = np.repeat(np.arange(20), 30)
    x = np.where(firm == 0, np.arange(600) // 13, rng.integers(3, 5, 600)).astype(np.float64)
    frame = pd.DataFrame({"x": x, "y": np.minimum(x, 2) + 0.3 * rng.standard_normal(600), "firm": firm})
    with pytest.warns(cx.CxStatsWarning) as told:
        result = along(frame, cluster="firm")
    lost = int(np.isnan(result.resampled).any(axis=1).sum())
    assert lost > 0
    assert [str(one.message) for one in told][-1] == (
        f"{lost} of 200 bootstrap samples allowed no fit and were left out."
    )
    assert np.isfinite(result.confidence_interval().low).all()


def refusals() -> list[Any]:
    frame = case("knee")
    few = frame.assign(x=np.repeat([1, 2, 3, 4], [5, 5, 405, 5]))
    return [
        (
            frame.assign(x=frame["x"] % 3),
            {},
            cx.TooFewError,
            (
                "A bend needs at least 4 distinct values of 'x', but there are 3: 0, 1, 2."
                "\nCompare the groups with cx.mean_score instead."
            ),
        ),
        (
            few,
            {},
            cx.TooFewError,
            (
                "A breakpoint needs at least 10 rows and 2% of the rows on each side of it, but no value of 'x' has "
                "them: of 420 rows, 96.4% hold 3.\nCollect more answers, or use a predictor that varies more."
            ),
        ),
        (
            frame.assign(x=np.repeat([1, 2, 3, 4], [8, 4, 388, 20])),
            {},
            cx.TooFewError,
            (
                "At least two values of 'x' must have 10 rows and 2% of the rows on each side, or there is no choosing "
                "a breakpoint, but only 3 has."
                "\nUse cx.two_lines, or cx.asymmetry with a point that is known beforehand."
            ),
        ),
        (
            frame.assign(y=2.5),
            {},
            cx.TooFewError,
            (
                "The outcome 'y' must vary, but all 420 rows hold 2.5."
                "\nAn outcome that everybody shares goes with nothing."
            ),
        ),
        (
            frame.assign(firm=np.arange(420) % 19),
            {"cluster": "firm"},
            cx.TooFewError,
            (
                "At least 20 clusters are needed for an interval, but there are 19."
                "\nWith fewer, no interval is trustworthy: report the estimates per cluster instead."
            ),
        ),
        (
            cx.tally(frame.assign(w=1.5), outcome=cx.Continuous("y"), disconfirmation="x", weight="w"),
            {},
            cx.RoleError,
            (
                "Survey weights cannot be used by the bootstrap of rows (a row of weight 2 is not two rows), but the "
                "cells have the weight 'w'.\nLeave the weight out, or use cx.two_lines, which takes it."
            ),
        ),
        (
            frame,
            {"replicates": 100},
            cx.RoleError,
            "replicates must be a whole number, 200 or more, but 100 was given.",
        ),
    ]


@pytest.mark.parametrize("given", refusals(), ids=lambda given: given[3][:30])
def test_bad_input_is_refused_in_full(given: Any) -> None:
    frame, keys, error, message = given
    with pytest.raises(error) as caught:
        along(frame, **keys)
    assert str(caught.value) == message
