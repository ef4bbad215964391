"""Equivalence against t.test called twice, statsmodels, its own interval, and simulation."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import cxstats as cx

REFERENCES = Path(__file__).parents[1] / "references"
# The same closed forms.
ROUNDING = 1e-12
# The reference prints 15 digits; tails of Student's t are iterated.
AGAINST_R = 1e-8

TOST = pd.read_csv(REFERENCES / "equivalence.csv", comment="#")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "scores_rows.csv", comment="#")


@pytest.mark.parametrize("row", TOST.to_dict("records"), ids=lambda r: f"{r['case']} {r['low']} {r['high']}")
def test_numbers_against_t_test(row: dict[str, float]) -> None:
    result = cx.equivalence(row["estimate"], std_error=row["std_error"], df=row["df"], low=row["low"], high=row["high"])
    assert result.p_low[0] == pytest.approx(row["p_low"], rel=AGAINST_R)
    assert result.p_high[0] == pytest.approx(row["p_high"], rel=AGAINST_R)
    assert result.p_value[0] == pytest.approx(max(row["p_low"], row["p_high"]), rel=AGAINST_R)
    frame = result.to_frame()
    assert frame[["ci_low", "ci_high"]].to_numpy()[0] == pytest.approx([row["ci_low"], row["ci_high"]], rel=AGAINST_R)
    assert result.equivalent[0] == (max(row["p_low"], row["p_high"]) < 0.05)


@pytest.mark.parametrize("by", ["region", "plan"])
def test_results_against_t_test(rows: pd.DataFrame, by: str) -> None:
    means = cx.mean_score(rows, metric="csat", scale=cx.CSAT5, by=by)
    for row in TOST[TOST.case == by].to_dict("records"):
        result = cx.equivalence(means, margin=row["high"])
        assert result.p_low[2] == pytest.approx(row["p_low"], rel=AGAINST_R)
        assert result.p_high[2] == pytest.approx(row["p_high"], rel=AGAINST_R)


def test_results_against_statsmodels() -> None:
    from statsmodels.stats.weightstats import ttost_ind

    rng = np.random.default_rng(1987)
    first, second = rng.integers(1, 8, 90), rng.integers(1, 8, 130)
    frame = pd.DataFrame({"ease": np.concatenate([first, second]), "by": ["a"] * 90 + ["b"] * 130})
    result = cx.equivalence(cx.mean_score(frame, metric="ease", scale=cx.EASE7, by="by"), low=-0.6, high=0.8)
    p, (t_low, p_low, df), (t_high, p_high, _) = ttost_ind(first, second, -0.6, 0.8, usevar="unequal")
    assert result.p_value[2] == pytest.approx(p, rel=AGAINST_R)
    assert result.p_low[2] == pytest.approx(p_low, rel=AGAINST_R)
    assert result.p_high[2] == pytest.approx(p_high, rel=AGAINST_R)
    assert result.statistic[2] == pytest.approx(min(t_low, -t_high), rel=AGAINST_R)
    assert result.df[2] == pytest.approx(df, rel=AGAINST_R)


def test_decision_is_that_of_the_interval() -> None:
    rng = np.random.default_rng(2)
    estimate, error = rng.normal(scale=0.01, size=500), rng.uniform(0.001, 0.01, size=500)
    for alpha in (0.01, 0.05, 0.2):
        result = cx.equivalence(estimate, std_error=error, margin=0.01, alpha=alpha, df=40)
        interval = result.confidence_interval()
        assert interval.level == pytest.approx(1 - 2 * alpha)
        assert (result.equivalent == ((interval.low > -0.01) & (interval.high < 0.01))).all()
        assert 0 < result.equivalent.sum() < 500


def test_error_rate_in_simulation() -> None:
    """At a truth on the margin equivalence is claimed in at most 5% of samples, in just 5% where the other end
    is far away; tolerance 4 Monte Carlo standard errors."""
    rng = np.random.default_rng(6)
    draws = rng.normal(loc=0.5, scale=2.0, size=(20_000, 60))
    error = draws.std(axis=1, ddof=1) / math.sqrt(60)
    tolerance = 4 * math.sqrt(0.05 * 0.95 / 20_000)
    narrow = cx.equivalence(draws.mean(axis=1), std_error=error, df=59, margin=0.5)
    assert 0 < narrow.equivalent.mean() < 0.05 + tolerance
    wide = cx.equivalence(draws.mean(axis=1), std_error=error, df=59, low=-2, high=0.5)
    assert wide.equivalent.mean() == pytest.approx(0.05, abs=tolerance)


def test_the_deciding_interval_is_shown() -> None:
    result = cx.equivalence([0.002, 0.02], std_error=0.004, margin=0.01)
    assert "90% low" in str(result)
    assert "Equivalent at alpha 0.05: 'estimate 1'." in str(result)
    assert "95% low" in result.summary(0.95)
    wide = result.confidence_interval(0.95)
    assert wide.high[0] == pytest.approx(0.002 + stats.norm.ppf(0.975) * 0.004, rel=ROUNDING)
    assert result.to_frame(level=0.95).ci_high[0] == wide.high[0]
    assert "none shown" in str(cx.equivalence(0.02, std_error=0.004, margin=0.01))
    assert result.plot().get_xlabel() == "estimate with 90% interval"
    assert "95% low" in str(cx.equivalence(0.0, std_error=0.004, margin=0.01, alpha=0.025))


def test_labels_of_a_result_are_kept(rows: pd.DataFrame) -> None:
    scores = cx.net_promoter(rows, metric="nps", by="plan")
    result = cx.equivalence(scores, margin=5)
    frame = result.to_frame()
    assert frame.columns.tolist()[:4] == ["metric", "group", "margin", "estimate"]
    assert frame.group.tolist() == ["basic", "pro", "basic - pro"]
    assert frame.margin.unique().tolist() == ["-5 to 5"]
    assert frame.std_error.tolist() == scores.std_error.tolist()
    clustered = cx.mean_score(rows, metric="csat", scale=cx.CSAT5, by="plan", cluster="firm")
    assert cx.equivalence(clustered, margin=1).df.tolist() == clustered.df.tolist() == [47, 71, 47]


def test_notes_of_a_result_are_kept(rows: pd.DataFrame) -> None:
    with pytest.warns(cx.CxStatsWarning, match=r"^30 clusters are few"):
        means = cx.mean_score(rows[rows.firm <= "f030"], metric="csat", scale=cx.CSAT5, cluster="firm")
    assert cx.equivalence(means, low=3, high=4).notes == means.notes


@pytest.mark.parametrize("margin", [0.0, -0.1, math.inf, math.nan])
def test_margins_must_be_positive(margin: float) -> None:
    with pytest.raises(cx.RoleError, match=rf"^margin must be above 0 and finite, but {margin!r} was given\.$"):
        cx.equivalence(0.1, std_error=0.1, margin=margin)


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.1), (0.2, -0.2), (-math.inf, 0.1), (math.nan, 0.1)])
def test_bands_must_be_ordered(low: float, high: float) -> None:
    message = rf"^low must be below high, both finite, but low={low!r} and high={high!r} were given\.$"
    with pytest.raises(cx.RoleError, match=message):
        cx.equivalence(0.1, std_error=0.1, low=low, high=high)


@pytest.mark.parametrize("given", [{}, {"low": -1.0}, {"margin": 1.0, "low": -1.0, "high": 1.0}])
def test_one_margin_must_be_given(given: dict[str, float]) -> None:
    with pytest.raises(
        cx.RoleError, match=r"^Either margin or both low and high must be given, but margin=.*\nThe margin"
    ):
        cx.equivalence(0.1, std_error=0.1, **given)


@pytest.mark.parametrize("error", [0.0, -0.1, math.inf, math.nan])
def test_standard_errors_must_be_positive(error: float) -> None:
    message = (
        r"^Every standard error must be above 0 and finite, but 1 of 2 is not: "
        rf"'estimate 2: {error:g}'\.\nLeave those rows out"
    )
    with pytest.raises(cx.RoleError, match=message):
        cx.equivalence([0.1, 0.2], std_error=[0.1, error], margin=1)


def test_rows_of_a_result_without_an_error_are_named() -> None:
    frame = pd.DataFrame({"csat": [5, 5, 4, 3], "by": ["a", "a", "b", "b"]})
    means = cx.mean_score(frame, metric="csat", scale=cx.CSAT5, by="by")
    with pytest.raises(cx.RoleError, match=r"above 0 and finite, but 1 of 3 is not: 'csat a: 0'\.\n"):
        cx.equivalence(means, margin=1)


def test_other_arguments_are_checked(rows: pd.DataFrame) -> None:
    means = cx.mean_score(rows, metric="csat", scale=cx.CSAT5)
    with pytest.raises(cx.RoleError, match=r"^std_error must be given with an estimate that is a number\.\nOr pass a"):
        cx.equivalence(0.1, margin=1)
    with pytest.raises(cx.RoleError, match=r"^std_error and df are taken from the result, but were given besides\.\n"):
        cx.equivalence(means, std_error=0.1, margin=1)
    with pytest.raises(cx.RoleError, match=r"^std_error and df are taken from the result"):
        cx.equivalence(means, df=5, margin=1)
    with pytest.raises(cx.RoleError, match=r"^alpha must lie between 0 and 0\.5, but 0\.5 was given\.$"):
        cx.equivalence(0.1, std_error=0.1, margin=1, alpha=0.5)
    with pytest.raises(cx.RoleError, match=r"^Every estimate must be finite, but 1 of 1 is not: 'estimate: nan'"):
        cx.equivalence(math.nan, std_error=0.1, margin=1)
    with pytest.raises(cx.RoleError, match=r"^Degrees of freedom must be above 0, but 1 of 1 is not: 'estimate: 0'"):
        cx.equivalence(0.1, std_error=0.1, margin=1, df=0)
    with pytest.raises(cx.RoleError, match=r"^estimate, std_error and df must be numbers, one each or as many"):
        cx.equivalence([0.1, 0.2, 0.3], std_error=[0.1, 0.2], margin=1)
    with pytest.raises(cx.RoleError, match=r"^estimate, std_error and df must be numbers"):
        cx.equivalence("large", std_error=0.1, margin=1)  # type: ignore[arg-type]
    with pytest.raises(cx.RoleError, match=r"but the shapes \(1,\), \(2,\) and \(1,\) were given\.$"):
        cx.equivalence(0.1, std_error=[0.1, 0.2], margin=1)
