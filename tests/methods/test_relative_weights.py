"""Relative weights against the authors' steps in R, published numbers, derivatives, the bootstrap and simulation.

What the package rwa prints for logistic regression is no oracle: its documented examples are separated perfectly, so
that its "pseudo R-squared" comes to 32.8 and 4.3.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import cxstats as cx
from cxstats.errors import ColumnError, CxStatsError, RoleError, SeparationError, TooFewError
from cxstats.methods.dominance import dominance
from cxstats.methods.relative_weights import relative_weights
from cxstats.numerics.relative_weights import (
    RelativeWeightsFit,
    fit_logistic_relative_weights,
    fit_relative_weights,
)

Array = npt.NDArray[Any]
REFERENCES = Path(__file__).parents[1] / "references"
# R prints 15 digits; both work in double precision.
AGAINST_R = 1e-11
# Three decimals are published.
PUBLISHED = 5e-4
ROUNDING = 1e-10
# Differences over a step of 1e-4: what is left is the third derivative and cancellation.
STEP, DERIVATIVE = 1e-4, 1e-5
# Monte Carlo error of a standard error is 1 / sqrt(2 B), 2.2% with 1,000 draws: four of them, and 5% because at 300
# rows the linear term is not the whole.
DRAWS = 1000
BOOTSTRAP = 4 / np.sqrt(2 * DRAWS) + 0.05
REPLICATIONS, MC_ERRORS = 400, 4
METRICS = {"nps": cx.NPS, "effort": cx.EFFORT5, "tenure": cx.Scale(0, 100, whole=False)}
STARS, STAYED = cx.Rating("stars", cx.CSAT5), cx.Binary("stayed")
# A jackknife of n rows or G clusters differs from the linear term by terms of 1 / n, here 300, or 1 / G, here 60.
JACKKNIFE = 0.05
WIDE = cx.Scale(-50, 50, whole=False)


def reference(name: str, design: str) -> pd.Series:
    table = pd.read_csv(REFERENCES / f"{name}.csv", comment="#")
    return table[table.design == design].set_index("term").estimate


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "logistic_rows.csv", comment="#")


def test_weights_against_johnsons_steps(rows: pd.DataFrame) -> None:
    expected = reference("relative_weights", "rows")
    result = relative_weights(rows, outcome=STARS, metrics=METRICS)
    assert result.terms[:3] == tuple(expected.index)
    assert result.estimate[:3] == pytest.approx(expected.to_numpy(), rel=AGAINST_R)
    explained = dominance(rows, outcome=STARS, metrics=METRICS).r2
    assert result.r2 == pytest.approx(explained, rel=ROUNDING)
    assert str(result).splitlines()[-3] == "Together the metrics explain 0.3492 (R2, linear)."


def test_attitude_against_johnsons_steps_and_published() -> None:
    """Thirty rows with the correlations of R's attitude: the weights depend on nothing else."""
    expected = reference("relative_weights", "attitude")
    names = ["rating", *expected.index]
    correlations = np.array([reference("dominance", f"correlation {name}")[names] for name in names])
    drawn = np.random.default_rng(3).normal(size=(30, 7))
    basis = np.linalg.qr(drawn - drawn.mean(axis=0))[0] * np.sqrt(30)
    data = pd.DataFrame(basis @ np.linalg.cholesky(correlations).T, columns=names)
    result = relative_weights(data, outcome=cx.Continuous("rating"), metrics=dict.fromkeys(names[1:], WIDE))
    assert result.estimate[:6] == pytest.approx(expected.to_numpy(), rel=AGAINST_R)
    published = {"complaints": 0.363, "learning": 0.164, "raises": 0.122, "privileges": 0.056, "advance": 0.020}
    published["critical"] = 0.008
    assert dict(zip(names[1:], result.estimate, strict=False)) == pytest.approx(published, abs=PUBLISHED)


def simulated(seed: int, n: int) -> pd.DataFrame:
    """Simulated answers with one thing in common, in 60 firms."""
    rng = np.random.default_rng(seed)
    firm = np.arange(n) % 60
    latent = 0.5 * rng.normal(size=60)[firm] + rng.normal(size=n)
    columns = {name: latent + noise * rng.normal(size=n) for name, noise in (("a", 0.7), ("b", 1.1), ("c", 1.6))}
    spend = latent + 0.2 * columns["a"] + rng.normal(size=n)
    return pd.DataFrame(columns | {"spend": spend, "firm": firm, "w": rng.choice([0.5, 1.0, 3.0], n)})


