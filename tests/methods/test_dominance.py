"""General dominance against lm and glm in R, all orders in statsmodels, derivatives, the bootstrap, simulation."""

import re
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, multivariate_t, norm, t

import cxstats as cx
from cxstats.errors import ColumnError, CxStatsError, RoleError, SeparationError, TooFewError
from cxstats.methods.dominance import dominance
from cxstats.numerics.dominance import DominanceFit, linear_dominance, logistic_dominance
from cxstats.numerics.dominance_sampling import Circles, SampledFit, draw_circles, sampled_linear, sampled_logistic
from cxstats.numerics.rank_probabilities import DRAWS as RANK_DRAWS
from cxstats.numerics.rank_probabilities import rank_probabilities

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
# glm stops when the deviance changes by less than 1e-8 of itself.
CONVERGED = 1e-6
# Differences of refitted models over a step of 1e-4: what is left is the third derivative and cancellation.
STEP, DERIVATIVE = 1e-4, 1e-5
# Monte Carlo error of a standard error is 1 / sqrt(2 B), 2.9% with 600 draws: four of them, and 5% because at 300 rows
# the linear term is not the whole.
DRAWS = 600
BOOTSTRAP = 4 / np.sqrt(2 * DRAWS) + 0.05
REPLICATIONS, MC_ERRORS = 400, 4
# Chances from 50,000 draws: four Monte Carlo errors of at most .0022, and as much again for the oracle's integral.
CHANCE = 5 / np.sqrt(RANK_DRAWS)
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


def in_all_orders(share: Any, p: int, draws: int | None = None) -> Array:
    """Mean increment over the orders in which p predictors can enter: Shapley's own form, not by subsets.

    Where shares are arrays, one entry per draw, the rows of the result are the draws.
    """
    gain = np.zeros(p if draws is None else (draws, p))
    orders = list(permutations(range(p)))
    for order in orders:
        for place, j in enumerate(order):
            gain[..., j] += share(order[: place + 1]) - share(order[:place])
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
    assert result.complete is not None
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


def refused(
    data: pd.DataFrame, kind: type[CxStatsError], message: str, outcome: Any = STAYED, metrics: Any = None, **keys: Any
) -> None:
    with pytest.raises(kind, match="^" + re.escape(message)):
        dominance(data, outcome=outcome, metrics=metrics or scales(3), **keys)


def test_bad_input_is_refused_in_full() -> None:
    data = simulated(16, 300, 3)
    refused(data, TooFewError, "A division among metrics needs at least two, but 1 was given.\nUse", metrics=scales(1))
    for outcome, usual in ((STAYED, 120), (cx.Continuous("spend"), 1200)):
        for few in (59, 100.5, True, "many"):
            refused(
                data,
                RoleError,
                f"permutations must be a whole number from 60 up for 3 metrics, 20 for each, but {few!r} was given."
                f"\nPass permutations={usual}, or leave it out to fit all 8 subsets.",
                outcome,
                permutations=few,
            )
    refused(
        simulated(16, 300, 13),
        RoleError,
        "permutations must be a whole number from 260 up for 13 metrics, 20 for each, but 0 was given."
        "\nPass permutations=5200.",
        cx.Continuous("spend"),
        metrics=scales(13),
        permutations=0,
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
        data.assign(stays=1, months=3.0),
        RoleError,
        "An outcome that is binary, a rating, measured or counted is needed, but Survival was given.",
        cx.Survival("months", "stays"),
    )
    none = "An outcome that is binary, a rating, measured or counted is needed, but none was declared."
    refused(data, RoleError, none, None)
    separated = data.assign(stayed=(data.m0 + data.m1 > 8).astype(int))
    refused(separated, SeparationError, "No predictor may tell the outcomes apart perfectly, but 'm0', 'm1' do so")


def test_twelve_metrics_against_their_sum() -> None:
    data = simulated(17, 400, 12)
    result = dominance(data, outcome=cx.Continuous("spend"), metrics=scales(12))
    share = r2(data.spend.to_numpy(), data[list(scales(12))].to_numpy())
    assert result.estimate[:12].sum() == pytest.approx(share(range(12)), rel=ROUNDING)
    assert (result.seed, result.permutations) == (None, None)
    assert result.mc_error.tolist() == [0] * 12


ESTIMATE = np.array([0.05, 0.04, 0.02, 0.045])
SPREAD = np.array([[4, 1, 0, -1], [1, 3, 1, 0], [0, 1, 9, 0.5], [-1, 0, 0.5, 2]]) * 1e-4


