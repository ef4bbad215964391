"""Problems and recovery against R's survey package, rows with moved weights, hand formulas and known truth."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit
from statsmodels.miscmodels.ordinal_model import OrderedModel

import cxstats as cx
from cxstats.methods.problem_recovery import ProblemRecovery, problem_recovery

REFERENCES = Path(__file__).parents[1] / "references"
FITTED = 1e-8  # two iterative fits, R's to 1e-14 of the deviance
MARGINS = 0.10  # survey adds two variances as if predictions and coefficients had nothing to do with each other
DERIVATIVE = 2e-5  # central differences with steps of 1e-4 of fits that stop at 1e-10
ERRORS = 4.0
BACK, SPEND = cx.Binary("back"), cx.Continuous("spend")
KEYS: dict[str, Any] = {"problem": "problem", "recovered": "fixed", "complained": "told"}
RATED = {"rating": cx.CSAT5}
GROUPS = ["no problem", "unrecovered", "recovered"]


def draw(i: np.ndarray, a: int, m: int) -> np.ndarray:
    return ((i * a + 17) % m) / m


def guests(n: int = 900) -> pd.DataFrame:
    """The same rows as in tests/references/problem_recovery.R."""
    i = np.arange(n)
    d = pd.DataFrame({"tenure": (i * 37) % 11, "rating": 1 + (i * 53) % 5, "firm": (i * 29) % 45})
    d["plan"] = np.array(["basic", "plus", "pro"])[(i * 61) % 3]
    d["problem"] = (draw(i, 7919, 9973) < 0.25 + 0.02 * d.tenure).astype(int)
    d["fixed"] = np.where(d.problem == 1, (draw(i, 104729, 9967) < 0.55).astype(float), np.nan)
    d["told"] = np.where(d.problem == 1, (draw(i, 15485, 9949) < 0.4).astype(float), np.nan)
    bad = (d.problem == 1) & (d.fixed == 0)
    line = -1 + 0.12 * d.tenure + 0.35 * (d.rating - 3) * (1 + d.problem) - 0.9 * bad - 0.2 * (d.plan == "pro")
    d["back"] = (draw(i, 32452, 9941) < expit(line)).astype(int)
    d["spend"] = (40 + 10 * line + 30 * (draw(i, 49979, 9931) - 0.5)).round(2)
    d["w"] = np.array([0.5, 1, 2.5])[(i * 71) % 3]
    return d


def rows_of(result: ProblemRecovery, part: str) -> pd.DataFrame:
    frame = result.to_frame()
    return frame[frame["part"] == part].set_index("term")


DESIGNS: dict[str, dict[str, str]] = {
    "simple": {},
    "weight": {"weight": "w"},
    "cluster": {"cluster": "firm"},
    "both": {"weight": "w", "cluster": "firm"},
}


@pytest.mark.parametrize("outcome", [BACK, SPEND])
@pytest.mark.parametrize("design", DESIGNS)
def test_means_and_slopes_against_survey(design: str, outcome: Any) -> None:
    table = (
        pd.read_csv(REFERENCES / "problem_recovery.csv", comment="#").set_index(["design", "part", "term"]).sort_index()
    )
    frame = guests()
    result = problem_recovery(
        frame, outcome=outcome, metrics=RATED, controls=["tenure", "plan"], **KEYS, **DESIGNS[design]
    )
    expected = table.loc[design, outcome.column].loc[GROUPS]
    found = rows_of(result, "outcome")
    assert list(found.index) == GROUPS
    assert found.estimate.to_numpy() == pytest.approx(expected.estimate.to_numpy(), rel=FITTED)
    assert found.std_error.to_numpy() == pytest.approx(expected.std_error.to_numpy(), rel=MARGINS)
    mass = np.ones(len(frame)) if "weight" not in DESIGNS[design] else frame.w
    sd = np.sqrt(np.cov(frame.rating, aweights=mass, ddof=0))
    sd_y = 1.0 if outcome is BACK else np.sqrt(np.cov(frame.spend, aweights=mass, ddof=0))
    expected = table.loc[design, f"{outcome.column} slope"].estimate * sd / sd_y
    slopes = rows_of(result, "slope")
    assert slopes.estimate.to_numpy() == pytest.approx(expected.loc[slopes.index].to_numpy(), rel=FITTED)
    assert set(result.df) == {44.0 if "cluster" in DESIGNS[design] else np.inf}


def test_share_that_is_silent_against_prop_test() -> None:
    table = (
        pd.read_csv(REFERENCES / "problem_recovery.csv", comment="#").set_index(["part", "term"]).sort_index().estimate
    )
    frame = guests()
    result = problem_recovery(frame, outcome=BACK, **KEYS)
    share = rows_of(result, "share")
    silent = share.loc["silent, of those with a problem"]
    assert (silent.ci_low, silent.ci_high) == pytest.approx((table["silent", "low"], table["silent", "high"]), rel=1e-9)
    assert share.estimate.iloc[0] == pytest.approx(frame.problem.mean(), rel=1e-12)
    asked = frame.told.notna().sum()
    z = (silent.estimate - 0.5) / np.sqrt(0.25 / asked)  # the score test that Wilson's interval inverts
    assert (silent.statistic, silent.p_value) == pytest.approx((z, 2 * stats.norm.sf(z)), rel=1e-9)
    assert result.silence is not None
    assert result.silence.p_not_above(0.5) == pytest.approx(stats.norm.sf(z), rel=1e-9)
    # Where the test is on the edge at a level, so is the limit.
    low = result.confidence_interval(1 - silent.p_value).low[1]
    assert low == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("cluster", ["firm", "team"])
def test_clustered_share_against_cluster_sums(cluster: str) -> None:
    """Firms are mixed; of a team all complain or none, so that its rows tell little more than one."""
    frame = guests().assign(team=lambda d: d.index % 25 + 25 * d.told.fillna(0))
    result = problem_recovery(frame, outcome=BACK, cluster=cluster, **KEYS)
    asked = frame[frame.problem == 1]
    p = 1 - asked.told.mean()
    sums = (1 - asked.told - p).groupby(asked[cluster]).sum() / len(asked)
    groups = asked[cluster].nunique()
    error = np.sqrt(groups / (groups - 1) * (sums**2).sum())
    assert result.std_error[1] == pytest.approx(error, rel=1e-9)
    n_eff = min(len(asked), p * (1 - p) / (len(asked) - 1) * len(asked) / error**2)
    assert (n_eff < len(asked) / 2) == (cluster == "team")
    t = stats.t.isf(0.025, groups - 1)
    centre, half = (p + t**2 / (2 * n_eff)), t * np.sqrt(p * (1 - p) / n_eff + t**2 / (4 * n_eff**2))
    limits = np.array([centre - half, centre + half]) / (1 + t**2 / n_eff)
    interval = result.confidence_interval()
    assert (interval.low[1], interval.high[1]) == pytest.approx(limits, rel=1e-9)
    assert result.statistic[1] == pytest.approx((p - 0.5) / np.sqrt(0.25 / n_eff), rel=1e-9)


def fitted(y: np.ndarray, x: np.ndarray, mass: np.ndarray, *, binary: bool) -> np.ndarray:
    """Least squares, or logistic regression by ten steps of reweighted least squares, which is far more than enough."""
    root = np.sqrt(mass)
    beta = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0] if not binary else np.zeros(x.shape[1])
    for _ in range(10 if binary else 0):
        p = expit(x @ beta)
        beta = beta + np.linalg.solve((x.T * (mass * p * (1 - p))) @ x, x.T @ (mass * (y - p)))
    return beta


def by_rows(frame: pd.DataFrame, outcome: Any, mass: np.ndarray) -> np.ndarray:
    """Adjusted means, recovered against the others on the deciding scale, and slopes, by plain matrices on rows."""
    binary = outcome is BACK
    y, share = frame[outcome.column].to_numpy(float), mass / mass.sum()
    controls = np.column_stack([frame.tenure, frame.plan == "plus", frame.plan == "pro"])
    bad, good = ((frame.problem == 1) & (frame.fixed == k) for k in (0, 1))
    x = np.column_stack([np.ones(len(y)), bad, good, controls]).astype(float)
    beta = fitted(y, x, mass, binary=binary)
    means = []
    for a, b in ((0, 0), (1, 0), (0, 1)):
        line = np.column_stack([np.ones(len(y)), np.full(len(y), a), np.full(len(y), b), controls]) @ beta
        means.append(share @ (expit(line) if binary else line))
    if binary:
        gains = [means[2] / m - 1 if m <= 0.5 else (1 - m) / (1 - means[2]) - 1 for m in means[:2]]
    else:
        sd = np.sqrt(share @ (y - share @ y) ** 2)
        gains = [(means[2] - m) / sd for m in means[:2]]
    r, p = frame.rating.to_numpy(float), frame.problem.to_numpy(float)
    b = fitted(y, np.column_stack([np.ones(len(y)), p, r * (1 - p), r * p, controls]), mass, binary=binary)
    unit = np.sqrt(share @ (r - share @ r) ** 2) / (1 if binary else np.sqrt(share @ (y - share @ y) ** 2))
    slopes = np.array([b[2], b[3], b[3] - b[2]]) * unit
    pairs = [means[1] - means[0], means[2] - means[0], means[2] - means[1]]
    return np.concatenate([means, pairs, slopes, gains])


def moved(frame: pd.DataFrame, f: Callable[[np.ndarray], np.ndarray], mass: np.ndarray) -> np.ndarray:
    """The infinitesimal jackknife by central differences: what each row's weight moves, shape (n, q)."""
    step, found = 1e-4, []
    for row in range(len(frame)):
        ends = []
        for sign in (1, -1):
            other = mass.copy()
            other[row] *= 1 + sign * step
            ends.append(f(other))
        found.append((ends[0] - ends[1]) / (2 * step))
    return np.array(found)


