"""One score of a journey from its touchpoints, judged on journeys held out."""

import re
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

import cxstats as cx
from cxstats.errors import CxStatsError, CxStatsWarning
from cxstats.methods.journey_score import RIDGES, journey_score
from cxstats.numerics.journey_scores import last_used, peak_end, worst_used
from cxstats.numerics.used_or_not import tied

# Sums in another order, and least squares by other factors.
ROUNDING = 1e-8
# Newton's method stops within this of the maximum.
CONVERGED = 1e-6
# A jackknife and the influence values differ by terms of order 1 / rows.
JACKKNIFE = 0.03
REPLICATIONS, MC_ERRORS = 100, 4

TOUCHPOINTS = {"search": cx.CSAT5, "effort": cx.EFFORT5, "store": cx.CSAT7}
RATING = cx.Rating("overall", cx.NPS)
STAYED = cx.Binary("left", good=0)
SCORES = ("mean", "worst", "last used", "peak-end")
Array = NDArray[np.float64]


def journeys(seed: int, n: int = 160, clusters: int = 24) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "customer": [f"c{i:02}" for i in rng.permutation(np.arange(n) % clusters)],
            "search": np.clip(np.round(3 + mood + rng.normal(size=n)), 1, 5),
            "effort": np.clip(np.round(3 - mood + rng.normal(size=n)), 1, 5),
            "store": np.clip(np.round(4 + mood + rng.normal(size=n)), 1, 7),
        }
    )
    frame["overall"] = np.clip(np.round(5 + 0.6 * (frame.search - frame.effort) + 0.5 * frame.store / 2), 0, 10)
    frame["overall"] = np.clip(frame["overall"] + rng.integers(-1, 2, n), 0, 10)
    frame["left"] = (0.6 * mood + rng.logistic(size=n) < 0).astype(int)
    frame.loc[rng.random(n) < 0.4, "store"] = np.nan
    return frame


