"""Reliability against lavaan and base R, against rows, and in simulation with known truth."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import cxstats as cx
from cxstats.errors import CxStatsError, CxStatsWarning, RoleError, ScaleError, TooFewError, unknown_column
from cxstats.methods.reliability import Reliability, reliability

REFERENCES = Path(__file__).parents[1] / "references"
METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "effort": cx.EFFORT5, "value": cx.Scale(1, 7)}
# lavaan stops its search when the likelihood changes by less than 1e-10 of itself.
LAVAAN = 2e-7
# Sums of the same numbers in another order.
ROUNDING = 1e-10
# A derivative by differences of 1e-5 in a weight: truncated at about the square of that, relative to 1 / n.
DIFFERENCES = 1e-5
MC_ERRORS = 4
Array = NDArray[np.float64]


def answers() -> pd.DataFrame:
    """The complete rows that reliability.R reads, with the same firms and weights."""
    rows = pd.read_csv(REFERENCES / "invariance_rows.csv", comment="#").dropna(subset=list(METRICS))
    number = np.arange(1, len(rows) + 1)
    return rows.assign(firm=number % 50, weight=1.0 + number % 3)


def reference() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "reliability.csv", comment="#").set_index(["set", "measure", "metric"])


@pytest.mark.parametrize("keys", [{}, {"cluster": "firm"}, {"weight": "weight"}], ids=["plain", "cluster", "weight"])
def test_omega_and_alpha_against_lavaan(keys: dict[str, str]) -> None:
    """The errors too: those of MLR, which has no factor n / (n - 1), but G / (G - 1) for G clusters."""
    rows = answers()
    result = reliability(rows, metrics=METRICS, **keys)
    kept, n = reference().loc[next(iter(keys), "plain")], len(rows)
    factor = 1.0 if "cluster" in keys else np.sqrt(n / (n - 1))
    for measure, theirs in (("alpha", "robust alpha"), ("omega", "omega"), *[("communality",) * 2] * 4):
        for metric in ["all"] if measure != "communality" else list(METRICS):
            at = result.row(measure, metric)
            truth = kept.loc[(theirs, metric)]
            assert result.estimate[at] == pytest.approx(truth["estimate"], rel=LAVAAN)
            assert result.std_error[at] == pytest.approx(factor * truth["std_error"], rel=LAVAAN)
    assert set(result.df) == {49.0 if "cluster" in keys else np.inf}


def test_measures_against_R() -> None:
    """Alpha from covariances, omega from factanal, which is another program than lavaan."""
    result = reliability(answers(), metrics=METRICS)
    kept = reference()
    for measure, metric in (
        ("alpha", "all"),
        ("standardised alpha", "all"),
        *(("alpha if dropped", m) for m in METRICS),
    ):
        truth = kept.loc[("plain", measure, metric), "estimate"]
        assert result.estimate[result.row(measure, metric)] == pytest.approx(truth, rel=ROUNDING)
    assert result.estimate[result.row("omega")] == pytest.approx(
        kept.loc[("factanal", "omega", "all"), "estimate"], 1e-6
    )


def alpha_of(values: Array, weight: Array) -> Array:
    v = np.cov(values.T, aweights=weight, ddof=0)
    d = np.sqrt(np.diag(v))
    p = len(v)
    r = v / np.outer(d, d)
    return np.array([p / (p - 1) * (1 - np.trace(m) / m.sum()) for m in (v, r)])


def jackknifed(of: Callable[[Array], Array], n: int) -> Array:
    """Standard errors from the derivative of an estimate by the weight of each row."""
    step = 1e-5
    values = []
    for i in range(n):
        up, down = np.ones(n), np.ones(n)
        up[i], down[i] = 1 + step, 1 - step
        values.append((of(up) - of(down)) / (2 * step))
    return np.sqrt((np.array(values) ** 2).sum(axis=0) * n / (n - 1))


def test_standard_errors_against_rows() -> None:
    rows = answers().head(150)
    result = reliability(rows, metrics=METRICS)
    x = rows[list(METRICS)].to_numpy(float) * [1, 1, -1, 1]
    found = [result.std_error[result.row(measure)] for measure in ("alpha", "standardised alpha")]
    assert found == pytest.approx(jackknifed(lambda w: alpha_of(x, w), 150), rel=DIFFERENCES)
    for i, name in enumerate(METRICS):
        truth = jackknifed(lambda w, i=i: alpha_of(np.delete(x, i, axis=1), w)[:1], 150)
        assert result.std_error[result.row("alpha if dropped", name)] == pytest.approx(truth[0], rel=DIFFERENCES)


def test_repeats_against_rows() -> None:
    """Those who answered twice, of the rows that are complete on the metrics."""
    rng = np.random.default_rng(4)
    rows = answers().reset_index(drop=True)
    later = np.clip(np.round(rows["csat"] + rng.normal(size=len(rows))), 1, 5)
    rows["csat_later"] = np.where(rng.random(len(rows)) < 0.2, later, np.nan)
    rows.loc[:9, "nps"] = np.nan
    call: dict[str, Any] = {"metrics": {m: METRICS[m] for m in ("nps", "csat")}, "repeated": {"csat": "csat_later"}}
    result = reliability(rows, **call)
    twice = rows.iloc[10:].dropna(subset=["csat_later"])
    n = len(twice)
    at = result.row("test-retest", "csat")
    assert result.estimate[at] == pytest.approx(np.corrcoef(twice["csat"], twice["csat_later"])[0, 1], rel=ROUNDING)
    pairs = twice[["csat", "csat_later"]].to_numpy().T

    def of(weight: Array) -> Array:
        v = np.cov(pairs, aweights=weight)
        return np.array([v[0, 1] / np.sqrt(v[0, 0] * v[1, 1])])

    assert result.std_error[at] == pytest.approx(jackknifed(of, n)[0], rel=DIFFERENCES)
    assert f"Test-retest of 'csat': {n} rows of {len(rows) - 10} answered 'csat_later' too." in result.notes
    assert (result.n, result.n_missing) == (len(rows) - 10, 10)
    limits = result.confidence_interval()
    assert np.arctanh([limits.low[at], result.estimate[at], limits.high[at]]) @ [1, -2, 1] == pytest.approx(
        0, abs=1e-12
    )
    alone = reliability(rows, metrics={"csat": cx.CSAT5}, repeated={"csat": "csat_later"})
    assert alone.measures == ("test-retest",)
    scales = {**call["metrics"], "csat_later": cx.CSAT5}
    cells = cx.tally(rows, metrics=scales)
    again = reliability(cells, repeated={"csat": "csat_later"})
    assert again.labels == result.labels
    assert np.array_equal(again.estimate, result.estimate)


def test_effort_counts_as_it_is_declared() -> None:
    rows = answers()
    turned = reliability(rows.assign(effort=6 - rows["effort"]), metrics={**METRICS, "effort": cx.EASE5})
    result = reliability(rows, metrics=METRICS)
    assert result.estimate == pytest.approx(turned.estimate, rel=ROUNDING)
    with pytest.warns(
        CxStatsWarning, match=r"^Against the others: 'effort'\. Check the direction that was declared\.$"
    ):
        wrong = reliability(rows, metrics={**METRICS, "effort": cx.EASE5})
    assert wrong.estimate[wrong.row("alpha")] < result.estimate[0]


def drawn(loading: list[float], n: int, replications: int, seed: int) -> list[Reliability]:
    """Metrics that hold the attitude with these loadings and errors of variance 1, in tenths of a point."""
    rng, found = np.random.default_rng(seed), []
    scale = cx.Scale(-20, 20, whole=False)
    for _ in range(replications):
        rows = np.outer(rng.normal(size=n), loading) + rng.normal(size=(n, len(loading)))
        frame = pd.DataFrame(np.round(rows, 6), columns=[f"m{i}" for i in range(len(loading))])
        found.append(reliability(frame, metrics=dict.fromkeys(frame, scale)))
    return found


@pytest.mark.parametrize("loading", [[0.8] * 4, [0.3, 0.6, 1.0, 1.4]], ids=["equal", "unequal"])
def test_alpha_and_omega_in_simulation(loading: list[float]) -> None:
    """With equal loadings alpha is the reliability; with unequal ones it lies below, and omega does not."""
    n, replications = 400, 300
    found = drawn(loading, n, replications, seed=17)
    lam = np.array(loading)
    truth = lam.sum() ** 2 / (lam.sum() ** 2 + len(lam))
    covariance = np.outer(lam, lam) + np.eye(len(lam))
    alpha = len(lam) / (len(lam) - 1) * (1 - np.trace(covariance) / covariance.sum())
    assert alpha == pytest.approx(truth) if len(set(loading)) == 1 else alpha < truth - 0.04
    targets = {("alpha", "all"): alpha, ("omega", "all"): truth}
    targets |= {("communality", f"m{i}"): each**2 / (1 + each**2) for i, each in enumerate(lam)}
    error = MC_ERRORS * np.sqrt(0.95 * 0.05 / replications)
    for (measure, metric), target in targets.items():
        at = found[0].row(measure, metric)
        estimates = np.array([result.estimate[at] for result in found])
        spread = estimates.std()
        # What is left of bias is of order 1 / n: a tenth of the standard error at most.
        assert abs(estimates.mean() - target) < MC_ERRORS * spread / np.sqrt(replications) + 0.1 * spread
        limits = [result.confidence_interval() for result in found]
        held = np.mean([each.low[at] <= target <= each.high[at] for each in limits])
        assert held == pytest.approx(0.95, abs=error), measure


def test_limits_lie_where_reliabilities_do() -> None:
    rng = np.random.default_rng(8)
    rows = pd.DataFrame(0.5 * rng.normal(size=(200, 1)) + rng.normal(size=(200, 3)), columns=list("abc"))
    result = reliability(rows, metrics=dict.fromkeys("abc", cx.Scale(-20, 20, whole=False)))
    limits = result.confidence_interval(0.99999)
    assert (limits.high < 1).all()
    shares = np.isin(result.measures, ("omega", "communality"))
    assert limits.low[shares].min() == 0
    assert limits.low[result.row("alpha if dropped", "a")] < 0


def test_a_factor_without_proper_fit_is_told() -> None:
    """A metric that correlates with two others more than these do with each other would allow."""
    rng = np.random.default_rng(9)
    a, b, e = rng.normal(size=(3, 500))
    scale = cx.Scale(-20, 20, whole=False)
    rows = pd.DataFrame({"a": a, "b": 0.2 * a + b, "c": a + b + 0.1 * e})
    told = "No omega and no communalities: the one-factor model leaves 'c' no variance of its own (a Heywood case)."
    with pytest.warns(CxStatsWarning) as caught:
        result = reliability(rows, metrics=dict.fromkeys(rows, scale))
    assert [str(each.message) for each in caught] == [told]
    assert told in result.notes
    assert np.isnan(result.estimate[result.row("omega")])
    assert np.isfinite(result.estimate[result.row("alpha")])


def test_scales_of_unequal_length_are_told() -> None:
    told = (
        "The scales differ in length, so that in a sum of points the longest counts most: 'standardised alpha' is that "
        "of scores with equal spread."
    )
    assert told in reliability(answers(), metrics=METRICS).notes
    assert told not in reliability(answers(), metrics={m: METRICS[m] for m in ("csat", "effort")}).notes


def refused(kind: type[CxStatsError], message: str, rows: pd.DataFrame | None = None, **changes: Any) -> None:
    with pytest.raises(kind) as caught:
        reliability(answers() if rows is None else rows, **{"metrics": METRICS, **changes})
    assert str(caught.value) == message


def test_bad_roles_are_refused() -> None:
    refused(
        TooFewError,
        "Reliability needs at least two metrics, or one that was asked twice, but only 'nps' was given."
        '\nAdd another metric of the same attitude, or pass repeated={"nps": "nps_later"}.',
        metrics={"nps": cx.NPS},
    )
    refused(
        RoleError,
        "repeated must map each metric to the column where it was asked again, but 'csat' was given."
        '\nPass for example repeated={"nps": "nps_later"}.',
        repeated="csat",
    )
    refused(
        RoleError,
        "repeated must name metrics, but 'ces' is not among 'nps', 'csat', 'effort', 'value'."
        "\nAdd the metric, or leave its repeat out.",
        repeated={"ces": "ces_later"},
    )
    refused(
        RoleError,
        "An answer given again must not be a metric too, nor stand for two, but 'csat' is.\nName each column once.",
        repeated={"nps": "csat"},
    )
    many = pd.DataFrame({f"m{i:02}": [1, 2] for i in range(31)})
    refused(
        RoleError,
        "Reliability takes at most 30 metrics, but 31 were given."
        "\nChoose those that are summed: so many hardly stand for one attitude.",
        many,
        metrics=dict.fromkeys(many, cx.CSAT5),
    )
    cells = cx.tally(answers(), metrics=METRICS)
    with pytest.raises(CxStatsError) as caught:
        reliability(cells, repeated={"csat": "csat_later"})
    assert str(caught.value) == str(unknown_column(["csat_later"], list(METRICS), "the metrics of the cells"))


def test_rows_that_do_not_do_are_refused() -> None:
    refused(
        TooFewError,
        "At least 30 rows must have all of 'nps', 'csat', 'effort', 'value', but 29 rows do."
        "\nCheck how the tables were joined, or leave a metric out.",
        answers().head(29),
    )
    refused(
        TooFewError,
        "The metric 'csat' must take at least two values, but all 880 rows hold 3."
        "\nWhat does not vary has no reliability: leave it out.",
        answers().assign(csat=3),
    )
    refused(
        TooFewError,
        "No metric may follow exactly from the others, but among 'csat', 'effort' one does in all 880 rows."
        "\nLeave out the metric that was copied or computed from others.",
        answers().assign(effort=lambda d: 6 - d["csat"]),
    )
    refused(
        TooFewError,
        "At least 20 clusters are needed for an interval, but there are 10."
        "\nWith fewer, no interval is trustworthy: report the estimates per cluster instead.",
        answers().assign(firm=lambda d: d["firm"] % 10),
        cluster="firm",
    )
    refused(
        ScaleError,
        "'later' must hold whole numbers 1 to 5 (CSAT), but 880 of 880 rows do not: 6 (880 rows)."
        '\nRecode or drop them, or pass metrics={"later": Scale(1, 6)}.',
        answers().assign(later=6),
        repeated={"csat": "later"},
    )
