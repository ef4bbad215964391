"""Overlap weights against R, statsmodels on rows, the infinitesimal jackknife and a simulation with known truth."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import norm

import cxstats as cx
from cxstats.methods.overlap_weights import OverlapWeights, overlap_weights
from cxstats.numerics.e_value import e_value

REFERENCES = Path(__file__).parents[1] / "references"
ROUNDING = 1e-9  # two fits by Newton's method, here and in R
EXACT = 1e-12
# A central difference with step h is off by the order of h squared.
STEP, DERIVATIVE = 1e-3, 1e-5
# The standard deviation of 2,000 bootstrap samples has a relative error of 1 / sqrt(2 x 2000); 4 times that, and as
# much again as linearisation and bootstrap differ with 1,000 rows, or with 50 clusters.
BOOTSTRAP_ROWS, BOOTSTRAP_CLUSTERS = 0.08, 0.12

BACK, SPEND = cx.Binary("back"), cx.Continuous("spend")
OUTCOMES = {"back": BACK, "spend": SPEND}
CONTROLS = ["orders", "region"]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "overlap_weights_rows.csv", comment="#")


def compare(frame: pd.DataFrame, outcome: Any, **more: Any) -> OverlapWeights:
    return overlap_weights(frame, outcome=outcome, controls=CONTROLS, treated="exceeded", **more)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_estimates_and_errors_against_r(rows: pd.DataFrame, outcome: str) -> None:
    """glm for both models; standard errors by the bootstrap of all of it, of rows and of clusters."""
    stored = pd.read_csv(REFERENCES / "overlap_weights.csv", comment="#")
    known = stored[stored.outcome == outcome]
    plain = compare(rows, OUTCOMES[outcome])
    assert plain.estimate == pytest.approx(known.estimate.to_numpy(), rel=ROUNDING)
    assert plain.std_error == pytest.approx(known.boot_rows.to_numpy(), rel=BOOTSTRAP_ROWS)
    weighted = compare(rows, OUTCOMES[outcome], weight="weight")
    assert weighted.estimate[:3] == pytest.approx(known.weighted.to_numpy()[:3], rel=ROUNDING)
    clustered = compare(rows, OUTCOMES[outcome], cluster="firm")
    assert clustered.df == 49
    assert clustered.std_error == pytest.approx(known.boot_clusters.to_numpy(), rel=BOOTSTRAP_CLUSTERS)


def by_rows(frame: pd.DataFrame, outcome: str, weight: np.ndarray) -> np.ndarray:
    """Both means and both predicted means, row by row, with statsmodels; then the logarithm of the risk ratios."""
    region = pd.get_dummies(frame.region, drop_first=True).to_numpy(dtype=float)
    z = frame.exceeded.to_numpy()
    design = np.column_stack([np.ones(len(frame)), frame.orders, region])

    def fitted(y: Any, x: np.ndarray, family: Any) -> Any:
        return sm.GLM(y, x, family=family, freq_weights=weight).fit(tol=1e-13, maxiter=100)

    e = fitted(z, design, sm.families.Binomial()).fittedvalues
    tilt = weight * np.where(z == 1, 1 - e, e)
    y = frame[outcome].to_numpy(dtype=float)
    m = [np.average(y[z == j], weights=tilt[z == j]) for j in (0, 1)]
    family = sm.families.Binomial() if outcome == "back" else sm.families.Gaussian()
    model = fitted(y, np.column_stack([design, z]), family)
    r = [
        np.average(model.predict(np.column_stack([design, np.full(len(y), j)])), weights=weight * e * (1 - e))
        for j in (0, 1)
    ]
    if outcome == "back":  # the bad shares, since more than one half of the first group come back
        gains = [math.log((1 - a[0]) / (1 - a[1])) for a in (m, r)]
    else:
        sd = math.sqrt(np.average((y - np.average(y, weights=weight)) ** 2, weights=weight))
        gains = [(a[1] - a[0]) / sd for a in (m, r)]
    return np.array([*m, m[1] - m[0], gains[0], r[1] - r[0], gains[1]])


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_errors_against_the_infinitesimal_jackknife(rows: pd.DataFrame, outcome: str) -> None:
    """Derivatives by the weight of each row of everything, propensity and regression refitted; no formula of ours."""
    some = rows.iloc[:300].reset_index(drop=True).assign(firm=np.arange(300) % 100)
    n, weight = len(some), some.weight.to_numpy()
    at = by_rows(some, outcome, weight)
    result = compare(some, OUTCOMES[outcome], weight="weight")
    estimate = result.estimate.copy()
    unit = np.where((outcome == "back") & np.isin(np.arange(6), (3, 5)), estimate, 1.0)  # of a logarithm
    if outcome == "back":
        assert result.of_bad
        estimate[[3, 5]] = np.log(estimate[[3, 5]])
    assert estimate == pytest.approx(at, rel=ROUNDING)
    slopes = np.empty((n, 6))
    for row in range(n):
        step = STEP * weight * (np.arange(n) == row)
        slopes[row] = (by_rows(some, outcome, weight + step) - by_rows(some, outcome, weight - step)) / (2 * STEP)
    assert (result.std_error / unit) ** 2 == pytest.approx(n / (n - 1) * (slopes**2).sum(axis=0), rel=DERIVATIVE)
    sums = slopes.reshape(3, 100, 6).sum(axis=0)
    clustered = compare(some, OUTCOMES[outcome], weight="weight", cluster="firm")
    assert (clustered.std_error / unit) ** 2 == pytest.approx(100 / 99 * (sums**2).sum(axis=0), rel=DERIVATIVE)


@pytest.mark.parametrize("keys", [{}, {"weight": "weight"}], ids=["plain", "weight"])
def test_balance_is_exact(rows: pd.DataFrame, keys: dict[str, str]) -> None:
    """Means before weighting by pandas; after it both groups have the very same, as the likelihood equations say."""
    found = compare(rows, BACK, **keys).balance
    assert found.terms == ("orders", "region[north]", "region[west]")
    assert found.after == pytest.approx(0, abs=EXACT)
    if keys:
        return
    table = pd.DataFrame({"orders": rows.orders, "north": rows.region == "north", "west": rows.region == "west"})
    first, second = (table[rows.exceeded == j].astype(float) for j in (0, 1))
    assert found.first == pytest.approx(first.mean().to_numpy(), rel=ROUNDING)
    assert found.second == pytest.approx(second.mean().to_numpy(), rel=ROUNDING)
    scale = np.sqrt((first.var(ddof=0) + second.var(ddof=0)) / 2)
    assert found.before == pytest.approx(((second.mean() - first.mean()) / scale).to_numpy(), rel=ROUNDING)
    e = sm.GLM(rows.exceeded, sm.add_constant(table.astype(float)), family=sm.families.Binomial()).fit().fittedvalues
    expected = np.average(table.astype(float), axis=0, weights=np.where(rows.exceeded == 1, 1 - e, e))
    assert found.weighted == pytest.approx(expected, rel=1e-6)


def test_effective_sizes_and_gain_by_hand() -> None:
    """One control of two levels: chances are shares, means are averages of two strata."""
    counts = {(0, 0): (200, 400), (0, 1): (90, 60), (1, 0): (30, 50), (1, 1): (290, 160)}  # (group, level): back, not
    frame = pd.DataFrame(
        [(g, x, back, n) for (g, x), pair in counts.items() for back, n in zip((1, 0), pair, strict=True)],
        columns=["group", "regular", "back", "n"],
    )
    result = overlap_weights(frame, outcome=BACK, controls=["regular"], treated="group", count="n")
    e = np.array([80 / 680, 450 / 600])
    h = e * (1 - e) * [680, 600]
    p0, p1 = (h @ p / h.sum() for p in (np.array([1 / 3, 0.6]), np.array([3 / 8, 29 / 45])))
    assert result.estimate[:4] == pytest.approx([p0, p1, p1 - p0, p1 / p0], rel=ROUNDING)
    assert result.estimate[4] == pytest.approx(result.estimate[2], abs=0.01)
    assert result.groups == ("group 0", "group 1")
    assert result.rows == (750, 530)
    for size, group, weight in zip(result.effective, (0, 1), (e, 1 - e), strict=True):
        n = np.array([sum(counts[group, x]) for x in (0, 1)])
        assert size == pytest.approx((n @ weight) ** 2 / (n @ weight**2), rel=ROUNDING)
    # Survey weights weigh as well: the bad outcomes three times, whatever the chances.
    heavy = overlap_weights(
        frame.assign(w=np.where(frame.back == 1, 1.0, 3.0)),
        outcome=BACK,
        controls=["regular"],
        treated="group",
        weight="w",
        count="n",
    )
    mass = {key: np.array(pair) * [1.0, 3.0] for key, pair in counts.items()}
    share = [mass[1, x].sum() / (mass[0, x].sum() + mass[1, x].sum()) for x in (0, 1)]
    w = np.concatenate([np.array([1.0, 3.0]) * share[x] for x in (0, 1)])
    n = np.concatenate([counts[0, x] for x in (0, 1)])
    assert heavy.effective[0] == pytest.approx((n @ w) ** 2 / (n @ w**2), rel=ROUNDING)
    assert result.gain.estimate == pytest.approx(p1 / p0 - 1, rel=ROUNDING)
    z = (result.gain.a - 0.1 * result.gain.b) / result.gain.std_error_at(0.1)
    assert result.gain.p_not_above(0.1) == pytest.approx(norm.sf(z), rel=ROUNDING)


def test_intervals_of_ratios_and_e_values(rows: pd.DataFrame) -> None:
    result = compare(rows, BACK)
    assert result.of_bad
    ratio, error = result.estimate[3], result.std_error[3] / result.estimate[3]
    limits, at = result.confidence_interval(0.9), norm.ppf(0.95)
    assert [limits.low[3], limits.high[3]] == pytest.approx(
        [ratio * math.exp(-at * error), ratio * math.exp(at * error)], rel=ROUNDING
    )
    assert result.p_value[3] == pytest.approx(2 * norm.sf(abs(math.log(ratio) / error)), rel=ROUNDING)
    told = result.e_values(0.9)
    assert told.estimate == e_value(ratio)
    assert told.limit == e_value(float(limits.low[3]))
    assert result.e_values(0.9999).limit == 1
    spend = compare(rows, SPEND)
    low = float(spend.confidence_interval().low[3])
    assert spend.e_values().estimate == pytest.approx(e_value(math.exp(0.91 * spend.estimate[3])), rel=EXACT)
    assert spend.e_values().limit == pytest.approx(e_value(math.exp(0.91 * low)), rel=EXACT)
    assert "after: none." in str(spend)


def test_ranges_of_a_disconfirmation(rows: pd.DataFrame) -> None:
    """Exceeded and met by their ranges; others belong to neither, and are counted apart from missing ones."""
    gap = np.where(rows.exceeded == 1, np.resize([2, 3], len(rows)), np.resize([0, 1], len(rows))).astype(float)
    gap[:6], gap[6:8], gap[8] = -2, 9, np.nan
    frame = rows.assign(gap=gap)
    keys: dict[str, Any] = {"outcome": BACK, "controls": CONTROLS, "disconfirmation": "gap", "met": (0, 1)}
    result = overlap_weights(frame, **keys, exceeded=(2, 5))
    same = compare(rows.iloc[9:], BACK)
    assert result.estimate == pytest.approx(same.estimate, rel=ROUNDING)
    assert result.std_error == pytest.approx(same.std_error, rel=ROUNDING)
    assert (result.n, result.n_outside, result.n_missing) == (991, 8, 1)
    assert result.groups == ("met", "exceeded")
    assert "; 8 in neither." in str(result)
    open_ended = overlap_weights(frame, **keys)
    assert (open_ended.n, open_ended.n_outside) == (993, 6)
    above = frame[frame.gap >= 0].assign(exceeded=(frame.gap > 1).astype(int))  # the ends of met are met
    assert open_ended.estimate == pytest.approx(compare(above, BACK).estimate, rel=ROUNDING)
    cells = cx.tally(frame, outcome=BACK, controls=CONTROLS, disconfirmation="gap")
    assert overlap_weights(cells, met=(0, 1)).estimate == pytest.approx(open_ended.estimate, rel=ROUNDING)
    strata = cx.tally(rows, outcome=BACK, controls=CONTROLS, strata=["exceeded"])
    assert overlap_weights(strata, treated="exceeded").estimate == pytest.approx(compare(rows, BACK).estimate)


def test_turned_outcome(rows: pd.DataFrame) -> None:
    churn = compare(rows.assign(back=1 - rows.back), cx.Binary("back", good=0))
    assert churn.estimate == pytest.approx(compare(rows, BACK).estimate, rel=ROUNDING)
    cost = compare(rows.assign(spend=-rows.spend), cx.Continuous("spend", good="low"))
    assert cost.estimate == pytest.approx(compare(rows, SPEND).estimate, rel=ROUNDING)


def test_past_behaviour_is_adjusted_for_in_simulation() -> None:
    """Loyal customers are delighted more often, and delight adds exactly 0.3 (or nothing): intervals cover it."""
    rng = np.random.default_rng(21)
    runs, n = 400, 600
    covered = regression = naive = 0
    for run in range(runs):
        orders = rng.poisson(2, n)
        z = (rng.random(n) < 1 / (1 + np.exp(1.5 - 0.6 * orders))).astype(int)
        gain = 0.3 * (run % 2)
        frame = pd.DataFrame({"orders": orders, "z": z, "y": 0.5 * orders + gain * z + rng.standard_normal(n)})
        result = overlap_weights(frame, outcome=cx.Continuous("y"), controls=["orders"], treated="z")
        limits = result.confidence_interval()
        covered += limits.low[2] < gain < limits.high[2]
        regression += limits.low[4] < gain < limits.high[4]
        first, second = (frame.y[z == j] for j in (0, 1))
        error = math.sqrt(first.var() / len(first) + second.var() / len(second))
        naive += abs(second.mean() - first.mean() - gain) < 1.96 * error
    off = 4 * math.sqrt(0.05 * 0.95 / runs)
    assert covered / runs == pytest.approx(0.95, abs=off)
    assert regression / runs == pytest.approx(0.95, abs=off)
    assert naive / runs < 0.1


def test_hardly_any_overlap_is_noted() -> None:
    rng = np.random.default_rng(22)
    x = rng.standard_normal(3000)
    frame = pd.DataFrame({"x": x, "z": (x + 0.12 * rng.standard_normal(3000) > 0).astype(int)})
    frame["y"] = x + rng.standard_normal(3000)
    frame = pd.concat([frame[frame.x.abs() > 0.25], frame[frame.x.abs() <= 0.25].head(60)])
    with pytest.warns(cx.CxStatsWarning) as caught:
        result = overlap_weights(frame, outcome=cx.Continuous("y"), controls=["x"], treated="z")
    assert [str(one.message) for one in caught] == list(result.notes)
    assert result.notes[0].startswith("The groups hardly overlap: the effective sizes are small (below 30), 'z 0' ")


def raised(error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


def test_no_overlap_is_refused(rows: pd.DataFrame) -> None:
    apart = rows.assign(orders=rows.orders + 20 * rows.exceeded)
    raised(
        cx.SeparationError,
        "The two groups must overlap on the controls, or nobody has a counterpart, but the controls foretell the "
        "group. With the group as the outcome:\nNo predictor may tell the outcomes apart perfectly, but 'orders' does "
        "so in 1,000 of 1,000 rows, so no finite estimate exists.\nMerge rare levels or leave the predictor out; a "
        "score that separates is suspicious: check that it was not asked after the outcome, or computed from it.",
        lambda: compare(apart, BACK),
    )


def test_too_few_are_refused(rows: pd.DataFrame) -> None:
    mend = "\nUse fewer controls, widen the ranges, or wait for more outcomes."
    good = rows.index[(rows.exceeded == 1) & (rows.back == 1)]
    bad = ((rows.exceeded == 1) & (rows.back == 0)).sum()
    first = rows[rows.exceeded == 0].back
    raised(
        cx.TooFewError,
        "At least 10 good and 10 bad outcomes are needed in either group, but 'exceeded 0' has "
        f"{first.sum()} good and {(1 - first).sum()} bad; 'exceeded 1' has 9 good and {bad} bad.{mend}",
        lambda: compare(rows.drop(index=good[9:]), BACK),
    )
    second = rows.index[rows.exceeded == 1]
    raised(
        cx.TooFewError,
        "At least 30 customers (10 per coefficient) are needed in either group, but 'exceeded 0' has "
        f"{(rows.exceeded == 0).sum()}; 'exceeded 1' has 29.{mend}",
        lambda: compare(rows.drop(index=second[29:]), SPEND),
    )
    few = rows.assign(a=rows.orders**2, b=rows.spend)
    rare = few[(few.back == 1) | (few.groupby(["exceeded", "back"]).cumcount() < 25)]
    raised(
        cx.TooFewError,
        f"At least 10 events per coefficient are needed, 60 for 6 of controls and group, but there are 50.{mend}",
        lambda: overlap_weights(rare, outcome=BACK, controls=[*CONTROLS, "a", "b"], treated="exceeded"),
    )
    raised(
        cx.TooFewError,
        "The outcome 'spend' must vary, but all 1,000 rows hold 3.",
        lambda: compare(rows.assign(spend=3), SPEND),
    )
    raised(
        cx.TooFewError,
        "The predictor 'orders' must take at least two values, but all 1,000 rows hold 1.\nA constant predicts "
        "nothing: leave it out.",
        lambda: compare(rows.assign(orders=1), SPEND),
    )


def test_groups_declared_wrongly_are_refused(rows: pd.DataFrame) -> None:
    frame = rows.assign(gap=rows.exceeded, three=rows.orders % 3)
    told = (
        "The groups must be told by treated or by a disconfirmation, but treated={} and disconfirmation={} were given."
    )
    told += '\nPass for example disconfirmation="gap", or treated="upgraded".'
    for treated, gap in ((None, None), ("exceeded", "gap")):
        raised(
            cx.RoleError,
            told.format(repr(treated), repr(gap)),
            lambda treated=treated, gap=gap: overlap_weights(  # type: ignore[misc]
                frame, outcome=BACK, controls=CONTROLS, treated=treated, disconfirmation=gap
            ),
        )
    raised(
        cx.RoleError,
        "exceeded must lie above met, but met=(0, 1) and exceeded=(1, 5) were given."
        "\nPass for example met=(0, 0), exceeded=(1, 10).",
        lambda: overlap_weights(
            frame, outcome=BACK, controls=CONTROLS, disconfirmation="gap", met=(0, 1), exceeded=(1, 5)
        ),
    )
    raised(
        cx.RoleError,
        "Controls are needed, on which the groups shall be alike, but there are none.\nPass for example "
        'controls=["prior_orders", "tenure"]; without, cx.expectation_levels compares.',
        lambda: overlap_weights(frame, outcome=BACK, treated="exceeded"),
    )
    raised(
        cx.RoleError,
        "An outcome of one moment is needed, but none was declared."
        '\nPass for example outcome=cx.Binary("stayed", good=1) or cx.Rating("stars", cx.CSAT5).',
        lambda: overlap_weights(frame, controls=CONTROLS, treated="exceeded"),
    )
    raised(
        cx.RoleError,
        "treated must be among the strata of the cells, but 'exceeded' is not among none."
        '\nTally the data with strata=["exceeded"].',
        lambda: overlap_weights(cx.tally(frame, outcome=BACK, controls=CONTROLS), treated="exceeded"),
    )
    with pytest.raises(
        cx.ColumnError, match=r"^'three' must hold 1 \(the second group\) and 0 \(the first group\), but"
    ):
        overlap_weights(frame, outcome=BACK, controls=CONTROLS, treated="three")


def test_the_differences_are_drawn(rows: pd.DataFrame) -> None:
    result = compare(rows, SPEND)
    ax = result.plot()
    dots = sorted(float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "o")
    assert dots == pytest.approx(sorted(result.estimate[[2, 4]]))
    assert [text.get_text() for text in ax.texts] == ["weighted", "regression"]
    assert ax.get_xlabel() == "exceeded 1 minus exceeded 0, in units of the\noutcome"
