"""General dominance against lm and glm in R, all orders in statsmodels, derivatives, the bootstrap, simulation."""

import re
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import norm, t

import cxstats as cx
from cxstats.errors import ColumnError, CxStatsError, RoleError, SeparationError, TooFewError
from cxstats.methods.dominance import dominance
from cxstats.numerics.dominance import DominanceFit, linear_dominance, logistic_dominance

Array = npt.NDArray[Any]
REFERENCES = Path(__file__).parents[1] / "references"
# R prints 15 digits; glm was told to stop where the deviance changes by less than 1e-14 of itself.
AGAINST_R = 1e-11
# Three decimals are published.
PUBLISHED = 5e-4
# statsmodels was told to stop where the deviance changes by less than 1e-14; differences of shares lose some digits.
AGAINST_STATSMODELS = 1e-10
# The same sums in another order.
ROUNDING = 1e-10
# Differences of refitted models over a step of 1e-4: what is left is the third derivative and cancellation.
STEP, DERIVATIVE = 1e-4, 1e-5
# Monte Carlo error of a standard error is 1 / sqrt(2 B), 2.9% with 600 draws: four of them, and 5% because at 300 rows
# the linear term is not the whole.
DRAWS = 600
BOOTSTRAP = 4 / np.sqrt(2 * DRAWS) + 0.05
REPLICATIONS, MC_ERRORS = 400, 4
METRICS = {"nps": cx.NPS, "effort": cx.EFFORT5, "tenure": cx.Scale(0, 100, whole=False)}
STARS, STAYED = cx.Rating("stars", cx.CSAT5), cx.Binary("stayed")
WIDE = cx.Scale(-50, 50, whole=False)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "logistic_rows.csv", comment="#")


def reference(design: str) -> pd.Series:
    table = pd.read_csv(REFERENCES / "dominance.csv", comment="#")
    return table[table.design == design].set_index("term").estimate


def attitude() -> pd.DataFrame:
    """Thirty rows with the correlations of R's attitude: R2 depends on nothing else."""
    names = list(reference("attitude").index[:-1])
    correlations = np.array([reference(f"correlation {name}")[["rating", *names]] for name in ["rating", *names]])
    drawn = np.random.default_rng(3).normal(size=(30, 7))
    drawn -= drawn.mean(axis=0)
    basis = np.linalg.qr(drawn)[0] * np.sqrt(30)
    return pd.DataFrame(basis @ np.linalg.cholesky(correlations).T, columns=["rating", *names])


def in_all_orders(share: Any, p: int) -> Array:
    """Mean increment over the orders in which p predictors can enter: Shapley's own form, not by subsets."""
    gain = np.zeros(p)
    orders = list(permutations(range(p)))
    for order in orders:
        for place, j in enumerate(order):
            gain[j] += share(order[: place + 1]) - share(order[:place])
    return gain / len(orders)


