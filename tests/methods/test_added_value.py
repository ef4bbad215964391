"""Added value against statsmodels on rows and the same folds, and in simulation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.stats import chi2, f, rankdata

import cxstats as cx
from cxstats import simulate
from cxstats.errors import ColumnError, CxStatsError, RoleError, SeparationError, TooFewError
from cxstats.numerics.folds import deal_clusters, deal_rows
from cxstats.roles import Outcome

# Two fits of one concave likelihood, each stopped within rounding of its maximum.
FITTED = 1e-7
MC_ERRORS = 4
METRICS = {"nps": cx.NPS, "effort": cx.EFFORT5, "csat": cx.CSAT5}
PAST = ["tenure", "region"]
GROUPS = 45
Array = NDArray[np.float64]


def customers(seed: int = 3, n: int = 800) -> pd.DataFrame:
    """Scores and outcomes that hang together, in 45 firms whose customers resemble each other."""
    rng = np.random.default_rng(seed)
    firm = rng.integers(0, GROUPS, n)
    latent = 0.7 * rng.normal(size=GROUPS)[firm] + rng.normal(size=n)
    level = 0.8 * latent + rng.normal(size=n)
    return pd.DataFrame(
        {
            "nps": np.clip(np.round(6 + 2 * latent + 2 * rng.normal(size=n)), 0, 10).astype(int),
            "effort": np.clip(np.round(3 - latent + rng.normal(size=n)), 1, 5).astype(int),
            "csat": np.clip(np.round(3 + 0.3 * latent + rng.normal(size=n)), 1, 5).astype(int),
            "tenure": np.round(np.exp(0.3 * latent + 0.5 * rng.normal(size=n)), 6),
            "region": rng.choice(["north", "east", "west"], n),
            "stayed": (level > 0.2).astype(int),
            "stars": np.clip(np.round(3 + level), 1, 5).astype(int),
            "spend": np.exp(3 + 0.4 * level),
            "orders": rng.poisson(np.exp(0.4 * level)),
            "firm": [f"firm {i:02}" for i in firm],
        }
    )


OUTCOMES: dict[str, Outcome] = {
    "binary": cx.Binary("stayed"),
    "rating": cx.Rating("stars", cx.CSAT5),
    "continuous": cx.Continuous("spend", good="low"),
    "count": cx.Count("orders"),
}
FAMILIES = {"binary": sm.families.Binomial(), "count": sm.families.Poisson()}


def steps() -> list[tuple[str, str, list[str], list[str]]]:
    """Metric, over what, and the columns of the smaller and the larger model."""
    found = []
    for metric in METRICS:
        others = [name for name in METRICS if name != metric]
        found.append((metric, "controls", PAST, [*PAST, metric]))
        found.append((metric, "controls and other metrics", [*PAST, *others], [*PAST, *others, metric]))
    return found


def design(table: pd.DataFrame, columns: Sequence[str]) -> Array:
    parts = [np.ones((len(table), 1))]
    for name in columns:
        numeric = pd.api.types.is_numeric_dtype(table[name])
        part = table[[name]] if numeric else pd.get_dummies(table[name], drop_first=True)
        parts.append(part.to_numpy(float))
    return np.hstack(parts)


def table_of(rows: pd.DataFrame, kind: str, cluster: str | None = None) -> pd.DataFrame:
    """Every row once, in the canonical order of the cells."""
    cells = cx.tally(rows, outcome=OUTCOMES[kind], metrics=METRICS, controls=PAST, cluster=cluster)
    assert cells.n_cells == cells.n  # a control tells all of them apart
    frame: pd.DataFrame = cells.expand()
    return frame


def folds_of(table: pd.DataFrame, kind: str, cluster: str | None, folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of every row, from the same seed."""
    rng, ones = np.random.default_rng(seed), np.ones(len(table), dtype=np.int64)
    if cluster is None:
        stratum = table["stayed"].to_numpy(int) if kind == "binary" else 0 * ones
        (block,) = deal_rows(ones, stratum, folds, 1, rng)
    else:
        code = np.unique(table[cluster], return_inverse=True)[1]
        (block,) = deal_clusters(ones, np.arange(len(table)), code, len(table), folds, 1, rng)
    return block.argmax(axis=0)