@pytest.mark.parametrize("df", [np.inf, 8.0])
def test_rank_probabilities_against_integrals(df: float) -> None:
    """First is who lies above all others: an orthant of the differences. Last likewise."""
    found = rank_probabilities(ESTIMATE, SPREAD, df)
    for a in range(4):
        others = np.delete(np.eye(4), a, axis=0) - np.eye(4)[a]  # the others less a
        for sign, column in ((1, 0), (-1, 3)):
            mean, shape = sign * others @ ESTIMATE, others @ SPREAD @ others.T
            law = multivariate_normal(mean, shape) if df == np.inf else multivariate_t(mean, shape, df=int(df), seed=1)
            assert found[a, column] == pytest.approx(law.cdf(np.zeros(3)), abs=CHANCE)
    assert found.sum(axis=0) == pytest.approx(np.ones(4), rel=ROUNDING)
    assert found.sum(axis=1) == pytest.approx(np.ones(4), rel=ROUNDING)


@pytest.mark.parametrize("cluster", [None, "firm"])
def test_ranks_of_two_against_tails(cluster: str | None) -> None:
    """Of two metrics the first ranks first with the chance that their difference lies above 0."""
    data = simulated(19, 240, 2).assign(spend=lambda d: d.m0 + d.m1 + 2 * np.random.default_rng(1).normal(size=240))
    result = dominance(data, outcome=cx.Continuous("spend"), metrics=scales(2), cluster=cluster)
    law = norm() if cluster is None else t(59)
    first = law.cdf(result.estimate[2] / result.std_error[2])
    assert result.rank_probability == pytest.approx(np.array([[first, 1 - first], [1 - first, first]]), abs=CHANCE)
    best, chance = ("m0", first) if first > 0.5 else ("m1", 1 - first)
    line = str(result).splitlines()[-4]
    found = re.fullmatch(rf"{best} ranks first in (.*)% of draws from the joint sampling distribution\.", line)
    assert found is not None
    assert float(found[1]) == pytest.approx(100 * chance, abs=100 * CHANCE)
    assert np.array_equal(result.rank_probability, result.rank_probability)


def test_a_metric_that_is_always_first_is_said_to_be_so() -> None:
    data = simulated(20, 400, 2).assign(m1=lambda d: np.random.default_rng(3).integers(1, 8, 400))
    text = str(dominance(data, outcome=cx.Continuous("spend"), metrics=scales(2)))
    assert "m0 ranks first in more than 99.9% of draws from the joint sampling distribution.\n" in text


def refitted(model: str, data: pd.DataFrame, draws: int) -> Array:
    """Contributions in bootstrap samples of the rows: all subsets fitted again in every one, by multiplicities.

    All samples go through Newton's steps side by side; of least squares one step is enough.
    """
    n, p = len(data), 3
    times = np.random.default_rng(21).multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
    y = (data.spend if model == "linear" else data.stayed).to_numpy(dtype=float)
    known: dict[tuple[int, ...], Array] = {}
    for size in range(p + 1):
        for on in combinations(range(p), size):
            X = np.column_stack([np.ones(n), data[[f"m{j}" for j in on]].to_numpy()])
            b = np.zeros((draws, size + 1))
            for _ in range(1 if model == "linear" else 9):
                mean = b @ X.T if model == "linear" else 1 / (1 + np.exp(-b @ X.T))
                slope = times if model == "linear" else times * mean * (1 - mean)
                left = (times * (y - mean)) @ X
                b = b + np.linalg.solve(np.einsum("dn,nj,nk->djk", slope, X, X, optimize=True), left[..., None])[..., 0]
            if model == "linear":
                known[on] = -(times * (y - b @ X.T) ** 2).sum(axis=1)
            else:
                known[on] = (times * (y * (b @ X.T) - np.logaddexp(0, b @ X.T))).sum(axis=1)
    return in_all_orders(lambda on: 1 - known[tuple(sorted(on))] / known[()], p, draws)


