"""The held-out gain of two slopes and of a spline, against refits row by row on the same folds, and in simulation."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.special import expit
from scipy.stats import rankdata

import cxstats as cx
from cxstats.errors import CxStatsError, RoleError, TooFewError
from cxstats.methods.bend_gain import BendGain
from cxstats.numerics.folds import deal_clusters, deal_rows
from cxstats.roles import Outcome

# Two fits of one concave likelihood, each stopped within rounding of its maximum.
FITTED = 1e-8
MC_ERRORS = 4
KNOTS = (0.05, 0.275, 0.5, 0.725, 0.95)
OUTCOMES: dict[str, Outcome] = {
    "binary": cx.Binary("left", good=0),
    "rating": cx.Rating("effort", cx.EFFORT5),
    "continuous": cx.Continuous("spend"),
}
Array = NDArray[np.float64]


def customers(seed: int = 3, n: int = 900) -> pd.DataFrame:
    """A gap with ties, loyalty that falls steeper below it than it rises above, 45 firms whose customers are alike."""
    rng = np.random.default_rng(seed)
    firm = rng.integers(0, 45, n)
    gap = rng.integers(-5, 6, n)
    level = 0.5 * np.minimum(gap, 0) + 0.1 * np.maximum(gap, 0) + 0.5 * rng.normal(size=45)[firm] + rng.normal(size=n)
    return pd.DataFrame(
        {
            "gap": gap,
            "orders": rng.poisson(2, n),
            "region": rng.choice(["north", "east", "west"], n),
            "left": (level < -0.8).astype(int),
            "effort": np.clip(np.round(2.5 - level), 1, 5).astype(int),
            "spend": np.round(np.exp(2 + 0.3 * level), 2),
            "firm": [f"firm {i:02}" for i in firm],
        }
    )


def natural(x: Array, knots: Array) -> Array:
    """A natural spline by its values at the knots: SciPy's between the outer ones, straight lines beyond."""
    through = CubicSpline(knots, np.eye(len(knots)), bc_type="natural")
    inside = np.clip(x, knots[0], knots[-1])
    columns: Array = through(inside) + (x - inside)[:, None] * through(inside, 1)
    return columns[:, 1:]  # together with a column of ones the first follows


def rows_of(rows: pd.DataFrame, outcome: Any, controls: list[str], cluster: str | None) -> pd.DataFrame:
    """Single rows in the order of the cells, each with the number of its cell."""
    cells = cx.tally(rows, outcome=outcome, disconfirmation="gap", controls=controls, cluster=cluster)
    table: pd.DataFrame = cells.to_frame()
    values = table[outcome.column].to_numpy(dtype=float)
    if isinstance(outcome, cx.Binary):
        table["y"] = (values == outcome.good) * 1.0
    else:
        mean = np.average(values, weights=cells.count)
        table["y"] = (values - mean) / np.sqrt(np.average((values - mean) ** 2, weights=cells.count))
    return table


def designs(table: pd.DataFrame, met: tuple[float, float], controls: list[str]) -> dict[str, Array]:
    gap, n = table["gap"].to_numpy(dtype=float), table["n"].to_numpy()
    known = [
        pd.get_dummies(table[c], drop_first=True).to_numpy(float) if c == "region" else table[[c]].to_numpy(float)
        for c in controls
    ]
    knots = np.unique(np.quantile(np.repeat(gap, n), KNOTS, method="inverted_cdf"))
    columns = {
        "mean": np.empty((len(gap), 0)),
        "one line": np.column_stack([*known, gap]),
        "two slopes": np.column_stack([*known, np.minimum(gap - met[0], 0), np.maximum(gap - met[1], 0)]),
        "spline": np.column_stack([*known, natural(gap, knots)]),
    }
    return {name: np.column_stack([np.ones(len(gap)), c]) for name, c in columns.items()}