def predictions(table: pd.DataFrame, kind: str, columns: Sequence[str], fold: NDArray[np.int64]) -> Array:
    """The linear predictor of every row by a model fitted without the row's fold."""
    y, z = table[OUTCOMES[kind].column].to_numpy(float), design(table, columns)  # type: ignore[union-attr]
    eta = np.empty(len(table))
    for k in np.unique(fold):
        out = fold == k
        family = FAMILIES.get(kind, sm.families.Gaussian())
        eta[out] = z[out] @ sm.GLM(y[~out], z[~out], family=family).fit(tol=1e-13, maxiter=100).params
    return eta


def area_within(y: Array, eta: Array, fold: NDArray[np.int64]) -> float:
    total, pairs = 0.0, 0.0
    for k in np.unique(fold):
        good, bad = y[fold == k].sum(), (1 - y[fold == k]).sum()
        ranks = rankdata(eta[fold == k])[y[fold == k] == 1].sum()
        total += ranks - good * (good + 1) / 2
        pairs += good * bad
    return float(total / pairs)


def gains(table: pd.DataFrame, kind: str, smaller: Array, larger: Array, fold: NDArray[np.int64]) -> dict[str, float]:
    """Each index of the larger model less that of the smaller; the share is of what the mean alone leaves."""
    y = table[OUTCOMES[kind].column].to_numpy(float)  # type: ignore[union-attr]
    family = FAMILIES.get(kind, sm.families.Gaussian())
    mean = np.array([y[fold != k].mean() for k in fold])
    error = [((y - family.fitted(eta)) ** 2).mean() for eta in (smaller, larger)]
    found = {"IPA" if kind == "binary" else "R2": (error[0] - error[1]) / ((y - mean) ** 2).mean()}
    if kind in FAMILIES:
        likelihoods = [family.loglike_obs(y, family.fitted(eta)).mean() for eta in (smaller, larger)]
        found["log-loss gain"] = likelihoods[1] - likelihoods[0]
    if kind == "binary":
        found["AUC"] = area_within(y, larger, fold) - area_within(y, smaller, fold)
    return found


@pytest.mark.parametrize("kind", OUTCOMES)
@pytest.mark.parametrize("cluster", [None, "firm"])
def test_gains_against_rows(kind: str, cluster: str | None) -> None:
    rows = customers()
    result = cx.added_value(
        rows,
        outcome=OUTCOMES[kind],
        metrics=METRICS,
        controls=PAST,
        cluster=cluster,
        folds=4,
        repeats=1,
        rng=7,
    )
    table = table_of(rows, kind, cluster)
    fold = folds_of(table, kind, cluster, 4, 7)
    truth = {}
    for metric, over, smaller, larger in steps():
        parts = [predictions(table, kind, columns, fold) for columns in (smaller, larger)]
        truth |= {(metric, over, index): v for index, v in gains(table, kind, *parts, fold).items()}
    found = dict(zip(zip(result.metric, result.over, result.index, strict=True), result.estimate, strict=True))
    assert found.keys() == truth.keys()
    assert found == pytest.approx(truth, abs=FITTED)
    assert (result.n, result.n_cells, result.df) == (800, 800, np.inf if cluster is None else GROUPS - 1)


def chi_squares(result: Any) -> dict[tuple[str, str], tuple[float, float]]:
    """Chi-square and p by metric and what it is added to; the same for every index."""
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for metric, over, chi_square, p in zip(result.metric, result.over, result.statistic, result.p_value, strict=True):
        assert found.setdefault((metric, over), (chi_square, p)) == (chi_square, p)
    return found


