"""Loyalty by level of expectation, against rows, the infinitesimal jackknife and simulation."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx

ROUNDING = 1e-10
# A central difference with step h is off by the order of h squared; the probit is solved to 1e-12.
DERIVATIVE = 1e-5


def visits(n: int, rng: np.random.Generator) -> pd.DataFrame:
    gap = rng.integers(-3, 4, n)
    latent = 0.3 * np.minimum(gap, 0) + 0.1 * np.maximum(gap, 0) + rng.standard_normal(n)
    return pd.DataFrame(
        {
            "gap": gap,
            "stars": np.clip(np.round(3.5 + latent), 1, 5),
            "back": (latent + rng.standard_normal(n) > 0.3).astype(int),
            "w": rng.uniform(0.5, 2, n),
            "firm": rng.integers(0, 40, n),
        }
    )


STARS, BACK = cx.Rating("stars", cx.CSAT5), cx.Binary("back")


def levels(frame: pd.DataFrame, outcome: object, **more: object) -> "cx.methods.ExpectationLevels":  # type: ignore[name-defined]
    return cx.expectation_levels(frame, outcome=outcome, disconfirmation="gap", **more)  # type: ignore[arg-type]


def jackknifed(estimate: object, n: int, frame: pd.DataFrame) -> float:
    """Variance as n / (n - 1) times the sum of squared derivatives by each row's weight."""
    step, total = 1e-4, 0.0
    for row in range(n):
        ends = []
        for sign in (1, -1):
            moved = frame.assign(one=1.0)
            moved.loc[row, "one"] += sign * step
            ends.append(estimate(moved))  # type: ignore[operator]
        total += ((ends[0] - ends[1]) / (2 * step)) ** 2
    return n / (n - 1) * total


def test_means_against_rows() -> None:
    frame = visits(500, np.random.default_rng(1))
    result = levels(frame, STARS)
    groups = frame.groupby(np.sign(frame.gap)).stars.mean()
    assert result.estimate[:3] == pytest.approx(groups.to_numpy(), abs=ROUNDING)
    assert result.estimate[3:] == pytest.approx([groups[-1] - groups[0], groups[1] - groups[0]], abs=ROUNDING)
    met = frame[frame.gap == 0]
    assert result.share_at_top == pytest.approx((met.stars == 5).mean(), abs=ROUNDING)
    # One level's mean: the variance is the sum of squares over n squared, times n / (n - 1) of all rows.
    deviations = met.stars - met.stars.mean()
    assert result.std_error[1] ** 2 == pytest.approx(500 / 499 * (deviations**2).sum() / len(met) ** 2, rel=ROUNDING)


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_relative_gain_by_hand(share: float) -> None:
    """Below one half the good shares are compared, above it the bad ones."""
    frame = visits(2000, np.random.default_rng(2))
    frame["back"] = (np.random.default_rng(3).random(2000) < share + 0.05 * (frame.gap > 0)).astype(int)
    gain = levels(frame, BACK).gain
    p0, p1 = (frame.back[mask].mean() for mask in (frame.gap == 0, frame.gap > 0))
    v0, v1 = (p * (1 - p) / m.sum() for p, m in ((p0, frame.gap == 0), (p1, frame.gap > 0)))
    base, v_base, cov = (p0, v0, -v0) if p0 <= 0.5 else (1 - p1, v1, -v1)
    assert gain.estimate == pytest.approx((p1 - p0) / base, rel=ROUNDING)
    inflate = 2000 / 1999
    assert [gain.var_a, gain.cov, gain.var_b] == pytest.approx(
        [inflate * (v0 + v1), inflate * cov, inflate * v_base], rel=ROUNDING
    )


def test_standardised_gain_against_the_infinitesimal_jackknife() -> None:
    frame = visits(120, np.random.default_rng(4))
    frame["gap"] = np.tile([-1, 0, 1], 40)
    result = levels(frame, STARS)
    observed = jackknifed(lambda f: levels(f, STARS, weight="one").gain.estimate, 120, frame)
    assert result.gain.var_a == pytest.approx(observed, rel=DERIVATIVE)
    assert result.latent_gain is not None
    latent = jackknifed(lambda f: levels(f, STARS, weight="one").latent_gain.estimate, 120, frame)
    assert result.latent_gain.var_a == pytest.approx(latent, rel=DERIVATIVE)