def mcfadden(y: Array, X: Array, weight: Array | None = None) -> Any:
    """1 - LL / LL0 of a subset of columns, by statsmodels on rows."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    known: dict[tuple[int, ...], float] = {}
    w = np.ones(len(y)) if weight is None else weight

    def likelihood(on: tuple[int, ...]) -> float:
        if on not in known:
            design = np.column_stack([np.ones(len(y)), X[:, list(on)]])
            known[on] = GLM(y, design, family=Binomial(), freq_weights=w).fit(tol=1e-14, maxiter=100).llf
        return known[on]

    return lambda on: 1 - likelihood(tuple(sorted(on))) / likelihood(())


def r2(y: Array, X: Array, weight: Array | None = None) -> Any:
    """R2 of a subset of columns, by lstsq on rows."""
    w = np.ones(len(y)) if weight is None else weight

    def share(on: tuple[int, ...]) -> float:
        root = np.sqrt(w)
        design = np.column_stack([np.ones(len(y)), X[:, sorted(on)]])
        left = (y - design @ np.linalg.lstsq(design * root[:, None], y * root, rcond=None)[0]) * root
        return float(1 - left @ left / (w @ (y - w @ y / w.sum()) ** 2))

    return share


@pytest.mark.parametrize("design", ["plain", "weight"])
@pytest.mark.parametrize("outcome", [STARS, STAYED], ids=["linear", "logistic"])
def test_dominance_against_lm_and_glm(rows: pd.DataFrame, outcome: Any, design: str) -> None:
    model = "linear" if outcome == STARS else "logistic"
    expected = reference(f"{model} {design}")
    result = dominance(rows, outcome=outcome, metrics=METRICS, weight="weight" if design == "weight" else None)
    assert result.model == model
    assert result.terms[:3] == tuple(expected.index[:3])
    assert result.estimate[:3] == pytest.approx(expected.to_numpy()[:3], rel=AGAINST_R)
    assert result.r2 == pytest.approx(expected["r2"], rel=AGAINST_R)
    assert result.estimate[:3].sum() == pytest.approx(result.r2, rel=ROUNDING)
    assert result.estimate[3:] == pytest.approx(
        [result.estimate[i] - result.estimate[j] for i, j in ((0, 1), (0, 2), (1, 2))], rel=ROUNDING
    )


def test_attitude_against_lm_and_published() -> None:
    expected = reference("attitude")
    names = list(expected.index[:-1])
    result = dominance(attitude(), outcome=cx.Continuous("rating"), metrics=dict.fromkeys(names, WIDE))
    assert result.estimate[:6] == pytest.approx(expected.to_numpy()[:6], rel=AGAINST_R)
    published = {"complaints": 0.371, "learning": 0.156, "raises": 0.120, "privileges": 0.051, "advance": 0.028}
    published["critical"] = 0.007
    assert dict(zip(names, result.estimate, strict=False)) == pytest.approx(published, abs=PUBLISHED)
    assert result.r2 == pytest.approx(0.733, abs=PUBLISHED)
    # As the authors of dominanceanalysis for R say: complaints completely dominates all others, learning is next.
    assert result.complete[names.index("complaints")].tolist() == [0, 1, 1, 1, 1, 1]
    assert result.complete == pytest.approx(-result.complete.T)


def simulated(seed: int, n: int, p: int) -> pd.DataFrame:
    """Simulated answers with one thing in common, in 60 firms; the first metrics say more than the last."""
    rng = np.random.default_rng(seed)
    firm = np.arange(n) % 60
    latent = 0.5 * rng.normal(size=60)[firm] + rng.normal(size=n)
    columns = {f"m{j}": np.clip(np.round(4 + latent + (0.7 + 0.4 * j) * rng.normal(size=n)), 1, 7) for j in range(p)}
    spend = latent + 0.2 * columns["m0"] + rng.normal(size=n)
    stayed = (latent + 0.5 * rng.normal(size=60)[firm] + rng.logistic(size=n) > 0).astype(int)
    return pd.DataFrame(columns | {"spend": spend, "stayed": stayed, "firm": firm, "w": rng.choice([0.5, 1.0, 3.0], n)})


def scales(p: int) -> dict[str, cx.Scale]:
    return {f"m{j}": cx.EASE7 for j in range(p)}


@pytest.mark.parametrize("p", [2, 3, 4])
def test_logistic_against_all_orders_in_statsmodels(p: int) -> None:
    data = simulated(5, 400, p)
    share = mcfadden(data.stayed.to_numpy(), data[list(scales(p))].to_numpy())
    result = dominance(data, outcome=STAYED, metrics=scales(p))
    assert result.estimate[:p] == pytest.approx(in_all_orders(share, p), rel=AGAINST_STATSMODELS)
    assert result.r2 == pytest.approx(share(range(p)), rel=AGAINST_STATSMODELS)
    check_conditional_and_complete(result, share, p)


@pytest.mark.parametrize("p", [2, 5])
def test_linear_against_all_orders_on_rows(p: int) -> None:
    data = simulated(6, 300, p)
    share = r2(data.spend.to_numpy(), data[list(scales(p))].to_numpy())
    result = dominance(data, outcome=cx.Continuous("spend"), metrics=scales(p))
    assert result.estimate[:p] == pytest.approx(in_all_orders(share, p), rel=ROUNDING)
    check_conditional_and_complete(result, share, p)


def check_conditional_and_complete(result: Any, share: Any, p: int) -> None:
    for j in range(p):
        rest = [k for k in range(p) if k != j]
        means = [np.mean([share((*on, j)) - share(on) for on in combinations(rest, size)]) for size in range(p)]
        assert result.conditional[j] == pytest.approx(means, rel=1e-7, abs=ROUNDING)
    assert result.conditional.mean(axis=1) == pytest.approx(result.estimate[:p], rel=ROUNDING)
    for a, b in permutations(range(p), 2):
        rest = [k for k in range(p) if k not in (a, b)]
        gaps = [share((*on, a)) - share((*on, b)) for size in range(p - 1) for on in combinations(rest, size)]
        assert result.complete[a, b] == (1 if min(gaps) > 0 else -1 if max(gaps) < 0 else 0)


def test_many_levels_and_few_against_all_orders() -> None:
    """Columns whose rows all differ beside columns that repeat: merged or not, the answer is one."""
    data = simulated(8, 500, 2).assign(m2=lambda d: d.m0 + np.random.default_rng(1).normal(size=500))
    metrics = {**scales(2), "m2": WIDE, "firm": cx.Scale(0, 59)}
    share = mcfadden(data.stayed.to_numpy(), data[list(metrics)].to_numpy())
    result = dominance(data, outcome=STAYED, metrics=metrics)
    assert result.estimate[:4] == pytest.approx(in_all_orders(share, 4), rel=AGAINST_STATSMODELS)


def fitted(model: str, data: pd.DataFrame, weight: Array) -> DominanceFit:
    columns = data[list(scales(3))].to_numpy()
    count = np.ones(len(data), dtype=np.int64)
    if model == "linear":
        return linear_dominance(columns, data.spend.to_numpy(), count, weight, list(scales(3)))
    return logistic_dominance(columns, data.stayed.to_numpy() == 1, count, weight, list(scales(3)))


@pytest.mark.parametrize("model", ["linear", "logistic"])
def test_influence_against_derivatives_by_weight(model: str) -> None:
    """The weight of single rows moved up and down a little, all models fitted again by others' code."""
    data = simulated(9, 200, 3)
    weight = data.w.to_numpy()
    columns = data[list(scales(3))].to_numpy()
    found = fitted(model, data, weight)
    for i in (0, 17, 101, 199):
        shares = []
        for step in (STEP, -STEP):
            moved = weight + step * (np.arange(200) == i)
            y = (data.spend if model == "linear" else data.stayed).to_numpy()
            shares.append(in_all_orders((r2 if model == "linear" else mcfadden)(y, columns, moved), 3))
        derivative = (shares[0] - shares[1]) / (2 * STEP)
        assert found.influence[i] == pytest.approx(weight[i] * derivative, rel=DERIVATIVE, abs=1e-9)
    # Twice the weight of every row changes nothing: the influences of all rows add up to 0.
    assert found.influence.sum(axis=0) == pytest.approx(np.zeros(3), abs=ROUNDING)