def test_likelihood_ratios_against_statsmodels() -> None:
    rows = customers()
    result = cx.added_value(rows, outcome=OUTCOMES["binary"], metrics=METRICS, controls=PAST, folds=2, repeats=1, rng=1)
    y = rows["stayed"].to_numpy()
    truth = {}
    for metric, over, *models in steps():
        smaller, larger = (sm.Logit(y, design(rows, m)).fit(disp=0, tol=1e-11).llf for m in models)
        ratio = 2 * (larger - smaller)
        truth[metric, over] = (ratio, chi2.sf(ratio, 1))
    found = chi_squares(result)
    assert found.keys() == truth.keys()
    for key, values in truth.items():
        assert found[key] == pytest.approx(values, rel=1e-6)
    assert (result.test, set(result.degrees)) == ("likelihood-ratio", {1})
    assert (
        "\nstatistic and p: likelihood-ratio test of the metric in the larger model.\nestimate and interval: gain on "
        "customers held out (2 folds, repeated 1 times, seed 1).\n800 rows used; 800 cells.\n"
    ) in str(result)


@pytest.mark.parametrize("kind", OUTCOMES)
@pytest.mark.parametrize("cluster", [None, "firm"])
def test_robust_tests_against_statsmodels(kind: str, cluster: str | None) -> None:
    """statsmodels' HC0 has no factor for small samples, its clusters (n - 1) / (n - q) beside G / (G - 1)."""
    if kind == "binary" and cluster is None:
        return  # by the ratio of likelihoods: above
    rows = customers()
    result = cx.added_value(
        rows,
        outcome=OUTCOMES[kind],
        metrics=METRICS,
        controls=PAST,
        cluster=cluster,
        folds=2,
        repeats=1,
        rng=1,
    )
    y, n = rows[OUTCOMES[kind].column].to_numpy(float), len(rows)  # type: ignore[union-attr]
    found = chi_squares(result)
    for metric, over, _, larger in steps():
        z = design(rows, larger)
        model = sm.GLM(y, z, family=FAMILIES.get(kind, sm.families.Gaussian()))
        if cluster is None:
            fit = model.fit(tol=1e-13, maxiter=100, cov_type="HC0")
            factor = n / (n - 1)
        else:
            fit = model.fit(tol=1e-13, maxiter=100, cov_type="cluster", cov_kwds={"groups": rows[cluster]})
            factor = (n - z.shape[1]) / (n - 1)
        wald = float(fit.params[-1] ** 2 / (fit.cov_params()[-1, -1] * factor))
        p = chi2.sf(wald, 1) if cluster is None else f.sf(wald, 1, GROUPS - 1)
        assert found[metric, over] == pytest.approx((wald, p), rel=1e-5)
    assert result.test == "robust Wald"


def test_counted_cells_against_rows() -> None:
    """Without a control that tells rows apart: the same cells, so the same deal and the same numbers."""
    rows = customers()
    call: dict[str, Any] = {"outcome": OUTCOMES["binary"], "metrics": METRICS, "controls": ["region"], "rng": 3}
    result = cx.added_value(rows, **call)
    cells = cx.tally(rows, outcome=OUTCOMES["binary"], metrics=METRICS, controls=["region"])
    counted = cells.to_frame().rename(columns={"n": "times"})
    for again in (
        cx.added_value(rows.sample(frac=1, random_state=5), **call),
        cx.added_value(cells, rng=3),
        cx.added_value(cells.expand(), **call),
        cx.added_value(counted, **call, count="times"),
    ):
        for name in ("estimate", "std_error", "chi_square", "p"):
            assert np.array_equal(getattr(again, name), getattr(result, name))
    y = rows["stayed"].to_numpy()
    smaller, larger = (sm.Logit(y, design(rows, m)).fit(disp=0, tol=1e-11).llf for m in (["region"], ["region", "nps"]))
    assert result.statistic[result.row("nps", "controls", "AUC")] == pytest.approx(2 * (larger - smaller), rel=1e-7)
    other = cx.added_value(rows, **{**call, "rng": 4})
    assert (other.estimate != result.estimate).any()
    assert np.array_equal(other.chi_square, result.chi_square)  # all rows: nothing is drawn


