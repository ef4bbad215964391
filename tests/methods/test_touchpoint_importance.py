"""Standardised slopes of touchpoints, whether they differ, and the quadrants."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.stats import norm

import cxstats as cx
from cxstats.errors import CxStatsError, CxStatsWarning
from cxstats.methods.touchpoint_importance import TouchpointImportance, touchpoint_importance

# Sums in another order.
ROUNDING = 1e-10
# Newton's method of statsmodels stops a little earlier than ours.
CONVERGED = 1e-6
# A jackknife and the influence values differ by terms of order 1 / clusters.
JACKKNIFE = 0.05
REPLICATIONS, MC_ERRORS = 180, 4

TOUCHPOINTS = {"search": cx.CSAT5, "effort": cx.EFFORT5, "store": cx.CSAT7}
RATING = cx.Rating("overall", cx.NPS)
GOOD = cx.Binary("left", good=0)
Array = NDArray[np.float64]


def journeys(seed: int, n: int = 600, clusters: int = 60) -> pd.DataFrame:
    """Ratings that hang together, a store that half of the journeys did without, one scale on which up is bad."""
    rng = np.random.default_rng(seed)
    customer = rng.integers(0, clusters, n)
    mood = rng.normal(size=clusters)[customer] + rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "customer": [f"c{i}" for i in customer],
            "search": np.clip(np.round(3 + mood + rng.normal(size=n)), 1, 5),
            "effort": np.clip(np.round(3 - mood + rng.normal(size=n)), 1, 5),
            "store": np.clip(np.round(4 + mood + rng.normal(size=n)), 1, 7),
            "weight": rng.choice([0.5, 1.0, 2.5], n),
        }
    )
    known = 0.6 * frame.search - 0.3 * frame.effort + 0.2 * frame.store + 0.5 * mood
    frame["overall"] = np.clip(np.round(4 + known + rng.normal(size=n)), 0, 10)
    frame["left"] = (known + rng.logistic(size=n) < 1.5).astype(int)
    frame.loc[rng.random(n) < 0.5, "store"] = np.nan
    return frame


def design(rows: pd.DataFrame) -> Array:
    """Written otherwise than the package does: not centred, nothing turned, 0 for no store."""
    used = rows["store"].notna().astype(float)
    return np.column_stack([np.ones(len(rows)), rows["search"], 6 - rows["effort"], rows["store"].fillna(0), used])


def test_slopes_against_statsmodels_ols() -> None:
    rows = journeys(1)
    x, n = design(rows), len(rows)
    result = touchpoint_importance(rows, outcome=RATING, touchpoints=TOUCHPOINTS)
    fit = sm.OLS(rows["overall"], x).fit(cov_type="HC0")
    assert result.slope == pytest.approx(np.array(fit.params)[1:4], rel=ROUNDING)
    assert result.slope_std_error == pytest.approx(np.array(fit.bse)[1:4] * np.sqrt(n / (n - 1)), rel=ROUNDING)
    sds = [rows["search"].std(ddof=0), rows["effort"].std(ddof=0), rows["store"].dropna().std(ddof=0)]
    expected = np.array(fit.params)[1:4] * sds / rows["overall"].std(ddof=0)
    assert result.estimate[:3] == pytest.approx(expected, rel=ROUNDING)
    assert result.estimate[3:] == pytest.approx(
        [expected[0] - expected[1], expected[0] - expected[2], expected[1] - expected[2]], rel=ROUNDING
    )
    assert (result.model, result.n, result.n_missing, result.df) == ("linear", n, 0, np.inf)


def test_weighted_slopes_against_statsmodels_wls() -> None:
    rows = journeys(2)
    n = len(rows)
    result = touchpoint_importance(rows, outcome=RATING, touchpoints=TOUCHPOINTS, weight="weight")
    fit = sm.WLS(rows["overall"], design(rows), weights=rows["weight"]).fit(cov_type="HC0")
    assert result.slope == pytest.approx(np.array(fit.params)[1:4], rel=ROUNDING)
    assert result.slope_std_error == pytest.approx(np.array(fit.bse)[1:4] * np.sqrt(n / (n - 1)), rel=ROUNDING)
    store = rows.dropna()
    mean = np.average(store["store"], weights=store["weight"])
    assert result.mean[2] == pytest.approx(mean, rel=ROUNDING)


def test_log_odds_against_statsmodels_logit() -> None:
    rows = journeys(3, n=900)
    x, n = design(rows), len(rows)
    plain = touchpoint_importance(rows, outcome=GOOD, touchpoints=TOUCHPOINTS)
    fit = sm.Logit(1 - rows["left"], x).fit(disp=0, cov_type="HC0")
    assert plain.slope == pytest.approx(np.array(fit.params)[1:4], rel=CONVERGED)
    assert plain.slope_std_error == pytest.approx(np.array(fit.bse)[1:4] * np.sqrt(n / (n - 1)), rel=CONVERGED)
    sds = [rows["search"].std(ddof=0), rows["effort"].std(ddof=0), rows["store"].dropna().std(ddof=0)]
    assert plain.estimate[:3] == pytest.approx(np.array(fit.params)[1:4] * sds, rel=CONVERGED)
    clustered = touchpoint_importance(rows, outcome=GOOD, touchpoints=TOUCHPOINTS, cluster="customer")
    codes = rows["customer"].astype("category").cat.codes
    fit = sm.Logit(1 - rows["left"], x).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": codes, "use_correction": False}
    )
    groups = codes.nunique()
    expected = np.array(fit.bse)[1:4] * np.sqrt(groups / (groups - 1))
    assert clustered.slope_std_error == pytest.approx(expected, rel=CONVERGED)
    assert clustered.df == groups - 1


@pytest.mark.parametrize("outcome", [RATING, GOOD])
def test_standardised_slopes_and_performance_against_leaving_one_out(outcome: Any) -> None:
    """The standard errors hold what the standard deviations, which are estimated too, put in."""
    rows = journeys(4, n=1500, clusters=150)

    def estimates(kept: pd.DataFrame) -> Array:
        used = [kept["search"], 6 - kept["effort"], kept["store"].dropna()]
        sds = np.array([part.std(ddof=0) for part in used])
        means = [(part.mean() - 1) / width for part, width in zip(used, (4, 4, 6), strict=True)]
        if outcome is RATING:
            slopes = np.linalg.lstsq(design(kept), kept["overall"], rcond=None)[0][1:4] / kept["overall"].std(ddof=0)
        else:
            slopes = np.asarray(sm.Logit(1 - kept["left"], design(kept)).fit(disp=0).params)[1:4]
        return np.concatenate([slopes * sds, means])

    result = touchpoint_importance(rows, outcome=outcome, touchpoints=TOUCHPOINTS, cluster="customer")
    assert np.concatenate([result.estimate[:3], result.performance]) == pytest.approx(estimates(rows), rel=CONVERGED)
    every = rows["customer"].unique()
    g = len(every)
    without = np.array([estimates(rows[rows["customer"] != one]) for one in every])
    gaps = without - without.mean(axis=0)
    jackknife = (g - 1) / g * gaps.T @ gaps
    errors = np.sqrt(np.diag(jackknife))
    assert np.sqrt(np.diag(result.covariance)) == pytest.approx(errors, rel=JACKKNIFE)
    correlation = result.covariance / np.outer(errors, errors)
    assert correlation == pytest.approx(jackknife / np.outer(errors, errors), abs=JACKKNIFE)
    difference = jackknife[0, 0] + jackknife[1, 1] - 2 * jackknife[0, 1]
    assert result.std_error[3] == pytest.approx(np.sqrt(difference), rel=JACKKNIFE)


def test_simultaneous_intervals_and_adjusted_p_values_agree() -> None:
    """p below .05 exactly where 0 lies outside; wider than one by one, narrower than Bonferroni's."""
    rows = journeys(7)
    result = touchpoint_importance(rows, outcome=RATING, touchpoints=TOUCHPOINTS)
    limits = result.confidence_interval()
    half = (limits.high - limits.low) / 2 / result.std_error
    assert half[:3] == pytest.approx(np.full(3, norm.ppf(0.975)), rel=ROUNDING)
    assert (half[3:] > norm.ppf(0.975)).all()
    assert (half[3:] < norm.ppf(1 - 0.025 / 3)).all()
    outside = (limits.low > 0) | (limits.high < 0)
    assert np.array_equal(outside, result.p_value < 0.05)
    raw = 2 * norm.sf(np.abs(result.statistic))
    assert result.p_value[:3] == pytest.approx(raw[:3], rel=ROUNDING)
    assert ((result.p_value[3:] > raw[3:]) & (result.p_value[3:] < 3 * raw[3:])).all()