@pytest.mark.parametrize(("outcome", "keys"), [(BACK, {}), (SPEND, {"weight": "w", "cluster": "firm"})])
def test_all_errors_against_rows_with_moved_weights(outcome: Any, keys: dict[str, str]) -> None:
    frame = guests(360)
    mass = frame.w.to_numpy() if keys else np.ones(len(frame))
    result = problem_recovery(frame, outcome=outcome, metrics=RATED, controls=["tenure", "plan"], **KEYS, **keys)
    values = moved(frame, lambda m: by_rows(frame, outcome, m), mass)
    n = len(frame)
    if keys:
        values = pd.DataFrame(values).groupby(frame.firm).sum().to_numpy()
        n = len(values)
    error = np.sqrt(n / (n - 1) * (values**2).sum(axis=0))
    estimate = by_rows(frame, outcome, mass)
    assert result.estimate[2:] == pytest.approx(estimate[:-2], rel=1e-7)
    assert result.std_error[2:] == pytest.approx(error[:-2], rel=DERIVATIVE)
    for effect, at in ((result.paradox, -2), (result.repair, -1)):
        assert effect is not None
        assert effect.estimate == pytest.approx(estimate[at], rel=1e-7, abs=1e-9)
        # At its own estimate Fieller's error over the denominator is the delta method's.
        assert effect.std_error_at(effect.estimate) / effect.b == pytest.approx(error[at], rel=DERIVATIVE)
    assert result.interaction is not None
    assert result.interaction.var_a == pytest.approx(error[-3] ** 2, rel=2 * DERIVATIVE)