def test_without_controls_a_metric_is_added_to_the_others() -> None:
    rows = customers()
    result = cx.added_value(rows, outcome=OUTCOMES["binary"], metrics=METRICS, repeats=1, rng=1)
    assert set(result.over) == {"other metrics"}
    y = rows["stayed"].to_numpy()
    smaller, larger = (sm.Logit(y, design(rows, m)).fit(disp=0).llf for m in (["effort", "csat"], list(METRICS)))
    assert result.statistic[result.row("nps", "other metrics", "IPA")] == pytest.approx(
        2 * (larger - smaller), rel=1e-6
    )


BUYERS = ["prior_orders", "tenure", "recency"]


def buyers(n: int, replications: int, seed: int, **added: float) -> list[Any]:
    rng, found = np.random.default_rng(seed), []
    for _ in range(replications):
        rows = simulate.spenders(n, rng=rng, added=added)
        call: dict[str, Any] = {"metrics": {"csat": cx.CSAT5}, "controls": BUYERS, "folds": 5, "repeats": 1}
        found.append(cx.added_value(rows, outcome=cx.Binary("repurchase"), rng=rng, **call))
    return found


def cost_of_fitting(n: int, added: float, fits: int, seed: int) -> tuple[Array, Array]:
    """Gain of log-loss and area that csat brings to models fitted to n customers, on others: mean, and its error."""
    rng = np.random.default_rng(seed)
    others = simulate.spenders(50_000, rng=rng, added={"csat": added})
    truth = simulate.spenders_truth(added={"csat": added})
    odds = truth.constant + sum(slope * others[name] for name, slope in truth.log_odds.items())
    chance = 1 / (1 + np.exp(-odds.to_numpy()))
    found = []
    for _ in range(fits):
        rows = simulate.spenders(n, rng=rng, added={"csat": added})
        scores = []
        for columns in (BUYERS, [*BUYERS, "csat"]):
            fit = sm.Logit(rows["repurchase"], design(rows, columns)).fit(disp=0)
            eta = design(others, columns) @ fit.params.to_numpy()
            loss = float((np.logaddexp(0, eta) - chance * eta).mean())
            order = np.argsort(eta)
            good, bad = chance[order], 1 - chance[order]
            scores.append((-loss, float(good @ (np.cumsum(bad) - bad / 2)) / (good.sum() * bad.sum())))
        found.append(np.subtract(scores[1], scores[0]))
    gained = np.array(found)
    return gained.mean(axis=0), gained.std(axis=0) / np.sqrt(fits)


def test_nothing_added_in_simulation() -> None:
    """The test rejects at its level. A gain is above 0 with its whole interval far more rarely than in 2.5%: what is
    held out pays for fitting a coefficient that is 0, so that the mean gain is that of models of so many customers."""
    assert not simulate.spenders_truth().adds
    found = buyers(500, 300, seed=51)
    rejected = np.mean([result.p_value[0] < 0.05 for result in found])
    assert rejected == pytest.approx(0.05, abs=MC_ERRORS * np.sqrt(0.05 * 0.95 / len(found)))
    above = np.mean([result.confidence_interval().low > 0 for result in found], axis=0)
    assert (above <= 0.025).all()
    at = [found[0].row("csat", "controls", index) for index in ("log-loss gain", "AUC")]
    gains_found = np.array([result.estimate[at] for result in found])
    target, spread = cost_of_fitting(400, 0.0, 60, seed=52)
    assert (target < 0).all()
    error = np.sqrt(gains_found.var(axis=0) / len(found) + spread**2)
    assert (np.abs(gains_found.mean(axis=0) - target) < MC_ERRORS * error).all()


