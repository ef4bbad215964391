"""Held-out indices against cross-validation row by row on the same folds, and in simulation."""

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.stats import poisson, rankdata, t

import cxstats as cx
from cxstats import simulate
from cxstats.errors import ColumnError, CxStatsError, CxStatsWarning, RoleError, SeparationError, TooFewError
from cxstats.numerics.folds import deal_clusters, deal_rows
from cxstats.roles import Outcome

# Two fits of one concave likelihood, each stopped within rounding of its maximum.
FITTED = 1e-7
MC_ERRORS = 4
CHOSEN = "best metric, chosen in the folds"
METRICS = {"nps": cx.NPS, "effort": cx.EFFORT5}
Array = NDArray[np.float64]


def customers(seed: int = 3, n: int = 700) -> pd.DataFrame:
    """Scores and outcomes that hang together, in 35 firms whose customers resemble each other."""
    rng = np.random.default_rng(seed)
    firm = rng.integers(0, 35, n)
    latent = 0.7 * rng.normal(size=35)[firm] + rng.normal(size=n)
    level = 0.8 * latent + rng.normal(size=n)
    return pd.DataFrame(
        {
            "nps": np.clip(np.round(6 + 2 * latent + rng.normal(size=n)), 0, 10).astype(int),
            "effort": np.clip(np.round(3 - latent + rng.normal(size=n)), 1, 5).astype(int),
            "tenure": np.round(np.exp(0.3 * latent + 0.5 * rng.normal(size=n)), 6),
            "region": rng.choice(["north", "east", "west"], n),
            "churned": (level < 0.2).astype(int),
            "stars": np.clip(np.round(3 + level), 1, 5).astype(int),
            "spend": np.exp(3 + 0.4 * level),
            "orders": rng.poisson(np.exp(0.4 * level)),
            "firm": [f"firm {i:02}" for i in firm],
        }
    )