def test_rows_without_controls_against_group_means() -> None:
    frame = guests()
    result = problem_recovery(frame, outcome=SPEND, **KEYS)
    group = np.where(frame.problem == 0, 0, 1 + frame.fixed.fillna(0)).astype(int)
    parts = [frame.spend[group == g] for g in range(3)]
    n = len(frame)
    variance = [n / (n - 1) * part.var(ddof=0) / len(part) for part in parts]
    found = rows_of(result, "outcome")
    assert found.estimate.to_numpy() == pytest.approx([part.mean() for part in parts], rel=1e-10)
    assert found.std_error.to_numpy() ** 2 == pytest.approx(variance, rel=1e-9)
    gap = rows_of(result, "difference").loc["recovered - no problem"]
    assert gap.std_error**2 == pytest.approx(variance[0] + variance[2], rel=1e-9)
    low = problem_recovery(frame, outcome=cx.Continuous("spend", good="low"), metrics=RATED, **KEYS)
    high = problem_recovery(frame, outcome=SPEND, metrics=RATED, **KEYS)
    assert low.paradox is not None
    assert high.paradox is not None
    assert low.paradox.estimate == pytest.approx(-high.paradox.estimate, rel=1e-10)
    assert rows_of(low, "outcome").equals(rows_of(high, "outcome"))
    assert rows_of(low, "slope").estimate.to_numpy() == pytest.approx(-rows_of(high, "slope").estimate.to_numpy())