ABC = dict.fromkeys("abc", WIDE)


def fitted(data: pd.DataFrame, weight: Array) -> RelativeWeightsFit:
    columns = data[["a", "b", "c"]].to_numpy()
    return fit_relative_weights(columns, data.spend.to_numpy(), np.ones(len(data), dtype=np.int64), weight, "abc")


def by_svd(data: pd.DataFrame, weight: Array) -> Array:
    """Johnson's weights of weighted rows, by singular values of the rows instead of roots of correlations."""
    root = np.sqrt(weight)[:, None]
    values = data[["a", "b", "c", "spend"]].to_numpy()
    values = (values - weight @ values / weight.sum()) * root
    values = values / np.sqrt((values**2).sum(axis=0))
    left, _, right = np.linalg.svd(values[:, :3], full_matrices=False)
    nearest = left @ right
    return ((nearest.T @ values[:, :3]) ** 2).T @ (nearest.T @ values[:, 3]) ** 2


def test_influence_against_derivatives_by_weight() -> None:
    data = simulated(9, 200)
    weight = data.w.to_numpy()
    found = fitted(data, weight)
    assert found.weights == pytest.approx(by_svd(data, weight), rel=ROUNDING)
    for i in range(200):
        up, down = (by_svd(data, weight + step * (np.arange(200) == i)) for step in (STEP, -STEP))
        derivative = (up - down) / (2 * STEP)
        assert found.influence[i] == pytest.approx(weight[i] * derivative, rel=DERIVATIVE, abs=1e-9)
    assert found.influence.sum(axis=0) == pytest.approx(np.zeros(3), abs=ROUNDING)


def test_standard_errors_against_the_bootstrap() -> None:
    data = simulated(10, 300)
    result = relative_weights(data, outcome=cx.Continuous("spend"), metrics=ABC)
    rng = np.random.default_rng(11)
    drawn = [by_svd(data.iloc[rng.integers(0, 300, 300)], np.ones(300)) for _ in range(DRAWS)]
    every = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, -1, 0], [1, 0, -1], [0, 1, -1]])
    expected = np.sqrt(np.diag(every @ np.cov(np.array(drawn).T) @ every.T))
    assert result.std_error == pytest.approx(expected, rel=BOOTSTRAP)