class Brute:
    """Cross-validation of single rows, each with its own predictors, by statsmodels.

    The deal is drawn again from the seed and handed out to single rows: those of one cell are alike, so it does not
    matter which of them go where.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        outcome: Outcome,
        controls: Sequence[str] = (),
        cluster: str | None = None,
        *,
        folds: int,
        repeats: int,
        seed: int,
    ) -> None:
        cells = cx.tally(rows, outcome=outcome, metrics=METRICS, controls=controls, cluster=cluster)
        self.table = cells.to_frame()
        self.outcome, self.binary = outcome, isinstance(outcome, cx.Binary)
        values = self.table[outcome.column].to_numpy(dtype=float)  # type: ignore[union-attr]
        self.y = (values == outcome.good) * 1.0 if isinstance(outcome, cx.Binary) else values
        count, rng = cells.count, np.random.default_rng(seed)
        if cluster is None:
            stratum = self.y.astype(int) if self.binary else np.zeros(len(self.y), dtype=int)
            blocks = deal_rows(count, stratum, folds, repeats, rng)
        else:
            code = np.unique(self.table[cluster], return_inverse=True)[1]
            blocks = deal_clusters(count, np.arange(len(count)), code, len(count), folds, repeats, rng)
        self.deals = np.vstack(list(blocks)).reshape(repeats, folds, -1)
        self.count, self.folds, self.controls = count, folds, list(controls)
        self.group = None if cluster is None else np.unique(self.table[cluster], return_inverse=True)[1]

    def design(self, metrics: Sequence[str]) -> Array:
        parts = [np.ones((len(self.table), 1))]
        for name in (*self.controls, *metrics):
            column = self.table[name]
            numeric = pd.api.types.is_numeric_dtype(column)
            parts.append((column.to_frame() if numeric else pd.get_dummies(column, drop_first=True)).to_numpy(float))
        return np.hstack(parts)

    def fit(self, design: Array, train: NDArray[np.int64]) -> Any:
        y, z = self.y[train], design[train]
        if self.binary:
            return sm.Logit(y, z).fit(disp=0, tol=1e-11, maxiter=100)
        if isinstance(self.outcome, cx.Count):
            return sm.GLM(y, z, family=sm.families.Poisson()).fit(tol=1e-14, maxiter=100)
        return sm.OLS(y, z).fit()

    def held(self, candidates: Sequence[Sequence[str]]) -> pd.DataFrame:
        """One line per row and repeat: cell, fold, outcome, linear predictor, prediction; the best of candidates."""
        designs = [self.design(metrics) for metrics in candidates]
        lines = []
        for repeat, deal in enumerate(self.deals):
            for fold, inside in enumerate(deal):
                train = np.repeat(np.arange(len(self.y)), self.count - inside)
                test = np.repeat(np.arange(len(self.y)), inside)
                fits = [self.fit(design, train) for design in designs]
                best = int(np.argmax([fit.llf for fit in fits]))
                mean = fits[best].predict(designs[best][test])
                eta = designs[best][test] @ fits[best].params
                lines.append(
                    pd.DataFrame(
                        {"repeat": repeat, "fold": fold, "cell": test, "y": self.y[test], "eta": eta, "mean": mean}
                    )
                )
        return pd.concat(lines, ignore_index=True)

    def scored(self, held: pd.DataFrame) -> pd.DataFrame:
        y, mean = held["y"], held["mean"]
        if self.binary:
            held["loss"] = -np.log(np.where(y == 1, mean, 1 - mean))
        elif isinstance(self.outcome, cx.Count):
            held["loss"] = -poisson.logpmf(y, mean)
        unit = np.average((self.y - np.average(self.y, weights=self.count)) ** 2, weights=self.count)
        scale = unit if isinstance(self.outcome, cx.Rating | cx.Continuous) else 1.0
        return held.assign(error=(y - mean) ** 2 / scale)

    def models(self) -> dict[str, pd.DataFrame]:
        names = list(METRICS)
        terms = {
            "controls alone" if self.controls else "no metric": [[]],
            **{name: [[name]] for name in names},
            "all metrics": [names],
            CHOSEN: [[name] for name in names],
        }
        return {name: self.scored(self.held(candidates)) for name, candidates in terms.items()}


def areas(held: pd.DataFrame) -> pd.DataFrame:
    """Area and pairs of every fold, by ranks."""
    found = []
    for (repeat, fold), part in held.groupby(["repeat", "fold"]):
        good, bad = int(part["y"].sum()), int((1 - part["y"]).sum())
        ranks = rankdata(np.round(part["eta"], 9))[part["y"] == 1].sum()  # rounding: ties within a pattern
        area = (ranks - good * (good + 1) / 2) / (good * bad) if good * bad else np.nan
        found.append({"repeat": repeat, "fold": fold, "area": area, "pairs": good * bad})
    return pd.DataFrame(found)


def area(held: pd.DataFrame) -> float:
    each = areas(held)
    return float(np.average(each["area"].fillna(0), weights=each["pairs"]))


def calibration(held: pd.DataFrame, outcome: Outcome) -> Array:
    slopes = []
    for _, part in held.groupby("repeat"):
        y, z = part["y"].to_numpy(), sm.add_constant(part["eta"].to_numpy())
        if isinstance(outcome, cx.Binary):
            slopes.append(sm.Logit(y, z).fit(disp=0, tol=1e-11).params)
        elif isinstance(outcome, cx.Count):
            slopes.append(sm.GLM(y, z, family=sm.families.Poisson()).fit(tol=1e-14).params)
        else:
            scale = np.array([y.mean(), 0]), y.std()  # the intercept is that of the outcome with mean 0 and SD 1
            fit = sm.OLS((y - scale[0][0]) / scale[1], sm.add_constant((z[:, 1] - scale[0][0]) / scale[1])).fit()
            slopes.append(fit.params)
    found: Array = np.mean(slopes, axis=0)
    return found


def expected(brute: Brute) -> dict[tuple[str, str], float]:
    """Every index of every model, and the differences of all pairs."""
    models, found = brute.models(), {}
    base = next(iter(models))
    share, error = ("IPA", "Brier") if brute.binary else ("R2", "mean squared error")
    likely = "loss" in models[base]
    for name, held in models.items():
        if likely:
            found[name, "log-loss"] = held["loss"].mean()
        found[name, error] = held["error"].mean()
        if brute.binary and (name != base or brute.controls):
            found[name, "AUC"] = area(held)
        if name == base:
            continue
        if likely:
            found[name, "log-loss gain"] = models[base]["loss"].mean() - held["loss"].mean()
        found[name, share] = 1 - held["error"].mean() / models[base]["error"].mean()
        intercept, slope = calibration(held, brute.outcome)
        found[name, "calibration intercept"], found[name, "calibration slope"] = intercept, slope
    for a, b in combinations([name for name in models if name not in (base, CHOSEN)], 2):
        for index in ("log-loss gain", share, "AUC"):
            if (a, index) in found:
                found[f"{a} - {b}", index] = found[a, index] - found[b, index]
    return found


OUTCOMES: dict[str, Outcome] = {
    "binary": cx.Binary("churned", good=0),
    "rating": cx.Rating("stars", cx.CSAT5),
    "continuous": cx.Continuous("spend"),
    "count": cx.Count("orders"),
}


def against(result: Any, brute: Brute) -> None:
    found = dict(zip(zip(result.model, result.index, strict=True), result.estimate, strict=True))
    truth = expected(brute)
    assert found.keys() == truth.keys()
    assert found == pytest.approx(truth, abs=FITTED)


@pytest.mark.parametrize("kind", OUTCOMES)
def test_indices_against_rows(kind: str) -> None:
    """With a control every row is a cell of its own."""
    rows = customers()
    controls = ["tenure", "region"]
    result = cx.held_out(rows, outcome=OUTCOMES[kind], metrics=METRICS, controls=controls, folds=4, repeats=2, rng=17)
    against(result, Brute(rows, OUTCOMES[kind], controls, folds=4, repeats=2, seed=17))
    assert (result.n, result.n_missing, result.n_cells, result.df) == (700, 0, 700, np.inf)


@pytest.mark.parametrize("kind", ["binary", "rating", "count"])
def test_counted_cells_against_rows(kind: str) -> None:
    """Without controls many rows share a cell, and a cell's rows fall into several folds."""
    rows = customers()
    result = cx.held_out(rows, outcome=OUTCOMES[kind], metrics=METRICS, folds=4, repeats=2, rng=18)
    against(result, Brute(rows, OUTCOMES[kind], folds=4, repeats=2, seed=18))
    assert result.n_cells < 400