def test_scales_that_run_down_against_turned_columns() -> None:
    frame = guests().assign(stars=lambda d: np.clip((d.spend / 14).round(), 1, 5), effort=lambda d: 6 - d.rating)
    frame["hard"] = 6 - frame.stars
    up = problem_recovery(frame, outcome=cx.Rating("stars", cx.CSAT5), metrics=RATED, **KEYS)
    down = problem_recovery(frame, outcome=cx.Rating("hard", cx.EFFORT5), metrics={"effort": cx.EFFORT5}, **KEYS)
    assert down.estimate == pytest.approx(up.estimate, rel=1e-9)
    assert down.share_at_top == pytest.approx((frame.stars[frame.problem == 0] == 5).mean(), rel=1e-12)
    churn = problem_recovery(frame.assign(left=1 - frame.back), outcome=cx.Binary("left", good=0), **KEYS)
    assert churn.estimate == pytest.approx(problem_recovery(frame, outcome=BACK, **KEYS).estimate, rel=1e-9)


def test_latent_rows_against_statsmodels() -> None:
    frame = guests().assign(stars=lambda d: np.clip((d.spend / 14).round(), 1, 5))
    result = problem_recovery(frame, outcome=cx.Rating("stars", cx.CSAT5), metrics=RATED, controls=["tenure"], **KEYS)
    bad, good = ((frame.problem == 1) & (frame.fixed == k) for k in (0, 1))
    x = np.column_stack([bad, good, frame.tenure]).astype(float)
    fit = OrderedModel(frame.stars.to_numpy(), x, distr="probit").fit(method="bfgs", disp=False, gtol=1e-8)
    sd = np.sqrt(1 + np.var(x @ fit.params[:3]))
    rows = rows_of(result, "latent difference").estimate
    close = 1e-5  # statsmodels climbs with a numerical gradient
    assert rows["recovered - no problem"] == pytest.approx(fit.params[1] / sd, abs=close)
    assert rows["recovered - unrecovered"] == pytest.approx((fit.params[1] - fit.params[0]) / sd, abs=close)
    p, r = frame.problem, frame.rating
    x = np.column_stack([p, r * (1 - p), r * p, frame.tenure]).astype(float)
    fit = OrderedModel(frame.stars.to_numpy(), x, distr="probit").fit(method="bfgs", disp=False, gtol=1e-8)
    sd = np.sqrt(1 + np.var(x @ fit.params[:4]))
    latent = (fit.params[2] - fit.params[1]) / sd * np.std(r)
    assert rows_of(result, "latent slope").estimate.to_numpy() == pytest.approx([latent], abs=close)
    assert result.latent_interaction is not None
    assert result.latent_interaction.estimate == rows_of(result, "latent slope").estimate.iloc[0]