def shared(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Ratings 1 to 5 of which any two are the same with chance 1/4, else independent: correlation .25, variance 2."""
    common = rng.integers(1, 6, size=(*shape[:-1], 1))
    own = rng.integers(1, 6, size=shape)
    return np.where(rng.random(shape) < 0.5, common, own).astype(float)


SLOPES = {"equal": np.full(4, 0.5), "unequal": np.array([0.8, 0.4, 0.4, 0.0])}


def simulated(slopes: Array, clusters: bool, seed: int) -> tuple[Array, Array, Array]:
    """Over replications: p of equality, whether all differences hold at once, whether each slope does."""
    rng = np.random.default_rng(seed)
    names = ["a", "b", "c", "d"]
    correlation = np.where(np.eye(4, dtype=bool), 1.0, 0.25)
    # The error's SD is the mean rating, divided by 2: of variance (9 + (4 * 2 + 12 * .5) / 16) / 4; clusters add 1.
    noise = (9 + 14 / 16) / 4 + clusters
    truth = slopes * np.sqrt(2) / np.sqrt(2 * slopes @ correlation @ slopes + noise)
    truths = np.concatenate([truth, [truth[i] - truth[j] for i in range(4) for j in range(i + 1, 4)]])
    p, joint, each = np.empty(REPLICATIONS), np.empty(REPLICATIONS), np.empty((REPLICATIONS, 4))
    for k in range(REPLICATIONS):
        x = shared(rng, (400, 4))
        firm = np.repeat(np.arange(80), 5)
        y = x @ slopes + x.mean(axis=1) / 2 * rng.normal(size=400) + clusters * rng.normal(size=80)[firm]
        frame = pd.DataFrame(x, columns=names).assign(y=y, firm=firm)
        result = touchpoint_importance(
            frame,
            outcome=cx.Continuous("y"),
            touchpoints=dict.fromkeys(names, cx.CSAT5),
            cluster="firm" if clusters else None,
        )
        t = np.abs(result.estimate - truths) / result.std_error
        p[k] = result.equal.p_value
        joint[k] = result.simultaneous.tail(t[4:].max()) > 0.05
        each[k] = t[:4] < norm.ppf(0.975) if not clusters else t[:4] < 1.9904502  # t with 79 degrees
    return p, joint, each


@pytest.mark.parametrize("clusters", [False, True])
def test_size_and_coverage_in_simulation(clusters: bool) -> None:
    error = MC_ERRORS * np.sqrt(0.05 * 0.95 / REPLICATIONS)
    p, joint, _ = simulated(SLOPES["equal"], clusters, seed=21)
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=error)
    assert joint.mean() == pytest.approx(0.95, abs=error)
    p, joint, each = simulated(SLOPES["unequal"], clusters, seed=22)
    assert (p < 0.05).mean() > 0.9
    assert joint.mean() == pytest.approx(0.95, abs=error)
    assert each.mean(axis=0) == pytest.approx(np.full(4, 0.95), abs=error)


def test_performance_and_quadrants_against_rows() -> None:
    rows = journeys(8)
    result = touchpoint_importance(rows, outcome=RATING, touchpoints=TOUCHPOINTS)
    frame = result.quadrant().set_index("touchpoint")
    assert list(frame["mean_score"]) == pytest.approx([rows[name].mean() for name in TOUCHPOINTS], rel=ROUNDING)
    assert list(frame["n_users"]) == [600, 600, int(rows["store"].notna().sum())]
    shares = [(rows["search"].mean() - 1) / 4, (5 - rows["effort"].mean()) / 4, (rows["store"].mean() - 1) / 6]
    assert list(frame["performance"]) == pytest.approx(shares, rel=ROUNDING)
    n = frame["n_users"].to_numpy()
    sds = np.array([rows["search"].std() / 4, rows["effort"].std() / 4, rows["store"].std() / 6])
    half = (frame["performance_high"] - frame["performance_low"]) / 2 / norm.ppf(0.975)
    # A mean over the users has n / (n - 1) of all rows, or of the users.
    assert list(half) == pytest.approx(sds / np.sqrt(n), rel=2 / n.min())
    words = {
        (True, True): "keep up the good work",
        (True, False): "concentrate here",
        (False, False): "low priority",
        (False, True): "possible overkill",
    }
    for row in frame.itertuples():
        side = row.importance > np.mean(result.estimate[:3]), row.performance > np.mean(shares)
        assert row.quadrant == words[side]
        assert (row.mean_importance, row.mean_performance) == pytest.approx(
            (np.mean(result.estimate[:3]), np.mean(shares))
        )


def test_touchpoints_that_come_together_share_an_indicator() -> None:
    """Store and till are used by the same journeys: a second indicator would be the first once more."""
    rows = journeys(10)
    rng = np.random.default_rng(10)
    rows["till"] = np.where(rows["store"].notna(), rng.integers(1, 6, len(rows)), np.nan)
    result = touchpoint_importance(rows, outcome=RATING, touchpoints={**TOUCHPOINTS, "till": cx.CSAT5})
    fit = sm.OLS(rows["overall"], np.column_stack([design(rows), rows["till"].fillna(0)])).fit()
    assert result.slope == pytest.approx(np.array(fit.params)[[1, 2, 3, 5]], rel=ROUNDING)


def test_rows_without_outcome_or_touchpoint_are_left_out_and_counted() -> None:
    rows = journeys(11)
    rows.loc[:4, "overall"] = np.nan
    rows.loc[5:7, list(TOUCHPOINTS)] = np.nan
    result = touchpoint_importance(rows, outcome=RATING, touchpoints=TOUCHPOINTS)
    assert (result.n, result.n_missing) == (592, 8)
    kept = touchpoint_importance(rows.iloc[8:], outcome=RATING, touchpoints=TOUCHPOINTS)
    assert np.array_equal(result.estimate, kept.estimate)


def test_summary_says_whether_all_matter_alike() -> None:
    rows = journeys(12)
    result = touchpoint_importance(rows, outcome=RATING, touchpoints=TOUCHPOINTS)
    lines = [line for line in str(result).splitlines() if line.startswith("All ")]
    assert re.fullmatch(r"All slopes equal: chi-square [\d.]+ on 2, p (<0\.0001|[\d.e-]+)\.", lines[0])
    assert re.fullmatch(
        r"All differences hold together: 95% limits are 2\.[\d]+ standard errors away "
        r"\(Monte Carlo error 0\.00\d+\), where 1\.96 would serve a single one\.",
        lines[1],
    )
    two = touchpoint_importance(rows, outcome=RATING, touchpoints={"search": cx.CSAT5, "effort": cx.EFFORT5})
    assert "hold together" not in str(two)
    assert two.equal.chi_square == pytest.approx(two.statistic[2] ** 2, rel=1e-8)
    assert two.equal.p_value == pytest.approx(two.p_value[2], rel=1e-8)


def test_fewer_clusters_than_touchpoints_leave_equality_untested() -> None:
    rng = np.random.default_rng(13)
    names = [f"t{i}" for i in range(24)]
    frame = pd.DataFrame(rng.integers(1, 6, size=(800, 24)), columns=names)
    frame = frame.assign(y=frame.sum(axis=1) + rng.normal(size=800), firm=np.arange(800) % 22)
    with pytest.warns(CxStatsWarning, match=r"^22 clusters are few"):
        result = touchpoint_importance(
            frame, outcome=cx.Continuous("y"), touchpoints=dict.fromkeys(names, cx.CSAT5), cluster="firm"
        )
    assert np.isnan(result.equal.p_value)
    assert "All slopes equal: not tested, since there are no more clusters than touchpoints." in str(result)


def refused(error: type[CxStatsError], message: str, rows: pd.DataFrame, **given: Any) -> None:
    keys = {"outcome": RATING, "touchpoints": TOUCHPOINTS, **given}
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        touchpoint_importance(rows, **keys)


def test_bad_input_is_refused_in_full() -> None:
    rows = journeys(14)
    refused(
        cx.TooFewError,
        "At least two touchpoints are needed, but 1 was given: 'search'."
        "\nName every touchpoint of the journey that was rated.",
        rows,
        touchpoints={"search": cx.CSAT5},
    )
    refused(
        cx.RoleError,
        "The touchpoints must be declared with their scales, but none was given."
        '\nPass touchpoints={"check-in": cx.CSAT5, "boarding": cx.CSAT5}.',
        rows,
        touchpoints=None,
    )
    refused(
        cx.RoleError,
        "An outcome that is binary, a rating, measured or counted is needed, but none was declared."
        '\nPass outcome=cx.Binary("column", good=1), cx.Rating("column", scale) or cx.Continuous("column").',
        rows,
        outcome=None,
    )
    refused(
        cx.TooFewError,
        "The touchpoint 'search' must take at least two values, but all 600 rows with it hold 3."
        "\nA touchpoint that never varies tells nothing: leave it out.",
        rows.assign(search=3),
    )
    refused(
        cx.TooFewError,
        "At least 20 journeys must have used every touchpoint, but 'store' was used in 7."
        "\nLeave the touchpoint out, or collect more answers.",
        rows.assign(store=rows["store"].where(rows["store"].notna().cumsum() <= 7)),
    )
    refused(
        cx.TooFewError,
        "At least one journey must have the outcome 'overall' and 1 or more of the touchpoints 'search', 'effort', "
        "'store', but none of 600 rows has.\nCheck how the tables were joined.",
        rows.assign(search=np.nan, effort=np.nan, store=np.nan),
    )
    refused(
        cx.TooFewError,
        "The outcome 'overall' must take at least two values, but all 600 rows hold 9.\nThere is nothing to explain.",
        rows.assign(overall=9),
    )
    refused(
        cx.TooFewError,
        "At least 20 rows per coefficient are needed, 80 for 3 touchpoints and 1 indicators of use, but there are 70."
        "\nUse fewer touchpoints, or collect more answers.",
        rows.iloc[:70],
    )
    few = rows.assign(left=(np.arange(600) < 25).astype(int))
    refused(
        cx.TooFewError,
        "At least 10 events (the rarer outcome) per coefficient are needed, 40 for 3 touchpoints and 1 indicators of "
        "use, but there are 25.\nUse fewer touchpoints, or collect more answers.",
        few,
        outcome=GOOD,
    )
    refused(
        cx.ColumnError,
        "The predictors must not repeat each other, but 'search', 'again' are collinear: each follows exactly from "
        "the others.\nLeave one of them out.",
        rows.assign(again=rows["search"]),
        touchpoints={**TOUCHPOINTS, "again": cx.CSAT5},
    )


def test_names_are_enough_for_cells() -> None:
    rows = journeys(15)
    cells = cx.tally(rows, outcome=RATING, metrics=TOUCHPOINTS)
    whole = touchpoint_importance(rows, outcome=RATING, touchpoints=TOUCHPOINTS)
    for names in (None, list(TOUCHPOINTS)):
        found = touchpoint_importance(cells, touchpoints=names)
        assert isinstance(found, TouchpointImportance)
        assert sorted(found.estimate[:3]) == pytest.approx(sorted(whole.estimate[:3]), rel=ROUNDING)
    assert found.touchpoints == tuple(TOUCHPOINTS)