@pytest.mark.parametrize("kind", ["binary", "count"])
def test_whole_clusters_are_held_out_against_rows(kind: str) -> None:
    rows = customers()
    roles: dict[str, Any] = {"outcome": OUTCOMES[kind], "metrics": METRICS, "cluster": "firm"}
    with pytest.warns(CxStatsWarning, match=r"^35 clusters are few \(fewer than 40\)"):
        result = cx.held_out(rows, **roles, controls=["tenure"], folds=5, repeats=2, rng=19)
    brute = Brute(rows, OUTCOMES[kind], ["tenure"], "firm", folds=5, repeats=2, seed=19)
    against(result, brute)
    assert brute.group is not None
    firms = np.array([[np.bincount(brute.group, weights=part) > 0 for part in deal] for deal in brute.deals])
    assert (firms.sum(axis=1) == 1).all()  # every firm in one fold of each repeat
    assert (result.df, result.notes) == (
        34,
        ("35 clusters are few (fewer than 40): the intervals may be too narrow.",),
    )


def spread(values: Array, group: NDArray[np.int64] | None) -> float:
    """Standard error of a mean over rows, or over rows in clusters; written as in a textbook."""
    n = len(values)
    if group is None:
        return float(values.std(ddof=1) / np.sqrt(n))
    sums = np.array([(values - values.mean())[group == g].sum() for g in np.unique(group)])
    return float(np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum()) / n)


def area_contributions(held: pd.DataFrame, n: int) -> Array:
    """Of each row to the mean area, by comparing every good row with every bad one of its fold, times n."""
    total = np.zeros(n)
    pairs = areas(held)["pairs"].sum()
    for _, part in held.groupby(["repeat", "fold"]):
        good, bad = part[part["y"] == 1], part[part["y"] == 0]
        gap = good["eta"].to_numpy()[:, None] - bad["eta"].to_numpy()
        won = np.where(np.abs(gap) < 1e-9, 0.5, gap > 0) - np.mean(np.where(np.abs(gap) < 1e-9, 0.5, gap > 0))
        total[good["cell"]] += won.sum(axis=1)
        total[bad["cell"]] += won.sum(axis=0)
    return total / pairs * n