@pytest.mark.parametrize("model", ["linear", "logistic"])
def test_ranks_and_standard_errors_against_refitting(model: str) -> None:
    """Three metrics that contribute much alike, so that ranks are open.

    Where a rank is open a chance moves by up to 0.4 for one standard error; the bootstrap's R2 is too high by about
    p / n, most for those that contribute least, and its shares are skewed: .05 is left for that.
    """
    data = simulated(22, 300, 3)
    rng = np.random.default_rng(23)
    latent = data.m0 - 4
    data["m1"] = np.clip(np.round(4 + 0.8 * latent + 0.8 * rng.normal(size=300)), 1, 7)
    data["m2"] = np.clip(np.round(4 + 0.8 * latent + 1.0 * rng.normal(size=300)), 1, 7)
    data["spend"] = 0.5 * (data.m0 + data.m1 + data.m2) + 2 * rng.normal(size=300)
    data["stayed"] = (data.spend - 6 + rng.logistic(size=300) > 0).astype(int)
    outcome: Any = cx.Continuous("spend") if model == "linear" else STAYED
    result = dominance(data, outcome=outcome, metrics=scales(3))
    drawn = refitted(model, data, 1000)
    assert result.std_error[:3] == pytest.approx(drawn.std(axis=0, ddof=1), rel=4 / np.sqrt(2 * 1000) + 0.05)
    order = np.argsort(-drawn, axis=1)
    ranks = np.array([[(order[:, rank] == j).mean() for rank in range(3)] for j in range(3)])
    assert ranks.max() < 0.97
    margin = MC_ERRORS * np.sqrt(ranks * (1 - ranks) / 1000) + 0.05
    assert (np.abs(result.rank_probability - ranks) < margin).all()


def orderings_of(circles: Circles) -> list[tuple[int, ...]]:
    """The orderings, written out: every circle from every place, onwards and backwards."""
    read = []
    for order in circles.order.tolist():
        for place in range(len(order)):
            onwards = order[place:] + order[:place]
            read += [tuple(onwards), tuple(reversed(onwards))]
    return read


def sampled(model: str, data: pd.DataFrame, weight: Array, circles: Circles) -> SampledFit:
    names = list(scales(circles.order.shape[1]))
    columns, count = data[names].to_numpy(), np.ones(len(data), dtype=np.int64)
    if model == "linear":
        return sampled_linear(columns, data.spend.to_numpy(), count, weight, names, circles)
    return sampled_logistic(columns, data.stayed.to_numpy() == 1, count, weight, names, circles)


@pytest.mark.parametrize("model", ["linear", "logistic"])
def test_sampled_against_its_orderings_on_rows(model: str) -> None:
    """The orderings that were drawn, entered one metric at a time; influence by moving the weight of single rows."""
    p, data = 5, simulated(24, 200, 5)
    circles = draw_circles(p, 3, np.random.default_rng(25))
    weight, columns = data.w.to_numpy(), data[list(scales(p))].to_numpy()
    found = sampled(model, data, weight, circles)
    orders = orderings_of(circles)
    assert found.orderings == len(orders) == 2 * p * 3
    y = (data.spend if model == "linear" else data.stayed).to_numpy()

    def walked(w: Array) -> Array:
        share, gain = (r2 if model == "linear" else mcfadden)(y, columns, w), np.zeros((p, p))
        for order in orders:
            for place, j in enumerate(order):
                gain[j, place] += share(order[: place + 1]) - share(order[:place])
        return gain / (len(orders) / p)

    # Every metric stands at every position equally often: the mean over positions is the mean over orderings.
    assert found.conditional == pytest.approx(walked(weight), rel=1e-7, abs=ROUNDING)
    assert found.general == pytest.approx(walked(weight).mean(axis=1), rel=1e-8)
    assert found.general.sum() == pytest.approx(found.r2, rel=ROUNDING)
    for i in (0, 101):
        up, down = (walked(weight + step * (np.arange(200) == i)).mean(axis=1) for step in (STEP, -STEP))
        assert found.influence[i] == pytest.approx(weight[i] * (up - down) / (2 * STEP), rel=DERIVATIVE, abs=1e-9)


@pytest.mark.parametrize("p", [6, 7, 8])
@pytest.mark.parametrize("model", ["linear", "logistic"])
def test_sampled_against_every_subset(model: str, p: int) -> None:
    data = simulated(26, 400, p)
    names, count, ones = list(scales(p)), np.ones(400, dtype=np.int64), np.ones(400)
    columns = data[names].to_numpy()
    if model == "linear":
        exact = linear_dominance(columns, data.spend.to_numpy(), count, ones, names)
    else:
        exact = logistic_dominance(columns, data.stayed.to_numpy() == 1, count, ones, names)
    found = sampled(model, data, ones, draw_circles(p, 80, np.random.default_rng(27)))
    assert (np.abs(found.general - exact.general) <= MC_ERRORS * np.sqrt(np.diag(found.drawn))).all()
    assert (found.drawn.diagonal() > 0).all()
    assert found.general.sum() == pytest.approx(exact.index[-1], rel=ROUNDING)
    # The errors of shares that add up to the same in every draw add up to 0.
    assert found.drawn.sum(axis=0) == pytest.approx(np.zeros(p), abs=1e-12)
    # A share is a mean of many increments either way: its standard error hardly depends on which.
    assert (found.influence**2).sum(axis=0) == pytest.approx((exact.influence**2).sum(axis=0), rel=0.1)


