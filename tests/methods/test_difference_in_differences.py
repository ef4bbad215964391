"""Difference in differences against statsmodels on rows, Welch's test on units, and simulations with known truth."""

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import cxstats as cx
from cxstats.methods.difference_in_differences import DifferenceInDifferences, difference_in_differences

ROUNDING = 1e-9  # least squares by another route on 1,500 rows; the same sums in another order
ERRORS = 4.0
COST = cx.Continuous("cost", good="low")
KEYS: dict[str, Any] = {"outcome": COST, "period": "month", "treated": "improved", "start": 4, "cluster": "branch"}


def visits(seed: int = 3, treated: int = 20, branches: int = 40, periods: int = 7, per: int = 6) -> pd.DataFrame:
    """Branches with shocks of their own and visits of unequal number; from month 4 on the treated cost less."""
    rng = np.random.default_rng(seed)
    size = rng.integers(2, 2 * per - 1, (branches, periods))
    branch, month = (np.repeat(index.ravel(), size.ravel()) for index in np.indices(size.shape))
    level = rng.normal(40, 4, branches)[branch] + rng.normal(0, 1, size.shape).cumsum(axis=1)[branch, month]
    improved = (branch < treated).astype(int)
    cost = level - 5 * improved * (month >= 4) + rng.normal(0, 6, len(branch))
    weight = rng.choice([0.5, 1.0, 2.0], len(branch))
    return pd.DataFrame({"branch": branch, "month": month, "improved": improved, "cost": cost, "weight": weight})


def panel(seed: int = 4, treated: int = 8, branches: int = 40, periods: int = 6) -> pd.DataFrame:
    """The same with one row per branch and period; the treated vary more."""
    rng = np.random.default_rng(seed)
    spread = np.where(np.arange(branches) < treated, 3.0, 1.0)[:, None]
    values = rng.normal(40, 4, (branches, 1)) + spread * rng.normal(0, 1, (branches, periods)).cumsum(axis=1)
    branch, month = np.indices(values.shape)
    improved = (branch < treated).astype(int)
    frame = {"branch": branch, "month": month, "improved": improved, "cost": values - 4 * improved * (month >= 4)}
    return pd.DataFrame({name: column.ravel() for name, column in frame.items()})