@pytest.mark.parametrize("cluster", [None, "firm"])
@pytest.mark.filterwarnings("ignore:35 clusters are few")
def test_standard_errors_against_rows(cluster: str | None) -> None:
    """Loss and area by row, with the predictions held fixed; calibration by statsmodels' sandwich."""
    rows, folds, seed = customers(5), 5, 23
    controls = ["tenure"]  # every row a cell of its own
    outcome = OUTCOMES["binary"]
    result = cx.held_out(
        rows, outcome=outcome, metrics=METRICS, controls=controls, cluster=cluster, folds=folds, repeats=1, rng=seed
    )
    brute = Brute(rows, outcome, controls, cluster, folds=folds, repeats=1, seed=seed)
    models, group, n = brute.models(), brute.group, len(rows)
    held = {name: table.sort_values("cell").reset_index(drop=True) for name, table in models.items()}
    base = held["controls alone"]
    found = dict(zip(zip(result.model, result.index, strict=True), result.std_error, strict=True))
    truth = {}
    for name, table in held.items():
        truth[name, "log-loss"] = spread(table["loss"].to_numpy(), group)
        truth[name, "Brier"] = spread(table["error"].to_numpy(), group)
        truth[name, "AUC"] = spread(area_contributions(table, n), group)
        if name == "controls alone":
            continue
        truth[name, "log-loss gain"] = spread((base["loss"] - table["loss"]).to_numpy(), group)
        ratio = table["error"].mean() / base["error"].mean()
        truth[name, "IPA"] = spread(((table["error"] - ratio * base["error"]) / base["error"].mean()).to_numpy(), group)
        kinds: dict[str, Any] = {"cov_type": "HC0"}
        if group is not None:
            kinds = {"cov_type": "cluster", "cov_kwds": {"groups": group}}
        fit = sm.Logit(table["y"], sm.add_constant(table["eta"])).fit(disp=0, tol=1e-11, **kinds)
        # statsmodels: HC0 without a factor, clusters with one (n - 1) / (n - 2) more than ours.
        factor = n / (n - 1) if group is None else (n - 2) / (n - 1)
        errors = np.sqrt(np.diag(fit.cov_params()) * factor)
        truth[name, "calibration intercept"], truth[name, "calibration slope"] = errors
    for a, b in combinations([name for name in held if name not in ("controls alone", CHOSEN)], 2):
        first, second = held[a], held[b]
        truth[f"{a} - {b}", "log-loss gain"] = spread((second["loss"] - first["loss"]).to_numpy(), group)
        less, share = (second["error"] - first["error"]).to_numpy(), base["error"].mean()
        ratio = less.mean() / share
        truth[f"{a} - {b}", "IPA"] = spread((less - ratio * base["error"].to_numpy()) / share, group)
        both = area_contributions(first, n) - area_contributions(second, n)
        truth[f"{a} - {b}", "AUC"] = spread(both, group)
    assert found.keys() == truth.keys()
    assert found == pytest.approx(truth, abs=FITTED, rel=1e-6)


def test_the_resampled_t_test_against_rows() -> None:
    """Nadeau and Bengio's variance (1 / J + n_test / n_train) s^2, from the scores of the folds of every repeat."""
    rows, folds, repeats = customers(6), 5, 3
    result = cx.held_out(rows, outcome=OUTCOMES["binary"], metrics=METRICS, folds=folds, repeats=repeats, rng=29)
    models = Brute(rows, OUTCOMES["binary"], folds=folds, repeats=repeats, seed=29).models()
    by_fold = ["repeat", "fold"]
    losses = {name: held.groupby(by_fold)["loss"].mean().to_numpy() for name, held in models.items()}
    ranks = {name: areas(held)["area"].to_numpy() for name, held in models.items()}
    frame = result.resampled().set_index(["model", "index"])
    for index, score, sign in (("log-loss gain", losses, -1), ("AUC", ranks, 1)):
        difference = sign * (score["nps"] - score["effort"])
        error = difference.std(ddof=1) * np.sqrt(1 / (folds * repeats) + 1 / (folds - 1))
        p = 2 * t.sf(abs(difference.mean() / error), folds * repeats - 1)
        assert frame.loc[("nps - effort", index), "p_resampled"] == pytest.approx(p, rel=1e-6)
    at = result.row("nps - effort", "AUC")
    assert frame.loc[("nps - effort", "AUC"), "p_value"] == result.p_value[at]
    assert list(frame.columns) == ["estimate", "p_value", "p_resampled"]
    assert all(" - " in model for model, _ in frame.index)


