"""Slopes below and above expectation, against least squares, Fieller by hand, the jackknife and simulation."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import cxstats as cx

ROUNDING = 1e-10
DERIVATIVE = 1e-5  # central differences; see test_expectation_levels
STARS, BACK = cx.Rating("stars", cx.CSAT5), cx.Binary("back")


def visits(n: int, rng: np.random.Generator) -> pd.DataFrame:
    gap = rng.integers(-4, 5, n)
    latent = 0.4 * np.minimum(gap, 0) + 0.15 * np.maximum(gap, 0) + rng.standard_normal(n)
    return pd.DataFrame(
        {
            "gap": gap,
            "stars": np.clip(np.round(3.3 + latent), 1, 5),
            "back": (latent + rng.standard_normal(n) > -0.2).astype(int),
        }
    )


def slopes(frame: pd.DataFrame, outcome: object, **more: object) -> "cx.methods.Asymmetry":  # type: ignore[name-defined]
    return cx.asymmetry(frame, outcome=outcome, disconfirmation="gap", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("met", [(0, 0), (-1, 1)])
def test_slopes_against_least_squares(met: tuple[float, float]) -> None:
    frame = visits(800, np.random.default_rng(1))
    result = slopes(frame, STARS, met=met)
    x = np.column_stack([np.ones(800), np.minimum(frame.gap - met[0], 0), np.maximum(frame.gap - met[1], 0)])
    solved, *_ = np.linalg.lstsq(x, frame.stars, rcond=None)
    residual = frame.stars.to_numpy() - x @ solved
    bread = np.linalg.inv(x.T @ x)
    covariance = 800 / 799 * bread @ (x.T * residual**2) @ x @ bread
    assert result.estimate[:2] == pytest.approx(solved[1:], abs=ROUNDING)
    assert result.std_error[:2] ** 2 == pytest.approx(np.diag(covariance)[1:], rel=ROUNDING)
    standard = (solved[1] - solved[2]) * frame.gap.std(ddof=0) / frame.stars.std(ddof=0)
    assert result.effect.estimate == pytest.approx(standard, rel=ROUNDING)


def test_ratio_against_fieller_by_hand() -> None:
    result = slopes(visits(800, np.random.default_rng(2)), STARS)
    a, b = result.estimate[:2]
    low, high = result.ratio.interval()
    v = result.ratio
    for end in (low, high):
        distance = abs(a - end * b) / math.sqrt(v.var_a - 2 * end * v.cov + end**2 * v.var_b)
        assert distance == pytest.approx(norm.isf(0.025), rel=1e-9)
    row = result.to_frame().set_index("term").loc["ratio"]
    assert (row.ci_low, row.ci_high) == (low, high)
    assert np.isnan(row.statistic)


def test_standardised_against_the_infinitesimal_jackknife() -> None:
    n = 120
    frame = visits(n, np.random.default_rng(3)).reset_index(drop=True)
    result = slopes(frame, STARS)

    def ends(pick: str) -> float:
        total, step = 0.0, 1e-4
        for row in range(n):
            found = []
            for sign in (1, -1):
                moved = frame.assign(one=1.0)
                moved.loc[row, "one"] += sign * step
                found.append(getattr(slopes(moved, STARS, weight="one"), pick).estimate)
            total += ((found[0] - found[1]) / (2 * step)) ** 2
        return n / (n - 1) * total

    assert result.effect.var_a == pytest.approx(ends("effect"), rel=DERIVATIVE)
    assert result.latent_effect is not None
    assert result.latent_effect.var_a == pytest.approx(ends("latent_effect"), rel=DERIVATIVE)


def test_binary_outcome_has_no_latent_rows() -> None:
    result = slopes(visits(800, np.random.default_rng(4)), BACK)
    assert result.terms == ("slope below", "slope above", "below - above", "standardised", "ratio")
    assert result.latent_effect is None
    assert np.isnan(result.share_at_top)


@pytest.mark.parametrize("share_at_top", [0.31, 0.50])
def test_ceiling_bends_the_rating_but_not_the_latent_line(share_at_top: float) -> None:
    """A linear truth: the ratio leaves 1 on the rating; the latent difference covers 0 as it should."""
    rng = np.random.default_rng(5)
    # Latent rating 3 + mean + .6 gap + .8 noise, so that the share at 5 is P(N > 1.5 - mean).
    mean = 1.5 - norm.isf(share_at_top)
    covered, ratios, runs = 0, [], 100
    for _ in range(runs):
        gap = rng.standard_normal(2000)
        latent = 0.6 * gap + 0.8 * rng.standard_normal(2000)
        frame = pd.DataFrame({"gap": gap, "stars": np.clip(np.round(3 + mean + latent), 1, 5)})
        result = slopes(frame, STARS)
        ratios.append(result.ratio.estimate)
        assert result.latent_effect is not None
        low, high = result.latent_effect.interval()
        covered += low <= 0 <= high
    # By quadrature, two lines joined at 0 give 1.449 and 2.082 (fitted apart they give 1.47 and 2.15).
    assert np.mean(ratios) == pytest.approx({0.31: 1.449, 0.50: 2.082}[share_at_top], abs=4 * np.std(ratios) / 10)
    assert abs(covered / runs - 0.95) < 4 * math.sqrt(0.95 * 0.05 / runs)


def test_too_few_on_a_side() -> None:
    frame = visits(800, np.random.default_rng(6))
    with pytest.raises(cx.TooFewError, match=r"needed in 'below' \(gap below 0\), but there are 0"):
        slopes(frame.assign(gap=frame.gap.abs()), STARS)