def test_clusters_against_leaving_one_out() -> None:
    data = simulated(12, 1200)
    result = relative_weights(data, outcome=cx.Continuous("spend"), metrics=ABC, cluster="firm")
    without = np.array([by_svd(data[data.firm != firm], np.ones(1180)) for firm in range(60)])
    jackknife = np.sqrt(59 / 60 * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    # They differ by terms of 1 / G.
    assert result.std_error[:3] == pytest.approx(jackknife, rel=0.05)


def test_coverage_in_simulation() -> None:
    """Three exchangeable metrics with R2 = 3/8 (correlations of 1/2 throughout): a weight of 1/8 each."""
    rng = np.random.default_rng(15)
    n, hits = 500, np.zeros(2)
    for _ in range(REPLICATIONS):
        latent = rng.normal(size=n)
        columns = dict(zip("abc", latent + rng.normal(size=(3, n)), strict=True))
        fit = fitted(pd.DataFrame({**columns, "spend": latent + rng.normal(size=n)}), np.ones(n))
        spread = n / (n - 1) * fit.influence.T @ fit.influence
        error = np.sqrt([spread[0, 0] + spread[1, 1] - 2 * spread[0, 1], spread[0, 0]])
        hits += np.abs([fit.weights[0] - fit.weights[1], fit.weights[0] - 1 / 8]) <= 1.959964 * error
    margin = MC_ERRORS * np.sqrt(0.95 * 0.05 / REPLICATIONS)
    assert hits / REPLICATIONS == pytest.approx(np.array([0.95, 0.95]), abs=margin)


def test_more_metrics_than_dominance_takes_against_their_sum() -> None:
    rng = np.random.default_rng(18)
    latent = rng.normal(size=300)
    columns = {f"m{j:02}": latent + rng.normal(size=300) for j in range(13)}
    data = pd.DataFrame({**columns, "spend": latent + rng.normal(size=300)})
    result = relative_weights(data, outcome=cx.Continuous("spend"), metrics=dict.fromkeys(columns, WIDE))
    design = np.column_stack([np.ones(300), *columns.values()])
    left = data.spend - design @ np.linalg.lstsq(design, data.spend, rcond=None)[0]
    assert result.estimate[:13].sum() == pytest.approx(1 - left.var() / data.spend.var(), rel=1e-8)


@pytest.mark.parametrize("design", ["plain", "weight"])
def test_logistic_against_the_authors_steps(rows: pd.DataFrame, design: str) -> None:
    expected = reference("relative_weights", f"logistic {design}")
    result = relative_weights(rows, outcome=STAYED, metrics=METRICS, weight="weight" if design == "weight" else None)
    assert result.model == "logistic"
    assert result.estimate[:3] == pytest.approx(expected.to_numpy()[:3], rel=AGAINST_R)
    assert result.r2 == pytest.approx(expected["r2"], rel=AGAINST_R)
    text = f"Together the metrics explain {result.r2:.4f} (R2 of outcome and fitted chance, logistic)."
    assert str(result).splitlines()[-3] == text
    assert str(result).splitlines()[-4].startswith("nps ranks first in ")


def binary(seed: int, n: int) -> pd.DataFrame:
    """Simulated answers and an outcome of two values, in 60 firms."""
    data = simulated(seed, n)
    noise = np.random.default_rng(seed + 1000).logistic(size=n)
    return data.assign(stayed=(data.spend - 0.5 + noise > 0).astype(int))


def fitted_logistic(data: pd.DataFrame, weight: Array) -> RelativeWeightsFit:
    columns, count = data[["a", "b", "c"]].to_numpy(), np.ones(len(data), dtype=np.int64)
    return fit_logistic_relative_weights(columns, data.stayed.to_numpy() == 1, count, weight, "abc")


def by_glm(data: pd.DataFrame, weight: Array) -> Array:
    """The authors' steps: nearest orthogonal variables, statsmodels on those, coefficients scaled by R_O / SD."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    total, y = weight.sum(), data.stayed.to_numpy()

    def mean(values: Array) -> Any:
        return weight @ values / total

    X = data[["a", "b", "c"]].to_numpy()
    X = (X - mean(X)) / np.sqrt(mean((X - mean(X)) ** 2))
    left, _, right = np.linalg.svd(X * np.sqrt(weight)[:, None], full_matrices=False)
    Z = (left @ right) / np.sqrt(weight)[:, None] * np.sqrt(total)
    design = np.column_stack([np.ones(len(y)), Z])
    model = GLM(y, design, family=Binomial(), freq_weights=weight).fit(tol=1e-14, maxiter=100)
    odds, chance = design @ model.params, model.fittedvalues
    spread = np.cov(chance, y, aweights=weight)
    r2 = spread[0, 1] ** 2 / (spread[0, 0] * spread[1, 1])
    beta = model.params[1:] * np.sqrt(r2 / mean((odds - mean(odds)) ** 2))
    return ((Z * weight[:, None]).T @ X / total).T ** 2 @ beta**2


def test_logistic_influence_against_derivatives_by_weight() -> None:
    data = binary(9, 200)
    weight = data.w.to_numpy()
    found = fitted_logistic(data, weight)
    assert found.weights == pytest.approx(by_glm(data, weight), rel=1e-9)
    for i in range(0, 200, 10):
        up, down = (by_glm(data, weight + step * (np.arange(200) == i)) for step in (STEP, -STEP))
        assert found.influence[i] == pytest.approx(weight[i] * (up - down) / (2 * STEP), rel=DERIVATIVE, abs=1e-9)
    assert found.influence.sum(axis=0) == pytest.approx(np.zeros(3), abs=ROUNDING)


@pytest.mark.parametrize("cluster", [None, "firm"])
def test_logistic_standard_errors_against_leaving_one_out(cluster: str | None) -> None:
    data = binary(10, 300 if cluster is None else 1200)
    result = relative_weights(data, outcome=STAYED, metrics=ABC, cluster=cluster)
    unit = data.firm if cluster else data.index.to_series()
    groups = unit.nunique()
    parts = [data[unit != one] for one in unit.unique()]
    without = np.array([by_glm(part, np.ones(len(part))) for part in parts])
    jackknife = np.sqrt((groups - 1) / groups * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    assert result.std_error[:3] == pytest.approx(jackknife, rel=JACKKNIFE)
    assert result.df == (np.inf if cluster is None else 59)


def test_logistic_coverage_in_simulation() -> None:
    """Three exchangeable metrics: every difference is 0, every weight a third of what 400,000 rows show together."""
    rng = np.random.default_rng(17)

    def drawn(n: int) -> pd.DataFrame:
        latent = rng.normal(size=n)
        columns = dict(zip("abc", latent + rng.normal(size=(3, n)), strict=True))
        return pd.DataFrame({**columns, "stayed": (2 * latent + rng.logistic(size=n) > 0).astype(int)})

    truth = by_glm(drawn(400_000), np.ones(400_000)).sum() / 3
    n, hits = 1000, np.zeros(2)
    for _ in range(REPLICATIONS):
        fit = fitted_logistic(drawn(n), np.ones(n))
        spread = n / (n - 1) * fit.influence.T @ fit.influence
        error = np.sqrt([spread[0, 0] + spread[1, 1] - 2 * spread[0, 1], spread[0, 0]])
        hits += np.abs([fit.weights[0] - fit.weights[1], fit.weights[0] - truth]) <= 1.959964 * error
    margin = MC_ERRORS * np.sqrt(0.95 * 0.05 / REPLICATIONS)
    assert hits / REPLICATIONS == pytest.approx(np.array([0.95, 0.95]), abs=margin)


def test_logistic_directions_and_units_do_not_matter(rows: pd.DataFrame) -> None:
    result = relative_weights(rows, outcome=STAYED, metrics=METRICS)
    turned = rows.assign(effort=6 - rows.effort, stayed=1 - rows.stayed, tenure=1e6 + 1000 * rows.tenure)
    metrics = {"nps": cx.NPS, "effort": cx.EASE5, "tenure": cx.Scale(0, 1e9, whole=False)}
    other = relative_weights(cx.tally(turned, outcome=cx.Binary("stayed", good=0), metrics=metrics))
    assert other.estimate == pytest.approx(result.estimate, rel=1e-8)
    assert other.std_error == pytest.approx(result.std_error, rel=1e-8)


def refused(data: pd.DataFrame, kind: type[CxStatsError], message: str, outcome: Any, metrics: Any = ABC) -> None:
    with pytest.raises(kind, match="^" + re.escape(message)):
        relative_weights(data, outcome=outcome, metrics=metrics)


def test_bad_input_is_refused_in_full() -> None:
    data = simulated(16, 300)
    spend = cx.Continuous("spend")
    stayed = data.assign(stayed=(np.arange(300) < 29).astype(int))
    rare = (
        "At least 10 events per metric are needed, 30 for 3 metrics, but of the outcomes 'stayed' 29 are good and 271 "
        "bad: 29 events.\nUse fewer metrics, or wait for more outcomes."
    )
    refused(stayed, TooFewError, rare, STAYED)
    separated = data.assign(stayed=(data.a + data.b > 0).astype(int))
    refused(separated, SeparationError, "No predictor may tell the outcomes apart perfectly, but 'a', 'b' do", STAYED)
    none = "An outcome that is binary, a rating, measured or counted is needed, but none was declared."
    refused(data, RoleError, none, None)
    refused(data, TooFewError, "A division among metrics needs at least two, but 1 was given.", spend, {"a": WIDE})
    collinear = "The predictors must not repeat each other, but 'a', 'b', 'c' are collinear"
    refused(data.assign(c=data.a - data.b), ColumnError, collinear, spend)
    constant = "The predictor 'b' must take at least two values, but all 300 rows hold 4."
    refused(data.assign(b=4), TooFewError, constant, spend)
    refused(data.head(9), TooFewError, "At least 14 rows are needed for 3 metrics, 10 beyond the coefficients", spend)
    refused(data.assign(spend=1), TooFewError, "The outcome 'spend' must take at least two values, but all", spend)