@pytest.mark.parametrize("model", ["linear", "logistic"])
def test_standard_errors_against_the_bootstrap(model: str) -> None:
    data = simulated(10, 300, 3)
    outcome: Any = cx.Continuous("spend") if model == "linear" else STAYED
    result = dominance(data, outcome=outcome, metrics=scales(3))
    rng = np.random.default_rng(11)
    drawn = [fitted(model, data.iloc[rng.integers(0, 300, 300)], np.ones(300)).general for _ in range(DRAWS)]
    covariance = np.cov(np.array(drawn).T)
    assert result.std_error[:3] == pytest.approx(np.sqrt(np.diag(covariance)), rel=BOOTSTRAP)
    contrast = np.array([[1, -1, 0], [1, 0, -1], [0, 1, -1]])
    expected = np.sqrt(np.diag(contrast @ covariance @ contrast.T))
    assert result.std_error[3:] == pytest.approx(expected, rel=BOOTSTRAP)


@pytest.mark.parametrize("outcome", [STAYED, cx.Continuous("spend")], ids=["logistic", "linear"])
def test_clusters_against_leaving_one_out(outcome: Any) -> None:
    data = simulated(12, 1200, 3)
    result = dominance(data, outcome=outcome, metrics=scales(3), cluster="firm")
    without = [dominance(data[data.firm != firm], outcome=outcome, metrics=scales(3)).estimate for firm in range(60)]
    jackknife = np.sqrt(59 / 60 * ((np.array(without) - np.mean(without, axis=0)) ** 2).sum(axis=0))
    # Both are estimates of order 1/G alike; they differ by terms of 1 / G.
    assert result.std_error == pytest.approx(jackknife, rel=0.05)
    assert result.df == 59