def saturated(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """A dummy for every month, and the treated's gap in every month; its columns come last."""
    month = pd.get_dummies(frame["month"]).to_numpy(float)
    return np.hstack([month, month * frame["improved"].to_numpy(float)[:, None]]), np.sort(frame["month"].unique())


def weights_of_periods(frame: pd.DataFrame, mass: str | None = None) -> np.ndarray:
    rows = frame.assign(mass=1.0 if mass is None else frame[mass])
    table = rows.pivot_table(index="month", columns="improved", values="mass", aggfunc="sum")
    return (table[0] * table[1] / (table[0] + table[1])).to_numpy()


def contrasts(share: np.ndarray, times: np.ndarray, start: float) -> np.ndarray:
    """Rows: the difference, gaps before, the slope, gaps after; columns as in `saturated`."""
    after = times >= start
    effect = np.where(after, share / share[after].sum(), -share / share[~after].sum())
    last = np.flatnonzero(~after)[-1]
    against = np.eye(len(times)) - np.eye(len(times))[last]
    before = np.arange(last + 1)
    slope = np.zeros(len(times))
    slope[before] = (before - before.mean()) / ((before - before.mean()) ** 2).sum()
    gaps = np.vstack([effect, against[:last], slope, against[last + 1 :]])
    return np.hstack([np.zeros_like(gaps), gaps])


@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize("cluster", [None, "branch"])
def test_all_rows_against_statsmodels(cluster: str | None, weight: str | None) -> None:
    frame = visits()
    result = difference_in_differences(frame, **{**KEYS, "cluster": cluster, "weight": weight})
    design, times = saturated(frame)
    mass = np.ones(len(frame)) if weight is None else frame[weight].to_numpy()
    model = sm.WLS(frame["cost"], design, weights=mass)
    n, arms = len(frame), 20  # as many treated as untreated: both have the same factor G / (G - 1)
    if cluster is None:
        fit, factor = model.fit(cov_type="HC0"), n / (n - 1)
    else:
        groups = {"groups": frame["branch"], "use_correction": False}
        fit, factor = model.fit(cov_type="cluster", cov_kwds=groups), arms / (arms - 1)
    chosen = contrasts(weights_of_periods(frame, weight), times, 4)
    on = np.arange(len(result.estimate)) != 1
    assert result.estimate[on] == pytest.approx(chosen @ fit.params, rel=ROUNDING, abs=ROUNDING)
    error = np.sqrt(factor * np.diag(chosen @ fit.cov_params() @ chosen.T))
    assert result.std_error[on] == pytest.approx(error, rel=ROUNDING)
    assert result.labels["term"] == [
        *("difference", "share of counterfactual", "0 - 3", "1 - 3", "2 - 3", "slope per period"),
        *("4 - 3", "5 - 3", "6 - 3"),
    ]
    assert result.labels["part"] == ["effect"] * 2 + ["before"] * 4 + ["after"] * 3
    if cluster is None:
        test = fit.wald_test(chosen[1:4], scalar=True, use_f=False)
        assert result.pre_trend is not None
        assert result.pre_trend.df2 == np.inf
        assert result.pre_trend.statistic * 3 == pytest.approx(test.statistic / factor, rel=ROUNDING)
        assert result.pre_trend.p_value == pytest.approx(stats.chi2.sf(test.statistic / factor, 3), rel=1e-7)


def test_difference_against_two_way_dummies() -> None:
    """The usual regression: a dummy per month, one for the treated, one for the treated from the start on."""
    frame = visits()
    month = pd.get_dummies(frame["month"]).to_numpy(float)
    post = frame["improved"] * (frame["month"] >= 4)
    fit = sm.OLS(frame["cost"], np.column_stack([month, frame["improved"], post])).fit(
        cov_type="cluster", cov_kwds={"groups": frame["branch"]}
    )
    result = difference_in_differences(frame, **KEYS)
    assert result.estimate[0] == pytest.approx(fit.params.iloc[-1], rel=ROUNDING)
    # Its residuals are those of a constant difference, ours of the means: of no account for the error.
    assert result.std_error[0] == pytest.approx(fit.bse.iloc[-1], rel=0.03)


def changes(frame: pd.DataFrame, weights: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """A weighted sum over the months of each branch, treated and untreated apart."""
    wide = frame.pivot_table(index=["improved", "branch"], columns="month", values="cost")
    total = sum(weight * wide[month] for month, weight in weights.items())
    return total.loc[1].to_numpy(), total.loc[0].to_numpy()


def test_few_treated_branches_against_welch() -> None:
    frame = panel()
    result = difference_in_differences(frame, **KEYS)
    parts = {
        "difference": {0: -0.25, 1: -0.25, 2: -0.25, 3: -0.25, 4: 0.5, 5: 0.5},
        "1 - 3": {1: 1, 3: -1},
        "5 - 3": {5: 1, 3: -1},
        "slope per period": {0: -0.3, 1: -0.1, 2: 0.1, 3: 0.3},
    }
    for term, weights in parts.items():
        at = result.labels["term"].index(term)
        treated, untreated = changes(frame, weights)
        welch = stats.ttest_ind(treated, untreated, equal_var=False)
        interval = welch.confidence_interval(0.9)
        assert result.estimate[at] == pytest.approx(treated.mean() - untreated.mean(), rel=ROUNDING)
        assert result.statistic[at] == pytest.approx(welch.statistic, rel=ROUNDING)
        assert result.df[at] == pytest.approx(welch.df, rel=ROUNDING)
        assert result.p_value[at] == pytest.approx(welch.pvalue, rel=1e-7)
        limits = result.confidence_interval(0.9)
        assert (limits.low[at], limits.high[at]) == pytest.approx(interval, rel=1e-7)
    assert (result.n_clusters, result.n_treated, result.n_untreated) == (40, 8, 32)
    assert result.df[0] < 12  # eight treated branches, not forty
    wide = frame.pivot_table(index="month", columns="improved", values="cost")
    assert result.means == pytest.approx(wide[[0, 1]].to_numpy().T, rel=ROUNDING)
    assert result.level == pytest.approx(wide.loc[4:, 1].mean(), rel=ROUNDING)
    assert result.counterfactual == pytest.approx(
        wide.loc[:3, 1].mean() + wide.loc[4:, 0].mean() - wide.loc[:3, 0].mean(), rel=ROUNDING
    )
    assert (result.reference_period, result.start, result.higher_is_better) == (3.0, 4.0, False)


def test_share_against_welch_at_its_limits() -> None:
    """At a limit s the contrast of change - s (level - change) is as far from 0 as the critical value."""
    frame = panel()
    result = difference_in_differences(frame, **KEYS)
    assert result.relative is not None
    assert result.estimate[1] == pytest.approx(result.estimate[0] / result.counterfactual, rel=ROUNDING)
    critical = stats.t.isf(0.025, result.df[0])
    limits = result.confidence_interval()
    for share, sign in ((limits.low[1], 1), (limits.high[1], -1)):
        treated, untreated = changes(
            frame, {**dict.fromkeys(range(4), -(1 + share) / 4), **dict.fromkeys((4, 5), (1 + share) / 2)}
        )
        level, _ = changes(frame, {4: share / 2, 5: share / 2})
        treated = treated - level
        welch = stats.ttest_ind(treated, untreated, equal_var=False)
        assert welch.statistic == pytest.approx(sign * critical, rel=1e-7)
    assert (result.statistic[1], result.p_value[1]) == (result.statistic[0], result.p_value[0])


def test_pre_trend_against_two_sample_hotelling() -> None:
    """With the same spread in both groups of 20 the degrees of freedom are near those of the pooled test."""
    frame = panel(treated=20)
    result = difference_in_differences(frame, **KEYS)
    wide = frame.pivot_table(index=["improved", "branch"], columns="month", values="cost")
    gaps = wide[[0, 1, 2]].sub(wide[3], axis=0)
    apart = (gaps.loc[1].mean() - gaps.loc[0].mean()).to_numpy()
    parts = [gaps.loc[arm].cov().to_numpy() / 20 for arm in (0, 1)]
    inverse = np.linalg.inv(parts[0] + parts[1])
    square = apart @ inverse @ apart
    shares = [part @ inverse for part in parts]
    df = (3 + 9) / sum((np.trace(s @ s) + np.trace(s) ** 2) / 19 for s in shares)
    assert 19 < df < 38
    assert result.pre_trend is not None
    assert result.pre_trend.df1 == 3
    assert result.pre_trend.df2 == pytest.approx(df - 2, rel=ROUNDING)
    assert result.pre_trend.statistic == pytest.approx((df - 2) / (3 * df) * square, rel=ROUNDING)
    assert result.pre_trend.p_value == pytest.approx(stats.f.sf((df - 2) / (3 * df) * square, 3, df - 2), rel=1e-7)
    # With two periods before there is one contrast, and the test is Welch's.
    two = difference_in_differences(frame[frame.month >= 2], **KEYS)
    treated, untreated = changes(frame, {2: 1, 3: -1})
    assert two.pre_trend is not None
    assert two.pre_trend.p_value == pytest.approx(stats.ttest_ind(treated, untreated, equal_var=False).pvalue, rel=1e-7)
    assert "slope per period" not in two.labels["term"]


def test_clusters_of_both_kinds_against_statsmodels() -> None:
    frame = visits().assign(region=lambda x: x["branch"] % 25)
    with pytest.warns(cx.CxStatsWarning, match=r"^25 clusters are few"):
        result = difference_in_differences(frame, **{**KEYS, "cluster": "region"})
    design, times = saturated(frame)
    fit = sm.OLS(frame["cost"], design).fit(
        cov_type="cluster", cov_kwds={"groups": frame["region"], "use_correction": False}
    )
    chosen = contrasts(weights_of_periods(frame), times, 4)
    error = np.sqrt(25 / 24 * np.diag(chosen @ fit.cov_params() @ chosen.T))
    assert np.delete(result.std_error, 1) == pytest.approx(error, rel=ROUNDING)
    assert (result.df == 24).all()
    assert result.notes[-1] == (
        "15 of 25 clusters hold treated and untreated rows: the cluster should be the unit that was treated or not."
    )


def test_outcomes_in_their_own_direction() -> None:
    frame = visits().assign(
        churned=lambda x: (x["cost"] > 40).astype(int), stars=lambda x: (x["month"] + x["cost"]) // 1 % 5 + 1
    )
    churn = difference_in_differences(frame, **{**KEYS, "outcome": cx.Binary("churned", good=0)})
    kept = difference_in_differences(
        frame.assign(stayed=1 - frame["churned"]), **{**KEYS, "outcome": cx.Binary("stayed")}
    )
    assert churn.estimate == pytest.approx(kept.estimate, rel=ROUNDING, abs=ROUNDING)
    assert churn.higher_is_better
    effort = difference_in_differences(frame, **{**KEYS, "outcome": cx.Rating("stars", cx.EFFORT5)})
    assert not effort.higher_is_better
    assert effort.means.min() > 1
    assert effort.notes[-1] == (
        "The share is one of the rating as coded, from 1 up: on a scale from 0 it would be larger."
    )
    below = difference_in_differences(frame.assign(cost=frame["cost"] - 100), **KEYS)
    assert below.relative is None
    assert below.labels["term"][:2] == ["difference", "0 - 3"]
    assert below.notes[-1] == "The counterfactual level is not above 0: the difference has no meaning as a share of it."


def test_one_period_before_cannot_be_tested() -> None:
    result = difference_in_differences(panel(), **{**KEYS, "start": 1})
    assert result.pre_trend is None
    assert result.notes == (
        "There is one period before the start: whether the groups moved alike before cannot be tested.",
    )


def test_more_periods_than_clusters_cannot_be_tested() -> None:
    result = difference_in_differences(panel(treated=5, periods=12), **{**KEYS, "start": 11})
    assert result.pre_trend is None
    assert result.notes == (
        (
            "Whether the groups moved alike before the start cannot be tested jointly: 11 periods before it are too "
            "many for these clusters, or nothing varies in them. Merge periods. 'slope per period' looks at their "
            "trend alone."
        ),
    )


def test_without_cluster_it_is_said() -> None:
    result = difference_in_differences(panel(), **{**KEYS, "cluster": None})
    assert (result.n_clusters, result.n_treated, result.n_untreated) == (None, None, None)
    assert result.notes[-1].startswith("No cluster was declared: every row counts as independent.")


def test_branches_that_come_or_go_are_counted() -> None:
    frame = panel()
    gone = frame[~((frame["branch"] == 3) & (frame["month"] >= 4)) & ~((frame["branch"] == 30) & (frame["month"] < 4))]
    assert difference_in_differences(gone, **KEYS).notes[-1] == (
        "2 of 40 clusters have rows only before or only from the start on: who is measured changed, which may look "
        "like a change of the outcome."
    )
    assert len(difference_in_differences(frame, **KEYS).notes) == 1


def test_missing_values_and_cells() -> None:
    frame = visits().astype({"improved": float, "month": float})
    frame.loc[:5, "cost"], frame.loc[6:8, "month"], frame.loc[9:10, "improved"] = np.nan, np.nan, np.nan
    result = difference_in_differences(frame, **KEYS)
    assert (result.n, result.n_missing) == (len(frame) - 11, 11)
    cells = cx.tally(frame, outcome=COST, strata=["month", "improved"], cluster="branch")
    again = difference_in_differences(cells, period="month", treated="improved", start=4)
    assert np.array_equal(again.estimate, result.estimate)
    without = cx.tally(frame, outcome=COST, strata=["month"], cluster="branch")
    message = (
        "period and treated must be among the strata or controls of the cells, but 'improved' is not among 'month'."
        '\nTally the data with strata=["month", "improved"].'
    )
    with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
        difference_in_differences(without, period="month", treated="improved", start=4)


def many(
    number: int, seed: int, treated: int, drift: float = 0.0, effect: float = -4.0
) -> list[DifferenceInDifferences]:
    """As many panels of 40 branches over 6 months with persistent shocks; the gap may drift from the beginning."""
    rng = np.random.default_rng(seed)
    branch, month = np.indices((40, 6))
    improved = (branch < treated).astype(int)
    base = {"branch": branch.ravel(), "month": month.ravel(), "improved": improved.ravel()}
    found = []
    for _ in range(number):
        shocks = rng.normal(0, 2, (40, 6)).cumsum(axis=1) + rng.normal(0, 1, (40, 6))
        cost = 40 + rng.normal(0, 4, (40, 1)) + shocks + improved * (drift * month + effect * (month >= 4))
        found.append(difference_in_differences(pd.DataFrame({**base, "cost": cost.ravel()}), **KEYS))
    return found


@pytest.mark.parametrize("treated", [5, 10])
def test_coverage_and_size_in_simulation(treated: int) -> None:
    number = 200
    results = many(number, seed=100 + treated, treated=treated)
    luck = ERRORS * np.sqrt(0.95 * 0.05 / number)
    limits = [result.confidence_interval() for result in results]
    covered = np.mean([at.low[0] <= -4 <= at.high[0] for at in limits])
    assert abs(covered - 0.95) < luck
    share = np.mean([at.low[1] <= -0.1 <= at.high[1] for at in limits])  # 4 of 40
    assert abs(share - 0.95) < luck
    tests = [result.pre_trend for result in results]
    if treated == 5:  # too few for three contrasts
        assert set(tests) == {None}
    else:
        rejected = np.mean([test is not None and test.p_value < 0.05 for test in tests])
        assert abs(rejected - 0.05) < luck
    slopes = np.mean([result.p_value[result.labels["term"].index("slope per period")] < 0.05 for result in results])
    assert abs(slopes - 0.05) < luck
    estimates = np.array([result.estimate[0] for result in results])
    assert abs(estimates.mean() + 4) < ERRORS * estimates.std() / np.sqrt(number)


def test_diverging_groups_are_flagged_in_simulation() -> None:
    """A gap that grew by 2.5 a month already: no effect at all, and still a difference."""
    results = many(60, seed=9, treated=20, drift=-2.5, effect=0.0)
    flagged = [
        result.notes[0].startswith("The groups did not move alike before the start (joint p") for result in results
    ]
    assert np.mean(flagged) > 0.8
    assert np.mean([result.p_value[0] < 0.05 for result in results]) > 0.9
    slope = np.array([result.estimate[result.labels["term"].index("slope per period")] for result in results])
    assert abs(slope.mean() + 2.5) < ERRORS * slope.std() / np.sqrt(60)


NO_OUTCOME = (
    "An outcome of one moment is needed, but none was declared."
    '\nPass for example outcome=cx.Continuous("cost", good="low") or cx.Binary("churned", good=0).'
)
NOT_01 = (
    "'improved' must hold 1 for the treated and 0 for the untreated, but 240 of 240 rows do not: {}, for example."
    "\nRecode it to 0 and 1."
)
TEXT = (
    "'month' must hold numbers, so that periods have an order, but it holds text, for example 'May'."
    "\nNumber the periods through: 0, 1, 2."
)
OUTSIDE = (
    "There must be a period before start={} and one from it on, but 'month' goes from 0 to 5: none lies {}."
    "\nWithout both, no change is seen."
)
REFUSED: list[tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = [
    ({}, {"outcome": None}, cx.RoleError, NO_OUTCOME),
    ({"improved": 2}, {}, cx.ColumnError, NOT_01.format("2")),
    ({"improved": "yes"}, {}, cx.ColumnError, NOT_01.format("'yes'")),
    ({"month": "May"}, {}, cx.ColumnError, TEXT),
    ({}, {"start": 0}, cx.TooFewError, OUTSIDE.format(0, "before it")),
    ({}, {"start": 6}, cx.TooFewError, OUTSIDE.format(6, "from it on")),
    ({}, {"start": "4"}, cx.RoleError, "start must be the first treated period, a number, but '4' was given."),
]


@pytest.mark.parametrize(("columns", "options", "error", "message"), REFUSED)
def test_bad_input_is_refused(
    columns: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        difference_in_differences(panel().assign(**columns), **{**KEYS, **options})


def test_treated_that_switches_on_is_refused() -> None:
    frame = panel().assign(improved=lambda x: x["improved"] * (x["month"] >= 4))
    message = (
        "Every period must have at least 2 treated and 2 untreated rows, but 4 of 6 have not: 0 (0 treated, 40 "
        "untreated); 1 (0 treated, 40 untreated); 2 (0 treated, 40 untreated); 3 (0 treated, 40 untreated).\n1 marks "
        "the units that are treated at any time, also in the periods before the start. Leave such periods out, or "
        "merge them."
    )
    with pytest.raises(cx.TooFewError, match=f"^{re.escape(message)}$"):
        difference_in_differences(frame, **KEYS)


@pytest.mark.parametrize(("treated", "branches"), [(4, 40), (36, 40)])
def test_few_treated_or_untreated_branches_are_refused(treated: int, branches: int) -> None:
    message = (
        "At least 5 clusters must be treated and 5 untreated, but of them "
        f"{treated} are treated and {branches - treated} untreated.\nWith fewer, what happened to one of them cannot "
        "be told from what was done to all: report the change of each instead."
    )
    with pytest.raises(cx.TooFewError, match=f"^{re.escape(message)}$"):
        difference_in_differences(panel(treated=treated, branches=branches), **KEYS)


def test_few_branches_are_refused() -> None:
    message = (
        "At least 20 clusters are needed for an interval, but there are 19.\nWith fewer, no interval is trustworthy: "
        "report the estimates per cluster instead."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(cx.TooFewError, match=f"^{re.escape(message)}$"):
            difference_in_differences(panel(treated=9, branches=19), **KEYS)