def test_what_is_added_in_simulation() -> None:
    """What the interval covers is the gain of a model that is fitted to so many customers.

    With 1,200 customers, of whom four fifths are used at a time, csat at .4 per SD is worth a chi-square of 30: the
    gain of log-loss falls short of that in endless data by the price of one coefficient, 1 / (2 * 960), a seventh of
    its standard error, and the interval holds either at about its level. Of metrics that add less (a chi-square
    below 10), it holds the gain in 85 to 92%, missing it below: the smaller the estimate, the shorter the interval.
    """
    truth = simulate.spenders_truth(added={"csat": 0.4})
    target, spread = cost_of_fitting(960, 0.4, 40, seed=61)
    endless = np.array([truth.over_past["csat"], truth.auc_over_past["csat"]])
    assert (target < endless).all()
    found = buyers(1200, 200, seed=63, csat=0.4)
    at = [found[0].row("csat", "controls", index) for index in ("log-loss gain", "AUC")]
    estimates = np.array([result.estimate[at] for result in found])
    error = np.sqrt(estimates.var(axis=0) / len(found) + spread**2)
    assert (np.abs(estimates.mean(axis=0) - target) < MC_ERRORS * error).all()
    limits = [result.confidence_interval() for result in found]
    held = np.mean([(each.low[at] <= target) & (target <= each.high[at]) for each in limits], axis=0)
    assert held == pytest.approx([0.95, 0.95], abs=MC_ERRORS * np.sqrt(0.95 * 0.05 / len(found)))


def test_clusters_in_simulation() -> None:
    """Scores of another customer's answers add nothing, but resemble each other within the customer as outcomes do."""
    rng, replications = np.random.default_rng(71), 150
    call: dict[str, Any] = {"metrics": {"nps": cx.NPS, "csat": cx.CSAT5}, "folds": 2, "repeats": 1}
    rejected = np.zeros(2)
    for _ in range(replications):
        rows = simulate.clustered(100, answers=6, same=0.9, rng=rng)
        rows["csat"] = simulate.clustered(100, answers=6, same=0.9, rng=rng)["csat"]
        for place, keys in enumerate(({}, {"cluster": "customer"})):
            result = cx.added_value(rows, outcome=cx.Binary("repurchase"), rng=rng, **call, **keys)
            rejected[place] += result.p_value[result.row("csat", "other metrics", "AUC")] < 0.05
    naive, clustered = rejected / replications
    error = MC_ERRORS * np.sqrt(0.05 * 0.95 / replications)
    assert clustered == pytest.approx(0.05, abs=error)
    assert naive > 0.05 + error


def refused(kind: type[CxStatsError], message: str, rows: pd.DataFrame | None = None, **changes: Any) -> None:
    call: dict[str, Any] = {"outcome": OUTCOMES["binary"], "metrics": METRICS, "repeats": 1, "rng": 1, **changes}
    with pytest.raises(kind) as caught:
        cx.added_value(customers() if rows is None else rows, **call)
    assert str(caught.value) == message


def test_nothing_to_add_to_is_refused() -> None:
    refused(
        RoleError,
        "Added value needs something to be added to, but there are no controls and 'nps' is the only metric."
        '\nPass controls=["tenure", ...] or a second metric.',
        metrics={"nps": cx.NPS},
    )


def test_text_controls_enter_by_their_levels() -> None:
    rows = customers()
    levels = pd.get_dummies(rows["region"], drop_first=True).astype(int)
    split = pd.concat([rows, levels], axis=1)
    call: dict[str, Any] = {"outcome": OUTCOMES["binary"], "metrics": METRICS, "repeats": 1, "rng": 1}
    by_text = cx.added_value(rows, controls=["region"], **call)
    by_number = cx.added_value(split, controls=list(levels), **call)
    assert by_text.statistic == pytest.approx(by_number.statistic, rel=1e-7)