def test_the_choice_against_rows() -> None:
    rows = customers(8)
    outcome = OUTCOMES["binary"]
    result = cx.held_out(rows, outcome=outcome, metrics=METRICS, folds=4, repeats=3, rng=31)
    brute = Brute(rows, outcome, folds=4, repeats=3, seed=31)
    picks = []
    for inside in brute.deals.reshape(12, -1):
        train = np.repeat(np.arange(len(brute.y)), brute.count - inside)
        picks.append(int(np.argmax([brute.fit(brute.design([name]), train).llf for name in METRICS])))
    assert result.chosen == {name: picks.count(j) / 12 for j, name in enumerate(METRICS)}
    told = ", ".join(f"{name} {share:.0%}" for name, share in result.chosen.items())
    assert f"4 folds, repeated 3 times, seed 31.\nBest metric by the training folds: {told}.\n" in str(result)


def test_the_same_seed_the_same_numbers() -> None:
    rows = customers()
    outcome = OUTCOMES["binary"]
    call: dict[str, Any] = {"outcome": outcome, "metrics": METRICS, "repeats": 2}
    first, other = cx.held_out(rows, **call, rng=4), cx.held_out(rows, **call, rng=5)
    cells = cx.tally(rows, outcome=outcome, metrics=METRICS)
    counted = cells.to_frame().rename(columns={"n": "times"})
    for again in (
        cx.held_out(rows.sample(frac=1, random_state=1), **call, rng=4),
        cx.held_out(rows, **call, rng=np.random.default_rng(4)),
        cx.held_out(cells, repeats=2, rng=4),
        cx.held_out(cells.expand(), **call, rng=4),
        cx.held_out(counted, **call, count="times", rng=4),
    ):
        assert np.array_equal(again.estimate, first.estimate)
        assert np.array_equal(again.std_error, first.std_error)
    assert (other.estimate != first.estimate).any()
    drawn = cx.held_out(rows, **call)
    assert drawn.seed is not None
    assert np.array_equal(cx.held_out(rows, **call, rng=drawn.seed).estimate, drawn.estimate)
    assert cx.held_out(rows, **call, rng=np.random.default_rng(4)).seed is None


def test_what_is_tested_against_what() -> None:
    """A statistic compares with the value of an empty model, or of a perfectly calibrated one; names do not matter."""
    rows = customers().rename(columns={"nps": "nps - old"})
    metrics = {"nps - old": cx.NPS, "effort": cx.EFFORT5}
    result = cx.held_out(rows, outcome=OUTCOMES["binary"], metrics=metrics, repeats=1, rng=1)
    null = {"AUC": 0.5, "calibration slope": 1.0, "calibration intercept": 0.0, "IPA": 0.0, "log-loss gain": 0.0}
    for index, value in null.items():
        at = result.row("nps - old", index)
        assert result.statistic[at] == pytest.approx((result.estimate[at] - value) / result.std_error[at], rel=1e-12)
    assert np.isnan(result.statistic[result.row("nps - old", "Brier")])
    pair = result.row("nps - old - effort", "AUC")
    assert result.statistic[pair] == pytest.approx(result.estimate[pair] / result.std_error[pair], rel=1e-12)
    assert "nps - old" not in list(result.resampled()["model"])


def test_a_single_metric_has_nothing_to_be_compared_with() -> None:
    result = cx.held_out(customers(), outcome=OUTCOMES["binary"], metrics={"nps": cx.NPS}, repeats=1, rng=1)
    assert result.models == ("no metric", "nps")
    assert (result.chosen, len(result.resampled())) == ({}, 0)
    assert "Best metric" not in str(result)


def test_rows_without_all_columns_are_left_out_and_counted() -> None:
    rows = customers().astype({"nps": float})
    rows.loc[:4, "nps"], rows.loc[10:11, "tenure"], rows.loc[20, "churned"] = np.nan, np.nan, np.nan
    call: dict[str, Any] = {"outcome": OUTCOMES["binary"], "metrics": METRICS, "controls": ["tenure"], "rng": 1}
    result, complete = cx.held_out(rows, **call), cx.held_out(rows.dropna(), **call)
    assert np.array_equal(result.estimate, complete.estimate)
    assert (result.n, result.n_missing, complete.n_missing) == (692, 8, 0)