def scores_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Row by row, in plain Python."""
    found = []
    for row in rows.to_dict("records"):
        ratings = [(row["search"] - 1) / 4, (5 - row["effort"]) / 4, (row["store"] - 1) / 6]
        used = [value for value in ratings if value == value]
        peak = used[0]
        for value in used[1:]:
            if abs(value - 0.5) > abs(peak - 0.5) - 1e-9:  # of equal ones the latest
                peak = value
        found.append((sum(used) / len(used), min(used), used[-1], (peak + used[-1]) / 2))
    return pd.DataFrame(found, columns=list(SCORES), index=rows.index)


def columns_of(rows: pd.DataFrame) -> Array:
    """All ratings, centred where used, and whether the store was."""
    values = np.column_stack([(rows["search"] - 1) / 4, (5 - rows["effort"]) / 4, (rows["store"] - 1) / 6])
    centred = np.nan_to_num(values - np.nanmean(values, axis=0))
    return np.column_stack([centred, rows["store"].notna()])


def left_out_least_squares(columns: Array, y: Array, group: NDArray[Any]) -> Array:
    """Predictions of each group by the model without it."""
    x, predicted = np.column_stack([np.ones(len(y)), columns]), np.empty(len(y))
    for one in np.unique(group):
        out = group == one
        predicted[out] = x[out] @ np.linalg.lstsq(x[~out], y[~out], rcond=None)[0]
    return predicted


def left_out_ridge(columns: Array, y: Array, group: NDArray[Any]) -> Array:
    """The same with the penalty of the smallest 2 (trace of the hat matrix - log-likelihood), outcome of variance 1."""
    z = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    x, predicted = np.column_stack([np.ones(len(y)), z]), np.empty(len(y))
    y = (y - y.mean()) / y.std()
    for one in np.unique(group):
        out = group == one
        best = np.inf
        for ridge in RIDGES:
            penalty = ridge * np.diag([0.0, *np.ones(z.shape[1])])
            inverse = np.linalg.inv(x[~out].T @ x[~out] + penalty)
            slopes = inverse @ x[~out].T @ y[~out]
            hat = np.trace(x[~out] @ inverse @ x[~out].T)
            criterion = 2 * hat + ((y[~out] - x[~out] @ slopes) ** 2).sum()
            if criterion < best:
                best, predicted[out] = criterion, x[out] @ slopes
    return predicted


def test_scores_against_rows() -> None:
    rows = journeys(1, n=400)
    shares = np.column_stack([(rows["search"] - 1) / 4, (5 - rows["effort"]) / 4, (rows["store"] - 1) / 6])
    expected = scores_of(rows)
    assert worst_used(shares) == pytest.approx(expected["worst"].to_numpy(), rel=ROUNDING)
    assert last_used(shares) == pytest.approx(expected["last used"].to_numpy(), rel=ROUNDING)
    assert peak_end(shares) == pytest.approx(expected["peak-end"].to_numpy(), rel=ROUNDING)


def test_peak_end_by_hand() -> None:
    """Farthest from the middle: .9 before .2; of .2 and .8, but for rounding as far from it, the latest."""
    nan = np.nan
    shares = np.array([[0.9, 0.2, 0.6], [0.2, 0.8, 0.6], [0.8, 0.2, nan], [nan, 0.4, nan]])
    assert peak_end(shares) == pytest.approx([0.75, 0.7, 0.2, 0.4])
    assert last_used(shares) == pytest.approx([0.6, 0.6, 0.2, 0.4])
    assert worst_used(shares) == pytest.approx([0.2, 0.2, 0.2, 0.4])


def test_scores_that_differ_by_rounding_tie() -> None:
    sums = np.array([0.1 + 0.2, 0.7, 0.3, 0.6 + 0.1, 0.3 + 1e-9])
    found = tied(sums)
    assert found == pytest.approx(sums)
    assert (found[0] == found[2], found[1] == found[3], found[0] == found[4]) == (True, True, False)


def test_held_out_r_against_leaving_one_out() -> None:
    """As many folds as rows: the deal is no matter of luck."""
    rows = journeys(2)
    y, n = rows["overall"].to_numpy(), len(rows)
    result = journey_score(rows, outcome=RATING, touchpoints=TOUCHPOINTS, folds=n, repeats=1, rng=1)
    alone, scores = np.arange(n), scores_of(rows)
    predicted = [left_out_least_squares(scores[[name]].to_numpy(), y, alone) for name in SCORES]
    predicted.append(left_out_ridge(columns_of(rows), y, alone))
    r = np.array([np.corrcoef(one, y)[0, 1] for one in predicted])
    assert result.estimate[:5] == pytest.approx(r, rel=ROUNDING)
    assert result.estimate[5:] == pytest.approx(r[1:] - r[0], abs=ROUNDING)
    assert result.model[5:] == ("worst - mean", "last used - mean", "peak-end - mean", "fitted weights - mean")
    assert set(result.index) == {"r"}

    def of(kept: Array) -> Array:
        one = np.array([np.corrcoef(each[kept], y[kept])[0, 1] for each in predicted])
        return np.concatenate([one, one[1:] - one[0]])

    without = np.array([of(alone != i) for i in range(n)])  # with the predictions held fixed
    jackknife = np.sqrt((n - 1) / n * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    assert result.std_error == pytest.approx(jackknife, rel=JACKKNIFE)


def test_clusters_are_held_out_whole_against_rows() -> None:
    rows = journeys(3, n=240)
    y, groups = rows["overall"].to_numpy(), rows["customer"].to_numpy()
    with pytest.warns(CxStatsWarning, match=r"^24 clusters are few"):
        result = journey_score(
            rows, outcome=RATING, touchpoints=TOUCHPOINTS, cluster="customer", folds=24, repeats=1, rng=1
        )
    predicted = left_out_least_squares(scores_of(rows)[["worst"]].to_numpy(), y, groups)
    assert result.estimate[1] == pytest.approx(np.corrcoef(predicted, y)[0, 1], rel=ROUNDING)
    assert result.df == 23


def test_held_out_area_against_rows() -> None:
    """Pairs within folds only, which are the customers here."""
    rows = journeys(4, n=480)
    good, groups, scores = 1 - rows["left"].to_numpy(), rows["customer"].to_numpy(), scores_of(rows)
    with pytest.warns(CxStatsWarning, match=r"^24 clusters are few"):
        result = journey_score(
            rows, outcome=STAYED, touchpoints=TOUCHPOINTS, cluster="customer", folds=24, repeats=1, rng=1
        )
    for at, name in enumerate(SCORES):
        won = pairs = 0.0
        for one in np.unique(groups):
            out = groups == one
            fit = sm.Logit(good[~out], sm.add_constant(scores[name][~out])).fit(disp=0)
            chance = np.asarray(fit.params)[1] * scores[name][out].to_numpy()
            for a in chance[good[out] == 1]:
                for b in chance[good[out] == 0]:
                    won, pairs = won + (a > b + 1e-12) + 0.5 * (abs(a - b) <= 1e-12), pairs + 1
        assert result.estimate[at] == pytest.approx(won / pairs, rel=CONVERGED)
    assert set(result.index) == {"AUC"}
    assert result.statistic[0] == pytest.approx((result.estimate[0] - 0.5) / result.std_error[0], rel=ROUNDING)
    assert result.statistic[5] == pytest.approx(result.estimate[5] / result.std_error[5], rel=ROUNDING)


def truth_of(truth: str, noise: float) -> dict[str, float]:
    """r of each score in the population: three ratings, each of 1 to 5 alike and independent; by enumeration."""
    ratings = np.array(list(product(range(1, 6), repeat=3)), dtype=float)
    frame = pd.DataFrame({"search": ratings[:, 0], "effort": 6 - ratings[:, 1], "store": 1 + (ratings[:, 2] - 1) * 1.5})
    scores = scores_of(frame)
    y = scores[truth]
    spread = np.sqrt(y.var(ddof=0) + noise**2)
    return {name: float(np.cov(scores[name], y, ddof=0)[0, 1] / scores[name].std(ddof=0) / spread) for name in SCORES}


@pytest.mark.parametrize("truth", ["mean", "worst"])
def test_the_true_score_wins_in_simulation(truth: str) -> None:
    """Intervals of worst - mean and of each r hold what enumeration gives, and the sign is found."""
    rng = np.random.default_rng(7)
    noise = 0.15
    expected = truth_of(truth, noise)
    wanted = np.array([*(expected[name] for name in SCORES), expected["worst"] - expected["mean"]])
    scales = {"search": cx.CSAT5, "effort": cx.EFFORT5, "store": cx.Scale(1, 7, whole=False)}
    hits, signs = np.zeros(5), 0
    for _ in range(REPLICATIONS):
        ratings = rng.integers(1, 6, size=(300, 3)).astype(float)
        columns = {"search": ratings[:, 0], "effort": 6 - ratings[:, 1], "store": 1 + (ratings[:, 2] - 1) * 1.5}
        score = {"mean": ratings.mean(axis=1), "worst": ratings.min(axis=1)}[truth]
        frame = pd.DataFrame(columns).assign(y=(score - 1) / 4 + noise * rng.normal(size=300))
        result = journey_score(frame, outcome=cx.Continuous("y"), touchpoints=scales, folds=5, repeats=1, rng=rng)
        limits = result.confidence_interval()
        rows = [*range(4), 5]
        hits += (limits.low[rows] <= wanted) & (wanted <= limits.high[rows])
        signs += (limits.high[5] < 0) if truth == "mean" else (limits.low[5] > 0)
    error = MC_ERRORS * np.sqrt(0.95 * 0.05 / REPLICATIONS)
    assert hits / REPLICATIONS == pytest.approx(np.full(5, 0.95), abs=error)
    assert signs / REPLICATIONS > 0.95


def test_the_order_of_touchpoints_decides_the_last() -> None:
    rows = journeys(5)
    given: dict[str, Any] = {"outcome": RATING, "folds": 5, "repeats": 1, "rng": 1}
    first = journey_score(rows, touchpoints=TOUCHPOINTS, **given)
    turned = dict(reversed(TOUCHPOINTS.items()))
    second = journey_score(rows, touchpoints=turned, **given)
    assert first.touchpoints == ("search", "effort", "store")
    assert first.estimate[[0, 1]] == pytest.approx(second.estimate[[0, 1]], rel=ROUNDING)
    assert first.estimate[2] != pytest.approx(second.estimate[2], rel=1e-4)
    cells = cx.tally(rows, outcome=RATING, metrics=TOUCHPOINTS)
    again = journey_score(cells, touchpoints=list(turned), folds=5, repeats=1, rng=1)
    assert again.estimate == pytest.approx(second.estimate, rel=ROUNDING)


def test_the_seed_gives_the_same_folds_again() -> None:
    rows = journeys(6)
    first = journey_score(rows, outcome=RATING, touchpoints=TOUCHPOINTS, repeats=2)
    second = journey_score(rows, outcome=RATING, touchpoints=TOUCHPOINTS, repeats=2, rng=first.seed)
    assert np.array_equal(first.estimate, second.estimate)
    assert sum(first.penalties.values()) == pytest.approx(1)
    assert f"10 folds, repeated 2 times, seed {first.seed}." in str(first)
    assert "Order of the touchpoints: search, effort, store." in str(first)


def test_a_scale_that_points_the_wrong_way_is_a_note() -> None:
    rows = journeys(7)
    wrong = {"effort": cx.Scale(1, 5), "search": cx.Scale(1, 5, higher_is_better=False)}
    result = journey_score(rows, outcome=RATING, touchpoints=wrong, repeats=1, rng=1)
    turned = "Better scores go with worse outcomes: mean, worst, last used, peak-end."
    assert result.notes == (f"{turned} The direction of a scale may be wrong.",)


def refused(error: type[CxStatsError], message: str, rows: pd.DataFrame, **given: Any) -> None:
    keys = {"outcome": RATING, "touchpoints": TOUCHPOINTS, "repeats": 1, "rng": 1, **given}
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        journey_score(rows, **keys)


def test_bad_input_is_refused_in_full() -> None:
    rows = journeys(8)
    refused(
        cx.TooFewError,
        "At least two touchpoints are needed, but 1 was given: 'search'."
        "\nName every touchpoint of the journey that was rated.",
        rows,
        touchpoints={"search": cx.CSAT5},
    )
    refused(
        cx.RoleError,
        "An outcome that is binary, a rating, measured or counted is needed, but Survival was given."
        '\nPass outcome=cx.Binary("column", good=1), cx.Rating("column", scale) or cx.Continuous("column").',
        rows.assign(days=1.0),
        outcome=cx.Survival("days", "left"),
    )
    refused(
        cx.TooFewError,
        "At least 20 rows per coefficient are needed, 100 for 4 and an intercept, but there are 90."
        "\nUse fewer predictors, or collect more answers.",
        rows.iloc[:90],
    )
    poor = rows.assign(effort=np.where(rows["search"] == 1, 4, 5))
    refused(
        cx.TooFewError,
        "Every score must take at least two values, but 'worst' is 0 of the scale in all 160 rows."
        "\nA touchpoint that always is at the end of its scale may be why: leave it out.",
        poor,
    )
    refused(
        cx.SeparationError,
        "No predictor may hold the outcome, but 'y' follows exactly from 'worst' in all 160 rows."
        "\nLeave it out: check that it was not measured after the outcome, or computed from it.",
        rows.assign(y=scores_of(rows)["worst"]),
        outcome=cx.Continuous("y"),
    )
    refused(
        cx.RoleError,
        "'store used' is how the indicator of a touchpoint is called.\nRename the column.",
        rows.assign(**{"store used": rows["search"]}),
        touchpoints={**TOUCHPOINTS, "store used": cx.CSAT5},
    )
    cells = cx.tally(rows.assign(w=1.5), outcome=RATING, metrics=TOUCHPOINTS, weight="w")
    with pytest.raises(cx.RoleError, match=r"^Survey weights cannot be used by cross-validation on counted rows"):
        journey_score(cells)
