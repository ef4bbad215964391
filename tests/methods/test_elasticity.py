"""Elasticities against statsmodels with a dummy per firm and per period, and against known truth."""

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import cxstats as cx
from cxstats.methods.elasticity import Elasticity, elasticity

ROUNDING = 1e-9  # the same least squares by other factors
ERRORS = 4.0
TEN = cx.Scale(0, 10, whole=False)
TRUST = cx.Continuous("trust", kind="attitude")


def panel(firms: int = 50, periods: int = 6, seed: int = 1, slope: float = 1.2, answers: int = 3) -> pd.DataFrame:
    """Customers of firms over time: trust rises by a power of satisfaction; better firms are trusted less."""
    rng = np.random.default_rng(seed)
    level, shock = rng.normal(0, 0.2, firms), rng.normal(0, 0.1, periods)
    firm, period = (axis.ravel() for axis in np.meshgrid(np.arange(firms), np.arange(periods), indexing="ij"))
    csat = np.exp(1.6 + 0.5 * level[firm] + rng.normal(0, 0.08, firm.size))
    trust = np.exp(0.3 - level[firm] + shock[period] + slope * np.log(csat) + rng.normal(0, 0.1, firm.size))
    # Some firms are not asked in every period.
    kept = rng.random(firm.size) > 0.15
    frame = pd.DataFrame({"firm": firm, "period": period, "csat": csat, "trust": trust})[kept]
    frame = frame.loc[frame.index.repeat(answers)].reset_index(drop=True)
    # Customers differ around the mean of their firm and period, which stays what it is.
    spread = np.tile(np.linspace(-0.3, 0.3, answers) if answers > 1 else [0.0], len(frame) // answers)
    return frame.assign(csat=frame.csat + spread, trust=frame.trust - spread, w=rng.choice([0.5, 1.0, 3.0], len(frame)))


def run(frame: Any, **keys: Any) -> Elasticity:
    keys = {"outcome": TRUST, "metrics": {"csat": TEN}, "cluster": "firm", "period": "period", **keys}
    return elasticity(frame, **keys)


def by_dummies(frame: pd.DataFrame, weight: str | None = None) -> tuple[float, float, int]:
    """Slope, standard error with G / (G - 1), and firms: on firm-period means with a dummy for each of both."""
    mass = np.ones(len(frame)) if weight is None else frame[weight]
    summed = frame[["csat", "trust"]].mul(mass, axis=0).assign(firm=frame.firm, period=frame.period, mass=mass)
    means = summed.groupby(["firm", "period"]).sum().pipe(lambda d: d.div(d.mass, axis=0)).reset_index()
    means = means[means.groupby("firm")["period"].transform("size") > 1]
    dummies = pd.get_dummies(means[["firm", "period"]].astype(str), drop_first=True, dtype=float)
    design = sm.add_constant(dummies.assign(x=np.log(means.csat)))
    groups = pd.factorize(means.firm)[0]
    fit = sm.OLS(np.log(means.trust), design).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    g = len(np.unique(groups))
    return fit.params["x"], np.sqrt(g / (g - 1)) * fit.bse["x"], g


@pytest.mark.parametrize("weight", [None, "w"])
def test_panel_against_statsmodels(weight: str | None) -> None:
    frame = panel()
    result = run(frame, weight=weight)
    slope, error, firms = by_dummies(frame, weight)
    half = stats.t.isf(0.025, firms - 1) * error
    assert (result.panel, result.n_firms, result.df) == (True, 50, 49.0)
    assert (result.effect.a, np.sqrt(result.effect.var_a)) == pytest.approx((slope, error), rel=ROUNDING)
    limits = result.confidence_interval()
    assert (limits.low[0], limits.high[0]) == pytest.approx((slope - half, slope + half), rel=ROUNDING)
    assert result.statistic[0] == pytest.approx(slope / error, rel=ROUNDING)


def test_firms_with_one_period_tell_nothing() -> None:
    frame = panel()
    alone = pd.DataFrame({"firm": [90, 91, 91], "period": [2, 7, 7], "csat": [1.0, 9.0, 9.0], "trust": 2.0, "w": 1.0})
    result = run(pd.concat([frame, alone]))
    assert result.effect.a == pytest.approx(run(frame).effect.a, rel=ROUNDING)
    assert (result.n_firms, result.n_periods, result.n) == (50, 6, len(frame))
    assert result.notes == (
        "2 firms (3 rows) were seen in one period only: they tell nothing of changes within a firm and are left out.",
    )


def test_two_halves_that_share_no_period() -> None:
    """Firms of other years are compared with each other only: a rank that dummies lack is no obstacle."""
    frame = panel(periods=4)
    frame = frame[(frame.firm < 25) == (frame.period < 2)]
    single = frame.groupby("firm")["period"].transform("nunique") < 2
    dummies = frame[~single].groupby(["firm", "period"])[["csat", "trust"]].mean().apply(np.log).reset_index()
    change = dummies.sort_values("period").groupby("firm")[["csat", "trust"]].agg(lambda v: v.iloc[1] - v.iloc[0])
    half = np.where(change.index < 25, 1.0, 0.0)
    fit = sm.OLS(change.trust, np.column_stack([half, 1 - half, change.csat])).fit()  # two periods: first differences
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert run(frame).effect.a == pytest.approx(fit.params.iloc[2], rel=1e-8)


@pytest.mark.parametrize("cluster", [None, "firm"])
def test_cross_section_against_statsmodels(cluster: str | None) -> None:
    """Without repeated firms there is a slope between firms, which is something else, and says so."""
    frame = panel(firms=300)
    frame = frame.groupby("firm").head(3) if cluster else frame.groupby("firm").head(1)
    result = run(frame, cluster=cluster)
    means = frame.groupby(["firm", "period"])[["csat", "trust"]].mean().apply(np.log).reset_index()
    design = pd.get_dummies(means.period.astype(str), drop_first=True, dtype=float).assign(x=means.csat)
    fit = sm.OLS(means.trust, sm.add_constant(design)).fit(cov_type="HC0")
    error = np.sqrt(len(means) / (len(means) - 1)) * fit.bse["x"]
    assert (result.effect.a, result.std_error[0]) == pytest.approx((fit.params["x"], error), rel=ROUNDING)
    assert not result.panel
    assert result.effect.a < 0.6  # the firms that are trusted less were built to be the better ones
    assert result.n_firms == (len(means) if cluster else None)
    assert result.notes == (
        "This compares firms with each other (no firm was seen in two periods), not a firm with itself: what else "
        "firms differ in is part of the slope."
        if cluster
        else "This compares rows with each other (no firm is declared as cluster), not a firm with itself: what else "
        "rows differ in is part of the slope.",
    )


def test_rows_without_firm_and_period_against_statsmodels() -> None:
    frame = panel(firms=60).assign(n=1)
    result = elasticity(frame, outcome=TRUST, metrics={"csat": TEN}, weight="w")
    fit = sm.WLS(np.log(frame.trust), sm.add_constant(np.log(frame.csat)), weights=frame.w).fit(cov_type="HC0")
    error = np.sqrt(len(frame) / (len(frame) - 1)) * fit.bse["csat"]
    assert (result.effect.a, result.std_error[0]) == pytest.approx((fit.params["csat"], error), rel=ROUNDING)
    assert (result.n_firms, result.n_periods) == (None, None)


def test_base_of_the_scale_by_hand() -> None:
    """On a scale from 1, ten percent are other points than on the same scale counted from 0."""
    frame = panel().assign(trust=lambda d: 2 + d.trust / 20, csat=lambda d: 1 + d.csat / 2.5)
    scale = cx.Scale(1, 5, whole=False)
    result = run(frame, outcome=cx.Rating("trust", scale), metrics={"csat": scale})
    assert result.effect.a == pytest.approx(by_dummies(frame)[0], rel=ROUNDING)
    shifted = by_dummies(frame.assign(trust=frame.trust - 1, csat=frame.csat - 1))
    assert result.from_low is not None
    assert (result.from_low.a, np.sqrt(result.from_low.var_a)) == pytest.approx(shifted[:2], rel=ROUNDING)
    assert run(panel()).from_low is None  # both count from 0 already
    at_low = frame.assign(csat=frame.csat.where(frame.firm > 0, 1.0))
    assert run(at_low, outcome=cx.Rating("trust", scale), metrics={"csat": scale}).from_low is None


def test_direction_is_declared() -> None:
    """A score of which low is good is turned on its scale before the logarithm is taken."""
    frame = panel()
    turned = run(
        frame.assign(csat=10 - frame.csat), metrics={"csat": cx.Scale(0, 10, higher_is_better=False, whole=False)}
    )
    assert turned.effect.a == pytest.approx(run(frame).effect.a, rel=ROUNDING)


def test_answers_percent_and_means() -> None:
    frame = panel()
    result = run(frame)
    means = frame.groupby(["firm", "period"])[["csat", "trust"]].mean().mean()
    assert result.means == pytest.approx((means.csat, means.trust), rel=ROUNDING)
    assert result.answers == 3
    assert result.percent(10) == pytest.approx(100 * (1.1**result.effect.a - 1), rel=ROUNDING)
    assert result.n_points == len(frame) / 3
    assert (
        f"10% more 'csat' goes with {result.percent(10):.4g}% more 'trust', within firms over time; at the mean 10% of "
        f"'csat' are {means.csat / 10:.4g} points.\n50 firms, {result.n_points} means of firm and period, of 3 rows "
        "each (median).\n"
    ) in str(result)


def test_coverage_in_simulation() -> None:
    """With firms that are trusted less where they are better, the slope within firms holds the truth."""
    number, held = 200, 0
    for seed in range(number):
        low, high = run(panel(periods=4, seed=seed, answers=1)).effect.interval()
        held += low <= 1.2 <= high
    assert abs(held / number - 0.95) < ERRORS * np.sqrt(0.95 * 0.05 / number)


def test_cells_carry_the_columns() -> None:
    frame = panel()
    cells = cx.tally(frame, outcome=TRUST, metrics={"csat": TEN}, strata=["period"], cluster="firm")
    assert elasticity(cells, period="period").effect == run(frame).effect
    message = (
        "period must be among the strata or controls of the cells, but 'wave' is not among 'period'."
        '\nTally the data with strata=["wave"].'
    )
    with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
        elasticity(cells, period="wave")


N = len(panel())
REFUSED: list[tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = [
    (
        {"trust": -1.0},
        {},
        cx.ColumnError,
        (
            "An elasticity needs means above 0, but the mean of 'trust' is 0 or less in 250 of 250 firms and periods: "
            "'0' in 0, '0' in 1, '0' in 2 and 247 more.\nA value of 0 or less has no logarithm and no percent: take a "
            "scale that begins above 0, or leave these out and say so."
        ),
    ),
    (
        {"trust": -1.0},
        {"cluster": None},
        cx.ColumnError,
        (
            f"An elasticity needs values above 0, but 'trust' is 0 or less in {N} of {N} rows.\nA value of 0 or less "
            "has no logarithm and no percent: take a scale that begins above 0, or leave these out and say so."
        ),
    ),
    (
        {"csat": 3.0},
        {},
        cx.TooFewError,
        (
            "'csat' must vary within firms over time, beyond what all firms share in a period, but it does not in 50 "
            "firms and 6 periods.\nWhat never changes cannot go with a change: compare firms, without period."
        ),
    ),
    (
        {"csat": 3.0},
        {"cluster": None, "period": None},
        cx.TooFewError,
        f"'csat' must vary, but it does not in {N} rows.\nA constant goes with nothing: check the column.",
    ),
    (
        {"trust": 3.0},
        {},
        cx.TooFewError,
        (
            "'trust' must vary within firms over time, beyond what all firms share in a period, but it does not in 50 "
            "firms and 6 periods.\nWhat never changes cannot go with a change: compare firms, without period."
        ),
    ),
    (
        {},
        {"metrics": {"csat": TEN, "w": TEN}},
        cx.RoleError,
        ("One metric can be asked about at a time, but 2 were given: 'csat', 'w'.\nCall elasticity once for each."),
    ),
    (
        {"ok": 1},
        {"outcome": cx.Binary("ok")},
        cx.RoleError,
        (
            "An outcome that is measured, of which a high value is good, is needed, but Binary was given."
            '\nPass for example outcome=cx.Rating("trust", cx.CSAT5) or cx.Continuous("trust").'
        ),
    ),
    (
        {},
        {"outcome": cx.Continuous("trust", good="low")},
        cx.RoleError,
        (
            "An outcome that is measured, of which a high value is good, is needed, but Continuous with good='low' was "
            'given.\nPass for example outcome=cx.Rating("trust", cx.CSAT5) or cx.Continuous("trust").'
        ),
    ),
    (
        {},
        {"outcome": None},
        cx.RoleError,
        (
            "An outcome that is measured, of which a high value is good, is needed, but none was declared."
            '\nPass for example outcome=cx.Rating("trust", cx.CSAT5) or cx.Continuous("trust").'
        ),
    ),
    (
        {"period": lambda d: np.arange(len(d))},
        {},
        cx.RoleError,
        (f"period must be a column of at most 200 periods, but 'period' has {N}.\nMerge days into months or quarters."),
    ),
    (
        {"trust": np.nan},
        {},
        cx.TooFewError,
        (
            f"At least one row must have all of 'trust', 'csat', 'period', 'firm', but none of {N} rows has."
            "\nCheck how the tables were joined."
        ),
    ),
    (
        {"firm": lambda d: d.firm % 19},
        {},
        cx.TooFewError,
        (
            "At least 20 firms must have been seen in two periods or more, but 19 of 19 were."
            "\nLeave period out to compare firms with each other, which is another question."
        ),
    ),
    (
        {"firm": lambda d: d.firm % 19},
        {"period": None},
        cx.TooFewError,
        (
            "At least 20 clusters are needed for an interval, but there are 19."
            "\nWith fewer, no interval is trustworthy: report the estimates per cluster instead."
        ),
    ),
]


@pytest.mark.parametrize(("columns", "options", "error", "message"), REFUSED)
def test_bad_input_is_refused(
    columns: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    message = message.replace("250", str(N // 3)).replace("247", str(N // 3 - 3))
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        run(panel().assign(**columns), **options)


def test_few_rows_are_refused() -> None:
    message = "At least 30 rows are needed for a slope, but there are 29.\nWith fewer, show the rows themselves."
    with pytest.raises(cx.TooFewError, match=f"^{re.escape(message)}$"):
        run(panel().head(29), cluster=None)


def test_few_firms_are_told() -> None:
    with pytest.warns(cx.CxStatsWarning, match=r"^30 clusters are few \(fewer than 40\)"):
        result = run(panel(firms=30))
    assert result.n_firms == 30