# What an interval covers: the index of models that are fitted to so many customers. A single score keeps its order
# whatever its slope, so that its area is that of the population; its log-loss is that of the population plus the price
# of fitting two numbers, about 2 / (2 n), a twentieth of the standard error here. What a metric adds that adds little
# is another matter: tests/methods/test_added_value.py.
@pytest.fixture(scope="module")
def population() -> Array:
    """Area of csat, its difference to ease, and the log-loss gain of the logistic regression on csat."""
    people = simulate.truth()
    table = simulate.cohort(2_000_000, rng=99).groupby(["csat", "repurchase"]).size()
    level, good = (table.index.get_level_values(name).to_numpy(float) for name in ("csat", "repurchase"))
    weights, both = {"freq_weights": table.to_numpy(float)}, sm.families.Binomial()
    fit = sm.GLM(good, sm.add_constant(level), family=both, **weights).fit()
    gain = (fit.llf - fit.llnull) / table.sum()
    return np.array([people.auc["csat"], people.auc["csat"] - people.auc["ease"], gain])


def coverage(draw: Any, keys: dict[str, str], truth: Array, replications: int, seed: int) -> tuple[Array, float]:
    """The share of intervals that hold the truth, and what it may be off."""
    rng, hits = np.random.default_rng(seed), np.zeros(3)
    call: dict[str, Any] = {"outcome": cx.Binary("repurchase"), "metrics": {"csat": cx.CSAT5, "ease": cx.EASE7}}
    for _ in range(replications):
        result = cx.held_out(draw(rng), **call, folds=5, repeats=1, rng=rng, **keys)
        rows = [result.row("csat", "AUC"), result.row("csat - ease", "AUC"), result.row("csat", "log-loss gain")]
        limits = result.confidence_interval()
        hits += (limits.low[rows] <= truth) & (truth <= limits.high[rows])
    return hits / replications, MC_ERRORS * float(np.sqrt(0.95 * 0.05 / replications))


def test_intervals_in_simulation(population: Array) -> None:
    found, error = coverage(lambda rng: simulate.cohort(1500, rng=rng), {}, population, 250, seed=41)
    assert found == pytest.approx(np.full(3, 0.95), abs=error)


def test_intervals_with_clusters_in_simulation(population: Array) -> None:
    """Five answers of each of 300 customers: whole customers are held out, and their influences summed."""

    def draw(rng: np.random.Generator) -> pd.DataFrame:
        frame: pd.DataFrame = simulate.clustered(300, answers=5, same=0.7, rng=rng)
        return frame

    found, error = coverage(draw, {"cluster": "customer"}, population, 150, seed=43)
    assert found == pytest.approx(np.full(3, 0.95), abs=error)


def refused(kind: type[CxStatsError], message: str, rows: pd.DataFrame | None = None, **changes: Any) -> None:
    call: dict[str, Any] = {"outcome": OUTCOMES["binary"], "metrics": METRICS, "repeats": 1, "rng": 1, **changes}
    with pytest.raises(kind) as caught:
        cx.held_out(customers() if rows is None else rows, **call)
    assert str(caught.value) == message


SUSPICIOUS = (
    "\nMerge rare levels or leave the predictor out; a score that separates is suspicious: check that it was not asked "
    "after the outcome, or computed from it."
)


def test_too_few_outcomes_are_refused() -> None:
    rows = customers()
    head = rows.head(200)
    good = int((head["churned"] == 0).sum())
    refused(
        TooFewError,
        "At least 100 good and 100 bad outcomes are needed (100 to compare models on rows held out, 10 per "
        f"coefficient, of which there are up to 2), but of the outcomes 'churned' {good} are good and {200 - good} bad."
        "\nUse fewer predictors, or wait for more outcomes.",
        head,
    )
    many = rows.assign(shop=[f"{i % 50:02}" for i in range(700)])
    good = int((rows["churned"] == 0).sum())
    refused(
        TooFewError,
        "At least 510 good and 510 bad outcomes are needed (100 to compare models on rows held out, 10 per "
        f"coefficient, of which there are up to 51), but of the outcomes 'churned' {good} are good and {700 - good} "
        "bad.\nUse fewer predictors, or wait for more outcomes.",
        many,
        controls=["shop"],
    )
    refused(
        TooFewError,
        "At least 20 rows per coefficient are needed, 60 for 2 and an intercept, but there are 59."
        "\nUse fewer predictors, or collect more answers.",
        rows.head(59),
        outcome=OUTCOMES["continuous"],
    )