def deals(table: pd.DataFrame, binary: bool, cluster: str | None, folds: int, repeats: int, seed: int) -> Any:
    """The deal drawn again from the seed: rows of one cell are alike, so it does not matter which of them go where."""
    count, rng = table["n"].to_numpy(), np.random.default_rng(seed)
    if cluster is None:
        stratum = table["y"].to_numpy().astype(int) if binary else np.zeros(len(table), dtype=int)
        blocks = deal_rows(count, stratum, folds, repeats, rng)
    else:
        code = np.unique(table[cluster], return_inverse=True)[1]
        blocks = deal_clusters(count, np.arange(len(table)), code, len(table), folds, repeats, rng)
    return np.vstack(list(blocks)).reshape(repeats, folds, -1)


def held(table: pd.DataFrame, design: Array, dealt: Any, binary: bool) -> pd.DataFrame:
    """One line per row and repeat: its cell, fold, linear predictor, loss and squared error."""
    y, count, lines = table["y"].to_numpy(), table["n"].to_numpy(), []
    for repeat, deal in enumerate(dealt):
        for fold, inside in enumerate(deal):
            train, test = (np.repeat(np.arange(len(y)), times) for times in (count - inside, inside))
            model = sm.Logit(y[train], design[train]) if binary else sm.OLS(y[train], design[train])
            eta = design[test] @ (model.fit(disp=0, tol=1e-12, maxiter=200) if binary else model.fit()).params
            mean = expit(eta) if binary else eta
            with np.errstate(divide="ignore", invalid="ignore"):
                loss = -np.log(np.where(y[test] == 1, mean, 1 - mean))
            columns = {"cell": test, "y": y[test], "eta": eta, "loss": loss, "error": (y[test] - mean) ** 2}
            lines.append(pd.DataFrame({"repeat": repeat, "fold": fold, **columns}))
    return pd.concat(lines, ignore_index=True)


def area(lines: pd.DataFrame) -> float:
    """Pairs within folds, by ranks."""
    won = pairs = 0.0
    for _, part in lines.groupby(["repeat", "fold"]):
        good = part["y"] == 1
        ranks = rankdata(np.round(part["eta"], 9))[good].sum()  # rounding: ties within a cell
        won += ranks - good.sum() * (good.sum() + 1) / 2
        pairs += good.sum() * (~good).sum()
    return won / pairs


def expected(models: dict[str, pd.DataFrame], binary: bool) -> dict[tuple[str, str], float]:
    found = {}
    for a, b in (("two slopes", "one line"), ("spline", "two slopes")):
        first, second, label = models[a], models[b], f"{a} - {b}"
        if binary:
            found[label, "log-loss gain"] = second["loss"].mean() - first["loss"].mean()
            found[label, "AUC"] = area(first) - area(second)
        else:
            found[label, "R2"] = (second["error"].mean() - first["error"].mean()) / models["mean"]["error"].mean()
            found[label, "mean squared error saved"] = second["error"].mean() - first["error"].mean()
    base = models["mean"]
    for name in ("one line", "two slopes", "spline"):
        if binary:
            found[name, "log-loss gain"] = base["loss"].mean() - models[name]["loss"].mean()
            found[name, "AUC"] = area(models[name])
        else:
            found[name, "R2"] = 1 - models[name]["error"].mean() / base["error"].mean()
    return found


def spread(values: Array, group: Any) -> float:
    """Standard error of a mean over rows, or over rows in clusters; written as in a textbook."""
    n = len(values)
    if group is None:
        return float(values.std(ddof=1) / np.sqrt(n))
    sums = pd.Series(values - values.mean()).groupby(group).sum().to_numpy()
    return float(np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum()) / n)