@pytest.mark.parametrize("cluster", [None, "firm"])
def test_interval_and_p_value_against_tails(cluster: str | None) -> None:
    result = dominance(simulated(13, 600, 3), outcome=STAYED, metrics=scales(3), cluster=cluster)
    law = norm() if cluster is None else t(59)
    frame = result.to_frame(level=0.9)
    assert list(frame.term) == ["m0", "m1", "m2", "m0 - m1", "m0 - m2", "m1 - m2"]
    assert frame.ci_low.to_numpy() == pytest.approx(
        np.clip(frame.estimate - law.isf(0.05) * frame.std_error, [0, 0, 0, -1, -1, -1], 1), rel=ROUNDING
    )
    assert frame.statistic[:3].isna().all()
    assert frame.p_value[:3].isna().all()
    ratio = frame.estimate[3:] / frame.std_error[3:]
    assert frame.p_value[3:].to_numpy() == pytest.approx(2 * law.sf(np.abs(ratio)), rel=1e-8)


def test_directions_and_units_do_not_matter(rows: pd.DataFrame) -> None:
    """What is explained does not depend on which end is good, nor on the unit; a single metric has a closed form."""
    result = dominance(rows, outcome=STAYED, metrics=METRICS)
    turned = rows.assign(effort=6 - rows.effort, stayed=1 - rows.stayed, tenure=1e6 + 1000 * rows.tenure)
    metrics = {"nps": cx.NPS, "effort": cx.EASE5, "tenure": cx.Scale(0, 1e9, whole=False)}
    other = dominance(turned, outcome=cx.Binary("stayed", good=0), metrics=metrics)
    assert other.estimate == pytest.approx(result.estimate, rel=1e-8)
    assert other.std_error == pytest.approx(result.std_error, rel=1e-8)
    low, high = (dominance(rows, outcome=cx.Continuous("stars", good), metrics=METRICS) for good in ("low", "high"))
    assert low.estimate == pytest.approx(high.estimate, rel=ROUNDING)
    squared = np.corrcoef(rows.nps, rows.stars)[0, 1] ** 2
    assert high.conditional[0, 0] == pytest.approx(squared, rel=ROUNDING)


def exchangeable(rng: np.random.Generator, n: int, binary: bool) -> tuple[Array, Array]:
    """Three metrics and an outcome that all are one thing plus noise of their own."""
    latent = rng.normal(size=n)
    X = latent[:, None] + rng.normal(size=(n, 3))
    return X, (latent + rng.logistic(size=n) > 0 if binary else latent + rng.normal(size=n))


@pytest.mark.parametrize("binary", [False, True], ids=["linear", "logistic"])
def test_coverage_in_simulation(binary: bool) -> None:
    """Three exchangeable metrics: the truth of every difference is 0, that of every share a third of R2.

    Among them correlations of 1/2; with the response, what they have in common plus noise of variance 1, as much:
    R2 is 3/8. McFadden's R2 has no closed form: statsmodels' of 400,000 rows stands for it.
    """
    rng = np.random.default_rng(15)
    truth = 1 / 8
    if binary:
        X, y = exchangeable(rng, 400_000, binary)
        truth = mcfadden(y, X)((0, 1, 2)) / 3
    n, hits = 2000, np.zeros(2)
    for _ in range(REPLICATIONS):
        X, y = exchangeable(rng, n, binary)
        ones = np.ones(n, dtype=np.int64)
        fit = (logistic_dominance if binary else linear_dominance)(X, y, ones, np.ones(n), ["a", "b", "c"])
        spread = n / (n - 1) * fit.influence.T @ fit.influence
        gap, error = fit.general[0] - fit.general[1], np.sqrt(spread[0, 0] + spread[1, 1] - 2 * spread[0, 1])
        hits[0] += abs(gap) <= 1.959964 * error
        hits[1] += abs(fit.general[0] - truth) <= 1.959964 * np.sqrt(spread[0, 0])
    margin = MC_ERRORS * np.sqrt(0.95 * 0.05 / REPLICATIONS)
    assert hits / REPLICATIONS == pytest.approx(np.array([0.95, 0.95]), abs=margin)