def test_controls_that_hold_the_outcome_are_refused() -> None:
    told = "\nLeave it out: check that it was not measured after the outcome, or computed from it."
    rows = customers()
    refused(
        SeparationError,
        "No predictor may tell the outcomes apart perfectly, but 'renewal' does so in 800 of 800 rows, so no finite "
        "estimate exists.\nMerge rare levels or leave the predictor out; a score that separates is suspicious: check "
        "that it was not asked after the outcome, or computed from it.",
        rows.assign(renewal=np.where(rows["stayed"] == 1, 3, rows["csat"] - 5)),
        controls=["tenure", "renewal"],
    )
    refused(
        SeparationError,
        f"No predictor may hold the outcome, but 'orders' follows exactly from 'baskets' in all 800 rows.{told}",
        rows.assign(baskets=3 * rows["orders"]),
        controls=["baskets", "tenure"],
        outcome=OUTCOMES["count"],
    )


def test_counts_that_are_nothing_at_a_level_are_refused() -> None:
    rows = customers()
    idle = rows.assign(region=np.where(rows["orders"] == 0, "north", "south"))
    message = r"^No predictor may tell the outcomes apart perfectly, but 'region' does so in [0-9]+ of 800 rows, "
    with pytest.raises(SeparationError, match=message):
        cx.added_value(idle, outcome=OUTCOMES["count"], metrics=METRICS, controls=["region"], rng=1)


def test_collinear_metrics_and_controls_are_refused() -> None:
    refused(
        ColumnError,
        "The predictors must not repeat each other, but 'score', 'nps' are collinear: each follows exactly from the "
        "others.\nLeave one of them out.",
        customers().assign(score=lambda d: 10 - d["nps"]),
        controls=["tenure", "score"],
    )


def test_too_few_are_refused() -> None:
    rows = customers().head(180)
    good = int(rows["stayed"].sum())
    refused(
        TooFewError,
        "At least 100 good and 100 bad outcomes are needed (100 to compare models on rows held out, 10 per "
        f"coefficient, of which there are up to 4), but of the outcomes 'stayed' {good} are good and {180 - good} bad."
        "\nUse fewer predictors, or wait for more outcomes.",
        rows,
        controls=["tenure"],
    )
    refused(
        TooFewError,
        "At least 20 rows per coefficient are needed, 100 for 4 and an intercept, but there are 99."
        "\nUse fewer predictors, or collect more answers.",
        customers().head(99),
        controls=["tenure"],
        outcome=OUTCOMES["count"],
    )
    refused(
        TooFewError,
        "At least 20 clusters are needed for an interval, but there are 19."
        "\nWith fewer, no interval is trustworthy: report the estimates per cluster instead.",
        customers().assign(store=np.arange(800) % 19),
        cluster="store",
    )


def test_weights_other_outcomes_and_numbers_that_are_none_are_refused() -> None:
    rows = customers().assign(weight=0.5)
    cells = cx.tally(rows, outcome=OUTCOMES["binary"], metrics=METRICS, weight="weight")
    with pytest.raises(RoleError) as caught:
        cx.added_value(cells, rng=1)
    assert str(caught.value) == (
        "Survey weights cannot be used by cross-validation on counted rows (a row of weight 2 is not two rows that may "
        "fall into different folds), but the cells have the weight 'weight'."
        "\nLeave the weight out, or use cx.logistic and cx.delong, which take it."
    )
    refused(
        RoleError,
        'An outcome is needed, but Survival was given.\nPass for example outcome=cx.Binary("column", good=1).',
        outcome=cx.Survival("tenure", "stayed"),
    )
    refused(RoleError, "repeats must be a whole number from 1 up, but 0 was given.", repeats=0)
    most = min(int((customers()["stayed"] == side).sum()) for side in (0, 1))
    side = "good" if customers()["stayed"].sum() <= 400 else "bad"
    refused(
        RoleError,
        f"folds must be a whole number from 2 to the {most} {side} outcomes, but 'ten' was given.",
        folds="ten",
    )
    refused(
        RoleError,
        "controls must be a list of column names, but 'tenure' was given.\nPass controls=['tenure'].",
        controls="tenure",
    )