@pytest.mark.parametrize("cluster", [None, "firm"])
@pytest.mark.parametrize("controls", [[], ["orders", "region"]], ids=["alone", "controls"])
@pytest.mark.parametrize("kind", OUTCOMES)
def test_gains_and_errors_against_rows(kind: str, controls: list[str], cluster: str | None) -> None:
    """With clusters every row has a gap of its own, so that no two firms share a cell."""
    rows, outcome, met = customers(), OUTCOMES[kind], (-1, 0)
    binary = kind == "binary"
    if cluster is not None:
        rows["gap"] = rows["gap"] + np.random.default_rng(2).uniform(-0.4, 0.4, len(rows))
    result = cx.bend_gain(
        rows,
        outcome=outcome,  # type: ignore[arg-type]
        disconfirmation="gap",
        met=met,
        controls=controls,
        cluster=cluster,
        folds=4,
        repeats=2,
        rng=17,
    )
    table = rows_of(rows, outcome, controls, cluster)
    dealt = deals(table, binary, cluster, 4, 2, 17)
    models = {name: held(table, x, dealt, binary) for name, x in designs(table, met, controls).items()}
    truth = expected(models, binary)
    found = dict(zip(zip(result.model, result.index, strict=True), result.estimate, strict=True))
    assert list(found) == list(truth)
    assert found == pytest.approx(truth, abs=FITTED)
    assert (result.n, result.n_missing, result.folds, result.repeats) == (900, 0, 4, 2)
    # The errors: every row's mean over the repeats, the predictions held fixed.
    column = "loss" if binary else "error"
    errors = dict(zip(zip(result.model, result.index, strict=True), result.std_error, strict=True))
    for a, b in (("two slopes", "one line"), ("spline", "two slopes")):
        each = (models[b][column] - models[a][column]).groupby(models[a]["cell"]).mean()
        rest = np.repeat(each.to_numpy(), table["n"])
        group = None if cluster is None else np.repeat(table["firm"].to_numpy(), table["n"])
        index = "log-loss gain" if binary else "mean squared error saved"
        assert errors[f"{a} - {b}", index] == pytest.approx(spread(rest, group), rel=1e-6)
        if not binary:
            base = np.repeat(models["mean"]["error"].groupby(models["mean"]["cell"]).mean().to_numpy(), table["n"])
            ratio = rest.mean() / base.mean()
            assert errors[f"{a} - {b}", "R2"] == pytest.approx(
                spread((rest - ratio * base) / base.mean(), group), rel=1e-6
            )


def test_the_gain_that_decides_is_the_first_index_with_its_interval() -> None:
    for kind, index in (("binary", "log-loss gain"), ("rating", "R2")):
        outcome: Any = OUTCOMES[kind]
        result = cx.bend_gain(customers(), outcome=outcome, disconfirmation="gap", repeats=1, rng=1)
        rows = result.to_frame().set_index(["model", "index"])
        assert result.spline_gain is not None
        for pair, gain in (("two slopes - one line", result.gain), ("spline - two slopes", result.spline_gain)):
            row = rows.loc[(pair, index)]
            assert gain.estimate == row["estimate"]
            assert gain.interval() == pytest.approx((row["ci_low"], row["ci_high"]), rel=1e-12)


def test_the_area_of_two_rising_models_is_one_and_the_same() -> None:
    """Without controls both order the customers by the gap alone: nothing to gain, and no error."""
    rows = customers()
    result = cx.bend_gain(rows, outcome=cx.Binary("left", good=0), disconfirmation="gap", repeats=1, rng=1)
    at = list(zip(result.model, result.index, strict=True)).index(("two slopes - one line", "AUC"))
    assert (result.estimate[at], result.std_error[at]) == (0, 0)
    assert result.p_value[at] == 1
    areas = result.to_frame().query("index == 'AUC'").set_index("model")
    row = areas.loc["two slopes"]
    assert row["statistic"] == pytest.approx((row["estimate"] - 0.5) / row["std_error"])


def test_share_at_the_best_value_against_rows() -> None:
    rows = customers()
    effort = cx.bend_gain(rows, outcome=cx.Rating("effort", cx.EFFORT5), disconfirmation="gap", repeats=1, rng=1)
    assert effort.share_at_top == pytest.approx((rows["effort"] == 1).mean())
    spend = cx.bend_gain(rows, outcome=cx.Continuous("spend"), disconfirmation="gap", repeats=1, rng=1)
    assert np.isnan(spend.share_at_top)


@pytest.mark.parametrize("shares", [(0.3, 0.4, 0.3), (0.02, 0.96, 0.02)])
def test_without_room_for_a_curve_there_is_no_spline(shares: tuple[float, ...]) -> None:
    """Through three values two slopes are every curve; quantiles that all fall on one value are no knots."""
    rng = np.random.default_rng(1)
    n = 3000
    gap = rng.choice([-1, 0, 1], n, p=shares) * (1 if shares[0] > 0.1 else rng.integers(1, 4, n))
    rows = pd.DataFrame({"gap": gap, "spend": np.minimum(gap, 0) + rng.normal(size=n)})
    result = cx.bend_gain(rows, outcome=cx.Continuous("spend"), disconfirmation="gap", repeats=1, rng=1)
    assert set(result.model) == {"two slopes - one line", "one line", "two slopes"}
    assert (result.spline_gain, result.knots) == (None, ())
    assert "No spline: the gap takes too few values to bend further." in str(result)