def test_clusters_widen_and_counts_do_not_matter() -> None:
    frame = visits(1200, np.random.default_rng(5))
    counted = frame.groupby(["gap", "stars", "firm"], as_index=False).size()
    one, two = levels(frame, STARS, cluster="firm"), levels(counted, STARS, cluster="firm", count="size")
    assert one.std_error == pytest.approx(two.std_error, rel=ROUNDING)
    assert one.df == 39
    copies = pd.concat([frame.assign(who=range(1200))] * 4)
    assert levels(copies, STARS, cluster="who").std_error == pytest.approx(levels(frame, STARS).std_error, rel=1e-9)


def test_scale_and_outcome_turned() -> None:
    """Effort, up is bad: loyalty is turned, so that exceeding expectations still counts upward."""
    frame = visits(600, np.random.default_rng(6))
    turned = frame.assign(stars=6 - frame.stars)
    assert levels(turned, cx.Rating("stars", cx.EFFORT5)).estimate == pytest.approx(levels(frame, STARS).estimate)
    churn = frame.assign(back=1 - frame.back)
    assert levels(churn, cx.Binary("back", good=0)).estimate == pytest.approx(levels(frame, BACK).estimate)


def test_gain_covers_its_truth_in_simulation() -> None:
    """Exactly 10% more (.33 of .30): the doubled one-sided test at 5% rejects in 2.5% of samples a side."""
    rng = np.random.default_rng(7)
    runs, n = 600, 1500
    above = below = 0
    for _ in range(runs):
        gap = rng.integers(-1, 2, n)
        back = (rng.random(n) < np.where(gap > 0, 0.33, 0.30)).astype(int)
        gain = levels(pd.DataFrame({"gap": gap, "back": back}), BACK).gain
        above += gain.p_not_above(0.10) < 0.025
        below += gain.p_not_below(0.10) < 0.025
    for share in (above / runs, below / runs):
        assert abs(share - 0.025) < 4 * math.sqrt(0.025 * 0.975 / runs)


def test_too_few_is_said_with_numbers() -> None:
    frame = visits(200, np.random.default_rng(8))
    frame["back"] = (np.arange(200) < 5).astype(int)
    with pytest.raises(cx.TooFewError, match=r"At least 10 good and 10 bad outcomes .* 'met' \(gap 0\)"):
        levels(frame, BACK)
    few = frame[(frame.gap != 0) | (np.arange(200) < 10)]
    with pytest.raises(cx.TooFewError, match=r"At least 30 customers are needed in 'met' \(gap 0\), but there are"):
        levels(few, STARS)
    with pytest.raises(cx.RoleError, match="met must run from a low to a higher value"):
        levels(frame, STARS, met=(1, -1))
    with pytest.raises(cx.RoleError, match="A disconfirmation column is needed"):
        cx.expectation_levels(frame, outcome=STARS)
    with pytest.raises(cx.TooFewError, match="The outcome 'stars' must vary, but all 200 rows hold 5"):
        levels(frame.assign(stars=5), STARS)


@pytest.mark.parametrize("turned", [lambda y: y, lambda y: y - 3, lambda y: 10 - 2 * y])
def test_a_gap_that_is_the_outcome_is_refused(turned: Callable[[Any], Any]) -> None:
    """As it is, counted from another place, or in another unit and direction."""
    frame = visits(200, np.random.default_rng(8))
    for outcome in (STARS, BACK):
        column = outcome.column
        message = (
            f"The gap 'gap' must be another thing than the outcome '{column}', but in all 200 rows one tells the other "
            "exactly.\nName the column with what was received minus what was expected."
        )
        with pytest.raises(cx.SeparationError, match=f"^{re.escape(message)}$"):
            levels(frame.assign(gap=turned(frame[column])), outcome)