def test_metrics_that_repeat_each_other_are_refused() -> None:
    rows = customers().assign(twice=lambda d: 2 * d["nps"] + 1)
    refused(
        ColumnError,
        "The predictors must not repeat each other, but 'nps', 'twice' are collinear: each follows exactly from the "
        "others.\nLeave one of them out.",
        rows,
        metrics={"nps": cx.NPS, "twice": cx.Scale(1, 21)},
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda d: d["churned"],  # the outcome itself
        lambda d: np.where(d["churned"] == 1, "left", "stayed"),
        lambda d: d["churned"] * 3 + d["nps"] % 3,  # contains it
    ],
    ids=["number", "text", "contains"],
)
def test_a_control_that_holds_a_binary_outcome_is_refused(make: Any) -> None:
    refused(
        SeparationError,
        "No predictor may tell the outcomes apart perfectly, but 'status' does so in 700 of 700 rows, so no finite "
        f"estimate exists.{SUSPICIOUS}",
        customers().assign(status=make),
        controls=["status"],
    )


@pytest.mark.parametrize("kind", ["rating", "continuous", "count"])
def test_controls_that_hold_an_outcome_with_a_size_are_refused(kind: str) -> None:
    column = OUTCOMES[kind].column  # type: ignore[union-attr]
    rows = customers().assign(a=lambda d: 2 * d[column] - d["tenure"] + 4)
    refused(
        SeparationError,
        f"No predictor may hold the outcome, but '{column}' follows exactly from 'a', 'tenure' in all 700 rows."
        "\nLeave it out: check that it was not measured after the outcome, or computed from it.",
        rows,
        outcome=OUTCOMES[kind],
        controls=["a", "tenure", "region"],
    )


def test_the_outcome_as_control_is_refused() -> None:
    refused(
        RoleError,
        "A column must play one part, but 'churned' was given more than one of: outcome, metric, control, "
        "disconfirmation, strata, cluster, weight, count.",
        controls=["churned"],
    )


def test_rare_levels_are_refused_by_name() -> None:
    rows = customers()
    lone = rows.assign(region=["islands", *rows["region"][1:]])
    refused(
        SeparationError,
        "No predictor may tell the outcomes apart perfectly, but 'region' does so in 1 of 700 rows, so no finite "
        f"estimate exists.{SUSPICIOUS}",
        lone,
        controls=["region"],
    )
    # Two rows with both outcomes: on all rows there is an estimate, but not where one of them is held out.
    first = [int(np.flatnonzero(rows["churned"] == side)[0]) for side in (0, 1)]
    twins = rows.assign(region=np.where(np.isin(np.arange(700), first), "islands", rows["region"]))
    with pytest.raises(SeparationError) as caught:
        cx.held_out(twins, outcome=OUTCOMES["binary"], metrics=METRICS, controls=["region"], repeats=1, rng=1)
    left = re.search(r"1 of (63\d) rows", str(caught.value))  # 700 less a tenth of either outcome
    assert left is not None
    assert str(caught.value) == (
        "Every model is fitted without each fold in turn, and with the rows left this failed. No predictor may tell "
        f"the outcomes apart perfectly, but 'region' does so in {left[0]}, so no finite estimate exists."
        "\nMerge rare levels, use fewer predictors or fewer folds, or wait for more outcomes."
    )
    refused(
        ColumnError,
        "Every model is fitted without each fold in turn, and with the rows left this failed. Every predictor must "
        "vary, but 'region[remote]' holds the same value in all rows."
        "\nMerge rare levels, use fewer predictors or fewer folds, or wait for more outcomes.",
        lone.assign(region=np.where(lone["region"] == "islands", "remote", "near")),
        outcome=OUTCOMES["continuous"],
        controls=["region"],
    )