def test_rows_without_a_value_are_counted() -> None:
    rows = customers().astype({"gap": float, "spend": float})
    rows.loc[:4, "gap"] = np.nan
    rows.loc[3:9, "spend"] = np.nan
    asked: dict[str, Any] = {"outcome": cx.Continuous("spend"), "disconfirmation": "gap", "repeats": 1, "rng": 1}
    result = cx.bend_gain(rows, **asked)
    assert (result.n, result.n_missing) == (890, 10)
    assert result.estimate.tolist() == cx.bend_gain(rows.drop(range(10)), **asked).estimate.tolist()


def test_the_seed_that_was_drawn_gives_the_same_again() -> None:
    asked: dict[str, Any] = {"outcome": cx.Continuous("spend"), "disconfirmation": "gap", "repeats": 1}
    first = cx.bend_gain(customers(), **asked)
    assert cx.bend_gain(customers(), **asked, rng=first.seed).estimate.tolist() == first.estimate.tolist()


# --- simulation ------------------------------------------------------------------------------------------------------

GAPS = np.arange(-3.0, 4.0)


def drawn(kind: str, bend: float, n: int, seed: int, runs: int, firms: int = 0) -> Iterator[BendGain]:
    """Gains in samples whose truth is .3 gap + bend min(gap, 0); with firms, whose customers share a part."""
    rng = np.random.default_rng(seed)
    for _ in range(runs):
        gap = rng.choice(GAPS, n)
        level = 0.3 * gap + bend * np.minimum(gap, 0)
        rows = pd.DataFrame({"gap": gap})
        if firms:
            rows["firm"] = np.arange(n) % firms
            gap = rows["gap"] = rng.choice(GAPS, firms)[rows["firm"]]  # the same gap for a whole firm
            level = 0.3 * gap + bend * np.minimum(gap, 0) + 0.5 * rng.normal(size=firms)[rows["firm"]]
        if kind == "binary":
            rows["y"] = (rng.random(n) < expit(level)).astype(int)
        else:
            rows["y"] = level + rng.normal(size=n)
        outcome: Any = cx.Binary("y") if kind == "binary" else cx.Continuous("y")
        keys: dict[str, Any] = {"cluster": "firm"} if firms else {}
        yield cx.bend_gain(rows, outcome=outcome, disconfirmation="gap", folds=5, repeats=2, rng=rng, **keys)


@pytest.mark.parametrize(("kind", "firms"), [("continuous", 0), ("binary", 0), ("continuous", 100)])
def test_a_straight_truth_is_rarely_called_bent_in_simulation(kind: str, firms: int) -> None:
    runs = 150
    called = np.mean([found.gain.interval()[0] > 0 for found in drawn(kind, 0.0, 1000, 5, runs, firms)])
    assert called <= 0.025 + MC_ERRORS * np.sqrt(0.025 * 0.975 / runs)


@pytest.mark.parametrize("kind", ["continuous", "binary"])
def test_a_bent_truth_is_found_and_no_curve_beyond_it_in_simulation(kind: str) -> None:
    runs = 60
    found = list(drawn(kind, 1.0, 2000, 7, runs))
    assert np.mean([one.gain.interval()[0] > 0 for one in found]) >= 0.95
    curved = [one.spline_gain is not None and one.spline_gain.interval()[0] > 0 for one in found]
    assert np.mean(curved) <= 0.025 + MC_ERRORS * np.sqrt(0.025 * 0.975 / runs)


def large_sample_gain(kind: str, bend: float) -> float:
    """The gain of the best two slopes over the best line, over the whole distribution."""
    level = 0.3 * GAPS + bend * np.minimum(GAPS, 0)
    line = np.column_stack([np.ones(len(GAPS)), GAPS])
    if kind == "binary":
        p = expit(level)
        fit = sm.GLM(np.column_stack([p, 1 - p]), line, family=sm.families.Binomial()).fit(tol=1e-12)
        q = fit.fittedvalues
        return float(np.mean(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))))
    missed = level - line @ np.linalg.lstsq(line, level, rcond=None)[0]
    return float(np.mean(missed**2) / (level.var() + 1))