def test_cells_counts_and_missing_rows(rows: pd.DataFrame) -> None:
    few = rows.assign(tenure=rows.tenure.round(-1)).astype({"nps": float, "stars": float})
    holed = few.copy()
    holed.loc[:4, "nps"] = np.nan
    holed.loc[9, "stars"] = np.nan
    expected = dominance(few.drop(index=[0, 1, 2, 3, 4, 9]), outcome=STARS, metrics=METRICS)
    cells = cx.tally(holed, outcome=STARS, metrics=METRICS)
    for result in (dominance(holed, outcome=STARS, metrics=METRICS), dominance(cells)):
        assert np.array_equal(result.estimate, expected.estimate)
        assert (result.n, result.n_missing) == (len(rows) - 6, 6)
    pair = dominance(cells, metrics=["tenure", "nps"])
    assert pair.terms == ("tenure", "nps", "tenure - nps")
    assert "Together the metrics explain 0." in str(expected)
    assert "(R2, linear).\n594 rows used; " in str(expected)


def refused(data: pd.DataFrame, kind: type[CxStatsError], message: str, outcome: Any = STAYED, **metrics: Any) -> None:
    with pytest.raises(kind, match="^" + re.escape(message)):
        dominance(data, outcome=outcome, metrics=metrics or scales(3))


def test_bad_input_is_refused_in_full() -> None:
    data = simulated(16, 300, 3)
    refused(data, TooFewError, "A division among metrics needs at least two, but 1 was given.\nUse", m0=cx.EASE7)
    many = {f"m{j}": cx.EASE7 for j in range(13)}
    refused(
        data,
        RoleError,
        "At most 12 metrics can be divided exactly, since every subset of them is a model of its own, but 13 were "
        "given: 8,192 models.\nChoose among them, or average those that ask for the same thing.",
        **many,
    )
    rare = data.assign(stayed=(np.arange(300) < 29).astype(int))
    refused(
        rare,
        TooFewError,
        "At least 10 events per metric are needed, 30 for 3 metrics, but of the outcomes 'stayed' 29 are good and 271 "
        "bad: 29 events.\nUse fewer metrics, or wait for more outcomes.",
    )
    for outcome in (STAYED, cx.Continuous("spend")):
        message = "The predictors must not repeat each other, but 'm0', 'm2' are collinear"
        refused(data.assign(m2=8 - data.m0), ColumnError, message, outcome)
        message = "The predictor 'm1' must take at least two values, but all 300 rows hold 4."
        refused(data.assign(m1=4), TooFewError, message, outcome)
        refused(
            data.assign(m1=np.nan),
            TooFewError,
            f"At least one row must have all of '{outcome.column}', 'm0', 'm1', 'm2', but none of 300 rows has.",
            outcome,
        )
    refused(
        data.assign(spend=2.5),
        TooFewError,
        "The outcome 'spend' must take at least two values, but all 300 rows hold 2.5.\nThere is nothing to explain.",
        cx.Continuous("spend"),
    )
    refused(
        data.head(13),
        TooFewError,
        "At least 14 rows are needed for 3 metrics, 10 beyond the coefficients, but there are 13.",
        cx.Continuous("spend"),
    )
    refused(
        data.assign(spend=1),
        RoleError,
        "A binary outcome, a rating or a measured outcome is needed, but Count was given.",
        cx.Count("spend"),
    )
    refused(data, RoleError, "A binary outcome, a rating or a measured outcome is needed, but none was declared.", None)
    separated = data.assign(stayed=(data.m0 + data.m1 > 8).astype(int))
    refused(separated, SeparationError, "No predictor may tell the outcomes apart perfectly, but 'm0', 'm1' do so")


def test_twelve_metrics_against_their_sum() -> None:
    data = simulated(17, 400, 12)
    result = dominance(data, outcome=cx.Continuous("spend"), metrics=scales(12))
    share = r2(data.spend.to_numpy(), data[list(scales(12))].to_numpy())
    assert result.estimate[:12].sum() == pytest.approx(share(range(12)), rel=ROUNDING)