def test_few_clusters_are_refused() -> None:
    refused(
        TooFewError,
        "At least 20 clusters are needed for an interval, but there are 12."
        "\nWith fewer, no interval is trustworthy: report the estimates per cluster instead.",
        customers().assign(store=np.arange(700) % 12),
        cluster="store",
    )


def test_outcomes_that_go_with_the_cluster_need_few_folds() -> None:
    """Where all customers of a firm renew or none, a fold of one firm has no pair to compare."""
    rows = customers().assign(churned=lambda d: d["firm"].str[-1].astype(int) % 2)
    refused(
        TooFewError,
        "Some folds must hold both outcomes, but none does: no area is to be had."
        "\nUse fewer folds, so that each holds more clusters.",
        rows,
        cluster="firm",
        folds=35,
    )


@pytest.mark.parametrize("folds", [0, 1, -3, 2.5, "10", True, None, 5000])
def test_folds_that_are_none_are_refused(folds: Any) -> None:
    bad = int(customers()["churned"].sum())
    fewer = f"{bad} bad outcomes" if bad < 350 else f"{700 - bad} good outcomes"
    message = f"folds must be a whole number from 2 to the {fewer}, but {folds!r} was given."
    refused(RoleError, message, folds=folds)


def test_folds_up_to_rows_and_clusters() -> None:
    refused(
        RoleError,
        "folds must be a whole number from 2 to the 35 clusters, but 36 was given.",
        folds=36,
        cluster="firm",
    )
    refused(
        RoleError,
        "folds must be a whole number from 2 to the 700 rows, but 701 was given.",
        folds=701,
        outcome=OUTCOMES["continuous"],
    )
    call: dict[str, Any] = {"outcome": OUTCOMES["binary"], "metrics": METRICS, "rng": 1, "repeats": 1}
    numpy_folds = cx.held_out(customers(), **call, folds=np.int64(5))
    assert np.array_equal(numpy_folds.estimate, cx.held_out(customers(), **call, folds=5).estimate)


@pytest.mark.parametrize("repeats", [0, -1, 1.5, "2", True])
def test_repeats_that_are_none_are_refused(repeats: Any) -> None:
    message = f"repeats must be a whole number from 1 up, but {repeats!r} was given."
    refused(RoleError, message, repeats=repeats)


def test_weights_and_other_outcomes_are_refused() -> None:
    rows = customers().assign(weight=1.5)
    cells = cx.tally(rows, outcome=OUTCOMES["binary"], metrics=METRICS, weight="weight")
    with pytest.raises(RoleError) as caught:
        cx.held_out(cells, rng=1)
    assert str(caught.value) == (
        "Survey weights cannot be used by cross-validation on counted rows (a row of weight 2 is not two rows that may "
        "fall into different folds), but the cells have the weight 'weight'."
        "\nLeave the weight out, or use cx.logistic and cx.delong, which take it."
    )
    hint = '\nPass for example outcome=cx.Binary("column", good=1).'
    refused(RoleError, f"An outcome is needed, but none was declared.{hint}", outcome=None)
    refused(RoleError, f"An outcome is needed, but Survival was given.{hint}", outcome=cx.Survival("tenure", "churned"))


def test_what_does_not_vary_is_refused() -> None:
    refused(
        TooFewError,
        "The predictor 'tenure' must take at least two values, but all 700 rows hold 1."
        "\nA constant predicts nothing: leave it out.",
        customers().assign(tenure=1),
        controls=["tenure"],
    )
    refused(
        TooFewError,
        "The outcome 'orders' must take at least two values, but all 700 rows hold 2.\nThere is nothing to predict.",
        customers().assign(orders=2),
        outcome=OUTCOMES["count"],
    )
    refused(
        TooFewError,
        "At least one row must have all of 'churned', 'nps', 'effort', 'tenure', but none of 700 rows has."
        "\nCheck how the tables were joined, or use fewer predictors.",
        customers().assign(tenure=np.nan),
        controls=["tenure"],
    )


def test_a_metric_with_the_name_of_a_model_is_refused() -> None:
    refused(
        RoleError,
        "Models must have different names, but 'all metrics' is the name of two.\nRename the column.",
        customers().rename(columns={"nps": "all metrics"}),
        metrics={"all metrics": cx.NPS, "effort": cx.EFFORT5},
    )