def test_latent_errors_against_moved_weights() -> None:
    """Each row's weight is moved, and the fit made again: everything that is estimated moves with it."""
    frame = guests(300).assign(stars=lambda d: np.clip((d.spend / 14).round(), 1, 5))
    keys: dict[str, Any] = {"outcome": cx.Rating("stars", cx.CSAT5), "problem": "problem", "metrics": RATED}

    def latent(mass: np.ndarray) -> float:
        effect = problem_recovery(frame.assign(mass=mass), weight="mass", **keys).latent_interaction
        assert effect is not None
        return effect.estimate

    step, total, n = 1e-4, 0.0, len(frame)
    for _, alike in frame.groupby(["problem", "rating", "stars"]):  # rows that are alike move it alike
        first = frame.index.to_numpy() == alike.index[0]
        moves = latent(1 + step * first) - latent(1 - step * first)
        total += len(alike) * (moves / (2 * step)) ** 2
    found = problem_recovery(frame, **keys).latent_interaction
    assert found is not None
    assert found.var_a == pytest.approx(n / (n - 1) * total, rel=2 * DERIVATIVE)


def test_airport_passengers_against_group_means(real_data: Callable[[str], Path]) -> None:
    raw = pd.read_csv(real_data("sfo/sfo_2017.csv"), encoding="latin-1", low_memory=False)
    frame = pd.DataFrame(
        {
            "problem": raw.Q15PROBLEM.map({1: 1.0, 2: 0.0}),
            "recommend": raw.NETPRO.where(raw.NETPRO <= 10),
            "airport": pd.to_numeric(raw.Q7ALL, errors="coerce").pipe(lambda q: q.where(q.between(1, 5))),
        }
    )
    outcome = cx.Rating("recommend", cx.NPS, kind="intention")
    result = problem_recovery(frame, outcome=outcome, problem="problem", metrics={"airport": cx.CSAT5})
    means = frame.groupby("problem").recommend.agg(["mean", "count"])
    found = rows_of(result, "outcome")
    assert found.estimate.to_numpy() == pytest.approx(means["mean"].to_numpy(), rel=1e-12)
    assert found.estimate["problem"] == pytest.approx(7.689, abs=5e-4)
    assert found.estimate["no problem"] == pytest.approx(8.451, abs=5e-4)
    assert result.parts[1].rows == means["count"].sum() == 2639
    assert (result.n, result.n_missing) == (2678, 153)
    known = frame.dropna()
    r, p = known.airport, known.problem
    x = np.column_stack([np.ones(len(known)), p, r * (1 - p), r * p])
    b = np.linalg.lstsq(x, known.recommend, rcond=None)[0]
    steps = np.array([b[2], b[3], b[3] - b[2]]) * r.std() / known.recommend.std()
    assert rows_of(result, "slope").estimate.to_numpy() == pytest.approx(steps, rel=1e-9)
    # A third of those without a problem give a 10: the bend of the ceiling looks like a difference of slopes.
    assert result.share_at_top == pytest.approx((frame.recommend[frame.problem == 0].dropna() == 10).mean(), rel=1e-12)
    assert result.interaction is not None
    assert result.latent_interaction is not None
    assert result.interaction.p_not_above(0) < 0.01
    assert 0.3 < result.latent_interaction.p_not_above(0) < 0.7