@pytest.mark.parametrize("kind", ["continuous", "binary"])
def test_intervals_of_a_gain_that_counts_in_simulation(kind: str) -> None:
    runs = 150
    truth = large_sample_gain(kind, 1.0)
    limits = np.array([found.gain.interval() for found in drawn(kind, 1.0, 1500, 11, runs)])
    covered = np.mean((limits[:, 0] <= truth) & (truth <= limits[:, 1]))
    assert covered == pytest.approx(0.95, abs=MC_ERRORS * np.sqrt(0.95 * 0.05 / runs))


# --- refusals --------------------------------------------------------------------------------------------------------


def refused(kind: type[CxStatsError], message: str, rows: pd.DataFrame, **changes: Any) -> None:
    call = {"outcome": cx.Continuous("spend"), "disconfirmation": "gap", "repeats": 1, "rng": 1, **changes}
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        cx.bend_gain(rows, **call)


def test_sides_with_too_few_are_refused() -> None:
    rows = customers()
    above = rows.query("gap < 0").head(20).assign(gap=2)
    thin = pd.concat([rows.query("gap <= 0"), above])
    refused(
        TooFewError,
        "At least 30 customers are needed with 'gap' above 0, but there are 20."
        "\nCollect more answers, or change the range that counts as met.",
        thin,
    )
    good = int((above["left"] == 0).sum())
    refused(
        TooFewError,
        "At least 10 good and 10 bad outcomes are needed among the customers with 'gap' above 0, but of 20 rows "
        f"{good} are good and {20 - good} bad.\nWait for more outcomes, or change the range that counts as met.",
        thin,
        outcome=cx.Binary("left", good=0),
    )
    refused(
        TooFewError,
        "Two slopes need at least 3 distinct values of 'gap', but there are 2: -1, 1."
        "\nCompare the groups with cx.mean_score instead.",
        rows.assign(gap=np.where(rows["gap"] > 0, 1, -1)),
    )
    few = pd.concat([part.head(14) for _, part in rows.groupby(["gap", "left"]) if part["gap"].iloc[0] != 0])
    few = few.query("left == 1 or gap % 2 == 0")
    bad = int(few["left"].sum())
    assert bad >= 100 > len(few) - bad
    refused(
        TooFewError,
        "At least 100 good and 100 bad outcomes are needed (100 to compare models on rows held out, 10 per "
        f"coefficient, of which there are up to 4), but of the outcomes 'left' {len(few) - bad} are good and {bad} bad."
        "\nUse fewer predictors, or wait for more outcomes.",
        few,
        outcome=cx.Binary("left", good=0),
    )


def test_roles_that_cannot_be_used_are_refused() -> None:
    rows = customers().assign(weight=1.5)
    refused(
        RoleError,
        "A disconfirmation column is needed: what was received minus what was expected, above 0 is better."
        '\nPass for example disconfirmation="days_early".',
        rows,
        disconfirmation=None,
    )
    refused(
        RoleError,
        "The outcome must be Binary, Rating or Continuous, but Count was given."
        "\nTurn it into whether anything happened, or into an amount.",
        rows,
        outcome=cx.Count("orders"),
    )
    refused(
        RoleError,
        'An outcome is needed, but none was declared.\nPass for example outcome=cx.Binary("column", good=1).',
        rows,
        outcome=None,
    )
    refused(
        RoleError,
        "met must run from a low to a higher value, but (1, 0) was given.\nPass for example (0, 0).",
        rows,
        met=(1, 0),
    )
    cells = cx.tally(rows, outcome=cx.Continuous("spend"), disconfirmation="gap", weight="weight")
    message = (
        "Survey weights cannot be used by cross-validation on counted rows (a row of weight 2 is not two rows that may "
        "fall into different folds), but the cells have the weight 'weight'."
        "\nLeave the weight out, or use cx.logistic and cx.delong, which take it."
    )
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        cx.bend_gain(cells)