def test_monte_carlo_error_in_simulation() -> None:
    """Three hundred draws of the orderings of the same data: their spread about the exact shares, as reported."""
    p, data, ones = 6, simulated(28, 300, 6), np.ones(300)
    columns, count = data[list(scales(p))].to_numpy(), np.ones(300, dtype=np.int64)
    exact = linear_dominance(columns, data.spend.to_numpy(), count, ones, list(scales(p))).general
    fits = [sampled("linear", data, ones, draw_circles(p, 10, np.random.default_rng(seed))) for seed in range(300)]
    squares = np.mean([(fit.general - exact) ** 2 for fit in fits], axis=0)
    reported = np.mean([np.diag(fit.drawn) for fit in fits], axis=0)
    # A variance from 300 draws has an error of sqrt(2 / 300).
    assert squares == pytest.approx(reported, rel=MC_ERRORS * np.sqrt(2 / 300))


def test_thirteen_metrics_against_r2_on_rows() -> None:
    data = simulated(29, 600, 13)
    for outcome, share, orderings in (
        (cx.Continuous("spend"), r2(data.spend.to_numpy(), data[list(scales(13))].to_numpy()), 5200),
        (STAYED, mcfadden(data.stayed.to_numpy(), data[list(scales(13))].to_numpy()), 520),
    ):
        result = dominance(data, outcome=outcome, metrics=scales(13), rng=7)
        assert result.r2 == pytest.approx(share(range(13)), rel=AGAINST_STATSMODELS)
        assert result.estimate[:13].sum() == pytest.approx(result.r2, rel=ROUNDING)
        # Alone, a metric explains what it explains.
        assert result.conditional[:, 0] == pytest.approx([share((j,)) for j in range(13)], rel=AGAINST_STATSMODELS)
        assert result.complete is None
        assert (result.seed, result.permutations) == (7, orderings)
        assert f"Means over {orderings:,} random orderings of 13 metrics (seed 7), not over all" in result.notes[-1]
        assert 0 < (result.mc_error / result.std_error[:13]).max() < 0.2
    again = dominance(data, outcome=STAYED, metrics=scales(13), rng=np.random.default_rng(7))
    assert np.array_equal(again.estimate, result.estimate)
    assert again.seed is None
    assert "(the caller's generator)" in again.notes[-1]


def test_sampling_twelve_or_fewer_against_every_subset() -> None:
    """Asked for orderings, it draws them, rounded up to whole circles, and its error is part of the interval."""
    data = simulated(30, 400, 6)
    exact = dominance(data, outcome=STAYED, metrics=scales(6), cluster="firm")
    # A hundred circles: the error is an estimate too, and from ten of them it would have heavy tails.
    drawn = dominance(data, outcome=STAYED, metrics=scales(6), cluster="firm", permutations=1189)
    assert drawn.permutations == 1200
    assert (np.abs(drawn.estimate - exact.estimate)[:6] <= MC_ERRORS * drawn.mc_error).all()
    assert drawn.std_error == pytest.approx(exact.std_error, rel=0.1)
    assert drawn.df == exact.df
    again = dominance(data, outcome=STAYED, metrics=scales(6), cluster="firm", permutations=1200, rng=drawn.seed)
    assert np.array_equal(again.estimate, drawn.estimate)
    assert np.array_equal(again.std_error, drawn.std_error)


def test_standard_errors_against_boot() -> None:
    """R's package boot refits all 8 models 2,000 times on 600 rows; here nothing is fitted again."""
    stored = pd.read_csv(REFERENCES / "boot.csv", comment="#", index_col="term")
    rows = pd.read_csv(REFERENCES / "logistic_rows.csv", comment="#")
    metrics = {"nps": cx.NPS, "effort": cx.EFFORT5, "tenure": cx.Scale(0, 100, whole=False)}
    result = dominance(rows, outcome=cx.Binary("stayed"), metrics=metrics)
    expected = stored.loc[list(metrics)]
    assert result.estimate[:3] == pytest.approx(expected.estimate.to_numpy(), rel=CONVERGED)
    # Monte Carlo error of 2,000 draws, and the terms beyond the linear one: shares near 0 are the most curved.
    assert result.std_error[:2] == pytest.approx(expected.std_error[:2].to_numpy(), rel=4 / np.sqrt(4000) + 0.05)
    assert result.std_error[2] == pytest.approx(expected.std_error.iloc[2], rel=0.25)