def rescued(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Loyal customers meet more problems and are rescued more often; recovery itself adds .15 to the log-odds."""
    loyal = rng.normal(size=n)
    problem = (rng.random(n) < expit(-0.8 + 0.5 * loyal)).astype(int)
    fixed = (rng.random(n) < expit(0.8 * loyal)).astype(int) * problem
    line = 0.2 + 0.9 * loyal - 1.0 * problem * (1 - fixed) + 0.15 * fixed
    return pd.DataFrame({"loyal": loyal, "problem": problem, "fixed": fixed, "back": rng.random(n) < expit(line)})


def test_coverage_of_the_paradox_in_simulation() -> None:
    """Adjusted for earlier loyalty the intervals hold the truth; unadjusted, a paradox is seen that is none."""
    grid = stats.norm.ppf((np.arange(20000) + 0.5) / 20000)
    none, unrecovered, recovered = (np.mean(expit(0.2 + 0.9 * grid + add)) for add in (0.0, -1.0, 0.15))
    truth = {"paradox": (1 - none) / (1 - recovered) - 1, "repair": recovered / unrecovered - 1}
    rng, number = np.random.default_rng(12), 300
    held, seen = {"paradox": 0, "repair": 0}, 0
    for _ in range(number):
        frame = rescued(1500, rng)
        keys: dict[str, Any] = {"outcome": BACK, "problem": "problem", "recovered": "fixed"}
        result = problem_recovery(frame, controls=["loyal"], **keys)
        for name, value in truth.items():
            low, high = getattr(result, name).interval()
            held[name] += low <= value <= high
        plain = problem_recovery(frame, **keys).paradox
        assert plain is not None
        seen += plain.interval()[0] > truth["paradox"]
    luck = ERRORS * np.sqrt(0.95 * 0.05 / number)
    assert abs(held["paradox"] / number - 0.95) < luck
    assert abs(held["repair"] / number - 0.95) < luck
    assert seen / number > 0.9


def test_ceiling_looks_like_an_interaction_in_simulation() -> None:
    """One slope for all behind the scale: at the top it is cut off for those without a problem."""
    rng, number = np.random.default_rng(5), 60
    wrong, latent = 0, 0
    for _ in range(number):
        n = 1200
        rating, problem = rng.integers(1, 6, n), rng.integers(0, 2, n)
        behind = 4.6 + 0.5 * (rating - 3) - 1.2 * problem + rng.normal(0, 1, n)
        frame = pd.DataFrame({"rating": rating, "problem": problem, "stars": np.clip(behind.round(), 1, 5)})
        result = problem_recovery(frame, outcome=cx.Rating("stars", cx.CSAT5), problem="problem", metrics=RATED)
        for name in ("interaction", "latent_interaction"):
            effect = getattr(result, name)
            rejected = effect.interval()[0] > 0
            wrong, latent = wrong + rejected * (name == "interaction"), latent + rejected * (name != "interaction")
    assert wrong / number > 0.5
    assert latent / number < 0.025 + ERRORS * np.sqrt(0.025 * 0.975 / number)


def test_parts_stand_on_their_own_rows() -> None:
    frame = guests().astype({"problem": float, "rating": float, "tenure": float, "back": float})
    frame.loc[:9, "problem"], frame.loc[10:29, "back"], frame.loc[30:34, "rating"] = np.nan, np.nan, np.nan
    frame.loc[40:44, "tenure"] = np.nan
    frame.loc[:9, ["fixed", "told"]] = np.nan
    result = problem_recovery(frame, outcome=BACK, metrics=RATED, controls=["tenure"], **KEYS)
    assert (result.n, result.n_missing) == (890, 10)
    assert [part.rows for part in result.parts] == [
        *(890, int(frame.told[frame.problem == 1].notna().sum()), 865, 865, 860),
    ]
    assert result.notes == (
        "Of these rows, 'outcome' on 865 rows and 'slope' on 860 rows: where all that it needs is known.",
    )
    kept = frame.dropna(subset=["problem", "back", "tenure"])
    alone = problem_recovery(kept, outcome=BACK, controls=["tenure"], **KEYS)
    found = rows_of(result, "outcome")
    assert found.estimate.to_numpy() == pytest.approx(rows_of(alone, "outcome").estimate.to_numpy(), rel=1e-10)
    assert found.std_error.to_numpy() == pytest.approx(rows_of(alone, "outcome").std_error.to_numpy(), rel=1e-10)


def test_cells_carry_the_columns() -> None:
    frame = guests()
    cells = cx.tally(frame, outcome=BACK, metrics=RATED, controls=["tenure"], strata=["problem", "fixed", "told"])
    result = problem_recovery(cells, metrics=["rating"], **KEYS)
    direct = problem_recovery(frame, outcome=BACK, metrics=RATED, controls=["tenure"], **KEYS)
    assert np.array_equal(result.estimate, direct.estimate)
    without = cx.tally(frame, outcome=BACK, strata=["problem"])
    message = (
        "problem, complained and recovered must be among the strata or controls of the cells, but 'told', 'fixed' "
        'are not among \'problem\'.\nTally the data with strata=["problem", "told", "fixed"].'
    )
    with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
        problem_recovery(without, **KEYS)


def test_levels_that_a_group_lacks_are_named() -> None:
    frame = guests().assign(plan=lambda d: np.where((d.fixed == 1) & (d.plan == "pro"), "plus", d.plan))
    result = problem_recovery(frame, outcome=BACK, controls=["plan"], **KEYS)
    assert result.notes == ("Nobody in 'recovered' has 'pro' of 'plan': what they would do is the model's word alone.",)


def test_summary_in_plain_words() -> None:
    frame = guests()
    text = str(problem_recovery(frame, outcome=BACK, metrics=RATED, controls=["tenure", "plan"], **KEYS))
    assert (
        "Outcome: share of customers with the good outcome 'back', as if all groups had the same mix of 'tenure', "
        "'plan'.\nSlope: log-odds of the good outcome per SD of 'rating', both turned so that up is good.\n900 rows "
        "used; "
    ) in text
    plain = str(problem_recovery(frame, outcome=cx.Continuous("spend", good="low"), **KEYS))
    assert "Outcome: mean of 'spend', of which a low value is good, not adjusted for anything.\n" in plain
    said = guests().assign(stars=lambda d: d.rating)
    rated = problem_recovery(said, outcome=cx.Rating("stars", cx.CSAT5, kind="intention"), **KEYS)
    assert (
        "Outcome: mean of 'stars' (CSAT 1-5), an intention, not adjusted for anything.\nLatent: in SDs of what lies "
        "behind 'stars', which a ceiling does not bend.\n"
    ) in str(rated)


UNKNOWN = (
    "At least one row must have 'problem' and a weight above 0, but none of 900 rows has."
    "\nCheck how the tables were joined."
)
FLAT = (
    "The metric 'rating' must take at least two values in each group, but all {} rows in '{}' hold the same."
    "\nLeave it out, or ask more people."
)

REFUSED: list[tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = [
    (
        {},
        {"outcome": None},
        cx.RoleError,
        (
            "An outcome of one moment is needed, but none was declared."
            '\nPass for example outcome=cx.Binary("repurchase", good=1) or cx.Rating("nps", cx.NPS).'
        ),
    ),
    (
        {"problem": 2},
        {},
        cx.ColumnError,
        (
            "'problem' must hold 1 (a problem) and 0 (none), but 900 of 900 rows do not: 2 (900 rows)."
            "\nRecode it to 0 and 1; what is not known is a missing value."
        ),
    ),
    (
        {"problem": "yes"},
        {},
        cx.ColumnError,
        (
            "'problem' must hold 1 (a problem) and 0 (none), but 900 of 900 rows do not: 'yes' (900 rows)."
            "\nRecode it to 0 and 1; what is not known is a missing value."
        ),
    ),
    (
        {"fixed": 0.5},
        {},
        cx.ColumnError,
        (
            "'fixed' must hold 1 (put right) and 0 (not), but 900 of 900 rows do not: 0.5 (900 rows)."
            "\nRecode it to 0 and 1; what is not known is a missing value."
        ),
    ),
    (
        {"told": 1},
        {},
        cx.ColumnError,
        (
            "'told' must be 0 or missing where 'problem' is 0, but 586 rows of 900 hold 1 without a problem."
            "\nCheck which of the two columns is wrong."
        ),
    ),
    (
        {"problem": 0, "fixed": 0, "told": 0},
        {},
        cx.TooFewError,
        (
            "Somebody must have met a problem, but 'problem' is 1 in none of 900 rows."
            "\nCheck how it is coded: 1 is a problem, 0 is none."
        ),
    ),
    (
        {"problem": 1, "fixed": 1, "told": 0},
        {},
        cx.TooFewError,
        (
            "Every group must have at least 10 good and 10 bad outcomes 'back', but 'no problem' has 0 good and 0 bad; "
            "'unrecovered' has 0 good and 0 bad.\nUse a longer window, more customers, or fewer groups."
        ),
    ),
    (
        {"told": np.nan},
        {},
        cx.TooFewError,
        (
            "'told' must be known for somebody with a problem, but it is missing for all 314 of them."
            "\nLeave it out, or ask them."
        ),
    ),
    (
        {"back": 1},
        {},
        cx.TooFewError,
        (
            "The outcome 'back' must take at least two values, but all 900 rows hold 1."
            "\nWhat does not vary tells nothing: take another outcome."
        ),
    ),
    (
        {},
        {"metrics": {"rating": cx.CSAT5, "tenure": cx.NPS}},
        cx.RoleError,
        (
            "One metric can be asked about at a time, but 2 were given: 'rating', 'tenure'."
            "\nCall problem_recovery once for each."
        ),
    ),
]


REFUSED += [
    ({"problem": np.nan}, {}, cx.TooFewError, UNKNOWN),
    ({"w": 0.0}, {"weight": "w"}, cx.TooFewError, UNKNOWN),
    ({"rating": 3}, {"metrics": RATED}, cx.TooFewError, FLAT.format(586, "no problem")),
    (
        {"rating": np.where(guests().problem == 1, 1, guests().rating)},
        {"metrics": RATED},
        cx.TooFewError,
        FLAT.format(314, "problem"),
    ),
]


@pytest.mark.parametrize(("columns", "options", "error", "message"), REFUSED)
def test_bad_input_is_refused(
    columns: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        problem_recovery(guests().assign(**columns), **{**KEYS, "outcome": BACK, **options})


def test_few_events_are_refused() -> None:
    frame = guests()
    frame.loc[(frame.fixed == 1) & (frame.back == 1), "back"] = 0
    frame.loc[frame.index[(frame.fixed == 1)][:9], "back"] = 1
    message = (
        "Every group must have at least 10 good and 10 bad outcomes 'back', but 'recovered' has 9 good and 168 bad."
        "\nUse a longer window, more customers, or fewer groups."
    )
    with pytest.raises(cx.TooFewError, match=f"^{re.escape(message)}$"):
        problem_recovery(frame, outcome=BACK, **KEYS)
    few = guests(120)
    message = (
        "Every group must have at least 30 rows with 'spend', but 'unrecovered' has 17; 'recovered' has 23."
        "\nUse a longer window, more customers, or fewer groups."
    )
    with pytest.raises(cx.TooFewError, match=f"^{re.escape(message)}$"):
        problem_recovery(few, outcome=SPEND, **KEYS)
    message = (
        "At least 10 events per coefficient are needed, 470 for 47, but of the outcomes 'back' 341 are good and 559 "
        "bad: 341 events.\nUse fewer controls, merge their levels, or wait for more outcomes."
    )
    with pytest.raises(cx.TooFewError, match=f"^{re.escape(message)}$"):
        problem_recovery(
            frame.assign(back=guests().back, firm="f" + frame.firm.astype(str)),
            outcome=BACK,
            controls=["tenure", "firm"],
            **KEYS,
        )


def test_the_outcome_as_metric_is_refused() -> None:
    frame = guests().assign(stars=lambda d: d.rating)
    message = (
        "The metric must not be the outcome 'stars' itself, but 'rating' is the same in every row, up to the unit "
        "(r = 1).\nLeave it out, or take the outcome from another source."
    )
    with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
        problem_recovery(frame, outcome=cx.Rating("stars", cx.CSAT5), metrics=RATED, **KEYS)


def test_few_firms_are_refused() -> None:
    message = "Group 'all customers': At least 20 clusters are needed for an interval, but there are 19."
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(cx.TooFewError, match=f"^{re.escape(message)}"):
            problem_recovery(guests().assign(firm=lambda d: d.index % 19), outcome=BACK, cluster="firm", **KEYS)
